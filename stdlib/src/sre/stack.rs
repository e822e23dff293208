//! What the machine remembers: choices and undos on the stack, open repeats, marks; and the memory of it that matches share.

use std::cell::Cell;

use runtime::world::World;
use runtime::{PyResult, error};

/// No position.
pub(super) const NONE: usize = usize::MAX;

/// Entries that are kept for the next match.
const KEPT: usize = 1 << 15;

/// Why there is a pattern in the pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Nested {
    Assert,
    AssertNot,
    Atomic,
    Possessive,
}

/// One entry of the stack. Choices say what else can be done, undos what to restore.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry {
    /// Choice: the alternative with this skip, or a later one.
    Branch { skip: u32, at: usize },
    /// Choice: one character less, but no fewer than up to `least`.
    Greedy { tail: u32, least: usize, end: usize },
    /// Choice: one character more, but not beyond `limit`.
    Lazy { node: u32, at: usize, limit: usize },
    /// Choice: no further turn of the repeat. Undo of the turn, too.
    Until { repeat: u32, at: usize, last: usize },
    /// Choice: another turn of the repeat.
    LazyUntil { repeat: u32, at: usize },
    /// A pattern in the pattern starts here.
    Barrier { kind: Nested, node: u32, at: usize, outer: u32, count: u32 },
    /// Undo of a mark.
    Mark { index: u32, at: usize, last_group: u32 },
    /// Undo of entering a repeat.
    NewRepeat,
    /// Undo of a turn.
    OldRepeat { repeat: u32, last: usize },
    /// Undo of leaving a repeat.
    OldCurrent { repeat: u32 },
}

const _: () = assert!(size_of::<Entry>() == 24);

/// A repeat that has been entered.
#[derive(Clone, Copy)]
pub(super) struct Repeat {
    /// Its instruction.
    pub(super) node: u32,
    /// Turns so far.
    pub(super) count: u32,
    /// Where the last turn started: another one from there would make no progress.
    pub(super) last: usize,
    /// The repeat around it.
    pub(super) outer: u32,
}

/// The memory of a machine.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) stack: Vec<Entry>,
    pub(super) repeats: Vec<Repeat>,
    /// Two a group: where it starts and ends.
    pub(super) marks: Vec<usize>,
    /// The group that was closed last, or 0.
    pub(super) last_group: u32,
}

static SPARE: World<Cell<Option<Scratch>>> = World::new(Cell::new(None));

impl Scratch {
    /// The memory of an earlier match, or new.
    pub(super) fn take() -> Scratch {
        SPARE.take().unwrap_or_default()
    }

    /// Keeps the memory for the next match, unless it has grown large.
    pub(super) fn give(self) {
        if self.stack.capacity() <= KEPT && self.repeats.capacity() <= KEPT && self.marks.capacity() <= KEPT {
            SPARE.set(Some(self));
        }
    }

    /// Nothing has matched yet.
    pub(super) fn reset(&mut self, groups: usize) {
        self.stack.clear();
        self.repeats.clear();
        self.marks.clear();
        self.marks.resize(2 * groups, NONE);
        self.last_group = 0;
    }

    pub(super) fn add_repeat(&mut self, repeat: Repeat) -> PyResult<u32> {
        let index = u32::try_from(self.repeats.len()).map_err(|_| error::memory_error())?;
        self.repeats.try_reserve(1).map_err(|_| error::memory_error())?;
        self.repeats.push(repeat);
        Ok(index)
    }

    /// Removes the barrier at this place and the choices above it; what they would have undone still will be.
    pub(super) fn drop_choices(&mut self, barrier: usize) {
        let mut kept = barrier;
        for at in barrier + 1..self.stack.len() {
            self.stack[kept] = match self.stack[at] {
                Entry::Until { repeat, last, .. } => Entry::OldRepeat { repeat, last },
                Entry::Branch { .. }
                | Entry::Greedy { .. }
                | Entry::Lazy { .. }
                | Entry::LazyUntil { .. }
                | Entry::Barrier { .. } => continue,
                undo => undo,
            };
            kept += 1;
        }
        self.stack.truncate(kept);
    }
}
