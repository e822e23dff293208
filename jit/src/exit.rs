//! Exits: compiled code hands over to the interpreter, or to the exception machinery.
//!
//! The exit's tables say where every value is. Each frame is rebuilt with new references, the references that the compiled code
//! owned are dropped, and the interpreter runs the frames until the outermost one returns; its result becomes that of the
//! compiled function. An exception that no handler in the frames can see needs no frames: it gets its traceback entries and
//! goes on to the caller.

use interp::frame::Frame;
use interp::native::FrameImage;
use lir::ir::{ExitData, ExitFrame, ExitKind, Reg};
use runtime::activation::{Activation, Handover};
use runtime::error::traceback;
use runtime::header::Header;
use runtime::hooks::Continued;
use runtime::objects::dict::DictObject;
use runtime::objects::frame as frame_object;
use runtime::thread::thread;
use runtime::value::{PyResult, Raised, Ref, Value};

use crate::context::{Jit, jit};
use crate::continuation;
use crate::machine::Machine;
use crate::place::{Place, instruction_of};
use crate::stack;
use crate::thunk::SavedRegisters;

/// Code whose guards fail more often is given up.
const DEOPT_LIMIT: u32 = 200;

/// What the exit thunk calls: registers, the exit's return address, and the stack pointer of the function's body. Gives the address to go
/// on at; a result is in the places of `rax` and `xmm0`.
pub(crate) extern "C" fn receive(
    registers: &mut SavedRegisters,
    return_address: usize,
    stack: usize,
) -> usize {
    let jit = jit();
    let machine = jit.code.at(return_address).expect("exits are in installed code");
    let site = machine.exit_at(return_address).expect("every exit is in its code's table");
    let object = jit.adoptions.take(stack - 8, machine);
    let place = Place::new(jit, machine, registers, stack, object);
    if !machine.points.is_empty() {
        return continued(&place, &site.data);
    }
    let outcome = place.in_stretch(|| match site.data.kind {
        ExitKind::Deopt => {
            jit.stats.deopts.set(jit.stats.deopts.get() + 1);
            let images = place.images(&site.data.frames, None);
            place.drop_owned(&site.data.owned);
            if !runtime::stress::was_deopt_forced() {
                count_deopt(jit, machine);
            }
            interp::native::resume(images, None)
        }
        ExitKind::Raise => raise(&place, &site.data.frames, &site.data.owned),
    });
    deliver(machine, outcome, registers)
}

/// Puts the result of a function where its epilogue finds it; gives the address of the epilogue.
pub(crate) fn deliver(machine: &Machine, outcome: PyResult<Value>, registers: &mut SavedRegisters) -> usize {
    match outcome {
        Ok(word) => {
            registers.gprs[0] = word.bits();
            registers.xmms[0] = word.bits();
            machine.return_address
        }
        Err(_) => machine.fail_address,
    }
}

/// An exit of code that continues an interpreter's frame: the frame is restored and handed back, or left by the exception.
fn continued(place: &Place<'_>, data: &ExitData) -> usize {
    let activation = Activation::of(thread().anchor.get()).expect("compiled code runs in an activation");
    let frame = activation.frame().cast::<Frame>();
    let is_raise = data.kind == ExitKind::Raise;
    let (left, failing) = if is_raise { add_entries(place, &data.frames) } else { (&*data.frames, None) };
    let left = left.split_last().map(|(own, inner)| {
        let instruction = instruction_of(own, inner.is_empty(), failing);
        // SAFETY: the outermost frame is the one that the code continues, whose words it has taken.
        unsafe { place.restore(frame, own, instruction) };
        place.images(inner, failing)
    });
    place.drop_owned_with(&data.owned, is_raise.then(Raised::assert_set));
    if !is_raise {
        place.jit.stats.deopts.set(place.jit.stats.deopts.get() + 1);
        count_deopt(place.jit, place.machine);
    }
    if let Some(inner) = left {
        activation.hand_over(match (inner.is_empty(), is_raise) {
            (true, true) => Handover::Raised,
            (true, false) => Handover::Interpret,
            // SAFETY: the frame has been restored.
            (false, _) => unsafe { finish_inner(frame, inner, is_raise) },
        });
    }
    place.machine.fail_address
}

/// Runs the frames of functions that were built into the code, above the frame that it continues.
///
/// # Safety
/// The frame has been restored, and stands behind the call of the outermost of them.
unsafe fn finish_inner(frame: *mut Frame, inner: Vec<FrameImage>, is_raise: bool) -> Handover {
    let anchor = thread().anchor.get();
    // SAFETY: the contract.
    unsafe {
        let previous = std::mem::replace(&mut (*frame).previous, anchor.cast());
        thread().anchor.set(frame.cast());
        let result = interp::native::resume(inner, is_raise.then(Raised::assert_set));
        thread().anchor.set(anchor);
        (*frame).previous = previous;
        match result {
            Ok(word) => {
                interp::native::push_operand(frame, word);
                Handover::Interpret
            }
            Err(_) => Handover::Raised,
        }
    }
}

fn count_deopt(jit: &Jit, machine: &Machine) {
    let count = machine.deopts.get() + 1;
    machine.deopts.set(count);
    if count == DEOPT_LIMIT {
        jit.give_up(machine.body);
    }
}

/// An exception is pending: frames that cannot handle it get their traceback entries, the others go on in the interpreter.
fn raise(place: &Place<'_>, frames: &[ExitFrame], owned: &[Reg]) -> PyResult<Value> {
    let (left, failing) = add_entries(place, frames);
    let raised = Raised::assert_set();
    if let [own] = left {
        return handle(place, own, failing, owned);
    }
    let images = place.images(left, failing);
    place.drop_owned_with(owned, Some(raised));
    let raised = Raised::assert_set();
    if images.is_empty() { Err(raised) } else { interp::native::resume(images, Some(raised)) }
}

/// An exception is pending that one frame handles: the frame is made, and goes on at its handler.
fn handle(place: &Place<'_>, own: &ExitFrame, failing: Option<u32>, owned: &[Reg]) -> PyResult<Value> {
    let fill = |frame| {
        // SAFETY: the frame has just been made for this code.
        unsafe { place.restore(frame, own, instruction_of(own, true, failing)) };
        place.drop_owned_with(owned, Some(Raised::assert_set()));
    };
    // SAFETY: the frame is on top of the chain, behind the instruction that has raised.
    let go_on = |frame| unsafe {
        if !interp::native::land(frame) {
            return Continued::Raised;
        }
        continuation::go_on_at_handler(place.machine, frame)
    };
    place.in_new_frame(own, (owned, &[]), fill, go_on)
}

/// Adds the traceback entries of the frames that no handler can see, innermost first; gives the others, and the instruction that has failed
/// in the first of them.
fn add_entries<'f>(place: &Place<'_>, frames: &'f [ExitFrame]) -> (&'f [ExitFrame], Option<u32>) {
    for (at, frame) in frames.iter().enumerate() {
        let body = place.code(frame);
        let code = body.code_object();
        let named = if at == 0 { place.jit.failed_at.take() } else { None };
        let instruction = named.filter(|(of, _)| *of == body.code).map_or(frame.offset, |(_, named)| named);
        if code.code().handler_at(instruction as usize).is_some() {
            return (&frames[at..], Some(instruction));
        }
        let is_outermost = at + 1 == frames.len();
        let locals = place.locals(code, frame, is_outermost);
        let object = if is_outermost { place.object.take() } else { None };
        if let (Some(object), Some(locals)) = (&object, &locals) {
            frame_object::leave(object.value(), locals.clone());
        }
        let locals = locals.as_ref().map(Ref::value);
        if at > 0 || !interp::reraises(code.code().words[frame.offset as usize]) {
            let globals = body.globals.get::<DictObject>().expect("globals are a dict");
            let frame = object.as_ref().map(Ref::value);
            let locals = locals.filter(|_| frame.is_none());
            traceback::add_entry(traceback::Place { code, instruction, globals, locals, frame });
        } else if let (Some(locals), Some(entry)) = (locals, traceback::entry_of_raised(code)) {
            entry.keep_locals(locals.to_ref());
        }
    }
    (&[], None)
}

/// What the overflow thunk calls; negative if an exception is pending.
pub(crate) extern "C" fn overflow() -> i64 {
    if check_calls().is_ok() { 0 } else { -1 }
}

/// So near the recursion limit every call is counted.
const NEAR: u32 = 16;

/// So few calls do not tell what others will need.
const FEW: u32 = 4;

/// Counts the nested calls, now that they may be too many; if they are not, lets compiled code use the stack as it has done so far.
fn check_calls() -> PyResult<()> {
    let thread = thread();
    let is_entering = Activation::of(thread.anchor.get()).is_some_and(Activation::take_entering);
    // What waits is served behind the entry of code that continues a frame: that has handlers, which the entry is outside of.
    if !is_entering || !thread.has_room() {
        runtime::global_lock::switch();
        runtime::signal::check()?;
        thread.check_stack("")?;
    }
    let place = (thread.native_sp.get(), thread.native_fp.get());
    let (calls, least) = stack::measure(place);
    // The outermost call of the stretch has been counted by whoever entered it, perhaps just now.
    let depth = (thread.recursion.get() + calls).saturating_sub(1);
    if depth >= thread.depth_limit.get() {
        Activation::count_nested();
    }
    let limit = thread.depth_limit.get();
    // A frame that is continued has been counted and admitted; what its locals hold would be forgotten if its code were not entered.
    if depth >= limit && !is_entering {
        return thread.too_deep();
    }
    // Calls may need less than those so far: ask again before the end, and there each time.
    match limit.saturating_sub(depth) {
        left @ NEAR.. if calls >= FEW => thread.allow_calls(place.0, left - left / 8, least),
        _ => thread.allow_calls(place.0, 1, 0),
    }
    Ok(())
}

/// What the dealloc thunk calls; a pending exception survives.
pub(crate) extern "C" fn dealloc(object: *mut Header) {
    let pending = thread().fetch_raised();
    // SAFETY: the count of the object has become zero in compiled code.
    unsafe { runtime::dealloc::dealloc(object) };
    if let Some(pending) = pending {
        let _raised = thread().set_raised(pending);
    }
}

/// What the poll thunk calls; negative if an exception is pending.
pub(crate) extern "C" fn poll() -> i64 {
    match interp::serve_pending() {
        Ok(()) => 0,
        Err(_) => -1,
    }
}
