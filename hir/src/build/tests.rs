//! Bytecode text in, HIR text out.

use base::entity::EntityId;
use bytecode::{FieldDescr, FunctionDescr, text};
use insta::assert_snapshot;

use super::build;
use crate::env::{
    CalleePlace, CellId, ClassFacts, ClassId, CompileEnv, ConstId, FieldKind, FieldPlace, FuncId, StandIn,
};
use crate::ir::Type;
use crate::ir::types::Spec;
use crate::text::print;
use crate::verify::verify;

/// One class `m:C` with id 20, whose field `x` is a raw int64 and whose field `f` is a float slot.
pub(crate) struct TestEnv;

impl CompileEnv for TestEnv {
    fn class(&self, _: &str, name: &str, _: &[bytecode::TypeDescr]) -> Option<ClassId> {
        (name == "C").then(|| ClassId::from_index(20))
    }
    fn class_facts(&self, class: ClassId) -> ClassFacts {
        ClassFacts {
            name: "C".to_owned(),
            instance: Type::instance_of(class),
            exact: Type::OTHER.with_spec(Spec::ExactClass(class)),
            is_final: false,
            depth: Some(1),
            inline_alloc: None,
        }
    }
    fn is_subclass(&self, sub: ClassId, class: ClassId) -> bool {
        sub == class
    }
    fn field(&self, descr: &FieldDescr) -> Option<FieldPlace> {
        let (offset, kind) = match descr.name.as_str() {
            "x" => (16, FieldKind::Raw),
            "f" => (24, FieldKind::FloatSlot),
            _ => (32, FieldKind::Word),
        };
        Some(FieldPlace {
            class: ClassId::from_index(20),
            offset,
            kind,
            stand_in: StandIn::Never,
            stores_ask: false,
            may_ask: false,
            reads_ask: false,
        })
    }
    fn callee(&self, _: &FunctionDescr, is_virtual: bool) -> Option<CalleePlace> {
        let slot = is_virtual.then_some(3);
        Some(CalleePlace { func: FuncId::from_index(7), slot })
    }
    fn needs_frame(&self, _: FuncId) -> bool {
        false
    }
    fn constant(&self, _: FuncId, index: u32) -> ConstId {
        ConstId::from_index(100 + index as usize)
    }
    fn name(&self, _: FuncId, index: u32) -> ConstId {
        ConstId::from_index(200 + index as usize)
    }
    fn global_cell(&self, _: FuncId, _: u32) -> Option<CellId> {
        None
    }
    fn namespaces(&self, _: FuncId) -> (ConstId, ConstId) {
        (ConstId::from_index(10), ConstId::from_index(11))
    }
    fn seen(&self, _: FuncId, _: u32) -> Option<crate::env::Seen> {
        None
    }
    fn guesses(&self, _: FuncId) -> bool {
        false
    }
    fn shows_static(&self) -> bool {
        false
    }
    fn closure_cell(&self, _: FuncId, _: u32) -> Option<ConstId> {
        None
    }
    fn code_object(&self, _: FuncId) -> ConstId {
        ConstId::from_index(12)
    }
}

/// Builds a function whose body is given between header and closing brace.
pub(crate) fn built(args: usize, body: &str) -> crate::ir::Function {
    let header = format!(
        "code \"f\" qualname=\"f\" file=\"m.py\" line=1 flags=optimized,newlocals args={args} posonly=0 kwonly=0 stack=9 {{"
    );
    let code =
        text::parse(&format!("{header}\n{body}\n}}\n")).unwrap_or_else(|error| panic!("{error}\n{body}"));
    assert_eq!(bytecode::verify::verify(&code), []);
    let func = build(&code, FuncId::from_index(0), &TestEnv, super::Start::Call)
        .expect("every opcode here is translated");
    assert_eq!(verify(&func), Ok(()), "{}", print(&func));
    func
}

/// A loop over primitives.
pub(crate) const INT64_LOOP: &str = "signature (#int64) -> #int64
local \"n\" int64
local \"i\" int64
local \"s\" int64
const int 0
const int 1
0: CHECK_ARGS
1: PRIMITIVE_LOAD_CONST 0
2: STORE_LOCAL 1
3: PRIMITIVE_LOAD_CONST 0
4: STORE_LOCAL 2
5: LOAD_LOCAL 1
6: LOAD_LOCAL 0
7: PRIMITIVE_COMPARE_OP 2
8: POP_JUMP_IF_ZERO 19
9: LOAD_LOCAL 2
10: LOAD_LOCAL 1
11: PRIMITIVE_BINARY_OP 28672
12: STORE_LOCAL 2
13: LOAD_LOCAL 1
14: PRIMITIVE_LOAD_CONST 1
15: PRIMITIVE_BINARY_OP 28672
16: STORE_LOCAL 1
17: JUMP_BACKWARD 5
18: NOP
19: LOAD_LOCAL 2
20: RETURN_PRIMITIVE 7";

#[test]
fn cells_are_loaded_from_the_closure() {
    let body = "local \"x\" object
local \"k\" object free
0: COPY_FREE_VARS 1
1: LOAD_DEREF 1
2: RETURN_VALUE";
    assert_snapshot!(print(&built(1, body)), @r#"
    func @f func0 -> Object phase=ssa shown {
      fs0 = state func0 1 [kept v2, v6] []
    bb0(v0: Object, v1: TupleExact):
      v4: Null = null
      jump bb1(v0, v4)
    bb1(v2: Word, v3: Word):
      v5: I64{0} = const_int #0
      v6: Cell = tuple_item v1, v5
      v7: Word = load_cell v6
      v8: Code{const12} = const_object #const12
      v9: I64{1} = const_int #1
      v10: CBool = is_null v7
      branch v10, bb2, bb3
    bb2 cold:
      v11: Object = call_helper #raise_unbound_local v8, v9 @fs0
      unreachable
    bb3:
      v12: Object = refine v7
      return v12
    }
    "#);
}

#[test]
fn a_primitive_loop() {
    assert_snapshot!(print(&built(1, INT64_LOOP)), @r#"
    func @f func0 -> I64 phase=ssa shown {
      fs0 = state func0 17 [raw v9, raw v14, raw v12] []
    bb0(v0: I64):
      jump bb1(v0)
    bb1(v1: I64):
      v2: I64{0} = const_int #0
      v3: I64{0} = const_int #0
      jump bb2(v1, v2, v3)
    bb2(v4: I64, v5: I64, v6: I64):
      v7: CBool = icmp .lt v5, v4
      branch v7, bb4(v4, v5, v6), bb3(v6)
    bb3(v8: I64):
      return v8
    bb4(v9: I64, v10: I64, v11: I64):
      v12: I64 = iadd v11, v10
      v13: I64{1} = const_int #1
      v14: I64 = iadd v10, v13
      poll @fs0
      jump bb2(v9, v14, v12)
    }
    "#);
}
