//! Calls that are all that their bytecode instruction does.
//!
//! A frame that somebody has got hold of falls back to the interpreter when the call that it waits for returns, and can do so where the
//! bytecode instruction is over with the call: its state then says what the call leaves on the operand stack ([`Done`]). Most calls push their result or
//! nothing, which shows by comparing the stacks; those whose answer is tested or taken apart say so themselves.
//!
//! Needs: code whose frames are shown. Cost: a look at the last instructions of each bytecode instruction.

use base::entity::EntityId;
use bytecode::CodeFlags;

use crate::ir::{Done, FrameState, Inst, Leaves, StateId, Type};

use super::Builder;

impl Builder<'_> {
    /// Says in the state of a call what is left behind it, if it is the last thing that the bytecode instruction has done. Only where frames
    /// are shown: nobody can get hold of the others.
    pub(super) fn note_completion(&mut self) {
        if !self.can_be_left() || self.is_ended || self.locals != self.before.0 {
            return;
        }
        let Some(inst) = self.last_call() else { return };
        if let Some(done) = self.operands_behind(inst) {
            self.note(inst, done);
        }
    }

    /// Whether a frame can be left behind its calls: one of dynamic code.
    fn can_be_left(&self) -> bool {
        self.func.is_shown && !self.code.flags.contains(CodeFlags::STATIC)
    }

    /// Says that the call that has just been appended leaves this on top of the operands that there are now.
    pub(super) fn note_leaves(&mut self, leaves: Leaves) {
        if !self.can_be_left() || self.locals != self.before.0 {
            return;
        }
        let depth = self.stack.len() as u32;
        if let Some(&inst) = self.func.blocks[self.block].insts.last() {
            self.note(inst, Done { depth, leaves });
        }
    }

    /// Gives a call a state of its own that says what is left behind it, with the operands that stay.
    fn note(&mut self, call: Inst, done: Done) {
        let Some(state) = self.func.insts[call].state else { return };
        let known = self.func.states[state].clone();
        let depth = done.depth as usize;
        let stack = if known.stack.len() < depth {
            let mut whole = self.make_state().stack;
            whole.truncate(depth);
            whole
        } else {
            known.stack
        };
        let noted = FrameState { stack, done: Some(done), ..known };
        let own = self.func.insts.values().skip(self.begun);
        if own.filter(|data| data.state == Some(state)).count() > 1 {
            self.func.insts[call].state = Some(self.func.states.push(noted));
        } else {
            // What else the instruction does has another state.
            self.func.states[state] = noted;
            self.states = [None; 2];
        }
    }

    /// The last call of the bytecode instruction, if nothing that has effects or leaves stands behind it.
    fn last_call(&self) -> Option<Inst> {
        let insts = self.func.blocks[self.block].insts.iter().rev().copied();
        let mut own = insts.take_while(|inst| inst.index() >= self.begun);
        let inst = own.find(|&inst| {
            let data = &self.func.insts[inst];
            data.state.is_some() || data.op.info().is_pinned
        })?;
        let data = &self.func.insts[inst];
        let is_noted = |state: StateId| self.func.states[state].done.is_some();
        (data.op.is_call() && !data.state.is_none_or(is_noted)).then_some(inst)
    }

    /// What a call has left of the operands before its instruction; `None` if more than its result has come to them.
    fn operands_behind(&self, call: Inst) -> Option<Done> {
        let result = self.func.insts[call].result?;
        let (below, leaves) = match self.stack.split_last() {
            Some((&top, below)) if self.narrowings(top).any(|value| value == result) => {
                (below, Leaves::Result)
            }
            _ => (&*self.stack, Leaves::Nothing),
        };
        let is_status = self.func.ty(result).is_subtype(Type::RAW);
        let is_rest = self.before.1.get(..below.len()) == Some(below);
        let is_all = is_rest && (leaves == Leaves::Nothing) == is_status;
        is_all.then_some(Done { depth: below.len() as u32, leaves })
    }
}
