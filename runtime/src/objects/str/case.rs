//! Case mappings and tests of whole texts.
//!
//! Upper and lower case are the standard library's; title case, case folding and categories come from `crate::unicode`.

use super::{StrBuilder, StrObject};
use crate::unicode;
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
        Some(c) if c.is_ascii() => out.push(c.to_ascii_uppercase() as u32),
        Some(c) => c.to_uppercase().for_each(|c| out.push(c as u32)),
        None => out.push(point),
    }
}

/// Lower case; a capital sigma at the end of a word becomes the final form.
fn push_lower(out: &mut StrBuilder, text: &StrObject, at: usize, point: u32) {
    match char::from_u32(point) {
        Some(c) if c.is_ascii() => out.push(c.to_ascii_lowercase() as u32),
        Some('Σ') if is_final_sigma(text, at) => out.push('ς' as u32),
        Some(c) => c.to_lowercase().for_each(|c| out.push(c as u32)),
        None => out.push(point),
    }
}

/// Whether the sigma at `at` ends a word: a cased character stands before it and none behind it, others ignored.
fn is_final_sigma(text: &StrObject, at: usize) -> bool {
    let decides = |&at: &usize| !unicode::is_case_ignorable(text.code_point(at));
    let is_cased = |at: usize| unicode::is_cased(text.code_point(at));
    (0..at).rev().find(decides).is_some_and(is_cased)
        && !(at + 1..text.len()).find(decides).is_some_and(is_cased)
}

fn push_title(out: &mut StrBuilder, point: u32) {
    match unicode::title_mapping(point) {
        Some(mapped) => out.push_str(mapped),
        None => push_upper(out, point),
    }
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
    map(text, |out, _, point| match (unicode::fold_mapping(point), char::from_u32(point)) {
        (Some(mapped), _) => out.push_str(mapped),
        (None, Some(c)) => c.to_lowercase().for_each(|c| out.push(c as u32)),
        (None, None) => out.push(point),
    })
}

pub(super) fn capitalize(text: &StrObject) -> Py<StrObject> {
    map(
        text,
        |out, at, point| if at == 0 { push_title(out, point) } else { push_lower(out, text, at, point) },
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
            push_title(out, point)
        }
        in_word = unicode::is_cased(point);
    })
}

/// Whether words start with upper case and go on in lower case, and there is a cased character.
pub(super) fn is_title(text: &StrObject) -> bool {
    let (mut in_word, mut found) = (false, false);
    for point in text.code_points() {
        let c = char::from_u32(point);
        let upper = c.is_some_and(char::is_uppercase) || unicode::is_title(point);
        let lower = c.is_some_and(char::is_lowercase);
        if (upper && in_word) || (lower && !in_word) {
            return false;
        }
        in_word = upper || lower;
        found |= in_word;
    }
    found
}

/// Whether there is a character that `wanted` accepts, and none that `unwanted` accepts or that is title case.
pub(super) fn is_cased_as(text: &StrObject, wanted: fn(char) -> bool, unwanted: fn(char) -> bool) -> bool {
    let mut found = false;
    for point in text.code_points() {
        let c = char::from_u32(point);
        if c.is_some_and(unwanted) || unicode::is_title(point) {
            return false;
        }
        found |= c.is_some_and(wanted);
    }
    found
}

/// Whether the text is not empty and every character is accepted.
pub(super) fn all_of(text: &StrObject, accept: impl Fn(u32) -> bool) -> bool {
    !text.is_empty() && text.code_points().all(accept)
}

/// Python's whitespace.
pub(super) fn is_space(point: u32) -> bool {
    matches!(point, 0x1c..=0x1f) || char::from_u32(point).is_some_and(char::is_whitespace)
}
