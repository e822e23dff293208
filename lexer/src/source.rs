//! Source bytes to source text, as CPython's tokenizer reads a file.
//!
//! A byte order mark is dropped; a coding cookie (PEP 263) on one of the first two lines chooses the encoding; without one
//! the text must be UTF-8. Line ends of all kinds become `\n`, so that nothing behind this file ever sees a carriage
//! return, and no NUL byte is let through. Spans refer to the text that results.
//!
//! Cost: one pass over the bytes; files without carriage returns are not copied again.

use crate::error::SyntaxError;
use base::{LineIndex, Span};
use std::borrow::Cow;
use std::str::Utf8Error;
use std::sync::Arc;

/// Text with its line starts; copies share both.
#[derive(Clone, Debug)]
pub struct SourceText {
    text: Arc<str>,
    lines: Arc<LineIndex>,
}

impl SourceText {
    /// Takes text that is already decoded, as from `exec` or a test.
    pub fn new<'t>(text: impl Into<Cow<'t, str>>) -> Self {
        let mut text = text.into();
        if text.contains('\r') {
            text = text.replace("\r\n", "\n").replace('\r', "\n").into();
        }
        let lines = Arc::new(LineIndex::new(&text));
        Self { text: Arc::from(&*text), lines }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line starts.
    pub fn lines(&self) -> &LineIndex {
        &self.lines
    }

    /// 1-based line and 1-based column in characters.
    pub fn character_position(&self, offset: u32) -> (u32, u32) {
        let place = self.lines.position(offset);
        let start = (offset - place.column) as usize;
        let end = (offset as usize).min(self.text.len());
        let before = self.text.get(start..end).unwrap_or_default();
        (place.line, before.chars().count() as u32 + offset.saturating_sub(end as u32) + 1)
    }

    /// A line without its line end.
    pub fn line_text(&self, line: u32) -> &str {
        let Some(start) = self.lines.line_start(line) else { return "" };
        self.text[start as usize..].split('\n').next().unwrap_or_default()
    }
}

/// Decodes source bytes; a file's, if it has a name, which CPython mentions when the bytes are no text.
pub fn decode_file(bytes: &[u8], name: &str) -> Result<SourceText, SyntaxError> {
    decode(bytes).map_err(|error| match error.message.split_once(" on line ") {
        Some((what, place)) if what.starts_with("Non-UTF-8") => {
            SyntaxError { message: format!("{what} in file {name} on line {place}"), ..error }
        }
        _ => error,
    })
}

/// The text of a file that cannot be decoded, as far as it goes, to show the guilty line.
pub fn decode_lossy(bytes: &[u8]) -> SourceText {
    SourceText::new(String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)))
}

/// Decodes source bytes.
pub fn decode(bytes: &[u8]) -> Result<SourceText, SyntaxError> {
    let (has_mark, bytes) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (true, rest),
        None => (false, bytes),
    };
    if u32::try_from(bytes.len()).is_err() {
        return Err(SyntaxError::new(Span::at(0), "source code is too large"));
    }
    if let Some(at) = bytes.iter().position(|&byte| byte == 0)
        && std::str::from_utf8(&bytes[..at]).is_ok()
    {
        let message = "source code cannot contain null bytes";
        return Err(SyntaxError::new(Span::at(at as u32), message).open_ended());
    }
    let cookie = find_cookie(bytes);
    let encoding = cookie.map_or(Some(Encoding::Utf8), Encoding::from_name);
    match (encoding, cookie) {
        (_, Some(name)) if has_mark && !is_utf8_with_dash(name) => {
            Err(SyntaxError::new(Span::at(0), format!("encoding problem: {name} with BOM")))
        }
        (Some(encoding), _) => decode_as(bytes, encoding, cookie.is_some() || has_mark),
        (None, name) => {
            let name = name.unwrap_or_default();
            Err(SyntaxError::new(Span::at(0), format!("unknown encoding: {name}")))
        }
    }
}

fn decode_as(bytes: &[u8], encoding: Encoding, is_declared: bool) -> Result<SourceText, SyntaxError> {
    let text: Cow<'_, str> = match encoding {
        Encoding::Utf8 => match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(error) => return Err(bad_utf8(bytes, error, is_declared)),
        },
        Encoding::Ascii => decode_ascii(bytes)?.into(),
        Encoding::Table(high) => decode_table(bytes, high)?.into(),
        Encoding::Latin1 => bytes.iter().map(|&byte| char::from(byte)).collect(),
    };
    let source = SourceText::new(text);
    match source.text.find('\0') {
        Some(at) => {
            Err(SyntaxError::new(Span::at(at as u32), "source code cannot contain null bytes").open_ended())
        }
        None => Ok(source),
    }
}

fn decode_ascii(bytes: &[u8]) -> Result<String, SyntaxError> {
    match bytes.iter().position(|byte| !byte.is_ascii()) {
        None => Ok(bytes.iter().copied().map(char::from).collect()),
        Some(at) => Err(SyntaxError::new(
            Span::at(at as u32),
            format!(
                "(unicode error) 'ascii' codec can't decode byte 0x{:02x} in position {at}: \
                 ordinal not in range(128)",
                bytes[at]
            ),
        )),
    }
}

fn decode_table(bytes: &[u8], high: &str) -> Result<String, SyntaxError> {
    let high: Vec<char> = high.chars().collect();
    let decode = |(at, &byte): (usize, &u8)| match byte {
        0..0x80 => Ok(char::from(byte)),
        _ => match high[usize::from(byte - 0x80)] {
            char::REPLACEMENT_CHARACTER => Err(SyntaxError::new(
                Span::at(at as u32),
                format!(
                    "(unicode error) 'charmap' codec can't decode byte 0x{byte:02x} in position {at}: \
                     character maps to <undefined>"
                ),
            )),
            letter => Ok(letter),
        },
    };
    bytes.iter().enumerate().map(decode).collect()
}

/// CPython's words for a byte that is not UTF-8. What comes before it is text, so that the span fits [`decode_lossy`].
fn bad_utf8(bytes: &[u8], error: Utf8Error, is_declared: bool) -> SyntaxError {
    let at = error.valid_up_to();
    let line = bytes[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
    let byte = bytes[at];
    let message = if is_declared {
        let reason = match error.error_len() {
            None => "unexpected end of data",
            Some(_) if matches!(byte, 0xc2..=0xf4) => "invalid continuation byte",
            Some(_) => "invalid start byte",
        };
        format!("(unicode error) 'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: {reason}")
    } else {
        format!(
            "Non-UTF-8 code starting with '\\x{byte:02x}' on line {line}, but no encoding declared; \
             see https://peps.python.org/pep-0263/ for details"
        )
    };
    SyntaxError::new(Span::at(at as u32), message)
}

/// The encodings that source files are read in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    /// ASCII, and these 128 characters for the upper half; U+FFFD where the encoding has none.
    Table(&'static str),
}

/// KOI8-R, upper half.
const KOI8_R: &str = "─│┌┐└┘├┤┬┴┼▀▄█▌▐░▒▓⌠■∙√≈≤≥\u{a0}⌡°²·÷═║╒ё╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡Ё╢╣╤╥╦╧╨╩╪╫╬©\
юабцдефгхийклмнопярстужвьызшэщчъЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ";

/// Windows code page 1252, upper half.
const CP1252: &str = "€\u{fffd}‚ƒ„…†‡ˆ‰Š‹Œ\u{fffd}Ž\u{fffd}\u{fffd}‘’“”•–—˜™š›œ\u{fffd}žŸ\
\u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ";

/// ISO 8859-15, upper half.
const LATIN_9: &str = "\u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\
\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
\u{a0}¡¢£€¥Š§š©ª«¬\u{ad}®¯°±²³Žµ¶·ž¹º»ŒœŸ¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ";

impl Encoding {
    fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace('_', "-");
        Some(match name.as_str() {
            "utf-8" | "utf8" | "u8" | "utf-8-sig" | "cp65001" => Self::Utf8,
            "ascii" | "us-ascii" | "646" => Self::Ascii,
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "iso-latin-1" | "l1" => Self::Latin1,
            "koi8-r" => Self::Table(KOI8_R),
            "cp1252" | "windows-1252" => Self::Table(CP1252),
            "iso-8859-15" | "iso8859-15" | "latin-9" | "l9" => Self::Table(LATIN_9),
            _ if name.starts_with("utf-8-") => Self::Utf8,
            _ if name.starts_with("latin-1-") || name.starts_with("iso-8859-1-") => Self::Latin1,
            _ => return None,
        })
    }
}

/// The encoding that PEP 263 lets one of the first two lines name; the second counts only if the first is blank or a comment.
fn find_cookie(bytes: &[u8]) -> Option<&str> {
    for line in bytes.split(|&byte| byte == b'\n' || byte == b'\r').take(2) {
        let code = line.trim_ascii_start_with_form_feeds();
        if let Some(comment) = code.strip_prefix(b"#") {
            if let Some(name) = cookie_in(comment) {
                return Some(name);
            }
        } else if !code.is_empty() {
            return None;
        }
    }
    None
}

/// Behind a byte order mark CPython accepts only the spellings that it normalizes to `utf-8`.
fn is_utf8_with_dash(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    name == "utf-8" || name.starts_with("utf-8-")
}

/// What follows `coding:` or `coding=` in a comment.
fn cookie_in(comment: &[u8]) -> Option<&str> {
    let is_name_byte = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (0..comment.len()).find_map(|at| {
        let rest = comment[at..].strip_prefix(b"coding")?;
        let rest = rest.strip_prefix(b":").or_else(|| rest.strip_prefix(b"="))?;
        let rest = &rest[rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()..];
        let len = rest.iter().take_while(is_name_byte).count();
        std::str::from_utf8(&rest[..len]).ok().filter(|name| !name.is_empty())
    })
}

/// Blanks that may stand before a comment.
trait TrimBlanks {
    fn trim_ascii_start_with_form_feeds(&self) -> &Self;
}

impl TrimBlanks for [u8] {
    fn trim_ascii_start_with_form_feeds(&self) -> &Self {
        let blanks = self.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\x0c')).count();
        &self[blanks..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> String {
        decode(bytes).map_or_else(|error| error.message, |source| source.text().to_owned())
    }

    #[test]
    fn marks_and_cookies_choose_the_encoding() {
        assert_eq!(decoded(b"\xef\xbb\xbfx = 1\r\ny\r"), "x = 1\ny\n");
        assert_eq!(decoded(b"# -*- coding: latin-1 -*-\n'\xe9'"), "# -*- coding: latin-1 -*-\n'é'");
        assert_eq!(
            decoded(b"\n# vim: set fileencoding=koi8-r :\n'\xc1'"),
            "\n# vim: set fileencoding=koi8-r :\n'а'"
        );
        assert_eq!(decoded(b"x\n# coding: latin-1\n'\xc3\xa9'"), "x\n# coding: latin-1\n'é'");
        assert_eq!(
            decoded(b"# coding: ascii\n'\xc3\xa9'"),
            "(unicode error) 'ascii' codec can't decode byte 0xc3 in position 17: ordinal not in range(128)"
        );
        assert_eq!(decoded(b"# coding: no-such\n"), "unknown encoding: no-such");
        assert_eq!(decoded(b"\xef\xbb\xbf# coding: latin-1\n"), "encoding problem: latin-1 with BOM");
    }

    #[test]
    fn bytes_that_are_no_text_are_located() {
        assert_eq!(
            decoded(b"\n'\xe9'"),
            "Non-UTF-8 code starting with '\\xe9' on line 2, but no encoding declared; \
             see https://peps.python.org/pep-0263/ for details"
        );
        let error = decode(b"a\nb\0").expect_err("NUL is refused");
        assert_eq!((error.message.as_str(), error.span.start), ("source code cannot contain null bytes", 3));
    }

    #[test]
    fn tables_have_128_characters() {
        for table in [KOI8_R, CP1252, LATIN_9] {
            assert_eq!(table.chars().count(), 128);
        }
    }
}
