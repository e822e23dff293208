//! `faulthandler`: what is left to say when the process dies of a signal, and tracebacks on demand.
//!
//! The handler of fatal signals ([`fatal`]) may touch next to nothing. `dump_traceback` is called in good health, and so are timers ([`later`])
//! and further signals ([`on_signal`]), which wait for the next safe point.

use runtime::field::Field;
use runtime::objects::int;
use runtime::objects::module::ModuleObject;
use runtime::world::World;
use runtime::{PyResult, Value, global_lock, protocol, py_functions, raise, sys_state};

use crate::posix::argument::Descriptor;

mod fatal;
mod later;
mod on_signal;
mod stacks;

/// The file that fatal signals write to, which stays open.
static FILE: World<Field> = World::new(Field::empty());

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// Sets what a signal does.
///
/// # Safety
/// `action` is async-signal-safe, or one of the system's constants.
unsafe fn set(signal: i32, action: usize) {
    // SAFETY: the structure consists of numbers; the handler is safe by the contract.
    unsafe {
        let mut new: libc::sigaction = std::mem::zeroed();
        new.sa_sigaction = action;
        new.sa_flags = libc::SA_NODEFER | libc::SA_ONSTACK;
        runtime::fault::action(signal, Some(&new));
    }
}

/// The descriptor of a file, by default that of `sys.stderr`.
fn target(file: Option<Value>) -> PyResult<i32> {
    let file = match file.filter(|file| !runtime::objects::is_none(*file)) {
        Some(file) => file.to_ref(),
        None => {
            let sys = sys_state::modules().get_text("sys");
            let stderr = sys.as_ref().and_then(|sys| sys.get::<ModuleObject>()?.dict().get_text("stderr"));
            match stderr {
                Some(stderr) if runtime::objects::is_none(stderr.value()) => {
                    return Err(raise!(RuntimeError, "sys.stderr is None"));
                }
                Some(stderr) => stderr,
                None => return Err(raise!(RuntimeError, "unable to get sys.stderr")),
            }
        }
    };
    let is_negative = int::IntRef::of(file.value()).is_some_and(int::IntRef::is_negative);
    if is_negative {
        return Err(raise!(ValueError, "file is not a valid file descriptor"));
    }
    let fd = Descriptor::of(file.value())?;
    if int::IntRef::of(file.value()).is_none() {
        // What the stream still holds comes before what is written past it.
        protocol::call_method_text(file.value(), "flush", &[])?;
    }
    Ok(fd)
}

/// Makes fatal signals say what they are and where all threads are, to a descriptor.
pub fn watch(fd: i32) {
    fatal::enable(fd, true);
}

/// The program is over: timers and signals have no traceback to write any more.
pub(crate) fn release() {
    drop(FILE.take());
    later::cancel();
    on_signal::release();
}

py_functions! { static FUNCTIONS;
    /// Enable the fault handler.
    "enable(file=sys.stderr, all_threads=True, c_stack=True)"
    fn enable(file: Option<Value>, all_threads: Option<bool>, c_stack: Option<bool>) -> PyResult<()> {
        // The frames of native code are not shown: they would need the tables of all libraries.
        let _ = c_stack;
        let fd = target(file)?;
        drop(FILE.replace(file.map(Value::to_ref)));
        fatal::enable(fd, all_threads.unwrap_or(true));
        Ok(())
    }
    /// Disable the fault handler; say whether it was enabled.
    "disable()"
    fn disable() -> bool {
        drop(FILE.take());
        fatal::disable()
    }
    /// Check if the handler is enabled.
    "is_enabled()"
    fn is_enabled() -> bool {
        fatal::is_enabled()
    }
    /// Dump the traceback of the current thread into file.
    "dump_traceback(file=sys.stderr, all_threads=True)"
    fn dump_traceback(file: Option<Value>, all_threads: Option<bool>) -> PyResult<()> {
        stacks::dump(target(file)?, all_threads.unwrap_or(true))
    }
    /// Dump the traceback of all threads in timeout seconds, or each timeout seconds if repeat is True.
    "dump_traceback_later(timeout, repeat=False, file=sys.stderr, exit=False)"
    fn dump_traceback_later(timeout: f64, repeat: Option<bool>, file: Option<Value>, exit: Option<bool>) -> PyResult<()> {
        let fd = target(file)?;
        later::start(timeout, repeat.unwrap_or(false), fd, file, exit.unwrap_or(false))
    }
    /// Cancel the previous call to dump_traceback_later().
    "cancel_dump_traceback_later()"
    fn cancel_dump_traceback_later() {
        later::cancel();
    }
    /// Register a handler for the signal 'signum'.
    "register(signum, file=sys.stderr, all_threads=True, chain=False)"
    fn register(signum: i32, file: Option<Value>, all_threads: Option<bool>, chain: Option<bool>) -> PyResult<()> {
        check_signal(signum)?;
        let fd = target(file)?;
        on_signal::register(signum, fd, file, all_threads.unwrap_or(true), chain.unwrap_or(false))
    }
    /// Read from NULL, or raise SIGSEGV signal depending on the platform.
    "_read_null()"
    fn read_null() {
        die_of(libc::SIGSEGV);
    }
    /// Raise a SIGSEGV signal.
    "_sigsegv(release_gil=False, /)"
    fn die_of_segment(release_gil: Option<bool>) {
        match release_gil.unwrap_or(false) {
            true => global_lock::released(|| die_of(libc::SIGSEGV)),
            false => die_of(libc::SIGSEGV),
        }
    }
    /// Raise a SIGABRT signal.
    "_sigabrt()"
    fn die_of_abort() {
        die_of(libc::SIGABRT);
    }
    /// Raise a SIGFPE signal.
    "_sigfpe()"
    fn die_of_number() {
        die_of(libc::SIGFPE);
    }
    /// Call Py_FatalError() in a new C thread.
    "_fatal_error_c_thread()"
    fn die_in_thread() -> PyResult<()> {
        // The frames that it looks at stay as they are: this thread waits for its end.
        let started = std::thread::Builder::new().spawn(|| fatal::die("faulthandler_fatal_error_thread", "in new thread"));
        match started {
            Ok(handle) => drop(handle.join()),
            Err(_) => return Err(raise!(RuntimeError, "unable to start the thread")),
        }
        Ok(())
    }
    /// Recursive call to raise a stack overflow.
    "_stack_overflow()"
    fn overflow_stack() -> PyResult<()> {
        let depth = overflow(0);
        Err(raise!(RuntimeError, "unable to raise a stack overflow (allocated {} bytes on the stack, {depth} recursive calls)", depth * PAGE))
    }
    /// Unregister the handler of the signal 'signum' registered by register().
    "unregister(signum, /)"
    fn unregister(signum: i32) -> PyResult<bool> {
        check_signal(signum)?;
        Ok(on_signal::unregister(signum))
    }
}

/// What tests of this module ask for: the process gets a fatal signal.
fn die_of(signal: i32) {
    // SAFETY: a constant of the system, whose handler or default action ends the process.
    unsafe {
        libc::raise(signal);
    }
}

const PAGE: usize = 4096;
/// Calls that no stack has room for.
const DEEPEST: usize = (100 << 20) / PAGE;

/// Fills the stack; gives how deep it went if it is not full before.
#[inline(never)]
fn overflow(depth: usize) -> usize {
    let page = std::hint::black_box([depth as u8; PAGE]);
    let deepest = if depth < DEEPEST { overflow(depth + 1) } else { depth };
    std::hint::black_box(&page);
    deepest
}

/// Signals that can be registered: those that are not fatal.
fn check_signal(signal: i32) -> PyResult<()> {
    if fatal::SIGNALS.iter().any(|(fatal, _)| *fatal == signal) {
        return Err(raise!(RuntimeError, "signal {signal} cannot be registered, use enable() instead"));
    }
    match (1..runtime::signal::COUNT as i32).contains(&signal) {
        true => Ok(()),
        false => Err(raise!(ValueError, "signal number out of range")),
    }
}
