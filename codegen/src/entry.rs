//! The way from Rust into compiled code: a small function per shape of signature.
//!
//! Compiled functions take arguments in registers and expect the thread state in `r15`, and signal failure by 0 or by carry. The
//! code made here is an ordinary C function
//!
//! ```text
//! fn(thread: *mut Thread, entry: *const u8, args: *const u64, result: *mut u64, closure: u64) -> u64
//! ```
//!
//! that puts the argument words into the registers and stack words of the convention, calls `entry`, and stores the result's 64
//! bits; it gives 1 if an exception is pending. A function that captures variables takes the tuple of its cells behind the other
//! arguments; it has a parameter of its own here, so that the arguments can stay where they are. The code holds no address, so one copy serves all functions of a shape.

use iced_x86::{Code, MemoryOperand, Register};
use lir::ir::{ArgPlace, MachineEnv, RegClass};

use crate::asm::Asm;
use crate::emit::regs::{gpr64, xmm};
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
    /// Whether the last argument is the closure.
    pub takes_closure: bool,
}

/// Registers that the C caller expects back, `rbp` apart.
const SAVED: [Register; 5] = [Register::RBX, Register::R12, Register::R13, Register::R14, Register::R15];

/// Makes the entry function for a shape.
pub fn emit_entry(shape: &Shape, env: &MachineEnv) -> CompiledCode {
    let places = env.arguments(shape.params.iter().copied());
    // Seven words are on the stack; an odd number more aligns it.
    let room = i64::from(ArgPlace::stack_words(&places) / 2 * 2 + 1) * 8;
    let mut asm = Asm::default();
    asm.r(Code::Push_r64, Register::RBP);
    asm.rr(Code::Mov_r64_rm64, Register::RBP, Register::RSP);
    SAVED.iter().for_each(|&reg| asm.r(Code::Push_r64, reg));
    asm.ri(Code::Sub_rm64_imm32, Register::RSP, room);
    asm.rr(Code::Mov_r64_rm64, Register::R15, Register::RDI);
    asm.rr(Code::Mov_r64_rm64, Register::RAX, Register::RSI);
    asm.rr(Code::Mov_r64_rm64, Register::R11, Register::RDX);
    asm.rr(Code::Mov_r64_rm64, Register::RBX, Register::RCX);
    let (words, closure) = places.split_at(places.len() - usize::from(shape.takes_closure));
    // It goes first, because an argument may take its register.
    for &place in closure {
        place_closure(&mut asm, place);
    }
    for (at, &place) in words.iter().enumerate() {
        load_argument(&mut asm, place, at);
    }
    asm.r(Code::Call_rm64, Register::RAX);
    store_result(&mut asm, shape);
    asm.ri(Code::Add_rm64_imm32, Register::RSP, room);
    SAVED.iter().rev().for_each(|&reg| asm.r(Code::Pop_r64, reg));
    asm.r(Code::Pop_r64, Register::RBP);
    asm.op0(Code::Retnq);
    let encoded = asm.finish();
    CompiledCode {
        name: "entry".to_owned(),
        cold_offset: encoded.bytes.len() as u32,
        bytes: encoded.bytes,
        relocs: Vec::new(),
        call_sites: Vec::new(),
        exits: Vec::new(),
        null_traps: Vec::new(),
        frame: FrameInfo::default(),
        return_offset: 0,
        fail_offset: 0,
    }
}

fn place_closure(asm: &mut Asm, place: ArgPlace) {
    match place {
        ArgPlace::Reg(reg) => asm.rr(Code::Mov_r64_rm64, gpr64(reg), Register::R8),
        ArgPlace::Stack(at) => {
            let target = MemoryOperand::with_base_displ(Register::RSP, i64::from(at) * 8);
            asm.mr(Code::Mov_rm64_r64, target, Register::R8);
        }
    }
}

fn load_argument(asm: &mut Asm, place: ArgPlace, at: usize) {
    let word = MemoryOperand::with_base_displ(Register::R11, at as i64 * 8);
    match place {
        ArgPlace::Reg(reg) if reg.class() == RegClass::Gpr => {
            asm.rm(Code::Mov_r64_rm64, gpr64(reg), word);
        }
        ArgPlace::Reg(reg) => asm.rm(Code::Movsd_xmm_xmmm64, xmm(reg), word),
        ArgPlace::Stack(at) => {
            let target = MemoryOperand::with_base_displ(Register::RSP, i64::from(at) * 8);
            asm.rm(Code::Mov_r64_rm64, Register::R10, word);
            asm.mr(Code::Mov_rm64_r64, target, Register::R10);
        }
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
            takes_closure: false,
        };
        let code = emit_entry(&shape, &MachineEnv::x86_64());
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
    fn the_closure_is_the_last_argument() {
        let shape = Shape {
            params: vec![RegClass::Gpr; 6],
            ret: RegClass::Gpr,
            fails_by_carry: false,
            takes_closure: true,
        };
        let listing = disassemble(&emit_entry(&shape, &MachineEnv::x86_64()));
        let (_, arguments) = listing.split_once("mov rbx, rcx").expect("the result's place is kept");
        let (arguments, _) = arguments.split_once("call").expect("the entry is called");
        assert_snapshot!(arguments, @r#"
        mov r9, r8
        mov rdi, [r11]
        mov rsi, [r11+8]
        mov rdx, [r11+10h]
        mov rcx, [r11+18h]
        mov r8, [r11+20h]
        "#);
    }

    #[test]
    fn arguments_beyond_the_registers_go_to_the_stack() {
        let shape = Shape {
            params: vec![RegClass::Gpr; 8],
            ret: RegClass::Gpr,
            fails_by_carry: false,
            takes_closure: false,
        };
        let listing = disassemble(&emit_entry(&shape, &MachineEnv::x86_64()));
        let (_, behind_registers) = listing.split_once("mov r9").expect("there is a sixth argument");
        assert_snapshot!(behind_registers, @r#"
        , [r11+28h]
          mov r10, [r11+30h]
          mov [rsp], r10
          mov r10, [r11+38h]
          mov [rsp+8], r10
          call rax
          test rax, rax
          sete cl
          mov [rbx], rax
          movzx eax, cl
          add rsp, 18h
          pop r15
          pop r14
          pop r13
          pop r12
          pop rbx
          pop rbp
          ret
        "#);
    }
}
