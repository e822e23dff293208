//! Narrowing of uses: what a check has proved of a value is known wherever the check dominates.
//!
//! Why here: after `specialise`, whose guards give narrower names to values that later code, written in terms of the old names, uses
//! as well. Method: one walk over the dominator tree with a scoped table from value to its narrowest checked name; operands and
//! block arguments are replaced, so that a second round of `reflow-types` and `specialise` sees the narrower types. Frame states
//! keep the old names: it is the same object, and states are shared by instructions in several places.
//! Needs: phase `Ssa`. Keeps: phase, graph. Cost: linear, hashing.

use std::collections::HashMap;

use super::Changed;
use crate::ir::dominators::Cfg;
use crate::ir::{Function, Inst, Opcode, Value};

/// See the module documentation.
pub fn run(func: &mut Function) -> Changed {
    func.resolve_aliases();
    let children = Cfg::new(func).dominator_tree();
    let mut changed = false;
    let mut work = vec![(func.entry(), HashMap::new())];
    while let Some((block, mut names)) = work.pop() {
        for inst in func.blocks[block].insts.clone() {
            changed |= rename(func, inst, &names);
            remember(func, inst, &mut names);
        }
        for &child in &children[block] {
            work.push((child, names.clone()));
        }
    }
    changed.into()
}

/// Takes the narrowest names of an instruction's operands and block arguments.
fn rename(func: &mut Function, inst: Inst, names: &HashMap<Value, Value>) -> bool {
    let narrowed = |value: &Value| names.get(value).copied().unwrap_or(*value);
    let args: Vec<Value> = func.args(inst).iter().map(narrowed).collect();
    let mut changed = args != func.args(inst);
    if changed {
        func.set_args(inst, &args);
    }
    for edge in func.edges_mut(inst) {
        for arg in &mut edge.args {
            let narrow = narrowed(arg);
            changed |= narrow != *arg;
            *arg = narrow;
        }
    }
    changed
}

fn remember(func: &Function, inst: Inst, names: &mut HashMap<Value, Value>) {
    let is_check = matches!(
        func.insts[inst].op,
        Opcode::GuardType
            | Opcode::CheckType
            | Opcode::GuardSet
            | Opcode::GuardField
            | Opcode::Cast
            | Opcode::CheckField
    );
    if !is_check {
        return;
    }
    let (mut value, result) = (func.arg(inst, 0), func.result(inst));
    // The names before, too, mean the same object.
    loop {
        if func.ty(result) != func.ty(value) && func.ty(result).is_subtype(func.ty(value)) {
            names.insert(value, result);
        }
        match func.def_inst(value) {
            Some(def) if matches!(func.insts[def].op.info().ret, crate::ir::Ret::Narrowed) => {
                value = func.arg(def, 0);
            }
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::passes::check_pass;

    #[test]
    fn a_guard_names_what_it_dominates() {
        let text = "func @f func0 -> Object phase=ssa {
  fs0 = state func0 0 [v0] []
bb0(v0: Object, v1: CBool):
  v2: SmallInt = guard_type v0 @fs0
  branch v1, bb1, bb2(v0)
bb1:
  v3: FloatExact = guard_type v0 @fs0
  jump bb2(v0)
bb2(v4: Object):
  v5: Object = call_helper #get_iter v0 @fs0
  return v4
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> Object phase=ssa {
      fs0 = state func0 0 [v0] []
    bb0(v0: Object, v1: CBool):
      v2: SmallInt = guard_type v0 @fs0
      branch v1, bb1, bb2(v2)
    bb1:
      v3: FloatExact = guard_type v2 @fs0
      jump bb2(v3)
    bb2(v4: Object):
      v5: Object = call_helper #get_iter v2 @fs0
      return v4
    }
    "#);
    }
}
