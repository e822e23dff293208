//! A cursor over the text form of an IR: what the parsers of bytecode, HIR and LIR have in common.
//!
//! The text forms are for people and tests, small and line-based, so the cursor works on characters and knows four things:
//! blanks, `;` comments, words and numbers. Errors carry a line and a column and are values.

use std::fmt;

/// Where and why a text could not be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextError {
    /// 1-based line.
    pub line: usize,
    /// 1-based column in bytes.
    pub column: usize,
    /// What was expected or wrong.
    pub message: String,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for TextError {}

/// A position in a text, with the steps that parsers are made of.
#[derive(Clone, Debug)]
pub struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    /// Starts at the beginning of `text`.
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Byte offset of the cursor.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// An error at the cursor.
    pub fn error(&self, message: impl Into<String>) -> TextError {
        let before = &self.text[..self.at];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        TextError {
            line: before.matches('\n').count() + 1,
            column: self.at - line_start + 1,
            message: message.into(),
        }
    }

    /// Skips blanks on this line, and a comment that ends it.
    pub fn skip_blanks(&mut self) {
        let rest = self.rest();
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
        self.at += blanks;
        if self.rest().starts_with(';') {
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    /// Skips blanks, comments and line ends.
    pub fn skip_lines(&mut self) {
        loop {
            self.skip_blanks();
            if !self.rest().starts_with('\n') {
                return;
            }
            self.at += 1;
        }
    }

    /// Whether everything but blanks and comments has been read.
    pub fn is_at_end(&mut self) -> bool {
        self.skip_lines();
        self.rest().is_empty()
    }

    /// Whether this line holds nothing more.
    pub fn is_at_line_end(&mut self) -> bool {
        self.skip_blanks();
        self.rest().is_empty() || self.rest().starts_with('\n')
    }

    /// Whether `token` comes next; reads nothing but blanks.
    pub fn peek(&mut self, token: &str) -> bool {
        self.skip_blanks();
        self.rest().starts_with(token)
    }

    /// Reads `token` if it comes next.
    pub fn eat(&mut self, token: &str) -> bool {
        let found = self.peek(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Reads `token` or fails.
    pub fn expect(&mut self, token: &str) -> Result<(), TextError> {
        if self.eat(token) { Ok(()) } else { Err(self.error(format!("expected `{token}`"))) }
    }

    /// Reads a non-empty run of characters that satisfy `accept`.
    pub fn take_while(&mut self, what: &str, accept: impl Fn(char) -> bool) -> Result<&'t str, TextError> {
        self.skip_blanks();
        let rest = self.rest();
        let len = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        if len == 0 {
            return Err(self.error(format!("expected {what}")));
        }
        self.at += len;
        Ok(&rest[..len])
    }

    /// Reads a word: letters, digits, `_`, `.`, and `-` inside.
    pub fn word(&mut self) -> Result<&'t str, TextError> {
        self.take_while("a word", |c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))
    }

    /// Reads a decimal integer with an optional minus sign.
    pub fn integer<T: std::str::FromStr>(&mut self) -> Result<T, TextError> {
        self.skip_blanks();
        let mark = self.clone();
        let sign = if self.eat("-") { "-" } else { "" };
        let digits = self.take_while("an integer", |c| c.is_ascii_digit())?;
        format!("{sign}{digits}").parse().map_err(|_| mark.error(format!("{sign}{digits} is out of range")))
    }

    /// Reads `prefix` and the number behind it: an entity such as `bb3`.
    pub fn entity(&mut self, prefix: &str) -> Result<usize, TextError> {
        self.expect(prefix)?;
        self.integer()
    }

    /// Reads a double-quoted string with Rust's escapes, as `{:?}` prints it.
    pub fn quoted(&mut self) -> Result<String, TextError> {
        self.expect("\"")?;
        let mut value = String::new();
        loop {
            let mut chars = self.rest().chars();
            let next = chars.next().ok_or_else(|| self.error("unterminated string"))?;
            self.at += next.len_utf8();
            match next {
                '"' => return Ok(value),
                '\\' => value.push(self.escape()?),
                other => value.push(other),
            }
        }
    }

    /// Reads the part of an escape sequence behind its backslash.
    fn escape(&mut self) -> Result<char, TextError> {
        let kind = self.rest().chars().next().ok_or_else(|| self.error("unterminated string"))?;
        self.at += kind.len_utf8();
        Ok(match kind {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            '0' => '\0',
            '\\' | '"' | '\'' => kind,
            'u' => {
                self.expect("{")?;
                let digits = self.take_while("hexadecimal digits", |c| c.is_ascii_hexdigit())?;
                self.expect("}")?;
                u32::from_str_radix(digits, 16)
                    .ok()
                    .and_then(char::from_u32)
                    .ok_or_else(|| self.error("not a character"))?
            }
            other => return Err(self.error(format!("unknown escape `\\{other}`"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_debug_printing_writes() {
        let value = "tab\t quote\" nul\0 bell\u{7} snowman☃";
        assert_eq!(Cursor::new(&format!("{value:?}")).quoted(), Ok(value.to_owned()));
    }

    #[test]
    fn errors_are_located() {
        let mut cursor = Cursor::new("; comment\n  bb x");
        cursor.skip_lines();
        let error = cursor.entity("bb").expect_err("x is no number");
        assert_eq!(error.to_string(), "2:6: expected an integer");
    }
}
