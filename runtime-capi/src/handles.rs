//! The table behind object handles.
//!
//! A handle is a serial number, never an address, and no number is given twice in a process. So a handle that was deleted, belongs
//! to a runtime that has ended, or was never given is found out instead of followed. Cost: one tree search for each object that
//! crosses the border; numbers do not come here.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use runtime::value::Ref;

/// The next serial number; 0 is never a handle.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// The objects that C holds.
#[derive(Default)]
pub(crate) struct Handles(RefCell<BTreeMap<u64, Ref>>);

impl Handles {
    /// Keeps an object alive; gives its handle.
    pub(crate) fn add(&self, object: Ref) -> u64 {
        let handle = NEXT.fetch_add(1, Ordering::Relaxed);
        self.0.borrow_mut().insert(handle, object);
        handle
    }

    /// The object behind a handle.
    pub(crate) fn get(&self, handle: u64) -> Option<Ref> {
        self.0.borrow().get(&handle).cloned()
    }

    /// Gives an object up. The caller drops it, which may run Python code, after the table is free again.
    pub(crate) fn remove(&self, handle: u64) -> Option<Ref> {
        self.0.borrow_mut().remove(&handle)
    }
}
