//! Functions of numbers, and integers that a program would have to compute for too long.

use super::Analyser;
use super::iterate::number_of;
use super::operator::integer;
use super::value::{Args, Eval, Kind, Value};

/// Bits of a number that take no time worth a word.
const BITS: u64 = 1 << 24;

impl<'a> Analyser<'a, '_> {
    /// `abs`, `pow`, `divmod`, `round`, `chr`
    pub(super) fn number_function(
        &mut self,
        path: &str,
        number: Value<'a>,
        second: Option<Value<'a>>,
        args: &Args<'a>,
    ) -> Eval<'a, Option<Value<'a>>> {
        use parser::ast::Operator;
        let number = self.plain_member(number).unwrap_or(number);
        Ok(Some(match (path, number, second) {
            ("abs", Value::Int(_) | Value::Bool(_), _) => match integer(number).and_then(i64::checked_abs) {
                Some(number) => Value::Int(number),
                None => self.typed("int"),
            },
            ("abs", Value::Float(number), _) => Value::Float(number.abs()),
            ("abs", value, _) if matches!(self.kind(value), Some(Kind::Typed("complex"))) => {
                self.typed("float")
            }
            ("pow", base, Some(power)) if args.positional.len() == 2 => {
                self.binary(Operator::Pow, base, power)?
            }
            ("pow", base, Some(_)) if integer(base).is_some() => self.typed("int"),
            ("divmod", left, Some(right)) if number_of(left).is_some() && number_of(right).is_some() => {
                let parts =
                    [self.binary(Operator::FloorDiv, left, right)?, self.binary(Operator::Mod, left, right)?];
                self.tuple(parts.to_vec())
            }
            ("round", Value::Int(number), None) => Value::Int(number),
            ("round", Value::Float(number), None) if number.abs() < 1e15 => {
                Value::Int(number.round_ties_even() as i64)
            }
            ("round", Value::Float(_), Some(_)) => self.typed("float"),
            ("chr", Value::Int(code), _) => match u32::try_from(code).ok().filter(|code| *code < 0x11_0000) {
                Some(code) => match char::from_u32(code) {
                    Some(letter) => self.text(&letter.to_string()),
                    None => self.typed("str"),
                },
                None => return Err(self.raise("ValueError", "chr() arg not in range(0x110000)")),
            },
            _ => return Ok(None),
        }))
    }

    /// Whether a value is of a builtin class of which `int` and `float` make no number.
    pub(super) fn is_no_number(&self, value: Value<'a>) -> bool {
        let is_container = matches!(
            self.kind(value),
            Some(Kind::List(_) | Kind::Tuple(_) | Kind::Dict(_) | Kind::Set { .. } | Kind::Function(_))
        );
        is_container || value == Value::None
    }

    /// An integer of which only the class is known, unless it takes too long to compute.
    pub(super) fn large_integer(&mut self, op: parser::ast::Operator, left: i64, right: i64) -> Value<'a> {
        use parser::ast::Operator;
        let own = u64::from(64 - left.unsigned_abs().leading_zeros());
        let bits = match (op, u64::try_from(right)) {
            (Operator::Pow, Ok(power)) if left.unsigned_abs() > 1 => own.saturating_mul(power),
            (Operator::LShift, Ok(shift)) if left != 0 => own.saturating_add(shift),
            _ => 0,
        };
        if bits > BITS {
            return self.over_budget("a number has too many digits");
        }
        self.typed("int")
    }
}
