//! UTF-8, UTF-16 and UTF-32.
//!
//! Decoders work on the bytes that a run of errors holds, because a handler may replace them, and tell how many bytes they consumed:
//! unless the input is final, an incomplete character at its end is left for the next call. Ill-formed stretches are the maximal
//! subparts of the Unicode standard, which is also what `std::str::from_utf8` reports.

use super::handler::{DecodeErrors, EncodeErrors};
use super::single::{Rules, encode_with};
use crate::objects::str::{StrBuilder, StrObject};
use crate::value::{Py, PyResult};

/// How an encoder with units of this many bytes reports surrogates.
const fn rules(unit: usize) -> Rules {
    Rules { reason: "surrogates not allowed", unit, groups: unit == 1, ascii_only: true }
}

/// Byte order of a wide encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
    /// Little, with a mark in front; a mark decides when decoding.
    Marked,
}

impl Order {
    /// From the number that `_codecs` takes and gives.
    pub const fn of(number: i64) -> Self {
        match number {
            0 => Order::Marked,
            1.. => Order::Big,
            _ => Order::Little,
        }
    }

    /// The number of `_codecs`.
    pub const fn number(self) -> i64 {
        match self {
            Order::Little => -1,
            Order::Big => 1,
            Order::Marked => 0,
        }
    }
}

/// `str` to UTF-8.
pub fn encode_utf8(errors: &mut EncodeErrors<'_>) -> PyResult<Vec<u8>> {
    let text = errors.object.get::<StrObject>().expect("encoders work on strs");
    if let Some(ascii) = text.as_ascii() {
        return Ok(ascii.as_bytes().to_vec());
    }
    let mut out = Vec::with_capacity(text.len() + text.len() / 2);
    encode_with(errors, &rules(1), &mut out, |point, out| {
        let tail = |shift: u32| 0x80 | (point >> shift & 0x3f) as u8;
        match point {
            0..0x80 => out.push(point as u8),
            0x80..0x800 => out.extend([0xc0 | (point >> 6) as u8, tail(0)]),
            0xd800..0xe000 => return Ok(false),
            0x800..0x1_0000 => out.extend([0xe0 | (point >> 12) as u8, tail(6), tail(0)]),
            _ => out.extend([0xf0 | (point >> 18) as u8, tail(12), tail(6), tail(0)]),
        }
        Ok(true)
    })?;
    Ok(out)
}

/// UTF-8 to `str`, and the number of bytes consumed.
pub fn decode_utf8(errors: &mut DecodeErrors<'_>, is_final: bool) -> PyResult<(Py<StrObject>, usize)> {
    if let Ok(text) = std::str::from_utf8(&errors.data) {
        return Ok((StrObject::new(text), errors.data.len()));
    }
    let mut out = StrBuilder::with_capacity(errors.data.len());
    let mut at = 0;
    while at < errors.data.len() {
        let rest = &errors.data[at..];
        let problem = match std::str::from_utf8(rest) {
            Ok(text) => {
                out.push_str(text);
                at = errors.data.len();
                break;
            }
            Err(problem) => problem,
        };
        let valid = problem.valid_up_to();
        out.push_str(std::str::from_utf8(&rest[..valid]).expect("checked by the decoder"));
        at += valid;
        let rest = &rest[valid..];
        let begins_surrogate = matches!(rest, [0xed, 0xa0..=0xbf]);
        if !is_final && (problem.error_len().is_none() || begins_surrogate) {
            break;
        }
        let len = problem.error_len().unwrap_or(rest.len());
        let reason = match (problem.error_len(), rest[0]) {
            (None, _) => "unexpected end of data",
            (_, 0x80..0xc2 | 0xf5..=0xff) => "invalid start byte",
            _ => "invalid continuation byte",
        };
        at = errors.handle(at, at + len, reason, |point| out.push(point))?;
    }
    Ok((out.try_finish()?, at))
}

/// `str` to UTF-16.
pub fn encode_utf16(errors: &mut EncodeErrors<'_>, order: Order) -> PyResult<Vec<u8>> {
    let mut out = Vec::new();
    let push_unit = |unit: u16, out: &mut Vec<u8>| {
        out.extend_from_slice(&if order == Order::Big { unit.to_be_bytes() } else { unit.to_le_bytes() });
    };
    if order == Order::Marked {
        push_unit(0xfeff, &mut out);
    }
    encode_with(errors, &rules(2), &mut out, |point, out| {
        let c = char::from_u32(point);
        if let Some(c) = c {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|&unit| push_unit(unit, out));
        }
        Ok(c.is_some())
    })?;
    Ok(out)
}

/// `str` to UTF-32.
pub fn encode_utf32(errors: &mut EncodeErrors<'_>, order: Order) -> PyResult<Vec<u8>> {
    let mut out = Vec::new();
    let push_unit = |unit: u32, out: &mut Vec<u8>| {
        out.extend_from_slice(&if order == Order::Big { unit.to_be_bytes() } else { unit.to_le_bytes() });
    };
    if order == Order::Marked {
        push_unit(0xfeff, &mut out);
    }
    encode_with(errors, &rules(4), &mut out, |point, out| {
        let is_scalar = char::from_u32(point).is_some();
        if is_scalar {
            push_unit(point, out);
        }
        Ok(is_scalar)
    })?;
    Ok(out)
}

/// A decoded text, how many bytes it took, and the byte order that was in force at the end.
pub type Decoded = (Py<StrObject>, usize, Order);

/// UTF-16 to `str`.
pub fn decode_utf16(errors: &mut DecodeErrors<'_>, order: Order, is_final: bool) -> PyResult<Decoded> {
    let (mut at, mut order) = (0, order);
    if order == Order::Marked {
        (order, at) = match *errors.data {
            [0xff, 0xfe, ..] => (Order::Little, 2),
            [0xfe, 0xff, ..] => (Order::Big, 2),
            _ => (Order::Marked, 0),
        };
    }
    let big = order == Order::Big;
    errors.encoding = if big { "utf-16-be" } else { "utf-16-le" };
    let mut out = StrBuilder::with_capacity(errors.data.len() / 2);
    while at < errors.data.len() {
        let len = errors.data.len();
        let unit = |at: usize| {
            let pair: [u8; 2] = errors.data.get(at..at + 2)?.try_into().ok()?;
            Some(u32::from(if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }))
        };
        let (end, reason) = match (unit(at), unit(at + 2)) {
            (None, _) => (len, "truncated data"),
            (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) => {
                out.push(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
                at += 4;
                continue;
            }
            (Some(0xd800..=0xdbff), None) => (len, "unexpected end of data"),
            (Some(0xd800..=0xdbff), Some(_)) => (at + 2, "illegal UTF-16 surrogate"),
            (Some(0xdc00..=0xdfff), _) => (at + 2, "illegal encoding"),
            (Some(point), _) => {
                out.push(point);
                at += 2;
                continue;
            }
        };
        if end == len && !is_final && reason.ends_with("data") {
            break;
        }
        at = errors.handle(at, end, reason, |point| out.push(point))?;
    }
    Ok((out.try_finish()?, at, order))
}

/// UTF-32 to `str`.
pub fn decode_utf32(errors: &mut DecodeErrors<'_>, order: Order, is_final: bool) -> PyResult<Decoded> {
    let (mut at, mut order) = (0, order);
    if order == Order::Marked {
        (order, at) = match *errors.data {
            [0xff, 0xfe, 0, 0, ..] => (Order::Little, 4),
            [0, 0, 0xfe, 0xff, ..] => (Order::Big, 4),
            _ => (Order::Marked, 0),
        };
    }
    let big = order == Order::Big;
    errors.encoding = if big { "utf-32-be" } else { "utf-32-le" };
    let mut out = StrBuilder::with_capacity(errors.data.len() / 4);
    while at < errors.data.len() {
        let four = errors.data.get(at..at + 4).and_then(|four| <[u8; 4]>::try_from(four).ok());
        let point = four.map(|four| if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) });
        let (end, reason) = match point {
            None if !is_final => break,
            None => (errors.data.len(), "truncated data"),
            Some(0xd800..=0xdfff) => (at + 4, "code point in surrogate code point range(0xd800, 0xe000)"),
            Some(0x11_0000..) => (at + 4, "code point not in range(0x110000)"),
            Some(point) => {
                out.push(point);
                at += 4;
                continue;
            }
        };
        at = errors.handle(at, end, reason, |point| out.push(point))?;
    }
    Ok((out.try_finish()?, at, order))
}
