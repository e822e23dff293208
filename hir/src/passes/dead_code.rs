//! Dead-code elimination: drop every instruction and block parameter whose result nobody needs.
//!
//! Why here: after `simplify`, which orphans operands; before `refcount-insertion`, so no count is paid for a dead value.
//! Method: mark from roots, then sweep (Cytron et al. 1991, with every terminator taken as a root). Guards are roots even if nobody
//! uses their narrower value: behind `specialise` a guard stands for what the operator would have done with another operand, such as
//! raising. Those that only ask whether an int is small go, because operators treat all ints alike. Needs: phase `Ssa` or
//! `Optimized`. Keeps: phase and graph.
//! Cost: O(instructions + uses).

use base::entity::{EntitySet, SecondaryMap};

use super::Changed;
use crate::ir::effects::is_removable;
use crate::ir::{Block, Function, Inst, Opcode, Type, Value, ValueDef};

/// See the module documentation.
pub fn run(func: &mut Function) -> Changed {
    func.resolve_aliases();
    let live = mark_live(func);
    sweep(func, &live)
}

fn is_root(func: &Function, inst: Inst) -> bool {
    let asks_size_only =
        func.insts[inst].op == Opcode::GuardType && func.ty(func.arg(inst, 0)).is_subtype(Type::INT_EXACT);
    !asks_size_only && !is_removable(func, inst)
}

/// Values that an observable instruction needs.
fn mark_live(func: &Function) -> EntitySet<Value> {
    let mut live = EntitySet::new();
    let mut work = Vec::new();
    for &block in &func.layout {
        for &inst in &func.blocks[block].insts {
            if is_root(func, inst) {
                func.args(inst).iter().for_each(|&value| work.push(value));
                func.for_each_state_value(inst, |value| work.push(value));
            }
        }
    }
    let args = arguments(func);
    while let Some(value) = work.pop() {
        if !live.insert(value) {
            continue;
        }
        match func.values[value].def {
            ValueDef::Inst(inst) => func.for_each_use(inst, |used| work.push(used)),
            ValueDef::Param(..) => work.extend_from_slice(&args[value]),
            ValueDef::Alias(_) => unreachable!("aliases have been resolved"),
        }
    }
    live
}

/// What each block parameter receives.
fn arguments(func: &Function) -> SecondaryMap<Value, Vec<Value>> {
    let mut args: SecondaryMap<Value, Vec<Value>> = SecondaryMap::new();
    for &block in &func.layout {
        for edge in func.edges(func.terminator(block)) {
            for (&param, &arg) in func.blocks[edge.target].params.iter().zip(&edge.args) {
                args[param].push(arg);
            }
        }
    }
    args
}

fn sweep(func: &mut Function, live: &EntitySet<Value>) -> Changed {
    let mut changed = false;
    for block in func.layout.clone() {
        let mut insts = std::mem::take(&mut func.blocks[block].insts);
        let before = insts.len();
        insts.retain(|&inst| {
            is_root(func, inst) || func.insts[inst].result.is_none_or(|result| live.contains(result))
        });
        changed |= insts.len() != before;
        func.blocks[block].insts = insts;
        if block != func.entry() {
            changed |= sweep_params(func, block, live);
        }
    }
    changed.into()
}

fn sweep_params(func: &mut Function, block: Block, live: &EntitySet<Value>) -> bool {
    let keep: Vec<bool> = func.blocks[block].params.iter().map(|&param| live.contains(param)).collect();
    if keep.iter().all(|&kept| kept) {
        return false;
    }
    retain_flagged(&mut func.blocks[block].params, &keep);
    for (at, &param) in func.blocks[block].params.clone().iter().enumerate() {
        func.values[param].def = ValueDef::Param(block, at as u32);
    }
    for source in func.layout.clone() {
        let terminator = func.terminator(source);
        for edge in func.edges_mut(terminator) {
            if edge.target == block {
                retain_flagged(&mut edge.args, &keep);
            }
        }
    }
    true
}

fn retain_flagged(values: &mut Vec<Value>, keep: &[bool]) {
    let mut flags = keep.iter();
    values.retain(|_| *flags.next().expect("one flag per parameter"));
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::passes::check_pass;

    #[test]
    fn pure_chains_and_unused_parameters_go_and_effects_stay() {
        let text = "func @f func0 -> I64 phase=ssa {
  fs0 = state func0 0 [v0] []
bb0(v0: I64, v1: Object):
  v2: I64 = ineg v0
  v3: I64 = ineg v2
  v4: SmallInt = guard_type v1 @fs0
  poll @fs0
  jump bb1(v0, v3)
bb1(v5: I64, v6: I64):
  return v5
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> I64 phase=ssa {
      fs0 = state func0 0 [v0] []
    bb0(v0: I64, v1: Object):
      v4: SmallInt = guard_type v1 @fs0
      poll @fs0
      jump bb1(v0)
    bb1(v5: I64):
      return v5
    }
    "#);
    }

    #[test]
    fn guards_stay_unless_they_only_ask_for_the_size_of_an_int() {
        let text = "func @f func0 -> SmallInt phase=ssa {
  fs0 = state func0 0 [v0] []
bb0(v0: Object, v1: IntExact):
  v2: SmallInt = guard_type v0 @fs0
  v3: SmallInt = guard_type v1 @fs0
  v4: SmallInt{1} = const_int #1
  return v4
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> SmallInt phase=ssa {
      fs0 = state func0 0 [v0] []
    bb0(v0: Object, v1: IntExact):
      v2: SmallInt = guard_type v0 @fs0
      v4: SmallInt{1} = const_int #1
      return v4
    }
    "#);
    }
}
