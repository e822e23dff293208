//! Turns at a buffered stream: while one thread is inside its raw stream, others wait, and the same thread is refused.
//!
//! The global lock is given away while the raw stream waits for the system, or runs Python code; without turns a second thread would
//! then find a stream in the middle of a step: data out of order, or a file that is being closed. A turn is a word under the global lock,
//! and a semaphore only for those who really wait. Method: the lock of each object in CPython's `bufferedio.c`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use runtime::thread::identity;
use runtime::{PyResult, Value, finalize, protocol, raise};

use crate::thread::semaphore::{Patience, Semaphore};

/// How often this process has come out of a fork: threads of its parent are not here to end their turns.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// The turns of other threads ended with the parent.
pub(crate) fn after_fork() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// Whose turn it is.
pub(super) struct Turns {
    /// The thread, or 0.
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
        while self.owner.get() != 0 {
            if self.owner.get() == me {
                let shown = protocol::repr_string(stream)?;
                return Err(raise!(RuntimeError, "reentrant call inside {shown}"));
            }
            if self.generation.get() != generation {
                self.waiting.set(0);
                drop(self.gate.take());
                break;
            }
            self.wait(stream)?;
        }
        self.owner.set(me);
        self.generation.set(generation);
        Ok(Turn(self))
    }

    /// Waits for the end of somebody's turn.
    fn wait(&self, stream: Value) -> PyResult<()> {
        let gate = Rc::clone(self.gate.borrow_mut().get_or_insert_with(|| Rc::new(Semaphore::new(false))));
        // A thread that has been left behind at the end of the program may never end its turn.
        let is_over = finalize::is_finalizing();
        let patience = if is_over { Patience::Seconds(1.0) } else { Patience::Endless };
        self.waiting.set(self.waiting.get() + 1);
        let outcome = gate.wait(patience);
        self.waiting.set(self.waiting.get().saturating_sub(1));
        if outcome? || self.owner.get() == 0 {
            return Ok(());
        }
        let shown = protocol::repr_string(stream)?;
        let why = "at interpreter shutdown, possibly due to daemon threads";
        Err(raise!(RuntimeError, "could not acquire lock for {shown} {why}"))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.owner.set(0);
        if self.0.waiting.get() > 0
            && let Some(gate) = &*self.0.gate.borrow()
        {
            gate.post();
        }
    }
}
