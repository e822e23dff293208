//! Frame states become exits.

use hir::ir::{Slot, StateId, Type, Value};

use super::{Constant, Lower};
use crate::ir::{Exit, ExitData, ExitFrame, ExitKind, ExitSlot, ExitValue, Reg, ValueRepr};

impl Lower<'_> {
    /// A new exit for the instruction being lowered; `None` if it has no frame state.
    pub(super) fn exit(&mut self, kind: ExitKind) -> Option<Exit> {
        let state = self.hir.insts[self.inst].state?;
        let owned = self.hir.owned_at.get(&self.inst).cloned().unwrap_or_default();
        let owned: Vec<Reg> = owned.into_iter().map(|value| self.reg(value)).collect();
        let mut frames = Vec::new();
        let mut next = Some(state);
        while let Some(state) = next {
            frames.push(self.exit_frame(state));
            next = self.hir.states[state].parent;
        }
        Some(self.out.exits.push(ExitData { kind, frames, owned }))
    }

    fn exit_frame(&mut self, state: StateId) -> ExitFrame {
        let hir = self.hir;
        let state = &hir.states[state];
        ExitFrame {
            code: state.code,
            offset: state.offset,
            locals: state.locals.iter().map(|&slot| self.exit_slot(slot)).collect(),
            stack: state.stack.iter().map(|&slot| self.exit_slot(slot)).collect(),
        }
    }

    fn exit_slot(&mut self, slot: Slot) -> ExitSlot {
        match slot {
            Slot::Unset => ExitSlot::Unset,
            Slot::Value(value) | Slot::Kept(value) => {
                ExitSlot::Value(self.exit_value(value), repr_of(self.hir.ty(value)))
            }
            Slot::Raw(value) => ExitSlot::Value(self.exit_value(value), ValueRepr::Raw),
            Slot::RangeIterator { next, stop, step } => {
                ExitSlot::Range(self.exit_value(next), self.exit_value(stop), step)
            }
        }
    }

    fn exit_value(&mut self, value: Value) -> ExitValue {
        match self.constant(value) {
            Some(Constant::Word(word)) => ExitValue::Imm(word),
            Some(Constant::Double(bits)) => ExitValue::Imm(bits as i64),
            Some(Constant::Sym(sym)) => ExitValue::Sym(sym),
            None => ExitValue::Reg(self.reg(value)),
        }
    }
}

/// How an interpreter's object slot is filled from a value of this type.
fn repr_of(ty: Type) -> ValueRepr {
    if ty.is_subtype(Type::WORD) {
        ValueRepr::Word
    } else if ty.is_subtype(Type::F64) {
        ValueRepr::Float
    } else if ty.is_subtype(Type::CBOOL) {
        ValueRepr::Bool
    } else if ty.is_subtype(Type::SIGNED) {
        ValueRepr::Signed
    } else {
        ValueRepr::Unsigned
    }
}
