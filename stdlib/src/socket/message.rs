//! Ancillary data of messages: what is sent beside the bytes, such as descriptors.

use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::tuple::TupleObject;
use runtime::{PyResult, Ref, Value, buffer, error, protocol, raise, warning};

/// The most that the system's lengths can say.
const MOST: i64 = i32::MAX as i64;

/// [`length`] for a program, which may ask for too much.
pub(super) fn checked_length(data: i64) -> PyResult<usize> {
    checked(data, length(0), length).ok_or_else(|| raise!(OverflowError, "CMSG_LEN() argument out of range"))
}

/// [`space`] for a program.
pub(super) fn checked_space(data: i64) -> PyResult<usize> {
    checked(data, space(1), space).ok_or_else(|| raise!(OverflowError, "CMSG_SPACE() argument out of range"))
}

fn checked(data: i64, least: usize, measure: fn(usize) -> usize) -> Option<usize> {
    (0..=MOST - least as i64).contains(&data).then(|| measure(data as usize))
}

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

/// The items of a received message. One that has been cut in the middle is the last, with the data that there is, and a warning.
///
/// # Safety
/// The message has been filled in by the system, and its buffer still lives.
pub(super) unsafe fn unpack(message: &libc::msghdr) -> PyResult<Vec<Ref>> {
    let mut items = Vec::new();
    // SAFETY: by the contract, headers that fit into the buffer can be read, and so can what is between their data and its end.
    unsafe {
        let end = message.msg_control.addr() + message.msg_controllen;
        let mut at = libc::CMSG_FIRSTHDR(message);
        while !at.is_null() {
            let header = &*at;
            let data = libc::CMSG_DATA(at);
            let size = (header.cmsg_len as usize).checked_sub(length(0));
            let room = end.checked_sub(data.addr());
            let is_whole = matches!((size, room), (Some(size), Some(room)) if size <= room);
            if !is_whole {
                let text = "received malformed or improperly-truncated ancillary data";
                warning::warn(&error::types::RuntimeWarning, text, 1)?;
            }
            let (Some(size), Some(room)) = (size, room) else { break };
            let data = BytesObject::new(std::slice::from_raw_parts(data, size.min(room)));
            let (level, kind) =
                (int::from_i64(header.cmsg_level.into()), int::from_i64(header.cmsg_type.into()));
            items.push(TupleObject::of([level, kind, data.into()]).into());
            at = if is_whole { libc::CMSG_NXTHDR(message, at) } else { std::ptr::null_mut() };
        }
    }
    Ok(items)
}
