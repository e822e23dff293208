//! Objects through the protocol, as the interpreter uses them; every test checks for leaks at its end.

use runtime::objects::dict::DictObject;
use runtime::objects::int;
use runtime::objects::list::ListObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::testing::session;
use runtime::{BinaryOp, CompareOp, PyResult, Ref, Value, protocol, thread};

fn text(result: PyResult) -> String {
    match result {
        Ok(value) => protocol::repr_string(value.value()).unwrap_or_else(|_| error_text()),
        Err(_) => error_text(),
    }
}

fn error_text() -> String {
    let exception = thread().fetch_raised().expect("an exception is set");
    runtime::error::print::format_exception_only(exception.value()).trim_end().to_owned()
}

fn big(digits: &str) -> Ref {
    int::from_big(digits.parse().expect("digits"))
}

fn string(value: &str) -> Ref {
    StrObject::new(value).into()
}

fn builtin(name: &str) -> Ref {
    runtime::builtins::namespace().get_text(name).expect("a builtin")
}

fn call(name: &str, args: &[&Ref]) -> PyResult {
    let values: Vec<Value> = args.iter().map(|arg| arg.value()).collect();
    protocol::call(builtin(name).value(), &values, None)
}

fn method(object: &Ref, name: &str, args: &[&Ref]) -> PyResult {
    let values: Vec<Value> = args.iter().map(|arg| arg.value()).collect();
    protocol::call_method_text(object.value(), name, &values)
}

fn list(items: &[i64]) -> Ref {
    ListObject::new(items.iter().map(|&item| int::from_i64(item)).collect()).into()
}

#[test]
fn int_arithmetic_overflows_into_big_ints() {
    let _session = session();
    let most = int::from_i64(Value::SMALL_MAX);
    let one = int::from_i64(1);
    let sum = protocol::binary_op(BinaryOp::Add, most.value(), one.value()).expect("int");
    assert!(!sum.is_small());
    assert_eq!(text(Ok(sum.clone())), "4611686018427387904");
    let back = protocol::binary_op(BinaryOp::Subtract, sum.value(), one.value()).expect("int");
    assert_eq!(back.value(), most.value());
    assert_eq!(
        text(protocol::binary_op(BinaryOp::Power, int::from_i64(2).value(), int::from_i64(100).value())),
        "1267650600228229401496703205376"
    );
    assert_eq!(
        text(protocol::binary_op(
            BinaryOp::FloorDivide,
            big("-100000000000000000000").value(),
            int::from_i64(7).value()
        )),
        "-14285714285714285715"
    );
    assert_eq!(
        text(protocol::binary_op(
            BinaryOp::RightShift,
            big("-100000000000000000001").value(),
            int::from_i64(3).value()
        )),
        "-12500000000000000001"
    );
    assert_eq!(
        text(protocol::binary_op(
            BinaryOp::And,
            big("-100000000000000000001").value(),
            int::from_i64(255).value()
        )),
        "255"
    );
}

#[test]
fn operators_report_unsupported_types() {
    let _session = session();
    let (one, word) = (int::from_i64(1), string("x"));
    assert_eq!(
        text(protocol::binary_op(BinaryOp::Add, one.value(), word.value())),
        "TypeError: unsupported operand type(s) for +: 'int' and 'str'"
    );
    assert_eq!(
        text(protocol::binary_op(BinaryOp::Add, word.value(), one.value())),
        "TypeError: can only concatenate str (not \"int\") to str"
    );
    assert_eq!(
        text(protocol::compare(CompareOp::Less, one.value(), word.value())),
        "TypeError: '<' not supported between instances of 'int' and 'str'"
    );
    assert_eq!(
        text(protocol::binary_op(BinaryOp::Modulo, one.value(), int::from_i64(0).value())),
        "ZeroDivisionError: integer modulo by zero"
    );
    assert_eq!(
        text(protocol::get_attr_text(one.value(), "foo")),
        "AttributeError: 'int' object has no attribute 'foo'"
    );
}

#[test]
fn lists_follow_python() {
    let _session = session();
    let items = list(&[3, 1, 2]);
    method(&items, "sort", &[]).expect("sorts");
    assert_eq!(text(Ok(items.clone())), "[1, 2, 3]");
    method(&items, "append", &[&items]).expect("appends");
    assert_eq!(text(Ok(items.clone())), "[1, 2, 3, [...]]");
    assert_eq!(text(method(&items, "pop", &[&int::from_i64(9)])), "IndexError: pop index out of range");
    assert_eq!(
        text(method(&items, "append", &[])),
        "TypeError: list.append() takes exactly one argument (0 given)"
    );
    assert_eq!(
        text(protocol::get_item(items.value(), string("x").value())),
        "TypeError: list indices must be integers or slices, not str"
    );
    method(&items, "clear", &[]).expect("clears");
    assert_eq!(
        text(protocol::binary_op(BinaryOp::Multiply, list(&[1, 2]).value(), int::from_i64(2).value())),
        "[1, 2, 1, 2]"
    );
}

#[test]
fn cycles_are_collected() {
    let _session = session();
    for _ in 0..100 {
        let first = list(&[]);
        let second: Ref = TupleObject::of([first.clone()]).into();
        method(&first, "append", &[&second]).expect("appends");
    }
    assert!(runtime::gc::collect(2) >= 200);
}

#[test]
fn dicts_keep_order_and_find_equal_keys() {
    let _session = session();
    let dict = DictObject::new();
    for at in 0..1000 {
        dict.set(int::from_i64(at).value(), int::from_i64(at * at)).expect("hashable");
    }
    for at in (0..1000).step_by(2) {
        assert!(dict.remove(int::from_i64(at).value()).expect("hashable").is_some());
    }
    assert_eq!(dict.len(), 500);
    let found = dict.get(runtime::objects::float::new(501.0).value()).expect("hashable");
    assert_eq!(text(Ok(found.expect("501.0 == 501"))), "251001");
    dict.set(string("a").value(), int::from_i64(1)).expect("hashable");
    assert_eq!(dict.keys().last().map(|key| text(Ok(key.clone()))).as_deref(), Some("'a'"));
    assert_eq!(text(protocol::get_item(Value::from_object(&*dict), string("b").value())), "KeyError: 'b'");
    let unhashable = list(&[]);
    assert_eq!(
        text(protocol::get_item(Value::from_object(&*dict), unhashable.value())),
        "TypeError: unhashable type: 'list'"
    );
}

#[test]
fn builtins_are_callable() {
    let _session = session();
    assert_eq!(text(call("sum", &[&list(&[1, 2, 3])])), "6");
    assert_eq!(text(call("max", &[&list(&[1, 5, 3])])), "5");
    assert_eq!(text(call("sorted", &[&list(&[2, 1])])), "[1, 2]");
    assert_eq!(text(call("hex", &[&int::from_i64(-255)])), "'-0xff'");
    assert_eq!(text(call("len", &[&int::from_i64(3)])), "TypeError: object of type 'int' has no len()");
    assert_eq!(text(call("isinstance", &[&int::from_i64(3), &builtin("int")])), "True");
    assert_eq!(text(call("int", &[&string(" 42 ")])), "42");
    assert_eq!(text(call("int", &[&string("x")])), "ValueError: invalid literal for int() with base 10: 'x'");
    assert_eq!(
        text(call("list", &[&call("zip", &[&list(&[1, 2]), &list(&[3, 4])]).expect("zip")])),
        "[(1, 3), (2, 4)]"
    );
    assert_eq!(
        text(call(
            "list",
            &[&call("range", &[&int::from_i64(10), &int::from_i64(0), &int::from_i64(-3)]).expect("range")]
        )),
        "[10, 7, 4, 1]"
    );
    assert_eq!(text(call("round", &[&runtime::objects::float::new(2.675), &int::from_i64(2)])), "2.67");
    assert_eq!(text(call("chr", &[&int::from_i64(8364)])), "'€'");
    assert_eq!(text(call("type", &[&int::from_i64(1)])), "<class 'int'>");
    assert_eq!(text(call("divmod", &[&int::from_i64(-7), &int::from_i64(2)])), "(-4, 1)");
    assert_eq!(text(call("abs", &[&string("x")])), "TypeError: bad operand type for abs(): 'str'");
}

#[test]
fn strings_format_and_split() {
    let _session = session();
    let percent = |template: &str, args: Ref| {
        text(protocol::binary_op(BinaryOp::Modulo, string(template).value(), args.value()))
    };
    assert_eq!(
        percent(
            "%5d|%-5s|%05.1f|%x",
            TupleObject::of([
                int::from_i64(42),
                string("ab"),
                runtime::objects::float::new(3.0625),
                int::from_i64(255)
            ])
            .into()
        ),
        "'   42|ab   |003.1|ff'"
    );
    assert_eq!(percent("%d", string("x")), "TypeError: %d format: a real number is required, not str");
    let format = |value: Ref, spec: &str| text(protocol::format(value.value(), string(spec).value()));
    assert_eq!(format(int::from_i64(1_234_567), ","), "'1,234,567'");
    assert_eq!(format(int::from_i64(-255), "#010x"), "'-0x00000ff'");
    assert_eq!(format(runtime::objects::float::new(1234.5678), "010,.2f"), "'001,234.57'");
    assert_eq!(format(runtime::objects::float::new(0.000012345), "g"), "'1.2345e-05'");
    assert_eq!(format(runtime::objects::float::new(1e10), ".3"), "'1e+10'");
    assert_eq!(format(string("né"), "*^6"), "'**né**'");
    assert_eq!(text(method(&string("a,b,,c"), "split", &[&string(",")])), "['a', 'b', '', 'c']");
    assert_eq!(text(method(&string("  a b  c "), "split", &[])), "['a', 'b', 'c']");
    assert_eq!(
        text(method(
            &string("{0} {1!r} {2:>4}"),
            "format",
            &[&int::from_i64(1), &string("x"), &int::from_i64(7)]
        )),
        "\"1 'x'    7\""
    );
    assert_eq!(text(method(&string("Straße €"), "upper", &[])), "'STRASSE €'");
    assert_eq!(text(method(&string("banana"), "replace", &[&string("an"), &string("€")])), "'b€€a'");
    assert_eq!(text(Ok(string("tab\t'q' \u{1F600}"))), "\"tab\\t'q' 😀\"");
}

#[test]
fn classes_dispatch_special_methods() {
    let _session = session();
    let namespace = DictObject::new();
    // A native function as `__len__`: builtin functions do not bind, so it is called with no argument and fails with a TypeError.
    namespace.set_text("x", int::from_i64(5));
    let bases: Ref = TupleObject::of([builtin("list")]).into();
    let class = call("type", &[&string("Stack"), &bases, &Value::from_object(&*namespace).to_ref()])
        .expect("a class");
    assert_eq!(text(protocol::get_attr_text(class.value(), "x")), "5");
    let made = protocol::call(class.value(), &[list(&[1, 2]).value()], None).expect("an instance");
    assert_eq!(text(Ok(made.clone())), "[1, 2]");
    protocol::set_attr(made.value(), StrObject::intern("y").value(), int::from_i64(7).value())
        .expect("has a dict");
    assert_eq!(text(protocol::get_attr_text(made.value(), "y")), "7");
    assert_eq!(text(protocol::get_attr_text(made.value(), "__dict__")), "{'y': 7}");
    assert_eq!(protocol::len(made.value()).expect("a list"), 2);
    assert_eq!(text(call("isinstance", &[&made, &builtin("list")])), "True");
    let mro = protocol::get_attr_text(class.value(), "__mro__");
    assert_eq!(text(mro), "(<class 'Stack'>, <class 'list'>, <class 'object'>)");
    assert_eq!(
        text(call(
            "type",
            &[
                &string("Bad"),
                &TupleObject::of([builtin("int"), builtin("list")]).into(),
                &Value::from_object(&*DictObject::new()).to_ref()
            ]
        )),
        "TypeError: multiple bases have instance lay-out conflict"
    );
}

#[test]
fn exceptions_chain_and_print() {
    let _session = session();
    let raised = runtime::raise!(ValueError, "inner");
    let inner = thread().take_raised(raised);
    let raised = runtime::error::raise_statement(builtin("KeyError").value(), Some(inner.value()));
    let outer = thread().take_raised(raised);
    let report = runtime::error::print::format_exception(outer.value());
    assert_eq!(
        report,
        "ValueError: inner\n\nThe above exception was the direct cause of the following exception:\n\nKeyError\n"
    );
    let error =
        call("OSError", &[&int::from_i64(2), &string("gone"), &string("f.txt")]).expect("an exception");
    assert_eq!(
        runtime::error::print::format_exception(error.value()),
        "FileNotFoundError: [Errno 2] gone: 'f.txt'\n"
    );
}

#[test]
fn long_chains_are_freed_without_recursion() {
    let _session = session();
    let mut chain: Ref = TupleObject::empty().into();
    for _ in 0..200_000 {
        chain = TupleObject::of([chain]).into();
    }
    drop(chain);
}

#[test]
fn deep_recursion_is_an_error() {
    let _session = session();
    let mut chain: Ref = list(&[]);
    for _ in 0..200_000 {
        chain = ListObject::new(vec![chain]).into();
    }
    let shown = protocol::repr(chain.value()).map(drop);
    assert!(shown.is_err());
    assert_eq!(
        error_text(),
        "RecursionError: maximum recursion depth exceeded while getting the repr of an object"
    );
}

#[test]
fn sets_hash_and_compare() {
    let _session = session();
    let set = call("set", &[&list(&[3, 1, 3])]).expect("a set");
    assert_eq!(protocol::len(set.value()).expect("sized"), 2);
    let frozen = call("frozenset", &[&list(&[1, 3])]).expect("a frozenset");
    assert_eq!(text(protocol::compare(CompareOp::Equal, set.value(), frozen.value())), "True");
    assert_eq!(text(protocol::binary_op(BinaryOp::Subtract, set.value(), frozen.value())), "set()");
    assert!(protocol::hash(frozen.value()).is_ok());
    assert_eq!(text(call("hash", &[&set])), "TypeError: unhashable type: 'set'");
}
