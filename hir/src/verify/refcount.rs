//! Invariants of phase `Counted`, checked by abstract interpretation:
//!
//! - on every path each owned reference is consumed exactly once: by a `decref`, a consuming operand, a block parameter or a return;
//! - nothing is consumed that is not owned at that point;
//! - where paths meet, they agree on what is owned;
//! - a value without a reference of its own is used only while its support stands: it is a parameter of the function, a constant, or a
//!   load whose memory has not been written since;
//! - an instruction that may leave records exactly what is owned then.
//!
//! The state of a point is the number of references held for each root, and the set of roots whose support has fallen. A
//! parameter of a block that is marked as owned takes a reference from its argument. Shares no code with the pass it checks.

use std::collections::{BTreeMap, BTreeSet};

use super::VerifyError;
use crate::ir::effects::{may_raise, source, steals, writes};
use crate::ir::{Block, Function, Inst, Memory, Opcode, Ret, Source, Value};

#[derive(Clone, PartialEq, Eq, Default, Debug)]
struct State {
    /// References held, by root; zero is not stored.
    held: BTreeMap<Value, u32>,
    /// Roots without a reference whose support has fallen.
    fallen: BTreeSet<Value>,
    /// Roots that a narrowing has shown to be no heap object; their reference need not be released.
    weightless: BTreeSet<Value>,
}

struct Checker<'f> {
    func: &'f Function,
    entries: BTreeMap<Block, State>,
    live: BTreeMap<Block, BTreeSet<Value>>,
    /// Roots that nobody counts, or that the caller keeps.
    free: BTreeSet<Value>,
    /// Loads, with the memory that keeps what they load alive.
    loads: Vec<(Value, Memory)>,
}

/// Reports every broken invariant.
pub(super) fn verify(func: &Function, errors: &mut Vec<VerifyError>) {
    let mut checker = Checker {
        func,
        entries: BTreeMap::new(),
        live: BTreeMap::new(),
        free: BTreeSet::new(),
        loads: Vec::new(),
    };
    checker.find_free();
    checker.find_loads();
    checker.find_live();
    checker.entries.insert(func.entry(), State::default());
    let mut work = vec![func.entry()];
    let mut seen = BTreeSet::new();
    while let Some(block) = work.pop() {
        if !seen.insert(block) {
            continue;
        }
        let mut state = checker.entries[&block].clone();
        checker.walk(block, &mut state, errors);
        let edges = func.edges(func.terminator(block)).to_vec();
        for edge in edges {
            let at_target = checker.cross(block, &edge, &state, errors);
            match checker.entries.get(&edge.target) {
                None => {
                    checker.entries.insert(edge.target, at_target);
                }
                Some(known) if known.held != at_target.held => report(
                    errors,
                    block,
                    None,
                    format!("{} is entered with {:?} and with {:?}", edge.target, known.held, at_target.held),
                ),
                Some(known) => {
                    // What has fallen on one way has fallen; what is weightless must be so on every way.
                    let fallen: BTreeSet<Value> = known.fallen.union(&at_target.fallen).copied().collect();
                    let weightless: BTreeSet<Value> =
                        known.weightless.intersection(&at_target.weightless).copied().collect();
                    if fallen != known.fallen || weightless != known.weightless {
                        checker
                            .entries
                            .insert(edge.target, State { held: at_target.held, fallen, weightless });
                        seen.remove(&edge.target);
                    }
                }
            }
            work.push(edge.target);
        }
    }
}

fn report(errors: &mut Vec<VerifyError>, block: Block, inst: Option<Inst>, message: String) {
    let error = VerifyError { block, inst, message };
    if !errors.contains(&error) {
        errors.push(error);
    }
}

impl Checker<'_> {
    fn root(&self, value: Value) -> Value {
        let value = self.func.resolve(value);
        match self.func.def_inst(value) {
            Some(inst) if self.func.insts[inst].op.info().ret == Ret::Narrowed => {
                self.root(self.func.arg(inst, 0))
            }
            _ => value,
        }
    }

    fn find_free(&mut self) {
        let entry = self.func.entry();
        self.free.extend(self.func.blocks[entry].params.iter().copied());
        for value in self.func.values.keys() {
            let is_constant =
                self.func.def_inst(value).is_some_and(|inst| source(self.func, inst) == Source::Immortal);
            if is_constant || !self.func.ty(value).is_counted() {
                self.free.insert(value);
            }
        }
    }

    fn find_loads(&mut self) {
        for value in self.func.values.keys() {
            if let Some(inst) = self.func.def_inst(value)
                && self.func.insts[inst].result == Some(value)
                && let Source::Memory(memory) = source(self.func, inst)
            {
                self.loads.push((value, memory));
            }
        }
    }

    fn find_live(&mut self) {
        let mut changed = true;
        while changed {
            changed = false;
            for &block in self.func.layout.iter().rev() {
                let mut live: BTreeSet<Value> = BTreeSet::new();
                for succ in self.func.successors(block) {
                    live.extend(self.live.get(&succ).into_iter().flatten().copied());
                }
                for &inst in self.func.blocks[block].insts.iter().rev() {
                    self.func.insts[inst].result.iter().for_each(|result| {
                        live.remove(result);
                    });
                    self.func.for_each_use(inst, |value| {
                        live.insert(self.root(value));
                    });
                }
                self.func.blocks[block].params.iter().for_each(|param| {
                    live.remove(param);
                });
                changed |= self.live.insert(block, live.clone()) != Some(live);
            }
        }
    }

    fn walk(&self, block: Block, state: &mut State, errors: &mut Vec<VerifyError>) {
        for &inst in &self.func.blocks[block].insts {
            self.check_uses(block, inst, state, errors);
            self.check_exit(block, inst, state, errors);
            self.consume(block, inst, state, errors);
            let written = writes(self.func, inst);
            self.fell(written, state);
            self.define(inst, state);
            if self.func.insts[inst].op == Opcode::Return {
                state.held.retain(|root, _| !state.weightless.contains(root));
            }
            if self.func.insts[inst].op == Opcode::Return && !state.held.is_empty() {
                report(errors, block, Some(inst), format!("{:?} are still held at the return", state.held));
            }
        }
    }

    /// Roots supported by written memory lose their support.
    fn fell(&self, written: Memory, state: &mut State) {
        if written == Memory::NONE {
            return;
        }
        let fallen = self.loads.iter().filter(|(_, memory)| memory.overlaps(written));
        state.fallen.extend(fallen.map(|&(value, _)| value));
    }

    fn check_uses(&self, block: Block, inst: Inst, state: &State, errors: &mut Vec<VerifyError>) {
        let written = writes(self.func, inst);
        let is_count = matches!(self.func.insts[inst].op, Opcode::Decref);
        self.func.for_each_use(inst, |value| {
            let root = self.root(value);
            if self.free.contains(&root)
                || !self.func.ty(value).is_counted()
                || state.held.contains_key(&root)
            {
                return;
            }
            if state.fallen.contains(&root) {
                report(
                    errors,
                    block,
                    Some(inst),
                    format!("{value} is used after what kept it alive was written"),
                );
            }
            if !is_count && self.support(root).overlaps(written) && !self.is_stolen(inst, root) {
                report(
                    errors,
                    block,
                    Some(inst),
                    format!("{value} may be released while {} uses it", self.func.insts[inst].op.info().name),
                );
            }
        });
    }

    fn is_stolen(&self, inst: Inst, root: Value) -> bool {
        let args = self.func.args(inst).iter().enumerate();
        args.filter(|&(_, &arg)| self.root(arg) == root).any(|(at, _)| steals(self.func, inst, at))
    }

    fn support(&self, root: Value) -> Memory {
        match self.func.def_inst(root).map(|inst| source(self.func, inst)) {
            Some(Source::Memory(memory)) => memory,
            _ => Memory::NONE,
        }
    }

    fn check_exit(&self, block: Block, inst: Inst, state: &State, errors: &mut Vec<VerifyError>) {
        let leaves = self.func.insts[inst].op.info().may_deopt || may_raise(self.func, inst);
        if !leaves || self.func.insts[inst].state.is_none() {
            return;
        }
        let mut held = state.held.clone();
        for (at, &arg) in self.func.args(inst).iter().enumerate() {
            if steals(self.func, inst, at) && self.func.ty(arg).is_counted() {
                take(&mut held, self.root(arg));
            }
        }
        let mut recorded = BTreeMap::new();
        for &value in self.func.owned_at.get(&inst).into_iter().flatten() {
            *recorded.entry(self.root(value)).or_insert(0) += 1;
        }
        // What is no heap object may be recorded or not.
        held.retain(|root, _| recorded.contains_key(root) || !state.weightless.contains(root));
        if recorded != held {
            report(
                errors,
                block,
                Some(inst),
                format!(
                    "{} records {recorded:?} as owned, but {held:?} are",
                    self.func.insts[inst].op.info().name
                ),
            );
        }
    }

    fn consume(&self, block: Block, inst: Inst, state: &mut State, errors: &mut Vec<VerifyError>) {
        for (at, &arg) in self.func.args(inst).iter().enumerate() {
            let root = self.root(arg);
            let needs = steals(self.func, inst, at) && self.func.ty(arg).is_counted();
            if needs && !take(&mut state.held, root) {
                report(
                    errors,
                    block,
                    Some(inst),
                    format!("{} consumes {arg}, which is not owned", self.func.insts[inst].op.info().name),
                );
            }
            if self.func.insts[inst].op == Opcode::Incref {
                *state.held.entry(root).or_insert(0) += 1;
            }
        }
    }

    fn define(&self, inst: Inst, state: &mut State) {
        let Some(result) = self.func.insts[inst].result else { return };
        state.fallen.remove(&result);
        state.weightless.remove(&result);
        if self.root(result) != result && !self.func.ty(result).is_counted() {
            state.weightless.insert(self.root(result));
        }
        if self.root(result) != result || !self.func.ty(result).is_counted() {
            return;
        }
        if source(self.func, inst) == Source::New {
            state.held.insert(result, 1);
        }
    }

    /// Whether a value is a block parameter that owns nothing: somebody else holds its reference as long as it is used.
    fn is_lent(&self, root: Value) -> bool {
        self.func.def_inst(root).is_none() && !self.func.owned_params.contains(root)
    }

    /// The state behind an edge: spare references of arguments become the parameters'.
    fn cross(
        &self,
        block: Block,
        edge: &crate::ir::Edge,
        state: &State,
        errors: &mut Vec<VerifyError>,
    ) -> State {
        let mut after = state.clone();
        let live = &self.live[&edge.target];
        for (&arg, &param) in edge.args.iter().zip(&self.func.blocks[edge.target].params) {
            let root = self.root(arg);
            let is_kept = live.contains(&root) && !self.free.contains(&root) && !self.is_lent(root);
            let kept = u32::from(is_kept);
            if !self.func.owned_params.contains(param) {
                continue;
            }
            let has_spare = after.held.get(&root).is_some_and(|&held| held > kept);
            if has_spare {
                take(&mut after.held, root);
            } else if self.func.ty(arg).is_counted() {
                report(
                    errors,
                    block,
                    None,
                    format!("{param} owns its argument {arg}, which comes without a reference"),
                );
            }
        }
        let weightless = after.weightless.clone();
        after.held.retain(|root, _| live.contains(root) || !weightless.contains(root));
        for root in after.held.keys() {
            // A block may be entered again by way of its own parameters, whose old values end here.
            if !live.contains(root) && !self.is_released_first(edge.target, *root) {
                report(errors, block, None, format!("{root} is still held when {} is entered", edge.target));
            }
        }
        // A block's parameters are new values each time.
        for &param in &self.func.blocks[edge.target].params {
            after.weightless.remove(&param);
            after.fallen.remove(&param);
            after.held.remove(&param);
            if self.func.owned_params.contains(param) {
                after.held.insert(param, 1);
            }
        }
        after
    }

    /// Whether a block begins by releasing a root.
    fn is_released_first(&self, block: Block, root: Value) -> bool {
        let insts = self.func.blocks[block].insts.iter();
        insts
            .take_while(|&&inst| self.func.insts[inst].op == Opcode::Decref)
            .any(|&inst| self.root(self.func.args(inst)[0]) == root)
    }
}

fn take(held: &mut BTreeMap<Value, u32>, root: Value) -> bool {
    let Some(count) = held.get_mut(&root) else { return false };
    *count -= 1;
    if *count == 0 {
        held.remove(&root);
    }
    true
}
