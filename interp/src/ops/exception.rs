//! Handled exceptions, `with`, `except*`.

use runtime::error::{self, ExceptionObject};
use runtime::names::names;
use runtime::objects;
use runtime::objects::str::StrObject;
use runtime::protocol;
use runtime::thread::thread;
use runtime::value::{PyResult, Ref, Value};

/// Makes an owned exception (or null) the handled one; returns the previous one, owned.
pub fn exchange_handled(exception: Value) -> Value {
    let level = thread().handled.get();
    // SAFETY: the innermost level is live while code runs in it.
    unsafe { (*level).exception.replace(exception) }
}

/// `(exit, entered)` of a context manager.
pub fn enter(manager: &Ref) -> PyResult<(Ref, Ref)> {
    let enter = protocol::attribute::lookup_special(manager.value(), names().__enter__)?;
    let exit = protocol::attribute::lookup_special(manager.value(), names().__exit__)?;
    let missing = |what: &str| {
        let ty = manager.ty().name();
        let hint = if what == "__exit__" { " (missed __exit__ method)" } else { "" };
        runtime::raise!(TypeError, "'{ty}' object does not support the context manager protocol{hint}")
    };
    let Some(enter) = enter else { return Err(missing("__enter__")) };
    let Some(exit) = exit else { return Err(missing("__exit__")) };
    let entered = protocol::call(enter.value(), &[], None)?;
    Ok((exit, entered))
}

/// `exit(type, exc, traceback)`
pub fn call_exit(exit: Value, exception: Value) -> PyResult {
    let traceback = exception
        .get::<ExceptionObject>()
        .and_then(|exception| exception.traceback.get_ref())
        .unwrap_or_else(|| objects::none().to_ref());
    protocol::call(exit, &[exception.ty().value(), exception, traceback.value()], None)
}

/// `(rest, matched)` of an exception or group against the classes of an `except*`.
pub fn match_group(exception: &Ref, class: &Ref) -> PyResult<(Ref, Ref)> {
    let none = || objects::none().to_ref();
    let is_group = protocol::is_instance(exception.value(), error::types::BaseExceptionGroup.value())?;
    if is_group {
        let split =
            protocol::call_method(exception.value(), StrObject::intern("split").value(), &[class.value()])?;
        let parts = protocol::unpack(split.value(), 2, None)?;
        let [matched, rest]: [Ref; 2] = parts.try_into().expect("two items were asked for");
        return Ok((rest, matched));
    }
    if !error::matches(exception.value(), class.value())? {
        return Ok((exception.clone(), none()));
    }
    // A naked exception is wrapped, so that the handler always sees a group.
    let list = objects::tuple::TupleObject::of([exception.clone()]);
    Ok((none(), new_group(list.value())?))
}

/// An unnamed exception group of a sequence of exceptions.
pub(crate) fn new_group(exceptions: Value) -> PyResult {
    let class = runtime::builtins::namespace().get_text("BaseExceptionGroup").expect("a builtin");
    protocol::call(class.value(), &[StrObject::empty().value(), exceptions], None)
}
