//! Who is loading which module, so that a thread does not see what another one has half loaded.
//!
//! Whoever wants a module that another thread is loading waits until that is done, unless that thread waits, over however many others,
//! for a module that this one is loading: then it takes the module as it is, as `importlib`'s module locks do. Waiting looks
//! again every millisecond; a program with one thread pays a load per import.

use std::cell::RefCell;
use std::time::Duration;

use crate::global_lock;
use crate::signal;
use crate::thread::identity;
use crate::value::PyResult;
use crate::world::World;

/// Modules and the threads that load them.
static LOADING: World<RefCell<Vec<(String, u64)>>> = World::new(RefCell::new(Vec::new()));
/// Modules and the threads that wait for them.
static WAITING: World<RefCell<Vec<(String, u64)>>> = World::new(RefCell::new(Vec::new()));

const PAUSE: Duration = Duration::from_millis(1);

/// An entry in one of the tables.
struct Entry(&'static World<RefCell<Vec<(String, u64)>>>, String, u64);

impl Entry {
    fn new(table: &'static World<RefCell<Vec<(String, u64)>>>, name: &str) -> Self {
        let entry = Self(table, name.to_owned(), identity());
        table.borrow_mut().push((entry.1.clone(), entry.2));
        entry
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut entries = self.0.borrow_mut();
        let at = entries.iter().rposition(|(name, thread)| *name == self.1 && *thread == self.2);
        entries.remove(at.expect("entered by this guard"));
    }
}

/// Loads a module by `load`, which others wait for meanwhile.
pub(super) fn loading<T>(name: &str, load: impl FnOnce() -> T) -> T {
    let _entry = Entry::new(&LOADING, name);
    load()
}

/// Waits while another thread is loading a module.
pub(super) fn wait_for(name: &str) -> PyResult<()> {
    if LOADING.borrow().is_empty() || global_lock::others() == 0 {
        return Ok(());
    }
    let me = identity();
    while let Some(owner) = owner_of(name).filter(|&owner| owner != me) {
        if waits_for(owner, me) {
            return Ok(());
        }
        let _entry = Entry::new(&WAITING, name);
        global_lock::released(|| std::thread::sleep(PAUSE));
        signal::check()?;
    }
    Ok(())
}

fn owner_of(name: &str) -> Option<u64> {
    LOADING.borrow().iter().find(|(loading, _)| loading == name).map(|(_, thread)| *thread)
}

/// Whether a thread waits, over any number of others, for a module that `me` is loading.
fn waits_for(thread: u64, me: u64) -> bool {
    let mut thread = thread;
    for _ in 0..=WAITING.borrow().len() {
        let wanted =
            WAITING.borrow().iter().find(|(_, waiting)| *waiting == thread).map(|(name, _)| name.clone());
        match wanted.and_then(|name| owner_of(&name)) {
            Some(owner) if owner == me => return true,
            Some(owner) => thread = owner,
            None => return false,
        }
    }
    false
}
