//! The LIR instruction set, in one table.
//!
//! LIR is three-address code close to x86-64: operands may be immediates or memory where the machine allows it, conditions are a
//! field, and flags never live between instructions, because a comparison and its user are one instruction. What the register
//! allocator must know beyond "any register" is in the row: late uses (still read after the result is written), and fixed
//! registers.

/// Width of an operation in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Size {
    /// One byte.
    B1,
    /// Two bytes.
    B2,
    /// Four bytes.
    B4,
    /// Eight bytes.
    B8,
}

impl Size {
    /// Number of bytes.
    pub const fn bytes(self) -> u32 {
        1 << self as u32
    }

    /// The width of so many bytes.
    pub const fn from_bytes(bytes: u32) -> Option<Self> {
        match bytes {
            1 => Some(Self::B1),
            2 => Some(Self::B2),
            4 => Some(Self::B4),
            8 => Some(Self::B8),
            _ => None,
        }
    }
}

macro_rules! conditions {
    ($($name:ident $text:literal $negated:ident $swapped:ident;)+) => {
        /// A condition on two operands. For doubles all but `Ne` are false when unordered.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs, reason = "the names are the machine's")]
        pub enum Cc { $($name,)+ }

        impl Cc {
            /// Every condition with its name.
            pub const ALL: &[(Self, &'static str)] = &[$((Self::$name, $text)),+];

            /// The condition that holds when this one does not; integers only.
            #[must_use]
            pub const fn negated(self) -> Self {
                match self { $(Self::$name => Self::$negated,)+ }
            }

            /// The condition with operands exchanged.
            #[must_use]
            pub const fn swapped(self) -> Self {
                match self { $(Self::$name => Self::$swapped,)+ }
            }

            /// Name in text.
            pub fn name(self) -> &'static str {
                Self::ALL[self as usize].1
            }
        }
    };
}

conditions! {
    Eq "eq" Ne Eq;
    Ne "ne" Eq Ne;
    Lt "lt" Ge Gt;
    Le "le" Gt Ge;
    Gt "gt" Le Lt;
    Ge "ge" Lt Le;
    Below "b" AboveEq Above;
    BelowEq "be" Above AboveEq;
    Above "a" BelowEq Below;
    AboveEq "ae" Below BelowEq;
}

/// What the allocator must do for a register operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Constraint {
    /// Any register, free again when the result is written.
    Early,
    /// Any register, and not the one of the result.
    Late,
    /// Dividend register, overwritten by the instruction.
    Dividend,
    /// Shift-count register.
    Count,
}

/// Registers that an instruction overwrites besides its result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clobbers {
    /// None.
    None,
    /// Dividend and remainder.
    Division,
    /// Shift count; its old value is dead anyway.
    Count,
    /// Whatever calls do not preserve.
    Call,
}

/// Where the result is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Def {
    /// There is none.
    None,
    /// In any general register.
    Gpr,
    /// In any vector register.
    Xmm,
    /// In any register, of the file of the result operand.
    Any,
    /// In the dividend register.
    Quotient,
    /// In the remainder register.
    Remainder,
    /// In the result register of calls.
    Call,
}

/// The row of one operation.
#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    /// Name in text.
    pub name: &'static str,
    /// Result.
    pub def: Def,
    /// Constraints on the registers of operands `a`, `b` and `c`, in memory operands too.
    pub uses: [Constraint; 3],
    /// Registers overwritten.
    pub clobbers: Clobbers,
    /// Whether the width is printed.
    pub is_sized: bool,
    /// Whether it has a condition.
    pub has_cc: bool,
    /// Whether it may leave through an exit.
    pub may_exit: bool,
    /// Whether it ends a block, and with how many edges.
    pub edges: Option<u8>,
}

use Clobbers as Clobber;
use Constraint::{Count, Dividend, Early, Late};

const BASE: OpInfo = OpInfo {
    name: "",
    def: Def::None,
    uses: [Early, Late, Late],
    clobbers: Clobber::None,
    is_sized: false,
    has_cc: false,
    may_exit: false,
    edges: None,
};
const GPR: OpInfo = OpInfo { def: Def::Gpr, ..BASE };
const ALU: OpInfo = OpInfo { is_sized: true, ..GPR };
const OVERFLOW: OpInfo = OpInfo { may_exit: true, uses: [Late, Late, Late], ..ALU };
const XMM: OpInfo = OpInfo { def: Def::Xmm, ..BASE };
const DIVISION: OpInfo =
    OpInfo { clobbers: Clobber::Division, uses: [Dividend, Late, Late], is_sized: true, ..BASE };
const COMPARE: OpInfo = OpInfo { uses: [Early, Early, Early], is_sized: true, has_cc: true, ..BASE };
const GUARD: OpInfo = OpInfo { may_exit: true, ..COMPARE };
const BRANCH: OpInfo = OpInfo { edges: Some(2), ..COMPARE };
const CALL: OpInfo = OpInfo { def: Def::Call, clobbers: Clobber::Call, may_exit: true, ..BASE };

macro_rules! ops {
    ($($(#[$doc:meta])+ $name:ident $text:literal $info:expr;)+) => {
        /// A LIR operation.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum Op { $($(#[$doc])+ $name,)+ }

        static TABLE: &[OpInfo] = &[$(OpInfo { name: $text, ..$info }),+];

        impl Op {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$name),+];
        }
    };
}

ops! {
    /// `dst = a`, register, slot or immediate.
    Mov "mov" OpInfo { def: Def::Any, ..BASE };
    /// Exchanges two physical registers, `a` and `b`.
    Xchg "xchg" OpInfo { uses: [Early, Early, Early], ..BASE };
    /// `dst =` the address that a symbol stands for.
    LoadSym "sym" GPR;
    /// `dst =` the double with bits `a`.
    LoadDouble "double" XMM;
    /// `dst = [a]`, extended with zeros.
    Load "load" ALU;
    /// `dst = [a]`, extended with the sign.
    LoadSigned "load_s" ALU;
    /// `dst = [a]`, a double.
    LoadFloat "load_f" XMM;
    /// `[a] = b`.
    Store "store" OpInfo { uses: [Early, Early, Early], is_sized: true, ..BASE };
    /// `[a] = b`, a double.
    StoreFloat "store_f" OpInfo { uses: [Early, Early, Early], ..BASE };
    /// `dst =` the address `a`.
    Lea "lea" GPR;

    /// `dst = a + b`.
    Add "add" ALU;
    /// `dst = a - b`.
    Sub "sub" ALU;
    /// `dst = a * b`, low half.
    Mul "mul" ALU;
    /// `dst = a & b`.
    And "and" ALU;
    /// `dst = a | b`.
    Or "or" ALU;
    /// `dst = a ^ b`.
    Xor "xor" ALU;
    /// `dst = a << b`.
    Shl "shl" OpInfo { uses: [Early, Count, Late], clobbers: Clobber::Count, ..ALU };
    /// `dst = a >> b`, sign filled.
    Sar "sar" OpInfo { uses: [Early, Count, Late], clobbers: Clobber::Count, ..ALU };
    /// `dst = a >> b`, zero filled.
    Shr "shr" OpInfo { uses: [Early, Count, Late], clobbers: Clobber::Count, ..ALU };
    /// `dst = -a`.
    Neg "neg" ALU;
    /// `dst = !a`.
    Not "not" ALU;
    /// `dst = a + b`, or exit on signed overflow.
    AddOv "add_ov" OVERFLOW;
    /// `dst = a - b`, or exit on signed overflow.
    SubOv "sub_ov" OVERFLOW;
    /// `dst = a - b`, or exit if that is negative, both read as unsigned.
    SubBorrow "sub_borrow" OVERFLOW;
    /// `dst = a * b`, or exit on signed overflow.
    MulOv "mul_ov" OVERFLOW;
    /// `dst = a / b`, signed, truncated.
    Sdiv "sdiv" OpInfo { def: Def::Quotient, ..DIVISION };
    /// `dst = a / b`, unsigned.
    Udiv "udiv" OpInfo { def: Def::Quotient, ..DIVISION };
    /// `dst = a % b`, signed.
    Srem "srem" OpInfo { def: Def::Remainder, ..DIVISION };
    /// `dst = a % b`, unsigned.
    Urem "urem" OpInfo { def: Def::Remainder, ..DIVISION };
    /// `dst = a * b`, high half of the unsigned product.
    MulHigh "mul_high" OpInfo { def: Def::Remainder, ..DIVISION };
    /// `dst = a`, the low bytes extended with the sign.
    Sext "sext" ALU;
    /// `dst = a`, the low bytes extended with zeros.
    Zext "zext" ALU;
    /// `dst = 1` if `a cc b`, else 0.
    SetCmp "set_cmp" OpInfo { def: Def::Gpr, ..COMPARE };
    /// `dst = 1` if `a & b cc 0`, else 0.
    SetTest "set_test" OpInfo { def: Def::Gpr, ..COMPARE };
    /// `dst = 1` if doubles `a cc b`, else 0.
    SetFcmp "set_fcmp" OpInfo { def: Def::Gpr, is_sized: false, uses: [Late, Late, Late], ..COMPARE };
    /// `dst = b` if `a` is not 0, else `c`.
    Select "select" OpInfo { def: Def::Any, uses: [Late, Late, Late], ..BASE };

    /// `dst = a + b`, doubles.
    Fadd "fadd" XMM;
    /// `dst = a - b`, doubles.
    Fsub "fsub" XMM;
    /// `dst = a * b`, doubles.
    Fmul "fmul" XMM;
    /// `dst = a / b`, doubles.
    Fdiv "fdiv" XMM;
    /// `dst = a - b * c`, doubles, rounded once; only on machines that can.
    Fnmadd "fnmadd" XMM;
    /// `dst =` the square root of `a`.
    Fsqrt "fsqrt" XMM;
    /// `dst = -a`, a double.
    Fneg "fneg" XMM;
    /// `dst = |a|`, a double.
    Fabs "fabs" XMM;
    /// `dst =` the signed integer `a` as a double.
    IntToFloat "int_to_float" XMM;
    /// `dst =` the double `a` truncated to a signed integer.
    FloatToInt "float_to_int" GPR;
    /// `dst =` the bits of the double `a`.
    FloatBits "float_bits" GPR;
    /// `dst =` the double with the bits `a`.
    BitsFloat "bits_float" XMM;

    /// Exit unless `a cc b`.
    GuardCmp "guard_cmp" GUARD;
    /// Exit unless `a & b cc 0`.
    GuardTest "guard_test" GUARD;
    /// Adds a reference to `a`.
    Incref "incref" BASE;
    /// Drops a reference to `a`; destroys the object out of line, preserving every register.
    Decref "decref" BASE;
    /// Serves the eval breaker out of line if it is set, preserving every register.
    Poll "poll" OpInfo { may_exit: true, ..BASE };
    /// Calls the symbol with `args`.
    Call "call" CALL;
    /// Calls the address in memory `a` with `args`.
    CallMem "call_mem" CALL;

    /// Goes to the block.
    Jump "jump" OpInfo { edges: Some(1), ..BASE };
    /// Goes to the first block if `a cc b`, else to the second.
    BrCmp "br_cmp" BRANCH;
    /// Goes to the first block if `a & b cc 0`, else to the second.
    BrTest "br_test" BRANCH;
    /// Goes to the first block if doubles `a cc b`, else to the second.
    BrFcmp "br_fcmp" OpInfo { is_sized: false, ..BRANCH };
    /// Leaves the function with the result in `args`, if any, in the result register.
    Ret "ret" OpInfo { edges: Some(0), ..BASE };
    /// Leaves through the exit.
    Exit "exit" OpInfo { may_exit: true, edges: Some(0), ..BASE };
    /// Never reached.
    Trap "trap" OpInfo { edges: Some(0), ..BASE };
}

impl Op {
    /// The operation's row.
    pub fn info(self) -> &'static OpInfo {
        &TABLE[self as usize]
    }

    /// The operation with this name in text.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|op| op.info().name == name)
    }

    /// Whether `a` and `b` may change places.
    pub const fn is_commutative(self) -> bool {
        matches!(
            self,
            Self::Add
                | Self::Mul
                | Self::And
                | Self::Or
                | Self::Xor
                | Self::AddOv
                | Self::MulOv
                | Self::Fadd
                | Self::Fmul
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for &op in Op::ALL {
            assert_eq!(Op::from_name(op.info().name), Some(op));
        }
    }

    #[test]
    fn negating_and_swapping_twice_is_nothing() {
        for &(cc, _) in Cc::ALL {
            assert_eq!(cc.negated().negated(), cc);
            assert_eq!(cc.swapped().swapped(), cc);
        }
    }
}
