//! Constant expressions: what the compiler computes itself.
//!
//! Only what cannot differ from the run-time is folded: literals, negated numbers, arithmetic on integers that stays within
//! 64 bits, arithmetic on floats, tuples of constants, sums and short products of texts, bytes and tuples. (CPython: `Python/ast_opt.c`,
//! later `flowgraph.c`.)

use bytecode::Const;
use parser::ast::{Constant, Expr, ExprContext, ExprKind, Int, Operator, UnaryOp};

/// Bytes of the longest text that a product is computed for, and items of the longest tuple, as in CPython.
const LONGEST_TEXT: usize = 4096;
const MOST_ITEMS: usize = 256;

/// The value of a constant expression.
pub(crate) fn constant(expr: &Expr<'_>) -> Option<Const> {
    match expr.kind {
        ExprKind::Constant { value, .. } => Some(literal(value)),
        ExprKind::UnaryOp { op, operand } => unary(op, constant(operand)?),
        ExprKind::BinOp { left, op, right } => binary(op, &constant(left)?, &constant(right)?),
        ExprKind::Tuple { elts, ctx: ExprContext::Load } => {
            elts.iter().map(constant).collect::<Option<Vec<_>>>().map(Const::Tuple)
        }
        _ => None,
    }
}

/// The constant of a literal.
pub fn literal(value: Constant<'_>) -> Const {
    match value {
        Constant::None => Const::None,
        Constant::Ellipsis => Const::Ellipsis,
        Constant::Bool(value) => Const::Bool(value),
        Constant::Int(Int::Small(value)) => Const::Int(value),
        Constant::Int(Int::Big(digits)) => Const::BigInt(digits.to_owned()),
        Constant::Float(value) => Const::Float(value),
        Constant::Complex(imag) => Const::Complex(0.0, imag),
        Constant::Str(text) => Const::Str(text.as_bytes().to_vec()),
        Constant::Bytes(bytes) => Const::Bytes(bytes.to_vec()),
    }
}

/// Whether a constant is true, where that is known without running anything.
pub(crate) fn truth(constant: &Const) -> Option<bool> {
    Some(match constant {
        Const::None => false,
        Const::Ellipsis | Const::BigInt(_) | Const::Slice(_) => true,
        Const::Bool(value) => *value,
        Const::Int(value) => *value != 0,
        Const::Float(value) => *value != 0.0,
        Const::Complex(real, imag) => *real != 0.0 || *imag != 0.0,
        Const::Str(bytes) | Const::Bytes(bytes) => !bytes.is_empty(),
        Const::Tuple(items) | Const::FrozenSet(items) => !items.is_empty(),
        Const::Code(_) => return None,
    })
}

/// A number with its sign changed.
pub(crate) fn negated(constant: Const) -> Const {
    unary(UnaryOp::USub, constant.clone()).unwrap_or(constant)
}

fn unary(op: UnaryOp, operand: Const) -> Option<Const> {
    match (op, operand) {
        (UnaryOp::USub, Const::Int(value)) => value.checked_neg().map(Const::Int),
        (UnaryOp::USub, Const::Float(value)) => Some(Const::Float(-value)),
        (UnaryOp::USub, Const::Complex(real, imag)) => Some(Const::Complex(-real, -imag)),
        (UnaryOp::USub, Const::BigInt(digits)) => Some(match digits.strip_prefix('-') {
            Some(positive) => Const::BigInt(positive.to_owned()),
            // The smallest small int is the negation of an int that is not small.
            None => {
                let negated = format!("-{digits}");
                negated.parse().map_or(Const::BigInt(negated), Const::Int)
            }
        }),
        (UnaryOp::UAdd, number @ (Const::Int(_) | Const::Float(_))) => Some(number),
        (UnaryOp::Invert, Const::Int(value)) => Some(Const::Int(!value)),
        (UnaryOp::Not, operand) => truth(&operand).map(|value| Const::Bool(!value)),
        _ => None,
    }
}

fn binary(op: Operator, left: &Const, right: &Const) -> Option<Const> {
    match (left, right) {
        (Const::Int(a), Const::Int(b)) => int_binary(op, *a, *b),
        (Const::Float(a), Const::Float(b)) => float_binary(op, *a, *b),
        (Const::Int(a), Const::Float(b)) if exact(*a) => float_binary(op, *a as f64, *b),
        (Const::Float(a), Const::Int(b)) if exact(*b) => float_binary(op, *a, *b as f64),
        (Const::Str(a), Const::Str(b)) if op == Operator::Add => Some(Const::Str([&a[..], b].concat())),
        (Const::Bytes(a), Const::Bytes(b)) if op == Operator::Add => Some(Const::Bytes([&a[..], b].concat())),
        (Const::Tuple(a), Const::Tuple(b)) if op == Operator::Add => Some(Const::Tuple([&a[..], b].concat())),
        (sequence, Const::Int(count)) | (Const::Int(count), sequence) if op == Operator::Mult => {
            product(sequence, usize::try_from(*count).unwrap_or(0))
        }
        _ => None,
    }
}

/// A sequence so many times, if that is not too long to be kept with the code.
fn product(sequence: &Const, count: usize) -> Option<Const> {
    let fits = |len: usize, most: usize| len.checked_mul(count).is_some_and(|len| len <= most);
    match sequence {
        Const::Str(text) if fits(text.len(), LONGEST_TEXT) => Some(Const::Str(text.repeat(count))),
        Const::Bytes(bytes) if fits(bytes.len(), LONGEST_TEXT) => Some(Const::Bytes(bytes.repeat(count))),
        Const::Tuple(items) if fits(items.len(), MOST_ITEMS) && items.iter().all(is_single) => {
            Some(Const::Tuple(vec![&items[..]; count].concat()))
        }
        _ => None,
    }
}

/// Whether a constant is no container, so that repeating it takes no more than a word.
fn is_single(item: &Const) -> bool {
    !matches!(item, Const::Tuple(_) | Const::FrozenSet(_) | Const::Slice(_) | Const::Code(_))
}

fn int_binary(op: Operator, a: i64, b: i64) -> Option<Const> {
    let value = match op {
        Operator::Add => a.checked_add(b)?,
        Operator::Sub => a.checked_sub(b)?,
        Operator::Mult => a.checked_mul(b)?,
        Operator::FloorDiv if b != 0 => {
            let quotient = a.checked_div(b)?;
            if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
        }
        Operator::Mod if b != 0 => {
            let remainder = a.checked_rem(b)?;
            if remainder != 0 && (remainder < 0) != (b < 0) { remainder + b } else { remainder }
        }
        Operator::Pow => a.checked_pow(u32::try_from(b).ok().filter(|b| *b < 128)?)?,
        Operator::LShift if (0..63).contains(&b) => a.checked_mul(1i64.checked_shl(b as u32)?)?,
        Operator::RShift if b >= 0 => a >> b.min(63),
        Operator::BitOr => a | b,
        Operator::BitXor => a ^ b,
        Operator::BitAnd => a & b,
        Operator::Div if b != 0 && exact(a) && exact(b) => return Some(Const::Float(a as f64 / b as f64)),
        _ => return None,
    };
    Some(Const::Int(value))
}

fn float_binary(op: Operator, a: f64, b: f64) -> Option<Const> {
    Some(Const::Float(match op {
        Operator::Add => a + b,
        Operator::Sub => a - b,
        Operator::Mult => a * b,
        Operator::Div if b != 0.0 => a / b,
        _ => return None,
    }))
}

/// Whether an integer is a float without rounding.
fn exact(value: i64) -> bool {
    value.unsigned_abs() <= 1 << 53
}
