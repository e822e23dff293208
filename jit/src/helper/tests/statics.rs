//! Boxes, casts, fields and arithmetic of Static Python.

use bytecode::descr::{ClassDecl, FieldDecl};
use bytecode::{TypeCode, TypeDescr};
use runtime::objects::code::CodeObject;
use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::static_vector::StaticVector;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, float, int};
use runtime::static_class;
use runtime::type_object::TypeObject;
use runtime::value::{Py, Ref, Value};

use super::*;

#[test]
fn boxes_cover_every_value() {
    let _session = session();
    assert_eq!(help!(box_i64(Value::SMALL_MAX)), small(Value::SMALL_MAX));
    let boxed = |value: i64| repr(&own(help!(box_i64(value))));
    assert_eq!([boxed(i64::MIN), boxed(1 << 62)], ["-9223372036854775808", "4611686018427387904"]);
    assert_eq!(repr(&own(help!(box_u64(-1)))), "18446744073709551615");
    assert_eq!(repr(&own(help!(box_f64(-0.0)))), "-0.0");
}

#[test]
fn unboxing_checks_the_range() {
    let _session = session();
    let unbox = |value: Value, code: TypeCode| help!(unbox_int(value, code as i64));
    let big = int::from_u64(u64::MAX);
    assert_eq!(unbox(small(-128), TypeCode::Int8), -128);
    assert_eq!(unbox(small(255), TypeCode::UInt8), 255);
    assert_eq!(unbox(big.value(), TypeCode::UInt64), -1);
    no_error();
    for (value, code) in [(small(128), TypeCode::Int8), (small(-1), TypeCode::UInt64)] {
        unbox(value, code);
        assert_eq!(error(), "OverflowError: int overflow");
    }
    unbox(big.value(), TypeCode::Int64);
    assert_eq!(error(), "OverflowError: int overflow");
    unbox(objects::none(), TypeCode::Int64);
    assert_eq!(error(), "TypeError: expected 'int', got 'NoneType'");
    let half = float::new(0.5);
    assert_eq!((help!(unbox_f64(half.value())), help!(unbox_f64(small(2)))), (0.5, 2.0));
    no_error();
    help!(unbox_f64(objects::none()));
    assert_eq!(error(), "TypeError: must be real number, not NoneType");
}

#[test]
fn arithmetic_raises_as_the_interpreter_does() {
    let _session = session();
    assert_eq!((help!(double_floordiv(-7.0, 2.0)), help!(double_mod(-7.0, 2.0))), (-4.0, 1.0));
    assert_eq!((help!(double_pow(2.0, 0.5)), help!(float_pow(2.0, -1.0))), (2f64.sqrt(), 0.5));
    no_error();
    help!(double_floordiv(1.0, 0.0));
    assert_eq!(error(), "ZeroDivisionError: float floor division by zero");
    help!(double_mod(1.0, 0.0));
    assert_eq!(error(), "ZeroDivisionError: float modulo by zero");
    failed(help!(raise_zero_division(0)), "ZeroDivisionError: integer division or modulo by zero");
    failed(help!(raise_zero_division(1)), "ZeroDivisionError: float division by zero");
    failed(help!(raise_negative_shift()), "ValueError: negative shift count");
}

#[test]
fn trapping_arithmetic_raises_outside_of_the_type() {
    use bytecode::PrimitiveBinaryOp as P;
    let _session = session();
    let run = |op: P, code: TypeCode, a: i64, b: i64| help!(trapping_binary(op as i64, code as i64, a, b));
    assert_eq!(run(P::AddTrapping, TypeCode::Int8, 100, 27), 127);
    assert_eq!(run(P::SubtractTrapping, TypeCode::UInt64, -1, -2), 1);
    assert_eq!(run(P::MultiplyTrapping, TypeCode::Int64, i64::MIN, 1), i64::MIN);
    assert_eq!(run(P::LeftShiftTrapping, TypeCode::UInt64, 1, 63), i64::MIN);
    assert_eq!(run(P::LeftShiftTrapping, TypeCode::UInt64, 0, -1), 0);
    assert_eq!(run(P::DivideTrapping, TypeCode::Int16, -7, 2), -3);
    no_error();
    for (op, code, a, b, wanted) in [
        (P::AddTrapping, TypeCode::Int8, 127, 1, "OverflowError: int8 overflow"),
        (P::SubtractTrapping, TypeCode::UInt32, 0, 1, "OverflowError: uint32 overflow"),
        (P::MultiplyTrapping, TypeCode::UInt64, -1, 2, "OverflowError: uint64 overflow"),
        (P::DivideTrapping, TypeCode::Int64, i64::MIN, -1, "OverflowError: int64 overflow"),
        (P::DivideTrapping, TypeCode::Int64, 1, 0, "ZeroDivisionError: integer division or modulo by zero"),
        (P::LeftShiftTrapping, TypeCode::Int64, 1, 63, "OverflowError: int64 overflow"),
        (P::LeftShiftTrapping, TypeCode::Int64, 1, 1 << 40, "OverflowError: int64 overflow"),
        (P::LeftShiftTrapping, TypeCode::Int64, 1, -1, "ValueError: negative shift count"),
    ] {
        run(op, code, a, b);
        assert_eq!(error(), wanted);
    }
}

/// A code object that names these types.
fn code_with_types(types: &str) -> Py<CodeObject> {
    let text = format!(
        r#"code "f" qualname="f" file="m.py" line=1 flags=static args=0 posonly=0 kwonly=0 stack=1 {{
{types}  const None
     0: LOAD_CONST              0
     1: RETURN_VALUE
}}
"#
    );
    let code = bytecode::text::parse(&text).unwrap_or_else(|error| panic!("{error:?}"));
    CodeObject::of(code)
}

#[test]
fn casts_judge_by_the_class() {
    let _session = session();
    let code = code_with_types("  type int?\n  type str!\n");
    let (word, cast) = (text("word"), |value: Value, at: i64| help!(cast(value, code.value(), at)));
    // The second time the cache answers.
    for _ in 0..2 {
        assert_eq!(cast(small(1), 0), 0);
        assert_eq!(cast(objects::none(), 0), 0);
        assert_eq!(cast(word.value(), 1), 0);
    }
    assert!(cast(word.value(), 0) < 0);
    assert_eq!(error(), "TypeError: expected 'Optional[int]', got 'str'");
    assert!(cast(small(1), 1) < 0);
    assert_eq!(error(), "TypeError: expected exactly 'str', got 'int'");
    let is_instance = |value: Value, class: &TypeObject| help!(is_instance(value, class.value()));
    assert_eq!(is_instance(objects::bool(true), &int::INT), 1);
    assert_eq!(is_instance(small(1), &objects::bool::BOOL), 0);
    assert_eq!(count(&word), 1);
}

/// A class `P` with a float field `x` and an object field `y`.
fn static_class() -> Py<TypeObject> {
    let builtin = |name: &str| TypeDescr::Class {
        module: "builtins".to_owned(),
        name: name.to_owned(),
        exact: false,
        args: Vec::new(),
    };
    let field = |name: &str, ty: TypeDescr| FieldDecl { name: name.to_owned(), ty, has_default: false };
    let decl = ClassDecl {
        name: "P".to_owned(),
        is_final: false,
        fields: vec![field("x", builtin("float")), field("y", builtin("str"))],
        methods: Vec::new(),
    };
    let metatype = &objects::type_type::TYPE;
    let namespace = DictObject::new();
    namespace.set_text("__module__", StrObject::intern("m"));
    static_class::build(metatype, &decl, &TupleObject::empty(), &namespace)
        .unwrap_or_else(|_| panic!("{}", error()))
}

#[test]
fn float_fields_hold_doubles_and_boxes() {
    let _session = session();
    let class = static_class();
    let layout = class.static_layout().expect("a static class");
    let offset = |name: &str| layout.field(name).expect("declared above").offset as i64;
    let object = own(help!(tp_alloc(class.value())));
    failed(
        help!(raise_unset_field(object.value(), offset("y"))),
        "AttributeError: 'P' object has no attribute 'y'",
    );
    let read = || help!(get_attr(object.value(), name("x")));
    failed(read(), "AttributeError: 'P' object has no attribute 'x'");
    let big = int::from_u64(u64::MAX);
    let half = float::new(0.5);
    for value in [half.value(), small(3), big.value()] {
        help!(store_float_slot(object.value(), offset("x"), value));
        let found = own(read());
        assert_eq!(repr(&found), repr(&value.to_ref()));
    }
    assert_eq!((count(&half), count(&big)), (1, 2));
    help!(clear_float_slot(object.value(), offset("x")));
    assert_eq!(count(&big), 1);
    failed(read(), "AttributeError: 'P' object has no attribute 'x'");
}

/// Loads the module `__static__`, which stays.
fn load_static() {
    if runtime::sys_state::modules().get_text("__static__").is_none() {
        let module = stdlib::load("__static__").expect("a native module");
        drop(module.unwrap_or_else(|_| panic!("{}", error())));
    }
}

/// What has been made so far is meant to stay.
fn exempt_everything() {
    runtime::alloc::for_each_block(|block| {
        // SAFETY: occupied blocks are live objects.
        unsafe { (*block).set(runtime::header::flags::UNAUDITED) };
    });
}

#[test]
fn vectors_make_room_and_raise_when_they_are_empty() {
    let _session = session();
    let vector = StaticVector::new(TypeCode::Int64, 0).expect("there is memory");
    assert_eq!(help!(vector_grow(vector.value())), 0);
    assert!(vector.is_empty());
    failed(help!(raise_pop_error(vector.value())), "IndexError: pop from empty vector");
}

#[test]
fn checked_containers_and_arrays_come_from_descriptors() {
    let _session = session();
    load_static();
    let code = code_with_types(
        "  type __static__:CheckedList[int]\n  type __static__:CheckedDict[str, int]\n  type __static__:Array[#int64]\n",
    );
    let list: Ref = ListObject::from_values(&[small(1)]).into();
    let dict = DictObject::new();
    dict.set_text("a", Ref::small(1));
    // The classes live for ever.
    let first = own(help!(build_checked_list(code.value(), 0, list.value())));
    drop(own(help!(build_checked_map(code.value(), 1, dict.value()))));
    drop(first);
    exempt_everything();
    let checked = own(help!(build_checked_list(code.value(), 0, list.value())));
    assert_eq!((repr(&checked).as_str(), checked.ty().name()), ("[1]", "chklist[int]"));
    failed(help!(raise_index_error(checked.value(), 1)), "IndexError: list assignment index out of range");
    let map = own(help!(build_checked_map(code.value(), 1, dict.value())));
    assert_eq!(help!(set_item(map.value(), name("b"), small(2))), 0);
    assert_eq!(repr(&map), "{'a': 1, 'b': 2}");
    let array = own(help!(build_array(code.value(), 2, 2)));
    assert_eq!(help!(length(array.value())), 2);
    failed(help!(raise_index_error(array.value(), 0)), "IndexError: array index out of range");
    let negative = help!(build_array(code.value(), 2, -1));
    assert!(negative.is_null());
    assert_eq!(error(), "OverflowError: array size must not be negative");
}
