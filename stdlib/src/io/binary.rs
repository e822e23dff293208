//! Streams of bytes: `FileIO`, the buffered classes over it, `BytesIO`. One layout, one table of methods.
//!
//! `FileIO` talks to the device of its channel, the others to its buffers; `BytesIO` is a channel over memory.

use std::rc::Rc;

use runtime::args::Args;
use runtime::convert::OrNone;
use runtime::field::Field;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::bytes::BytesObject;
use runtime::objects::str::StrObject;
use runtime::objects::{self, int};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Raised, Ref, TypeObject, Value, buffer, error, protocol, py_methods, raise};

use super::channel::{BLOCK, Channel, Shared};
use super::{Size, check_whence, closed_error, open, unsupported};

/// A stream of bytes.
#[repr(C)]
pub(crate) struct BinaryFile {
    header: Header,
    channel: Shared,
    name: Field,
    raw: Field,
    mode: &'static str,
}

// SAFETY: `repr(C)`, header first. All stream types share the layout.
unsafe impl Object for BinaryFile {
    fn type_object() -> &'static TypeObject {
        &FILE_IO
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.name.visit(visit);
        self.raw.visit(visit);
    }
    fn clear(&self) {
        drop((self.name.take(), self.raw.take()));
    }
}

impl BinaryFile {
    /// A stream of this type over a channel.
    pub(super) fn make(ty: &TypeObject, channel: Shared, name: Ref, mode: &'static str) -> Ref {
        let contents = BinaryFile {
            header: Header::new(ty),
            channel,
            name: Field::new(name),
            raw: Field::empty(),
            mode,
        };
        object::new_object_in_layout(ty, contents).into()
    }

    /// The channel.
    pub(super) fn channel(&self) -> &Shared {
        &self.channel
    }

    /// What was opened.
    pub(super) fn name(&self) -> Option<Ref> {
        self.name.get_ref()
    }
}

/// The stream that a value is, if it is one.
pub(super) fn of<'a>(value: Value) -> Option<&'a BinaryFile> {
    let types = [&FILE_IO, &BUFFERED_READER, &BUFFERED_WRITER, &BUFFERED_RANDOM, &BYTES_IO];
    let is_stream = types.iter().any(|ty| value.ty().is_subtype_of(ty));
    // SAFETY: instances of these types and of their subclasses start with the layout.
    is_stream.then(|| unsafe { value.cast() })
}

fn this<'a>(value: Value) -> &'a BinaryFile {
    of(value).expect("descriptors check their owner")
}

fn is_raw(value: Value) -> bool {
    value.ty().is_subtype_of(&FILE_IO)
}

fn is_memory(value: Value) -> bool {
    value.ty().is_subtype_of(&BYTES_IO)
}

/// `read of closed file` for buffered streams; the others do not say what was asked.
fn closed(value: Value, what: &str) -> Raised {
    if is_memory(value) {
        return closed_error();
    }
    match is_raw(value) || what.is_empty() {
        true => raise!(ValueError, "I/O operation on closed file"),
        false => raise!(ValueError, "{what} of closed file"),
    }
}

fn check_open(value: Value, what: &str) -> PyResult<()> {
    if this(value).channel.borrow().is_closed() { Err(closed(value, what)) } else { Ok(()) }
}

/// An open stream that was opened for reading.
fn check_readable(value: Value, what: &str) -> PyResult<()> {
    if this(value).channel.borrow().can_read {
        return check_open(value, what);
    }
    if is_raw(value) { Err(unsupported("File not open for reading")) } else { Err(unsupported("read")) }
}

fn check_writable(value: Value) -> PyResult<()> {
    if !this(value).channel.borrow().can_write {
        let message = if is_raw(value) { "File not open for writing" } else { "write" };
        return Err(unsupported(message));
    }
    if this(value).channel.borrow().is_closed() && !is_raw(value) && !is_memory(value) {
        return Err(raise!(ValueError, "write to closed file"));
    }
    check_open(value, "write")
}

fn bytes(data: &[u8]) -> Ref {
    BytesObject::new(data).into()
}

/// One read from the device; everything for `None`.
fn device_read(channel: &mut Channel, size: Option<usize>) -> PyResult<Vec<u8>> {
    let Some(size) = size else { return channel.read(None) };
    let mut data = Vec::new();
    data.try_reserve_exact(size).map_err(|_| error::memory_error())?;
    data.resize(size, 0);
    let count = channel.device_read(&mut data)?;
    data.truncate(count);
    Ok(data)
}

fn read_at_most_once(value: Value, size: Option<usize>) -> PyResult {
    let mut channel = this(value).channel.borrow_mut();
    if channel.unread().is_empty() {
        channel.fill()?;
    }
    let count = size.unwrap_or(usize::MAX).min(channel.unread().len());
    Ok(bytes(&channel.take(count)))
}

py_methods! { static METHODS for "_io._BufferedIOBase", Value;
    /// Read and return up to size bytes; all of them for None or a negative size.
    "read(self, size=-1, /)"
    fn read(value, size: Size) -> PyResult {
        check_readable(value, "read")?;
        let (size, mut channel) = (size.0, this(value).channel.borrow_mut());
        let data = if is_raw(value) { device_read(&mut channel, size) } else { channel.read(size) };
        data.map(|data| bytes(&data))
    }
    /// Read and return up to size bytes, with at most one read() call to the underlying raw stream.
    "read1(self, size=-1, /)"
    fn read1(value, size: Size) -> PyResult {
        check_readable(value, "read")?;
        read_at_most_once(value, size.0)
    }
    /// Read all data from the file, returned as bytes.
    "readall(self, /)"
    fn readall(value) -> PyResult {
        check_readable(value, "read")?;
        this(value).channel.borrow_mut().read(None).map(|data| bytes(&data))
    }
    /// Return buffered bytes without advancing the position.
    "peek(self, size=0, /)"
    fn peek(value, size: Option<isize>) -> PyResult {
        let _ = size;
        check_readable(value, "peek")?;
        let mut channel = this(value).channel.borrow_mut();
        if channel.unread().is_empty() {
            channel.fill()?;
        }
        Ok(bytes(channel.unread()))
    }
    /// Read and return one line from the stream.
    "readline(self, size=-1, /)"
    fn readline(value, size: Size) -> PyResult {
        check_readable(value, "readline")?;
        this(value).channel.borrow_mut().read_line(size.0).map(|line| bytes(&line))
    }
    /// Read bytes into a buffer and return how many.
    "readinto(self, buffer, /)"
    fn readinto(value, target: Value) -> PyResult<usize> {
        check_readable(value, "readinto")?;
        let room = buffer::writable_len(target)?;
        let data = {
            let mut channel = this(value).channel.borrow_mut();
            if is_raw(value) { device_read(&mut channel, Some(room))? } else { channel.read(Some(room))? }
        };
        buffer::with_bytes_mut(target, |target| target[..data.len()].copy_from_slice(&data))?;
        Ok(data.len())
    }
    /// Write the given buffer to the stream and return the number of bytes.
    "write(self, buffer, /)"
    fn write(value, data: Value) -> PyResult<usize> {
        check_writable(value)?;
        buffer::with_bytes(data, |data| {
            let mut channel = this(value).channel.borrow_mut();
            if is_raw(value) { channel.device_write(data) } else { channel.write(data).map(|()| data.len()) }
        })?
    }
    /// Move to a position and return it.
    "seek(self, target, whence=0, /)"
    fn seek(value, target: i64, whence: Option<i32>) -> PyResult<i64> {
        check_open(value, "seek")?;
        let whence = whence.unwrap_or(0);
        if !is_memory(value) && !is_raw(value) && check_whence(whence).is_err() {
            drop(runtime::thread().fetch_raised());
            return Err(raise!(ValueError, "whence value {whence} unsupported"));
        }
        this(value).channel.borrow_mut().seek(target, check_whence(whence)?)
    }
    /// Return the current position.
    "tell(self, /)"
    fn tell(value) -> PyResult<i64> {
        check_open(value, "")?;
        this(value).channel.borrow_mut().tell()
    }
    /// Cut the file, by default at the current position; return the new size.
    "truncate(self, size=None, /)"
    fn truncate(value, size: OrNone<i64>) -> PyResult<i64> {
        check_open(value, "truncate")?;
        if !this(value).channel.borrow().can_write {
            return Err(unsupported("truncate"));
        }
        let mut channel = this(value).channel.borrow_mut();
        let size = match size.0 {
            Some(size) => size,
            None => channel.tell()?,
        };
        let Ok(wanted) = usize::try_from(size) else {
            return Err(raise!(ValueError, "negative size value {size}"));
        };
        channel.truncate(wanted).map(|()| size)
    }
    /// Flush write buffers, if applicable.
    "flush(self, /)"
    fn flush(value) -> PyResult<()> {
        let mut channel = this(value).channel.borrow_mut();
        if channel.is_closed() {
            let says_what = channel.can_write && !is_raw(value) && !is_memory(value);
            return Err(if says_what { raise!(ValueError, "flush of closed file") } else { closed_error() });
        }
        channel.flush()
    }
    /// Flush and close the stream.
    "close(self, /)"
    fn close(value) -> PyResult<()> {
        this(value).channel.borrow_mut().close()
    }
    /// Return underlying file descriptor if one exists.
    "fileno(self, /)"
    fn fileno(value) -> PyResult<i32> {
        if is_memory(value) {
            return Err(unsupported("fileno"));
        }
        check_open(value, "")?;
        let descriptor = this(value).channel.borrow().descriptor();
        descriptor.ok_or_else(|| unsupported("fileno"))
    }
    /// Return whether this is an 'interactive' stream.
    "isatty(self, /)"
    fn isatty(value) -> PyResult<bool> {
        check_open(value, "")?;
        let descriptor = this(value).channel.borrow().descriptor();
        // SAFETY: a query about a descriptor.
        Ok(descriptor.is_some_and(|fd| unsafe { libc::isatty(fd) } == 1))
    }
    /// Return whether object was opened for reading.
    "readable(self, /)"
    fn readable(value) -> PyResult<bool> {
        check_open(value, "")?;
        Ok(this(value).channel.borrow().can_read)
    }
    /// Return whether object was opened for writing.
    "writable(self, /)"
    fn writable(value) -> PyResult<bool> {
        if this(value).channel.borrow().can_write { check_open(value, "").map(|()| true) } else { Ok(false) }
    }
    /// Return whether object supports random access.
    "seekable(self, /)"
    fn seekable(value) -> PyResult<bool> {
        check_open(value, "")?;
        Ok(this(value).channel.borrow_mut().is_seekable())
    }
}

py_methods! { static MEMORY_METHODS for "_io.BytesIO", Value;
    /// Retrieve the entire contents of the BytesIO object.
    "getvalue(self, /)"
    fn getvalue(value) -> PyResult {
        check_open(value, "")?;
        Ok(bytes(this(value).channel.borrow().memory().unwrap_or_default()))
    }
    /// A writable view of the contents.
    "getbuffer(self, /)"
    fn getbuffer(value) -> PyResult {
        check_open(value, "")?;
        Err(error::not_supported("BytesIO.getbuffer()"))
    }
}

fn raw(value: Value) -> PyResult {
    let stream = this(value);
    if stream.raw.get().is_none() {
        let name = stream.name.get_or_none();
        stream.raw.set(BinaryFile::make(&FILE_IO, Rc::clone(&stream.channel), name, stream.mode));
    }
    Ok(stream.raw.get_or_none())
}

const CLOSED: GetSetDef = GetSetDef {
    name: "closed",
    doc: "True if the file is closed",
    get: |value| Ok(objects::bool(this(value).channel.borrow().is_closed()).to_ref()),
    set: None,
};

const NAME: GetSetDef =
    GetSetDef { name: "name", doc: "", get: |value| Ok(this(value).name.get_or_none()), set: None };
const MODE: GetSetDef = GetSetDef {
    name: "mode",
    doc: "",
    get: |value| Ok(StrObject::intern(this(value).mode).into()),
    set: None,
};
const RAW: GetSetDef = GetSetDef { name: "raw", doc: "", get: raw, set: None };
const CLOSEFD: GetSetDef = GetSetDef {
    name: "closefd",
    doc: "True if the file descriptor will be closed by close().",
    get: |value| Ok(objects::bool(this(value).channel.borrow().is_owned()).to_ref()),
    set: None,
};

fn repr(value: Value) -> PyResult {
    let (stream, name) = (this(value), value.ty().name());
    if is_memory(value) {
        return Ok(protocol::text::default_repr(value));
    }
    let file = protocol::repr_string(stream.name.get_or_none().value())?;
    let channel = stream.channel.borrow();
    let text = match (is_raw(value), channel.is_closed()) {
        (false, _) => format!("<_io.{name} name={file}>"),
        (true, true) => format!("<_io.{name} [closed]>"),
        (true, false) => {
            let closefd = if channel.is_owned() { "True" } else { "False" };
            format!("<_io.{name} name={file} mode='{}' closefd={closefd}>", stream.mode)
        }
    };
    Ok(StrObject::new(&text).into())
}

fn next(value: Value) -> PyResult<Option<Ref>> {
    check_readable(value, "readline")?;
    let line = this(value).channel.borrow_mut().read_line(None)?;
    Ok(if line.is_empty() { None } else { Some(bytes(&line)) })
}

/// `FileIO(file, mode='r', closefd=True)`
fn new_raw(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let [file, rest @ ..] = args.positional else {
        return Err(raise!(TypeError, "FileIO() missing required argument 'file' (pos 1)"));
    };
    args.no_keywords("FileIO")?;
    let text = rest.first().map_or(Ok("r".to_owned()), |mode| protocol::str_string(*mode))?;
    let closes = rest.get(1).map_or(Ok(true), |closes| protocol::is_true(*closes))?;
    let mode = open::raw_mode(&text)?;
    let channel = open::open_raw(*file, mode, closes, None, 0)?;
    Ok(BinaryFile::make(ty, channel, file.to_ref(), mode.raw_text()))
}

/// `BufferedReader(raw, buffer_size=8192)` and its siblings.
fn new_buffered(ty: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords(ty.name())?;
    let [file, size @ ..] = args.positional else {
        return Err(raise!(TypeError, "{}() missing required argument 'raw' (pos 1)", ty.name()));
    };
    if size.first().map_or(Ok(BLOCK as isize), |size| int::to_isize(*size))? <= 0 {
        return Err(raise!(ValueError, "buffer size must be strictly positive"));
    }
    let Some(stream) = of(*file) else {
        return Err(error::not_supported("buffered streams over objects that are no streams of io"));
    };
    let made = BinaryFile::make(ty, Rc::clone(&stream.channel), stream.name.get_or_none(), stream.mode);
    this(made.value()).raw.set(file.to_ref());
    Ok(made)
}

/// `BytesIO(initial_bytes=b'')`
fn new_memory(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let keyword = args.keywords().next().map(|(_, value)| value);
    let initial = args.positional.first().copied().or(keyword).filter(|value| !objects::is_none(*value));
    let data = initial.map_or(Ok(Vec::new()), buffer::to_vec)?;
    Ok(BinaryFile::make(ty, Channel::over_memory(data), objects::none().to_ref(), "rb+"))
}

const SLOTS: Slots =
    Slots { repr: Some(repr), iternext: Some(next), init: Some(|_, _| Ok(())), ..Slots::EMPTY };

/// `FileIO`.
pub(crate) static FILE_IO: TypeObject = TypeObject::from_spec(&FILE_IO_SPEC);
static FILE_IO_SPEC: TypeSpec = TypeSpec {
    module: "_io",
    flags: type_flags::GC,
    base: Some(&super::RAW_BASE),
    slots: Slots { new: Some(new_raw), ..SLOTS },
    methods: &[METHODS],
    getset: &[CLOSED, NAME, MODE, CLOSEFD],
    ..TypeSpec::of::<BinaryFile>("FileIO")
};

macro_rules! buffered {
    ($(#[$meta:meta])* $name:ident, $spec:ident, $text:literal) => {
        $(#[$meta])*
        pub(crate) static $name: TypeObject = TypeObject::from_spec(&$spec);
        static $spec: TypeSpec = TypeSpec {
            module: "_io",
            flags: type_flags::GC,
            base: Some(&super::BUFFERED_BASE),
            slots: Slots { new: Some(new_buffered), ..SLOTS },
            methods: &[METHODS],
            getset: &[CLOSED, NAME, MODE, RAW],
            ..TypeSpec::of::<BinaryFile>($text)
        };
    };
}

buffered! {
    /// `BufferedReader`.
    BUFFERED_READER, READER_SPEC, "BufferedReader"
}
buffered! {
    /// `BufferedWriter`.
    BUFFERED_WRITER, WRITER_SPEC, "BufferedWriter"
}
buffered! {
    /// `BufferedRandom`.
    BUFFERED_RANDOM, RANDOM_SPEC, "BufferedRandom"
}

/// `BytesIO`.
pub(crate) static BYTES_IO: TypeObject = TypeObject::from_spec(&BYTES_IO_SPEC);
static BYTES_IO_SPEC: TypeSpec = TypeSpec {
    module: "_io",
    flags: type_flags::GC | type_flags::BASE,
    base: Some(&super::BUFFERED_BASE),
    slots: Slots { new: Some(new_memory), ..SLOTS },
    methods: &[METHODS, MEMORY_METHODS],
    getset: &[CLOSED],
    ..TypeSpec::of::<BinaryFile>("BytesIO")
};
