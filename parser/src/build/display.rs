//! Tuples, lists, sets, dicts and comprehensions.

use super::{Builder, ExprRef, Fallible, refuse_at};
use crate::ast::{Comprehension, Expr, ExprContext, ExprKind};
use base::Span;

/// One item of a dict; without a key it is unpacked.
#[derive(Clone, Copy)]
pub(crate) struct DictItem<'a> {
    pub(crate) start: u32,
    pub(crate) key: Option<ExprRef<'a>>,
    pub(crate) value: ExprRef<'a>,
}

impl<'a> Builder<'a, '_> {
    /// A tuple without parentheses.
    pub(crate) fn tuple(&mut self, l: u32, r: u32, elts: Vec<ExprRef<'a>>) -> ExprRef<'a> {
        let elts = self.exprs(elts);
        self.expr(l, r, ExprKind::Tuple { elts, ctx: ExprContext::Load })
    }

    /// A tuple with parentheses.
    pub(crate) fn closed_tuple(&mut self, l: u32, r: u32, elts: Vec<ExprRef<'a>>) -> ExprRef<'a> {
        let tuple = self.tuple(l, r, elts);
        self.parenthesize(tuple)
    }

    /// One expression in parentheses.
    pub(crate) fn group(&mut self, expr: ExprRef<'a>) -> Fallible<ExprRef<'a>> {
        if !expr.parenthesized && matches!(expr.kind, ExprKind::Starred { .. }) {
            return refuse_at(expr.span, "cannot use starred expression here");
        }
        Ok(self.parenthesize(expr))
    }

    pub(crate) fn list(&mut self, l: u32, r: u32, elts: Vec<ExprRef<'a>>) -> ExprRef<'a> {
        let elts = self.exprs(elts);
        self.expr(l, r, ExprKind::List { elts, ctx: ExprContext::Load })
    }

    pub(crate) fn set(&mut self, l: u32, r: u32, elts: Vec<ExprRef<'a>>) -> ExprRef<'a> {
        let elts = self.exprs(elts);
        self.expr(l, r, ExprKind::Set { elts })
    }

    pub(crate) fn dict(&mut self, l: u32, r: u32, items: Vec<DictItem<'a>>) -> ExprRef<'a> {
        let keys = self.arena.alloc_slice_fill_iter(items.iter().map(|item| item.key));
        let values = self.arena.alloc_slice_fill_iter(items.iter().map(|item| *item.value));
        self.expr(l, r, ExprKind::Dict { keys, values })
    }

    pub(crate) fn comprehension(
        &mut self,
        is_async: bool,
        target: ExprRef<'a>,
        iter: ExprRef<'a>,
        ifs: Vec<ExprRef<'a>>,
    ) -> Fallible<Comprehension<'a>> {
        let target = self.store_target(target)?;
        let ifs = self.exprs(ifs);
        Ok(Comprehension { id: self.id(), target, iter, ifs, is_async })
    }

    pub(crate) fn generator(
        &mut self,
        l: u32,
        r: u32,
        elt: ExprRef<'a>,
        clauses: Vec<Comprehension<'a>>,
    ) -> Fallible<ExprRef<'a>> {
        let generators = self.clauses(elt, clauses)?;
        let generator = self.expr(l, r, ExprKind::GeneratorExp { elt, generators });
        Ok(self.parenthesize(generator))
    }

    pub(crate) fn list_comp(
        &mut self,
        l: u32,
        r: u32,
        elt: ExprRef<'a>,
        clauses: Vec<Comprehension<'a>>,
    ) -> Fallible<ExprRef<'a>> {
        let generators = self.clauses(elt, clauses)?;
        Ok(self.expr(l, r, ExprKind::ListComp { elt, generators }))
    }

    pub(crate) fn set_comp(
        &mut self,
        l: u32,
        r: u32,
        elt: ExprRef<'a>,
        clauses: Vec<Comprehension<'a>>,
    ) -> Fallible<ExprRef<'a>> {
        let generators = self.clauses(elt, clauses)?;
        Ok(self.expr(l, r, ExprKind::SetComp { elt, generators }))
    }

    pub(crate) fn dict_comp(
        &mut self,
        l: u32,
        r: u32,
        item: DictItem<'a>,
        clauses: Vec<Comprehension<'a>>,
    ) -> Fallible<ExprRef<'a>> {
        let Some(key) = item.key else {
            let stars = Span::new(item.start, item.start + 2);
            return refuse_at(stars, "dict unpacking cannot be used in dict comprehension");
        };
        let generators = self.slice(clauses);
        Ok(self.expr(l, r, ExprKind::DictComp { key, value: item.value, generators }))
    }

    fn clauses(
        &mut self,
        elt: &Expr<'a>,
        clauses: Vec<Comprehension<'a>>,
    ) -> Fallible<&'a [Comprehension<'a>]> {
        if matches!(elt.kind, ExprKind::Starred { .. }) {
            return refuse_at(elt.span, "iterable unpacking cannot be used in comprehension");
        }
        Ok(self.slice(clauses))
    }
}
