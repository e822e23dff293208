//! The encoding of one instruction: 8 bits of opcode, 24 bits of operand, in one `u32`.
//!
//! A fixed width makes jump targets plain indices, needs no `EXTENDED_ARG`, and lets the interpreter rewrite an instruction
//! (quickening) with one store. Operands that do not fit in 24 bits live in the pools of the code object.

use crate::opcode::Opcode;

/// One encoded instruction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(transparent)]
pub struct Word(u32);

impl Word {
    /// The largest operand.
    pub const MAX_OPERAND: u32 = (1 << 24) - 1;

    /// Encodes an instruction; `operand` must be at most [`Self::MAX_OPERAND`].
    pub const fn new(opcode: Opcode, operand: u32) -> Self {
        assert!(operand <= Self::MAX_OPERAND, "an operand has 24 bits");
        Self(opcode as u32 | operand << 8)
    }

    /// The opcode.
    #[inline]
    pub const fn opcode(self) -> Opcode {
        Opcode::from_byte(self.0 as u8)
    }

    /// Whether the opcode is this one.
    #[inline]
    pub const fn opcode_is(self, opcode: Opcode) -> bool {
        self.0 as u8 == opcode as u8
    }

    /// The same operand with another opcode.
    #[inline]
    pub const fn with_opcode(self, opcode: Opcode) -> Self {
        Self(self.0 & !0xFF | opcode as u32)
    }

    /// The operand.
    #[inline]
    pub const fn operand(self) -> u32 {
        self.0 >> 8
    }

    /// The operand as an index.
    #[inline]
    pub const fn index(self) -> usize {
        (self.0 >> 8) as usize
    }

    /// The two 12-bit halves of the operand, low half first.
    #[inline]
    pub const fn halves(self) -> (usize, usize) {
        ((self.0 >> 8 & 0xFFF) as usize, (self.0 >> 20) as usize)
    }

    /// The raw bits, for the interpreter's mutable copy.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// What [`Self::bits`] gave.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}
