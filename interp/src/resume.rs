//! Generators: suspended frames, and delegation to sub-iterators.
//!
//! A generator's frame lives in a heap block and is linked on top of the running frames while it runs.

use bytecode::CodeFlags;
use runtime::activation::Activation;
use runtime::error::{self, Raised};
use runtime::hooks::{self, Continued, Resume};
use runtime::objects;
use runtime::objects::code::CodeObject;
use runtime::objects::function::FunctionObject;
use runtime::objects::generator::{GeneratorKind, GeneratorObject, Resumed};
use runtime::objects::str::StrObject;
use runtime::protocol;
use runtime::thread::thread;
use runtime::value::{Py, PyResult, Ref, Value};

use crate::entry;
use crate::entry::Exit;
use crate::frame::{self, Frame, HAS_BEGUN, IS_AWAITED, IS_AWAY, IS_ENTRY, IS_STARTED, OWNS_NAMES};

/// Makes the generator of a call: its frame moves to the heap.
///
/// # Safety
/// `frame` is the topmost frame, at its `RETURN_GENERATOR`, with no operands.
pub unsafe fn make_generator(frame: *mut Frame) -> Ref {
    // SAFETY: the contract.
    unsafe {
        crate::live::end(frame);
        wrap(frame, 0).into_ref()
    }
}

/// The object of a frame that moves to the heap, where it has the `flags`.
///
/// # Safety
/// `frame` is the topmost frame, and saved.
pub(crate) unsafe fn wrap(frame: *mut Frame, flags: u32) -> Py<GeneratorObject> {
    // SAFETY: the contract; the frame owns its function and code.
    unsafe {
        let code = &*(*frame).code;
        let kind = match code.code().flags {
            flags if flags.contains(CodeFlags::ASYNC_GENERATOR) => GeneratorKind::AsyncGenerator,
            flags if flags.contains(CodeFlags::COROUTINE) => GeneratorKind::Coroutine,
            _ => GeneratorKind::Generator,
        };
        let [name, qualname] = match (*frame).owner.get::<FunctionObject>() {
            Some(function) => function.names(),
            None => code.names_of_functions().clone(),
        };
        let moved = frame::move_to_heap(frame);
        (*moved).flags = IS_ENTRY | flags | (*moved).flags & OWNS_NAMES;
        let code = Value::from_object(&*(*moved).code).to_ref();
        let generator = GeneratorObject::new(kind, moved.cast(), name, qualname, code);
        (*moved).generator = &raw const *generator;
        generator
    }
}

/// Leaves an entry frame that has returned or raised: a call's frame is popped, a generator's is unlinked and emptied; that of an
/// awaited call is left to its caller.
///
/// # Safety
/// `frame` is the running entry frame.
pub unsafe fn leave_entry(frame: *mut Frame) {
    // SAFETY: the contract.
    unsafe {
        if (*frame).flags & IS_AWAITED != 0 {
            return;
        }
        if (*frame).generator.is_null() {
            frame::pop(frame);
        } else {
            crate::live::end(frame);
            frame::clear_locals(frame);
            // Finalisers may have looked at the frame again.
            crate::live::end(frame);
            // The count is of the last suspension; what stood there has been consumed, and the result has been popped.
            (*frame).operands = 0;
        }
    }
}

/// Resumes a generator's frame.
pub fn resume(generator: &GeneratorObject, resume: Resume) -> PyResult<Resumed> {
    let thread = thread();
    let frame = generator.frame.get().cast::<Frame>();
    let _nesting = Activation::nest();
    thread.check_depth()?;
    thread.check_stack("")?;
    // SAFETY: the generator owns a suspended frame; it is linked while it runs and unlinked afterwards.
    unsafe {
        (*frame).previous = frame::current();
        (*frame).flags &= !HAS_BEGUN;
        thread.anchor.set(frame.cast());
        thread.recursion.set(thread.recursion.get() + 1);
        let outcome = resume_linked(generator, frame, resume);
        thread.recursion.set(thread.recursion.get() - 1);
        thread.anchor.set((*frame).previous.cast());
        (*frame).previous = std::ptr::null_mut();
        outcome
    }
}

/// [`resume`] with the frame on the chain, where what it delegates to can see it.
///
/// # Safety
/// The frame is the generator's, suspended, and the running one.
unsafe fn resume_linked(generator: &GeneratorObject, frame: *mut Frame, resume: Resume) -> PyResult<Resumed> {
    let thread = thread();
    // SAFETY: the contract.
    unsafe {
        let resume = match resume {
            Resume::Throw(exception) if (*frame).flags & IS_STARTED != 0 => {
                match forward_throw(frame, exception.to_ref())? {
                    Forwarded::Yielded(value) => return Ok(Resumed::Yielded(value)),
                    Forwarded::Returned(value, target) => {
                        push_operand(frame, value);
                        (*frame).instruction = target;
                        None
                    }
                    Forwarded::Raise(exception) => Some(Thrown::Exception(exception)),
                }
            }
            Resume::Throw(exception) => Some(Thrown::Exception(exception.to_ref())),
            Resume::Send(value) => Some(Thrown::Nothing(value)),
        };
        generator.exc_info.previous.set(thread.handled.get());
        thread.handled.set((&raw const generator.exc_info).cast_mut());
        let outcome = match prepare(generator, frame, resume) {
            None => go_on(frame),
            Some(raised) => entry::run(frame, Some(raised)),
        };
        thread.handled.set(generator.exc_info.previous.get());
        Ok(match outcome? {
            Exit::Yielded(value) => Resumed::Yielded(value),
            Exit::Returned(value) => Resumed::Returned(Ref::from_owned(value)),
            Exit::Switched(_) => unreachable!("`run` goes on with frames that are switched"),
        })
    }
}

/// Runs a frame from its place on, in compiled code if there is some.
///
/// # Safety
/// The frame is the running one, and has `IS_ENTRY` set.
unsafe fn go_on(frame: *mut Frame) -> PyResult<Exit> {
    // SAFETY: the contract; the frame keeps its code alive.
    unsafe {
        let code = &*(*frame).code;
        let is_due = code.count_loop() || hooks::is_hot(code);
        let continued = if is_due && !runtime::tracing::is_on() {
            hooks::continue_frame(frame.cast())
        } else {
            Continued::Not
        };
        conclude(frame, continued)
    }
}

/// Runs on a frame that compiled code has continued, or has not, until it is left.
///
/// # Safety
/// As for [`go_on`].
pub(crate) unsafe fn conclude(frame: *mut Frame, continued: Continued) -> PyResult<Exit> {
    // SAFETY: the contract.
    unsafe {
        match continued {
            Continued::Not | Continued::Interpret => entry::run(frame, None),
            Continued::Raised => entry::run(frame, Some(Raised::assert_set())),
            Continued::Yielded(value) => Ok(Exit::Yielded(Ref::from_owned(value))),
            Continued::Returned(value) => {
                leave_entry(frame);
                Ok(Exit::Returned(value))
            }
            Continued::Left => {
                leave_entry(frame);
                Err(Raised::assert_set())
            }
        }
    }
}

/// What a frame is resumed with, once delegation has been dealt with.
enum Thrown {
    /// An exception to raise at the `yield`.
    Exception(Ref),
    /// A value that the `yield` gives.
    Nothing(Value),
}

/// Puts what is sent on the operand stack, or sets what is thrown.
///
/// # Safety
/// The frame is suspended.
unsafe fn prepare(generator: &GeneratorObject, frame: *mut Frame, resume: Option<Thrown>) -> Option<Raised> {
    // SAFETY: the contract; the verifier has counted the sent value.
    unsafe {
        match resume {
            None => None,
            Some(Thrown::Exception(exception)) => {
                // The instruction that yielded raises; its operand counts as not consumed yet.
                if (*frame).flags & IS_STARTED != 0 {
                    push_operand(frame, objects::none().to_ref());
                }
                // Its context is what the generator is handling, not what whoever throws it in is.
                Some(match generator.exc_info.exception.get().non_null() {
                    Some(handled) if !objects::is_none(handled) => error::raise_object(exception),
                    _ => error::exception::restore(exception),
                })
            }
            Some(Thrown::Nothing(value)) => {
                if (*frame).flags & IS_STARTED != 0 {
                    push_operand(frame, value.to_ref());
                }
                None
            }
        }
    }
}

/// Pushes onto a suspended frame's operand stack.
///
/// # Safety
/// The stack has room.
pub(crate) unsafe fn push_operand(frame: *mut Frame, value: Ref) {
    // SAFETY: the contract.
    unsafe {
        let at = (*frame).operands;
        *Frame::operands(frame).add(at as usize) = value.into_value();
        (*frame).operands = at + 1;
    }
}

/// What throwing into a sub-iterator has led to.
enum Forwarded {
    /// The frame does not delegate, or the exception comes back: it is raised in the frame.
    Raise(Ref),
    /// The sub-iterator has yielded again.
    Yielded(Ref),
    /// The sub-iterator has returned: the frame goes on behind the delegation with its value.
    Returned(Ref, u32),
}

/// Throws into the sub-iterator that a suspended frame delegates to, if it does.
///
/// # Safety
/// The frame is suspended at a `yield`.
unsafe fn forward_throw(frame: *mut Frame, exception: Ref) -> PyResult<Forwarded> {
    // SAFETY: the contract.
    let Some((receiver, target)) = (unsafe { delegate(frame) }) else {
        return Ok(Forwarded::Raise(exception));
    };
    if exception.ty().is_subclass_of(&error::types::GeneratorExit) {
        return Ok(Forwarded::Raise(match close(receiver.value()) {
            Ok(()) => exception,
            Err(raised) => thread().take_raised(raised),
        }));
    }
    let Some(throw) = protocol::get_optional_attr(receiver.value(), StrObject::intern("throw").value())?
    else {
        return Ok(Forwarded::Raise(exception));
    };
    match finish(protocol::call(throw.value(), &[exception.value()], None).map(Some)) {
        Ok(Ok(yielded)) => Ok(Forwarded::Yielded(yielded)),
        Ok(Err(returned)) => Ok(Forwarded::Returned(returned, target)),
        Err(raised) => Ok(Forwarded::Raise(thread().take_raised(raised))),
    }
}

/// Closes a sub-iterator, if it can be closed.
fn close(receiver: Value) -> PyResult<()> {
    let name = StrObject::intern("close");
    let found = match as_generator(receiver) {
        Some(_) => protocol::get_attr(receiver, name.value()).map(Some),
        None => protocol::get_optional_attr(receiver, name.value()),
    };
    match found {
        Ok(Some(close)) => protocol::call(close.value(), &[], None).map(drop),
        Ok(None) => Ok(()),
        Err(raised) => {
            error::write_unraisable(raised, Some(receiver));
            Ok(())
        }
    }
}

/// The sub-iterator that a suspended frame delegates to, and where it goes on when that one returns.
///
/// # Safety
/// The frame is suspended.
unsafe fn delegate(frame: *mut Frame) -> Option<(Ref, u32)> {
    // SAFETY: the contract.
    let (code, next) = unsafe { ((*(*frame).code).code(), (*frame).instruction as usize) };
    let back = code.words.get(next).filter(|word| word.opcode() == bytecode::Opcode::JUMP_BACKWARD)?;
    let send = code.words.get(back.index()).filter(|word| word.opcode() == bytecode::Opcode::SEND)?;
    // SAFETY: a delegating frame keeps the receiver on top.
    let receiver = unsafe { (*Frame::operands(frame).add((*frame).operands as usize - 1)).to_ref() };
    Some((receiver, send.operand()))
}

/// What a suspended frame waits for.
pub fn frame_awaits(frame: *mut u8) -> Option<Ref> {
    // SAFETY: generators ask about their own frame while it is suspended; one that has not started stands at no `yield`.
    unsafe {
        let frame = frame.cast::<Frame>();
        if (*frame).flags & IS_STARTED != 0 { delegate(frame).map(|(receiver, _)| receiver) } else { None }
    }
}

/// Whether a suspended frame has a handler where it stands, or delegates: then it, or what it waits for, can notice that it is told to end.
/// The handler around every generator, which looks for `StopIteration`, does not count.
pub fn frame_is_guarded(frame: *mut u8) -> bool {
    // SAFETY: generators ask about their own frame while it is suspended and has started.
    unsafe {
        let frame = frame.cast::<Frame>();
        let (code, yielded) = ((*(*frame).code).code(), ((*frame).instruction as usize).saturating_sub(1));
        let is_own = |handler: &bytecode::Handler| {
            let first = code.words[handler.target as usize];
            first.opcode() != bytecode::Opcode::CALL_INTRINSIC
                || first.operand() != bytecode::Intrinsic::StopIterationError as u32
        };
        code.handler_at(yielded).is_some_and(is_own) || delegate(frame).is_some()
    }
}

/// Frees a finished or abandoned generator's frame.
pub fn drop_frame(frame: *mut u8) {
    clear_frame(frame);
    // SAFETY: the block came from `make_generator` and has been emptied.
    unsafe { frame::free_heap(frame.cast()) };
}

/// Shows what a suspended frame owns to the cycle collector.
pub fn traverse_frame(frame: *mut u8, visit: &mut dyn FnMut(Value)) {
    let frame = frame.cast::<Frame>();
    // SAFETY: the frame is suspended; generators hold objects only below their depth, except in static code.
    unsafe {
        let names = [(*frame).builtins, (*frame).namespace];
        let owns_names = (*frame).flags & OWNS_NAMES != 0;
        for value in names.into_iter().filter(|_| owns_names).chain([(*frame).owner]) {
            if value.is_object() {
                visit(value);
            }
        }
        if let Some(object) = crate::live::object(frame) {
            visit(object);
        }
        if (*frame).flags & IS_AWAY != 0 {
            return;
        }
        for_each_object(frame, |slot| {
            if (*slot).is_object() {
                visit(*slot);
            }
        });
    }
}

/// Releases the values of a suspended frame.
pub fn clear_frame(frame: *mut u8) {
    let frame = frame.cast::<Frame>();
    // SAFETY: the frame is suspended and will not run again.
    unsafe {
        crate::live::end(frame);
        for_each_object(frame, |slot| frame::release(std::ptr::replace(slot, Value::NULL)));
        (*frame).operands = 0;
    }
}

/// Visits the slots and operands that are objects.
///
/// # Safety
/// The frame is suspended.
unsafe fn for_each_object(frame: *mut Frame, mut visit: impl FnMut(*mut Value)) {
    // SAFETY: the contract.
    unsafe {
        let code = (*(*frame).code).code();
        for (at, local) in code.locals.iter().enumerate() {
            if local.ty == bytecode::TypeCode::Object {
                visit(Frame::locals(frame).add(at));
            }
        }
        let count = (*frame).operands as usize;
        // A frame that has returned stands behind its last instruction, and has none.
        let map = (count > 0 && code.flags.contains(CodeFlags::STATIC))
            .then(|| bytecode::verify::stack_maps(code)[(*frame).instruction as usize].clone())
            .flatten();
        for at in 0..count {
            let is_object = map.as_ref().is_none_or(|map| map.get(at) == Some(&bytecode::Repr::Object));
            if is_object {
                visit(Frame::operands(frame).add(at));
            }
        }
    }
}

/// The end of an `async for`: the exception is raised again unless it is the one that ends the loop.
pub fn end_async_for(exception: Ref) -> PyResult<()> {
    if exception.ty().is_subclass_of(&error::types::StopAsyncIteration) {
        return Ok(());
    }
    Err(error::exception::restore(exception))
}

/// The iterator of `yield from`.
pub fn yield_from_iterator(iterable: Ref, code: &CodeObject) -> PyResult {
    if iterable.value().is_exact(&objects::generator::COROUTINE) {
        let may_await =
            code.code().flags.intersects(CodeFlags(CodeFlags::COROUTINE.0 | CodeFlags::ITERABLE_COROUTINE.0));
        if !may_await {
            let message = "cannot 'yield from' a coroutine object in a non-coroutine generator";
            return Err(runtime::raise!(TypeError, "{message}"));
        }
        return Ok(iterable);
    }
    protocol::get_iter(iterable.value())
}

/// Sends a value to a sub-iterator: what it yields, or (as `Err`) what it returns.
pub fn send(receiver: Value, value: &Ref) -> PyResult<Result<Ref, Ref>> {
    if let Some(generator) = as_generator(receiver) {
        return Ok(match generator.resume(Resume::Send(value.value()))? {
            Some(yielded) => Ok(yielded),
            None => Err(generator.take_return_value()),
        });
    }
    if objects::is_none(value.value()) {
        return finish(protocol::iter_next_or_raise(receiver));
    }
    let name = StrObject::intern("send");
    finish(protocol::call_method(receiver, name.value(), &[value.value()]).map(Some))
}

fn as_generator<'a>(value: Value) -> Option<&'a GeneratorObject> {
    let ty = value.ty();
    let kinds = [&objects::generator::GENERATOR, &objects::generator::COROUTINE];
    // SAFETY: the generator types share one layout.
    kinds.iter().any(|kind| std::ptr::eq(ty, *kind)).then(|| unsafe { value.cast::<GeneratorObject>() })
}

/// The end of an iterator carries its value in StopIteration.
fn finish(result: PyResult<Option<Ref>>) -> PyResult<Result<Ref, Ref>> {
    match result {
        Ok(Some(yielded)) => Ok(Ok(yielded)),
        Ok(None) => Ok(Err(objects::none().to_ref())),
        Err(raised) => {
            let exception = error::catch(raised, &error::types::StopIteration)?;
            stop_value(&exception).map(Err)
        }
    }
}

fn stop_value(exception: &Ref) -> PyResult {
    protocol::get_attr(exception.value(), StrObject::intern("value").value())
}

/// An exception thrown in while delegating: StopIteration ends the delegation with its value.
pub fn cleanup_throw(exception: Ref) -> PyResult {
    if exception.ty().is_subclass_of(&error::types::StopIteration) {
        return stop_value(&exception);
    }
    Err(error::exception::restore(exception))
}
