//! Which local slots are live before each instruction, and which instructions are jump targets.
//!
//! Backward data flow over the bytecode to a fixed point. What a handler reads is live wherever the handler covers. Cells are
//! never dead, because closures and the interpreter share them.

use bytecode::code::CellKind;
use bytecode::{Code, Opcode as B, Word};

/// Result of the analysis; one bit per local slot and instruction.
pub(super) struct Liveness {
    /// Words of bits per instruction.
    width: usize,
    bits: Vec<u64>,
    targets: Vec<bool>,
    slots: usize,
}

impl Liveness {
    pub(super) fn new(code: &Code) -> Self {
        let slots = code.locals.len();
        let width = slots.div_ceil(64).max(1);
        let mut live = Self {
            width,
            bits: vec![0; width * (code.words.len() + 1)],
            targets: vec![false; code.words.len() + 1],
            slots,
        };
        for (at, &word) in code.words.iter().enumerate() {
            if word.opcode().jumps() {
                live.targets[word.index()] = true;
                live.targets[at + 1] = true;
            }
        }
        while live.pass(code) {}
        live
    }

    /// One backward pass; true if anything changed.
    fn pass(&mut self, code: &Code) -> bool {
        let mut changed = false;
        for at in (0..code.words.len()).rev() {
            let word = code.words[at];
            let mut now = vec![0; self.width];
            if !word.opcode().info().flags.ends_block {
                self.add(&mut now, at + 1);
            }
            if word.opcode().jumps() {
                self.add(&mut now, word.index());
            }
            apply(word, &mut now);
            for handler in code.handlers.iter().filter(|h| (h.start as usize..h.end as usize).contains(&at)) {
                self.add(&mut now, handler.target as usize);
            }
            for (slot, local) in code.locals.iter().enumerate() {
                if local.cell != CellKind::None {
                    now[slot / 64] |= 1 << (slot % 64);
                }
            }
            let old = &mut self.bits[at * self.width..(at + 1) * self.width];
            changed |= old != now;
            old.copy_from_slice(&now);
        }
        changed
    }

    fn add(&self, set: &mut [u64], at: usize) {
        let other = &self.bits[at * self.width..(at + 1) * self.width];
        set.iter_mut().zip(other).for_each(|(word, &more)| *word |= more);
    }

    /// Live slots before an instruction, ascending.
    pub(super) fn live_at(&self, at: u32) -> impl Iterator<Item = usize> + use<> {
        let from = at as usize * self.width;
        let bits = self.bits[from..from + self.width].to_vec();
        (0..self.slots).filter(move |slot| bits[slot / 64] >> (slot % 64) & 1 == 1)
    }

    /// Whether a block starts at an instruction.
    pub(super) fn is_target(&self, at: u32) -> bool {
        self.targets[at as usize]
    }
}

/// Removes what an instruction writes and adds what it reads.
fn apply(word: Word, live: &mut [u64]) {
    let mut set = |slot: usize, on: bool| {
        let bit = 1 << (slot % 64);
        if on { live[slot / 64] |= bit } else { live[slot / 64] &= !bit }
    };
    match word.opcode() {
        B::STORE_FAST | B::STORE_LOCAL => set(word.index(), false),
        B::LOAD_FAST
        | B::LOAD_FAST_CHECK
        | B::LOAD_LOCAL
        | B::DELETE_FAST
        | B::MAKE_CELL
        | B::LOAD_CLOSURE
        | B::LOAD_DEREF
        | B::STORE_DEREF
        | B::DELETE_DEREF
        | B::LOAD_FROM_DICT_OR_DEREF => set(word.index(), true),
        B::LOAD_FAST_LOAD_FAST => {
            let (first, second) = word.halves();
            set(first, true);
            set(second, true);
        }
        _ => {}
    }
}
