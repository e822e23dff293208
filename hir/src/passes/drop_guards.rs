//! Drops the guards of stores (`guard_stores`) where no subclass can have come into being since the code was entered.
//!
//! Code that stores to a field relies on no subclass having a `__setattr__` of its own, and is retired when one gets it. What runs meanwhile
//! goes on, so that it must look at the object behind everything that may have run other code.
//!
//! Why here: behind `inline`, which brings calls before stores, and the first `dead-code`; before `gvn` merges what is left. Method: forward, a
//! block is reached by a call if it follows one or a block that is; what has just been made is of a class that is known. Polls are no calls: what
//! a signal runs need not be seen at once. Needs: phase `Ssa`. Keeps: phase, graph. Cost: linear, times the depth of loops.

use base::entity::EntitySet;

use super::Changed;
use crate::ir::effects::writes;
use crate::ir::{Block, Function, Inst, Memory, Opcode};

/// See the module documentation.
pub fn run(func: &mut Function) -> Changed {
    func.resolve_aliases();
    let reached = find_reached(func);
    let mut changed = false;
    for block in func.layout.clone() {
        let mut is_reached = reached.contains(block);
        let mut insts = std::mem::take(&mut func.blocks[block].insts);
        insts.retain(|&inst| {
            is_reached |= is_call(func, inst);
            let is_idle = func.insts[inst].op == Opcode::GuardStores && (!is_reached || is_made(func, inst));
            if is_idle {
                let (result, owner) = (func.result(inst), func.arg(inst, 0));
                func.replace(result, owner);
                changed = true;
            }
            !is_idle
        });
        func.blocks[block].insts = insts;
    }
    changed.into()
}

/// Whether an instruction may run other code.
fn is_call(func: &Function, inst: Inst) -> bool {
    func.insts[inst].op != Opcode::Poll && writes(func, inst) == Memory::ALL
}

/// Whether the owner has been made by this very code.
fn is_made(func: &Function, inst: Inst) -> bool {
    func.def_inst(func.resolve(func.arg(inst, 0))).is_some_and(|def| func.insts[def].op == Opcode::Alloc)
}

/// The blocks at whose beginning something may have run other code.
fn find_reached(func: &Function) -> EntitySet<Block> {
    let mut reached = EntitySet::new();
    let mut changed = true;
    while std::mem::take(&mut changed) {
        for &block in &func.layout {
            let calls = func.blocks[block].insts.iter().any(|&inst| is_call(func, inst));
            if calls || reached.contains(block) {
                for edge in func.edges(func.terminator(block)) {
                    changed |= reached.insert(edge.target);
                }
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::passes::check_pass;

    #[test]
    fn what_follows_a_call_is_guarded() {
        let text = "func @f func0 -> Object phase=ssa {
  fs0 = state func0 4 [] []
bb0(v0: Object, v1: CBool):
  v2: Object = guard_stores v0 @fs0
  branch v1, bb1, bb2(v2)
bb1:
  v3: Object = call_helper #get_iter v2 @fs0
  v4: Object = guard_stores v3 @fs0
  jump bb2(v4)
bb2(v5: Object):
  v6: Object = guard_stores v5 @fs0
  return v6
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> Object phase=ssa {
      fs0 = state func0 4 [] []
    bb0(v0: Object, v1: CBool):
      branch v1, bb1, bb2(v0)
    bb1:
      v3: Object = call_helper #get_iter v0 @fs0
      v4: Object = guard_stores v3 @fs0
      jump bb2(v4)
    bb2(v5: Object):
      v6: Object = guard_stores v5 @fs0
      return v6
    }
    "#);
    }
}
