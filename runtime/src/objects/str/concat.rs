//! Texts one after the other: measured first, then written once, into a str of the right width.

use super::{DATA, STR, StrObject, Units, intern};
use crate::value::{Py, PyResult, Value};

impl StrObject {
    /// Both texts one after the other.
    pub fn concat(&self, other: &StrObject) -> PyResult<Py<StrObject>> {
        Self::joined(&intern::empty(), 2, |at| if at == 0 { self } else { other })
    }

    /// So many texts one after the other, with a separator between them; if only one has characters and is a plain str, it is the result.
    pub fn joined<'a>(
        separator: &StrObject,
        count: usize,
        part: impl Fn(usize) -> &'a StrObject,
    ) -> PyResult<Py<StrObject>> {
        let Some(between) = count.checked_sub(1) else { return Ok(intern::empty()) };
        let is_separated = between > 0 && separator.len > 0;
        let (mut kind, mut ascii) = if is_separated { (separator.kind, separator.ascii) } else { (1, true) };
        let mut whole = None;
        let mut len = separator.len.checked_mul(between).ok_or_else(crate::error::memory_error)?;
        for at in 0..count {
            let part = part(at);
            len = len.checked_add(part.len).ok_or_else(crate::error::memory_error)?;
            if part.len > 0 {
                whole = (part.len == len).then_some(part);
            }
            kind = kind.max(part.kind);
            ascii &= part.ascii;
        }
        match whole.filter(|part| Value::from_object(*part).is_exact(&STR)) {
            _ if len == 0 => return Ok(intern::empty()),
            Some(part) => return Ok(Py::from_object(part)),
            None => {}
        }
        let this = Self::allocate(&STR, kind, ascii, len)?;
        let mut end = 0;
        for at in 0..count {
            let part = part(at);
            // SAFETY: the object has room for all parts and separators, and none is wider.
            unsafe {
                if at > 0 && is_separated {
                    Self::write_units(this, end, separator);
                    end += separator.len;
                }
                Self::write_units(this, end, part);
            }
            end += part.len;
        }
        // SAFETY: complete.
        Ok(unsafe { Py::from_raw(this) })
    }

    /// Writes the characters of `part` at position `at`, as wide as `this` has them.
    ///
    /// # Safety
    /// `this` has a kind and a block that holds so many characters; `part` is another object and no wider.
    pub(super) unsafe fn write_units(this: *mut StrObject, at: usize, part: &StrObject) {
        // SAFETY: the contract.
        unsafe {
            let kind = (*this).kind;
            let target = this.cast::<u8>().add(DATA + at * kind as usize);
            match (kind, part.units()) {
                (2, Units::One(units)) => widen(units, target.cast::<u16>()),
                (4, Units::One(units)) => widen(units, target.cast::<u32>()),
                (4, Units::Two(units)) => widen(units, target.cast::<u32>()),
                _ => {
                    let bytes = part.raw_bytes();
                    target.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
                }
            }
        }
    }
}

/// Writes units to places for wider ones.
///
/// # Safety
/// There is room for all of them.
unsafe fn widen<A: Copy, B: From<A>>(units: &[A], target: *mut B) {
    for (at, &unit) in units.iter().enumerate() {
        // SAFETY: the contract.
        unsafe { target.add(at).write(unit.into()) };
    }
}
