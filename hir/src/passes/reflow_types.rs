//! Type reflow: the narrowest types that follow from the definitions.
//!
//! Why here: after passes that replace values by others of narrower type. Method: optimistic data flow in reverse post-order;
//! block parameters start empty and grow to the union of what they receive; a narrowing instruction gives the
//! intersection of its declared type with its operand's; a generic operator gives what its specialised form will give. Declared types of other results stand. Parameters that still grow
//! after a few rounds lose their specialisation, so it ends. Keeps: phase, code. Cost: a few linear rounds.

use base::entity::SecondaryMap;

use super::{Changed, specialise};
use crate::ir::dominators::Cfg;
use crate::ir::{Function, Imm, Inst, Ret, Type, Value};

/// After so many rounds specialisations are given up.
const PATIENCE: u32 = 4;

/// See the module documentation.
pub fn run(func: &mut Function) -> Changed {
    func.resolve_aliases();
    let cfg = Cfg::new(func);
    let mut types: SecondaryMap<Value, Type> = SecondaryMap::with_default(Type::EMPTY);
    for &param in &func.blocks[func.entry()].params {
        types[param] = func.ty(param);
    }
    let mut round = 0;
    while propagate(func, &cfg, &mut types, round) {
        round += 1;
    }
    write_back(func, &cfg, &types).into()
}

fn propagate(func: &Function, cfg: &Cfg, types: &mut SecondaryMap<Value, Type>, round: u32) -> bool {
    let mut changed = false;
    for &block in &cfg.order {
        for &inst in &func.blocks[block].insts {
            if let Some(result) = func.insts[inst].result {
                let ty = result_type(func, inst, types);
                changed |= grow(types, result, ty, false);
            }
        }
        for edge in func.edges(func.terminator(block)) {
            for (&arg, &param) in edge.args.iter().zip(&func.blocks[edge.target].params) {
                let ty = types[arg].intersect(func.values[param].ty);
                changed |= grow(types, param, ty, round > PATIENCE);
            }
        }
    }
    changed
}

fn result_type(func: &Function, inst: Inst, types: &SecondaryMap<Value, Type>) -> Type {
    let declared = func.ty(func.result(inst));
    match (func.insts[inst].op.info().ret, func.insts[inst].imm) {
        (Ret::Narrowed, _) => {
            let operand = types[func.arg(inst, 0)];
            // Of two classes neither of which is known to be the other's subclass the declared one stays: it is the narrower one
            // as a rule, and where the type is not written back the parameters must not be told of another.
            let both = declared.intersect(operand);
            // Where they contradict each other nobody comes, but others may be told of the result all the same.
            if both.is_empty() && !operand.is_empty() { declared } else { both }
        }
        (Ret::Shared, _) => declared.intersect(types[func.arg(inst, 0)]),
        (_, Imm::Helper(helper)) => {
            let operands: Vec<Type> = func.args(inst).iter().map(|&arg| types[arg]).collect();
            if operands.iter().any(|ty| ty.is_empty()) {
                // Not reached yet: assume the best.
                return Type::EMPTY;
            }
            let number = specialise::operator(func, inst, helper);
            specialise::result_type(helper, number, &operands, func.guesses).unwrap_or(declared)
        }
        _ => declared,
    }
}

fn grow(types: &mut SecondaryMap<Value, Type>, value: Value, ty: Type, widen: bool) -> bool {
    let old = types[value];
    if ty.is_subtype(old) {
        return false;
    }
    let new = old.union(ty);
    types[value] = if widen { new.unspecialised() } else { new };
    types[value] != old
}

fn write_back(func: &mut Function, cfg: &Cfg, types: &SecondaryMap<Value, Type>) -> bool {
    let mut changed = false;
    for &block in &cfg.order {
        let results = func.blocks[block].insts.iter().filter_map(|&inst| func.insts[inst].result);
        let values: Vec<Value> = func.blocks[block].params.iter().copied().chain(results).collect();
        for value in values {
            let (old, new) = (func.values[value].ty, types[value]);
            // An empty type means that the code cannot be reached; it keeps its representation all the same.
            if !new.is_empty() && new != old && new.is_subtype(old) {
                func.values[value].ty = new;
                changed = true;
            }
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::passes::check_pass;

    #[test]
    fn a_loop_parameter_gets_the_type_of_what_it_receives() {
        let text = "func @f func0 -> Object phase=ssa {
bb0(v0: CBool):
  v1: SmallInt{0} = const_int #0
  jump bb1(v1)
bb1(v2: Word):
  v3: Object = refine v2
  branch v0, bb1(v3), bb2
bb2:
  return v3
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> Object phase=ssa {
    bb0(v0: CBool):
      v1: SmallInt{0} = const_int #0
      jump bb1(v1)
    bb1(v2: SmallInt{0}):
      v3: SmallInt{0} = refine v2
      branch v0, bb1(v3), bb2
    bb2:
      return v3
    }
    "#);
    }

    #[test]
    fn a_loop_that_narrows_to_a_subclass_keeps_both() {
        let text = "func @f func0 -> Object phase=ssa {
bb0(v0: CBool, v1: Other{class1}):
  jump bb1(v1)
bb1(v2: Word):
  v3: Other{class1} = refine v2
  v4: Other{class2} = refine v3
  branch v0, bb1(v4), bb2
bb2:
  return v3
}";
        assert!(check_pass(super::run, text).contains("bb1(v2: Other):"));
    }

    #[test]
    fn a_contradiction_leaves_the_declared_type() {
        let text = "func @f func0 -> Object phase=ssa {
bb0(v0: CBool):
  v1: Null = null
  branch v0, bb1(v1), bb2
bb1(v2: Word):
  v3: NoneType{const0} = const_object #const0
  return v3
bb2:
  v4: Object = refine v1
  jump bb1(v4)
}";
        assert_eq!(check_pass(super::run, text).trim_end(), text);
    }
}
