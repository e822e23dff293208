//! The lexer proper: drives the logos automaton over a source text and adds what is not regular.
//!
//! Method: one loop with three situations, in this order: the text of an f-string or t-string; the start of a logical line,
//! where the indentation layer speaks first; ordinary tokens, which come from the automaton. Behind strings, names that are not
//! ASCII, and suspicious numbers a few lines of hand-written scanning follow. Cost: linear, one automaton step per byte.

use crate::bracket::Brackets;
use crate::error::{ErrorKind, SyntaxError};
use crate::indent::{self, Change, Indents};
use crate::lookahead;
use crate::number::{self, Verdict};
use crate::printable::is_printable;
use crate::source::SourceText;
use crate::string::{self, Quote, StringEnd, StringMode, TextEnd};
use crate::token::{Token, TokenKind};
use base::{LineIndex, Span};
use logos::Logos;

/// How deep f-strings may stand in f-strings, as in CPython.
const MAX_STRING_MODES: usize = 149;
/// How deep fields may stand in format specs, as in CPython.
const MAX_FIELDS: usize = 3;

/// Whether comments and meaningless line ends become tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trivia {
    /// They do, for listings.
    Keep,
    /// They do, for programs that look at texts which may be pieces of others: brackets need no partner, and numbers are not judged.
    KeepInPieces,
    /// They do not, for the parser.
    Drop,
}

/// A doubt about accepted text, which CPython says as a `SyntaxWarning`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// The guilty text.
    pub span: Span,
    /// CPython's sentence.
    pub message: String,
}

/// How a lexical error weighs against a syntax error further up: CPython reads on to the end of the file before it reports, and
/// prefers some lexical errors to what the parser has found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorRank {
    /// It stands only where the parser has stopped at it.
    Last,
    /// Reported even if the parser finds an error before it.
    Eager,
    /// Reported only if the parser gets there.
    Lazy,
    /// The file ends inside a bracket: reported if the parser gets there, or fails on a line below the bracket.
    OpenBracket,
}

/// All tokens of a file.
#[derive(Clone, Debug)]
pub struct TokenStream {
    /// The tokens; the last is an [`EndMarker`](TokenKind::EndMarker) or an [`Error`](TokenKind::Error).
    pub tokens: Vec<Token>,
    /// What the error token stands for.
    pub error: Option<SyntaxError>,
    /// How the error weighs against an earlier one of the parser.
    pub error_rank: ErrorRank,
    /// Doubts, in source order.
    pub warnings: Vec<Warning>,
}

/// What is said, behind the prefix, of a field that the end of its string cuts off.
const MISSING_BRACE: &str = "-string: expecting '}'";

/// Tokenizes a file.
pub fn tokenize(source: &SourceText, trivia: Trivia) -> TokenStream {
    let mut scanner = Scanner::new(source, trivia);
    let error = scanner.run().err();
    let error_rank = scanner.error_rank(error.as_ref());
    if let Some(error) = &error {
        let at = scanner.at.min(source.text().len()) as u32;
        scanner.tokens.push(Token { kind: TokenKind::Error, span: Span::at(at.max(error.span.start)) });
    }
    let mut tokens = scanner.tokens;
    lookahead::settle(&mut tokens);
    TokenStream { tokens, error, error_rank, warnings: scanner.warnings }
}

struct Scanner<'s> {
    text: &'s str,
    lines: &'s LineIndex,
    trivia: Trivia,
    /// Offset of the next byte to read.
    at: usize,
    tokens: Vec<Token>,
    warnings: Vec<Warning>,
    brackets: Brackets,
    indents: Indents,
    modes: Vec<StringMode>,
}

impl<'s> Scanner<'s> {
    fn new(source: &'s SourceText, trivia: Trivia) -> Self {
        let text = source.text();
        Self {
            text,
            lines: source.lines(),
            trivia,
            at: 0,
            tokens: Vec::with_capacity(text.len() / 3 + 8),
            warnings: Vec::new(),
            brackets: Brackets::new(trivia == Trivia::KeepInPieces),
            indents: Indents::default(),
            modes: Vec::new(),
        }
    }

    fn error_rank(&self, error: Option<&SyntaxError>) -> ErrorRank {
        match error {
            // What is wrong inside the field is found before its end is missed.
            Some(error) if error.message.ends_with(MISSING_BRACE) => ErrorRank::Last,
            Some(error) if error.kind == ErrorKind::Syntax && !error.is_open_ended() => ErrorRank::Eager,
            Some(_) if self.is_at_end() && self.brackets.depth() > 0 => ErrorRank::OpenBracket,
            _ => ErrorRank::Lazy,
        }
    }

    fn bytes(&self) -> &'s [u8] {
        self.text.as_bytes()
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes().get(at).copied()
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    fn push(&mut self, kind: TokenKind, start: usize, end: usize) {
        self.tokens.push(Token { kind, span: Span::new(start as u32, end as u32) });
    }

    fn run(&mut self) -> Result<(), SyntaxError> {
        let mut at_line_start = true;
        while !self.is_at_end() {
            if self.modes.last().is_some_and(|mode| mode.in_text) {
                self.string_text()?;
            } else if at_line_start && self.brackets.depth() == 0 {
                at_line_start = self.line_start()?;
            } else {
                at_line_start = self.tokens_of_line()?;
            }
        }
        self.end_of_file(at_line_start)
    }

    /// Measures the indentation of a line. True if the line is blank and has been read.
    fn line_start(&mut self) -> Result<bool, SyntaxError> {
        let start = self.at;
        let (width, len) = indent::measure(&self.bytes()[start..]);
        self.at += len;
        match self.byte(self.at) {
            None if len > 0 && self.trivia != Trivia::Drop => {
                self.push(TokenKind::NonLogicalNewline, self.at, self.at + 1);
                return Ok(true);
            }
            None => return Ok(true),
            Some(b'#' | b'\n') => {
                self.blank_line();
                return Ok(true);
            }
            Some(_) => {}
        }
        let line_end = self.text[self.at..].find('\n').map_or(self.text.len(), |len| self.at + len);
        match self.indents.line(width, Span::new(start as u32, line_end as u32))? {
            Change::Same => {}
            Change::Indent => self.push(TokenKind::Indent, start, self.at),
            Change::Dedent(count) => (0..count).for_each(|_| self.push(TokenKind::Dedent, self.at, self.at)),
        }
        Ok(false)
    }

    /// Reads a line that holds at most a comment.
    fn blank_line(&mut self) {
        let start = self.at;
        let end = self.text[start..].find('\n').map_or(self.text.len(), |len| start + len);
        if self.trivia != Trivia::Drop {
            if end > start {
                self.push(TokenKind::Comment, start, end);
            }
            self.push(TokenKind::NonLogicalNewline, end, end + 1);
        }
        self.at = end + 1;
    }

    /// Reads ordinary tokens up to the end of the logical line, or to the text of a string. True at the start of a line.
    fn tokens_of_line(&mut self) -> Result<bool, SyntaxError> {
        let mut raw = TokenKind::lexer(&self.text[self.at..]);
        let base = self.at;
        loop {
            if !self.modes.is_empty() && self.ends_field_expression(base + raw.span().end) {
                return Ok(false);
            }
            let Some(kind) = raw.next() else {
                self.at = self.text.len();
                return Ok(false);
            };
            let span = raw.span();
            let (start, end) = (base + span.start, base + span.end);
            self.at = end;
            match kind {
                Ok(kind) if kind.is_keyword() => self.push(kind, start, end),
                Ok(TokenKind::Name) => self.name(start, end)?,
                Ok(TokenKind::Newline) => {
                    if self.newline(start, end) {
                        return Ok(true);
                    }
                }
                Ok(kind) => self.other_token(kind, start, end)?,
                Err(()) => self.unknown(start)?,
            }
            if self.at != end || self.modes.last().is_some_and(|mode| mode.in_text) {
                return Ok(false);
            }
        }
    }

    fn other_token(&mut self, kind: TokenKind, start: usize, end: usize) -> Result<(), SyntaxError> {
        match kind {
            TokenKind::Number => self.number(start, end),
            TokenKind::String => self.string(start, end),
            TokenKind::FStringStart | TokenKind::TStringStart => self.enter_string(kind, start, end),
            TokenKind::LeftParen | TokenKind::LeftBracket | TokenKind::LeftBrace => {
                self.brackets.open(self.bytes()[start], start as u32)?;
                self.push(kind, start, end);
                Ok(())
            }
            TokenKind::RightParen | TokenKind::RightBracket | TokenKind::RightBrace => {
                self.close(kind, start)
            }
            TokenKind::Comment if self.trivia == Trivia::Drop => Ok(()),
            TokenKind::Continuation if self.is_at_end() => Err(self.ends_in_continuation(start)),
            TokenKind::Continuation => Ok(()),
            _ => {
                self.push(kind, start, end);
                Ok(())
            }
        }
    }

    /// Ends a physical line; true if it ends a logical one.
    fn newline(&mut self, start: usize, end: usize) -> bool {
        if self.brackets.depth() == 0 {
            self.push(TokenKind::Newline, start, end);
            return true;
        }
        if self.trivia != Trivia::Drop {
            self.push(TokenKind::NonLogicalNewline, start, end);
        }
        false
    }

    fn name(&mut self, start: usize, end: usize) -> Result<(), SyntaxError> {
        let name = &self.text[start..end];
        if matches!(self.byte(end), Some(b'\'' | b'"'))
            && let Some((first, second)) = incompatible_prefixes(name)
        {
            let message = format!("'{first}' and '{second}' prefixes are incompatible");
            return Err(SyntaxError::new(Span::new(start as u32, end as u32), message));
        }
        if !name.is_ascii() {
            self.check_name(name, start)?;
        }
        self.push(TokenKind::Name, start, end);
        Ok(())
    }

    /// PEP 3131: letters and digits of all scripts.
    fn check_name(&self, name: &str, start: usize) -> Result<(), SyntaxError> {
        let is_allowed = |(at, letter): (usize, char)| {
            letter == '_'
                || unicode_ident::is_xid_start(letter)
                || (at > 0 && unicode_ident::is_xid_continue(letter))
        };
        match name.char_indices().find(|&place| !is_allowed(place)) {
            None => Ok(()),
            Some((at, letter)) => Err(invalid_character(start + at, letter)),
        }
    }

    fn unknown(&mut self, start: usize) -> Result<(), SyntaxError> {
        let letter = self.text[start..].chars().next().expect("the automaton stops inside the text");
        self.at = start + letter.len_utf8();
        match letter {
            '\0' => {
                let message = "source code cannot contain null bytes";
                Err(SyntaxError::new(Span::at(start as u32), message).open_ended())
            }
            '\\' if self.is_at_end() => Err(self.ends_in_continuation(start)),
            '\\' => {
                let message = "unexpected character after line continuation character";
                Err(SyntaxError::new(Span::at(start as u32 + 1), message).open_ended())
            }
            ' '..='~' => {
                self.push(TokenKind::Unknown, start, self.at);
                Ok(())
            }
            _ => Err(invalid_character(start, letter)),
        }
    }

    /// A backslash with nothing behind it; an open bracket is the better thing to complain about.
    fn ends_in_continuation(&self, start: usize) -> SyntaxError {
        let error = SyntaxError::new(Span::at(start as u32 + 1), "unexpected EOF while parsing")
            .open_ended()
            .incomplete();
        self.brackets.never_closed().unwrap_or(error)
    }

    fn number(&mut self, start: usize, end: usize) -> Result<(), SyntaxError> {
        let digits = &self.bytes()[start..end];
        let is_followed = self.byte(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let has_zero = digits[0] == b'0' && digits.len() > 1;
        if is_followed || has_zero {
            match number::judge(self.text, start) {
                Verdict::Rejected(_) if self.is_number_in_pieces(start, end) => {}
                Verdict::Rejected(error) => return Err(error),
                Verdict::Accepted { end, warning } => {
                    self.at = end;
                    if is_followed && !warning.is_empty() {
                        self.warnings
                            .push(Warning { span: Span::new(start as u32, end as u32), message: warning });
                    }
                }
            }
        }
        self.push(TokenKind::Number, start, self.at);
        Ok(())
    }

    /// Whether digits are a number of their own although they begin with zeros or a name follows them.
    fn is_number_in_pieces(&self, start: usize, end: usize) -> bool {
        let (next, second) = (self.byte(end).unwrap_or(b' '), self.byte(end + 1));
        let goes_on = match next.to_ascii_lowercase() {
            b'_' => true,
            b'x' | b'o' | b'b' => end - start == 1 && self.byte(start) == Some(b'0'),
            b'e' => second.is_some_and(|byte| matches!(byte, b'+' | b'-' | b'0'..=b'9')),
            _ => false,
        };
        self.trivia == Trivia::KeepInPieces && !goes_on
    }

    fn string(&mut self, start: usize, opening_end: usize) -> Result<(), SyntaxError> {
        let quote = Quote::of_opening(&self.bytes()[start..opening_end]);
        match string::find_end(self.bytes(), opening_end, quote) {
            StringEnd::Closed(end) => {
                self.at = end;
                self.push(TokenKind::String, start, end);
                Ok(())
            }
            StringEnd::Open { at, has_escaped_quote } => {
                Err(self.unterminated(start, at, quote, has_escaped_quote))
            }
        }
    }

    fn unterminated(&self, start: usize, at: usize, quote: Quote, has_escaped_quote: bool) -> SyntaxError {
        let here = Span::at(start as u32);
        if let Some(mode) = self.modes.last()
            && mode.quote == quote
        {
            return SyntaxError::new(here, format!("{}{MISSING_BRACE}", mode.holed.prefix));
        }
        let line = self.line_of_end(at);
        let message = match (quote.is_triple, has_escaped_quote) {
            (true, _) => format!("unterminated triple-quoted string literal (detected at line {line})"),
            (false, false) => format!("unterminated string literal (detected at line {line})"),
            (false, true) => format!(
                "unterminated string literal (detected at line {line}); perhaps you escaped the end quote?"
            ),
        };
        SyntaxError { is_incomplete: at >= self.text.len(), ..SyntaxError::new(here, message) }
    }

    /// The line that holds the byte before the end of the file, or the given line end.
    fn line_of_end(&self, at: usize) -> u32 {
        let is_past_newline = at >= self.text.len() && self.text.ends_with('\n');
        self.lines.line(self.text.len().min(at) as u32 - u32::from(is_past_newline))
    }

    fn enter_string(&mut self, kind: TokenKind, start: usize, end: usize) -> Result<(), SyntaxError> {
        if self.modes.len() >= MAX_STRING_MODES {
            let prefix = if kind == TokenKind::FStringStart { 'f' } else { 't' };
            return Err(SyntaxError::new(
                Span::at(end as u32 - 1),
                format!("too many nested {prefix}-strings"),
            ));
        }
        self.push(kind, start, end);
        self.modes.push(StringMode::new(kind, &self.text[start..end], start as u32));
        Ok(())
    }

    fn close(&mut self, kind: TokenKind, start: usize) -> Result<(), SyntaxError> {
        let mode = self.modes.last();
        let field = mode.and_then(|mode| Some((mode.field_depth()?, mode.holed.prefix)));
        if let Some(mode) = mode
            && mode.fields.is_empty()
            && kind == TokenKind::RightBrace
        {
            let message = format!("{}-string: single '}}' is not allowed", mode.holed.prefix);
            return Err(SyntaxError::new(Span::at(start as u32), message));
        }
        self.brackets.close(self.bytes()[start], start as u32, self.lines, field)?;
        self.push(kind, start, start + 1);
        if let Some(mode) = self.modes.last_mut()
            && mode.field_depth() == Some(self.brackets.depth() + 1)
        {
            mode.fields.pop();
            mode.in_text = true;
            mode.in_spec = !mode.fields.is_empty();
        }
        Ok(())
    }

    /// Whether the expression of the innermost field ends at a colon, which is then read. Checked by hand because there
    /// `:=` is a colon and a format spec that starts with an equals sign.
    fn ends_field_expression(&mut self, at: usize) -> bool {
        let Some(mode) = self.modes.last() else { return false };
        if mode.field_depth() != Some(self.brackets.depth()) {
            return false;
        }
        let blanks =
            self.bytes()[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\x0c')).count();
        let colon = at + blanks;
        if self.byte(colon) != Some(b':') {
            return false;
        }
        self.push(TokenKind::Colon, colon, colon + 1);
        self.at = colon + 1;
        if let Some(mode) = self.modes.last_mut() {
            mode.in_text = true;
            mode.in_spec = true;
        }
        true
    }

    /// Reads text of the innermost f-string or t-string, or what ends it.
    fn string_text(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        let bytes = self.bytes();
        let mode = self.modes.last_mut().expect("only called inside a string");
        let opens_field = bytes[start] == b'{' && (mode.in_spec || bytes.get(start + 1) != Some(&b'{'));
        if opens_field {
            return self.open_field(start);
        }
        if mode.quote.closes(&bytes[start..]) {
            let (kind, len) = (mode.holed.end, mode.quote.len());
            self.modes.pop();
            self.at = start + len;
            self.push(kind, start, start + len);
            return Ok(());
        }
        let text = string::find_text_end(bytes, start, mode);
        let kind = mode.holed.middle;
        self.at = text.end + usize::from(matches!(text.ended_by, TextEnd::DoubledBrace));
        match text.ended_by {
            TextEnd::Brace if bytes[text.end] == b'}' => mode.in_text = false,
            TextEnd::SpecLine => (mode.in_text, mode.in_spec) = (false, false),
            TextEnd::Open => return Err(self.unterminated_text(text.end)),
            TextEnd::Brace | TextEnd::DoubledBrace | TextEnd::NamedEscape | TextEnd::Quote => {}
        }
        self.push(kind, start, text.end);
        for at in text.stray_backslashes {
            self.warn_stray_backslash(at);
        }
        Ok(())
    }

    fn warn_stray_backslash(&mut self, at: usize) {
        let escape = &self.text[at..at + 2];
        let message = format!(
            "\"{escape}\" is an invalid escape sequence. Such sequences will not work in the future. \
             Did you mean \"\\{escape}\"? A raw string is also an option."
        );
        self.warnings.push(Warning { span: Span::new(at as u32, at as u32 + 2), message });
    }

    fn open_field(&mut self, start: usize) -> Result<(), SyntaxError> {
        self.brackets.open(b'{', start as u32)?;
        let depth = self.brackets.depth();
        let mode = self.modes.last_mut().expect("only called inside a string");
        if mode.fields.len() >= MAX_FIELDS {
            let message = format!("{}-string: expressions nested too deeply", mode.holed.prefix);
            return Err(SyntaxError::new(Span::at(start.saturating_sub(1) as u32), message));
        }
        mode.fields.push(depth);
        mode.in_text = false;
        mode.in_spec = false;
        self.push(TokenKind::LeftBrace, start, start + 1);
        self.at = start + 1;
        Ok(())
    }

    fn unterminated_text(&self, at: usize) -> SyntaxError {
        let mode = self.modes.last().expect("only called inside a string");
        let kind = if mode.quote.is_triple { "triple-quoted " } else { "" };
        let (prefix, line) = (mode.holed.prefix, self.line_of_end(at));
        let message = format!("unterminated {kind}{prefix}-string literal (detected at line {line})");
        SyntaxError {
            is_incomplete: at >= self.text.len(),
            ..SyntaxError::new(Span::at(mode.start), message)
        }
    }

    /// Closes the last line and all blocks.
    fn end_of_file(&mut self, at_line_start: bool) -> Result<(), SyntaxError> {
        let end = self.text.len();
        if self.modes.last().is_some_and(|mode| mode.in_text) {
            return Err(self.unterminated_text(end));
        }
        if let Some(error) = self.brackets.never_closed() {
            return Err(error);
        }
        if !at_line_start && !self.tokens.is_empty() {
            self.push(TokenKind::Newline, end, end);
        }
        (0..self.indents.open_blocks()).for_each(|_| self.push(TokenKind::Dedent, end, end));
        self.push(TokenKind::EndMarker, end, end);
        Ok(())
    }
}

/// Two prefixes of string literals that exclude each other, if the name in front of a quote is made of distinct prefixes.
fn incompatible_prefixes(name: &str) -> Option<(char, char)> {
    const EXCLUSIVE: [(char, char); 7] =
        [('u', 'b'), ('u', 'r'), ('u', 'f'), ('u', 't'), ('b', 'f'), ('b', 't'), ('f', 't')];
    let count = |prefix: char| name.chars().filter(|letter| letter.eq_ignore_ascii_case(&prefix)).count();
    let counts = ['b', 'u', 'r', 'f', 't'].map(count);
    let are_prefixes = counts.iter().all(|&count| count < 2) && counts.iter().sum::<usize>() == name.len();
    let excludes = |&(first, second): &(char, char)| count(first) > 0 && count(second) > 0;
    EXCLUSIVE.into_iter().find(|pair| are_prefixes && excludes(pair))
}

fn invalid_character(at: usize, letter: char) -> SyntaxError {
    let code = u32::from(letter);
    let message = if is_printable(code) {
        format!("invalid character '{letter}' (U+{code:04X})")
    } else {
        format!("invalid non-printable character U+{code:04X}")
    };
    SyntaxError::new(Span::at(at as u32), message)
}
