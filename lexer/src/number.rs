//! Malformed numbers: why the text at some place is not the number that it seems to start.
//!
//! The automaton recognizes well-formed numbers; this file is asked only where one is followed directly by a letter, digit or
//! underscore, or starts with a zero that may not be there. It walks the text as CPython's tokenizer does, because the wording
//! and the column of the message follow from that walk.

use crate::error::SyntaxError;
use base::Span;

/// The verdict on a number that looked suspicious.
pub(crate) enum Verdict {
    /// It ends here after all, directly followed by a keyword: `1if x else y`. CPython warns.
    Accepted { end: usize, warning: String },
    /// It is no number.
    Rejected(SyntaxError),
}

/// Judges the number that starts at `start`.
pub(crate) fn judge(text: &str, start: usize) -> Verdict {
    let mut walk = Walk { bytes: text.as_bytes(), start, at: start };
    match walk.number() {
        Ok(kind) => walk.end_of_number(kind),
        Err(error) => Verdict::Rejected(error),
    }
}

struct Walk<'s> {
    bytes: &'s [u8],
    start: usize,
    at: usize,
}

impl Walk<'_> {
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(b'\n')
    }

    /// An error at the last byte read, where CPython puts it.
    fn error_behind(&self, message: String) -> SyntaxError {
        SyntaxError::new(Span::at(self.at.saturating_sub(1).max(self.start) as u32), message)
    }

    /// Reads the number up to where it goes wrong; the kind names it in messages.
    fn number(&mut self) -> Result<&'static str, SyntaxError> {
        if self.peek() == b'0' {
            let radix = match self.bytes.get(self.at + 1) {
                Some(b'x' | b'X') => Some(("hexadecimal", 16)),
                Some(b'o' | b'O') => Some(("octal", 8)),
                Some(b'b' | b'B') => Some(("binary", 2)),
                _ => None,
            };
            if let Some((kind, radix)) = radix {
                self.at += 2;
                return self.digits_in_radix(kind, radix).map(|()| kind);
            }
        }
        self.decimal()
    }

    fn digits_in_radix(&mut self, kind: &'static str, radix: u32) -> Result<(), SyntaxError> {
        let is_digit = |byte: u8| char::from(byte).is_digit(radix);
        loop {
            if self.peek() == b'_' {
                self.at += 1;
            }
            if !is_digit(self.peek()) {
                return Err(self.bad_digit(kind));
            }
            while is_digit(self.peek()) {
                self.at += 1;
            }
            if self.peek() != b'_' {
                break;
            }
        }
        if self.peek().is_ascii_digit() { Err(self.bad_digit(kind)) } else { Ok(()) }
    }

    fn bad_digit(&mut self, kind: &'static str) -> SyntaxError {
        let byte = self.peek();
        if byte.is_ascii_digit() {
            self.at += 1;
            return self.error_behind(format!("invalid digit '{}' in {kind} literal", char::from(byte)));
        }
        self.error_behind(format!("invalid {kind} literal"))
    }

    /// Digits with single underscores between them.
    fn decimal_tail(&mut self) -> Result<(), SyntaxError> {
        loop {
            while self.peek().is_ascii_digit() {
                self.at += 1;
            }
            if self.peek() != b'_' {
                return Ok(());
            }
            self.at += 1;
            if !self.peek().is_ascii_digit() {
                return Err(self.error_behind("invalid decimal literal".to_owned()));
            }
        }
    }

    fn decimal(&mut self) -> Result<&'static str, SyntaxError> {
        let zeros = self.bytes[self.at..].iter().take_while(|byte| matches!(byte, b'0' | b'_')).count();
        self.decimal_tail()?;
        let integer_end = self.at;
        let mut is_float = false;
        if self.peek() == b'.' {
            self.at += 1;
            is_float = true;
            if self.peek().is_ascii_digit() {
                self.decimal_tail()?;
            }
        }
        if matches!(self.peek(), b'e' | b'E') {
            is_float |= self.exponent()?;
        }
        if matches!(self.peek(), b'j' | b'J') {
            self.at += 1;
            return Ok("imaginary");
        }
        let has_leading_zero = zeros > 0 && self.start + zeros < integer_end;
        if has_leading_zero && !is_float {
            let message = "leading zeros in decimal integer literals are not permitted; \
                           use an 0o prefix for octal integers";
            let span = Span::new(self.start as u32, (self.start + zeros) as u32);
            return Err(SyntaxError::new(span, message));
        }
        Ok("decimal")
    }

    /// An exponent, if digits follow the letter; otherwise the letter belongs to what comes next.
    fn exponent(&mut self) -> Result<bool, SyntaxError> {
        let letter = self.at;
        self.at += 1;
        if matches!(self.peek(), b'+' | b'-') {
            self.at += 1;
            if !self.peek().is_ascii_digit() {
                return Err(self.error_behind("invalid decimal literal".to_owned()));
            }
        } else if !self.peek().is_ascii_digit() {
            self.at = letter;
            return Ok(false);
        }
        self.decimal_tail().map(|()| true)
    }

    /// Keywords that may follow a number directly are let through with a warning; other letters are an error.
    fn end_of_number(&self, kind: &str) -> Verdict {
        let rest = &self.bytes[self.at..];
        let is_name_byte = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
        let word = &rest[..rest.iter().take_while(|byte| is_name_byte(byte)).count()];
        let message = format!("invalid {kind} literal");
        let is_keyword = matches!(word, b"and" | b"else" | b"for" | b"or" | b"not")
            || matches!(word, [b'i', b'f' | b'n' | b's', ..]);
        if is_keyword {
            return Verdict::Accepted { end: self.at, warning: message };
        }
        if word.first().is_some_and(|byte| *byte < 0x80) {
            return Verdict::Rejected(self.error_behind(message));
        }
        Verdict::Accepted { end: self.at, warning: String::new() }
    }
}
