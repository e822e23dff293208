//! Dicts, comprehensions and call arguments.

use super::error_at;
use super::probe::Level;
use super::site::{Frame, FrameKind, Site};
use base::Span;
use lexer::{SyntaxError, TokenKind};

pub(super) fn find(site: &Site<'_>) -> Option<SyntaxError> {
    let frame = site.innermost()?;
    match frame.kind {
        FrameKind::Brace => dict(site, frame).or_else(|| comprehension(site, frame)),
        FrameKind::List => comprehension(site, frame),
        FrameKind::Call => call(site, frame),
        FrameKind::Group => group(site, frame),
        FrameKind::Subscript | FrameKind::Text | FrameKind::Field => None,
    }
    .or_else(|| missing_in(site, frame))
}

/// Whether the failure is where an item may end.
fn is_item_end(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Comma | TokenKind::RightBrace | TokenKind::RightParen)
}

fn dict(site: &Site<'_>, frame: Frame) -> Option<SyntaxError> {
    let here = site.kind(site.at);
    let colon = site.at.checked_sub(1).filter(|&index| site.kind(index) == TokenKind::Colon);
    if let Some(colon) = colon
        && site.probe(frame.item, colon, Level::Expression).is_some()
    {
        return match here {
            TokenKind::Comma | TokenKind::RightBrace => {
                error_at(site.span(colon), "expression expected after dictionary key and ':'")
            }
            TokenKind::Star => {
                let value = site.probe_longest(site.at + 1, Level::Operand)?;
                let span = site.range_as_read(site.at, value.end);
                error_at(span, "cannot use a starred expression in a dictionary value")
            }
            _ => None,
        };
    }
    let has_clause = (frame.open..site.at).any(|index| site.kind(index) == TokenKind::For);
    let is_dict = frame.item > frame.open + 1 && !has_clause && starts_with_pair(site, frame);
    let key = site.probe(frame.item, site.at, Level::Expression)?;
    (is_dict && here != TokenKind::Colon).then(|| {
        let text = key.span.text(site.source.text());
        let last_len = text.chars().next_back().map_or(0, char::len_utf8) as u32;
        SyntaxError::new(Span::at(key.span.end - last_len), "':' expected after dictionary key").open_ended()
    })
}

/// Whether the first item in the braces is `key: value` or `**value`.
fn starts_with_pair(site: &Site<'_>, frame: Frame) -> bool {
    let first = frame.open + 1;
    site.kind(first) == TokenKind::DoubleStar
        || site
            .probe_longest(first, Level::Expression)
            .is_some_and(|key| site.kind(key.end) == TokenKind::Colon)
}

/// `[x, y for x in z]`
fn comprehension(site: &Site<'_>, frame: Frame) -> Option<SyntaxError> {
    let is_async = site.has(site.at, &[TokenKind::Async, TokenKind::For]);
    if !is_async && site.kind(site.at) != TokenKind::For || frame.item == frame.open + 1 {
        return None;
    }
    let first = frame.open + 1;
    let message = "did you forget parentheses around the comprehension target?";
    if site.at == frame.item {
        let comma = site.at - 1;
        let is_single = site.probe(first, comma, Level::Expression).is_some();
        return is_single.then(|| SyntaxError::new(site.range(first, comma), message));
    }
    site.probe(first, site.at, Level::Any)?;
    error_at(site.range(first, site.at - 1), message)
}

fn group(site: &Site<'_>, frame: Frame) -> Option<SyntaxError> {
    let is_double_star = site.at == frame.open + 1 && site.kind(site.at) == TokenKind::DoubleStar;
    let value = is_double_star.then(|| site.probe_longest(site.at + 1, Level::Expression))??;
    (site.kind(value.end) == TokenKind::RightParen)
        .then(|| SyntaxError::new(site.span(site.at), "cannot use double starred expression here"))
}

fn call(site: &Site<'_>, frame: Frame) -> Option<SyntaxError> {
    let here = site.kind(site.at);
    let item = frame.item;
    let star = site.kind(item);
    if here == TokenKind::For && site.has(item, &[TokenKind::Name, TokenKind::Equal]) {
        let message = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?";
        return error_at(site.range(item, item + 1), message);
    }
    if here == TokenKind::For && star == TokenKind::Star && site.probe(item, site.at, Level::Any).is_some() {
        let span = site.range(item, site.at - 1);
        return error_at(span, "iterable unpacking cannot be used in comprehension");
    }
    if is_item_end(here) && site.has(item, &[TokenKind::Name, TokenKind::Equal]) && site.at == item + 2 {
        return error_at(site.range(item, item + 1), "expected argument value expression");
    }
    if star == TokenKind::Star && site.at == item + 1 && !site.is_in_parameters() {
        return error_at(site.span(site.at), "Invalid star expression");
    }
    let message = match star {
        TokenKind::Star => "cannot assign to iterable argument unpacking",
        TokenKind::DoubleStar => "cannot assign to keyword argument unpacking",
        _ => return None,
    };
    if here != TokenKind::Equal || site.probe(item + 1, site.at, Level::Expression).is_none() {
        return None;
    }
    let value = site.probe_longest(site.at + 1, Level::Expression)?;
    error_at(site.range(item, value.end - 1), message)
}

/// `a[*]`, `[*(1:2)]`: a star with no expression behind it, which brackets around the failure may have begun.
pub(super) fn star_without_value(site: &Site<'_>) -> Option<SyntaxError> {
    let is_open = |frame: &Frame| {
        let is_any_item = matches!(frame.kind, FrameKind::Subscript | FrameKind::Call);
        let is_first = frame.item == frame.open + 1;
        let is_display = matches!(frame.kind, FrameKind::List | FrameKind::Group | FrameKind::Brace);
        (is_any_item || (is_first && is_display)) && site.kind(frame.item) == TokenKind::Star
    };
    let inner = site.innermost()?;
    let is_inner = is_open(&inner) && site.at == inner.item + 1;
    let is_outer = site.frames[..site.frames.len() - 1].iter().any(is_open);
    ((is_inner || is_outer) && !site.is_in_parameters())
        .then(|| SyntaxError::new(site.span(site.at), "Invalid star expression"))
}

/// `[x for x y]`
fn missing_in(site: &Site<'_>, frame: Frame) -> Option<SyntaxError> {
    let first = (frame.item..site.at).rev().find(|&index| site.kind(index) == TokenKind::For);
    let first =
        first.or_else(|| (frame.open..site.at).rev().find(|&index| site.kind(index) == TokenKind::For))?;
    if (first..site.at).any(|index| site.kind(index) == TokenKind::In) {
        return None;
    }
    let target = site.probe(first + 1, site.at, Level::Any)?;
    let is_target = target.level == Level::Operand || target.level == Level::Any;
    (is_target && site.kind(site.at) != TokenKind::In)
        .then(|| SyntaxError::new(site.span(site.at), "'in' expected after for-loop variables"))
}
