//! Literal types: one value, exactly of its class. (`static-python.md` 1.5, PEP 586)
//!
//! What flows into a literal type from where only the class is known is compared at run time, so that a literal type that is sure tells
//! which value there is.

use std::fmt;

use crate::program::ClassId;
use parser::ast::{Constant, Expr, ExprKind, Int, PyStr, UnaryOp};

/// The value of a literal type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Literal {
    /// An integer of a machine word.
    Int(i64),
    /// A truth value.
    Bool(bool),
    /// A string without lone surrogates.
    Str(Box<str>),
    /// Bytes.
    Bytes(Box<[u8]>),
    /// A member of an enumeration whose members are all known, and different.
    Member {
        /// The enumeration.
        class: ClassId,
        /// Its name.
        shown: Box<str>,
        /// The member's name.
        name: Box<str>,
    },
}

impl Literal {
    /// The literal of a constant, if there is a type for it.
    pub fn of_constant(value: &Constant<'_>) -> Option<Self> {
        match *value {
            Constant::Int(Int::Small(value)) => Some(Self::Int(value)),
            Constant::Bool(value) => Some(Self::Bool(value)),
            Constant::Str(text) => text.as_str().map(|text| Self::Str(text.into())),
            Constant::Bytes(bytes) => Some(Self::Bytes(bytes.into())),
            _ => None,
        }
    }

    /// The literal that an expression spells, a sign included.
    pub fn of_expr(expr: &Expr<'_>) -> Option<Self> {
        match expr.kind {
            ExprKind::Constant { value, .. } => Self::of_constant(&value),
            ExprKind::UnaryOp { op: UnaryOp::USub, operand } => match Self::of_expr(operand)? {
                Self::Int(value) => Some(Self::Int(-value)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Its truth, if that is known.
    pub fn is_true(&self) -> Option<bool> {
        Some(match self {
            Self::Int(value) => *value != 0,
            Self::Bool(value) => *value,
            Self::Str(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::Member { .. } => return None,
        })
    }

    /// Whether `==` finds the values equal, as it does `1` and `True`; `None` if a member may say so itself.
    pub fn is_equal(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Member { class, name, .. }, Self::Member { class: other, name: wanted, .. }) => {
                (class == other).then(|| name == wanted)
            }
            (Self::Member { .. }, _) | (_, Self::Member { .. }) => None,
            _ => Some(match (self.number(), other.number()) {
                (Some(one), Some(other)) => one == other,
                _ => self == other,
            }),
        }
    }

    /// Whether it is a number or a truth value.
    pub fn is_number(&self) -> bool {
        self.number().is_some()
    }

    fn number(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Bool(value) => Some(i64::from(*value)),
            Self::Str(_) | Self::Bytes(_) | Self::Member { .. } => None,
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let constant = match self {
            Self::Int(value) => return write!(f, "{value}"),
            Self::Member { shown, name, .. } => return write!(f, "{shown}.{name}"),
            Self::Bool(value) => Constant::Bool(*value),
            Self::Str(text) => Constant::Str(PyStr::from_wtf8(text.as_bytes())),
            Self::Bytes(bytes) => Constant::Bytes(bytes),
        };
        f.write_str(&parser::print::constant_repr(&constant))
    }
}
