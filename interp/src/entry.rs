//! The ways into the loop: calls from native code, module and class bodies.

use bytecode::CodeFlags;
use runtime::activation::Activation;
use runtime::args::Args;
use runtime::hooks;
use runtime::objects::code::CodeObject;
use runtime::objects::dict::DictObject;
use runtime::objects::function::FunctionObject;
use runtime::objects::tuple::TupleObject;
use runtime::protocol;
use runtime::thread::thread;
use runtime::tracing;
use runtime::value::{PyResult, Raised, Ref, Value};

use crate::eval::run_loop;
use crate::frame::{self, Frame, HAS_BEGUN, IS_ENTRY};

/// How the loop was left.
pub enum Exit {
    /// The entry frame returned, an owned word or, where primitives are wanted as they are, any bits: 0 is `False` then.
    Returned(Value),
    /// The entry frame, a generator's, yielded.
    Yielded(Ref),
    /// The loop is to go on with this frame as the one that reports events, or as the one that does not; nobody but [`run`] sees it.
    Switched(*mut Frame),
}

/// Runs `entry` and everything it calls until it returns, yields or raises. With `injected`, an exception is already set and
/// is raised at the current instruction.
///
/// # Safety
/// `entry` is the topmost frame, or a generator's frame that has been made the running one, with `IS_ENTRY` set.
pub unsafe fn run(entry: *mut Frame, injected: Option<Raised>) -> PyResult<Exit> {
    // SAFETY: the contract; a loop that is switched hands its topmost frame over.
    unsafe {
        let mut outcome = match injected {
            _ if !tracing::is_on() => run_loop::<false>(entry, injected),
            Some(_) => run_loop::<true>(entry, crate::tracing::thrown(entry)),
            None => run_loop::<true>(entry, None),
        };
        while let Ok(Exit::Switched(frame)) = outcome {
            (*frame).flags |= HAS_BEGUN;
            outcome = if tracing::is_on() {
                crate::tracing::goes_on(frame);
                run_loop::<true>(frame, None)
            } else {
                run_loop::<false>(frame, None)
            };
        }
        outcome
    }
}

// Every interpreted function has this entry.
runtime::define_entry!(pub function_entry: FunctionObject = call_function);

/// Calls a Python function.
pub fn call_function(function: &FunctionObject, args: Args<'_>) -> PyResult {
    if hooks::count_call(function) && !is_interpreted(function) && !tracing::is_on() {
        return protocol::call_args(Value::from_object(function), args);
    }
    run_function(function, args)
}

// Functions that `types.FunctionType` has made of the code of a module or class body have one of their own: their names are globals.
runtime::define_entry!(pub(crate) body_entry: FunctionObject = run_function);

/// Binds the arguments and runs the function in the interpreter.
fn run_function(function: &FunctionObject, args: Args<'_>) -> PyResult {
    thread().check_stack("")?;
    let _nesting = Activation::nest();
    let frame = push_bound(function, args, IS_ENTRY)?;
    // SAFETY: the frame has just been pushed.
    unsafe { run_pushed(frame) }
}

/// Runs a function whose frame has been pushed.
///
/// # Safety
/// The frame is the topmost one, made with `IS_ENTRY` for a call that wants an object.
pub(crate) unsafe fn run_pushed(frame: *mut Frame) -> PyResult {
    // SAFETY: the contract.
    unsafe {
        match run(frame, None)? {
            // No primitives are wanted here, so that the word is a counted object.
            Exit::Returned(value) => Ok(Ref::from_owned(value)),
            Exit::Yielded(value) => Ok(value),
            Exit::Switched(_) => unreachable!("`run` goes on with frames that are switched"),
        }
    }
}

/// Pushes the frame of a function with references of its own to its arguments.
pub(crate) fn push_bound(function: &FunctionObject, args: Args<'_>, flags: u32) -> PyResult<*mut Frame> {
    // SAFETY: the frame has null slots, which binding fills; it takes over the count of its function.
    unsafe {
        let frame = frame::push_function(function, Value::NULL, &[], flags)?;
        std::mem::forget(Value::from_object(function).to_ref());
        if !function.code().has(CodeFlags::OPTIMIZED) {
            frame::bind_globals(frame);
        }
        let count = function.code().code().param_count();
        let slots = std::slice::from_raw_parts_mut(Frame::locals(frame), count);
        if let Err(raised) = runtime::bind::bind_arguments(function, args, slots) {
            frame::pop(frame);
            return Err(raised);
        }
        Ok(frame)
    }
}

/// Whether a call of the function runs in the interpreter.
#[inline]
pub(crate) fn is_interpreted(function: &FunctionObject) -> bool {
    std::ptr::fn_addr_eq(function.entry.get(), function_entry as runtime::args::Entry)
}

/// Runs a module or class body, or code of `exec`, in a namespace.
pub fn run_code(code: Value, globals: &DictObject, locals: Value, closure: Value) -> PyResult {
    thread().check_stack("")?;
    let _nesting = Activation::nest();
    let Some(object) = code.get::<CodeObject>() else {
        return Err(runtime::raise!(TypeError, "expected a code object"));
    };
    let builtins = runtime::objects::function::builtins_of(globals);
    // What the coroutine of a module body that awaits needs lives as long as its function.
    let owner = if object.has(CodeFlags::COROUTINE) {
        FunctionObject::new(object, globals).into_ref()
    } else {
        code.to_ref()
    };
    let frame = frame::push(owner, object, globals, builtins, IS_ENTRY)?;
    // SAFETY: the frame was pushed above; free variables take the last slots.
    unsafe {
        // The code of a function keeps its variables in slots, whatever `exec` has been given.
        if !object.has(CodeFlags::OPTIMIZED) {
            (*frame).namespace = locals.to_ref().into_value();
        }
        fill_closure(frame, object, closure);
        match run(frame, None)? {
            // No primitives are wanted here, so that the word is a counted object.
            Exit::Returned(value) => Ok(Ref::from_owned(value)),
            Exit::Yielded(value) => Ok(value),
            Exit::Switched(_) => unreachable!("`run` goes on with frames that are switched"),
        }
    }
}

/// Stores the cells of a closure into the slots of the free variables.
///
/// # Safety
/// The frame's slots for free variables are null.
pub(crate) unsafe fn fill_closure(frame: *mut Frame, code: &CodeObject, closure: Value) {
    let Some(cells) = closure.non_null().and_then(|closure| closure.get::<TupleObject>()) else { return };
    let first = code.code().locals.len() - code.code().free_count();
    for (at, cell) in cells.items().iter().enumerate() {
        // SAFETY: the contract.
        unsafe { *Frame::locals(frame).add(first + at) = cell.to_ref().into_value() };
    }
}

/// Whether code can be called by moving arguments into its slots: no defaults to fill, no stars, no keywords.
#[inline]
pub(crate) fn takes_exactly(code: &CodeObject, count: usize) -> bool {
    code.shape.exact_args as usize == count
}
