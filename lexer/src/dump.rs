//! The token listing: one line per token with place, name and text, in the shape of `python -m tokenize -e`.

use crate::error::SyntaxError;
use crate::repr;
use crate::scan::{Trivia, tokenize};
use crate::source::SourceText;
use crate::token::{Token, TokenKind};
use base::Span;
use std::fmt::Write;

/// A token as listings show it: lines from 1, columns in characters from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shown<'s> {
    /// CPython's name of its kind.
    pub name: &'static str,
    /// Its text; that of a line end is one character whatever the file has.
    pub text: &'s str,
    /// Line and column of its start.
    pub start: (u32, u32),
    /// Line and column of its end.
    pub end: (u32, u32),
}

/// The tokens of a file, comments included, and the error that ends them early.
pub fn shown_tokens(source: &SourceText, trivia: Trivia) -> (Vec<Shown<'_>>, Option<SyntaxError>) {
    let stream = tokenize(source, trivia);
    let tokens = stream.tokens.iter().filter(|token| token.kind != TokenKind::Error);
    (tokens.map(|token| shown(source, *token)).collect(), stream.error)
}

/// Lists the tokens of a file, comments included. An error ends the listing as its last line.
pub fn dump(source: &SourceText) -> String {
    let mut listing = String::new();
    let (tokens, error) = shown_tokens(source, Trivia::Keep);
    for Shown { name, text, start, end } in tokens {
        let range = format!("{},{}-{},{}:", start.0, start.1, end.0, end.1);
        let mut shown = String::new();
        repr::string(&mut shown, text.chars().map(u32::from));
        let _infallible = writeln!(listing, "{range:<20}{name:<15}{shown:<15}");
    }
    if let Some(error) = error {
        let place = error.location(source);
        let _infallible = writeln!(listing, "{}:{}: {error}", place.line, place.offset);
    }
    listing
}

fn shown(source: &SourceText, token: Token) -> Shown<'_> {
    let token = Token { span: visible(source, token), ..token };
    let start = match token.kind {
        TokenKind::Dedent | TokenKind::EndMarker if lacks_newline(source, token) => {
            (source.lines().line_count() + 1, 0)
        }
        _ => place(source, token.span.start),
    };
    let end = match token.kind {
        TokenKind::Dedent | TokenKind::EndMarker => start,
        TokenKind::Newline | TokenKind::NonLogicalNewline => (start.0, start.1 + 1),
        _ => place(source, token.span.end),
    };
    let text = match token.kind {
        TokenKind::Newline | TokenKind::NonLogicalNewline if is_missing(source, token) => "",
        TokenKind::Newline | TokenKind::NonLogicalNewline => "\n",
        _ => token.span.text(source.text()),
    };
    Shown { name: token.kind.name(), text, start, end }
}

/// What of the text is shown of a token: of blanks in front of a line that is continued, those of the line that continues it.
fn visible(source: &SourceText, token: Token) -> Span {
    if token.kind != TokenKind::Indent {
        return token.span;
    }
    let skipped = token.span.text(source.text()).rfind('\n').map_or(0, |at| at as u32 + 1);
    Span::new(token.span.start + skipped, token.span.end)
}

/// Whether a line end is not in the text, which ends without one.
fn is_missing(source: &SourceText, token: Token) -> bool {
    token.span.is_empty() || token.span.start as usize >= source.text().len()
}

/// Whether the token stands behind a last line that has no end; Python's listing adds one.
fn lacks_newline(source: &SourceText, token: Token) -> bool {
    token.span.start as usize == source.text().len() && !source.text().ends_with('\n')
}

/// 1-based line, 0-based column in characters; the end of the file is on the line behind the last line end.
fn place(source: &SourceText, offset: u32) -> (u32, u32) {
    let (line, column) = source.character_position(offset);
    (line, column - 1)
}
