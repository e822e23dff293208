//! Values of literals.
//!
//! Strings are WTF-8, that is UTF-8 in which lone surrogates may occur, because `"\ud800"` is a Python string and not a
//! Unicode one. Integers beyond 64 bits keep their decimal digits; arithmetic on them is the run-time's affair.

use std::fmt;

/// The value of an `ast.Constant`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Constant<'a> {
    /// `None`
    None,
    /// `True` and `False`
    Bool(bool),
    /// An integer, never negative in a parse tree.
    Int(Int<'a>),
    /// A float; may be infinite (`1e999`).
    Float(f64),
    /// The imaginary part of `3j`.
    Complex(f64),
    /// A string.
    Str(PyStr<'a>),
    /// A bytes object.
    Bytes(&'a [u8]),
    /// `...`
    Ellipsis,
}

/// The value of an integer literal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Int<'a> {
    /// Fits a machine word.
    Small(i64),
    /// Decimal digits without sign or leading zeros of a number too large for [`Int::Small`].
    Big(&'a str),
}

impl fmt::Display for Int<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Small(value) => write!(f, "{value}"),
            Self::Big(digits) => f.write_str(digits),
        }
    }
}

/// A Python string: WTF-8 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PyStr<'a> {
    bytes: &'a [u8],
}

impl<'a> PyStr<'a> {
    /// Takes bytes that must be WTF-8.
    pub const fn from_wtf8(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Takes ordinary text.
    pub const fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes() }
    }

    /// The WTF-8 bytes.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The text, unless it holds a lone surrogate.
    pub fn as_str(self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes).ok()
    }

    /// Whether the string has no character.
    pub const fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// Code points in order, surrogates included.
    pub fn code_points(self) -> impl Iterator<Item = u32> + Clone + use<'a> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            let (&lead, _) = rest.split_first()?;
            let (len, mask) = match lead {
                0..0x80 => (1, 0x7f),
                0x80..0xe0 => (2, 0x1f),
                0xe0..0xf0 => (3, 0x0f),
                _ => (4, 0x07),
            };
            let (head, tail) = rest.split_at(len.min(rest.len()));
            rest = tail;
            let first = u32::from(lead & mask);
            Some(head[1..].iter().fold(first, |code, &byte| code << 6 | u32::from(byte & 0x3f)))
        })
    }
}

impl fmt::Debug for PyStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&String::from_utf8_lossy(self.bytes), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_points_include_lone_surrogates() {
        let text = PyStr::from_wtf8(b"a\xc3\xa9\xed\xa0\x80\xf0\x9f\x98\x80");
        assert_eq!(text.code_points().collect::<Vec<_>>(), [0x61, 0xe9, 0xd800, 0x1f600]);
        assert_eq!(text.as_str(), None);
    }
}
