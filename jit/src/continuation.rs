//! Frames of the interpreter that go on in compiled code: hot loops, handlers of exceptions, generators.
//!
//! The code of a continuation takes everything out of the frame (`hir::build::Point`) and runs in its place: while it does, the frame is
//! off the chain, and positions come from return addresses as for any compiled code. It leaves by returning, by suspending the
//! frame, by an exception, or by an exit, which restores the frame and hands back to the interpreter's loop.
//!
//! A generator has one piece of code for all places where it can be resumed; anything else has one for each place that is reached often.
//! The iterator of a counting loop is taken apart if it is a range of small ints; whoever enters makes sure that it is.
//!
//! Cost of entering: a table lookup, a call, and a load for each word of the frame.

use bytecode::{CodeFlags, Opcode, TypeCode};
use hir::Point;
use interp::frame::{Frame, HAS_YIELDED, IS_AWAY, IS_STARTED, WANTS_RAW};
use interp::native::operands;
use runtime::activation::{Activation, Handover};
use runtime::hooks::Continued;
use runtime::objects::code::CodeObject;
use runtime::objects::range::RangeIterator;
use runtime::thread::thread;
use runtime::value::Value;

use crate::context::{Jit, jit};
use crate::entry::boxed;
use crate::functions::BodyId;
use crate::machine::Machine;

const _: () = {
    use abi::layout::frame as at;
    use std::mem::offset_of;
    assert!(size_of::<Frame>() == at::LOCALS);
    assert!(offset_of!(Frame, operands) == at::OPERANDS);
    assert!(offset_of!(Frame, instruction) == at::INSTRUCTION);
    assert!(offset_of!(Frame, flags) == at::FLAGS);
    assert!(HAS_YIELDED == at::HAS_YIELDED);
};

/// How far the code for a place has come.
#[derive(Clone, Copy)]
pub(crate) enum Progress {
    /// Reached so often.
    Counted(u32),
    /// It has code.
    Compiled(&'static Machine),
    /// It has none.
    Refused,
}

/// The hook.
pub(crate) fn continue_frame(frame: *mut u8) -> Continued {
    // A frame whose object somebody has is looked into, which its code would not notice.
    // SAFETY: the interpreter passes its running frame.
    if runtime::tracing::is_on() || !unsafe { interp::live::let_go(frame) } {
        return Continued::Not;
    }
    let frame = frame.cast::<Frame>();
    // SAFETY: the interpreter passes its running frame, which keeps its code and globals alive.
    let (code, is_local) = unsafe {
        let globals = Value::from_object(&*(*frame).globals);
        let namespace = (*frame).namespace;
        (&*(*frame).code, !namespace.is_null() && namespace != globals)
    };
    // A module's names are taken as globals.
    if is_local && code.has(CodeFlags::MODULE_BODY) {
        return Continued::Not;
    }
    // SAFETY: the frame is saved and on top of the chain.
    unsafe {
        if let Some(machine) = known_resumption(code, frame) {
            return if thread().has_room() { enter(machine, frame) } else { Continued::Not };
        }
        match jit().machine_for(frame, code) {
            Some(machine) if fits(machine, frame) && thread().has_room() => enter(machine, frame),
            _ => Continued::Not,
        }
    }
}

/// The code of a generator's resumptions, if its frame stands at one and the code is made.
///
/// # Safety
/// The frame is saved.
unsafe fn known_resumption(code: &CodeObject, frame: *mut Frame) -> Option<&'static Machine> {
    if !code.code().flags.intersects(CodeFlags::SUSPENDS) {
        return None;
    }
    // SAFETY: the word is null or a machine, which lives for ever; the frame keeps its globals alive.
    unsafe {
        let machine = code.jit.get().cast::<Machine>().as_ref()?;
        let has_globals = Value::from_object(&*(*frame).globals) == machine.surroundings.0;
        let is_usable = has_globals && !machine.is_retired.get() && is_resumption(code, (*frame).instruction);
        is_usable.then_some(machine)
    }
}

impl Jit {
    /// The code for the place of a frame, made if it is due.
    ///
    /// # Safety
    /// The frame is saved.
    unsafe fn machine_for(&self, frame: *mut Frame, code: &CodeObject) -> Option<&'static Machine> {
        // SAFETY: the contract; the frame keeps its globals alive.
        let (globals, builtins, offset) =
            unsafe { (&*(*frame).globals, (*frame).builtins, (*frame).instruction) };
        let body = self.functions.borrow_mut().body_of_code(
            code,
            globals,
            builtins,
            &self.memory,
            self.islands.bridge,
        )?;
        let is_resumption = code.code().flags.intersects(CodeFlags::SUSPENDS) && is_resumption(code, offset);
        let key = if is_resumption { u32::MAX } else { offset };
        let progress = {
            let functions = self.functions.borrow();
            functions.bodies[body].continuations.get(&key).copied().unwrap_or(Progress::Counted(0))
        };
        let next = match progress {
            Progress::Compiled(machine) if !machine.is_retired.get() => return Some(machine),
            Progress::Refused => return None,
            Progress::Counted(count) if count < self.settings.continuation_threshold() => {
                Progress::Counted(count + 1)
            }
            _ => {
                let points = if is_resumption {
                    resumptions(code)
                } else {
                    // SAFETY: the contract.
                    vec![unsafe { point_of(frame, offset) }]
                };
                self.compile_continuation(body, points)
            }
        };
        self.functions.borrow_mut().bodies[body].continuations.insert(key, next);
        if let (Progress::Compiled(machine), true) = (next, is_resumption) {
            code.jit.set(std::ptr::from_ref(machine).cast_mut().cast());
        }
        match next {
            Progress::Compiled(machine) => Some(machine),
            _ => None,
        }
    }

    fn compile_continuation(&self, body: BodyId, points: Vec<Point>) -> Progress {
        match self.make_continuation(body, points) {
            Some(machine) => Progress::Compiled(machine),
            None => Progress::Refused,
        }
    }
}

/// Whether a generator can be resumed at an instruction.
fn is_resumption(code: &CodeObject, offset: u32) -> bool {
    let before = (offset as usize).checked_sub(1).map(|at| code.code().words[at].opcode());
    matches!(before, Some(Opcode::YIELD_VALUE | Opcode::RETURN_GENERATOR))
}

/// One place, if it can be reached; no loops in progress are taken apart.
pub(crate) fn single(code: &CodeObject, offset: u32) -> Option<Vec<Point>> {
    let maps = bytecode::verify::stack_maps(code.code());
    maps.get(offset as usize)?.as_ref()?;
    Some(vec![Point { offset, steps: Vec::new() }])
}

/// Every place where a generator can be resumed.
pub(crate) fn resumptions(code: &CodeObject) -> Vec<Point> {
    let count = code.code().words.len() as u32;
    let maps = bytecode::verify::stack_maps(code.code());
    let is_reached = |&offset: &u32| maps[offset as usize].is_some();
    (0..count)
        .filter(|&offset| is_resumption(code, offset))
        .filter(is_reached)
        .map(|offset| Point { offset, steps: Vec::new() })
        .collect()
}

/// The place of a frame, with the loops that are in progress there.
///
/// # Safety
/// The frame is saved.
unsafe fn point_of(frame: *mut Frame, offset: u32) -> Point {
    // SAFETY: the contract.
    let steps = unsafe { operands(frame) }.iter().map(|&operand| small_step(operand)).collect();
    Point { offset, steps }
}

/// The step of a range iterator that can be taken apart.
fn small_step(operand: Value) -> Option<i32> {
    if !operand.is_object() {
        return None;
    }
    operand.get_exact::<RangeIterator>()?.small_step()
}

/// Whether what code takes apart can be taken apart.
///
/// # Safety
/// The frame is saved, at a point of the code.
unsafe fn fits(machine: &Machine, frame: *mut Frame) -> bool {
    // SAFETY: the contract.
    let (offset, operands) = unsafe { ((*frame).instruction, operands(frame)) };
    let point = machine.points.iter().find(|point| point.offset == offset);
    point.is_some_and(|point| {
        let mut steps = point.steps.iter().zip(operands);
        steps.all(|(step, &operand)| step.is_none() || *step == small_step(operand))
    })
}

/// Runs code in the place of a frame. An exception that the frame handles goes straight to the handler's code.
///
/// # Safety
/// The frame is saved, on top of the chain, and fits.
unsafe fn enter(machine: &'static Machine, frame: *mut Frame) -> Continued {
    let mut machine = machine;
    loop {
        // SAFETY: the contract; `landing` gives what fits.
        unsafe {
            match run_in_place(machine, frame) {
                Continued::Raised if !runtime::tracing::is_on() && interp::native::land(frame) => {
                    let Some(next) = landing(machine, frame) else { return Continued::Interpret };
                    machine = next;
                }
                continued => return continued,
            }
        }
    }
}

/// Goes on at the handler that has taken an exception of a frame's code.
///
/// # Safety
/// The frame is saved, on top of the chain, at the handler.
pub(crate) unsafe fn go_on_at_handler(from: &'static Machine, frame: *mut Frame) -> Continued {
    if runtime::tracing::is_on() {
        return Continued::Interpret;
    }
    // SAFETY: the contract.
    unsafe { landing(from, frame).map_or(Continued::Interpret, |machine| enter(machine, frame)) }
}

/// The code of the handler that a frame stands at, if there is some that can be entered. The last one is remembered.
///
/// # Safety
/// The frame is saved, on top of the chain; its code is what the machine has been made of.
unsafe fn landing(from: &'static Machine, frame: *mut Frame) -> Option<&'static Machine> {
    // SAFETY: the contract; the frame keeps its code alive.
    unsafe {
        if !interp::live::let_go(frame.cast()) || !thread().has_room() {
            return None;
        }
        let offset = (*frame).instruction;
        let known = from.landing.get().filter(|&(at, machine)| at == offset && !machine.is_retired.get());
        let machine = match known {
            Some((_, machine)) => machine,
            None => {
                let machine = jit().machine_for(frame, &*(*frame).code)?;
                from.landing.set(Some((offset, machine)));
                machine
            }
        };
        fits(machine, frame).then_some(machine)
    }
}

/// Runs code in the place of a frame, once.
///
/// # Safety
/// The frame is saved, on top of the chain, and fits.
unsafe fn run_in_place(machine: &Machine, frame: *mut Frame) -> Continued {
    // SAFETY: the contract.
    unsafe {
        let mut result = 0;
        let args = [frame as u64, u64::from((*frame).instruction)];
        let thread = thread();
        thread.anchor.set((*frame).previous.cast());
        (*frame).flags |= IS_AWAY;
        let enter =
            |thread: &_| (machine.enter)(thread, machine.start, args.as_ptr(), &raw mut result, Value::NULL);
        let (failed, handover) = Activation::enclose_frame(frame.cast(), enter);
        thread.anchor.set(frame.cast());
        (*frame).flags &= !IS_AWAY;
        if handover != Handover::None {
            return if handover == Handover::Interpret { Continued::Interpret } else { Continued::Raised };
        }
        if failed == 0 && (*frame).flags & HAS_YIELDED != 0 {
            (*frame).flags = (*frame).flags & !HAS_YIELDED | IS_STARTED;
            return Continued::Yielded(Value::from_bits(result));
        }
        interp::native::forget_words(frame);
        if failed != 0 {
            return Continued::Left;
        }
        let is_raw = machine.ret == TypeCode::Object || (*frame).flags & WANTS_RAW != 0;
        Continued::Returned(if is_raw {
            Value::from_bits(result)
        } else {
            boxed(machine.ret, result).into_value()
        })
    }
}
