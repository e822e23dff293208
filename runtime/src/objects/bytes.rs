//! `bytes`: immutable bytes behind the length. Methods are the most used ones; `memoryview` does not exist yet.

use std::cell::Cell;

use crate::alloc;
use crate::args::Args;
use crate::convert::OrNone;
use crate::hash;
use crate::header::{Header, flags};
use crate::object::{self, Object};
use crate::objects::iterators::{BYTES_ITERATOR, SequenceIterator};
use crate::objects::list::ListObject;
use crate::objects::sequence::{self, SliceBounds, Subscript};
use crate::objects::str::{StrBuilder, StrObject};
use crate::objects::{self, int, singleton};
use crate::operator::{CompareOp, Comparison};
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};
use crate::{py_class_methods, py_methods};

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

/// The bytes of a bytes-like object, or of an iterable of ints.
pub fn bytes_from(value: Value) -> PyResult<Vec<u8>> {
    if crate::buffer::is_bytes_like(value) {
        return crate::buffer::to_vec(value);
    }
    if !protocol::is_iterable(value) || value.is_instance::<StrObject>() {
        return Err(crate::raise!(TypeError, "cannot convert '{}' object to bytes", value.ty().name()));
    }
    let mut data = Vec::new();
    protocol::for_each(value, |item| {
        let number = int::to_isize(item.value())?;
        let byte =
            u8::try_from(number).map_err(|_| crate::raise!(ValueError, "bytes must be in range(0, 256)"))?;
        data.push(byte);
        Ok(())
    })?;
    Ok(data)
}

/// A bytes-like argument.
fn bytes_like(value: Value) -> PyResult<Vec<u8>> {
    crate::buffer::to_vec(value)
}

fn this<'a>(value: Value) -> &'a BytesObject {
    value.get::<BytesObject>().expect("descriptors check their owner")
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let mut parts = [None; 3];
    for (part, &value) in parts.iter_mut().zip(args.positional) {
        *part = Some(value);
    }
    for (name, value) in args.keywords() {
        let at = name
            .get::<StrObject>()
            .and_then(|name| ["source", "encoding", "errors"].iter().position(|key| name.eq_str(key)));
        match at {
            Some(at) => parts[at] = Some(value),
            None => return Err(crate::raise!(TypeError, "bytes() got an unexpected keyword argument")),
        }
    }
    let data = match parts {
        [None, ..] => Vec::new(),
        [Some(text), encoding, errors] if text.is_instance::<StrObject>() => {
            let Some(encoding) = encoding else {
                return Err(crate::raise!(TypeError, "string argument without an encoding"));
            };
            crate::codec::encode(text, Some(encoding), errors)?
        }
        [Some(_), Some(_), _] | [Some(_), _, Some(_)] => {
            return Err(crate::raise!(TypeError, "encoding without a string argument"));
        }
        [Some(source), ..] => {
            match protocol::attribute::call_special(source, crate::names::names().__bytes__, &[])? {
                Some(made) => bytes_like(made.value())?,
                None if int::IntRef::of(source).is_some() => zeros(source)?,
                None => bytes_from(source)?,
            }
        }
    };
    Ok(BytesObject::new_of(ty, &data).into())
}

fn zeros(count: Value) -> PyResult<Vec<u8>> {
    let count = int::to_isize(count)?;
    let Ok(count) = usize::try_from(count) else { return Err(crate::raise!(ValueError, "negative count")) };
    let mut data = Vec::new();
    data.try_reserve_exact(count).map_err(|_| crate::error::memory_error())?;
    data.resize(count, 0);
    Ok(data)
}

/// `b'...'`
pub fn repr_bytes(data: &[u8]) -> String {
    let quote = if data.contains(&b'\'') && !data.contains(&b'"') { '"' } else { '\'' };
    let mut text = format!("b{quote}");
    for &byte in data {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            _ if byte as char == quote => {
                text.push('\\');
                text.push(quote);
            }
            0x20..0x7f => text.push(byte as char),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.push(quote);
    text
}

fn hash_slot(value: Value) -> PyResult<i64> {
    let bytes = this(value);
    if bytes.hash.get() == -1 {
        bytes.hash.set(hash::bytes(bytes.as_slice()));
    }
    Ok(bytes.hash.get())
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(a), Some(b)) = (a.get::<BytesObject>(), b.get::<BytesObject>()) else {
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
    if !crate::buffer::is_bytes_like(b) {
        return Err(crate::raise!(TypeError, "can't concat {} to bytes", b.ty().name()));
    }
    let more = protocol::len(b)?;
    crate::reserve::probe(2 * (this(a).len + more))?;
    let joined = crate::buffer::with_bytes(b, |other| [this(a).as_slice(), other].concat())?;
    Ok(BytesObject::new(&joined).into())
}

fn repeat(value: Value, count: isize) -> PyResult {
    let data = this(value).as_slice();
    let count = sequence::checked_repeat(data.len(), count)?;
    crate::reserve::probe((2 * data.len()).saturating_mul(count))?;
    Ok(BytesObject::new(&data.repeat(count)).into())
}

fn contains(value: Value, item: Value) -> PyResult<bool> {
    let data = this(value).as_slice();
    if let Some(number) = int::IntRef::of(item) {
        let byte = number.to_i64().and_then(|number| u8::try_from(number).ok());
        let byte = byte.ok_or_else(|| crate::raise!(ValueError, "byte must be in range(0, 256)"))?;
        return Ok(data.contains(&byte));
    }
    Ok(find(data, &bytes_like(item)?).is_some())
}

/// What a search is for: bytes, or one byte by its number.
fn byte_or_bytes(wanted: Value) -> PyResult<Vec<u8>> {
    let Some(number) = int::IntRef::of(wanted) else { return bytes_like(wanted) };
    let byte = number.to_i64().and_then(|number| u8::try_from(number).ok());
    Ok(vec![byte.ok_or_else(|| crate::raise!(ValueError, "byte must be in range(0, 256)"))?])
}

fn find(data: &[u8], wanted: &[u8]) -> Option<usize> {
    if wanted.is_empty() { Some(0) } else { data.windows(wanted.len()).position(|window| window == wanted) }
}

py_methods! { static METHODS for "bytes", &BytesObject;
    /// Decode the bytes using the codec registered for encoding.
    "decode(self, /, encoding='utf-8', errors='strict')"
    fn decode(this, encoding: Option<Value>, errors: Option<Value>) -> PyResult {
        crate::codec::decode(Value::from_object(this), this.as_slice(), encoding, errors)
    }
    /// Create a string of hexadecimal numbers from a bytes object.
    "hex(self, /, sep=None, bytes_per_sep=1)"
    fn hex(this, sep: Option<Value>, bytes_per_sep: Option<isize>) -> PyResult<String> {
        let digits: Vec<String> = this.as_slice().iter().map(|byte| format!("{byte:02x}")).collect();
        let sep = match sep {
            None => return Ok(digits.concat()),
            Some(sep) => protocol::str_string(sep)?,
        };
        let group = bytes_per_sep.unwrap_or(1);
        if group == 0 {
            return Ok(digits.concat());
        }
        let size = group.unsigned_abs();
        let first = if group > 0 { digits.len() % size } else { 0 };
        let mut parts: Vec<String> = Vec::new();
        if first > 0 { parts.push(digits[..first].concat()) }
        parts.extend(digits[first..].chunks(size).map(<[String]>::concat));
        Ok(parts.join(&sep))
    }
    /// Concatenate any number of bytes objects.
    "join(self, iterable_of_bytes, /)"
    fn join(this, iterable_of_bytes: Value) -> PyResult<Ref> {
        let parts = protocol::collect(iterable_of_bytes)?;
        let parts = parts.iter().map(|part| bytes_like(part.value())).collect::<PyResult<Vec<_>>>()?;
        Ok(BytesObject::new(&parts.join(this.as_slice())).into())
    }
    /// Return the lowest index where subsection sub is found, or -1.
    "find(self, sub, start=None, end=None, /)"
    fn find_method(this, sub: Value, start: Option<isize>, end: Option<isize>) -> PyResult<isize> {
        let (from, to) = sequence::clamp_range(start, end, this.len);
        let wanted = byte_or_bytes(sub)?;
        Ok(this.as_slice().get(from..to).and_then(|part| find(part, &wanted)).map_or(-1, |at| (at + from) as isize))
    }
    /// Return the number of non-overlapping occurrences of subsection sub.
    "count(self, sub, /)"
    fn count(this, sub: Value) -> PyResult<usize> {
        let wanted = bytes_like(sub)?;
        if wanted.is_empty() { return Ok(this.len + 1) }
        let (mut rest, mut found) = (this.as_slice(), 0);
        while let Some(at) = find(rest, &wanted) {
            found += 1;
            rest = &rest[at + wanted.len()..];
        }
        Ok(found)
    }
    /// Return True if the bytes start with the specified prefix.
    "startswith(self, prefix, /)"
    fn startswith(this, prefix: Value) -> PyResult<bool> {
        Ok(this.as_slice().starts_with(&bytes_like(prefix)?))
    }
    /// Return True if the bytes end with the specified suffix.
    "endswith(self, suffix, /)"
    fn endswith(this, suffix: Value) -> PyResult<bool> {
        Ok(this.as_slice().ends_with(&bytes_like(suffix)?))
    }
    /// Return a copy with all occurrences of substring old replaced by new.
    "replace(self, old, new, /)"
    fn replace(this, old: Value, new: Value) -> PyResult<Ref> {
        let (old, new) = (bytes_like(old)?, bytes_like(new)?);
        if old.is_empty() {
            return Err(crate::error::not_supported("bytes.replace() of nothing"));
        }
        let (mut rest, mut made) = (this.as_slice(), Vec::new());
        while let Some(at) = find(rest, &old) {
            made.extend_from_slice(&rest[..at]);
            made.extend_from_slice(&new);
            rest = &rest[at + old.len()..];
        }
        made.extend_from_slice(rest);
        Ok(BytesObject::new(&made).into())
    }
    /// Return a copy with each character mapped by the given translation table.
    "translate(self, table, /, delete=b'')"
    fn translate(this, table: OrNone<Value>, delete: Option<Value>) -> PyResult<Ref> {
        let table = table.0.map(bytes_like).transpose()?;
        if table.as_ref().is_some_and(|table| table.len() != 256) {
            return Err(crate::raise!(ValueError, "translation table must be 256 characters long"));
        }
        let delete = delete.map_or_else(|| Ok(Vec::new()), bytes_like)?;
        let kept = this.as_slice().iter().filter(|byte| !delete.contains(byte));
        let made: Vec<u8> = kept.map(|&byte| table.as_ref().map_or(byte, |table| table[usize::from(byte)])).collect();
        Ok(BytesObject::new(&made).into())
    }
    /// Return a list of the sections in the bytes, using sep as the delimiter.
    "split(self, sep, /)"
    fn split(this, sep: Value) -> PyResult<Ref> {
        let sep = bytes_like(sep)?;
        if sep.is_empty() {
            return Err(crate::raise!(ValueError, "empty separator"));
        }
        let (mut rest, mut parts) = (this.as_slice(), Vec::new());
        while let Some(at) = find(rest, &sep) {
            parts.push(BytesObject::new(&rest[..at]).into());
            rest = &rest[at + sep.len()..];
        }
        parts.push(BytesObject::new(rest).into());
        Ok(ListObject::new(parts).into())
    }
    /// Strip leading and trailing ASCII whitespace.
    "strip(self, /)"
    fn strip(this) -> Ref {
        BytesObject::new(this.as_slice().trim_ascii()).into()
    }
    /// Return a copy with all ASCII characters converted to uppercase.
    "upper(self, /)"
    fn upper(this) -> Ref {
        BytesObject::new(&this.as_slice().to_ascii_uppercase()).into()
    }
    /// Return a copy with all ASCII characters converted to lowercase.
    "lower(self, /)"
    fn lower(this) -> Ref {
        BytesObject::new(&this.as_slice().to_ascii_lowercase()).into()
    }
}

py_class_methods! { static CLASS_METHODS for "bytes";
    /// Create a bytes object from a string of hexadecimal numbers.
    "fromhex(cls, string, /)"
    fn fromhex(cls, string: &StrObject) -> PyResult<Ref> {
        let text: Vec<u32> = string.code_points().filter(|&point| !char::from_u32(point).is_some_and(|c| c.is_ascii_whitespace())).collect();
        let digit = |point: u32| char::from_u32(point).and_then(|c| c.to_digit(16));
        let mut data = Vec::new();
        for pair in text.chunks(2) {
            match (digit(pair[0]), pair.get(1).and_then(|&low| digit(low))) {
                (Some(high), Some(low)) => data.push((high * 16 + low) as u8),
                _ => return Err(crate::raise!(ValueError, "non-hexadecimal number found in fromhex() arg at position {}", data.len() * 2)),
            }
        }
        Ok(BytesObject::new_of(cls, &data).into())
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
        repr: Some(|value| Ok(StrObject::new(&repr_bytes(this(value).as_slice())).into())),
        hash: Some(hash_slot),
        richcompare: Some(richcompare),
        len: Some(|value| Ok(this(value).len)),
        subscript: Some(subscript),
        concat: Some(concat),
        repeat: Some(repeat),
        contains: Some(contains),
        iter: Some(|value| Ok(SequenceIterator::new(value, &BYTES_ITERATOR).into())),
        ..Slots::EMPTY
    },
    methods: &[METHODS, CLASS_METHODS],
    ..TypeSpec::of::<BytesObject>("bytes")
};

/// Text of bytes that are Latin-1.
pub fn latin1(data: &[u8]) -> Py<StrObject> {
    let mut builder = StrBuilder::with_capacity(data.len());
    data.iter().for_each(|&byte| builder.push(u32::from(byte)));
    builder.finish()
}
