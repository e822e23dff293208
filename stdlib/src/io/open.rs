//! `open`: from a mode to the stack of streams that serves it.
#![allow(clippy::too_many_arguments, reason = "the parameters are those of the Python function")]

use std::ffi::CString;

use runtime::convert::OrNone;
use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::str::StrObject;
use runtime::{PyResult, Ref, Value, buffer, codec, error, protocol, py_functions, raise};

use super::binary::{self, BinaryFile};
use super::channel::{self, BLOCK, Channel};
use super::text::{Newline, Options, TextFile};

/// What a mode string asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mode {
    /// One of `r`, `w`, `a`, `x`.
    action: u8,
    updating: bool,
    binary: bool,
}

impl Mode {
    /// Reads a mode string.
    fn parse(text: &str) -> PyResult<Mode> {
        let invalid = || raise!(ValueError, "invalid mode: '{text}'");
        let mut seen = [false; 128];
        for byte in text.bytes() {
            if !b"axrwb+t".contains(&byte) || std::mem::replace(&mut seen[byte as usize], true) {
                return Err(invalid());
            }
        }
        let has = |byte: u8| seen[byte as usize];
        if has(b't') && has(b'b') {
            return Err(raise!(ValueError, "can't have text and binary mode at once"));
        }
        let mut actions = *b"xrwa";
        actions.sort_by_key(|&action| !has(action));
        match actions.iter().filter(|&&action| has(action)).count() {
            0 => {
                let wanted = "exactly one of create/read/write/append mode and at most one plus";
                return Err(raise!(ValueError, "Must have {wanted}"));
            }
            1 => {}
            _ => return Err(raise!(ValueError, "must have exactly one of create/read/write/append mode")),
        }
        Ok(Mode { action: actions[0], updating: has(b'+'), binary: has(b'b') })
    }

    fn can_read(self) -> bool {
        self.action == b'r' || self.updating
    }

    fn can_write(self) -> bool {
        self.action != b'r' || self.updating
    }

    /// Flags of the system call.
    fn flags(self) -> i32 {
        let access = match (self.can_read(), self.can_write()) {
            (true, true) => libc::O_RDWR,
            (true, false) => libc::O_RDONLY,
            _ => libc::O_WRONLY,
        };
        let action = match self.action {
            b'w' => libc::O_CREAT | libc::O_TRUNC,
            b'a' => libc::O_CREAT | libc::O_APPEND,
            b'x' => libc::O_CREAT | libc::O_EXCL,
            _ => 0,
        };
        access | action | libc::O_CLOEXEC
    }

    /// The mode of the raw file, as CPython spells it.
    pub(super) fn raw_text(self) -> &'static str {
        match (self.action, self.updating) {
            (b'r', false) => "rb",
            (b'a', false) => "ab",
            (b'a', true) => "ab+",
            (b'x', false) => "xb",
            (b'x', true) => "xb+",
            (b'w', false) => "wb",
            _ => "rb+",
        }
    }
}

/// A file name as the operating system wants it.
fn path_bytes(file: Value) -> PyResult<CString> {
    let path = match protocol::attribute::call_special(file, StrObject::intern("__fspath__").value(), &[])? {
        Some(path) => path,
        None => file.to_ref(),
    };
    let bytes = if path.get::<StrObject>().is_some() {
        codec::encode(path.value(), None, Some(StrObject::intern("surrogateescape").value()))?
    } else if path.get::<BytesObject>().is_some() {
        buffer::to_vec(path.value())?
    } else {
        let name = file.ty().name();
        return Err(raise!(TypeError, "expected str, bytes or os.PathLike object, not {name}"));
    };
    CString::new(bytes).map_err(|_| raise!(ValueError, "embedded null byte"))
}

/// Opens or adopts a descriptor; says whether it is to be closed.
fn descriptor(file: Value, mode: Mode, closes: bool, opener: Option<Value>) -> PyResult<(i32, bool)> {
    if int::IntRef::of(file).is_some() {
        let fd = int::to_i64(file)?;
        return match i32::try_from(fd) {
            Ok(fd) if fd >= 0 => check_descriptor(fd, file).map(|()| (fd, closes)),
            _ => Err(raise!(ValueError, "negative file descriptor")),
        };
    }
    if !closes {
        return Err(raise!(ValueError, "Cannot use closefd=False with file name"));
    }
    let path = path_bytes(file)?;
    let fd = match opener {
        Some(opener) => opened_by(opener, file, mode)?,
        None => loop {
            // SAFETY: the path is a C string.
            let fd = unsafe { libc::open(path.as_ptr(), mode.flags(), 0o666) };
            match fd {
                0.. => break fd,
                _ if channel::last_errno() == libc::EINTR => runtime::signal::check()?,
                _ => return Err(error::os_error(channel::last_errno(), Some(file))),
            }
        },
    };
    if let Err(raised) = check_descriptor(fd, file) {
        // SAFETY: opened above and used by nobody else.
        unsafe { libc::close(fd) };
        return Err(raised);
    }
    Ok((fd, true))
}

fn opened_by(opener: Value, file: Value, mode: Mode) -> PyResult<i32> {
    let fd = protocol::call(opener, &[file, Value::small(mode.flags().into())], None)?;
    if int::IntRef::of(fd.value()).is_none() {
        return Err(raise!(TypeError, "expected integer from opener"));
    }
    let number = int::to_i64(fd.value())?;
    i32::try_from(number)
        .ok()
        .filter(|&fd| fd >= 0)
        .ok_or_else(|| raise!(ValueError, "opener returned {number}"))
}

/// A descriptor that is open and no directory.
fn check_descriptor(fd: i32, file: Value) -> PyResult<()> {
    let mut status = std::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the call fills the struct if it succeeds.
    let failed = unsafe { libc::fstat(fd, status.as_mut_ptr()) } != 0;
    if failed {
        return Err(error::os_error(channel::last_errno(), None));
    }
    // SAFETY: filled by the successful call.
    let kind = unsafe { status.assume_init() }.st_mode & libc::S_IFMT;
    if kind == libc::S_IFDIR {
        return Err(error::os_error(libc::EISDIR, Some(file)));
    }
    Ok(())
}

/// The raw file below everything else.
pub(super) fn open_raw(
    file: Value,
    mode: Mode,
    closes: bool,
    opener: Option<Value>,
    capacity: usize,
) -> PyResult<channel::Shared> {
    let (fd, is_owned) = descriptor(file, mode, closes, opener)?;
    if mode.action == b'a' {
        // SAFETY: plain system call; what cannot seek stays where it is.
        unsafe { libc::lseek(fd, 0, libc::SEEK_END) };
    }
    Ok(Channel::over(fd, is_owned, mode.can_read(), mode.can_write(), capacity))
}

/// The mode of a raw file: binary is understood.
pub(super) fn raw_mode(text: &str) -> PyResult<Mode> {
    if text.contains('t') {
        return Err(raise!(ValueError, "invalid mode: {text}"));
    }
    Mode::parse(text)
}

/// The buffered type that serves a mode.
fn buffered_type(mode: Mode) -> &'static runtime::TypeObject {
    match (mode.updating, mode.can_read()) {
        (true, _) => &binary::BUFFERED_RANDOM,
        (false, true) => &binary::BUFFERED_READER,
        (false, false) => &binary::BUFFERED_WRITER,
    }
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

/// What `open` is told about text.
struct TextArguments {
    encoding: Option<String>,
    errors: Option<String>,
    newline: Option<String>,
}

fn check_binary(text: &TextArguments) -> PyResult<()> {
    let given = [("an encoding", &text.encoding), ("an errors", &text.errors), ("a newline", &text.newline)];
    match given.iter().find(|(_, value)| value.is_some()) {
        Some((what, _)) => Err(raise!(ValueError, "binary mode doesn't take {what} argument")),
        None => Ok(()),
    }
}

fn is_terminal(channel: &channel::Shared) -> bool {
    // SAFETY: a query about a descriptor.
    channel.borrow().descriptor().is_some_and(|fd| unsafe { libc::isatty(fd) } == 1)
}

fn open_stream(
    file: Value,
    mode_text: &str,
    buffering: isize,
    text: TextArguments,
    closes: bool,
    opener: Option<Value>,
) -> PyResult {
    let mode = Mode::parse(mode_text)?;
    if mode.binary {
        check_binary(&text)?;
    }
    if buffering < -1 {
        return Err(raise!(ValueError, "invalid buffering size"));
    }
    let capacity = if buffering > 1 { buffering as usize } else { BLOCK };
    let channel = open_raw(file, mode, closes, opener, capacity)?;
    if buffering == 0 && !mode.binary {
        return Err(raise!(ValueError, "can't have unbuffered text I/O"));
    }
    if buffering == 0 {
        return Ok(BinaryFile::make(&binary::FILE_IO, channel, file.to_ref(), mode.raw_text()));
    }
    let is_line_buffered = buffering == 1 || (buffering < 0 && is_terminal(&channel));
    let binary = BinaryFile::make(buffered_type(mode), channel, file.to_ref(), mode.raw_text());
    if mode.binary {
        return Ok(binary);
    }
    let newline = Newline::parse(text.newline.as_deref())?;
    let mut options = Options::new(text.encoding.as_deref(), text.errors.as_deref(), newline)?;
    options.line_buffering = is_line_buffered;
    Ok(TextFile::make(binary, Some(mode_text), options))
}

py_functions! { pub(super) static FUNCTIONS;
    /// Open file and return a stream.  Raise OSError upon failure.
    "open(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)"
    fn open(
        file: Value, mode: Option<String>, buffering: Option<isize>, encoding: OrNone<Value>, errors: OrNone<Value>,
        newline: OrNone<Value>, closefd: Option<bool>, opener: OrNone<Value>,
    ) -> PyResult {
        let text = TextArguments {
            encoding: text_argument(encoding.0, "encoding")?,
            errors: text_argument(errors.0, "errors")?,
            newline: text_argument(newline.0, "newline")?,
        };
        open_stream(file, mode.as_deref().unwrap_or("r"), buffering.unwrap_or(-1), text, closefd.unwrap_or(true), opener.0)
    }
    /// Opens the provided file with the intent to import the contents.
    "open_code(path)"
    fn open_code(path: &StrObject) -> PyResult {
        let text = TextArguments { encoding: None, errors: None, newline: None };
        open_stream(Value::from_object(path), "rb", -1, text, true, None)
    }
    /// A helper function to choose the text encoding.
    "text_encoding(encoding, stacklevel=2, /)"
    fn text_encoding(encoding: Value, stacklevel: Option<isize>) -> Ref {
        let _ = stacklevel;
        if runtime::objects::is_none(encoding) { StrObject::intern("utf-8").into() } else { encoding.to_ref() }
    }
}
