//! `faulthandler.register`: a traceback when a signal arrives.
//!
//! The signal goes the way of all handled signals (`runtime::signal`), which comes here before the program's own handler: so frames are looked
//! at where they are whole, at the next safe point. What the system did with the signal before comes back at the end.

use runtime::field::Field;
use runtime::signal::{self, Watcher};
use runtime::world::World;
use runtime::{PyResult, Value, raise, thread};
use std::cell::Cell;

use super::stacks;

/// What is registered for a signal.
struct Entry {
    settings: Cell<Option<Settings>>,
    file: Field,
}

#[derive(Clone, Copy)]
struct Settings {
    fd: i32,
    all_threads: bool,
    /// Whether what the signal did before happens, too.
    chains: bool,
    /// What it did before.
    before: usize,
}

static ENTRIES: World<[Entry; signal::COUNT]> =
    World::new([const { Entry { settings: Cell::new(None), file: Field::empty() } }; signal::COUNT]);

/// Writes the traceback; true if the program's own handler is to be called.
fn write(number: i32) -> bool {
    let Some(settings) = ENTRIES[number as usize].settings.get() else { return true };
    if let Err(raised) = stacks::dump(settings.fd, settings.all_threads) {
        drop(thread().take_raised(raised));
    }
    if settings.chains && settings.before == libc::SIG_DFL {
        signal::let_happen(number);
    }
    settings.chains
}

/// Registers a signal.
pub(super) fn register(
    number: i32,
    fd: i32,
    file: Option<Value>,
    all_threads: bool,
    chains: bool,
) -> PyResult<()> {
    let entry = &ENTRIES[number as usize];
    let before = entry.settings.get().map_or_else(|| signal::disposition(number), |old| old.before);
    let watcher: Watcher = write;
    if !signal::watch(number, watcher) {
        return Err(raise!(OSError, "the signal cannot be handled"));
    }
    entry.settings.set(Some(Settings { fd, all_threads, chains, before }));
    drop(entry.file.replace(file.map(Value::to_ref)));
    Ok(())
}

/// Puts back what was before; false if nothing was registered.
pub(super) fn unregister(number: i32) -> bool {
    let entry = &ENTRIES[number as usize];
    let Some(settings) = entry.settings.take() else { return false };
    drop(entry.file.take());
    signal::unwatch(number, settings.before);
    true
}

/// Unregisters all signals.
pub(super) fn release() {
    for number in 1..signal::COUNT as i32 {
        unregister(number);
    }
}
