//! `_IOBase`, `_RawIOBase`, `_BufferedIOBase`, `_TextIOBase`: what all streams share, written in terms of what they implement.
//!
//! Every layout of a stream starts with [`IoBase`], so that classes can derive from any of them. Method: CPython's `iobase.c`.

use std::cell::Cell;

use runtime::convert::{OrNone, Rest};
use runtime::field::Field;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::bytes::BytesObject;
use runtime::objects::list::ListObject;
use runtime::objects::{self, bytearray::ByteArray, int};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, buffer, error, protocol, py_methods, raise, thread};

use super::{Size, call, closed_error, is_closed, unsupported};

/// What every stream begins with.
#[repr(C)]
pub(crate) struct IoBase {
    header: Header,
    dict: Field,
    /// Closed by the `close` of this file.
    is_closed: Cell<bool>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for IoBase {
    fn type_object() -> &'static TypeObject {
        &IO_BASE
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.dict.visit(visit);
    }
    fn clear(&self) {
        drop(self.dict.take());
    }
}

impl IoBase {
    /// The beginning of an instance of `ty`.
    pub(super) fn new(ty: &TypeObject) -> IoBase {
        IoBase { header: Header::new(ty), dict: Field::empty(), is_closed: Cell::new(false) }
    }

    /// Shows what it owns.
    pub(super) fn visit(&self, visit: Visitor<'_>) {
        self.dict.visit(visit);
    }

    /// Lets go of what it owns.
    pub(super) fn release(&self) {
        drop(self.dict.take());
    }
}

/// Offset of the dict in every stream.
pub(super) const DICT: usize = std::mem::offset_of!(IoBase, dict);

/// Fails for a closed stream.
pub(super) fn check_open(stream: Value) -> PyResult<()> {
    if is_closed(stream)? { Err(closed_error()) } else { Ok(()) }
}

/// Fails for a stream whose method `question` does not answer `True`.
pub(super) fn check_ability(stream: Value, question: &str, what: &str) -> PyResult<()> {
    let answer = call(stream, question, &[])?;
    if answer.value() == objects::bool(true) {
        return Ok(());
    }
    Err(unsupported(&format!("File or stream is not {what}.")))
}

/// Closes a stream that nobody has closed; the finaliser of all streams.
pub(super) fn finalize(stream: Value) -> PyResult<()> {
    let closed = match is_closed(stream) {
        Ok(closed) => closed,
        // What was never set up has nothing to close.
        Err(raised) => {
            drop(thread().take_raised(raised));
            true
        }
    };
    if closed {
        return Ok(());
    }
    call(stream, "close", &[]).map(drop)
}

/// Flushes `stream`, then closes the one `below` it whether or not that went well.
pub(super) fn flush_and_close(stream: Value, below: Value) -> PyResult<()> {
    let flushed = call(stream, "flush", &[]).err().map(|raised| thread().take_raised(raised));
    both(flushed, call(below, "close", &[]))
}

/// The outcome of flushing and of closing: a failure of both is the second one, in the context of the first.
pub(super) fn both(flushed: Option<Ref>, closed: PyResult) -> PyResult<()> {
    match (flushed, closed) {
        (None, closed) => closed.map(drop),
        (Some(first), Ok(_)) => Err(thread().set_raised(first)),
        (Some(first), Err(raised)) => {
            let second = thread().take_raised(raised);
            if let Some(second) = second.get::<error::ExceptionObject>()
                && second.context.get().is_none()
            {
                second.context.set(first);
            }
            Err(thread().set_raised(second))
        }
    }
}

/// Lets the file at the bottom of `below` say that nobody has closed it, on behalf of `source`.
pub(super) fn warn_unclosed(below: &Ref, source: Value) -> PyResult<()> {
    if !crate::warning::are_wanted() || is_closed(below.value()).unwrap_or(true) {
        drop(thread().fetch_raised());
        return Ok(());
    }
    if call(below.value(), "_dealloc_warn", &[source]).is_err() {
        drop(thread().fetch_raised());
    }
    Ok(())
}

/// Reads a line byte by byte, or by what `peek` shows.
fn read_line(stream: Value, limit: Option<usize>) -> PyResult<Vec<u8>> {
    let peek = protocol::get_optional_attr(stream, objects::str::StrObject::intern("peek").value())?;
    let (mut line, limit) = (Vec::new(), limit.unwrap_or(usize::MAX));
    while line.len() < limit {
        let mut wanted = 1;
        if let Some(peek) = &peek {
            let shown = protocol::call(peek.value(), &[Value::small(1)], None)?;
            let Some(shown) = shown.get::<BytesObject>().map(BytesObject::as_slice) else {
                let got = shown.ty().name();
                return Err(raise!(OSError, "peek() should have returned a bytes object, not '{got}'"));
            };
            let shown = &shown[..shown.len().min(limit - line.len())];
            if !shown.is_empty() {
                wanted = memchr::memchr(b'\n', shown).map_or(shown.len(), |at| at + 1);
            }
        }
        let read = call(stream, "read", &[Value::small(wanted as i64)])?;
        let Some(read) = read.get::<BytesObject>().map(BytesObject::as_slice) else {
            let got = read.ty().name();
            return Err(raise!(OSError, "read() should have returned a bytes object, not '{got}'"));
        };
        line.extend_from_slice(read);
        if read.is_empty() || line.ends_with(b"\n") {
            break;
        }
    }
    Ok(line)
}

py_methods! { static BASE_METHODS for "_io._IOBase", Value;
    /// Change the stream position to the given byte offset.
    "seek(self, offset, whence=0, /)"
    fn seek(stream, offset: Value, whence: Option<Value>) -> PyResult<()> {
        let _ = (stream, offset, whence);
        Err(unsupported("seek"))
    }
    /// Return current stream position.
    "tell(self, /)"
    fn tell(stream) -> PyResult {
        call(stream, "seek", &[Value::small(0), Value::small(1)])
    }
    /// Truncate file to size bytes.
    "truncate(self, size=None, /)"
    fn truncate(stream, size: Option<Value>) -> PyResult<()> {
        let _ = (stream, size);
        Err(unsupported("truncate"))
    }
    /// Flush write buffers, if applicable.
    "flush(self, /)"
    fn flush(stream) -> PyResult<()> {
        if base(stream).is_closed.get() { Err(closed_error()) } else { Ok(()) }
    }
    /// Flush and close the IO object.
    "close(self, /)"
    fn close(stream) -> PyResult<()> {
        let this = base(stream);
        if this.is_closed.get() {
            return Ok(());
        }
        let flushed = call(stream, "flush", &[]);
        this.is_closed.set(true);
        flushed.map(drop)
    }
    /// Return whether object supports random access.
    "seekable(self, /)"
    fn seekable(stream) -> bool {
        let _ = stream;
        false
    }
    /// Return whether object was opened for reading.
    "readable(self, /)"
    fn readable(stream) -> bool {
        let _ = stream;
        false
    }
    /// Return whether object was opened for writing.
    "writable(self, /)"
    fn writable(stream) -> bool {
        let _ = stream;
        false
    }
    /// Fails for a closed stream.
    "_checkClosed(self, /, msg=None)"
    fn check_closed(stream, msg: Option<Value>) -> PyResult<()> {
        let _ = msg;
        check_open(stream)
    }
    /// Fails for a stream that cannot seek.
    "_checkSeekable(self, /, msg=None)"
    fn check_seekable(stream, msg: Option<Value>) -> PyResult<()> {
        let _ = msg;
        check_ability(stream, "seekable", "seekable")
    }
    /// Fails for a stream that cannot be read.
    "_checkReadable(self, /, msg=None)"
    fn check_readable(stream, msg: Option<Value>) -> PyResult<()> {
        let _ = msg;
        check_ability(stream, "readable", "readable")
    }
    /// Fails for a stream that cannot be written.
    "_checkWritable(self, /, msg=None)"
    fn check_writable(stream, msg: Option<Value>) -> PyResult<()> {
        let _ = msg;
        check_ability(stream, "writable", "writable")
    }
    /// Return underlying file descriptor if one exists.
    "fileno(self, /)"
    fn fileno(stream) -> PyResult<()> {
        let _ = stream;
        Err(unsupported("fileno"))
    }
    /// Return whether this is an 'interactive' stream.
    "isatty(self, /)"
    fn isatty(stream) -> PyResult<bool> {
        check_open(stream).map(|()| false)
    }
    /// Context management: the stream itself.
    "__enter__(self, /)"
    fn enter(stream) -> PyResult {
        check_open(stream).map(|()| stream.to_ref())
    }
    /// Context management: closes the stream.
    "__exit__(self, /, *args)"
    fn exit(stream, args: Rest<'_>) -> PyResult {
        let _ = args;
        call(stream, "close", &[])
    }
    /// Read and return a line from the stream.
    "readline(self, size=-1, /)"
    fn readline(stream, size: Size) -> PyResult {
        Ok(BytesObject::new(&read_line(stream, size.0)?).into())
    }
    /// Return a list of lines from the stream.
    "readlines(self, hint=-1, /)"
    fn readlines(stream, hint: OrNone<isize>) -> PyResult {
        let limit = hint.0.and_then(|hint| usize::try_from(hint).ok()).filter(|&hint| hint > 0);
        let (lines, mut total) = (ListObject::empty(), 0);
        let iterator = protocol::get_iter(stream)?;
        while let Some(line) = protocol::iter_next(iterator.value())? {
            total += protocol::len(line.value())?;
            lines.push(line);
            if limit.is_some_and(|limit| total >= limit) {
                break;
            }
        }
        Ok(lines.into())
    }
    /// Write a list of lines to stream.
    "writelines(self, lines, /)"
    fn writelines(stream, lines: Value) -> PyResult<()> {
        check_open(stream)?;
        protocol::for_each(lines, |line| call(stream, "write", &[line.value()]).map(drop))
    }
}

fn base<'a>(stream: Value) -> &'a IoBase {
    stream.get::<IoBase>().expect("descriptors check their owner")
}

fn iter(stream: Value) -> PyResult {
    check_open(stream).map(|()| stream.to_ref())
}

fn next(stream: Value) -> PyResult<Option<Ref>> {
    let line = call(stream, "readline", &[])?;
    Ok(if protocol::len(line.value())? == 0 { None } else { Some(line) })
}

fn new(ty: &TypeObject, _: runtime::args::Args<'_>) -> PyResult {
    Ok(object::new_object_of(ty, IoBase::new(ty)).into())
}

const CLOSED: GetSetDef = GetSetDef {
    name: "closed",
    doc: "",
    get: |value| Ok(objects::bool(base(value).is_closed.get()).to_ref()),
    set: None,
};

/// `_IOBase`: what all streams share.
pub(crate) static IO_BASE: TypeObject = TypeObject::from_spec(&BASE_SPEC);
static BASE_SPEC: TypeSpec = TypeSpec {
    module: "_io",
    doc: "The abstract base class for all I/O classes.",
    flags: type_flags::BASE | type_flags::GC | type_flags::WEAK,
    dict_offset: DICT,
    slots: Slots {
        new: Some(new),
        init: Some(|_, _| Ok(())),
        iter: Some(iter),
        iternext: Some(next),
        finalize: Some(finalize),
        ..Slots::EMPTY
    },
    methods: &[BASE_METHODS],
    getset: &[CLOSED, runtime::objects::descriptor::DICT_GETSET],
    ..TypeSpec::of::<IoBase>("_IOBase")
};

/// All that a raw stream gives until it gives nothing.
fn read_all(stream: Value) -> PyResult {
    let mut data = Vec::new();
    loop {
        let part = call(stream, "read", &[Value::small(super::BLOCK as i64)])?;
        if objects::is_none(part.value()) && data.is_empty() {
            return Ok(part);
        }
        if objects::is_none(part.value()) {
            break;
        }
        let Some(part) = part.get::<BytesObject>() else {
            return Err(raise!(TypeError, "read() should return bytes"));
        };
        if part.as_slice().is_empty() {
            break;
        }
        data.extend_from_slice(part.as_slice());
    }
    Ok(BytesObject::new(&data).into())
}

py_methods! { static RAW_METHODS for "_io._RawIOBase", Value;
    /// Read up to size bytes.
    "read(self, size=-1, /)"
    fn read(stream, size: OrNone<isize>) -> PyResult {
        let Ok(size) = usize::try_from(size.0.unwrap_or(-1)) else { return call(stream, "readall", &[]) };
        let mut room = Vec::new();
        room.try_reserve_exact(size).map_err(|_| error::memory_error())?;
        room.resize(size, 0);
        let room = ByteArray::make(room);
        let count = call(stream, "readinto", &[room.value()])?;
        if objects::is_none(count.value()) {
            return Ok(count);
        }
        let count = int::to_isize(count.value())?;
        if !(0..=size as isize).contains(&count) {
            return Err(raise!(ValueError, "readinto() returned {count} outside buffer size {size}"));
        }
        let data = buffer::to_vec(room.value())?;
        Ok(BytesObject::new(data.get(..count as usize).unwrap_or(&data)).into())
    }
    /// Read until EOF, using multiple read() call.
    "readall(self, /)"
    fn readall(stream) -> PyResult {
        read_all(stream)
    }
    /// Read bytes into a buffer.
    "readinto(self, buffer, /)"
    fn readinto(stream, target: Value) -> PyResult<()> {
        let _ = (stream, target);
        Err(raise!(NotImplementedError, ""))
    }
    /// Write bytes.
    "write(self, b, /)"
    fn write(stream, data: Value) -> PyResult<()> {
        let _ = (stream, data);
        Err(raise!(NotImplementedError, ""))
    }
}

/// `readinto` by way of a method that makes bytes.
fn read_into(stream: Value, target: Value, method: &str) -> PyResult<usize> {
    let room = buffer::writable_len(target)?;
    let data = call(stream, method, &[Value::small(room as i64)])?;
    let Some(data) = data.get::<BytesObject>().map(BytesObject::as_slice) else {
        return Err(raise!(TypeError, "read() should return bytes"));
    };
    if data.len() > room {
        let (wanted, got) = (room, data.len());
        return Err(raise!(
            ValueError,
            "read() returned too much data: {wanted} bytes requested, {got} returned"
        ));
    }
    buffer::with_bytes_mut(target, |target| target[..data.len()].copy_from_slice(data))?;
    Ok(data.len())
}

py_methods! { static BUFFERED_METHODS for "_io._BufferedIOBase", Value;
    /// Disconnect this buffer from its underlying raw stream and return it.
    "detach(self, /)"
    fn detach(stream) -> PyResult<()> {
        let _ = stream;
        Err(unsupported("detach"))
    }
    /// Read and return up to n bytes.
    "read(self, size=-1, /)"
    fn read_buffered(stream, size: Option<Value>) -> PyResult<()> {
        let _ = (stream, size);
        Err(unsupported("read"))
    }
    /// Read and return up to size bytes, with at most one read() call to the underlying raw stream.
    "read1(self, size=-1, /)"
    fn read1(stream, size: Option<Value>) -> PyResult<()> {
        let _ = (stream, size);
        Err(unsupported("read1"))
    }
    /// Read bytes into a buffer.
    "readinto(self, buffer, /)"
    fn readinto_buffered(stream, target: Value) -> PyResult<usize> {
        read_into(stream, target, "read")
    }
    /// Read bytes into a buffer with at most one read() call to the underlying raw stream.
    "readinto1(self, buffer, /)"
    fn readinto1(stream, target: Value) -> PyResult<usize> {
        read_into(stream, target, "read1")
    }
    /// Write buffer b to the IO stream.
    "write(self, b, /)"
    fn write_buffered(stream, data: Value) -> PyResult<()> {
        let _ = (stream, data);
        Err(unsupported("write"))
    }
}

py_methods! { static TEXT_METHODS for "_io._TextIOBase", Value;
    /// Separate the underlying buffer from the TextIOBase and return it.
    "detach(self, /)"
    fn detach_text(stream) -> PyResult<()> {
        let _ = stream;
        Err(unsupported("detach"))
    }
    /// Read at most size characters from stream.
    "read(self, size=-1, /)"
    fn read_text(stream, size: Option<Value>) -> PyResult<()> {
        let _ = (stream, size);
        Err(unsupported("read"))
    }
    /// Read until newline or EOF.
    "readline(self, size=-1, /)"
    fn readline_text(stream, size: Option<Value>) -> PyResult<()> {
        let _ = (stream, size);
        Err(unsupported("readline"))
    }
    /// Write string s to stream.
    "write(self, s, /)"
    fn write_text(stream, text: Value) -> PyResult<()> {
        let _ = (stream, text);
        Err(unsupported("write"))
    }
}

const fn none_attribute(name: &'static str, doc: &'static str) -> GetSetDef {
    GetSetDef { name, doc, get: |_| Ok(objects::none().to_ref()), set: None }
}

macro_rules! abstract_base {
    ($(#[$meta:meta])* $name:ident, $spec:ident, $text:literal, $doc:literal, $methods:ident, $getset:expr) => {
        $(#[$meta])*
        pub(crate) static $name: TypeObject = TypeObject::from_spec(&$spec);
        static $spec: TypeSpec = TypeSpec {
            module: "_io",
            doc: $doc,
            flags: type_flags::BASE | type_flags::GC,
            base: Some(&IO_BASE),
            methods: &[$methods],
            getset: $getset,
            ..TypeSpec::of::<IoBase>($text)
        };
    };
}

abstract_base! {
    /// `_RawIOBase`.
    RAW_BASE, RAW_BASE_SPEC, "_RawIOBase",
    "The base of streams of bytes that ask the system for each read and write.", RAW_METHODS, &[]
}
abstract_base! {
    /// `_BufferedIOBase`.
    BUFFERED_BASE, BUFFERED_BASE_SPEC, "_BufferedIOBase",
    "The base of streams of bytes that keep some of them in memory: reads and writes do all that they are asked for.", BUFFERED_METHODS, &[]
}
abstract_base! {
    /// `_TextIOBase`.
    TEXT_BASE, TEXT_BASE_SPEC, "_TextIOBase",
    "The base of streams of text.", TEXT_METHODS,
    &[
        none_attribute("encoding", "How the text is encoded; None for streams that have no bytes."),
        none_attribute("newlines", "The line ends that have been seen so far: None, a str, or a tuple of them."),
        none_attribute("errors", "What happens to what cannot be encoded or decoded."),
    ]
}
