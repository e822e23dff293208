//! Asking the grammar about some of the tokens: are they an expression, and how far does one reach?
//!
//! Method: run the generated parser over the tokens in question with another start token. It stops at the first token that cannot
//! follow; what stands before is the longest candidate.

use super::site::Site;
use crate::ast::{CmpOp, Expr, ExprKind, UnaryOp};
use crate::build::{Builder, Top, expr_name};
use crate::parse::parse_tokens;
use base::Span;
use bumpalo::Bump;
use lexer::{Token, TokenKind};

/// How loosely an expression may bind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Level {
    /// `bitwise_or`: no comparison, `not`, `and`, `or`.
    Operand,
    /// `disjunction`: no conditional, lambda.
    Disjunction,
    /// `expression`: no tuple, star, `yield`.
    Expression,
    /// `star_expressions` or `yield`.
    Any,
}

/// What is known about a run of tokens that is an expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Probed {
    pub(super) level: Level,
    /// CPython's word for it.
    pub(super) name: &'static str,
    /// Its span as a node, without parentheses around it.
    pub(super) span: Span,
    /// Whether it is a plain name.
    pub(super) is_name: bool,
    /// Whether it is a list, tuple or generator, or one of the constants that have names.
    pub(super) is_unlike_comparison: bool,
    /// The first part of it that cannot be a loop's target, and CPython's word for that.
    pub(super) bad_target: Option<(Span, &'static str)>,
    /// One past the index of its last token.
    pub(super) end: usize,
}

/// How far back to look for the end of an expression from where the parser gave up.
const MAX_RETRIES: usize = 24;

impl Site<'_> {
    /// Whether the tokens from `first` up to `end` are an expression of at most this level.
    pub(super) fn probe(&self, first: usize, end: usize, level: Level) -> Option<Probed> {
        let end = end.min(self.tokens().len());
        let tokens = self.tokens().get(first..end).filter(|tokens| !tokens.is_empty())?;
        self.run(tokens, end).ok().filter(|probed| probed.level <= level)
    }

    /// The longest expression of at most this level that starts at `first`.
    pub(super) fn probe_longest(&self, first: usize, level: Level) -> Option<Probed> {
        let stop = self.item_end(first, level);
        let tokens = self.tokens().get(first..stop).filter(|tokens| !tokens.is_empty())?;
        let end = match self.run(tokens, stop) {
            Ok(probed) if probed.level <= level => return Some(probed),
            Ok(probed) => probed.end - 1,
            Err(len) => first + len,
        };
        let lowest = end.saturating_sub(MAX_RETRIES).max(first);
        (lowest + 1..=end).rev().find_map(|end| self.probe(first, end, level))
    }

    /// The token that stops the grammar when it reads an expression from `first` on.
    pub(super) fn furthest(&self, first: usize) -> usize {
        let ends = |token: &Token| {
            matches!(token.kind, TokenKind::Newline | TokenKind::Error | TokenKind::EndMarker)
        };
        let rest = &self.tokens()[first..];
        let len = rest.iter().position(ends).unwrap_or(rest.len());
        self.run(&rest[..len], first + len).map_or_else(|len| first + len, |probed| probed.end)
    }

    /// The first token behind `first` that cannot belong to the same item: a comma, a closing bracket, the end of the line.
    fn item_end(&self, first: usize, level: Level) -> usize {
        let mut depth = 0usize;
        for (index, token) in self.tokens().iter().enumerate().skip(first) {
            match token.kind {
                TokenKind::LeftParen
                | TokenKind::WithLeftParen
                | TokenKind::LeftBracket
                | TokenKind::LeftBrace
                | TokenKind::FStringStart
                | TokenKind::TStringStart => depth += 1,
                TokenKind::RightParen
                | TokenKind::RightBracket
                | TokenKind::RightBrace
                | TokenKind::FStringEnd
                | TokenKind::TStringEnd => {
                    let Some(outer) = depth.checked_sub(1) else { return index };
                    depth = outer;
                }
                TokenKind::Comma if depth == 0 && level < Level::Any => return index,
                TokenKind::Newline | TokenKind::Error | TokenKind::EndMarker => return index,
                _ => {}
            }
        }
        self.tokens().len()
    }

    /// Parses tokens as one expression; if they are none, tells how many come before the one that cannot follow.
    fn run(&self, tokens: &[Token], end: usize) -> Result<Probed, usize> {
        let arena = Bump::new();
        let mut builder = Builder::new(&arena, self.source.text());
        let last = tokens.last().map_or(0, |token| token.span.end);
        let mut tokens = tokens.to_vec();
        tokens.push(Token { kind: TokenKind::EndMarker, span: Span::at(last) });
        match parse_tokens(&tokens, TokenKind::StartProbe, &mut builder) {
            Ok(Top::Expression(expr)) => Ok(Probed {
                level: level_of(expr),
                name: expr_name(expr),
                span: expr.span,
                is_name: expr.as_name().is_some() && !expr.is_parenthesized(),
                is_unlike_comparison: is_unlike_comparison(&expr.kind),
                bad_target: bad_loop_target(expr),
                end,
            }),
            Ok(Top::Body(_) | Top::FunctionType(..)) => Err(0),
            Err(failure) => Err(failure.at.min(tokens.len() - 1)),
        }
    }

    /// Whether the grammar would take a token of this kind at the place of the failure.
    pub(super) fn accepts(&self, kind: TokenKind) -> bool {
        let arena = Bump::new();
        let mut builder = Builder::new(&arena, self.source.text());
        let mut tokens = self.tokens()[..self.at].to_vec();
        tokens.push(Token { kind, span: Span::at(self.span(self.at).start) });
        tokens.push(Token { kind: TokenKind::Error, span: self.span(self.at) });
        match parse_tokens(&tokens, TokenKind::StartModule, &mut builder) {
            Ok(_) => true,
            Err(failure) => failure.at > self.at,
        }
    }
}

fn level_of(expr: &Expr<'_>) -> Level {
    if expr.is_parenthesized() {
        return Level::Operand;
    }
    match expr.kind {
        ExprKind::Tuple { .. }
        | ExprKind::Starred { .. }
        | ExprKind::Yield { .. }
        | ExprKind::YieldFrom { .. } => Level::Any,
        ExprKind::IfExp { .. } | ExprKind::Lambda { .. } => Level::Expression,
        ExprKind::BoolOp { .. } | ExprKind::Compare { .. } | ExprKind::UnaryOp { op: UnaryOp::Not, .. } => {
            Level::Disjunction
        }
        _ => Level::Operand,
    }
}

/// The first part of an expression that a loop cannot bind; of a comparison by `in`, as which a head without its colon may be read,
/// the left side counts.
fn bad_loop_target(expr: &Expr<'_>) -> Option<(Span, &'static str)> {
    match expr.kind {
        ExprKind::Name { .. } | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => None,
        ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => elts.iter().find_map(bad_loop_target),
        ExprKind::Starred { value, .. } => bad_loop_target(value),
        ExprKind::Compare { left, ops: [CmpOp::In, ..], .. } => bad_loop_target(left),
        _ => Some((expr.span, expr_name(expr))),
    }
}

fn is_unlike_comparison(kind: &ExprKind<'_>) -> bool {
    use crate::ast::Constant;
    matches!(
        kind,
        ExprKind::List { .. }
            | ExprKind::Tuple { .. }
            | ExprKind::GeneratorExp { .. }
            | ExprKind::Constant { value: Constant::None | Constant::Bool(_), .. }
    )
}
