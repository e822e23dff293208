//! Statements with shapes of their own: imports, parameters, type parameters.

use super::error_at;
use super::probe::Level;
use super::site::{FrameKind, Site};
use base::Span;
use lexer::{Extent, SyntaxError, TokenKind};

pub(super) fn find(site: &Site<'_>) -> Option<SyntaxError> {
    match site.kind(site.statement) {
        TokenKind::Import => import(site),
        TokenKind::From => from_import(site),
        TokenKind::For => loop_target(site),
        TokenKind::Case => class_pattern(site),
        TokenKind::Def | TokenKind::Class | TokenKind::Type | TokenKind::Async => {
            type_parameters(site).or_else(|| parameters(site))
        }
        _ => None,
    }
    .or_else(|| lambda_parameters(site))
    .or_else(|| except_star(site))
    .or_else(|| handler_target(site))
}

fn import(site: &Site<'_>) -> Option<SyntaxError> {
    let first = site.statement;
    let here = site.kind(site.at);
    if here == TokenKind::Newline && site.at == first + 1 {
        return names_expected(site);
    }
    if let Some(error) = import_target(site) {
        return Some(error);
    }
    if here != TokenKind::From || site.at == first + 1 {
        return None;
    }
    let mut last = site.at + 1;
    if site.kind(last) != TokenKind::Name {
        return None;
    }
    while site.has(last + 1, &[TokenKind::Dot, TokenKind::Name]) {
        last += 2;
    }
    error_at(site.range(first, last), "Did you mean to use 'from ... import ...' instead?")
}

fn names_expected(site: &Site<'_>) -> Option<SyntaxError> {
    let error = SyntaxError::new(site.span(site.at), "Expected one or more names after 'import'");
    Some(SyntaxError { extent: Extent::Point, ..error })
}

fn from_import(site: &Site<'_>) -> Option<SyntaxError> {
    let before = site.at.checked_sub(1)?;
    if site.kind(site.at) != TokenKind::Newline {
        return import_target(site);
    }
    match site.kind(before) {
        TokenKind::Import => names_expected(site),
        TokenKind::Comma if site.frames.is_empty() => {
            error_at(site.span(site.at), "trailing comma not allowed without surrounding parentheses")
        }
        _ => None,
    }
}

/// `import a as b.c`
fn import_target(site: &Site<'_>) -> Option<SyntaxError> {
    let keyword = (site.statement..site.at).rev().find(|&index| site.kind(index) == TokenKind::As)?;
    if site.at > keyword + 2 {
        return None;
    }
    let target = site.probe_longest(keyword + 1, Level::Expression)?;
    let ends_name = matches!(
        site.kind(target.end),
        TokenKind::Comma | TokenKind::RightParen | TokenKind::Semicolon | TokenKind::Newline
    );
    (!target.is_name && ends_name)
        .then(|| SyntaxError::new(target.span, format!("cannot use {} as import target", target.name)))
}

/// `for f(): …`
fn loop_target(site: &Site<'_>) -> Option<SyntaxError> {
    let target = site.probe_longest(site.statement + 1, Level::Any)?;
    let (span, name) = target.bad_target?;
    error_at(span, format!("cannot assign to {name}"))
}

/// `case C(a=b, c, …`, where the failure is further on: a positional pattern behind a keyword is the first mistake.
fn class_pattern(site: &Site<'_>) -> Option<SyntaxError> {
    let frame = site.innermost().filter(|frame| frame.kind == FrameKind::Call)?;
    let (mut depth, mut start, mut has_keyword) = (0usize, frame.open + 1, false);
    let mut run: Option<Span> = None;
    for index in frame.open + 1..site.at {
        match site.kind(index) {
            TokenKind::LeftParen | TokenKind::LeftBracket | TokenKind::LeftBrace => depth += 1,
            TokenKind::RightParen | TokenKind::RightBracket | TokenKind::RightBrace => {
                depth = depth.saturating_sub(1);
            }
            TokenKind::Comma if depth == 0 => {
                let is_keyword = site.has(start, &[TokenKind::Name, TokenKind::Equal]);
                match run {
                    Some(_) if is_keyword => break,
                    _ if is_keyword => has_keyword = true,
                    _ if has_keyword => {
                        let item = site.range(start, index - 1);
                        run = Some(run.map_or(item, |run| run.to(item)));
                    }
                    _ => {}
                }
                start = index + 1;
            }
            _ => {}
        }
    }
    error_at(run?, "positional patterns follow keyword patterns")
}

/// The parameters of a definition.
fn parameters(site: &Site<'_>) -> Option<SyntaxError> {
    let frame = site.innermost()?;
    let def = site.statement + usize::from(site.kind(site.statement) == TokenKind::Async);
    let is_parameters =
        site.kind(def) == TokenKind::Def && site.frames.len() == 1 && frame.kind == FrameKind::Call;
    if !is_parameters {
        return None;
    }
    default_value(site, frame.open + 1, frame.item)
        .or_else(|| comma_between_marks(site))
        .or_else(|| parenthesized(site, frame.item, "Function parameters cannot be parenthesized"))
}

/// `def f(a=)`, in parameters that start at `first` with the one at hand at `item`. Mistakes before it come first.
fn default_value(site: &Site<'_>, first: usize, item: usize) -> Option<SyntaxError> {
    let sign =
        site.at.checked_sub(1).filter(|&index| site.kind(index) == TokenKind::Equal && index > item)?;
    if site.has(first, &[TokenKind::Slash, TokenKind::Comma]) {
        return error_at(site.span(first), "at least one argument must precede /");
    }
    match site.kind(item) {
        TokenKind::Star => error_at(site.span(sign), "var-positional argument cannot have default value"),
        TokenKind::DoubleStar => error_at(site.span(sign), "var-keyword argument cannot have default value"),
        _ => matches!(site.kind(site.at), TokenKind::RightParen | TokenKind::Comma)
            .then(|| SyntaxError::new(site.span(sign), "expected default value expression")),
    }
}

/// `def f(a, / *b)`
fn comma_between_marks(site: &Site<'_>) -> Option<SyntaxError> {
    let slash = site.at.checked_sub(1)?;
    (site.kind(slash) == TokenKind::Slash && site.kind(site.at) == TokenKind::Star)
        .then(|| SyntaxError::new(site.span(site.at), "expected comma between / and *"))
}

/// `def f((a, b))`
fn parenthesized(site: &Site<'_>, item: usize, message: &str) -> Option<SyntaxError> {
    if site.at != item || site.kind(site.at) != TokenKind::LeftParen {
        return None;
    }
    let close = (site.at..site.tokens().len()).find(|&index| site.kind(index) == TokenKind::RightParen)?;
    let is_part = |index| {
        matches!(site.kind(index), TokenKind::Name | TokenKind::Comma | TokenKind::Colon | TokenKind::Dot)
    };
    let is_names = site.kind(site.at + 1) == TokenKind::Name && (site.at + 1..close).all(is_part);
    is_names.then(|| SyntaxError::new(site.range(site.at, close), message))
}

/// `lambda (a, b): 0`
fn lambda_parameters(site: &Site<'_>) -> Option<SyntaxError> {
    let lambda = (site.item()..site.at).rev().find(|&index| site.kind(index) == TokenKind::Lambda)?;
    let item =
        (lambda..site.at).rev().find(|&index| site.kind(index) == TokenKind::Comma).unwrap_or(lambda) + 1;
    let is_open = (lambda..site.at).all(|index| site.kind(index) != TokenKind::Colon);
    let message = "Lambda expression parameters cannot be parenthesized";
    is_open.then(|| {
        default_value(site, lambda + 1, item)
            .or_else(|| comma_between_marks(site))
            .or_else(|| parenthesized(site, item, message))
    })?
}

fn type_parameters(site: &Site<'_>) -> Option<SyntaxError> {
    let frame =
        site.innermost().filter(|frame| frame.kind == FrameKind::Subscript && site.frames.len() == 1)?;
    let head = site.statement + usize::from(site.kind(site.statement) == TokenKind::Async);
    if frame.open != head + 2 {
        return None;
    }
    let here = site.kind(site.at);
    if here == TokenKind::RightBracket && site.at == frame.open + 1 {
        // For an alias, CPython has read the token behind the bracket, too.
        let is_alias = site.kind(head) == TokenKind::Type;
        let span = site.range_as_read(site.at, site.at + usize::from(is_alias));
        return error_at(span, "Type parameter list cannot be empty");
    }
    let kind = match site.kind(frame.item) {
        TokenKind::Star => "TypeVarTuple",
        TokenKind::DoubleStar => "ParamSpec",
        _ => return None,
    };
    if here != TokenKind::Colon || site.at != frame.item + 2 {
        return None;
    }
    let bound = site.probe_longest(site.at + 1, Level::Expression)?;
    let what = if bound.name == "tuple" { "constraints" } else { "bound" };
    error_at(site.range(site.at, bound.end - 1), format!("cannot use {what} with {kind}"))
}

/// `except A as b.c:`
fn handler_target(site: &Site<'_>) -> Option<SyntaxError> {
    if site.kind(site.statement) != TokenKind::Except {
        return None;
    }
    let keyword = (site.statement..site.at).rev().find(|&index| site.kind(index) == TokenKind::As)?;
    let target = site.probe_longest(keyword + 1, Level::Expression)?;
    if target.is_name || site.kind(target.end) != TokenKind::Colon {
        return None;
    }
    let star = if site.kind(site.statement + 1) == TokenKind::Star { "*" } else { "" };
    error_at(target.span, format!("cannot use except{star} statement with {}", target.name))
}

/// `except*:`
fn except_star(site: &Site<'_>) -> Option<SyntaxError> {
    let is_bare =
        site.has(site.statement, &[TokenKind::Except, TokenKind::Star]) && site.at == site.statement + 2;
    (is_bare && matches!(site.kind(site.at), TokenKind::Colon | TokenKind::Newline))
        .then(|| SyntaxError::new(site.span(site.at), "expected one or more exception types"))
}
