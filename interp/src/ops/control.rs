//! Truth without calls, and what waits for a safe point.

use std::sync::atomic::Ordering;

use runtime::objects;
use runtime::thread::thread;
use runtime::value::{PyResult, Value};

/// The truth of values that need no code to tell.
#[inline]
pub(crate) fn plain_truth(value: Value) -> Option<bool> {
    if let Some(small) = value.as_small() {
        return Some(small != 0);
    }
    objects::bool::truth_of(value).or_else(|| objects::is_none(value).then_some(false))
}

/// Whether a collection, a signal or another thread waits.
#[inline]
pub(crate) fn has_pending() -> bool {
    thread().eval_breaker.load(Ordering::Relaxed) != 0
}

/// Serves what waits; a signal raises KeyboardInterrupt.
#[cold]
pub fn serve_pending() -> PyResult<()> {
    runtime::global_lock::switch();
    runtime::gc::run_pending();
    runtime::reserve::check()?;
    runtime::signal::check()
}
