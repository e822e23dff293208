//! Iteration.

use runtime::protocol;
use runtime::value::{Ref, Value};

use super::own;

pub(super) extern "C" fn get_iter(a: Value) -> Value {
    own(protocol::get_iter(a))
}

pub(super) extern "C" fn iter_next(iterator: Value) -> Value {
    match protocol::iter_next(iterator) {
        Ok(Some(item)) => item.into_value(),
        Ok(None) | Err(_) => Value::NULL,
    }
}

pub(super) unsafe extern "C" fn unpack_sequence(seq: Value, out: *mut Value, count: usize) -> i64 {
    match protocol::unpack(seq, count, None) {
        Ok(items) => {
            for (at, item) in items.into_iter().map(Ref::into_value).enumerate() {
                // SAFETY: the compiler passes room for this many words.
                unsafe { *out.add(at) = item };
            }
            0
        }
        Err(_) => -1,
    }
}
