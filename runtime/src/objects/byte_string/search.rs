//! Finding, counting, replacing and splitting in bytes. Substrings are found by `memchr`'s two-way search: O(n + m).

use memchr::memmem;

use crate::buffer::{self, Buffer};
use crate::error;
use crate::value::{PyResult, Value};

/// What to look for: a byte or a stretch of bytes.
pub enum Needle {
    /// One byte, given as an int.
    Byte([u8; 1]),
    /// Borrowed from a bytes-like object.
    Bytes(Buffer),
}

impl Needle {
    /// The needle that an argument names.
    pub fn of(value: Value) -> PyResult<Self> {
        if buffer::is_bytes_like(value) {
            return buffer::acquire_contiguous(value).map(Needle::Bytes);
        }
        if value.ty().slots().index.is_none() {
            let got = value.ty().name();
            return Err(crate::raise!(
                TypeError,
                "argument should be integer or bytes-like object, not '{got}'"
            ));
        }
        super::convert::byte(value).map(|byte| Needle::Byte([byte]))
    }

    /// The needle of `in`, which words the error differently.
    pub fn of_member(value: Value) -> PyResult<Self> {
        if value.ty().slots().index.is_some() || buffer::is_bytes_like(value) {
            return Self::of(value);
        }
        buffer::acquire(value).map(Needle::Bytes)
    }

    /// The bytes to look for.
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Needle::Byte(byte) => byte,
            Needle::Bytes(buffer) => buffer.as_slice().expect("needles are one stretch"),
        }
    }
}

/// First position.
pub fn find(data: &[u8], wanted: &[u8]) -> Option<usize> {
    match wanted {
        [byte] => memchr::memchr(*byte, data),
        _ => memmem::find(data, wanted),
    }
}

/// Last position.
pub fn rfind(data: &[u8], wanted: &[u8]) -> Option<usize> {
    match wanted {
        [byte] => memchr::memrchr(*byte, data),
        _ => memmem::rfind(data, wanted),
    }
}

/// Number of occurrences that do not overlap.
pub fn count(data: &[u8], wanted: &[u8]) -> usize {
    match wanted {
        [] => data.len() + 1,
        _ => memmem::find_iter(data, wanted).count(),
    }
}

/// A copy in which the first `limit` occurrences of `old` are `new`.
pub fn replace(data: &[u8], old: &[u8], new: &[u8], limit: usize) -> PyResult<Vec<u8>> {
    let found = count(data, old).min(limit);
    let grown = found.checked_mul(new.len()).and_then(|more| more.checked_add(data.len()));
    let size = grown.filter(|&size| size <= isize::MAX as usize);
    let size = size.ok_or_else(|| crate::raise!(OverflowError, "replace bytes is too long"))?;
    let mut out = Vec::new();
    out.try_reserve(size - found * old.len()).map_err(|_| error::memory_error())?;
    if old.is_empty() {
        for (at, &byte) in data.iter().enumerate() {
            if at < found {
                out.extend_from_slice(new);
            }
            out.push(byte);
        }
        if found > data.len() {
            out.extend_from_slice(new);
        }
        return Ok(out);
    }
    let mut at = 0;
    for next in memmem::find_iter(data, old).take(found) {
        out.extend_from_slice(&data[at..next]);
        out.extend_from_slice(new);
        at = next + old.len();
    }
    out.extend_from_slice(&data[at..]);
    Ok(out)
}

/// What ASCII calls whitespace, vertical tabs included.
pub const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | 0x09..=0x0d)
}

/// Parts between separators, at most `limit` cuts from the front.
pub fn split<'a>(data: &'a [u8], separator: Option<&[u8]>, limit: usize) -> Vec<&'a [u8]> {
    let (mut parts, mut rest) = (Vec::new(), data);
    let Some(separator) = separator else {
        loop {
            let start = rest.iter().position(|&byte| !is_space(byte)).unwrap_or(rest.len());
            rest = &rest[start..];
            if rest.is_empty() {
                return parts;
            }
            if parts.len() == limit {
                parts.push(rest);
                return parts;
            }
            let end = rest.iter().position(|&byte| is_space(byte)).unwrap_or(rest.len());
            parts.push(&rest[..end]);
            rest = &rest[end..];
        }
    };
    while parts.len() < limit
        && let Some(at) = find(rest, separator)
    {
        parts.push(&rest[..at]);
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest);
    parts
}

/// Parts between separators, at most `limit` cuts from the end.
pub fn rsplit<'a>(data: &'a [u8], separator: Option<&[u8]>, limit: usize) -> Vec<&'a [u8]> {
    let (mut parts, mut rest) = (Vec::new(), data);
    match separator {
        None => loop {
            let end = rest.iter().rposition(|&byte| !is_space(byte)).map_or(0, |at| at + 1);
            rest = &rest[..end];
            if rest.is_empty() {
                break;
            }
            if parts.len() == limit {
                parts.push(rest);
                break;
            }
            let start = rest.iter().rposition(|&byte| is_space(byte)).map_or(0, |at| at + 1);
            parts.push(&rest[start..]);
            rest = &rest[..start];
        },
        Some(separator) => {
            while parts.len() < limit
                && let Some(at) = rfind(rest, separator)
            {
                parts.push(&rest[at + separator.len()..]);
                rest = &rest[..at];
            }
            parts.push(rest);
        }
    }
    parts.reverse();
    parts
}

/// Lines ended by `\n`, `\r` or `\r\n`.
pub fn split_lines(data: &[u8], keep_ends: bool) -> Vec<&[u8]> {
    let (mut lines, mut start) = (Vec::new(), 0);
    while let Some(len) = memchr::memchr2(b'\n', b'\r', &data[start..]) {
        let end = start + len;
        let next = if data[end..].starts_with(b"\r\n") { end + 2 } else { end + 1 };
        lines.push(&data[start..if keep_ends { next } else { end }]);
        start = next;
    }
    if start < data.len() {
        lines.push(&data[start..]);
    }
    lines
}
