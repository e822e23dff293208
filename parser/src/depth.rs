//! How deep a tree is, one level at a time.
//!
//! Every expression, statement and pattern remembers the depth of its own tree. It is computed once, from the children's, when the
//! node is made, so that the limit holds without any walk and before anything recursive sees the tree.

use crate::ast::{
    Arg, Arguments, Comprehension, ExceptHandler, Expr, ExprKind, Keyword, MatchCase, Pattern, PatternKind,
    Stmt, StmtKind, TypeParam, TypeParamKind, WithItem,
};

/// Something whose depth is known or is the largest among its parts.
pub(crate) trait Depth {
    fn depth(&self) -> u16;
}

impl<T: Depth> Depth for &T {
    fn depth(&self) -> u16 {
        (**self).depth()
    }
}

impl<T: Depth> Depth for Option<T> {
    fn depth(&self) -> u16 {
        self.as_ref().map_or(0, Depth::depth)
    }
}

impl<T: Depth> Depth for &[T] {
    fn depth(&self) -> u16 {
        self.iter().map(Depth::depth).max().unwrap_or(0)
    }
}

/// The largest depth among several things of different types.
macro_rules! deepest {
    ($($part:expr),* $(,)?) => { 0u16$(.max($part.depth()))* };
}

macro_rules! depth_of_parts {
    ($($type:ident { $($part:ident),* })*) => {
        $(impl Depth for $type<'_> {
            fn depth(&self) -> u16 {
                deepest!($(self.$part),*)
            }
        })*
    };
}

depth_of_parts! {
    Expr { depth }
    Stmt { depth }
    Pattern { depth }
    Arg { annotation }
    Keyword { value }
    Comprehension { target, iter, ifs }
    WithItem { context_expr, optional_vars }
    ExceptHandler { type_, body }
    MatchCase { pattern, guard, body }
    Arguments { posonlyargs, args, vararg, kwonlyargs, kw_defaults, kwarg, defaults }
}

impl Depth for u16 {
    fn depth(&self) -> u16 {
        *self
    }
}

impl Depth for TypeParam<'_> {
    fn depth(&self) -> u16 {
        match self.kind {
            TypeParamKind::TypeVar { bound, default_value, .. } => deepest!(bound, default_value),
            TypeParamKind::ParamSpec { default_value, .. }
            | TypeParamKind::TypeVarTuple { default_value, .. } => default_value.depth(),
        }
    }
}

impl Depth for ExprKind<'_> {
    fn depth(&self) -> u16 {
        match self {
            Self::BoolOp { values, .. } | Self::JoinedStr { values } | Self::TemplateStr { values } => {
                values.depth()
            }
            Self::NamedExpr { target, value } => deepest!(target, value),
            Self::BinOp { left, right, .. } => deepest!(left, right),
            Self::UnaryOp { operand, .. } => operand.depth(),
            Self::Lambda { args, body } => deepest!(args, body),
            Self::IfExp { test, body, orelse } => deepest!(test, body, orelse),
            Self::Dict { keys, values } => deepest!(keys, values),
            Self::Set { elts } | Self::List { elts, .. } | Self::Tuple { elts, .. } => elts.depth(),
            Self::ListComp { elt, generators }
            | Self::SetComp { elt, generators }
            | Self::GeneratorExp { elt, generators } => deepest!(elt, generators),
            Self::DictComp { key, value, generators } => deepest!(key, value, generators),
            Self::Await { value }
            | Self::YieldFrom { value }
            | Self::Attribute { value, .. }
            | Self::Starred { value, .. } => value.depth(),
            Self::Yield { value } => value.depth(),
            Self::Compare { left, comparators, .. } => deepest!(left, comparators),
            Self::Call { func, args, keywords } => deepest!(func, args, keywords),
            Self::FormattedValue { value, format_spec, .. }
            | Self::Interpolation { value, format_spec, .. } => {
                deepest!(value, format_spec)
            }
            Self::Subscript { value, slice, .. } => deepest!(value, slice),
            Self::Slice { lower, upper, step } => deepest!(lower, upper, step),
            Self::Constant { .. } | Self::Name { .. } => 0,
        }
    }
}

impl Depth for StmtKind<'_> {
    fn depth(&self) -> u16 {
        match self {
            Self::FunctionDef(def) | Self::AsyncFunctionDef(def) => {
                deepest!(def.args, def.body, def.decorator_list, def.returns, def.type_params)
            }
            Self::ClassDef(def) => {
                deepest!(def.bases, def.keywords, def.body, def.decorator_list, def.type_params)
            }
            Self::Return { value } => value.depth(),
            Self::Delete { targets } => targets.depth(),
            Self::Assign { targets, value } => deepest!(targets, value),
            Self::TypeAlias { name, type_params, value } => deepest!(name, type_params, value),
            Self::AugAssign { target, value, .. } => deepest!(target, value),
            Self::AnnAssign { target, annotation, value, .. } => deepest!(target, annotation, value),
            Self::For { target, iter, body, orelse } | Self::AsyncFor { target, iter, body, orelse } => {
                deepest!(target, iter, body, orelse)
            }
            Self::While { test, body, orelse } | Self::If { test, body, orelse } => {
                deepest!(test, body, orelse)
            }
            Self::With { items, body } | Self::AsyncWith { items, body } => deepest!(items, body),
            Self::Match { subject, cases } => deepest!(subject, cases),
            Self::Raise { exc, cause } => deepest!(exc, cause),
            Self::Try(parts) | Self::TryStar(parts) => {
                deepest!(parts.body, parts.handlers, parts.orelse, parts.finalbody)
            }
            Self::Assert { test, msg } => deepest!(test, msg),
            Self::Expr { value } => value.depth(),
            Self::Import { .. }
            | Self::ImportFrom { .. }
            | Self::Global { .. }
            | Self::Nonlocal { .. }
            | Self::Pass
            | Self::Break
            | Self::Continue => 0,
        }
    }
}

impl Depth for PatternKind<'_> {
    fn depth(&self) -> u16 {
        match self {
            Self::MatchValue { value } => value.depth(),
            Self::MatchSequence { patterns } | Self::MatchOr { patterns } => patterns.depth(),
            Self::MatchMapping { keys, patterns, .. } => deepest!(keys, patterns),
            Self::MatchClass { cls, patterns, kwd_patterns, .. } => deepest!(cls, patterns, kwd_patterns),
            Self::MatchAs { pattern, .. } => pattern.depth(),
            Self::MatchSingleton { .. } | Self::MatchStar { .. } => 0,
        }
    }
}
