//! `repr` of constants, as CPython prints them.

use crate::ast::Constant;
use lexer::repr::{choose_quote, escape, string};
use std::fmt::Write;

/// Appends the `repr` of a constant.
pub(crate) fn constant(out: &mut String, value: &Constant<'_>) {
    match value {
        Constant::None => out.push_str("None"),
        Constant::Bool(true) => out.push_str("True"),
        Constant::Bool(false) => out.push_str("False"),
        Constant::Ellipsis => out.push_str("Ellipsis"),
        Constant::Int(value) => {
            let _infallible = write!(out, "{value}");
        }
        Constant::Float(value) => float(out, *value, true),
        Constant::Complex(value) => {
            float(out, *value, false);
            out.push('j');
        }
        Constant::Str(text) => string(out, text.code_points()),
        Constant::Bytes(value) => bytes(out, value),
    }
}

fn bytes(out: &mut String, value: &[u8]) {
    let quote = choose_quote(value.iter().copied().map(u32::from));
    out.push('b');
    out.push(quote);
    for &byte in value {
        let letter = char::from(byte);
        match byte {
            b' '..=b'~' if letter == quote || byte == b'\\' => {
                out.push('\\');
                out.push(letter);
            }
            b' '..=b'~' => out.push(letter),
            _ => escape(out, u32::from(byte)),
        }
    }
    out.push(quote);
}

/// Appends a float with the fewest digits that read back as the same value; fixed notation for exponents from -4 to 15.
fn float(out: &mut String, value: f64, needs_point: bool) {
    if value.is_infinite() {
        out.push_str("inf");
        return;
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("the format has an exponent");
    let exponent: i32 = exponent.parse().expect("the exponent is a small integer");
    let _infallible = if (-4..16).contains(&exponent) {
        let point = if needs_point && value.fract() == 0.0 { ".0" } else { "" };
        write!(out, "{value}{point}")
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(out, "{mantissa}e{sign}{:02}", exponent.abs())
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: Constant<'_>) -> String {
        let mut out = String::new();
        constant(&mut out, &value);
        out
    }

    #[test]
    fn floats_are_short_and_switch_notation() {
        let cases = [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (123_456_789_012_345.0, "123456789012345.0"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (1.5e300, "1.5e+300"),
            (f64::INFINITY, "inf"),
            (5e-324, "5e-324"),
        ];
        for (value, expected) in cases {
            assert_eq!(shown(Constant::Float(value)), expected);
        }
        assert_eq!(shown(Constant::Complex(2.0)), "2j");
    }

    #[test]
    fn bytes_choose_their_quotes() {
        assert_eq!(shown(Constant::Bytes(b"'\xff\t")), "b\"'\\xff\\t\"");
    }
}
