//! Invariants of the control-flow graph:
//!
//! - the layout is not empty and lists a block at most once;
//! - every block ends with a terminator and has no other one;
//! - a terminator has as many edges as its table row says;
//! - an edge goes to a block of the layout, and not to the entry.

use base::entity::EntitySet;

use super::Errors;
use crate::ir::{Block, Function};

pub(super) fn verify(func: &Function, errors: &mut Errors) {
    let placed: EntitySet<Block> = func.layout.iter().copied().collect();
    if func.layout.is_empty() || placed.iter().count() != func.layout.len() {
        let block = func.layout.first().copied().unwrap_or_else(|| func.blocks.next_key());
        errors.report(block, None, "the layout is empty or lists a block twice");
        return;
    }
    for &block in &func.layout {
        verify_block(func, block, &placed, errors);
    }
}

fn verify_block(func: &Function, block: Block, placed: &EntitySet<Block>, errors: &mut Errors) {
    let insts = &func.blocks[block].insts;
    let Some(&last) = insts.last() else {
        errors.report(block, None, "the block is empty");
        return;
    };
    for &inst in insts {
        let op = func.insts[inst].op.info();
        errors.check(op.edges.is_some() == (inst == last), block, inst, || {
            format!(
                "{} {} at the end of a block",
                op.name,
                if inst == last { "cannot stand" } else { "must stand" }
            )
        });
        let edges = func.edges(inst);
        let expected = usize::from(op.edges.unwrap_or(0));
        errors.check(edges.len() == expected, block, inst, || {
            format!("{} has {} edges, not {expected}", op.name, edges.len())
        });
        for edge in edges {
            errors.check(placed.contains(edge.target), block, inst, || {
                format!("{} is not in the layout", edge.target)
            });
            errors.check(edge.target != func.entry(), block, inst, || "an edge goes to the entry".to_owned());
        }
    }
}
