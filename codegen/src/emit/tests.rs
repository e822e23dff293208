//! LIR text in, listing out.

use insta::assert_snapshot;
use lir::Layout;
use lir::ir::MachineEnv;
use lir::regalloc::allocate;
use lir::text::parse;

use super::emit;
use crate::disasm::disassemble;

fn listing(text: &str) -> String {
    let mut func = parse(text).expect("the text is well-formed");
    assert_eq!(lir::verify(&func), Ok(()));
    allocate(&mut func, &MachineEnv::x86_64());
    disassemble(&emit(&func, &Layout::default()))
}

#[test]
fn a_leaf_sum_is_three_instructions() {
    let text = "lir @add phase=virtual carry array=0 slots=0 {
bb0(%0:g, %1:g):
  %2:g = add.8 %0, %1
  ret (%2)
}";
    assert_snapshot!(listing(text), @r#"
    add:
      lea rax, [rdi+rsi]
      clc
      ret
    "#);
}

#[test]
fn a_leaf_reads_arguments_above_its_return_address() {
    let text = "lir @last phase=virtual carry array=0 slots=0 {
bb0(%0:g, %1:g, %2:g, %3:g, %4:g, %5:g, %6:g, %7:g):
  %8:g = sub.8 %6, %7
  ret (%8)
}";
    assert_snapshot!(listing(text), @r#"
    last:
      mov rax, [rsp+8]
      mov r10, [rsp+10h]
      sub rax, r10
      clc
      ret
    "#);
}

#[test]
fn a_caller_stores_arguments_where_its_stack_ends() {
    let text = "lir @f phase=virtual array=2 slots=0 {
  exit0 = raise owned[] frame func0 3 [] []
bb0(%0:g, %1:g, %2:g, %3:g, %4:g, %5:g, %6:g):
  store.8 [array], %6
  store.8 [array+8], #7
  %8:g = call @func1 (%0, %1, %2, %3, %4, %5) fails zero exit0
  %9:g = add.8 %8, %6
  ret (%9)
}";
    assert_snapshot!(listing(text), @r#"
    f:
      cmp rsp, [r15]
      jb L1
      push rbp
      mov rbp, rsp
      push rbx
      sub rsp, 18h
      mov rbx, [rbp+10h]
      mov [rsp], rbx
      mov qword ptr [rsp+8], 7
      call @func1
      test rax, rax
      je L0
      add rax, rbx
      add rsp, 18h
      pop rbx
      pop rbp
      ret
    cold:
    L0:
      call exit
    L1:
      jmp stackoverflow
      add rsp, 18h
      pop rbx
      pop rbp
      ret
      add rsp, 18h
      pop rbx
      pop rbp
      xor eax, eax
      ret
    "#);
}

#[test]
fn a_counting_loop_is_six_instructions() {
    let text = "lir @sum phase=virtual array=0 slots=0 {
  exit0 = raise owned[] frame func0 3 [] []
bb0(%0:g):
  %1:g = mov #0
  br_cmp.lt.8 %1, %0 -> bb1(%1, %1), bb3(%1)
bb1(%2:g, %3:g) depth=1:
  %4:g = mul.8 %2, %2
  %5:g = add.8 %3, %4
  %6:g = add.8 %2, #1
  poll exit0
  br_cmp.lt.8 %6, %0 -> bb1(%6, %5), bb3(%5)
bb3(%7:g):
  ret (%7)
}";
    assert_snapshot!(listing(text), @r#"
    sum:
      cmp rsp, [r15]
      jb L5
      push rbp
      mov rbp, rsp
      xor eax, eax
      cmp rax, rdi
      jge L2
      mov rcx, rax
    L0:
      mov rdx, rax
      imul rdx, rax
      add rcx, rdx
      add rax, 1
      cmp dword ptr [r15+8], 0
      jne L4
    L1:
      cmp rax, rdi
      jl L0
      mov rax, rcx
    L2:
      pop rbp
      ret
    cold:
    L3:
      call exit
    L4:
      call poll
      jae L1
      jmp L3
    L5:
      jmp stackoverflow
      pop rbp
      ret
      pop rbp
      xor eax, eax
      ret
    "#);
}

#[test]
fn calls_counts_and_exits() {
    let text = "lir @f phase=virtual array=0 slots=0 {
  exit0 = raise owned[%0] frame func0 3 [] []
  exit1 = deopt owned[] frame func0 3 [%0:word] [#3:word]
bb0(%0:g, %1:g):
  incref %0 tests 1
  %2:g = load.8 [%1+8]
  %3:g = call_mem [%2+264] (%1) fails zero exit0
  guard_test.8.eq %3, #1 exit1
  decref %0
  ret (%3)
}";
    assert_snapshot!(listing(&text.replace(".8.eq", ".eq.8")), @r#"
    f:
      cmp rsp, [r15]
      jb L5
      push rbp
      mov rbp, rsp
      push rbx
      sub rsp, 8
      mov rbx, rdi
      mov rdi, rsi
      test bl, 1
      jne L0
      inc dword ptr [rbx]
    L0:
      mov rax, [rdi+8]
      call qword ptr [rax+108h]
      test rax, rax
      je L2
      test al, 1
      jne L3
      dec dword ptr [rbx]
      je L4
    L1:
      add rsp, 8
      pop rbx
      pop rbp
      ret
    cold:
    L2:
      call exit
    L3:
      call exit
    L4:
      mov r11, rbx
      call dealloc
      jmp L1
    L5:
      jmp stackoverflow
      add rsp, 8
      pop rbx
      pop rbp
      ret
      add rsp, 8
      pop rbx
      pop rbp
      xor eax, eax
      ret
    "#);
}

#[test]
fn doubles_and_division() {
    let text = "lir @f phase=virtual array=0 slots=0 {
bb0(%0:x, %1:x, %2:g, %3:g):
  %4:x = double #4607182418800017408
  %5:x = fadd %0, %4
  %6:x = fneg %5
  %7:g = srem.8 %2, %3
  br_fcmp.lt %6, %1 -> bb1, bb2
bb1:
  ret (%6)
bb2 cold:
  %8:x = int_to_float %7
  ret (%8)
}";
    assert_snapshot!(listing(text), @r#"
    f:
      mov rax, rdi
      movsd xmm2, [=1.0]
      addsd xmm0, xmm2
      movsd xmm15, [=-0.0]
      xorps xmm0, xmm15
      cqo
      idiv rsi
      ucomisd xmm1, xmm0
      jbe L0
      ret
    cold:
    L0:
      xorps xmm0, xmm0
      cvtsi2sd xmm0, rdx
      ret
    "#);
}

#[test]
fn return_addresses_stand_behind_calls() {
    let text = "lir @f phase=virtual array=0 slots=0 {
  exit0 = raise owned[%0] frame func0 3 [] []
  exit1 = raise owned[] frame func0 4 [] []
bb0(%0:g):
  %1:g = call @helper:get_iter (%0) fails zero exit0
  decref %0
  poll exit1
  ret (%1)
}";
    let mut func = parse(text).expect("the text is well-formed");
    allocate(&mut func, &MachineEnv::x86_64());
    let code = emit(&func, &Layout::default());
    let mut ends = Vec::new();
    for inst in iced_x86::Decoder::new(64, &code.bytes, iced_x86::DecoderOptions::NONE).iter() {
        if inst.mnemonic() == iced_x86::Mnemonic::Call {
            ends.push(inst.next_ip() as u32);
        }
    }
    let mut known: Vec<u32> = code.call_sites.iter().map(|site| site.return_offset).collect();
    known.extend(code.exits.iter().map(|exit| exit.return_offset));
    known.sort_unstable();
    assert_eq!(known, ends, "every call is in a table, and nothing else is");
    assert_eq!(code.exits.len(), 2);
    assert_eq!(code.call_sites.iter().filter(|site| site.exit == Some(0)).count(), 1);
}
