//! Strings, in and out: UTF-8 with a length.

use std::ffi::c_char;

use runtime::objects::str::StrObject;

use crate::boundary::{guarded, input_text, output};
use crate::error::{Error, SP_ERROR_ARGUMENT};
use crate::program::giving;
use crate::runtime::{Runtime, with_runtime};
use crate::value::Value;

/// A str with a copy of the text.
///
/// # Safety
/// The runtime is NULL or a pointer that sp_runtime_new gave; the text is NULL or readable, the result NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_string_new(
    runtime: *const Runtime,
    text: *const c_char,
    length: usize,
    result: *mut Value,
) -> *mut Error {
    // SAFETY: the same contract.
    unsafe { giving(runtime, result, |_| Ok(StrObject::new(input_text(text, length, "the text")?).into())) }
}

/// Copies the text of a str into a buffer, without a NUL behind it, and gives its length. With a NULL buffer it gives the length
/// only; a buffer that is too small is an error, and the length is given too.
///
/// # Safety
/// The runtime is NULL or a pointer that sp_runtime_new gave; the buffer is NULL or writable up to its capacity, the length NULL
/// or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_string_copy(
    runtime: *const Runtime,
    string: Value,
    buffer: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> *mut Error {
    guarded(|| {
        // SAFETY: null or writable by the contract.
        let length = unsafe { output(length, 0, "the place for the length")? };
        with_runtime(runtime, |runtime| {
            let object = string.to_object(runtime)?;
            let Some(string) = object.get::<StrObject>() else {
                let message = format!("expected a str, not '{}'", object.ty().name());
                return Err(Error::new(SP_ERROR_ARGUMENT, &message));
            };
            let text = string.to_utf8().map_err(Error::from_raised)?;
            *length = text.len();
            if buffer.is_null() {
                return Ok(());
            }
            if capacity < text.len() {
                let message = format!("the text has {} bytes, the buffer {capacity}", text.len());
                return Err(Error::new(SP_ERROR_ARGUMENT, &message));
            }
            // SAFETY: the buffer is not null, and writable up to its capacity, which is enough.
            unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), buffer.cast(), text.len()) };
            Ok(())
        })
    })
}
