//! Operators on objects: typed where the operands' types allow it, else calls to runtime helpers.
//!
//! Where both operands are known to be numbers by their annotations, the operation speculates: `int` is a tagged integer,
//! `float` is exactly a float; anything else leaves for the interpreter. Results are boxed at once, and `unboxed_int` and
//! `unboxed_float` look through boxes, so chains of operations stay unboxed.

use abi::helper::HelperId as H;
use bytecode::{BinaryOp, CompareOp, Opcode as B, Word};

use super::{Builder, Built};
use crate::ir::{Cond, Imm, Opcode, Type, Value};

impl Builder<'_> {
    pub(super) fn translate_operator(&mut self, word: Word) -> Built<bool> {
        let n = word.operand();
        let value = match word.opcode() {
            B::BINARY_OP | B::BINARY_OP_INPLACE => {
                let args = self.pop_many(2);
                let is_in_place = word.opcode() == B::BINARY_OP_INPLACE;
                let Some(op) = BinaryOp::from_operand(n) else { return self.unsupported(word) };
                self.binary(op, args[0], args[1], is_in_place)
            }
            B::COMPARE_OP => {
                let args = self.pop_many(2);
                let Some(op) = CompareOp::from_operand(n) else { return self.unsupported(word) };
                self.compare(op, args[0], args[1])
            }
            B::IS_OP => {
                let args = self.pop_many(2);
                let same = self.is_same(args[0], args[1]);
                self.boxed_truth(same, n == 1)
            }
            B::CONTAINS_OP => {
                let args = self.pop_many(2);
                let answer = self.helper(H::Contains, &[args[1], args[0]], Type::I64);
                let zero = self.const_int(0, Type::I64);
                let truth = self.emit(Opcode::Icmp, &[answer, zero], Imm::Cond(Cond::Ne), Type::CBOOL);
                self.boxed_truth(truth, n == 1)
            }
            B::UNARY_NEGATIVE => self.negate(),
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

    /// Whether both are ints and speculation on tagged ones can succeed.
    fn are_ints(&self, a: Value, b: Value) -> bool {
        let is_int = |value| {
            let ty = self.func.ty(value);
            ty.is_subtype(Type::INT) && ty.could_be(Type::SMALL_INT)
        };
        is_int(a) && is_int(b)
    }

    /// Whether both are floats or ints, and at least one can be a float.
    fn are_floats(&self, a: Value, b: Value) -> bool {
        let number = Type::FLOAT.union(Type::INT);
        let ty = |value| self.func.ty(value);
        let can_be_float =
            |value: Value| ty(value).could_be(Type::FLOAT_EXACT) || self.int_constant(value).is_some();
        ty(a).is_subtype(number)
            && ty(b).is_subtype(number)
            && can_be_float(a)
            && can_be_float(b)
            && (ty(a).could_be(Type::FLOAT_EXACT) || ty(b).could_be(Type::FLOAT_EXACT))
    }

    fn int_constant(&self, value: Value) -> Option<i64> {
        self.func.ty(value).int_constant()
    }

    /// The integer in an int object; leaves for the interpreter unless it is tagged.
    fn unboxed_int(&mut self, value: Value) -> Value {
        if let Some(constant) = self.int_constant(value) {
            return self.const_int(constant, Type::I64);
        }
        if let Some(inst) = self.func.def_inst(value)
            && self.func.insts[inst].op == Opcode::BoxInt
            && self.func.ty(self.func.arg(inst, 0)).is_subtype(Type::I64)
        {
            return self.func.arg(inst, 0);
        }
        let small = if self.func.ty(value).is_subtype(Type::SMALL_INT) {
            value
        } else {
            self.emit_deopt(Opcode::GuardType, &[value], Imm::None, Type::SMALL_INT)
        };
        self.emit(Opcode::Untag, &[small], Imm::None, Type::I64)
    }

    /// The double in a float object; leaves for the interpreter unless it is exactly a float. Constant ints are converted.
    pub(super) fn unboxed_float(&mut self, value: Value) -> Value {
        if let Some(constant) = self.int_constant(value) {
            return self.emit(Opcode::ConstFloat, &[], Imm::Float(constant as f64), Type::F64);
        }
        if let Some(inst) = self.func.def_inst(value)
            && self.func.insts[inst].op == Opcode::BoxFloat
        {
            return self.func.arg(inst, 0);
        }
        let exact = if self.func.ty(value).is_subtype(Type::FLOAT_EXACT) {
            value
        } else {
            self.emit_deopt(Opcode::GuardType, &[value], Imm::None, Type::FLOAT_EXACT)
        };
        self.emit(Opcode::UnboxFloat, &[exact], Imm::None, Type::F64)
    }

    fn binary(&mut self, op: BinaryOp, a: Value, b: Value, is_in_place: bool) -> Value {
        let typed = if self.are_ints(a, b) {
            self.int_binary(op, a, b)
        } else if self.are_floats(a, b) {
            self.float_binary(op, a, b)
        } else {
            None
        };
        if let Some(value) = typed {
            return value;
        }
        let number = i64::from(op as u8) + if is_in_place { 256 } else { 0 };
        let number = self.const_int(number, Type::I64);
        self.object_helper(H::BinaryOp, &[a, b, number])
    }

    fn int_binary(&mut self, op: BinaryOp, a: Value, b: Value) -> Option<Value> {
        let checked = match op {
            BinaryOp::Add => Some(Opcode::AddChecked),
            BinaryOp::Subtract => Some(Opcode::SubChecked),
            BinaryOp::Multiply => Some(Opcode::MulChecked),
            _ => None,
        };
        if let Some(checked) = checked {
            let (x, y) = (self.unboxed_int(a), self.unboxed_int(b));
            let value = self.emit_deopt(checked, &[x, y], Imm::None, Type::I64);
            return Some(self.boxed_int(value));
        }
        let plain = match op {
            BinaryOp::And => Some(Opcode::Iand),
            BinaryOp::Or => Some(Opcode::Ior),
            BinaryOp::Xor => Some(Opcode::Ixor),
            _ => None,
        };
        if let Some(plain) = plain {
            // The result of `&` on two bools is a bool; only tagged integers get here, the guard sees to that.
            let (x, y) = (self.unboxed_int(a), self.unboxed_int(b));
            let value = self.emit(plain, &[x, y], Imm::None, Type::I64);
            return Some(self.boxed_int(value));
        }
        let constant = self.int_constant(b)?;
        let value = match op {
            BinaryOp::FloorDivide | BinaryOp::Modulo if constant > 0 => {
                let (x, y) = (self.unboxed_int(a), self.unboxed_int(b));
                let op = if op == BinaryOp::Modulo { Opcode::FloorMod } else { Opcode::FloorDiv };
                self.emit(op, &[x, y], Imm::None, Type::I64)
            }
            BinaryOp::RightShift if (0..64).contains(&constant) => {
                let (x, y) = (self.unboxed_int(a), self.unboxed_int(b));
                self.emit(Opcode::Ishr, &[x, y], Imm::None, Type::I64)
            }
            _ => return None,
        };
        Some(self.boxed_int(value))
    }

    fn boxed_int(&mut self, value: Value) -> Value {
        self.emit(Opcode::BoxInt, &[value], Imm::None, Type::INT_EXACT)
    }

    fn float_binary(&mut self, op: BinaryOp, a: Value, b: Value) -> Option<Value> {
        let opcode = match op {
            BinaryOp::Add => Opcode::Fadd,
            BinaryOp::Subtract => Opcode::Fsub,
            BinaryOp::Multiply => Opcode::Fmul,
            BinaryOp::Divide => Opcode::Fdiv,
            _ => return None,
        };
        let (x, y) = (self.unboxed_float(a), self.unboxed_float(b));
        if op == BinaryOp::Divide {
            // The interpreter raises the error.
            let zero = self.emit(Opcode::ConstFloat, &[], Imm::Float(0.0), Type::F64);
            let is_safe = self.emit(Opcode::Fcmp, &[y, zero], Imm::Cond(Cond::Ne), Type::CBOOL);
            self.emit_deopt(Opcode::Guard, &[is_safe], Imm::None, Type::EMPTY);
        }
        let value = self.emit(opcode, &[x, y], Imm::None, Type::F64);
        Some(self.emit(Opcode::BoxFloat, &[value], Imm::None, Type::FLOAT_EXACT))
    }

    fn compare(&mut self, op: CompareOp, a: Value, b: Value) -> Value {
        let cond = match op {
            CompareOp::Less => Cond::Lt,
            CompareOp::LessEqual => Cond::Le,
            CompareOp::Equal => Cond::Eq,
            CompareOp::NotEqual => Cond::Ne,
            CompareOp::Greater => Cond::Gt,
            CompareOp::GreaterEqual => Cond::Ge,
        };
        let truth = if self.are_ints(a, b) {
            let (x, y) = (self.unboxed_int(a), self.unboxed_int(b));
            self.emit(Opcode::Icmp, &[x, y], Imm::Cond(cond), Type::CBOOL)
        } else if self.are_floats(a, b) {
            let (x, y) = (self.unboxed_float(a), self.unboxed_float(b));
            self.emit(Opcode::Fcmp, &[x, y], Imm::Cond(cond), Type::CBOOL)
        } else {
            let number = self.const_int(i64::from(op as u8), Type::I64);
            return self.object_helper(H::Compare, &[a, b, number]);
        };
        self.boxed_truth(truth, false)
    }

    fn negate(&mut self) -> Value {
        let value = self.pop_object();
        let ty = self.func.ty(value);
        if ty.is_subtype(Type::FLOAT.union(Type::INT)) && ty.could_be(Type::FLOAT_EXACT) {
            let double = self.unboxed_float(value);
            let negated = self.emit(Opcode::Fneg, &[double], Imm::None, Type::F64);
            return self.emit(Opcode::BoxFloat, &[negated], Imm::None, Type::FLOAT_EXACT);
        }
        if self.are_ints(value, value) {
            let zero = self.const_int(0, Type::I64);
            let raw = self.unboxed_int(value);
            let negated = self.emit_deopt(Opcode::SubChecked, &[zero, raw], Imm::None, Type::I64);
            return self.boxed_int(negated);
        }
        self.push(value);
        self.unary(0)
    }

    fn unary(&mut self, number: i64) -> Value {
        let value = self.pop_object();
        let number = self.const_int(number, Type::I64);
        self.object_helper(H::UnaryOp, &[value, number])
    }
}
