//! Inlining of small functions with known targets.
//!
//! Why here: first of all passes, because everything else gains from a bigger view. Method: a call of a known function whose body
//! is small is replaced by the body (splicing blocks, values and frame states), again in the inlined code up to a depth, as long
//! as the function does not outgrow its budget. Frame states of the body get the state of the call as their parent; the call's
//! state holds the caller's stack *without* the call's operands, so that whoever rebuilds the frames pushes the result there.
//! An inlined frame costs nothing at run time.
//!
//! Needs: phase `Ssa`, calls with full frame states. Keeps: phase. Cost: the size of what is inlined.

use std::collections::HashMap;

use super::Changed;
use crate::env::FuncId;
use crate::ir::function::ValueData;
use crate::ir::{Block, Edge, Function, Imm, Inst, Opcode, StateId, Type, Value, ValueDef};

/// Where the bodies of callees come from.
pub trait FunctionSource {
    /// The body of a function, fresh from the builder; `None` if it cannot be built or should not be inlined.
    fn body(&self, func: FuncId) -> Option<Function>;

    /// A call of a known function stays a call.
    fn note_refusal(&self, _callee: FuncId, _why: Refusal) {}
}

/// Why a call of a known function is not replaced.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Refusal {
    /// It is reached hardly ever.
    Cold,
    /// The caller is large enough.
    LargeCaller,
    /// The frame of the same function is around it already.
    Recursion,
    /// So many frames are around it.
    Depth,
    /// The body cannot be built, or is not to be inlined.
    NoBody,
    /// The body is too large.
    LargeCallee,
}

impl Refusal {
    /// Every reason with its name.
    pub const ALL: &[(Self, &'static str)] = &[
        (Self::Cold, "Cold"),
        (Self::LargeCaller, "LargeCaller"),
        (Self::Recursion, "Recursion"),
        (Self::Depth, "Depth"),
        (Self::NoBody, "NoBody"),
        (Self::LargeCallee, "LargeCallee"),
    ];

    /// Name in text.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// The bodies of callees, as far as they have been looked for.
type Bodies = HashMap<FuncId, Result<Function, Refusal>>;

/// Bodies with more instructions are called.
const CALLEE_LIMIT: usize = 40;
/// A function does not grow past so many instructions by inlining.
const CALLER_LIMIT: usize = 3000;
/// Frames deep.
const DEPTH_LIMIT: usize = 6;

/// Replaces calls until nothing is small enough any more.
pub fn run(func: &mut Function, source: &dyn FunctionSource) -> Changed {
    func.resolve_aliases();
    let mut bodies = Bodies::new();
    let mut changed = false;
    let mut at = 0;
    while at < func.layout.len() {
        let block = func.layout[at];
        at += 1;
        let Some((position, callee)) = find_call(func, block, source, &mut bodies) else { continue };
        let body = bodies[&callee].clone().expect("only calls of known bodies are found");
        splice(func, block, position, &body);
        changed = true;
        // The block ends now where the body begins; what follows is met later in the layout.
        at -= 1;
    }
    func.resolve_aliases();
    changed.into()
}

/// The first call in a block that can be replaced.
fn find_call(
    func: &Function,
    block: Block,
    source: &dyn FunctionSource,
    bodies: &mut Bodies,
) -> Option<(usize, FuncId)> {
    let of_block = match func.blocks[block].is_cold {
        true => Some(Refusal::Cold),
        false => (func.size() > CALLER_LIMIT).then_some(Refusal::LargeCaller),
    };
    let insts = &func.blocks[block].insts;
    insts.iter().enumerate().find_map(|(position, &inst)| {
        let state = func.insts[inst].state?;
        if func.insts[inst].op != Opcode::CallStatic {
            return None;
        }
        let callee = func.callee(inst).func;
        let refusal = of_block.or_else(|| refusal_in_chain(func, state, callee)).or_else(|| {
            let body = bodies.entry(callee).or_insert_with(|| prepared(source, callee));
            body.as_ref().err().copied()
        });
        if let Some(why) = refusal {
            source.note_refusal(callee, why);
        }
        refusal.is_none().then_some((position, callee))
    })
}

/// What speaks against a call in the frames around it.
fn refusal_in_chain(func: &Function, state: StateId, callee: FuncId) -> Option<Refusal> {
    let chain = inline_chain(func, state);
    match chain.contains(&callee) {
        true => Some(Refusal::Recursion),
        false => (chain.len() > DEPTH_LIMIT).then_some(Refusal::Depth),
    }
}

/// The functions whose frames a state describes.
fn inline_chain(func: &Function, state: StateId) -> Vec<FuncId> {
    let mut chain = vec![func.id];
    let mut next = Some(state);
    while let Some(state) = next {
        chain.push(func.states[state].code);
        next = func.states[state].parent;
    }
    chain.dedup();
    chain
}

/// The body of a callee if it is small after cleaning.
fn prepared(source: &dyn FunctionSource, callee: FuncId) -> Result<Function, Refusal> {
    let mut body = source.body(callee).ok_or(Refusal::NoBody)?;
    super::clean_cfg::run(&mut body);
    body.resolve_aliases();
    if body.size() <= CALLEE_LIMIT { Ok(body) } else { Err(Refusal::LargeCallee) }
}

/// Copies one body into the caller.
struct Splice<'f> {
    func: &'f mut Function,
    body: &'f Function,
    /// The state of the call.
    call_state: StateId,
    values: HashMap<Value, Value>,
    blocks: HashMap<Block, Block>,
    states: HashMap<StateId, StateId>,
    /// Where control goes behind the call.
    exit: Block,
    /// What the call's result is used as.
    ret: Type,
}

fn splice(func: &mut Function, block: Block, position: usize, body: &Function) {
    let rest = func.blocks[block].insts.split_off(position + 1);
    let call = func.blocks[block].insts.pop().expect("the call is at this position");
    let exit = func.add_block();
    func.layout.pop();
    let place = func.layout.iter().position(|&other| other == block).expect("the caller's block is placed");
    func.layout.insert(place + 1, exit);
    func.blocks[exit].insts = rest;
    let result = func.result(call);
    let ret = func.ty(result);
    let param = func.add_param(exit, ret);
    func.replace(result, param);
    let call_state = func.insts[call].state.expect("only calls with a state are inlined");
    let mut splice = Splice {
        func,
        body,
        call_state,
        values: HashMap::new(),
        blocks: HashMap::new(),
        states: HashMap::new(),
        exit,
        ret,
    };
    splice.bind_arguments(block, call);
    splice.copy_blocks(block, place + 1);
}

impl Splice<'_> {
    fn bind_arguments(&mut self, block: Block, call: Inst) {
        let params = self.body.blocks[self.body.entry()].params.clone();
        for (at, param) in params.into_iter().enumerate() {
            let arg = self.func.arg(call, at);
            let arg = self.fitting(block, arg, self.body.ty(param));
            self.values.insert(param, arg);
        }
    }

    /// The value with a type that the other side accepts, which the checker has proved it has.
    fn fitting(&mut self, block: Block, value: Value, ty: Type) -> Value {
        if self.func.ty(value).is_subtype(ty) {
            return value;
        }
        let inst = self.func.append(block, Opcode::Refine, &[value], Imm::None, ty, None);
        self.func.result(inst)
    }

    fn copy_blocks(&mut self, entry: Block, mut place: usize) {
        self.blocks.insert(self.body.entry(), entry);
        for &block in &self.body.layout[1..] {
            let new = self.func.add_block();
            self.func.layout.pop();
            self.func.layout.insert(place, new);
            place += 1;
            self.func.blocks[new].is_cold = self.body.blocks[block].is_cold;
            self.blocks.insert(block, new);
            for &param in &self.body.blocks[block].params {
                let copy = self.func.add_param(new, self.body.ty(param));
                self.values.insert(param, copy);
            }
        }
        // Results are named first, because an edge may pass a value that is defined in a block copied later.
        for &block in &self.body.layout {
            for &inst in &self.body.blocks[block].insts {
                if let Some(result) = self.body.insts[inst].result {
                    let data = ValueData { ty: self.body.ty(result), def: ValueDef::Alias(result) };
                    let copy = self.func.values.push(data);
                    self.values.insert(result, copy);
                }
            }
        }
        for &block in &self.body.layout {
            for &inst in &self.body.blocks[block].insts {
                self.copy_inst(self.blocks[&block], inst);
            }
        }
    }

    fn value(&self, value: Value) -> Value {
        self.values[&self.body.resolve(value)]
    }

    fn copy_inst(&mut self, block: Block, inst: Inst) {
        let data = self.body.insts[inst];
        let args: Vec<Value> = self.body.args(inst).iter().map(|&arg| self.value(arg)).collect();
        if data.op == Opcode::Return {
            let value = self.fitting(block, args[0], self.ret);
            self.func.jump(block, self.exit, vec![value]);
            return;
        }
        let state = data.state.map(|state| self.state(state));
        let imm = self.imm(data.imm);
        let result = data.result.map(|result| self.value(result));
        let copy = self.func.make_parsed_inst(data.op, &args, imm, state, result);
        if let Some(result) = result {
            self.func.values[result].def = ValueDef::Inst(copy);
        }
        let edge = |edge: &Edge| {
            Edge::new(self.blocks[&edge.target], edge.args.iter().map(|&arg| self.value(arg)).collect())
        };
        let edges = self.body.edges(inst).iter().map(edge).collect();
        self.func.set_edges(copy, edges);
        self.func.blocks[block].insts.push(copy);
    }

    fn imm(&mut self, imm: Imm) -> Imm {
        match imm {
            Imm::Field(field) => Imm::Field(self.func.import_field(self.body.fields[field].clone())),
            Imm::Func(func) => Imm::Func(self.func.import_func(self.body.funcs[func].clone())),
            other => other,
        }
    }

    fn state(&mut self, state: StateId) -> StateId {
        if let Some(&known) = self.states.get(&state) {
            return known;
        }
        let mut copy = self.body.states[state].clone();
        copy.map_values(|value| self.value(value));
        copy.parent = Some(match copy.parent {
            Some(parent) => self.state(parent),
            None => self.call_state,
        });
        let new = self.func.states.push(copy);
        self.states.insert(state, new);
        new
    }
}

#[cfg(test)]
mod tests {
    use base::entity::EntityId;
    use insta::assert_snapshot;

    use super::{FunctionSource, run};
    use crate::env::FuncId;
    use crate::ir::Function;
    use crate::passes::{check_pass, clean_cfg};
    use crate::text::parse;

    struct One;

    impl FunctionSource for One {
        fn body(&self, func: FuncId) -> Option<Function> {
            let text = "func @g func1 -> I64 phase=ssa {
  fs0 = state func1 2 [raw v0] []
bb0(v0: I64, v1: Object):
  v2: CBool = is_small_int v1
  branch v2, bb1, bb2
bb1:
  poll @fs0
  return v0
bb2:
  v3: I64 = ineg v0
  return v3
}";
            (func.index() == 1).then(|| parse(text).expect("well-formed"))
        }
    }

    #[test]
    fn a_body_takes_the_place_of_the_call() {
        let text = "func @f func0 -> I64 phase=ssa {
  fn0 = @g func1(I64, Object) -> I64
  fs0 = state func0 9 [v1] [raw v0]
bb0(v0: I64, v1: Object):
  v2: I64 = call_static #fn0 v0, v1 @fs0
  v3: I64 = iadd v2, v0
  return v3
}";
        let both = |func: &mut Function| {
            run(func, &One);
            clean_cfg::run(func)
        };
        assert_snapshot!(check_pass(both, text), @r#"
    func @f func0 -> I64 phase=ssa {
      fn0 = @g func1(I64, Object) -> I64
      fs0 = state func0 9 [v1] [raw v0]
      fs1 = state func1 2 [raw v0] [] in fs0
    bb0(v0: I64, v1: Object):
      v5: CBool = is_small_int v1
      branch v5, bb2, bb3
    bb2:
      poll @fs1
      jump bb1(v0)
    bb3:
      v6: I64 = ineg v0
      jump bb1(v6)
    bb1(v4: I64):
      v3: I64 = iadd v4, v0
      return v3
    }
    "#);
    }
}
