//! Bytes-like objects: what reads and writes memory without copying it first.
//!
//! The one place that knows which types lend their bytes. The borrow ends before any other code runs, so a lender cannot be
//! resized under it.

use crate::objects::bytearray::ByteArray;
use crate::objects::bytes::BytesObject;
use crate::objects::memoryview::MemoryView;
use crate::value::{PyResult, Value};

/// Whether an object lends its bytes.
pub fn is_bytes_like(value: Value) -> bool {
    value.is_instance::<BytesObject>()
        || value.is_instance::<ByteArray>()
        || value.is_instance::<MemoryView>()
}

/// Runs `then` over the bytes of a bytes-like object; `TypeError` for anything else.
pub fn with_bytes<R>(value: Value, then: impl FnOnce(&[u8]) -> R) -> PyResult<R> {
    if let Some(bytes) = value.get::<BytesObject>() {
        return Ok(then(bytes.as_slice()));
    }
    if let Some(view) = value.get::<MemoryView>() {
        return Ok(then(&view.to_vec()?));
    }
    match value.get::<ByteArray>() {
        Some(array) => Ok(then(&array.data.borrow())),
        None => Err(crate::raise!(TypeError, "a bytes-like object is required, not '{}'", value.ty().name())),
    }
}

/// A copy of the bytes of a bytes-like object.
pub fn to_vec(value: Value) -> PyResult<Vec<u8>> {
    with_bytes(value, <[u8]>::to_vec)
}

/// How many bytes a writable buffer takes; `TypeError` if the object is none.
pub fn writable_len(value: Value) -> PyResult<usize> {
    with_bytes_mut(value, |bytes| bytes.len())
}

/// Runs `then` over the bytes of a writable buffer; `TypeError` for anything else.
pub fn with_bytes_mut<R>(value: Value, then: impl FnOnce(&mut [u8]) -> R) -> PyResult<R> {
    match value.get::<ByteArray>() {
        Some(array) => Ok(then(&mut array.data.borrow_mut())),
        None => {
            let name = value.ty().name();
            Err(crate::raise!(
                TypeError,
                "readinto() argument must be read-write bytes-like object, not {name}"
            ))
        }
    }
}
