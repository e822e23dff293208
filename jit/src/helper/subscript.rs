//! Subscripts.

use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::slice::SliceObject;
use runtime::objects::tuple::TupleObject;
use runtime::value::Value;
use runtime::{error, protocol};

use super::{failure, own, status};

pub(super) extern "C" fn get_item(container: Value, key: Value) -> Value {
    match interp::list_item(container, key) {
        Some(item) => interp::frame::copy(item),
        None => own(protocol::get_item(container, key)),
    }
}

pub(super) extern "C" fn set_item(container: Value, key: Value, value: Value) -> i64 {
    status(protocol::set_item(container, key, value))
}

pub(super) extern "C" fn del_item(container: Value, key: Value) -> i64 {
    status(protocol::del_item(container, key))
}

pub(super) extern "C" fn build_slice(start: Value, stop: Value, step: Value) -> Value {
    SliceObject::new(start.to_ref(), stop.to_ref(), step.to_ref()).into_ref().into_value()
}

pub(super) extern "C" fn raise_index_error(seq: Value, is_store: i64) -> Value {
    let kind = if seq.get::<ListObject>().is_some() {
        "list"
    } else if seq.get::<TupleObject>().is_some() {
        "tuple"
    } else {
        debug_assert!(seq.get::<DictObject>().is_none(), "only sequences have bounds");
        "array"
    };
    let purpose = if is_store != 0 { " assignment" } else { "" };
    failure(error::raise(&error::types::IndexError, &format!("{kind}{purpose} index out of range")))
}
