//! The escape codecs: `unicode_escape`, `raw_unicode_escape`, and the escapes of bytes literals.

use super::handler::{DecodeErrors, backslashed};
use crate::objects::str::{StrBuilder, StrObject};
use crate::value::{Py, PyResult};

/// `str` to the form inside an ASCII literal.
pub fn encode_unicode_escape(text: &StrObject) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for point in text.code_points() {
        match point {
            0x09 => out.extend_from_slice(b"\\t"),
            0x0a => out.extend_from_slice(b"\\n"),
            0x0d => out.extend_from_slice(b"\\r"),
            0x5c => out.extend_from_slice(b"\\\\"),
            0x20..0x7f => out.push(point as u8),
            _ => out.extend_from_slice(backslashed(point).as_bytes()),
        }
    }
    out
}

/// `str` to Latin-1, other characters as `\uNNNN` and `\UNNNNNNNN`.
pub fn encode_raw_unicode_escape(text: &StrObject) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for point in text.code_points() {
        match u8::try_from(point) {
            Ok(byte) => out.push(byte),
            Err(_) => out.extend_from_slice(backslashed(point).as_bytes()),
        }
    }
    out
}

/// What an escape turned out to be.
enum Escape {
    /// A character, or none behind a line continuation; and the position behind it.
    Character(Option<u32>, usize),
    /// No escape: the backslash and the character behind it stay.
    Literal,
    /// Ends too early: more input may complete it; the position behind it.
    Incomplete(&'static str, usize),
    /// Wrong; the position behind it.
    Wrong(&'static str, usize),
}

/// Reads `count` hexadecimal digits at `at`.
fn digits(data: &[u8], at: usize, count: usize) -> Result<u32, usize> {
    let mut value = 0;
    for place in at..at + count {
        match data.get(place).and_then(|&byte| char::from(byte).to_digit(16)) {
            Some(digit) => value = value << 4 | digit,
            None => return Err(place),
        }
    }
    Ok(value)
}

fn hexadecimal(data: &[u8], at: usize, count: usize, truncated: &'static str, large: &'static str) -> Escape {
    match digits(data, at, count) {
        Ok(point) if point < 0x11_0000 => Escape::Character(Some(point), at + count),
        Ok(_) => Escape::Wrong(large, at + count),
        Err(end) if end >= data.len() => Escape::Incomplete(truncated, end),
        Err(end) => Escape::Wrong(truncated, end),
    }
}

const TRUNCATED_4: &str = "truncated \\uXXXX escape";
const TRUNCATED_8: &str = "truncated \\UXXXXXXXX escape";

/// The escape whose backslash stands before `at`.
fn read_escape(data: &[u8], at: usize) -> Escape {
    let Some(&byte) = data.get(at) else { return Escape::Incomplete("\\ at end of string", at) };
    let simple = match byte {
        b'\n' => return Escape::Character(None, at + 1),
        b'\\' | b'\'' | b'"' => u32::from(byte),
        b'b' => 0x08,
        b'f' => 0x0c,
        b't' => 0x09,
        b'n' => 0x0a,
        b'r' => 0x0d,
        b'v' => 0x0b,
        b'a' => 0x07,
        b'0'..=b'7' => {
            let octal = data[at..].iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7'));
            let (value, len) =
                octal.fold((0, 0), |(value, len), &byte| (value << 3 | u32::from(byte - b'0'), len + 1));
            return Escape::Character(Some(value), at + len);
        }
        b'x' => return hexadecimal(data, at + 1, 2, "truncated \\xXX escape", ""),
        b'u' => return hexadecimal(data, at + 1, 4, TRUNCATED_4, ""),
        b'U' => return hexadecimal(data, at + 1, 8, TRUNCATED_8, "illegal Unicode character"),
        b'N' => return named(data, at + 1),
        _ => return Escape::Literal,
    };
    Escape::Character(Some(simple), at + 1)
}

fn named(data: &[u8], at: usize) -> Escape {
    const MALFORMED: &str = "malformed \\N character escape";
    match data.get(at) {
        None => return Escape::Incomplete(MALFORMED, at),
        Some(b'{') => {}
        Some(_) => return Escape::Wrong(MALFORMED, at),
    }
    let Some(len) = data[at + 1..].iter().position(|&byte| byte == b'}') else {
        return Escape::Incomplete(MALFORMED, data.len());
    };
    if len == 0 {
        return Escape::Wrong(MALFORMED, at + 1);
    }
    let (name, end) = (&data[at + 1..at + 1 + len], at + len + 2);
    match std::str::from_utf8(name).ok().and_then(base::character_name::character) {
        Some(c) => Escape::Character(Some(c as u32), end),
        None => Escape::Wrong("unknown Unicode character name", end),
    }
}

/// The escape of `raw_unicode_escape` whose backslash stands before `at`.
fn read_raw_escape(data: &[u8], at: usize) -> Escape {
    match data.get(at) {
        None => Escape::Incomplete("", at),
        Some(b'u') => hexadecimal(data, at + 1, 4, TRUNCATED_4, ""),
        Some(b'U') => hexadecimal(data, at + 1, 8, TRUNCATED_8, "\\Uxxxxxxxx out of range"),
        Some(_) => Escape::Literal,
    }
}

/// Decodes `unicode_escape`, or `raw_unicode_escape` if `raw`; gives the number of bytes consumed, too.
pub fn decode(errors: &mut DecodeErrors<'_>, raw: bool, is_final: bool) -> PyResult<(Py<StrObject>, usize)> {
    let mut out = StrBuilder::with_capacity(errors.data.len());
    let mut at = 0;
    while let Some(&byte) = errors.data.get(at) {
        let is_last = at + 1 == errors.data.len();
        if byte != b'\\' || (raw && is_last && is_final) {
            out.push(u32::from(byte));
            at += 1;
            continue;
        }
        let escape =
            if raw { read_raw_escape(&errors.data, at + 1) } else { read_escape(&errors.data, at + 1) };
        at = match escape {
            Escape::Character(point, end) => {
                point.into_iter().for_each(|point| out.push(point));
                end
            }
            Escape::Literal => {
                out.push(u32::from(b'\\'));
                out.push(u32::from(errors.data[at + 1]));
                at + 2
            }
            Escape::Incomplete(..) if !is_final => break,
            Escape::Incomplete(reason, end) | Escape::Wrong(reason, end) => {
                errors.handle(at, end, reason, |point| out.push(point))?
            }
        };
    }
    Ok((out.try_finish()?, at))
}

/// The bytes that stand in a bytes literal for `data`.
pub fn encode_bytes_escape(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    for &byte in data {
        match byte {
            b'\\' | b'\'' => out.extend_from_slice(&[b'\\', byte]),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0x20..0x7f => out.push(byte),
            _ => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    out
}

/// Warns of the first escape that is none, of which a later version may make an error. `names` says whether `\N`, `\u` and `\U` are
/// escapes, as they are in texts.
pub fn warn_of_invalid(data: &[u8], names: bool) -> PyResult<()> {
    let mut at = 0;
    while let Some(&byte) = data.get(at) {
        at += 1;
        if byte != b'\\' {
            continue;
        }
        let Some(&escape) = data.get(at) else { return Ok(()) };
        let octal = data[at..].iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
        let (shown, what) = match escape {
            _ if octal == 3 && escape > b'3' => {
                (String::from_utf8_lossy(&data[at..at + 3]).into_owned(), "octal ")
            }
            b'\n'
            | b'\\'
            | b'\''
            | b'"'
            | b'b'
            | b'f'
            | b't'
            | b'n'
            | b'r'
            | b'v'
            | b'a'
            | b'x'
            | b'0'..=b'7' => {
                at += octal.max(1);
                continue;
            }
            b'N' | b'u' | b'U' if names => {
                at += 1;
                continue;
            }
            _ => (char::from(escape).to_string(), ""),
        };
        let message = format!(
            "\"\\{shown}\" is an invalid {what}escape sequence. Such sequences will not work in the future. "
        );
        return crate::warning::warn(&crate::error::types::DeprecationWarning, &message, 1);
    }
    Ok(())
}

/// What the escapes in a bytes literal stand for.
pub fn decode_bytes_escape(data: &[u8], errors: &str) -> PyResult<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len());
    let mut at = 0;
    while let Some(&byte) = data.get(at) {
        at += 1;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match data.get(at) {
            None => return Err(crate::raise!(ValueError, "Trailing \\ in string")),
            Some(b'u' | b'U' | b'N') => {
                out.extend_from_slice(&[b'\\', data[at]]);
                at += 1;
                continue;
            }
            Some(_) => {}
        }
        match read_escape(data, at) {
            Escape::Character(value, end) => {
                out.extend(value.map(|value| value as u8));
                at = end;
            }
            Escape::Literal => {
                out.extend_from_slice(&[b'\\', data[at]]);
                at += 1;
            }
            Escape::Incomplete(..) | Escape::Wrong(..) => {
                match errors {
                    "strict" => {
                        return Err(crate::raise!(ValueError, "invalid \\x escape at position {}", at - 1));
                    }
                    "replace" => out.push(b'?'),
                    "ignore" => {}
                    other => {
                        return Err(crate::raise!(
                            ValueError,
                            "decoding error; unknown error handling code: {other}"
                        ));
                    }
                }
                // One digit may have been good.
                at += 1;
                at += usize::from(data.get(at).is_some_and(u8::is_ascii_hexdigit));
            }
        }
    }
    Ok(out)
}
