//! Strings: where a literal ends, and the text parts of f-strings and t-strings.
//!
//! An f-string is a string with holes, and in the holes stands any expression, other f-strings included (PEP 701). The lexer
//! therefore keeps a stack of [`StringMode`]s. In a mode it either reads *text*, up to the next `{`, the closing quote, or the
//! end of a format spec, or it reads ordinary tokens of the expression in a field, until a `:`, or the `}` that closes the
//! field, at the bracket depth of the field.
//!
//! ```text
//!   f"a{x:>{w}}b"     START(f")  MIDDLE(a)  {  x  :  MIDDLE(>)  {  w  }  MIDDLE()  }  MIDDLE(b)  END(")
//! ```

use crate::token::TokenKind;

/// How a literal is delimited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Quote {
    /// `'` or `"`.
    pub(crate) byte: u8,
    /// Whether there are three of them.
    pub(crate) is_triple: bool,
}

impl Quote {
    /// Reads the end of an opening such as `rb"""`.
    pub(crate) fn of_opening(opening: &[u8]) -> Self {
        let byte = *opening.last().expect("an opening ends with its quote");
        Self { byte, is_triple: opening.ends_with(&[byte; 3]) }
    }

    pub(crate) const fn len(self) -> usize {
        if self.is_triple { 3 } else { 1 }
    }

    pub(crate) fn closes(self, bytes: &[u8]) -> bool {
        bytes.first() == Some(&self.byte) && (!self.is_triple || bytes.starts_with(&[self.byte; 3]))
    }
}

/// Where a plain literal ends.
pub(crate) enum StringEnd {
    /// Just past its closing quote.
    Closed(usize),
    /// Nowhere; the line, or for three quotes the file, ends at the offset first.
    Open { at: usize, has_escaped_quote: bool },
}

/// Finds the end of a literal whose content starts at `from`.
pub(crate) fn find_end(bytes: &[u8], from: usize, quote: Quote) -> StringEnd {
    let mut at = from;
    let mut has_escaped_quote = false;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' {
            has_escaped_quote |= bytes.get(at + 1) == Some(&quote.byte);
            at += 2;
        } else if byte == quote.byte {
            if quote.closes(&bytes[at..]) {
                return StringEnd::Closed(at + quote.len());
            }
            at += 1;
        } else if byte == b'\n' && !quote.is_triple {
            return StringEnd::Open { at, has_escaped_quote };
        } else {
            at += 1;
        }
    }
    StringEnd::Open { at: bytes.len(), has_escaped_quote }
}

/// The tokens of one kind of string with holes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holed {
    /// `f` or `t`, for messages.
    pub(crate) prefix: char,
    pub(crate) middle: TokenKind,
    pub(crate) end: TokenKind,
}

const F_STRING: Holed = Holed { prefix: 'f', middle: TokenKind::FStringMiddle, end: TokenKind::FStringEnd };
const T_STRING: Holed = Holed { prefix: 't', middle: TokenKind::TStringMiddle, end: TokenKind::TStringEnd };

/// An f-string or t-string that has begun and not ended.
#[derive(Debug)]
pub(crate) struct StringMode {
    pub(crate) holed: Holed,
    pub(crate) quote: Quote,
    pub(crate) is_raw: bool,
    /// Where the literal starts, prefix included.
    pub(crate) start: u32,
    /// The bracket depth inside each open field, outermost first.
    pub(crate) fields: Vec<usize>,
    /// Whether text comes next, and not tokens.
    pub(crate) in_text: bool,
    /// Whether the text is a format spec.
    pub(crate) in_spec: bool,
}

impl StringMode {
    /// Enters the literal with this opening, such as `rf"`.
    pub(crate) fn new(kind: TokenKind, opening: &str, start: u32) -> Self {
        let holed = if kind == TokenKind::FStringStart { F_STRING } else { T_STRING };
        let quote = Quote::of_opening(opening.as_bytes());
        let is_raw = opening.contains(['r', 'R']);
        Self { holed, quote, is_raw, start, fields: Vec::new(), in_text: true, in_spec: false }
    }

    /// The bracket depth inside the innermost field.
    pub(crate) fn field_depth(&self) -> Option<usize> {
        self.fields.last().copied()
    }
}

/// Why a run of text ends.
pub(crate) enum TextEnd {
    /// A field begins or a format spec ends; the brace is the next token.
    Brace,
    /// A doubled brace, of which the text keeps one; more text follows.
    DoubledBrace,
    /// More text follows, because CPython ends a piece behind `\N{…}`.
    NamedEscape,
    /// The closing quote follows.
    Quote,
    /// A format spec ends with its line, as only one-line strings have it.
    SpecLine,
    /// The string does not end.
    Open,
}

/// A run of text.
pub(crate) struct Text {
    /// Offset just past what belongs to the text.
    pub(crate) end: usize,
    pub(crate) ended_by: TextEnd,
    /// Backslashes before a brace, which CPython warns about.
    pub(crate) stray_backslashes: Vec<usize>,
}

/// Reads text from `from` on. The caller has made sure that no single `{` and no closing quote stands there.
pub(crate) fn find_text_end(bytes: &[u8], from: usize, mode: &StringMode) -> Text {
    let mut stray_backslashes = Vec::new();
    let mut in_name = false;
    let mut at = from;
    let (end, ended_by) = loop {
        let Some(&byte) = bytes.get(at) else { break (bytes.len(), TextEnd::Open) };
        let next = bytes.get(at + 1).copied();
        match byte {
            b'\n' if !mode.quote.is_triple => {
                break (at, if mode.in_spec { TextEnd::SpecLine } else { TextEnd::Open });
            }
            b'{' if in_name => {}
            b'{' if next == Some(b'{') && !mode.in_spec => break (at + 1, TextEnd::DoubledBrace),
            b'{' => break (at, TextEnd::Brace),
            b'}' if in_name => break (at + 1, TextEnd::NamedEscape),
            b'}' if next == Some(b'}') && !mode.in_spec => break (at + 1, TextEnd::DoubledBrace),
            b'}' => break (at, TextEnd::Brace),
            b'\\' if matches!(next, Some(b'{' | b'}')) => {
                stray_backslashes.extend(Some(at).filter(|_| !mode.is_raw));
            }
            b'\\' => {
                in_name = next == Some(b'N') && !mode.is_raw && bytes.get(at + 2) == Some(&b'{');
                at += if in_name { 2 } else { 1 };
            }
            _ if byte == mode.quote.byte && mode.quote.closes(&bytes[at..]) => break (at, TextEnd::Quote),
            _ => {}
        }
        at += 1;
    };
    Text { end, ended_by, stray_backslashes }
}
