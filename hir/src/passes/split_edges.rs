//! Splits critical edges, so that every edge has a block at one of its ends that belongs to it alone.
//!
//! Why here: before `refcount-insertion`, which releases at the start of a branch's targets what dies on that way, and
//! passes references before jumps. Keeps: phase, dominance among the old blocks. Cost: linear.

use base::entity::SecondaryMap;

use super::Changed;
use crate::ir::{Block, Edge, Function};

/// See the module documentation.
pub fn run(func: &mut Function) -> Changed {
    let mut pred_count: SecondaryMap<Block, u32> = SecondaryMap::new();
    for &block in &func.layout {
        func.successors(block).for_each(|succ| pred_count[succ] += 1);
    }
    let mut changed = false;
    for block in func.layout.clone() {
        let terminator = func.terminator(block);
        let count = func.edges(terminator).len();
        for at in 0..count {
            let edge = func.edges(terminator)[at].clone();
            // Arguments are passed by jumps only, which have a place for what goes with them.
            let needs_block = count > 1 && (pred_count[edge.target] > 1 || !edge.args.is_empty());
            if needs_block {
                let middle = func.add_block();
                func.blocks[middle].is_cold = func.blocks[edge.target].is_cold || func.blocks[block].is_cold;
                func.jump(middle, edge.target, edge.args);
                func.edges_mut(terminator)[at] = Edge::new(middle, Vec::new());
                changed = true;
            }
        }
    }
    changed.into()
}
