//! Frame states: what the interpreter needs to go on where compiled code stops.
//!
//! A state names a bytecode offset and the values that its locals and operand stack hold *before* the instruction there. An
//! inlined function's state points to the state of the call in its caller. A state without locals and stack is a bare
//! position, which is enough for an exception that leaves the function. Values that exist only for the interpreter's sake, such
//! as the iterator of a counting loop, are described and rebuilt on the way out.

use base::entity_id;

use super::function::Value;
use crate::env::FuncId;

entity_id! {
    /// A frame state of one function.
    pub struct StateId, "fs"
}

/// What one local variable or stack entry of the interpreter's frame holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slot {
    /// Nothing: unbound, or never read again.
    Unset,
    /// An object: an SSA value, boxed on the way out if it is a primitive by then.
    Value(Value),
    /// As `Value`, for a variable that only keeps what nobody reads any more.
    Kept(Value),
    /// A primitive that the interpreter keeps unboxed, too.
    Raw(Value),
    /// A range iterator over `[next, stop)` with a constant step, made on the way out.
    RangeIterator {
        /// The next integer it will produce.
        next: Value,
        /// Where it ends.
        stop: Value,
        /// Distance of two integers.
        step: i32,
    },
}

/// The interpreter's frame at one bytecode offset.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FrameState {
    /// The function whose code is executing.
    pub code: FuncId,
    /// Offset of the instruction to execute or that raised.
    pub offset: u32,
    /// Locals, cells and free variables included; empty for a bare position.
    pub locals: Vec<Slot>,
    /// Operand stack, bottom first.
    pub stack: Vec<Slot>,
    /// The caller's state at the call, for inlined functions.
    pub parent: Option<StateId>,
    /// Whether an exception here may reach a handler of this function, so that it needs more than the position.
    pub is_handled: bool,
}

impl FrameState {
    /// A bare position.
    pub const fn position(code: FuncId, offset: u32) -> Self {
        Self { code, offset, locals: Vec::new(), stack: Vec::new(), parent: None, is_handled: false }
    }

    /// Calls `visit` with every value the state itself names.
    pub fn for_each_value(&self, mut visit: impl FnMut(Value)) {
        for slot in self.locals.iter().chain(&self.stack) {
            match *slot {
                Slot::Unset => {}
                Slot::Value(value) | Slot::Kept(value) | Slot::Raw(value) => visit(value),
                Slot::RangeIterator { next, stop, .. } => {
                    visit(next);
                    visit(stop);
                }
            }
        }
    }

    /// Replaces every value by `map` of it.
    pub fn map_values(&mut self, mut map: impl FnMut(Value) -> Value) {
        for slot in self.locals.iter_mut().chain(&mut self.stack) {
            match slot {
                Slot::Unset => {}
                Slot::Value(value) | Slot::Kept(value) | Slot::Raw(value) => *value = map(*value),
                Slot::RangeIterator { next, stop, .. } => {
                    *next = map(*next);
                    *stop = map(*stop);
                }
            }
        }
    }
}
