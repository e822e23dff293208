//! From a finished block to a code object.
//!
//! In order: jumps to jumps are shortened; unreachable instructions disappear; labels become offsets; loads of locals that
//! are certainly bound lose their check (a forward must-assign analysis, CPython's `fast_to_check` in `flowgraph.c`); runs of
//! instructions with one handler become one entry of the exception table; the stack size is computed; free variables, which
//! get their slots while emitting, are moved to the end. Cost: O(instructions x locals / 64).

use bytecode::code::CellKind;
use bytecode::verify::{needed_stack, stack_maps};
use bytecode::{Code, CodeFlags, Handler, Opcode, OperandKind, Repr, Word};

use crate::block::{Block, Inst};
use crate::places::{drop_nops, spread_places};

/// Finishes a block. The result is well-formed; debug builds verify it.
pub(crate) fn assemble(mut block: Block) -> Code {
    free_slots_last(&mut block);
    shorten_jumps(&mut block);
    let mut live = reachable(&block);
    if drop_nops(&mut block, &live) {
        live = reachable(&block);
    }
    let offsets = offsets(&live);
    let mut code = std::mem::take(&mut block.code);
    let mut ranges = Vec::with_capacity(block.insts.len());
    for (_, inst) in block.insts.iter().enumerate().filter(|(at, _)| live[*at]) {
        let operand = match inst.target() {
            Some(label) => offsets[block.labels[label.index()].expect("jumps go to marked labels") as usize],
            None => inst.operand,
        };
        code.words.push(Word::new(inst.opcode, operand));
        ranges.push(inst.range);
    }
    code.ranges = ranges.into();
    code.handlers = handler_table(&block, &live, &offsets);
    spread_places(&mut code);
    code.stack_size = needed_stack(&code);
    choose_copies(&mut code);
    drop_checks(&mut code);
    pair_loads(&mut code);
    debug_assert_eq!(bytecode::verify::verify(&code), [], "the emitter made malformed code");
    code
}

/// Moves free variables behind all other locals, where the closure is copied to.
fn free_slots_last(block: &mut Block) {
    if block.code.locals.is_sorted_by_key(|local| local.cell == CellKind::Free) {
        return;
    }
    let count = block.code.locals.len();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&slot| block.code.locals[slot].cell == CellKind::Free);
    let mut place = vec![0u32; count];
    for (new, &old) in order.iter().enumerate() {
        place[old] = new as u32;
    }
    block.code.locals.sort_by_key(|local| local.cell == CellKind::Free);
    for inst in &mut block.insts {
        if inst.opcode.info().operand == OperandKind::Local {
            inst.operand = place[inst.operand as usize];
        }
    }
}

/// Sends a jump to an unconditional jump straight to that jump's target.
fn shorten_jumps(block: &mut Block) {
    for at in 0..block.insts.len() {
        let inst = block.insts[at];
        if inst.opcode == Opcode::FOR_ITER
            || inst.opcode == Opcode::SEND
            || inst.opcode == Opcode::JUMP_BACKWARD
        {
            continue;
        }
        let Some(mut label) = inst.target() else { continue };
        for _ in 0..8 {
            let Some(next) = block.labels[label.index()].and_then(|to| block.insts.get(to as usize)) else {
                break;
            };
            if next.opcode != Opcode::JUMP {
                break;
            }
            label = next.target().expect("JUMP has a target");
        }
        block.insts[at].operand = label.index() as u32;
    }
}

/// Which instructions control can reach.
fn reachable(block: &Block) -> Vec<bool> {
    let mut live = vec![false; block.insts.len()];
    let mut worklist = vec![0usize];
    let place = |label: crate::block::Label| block.labels[label.index()].map(|to| to as usize);
    while let Some(mut at) = worklist.pop() {
        while live.get(at) == Some(&false) {
            live[at] = true;
            let inst = &block.insts[at];
            let handler = inst.handler.map(|handler| handler.label);
            let ways = [inst.target(), handler].into_iter().flatten().filter_map(place);
            worklist.extend(ways.filter(|&way| live.get(way) == Some(&false)));
            if inst.opcode.info().flags.ends_block {
                break;
            }
            at += 1;
        }
    }
    // A jump to the next live instruction is no jump.
    for at in 0..block.insts.len() {
        if live[at]
            && block.insts[at].opcode == Opcode::JUMP
            && next_live(&live, at) == target_live(block, &live, at)
        {
            live[at] = false;
        }
    }
    live
}

fn next_live(live: &[bool], at: usize) -> Option<usize> {
    (at + 1..live.len()).find(|&next| live[next])
}

fn target_live(block: &Block, live: &[bool], at: usize) -> Option<usize> {
    let label = block.insts[at].target()?;
    let place = block.labels[label.index()]? as usize;
    (place > at).then(|| (place..live.len()).find(|&next| live[next])).flatten()
}

/// The offset of each instruction once the dead ones are gone; one more entry for the end.
fn offsets(live: &[bool]) -> Vec<u32> {
    let mut offsets = Vec::with_capacity(live.len() + 1);
    let mut next = 0;
    for &is_live in live {
        offsets.push(next);
        next += is_live as u32;
    }
    offsets.push(next);
    offsets
}

/// One entry for each run of instructions with the same handler.
fn handler_table(block: &Block, live: &[bool], offsets: &[u32]) -> Vec<Handler> {
    let mut table: Vec<Handler> = Vec::new();
    let covered = |inst: &Inst| inst.handler.map(|handler| (handler.label, handler.depth));
    for (at, inst) in block.insts.iter().enumerate().filter(|(at, _)| live[*at]) {
        let Some((label, depth)) = covered(inst) else { continue };
        let target = offsets[block.labels[label.index()].expect("handlers are marked") as usize];
        let start = offsets[at];
        match table.last_mut() {
            Some(last) if last.end == start && last.target == target && last.depth == depth => {
                last.end = start + 1
            }
            _ => table.push(Handler { start, end: start + 1, target, depth }),
        }
    }
    table
}

/// The emitter copies entries without regard to their kind; static code needs the right instruction.
fn choose_copies(code: &mut Code) {
    let has_copies = code.words.iter().any(|word| word.opcode() == Opcode::COPY);
    if !has_copies || !code.flags.contains(CodeFlags::STATIC) {
        return;
    }
    let maps = stack_maps(code);
    for (word, map) in code.words.iter_mut().zip(&maps) {
        let Some(map) = map.as_ref().filter(|_| word.opcode() == Opcode::COPY) else { continue };
        let copied = map.len().checked_sub(word.index()).map(|from| map[from]);
        if copied.is_some_and(|repr| repr != Repr::Object) {
            *word = Word::new(Opcode::COPY_PRIMITIVE, word.operand());
        }
    }
}

/// Which locals are certainly bound before each instruction that is reached: one bit each, in as many words as the locals need.
struct Bound {
    width: usize,
    bits: Vec<u64>,
    is_reached: Vec<bool>,
    worklist: Vec<usize>,
}

impl Bound {
    fn before(&self, at: usize) -> &[u64] {
        &self.bits[at * self.width..(at + 1) * self.width]
    }

    fn has(&self, at: usize, slot: usize) -> bool {
        self.is_reached[at] && self.before(at)[slot / 64] & 1 << (slot % 64) != 0
    }

    /// What is bound on another way to `target`: the meet is intersection.
    fn meet(&mut self, target: usize, state: &[u64]) {
        let known = &mut self.bits[target * self.width..(target + 1) * self.width];
        if !std::mem::replace(&mut self.is_reached[target], true) {
            known.copy_from_slice(state);
            return self.worklist.push(target);
        }
        let mut changed = false;
        for (word, new) in known.iter_mut().zip(state) {
            changed |= *word & !new != 0;
            *word &= new;
        }
        if changed {
            self.worklist.push(target);
        }
    }
}

/// Replaces `LOAD_FAST_CHECK` by `LOAD_FAST` where the local is certainly bound: parameters that nothing unbinds are so everywhere.
fn drop_checks(code: &mut Code) {
    let mut is_bound = vec![false; code.locals.len()];
    is_bound[..code.param_count()].fill(true);
    for word in &code.words {
        if matches!(word.opcode(), Opcode::DELETE_FAST | Opcode::CLEAR_FAST) {
            is_bound[word.index()] = false;
        }
    }
    if drop_checks_where(code, |_, slot| is_bound[slot]) {
        let bound = bound_locals(code);
        drop_checks_where(code, |at, slot| bound.has(at, slot));
    }
}

/// Drops the checks of slots that are bound before an instruction; whether there are others.
fn drop_checks_where(code: &mut Code, is_bound: impl Fn(usize, usize) -> bool) -> bool {
    let mut are_left = false;
    for (at, word) in code.words.iter_mut().enumerate() {
        if word.opcode() == Opcode::LOAD_FAST_CHECK {
            match is_bound(at, word.index()) {
                true => *word = Word::new(Opcode::LOAD_FAST, word.operand()),
                false => are_left = true,
            }
        }
    }
    are_left
}

/// Forward analysis; a handler sees what was bound before each instruction that it covers.
fn bound_locals(code: &Code) -> Bound {
    let width = code.locals.len().div_ceil(64);
    let mut state = vec![0u64; width];
    for slot in 0..code.param_count() {
        state[slot / 64] |= 1 << (slot % 64);
    }
    let count = code.words.len();
    let mut bound =
        Bound { width, bits: vec![0; count * width], is_reached: vec![false; count], worklist: Vec::new() };
    bound.meet(0, &state);
    while let Some(at) = bound.worklist.pop() {
        let word = code.words[at];
        state.copy_from_slice(bound.before(at));
        if let Some(handler) = code.handler_at(at) {
            bound.meet(handler.target as usize, &state);
        }
        let slot = word.index();
        match word.opcode() {
            Opcode::STORE_FAST | Opcode::LOAD_FAST_CHECK => state[slot / 64] |= 1 << (slot % 64),
            Opcode::DELETE_FAST | Opcode::CLEAR_FAST => state[slot / 64] &= !(1 << (slot % 64)),
            _ => {}
        }
        if word.opcode().jumps() {
            bound.meet(word.index(), &state);
        }
        if !word.opcode().info().flags.ends_block {
            bound.meet(at + 1, &state);
        }
    }
    bound
}

/// Fuses two adjacent loads of locals into one instruction and a `NOP`-free sequence where nobody jumps between them.
fn pair_loads(code: &mut Code) {
    let mut is_target = vec![false; code.words.len() + 1];
    for word in &code.words {
        if word.opcode().jumps() {
            is_target[word.index()] = true;
        }
    }
    for handler in &code.handlers {
        is_target[handler.target as usize] = true;
    }
    let mut keep = vec![true; code.words.len()];
    let mut at = 0;
    while at + 1 < code.words.len() {
        let (first, second) = (code.words[at], code.words[at + 1]);
        let both = first.opcode() == Opcode::LOAD_FAST && second.opcode() == Opcode::LOAD_FAST;
        // A second line would never be seen.
        let both = both && code.ranges[at].line == code.ranges[at + 1].line;
        if both && !is_target[at + 1] && first.operand() < 1 << 12 && second.operand() < 1 << 12 {
            code.words[at] = Word::new(Opcode::LOAD_FAST_LOAD_FAST, first.operand() | second.operand() << 12);
            keep[at + 1] = false;
            at += 1;
        }
        at += 1;
    }
    remove(code, &keep);
}

/// Removes instructions that `keep` does not mark; none of them is jumped to.
fn remove(code: &mut Code, keep: &[bool]) {
    if keep.iter().all(|&is_kept| is_kept) {
        return;
    }
    let offsets = offsets(keep);
    for word in code.words.iter_mut().filter(|word| word.opcode().jumps()) {
        *word = Word::new(word.opcode(), offsets[word.index()]);
    }
    let mut is_kept = keep.iter();
    code.words.retain(|_| is_kept.next() == Some(&true));
    let mut ranges = code.ranges.take();
    let mut is_kept = keep.iter();
    ranges.retain(|_| is_kept.next() == Some(&true));
    code.ranges = ranges.into();
    for handler in &mut code.handlers {
        handler.start = offsets[handler.start as usize];
        handler.end = offsets[handler.end as usize];
        handler.target = offsets[handler.target as usize];
    }
    code.handlers.retain(|handler| handler.start < handler.end);
}
