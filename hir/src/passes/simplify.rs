//! Simplification: each rule looks at one instruction and its operands, and gives a value that equals its result, or a cheaper form.
//!
//! Why here: after the builder and after every pass that reveals types or values. Method: one walk in reverse post-order, so
//! that operands are simplified before their users; repeated by the pipeline. Rules are grouped by what they are about.
//! Needs: phase `Ssa` or `Optimized`. Keeps: phase, graph. Cost: linear.

use super::Changed;
use crate::ir::dominators::Cfg;
use crate::ir::types::Spec;
use crate::ir::{Cond, Function, Imm, Inst, Opcode, Ret, Slot, StateId, Type, Value};

/// What a rule found.
enum Found {
    /// The result equals this value.
    Value(Value),
    /// The result is this integer.
    Int(i64),
    /// The instruction is better written so; its result type stays.
    Rewrite(Opcode, Vec<Value>, Imm),
    /// The instruction has no effect and no result.
    Nothing,
}

/// See the module documentation.
pub fn run(func: &mut Function) -> Changed {
    func.resolve_aliases();
    let order = Cfg::new(func).order;
    let mut changed = unbox_states(func);
    for block in order {
        let mut insts = std::mem::take(&mut func.blocks[block].insts);
        let mut previous = None;
        insts.retain(|&inst| {
            narrow_definition(func, previous, inst);
            previous = Some(inst);
            let found = simplify(func, inst);
            changed |= found.is_some();
            found.is_none_or(|found| apply(func, inst, found))
        });
        func.blocks[block].insts = insts;
    }
    func.resolve_aliases();
    changed.into()
}

/// A refinement right behind the definition says what the definition gives.
fn narrow_definition(func: &mut Function, previous: Option<Inst>, inst: Inst) {
    let Some(previous) = previous.filter(|_| func.insts[inst].op == Opcode::Refine) else { return };
    let value = func.arg(inst, 0);
    let is_declared = matches!(func.insts[previous].op.info().ret, Ret::Within(_));
    if func.insts[previous].result == Some(value) && is_declared {
        let narrow = func.ty(value).intersect(func.ty(func.result(inst)));
        if !narrow.is_empty() {
            func.values[value].ty = narrow;
        }
    }
}

/// Applies what was found; false if the instruction goes.
fn apply(func: &mut Function, inst: Inst, found: Found) -> bool {
    match found {
        Found::Value(value) => {
            let result = func.result(inst);
            func.replace(result, value);
            return false;
        }
        Found::Int(value) => {
            let result = func.result(inst);
            func.values[result].ty = func.values[result].ty.with_spec(Spec::Int(value));
            rewrite(func, inst, Opcode::ConstInt, &[], Imm::Int(value));
        }
        Found::Rewrite(op, args, imm) => rewrite(func, inst, op, &args, imm),
        Found::Nothing => return false,
    }
    true
}

fn rewrite(func: &mut Function, inst: Inst, op: Opcode, args: &[Value], imm: Imm) {
    func.insts[inst].op = op;
    func.insts[inst].imm = imm;
    func.set_args(inst, args);
    if !op.info().may_deopt && !op.info().may_raise {
        func.insts[inst].state = None;
    }
}

/// Frame states take what is in a box: the box is made again on the way out.
fn unbox_states(func: &mut Function) -> bool {
    let mut changed = false;
    for at in 0..func.states.len() {
        let id: StateId = base::entity::EntityId::from_index(at);
        let mut state = func.states[id].clone();
        for slot in state.locals.iter_mut().chain(&mut state.stack) {
            let Slot::Value(value) = *slot else { continue };
            let Some(mut inst) = func.def_inst(value) else { continue };
            // A guard on a box changes nothing about the number in it.
            while matches!(func.insts[inst].op, Opcode::GuardType | Opcode::CheckType)
                && let Some(inner) = func.def_inst(func.arg(inst, 0))
            {
                inst = inner;
            }
            if matches!(
                func.insts[inst].op,
                Opcode::BoxInt | Opcode::BoxFloat | Opcode::BoxBool | Opcode::Tag
            ) {
                *slot = Slot::Value(func.arg(inst, 0));
                changed = true;
            }
        }
        func.states[id] = state;
    }
    changed
}

fn simplify(func: &Function, inst: Inst) -> Option<Found> {
    let data = &func.insts[inst];
    match data.op {
        Opcode::Refine
        | Opcode::GuardType
        | Opcode::CheckType
        | Opcode::GuardSet
        | Opcode::GuardField
        | Opcode::CheckField
        | Opcode::Cast => narrowing(func, inst),
        Opcode::Own => {
            let value = func.arg(inst, 0);
            (!func.ty(value).is_counted()).then_some(Found::Value(value))
        }
        Opcode::Share => {
            let value = func.arg(inst, 0);
            (!func.is_hold_told(func.ty(value))).then_some(Found::Value(value))
        }
        Opcode::Keep => (!func.is_hold_told(func.ty(func.arg(inst, 0)))).then_some(Found::Nothing),
        Opcode::Guard => (func.ty(func.arg(inst, 0)).int_constant()? != 0).then_some(Found::Nothing),
        Opcode::IsNull | Opcode::IsSame | Opcode::IsSmallInt => identity(func, inst),
        Opcode::Untag | Opcode::UnboxFloat | Opcode::UnboxBool | Opcode::UnboxInt => unboxing(func, inst),
        Opcode::Icmp | Opcode::Bnot | Opcode::Convert => comparison(func, inst),
        Opcode::Iadd
        | Opcode::Isub
        | Opcode::Imul
        | Opcode::AddChecked
        | Opcode::SubChecked
        | Opcode::MulChecked => arithmetic(func, inst),
        Opcode::FloorDiv | Opcode::FloorMod => division(func, inst),
        _ => None,
    }
}

/// What is already as narrow needs no narrowing.
fn narrowing(func: &Function, inst: Inst) -> Option<Found> {
    let (value, ty) = (func.arg(inst, 0), func.ty(func.result(inst)));
    let is_known = match func.insts[inst].op {
        Opcode::GuardSet | Opcode::GuardField | Opcode::CheckField => !func.ty(value).may_be_null(),
        _ => func.ty(value).is_subtype(ty),
    };
    is_known.then_some(Found::Value(value))
}

fn identity(func: &Function, inst: Inst) -> Option<Found> {
    let ty = func.ty(func.arg(inst, 0));
    match func.insts[inst].op {
        Opcode::IsNull if !ty.may_be_null() => Some(Found::Int(0)),
        Opcode::IsNull if ty.is_subtype(Type::NULL) => Some(Found::Int(1)),
        Opcode::IsSmallInt if ty.is_subtype(Type::SMALL_INT) => Some(Found::Int(1)),
        Opcode::IsSmallInt if !ty.may_be_tagged() => Some(Found::Int(0)),
        Opcode::IsSame => {
            let other = func.ty(func.arg(inst, 1));
            if func.arg(inst, 0) == func.arg(inst, 1) || (ty == other && ty.object_constant().is_some()) {
                return Some(Found::Int(1));
            }
            (!ty.could_be(other)).then_some(Found::Int(0))
        }
        _ => None,
    }
}

/// Unboxing what was boxed. An integer that was boxed need not be small for this: the raw value is right in any case.
fn unboxing(func: &Function, inst: Inst) -> Option<Found> {
    let mut value = func.arg(inst, 0);
    if let Some(def) = func.def_inst(value)
        && matches!(func.insts[def].op, Opcode::GuardType | Opcode::CheckType)
        && func.insts[inst].op == Opcode::Untag
    {
        value = func.arg(def, 0);
    }
    if let Some(constant) = func.ty(value).int_constant() {
        let fits = matches!(func.insts[inst].op, Opcode::Untag);
        return fits.then_some(Found::Int(constant));
    }
    let def = func.def_inst(value)?;
    let inner = func.insts[def].op;
    let matches = match func.insts[inst].op {
        Opcode::Untag => matches!(inner, Opcode::BoxInt | Opcode::Tag),
        Opcode::UnboxFloat => inner == Opcode::BoxFloat,
        Opcode::UnboxBool => inner == Opcode::BoxBool,
        _ => inner == Opcode::BoxInt,
    };
    let raw = matches.then(|| func.arg(def, 0))?;
    func.ty(raw).is_subtype(func.ty(func.result(inst)).unspecialised()).then_some(Found::Value(raw))
}

fn comparison(func: &Function, inst: Inst) -> Option<Found> {
    let a = func.arg(inst, 0);
    match (func.insts[inst].op, func.insts[inst].imm) {
        (Opcode::Icmp, Imm::Cond(cond)) => {
            let b = func.arg(inst, 1);
            if let (Some(x), Some(y)) = (func.ty(a).int_constant(), func.ty(b).int_constant()) {
                let is_signed = func.ty(a).is_subtype(Type::SIGNED);
                let holds = if is_signed { cond.holds(x, y) } else { cond.holds(x as u64, y as u64) };
                return Some(Found::Int(holds.into()));
            }
            // A truth value that was widened for a helper's sake.
            if cond == Cond::Ne
                && func.ty(b).int_constant() == Some(0)
                && let Some(def) = func.def_inst(a)
                && func.insts[def].op == Opcode::Convert
                && func.ty(func.arg(def, 0)).is_subtype(Type::CBOOL)
            {
                return Some(Found::Value(func.arg(def, 0)));
            }
            decided_by_bounds(func, cond, a, b).map(|holds| Found::Int(holds.into()))
        }
        (Opcode::Bnot, _) => {
            let def = func.def_inst(a)?;
            match (func.insts[def].op, func.insts[def].imm) {
                (Opcode::Icmp, Imm::Cond(cond)) => {
                    let args = vec![func.arg(def, 0), func.arg(def, 1)];
                    Some(Found::Rewrite(Opcode::Icmp, args, Imm::Cond(cond.negated())))
                }
                (Opcode::Bnot, _) => Some(Found::Value(func.arg(def, 0))),
                _ => None,
            }
        }
        (Opcode::Convert, _) => {
            let to = func.ty(func.result(inst));
            func.ty(a).is_subtype(to.unspecialised()).then_some(Found::Value(a))
        }
        _ => None,
    }
}

fn decided_by_bounds(func: &Function, cond: Cond, a: Value, b: Value) -> Option<bool> {
    if !func.ty(a).is_subtype(Type::SIGNED) {
        return None;
    }
    let ((alo, ahi), (blo, bhi)) = (func.ty(a).int_bounds()?, func.ty(b).int_bounds()?);
    match cond {
        Cond::Lt if ahi < blo => Some(true),
        Cond::Lt if alo >= bhi => Some(false),
        Cond::Ge if alo >= bhi => Some(true),
        Cond::Ge if ahi < blo => Some(false),
        Cond::Gt if alo > bhi => Some(true),
        Cond::Gt if ahi <= blo => Some(false),
        Cond::Le if ahi <= blo => Some(true),
        Cond::Le if alo > bhi => Some(false),
        _ => None,
    }
}

fn arithmetic(func: &Function, inst: Inst) -> Option<Found> {
    let (a, b) = (func.arg(inst, 0), func.arg(inst, 1));
    let (x, y) = (func.ty(a).int_constant(), func.ty(b).int_constant());
    let op = func.insts[inst].op;
    // Only at 64 bits does the machine's arithmetic wrap as this one does.
    let is_wide = func.ty(a).unspecialised() == Type::I64;
    if let (Some(x), Some(y), true) = (x, y, is_wide) {
        let wrapped = match op {
            Opcode::Iadd => Some(x.wrapping_add(y)),
            Opcode::Isub => Some(x.wrapping_sub(y)),
            Opcode::Imul => Some(x.wrapping_mul(y)),
            Opcode::AddChecked => x.checked_add(y),
            Opcode::SubChecked => x.checked_sub(y),
            _ => x.checked_mul(y),
        };
        return wrapped.map(Found::Int);
    }
    match (op, x, y) {
        (op @ (Opcode::AddChecked | Opcode::SubChecked), _, _) if has_room(func, a) && has_room(func, b) => {
            let plain = if op == Opcode::AddChecked { Opcode::Iadd } else { Opcode::Isub };
            Some(Found::Rewrite(plain, vec![a, b], Imm::None))
        }
        (Opcode::Iadd | Opcode::AddChecked | Opcode::Isub | Opcode::SubChecked, _, Some(0)) => {
            Some(Found::Value(a))
        }
        (Opcode::Iadd | Opcode::AddChecked, Some(0), _) => Some(Found::Value(b)),
        (Opcode::Imul | Opcode::MulChecked, _, Some(1)) => Some(Found::Value(a)),
        (Opcode::Imul | Opcode::MulChecked, Some(1), _) => Some(Found::Value(b)),
        _ => None,
    }
}

/// Whether an integer is so far from the ends of 64 bits that it can be added to another such one. What a block parameter carries may
/// yet be unboxed, and then be wider than a tagged integer: a guard on it goes with the box.
fn has_room(func: &Function, value: Value) -> bool {
    const ROOM: i64 = 1 << 62;
    if func.ty(value).int_bounds().is_some_and(|(low, high)| low >= -ROOM && high < ROOM) {
        return true;
    }
    let Some(mut def) = func.def_inst(value).filter(|&def| func.insts[def].op == Opcode::Untag) else {
        return false;
    };
    while let Some(inner) = func.def_inst(func.arg(def, 0)) {
        match func.insts[inner].op {
            Opcode::GuardType | Opcode::CheckType | Opcode::Refine => def = inner,
            op => return op != Opcode::BoxInt,
        }
    }
    func.blocks[func.entry()].params.contains(&func.resolve(func.arg(def, 0)))
}

/// Floor division of constants. A divisor that is not positive may be 0, or too much for the least of all integers; behind a test that is known to
/// fail, both stand in code that never runs.
fn division(func: &Function, inst: Inst) -> Option<Found> {
    let divisor = func.ty(func.arg(inst, 1)).int_constant().filter(|&divisor| divisor > 0)?;
    let dividend = func.ty(func.arg(inst, 0)).int_constant()?;
    Some(Found::Int(match func.insts[inst].op {
        Opcode::FloorDiv => dividend.div_euclid(divisor),
        _ => dividend.rem_euclid(divisor),
    }))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::passes::{check_pass, dead_code};

    fn simplified(text: &str) -> String {
        check_pass(
            |func| {
                super::run(func);
                dead_code::run(func)
            },
            text,
        )
    }

    #[test]
    fn divisions_of_constants_by_positive_ones_are_done() {
        let text = "func @f func0 -> I64 phase=ssa {
bb0():
  v0: I64{7} = const_int #7
  v1: I64{-7} = const_int #-7
  v2: I64{2} = const_int #2
  v3: I64{0} = const_int #0
  v4: I64 = floor_div v1, v2
  v5: I64 = floor_mod v1, v2
  v6: I64 = floor_div v0, v3
  v7: I64 = floor_mod v0, v1
  v8: I64 = iadd v4, v5
  v9: I64 = iadd v6, v7
  v10: I64 = imul v8, v9
  return v10
}";
        assert_snapshot!(simplified(text), @r#"
        func @f func0 -> I64 phase=ssa {
        bb0:
          v0: I64{7} = const_int #7
          v1: I64{-7} = const_int #-7
          v3: I64{0} = const_int #0
          v6: I64 = floor_div v0, v3
          v7: I64 = floor_mod v0, v1
          v8: I64{-3} = const_int #-3
          v9: I64 = iadd v6, v7
          v10: I64 = imul v8, v9
          return v10
        }
        "#);
    }

    #[test]
    fn boxes_between_operations_go() {
        let text = "func @f func0 -> I64 phase=ssa {
  fs0 = state func0 0 [v2] []
bb0(v0: I64, v1: F64):
  v2: IntExact = box_int v0
  v3: SmallInt = guard_type v2 @fs0
  v4: I64 = untag v3
  v5: I64{0} = const_int #0
  v6: I64 = add_checked v4, v5 @fs0
  v7: CBool = icmp .lt v6, v5
  v8: CBool = bnot v7
  guard v8 @fs0
  return v6
}";
        assert_snapshot!(simplified(text), @r#"
    func @f func0 -> I64 phase=ssa {
      fs0 = state func0 0 [v0] []
    bb0(v0: I64, v1: F64):
      v5: I64{0} = const_int #0
      v8: CBool = icmp .ge v0, v5
      guard v8 @fs0
      return v0
    }
    "#);
    }

    #[test]
    fn numbers_need_no_reference_of_a_second_variable() {
        let text = "func @f func0 -> Object phase=ssa {
  fs0 = state func0 0 [] []
bb0(v0: SmallInt, v1: Object, v2: FloatExact):
  v3: SmallInt = share v0
  v4: Object = share v1
  v5: FloatExact = share v2
  v6: TupleExact = call_helper #build_tuple v3, v4, v5 @fs0
  return v6
}";
        assert_snapshot!(simplified(text), @r#"
        func @f func0 -> Object phase=ssa {
          fs0 = state func0 0 [] []
        bb0(v0: SmallInt, v1: Object, v2: FloatExact):
          v4: Object = share v1
          v6: TupleExact = call_helper #build_tuple v0, v4, v2 @fs0
          return v6
        }
        "#);
    }

    #[test]
    fn types_decide_identity() {
        let text = "func @f func0 -> CBool phase=ssa {
bb0(v0: Other{class20}, v1: NoneType):
  v2: CBool = is_same v0, v1
  v3: CBool = is_null v0
  v4: CBool = ior v2, v3
  return v4
}";
        assert_snapshot!(simplified(text), @r#"
    func @f func0 -> CBool phase=ssa {
    bb0(v0: Other{class20}, v1: NoneType):
      v2: CBool{0} = const_int #0
      v3: CBool{0} = const_int #0
      v4: CBool = ior v2, v3
      return v4
    }
    "#);
    }
}
