//! Calls and functions.

use runtime::objects::code::CodeObject;
use runtime::objects::dict::DictObject;
use runtime::objects::function::FunctionObject;
use runtime::hooks;
use runtime::objects::tuple::TupleObject;
use runtime::protocol;
use runtime::value::{PyResult, Ref, Value};

use crate::entry;
use crate::frame::{self, Frame};

/// The function, if a call with this many positional arguments can push a frame without binding.
#[inline]
pub(crate) fn simple_function<'a>(callable: Value, count: usize) -> Option<&'a FunctionObject> {
    let function = callable.get_exact::<FunctionObject>()?;
    if !entry::is_interpreted(function) || !entry::takes_exactly(function.code(), count) {
        return None;
    }
    (!hooks::count_call(function) || entry::is_interpreted(function)).then_some(function)
}

/// Pushes a frame for a simple function and moves the arguments into it. The caller's stack gives up the arguments, the
/// callable, and what stands between them.
pub(crate) fn push_frame(function: &FunctionObject, args: &[Value]) -> PyResult<*mut Frame> {
    // The stack owned the callable, perhaps through a null; the frame takes a count of its own and the word is released.
    let owner = Value::from_object(function).to_ref();
    let frame = frame::push(owner, function.code(), function.globals(), function.builtins.get_or_none(), 0)?;
    // SAFETY: the new frame has a slot for each argument, and the caller's stack gives the words up.
    unsafe {
        std::ptr::copy_nonoverlapping(args.as_ptr(), Frame::locals(frame), args.len());
    }
    frame::release(Value::from_object(function));
    Ok(frame)
}

/// `callable(*positional, **keywords)`
pub fn call_ex(callable: Value, positional: Value, keywords: Option<Value>) -> PyResult {
    let tuple = positional.get::<TupleObject>().expect("the emitter passes a tuple");
    let Some(dict) =
        keywords.and_then(|keywords| keywords.get::<DictObject>()).filter(|dict| !dict.is_empty())
    else {
        return protocol::call(callable, tuple.items(), None);
    };
    let pairs = dict.to_pairs();
    let names = TupleObject::new(pairs.iter().map(|(name, _)| name.clone()).collect());
    let mut values = tuple.items().to_vec();
    values.extend(pairs.iter().map(|(_, value)| value.value()));
    protocol::call(callable, &values, Some(names.value()))
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
