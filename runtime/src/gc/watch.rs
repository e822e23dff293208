//! What programs see of collections: `gc.callbacks`, `gc.garbage` and the debugging flags.
//!
//! The lists belong to the module `gc`, which hands them over when it is imported; without it nobody watches. What callbacks raise is
//! reported and forgotten. The messages are those of CPython's `gc.c`.

use std::cell::Cell;
use std::time::Instant;

use crate::error::unraisable::write_unraisable;
use crate::field::Field;
use crate::objects::dict::DictObject;
use crate::objects::int;
use crate::objects::list::ListObject;
use crate::objects::str::StrObject;
use crate::value::Ref;
use crate::world::World;
use crate::{hooks, protocol};

/// The debugging flags, with CPython's values.
pub mod debug {
    /// Tells of every collection.
    pub const STATS: i64 = 1;
    /// Tells of every object that is collected.
    pub const COLLECTABLE: i64 = 2;
    /// Tells of what cannot be collected: nothing.
    pub const UNCOLLECTABLE: i64 = 4;
    /// Keeps what is unreachable in `gc.garbage`.
    pub const SAVEALL: i64 = 32;
    /// What shows leaks.
    pub const LEAK: i64 = COLLECTABLE | UNCOLLECTABLE | SAVEALL;
}

struct Watch {
    callbacks: Field,
    garbage: Field,
    debug: Cell<i64>,
}

static WATCH: World<Watch> =
    World::new(Watch { callbacks: Field::empty(), garbage: Field::empty(), debug: Cell::new(0) });

/// The lists of the module `gc`.
pub fn set_lists(callbacks: Ref, garbage: Ref) {
    WATCH.callbacks.set(callbacks);
    WATCH.garbage.set(garbage);
}

/// Lets the lists go.
pub fn release() {
    drop((WATCH.callbacks.take(), WATCH.garbage.take()));
    WATCH.debug.set(0);
}

/// The debugging flags.
pub fn flags() -> i64 {
    WATCH.debug.get()
}

/// Replaces the debugging flags.
pub fn set_flags(flags: i64) {
    WATCH.debug.set(flags);
}

fn has(flag: i64) -> bool {
    WATCH.debug.get() & flag != 0
}

/// A collection that is being watched.
pub(super) struct Watched(Instant);

impl Watched {
    /// A collection begins; so many objects are tracked.
    pub(super) fn begin(generation: usize, tracked: usize) -> Self {
        if has(debug::STATS) {
            let frozen = super::frozen_count();
            hooks::write_stderr(&format!(
                "gc: collecting generation {generation}...\ngc: objects in each generation: 0 0 {tracked}\n\
                 gc: objects in permanent generation: {frozen}\n"
            ));
        }
        Watched(Instant::now())
    }

    /// It has ended; so many objects were unreachable.
    pub(super) fn end(self, unreachable: usize) {
        if has(debug::STATS) {
            let seconds = self.0.elapsed().as_secs_f64();
            hooks::write_stderr(&format!(
                "gc: done, {unreachable} unreachable, 0 uncollectable, {seconds:.4}s elapsed\n"
            ));
        }
    }
}

/// Tells of what is about to be collected.
pub(super) fn show(garbage: &[Ref]) {
    if !has(debug::COLLECTABLE) {
        return;
    }
    for object in garbage {
        let (class, address) = (object.ty().name(), object.value().ptr());
        hooks::write_stderr(&format!("gc: collectable <{class} {address:p}>\n"));
    }
}

/// Keeps garbage instead of collecting it, if that is wanted.
pub(super) fn keep(garbage: &[Ref]) -> bool {
    let Some(kept) = WATCH.garbage.get_ref().filter(|_| has(debug::SAVEALL)) else { return false };
    let Some(kept) = kept.get::<ListObject>() else { return false };
    garbage.iter().for_each(|object| kept.push(object.clone()));
    true
}

/// Calls the callbacks.
pub(super) fn call_back(phase: &str, generation: usize, collected: usize) {
    let Some(callbacks) = WATCH.callbacks.get_ref() else { return };
    let Some(callbacks) = callbacks.get::<ListObject>() else { return };
    for callback in callbacks.to_vec() {
        let info = DictObject::new();
        info.set_text("generation", int::from_i64(generation as i64));
        info.set_text("collected", int::from_i64(collected as i64));
        info.set_text("uncollectable", int::from_i64(0));
        let phase = StrObject::new(phase).into_ref();
        if let Err(raised) = protocol::call(callback.value(), &[phase.value(), info.value()], None) {
            write_unraisable(raised, Some(callback.value()));
        }
    }
}
