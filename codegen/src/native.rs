//! The way from C into compiled code: a function with the C prototype of a typed signature.
//!
//! Primitive arguments are where C puts them already, so the wrapper only brings the thread state into `r15`, marks the stretch of
//! compiled code on the frame chain (an activation: what was on top of the chain, and where the code below it called out), and
//! gives 0 if an exception is pending. It calls through the function's call slot, so that it stays right when the code is replaced.
//!
//! Cost: a dozen instructions, most of them stores.

use abi::layout::{activation, thread};
use iced_x86::{Code, MemoryOperand, Register};
use lir::ir::{RegClass, Sym};

use crate::asm::Asm;
use crate::output::{CompiledCode, FrameInfo, Target};

/// Makes the wrapper of a function whose typed entry takes and returns primitives.
pub fn emit_native(name: &str, slot: Sym, ret: RegClass) -> CompiledCode {
    let mut asm = Asm::default();
    asm.r(Code::Push_r64, Register::RBP);
    asm.rr(Code::Mov_r64_rm64, Register::RBP, Register::RSP);
    asm.r(Code::Push_r64, Register::R15);
    // Above are the return address and two words; with the activation and one word more the stack is aligned.
    asm.ri(Code::Sub_rm64_imm8, Register::RSP, FRAME);
    asm.address(Register::R15, Target::Thread);
    for &(field, of_thread) in SAVED {
        asm.rm(Code::Mov_r64_rm64, Register::RAX, in_thread(of_thread));
        asm.mr(Code::Mov_rm64_r64, in_frame(field), Register::RAX);
    }
    let tagged = MemoryOperand::with_base_displ(Register::RSP, activation::TAG as i64);
    asm.rm(Code::Lea_r64_m, Register::RAX, tagged);
    asm.mr(Code::Mov_rm64_r64, in_thread(thread::ANCHOR), Register::RAX);
    asm.transfer(true, Target::Sym(slot));
    // Moves leave the carry flag, which says that an exception is pending.
    for &(field, of_thread) in SAVED {
        asm.rm(Code::Mov_r64_rm64, Register::RCX, in_frame(field));
        asm.mr(Code::Mov_rm64_r64, in_thread(of_thread), Register::RCX);
    }
    let done = asm.new_label();
    asm.branch(Code::Jae_rel32_64, done);
    match ret {
        RegClass::Gpr => asm.rr(Code::Xor_r32_rm32, Register::EAX, Register::EAX),
        RegClass::Xmm => asm.rr(Code::Xorps_xmm_xmmm128, Register::XMM0, Register::XMM0),
    }
    asm.bind(done);
    asm.ri(Code::Add_rm64_imm8, Register::RSP, FRAME);
    asm.r(Code::Pop_r64, Register::R15);
    asm.r(Code::Pop_r64, Register::RBP);
    asm.op0(Code::Retnq);
    let encoded = asm.finish();
    CompiledCode {
        name: name.to_owned(),
        cold_offset: encoded.bytes.len() as u32,
        bytes: encoded.bytes,
        relocs: encoded.relocs,
        call_sites: Vec::new(),
        exits: Vec::new(),
        frame: FrameInfo::default(),
        return_offset: 0,
        fail_offset: 0,
    }
}

/// Bytes below the saved registers.
const FRAME: i64 = 40;

/// Words of the activation with the words of the thread state that they keep.
const SAVED: &[(usize, usize)] = &[
    (activation::PREVIOUS, thread::ANCHOR),
    (activation::OUTER_SP, thread::NATIVE_SP),
    (activation::OUTER_FP, thread::NATIVE_FP),
];

fn in_thread(offset: usize) -> MemoryOperand {
    MemoryOperand::with_base_displ(Register::R15, offset as i64)
}

fn in_frame(offset: usize) -> MemoryOperand {
    MemoryOperand::with_base_displ(Register::RSP, offset as i64)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::disasm::disassemble;

    #[test]
    fn the_chain_is_marked_and_restored() {
        let code = emit_native("f", Sym::Helper(abi::helper::HelperId::Poll), RegClass::Gpr);
        assert_snapshot!(disassemble(&code), @r#"
    f:
      push rbp
      mov rbp, rsp
      push r15
      sub rsp, 28h
      mov r15, thread
      mov rax, [r15+38h]
      mov [rsp], rax
      mov rax, [r15+148h]
      mov [rsp+8], rax
      mov rax, [r15+150h]
      mov [rsp+10h], rax
      lea rax, [rsp+1]
      mov [r15+38h], rax
      call @helper:poll
      mov rcx, [rsp]
      mov [r15+38h], rcx
      mov rcx, [rsp+8]
      mov [r15+148h], rcx
      mov rcx, [rsp+10h]
      mov [r15+150h], rcx
      jae L0
      xor eax, eax
    L0:
      add rsp, 28h
      pop r15
      pop rbp
      ret
    "#);
    }
}
