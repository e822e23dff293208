//! Printing and parsing are inverse.

use super::{parse, print};
use crate::verify::verify;

const SAMPLE: &str = "\
func @m.Point.norm func3 -> F64 phase=ssa {
  field0 = field class20.x +16 floatslot Float
  field1 = field class20.tags +24 word List
  fn0 = @m.scale func4(F64, Other{class20}) -> F64 slot 3
  fs0 = state func3 4 [v0, _] []
  fs1 = state func3 12 [v0, range(v2, v2, -1)] [raw v1] in fs0 handled
bb0(v0: Other{class20}):
  v1: F64 = load_float_slot #field0 v0 @fs0
  v2: I64{7} = const_int #7
  v3: F64 = const_float #-0.5
  v4: F64 = fadd v1, v3
  v5: CBool = fcmp .lt v4, v1
  branch v5, bb1(v4), bb2
bb1(v6: F64 owned):
  v7: F64 = call_virtual #fn0 v0, v6 @fs1
  poll @fs1
  return v7
bb2 cold:
  v8: Object = call_helper #get_item v0, v0 @fs1
  deopt @fs1
}
";

#[test]
fn printed_text_parses_to_itself() {
    let func = parse(SAMPLE).expect("the sample is well-formed");
    assert_eq!(verify(&func), Ok(()));
    assert_eq!(print(&func), SAMPLE);
}

#[test]
fn errors_are_located() {
    let error = parse("func @f func0 -> I64 phase=ssa {\nbb0:\n  v1: I64 = frobnicate\n}")
        .expect_err("no such operation");
    assert_eq!(error.to_string(), "3:12: unknown operation");
}

#[test]
fn numbers_are_bounded() {
    let text = "func @f func0 -> I64 phase=ssa {\nbb0:\n  return v4000000000\n}";
    assert!(parse(text).expect_err("the arena would be huge").message.contains("million"));
}
