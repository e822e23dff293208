//! Subscripts.

use runtime::objects::checked::CHECKED_LIST;
use runtime::objects::list::ListObject;
use runtime::objects::slice::SliceObject;
use runtime::protocol;
use runtime::value::{Raised, Value};

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

pub(super) extern "C" fn raise_index_error(seq: Value, is_store: u64) -> Value {
    failure(index_error(seq, is_store != 0))
}

/// Lists have words of their own for stores; anything else is asked for an item that it cannot have.
fn index_error(seq: Value, is_store: bool) -> Raised {
    let is_list = seq.get::<ListObject>().is_some() || seq.ty().is_subtype_of(&CHECKED_LIST);
    if is_store && is_list {
        return runtime::raise!(IndexError, "list assignment index out of range");
    }
    match protocol::get_item(seq, Value::small(i64::MAX >> 1)) {
        Err(raised) => raised,
        Ok(_) => unreachable!("no sequence in memory is that long"),
    }
}
