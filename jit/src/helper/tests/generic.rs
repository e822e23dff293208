//! Attributes, operators, calls, exceptions, reference counts.

use bytecode::{BinaryOp, CompareOp, Intrinsic};
use runtime::objects::code::CodeObject;
use runtime::objects::dict::DictObject;
use runtime::objects::function::FunctionObject;
use runtime::objects::list::ListObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, float};
use runtime::thread::breaker;
use runtime::value::{Py, Ref, Value};
use runtime::{builtins, error as errors, protocol, thread};

use super::*;

/// Adds its two arguments; the second is 5 if left out. The local `c` is free.
pub(super) const ADD: &str = r#"code "add" qualname="add" file="m.py" line=1 flags=optimized,newlocals args=2 posonly=0 kwonly=0 stack=2 {
  local "a" object
  local "b" object
  local "c" object free
     0: LOAD_FAST               0
     1: LOAD_FAST               1
     2: BINARY_OP               0
     3: RETURN_VALUE
}
"#;

pub(super) fn code(text: &str) -> Py<CodeObject> {
    let code = bytecode::text::parse(text).unwrap_or_else(|error| panic!("{error:?}"));
    CodeObject::of(code)
}

fn binary(op: BinaryOp) -> i64 {
    op as i64
}

#[test]
fn operators_are_quick_and_general() {
    let _session = session();
    let (half, word) = (float::new(0.5), text("ab"));
    assert_eq!(help!(binary_op(small(40), small(2), binary(BinaryOp::Add))), small(42));
    assert_eq!(help!(binary_op(small(7), small(-2), binary(BinaryOp::FloorDivide) + 256)), small(-4));
    let sum = own(help!(binary_op(half.value(), half.value(), binary(BinaryOp::Add))));
    assert_eq!((repr(&sum).as_str(), count(&half)), ("1.0", 1));
    let big = own(help!(binary_op(small(Value::SMALL_MAX), small(1), binary(BinaryOp::Add))));
    assert_eq!(repr(&big), "4611686018427387904");
    failed(
        help!(binary_op(word.value(), small(1), binary(BinaryOp::Subtract) + 256)),
        "TypeError: unsupported operand type(s) for -=: 'str' and 'int'",
    );
    assert_eq!(help!(unary_op(small(3), 0)), small(-3));
    assert_eq!(help!(unary_op(small(3), 1)), small(3));
    assert_eq!(help!(unary_op(small(3), 2)), small(-4));
    failed(help!(unary_op(word.value(), 2)), "TypeError: bad operand type for unary ~: 'str'");
    assert_eq!((count(&word), help!(length(word.value())), help!(length(small(1)))), (1, 2, -1));
    assert_eq!(error(), "TypeError: object of type 'int' has no len()");
}

#[test]
fn augmented_assignment_keeps_the_object() {
    let _session = session();
    let list: Ref = ListObject::from_values(&[small(1)]).into();
    let more: Ref = ListObject::from_values(&[small(2)]).into();
    let same = own(help!(binary_op(list.value(), more.value(), binary(BinaryOp::Add) + 256)));
    assert_eq!((same.value() == list.value(), count(&list)), (true, 2));
    let other = own(help!(binary_op(list.value(), more.value(), binary(BinaryOp::Add))));
    assert_eq!((repr(&list).as_str(), repr(&other).as_str()), ("[1, 2]", "[1, 2, 2]"));
}

#[test]
fn the_last_use_of_a_text_lets_it_grow() {
    let _session = session();
    let add = binary(BinaryOp::Add) + 256;
    let (long, more) = ("a".repeat(600), text("b"));
    let grown = own(help!(binary_op_last(text(&long).into_value(), more.value(), add)));
    assert_eq!((repr(&grown), count(&grown)), (format!("'{long}b'"), 1));
    let place = grown.value();
    let grown = own(help!(binary_op_last(grown.into_value(), more.value(), add)));
    assert!(grown.value() == place, "the block has room for more");
    let other = own(help!(binary_op_last(grown.clone().into_value(), more.value(), add)));
    assert_eq!((repr(&grown), count(&grown)), (format!("'{long}bb'"), 1));
    assert_eq!((repr(&other), count(&other)), (format!("'{long}bbb'"), 1));
    failed(
        help!(binary_op_last(other.value(), small(1), add)),
        "TypeError: can only concatenate str (not \"int\") to str",
    );
    assert_eq!(count(&other), 1, "a failure takes nothing");
    assert_eq!(help!(binary_op_last(small(40), small(2), binary(BinaryOp::Subtract))), small(38));
}

#[test]
fn comparison_identity_and_truth() {
    let _session = session();
    let holds = |a: &Ref, b: &Ref, op: CompareOp| {
        own(help!(compare(a.value(), b.value(), op as i64))).value() == objects::bool(true)
    };
    let numbers = [float::new(1.5), float::new(2.5), float::new(f64::NAN)];
    let words = [text("ab"), text("b"), text("ab")];
    assert!(holds(&numbers[0], &numbers[1], CompareOp::Less));
    assert!(holds(&numbers[2], &numbers[2], CompareOp::NotEqual));
    for op in [CompareOp::Equal, CompareOp::Less, CompareOp::LessEqual, CompareOp::GreaterEqual] {
        assert!(!holds(&numbers[2], &numbers[0], op));
    }
    assert!(holds(&words[0], &words[2], CompareOp::Equal) && holds(&words[0], &words[1], CompareOp::Less));
    assert!(holds(&Ref::small(3), &Ref::small(2), CompareOp::Greater));
    failed(
        help!(compare(words[0].value(), small(1), CompareOp::Less as i64)),
        "TypeError: '<' not supported between instances of 'str' and 'int'",
    );
    let same = |a: Value, b: Value| help!(is_same(a, b));
    assert_eq!((same(words[0].value(), words[0].value()), same(small(5), small(5))), (1, 1));
    assert_eq!((same(small(5), small(6)), same(words[0].value(), words[2].value())), (0, 0));
    assert_eq!((help!(is_true(words[0].value())), help!(is_true(objects::none()))), (1, 0));
    let pair: Ref = TupleObject::of([Ref::small(1), Ref::small(2)]).into();
    let contains = |item: Value| help!(contains(pair.value(), item));
    assert_eq!((contains(small(2)), contains(small(3)), help!(contains(small(2), small(1)))), (1, 0, -1));
    assert_eq!(error(), "TypeError: argument of type 'int' is not a container or iterable");
}

#[test]
fn globals_fall_back_to_builtins() {
    let _session = session();
    let (globals, value) = (DictObject::new(), text("value"));
    let (scope, outer) = (globals.value(), builtins::dict());
    assert_eq!(help!(store_global(scope, name("helper_x"), value.value())), 0);
    assert_eq!(count(&value), 2);
    let found = own(help!(load_global(scope, outer.value(), name("helper_x"))));
    assert_eq!((found.value() == value.value(), count(&value)), (true, 3));
    drop(own(help!(load_global(scope, outer.value(), name("len")))));
    assert_eq!(help!(delete_global(scope, name("helper_x"))), 0);
    assert!(help!(delete_global(scope, name("helper_x"))) < 0);
    assert_eq!(error(), "NameError: name 'helper_x' is not defined");
    failed(
        help!(load_global(scope, outer.value(), name("helper_x"))),
        "NameError: name 'helper_x' is not defined",
    );
}

#[test]
fn attributes_of_functions() {
    let _session = session();
    let (add, globals, value) = (code(ADD), DictObject::new(), text("value"));
    let function = own(help!(make_function(globals.value(), add.value())));
    let caches = add.value();
    assert_eq!(help!(store_attr(function.value(), name("note"), value.value(), caches, 0)), 0);
    assert_eq!((own(help!(get_attr(function.value(), name("note")))), count(&value)).1, 3);
    // The second time the cache answers.
    for _ in 0..2 {
        let found = own(help!(load_attr(function.value(), name("note"), caches, 1)));
        assert_eq!((found.value() == value.value(), count(&value)), (true, 3));
    }
    failed(
        help!(load_attr(function.value(), name("nothing"), caches, 2)),
        "AttributeError: 'function' object has no attribute 'nothing'",
    );
    assert_eq!(help!(del_attr(function.value(), name("note"))), 0);
    assert!(help!(del_attr(function.value(), name("note"))) < 0);
    assert_eq!(error(), "AttributeError: 'function' object has no attribute 'note'");
    assert_eq!(count(&value), 1);
    failed(help!(raise_unbound_local(add.value(), 0)), UNBOUND);
    failed(help!(raise_unbound_local(add.value(), 2)), UNBOUND_FREE);
}

const UNBOUND: &str =
    "UnboundLocalError: cannot access local variable 'a' where it is not associated with a value";
const UNBOUND_FREE: &str =
    "NameError: cannot access free variable 'c' where it is not associated with a value in enclosing scope";

#[test]
fn calls_borrow_their_arguments() {
    let _session = session();
    let (add, globals) = (code(ADD), DictObject::new());
    let function = own(help!(make_function(globals.value(), add.value())));
    let (a, b) = (text("left"), text("right"));
    let args = [a.value(), b.value()];
    let call = |args: &[Value]| help!(call(function.value(), given(args).as_ptr(), args.len()));
    assert_eq!(repr(&own(call(&args))), "'leftright'");
    assert_eq!((count(&a), count(&b)), (1, 1));
    failed(call(&args[..1]), "TypeError: add() missing 1 required positional argument: 'b'");
    // The defaults take the reference over.
    let defaults: Ref = TupleObject::of([b.clone()]).into();
    help!(set_function_attribute(function.value(), defaults.into_value(), 1));
    assert_eq!(repr(&own(call(&args[..1]))), "'leftright'");
    let object = function.get::<FunctionObject>().expect("a function");
    assert_eq!(object.defaults.get_ref().map(|defaults| count(&defaults)), Some(2));
    let names: Ref = TupleObject::from_values(&[name("a")]).into();
    let swapped = [b.value(), a.value()];
    failed(
        help!(call_keywords(function.value(), given(&swapped).as_ptr(), 2, names.value())),
        "TypeError: add() got multiple values for argument 'a'",
    );
    let names: Ref = TupleObject::from_values(&[name("b"), name("a")]).into();
    let result = own(help!(call_keywords(function.value(), given(&swapped).as_ptr(), 2, names.value())));
    assert_eq!(repr(&result), "'leftright'");
    let positional: Ref = TupleObject::from_values(&args[..1]).into();
    let keywords = DictObject::new();
    keywords.set_text("b", a.clone());
    let spread = |keywords: Value| {
        let parts = [function.value(), positional.value(), keywords];
        own(help!(call_ex(given(&parts).as_ptr(), 3)))
    };
    assert_eq!(repr(&spread(keywords.value())), "'leftleft'");
    assert_eq!(repr(&spread(Value::NULL)), "'leftright'");
    failed(help!(call(a.value(), args.as_ptr(), 0)), "TypeError: 'str' object is not callable");
}

#[test]
fn callables_can_be_given_away() {
    let _session = session();
    let (add, globals) = (code(ADD), DictObject::new());
    let function = own(help!(make_function(globals.value(), add.value())));
    let (a, b) = (text("left"), text("right"));
    let words = [function.value(), a.value(), b.value()];
    assert_eq!(repr(&own(help!(call_given(given(&words).as_ptr(), 3)))), "'leftright'");
    let names: Ref = TupleObject::from_values(&[name("b"), name("a")]).into();
    let result = own(help!(call_given_keywords(given(&words).as_ptr(), 3, names.value())));
    assert_eq!(repr(&result), "'rightleft'");
    assert_eq!((count(&function), count(&a), count(&b)), (1, 1, 1));
}

#[test]
fn a_missing_receiver_is_left_out() {
    let _session = session();
    let (add, globals) = (code(ADD), DictObject::new());
    let function = own(help!(make_function(globals.value(), add.value())));
    let (a, b) = (text("left"), text("right"));
    for receiver in [Some(a.value()), None] {
        let words = [receiver.unwrap_or(Value::NULL), b.value(), a.value()];
        let count = if receiver.is_some() { 2 } else { 3 };
        let result = own(help!(call_bound(function.value(), given(&words[..count]).as_ptr(), count)));
        assert_eq!(repr(&result), if receiver.is_some() { "'leftright'" } else { "'rightleft'" });
        let names: Ref = TupleObject::from_values(&[name(if count == 2 { "b" } else { "a" })]).into();
        let words = [words[0], b.value(), b.value()];
        let keywords = help!(call_bound_keywords(
            function.value(),
            given(&words[..count]).as_ptr(),
            count,
            names.value()
        ));
        match receiver {
            Some(_) => assert_eq!(repr(&own(keywords)), "'leftright'"),
            None => failed(keywords, "TypeError: add() got multiple values for argument 'a'"),
        }
    }
    assert_eq!((count(&a), count(&b)), (1, 1));
}

#[test]
fn methods_are_called_by_name() {
    let _session = session();
    let (list, item): (Ref, Ref) = (ListObject::empty().into(), text("item"));
    let args = [list.value(), item.value()];
    let (add, globals) = (code(ADD), DictObject::new());
    let caches = add.value();
    let result = own(help!(call_method(name("append"), caches, 0, given(&args[..2]).as_ptr(), 2)));
    assert!(objects::is_none(result.value()));
    assert_eq!((repr(&list).as_str(), count(&item), count(&list)), ("['item']", 2, 1));
    failed(
        help!(call_method(name("nothing"), caches, 1, given(&args[..2]).as_ptr(), 2)),
        "AttributeError: 'list' object has no attribute 'nothing'",
    );
    let names: Ref = TupleObject::from_values(&[name("object")]).into();
    failed(
        help!(call_method_keywords(name("append"), caches, 0, names.value(), given(&args[..2]).as_ptr(), 2)),
        "TypeError: list.append() takes no keyword arguments",
    );
    // A function in the instance dict comes bound, and is not given the receiver.
    let holder = own(help!(make_function(globals.value(), add.value())));
    let held = own(help!(make_function(globals.value(), add.value())));
    assert_eq!(help!(store_attr(holder.value(), name("plus"), held.value(), caches, 2)), 0);
    let args = [holder.value(), small(1), small(2)];
    for _ in 0..2 {
        assert_eq!(help!(call_method(name("plus"), caches, 3, given(&args[..3]).as_ptr(), 3)), small(3));
    }
}

#[test]
fn intrinsics_take_one_or_two_operands() {
    let _session = session();
    let list: Ref = ListObject::from_values(&[small(1), small(2)]).into();
    let tuple = own(help!(call_intrinsic_1(Intrinsic::ListToTuple as i64, list.value())));
    assert_eq!(repr(&tuple), "(1, 2)");
    let none = objects::none();
    let handled: Ref = ListObject::from_values(&[none]).into();
    let left = own(help!(call_intrinsic_2(Intrinsic::PrepareReraiseStar as i64, none, handled.value())));
    assert!(objects::is_none(left.value()));
}

#[test]
fn super_looks_behind_the_class() {
    let _session = session();
    let callable = objects::super_object::SUPER.value();
    let class = objects::bool::BOOL.value();
    let found = own(help!(get_super_attr(callable, class, objects::bool(true), name("bit_length"))));
    assert_eq!(help!(call(found.value(), NOTHING.as_ptr(), 0)), small(1));
    failed(
        help!(get_super_attr(callable, class, objects::bool(true), name("nothing"))),
        "AttributeError: 'super' object has no attribute 'nothing'",
    );
}

#[test]
fn raising_and_the_safe_point() {
    let _session = session();
    let (class, cause) = (errors::types::ValueError.value(), errors::types::KeyError.value());
    assert!(help!(raise(class, cause)).is_null());
    let raised = thread().fetch_raised().expect("an exception is set");
    let cause = protocol::get_attr_text(raised.value(), "__cause__").expect("every exception has one");
    assert_eq!((raised.ty().name(), cause.ty().name()), ("ValueError", "KeyError"));
    failed(help!(raise(small(1), Value::NULL)), "TypeError: exceptions must derive from BaseException");
    failed(help!(raise(Value::NULL, Value::NULL)), "RuntimeError: No active exception to reraise");
    assert_eq!(help!(poll()), 0);
    thread().request(breaker::GC);
    assert_eq!(help!(poll()), 0);
    runtime::signal::simulate(libc::SIGINT);
    assert!(help!(poll()) < 0);
    assert_eq!(error(), "KeyboardInterrupt");
}

#[test]
fn dealloc_releases_what_an_object_holds() {
    let _session = session();
    let item = text("item");
    let list: Ref = ListObject::from_values(&[item.value()]).into();
    let word = list.into_value();
    word.header().expect("an object").set_refcount(0);
    help!(dealloc(word));
    assert_eq!(count(&item), 1);
}
