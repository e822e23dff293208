//! "Cannot compile this function", as an ordinary result: why, and where.

use std::fmt;

/// Why a function stays with the interpreter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Reason {
    /// The opcode has no translation yet.
    Opcode(&'static str),
    /// The code suspends: generators and coroutines.
    Suspends,
    /// Locals are names of a namespace: module and class bodies.
    Namespace,
    /// A descriptor names something that is not resolved yet.
    Unresolved,
    /// The function is bigger than the compile budget allows.
    TooBig,
    /// An HIR operation has no lowering for operands of these types.
    Lowering(&'static str),
    /// A counting loop's iterator is used as an object, too.
    Marker,
    /// There is no room for more code.
    CodeMemory,
    /// Its speculations have failed too often.
    Unstable,
}

/// The reason with the bytecode offset at which it was met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unsupported {
    /// Why.
    pub reason: Reason,
    /// Where, in the bytecode.
    pub offset: u32,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not supported yet: ")?;
        match self.reason {
            Reason::Opcode(name) => write!(f, "opcode {name}")?,
            Reason::Suspends => f.write_str("generators and coroutines")?,
            Reason::Namespace => f.write_str("module and class bodies")?,
            Reason::Unresolved => f.write_str("an unresolved descriptor")?,
            Reason::TooBig => f.write_str("a function beyond the compile budget")?,
            Reason::Lowering(name) => write!(f, "lowering of {name}")?,
            Reason::Marker => f.write_str("a loop's iterator used otherwise")?,
            Reason::CodeMemory => f.write_str("more machine code than the region holds")?,
            Reason::Unstable => f.write_str("code whose types keep changing")?,
        }
        write!(f, " at {}", self.offset)
    }
}
