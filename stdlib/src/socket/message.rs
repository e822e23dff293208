//! Ancillary data of messages: what is sent beside the bytes, such as descriptors.

use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::tuple::TupleObject;
use runtime::{PyResult, Ref, Value, buffer, protocol, raise};

/// Bytes of one item with so many bytes of data, without what fills it up.
pub(super) fn length(data: usize) -> usize {
    // SAFETY: a calculation.
    unsafe { libc::CMSG_LEN(data as u32) as usize }
}

/// Bytes of one item with so many bytes of data.
pub(super) fn space(data: usize) -> usize {
    // SAFETY: a calculation.
    unsafe { libc::CMSG_SPACE(data as u32) as usize }
}

/// The buffer of a list of `(level, type, data)`; it is aligned as the system wants it.
pub(super) fn pack(items: Option<Value>) -> PyResult<Vec<u8>> {
    let mut packed = Vec::new();
    for item in items.map_or(Ok(Vec::new()), protocol::collect)? {
        let parts = protocol::collect(item.value())?;
        let [level, kind, data] = parts.as_slice() else {
            return Err(raise!(TypeError, "[sendmsg() ancillary data items] must be a sequence of length 3"));
        };
        let (level, kind) = (int::to_i64(level.value())? as i32, int::to_i64(kind.value())? as i32);
        let data = buffer::to_vec(data.value())?;
        let start = packed.len();
        packed.resize(start + space(data.len()), 0);
        let header =
            [length(data.len()).to_ne_bytes().as_slice(), &level.to_ne_bytes(), &kind.to_ne_bytes()].concat();
        packed[start..start + header.len()].copy_from_slice(&header);
        packed[start + header.len()..start + header.len() + data.len()].copy_from_slice(&data);
    }
    Ok(packed)
}

/// The items of a received message.
///
/// # Safety
/// The message has been filled in by the system, and its buffer still lives.
pub(super) unsafe fn unpack(message: &libc::msghdr) -> Vec<Ref> {
    let mut items = Vec::new();
    // SAFETY: by the contract.
    unsafe {
        let mut at = libc::CMSG_FIRSTHDR(message);
        while !at.is_null() {
            let header = &*at;
            let data = libc::CMSG_DATA(at);
            let size = (header.cmsg_len as usize).saturating_sub(length(0));
            let data = BytesObject::new(std::slice::from_raw_parts(data, size));
            let (level, kind) =
                (int::from_i64(header.cmsg_level.into()), int::from_i64(header.cmsg_type.into()));
            items.push(TupleObject::of([level, kind, data.into()]).into());
            at = libc::CMSG_NXTHDR(message, at);
        }
    }
    items
}
