//! Byte ranges in source text, and lines and columns for people.
//!
//! A [`Span`] is eight bytes, copied everywhere, and means nothing without its file. Lines are 1-based and columns are
//! 0-based UTF-8 byte offsets, as in CPython's `ast` module; [`LineIndex`] translates in O(log lines).

use std::cell::Cell;
use std::fmt;

/// A half-open range of byte offsets in one source file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset just past the last byte.
    pub end: u32,
}

impl Span {
    /// The range from `start` up to, not including, `end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The empty range at `offset`.
    pub const fn at(offset: u32) -> Self {
        Self { start: offset, end: offset }
    }

    /// The smallest range that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Length in bytes.
    pub const fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether the range covers no byte.
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The bytes of `source` that the range covers. The range must lie on character boundaries of `source`.
    pub fn text(self, source: &str) -> &str {
        &source[self.start as usize..self.end as usize]
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// A place in a file as people and CPython's `ast` count.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Position {
    /// 1-based line.
    pub line: u32,
    /// 0-based column in UTF-8 bytes.
    pub column: u32,
}

/// Offsets of the line starts of one file; `\n`, `\r\n` and a lone `\r` all end a line.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Scans `source` once.
    pub fn new(source: &str) -> Self {
        let bytes = source.as_bytes();
        let mut starts = vec![0];
        for (at, &byte) in bytes.iter().enumerate() {
            let ends_line = byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            if ends_line {
                starts.push(at as u32 + 1);
            }
        }
        Self { starts }
    }

    /// An index of `count` lines of the same width, for places that are given without a text.
    pub fn uniform(width: u32, count: u32) -> Self {
        Self { starts: (0..count.max(1)).map(|line| line * width).collect() }
    }

    /// Line and column of a byte offset; offsets past the end count on the last line.
    pub fn position(&self, offset: u32) -> Position {
        let line = self.starts.partition_point(|&start| start <= offset);
        Position { line: line as u32, column: offset - self.starts[line - 1] }
    }

    /// The 1-based line of a byte offset.
    pub fn line(&self, offset: u32) -> u32 {
        self.position(offset).line
    }

    /// Byte offset at which a 1-based line starts, if the file has that line.
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.starts.get(line.checked_sub(1)? as usize).copied()
    }

    /// How many lines there are; an empty file has one.
    pub fn line_count(&self) -> u32 {
        self.starts.len() as u32
    }
}

/// A line index that is asked for places in about the order of the source: it looks near the last answer first.
#[derive(Clone, Debug)]
pub struct LineCursor {
    index: LineIndex,
    /// The 0-based line of the last answer.
    last: Cell<usize>,
}

impl LineCursor {
    /// A cursor at the first line.
    pub fn new(index: LineIndex) -> Self {
        Self { index, last: Cell::new(0) }
    }

    /// As [`LineIndex::position`].
    pub fn position(&self, offset: u32) -> Position {
        let starts = &self.index.starts;
        let holds = |line: usize| {
            starts.get(line).is_some_and(|&start| start <= offset)
                && starts.get(line + 1).is_none_or(|&next| offset < next)
        };
        let near = (self.last.get()..self.last.get() + 2).find(|&line| holds(line));
        match near {
            Some(line) => {
                self.last.set(line);
                Position { line: line as u32 + 1, column: offset - starts[line] }
            }
            None => {
                let position = self.index.position(offset);
                self.last.set(position.line as usize - 1);
                position
            }
        }
    }

    /// The 1-based line of a byte offset.
    pub fn line(&self, offset: u32) -> u32 {
        self.position(offset).line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_ending_ends_a_line() {
        let index = LineIndex::new("a\nb\r\nc\rd");
        let place = |offset| {
            let at = index.position(offset);
            (at.line, at.column)
        };
        assert_eq!(place(0), (1, 0));
        assert_eq!(place(2), (2, 0));
        assert_eq!(place(5), (3, 0));
        assert_eq!(place(7), (4, 0));
        assert_eq!(index.line_count(), 4);
        assert_eq!(index.line_start(3), Some(5));
        assert_eq!(index.line_start(5), None);
    }

    #[test]
    fn a_cursor_finds_what_its_index_finds() {
        let index = LineIndex::new("a\n\nbc\n\nd\ne\n");
        let cursor = LineCursor::new(index.clone());
        for offset in [0, 1, 2, 3, 5, 4, 11, 12, 0, 9, 8, 30] {
            assert_eq!(cursor.position(offset), index.position(offset));
        }
    }
}
