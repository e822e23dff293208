//! Frame states become exits.

use abi::helper::{Fails, HelperId};
use hir::env::Repr;
use hir::ir::{Done, Imm, Leaves, Opcode as H, Slot, StateId, Type, Value};

use super::{Constant, Lower};
use crate::ir::{
    Cc, Exit, ExitData, ExitFrame, ExitKind, ExitSlot, ExitValue, InstData, Mem, Op, Reg, Src, ValueRepr,
};

impl Lower<'_> {
    /// A new exit for the instruction being lowered; `None` if it has no frame state. Under stress, what may deoptimize here is made to
    /// do so now and then.
    pub(super) fn exit(&mut self, kind: ExitKind) -> Option<Exit> {
        if let (ExitKind::Deopt, Some(countdown)) = (kind, self.layout.deopt_countdown) {
            self.count_guard(countdown);
        }
        self.new_exit(kind)
    }

    /// Counts a guard down; the one that reaches zero fails, whatever it guards.
    pub(super) fn count_guard(&mut self, countdown: i32) {
        let Some(exit) = self.new_exit(ExitKind::Deopt) else { return };
        let place = Src::Mem(Mem::thread(countdown));
        let old = self.def(Op::Load, &[place]);
        let left = self.def(Op::Sub, &[Src::Reg(old), Src::Imm(1)]);
        self.emit(InstData::new(Op::Store).with(&[place, Src::Reg(left)]));
        let goes_on = InstData::new(Op::GuardCmp).cc(Cc::Ne).with(&[Src::Reg(left), Src::Imm(0)]);
        self.emit(goes_on.exiting(Some(exit)));
    }

    fn new_exit(&mut self, kind: ExitKind) -> Option<Exit> {
        let state = self.hir.insts[self.inst].state?;
        let owned = self.hir.owned_at.get(&self.inst).cloned().unwrap_or_default();
        let owned: Vec<Reg> = owned.into_iter().map(|value| self.reg(value)).collect();
        let mut frames = Vec::new();
        let mut next = Some(state);
        while let Some(state) = next {
            frames.push(self.exit_frame(state));
            next = self.hir.states[state].parent;
        }
        let done = if kind == ExitKind::Raise { self.done() } else { None };
        Some(self.out.exits.push(ExitData { kind, frames, owned, done }))
    }

    /// What the call being lowered leaves behind it, if it fails as the tables say and is no part of another function.
    fn done(&self) -> Option<Done> {
        let data = &self.hir.insts[self.inst];
        let state = &self.hir.states[data.state?];
        let done = state.done.filter(|_| state.parent.is_none())?;
        let fits = match (data.op, data.imm) {
            (H::CallHelper, Imm::Helper(helper)) => match (done.leaves, helper.signature().fails) {
                (Leaves::Result, Fails::Null) => true,
                (Leaves::Item, Fails::Pending) => helper == HelperId::IterNext,
                (Leaves::Truth, Fails::Negative) => helper == HelperId::IsTrue,
                (Leaves::Result | Leaves::Item, _) => false,
                (_, fails) => fails == Fails::Negative,
            },
            (H::CallStatic | H::CallVirtual | H::CallVirtualOf, _) => {
                done.leaves == Leaves::Result && Repr::of(self.hir.callee(self.inst).ret) == Repr::Word
            }
            (H::Unpack, _) => matches!(done.leaves, Leaves::Items(_)),
            _ => false,
        };
        fits.then_some(done)
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
