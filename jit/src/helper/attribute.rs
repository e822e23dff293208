//! Attributes and names.

use runtime::objects::code::{CodeObject, InlineCache};
use runtime::objects::str::StrObject;
use runtime::value::Value;
use runtime::{error, protocol};

use super::{dict, failure, own, status};

pub(super) extern "C" fn get_attr(obj: Value, name: Value) -> Value {
    own(protocol::get_attr(obj, name))
}

/// The inline cache of an instruction.
pub(super) fn cache<'a>(code: Value, at: usize) -> &'a InlineCache {
    let code = code.get::<CodeObject>().expect("the compiler passes the code");
    &code.caches()[at]
}

pub(super) extern "C" fn load_attr(obj: Value, name: Value, code: Value, at: usize) -> Value {
    own(interp::attribute::load_through(obj, name, cache(code, at)))
}

pub(super) extern "C" fn store_attr(obj: Value, name: Value, value: Value, code: Value, at: usize) -> i64 {
    status(interp::attribute::store_through(obj, name, value, cache(code, at)))
}

pub(super) extern "C" fn del_attr(obj: Value, name: Value) -> i64 {
    status(protocol::del_attr(obj, name))
}

pub(super) extern "C" fn get_super_attr(callable: Value, class: Value, this: Value, name: Value) -> Value {
    own(interp::load_super(callable, class, this, name))
}

pub(super) extern "C" fn load_global(globals: Value, builtins: Value, name: Value) -> Value {
    own(interp::find_global(dict(globals), builtins, name))
}

pub(super) extern "C" fn store_global(globals: Value, name: Value, value: Value) -> i64 {
    dict(globals).set_str(name, value.to_ref());
    0
}

pub(super) extern "C" fn delete_global(globals: Value, name: Value) -> i64 {
    match dict(globals).remove_str(name) {
        Some(_) => 0,
        None => {
            let _raised = error::name_error(name);
            -1
        }
    }
}

pub(super) extern "C" fn raise_unbound_local(code: Value, index: usize) -> Value {
    let code = code.get::<CodeObject>().expect("the compiler passes the code");
    failure(interp::unbound(code, index))
}

pub(super) extern "C" fn raise_unset_field(obj: Value, offset: usize) -> Value {
    let layout = obj.ty().static_layout();
    let field = layout.and_then(|layout| layout.fields.iter().find(|field| field.offset == offset));
    let name = &field.expect("compiled code reads fields of the object's layout").name;
    let message = format!("'{}' object has no attribute '{name}'", obj.ty().name());
    failure(error::attribute_error(obj, StrObject::intern(name).value(), &message))
}
