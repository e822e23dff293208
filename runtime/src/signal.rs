//! Signals: the handler asks for attention, the next safe point raises.
//!
//! The handler does nothing but set a bit of the eval breaker, which is all that may be done there. System calls are
//! interrupted by it (no `SA_RESTART`), so that whoever waits in one can [`check`].

use crate::error;
use crate::thread::{breaker, thread};
use crate::value::PyResult;

extern "C" fn on_interrupt(_: libc::c_int) {
    thread().request(breaker::SIGNAL);
}

/// Makes SIGINT raise `KeyboardInterrupt`.
pub fn install() {
    // SAFETY: the handler only performs one atomic operation, which is async-signal-safe; the struct is zeroed first.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_interrupt as extern "C" fn(libc::c_int) as usize;
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(libc::SIGINT, &raw const action, std::ptr::null_mut());
    }
}

/// Raises for a signal that has arrived.
pub fn check() -> PyResult<()> {
    if thread().acknowledge(breaker::SIGNAL) {
        return Err(error::raise_with_args(&error::types::KeyboardInterrupt, &[]));
    }
    Ok(())
}
