//! Printing and parsing are inverse.

use super::{parse, print};

const SAMPLE: &str = "\
lir @m.f phase=virtual carry array=2 slots=0 {
  exit0 = deopt owned[%1] frame func0 12 [%1:word, _, #7:signed] [range(%2, #3, -1)] frame func1 4 [] []
  exit1 = raise owned[]
bb0(%0:g, %1:g, %6:x):
  %2:g = add.8 %0, #-3
  %3:g = load_s.4 [%2+%1*8-16]
  %4:g = sym @class3
  store.8 [array+8], %4
  %5:g = call @helper:get_attr (%1, %2) fails zero exit1
  guard_cmp.b.8 %3, [@cell2] exit0
  br_cmp.lt.8 %1, #10 -> bb1(%2), bb2
bb1(%7:g) depth=1:
  decref %1 tests 1
  %8:x = double #4607182418800017408
  ret (%8)
bb2 cold:
  %9:g = call_mem [%1+8] (%1, %6) fails carry exit1
  poll exit1
  trap
}
";

#[test]
fn printed_text_parses_to_itself() {
    let func = parse(SAMPLE).expect("the sample is well-formed");
    assert_eq!(print(&func), SAMPLE);
}

#[test]
fn allocated_text_parses_to_itself() {
    let text = "lir @f phase=allocated array=0 slots=2 {\nbb0:\n  [s0] = mov rax\n  xmm3 = mov [d1]\n  rax = load.8 [rbx+r12*4+8]\n  rax = mov [as0]\n  xmm3 = mov [ad1]\n  xchg rax, rcx\n  ret (rax)\n}\n";
    assert_eq!(print(&parse(text).expect("well-formed")), text);
}

#[test]
fn errors_are_located() {
    let error = parse("lir @f phase=virtual array=0 slots=0 {\nbb0:\n  %0:g = add.3 #1\n}")
        .expect_err("no such size");
    assert_eq!(error.to_string(), "3:15: a size is 1, 2, 4 or 8");
}
