//! Process-wide state under the global lock.
//!
//! One thread at a time runs Python code and touches objects; [`crate::attach`] hands the world over. So plain cells are enough,
//! and [`World`] is the one place that says so to the compiler.

use std::ops::Deref;

/// A static that only the thread holding the global lock touches.
pub struct World<T>(T);

// SAFETY: access is serialised by the global lock (see `crate::attach`); nothing in the runtime hands a `World` to a thread that
// does not hold it.
unsafe impl<T> Sync for World<T> {}

impl<T> World<T> {
    /// Wraps a static.
    pub const fn new(inner: T) -> Self {
        World(inner)
    }
}

impl<T> Deref for World<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
