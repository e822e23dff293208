//! The way from C into compiled code: a function with the C prototype of a typed signature.
//!
//! Primitive arguments are in the registers where C puts them already, and those on the stack are copied; what is above a narrow
//! integer is undefined in C, so it is extended. Apart from that the wrapper only brings the thread state into `r15`, marks the stretch of
//! compiled code on the frame chain (an activation: what was on top of the chain, and where the code below it called out), and
//! gives 0 if an exception is pending. It calls through the function's call slot, so that it stays right when the code is replaced.
//!
//! Cost: a dozen instructions, most of them stores.

use abi::layout::{activation, thread};
use iced_x86::{Code, MemoryOperand, Register};
use lir::ir::{ArgPlace, MachineEnv, PReg, RegClass, Size, Sym};

use crate::asm::Asm;
use crate::emit::regs::{gpr64, sized};
use crate::output::{CompiledCode, FrameInfo, Target};

/// A type of C that a primitive has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CType {
    /// An integer, or `bool`, which is unsigned.
    Int(Size, bool),
    /// `double`.
    Double,
}

impl CType {
    /// The register file of its values.
    pub const fn class(self) -> RegClass {
        match self {
            Self::Int(..) => RegClass::Gpr,
            Self::Double => RegClass::Xmm,
        }
    }

    /// Whether a C caller leaves bits of the argument's word undefined.
    pub fn is_narrow(self) -> bool {
        self.extension().is_some()
    }

    /// The instruction that extends the value, with the width of its target.
    const fn extension(self) -> Option<(Code, Size)> {
        match self {
            Self::Double | Self::Int(Size::B8, _) => None,
            Self::Int(Size::B1, true) => Some((Code::Movsx_r64_rm8, Size::B8)),
            Self::Int(Size::B1, false) => Some((Code::Movzx_r64_rm8, Size::B8)),
            Self::Int(Size::B2, true) => Some((Code::Movsx_r64_rm16, Size::B8)),
            Self::Int(Size::B2, false) => Some((Code::Movzx_r64_rm16, Size::B8)),
            Self::Int(Size::B4, true) => Some((Code::Movsxd_r64_rm32, Size::B8)),
            Self::Int(Size::B4, false) => Some((Code::Mov_r32_rm32, Size::B4)),
        }
    }
}

/// Makes the wrapper of a function whose typed entry takes and returns primitives.
pub fn emit_native(name: &str, slot: Sym, params: &[CType], ret: CType) -> CompiledCode {
    let places = MachineEnv::x86_64().arguments(params.iter().map(|param| param.class()));
    let words = i64::from(ArgPlace::stack_words(&places));
    let activation = (words + words % 2) * 8;
    let frame = activation + FRAME;
    let in_frame = |offset: usize| MemoryOperand::with_base_displ(Register::RSP, activation + offset as i64);
    let mut asm = Asm::default();
    asm.r(Code::Push_r64, Register::RBP);
    asm.rr(Code::Mov_r64_rm64, Register::RBP, Register::RSP);
    asm.r(Code::Push_r64, Register::R15);
    // Above are the return address and two words; with the activation and one word more the stack is aligned.
    asm.ri(Code::Sub_rm64_imm32, Register::RSP, frame);
    asm.address(Register::R15, Target::Thread);
    for &(field, of_thread) in SAVED {
        asm.rm(Code::Mov_r64_rm64, Register::RAX, in_thread(of_thread));
        asm.mr(Code::Mov_rm64_r64, in_frame(field), Register::RAX);
    }
    asm.rm(Code::Lea_r64_m, Register::RAX, in_frame(activation::TAG));
    asm.mr(Code::Mov_rm64_r64, in_thread(thread::ANCHOR), Register::RAX);
    for (&param, &place) in params.iter().zip(&places) {
        pass(&mut asm, param, place);
    }
    asm.transfer(true, Target::Sym(slot));
    // Moves leave the carry flag, which says that an exception is pending.
    for &(field, of_thread) in SAVED {
        asm.rm(Code::Mov_r64_rm64, Register::RCX, in_frame(field));
        asm.mr(Code::Mov_rm64_r64, in_thread(of_thread), Register::RCX);
    }
    let done = asm.new_label();
    asm.branch(Code::Jae_rel32_64, done);
    match ret.class() {
        RegClass::Gpr => asm.rr(Code::Xor_r32_rm32, Register::EAX, Register::EAX),
        RegClass::Xmm => asm.rr(Code::Xorps_xmm_xmmm128, Register::XMM0, Register::XMM0),
    }
    asm.bind(done);
    asm.ri(Code::Add_rm64_imm32, Register::RSP, frame);
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
        null_traps: Vec::new(),
        frame: FrameInfo::default(),
        return_offset: 0,
        fail_offset: 0,
    }
}

/// Brings an argument from where C has put it to where the callee wants it.
fn pass(asm: &mut Asm, param: CType, place: ArgPlace) {
    match place {
        ArgPlace::Reg(reg) => {
            if let (Some((extend, target)), CType::Int(size, _)) = (param.extension(), param) {
                asm.rr(extend, sized(reg, target), sized(reg, size));
            }
        }
        ArgPlace::Stack(word) => {
            let word = i64::from(word) * 8;
            // Above the frame pointer are the caller's and the return address.
            let arrived = MemoryOperand::with_base_displ(Register::RBP, 16 + word);
            let (load, target) = param.extension().unwrap_or((Code::Mov_r64_rm64, Size::B8));
            asm.rm(load, sized(RAX, target), arrived);
            asm.mr(Code::Mov_rm64_r64, MemoryOperand::with_base_displ(Register::RSP, word), gpr64(RAX));
        }
    }
}

const RAX: PReg = PReg::gpr(0);

/// Bytes between the arguments for the callee and the saved registers.
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

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::disasm::disassemble;

    #[test]
    fn the_chain_is_marked_and_restored() {
        let code =
            emit_native("f", Sym::Helper(abi::helper::HelperId::Poll), &[], CType::Int(Size::B8, true));
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

    #[test]
    fn arguments_on_the_stack_are_copied_and_narrow_ones_extended() {
        let poll = Sym::Helper(abi::helper::HelperId::Poll);
        let int = CType::Int(Size::B8, true);
        let narrow = [(Size::B1, true), (Size::B4, true), (Size::B4, false)].map(|(s, is)| CType::Int(s, is));
        let params = [&[int, int, int][..], &narrow, &narrow, &[int]].concat();
        let listing = disassemble(&emit_native("f", poll, &params, int));
        let (_, behind_chain) = listing.split_once("lea rax").expect("the chain is marked");
        let (copies, _) = behind_chain.split_once("mov rcx").expect("the chain is restored");
        assert_snapshot!(copies, @r#"
        , [rsp+21h]
          mov [r15+38h], rax
          movsx rcx, cl
          movsxd r8, r8d
          mov r9d, r9d
          movsx rax, byte ptr [rbp+10h]
          mov [rsp], rax
          movsxd rax, [rbp+18h]
          mov [rsp+8], rax
          mov eax, [rbp+20h]
          mov [rsp+10h], rax
          mov rax, [rbp+28h]
          mov [rsp+18h], rax
          call @helper:poll
        "#);
    }
}
