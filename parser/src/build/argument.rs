//! Calls and the order of their arguments.
//!
//! The grammar reads arguments of all kinds in any order; here the order is checked, and `name=value` is told from a comparison
//! that somebody misspelt.

use super::{Builder, ExprRef, Fallible, expr_name, refuse_at};
use crate::ast::{Comprehension, Constant, Expr, ExprKind, Keyword};
use base::Span;

/// One argument as written.
#[derive(Clone, Copy)]
pub(crate) enum Argument<'a> {
    /// `value` or `*value`
    Positional(ExprRef<'a>),
    /// `value for … in …` without parentheses of its own.
    Generator(ExprRef<'a>),
    /// `name=value`
    Named(Keyword<'a>),
    /// `**value`
    Unpacked(Keyword<'a>),
}

impl<'a> Builder<'a, '_> {
    pub(crate) fn bare_generator(
        &mut self,
        l: u32,
        r: u32,
        elt: ExprRef<'a>,
        clauses: Vec<Comprehension<'a>>,
    ) -> Argument<'a> {
        let generators = self.slice(clauses);
        Argument::Generator(self.expr(l, r, ExprKind::GeneratorExp { elt, generators }))
    }

    /// `name=value`; the sign ends at `sign_end`.
    pub(crate) fn keyword(
        &mut self,
        l: u32,
        sign_end: u32,
        r: u32,
        name: ExprRef<'a>,
        value: ExprRef<'a>,
    ) -> Fallible<Argument<'a>> {
        let sides = Span::new(l, sign_end);
        match name.kind {
            ExprKind::Name { id, .. } if !name.parenthesized => {
                Ok(Argument::Named(Keyword { span: Span::new(l, r), arg: Some(id), value }))
            }
            ExprKind::Constant { value: Constant::None | Constant::Bool(_), .. } if !name.parenthesized => {
                refuse_at(sides, format!("cannot assign to {}", expr_name(name)))
            }
            _ => refuse_at(sides, "expression cannot contain assignment, perhaps you meant \"==\"?"),
        }
    }

    pub(crate) fn double_starred(&mut self, l: u32, r: u32, value: ExprRef<'a>) -> Argument<'a> {
        Argument::Unpacked(Keyword { span: Span::new(l, r), arg: None, value })
    }

    /// A call whose parenthesis opens at `open`.
    pub(crate) fn call(
        &mut self,
        l: u32,
        r: u32,
        func: ExprRef<'a>,
        open: u32,
        args: Vec<Argument<'a>>,
    ) -> Fallible<ExprRef<'a>> {
        let (args, keywords) = self.arguments(open, r, args)?;
        Ok(self.expr(l, r, ExprKind::Call { func, args, keywords: self.thin(keywords) }))
    }

    /// Sorts the arguments between the parentheses from `open` to `end`.
    pub(crate) fn arguments(
        &mut self,
        open: u32,
        end: u32,
        items: Vec<Argument<'a>>,
    ) -> Fallible<(&'a [Expr<'a>], &'a [Keyword<'a>])> {
        if let [Argument::Generator(generator)] = items[..] {
            if self.has_trailing_comma(generator.span.end, end) {
                return refuse_at(generator.span, "Generator expression must be parenthesized");
            }
            let span = Span::new(open, end);
            let generator = Expr { span, parenthesized: true, ..*generator };
            return Ok((self.arena.alloc_slice_copy(&[generator]), &[]));
        }
        let mut positional = Vec::with_capacity(items.len());
        let mut keywords = Vec::new();
        for item in items {
            match item {
                Argument::Positional(expr) => {
                    self.check_order(expr, &keywords, end)?;
                    positional.push(expr);
                }
                Argument::Generator(expr) => {
                    return refuse_at(expr.span, "Generator expression must be parenthesized");
                }
                Argument::Named(keyword) | Argument::Unpacked(keyword) => keywords.push(keyword),
            }
        }
        Ok((self.exprs(positional), self.slice(keywords)))
    }

    /// The arguments of a class, which may not be a bare generator. CPython stops at the `for`.
    pub(crate) fn class_arguments(
        &mut self,
        open: u32,
        end: u32,
        items: Vec<Argument<'a>>,
    ) -> Fallible<(&'a [Expr<'a>], &'a [Keyword<'a>])> {
        if let [Argument::Generator(Expr { kind: ExprKind::GeneratorExp { elt, .. }, span, .. })] = items[..]
        {
            let rest = self.text(elt.span.end, span.end);
            let at =
                elt.span.end + rest.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(0) as u32;
            return refuse_at(Span::new(at, at + 3), "invalid syntax");
        }
        self.arguments(open, end, items)
    }

    /// Whether a comma stands between two places that only blanks and comments separate otherwise.
    fn has_trailing_comma(&self, from: u32, to: u32) -> bool {
        let rest = self.text(from, to);
        rest.lines().any(|line| line.split('#').next().is_some_and(|code| code.contains(',')))
    }

    /// Positional arguments come before keywords; unpacked ones before `**`.
    fn check_order(&self, expr: &Expr<'_>, keywords: &[Keyword<'_>], end: u32) -> Fallible<()> {
        if keywords.is_empty() {
            return Ok(());
        }
        let is_starred = matches!(expr.kind, ExprKind::Starred { .. }) && !expr.parenthesized;
        let has_unpacking = keywords.iter().any(|keyword| keyword.arg.is_none());
        let close = Span::new(end - 1, end);
        match (is_starred, has_unpacking) {
            (true, true) => {
                let comma = self.text(0, expr.span.start).rfind(',').map_or(expr.span.start, |at| at as u32);
                let span = Span::new(comma, expr.span.end);
                refuse_at(span, "iterable argument unpacking follows keyword argument unpacking")
            }
            (true, false) => Ok(()),
            (false, true) => refuse_at(close, "positional argument follows keyword argument unpacking"),
            (false, false) => refuse_at(close, "positional argument follows keyword argument"),
        }
    }
}
