//! Displays, functions, cells, strings and imports.

use runtime::objects::cell::CellObject;
use runtime::objects::code::CodeObject;
use runtime::objects::function::FunctionObject;
use runtime::objects::list::ListObject;
use runtime::objects::tuple::TupleObject;
use runtime::protocol;
use runtime::value::{Ref, Value};

use super::{dict, own, slice, status};

/// Takes the references of words in the caller's frame over.
///
/// # Safety
/// `items` points to `count` references that the caller gives up.
unsafe fn taken(items: *const Value, count: usize) -> Vec<Ref> {
    // SAFETY: the contract.
    unsafe { slice(items, count).iter().map(|&word| Ref::from_owned(word)).collect() }
}

pub(super) unsafe extern "C" fn build_list(items: *const Value, count: usize) -> Value {
    // SAFETY: the compiler gives its frame's references up.
    ListObject::new(unsafe { taken(items, count) }).into_ref().into_value()
}

pub(super) unsafe extern "C" fn build_tuple(items: *const Value, count: usize) -> Value {
    // SAFETY: the compiler gives its frame's references up.
    TupleObject::new(unsafe { taken(items, count) }).into_ref().into_value()
}

pub(super) unsafe extern "C" fn build_set(items: *const Value, count: usize) -> Value {
    // SAFETY: the compiler passes its frame's words and their number.
    own(interp::build_set(unsafe { slice(items, count) }))
}

pub(super) unsafe extern "C" fn build_map(items: *const Value, count: usize) -> Value {
    // SAFETY: the compiler passes its frame's words and their number, keys and values in turn.
    own(interp::build_map(unsafe { slice(items, count) }))
}

pub(super) unsafe extern "C" fn build_string(items: *const Value, count: usize) -> Value {
    // SAFETY: the compiler passes its frame's words and their number.
    own(interp::concat(unsafe { slice(items, count) }))
}

pub(super) extern "C" fn list_append(list: Value, item: Value) -> i64 {
    status(interp::list(list).try_push(item.to_ref()))
}

pub(super) extern "C" fn list_extend(list: Value, iterable: Value) -> i64 {
    status(interp::list_extend(list, &iterable.to_ref()))
}

pub(super) extern "C" fn set_add(set: Value, item: Value) -> i64 {
    status(interp::set_add(set, &item.to_ref()))
}

pub(super) extern "C" fn set_update(set: Value, iterable: Value) -> i64 {
    status(interp::set_update(set, &iterable.to_ref()))
}

pub(super) extern "C" fn dict_set(target: Value, key: Value, value: Value) -> i64 {
    status(interp::map_add(target, &key.to_ref(), value.to_ref()))
}

pub(super) extern "C" fn dict_update(target: Value, other: Value) -> i64 {
    status(interp::dict_update(target, &other.to_ref()))
}

pub(super) extern "C" fn dict_merge(target: Value, other: Value, callable: Value) -> i64 {
    status(interp::dict_merge(target, &other.to_ref(), callable))
}

pub(super) extern "C" fn make_function(globals: Value, code: Value) -> Value {
    let code = code.get::<CodeObject>().expect("functions are made of code");
    FunctionObject::new(code, dict(globals)).into_ref().into_value()
}

pub(super) unsafe extern "C" fn set_function_attribute(function: Value, value: Value, which: usize) -> u64 {
    // SAFETY: the helper consumes the reference.
    interp::set_function_attribute(&function.to_ref(), which, unsafe { Ref::from_owned(value) });
    0
}

pub(super) extern "C" fn make_cell(value: Value) -> Value {
    CellObject::new(value.non_null().map(Value::to_ref)).into_ref().into_value()
}

pub(super) extern "C" fn format_value(value: Value, spec: Value) -> Value {
    let spec = spec.non_null().map(Value::to_ref);
    own(interp::format(&value.to_ref(), spec.as_ref()))
}

pub(super) extern "C" fn convert_value(value: Value, which: usize) -> Value {
    own(interp::convert(&value.to_ref(), which))
}

pub(super) extern "C" fn build_interpolation(
    value: Value,
    expression: Value,
    spec: Value,
    operand: usize,
) -> Value {
    let spec = spec.non_null().map(Value::to_ref);
    interp::interpolation(value.to_ref(), expression.to_ref(), spec, operand).into_value()
}

pub(super) extern "C" fn build_template(strings: Value, interpolations: Value) -> Value {
    interp::template(strings.to_ref(), interpolations.to_ref()).into_value()
}

pub(super) extern "C" fn import_name(
    globals: Value,
    locals: Value,
    name: Value,
    fromlist: Value,
    level: Value,
) -> Value {
    own(interp::import(dict(globals), locals, name, fromlist, level))
}

pub(super) extern "C" fn import_from(module: Value, name: Value) -> Value {
    own(protocol::import::import_from(module, name))
}
