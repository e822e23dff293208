//! The frames of compiled code, found from return addresses.
//!
//! A stretch of compiled code on the native stack begins where it last called out and ends where Rust entered it. Each machine frame
//! keeps its caller's frame pointer at `[rbp]` and its return address above it; the call-site table of the code at a return
//! address names the position, one frame per inlined function.

use bytecode::CodeFlags;
use lir::ir::ExitFrame;
use runtime::error::traceback::FrameInfo;
use runtime::hooks::{CompiledFrame, VisitPlace};

use crate::context::jit;
use crate::machine::Machine;
use crate::values::Values;

/// How many calls are nested in the stretch that called out at `place`, functions that were built in included, and the least bytes of the
/// stack that one of them takes.
pub(crate) fn measure(place: (usize, usize)) -> (u32, usize) {
    let jit = jit();
    let (mut stack, mut frame) = place;
    let (mut calls, mut least, mut last) = (0, usize::MAX, None);
    loop {
        // SAFETY: as below.
        let return_address = unsafe { jit.adoptions.return_address(stack) };
        // Recursion stays in one function most of the time.
        let known = last.filter(|machine: &&'static Machine| machine.contains(return_address));
        let Some(machine) = known.or_else(|| jit.code.at(return_address)) else { break };
        last = Some(machine);
        let here = machine.place_at(return_address).map_or(1, |site| site.data.frames.len().max(1));
        calls += here as u32;
        if !machine.frame.has_frame {
            break;
        }
        least = least.min((frame + 8 - stack) / here);
        stack = frame + 8;
        // SAFETY: as below.
        frame = unsafe { *(frame as *const usize) };
    }
    (calls, least)
}

/// The hook: shows the frames of the stretch that called out at `place`, the innermost first, but for `skipped`, from which their number
/// is taken off, until `visit` says that it has seen enough; true if it has.
pub(crate) fn compiled_frames(
    place: (usize, usize),
    skipped: &mut usize,
    visit: &mut dyn FnMut(CompiledFrame<'_>) -> bool,
) -> bool {
    let jit = jit();
    let (mut stack, mut frame) = place;
    loop {
        // SAFETY: the place is the address of a return address on the stack, which the chain of frame pointers leads on from.
        let return_address = unsafe { jit.adoptions.return_address(stack) };
        let Some(machine) = jit.code.at(return_address) else { return false };
        let site = machine.place_at(return_address).map(|site| &site.data);
        let frames = site.map_or(&[][..], |data| &data.frames);
        let place = site.and_then(|data| data.done).map(|_| (stack, frame));
        let values = Values { jit, machine, registers: None, stack: stack + 8, frame_pointer: frame };
        for at in 0..frames.len().max(1) {
            if *skipped > 0 {
                *skipped -= 1;
                continue;
            }
            if visit(found(&values, frames.get(at), at + 1 >= frames.len(), place)) {
                return true;
            }
        }
        if !machine.frame.has_frame {
            return false;
        }
        stack = frame + 8;
        // SAFETY: the frame pointer of a compiled frame points to its caller's.
        frame = unsafe { *(frame as *const usize) };
    }
}

/// The hook: shows the places of these frames until `visit` has seen enough; true if it has. It runs in handlers of signals, and so takes
/// no memory, and gives up where a table is being changed.
pub(crate) fn compiled_places(place: (usize, usize), visit: VisitPlace<'_>) -> bool {
    let jit = jit();
    let Ok(functions) = jit.functions.try_borrow() else { return false };
    let (mut stack, mut frame) = place;
    loop {
        // SAFETY: as in `compiled_frames`.
        let return_address = unsafe { jit.adoptions.return_address(stack) };
        let Some(machine) = jit.code.try_at(return_address) else { return false };
        let frames = machine.place_at(return_address).map_or(&[][..], |site| &site.data.frames);
        for at in 0..frames.len().max(1) {
            let (body, instruction) = match frames.get(at) {
                Some(frame) => (machine.body_of(frame.code), frame.offset),
                None => (machine.body, 0),
            };
            if visit(functions.bodies[body].code_object(), instruction) {
                return true;
            }
        }
        if !machine.frame.has_frame {
            return false;
        }
        stack = frame + 8;
        // SAFETY: the frame pointer of a compiled frame points to its caller's.
        frame = unsafe { *(frame as *const usize) };
    }
}

/// A frame of the machine frame that calls out; one without a place in the tables is the function's own. `place` is where it waits for a call behind
/// which it can be left.
fn found<'f>(
    values: &'f Values<'f>,
    frame: Option<&'f ExitFrame>,
    is_outermost: bool,
    place: Option<(usize, usize)>,
) -> CompiledFrame<'f> {
    let machine = values.machine;
    let functions = values.jit.functions.borrow();
    let body = &functions.bodies[frame.map_or(machine.body, |frame| machine.body_of(frame.code))];
    let is_static = |body: usize| functions.bodies[body].code_object().has(CodeFlags::STATIC);
    let hides =
        !machine.shows_static && (is_static(machine.body) || body.code_object().has(CodeFlags::STATIC));
    let is_shown = frame.is_some() && !hides;
    let variables = frame.filter(|_| is_shown).map(|frame| (body.code_object(), frame));
    CompiledFrame {
        info: FrameInfo {
            code: body.code.clone(),
            instruction: frame.map_or(0, |frame| frame.offset),
            globals: body.globals.clone(),
        },
        is_continuation: is_outermost && !machine.points.is_empty(),
        place,
        // SAFETY: the walk has found the word as that of a return address.
        object: place.and_then(|(slot, _)| unsafe { values.jit.adoptions.object(slot) }),
        variables: Box::new(move || variables.map(|(code, frame)| values.variables(code, frame).into_ref())),
    }
}
