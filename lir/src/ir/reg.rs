//! Register operands: virtual before allocation; physical, or a spill slot in moves and exits, afterwards.
//!
//! All of them fit one `u32`, so the same instructions serve both phases; the verifier says which kind may stand where.

use std::fmt;

/// A register file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum RegClass {
    /// General registers.
    Gpr,
    /// Vector registers, of which the low double is used.
    Xmm,
}

/// A physical register: hardware number, plus 16 for vector registers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PReg(pub u8);

impl PReg {
    /// General register number `n`.
    pub const fn gpr(n: u8) -> Self {
        Self(n)
    }

    /// Vector register number `n`.
    pub const fn xmm(n: u8) -> Self {
        Self(16 + n)
    }

    /// Its file.
    pub const fn class(self) -> RegClass {
        if self.0 < 16 { RegClass::Gpr } else { RegClass::Xmm }
    }

    /// Its hardware number.
    pub const fn number(self) -> u8 {
        self.0 & 15
    }

    /// The register with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        if let Some(number) = name.strip_prefix("xmm") {
            return number.parse().ok().filter(|&n: &u8| n < 16).map(Self::xmm);
        }
        GPR_NAMES.iter().position(|&known| known == name).map(|at| Self::gpr(at as u8))
    }
}

const GPR_NAMES: [&str; 16] = [
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
    "r15",
];

impl fmt::Display for PReg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.class() {
            RegClass::Gpr => f.write_str(GPR_NAMES[self.number() as usize]),
            RegClass::Xmm => write!(f, "xmm{}", self.number()),
        }
    }
}

impl fmt::Debug for PReg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A register operand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reg(u32);

/// What a register operand is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RegKind {
    /// Virtual register number so-and-so.
    Virtual(u32),
    /// A physical register.
    Physical(PReg),
    /// Spill slot number so-and-so, 8 bytes, and the file of the value in it.
    Slot(u32, RegClass),
    /// Word number so-and-so of the arguments that the caller left in memory, and the file of the value in it. Never written.
    Incoming(u32, RegClass),
}

const PHYSICAL: u32 = 1 << 31;
const SLOT: u32 = 1 << 30;
const SLOT_XMM: u32 = 1 << 29;
const INCOMING: u32 = 1 << 28;

impl Reg {
    /// Virtual register `n`.
    pub const fn virt(n: u32) -> Self {
        Self(n)
    }

    /// A physical register.
    pub const fn phys(reg: PReg) -> Self {
        Self(PHYSICAL | reg.0 as u32)
    }

    /// Spill slot `n`.
    pub const fn slot(n: u32, class: RegClass) -> Self {
        Self(SLOT | if matches!(class, RegClass::Xmm) { SLOT_XMM } else { 0 } | n)
    }

    /// Argument word `n` of those in memory.
    pub const fn incoming(n: u32, class: RegClass) -> Self {
        Self(INCOMING | Self::slot(n, class).0)
    }

    /// What it is.
    pub const fn kind(self) -> RegKind {
        if self.0 & PHYSICAL != 0 {
            RegKind::Physical(PReg(self.0 as u8))
        } else if self.0 & SLOT != 0 {
            let class = if self.0 & SLOT_XMM != 0 { RegClass::Xmm } else { RegClass::Gpr };
            let number = self.0 & !(SLOT | SLOT_XMM | INCOMING);
            if self.0 & INCOMING != 0 {
                RegKind::Incoming(number, class)
            } else {
                RegKind::Slot(number, class)
            }
        } else {
            RegKind::Virtual(self.0)
        }
    }

    /// Its virtual number.
    pub const fn as_virtual(self) -> Option<u32> {
        if self.0 & (PHYSICAL | SLOT) == 0 { Some(self.0) } else { None }
    }

    /// Whether it is in the frame, or in the caller's.
    pub const fn is_memory(self) -> bool {
        self.0 & PHYSICAL == 0 && self.0 & SLOT != 0
    }

    /// The physical register, if it is one.
    pub const fn as_physical(self) -> Option<PReg> {
        if self.0 & PHYSICAL != 0 { Some(PReg(self.0 as u8)) } else { None }
    }
}

impl fmt::Display for Reg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            RegKind::Virtual(n) => write!(f, "%{n}"),
            RegKind::Physical(reg) => write!(f, "{reg}"),
            RegKind::Slot(n, RegClass::Gpr) => write!(f, "[s{n}]"),
            RegKind::Slot(n, RegClass::Xmm) => write!(f, "[d{n}]"),
            RegKind::Incoming(n, RegClass::Gpr) => write!(f, "[as{n}]"),
            RegKind::Incoming(n, RegClass::Xmm) => write!(f, "[ad{n}]"),
        }
    }
}

impl fmt::Debug for Reg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
