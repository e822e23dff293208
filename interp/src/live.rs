//! The Python-visible objects of frames (`runtime::objects::frame`), and what they ask of the frames they look into.
//!
//! A frame gets its object when somebody asks for one, and owns it from then on; `HAS_OBJECT` says so. When the frame ends, the object is
//! told, and keeps what somebody may still ask for (a return notes its place, so that its line is the last); if nobody else has it, it is
//! dropped. A frame that compiled code continues has none.

use bytecode::code::CellKind;
use bytecode::{Code, CodeFlags, Opcode, TypeCode};
use runtime::activation::Activation;
use runtime::hooks::{FoundFrame, FrameHooks};
use runtime::objects::cell::CellObject;
use runtime::objects::frame::{self as frame_object, FrameObject};
use runtime::value::{PyResult, Ref, Value};

use crate::frame::{self, Found, Frame, HAS_OBJECT, IS_AWAY, IS_WATCHED, Wanted};

/// What the runtime is given.
pub(crate) const HOOKS: FrameHooks = FrameHooks {
    find: |depth| frame::find_with(depth, Wanted::Objects).map(shown),
    walk: |depth, visit| frame::walk(depth, Wanted::Objects, &mut |found| visit(shown(found))),
    walk_from: |anchor, place, visit| {
        frame::walk_from(anchor, place, 0, Wanted::Objects, &mut |found| visit(shown(found)))
    },
    places_from: crate::frame::places_from,
    // SAFETY: objects look into live frames only.
    object_of: |frame| unsafe { object_of(frame.cast()) },
    // SAFETY: objects look into live frames only.
    instruction: |frame| unsafe { (*frame.cast::<Frame>()).instruction.saturating_sub(1) },
    // SAFETY: objects look into live frames only.
    caller: |frame| unsafe { caller(frame.cast()) },
    // SAFETY: objects look into live frames only.
    namespace: |frame| unsafe { (*frame.cast::<Frame>()).namespace.non_null().map(Value::to_ref) },
    // SAFETY: objects look into live frames only.
    variables: |frame| unsafe { variables(frame.cast()) },
    // SAFETY: objects look into live frames only.
    set_variable: |frame, name, value| unsafe { set_variable(frame.cast(), name, value) },
    // SAFETY: objects look into live frames only.
    watch: |frame, is_watched| unsafe { watch(frame.cast(), is_watched) },
    // SAFETY: objects look into live frames only.
    jump: |frame, line| unsafe { crate::jump::jump(frame.cast(), line) },
};

fn shown(found: Found) -> FoundFrame {
    match found {
        // SAFETY: frames on a chain are live.
        Found::Interpreted(frame) => FoundFrame::Interpreted(unsafe { object_of(frame) }),
        Found::Compiled(info, locals) => FoundFrame::Compiled(info, locals),
        Found::Waiting(info, place, namespace) => FoundFrame::Waiting(info, place, namespace),
        Found::Object(object) => FoundFrame::Interpreted(object),
    }
}

/// The object of a frame, if it has one.
///
/// # Safety
/// The frame is live.
#[inline]
pub(crate) unsafe fn object(frame: *mut Frame) -> Option<Value> {
    // SAFETY: the contract; the flag says that the word has been written.
    unsafe { ((*frame).flags & HAS_OBJECT != 0).then(|| (*frame).object.assume_init()) }
}

/// The object of a frame, made if it has none.
///
/// # Safety
/// The frame is live.
pub(crate) unsafe fn object_of(frame: *mut Frame) -> Ref {
    // SAFETY: the contract.
    unsafe {
        if let Some(object) = object(frame) {
            return object.to_ref();
        }
        let made = frame_object::of_live(frame::info_of(frame), frame.cast());
        (*frame).object.write(made.clone().into_value());
        (*frame).flags |= HAS_OBJECT;
        tell_generator(frame, made.value());
        made
    }
}

/// Gives a frame that compiled code has left the object that somebody has got of it there.
///
/// # Safety
/// The frame is live, and holds its variables.
pub unsafe fn attach(frame: *mut Frame, object: Ref) {
    // SAFETY: the contract; a frame that has an object already keeps it.
    unsafe {
        if (*frame).flags & HAS_OBJECT != 0 {
            return;
        }
        (*frame).object.write(object.clone().into_value());
        (*frame).flags |= HAS_OBJECT;
        tell_generator(frame, object.value());
        frame_object::revive(object.value(), frame.cast());
        crate::tracing::goes_on(frame);
    }
}

/// Tells a frame's object whose frame it is.
///
/// # Safety
/// The frame is live.
pub(crate) unsafe fn tell_generator(frame: *mut Frame, object: Value) {
    // SAFETY: the contract; a generator outlives its frame.
    let Some(generator) = (unsafe { (*frame).generator.as_ref() }) else { return };
    // Without memory for a weak reference the frame does not know its generator.
    if let Err(raised) = frame_object::set_generator(object, Value::from_object(generator)) {
        drop(runtime::thread().take_raised(raised));
    }
}

/// The frame is about to end: its object, if it has one, keeps what may be asked for later.
///
/// # Safety
/// The frame is live, and holds its variables, if compiled code has not taken them.
#[inline]
pub(crate) unsafe fn end(frame: *mut Frame) {
    // SAFETY: the contract.
    if unsafe { (*frame).flags } & HAS_OBJECT != 0 {
        // SAFETY: as above.
        unsafe { end_object(frame) };
    }
}

/// [`end`] of a frame that has an object.
///
/// # Safety
/// As there, and the frame has one.
#[cold]
unsafe fn end_object(frame: *mut Frame) {
    // SAFETY: the contract of `end`; the word is owned, and given up with the flag.
    unsafe {
        (*frame).flags &= !(HAS_OBJECT | IS_WATCHED);
        let object = Ref::from_owned((*frame).object.assume_init());
        let own = object.get::<FrameObject>().expect("frames own frame objects");
        let is_wanted = object.header().is_some_and(|header| header.refcount() > 1);
        let back = if is_wanted && (*frame).generator.is_null() { caller(frame) } else { None };
        let locals = if is_wanted && (*frame).flags & IS_AWAY == 0 {
            frame::locals_of(frame)
        } else {
            runtime::objects::dict::DictObject::new().into_ref()
        };
        frame_object::end(own, (*frame).instruction.saturating_sub(1), locals, back);
        // What dies here must not disturb an exception that is on its way.
        let pending = runtime::thread().fetch_raised();
        drop(object);
        if let Some(pending) = pending {
            let _raised = runtime::thread().set_raised(pending);
        }
    }
}

/// Lets go of the object of a frame that compiled code is to continue. False if somebody else has it, so that the frame must stay.
///
/// # Safety
/// The frame is live.
pub unsafe fn let_go(frame: *mut u8) -> bool {
    let frame = frame.cast::<Frame>();
    // SAFETY: the contract.
    unsafe {
        let Some(object) = object(frame) else { return true };
        if object.header().is_some_and(|header| header.refcount() > 1) {
            return false;
        }
        end_object(frame);
        true
    }
}

/// The object of the frame that has called this one.
///
/// # Safety
/// The frame is live.
unsafe fn caller(frame: *mut Frame) -> Option<Ref> {
    // SAFETY: the contract; what is below a live frame on the chain is live.
    unsafe {
        let previous = (*frame).previous;
        if previous.is_null() {
            return None;
        }
        if Activation::of(previous.cast()).is_none() {
            return Some(object_of(previous));
        }
    }
    // Compiled code is below it: where that called out is known from the top, of this thread or of the one that the frame waits in.
    let place = frame::place_under(frame).or_else(|| {
        let threads = runtime::tracing::threads();
        threads.into_iter().find_map(|(_, anchor, place)| frame::place_under_from(anchor, place, frame))
    })?;
    // SAFETY: the contract.
    frame_object::of_thread(unsafe { (*frame).previous.cast() }, place)
}

/// The variables that have a value, if they are in the frame.
///
/// # Safety
/// The frame is live.
unsafe fn variables(frame: *mut Frame) -> Vec<(Ref, Ref)> {
    // SAFETY: the contract.
    unsafe { if (*frame).flags & IS_AWAY != 0 { Vec::new() } else { frame::variables(frame) } }
}

/// The slot of a variable. The variable of a comprehension may have the name of one around it: while it is bound it is meant.
///
/// # Safety
/// The frame is live.
unsafe fn slot_named(frame: *mut Frame, code: &Code, name: &str) -> Option<usize> {
    let mut slots = (0..code.locals.len()).filter(|&at| code.locals[at].name == name);
    let first = slots.next()?;
    let others: Vec<usize> = slots.collect();
    if others.is_empty() {
        return Some(first);
    }
    let is_cleared =
        |at: usize| code.words.iter().any(|word| word.opcode() == Opcode::CLEAR_FAST && word.index() == at);
    // SAFETY: the slots are the frame's.
    let is_bound = |at: usize| unsafe { !(*Frame::locals(frame).add(at)).is_null() };
    let all = || std::iter::once(first).chain(others.iter().copied());
    all()
        .find(|&at| is_cleared(at) && is_bound(at))
        .or_else(|| all().find(|&at| !is_cleared(at)))
        .or(Some(first))
}

/// Sets a variable; false if there is none of that name.
///
/// # Safety
/// The frame is live.
unsafe fn set_variable(frame: *mut Frame, name: &str, value: Value) -> PyResult<bool> {
    // SAFETY: the contract.
    let code = unsafe { (*(*frame).code).code() };
    // SAFETY: the contract.
    let Some(at) = (unsafe { slot_named(frame, code, name) }) else { return Ok(false) };
    let local = &code.locals[at];
    // SAFETY: the contract.
    let is_away = unsafe { (*frame).flags } & IS_AWAY != 0;
    if code.flags.contains(CodeFlags::STATIC) || local.ty != TypeCode::Object || is_away {
        return Err(runtime::raise!(
            TypeError,
            "the variable '{name}' has a static type and cannot be set from outside"
        ));
    }
    // SAFETY: the slot is one of the frame's, and owns its object.
    unsafe {
        let slot = Frame::locals(frame).add(at);
        match (*slot).get::<CellObject>() {
            Some(cell) if local.cell != CellKind::None => cell.contents.set(value.to_ref()),
            _ => frame::release(std::ptr::replace(slot, value.to_ref().into_value())),
        }
    }
    Ok(true)
}

/// Lets the loop that reports events look at every instruction of the frame, or only at some.
///
/// # Safety
/// The frame is live.
unsafe fn watch(frame: *mut Frame, is_watched: bool) {
    // SAFETY: the contract.
    unsafe {
        (*frame).flags = if is_watched { (*frame).flags | IS_WATCHED } else { (*frame).flags & !IS_WATCHED };
    }
}
