//! What to say about source text that the grammar refuses.
//!
//! CPython parses a second time with rules for common mistakes. Here the generated parser has stopped at the first token that
//! cannot follow; each file below knows one family of mistakes and looks at the tokens around that place:
//!
//! - `block`: missing blocks and colons, unexpected indentation
//! - `expression`: missing commas and operators, `=` for `==`, `print x`
//! - `collection`: dicts, comprehensions, call arguments
//! - `field`: replacement fields of f-strings and t-strings
//! - `statement`: imports, parameters, type parameters
//!
//! Where a rule must know whether some tokens are an expression, it asks the grammar again (`probe`). Nothing here runs for
//! source text that is right. Afterwards [`weigh`] decides between the parser's finding and what the lexer found further down.

mod block;
mod collection;
mod expression;
mod field;
mod probe;
mod site;
mod statement;

use crate::parse::Failure;
use base::Span;
use lexer::{ErrorRank, Extent, SourceText, SyntaxError, TokenKind, TokenStream};
use site::Site;

/// The error that CPython would raise.
pub(crate) fn diagnose(source: &SourceText, stream: &TokenStream, failure: Failure) -> SyntaxError {
    let site = Site::new(source, stream, failure.at);
    if let Some(refusal) = failure.refused {
        if let Some(error) = expression::assignment_to_tuple(&site, refusal.error.span) {
            return error;
        }
        if let Some(error) = expression::walrus_of_argument(&site, refusal.error.span) {
            return weigh(&site, error);
        }
        let span = if refusal.blames_next { site.span(site.at) } else { refusal.error.span };
        return weigh(&site, SyntaxError { span, ..refusal.error });
    }
    if let Some(error) = block::unexpected_indent(&site) {
        return error;
    }
    let found = rules().iter().find_map(|rule| rule(&site));
    let error = weigh(&site, found.unwrap_or_else(|| generic(&site)));
    // A line that ends too early is wrong whatever follows; what stands behind the last one may be there later.
    let is_at_end = site.span(site.at).start as usize >= source.text().len();
    let ends_early = is_at_end && site.kind(site.at) != TokenKind::Newline;
    SyntaxError { is_incomplete: error.is_incomplete || ends_early, ..error }
}

type Rule = fn(&Site<'_>) -> Option<SyntaxError>;

/// The families in the order in which CPython's grammar would get to them.
const fn rules() -> &'static [Rule] {
    &[
        block::missing_block,
        statement::find,
        collection::find,
        expression::find,
        field::find,
        collection::star_without_value,
        block::missing_colon,
        block::missing_handler,
    ]
}

/// The error at the end of the tokens, or no more than "invalid syntax".
fn generic(site: &Site<'_>) -> SyntaxError {
    if site.kind(site.at) == TokenKind::Error
        && let Some(error) = &site.stream.error
    {
        return error.clone();
    }
    if site.kind(site.at) == TokenKind::Dedent {
        return block::unexpected_unindent(site);
    }
    let error = SyntaxError::new(block::place(site), "invalid syntax");
    // The end of the text has no column.
    let extent = match site.kind(site.at) {
        TokenKind::EndMarker => Extent::Line,
        _ => block::extent(site),
    };
    SyntaxError { extent, ..error }
}

/// Decides between the parser's error and the lexer's.
fn weigh(site: &Site<'_>, found: SyntaxError) -> SyntaxError {
    let Some(lexical) = &site.stream.error else { return found };
    let reach = site.reach.get();
    let is_at_end = site.kind(site.at) == TokenKind::Error || site.kind(reach) == TokenKind::Error;
    match site.stream.error_rank {
        ErrorRank::Eager => lexical.clone(),
        ErrorRank::OpenBracket if is_at_end || site.line(site.span(reach)) > site.line(lexical.span) => {
            lexical.clone()
        }
        ErrorRank::Lazy if is_at_end => lexical.clone(),
        ErrorRank::Last if site.kind(site.at) == TokenKind::Error => lexical.clone(),
        ErrorRank::OpenBracket | ErrorRank::Lazy | ErrorRank::Last => found,
    }
}

/// An error about a range of tokens.
fn error_at(span: Span, message: impl Into<String>) -> Option<SyntaxError> {
    Some(SyntaxError::new(span, message))
}
