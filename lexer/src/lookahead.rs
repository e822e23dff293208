//! Settles by look-ahead what the grammar cannot decide with one token: soft keywords, and the parenthesis behind `with`.
//!
//! - `type` is a keyword if it starts a simple statement and a name follows: two names in a row mean nothing else.
//! - `match` is a keyword if it starts a line, an expression can follow, and the last token of the logical line is a colon: no
//!   simple statement ends with a colon.
//! - `case` is a keyword if it starts a line directly inside the block of a `match`.
//! - `(` behind `with` encloses the items, and not an expression, if it contains `as` at its own depth. Without `as` both
//!   readings mean the same manager or tuple of managers; the parser's action tells them apart.
//!
//! `_` needs no look-ahead; the action for patterns knows it. Cost: one walk over the tokens, and one over each line that
//! starts with `match` or `with`.

use crate::token::{Token, TokenKind};

/// Tells the grammar about names: the layer needs their text to recognize soft keywords.
pub(crate) fn settle(tokens: &mut [Token]) {
    let mut blocks = Blocks::default();
    let mut before = TokenKind::Newline;
    for at in 0..tokens.len() {
        let kind = tokens[at].kind;
        match kind {
            TokenKind::Match | TokenKind::Case | TokenKind::Type => {
                let is_keyword = match kind {
                    TokenKind::Match => starts_line(before) && opens_match(&tokens[at..]),
                    TokenKind::Case => starts_line(before) && blocks.is_in_match(),
                    _ => starts_simple_statement(before) && is_name(tokens.get(at + 1)),
                };
                if is_keyword {
                    blocks.expects_cases |= kind == TokenKind::Match;
                } else {
                    tokens[at].kind = TokenKind::Name;
                }
            }
            TokenKind::Indent => blocks.enter(),
            TokenKind::Dedent => blocks.leave(),
            TokenKind::LeftParen if before == TokenKind::With && encloses_items(&tokens[at..]) => {
                tokens[at].kind = TokenKind::WithLeftParen;
            }
            _ => {}
        }
        if !matches!(kind, TokenKind::Comment | TokenKind::NonLogicalNewline) {
            before = kind;
        }
    }
}

/// Which open blocks belong to a `match`.
#[derive(Default)]
struct Blocks {
    holds_cases: Vec<bool>,
    expects_cases: bool,
}

impl Blocks {
    fn enter(&mut self) {
        self.holds_cases.push(std::mem::take(&mut self.expects_cases));
    }

    fn leave(&mut self) {
        self.holds_cases.pop();
        self.expects_cases = false;
    }

    fn is_in_match(&self) -> bool {
        self.holds_cases.last() == Some(&true)
    }
}

fn starts_line(before: TokenKind) -> bool {
    matches!(before, TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent)
}

fn starts_simple_statement(before: TokenKind) -> bool {
    starts_line(before) || matches!(before, TokenKind::Semicolon | TokenKind::Colon)
}

fn is_name(token: Option<&Token>) -> bool {
    token.is_some_and(|token| {
        matches!(token.kind, TokenKind::Name | TokenKind::Match | TokenKind::Case | TokenKind::Type)
    })
}

/// Whether the line that starts with the word `match` is the head of a match statement.
fn opens_match(line: &[Token]) -> bool {
    let starts_expression = line.get(1).is_some_and(|token| {
        use TokenKind::{
            Await, Case, Ellipsis, FStringStart, False, Lambda, LeftBrace, LeftBracket, LeftParen, Match,
            Minus, Name, None, Not, Number, Plus, Star, String, TStringStart, Tilde, True, Type,
        };
        matches!(
            token.kind,
            Name | Number
                | String
                | FStringStart
                | TStringStart
                | Match
                | Case
                | Type
                | None
                | True
                | False
                | Ellipsis
                | LeftParen
                | LeftBracket
                | LeftBrace
                | Minus
                | Plus
                | Tilde
                | Star
                | Not
                | Await
                | Lambda
        )
    });
    starts_expression && last_of_line(line) == Some(TokenKind::Colon)
}

fn last_of_line(line: &[Token]) -> Option<TokenKind> {
    let end =
        line.iter().position(|token| matches!(token.kind, TokenKind::Newline | TokenKind::EndMarker))?;
    let is_trivia = |token: &&Token| matches!(token.kind, TokenKind::Comment | TokenKind::NonLogicalNewline);
    line[..end].iter().rfind(|token| !is_trivia(token)).map(|token| token.kind)
}

/// Whether the bracket at the start contains `as` at its own depth and is followed by a colon.
fn encloses_items(tokens: &[Token]) -> bool {
    let mut depth = 0usize;
    let mut has_as = false;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::LeftParen | TokenKind::LeftBracket | TokenKind::LeftBrace => depth += 1,
            TokenKind::RightParen | TokenKind::RightBracket | TokenKind::RightBrace => {
                depth -= 1;
                if depth == 0 {
                    let next = tokens.get(at + 1).map(|token| token.kind);
                    return has_as && matches!(next, Some(TokenKind::Colon | TokenKind::Newline));
                }
            }
            TokenKind::As if depth == 1 => has_as = true,
            _ => {}
        }
    }
    has_as
}
