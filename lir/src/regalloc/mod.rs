//! Register allocation: linear scan on SSA form, with interval splitting.
//!
//! Sources: Wimmer and Franz, "Linear scan register allocation on SSA form" (2010), for building intervals and for
//! resolving block parameters with the same moves as everything else; Wimmer and Mössenböck, "Optimized interval splitting in a
//! linear scan register allocator" (2005), for splitting, hints and spilling at definitions; regalloc2 for the checker.
//!
//! Positions: instruction `i` of the linear order has four points. At the *gap* `4i` moves are made; at the *early* point
//! `4i+1` operands are read; at the *late* point `4i+2` registers are clobbered; at the *def* point `4i+3` the result exists. An
//! early use ends before the late point, a late use lasts past the def point, so it never shares the result's register.
//!
//! ```text
//!   gap      early    late      def       gap of i+1
//!   4i       4i+1     4i+2      4i+3      4i+4
//!   ├─moves──┼─reads──┼─clobber─┼─result──┤
//! ```
//!
//! Fixed registers (arguments, results, division, shift counts) are handled by moves in the gap before or after the
//! instruction; the registers are reserved meanwhile. A value that lives in memory has one slot for its whole life, stored to once at
//! its definition if that is no dearer than storing at the splits. Constants are made again instead of being stored.
//!
//! Needs: phase `Virtual`, verified. Gives: phase `Allocated`. Cost: O(n log n) intervals, times the registers of a file.

pub mod checker;
mod intervals;
mod linear_scan;
pub mod liveness;
pub mod moves;
mod resolve;
mod split_edges;

#[cfg(test)]
mod tests;

use crate::ir::{Function, MachineEnv, Phase};

/// Allocates registers for `func` on the machine `env`.
pub fn allocate(func: &mut Function, env: &MachineEnv) {
    debug_assert_eq!(func.phase, Phase::Virtual, "allocation runs once");
    split_edges::split_critical_edges(func);
    let original = cfg!(debug_assertions).then(|| func.clone());
    let mut intervals = intervals::build(func, env);
    linear_scan::run(&mut intervals, env);
    resolve::rewrite(func, &intervals, env);
    func.phase = Phase::Allocated;
    if let Some(original) = original
        && let Err(errors) = checker::check(&original, func, env)
    {
        panic!(
            "register allocation is wrong:\n{}\n{}\n{}",
            errors.join("\n"),
            crate::text::print(&original),
            crate::text::print(func)
        );
    }
}
