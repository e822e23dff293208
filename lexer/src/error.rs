//! What CPython raises for source text that it cannot read.
//!
//! Messages are CPython's, word for word, because people search the web for them and tests compare them. A span is enough
//! to print everything that CPython prints; [`Location`] is its `lineno`, `offset`, `end_lineno` and `end_offset`.

use crate::source::SourceText;
use base::{Diagnostic, Span};
use std::fmt;

/// The exception type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// `SyntaxError`
    Syntax,
    /// `IndentationError`
    Indentation,
    /// `TabError`
    Tab,
}

impl ErrorKind {
    /// The name of the exception type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Syntax => "SyntaxError",
            Self::Indentation => "IndentationError",
            Self::Tab => "TabError",
        }
    }
}

/// How much of a span CPython's four numbers tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Extent {
    /// Start and end. A span at the end of the text stands for the line end that is missing there.
    #[default]
    Span,
    /// Where the error starts, twice.
    Point,
    /// Where the error starts; CPython says 0 for the end column.
    Start,
    /// The line alone; CPython says 0 for both columns.
    Line,
}

/// A located error in the source text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// The exception type.
    pub kind: ErrorKind,
    /// CPython's message.
    pub message: String,
    /// The guilty text; empty where CPython points at one place.
    pub span: Span,
    /// What CPython's four numbers say of the span.
    pub extent: Extent,
    /// More text might mend it: the source ends too early. A prompt then asks for another line.
    pub is_incomplete: bool,
}

/// CPython's four numbers: 1-based lines, 1-based columns in characters, 0 for an unknown end column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Location {
    /// `lineno`
    pub line: u32,
    /// `offset`
    pub offset: u32,
    /// `end_lineno`
    pub end_line: u32,
    /// `end_offset`
    pub end_offset: u32,
}

impl SyntaxError {
    /// A `SyntaxError` about `span`.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::Syntax,
            message: message.into(),
            span,
            extent: Extent::Span,
            is_incomplete: false,
        }
    }

    /// An `IndentationError` about `span`.
    pub fn indentation(span: Span, message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Indentation, ..Self::new(span, message) }
    }

    /// The same error, without a known end.
    #[must_use]
    pub fn open_ended(self) -> Self {
        Self { extent: Extent::Start, ..self }
    }

    /// Whether CPython does not know where the error ends.
    pub fn is_open_ended(&self) -> bool {
        matches!(self.extent, Extent::Start | Extent::Line)
    }

    /// The same error, of source that ends too early.
    #[must_use]
    pub fn incomplete(self) -> Self {
        Self { is_incomplete: true, ..self }
    }

    /// Lines and columns as CPython counts them.
    pub fn location(&self, source: &SourceText) -> Location {
        let (line, offset) = source.character_position(self.span.start);
        let (end_line, end_offset) = self.end_position(source);
        match self.extent {
            Extent::Span => Location { line, offset, end_line, end_offset },
            Extent::Point => Location { line, offset, end_line: line, end_offset: offset },
            Extent::Start => Location { line, offset, end_line: line, end_offset: 0 },
            Extent::Line => Location { line, offset: 0, end_line: line, end_offset: 0 },
        }
    }

    /// A line end belongs to the line that it ends, even the one that the last line may lack.
    fn end_position(&self, source: &SourceText) -> (u32, u32) {
        let Span { start, end } = self.span;
        let ends_line = end > start && source.text().as_bytes().get(end as usize - 1) == Some(&b'\n');
        let is_missing_newline = start == end && end as usize == source.text().len();
        let (line, offset) = source.character_position(if ends_line { end - 1 } else { end });
        (line, offset + u32::from(ends_line || is_missing_newline))
    }

    /// The form in which stages report to the command line.
    pub fn to_diagnostic(&self) -> Diagnostic {
        Diagnostic::error("SP0003", self.span, self.message.clone())
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.message)
    }
}

impl std::error::Error for SyntaxError {}
