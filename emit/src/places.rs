//! Where instructions without a place of their own belong, and which `NOP`s are needed for their line.
//!
//! A `NOP` stands for a line that whoever traces wants to see. It goes if an instruction beside it shows that line, or takes it over.
//! What the emitter leaves nowhere (the jump behind a branch, the return behind the last statement) takes the place of the one
//! instruction that leads to it. (CPython: `basicblock_remove_redundant_nops` and `propagate_line_numbers` in `flowgraph.c`.)
//! Cost: linear.

use bytecode::{Code, Opcode};

use crate::block::{Block, Inst};

/// Removes the `NOP`s that no line needs; whether there were any. `live` says what control can reach.
pub(crate) fn drop_nops(block: &mut Block, live: &[bool]) -> bool {
    if !block.insts.iter().any(|inst| inst.opcode == Opcode::NOP) {
        return false;
    }
    let mut is_target = targets(block, live);
    let mut keep = vec![true; block.insts.len()];
    let mut before = None;
    for at in (0..block.insts.len()).filter(|&at| live[at]) {
        if is_target[at] {
            before = None;
        }
        let inst = block.insts[at];
        if inst.opcode == Opcode::NOP && is_needless(block, live, &is_target, at, before) {
            keep[at] = false;
            // A jump to it goes to what follows.
            is_target[at + 1] |= is_target[at];
        } else {
            before = (!inst.opcode.info().flags.ends_block).then_some(inst.range.line);
        }
    }
    let is_changed = keep.contains(&false);
    if is_changed {
        remove(block, &keep);
    }
    is_changed
}

/// Which instructions live ones jump to, or go to with an exception.
fn targets(block: &Block, live: &[bool]) -> Vec<bool> {
    let mut is_target = vec![false; block.insts.len() + 1];
    for (inst, _) in block.insts.iter().zip(live).filter(|(_, live)| **live) {
        let labels = [inst.target(), inst.handler.map(|handler| handler.label)];
        for at in labels.into_iter().flatten().filter_map(|label| block.labels[label.index()]) {
            is_target[at as usize] = true;
        }
    }
    is_target
}

/// Whether a `NOP` can go; what follows may take its place. `before` is the line of the instruction that alone leads to it.
fn is_needless(block: &mut Block, live: &[bool], is_target: &[bool], at: usize, before: Option<u32>) -> bool {
    let Inst { range, handler, .. } = block.insts[at];
    if range.line == 0 || before == Some(range.line) {
        return true;
    }
    let Some(next) = (at + 1..live.len()).find(|&next| live[next]) else { return false };
    let follower = &mut block.insts[next];
    if follower.range.line == range.line {
        return true;
    }
    let has_one_way_in = !is_target[at + 1..=next].contains(&true);
    let takes_over = has_one_way_in && follower.range.line == 0 && follower.handler == handler;
    if takes_over {
        follower.range = range;
    }
    takes_over
}

fn remove(block: &mut Block, keep: &[bool]) {
    let mut moved = Vec::with_capacity(keep.len() + 1);
    let mut next = 0;
    for &is_kept in keep {
        moved.push(next);
        next += u32::from(is_kept);
    }
    moved.push(next);
    for label in block.labels.iter_mut().flatten() {
        *label = moved[*label as usize];
    }
    let mut kept = keep.iter();
    block.insts.retain(|_| *kept.next().expect("one for each"));
}

/// The ways into an instruction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    Never,
    From(usize),
    Many,
}

/// Gives each instruction without a place that of the one instruction that leads to it.
pub(crate) fn spread_places(code: &mut Code) {
    if code.ranges.iter().all(|range| range.line != 0) {
        return;
    }
    let entries = entries(code);
    let mut ranges = code.ranges.take();
    for at in 0..ranges.len() {
        if let Entry::From(before) = entries[at]
            && ranges[at].line == 0
        {
            ranges[at] = ranges[before];
        }
    }
    code.ranges = ranges.into();
}

fn entries(code: &Code) -> Vec<Entry> {
    let mut entries = vec![Entry::Never; code.words.len() + 1];
    let mut enter = |at: usize, from: Entry| {
        entries[at] = if entries[at] == Entry::Never { from } else { Entry::Many };
    };
    for (at, word) in code.words.iter().enumerate() {
        if word.opcode().jumps() {
            enter(word.index(), Entry::From(at));
        }
        if !word.opcode().info().flags.ends_block {
            enter(at + 1, Entry::From(at));
        }
    }
    code.handlers.iter().for_each(|handler| enter(handler.target as usize, Entry::Many));
    entries
}
