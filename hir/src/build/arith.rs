//! Operators on objects: generic calls, which `specialise` replaces where the operands' types allow it.

use abi::helper::HelperId as H;
use bytecode::{Opcode as B, Word};

use super::{Builder, Built};
use crate::env::Seen;
use crate::ir::{Cond, Imm, Leaves, Opcode, Type, Value};

impl Builder<'_> {
    pub(super) fn translate_operator(&mut self, word: Word) -> Built<bool> {
        let n = word.operand();
        let value = match word.opcode() {
            B::BINARY_OP | B::BINARY_OP_INPLACE => {
                let args = self.pop_many(2);
                let args = self.as_seen(args);
                let is_in_place = word.opcode() == B::BINARY_OP_INPLACE;
                let number = self.const_int(i64::from(n) + if is_in_place { 256 } else { 0 }, Type::I64);
                self.generic_helper(H::BinaryOp, &[args[0], args[1], number], Type::OBJECT)
            }
            B::COMPARE_OP => {
                let args = self.pop_many(2);
                let args = self.as_seen(args);
                let number = self.const_int(i64::from(n), Type::I64);
                self.generic_helper(H::Compare, &[args[0], args[1], number], Type::OBJECT)
            }
            B::IS_OP => {
                let args = self.pop_many(2);
                let same = self.is_same(args[0], args[1]);
                self.boxed_truth(same, n == 1)
            }
            B::CONTAINS_OP => {
                let args = self.pop_many(2);
                let answer = self.helper(H::Contains, &[args[1], args[0]], Type::I64);
                self.note_leaves(if n == 1 { Leaves::Denial } else { Leaves::Answer });
                let zero = self.const_int(0, Type::I64);
                let truth = self.emit(Opcode::Icmp, &[answer, zero], Imm::Cond(Cond::Ne), Type::CBOOL);
                self.boxed_truth(truth, n == 1)
            }
            B::UNARY_NEGATIVE => self.unary(0),
            B::UNARY_POSITIVE => self.unary(1),
            B::UNARY_INVERT => self.unary(2),
            B::UNARY_NOT => {
                let value = self.pop_object();
                let truth = self.truth(value);
                self.boxed_truth(truth, true)
            }
            B::GET_LEN => {
                let value = self.stack.last().copied().expect("verified bytecode has an operand");
                let value = self.as_object(value);
                let length = self.helper(H::Length, &[value], Type::I64);
                self.emit(Opcode::BoxInt, &[length], Imm::None, Type::INT_EXACT)
            }
            _ => return Ok(false),
        };
        self.push(value);
        Ok(true)
    }

    /// The operands as what the interpreter has seen here, where nothing better is known.
    fn as_seen(&mut self, args: Vec<Value>) -> Vec<Value> {
        let ty = match self.env.seen(self.func.id, self.at) {
            Some(Seen::Ints) => Type::SMALL_INT,
            Some(Seen::Floats) => Type::FLOAT_EXACT,
            None => return args,
        };
        let is_number = |ty: Type| ty.is_subtype(Type::INT.union(Type::FLOAT));
        let guarded = |builder: &mut Self, arg| {
            let have = builder.func.ty(arg);
            let is_open = !is_number(have) && have.could_be(ty);
            if is_open { builder.emit_deopt(Opcode::GuardType, &[arg], Imm::None, ty) } else { arg }
        };
        args.into_iter().map(|arg| guarded(self, arg)).collect()
    }

    pub(super) fn boxed_truth(&mut self, truth: Value, inverted: bool) -> Value {
        let truth = if inverted { self.emit(Opcode::Bnot, &[truth], Imm::None, Type::CBOOL) } else { truth };
        self.emit(Opcode::BoxBool, &[truth], Imm::None, Type::BOOL)
    }

    /// Identity; of two ints of which neither is known to be tagged, the runtime decides.
    fn is_same(&mut self, a: Value, b: Value) -> Value {
        let may_be_int = |value| self.func.ty(value).could_be(Type::BIG_INT);
        if may_be_int(a) && may_be_int(b) {
            let answer = self.helper(H::IsSame, &[a, b], Type::I64);
            let zero = self.const_int(0, Type::I64);
            return self.emit(Opcode::Icmp, &[answer, zero], Imm::Cond(Cond::Ne), Type::CBOOL);
        }
        self.emit(Opcode::IsSame, &[a, b], Imm::None, Type::CBOOL)
    }

    fn unary(&mut self, number: i64) -> Value {
        let value = self.pop_object();
        let number = self.const_int(number, Type::I64);
        self.generic_helper(H::UnaryOp, &[value, number], Type::OBJECT)
    }
}
