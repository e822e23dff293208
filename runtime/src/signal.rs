//! Signals: the handler asks for attention, the next safe point raises.
//!
//! The handler sets a bit of the eval breaker and raises the stack limit, which is all that may be done there; a thread that does
//! not run Python code passes the signal on to the one that does. System calls are interrupted by it (no `SA_RESTART`), so that whoever waits in one can [`check`].

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error;
use crate::thread::{breaker, thread};
use crate::value::PyResult;

/// The thread that runs Python code; the only one whose system calls are worth interrupting.
static RUNNER: AtomicU64 = AtomicU64::new(0);

extern "C" fn on_interrupt(signal: libc::c_int) {
    let runner = RUNNER.load(Ordering::Relaxed);
    // SAFETY: both calls are async-signal-safe; the thread lives as long as the process.
    unsafe {
        if libc::pthread_self() != runner {
            libc::pthread_kill(runner, signal);
            return;
        }
    }
    thread().interrupt();
}

/// Makes SIGINT raise `KeyboardInterrupt` in the calling thread, which must not end before the process, unless whoever started the process had it ignored.
pub fn install() {
    // SAFETY: a query.
    RUNNER.store(unsafe { libc::pthread_self() }, Ordering::Relaxed);
    // SAFETY: the handler only performs one atomic operation, which is async-signal-safe; the structs are zeroed first.
    unsafe {
        let mut old: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGINT, std::ptr::null(), &raw mut old);
        if old.sa_sigaction == libc::SIG_IGN {
            return;
        }
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_interrupt as extern "C" fn(libc::c_int) as usize;
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(libc::SIGINT, &raw const action, std::ptr::null_mut());
    }
}

/// Raises for a signal that has arrived. Costs a load when none has.
#[inline]
pub fn check() -> PyResult<()> {
    match thread().eval_breaker.load(Ordering::Relaxed) & breaker::SIGNAL {
        0 => Ok(()),
        _ => serve(),
    }
}

#[cold]
fn serve() -> PyResult<()> {
    match thread().acknowledge_interrupt() {
        true => Err(error::raise_with_args(&error::types::KeyboardInterrupt, &[])),
        false => Ok(()),
    }
}
