//! Notes on exceptions that pass through a pickler: which part of which object was being written.

use runtime::objects::str::StrObject;
use runtime::type_object::TypeObject;
use runtime::{PyResult, Raised, Ref, Value, error, protocol};

/// The name of the class of a value, with its module unless that says nothing.
pub(super) fn class_of(value: Value) -> String {
    class_name(value.ty())
}

fn class_name(ty: &TypeObject) -> String {
    let qualname = ty.qualname();
    let qualname = qualname.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
    match ty.module() {
        Some(module) if module != "builtins" && module != "__main__" => format!("{module}.{qualname}"),
        _ => qualname,
    }
}

/// Adds what `text` makes to the exception of a failed step. What fails meanwhile is left out.
#[inline]
pub(super) fn noted(step: PyResult<()>, text: impl FnOnce() -> PyResult<String>) -> PyResult<()> {
    match step {
        Ok(()) => Ok(()),
        Err(raised) => Err(with_note(raised, text)),
    }
}

#[cold]
fn with_note(raised: Raised, text: impl FnOnce() -> PyResult<String>) -> Raised {
    let exception = runtime::thread().take_raised(raised);
    if let Err(failed) = add_note(&exception, text) {
        drop(runtime::thread().take_raised(failed));
    }
    error::exception::restore(exception)
}

fn add_note(exception: &Ref, text: impl FnOnce() -> PyResult<String>) -> PyResult<()> {
    let note = StrObject::new(&text()?);
    protocol::call_method_text(exception.value(), "add_note", &[note.value()]).map(drop)
}

/// [`noted`]: `when serializing Class what`.
#[inline]
pub(super) fn part(step: PyResult<()>, of: Value, what: impl std::fmt::Display) -> PyResult<()> {
    noted(step, || Ok(format!("when serializing {} {what}", class_of(of))))
}

/// [`noted`] of an item of a dict.
#[inline]
pub(super) fn item(step: PyResult<()>, of: Value, key: Value) -> PyResult<()> {
    noted(step, || Ok(format!("when serializing {} item {}", class_of(of), protocol::repr_string(key)?)))
}
