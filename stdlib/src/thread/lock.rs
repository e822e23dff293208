//! `_thread.lock` and `_thread.RLock`.
//!
//! What a lock is like is in plain cells under the global lock; the semaphore is where others wait. Cost of a lock that is free: one
//! atomic operation.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use runtime::args::Args;
use runtime::header::Header;
use runtime::object::{self, Object};
use runtime::objects::int;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::slots::Slots;
use runtime::thread::identity;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, py_methods, raise};

use super::TIMEOUT_MAX;
use super::semaphore::{Patience, Semaphore};

/// What a lock is like: `held` is 1 while somebody has it, of a reentrant one how often, and `owner` is who.
struct State {
    held: Cell<u64>,
    owner: Cell<u64>,
    gate: RefCell<Rc<Semaphore>>,
}

/// A lock.
#[repr(C)]
pub(super) struct Lock {
    header: Header,
    state: State,
}

/// A lock that its owner can take again.
#[repr(C)]
pub(super) struct RLock {
    header: Header,
    state: State,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Lock {
    fn type_object() -> &'static TypeObject {
        &LOCK
    }
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for RLock {
    fn type_object() -> &'static TypeObject {
        &RLOCK
    }
}

/// A lock that nobody holds.
pub(super) fn new() -> Ref {
    object::new_object(Lock { header: Header::new(&LOCK), state: State::new() }).into_ref()
}

impl State {
    fn new() -> Self {
        Self { held: Cell::new(0), owner: Cell::new(0), gate: RefCell::new(Rc::new(Semaphore::new(true))) }
    }

    fn wait(&self, patience: Patience) -> PyResult<bool> {
        // A new process may take the gate away while somebody waits at it.
        let gate = Rc::clone(&self.gate.borrow());
        gate.wait(patience)
    }

    fn acquire(&self, patience: Patience) -> PyResult<bool> {
        let is_mine = self.wait(patience)?;
        if is_mine {
            self.held.set(1);
        }
        Ok(is_mine)
    }

    fn release(&self) -> PyResult<()> {
        if self.held.replace(0) == 0 {
            return Err(raise!(RuntimeError, "release unlocked lock"));
        }
        self.gate.borrow().post();
        Ok(())
    }

    fn is_mine(&self) -> bool {
        self.held.get() > 0 && self.owner.get() == identity()
    }

    fn acquire_again(&self, patience: Patience) -> PyResult<bool> {
        if self.is_mine() {
            let Some(more) = self.held.get().checked_add(1) else {
                return Err(raise!(OverflowError, "Internal lock count overflowed"));
            };
            self.held.set(more);
            return Ok(true);
        }
        let is_mine = self.wait(patience)?;
        if is_mine {
            self.owner.set(identity());
            self.held.set(1);
        }
        Ok(is_mine)
    }

    fn release_once(&self) -> PyResult<()> {
        if !self.is_mine() {
            return Err(raise!(RuntimeError, "cannot release un-acquired lock"));
        }
        self.held.set(self.held.get() - 1);
        if self.held.get() == 0 {
            self.owner.set(0);
            self.gate.borrow().post();
        }
        Ok(())
    }

    fn forget(&self) {
        self.held.set(0);
        self.owner.set(0);
        self.gate.replace(Rc::new(Semaphore::new(true)));
    }
}

/// What `blocking` and `timeout` mean together.
fn patience(blocking: Option<bool>, timeout: Option<f64>) -> PyResult<Patience> {
    let (blocking, timeout) = (blocking.unwrap_or(true), timeout.unwrap_or(-1.0));
    if !blocking && timeout != -1.0 {
        return Err(raise!(ValueError, "can't specify a timeout for a non-blocking call"));
    }
    if timeout < 0.0 && timeout != -1.0 {
        return Err(raise!(ValueError, "timeout value must be a non-negative number"));
    }
    if timeout > i64::MAX as f64 {
        return Err(raise!(OverflowError, "timestamp out of range for platform time_t"));
    }
    if timeout > TIMEOUT_MAX {
        return Err(raise!(OverflowError, "timeout value is too large"));
    }
    Ok(match (blocking, timeout) {
        (false, _) => Patience::None,
        (true, -1.0) => Patience::Endless,
        (true, seconds) => Patience::Seconds(seconds),
    })
}

py_methods! { static LOCK_METHODS for "lock", &Lock;
    /// Lock the lock.
    "acquire(self, blocking=True, timeout=-1)"
    fn acquire_lock(lock, blocking: Option<bool>, timeout: Option<f64>) -> PyResult<bool> {
        let got = lock.state.acquire(patience(blocking, timeout)?)?;
        // A signal that has arrived meanwhile is served here, where `try` sees it, and not in the first function that is called next.
        runtime::signal::check()?;
        Ok(got)
    }
    /// An obsolete synonym of acquire().
    "acquire_lock(self, blocking=True, timeout=-1)"
    fn acquire_synonym(lock, blocking: Option<bool>, timeout: Option<f64>) -> PyResult<bool> {
        let got = lock.state.acquire(patience(blocking, timeout)?)?;
        // A signal that has arrived meanwhile is served here, where `try` sees it, and not in the first function that is called next.
        runtime::signal::check()?;
        Ok(got)
    }
    /// Release the lock, allowing another thread that is blocked waiting for the lock to acquire the lock.
    "release(self, /)"
    fn release_lock(lock) -> PyResult<()> {
        lock.state.release()
    }
    /// An obsolete synonym of release().
    "release_lock(self, /)"
    fn release_synonym(lock) -> PyResult<()> {
        lock.state.release()
    }
    /// Return whether the lock is in the locked state.
    "locked(self, /)"
    fn locked(lock) -> bool {
        lock.state.held.get() > 0
    }
    /// An obsolete synonym of locked().
    "locked_lock(self, /)"
    fn locked_synonym(lock) -> bool {
        lock.state.held.get() > 0
    }
    /// Lock the lock.
    "__enter__(self, /)"
    fn enter_lock(lock) -> PyResult<bool> {
        lock.state.acquire(Patience::Endless)
    }
    /// Release the lock.
    "__exit__(self, /, *exc_info)"
    fn exit_lock(lock, exc_info: runtime::convert::Rest<'_>) -> PyResult<()> {
        let _ = exc_info.0;
        lock.state.release()
    }
    /// Makes the lock as it is in a new process.
    "_at_fork_reinit(self, /)"
    fn reinit_lock(lock) {
        lock.state.forget();
    }
}

py_methods! { static RLOCK_METHODS for "RLock", &RLock;
    /// Lock the lock, once more if this thread holds it.
    "acquire(self, blocking=True, timeout=-1)"
    fn acquire_rlock(lock, blocking: Option<bool>, timeout: Option<f64>) -> PyResult<bool> {
        let got = lock.state.acquire_again(patience(blocking, timeout)?)?;
        runtime::signal::check()?;
        Ok(got)
    }
    /// Release the lock once.
    "release(self, /)"
    fn release_rlock(lock) -> PyResult<()> {
        lock.state.release_once()
    }
    /// Return whether the lock is in the locked state.
    "locked(self, /)"
    fn rlocked(lock) -> bool {
        lock.state.held.get() > 0
    }
    /// Lock the lock.
    "__enter__(self, /)"
    fn enter_rlock(lock) -> PyResult<bool> {
        lock.state.acquire_again(Patience::Endless)
    }
    /// Release the lock.
    "__exit__(self, /, *exc_info)"
    fn exit_rlock(lock, exc_info: runtime::convert::Rest<'_>) -> PyResult<()> {
        let _ = exc_info.0;
        lock.state.release_once()
    }
    /// For internal use by `threading.Condition`.
    "_is_owned(self, /)"
    fn is_owned(lock) -> bool {
        lock.state.is_mine()
    }
    /// For internal use by reentrancy checks.
    "_recursion_count(self, /)"
    fn recursion_count(lock) -> u64 {
        if lock.state.is_mine() { lock.state.held.get() } else { 0 }
    }
    /// For internal use by `threading.Condition`.
    "_release_save(self, /)"
    fn release_save(lock) -> PyResult {
        let lock = &lock.state;
        let (held, owner) = (lock.held.replace(0), lock.owner.replace(0));
        if held == 0 {
            return Err(raise!(RuntimeError, "cannot release un-acquired lock"));
        }
        lock.gate.borrow().post();
        Ok(TupleObject::of([int::from_u64(held), int::from_u64(owner)]).into())
    }
    /// For internal use by `threading.Condition`.
    "_acquire_restore(self, state, /)"
    fn acquire_restore(lock, state: Value) -> PyResult<()> {
        let state = state.get::<TupleObject>().map(TupleObject::items).unwrap_or_default();
        let [held, owner] = state else { return Err(raise!(TypeError, "a tuple of two ints is required")) };
        let (held, owner) = (int::to_i64(*held)? as u64, int::to_i64(*owner)? as u64);
        lock.state.wait(Patience::Endless)?;
        lock.state.held.set(held);
        lock.state.owner.set(owner);
        Ok(())
    }
    /// Makes the lock as it is in a new process.
    "_at_fork_reinit(self, /)"
    fn reinit_rlock(lock) {
        lock.state.forget();
    }
}

fn repr_of(value: Value, state: &State, details: &str) -> PyResult {
    let shown = if state.held.get() > 0 { "locked" } else { "unlocked" };
    let ty = value.ty();
    let module = ty.module().unwrap_or_default();
    Ok(StrObject::new(&format!("<{shown} {module}.{} object{details} at {:#x}>", ty.name(), value.bits()))
        .into())
}

fn repr_lock(value: Value) -> PyResult {
    let lock = value.get::<Lock>().expect("slots are called for instances");
    repr_of(value, &lock.state, "")
}

fn repr_rlock(value: Value) -> PyResult {
    let state = &value.get::<RLock>().expect("slots are called for instances").state;
    repr_of(value, state, &format!(" owner={} count={}", state.owner.get(), state.held.get()))
}

fn new_lock(_: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("lock")?;
    if !args.is_empty() {
        return Err(raise!(TypeError, "lock expected 0 arguments, got {}", args.positional.len()));
    }
    Ok(new())
}

fn new_rlock(ty: &TypeObject, _: Args<'_>) -> PyResult {
    Ok(object::new_object_of(ty, RLock { header: Header::new(ty), state: State::new() }).into_ref())
}

/// `_thread.lock`.
pub(super) static LOCK: TypeObject = TypeObject::from_spec(&LOCK_SPEC);
static LOCK_SPEC: TypeSpec = TypeSpec {
    module: "_thread",
    doc: "lock()\n--\n\nA lock that one thread at a time holds, and that any thread may release.",
    flags: type_flags::WEAK,
    slots: Slots { new: Some(new_lock), init: Some(|_, _| Ok(())), repr: Some(repr_lock), ..Slots::EMPTY },
    methods: &[LOCK_METHODS],
    ..TypeSpec::of::<Lock>("lock")
};

/// `_thread.RLock`.
pub(super) static RLOCK: TypeObject = TypeObject::from_spec(&RLOCK_SPEC);
static RLOCK_SPEC: TypeSpec = TypeSpec {
    module: "_thread",
    flags: type_flags::BASE | type_flags::WEAK,
    slots: Slots { new: Some(new_rlock), init: Some(|_, _| Ok(())), repr: Some(repr_rlock), ..Slots::EMPTY },
    methods: &[RLOCK_METHODS],
    ..TypeSpec::of::<RLock>("RLock")
};
