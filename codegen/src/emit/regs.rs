//! Machine registers and memory operands in iced's terms.

use iced_x86::{MemoryOperand, Register};
use lir::ir::{Base, Mem, PReg, Reg, RegClass, RegKind, Size};

use super::Emitter;

/// The register that an operand names after allocation.
pub(super) fn physical(reg: Reg) -> PReg {
    reg.as_physical().unwrap_or_else(|| panic!("{reg} is a register, as the verifier has checked"))
}

/// 64-bit name of a general register.
pub(crate) fn gpr64(reg: PReg) -> Register {
    Register::RAX + u32::from(reg.number())
}

/// 32-bit name.
pub(super) fn gpr32(reg: PReg) -> Register {
    Register::EAX + u32::from(reg.number())
}

/// 16-bit name.
pub(super) fn gpr16(reg: PReg) -> Register {
    Register::AX + u32::from(reg.number())
}

/// 8-bit name; the four old high-byte registers stand between `bl` and `spl` in iced's numbering.
pub(super) fn gpr8(reg: PReg) -> Register {
    match reg.number() {
        n @ 0..=3 => Register::AL + u32::from(n),
        n => Register::SPL + u32::from(n - 4),
    }
}

/// Name of a vector register.
pub(crate) fn xmm(reg: PReg) -> Register {
    Register::XMM0 + u32::from(reg.number())
}

/// Name of a general register at a width.
pub(crate) fn sized(reg: PReg, size: Size) -> Register {
    match size {
        Size::B1 => gpr8(reg),
        Size::B2 => gpr16(reg),
        Size::B4 => gpr32(reg),
        Size::B8 => gpr64(reg),
    }
}

/// `[thread + disp]`.
pub(super) fn thread(disp: i32) -> MemoryOperand {
    displaced(Register::R15, disp)
}

fn displaced(base: Register, disp: i32) -> MemoryOperand {
    indexed(base, Register::None, 1, disp)
}

fn indexed(base: Register, index: Register, scale: u32, disp: i32) -> MemoryOperand {
    let width = u32::from(disp != 0);
    MemoryOperand::new(base, index, scale, i64::from(disp), width, false, Register::None)
}

impl Emitter<'_> {
    /// A memory operand. The address of a symbol goes through the scratch register.
    pub(super) fn memory(&mut self, mem: &Mem) -> MemoryOperand {
        let base = match mem.base {
            Base::Reg(reg) => gpr64(physical(reg)),
            Base::Thread => Register::R15,
            Base::Array => Register::RSP,
            Base::Sym(sym) => {
                self.asm.address(Register::R11, crate::output::Target::Sym(sym));
                Register::R11
            }
        };
        match mem.index {
            Some((index, scale)) => indexed(base, gpr64(physical(index)), u32::from(scale), mem.disp),
            None => displaced(base, mem.disp),
        }
    }

    /// The memory of a spill slot, or of an argument that the caller left in memory.
    pub(super) fn slot(&self, reg: Reg) -> Option<(MemoryOperand, RegClass)> {
        match reg.kind() {
            RegKind::Incoming(word, class) if self.frame.has_frame => {
                Some((displaced(Register::RBP, 16 + word as i32 * 8), class))
            }
            RegKind::Incoming(word, class) => Some((displaced(Register::RSP, 8 + word as i32 * 8), class)),
            RegKind::Slot(slot, class) => {
                let disp = self.frame.slots_offset as i32 + slot as i32 * 8;
                Some((displaced(Register::RSP, disp), class))
            }
            RegKind::Physical(_) | RegKind::Virtual(_) => None,
        }
    }
}
