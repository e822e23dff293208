//! Jumps, truth, iteration, raising and returning.

use abi::helper::HelperId;
use bytecode::{Opcode as B, Word};

use super::{Builder, Built};
use crate::env::ConstId;
use crate::ir::{Cond, Edge, Imm, Leaves, Opcode, Type, Value};

impl Builder<'_> {
    pub(super) fn translate_control(&mut self, word: Word) -> Built<bool> {
        let target = word.operand();
        match word.opcode() {
            B::JUMP => self.jump_to(target),
            B::JUMP_BACKWARD => {
                self.emit_raise(Opcode::Poll, &[], Imm::None, Type::EMPTY);
                self.jump_to(target);
            }
            B::POP_JUMP_IF_TRUE => {
                let value = self.pop_object();
                let truth = self.truth(value);
                self.branch_to(truth, target, true);
            }
            B::POP_JUMP_IF_FALSE => {
                let value = self.pop_object();
                let truth = self.truth(value);
                self.branch_to(truth, target, false);
            }
            B::POP_JUMP_IF_NONE | B::POP_JUMP_IF_NOT_NONE => {
                let value = self.pop_object();
                let is_none = self.is_none(value);
                self.branch_to(is_none, target, word.opcode() == B::POP_JUMP_IF_NONE);
            }
            B::POP_JUMP_IF_ZERO | B::POP_JUMP_IF_NONZERO => {
                let value = self.pop();
                let truth = self.is_nonzero(value);
                self.branch_to(truth, target, word.opcode() == B::POP_JUMP_IF_NONZERO);
            }
            B::RETURN_VALUE => {
                let value = self.pop_object();
                self.keep_locals();
                self.finish(value);
            }
            B::RETURN_PRIMITIVE => {
                let value = self.pop_prim(self.func.ret);
                self.keep_locals();
                self.finish(value);
            }
            // The marker of a counting loop is its own iterator.
            B::GET_ITER if self.stack.last().is_some_and(|top| self.ranges.contains_key(top)) => {}
            B::GET_ITER => {
                let value = self.pop_object();
                let iterator = self.object_helper(HelperId::GetIter, &[value]);
                self.push(iterator);
            }
            B::FOR_ITER if self.range_iter(target) => {}
            B::FOR_ITER => self.for_iter(target),
            B::RAISE_VARARGS => self.raise_varargs(word.index()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn finish(&mut self, value: Value) {
        self.func.terminate(self.block, Opcode::Return, &[value], Vec::new());
        self.is_ended = true;
    }

    /// Goes to `target` if `condition` is `wanted`, else to the next instruction.
    fn branch_to(&mut self, condition: Value, target: u32, wanted: bool) {
        let (jump, next) = (self.edge_to(target), self.edge_to(self.at + 1));
        if wanted { self.branch(condition, jump, next) } else { self.branch(condition, next, jump) }
    }

    fn is_nonzero(&mut self, value: Value) -> Value {
        let ty = self.func.ty(value);
        if ty.is_subtype(Type::CBOOL) {
            return value;
        }
        let value = self.as_prim(
            value,
            if ty.int_width().is_some() || ty.is_subtype(Type::U64) { ty } else { Type::I64 },
        );
        let zero = self.const_int(0, self.func.ty(value).unspecialised());
        self.emit(Opcode::Icmp, &[value, zero], Imm::Cond(Cond::Ne), Type::CBOOL)
    }

    pub(super) fn is_none(&mut self, value: Value) -> Value {
        let none = self.object(ConstId::NONE.id(), Type::NONE);
        self.emit(Opcode::IsSame, &[value, none], Imm::None, Type::CBOOL)
    }

    /// `bool(value)` as a machine boolean.
    pub(super) fn truth(&mut self, value: Value) -> Value {
        if let Some(inst) = self.func.def_inst(value)
            && self.func.insts[inst].op == Opcode::BoxBool
        {
            return self.func.arg(inst, 0);
        }
        let ty = self.func.ty(value);
        if ty.is_subtype(Type::BOOL) {
            return self.emit(Opcode::UnboxBool, &[value], Imm::None, Type::CBOOL);
        }
        if ty.is_subtype(Type::SMALL_INT) {
            let raw = self.emit(Opcode::Untag, &[value], Imm::None, Type::I64);
            return self.is_nonzero(raw);
        }
        let answer = self.generic_helper(HelperId::IsTrue, &[value], Type::I64);
        self.note_leaves(Leaves::Truth);
        self.is_nonzero(answer)
    }

    /// The iterator stays below the item; an exhausted one is dropped.
    fn for_iter(&mut self, exhausted: u32) {
        let top = self.stack.last().copied().expect("verified bytecode has an iterator");
        let iterator = self.as_object(top);
        let item = self.helper(HelperId::IterNext, &[iterator], Type::WORD);
        self.note_leaves(Leaves::Item);
        self.pop();
        let is_done = self.emit(Opcode::IsNull, &[item], Imm::None, Type::CBOOL);
        let leave = self.edge_to(exhausted);
        let body = self.new_block(false);
        self.branch(is_done, leave, Edge::new(body, Vec::new()));
        self.switch_to(body);
        let item = self.emit(Opcode::Refine, &[item], Imm::None, Type::OBJECT);
        self.push(iterator);
        self.push(item);
        self.jump_to(self.at + 1);
    }

    fn raise_varargs(&mut self, count: usize) {
        let mut args = self.pop_many(count);
        while args.len() < 2 {
            let null = self.null();
            args.push(null);
        }
        // The variables hold their values up to here; a handler in this function goes on with them anyway.
        self.keep_locals();
        self.raise(HelperId::Raise, &args);
    }
}
