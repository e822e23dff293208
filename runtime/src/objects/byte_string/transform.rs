//! Case, padding, stripping, translation and hexadecimal form of bytes. Only ASCII letters have case.

use super::search::is_space;
use crate::buffer;
use crate::error;
use crate::objects::bytearray::ByteArray;
use crate::objects::bytes::BytesObject;
use crate::objects::str::StrObject;
use crate::protocol;
use crate::value::{PyResult, Value};

/// First letter of every word in upper case, the others in lower case.
pub fn title(data: &[u8]) -> Vec<u8> {
    let mut in_word = false;
    let change = |&byte: &u8| {
        let changed = if in_word { byte.to_ascii_lowercase() } else { byte.to_ascii_uppercase() };
        in_word = byte.is_ascii_alphabetic();
        changed
    };
    data.iter().map(change).collect()
}

/// First byte in upper case, the others in lower case.
pub fn capitalize(data: &[u8]) -> Vec<u8> {
    let mut made = data.to_ascii_lowercase();
    if let Some(first) = made.first_mut() {
        first.make_ascii_uppercase();
    }
    made
}

/// Upper for lower case and the other way round.
pub fn swapcase(data: &[u8]) -> Vec<u8> {
    let swap = |&byte: &u8| if byte.is_ascii_alphabetic() { byte ^ 0x20 } else { byte };
    data.iter().map(swap).collect()
}

/// Whether words begin in upper case and go on in lower case, and there is a letter.
pub fn is_title(data: &[u8]) -> bool {
    let (mut in_word, mut found) = (false, false);
    for byte in data {
        if (byte.is_ascii_uppercase() && in_word) || (byte.is_ascii_lowercase() && !in_word) {
            return false;
        }
        in_word = byte.is_ascii_alphabetic();
        found |= in_word;
    }
    found
}

/// Tabs as blanks up to the next multiple of `size`.
pub fn expand_tabs(data: &[u8], size: i32) -> PyResult<Vec<u8>> {
    let size = size.max(0) as usize;
    let (mut out, mut column) = (Vec::new(), 0);
    for &byte in data {
        let blanks = match byte {
            b'\t' if size > 0 => size - column % size,
            b'\t' => 0,
            _ => {
                column = if matches!(byte, b'\n' | b'\r') { 0 } else { column + 1 };
                out.push(byte);
                continue;
            }
        };
        column += blanks;
        if out.len() + blanks > isize::MAX as usize / 2 {
            return Err(crate::raise!(OverflowError, "result too long"));
        }
        out.try_reserve(blanks).map_err(|_| error::memory_error())?;
        out.resize(out.len() + blanks, b' ');
    }
    Ok(out)
}

/// The byte to pad with.
pub fn fill_byte(value: Option<Value>, method: &str) -> PyResult<u8> {
    let Some(value) = value else { return Ok(b' ') };
    let is_bytes = value.is_instance::<BytesObject>() || value.is_instance::<ByteArray>();
    let wrong = |what: String| {
        crate::raise!(TypeError, "{method}() argument 2 must be a byte string of length 1, not {what}")
    };
    if !is_bytes {
        return Err(wrong(value.ty().name().to_owned()));
    }
    match *buffer::to_vec(value)? {
        [byte] => Ok(byte),
        ref more => {
            let what = format!("a {} object of length {}", value.ty().name(), more.len());
            Err(crate::raise!(
                TypeError,
                "{method}(): argument 2 must be a byte string of length 1, not {what}"
            ))
        }
    }
}

/// With `left` and `right` bytes of padding.
pub fn padded(data: &[u8], left: usize, right: usize, fill: u8) -> PyResult<Vec<u8>> {
    let mut out = Vec::new();
    let size = left.checked_add(right).and_then(|more| more.checked_add(data.len()));
    out.try_reserve(size.unwrap_or(usize::MAX)).map_err(|_| error::memory_error())?;
    out.resize(left, fill);
    out.extend_from_slice(data);
    out.resize(left + data.len() + right, fill);
    Ok(out)
}

/// How many bytes are missing to a width.
pub fn missing(data: &[u8], width: isize) -> usize {
    (width.max(0) as usize).saturating_sub(data.len())
}

/// Zeros behind the sign, up to a width.
pub fn zero_filled(data: &[u8], width: isize) -> PyResult<Vec<u8>> {
    let mut out = padded(data, missing(data, width), 0, b'0')?;
    if let Some(&sign @ (b'+' | b'-')) = data.first() {
        let at = out.len() - data.len();
        out[at] = b'0';
        out[0] = sign;
    }
    Ok(out)
}

/// Without whitespace, or the bytes of a set, at the chosen ends.
pub fn stripped<'a>(data: &'a [u8], set: Option<&[u8]>, left: bool, right: bool) -> &'a [u8] {
    let is_stripped = |byte: &u8| match set {
        None => is_space(*byte),
        Some(set) => set.contains(byte),
    };
    let start = if left { data.iter().take_while(|byte| is_stripped(byte)).count() } else { 0 };
    let rest = &data[start..];
    let cut = if right { rest.iter().rev().take_while(|byte| is_stripped(byte)).count() } else { 0 };
    &rest[..rest.len() - cut]
}

/// Through a table of 256 bytes, without the bytes to delete.
pub fn translated(data: &[u8], table: Option<&[u8]>, delete: &[u8]) -> Vec<u8> {
    let mut is_deleted = [false; 256];
    delete.iter().for_each(|&byte| is_deleted[usize::from(byte)] = true);
    let kept = data.iter().filter(|&&byte| !is_deleted[usize::from(byte)]);
    kept.map(|&byte| table.map_or(byte, |table| table[usize::from(byte)])).collect()
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// `hex()` with its optional separator.
pub fn hex(data: &[u8], separator: Option<Value>, group: isize) -> PyResult<String> {
    let separator = separator.map(separator_character).transpose()?;
    let size = group.unsigned_abs();
    let mut out = String::with_capacity(2 * data.len());
    for (at, byte) in data.iter().enumerate() {
        let place = if group > 0 { data.len() - at } else { at };
        if let Some(separator) = separator
            && at > 0
            && size > 0
            && place % size == 0
        {
            out.push(separator);
        }
        for nibble in [byte >> 4, byte & 0xf] {
            out.push(char::from(DIGITS[usize::from(nibble)]));
        }
    }
    Ok(out)
}

fn separator_character(value: Value) -> PyResult<char> {
    if protocol::len(value)? != 1 {
        return Err(crate::raise!(ValueError, "sep must be length 1."));
    }
    let points: Vec<u32> = if let Some(text) = value.get::<StrObject>() {
        text.code_points().collect()
    } else if let Some(bytes) = value.get::<BytesObject>() {
        bytes.as_slice().iter().map(|&byte| byte.into()).collect()
    } else {
        return Err(crate::raise!(TypeError, "sep must be str or bytes."));
    };
    match points.as_slice() {
        &[point @ 0..0x80] => Ok(char::from_u32(point).expect("ASCII")),
        _ => Err(crate::raise!(ValueError, "sep must be ASCII.")),
    }
}

/// `repr` of bytes. Double quotes are taken if only single quotes occur; `escapes_single` escapes those nevertheless, as `bytearray`
/// does.
pub fn repr(data: &[u8], escapes_single: bool) -> String {
    let quote = if data.contains(&b'\'') && !data.contains(&b'"') { '"' } else { '\'' };
    let mut text = format!("b{quote}");
    for &byte in data {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            b'\'' if escapes_single || quote == '\'' => text.push_str("\\'"),
            0x20..0x7f => text.push(byte as char),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.push(quote);
    text
}
