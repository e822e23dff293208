//! What regular expressions know about characters: categories, and case under three regimes.
//!
//! A pattern is matched by ASCII rules, by Unicode rules, or by those of the locale. The C library is never told to leave the locale "C", so
//! the last are ASCII rules too; in a UTF-8 locale no single byte above 127 is a letter either.
//! Unicode case is one character to one character: the first of the full mapping, as CPython has it.

use runtime::objects::int::parse::decimal_value;
use unicode_normalization::char::is_combining_mark;

use super::opcode::category as cat;

/// How case is ignored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Case {
    /// It is not.
    Exact,
    /// ASCII letters are alike.
    Ascii,
    /// As the locale has it.
    Locale,
    /// By Unicode.
    Unicode,
}

impl Case {
    /// What a character is compared as.
    #[inline]
    pub(super) fn fold(self, point: u32) -> u32 {
        match self {
            Case::Exact => point,
            Case::Ascii | Case::Locale => ascii_lower(point),
            Case::Unicode => unicode_lower(point),
        }
    }
}

/// Lower case of an ASCII letter.
#[inline]
pub(super) const fn ascii_lower(point: u32) -> u32 {
    if point.wrapping_sub(b'A' as u32) < 26 { point + 32 } else { point }
}

/// Upper case of an ASCII letter.
pub(super) const fn ascii_upper(point: u32) -> u32 {
    if point.wrapping_sub(b'a' as u32) < 26 { point - 32 } else { point }
}

/// Whether this is an ASCII letter.
pub(super) const fn ascii_is_cased(point: u32) -> bool {
    ascii_lower(point) != point || ascii_upper(point) != point
}

/// The first character of the lower case.
#[inline]
pub(super) fn unicode_lower(point: u32) -> u32 {
    match point {
        0..=0x7f => ascii_lower(point),
        _ => char::from_u32(point).and_then(|c| c.to_lowercase().next()).map_or(point, u32::from),
    }
}

/// The first character of the upper case.
pub(super) fn unicode_upper(point: u32) -> u32 {
    char::from_u32(point).and_then(|c| c.to_uppercase().next()).map_or(point, u32::from)
}

/// Whether lower or upper case differs from the character.
pub(super) fn unicode_is_cased(point: u32) -> bool {
    unicode_lower(point) != point || unicode_upper(point) != point
}

/// Letters, digits and the underscore of ASCII.
#[inline]
pub(super) fn is_ascii_word(point: u32) -> bool {
    u8::try_from(point).is_ok_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Letters and numbers by Unicode, and the underscore.
#[inline]
pub(super) fn is_unicode_word(point: u32) -> bool {
    if point < 128 { is_ascii_word(point) } else { char::from_u32(point).is_some_and(is_wide_word) }
}

/// Letters are what is alphabetic without being a mark or a symbol; all numbers of any kind count.
fn is_wide_word(c: char) -> bool {
    let is_circled = matches!(c,
        '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f149}' | '\u{1f150}'..='\u{1f169}' | '\u{1f170}'..='\u{1f189}');
    c.is_numeric() || (c.is_alphabetic() && !is_combining_mark(c) && !is_circled)
}

/// Python's whitespace in ASCII.
const fn is_ascii_space(point: u32) -> bool {
    matches!(point, 0x09..=0x0d | 0x20)
}

/// Python's whitespace.
fn is_unicode_space(point: u32) -> bool {
    matches!(point, 0x1c..=0x1f) || char::from_u32(point).is_some_and(char::is_whitespace)
}

/// What Unicode takes for the end of a line.
const fn is_unicode_line_break(point: u32) -> bool {
    matches!(point, 0x0a..=0x0d | 0x1c..=0x1e | 0x85 | 0x2028 | 0x2029)
}

/// Whether a character belongs to a category; categories that do not exist have no characters.
pub(super) fn is_in_category(category: u32, point: u32) -> bool {
    // The negations are the odd numbers.
    let is_negated = category % 2 == 1;
    is_negated
        != match category & !1 {
            cat::DIGIT => point.wrapping_sub(b'0' as u32) < 10,
            cat::SPACE => is_ascii_space(point),
            cat::WORD | cat::LOC_WORD => is_ascii_word(point),
            cat::LINEBREAK => point == b'\n' as u32,
            cat::UNI_DIGIT => char::from_u32(point).is_some_and(|c| decimal_value(c).is_some()),
            cat::UNI_SPACE => is_unicode_space(point),
            cat::UNI_WORD => is_unicode_word(point),
            cat::UNI_LINEBREAK => is_unicode_line_break(point),
            _ => is_negated,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_one_character() {
        assert_eq!(unicode_lower(0x130), 'i' as u32);
        assert_eq!(unicode_upper(0xdf), 'S' as u32);
        assert!(unicode_is_cased(0xfb05));
        assert!(unicode_is_cased(0x1fb3) && !unicode_is_cased('1' as u32));
    }

    #[test]
    fn marks_and_symbols_are_no_words() {
        assert!(is_unicode_word('é' as u32) && is_unicode_word(0x216f) && is_unicode_word('中' as u32));
        assert!(!is_unicode_word(0x0301) && !is_unicode_word(0x24b6) && !is_unicode_word(0xd800));
    }
}
