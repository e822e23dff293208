//! Type comments (PEP 484): `# type: int` behind what it is about, and `# type: ignore`, which `ast.parse(..., type_comments=True)` asks
//! for.
//!
//! Beside the grammar, because nobody else needs them: the tokens are read once more, with their comments, and each type comment
//! is given to the node that `Grammar/python.gram` would let it follow. One that no node takes is an error, as there. Cost: another
//! reading of the tokens and a walk over the tree, for those who ask.

use crate::ast::{Arguments, Expr, FunctionDef, Module, NodeId, Stmt, StmtKind};
use crate::visit::{self, Visitor};
use base::Span;
use lexer::{SourceText, SyntaxError, Token, TokenKind, Trivia, tokenize};
use rustc_hash::FxHashMap;

/// The type comments of a module.
#[derive(Default, Debug)]
pub struct TypeComments<'s> {
    by_node: FxHashMap<NodeId, &'s str>,
    /// Where something is to be ignored, and what stands behind the word.
    pub ignores: Vec<(u32, String)>,
}

impl<'s> TypeComments<'s> {
    /// The comment about a statement or parameter.
    pub fn of(&self, node: NodeId) -> Option<&'s str> {
        self.by_node.get(&node).copied()
    }
}

/// Finds the type comments of a module that has been parsed from this text.
pub fn type_comments<'s>(
    module: &Module<'_>,
    source: &'s SourceText,
) -> Result<TypeComments<'s>, SyntaxError> {
    let mut reader = Reader::new(source);
    visit::walk_body(&mut reader, module.body);
    let Reader { tokens, found, refused, .. } = reader;
    let left = tokens.iter().find(|token| token.comment.is_some()).map(|token| token.span);
    let left = left.map(|span| SyntaxError::new(span, "invalid syntax"));
    match refused.or(left) {
        Some(error) => Err(error),
        None => Ok(found),
    }
}

/// A token that means something, or a type comment that nobody has taken yet.
struct Piece<'s> {
    kind: TokenKind,
    span: Span,
    comment: Option<&'s str>,
}

struct Reader<'s> {
    tokens: Vec<Piece<'s>>,
    found: TypeComments<'s>,
    refused: Option<SyntaxError>,
}

/// What the text of a comment is.
enum Comment<'s> {
    Type(&'s str),
    Ignore(&'s str),
    Other,
}

fn read(comment: &str) -> Comment<'_> {
    let blanks = [' ', '\t'];
    let inner = comment.strip_prefix('#').map(|rest| rest.trim_start_matches(blanks));
    let Some(text) = inner.and_then(|inner| inner.strip_prefix("type:")) else { return Comment::Other };
    let text = text.trim_start_matches(blanks);
    match text.strip_prefix("ignore") {
        Some(rest) if !rest.starts_with(|next: char| !next.is_ascii() || next.is_ascii_alphanumeric()) => {
            Comment::Ignore(rest)
        }
        _ => Comment::Type(text),
    }
}

/// What stands behind `ignore`; if the comment has its line for itself, CPython takes the end of the line for a part of it.
fn tag_of(text: &str, comment: Span, rest: &str) -> String {
    let line = text[..comment.start as usize].rsplit('\n').next().unwrap_or_default();
    let end = if line.trim().is_empty() { "\n" } else { "" };
    format!("{rest}{end}")
}

impl<'s> Reader<'s> {
    fn new(source: &'s SourceText) -> Self {
        let mut found = TypeComments::default();
        let mut tokens = Vec::new();
        for Token { kind, span } in tokenize(source, Trivia::Keep).tokens {
            let comment = match kind {
                TokenKind::NonLogicalNewline => continue,
                TokenKind::Comment => match read(&source.text()[span.start as usize..span.end as usize]) {
                    Comment::Other => continue,
                    Comment::Ignore(tag) => {
                        found.ignores.push((span.start, tag_of(source.text(), span, tag)));
                        continue;
                    }
                    Comment::Type(text) => Some(text),
                },
                _ => None,
            };
            tokens.push(Piece { kind, span, comment });
        }
        Reader { tokens, found, refused: None }
    }

    /// Index of the first token that starts at an offset or behind it.
    fn at(&self, offset: u32) -> usize {
        self.tokens.partition_point(|token| token.span.start < offset)
    }

    fn kind(&self, at: usize) -> Option<TokenKind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    fn is_comment(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.comment.is_some())
    }

    /// Gives the comment at an index, if there is one, to a node.
    fn take(&mut self, at: usize, node: NodeId) -> bool {
        let Some(text) = self.tokens.get_mut(at).and_then(|token| token.comment.take()) else { return false };
        self.found.by_node.insert(node, text);
        true
    }

    /// Index of the colon that ends the head of a compound statement. Those of lambdas and inside brackets end none.
    fn colon(&self, start: u32) -> Option<usize> {
        let (mut depth, mut lambdas) = (0usize, 0usize);
        for (at, token) in self.tokens.iter().enumerate().skip(self.at(start)) {
            match token.kind {
                _ if is_opening(token.kind) => depth += 1,
                _ if is_closing(token.kind) => depth = depth.saturating_sub(1),
                TokenKind::Lambda if depth == 0 => lambdas += 1,
                TokenKind::Colon if depth == 0 && lambdas > 0 => lambdas -= 1,
                TokenKind::Colon if depth == 0 => return Some(at),
                _ => {}
            }
        }
        None
    }

    /// A comment behind the head of a function, or alone on the line below it; then the block must follow at once.
    fn function(&mut self, stmt: &Stmt<'_>, def: &FunctionDef<'_>) {
        let Some(colon) = self.colon(stmt.span.start) else { return };
        self.parameters(def.args, stmt.span.start, colon);
        let is_line = |reader: &Self, at: usize| {
            reader.kind(at) == Some(TokenKind::Newline) && reader.is_comment(at + 1)
        };
        let begins_block = |reader: &Self, at: usize| reader.kind(at) == Some(TokenKind::Indent);
        if self.take(colon + 1, stmt.id) {
            if is_line(self, colon + 2) && begins_block(self, colon + 4) {
                let span = self.tokens[colon + 4].span;
                self.refused.get_or_insert(SyntaxError::new(span, "Cannot have two type comments on def"));
            }
        } else if is_line(self, colon + 1) && begins_block(self, colon + 3) {
            self.take(colon + 2, stmt.id);
        }
    }

    /// Comments behind parameters: behind their commas, or in front of the parenthesis.
    fn parameters(&mut self, args: &Arguments<'_>, start: u32, colon: usize) {
        let mut all: Vec<_> = args.posonlyargs.iter().chain(args.args).chain(args.kwonlyargs).collect();
        all.extend(args.vararg.iter().chain(args.kwarg.iter()));
        all.sort_by_key(|arg| arg.span.start);
        for at in self.at(start)..colon {
            if !self.is_comment(at) {
                continue;
            }
            let place = self.tokens[at].span.start;
            let is_mark =
                |kind| matches!(kind, Some(TokenKind::Slash | TokenKind::Star | TokenKind::LeftParen));
            let follows = match self.kind(at - 1) {
                Some(TokenKind::Comma) => !is_mark(self.kind(at - 2)),
                before => !is_mark(before) && self.kind(at + 1) == Some(TokenKind::RightParen),
            };
            if self.kind(at - 1) == Some(TokenKind::Comma) && self.kind(at - 2) == Some(TokenKind::Star) {
                let message = "bare * has associated type comment";
                self.refused.get_or_insert(SyntaxError::new(self.tokens[at].span, message));
            }
            let owner = all[..all.partition_point(|arg| arg.span.start < place)].last();
            if let Some(owner) = owner.filter(|_| follows) {
                self.take(at, owner.id);
            }
        }
    }
}

fn is_opening(kind: TokenKind) -> bool {
    use TokenKind::{LeftBrace, LeftBracket, LeftParen, WithLeftParen};
    matches!(kind, LeftParen | WithLeftParen | LeftBracket | LeftBrace)
}

fn is_closing(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::RightParen | TokenKind::RightBracket | TokenKind::RightBrace)
}

impl<'a> Visitor<'a> for Reader<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt<'a>) {
        match &stmt.kind {
            StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => self.function(stmt, def),
            StmtKind::For { .. }
            | StmtKind::AsyncFor { .. }
            | StmtKind::With { .. }
            | StmtKind::AsyncWith { .. } => {
                if let Some(colon) = self.colon(stmt.span.start) {
                    self.take(colon + 1, stmt.id);
                }
            }
            StmtKind::Assign { .. } => {
                let behind = self.at(stmt.span.end);
                self.take(behind, stmt.id);
            }
            _ => {}
        }
        visit::walk_stmt(self, stmt);
    }

    // Comments are about statements and parameters; what lies in expressions has none.
    fn visit_expr(&mut self, _: &'a Expr<'a>) {}
}
