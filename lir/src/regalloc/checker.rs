//! An independent check of an allocation, by symbolic execution (regalloc2's idea).
//!
//! The checker runs the allocated code on a machine whose locations hold *sets of virtual registers*: the names of all values that
//! the location is known to hold. Inserted moves copy sets, results replace them, calls empty what they clobber, edges rename
//! arguments to parameters. At a join the intersection holds. Every operand of the original code must then be found in the
//! location that the allocated instruction names, and fixed operands in their registers. No code is shared with the allocator
//! but the walk over operands.
//!
//! Cost: O(instructions × locations), in debug builds only.

use std::collections::BTreeMap;

use base::entity::{EntityId, EntitySet, SecondaryMap};

use crate::ir::{
    ArgPlace, Block, Clobbers, Def, ExitSlot, ExitValue, Function, Inst, InstData, MachineEnv, Op, PReg, Reg,
    Src,
};
use crate::operands::{Role, VReg, rewrite_inst};

/// What each location is known to hold.
type State = BTreeMap<Reg, EntitySet<VReg>>;

struct Checker<'a> {
    original: &'a Function,
    allocated: &'a Function,
    env: &'a MachineEnv,
    /// The instruction that makes each constant.
    constants: SecondaryMap<VReg, Option<Inst>>,
    /// The virtual registers that are read in or behind each block, its parameters included; nobody asks for the others there.
    wanted: SecondaryMap<Block, EntitySet<VReg>>,
    errors: Vec<String>,
}

/// Checks `allocated` against `original`, whose instructions keep their numbers.
pub fn check(original: &Function, allocated: &Function, env: &MachineEnv) -> Result<(), Vec<String>> {
    let mut checker = Checker {
        original,
        allocated,
        env,
        constants: SecondaryMap::new(),
        wanted: SecondaryMap::new(),
        errors: Vec::new(),
    };
    checker.find_constants();
    checker.find_wanted();
    let entries = checker.fixed_point();
    for &block in &allocated.layout {
        if let Some(mut state) = entries[block].clone() {
            checker.execute(block, &mut state, true);
        }
    }
    if checker.errors.is_empty() { Ok(()) } else { Err(checker.errors) }
}

fn name(reg: Reg) -> VReg {
    VReg::from_index(reg.as_virtual().expect("the original code is over virtual registers") as usize)
}

/// What a block reads that it has not made, and what it makes.
fn read_and_made(func: &Function, block: Block) -> (EntitySet<VReg>, EntitySet<VReg>) {
    let (mut read, mut made) = (EntitySet::new(), EntitySet::new());
    for &inst in &func.blocks[block].insts {
        let mut note = |reg: Reg| {
            if !made.contains(name(reg)) {
                read.insert(name(reg));
            }
        };
        let data = &func.insts[inst];
        rewrite_inst(&mut data.clone(), |reg, role| {
            if role != Role::Def {
                note(reg);
            }
            reg
        });
        if let Some(exit) = data.exit {
            func.exits[exit].for_each_reg(&mut note);
        }
        data.edges.iter().for_each(|edge| edge.args.iter().for_each(|&arg| note(arg)));
        if let Some(dst) = data.dst {
            made.insert(name(dst));
        }
    }
    (read, made)
}

impl Checker<'_> {
    fn find_constants(&mut self) {
        for &block in &self.original.layout {
            for &inst in &self.original.blocks[block].insts {
                let data = &self.original.insts[inst];
                let is_constant = matches!(data.op, Op::LoadSym | Op::LoadDouble)
                    || (data.op == Op::Mov && matches!(data.srcs[0], Src::Imm(_)));
                if let Some(dst) = data.dst.filter(|_| is_constant) {
                    self.constants[name(dst)] = Some(inst);
                }
            }
        }
    }

    fn find_wanted(&mut self) {
        let func = self.original;
        let read: Vec<_> = func.layout.iter().map(|&block| (block, read_and_made(func, block))).collect();
        let mut changed = true;
        while changed {
            changed = false;
            for (block, (read, made)) in read.iter().rev() {
                let mut wanted = EntitySet::new();
                for edge in &func.insts[func.terminator(*block)].edges {
                    let mut behind = self.wanted[edge.target].clone();
                    for &param in &func.blocks[edge.target].params {
                        behind.remove(name(param));
                    }
                    wanted.union_with(&behind);
                }
                wanted.remove_all(made);
                wanted.union_with(read);
                changed |= self.wanted[*block].union_with(&wanted);
            }
        }
    }

    /// States at block entries, by iteration from "anything" downwards.
    fn fixed_point(&mut self) -> SecondaryMap<Block, Option<State>> {
        let mut entries: SecondaryMap<Block, Option<State>> = SecondaryMap::new();
        entries[self.allocated.layout[0]] = Some(self.entry_state());
        // Blocks whose entry has changed since they were executed.
        let mut due: EntitySet<Block> = [self.allocated.layout[0]].into_iter().collect();
        while !due.is_empty() {
            for &block in &self.allocated.layout {
                if !due.remove(block) {
                    continue;
                }
                let mut state = entries[block].clone().expect("a block is due when it has been reached");
                self.execute(block, &mut state, false);
                for (target, at_target) in self.leave(block, &state) {
                    if meet(&mut entries[target], at_target) {
                        due.insert(target);
                    }
                }
            }
        }
        entries
    }

    fn entry_state(&self) -> State {
        let params = &self.original.blocks[self.original.layout[0]].params;
        let places = self.env.arguments(params.iter().map(|&param| self.original.class(param)));
        let location = |place: ArgPlace, class| match place {
            ArgPlace::Reg(reg) => Reg::phys(reg),
            ArgPlace::Stack(word) => Reg::incoming(word, class),
        };
        let arrive = params.iter().zip(places);
        arrive
            .map(|(&param, place)| {
                (location(place, self.original.class(param)), [name(param)].into_iter().collect())
            })
            .collect()
    }

    /// States at the successors: arguments also are parameters now, and old values of the parameters are gone.
    fn leave(&self, block: Block, state: &State) -> Vec<(Block, State)> {
        let terminator = self.original.terminator(block);
        let edge_state = |edge: &crate::ir::Edge| {
            let params = &self.original.blocks[edge.target].params;
            let mut at_target = State::new();
            for (&location, held) in state {
                let mut renamed: EntitySet<VReg> = held.clone();
                params.iter().for_each(|&param| {
                    renamed.remove(name(param));
                });
                for (&arg, &param) in edge.args.iter().zip(params) {
                    if held.contains(name(arg)) {
                        renamed.insert(name(param));
                    }
                }
                renamed.intersect_with(&self.wanted[edge.target]);
                if !renamed.is_empty() {
                    at_target.insert(location, renamed);
                }
            }
            (edge.target, at_target)
        };
        self.original.insts[terminator].edges.iter().map(edge_state).collect()
    }

    fn execute(&mut self, block: Block, state: &mut State, report: bool) {
        // What may stand in the state; only that must be looked for when it is made anew.
        let mut present = self.wanted[block].clone();
        for &param in &self.original.blocks[block].params {
            present.insert(name(param));
        }
        for &inst in &self.allocated.blocks[block].insts {
            if inst.index() < self.original.insts.len() {
                if report {
                    self.check_operands(inst, state);
                    self.check_exit(inst, state);
                }
                self.define(inst, state, &mut present);
            } else {
                self.execute_inserted(inst, state);
            }
        }
    }

    fn execute_inserted(&self, inst: Inst, state: &mut State) {
        let data = &self.allocated.insts[inst];
        let dst = data.dst.expect("the allocator inserts only moves and constants");
        let held = match (data.op, data.srcs[0]) {
            (Op::Mov, Src::Reg(src)) => state.get(&src).cloned().unwrap_or_default(),
            _ => self.registers_with_constant(data, state),
        };
        state.insert(dst, held);
    }

    /// Names of a constant: of all equal constants, and of the parameters to which they were passed.
    fn registers_with_constant(&self, data: &InstData, state: &State) -> EntitySet<VReg> {
        let mut names = EntitySet::new();
        for v in (0..self.original.vregs.len()).map(VReg::from_index) {
            if self.is_constant(v, |known| same_constant(known, data)) {
                state.get(&constant_location(v)).into_iter().for_each(|held| {
                    names.union_with(held);
                });
            }
        }
        names
    }

    fn is_constant(&self, v: VReg, is: impl Fn(&InstData) -> bool) -> bool {
        self.constants[v].is_some_and(|inst| is(&self.original.insts[inst]))
    }

    /// What is clobbered is lost, and the result is where it has been put.
    fn define(&self, inst: Inst, state: &mut State, present: &mut EntitySet<VReg>) {
        let (before, after) = (&self.original.insts[inst], &self.allocated.insts[inst]);
        self.clobbered(before).into_iter().for_each(|reg| {
            state.remove(&Reg::phys(reg));
        });
        let (Some(v), Some(location)) = (before.dst, after.dst) else { return };
        if !present.insert(name(v)) {
            state.values_mut().for_each(|held| {
                held.remove(name(v));
            });
        }
        let mut held: EntitySet<VReg> = [name(v)].into_iter().collect();
        if let (Op::Mov, Src::Reg(src)) = (before.op, before.srcs[0]) {
            held.insert(name(src));
        }
        if self.constants[name(v)].is_some() {
            state.insert(constant_location(name(v)), held.clone());
        }
        state.insert(location, held);
    }

    fn clobbered(&self, data: &InstData) -> Vec<PReg> {
        match data.op.info().clobbers {
            Clobbers::Call => self.env.clobbered_by_calls.iter().collect(),
            Clobbers::Division => self.env.div_mod_shift[..2].to_vec(),
            Clobbers::None | Clobbers::Count => Vec::new(),
        }
    }

    fn check_operands(&mut self, inst: Inst, state: &State) {
        let (before, after) = (&self.original.insts[inst], &self.allocated.insts[inst]);
        if before.op == Op::Mov
            && let Src::Reg(src) = before.srcs[0]
            && !matches!(after.srcs[0], Src::Reg(_))
        {
            if !self.registers_with_constant(after, state).contains(name(src)) {
                self.complain(inst, "a copy became the wrong constant");
            }
            return;
        }
        let (mut names, mut locations) = (Vec::new(), Vec::new());
        rewrite_inst(&mut before.clone(), |reg, role| {
            names.push((reg, role));
            reg
        });
        rewrite_inst(&mut after.clone(), |reg, _| {
            locations.push(reg);
            reg
        });
        let dst = after.dst;
        for ((v, role), location) in names.into_iter().zip(locations) {
            if role == Role::Def {
                self.check_def(inst, location);
                continue;
            }
            if !holds(state, location, name(v)) {
                self.complain(inst, &format!("{location} does not hold {v}"));
            }
            if role == Role::Late && dst == Some(location) {
                self.complain(inst, &format!("{v} is overwritten by the result"));
            }
            if let Some(fixed) = self.fixed(inst, role)
                && location != Reg::phys(fixed)
            {
                self.complain(inst, &format!("{v} is not in {fixed}"));
            }
        }
    }

    fn check_def(&mut self, inst: Inst, location: Reg) {
        let data = &self.allocated.insts[inst];
        let fixed = match data.op.info().def {
            Def::Call => Some(self.env.result(self.allocated.class(location))),
            Def::Quotient => Some(self.env.div_mod_shift[0]),
            Def::Remainder => Some(self.env.div_mod_shift[1]),
            Def::None | Def::Gpr | Def::Xmm | Def::Any => None,
        };
        if fixed.is_some_and(|reg| Reg::phys(reg) != location) || location.as_physical().is_none() {
            self.complain(inst, &format!("the result cannot be in {location}"));
        }
    }

    fn fixed(&self, inst: Inst, role: Role) -> Option<PReg> {
        let data = &self.original.insts[inst];
        match role {
            Role::Dividend => Some(self.env.div_mod_shift[0]),
            Role::Count => Some(self.env.div_mod_shift[2]),
            Role::Arg(at) if data.op == Op::Ret => Some(self.env.result(self.original.class(data.args[at]))),
            Role::Arg(at) => {
                let classes = data.args.iter().map(|&arg| self.original.class(arg));
                self.env.arguments(classes)[at].reg()
            }
            _ => None,
        }
    }

    /// Exit values are read after calls have clobbered their registers, and after the result is written.
    fn check_exit(&mut self, inst: Inst, state: &State) {
        let Some(exit) = self.original.insts[inst].exit else { return };
        let mut after = state.clone();
        self.clobbered(&self.original.insts[inst]).into_iter().for_each(|reg| {
            after.remove(&Reg::phys(reg));
        });
        if let Some(dst) = self.allocated.insts[inst].dst {
            after.remove(&dst);
        }
        let values = |func: &Function| -> Vec<ExitValue> {
            let data = &func.exits[exit];
            let slots = data.frames.iter().flat_map(|frame| frame.locals.iter().chain(&frame.stack));
            let mut values = Vec::new();
            for slot in slots {
                match *slot {
                    ExitSlot::Unset => {}
                    ExitSlot::Value(value, _) => values.push(value),
                    ExitSlot::Range(next, stop, _) => values.extend([next, stop]),
                }
            }
            values.extend(data.owned.iter().map(|&reg| ExitValue::Reg(reg)));
            values
        };
        for (before, location) in values(self.original).into_iter().zip(values(self.allocated)) {
            let fits = match (before, location) {
                (ExitValue::Reg(v), ExitValue::Reg(location)) => holds(&after, location, name(v)),
                (ExitValue::Reg(v), constant) => {
                    self.is_constant(name(v), |known| constant_of(known) == constant)
                }
                (before, location) => before == location,
            };
            if !fits {
                self.complain(inst, &format!("the exit finds {before:?} not in {location:?}"));
            }
        }
    }

    fn complain(&mut self, inst: Inst, message: &str) {
        self.errors.push(format!("{message}: {}", crate::text::inst_text(self.original, inst)));
    }
}

/// A constant can be made again anywhere: a location of its own, named by its virtual register.
fn constant_location(v: VReg) -> Reg {
    Reg::virt(v.index() as u32)
}

fn holds(state: &State, location: Reg, v: VReg) -> bool {
    state.get(&location).is_some_and(|held| held.contains(v))
}

fn same_constant(a: &InstData, b: &InstData) -> bool {
    a.op == b.op && a.sym == b.sym && a.srcs == b.srcs
}

fn constant_of(data: &InstData) -> ExitValue {
    match (data.sym, data.srcs[0]) {
        (Some(sym), _) => ExitValue::Sym(sym),
        (None, Src::Imm(imm)) => ExitValue::Imm(imm),
        (None, _) => unreachable!("only constants are recorded"),
    }
}

/// Intersects `with` into `entry`; true if that changed it.
fn meet(entry: &mut Option<State>, with: State) -> bool {
    let Some(known) = entry else {
        *entry = Some(with);
        return true;
    };
    let mut changed = false;
    known.retain(|location, held| {
        match with.get(location) {
            Some(also) => changed |= held.intersect_with(also),
            None => {
                changed |= !held.is_empty();
                held.clear();
            }
        }
        !held.is_empty()
    });
    changed
}
