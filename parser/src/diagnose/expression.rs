//! Expressions: missing commas and `else`, `=` where `==` was meant, `print` as a statement, `not` behind an operator.

use super::error_at;
use super::probe::Level;
use super::site::{FrameKind, Site, ends_operand};
use base::Span;
use lexer::{SyntaxError, TokenKind};

pub(super) fn find(site: &Site<'_>) -> Option<SyntaxError> {
    if matches!(site.kind(site.statement), TokenKind::Import | TokenKind::From) {
        return None;
    }
    if site.at > site.statement && ends_operand(site.kind(site.at - 1)) {
        site.reach.set(site.furthest(site.at));
    }
    legacy_statement(site)
        .or_else(|| statement_in_conditional(site))
        .or_else(|| text_in_string(site))
        .or_else(|| missing_comma(site))
        .or_else(|| missing_else(site))
        .or_else(|| not_behind_operator(site))
        .or_else(|| equals_sign(site))
        .or_else(|| walrus_statement(site))
}

/// Where an expression may start in the item at hand: at its start, and behind tokens that an expression follows.
fn starts(site: &Site<'_>) -> Vec<usize> {
    let mut starts = starts_from(site, site.item());
    if site.is_in_parameters() {
        let is_value = |first: &usize| matches!(site.kind(first - 1), TokenKind::Equal | TokenKind::Colon);
        starts.retain(is_value);
    }
    starts
}

/// The same, for the item that starts at `first`.
fn starts_from(site: &Site<'_>, first: usize) -> Vec<usize> {
    let mut starts = vec![first];
    let mut depth = 0usize;
    for index in first..site.at {
        match site.kind(index) {
            TokenKind::LeftParen | TokenKind::LeftBracket | TokenKind::LeftBrace => depth += 1,
            TokenKind::RightParen | TokenKind::RightBracket | TokenKind::RightBrace => {
                depth = depth.saturating_sub(1);
            }
            TokenKind::Equal
            | TokenKind::Colon
            | TokenKind::ColonEqual
            | TokenKind::Else
            | TokenKind::Star
            | TokenKind::DoubleStar
            | TokenKind::Return
            | TokenKind::Yield
            | TokenKind::From
            | TokenKind::Assert
            | TokenKind::Raise
            | TokenKind::Del
            | TokenKind::Elif
            | TokenKind::While
            | TokenKind::With
            | TokenKind::Match
            | TokenKind::Arrow
            | TokenKind::At
            | TokenKind::Comma
                if depth == 0 =>
            {
                starts.push(index + 1);
            }
            TokenKind::If | TokenKind::In if depth == 0 && site.frames.is_empty() => starts.push(index + 1),
            _ => {}
        }
    }
    starts
}

/// `print x`
fn legacy_statement(site: &Site<'_>) -> Option<SyntaxError> {
    let is_legacy =
        |index| site.kind(index) == TokenKind::Name && matches!(site.text(index), "print" | "exec");
    let before = site.at.checked_sub(1).filter(|&name| is_legacy(name) && starts(site).contains(&name));
    let here = Some(site.at).filter(|&name| is_legacy(name) && site.kind(name + 1) != TokenKind::LeftParen);
    let name = before.or(here)?;
    let rest = site.probe_longest(name + 1, Level::Any)?;
    let name_text = site.text(name);
    let message = format!("Missing parentheses in call to '{name_text}'. Did you mean {name_text}(...)?");
    error_at(site.range(name, rest.end - 1), message)
}

/// `x = pass if a else b` and `x = a if b else pass`
fn statement_in_conditional(site: &Site<'_>) -> Option<SyntaxError> {
    let is_statement = |index| {
        matches!(
            site.kind(index),
            TokenKind::Pass
                | TokenKind::Break
                | TokenKind::Continue
                | TokenKind::Return
                | TokenKind::Raise
                | TokenKind::Del
                | TokenKind::Assert
                | TokenKind::Global
                | TokenKind::Nonlocal
                | TokenKind::Import
        )
    };
    let behind = site.at.checked_sub(1)?;
    if site.kind(behind) == TokenKind::Else && is_statement(site.at) && has_condition(site, behind) {
        return error_at(site.span(site.at), "expected expression after 'else', but statement is given");
    }
    let is_word = matches!(site.kind(site.at), TokenKind::Pass | TokenKind::Break | TokenKind::Continue);
    let (word, condition) = if is_word { (site.at, site.at + 1) } else { (behind, site.at) };
    let starts_here = matches!(site.kind(word), TokenKind::Pass | TokenKind::Break | TokenKind::Continue);
    if !starts_here || site.kind(condition) != TokenKind::If {
        return None;
    }
    let test = site.probe_longest(condition + 1, Level::Disjunction)?;
    (site.kind(test.end) == TokenKind::Else)
        .then(|| SyntaxError::new(site.span(word), "expected expression before 'if', but statement is given"))
}

/// Whether the `else` belongs to a conditional expression.
fn has_condition(site: &Site<'_>, behind: usize) -> bool {
    (site.item() + 1..behind).any(|index| {
        site.kind(index) == TokenKind::If && site.probe(index + 1, behind, Level::Disjunction).is_some()
    })
}

/// `'a' x 'b'`
fn text_in_string(site: &Site<'_>) -> Option<SyntaxError> {
    let before = site.at.checked_sub(1)?;
    if site.kind(before) != TokenKind::String || site.kind(site.at) == TokenKind::String {
        return None;
    }
    let mut end = site.at;
    let mut last = None;
    while site.kind(end) != TokenKind::String {
        let next = site.probe_longest(end, Level::Expression)?;
        let bare = (end..next.end).find(|&index| site.kind(index) == TokenKind::String).unwrap_or(next.end);
        let next = site.probe(end, bare, Level::Expression)?;
        (end, last) = (next.end, Some(next.span));
    }
    let first = site.span(site.at);
    error_at(first.to(last?), "invalid syntax. Is this intended to be part of the string?")
}

/// `f(a b)`; only in brackets, because elsewhere two expressions in a row are too many things.
fn missing_comma(site: &Site<'_>) -> Option<SyntaxError> {
    let frame = site.innermost()?;
    if frame.kind == FrameKind::Text || frame.spec.is_some() {
        return None;
    }
    let is_not = site.kind(site.at - 1) == TokenKind::Not;
    let at = if is_not { site.at - 1 } else { site.at };
    let second = site.probe_longest(at, Level::Expression)?;
    let first = starts(site).into_iter().find_map(|first| {
        let is_soft = matches!(site.text(first), "match" | "case" | "type" | "_");
        let is_prefixed = site.has(first, &[TokenKind::Name, TokenKind::String]);
        let is_legacy = first + 1 == at && matches!(site.text(first), "print" | "exec");
        let is_candidate = first < at && !is_soft && !is_prefixed && !is_legacy;
        is_candidate.then(|| site.probe(first, at, Level::Disjunction))?
    })?;
    site.reach.set(second.end);
    error_at(first.span.to(second.span), "invalid syntax. Perhaps you forgot a comma?")
}

/// `a if b`, at the failure or around the brackets that it stands in.
fn missing_else(site: &Site<'_>) -> Option<SyntaxError> {
    let inner = starts(site);
    let outer = site.frames.iter().rev().skip(1).map(|frame| frame.item).chain([site.statement]);
    let outer: Vec<usize> = outer.flat_map(|item| starts_from(site, item)).collect();
    inner.into_iter().chain(outer).find_map(|first| conditional_without_else(site, first))
}

fn conditional_without_else(site: &Site<'_>, first: usize) -> Option<SyntaxError> {
    let mut depth = 0usize;
    for index in first..site.at {
        match site.kind(index) {
            TokenKind::LeftParen | TokenKind::LeftBracket | TokenKind::LeftBrace => depth += 1,
            TokenKind::RightParen | TokenKind::RightBracket | TokenKind::RightBrace => {
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        if depth == 0
            && site.kind(index) == TokenKind::If
            && let Some(value) = site.probe(first, index, Level::Disjunction)
            && let Some(test) = site.probe_longest(index + 1, Level::Disjunction)
        {
            let is_complete = matches!(site.kind(test.end), TokenKind::Else | TokenKind::Colon);
            return (!is_complete).then(|| {
                SyntaxError::new(value.span.to(test.span), "expected 'else' after 'if' expression")
            });
        }
    }
    None
}

/// `3 + not 4`
fn not_behind_operator(site: &Site<'_>) -> Option<SyntaxError> {
    let operator = site.kind(site.at.checked_sub(1)?);
    let is_arithmetic = matches!(
        operator,
        TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::Star
            | TokenKind::Slash
            | TokenKind::Percent
            | TokenKind::DoubleSlash
            | TokenKind::At
            | TokenKind::Tilde
    );
    if site.kind(site.at) != TokenKind::Not || !is_arithmetic {
        return None;
    }
    let negation = site.probe_longest(site.at, Level::Disjunction)?;
    let end = (site.at..negation.end)
        .find(|&index| matches!(site.kind(index), TokenKind::And | TokenKind::Or))
        .unwrap_or(negation.end);
    error_at(site.range(site.at, end - 1), "'not' after an operator must be parenthesized")
}

/// `if x = 3:`
fn equals_sign(site: &Site<'_>) -> Option<SyntaxError> {
    if site.kind(site.at) != TokenKind::Equal {
        return assignment_in_tuple(site);
    }
    let first = match site.innermost() {
        Some(frame) => match frame.kind {
            FrameKind::Group | FrameKind::List | FrameKind::Subscript | FrameKind::Brace => frame.item,
            FrameKind::Call | FrameKind::Text | FrameKind::Field => return None,
        },
        None => match site.kind(site.statement) {
            TokenKind::If | TokenKind::Elif | TokenKind::While | TokenKind::At | TokenKind::Match => {
                site.statement + 1
            }
            _ => return None,
        },
    };
    misspelt_comparison(site, first, site.at)
}

/// What CPython says about `left = right` where an expression belongs.
fn misspelt_comparison(site: &Site<'_>, first: usize, sign: usize) -> Option<SyntaxError> {
    let left = site.probe(first, sign, Level::Operand)?;
    let right = site.probe_longest(sign + 1, Level::Operand)?;
    site.reach.set(right.end);
    if matches!(site.kind(right.end), TokenKind::Equal | TokenKind::ColonEqual) || left.is_unlike_comparison {
        return None;
    }
    if left.is_name {
        let message = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?";
        return error_at(left.span.to(right.span), message);
    }
    let message = format!("cannot assign to {} here. Maybe you meant '==' instead of '='?", left.name);
    error_at(left.span, message)
}

/// `f(), a = 1`: before it looks at targets, CPython reads the last element of a bare tuple and what follows as a comparison that
/// is misspelt. `refused` is where the target has been found wanting.
pub(super) fn assignment_to_tuple(site: &Site<'_>, refused: Span) -> Option<SyntaxError> {
    let (mut depth, mut comma) = (0usize, None);
    for index in site.statement..site.tokens().len() {
        match site.kind(index) {
            TokenKind::LeftParen | TokenKind::LeftBracket | TokenKind::LeftBrace => depth += 1,
            TokenKind::RightParen | TokenKind::RightBracket | TokenKind::RightBrace => {
                depth = depth.saturating_sub(1);
            }
            TokenKind::Comma if depth == 0 => comma = Some(index),
            TokenKind::Equal if depth == 0 => {
                let is_target = refused.end <= site.span(index).start;
                return comma
                    .filter(|_| is_target)
                    .and_then(|comma| misspelt_comparison(site, comma + 1, index));
            }
            TokenKind::Newline | TokenKind::Colon | TokenKind::ColonEqual | TokenKind::Semicolon
                if depth == 0 =>
            {
                return None;
            }
            TokenKind::Del | TokenKind::For | TokenKind::With | TokenKind::Error => return None,
            _ => {}
        }
    }
    None
}

/// `f(a.b := 1)`: CPython's grammar has assignment expressions in calls, but no rule for mistakes in them. `refused` is the target.
pub(super) fn walrus_of_argument(site: &Site<'_>, refused: Span) -> Option<SyntaxError> {
    if site.innermost()?.kind != FrameKind::Call {
        return None;
    }
    let behind = site.tokens()[..site.at].iter().filter(|token| token.span.start >= refused.end);
    let mut behind = behind.skip_while(|token| token.kind == TokenKind::RightParen);
    let sign = behind.next().filter(|token| token.kind == TokenKind::ColonEqual)?;
    Some(SyntaxError::new(sign.span, "invalid syntax"))
}

/// `f() := 1` as a statement
fn walrus_statement(site: &Site<'_>) -> Option<SyntaxError> {
    if site.kind(site.at) != TokenKind::ColonEqual || !site.frames.is_empty() {
        return None;
    }
    let target = site.probe(site.statement, site.at, Level::Expression)?;
    site.probe_longest(site.at + 1, Level::Expression)?;
    let message = format!("cannot use assignment expressions with {}", target.name);
    (!target.is_name).then(|| SyntaxError::new(target.span, message))
}

/// `a, b c = d`: CPython reads the last part as an element that is a misspelt comparison.
fn assignment_in_tuple(site: &Site<'_>) -> Option<SyntaxError> {
    let sign = site.at + 1;
    let is_tuple = site.frames.is_empty()
        && site.probe(site.statement, site.at, Level::Any).is_some_and(|left| left.level == Level::Any)
        && site.kind(site.at) == TokenKind::Name
        && site.kind(sign) == TokenKind::Equal;
    is_tuple.then(|| misspelt_comparison(site, site.at, sign))?
}
