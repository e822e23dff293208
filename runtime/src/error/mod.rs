//! Exceptions: raising, the standard hierarchy, chaining, tracebacks and their printing.
//!
//! A raised exception sits in the thread state and travels as `Err(Raised)`. Raising chains it to the exception that is being
//! handled (`__context__`), as CPython does when it sets an error.

pub mod exception;
pub(crate) mod frame_lines;
pub mod init;
mod pickling;
pub mod print;
pub mod suggest;
pub mod traceback;
pub mod types;
pub mod unicode;
pub mod unraisable;

pub use crate::value::Raised;
pub use exception::{EXTRA_FIELDS, ExceptionObject};
pub use frame_lines::hide_columns;
pub use unraisable::{write_unraisable, write_unraisable_at};

use crate::objects::str::{StrBuilder, StrObject};
use crate::objects::tuple::TupleObject;
use crate::objects::{self, int};
use crate::thread::thread;
use crate::type_object::TypeObject;
use crate::value::{PyResult, Ref, Value};

/// Raises a builtin exception with a formatted message and gives the [`Raised`] proof.
#[macro_export]
macro_rules! raise {
    ($ty:ident, $($format:tt)*) => {
        $crate::error::raise(&$crate::error::types::$ty, &format!($($format)*))
    };
}

/// Raises `ty` with one str argument.
#[cold]
#[inline(never)]
pub fn raise(ty: &TypeObject, message: &str) -> Raised {
    raise_with_args(ty, &[StrObject::new(message).value()])
}

/// Raises `ty` with a message that quotes the text `name` as far as UTF-8 can write it; what it cannot, lone surrogates, is put back.
#[cold]
pub fn raise_naming(ty: &TypeObject, message: &str, name: Value) -> Raised {
    match name.get::<StrObject>().and_then(|name| quoting(message, name)) {
        Some(message) => raise_with_args(ty, &[message.value()]),
        None => raise(ty, message),
    }
}

/// The message with the last quotation of `name` as it is, if UTF-8 cannot write that.
fn quoting(message: &str, name: &StrObject) -> Option<crate::value::Py<StrObject>> {
    let lossy = name.to_string_lossy();
    if !lossy.contains(char::REPLACEMENT_CHARACTER) {
        return None;
    }
    let at = message.rfind(&format!("'{lossy}'"))? + 1;
    let mut whole = StrBuilder::new();
    whole.push_str(&message[..at]);
    whole.push_object(name);
    whole.push_str(&message[at + lossy.len()..]);
    Some(whole.finish())
}

/// Raises `ty` with these arguments.
#[cold]
pub fn raise_with_args(ty: &TypeObject, args: &[Value]) -> Raised {
    raise_object(new_exception(ty, args).into())
}

/// Makes an instance of a builtin exception type without running Python code.
pub fn new_exception(ty: &TypeObject, args: &[Value]) -> crate::value::Py<ExceptionObject> {
    let exception = ExceptionObject::new_of(ty, TupleObject::from_values(args));
    init::fill_fields(&exception, ty, args);
    exception
}

/// Raises an exception object, chained to the one being handled.
pub fn raise_object(exception: Ref) -> Raised {
    set_context(&exception);
    thread().set_raised(exception)
}

/// Links `exception.__context__` to the exception being handled, without making a cycle.
fn set_context(exception: &Ref) {
    let Some(handled) = thread().handled_exception() else { return };
    let Some(this) = exception.get::<ExceptionObject>() else { return };
    if handled == exception.value() {
        return;
    }
    cut_context_chain(handled.to_ref(), exception.value());
    this.context.set(handled.to_ref());
}

/// Cuts the chain of contexts from `first` on where it comes to `end`. A program may have made a cycle of a chain: a second walk at half the
/// speed meets the first one then (Floyd), and the chain is left as it is.
fn cut_context_chain(first: Ref, end: Value) {
    let context_of = |link: &Ref| link.get::<ExceptionObject>().and_then(|link| link.context.get_ref());
    let mut slow = first.clone();
    let (mut link, mut is_slow_due) = (first, false);
    while let Some(outer) = context_of(&link) {
        if outer.value() == end {
            if let Some(link) = link.get::<ExceptionObject>() {
                drop(link.context.take());
            }
            return;
        }
        link = outer;
        if link.value() == slow.value() {
            return;
        }
        if is_slow_due && let Some(next) = context_of(&slow) {
            slow = next;
        }
        is_slow_due = !is_slow_due;
    }
}

/// The `raise` statement: raises an instance or instantiates a class; `cause` is what follows `from`.
pub fn raise_statement(value: Value, cause: Option<Value>) -> Raised {
    let exception = match instantiate(value) {
        Ok(exception) => exception,
        Err(raised) => return raised,
    };
    if let Some(cause) = cause
        && let Err(raised) = set_cause(&exception, cause)
    {
        return raised;
    }
    raise_object(exception)
}

fn instantiate(value: Value) -> PyResult {
    if let Some(class) = value.get::<TypeObject>() {
        if class.is_subclass_of(&types::BaseException) {
            let made = crate::protocol::call(value, &[], None)?;
            if made.is_instance::<ExceptionObject>() {
                return Ok(made);
            }
            let (name, got) = (class.name(), made.ty().name());
            return Err(raise!(
                TypeError,
                "calling <class '{name}'> should have returned an instance of BaseException, not <class '{got}'>"
            ));
        }
    } else if value.is_instance::<ExceptionObject>() {
        return Ok(value.to_ref());
    }
    Err(raise!(TypeError, "exceptions must derive from BaseException"))
}

fn set_cause(exception: &Ref, cause: Value) -> PyResult<()> {
    let Some(this) = exception.get::<ExceptionObject>() else { return Ok(()) };
    let cause = if objects::is_none(cause) {
        None
    } else if cause.get::<TypeObject>().is_some_and(|class| class.is_subclass_of(&types::BaseException)) {
        Some(instantiate(cause)?)
    } else if cause.is_instance::<ExceptionObject>() {
        Some(cause.to_ref())
    } else {
        return Err(raise!(TypeError, "exception causes must derive from BaseException"));
    };
    drop(this.cause.replace(cause));
    this.suppress_context.set(true);
    Ok(())
}

/// A bare `raise`.
pub fn reraise() -> Raised {
    match thread().handled_exception() {
        Some(exception) => thread().set_raised(exception.to_ref()),
        None => raise!(RuntimeError, "No active exception to reraise"),
    }
}

/// Whether an exception matches what `except` names: a class or a tuple of classes.
pub fn matches(exception: Value, handler: Value) -> PyResult<bool> {
    if let Some(class) = handler.get::<TypeObject>() {
        if class.is_subclass_of(&types::BaseException) {
            return Ok(exception.ty().is_subclass_of(class));
        }
    } else if let Some(classes) = handler.get::<TupleObject>() {
        // Every class is looked at, so that a wrong one shows even behind one that matches.
        let mut is_match = false;
        for &class in classes.items() {
            is_match |= matches(exception, class)?;
        }
        return Ok(is_match);
    }
    Err(raise!(TypeError, "catching classes that do not inherit from BaseException is not allowed"))
}

/// Fails unless `except*` may name this: exception classes that are no groups.
pub fn check_star_classes(handler: Value) -> PyResult<()> {
    let classes = handler.get::<TupleObject>().map_or(std::slice::from_ref(&handler), TupleObject::items);
    let named =
        |value: &Value| value.get::<TypeObject>().filter(|class| class.is_subclass_of(&types::BaseException));
    for class in classes {
        let Some(class) = named(class) else {
            return Err(raise!(
                TypeError,
                "catching classes that do not inherit from BaseException is not allowed"
            ));
        };
        if class.is_subclass_of(&types::BaseExceptionGroup) {
            return Err(raise!(
                TypeError,
                "catching ExceptionGroup with except* is not allowed. Use except instead."
            ));
        }
    }
    Ok(())
}

/// Takes the raised exception if it is an instance of `ty`; otherwise it stays raised.
pub fn catch(raised: Raised, ty: &TypeObject) -> PyResult<Ref> {
    let is_match = thread().peek_raised().is_some_and(|exception| exception.ty().is_subclass_of(ty));
    if is_match { Ok(thread().take_raised(raised)) } else { Err(raised) }
}

/// Drops the raised exception if it is an instance of `ty`.
pub fn ignore<T>(result: PyResult<T>, ty: &TypeObject) -> PyResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(raised) => catch(raised, ty).map(|_| None),
    }
}

/// `KeyError(key)`.
#[cold]
pub fn key_error(key: Value) -> Raised {
    // The tuple keeps a tuple key from being taken for an argument list.
    raise_with_args(&types::KeyError, &[key])
}

/// `MemoryError()`.
#[cold]
pub fn memory_error() -> Raised {
    raise_with_args(&types::MemoryError, &[])
}

/// `StopIteration(value)`.
#[cold]
pub fn stop_iteration(value: Value) -> Raised {
    let args: &[Value] = if objects::is_none(value) { &[] } else { std::slice::from_ref(&value) };
    raise_with_args(&types::StopIteration, args)
}

/// An exception with an errno-like pair of arguments.
#[cold]
pub fn os_like_error(ty: &TypeObject, errno: i64, message: &str) -> Raised {
    raise_with_args(ty, &[Value::small(errno), StrObject::new(message).value()])
}

/// `OSError` for an errno, as the subclass that fits it, about a file if one is named.
#[cold]
pub fn os_error(errno: i32, filename: Option<Value>) -> Raised {
    let message = StrObject::new(&errno_text(errno));
    let mut args = vec![Value::small(i64::from(errno)), message.value()];
    args.extend(filename);
    raise_with_args(types::os_error_class(errno), &args)
}

/// The C library's text for an errno.
pub fn errno_text(errno: i32) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// `NameError` with its `name` set.
#[cold]
pub fn name_error(name: Value) -> Raised {
    let text = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
    let raised = raise!(NameError, "name '{text}' is not defined");
    set_extra(types::NAME_NAME, name);
    raised
}

/// `UnboundLocalError`.
#[cold]
pub fn unbound_local(name: &str) -> Raised {
    raise!(UnboundLocalError, "cannot access local variable '{name}' where it is not associated with a value")
}

/// `NameError` for an unset free variable.
#[cold]
pub fn unbound_free(name: &str) -> Raised {
    raise!(
        NameError,
        "cannot access free variable '{name}' where it is not associated with a value in enclosing scope"
    )
}

/// `AttributeError` with its `name` and `obj` set.
#[cold]
pub fn attribute_error(object: Value, name: Value, message: &str) -> Raised {
    let raised = raise_naming(&types::AttributeError, message, name);
    set_extra(types::ATTRIBUTE_NAME, name);
    set_extra(types::ATTRIBUTE_OBJ, object);
    raised
}

/// Lets a raised AttributeError that says neither name nor object say them, for suggestions.
#[cold]
pub fn with_attribute_context(raised: Raised, object: Value, name: Value) -> Raised {
    let pending = thread().peek_raised().filter(|pending| pending.ty().is_subtype_of(&types::AttributeError));
    if let Some(exception) = pending.and_then(Value::get::<ExceptionObject>)
        && exception.extra[types::ATTRIBUTE_NAME].get().is_none()
        && exception.extra[types::ATTRIBUTE_OBJ].get().is_none()
    {
        set_extra(types::ATTRIBUTE_NAME, name);
        set_extra(types::ATTRIBUTE_OBJ, object);
    }
    raised
}

/// Sets an extra field of the exception that has just been raised.
fn set_extra(at: usize, value: Value) {
    if let Some(exception) = thread().peek_raised().and_then(Value::get::<ExceptionObject>) {
        exception.extra[at].set(value.to_ref());
    }
}

/// `UnicodeEncodeError`.
#[cold]
pub fn unicode_encode_error(encoding: &str, object: Value, start: usize, end: usize, reason: &str) -> Raised {
    unicode_error(&types::UnicodeEncodeError, encoding, object, start, end, reason)
}

/// `UnicodeDecodeError`.
#[cold]
pub fn unicode_decode_error(encoding: &str, object: Value, start: usize, end: usize, reason: &str) -> Raised {
    unicode_error(&types::UnicodeDecodeError, encoding, object, start, end, reason)
}

fn unicode_error(
    ty: &TypeObject,
    encoding: &str,
    object: Value,
    start: usize,
    end: usize,
    reason: &str,
) -> Raised {
    let (encoding, reason) = (StrObject::new(encoding), StrObject::new(reason));
    let (start, end) = (int::from_i64(start as i64), int::from_i64(end as i64));
    raise_with_args(ty, &[encoding.value(), object, start.value(), end.value(), reason.value()])
}

/// What cannot be done yet, with its name.
#[cold]
pub fn not_supported(what: &str) -> Raised {
    raise!(NotImplementedError, "not supported yet: {what}")
}
