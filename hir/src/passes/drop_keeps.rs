//! Drops what keeps variables alive where nobody can tell, or where it would cost more than it is worth.
//!
//! A variable holds its value until it is bound anew (`keep`, from the builder). That can be observed only if the variable has the
//! last reference. A value that was read from memory has another reference there, and it would have to be counted only in case
//! somebody overwrites that memory meanwhile; so such values are released at their last use, as values are whose destructor does
//! nothing. Where references are counted, every hold tells. Frame states are relieved of them in the same way, unless the function's variables are shown: then only of floats that
//! would be boxed for nobody else.
//!
//! Why here: after the first `simplify`, when types are known, and before `dead-code`, which then drops the block parameters that only
//! carried such values. Method: a value is *fresh* if it comes with a reference of its own, or may on some way; a fixed point
//! over block parameters. Needs: phase `Ssa`. Keeps: phase, graph. Cost: linear, times the depth of loops.

use base::entity::EntitySet;

use super::Changed;
use crate::ir::effects::source;
use crate::ir::{Function, Opcode, Ret, Slot, Source, StateId, Type, Value};

/// See the module documentation.
pub fn run(func: &mut Function) -> Changed {
    func.resolve_aliases();
    let fresh = find_fresh(func);
    let boxing = if func.is_shown { find_boxing(func) } else { EntitySet::new() };
    let mut changed = false;
    for block in func.layout.clone() {
        let mut insts = std::mem::take(&mut func.blocks[block].insts);
        let before = insts.len();
        insts.retain(|&inst| func.insts[inst].op != Opcode::Keep || is_told(func, &fresh, func.arg(inst, 0)));
        changed |= insts.len() != before;
        func.blocks[block].insts = insts;
    }
    for at in 0..func.states.len() {
        let id: StateId = base::entity::EntityId::from_index(at);
        for local in 0..func.states[id].locals.len() {
            let Slot::Kept(value) = func.states[id].locals[local] else { continue };
            let value = func.resolve(value);
            let is_seen = if func.is_shown { !boxing.contains(value) } else { is_told(func, &fresh, value) };
            func.states[id].locals[local] = if is_seen { Slot::Value(value) } else { Slot::Unset };
            changed = true;
        }
    }
    changed.into()
}

/// Whether the end of a value may be noticed, and is up to its variable.
fn is_told(func: &Function, fresh: &EntitySet<Value>, value: Value) -> bool {
    func.is_hold_told(func.ty(value)) && (func.counts_exactly || fresh.contains(value))
}

/// The block parameters that some edge passes a float which is boxed for them, and that are no floats on every edge: a variable that has no
/// value, or an unknown one, when a loop begins would have the loop box a float each time round.
fn find_boxing(func: &Function) -> EntitySet<Value> {
    let mut boxing = EntitySet::new();
    let mut changed = true;
    while std::mem::take(&mut changed) {
        for &block in &func.layout {
            for edge in func.edges(func.terminator(block)) {
                for (&param, &arg) in func.blocks[edge.target].params.iter().zip(&edge.args) {
                    let is_box =
                        func.def_inst(arg).is_some_and(|inst| func.insts[inst].op == Opcode::BoxFloat);
                    let is_mixed = !func.ty(param).is_subtype(Type::FLOAT_EXACT);
                    changed |= is_mixed && (is_box || boxing.contains(arg)) && boxing.insert(param);
                }
            }
        }
    }
    boxing
}

fn find_fresh(func: &Function) -> EntitySet<Value> {
    let mut fresh = EntitySet::new();
    let mut changed = true;
    while std::mem::take(&mut changed) {
        for &block in &func.layout {
            for &inst in &func.blocks[block].insts {
                let Some(result) = func.insts[inst].result else { continue };
                let is_fresh = match func.insts[inst].op.info().ret {
                    Ret::Narrowed => fresh.contains(func.arg(inst, 0)),
                    _ => func.ty(result).is_counted() && source(func, inst) == Source::New,
                };
                changed |= is_fresh && fresh.insert(result);
            }
            for edge in func.edges(func.terminator(block)) {
                for (&param, &arg) in func.blocks[edge.target].params.iter().zip(&edge.args) {
                    changed |= fresh.contains(arg) && fresh.insert(param);
                }
            }
        }
    }
    fresh
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::passes::check_pass;

    #[test]
    fn what_memory_or_the_caller_holds_needs_no_keeping() {
        let text = "func @f func0 -> Object phase=ssa {
  fs0 = state func0 4 [] []
bb0(v0: Object, v1: Cell):
  v2: Word = load_cell v1
  v3: Object = call_helper #get_iter v0 @fs0
  keep v0
  keep v2
  keep v3
  jump bb1(v2)
bb1(v6: Word):
  keep v6
  return v0
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> Object phase=ssa {
      fs0 = state func0 4 [] []
    bb0(v0: Object, v1: Cell):
      v2: Word = load_cell v1
      v3: Object = call_helper #get_iter v0 @fs0
      keep v3
      jump bb1(v2)
    bb1(v6: Word):
      return v0
    }
    "#);
    }

    #[test]
    fn where_references_are_counted_every_hold_tells() {
        let text = "func @f func0 -> Object phase=ssa exactly {
  fs0 = state func0 4 [kept v2] []
bb0(v0: Object, v1: Cell, v4: I64):
  v2: Word = load_cell v1
  v3: Str = call_helper #get_iter v0 @fs0
  v5: SmallInt = tag v4
  keep v2
  keep v3
  keep v5
  return v0
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
        func @f func0 -> Object phase=ssa exactly {
          fs0 = state func0 4 [v2] []
        bb0(v0: Object, v1: Cell, v4: I64):
          v2: Word = load_cell v1
          v3: Str = call_helper #get_iter v0 @fs0
          v5: SmallInt = tag v4
          keep v2
          keep v3
          return v0
        }
        "#);
    }

    #[test]
    fn a_variable_that_may_hold_something_new_is_kept() {
        let text = "func @f func0 -> Object phase=ssa {
  fs0 = state func0 4 [] []
bb0(v0: Object, v1: Cell):
  v2: Word = load_cell v1
  jump bb1(v2)
bb1(v3: Word):
  keep v3
  v4: Object = call_helper #get_iter v0 @fs0
  v5: CBool = is_null v2
  branch v5, bb1(v4), bb2
bb2:
  keep v4
  return v0
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> Object phase=ssa {
      fs0 = state func0 4 [] []
    bb0(v0: Object, v1: Cell):
      v2: Word = load_cell v1
      jump bb1(v2)
    bb1(v3: Word):
      keep v3
      v4: Object = call_helper #get_iter v0 @fs0
      v5: CBool = is_null v2
      branch v5, bb1(v4), bb2
    bb2:
      keep v4
      return v0
    }
    "#);
    }
}
