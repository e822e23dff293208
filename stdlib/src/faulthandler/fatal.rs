//! What a dying process says: which error it was, where its threads are, and which extension modules it has loaded.
//!
//! The handler runs wherever the signal has come, in the middle of an allocation if need be. So it allocates nothing, waits for nothing and counts no
//! references: text goes through a small buffer on the stack, and frames are looked at as they lie (`runtime::hooks::FrameHooks::places_from`). Before it
//! looks at anything it puts back what the signals did before, so that whatever is broken kills the process and not the handler for ever.
//! Method: CPython's `faulthandler.c` and `traceback.c`, whose format tools parse.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use runtime::hooks::hooks;
use runtime::objects::code::CodeObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::set::SetObject;
use runtime::objects::str::StrObject;
use runtime::thread::identity;
use runtime::{Value, gc, sys_state, tracing};

use super::set;
use super::stacks::{LONGEST, MOST};

/// Fatal signals and what they are called.
pub(super) const SIGNALS: [(i32, &str); 5] = [
    (libc::SIGSEGV, "Segmentation fault"),
    (libc::SIGFPE, "Floating-point exception"),
    (libc::SIGABRT, "Aborted"),
    (libc::SIGBUS, "Bus error"),
    (libc::SIGILL, "Illegal instruction"),
];

/// Where the message goes.
static TARGET: AtomicI32 = AtomicI32::new(2);
static IS_ENABLED: AtomicBool = AtomicBool::new(false);
static SHOWS_ALL: AtomicBool = AtomicBool::new(true);

/// Makes fatal signals say what they are and where the threads are, to a descriptor.
pub(super) fn enable(fd: i32, all_threads: bool) {
    TARGET.store(fd, Ordering::Relaxed);
    SHOWS_ALL.store(all_threads, Ordering::Relaxed);
    IS_ENABLED.store(true, Ordering::Relaxed);
    for (signal, _) in SIGNALS {
        // SAFETY: the handler is async-signal-safe.
        unsafe { set(signal, on_fatal as extern "C" fn(libc::c_int) as usize) };
    }
}

/// Lets fatal signals do what they do by default; false if they did already.
pub(super) fn disable() -> bool {
    let was_enabled = IS_ENABLED.swap(false, Ordering::Relaxed);
    if was_enabled {
        SIGNALS.iter().for_each(|(signal, _)| let_happen(*signal));
    }
    was_enabled
}

/// Whether the handlers are in place.
pub(super) fn is_enabled() -> bool {
    IS_ENABLED.load(Ordering::Relaxed)
}

fn let_happen(signal: i32) {
    // SAFETY: a constant of the system.
    unsafe { set(signal, libc::SIG_DFL) };
}

/// What a dying process does first. Async-signal-safe.
extern "C" fn on_fatal(signal: libc::c_int) {
    SIGNALS.iter().for_each(|(signal, _)| let_happen(*signal));
    let name = SIGNALS.iter().find(|(number, _)| *number == signal).map_or("", |(_, name)| name);
    let mut out = Out::new(TARGET.load(Ordering::Relaxed));
    out.text("Fatal Python error: ");
    out.text(name);
    out.text("\n\n");
    if SHOWS_ALL.load(Ordering::Relaxed) {
        all_threads(&mut out);
    } else {
        own_stack(&mut out);
    }
    extension_modules(&mut out);
    drop(out);
    // SAFETY: async-signal-safe.
    unsafe { libc::raise(signal) };
}

/// Ends the process with a message, as an error in the runtime's own code does.
pub(super) fn die(function: &str, message: &str) -> ! {
    disable();
    let mut out = Out::new(2);
    for part in ["Fatal Python error: ", function, ": ", message, "\nPython runtime state: initialized\n\n"] {
        out.text(part);
    }
    all_threads(&mut out);
    extension_modules(&mut out);
    drop(out);
    std::process::abort();
}

/// The frames of the thread that has the signal.
fn own_stack(out: &mut Out) {
    out.text("Stack (most recent call first):\n");
    let mut is_known = false;
    tracing::threads_of_dying(&mut |ident, anchor, place| {
        is_known = ident == identity();
        if is_known {
            frames(out, anchor, place);
        }
        is_known
    });
    if !is_known {
        out.text(NO_FRAME);
    }
}

const NO_FRAME: &str = "  <no Python frame>\n";

/// The frames of all threads, the latest first.
fn all_threads(out: &mut Out) {
    let mut count = 0;
    tracing::threads_of_dying(&mut |ident, anchor, place| {
        out.text(if count == 0 { "" } else { "\n" });
        count += 1;
        if count > MOST {
            out.text("...\n");
            return true;
        }
        let is_own = ident == identity();
        out.text(if is_own { "Current thread 0x" } else { "Thread 0x" });
        out.number(ident, 16, 16);
        out.text(" (most recent call first):\n");
        if is_own && gc::is_collecting() {
            out.text("  Garbage-collecting\n");
        }
        frames(out, anchor, place);
        false
    });
}

/// The lines of the frames on a chain.
fn frames(out: &mut Out, anchor: *mut u8, place: (usize, usize)) {
    let mut count = 0;
    (hooks().frames.places_from)(anchor, place, &mut |code, instruction| {
        count += 1;
        if count > MOST {
            out.text("  ...\n");
            return true;
        }
        frame(out, code, instruction);
        false
    });
    if count == 0 {
        out.text(NO_FRAME);
    }
}

fn frame(out: &mut Out, code: &CodeObject, instruction: u32) {
    let code = code.code();
    out.text("  File \"");
    out.shown(code.filename.chars().map(u32::from));
    out.text("\", line ");
    out.number(u64::from(code.last_line_at(instruction as usize)), 10, 0);
    out.text(" in ");
    out.shown(code.name.chars().map(u32::from));
    out.text("\n");
}

/// The loaded modules that are not in Python, but for those of the standard library.
fn extension_modules(out: &mut Out) {
    let modules = sys_state::modules();
    let mut entries = modules.table.entries();
    let known = entries.find(|entry| is_text(entry.key, "sys")).and_then(|sys| {
        let mut entries = sys.value.get::<ModuleObject>()?.dict().table.entries();
        entries.find(|entry| is_text(entry.key, "stdlib_module_names"))
    });
    let known = known.and_then(|entry| SetObject::of(entry.value));
    let mut count = 0;
    for entry in modules.table.entries() {
        let is_native = entry.value.get::<ModuleObject>().is_some_and(ModuleObject::is_native);
        let Some(name) = entry.key.get::<StrObject>().filter(|_| is_native) else { continue };
        if known.is_some_and(|known| known.has_str(entry.key)) {
            continue;
        }
        out.text(if count == 0 { "\nExtension modules: " } else { ", " });
        out.shown(name.code_points());
        count += 1;
    }
    if count > 0 {
        out.text(" (total: ");
        out.number(count, 10, 0);
        out.text(")\n");
    }
}

fn is_text(value: Value, text: &str) -> bool {
    value.get::<StrObject>().is_some_and(|own| own.code_points().eq(text.chars().map(u32::from)))
}

/// Text on its way to a descriptor.
struct Out {
    fd: i32,
    held: [u8; 128],
    len: usize,
}

impl Out {
    fn new(fd: i32) -> Self {
        Out { fd, held: [0; 128], len: 0 }
    }

    fn byte(&mut self, byte: u8) {
        if self.len == self.held.len() {
            self.flush();
        }
        self.held[self.len] = byte;
        self.len += 1;
    }

    fn text(&mut self, text: &str) {
        text.bytes().for_each(|byte| self.byte(byte));
    }

    /// A number with so many digits at least.
    fn number(&mut self, mut number: u64, base: u64, least: usize) {
        let (mut digits, mut len) = ([b'0'; 20], 0);
        while number > 0 || len < least.max(1) {
            digits[len] = b"0123456789abcdef"[(number % base) as usize];
            number /= base;
            len += 1;
        }
        digits[..len].iter().rev().for_each(|&digit| self.byte(digit));
    }

    /// A name of which not too much is shown, in ASCII.
    fn shown(&mut self, name: impl Iterator<Item = u32>) {
        for (at, code) in name.enumerate() {
            if at == LONGEST {
                return self.text("...");
            }
            let (mark, digits) = match code {
                0x20..=0x7e => {
                    self.byte(code as u8);
                    continue;
                }
                0..=0xff => ("\\x", 2),
                0x100..=0xffff => ("\\u", 4),
                _ => ("\\U", 8),
            };
            self.text(mark);
            self.number(u64::from(code), 16, digits);
        }
    }

    fn flush(&mut self) {
        // SAFETY: the bytes are initialised; `write` is async-signal-safe.
        unsafe { libc::write(self.fd, self.held.as_ptr().cast(), self.len) };
        self.len = 0;
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        self.flush();
    }
}
