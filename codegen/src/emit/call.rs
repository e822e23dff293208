//! Calls, and the operations that are calls only in rare cases: counting references and polling.

use iced_x86::{Code, MemoryOperand, Register};
use lir::ir::{Fails, InstData, Op, Src};

use super::regs::{gpr8, gpr64, physical, thread};
use super::{Cold, Emitter};
use crate::asm::Label;
use crate::output::Target;

/// Bits of `InstData::tests`.
const TAGGED: u8 = 1;
pub(super) const NULL: u8 = 2;

impl Emitter<'_> {
    pub(super) fn emit_call(&mut self, data: &InstData) {
        match data.op {
            Op::Incref | Op::Decref => self.count(data),
            Op::Poll => self.poll(data),
            _ => self.call(data),
        }
    }

    fn call(&mut self, data: &InstData) {
        if let Src::Mem(mem) = &data.srcs[0] {
            let operand = self.memory(mem);
            self.asm.m(Code::Call_rm64, operand);
        } else {
            let sym = data.sym.expect("a direct call names its target");
            self.asm.transfer(true, Target::Sym(sym));
        }
        self.calls.push((self.asm.position(), data.exit));
        let Some(exit) = data.exit else { return };
        let label = self.exit_label(exit);
        match data.fails {
            Fails::Never => {}
            Fails::Zero => {
                self.asm.rr(Code::Test_rm64_r64, Register::RAX, Register::RAX);
                self.asm.branch(Code::Je_rel32_64, label);
            }
            Fails::Negative => {
                self.asm.rr(Code::Test_rm64_r64, Register::RAX, Register::RAX);
                self.asm.branch(Code::Js_rel32_64, label);
            }
            Fails::Carry => self.asm.branch(Code::Jb_rel32_64, label),
            Fails::Pending => {
                self.asm.mi(Code::Cmp_rm64_imm8, thread(self.layout.pending_exception), 0);
                self.asm.branch(Code::Jne_rel32_64, label);
            }
        }
    }

    /// `inc dword [p]`, or `dec dword [p]; jz cold`, behind the tests that the operand's type makes necessary.
    fn count(&mut self, data: &InstData) {
        let Src::Reg(reg) = data.srcs[0] else { unreachable!("what is counted is in a register") };
        let reg = physical(reg);
        let done = self.asm.new_label();
        if data.tests & TAGGED != 0 {
            self.asm.ri(Code::Test_rm8_imm8, gpr8(reg), 1);
            self.asm.branch(Code::Jne_rel32_64, done);
        }
        if data.tests & NULL != 0 {
            self.asm.rr(Code::Test_rm64_r64, gpr64(reg), gpr64(reg));
            self.asm.branch(Code::Je_rel32_64, done);
        }
        let count = refcount(gpr64(reg), self.layout.refcount);
        if data.op == Op::Incref {
            self.asm.m(Code::Inc_rm32, count);
        } else {
            self.asm.m(Code::Dec_rm32, count);
            self.dealloc_if_zero(gpr64(reg), done);
        }
        self.asm.bind(done);
    }

    fn dealloc_if_zero(&mut self, reg: Register, back: Label) {
        let at = self.asm.new_label();
        self.asm.branch(Code::Je_rel32_64, at);
        self.cold.push(Cold::Dealloc { at, reg, back });
    }

    fn poll(&mut self, data: &InstData) {
        let (at, back) = (self.asm.new_label(), self.asm.new_label());
        let exit = self.exit_label(data.exit.expect("a poll has an exit"));
        self.asm.mi(Code::Cmp_rm32_imm8, thread(self.layout.eval_breaker), 0);
        self.asm.branch(Code::Jne_rel32_64, at);
        self.asm.bind(back);
        self.cold.push(Cold::Poll { at, exit, back });
    }
}

fn refcount(base: Register, disp: i32) -> MemoryOperand {
    MemoryOperand::new(base, Register::None, 1, i64::from(disp), u32::from(disp != 0), false, Register::None)
}
