//! A semaphore of the system that can be waited for without the global lock, and whose waiters notice signals.
//!
//! Condition variables of the Rust library go on waiting after a signal; POSIX semaphores come back with `EINTR`, so that Ctrl-C ends
//! a wait for a lock (CPython uses them for the same reason).

use std::cell::UnsafeCell;

use runtime::{PyResult, signal};

use crate::system::{last_errno, os_error, waiting};

/// How long to wait.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Patience {
    /// Not at all.
    None,
    /// So many seconds.
    Seconds(f64),
    /// Until it is over.
    Endless,
}

/// Zero or one permission to go on.
pub(crate) struct Semaphore(Box<UnsafeCell<libc::sem_t>>);

impl Semaphore {
    /// A semaphore that lets one go on at once, or none.
    pub(crate) fn new(is_free: bool) -> Self {
        // SAFETY: a semaphore consists of numbers; it is initialised below, before it is used.
        let place = Box::new(UnsafeCell::new(unsafe { std::mem::zeroed() }));
        // SAFETY: the place lives as long as the semaphore and does not move.
        unsafe { libc::sem_init(place.get(), 0, u32::from(is_free)) };
        Self(place)
    }

    /// Lets one go on.
    pub(crate) fn post(&self) {
        // SAFETY: initialised.
        unsafe { libc::sem_post(self.0.get()) };
    }

    /// Waits to go on; false if the patience has ended before.
    pub(crate) fn wait(&self, patience: Patience) -> PyResult<bool> {
        // SAFETY: initialised, and kept by whoever waits.
        unsafe { wait_for(self.0.get(), patience) }
    }
}

/// Waits for a semaphore of the system; false if the patience has ended before. Fails with what a signal handler raises, or an `OSError`.
///
/// # Safety
/// The semaphore is initialised or open, and stays so while somebody waits.
pub(crate) unsafe fn wait_for(place: *mut libc::sem_t, patience: Patience) -> PyResult<bool> {
    // SAFETY: the contract.
    if unsafe { libc::sem_trywait(place) } == 0 {
        return Ok(true);
    }
    match (last_errno(), patience) {
        (libc::EAGAIN | libc::EINTR, Patience::None) => return Ok(false),
        (libc::EAGAIN | libc::EINTR, _) => {}
        (errno, _) => return Err(os_error(errno, &[])),
    }
    let until = match patience {
        Patience::Seconds(seconds) => Some(deadline(seconds)),
        Patience::None | Patience::Endless => None,
    };
    loop {
        let (status, errno) = waiting(|| match &until {
            // SAFETY: the contract; a valid time.
            Some(until) => unsafe { libc::sem_timedwait(place, until) },
            // SAFETY: the contract.
            None => unsafe { libc::sem_wait(place) },
        });
        match (status, errno) {
            (0, _) => return Ok(true),
            (_, libc::EINTR) => signal::check()?,
            (_, libc::ETIMEDOUT) => return Ok(false),
            (_, errno) => return Err(os_error(errno, &[])),
        }
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        // SAFETY: initialised; who waits for it keeps its owner.
        unsafe { libc::sem_destroy(self.0.get()) };
    }
}

/// The moment in so many seconds, on the clock that `sem_timedwait` reads.
fn deadline(seconds: f64) -> libc::timespec {
    const SECOND: i64 = 1_000_000_000;
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid structure.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut now) };
    let nanoseconds = now.tv_nsec + (seconds.fract() * SECOND as f64) as i64;
    libc::timespec {
        tv_sec: now.tv_sec.saturating_add(seconds as i64).saturating_add(nanoseconds / SECOND),
        tv_nsec: nanoseconds % SECOND,
    }
}
