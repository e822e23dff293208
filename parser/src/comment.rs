//! Comments, for the few that mean something: they are no part of the tree.

use base::Span;
use lexer::{SourceText, TokenKind, Trivia, tokenize};

/// Where the comments of a text are, in their order.
pub fn comments(source: &SourceText) -> Vec<Span> {
    let tokens = tokenize(source, Trivia::Keep).tokens;
    tokens.iter().filter(|token| token.kind == TokenKind::Comment).map(|token| token.span).collect()
}
