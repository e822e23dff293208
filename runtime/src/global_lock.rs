//! The global lock: of the threads of a program, one at a time runs Python code and touches objects.
//!
//! The thread that attached to the runtime has the lock from the start; threads that the program starts take turns with it. Whoever
//! waits for the system gives the lock away meanwhile ([`released`]). Who waits for the lock longer than the switch interval asks for it
//! by a bit of the eval breaker, and the next safe point hands it over ([`switch`]), which returns only when another
//! thread has had its turn (CPython's lock since 3.2, by A. Pitrou, works in the same way).
//!
//! There is one [`ThreadState`](crate::thread::ThreadState), because machine code knows its address; a thread that gives the lock
//! away takes what is its own out of it and puts it back afterwards. So a switch costs some twenty words, and a program with one
//! thread pays a load.
//!
//! When the runtime ends, threads that still run never get the lock again. They sleep until the process ends.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::hooks;
use crate::thread::{ExcInfo, STACK_MARGIN, breaker, thread};
use crate::tracing::ThreadRecord;
use crate::world::World;

struct Turn {
    is_taken: bool,
    waiting: u32,
    /// How often the lock has been taken.
    number: u64,
}

static TURN: Mutex<Turn> = Mutex::new(Turn { is_taken: true, waiting: 0, number: 0 });
/// The lock has been given away.
static FREE: Condvar = Condvar::new();
/// The lock has been taken.
static TAKEN: Condvar = Condvar::new();

/// Threads of the program, the attached one included.
static THREADS: AtomicU32 = AtomicU32::new(1);

/// How many runtimes have ended in this process.
static ENDED: AtomicU64 = AtomicU64::new(0);

static HAS_LEFT: World<Cell<bool>> = World::new(Cell::new(false));

/// Microseconds that a thread waits before it asks.
static INTERVAL: AtomicU64 = AtomicU64::new(5_000);

/// Stack of a thread whose creator does not say.
const STACK_BYTES: usize = 16 << 20;

thread_local! {
    /// [`ENDED`] when a started thread began; the attached thread belongs to whatever runtime there is.
    static BEGAN: Cell<Option<u64>> = const { Cell::new(None) };
}

fn turn() -> MutexGuard<'static, Turn> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for the lock and takes it.
fn take() {
    let mut turn = turn();
    turn.waiting += 1;
    while turn.is_taken {
        let number = turn.number;
        let interval = Duration::from_micros(INTERVAL.load(Ordering::Relaxed));
        let (now, waited) = FREE.wait_timeout(turn, interval).unwrap_or_else(PoisonError::into_inner);
        turn = now;
        if is_orphan() {
            turn.waiting -= 1;
            drop(turn);
            sleep_for_ever();
        }
        if waited.timed_out() && turn.is_taken && turn.number == number {
            thread().ask_for_turn();
        }
    }
    turn.waiting -= 1;
    turn.is_taken = true;
    turn.number += 1;
    drop(turn);
    TAKEN.notify_all();
}

/// Whether the runtime that this thread was started in has ended.
fn is_orphan() -> bool {
    BEGAN.get().is_some_and(|began| began != ENDED.load(Ordering::Relaxed))
}

fn sleep_for_ever() -> ! {
    loop {
        std::thread::park();
    }
}

fn give(mut turn: MutexGuard<'_, Turn>) -> MutexGuard<'_, Turn> {
    turn.is_taken = false;
    FREE.notify_one();
    turn
}

/// Whether other threads of the program may be waiting for the lock.
fn is_shared() -> bool {
    THREADS.load(Ordering::Relaxed) > 1
}

/// Runs `body` without the lock; it must not touch objects.
#[inline]
pub fn released<T>(body: impl FnOnce() -> T) -> T {
    if is_shared() { released_to_others(body) } else { body() }
}

fn released_to_others<T>(body: impl FnOnce() -> T) -> T {
    let state = thread().suspend();
    drop(give(turn()));
    let result = body();
    take();
    thread().resume(state);
    crate::signal::remind();
    result
}

/// Lets another thread have its turn, if one has asked for it; called at safe points.
pub fn switch() {
    if !thread().acknowledge(breaker::SWITCH) || !is_shared() {
        return;
    }
    let state = thread().suspend();
    let mut turn = give(turn());
    let number = turn.number;
    while turn.waiting > 0 && turn.number == number {
        turn = TAKEN.wait(turn).unwrap_or_else(PoisonError::into_inner);
    }
    drop(turn);
    take();
    thread().resume(state);
    crate::signal::remind();
}

/// Starts a thread that runs `body` with the lock; gives its identity. `stack` is the size of its stack in bytes.
pub fn start(stack: Option<usize>, body: impl FnOnce() + 'static) -> std::io::Result<u64> {
    use std::os::unix::thread::JoinHandleExt;
    struct Handed<T>(T);
    // SAFETY: what is handed over is touched by the new thread only, and only while it has the lock.
    unsafe impl<T> Send for Handed<T> {}

    let (handed, ended) = (Handed(body), ENDED.load(Ordering::Relaxed));
    THREADS.fetch_add(1, Ordering::Relaxed);
    // What a program asks for is for its own calls.
    let bytes = stack.map_or(STACK_BYTES, |asked| asked.saturating_add(STACK_MARGIN));
    let started = std::thread::Builder::new().stack_size(bytes).spawn(move || {
        let handed = handed;
        BEGAN.set(Some(ended));
        take();
        let (base, record) = (ExcInfo::new(), ThreadRecord::new());
        thread().begin(&base, &record);
        (handed.0)();
        crate::tracing::end(&record);
        (hooks::hooks().release_stack)();
        THREADS.fetch_sub(1, Ordering::Relaxed);
        drop(give(turn()));
    });
    match started {
        Ok(handle) => Ok(handle.as_pthread_t()),
        Err(error) => {
            THREADS.fetch_sub(1, Ordering::Relaxed);
            Err(error)
        }
    }
}

/// Threads that run besides the attached one.
pub fn others() -> u32 {
    THREADS.load(Ordering::Relaxed) - 1
}

/// The switch interval.
pub fn interval() -> Duration {
    Duration::from_micros(INTERVAL.load(Ordering::Relaxed))
}

/// Sets the switch interval, a microsecond at least.
pub fn set_interval(interval: Duration) {
    INTERVAL.store((interval.as_micros() as u64).max(1), Ordering::Relaxed);
}

/// The runtime ends: threads that still run never get the lock again. Gives how many there are.
pub fn end() -> u32 {
    let _turn = turn();
    ENDED.fetch_add(1, Ordering::Relaxed);
    let left = THREADS.swap(1, Ordering::Relaxed) - 1;
    HAS_LEFT.set(left > 0);
    left
}

/// Whether the runtime has ended and left threads behind, which never come to the end of what they were doing.
pub fn has_left_threads() -> bool {
    HAS_LEFT.get()
}

/// Calls `fork`, which gives 0 in the child: only the calling thread lives on there.
pub fn around_fork(fork: impl FnOnce() -> i32) -> i32 {
    let mut turn = turn();
    let pid = fork();
    if pid == 0 {
        turn.waiting = 0;
        THREADS.store(1, Ordering::Relaxed);
        BEGAN.set(None);
        crate::tracing::after_fork();
    }
    pid
}
