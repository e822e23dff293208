//! Puts parallel moves in an order, one machine move at a time.
//!
//! A parallel move reads all its sources before it writes any destination. Method: a destination that no pending move still
//! reads can be written at once; when none is left, all pending moves form cycles, and one register of a cycle is saved in
//! the scratch register of its file. A move from slot to slot goes through the scratch register of the *other* file, so that the two
//! uses of scratch registers never meet. Cost: O(n²) for n moves, and n is small.

use crate::ir::{MachineEnv, Reg, RegClass, RegKind};

/// One move: destination and source, of the same file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Move {
    /// Written.
    pub dst: Reg,
    /// Read.
    pub src: Reg,
}

/// The file of a machine operand.
fn class(reg: Reg) -> RegClass {
    match reg.kind() {
        RegKind::Physical(reg) => reg.class(),
        RegKind::Slot(_, class) | RegKind::Incoming(_, class) => class,
        RegKind::Virtual(_) => unreachable!("moves are made between machine operands"),
    }
}

fn is_slot(reg: Reg) -> bool {
    reg.is_memory()
}

/// The moves in an order in which executing them one by one has the effect of executing them at once. No destination occurs
/// twice. The result moves from slot to slot never directly.
pub fn sequentialise(moves: &[Move], env: &MachineEnv) -> Vec<Move> {
    let mut out = Vec::with_capacity(moves.len());
    for file in [RegClass::Gpr, RegClass::Xmm] {
        let pending = moves.iter().copied().filter(|m| class(m.dst) == file && m.dst != m.src).collect();
        order_file(pending, file, env, &mut out);
    }
    out
}

fn order_file(mut pending: Vec<Move>, file: RegClass, env: &MachineEnv, out: &mut Vec<Move>) {
    let scratch = Reg::phys(env.scratch(file));
    while !pending.is_empty() {
        let is_free = |m: &Move| pending.iter().all(|other| other.src != m.dst);
        if let Some(at) = pending.iter().position(is_free) {
            let ready = pending.swap_remove(at);
            push(ready, file, env, out);
        } else {
            // Everything left is in cycles: free one source by saving it.
            let saved = pending[0].src;
            push(Move { dst: scratch, src: saved }, file, env, out);
            for m in &mut pending {
                if m.src == saved {
                    m.src = scratch;
                }
            }
        }
    }
}

fn push(m: Move, file: RegClass, env: &MachineEnv, out: &mut Vec<Move>) {
    if is_slot(m.dst) && is_slot(m.src) {
        let other = if file == RegClass::Gpr { RegClass::Xmm } else { RegClass::Gpr };
        let through = Reg::phys(env.scratch(other));
        out.push(Move { dst: through, src: m.src });
        out.push(Move { dst: m.dst, src: through });
    } else {
        out.push(m);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::ir::PReg;
    use crate::regalloc::tests::Random;

    /// Locations of both files, slots included.
    fn locations() -> Vec<Reg> {
        let gprs = (0..4).map(|n| Reg::phys(PReg::gpr(n)));
        let slots = (0..3).flat_map(|n| [Reg::slot(n, RegClass::Gpr), Reg::slot(n, RegClass::Xmm)]);
        gprs.chain((0..3).map(|n| Reg::phys(PReg::xmm(n)))).chain(slots).collect()
    }

    /// Executes moves one by one on a machine in which every location first holds itself.
    fn execute(moves: &[Move]) -> HashMap<Reg, Reg> {
        let mut contents: HashMap<Reg, Reg> = HashMap::new();
        for m in moves {
            let value = *contents.get(&m.src).unwrap_or(&m.src);
            contents.insert(m.dst, value);
        }
        contents
    }

    #[test]
    fn ordered_moves_act_as_if_made_at_once() {
        let env = MachineEnv::x86_64();
        let mut random = Random::new(7);
        for _ in 0..3000 {
            let mut moves = Vec::new();
            for dst in locations() {
                let sources: Vec<Reg> =
                    locations().into_iter().filter(|&src| class(src) == class(dst)).collect();
                if random.below(2) == 0 {
                    moves.push(Move { dst, src: sources[random.below(sources.len())] });
                }
            }
            let ordered = sequentialise(&moves, &env);
            let contents = execute(&ordered);
            for m in &moves {
                assert_eq!(*contents.get(&m.dst).unwrap_or(&m.dst), m.src, "{moves:?} became {ordered:?}");
            }
            for location in locations() {
                let is_written = moves.iter().any(|m| m.dst == location);
                assert!(is_written || !contents.contains_key(&location), "{location} was overwritten");
            }
            assert!(ordered.iter().all(|m| !(is_slot(m.dst) && is_slot(m.src))), "no move from slot to slot");
        }
    }

    #[test]
    fn a_swap_needs_one_scratch_register() {
        let env = MachineEnv::x86_64();
        let [a, b] = [0, 1].map(|n| Reg::phys(PReg::gpr(n)));
        let ordered = sequentialise(&[Move { dst: a, src: b }, Move { dst: b, src: a }], &env);
        assert_eq!(ordered.len(), 3);
    }
}
