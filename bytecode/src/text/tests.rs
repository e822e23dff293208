//! Round trips, and errors with their places.

use super::*;
use crate::verify::{needed_stack, stack_maps, verify};
use crate::{Opcode, Repr};

/// A static method that reads a field, and a loop with primitives and a handler.
pub(crate) const SAMPLE: &str = r#"code "<module>" qualname="<module>" file="m.py" line=1 flags=module_body args=0 posonly=0 kwonly=0 stack=2 {
  name "print"
  const code
  code "f" qualname="C.f" file="m.py" line=3 flags=optimized,newlocals,static,method args=1 posonly=0 kwonly=0 stack=2 {
    signature (m:C) -> int?
    local "self" object
    local "i" int64
    type int|str|m:D[int]!
    type None|=-1|=True|="r\n"|=<72>
    field m:C.x: int
    callee method m:C.g(m:C, #int64) -> #double
    callee named m:C.g(m:C, #int64, *, n: int, **object) -> #double given self, _, n=
    callee named m:D(int, int) -> m:D given -, _
    class C final { field x: int, field y: #double default, method g(m:C) -> None final, }
    const int -3
    const float bits 9221120237041090560
    const tuple (str "a\n", bytes <00ff>, slice (None, None, int 2))
    const wtf8 <eda080>
       0: CHECK_ARGS                    @3:4-3:9
       1: PRIMITIVE_LOAD_CONST    0     @4:0-4:1 ; int -3
       2: STORE_LOCAL             1     @4:0-4:1 ; i
       3: LOAD_FAST               0     @5:0-6:1 ; self
       4: LOAD_FIELD              0     ; m:C.x: int
       5: RETURN_VALUE
       6: RERAISE                 0
    handler 3..5 -> 6 depth 0
  }
     0: LOAD_CONST              0     ; code "C.f"
     1: RETURN_VALUE
}
"#;

#[test]
fn printed_text_reads_back() {
    let code = parse(SAMPLE).expect("the sample is well-formed");
    assert_eq!(print(&code), SAMPLE);
    assert_eq!(verify(&code), []);
    let inner = code.walk()[1];
    assert_eq!(needed_stack(inner), 1);
    assert_eq!(stack_maps(inner)[2], Some(vec![Repr::Int]));
}

#[test]
fn every_opcode_reads_back() {
    for &opcode in Opcode::ALL {
        let text = SAMPLE.replace("     1: RETURN_VALUE", &format!("     1: {} 0", opcode.name()));
        let parsed = parse(&text);
        let takes_operand = opcode.info().operand != crate::OperandKind::None;
        assert_eq!(parsed.is_ok(), takes_operand, "{}", opcode.name());
    }
}

/// The messages that the verifier gives for the sample with one line replaced.
fn broken(line: &str, replacement: &str) -> String {
    assert!(SAMPLE.contains(line));
    let code = parse(&SAMPLE.replace(line, replacement)).expect("still well-formed text");
    let messages: Vec<_> = verify(&code).iter().map(ToString::to_string).collect();
    messages.join("\n")
}

#[test]
fn each_invariant_is_checked() {
    assert_eq!(
        broken("3: LOAD_FAST               0", "3: LOAD_FAST               1"),
        "C.f at 3: LOAD_FAST has the bad operand 1"
    );
    assert_eq!(broken("3: LOAD_FAST               0", "3: NOP"), "C.f at 4: LOAD_FIELD: Underflow");
    assert_eq!(
        broken("4: LOAD_FIELD              0", "4: POP_JUMP_IF_ZERO 3"),
        "C.f at 4: POP_JUMP_IF_ZERO: Mismatch { expected: Int, found: Object }\n\
         C.f at 4: POP_JUMP_IF_ZERO: Mismatch { expected: Int, found: Object }"
    );
    assert_eq!(broken("6: RERAISE                 0", "6: NOP"), "C.f at 6: control runs off the end");
    assert_eq!(
        broken("handler 3..5 -> 6 depth 0", "handler 3..5 -> 6 depth 1"),
        "C.f at 3: handler wants 1 stack entries, there are 0"
    );
    assert_eq!(broken("5: RETURN_VALUE", "5: JUMP 3"), "C.f at 5: stacks differ at 3: [] and [Object]");
    assert_eq!(
        broken("1: PRIMITIVE_LOAD_CONST    0", "1: BINARY_OP_ADD_INT    0"),
        "C.f at 1: BINARY_OP_ADD_INT belongs to the interpreter"
    );
}

#[test]
fn bad_text_is_located() {
    let error = parse(&SAMPLE.replace("LOAD_FIELD", "LOAD_FEILD")).expect_err("no such opcode");
    assert_eq!(error.to_string(), "23:10: unknown opcode `LOAD_FEILD`");
}
