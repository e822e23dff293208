//! Live intervals: where each virtual register is live, where it is used and how, and which register would suit it.
//!
//! One pass over the blocks in reverse linear order (Wimmer and Franz 2010), on exact live-in sets, so that lifetime holes are
//! exact as well.

use base::entity::{EntityId, SecondaryMap};

use super::liveness::{LiveIn, live_in, live_out, vreg};
use crate::ir::{
    ArgPlace, Block, Clobbers, Def, Function, Inst, InstData, MachineEnv, Op, PReg, Reg, RegClass, RegSet,
    Src,
};
use crate::operands::{Role, VReg, for_each_operand};

/// A point of the linear order; see the module documentation of `regalloc`.
pub(super) type Pos = u32;

/// Offsets of the points of one instruction.
pub(super) const EARLY: Pos = 1;
pub(super) const LATE: Pos = 2;
pub(super) const DEF: Pos = 3;

/// A half-open range of points.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Range {
    pub(super) from: Pos,
    pub(super) to: Pos,
}

/// Where an interval lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Unassigned,
    Reg(PReg),
    /// In the virtual register's slot, or nowhere for a constant that is made again.
    Memory,
}

/// One piece of a virtual register's life; several after splitting.
#[derive(Clone, Debug)]
pub(super) struct Interval {
    pub(super) vreg: VReg,
    /// Disjoint, ascending, never empty.
    pub(super) ranges: Vec<Range>,
    /// Points at which it must be in a register, ascending.
    pub(super) uses: Vec<Pos>,
    pub(super) place: Place,
}

impl Interval {
    pub(super) fn start(&self) -> Pos {
        self.ranges[0].from
    }

    pub(super) fn end(&self) -> Pos {
        self.ranges[self.ranges.len() - 1].to
    }

    pub(super) fn covers(&self, pos: Pos) -> bool {
        self.ranges.iter().any(|range| range.from <= pos && pos < range.to)
    }

    /// First point that must be in a register at or after `pos`.
    pub(super) fn next_use(&self, pos: Pos) -> Option<Pos> {
        self.uses.iter().copied().find(|&at| at >= pos)
    }
}

/// First point that is in both ascending range lists. What ends before the other list begins is stepped over: the reserved ranges of
/// a register are as many as the function has calls.
pub(super) fn first_intersection(a: &[Range], b: &[Range]) -> Option<Pos> {
    let behind = |list: &[Range], other: &[Range]| {
        let start = other.first().map_or(0, |range| range.from);
        list.partition_point(|range| range.to <= start)
    };
    let (mut i, mut j) = (behind(a, b), behind(b, a));
    while i < a.len() && j < b.len() {
        let from = a[i].from.max(b[j].from);
        if from < a[i].to.min(b[j].to) {
            return Some(from);
        }
        if a[i].to <= b[j].to { i += 1 } else { j += 1 }
    }
    None
}

/// What is known about a whole virtual register.
#[derive(Clone, Debug, Default)]
pub(super) struct VRegInfo {
    /// Its intervals by start.
    pub(super) pieces: Vec<usize>,
    /// Registers that fixed operands would like.
    pub(super) fixed_hints: Vec<PReg>,
    /// Virtual registers that it is copied to or from.
    pub(super) partners: Vec<VReg>,
    /// The instruction that makes the constant again, if it is one.
    pub(super) remat: Option<Inst>,
    /// The word of the caller's in which it arrives, if it is a parameter that does. That is its place in memory.
    pub(super) home: Option<Reg>,
    /// Loop depth and coldness of the definition, as a weight.
    pub(super) weight: f32,
}

/// Everything that allocation works on.
pub(super) struct Intervals {
    pub(super) all: Vec<Interval>,
    pub(super) info: SecondaryMap<VReg, VRegInfo>,
    pub(super) classes: Vec<RegClass>,
    /// Reserved ranges of each physical register.
    pub(super) fixed: Vec<Vec<Range>>,
    pub(super) live_in: LiveIn,
    /// First point of each block, and the point past its last.
    pub(super) block_range: SecondaryMap<Block, Range>,
    /// First points of blocks, ascending.
    pub(super) block_starts: Vec<Pos>,
}

impl Intervals {
    /// The piece of `vreg` that covers `pos`.
    pub(super) fn piece_at(&self, vreg: VReg, pos: Pos) -> Option<&Interval> {
        self.info[vreg].pieces.iter().map(|&at| &self.all[at]).find(|piece| piece.covers(pos))
    }

    pub(super) fn is_block_start(&self, pos: Pos) -> bool {
        self.block_starts.binary_search(&pos).is_ok()
    }
}

/// How much an instruction of this block weighs: ten times more per loop, hardly anything in cold code.
pub(super) fn block_weight(func: &Function, block: Block) -> f32 {
    let data = &func.blocks[block];
    if data.is_cold { 0.01 } else { 10f32.powi(data.loop_depth.min(6) as i32) }
}

struct Builder<'f> {
    func: &'f Function,
    env: &'f MachineEnv,
    /// Ranges and uses in descending order while building.
    ranges: Vec<Vec<Range>>,
    uses: Vec<Vec<Pos>>,
    out: Intervals,
}

/// Builds the intervals of `func`.
pub(super) fn build(func: &Function, env: &MachineEnv) -> Intervals {
    let count = func.vregs.len();
    let out = Intervals {
        all: Vec::new(),
        info: SecondaryMap::new(),
        classes: func.vregs.clone(),
        fixed: vec![Vec::new(); 32],
        live_in: live_in(func),
        block_range: SecondaryMap::new(),
        block_starts: Vec::new(),
    };
    let mut builder =
        Builder { func, env, ranges: vec![Vec::new(); count], uses: vec![Vec::new(); count], out };
    builder.number_blocks();
    for &block in func.layout.iter().rev() {
        builder.visit_block(block);
    }
    builder.finish()
}

impl Builder<'_> {
    fn number_blocks(&mut self) {
        let mut at = 0;
        for &block in &self.func.layout {
            let len = self.func.blocks[block].insts.len() as Pos * 4;
            self.out.block_range[block] = Range { from: at, to: at + len };
            self.out.block_starts.push(at);
            at += len;
        }
    }

    fn visit_block(&mut self, block: Block) {
        let Range { from, to } = self.out.block_range[block];
        for live in live_out(self.func, &self.out.live_in, block).iter() {
            self.extend(live, from, to);
        }
        self.hint_edges(block);
        for (at, &inst) in self.func.blocks[block].insts.iter().enumerate().rev() {
            self.visit_inst(block, inst, from, from + at as Pos * 4);
        }
        if block == self.func.layout[0] {
            self.hint_arguments(block);
        }
        for &param in &self.func.blocks[block].params {
            self.define(vreg(param), from);
            self.out.info[vreg(param)].weight = block_weight(self.func, block);
        }
    }

    /// The function's arguments would best stay where they arrive.
    fn hint_arguments(&mut self, entry: Block) {
        let params = &self.func.blocks[entry].params;
        let places = self.env.arguments(params.iter().map(|&param| self.func.class(param)));
        for (&param, place) in params.iter().zip(places) {
            let info = &mut self.out.info[vreg(param)];
            match place {
                ArgPlace::Reg(reg) => info.fixed_hints.push(reg),
                ArgPlace::Stack(word) => info.home = Some(Reg::incoming(word, self.func.class(param))),
            }
        }
    }

    fn hint_edges(&mut self, block: Block) {
        for edge in &self.func.insts[self.func.terminator(block)].edges {
            for (&arg, &param) in edge.args.iter().zip(&self.func.blocks[edge.target].params) {
                self.partner(vreg(arg), vreg(param));
            }
        }
    }

    fn partner(&mut self, a: VReg, b: VReg) {
        self.out.info[a].partners.push(b);
        self.out.info[b].partners.push(a);
    }

    fn visit_inst(&mut self, block: Block, inst: Inst, block_from: Pos, gap: Pos) {
        let data = &self.func.insts[inst];
        self.reserve_clobbers(data, gap);
        if let Some(dst) = data.dst {
            self.visit_def(vreg(dst), inst, gap);
            self.out.info[vreg(dst)].weight = block_weight(self.func, block);
        }
        let fixed_args = self.fixed_args(data);
        for_each_operand(self.func, inst, |operand| {
            let v = vreg(operand.reg);
            match operand.role {
                Role::Def => {}
                Role::Early => self.add_use(v, block_from, gap + EARLY + 1, Some(gap + EARLY)),
                Role::Late => self.add_use(v, block_from, gap + 4, Some(gap + DEF)),
                Role::Copy => self.add_use(v, block_from, gap + EARLY + 1, None),
                Role::Exit => self.add_use(v, block_from, gap + 4, None),
                Role::Arg(at) => self.add_fixed_use(v, block_from, gap, fixed_args[at]),
                Role::Dividend => self.add_fixed_use(v, block_from, gap, self.env.div_mod_shift[0]),
                Role::Count => self.add_fixed_use(v, block_from, gap, self.env.div_mod_shift[2]),
            }
        });
        self.hint_copy(data);
    }

    /// A result likes the register of its first operand, because x86 instructions overwrite theirs.
    fn hint_copy(&mut self, data: &InstData) {
        let Some(dst) = data.dst else { return };
        for src in &data.srcs[..2] {
            if let Src::Reg(reg) = src
                && self.func.class(*reg) == self.func.class(dst)
            {
                self.partner(vreg(dst), vreg(*reg));
            }
        }
    }

    fn fixed_args(&self, data: &InstData) -> Vec<PReg> {
        fixed_args(self.func, data, self.env)
    }

    fn visit_def(&mut self, v: VReg, inst: Inst, gap: Pos) {
        let data = &self.func.insts[inst];
        self.define(v, gap + DEF);
        self.uses[v.index()].push(gap + DEF);
        if let Some(reg) = fixed_def(self.func, data, self.env) {
            self.out.info[v].fixed_hints.push(reg);
        }
        let is_constant = match data.op {
            Op::Mov => matches!(data.srcs[0], Src::Imm(_)),
            Op::LoadSym | Op::LoadDouble => true,
            _ => false,
        };
        if is_constant {
            self.out.info[v].remat = Some(inst);
        }
    }

    fn reserve_clobbers(&mut self, data: &InstData, gap: Pos) {
        let mut reserve = |reg: PReg, from, to| self.out.fixed[reg.0 as usize].push(Range { from, to });
        match data.op.info().clobbers {
            Clobbers::None => {}
            Clobbers::Call => {
                self.env.clobbered_by_calls.iter().for_each(|reg| reserve(reg, gap + LATE, gap + DEF))
            }
            Clobbers::Division => {
                reserve(self.env.div_mod_shift[0], gap + EARLY, gap + DEF);
                reserve(self.env.div_mod_shift[1], gap + EARLY, gap + DEF);
            }
            // The result is written while the count is still needed.
            Clobbers::Count if matches!(data.srcs[1], Src::Reg(_)) => {
                reserve(self.env.div_mod_shift[2], gap + EARLY, gap + 4);
            }
            Clobbers::Count => {}
        }
        // Argument registers are filled in the gap, so nothing else that the instruction reads may be there.
        let preserved: RegSet = RegSet::of(&fixed_args(self.func, data, self.env));
        preserved.iter().for_each(|reg| reserve(reg, gap + EARLY, gap + LATE));
    }

    fn add_fixed_use(&mut self, v: VReg, block_from: Pos, gap: Pos, reg: PReg) {
        self.out.info[v].fixed_hints.push(reg);
        self.add_use(v, block_from, gap + EARLY, None);
    }

    fn add_use(&mut self, v: VReg, block_from: Pos, to: Pos, must: Option<Pos>) {
        self.extend(v, block_from, to);
        if let Some(pos) = must
            && self.uses[v.index()].last() != Some(&pos)
        {
            self.uses[v.index()].push(pos);
        }
    }

    /// Adds `[from, to)`; ranges arrive from the back, so only the first existing one can touch it.
    fn extend(&mut self, v: VReg, from: Pos, to: Pos) {
        let ranges = &mut self.ranges[v.index()];
        match ranges.last_mut() {
            Some(last) if last.from <= to => {
                last.from = last.from.min(from);
                last.to = last.to.max(to);
            }
            _ => ranges.push(Range { from, to }),
        }
    }

    fn define(&mut self, v: VReg, at: Pos) {
        match self.ranges[v.index()].last_mut() {
            Some(first) => first.from = at,
            None => self.ranges[v.index()].push(Range { from: at, to: at + 1 }),
        }
    }

    fn finish(mut self) -> Intervals {
        for at in 0..self.ranges.len() {
            let mut ranges = std::mem::take(&mut self.ranges[at]);
            if ranges.is_empty() {
                continue;
            }
            ranges.reverse();
            let mut uses = std::mem::take(&mut self.uses[at]);
            uses.sort_unstable();
            uses.dedup();
            let v = VReg::from_index(at);
            self.out.info[v].pieces.push(self.out.all.len());
            self.out.all.push(Interval { vreg: v, ranges, uses, place: Place::Unassigned });
        }
        for ranges in &mut self.out.fixed {
            ranges.sort_unstable_by_key(|range| range.from);
            merge(ranges);
        }
        self.out
    }
}

/// Makes ascending ranges disjoint.
fn merge(ranges: &mut Vec<Range>) {
    let mut merged: Vec<Range> = Vec::with_capacity(ranges.len());
    for &range in ranges.iter() {
        match merged.last_mut() {
            Some(last) if range.from <= last.to => last.to = last.to.max(range.to),
            _ => merged.push(range),
        }
    }
    *ranges = merged;
}

/// The registers in which the arguments of a call, or a returned value, must be.
pub(crate) fn fixed_args(func: &Function, data: &InstData, env: &MachineEnv) -> Vec<PReg> {
    if data.op == Op::Ret {
        return data.args.iter().map(|&arg| env.result(func.class(arg))).collect();
    }
    let places = env.arguments(data.args.iter().map(|&arg| func.class(arg)));
    let reg = |place: ArgPlace| {
        place.reg().expect("lowering has stored the arguments for which there is no register")
    };
    places.into_iter().map(reg).collect()
}

/// The register in which an instruction leaves its result, if it is a fixed one.
pub(crate) fn fixed_def(func: &Function, data: &InstData, env: &MachineEnv) -> Option<PReg> {
    let dst = data.dst?;
    match data.op.info().def {
        Def::Call => Some(env.result(func.class(dst))),
        Def::Quotient => Some(env.div_mod_shift[0]),
        Def::Remainder => Some(env.div_mod_shift[1]),
        Def::None | Def::Gpr | Def::Xmm | Def::Any => None,
    }
}
