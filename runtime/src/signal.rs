//! Signals: the handler in C notes that one has arrived and asks for attention; the next safe point runs what the program wants.
//!
//! The handler sets a bit, a bit of the eval breaker, and raises the stack limit, which is all that may be done there, besides a write to
//! the descriptor that an event loop waits for. A thread that does not run Python code passes the signal on to the one that does. System
//! calls are interrupted by it (no `SA_RESTART`), so that whoever waits in one can [`check`] (PEP 475).
//!
//! The program's handlers are kept here; without one, SIGINT raises `KeyboardInterrupt`. Cost: a load per safe point.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};

use crate::error;
use crate::fault;
use crate::field::Field;
use crate::objects;
use crate::protocol;
use crate::thread::{breaker, thread};
use crate::value::{PyResult, Ref, Value};
use crate::world::World;

/// Signals are smaller than this.
pub const COUNT: usize = 65;

/// The thread that runs Python code; the only one whose system calls are worth interrupting.
static RUNNER: AtomicU64 = AtomicU64::new(0);

/// Signals that have arrived, one bit each; the lowest bit is signal 1.
static PENDING: AtomicU64 = AtomicU64::new(0);

/// A descriptor that gets a byte per signal, or -1.
static WAKEUP: AtomicI32 = AtomicI32::new(-1);

/// Whether a `KeyboardInterrupt` has ended the program.
static ENDED_BY_INTERRUPT: AtomicBool = AtomicBool::new(false);

/// What the program wants to be called.
static HANDLERS: World<[Field; COUNT]> = World::new([const { Field::empty() }; COUNT]);

/// The function that raises `KeyboardInterrupt`, which is the program's handler of SIGINT as long as it sets no other.
static DEFAULT_INTERRUPT: World<Field> = World::new(Field::empty());

/// Somebody besides the program who wants to know of a signal, at the safe point before the program's handler; false keeps
/// the signal from that.
pub type Watcher = fn(signal: i32) -> bool;

static WATCHERS: World<[Cell<Option<Watcher>>; COUNT]> = World::new([const { Cell::new(None) }; COUNT]);

extern "C" fn on_signal(signal: libc::c_int) {
    let runner = RUNNER.load(Ordering::Relaxed);
    // SAFETY: the calls are async-signal-safe; the thread lives as long as the process; the error number is put back.
    unsafe {
        if libc::pthread_self() != runner {
            libc::pthread_kill(runner, signal);
            return;
        }
        let errno = *libc::__errno_location();
        PENDING.fetch_or(1 << (signal - 1), Ordering::Relaxed);
        let wakeup = WAKEUP.load(Ordering::Relaxed);
        if wakeup >= 0 {
            let byte = signal as u8;
            libc::write(wakeup, (&raw const byte).cast(), 1);
        }
        *libc::__errno_location() = errno;
    }
    thread().interrupt();
}

/// Makes SIGINT raise `KeyboardInterrupt` in the calling thread, which must not end before the process, unless whoever started the process had it ignored.
pub fn install() {
    // SAFETY: a query.
    RUNNER.store(unsafe { libc::pthread_self() }, Ordering::Relaxed);
    if disposition(libc::SIGINT) != libc::SIG_IGN {
        set_native(libc::SIGINT, on_signal as extern "C" fn(libc::c_int) as usize);
    }
    // A file that grows too large is an `OSError`.
    set_native(libc::SIGXFSZ, libc::SIG_IGN);
}

/// Leaves signals to other threads: the calling thread does not run Python code.
pub fn leave_to_others() {
    // SAFETY: a set, filled before it is used.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, std::ptr::null_mut());
    }
}

/// Runs `then` when SIGINT arrives, on a thread that waits for it. The calling thread and those that it starts from here on are not
/// disturbed. Nothing happens if whoever started the process had it ignored, or if there can be no thread.
pub fn when_interrupted(then: impl FnOnce() + Send + 'static) {
    if disposition(libc::SIGINT) == libc::SIG_IGN {
        return;
    }
    // SAFETY: a set, emptied before it is used.
    let only = unsafe {
        let mut only: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut only);
        libc::sigaddset(&raw mut only, libc::SIGINT);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const only, std::ptr::null_mut());
        only
    };
    let waiting = std::thread::Builder::new().spawn(move || {
        let mut arrived = 0;
        // SAFETY: both point to locals; the thread has inherited a mask that blocks the signal.
        if unsafe { libc::sigwait(&raw const only, &raw mut arrived) } == 0 {
            then();
        }
    });
    if waiting.is_err() {
        // SAFETY: as above.
        unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const only, std::ptr::null_mut()) };
    }
}

/// Notes that a `KeyboardInterrupt` has ended the program, and says what the process ends with if the signal cannot do it.
pub fn interrupted_program() -> i32 {
    ENDED_BY_INTERRUPT.store(true, Ordering::Relaxed);
    128 + libc::SIGINT
}

/// Ends a process whose program a `KeyboardInterrupt` has ended by the signal, when all else is done: whoever has started it can tell, as
/// shells do, which then leave their loops, too.
pub fn end_as_program_did() {
    if !ENDED_BY_INTERRUPT.load(Ordering::Relaxed) {
        return;
    }
    set_native(libc::SIGINT, libc::SIG_DFL);
    // SAFETY: a set, emptied before it is used; nothing of ours runs any more.
    unsafe {
        let mut only: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut only);
        libc::sigaddset(&raw mut only, libc::SIGINT);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const only, std::ptr::null_mut());
        libc::raise(libc::SIGINT);
    }
}

/// What the system does with a signal: `SIG_DFL`, `SIG_IGN`, or the address of a handler.
pub fn disposition(signal: i32) -> usize {
    fault::action(signal, None).map_or(libc::SIG_DFL, |now| now.sa_sigaction)
}

/// Whether a signal goes to this module.
pub fn is_ours(signal: i32) -> bool {
    disposition(signal) == on_signal as extern "C" fn(libc::c_int) as usize
}

fn set_native(signal: i32, action: usize) -> bool {
    // SAFETY: the handler only performs async-signal-safe operations; the structure is zeroed first.
    let new = unsafe {
        let mut new: libc::sigaction = std::mem::zeroed();
        new.sa_sigaction = action;
        libc::sigemptyset(&raw mut new.sa_mask);
        new
    };
    fault::action(signal, Some(&new)).is_some()
}

/// What the program has last set for a signal.
pub fn handler(signal: i32) -> Option<Ref> {
    HANDLERS[signal as usize].get_ref()
}

/// Remembers what the program has set for a signal, without a change in the system.
fn remember(signal: i32, handler: Ref) {
    HANDLERS[signal as usize].set(handler);
}

/// Says which function raises `KeyboardInterrupt`, and makes it the handler of SIGINT if nobody has set another.
pub fn set_default_interrupt(function: Ref) {
    DEFAULT_INTERRUPT.set(function.clone());
    if is_ours(libc::SIGINT) && handler(libc::SIGINT).is_none() {
        remember(libc::SIGINT, function);
    }
}

/// Sets what the system does with a signal: `action` is `SIG_DFL`, `SIG_IGN`, or `None` for a call of `handler`. False if it refuses.
pub fn set_handler(signal: i32, action: Option<usize>, handler: Ref) -> bool {
    let native = action.unwrap_or(on_signal as extern "C" fn(libc::c_int) as usize);
    if !set_native(signal, native) {
        return false;
    }
    WATCHERS[signal as usize].set(None);
    remember(signal, handler);
    true
}

/// Lets a watcher know of a signal, whatever it did before. False if the system refuses.
pub fn watch(signal: i32, watcher: Watcher) -> bool {
    if !set_native(signal, on_signal as extern "C" fn(libc::c_int) as usize) {
        return false;
    }
    WATCHERS[signal as usize].set(Some(watcher));
    true
}

/// Ends what [`watch`] began: the signal does again what it did `before`.
pub fn unwatch(signal: i32, before: usize) {
    if WATCHERS[signal as usize].take().is_some() {
        set_native(signal, before);
    }
}

/// Lets a watched signal do what it does by default, here and now.
pub fn let_happen(signal: i32) {
    set_native(signal, libc::SIG_DFL);
    // SAFETY: a signal to the calling thread.
    unsafe { libc::raise(signal) };
    set_native(signal, on_signal as extern "C" fn(libc::c_int) as usize);
}

/// Forgets all handlers: the program is over. Signals that went to one are ignored from here on, SIGINT ends the process.
pub fn release() {
    for (signal, field) in HANDLERS.iter().enumerate().skip(1) {
        if field.take().is_some() && is_ours(signal as i32) {
            let last = if signal as i32 == libc::SIGINT { libc::SIG_DFL } else { libc::SIG_IGN };
            set_native(signal as i32, last);
        }
    }
    drop(DEFAULT_INTERRUPT.take());
    WAKEUP.store(-1, Ordering::Relaxed);
}

/// Sets the descriptor that gets a byte per signal; gives the one before. -1 is none.
pub fn set_wakeup(fd: i32) -> i32 {
    WAKEUP.swap(fd, Ordering::Relaxed)
}

/// What a child process begins with: signals that the parent has not yet served are the parent's.
pub fn after_fork() {
    PENDING.store(0, Ordering::Relaxed);
    thread().acknowledge_interrupt();
    // SAFETY: a query.
    RUNNER.store(unsafe { libc::pthread_self() }, Ordering::Relaxed);
}

/// Serves signals that have arrived; raises what their handlers raise. Costs a load when none has.
#[inline]
pub fn check() -> PyResult<()> {
    match thread().eval_breaker.load(Ordering::Relaxed) & breaker::SIGNAL {
        0 => Ok(()),
        _ => serve(),
    }
}

/// Whether the calling thread is the one whose business signals are; any is, as long as nobody has made them his.
pub fn is_runner() -> bool {
    // SAFETY: a query.
    [0, unsafe { libc::pthread_self() }].contains(&RUNNER.load(Ordering::Relaxed))
}

/// Asks for attention again if signals have arrived while another thread ran, which has left them.
pub(crate) fn remind() {
    if PENDING.load(Ordering::Relaxed) != 0 && is_runner() {
        thread().interrupt();
    }
}

/// Lets a signal arrive that nobody has sent.
pub fn simulate(signal: i32) {
    PENDING.fetch_or(1 << (signal - 1), Ordering::Relaxed);
    thread().interrupt();
}

#[cold]
fn serve() -> PyResult<()> {
    if !thread().acknowledge_interrupt() {
        return Ok(());
    }
    if !is_runner() {
        return Ok(());
    }
    // One that arrives from here on asks for attention again, though it may be served below: nothing is left for that then.
    let mut pending = PENDING.swap(0, Ordering::Relaxed);
    while pending != 0 {
        let signal = pending.trailing_zeros() as i32 + 1;
        pending &= pending - 1;
        if let Err(raised) = call_handler(signal) {
            // What is left waits for the next safe point.
            if pending != 0 {
                PENDING.fetch_or(pending, Ordering::Relaxed);
                thread().interrupt();
            }
            return Err(raised);
        }
    }
    Ok(())
}

fn call_handler(signal: i32) -> PyResult<()> {
    if let Some(watcher) = WATCHERS[signal as usize].get()
        && !watcher(signal)
    {
        return Ok(());
    }
    let Some(handler) = handler(signal).filter(|handler| protocol::is_callable(handler.value())) else {
        return match signal {
            libc::SIGINT => Err(error::raise_with_args(&error::types::KeyboardInterrupt, &[])),
            _ => Ok(()),
        };
    };
    if DEFAULT_INTERRUPT.get().is_some_and(|default| default == handler.value()) {
        // Without a call, which might fail where the stack is used up, and recursion that goes on after that would never end.
        return Err(error::raise_with_args(&error::types::KeyboardInterrupt, &[]));
    }
    let frame = objects::frame::at(0).unwrap_or_else(|| objects::none().to_ref());
    let pending = thread().fetch_raised();
    let outcome = protocol::call(handler.value(), &[Value::small(signal.into()), frame.value()], None);
    if let (Some(exception), true) = (pending, outcome.is_ok()) {
        let _raised = thread().set_raised(exception);
    }
    outcome.map(drop)
}
