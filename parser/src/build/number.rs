//! The values of numbers.

use super::{Builder, ExprRef, Fallible, refuse_at};
use crate::ast::{Constant, Int};
use base::Span;
use dashu_int::UBig;

/// How many decimal digits CPython converts, `sys.int_info.default_max_str_digits`.
const MAX_DECIMAL_DIGITS: usize = 4300;

impl<'a> Builder<'a, '_> {
    pub(crate) fn number(&mut self, l: u32, r: u32) -> Fallible<ExprRef<'a>> {
        let written = self.text(l, r);
        let cleaned;
        let text = if written.contains('_') {
            cleaned = written.replace('_', "");
            &cleaned
        } else {
            written
        };
        let value = match text.as_bytes() {
            [b'0', b'x' | b'X', ..] => Constant::Int(self.integer(&text[2..], 16)),
            [b'0', b'o' | b'O', ..] => Constant::Int(self.integer(&text[2..], 8)),
            [b'0', b'b' | b'B', ..] => Constant::Int(self.integer(&text[2..], 2)),
            [.., b'j' | b'J'] => Constant::Complex(float(&text[..text.len() - 1])),
            bytes if bytes.iter().all(u8::is_ascii_digit) => {
                let digits = text.trim_start_matches('0').len();
                if digits > MAX_DECIMAL_DIGITS {
                    return refuse_at(Span::new(l, r), too_many_digits(digits));
                }
                Constant::Int(self.integer(text, 10))
            }
            _ => Constant::Float(float(text)),
        };
        Ok(self.constant(l, r, value))
    }

    fn integer(&mut self, digits: &str, radix: u32) -> Int<'a> {
        if let Ok(value) = i64::from_str_radix(digits, radix) {
            return Int::Small(value);
        }
        if radix == 10 {
            return Int::Big(self.arena.alloc_str(digits.trim_start_matches('0')));
        }
        let value =
            UBig::from_str_radix(digits, radix).expect("the lexer lets only digits of the radix through");
        Int::Big(self.arena.alloc_str(&value.to_string()))
    }
}

fn float(text: &str) -> f64 {
    text.parse().expect("the lexer lets only well-formed floats through")
}

fn too_many_digits(digits: usize) -> String {
    format!(
        "Exceeds the limit ({MAX_DECIMAL_DIGITS} digits) for integer string conversion: value has {digits} digits; \
         use sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer literals to \
         avoid decimal conversion limits."
    )
}
