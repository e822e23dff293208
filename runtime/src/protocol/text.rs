//! `repr`, `str`, `ascii`, `format`.

use std::cell::RefCell;

use crate::names::names;
use crate::objects::str::{STR, StrBuilder, StrObject};
use crate::protocol;
use crate::thread::thread;
use crate::value::{PyResult, Ref, Value};
use crate::world::World;

/// `repr(value)`
pub fn repr(value: Value) -> PyResult {
    thread().check_stack(" while getting the repr of an object")?;
    let text = match value.ty().slots().repr {
        Some(slot) => slot(value)?,
        None => default_repr(value),
    };
    check_str(text, "__repr__")
}

/// `<module.Class object at 0x...>`
pub fn default_repr(value: Value) -> Ref {
    StrObject::new(&format!("<{} object at {:#x}>", value.ty().full_name(), value.bits())).into()
}

fn check_str(text: Ref, method: &str) -> PyResult {
    if text.is_instance::<StrObject>() {
        return Ok(text);
    }
    Err(crate::raise!(TypeError, "{method} returned non-string (type {})", text.ty().name()))
}

/// `str(value)`
pub fn str(value: Value) -> PyResult {
    if value.is_object() && value.is_exact(&STR) {
        return Ok(value.to_ref());
    }
    match value.ty().slots().str {
        Some(slot) => {
            thread().check_stack(" while getting the str of an object")?;
            check_str(slot(value)?, "__str__")
        }
        None => repr(value),
    }
}

/// `repr(value)` as Rust text, lone surrogates replaced; for messages.
pub fn repr_string(value: Value) -> PyResult<String> {
    let text = repr(value)?;
    Ok(text.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default())
}

/// `str(value)` as Rust text, lone surrogates replaced.
pub fn str_string(value: Value) -> PyResult<String> {
    let text = str(value)?;
    Ok(text.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default())
}

/// Appends `repr(value)`.
pub fn push_repr(text: &mut StrBuilder, value: Value) -> PyResult<()> {
    let shown = repr(value)?;
    if let Some(shown) = shown.get::<StrObject>() {
        text.push_object(shown);
    }
    Ok(())
}

/// Appends `str(value)`.
pub fn push_str(text: &mut StrBuilder, value: Value) -> PyResult<()> {
    let shown = str(value)?;
    if let Some(shown) = shown.get::<StrObject>() {
        text.push_object(shown);
    }
    Ok(())
}

/// `ascii(value)`
pub fn ascii(value: Value) -> PyResult {
    let shown = repr(value)?;
    let Some(text) = shown.get::<StrObject>().filter(|text| !text.is_ascii()) else { return Ok(shown) };
    let mut escaped = StrBuilder::new();
    for point in text.code_points() {
        match point {
            0..0x80 => escaped.push(point),
            0x80..0x100 => escaped.push_str(&format!("\\x{point:02x}")),
            0x100..0x1_0000 => escaped.push_str(&format!("\\u{point:04x}")),
            _ => escaped.push_str(&format!("\\U{point:08x}")),
        }
    }
    Ok(escaped.finish().into())
}

/// `format(value, spec)`; `spec` is a str.
pub fn format(value: Value, spec: Value) -> PyResult {
    let is_empty = spec.get::<StrObject>().is_some_and(StrObject::is_empty);
    if is_empty && (value.is_exact(&STR) || value.is_small()) {
        return str(value);
    }
    match protocol::attribute::call_special(value, names().__format__, &[spec])? {
        Some(text) if text.is_instance::<StrObject>() => Ok(text),
        Some(other) => {
            Err(crate::raise!(TypeError, "__format__ must return a str, not {}", other.ty().name()))
        }
        None => Err(crate::raise!(TypeError, "Type {} doesn't define __format__", value.ty().name())),
    }
}

/// Containers that are being printed, each with the thread that does it.
static ACTIVE: World<RefCell<Vec<(u64, Value)>>> = World::new(RefCell::new(Vec::new()));

/// Remembers that a container's repr is being made, so that a container inside itself prints as `[...]`.
pub struct ReprGuard(u64, Value);

impl ReprGuard {
    /// Enters, unless the container is being printed already.
    pub fn enter(container: Value) -> PyResult<Option<ReprGuard>> {
        let entry = (crate::thread::identity(), container);
        if ACTIVE.borrow().contains(&entry) {
            return Ok(None);
        }
        ACTIVE.borrow_mut().push(entry);
        Ok(Some(ReprGuard(entry.0, entry.1)))
    }
}

impl Drop for ReprGuard {
    fn drop(&mut self) {
        let mut active = ACTIVE.borrow_mut();
        let at = active.iter().rposition(|&entry| entry == (self.0, self.1)).expect("entered by this guard");
        active.remove(at);
    }
}
