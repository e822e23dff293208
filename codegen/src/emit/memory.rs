//! Moves, constants, loads and stores.

use iced_x86::{Code, Register};
use lir::ir::{InstData, Mem, Op, Reg, RegClass, Size, Src};

use super::regs::{gpr32, gpr64, physical, sized, xmm};
use super::{Emitter, narrow};
use crate::output::Target;

impl Emitter<'_> {
    pub(super) fn emit_move(&mut self, data: &InstData) {
        match (data.op, data.dst, data.srcs[0]) {
            (Op::Mov, Some(dst), Src::Reg(src)) => self.copy(dst, src),
            (Op::Mov, Some(dst), Src::Imm(imm)) => self.constant(dst, imm),
            (Op::LoadSym, Some(dst), _) => {
                let sym = data.sym.expect("a symbol load names a symbol");
                self.asm.address(gpr64(physical(dst)), Target::Sym(sym));
            }
            (Op::LoadDouble, Some(dst), Src::Imm(bits)) => self.double(dst, bits as u64),
            (Op::Xchg, _, Src::Reg(a)) => {
                let Src::Reg(b) = data.srcs[1] else { unreachable!("an exchange is between registers") };
                self.asm.rr(Code::Xchg_rm64_r64, gpr64(physical(a)), gpr64(physical(b)));
            }
            _ => unreachable!("the verifier admits no other move"),
        }
    }

    /// `dst = src`, of one file, at most one of them a slot.
    pub(super) fn copy(&mut self, dst: Reg, src: Reg) {
        if dst == src {
            return;
        }
        match (self.slot(dst), self.slot(src)) {
            // A slot holds eight bytes; which file's scratch register carries them does not matter.
            (Some((mem, _)), None) if physical(src).class() == RegClass::Gpr => {
                self.asm.mr(Code::Mov_rm64_r64, mem, gpr64(physical(src)));
            }
            (Some((mem, _)), None) => self.asm.mr(Code::Movsd_xmmm64_xmm, mem, xmm(physical(src))),
            (None, Some((mem, _))) if physical(dst).class() == RegClass::Gpr => {
                self.asm.rm(Code::Mov_r64_rm64, gpr64(physical(dst)), mem);
            }
            (None, Some((mem, _))) => self.asm.rm(Code::Movsd_xmm_xmmm64, xmm(physical(dst)), mem),
            (None, None) if physical(dst).class() == RegClass::Gpr => {
                self.asm.rr(Code::Mov_r64_rm64, gpr64(physical(dst)), gpr64(physical(src)));
            }
            (None, None) => self.asm.rr(Code::Movaps_xmm_xmmm128, xmm(physical(dst)), xmm(physical(src))),
            (Some(_), Some(_)) => unreachable!("the move resolver makes no move from slot to slot"),
        }
    }

    fn constant(&mut self, dst: Reg, imm: i64) {
        let reg = physical(dst);
        if imm == 0 {
            self.asm.rr(Code::Xor_r32_rm32, gpr32(reg), gpr32(reg));
        } else if let Ok(imm) = u32::try_from(imm) {
            self.asm.ri(Code::Mov_r32_imm32, gpr32(reg), i64::from(imm as i32));
        } else if i32::try_from(imm).is_ok() {
            self.asm.ri(Code::Mov_rm64_imm32, gpr64(reg), imm);
        } else {
            self.asm.ri(Code::Mov_r64_imm64, gpr64(reg), imm);
        }
    }

    fn double(&mut self, dst: Reg, bits: u64) {
        let reg = xmm(physical(dst));
        if bits == 0 {
            self.asm.rr(Code::Xorps_xmm_xmmm128, reg, reg);
        } else {
            let label = self.literal(bits);
            self.asm.r_data(Code::Movsd_xmm_xmmm64, reg, label);
        }
    }

    pub(super) fn emit_memory(&mut self, data: &InstData) {
        let Src::Mem(mem) = &data.srcs[0] else { unreachable!("a memory operation has a memory operand") };
        match data.op {
            Op::Load | Op::LoadSigned | Op::LoadFloat | Op::Lea => self.load(data, mem),
            _ => self.store(data, mem),
        }
    }

    fn load(&mut self, data: &InstData, mem: &Mem) {
        let dst = data.dst.expect("a load has a result");
        let mem = self.memory(mem);
        let (wide, short) = (gpr64(physical(dst)), narrow(dst));
        match (data.op, data.size) {
            (Op::Lea, _) => self.asm.rm(Code::Lea_r64_m, wide, mem),
            (Op::LoadFloat, _) => self.asm.rm(Code::Movsd_xmm_xmmm64, xmm(physical(dst)), mem),
            (_, Size::B8) => self.asm.rm(Code::Mov_r64_rm64, wide, mem),
            (Op::LoadSigned, Size::B4) => self.asm.rm(Code::Movsxd_r64_rm32, wide, mem),
            (Op::LoadSigned, Size::B2) => self.asm.rm(Code::Movsx_r64_rm16, wide, mem),
            (Op::LoadSigned, Size::B1) => self.asm.rm(Code::Movsx_r64_rm8, wide, mem),
            (_, Size::B4) => self.asm.rm(Code::Mov_r32_rm32, short, mem),
            (_, Size::B2) => self.asm.rm(Code::Movzx_r32_rm16, short, mem),
            (_, Size::B1) => self.asm.rm(Code::Movzx_r32_rm8, short, mem),
        }
    }

    fn store(&mut self, data: &InstData, mem: &Mem) {
        let operand = self.memory(mem);
        match data.srcs[1] {
            Src::Reg(reg) if data.op == Op::StoreFloat => {
                self.asm.mr(Code::Movsd_xmmm64_xmm, operand, xmm(physical(reg)));
            }
            Src::Reg(reg) => {
                let code = match data.size {
                    Size::B1 => Code::Mov_rm8_r8,
                    Size::B2 => Code::Mov_rm16_r16,
                    Size::B4 => Code::Mov_rm32_r32,
                    Size::B8 => Code::Mov_rm64_r64,
                };
                self.asm.mr(code, operand, sized(physical(reg), data.size));
            }
            Src::Imm(imm) => {
                let code = match data.size {
                    Size::B1 => Code::Mov_rm8_imm8,
                    Size::B2 => Code::Mov_rm16_imm16,
                    Size::B4 => Code::Mov_rm32_imm32,
                    Size::B8 => Code::Mov_rm64_imm32,
                };
                self.asm.mi(code, operand, imm);
            }
            Src::None | Src::Mem(_) => unreachable!("a store has a value"),
        }
    }
}

/// Whether a register name is one of the vector registers.
pub(super) fn is_xmm(reg: Register) -> bool {
    reg >= Register::XMM0 && reg <= Register::XMM15
}
