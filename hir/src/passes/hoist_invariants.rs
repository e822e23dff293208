//! Loop-invariant code motion, guards included.
//!
//! Why here: after `gvn`. Method: for every loop with one entry edge, operations whose operands come from outside are moved in front
//! of the loop: pure ones from anywhere, because computing them in vain does no harm; loads if nothing in the loop writes their
//! memory; guards from the header only, as long as nothing before them has an effect. A hoisted guard fails before the first
//! iteration instead of in it, so its frame state is the header's with the entry's arguments in place of the parameters.
//! Divisions stay, because they may be protected by a test. Needs: phase `Ssa`. Keeps: phase, graph. Cost: loops × their size.

use std::collections::HashMap;

use base::entity::EntitySet;

use super::Changed;
use crate::ir::dominators::Cfg;
use crate::ir::effects::{may_raise, reads, writes};
use crate::ir::{Block, Function, Inst, Memory, Opcode, StateId, Value, ValueDef};

/// See the module documentation.
pub fn run(func: &mut Function) -> Changed {
    func.resolve_aliases();
    let cfg = Cfg::new(func);
    let mut changed = false;
    // Inner loops come later in the order and are hoisted first, so that code can leave several loops.
    for &header in cfg.order.iter().rev() {
        if cfg.is_loop_header(header)
            && let Some(preheader) = preheader(func, &cfg, header)
        {
            changed |= hoist(func, &cfg, header, preheader);
        }
    }
    func.resolve_aliases();
    changed.into()
}

/// The only block outside that enters the loop, if it does nothing else.
fn preheader(func: &Function, cfg: &Cfg, header: Block) -> Option<Block> {
    let mut outside = cfg.preds(header).iter().filter(|&&pred| !cfg.dominates(header, pred));
    let &only = outside.next()?;
    let is_jump = func.insts[func.terminator(only)].op == Opcode::Jump;
    (outside.next().is_none() && is_jump).then_some(only)
}

fn hoist(func: &mut Function, cfg: &Cfg, header: Block, preheader: Block) -> bool {
    let body: EntitySet<Block> = cfg.loop_blocks(header).into_iter().collect();
    let written = body.iter().fold(Memory::NONE, |all, block| {
        func.blocks[block].insts.iter().fold(all, |all, &inst| all.union(writes(func, inst)))
    });
    let jump = func.terminator(preheader);
    let params = func.blocks[header].params.iter().copied();
    let entry: HashMap<Value, Value> = params.zip(func.edges(jump)[0].args.iter().copied()).collect();
    // Instructions of the loop that stay there.
    let mut inside: EntitySet<Inst> =
        body.iter().flat_map(|block| func.blocks[block].insts.clone()).collect();
    let mut hoisted = Vec::new();
    let blocks: Vec<Block> = cfg.order.iter().copied().filter(|&block| body.contains(block)).collect();
    for block in blocks {
        let mut is_undisturbed = block == header;
        let insts = std::mem::take(&mut func.blocks[block].insts);
        let mut kept = Vec::with_capacity(insts.len());
        for inst in insts {
            let moves = is_invariant(func, &body, &inside, inst)
                && may_move(func, inst, written, is_undisturbed)
                && is_known_at_entry(func, &body, &inside, &entry, inst);
            if moves {
                if let Some(state) = func.insts[inst].state {
                    func.insts[inst].state = Some(entry_state(func, state, &entry));
                }
                inside.remove(inst);
                hoisted.push(inst);
                continue;
            }
            is_undisturbed &= !has_effect(func, inst);
            kept.push(inst);
        }
        func.blocks[block].insts = kept;
    }
    let at = func.blocks[preheader].insts.len() - 1;
    let changed = !hoisted.is_empty();
    func.blocks[preheader].insts.splice(at..at, hoisted);
    changed
}

/// Whether all operands are defined outside of the loop, or hoisted already.
fn is_invariant(func: &Function, body: &EntitySet<Block>, inside: &EntitySet<Inst>, inst: Inst) -> bool {
    func.args(inst).iter().all(|&arg| is_outside(func, body, inside, arg))
}

fn is_outside(func: &Function, body: &EntitySet<Block>, inside: &EntitySet<Inst>, value: Value) -> bool {
    match func.values[func.resolve(value)].def {
        ValueDef::Param(block, _) => !body.contains(block),
        ValueDef::Inst(def) => !inside.contains(def),
        ValueDef::Alias(_) => unreachable!("resolved values are no aliases"),
    }
}

/// Whether what the state of an instruction names exists before the first iteration: the loop's parameters do in the state itself, and
/// what has been computed on the way to the instruction does not. The states of callers are shared and stay as they are.
fn is_known_at_entry(
    func: &Function,
    body: &EntitySet<Block>,
    inside: &EntitySet<Inst>,
    entry: &HashMap<Value, Value>,
    inst: Inst,
) -> bool {
    let Some(state) = func.insts[inst].state else { return true };
    let mut is_known = true;
    func.states[state].for_each_value(|value| {
        is_known &= entry.contains_key(&func.resolve(value)) || is_outside(func, body, inside, value);
    });
    let mut caller = func.states[state].parent;
    while let Some(state) = caller {
        func.states[state].for_each_value(|value| is_known &= is_outside(func, body, inside, value));
        caller = func.states[state].parent;
    }
    is_known
}

fn may_move(func: &Function, inst: Inst, written: Memory, is_undisturbed: bool) -> bool {
    let op = func.insts[inst].op;
    let info = op.info();
    let is_division = matches!(op, Opcode::Idiv | Opcode::Imod | Opcode::FloorDiv | Opcode::FloorMod);
    // Reading through a refinement is safe only behind the test that justifies it; a constant is as good where it is.
    let is_tied = matches!(
        op,
        Opcode::Refine | Opcode::ConstInt | Opcode::ConstFloat | Opcode::ConstObject | Opcode::Null
    );
    if is_division || is_tied || matches!(op, Opcode::BoxInt | Opcode::BoxFloat) {
        return false;
    }
    if info.is_pure() {
        return true;
    }
    let is_guard = matches!(
        op,
        Opcode::GuardType
            | Opcode::CheckType
            | Opcode::GuardSet
            | Opcode::GuardOwnFields
            | Opcode::GuardStores
            | Opcode::Guard
            | Opcode::LoadFloatSlot
            | Opcode::GuardWords
    );
    let is_load = matches!(op, Opcode::LoadField | Opcode::FastLen);
    (is_guard && is_undisturbed || is_load) && !reads(func, inst).overlaps(written)
}

/// Whether an instruction has an effect that leaving for the interpreter before it would miss.
fn has_effect(func: &Function, inst: Inst) -> bool {
    writes(func, inst) != Memory::NONE || may_raise(func, inst)
}

/// The state as it is before the first iteration.
fn entry_state(func: &mut Function, state: StateId, entry: &HashMap<Value, Value>) -> StateId {
    let mut copy = func.states[state].clone();
    let resolved = |func: &Function, value: Value| func.resolve(value);
    copy.map_values(|value| {
        let value = resolved(func, value);
        *entry.get(&value).unwrap_or(&value)
    });
    if copy == func.states[state] { state } else { func.states.push(copy) }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::passes::check_pass;

    #[test]
    fn a_guard_on_the_bound_leaves_the_loop() {
        let text = "func @f func0 -> I64 phase=ssa {
  fs0 = state func0 7 [v0, v2] []
bb0(v0: Int):
  v1: I64{0} = const_int #0
  jump bb1(v1)
bb1(v2: I64):
  v3: SmallInt = guard_type v0 @fs0
  v4: I64 = untag v3
  v5: CBool = icmp .lt v2, v4
  branch v5, bb2, bb3
bb2:
  v6: I64 = imul v4, v4
  v7: I64 = iadd v2, v6
  jump bb1(v7)
bb3:
  return v2
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> I64 phase=ssa {
      fs0 = state func0 7 [v0, v2] []
      fs1 = state func0 7 [v0, v1] []
    bb0(v0: Int):
      v1: I64{0} = const_int #0
      v3: SmallInt = guard_type v0 @fs1
      v4: I64 = untag v3
      v6: I64 = imul v4, v4
      jump bb1(v1)
    bb1(v2: I64):
      v5: CBool = icmp .lt v2, v4
      branch v5, bb2, bb3
    bb2:
      v7: I64 = iadd v2, v6
      jump bb1(v7)
    bb3:
      return v2
    }
    "#);
    }
}
