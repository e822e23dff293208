//! What an earlier minor version of Python 3 would not have parsed: `ast.parse(..., feature_version=...)`.
//!
//! Here and not in the grammar's actions, so that parsing costs nothing for it: a walk over the complete tree, children first, because
//! the innermost construct is the one that CPython's parser completes first. Versions and words are those of `CHECK_VERSION` in
//! `Grammar/python.gram`; like CPython, it lets pass what no action there asks about, such as starred expressions in an index.

use crate::ast::{
    Arguments, Comprehension, Constant, ExceptHandler, Expr, ExprKind, FunctionType, Module, Operator, Stmt,
    StmtKind, TypeParam, TypeParamKind,
};
use crate::visit::{self, Visitor};
use base::Span;
use lexer::{SourceText, SyntaxError};

/// The first construct of a module that is newer than Python 3.`minor`, as an error.
pub fn too_new_in_module(module: &Module<'_>, source: &SourceText, minor: i64) -> Option<SyntaxError> {
    let mut check = Check { minor, text: source.text(), found: None };
    visit::walk_body(&mut check, module.body);
    check.found
}

/// The same of an expression.
pub fn too_new_in_expression(expr: &Expr<'_>, source: &SourceText, minor: i64) -> Option<SyntaxError> {
    let mut check = Check { minor, text: source.text(), found: None };
    check.visit_expr(expr);
    check.found
}

/// The same of the type of a function.
pub fn too_new_in_function_type(
    ty: &FunctionType<'_>,
    source: &SourceText,
    minor: i64,
) -> Option<SyntaxError> {
    let types = ty.argtypes.iter().chain([ty.returns]);
    types.filter_map(|expr| too_new_in_expression(expr, source, minor)).next()
}

struct Check<'s> {
    minor: i64,
    text: &'s str,
    found: Option<SyntaxError>,
}

impl Check<'_> {
    /// Something that `since` has brought.
    fn needs(&mut self, since: i64, span: Span, what: &str) {
        if self.minor < since && self.found.is_none() {
            let message = format!("{what} only supported in Python 3.{since} and greater");
            self.found = Some(SyntaxError::new(span, message));
        }
    }

    fn operator(&mut self, op: Operator, span: Span) {
        if op == Operator::MatMult {
            self.needs(5, span, "The '@' operator is");
        }
    }

    fn type_params(&mut self, params: &[TypeParam<'_>]) {
        if let Some(first) = params.first() {
            self.needs(12, first.span, "Type parameter lists are");
        }
    }
}

/// Where a statement of several lines is complete: there CPython stands when it looks at the version.
fn last(span: Span) -> Span {
    Span::at(span.end.saturating_sub(1))
}

impl<'a> Visitor<'a> for Check<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt<'a>) {
        visit::walk_stmt(self, stmt);
        match &stmt.kind {
            StmtKind::FunctionDef(def) => self.type_params(def.type_params),
            StmtKind::AsyncFunctionDef(def) => {
                self.type_params(def.type_params);
                self.needs(5, stmt.span, "Async functions are");
            }
            StmtKind::ClassDef(def) => self.type_params(def.type_params),
            StmtKind::TypeAlias { type_params, .. } => {
                self.type_params(type_params);
                self.needs(12, stmt.span, "Type statement is");
            }
            StmtKind::AnnAssign { simple: true, .. } => {
                self.needs(6, stmt.span, "Variable annotation syntax is");
            }
            StmtKind::AnnAssign { simple: false, .. } => {
                self.needs(6, stmt.span, "Variable annotations syntax is");
            }
            StmtKind::AugAssign { op, .. } => self.operator(*op, stmt.span),
            StmtKind::AsyncFor { .. } => self.needs(5, stmt.span, "Async for loops are"),
            StmtKind::AsyncWith { .. } => self.needs(5, stmt.span, "Async with statements are"),
            StmtKind::Match { .. } => self.needs(10, last(stmt.span), "Pattern matching is"),
            StmtKind::TryStar(_) => self.needs(11, last(stmt.span), "Exception groups are"),
            _ => {}
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr<'a>) {
        visit::walk_expr(self, expr);
        match &expr.kind {
            ExprKind::NamedExpr { .. } => self.needs(8, expr.span, "Assignment expressions are"),
            ExprKind::Await { .. } => self.needs(5, expr.span, "Await expressions are"),
            ExprKind::BinOp { op, .. } => self.operator(*op, expr.span),
            ExprKind::TemplateStr { .. } => self.needs(14, expr.span, "t-strings are"),
            ExprKind::Constant { value, .. } => {
                let is_number = matches!(value, Constant::Int(_) | Constant::Float(_) | Constant::Complex(_));
                let Span { start, end } = expr.span;
                if is_number && self.text[start as usize..end as usize].contains('_') {
                    self.needs(6, expr.span, "Underscores in numeric literals are");
                }
            }
            _ => {}
        }
    }

    fn visit_arguments(&mut self, args: &'a Arguments<'a>) {
        visit::walk_arguments(self, args);
        if let Some(first) = args.posonlyargs.first() {
            self.needs(8, first.span, "Positional-only parameters are");
        }
    }

    fn visit_comprehension(&mut self, clause: &'a Comprehension<'a>) {
        visit::walk_comprehension(self, clause);
        if clause.is_async {
            self.needs(6, clause.target.span, "Async comprehensions are");
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler<'a>) {
        visit::walk_except_handler(self, handler);
        if let Some(types) = handler.type_
            && matches!(types.kind, ExprKind::Tuple { .. })
            && !types.is_parenthesized()
        {
            self.needs(14, types.span, "except expressions without parentheses are");
        }
    }

    fn visit_type_param(&mut self, param: &'a TypeParam<'a>) {
        visit::walk_type_param(self, param);
        let (TypeParamKind::TypeVar { default_value, .. }
        | TypeParamKind::ParamSpec { default_value, .. }
        | TypeParamKind::TypeVarTuple { default_value, .. }) = param.kind;
        if let Some(default) = default_value {
            self.needs(13, default.span, "Type parameter defaults are");
        }
    }
}
