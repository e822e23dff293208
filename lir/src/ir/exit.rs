//! Exits: where compiled code hands over to the interpreter or to the exception machinery, and what it hands over.
//!
//! An exit names, for every frame of the inline chain, where each local and stack entry is. Values are uses of the
//! instruction that owns the exit; the allocator may put them anywhere. The receiver takes a new reference to every word it
//! puts into a frame, and then drops the references in `owned`; so this table needs no ownership per slot.

use base::entity_id;
use hir::env::FuncId;

use hir::ir::Done;

use super::function::Sym;
use super::reg::Reg;

entity_id! {
    /// An exit of one function.
    pub struct Exit, "exit"
}

/// Why control leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExitKind {
    /// A speculation failed: go on in the interpreter at the innermost frame's offset.
    Deopt,
    /// An exception is pending: unwind from the innermost frame's offset.
    Raise,
}

/// How a value becomes an object word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueRepr {
    /// It is one.
    Word,
    /// A signed 64-bit integer.
    Signed,
    /// An unsigned 64-bit integer.
    Unsigned,
    /// 0 or 1.
    Bool,
    /// A double.
    Float,
    /// It stays as it is: the interpreter's slot holds the 64 bits.
    Raw,
}

impl ValueRepr {
    /// Every representation with its name.
    pub const ALL: &[(Self, &'static str)] = &[
        (Self::Word, "word"),
        (Self::Signed, "signed"),
        (Self::Unsigned, "unsigned"),
        (Self::Bool, "bool"),
        (Self::Float, "float"),
        (Self::Raw, "raw"),
    ];

    /// Name in text.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// Where a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExitValue {
    /// In a register or slot.
    Reg(Reg),
    /// It is this constant: an integer, the bits of a double, or a tagged word.
    Imm(i64),
    /// It is the address of this symbol.
    Sym(Sym),
}

/// What one local or stack entry holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExitSlot {
    /// Nothing.
    Unset,
    /// A value.
    Value(ExitValue, ValueRepr),
    /// A range iterator to be made from two signed integers and a step.
    Range(ExitValue, ExitValue, i32),
}

/// One interpreter frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExitFrame {
    /// Its function.
    pub code: FuncId,
    /// Its bytecode offset.
    pub offset: u32,
    /// Its locals; empty for a bare position.
    pub locals: Vec<ExitSlot>,
    /// Its operand stack, bottom first.
    pub stack: Vec<ExitSlot>,
}

/// Everything about one exit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExitData {
    /// Why.
    pub kind: ExitKind,
    /// Frames, innermost first.
    pub frames: Vec<ExitFrame>,
    /// References to drop.
    pub owned: Vec<Reg>,
    /// For a call that is all that its bytecode instruction does: what is left of the operands behind it. A call whose result is left fails
    /// with 0, one that gives an item with 0 and a pending exception, any other with a negative number.
    pub done: Option<Done>,
}

impl ExitSlot {
    /// The values it is made of.
    pub fn values(self) -> [Option<ExitValue>; 2] {
        match self {
            Self::Unset => [None, None],
            Self::Value(value, _) => [Some(value), None],
            Self::Range(next, stop, _) => [Some(next), Some(stop)],
        }
    }
}

impl ExitData {
    /// Calls `visit` with every register operand, in a fixed order.
    pub fn for_each_reg(&self, mut visit: impl FnMut(Reg)) {
        for frame in &self.frames {
            for slot in frame.locals.iter().chain(&frame.stack) {
                for value in slot.values().into_iter().flatten() {
                    if let ExitValue::Reg(reg) = value {
                        visit(reg);
                    }
                }
            }
        }
        self.owned.iter().copied().for_each(visit);
    }
}
