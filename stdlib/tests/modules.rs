//! Native modules through their Python names.

use runtime::objects::list::ListObject;
use runtime::objects::str::StrObject;
use runtime::objects::{float, int};
use runtime::testing::session;
use runtime::{PyResult, Ref, Value, audit, protocol, thread};

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

fn module(name: &str) -> Ref {
    if let Some(known) = runtime::sys_state::modules().get_text(name) {
        return known;
    }
    let made =
        stdlib::load(name).expect("a native module").unwrap_or_else(|_| panic!("{name}: {}", error_text()));
    // What a module made for itself stays for ever.
    runtime::alloc::for_each_block(|block| {
        // SAFETY: occupied blocks are live objects.
        unsafe { (*block).set(runtime::header::flags::UNAUDITED) };
    });
    made
}

fn call(module_name: &str, name: &str, args: &[&Ref]) -> PyResult {
    let function = protocol::get_attr_text(module(module_name).value(), name)?;
    let values: Vec<Value> = args.iter().map(|arg| arg.value()).collect();
    protocol::call(function.value(), &values, None)
}

fn list(items: &[i64]) -> Ref {
    ListObject::new(items.iter().map(|&item| int::from_i64(item)).collect()).into()
}

fn collected(result: PyResult) -> String {
    text(
        result
            .and_then(|iterable| protocol::collect(iterable.value()))
            .map(|items| ListObject::new(items).into()),
    )
}

#[test]
fn every_module_loads() {
    let _session = session();
    for name in stdlib::names() {
        if name != "sys" && name != "builtins" {
            module(name);
        }
    }
    stdlib::sys::initialize(&stdlib::sys::Startup::default()).unwrap_or_else(|_| panic!("{}", error_text()));
    let version = protocol::get_attr_text(module("sys").value(), "version_info");
    assert_eq!(text(version), "sys.version_info(major=3, minor=14, micro=0, releaselevel='final', serial=0)");
    audit::exempt(module("sys").value());
    runtime::alloc::for_each_block(|block| {
        // SAFETY: occupied blocks are live objects.
        unsafe { (*block).set(runtime::header::flags::UNAUDITED) };
    });
}

#[test]
fn math_follows_python() {
    let _session = session();
    let number = |value: f64| float::new(value);
    assert_eq!(text(call("math", "sqrt", &[&number(2.0)])), "1.4142135623730951");
    assert_eq!(text(call("math", "sqrt", &[&number(-1.0)])), "ValueError: math domain error");
    assert_eq!(text(call("math", "exp", &[&number(1000.0)])), "OverflowError: math range error");
    assert_eq!(text(call("math", "floor", &[&number(-2.5)])), "-3");
    assert_eq!(text(call("math", "factorial", &[&int::from_i64(20)])), "2432902008176640000");
    assert_eq!(text(call("math", "comb", &[&int::from_i64(50), &int::from_i64(25)])), "126410606437752");
    assert_eq!(text(call("math", "gcd", &[&int::from_i64(12), &int::from_i64(-18)])), "6");
    assert_eq!(
        text(call(
            "math",
            "isqrt",
            &[&int::from_big("1000000000000000000000000000001".parse().expect("digits"))]
        )),
        "1000000000000000"
    );
    assert_eq!(
        text(call("math", "fsum", &[&ListObject::new((0..10).map(|_| number(0.1)).collect()).into()])),
        "1.0"
    );
    assert_eq!(
        text(call(
            "math",
            "log",
            &[&int::from_big(format!("1{}", "0".repeat(400)).parse().expect("digits"))]
        )),
        "921.0340371976182"
    );
    assert_eq!(text(call("math", "ldexp", &[&number(1.0), &int::from_i64(-1074)])), "5e-324");
    assert_eq!(text(call("math", "hypot", &[&number(3.0), &number(4.0)])), "5.0");
}

#[test]
fn itertools_combine() {
    let _session = session();
    assert_eq!(collected(call("itertools", "chain", &[&list(&[1]), &list(&[2, 3])])), "[1, 2, 3]");
    assert_eq!(
        collected(call(
            "itertools",
            "islice",
            &[
                &call("itertools", "count", &[]).expect("count"),
                &int::from_i64(2),
                &int::from_i64(8),
                &int::from_i64(3)
            ]
        )),
        "[2, 5]"
    );
    assert_eq!(
        collected(call("itertools", "permutations", &[&list(&[1, 2, 3]), &int::from_i64(2)])),
        "[(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)]"
    );
    assert_eq!(
        collected(call("itertools", "combinations", &[&list(&[1, 2, 3]), &int::from_i64(2)])),
        "[(1, 2), (1, 3), (2, 3)]"
    );
    assert_eq!(
        collected(call("itertools", "product", &[&list(&[1, 2]), &list(&[3, 4])])),
        "[(1, 3), (1, 4), (2, 3), (2, 4)]"
    );
    assert_eq!(collected(call("itertools", "accumulate", &[&list(&[1, 2, 3])])), "[1, 3, 6]");
    assert_eq!(collected(call("itertools", "pairwise", &[&list(&[1, 2, 3])])), "[(1, 2), (2, 3)]");
}

#[test]
fn static_containers_check_what_they_hold() {
    let _session = session();
    let get = |object: &Ref, key: &Ref| protocol::get_item(object.value(), key.value());
    let int_type = runtime::builtins::namespace().get_text("int").expect("int");
    let checked_list =
        protocol::get_attr_text(module("__static__").value(), "CheckedList").expect("exported");
    let of_int = get(&checked_list, &int_type).expect("a class");
    assert_eq!(text(Ok(of_int.clone())), "<class '__static__.chklist[int]'>");
    let made = protocol::call(of_int.value(), &[list(&[1, 2]).value()], None).expect("a list");
    assert_eq!(text(Ok(made.clone())), "[1, 2]");
    let bad = StrObject::new("x").into_ref();
    assert_eq!(
        text(protocol::call_method_text(made.value(), "append", &[bad.value()])),
        "TypeError: bad value 'str' for chklist[int]"
    );
    let array = protocol::get_attr_text(module("__static__").value(), "Array").expect("exported");
    let double = protocol::get_attr_text(module("__static__").value(), "double").expect("exported");
    let of_double = get(&array, &double).expect("a class");
    let made = protocol::call(of_double.value(), &[Value::small(3)], None).expect("an array");
    protocol::set_item(made.value(), Value::small(1), float::new(2.5).value()).expect("stores");
    assert_eq!(text(Ok(made.clone())), "Array[double]([0.0, 2.5, 0.0])");
    assert_eq!(
        text(protocol::get_item(made.value(), Value::small(3))),
        "IndexError: array index out of range"
    );
    runtime::alloc::for_each_block(|block| {
        // SAFETY: occupied blocks are live objects; the class and what hangs on it are immortal.
        unsafe { (*block).set(runtime::header::flags::UNAUDITED) };
    });
}

#[test]
fn partial_binds_arguments() {
    let _session = session();
    let max = runtime::builtins::namespace().get_text("max").expect("max");
    let bound = call("_functools", "partial", &[&max, &int::from_i64(5)]).expect("a partial");
    assert_eq!(text(protocol::call(bound.value(), &[Value::small(3)], None)), "5");
    let add = protocol::get_attr_text(module("_operator").value(), "add").expect("exported");
    assert_eq!(text(call("_functools", "reduce", &[&add, &list(&[1, 2, 3, 4])])), "10");
}
