//! Trees that no text was parsed for: a program has built or changed `ast` objects and compiles them.
//!
//! The nodes are made as the parser's own actions make them, so that what every tree promises holds for these too: names are interned, ids are
//! dense, depth is bounded. What a tree *means* is the caller's to check.

use base::Span;
use bumpalo::Bump;
use lexer::SyntaxError;

use crate::ast::{Expr, ExprKind, NodeId, Pattern, PatternKind, Stmt, StmtKind};
use crate::build::Builder;

/// Makes the nodes of one tree.
pub struct Nodes<'a> {
    builder: Builder<'a, 'static>,
}

impl<'a> Nodes<'a> {
    /// Nodes live in the arena.
    pub fn new(arena: &'a Bump) -> Self {
        Self { builder: Builder::new(arena, "") }
    }

    /// An expression.
    pub fn expr(&mut self, span: Span, kind: ExprKind<'a>) -> &'a Expr<'a> {
        self.builder.expr(span.start, span.end, kind)
    }

    /// A statement.
    pub fn stmt(&mut self, span: Span, kind: StmtKind<'a>) -> &'a Stmt<'a> {
        let stmt = self.builder.stmt(span.start, span.end, kind);
        &self.builder.stmts(vec![stmt])[0]
    }

    /// A pattern.
    pub fn pattern(&mut self, span: Span, kind: PatternKind<'a>) -> &'a Pattern<'a> {
        self.builder.pattern(span.start, span.end, kind)
    }

    /// The id of a node that is made by hand.
    pub fn id(&mut self) -> NodeId {
        self.builder.id()
    }

    /// An identifier, interned.
    pub fn name(&mut self, name: &str) -> &'a str {
        self.builder.intern(name)
    }

    /// One more than the largest id given.
    pub fn node_count(&self) -> u32 {
        self.builder.node_count()
    }

    /// The first node that was too deep, as an error.
    pub fn depth_error(&self) -> Option<SyntaxError> {
        self.builder.depth_error()
    }
}
