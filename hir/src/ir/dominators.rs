//! Orders and dominance over the control-flow graph of a function.
//!
//! Reverse post-order by depth-first search; immediate dominators by Cooper, Harvey and Kennedy, "A simple, fast dominance
//! algorithm" (2001); loops from back edges to dominators. All are computed on demand in near-linear time and hold until the
//! graph changes.

use base::entity::{EntityId, SecondaryMap};

use super::function::{Block, Function};

/// Reachable blocks in reverse post-order, with predecessors, immediate dominators and loop depths.
#[derive(Clone, Debug)]
pub struct Cfg {
    /// Reachable blocks in reverse post-order.
    pub order: Vec<Block>,
    position: SecondaryMap<Block, u32>,
    preds: SecondaryMap<Block, Vec<Block>>,
    idom: Vec<u32>,
    header: SecondaryMap<Block, bool>,
    depth: SecondaryMap<Block, u32>,
}

const UNREACHED: u32 = u32::MAX;

impl Cfg {
    /// Analyses `func`.
    pub fn new(func: &Function) -> Self {
        let order = reverse_post_order(func);
        let mut position = SecondaryMap::with_default(UNREACHED);
        let mut preds: SecondaryMap<Block, Vec<Block>> = SecondaryMap::new();
        for (at, &block) in order.iter().enumerate() {
            position[block] = at as u32;
        }
        for &block in &order {
            func.successors(block).for_each(|succ| preds[succ].push(block));
        }
        let mut cfg = Self {
            idom: vec![UNREACHED; order.len()],
            order,
            position,
            preds,
            header: SecondaryMap::new(),
            depth: SecondaryMap::new(),
        };
        cfg.find_dominators();
        cfg.find_loops();
        cfg
    }

    /// Whether `block` can be reached from the entry.
    pub fn is_reachable(&self, block: Block) -> bool {
        self.position[block] != UNREACHED
    }

    /// Predecessors, one per edge.
    pub fn preds(&self, block: Block) -> &[Block] {
        self.preds_of(block)
    }

    fn preds_of(&self, block: Block) -> &[Block] {
        &self.preds[block]
    }

    /// The closest strict dominator.
    pub fn idom(&self, block: Block) -> Option<Block> {
        let at = self.position[block];
        (at != 0 && at != UNREACHED).then(|| self.order[self.idom[at as usize] as usize])
    }

    /// The children of each block in the dominator tree, in reverse post-order.
    pub fn dominator_tree(&self) -> SecondaryMap<Block, Vec<Block>> {
        let mut children: SecondaryMap<Block, Vec<Block>> = SecondaryMap::new();
        for &block in &self.order {
            if let Some(parent) = self.idom(block) {
                children[parent].push(block);
            }
        }
        children
    }

    /// Whether every path to `b` passes `a`.
    pub fn dominates(&self, a: Block, b: Block) -> bool {
        let target = self.position[a];
        let mut at = self.position[b];
        if at == UNREACHED || target == UNREACHED {
            return false;
        }
        while at > target {
            at = self.idom[at as usize];
        }
        at == target
    }

    /// Whether there is a back edge.
    pub fn has_loops(&self) -> bool {
        self.order.iter().any(|&block| self.header[block])
    }

    /// Whether `block` is the target of a back edge.
    pub fn is_loop_header(&self, block: Block) -> bool {
        self.header[block]
    }

    /// How many loops contain `block`.
    pub fn loop_depth(&self, block: Block) -> u32 {
        self.depth[block]
    }

    /// The natural loop of `header`: all blocks that reach a back edge to it without passing it.
    pub fn loop_blocks(&self, header: Block) -> Vec<Block> {
        let mut body = vec![header];
        let mut work: Vec<Block> =
            self.preds_of(header).iter().copied().filter(|&pred| self.dominates(header, pred)).collect();
        while let Some(block) = work.pop() {
            if !body.contains(&block) {
                body.push(block);
                work.extend_from_slice(self.preds_of(block));
            }
        }
        body
    }

    fn find_dominators(&mut self) {
        self.idom[0] = 0;
        let mut changed = true;
        while changed {
            changed = false;
            for at in 1..self.order.len() {
                let mut preds = self.preds[self.order[at]].iter().map(|&pred| self.position[pred]);
                let first = preds.find(|&pred| self.idom[pred as usize] != UNREACHED);
                let first = first.expect("reverse post-order visits a predecessor first");
                let new = self.preds[self.order[at]]
                    .iter()
                    .map(|&pred| self.position[pred])
                    .filter(|&pred| self.idom[pred as usize] != UNREACHED)
                    .fold(first, |a, b| self.common_dominator(a, b));
                changed |= self.idom[at] != new;
                self.idom[at] = new;
            }
        }
    }

    fn common_dominator(&self, mut a: u32, mut b: u32) -> u32 {
        while a != b {
            if a > b {
                a = self.idom[a as usize];
            } else {
                b = self.idom[b as usize];
            }
        }
        a
    }

    fn find_loops(&mut self) {
        for at in 0..self.order.len() {
            let block = self.order[at];
            if self.preds[block].iter().any(|&pred| self.dominates(block, pred)) {
                self.header[block] = true;
                for inside in self.loop_blocks(block) {
                    self.depth[inside] += 1;
                }
            }
        }
    }
}

/// Reachable blocks so that a block comes before its successors, back edges aside.
fn reverse_post_order(func: &Function) -> Vec<Block> {
    let mut seen = vec![false; func.blocks.len()];
    let mut order = Vec::with_capacity(func.layout.len());
    let mut stack = vec![(func.entry(), 0)];
    seen[func.entry().index()] = true;
    while let Some((block, at)) = stack.pop() {
        // Later successors are visited first, so that the first one comes directly behind its block.
        let succs: Vec<Block> = func.successors(block).collect();
        if let Some(&next) = succs.iter().rev().nth(at) {
            stack.push((block, at + 1));
            if !std::mem::replace(&mut seen[next.index()], true) {
                stack.push((next, 0));
            }
        } else {
            order.push(block);
        }
    }
    order.reverse();
    order
}
