//! Trace and profile functions (`sys.settrace`, `sys.setprofile`): which thread has which, and how they are called.
//!
//! What belongs to a thread that is not running Python code stands in its [`ThreadRecord`], so that another thread can look at its frames
//! and give it a trace function. While a thread has such a function, a bit of the eval breaker is set: the interpreter looks at it
//! where it looks at the breaker anyway, and goes on in a loop that reports events (`interp::tracing`); compiled code is not entered.
//! While the function itself runs, nothing is reported, and the bit is not set. So a program without one pays nothing.
//!
//! Method: CPython's `sysmodule.c` (`trace_trampoline`) and PEP 669. Needs frame objects; promises that a function that raises is unset.

use std::cell::{Cell, RefCell};

use crate::field::Field;
use crate::objects;
use crate::objects::frame;
use crate::objects::str::StrObject;
use crate::protocol;
use crate::thread::{ExcInfo, breaker, handled_at, identity, thread};
use crate::value::{PyResult, Ref, Value};
use crate::world::World;

/// A thread of the program, as other threads see it.
pub struct ThreadRecord {
    ident: Cell<u64>,
    /// The top of its frames while it waits.
    pub(crate) anchor: Cell<*mut u8>,
    /// Its innermost level of exception handling while it waits.
    pub(crate) handled: Cell<*mut ExcInfo>,
    /// Where its compiled code called out.
    pub(crate) place: Cell<(usize, usize)>,
    trace: Field,
    profile: Field,
    /// Whether it is running one of the two, or reports nothing for another reason.
    is_inside: Cell<bool>,
}

impl ThreadRecord {
    /// The record of a thread that begins.
    pub(crate) const fn new() -> Self {
        ThreadRecord {
            ident: Cell::new(0),
            anchor: Cell::new(std::ptr::null_mut()),
            handled: Cell::new(std::ptr::null_mut()),
            place: Cell::new((0, 0)),
            trace: Field::empty(),
            profile: Field::empty(),
            is_inside: Cell::new(false),
        }
    }

    fn wants_events(&self) -> bool {
        !self.is_inside.get() && (self.trace.get().is_some() || self.profile.get().is_some())
    }
}

/// The record of the thread that began.
static MAIN: World<ThreadRecord> = World::new(ThreadRecord::new());

/// The record of the running thread; null stands for [`MAIN`].
static CURRENT: World<Cell<*const ThreadRecord>> = World::new(Cell::new(std::ptr::null()));

/// The records of started threads.
static STARTED: World<RefCell<Vec<*const ThreadRecord>>> = World::new(RefCell::new(Vec::new()));

/// Whether tools of `sys.monitoring` want events.
static HAS_TOOLS: World<Cell<bool>> = World::new(Cell::new(false));

/// The record of the running thread.
pub(crate) fn record() -> &'static ThreadRecord {
    // SAFETY: a record is unset before its thread ends.
    unsafe { CURRENT.get().as_ref() }.unwrap_or(&MAIN)
}

/// Makes a record the running thread's; gives the one before.
pub(crate) fn exchange(record: *const ThreadRecord) -> *const ThreadRecord {
    let before = CURRENT.replace(record);
    refresh();
    before
}

/// Enters the record of a thread that begins into the table.
pub(crate) fn begin(record: &ThreadRecord) {
    record.ident.set(identity());
    STARTED.borrow_mut().push(record);
    exchange(record);
}

/// Takes the record of a thread that ends out of the table.
pub(crate) fn end(record: &ThreadRecord) {
    STARTED.borrow_mut().retain(|&other| !std::ptr::eq(other, record));
    set(record, &record.trace, None);
    set(record, &record.profile, None);
    exchange(std::ptr::null());
}

/// In a child process only the running thread lives on.
pub(crate) fn after_fork() {
    let me: *const ThreadRecord = record();
    STARTED.borrow_mut().retain(|&other| other == me);
    let is_main = std::ptr::eq(me, &raw const *MAIN);
    MAIN.ident.set(if is_main { identity() } else { 0 });
}

/// The running thread is the attached one.
pub(crate) fn attach() {
    MAIN.ident.set(identity());
}

/// All records.
fn records() -> Vec<&'static ThreadRecord> {
    let mut records: Vec<&'static ThreadRecord> = vec![&MAIN];
    // SAFETY: threads take their records out of the table before they end, for which they need the global lock.
    records.extend(STARTED.borrow().iter().map(|&record| unsafe { &*record }));
    records.retain(|record| record.ident.get() != 0);
    records
}

/// The threads: identity, top of the frames, and where compiled code called out.
pub fn threads() -> Vec<(u64, *mut u8, (usize, usize))> {
    let (own, state) = (record(), thread());
    own.anchor.set(state.anchor.get());
    own.place.set((state.native_sp.get(), state.native_fp.get()));
    records().iter().map(|record| (record.ident.get(), record.anchor.get(), record.place.get())).collect()
}

/// Shows the threads as [`threads`] tells of them, the latest first, until `visit` has seen enough. For a process that is dying:
/// nothing is allocated or waited for. If the table is being changed, only the running thread is shown.
pub fn threads_of_dying(visit: &mut dyn FnMut(u64, *mut u8, (usize, usize)) -> bool) {
    let (own, state) = (record(), thread());
    let mut show = |record: &ThreadRecord| {
        let is_running = std::ptr::eq(record, own) && !state.anchor.get().is_null();
        let (anchor, place) = match is_running {
            true => (state.anchor.get(), (state.native_sp.get(), state.native_fp.get())),
            false => (record.anchor.get(), record.place.get()),
        };
        record.ident.get() != 0 && visit(record.ident.get(), anchor, place)
    };
    let Ok(started) = STARTED.try_borrow() else {
        show(own);
        return;
    };
    // SAFETY: threads take their records out of the table before they end.
    let has_seen = started.iter().rev().any(|&record| show(unsafe { &*record }));
    if !has_seen {
        show(&MAIN);
    }
}

/// The threads: identity, and the exception that each is handling.
pub fn handled_exceptions() -> Vec<(u64, Option<Ref>)> {
    record().handled.set(thread().handled.get());
    let of_thread = |record: &ThreadRecord| {
        // SAFETY: records are those of threads that live, and say where their levels are while they wait.
        let handled = unsafe { handled_at(record.handled.get()) };
        (record.ident.get(), handled.map(Value::to_ref))
    };
    records().into_iter().map(of_thread).collect()
}

/// Sets the bit of the breaker as the running thread needs it.
fn refresh() {
    let record = record();
    if record.wants_events() || (HAS_TOOLS.get() && !record.is_inside.get()) {
        thread().request(breaker::TRACE);
    } else {
        thread().acknowledge(breaker::TRACE);
    }
}

/// Notes that something wants events, or does not any more.
pub fn set_tools(has_tools: bool) {
    HAS_TOOLS.set(has_tools);
    changed();
}

/// Whether tools want events.
#[inline]
pub fn has_tools() -> bool {
    HAS_TOOLS.get()
}

/// Compiled code must not be entered from here on, or may be again.
pub fn changed() {
    let was_on = is_on();
    refresh();
    if is_on() && !was_on {
        (crate::hooks::hooks().leave_compiled)();
    }
}

/// Whether the running thread reports events.
#[inline]
pub fn is_on() -> bool {
    thread().eval_breaker.load(std::sync::atomic::Ordering::Relaxed) & breaker::TRACE != 0
}

fn set(record: &ThreadRecord, field: &Field, function: Option<Value>) {
    let old = field.replace(function.map(Value::to_ref));
    if std::ptr::eq(record, self::record()) {
        changed();
    }
    drop(old);
}

/// Which of the two functions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// `sys.settrace`
    Trace,
    /// `sys.setprofile`
    Profile,
}

fn field(record: &ThreadRecord, which: Which) -> &Field {
    match which {
        Which::Trace => &record.trace,
        Which::Profile => &record.profile,
    }
}

/// The running thread's function.
pub fn function(which: Which) -> Option<Ref> {
    field(record(), which).get_ref()
}

/// Sets the running thread's function.
pub fn set_function(which: Which, function: Option<Value>) {
    set(record(), field(record(), which), function);
}

/// Sets the function of every thread.
pub fn set_all(which: Which, function: Option<Value>) {
    for record in records() {
        set(record, field(record, which), function);
    }
}

/// Forgets the functions of all threads: the program is over.
pub(crate) fn release() {
    set_all(Which::Trace, None);
    set_all(Which::Profile, None);
}

/// Runs `body`, during which nothing is reported.
pub fn quietly<T>(body: impl FnOnce() -> T) -> T {
    with_inside(true, body)
}

/// Runs `body`, during which events are reported although a trace function is running.
pub fn loudly<T>(body: impl FnOnce() -> T) -> T {
    with_inside(false, body)
}

fn with_inside<T>(is_inside: bool, body: impl FnOnce() -> T) -> T {
    let record = record();
    let before = record.is_inside.replace(is_inside);
    refresh();
    let result = body();
    record.is_inside.set(before);
    refresh();
    result
}

/// Calls the profile function, if there is one. One that raises is unset.
pub fn profile(frame: &Ref, event: &str, arg: Value) -> PyResult<()> {
    let Some(function) = function(Which::Profile) else { return Ok(()) };
    let result = quietly(|| call(&function, frame, event, arg));
    if result.is_err() {
        keeping_raised(|| set_function(Which::Profile, None));
    }
    result.map(drop)
}

/// Tells the trace function that a frame begins; what it returns is called for the events in the frame.
pub fn trace_call(frame: &Ref) -> PyResult<()> {
    match function(Which::Trace) {
        Some(function) => trace(&function, frame, "call", objects::none()),
        None => Ok(()),
    }
}

/// Tells a frame's own trace function, if it has one and the thread still traces.
pub fn trace_local(frame: &Ref, event: &str, arg: Value) -> PyResult<()> {
    if record().trace.get().is_none() {
        return Ok(());
    }
    match frame::trace_of(frame.value()) {
        Some(function) => trace(&function, frame, event, arg),
        None => Ok(()),
    }
}

fn trace(function: &Ref, frame: &Ref, event: &str, arg: Value) -> PyResult<()> {
    match quietly(|| call(function, frame, event, arg)) {
        Ok(local) => {
            if !objects::is_none(local.value()) {
                frame::set_trace(frame.value(), Some(local.value()));
            }
            Ok(())
        }
        Err(raised) => {
            keeping_raised(|| {
                set_function(Which::Trace, None);
                frame::set_trace(frame.value(), None);
            });
            Err(raised)
        }
    }
}

/// Runs what may run finalisers while an exception is set.
fn keeping_raised(body: impl FnOnce()) {
    let pending = thread().fetch_raised();
    body();
    if let Some(pending) = pending {
        let _raised = thread().set_raised(pending);
    }
}

fn call(function: &Ref, frame: &Ref, event: &str, arg: Value) -> PyResult {
    let event = StrObject::intern(event);
    protocol::call(function.value(), &[frame.value(), event.value(), arg], None)
}
