//! Errors as values: what a call that fails returns.
//!
//! An error holds text only, no Python object. So it may be read and deleted by any thread, and after the runtime has ended.

use std::ffi::c_char;

use runtime::value::Raised;
use runtime::{error, protocol, thread};

/// No error.
pub const SP_ERROR_NONE: u32 = 0;
/// Python code has raised an exception; sp_error_exception has its class.
pub const SP_ERROR_PYTHON: u32 = 1;
/// An argument is NULL, not UTF-8, of an unknown tag, or a handle that does not exist.
pub const SP_ERROR_ARGUMENT: u32 = 2;
/// The runtime is not running, runs already, or belongs to another thread.
pub const SP_ERROR_STATE: u32 = 3;
/// A function is not typed, or not with the signature that was asked for.
pub const SP_ERROR_SIGNATURE: u32 = 4;
/// Not supported yet.
pub const SP_ERROR_NOT_SUPPORTED: u32 = 5;
/// A bug in the runtime.
pub const SP_ERROR_INTERNAL: u32 = 6;

/// The result inside the crate.
pub(crate) type CResult<T> = Result<T, Box<Error>>;

/// What went wrong. Owned by the caller of the function that returned it, who deletes it with sp_error_delete.
pub struct Error {
    kind: u32,
    exception: Text,
    message: Text,
    traceback: Text,
}

/// Text with a NUL behind it, for those who read it as a C string.
struct Text(String);

impl Text {
    fn new(text: &str) -> Self {
        Text(format!("{text}\0"))
    }
}

impl Error {
    /// An error that no Python code has raised.
    pub(crate) fn new(kind: u32, message: &str) -> Box<Self> {
        let (exception, traceback) = (Text::new(""), Text::new(""));
        Box::new(Error { kind, exception, message: Text::new(message), traceback })
    }

    /// The current exception, taken away from the thread.
    pub(crate) fn from_raised(raised: Raised) -> Box<Self> {
        let exception = thread().take_raised(raised);
        let message = protocol::str_string(exception.value()).unwrap_or_else(|raised| {
            drop(thread().take_raised(raised));
            "<exception str() failed>".to_owned()
        });
        let traceback = error::print::format_exception(exception.value());
        Box::new(Error {
            kind: SP_ERROR_PYTHON,
            exception: Text::new(exception.ty().name()),
            message: Text::new(&message),
            traceback: Text::new(&traceback),
        })
    }
}

/// Lends text to C; that of no error is empty.
///
/// # Safety
/// `error` is null or a live error, `length` null or valid for writes.
unsafe fn lend(error: *const Error, length: *mut usize, part: fn(&Error) -> &Text) -> *const c_char {
    // SAFETY: null or live by the contract.
    let text = unsafe { error.as_ref() }.map_or("\0", |error| part(error).0.as_str());
    if !length.is_null() {
        // SAFETY: not null, so valid for writes by the contract.
        unsafe { length.write(text.len() - 1) };
    }
    text.as_ptr().cast()
}

/// The kind of an error, one of SP_ERROR_*; SP_ERROR_NONE for NULL.
///
/// # Safety
/// The error is NULL or has not been deleted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_error_kind(error: *const Error) -> u32 {
    // SAFETY: null or live by the contract.
    unsafe { error.as_ref() }.map_or(SP_ERROR_NONE, |error| error.kind)
}

/// The message: UTF-8 with a NUL behind it, lent until the error is deleted. The length may be NULL.
///
/// # Safety
/// The error is NULL or has not been deleted; the length is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_error_message(error: *const Error, length: *mut usize) -> *const c_char {
    // SAFETY: the same contract.
    unsafe { lend(error, length, |error| &error.message) }
}

/// The class of the Python exception, for example "ValueError"; empty if there is none. Lent like the message.
///
/// # Safety
/// The error is NULL or has not been deleted; the length is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_error_exception(error: *const Error, length: *mut usize) -> *const c_char {
    // SAFETY: the same contract.
    unsafe { lend(error, length, |error| &error.exception) }
}

/// The report that Python would have printed; empty if no Python code has raised the error. Lent like the message.
///
/// # Safety
/// The error is NULL or has not been deleted; the length is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_error_traceback(error: *const Error, length: *mut usize) -> *const c_char {
    // SAFETY: the same contract.
    unsafe { lend(error, length, |error| &error.traceback) }
}

/// Deletes an error; NULL is none.
///
/// # Safety
/// The error is NULL or has not been deleted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_error_delete(error: *mut Error) {
    if !error.is_null() {
        // SAFETY: errors are made by `Box::into_raw` only, and this one is live by the contract.
        drop(unsafe { Box::from_raw(error) });
    }
}
