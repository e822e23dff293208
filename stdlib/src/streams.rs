//! Standard input, output and error as text streams: UTF-8, buffered per line on terminals, per block otherwise.
//!
//! They stand in for `io.TextIOWrapper` until `_io` exists: `write`, `flush`, `readline`, `read`, iteration, `fileno`, `isatty`.

use std::cell::RefCell;

use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object};
use runtime::objects::str::StrObject;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{Py, PyResult, Ref, TypeObject, Value, error, protocol, py_methods};

/// Output is kept back up to this many bytes.
const BLOCK: usize = 8192;

/// A stream over a file descriptor.
#[repr(C)]
pub struct TextStream {
    header: Header,
    fd: i32,
    name: &'static str,
    pending: RefCell<Vec<u8>>,
    line_buffered: bool,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for TextStream {
    fn type_object() -> &'static TypeObject {
        &TEXT_STREAM
    }
}

impl TextStream {
    /// A stream over a descriptor that stays open.
    pub fn new(fd: i32, name: &'static str) -> Py<TextStream> {
        // SAFETY: a query about a descriptor.
        let is_terminal = unsafe { libc::isatty(fd) } == 1;
        object::new_object(TextStream {
            header: Header::new(&TEXT_STREAM),
            fd,
            name,
            pending: RefCell::new(Vec::new()),
            line_buffered: is_terminal || fd == 2,
        })
    }

    /// Writes text, later if it is buffered.
    pub fn write(&self, text: &StrObject) -> PyResult<()> {
        let mut must_flush = false;
        {
            let mut pending = self.pending.borrow_mut();
            match text.as_ascii() {
                Some(ascii) => pending.extend_from_slice(ascii.as_bytes()),
                None => {
                    let lossless = if self.fd == 2 { text.to_string_lossy() } else { text.to_utf8()? };
                    pending.extend_from_slice(lossless.as_bytes());
                }
            }
            must_flush |= pending.len() >= BLOCK || (self.line_buffered && pending.contains(&b'\n'));
        }
        if must_flush { self.flush() } else { Ok(()) }
    }

    /// Hands everything over to the operating system.
    pub fn flush(&self) -> PyResult<()> {
        let data = std::mem::take(&mut *self.pending.borrow_mut());
        let mut rest = data.as_slice();
        while !rest.is_empty() {
            // SAFETY: the slice is valid for its length.
            let written = unsafe { libc::write(self.fd, rest.as_ptr().cast(), rest.len()) };
            match usize::try_from(written) {
                Ok(count) => rest = &rest[count..],
                Err(_) => {
                    let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
                    if errno != libc::EINTR {
                        return Err(error::os_error(errno, None));
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads up to and including the next line end, or to the end of the file.
    fn read_line(&self) -> PyResult<Vec<u8>> {
        loop {
            let mut pending = self.pending.borrow_mut();
            if let Some(at) = pending.iter().position(|&byte| byte == b'\n') {
                return Ok(pending.drain(..=at).collect());
            }
            drop(pending);
            if self.fill_buffer()? == 0 {
                return Ok(std::mem::take(&mut *self.pending.borrow_mut()));
            }
        }
    }

    fn fill_buffer(&self) -> PyResult<usize> {
        let mut chunk = [0u8; BLOCK];
        // SAFETY: the buffer has this length.
        let count = unsafe { libc::read(self.fd, chunk.as_mut_ptr().cast(), chunk.len()) };
        let Ok(count) = usize::try_from(count) else {
            let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
            return Err(error::os_error(errno, None));
        };
        self.pending.borrow_mut().extend_from_slice(&chunk[..count]);
        Ok(count)
    }
}

fn decoded(data: &[u8]) -> Ref {
    StrObject::new(&String::from_utf8_lossy(data)).into()
}

py_methods! { static METHODS for "TextIOWrapper", &TextStream;
    /// Write string s to stream.
    ///
    /// Return the number of characters written.
    "write(self, s, /)"
    fn write(this, s: &StrObject) -> PyResult<usize> {
        this.write(s)?;
        Ok(s.len())
    }
    /// Flush write buffers, if applicable.
    "flush(self, /)"
    fn flush(this) -> PyResult<()> {
        if this.fd == 0 { Ok(()) } else { this.flush() }
    }
    /// Read until newline or EOF.
    "readline(self, size=-1, /)"
    fn readline(this, size: Option<isize>) -> PyResult<Ref> {
        let _ = size;
        Ok(decoded(&this.read_line()?))
    }
    /// Read to the end of the file.
    "read(self, size=-1, /)"
    fn read(this, size: Option<isize>) -> PyResult<Ref> {
        let _ = size;
        while this.fill_buffer()? > 0 {}
        Ok(decoded(&std::mem::take(&mut *this.pending.borrow_mut())))
    }
    /// Return underlying file descriptor if one exists.
    "fileno(self, /)"
    fn fileno(this) -> i32 {
        this.fd
    }
    /// Return whether this is an 'interactive' stream.
    "isatty(self, /)"
    fn isatty(this) -> bool {
        // SAFETY: a query about a descriptor.
        unsafe { libc::isatty(this.fd) == 1 }
    }
    /// Return whether object was opened for writing.
    "writable(self, /)"
    fn writable(this) -> bool {
        this.fd != 0
    }
    /// Return whether object was opened for reading.
    "readable(self, /)"
    fn readable(this) -> bool {
        this.fd == 0
    }
}

fn this<'a>(value: Value) -> &'a TextStream {
    value.get::<TextStream>().expect("descriptors check their owner")
}

static GETSET: &[GetSetDef] = &[
    GetSetDef { name: "encoding", doc: "", get: |_| Ok(StrObject::intern("utf-8").into()), set: None },
    GetSetDef { name: "errors", doc: "", get: |_| Ok(StrObject::intern("strict").into()), set: None },
    GetSetDef {
        name: "name",
        doc: "",
        get: |value| Ok(StrObject::intern(this(value).name).into()),
        set: None,
    },
    GetSetDef {
        name: "mode",
        doc: "",
        get: |value| Ok(StrObject::intern(if this(value).fd == 0 { "r" } else { "w" }).into()),
        set: None,
    },
    GetSetDef { name: "closed", doc: "", get: |_| Ok(runtime::objects::bool(false).to_ref()), set: None },
];

fn next(value: Value) -> PyResult<Option<Ref>> {
    let line = this(value).read_line()?;
    Ok(if line.is_empty() { None } else { Some(decoded(&line)) })
}

fn repr(value: Value) -> PyResult {
    let stream = this(value);
    let mode = if stream.fd == 0 { 'r' } else { 'w' };
    let text = format!("<_io.TextIOWrapper name='{}' mode='{mode}' encoding='utf-8'>", stream.name);
    Ok(StrObject::new(&text).into())
}

/// The type of the standard streams.
pub static TEXT_STREAM: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_io",
    flags: type_flags::NO_NEW,
    slots: Slots { repr: Some(repr), iter: Some(protocol::identity), iternext: Some(next), ..Slots::EMPTY },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<TextStream>("TextIOWrapper")
};
