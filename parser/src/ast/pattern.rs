//! The patterns of `match` statements.

use super::{Constant, Expr, NodeId, Stmt};
use base::Span;

/// One `case` of a `match` statement.
#[derive(Clone, Copy, Debug)]
pub struct MatchCase<'a> {
    /// Its number, for side tables.
    pub id: NodeId,
    /// What must match.
    pub pattern: &'a Pattern<'a>,
    /// The condition behind `if`.
    pub guard: Option<&'a Expr<'a>>,
    /// What is done.
    pub body: &'a [Stmt<'a>],
}

/// A pattern with its place.
#[derive(Clone, Copy, Debug)]
pub struct Pattern<'a> {
    /// Its number, for side tables.
    pub id: NodeId,
    /// From its first to its last token.
    pub span: Span,
    /// Longest path to a leaf, in nodes. Invariant: at most `MAX_TREE_DEPTH`.
    pub(crate) depth: u16,
    /// What it is.
    pub kind: PatternKind<'a>,
}

/// The patterns of Python.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "fields are named and documented by CPython's ASDL")]
pub enum PatternKind<'a> {
    /// A literal or a dotted name: equality.
    MatchValue { value: &'a Expr<'a> },
    /// `None`, `True`, `False`: identity.
    MatchSingleton { value: Constant<'a> },
    /// `[a, b, *rest]`
    MatchSequence { patterns: &'a [Pattern<'a>] },
    /// `{key: pattern, **rest}`
    MatchMapping { keys: &'a [Expr<'a>], patterns: &'a [Pattern<'a>], rest: Option<&'a str> },
    /// `cls(patterns, attr=pattern)`
    MatchClass {
        cls: &'a Expr<'a>,
        patterns: &'a [Pattern<'a>],
        kwd_attrs: &'a [&'a str],
        kwd_patterns: &'a [Pattern<'a>],
    },
    /// `*name` inside a sequence; without a name for `*_`.
    MatchStar { name: Option<&'a str> },
    /// `pattern as name`, a capture without pattern, or the wildcard without either.
    MatchAs { pattern: Option<&'a Pattern<'a>>, name: Option<&'a str> },
    /// `a | b`
    MatchOr { patterns: &'a [Pattern<'a>] },
}
