//! Handled exceptions, `with`, `except*`.

use runtime::error::{self, ExceptionObject};
use runtime::names::names;
use runtime::objects::{self, exception_group, list::ListObject, str::StrObject, tuple::TupleObject};
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

/// `(rest, matched)` of an exception or group against the classes of an `except*`. What matches becomes the handled exception, until the
/// statement ends or another clause matches.
pub fn match_group(exception: &Ref, class: &Ref) -> PyResult<(Ref, Ref)> {
    error::check_star_classes(class.value())?;
    let (rest, matched) = split_for_star(exception, class)?;
    if !objects::is_none(matched.value()) {
        crate::frame::release(exchange_handled(matched.clone().into_value()));
    }
    Ok((rest, matched))
}

fn split_for_star(exception: &Ref, class: &Ref) -> PyResult<(Ref, Ref)> {
    let none = || objects::none().to_ref();
    if objects::is_none(exception.value()) {
        return Ok((none(), none()));
    }
    let is_group = exception.ty().is_subclass_of(&error::types::BaseExceptionGroup);
    if error::matches(exception.value(), class.value())? {
        // A naked exception is wrapped, so that the body always sees a group.
        let wrapped = || new_group(TupleObject::of([exception.clone()]).value());
        return Ok((none(), if is_group { exception.clone() } else { wrapped()? }));
    }
    if !is_group {
        return Ok((exception.clone(), none()));
    }
    let parts =
        protocol::call_method(exception.value(), StrObject::intern("split").value(), &[class.value()])?;
    let group = exception.ty().name();
    match parts.get::<TupleObject>().map(TupleObject::items) {
        Some([matched, rest, ..]) => Ok((rest.to_ref(), matched.to_ref())),
        Some(few) => {
            let size = few.len();
            Err(runtime::raise!(TypeError, "{group}.split must return a 2-tuple, got tuple of size {size}"))
        }
        None => {
            let got = parts.ty().name();
            Err(runtime::raise!(TypeError, "{group}.split must return a tuple, not {got}"))
        }
    }
}

/// What an `except*` statement raises at its end, None if nothing is left: what its bodies raised, and one group of what they reraised and
/// what no clause matched, in the shape of the original.
pub(crate) fn prepare_reraise_star(original: Value, raised: &[Ref]) -> PyResult {
    let mut given = raised.iter().filter(|item| !objects::is_none(item.value()));
    if !original.ty().is_subclass_of(&error::types::BaseExceptionGroup) {
        // A naked exception matches at most one clause.
        return Ok(given.next().cloned().unwrap_or_else(|| objects::none().to_ref()));
    }
    let (again, mut left): (Vec<Ref>, Vec<Ref>) =
        given.cloned().partition(|item| exception_group::is_part_of(item.value(), original));
    left.extend(exception_group::projection(original, &again)?);
    match left.as_slice() {
        [] => Ok(objects::none().to_ref()),
        [one] => Ok(one.clone()),
        _ => new_group(ListObject::new(left).value()),
    }
}

/// An unnamed exception group of a sequence of exceptions.
pub(crate) fn new_group(exceptions: Value) -> PyResult {
    let class = runtime::builtins::namespace().get_text("BaseExceptionGroup").expect("a builtin");
    protocol::call(class.value(), &[StrObject::empty().value(), exceptions], None)
}
