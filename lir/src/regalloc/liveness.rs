//! Which virtual registers are live at the start of each block: backward data flow to a fixed point over bit sets.

use base::entity::{EntityId, EntitySet, SecondaryMap};

use crate::ir::{Block, Function, Reg};
use crate::operands::{Role, VReg, for_each_operand};

/// Registers live at the start of each block, its parameters not counted.
pub type LiveIn = SecondaryMap<Block, EntitySet<VReg>>;

/// The key of a virtual register.
pub(crate) fn vreg(reg: Reg) -> VReg {
    let n = reg.as_virtual().expect("only virtual registers are live before allocation");
    VReg::from_index(n as usize)
}

/// What a block does to what is live, all of it at once.
#[derive(Default, Clone)]
struct Summary {
    /// What it reads that it has not made.
    reads: EntitySet<VReg>,
    /// What it makes, its parameters included.
    makes: EntitySet<VReg>,
}

/// Computes live-in sets: the blocks are read once, and the rounds work on their summaries.
pub fn live_in(func: &Function) -> LiveIn {
    let mut summaries: SecondaryMap<Block, Summary> = SecondaryMap::new();
    for &block in &func.layout {
        summaries[block] = summarise(func, block);
    }
    let mut live: LiveIn = SecondaryMap::new();
    let mut changed = true;
    while changed {
        changed = false;
        for &block in func.layout.iter().rev() {
            let mut set = live_out(func, &live, block);
            set.remove_all(&summaries[block].makes);
            set.union_with(&summaries[block].reads);
            changed |= live[block].union_with(&set);
        }
    }
    live
}

fn summarise(func: &Function, block: Block) -> Summary {
    let mut summary = Summary::default();
    let Summary { reads, makes } = &mut summary;
    for edge in &func.insts[func.terminator(block)].edges {
        edge.args.iter().for_each(|&arg| {
            reads.insert(vreg(arg));
        });
    }
    for &inst in func.blocks[block].insts.iter().rev() {
        if let Some(dst) = func.insts[inst].dst {
            reads.remove(vreg(dst));
            makes.insert(vreg(dst));
        }
        for_each_operand(func, inst, |operand| {
            if operand.role != Role::Def {
                reads.insert(vreg(operand.reg));
            }
        });
    }
    for &param in &func.blocks[block].params {
        reads.remove(vreg(param));
        makes.insert(vreg(param));
    }
    summary
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
