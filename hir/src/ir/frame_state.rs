//! Frame states: what the interpreter needs to go on where compiled code stops.
//!
//! A state names a bytecode offset and the values that its locals and operand stack hold *before* the instruction there. An
//! inlined function's state points to the state of the call in its caller. A state without locals and stack is a bare
//! position, which is enough for an exception that leaves the function. Values that exist only for the interpreter's sake, such
//! as the iterator of a counting loop, are described and rebuilt on the way out.

use std::fmt;

use base::entity_id;
use base::text::{Cursor, TextError};

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
    /// What the bytecode instruction has left on the operand stack when the call that it consists of is over.
    pub done: Option<Done>,
}

/// How the operand stack looks behind a call that is all that its bytecode instruction does. A frame that somebody has got hold of goes on there in
/// the interpreter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Done {
    /// How many operands stay, from the bottom.
    pub depth: u32,
    /// What comes to them.
    pub leaves: Leaves,
}

/// What a call leaves on the operand stack, and where its frame goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leaves {
    /// Nothing.
    Nothing,
    /// Its result, an owned object.
    Result,
    /// A bool in the place of the operand whose truth it has found; the instruction is executed again.
    Truth,
    /// A bool: whether its result is not 0.
    Answer,
    /// A bool: whether its result is 0.
    Denial,
    /// The next item of the iterator, which stays; an exhausted one goes, and the frame goes on at the instruction's target.
    Item,
    /// The objects that it has written, the last one first.
    Items(u32),
    /// The objects that it has written.
    Words(u32),
    /// The object that it has written, or for a call that goes as far as this `SEND` the awaitable and the object; if its result is not 0, the
    /// frame goes on at the target of the `SEND`.
    Sent(u32),
}

impl Leaves {
    /// The kinds without a number, with their names in text.
    const NAMES: [(Self, &'static str); 6] = [
        (Self::Nothing, "nothing"),
        (Self::Result, "result"),
        (Self::Truth, "truth"),
        (Self::Answer, "answer"),
        (Self::Denial, "denial"),
        (Self::Item, "item"),
    ];
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "done {} ", self.depth)?;
        match self.leaves {
            Leaves::Items(count) => write!(f, "items {count}"),
            Leaves::Words(count) => write!(f, "words {count}"),
            Leaves::Sent(send) => write!(f, "sent {send}"),
            leaves => {
                let known = Leaves::NAMES.iter().find(|(known, _)| *known == leaves);
                f.write_str(known.expect("the table has what has no number").1)
            }
        }
    }
}

impl Done {
    /// Reads what `Display` prints, if it is there.
    pub fn parse(c: &mut Cursor<'_>) -> Result<Option<Self>, TextError> {
        if !c.eat("done") {
            return Ok(None);
        }
        let depth = c.integer()?;
        let leaves = if c.eat("items") {
            Leaves::Items(c.integer()?)
        } else if c.eat("words") {
            Leaves::Words(c.integer()?)
        } else if c.eat("sent") {
            Leaves::Sent(c.integer()?)
        } else {
            let named = Leaves::NAMES.iter().find(|(_, name)| c.eat(name));
            named.ok_or_else(|| c.error("expected what the call leaves"))?.0
        };
        Ok(Some(Self { depth, leaves }))
    }
}

impl FrameState {
    /// A bare position.
    pub const fn position(code: FuncId, offset: u32) -> Self {
        Self {
            code,
            offset,
            locals: Vec::new(),
            stack: Vec::new(),
            parent: None,
            is_handled: false,
            done: None,
        }
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
