//! The way from Rust into compiled code: a small function per shape of signature.
//!
//! Compiled functions take arguments in registers and expect the thread state in `r15`, and signal failure by 0 or by carry. The
//! code made here is an ordinary C function
//!
//! ```text
//! fn(thread: *mut Thread, entry: *const u8, args: *const u64, result: *mut u64) -> u64   // 1 if an exception is pending
//! ```
//!
//! that loads the argument words into the registers of the convention, calls `entry`, and stores the result's 64 bits. It holds no
//! address, so one copy serves all functions of a shape.

use iced_x86::{Code, MemoryOperand, Register};
use lir::ir::{MachineEnv, PReg, RegClass};

use crate::asm::Asm;
use crate::output::{CompiledCode, FrameInfo};

/// How a compiled function of some signature is called.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Shape {
    /// File of each argument.
    pub params: Vec<RegClass>,
    /// File of the result.
    pub ret: RegClass,
    /// Whether failure is the carry flag, and not a result of 0.
    pub fails_by_carry: bool,
}

/// Registers that the C caller expects back, `rbp` apart.
const SAVED: [Register; 5] = [Register::RBX, Register::R12, Register::R13, Register::R14, Register::R15];

/// Makes the entry function for a shape; `None` if the arguments do not fit the registers.
pub fn emit_entry(shape: &Shape, env: &MachineEnv) -> Option<CompiledCode> {
    let regs = env.arguments(shape.params.iter().copied())?;
    let mut asm = Asm::default();
    asm.r(Code::Push_r64, Register::RBP);
    asm.rr(Code::Mov_r64_rm64, Register::RBP, Register::RSP);
    SAVED.iter().for_each(|&reg| asm.r(Code::Push_r64, reg));
    // Seven words are on the stack; an eighth aligns it.
    asm.ri(Code::Sub_rm64_imm8, Register::RSP, 8);
    asm.rr(Code::Mov_r64_rm64, Register::R15, Register::RDI);
    asm.rr(Code::Mov_r64_rm64, Register::RAX, Register::RSI);
    asm.rr(Code::Mov_r64_rm64, Register::R11, Register::RDX);
    asm.rr(Code::Mov_r64_rm64, Register::RBX, Register::RCX);
    for (at, &reg) in regs.iter().enumerate() {
        load_argument(&mut asm, reg, at);
    }
    asm.r(Code::Call_rm64, Register::RAX);
    store_result(&mut asm, shape);
    asm.ri(Code::Add_rm64_imm8, Register::RSP, 8);
    SAVED.iter().rev().for_each(|&reg| asm.r(Code::Pop_r64, reg));
    asm.r(Code::Pop_r64, Register::RBP);
    asm.op0(Code::Retnq);
    let encoded = asm.finish();
    Some(CompiledCode {
        name: "entry".to_owned(),
        cold_offset: encoded.bytes.len() as u32,
        bytes: encoded.bytes,
        relocs: Vec::new(),
        call_sites: Vec::new(),
        exits: Vec::new(),
        frame: FrameInfo::default(),
        return_offset: 0,
        fail_offset: 0,
    })
}

fn load_argument(asm: &mut Asm, reg: PReg, at: usize) {
    let word = MemoryOperand::with_base_displ(Register::R11, at as i64 * 8);
    let number = u32::from(reg.number());
    match reg.class() {
        RegClass::Gpr => asm.rm(Code::Mov_r64_rm64, Register::RAX + number, word),
        RegClass::Xmm => asm.rm(Code::Movsd_xmm_xmmm64, Register::XMM0 + number, word),
    }
}

/// The flag is read first, because storing does not change it but testing does.
fn store_result(asm: &mut Asm, shape: &Shape) {
    if !shape.fails_by_carry {
        asm.rr(Code::Test_rm64_r64, Register::RAX, Register::RAX);
    }
    asm.r(if shape.fails_by_carry { Code::Setb_rm8 } else { Code::Sete_rm8 }, Register::CL);
    let result = MemoryOperand::with_base(Register::RBX);
    match shape.ret {
        RegClass::Gpr => asm.mr(Code::Mov_rm64_r64, result, Register::RAX),
        RegClass::Xmm => asm.mr(Code::Movsd_xmmm64_xmm, result, Register::XMM0),
    }
    asm.rr(Code::Movzx_r32_rm8, Register::EAX, Register::CL);
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::disasm::disassemble;

    #[test]
    fn arguments_go_to_their_registers() {
        let shape = Shape {
            params: vec![RegClass::Gpr, RegClass::Xmm, RegClass::Gpr],
            ret: RegClass::Xmm,
            fails_by_carry: true,
        };
        let code = emit_entry(&shape, &MachineEnv::x86_64()).expect("three arguments fit");
        assert_snapshot!(disassemble(&code), @r#"
    entry:
      push rbp
      mov rbp, rsp
      push rbx
      push r12
      push r13
      push r14
      push r15
      sub rsp, 8
      mov r15, rdi
      mov rax, rsi
      mov r11, rdx
      mov rbx, rcx
      mov rdi, [r11]
      movsd xmm0, [r11+8]
      mov rsi, [r11+10h]
      call rax
      setb cl
      movsd [rbx], xmm0
      movzx eax, cl
      add rsp, 8
      pop r15
      pop r14
      pop r13
      pop r12
      pop rbx
      pop rbp
      ret
    "#);
    }

    #[test]
    fn too_many_arguments_are_refused() {
        let shape = Shape { params: vec![RegClass::Gpr; 7], ret: RegClass::Gpr, fails_by_carry: false };
        assert!(emit_entry(&shape, &MachineEnv::x86_64()).is_none());
    }
}
