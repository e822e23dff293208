//! Calls and functions.

use bytecode::CodeFlags;
use runtime::activation::Activation;
use runtime::args::Args;
use runtime::hooks;
use runtime::names::names;
use runtime::objects;
use runtime::objects::code::{CodeObject, InlineCache};
use runtime::objects::dict::DictObject;
use runtime::objects::function::FunctionObject;
use runtime::objects::method::MethodObject;
use runtime::objects::object::{allocate, is_object_new};
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::type_type::TYPE;
use runtime::protocol;
use runtime::thread::thread;
use runtime::type_object::{TypeObject, type_flags};
use runtime::value::{PyResult, Ref, Value};

use super::attribute;
use crate::entry;
use crate::frame::{self, Frame, IS_ENTRY, IS_INIT};

/// The function, if a call with this many positional arguments can push a frame without binding.
#[inline]
pub(crate) fn simple_function<'a>(callable: Value, count: usize) -> Option<&'a FunctionObject> {
    interpreted(callable, |function| entry::takes_exactly(function.code(), count))
}

/// The function, if it fits, and the loop that runs the caller will run its call, too.
#[inline]
fn interpreted<'a>(
    callable: Value,
    fits: impl FnOnce(&FunctionObject) -> bool,
) -> Option<&'a FunctionObject> {
    // SAFETY: callables on the stack are objects.
    let function = unsafe { callable.get_exact_present::<FunctionObject>()? };
    if !entry::is_interpreted(function) || !fits(function) {
        return None;
    }
    (!hooks::count_call(function) || entry::is_interpreted(function)).then_some(function)
}

/// The class and its `__init__`, if a call with this many positional arguments makes a plain instance and runs that function
/// without binding.
#[inline]
pub(crate) fn plain_class<'a>(
    callable: Value,
    count: usize,
    cache: &InlineCache,
) -> Option<(&'a TypeObject, &'a FunctionObject)> {
    let class = concrete_class(callable)?;
    if cache.key.get() != attribute::key_of(class, attribute::INIT) && !remember_init(class, cache) {
        return None;
    }
    // SAFETY: the class has not changed since its `__init__` was remembered, and keeps it alive.
    let init = unsafe { Value::from_bits(cache.data.get()) };
    simple_function(init, count + 1).map(|init| (class, init))
}

/// A class that a program has made, without a metaclass, and that may have instances.
#[inline]
fn concrete_class<'a>(callable: Value) -> Option<&'a TypeObject> {
    if !callable.is_object() || !callable.is_exact(&TYPE) {
        return None;
    }
    // SAFETY: instances of `type` are types.
    let class = unsafe { callable.cast::<TypeObject>() };
    (class.has(type_flags::HEAP) && !class.has(type_flags::ABSTRACT)).then_some(class)
}

/// The `__init__` of a class whose calls need nothing else.
fn only_init(class: &TypeObject) -> Option<&FunctionObject> {
    let init = class.lookup(names().__init__)?.get_exact::<FunctionObject>()?;
    (!class.has(type_flags::NO_NEW) && is_object_new(class)).then_some(init)
}

/// Remembers the `__init__` of a class whose calls need nothing else.
#[cold]
fn remember_init(class: &TypeObject, cache: &InlineCache) -> bool {
    match only_init(class).filter(|_| class.version() != 0) {
        Some(init) => {
            attribute::remember(cache, class, attribute::INIT, Value::from_object(init).bits());
            true
        }
        None => false,
    }
}

/// Makes an instance and pushes the frame of its `__init__`, into which the arguments move.
///
/// # Safety
/// Class and function are from [`plain_class`].
pub(crate) unsafe fn push_init(
    class: &TypeObject,
    init: &FunctionObject,
    args: &[Value],
) -> PyResult<(*mut Frame, Value)> {
    let instance = allocate(class);
    // SAFETY: the function takes the instance and just these arguments; the frame gets counts of its own of both.
    let frame = unsafe { frame::push_function(init, instance.value(), args, IS_INIT)? };
    frame::copy(Value::from_object(init));
    frame::copy(instance.value());
    Ok((frame, instance.into_value()))
}

/// What `__init__` has returned must be None.
pub(crate) fn finish_init(result: Ref) -> PyResult<()> {
    if objects::is_none(result.value()) {
        return Ok(());
    }
    Err(runtime::raise!(TypeError, "__init__() should return None, not '{}'", result.ty().name()))
}

/// What keeps the arguments of a call with stars alive: items of an iterable that is no tuple, and those that have names.
pub struct Spread {
    _items: Vec<Ref>,
    _named: Vec<(Ref, Ref)>,
}

/// Calls with the arguments of `callable(*positional, **keywords)`, and what holds them.
pub fn with_spread<R>(
    callable: Value,
    positional: Value,
    keywords: Option<Value>,
    call: impl FnOnce(&[Value], Option<Value>, Spread) -> PyResult<R>,
) -> PyResult<R> {
    let tuple = positional.get_exact::<TupleObject>().map(TupleObject::items);
    let items = match tuple {
        Some(_) => Vec::new(),
        None => spread_items(callable, positional)?,
    };
    let named = keywords.and_then(|keywords| keywords.get::<DictObject>()).map(DictObject::to_pairs);
    let named = named.unwrap_or_default();
    if named.iter().any(|(name, _)| !name.is_instance::<StrObject>()) {
        return Err(runtime::raise!(TypeError, "keywords must be strings"));
    }
    if let (Some(values), true) = (tuple, named.is_empty()) {
        return call(values, None, Spread { _items: items, _named: named });
    }
    let mut values = tuple.map_or_else(|| items.iter().map(Ref::value).collect(), <[Value]>::to_vec);
    if named.is_empty() {
        return call(&values, None, Spread { _items: items, _named: named });
    }
    let names = TupleObject::new(named.iter().map(|(name, _)| name.clone()).collect());
    values.extend(named.iter().map(|(_, value)| value.value()));
    call(&values, Some(names.value()), Spread { _items: items, _named: named })
}

#[cold]
#[inline(never)]
fn spread_items(callable: Value, positional: Value) -> PyResult<Vec<Ref>> {
    if protocol::iterate::is_iterable(positional) {
        return protocol::collect(positional);
    }
    let (function, ty) = (protocol::call::callable_text(callable)?, positional.ty());
    Err(runtime::raise!(TypeError, "{function} argument after * must be an iterable, not {}", ty.name()))
}

/// Whether a call binds arguments to the parameters of a function, or of a method's function, that the interpreter runs.
#[inline]
pub(crate) fn binds(callable: Value) -> bool {
    // SAFETY: callables on the stack are objects.
    unsafe {
        let function = match callable.get_exact_present::<MethodObject>() {
            Some(method) => method.function.raw(),
            None => callable,
        };
        function.get_exact_present::<FunctionObject>().is_some_and(entry::is_interpreted)
    }
}

/// Pushes the frame of a function or of a method's function, if the interpreter runs it and nobody is to be told, with references of its
/// own to what it is called with.
fn push_call(
    callable: Value,
    args: &[Value],
    names: Option<Value>,
    flags: u32,
) -> PyResult<Option<*mut Frame>> {
    let method = callable.get_exact::<MethodObject>();
    let called = method.map_or(callable, |method| method.function.raw());
    if runtime::tracing::is_on() || !called.is_object() {
        return Ok(None);
    }
    let Some(function) = interpreted(called, |_| true) else { return Ok(None) };
    let Some(method) = method else {
        return entry::push_bound(function, Args::new(args, names), flags).map(Some);
    };
    let all: Vec<Value> = std::iter::once(method.receiver.raw()).chain(args.iter().copied()).collect();
    entry::push_bound(function, Args::new(&all, names), flags).map(Some)
}

/// A call by a frame of the interpreter. A function of the interpreter gets a frame with its arguments, and runs when the loop goes on;
/// everything else has a result.
///
/// # Safety
/// The frame is the running one, and its place is saved.
pub(crate) unsafe fn call(
    frame: *mut Frame,
    callable: Value,
    args: &[Value],
    names: Option<Value>,
) -> PyResult<Option<Ref>> {
    if push_call(callable, args, names, 0)?.is_some() {
        return Ok(None);
    }
    // SAFETY: the contract.
    unsafe { crate::tracing::call(frame, callable, args, names).map(Some) }
}

/// A call by compiled code, which gives its references to the arguments away: while a function of the interpreter runs, its frame has the
/// only ones. Until then `given` keeps the arguments alive.
#[inline]
pub fn call_owned<Given>(callable: Value, args: &[Value], given: Given, names: Option<Value>) -> PyResult {
    if callable.is_object() && binds(callable) {
        return run_owned(callable, args, given, names);
    }
    protocol::call(callable, args, names)
}

/// A call by compiled code of a module that counts references: besides what [`call_owned`] does, the `__init__` of a plain class gets the
/// references, as it does in the interpreter.
pub fn call_counted<Given>(callable: Value, args: &[Value], given: Given, names: Option<Value>) -> PyResult {
    let fits = |init: &FunctionObject| {
        let counts = init.code().has(CodeFlags::COUNTS_REFERENCES);
        counts && names.is_none() && entry::takes_exactly(init.code(), args.len() + 1)
    };
    let class = concrete_class(callable);
    match class.and_then(|class| only_init(class).filter(|init| fits(init)).map(|init| (class, init))) {
        Some((class, init)) => construct_owned(class, init, args, given),
        None => call_owned(callable, args, given, names),
    }
}

/// Makes an instance, and calls its `__init__` with references that are given away.
fn construct_owned<Given>(
    class: &TypeObject,
    init: &FunctionObject,
    args: &[Value],
    given: Given,
) -> PyResult {
    let instance = allocate(class);
    let all: Vec<Value> = std::iter::once(instance.value()).chain(args.iter().copied()).collect();
    finish_init(call_owned(Value::from_object(init), &all, given, None)?)?;
    Ok(instance)
}

#[cold]
fn run_owned<Given>(callable: Value, args: &[Value], given: Given, names: Option<Value>) -> PyResult {
    thread().check_stack("")?;
    let _nesting = Activation::nest();
    let Some(frame) = push_call(callable, args, names, IS_ENTRY)? else {
        return protocol::call(callable, args, names);
    };
    drop(given);
    // SAFETY: the frame has just been pushed, as an entry.
    unsafe { entry::run_pushed(frame) }
}

/// A function of a code object, with the running frame's globals.
pub(crate) fn make_function(code: &Ref, frame: *mut Frame) -> Ref {
    let code = code.get::<CodeObject>().expect("the emitter makes functions of code");
    // SAFETY: the running frame keeps its globals alive.
    FunctionObject::new(code, unsafe { &*(*frame).globals }).into_ref()
}

/// Sets what the emitter has put beside a new function.
pub fn set_attribute(function: &Ref, which: usize, attribute: Ref) {
    let function = function.get::<FunctionObject>().expect("the emitter sets attributes of functions");
    match which {
        1 => function.defaults.set(attribute),
        2 => function.kwdefaults.set(attribute),
        4 => function.set_annotations(attribute),
        8 => function.closure.set(attribute),
        _ => function.annotate.set(attribute),
    }
}
