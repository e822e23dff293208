//! Operators and expression contexts, each named as its ASDL constructor, in one table per kind.

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

impl Operator {
    /// How tightly it binds; those of one level go together from the left, powers from the right.
    pub const fn precedence(self) -> u8 {
        match self {
            Self::BitOr => 0,
            Self::BitXor => 1,
            Self::BitAnd => 2,
            Self::LShift | Self::RShift => 3,
            Self::Add | Self::Sub => 4,
            Self::Mult | Self::MatMult | Self::Div | Self::Mod | Self::FloorDiv => 5,
            Self::Pow => 6,
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
