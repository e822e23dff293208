//! The operators of the bytecode, with everything the runtime needs to know about each in one table.

use std::cmp::Ordering;

pub use bytecode::{BinaryOp, CompareOp};

use crate::slots::{Binary, Slots};

/// What the runtime adds to a binary operator.
pub(crate) trait OperatorSlots {
    /// The type's implementation.
    fn slot(self, slots: &Slots) -> Option<Binary>;
    /// The type's implementation of the augmented assignment.
    fn inplace_slot(self, slots: &Slots) -> Option<Binary>;
    /// As error messages show it.
    fn symbol(self) -> &'static str;
}

macro_rules! operator_slots {
    ($($name:ident $slot:ident $inplace:ident,)*) => {
        impl OperatorSlots for BinaryOp {
            #[inline]
            fn slot(self, slots: &Slots) -> Option<Binary> {
                match self { $(Self::$name => slots.$slot,)* }
            }

            #[inline]
            fn inplace_slot(self, slots: &Slots) -> Option<Binary> {
                match self { $(Self::$name => slots.$inplace,)* }
            }

            fn symbol(self) -> &'static str {
                if self == Self::Power { "** or pow()" } else { self.text() }
            }
        }
    };
}

operator_slots! {
    Add add inplace_add,
    Subtract subtract inplace_subtract,
    Multiply multiply inplace_multiply,
    Divide true_divide inplace_true_divide,
    FloorDivide floor_divide inplace_floor_divide,
    Modulo remainder inplace_remainder,
    Power power inplace_power,
    MatrixMultiply matrix_multiply inplace_matrix_multiply,
    LeftShift lshift inplace_lshift,
    RightShift rshift inplace_rshift,
    And and inplace_and,
    Or or inplace_or,
    Xor xor inplace_xor,
}

/// What the runtime adds to a comparison operator.
pub trait Comparison {
    /// Whether an ordering satisfies the operator.
    fn holds(self, ordering: Ordering) -> bool;
}

impl Comparison for CompareOp {
    #[inline]
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            CompareOp::Less => ordering.is_lt(),
            CompareOp::LessEqual => ordering.is_le(),
            CompareOp::Equal => ordering.is_eq(),
            CompareOp::NotEqual => ordering.is_ne(),
            CompareOp::Greater => ordering.is_gt(),
            CompareOp::GreaterEqual => ordering.is_ge(),
        }
    }
}
