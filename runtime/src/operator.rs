//! The binary and comparison operators, with everything the runtime needs to know about each in one table.

macro_rules! binary_operators {
    ($($name:ident = $symbol:literal, $slot:ident, $inplace:ident, $dunder:literal, $reflected:literal, $inplace_dunder:literal;)*) => {
        /// A binary operator.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum BinaryOp { $(#[doc = concat!("`", $symbol, "`")] $name,)* }

        impl BinaryOp {
            /// All operators, by number.
            pub const ALL: &'static [BinaryOp] = &[$(BinaryOp::$name),*];

            /// As written between operands.
            pub const fn symbol(self) -> &'static str {
                match self { $(Self::$name => $symbol,)* }
            }

            /// The type's implementation.
            #[inline]
            pub(crate) fn slot(self, slots: &crate::slots::Slots) -> Option<crate::slots::Binary> {
                match self { $(Self::$name => slots.$slot,)* }
            }

            /// The type's implementation of the augmented assignment.
            #[inline]
            pub(crate) fn inplace_slot(self, slots: &crate::slots::Slots) -> Option<crate::slots::Binary> {
                match self { $(Self::$name => slots.$inplace,)* }
            }
        }
    };
}

binary_operators! {
    Add = "+", add, inplace_add, "__add__", "__radd__", "__iadd__";
    Subtract = "-", subtract, inplace_subtract, "__sub__", "__rsub__", "__isub__";
    Multiply = "*", multiply, inplace_multiply, "__mul__", "__rmul__", "__imul__";
    Divide = "/", true_divide, inplace_true_divide, "__truediv__", "__rtruediv__", "__itruediv__";
    FloorDivide = "//", floor_divide, inplace_floor_divide, "__floordiv__", "__rfloordiv__", "__ifloordiv__";
    Modulo = "%", remainder, inplace_remainder, "__mod__", "__rmod__", "__imod__";
    Power = "** or pow()", power, inplace_power, "__pow__", "__rpow__", "__ipow__";
    MatrixMultiply = "@", matrix_multiply, inplace_matrix_multiply, "__matmul__", "__rmatmul__", "__imatmul__";
    LeftShift = "<<", lshift, inplace_lshift, "__lshift__", "__rlshift__", "__ilshift__";
    RightShift = ">>", rshift, inplace_rshift, "__rshift__", "__rrshift__", "__irshift__";
    And = "&", and, inplace_and, "__and__", "__rand__", "__iand__";
    Or = "|", or, inplace_or, "__or__", "__ror__", "__ior__";
    Xor = "^", xor, inplace_xor, "__xor__", "__rxor__", "__ixor__";
}

/// A comparison operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum CompareOp {
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

impl CompareOp {
    /// As written between operands.
    pub const fn symbol(self) -> &'static str {
        ["<", "<=", "==", "!=", ">", ">="][self as usize]
    }

    /// The operator with its operands exchanged.
    #[must_use]
    pub const fn swapped(self) -> Self {
        use CompareOp::*;
        [Greater, GreaterEqual, Equal, NotEqual, Less, LessEqual][self as usize]
    }

    /// Whether an ordering satisfies the operator.
    #[inline]
    pub const fn holds(self, ordering: std::cmp::Ordering) -> bool {
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
