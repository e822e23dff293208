//! Blocks: the colon before them, the indentation of them, and `try` without handlers.

use super::error_at;
use super::probe::Level;
use super::site::{Frame, FrameKind, Site, starts_block};
use base::Span;
use lexer::{Extent, SyntaxError, TokenKind};

/// `if x:` and then no indented line.
pub(super) fn missing_block(site: &Site<'_>) -> Option<SyntaxError> {
    let (newline, colon) = (site.at.checked_sub(1)?, site.at.checked_sub(2)?);
    if site.kind(newline) != TokenKind::Newline || site.kind(colon) != TokenKind::Colon {
        return None;
    }
    let (header, what) = header_of(site, colon)?;
    let line = site.line(site.span(header));
    let message = format!("expected an indented block after {what} on line {line}");
    Some(SyntaxError { extent: extent(site), ..SyntaxError::indentation(place(site), message) })
}

/// The keyword of the line that ends at the colon, and what CPython calls the statement.
fn header_of(site: &Site<'_>, colon: usize) -> Option<(usize, &'static str)> {
    let before = &site.tokens()[..colon];
    let ends_line = |kind| matches!(kind, TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent);
    let first = before.iter().rposition(|token| ends_line(token.kind)).map_or(0, |at| at + 1);
    let first = first + usize::from(site.kind(first) == TokenKind::Async);
    let what = match site.kind(first) {
        TokenKind::If => "'if' statement",
        TokenKind::Elif => "'elif' statement",
        TokenKind::Else => "'else' statement",
        TokenKind::While => "'while' statement",
        TokenKind::For => "'for' statement",
        TokenKind::With => "'with' statement",
        TokenKind::Try => "'try' statement",
        TokenKind::Except if site.kind(first + 1) == TokenKind::Star => "'except*' statement",
        TokenKind::Except => "'except' statement",
        TokenKind::Finally => "'finally' statement",
        TokenKind::Match => "'match' statement",
        TokenKind::Case => "'case' statement",
        TokenKind::Def => "function definition",
        TokenKind::Class => "class definition",
        _ => return None,
    };
    Some((first, what))
}

/// Tokens without text.
pub(super) fn is_mark(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Indent | TokenKind::Dedent | TokenKind::EndMarker)
}

/// CPython does not know where errors at tokens without text end.
pub(super) fn extent(site: &Site<'_>) -> Extent {
    if is_mark(site.kind(site.at)) { Extent::Start } else { Extent::Span }
}

/// Where CPython puts errors at the failure: tokens without text are where the lexer stood, at the end of the file behind the
/// last line end.
pub(super) fn place(site: &Site<'_>) -> Span {
    let span = site.span(site.at);
    let text = site.source.text();
    match site.kind(site.at) {
        TokenKind::Indent => Span::at(span.end.saturating_sub(1)),
        TokenKind::EndMarker | TokenKind::Dedent
            if span.start as usize >= text.len() && text.ends_with('\n') =>
        {
            Span::at(span.start - 1)
        }
        _ => span,
    }
}

/// An indented line where none belongs.
pub(super) fn unexpected_indent(site: &Site<'_>) -> Option<SyntaxError> {
    (site.kind(site.at) == TokenKind::Indent)
        .then(|| SyntaxError::indentation(place(site), "unexpected indent").open_ended())
}

/// A block that ends where it must go on. CPython's lexer has then read up to the next statement, or all the text.
pub(super) fn unexpected_unindent(site: &Site<'_>) -> SyntaxError {
    let place = place(site);
    let is_at_end = place.start as usize + 1 >= site.source.text().len();
    let extent = if is_at_end { Extent::Start } else { Extent::Line };
    SyntaxError { extent, ..SyntaxError::indentation(place, "unexpected unindent") }
}

/// A compound statement whose head ends without a colon.
pub(super) fn missing_colon(site: &Site<'_>) -> Option<SyntaxError> {
    let is_line_end = site.kind(site.at) == TokenKind::Newline;
    let keyword = site.statement + usize::from(site.kind(site.statement) == TokenKind::Async);
    if site.kind(keyword) == TokenKind::Def
        && let Some(error) = function_head(site, keyword)
    {
        return Some(error);
    }
    if !site.frames.is_empty() || !starts_block(site.kind(site.statement)) {
        return soft_match(site, site.line_start);
    }
    // CPython insists on the colon of these; for the others it looks for it only at the end of a line.
    let is_forced =
        matches!(site.kind(keyword), TokenKind::Def | TokenKind::Else | TokenKind::Try | TokenKind::Finally);
    ((is_line_end || is_forced) && site.accepts(TokenKind::Colon))
        .then(|| SyntaxError::new(site.span(site.at), "expected ':'"))
}

/// What is missing in the head of a function: the parenthesis behind the name, or the type behind the arrow.
fn function_head(site: &Site<'_>, keyword: usize) -> Option<SyntaxError> {
    match site.frames[..] {
        [Frame { kind: FrameKind::Subscript, open, .. }] => error_at(site.span(open), "expected '('"),
        [] if site.at == keyword + 2 || is_behind_type_parameters(site, keyword + 2) => {
            error_at(site.span(site.at), "expected '('")
        }
        [] if site.at > 0 && site.kind(site.at - 1) == TokenKind::Arrow => {
            error_at(site.span(site.at - 1), "expected ':'")
        }
        _ => None,
    }
}

/// Whether the failure is right behind the bracket that closes the type parameters opened at `open`.
fn is_behind_type_parameters(site: &Site<'_>, open: usize) -> bool {
    let is_bracket =
        |index: usize| matches!(site.kind(index), TokenKind::LeftBracket | TokenKind::RightBracket);
    let brackets: Vec<usize> = (open..site.at).filter(|&index| is_bracket(index)).collect();
    let mut depth = 0usize;
    for (nth, &index) in brackets.iter().enumerate() {
        match site.kind(index) {
            TokenKind::LeftBracket => depth += 1,
            _ => depth = depth.saturating_sub(1),
        }
        if depth == 0 {
            return brackets[0] == open && nth + 1 == brackets.len() && index + 1 == site.at;
        }
    }
    false
}

/// `match x` at the end of a line: the look-ahead has seen no colon and taken `match` for a name.
fn soft_match(site: &Site<'_>, first: usize) -> Option<SyntaxError> {
    let is_word = site.kind(first) == TokenKind::Name && matches!(site.text(first), "match" | "case");
    if !is_word || site.at != first + 1 {
        return None;
    }
    let subject = site.probe_longest(site.at, Level::Any)?;
    if site.text(first) != "match" {
        return None;
    }
    match site.kind(subject.end) {
        TokenKind::Newline => error_at(site.span(subject.end), "expected ':'"),
        TokenKind::Colon => error_at(site.span(subject.end + 1), "invalid syntax"),
        _ => error_at(site.span(subject.end), "invalid syntax"),
    }
}

/// A `try` that nothing follows.
pub(super) fn missing_handler(site: &Site<'_>) -> Option<SyntaxError> {
    if !site.accepts(TokenKind::Finally) || site.at != site.statement && !is_mark(site.kind(site.at)) {
        return elif_behind_else(site);
    }
    if site.accepts(TokenKind::Pass) {
        return None;
    }
    let error = SyntaxError::new(place(site), "expected 'except' or 'finally' block");
    Some(SyntaxError { extent: extent(site), ..error })
}

/// `elif` where the `else` has been.
fn elif_behind_else(site: &Site<'_>) -> Option<SyntaxError> {
    if site.kind(site.at) != TokenKind::Elif || site.at != site.statement {
        return None;
    }
    let mut depth = 0usize;
    for index in (0..site.at).rev() {
        match site.kind(index) {
            TokenKind::Dedent => depth += 1,
            TokenKind::Indent if depth == 0 => return None,
            TokenKind::Indent => depth -= 1,
            _ => {}
        }
        let starts_line = index == 0
            || matches!(site.kind(index - 1), TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent);
        if depth == 0 && starts_line {
            let is_else = site.kind(index) == TokenKind::Else;
            return is_else
                .then(|| SyntaxError::new(site.span(site.at), "'elif' block follows an 'else' block"));
        }
    }
    None
}
