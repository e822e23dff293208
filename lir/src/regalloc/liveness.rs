//! Which virtual registers are live at the start of each block: backward data flow to a fixed point over bit sets.

use base::entity::{EntityId, EntitySet, SecondaryMap};

use crate::ir::{Block, Function, Inst, Reg};
use crate::operands::{Role, VReg, for_each_operand};

/// Registers live at the start of each block, its parameters not counted.
pub type LiveIn = SecondaryMap<Block, EntitySet<VReg>>;

/// The key of a virtual register.
pub(crate) fn vreg(reg: Reg) -> VReg {
    let n = reg.as_virtual().expect("only virtual registers are live before allocation");
    VReg::from_index(n as usize)
}

/// Computes live-in sets.
pub fn live_in(func: &Function) -> LiveIn {
    let mut live: LiveIn = SecondaryMap::new();
    let mut changed = true;
    while changed {
        changed = false;
        for &block in func.layout.iter().rev() {
            let mut set = live_out(func, &live, block);
            for &inst in func.blocks[block].insts.iter().rev() {
                step_back(func, inst, &mut set);
            }
            for &param in &func.blocks[block].params {
                set.remove(vreg(param));
            }
            changed |= live[block].union_with(&set);
        }
    }
    live
}

/// Registers live at the end of a block, arguments of its edges included.
pub(super) fn live_out(func: &Function, live: &LiveIn, block: Block) -> EntitySet<VReg> {
    let mut set = EntitySet::new();
    for edge in &func.insts[func.terminator(block)].edges {
        set.union_with(&live[edge.target]);
        edge.args.iter().for_each(|&arg| {
            set.insert(vreg(arg));
        });
    }
    set
}

fn step_back(func: &Function, inst: Inst, set: &mut EntitySet<VReg>) {
    if let Some(dst) = func.insts[inst].dst {
        set.remove(vreg(dst));
    }
    for_each_operand(func, inst, |operand| {
        if operand.role != Role::Def {
            set.insert(vreg(operand.reg));
        }
    });
}
