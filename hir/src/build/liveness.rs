//! Which local slots are live before each instruction, and which instructions are jump targets.
//!
//! Backward data flow over the bytecode to a fixed point. What a handler reads is live wherever the handler covers. Cells are
//! never dead, because closures and the interpreter share them.
//!
//! A variable keeps what it holds until it is bound anew or the function is left, whether or not anything reads it again: finalisers can
//! tell. So a slot that may have been bound on the way is live, too, unless it only ever holds an argument, which the caller keeps. Where
//! code goes on in a frame, the frame has had the arguments, and nobody else need have them.

use bytecode::code::CellKind;
use bytecode::{Code, Opcode as B, TypeCode, Word};

/// Result of the analysis; one bit per local slot and instruction.
pub(super) struct Liveness {
    /// Words of bits per instruction.
    width: usize,
    bits: Vec<u64>,
    /// The live slots with those that variables keep.
    held: Vec<u64>,
    /// The slots whose variables keep what they hold.
    kept: Vec<u64>,
    targets: Vec<bool>,
    slots: usize,
}

impl Liveness {
    /// `owns_arguments` says that the code goes on in a frame, `is_shown` that somebody may look at everything that is bound.
    pub(super) fn new(code: &Code, owns_arguments: bool, is_shown: bool) -> Self {
        let slots = code.locals.len();
        let width = slots.div_ceil(64).max(1);
        let mut live = Self {
            width,
            bits: vec![0; width * (code.words.len() + 1)],
            held: Vec::new(),
            kept: vec![0; width],
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
        if owns_arguments {
            let params = code.locals.iter().take(code.param_count()).enumerate();
            for (slot, _) in params.filter(|(_, local)| local.ty == TypeCode::Object) {
                live.kept[slot / 64] |= 1 << (slot % 64);
            }
        }
        live.keep_bound(code, is_shown);
        live
    }

    /// Adds the slots that hold what finalisers could notice.
    fn keep_bound(&mut self, code: &Code, is_shown: bool) {
        if code.names.iter().any(|name| super::reads_frame(name)) {
            // The code itself asks for everything that is bound.
            let bound = self.bound(code);
            self.bits.iter_mut().zip(&bound).for_each(|(live, &bound)| *live |= bound);
        }
        for &word in &code.words {
            if word.opcode() == B::STORE_FAST {
                self.kept[word.index() / 64] |= 1 << (word.index() % 64);
            }
        }
        self.held.clone_from(&self.bits);
        if is_shown {
            // Primitives are no objects that a frame could show.
            let mut shown = vec![0; self.width];
            let locals = code.locals.iter().enumerate().filter(|(_, local)| local.ty == TypeCode::Object);
            locals.for_each(|(slot, _)| shown[slot / 64] |= 1 << (slot % 64));
            let bound = self.bound(code);
            for (at, held) in self.held.iter_mut().enumerate() {
                *held |= bound[at] & shown[at % self.width];
            }
            return;
        }
        if self.kept.iter().all(|&word| word == 0) {
            return;
        }
        let bound = self.bound(code);
        for (at, bits) in self.held.iter_mut().enumerate() {
            *bits |= bound[at] & self.kept[at % self.width];
        }
    }

    /// The slots that may be bound before each instruction, laid out as the live ones are.
    fn bound(&self, code: &Code) -> Vec<u64> {
        let mut bound = vec![0; self.bits.len()];
        for slot in 0..code.param_count() {
            bound[slot / 64] |= 1 << (slot % 64);
        }
        let width = self.width;
        let mut changed = true;
        while std::mem::take(&mut changed) {
            for (at, &word) in code.words.iter().enumerate() {
                let mut now = bound[at * width..(at + 1) * width].to_vec();
                let handlers =
                    code.handlers.iter().filter(|h| (h.start as usize..h.end as usize).contains(&at));
                for handler in handlers {
                    changed |= unite(&mut bound, handler.target as usize * width, &now);
                }
                match word.opcode() {
                    B::STORE_FAST | B::STORE_LOCAL => now[word.index() / 64] |= 1 << (word.index() % 64),
                    B::DELETE_FAST | B::CLEAR_FAST => now[word.index() / 64] &= !(1 << (word.index() % 64)),
                    _ => {}
                }
                if word.opcode().jumps() {
                    changed |= unite(&mut bound, word.index() * width, &now);
                }
                if !word.opcode().info().flags.ends_block {
                    changed |= unite(&mut bound, (at + 1) * width, &now);
                }
            }
        }
        bound
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

    /// Slots that are live or kept before an instruction, ascending.
    pub(super) fn live_at(&self, at: u32) -> impl Iterator<Item = usize> + use<> {
        let from = at as usize * self.width;
        let bits = self.held[from..from + self.width].to_vec();
        (0..self.slots).filter(move |slot| bits[slot / 64] >> (slot % 64) & 1 == 1)
    }

    /// Whether a slot is read behind an instruction before it is bound anew.
    pub(super) fn is_read(&self, at: u32, slot: usize) -> bool {
        self.bits[at as usize * self.width + slot / 64] >> (slot % 64) & 1 == 1
    }

    /// Whether a slot's variable keeps what it holds.
    pub(super) fn is_kept(&self, slot: usize) -> bool {
        self.kept[slot / 64] >> (slot % 64) & 1 == 1
    }

    /// Whether a block starts at an instruction.
    pub(super) fn is_target(&self, at: u32) -> bool {
        self.targets[at as usize]
    }
}

/// Adds a set to the one at a place; true if that changes it.
fn unite(sets: &mut [u64], at: usize, more: &[u64]) -> bool {
    let mut changed = false;
    for (word, &more) in sets[at..].iter_mut().zip(more) {
        changed |= *word | more != *word;
        *word |= more;
    }
    changed
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
        | B::CLEAR_FAST
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
