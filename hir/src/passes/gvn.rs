//! Global value numbering with load forwarding: equal computations are made once.
//!
//! Why here: after `simplify`, which brings operations to one form. Method: one walk over the dominator tree with a scoped table
//! from (operation, immediate, operands, type) to value (Briggs, Cooper, Simpson 1997). Pure operations and checks are replaced by an
//! equal one that dominates them: what has held for the same values holds. Loads are forwarded inside a block as long as
//! nothing writes their memory, and a store of a raw field is what a following load gives. A float slot that has been read or written
//! holds a double, and is written more simply.
//! Needs: phase `Ssa`. Keeps: phase, graph. Cost: linear, hashing.

use std::collections::HashMap;

use super::Changed;
use crate::ir::dominators::Cfg;
use crate::ir::effects::{reads, writes};
use crate::ir::types::Spec;
use crate::ir::{Block, Function, Imm, Inst, Memory, Opcode, Type, Value};

/// What makes two computations equal. Immediates enter by their text, which is exact.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    op: Opcode,
    imm: String,
    args: Vec<Value>,
    ty: Type,
}

/// See the module documentation.
pub fn run(func: &mut Function) -> Changed {
    func.resolve_aliases();
    let children = Cfg::new(func).dominator_tree();
    let mut changed = false;
    // The table of each open block of the tree walk; few blocks are open at a time.
    let mut work = vec![(func.entry(), HashMap::new())];
    while let Some((block, mut table)) = work.pop() {
        changed |= number_block(func, block, &mut table);
        for &child in &children[block] {
            work.push((child, table.clone()));
        }
    }
    func.resolve_aliases();
    changed.into()
}

fn number_block(func: &mut Function, block: Block, table: &mut HashMap<Key, Value>) -> bool {
    let mut loads: HashMap<Key, (Value, Memory)> = HashMap::new();
    let insts = std::mem::take(&mut func.blocks[block].insts);
    let before = insts.len();
    let mut out = Vec::with_capacity(before);
    for inst in insts {
        replace_double(func, inst, &loads);
        let known = match key_of(func, inst) {
            Some((key, Memory::NONE)) => known_value(table, key, func, inst),
            Some((key, memory)) => known_load(&mut loads, key, memory, func, inst),
            None => None,
        };
        match known {
            Some(value) => {
                let result = func.result(inst);
                func.replace(result, value);
            }
            None => out.push(inst),
        }
        let written = writes(func, inst);
        if written != Memory::NONE {
            loads.retain(|_, (_, memory)| !memory.overlaps(written));
        }
        remember_store(func, inst, &mut loads);
    }
    func.blocks[block].insts = out;
    func.blocks[block].insts.len() != before
}

fn known_value(table: &mut HashMap<Key, Value>, key: Key, func: &Function, inst: Inst) -> Option<Value> {
    let result = func.result(inst);
    match table.entry(key) {
        std::collections::hash_map::Entry::Occupied(entry) => Some(*entry.get()),
        std::collections::hash_map::Entry::Vacant(entry) => {
            entry.insert(result);
            None
        }
    }
}

fn known_load(
    loads: &mut HashMap<Key, (Value, Memory)>,
    key: Key,
    memory: Memory,
    func: &Function,
    inst: Inst,
) -> Option<Value> {
    if let Some(&(value, _)) = loads.get(&key) {
        return func.ty(value).is_subtype(func.ty(func.result(inst))).then_some(value);
    }
    loads.insert(key, (func.result(inst), memory));
    None
}

/// The key of an operation that may be merged, and the memory that it reads.
fn key_of(func: &Function, inst: Inst) -> Option<(Key, Memory)> {
    let data = &func.insts[inst];
    let is_check = matches!(
        data.op,
        Opcode::GuardType
            | Opcode::CheckType
            | Opcode::GuardSet
            | Opcode::GuardField
            | Opcode::GuardOwnFields
            | Opcode::GuardStores
            | Opcode::AddChecked
            | Opcode::SubChecked
            | Opcode::MulChecked
            | Opcode::CheckBounds
    );
    let is_load = matches!(
        data.op,
        Opcode::LoadField
            | Opcode::LoadFloatSlot
            | Opcode::FastLen
            | Opcode::ListItem
            | Opcode::ArrayItem
            | Opcode::VectorItems
            | Opcode::VectorItem
            | Opcode::LoadCell
    );
    // A box is a new object each time; merging would only lengthen its life.
    let is_box = matches!(data.op, Opcode::BoxInt | Opcode::BoxFloat);
    if !(data.op.info().is_pure() && !is_box || is_check || is_load) {
        return None;
    }
    let args = func.args(inst).iter().map(|&arg| func.resolve(arg)).collect();
    let ty = func.ty(func.result(inst));
    // The type of a load says how it is read; what is known about the value is no part of that.
    let ty = if is_load { ty.with_spec(Spec::None).without(Type::NULL) } else { ty };
    // An index that has passed a check passes it again, whatever the error would have said.
    let imm = if data.op == Opcode::CheckBounds { Imm::None } else { data.imm };
    let key = Key { op: data.op, imm: imm_text(imm), args, ty };
    Some((key, if is_load { reads(func, inst) } else { Memory::NONE }))
}

fn imm_text(imm: Imm) -> String {
    match imm {
        // Zeros of either sign and NaNs are told apart by their bits.
        Imm::Float(value) => format!("{:x}", value.to_bits()),
        other => format!("{other:?}"),
    }
}

/// A float slot whose double is known holds one, so that a store has no object to release.
fn replace_double(func: &mut Function, inst: Inst, loads: &HashMap<Key, (Value, Memory)>) {
    if func.insts[inst].op != Opcode::StoreFloatSlot {
        return;
    }
    let imm = imm_text(func.insts[inst].imm);
    let args = vec![func.resolve(func.arg(inst, 0))];
    if loads.contains_key(&Key { op: Opcode::LoadFloatSlot, imm, args, ty: Type::F64 }) {
        func.insts[inst].op = Opcode::ReplaceFloatSlot;
    }
}

/// A raw store is what the next load of the same field of the same object gives.
fn remember_store(func: &Function, inst: Inst, loads: &mut HashMap<Key, (Value, Memory)>) {
    let op = match func.insts[inst].op {
        Opcode::StoreField => Opcode::LoadField,
        Opcode::StoreFloatSlot | Opcode::ReplaceFloatSlot => Opcode::LoadFloatSlot,
        _ => return,
    };
    let (object, value) = (func.arg(inst, 0), func.arg(inst, 1));
    let memory = Memory::field(func.field(inst).offset);
    let ty = func.ty(value).with_spec(Spec::None);
    let key = Key { op, imm: imm_text(func.insts[inst].imm), args: vec![object], ty };
    loads.insert(key, (value, memory));
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::passes::check_pass;

    #[test]
    fn equal_guards_and_loads_are_made_once() {
        let text = "func @f func0 -> I64 phase=ssa {
  field0 = field class20.x +16 raw I64
  field1 = field class20.y +24 raw I64
  fs0 = state func0 0 [v0] []
bb0(v0: Int, v1: Other{class20}):
  v2: SmallInt = guard_type v0 @fs0
  v3: I64 = untag v2
  v4: SmallInt = guard_type v0 @fs0
  v5: I64 = untag v4
  v6: I64 = iadd v3, v5
  v7: I64 = load_field #field0 v1
  store_field #field1 v1, v6
  v8: I64 = load_field #field0 v1
  v9: I64 = load_field #field1 v1
  poll @fs0
  v10: I64 = load_field #field0 v1
  v11: I64 = iadd v7, v8
  v12: I64 = iadd v11, v9
  v13: I64 = iadd v12, v10
  return v13
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> I64 phase=ssa {
      field0 = field class20.x +16 raw I64
      field1 = field class20.y +24 raw I64
      fs0 = state func0 0 [v0] []
    bb0(v0: Int, v1: Other{class20}):
      v2: SmallInt = guard_type v0 @fs0
      v3: I64 = untag v2
      v6: I64 = iadd v3, v3
      v7: I64 = load_field #field0 v1
      store_field #field1 v1, v6
      poll @fs0
      v10: I64 = load_field #field0 v1
      v11: I64 = iadd v7, v7
      v12: I64 = iadd v11, v6
      v13: I64 = iadd v12, v10
      return v13
    }
    "#);
    }
    #[test]
    fn checks_that_have_passed_pass_again_whatever_they_would_say() {
        let text = "func @f func0 -> I64 phase=ssa {
  fs0 = state func0 0 [v0, v1] []
bb0(v0: ListExact, v1: I64, v2: CBool):
  v3: I64 = fast_len v0
  v4: I64 = check_bounds #0 v1, v3, v0 @fs0
  branch v2, bb1, bb2
bb1:
  v5: I64 = check_bounds #1 v1, v3, v0 @fs0
  v6: I64 = add_checked v1, v5 @fs0
  v7: I64 = add_checked v1, v4 @fs0
  return v7
bb2:
  v8: I64 = fast_len v0
  v9: I64 = check_bounds #1 v1, v8, v0 @fs0
  return v9
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> I64 phase=ssa {
      fs0 = state func0 0 [v0, v1] []
    bb0(v0: ListExact, v1: I64, v2: CBool):
      v3: I64 = fast_len v0
      v4: I64 = check_bounds #0 v1, v3, v0 @fs0
      branch v2, bb1, bb2
    bb1:
      v6: I64 = add_checked v1, v4 @fs0
      return v6
    bb2:
      v8: I64 = fast_len v0
      v9: I64 = check_bounds #1 v1, v8, v0 @fs0
      return v9
    }
    "#);
    }
    #[test]
    fn a_slot_that_was_read_holds_a_double() {
        let text = "func @f func0 -> F64 phase=ssa {
  field0 = field class20.x +16 floatslot Int|Float
  fs0 = state func0 0 [v0] []
bb0(v0: Other{class20}, v1: Other{class20}, v2: F64):
  store_float_slot #field0 v1, v2
  v3: F64 = load_float_slot #field0 v0 @fs0
  store_float_slot #field0 v0, v2
  v4: F64 = load_float_slot #field0 v0 @fs0
  poll @fs0
  store_float_slot #field0 v0, v3
  store_float_slot #field0 v0, v4
  return v4
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> F64 phase=ssa {
      field0 = field class20.x +16 floatslot Int|Float
      fs0 = state func0 0 [v0] []
    bb0(v0: Other{class20}, v1: Other{class20}, v2: F64):
      store_float_slot #field0 v1, v2
      v3: F64 = load_float_slot #field0 v0 @fs0
      replace_float_slot #field0 v0, v2
      poll @fs0
      store_float_slot #field0 v0, v3
      replace_float_slot #field0 v0, v2
      return v2
    }
    "#);
    }
}
