//! The streams of the process: `sys.stdin`, `sys.stdout`, `sys.stderr`.

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};

use runtime::objects::str::StrObject;
use runtime::objects::{self};
use runtime::type_object::type_flags;
use runtime::{PyResult, Value, protocol};

use super::buffered::{self, Buffered};
use super::file::{Access, FileIo};
use super::newline::Newline;
use super::text::{Options, TEXT_IO_WRAPPER, TextIo};
use crate::sys::Startup;

/// The stream over descriptor 0, 1 or 2; `None` if it is not open. What is written goes out at once if it is not to be buffered.
pub(crate) fn stream(fd: i32, name: &str, startup: &Startup) -> PyResult {
    if !is_open(fd) || was_closed(fd) {
        return Ok(objects::none().to_ref());
    }
    // SAFETY: a question about a descriptor.
    let is_terminal = unsafe { libc::isatty(fd) } == 1;
    let reads = fd == 0;
    let access = Access::parse(if reads { "rb" } else { "wb" })?;
    let raw = FileIo::over(fd, access, name)?;
    let ty = if reads { &buffered::READER } else { &buffered::WRITER };
    let is_direct = startup.is_unbuffered && !reads;
    let below = if is_direct { raw } else { Buffered::over(ty, raw, super::BLOCK) };
    let made = TextIo::allocate(&TEXT_IO_WRAPPER);
    let errors =
        if fd == 2 { "backslashreplace" } else { startup.stream_errors.as_deref().unwrap_or("strict") };
    let text = made.get::<TextIo>().expect("made as one");
    text.set_up(
        below,
        &Options {
            encoding: None,
            errors: Some(errors),
            newline: if reads { Newline::Translate } else { Newline::Feed },
            line_buffering: is_terminal || fd == 2,
            write_through: is_direct,
        },
    )?;
    let mode = StrObject::intern(if reads { "r" } else { "w" });
    protocol::set_attr(made.value(), StrObject::intern("mode").value(), mode.value())?;
    Ok(made)
}

/// A standard stream with the buffer and the file under it, if all of them are of this module's own types.
pub fn layers(stream: Value) -> Vec<Value> {
    let mut found = vec![stream];
    for name in ["buffer", "raw"] {
        match protocol::get_attr_text(found[found.len() - 1], name) {
            Ok(under) => found.push(under.value()),
            Err(raised) => drop(runtime::thread().take_raised(raised)),
        }
    }
    let is_ours = found.iter().all(|layer| !layer.ty().has(type_flags::HEAP));
    if is_ours { found } else { Vec::new() }
}

fn is_open(fd: i32) -> bool {
    // SAFETY: a question about a descriptor.
    unsafe { libc::fcntl(fd, libc::F_GETFD) >= 0 }
}

/// Which of the standard descriptors were closed when the process began.
static CLOSED: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];

extern "C" fn look_at_descriptors() {
    for (closed, fd) in CLOSED.iter().zip(0..) {
        closed.store(!is_open(fd), Ordering::Relaxed);
    }
}

// SAFETY: the loader calls the functions of this section once, before `main`; this one asks the system and sets flags.
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look_at_descriptors;

/// Whether a descriptor was closed at first and leads to the null device now, to which Rust's start-up opens those that are.
fn was_closed(fd: i32) -> bool {
    let closed = usize::try_from(fd).ok().and_then(|fd| CLOSED.get(fd));
    if !closed.is_some_and(|closed| closed.load(Ordering::Relaxed)) {
        return false;
    }
    let mut info = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: room for what is found, which is there if the call succeeds.
    let device = unsafe { (libc::fstat(fd, info.as_mut_ptr()) == 0).then(|| info.assume_init().st_rdev) };
    device == Some(libc::makedev(1, 3))
}
