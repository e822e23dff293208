//! Escape sequences in string and bytes literals.
//!
//! Positions in messages count as CPython's do, which first rewrites every character that is not ASCII as an escape of ten bytes.
//! Strings come out as WTF-8, because `\ud800` is allowed; bytes as bytes.

use base::Span;
use base::character_name;

/// What went wrong in a literal, in CPython's words.
pub(crate) type EscapeError = String;

/// A doubt about an escape: the backslash's offset in the content, and the text of the sequence.
pub(crate) struct InvalidEscape {
    pub(crate) at: usize,
    pub(crate) len: usize,
    pub(crate) is_octal: bool,
}

impl InvalidEscape {
    /// CPython's warning, and where it belongs if the content starts at `base`.
    pub(crate) fn warning(&self, content: &str, base: u32) -> (Span, String) {
        let sequence = &content[self.at..self.at + self.len];
        let kind = if self.is_octal { "octal escape" } else { "escape" };
        let message = format!(
            "\"{sequence}\" is an invalid {kind} sequence. Such sequences will not work in the future. \
             Did you mean \"\\{sequence}\"? A raw string is also an option."
        );
        let start = base + self.at as u32;
        (Span::new(start, start + self.len as u32), message)
    }
}

/// The content of a literal with its escapes replaced.
pub(crate) struct Unescaped {
    pub(crate) bytes: Vec<u8>,
    /// CPython warns about the first one only.
    pub(crate) invalid: Option<InvalidEscape>,
}

/// Decodes the content of a string literal (`is_bytes` false) or bytes literal.
pub(crate) fn unescape(content: &str, is_bytes: bool) -> Result<Unescaped, EscapeError> {
    let mut reader =
        Reader { content, at: 0, is_bytes, out: Vec::with_capacity(content.len()), invalid: None };
    while let Some(len) = content[reader.at..].find('\\') {
        reader.out.extend_from_slice(&content.as_bytes()[reader.at..reader.at + len]);
        reader.at += len;
        reader.escape()?;
    }
    reader.out.extend_from_slice(&content.as_bytes()[reader.at..]);
    Ok(Unescaped { bytes: reader.out, invalid: reader.invalid })
}

struct Reader<'s> {
    content: &'s str,
    /// Offset of a backslash while an escape is read.
    at: usize,
    is_bytes: bool,
    out: Vec<u8>,
    invalid: Option<InvalidEscape>,
}

impl Reader<'_> {
    fn escape(&mut self) -> Result<(), EscapeError> {
        let rest = &self.content.as_bytes()[self.at + 1..];
        let Some(&letter) = rest.first() else {
            // Only the text of an f-string ends so, before a brace that starts a field.
            self.out.push(b'\\');
            self.at += 1;
            return Ok(());
        };
        let simple = match letter {
            b'\n' => {
                self.at += 2;
                return Ok(());
            }
            b'\\' | b'\'' | b'"' => letter,
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'0'..=b'7' => {
                self.octal();
                return Ok(());
            }
            b'x' => return self.hex(2),
            b'u' if !self.is_bytes => return self.hex(4),
            b'U' if !self.is_bytes => return self.hex(8),
            b'N' if !self.is_bytes => return self.named(),
            _ => {
                if letter.is_ascii() {
                    self.note_invalid(2, false);
                }
                self.out.push(b'\\');
                self.at += 1;
                return Ok(());
            }
        };
        self.out.push(simple);
        self.at += 2;
        Ok(())
    }

    fn note_invalid(&mut self, len: usize, is_octal: bool) {
        let at = self.at;
        self.invalid.get_or_insert(InvalidEscape { at, len, is_octal });
    }

    fn octal(&mut self) {
        let digits = &self.content.as_bytes()[self.at + 1..];
        let len = digits.iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
        let value = digits[..len].iter().fold(0, |value, byte| value * 8 + u32::from(byte - b'0'));
        if value > 0o377 {
            self.note_invalid(len + 1, true);
        }
        self.push(if self.is_bytes { value & 0xff } else { value });
        self.at += 1 + len;
    }

    fn hex(&mut self, want: usize) -> Result<(), EscapeError> {
        let digits = &self.content.as_bytes()[self.at + 2..];
        let len = digits.iter().take(want).take_while(|byte| byte.is_ascii_hexdigit()).count();
        if len < want {
            let truncated = match want {
                2 => "truncated \\xXX escape",
                4 => "truncated \\uXXXX escape",
                _ => "truncated \\UXXXXXXXX escape",
            };
            if self.is_bytes {
                return Err(format!("(value error) invalid \\x escape at position {}", self.at));
            }
            return Err(self.codec_error(self.at + 2 + len, truncated));
        }
        let text = &self.content[self.at + 2..self.at + 2 + want];
        let value = u32::from_str_radix(text, 16).expect("only hexadecimal digits were counted");
        if value > 0x10_ffff {
            return Err(self.codec_error(self.at + 2 + want, "illegal Unicode character"));
        }
        self.push(value);
        self.at += 2 + want;
        Ok(())
    }

    /// `\N{name}`
    fn named(&mut self) -> Result<(), EscapeError> {
        let rest = &self.content[self.at + 2..];
        let malformed = "malformed \\N character escape";
        let Some(name) = rest.strip_prefix('{') else {
            return Err(self.codec_error(self.at + 2, malformed));
        };
        let Some(len) = name.find('}') else {
            return Err(self.codec_error(self.content.len(), malformed));
        };
        let end = self.at + 3 + len + 1;
        if len == 0 {
            return Err(self.codec_error(self.at + 3, malformed));
        }
        let Some(letter) = character_name::character(&name[..len]) else {
            return Err(self.codec_error(end, "unknown Unicode character name"));
        };
        self.push(u32::from(letter));
        self.at = end;
        Ok(())
    }

    /// Appends a code point, which for bytes is a byte.
    fn push(&mut self, code: u32) {
        if self.is_bytes {
            self.out.push(code as u8);
            return;
        }
        match char::from_u32(code) {
            Some(letter) => self.out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            None => self.out.extend_from_slice(&[
                0xe0 | (code >> 12) as u8,
                0x80 | (code >> 6 & 0x3f) as u8,
                0x80 | (code & 0x3f) as u8,
            ]),
        }
    }

    /// An error about the text from the backslash to `end`.
    fn codec_error(&self, end: usize, reason: &str) -> EscapeError {
        if self.is_bytes {
            return "(value error) Trailing \\ in string".to_owned();
        }
        let (first, last) = (self.position(self.at), self.position(end) - 1);
        if first == last {
            return format!(
                "(unicode error) 'unicodeescape' codec can't decode byte 0x5c in position {first}: {reason}"
            );
        }
        format!(
            "(unicode error) 'unicodeescape' codec can't decode bytes in position {first}-{last}: {reason}"
        )
    }

    fn position(&self, at: usize) -> usize {
        self.content[..at].chars().map(|letter| if letter.is_ascii() { 1 } else { 10 }).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(content: &str) -> String {
        match unescape(content, false) {
            Ok(text) => String::from_utf8_lossy(&text.bytes).into_owned(),
            Err(error) => error,
        }
    }

    #[test]
    fn escapes_are_replaced() {
        assert_eq!(decoded(r"a\tb\x41\101\u00e9\N{BULLET}\\"), "a\tbAAé•\\");
        assert_eq!(decoded("a\\\nb"), "ab");
        assert_eq!(decoded("\\é\\d\\"), "\\é\\d\\");
        assert_eq!(decoded(r"\N{line feed}\N{Latin Small Letter A}\N{HANGUL SYLLABLE GA}"), "\na가");
        assert!(decoded(r"\N{latinsmallletter a}").contains("unknown Unicode character name"));
        assert!(
            decoded(&format!(r"\N{{{}}}", "A".repeat(10_000))).contains("unknown Unicode character name")
        );
        assert_eq!(unescape(r"\ud800", false).expect("surrogates are allowed").bytes, b"\xed\xa0\x80");
        assert_eq!(unescape(r"\xff\400", true).expect("bytes").bytes, b"\xff\x00");
    }

    #[test]
    fn errors_count_positions_as_cpython() {
        assert_eq!(
            decoded("é\\xZ"),
            "(unicode error) 'unicodeescape' codec can't decode bytes in position 10-11: truncated \\xXX escape"
        );
        assert_eq!(
            decoded(r"\N{no such}"),
            "(unicode error) 'unicodeescape' codec can't decode bytes in position 0-10: \
             unknown Unicode character name"
        );
    }
}
