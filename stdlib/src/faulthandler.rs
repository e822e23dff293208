//! `faulthandler`: what is left to say when the process dies of a signal, and tracebacks on demand.
//!
//! The handler in C writes which error it was and lets the signal do what it would have done; it cannot walk the frames, because those of
//! compiled code are found through tables that a dying process should not be trusted with. `dump_traceback` can: it is called in
//! good health. Timers (`dump_traceback_later`) and further signals (`register`) are not supported yet.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use runtime::error::not_supported;
use runtime::hooks;
use runtime::objects::code::CodeObject;
use runtime::objects::module::ModuleObject;
use runtime::thread::identity;
use runtime::{PyResult, Value, protocol, py_functions, raise, sys_state};

use crate::posix::argument::Descriptor;
use crate::system::system;

/// Fatal signals and what they are called.
const FATAL: [(i32, &str); 5] = [
    (libc::SIGSEGV, "Fatal Python error: Segmentation fault\n\n"),
    (libc::SIGFPE, "Fatal Python error: Floating-point exception\n\n"),
    (libc::SIGABRT, "Fatal Python error: Aborted\n\n"),
    (libc::SIGBUS, "Fatal Python error: Bus error\n\n"),
    (libc::SIGILL, "Fatal Python error: Illegal instruction\n\n"),
];

/// Where the message goes.
static TARGET: AtomicI32 = AtomicI32::new(2);
static IS_ENABLED: AtomicBool = AtomicBool::new(false);

/// Most frames that a traceback shows.
const MOST_FRAMES: usize = 100;

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// What a dying process does first. Async-signal-safe.
extern "C" fn on_fatal(signal: libc::c_int) {
    let message = FATAL.iter().find(|(number, _)| *number == signal).map_or("", |(_, message)| message);
    // SAFETY: `write` and `raise` are async-signal-safe; the text is static.
    unsafe {
        libc::write(TARGET.load(Ordering::Relaxed), message.as_ptr().cast(), message.len());
        set(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
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
        libc::sigaction(signal, &raw const new, std::ptr::null_mut());
    }
}

/// The descriptor of a file, by default that of `sys.stderr`.
fn target(file: Option<Value>) -> PyResult<i32> {
    let file = match file.filter(|file| !runtime::objects::is_none(*file)) {
        Some(file) => file.to_ref(),
        None => {
            let sys = sys_state::modules().get_text("sys");
            let stderr = sys.as_ref().and_then(|sys| sys.get::<ModuleObject>()?.dict().get_text("stderr"));
            match stderr.filter(|stderr| !runtime::objects::is_none(stderr.value())) {
                Some(stderr) => stderr,
                None => return Err(raise!(RuntimeError, "unable to get sys.stderr")),
            }
        }
    };
    let fd = Descriptor::of(file.value())?;
    if runtime::objects::int::IntRef::of(file.value()).is_none() {
        // What the stream still holds comes before what is written past it.
        protocol::call_method_text(file.value(), "flush", &[])?;
    }
    Ok(fd)
}

/// The frames of the running thread, the innermost first.
fn traceback() -> String {
    let mut text = format!("Current thread {:#018x} (most recent call first):\n", identity());
    for depth in 0..MOST_FRAMES {
        let Some(info) = (hooks::hooks().frame)(depth) else { return text };
        let Some(code) = info.code.get::<CodeObject>() else { return text };
        let line = code.code().ranges.get(info.instruction as usize).map_or(0, |range| range.line);
        text += &format!("  File \"{}\", line {line} in {}\n", code.code().filename, code.name());
    }
    text + "  ...\n"
}

py_functions! { static FUNCTIONS;
    /// Enable the fault handler.
    "enable(file=sys.stderr, all_threads=True, c_stack=True)"
    fn enable(file: Option<Value>, all_threads: Option<bool>, c_stack: Option<bool>) -> PyResult<()> {
        let _ = (all_threads, c_stack);
        TARGET.store(target(file)?, Ordering::Relaxed);
        IS_ENABLED.store(true, Ordering::Relaxed);
        for (signal, _) in FATAL {
            // SAFETY: the handler is async-signal-safe.
            unsafe { set(signal, on_fatal as extern "C" fn(libc::c_int) as usize) };
        }
        Ok(())
    }
    /// Disable the fault handler; say whether it was enabled.
    "disable()"
    fn disable() -> bool {
        let was_enabled = IS_ENABLED.swap(false, Ordering::Relaxed);
        if was_enabled {
            for (signal, _) in FATAL {
                // SAFETY: a constant of the system.
                unsafe { set(signal, libc::SIG_DFL) };
            }
        }
        was_enabled
    }
    /// Check if the handler is enabled.
    "is_enabled()"
    fn is_enabled() -> bool {
        IS_ENABLED.load(Ordering::Relaxed)
    }
    /// Dump the traceback of the current thread into file.
    "dump_traceback(file=sys.stderr, all_threads=True)"
    fn dump_traceback(file: Option<Value>, all_threads: Option<bool>) -> PyResult<()> {
        let _ = all_threads;
        let (fd, text) = (target(file)?, traceback());
        system!(write(fd, text.as_ptr().cast(), text.len())).map(drop)
    }
    /// Dump the traceback of all threads in timeout seconds, or each timeout seconds if repeat is True.
    "dump_traceback_later(timeout, repeat=False, file=sys.stderr, exit=False)"
    fn dump_traceback_later(timeout: Value, repeat: Option<bool>, file: Option<Value>, exit: Option<bool>) -> PyResult<()> {
        let _ = (timeout, repeat, file, exit);
        Err(not_supported("faulthandler.dump_traceback_later"))
    }
    /// Cancel the previous call to dump_traceback_later(), of which there is none.
    "cancel_dump_traceback_later()"
    fn cancel_dump_traceback_later() {}
}
