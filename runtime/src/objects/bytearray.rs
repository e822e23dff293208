//! `bytearray`: bytes that change. What it shares with `bytes` is in `byte_string`.
//!
//! Loans of the memory are counted; as long as one is out, whatever would resize the array raises `BufferError`.

use std::cell::{Cell, RefCell};
use std::ops::Deref;

use crate::args::Args;
use crate::buffer::{self, Buffer};
use crate::error;
use crate::format;
use crate::header::Header;
use crate::object::{self, Object};
use crate::objects::byte_string::convert::{self, byte};
use crate::objects::byte_string::methods::for_bytearray;
use crate::objects::byte_string::room::Room;
use crate::objects::byte_string::search::{self, Needle};
use crate::objects::byte_string::{ByteString, transform};
use crate::objects::bytes::BytesObject;
use crate::objects::iterators::{BYTEARRAY_ITERATOR, SequenceIterator};
use crate::objects::sequence::{self, SliceBounds, Subscript};
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, int, singleton};
use crate::operator::{CompareOp, Comparison};
use crate::protocol;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};

/// A bytearray.
#[repr(C)]
pub struct ByteArray {
    header: Header,
    pub(crate) data: RefCell<Room>,
    /// Loans of `data` that are out.
    loans: Cell<usize>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for ByteArray {
    fn type_object() -> &'static TypeObject {
        &BYTEARRAY
    }
}

/// The bytes of a bytearray, on loan.
pub struct Loan(Buffer);

impl Deref for Loan {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.0.as_slice().expect("a bytearray is one stretch")
    }
}

impl ByteString for ByteArray {
    type Loan<'a> = Loan;

    fn lend(&self) -> Loan {
        Loan(lend(Value::from_object(self)))
    }

    fn make(data: Vec<u8>) -> Ref {
        Self::make_of(&BYTEARRAY, data)
    }
}

fn lend(value: Value) -> Buffer {
    let array = this(value);
    let mut data = array.data.borrow_mut();
    array.loans.set(array.loans.get() + 1);
    // SAFETY: the vector is neither moved nor resized while a loan is out.
    unsafe { Buffer::new(value, data.as_mut_ptr(), data.len(), false) }
}

impl ByteArray {
    /// A bytearray of these bytes.
    pub fn make(data: Vec<u8>) -> Ref {
        Self::make_of(&BYTEARRAY, data)
    }

    fn make_of(ty: &TypeObject, data: Vec<u8>) -> Ref {
        let contents =
            ByteArray { header: Header::new(ty), data: RefCell::new(data.into()), loans: Cell::new(0) };
        object::new_object_of(ty, contents).into()
    }

    /// `BufferError` while the memory is on loan.
    fn check_resizable(&self) -> PyResult<()> {
        if self.loans.get() > 0 {
            return Err(crate::raise!(BufferError, "Existing exports of data: object cannot be re-sized"));
        }
        Ok(())
    }

    fn extend_from(&self, more: &[u8]) -> PyResult<()> {
        if more.is_empty() {
            return Ok(());
        }
        self.check_resizable()?;
        let mut data = self.data.borrow_mut();
        data.try_reserve(more.len()).map_err(|_| error::memory_error())?;
        data.extend_from_slice(more);
        Ok(())
    }

    fn replace_all(&self, data: Vec<u8>) -> PyResult<()> {
        if data.len() != self.data.borrow().len() {
            self.check_resizable()?;
            drop(self.data.replace(data.into()));
        } else {
            self.data.borrow_mut().copy_from_slice(&data);
        }
        Ok(())
    }
}

fn this<'a>(value: Value) -> &'a ByteArray {
    value.get::<ByteArray>().expect("descriptors check their owner")
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    let data = convert::construct(args, "bytearray")?;
    let array = this(value);
    if !array.data.borrow().is_empty() {
        array.check_resizable()?;
    }
    array.replace_all(data)
}

fn repr(value: Value) -> PyResult {
    let inner = transform::repr(&this(value).data.borrow(), true);
    Ok(StrObject::new(&format!("{}({inner})", value.ty().name())).into())
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    if !buffer::is_bytes_like(b) {
        crate::warning::warn_of_compared_bytes("bytearray", b, op)?;
        return singleton::decline();
    }
    let Ok(other) = buffer::acquire(b) else {
        drop(crate::thread::thread().fetch_raised());
        return singleton::decline();
    };
    let order = this(a).data.borrow().cmp(&other.to_cow());
    Ok(objects::bool(op.holds(order)).to_ref())
}

fn subscript(value: Value, key: Value) -> PyResult {
    let array = this(value);
    match Subscript::of(key, "bytearray")? {
        Subscript::Index(at) => {
            let data = array.data.borrow();
            match sequence::wrap_index(at, data.len()) {
                Some(at) => Ok(int::from_i64(i64::from(data[at]))),
                None => Err(crate::raise!(IndexError, "bytearray index out of range")),
            }
        }
        Subscript::Slice(slice) => {
            let len = array.data.borrow().len();
            let bounds = SliceBounds::resolve(slice, len)?;
            let data = array.data.borrow();
            Ok(ByteArray::make(bounds.indices().filter_map(|at| data.get(at).copied()).collect()))
        }
    }
}

fn ass_subscript(value: Value, key: Value, item: Option<Value>) -> PyResult<()> {
    let array = this(value);
    match Subscript::of(key, "bytearray")? {
        Subscript::Index(at) => {
            let new = item.map(byte).transpose()?;
            let len = array.data.borrow().len();
            let Some(at) = sequence::wrap_index(at, len) else {
                return Err(crate::raise!(IndexError, "bytearray index out of range"));
            };
            match new {
                Some(byte) => array.data.borrow_mut()[at] = byte,
                None => {
                    array.check_resizable()?;
                    array.data.borrow_mut().remove(at);
                }
            }
            Ok(())
        }
        Subscript::Slice(slice) => {
            let new = match item {
                None => Vec::new(),
                Some(item) if buffer::is_bytes_like(item) => buffer::to_vec(item)?,
                Some(item) if item.is_instance::<StrObject>() || item.ty().slots().index.is_some() => {
                    return Err(crate::raise!(
                        TypeError,
                        "can assign only bytes, buffers, or iterables of ints in range(0, 256)"
                    ));
                }
                Some(item) => convert::from_source(item, "bytearray")?,
            };
            let len = array.data.borrow().len();
            let bounds = SliceBounds::resolve(slice, len)?;
            // Nothing in place of items with gaps deletes them, too.
            replace_slice(array, bounds, &new, item.is_some() && !new.is_empty())
        }
    }
}

fn replace_slice(array: &ByteArray, bounds: SliceBounds, new: &[u8], assigns: bool) -> PyResult<()> {
    if assigns && bounds.step != 1 {
        if new.len() != bounds.len {
            let (given, wanted) = (new.len(), bounds.len);
            let message =
                format!("attempt to assign bytes of size {given} to extended slice of size {wanted}");
            return Err(crate::raise!(ValueError, "{message}"));
        }
        let mut data = array.data.borrow_mut();
        bounds.indices().zip(new).for_each(|(at, &byte)| data[at] = byte);
        return Ok(());
    }
    if new.len() != bounds.len {
        array.check_resizable()?;
    }
    let mut data = array.data.borrow_mut();
    if bounds.step == 1 {
        let start = bounds.start as usize;
        let end = start + bounds.len;
        if new.len() == bounds.len {
            data[start..end].copy_from_slice(new);
            return Ok(());
        }
        data.try_reserve(new.len()).map_err(|_| error::memory_error())?;
        data.splice(start..end, new);
        return Ok(());
    }
    let mut doomed: Vec<usize> = bounds.indices().collect();
    doomed.sort_unstable();
    let mut next = doomed.iter().peekable();
    data.retain(|at| next.next_if(|&&doomed| doomed == at).is_none());
    Ok(())
}

fn cannot_concat(b: Value) -> crate::error::Raised {
    crate::raise!(TypeError, "can't concat {} to bytearray", b.ty().name())
}

fn concat(a: Value, b: Value) -> PyResult {
    if !buffer::is_bytes_like(b) {
        return Err(cannot_concat(b));
    }
    let more = buffer::to_vec(b)?;
    let data = this(a).data.borrow();
    crate::reserve::probe(data.len() + more.len())?;
    Ok(ByteArray::make([&data[..], &more].concat()))
}

fn inplace_concat(a: Value, b: Value) -> PyResult {
    if !buffer::is_bytes_like(b) {
        return Err(cannot_concat(b));
    }
    let more = buffer::to_vec(b)?;
    this(a).extend_from(&more)?;
    Ok(a.to_ref())
}

fn repeated(value: Value, count: isize) -> PyResult<Vec<u8>> {
    let data = this(value).data.borrow();
    let count = sequence::checked_repeat(data.len(), count)?;
    crate::reserve::probe(data.len() * count)?;
    Ok(data.repeat(count))
}

fn inplace_repeat(value: Value, count: isize) -> PyResult {
    let data = repeated(value, count)?;
    this(value).replace_all(data)?;
    Ok(value.to_ref())
}

fn contains(value: Value, item: Value) -> PyResult<bool> {
    let needle = Needle::of_member(item)?;
    Ok(search::find(&this(value).data.borrow(), needle.as_slice()).is_some())
}

fn remainder(a: Value, b: Value) -> PyResult {
    match a.get::<ByteArray>() {
        Some(template) => {
            let template = template.data.borrow().to_vec();
            format::percent::format_bytes(&template, b).map(ByteArray::make)
        }
        None => singleton::decline(),
    }
}

py_methods! { static METHODS for "bytearray", &ByteArray;
    /// Append a single item to the end of the bytearray.
    "append(self, item, /)"
    fn append(this, item: Value) -> PyResult<()> {
        let byte = byte(item)?;
        this.extend_from(&[byte])
    }
    /// Append all the items from the iterator or sequence to the end of the bytearray.
    "extend(self, iterable_of_ints, /)"
    fn extend(this, iterable_of_ints: Value) -> PyResult<()> {
        if buffer::is_bytes_like(iterable_of_ints) {
            return this.extend_from(&buffer::to_vec(iterable_of_ints)?);
        }
        if iterable_of_ints.is_instance::<StrObject>() {
            return Err(crate::raise!(TypeError, "expected iterable of integers; got: 'str'"));
        }
        if !protocol::is_iterable(iterable_of_ints) {
            return Err(crate::raise!(TypeError, "can't extend bytearray with {}", iterable_of_ints.ty().name()));
        }
        protocol::length_hint(iterable_of_ints, 0)?;
        this.extend_from(&convert::from_iterable(iterable_of_ints, "byte must be in range(0, 256)")?)
    }
    /// Insert a single item into the bytearray before the given index.
    "insert(self, index, item, /)"
    fn insert(this, index: isize, item: Value) -> PyResult<()> {
        let byte = byte(item)?;
        this.check_resizable()?;
        let mut data = this.data.borrow_mut();
        data.try_reserve(1).map_err(|_| error::memory_error())?;
        let at = sequence::clamp_index(index, data.len());
        data.splice(at..at, &[byte]);
        Ok(())
    }
    /// Remove and return a single item from the bytearray.
    "pop(self, index=-1, /)"
    fn pop(this, index: Option<isize>) -> PyResult<u8> {
        let len = this.data.borrow().len();
        if len == 0 {
            return Err(crate::raise!(IndexError, "pop from empty bytearray"));
        }
        let Some(at) = sequence::wrap_index(index.unwrap_or(-1), len) else {
            return Err(crate::raise!(IndexError, "pop index out of range"));
        };
        this.check_resizable()?;
        Ok(this.data.borrow_mut().remove(at))
    }
    /// Remove the first occurrence of a value in the bytearray.
    "remove(self, value, /)"
    fn remove(this, value: Value) -> PyResult<()> {
        let byte = byte(value)?;
        let found = memchr::memchr(byte, &this.data.borrow());
        let Some(at) = found else {
            return Err(crate::raise!(ValueError, "value not found in bytearray"));
        };
        this.check_resizable()?;
        this.data.borrow_mut().remove(at);
        Ok(())
    }
    /// Remove all items from the bytearray.
    "clear(self, /)"
    fn clear(this) -> PyResult<()> {
        this.replace_all(Vec::new())
    }
    /// Resize the internal buffer of bytearray to size.
    "resize(self, size, /)"
    fn resize(this, size: isize) -> PyResult<()> {
        let Ok(size) = usize::try_from(size) else {
            return Err(crate::raise!(ValueError, "bytearray.resize(): new size must be >= 0, got {size}"));
        };
        let len = this.data.borrow().len();
        if size != len {
            this.check_resizable()?;
        }
        let mut data = this.data.borrow_mut();
        data.try_reserve(size.saturating_sub(len)).map_err(|_| error::memory_error())?;
        data.resize(size);
        Ok(())
    }
    /// Return a copy of the bytearray.
    "copy(self, /)"
    fn copy(this) -> Ref {
        ByteArray::make(this.data.borrow().to_vec())
    }
    /// Reverse the order of the values in the bytearray in place.
    "reverse(self, /)"
    fn reverse(this) {
        this.data.borrow_mut().reverse();
    }
    /// Return the number of bytes actually allocated.
    "__alloc__(self, /)"
    fn alloc(this) -> usize {
        let data = this.data.borrow();
        data.capacity().max(data.len() + 1)
    }
    /// Return the size of the object in memory, in bytes.
    "__sizeof__(self, /)"
    fn sizeof(this) -> usize {
        size_of::<ByteArray>() + this.data.borrow().capacity()
    }
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn reduce(this) -> PyResult {
        reduced(this, 2)
    }
    /// Return state information for pickling.
    "__reduce_ex__(self, proto=0, /)"
    fn reduce_ex(this, proto: Option<i64>) -> PyResult {
        reduced(this, proto.unwrap_or(0))
    }
}

/// Class, arguments and state; the old protocols spell the bytes as Latin-1 text.
fn reduced(array: &ByteArray, protocol: i64) -> PyResult {
    let value = Value::from_object(array);
    let data = array.data.borrow().to_vec();
    let args = if data.is_empty() {
        TupleObject::empty()
    } else if protocol < 3 {
        TupleObject::of([StrObject::from_latin1(&data).into(), StrObject::new("latin-1").into()])
    } else {
        TupleObject::of([BytesObject::new(&data).into()])
    };
    let state = crate::types::pickle::state_of(value, false)?;
    Ok(TupleObject::of([value.ty().value().to_ref(), args.into(), state]).into())
}

/// `bytearray`.
pub static BYTEARRAY: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "bytearray(iterable_of_ints) -> bytearray\nbytearray(string, encoding[, errors]) -> bytearray\nbytearray(bytes_or_buffer) -> mutable copy of bytes_or_buffer\nbytearray(int) -> bytes array of size given by the parameter initialized with null bytes\nbytearray() -> empty bytes array",
    flags: type_flags::BASE | type_flags::MATCH_SELF,
    slots: Slots {
        new: Some(|ty, _| Ok(ByteArray::make_of(ty, Vec::new()))),
        init: Some(init),
        repr: Some(repr),
        str: Some(|value| {
            crate::warning::warn_of_shown_bytes("bytearray")?;
            repr(value)
        }),
        hash: Some(protocol::unhashable),
        richcompare: Some(richcompare),
        len: Some(|value| Ok(this(value).data.borrow().len())),
        subscript: Some(subscript),
        ass_subscript: Some(ass_subscript),
        concat: Some(concat),
        repeat: Some(|value, count| repeated(value, count).map(ByteArray::make)),
        inplace_concat: Some(inplace_concat),
        inplace_repeat: Some(inplace_repeat),
        contains: Some(contains),
        remainder: Some(remainder),
        iter: Some(|value| Ok(SequenceIterator::new(value, &BYTEARRAY_ITERATOR).into())),
        buffer: Some(|value| Ok(lend(value))),
        release_buffer: Some(|value| this(value).loans.set(this(value).loans.get() - 1)),
        ..Slots::EMPTY
    },
    methods: &[METHODS, for_bytearray::METHODS, for_bytearray::CLASS_METHODS, for_bytearray::STATIC_METHODS],
    ..TypeSpec::of::<ByteArray>("bytearray")
};
