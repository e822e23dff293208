//! The stack of open brackets: inside them line ends and indentation mean nothing, and each must be closed by its partner.

use crate::error::SyntaxError;
use base::{LineIndex, Span};

/// How many brackets may be open at once, as in CPython.
const MAX_NESTING: usize = 200;

/// An open bracket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bracket {
    /// `(`, `[` or `{`.
    pub(crate) opening: u8,
    /// Where it stands.
    pub(crate) at: u32,
}

/// The open brackets, outermost first.
#[derive(Debug)]
pub(crate) struct Brackets {
    stack: Vec<Bracket>,
    /// Whether any bracket closes any other, or none.
    is_lenient: bool,
}

impl Brackets {
    pub(crate) fn new(is_lenient: bool) -> Self {
        Self { stack: Vec::new(), is_lenient }
    }

    pub(crate) fn depth(&self) -> usize {
        self.stack.len()
    }

    pub(crate) fn innermost(&self) -> Option<Bracket> {
        self.stack.last().copied()
    }

    pub(crate) fn open(&mut self, opening: u8, at: u32) -> Result<(), SyntaxError> {
        if self.stack.len() >= MAX_NESTING {
            return Err(SyntaxError::new(Span::at(at), "too many nested parentheses"));
        }
        self.stack.push(Bracket { opening, at });
        Ok(())
    }

    /// Closes the innermost bracket. `field` is the depth at which the innermost f-string field began, with the prefix for
    /// messages about it.
    pub(crate) fn close(
        &mut self,
        closing: u8,
        at: u32,
        lines: &LineIndex,
        field: Option<(usize, char)>,
    ) -> Result<(), SyntaxError> {
        let here = Span::at(at);
        let closing = char::from(closing);
        let Some(bracket) = self.stack.pop() else {
            if self.is_lenient {
                return Ok(());
            }
            return Err(SyntaxError::new(here, format!("unmatched '{closing}'")));
        };
        let opening = char::from(bracket.opening);
        if self.is_lenient || matches!((opening, closing), ('(', ')') | ('[', ']') | ('{', '}')) {
            return Ok(());
        }
        if let Some((depth, prefix)) = field
            && depth == self.stack.len() + 1
        {
            return Err(SyntaxError::new(here, format!("{prefix}-string: unmatched '{closing}'")));
        }
        let line = lines.line(bracket.at);
        let place = if line == lines.line(at) { String::new() } else { format!(" on line {line}") };
        let message =
            format!("closing parenthesis '{closing}' does not match opening parenthesis '{opening}'{place}");
        Err(SyntaxError::new(here, message))
    }

    /// The error for a file that ends with brackets open.
    pub(crate) fn never_closed(&self) -> Option<SyntaxError> {
        let bracket = self.innermost()?;
        let message = format!("'{}' was never closed", char::from(bracket.opening));
        Some(SyntaxError::new(Span::at(bracket.at), message).open_ended().incomplete())
    }
}
