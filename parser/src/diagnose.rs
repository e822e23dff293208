//! What to say about source text that the grammar refuses.

use crate::parse::{Failure, lexical_error};
use lexer::{SourceText, SyntaxError, TokenStream};

/// The error that CPython would raise.
pub(crate) fn diagnose(_source: &SourceText, stream: &TokenStream, failure: Failure) -> SyntaxError {
    if let Some(error) = failure.refused {
        return *error;
    }
    if let Some(error) = lexical_error(stream, failure.at) {
        return error.clone();
    }
    let token = stream.tokens[failure.at.min(stream.tokens.len() - 1)];
    SyntaxError::new(token.span, "invalid syntax")
}
