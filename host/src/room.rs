//! Room on the stack for passes that recurse over a tree.
//!
//! A tree is at most `parser::MAX_TREE_DEPTH` levels deep, and the passes over it rely on that; but `compile` may be called by a thread with
//! a small stack, or where the program's own recursion has used most of a large one. The depth is known before the first pass, so it
//! is compared with what is left, and a pass that has not enough runs on a thread with a stack of its own, which touches no objects.
//!
//! Cost: a comparison.

use runtime::thread::thread;

/// What the passes use for a level at most, measured on chains of each kind, and doubled.
const BYTES_PER_LEVEL: usize = if cfg!(debug_assertions) { 12 << 10 } else { 2 << 10 };

/// What they use besides.
const BASE: usize = 64 << 10;

fn needed(depth: u16) -> usize {
    BASE + usize::from(depth) * BYTES_PER_LEVEL
}

/// Whether a pass over a tree of this depth has room here.
pub(crate) fn is_enough(depth: u16) -> bool {
    thread().room() >= needed(depth)
}

/// Runs a pass over a tree of this depth; `None` if there can be no stack for it.
pub(crate) fn with_room<T: Send>(depth: u16, pass: impl FnOnce() -> T + Send) -> Option<T> {
    if is_enough(depth) {
        return Some(pass());
    }
    std::thread::scope(|scope| {
        let own = std::thread::Builder::new().stack_size(needed(depth) + BASE).spawn_scoped(scope, || {
            runtime::signal::leave_to_others();
            pass()
        });
        match own.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => Some(result),
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => None,
        }
    })
}
