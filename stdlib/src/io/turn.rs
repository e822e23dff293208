//! Turns at a buffered stream: while one thread is inside its raw stream, others wait, and the same thread is refused.
//!
//! The global lock is given away while the raw stream waits for the system, or runs Python code; without turns a second thread would
//! then find a stream in the middle of a step: data out of order, or a file that is being closed. A turn is a word under the global lock,
//! and a semaphore only for those who really wait. Method: the lock of each object in CPython's `bufferedio.c`.
//!
//! Who ends a turn while others wait hands it over. If it became free instead, a thread that writes in a loop would have the next one
//! before those who wait got the global lock, and they might wait for ever.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use runtime::thread::identity;
use runtime::{PyResult, Value, global_lock, protocol, raise};

use crate::thread::semaphore::{Patience, Semaphore};

/// How often this process has come out of a fork: threads of its parent are not here to end their turns.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// The turns of other threads ended with the parent.
pub(crate) fn after_fork() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// In place of an owner: the turn of whoever comes out of the gate next.
const HANDED_OVER: u64 = u64::MAX;

/// Whose turn it is.
pub(super) struct Turns {
    /// The thread, 0, or [`HANDED_OVER`].
    owner: Cell<u64>,
    generation: Cell<u32>,
    waiting: Cell<u32>,
    gate: RefCell<Option<Rc<Semaphore>>>,
}

/// A turn, which ends when it is dropped.
pub(super) struct Turn<'a>(&'a Turns);

impl Turns {
    /// Nobody's turn.
    pub(super) const fn new() -> Self {
        Turns {
            owner: Cell::new(0),
            generation: Cell::new(0),
            waiting: Cell::new(0),
            gate: RefCell::new(None),
        }
    }

    /// Waits for a turn at `stream`, which owns these.
    pub(super) fn take(&self, stream: Value) -> PyResult<Turn<'_>> {
        let (me, generation) = (identity(), GENERATION.load(Ordering::Relaxed));
        if self.owner.get() != 0 {
            if self.owner.get() == me {
                let shown = protocol::repr_string(stream)?;
                return Err(raise!(RuntimeError, "reentrant call inside {shown}"));
            }
            if self.generation.get() == generation {
                self.wait(stream)?;
            } else {
                self.waiting.set(0);
                drop(self.gate.take());
            }
        }
        self.owner.set(me);
        self.generation.set(generation);
        Ok(Turn(self))
    }

    /// Waits until somebody's turn is handed over.
    fn wait(&self, stream: Value) -> PyResult<()> {
        if global_lock::has_left_threads() {
            return self.take_from_left_thread(stream);
        }
        let gate = Rc::clone(self.gate.borrow_mut().get_or_insert_with(|| Rc::new(Semaphore::new(false))));
        self.waiting.set(self.waiting.get() + 1);
        let outcome = gate.wait(Patience::Endless);
        self.waiting.set(self.waiting.get().saturating_sub(1));
        // What is handed over to a thread that a signal has called away is for the others, or for nobody.
        if outcome.is_err()
            && self.owner.get() == HANDED_OVER
            && self.waiting.get() == 0
            && matches!(gate.wait(Patience::None), Ok(true))
        {
            self.owner.set(0);
        }
        outcome.map(drop)
    }

    /// At the end of the program a turn of a thread that has been left behind does not end; one that it has not begun is free.
    fn take_from_left_thread(&self, stream: Value) -> PyResult<()> {
        if self.owner.get() == HANDED_OVER {
            return Ok(());
        }
        let shown = protocol::repr_string(stream)?;
        let why = "at interpreter shutdown, possibly due to daemon threads";
        Err(raise!(RuntimeError, "could not acquire lock for {shown} {why}"))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let turns = self.0;
        match &*turns.gate.borrow() {
            Some(gate) if turns.waiting.get() > 0 => {
                turns.owner.set(HANDED_OVER);
                gate.post();
            }
            _ => turns.owner.set(0),
        }
    }
}
