//! The indentation layer: measures the blanks that start a logical line and compares them with the open blocks.
//!
//! Every block remembers two widths, one with tab stops every eight columns and one with tabs as wide as a space; where the
//! two disagree about which line is deeper, the meaning would depend on the reader's tab width, and that is a `TabError`.
//! (Method: CPython's `Parser/lexer/lexer.c`.)

use crate::error::{ErrorKind, SyntaxError};
use base::Span;

/// How many blocks may be open at once, the file included, as in CPython.
const MAX_BLOCKS: usize = 100;
const TAB_STOP: u32 = 8;

/// The width of the blanks before a line, by both measures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Width {
    columns: u32,
    characters: u32,
}

/// What a new logical line does to the open blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    /// The line belongs to the current block.
    Same,
    /// The line opens a block.
    Indent,
    /// The line closes so many blocks.
    Dedent(usize),
}

/// Reads the blanks at the start of a line: their width and their length in bytes. A backslash may join further lines; then
/// the blanks before the first backslash count.
pub(crate) fn measure(bytes: &[u8]) -> (Width, usize) {
    let mut width = Width::default();
    let mut before_backslash = None;
    let mut at = 0;
    loop {
        match bytes.get(at) {
            Some(b' ') => {
                width.columns += 1;
                width.characters += 1;
            }
            Some(b'\t') => {
                width.columns = (width.columns / TAB_STOP + 1) * TAB_STOP;
                width.characters += 1;
            }
            Some(b'\x0c') => width = Width::default(),
            Some(b'\\') if bytes.get(at + 1) == Some(&b'\n') && at + 2 < bytes.len() => {
                before_backslash = before_backslash.or(Some(width).filter(|width| width.columns != 0));
                at += 1;
            }
            _ => {
                return (
                    before_backslash
                        .map_or(width, |Width { columns, .. }| Width { columns, characters: columns }),
                    at,
                );
            }
        }
        at += 1;
    }
}

/// The widths of the open blocks, outermost first.
#[derive(Debug)]
pub(crate) struct Indents {
    stack: Vec<Width>,
}

impl Default for Indents {
    fn default() -> Self {
        Self { stack: vec![Width::default()] }
    }
}

impl Indents {
    /// How many blocks are open besides the file.
    pub(crate) fn open_blocks(&self) -> usize {
        self.stack.len() - 1
    }

    fn innermost(&self) -> Width {
        *self.stack.last().expect("the file's own block is never closed")
    }

    /// Starts a logical line of this width; `line` is its text.
    pub(crate) fn line(&mut self, width: Width, line: Span) -> Result<Change, SyntaxError> {
        let current = self.innermost();
        if width.columns > current.columns {
            return self.indent(width, line);
        }
        let mut closed = 0;
        while self.innermost().columns > width.columns {
            self.stack.pop();
            closed += 1;
        }
        if self.innermost().columns != width.columns {
            let message = "unindent does not match any outer indentation level";
            return Err(SyntaxError::indentation(Span::at(line.end), message).open_ended());
        }
        if self.innermost().characters != width.characters {
            return Err(tab_error(line));
        }
        Ok(if closed == 0 { Change::Same } else { Change::Dedent(closed) })
    }

    fn indent(&mut self, width: Width, line: Span) -> Result<Change, SyntaxError> {
        if self.stack.len() >= MAX_BLOCKS {
            return Err(
                SyntaxError::indentation(Span::at(line.start), "too many levels of indentation").open_ended()
            );
        }
        if width.characters <= self.innermost().characters {
            return Err(tab_error(line));
        }
        self.stack.push(width);
        Ok(Change::Indent)
    }
}

fn tab_error(line: Span) -> SyntaxError {
    let message = "inconsistent use of tabs and spaces in indentation";
    SyntaxError { kind: ErrorKind::Tab, ..SyntaxError::new(Span::at(line.start), message).open_ended() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabs_reach_the_next_stop_and_form_feeds_start_over() {
        assert_eq!(measure(b"  \tx"), (Width { columns: 8, characters: 3 }, 3));
        assert_eq!(measure(b"  \x0c x"), (Width { columns: 1, characters: 1 }, 4));
        assert_eq!(measure(b"    \\\n  x"), (Width { columns: 4, characters: 4 }, 8));
    }

    #[test]
    fn ambiguous_tabs_are_refused() {
        let mut indents = Indents::default();
        assert_eq!(indents.line(measure(b"        x").0, Span::at(0)), Ok(Change::Indent));
        let error =
            indents.line(measure(b"\tx").0, Span::at(0)).expect_err("eight columns, but one character");
        assert_eq!(error.kind, ErrorKind::Tab);
    }
}
