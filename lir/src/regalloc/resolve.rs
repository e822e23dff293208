//! Writes the allocation into the code: operands get their places, and values are moved where their places differ.
//!
//! Moves come from four sources: splits inside a block, fixed operands, edges with the arguments for block parameters, and the
//! arguments of the function itself. All moves at one place are made at once. A value in memory has one slot; it is stored
//! once at its definition when that weighs no more than all stores at splits and edges together, and at those otherwise.

use base::entity::{EntityId, SecondaryMap};

use super::intervals::{
    DEF, EARLY, Interval, Intervals, Place, Pos, Range, block_weight, fixed_args, fixed_def,
};
use super::liveness::vreg;
use super::moves::{Move, sequentialise};
use crate::ir::{
    Block, ExitData, ExitSlot, ExitValue, Function, Inst, InstData, MachineEnv, Op, PReg, Reg, Src,
};
use crate::operands::{Role, VReg, rewrite_inst};

/// A move of a virtual register's value between two places, before slots are numbered.
#[derive(Clone, Copy)]
struct ValueMove {
    from: (VReg, Place),
    to: (VReg, Place),
}

/// What is inserted around one instruction.
#[derive(Clone, Default)]
struct Around {
    /// At the start of a block: edge moves.
    entry: Vec<ValueMove>,
    /// In the gap: splits and fixed operands.
    gap: Vec<ValueMove>,
    /// Before a block's only jump: edge moves.
    exit: Vec<ValueMove>,
    /// Behind the instruction: fixed results, and stores at the definition.
    after: Vec<ValueMove>,
}

struct Resolver<'a> {
    func: &'a mut Function,
    iv: &'a Intervals,
    env: &'a MachineEnv,
    /// By instruction number of the linear order.
    around: Vec<Around>,
    /// Slot of each virtual register that needs one.
    slots: SecondaryMap<VReg, Option<u32>>,
    /// Registers whose only store is at the definition.
    stored_once: SecondaryMap<VReg, bool>,
    /// Weight of the instruction at each number.
    weights: Vec<f32>,
}

/// See the module documentation.
pub(super) fn rewrite(func: &mut Function, iv: &Intervals, env: &MachineEnv) {
    let mut weights = Vec::new();
    for &block in &func.layout {
        weights.resize(weights.len() + func.blocks[block].insts.len(), block_weight(func, block));
    }
    let around = vec![Around::default(); weights.len()];
    let (slots, stored_once) = (SecondaryMap::new(), SecondaryMap::new());
    let mut resolver = Resolver { func, iv, env, around, slots, stored_once, weights };
    resolver.collect_split_moves();
    resolver.collect_edge_moves();
    resolver.collect_entry_moves();
    resolver.collect_fixed_moves();
    resolver.choose_stores();
    resolver.number_slots();
    resolver.apply();
}

impl Resolver<'_> {
    fn place(&self, v: VReg, pos: Pos) -> Place {
        self.iv.piece_at(v, pos).unwrap_or_else(|| panic!("{v} is not live at {pos}")).place
    }

    /// The place from which moves in the gap at `pos` read.
    fn place_before(&self, v: VReg, pos: Pos) -> Place {
        if self.iv.is_block_start(pos) { self.place(v, pos) } else { self.place(v, pos - 1) }
    }

    fn collect_split_moves(&mut self) {
        let pieces = self.func.vregs.len();
        for v in (0..pieces).map(VReg::from_index) {
            for pair in self.iv.info[v].pieces.windows(2) {
                let (head, tail): (&Interval, &Interval) = (&self.iv.all[pair[0]], &self.iv.all[pair[1]]);
                let pos = tail.start();
                // A piece that only feeds a fixed operand is never read: the fixed register is filled from the place before.
                let is_read = pos & 3 != 0 || tail.ranges[0].to > pos + EARLY;
                let is_inside = head.end() == pos && !self.iv.is_block_start(pos) && is_read;
                // Thrown out by a result: the store stands in the gap before, and reads what is there before that gap's moves.
                let from = if pos & 3 == 0 { head.place } else { self.place_before(v, pos & !3) };
                if is_inside && from != tail.place {
                    let m = ValueMove { from: (v, from), to: (v, tail.place) };
                    self.around[pos as usize / 4].gap.push(m);
                }
            }
        }
    }

    fn collect_edge_moves(&mut self) {
        for block in self.func.layout.clone() {
            let terminator = self.func.terminator(block);
            let edges = self.func.insts[terminator].edges.clone();
            for edge in &edges {
                let moves = self.edge_moves(block, edge.target, &edge.args);
                let at = if edges.len() == 1 {
                    &mut self.around[self.iv.block_range[block].to as usize / 4 - 1].exit
                } else {
                    &mut self.around[self.iv.block_range[edge.target].from as usize / 4].entry
                };
                at.extend(moves);
            }
        }
    }

    fn edge_moves(&self, from: Block, to: Block, args: &[Reg]) -> Vec<ValueMove> {
        let end = self.iv.block_range[from].to - 1;
        let start = self.iv.block_range[to].from;
        let mut moves = Vec::new();
        let mut add = |source: VReg, target: VReg| {
            let (a, b) = (self.place(source, end), self.place(target, start));
            if a != b || (source != target && a == Place::Memory) {
                moves.push(ValueMove { from: (source, a), to: (target, b) });
            }
        };
        self.iv.live_in[to].iter().for_each(|v| add(v, v));
        for (&arg, &param) in args.iter().zip(&self.func.blocks[to].params) {
            add(vreg(arg), vreg(param));
        }
        moves
    }

    /// Arguments of the function arrive in fixed registers, or in memory.
    fn collect_entry_moves(&mut self) {
        let params = self.func.blocks[self.func.layout[0]].params.clone();
        let places = self.env.arguments(params.iter().map(|&param| self.func.class(param)));
        for (param, place) in params.iter().zip(places) {
            let v = vreg(*param);
            let (from, to) = (place.reg().map_or(Place::Memory, Place::Reg), self.place(v, 0));
            if to != from {
                self.around[0].entry.push(ValueMove { from: (v, from), to: (v, to) });
            }
        }
    }

    fn collect_fixed_moves(&mut self) {
        for block in self.func.layout.clone() {
            let Range { from, .. } = self.iv.block_range[block];
            for (at, inst) in self.func.blocks[block].insts.clone().into_iter().enumerate() {
                self.collect_fixed_moves_of(inst, from + at as Pos * 4);
            }
        }
    }

    fn collect_fixed_moves_of(&mut self, inst: Inst, gap: Pos) {
        let data = &self.func.insts[inst];
        let regs = fixed_args(self.func, data, self.env);
        let mut moves = Vec::new();
        rewrite_inst(&mut data.clone(), |reg, role| {
            let fixed = match role {
                Role::Arg(at) => regs[at],
                Role::Dividend => self.env.div_mod_shift[0],
                Role::Count => self.env.div_mod_shift[2],
                Role::Early | Role::Late | Role::Copy | Role::Exit | Role::Def => return reg,
            };
            let v = vreg(reg);
            let from = self.place_before(v, gap);
            if from != Place::Reg(fixed) {
                moves.push(ValueMove { from: (v, from), to: (v, Place::Reg(fixed)) });
            }
            reg
        });
        let def = fixed_def(self.func, data, self.env).zip(data.dst);
        self.around[gap as usize / 4].gap.extend(moves);
        if let Some((fixed, dst)) = def {
            let v = vreg(dst);
            let to = self.place(v, gap + DEF);
            if to != Place::Reg(fixed) {
                let m = ValueMove { from: (v, Place::Reg(fixed)), to: (v, to) };
                self.around[gap as usize / 4].after.push(m);
            }
        }
    }

    /// Decides for each register that is in memory somewhere whether one store at the definition is best.
    fn choose_stores(&mut self) {
        let mut store_weight: SecondaryMap<VReg, f32> = SecondaryMap::new();
        for (at, around) in self.around.iter().enumerate() {
            for m in around.entry.iter().chain(&around.gap).chain(&around.exit) {
                if is_store(m) {
                    store_weight[m.to.0] += self.weights[at];
                }
            }
        }
        for v in (0..self.func.vregs.len()).map(VReg::from_index) {
            if self.iv.info[v].pieces.is_empty() {
                continue;
            }
            let (weight, first) = (store_weight[v], &self.iv.all[self.iv.info[v].pieces[0]]);
            // A parameter that is put into memory at once, or that arrives there, needs no other store, a constant none at all.
            let is_stored = first.place == Place::Memory
                || self.iv.info[v].home.is_some()
                || (weight > 0.0 && weight >= self.iv.info[v].weight);
            self.stored_once[v] = is_stored && self.iv.info[v].remat.is_none();
        }
        let stored_once = &self.stored_once;
        let keep = |m: &ValueMove| !(is_store(m) && stored_once[m.to.0]);
        for (at, around) in self.around.iter_mut().enumerate() {
            around.gap.retain(keep);
            around.exit.retain(keep);
            // The moves at the function's start bring its arguments.
            if at > 0 {
                around.entry.retain(keep);
            }
        }
        self.insert_stores_at_definitions();
    }

    fn insert_stores_at_definitions(&mut self) {
        for v in (0..self.func.vregs.len()).map(VReg::from_index) {
            if !self.stored_once[v] || self.iv.info[v].home.is_some() {
                continue;
            }
            let first = &self.iv.all[self.iv.info[v].pieces[0]];
            let around = &mut self.around[first.start() as usize / 4];
            let is_param = first.start() & 3 == 0;
            if is_param && first.place != Place::Memory {
                around.gap.push(ValueMove { from: (v, first.place), to: (v, Place::Memory) });
            } else if !is_param {
                // A fixed result is stored from its register, because all moves here are made at once.
                let from = around.after.iter().find(|m| m.to.0 == v).map_or(first.place, |m| m.from.1);
                around.after.push(ValueMove { from: (v, from), to: (v, Place::Memory) });
            }
        }
    }

    /// Numbers slots so that two registers share one only if their whole lives do not overlap.
    fn number_slots(&mut self) {
        let mut spilled: Vec<(Pos, Pos, VReg)> = (0..self.func.vregs.len())
            .map(VReg::from_index)
            .filter(|&v| self.iv.info[v].remat.is_none() && self.iv.info[v].home.is_none())
            .filter(|&v| self.iv.info[v].pieces.iter().any(|&at| self.iv.all[at].place == Place::Memory))
            .map(|v| {
                let pieces = &self.iv.info[v].pieces;
                let end = pieces.iter().map(|&at| self.iv.all[at].end()).max().unwrap_or(0);
                (self.iv.all[pieces[0]].start(), end, v)
            })
            .collect();
        spilled.sort_unstable_by_key(|&(start, _, v)| (start, v.index()));
        // Ends of the lives in the slots of each file.
        let mut busy: Vec<(usize, Pos)> = Vec::new();
        for (start, end, v) in spilled {
            let file = self.iv.classes[v.index()] as usize;
            let free = busy.iter().position(|&(of, until)| of == file && until < start & !3);
            let slot = free.unwrap_or(busy.len());
            if slot == busy.len() {
                busy.push((file, end));
            }
            busy[slot] = (file, end);
            self.slots[v] = Some(slot as u32);
        }
        self.func.slots = busy.len() as u32;
    }

    fn reg(&self, v: VReg, place: Place) -> Reg {
        match place {
            Place::Reg(reg) => Reg::phys(reg),
            Place::Memory => {
                if let Some(home) = self.iv.info[v].home {
                    return home;
                }
                let slot = self.slots[v].unwrap_or_else(|| panic!("{v} has a slot"));
                Reg::slot(slot, self.iv.classes[v.index()])
            }
            Place::Unassigned => unreachable!("the scan has placed every interval"),
        }
    }

    fn apply(&mut self) {
        let around = std::mem::take(&mut self.around);
        for block in self.func.layout.clone() {
            let Range { from, .. } = self.iv.block_range[block];
            let mut out = Vec::new();
            for (at, inst) in std::mem::take(&mut self.func.blocks[block].insts).into_iter().enumerate() {
                let gap = from + at as Pos * 4;
                let around = &around[gap as usize / 4];
                self.insert(&around.entry, &mut out);
                self.insert(&around.gap, &mut out);
                self.insert(&around.exit, &mut out);
                self.rewrite_operands(inst, gap);
                out.push(inst);
                self.insert(&around.after, &mut out);
            }
            self.func.blocks[block].insts = out;
            self.func.blocks[block].params.clear();
        }
        for block in self.func.layout.clone() {
            let terminator = self.func.terminator(block);
            self.func.insts[terminator].edges.iter_mut().for_each(|edge| edge.args.clear());
        }
    }

    /// Appends the moves, in an order that makes them parallel; constants are made last, because their registers may be read.
    fn insert(&mut self, moves: &[ValueMove], out: &mut Vec<Inst>) {
        let remat = |m: &&ValueMove| m.from.1 == Place::Memory && self.iv.info[m.from.0].remat.is_some();
        let constants: Vec<ValueMove> = moves.iter().filter(remat).copied().collect();
        let pairs: Vec<Move> = moves
            .iter()
            .filter(|m| !remat(m))
            // A constant in memory is nowhere.
            .filter(|m| !(m.to.1 == Place::Memory && self.iv.info[m.to.0].remat.is_some()))
            .map(|m| Move { dst: self.reg(m.to.0, m.to.1), src: self.reg(m.from.0, m.from.1) })
            .collect();
        for Move { dst, src } in sequentialise(&pairs, self.env) {
            out.push(self.func.insts.push(InstData::new(Op::Mov).to(dst).with(&[Src::Reg(src)])));
        }
        for m in constants {
            self.insert_constant(m, out);
        }
    }

    fn insert_constant(&mut self, m: ValueMove, out: &mut Vec<Inst>) {
        if m.to.1 == Place::Memory && self.iv.info[m.to.0].remat.is_some() {
            return;
        }
        let inst = self.iv.info[m.from.0].remat.expect("the caller selects constants");
        let dst = self.reg(m.to.0, m.to.1);
        let mut data = self.func.insts[inst].clone();
        let class = self.iv.classes[m.from.0.index()];
        let into_memory = dst.as_physical().is_none();
        let target = if into_memory { Reg::phys(self.env.scratch(class)) } else { dst };
        data.dst = Some(target);
        out.push(self.func.insts.push(data));
        if into_memory {
            out.push(self.func.insts.push(InstData::new(Op::Mov).to(dst).with(&[Src::Reg(target)])));
        }
    }

    fn rewrite_operands(&mut self, inst: Inst, gap: Pos) {
        let mut data = std::mem::replace(&mut self.func.insts[inst], InstData::new(Op::Mov));
        let regs = fixed_args(self.func, &data, self.env);
        let def = fixed_def(self.func, &data, self.env);
        if data.op == Op::Mov
            && let Src::Reg(reg) = data.srcs[0]
        {
            self.rewrite_copied_constant(vreg(reg), gap, &mut data);
        }
        rewrite_inst(&mut data, |reg, role| {
            let Some(n) = reg.as_virtual() else { return reg };
            let v = VReg::from_index(n as usize);
            let fixed = |reg: PReg| Reg::phys(reg);
            match role {
                Role::Arg(at) => fixed(regs[at]),
                Role::Dividend => fixed(self.env.div_mod_shift[0]),
                Role::Count => fixed(self.env.div_mod_shift[2]),
                Role::Early | Role::Copy => self.reg(v, self.place(v, gap + EARLY)),
                Role::Late | Role::Exit => self.reg(v, self.place(v, gap + DEF)),
                Role::Def => def.map_or_else(|| self.reg(v, self.place(v, gap + DEF)), fixed),
            }
        });
        if let Some(exit) = data.exit {
            let frames = std::mem::take(&mut self.func.exits[exit].frames);
            let owned = std::mem::take(&mut self.func.exits[exit].owned);
            let ExitData { kind, done, .. } = self.func.exits[exit];
            let mut whole = ExitData { kind, frames, owned, done };
            self.rewrite_exit(&mut whole, gap);
            self.func.exits[exit] = whole;
        }
        self.func.insts[inst] = data;
    }

    /// A copy of a constant that is in no register becomes the constant itself.
    fn rewrite_copied_constant(&self, v: VReg, gap: Pos, data: &mut InstData) {
        let Some(inst) = self.iv.info[v].remat else { return };
        if self.place(v, gap + EARLY) == Place::Memory {
            let source = &self.func.insts[inst];
            let dst = data.dst;
            *data = InstData { dst, ..source.clone() };
        }
    }

    fn rewrite_exit(&self, exit: &mut ExitData, gap: Pos) {
        let value = |value: &mut ExitValue| {
            let ExitValue::Reg(reg) = *value else { return };
            let v = vreg(reg);
            let place = self.place(v, gap + DEF);
            *value = match self.iv.info[v].remat {
                Some(inst) if place == Place::Memory => constant(&self.func.insts[inst]),
                _ => ExitValue::Reg(self.reg(v, place)),
            };
        };
        for frame in &mut exit.frames {
            for slot in frame.locals.iter_mut().chain(&mut frame.stack) {
                match slot {
                    ExitSlot::Unset => {}
                    ExitSlot::Value(one, _) => value(one),
                    ExitSlot::Range(next, stop, _) => {
                        value(next);
                        value(stop);
                    }
                }
            }
        }
        for reg in &mut exit.owned {
            let v = vreg(*reg);
            *reg = self.reg(v, self.place(v, gap + DEF));
        }
    }
}

/// Whether a move writes a register's own value to its slot.
fn is_store(m: &ValueMove) -> bool {
    m.from.0 == m.to.0 && m.to.1 == Place::Memory && matches!(m.from.1, Place::Reg(_))
}

/// The constant that an instruction makes.
pub(super) fn constant(data: &InstData) -> ExitValue {
    match (data.sym, data.srcs[0]) {
        (Some(sym), _) => ExitValue::Sym(sym),
        (None, Src::Imm(imm)) => ExitValue::Imm(imm),
        (None, _) => unreachable!("only constants are made again"),
    }
}
