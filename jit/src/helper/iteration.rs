//! Iteration.

use runtime::protocol;
use runtime::value::{PyResult, Ref, Value};

use super::{give, own};

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
    // SAFETY: the compiler passes room for this many words.
    unsafe {
        match protocol::items_of_tuple(seq, count) {
            Some(items) => {
                give(out, items.iter().map(|item| item.to_ref()));
                0
            }
            None => unpack(protocol::unpack(seq, count, None), out),
        }
    }
}

pub(super) unsafe extern "C" fn unpack_ex(seq: Value, out: *mut Value, before: usize, after: usize) -> i64 {
    // SAFETY: the compiler passes room for a word more than there are items before and after.
    unsafe { unpack(protocol::unpack(seq, before, Some(after)), out) }
}

/// # Safety
/// There is room for the items.
unsafe fn unpack(items: PyResult<Vec<Ref>>, out: *mut Value) -> i64 {
    let Ok(items) = items else { return -1 };
    // SAFETY: the contract.
    unsafe { give(out, items) };
    0
}
