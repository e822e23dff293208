//! Texts in quotes: from behind the opening quote up to the closing one, with escapes resolved.

use runtime::objects::str::{StrBuilder, StrObject};
use runtime::{PyResult, Raised, Ref};

use super::decode_error;

/// A stored character of a document.
pub(super) trait Unit: Copy + Eq + std::hash::Hash {
    fn point(self) -> u32;

    /// Part of a document as a str.
    fn to_str(units: &[Self]) -> Ref;
}

impl Unit for u8 {
    #[inline]
    fn point(self) -> u32 {
        u32::from(self)
    }
    fn to_str(units: &[Self]) -> Ref {
        StrObject::from_latin1(units).into()
    }
}

impl Unit for u16 {
    #[inline]
    fn point(self) -> u32 {
        u32::from(self)
    }
    fn to_str(units: &[Self]) -> Ref {
        wide_str(units)
    }
}

impl Unit for u32 {
    #[inline]
    fn point(self) -> u32 {
        self
    }
    fn to_str(units: &[Self]) -> Ref {
        wide_str(units)
    }
}

fn wide_str<U: Unit>(units: &[U]) -> Ref {
    let mut text = StrBuilder::with_capacity(units.len());
    units.iter().for_each(|unit| text.push(unit.point()));
    text.finish().into()
}

const QUOTE: u32 = '"' as u32;
const BACKSLASH: u32 = '\\' as u32;

/// Where the plain characters from `from` on end: at a quote, a backslash, a control character, or the end of the document.
pub(super) fn plain_end<U: Unit>(units: &[U], from: usize) -> usize {
    let is_special = |unit: &U| matches!(unit.point(), QUOTE | BACKSLASH | 0..0x20);
    units[from..].iter().position(is_special).map_or(units.len(), |at| from + at)
}

/// The text whose opening quote is in front of `from`, and the position behind its closing quote.
pub(super) fn scan<U: Unit>(
    document: &StrObject,
    units: &[U],
    from: usize,
    strict: bool,
) -> PyResult<(Ref, usize)> {
    let end = plain_end(units, from);
    if units.get(end).is_some_and(|unit| unit.point() == QUOTE) {
        return Ok((U::to_str(&units[from..end]), end + 1));
    }
    let unterminated = || decode_error("Unterminated string starting at", document, from.saturating_sub(1));
    let mut text = StrBuilder::with_capacity(end - from + 16);
    let mut at = from;
    loop {
        let end = plain_end(units, at);
        units[at..end].iter().for_each(|unit| text.push(unit.point()));
        text.check()?;
        match units.get(end).map(|unit| unit.point()) {
            None => return Err(unterminated()),
            Some(QUOTE) => return Ok((text.try_finish()?.into(), end + 1)),
            Some(BACKSLASH) => {
                let Some(escape) = units.get(end + 1) else { return Err(unterminated()) };
                let (point, next) = unescape(document, units, end, escape.point())?;
                text.push(point);
                at = next;
            }
            Some(_) if strict => return Err(decode_error("Invalid control character at", document, end)),
            Some(control) => {
                text.push(control);
                at = end + 1;
            }
        }
    }
}

/// The character of the escape whose backslash is at `at`, and the position behind it.
fn unescape<U: Unit>(document: &StrObject, units: &[U], at: usize, escape: u32) -> PyResult<(u32, usize)> {
    let point = match char::from_u32(escape) {
        Some('"' | '\\' | '/') => escape,
        Some('b') => 0x08,
        Some('f') => 0x0c,
        Some('n') => 0x0a,
        Some('r') => 0x0d,
        Some('t') => 0x09,
        Some('u') => return unicode_escape(document, units, at),
        _ => return Err(decode_error("Invalid \\escape", document, at)),
    };
    Ok((point, at + 2))
}

/// Four hexadecimal digits, perhaps those of a surrogate with its other half behind it. As elsewhere, a document cannot end with them.
fn unicode_escape<U: Unit>(document: &StrObject, units: &[U], at: usize) -> PyResult<(u32, usize)> {
    let invalid = |at: usize| -> Raised { decode_error("Invalid \\uXXXX escape", document, at + 1) };
    let first = if at + 6 < units.len() { hex(&units[at + 2..at + 6]) } else { None };
    let first = first.ok_or_else(|| invalid(at))?;
    let has_more = (0xd800..0xdc00).contains(&first)
        && at + 12 < units.len()
        && units[at + 6].point() == BACKSLASH
        && units[at + 7].point() == 'u' as u32;
    if !has_more {
        return Ok((first, at + 6));
    }
    let second = hex(&units[at + 8..at + 12]).ok_or_else(|| invalid(at + 6))?;
    if (0xdc00..0xe000).contains(&second) {
        return Ok((0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00), at + 12));
    }
    Ok((first, at + 6))
}

fn hex<U: Unit>(units: &[U]) -> Option<u32> {
    units.iter().try_fold(0, |value, unit| {
        char::from_u32(unit.point()).and_then(|c| c.to_digit(16)).map(|digit| value * 16 + digit)
    })
}
