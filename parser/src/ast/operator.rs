//! Operators and expression contexts, each named as its ASDL constructor, in one table per kind, and how tightly expressions bind.

/// Declares an enum whose variants carry their ASDL name and their source text.
macro_rules! operators {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $symbol:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name {
            $($(#[$doc])* #[doc = concat!("`", $symbol, "`")] $variant,)+
        }

        impl $name {
            /// The name of the ASDL constructor.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)+ }
            }

            /// How the source text spells it.
            pub const fn symbol(self) -> &'static str {
                match self { $(Self::$variant => $symbol,)+ }
            }
        }
    };
}

operators! {
    /// Operators of `BinOp` and `AugAssign`.
    Operator {
        Add = "+",
        Sub = "-",
        Mult = "*",
        MatMult = "@",
        Div = "/",
        Mod = "%",
        Pow = "**",
        LShift = "<<",
        RShift = ">>",
        BitOr = "|",
        BitXor = "^",
        BitAnd = "&",
        FloorDiv = "//",
    }
}

/// How tightly an expression binds, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Precedence(u8);

impl Precedence {
    /// A bare tuple, `yield`, `:=`.
    pub const TUPLE: Self = Self(0);
    /// `lambda`, `if` with `else`.
    pub const TEST: Self = Self(1);
    /// `or`
    pub const OR: Self = Self(2);
    /// `and`
    pub const AND: Self = Self(3);
    /// `not`
    pub const NOT: Self = Self(4);
    /// Comparisons.
    pub const COMPARE: Self = Self(5);
    /// `|`
    pub const BIT_OR: Self = Self(6);
    /// `^`
    pub const BIT_XOR: Self = Self(7);
    /// `&`
    pub const BIT_AND: Self = Self(8);
    /// Shifts.
    pub const SHIFT: Self = Self(9);
    /// Sums.
    pub const ARITH: Self = Self(10);
    /// Products.
    pub const TERM: Self = Self(11);
    /// Signs and `~`.
    pub const FACTOR: Self = Self(12);
    /// `**`
    pub const POWER: Self = Self(13);
    /// `await`
    pub const AWAIT: Self = Self(14);
    /// Names, literals, brackets, and what follows them.
    pub const ATOM: Self = Self(15);

    /// The next level; of atoms, theirs.
    pub fn tighter(self) -> Self {
        Self(self.0 + 1).min(Self::ATOM)
    }
}

impl Operator {
    /// How tightly it binds; those of one level go together from the left, powers from the right.
    pub const fn precedence(self) -> Precedence {
        match self {
            Self::BitOr => Precedence::BIT_OR,
            Self::BitXor => Precedence::BIT_XOR,
            Self::BitAnd => Precedence::BIT_AND,
            Self::LShift | Self::RShift => Precedence::SHIFT,
            Self::Add | Self::Sub => Precedence::ARITH,
            Self::Mult | Self::MatMult | Self::Div | Self::Mod | Self::FloorDiv => Precedence::TERM,
            Self::Pow => Precedence::POWER,
        }
    }
}

operators! {
    /// Operators of `UnaryOp`.
    UnaryOp {
        Invert = "~",
        Not = "not ",
        UAdd = "+",
        USub = "-",
    }
}

operators! {
    /// Operators of `BoolOp`.
    BoolOp {
        And = "and",
        Or = "or",
    }
}

operators! {
    /// Operators of `Compare`.
    CmpOp {
        Eq = "==",
        NotEq = "!=",
        Lt = "<",
        LtE = "<=",
        Gt = ">",
        GtE = ">=",
        Is = "is",
        IsNot = "is not",
        In = "in",
        NotIn = "not in",
    }
}

operators! {
    /// What is done to the place that an expression names.
    ExprContext {
        Load = "load",
        Store = "store",
        Del = "del",
    }
}
