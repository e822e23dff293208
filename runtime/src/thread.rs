//! The thread state: what compiled code keeps pinned in `r15`.
//!
//! The front part has offsets fixed in `abi::layout::thread`: stack limit, eval breaker, the current exception, shadow-frame
//! bounds and the allocator's free lists, all within reach of an 8-bit or 32-bit displacement. One global lock world: there is
//! one state, and [`attach`] adapts it to the native stack of the thread that holds the lock.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::activation::Activation;
use crate::error::Raised;
use crate::header::Header;
use crate::tracing::ThreadRecord;
use crate::value::{PyResult, Ref, Value};
use crate::world::World;

/// Number of allocator size classes: 16, 32, ... 512 bytes.
pub const SIZE_CLASSES: usize = 32;

/// Bits of [`ThreadState::eval_breaker`]; any of them sends the interpreter and compiled loops to their safe point.
pub mod breaker {
    /// The cycle collector wants to run.
    pub const GC: u64 = 1 << 0;
    /// A signal has arrived.
    pub const SIGNAL: u64 = 1 << 1;
    /// Memory has run out.
    pub const MEMORY: u64 = 1 << 2;
    /// Another thread waits for its turn.
    pub const SWITCH: u64 = 1 << 3;
    /// The running thread reports events to a trace function; the bit stays while it does.
    pub const TRACE: u64 = 1 << 4;
}

/// One level of `except` handling: the exception being handled there, or null, and the level outside it. A generator carries
/// its own level, linked in while it runs.
#[repr(C)]
pub struct ExcInfo {
    /// Owned exception or null.
    pub exception: Cell<Value>,
    /// The enclosing level.
    pub previous: Cell<*mut ExcInfo>,
}

impl ExcInfo {
    /// A level that handles nothing.
    pub const fn new() -> Self {
        ExcInfo { exception: Cell::new(Value::NULL), previous: Cell::new(std::ptr::null_mut()) }
    }
}

impl Default for ExcInfo {
    fn default() -> Self {
        Self::new()
    }
}

/// State of the running thread.
#[repr(C)]
pub struct ThreadState {
    /// Compiled functions that begin with the stack pointer below this ask first: so many calls may be nested that the recursion limit
    /// is near, or the stack is used up. A signal raises it beyond every stack, so that recursion notices.
    pub call_limit: AtomicUsize,
    /// Non-zero when something wants attention at the next safe point; see [`breaker`].
    pub eval_breaker: AtomicU64,
    raised: Cell<Value>,
    /// Innermost level of exception handling.
    pub handled: Cell<*mut ExcInfo>,
    /// Depth of Python calls.
    pub recursion: Cell<u32>,
    /// Greatest allowed [`recursion`](Self::recursion): the recursion limit without the calls that hide in compiled code.
    pub depth_limit: Cell<u32>,
    /// Top of the shadow-frame stack, owned by the interpreter.
    pub shadow_top: Cell<*mut u8>,
    /// End of the shadow-frame stack.
    pub shadow_limit: Cell<*mut u8>,
    /// Innermost native anchor, owned by compiled code.
    pub anchor: Cell<*mut u8>,
    /// Free blocks per size class, linked through their first word.
    pub free_lists: [Cell<*mut Header>; SIZE_CLASSES],
    /// Net number of tracked objects since the last collection; machine code counts here too.
    pub gc_count: Cell<i64>,
    /// Where compiled code last called out: the address of the return address on the stack.
    pub native_sp: Cell<usize>,
    /// The frame pointer of the compiled frame that called out.
    pub native_fp: Cell<usize>,
    /// Guards of compiled code until one is made to fail; see [`crate::stress`].
    pub deopt_countdown: Cell<u64>,
    pub(crate) dealloc_depth: Cell<u32>,
    pub(crate) deferred: RefCell<Vec<*mut Header>>,
    base_level: ExcInfo,
    own_stack_limit: Cell<usize>,
    /// Greatest allowed depth of Python calls.
    recursion_limit: Cell<u32>,
    /// How many calls stretches of compiled code have that others are nested in, besides the first of each.
    hidden_calls: Cell<u32>,
    /// The innermost of these stretches.
    pub(crate) nested: Cell<*const Activation>,
    /// Native code must not let the stack pointer fall below this. A signal raises it too.
    stack_limit: AtomicUsize,
}

static MAIN: World<ThreadState> = World::new(ThreadState {
    call_limit: AtomicUsize::new(usize::MAX),
    eval_breaker: AtomicU64::new(0),
    raised: Cell::new(Value::NULL),
    handled: Cell::new(std::ptr::null_mut()),
    recursion: Cell::new(0),
    depth_limit: Cell::new(1000),
    shadow_top: Cell::new(std::ptr::null_mut()),
    shadow_limit: Cell::new(std::ptr::null_mut()),
    anchor: Cell::new(std::ptr::null_mut()),
    free_lists: [const { Cell::new(std::ptr::null_mut()) }; SIZE_CLASSES],
    gc_count: Cell::new(0),
    native_sp: Cell::new(0),
    native_fp: Cell::new(0),
    deopt_countdown: Cell::new(0),
    dealloc_depth: Cell::new(0),
    deferred: RefCell::new(Vec::new()),
    base_level: ExcInfo::new(),
    own_stack_limit: Cell::new(0),
    recursion_limit: Cell::new(1000),
    hidden_calls: Cell::new(0),
    nested: Cell::new(std::ptr::null()),
    stack_limit: AtomicUsize::new(0),
});

/// The innermost exception that a level or one around it handles, borrowed.
///
/// # Safety
/// The levels are those of a thread that lives.
pub(crate) unsafe fn handled_at(mut level: *mut ExcInfo) -> Option<Value> {
    while !level.is_null() {
        // SAFETY: by the contract.
        let (exception, previous) = unsafe { ((*level).exception.get(), (*level).previous.get()) };
        if let Some(exception) = exception.non_null() {
            return Some(exception);
        }
        level = previous;
    }
    None
}

/// What is a thread's own in the [`ThreadState`], while another thread runs.
pub(crate) struct Suspended {
    call_limit: usize,
    raised: Value,
    handled: *mut ExcInfo,
    recursion: u32,
    shadow_top: *mut u8,
    shadow_limit: *mut u8,
    anchor: *mut u8,
    native_sp: usize,
    native_fp: usize,
    dealloc_depth: u32,
    deferred: Vec<*mut Header>,
    own_stack_limit: usize,
    hidden_calls: u32,
    nested: *const Activation,
    record: *const ThreadRecord,
}

/// The state of the thread that holds the global lock.
#[inline]
pub fn thread() -> &'static ThreadState {
    &MAIN
}

/// The number by which the system knows the calling thread.
pub fn identity() -> u64 {
    // SAFETY: a plain query.
    unsafe { libc::pthread_self() }
}

/// What a compiled call needs of the stack, at least: a function that is built into itself a few times shares a frame of 32 bytes.
pub(crate) const LEAST_CALL: usize = 8;

/// Kept free below the limit for native code that does not check, such as the C library.
pub(crate) const STACK_MARGIN: usize = 256 * 1024;

/// Adapts the thread state to the calling thread's native stack.
pub(crate) fn attach() {
    let thread = thread();
    thread.set_stack_limit(stack_bottom() + STACK_MARGIN);
    if thread.handled.get().is_null() {
        thread.handled.set(std::ptr::from_ref(&thread.base_level).cast_mut());
    }
}

/// Lowest usable address of the calling thread's stack.
fn stack_bottom() -> usize {
    // SAFETY: plain queries about the calling thread; the attribute object is initialised by the first call before it is read.
    unsafe {
        let mut attributes = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attributes) != 0 {
            return approximate_stack_pointer().saturating_sub(1 << 20);
        }
        let (mut bottom, mut size) = (std::ptr::null_mut(), 0);
        libc::pthread_attr_getstack(&raw const attributes, &raw mut bottom, &raw mut size);
        libc::pthread_attr_destroy(&raw mut attributes);
        bottom as usize
    }
}

/// An address in the current native frame.
#[inline]
fn approximate_stack_pointer() -> usize {
    let here = 0u8;
    std::hint::black_box(&raw const here) as usize
}

impl ThreadState {
    /// Takes out what is the running thread's own, because another one is to run.
    pub(crate) fn suspend(&self) -> Suspended {
        let null = std::ptr::null_mut::<u8>();
        let record = crate::tracing::record();
        record.anchor.set(self.anchor.get());
        record.handled.set(self.handled.get());
        record.place.set((self.native_sp.get(), self.native_fp.get()));
        Suspended {
            call_limit: self.call_limit.load(Ordering::Relaxed),
            raised: self.raised.replace(Value::NULL),
            handled: self.handled.replace(null.cast()),
            recursion: self.recursion.replace(0),
            shadow_top: self.shadow_top.replace(null),
            shadow_limit: self.shadow_limit.replace(null),
            anchor: self.anchor.replace(null),
            native_sp: self.native_sp.replace(0),
            native_fp: self.native_fp.replace(0),
            dealloc_depth: self.dealloc_depth.replace(0),
            deferred: self.deferred.take(),
            own_stack_limit: self.own_stack_limit.get(),
            hidden_calls: self.hidden_calls.replace(0),
            nested: self.nested.replace(std::ptr::null()),
            record,
        }
    }

    /// Puts back what [`suspend`](Self::suspend) has taken out.
    pub(crate) fn resume(&self, own: Suspended) {
        self.raised.set(own.raised);
        self.handled.set(own.handled);
        self.recursion.set(own.recursion);
        self.hide_calls(own.hidden_calls);
        self.nested.set(own.nested);
        self.shadow_top.set(own.shadow_top);
        self.shadow_limit.set(own.shadow_limit);
        self.anchor.set(own.anchor);
        self.native_sp.set(own.native_sp);
        self.native_fp.set(own.native_fp);
        self.dealloc_depth.set(own.dealloc_depth);
        drop(self.deferred.replace(own.deferred));
        self.set_stack_limit(own.own_stack_limit);
        self.acknowledge(breaker::SWITCH);
        crate::tracing::exchange(own.record);
        crate::tracing::record().anchor.set(std::ptr::null_mut());
        self.set_call_limit(own.call_limit);
    }

    /// Makes the state that of a thread that begins now; `base` is its outermost level of exception handling.
    pub(crate) fn begin(&self, base: &ExcInfo, record: &ThreadRecord) {
        crate::tracing::begin(record);
        drop(self.suspend());
        self.handled.set(std::ptr::from_ref(base).cast_mut());
        self.call_limit.store(usize::MAX, Ordering::Relaxed);
        self.set_stack_limit(stack_bottom() + STACK_MARGIN);
        self.acknowledge(breaker::SWITCH);
        crate::signal::remind();
    }

    /// Whether an exception is set.
    #[inline]
    pub fn has_raised(&self) -> bool {
        !self.raised.get().is_null()
    }

    /// The exception that is set, borrowed.
    #[inline]
    pub fn peek_raised(&self) -> Option<Value> {
        self.raised.get().non_null()
    }

    /// Sets the current exception as it is, without chaining; replaces an earlier one.
    pub fn set_raised(&self, exception: Ref) -> Raised {
        let old = self.raised.replace(exception.into_value());
        if !old.is_null() {
            // SAFETY: the thread state owned one count of the exception that it held.
            drop(unsafe { Ref::from_owned(old) });
        }
        Raised::assert_set()
    }

    /// Takes the current exception away.
    pub fn take_raised(&self, _proof: Raised) -> Ref {
        let value = self.raised.replace(Value::NULL);
        assert!(!value.is_null(), "`Raised` is proof that an exception is set");
        // SAFETY: the thread state owned one count and has just let go of it.
        unsafe { Ref::from_owned(value) }
    }

    /// Takes the current exception away, if there is one.
    pub fn fetch_raised(&self) -> Option<Ref> {
        self.has_raised().then(|| self.take_raised(Raised::assert_set()))
    }

    /// The exception that an `except` block is handling, borrowed.
    pub fn handled_exception(&self) -> Option<Value> {
        // SAFETY: levels are linked in while the frame or generator that owns them runs.
        unsafe { handled_at(self.handled.get()) }
    }

    /// Whether the native stack is not nearly used up; serves nothing that waits.
    pub fn has_room(&self) -> bool {
        approximate_stack_pointer() >= self.own_stack_limit.get()
    }

    /// Bytes of the native stack that are left, apart from the margin.
    pub fn room(&self) -> usize {
        approximate_stack_pointer().saturating_sub(self.own_stack_limit.get())
    }

    /// Fails with `RecursionError` when the native stack is nearly used up. `what` completes the message, for example
    /// `" while getting the repr of an object"`.
    #[inline]
    pub fn check_stack(&self, what: &str) -> PyResult<()> {
        if approximate_stack_pointer() >= self.stack_limit.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.stack_exhausted(what)
    }

    #[cold]
    fn stack_exhausted(&self, what: &str) -> PyResult<()> {
        crate::signal::check()?;
        let limit = self.own_stack_limit.get();
        self.set_stack_limit(limit);
        if approximate_stack_pointer() >= limit {
            return Ok(());
        }
        // The error itself needs some of the margin.
        self.set_stack_limit(limit - STACK_MARGIN / 2);
        let raised = crate::raise!(RecursionError, "maximum recursion depth exceeded{what}");
        self.set_stack_limit(limit);
        Err(raised)
    }

    fn set_stack_limit(&self, limit: usize) {
        self.own_stack_limit.set(limit);
        self.stack_limit.store(limit, Ordering::Relaxed);
        // A signal may have arrived before the store, which has undone what it asked for.
        if self.eval_breaker.load(Ordering::Relaxed) & breaker::SIGNAL != 0 {
            self.stack_limit.store(usize::MAX, Ordering::Relaxed);
        }
    }

    /// Sets the greatest allowed depth of Python calls; compiled code notices.
    pub fn set_recursion_limit(&self, limit: u32) {
        self.recursion_limit.set(limit);
        self.hide_calls(self.hidden_calls.get());
        self.call_limit.store(usize::MAX, Ordering::Relaxed);
    }

    /// Greatest allowed depth of Python calls.
    pub fn recursion_limit(&self) -> u32 {
        self.recursion_limit.get()
    }

    /// How deep Python calls are.
    pub fn depth(&self) -> u32 {
        Activation::count_nested();
        self.recursion.get() + self.hidden_calls.get()
    }

    /// How many calls count that `recursion` does not have.
    pub(crate) fn hidden_calls(&self) -> u32 {
        self.hidden_calls.get()
    }

    pub(crate) fn hide_calls(&self, calls: u32) {
        self.hidden_calls.set(calls);
        self.depth_limit.set(self.recursion_limit.get().saturating_sub(calls));
    }

    /// Fails with `RecursionError` if no Python call more is allowed.
    #[inline]
    pub fn check_depth(&self) -> PyResult<()> {
        if self.recursion.get() < self.depth_limit.get() || self.allows_call() {
            return Ok(());
        }
        self.too_deep()
    }

    /// Whether one more Python call is allowed, all of them counted.
    #[cold]
    pub fn allows_call(&self) -> bool {
        Activation::count_nested();
        self.recursion.get() < self.depth_limit.get()
    }

    /// Fails with `RecursionError` for the depth of Python calls.
    #[cold]
    pub fn too_deep(&self) -> PyResult<()> {
        crate::signal::check()?;
        Err(crate::raise!(RecursionError, "maximum recursion depth exceeded"))
    }

    /// Lets compiled code that is entered here nest so many calls before it asks as the recursion limit leaves, if they need no more of the
    /// stack than calls need at least. Gives what the limit was, for [`ThreadState::leave_compiled`].
    #[inline]
    pub fn enter_compiled(&self) -> usize {
        let before = self.call_limit.load(Ordering::Relaxed);
        let calls = self.depth_limit.get().saturating_sub(self.recursion.get());
        self.allow_calls(approximate_stack_pointer(), calls, LEAST_CALL);
        before
    }

    /// Puts the limit for calls back.
    #[inline]
    pub fn leave_compiled(&self, before: usize) {
        self.set_call_limit(before);
    }

    /// Lets compiled code whose stack ends at `from` nest `calls` more calls of `bytes` each before it asks again.
    pub fn allow_calls(&self, from: usize, calls: u32, bytes: usize) {
        let room = (calls as usize).saturating_mul(bytes.max(LEAST_CALL));
        let limit = from.saturating_sub(room);
        self.set_call_limit(limit.max(self.own_stack_limit.get()));
    }

    #[inline]
    fn set_call_limit(&self, limit: usize) {
        self.call_limit.store(limit, Ordering::Relaxed);
        // A signal or another thread may have asked before the store, which has undone that.
        if self.eval_breaker.load(Ordering::Relaxed) & (breaker::SIGNAL | breaker::SWITCH) != 0 {
            self.call_limit.store(usize::MAX, Ordering::Relaxed);
        }
    }

    /// Asks for attention from a signal handler: loops look at the breaker, function entries at the limits of the stack.
    pub(crate) fn interrupt(&self) {
        self.request(breaker::SIGNAL);
        self.stack_limit.store(usize::MAX, Ordering::Relaxed);
        self.call_limit.store(usize::MAX, Ordering::Relaxed);
    }

    /// Asks for the lock from another thread: loops look at the breaker, function entries at the limit for calls.
    pub(crate) fn ask_for_turn(&self) {
        self.request(breaker::SWITCH);
        self.call_limit.store(usize::MAX, Ordering::Relaxed);
    }

    /// Withdraws a signal's request; true if it was standing.
    pub(crate) fn acknowledge_interrupt(&self) -> bool {
        let was_standing = self.acknowledge(breaker::SIGNAL);
        self.set_stack_limit(self.own_stack_limit.get());
        was_standing
    }

    /// Asks the running code to stop at its next safe point.
    pub fn request(&self, bit: u64) {
        self.eval_breaker.fetch_or(bit, Ordering::Relaxed);
    }

    /// Withdraws a request; true if it was standing.
    pub fn acknowledge(&self, bit: u64) -> bool {
        self.eval_breaker.fetch_and(!bit, Ordering::Relaxed) & bit != 0
    }
}

const _: () = {
    use abi::layout::thread;
    use std::mem::offset_of;
    assert!(offset_of!(ThreadState, call_limit) == thread::CALL_LIMIT);
    assert!(offset_of!(ThreadState, eval_breaker) == thread::EVAL_BREAKER);
    assert!(offset_of!(ThreadState, raised) == thread::RAISED);
    assert!(offset_of!(ThreadState, handled) == thread::HANDLED);
    assert!(offset_of!(ThreadState, recursion) == thread::RECURSION);
    assert!(offset_of!(ThreadState, depth_limit) == thread::DEPTH_LIMIT);
    assert!(offset_of!(ThreadState, shadow_top) == thread::SHADOW_TOP);
    assert!(offset_of!(ThreadState, shadow_limit) == thread::SHADOW_LIMIT);
    assert!(offset_of!(ThreadState, anchor) == thread::ANCHOR);
    assert!(offset_of!(ThreadState, free_lists) == thread::FREE_LISTS);
    assert!(offset_of!(ThreadState, gc_count) == thread::GC_COUNT);
    assert!(offset_of!(ThreadState, native_sp) == thread::NATIVE_SP);
    assert!(offset_of!(ThreadState, native_fp) == thread::NATIVE_FP);
    assert!(offset_of!(ThreadState, deopt_countdown) == thread::DEOPT_COUNTDOWN);
};
