//! What `throw()` of generators, coroutines and async generators throws: the exception that its up to three arguments stand for.
//!
//! An exception is thrown as it is, a class is called first. What goes wrong in that call is thrown instead: the generator sees it.

use crate::error::traceback::TracebackObject;
use crate::error::{self, ExceptionObject};
use crate::objects;
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::thread::thread;
use crate::type_object::TypeObject;
use crate::value::{PyResult, Value};
use crate::warning;

/// Warns about more than one argument; `method` is what was called.
pub(super) fn check_signature(method: &str, value: Option<Value>, traceback: Option<Value>) -> PyResult<()> {
    if value.is_none() && traceback.is_none() {
        return Ok(());
    }
    let message = format!(
        "the (type, exc, tb) signature of {method}() is deprecated, use the single-arg signature instead."
    );
    warning::warn(&error::types::DeprecationWarning, &message, 1)
}

/// The exception for the arguments of `throw()`.
pub(super) fn exception_of(kind: Value, value: Option<Value>, traceback: Option<Value>) -> PyResult {
    let given = |value: Option<Value>| value.filter(|&value| !objects::is_none(value));
    let (value, traceback) = (given(value), given(traceback));
    if traceback.is_some_and(|traceback| !traceback.is_instance::<TracebackObject>()) {
        return Err(crate::raise!(TypeError, "throw() third argument must be a traceback object"));
    }
    let exception = if kind.is_instance::<ExceptionObject>() {
        if value.is_some() {
            return Err(crate::raise!(TypeError, "instance exception may not have a separate value"));
        }
        kind.to_ref()
    } else {
        match kind.get::<TypeObject>().filter(|class| class.is_subclass_of(&error::types::BaseException)) {
            Some(class) => made(class, value).unwrap_or_else(|raised| thread().take_raised(raised)),
            None => {
                let got = kind.ty().name();
                return Err(crate::raise!(
                    TypeError,
                    "exceptions must be classes or instances deriving from BaseException, not {got}"
                ));
            }
        }
    };
    if let (Some(traceback), Some(exception)) = (traceback, exception.get::<ExceptionObject>()) {
        exception.traceback.set(traceback.to_ref());
    }
    Ok(exception)
}

/// An instance of a class of exceptions, from one value or a tuple of them.
fn made(class: &TypeObject, value: Option<Value>) -> PyResult {
    let exception = match value {
        None => protocol::call(class.value(), &[], None)?,
        Some(value) if value.ty().is_subclass_of(class) => return Ok(value.to_ref()),
        Some(value) => match value.get::<TupleObject>() {
            Some(arguments) => protocol::call(class.value(), arguments.items(), None)?,
            None => protocol::call_one(class.value(), value)?,
        },
    };
    if exception.is_instance::<ExceptionObject>() {
        return Ok(exception);
    }
    let (shown, got) = (protocol::repr_string(class.value())?, exception.ty().name());
    Err(crate::raise!(
        TypeError,
        "calling {shown} should have returned an instance of BaseException, not {got}"
    ))
}
