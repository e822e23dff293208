//! The scan itself: intervals by start, each into a free register, a register taken from a later user, or memory.
//!
//! ```text
//! for each interval by start:
//!     expire what has ended, move what is in a hole to `inactive`
//!     a register free for all of it?      take it, a hinted one first
//!     free for its first part?            take it, split the rest off
//!     someone else needs it later?        take it from him, split him
//!     nobody does                         live in memory until the first use that needs a register
//! ```
//!
//! Splits are made at gaps, where moves can stand; only an interval that is thrown out by a result is split at the def point, and
//! then its value is stored in the gap before.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use base::entity::EntityId;

use super::intervals::{Interval, Intervals, Place, Pos, Range, first_intersection};
use crate::ir::{MachineEnv, PReg};
use crate::operands::VReg;

const NEVER: Pos = Pos::MAX;

struct Scan<'i> {
    iv: &'i mut Intervals,
    env: &'i MachineEnv,
    /// Intervals not yet placed, by start.
    unhandled: BinaryHeap<Reverse<(Pos, usize)>>,
    /// Intervals in registers that cover the current point.
    active: Vec<usize>,
    /// Intervals in registers that have a hole at the current point.
    inactive: Vec<usize>,
}

/// Gives every interval a place, splitting as needed.
pub(super) fn run(iv: &mut Intervals, env: &MachineEnv) {
    let unhandled = iv.all.iter().enumerate().map(|(at, interval)| Reverse((interval.start(), at))).collect();
    let mut scan = Scan { iv, env, unhandled, active: Vec::new(), inactive: Vec::new() };
    while let Some(Reverse((pos, current))) = scan.unhandled.pop() {
        scan.advance(pos);
        if !scan.try_free_register(current) {
            scan.take_register(current);
        }
    }
}

/// For each register of the machine, a point.
type Points = [Pos; 32];

impl Scan<'_> {
    fn interval(&self, at: usize) -> &Interval {
        &self.iv.all[at]
    }

    fn reg_of(&self, at: usize) -> PReg {
        match self.interval(at).place {
            Place::Reg(reg) => reg,
            Place::Unassigned | Place::Memory => {
                unreachable!("only intervals in registers are active or inactive")
            }
        }
    }

    /// Sorts active and inactive intervals for the point `pos`.
    fn advance(&mut self, pos: Pos) {
        let all: Vec<usize> = self.active.drain(..).chain(self.inactive.drain(..)).collect();
        for at in all {
            let interval = &self.iv.all[at];
            if interval.end() <= pos {
                continue;
            }
            if interval.covers(pos) { self.active.push(at) } else { self.inactive.push(at) }
        }
    }

    fn registers(&self, current: usize) -> &[PReg] {
        let class = self.iv.classes[self.interval(current).vreg.index()];
        self.env.allocatable(class)
    }

    /// Places `current` in a register that is free at its start; splits it if the register is not free to its end.
    fn try_free_register(&mut self, current: usize) -> bool {
        let free_until = self.free_until(current);
        let (start, end) = (self.interval(current).start(), self.interval(current).end());
        let reg = self.choose_free(current, &free_until);
        let until = free_until[reg.0 as usize];
        if until >= end {
            self.assign(current, reg);
            return true;
        }
        let split = until & !3;
        let is_useful = split > start && self.interval(current).uses.first().is_some_and(|&at| at < split);
        if !is_useful {
            return false;
        }
        self.assign(current, reg);
        self.split_and_queue(current, split);
        true
    }

    fn free_until(&self, current: usize) -> Points {
        let mut free = [NEVER; 32];
        for &at in &self.active {
            free[self.reg_of(at).0 as usize] = 0;
        }
        let ranges = &self.interval(current).ranges;
        for &at in &self.inactive {
            let slot = &mut free[self.reg_of(at).0 as usize];
            if let Some(pos) = first_intersection(&self.interval(at).ranges, ranges) {
                *slot = (*slot).min(pos);
            }
        }
        for &reg in self.registers(current) {
            let slot = &mut free[reg.0 as usize];
            if let Some(pos) = first_intersection(&self.iv.fixed[reg.0 as usize], ranges) {
                *slot = (*slot).min(pos);
            }
        }
        free
    }

    /// A hinted register if it is free long enough, else the first that is free to the end, else the one free longest.
    fn choose_free(&self, current: usize, free_until: &Points) -> PReg {
        let end = self.interval(current).end();
        let free = |reg: PReg| free_until[reg.0 as usize];
        let registers = self.registers(current);
        let longest =
            *registers.iter().max_by_key(|&&reg| free(reg)).expect("a file has at least one register");
        let enough = end.min(free(longest));
        let hinted =
            self.hints(current).into_iter().find(|&reg| registers.contains(&reg) && free(reg) >= enough);
        hinted.or_else(|| registers.iter().copied().find(|&reg| free(reg) >= end)).unwrap_or(longest)
    }

    /// Registers that would save a move, best first.
    fn hints(&self, current: usize) -> Vec<PReg> {
        let info = &self.iv.info[self.interval(current).vreg];
        let mut hints = info.fixed_hints.clone();
        let earlier = info.pieces.iter().map(|&at| self.interval(at).place);
        let partners = info.partners.iter().flat_map(|&partner| &self.iv.info[partner].pieces);
        let placed = earlier.chain(partners.map(|&at| self.interval(at).place));
        hints.extend(placed.filter_map(|place| match place {
            Place::Reg(reg) => Some(reg),
            Place::Unassigned | Place::Memory => None,
        }));
        // What partners would like is worth something, too: a sum that is returned is best made in the result register.
        hints.extend(
            info.partners.iter().flat_map(|&partner| self.iv.info[partner].fixed_hints.iter().copied()),
        );
        hints
    }

    fn assign(&mut self, current: usize, reg: PReg) {
        self.iv.all[current].place = Place::Reg(reg);
        self.active.push(current);
    }

    /// No register is free: takes the one whose next use is furthest, or puts `current` into memory.
    fn take_register(&mut self, current: usize) {
        let (next_use, blocked) = self.next_uses(current);
        let furthest = |reg: &&PReg| next_use[reg.0 as usize];
        let reg =
            *self.registers(current).iter().max_by_key(furthest).expect("a file has at least one register");
        let (start, first_use) =
            (self.interval(current).start(), self.interval(current).uses.first().copied());
        let Some(first_use) = first_use.filter(|&at| at < next_use[reg.0 as usize]) else {
            self.spill(current);
            return;
        };
        debug_assert!(
            blocked[reg.0 as usize] > first_use,
            "{} has no register at {start}: the machine is too small for the instruction",
            self.interval(current).vreg
        );
        self.throw_out(reg, current);
        self.assign(current, reg);
        let until = blocked[reg.0 as usize] & !3;
        if blocked[reg.0 as usize] < self.interval(current).end() {
            self.split_and_queue(current, until);
        }
    }

    /// For each register: the next point at which an occupant must have it, and the next at which it is reserved.
    fn next_uses(&self, current: usize) -> (Points, Points) {
        let (mut next, mut blocked) = ([NEVER; 32], [NEVER; 32]);
        let interval = self.interval(current);
        let start = interval.start();
        for &at in &self.active {
            let slot = &mut next[self.reg_of(at).0 as usize];
            *slot = (*slot).min(self.interval(at).next_use(start).unwrap_or(NEVER - 1));
        }
        for &at in &self.inactive {
            if first_intersection(&self.interval(at).ranges, &interval.ranges).is_some() {
                let slot = &mut next[self.reg_of(at).0 as usize];
                *slot = (*slot).min(self.interval(at).next_use(start).unwrap_or(NEVER - 1));
            }
        }
        for &reg in self.registers(current) {
            if let Some(pos) = first_intersection(&self.iv.fixed[reg.0 as usize], &interval.ranges) {
                blocked[reg.0 as usize] = pos;
                next[reg.0 as usize] = next[reg.0 as usize].min(pos);
            }
        }
        (next, blocked)
    }

    /// Moves every occupant of `reg` that is in the way of `current` to memory.
    fn throw_out(&mut self, reg: PReg, current: usize) {
        let start = self.interval(current).start();
        let ranges = self.interval(current).ranges.clone();
        let is_in_way = |scan: &Self, at: usize| {
            scan.reg_of(at) == reg && first_intersection(&scan.interval(at).ranges, &ranges).is_some()
        };
        for at in self.active.clone() {
            if self.reg_of(at) == reg {
                self.active.retain(|&other| other != at);
                self.split_to_memory(at, start);
            }
        }
        for at in self.inactive.clone() {
            if is_in_way(self, at) {
                // Its next range starts later; from there on it is placed anew.
                self.inactive.retain(|&other| other != at);
                self.split_and_queue(at, start);
            }
        }
    }

    /// From `pos` on, `at` lives in memory until the next use that needs a register.
    fn split_to_memory(&mut self, at: usize, pos: Pos) {
        let interval = self.interval(at);
        if interval.start() >= pos {
            // It has not been used yet: all of it goes.
            self.spill(at);
            return;
        }
        let tail = self.split(at, pos);
        self.spill(tail);
    }

    /// Puts an interval into memory up to the gap before its first use in a register, and queues the rest.
    fn spill(&mut self, at: usize) {
        let start = self.interval(at).start();
        if let Some(&first) = self.interval(at).uses.first() {
            let split = first & !3;
            assert!(
                split > start,
                "{} cannot leave its register at {start}: the machine is too small for the instruction",
                self.interval(at).vreg
            );
            self.split_and_queue(at, split);
        }
        self.iv.all[at].place = Place::Memory;
    }

    fn split_and_queue(&mut self, at: usize, pos: Pos) {
        let tail = self.split(at, pos);
        self.unhandled.push(Reverse((self.iv.all[tail].start(), tail)));
    }

    /// Cuts an interval at `pos`, which lies inside its extent; the new piece has everything from there on.
    fn split(&mut self, at: usize, pos: Pos) -> usize {
        let interval = &mut self.iv.all[at];
        debug_assert!(interval.start() < pos && pos < interval.end(), "a split leaves two pieces");
        let first_after = interval.ranges.partition_point(|range| range.to <= pos);
        let mut tail: Vec<Range> = interval.ranges.split_off(first_after);
        if tail[0].from < pos {
            interval.ranges.push(Range { from: tail[0].from, to: pos });
            tail[0].from = pos;
        }
        let uses = interval.uses.split_off(interval.uses.partition_point(|&use_at| use_at < pos));
        let (vreg, place): (VReg, _) = (interval.vreg, Place::Unassigned);
        let new = self.iv.all.len();
        self.iv.all.push(Interval { vreg, ranges: tail, uses, place });
        let pieces = &mut self.iv.info[vreg].pieces;
        let position =
            pieces.iter().position(|&piece| piece == at).expect("a piece is listed with its register");
        pieces.insert(position + 1, new);
        new
    }
}
