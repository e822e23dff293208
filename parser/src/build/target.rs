//! Targets: expressions that turn out to stand where something is stored or deleted.
//!
//! The grammar parses targets as expressions, because one token of look-ahead does not tell `a.b` from `a.b = c`. Here they get
//! their context, or are refused in CPython's words. Only tuples, lists and stars are entered, so that the recursion is no
//! deeper than brackets nest.

use super::{Builder, ExprRef, Fallible, refuse_at};
use crate::ast::{Constant, Expr, ExprContext, ExprKind};

/// What CPython calls an expression in messages.
pub(crate) fn expr_name(expr: &Expr<'_>) -> &'static str {
    match expr.kind {
        ExprKind::Attribute { .. } => "attribute",
        ExprKind::Subscript { .. } | ExprKind::Slice { .. } => "subscript",
        ExprKind::Starred { .. } => "starred",
        ExprKind::Name { .. } => "name",
        ExprKind::List { .. } => "list",
        ExprKind::Tuple { .. } => "tuple",
        ExprKind::Lambda { .. } => "lambda",
        ExprKind::Call { .. } => "function call",
        ExprKind::BoolOp { .. } | ExprKind::BinOp { .. } | ExprKind::UnaryOp { .. } => "expression",
        ExprKind::GeneratorExp { .. } => "generator expression",
        ExprKind::Yield { .. } | ExprKind::YieldFrom { .. } => "yield expression",
        ExprKind::Await { .. } => "await expression",
        ExprKind::ListComp { .. } => "list comprehension",
        ExprKind::SetComp { .. } => "set comprehension",
        ExprKind::DictComp { .. } => "dict comprehension",
        ExprKind::Dict { .. } => "dict literal",
        ExprKind::Set { .. } => "set display",
        ExprKind::JoinedStr { .. } | ExprKind::FormattedValue { .. } => "f-string expression",
        ExprKind::TemplateStr { .. } | ExprKind::Interpolation { .. } => "t-string expression",
        ExprKind::Constant { value, .. } => match value {
            Constant::None => "None",
            Constant::Bool(true) => "True",
            Constant::Bool(false) => "False",
            Constant::Ellipsis => "ellipsis",
            Constant::Int(_)
            | Constant::Float(_)
            | Constant::Complex(_)
            | Constant::Str(_)
            | Constant::Bytes(_) => "literal",
        },
        ExprKind::Compare { .. } => "comparison",
        ExprKind::IfExp { .. } => "conditional expression",
        ExprKind::NamedExpr { .. } => "named expression",
    }
}

impl<'a> Builder<'a, '_> {
    /// The expression as the target of an assignment, a loop or a `with` item.
    pub(crate) fn store_target(&mut self, expr: ExprRef<'a>) -> Fallible<ExprRef<'a>> {
        self.with_context(expr, ExprContext::Store)
    }

    /// The expression with its contexts set, or the first part that cannot have one refused.
    pub(crate) fn with_context(&mut self, expr: ExprRef<'a>, ctx: ExprContext) -> Fallible<ExprRef<'a>> {
        let kind = match expr.kind {
            ExprKind::Name { id, .. } => ExprKind::Name { id, ctx },
            ExprKind::Attribute { value, attr, .. } => ExprKind::Attribute { value, attr, ctx },
            ExprKind::Subscript { value, slice, .. } => ExprKind::Subscript { value, slice, ctx },
            ExprKind::Starred { value, .. } if ctx == ExprContext::Store => {
                ExprKind::Starred { value: self.with_context(value, ctx)?, ctx }
            }
            ExprKind::List { elts, .. } => ExprKind::List { elts: self.all_with_context(elts, ctx)?, ctx },
            ExprKind::Tuple { elts, .. } => ExprKind::Tuple { elts: self.all_with_context(elts, ctx)?, ctx },
            _ => {
                let verb = if ctx == ExprContext::Del { "delete" } else { "assign to" };
                return refuse_at(expr.span, format!("cannot {verb} {}", expr_name(expr)));
            }
        };
        Ok(self.with_kind(expr, kind))
    }

    fn all_with_context(&mut self, elts: &'a [Expr<'a>], ctx: ExprContext) -> Fallible<&'a [Expr<'a>]> {
        let mut targets = Vec::with_capacity(elts.len());
        for elt in elts {
            targets.push(self.with_context(elt, ctx)?);
        }
        Ok(self.exprs(targets))
    }

    /// `target := value`
    pub(crate) fn named_expr(
        &mut self,
        l: u32,
        r: u32,
        target: ExprRef<'a>,
        value: ExprRef<'a>,
    ) -> Fallible<ExprRef<'a>> {
        match target.kind {
            ExprKind::Name { .. } if !target.parenthesized => {
                let target = self.store_target(target)?;
                Ok(self.expr(l, r, ExprKind::NamedExpr { target, value }))
            }
            _ => {
                let name = expr_name(target);
                refuse_at(target.span, format!("cannot use assignment expressions with {name}"))
            }
        }
    }
}
