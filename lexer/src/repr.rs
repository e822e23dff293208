//! `repr` of strings, as CPython prints them in listings, trees and messages.

use crate::printable::is_printable;
use std::fmt::Write;

/// Appends the `repr` of a string, given its code points.
pub fn string(out: &mut String, points: impl Iterator<Item = u32> + Clone) {
    let quote = choose_quote(points.clone());
    out.push(quote);
    for code in points {
        match char::from_u32(code) {
            Some(letter) if letter == quote || letter == '\\' => {
                out.push('\\');
                out.push(letter);
            }
            Some(letter) if is_printable(code) => out.push(letter),
            _ => escape(out, code),
        }
    }
    out.push(quote);
}

/// Double quotes only where they save escaping single ones.
pub fn choose_quote(mut points: impl Iterator<Item = u32> + Clone) -> char {
    let has_double = points.clone().any(|code| code == u32::from('"'));
    if points.any(|code| code == u32::from('\'')) && !has_double { '"' } else { '\'' }
}

/// Appends a code point as an escape sequence.
pub fn escape(out: &mut String, code: u32) {
    let _infallible = match code {
        0x0a => write!(out, "\\n"),
        0x0d => write!(out, "\\r"),
        0x09 => write!(out, "\\t"),
        0..=0xff => write!(out, "\\x{code:02x}"),
        0x100..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_choose_their_quotes() {
        let show = |text: &str| {
            let mut out = String::new();
            string(&mut out, text.chars().map(u32::from));
            out
        };
        assert_eq!(show("it's"), "\"it's\"");
        assert_eq!(show("\"it's\""), "'\"it\\'s\"'");
        assert_eq!(show("a\n\u{a0}\u{e9}\u{1f600}\0"), "'a\\n\\xa0\u{e9}\u{1f600}\\x00'");
    }
}
