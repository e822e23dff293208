//! Reference-count insertion: makes every ownership transfer explicit.
//!
//! # Problem
//!
//! Before this pass HIR says what values are; afterwards it says who owns them. Every counted value must be released exactly once on
//! every path, must be alive at every use, and should be counted as rarely as possible.
//!
//! # Method
//!
//! A simplification of CinderX's pass (jit.md 1.7): ownership is decided per value, not per point. Copies made by narrowing
//! instructions share the fate of their *root*. A root is
//!
//! - *uncounted*: it cannot be a heap object, or it is a constant, which lives as long as the code. What takes a constant into
//!   the heap or to the caller still takes a reference, so that counts of immortal objects stay where they are;
//! - *borrowed for the whole call*: a parameter of the function, or a block parameter that receives only such values;
//! - *borrowed from memory*: a load, as long as nothing that may write that memory happens while it is live;
//! - *owned*: everything else. A load that cannot stay borrowed gets an `incref` right behind it.
//!
//! An owned root gives its reference to the instruction, edge or return that consumes it last, or is released behind its last use, or at
//! the start of the block on whose way it is no longer needed. Anything else that consumes gets an `incref` before it. Whether
//! a load can stay borrowed depends on where others are released, because destructors write memory; demotion is repeated
//! until nothing changes, and only ever adds owners.
//!
//! Frame states are uses: whatever the interpreter would need is alive at an exit. For each exit the owned roots are recorded in
//! `owned_at`; the receiver takes new references to what it keeps and drops these.
//!
//! Needs: phase `Optimized`, critical edges split, arguments on jumps only. Gives: phase `Counted`. Cost: liveness, and one
//! walk per demotion round.

use base::entity::{EntitySet, SecondaryMap};

use super::Changed;
use crate::ir::dominators::Cfg;
use crate::ir::effects::{may_raise, source, steals, writes};
use crate::ir::{Block, Function, Imm, Inst, Memory, Opcode, Ret, Source, Type, Value};

/// Who owns a root.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Owner {
    Uncounted,
    /// Alive for the whole call.
    Caller,
    /// Alive as long as this memory is not written.
    Memory(Memory),
    Owned,
}

type Set = EntitySet<Value>;

struct Insertion<'f> {
    func: &'f mut Function,
    cfg: Cfg,
    roots: SecondaryMap<Value, Value>,
    owner: SecondaryMap<Value, Owner>,
    /// Counted roots live at the start of each block, its parameters not counted.
    live_in: SecondaryMap<Block, Set>,
    /// What has just been loaded and is about to be tested for null, before it is counted.
    untested: Option<Value>,
}

/// See the module documentation.
pub fn run(func: &mut Function) -> Changed {
    func.resolve_aliases();
    let cfg = Cfg::new(func);
    func.layout.retain(|&block| cfg.is_reachable(block));
    let nobody: Value = base::entity::EntityId::from_index(0);
    let mut insertion = Insertion {
        func,
        cfg,
        roots: SecondaryMap::with_default(nobody),
        owner: SecondaryMap::with_default(Owner::Uncounted),
        live_in: SecondaryMap::new(),
        untested: None,
    };
    insertion.find_roots();
    insertion.find_liveness();
    insertion.classify_params();
    while insertion.demote() {}
    insertion.insert();
    Changed::Yes
}

/// What one instruction does to the roots it touches.
struct Step {
    /// Operands that are consumed, once per consuming place.
    stolen: Vec<Value>,
    /// Roots that die here.
    dying: Vec<Value>,
    /// Dying roots whose own reference is consumed.
    moved: Vec<Value>,
}

impl Insertion<'_> {
    fn root(&self, value: Value) -> Value {
        self.roots[value]
    }

    fn is_counted_root(&self, value: Value) -> bool {
        self.owner[value] != Owner::Uncounted
    }

    fn blocks(&self) -> Vec<Block> {
        self.cfg.order.clone()
    }

    /// Finds the root of every value, and who owns the results of instructions, optimistically.
    fn find_roots(&mut self) {
        for block in self.blocks() {
            for param in self.func.blocks[block].params.clone() {
                self.roots[param] = param;
                self.owner[param] =
                    if self.func.ty(param).is_counted() { Owner::Caller } else { Owner::Uncounted };
            }
        }
        for block in self.blocks() {
            for inst in self.func.blocks[block].insts.clone() {
                let Some(result) = self.func.insts[inst].result else { continue };
                if self.func.insts[inst].op.info().ret == Ret::Narrowed {
                    self.roots[result] = self.root(self.func.arg(inst, 0));
                } else {
                    self.roots[result] = result;
                    self.owner[result] = self.owner_of_result(inst, self.func.ty(result));
                }
            }
        }
    }

    fn owner_of_result(&self, inst: Inst, ty: Type) -> Owner {
        if !ty.is_counted() {
            return Owner::Uncounted;
        }
        match source(self.func, inst) {
            Source::New => Owner::Owned,
            Source::Immortal => Owner::Uncounted,
            Source::Memory(memory) => Owner::Memory(memory),
            Source::Operand if self.owner[self.root(self.func.arg(inst, 0))] == Owner::Caller => {
                Owner::Caller
            }
            Source::Operand => Owner::Owned,
            Source::Field => unreachable!("effects resolve fields to memory"),
        }
    }

    /// Whether the result of an owned root comes without a reference of its own.
    fn is_loaded(&self, inst: Inst) -> bool {
        matches!(source(self.func, inst), Source::Memory(_) | Source::Operand)
    }

    /// Calls `visit` with the counted roots that an instruction reads, edges included.
    fn for_each_root(&self, inst: Inst, mut visit: impl FnMut(Value)) {
        self.func.for_each_use(inst, |value| {
            let root = self.root(value);
            if self.is_counted_root(root) {
                visit(root);
            }
        });
    }

    fn find_liveness(&mut self) {
        let has_loops = self.cfg.has_loops();
        let mut changed = true;
        while changed {
            changed = false;
            for block in self.blocks().into_iter().rev() {
                let mut live = self.live_out(block);
                for &inst in self.func.blocks[block].insts.iter().rev() {
                    self.step_back(inst, &mut live);
                }
                for &param in &self.func.blocks[block].params {
                    live.remove(param);
                }
                changed |= self.live_in[block].union_with(&live);
            }
            // Without loops every block has been visited behind all that follow it.
            changed &= has_loops;
        }
    }

    fn live_out(&self, block: Block) -> Set {
        let mut live = Set::new();
        for succ in self.func.successors(block) {
            live.union_with(&self.live_in[succ]);
        }
        live
    }

    fn step_back(&self, inst: Inst, live: &mut Set) {
        if let Some(result) = self.func.insts[inst].result {
            live.remove(result);
        }
        self.for_each_root(inst, |root| {
            live.insert(root);
        });
    }

    /// Roots live behind each instruction of a block.
    fn live_after(&self, block: Block) -> Vec<Set> {
        let mut live = self.live_out(block);
        let mut sets = Vec::new();
        for &inst in self.func.blocks[block].insts.iter().rev() {
            sets.push(live.clone());
            self.step_back(inst, &mut live);
        }
        sets.reverse();
        sets
    }

    /// Block parameters that receive anything that is not the caller's are owned.
    fn classify_params(&mut self) {
        let mut changed = true;
        while changed {
            changed = false;
            for block in self.blocks() {
                for edge in self.func.edges(self.func.terminator(block)).to_vec() {
                    let params = self.func.blocks[edge.target].params.clone();
                    for (param, &arg) in params.into_iter().zip(&edge.args) {
                        let is_safe = matches!(self.owner[self.root(arg)], Owner::Caller | Owner::Uncounted);
                        if self.owner[param] == Owner::Caller && !is_safe {
                            self.owner[param] = Owner::Owned;
                            changed = true;
                        }
                    }
                }
            }
            // What is borrowed from a parameter is borrowed from its owner.
            for block in self.blocks() {
                for inst in self.func.blocks[block].insts.clone() {
                    let Some(result) = self.func.insts[inst].result else { continue };
                    if self.owner[result] == Owner::Caller
                        && self.roots[result] == result
                        && self.owner[self.root(self.func.arg(inst, 0))] != Owner::Caller
                    {
                        self.owner[result] = Owner::Owned;
                        changed = true;
                    }
                }
            }
        }
    }

    /// Makes loads owned that cannot stay borrowed; true if there was one.
    fn demote(&mut self) -> bool {
        let mut exposed = Set::new();
        for &block in &self.cfg.order {
            self.expose_in(block, &mut exposed);
        }
        let mut changed = false;
        for root in exposed.iter() {
            changed |= self.owner[root] != Owner::Owned;
            self.owner[root] = Owner::Owned;
        }
        changed
    }

    /// Finds the loads that are alive where something in a block may write their memory.
    fn expose_in(&self, block: Block, exposed: &mut Set) {
        let mut live = self.live_out(block);
        for &inst in self.func.blocks[block].insts.iter().rev() {
            self.expose(&live, self.released_at(inst, &live), exposed);
            self.step_back(inst, &mut live);
            self.expose(&live, writes(self.func, inst), exposed);
        }
        let mut dead = self.dead_on_entry(block);
        let params = self.func.blocks[block].params.iter().copied();
        dead.extend(params.filter(|&param| !live.contains(param)));
        self.expose(&self.live_in[block], self.releases(&dead), exposed);
    }

    /// Memory that may be written behind an instruction by what it releases.
    fn released_at(&self, inst: Inst, after: &Set) -> Memory {
        let Step { mut dying, moved, .. } = self.step(inst, after);
        dying.retain(|root| !moved.contains(root));
        self.releases(&dying)
    }

    /// Memory that releasing these roots may write.
    fn releases(&self, roots: &[Value]) -> Memory {
        let runs_code =
            |root: &&Value| self.owner[**root] == Owner::Owned && !self.func.ty(**root).has_trivial_drop();
        if roots.iter().any(|root| runs_code(&root)) { Memory::ALL } else { Memory::NONE }
    }

    fn expose(&self, live: &Set, written: Memory, exposed: &mut Set) {
        if written == Memory::NONE {
            return;
        }
        for root in live.iter() {
            if matches!(self.owner[root], Owner::Memory(memory) if memory.overlaps(written)) {
                exposed.insert(root);
            }
        }
    }

    /// Owned roots that are live at the end of the only predecessor, but not here.
    fn dead_on_entry(&self, block: Block) -> Vec<Value> {
        let [pred] = self.cfg.preds(block) else { return Vec::new() };
        let live = self.live_out(*pred);
        live.iter()
            .filter(|&root| self.owner[root] == Owner::Owned && !self.live_in[block].contains(root))
            .collect()
    }

    fn step(&self, inst: Inst, after: &Set) -> Step {
        let is_jump = self.func.insts[inst].op == Opcode::Jump;
        let mut stolen = Vec::new();
        for (at, &arg) in self.func.args(inst).iter().enumerate() {
            if self.func.ty(arg).is_counted() && steals(self.func, inst, at) {
                stolen.push(arg);
            }
        }
        if is_jump {
            let edge = &self.func.edges(inst)[0];
            for (&arg, &param) in edge.args.iter().zip(&self.func.blocks[edge.target].params) {
                if self.owner[param] == Owner::Owned && self.func.ty(arg).is_counted() {
                    stolen.push(arg);
                }
            }
        }
        let mut dying = Vec::new();
        let mut consider = |root: Value| {
            if self.owner[root] == Owner::Owned && !after.contains(root) && !dying.contains(&root) {
                dying.push(root);
            }
        };
        self.for_each_root(inst, &mut consider);
        if let Some(result) = self.func.insts[inst].result.filter(|&result| self.root(result) == result) {
            consider(result);
        }
        if stolen.is_empty() || dying.is_empty() {
            return Step { stolen, dying, moved: Vec::new() };
        }
        let kept = self.kept_by_state(inst);
        let is_stolen = |root: &Value| stolen.iter().any(|&arg| self.root(arg) == *root);
        let moved = dying.iter().copied().filter(|root| is_stolen(root) && !kept.contains(root)).collect();
        Step { stolen, dying, moved }
    }

    /// Roots that must stay alive through the instruction, because its exit or another operand needs them.
    fn kept_by_state(&self, inst: Inst) -> Vec<Value> {
        let mut kept = Vec::new();
        self.func.for_each_state_value(inst, |value| kept.push(self.root(value)));
        for (at, &arg) in self.func.args(inst).iter().enumerate() {
            if !steals(self.func, inst, at) {
                kept.push(self.root(arg));
            }
        }
        kept
    }

    fn insert(&mut self) {
        for block in self.blocks() {
            let after = self.live_after(block);
            let insts = std::mem::take(&mut self.func.blocks[block].insts);
            let mut out = Vec::with_capacity(insts.len());
            for root in self.dead_on_entry(block) {
                self.decref(root, &mut out);
            }
            for &param in &self.func.blocks[block].params.clone() {
                let first_live = self.is_live_at_start(block, &insts, &after, param);
                if self.owner[param] == Owner::Owned {
                    self.func.owned_params.insert(param);
                    if !first_live {
                        self.decref(param, &mut out);
                    }
                }
            }
            for (at, after) in after.iter().enumerate() {
                self.insert_around(&insts[at..], after, &mut out);
            }
            self.func.blocks[block].insts = out;
        }
    }

    /// Whether a root is used in a block or lives through it.
    fn is_live_at_start(&self, block: Block, insts: &[Inst], after: &[Set], root: Value) -> bool {
        let mut is_used =
            after.last().is_some_and(|live| live.contains(root)) || self.live_out(block).contains(root);
        for &inst in insts {
            self.for_each_root(inst, |used| is_used |= used == root);
        }
        is_used
    }

    /// What belongs around the first of the instructions.
    fn insert_around(&mut self, insts: &[Inst], after: &Set, out: &mut Vec<Inst>) {
        let inst = insts[0];
        let step = self.step(inst, after);
        let mut given = step.moved.clone();
        for &arg in &step.stolen {
            match given.iter().position(|&moved| moved == self.root(arg)) {
                // Its own reference goes with the first operand that consumes it.
                Some(at) => {
                    given.swap_remove(at);
                }
                None => self.incref(arg, out),
            }
        }
        self.record_owned(inst, after, &step);
        let released: Vec<Value> =
            step.dying.iter().copied().filter(|root| !step.moved.contains(root)).collect();
        if self.func.insts[inst].op.info().edges.is_some() {
            // Nothing can stand behind a terminator.
            if self.func.insts[inst].op == Opcode::Jump {
                released.iter().for_each(|&root| self.decref(root, out));
            }
            out.push(inst);
            return;
        }
        out.push(inst);
        let result = self.func.insts[inst].result;
        if let Some(root) =
            result.filter(|&result| self.root(result) == result && self.owner[result] == Owner::Owned)
            && self.is_loaded(inst)
        {
            if insts.get(1).is_some_and(|&next| self.tests_for_null(next, root)) {
                self.untested = Some(root);
            } else {
                self.incref(root, out);
            }
        } else if self.untested.take().is_some() {
            self.incref(result.expect("a test gives what it has tested"), out);
        }
        for root in released {
            self.release_after(inst, root, out);
        }
    }

    /// Whether an instruction leaves if a value that has just been loaded is null.
    fn tests_for_null(&self, inst: Inst, loaded: Value) -> bool {
        let is_test = matches!(self.func.insts[inst].op, Opcode::CheckField | Opcode::GuardField);
        is_test && self.func.arg(inst, 0) == loaded
    }

    /// Releases behind `inst`; through a copy that is known to be uncounted there is nothing to release.
    fn release_after(&mut self, inst: Inst, root: Value, out: &mut Vec<Inst>) {
        let seen = self.func.args(inst).iter().copied().find(|&arg| self.root(arg) == root);
        if seen.is_some_and(|copy| !self.func.ty(copy).is_counted()) {
            return;
        }
        self.decref(seen.unwrap_or(root), out);
    }

    fn incref(&mut self, value: Value, out: &mut Vec<Inst>) {
        out.push(self.func.make_inst(Opcode::Incref, &[value], Imm::None, Type::EMPTY, None));
    }

    fn decref(&mut self, value: Value, out: &mut Vec<Inst>) {
        out.push(self.func.make_inst(Opcode::Decref, &[value], Imm::None, Type::EMPTY, None));
    }

    /// The references that the receiver of an exit must drop.
    fn record_owned(&mut self, inst: Inst, after: &Set, step: &Step) {
        let may_leave = self.func.insts[inst].op.info().may_deopt || may_raise(self.func, inst);
        if self.func.insts[inst].state.is_none() || !may_leave {
            return;
        }
        let mut before = after.clone();
        self.step_back(inst, &mut before);
        let is_owned = |&root: &Value| {
            self.owner[root] == Owner::Owned && !step.moved.contains(&root) && self.untested != Some(root)
        };
        let owned: Vec<Value> = before.iter().filter(is_owned).collect();
        if !owned.is_empty() {
            self.func.owned_at.insert(inst, owned);
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::ir::{Function, Phase};
    use crate::passes::{Changed, check_pass};

    fn counted(text: &str) -> String {
        let run = |func: &mut Function| {
            crate::passes::split_edges::run(func);
            super::run(func);
            func.phase = Phase::Counted;
            Changed::Yes
        };
        check_pass(run, text)
    }

    #[test]
    fn a_getter_counts_once() {
        let text = "func @f func0 -> Object phase=optimized {
  field0 = field class20.next +24 word Object
bb0(v0: Other{class20}):
  v1: Object = load_field #field0 v0
  return v1
}";
        assert_snapshot!(counted(text), @r#"
    func @f func0 -> Object phase=counted {
      field0 = field class20.next +24 word Object
    bb0(v0: Other{class20}):
      v1: Object = load_field #field0 v0
      incref v1
      return v1
    }
    "#);
    }

    #[test]
    fn a_load_stays_borrowed_until_something_may_release_it() {
        let text = "func @f func0 -> I64 phase=optimized {
  field0 = field class20.next +24 word Other{class20}
  field1 = field class20.x +16 raw I64
  fs0 = state func0 7 [] []
bb0(v0: Other{class20}):
  v1: Other{class20} = load_field #field0 v0
  v2: I64 = load_field #field1 v1
  v3: Other{class20} = load_field #field0 v0
  v4: Object = call_helper #get_iter v3 @fs0
  v5: I64 = load_field #field1 v3
  v6: I64 = iadd v2, v5
  return v6
}";
        assert_snapshot!(counted(text), @r#"
    func @f func0 -> I64 phase=counted {
      field0 = field class20.next +24 word Other{class20}
      field1 = field class20.x +16 raw I64
      fs0 = state func0 7 [] []
    bb0(v0: Other{class20}):
      v1: Other{class20} = load_field #field0 v0
      v2: I64 = load_field #field1 v1
      v3: Other{class20} = load_field #field0 v0
      incref v3
      v4: Object = call_helper #get_iter v3 @fs0 owned[v3]
      decref v4
      v5: I64 = load_field #field1 v3
      decref v3
      v6: I64 = iadd v2, v5
      return v6
    }
    "#);
    }

    #[test]
    fn references_move_into_stores_and_die_on_the_other_way() {
        let text = "func @f func0 -> I64 phase=optimized {
  field0 = field class20.next +24 word Object
  fs0 = state func0 7 [] []
bb0(v0: Other{class20}, v1: CBool, v2: I64):
  v3: Object = call_helper #get_iter v0 @fs0
  branch v1, bb1, bb2
bb1:
  v4: Word = swap_field #field0 v0, v3
  return v2
bb2:
  return v2
}";
        assert_snapshot!(counted(text), @r#"
    func @f func0 -> I64 phase=counted {
      field0 = field class20.next +24 word Object
      fs0 = state func0 7 [] []
    bb0(v0: Other{class20}, v1: CBool, v2: I64):
      v3: Object = call_helper #get_iter v0 @fs0
      branch v1, bb1, bb2
    bb1:
      v4: Word = swap_field #field0 v0, v3
      decref v4
      return v2
    bb2:
      decref v3
      return v2
    }
    "#);
    }

    #[test]
    fn loop_parameters_own_what_they_carry() {
        let text = "func @f func0 -> Object phase=optimized {
  field0 = field class20.next +24 word Object
  fs0 = state func0 7 [v2] []
bb0(v0: Object, v1: CBool):
  jump bb1(v0)
bb1(v2: Object):
  v3: Object = call_helper #get_iter v2 @fs0
  branch v1, bb1(v3), bb2
bb2:
  return v2
}";
        assert_snapshot!(counted(text), @r#"
    func @f func0 -> Object phase=counted {
      field0 = field class20.next +24 word Object
      fs0 = state func0 7 [v2] []
    bb0(v0: Object, v1: CBool):
      incref v0
      jump bb1(v0)
    bb1(v2: Object owned):
      v3: Object = call_helper #get_iter v2 @fs0 owned[v2]
      branch v1, bb3, bb2
    bb2:
      decref v3
      return v2
    bb3:
      decref v2
      jump bb1(v3)
    }
    "#);
    }
}
