//! Case mappings and character classes.
//!
//! The standard library's Unicode tables serve for upper, lower and classes. Title case is approximated by upper case and case folding by lower
//! case of the upper case plus the sharp s; characters where those differ (digraphs such as U+01C6) are a known gap.

use super::{StrBuilder, StrObject};
use crate::value::Py;

fn map(text: &StrObject, mut push: impl FnMut(&mut StrBuilder, usize, u32)) -> Py<StrObject> {
    let mut out = StrBuilder::with_capacity(text.len());
    for (at, point) in text.code_points().enumerate() {
        push(&mut out, at, point);
    }
    out.finish()
}

fn push_upper(out: &mut StrBuilder, point: u32) {
    match char::from_u32(point) {
        Some(c) => c.to_uppercase().for_each(|c| out.push(c as u32)),
        None => out.push(point),
    }
}

/// Lower case; a capital sigma at the end of a word becomes the final form.
fn push_lower(out: &mut StrBuilder, text: &StrObject, at: usize, point: u32) {
    match char::from_u32(point) {
        Some('Σ') if is_final_sigma(text, at) => out.push('ς' as u32),
        Some(c) => c.to_lowercase().for_each(|c| out.push(c as u32)),
        None => out.push(point),
    }
}

fn is_final_sigma(text: &StrObject, at: usize) -> bool {
    let is_cased =
        |at: usize| char::from_u32(text.code_point(at)).is_some_and(|c| c.is_lowercase() || c.is_uppercase());
    at > 0 && is_cased(at - 1) && (at + 1 == text.len() || !is_cased(at + 1))
}

pub(super) fn upper(text: &StrObject) -> Py<StrObject> {
    match text.as_ascii() {
        Some(ascii) => StrObject::from_latin1(ascii.to_ascii_uppercase().as_bytes()),
        None => map(text, |out, _, point| push_upper(out, point)),
    }
}

pub(super) fn lower(text: &StrObject) -> Py<StrObject> {
    match text.as_ascii() {
        Some(ascii) => StrObject::from_latin1(ascii.to_ascii_lowercase().as_bytes()),
        None => map(text, |out, at, point| push_lower(out, text, at, point)),
    }
}

pub(super) fn casefold(text: &StrObject) -> Py<StrObject> {
    if text.is_ascii() {
        return lower(text);
    }
    map(text, |out, _, point| match char::from_u32(point) {
        Some('ß' | 'ẞ') => out.push_str("ss"),
        Some('ς') => out.push('σ' as u32),
        Some(c) => c.to_lowercase().for_each(|c| out.push(c as u32)),
        None => out.push(point),
    })
}

pub(super) fn capitalize(text: &StrObject) -> Py<StrObject> {
    map(
        text,
        |out, at, point| if at == 0 { push_upper(out, point) } else { push_lower(out, text, at, point) },
    )
}

pub(super) fn swapcase(text: &StrObject) -> Py<StrObject> {
    map(text, |out, at, point| match char::from_u32(point) {
        Some(c) if c.is_uppercase() => push_lower(out, text, at, point),
        Some(c) if c.is_lowercase() => push_upper(out, point),
        _ => out.push(point),
    })
}

pub(super) fn title(text: &StrObject) -> Py<StrObject> {
    let mut in_word = false;
    map(text, |out, at, point| {
        if in_word {
            push_lower(out, text, at, point)
        } else {
            push_upper(out, point)
        }
        in_word = char::from_u32(point).is_some_and(|c| c.is_lowercase() || c.is_uppercase());
    })
}

/// Whether words start with upper case and go on in lower case, and there is a cased character.
pub(super) fn is_title(text: &StrObject) -> bool {
    let (mut in_word, mut found) = (false, false);
    for c in text.code_points().map(char::from_u32) {
        let (upper, lower) = (c.is_some_and(char::is_uppercase), c.is_some_and(char::is_lowercase));
        if (upper && in_word) || (lower && !in_word) {
            return false;
        }
        in_word = upper || lower;
        found |= in_word;
    }
    found
}

/// Whether there is a character that `wanted` accepts and none that `unwanted` does.
pub(super) fn is_cased_as(text: &StrObject, wanted: fn(char) -> bool, unwanted: fn(char) -> bool) -> bool {
    let mut found = false;
    for c in text.code_points().filter_map(char::from_u32) {
        if unwanted(c) {
            return false;
        }
        found |= wanted(c);
    }
    found
}

/// Whether the text is not empty and every character is accepted.
pub(super) fn all_of(text: &StrObject, accept: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.code_points().all(|point| char::from_u32(point).is_some_and(&accept))
}

/// Python's whitespace.
pub(super) fn is_space(point: u32) -> bool {
    matches!(point, 0x1c..=0x1f) || char::from_u32(point).is_some_and(char::is_whitespace)
}

/// Decimal digits, superscripts and circled digits.
pub(super) fn is_digit(c: char) -> bool {
    crate::objects::int::parse::decimal_value(c).is_some()
        || matches!(c, '²' | '³' | '¹' | '\u{2070}' | '\u{2074}'..='\u{2079}' | '\u{2080}'..='\u{2089}' | '\u{2460}'..='\u{2468}')
}

/// Whether `repr` shows the character as it is: not a control, format, surrogate, private, unassigned or separator character.
pub(super) fn is_printable(c: char) -> bool {
    let invisible = matches!(c as u32,
        0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x180e | 0x2000..=0x200f | 0x2028..=0x202f | 0x205f..=0x206f
        | 0x1680 | 0x3000 | 0xa0 | 0xe000..=0xf8ff | 0xfeff | 0xfff0..=0xfffb | 0xfffe | 0xffff | 0xe0000.. );
    c == ' ' || !(c.is_control() || invisible)
}
