//! The register operands of an instruction, one by one, with what each demands: the allocator's view of LIR.
//!
//! One walk reads, one rewrites; both go the same way and take the constraints from the opcode table.

use base::entity_id;

use crate::ir::{Base, Constraint, Function, Inst, InstData, Op, Reg, Src};

entity_id! {
    /// A virtual register as a key of maps and sets.
    pub struct VReg, "%"
}

/// How an operand is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Read from a register before the result is written.
    Early,
    /// Read from a register, also after the result is written.
    Late,
    /// Read from the dividend register.
    Dividend,
    /// Read from the shift-count register.
    Count,
    /// Argument number so-and-so of a call, or the returned value.
    Arg(usize),
    /// Read anywhere, after the result is written.
    Exit,
    /// Read anywhere, before the result is written.
    Copy,
    /// The result.
    Def,
}

/// One operand.
#[derive(Clone, Copy, Debug)]
pub struct Operand {
    /// The register.
    pub reg: Reg,
    /// What is done with it.
    pub role: Role,
}

impl Operand {
    /// Whether a spill slot will do.
    pub fn allows_slot(self) -> bool {
        matches!(self.role, Role::Exit | Role::Copy)
    }
}

/// Calls `visit` with every register operand, in the order of [`rewrite_inst`], and then with those of the exit.
pub fn for_each_operand(func: &Function, inst: Inst, mut visit: impl FnMut(Operand)) {
    let data = &func.insts[inst];
    for (at, src) in data.srcs.iter().enumerate() {
        for reg in src.regs().into_iter().flatten() {
            visit(Operand { reg, role: source_role(data, at) });
        }
    }
    for (at, &reg) in data.args.iter().enumerate() {
        visit(Operand { reg, role: Role::Arg(at) });
    }
    if let Some(reg) = data.dst {
        visit(Operand { reg, role: Role::Def });
    }
    if let Some(exit) = data.exit {
        func.exits[exit].for_each_reg(|reg| visit(Operand { reg, role: Role::Exit }));
    }
}

/// Replaces every register operand of the instruction proper; its exit is not touched.
pub fn rewrite_inst(data: &mut InstData, mut map: impl FnMut(Reg, Role) -> Reg) {
    for at in 0..3 {
        let role = source_role(data, at);
        match &mut data.srcs[at] {
            Src::None | Src::Imm(_) => {}
            Src::Reg(reg) => *reg = map(*reg, role),
            Src::Mem(mem) => {
                if let Base::Reg(reg) = &mut mem.base {
                    *reg = map(*reg, role);
                }
                if let Some((index, _)) = &mut mem.index {
                    *index = map(*index, role);
                }
            }
        }
    }
    for (at, arg) in data.args.iter_mut().enumerate() {
        *arg = map(*arg, Role::Arg(at));
    }
    if let Some(dst) = &mut data.dst {
        *dst = map(*dst, Role::Def);
    }
}

fn source_role(data: &InstData, at: usize) -> Role {
    let info = data.op.info();
    if data.op == Op::Mov {
        return Role::Copy;
    }
    // Of two exchangeable register operands either may share the result's register.
    let is_exchangeable = data.op.is_commutative() && !info.may_exit && matches!(data.srcs[1], Src::Reg(_));
    match info.uses[at] {
        _ if is_exchangeable => Role::Early,
        Constraint::Early => Role::Early,
        Constraint::Late => Role::Late,
        Constraint::Dividend => Role::Dividend,
        Constraint::Count => Role::Count,
    }
}
