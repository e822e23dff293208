//! Operands that are small enumerations, each declared once with its number, its name and its spelling.
//!
//! Numbers of the primitive families follow Static Python's tables (type codes and operator ids), so that listings can be
//! compared with the reference.

/// Declares an operand enumeration with numbers and printed spellings.
macro_rules! operand_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$item_meta:meta])* $item:ident = $number:literal $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
        #[repr(u8)]
        $vis enum $name { $($(#[$item_meta])* $item = $number,)* }

        impl $name {
            /// Every member, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$item,)*];

            /// The member with this number.
            #[inline]
            pub const fn from_operand(number: u32) -> Option<Self> {
                match number { $($number => Some(Self::$item),)* _ => None }
            }

            /// The spelling in listings.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$item => $text,)* }
            }

            /// The member with this spelling.
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$item),)* _ => None }
            }
        }
    };
}

operand_enum! {
    /// Operator of `BINARY_OP` and `BINARY_OP_INPLACE`.
    pub enum BinaryOp {
        /// `a + b`
        Add = 0 "+",
        /// `a & b`
        And = 1 "&",
        /// `a // b`
        FloorDivide = 2 "//",
        /// `a << b`
        LeftShift = 3 "<<",
        /// `a @ b`
        MatrixMultiply = 4 "@",
        /// `a * b`
        Multiply = 5 "*",
        /// `a % b`
        Modulo = 6 "%",
        /// `a | b`
        Or = 7 "|",
        /// `a ** b`
        Power = 8 "**",
        /// `a >> b`
        RightShift = 9 ">>",
        /// `a - b`
        Subtract = 10 "-",
        /// `a / b`
        Divide = 11 "/",
        /// `a ^ b`
        Xor = 12 "^",
    }
}

operand_enum! {
    /// Operator of `COMPARE_OP`.
    pub enum CompareOp {
        /// `a < b`
        Less = 0 "<",
        /// `a <= b`
        LessEqual = 1 "<=",
        /// `a == b`
        Equal = 2 "==",
        /// `a != b`
        NotEqual = 3 "!=",
        /// `a > b`
        Greater = 4 ">",
        /// `a >= b`
        GreaterEqual = 5 ">=",
    }
}

impl CompareOp {
    /// The operator with its operands exchanged: `a < b` is `b > a`.
    #[must_use]
    pub const fn swapped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Equal => Self::Equal,
            Self::NotEqual => Self::NotEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
        }
    }
}

operand_enum! {
    /// The type of a primitive value: `log2(bytes) * 2 + signed` for integers.
    pub enum TypeCode {
        /// `uint8`
        UInt8 = 0 "uint8",
        /// `int8`
        Int8 = 1 "int8",
        /// `uint16`
        UInt16 = 2 "uint16",
        /// `int16`
        Int16 = 3 "int16",
        /// `uint32`
        UInt32 = 4 "uint32",
        /// `int32`
        Int32 = 5 "int32",
        /// `uint64`
        UInt64 = 6 "uint64",
        /// `int64`
        Int64 = 7 "int64",
        /// A Python object; never the type of a primitive value.
        Object = 8 "object",
        /// `double`
        Double = 9 "double",
        /// `single`, a 32-bit float; only as an array element.
        Single = 10 "single",
        /// `char`, an 8-bit signed integer with its own name.
        Char = 11 "char",
        /// `cbool`
        CBool = 12 "cbool",
        /// No value.
        Void = 13 "void",
    }
}

/// How a value sits in a stack slot, a local or a register.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Repr {
    /// A tagged value word, counted.
    Object,
    /// A 64-bit integer, sign- or zero-extended from its type's width; `cbool` is 0 or 1.
    Int,
    /// The bits of a 64-bit float.
    Double,
}

impl Repr {
    /// The spelling in listings.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Int => "int",
            Self::Double => "double",
        }
    }
}

impl TypeCode {
    /// How a value of this type sits in a slot.
    pub const fn repr(self) -> Repr {
        match self {
            Self::Object | Self::Void => Repr::Object,
            Self::Double | Self::Single => Repr::Double,
            _ => Repr::Int,
        }
    }

    /// Whether this is an integer type (`cbool` is not one).
    pub const fn is_integer(self) -> bool {
        matches!(self.repr(), Repr::Int) && !matches!(self, Self::CBool)
    }

    /// Whether values of this integer type can be negative.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::Int8 | Self::Int16 | Self::Int32 | Self::Int64 | Self::Char)
    }

    /// Width in a field or an array, in bytes.
    pub const fn size(self) -> usize {
        match self {
            Self::UInt8 | Self::Int8 | Self::Char | Self::CBool => 1,
            Self::UInt16 | Self::Int16 => 2,
            Self::UInt32 | Self::Int32 | Self::Single => 4,
            Self::UInt64 | Self::Int64 | Self::Double | Self::Object => 8,
            Self::Void => 0,
        }
    }

    /// Reduces a 64-bit carrier to this integer type's width and extends it again: two's-complement wrap-around.
    #[inline]
    pub const fn wrap(self, carrier: i64) -> i64 {
        match self {
            Self::UInt8 => carrier as u8 as i64,
            Self::Int8 | Self::Char => carrier as i8 as i64,
            Self::UInt16 => carrier as u16 as i64,
            Self::Int16 => carrier as i16 as i64,
            Self::UInt32 => carrier as u32 as i64,
            Self::Int32 => carrier as i32 as i64,
            Self::CBool => (carrier != 0) as i64,
            _ => carrier,
        }
    }
}

operand_enum! {
    /// Arithmetic on two primitive values of one type.
    pub enum PrimitiveBinaryOp {
        /// Addition.
        Add = 0 "add",
        /// Subtraction.
        Subtract = 1 "sub",
        /// Multiplication.
        Multiply = 2 "mul",
        /// Signed division, truncating.
        Divide = 3 "div",
        /// Unsigned division.
        DivideUnsigned = 4 "div_un",
        /// Signed remainder, with the dividend's sign.
        Modulo = 5 "mod",
        /// Unsigned remainder.
        ModuloUnsigned = 6 "mod_un",
        /// Signed power; the result is a double.
        Power = 7 "pow",
        /// Left shift.
        LeftShift = 8 "lshift",
        /// Arithmetic right shift.
        RightShift = 9 "rshift",
        /// Logical right shift.
        RightShiftUnsigned = 10 "rshift_un",
        /// Exclusive or.
        Xor = 11 "xor",
        /// Or.
        Or = 12 "or",
        /// And.
        And = 13 "and",
        /// Double addition.
        AddDouble = 14 "add_f",
        /// Double subtraction.
        SubtractDouble = 15 "sub_f",
        /// Double multiplication.
        MultiplyDouble = 16 "mul_f",
        /// Double division.
        DivideDouble = 17 "div_f",
        /// Double remainder, with Python's float semantics.
        ModuloDouble = 18 "mod_f",
        /// Double power.
        PowerDouble = 19 "pow_f",
        /// Unsigned power; the result is a double.
        PowerUnsigned = 20 "pow_un",
        /// Double floor division, with Python's float semantics.
        FloorDivideDouble = 21 "floordiv_f",
        /// Addition; overflow raises.
        AddTrapping = 22 "add_trap",
        /// Subtraction; overflow raises.
        SubtractTrapping = 23 "sub_trap",
        /// Multiplication; overflow raises.
        MultiplyTrapping = 24 "mul_trap",
        /// Signed division, truncating; overflow raises.
        DivideTrapping = 25 "div_trap",
        /// Left shift; overflow raises.
        LeftShiftTrapping = 26 "lshift_trap",
    }
}

impl PrimitiveBinaryOp {
    /// Representation of both operands.
    pub const fn operand_repr(self) -> Repr {
        match self {
            Self::AddDouble
            | Self::SubtractDouble
            | Self::MultiplyDouble
            | Self::DivideDouble
            | Self::ModuloDouble
            | Self::PowerDouble
            | Self::FloorDivideDouble => Repr::Double,
            _ => Repr::Int,
        }
    }

    /// The form that raises `OverflowError` where this one wraps; itself if it never does.
    pub const fn trapping(self) -> Self {
        match self {
            Self::Add => Self::AddTrapping,
            Self::Subtract => Self::SubtractTrapping,
            Self::Multiply => Self::MultiplyTrapping,
            Self::Divide => Self::DivideTrapping,
            Self::LeftShift => Self::LeftShiftTrapping,
            other => other,
        }
    }

    /// Whether overflow raises.
    pub const fn traps(self) -> bool {
        matches!(
            self,
            Self::AddTrapping
                | Self::SubtractTrapping
                | Self::MultiplyTrapping
                | Self::DivideTrapping
                | Self::LeftShiftTrapping
        )
    }

    /// Representation of the result.
    pub const fn result_repr(self) -> Repr {
        match self {
            Self::Power | Self::PowerUnsigned => Repr::Double,
            other => other.operand_repr(),
        }
    }
}

operand_enum! {
    /// Comparison of two primitive values of one type; the result is a `cbool`.
    pub enum PrimitiveCompareOp {
        /// Equal.
        Equal = 0 "eq",
        /// Not equal.
        NotEqual = 1 "ne",
        /// Signed less.
        Less = 2 "lt",
        /// Signed less or equal.
        LessEqual = 3 "le",
        /// Signed greater.
        Greater = 4 "gt",
        /// Signed greater or equal.
        GreaterEqual = 5 "ge",
        /// Unsigned less.
        LessUnsigned = 6 "lt_un",
        /// Unsigned less or equal.
        LessEqualUnsigned = 7 "le_un",
        /// Unsigned greater.
        GreaterUnsigned = 8 "gt_un",
        /// Unsigned greater or equal.
        GreaterEqualUnsigned = 9 "ge_un",
        /// Double equal.
        EqualDouble = 10 "eq_f",
        /// Double not equal.
        NotEqualDouble = 11 "ne_f",
        /// Double less.
        LessDouble = 12 "lt_f",
        /// Double less or equal.
        LessEqualDouble = 13 "le_f",
        /// Double greater.
        GreaterDouble = 14 "gt_f",
        /// Double greater or equal.
        GreaterEqualDouble = 15 "ge_f",
    }
}

impl PrimitiveCompareOp {
    /// Representation of both operands.
    pub const fn operand_repr(self) -> Repr {
        if self as u8 >= Self::EqualDouble as u8 { Repr::Double } else { Repr::Int }
    }
}

operand_enum! {
    /// Operation on one primitive value.
    pub enum PrimitiveUnaryOp {
        /// Integer negation.
        Negate = 0 "neg",
        /// Bitwise complement.
        Invert = 1 "invert",
        /// Double negation.
        NegateDouble = 2 "neg_f",
        /// Logical not of a `cbool`.
        Not = 3 "not",
    }
}

impl PrimitiveUnaryOp {
    /// Representation of operand and result.
    pub const fn repr(self) -> Repr {
        match self {
            Self::NegateDouble => Repr::Double,
            Self::Negate | Self::Invert | Self::Not => Repr::Int,
        }
    }
}

operand_enum! {
    /// Which container `SEQUENCE_GET` and `SEQUENCE_SET` index.
    pub enum SequenceKind {
        /// A list, exactly.
        List = 0 "list",
        /// A tuple, exactly.
        Tuple = 1 "tuple",
        /// A list or a subclass, which may override `__getitem__`.
        ListInexact = 2 "list_inexact",
        /// A `CheckedList`.
        CheckedList = 3 "checked_list",
        /// `Array[uint8]`
        ArrayUInt8 = 16 "array_uint8",
        /// `Array[int8]`
        ArrayInt8 = 17 "array_int8",
        /// `Array[uint16]`
        ArrayUInt16 = 18 "array_uint16",
        /// `Array[int16]`
        ArrayInt16 = 19 "array_int16",
        /// `Array[uint32]`
        ArrayUInt32 = 20 "array_uint32",
        /// `Array[int32]`
        ArrayInt32 = 21 "array_int32",
        /// `Array[uint64]`
        ArrayUInt64 = 22 "array_uint64",
        /// `Array[int64]`
        ArrayInt64 = 23 "array_int64",
        /// `Array[double]`
        ArrayDouble = 25 "array_double",
        /// `Array[single]`
        ArraySingle = 26 "array_single",
        /// `Array[char]`
        ArrayChar = 27 "array_char",
        /// `Array[cbool]`
        ArrayCBool = 28 "array_cbool",
        /// `Vector[uint8]`
        VectorUInt8 = 32 "vector_uint8",
        /// `Vector[int8]`
        VectorInt8 = 33 "vector_int8",
        /// `Vector[uint16]`
        VectorUInt16 = 34 "vector_uint16",
        /// `Vector[int16]`
        VectorInt16 = 35 "vector_int16",
        /// `Vector[uint32]`
        VectorUInt32 = 36 "vector_uint32",
        /// `Vector[int32]`
        VectorInt32 = 37 "vector_int32",
        /// `Vector[uint64]`
        VectorUInt64 = 38 "vector_uint64",
        /// `Vector[int64]`
        VectorInt64 = 39 "vector_int64",
        /// `Vector[double]`
        VectorDouble = 41 "vector_double",
        /// `Vector[single]`
        VectorSingle = 42 "vector_single",
        /// `Vector[char]`
        VectorChar = 43 "vector_char",
        /// `Vector[cbool]`
        VectorCBool = 44 "vector_cbool",
    }
}

impl SequenceKind {
    /// The kind for arrays with this element type.
    pub const fn array(element: TypeCode) -> Option<Self> {
        Self::from_operand(element as u32 + 16)
    }

    /// The kind for vectors with this element type.
    pub const fn vector(element: TypeCode) -> Option<Self> {
        Self::from_operand(element as u32 + 32)
    }

    /// Whether it is a vector.
    pub const fn is_vector(self) -> bool {
        self as u32 >= 32
    }

    /// The element type: `Object` but for arrays and vectors.
    pub const fn element(self) -> TypeCode {
        match TypeCode::from_operand((self as u32 & !32).wrapping_sub(16 * !self.is_vector() as u32)) {
            Some(code) if self as u32 >= 16 => code,
            _ => TypeCode::Object,
        }
    }
}

operand_enum! {
    /// Which container `FAST_LEN` measures. `Inexact` members may be subclasses that override `__len__`.
    pub enum LenKind {
        /// A list, exactly.
        List = 0 "list",
        /// A dict, exactly.
        Dict = 1 "dict",
        /// A set, exactly.
        Set = 2 "set",
        /// A tuple, exactly.
        Tuple = 3 "tuple",
        /// A static array.
        Array = 4 "array",
        /// A str, exactly.
        Str = 5 "str",
        /// A `CheckedList`.
        CheckedList = 6 "checked_list",
        /// A `CheckedDict`.
        CheckedDict = 7 "checked_dict",
        /// A static vector.
        Vector = 8 "vector",
        /// A list or a subclass.
        ListInexact = 16 "list_inexact",
        /// A dict or a subclass.
        DictInexact = 17 "dict_inexact",
        /// A set or a subclass.
        SetInexact = 18 "set_inexact",
        /// A tuple or a subclass.
        TupleInexact = 19 "tuple_inexact",
        /// A str or a subclass.
        StrInexact = 21 "str_inexact",
    }
}

operand_enum! {
    /// Operation of `CALL_INTRINSIC`: rare, runtime-implemented, with its own stack effect.
    pub enum Intrinsic {
        /// Print a value as the interactive loop does: `value -- None`.
        Print = 1 "print",
        /// Import every public name of a module into the locals: `module -- None`.
        ImportStar = 2 "import_star",
        /// Turn a StopIteration that leaves a generator into RuntimeError: `exc -- exc`.
        StopIterationError = 3 "stopiteration_error",
        /// Wrap a value yielded by an async generator: `value -- wrapped`.
        AsyncGenWrap = 4 "async_gen_wrap",
        /// Make a tuple of a list: `list -- tuple`.
        ListToTuple = 6 "list_to_tuple",
        /// Make a type variable: `name -- typevar`.
        TypeVar = 7 "typevar",
        /// Make a parameter specification: `name -- paramspec`.
        ParamSpec = 8 "paramspec",
        /// Make a type variable tuple: `name -- typevartuple`.
        TypeVarTuple = 9 "typevartuple",
        /// Subscript `Generic` with type parameters: `params -- base`.
        SubscriptGeneric = 10 "subscript_generic",
        /// Make a type alias: `(name, params, evaluate) -- alias`.
        TypeAlias = 11 "typealias",
        /// Build what an `except*` block re-raises: `original, raised_list -- exc`.
        PrepareReraiseStar = 12 "prep_reraise_star",
        /// Make a bounded type variable: `name, evaluate_bound -- typevar`.
        TypeVarWithBound = 13 "typevar_with_bound",
        /// Make a constrained type variable: `name, evaluate_constraints -- typevar`.
        TypeVarWithConstraints = 14 "typevar_with_constraints",
        /// Attach type parameters to a function: `function, params -- function`.
        SetFunctionTypeParams = 15 "set_function_type_params",
        /// Give a type parameter its default: `typeparam, evaluate_default -- typeparam`.
        SetTypeParamDefault = 16 "set_typeparam_default",
        /// Refuse from here on to set attributes of the module with the frame's globals: `None -- None`.
        SealModule = 17 "seal_module",
        /// Freeze the classes of a list: `list -- None`.
        FreezeClasses = 18 "freeze_classes",
        /// What a test has put in the place of a function or class, or that itself: `value -- value`.
        StandIn = 19 "stand_in",
    }
}

impl Intrinsic {
    /// How many objects it pops; it always pushes one.
    pub const fn arity(self) -> u32 {
        match self {
            Self::PrepareReraiseStar
            | Self::TypeVarWithBound
            | Self::TypeVarWithConstraints
            | Self::SetFunctionTypeParams
            | Self::SetTypeParamDefault => 2,
            _ => 1,
        }
    }

    /// Whether it looks at the frame that runs it.
    pub const fn needs_frame(self) -> bool {
        matches!(self, Self::ImportStar | Self::StopIterationError | Self::SealModule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_codes_encode_size_and_sign() {
        for &code in TypeCode::ALL.iter().filter(|code| code.is_integer() && **code != TypeCode::Char) {
            assert_eq!(code as usize >> 1, code.size().trailing_zeros() as usize, "{code:?}");
            assert_eq!(code as u8 & 1 == 1, code.is_signed(), "{code:?}");
        }
    }

    #[test]
    fn wrapping_is_two_complement() {
        assert_eq!(TypeCode::Int8.wrap(200), -56);
        assert_eq!(TypeCode::UInt8.wrap(-1), 255);
        assert_eq!(TypeCode::Int32.wrap(1 << 31), -(1 << 31));
        assert_eq!(TypeCode::UInt64.wrap(-1), -1);
    }

    #[test]
    fn arrays_know_their_element() {
        assert_eq!(SequenceKind::array(TypeCode::Double), Some(SequenceKind::ArrayDouble));
        assert_eq!(SequenceKind::ArrayCBool.element(), TypeCode::CBool);
        assert_eq!(SequenceKind::vector(TypeCode::UInt8), Some(SequenceKind::VectorUInt8));
        assert_eq!(SequenceKind::VectorDouble.element(), TypeCode::Double);
        assert_eq!(SequenceKind::Tuple.element(), TypeCode::Object);
        assert_eq!(SequenceKind::CheckedList.element(), TypeCode::Object);
    }
}
