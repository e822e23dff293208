//! `bytes`: immutable bytes behind the length. What it shares with `bytearray` is in `byte_string`.

use std::cell::Cell;

use crate::alloc;
use crate::args::Args;
use crate::buffer::{self, Buffer};
use crate::format;
use crate::hash;
use crate::header::{Header, flags};
use crate::object::{self, Object};
use crate::objects::byte_string::methods::for_bytes;
use crate::objects::byte_string::search::{self, Needle};
use crate::objects::byte_string::{ByteString, convert, transform};
use crate::objects::iterators::{BYTES_ITERATOR, SequenceIterator};
use crate::objects::sequence::{self, SliceBounds, Subscript};
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, int, singleton};
use crate::operator::{CompareOp, Comparison};
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};

/// A bytes object; its contents follow.
#[repr(C)]
pub struct BytesObject {
    header: Header,
    len: usize,
    hash: Cell<i64>,
    data: [u64; 0],
}

const DATA: usize = std::mem::offset_of!(BytesObject, data);

// SAFETY: `repr(C)`, header first.
unsafe impl Object for BytesObject {
    fn type_object() -> &'static TypeObject {
        &BYTES
    }
}

fn var_end(header: &Header) -> usize {
    // SAFETY: only called for instances of bytes.
    DATA + unsafe { &*std::ptr::from_ref(header).cast::<BytesObject>() }.len + 1
}

impl BytesObject {
    /// A copy of `data`.
    pub fn new(data: &[u8]) -> Py<BytesObject> {
        Self::new_of(&BYTES, data)
    }

    fn new_of(ty: &TypeObject, data: &[u8]) -> Py<BytesObject> {
        let size = (DATA + data.len() + 1 + 16).max(size_of::<BytesObject>());
        let memory = alloc::allocate(size);
        let this = memory.cast::<BytesObject>();
        // SAFETY: the block has room for the struct, the data, a terminator and a dict slot.
        unsafe {
            let large = (*memory).flag_bits() & flags::LARGE;
            (&raw mut (*this).len).write(data.len());
            (&raw mut (*this).hash).write(Cell::new(-1));
            let target = memory.cast::<u8>().add(DATA);
            std::ptr::copy_nonoverlapping(data.as_ptr(), target, data.len());
            std::ptr::write_bytes(target.add(data.len()), 0, size - DATA - data.len());
            object::finish_header(memory, ty, large);
            Py::from_raw(this)
        }
    }

    /// The bytes.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        let data = std::ptr::from_ref(self).cast::<u8>().wrapping_add(DATA);
        // SAFETY: `len` bytes follow the struct and never change.
        unsafe { std::slice::from_raw_parts(data, self.len) }
    }
}

/// The byte at a position.
pub fn byte_at(value: Value, at: usize) -> Option<u8> {
    crate::buffer::with_bytes(value, |bytes| bytes.get(at).copied()).ok().flatten()
}

impl ByteString for BytesObject {
    type Loan<'a> = &'a [u8];

    fn lend(&self) -> &[u8] {
        self.as_slice()
    }

    fn make(data: Vec<u8>) -> Ref {
        BytesObject::new(&data).into()
    }
}

fn this<'a>(value: Value) -> &'a BytesObject {
    value.get::<BytesObject>().expect("descriptors check their owner")
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let is_exact = std::ptr::eq(ty, &raw const BYTES);
    if let Some(source) = args.single().filter(|source| is_exact && source.is_exact(&BYTES)) {
        return Ok(source.to_ref());
    }
    if let Some(source) = args.single().filter(|_| is_exact)
        && let Some(made) = convert::special_bytes(source)?
    {
        return Ok(made);
    }
    let data = convert::construct(args, "bytes")?;
    Ok(BytesObject::new_of(ty, &data).into())
}

fn lend(value: Value) -> PyResult<Buffer> {
    let data = this(value).as_slice();
    // SAFETY: the bytes live as long as their object and are never written.
    Ok(unsafe { Buffer::new(value, data.as_ptr().cast_mut(), data.len(), true) })
}

fn hash_slot(value: Value) -> PyResult<i64> {
    let bytes = this(value);
    if bytes.hash.get() == -1 {
        bytes.hash.set(hash::bytes(bytes.as_slice()));
    }
    Ok(bytes.hash.get())
}

fn shown(value: Value) -> PyResult {
    Ok(StrObject::new(&transform::repr(this(value).as_slice(), false)).into())
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(a), Some(b)) = (a.get::<BytesObject>(), b.get::<BytesObject>()) else {
        crate::warning::warn_of_compared_bytes("bytes", b, op)?;
        return singleton::decline();
    };
    Ok(objects::bool(op.holds(a.as_slice().cmp(b.as_slice()))).to_ref())
}

fn subscript(value: Value, key: Value) -> PyResult {
    let data = this(value).as_slice();
    match Subscript::of(key, "byte")? {
        Subscript::Index(at) => match sequence::wrap_index(at, data.len()) {
            Some(at) => Ok(int::from_i64(i64::from(data[at]))),
            None => Err(crate::raise!(IndexError, "index out of range")),
        },
        Subscript::Slice(slice) => {
            let bounds = SliceBounds::resolve(slice, data.len())?;
            let part: Vec<u8> = bounds.indices().map(|at| data[at]).collect();
            Ok(BytesObject::new(&part).into())
        }
    }
}

fn concat(a: Value, b: Value) -> PyResult {
    let more = match buffer::is_bytes_like(b) {
        true => Some(buffer::acquire(b)?),
        false => None,
    };
    let Some(more) = more.as_ref().and_then(Buffer::as_slice) else {
        return Err(crate::raise!(TypeError, "can't concat {} to bytes", b.ty().name()));
    };
    crate::reserve::probe(2 * (this(a).len + more.len()))?;
    Ok(BytesObject::new(&[this(a).as_slice(), more].concat()).into())
}

fn repeat(value: Value, count: isize) -> PyResult {
    let data = this(value).as_slice();
    if count == 1 && value.is_exact(&BYTES) {
        return Ok(value.to_ref());
    }
    let count = sequence::checked_repeat(data.len(), count)?;
    crate::reserve::probe((2 * data.len()).saturating_mul(count))?;
    Ok(BytesObject::new(&data.repeat(count)).into())
}

fn contains(value: Value, item: Value) -> PyResult<bool> {
    let needle = Needle::of_member(item)?;
    Ok(search::find(this(value).as_slice(), needle.as_slice()).is_some())
}

/// `%`; only bytes on the left count.
fn remainder(a: Value, b: Value) -> PyResult {
    match a.get::<BytesObject>() {
        Some(template) => {
            Ok(BytesObject::new(&format::percent::format_bytes(template.as_slice(), b)?).into())
        }
        None => singleton::decline(),
    }
}

py_methods! { static METHODS for "bytes", &BytesObject;
    /// Convert this value to exact type bytes.
    "__bytes__(self, /)"
    fn dunder_bytes(this) -> Ref {
        let value = Value::from_object(this);
        if value.is_exact(&BYTES) { value.to_ref() } else { BytesObject::new(this.as_slice()).into() }
    }
    /// For pickling.
    "__getnewargs__(self, /)"
    fn getnewargs(this) -> Py<TupleObject> {
        TupleObject::of([BytesObject::new(this.as_slice()).into()])
    }
    /// Return the size of the object in memory, in bytes.
    "__sizeof__(self, /)"
    fn sizeof(this) -> usize {
        DATA + this.len + 1
    }
}

/// `bytes`.
pub static BYTES: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "bytes(iterable_of_ints) -> bytes\nbytes(string, encoding[, errors]) -> bytes\nbytes(bytes_or_buffer) -> immutable copy of bytes_or_buffer\nbytes(int) -> bytes object of size given by the parameter initialized with null bytes\nbytes() -> empty bytes object",
    flags: type_flags::BASE | type_flags::TRIVIAL_DROP | type_flags::MATCH_SELF,
    var_end: Some(var_end),
    slots: Slots {
        new: Some(new),
        repr: Some(shown),
        str: Some(|value| {
            crate::warning::warn_of_shown_bytes("bytes")?;
            shown(value)
        }),
        hash: Some(hash_slot),
        richcompare: Some(richcompare),
        len: Some(|value| Ok(this(value).len)),
        subscript: Some(subscript),
        concat: Some(concat),
        repeat: Some(repeat),
        contains: Some(contains),
        buffer: Some(lend),
        remainder: Some(remainder),
        iter: Some(|value| Ok(SequenceIterator::new(value, &BYTES_ITERATOR).into())),
        ..Slots::EMPTY
    },
    methods: &[METHODS, for_bytes::METHODS, for_bytes::CLASS_METHODS, for_bytes::STATIC_METHODS],
    ..TypeSpec::of::<BytesObject>("bytes")
};
