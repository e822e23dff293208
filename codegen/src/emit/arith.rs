//! Arithmetic. Three-address LIR becomes two-address code: the first operand is copied to the result, unless it is there.

use iced_x86::{Code, Register};
use lir::ir::{InstData, Op, Reg, Size, Src};

use super::Emitter;
use super::regs::{gpr8, gpr16, gpr32, gpr64, physical, sized, xmm};

/// Forms of one integer operation at 32 and 64 bits: register-memory, and immediate.
struct AluCodes {
    rm: [Code; 2],
    imm: [Code; 2],
}

fn alu_codes(op: Op) -> Option<AluCodes> {
    let (rm, imm) = match op {
        Op::Add | Op::AddOv => {
            ([Code::Add_r32_rm32, Code::Add_r64_rm64], [Code::Add_rm32_imm32, Code::Add_rm64_imm32])
        }
        Op::Sub | Op::SubOv | Op::SubBorrow => {
            ([Code::Sub_r32_rm32, Code::Sub_r64_rm64], [Code::Sub_rm32_imm32, Code::Sub_rm64_imm32])
        }
        Op::And => ([Code::And_r32_rm32, Code::And_r64_rm64], [Code::And_rm32_imm32, Code::And_rm64_imm32]),
        Op::Or => ([Code::Or_r32_rm32, Code::Or_r64_rm64], [Code::Or_rm32_imm32, Code::Or_rm64_imm32]),
        Op::Xor => ([Code::Xor_r32_rm32, Code::Xor_r64_rm64], [Code::Xor_rm32_imm32, Code::Xor_rm64_imm32]),
        _ => return None,
    };
    Some(AluCodes { rm, imm })
}

fn shift_codes(op: Op) -> Option<[[Code; 2]; 2]> {
    Some(match op {
        Op::Shl => [[Code::Shl_rm32_imm8, Code::Shl_rm64_imm8], [Code::Shl_rm32_CL, Code::Shl_rm64_CL]],
        Op::Sar => [[Code::Sar_rm32_imm8, Code::Sar_rm64_imm8], [Code::Sar_rm32_CL, Code::Sar_rm64_CL]],
        Op::Shr => [[Code::Shr_rm32_imm8, Code::Shr_rm64_imm8], [Code::Shr_rm32_CL, Code::Shr_rm64_CL]],
        _ => return None,
    })
}

fn float_code(op: Op) -> Option<Code> {
    Some(match op {
        Op::Fadd => Code::Addsd_xmm_xmmm64,
        Op::Fsub => Code::Subsd_xmm_xmmm64,
        Op::Fmul => Code::Mulsd_xmm_xmmm64,
        Op::Fdiv => Code::Divsd_xmm_xmmm64,
        _ => return None,
    })
}

fn is_wide(size: Size) -> usize {
    usize::from(size == Size::B8)
}

impl Emitter<'_> {
    pub(super) fn emit_arith(&mut self, data: &InstData) {
        let dst = data.dst.expect("arithmetic has a result");
        if let Some(code) = float_code(data.op) {
            self.two_address(data, dst, |emitter, b| emitter.float_operand(code, dst, b));
        } else if let Some(codes) = alu_codes(data.op) {
            if !(data.op == Op::Add && self.emit_lea(data, dst)) {
                self.two_address(data, dst, |emitter, b| emitter.alu(&codes, data.size, dst, b));
            }
            self.exit_on_overflow(data);
        } else if let Some(codes) = shift_codes(data.op) {
            self.two_address(data, dst, |emitter, b| emitter.shift(codes, data.size, dst, b));
        } else {
            self.emit_special(data, dst);
        }
    }

    /// Copies the first operand to the result and applies the second, exchanged if that is where the result is.
    fn two_address(&mut self, data: &InstData, dst: Reg, apply: impl FnOnce(&mut Self, Src)) {
        let [mut a, mut b, _] = data.srcs;
        if b == Src::Reg(dst) && a != b {
            debug_assert!(
                data.op.is_commutative(),
                "the allocator keeps late operands out of the result's register"
            );
            std::mem::swap(&mut a, &mut b);
        }
        self.put(dst, a);
        apply(self, b);
    }

    /// `dst = src` for any kind of operand.
    fn put(&mut self, dst: Reg, src: Src) {
        match src {
            Src::Reg(reg) => self.copy(dst, reg),
            Src::Imm(imm) => self.asm.ri(Code::Mov_rm64_imm32, gpr64(physical(dst)), imm),
            Src::Mem(mem) => {
                let operand = self.memory(&mem);
                if physical(dst).class() == lir::ir::RegClass::Gpr {
                    self.asm.rm(Code::Mov_r64_rm64, gpr64(physical(dst)), operand);
                } else {
                    self.asm.rm(Code::Movsd_xmm_xmmm64, xmm(physical(dst)), operand);
                }
            }
            Src::None => unreachable!("a two-operand instruction has two operands"),
        }
    }

    fn float_operand(&mut self, code: Code, dst: Reg, b: Src) {
        let reg = xmm(physical(dst));
        match b {
            Src::Reg(b) => self.asm.rr(code, reg, xmm(physical(b))),
            Src::Mem(mem) => {
                let operand = self.memory(&mem);
                self.asm.rm(code, reg, operand);
            }
            Src::Imm(bits) => {
                let label = self.literal(bits as u64);
                self.asm.r_data(code, reg, label);
            }
            Src::None => unreachable!("a binary operation has two operands"),
        }
    }

    fn alu(&mut self, codes: &AluCodes, size: Size, dst: Reg, b: Src) {
        let (reg, wide) = (sized(physical(dst), size), is_wide(size));
        match b {
            Src::Reg(b) => self.asm.rr(codes.rm[wide], reg, sized(physical(b), size)),
            Src::Mem(mem) => {
                let operand = self.memory(&mem);
                self.asm.rm(codes.rm[wide], reg, operand);
            }
            Src::Imm(imm) => self.asm.ri(codes.imm[wide], reg, imm),
            Src::None => unreachable!("a binary operation has two operands"),
        }
    }

    fn shift(&mut self, codes: [[Code; 2]; 2], size: Size, dst: Reg, b: Src) {
        let (reg, wide) = (sized(physical(dst), size), is_wide(size));
        match b {
            Src::Imm(imm) => self.asm.ri(codes[0][wide], reg, imm),
            _ => self.asm.rr(codes[1][wide], reg, Register::CL),
        }
    }

    /// A sum whose result is in a third register is one `lea`.
    fn emit_lea(&mut self, data: &InstData, dst: Reg) -> bool {
        let [Src::Reg(a), b, _] = data.srcs else { return false };
        if data.size != Size::B8 || a == dst || b == Src::Reg(dst) {
            return false;
        }
        let mem = match b {
            Src::Reg(b) => lir::ir::Mem { base: lir::ir::Base::Reg(a), index: Some((b, 1)), disp: 0 },
            Src::Imm(imm) => lir::ir::Mem::at(a, i32::try_from(imm).expect("immediates have 32 bits")),
            Src::None | Src::Mem(_) => return false,
        };
        let operand = self.memory(&mem);
        self.asm.rm(Code::Lea_r64_m, gpr64(physical(dst)), operand);
        true
    }

    fn exit_on_overflow(&mut self, data: &InstData) {
        if let Some(exit) = data.exit {
            let label = self.exit_label(exit);
            let code = if data.op == Op::SubBorrow { Code::Jb_rel32_64 } else { Code::Jo_rel32_64 };
            self.asm.branch(code, label);
        }
    }

    fn emit_special(&mut self, data: &InstData, dst: Reg) {
        match data.op {
            Op::Mul | Op::MulOv => {
                self.multiply(data, dst);
                self.exit_on_overflow(data);
            }
            Op::Neg | Op::Not => {
                self.put(dst, data.srcs[0]);
                let codes = if data.op == Op::Neg {
                    [Code::Neg_rm32, Code::Neg_rm64]
                } else {
                    [Code::Not_rm32, Code::Not_rm64]
                };
                self.asm.r(codes[is_wide(data.size)], sized(physical(dst), data.size));
            }
            Op::Sdiv | Op::Udiv | Op::Srem | Op::Urem => self.divide(data),
            Op::MulHigh => {
                let Src::Reg(factor) = data.srcs[1] else { unreachable!("a factor is in a register") };
                self.asm.r(Code::Mul_rm64, gpr64(physical(factor)));
            }
            Op::Fnmadd => self.fused_multiply(data, dst),
            Op::Sext | Op::Zext => self.extend(data, dst),
            Op::Select => self.select(data, dst),
            Op::Fsqrt | Op::Fneg | Op::Fabs => self.float_unary(data, dst),
            Op::IntToFloat | Op::FloatToInt | Op::FloatBits | Op::BitsFloat => self.cross_files(data, dst),
            other => unreachable!("{} is not arithmetic", other.info().name),
        }
    }

    fn multiply(&mut self, data: &InstData, dst: Reg) {
        let wide = is_wide(data.size);
        let reg = |reg: Reg| sized(physical(reg), data.size);
        if let [Src::Reg(a), Src::Imm(imm), _] = data.srcs {
            self.asm.rri([Code::Imul_r32_rm32_imm32, Code::Imul_r64_rm64_imm32][wide], reg(dst), reg(a), imm);
            return;
        }
        let code = [Code::Imul_r32_rm32, Code::Imul_r64_rm64][wide];
        self.two_address(data, dst, |emitter, b| match b {
            Src::Reg(b) => emitter.asm.rr(code, reg(dst), reg(b)),
            Src::Mem(mem) => {
                let operand = emitter.memory(&mem);
                emitter.asm.rm(code, reg(dst), operand);
            }
            Src::Imm(_) | Src::None => unreachable!("a constant factor stands second, beside a register"),
        });
    }

    /// The dividend is in `rax`, the result in `rax` or `rdx`, as the constraints say.
    fn divide(&mut self, data: &InstData) {
        let Src::Reg(divisor) = data.srcs[1] else { unreachable!("a divisor is in a register") };
        let (wide, reg) = (is_wide(data.size), sized(physical(divisor), data.size));
        if matches!(data.op, Op::Sdiv | Op::Srem) {
            self.asm.op0([Code::Cdq, Code::Cqo][wide]);
            self.asm.r([Code::Idiv_rm32, Code::Idiv_rm64][wide], reg);
        } else {
            self.asm.rr(Code::Xor_r32_rm32, Register::EDX, Register::EDX);
            self.asm.r([Code::Div_rm32, Code::Div_rm64][wide], reg);
        }
    }

    fn extend(&mut self, data: &InstData, dst: Reg) {
        let Src::Reg(src) = data.srcs[0] else { unreachable!("what is extended is in a register") };
        let (src, wide, short) = (physical(src), gpr64(physical(dst)), gpr32(physical(dst)));
        match (data.op, data.size) {
            (_, Size::B8) => self.asm.rr(Code::Mov_r64_rm64, wide, gpr64(src)),
            (Op::Sext, Size::B4) => self.asm.rr(Code::Movsxd_r64_rm32, wide, gpr32(src)),
            (Op::Sext, Size::B2) => self.asm.rr(Code::Movsx_r64_rm16, wide, gpr16(src)),
            (Op::Sext, Size::B1) => self.asm.rr(Code::Movsx_r64_rm8, wide, gpr8(src)),
            (_, Size::B4) => self.asm.rr(Code::Mov_r32_rm32, short, gpr32(src)),
            (_, Size::B2) => self.asm.rr(Code::Movzx_r32_rm16, short, gpr16(src)),
            (_, Size::B1) => self.asm.rr(Code::Movzx_r32_rm8, short, gpr8(src)),
        }
    }

    fn select(&mut self, data: &InstData, dst: Reg) {
        let [Src::Reg(condition), Src::Reg(yes), no] = data.srcs else {
            unreachable!("a selection is between registers");
        };
        let condition = gpr32(physical(condition));
        self.put(dst, no);
        self.asm.rr(Code::Test_rm32_r32, condition, condition);
        if physical(dst).class() == lir::ir::RegClass::Gpr {
            self.asm.rr(Code::Cmovne_r64_rm64, gpr64(physical(dst)), gpr64(physical(yes)));
        } else {
            let done = self.asm.new_label();
            self.asm.branch(Code::Je_rel32_64, done);
            self.copy(dst, yes);
            self.asm.bind(done);
        }
    }

    fn float_unary(&mut self, data: &InstData, dst: Reg) {
        let Src::Reg(src) = data.srcs[0] else { unreachable!("a double is in a register") };
        let (to, from) = (xmm(physical(dst)), xmm(physical(src)));
        if data.op == Op::Fsqrt {
            self.asm.rr(Code::Sqrtsd_xmm_xmmm64, to, from);
            return;
        }
        let (mask, code) = if data.op == Op::Fneg {
            (1 << 63, Code::Xorps_xmm_xmmm128)
        } else {
            (i64::MAX as u64, Code::Andps_xmm_xmmm128)
        };
        let label = self.literal(mask);
        self.asm.r_data(Code::Movsd_xmm_xmmm64, Register::XMM15, label);
        self.copy(dst, src);
        self.asm.rr(code, to, Register::XMM15);
    }

    fn fused_multiply(&mut self, data: &InstData, dst: Reg) {
        let [a, Src::Reg(b), Src::Reg(c)] = data.srcs else { unreachable!("factors are in registers") };
        self.put(dst, a);
        let [dst, b, c] = [dst, b, c].map(|reg| xmm(physical(reg)));
        self.asm.rrr(Code::VEX_Vfnmadd231sd_xmm_xmm_xmmm64, dst, b, c);
    }

    fn cross_files(&mut self, data: &InstData, dst: Reg) {
        let Src::Reg(src) = data.srcs[0] else { unreachable!("what is converted is in a register") };
        let (src, dst) = (physical(src), physical(dst));
        match data.op {
            Op::IntToFloat => {
                // The conversion writes half of the register; clearing it first cuts the dependency on its old value.
                self.asm.rr(Code::Xorps_xmm_xmmm128, xmm(dst), xmm(dst));
                self.asm.rr(Code::Cvtsi2sd_xmm_rm64, xmm(dst), gpr64(src));
            }
            Op::FloatToInt => self.asm.rr(Code::Cvttsd2si_r64_xmmm64, gpr64(dst), xmm(src)),
            Op::FloatBits => self.asm.rr(Code::Movq_rm64_xmm, gpr64(dst), xmm(src)),
            _ => self.asm.rr(Code::Movq_xmm_rm64, xmm(dst), gpr64(src)),
        }
    }
}
