//! HIR text in, LIR text out.

use insta::assert_snapshot;

use super::lower;
use crate::ir::MachineEnv;
use crate::layout::Layout;
use crate::text::print;
use crate::verify::verify;

fn lowered(text: &str) -> String {
    let func = hir::text::parse(text).expect("the text is well-formed");
    assert_eq!(hir::verify(&func), Ok(()));
    let mut out =
        lower(&func, &Layout::default(), &MachineEnv::x86_64()).expect("everything here can be lowered");
    assert_eq!(verify(&out), Ok(()), "{}", print(&out));
    let text = print(&out);
    crate::regalloc::allocate(&mut out, &MachineEnv::x86_64());
    text
}

#[test]
fn a_comparison_becomes_part_of_its_branch() {
    let text = "func @f func0 -> I64 phase=counted {
bb0(v0: I64, v1: I64):
  v2: CBool = icmp .lt v0, v1
  branch v2, bb1, bb2
bb1:
  return v0
bb2:
  v3: I64{7} = const_int #7
  v4: I64 = iadd v3, v1
  return v4
}";
    assert_snapshot!(lowered(text), @r#"
    lir @f phase=virtual carry array=0 slots=0 {
    bb0(%0:g, %1:g):
      br_cmp.lt.8 %0, %1 -> bb1, bb2
    bb1:
      ret (%0)
    bb2:
      %2:g = add.8 %1, #7
      ret (%2)
    }
    "#);
}

#[test]
fn arguments_beyond_the_registers_are_stored() {
    let text = "func @f func0 -> Object phase=counted {
  fn0 = @m.g func7(I64, I64, I64, I64, I64, I64, I64, F64, I64) -> Object
  fs0 = state func0 5 [] []
bb0(v0: I64, v1: F64):
  v2: I64{7} = const_int #7
  v3: Object = call_static #fn0 v0, v0, v0, v0, v0, v0, v2, v1, v0 @fs0
  return v3
}";
    assert_snapshot!(lowered(text), @r#"
    lir @f phase=virtual array=2 slots=0 {
      exit0 = raise owned[] frame func0 5 [] []
    bb0(%0:g, %1:x):
      store.8 [array], #7
      store.8 [array+8], %0
      %2:g = call @func7 (%0, %0, %0, %0, %0, %0, %1) fails zero exit0
      ret (%2)
    }
    "#);
}

#[test]
fn field_access_and_virtual_call() {
    let text = "func @f func0 -> Object phase=counted {
  field0 = field class20.next +24 word Other{class20}
  field1 = field class20.x +16 raw I32
  fn0 = @m.C.g func7(Other{class20}, I32) -> Object slot 2
  fs0 = state func0 5 [] []
bb0(v0: Other{class20}):
  v1: Other|Null{class20} = load_field #field0 v0
  incref v1
  v2: Other{class20} = check_field #field0 v1, v0 @fs0 owned[v1]
  v3: I32 = load_field #field1 v2
  v4: Object = call_virtual #fn0 v2, v3 @fs0 owned[v1]
  decref v2
  return v4
}";
    assert_snapshot!(lowered(text), @r#"
    lir @f phase=virtual array=0 slots=0 {
      exit0 = raise owned[%1] frame func0 5 [] []
      exit1 = raise owned[%1] frame func0 5 [] []
    bb0(%0:g):
      %1:g = load.8 [%0+24]
      incref %1 tests 2
      br_cmp.ne.8 %1, #0 -> bb2, bb1
    bb2:
      %3:g = load_s.4 [%1+16]
      %4:g = load.8 [%1+8]
      %5:g = call_mem [%4+848] (%1, %3) fails zero exit1
      decref %1
      ret (%5)
    bb1 cold:
      %2:g = mov #24
      call @helper:raise_unset_field (%0, %2) fails zero exit0
      trap
    }
    "#);
}

#[test]
fn everything_numeric_can_be_lowered() {
    let text = "func @f func0 -> F64 phase=counted {
  fs0 = state func0 5 [raw v0] [v1]
bb0(v0: I64, v1: Object, v2: F64):
  v3: I64 = idiv v0, v0
  v4: I64 = floor_mod v0, v3
  v5: I64 = ishl v4, v0
  v6: I64 = ishr v5, v0
  v7: I8 = convert v6
  v8: I8 = iadd v7, v7
  v9: SmallInt = guard_type v1 @fs0
  v10: I64 = untag v9
  v11: I64 = add_checked v10, v0 @fs0
  v12: IntExact = box_int v11
  v13: U16 = unbox_int v12 @fs0 owned[v12]
  decref v12
  v14: F64 = int_to_float v13
  v15: F64 = fadd v14, v2
  v16: CBool = fcmp .lt v15, v2
  v17: Bool = box_bool v16
  v18: CBool = unbox_bool v17
  guard v18 @fs0
  v19: FloatExact = box_float v15
  v20: F64 = unbox_float v19
  decref v19
  return v20
}";
    let found = lowered(text);
    assert!(found.contains("sdiv") && found.contains("int_to_float"), "{found}");
}

#[test]
fn tagged_integers_are_compared_without_a_call() {
    let text = "func @f func0 -> I64 phase=counted {
  fs0 = state func0 5 [] []
bb0(v0: Object, v1: I64):
  v2: SmallInt{3} = const_int #3
  v3: I64{2} = const_int #2
  v4: Object = call_helper #compare v0, v2, v3 @fs0
  v5: I64 = call_helper #is_true v4 @fs0 owned[v4]
  decref v4
  return v5
}";
    assert_snapshot!(lowered(text), @r#"
    lir @f phase=virtual carry array=0 slots=0 {
      exit0 = raise owned[] frame func0 5 [] []
      exit1 = raise owned[%3] frame func0 5 [] []
    bb0(%0:g, %1:g):
      %2:g = mov #7
      br_test.ne.8 %0, #1 -> bb3, bb1
    bb3:
      %4:g = set_cmp.eq.8 %0, %2
      %5:g = sym @const1
      %6:g = sym @const2
      %7:g = select %4, %5, %6
      incref %7
      jump -> bb2(%7)
    bb2(%3:g):
      %12:g = sym @const1
      br_cmp.eq.8 %3, %12 -> bb6, bb7
    bb6:
      %13:g = mov #1
      jump -> bb5(%13)
    bb7:
      %14:g = sym @const2
      br_cmp.eq.8 %3, %14 -> bb8, bb9
    bb8:
      %15:g = mov #0
      jump -> bb5(%15)
    bb9:
      jump -> bb4
    bb5(%11:g):
      decref %3 tests 1
      ret (%11)
    bb1 cold:
      %8:g = mov #7
      %9:g = mov #2
      %10:g = call @helper:compare (%0, %8, %9) fails zero exit0
      jump -> bb2(%10)
    bb4 cold:
      %16:g = call @helper:is_true (%3) fails negative exit1
      jump -> bb5(%16)
    }
    "#);
}
