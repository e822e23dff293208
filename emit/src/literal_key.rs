//! Literals as keys of mapping patterns: which of them are equal, and how they are shown.
//!
//! Numbers of different types are equal if their values are: `0`, `False`, `0.0`, `-0` and `0j` are one key.

use bytecode::Const;
use parser::ast::{Expr, ExprKind};

/// Whether two literals are equal as keys.
pub(crate) fn are_equal(one: &Const, other: &Const) -> bool {
    match (one, other) {
        (Const::Str(one), Const::Str(other)) | (Const::Bytes(one), Const::Bytes(other)) => one == other,
        (Const::BigInt(one), Const::BigInt(other)) => one == other,
        (Const::None, Const::None) => true,
        (Const::Int(one), Const::Int(other)) => one == other,
        _ => match (number(one), number(other)) {
            (Some(one), Some(other)) => one == other,
            _ => false,
        },
    }
}

/// The parts of a number.
fn number(constant: &Const) -> Option<(f64, f64)> {
    match constant {
        Const::Bool(value) => Some((f64::from(u8::from(*value)), 0.0)),
        Const::Int(value) => Some((*value as f64, 0.0)),
        Const::Float(value) => Some((*value, 0.0)),
        Const::Complex(real, imaginary) => Some((*real, *imaginary)),
        _ => None,
    }
}

/// A literal as `repr()` shows it.
pub(crate) fn shown(key: &Expr<'_>, constant: &Const) -> String {
    match (&key.kind, constant) {
        (ExprKind::Constant { value, .. }, _) => parser::print::constant_repr(value),
        (_, Const::Int(value)) => value.to_string(),
        (_, Const::BigInt(digits)) => digits.clone(),
        (_, Const::Float(value)) => format!("{value:?}"),
        (_, Const::Complex(_, imaginary)) => format!("(-0{imaginary:+}j)"),
        _ => String::new(),
    }
}
