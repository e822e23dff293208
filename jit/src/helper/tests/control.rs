//! Handlers, contexts, generators, patterns and namespaces.

use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::value::{Ref, Value};
use runtime::{builtins, error as errors, protocol};

use super::*;

/// An exception that has been raised and caught.
fn caught() -> Ref {
    let _raised = runtime::raise!(ValueError, "bad");
    thread().fetch_raised().expect("just raised")
}

#[test]
fn handlers_match_and_hand_on() {
    let _session = session();
    let (exception, class) = (caught(), errors::types::ValueError.value());
    let classes: Ref = TupleObject::of([errors::types::KeyError.value().to_ref(), class.to_ref()]).into();
    let matches = |class: Value| help!(matches_exception(exception.value(), class));
    assert_eq!((matches(class), matches(classes.value())), (1, 1));
    assert_eq!(matches(errors::types::KeyError.value()), 0);
    assert!(matches(small(1)) < 0);
    assert_eq!(error(), "TypeError: catching classes that do not inherit from BaseException is not allowed");
    failed(help!(reraise(exception.value())), "ValueError: bad");
    let before = help!(exchange_handled(exception.clone().into_value()));
    assert_eq!((before.is_null(), count(&exception)), (true, 2));
    let handled = own(help!(exchange_handled(before)));
    assert_eq!(handled.value(), exception.value());
}

#[test]
fn groups_are_split() {
    let _session = session();
    let (exception, class) = (caught(), errors::types::ValueError.value());
    let mut out = [Value::NULL; 2];
    assert_eq!(help!(matches_group(exception.value(), class, out.as_mut_ptr())), 0);
    let [rest, matched] = out.map(own);
    assert!(objects::is_none(rest.value()));
    let inner = protocol::get_attr_text(matched.value(), "exceptions").expect("a group");
    assert_eq!(repr(&inner), "(ValueError('bad'),)");
    // What is caught is being handled from here on.
    assert_eq!(own(help!(exchange_handled(Value::NULL))).value(), matched.value());
}

#[test]
fn contexts_need_their_methods() {
    let _session = session();
    let mut out = [Value::NULL; 2];
    assert!(help!(enter_context(small(1), out.as_mut_ptr())) < 0);
    assert_eq!(error(), "TypeError: 'int' object does not support the context manager protocol");
    assert!(help!(enter_async_context(small(1), out.as_mut_ptr())) < 0);
    assert!(error().starts_with("TypeError: 'int' object does not support the asynchronous context manager"));
    // `print` takes the three arguments of an exit; a list takes one.
    let exception = caught();
    let list = objects::list::LIST.value();
    failed(help!(call_exit(list, exception.value())), "TypeError: list expected at most 1 argument, got 3");
}

#[test]
fn sending_tells_yields_from_returns() {
    let _session = session();
    let item = text("item");
    let list: Ref = ListObject::from_values(&[item.value()]).into();
    let iterator = own(help!(get_iter(list.value())));
    let mut out = [Value::NULL];
    assert_eq!(help!(send(iterator.value(), objects::none(), out.as_mut_ptr())), 0);
    assert_eq!(own(out[0]).value(), item.value());
    assert_eq!(count(&item), 2);
    assert_eq!(help!(send(iterator.value(), objects::none(), out.as_mut_ptr())), 1);
    assert!(objects::is_none(own(out[0]).value()));
    assert!(help!(send(iterator.value(), small(1), out.as_mut_ptr())) < 0);
    assert_eq!(error(), "AttributeError: 'list_iterator' object has no attribute 'send'");
    let code = generic::code(generic::ADD);
    assert_eq!(own(help!(yield_from_iter(iterator.value(), code.value()))).value(), iterator.value());
    failed(help!(yield_from_iter(small(1), code.value())), "TypeError: 'int' object is not iterable");
}

/// Coroutines that return or first yield their argument.
const RETURNS: &str = r#"code "returns" qualname="returns" file="m.py" line=1 flags=optimized,newlocals,coroutine args=1 posonly=0 kwonly=0 stack=1 {
  local "a" object
     0: RETURN_GENERATOR
     1: LOAD_FAST               0
     2: RETURN_VALUE
}
"#;
const YIELDS: &str = r#"code "yields" qualname="yields" file="m.py" line=1 flags=optimized,newlocals,coroutine args=1 posonly=0 kwonly=0 stack=1 {
  local "a" object
     0: RETURN_GENERATOR
     1: LOAD_FAST               0
     2: YIELD_VALUE
     3: RETURN_VALUE
}
"#;

#[test]
fn awaited_calls_have_an_object_once_they_are_suspended() {
    let _session = session();
    let (code, globals, item) = (generic::code(generic::ADD), DictObject::new(), text("item"));
    let [returns, yields] = [RETURNS, YIELDS].map(|text| {
        let code = generic::code(text);
        own(help!(make_function(globals.value(), code.value())))
    });
    let mut words = [item.value(), Value::NULL];
    let await_call = |callable: &Ref, words: &mut [Value; 2]| {
        given(&words[..1]);
        help!(call_awaited(callable.value(), words.as_mut_ptr(), code.value(), 7, words.as_ptr(), 1))
    };
    assert_eq!(await_call(&returns, &mut words), 1);
    assert_eq!((objects::is_none(own(words[0]).value()), repr(&own(words[1])).as_str()), (true, "'item'"));
    words = [item.value(), Value::NULL];
    assert_eq!(await_call(&yields, &mut words), 0);
    let (coroutine, yielded) = (own(words[0]), own(words[1]));
    assert_eq!((coroutine.ty().name(), yielded.value()), ("coroutine", item.value()));
    drop((coroutine, yielded));
    assert_eq!(count(&item), 1);
    let list = objects::list::LIST.value().to_ref();
    words = [item.value(), Value::NULL];
    assert!(await_call(&list, &mut words) < 0);
    assert_eq!(error(), "TypeError: object list can't be used in 'await' expression");
    // Methods are looked up first; the number of the `SEND` is in the upper half.
    let args = [item.value(), Value::NULL];
    let out = args.as_ptr().cast_mut();
    let at = 7 << 32;
    given(&args[..1]);
    assert!(help!(call_method_awaited(name("upper"), out, code.value(), at, args.as_ptr(), 1)) < 0);
    assert_eq!(error(), "TypeError: object str can't be used in 'await' expression");
    given(&args[..1]);
    assert!(help!(call_method_awaited(name("nothing"), out, code.value(), at | 1, args.as_ptr(), 1)) < 0);
    assert_eq!(error(), "AttributeError: 'str' object has no attribute 'nothing'");
    assert_eq!(count(&item), 1);
}

#[test]
fn delegation_ends_with_the_value_of_stop_iteration() {
    let _session = session();
    let value = text("value");
    let stop = protocol::call_one(errors::types::StopIteration.value(), value.value()).expect("an exception");
    let found = own(help!(cleanup_throw(stop.value())));
    assert_eq!(found.value(), value.value());
    failed(help!(cleanup_throw(caught().value())), "ValueError: bad");
    let end = protocol::call(errors::types::StopAsyncIteration.value(), &[], None).expect("an exception");
    assert_eq!(help!(end_async_for(end.value())), 0);
    assert!(help!(end_async_for(caught().value())) < 0);
    assert_eq!(error(), "ValueError: bad");
    let iter = "TypeError: 'async for' requires an object with __aiter__ method, got int";
    failed(help!(get_async_iter(small(1))), iter);
    failed(
        help!(get_async_next(small(1))),
        "TypeError: 'async for' requires an iterator with __anext__ method, got int",
    );
    failed(help!(get_awaitable(small(1), 0)), "TypeError: object int can't be used in 'await' expression");
}

#[test]
fn patterns_ask_about_their_subject() {
    let _session = session();
    let (list, dict): (Ref, Ref) = (ListObject::empty().into(), DictObject::new().into());
    let kinds = |value: Value| (help!(match_sequence(value)), help!(match_mapping(value)));
    assert_eq!((kinds(list.value()), kinds(dict.value())), ((1, 0), (0, 1)));
    assert_eq!(kinds(text("abc").value()), (0, 0));
    assert_eq!(help!(dict_set(dict.value(), small(1), small(2))), 0);
    let keys = |keys: &[Value]| {
        let keys: Ref = TupleObject::from_values(keys).into();
        repr(&own(help!(match_keys(dict.value(), keys.value()))))
    };
    assert_eq!((keys(&[small(1)]), keys(&[small(1), small(3)])), ("(2,)".to_owned(), "None".to_owned()));
    let names: Ref = TupleObject::empty().into();
    let class = |class: Value, count: i64| help!(match_class(small(7), class, count, names.value()));
    assert_eq!(repr(&own(class(int::INT.value(), 1))), "(7,)");
    assert_eq!(repr(&own(class(objects::str::STR.value(), 1))), "None");
    failed(class(small(1), 0), "TypeError: called match pattern must be a class");
}

#[test]
fn names_may_come_from_mappings() {
    let _session = session();
    let (mapping, globals) = (DictObject::new(), DictObject::new());
    let (inner, outer) = (text("inner"), text("outer"));
    mapping.set_text("x", inner.clone());
    globals.set_text("x", outer.clone());
    globals.set_text("y", outer.clone());
    let (mapping, scope, standard) = (mapping.value(), globals.value(), builtins::dict());
    let found = |text: &str| help!(load_from_dict_or_globals(mapping, scope, standard.value(), name(text)));
    assert_eq!(own(found("x")).value(), inner.value());
    assert_eq!(own(found("y")).value(), outer.value());
    drop(own(found("len")));
    failed(found("zork"), "NameError: name 'zork' is not defined");
    // Local 2 of the code is the free variable `c`.
    let code = generic::code(generic::ADD);
    let cell = own(help!(make_cell(outer.value())));
    let deref = || help!(load_from_dict_or_deref(mapping, code.value(), 2, cell.value()));
    assert_eq!(own(deref()).value(), outer.value());
    assert_eq!(help!(dict_set(mapping, name("c"), inner.value())), 0);
    assert_eq!(own(deref()).value(), inner.value());
    assert!(own(help!(load_build_class(standard.value()))).value().is_object());
}

#[test]
fn stars_unpack_the_middle() {
    let _session = session();
    let list: Ref = ListObject::from_values(&[small(1), small(2), small(3), small(4)]).into();
    let mut out = [Value::NULL; 3];
    assert_eq!(help!(unpack_ex(list.value(), out.as_mut_ptr(), 1, 1)), 0);
    let [first, middle, last] = out.map(own);
    assert_eq!([repr(&first), repr(&middle), repr(&last)], ["1", "[2, 3]", "4"]);
    assert!(help!(unpack_ex(list.value(), out.as_mut_ptr(), 4, 1)) < 0);
    assert_eq!(error(), "ValueError: not enough values to unpack (expected at least 5, got 4)");
}
