//! Box sinking: a box is made where it is needed, not where its number is known.
//!
//! Why here: after `select-representation`, which leaves a box at the head of a loop for the few uses that want an object. Method: a box
//! whose uses are all in other blocks moves to the closest block that dominates them, unless that is deeper in a loop. Frame states
//! do not count: they name the number. Needs: phase `Ssa`. Keeps: phase, graph. Cost: boxes × instructions.

use super::Changed;
use crate::ir::dominators::Cfg;
use crate::ir::{Block, Function, Inst, Opcode, Value};

/// See the module documentation.
pub fn run(func: &mut Function) -> Changed {
    func.resolve_aliases();
    let cfg = Cfg::new(func);
    let mut changed = false;
    for &block in &cfg.order {
        for inst in func.blocks[block].insts.clone() {
            let op = func.insts[inst].op;
            if !matches!(op, Opcode::BoxInt | Opcode::BoxFloat | Opcode::BoxBool | Opcode::Tag) {
                continue;
            }
            if let Some(target) = better_block(func, &cfg, block, func.result(inst)) {
                func.blocks[block].insts.retain(|&other| other != inst);
                place(func, target, inst);
                changed = true;
            }
        }
    }
    changed.into()
}

/// The closest common dominator of all uses, if it is another block and in no deeper loop.
fn better_block(func: &Function, cfg: &Cfg, block: Block, value: Value) -> Option<Block> {
    let mut common: Option<Block> = None;
    for &user in &cfg.order {
        let is_used = func.blocks[user].insts.iter().any(|&inst| uses(func, inst, value));
        if is_used {
            common = Some(common.map_or(user, |other| common_dominator(cfg, other, user)));
        }
    }
    let mut target = common?;
    while cfg.loop_depth(target) > cfg.loop_depth(block) {
        target = cfg.idom(target)?;
    }
    (target != block && cfg.dominates(block, target)).then_some(target)
}

fn uses(func: &Function, inst: Inst, value: Value) -> bool {
    let mut found = false;
    func.for_each_use(inst, |used| found |= used == value);
    found
}

fn common_dominator(cfg: &Cfg, mut a: Block, b: Block) -> Block {
    while !cfg.dominates(a, b) {
        a = cfg.idom(a).expect("the entry dominates everything");
    }
    a
}

/// Puts the box in front of its first use in the block, or at its end.
fn place(func: &mut Function, block: Block, inst: Inst) {
    let value = func.result(inst);
    let insts = &func.blocks[block].insts;
    let at = insts.iter().position(|&user| uses(func, user, value)).unwrap_or(insts.len() - 1);
    func.blocks[block].insts.insert(at, inst);
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::passes::check_pass;

    #[test]
    fn a_result_is_boxed_behind_the_loop() {
        let text = "func @f func0 -> Object phase=ssa {
bb0(v0: I64, v1: CBool):
  jump bb1(v0)
bb1(v2: I64):
  v3: IntExact = box_int v2
  v4: I64 = ineg v2
  branch v1, bb1(v4), bb2
bb2:
  return v3
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> Object phase=ssa {
    bb0(v0: I64, v1: CBool):
      jump bb1(v0)
    bb1(v2: I64):
      v4: I64 = ineg v2
      branch v1, bb1(v4), bb2
    bb2:
      v3: IntExact = box_int v2
      return v3
    }
    "#);
    }
}
