//! Operations on primitives.

use abi::helper::HelperId as H;
use bytecode::{
    Const, Opcode as B, PrimitiveBinaryOp as P, PrimitiveCompareOp as C, PrimitiveUnaryOp as U, TypeCode,
    Word,
};

use super::{Builder, Built, code_type};
use crate::ir::{Cond, Imm, Opcode, Type, Value};

impl Builder<'_> {
    pub(super) fn translate_primitive(&mut self, word: Word) -> Built<bool> {
        let (low, high) = word.halves();
        let type_code = |number: usize| TypeCode::from_operand(number as u32).unwrap_or(TypeCode::Int64);
        let value = match word.opcode() {
            B::PRIMITIVE_LOAD_CONST => match self.code.consts[word.index()] {
                Const::Float(value) => self.emit(Opcode::ConstFloat, &[], Imm::Float(value), Type::F64),
                Const::Int(value) => self.const_int(value, Type::I64),
                Const::Bool(value) => self.const_int(i64::from(value), Type::CBOOL),
                _ => return self.unsupported(word),
            },
            B::PRIMITIVE_BOX => self.box_primitive(type_code(word.index())),
            // The interpreter rounds.
            B::PRIMITIVE_UNBOX if type_code(word.index()) == TypeCode::Single => {
                return self.unsupported(word);
            }
            B::PRIMITIVE_UNBOX => self.unbox_primitive(type_code(word.index())),
            B::CONVERT_PRIMITIVE => self.convert(type_code(low), type_code(high)),
            B::PRIMITIVE_BINARY_OP => {
                let Some(op) = P::from_operand(low as u32) else { return self.unsupported(word) };
                self.primitive_binary(op, type_code(high))
            }
            B::PRIMITIVE_UNARY_OP => {
                let ty = code_type(type_code(high)).unwrap_or(Type::I64);
                match U::from_operand(low as u32) {
                    Some(U::Negate) => self.primitive_unary(Opcode::Ineg, ty),
                    Some(U::Invert) => self.primitive_unary(Opcode::Inot, ty),
                    Some(U::NegateDouble) => self.primitive_unary(Opcode::Fneg, Type::F64),
                    Some(U::Not) => self.primitive_unary(Opcode::Bnot, Type::CBOOL),
                    None => return self.unsupported(word),
                }
            }
            B::PRIMITIVE_COMPARE_OP => {
                let Some(op) = C::from_operand(word.operand()) else { return self.unsupported(word) };
                self.primitive_compare(op)
            }
            _ => return Ok(false),
        };
        self.push(value);
        Ok(true)
    }

    pub(super) fn box_primitive(&mut self, code: TypeCode) -> Value {
        let value = self.pop_code(code);
        let ty = self.func.ty(value);
        if ty.is_subtype(Type::CBOOL) {
            self.emit(Opcode::BoxBool, &[value], Imm::None, Type::BOOL)
        } else if ty.is_subtype(Type::F64) {
            self.emit(Opcode::BoxFloat, &[value], Imm::None, Type::FLOAT_EXACT)
        } else {
            self.emit(Opcode::BoxInt, &[value], Imm::None, Type::INT_EXACT)
        }
    }

    pub(super) fn unbox_primitive(&mut self, code: TypeCode) -> Value {
        let value = self.pop_object();
        let to = code_type(code).unwrap_or(Type::I64);
        if let Some(inst) = self.func.def_inst(value)
            && matches!(self.func.insts[inst].op, Opcode::BoxInt | Opcode::BoxFloat | Opcode::BoxBool)
            && self.func.ty(self.func.arg(inst, 0)).unspecialised() == to
        {
            return self.func.arg(inst, 0);
        }
        if to.is_subtype(Type::CBOOL) {
            // The interpreter raises the error for everything else.
            let value = if self.func.ty(value).is_subtype(Type::BOOL) {
                value
            } else {
                self.emit_deopt(Opcode::CheckType, &[value], Imm::None, Type::BOOL)
            };
            return self.emit(Opcode::UnboxBool, &[value], Imm::None, Type::CBOOL);
        }
        if to.is_subtype(Type::F64) {
            // Nearly always a float; an int or an instance of a subclass is unboxed by the interpreter.
            if self.func.ty(value).could_be(Type::FLOAT_EXACT) {
                let exact = self.exact_float(value);
                return self.emit(Opcode::UnboxFloat, &[exact], Imm::None, Type::F64);
            }
            return self.helper(H::UnboxF64, &[value], Type::F64);
        }
        match self.func.ty(value).int_constant() {
            Some(constant) if code.wrap(constant) == constant => self.const_int(constant, to),
            _ => self.emit_raise(Opcode::UnboxInt, &[value], Imm::None, to),
        }
    }

    fn convert(&mut self, from: TypeCode, to: TypeCode) -> Value {
        let value = self.pop_code(from);
        let (from_ty, to_ty) = (self.func.ty(value), code_type(to).unwrap_or(Type::I64));
        match (from_ty.is_subtype(Type::F64), to_ty.is_subtype(Type::F64)) {
            (true, true) => value,
            (false, true) => self.emit(Opcode::IntToFloat, &[value], Imm::None, Type::F64),
            (true, false) => {
                let whole = self.emit(Opcode::FloatToInt, &[value], Imm::None, Type::I64);
                self.as_prim(whole, to_ty)
            }
            (false, false) => match from_ty.int_constant() {
                Some(constant) if to != TypeCode::CBool => self.const_int(to.wrap(constant), to_ty),
                _ => self.as_prim(value, to_ty),
            },
        }
    }

    fn primitive_unary(&mut self, op: Opcode, ty: Type) -> Value {
        let value = self.pop_prim(ty);
        self.emit(op, &[value], Imm::None, ty)
    }

    fn primitive_binary(&mut self, op: P, code: TypeCode) -> Value {
        let ty = if op.operand_repr() == bytecode::Repr::Double {
            Type::F64
        } else {
            code_type(code).unwrap_or(Type::I64)
        };
        let b = self.pop_prim(ty);
        let a = self.pop_prim(ty);
        let opcode = match op {
            P::Add => Opcode::Iadd,
            P::Subtract => Opcode::Isub,
            P::Multiply => Opcode::Imul,
            P::And => Opcode::Iand,
            P::Or => Opcode::Ior,
            P::Xor => Opcode::Ixor,
            P::AddDouble => Opcode::Fadd,
            P::SubtractDouble => Opcode::Fsub,
            P::MultiplyDouble => Opcode::Fmul,
            P::DivideDouble => {
                self.check_double_divisor(b);
                Opcode::Fdiv
            }
            P::Divide | P::DivideUnsigned => {
                self.check_divisor(b);
                Opcode::Idiv
            }
            P::Modulo | P::ModuloUnsigned => {
                self.check_divisor(b);
                Opcode::Imod
            }
            P::LeftShift => {
                self.check_count(b);
                Opcode::Ishl
            }
            P::RightShift | P::RightShiftUnsigned => {
                self.check_count(b);
                Opcode::Ishr
            }
            P::Power | P::PowerUnsigned => {
                let [a, b] =
                    [a, b].map(|value| self.emit(Opcode::IntToFloat, &[value], Imm::None, Type::F64));
                return self.helper(H::DoublePow, &[a, b], Type::F64);
            }
            P::PowerDouble if self.double_constant(b) == Some(0.5) => {
                return self.emit(Opcode::Fsqrt, &[a], Imm::None, Type::F64);
            }
            P::PowerDouble => return self.helper(H::DoublePow, &[a, b], Type::F64),
            P::ModuloDouble => return self.helper(H::DoubleMod, &[a, b], Type::F64),
            P::FloorDivideDouble => return self.helper(H::DoubleFloordiv, &[a, b], Type::F64),
            P::AddTrapping
            | P::SubtractTrapping
            | P::MultiplyTrapping
            | P::DivideTrapping
            | P::LeftShiftTrapping => {
                let [op, code] = [op as i64, code as i64].map(|number| self.const_int(number, Type::I64));
                let [a, b] = [a, b].map(|value| self.as_prim(value, Type::I64));
                let result = self.helper(H::TrappingBinary, &[op, code, a, b], Type::I64);
                return self.as_prim(result, ty);
            }
        };
        self.emit(opcode, &[a, b], Imm::None, ty)
    }

    fn double_constant(&self, value: Value) -> Option<f64> {
        match self.func.insts[self.func.def_inst(value)?].imm {
            Imm::Float(constant) => Some(constant),
            _ => None,
        }
    }

    fn check_divisor(&mut self, divisor: Value) {
        let ty = self.func.ty(divisor);
        if ty.int_constant().is_some_and(|value| value != 0) {
            return;
        }
        let zero = self.const_int(0, ty.unspecialised());
        let is_zero = self.emit(Opcode::Icmp, &[divisor, zero], Imm::Cond(Cond::Eq), Type::CBOOL);
        let ints = self.const_int(0, Type::I64);
        self.raise_if(is_zero, H::RaiseZeroDivision, &[ints]);
    }

    fn check_double_divisor(&mut self, divisor: Value) {
        if self.double_constant(divisor).is_some_and(|value| value != 0.0) {
            return;
        }
        let zero = self.emit(Opcode::ConstFloat, &[], Imm::Float(0.0), Type::F64);
        let is_zero = self.emit(Opcode::Fcmp, &[divisor, zero], Imm::Cond(Cond::Eq), Type::CBOOL);
        let floats = self.const_int(1, Type::I64);
        self.raise_if(is_zero, H::RaiseZeroDivision, &[floats]);
    }

    fn check_count(&mut self, count: Value) {
        let ty = self.func.ty(count);
        let is_checked = ty.int_constant().is_some_and(|value| value >= 0);
        if is_checked || !ty.is_subtype(Type::SIGNED) {
            return;
        }
        let zero = self.const_int(0, ty.unspecialised());
        let is_negative = self.emit(Opcode::Icmp, &[count, zero], Imm::Cond(Cond::Lt), Type::CBOOL);
        self.raise_if(is_negative, H::RaiseNegativeShift, &[]);
    }

    fn primitive_compare(&mut self, op: C) -> Value {
        let (cond, ty) = match op {
            C::Equal => (Cond::Eq, Type::I64),
            C::NotEqual => (Cond::Ne, Type::I64),
            C::Less => (Cond::Lt, Type::I64),
            C::LessEqual => (Cond::Le, Type::I64),
            C::Greater => (Cond::Gt, Type::I64),
            C::GreaterEqual => (Cond::Ge, Type::I64),
            C::LessUnsigned => (Cond::Lt, Type::U64),
            C::LessEqualUnsigned => (Cond::Le, Type::U64),
            C::GreaterUnsigned => (Cond::Gt, Type::U64),
            C::GreaterEqualUnsigned => (Cond::Ge, Type::U64),
            C::EqualDouble => (Cond::Eq, Type::F64),
            C::NotEqualDouble => (Cond::Ne, Type::F64),
            C::LessDouble => (Cond::Lt, Type::F64),
            C::LessEqualDouble => (Cond::Le, Type::F64),
            C::GreaterDouble => (Cond::Gt, Type::F64),
            C::GreaterEqualDouble => (Cond::Ge, Type::F64),
        };
        let b = self.pop_prim(ty);
        let a = self.pop_prim(ty);
        let opcode = if ty == Type::F64 { Opcode::Fcmp } else { Opcode::Icmp };
        self.emit(opcode, &[a, b], Imm::Cond(cond), Type::CBOOL)
    }
}
