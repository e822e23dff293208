//! Arithmetic on primitives.
//!
//! Invariant: an integer narrower than 64 bits is held extended to 64 bits by its own signedness, so comparisons, divisions
//! and right shifts need no care; sums, products and left shifts are extended again.

use hir::ir::{Inst, Opcode as H, Type};

use super::{Lower, Lowered};
use crate::ir::{Cc, ExitKind, InstData, Op, Reg, Size, Src};

impl Lower<'_> {
    pub(super) fn lower_arith(&mut self, inst: Inst) -> Lowered<()> {
        let op = self.hir.insts[inst].op;
        let reg = match op {
            H::Iadd => self.wrapping(Op::Add),
            H::Isub => self.wrapping(Op::Sub),
            H::Imul => self.wrapping(Op::Mul),
            H::Iand => self.binary(Op::And),
            H::Ior => self.binary(Op::Or),
            H::Ixor => self.binary(Op::Xor),
            H::Ineg => self.wrapping_unary(Op::Neg),
            H::Inot => self.wrapping_unary(Op::Not),
            H::Bnot => {
                let value = self.reg(self.arg(0));
                self.def(Op::Xor, &[Src::Reg(value), Src::Imm(1)])
            }
            H::Idiv | H::Imod => self.divide(op == H::Idiv),
            H::FloorDiv | H::FloorMod => self.floor_divide(op == H::FloorDiv),
            H::Ishl | H::Ishr => self.shift(op == H::Ishl),
            H::Convert => self.convert(),
            H::AddChecked => self.checked(Op::AddOv),
            H::SubChecked => self.checked(Op::SubOv),
            H::MulChecked => self.checked(Op::MulOv),
            H::Select => self.select(),
            H::Fadd => self.float_binary(Op::Fadd),
            H::Fsub => self.float_binary(Op::Fsub),
            H::Fmul => self.float_binary(Op::Fmul),
            H::Fdiv => self.float_binary(Op::Fdiv),
            H::Fneg => self.float_unary(Op::Fneg),
            H::Fabs => self.float_unary(Op::Fabs),
            H::Fsqrt => self.float_unary(Op::Fsqrt),
            H::IntToFloat => self.float_unary(Op::IntToFloat),
            H::FloatToInt => {
                let value = self.reg(self.arg(0));
                self.def(Op::FloatToInt, &[Src::Reg(value)])
            }
            other => return self.unsupported(other.info().name),
        };
        self.set_result(reg);
        Ok(())
    }

    /// Both operands, a constant second where the operation allows exchange.
    fn operands(&mut self, op: Op) -> [Src; 2] {
        let (mut a, mut b) = (self.arg(0), self.arg(1));
        if op.is_commutative() && self.constant(a).is_some() && self.constant(b).is_none() {
            std::mem::swap(&mut a, &mut b);
        }
        [Src::Reg(self.reg(a)), self.src(b)]
    }

    fn binary(&mut self, op: Op) -> Reg {
        let operands = self.operands(op);
        self.def(op, &operands)
    }

    fn wrapping(&mut self, op: Op) -> Reg {
        let reg = self.binary(op);
        self.extended(reg, self.result_ty())
    }

    fn wrapping_unary(&mut self, op: Op) -> Reg {
        let value = self.reg(self.arg(0));
        let reg = self.def(op, &[Src::Reg(value)]);
        self.extended(reg, self.result_ty())
    }

    /// The low bytes of `reg`, extended as values of `ty` are.
    pub(super) fn extended(&mut self, reg: Reg, ty: Type) -> Reg {
        match ty.int_width() {
            Some((bytes, is_signed)) if bytes < 8 => {
                let size = Size::from_bytes(bytes).expect("widths are powers of two up to eight");
                let out = self.out.new_vreg(crate::ir::RegClass::Gpr);
                let op = if is_signed { Op::Sext } else { Op::Zext };
                self.emit(InstData::new(op).sized(size).to(out).with(&[Src::Reg(reg)]));
                out
            }
            _ => reg,
        }
    }

    fn is_unsigned(&self) -> bool {
        !self.arg_ty(0).is_subtype(Type::SIGNED)
    }

    /// The machine traps on the least integer divided by -1, which here wraps.
    fn divide(&mut self, is_quotient: bool) -> Reg {
        let divisor = self.arg(1);
        let operands = [Src::Reg(self.reg(self.arg(0))), Src::Reg(self.reg(divisor))];
        if self.is_unsigned() {
            return self.def(if is_quotient { Op::Udiv } else { Op::Urem }, &operands);
        }
        let op = if is_quotient { Op::Sdiv } else { Op::Srem };
        let is_wide = self.arg_ty(0).is_subtype(Type::I64);
        let may_trap = self.hir.ty(divisor).int_bounds().is_none_or(|(lo, hi)| lo <= -1 && -1 <= hi);
        if !is_wide || !may_trap {
            let reg = self.def(op, &operands);
            return self.extended(reg, self.result_ty());
        }
        let (trap, normal, join) = (self.side_block(true), self.side_block(false), self.side_block(false));
        let result = self.out.new_vreg(crate::ir::RegClass::Gpr);
        self.out.blocks[join].params.push(result);
        let is_minus_one = InstData::new(Op::BrCmp).cc(Cc::Eq).with(&[operands[1], Src::Imm(-1)]);
        self.branch(is_minus_one, trap, normal);
        self.enter(normal);
        let reg = self.def(op, &operands);
        self.jump(join, vec![reg]);
        self.enter(trap);
        let reg = if is_quotient { self.def(Op::Neg, &operands[..1]) } else { self.imm(0) };
        self.jump(join, vec![reg]);
        self.enter(join);
        result
    }

    /// Truncated division, corrected by one if there is a remainder and the signs differ; by a constant, a shift or a product.
    fn floor_divide(&mut self, is_quotient: bool) -> Reg {
        if let Some(divisor) = self.arg_ty(1).int_constant().filter(|&divisor| divisor > 0) {
            return self.divide_by_constant(divisor, is_quotient);
        }
        let (a, b) = (self.reg(self.arg(0)), self.reg(self.arg(1)));
        let remainder = self.def(Op::Srem, &[Src::Reg(a), Src::Reg(b)]);
        let signs = self.def(Op::Xor, &[Src::Reg(remainder), Src::Reg(b)]);
        let differ = self.def(Op::Sar, &[Src::Reg(signs), Src::Imm(63)]);
        let inexact = self.out.new_vreg(crate::ir::RegClass::Gpr);
        self.emit(InstData::new(Op::SetCmp).cc(Cc::Ne).to(inexact).with(&[Src::Reg(remainder), Src::Imm(0)]));
        let mask = self.def(Op::Neg, &[Src::Reg(inexact)]);
        let mask = self.def(Op::And, &[Src::Reg(mask), Src::Reg(differ)]);
        if is_quotient {
            let quotient = self.def(Op::Sdiv, &[Src::Reg(a), Src::Reg(b)]);
            return self.def(Op::Add, &[Src::Reg(quotient), Src::Reg(mask)]);
        }
        let correction = self.def(Op::And, &[Src::Reg(mask), Src::Reg(b)]);
        self.def(Op::Add, &[Src::Reg(remainder), Src::Reg(correction)])
    }

    /// Floor division by a positive constant (Granlund, Montgomery 1994): for `0 <= n < 2^63` and `2^(l-1) < d <= 2^l`, the quotient is
    /// `n * m >> 63 + l` with `m = 2^(63+l) / d` rounded up, which has 64 bits. A negative dividend is divided as its complement.
    fn divide_by_constant(&mut self, divisor: i64, is_quotient: bool) -> Reg {
        let a = self.reg(self.arg(0));
        if divisor & (divisor - 1) == 0 {
            let shift = i64::from(divisor.trailing_zeros());
            if is_quotient {
                return self.def(Op::Sar, &[Src::Reg(a), Src::Imm(shift)]);
            }
            let mask = self.immediate(divisor - 1);
            return self.def(Op::And, &[Src::Reg(a), mask]);
        }
        let log = 64 - (divisor - 1).leading_zeros();
        let factor = (1_u128 << (63 + log)).div_ceil(divisor as u128);
        let factor = self.imm(factor as u64 as i64);
        let is_natural = self.arg_ty(0).int_bounds().is_some_and(|(low, _)| low >= 0);
        let sign = (!is_natural).then(|| self.def(Op::Sar, &[Src::Reg(a), Src::Imm(63)]));
        let complement = |lower: &mut Self, value| match sign {
            Some(sign) => lower.def(Op::Xor, &[Src::Reg(value), Src::Reg(sign)]),
            None => value,
        };
        let natural = complement(self, a);
        let high = self.def(Op::MulHigh, &[Src::Reg(natural), Src::Reg(factor)]);
        let quotient = self.def(Op::Shr, &[Src::Reg(high), Src::Imm(i64::from(log) - 1)]);
        let quotient = complement(self, quotient);
        if is_quotient {
            return quotient;
        }
        let divisor = self.immediate(divisor);
        let product = self.def(Op::Mul, &[Src::Reg(quotient), divisor]);
        self.def(Op::Sub, &[Src::Reg(a), Src::Reg(product)])
    }

    /// A constant operand, in a register if it has more than 32 bits.
    fn immediate(&mut self, word: i64) -> Src {
        if i32::try_from(word).is_ok() { Src::Imm(word) } else { Src::Reg(self.imm(word)) }
    }

    /// The machine takes counts modulo the width; here a count past the width shifts everything out.
    fn shift(&mut self, is_left: bool) -> Reg {
        let ty = self.result_ty();
        let bits = ty.int_width().map_or(64, |(bytes, _)| i64::from(bytes) * 8);
        let is_arithmetic = !is_left && !self.is_unsigned();
        let op = if is_left {
            Op::Shl
        } else if is_arithmetic {
            Op::Sar
        } else {
            Op::Shr
        };
        let value = self.reg(self.arg(0));
        let in_range = self.arg_ty(1).int_bounds().is_some_and(|(lo, hi)| lo >= 0 && hi < bits);
        let count = self.src(self.arg(1));
        if in_range {
            let reg = self.def(op, &[Src::Reg(value), count]);
            return if is_left { self.extended(reg, ty) } else { reg };
        }
        let count = match count {
            Src::Reg(reg) => reg,
            _ => self.reg(self.arg(1)),
        };
        let fits = self.out.new_vreg(crate::ir::RegClass::Gpr);
        self.emit(InstData::new(Op::SetCmp).cc(Cc::Below).to(fits).with(&[Src::Reg(count), Src::Imm(bits)]));
        if is_arithmetic {
            let most = self.imm(bits - 1);
            let clamped = self.def(Op::Select, &[Src::Reg(fits), Src::Reg(count), Src::Reg(most)]);
            return self.def(op, &[Src::Reg(value), Src::Reg(clamped)]);
        }
        let shifted = self.def(op, &[Src::Reg(value), Src::Reg(count)]);
        let zero = self.imm(0);
        let reg = self.def(Op::Select, &[Src::Reg(fits), Src::Reg(shifted), Src::Reg(zero)]);
        if is_left { self.extended(reg, ty) } else { reg }
    }

    fn convert(&mut self) -> Reg {
        let value = self.reg(self.arg(0));
        let to = self.result_ty();
        if to.is_subtype(Type::CBOOL) && !self.arg_ty(0).is_subtype(Type::CBOOL) {
            let out = self.out.new_vreg(crate::ir::RegClass::Gpr);
            self.emit(InstData::new(Op::SetCmp).cc(Cc::Ne).to(out).with(&[Src::Reg(value), Src::Imm(0)]));
            return out;
        }
        self.extended(value, to)
    }

    fn checked(&mut self, op: Op) -> Reg {
        let operands = self.operands(op);
        let exit = self.exit(ExitKind::Deopt);
        let reg = self.out.new_vreg(crate::ir::RegClass::Gpr);
        self.emit(InstData::new(op).to(reg).with(&operands).exiting(exit));
        reg
    }

    fn select(&mut self) -> Reg {
        let [condition, yes, no] = [0, 1, 2].map(|at| self.arg(at));
        let srcs = [Src::Reg(self.reg(condition)), Src::Reg(self.reg(yes)), Src::Reg(self.reg(no))];
        let out = self.out.new_vreg(super::class_of(self.result_ty()));
        self.emit(InstData::new(Op::Select).to(out).with(&srcs));
        out
    }

    fn float_binary(&mut self, op: Op) -> Reg {
        let (mut a, mut b) = (self.arg(0), self.arg(1));
        if op.is_commutative() && self.constant(a).is_some() {
            std::mem::swap(&mut a, &mut b);
        }
        let first = Src::Reg(self.reg(a));
        let second = match self.constant(b) {
            Some(super::Constant::Double(bits)) => Src::Imm(bits as i64),
            _ => Src::Reg(self.reg(b)),
        };
        self.def_float(op, &[first, second])
    }

    fn float_unary(&mut self, op: Op) -> Reg {
        let value = self.reg(self.arg(0));
        self.def_float(op, &[Src::Reg(value)])
    }
}
