//! `_thread`: locks, identities and thread-local data of the one thread that runs Python code.
//!
//! Starting threads is not supported yet. So a lock that is held will not be released by anybody else: whoever waits for it would wait
//! for ever, which is an error here and a deadlock elsewhere; with a timeout the wait is real.

mod local;

use std::cell::Cell;
use std::time::Duration;

use runtime::args::Args;
use runtime::convert::OrNone;
use runtime::error::not_supported;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object};
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::{self, float, int};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::types::ready;
use runtime::{PyResult, Ref, TypeObject, Value, error, py_functions, py_methods, raise};

/// Longest wait, in seconds.
const TIMEOUT_MAX: f64 = 9_223_372_036.0;

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for ty in [&LOCK, &RLOCK, &HANDLE, &local::LOCAL] {
        ready::ready(ty);
    }
    let dict = module.dict();
    dict.set_text("lock", LOCK.value().to_ref());
    dict.set_text("LockType", LOCK.value().to_ref());
    dict.set_text("_ThreadHandle", HANDLE.value().to_ref());
    dict.set_text("_local", local::LOCAL.value().to_ref());
    dict.set_text("RLock", RLOCK.value().to_ref());
    dict.set_text("error", error::types::RuntimeError.value().to_ref());
    dict.set_text("TIMEOUT_MAX", float::new(TIMEOUT_MAX));
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// A lock: how often it is held.
#[repr(C)]
pub struct Lock {
    header: Header,
    held: Cell<u32>,
}

// SAFETY: `repr(C)`, header first. Both types share the layout.
unsafe impl Object for Lock {
    fn type_object() -> &'static TypeObject {
        &LOCK
    }
}

fn this<'a>(value: Value) -> &'a Lock {
    // SAFETY: the methods are those of the lock types, which share the layout.
    unsafe { value.cast() }
}

fn new_of(ty: &'static TypeObject) -> Ref {
    object::new_object_sharing_layout(ty, Lock { header: Header::new(ty), held: Cell::new(0) }).into_ref()
}

/// Waits until the lock is free, which it will not be.
fn wait(blocking: bool, timeout: f64) -> PyResult<bool> {
    if !blocking {
        return Ok(false);
    }
    if timeout < 0.0 {
        return Err(not_supported("waiting for a lock that only another thread could release"));
    }
    std::thread::sleep(Duration::from_secs_f64(timeout));
    runtime::signal::check()?;
    Ok(false)
}

fn acquire(lock: &Lock, blocking: bool, timeout: Option<f64>, is_reentrant: bool) -> PyResult<bool> {
    let wanted = timeout.unwrap_or(-1.0);
    if !blocking && wanted != -1.0 {
        return Err(raise!(ValueError, "can't specify a timeout for a non-blocking call"));
    }
    if wanted < 0.0 && wanted != -1.0 {
        return Err(raise!(ValueError, "timeout value must be a non-negative number"));
    }
    if wanted > TIMEOUT_MAX {
        return Err(raise!(OverflowError, "timeout value is too large"));
    }
    if lock.held.get() > 0 && !is_reentrant {
        return wait(blocking, wanted);
    }
    lock.held.set(lock.held.get() + 1);
    Ok(true)
}

fn release(lock: &Lock, message: &str) -> PyResult<()> {
    match lock.held.get().checked_sub(1) {
        Some(left) => {
            lock.held.set(left);
            Ok(())
        }
        None => Err(raise!(RuntimeError, "{message}")),
    }
}

const NOT_HELD: &str = "release unlocked lock";
const NOT_OWNED: &str = "cannot release un-acquired lock";

py_methods! { static LOCK_METHODS for "lock", Value;
    /// Lock the lock.
    "acquire(self, blocking=True, timeout=-1)"
    fn acquire_lock(lock, blocking: Option<bool>, timeout: Option<f64>) -> PyResult<bool> {
        acquire(this(lock), blocking.unwrap_or(true), timeout, false)
    }
    /// Release the lock, allowing another thread that is blocked waiting for the lock to acquire the lock.
    "release(self, /)"
    fn release_lock(lock) -> PyResult<()> {
        release(this(lock), NOT_HELD)
    }
    /// Return whether the lock is in the locked state.
    "locked(self, /)"
    fn locked(lock) -> bool {
        this(lock).held.get() > 0
    }
    /// Lock the lock.
    "__enter__(self, /)"
    fn enter_lock(lock) -> PyResult<bool> {
        acquire(this(lock), true, None, false)
    }
    /// Release the lock.
    "__exit__(self, /, *exc_info)"
    fn exit_lock(lock, exc_info: runtime::convert::Rest<'_>) -> PyResult<()> {
        let _ = exc_info.0;
        release(this(lock), NOT_HELD)
    }
    /// Makes the lock as it is in a new process.
    "_at_fork_reinit(self, /)"
    fn reinit_lock(lock) {
        this(lock).held.set(0);
    }
}

py_methods! { static RLOCK_METHODS for "RLock", Value;
    /// Lock the lock, once more if this thread holds it.
    "acquire(self, blocking=True, timeout=-1)"
    fn acquire_rlock(lock, blocking: Option<bool>, timeout: Option<f64>) -> PyResult<bool> {
        acquire(this(lock), blocking.unwrap_or(true), timeout, true)
    }
    /// Release the lock once.
    "release(self, /)"
    fn release_rlock(lock) -> PyResult<()> {
        release(this(lock), NOT_OWNED)
    }
    /// Return whether the lock is in the locked state.
    "locked(self, /)"
    fn rlocked(lock) -> bool {
        this(lock).held.get() > 0
    }
    /// Lock the lock.
    "__enter__(self, /)"
    fn enter_rlock(lock) -> PyResult<bool> {
        acquire(this(lock), true, None, true)
    }
    /// Release the lock.
    "__exit__(self, /, *exc_info)"
    fn exit_rlock(lock, exc_info: runtime::convert::Rest<'_>) -> PyResult<()> {
        let _ = exc_info.0;
        release(this(lock), NOT_OWNED)
    }
    /// For internal use by `threading.Condition`.
    "_is_owned(self, /)"
    fn is_owned(lock) -> bool {
        this(lock).held.get() > 0
    }
    /// For internal use by reentrancy checks.
    "_recursion_count(self, /)"
    fn recursion_count(lock) -> u32 {
        this(lock).held.get()
    }
    /// For internal use by `threading.Condition`.
    "_release_save(self, /)"
    fn release_save(lock) -> PyResult {
        match this(lock).held.replace(0) {
            0 => Err(raise!(RuntimeError, "{NOT_OWNED}")),
            held => Ok(int::from_i64(held.into())),
        }
    }
    /// For internal use by `threading.Condition`.
    "_acquire_restore(self, state, /)"
    fn acquire_restore(lock, state: i64) {
        this(lock).held.set(u32::try_from(state).unwrap_or(1));
    }
    /// Makes the lock as it is in a new process.
    "_at_fork_reinit(self, /)"
    fn reinit_rlock(lock) {
        this(lock).held.set(0);
    }
}

fn repr(value: Value) -> PyResult {
    let state = if this(value).held.get() > 0 { "locked" } else { "unlocked" };
    let text = format!("<{state} _thread.{} object at {:#x}>", value.ty().name(), value.bits());
    Ok(StrObject::new(&text).into())
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords(ty.name())?;
    Ok(new_of(if ty.is_subtype_of(&RLOCK) { &RLOCK } else { &LOCK }))
}

/// `_thread.lock`.
pub static LOCK: TypeObject = TypeObject::from_spec(&LOCK_SPEC);
static LOCK_SPEC: TypeSpec = TypeSpec {
    module: "_thread",
    slots: Slots { new: Some(new), init: Some(|_, _| Ok(())), repr: Some(repr), ..Slots::EMPTY },
    methods: &[LOCK_METHODS],
    ..TypeSpec::of::<Lock>("lock")
};

/// `_thread.RLock`.
pub static RLOCK: TypeObject = TypeObject::from_spec(&RLOCK_SPEC);
static RLOCK_SPEC: TypeSpec = TypeSpec {
    module: "_thread",
    flags: type_flags::BASE,
    slots: Slots { new: Some(new), init: Some(|_, _| Ok(())), repr: Some(repr), ..Slots::EMPTY },
    methods: &[RLOCK_METHODS],
    ..TypeSpec::of::<Lock>("RLock")
};

/// What `threading` knows a thread by.
#[repr(C)]
pub struct Handle {
    header: Header,
    ident: u64,
    is_done: Cell<bool>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Handle {
    fn type_object() -> &'static TypeObject {
        &HANDLE
    }
}

py_methods! { static HANDLE_METHODS for "_ThreadHandle", &Handle;
    /// Whether the thread has ended.
    "is_done(self, /)"
    fn is_done(handle) -> bool {
        handle.is_done.get()
    }
    /// Marks the thread as ended.
    "_set_done(self, /)"
    fn set_done(handle) {
        handle.is_done.set(true);
    }
    /// Waits for the end of the thread.
    "join(self, timeout=None, /)"
    fn join(handle, timeout: OrNone<f64>) -> PyResult<()> {
        if !handle.is_done.get() {
            wait(true, timeout.0.unwrap_or(-1.0))?;
        }
        Ok(())
    }
}

fn new_handle(_: &TypeObject, args: Args<'_>) -> PyResult {
    if !args.is_empty() {
        return Err(raise!(TypeError, "_thread._ThreadHandle() takes no arguments"));
    }
    Ok(object::new_object(Handle { header: Header::new(&HANDLE), ident: 0, is_done: Cell::new(false) }).into())
}

/// `_thread._ThreadHandle`.
pub static HANDLE: TypeObject = TypeObject::from_spec(&HANDLE_SPEC);
static HANDLE_SPEC: TypeSpec = TypeSpec {
    module: "_thread",
    slots: Slots { new: Some(new_handle), init: Some(|_, _| Ok(())), ..Slots::EMPTY },
    methods: &[HANDLE_METHODS],
    getset: &[GetSetDef {
        name: "ident",
        doc: "",
        get: |value| {
            let handle = value.get::<Handle>().expect("attributes are asked of instances");
            Ok(int::from_u64(handle.ident))
        },
        set: None,
    }],
    ..TypeSpec::of::<Handle>("_ThreadHandle")
};

/// The number by which the system knows the calling thread's memory.
fn identity() -> u64 {
    // SAFETY: a plain query.
    unsafe { libc::pthread_self() as u64 }
}

py_functions! { static FUNCTIONS;
    /// Create a new lock object.
    "allocate_lock()"
    fn allocate_lock() -> Ref {
        new_of(&LOCK)
    }
    /// Return a non-zero integer that uniquely identifies the current thread.
    "get_ident()"
    fn get_ident() -> u64 {
        identity()
    }
    /// Return a non-negative integer identifying the thread as reported by the OS.
    "get_native_id()"
    fn get_native_id() -> i64 {
        // SAFETY: a plain query.
        unsafe { libc::syscall(libc::SYS_gettid) }
    }
    /// The identity of the main thread.
    "_get_main_thread_ident()"
    fn get_main_thread_ident() -> u64 {
        identity()
    }
    /// Return the number of threads that are running, besides the main one.
    "_count()"
    fn count() -> u32 {
        0
    }
    /// Whether the daemon threads of the interpreter are allowed.
    "daemon_threads_allowed()"
    fn daemon_threads_allowed() -> bool {
        true
    }
    /// Return the stack size used for new threads.
    "stack_size(size=0, /)"
    fn stack_size(size: Option<i64>) -> i64 {
        let _ = size;
        0
    }
    /// Set the name of the current thread.
    "set_name(name)"
    fn set_name(name: Value) {
        let _ = name;
    }
    /// Start a new thread.
    "start_new_thread(function, args, kwargs={}, /)"
    fn start_new_thread(function: Value, args: Value, kwargs: Option<Value>) -> PyResult {
        let _ = (function, args, kwargs);
        Err(not_supported("starting threads"))
    }
    /// Start a new thread that can be joined.
    "start_joinable_thread(function, handle=None, daemon=True)"
    fn start_joinable_thread(function: Value, handle: Option<Value>, daemon: Option<bool>) -> PyResult {
        let _ = (function, handle, daemon);
        Err(not_supported("starting threads"))
    }
    /// Simulate the arrival of the given signal in the main thread.
    "interrupt_main(signum=2, /)"
    fn interrupt_main(signum: Option<i32>) {
        // SAFETY: raising a signal in the own process has no preconditions.
        unsafe { libc::raise(signum.unwrap_or(libc::SIGINT)) };
    }
    /// Raise SystemExit to exit the current thread.
    "exit()"
    fn exit() -> PyResult {
        let exception = error::new_exception(&error::types::SystemExit, &[]);
        Err(error::exception::restore(exception.into_ref()))
    }
    /// Whether threads can be made at all.
    "_is_main_interpreter()"
    fn is_main_interpreter() -> Ref {
        objects::bool(true).to_ref()
    }
    /// Waits for threads that are not daemons, of which there are none.
    "_shutdown()"
    fn shutdown() {}
    /// A handle for a thread that runs already.
    "_make_thread_handle(ident, /)"
    fn make_thread_handle(ident: i64) -> Ref {
        object::new_object(Handle { header: Header::new(&HANDLE), ident: ident as u64, is_done: Cell::new(false) }).into_ref()
    }
}
