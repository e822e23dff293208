//! Patterns: the wildcard, and the rules about order that the grammar does not know.

use super::{Builder, ExprRef, Fallible, PatternRef, expr_name, refuse_at};
use crate::ast::{Constant, Expr, ExprKind, MatchCase, Operator, PatternKind};
use base::Span;

use super::Body;

/// A part of a mapping or class pattern.
#[derive(Clone, Copy)]
pub(crate) enum SubPattern<'a> {
    /// `key: pattern`
    Keyed(ExprRef<'a>, PatternRef<'a>),
    /// `**name`
    Rest(&'a str, u32, u32),
    /// `pattern`
    Positional(PatternRef<'a>),
    /// `name=pattern`
    Named(&'a str, PatternRef<'a>),
}

/// The name that is no name in a pattern.
const WILDCARD: &str = "_";

impl<'a> Builder<'a, '_> {
    pub(crate) fn match_case(
        &mut self,
        pattern: PatternRef<'a>,
        guard: Option<ExprRef<'a>>,
        body: Body<'a>,
    ) -> MatchCase<'a> {
        MatchCase { id: self.id(), pattern, guard, body: body.stmts }
    }

    pub(crate) fn capture_pattern(&mut self, l: u32, r: u32, name: &'a str) -> PatternRef<'a> {
        let name = Some(name).filter(|name| *name != WILDCARD);
        self.pattern(l, r, PatternKind::MatchAs { pattern: None, name })
    }

    pub(crate) fn star_pattern(&mut self, l: u32, r: u32, name: &'a str) -> PatternRef<'a> {
        let name = Some(name).filter(|name| *name != WILDCARD);
        self.pattern(l, r, PatternKind::MatchStar { name })
    }

    pub(crate) fn as_pattern(
        &mut self,
        l: u32,
        r: u32,
        pattern: PatternRef<'a>,
        target: ExprRef<'a>,
    ) -> Fallible<PatternRef<'a>> {
        match target.kind {
            ExprKind::Name { id: WILDCARD, .. } => refuse_at(target.span, "cannot use '_' as a target"),
            ExprKind::Name { id, .. } if !target.parenthesized => {
                let kind = PatternKind::MatchAs { pattern: Some(pattern), name: Some(id) };
                Ok(self.pattern(l, r, kind))
            }
            _ => refuse_at(target.span, format!("cannot use {} as pattern target", expr_name(target))),
        }
    }

    pub(crate) fn or_pattern(&mut self, l: u32, r: u32, patterns: Vec<PatternRef<'a>>) -> PatternRef<'a> {
        let patterns = self.patterns(patterns);
        self.pattern(l, r, PatternKind::MatchOr { patterns })
    }

    pub(crate) fn sequence_pattern(
        &mut self,
        l: u32,
        r: u32,
        patterns: Vec<PatternRef<'a>>,
    ) -> PatternRef<'a> {
        let patterns = self.patterns(patterns);
        self.pattern(l, r, PatternKind::MatchSequence { patterns })
    }

    pub(crate) fn mapping_pattern(
        &mut self,
        l: u32,
        r: u32,
        items: Vec<SubPattern<'a>>,
    ) -> Fallible<PatternRef<'a>> {
        let mut keys = Vec::with_capacity(items.len());
        let mut patterns = Vec::with_capacity(items.len());
        let mut rest = None;
        for item in items {
            match (item, rest) {
                (SubPattern::Keyed(key, pattern), None) => {
                    keys.push(key);
                    patterns.push(pattern);
                }
                (SubPattern::Rest(name, start, end), None) => rest = Some((name, Span::new(start + 2, end))),
                (_, Some((_, span))) => {
                    return refuse_at(
                        span,
                        "double star pattern must be the last (right-most) subpattern in the mapping pattern",
                    );
                }
                (SubPattern::Positional(_) | SubPattern::Named(..), None) => {
                    unreachable!("the grammar lets no class item into a mapping")
                }
            }
        }
        if let Some((WILDCARD, span)) = rest {
            return refuse_at(span, "invalid syntax");
        }
        let (keys, patterns) = (self.exprs(keys), self.patterns(patterns));
        Ok(self.pattern(l, r, PatternKind::MatchMapping { keys, patterns, rest: rest.map(|(name, _)| name) }))
    }

    pub(crate) fn class_pattern(
        &mut self,
        l: u32,
        r: u32,
        cls: ExprRef<'a>,
        items: Vec<SubPattern<'a>>,
    ) -> Fallible<PatternRef<'a>> {
        let (mut patterns, mut kwd_attrs, mut kwd_patterns) = (Vec::new(), Vec::new(), Vec::new());
        // What is misplaced is the first run of positional patterns behind a keyword.
        let (mut misplaced, mut has_run_ended): (Option<Span>, bool) = (None, false);
        for item in items {
            match item {
                SubPattern::Positional(pattern) if kwd_attrs.is_empty() => patterns.push(pattern),
                SubPattern::Positional(_) if has_run_ended => {}
                SubPattern::Positional(pattern) => {
                    misplaced = Some(misplaced.map_or(pattern.span, |span| span.to(pattern.span)));
                }
                SubPattern::Named(name, pattern) => {
                    has_run_ended = misplaced.is_some();
                    kwd_attrs.push(name);
                    kwd_patterns.push(pattern);
                }
                SubPattern::Keyed(..) | SubPattern::Rest(..) => {
                    unreachable!("the grammar lets no mapping item into a class pattern")
                }
            }
        }
        if let Some(span) = misplaced {
            return refuse_at(span, "positional patterns follow keyword patterns");
        }
        let kind = PatternKind::MatchClass {
            cls,
            patterns: self.patterns(patterns),
            kwd_attrs: self.slice(kwd_attrs),
            kwd_patterns: self.patterns(kwd_patterns),
        };
        Ok(self.pattern(l, r, kind))
    }

    /// `-1 + 2j`
    pub(crate) fn complex_pattern(
        &mut self,
        l: u32,
        r: u32,
        real: ExprRef<'a>,
        op: Operator,
        imaginary: ExprRef<'a>,
    ) -> Fallible<ExprRef<'a>> {
        let operand = match real.kind {
            ExprKind::UnaryOp { operand, .. } => operand,
            _ => real,
        };
        if is_imaginary(operand) {
            return refuse_at(operand.span, "real number required in complex literal");
        }
        if !is_imaginary(imaginary) {
            return refuse_at(imaginary.span, "imaginary number required in complex literal");
        }
        Ok(self.binary(l, r, real, op, imaginary))
    }
}

fn is_imaginary(expr: &Expr<'_>) -> bool {
    matches!(expr.kind, ExprKind::Constant { value: Constant::Complex(_), .. })
}
