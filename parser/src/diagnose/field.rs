//! Replacement fields of f-strings and t-strings.

use super::error_at;
use super::probe::Level;
use super::site::{Frame, FrameKind, Site};
use lexer::{SyntaxError, TokenKind};

pub(super) fn find(site: &Site<'_>) -> Option<SyntaxError> {
    let frame = site.frames.iter().rev().find(|frame| frame.kind == FrameKind::Field).copied()?;
    let prefix = prefix_of(site, frame);
    let here = site.kind(site.at);
    let first = frame.open + 1;
    if site.at == first && site.innermost() == Some(frame) {
        let mark = match here {
            TokenKind::Equal => Some("="),
            TokenKind::Exclamation => Some("!"),
            TokenKind::Colon => Some(":"),
            TokenKind::RightBrace => Some("}"),
            _ => None,
        };
        let message = match mark {
            Some(mark) => format!("{prefix}-string: valid expression required before '{mark}'"),
            None => format!("{prefix}-string: expecting a valid expression after '{{'"),
        };
        return error_at(site.span(site.at), message);
    }
    let Some(value) = site.probe_longest(first, Level::Any) else {
        return lambda(site, first, prefix).or_else(|| {
            error_at(site.span(first), format!("{prefix}-string: expecting a valid expression after '{{'"))
        });
    };
    if let Some(error) = lambda(site, first, prefix) {
        return Some(error);
    }
    if site.innermost() != Some(frame) {
        return None;
    }
    behind_value(site, frame, value.end, prefix)
}

/// What may follow the expression of a field, in order: `=`, `!` and a letter, a format spec, the brace.
fn behind_value(site: &Site<'_>, frame: Frame, end: usize, prefix: char) -> Option<SyntaxError> {
    let expecting = |index: usize, what: &str| error_at(site.span(index), format!("{prefix}-string: {what}"));
    let mut at = end;
    let has_debug = site.kind(at) == TokenKind::Equal;
    at += usize::from(has_debug);
    if site.kind(at) == TokenKind::Exclamation {
        let letter = at + 1;
        match site.kind(letter) {
            TokenKind::Colon | TokenKind::RightBrace => {
                return expecting(letter, "missing conversion character");
            }
            TokenKind::Name => at += 2,
            _ => return expecting(letter, "invalid conversion character"),
        }
        if !matches!(site.kind(at), TokenKind::Colon | TokenKind::RightBrace) {
            return expecting(at, "expecting ':' or '}'");
        }
    }
    // What looks like a format spec may be the body of a lambda.
    if frame.spec.is_some_and(|spec| spec < end) {
        return expecting(site.at, "expecting '=', or '!', or ':', or '}'");
    }
    if frame.spec.is_some() {
        return expecting(site.at, "expecting '}', or format specs");
    }
    site.reach.set(at + 1);
    match site.kind(at) {
        TokenKind::Colon | TokenKind::RightBrace => None,
        _ if has_debug => expecting(at, "expecting '!', or ':', or '}'"),
        _ => expecting(at, "expecting '=', or '!', or ':', or '}'"),
    }
}

/// `f'{lambda x: 1}'`: the colon has started a format spec.
fn lambda(site: &Site<'_>, first: usize, prefix: char) -> Option<SyntaxError> {
    let spec = site.at.checked_sub(1).filter(|&colon| site.kind(colon) == TokenKind::Colon)?;
    let start = (first..spec).find(|&index| site.kind(index) == TokenKind::Lambda)?;
    matches!(site.kind(site.at), TokenKind::FStringMiddle | TokenKind::TStringMiddle).then(|| {
        let message = format!("{prefix}-string: lambda expressions are not allowed without parentheses");
        SyntaxError::new(site.range(start, spec), message)
    })
}

fn prefix_of(site: &Site<'_>, frame: Frame) -> char {
    let text =
        site.frames.iter().rev().find(|other| other.kind == FrameKind::Text && other.open < frame.open);
    match text.map(|text| site.kind(text.open)) {
        Some(TokenKind::TStringStart) => 't',
        _ => 'f',
    }
}
