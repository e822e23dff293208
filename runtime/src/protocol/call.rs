//! Calls. Values travel as one slice: positional arguments, then one value per keyword name.

use crate::args::{Args, Entry};
use crate::names::names;
use crate::objects;
use crate::objects::str::StrObject;
use crate::protocol;
use crate::protocol::attribute::{Method, get_method};
use crate::stress::{self, Knob};
use crate::type_object::type_flags;
use crate::value::{PyResult, Ref, Value};

/// Arguments up to this number are shifted on the native stack when a receiver is put in front.
const INLINE_ARGS: usize = 8;

/// Calls with `values` holding the positional arguments and then one per name in `kwnames`, a tuple of str.
#[inline]
pub fn call(callable: Value, values: &[Value], kwnames: Option<Value>) -> PyResult {
    call_args(callable, Args::new(values, kwnames))
}

/// Calls with one positional argument.
#[inline]
pub fn call_one(callable: Value, argument: Value) -> PyResult {
    call_args(callable, Args::positional(&[argument]))
}

/// Calls.
#[inline]
pub fn call_args(callable: Value, args: Args<'_>) -> PyResult {
    if stress::is_due(Knob::Fallback) {
        drop(objects::frame::at(0));
    }
    let ty = callable.ty();
    if ty.has(type_flags::HAS_ENTRY) {
        return call_through_entry(callable, args);
    }
    match ty.slots().call {
        Some(slot) => {
            crate::thread::thread().check_stack(" while calling a Python object")?;
            slot(callable, args)
        }
        None => Err(crate::raise!(TypeError, "'{}' object is not callable", ty.name())),
    }
}

/// Calls an object whose type has entries through its entry pointer.
#[inline]
pub fn call_through_entry(callable: Value, args: Args<'_>) -> PyResult {
    crate::thread::thread().check_stack("")?;
    debug_assert!(callable.ty().has(type_flags::HAS_ENTRY));
    let values;
    let first = if args.has_keywords() {
        // Keyword values must follow the positional ones in memory.
        values = args.to_vec();
        values.as_ptr()
    } else {
        args.positional.as_ptr()
    };
    // SAFETY: objects of such types keep their entry at this offset, and the arguments follow the convention.
    unsafe {
        let entry = *callable.ptr().cast::<u8>().add(abi::layout::callable::ENTRY).cast::<Entry>();
        Ref::from_entry(entry(callable, first, args.positional.len(), args.kwnames()))
    }
}

/// Runs `then` with `receiver` in front of the arguments.
#[inline]
pub fn with_receiver<R>(receiver: Value, args: Args<'_>, then: impl FnOnce(Args<'_>) -> R) -> R {
    let count = args.len() + 1;
    if count <= INLINE_ARGS {
        let mut values = [Value::NULL; INLINE_ARGS];
        fill(&mut values, receiver, args);
        return then(Args::new(&values[..count], args.kwnames().non_null()));
    }
    let mut values = vec![Value::NULL; count];
    fill(&mut values, receiver, args);
    then(Args::new(&values, args.kwnames().non_null()))
}

fn fill(values: &mut [Value], receiver: Value, args: Args<'_>) {
    values[0] = receiver;
    values[1..=args.positional.len()].copy_from_slice(args.positional);
    for (slot, (_, value)) in values[1 + args.positional.len()..].iter_mut().zip(args.keywords()) {
        *slot = value;
    }
}

/// Calls `function` with `receiver` in front of the arguments.
pub fn call_with_receiver(function: Value, receiver: Value, args: Args<'_>) -> PyResult {
    with_receiver(receiver, args, |args| call_args(function, args))
}

/// Calls what a class dict holds as a method of `receiver`.
pub fn call_bound(method: Value, receiver: Value, args: &[Value]) -> PyResult {
    let method = method.to_ref();
    if method.ty().has(type_flags::METHOD_DESCRIPTOR) {
        return call_with_receiver(method.value(), receiver, Args::positional(args));
    }
    match method.ty().slots().descr_get {
        Some(get) => {
            let bound = get(method.value(), Some(receiver), receiver.ty().value())?;
            call(bound.value(), args, None)
        }
        None => call(method.value(), args, None),
    }
}

/// `object.name(*args)`
pub fn call_method(object: Value, name: Value, args: &[Value]) -> PyResult {
    match get_method(object, name)? {
        Method::Unbound(function) => call_with_receiver(function.value(), object, Args::positional(args)),
        Method::Bound(callable) => call(callable.value(), args, None),
    }
}

/// `object.name(*args)` for a name given as text.
pub fn call_method_text(object: Value, name: &str, args: &[Value]) -> PyResult {
    call_method(object, StrObject::intern(name).value(), args)
}

/// `callable()`
pub fn is_callable(value: Value) -> bool {
    let ty = value.ty();
    ty.has(type_flags::HAS_ENTRY) || ty.slots().call.is_some()
}

/// A callable as messages about its calls name it: module and qualified name, and parentheses; what has no such name shows itself.
#[cold]
pub fn callable_text(callable: Value) -> PyResult<String> {
    let Some(qualname) = protocol::get_optional_attr(callable, names().__qualname__)? else {
        return protocol::str_string(callable);
    };
    let qualname = protocol::str_string(qualname.value())?;
    let module = protocol::get_optional_attr(callable, names().__module__)?;
    match module.filter(|module| !objects::is_none(module.value())) {
        Some(module) => match protocol::str_string(module.value())? {
            module if module == "builtins" => Ok(format!("{qualname}()")),
            module => Ok(format!("{module}.{qualname}()")),
        },
        None => Ok(format!("{qualname}()")),
    }
}
