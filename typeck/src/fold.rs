//! Arithmetic on literals: the value of `4 * 1024`, which is as good as a literal where a constant is declared. (`static-python.md` 1.2, step 2)
//!
//! Only what gives a machine word or a finite float is worked out, with Python's rules for signs; anything else has no value here and is computed
//! when the program runs. Cost: one visit of the expression.

use parser::ast::{Constant, Expr, ExprKind, Int, Operator, UnaryOp};

use crate::program;

/// A number that literals give.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Number {
    Int(i64),
    Float(f64),
}

/// The constant that an expression of numbers gives.
pub(crate) fn constant<'a>(expr: &Expr<'a>) -> Option<program::Constant<'a>> {
    let (magnitude, is_negative) = match number(expr)? {
        Number::Int(value) => (Constant::Int(Int::Small(value.checked_abs()?)), value < 0),
        Number::Float(value) => (Constant::Float(value.abs()), value.is_sign_negative()),
    };
    Some(match is_negative {
        true => program::Constant::Negated(magnitude),
        false => program::Constant::Literal(magnitude),
    })
}

fn number(expr: &Expr<'_>) -> Option<Number> {
    match expr.kind {
        ExprKind::Constant { value: Constant::Int(Int::Small(value)), .. } => Some(Number::Int(value)),
        ExprKind::Constant { value: Constant::Float(value), .. } => Some(Number::Float(value)),
        ExprKind::UnaryOp { op, operand } => unary(op, number(operand)?),
        ExprKind::BinOp { left, op, right } => match (number(left)?, number(right)?) {
            (Number::Int(_), Number::Int(0)) if op == Operator::Div => None,
            (Number::Int(a), Number::Int(b)) if op != Operator::Div => integer(a, op, b).map(Number::Int),
            (a, b) => float(a.exactly()?, op, b.exactly()?).map(Number::Float),
        },
        _ => None,
    }
}

fn unary(op: UnaryOp, operand: Number) -> Option<Number> {
    match (op, operand) {
        (UnaryOp::USub, Number::Int(value)) => value.checked_neg().map(Number::Int),
        (UnaryOp::USub, Number::Float(value)) => Some(Number::Float(-value)),
        (UnaryOp::UAdd, value) => Some(value),
        (UnaryOp::Invert, Number::Int(value)) => Some(Number::Int(!value)),
        (UnaryOp::Invert | UnaryOp::Not, _) => None,
    }
}

/// Division rounds down, and the remainder has the sign of the divisor.
fn integer(a: i64, op: Operator, b: i64) -> Option<i64> {
    match op {
        Operator::Add => a.checked_add(b),
        Operator::Sub => a.checked_sub(b),
        Operator::Mult => a.checked_mul(b),
        Operator::FloorDiv => {
            let (quotient, rest) = (a.checked_div(b)?, a.checked_rem(b)?);
            Some(if rest != 0 && (rest < 0) != (b < 0) { quotient - 1 } else { quotient })
        }
        Operator::Mod => {
            let rest = a.checked_rem(b)?;
            Some(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest })
        }
        Operator::Pow => a.checked_pow(u32::try_from(b).ok()?),
        Operator::LShift => a.checked_mul(1i64.checked_shl(u32::try_from(b).ok().filter(|&by| by < 63)?)?),
        Operator::RShift => Some(a >> u32::try_from(b).ok()?.min(63)),
        Operator::BitAnd => Some(a & b),
        Operator::BitOr => Some(a | b),
        Operator::BitXor => Some(a ^ b),
        Operator::Div | Operator::MatMult => None,
    }
}

fn float(a: f64, op: Operator, b: f64) -> Option<f64> {
    let result = match op {
        Operator::Add => a + b,
        Operator::Sub => a - b,
        Operator::Mult => a * b,
        Operator::Div => a / b,
        _ => return None,
    };
    result.is_finite().then_some(result)
}

impl Number {
    /// The value as a float, if that is the same number.
    fn exactly(self) -> Option<f64> {
        match self {
            Self::Int(value) => (value.unsigned_abs() <= 1 << 53).then_some(value as f64),
            Self::Float(value) => Some(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_follow_the_rules_for_signs() {
        let cases = [
            (-7, Operator::FloorDiv, 2, Some(-4)),
            (-7, Operator::Mod, 2, Some(1)),
            (7, Operator::Mod, -2, Some(-1)),
            (7, Operator::FloorDiv, 0, None),
            (2, Operator::Pow, 10, Some(1024)),
            (2, Operator::Pow, -1, None),
            (1, Operator::LShift, 62, Some(1 << 62)),
            (1, Operator::LShift, 63, None),
            (-5, Operator::RShift, 200, Some(-1)),
            (i64::MAX, Operator::Add, 1, None),
            (i64::MIN, Operator::FloorDiv, -1, None),
        ];
        for (a, op, b, wanted) in cases {
            assert_eq!(integer(a, op, b), wanted, "{a} {} {b}", op.symbol());
        }
    }

    #[test]
    fn floats_are_finite() {
        assert_eq!(float(1.0, Operator::Div, 4.0), Some(0.25));
        assert_eq!(float(1.0, Operator::Div, 0.0), None);
        assert_eq!(float(1e308, Operator::Mult, 10.0), None);
        assert_eq!(Number::Int((1 << 53) + 1).exactly(), None);
    }
}
