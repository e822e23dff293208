//! UTF-7 of RFC 2152: ASCII, with everything else as base64 of UTF-16 between `+` and `-`.

use super::handler::DecodeErrors;
use crate::objects::str::{StrBuilder, StrObject};
use crate::value::{Py, PyResult};

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const fn digit_value(byte: u8) -> Option<u32> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    } as u32)
}

/// Whether the encoder writes a character as itself.
const fn is_direct(point: u32) -> bool {
    matches!(point, 0x09 | 0x0a | 0x0d | 0x20..=0x7d) && point != b'+' as u32 && point != b'\\' as u32
}

/// `str` to UTF-7; every character can be encoded.
pub fn encode(text: &StrObject) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let (mut shifted, mut bits, mut buffer) = (false, 0u32, 0u32);
    for point in text.code_points() {
        if is_direct(point) {
            if shifted {
                leave(&mut out, &mut bits, &mut buffer);
                shifted = false;
                if digit_value(point as u8).is_some() || point == u32::from(b'-') {
                    out.push(b'-');
                }
            }
            out.push(point as u8);
            continue;
        }
        if !shifted {
            out.push(b'+');
            if point == u32::from(b'+') {
                out.push(b'-');
                continue;
            }
            shifted = true;
        }
        let mut push_unit = |unit: u32| {
            buffer = buffer << 16 | unit;
            bits += 16;
            while bits >= 6 {
                out.push(DIGITS[(buffer >> (bits - 6) & 0x3f) as usize]);
                bits -= 6;
            }
            buffer &= (1 << bits) - 1;
        };
        if point >= 0x1_0000 {
            push_unit(0xd800 + ((point - 0x1_0000) >> 10));
            push_unit(0xdc00 + (point & 0x3ff));
        } else {
            push_unit(point);
        }
    }
    if shifted {
        leave(&mut out, &mut bits, &mut buffer);
        out.push(b'-');
    }
    out
}

/// Writes the bits that are left.
fn leave(out: &mut Vec<u8>, bits: &mut u32, buffer: &mut u32) {
    if *bits > 0 {
        out.push(DIGITS[(*buffer << (6 - *bits) & 0x3f) as usize]);
    }
    (*bits, *buffer) = (0, 0);
}

/// State of a base64 section.
#[derive(Default)]
struct Shift {
    active: bool,
    bits: u32,
    buffer: u32,
    /// A high surrogate that waits for its partner, or 0.
    high: u32,
    /// Where the section began, in bytes and in characters.
    start: usize,
    out_start: usize,
}

impl Shift {
    fn feed(&mut self, digit: u32, out: &mut Vec<u32>) {
        self.buffer = self.buffer << 6 | digit;
        self.bits += 6;
        if self.bits < 16 {
            return;
        }
        let unit = self.buffer >> (self.bits - 16);
        self.bits -= 16;
        self.buffer &= (1 << self.bits) - 1;
        let high = std::mem::take(&mut self.high);
        if high != 0 {
            if let 0xdc00..=0xdfff = unit {
                out.push(0x1_0000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
                return;
            }
            out.push(high);
        }
        match unit {
            0xd800..=0xdbff => self.high = unit,
            _ => out.push(unit),
        }
    }

    /// What is wrong with ending the section now.
    fn problem(&self) -> Option<&'static str> {
        match self.bits {
            6.. => Some("partial character in shift sequence"),
            1.. if self.buffer != 0 => Some("non-zero padding bits in shift sequence"),
            _ => None,
        }
    }
}

/// UTF-7 to `str`, and the number of bytes consumed.
pub fn decode(errors: &mut DecodeErrors<'_>, is_final: bool) -> PyResult<(Py<StrObject>, usize)> {
    let mut out: Vec<u32> = Vec::with_capacity(errors.data.len());
    let (mut at, mut shift) = (0, Shift::default());
    loop {
        while let Some(&byte) = errors.data.get(at) {
            let problem = step(&mut shift, &mut out, &errors.data, &mut at, byte);
            if let Some((start, reason)) = problem {
                at = errors.handle(start, at, reason, |point| out.push(point))?;
            }
        }
        let is_inconsistent = shift.high != 0 || shift.bits >= 6 || shift.buffer != 0;
        if shift.active && is_final {
            shift.active = false;
            if is_inconsistent {
                let end = errors.data.len();
                at = errors
                    .handle(shift.start, end, "unterminated shift sequence", |point| out.push(point))?;
                if at < errors.data.len() {
                    continue;
                }
            }
        }
        break;
    }
    if shift.active {
        out.truncate(shift.out_start);
        at = shift.start;
    }
    let mut text = StrBuilder::with_capacity(out.len());
    out.into_iter().for_each(|point| text.push(point));
    Ok((text.try_finish()?, at))
}

/// One byte; gives where a problem starts and what it is, and moves `at` behind it.
fn step(
    shift: &mut Shift,
    out: &mut Vec<u32>,
    data: &[u8],
    at: &mut usize,
    byte: u8,
) -> Option<(usize, &'static str)> {
    if shift.active {
        if let Some(digit) = digit_value(byte) {
            shift.feed(digit, out);
            *at += 1;
            return None;
        }
        shift.active = false;
        if let Some(reason) = shift.problem() {
            *at += 1;
            return Some((shift.start, reason));
        }
        let high = std::mem::take(&mut shift.high);
        if high != 0 && byte < 0x80 && byte != b'+' {
            out.push(high);
        }
        *at += usize::from(byte == b'-');
        return None;
    }
    let start = *at;
    *at += 1;
    match (byte, data.get(start + 1)) {
        (b'+', Some(b'-')) => {
            *at += 1;
            out.push(u32::from(b'+'));
        }
        (b'+', Some(&next)) if digit_value(next).is_none() => {
            *at += 1;
            return Some((start, "ill-formed sequence"));
        }
        (b'+', _) => *shift = Shift { active: true, start, out_start: out.len(), ..Shift::default() },
        (0..0x80, _) => out.push(u32::from(byte)),
        _ => return Some((start, "unexpected special character")),
    }
    None
}
