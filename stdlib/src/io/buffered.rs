//! `BufferedReader`, `BufferedWriter`, `BufferedRandom`: a read-ahead and a write-behind buffer over a raw stream.
//!
//! At most one of the two buffers holds something: writing first moves the raw stream back over what was read ahead, reading first writes
//! out. The raw stream is a `FileIO`, which is called directly, or any object with its methods, whose code may do anything: so no
//! borrow is held across a call. Method: CPython's `bufferedio.c`, with two buffers instead of one.

use std::cell::{Cell, RefCell};

use runtime::args::Args;
use runtime::convert::FromArg;
use runtime::field::Field;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::bytearray::ByteArray;
use runtime::objects::bytes::BytesObject;
use runtime::objects::memoryview::MEMORYVIEW;
use runtime::objects::str::StrObject;
use runtime::objects::{self, int};
use runtime::signature::{Bound, Signature};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Raised, Ref, TypeObject, Value, buffer, error, protocol, py_methods, raise, thread};

use super::base::{BUFFERED_BASE, IoBase, both, check_ability};
use super::file::FileIo;
use super::turn::{Turn, Turns};
use super::{boolean, call, detached, is_closed, uninitialized, unsupported};

/// A buffered stream.
#[repr(C)]
pub(super) struct Buffered {
    base: IoBase,
    raw: Field,
    is_detached: Cell<bool>,
    can_read: Cell<bool>,
    can_write: Cell<bool>,
    size: Cell<usize>,
    /// What was read ahead, from `at` on.
    input: RefCell<Vec<u8>>,
    at: Cell<usize>,
    output: RefCell<Vec<u8>>,
    turns: Turns,
}

// SAFETY: `repr(C)`, header first. The three types share the layout.
unsafe impl Object for Buffered {
    fn type_object() -> &'static TypeObject {
        &READER
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.base.visit(visit);
        self.raw.visit(visit);
    }
    fn clear(&self) {
        self.base.release();
        drop(self.raw.take());
    }
}

/// The stream that a value is, if it is one of the three.
pub(super) fn of<'a>(value: Value) -> Option<&'a Buffered> {
    let is_one = [&READER, &WRITER, &RANDOM].iter().any(|ty| value.ty().is_subtype_of(ty));
    // SAFETY: instances of these types and of their subclasses start with the layout.
    is_one.then(|| unsafe { value.cast() })
}

/// The stream that a value is, if it is no instance of a subclass.
pub(super) fn exact<'a>(value: Value) -> Option<&'a Buffered> {
    let is_one = [&READER, &WRITER, &RANDOM].iter().any(|ty| value.is_exact(ty));
    // SAFETY: these types have the layout.
    is_one.then(|| unsafe { value.cast() })
}

fn this<'a>(value: Value) -> &'a Buffered {
    of(value).expect("descriptors check their owner")
}

/// `BlockingIOError` of a write of which so much was taken.
fn blocked(written: usize) -> Raised {
    let message = StrObject::new("write could not complete without blocking");
    let args = [Value::small(libc::EAGAIN.into()), message.value(), Value::small(written as i64)];
    error::raise_with_args(&error::types::BlockingIOError, &args)
}

impl Buffered {
    fn allocate(ty: &TypeObject) -> Ref {
        let contents = Buffered {
            base: IoBase::new(ty),
            raw: Field::empty(),
            is_detached: Cell::new(false),
            can_read: Cell::new(false),
            can_write: Cell::new(false),
            size: Cell::new(0),
            input: RefCell::default(),
            at: Cell::new(0),
            output: RefCell::default(),
            turns: Turns::new(),
        };
        object::new_object_in_layout(ty, contents).into()
    }

    /// A stream of one of the three types over a raw stream that fits.
    pub(super) fn over(ty: &'static TypeObject, raw: Ref, size: usize) -> Ref {
        let made = Self::allocate(ty);
        let stream = this(made.value());
        stream.raw.set(raw);
        stream.can_read.set(!std::ptr::eq(ty, &raw const WRITER));
        stream.can_write.set(!std::ptr::eq(ty, &raw const READER));
        stream.size.set(size);
        made
    }

    /// The raw stream.
    pub(super) fn raw(&self) -> PyResult {
        match self.raw.get_ref() {
            Some(raw) => Ok(raw),
            None if self.is_detached.get() => Err(detached("raw stream")),
            None => Err(uninitialized()),
        }
    }

    /// The raw stream, if it is a plain file.
    fn file(&self) -> Option<&FileIo> {
        self.raw.get().and_then(Value::get_exact::<FileIo>)
    }

    /// Whether the raw stream is closed.
    pub(super) fn is_closed(&self) -> PyResult<bool> {
        match self.file() {
            Some(file) => Ok(file.is_closed()),
            None => is_closed(self.raw()?.value()),
        }
    }

    /// Waits until no other thread is in the middle of something here.
    fn turn(&self) -> PyResult<Turn<'_>> {
        self.turns.take(Value::from_object(self))
    }

    fn check_open(&self, what: &str) -> PyResult<()> {
        match self.is_closed()? {
            true => Err(raise!(ValueError, "{what} of closed file")),
            false => Ok(()),
        }
    }

    fn unread(&self) -> usize {
        self.input.borrow().len() - self.at.get()
    }

    /// Takes the first bytes of what was read ahead.
    fn take(&self, count: usize) -> Vec<u8> {
        let at = self.at.get();
        let mut input = self.input.borrow_mut();
        let taken = input[at..at + count].to_vec();
        self.at.set(at + count);
        if self.at.get() == input.len() {
            input.clear();
            self.at.set(0);
        }
        taken
    }

    fn forget_input(&self) {
        self.input.borrow_mut().clear();
        self.at.set(0);
    }

    // --- The raw stream ---

    /// One read; `None` if it would have to wait.
    fn raw_read(&self, want: usize) -> PyResult<Option<Vec<u8>>> {
        let mut room = Vec::new();
        room.try_reserve_exact(want).map_err(|_| error::memory_error())?;
        room.resize(want, 0);
        if let Some(file) = self.file() {
            let Some(count) = file.read_some(&mut room)? else { return Ok(None) };
            room.truncate(count);
            return Ok(Some(room));
        }
        let room = ByteArray::make(room);
        let view = protocol::call(MEMORYVIEW.value(), &[room.value()], None)?;
        let count = call(self.raw()?.value(), "readinto", &[view.value()])?;
        if objects::is_none(count.value()) {
            return Ok(None);
        }
        let count = match int::to_isize(count.value()) {
            Ok(count) => count,
            Err(raised) => {
                let cause = thread().take_raised(raised);
                let failed = StrObject::new("raw readinto() failed");
                let failed = error::new_exception(&error::types::OSError, &[failed.value()]).into_ref();
                return Err(error::raise_statement(failed.value(), Some(cause.value())));
            }
        };
        if !(0..=want as isize).contains(&count) {
            let range = format!("(should have been between 0 and {want})");
            return Err(raise!(OSError, "raw readinto() returned invalid length {count} {range}"));
        }
        let mut data = buffer::to_vec(room.value())?;
        data.truncate(count as usize);
        Ok(Some(data))
    }

    /// One write; `None` if it would have to wait.
    fn raw_write(&self, data: &[u8]) -> PyResult<Option<usize>> {
        if let Some(file) = self.file() {
            return file.write_some(data);
        }
        let bytes = BytesObject::new(data);
        let view = protocol::call(MEMORYVIEW.value(), &[bytes.value()], None)?;
        let written = call(self.raw()?.value(), "write", &[view.value()])?;
        if objects::is_none(written.value()) {
            return Ok(None);
        }
        let count = int::to_isize(written.value())?;
        if !(0..=data.len() as isize).contains(&count) {
            let range = format!("(should have been between 0 and {})", data.len());
            return Err(raise!(OSError, "raw write() returned invalid length {count} {range}"));
        }
        Ok(Some(count as usize))
    }

    fn raw_seek(&self, offset: i64, whence: i32) -> PyResult<i64> {
        if let Some(file) = self.file() {
            return file.seek_to(offset, whence);
        }
        let offset = int::from_i64(offset);
        let at = call(self.raw()?.value(), "seek", &[offset.value(), Value::small(whence.into())])?;
        Self::position(&at)
    }

    fn raw_tell(&self) -> PyResult<i64> {
        if let Some(file) = self.file() {
            return file.seek_to(0, libc::SEEK_CUR);
        }
        Self::position(&call(self.raw()?.value(), "tell", &[])?)
    }

    fn position(at: &Ref) -> PyResult<i64> {
        match int::to_i64(at.value())? {
            at if at < 0 => Err(raise!(OSError, "Raw stream returned invalid position {at}")),
            at => Ok(at),
        }
    }

    // --- Reading ---

    /// Reads ahead once; 0 at the end, `None` if it would have to wait.
    fn fill(&self) -> PyResult<Option<usize>> {
        let room = self.size.get().saturating_sub(self.input.borrow().len());
        let Some(data) = self.raw_read(room)? else { return Ok(None) };
        self.input.borrow_mut().extend_from_slice(&data);
        Ok(Some(data.len()))
    }

    /// Up to `count` bytes, fewer only at the end or if it would have to wait; `None` if it would have to wait for the first.
    fn read_up_to(&self, count: usize) -> PyResult<Option<Vec<u8>>> {
        if count <= self.unread() {
            return Ok(Some(self.take(count)));
        }
        let _turn = self.turn()?;
        let mut data = self.take(self.unread());
        self.write_out()?;
        self.forget_input();
        let size = self.size.get();
        while data.len() < count {
            let remaining = count - data.len();
            // Whole blocks come directly, the last one goes through the buffer.
            let whole = if size > 0 { remaining - remaining % size } else { remaining };
            let part = if whole > 0 {
                self.raw_read(whole)?
            } else {
                let got = self.fill()?;
                got.map(|_| self.take(remaining.min(self.unread())))
            };
            match part {
                Some(part) if !part.is_empty() => data.extend(part),
                None if data.is_empty() => return Ok(None),
                _ => break,
            }
        }
        Ok(Some(data))
    }

    fn read_all(&self) -> PyResult {
        let _turn = self.turn()?;
        let mut data = self.take(self.unread());
        self.write_out()?;
        let raw = self.raw()?;
        if let Some(readall) = protocol::get_optional_attr(raw.value(), StrObject::intern("readall").value())?
        {
            let rest = protocol::call(readall.value(), &[], None)?;
            if objects::is_none(rest.value()) {
                return Ok(if data.is_empty() { rest } else { BytesObject::new(&data).into() });
            }
            let Some(rest) = rest.get::<BytesObject>() else {
                return Err(raise!(TypeError, "readall() should return bytes"));
            };
            data.extend_from_slice(rest.as_slice());
            return Ok(BytesObject::new(&data).into());
        }
        loop {
            let part = call(raw.value(), "read", &[])?;
            if objects::is_none(part.value()) && data.is_empty() {
                return Ok(part);
            }
            if !objects::is_none(part.value()) && !part.is_instance::<BytesObject>() {
                return Err(raise!(TypeError, "read() should return bytes"));
            }
            match part.get::<BytesObject>().map(BytesObject::as_slice) {
                Some(part) if !part.is_empty() => data.extend_from_slice(part),
                _ => return Ok(BytesObject::new(&data).into()),
            }
        }
    }

    /// What is there, with at most one read; nothing if it would have to wait.
    pub(super) fn read_once(&self, count: Option<usize>) -> PyResult<Vec<u8>> {
        let count = count.unwrap_or(self.size.get());
        let unread = self.unread();
        if unread > 0 || count == 0 {
            return Ok(self.take(count.min(unread)));
        }
        let _turn = self.turn()?;
        self.write_out()?;
        Ok(self.raw_read(count)?.unwrap_or_default())
    }

    fn read_line(&self, limit: Option<usize>) -> PyResult<Vec<u8>> {
        let (limit, mut line) = (limit.unwrap_or(usize::MAX), Vec::new());
        let _turn = self.turn()?;
        self.write_out()?;
        while line.len() < limit {
            let found = memchr::memchr(b'\n', &self.input.borrow()[self.at.get()..]);
            let available = found.map_or(self.unread(), |at| at + 1);
            let count = available.min(limit - line.len());
            line.extend(self.take(count));
            if (found.is_some() && count == available) || line.len() >= limit {
                break;
            }
            if self.fill()?.unwrap_or(0) == 0 {
                break;
            }
        }
        Ok(line)
    }

    fn read_into(&self, target: Value, is_once: bool) -> PyResult<Option<usize>> {
        let room = buffer::writable_len(target)?;
        if room == 0 {
            return Ok(Some(0));
        }
        let data = if is_once { self.read_into_once(room)? } else { self.read_up_to(room)? };
        let Some(data) = data else { return Ok(None) };
        buffer::with_bytes_mut(target, |target| target[..data.len()].copy_from_slice(&data))?;
        Ok(Some(data.len()))
    }

    /// What was read ahead, and, if that is little, what one read gives; `None` if it would have to wait for the first byte.
    fn read_into_once(&self, room: usize) -> PyResult<Option<Vec<u8>>> {
        let _turn = self.turn()?;
        let mut data = self.take(room.min(self.unread()));
        let remaining = room - data.len();
        if remaining > self.size.get() {
            self.write_out()?;
            match self.raw_read(remaining)? {
                None if data.is_empty() => return Ok(None),
                more => data.extend(more.unwrap_or_default()),
            }
        } else if remaining > 0 && data.is_empty() {
            self.write_out()?;
            if self.fill()?.is_none() {
                return Ok(None);
            }
            data = self.take(remaining.min(self.unread()));
        }
        Ok(Some(data))
    }

    // --- Writing ---

    /// Writes out what is kept back.
    fn write_out(&self) -> PyResult<()> {
        while !self.output.borrow().is_empty() {
            let data = std::mem::take(&mut *self.output.borrow_mut());
            let outcome = self.raw_write(&data);
            let written = *outcome.as_ref().unwrap_or(&None);
            let mut output = self.output.borrow_mut();
            let later = std::mem::take(&mut *output);
            *output = data;
            output.drain(..written.unwrap_or(0));
            output.extend(later);
            drop(output);
            if outcome?.is_none() {
                return Err(blocked(0));
            }
            runtime::signal::check()?;
        }
        Ok(())
    }

    /// Moves the raw stream back over what was read ahead.
    fn rewind(&self) -> PyResult<()> {
        let ahead = self.unread() as i64;
        self.forget_input();
        if ahead > 0 { self.raw_seek(-ahead, libc::SEEK_CUR).map(drop) } else { Ok(()) }
    }

    /// Writes, later if there is room in the buffer.
    pub(super) fn write(&self, data: &[u8]) -> PyResult<()> {
        let _turn = self.turn()?;
        // Another thread may have closed the file before this one's turn came.
        if self.is_closed()? {
            return Err(raise!(ValueError, "write to closed file"));
        }
        if self.can_read.get() {
            self.rewind()?;
        }
        let size = self.size.get();
        if data.len() + self.output.borrow().len() <= size {
            self.output.borrow_mut().extend_from_slice(data);
            return Ok(());
        }
        if let Err(raised) = self.write_out() {
            let raised = error::catch(raised, &error::types::BlockingIOError)?;
            let mut output = self.output.borrow_mut();
            let room = size.saturating_sub(output.len());
            if data.len() <= room {
                output.extend_from_slice(data);
                return Ok(());
            }
            output.extend_from_slice(&data[..room]);
            drop((output, raised));
            return Err(blocked(room));
        }
        let mut rest = data;
        while rest.len() > size {
            let Some(written) = self.raw_write(rest)? else {
                self.output.borrow_mut().extend_from_slice(&rest[..size]);
                return Err(blocked(data.len() - rest.len() + size));
            };
            rest = &rest[written..];
            runtime::signal::check()?;
        }
        self.output.borrow_mut().extend_from_slice(rest);
        Ok(())
    }

    /// Hands everything over to the raw stream.
    pub(super) fn flush_out(&self) -> PyResult<()> {
        let _turn = self.turn()?;
        self.check_open("flush")?;
        self.write_out()?;
        if self.can_read.get() && self.can_write.get() { self.rewind() } else { Ok(()) }
    }

    // --- Positions ---

    fn seek_to(&self, target: i64, whence: i32) -> PyResult<i64> {
        let _turn = self.turn()?;
        if self.can_read.get() && self.unread() > 0 && whence != libc::SEEK_END {
            let (now, ahead) = (self.raw_tell()?, self.unread() as i64);
            let offset = if whence == libc::SEEK_SET { target - (now - ahead) } else { target };
            if -(self.at.get() as i64) <= offset && offset <= ahead {
                self.at.set((self.at.get() as i64 + offset) as usize);
                // A device may tell less than it has given.
                return Ok((now - ahead + offset).max(0));
            }
        }
        self.write_out()?;
        let target = if whence == libc::SEEK_CUR { target - self.unread() as i64 } else { target };
        let at = self.raw_seek(target, whence)?;
        self.forget_input();
        Ok(at)
    }
}

static READER_INIT: Signature = Signature::parse("", "BufferedReader(raw, buffer_size=131072)", false);
static WRITER_INIT: Signature = Signature::parse("", "BufferedWriter(raw, buffer_size=131072)", false);
static RANDOM_INIT: Signature = Signature::parse("", "BufferedRandom(raw, buffer_size=131072)", false);

fn init(value: Value, args: Args<'_>, reads: bool, writes: bool) -> PyResult<()> {
    let mut slots = [Value::NULL; READER_INIT.count()];
    let signature = match (reads, writes) {
        (true, true) => &RANDOM_INIT,
        (true, false) => &READER_INIT,
        _ => &WRITER_INIT,
    };
    let mut bound = signature.bind(args, &mut slots)?;
    let (raw, size) = (bound.take(), bound.take());
    let stream = this(value);
    drop(stream.raw.take());
    stream.is_detached.set(false);
    if reads && writes {
        check_ability(raw, "seekable", "seekable")?;
    }
    if reads {
        check_ability(raw, "readable", "readable")?;
    }
    if writes {
        check_ability(raw, "writable", "writable")?;
    }
    let size = size.non_null().map_or(Ok(super::BLOCK as isize), int::to_isize)?;
    let Some(size) = usize::try_from(size).ok().filter(|&size| size > 0) else {
        return Err(raise!(ValueError, "buffer size must be strictly positive"));
    };
    if size > isize::MAX as usize / 4 {
        return Err(error::memory_error());
    }
    stream.raw.set(raw.to_ref());
    stream.can_read.set(reads);
    stream.can_write.set(writes);
    stream.size.set(size);
    stream.forget_input();
    stream.output.borrow_mut().clear();
    Ok(())
}

/// Calls a method of the raw stream.
fn ask_raw(value: Value, method: &str) -> PyResult {
    call(this(value).raw()?.value(), method, &[])
}

/// Flushes, then closes the raw stream; of two failures the first is the context of the second.
fn close_stream(value: Value) -> PyResult<()> {
    let stream = this(value);
    let raw = stream.raw()?;
    if stream.is_closed()? {
        return Ok(());
    }
    let flushed = call(value, "flush", &[]).err().map(|raised| thread().take_raised(raised));
    let closed = {
        let _turn = stream.turn()?;
        call(raw.value(), "close", &[])
    };
    let closed = both(flushed, closed);
    stream.output.borrow_mut().clear();
    closed
}

py_methods! { static COMMON for "_io._BufferedIOBase", Value;
    /// Disconnect this buffer from its underlying raw stream and return it.
    "detach(self, /)"
    fn detach(value) -> PyResult {
        let stream = this(value);
        stream.raw()?;
        call(value, "flush", &[])?;
        let raw = stream.raw()?;
        drop(stream.raw.take());
        stream.is_detached.set(true);
        Ok(raw)
    }
    /// Whether the raw stream can seek.
    "seekable(self, /)"
    fn seekable(value) -> PyResult {
        ask_raw(value, "seekable")
    }
    /// The descriptor of the raw stream.
    "fileno(self, /)"
    fn fileno(value) -> PyResult {
        ask_raw(value, "fileno")
    }
    /// Whether the raw stream is a terminal.
    "isatty(self, /)"
    fn isatty(value) -> PyResult {
        ask_raw(value, "isatty")
    }
    /// Flush and close the stream.
    "close(self, /)"
    fn close(value) -> PyResult<()> {
        close_stream(value)
    }
    /// Move to a position and return it.
    "seek(self, target, whence=0, /)"
    fn seek(value, target: Value, whence: Option<i32>) -> PyResult<i64> {
        let (stream, whence) = (this(value), whence.unwrap_or(0));
        stream.raw()?;
        if !matches!(whence, libc::SEEK_SET..=libc::SEEK_END | libc::SEEK_DATA | libc::SEEK_HOLE) {
            return Err(raise!(ValueError, "whence value {whence} unsupported"));
        }
        stream.check_open("seek")?;
        check_ability(stream.raw()?.value(), "seekable", "seekable")?;
        stream.seek_to(int::to_i64(target)?, whence)
    }
    /// Return the current position.
    "tell(self, /)"
    fn tell(value) -> PyResult<i64> {
        let stream = this(value);
        stream.raw()?;
        let at = stream.raw_tell()? - stream.unread() as i64 + stream.output.borrow().len() as i64;
        Ok(at.max(0))
    }
    /// Cut the file, by default at the current position; return the new size.
    "truncate(self, pos=None, /)"
    fn truncate(value, pos: Option<Value>) -> PyResult {
        let stream = this(value);
        stream.raw()?;
        stream.check_open("truncate")?;
        if !stream.can_write.get() {
            return Err(unsupported("truncate"));
        }
        let _turn = stream.turn()?;
        stream.write_out()?;
        stream.rewind()?;
        call(stream.raw()?.value(), "truncate", &[pos.unwrap_or_else(objects::none)])
    }
    /// Says that the file below was left open.
    "_dealloc_warn(self, source, /)"
    fn dealloc_warn(value, source: Value) -> PyResult {
        call(this(value).raw()?.value(), "_dealloc_warn", &[source])
    }
    /// Streams cannot be pickled.
    "__reduce_ex__(self, protocol, /)"
    fn reduce(value, protocol: Value) -> PyResult<()> {
        let _ = protocol;
        Err(raise!(TypeError, "cannot pickle '{}' instances", value.ty().full_name()))
    }
}

/// A number of bytes, or nothing; negative numbers are told apart.
struct Length(isize);

impl<'a> FromArg<'a> for Length {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        if value.is_null() || objects::is_none(value) {
            return Ok(Length(-1));
        }
        if !value.is_small() && value.ty().slots().index.is_none() {
            let got = value.ty().name();
            return Err(raise!(TypeError, "argument should be integer or None, not '{got}'"));
        }
        int::to_isize(value).map(Length)
    }
}

/// Number of bytes to read: everything for -1.
fn wanted(size: Length) -> PyResult<Option<usize>> {
    match size.0 {
        -1 => Ok(None),
        size => match usize::try_from(size) {
            Ok(size) => Ok(Some(size)),
            Err(_) => Err(raise!(ValueError, "read length must be non-negative or -1")),
        },
    }
}

fn check_readable(value: Value, what: &str) -> PyResult<()> {
    let stream = this(value);
    stream.raw()?;
    if stream.unread() > 0 && !stream.is_closed()? {
        return Ok(());
    }
    stream.check_open(what)
}

py_methods! { static READING for "_io.BufferedReader", Value;
    /// Read and return up to size bytes; all of them for None or -1.
    "read(self, size=-1, /)"
    fn read(value, size: Length) -> PyResult {
        let size = wanted(size)?;
        check_readable(value, "read")?;
        Ok(match size {
            None => return this(value).read_all(),
            Some(size) => match this(value).read_up_to(size)? {
                Some(data) => BytesObject::new(&data).into(),
                None => objects::none().to_ref(),
            },
        })
    }
    /// Read and return up to size bytes, with at most one read() call to the underlying raw stream.
    "read1(self, size=-1, /)"
    fn read1(value, size: Option<isize>) -> PyResult {
        check_readable(value, "read")?;
        let size = size.and_then(|size| usize::try_from(size).ok());
        Ok(BytesObject::new(&this(value).read_once(size)?).into())
    }
    /// Return buffered bytes without advancing the position.
    "peek(self, size=0, /)"
    fn peek(value, size: Option<isize>) -> PyResult {
        let _ = size;
        check_readable(value, "peek")?;
        let stream = this(value);
        let _turn = stream.turn()?;
        stream.write_out()?;
        if stream.unread() == 0 {
            stream.fill()?;
        }
        let input = stream.input.borrow();
        Ok(BytesObject::new(&input[stream.at.get()..]).into())
    }
    /// Read bytes into a buffer and return how many.
    "readinto(self, buffer, /)"
    fn readinto(value, target: Value) -> PyResult<Option<usize>> {
        check_readable(value, "readinto")?;
        this(value).read_into(target, false)
    }
    /// Read bytes into a buffer with at most one read and return how many.
    "readinto1(self, buffer, /)"
    fn readinto1(value, target: Value) -> PyResult<Option<usize>> {
        check_readable(value, "readinto")?;
        this(value).read_into(target, true)
    }
    /// Read and return one line from the stream.
    "readline(self, size=-1, /)"
    fn readline(value, size: super::Size) -> PyResult {
        check_readable(value, "readline")?;
        Ok(BytesObject::new(&this(value).read_line(size.0)?).into())
    }
    /// Whether the raw stream can be read.
    "readable(self, /)"
    fn readable(value) -> PyResult {
        ask_raw(value, "readable")
    }
}

py_methods! { static READER_ONLY for "_io.BufferedReader", Value;
    /// Flushes the raw stream.
    "flush(self, /)"
    fn flush_reader(value) -> PyResult {
        ask_raw(value, "flush")
    }
}

py_methods! { static WRITING for "_io.BufferedWriter", Value;
    /// Write the given buffer to the stream and return the number of bytes.
    "write(self, buffer, /)"
    fn write(value, data: Value) -> PyResult<usize> {
        let stream = this(value);
        stream.raw()?;
        if data.is_instance::<StrObject>() {
            return Err(raise!(TypeError, "a bytes-like object is required, not 'str'"));
        }
        if let Some(data) = data.get::<BytesObject>() {
            return stream.write(data.as_slice()).map(|()| data.as_slice().len());
        }
        let data = buffer::to_vec(data)?;
        stream.write(&data).map(|()| data.len())
    }
    /// Flush write buffers.
    "flush(self, /)"
    fn flush(value) -> PyResult<()> {
        let stream = this(value);
        stream.raw()?;
        stream.flush_out()
    }
    /// Whether the raw stream can be written.
    "writable(self, /)"
    fn writable(value) -> PyResult {
        ask_raw(value, "writable")
    }
}

fn raw_attribute(value: Value, name: &str) -> PyResult {
    protocol::get_attr_text(this(value).raw()?.value(), name)
}

static GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "closed",
        doc: "",
        get: |value| {
            this(value).raw()?;
            Ok(boolean(this(value).is_closed()?))
        },
        set: None,
    },
    GetSetDef { name: "name", doc: "", get: |value| raw_attribute(value, "name"), set: None },
    GetSetDef { name: "mode", doc: "", get: |value| raw_attribute(value, "mode"), set: None },
    GetSetDef { name: "raw", doc: "", get: |value| Ok(this(value).raw.get_or_none()), set: None },
];

fn repr(value: Value) -> PyResult {
    let class = super::shown_class(value);
    let name = protocol::get_optional_attr(value, StrObject::intern("name").value());
    let name = match name {
        Ok(name) => name,
        Err(raised) => {
            drop(error::catch(raised, &error::types::ValueError)?);
            None
        }
    };
    let text = match name {
        None => format!("<{class}>"),
        Some(name) => {
            let Some(_guard) = protocol::ReprGuard::enter(value)? else {
                return Err(raise!(RuntimeError, "reentrant call inside {class}.__repr__"));
            };
            format!("<{class} name={}>", protocol::repr_string(name.value())?)
        }
    };
    Ok(StrObject::new(&text).into())
}

fn next(value: Value) -> PyResult<Option<Ref>> {
    let line = if exact(value).is_some() {
        check_readable(value, "readline")?;
        BytesObject::new(&this(value).read_line(None)?).into()
    } else {
        let line = call(value, "readline", &[])?;
        if !line.is_instance::<BytesObject>() {
            let got = line.ty().name();
            return Err(raise!(OSError, "readline() should have returned a bytes object, not '{got}'"));
        }
        line
    };
    Ok(if protocol::len(line.value())? == 0 { None } else { Some(line) })
}

/// Says that a file was left open, and closes it.
fn finalize(value: Value) -> PyResult<()> {
    if let Some(raw) = this(value).raw.get_ref() {
        super::base::warn_unclosed(&raw, value)?;
    }
    super::base::finalize(value)
}

macro_rules! buffered {
    ($(#[$meta:meta])* $name:ident, $spec:ident, $text:literal, $reads:literal, $writes:literal, $methods:expr, $doc:literal) => {
        $(#[$meta])*
        pub(super) static $name: TypeObject = TypeObject::from_spec(&$spec);
        static $spec: TypeSpec = TypeSpec {
            module: "_io",
            flags: type_flags::BASE | type_flags::GC,
            base: Some(&BUFFERED_BASE),
            slots: Slots {
                new: Some(|ty, _| Ok(Buffered::allocate(ty))),
                init: Some(|value, args| init(value, args, $reads, $writes)),
                repr: Some(repr),
                iternext: Some(next),
                finalize: Some(finalize),
                ..Slots::EMPTY
            },
            methods: $methods,
            getset: GETSET,
            doc: concat!($text, "(raw, buffer_size=DEFAULT_BUFFER_SIZE)\n--\n\n", $doc),
            ..TypeSpec::of::<Buffered>($text)
        };
    };
}

buffered! {
    /// `BufferedReader`.
    READER, READER_SPEC, "BufferedReader", true, false, &[COMMON, READING, READER_ONLY],
    "Create a new buffered reader using the given readable raw IO object."
}
buffered! {
    /// `BufferedWriter`.
    WRITER, WRITER_SPEC, "BufferedWriter", false, true, &[COMMON, WRITING],
    "A buffer for a writeable sequential RawIO object.\n\nThe constructor creates a BufferedWriter for the given writeable raw\nstream. \
     If the buffer_size is not given, it defaults to\nDEFAULT_BUFFER_SIZE."
}
buffered! {
    /// `BufferedRandom`.
    RANDOM, RANDOM_SPEC, "BufferedRandom", true, true, &[COMMON, READING, WRITING],
    "A buffered interface to random access streams.\n\nThe constructor creates a reader and writer for a seekable stream,\nraw, given \
     in the first argument. If the buffer_size is omitted it\ndefaults to DEFAULT_BUFFER_SIZE."
}
