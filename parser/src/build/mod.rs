//! What the grammar's actions do: make nodes, intern names, turn expressions into targets, and refuse what the grammar lets
//! through.
//!
//! Kept together by one idea: a [`Builder`] is everything that an action may know, and what it knows is the source text, the arena
//! and what it has been handed. Actions never look at other tokens.

mod argument;
mod display;
mod escape;
mod number;
mod parameter;
mod pattern;
mod statement;
mod string;
mod target;

pub(crate) use argument::Argument;
pub(crate) use display::DictItem;
pub(crate) use parameter::{Param, ParamKind};
pub(crate) use pattern::SubPattern;
pub(crate) use statement::{Body, Handler};
pub(crate) use string::{Element, Field, StringPart};
pub(crate) use target::expr_name;

use crate::MAX_TREE_DEPTH;
use crate::ast::{
    BoolOp, CmpOp, Constant, Expr, ExprContext, ExprKind, NodeId, Operator, Pattern, PatternKind, Stmt,
    StmtKind, Thin, Warning,
};
use crate::depth::Depth;
use base::Span;
use base::entity::EntityId;
use bumpalo::Bump;
use lalrpop_util::ParseError;
use lexer::{SyntaxError, TokenKind};
use rustc_hash::FxHashSet;
use unicode_normalization::UnicodeNormalization;

/// An expression under construction; children are copied into slices or referred to.
pub(crate) type ExprRef<'a> = &'a Expr<'a>;
/// A statement under construction.
/// A statement that waits for those beside it, among `Builder::pending`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct StmtRef(u32);
/// A pattern under construction.
pub(crate) type PatternRef<'a> = &'a Pattern<'a>;
/// The error type of the generated parser's actions; boxed to keep results small.
pub(crate) type Error = Box<Refusal>;
/// What a fallible action returns.
pub(crate) type Fallible<T> = Result<T, ParseError<u32, TokenKind, Error>>;

/// What a parse yields.
#[derive(Clone, Copy)]
pub(crate) enum Top<'a> {
    Body(&'a [Stmt<'a>]),
    Expression(ExprRef<'a>),
    FunctionType(&'a [Expr<'a>], ExprRef<'a>),
}

/// Why an action refuses what the grammar lets through.
pub(crate) struct Refusal {
    /// The error.
    pub(crate) error: SyntaxError,
    /// Whether CPython blames the token behind what the action has seen.
    pub(crate) blames_next: bool,
}

/// A refusal of the text from `start` to `end`.
pub(crate) fn refuse_at<T>(span: Span, message: impl Into<String>) -> Fallible<T> {
    Err(ParseError::User {
        error: Box::new(Refusal { error: SyntaxError::new(span, message), blames_next: false }),
    })
}

/// A refusal that CPython reports at the token that comes next.
pub(crate) fn refuse_next<T>(span: Span, message: impl Into<String>) -> Fallible<T> {
    Err(ParseError::User {
        error: Box::new(Refusal { error: SyntaxError::new(span, message), blames_next: true }),
    })
}

/// What actions know.
pub(crate) struct Builder<'a, 's> {
    arena: &'a Bump,
    source: &'s str,
    names: FxHashSet<&'a str>,
    /// Statements of the blocks that are not complete, those of inner blocks behind those of outer ones.
    pending: Vec<Stmt<'a>>,
    next_id: u32,
    too_deep: Option<Span>,
    warnings: Vec<Warning<'a>>,
}

/// An operand with its parentheses.
pub(crate) struct Operand<'a> {
    pub(crate) l: u32,
    pub(crate) expr: ExprRef<'a>,
    pub(crate) r: u32,
}

impl<'a, 's> Builder<'a, 's> {
    pub(crate) fn new(arena: &'a Bump, source: &'s str) -> Self {
        let names = FxHashSet::default();
        Self { arena, source, names, pending: Vec::new(), next_id: 0, too_deep: None, warnings: Vec::new() }
    }

    /// One more than the largest id given.
    pub(crate) fn node_count(&self) -> u32 {
        self.next_id
    }

    /// The first node that was too deep, as an error.
    pub(crate) fn depth_error(&self) -> Option<SyntaxError> {
        let message = format!("source nests too deeply (more than {MAX_TREE_DEPTH} levels)");
        self.too_deep.map(|span| SyntaxError::new(span, message))
    }

    pub(crate) fn warn(&mut self, span: Span, message: &str) {
        let message = self.arena.alloc_str(message);
        self.warnings.push(Warning { span, message });
    }

    /// All warnings in source order.
    pub(crate) fn finish_warnings(&mut self) -> &'a [Warning<'a>] {
        self.warnings.sort_by_key(|warning| warning.span);
        // The lexer and the action of one literal may doubt the same escape.
        self.warnings.dedup();
        self.arena.alloc_slice_copy(&self.warnings)
    }

    fn text(&self, l: u32, r: u32) -> &'s str {
        &self.source[l as usize..r as usize]
    }

    pub(crate) fn id(&mut self) -> NodeId {
        let id = NodeId::from_index(self.next_id as usize);
        self.next_id += 1;
        id
    }

    /// One more than the children's depth; the first excess is remembered and refused when the parse is over.
    fn level(&mut self, children: u16, span: Span) -> u16 {
        if children >= MAX_TREE_DEPTH {
            self.too_deep.get_or_insert(span);
            return MAX_TREE_DEPTH;
        }
        children + 1
    }

    // ---- Nodes --------------------------------------------------------------------------------------------------------------

    pub(crate) fn expr(&mut self, l: u32, r: u32, kind: ExprKind<'a>) -> ExprRef<'a> {
        let span = Span::new(l, r);
        let depth = self.level(kind.depth(), span);
        let id = self.id();
        self.arena.alloc(Expr { id, span, depth, parenthesized: false, kind })
    }

    pub(crate) fn stmt(&mut self, l: u32, r: u32, kind: StmtKind<'a>) -> StmtRef {
        let span = Span::new(l, r);
        let depth = self.level(kind.depth(), span);
        let id = self.id();
        self.pending.push(Stmt { id, span, depth, kind });
        StmtRef(self.pending.len() as u32 - 1)
    }

    /// Takes the last statement back.
    fn take_stmt(&mut self, stmt: StmtRef) -> Stmt<'a> {
        debug_assert_eq!(stmt.0 as usize + 1, self.pending.len(), "only the last statement is changed");
        self.pending.pop().expect("the statement is pending")
    }

    pub(crate) fn pattern(&mut self, l: u32, r: u32, kind: PatternKind<'a>) -> PatternRef<'a> {
        let span = Span::new(l, r);
        let depth = self.level(kind.depth(), span);
        let id = self.id();
        self.arena.alloc(Pattern { id, span, depth, kind })
    }

    /// The same node with another kind, such as another context.
    fn with_kind(&mut self, expr: ExprRef<'a>, kind: ExprKind<'a>) -> ExprRef<'a> {
        self.arena.alloc(Expr { kind, ..*expr })
    }

    /// Notes the parentheses around an expression.
    pub(crate) fn parenthesize(&mut self, expr: ExprRef<'a>) -> ExprRef<'a> {
        self.arena.alloc(Expr { parenthesized: true, ..*expr })
    }

    // ---- Sequences ----------------------------------------------------------------------------------------------------------

    pub(crate) fn slice<T: Copy>(&mut self, items: Vec<T>) -> &'a [T] {
        self.arena.alloc_slice_copy(&items)
    }

    /// The slice behind one word.
    pub(crate) fn thin<T>(&self, slice: &'a [T]) -> Thin<'a, [T]> {
        if slice.is_empty() { &(&[] as &[T]) } else { self.arena.alloc(slice) }
    }

    pub(crate) fn exprs(&mut self, items: Vec<ExprRef<'a>>) -> &'a [Expr<'a>] {
        self.arena.alloc_slice_fill_iter(items.into_iter().copied())
    }

    /// A block. Its statements are the last pending ones: those of the blocks inside have gone, and those outside are before them.
    pub(crate) fn stmts(&mut self, items: Vec<StmtRef>) -> &'a [Stmt<'a>] {
        let Some(&StmtRef(first)) = items.first() else { return &[] };
        let block = self.pending.split_at(first as usize).1;
        debug_assert_eq!(block.len(), items.len(), "statements are made in order");
        let block = self.arena.alloc_slice_copy(block);
        self.pending.truncate(first as usize);
        block
    }

    fn patterns(&mut self, items: Vec<PatternRef<'a>>) -> &'a [Pattern<'a>] {
        self.arena.alloc_slice_fill_iter(items.into_iter().copied())
    }

    // ---- Names --------------------------------------------------------------------------------------------------------------

    /// The interned identifier at a place, NFKC-normalized (PEP 3131).
    pub(crate) fn name(&mut self, l: u32, r: u32) -> &'a str {
        let text = self.text(l, r);
        if text.is_ascii() {
            return self.intern(text);
        }
        let normal: String = text.nfkc().collect();
        self.intern(&normal)
    }

    pub(crate) fn intern(&mut self, name: &str) -> &'a str {
        if let Some(&known) = self.names.get(name) {
            return known;
        }
        let name = self.arena.alloc_str(name);
        self.names.insert(name);
        name
    }

    /// The dotted name between two places, without the blanks and line joinings that may stand around its dots.
    pub(crate) fn dotted_name(&mut self, l: u32, r: u32) -> &'a str {
        let text = self.text(l, r);
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
        if text.bytes().all(is_plain) {
            return self.intern(text);
        }
        let is_blank = |letter: char| letter == '\\' || letter.is_whitespace();
        let parts: Vec<String> =
            text.split('.').map(|part| part.trim_matches(is_blank).nfkc().collect()).collect();
        self.intern(&parts.join("."))
    }

    // ---- Operators ----------------------------------------------------------------------------------------------------------

    pub(crate) fn constant(&mut self, l: u32, r: u32, value: Constant<'a>) -> ExprRef<'a> {
        self.expr(l, r, ExprKind::Constant { value, kind: None })
    }

    pub(crate) fn starred(&mut self, l: u32, r: u32, value: ExprRef<'a>) -> ExprRef<'a> {
        self.expr(l, r, ExprKind::Starred { value, ctx: ExprContext::Load })
    }

    pub(crate) fn binary(
        &mut self,
        l: u32,
        r: u32,
        left: ExprRef<'a>,
        op: Operator,
        right: ExprRef<'a>,
    ) -> ExprRef<'a> {
        self.expr(l, r, ExprKind::BinOp { left, op, right })
    }

    /// `a + b * c ...`: what binds tighter is put together first, and of operators that bind alike the left one.
    pub(crate) fn binary_chain(
        &mut self,
        first: Operand<'a>,
        rest: Vec<(Operator, Operand<'a>)>,
    ) -> ExprRef<'a> {
        let mut open: Vec<(Operand<'a>, Operator)> = Vec::new();
        let mut last = first;
        for (op, next) in rest {
            while let Some((left, before)) = open.pop_if(|(_, before)| before.precedence() >= op.precedence())
            {
                last = self.joined(left, before, last);
            }
            open.push((last, op));
            last = next;
        }
        while let Some((left, op)) = open.pop() {
            last = self.joined(left, op, last);
        }
        last.expr
    }

    fn joined(&mut self, left: Operand<'a>, op: Operator, right: Operand<'a>) -> Operand<'a> {
        let (l, r) = (left.l, right.r);
        Operand { l, expr: self.binary(l, r, left.expr, op, right.expr), r }
    }

    pub(crate) fn bool_op(&mut self, l: u32, r: u32, op: BoolOp, values: Vec<ExprRef<'a>>) -> ExprRef<'a> {
        let values = self.exprs(values);
        self.expr(l, r, ExprKind::BoolOp { op, values })
    }

    pub(crate) fn compare(
        &mut self,
        l: u32,
        r: u32,
        left: ExprRef<'a>,
        rest: Vec<(CmpOp, ExprRef<'a>)>,
    ) -> ExprRef<'a> {
        let ops = self.arena.alloc_slice_fill_iter(rest.iter().map(|(op, _)| *op));
        let comparators = self.arena.alloc_slice_fill_iter(rest.iter().map(|(_, expr)| **expr));
        self.expr(l, r, ExprKind::Compare { left, ops: self.thin(ops), comparators })
    }
}
