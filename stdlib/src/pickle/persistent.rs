//! `persistent_id` and `persistent_load` as attributes: a program may set them on a pickler or unpickler, where they take the place of the
//! method of that name. Instances have no dict, so what is set has a field of its own.

use runtime::field::Field;
use runtime::objects::str::StrObject;
use runtime::{PyResult, Value, error, protocol};

/// The value of an attribute; the one called `own` is what its field has, if that has been set.
pub(super) fn get_attribute(value: Value, name: Value, own: &str, field: &Field) -> PyResult {
    match field.get_ref() {
        Some(given) if is_named(name, own) => Ok(given),
        _ => protocol::generic_get_attr(value, name),
    }
}

/// Sets or deletes an attribute.
pub(super) fn set_attribute(
    value: Value,
    name: Value,
    new: Option<Value>,
    own: &str,
    field: &Field,
) -> PyResult<()> {
    if !is_named(name, own) {
        return protocol::generic_set_attr(value, name, new);
    }
    let before = field.replace(new.map(Value::to_ref));
    if before.is_none() && new.is_none() {
        return Err(error::attribute_error(value, name, own));
    }
    Ok(())
}

fn is_named(name: Value, own: &str) -> bool {
    name.get::<StrObject>().is_some_and(|name| name.eq_str(own))
}
