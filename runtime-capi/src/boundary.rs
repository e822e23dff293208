//! What happens at the border to C: pointers are checked, results become error values, panics stop.
//!
//! A panic that crossed into C would end the process. Where panics unwind they become `SP_ERROR_INTERNAL`; a release build aborts
//! on them, as the whole workspace does.

use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use crate::error::{CResult, Error, SP_ERROR_ARGUMENT, SP_ERROR_INTERNAL};

/// Runs the body of an exported function; gives null or an error that the caller owns.
pub(crate) fn guarded(body: impl FnOnce() -> CResult<()>) -> *mut Error {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => ptr::null_mut(),
        Ok(Err(error)) => Box::into_raw(error),
        Err(_) => {
            Box::into_raw(Error::new(SP_ERROR_INTERNAL, "the runtime has panicked; this is a bug in it"))
        }
    }
}

/// A place for a result, set to its empty value so that C never reads an uninitialised one.
///
/// # Safety
/// `place` is null or valid for writes.
pub(crate) unsafe fn output<'a, T>(place: *mut T, empty: T, what: &str) -> CResult<&'a mut T> {
    if place.is_null() {
        return Err(null(what));
    }
    // SAFETY: not null, and valid for writes by the contract; it is written before it is borrowed.
    unsafe {
        place.write(empty);
        Ok(&mut *place)
    }
}

/// Text that C passes.
///
/// # Safety
/// `text` is null or points to `length` bytes that stay unchanged for `'a`.
pub(crate) unsafe fn input_text<'a>(text: *const c_char, length: usize, what: &str) -> CResult<&'a str> {
    // SAFETY: passed on to the caller.
    let bytes = unsafe { input_slice(text.cast::<u8>(), length, what)? };
    std::str::from_utf8(bytes).map_err(|error| {
        let message = format!("{what} is not UTF-8: invalid byte at {}", error.valid_up_to());
        Error::new(SP_ERROR_ARGUMENT, &message)
    })
}

/// Items that C passes.
///
/// # Safety
/// `items` is null or points to `length` items that stay unchanged for `'a`.
pub(crate) unsafe fn input_slice<'a, T>(items: *const T, length: usize, what: &str) -> CResult<&'a [T]> {
    if items.is_null() {
        return Err(null(what));
    }
    if !items.is_aligned() || length > isize::MAX as usize / size_of::<T>() {
        return Err(Error::new(
            SP_ERROR_ARGUMENT,
            &format!("{what} cannot be {length} items at this address"),
        ));
    }
    // SAFETY: not null, aligned, of a possible size; readable by the contract.
    Ok(unsafe { std::slice::from_raw_parts(items, length) })
}

/// A pointer that must not be null is.
pub(crate) fn null(what: &str) -> Box<Error> {
    Error::new(SP_ERROR_ARGUMENT, &format!("{what} is NULL"))
}
