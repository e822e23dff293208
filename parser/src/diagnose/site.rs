//! The place of a failure: the tokens around it, and the brackets, strings and statement that it stands in.

use base::Span;
use lexer::{SourceText, Token, TokenKind, TokenStream};
use std::cell::Cell;

/// Something open around the failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Frame {
    pub(super) kind: FrameKind,
    /// Index of the opening token.
    pub(super) open: usize,
    /// Index of the first token of the item at hand: behind the opening or the last comma.
    pub(super) item: usize,
    /// Index of the colon that starts a format spec, for fields.
    pub(super) spec: Option<usize>,
}

/// The kinds of frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FrameKind {
    /// A parenthesis around an expression or names.
    Group,
    /// The parenthesis of a call or class definition.
    Call,
    /// A list.
    List,
    /// A subscript.
    Subscript,
    /// A set or dict.
    Brace,
    /// The text of an f-string or t-string.
    Text,
    /// A replacement field.
    Field,
}

/// See the module documentation.
pub(super) struct Site<'s> {
    pub(super) source: &'s SourceText,
    pub(super) stream: &'s TokenStream,
    /// Index of the token that could not follow.
    pub(super) at: usize,
    /// What is open, outermost first.
    pub(super) frames: Vec<Frame>,
    /// Index of the first token of the logical line.
    pub(super) line_start: usize,
    /// Index of the first token of the simple statement.
    pub(super) statement: usize,
    /// Index of the last token that a rule has looked at. Where it lies decides whether an open bracket is the better error.
    pub(super) reach: Cell<usize>,
}

impl<'s> Site<'s> {
    pub(super) fn new(source: &'s SourceText, stream: &'s TokenStream, at: usize) -> Self {
        let at = at.min(stream.tokens.len() - 1);
        let mut site = Self {
            source,
            stream,
            at,
            frames: Vec::new(),
            line_start: 0,
            statement: 0,
            reach: Cell::new(at),
        };
        for index in 0..at {
            site.pass(index);
        }
        site
    }

    // ---- Tokens -------------------------------------------------------------------------------------------------------------

    pub(super) fn tokens(&self) -> &'s [Token] {
        &self.stream.tokens
    }

    pub(super) fn kind(&self, index: usize) -> TokenKind {
        self.tokens().get(index).map_or(TokenKind::EndMarker, |token| token.kind)
    }

    pub(super) fn span(&self, index: usize) -> Span {
        let last = self.tokens().len() - 1;
        self.tokens()[index.min(last)].span
    }

    pub(super) fn text(&self, index: usize) -> &'s str {
        let source = self.source.text();
        let Span { start, end } = self.span(index);
        source.get(start as usize..end as usize).unwrap_or_default()
    }

    /// From the start of one token to the end of another.
    pub(super) fn range(&self, first: usize, last: usize) -> Span {
        self.span(first).to(self.span(last))
    }

    /// From the start of one token to the last character of another: as far as CPython has read when it ends a range "here".
    pub(super) fn range_as_read(&self, first: usize, last: usize) -> Span {
        let (start, end) = (self.span(first).start, self.span(last).end);
        let last_len = self.text(last).chars().next_back().map_or(0, char::len_utf8) as u32;
        Span { start, end: (end - last_len).max(start) }
    }

    pub(super) fn line(&self, span: Span) -> u32 {
        self.source.lines().line(span.start)
    }

    /// Whether the tokens from `first` on have these kinds.
    pub(super) fn has(&self, first: usize, kinds: &[TokenKind]) -> bool {
        kinds.iter().enumerate().all(|(offset, kind)| self.kind(first + offset) == *kind)
    }

    pub(super) fn innermost(&self) -> Option<Frame> {
        self.frames.last().copied()
    }

    /// Where the item at hand starts: in brackets behind the last comma, else the statement.
    pub(super) fn item(&self) -> usize {
        self.innermost().map_or(self.statement, |frame| frame.item)
    }

    /// Whether the parameters of a function definition are open, and nothing inside them.
    pub(super) fn is_in_parameters(&self) -> bool {
        let def = self.statement + usize::from(self.kind(self.statement) == TokenKind::Async);
        self.kind(def) == TokenKind::Def && matches!(self.frames[..], [Frame { kind: FrameKind::Call, .. }])
    }

    // ---- Frames -------------------------------------------------------------------------------------------------------------

    /// Takes one token before the failure into account.
    fn pass(&mut self, index: usize) {
        let kind = self.kind(index);
        match kind {
            TokenKind::LeftParen | TokenKind::WithLeftParen => {
                let is_call = index > self.statement && ends_operand(self.kind(index - 1));
                self.open(if is_call { FrameKind::Call } else { FrameKind::Group }, index);
            }
            TokenKind::LeftBracket => {
                let is_subscript = index > self.statement && ends_operand(self.kind(index - 1));
                self.open(if is_subscript { FrameKind::Subscript } else { FrameKind::List }, index);
            }
            TokenKind::LeftBrace => {
                let is_field = self.innermost().is_some_and(|frame| {
                    frame.kind == FrameKind::Text || (frame.kind == FrameKind::Field && frame.spec.is_some())
                });
                self.open(if is_field { FrameKind::Field } else { FrameKind::Brace }, index);
            }
            TokenKind::FStringStart | TokenKind::TStringStart => self.open(FrameKind::Text, index),
            TokenKind::RightParen
            | TokenKind::RightBracket
            | TokenKind::RightBrace
            | TokenKind::FStringEnd
            | TokenKind::TStringEnd => {
                self.frames.pop();
            }
            TokenKind::Comma => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.item = index + 1;
                }
            }
            TokenKind::Colon => self.colon(index),
            TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent => {
                self.line_start = index + 1;
                self.statement = index + 1;
            }
            TokenKind::Semicolon if self.frames.is_empty() => self.statement = index + 1,
            _ => {}
        }
    }

    fn open(&mut self, kind: FrameKind, open: usize) {
        self.frames.push(Frame { kind, open, item: open + 1, spec: None });
    }

    /// A colon may start a format spec, or the block on the line of a compound statement.
    fn colon(&mut self, index: usize) {
        if self.frames.is_empty() {
            if starts_block(self.kind(self.statement)) && !self.has_open_lambda(index) {
                self.statement = index + 1;
            }
            return;
        }
        let starts_spec = starts_spec(self.kind(index + 1));
        if let Some(frame) = self.frames.last_mut()
            && frame.kind == FrameKind::Field
            && frame.spec.is_none()
            && starts_spec
        {
            frame.spec = Some(index);
        }
    }

    /// Whether a lambda before the colon still waits for its own.
    fn has_open_lambda(&self, colon: usize) -> bool {
        let line = &self.tokens()[self.statement..colon];
        let count = |kind| line.iter().filter(|token| token.kind == kind).count();
        count(TokenKind::Lambda) > count(TokenKind::Colon)
    }
}

/// Whether a token can be the first of a format spec.
fn starts_spec(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::FStringMiddle
            | TokenKind::TStringMiddle
            | TokenKind::FStringEnd
            | TokenKind::TStringEnd
            | TokenKind::LeftBrace
            | TokenKind::RightBrace
            | TokenKind::Error
    )
}

/// Whether a token can be the last of an operand.
pub(super) fn ends_operand(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Name
            | TokenKind::Number
            | TokenKind::String
            | TokenKind::FStringEnd
            | TokenKind::TStringEnd
            | TokenKind::RightParen
            | TokenKind::RightBracket
            | TokenKind::RightBrace
            | TokenKind::True
            | TokenKind::False
            | TokenKind::None
            | TokenKind::Ellipsis
            | TokenKind::Match
            | TokenKind::Case
            | TokenKind::Type
    )
}

/// Whether a token starts a compound statement.
pub(super) fn starts_block(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::If
            | TokenKind::Elif
            | TokenKind::Else
            | TokenKind::While
            | TokenKind::For
            | TokenKind::With
            | TokenKind::Try
            | TokenKind::Except
            | TokenKind::Finally
            | TokenKind::Def
            | TokenKind::Class
            | TokenKind::Async
            | TokenKind::Match
            | TokenKind::Case
    )
}
