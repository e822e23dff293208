//! Statements: assignments with their targets, compound statements with their ends.

use super::{Builder, ExprRef, Fallible, StmtRef, expr_name, refuse_at};
use crate::ast::{
    Alias, Arguments, ClassDef, Constant, ExceptHandler, Expr, ExprContext, ExprKind, FunctionDef, Keyword,
    Operator, Stmt, StmtKind, Try, TypeParam, TypeParamKind, UnaryOp, WithItem,
};
use base::Span;

/// An indented block or the simple statements behind a colon, with the end of its last token.
#[derive(Clone, Copy)]
pub(crate) struct Body<'a> {
    pub(crate) stmts: &'a [Stmt<'a>],
    pub(crate) end: u32,
}

/// An `except` clause, and whether it has a star.
pub(crate) type Handler<'a> = (&'a ExceptHandler<'a>, bool);

impl Body<'_> {
    /// An absent `else`.
    pub(crate) const EMPTY: Self = Body { stmts: &[], end: 0 };
}

impl<'a> Builder<'a, '_> {
    // ---- Simple statements --------------------------------------------------------------------------------------------------

    pub(crate) fn assign(
        &mut self,
        l: u32,
        r: u32,
        targets: Vec<ExprRef<'a>>,
        value: ExprRef<'a>,
    ) -> Fallible<StmtRef> {
        let is_single = targets.len() == 1;
        let mut stored = Vec::with_capacity(targets.len());
        for target in targets {
            check_assigned(target, is_single.then_some(value))?;
            stored.push(self.store_target(target)?);
        }
        let targets = self.exprs(stored);
        Ok(self.stmt(l, r, StmtKind::Assign { targets, value }))
    }

    pub(crate) fn aug_assign(
        &mut self,
        l: u32,
        r: u32,
        target: ExprRef<'a>,
        op: Operator,
        value: ExprRef<'a>,
    ) -> Fallible<StmtRef> {
        match target.kind {
            ExprKind::Name { .. } | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => {
                let target = self.store_target(target)?;
                Ok(self.stmt(l, r, StmtKind::AugAssign { target, op, value }))
            }
            _ => {
                let name = expr_name(target);
                refuse_at(target.span, format!("'{name}' is an illegal expression for augmented assignment"))
            }
        }
    }

    pub(crate) fn ann_assign(
        &mut self,
        l: u32,
        r: u32,
        target: ExprRef<'a>,
        annotation: ExprRef<'a>,
        value: Option<ExprRef<'a>>,
    ) -> Fallible<StmtRef> {
        match target.kind {
            ExprKind::Name { .. } | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => {
                let simple = matches!(target.kind, ExprKind::Name { .. }) && !target.parenthesized;
                let target = self.store_target(target)?;
                Ok(self.stmt(l, r, StmtKind::AnnAssign { target, annotation, value, simple }))
            }
            ExprKind::List { .. } => refuse_at(target.span, "only single target (not list) can be annotated"),
            ExprKind::Tuple { elts, .. } => {
                let span = if target.parenthesized { target.span } else { elts[0].span };
                refuse_at(span, "only single target (not tuple) can be annotated")
            }
            _ => refuse_at(target.span, "illegal target for annotation"),
        }
    }

    pub(crate) fn delete(&mut self, l: u32, r: u32, targets: ExprRef<'a>) -> Fallible<StmtRef> {
        let target = self.with_context(targets, ExprContext::Del)?;
        let targets = match target.kind {
            ExprKind::Tuple { elts, .. } if !target.parenthesized => elts,
            _ => std::slice::from_ref(target),
        };
        Ok(self.stmt(l, r, StmtKind::Delete { targets }))
    }

    pub(crate) fn alias(&mut self, l: u32, r: u32, name: &'a str, asname: Option<&'a str>) -> Alias<'a> {
        Alias { span: Span::new(l, r), name, asname }
    }

    pub(crate) fn import_from(
        &mut self,
        l: u32,
        r: u32,
        level: u32,
        module: Option<&'a str>,
        names: Vec<Alias<'a>>,
    ) -> StmtRef {
        let names = self.slice(names);
        self.stmt(l, r, StmtKind::ImportFrom { module, names, level })
    }

    pub(crate) fn type_param(&mut self, l: u32, r: u32, kind: TypeParamKind<'a>) -> &'a TypeParam<'a> {
        let id = self.id();
        self.arena.alloc(TypeParam { id, span: Span::new(l, r), kind })
    }

    pub(crate) fn type_params(&mut self, params: Vec<&'a TypeParam<'a>>) -> &'a [TypeParam<'a>] {
        self.arena.alloc_slice_fill_iter(params.into_iter().copied())
    }

    // ---- Compound statements ------------------------------------------------------------------------------------------------

    /// The end of a statement with an optional second block.
    pub(crate) fn end_of(&self, body: Body<'a>, tail: Body<'a>) -> u32 {
        body.end.max(tail.end)
    }

    pub(crate) fn if_stmt(&mut self, l: u32, test: ExprRef<'a>, body: Body<'a>, tail: Body<'a>) -> StmtRef {
        let end = self.end_of(body, tail);
        self.stmt(l, end, StmtKind::If { test, body: body.stmts, orelse: self.thin(tail.stmts) })
    }

    /// An `elif` is an `if` alone in the `else` of the one before.
    pub(crate) fn elif(&mut self, l: u32, test: ExprRef<'a>, body: Body<'a>, tail: Body<'a>) -> Body<'a> {
        let stmt = self.if_stmt(l, test, body, tail);
        Body { stmts: self.stmts(vec![stmt]), end: self.end_of(body, tail) }
    }

    pub(crate) fn for_stmt(
        &mut self,
        l: u32,
        is_async: bool,
        target: ExprRef<'a>,
        iter: ExprRef<'a>,
        body: Body<'a>,
        orelse: Body<'a>,
    ) -> Fallible<StmtRef> {
        let target = self.store_target(target)?;
        let end = self.end_of(body, orelse);
        let (body, orelse) = (body.stmts, self.thin(orelse.stmts));
        let kind = if is_async {
            StmtKind::AsyncFor { target, iter, body, orelse }
        } else {
            StmtKind::For { target, iter, body, orelse }
        };
        Ok(self.stmt(l, end, kind))
    }

    pub(crate) fn with_stmt(
        &mut self,
        l: u32,
        is_async: bool,
        items: Vec<WithItem<'a>>,
        body: Body<'a>,
    ) -> StmtRef {
        let items = self.slice(items);
        let Body { stmts: body, end } = body;
        let kind =
            if is_async { StmtKind::AsyncWith { items, body } } else { StmtKind::With { items, body } };
        self.stmt(l, end, kind)
    }

    /// `with (a, b):` has two items, although it could be one tuple; `with ((a, b)):` is one. The items start at `l`.
    pub(crate) fn with_items(&mut self, l: u32, items: Vec<WithItem<'a>>) -> Vec<WithItem<'a>> {
        let [WithItem { context_expr, optional_vars: None }] = items[..] else { return items };
        let ExprKind::Tuple { elts, .. } = context_expr.kind else { return items };
        let is_item = |expr: &Expr<'_>| {
            expr.parenthesized || !matches!(expr.kind, ExprKind::Starred { .. } | ExprKind::NamedExpr { .. })
        };
        if context_expr.span.start != l
            || !context_expr.parenthesized
            || elts.is_empty()
            || !elts.iter().all(is_item)
        {
            return items;
        }
        elts.iter().map(|context_expr| WithItem { context_expr, optional_vars: None }).collect()
    }

    pub(crate) fn try_finally(&mut self, l: u32, body: Body<'a>, last: Body<'a>) -> StmtRef {
        let parts = Try { body: body.stmts, handlers: &[], orelse: &[], finalbody: last.stmts };
        let parts = self.arena.alloc(parts);
        self.stmt(l, last.end, StmtKind::Try(parts))
    }

    pub(crate) fn try_stmt(
        &mut self,
        l: u32,
        body: Body<'a>,
        handlers: Vec<Handler<'a>>,
        orelse: Body<'a>,
        last: Option<Body<'a>>,
    ) -> Fallible<StmtRef> {
        let is_star = handlers[0].1;
        if let Some((odd, has_star)) = handlers.iter().find(|(_, has_star)| *has_star != is_star) {
            let except = Span::new(odd.span.start, odd.span.start + if *has_star { 7 } else { 6 });
            return refuse_at(except, "cannot have both 'except' and 'except*' on the same 'try'");
        }
        let last = last.unwrap_or(Body::EMPTY);
        let handlers: Vec<_> = handlers.into_iter().map(|(handler, _)| *handler).collect();
        let handlers_end = handlers.last().map_or(0, |handler| handler.span.end);
        let end = handlers_end.max(orelse.end).max(last.end);
        let handlers = self.slice(handlers);
        let parts = Try { body: body.stmts, handlers, orelse: orelse.stmts, finalbody: last.stmts };
        let parts = self.arena.alloc(parts);
        Ok(self.stmt(l, end, if is_star { StmtKind::TryStar(parts) } else { StmtKind::Try(parts) }))
    }

    pub(crate) fn handler(
        &mut self,
        l: u32,
        type_: Option<ExprRef<'a>>,
        name: Option<&'a str>,
        body: Body<'a>,
        has_star: bool,
    ) -> Handler<'a> {
        let id = self.id();
        let handler = ExceptHandler { id, span: Span::new(l, body.end), type_, name, body: body.stmts };
        (self.arena.alloc(handler), has_star)
    }

    /// PEP 758 lets several types go without parentheses, but not with a name.
    pub(crate) fn check_handler_types(&self, types: ExprRef<'a>, has_name: bool) -> Fallible<()> {
        if has_name && matches!(types.kind, ExprKind::Tuple { .. }) && !types.parenthesized {
            return refuse_at(types.span, "multiple exception types must be parenthesized when using 'as'");
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a definition, as the grammar has them")]
    pub(crate) fn function_def(
        &mut self,
        l: u32,
        is_async: bool,
        name: &'a str,
        name_place: (u32, u32),
        type_params: Option<&'a [TypeParam<'a>]>,
        args: &'a Arguments<'a>,
        returns: Option<ExprRef<'a>>,
        body: Body<'a>,
    ) -> StmtRef {
        let def = self.arena.alloc(FunctionDef {
            name,
            name_span: Span::new(name_place.0, name_place.1),
            args,
            body: body.stmts,
            decorator_list: &[],
            returns,
            type_params: type_params.unwrap_or_default(),
        });
        let kind = if is_async { StmtKind::AsyncFunctionDef(def) } else { StmtKind::FunctionDef(def) };
        self.stmt(l, body.end, kind)
    }

    pub(crate) fn class_def(
        &mut self,
        l: u32,
        name: &'a str,
        name_place: (u32, u32),
        type_params: Option<&'a [TypeParam<'a>]>,
        (bases, keywords): (&'a [Expr<'a>], &'a [Keyword<'a>]),
        body: Body<'a>,
    ) -> StmtRef {
        let def = self.arena.alloc(ClassDef {
            name,
            name_span: Span::new(name_place.0, name_place.1),
            bases,
            keywords,
            body: body.stmts,
            decorator_list: &[],
            type_params: type_params.unwrap_or_default(),
        });
        self.stmt(l, body.end, StmtKind::ClassDef(def))
    }

    /// Adds decorators to a definition.
    pub(crate) fn decorate(&mut self, decorators: Vec<ExprRef<'a>>, stmt: StmtRef) -> StmtRef {
        let decorator_list = self.exprs(decorators);
        let stmt = self.take_stmt(stmt);
        let kind = match stmt.kind {
            StmtKind::FunctionDef(def) => {
                StmtKind::FunctionDef(self.arena.alloc(FunctionDef { decorator_list, ..*def }))
            }
            StmtKind::AsyncFunctionDef(def) => {
                StmtKind::AsyncFunctionDef(self.arena.alloc(FunctionDef { decorator_list, ..*def }))
            }
            StmtKind::ClassDef(def) => {
                StmtKind::ClassDef(self.arena.alloc(ClassDef { decorator_list, ..*def }))
            }
            _ => unreachable!("the grammar decorates only definitions"),
        };
        self.stmt(stmt.span.start, stmt.span.end, kind)
    }
}

/// Says what CPython says about `f() = 1`: with one equals sign, perhaps a comparison was meant.
fn check_assigned(target: &Expr<'_>, value: Option<&Expr<'_>>) -> Fallible<()> {
    if let ExprKind::Tuple { elts: [.., last], .. } = target.kind
        && !target.parenthesized
        && value.is_some()
    {
        return check_assigned(last, value);
    }
    let name = expr_name(target);
    match target.kind {
        ExprKind::Yield { .. } | ExprKind::YieldFrom { .. } if !target.parenthesized => {
            refuse_at(target.span, "assignment to yield expression not possible")
        }
        _ if is_comparable(target) && value.is_some_and(starts_with_operand) => refuse_at(
            target.span,
            format!("cannot assign to {name} here. Maybe you meant '==' instead of '='?"),
        ),
        _ => Ok(()),
    }
}

/// Whether the expression is one that CPython takes for the left side of a misspelt comparison.
fn is_comparable(target: &Expr<'_>) -> bool {
    match target.kind {
        ExprKind::Name { .. }
        | ExprKind::Attribute { .. }
        | ExprKind::Subscript { .. }
        | ExprKind::Starred { .. }
        | ExprKind::List { .. }
        | ExprKind::Tuple { .. }
        | ExprKind::GeneratorExp { .. } => false,
        ExprKind::Constant { value, .. } => !matches!(value, Constant::None | Constant::Bool(_)),
        ExprKind::BoolOp { .. }
        | ExprKind::Compare { .. }
        | ExprKind::Lambda { .. }
        | ExprKind::IfExp { .. }
        | ExprKind::NamedExpr { .. }
        | ExprKind::Yield { .. } => target.parenthesized,
        ExprKind::UnaryOp { op: UnaryOp::Not, .. } => target.parenthesized,
        _ => true,
    }
}

/// Whether the text of the expression starts with an operand of `|`, which `not`, `lambda`, `yield` and `*` do not.
fn starts_with_operand(value: &Expr<'_>) -> bool {
    value.parenthesized
        || match value.kind {
            ExprKind::Lambda { .. }
            | ExprKind::Yield { .. }
            | ExprKind::YieldFrom { .. }
            | ExprKind::Starred { .. } => false,
            ExprKind::UnaryOp { op, .. } => op != UnaryOp::Not,
            _ => true,
        }
}
