//! Subscripts, iteration, displays, strings, imports.

use runtime::objects;
use runtime::objects::cell::CellObject;
use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::tuple::TupleObject;
use runtime::value::{Ref, Value};
use runtime::{builtins, sys_state};

use super::*;

#[test]
fn items_of_builtin_containers() {
    let _session = session();
    let item = text("item");
    let list: Ref = ListObject::from_values(&[item.value(), small(2)]).into();
    let tuple: Ref = TupleObject::from_values(&[item.value()]).into();
    let dict = DictObject::new();
    dict.set_text("key", item.clone());
    let dict = dict.into_ref();
    assert_eq!(count(&item), 4);
    for (container, key) in [(&list, small(-2)), (&tuple, small(0)), (&dict, name("key"))] {
        let found = own(help!(get_item(container.value(), key)));
        assert_eq!((found.value() == item.value(), count(&item)), (true, 5));
    }
    failed(help!(get_item(list.value(), small(2))), "IndexError: list index out of range");
    failed(help!(get_item(dict.value(), small(2))), "KeyError: 2");
    failed(help!(get_item(dict.value(), list.value())), "TypeError: unhashable type: 'list'");
    assert_eq!(help!(set_item(list.value(), small(0), small(1))), 0);
    assert_eq!(help!(set_item(dict.value(), name("key"), small(1))), 0);
    assert_eq!((repr(&list).as_str(), count(&item)), ("[1, 2]", 2));
    assert!(help!(set_item(list.value(), small(-3), item.value())) < 0);
    assert_eq!(error(), "IndexError: list assignment index out of range");
    assert!(help!(set_item(tuple.value(), small(0), small(1))) < 0);
    assert_eq!(error(), "TypeError: 'tuple' object does not support item assignment");
    assert_eq!(help!(del_item(dict.value(), name("key"))), 0);
    assert!(help!(del_item(dict.value(), name("key"))) < 0);
    assert_eq!((error().as_str(), count(&item)), ("KeyError: 'key'", 2));
}

#[test]
fn slices_and_index_errors() {
    let _session = session();
    let list: Ref = ListObject::from_values(&[small(1), small(2), small(3)]).into();
    let slice = own(help!(build_slice(small(1), objects::none(), objects::none())));
    assert_eq!(repr(&slice), "slice(1, None, None)");
    assert_eq!(repr(&own(help!(get_item(list.value(), slice.value())))), "[2, 3]");
    let tuple: Ref = TupleObject::empty().into();
    failed(help!(raise_index_error(list.value(), 0)), "IndexError: list index out of range");
    failed(help!(raise_index_error(list.value(), 1)), "IndexError: list assignment index out of range");
    failed(help!(raise_index_error(tuple.value(), 0)), "IndexError: tuple index out of range");
}

#[test]
fn iteration_ends_without_an_exception() {
    let _session = session();
    let item = text("item");
    let list: Ref = ListObject::from_values(&[item.value()]).into();
    let iterator = own(help!(get_iter(list.value())));
    let first = own(help!(iter_next(iterator.value())));
    assert_eq!((first.value() == item.value(), count(&item)), (true, 3));
    assert!(help!(iter_next(iterator.value())).is_null());
    no_error();
    failed(help!(get_iter(small(1))), "TypeError: 'int' object is not iterable");
    failed(help!(iter_next(small(1))), "TypeError: 'int' object is not an iterator");
}

#[test]
fn unpacking_fills_the_caller_s_words() {
    let _session = session();
    let item = text("item");
    let words = [item.value(), small(2)];
    let sequences: [Ref; 2] =
        [TupleObject::from_values(&words).into(), ListObject::from_values(&words).into()];
    for sequence in &sequences {
        let mut out = [Value::NULL; 2];
        assert_eq!(help!(unpack_sequence(sequence.value(), out.as_mut_ptr(), 2)), 0);
        assert_eq!((out == words, count(&item)), (true, 4));
        drop(own(out[0]));
        assert!(help!(unpack_sequence(sequence.value(), out.as_mut_ptr(), 3)) < 0);
        assert_eq!(error(), "ValueError: not enough values to unpack (expected 3, got 2)");
        assert!(help!(unpack_sequence(sequence.value(), out.as_mut_ptr(), 1)) < 0);
        assert_eq!(error(), "ValueError: too many values to unpack (expected 1, got 2)");
    }
    assert_eq!(count(&item), 3);
    let mut out = [Value::NULL];
    assert!(help!(unpack_sequence(small(1), out.as_mut_ptr(), 1)) < 0);
    assert_eq!(error(), "TypeError: cannot unpack non-iterable int object");
}

#[test]
fn lists_and_tuples_consume_their_items() {
    let _session = session();
    let item = text("item");
    let words = || [item.clone().into_value(), small(2)];
    let list = own(help!(build_list(words().as_ptr(), 2)));
    let tuple = own(help!(build_tuple(words().as_ptr(), 2)));
    assert_eq!((repr(&list).as_str(), repr(&tuple).as_str()), ("['item', 2]", "('item', 2)"));
    assert_eq!(count(&item), 3);
    assert_eq!(repr(&own(help!(build_tuple(NOTHING.as_ptr(), 0)))), "()");
    assert_eq!(help!(list_append(list.value(), item.value())), 0);
    assert_eq!(help!(list_extend(list.value(), tuple.value())), 0);
    assert_eq!((repr(&list).as_str(), count(&item)), ("['item', 2, 'item', 'item', 2]", 5));
    assert!(help!(list_extend(list.value(), small(1))) < 0);
    assert_eq!(error(), "TypeError: Value after * must be an iterable, not int");
}

#[test]
fn sets_and_dicts_borrow_their_items() {
    let _session = session();
    let item = text("item");
    let words = [item.value(), item.value()];
    let set = own(help!(build_set(words.as_ptr(), 2)));
    let dict = own(help!(build_map(words.as_ptr(), 2)));
    assert_eq!((repr(&set).as_str(), repr(&dict).as_str()), ("{'item'}", "{'item': 'item'}"));
    assert_eq!(count(&item), 4);
    let list: Ref = ListObject::empty().into();
    let bad = [item.value(), list.value()];
    failed(help!(build_set(bad.as_ptr(), 2)), "TypeError: unhashable type: 'list'");
    failed(help!(build_map([list.value(); 2].as_ptr(), 2)), "TypeError: unhashable type: 'list'");
    assert_eq!((help!(set_add(set.value(), small(1))), help!(set_update(set.value(), list.value()))), (0, 0));
    assert!(help!(set_add(set.value(), list.value())) < 0);
    assert_eq!(error(), "TypeError: unhashable type: 'list'");
    assert_eq!(help!(dict_set(dict.value(), small(1), item.value())), 0);
    let other = own(help!(build_map([name("a"), small(1)].as_ptr(), 2)));
    assert_eq!(help!(dict_update(dict.value(), other.value())), 0);
    assert_eq!(repr(&dict), "{'item': 'item', 1: 'item', 'a': 1}");
    assert!(help!(dict_update(dict.value(), small(1))) < 0);
    assert_eq!(error(), "TypeError: 'int' object is not a mapping");
    let len = builtins::dict().get::<DictObject>().and_then(|dict| dict.get_text("len"));
    let len = len.expect("a builtin");
    assert!(help!(dict_merge(dict.value(), other.value(), len.value())) < 0);
    assert!(error().ends_with("got multiple values for keyword argument 'a'"));
    assert_eq!((count(&list), count(&item)), (1, 5));
}

#[test]
fn cells_hold_a_value_or_nothing() {
    let _session = session();
    let value = text("value");
    let (full, empty) = (own(help!(make_cell(value.value()))), own(help!(make_cell(Value::NULL))));
    assert_eq!(count(&value), 2);
    let contents = |cell: &Ref| cell.get::<CellObject>().expect("a cell").contents.get();
    assert_eq!((contents(&full), contents(&empty)), (Some(value.value()), None));
}

#[test]
fn templates_are_made_of_strings_and_interpolations() {
    let _session = session();
    let (name, spec) = (text("n"), text(">3"));
    let plain = own(help!(build_interpolation(small(1), name.value(), Value::NULL, 0)));
    assert_eq!(repr(&plain), "Interpolation(1, 'n', None, '')");
    let full = own(help!(build_interpolation(small(1), name.value(), spec.value(), 2 << 1 | 1)));
    assert_eq!(repr(&full), "Interpolation(1, 'n', 'r', '>3')");
    let strings = TupleObject::of([name.clone(), spec]);
    let interpolations = TupleObject::of([full]);
    let template = own(help!(build_template(strings.value(), interpolations.value())));
    assert_eq!(
        repr(&template),
        "Template(strings=('n', '>3'), interpolations=(Interpolation(1, 'n', 'r', '>3'),))"
    );
}

#[test]
fn strings_are_formatted_and_joined() {
    let _session = session();
    let (value, spec) = (text("été"), text(">3"));
    let same = own(help!(format_value(value.value(), Value::NULL)));
    assert_eq!((same.value() == value.value(), count(&value)), (true, 2));
    assert_eq!(repr(&own(help!(format_value(small(1), spec.value())))), "'  1'");
    failed(
        help!(format_value(objects::none(), spec.value())),
        "TypeError: unsupported format string passed to NoneType.__format__",
    );
    let converted = |which| repr(&own(help!(convert_value(value.value(), which))));
    assert_eq!([converted(1), converted(2), converted(3)], ["'été'", "\"'été'\"", "\"'\\\\xe9t\\\\xe9'\""]);
    let parts = [value.value(), spec.value()];
    assert_eq!(repr(&own(help!(build_string(parts.as_ptr(), 2)))), "'été>3'");
}

#[test]
fn imports_know_the_importing_module() {
    let _session = session();
    let module = ModuleObject::new("helper_module").into_ref();
    let code = generic::code(generic::ADD);
    assert_eq!(help!(store_attr(module.value(), name("answer"), small(42), code.value(), 0)), 0);
    sys_state::modules().set_text("helper_module", module.clone());
    let globals = DictObject::new();
    let import = |text: &str, fromlist: Value, level: i64| {
        help!(import_name(globals.value(), Value::NULL, name(text), fromlist, small(level)))
    };
    let found = own(import("helper_module", objects::none(), 0));
    assert!(found.value() == module.value());
    assert_eq!(help!(import_from(found.value(), name("answer"))), small(42));
    failed(
        help!(import_from(found.value(), name("nothing"))),
        "ImportError: cannot import name 'nothing' from 'helper_module' (unknown location)",
    );
    failed(import("", objects::none(), 1), "KeyError: \"'__name__' not in globals\"");
    globals.set_text("__name__", text("program"));
    failed(
        import("helper_module", objects::none(), 1),
        "ImportError: attempted relative import with no known parent package",
    );
    drop(sys_state::modules().remove_str(name("helper_module")));
    // A replaced `__import__` is asked, with the arguments in its order.
    let replaced = DictObject::new();
    let tuple = builtins::dict().get::<DictObject>().and_then(|dict| dict.get_text("isinstance"));
    replaced.set_text("__import__", tuple.expect("a builtin"));
    globals.set_text("__builtins__", replaced.into_ref());
    let result = help!(import_name(globals.value(), Value::NULL, name("m"), objects::none(), small(0)));
    failed(result, "TypeError: isinstance expected 2 arguments, got 5");
}
