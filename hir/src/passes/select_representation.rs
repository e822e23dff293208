//! Representation selection: block parameters that always receive boxed numbers carry the numbers.
//!
//! Why here: after `clean-cfg`, when parameters are those of real joins, and before `simplify` removes the boxes that this pass makes
//! superfluous. Method: optimistic over the web of parameters. All object parameters are assumed to carry an integer (or a double);
//! those that receive anything but a box of that kind, a constant, an object that can be unboxed without a test, or another such
//! parameter are struck out, until nothing changes; those that no box reaches stay objects.
//! A parameter that stays gets the primitive type, its arguments are unboxed, and a box at the start of its block takes its old
//! name. Needs: phase `Ssa`. Keeps: phase, graph. Cost: parameters × arguments, few rounds.

use base::entity::{EntitySet, SecondaryMap};

use super::Changed;
use crate::ir::function::ValueData;
use crate::ir::types::Spec;
use crate::ir::{Block, Function, Imm, Opcode, Type, Value, ValueDef};

/// What a web of parameters carries.
#[derive(Clone, Copy)]
struct Kind {
    boxing: Opcode,
    raw: Type,
    boxed: Type,
    /// How an object that certainly holds such a number gives it, and the type of these objects.
    unboxing: Opcode,
    certain: Type,
}

const KINDS: [Kind; 2] = [
    Kind {
        boxing: Opcode::BoxInt,
        raw: Type::I64,
        boxed: Type::INT_EXACT,
        unboxing: Opcode::Untag,
        certain: Type::SMALL_INT,
    },
    Kind {
        boxing: Opcode::BoxFloat,
        raw: Type::F64,
        boxed: Type::FLOAT_EXACT,
        unboxing: Opcode::UnboxFloat,
        certain: Type::FLOAT_EXACT,
    },
];

/// See the module documentation.
pub fn run(func: &mut Function) -> Changed {
    func.resolve_aliases();
    let mut changed = false;
    for kind in KINDS {
        changed |= select(func, kind);
    }
    changed.into()
}

fn select(func: &mut Function, kind: Kind) -> bool {
    let args = arguments(func);
    let mut web: EntitySet<Value> = EntitySet::new();
    for &block in func.layout.iter().skip(1) {
        for &param in &func.blocks[block].params {
            // A small integer is as good tagged, and a box of it would not be known to be small.
            let is_small = func.ty(param).is_subtype(Type::SMALL_INT);
            if func.ty(param).could_be(kind.boxed) && !is_small && !args[param].is_empty() {
                web.insert(param);
            }
        }
    }
    strike_out(func, kind, &args, &mut web);
    let members = gaining(func, kind, &args, &web);
    if members.is_empty() {
        return false;
    }
    let mut raws: SecondaryMap<Value, Option<Value>> = SecondaryMap::new();
    for &param in &members {
        let data = ValueData { ty: kind.raw, def: func.values[param].def };
        raws[param] = Some(func.values.push(data));
    }
    for &param in &members {
        unbox_arguments(func, kind, param, &raws);
    }
    for &param in &members {
        install(func, kind, param, raws[param].expect("every member has a raw parameter"));
    }
    true
}

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

fn strike_out(
    func: &Function,
    kind: Kind,
    args: &SecondaryMap<Value, Vec<Value>>,
    web: &mut EntitySet<Value>,
) {
    let mut changed = true;
    while changed {
        changed = false;
        for param in web.iter().collect::<Vec<_>>() {
            if !args[param]
                .iter()
                .all(|&arg| web.contains(strip(func, arg)) || raw_of(func, kind, arg).is_some())
            {
                web.remove(param);
                changed = true;
            }
        }
    }
}

/// The members that receive a box, and those that are connected with them. A web that only constants and objects enter gains nothing.
fn gaining(
    func: &Function,
    kind: Kind,
    args: &SecondaryMap<Value, Vec<Value>>,
    web: &EntitySet<Value>,
) -> Vec<Value> {
    let mut links: SecondaryMap<Value, Vec<Value>> = SecondaryMap::new();
    let mut work = Vec::new();
    for param in web.iter() {
        for arg in args[param].iter().map(|&arg| strip(func, arg)) {
            if web.contains(arg) {
                links[param].push(arg);
                links[arg].push(param);
            } else if func.def_op(arg) == Some(kind.boxing) {
                work.push(param);
            }
        }
    }
    let mut reached = EntitySet::new();
    while let Some(param) = work.pop() {
        if reached.insert(param) {
            work.extend_from_slice(&links[param]);
        }
    }
    reached.iter().collect()
}

/// The value under refinements, which add nothing to a number.
fn strip(func: &Function, mut value: Value) -> Value {
    while let Some(inst) = func.def_inst(value)
        && func.insts[inst].op == Opcode::Refine
    {
        value = func.arg(inst, 0);
    }
    value
}

/// What a boxed argument holds.
enum Raw {
    Value(Value),
    Int(i64),
    /// The number in this object.
    Unboxed(Value),
}

fn raw_of(func: &Function, kind: Kind, arg: Value) -> Option<Raw> {
    if let Some(value) = func.ty(arg).int_constant() {
        return kind.raw.is_subtype(Type::I64).then_some(Raw::Int(value));
    }
    if let Some(inst) = func.def_inst(strip(func, arg))
        && func.insts[inst].op == kind.boxing
    {
        let inner = func.arg(inst, 0);
        return func.ty(inner).is_subtype(kind.raw).then_some(Raw::Value(inner));
    }
    let ty = func.ty(arg);
    (ty.is_subtype(kind.certain) && !ty.is_empty()).then_some(Raw::Unboxed(arg))
}

/// Passes primitives where the parameter's boxes were passed.
fn unbox_arguments(func: &mut Function, kind: Kind, param: Value, raws: &SecondaryMap<Value, Option<Value>>) {
    let (block, at) = position(func, param);
    for source in func.layout.clone() {
        let terminator = func.terminator(source);
        for number in 0..func.edges(terminator).len() {
            let edge = &func.edges(terminator)[number];
            if edge.target == block {
                let raw = unboxed(func, kind, source, edge.args[at], raws);
                func.edges_mut(terminator)[number].args[at] = raw;
            }
        }
    }
}

fn position(func: &Function, param: Value) -> (Block, usize) {
    match func.values[param].def {
        ValueDef::Param(block, at) => (block, at as usize),
        ValueDef::Inst(_) | ValueDef::Alias(_) => unreachable!("the web consists of parameters"),
    }
}

/// Puts the raw parameter in place, and gives the old name to a box of it.
fn install(func: &mut Function, kind: Kind, param: Value, raw: Value) {
    let (block, at) = position(func, param);
    func.blocks[block].params[at] = raw;
    // What was known of the parameter, such as that it is small, holds for the box.
    let known = func.ty(param).intersect(kind.boxed);
    let ty = if known.is_empty() { kind.boxed } else { known };
    let inst = func.make_inst(kind.boxing, &[raw], Imm::None, ty, None);
    func.blocks[block].insts.insert(0, inst);
    let boxed = func.result(inst);
    func.replace(param, boxed);
}

/// The primitive to pass instead of `arg`; a constant is made before the jump.
fn unboxed(
    func: &mut Function,
    kind: Kind,
    block: Block,
    arg: Value,
    raws: &SecondaryMap<Value, Option<Value>>,
) -> Value {
    if let Some(raw) = raws[strip(func, arg)] {
        return raw;
    }
    match raw_of(func, kind, arg).expect("other arguments have struck the parameter out") {
        Raw::Value(value) => value,
        Raw::Int(value) => {
            let ty = kind.raw.with_spec(Spec::Int(value));
            let inst = func.make_inst(Opcode::ConstInt, &[], Imm::Int(value), ty, None);
            let at = func.blocks[block].insts.len() - 1;
            func.blocks[block].insts.insert(at, inst);
            func.result(inst)
        }
        Raw::Unboxed(object) => {
            let inst = func.make_inst(kind.unboxing, &[object], Imm::None, kind.raw, None);
            let at = func.blocks[block].insts.len() - 1;
            func.blocks[block].insts.insert(at, inst);
            func.result(inst)
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::passes::{check_pass, clean_cfg, dead_code, reflow_types, simplify};

    #[test]
    fn a_counter_is_carried_unboxed() {
        let text = "func @f func0 -> Object phase=ssa {
  fs0 = state func0 3 [v2] []
bb0(v0: CBool):
  v1: SmallInt{0} = const_int #0
  jump bb1(v1)
bb1(v2: Word):
  v3: Object = refine v2
  v4: SmallInt = guard_type v3 @fs0
  v5: I64 = untag v4
  v6: I64{1} = const_int #1
  v7: I64 = add_checked v5, v6 @fs0
  v8: IntExact = box_int v7
  branch v0, bb1(v8), bb2
bb2:
  return v8
}";
        let passes = [reflow_types::run, super::run, simplify::run, clean_cfg::run, dead_code::run];
        let all = |func: &mut crate::ir::Function| {
            passes.iter().for_each(|pass| {
                pass(func);
            });
            crate::passes::Changed::Yes
        };
        assert_snapshot!(check_pass(all, text), @r#"
    func @f func0 -> Object phase=ssa {
      fs0 = state func0 3 [v9] []
    bb0(v0: CBool):
      v10: I64{0} = const_int #0
      jump bb1(v10)
    bb1(v9: I64):
      v6: I64{1} = const_int #1
      v7: I64 = add_checked v9, v6 @fs0
      v8: IntExact = box_int v7
      branch v0, bb1(v7), bb2
    bb2:
      return v8
    }
    "#);
    }
}
