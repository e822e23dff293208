//! Finding, splitting and replacing in strs of any width.
//!
//! A needle wider than the haystack cannot occur; a narrower one is widened. What is looked for are bytes then, by `memchr`'s two-way
//! search, and a place that is not a whole number of units from the start is passed over. Cost: O(n + m).

use std::borrow::Cow;

use memchr::memmem;

use super::case::is_space;
use super::{StrBuilder, StrObject, Units};
use crate::objects::byte_string;
use crate::objects::tuple::TupleObject;
use crate::value::{Py, PyResult, Ref, Value};

/// What to split at.
#[derive(Clone, Copy)]
pub enum Needle<'a> {
    /// Runs of whitespace.
    Blanks,
    /// A separator, not empty.
    Text(&'a StrObject),
}

impl<'a> Needle<'a> {
    /// The needle that an argument names.
    pub fn of(separator: Option<&'a StrObject>) -> PyResult<Self> {
        match separator {
            None => Ok(Needle::Blanks),
            Some(text) if text.is_empty() => Err(crate::raise!(ValueError, "empty separator")),
            Some(text) => Ok(Needle::Text(text)),
        }
    }
}

/// Whether `wanted` stands in `text` at a position.
pub fn matches_at(text: &StrObject, wanted: &StrObject, at: usize) -> bool {
    if at + wanted.len() > text.len() {
        return false;
    }
    match (text.units(), wanted.units()) {
        (Units::One(text), Units::One(wanted)) => &text[at..at + wanted.len()] == wanted,
        (text, wanted) => (0..wanted.len()).all(|i| text.at(at + i) == wanted.at(i)),
    }
}

/// The memory of the characters, and bytes per character.
fn memory(text: &StrObject) -> (&[u8], usize) {
    fn bytes<T>(units: &[T]) -> &[u8] {
        // SAFETY: the units are integers, whose bytes are all initialised; the slice borrows them.
        unsafe { std::slice::from_raw_parts(units.as_ptr().cast(), size_of_val(units)) }
    }
    match text.units() {
        Units::One(units) => (units, 1),
        Units::Two(units) => (bytes(units), 2),
        Units::Four(units) => (bytes(units), 4),
    }
}

/// A text's memory as it would be with this many bytes per character, which are no fewer than it has.
fn widened(text: &StrObject, width: usize) -> Cow<'_, [u8]> {
    let (bytes, own) = memory(text);
    if own == width {
        return Cow::Borrowed(bytes);
    }
    let code_points = (0..text.len()).map(|at| text.units().at(at));
    Cow::Owned(code_points.flat_map(|unit| unit.to_le_bytes().into_iter().take(width)).collect())
}

/// First position of `wanted` within the range.
pub fn find(text: &StrObject, wanted: &StrObject, from: usize, to: usize) -> Option<usize> {
    let to = to.min(text.len());
    if from > to || wanted.len() > to - from || wanted.kind() > text.kind() {
        return None;
    }
    if wanted.is_empty() {
        return Some(from);
    }
    let (bytes, width) = memory(text);
    let needle = widened(wanted, width);
    let mut start = from * width;
    loop {
        let at = start + byte_string::search::find(&bytes[start..to * width], &needle)?;
        if at.is_multiple_of(width) {
            return Some(at / width);
        }
        start = at + 1;
    }
}

/// Last position of `wanted` within the range.
pub fn rfind(text: &StrObject, wanted: &StrObject, from: usize, to: usize) -> Option<usize> {
    let to = to.min(text.len());
    if from > to || wanted.len() > to - from || wanted.kind() > text.kind() {
        return None;
    }
    if wanted.is_empty() {
        return Some(to);
    }
    let (bytes, width) = memory(text);
    let needle = widened(wanted, width);
    let mut end = to * width;
    loop {
        let at = from * width + byte_string::search::rfind(&bytes[from * width..end], &needle)?;
        if at.is_multiple_of(width) {
            return Some(at / width);
        }
        end = at + needle.len() - 1;
    }
}

/// Where a text that is not empty occurs, without overlaps; one search is set up for all places.
#[allow(clippy::large_enum_variant, reason = "it stands on the stack for one search")]
enum Matches<'a> {
    Byte(memchr::Memchr<'a>),
    Bytes(memmem::FindIter<'a, 'a>),
    Units { text: &'a StrObject, wanted: &'a StrObject, at: usize },
}

impl<'a> Matches<'a> {
    fn new(text: &'a StrObject, wanted: &'a StrObject) -> Self {
        match (text.units(), wanted.units()) {
            (Units::One(text), Units::One(&[byte])) => Matches::Byte(memchr::memchr_iter(byte, text)),
            (Units::One(text), Units::One(wanted)) => Matches::Bytes(memmem::find_iter(text, wanted)),
            _ => Matches::Units { text, wanted, at: 0 },
        }
    }
}

impl Iterator for Matches<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        match self {
            Matches::Byte(places) => places.next(),
            Matches::Bytes(places) => places.next(),
            Matches::Units { text, wanted, at } => {
                let found = find(text, wanted, *at, text.len())?;
                *at = found + wanted.len();
                Some(found)
            }
        }
    }
}

/// Number of occurrences that do not overlap.
pub fn count(text: &StrObject, wanted: &StrObject, from: usize, to: usize) -> usize {
    let to = to.min(text.len());
    if wanted.is_empty() {
        return if from <= to { to - from + 1 } else { 0 };
    }
    if let (Units::One(bytes), Units::One(&[byte])) = (text.units(), wanted.units()) {
        return bytes.get(from..to).map_or(0, |bytes| memchr::memchr_iter(byte, bytes).count());
    }
    let (mut at, mut found) = (from, 0);
    while let Some(next) = find(text, wanted, at, to) {
        found += 1;
        at = next + wanted.len();
    }
    found
}

/// `str.replace`
pub fn replace(text: &StrObject, old: &StrObject, new: &StrObject, limit: usize) -> PyResult<Py<StrObject>> {
    if old.is_empty() {
        return spread(text, new, limit);
    }
    let mut matches = Matches::new(text, old).take(limit).peekable();
    if matches.peek().is_none() && Value::from_object(text).is_exact(&super::STR) {
        return Ok(Py::from_object(text));
    }
    let mut out = StrBuilder::with_capacity(text.len());
    let mut at = 0;
    for next in matches {
        out.push_units(text.units().part(at, next));
        out.push_object(new);
        out.check()?;
        at = next + old.len();
    }
    out.push_units(text.units().part(at, text.len()));
    out.try_finish()
}

/// `new` before every character and at the end, so many times at most.
fn spread(text: &StrObject, new: &StrObject, limit: usize) -> PyResult<Py<StrObject>> {
    let mut out = StrBuilder::with_capacity(text.len());
    for at in 0..=text.len() {
        if at < limit {
            out.push_object(new);
        }
        if at < text.len() {
            out.push(text.code_point(at));
        }
    }
    out.try_finish()
}

/// `str.split`; a negative limit is none.
pub fn split(text: &StrObject, needle: Needle<'_>, limit: isize) -> PyResult<Vec<Py<StrObject>>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    let mut at = 0;
    match needle {
        Needle::Text(separator) => {
            for next in Matches::new(text, separator).take(limit) {
                parts.push(text.substring(at, next));
                at = next + separator.len();
            }
            parts.push(text.substring(at, text.len()));
        }
        Needle::Blanks => loop {
            at = skip(text, at, true);
            if at == text.len() {
                break;
            }
            if parts.len() == limit {
                parts.push(text.substring(at, text.len()));
                break;
            }
            let end = skip(text, at, false);
            parts.push(text.substring(at, end));
            at = end;
        },
    }
    Ok(parts)
}

/// Position of the first character from `at` on whose being blank differs from `blank`.
fn skip(text: &StrObject, mut at: usize, blank: bool) -> usize {
    while at < text.len() && is_space(text.code_point(at)) == blank {
        at += 1;
    }
    at
}

/// `str.rsplit`
pub fn rsplit(text: &StrObject, needle: Needle<'_>, limit: isize) -> PyResult<Vec<Py<StrObject>>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    let mut end = text.len();
    match needle {
        Needle::Text(separator) => {
            while let Some(next) = rfind(text, separator, 0, end).filter(|_| parts.len() < limit) {
                parts.push(text.substring(next + separator.len(), end));
                end = next;
            }
            parts.push(text.substring(0, end));
        }
        Needle::Blanks => loop {
            end = skip_back(text, end, true);
            if end == 0 {
                break;
            }
            if parts.len() == limit {
                parts.push(text.substring(0, end));
                break;
            }
            let start = skip_back(text, end, false);
            parts.push(text.substring(start, end));
            end = start;
        },
    }
    parts.reverse();
    Ok(parts)
}

fn skip_back(text: &StrObject, mut end: usize, blank: bool) -> usize {
    while end > 0 && is_space(text.code_point(end - 1)) == blank {
        end -= 1;
    }
    end
}

/// `str.splitlines`
pub fn split_lines(text: &StrObject, keep_ends: bool) -> Vec<Py<StrObject>> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < text.len() {
        let point = text.code_point(at);
        at += 1;
        if !matches!(point, 0x0a..=0x0d | 0x1c..=0x1e | 0x85 | 0x2028 | 0x2029) {
            continue;
        }
        let end = at - 1;
        if point == 0x0d && at < text.len() && text.code_point(at) == 0x0a {
            at += 1;
        }
        parts.push(text.substring(start, if keep_ends { at } else { end }));
        start = at;
    }
    if start < text.len() {
        parts.push(text.substring(start, text.len()));
    }
    parts
}

/// `str.partition` and `str.rpartition`
pub fn partition(text: &StrObject, separator: &StrObject, from_end: bool) -> PyResult<Py<TupleObject>> {
    if separator.is_empty() {
        return Err(crate::raise!(ValueError, "empty separator"));
    }
    let found =
        if from_end { rfind(text, separator, 0, text.len()) } else { find(text, separator, 0, text.len()) };
    let empty = || -> Ref { StrObject::empty().into() };
    let whole = || -> Ref { text.substring(0, text.len()).into() };
    Ok(match found {
        Some(at) => TupleObject::of([
            text.substring(0, at).into(),
            Value::from_object(separator).to_ref(),
            text.substring(at + separator.len(), text.len()).into(),
        ]),
        None if from_end => TupleObject::of([empty(), empty(), whole()]),
        None => TupleObject::of([whole(), empty(), empty()]),
    })
}
