//! The abstract syntax tree of Python 3.14, node for node and field for field what CPython's `Parser/Python.asdl` declares.
//!
//! Everything lives in one [`bumpalo::Bump`] with lifetime `'a`: sequences are `&'a [T]`, single children `&'a Expr<'a>`,
//! identifiers `&'a str`. Nodes are `Copy`, hold no owned memory and are never dropped one by one, so that a tree of any
//! shape is freed without recursion. Left out of the ASDL are type comments, which nobody writes any more; the nodes that
//! ASDL gives no position (`arguments`, `withitem`, `match_case`, `comprehension`) have none here either, except where a
//! later stage attaches facts to them and needs a [`NodeId`].
//!
//! Promises: identifiers are NFKC-normalised and interned, so that two equal names in one tree are the same address;
//! no path from the root is longer than [`MAX_TREE_DEPTH`](crate::MAX_TREE_DEPTH) nodes, so that recursive walks are safe
//! on a stack of ordinary size; every [`NodeId`] is smaller than the tree's `node_count`.

mod constant;
mod expr;
mod operator;
mod pattern;
mod stmt;

pub use constant::{Constant, Int, PyStr};
pub use expr::{Arg, Arguments, Comprehension, Conversion, Expr, ExprKind, Keyword, Thin};
pub use operator::{BoolOp, CmpOp, ExprContext, Operator, Precedence, UnaryOp};
pub use pattern::{MatchCase, Pattern, PatternKind};
pub use stmt::{
    Alias, ClassDef, ExceptHandler, FunctionDef, Stmt, StmtKind, Try, TypeParam, TypeParamKind, WithItem,
};

use base::Span;

base::entity_id! {
    /// Names one node of one tree: expressions, statements, parameters, handlers, comprehensions, patterns, type parameters
    /// and match cases are numbered from zero without large gaps, so that side tables can be vectors.
    pub struct NodeId, "n"
}

/// A whole file (`ast.Module`), or one interactive input (`ast.Interactive`).
#[derive(Clone, Copy, Debug)]
pub struct Module<'a> {
    /// The statements.
    pub body: &'a [Stmt<'a>],
    /// One more than the largest [`NodeId`] in the tree.
    pub node_count: u32,
    /// What CPython says as a `SyntaxWarning` while it parses, in source order.
    pub warnings: &'a [Warning<'a>],
}

impl Module<'_> {
    /// How deep the deepest statement is.
    pub fn depth(&self) -> u16 {
        self.body.iter().map(|stmt| stmt.depth).max().unwrap_or(0)
    }
}

/// One expression (`ast.Expression`), as `eval` reads it.
#[derive(Clone, Copy, Debug)]
pub struct Expression<'a> {
    /// The expression.
    pub body: &'a Expr<'a>,
    /// One more than the largest [`NodeId`] in the tree.
    pub node_count: u32,
    /// What CPython says as a `SyntaxWarning` while it parses, in source order.
    pub warnings: &'a [Warning<'a>],
}

impl Expression<'_> {
    /// How deep it is.
    pub fn depth(&self) -> u16 {
        self.body.depth
    }
}

/// The type of a function, as comments spell it (`ast.FunctionType`).
#[derive(Clone, Copy, Debug)]
pub struct FunctionType<'a> {
    /// The types of the arguments.
    pub argtypes: &'a [Expr<'a>],
    /// The type of the result.
    pub returns: &'a Expr<'a>,
    /// What CPython says as a `SyntaxWarning` while it parses, in source order.
    pub warnings: &'a [Warning<'a>],
}

impl FunctionType<'_> {
    /// How deep the deepest expression is.
    pub fn depth(&self) -> u16 {
        self.argtypes.iter().chain([self.returns]).map(|expr| expr.depth).max().unwrap_or(0)
    }
}

/// A doubt about accepted source text, such as an invalid escape sequence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Warning<'a> {
    /// The guilty text.
    pub span: Span,
    /// CPython's sentence.
    pub message: &'a str,
}
