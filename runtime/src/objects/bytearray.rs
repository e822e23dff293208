//! `bytearray`: bytes that change. What does not change them is what `bytes` does with a copy.

use std::cell::RefCell;

use crate::args::Args;
use crate::buffer;
use crate::convert::Rest;
use crate::error;
use crate::header::Header;
use crate::object::{self, Object};
use crate::objects::bytes::{self, BytesObject};
use crate::objects::iterators::{BYTEARRAY_ITERATOR, SequenceIterator};
use crate::objects::list::ListObject;
use crate::objects::sequence::{self, SliceBounds, Subscript};
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, int, singleton};
use crate::operator::{CompareOp, Comparison};
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};
use crate::{py_class_methods, py_methods};

/// A bytearray.
#[repr(C)]
pub struct ByteArray {
    header: Header,
    pub(crate) data: RefCell<Vec<u8>>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for ByteArray {
    fn type_object() -> &'static TypeObject {
        &BYTEARRAY
    }
}

impl ByteArray {
    /// A bytearray of these bytes.
    pub fn make(data: Vec<u8>) -> Ref {
        Self::make_of(&BYTEARRAY, data)
    }

    fn make_of(ty: &TypeObject, data: Vec<u8>) -> Ref {
        object::new_object_of(ty, ByteArray { header: Header::new(ty), data: RefCell::new(data) }).into()
    }

    fn to_bytes(&self) -> Py<BytesObject> {
        BytesObject::new(&self.data.borrow())
    }

    fn extend_from(&self, more: &[u8]) -> PyResult<()> {
        let mut data = self.data.borrow_mut();
        data.try_reserve(more.len()).map_err(|_| error::memory_error())?;
        data.extend_from_slice(more);
        Ok(())
    }

    /// What the method of `bytes` gives for a copy, with bytearrays for bytes.
    fn as_bytes_does(&self, method: &str, args: &[Value]) -> PyResult {
        let result = protocol::call_method_text(self.to_bytes().value(), method, args)?;
        let changed = |item: &Ref| match item.get_exact::<BytesObject>() {
            Some(bytes) => ByteArray::make(bytes.as_slice().to_vec()),
            None => item.clone(),
        };
        Ok(match (result.get_exact::<ListObject>(), result.get_exact::<TupleObject>()) {
            (Some(list), _) => ListObject::new(list.to_vec().iter().map(changed).collect()).into(),
            (_, Some(tuple)) => {
                TupleObject::new(tuple.items().iter().map(|item| changed(&item.to_ref())).collect()).into()
            }
            _ => changed(&result),
        })
    }
}

fn this<'a>(value: Value) -> &'a ByteArray {
    value.get::<ByteArray>().expect("descriptors check their owner")
}

fn byte_of(value: Value) -> PyResult<u8> {
    let number = int::index(value)?;
    let byte = int::IntRef::of(number.value()).and_then(int::IntRef::to_i64);
    byte.and_then(|byte| u8::try_from(byte).ok())
        .ok_or_else(|| crate::raise!(ValueError, "byte must be in range(0, 256)"))
}

/// `bytearray(source, encoding, errors)`: as `bytes` understands it.
fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    let made = protocol::call_args(bytes::BYTES.value(), args)?;
    let data = buffer::to_vec(made.value())?;
    drop(this(value).data.replace(data));
    Ok(())
}

fn repr(value: Value) -> PyResult {
    let inner = bytes::repr_bytes(&this(value).data.borrow());
    Ok(StrObject::new(&format!("{}({inner})", value.ty().name())).into())
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    if !buffer::is_bytes_like(b) {
        return singleton::decline();
    }
    let other = buffer::to_vec(b)?;
    let order = this(a).data.borrow().as_slice().cmp(&other);
    Ok(objects::bool(op.holds(order)).to_ref())
}

fn subscript(value: Value, key: Value) -> PyResult {
    let data = this(value).data.borrow();
    match Subscript::of(key, "bytearray")? {
        Subscript::Index(at) => match sequence::wrap_index(at, data.len()) {
            Some(at) => Ok(int::from_i64(i64::from(data[at]))),
            None => Err(crate::raise!(IndexError, "bytearray index out of range")),
        },
        Subscript::Slice(slice) => {
            let len = data.len();
            drop(data);
            let bounds = SliceBounds::resolve(slice, len)?;
            let data = this(value).data.borrow();
            Ok(ByteArray::make(bounds.indices().filter_map(|at| data.get(at).copied()).collect()))
        }
    }
}

fn ass_subscript(value: Value, key: Value, item: Option<Value>) -> PyResult<()> {
    let array = this(value);
    match Subscript::of(key, "bytearray")? {
        Subscript::Index(at) => {
            let byte = item.map(byte_of).transpose()?;
            let mut data = array.data.borrow_mut();
            let Some(at) = sequence::wrap_index(at, data.len()) else {
                return Err(crate::raise!(IndexError, "bytearray index out of range"));
            };
            match byte {
                Some(byte) => data[at] = byte,
                None => drop(data.remove(at)),
            }
            Ok(())
        }
        Subscript::Slice(slice) => {
            let new = match item {
                None => Vec::new(),
                Some(item) => bytes::bytes_from(item)?,
            };
            let len = array.data.borrow().len();
            let bounds = SliceBounds::resolve(slice, len)?;
            replace_slice(array, bounds, &new, item.is_some())
        }
    }
}

fn replace_slice(array: &ByteArray, bounds: SliceBounds, new: &[u8], assigns: bool) -> PyResult<()> {
    let mut data = array.data.borrow_mut();
    if bounds.step == 1 {
        let start = bounds.start as usize;
        data.splice(start..start + bounds.len, new.iter().copied());
        return Ok(());
    }
    if !assigns {
        let doomed: std::collections::HashSet<usize> = bounds.indices().collect();
        let mut at = 0;
        data.retain(|_| {
            at += 1;
            !doomed.contains(&(at - 1))
        });
        return Ok(());
    }
    if new.len() != bounds.len {
        let (given, wanted) = (new.len(), bounds.len);
        let message = format!("attempt to assign bytes of size {given} to extended slice of size {wanted}");
        return Err(crate::raise!(ValueError, "{message}"));
    }
    bounds.indices().zip(new).for_each(|(at, &byte)| data[at] = byte);
    Ok(())
}

fn concat(a: Value, b: Value) -> PyResult {
    if !buffer::is_bytes_like(b) {
        return Err(crate::raise!(TypeError, "can't concat {} to bytearray", b.ty().name()));
    }
    let more = buffer::to_vec(b)?;
    let data = this(a).data.borrow();
    crate::reserve::probe(data.len() + more.len())?;
    Ok(ByteArray::make([data.as_slice(), &more].concat()))
}

fn inplace_concat(a: Value, b: Value) -> PyResult {
    if !buffer::is_bytes_like(b) {
        return Err(crate::raise!(TypeError, "can't concat {} to bytearray", b.ty().name()));
    }
    this(a).extend_from(&buffer::to_vec(b)?)?;
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
    drop(this(value).data.replace(data));
    Ok(value.to_ref())
}

macro_rules! methods_of_bytes {
    ($($signature:literal $name:ident)*) => {
        py_methods! { static BYTES_METHODS for "bytearray", &ByteArray;
            $(/// As the method of bytes.
            $signature
            fn $name(this, args: Rest<'_>) -> PyResult {
                this.as_bytes_does(stringify!($name), args.0)
            })*
        }
    };
}

methods_of_bytes! {
    "find(self, *args)" find
    "count(self, *args)" count
    "startswith(self, *args)" startswith
    "endswith(self, *args)" endswith
    "replace(self, *args)" replace
    "split(self, *args)" split
    "strip(self, *args)" strip
    "upper(self, *args)" upper
    "lower(self, *args)" lower
    "join(self, *args)" join
    "hex(self, *args)" hex
    "translate(self, *args)" translate
}

py_methods! { static METHODS for "bytearray", &ByteArray;
    /// Decode the bytearray using the codec registered for encoding.
    "decode(self, /, encoding='utf-8', errors='strict')"
    fn decode(this, encoding: Option<Value>, errors: Option<Value>) -> PyResult {
        let copy = this.to_bytes();
        crate::codec::decode(copy.value(), copy.as_slice(), encoding, errors)
    }
    /// Append a single item to the end of the bytearray.
    "append(self, item, /)"
    fn append(this, item: Value) -> PyResult<()> {
        let byte = byte_of(item)?;
        this.extend_from(&[byte])
    }
    /// Append all the items from the iterator or sequence to the end of the bytearray.
    "extend(self, iterable_of_ints, /)"
    fn extend(this, iterable_of_ints: Value) -> PyResult<()> {
        this.extend_from(&bytes::bytes_from(iterable_of_ints)?)
    }
    /// Insert a single item into the bytearray before the given index.
    "insert(self, index, item, /)"
    fn insert(this, index: isize, item: Value) -> PyResult<()> {
        let byte = byte_of(item)?;
        let mut data = this.data.borrow_mut();
        data.try_reserve(1).map_err(|_| error::memory_error())?;
        let at = sequence::clamp_index(index, data.len());
        data.insert(at, byte);
        Ok(())
    }
    /// Remove and return a single item from the bytearray.
    "pop(self, index=-1, /)"
    fn pop(this, index: Option<isize>) -> PyResult<u8> {
        let mut data = this.data.borrow_mut();
        if data.is_empty() {
            return Err(crate::raise!(IndexError, "pop from empty bytearray"));
        }
        match sequence::wrap_index(index.unwrap_or(-1), data.len()) {
            Some(at) => Ok(data.remove(at)),
            None => Err(crate::raise!(IndexError, "pop index out of range")),
        }
    }
    /// Remove the first occurrence of a value in the bytearray.
    "remove(self, value, /)"
    fn remove(this, value: Value) -> PyResult<()> {
        let byte = byte_of(value)?;
        let mut data = this.data.borrow_mut();
        let Some(at) = data.iter().position(|&found| found == byte) else {
            return Err(crate::raise!(ValueError, "value not found in bytearray"));
        };
        data.remove(at);
        Ok(())
    }
    /// Remove all items from the bytearray.
    "clear(self, /)"
    fn clear(this) {
        this.data.borrow_mut().clear();
    }
    /// Return a copy of the bytearray.
    "copy(self, /)"
    fn copy(this) -> Ref {
        ByteArray::make(this.data.borrow().clone())
    }
    /// Reverse the order of the values in the bytearray in place.
    "reverse(self, /)"
    fn reverse(this) {
        this.data.borrow_mut().reverse();
    }
}

py_class_methods! { static CLASS_METHODS for "bytearray";
    /// Create a bytearray object from a string of hexadecimal numbers.
    "fromhex(cls, string, /)"
    fn fromhex(cls, string: Value) -> PyResult {
        let made = protocol::call_method_text(bytes::BYTES.value(), "fromhex", &[string])?;
        protocol::call_one(cls.value(), made.value())
    }
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
        hash: Some(protocol::unhashable),
        richcompare: Some(richcompare),
        len: Some(|value| Ok(this(value).data.borrow().len())),
        subscript: Some(subscript),
        ass_subscript: Some(ass_subscript),
        concat: Some(concat),
        repeat: Some(|value, count| repeated(value, count).map(ByteArray::make)),
        inplace_concat: Some(inplace_concat),
        inplace_repeat: Some(inplace_repeat),
        contains: Some(|value, item| protocol::contains(this(value).to_bytes().value(), item)),
        iter: Some(|value| Ok(SequenceIterator::new(value, &BYTEARRAY_ITERATOR).into())),
        ..Slots::EMPTY
    },
    methods: &[METHODS, BYTES_METHODS, CLASS_METHODS],
    ..TypeSpec::of::<ByteArray>("bytearray")
};
