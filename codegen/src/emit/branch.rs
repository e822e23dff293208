//! Comparisons and what uses them: branches, guards, and conditions as values.

use iced_x86::{Code, Register};
use lir::ir::{Block, Cc, Inst, InstData, Op, Size, Src};

use super::Emitter;
use super::memory::is_xmm;
use super::regs::{gpr8, gpr32, physical, sized, xmm};
use crate::asm::Label;

/// Conditional jump and `setcc` for an integer condition.
fn codes(cc: Cc) -> (Code, Code) {
    match cc {
        Cc::Eq => (Code::Je_rel32_64, Code::Sete_rm8),
        Cc::Ne => (Code::Jne_rel32_64, Code::Setne_rm8),
        Cc::Lt => (Code::Jl_rel32_64, Code::Setl_rm8),
        Cc::Le => (Code::Jle_rel32_64, Code::Setle_rm8),
        Cc::Gt => (Code::Jg_rel32_64, Code::Setg_rm8),
        Cc::Ge => (Code::Jge_rel32_64, Code::Setge_rm8),
        Cc::Below => (Code::Jb_rel32_64, Code::Setb_rm8),
        Cc::BelowEq => (Code::Jbe_rel32_64, Code::Setbe_rm8),
        Cc::Above => (Code::Ja_rel32_64, Code::Seta_rm8),
        Cc::AboveEq => (Code::Jae_rel32_64, Code::Setae_rm8),
    }
}

impl Emitter<'_> {
    pub(super) fn emit_branch(&mut self, inst: Inst, next: Option<Block>) {
        let data = &self.func.insts[inst];
        let targets: Vec<Block> = data.edges.iter().map(|edge| self.resolve(edge.target)).collect();
        if data.op == Op::Jump || targets[0] == targets[1] {
            if next != Some(targets[0]) {
                let label = self.label_of(targets[0]);
                self.asm.branch(Code::Jmp_rel32_64, label);
            }
            return;
        }
        let falls_to_yes = next == Some(targets[0]);
        if falls_to_yes && self.defers_null_test(inst, &targets) {
            return;
        }
        let (yes, no) = (self.label_of(targets[0]), self.label_of(targets[1]));
        let no = self.leaving(inst, no);
        if data.op == Op::BrFcmp {
            self.branch_on_doubles(data, yes, no, falls_to_yes);
        } else {
            self.compare(data);
            let cc = if falls_to_yes { data.cc.negated() } else { data.cc };
            self.asm.branch(codes(cc).0, if falls_to_yes { no } else { yes });
        }
        if !falls_to_yes && next != Some(targets[1]) {
            self.asm.branch(Code::Jmp_rel32_64, no);
        }
    }

    /// `ucomisd` sets carry, zero and parity when unordered, so only "above" forms and parity tests are right.
    fn branch_on_doubles(&mut self, data: &InstData, yes: Label, no: Label, falls_to_yes: bool) {
        let cc = self.compare_doubles(data);
        match (cc, falls_to_yes) {
            (Cc::Eq, true) => {
                self.asm.branch(Code::Jne_rel32_64, no);
                self.asm.branch(Code::Jp_rel32_64, no);
            }
            (Cc::Eq, false) => {
                self.asm.branch(Code::Jp_rel32_64, no);
                self.asm.branch(Code::Je_rel32_64, yes);
            }
            (Cc::Ne, true) => {
                self.asm.branch(Code::Jp_rel32_64, yes);
                self.asm.branch(Code::Je_rel32_64, no);
            }
            (Cc::Ne, false) => {
                self.asm.branch(Code::Jp_rel32_64, yes);
                self.asm.branch(Code::Jne_rel32_64, yes);
            }
            (cc, true) => self.asm.branch(codes(cc.negated()).0, no),
            (cc, false) => self.asm.branch(codes(cc).0, yes),
        }
    }

    /// Compares and gives the condition to test: `Eq`, `Ne`, `Above` or `AboveEq`.
    fn compare_doubles(&mut self, data: &InstData) -> Cc {
        let [Src::Reg(a), Src::Reg(b), _] = data.srcs else {
            unreachable!("doubles are compared in registers")
        };
        let (a, b) = (xmm(physical(a)), xmm(physical(b)));
        let (first, second, cc) = match data.cc {
            Cc::Lt => (b, a, Cc::Above),
            Cc::Le => (b, a, Cc::AboveEq),
            Cc::Gt => (a, b, Cc::Above),
            Cc::Ge => (a, b, Cc::AboveEq),
            Cc::Eq | Cc::Ne => (a, b, data.cc),
            other => unreachable!("{} is no condition on doubles", other.name()),
        };
        self.asm.rr(Code::Ucomisd_xmm_xmmm64, first, second);
        cc
    }

    /// Sets the flags for an integer comparison or test.
    fn compare(&mut self, data: &InstData) {
        let is_test = matches!(data.op, Op::BrTest | Op::SetTest | Op::GuardTest);
        let [a, b, _] = data.srcs;
        let at = match data.size {
            Size::B1 => 0,
            Size::B2 => 1,
            Size::B4 => 2,
            Size::B8 => 3,
        };
        match (a, b) {
            (Src::Reg(a), Src::Imm(0)) if !is_test => {
                let reg = sized(physical(a), data.size);
                self.asm.rr(TEST_RR[at], reg, reg);
            }
            // A low bit is tested in the low byte.
            (Src::Reg(a), Src::Imm(imm @ 0..=127)) if is_test => {
                self.asm.ri(Code::Test_rm8_imm8, gpr8(physical(a)), imm);
            }
            (Src::Reg(a), Src::Imm(imm)) => {
                let codes = if is_test { TEST_RI } else { CMP_RI };
                self.asm.ri(codes[at], sized(physical(a), data.size), imm);
            }
            (Src::Reg(a), Src::Reg(b)) => {
                let codes = if is_test { TEST_RR } else { CMP_RR };
                self.asm.rr(codes[at], sized(physical(a), data.size), sized(physical(b), data.size));
            }
            (Src::Reg(a), Src::Mem(mem)) => {
                let operand = self.memory(&mem);
                self.asm.rm(CMP_RM[at], sized(physical(a), data.size), operand);
            }
            (Src::Mem(mem), Src::Reg(b)) => {
                let operand = self.memory(&mem);
                let codes = if is_test { TEST_RR } else { CMP_RR };
                self.asm.mr(codes[at], operand, sized(physical(b), data.size));
            }
            (Src::Mem(mem), Src::Imm(imm)) => {
                let operand = self.memory(&mem);
                let codes = if is_test { TEST_RI } else { CMP_RI };
                self.asm.mi(codes[at], operand, imm);
            }
            _ => unreachable!("lowering compares registers, memory and constants in this order"),
        }
    }

    pub(super) fn emit_condition(&mut self, data: &InstData) {
        if data.op == Op::SetFcmp {
            self.set_on_doubles(data);
        } else {
            self.compare(data);
            self.set(data, codes(data.cc).1);
        }
    }

    pub(super) fn emit_guard(&mut self, inst: Inst) {
        let data = &self.func.insts[inst];
        self.compare(data);
        let exit = self.exit_label(data.exit.expect("a guard has an exit"));
        let label = self.leaving(inst, exit);
        self.asm.branch(codes(data.cc.negated()).0, label);
    }

    fn set(&mut self, data: &InstData, code: Code) {
        let reg = physical(data.dst.expect("a condition has a result"));
        self.asm.r(code, gpr8(reg));
        self.asm.rr(Code::Movzx_r32_rm8, gpr32(reg), gpr8(reg));
    }

    fn set_on_doubles(&mut self, data: &InstData) {
        let cc = self.compare_doubles(data);
        let reg = gpr8(physical(data.dst.expect("a condition has a result")));
        debug_assert!(!is_xmm(reg), "a truth value is in a general register");
        let (parity, combine) = match cc {
            Cc::Eq => (Code::Setnp_rm8, Some(Code::And_r8_rm8)),
            Cc::Ne => (Code::Setp_rm8, Some(Code::Or_r8_rm8)),
            _ => (Code::Setp_rm8, None),
        };
        if let Some(combine) = combine {
            self.asm.r(parity, Register::R11L);
            self.asm.r(codes(cc).1, reg);
            self.asm.rr(combine, reg, Register::R11L);
            let dst = physical(data.dst.expect("a condition has a result"));
            self.asm.rr(Code::Movzx_r32_rm8, gpr32(dst), gpr8(dst));
        } else {
            self.set(data, codes(cc).1);
        }
    }
}

const TEST_RR: [Code; 4] = [Code::Test_rm8_r8, Code::Test_rm16_r16, Code::Test_rm32_r32, Code::Test_rm64_r64];
const TEST_RI: [Code; 4] =
    [Code::Test_rm8_imm8, Code::Test_rm16_imm16, Code::Test_rm32_imm32, Code::Test_rm64_imm32];
const CMP_RR: [Code; 4] = [Code::Cmp_rm8_r8, Code::Cmp_rm16_r16, Code::Cmp_rm32_r32, Code::Cmp_rm64_r64];
const CMP_RI: [Code; 4] =
    [Code::Cmp_rm8_imm8, Code::Cmp_rm16_imm16, Code::Cmp_rm32_imm32, Code::Cmp_rm64_imm32];
const CMP_RM: [Code; 4] = [Code::Cmp_r8_rm8, Code::Cmp_r16_rm16, Code::Cmp_r32_rm32, Code::Cmp_r64_rm64];
