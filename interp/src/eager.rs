//! Awaited calls of coroutines: they run at once, and have an object only when they are suspended.
//!
//! `await f(x)` calls, asks for the awaitable, and sends it None. If the call pushes the frame of a coroutine and is followed by just
//! that, the frame goes on as a function's does. What it returns goes to where the `await` leaves its result; what it raises is raised
//! by the `await`; and when it yields, its object is made, and the caller goes on as if it had sent and been yielded to (Cinder's eager
//! evaluation of awaited calls).
//!
//! The program sees no difference but the missing object: `sys.getframe().f_generator` is None, as in a function. Coroutines whose
//! origin is tracked are made as always, and so are those of calls that must bind their arguments.
//!
//! Compiled code does all of it with one helper, [`call`].
//!
//! Cost: a coroutine that finishes without suspending costs what a function does, and a level of handled exceptions.

use bytecode::CodeFlags;
use runtime::activation::Activation;
use runtime::objects::frame as frame_object;
use runtime::objects::frame::FrameObject;
use runtime::objects::function::FunctionObject;
use runtime::objects::generator::GeneratorObject;
use runtime::objects::method::MethodObject;
use runtime::objects::{none, unawaited};
use runtime::protocol::awaiting;
use runtime::thread::{ExcInfo, thread};
use runtime::value::{Py, PyResult, Ref, Value};

use crate::entry::{self, Exit};
use crate::frame::{
    self, Frame, HAS_BEGUN, HAS_OBJECT, IS_AWAITED, IS_EAGER, IS_ENTRY, IS_INIT, IS_STARTED, IS_WATCHED,
};
use crate::resume;
use crate::unwind::release_operand;

/// Numbers of the `SEND` with which the result of a frame's call is awaited, and of where that goes on.
///
/// # Safety
/// The frame is live, and saved.
unsafe fn send_of(caller: *mut Frame) -> (u32, u32) {
    // SAFETY: the contract; frames keep their code alive.
    unsafe {
        let code = (*(*caller).code).code();
        let send =
            code.awaiting_send((*caller).instruction).expect("the caller of an eager coroutine awaits it");
        (send, code.words[send as usize].operand())
    }
}

/// Lets a frame run at once whose caller awaits it. `false` if it has to have its object.
///
/// # Safety
/// The frame is the running one, saved, at its `RETURN_GENERATOR`.
pub(crate) unsafe fn begin(frame: *mut Frame) -> bool {
    // SAFETY: the contract.
    unsafe {
        if (*frame).flags & IS_AWAITED == 0 && !is_awaited(frame) {
            return false;
        }
        (*frame).flags |= IS_EAGER;
        let (level, thread) = (Frame::level(frame), thread());
        level.write(ExcInfo::new());
        (*level).previous.set(thread.handled.get());
        thread.handled.set(level);
        true
    }
}

/// Whether the caller of a frame is one of the interpreter, and awaits the coroutine that it has called.
///
/// # Safety
/// As for [`begin`].
unsafe fn is_awaited(frame: *mut Frame) -> bool {
    // SAFETY: the contract; what is no entry has a caller of the interpreter.
    unsafe {
        let is_coroutine = (*(*frame).code).code().flags.contains(CodeFlags::COROUTINE);
        if !is_coroutine || (*frame).flags & (IS_ENTRY | IS_INIT) != 0 || unawaited::origin_depth() != 0 {
            return false;
        }
        let caller = (*frame).previous;
        (*(*caller).code).code().awaiting_send((*caller).instruction).is_some()
    }
}

/// Ends the frame's level of handled exceptions; what is handled there is the caller's to release.
///
/// # Safety
/// The frame runs eagerly.
unsafe fn end_level(frame: *mut Frame) -> Value {
    // SAFETY: the contract.
    unsafe {
        let level = Frame::level(frame);
        thread().handled.set((*level).previous.get());
        (*level).exception.replace(Value::NULL)
    }
}

/// [`end_level`], and releases it.
///
/// # Safety
/// As there.
unsafe fn drop_level(frame: *mut Frame) {
    // SAFETY: the contract.
    unsafe {
        let mut handled = end_level(frame);
        release_operand(&raw mut handled);
    }
}

/// The frame returns: its caller goes on behind the `await`.
///
/// # Safety
/// The frame is the running one, and runs eagerly.
pub(crate) unsafe fn returns(frame: *mut Frame) {
    // SAFETY: the contract.
    unsafe {
        drop_level(frame);
        let caller = (*frame).previous;
        (*caller).instruction = send_of(caller).1 + 1;
    }
}

/// An exception leaves the frame: its caller's `SEND` raises it.
///
/// # Safety
/// As for [`returns`].
pub(crate) unsafe fn raises(frame: *mut Frame) {
    // SAFETY: the contract.
    unsafe {
        drop_level(frame);
        let caller = (*frame).previous;
        (*caller).instruction = send_of(caller).0 + 1;
    }
}

/// The object of a frame that has yielded, which moves to the heap.
///
/// # Safety
/// The frame is the running one, saved behind a `YIELD_VALUE`, and runs eagerly.
unsafe fn make_object(frame: *mut Frame) -> Py<GeneratorObject> {
    // SAFETY: the contract.
    unsafe {
        let handled = end_level(frame);
        let kept = (*frame).flags & (HAS_OBJECT | IS_WATCHED | HAS_BEGUN);
        let coroutine = resume::wrap(frame, IS_STARTED | kept);
        coroutine.exc_info.exception.set(handled);
        coroutine.mark_started();
        let moved = coroutine.frame.get().cast::<Frame>();
        if let Some(object) = crate::live::object(moved) {
            frame_object::moved(object.get::<FrameObject>().expect("frames own frame objects"), moved.cast());
            crate::live::tell_generator(moved, object);
        }
        coroutine
    }
}

/// The frame yields a value: it gets its object, and its caller, which is returned, stands where what it has sent has yielded.
///
/// # Safety
/// As for [`make_object`].
pub(crate) unsafe fn suspend(frame: *mut Frame, value: Ref) -> *mut Frame {
    // SAFETY: the contract; the caller has room for what `SEND` leaves.
    unsafe {
        let caller = (*frame).previous;
        let coroutine = make_object(frame);
        (*caller).instruction = send_of(caller).0 + 1;
        resume::push_operand(caller, coroutine.into_ref());
        resume::push_operand(caller, value);
        caller
    }
}

/// What an awaited call has come to.
pub enum Awaited {
    /// It has returned.
    Returned(Ref),
    /// What is awaited has yielded this.
    Yielded(Ref, Ref),
    /// The `await` has raised an exception, which is set; that the call does, is an error.
    Raised,
}

/// `await callable(*args)` up to its end, or until it yields. `given` keeps the arguments alive until the callee has references of its own.
pub fn call<Given>(callable: Value, args: &[Value], given: Given) -> PyResult<Awaited> {
    let (function, receiver) = match callable.get_exact::<MethodObject>() {
        Some(method) => (method.function.raw(), method.receiver.raw()),
        None => (callable, Value::NULL),
    };
    let Some(called) = coroutine_function(function, args.len() + usize::from(!receiver.is_null())) else {
        let awaited = super::call_owned(callable, args, given, None)?;
        return Ok(send_none(awaited).unwrap_or(Awaited::Raised));
    };
    thread().check_stack("")?;
    let _nesting = Activation::nest();
    // SAFETY: the function takes just these arguments; they and the function are counted for the frame, which is on top again when it
    // has been run, if it has not been moved.
    unsafe {
        let frame = frame::push_function(called, receiver, args, IS_ENTRY | IS_AWAITED)?;
        let counted = args.iter().copied().chain([function]).chain(receiver.non_null());
        counted.for_each(|value| _ = frame::copy(value));
        drop(given);
        let outcome = match entry::run(frame, None) {
            Ok(Exit::Yielded(value)) => return Ok(Awaited::Yielded(make_object(frame).into_ref(), value)),
            Ok(Exit::Returned(value)) => Ok(Awaited::Returned(Ref::from_owned(value))),
            Ok(Exit::Switched(_)) => unreachable!("`run` goes on with frames that are switched"),
            Err(_) if (*frame).flags & IS_EAGER != 0 => Ok(Awaited::Raised),
            Err(raised) => Err(raised),
        };
        if (*frame).flags & IS_EAGER != 0 {
            drop_level(frame);
        }
        frame::pop(frame);
        outcome
    }
}

/// The function, if calls of it with this many positional arguments make coroutines, and can push a frame without binding.
fn coroutine_function<'a>(callable: Value, count: usize) -> Option<&'a FunctionObject> {
    let function = callable.get_exact::<FunctionObject>()?;
    let is_coroutine = function.code().code().flags.contains(CodeFlags::COROUTINE);
    let is_simple = entry::is_interpreted(function) && entry::takes_exactly(function.code(), count);
    (is_coroutine && is_simple && unawaited::origin_depth() == 0).then_some(function)
}

/// Awaits a value up to its end, or until it yields.
fn send_none(awaited: Ref) -> PyResult<Awaited> {
    let awaitable = awaiting::get_awaitable(awaited.value(), 0)?;
    Ok(match resume::send(awaitable.value(), &none().to_ref())? {
        Ok(yielded) => Awaited::Yielded(awaitable, yielded),
        Err(returned) => Awaited::Returned(returned),
    })
}
