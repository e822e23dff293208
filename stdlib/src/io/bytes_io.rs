//! `BytesIO`: bytes in memory.
//!
//! `getbuffer` lends the bytes: they move into a bytearray that a view shows, and come back when nobody shows them any more. While they
//! are lent, nothing may change their number.

use std::cell::{RefCell, RefMut};

use runtime::args::Args;
use runtime::convert::OrNone;
use runtime::field::Field;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::bytearray::ByteArray;
use runtime::objects::bytes::BytesObject;
use runtime::objects::memoryview::MEMORYVIEW;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::signature::Signature;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, buffer, error, protocol, py_methods, raise};

use super::base::{BUFFERED_BASE, IoBase};
use super::{Size, boolean, closed_error};

/// The bytes and the position, which may lie behind their end.
#[derive(Default)]
struct State {
    data: Vec<u8>,
    at: usize,
    is_closed: bool,
}

impl State {
    fn rest(&self) -> &[u8] {
        self.data.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, count: usize) -> Ref {
        let taken = BytesObject::new(&self.rest()[..count]);
        self.at += count;
        taken.into()
    }

    fn line_len(&self) -> usize {
        memchr::memchr(b'\n', self.rest()).map_or(self.rest().len(), |at| at + 1)
    }
}

/// `BytesIO`
#[repr(C)]
struct BytesIo {
    base: IoBase,
    state: RefCell<State>,
    /// The bytearray that has the bytes while they are lent.
    loan: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for BytesIo {
    fn type_object() -> &'static TypeObject {
        &BYTES_IO
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.base.visit(visit);
        self.loan.visit(visit);
    }
    fn clear(&self) {
        self.base.release();
    }
}

impl BytesIo {
    /// The state for looking at it: what the views have changed is in it.
    fn open(&self) -> PyResult<RefMut<'_, State>> {
        let mut state = self.state.borrow_mut();
        if state.is_closed {
            return Err(closed_error());
        }
        if let Some(loan) = self.loan.get_ref() {
            state.data = buffer::to_vec(loan.value())?;
            // This reference and the field's are left when the views are gone.
            if loan.value().header().is_some_and(|header| header.refcount() == 2) {
                drop(self.loan.take());
            }
        }
        Ok(state)
    }

    /// The state for changing it.
    fn change(&self) -> PyResult<RefMut<'_, State>> {
        let state = self.open()?;
        if self.loan.get().is_some() {
            return Err(raise!(BufferError, "Existing exports of data: object cannot be re-sized"));
        }
        Ok(state)
    }

    fn write_all(&self, data: &[u8]) -> PyResult<usize> {
        let mut state = self.change()?;
        if data.is_empty() {
            return Ok(0);
        }
        let at = state.at;
        let end = at.checked_add(data.len()).filter(|&end| isize::try_from(end).is_ok());
        let Some(end) = end else { return Err(raise!(OverflowError, "new buffer size too large")) };
        if end > state.data.len() {
            let more = end - state.data.len();
            state.data.try_reserve(more).map_err(|_| error::memory_error())?;
            state.data.resize(end, 0);
        }
        state.data[at..end].copy_from_slice(data);
        state.at = end;
        Ok(data.len())
    }
}

fn this<'a>(value: Value) -> &'a BytesIo {
    value.get::<BytesIo>().expect("descriptors check their owner")
}

static INIT: Signature = Signature::parse("", "BytesIO(initial_bytes=b'')", false);

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    let mut slots = [Value::NULL; INIT.count()];
    let initial = INIT.bind(args, &mut slots)?.take();
    let initial = initial.non_null().filter(|initial| !objects::is_none(*initial));
    let data = initial.map_or(Ok(Vec::new()), buffer::to_vec)?;
    let this = this(value);
    if this.loan.get().is_some() {
        drop(this.change()?);
    }
    this.state.replace(State { data, at: 0, is_closed: false });
    Ok(())
}

py_methods! { static METHODS for "_io.BytesIO", &BytesIo;
    /// Read at most size bytes, returned as a bytes object.
    "read(self, size=-1, /)"
    fn read(this, size: Size) -> PyResult {
        let mut state = this.open()?;
        let count = size.0.unwrap_or(usize::MAX).min(state.rest().len());
        Ok(state.take(count))
    }
    /// Read at most size bytes, returned as a bytes object.
    "read1(self, size=-1, /)"
    fn read1(this, size: Size) -> PyResult {
        read(this, size)
    }
    /// Read bytes without advancing the position.
    "peek(self, size=0, /)"
    fn peek(this, size: Option<isize>) -> PyResult {
        let state = this.open()?;
        let count = usize::try_from(size.unwrap_or(0)).ok().filter(|&size| size > 0).unwrap_or(super::BLOCK);
        Ok(BytesObject::new(&state.rest()[..count.min(state.rest().len())]).into())
    }
    /// Next line from the file, as a bytes object.
    "readline(self, size=-1, /)"
    fn readline(this, size: Size) -> PyResult {
        let mut state = this.open()?;
        let count = size.0.unwrap_or(usize::MAX).min(state.line_len());
        Ok(state.take(count))
    }
    /// Read bytes into buffer.
    "readinto(self, buffer, /)"
    fn readinto(this, target: Value) -> PyResult<usize> {
        drop(this.open()?);
        let room = buffer::writable_len(target)?;
        let mut state = this.open()?;
        let count = room.min(state.rest().len());
        buffer::with_bytes_mut(target, |target| target[..count].copy_from_slice(&state.rest()[..count]))?;
        state.at += count;
        Ok(count)
    }
    /// Write bytes to file.
    "write(self, b, /)"
    fn write(this, data: Value) -> PyResult<usize> {
        drop(this.change()?);
        let data = buffer::to_vec(data)?;
        this.write_all(&data)
    }
    /// Change stream position.
    "seek(self, pos, whence=0, /)"
    fn seek(this, pos: isize, whence: Option<i32>) -> PyResult<usize> {
        let mut state = this.open()?;
        let from = match whence.unwrap_or(0) {
            0 if pos < 0 => return Err(raise!(ValueError, "negative seek value {pos}")),
            0 => 0,
            1 => state.at,
            2 => state.data.len(),
            other => return Err(raise!(ValueError, "invalid whence ({other}, should be 0, 1 or 2)")),
        };
        let to = (from as isize).checked_add(pos);
        let Some(to) = to else { return Err(raise!(OverflowError, "new position too large")) };
        state.at = to.max(0) as usize;
        Ok(state.at)
    }
    /// Current file position, an integer.
    "tell(self, /)"
    fn tell(this) -> PyResult<usize> {
        Ok(this.open()?.at)
    }
    /// Truncate the file to at most size bytes.
    "truncate(self, size=None, /)"
    fn truncate(this, size: OrNone<isize>) -> PyResult<usize> {
        let mut state = this.change()?;
        let size = size.0.unwrap_or(state.at as isize);
        let size = usize::try_from(size).map_err(|_| raise!(ValueError, "negative size value {size}"))?;
        state.data.truncate(size);
        Ok(size)
    }
    /// Retrieve the entire contents of the BytesIO object.
    "getvalue(self, /)"
    fn getvalue(this) -> PyResult {
        Ok(BytesObject::new(&this.open()?.data).into())
    }
    /// Get a read-write view over the contents of the BytesIO object.
    "getbuffer(self, /)"
    fn getbuffer(this) -> PyResult {
        let mut state = this.open()?;
        if this.loan.get().is_none() {
            this.loan.set(ByteArray::make(std::mem::take(&mut state.data)));
        }
        let lent = this.loan.get_or_none();
        protocol::call(MEMORYVIEW.value(), &[lent.value()], None)
    }
    /// Does nothing.
    "flush(self, /)"
    fn flush(this) -> PyResult<()> {
        this.open().map(drop)
    }
    /// Disable all I/O operations.
    "close(self, /)"
    fn close(this) -> PyResult<()> {
        if this.state.borrow().is_closed {
            return Ok(());
        }
        let mut state = this.change()?;
        *state = State { is_closed: true, ..State::default() };
        Ok(())
    }
    /// Always returns False.
    "isatty(self, /)"
    fn isatty(this) -> PyResult<bool> {
        this.open().map(|_| false)
    }
    /// Returns True if the IO object can be read.
    "readable(self, /)"
    fn readable(this) -> PyResult<bool> {
        this.open().map(|_| true)
    }
    /// Returns True if the IO object can be written.
    "writable(self, /)"
    fn writable(this) -> PyResult<bool> {
        this.open().map(|_| true)
    }
    /// Returns True if the IO object can be seeked.
    "seekable(self, /)"
    fn seekable(this) -> PyResult<bool> {
        this.open().map(|_| true)
    }
    /// The contents, the position, and the attributes.
    "__getstate__(self, /)"
    fn getstate(this) -> PyResult {
        let dict = protocol::instance_dict(Value::from_object(this));
        let dict = dict.map_or_else(|| objects::none().to_ref(), |dict| dict.copy().into());
        let state = this.open()?;
        Ok(TupleObject::of([BytesObject::new(&state.data).into(), int::from_i64(state.at as i64), dict]).into())
    }
    /// Sets what `__getstate__` has given.
    "__setstate__(self, state, /)"
    fn setstate(this, state: Value) -> PyResult<()> {
        let name = Value::from_object(this).ty().full_name();
        let Some([data, at, dict, ..]) = state.get::<TupleObject>().map(TupleObject::items) else {
            let got = state.ty().name();
            return Err(raise!(TypeError, "{name}.__setstate__ argument should be 3-tuple, got {got}"));
        };
        let data = buffer::to_vec(*data)?;
        if int::IntRef::of(*at).is_none() {
            let got = at.ty().name();
            return Err(raise!(TypeError, "second item of state must be an integer, not {got}"));
        }
        let Ok(at) = usize::try_from(int::to_isize(*at)?) else {
            return Err(raise!(ValueError, "position value cannot be negative"));
        };
        super::string_io::set_attributes(Value::from_object(this), *dict, "third")?;
        let mut state = this.change()?;
        (state.data, state.at) = (data, at);
        Ok(())
    }
}

static GETSET: &[GetSetDef] = &[GetSetDef {
    name: "closed",
    doc: "True if the file is closed.",
    get: |value| Ok(boolean(this(value).state.borrow().is_closed)),
    set: None,
}];

fn next(value: Value) -> PyResult<Option<Ref>> {
    let mut state = this(value).open()?;
    let count = state.line_len();
    Ok(if count == 0 { None } else { Some(state.take(count)) })
}

/// What is lent belongs to who shows it from here on.
fn finalize(value: Value) -> PyResult<()> {
    drop(this(value).loan.take());
    super::base::finalize(value)
}

fn new(ty: &TypeObject, _: Args<'_>) -> PyResult {
    let contents = BytesIo { base: IoBase::new(ty), state: RefCell::default(), loan: Field::empty() };
    Ok(object::new_object_of(ty, contents).into())
}

/// `BytesIO`.
pub(super) static BYTES_IO: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_io",
    doc: "BytesIO(initial_bytes=b'')\n--\n\nBuffered I/O implementation using an in-memory bytes buffer.",
    flags: type_flags::BASE | type_flags::GC,
    base: Some(&BUFFERED_BASE),
    slots: Slots {
        new: Some(new),
        init: Some(init),
        iternext: Some(next),
        finalize: Some(finalize),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<BytesIo>("BytesIO")
};
