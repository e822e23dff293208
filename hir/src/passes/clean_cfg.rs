//! Control-flow cleaning: no unreachable block, no superfluous parameter, no block that could be part of another.
//!
//! Why here: after the builder, which makes a parameter for every live local of every block, and after every pass that decides
//! branches. Method: a parameter that receives only itself and one other value is that value (Braun et al. 2013), repeated until
//! nothing changes; a block with one predecessor that only jumps to it is appended to it; a branch on a constant is a jump.
//! Needs: phase `Ssa` or `Optimized`. Keeps: phase. Cost: linear per round, and rounds are few.

use base::entity::{EntitySet, SecondaryMap};

use super::Changed;
use crate::ir::dominators::Cfg;
use crate::ir::{Block, Edge, Function, Imm, Opcode, Value};

/// See the module documentation.
pub fn run(func: &mut Function) -> Changed {
    let mut changed = fold_branches(func);
    changed |= remove_unreachable(func);
    changed |= remove_trivial_params(func);
    changed |= merge_blocks(func);
    func.resolve_aliases();
    changed.into()
}

/// Branches on constants, and branches whose two ways are the same, become jumps.
fn fold_branches(func: &mut Function) -> bool {
    let mut changed = false;
    for block in func.layout.clone() {
        let Some(&inst) = func.blocks[block].insts.last() else { continue };
        if func.insts[inst].op != Opcode::Branch {
            continue;
        }
        let edges = func.edges(inst).to_vec();
        let taken = match func.ty(func.arg(inst, 0)).int_constant() {
            Some(value) => Some(usize::from(value == 0)),
            None => (edges[0] == edges[1]).then_some(0),
        };
        if let Some(taken) = taken {
            func.insts[inst].op = Opcode::Jump;
            func.set_args(inst, &[]);
            func.set_edges(inst, vec![edges[taken].clone()]);
            changed = true;
        }
    }
    changed
}

fn remove_unreachable(func: &mut Function) -> bool {
    let mut reached = EntitySet::new();
    let mut work = vec![func.entry()];
    while let Some(block) = work.pop() {
        if reached.insert(block) {
            work.extend(func.successors(block));
        }
    }
    let before = func.layout.len();
    func.layout.retain(|&block| reached.contains(block));
    func.layout.len() != before
}

/// For each block, the edges that lead to it: source and number.
fn incoming(func: &Function) -> SecondaryMap<Block, Vec<(Block, usize)>> {
    let mut edges: SecondaryMap<Block, Vec<(Block, usize)>> = SecondaryMap::new();
    for &block in &func.layout {
        for (at, edge) in func.edges(func.terminator(block)).iter().enumerate() {
            edges[edge.target].push((block, at));
        }
    }
    edges
}

fn remove_trivial_params(func: &mut Function) -> bool {
    let edges = incoming(func);
    let mut changed_at_all = false;
    let mut changed = true;
    while changed {
        changed = false;
        for block in func.layout.clone() {
            if block == func.entry() {
                continue;
            }
            for at in (0..func.blocks[block].params.len()).rev() {
                if let Some(value) = single_argument(func, &edges[block], block, at) {
                    remove_param(func, &edges[block], block, at, value);
                    changed = true;
                }
            }
        }
        changed_at_all |= changed;
    }
    changed_at_all
}

/// The only value, besides itself, that a parameter receives.
fn single_argument(func: &Function, edges: &[(Block, usize)], block: Block, at: usize) -> Option<Value> {
    let param = func.blocks[block].params[at];
    let mut only = None;
    for &(source, number) in edges {
        let arg = func.resolve(func.edges(func.terminator(source))[number].args[at]);
        if arg != param && *only.get_or_insert(arg) != arg {
            return None;
        }
    }
    only
}

fn remove_param(func: &mut Function, edges: &[(Block, usize)], block: Block, at: usize, value: Value) {
    let param = func.blocks[block].params.remove(at);
    for (position, &later) in func.blocks[block].params.clone().iter().enumerate().skip(at) {
        func.values[later].def = crate::ir::ValueDef::Param(block, position as u32);
    }
    for &(source, number) in edges {
        let terminator = func.terminator(source);
        func.edges_mut(terminator)[number].args.remove(at);
    }
    func.replace(param, value);
}

/// Appends blocks to their only predecessor.
fn merge_blocks(func: &mut Function) -> bool {
    let cfg = Cfg::new(func);
    let mut changed = false;
    for &block in &cfg.order {
        while let Some(next) = mergeable(func, &cfg, block) {
            let terminator = func.terminator(block);
            let Edge { args, .. } = func.edges(terminator)[0].clone();
            let params = std::mem::take(&mut func.blocks[next].params);
            for (param, arg) in params.into_iter().zip(args) {
                func.replace(param, arg);
            }
            func.blocks[block].insts.pop();
            let insts = std::mem::take(&mut func.blocks[next].insts);
            func.blocks[block].insts.extend(insts);
            func.layout.retain(|&placed| placed != next);
            changed = true;
        }
    }
    changed
}

/// The block that can be appended to `block`.
fn mergeable(func: &Function, cfg: &Cfg, block: Block) -> Option<Block> {
    let &inst = func.blocks[block].insts.last()?;
    if func.insts[inst].op != Opcode::Jump || func.insts[inst].imm != Imm::None {
        return None;
    }
    let next = func.edges(inst)[0].target;
    let may_merge = next != block && next != func.entry() && cfg.preds(next).len() == 1;
    (may_merge && func.blocks[next].is_cold == func.blocks[block].is_cold).then_some(next)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::passes::check_pass;

    #[test]
    fn parameters_that_always_get_the_same_value_go() {
        let text = "func @f func0 -> I64 phase=ssa {
bb0(v0: I64, v1: CBool):
  jump bb1(v0, v0)
bb1(v2: I64, v3: I64):
  v4: I64 = iadd v2, v3
  branch v1, bb1(v2, v4), bb2(v2)
bb2(v5: I64):
  return v5
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> I64 phase=ssa {
    bb0(v0: I64, v1: CBool):
      jump bb1(v0)
    bb1(v3: I64):
      v4: I64 = iadd v0, v3
      branch v1, bb1(v4), bb2
    bb2:
      return v0
    }
    "#);
    }

    #[test]
    fn decided_branches_and_single_predecessors_go() {
        let text = "func @f func0 -> I64 phase=ssa {
bb0(v0: I64):
  v1: CBool{1} = const_int #1
  branch v1, bb1(v0), bb2
bb1(v2: I64):
  return v2
bb2:
  return v0
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> I64 phase=ssa {
    bb0(v0: I64):
      v1: CBool{1} = const_int #1
      return v0
    }
    "#);
    }
}
