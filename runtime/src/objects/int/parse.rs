//! Ints from and to text, with the limit on decimal digits that keeps conversions from becoming quadratic traps.

use std::cell::Cell;

use dashu_int::IBig;

use super::IntRef;
use crate::value::PyResult;
use crate::world::World;

/// Digits beyond which decimal conversion is refused; 0 for no limit.
static MAX_DIGITS: World<Cell<usize>> = World::new(Cell::new(4300));

/// `sys.get_int_max_str_digits()`
pub fn max_str_digits() -> usize {
    MAX_DIGITS.get()
}

/// `sys.set_int_max_str_digits()`
pub fn set_max_str_digits(limit: usize) {
    MAX_DIGITS.set(limit);
}

/// Decimal digits.
pub fn to_decimal(number: IntRef<'_>) -> PyResult<String> {
    let big = match number {
        IntRef::Small(small) => return Ok(small.to_string()),
        IntRef::Big(big) => big,
    };
    let limit = max_str_digits();
    if limit > 0 {
        let bits = dashu_int::ops::BitTest::bit_len(big);
        // log10(2) is a little more than 3/10.
        if bits * 3 / 10 > limit {
            return Err(limit_exceeded(limit));
        }
        let text = big.to_string();
        let digits = text.len() - usize::from(text.starts_with('-'));
        return if digits > limit { Err(limit_exceeded(limit)) } else { Ok(text) };
    }
    Ok(big.to_string())
}

fn limit_exceeded(limit: usize) -> crate::error::Raised {
    crate::raise!(
        ValueError,
        "Exceeds the limit ({limit} digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit"
    )
}

/// Digits in a base from 2 to 36, lower case, without prefix.
pub fn to_radix(number: IntRef<'_>, base: u32) -> String {
    number.to_big().in_radix(base as u8).to_string()
}

/// Why a text is not an int.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParseFailure {
    /// Not a literal in this base.
    Invalid,
    /// More decimal digits than allowed.
    TooLong {
        /// How many.
        digits: usize,
    },
}

/// Reads an int as `int(text, base)` does: blanks around, sign, prefix, underscores between digits.
pub fn from_text(text: &str, base: u32) -> Result<IBig, ParseFailure> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}'));
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (base, digits) = strip_prefix(digits, base)?;
    let cleaned = clean_digits(digits, base)?;
    let limit = max_str_digits();
    if limit > 0 && !base.is_power_of_two() && cleaned.len() > limit {
        return Err(ParseFailure::TooLong { digits: cleaned.len() });
    }
    let number = IBig::from_str_radix(&cleaned, base).map_err(|_| ParseFailure::Invalid)?;
    Ok(if negative { -number } else { number })
}

/// Resolves base 0 and takes a fitting `0x`-like prefix off.
fn strip_prefix(digits: &str, base: u32) -> Result<(u32, &str), ParseFailure> {
    let prefix = digits.get(..2).unwrap_or("");
    let prefixed = match prefix {
        "0x" | "0X" => 16,
        "0o" | "0O" => 8,
        "0b" | "0B" => 2,
        _ => 0,
    };
    if prefixed != 0 && (base == prefixed || base == 0) {
        let rest = &digits[2..];
        return Ok((prefixed, rest.strip_prefix('_').unwrap_or(rest)));
    }
    if base != 0 {
        return Ok((base, digits));
    }
    // Without a prefix a leading zero is allowed for zero only.
    if digits.starts_with('0') && digits.bytes().any(|byte| !matches!(byte, b'0' | b'_')) {
        return Err(ParseFailure::Invalid);
    }
    Ok((10, digits))
}

/// Checks digits and removes single underscores between them.
fn clean_digits(digits: &str, base: u32) -> Result<String, ParseFailure> {
    let mut cleaned = String::with_capacity(digits.len());
    let mut after_digit = false;
    for c in digits.chars() {
        let value = c
            .to_digit(base.max(10))
            .filter(|&value| value < base)
            .or_else(|| decimal_value(c).filter(|&value| value < base));
        match value {
            Some(value) => cleaned.push(char::from_digit(value, 36).expect("digits are below 36")),
            None if c == '_' && after_digit => {}
            None => return Err(ParseFailure::Invalid),
        }
        after_digit = c != '_';
    }
    if after_digit { Ok(cleaned) } else { Err(ParseFailure::Invalid) }
}

/// Value of a decimal digit of any script.
pub fn decimal_value(c: char) -> Option<u32> {
    crate::unicode::decimal(c.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_cpython_reads_them() {
        let read = |text, base| from_text(text, base).map(|big| big.to_string());
        assert_eq!(read(" -1_000 ", 10), Ok("-1000".to_owned()));
        assert_eq!(read("0x_ff", 0), Ok("255".to_owned()));
        assert_eq!(read("z", 36), Ok("35".to_owned()));
        assert_eq!(read("0b1", 16), Ok("177".to_owned()));
        assert_eq!(read("٣٤", 10), Ok("34".to_owned()));
        for bad in ["", "_1", "1_", "1__0", "0x", "+-1", "1 2"] {
            assert_eq!(read(bad, 10), Err(ParseFailure::Invalid), "{bad}");
        }
        assert_eq!(read("010", 0), Err(ParseFailure::Invalid));
        assert_eq!(read("00", 0), Ok("0".to_owned()));
        assert_eq!(from_text(&"1".repeat(5000), 10), Err(ParseFailure::TooLong { digits: 5000 }));
    }
}
