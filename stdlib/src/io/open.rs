//! `open`: from a mode to the stack of streams that serves it.
#![allow(clippy::too_many_arguments, reason = "the parameters are those of the Python function")]

use runtime::convert::OrNone;
use runtime::objects::int;
use runtime::objects::str::StrObject;
use runtime::{PyResult, Ref, Value, error, protocol, py_functions, raise, thread};

use super::buffered::{self, Buffered};
use super::file::{self, FILE_IO, FileIo};
use super::newline::Newline;
use super::text::{Options, TEXT_IO_WRAPPER, TextIo};
use crate::posix::argument;
use crate::sys;

/// What a mode string asks for.
struct Mode {
    /// One of `r`, `w`, `a`, `x`, with `+` and `b`: the mode of the raw file.
    raw: String,
    is_updating: bool,
    is_reading: bool,
    is_binary: bool,
}

impl Mode {
    fn parse(text: &str) -> PyResult<Mode> {
        let mut seen = [false; 128];
        for byte in text.bytes() {
            if !b"axrwb+t".contains(&byte) || std::mem::replace(&mut seen[byte as usize], true) {
                return Err(raise!(ValueError, "invalid mode: '{text}'"));
            }
        }
        let has = |byte: u8| seen[byte as usize];
        if has(b't') && has(b'b') {
            return Err(raise!(ValueError, "can't have text and binary mode at once"));
        }
        let actions: Vec<u8> = b"xrwa".iter().copied().filter(|&action| has(action)).collect();
        let [action] = actions[..] else {
            let wanted = "ust have exactly one of create/read/write/append mode";
            return Err(match actions[..] {
                [] => raise!(ValueError, "M{wanted} and at most one plus"),
                _ => raise!(ValueError, "m{wanted}"),
            });
        };
        let raw = format!("{}{}", action as char, if has(b'+') { "+" } else { "" });
        Ok(Mode { raw, is_updating: has(b'+'), is_reading: action == b'r', is_binary: has(b'b') })
    }
}

/// What `open` is told about text.
struct TextArguments {
    encoding: Option<String>,
    errors: Option<String>,
    newline: Option<Value>,
}

fn check_binary(text: &TextArguments) -> PyResult<()> {
    let given = [
        ("an encoding", text.encoding.is_some()),
        ("an errors", text.errors.is_some()),
        ("a newline", text.newline.is_some()),
    ];
    match given.iter().find(|(_, is_given)| *is_given) {
        Some((what, _)) => Err(raise!(ValueError, "binary mode doesn't take {what} argument")),
        None => Ok(()),
    }
}

/// Closes what was opened, and goes on with the error.
fn abandon(raw: &Ref, raised: runtime::Raised) -> runtime::Raised {
    let exception = thread().take_raised(raised);
    if let Err(second) = super::call(raw.value(), "close", &[]) {
        drop(thread().take_raised(second));
    }
    thread().set_raised(exception)
}

fn stack(raw: &Ref, mode: &Mode, mode_text: &str, buffering: isize, text: &TextArguments) -> PyResult {
    let raw_file = raw.get::<FileIo>().expect("made as one");
    let mut is_line_buffered = buffering == 1;
    let mut size = usize::try_from(buffering).ok().filter(|&size| size > 1);
    if buffering < 0 {
        let fd = raw_file.descriptor()?;
        // SAFETY: a question about a descriptor.
        is_line_buffered = unsafe { libc::isatty(fd) } == 1;
        size = Some(raw_file.block.get().clamp(super::BLOCK, 8 << 20));
    }
    if buffering == 0 {
        if !mode.is_binary {
            return Err(raise!(ValueError, "can't have unbuffered text I/O"));
        }
        return Ok(raw.clone());
    }
    if buffering == 1 && mode.is_binary {
        let message = "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used";
        crate::warning::warn(&error::types::RuntimeWarning, message, 1)?;
    }
    let ty = match (mode.is_updating, mode.is_reading) {
        (true, _) => &buffered::RANDOM,
        (false, true) => &buffered::READER,
        (false, false) => &buffered::WRITER,
    };
    if mode.is_updating && !raw_file.can_seek()? {
        return Err(super::unsupported("File or stream is not seekable."));
    }
    let newline = text.newline.map_or(Ok(Newline::Translate), Newline::parse)?;
    let binary = Buffered::over(ty, raw.clone(), size.unwrap_or(super::BLOCK));
    if mode.is_binary {
        return Ok(binary);
    }
    let made = TextIo::allocate(&TEXT_IO_WRAPPER);
    made.get::<TextIo>().expect("made as one").set_up(
        binary,
        &Options {
            encoding: text.encoding.as_deref(),
            errors: text.errors.as_deref(),
            newline,
            line_buffering: is_line_buffered,
            write_through: false,
        },
    )?;
    let (name, mode) = (StrObject::intern("mode"), StrObject::new(mode_text));
    protocol::set_attr(made.value(), name.value(), mode.value())?;
    Ok(made)
}

fn open_stream(
    file: Value,
    mode_text: &str,
    buffering: isize,
    text: &TextArguments,
    closes: bool,
    opener: Option<Value>,
) -> PyResult {
    let path = if int::IntRef::of(file).is_some() { file.to_ref() } else { argument::fspath(file)? };
    let mode = Mode::parse(mode_text)?;
    if mode.is_binary {
        check_binary(text)?;
    }
    if buffering < -1 {
        return Err(raise!(ValueError, "invalid buffering size"));
    }
    let raw = protocol::call_method_text(FILE_IO.value(), "__new__", &[FILE_IO.value()])?;
    file::initialize(raw.value(), path.value(), &mode.raw, closes, opener)?;
    stack(&raw, &mode, mode_text, buffering, text).map_err(|raised| abandon(&raw, raised))
}

/// `EncodingWarning`, for who asked for it by an option.
fn warn_default_encoding(level: i64) -> PyResult<()> {
    crate::warning::warn(&error::types::EncodingWarning, "'encoding' argument not specified", level)
}

fn text_argument(value: Option<Value>, name: &str) -> PyResult<Option<String>> {
    match value {
        None => Ok(None),
        Some(value) if value.is_instance::<StrObject>() => protocol::str_string(value).map(Some),
        Some(value) => {
            let got = value.ty().name();
            Err(raise!(TypeError, "open() argument '{name}' must be str or None, not {got}"))
        }
    }
}

py_functions! { pub(super) static FUNCTIONS;
    /// Open file and return a stream.  Raise OSError upon failure.
    "open(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)"
    fn open(
        file: Value, mode: Option<String>, buffering: Option<isize>, encoding: OrNone<Value>, errors: OrNone<Value>,
        newline: OrNone<Value>, closefd: Option<bool>, opener: OrNone<Value>,
    ) -> PyResult {
        if let Some(newline) = newline.0 && !newline.is_instance::<StrObject>() {
            let got = newline.ty().name();
            return Err(raise!(TypeError, "open() argument 'newline' must be str or None, not {got}"));
        }
        let text = TextArguments {
            encoding: text_argument(encoding.0, "encoding")?,
            errors: text_argument(errors.0, "errors")?,
            newline: newline.0,
        };
        let is_text = !mode.as_deref().unwrap_or("r").contains('b');
        if is_text && text.encoding.is_none() && sys::flag("warn_default_encoding") {
            warn_default_encoding(1)?;
        }
        open_stream(file, mode.as_deref().unwrap_or("r"), buffering.unwrap_or(-1), &text, closefd.unwrap_or(true), opener.0)
    }
    /// Opens the provided file with the intent to import the contents.
    "open_code(path)"
    fn open_code(path: &StrObject) -> PyResult {
        let text = TextArguments { encoding: None, errors: None, newline: None };
        open_stream(Value::from_object(path), "rb", -1, &text, true, None)
    }
    /// A helper function to choose the text encoding.
    "text_encoding(encoding, stacklevel=2, /)"
    fn text_encoding(encoding: Value, stacklevel: Option<isize>) -> PyResult {
        if !runtime::objects::is_none(encoding) {
            return Ok(encoding.to_ref());
        }
        if sys::flag("warn_default_encoding") {
            let level = stacklevel.unwrap_or(2) as i64;
            warn_default_encoding(level)?;
        }
        Ok(StrObject::intern(if sys::flag("utf8_mode") { "utf-8" } else { "locale" }).into())
    }
}
