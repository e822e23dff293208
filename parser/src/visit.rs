//! Visitors: a trait with one method per kind of node, and `walk` functions that visit the children.
//!
//! Method: the usual visitor with default methods (rustc's `intravisit`): override what interests you, and call the
//! `walk_*` function of the same kind to go on below. Children come in evaluation order where Python has one, otherwise in
//! source order. Recursion is at most [`MAX_TREE_DEPTH`](crate::MAX_TREE_DEPTH) deep.

use crate::ast::{
    Alias, Arg, Arguments, Comprehension, ExceptHandler, Expr, ExprKind, Keyword, MatchCase, Pattern,
    PatternKind, Stmt, StmtKind, TypeParam, TypeParamKind, WithItem,
};

/// A walk over a tree. Every method defaults to walking on.
pub trait Visitor<'a> {
    /// A statement.
    fn visit_stmt(&mut self, stmt: &'a Stmt<'a>) {
        walk_stmt(self, stmt);
    }
    /// An expression.
    fn visit_expr(&mut self, expr: &'a Expr<'a>) {
        walk_expr(self, expr);
    }
    /// A pattern.
    fn visit_pattern(&mut self, pattern: &'a Pattern<'a>) {
        walk_pattern(self, pattern);
    }
    /// The parameters of a function.
    fn visit_arguments(&mut self, args: &'a Arguments<'a>) {
        walk_arguments(self, args);
    }
    /// One parameter, with its annotation.
    fn visit_arg(&mut self, arg: &'a Arg<'a>) {
        walk_arg(self, arg);
    }
    /// A keyword argument.
    fn visit_keyword(&mut self, keyword: &'a Keyword<'a>) {
        self.visit_expr(keyword.value);
    }
    /// A `for` clause of a comprehension.
    fn visit_comprehension(&mut self, clause: &'a Comprehension<'a>) {
        walk_comprehension(self, clause);
    }
    /// An `except` clause.
    fn visit_except_handler(&mut self, handler: &'a ExceptHandler<'a>) {
        walk_except_handler(self, handler);
    }
    /// A `case`.
    fn visit_match_case(&mut self, case: &'a MatchCase<'a>) {
        walk_match_case(self, case);
    }
    /// A context manager of a `with` statement.
    fn visit_with_item(&mut self, item: &'a WithItem<'a>) {
        walk_with_item(self, item);
    }
    /// A type parameter.
    fn visit_type_param(&mut self, param: &'a TypeParam<'a>) {
        walk_type_param(self, param);
    }
    /// An imported name.
    fn visit_alias(&mut self, _alias: &'a Alias<'a>) {}
}

/// Visits statements in order.
pub fn walk_body<'a, V: Visitor<'a> + ?Sized>(visitor: &mut V, body: &'a [Stmt<'a>]) {
    for stmt in body {
        visitor.visit_stmt(stmt);
    }
}

fn walk_exprs<'a, V: Visitor<'a> + ?Sized>(visitor: &mut V, exprs: impl IntoIterator<Item = &'a Expr<'a>>) {
    for expr in exprs {
        visitor.visit_expr(expr);
    }
}

/// Visits the children of a statement.
#[allow(clippy::too_many_lines, reason = "one case per line of the ASDL")]
pub fn walk_stmt<'a, V: Visitor<'a> + ?Sized>(v: &mut V, stmt: &'a Stmt<'a>) {
    match &stmt.kind {
        StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
            walk_exprs(v, def.decorator_list);
            def.type_params.iter().for_each(|param| v.visit_type_param(param));
            v.visit_arguments(def.args);
            walk_exprs(v, def.returns);
            walk_body(v, def.body);
        }
        StmtKind::ClassDef(def) => {
            walk_exprs(v, def.decorator_list);
            def.type_params.iter().for_each(|param| v.visit_type_param(param));
            walk_exprs(v, def.bases);
            def.keywords.iter().for_each(|keyword| v.visit_keyword(keyword));
            walk_body(v, def.body);
        }
        StmtKind::Return { value } => walk_exprs(v, *value),
        StmtKind::Delete { targets } => walk_exprs(v, *targets),
        StmtKind::Assign { targets, value } => {
            v.visit_expr(value);
            walk_exprs(v, *targets);
        }
        StmtKind::TypeAlias { name, type_params, value } => {
            v.visit_expr(name);
            type_params.iter().for_each(|param| v.visit_type_param(param));
            v.visit_expr(value);
        }
        StmtKind::AugAssign { target, value, .. } => walk_exprs(v, [*target, *value]),
        StmtKind::AnnAssign { target, annotation, value, .. } => {
            walk_exprs(v, *value);
            walk_exprs(v, [*target, *annotation]);
        }
        StmtKind::For { target, iter, body, orelse } | StmtKind::AsyncFor { target, iter, body, orelse } => {
            walk_exprs(v, [*iter, *target]);
            walk_body(v, body);
            walk_body(v, orelse);
        }
        StmtKind::While { test, body, orelse } | StmtKind::If { test, body, orelse } => {
            v.visit_expr(test);
            walk_body(v, body);
            walk_body(v, orelse);
        }
        StmtKind::With { items, body } | StmtKind::AsyncWith { items, body } => {
            items.iter().for_each(|item| v.visit_with_item(item));
            walk_body(v, body);
        }
        StmtKind::Match { subject, cases } => {
            v.visit_expr(subject);
            cases.iter().for_each(|case| v.visit_match_case(case));
        }
        StmtKind::Raise { exc, cause } => {
            walk_exprs(v, *exc);
            walk_exprs(v, *cause);
        }
        StmtKind::Try(parts) | StmtKind::TryStar(parts) => {
            walk_body(v, parts.body);
            parts.handlers.iter().for_each(|handler| v.visit_except_handler(handler));
            walk_body(v, parts.orelse);
            walk_body(v, parts.finalbody);
        }
        StmtKind::Assert { test, msg } => {
            v.visit_expr(test);
            walk_exprs(v, *msg);
        }
        StmtKind::Import { names } | StmtKind::ImportFrom { names, .. } => {
            names.iter().for_each(|alias| v.visit_alias(alias));
        }
        StmtKind::Expr { value } => v.visit_expr(value),
        StmtKind::Global { .. }
        | StmtKind::Nonlocal { .. }
        | StmtKind::Pass
        | StmtKind::Break
        | StmtKind::Continue => {}
    }
}

/// Visits the children of an expression.
#[allow(clippy::too_many_lines, reason = "one case per line of the ASDL")]
pub fn walk_expr<'a, V: Visitor<'a> + ?Sized>(v: &mut V, expr: &'a Expr<'a>) {
    match &expr.kind {
        ExprKind::BoolOp { values, .. }
        | ExprKind::JoinedStr { values }
        | ExprKind::TemplateStr { values } => walk_exprs(v, *values),
        ExprKind::NamedExpr { target, value } => walk_exprs(v, [*value, *target]),
        ExprKind::BinOp { left, right, .. } => walk_exprs(v, [*left, *right]),
        ExprKind::UnaryOp { operand, .. } => v.visit_expr(operand),
        ExprKind::Lambda { args, body } => {
            v.visit_arguments(args);
            v.visit_expr(body);
        }
        ExprKind::IfExp { test, body, orelse } => walk_exprs(v, [*test, *body, *orelse]),
        ExprKind::Dict { keys, values } => {
            for (key, value) in keys.iter().zip(*values) {
                walk_exprs(v, *key);
                v.visit_expr(value);
            }
        }
        ExprKind::Set { elts } | ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => {
            walk_exprs(v, *elts);
        }
        ExprKind::ListComp { elt, generators }
        | ExprKind::SetComp { elt, generators }
        | ExprKind::GeneratorExp { elt, generators } => {
            generators.iter().for_each(|clause| v.visit_comprehension(clause));
            v.visit_expr(elt);
        }
        ExprKind::DictComp { key, value, generators } => {
            generators.iter().for_each(|clause| v.visit_comprehension(clause));
            walk_exprs(v, [*key, *value]);
        }
        ExprKind::Await { value } | ExprKind::YieldFrom { value } | ExprKind::Starred { value, .. } => {
            v.visit_expr(value);
        }
        ExprKind::Yield { value } => walk_exprs(v, *value),
        ExprKind::Compare { left, comparators, .. } => {
            v.visit_expr(left);
            walk_exprs(v, *comparators);
        }
        ExprKind::Call { func, args, keywords } => {
            v.visit_expr(func);
            walk_exprs(v, *args);
            keywords.iter().for_each(|keyword| v.visit_keyword(keyword));
        }
        ExprKind::FormattedValue { value, format_spec, .. }
        | ExprKind::Interpolation { value, format_spec, .. } => {
            v.visit_expr(value);
            walk_exprs(v, *format_spec);
        }
        ExprKind::Attribute { value, .. } => v.visit_expr(value),
        ExprKind::Subscript { value, slice, .. } => walk_exprs(v, [*value, *slice]),
        ExprKind::Slice { lower, upper, step } => {
            walk_exprs(v, *lower);
            walk_exprs(v, *upper);
            walk_exprs(v, *step);
        }
        ExprKind::Constant { .. } | ExprKind::Name { .. } => {}
    }
}

/// Visits the children of a pattern.
pub fn walk_pattern<'a, V: Visitor<'a> + ?Sized>(v: &mut V, pattern: &'a Pattern<'a>) {
    match &pattern.kind {
        PatternKind::MatchValue { value } => v.visit_expr(value),
        PatternKind::MatchSequence { patterns } | PatternKind::MatchOr { patterns } => {
            patterns.iter().for_each(|pattern| v.visit_pattern(pattern));
        }
        PatternKind::MatchMapping { keys, patterns, .. } => {
            for (key, pattern) in keys.iter().zip(*patterns) {
                v.visit_expr(key);
                v.visit_pattern(pattern);
            }
        }
        PatternKind::MatchClass { cls, patterns, kwd_patterns, .. } => {
            v.visit_expr(cls);
            patterns.iter().chain(*kwd_patterns).for_each(|pattern| v.visit_pattern(pattern));
        }
        PatternKind::MatchAs { pattern, .. } => {
            pattern.iter().for_each(|pattern| v.visit_pattern(pattern));
        }
        PatternKind::MatchSingleton { .. } | PatternKind::MatchStar { .. } => {}
    }
}

/// Visits the defaults, then the parameters in source order.
pub fn walk_arguments<'a, V: Visitor<'a> + ?Sized>(v: &mut V, args: &'a Arguments<'a>) {
    walk_exprs(v, args.defaults);
    walk_exprs(v, args.kw_defaults.iter().flatten().copied());
    args.posonlyargs.iter().chain(args.args).for_each(|arg| v.visit_arg(arg));
    args.vararg.iter().for_each(|arg| v.visit_arg(arg));
    args.kwonlyargs.iter().for_each(|arg| v.visit_arg(arg));
    args.kwarg.iter().for_each(|arg| v.visit_arg(arg));
}

/// Visits the annotation.
pub fn walk_arg<'a, V: Visitor<'a> + ?Sized>(v: &mut V, arg: &'a Arg<'a>) {
    walk_exprs(v, arg.annotation);
}

/// Visits iterable, target and conditions.
pub fn walk_comprehension<'a, V: Visitor<'a> + ?Sized>(v: &mut V, clause: &'a Comprehension<'a>) {
    walk_exprs(v, [clause.iter, clause.target]);
    walk_exprs(v, clause.ifs);
}

/// Visits type and body.
pub fn walk_except_handler<'a, V: Visitor<'a> + ?Sized>(v: &mut V, handler: &'a ExceptHandler<'a>) {
    walk_exprs(v, handler.type_);
    walk_body(v, handler.body);
}

/// Visits pattern, guard and body.
pub fn walk_match_case<'a, V: Visitor<'a> + ?Sized>(v: &mut V, case: &'a MatchCase<'a>) {
    v.visit_pattern(case.pattern);
    walk_exprs(v, case.guard);
    walk_body(v, case.body);
}

/// Visits manager and target.
pub fn walk_with_item<'a, V: Visitor<'a> + ?Sized>(v: &mut V, item: &'a WithItem<'a>) {
    v.visit_expr(item.context_expr);
    walk_exprs(v, item.optional_vars);
}

/// Visits bound and default.
pub fn walk_type_param<'a, V: Visitor<'a> + ?Sized>(v: &mut V, param: &'a TypeParam<'a>) {
    match &param.kind {
        TypeParamKind::TypeVar { bound, default_value, .. } => {
            walk_exprs(v, *bound);
            walk_exprs(v, *default_value);
        }
        TypeParamKind::ParamSpec { default_value, .. }
        | TypeParamKind::TypeVarTuple { default_value, .. } => {
            walk_exprs(v, *default_value);
        }
    }
}
