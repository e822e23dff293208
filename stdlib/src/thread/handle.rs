//! `_ThreadHandle`, and how threads start and end.
//!
//! A thread is known by its handle: not started, running, done. Its end is a semaphore that lets everybody through who waits for it. At the
//! end of the program [`join_all`] waits for those that are not daemons.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use runtime::args::Args;
use runtime::convert::OrNone;
use runtime::error::unraisable::write_unraisable_at;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object};
use runtime::objects::int;
use runtime::objects::str::StrObject;
use runtime::slots::Slots;
use runtime::thread::identity;
use runtime::type_object::TypeSpec;
use runtime::value::Py;
use runtime::world::World;
use runtime::{
    PyResult, Raised, Ref, TypeObject, Value, error, global_lock, protocol, py_methods, raise, thread,
};

use super::semaphore::{Patience, Semaphore};

/// What has become of a thread.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    NotStarted,
    Running,
    Done,
}

/// What `threading` knows a thread by.
#[repr(C)]
pub(super) struct Handle {
    header: Header,
    ident: Cell<u64>,
    phase: Cell<Phase>,
    end: Rc<Semaphore>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Handle {
    fn type_object() -> &'static TypeObject {
        &HANDLE
    }
}

/// Threads that have been started and have not ended, and whether the program waits for them at its end.
static STARTED: World<RefCell<Vec<(Py<Handle>, bool)>>> = World::new(RefCell::new(Vec::new()));

/// Stack of new threads in bytes; 0 stands for the default.
static STACK: World<Cell<usize>> = World::new(Cell::new(0));

/// Sets the stack of new threads; gives the size before.
pub(super) fn set_stack(size: usize) -> usize {
    STACK.replace(size)
}

/// The stack of new threads.
pub(super) fn stack() -> usize {
    STACK.get()
}

impl Handle {
    /// A handle of a thread that runs already, or is yet to start.
    pub(super) fn new(ident: Option<u64>) -> Py<Self> {
        let phase = if ident.is_some() { Phase::Running } else { Phase::NotStarted };
        object::new_object(Self {
            header: Header::new(&HANDLE),
            ident: Cell::new(ident.unwrap_or(0)),
            phase: Cell::new(phase),
            end: Rc::new(Semaphore::new(false)),
        })
    }

    fn finish(&self) {
        self.phase.set(Phase::Done);
        self.end.post();
    }

    fn join(&self, patience: Patience) -> PyResult<()> {
        match self.phase.get() {
            Phase::NotStarted => return Err(raise!(RuntimeError, "thread not started")),
            Phase::Done => return Ok(()),
            Phase::Running => {}
        }
        if self.ident.get() == identity() {
            return Err(raise!(RuntimeError, "Cannot join current thread"));
        }
        let end = Rc::clone(&self.end);
        if end.wait(patience)? {
            // Others may be waiting too.
            end.post();
        }
        Ok(())
    }
}

/// Starts a thread that calls `function`; `handle` is told of its end.
pub(super) fn start(
    handle: &Py<Handle>,
    function: Ref,
    args: Vec<Ref>,
    names: Option<Ref>,
    is_daemon: bool,
) -> PyResult<u64> {
    if handle.phase.get() != Phase::NotStarted {
        return Err(raise!(RuntimeError, "thread already started"));
    }
    if runtime::finalize::is_finalizing() {
        return Err(raise!(PythonFinalizationError, "can't create new thread at interpreter shutdown"));
    }
    handle.phase.set(Phase::Running);
    let its_own = handle.clone();
    let stack = Some(STACK.get()).filter(|&size| size != 0);
    STARTED.borrow_mut().push((handle.clone(), !is_daemon));
    let started = global_lock::start(stack, move || {
        its_own.ident.set(identity());
        run(function, args, names);
        super::local::forget_thread();
        crate::contextvars::forget_thread();
        its_own.finish();
        forget(&its_own);
        drop(its_own);
    });
    match started {
        Ok(ident) => {
            handle.ident.set(ident);
            Ok(ident)
        }
        Err(_) => {
            forget(handle);
            handle.phase.set(Phase::NotStarted);
            Err(raise!(RuntimeError, "can't start new thread"))
        }
    }
}

/// Takes a thread out of the table.
fn forget(handle: &Py<Handle>) {
    let is_other = |(other, _): &(Py<Handle>, bool)| !std::ptr::eq(&raw const **other, &raw const **handle);
    // What is taken out may run code when it dies, and so does it behind the borrow.
    let gone: Vec<_> = STARTED.borrow_mut().extract_if(.., |entry| !is_other(entry)).collect();
    drop(gone);
}

/// In a child process only the thread that has forked lives on: all others have ended.
pub(crate) fn after_fork() {
    let me = identity();
    super::MAIN.set(me);
    let gone: Vec<_> =
        STARTED.borrow_mut().extract_if(.., |(handle, _)| handle.ident.get() != me).collect();
    for (handle, _) in &gone {
        handle.finish();
    }
    // The thread that is the main one now is not waited for.
    let own = STARTED.take();
    drop((gone, own));
}

/// The whole life of a thread: what it calls, and a report of what that raises.
fn run(function: Ref, args: Vec<Ref>, names: Option<Ref>) {
    let values: Vec<Value> = args.iter().map(Ref::value).collect();
    let outcome = protocol::call(function.value(), &values, names.as_ref().map(Ref::value));
    if let Err(raised) = outcome {
        report(raised, function.value());
    }
}

fn report(raised: Raised, function: Value) {
    let exception = thread().take_raised(raised);
    if exception.ty().is_subtype_of(&error::types::SystemExit) {
        return;
    }
    let raised = thread().set_raised(exception);
    write_unraisable_at(raised, "in thread started by", function);
}

/// Waits for all threads that are not daemons, those that they start meanwhile included.
pub(super) fn join_all() -> PyResult<()> {
    loop {
        let me = identity();
        let is_other = |(handle, is_awaited): &&(Py<Handle>, bool)| *is_awaited && handle.ident.get() != me;
        let other = STARTED.borrow().iter().find(is_other).map(|(handle, _)| handle.clone());
        let Some(handle) = other else { return Ok(()) };
        handle.join(Patience::Endless)?;
        forget(&handle);
    }
}

/// Lets go of the handles of threads that are still there when the program has ended.
pub(crate) fn release() {
    drop(STARTED.take());
}

py_methods! { static METHODS for "_ThreadHandle", &Handle;
    /// Whether the thread has ended.
    "is_done(self, /)"
    fn is_done(handle) -> bool {
        handle.phase.get() == Phase::Done
    }
    /// Marks the thread as ended.
    "_set_done(self, /)"
    fn set_done(handle) -> PyResult<()> {
        if handle.phase.get() == Phase::NotStarted {
            return Err(raise!(RuntimeError, "thread not started"));
        }
        handle.finish();
        Ok(())
    }
    /// Waits for the end of the thread.
    "join(self, timeout=None, /)"
    fn join(handle, timeout: OrNone<f64>) -> PyResult<()> {
        match timeout.0 {
            Some(seconds) if seconds >= 0.0 => handle.join(Patience::Seconds(seconds)),
            _ => handle.join(Patience::Endless),
        }
    }
}

fn repr(value: Value) -> PyResult {
    let ident = value.get::<Handle>().expect("slots are called for instances").ident.get();
    Ok(StrObject::new(&format!("<_ThreadHandle object: ident={ident}>")).into())
}

fn new(_: &TypeObject, args: Args<'_>) -> PyResult {
    if !args.is_empty() {
        return Err(raise!(TypeError, "_thread._ThreadHandle() takes no arguments"));
    }
    Ok(Handle::new(None).into())
}

/// `_thread._ThreadHandle`.
pub(super) static HANDLE: TypeObject = TypeObject::from_spec(&HANDLE_SPEC);
static HANDLE_SPEC: TypeSpec = TypeSpec {
    module: "_thread",
    slots: Slots { new: Some(new), init: Some(|_, _| Ok(())), repr: Some(repr), ..Slots::EMPTY },
    methods: &[METHODS],
    getset: &[GetSetDef {
        name: "ident",
        doc: "",
        get: |value| {
            let handle = value.get::<Handle>().expect("attributes are asked of instances");
            Ok(int::from_u64(handle.ident.get()))
        },
        set: None,
    }],
    ..TypeSpec::of::<Handle>("_ThreadHandle")
};
