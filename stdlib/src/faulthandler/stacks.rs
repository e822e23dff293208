//! The frames of threads as `faulthandler` writes them: the innermost first, with what is long or foreign cut and escaped.
//!
//! Threads that wait have left the top of their frames with `runtime::tracing`. Method: CPython's `traceback.c`
//! (`_Py_DumpTracebackThreads`), whose format tools parse.

use std::fmt::Write as _;

use runtime::objects::int;
use runtime::objects::str::StrObject;
use runtime::objects::{self, frame};
use runtime::thread::identity;
use runtime::tracing;
use runtime::{PyResult, Ref, gc, protocol};

use crate::system::system;

/// Most frames that are shown of a thread, and most threads.
pub(super) const MOST: usize = 100;

/// Most characters that are shown of a name.
pub(super) const LONGEST: usize = 500;

/// Writes the frames of the running thread, or of all threads.
pub(super) fn dump(fd: i32, all_threads: bool) -> PyResult<()> {
    let text = if all_threads { all(None)? } else { format!("Stack (most recent call first):\n{}", own()?) };
    write(fd, &text)
}

/// Writes a text.
pub(super) fn write(fd: i32, text: &str) -> PyResult<()> {
    system!(write(fd, text.as_ptr().cast(), text.len())).map(drop)
}

fn own() -> PyResult<String> {
    frames(frame::at(0))
}

/// The frames of all threads, the latest first, but for one that is left out.
pub(super) fn all(left_out: Option<u64>) -> PyResult<String> {
    let mut threads = tracing::threads();
    threads.retain(|(ident, ..)| Some(*ident) != left_out);
    threads.reverse();
    let mut text = String::new();
    for (at, (ident, anchor, place)) in threads.into_iter().enumerate() {
        if at == MOST {
            text.push_str("...\n");
            break;
        }
        let gap = if at == 0 { "" } else { "\n" };
        let which = if ident == identity() { "Current thread" } else { "Thread" };
        let frames = frames(frame::of_thread(anchor, place))?;
        let note = if ident == identity() && gc::is_collecting() { "  Garbage-collecting\n" } else { "" };
        write!(text, "{gap}{which} {ident:#018x} (most recent call first):\n{note}{frames}")
            .expect("writing to a string cannot fail");
    }
    Ok(text)
}

/// The lines of a frame and of those below it.
fn frames(innermost: Option<Ref>) -> PyResult<String> {
    let Some(mut frame) = innermost else { return Ok("  <no Python frame>\n".to_owned()) };
    let mut text = String::new();
    for _ in 0..MOST {
        let code = protocol::get_attr_text(frame.value(), "f_code")?;
        let [file, name] = ["co_filename", "co_name"].map(|name| protocol::get_attr_text(code.value(), name));
        let line = protocol::get_attr_text(frame.value(), "f_lineno")?;
        let line = int::to_i64(line.value()).map_or_else(|_| "???".to_owned(), |line| line.to_string());
        let (file, name) = (shown(&file?), shown(&name?));
        writeln!(text, "  File \"{file}\", line {line} in {name}").expect("writing to a string cannot fail");
        frame = protocol::get_attr_text(frame.value(), "f_back")?;
        if objects::is_none(frame.value()) {
            return Ok(text);
        }
    }
    Ok(text + "  ...\n")
}

/// A name of which not too much is shown, in ASCII.
fn shown(name: &Ref) -> String {
    let Some(name) = name.get::<StrObject>() else { return "???".to_owned() };
    let mut text = String::new();
    for code in name.code_points().take(LONGEST) {
        match code {
            0x20..=0x7e => text.push(code as u8 as char),
            0..=0xff => text += &format!("\\x{code:02x}"),
            0x100..=0xffff => text += &format!("\\u{code:04x}"),
            _ => text += &format!("\\U{code:08x}"),
        }
    }
    if name.len() > LONGEST { text + "..." } else { text }
}
