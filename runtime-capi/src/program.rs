//! Programs: running files, importing modules, reading attributes, calling.

use std::ffi::c_char;
use std::path::Path;

use runtime::protocol;
use runtime::value::Ref;

use crate::boundary::{guarded, input_slice, input_text, null};
use crate::error::{CResult, Error};
use crate::runtime::{Runtime, with_runtime};
use crate::value::Value;

/// Runs a file as `__main__`, which sp_import then gives. An exception, SystemExit too, is an error value; nothing is printed.
///
/// # Safety
/// The runtime is NULL or a pointer that sp_runtime_new gave; the path is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_run_file(
    runtime: *const Runtime,
    path: *const c_char,
    length: usize,
) -> *mut Error {
    guarded(|| {
        with_runtime(runtime, |_| {
            // SAFETY: null or readable by the contract.
            let path = unsafe { input_text(path, length, "the path")? };
            let done = host::run::run_main(Path::new(path));
            stdlib::sys::flush_streams();
            done.map(drop).map_err(Error::from_raised)
        })
    })
}

/// Imports a module by its dotted name; a static module is checked and compiled first.
///
/// # Safety
/// The runtime is NULL or a pointer that sp_runtime_new gave; the name is NULL or readable, the result NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_import(
    runtime: *const Runtime,
    name: *const c_char,
    length: usize,
    result: *mut Value,
) -> *mut Error {
    // SAFETY: the same contract.
    unsafe {
        giving(runtime, result, |_| {
            let name = input_text(name, length, "the name")?;
            protocol::import::import_absolute(name).map_err(Error::from_raised)
        })
    }
}

/// Reads an attribute: a module's function, an object's field or method.
///
/// # Safety
/// The runtime is NULL or a pointer that sp_runtime_new gave; the name is NULL or readable, the result NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_get_attribute(
    runtime: *const Runtime,
    object: Value,
    name: *const c_char,
    length: usize,
    result: *mut Value,
) -> *mut Error {
    // SAFETY: the same contract.
    unsafe {
        giving(runtime, result, |runtime| {
            let name = input_text(name, length, "the name")?;
            let object = object.to_object(runtime)?;
            protocol::get_attr_text(object.value(), name).map_err(Error::from_raised)
        })
    }
}

/// Calls with positional arguments, which may be NULL if there are none. The result may be written over an argument.
///
/// # Safety
/// The runtime is NULL or a pointer that sp_runtime_new gave; the arguments are NULL or readable, the result NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_call(
    runtime: *const Runtime,
    callable: Value,
    arguments: *const Value,
    count: usize,
    result: *mut Value,
) -> *mut Error {
    // SAFETY: the same contract.
    unsafe {
        giving(runtime, result, |runtime| {
            let arguments = if count == 0 { &[] } else { input_slice(arguments, count, "the arguments")? };
            let callable = callable.to_object(runtime)?;
            let arguments: Vec<Ref> =
                arguments.iter().map(|argument| argument.to_object(runtime)).collect::<CResult<_>>()?;
            let values: Vec<_> = arguments.iter().map(Ref::value).collect();
            protocol::call(callable.value(), &values, None).map_err(Error::from_raised)
        })
    }
}

/// Runs what gives an object, and hands it to C.
///
/// # Safety
/// `result` is null or valid for writes.
pub(crate) unsafe fn giving(
    runtime: *const Runtime,
    result: *mut Value,
    body: impl FnOnce(&Runtime) -> CResult<Ref>,
) -> *mut Error {
    guarded(|| {
        if result.is_null() {
            return Err(null("the place for the result"));
        }
        let given = with_runtime(runtime, |runtime| Ok(Value::from_object(runtime, body(runtime)?)));
        // Written last: the place may be one of the arguments.
        let (value, done) = given.map_or_else(|error| (Value::NONE, Err(error)), |value| (value, Ok(())));
        // SAFETY: not null, so valid for writes by the contract.
        unsafe { result.write(value) };
        done
    })
}
