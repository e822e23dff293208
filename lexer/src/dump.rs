//! The token listing: one line per token with place, name and text, in the shape of `python -m tokenize -e`.

use crate::repr;
use crate::scan::{Trivia, tokenize};
use crate::source::SourceText;
use crate::token::{Token, TokenKind};
use std::fmt::Write;

/// Lists the tokens of a file, comments included. An error ends the listing as its last line.
pub fn dump(source: &SourceText) -> String {
    let stream = tokenize(source, Trivia::Keep);
    let mut listing = String::new();
    for token in &stream.tokens {
        if token.kind != TokenKind::Error {
            line(&mut listing, source, *token);
        }
    }
    if let Some(error) = &stream.error {
        let place = error.location(source);
        let _infallible = writeln!(listing, "{}:{}: {error}", place.line, place.offset);
    }
    listing
}

fn line(listing: &mut String, source: &SourceText, token: Token) {
    let (line, column) = match token.kind {
        TokenKind::Dedent | TokenKind::EndMarker if lacks_newline(source, token) => {
            (source.lines().line_count() + 1, 0)
        }
        _ => place(source, token.span.start),
    };
    let (end_line, end_column) = match token.kind {
        TokenKind::Dedent | TokenKind::EndMarker => (line, column),
        TokenKind::Newline | TokenKind::NonLogicalNewline => (line, column + 1),
        _ => place(source, token.span.end),
    };
    let range = format!("{line},{column}-{end_line},{end_column}:");
    let text = match token.kind {
        TokenKind::Newline | TokenKind::NonLogicalNewline if token.span.is_empty() => "",
        TokenKind::Newline | TokenKind::NonLogicalNewline => "\n",
        _ => token.span.text(source.text()),
    };
    let mut shown = String::new();
    repr::string(&mut shown, text.chars().map(u32::from));
    let _infallible = writeln!(listing, "{range:<20}{:<15}{shown:<15}", token.kind.name());
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
