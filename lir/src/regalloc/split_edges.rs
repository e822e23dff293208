//! Splits critical edges, so that every edge has a place for its moves.
//!
//! An edge is critical when its source has other successors and its target other predecessors. The new block stands right
//! behind its source; if no move is needed on the edge, it stays empty but for its jump, and `codegen` skips it.

use base::entity::SecondaryMap;

use crate::ir::{Block, Edge, Function, InstData, Op};

/// Gives every critical edge a block of its own.
pub(super) fn split_critical_edges(func: &mut Function) {
    let mut pred_count: SecondaryMap<Block, u32> = SecondaryMap::new();
    for &block in &func.layout {
        func.successors(block).for_each(|succ| pred_count[succ] += 1);
    }
    for block in func.layout.clone() {
        let terminator = func.terminator(block);
        if func.insts[terminator].edges.len() < 2 {
            continue;
        }
        for at in 0..func.insts[terminator].edges.len() {
            let target = func.insts[terminator].edges[at].target;
            if pred_count[target] > 1 {
                split(func, block, at);
            }
        }
    }
}

fn split(func: &mut Function, block: Block, at: usize) {
    let middle = func.new_block();
    let terminator = func.terminator(block);
    let edge =
        std::mem::replace(&mut func.insts[terminator].edges[at], Edge { target: middle, args: Vec::new() });
    let (from, to) = (&func.blocks[block], &func.blocks[edge.target]);
    let (is_cold, loop_depth) = (from.is_cold || to.is_cold, from.loop_depth.min(to.loop_depth));
    func.blocks[middle].is_cold = is_cold;
    func.blocks[middle].loop_depth = loop_depth;
    func.append(middle, InstData { edges: vec![edge], ..InstData::new(Op::Jump) });
    let position = func.layout.iter().position(|&placed| placed == block).expect("the source is placed");
    func.layout.insert(position + 1, middle);
}
