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
    /// Whether the program waits for the thread at its end.
    is_awaited: Cell<bool>,
    end: Rc<Semaphore>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        HANDLES.borrow_mut().retain(|&other| !std::ptr::eq(other, self));
    }
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Handle {
    fn type_object() -> &'static TypeObject {
        &HANDLE
    }
}

/// All handles that there are. That of a thread that runs is kept by the thread.
static HANDLES: World<RefCell<Vec<*const Handle>>> = World::new(RefCell::new(Vec::new()));

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
        let handle = object::new_object(Self {
            header: Header::new(&HANDLE),
            ident: Cell::new(ident.unwrap_or(0)),
            phase: Cell::new(phase),
            is_awaited: Cell::new(false),
            end: Rc::new(Semaphore::new(false)),
        });
        HANDLES.borrow_mut().push(&raw const *handle);
        handle
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
    handle.is_awaited.set(!is_daemon);
    let started = global_lock::start(stack, move || {
        its_own.ident.set(identity());
        run(function, args, names);
        super::local::forget_thread();
        crate::contextvars::forget_thread();
        its_own.finish();
        drop(its_own);
    });
    match started {
        Ok(ident) => {
            handle.ident.set(ident);
            Ok(ident)
        }
        Err(_) => {
            handle.phase.set(Phase::NotStarted);
            Err(raise!(RuntimeError, "can't start new thread"))
        }
    }
}

/// The handles of other threads that run.
fn running_others() -> Vec<Py<Handle>> {
    let me = identity();
    let handles = HANDLES.borrow();
    // SAFETY: a handle that dies takes itself out of the table.
    let handles = handles.iter().map(|&handle| unsafe { &*handle });
    let is_other = |handle: &&Handle| handle.phase.get() == Phase::Running && handle.ident.get() != me;
    handles.filter(is_other).map(Py::from_object).collect()
}

/// In a child process only the thread that has forked lives on, as its main one; all others have ended.
pub(crate) fn after_fork() {
    super::MAIN.set(identity());
    for handle in running_others() {
        handle.finish();
    }
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
        let awaited = running_others().into_iter().find(|handle| handle.is_awaited.get());
        let Some(handle) = awaited else { return Ok(()) };
        handle.join(Patience::Endless)?;
    }
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
