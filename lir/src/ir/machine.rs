//! The register set as a value, so that allocation can be tested on a machine with three registers.
//!
//! (regalloc2's idea.) `codegen` fills in the real one.

use super::reg::{PReg, RegClass};

/// A set of physical registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RegSet(pub u32);

impl RegSet {
    /// The set of these registers.
    pub fn of(regs: &[PReg]) -> Self {
        regs.iter().fold(Self(0), |set, &reg| set.with(reg))
    }

    /// This set and one more.
    #[must_use]
    pub const fn with(self, reg: PReg) -> Self {
        Self(self.0 | 1 << reg.0)
    }

    /// Whether `reg` is a member.
    pub const fn contains(self, reg: PReg) -> bool {
        self.0 >> reg.0 & 1 == 1
    }

    /// Members of either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Members in ascending order.
    pub fn iter(self) -> impl Iterator<Item = PReg> {
        (0..32).map(PReg).filter(move |&reg| self.contains(reg))
    }
}

/// Where an argument travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgPlace {
    /// In a register.
    Reg(PReg),
    /// In this word of the caller's outgoing area, which is at the stack pointer when the call is made.
    Stack(u32),
}

impl ArgPlace {
    /// The register, if it is one.
    pub const fn reg(self) -> Option<PReg> {
        match self {
            Self::Reg(reg) => Some(reg),
            Self::Stack(_) => None,
        }
    }

    /// How many words of these places are in memory.
    pub fn stack_words(places: &[Self]) -> u32 {
        places.iter().filter(|place| place.reg().is_none()).count() as u32
    }
}

/// What register allocation must know about the machine.
#[derive(Clone, Debug)]
pub struct MachineEnv {
    /// Allocatable general registers, preferred ones first.
    pub gprs: Vec<PReg>,
    /// Allocatable vector registers, preferred ones first.
    pub xmms: Vec<PReg>,
    /// Registers that a call does not preserve.
    pub clobbered_by_calls: RegSet,
    /// General registers for arguments, in order.
    pub gpr_args: Vec<PReg>,
    /// Vector registers for arguments, in order.
    pub xmm_args: Vec<PReg>,
    /// Where a call leaves its result.
    pub result: [PReg; 2],
    /// Registers outside the allocatable sets, one per file, free for moves between memory and for cycles.
    pub scratch: [PReg; 2],
    /// Dividend and quotient; remainder; shift count.
    pub div_mod_shift: [PReg; 3],
    /// Whether it multiplies and adds doubles with one rounding.
    pub has_fused_multiply: bool,
}

impl MachineEnv {
    /// The same as if calls preserved nothing: what is live across a call is in memory, where whoever walks the stack finds it.
    #[must_use]
    pub fn without_preserved(mut self) -> Self {
        self.clobbered_by_calls = self.clobbered_by_calls.union(RegSet::of(&self.gprs));
        self
    }

    /// Allocatable registers of a file.
    pub fn allocatable(&self, class: RegClass) -> &[PReg] {
        match class {
            RegClass::Gpr => &self.gprs,
            RegClass::Xmm => &self.xmms,
        }
    }

    /// The scratch register of a file.
    pub fn scratch(&self, class: RegClass) -> PReg {
        self.scratch[class as usize]
    }

    /// The result register of a file.
    pub fn result(&self, class: RegClass) -> PReg {
        self.result[class as usize]
    }

    /// Places for arguments of these files, in order: registers as long as there are any, then words on the stack, as the System V
    /// convention has it.
    pub fn arguments(&self, classes: impl Iterator<Item = RegClass>) -> Vec<ArgPlace> {
        let mut next = [self.gpr_args.iter(), self.xmm_args.iter()];
        let mut words = 0..;
        let mut on_stack = || ArgPlace::Stack(words.next().expect("there are fewer arguments than words"));
        classes
            .map(|class| next[class as usize].next().map_or_else(&mut on_stack, |&reg| ArgPlace::Reg(reg)))
            .collect()
    }

    /// The machine this project compiles for: x86-64 with the System V convention. `r15` is the thread state, `r11` and `xmm15`
    /// are scratch, `rbp` and `rsp` are the frame.
    pub fn x86_64() -> Self {
        let gprs = [0, 1, 2, 6, 7, 8, 9, 10, 3, 12, 13, 14].map(PReg::gpr);
        let clobbered = [0, 1, 2, 6, 7, 8, 9, 10, 11].map(PReg::gpr);
        let all_xmms: Vec<PReg> = (0..16).map(PReg::xmm).collect();
        Self {
            gprs: gprs.to_vec(),
            xmms: all_xmms[..15].to_vec(),
            clobbered_by_calls: RegSet::of(&clobbered).union(RegSet::of(&all_xmms)),
            gpr_args: [7, 6, 2, 1, 8, 9].map(PReg::gpr).to_vec(),
            xmm_args: all_xmms[..8].to_vec(),
            result: [PReg::gpr(0), PReg::xmm(0)],
            scratch: [PReg::gpr(11), PReg::xmm(15)],
            div_mod_shift: [PReg::gpr(0), PReg::gpr(2), PReg::gpr(1)],
            has_fused_multiply: false,
        }
    }
}
