//! Jumps that a trace function asks for by setting `f_lineno`.
//!
//! A frame may go on at the beginning of any line whose operand stack is a part of its own: what lies above it is given up. Where a
//! line begins inside a loop, a handler or a `with` statement that the frame is not in, there is no such part.
//!
//! Method: that of CPython's `frame_setlineno` (`mark_stacks`): what kind of value each place of the stack holds, by following the code
//! once from its start, forwards and along jumps; the depths are the verifier's.

use bytecode::verify;
use bytecode::{Code, CodeFlags, Opcode};
use runtime::objects;
use runtime::value::{PyResult, Raised, Value};

use crate::frame::{self, Frame};
use crate::ops::exception::exchange_handled;

/// What a place of the operand stack holds, as far as jumps care.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// An object or null that the instruction at this place has pushed, and that only what follows it knows how to use.
    Other(u32),
    /// What a `with` statement calls at its end.
    Exit,
    /// The exception that is being handled.
    Raised,
    /// The iterator of a loop.
    Iterator,
    /// The exception that was being handled before.
    Except,
}

type Stack = Vec<Kind>;

/// Where an instruction goes on, besides the next one.
fn target(code: &Code, at: usize) -> Option<usize> {
    use Opcode as O;
    let word = code.words[at];
    let jumps = matches!(
        word.opcode(),
        O::JUMP
            | O::JUMP_BACKWARD
            | O::POP_JUMP_IF_TRUE
            | O::POP_JUMP_IF_FALSE
            | O::POP_JUMP_IF_NONE
            | O::POP_JUMP_IF_NOT_NONE
            | O::POP_JUMP_IF_ZERO
            | O::POP_JUMP_IF_NONZERO
            | O::FOR_ITER
            | O::SEND
    );
    jumps.then(|| word.index())
}

fn goes_on(opcode: Opcode) -> bool {
    use Opcode as O;
    !matches!(
        opcode,
        O::JUMP | O::JUMP_BACKWARD | O::RETURN_VALUE | O::RETURN_PRIMITIVE | O::RAISE_VARARGS | O::RERAISE
    )
}

/// The stack behind an instruction, which has a known depth there.
fn behind(before: &Stack, at: usize, opcode: Opcode, depth: usize) -> Stack {
    let mut stack = before.clone();
    stack.resize(depth, Kind::Other(at as u32));
    match opcode {
        Opcode::GET_ITER | Opcode::GET_AITER => *stack.last_mut().expect("an iterator") = Kind::Iterator,
        Opcode::PUSH_EXC_INFO if depth >= 2 => {
            stack[depth - 2] = Kind::Except;
            stack[depth - 1] = Kind::Raised;
        }
        Opcode::BEFORE_WITH | Opcode::BEFORE_ASYNC_WITH if depth >= 2 => stack[depth - 2] = Kind::Exit,
        _ => {}
    }
    stack
}

/// The stacks in front of all instructions that can be reached.
fn stacks(code: &Code) -> Vec<Option<Stack>> {
    let maps = verify::stack_maps(code);
    let depth_at = |at: usize| maps.get(at).and_then(|map| map.as_ref().map(Vec::len));
    let mut found: Vec<Option<Stack>> = vec![None; code.words.len()];
    let mut work = vec![(0, Stack::new())];
    while let Some((at, stack)) = work.pop() {
        if at >= found.len() || found[at].is_some() || depth_at(at).is_none() {
            continue;
        }
        let opcode = code.words[at].opcode();
        let next = goes_on(opcode).then_some(at + 1);
        for successor in next.into_iter().chain(target(code, at)) {
            if let Some(depth) = depth_at(successor) {
                work.push((successor, behind(&stack, at, opcode, depth)));
            }
        }
        if let Some(handler) = code.handler_at(at) {
            let mut stack = stack.clone();
            stack.resize(handler.depth as usize, Kind::Other(at as u32));
            stack.push(Kind::Raised);
            work.push((handler.target as usize, stack));
        }
        found[at] = Some(stack);
    }
    found
}

/// Whether a frame with one stack can go on with another, once it has given up what is above.
fn fits(from: &Stack, to: &Stack) -> bool {
    to.len() <= from.len() && from.iter().zip(to).all(|(from, to)| from == to)
}

fn refusal(to: &Stack) -> Raised {
    let message = match to.last() {
        Some(Kind::Except | Kind::Raised) => "can't jump into an 'except' block as there's no exception",
        Some(Kind::Iterator) => "can't jump into the body of a for loop",
        _ => "incompatible stacks",
    };
    runtime::raise!(ValueError, "{message}")
}

/// Instructions at which a line begins.
fn starts(code: &Code, line: u32) -> impl Iterator<Item = usize> {
    let line_at = |at: usize| code.ranges[at].line;
    (0..code.words.len()).filter(move |&at| {
        let is_first = at == 0 || line_at(at - 1) != line || code.words[at - 1].opcode().is_prologue();
        line_at(at) == line && is_first && !code.words[at].opcode().is_prologue()
    })
}

/// Makes a frame go on at a line.
///
/// # Safety
/// The frame is live and saved; its trace function is being told of a line.
pub(crate) unsafe fn jump(frame: *mut Frame, line: i64) -> PyResult<()> {
    // SAFETY: the contract; the frame keeps its code alive.
    let (code, at) = unsafe { ((*(*frame).code).code(), (*frame).instruction as usize - 1) };
    if line < i64::from(code.first_line) {
        return Err(runtime::raise!(ValueError, "line {line} comes before the current code block"));
    }
    let lines = code.ranges.iter().map(|range| range.line).filter(|&found| found != 0);
    let Some(found) = lines.filter(|&found| i64::from(found) >= line).min() else {
        return Err(runtime::raise!(ValueError, "line {line} comes after the current code block"));
    };
    if code.flags.contains(CodeFlags::STATIC) {
        return Err(runtime::raise!(
            ValueError,
            "can't jump in static code, whose variables have proved types"
        ));
    }
    let stacks = stacks(code);
    let Some(from) = &stacks[at] else {
        return Err(runtime::raise!(ValueError, "can't jump from unreachable code"));
    };
    let candidates: Vec<(usize, &Stack)> =
        starts(code, found).filter_map(|at| stacks[at].as_ref().map(|stack| (at, stack))).collect();
    let fitting = candidates.iter().filter(|(_, to)| fits(from, to));
    let Some(&(target, to)) = fitting.max_by_key(|(at, to)| (to.len(), usize::MAX - at)) else {
        return Err(candidates.first().map_or_else(
            || runtime::raise!(ValueError, "cannot find bytecode for specified line"),
            |(_, to)| refusal(to),
        ));
    };
    // SAFETY: the contract; what is given up has the kinds that were found.
    unsafe {
        fill_unset(frame)?;
        for at in (to.len()..(*frame).operands as usize).rev() {
            let value = *Frame::operands(frame).add(at);
            (*frame).operands = at as u32;
            match from.get(at) {
                Some(Kind::Except) => frame::release(exchange_handled(value)),
                _ => frame::release(value),
            }
        }
        (*frame).instruction = target as u32;
    }
    Ok(())
}

/// Gives variables that have no value one: the code at the target of a jump may take them for set.
///
/// # Safety
/// As for [`jump`].
unsafe fn fill_unset(frame: *mut Frame) -> PyResult<()> {
    // SAFETY: the contract.
    let code = unsafe { (*(*frame).code).code() };
    // SAFETY: a frame's slots are as many as its code's locals.
    let slots = unsafe { std::slice::from_raw_parts_mut(Frame::locals(frame), code.locals.len()) };
    let unset = slots.iter().filter(|slot| slot.is_null()).count();
    if unset != 0 {
        let plural = if unset == 1 { "" } else { "s" };
        let message = format!("assigning None to {unset} unbound local{plural}");
        runtime::warning::warn(&runtime::error::types::RuntimeWarning, &message, 1)?;
        for slot in slots.iter_mut().filter(|slot| slot.is_null()) {
            let none: Value = objects::none().to_ref().into_value();
            *slot = none;
        }
    }
    Ok(())
}
