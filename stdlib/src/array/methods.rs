//! Methods of arrays, and their iterator.

use std::cell::Cell;

use runtime::buffer;
use runtime::field::Field;
use runtime::header::Header;
use runtime::object::{self, Object, Visitor};
use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::list::ListObject;
use runtime::objects::sequence;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::slots::Slots;
use runtime::type_object::{TypeObject, TypeSpec, type_flags};
use runtime::{Py, PyResult, Ref, Value, protocol, py_methods, raise, types};

use super::{ArrayObject, machine};

/// Items as a list.
pub(super) fn list(array: &ArrayObject) -> PyResult<Py<ListObject>> {
    super::list_of(array)
}

/// Bytes written to a file at once.
const BLOCK: usize = 64 * 1024;

fn position(array: &ArrayObject, wanted: Value, from: usize, to: usize) -> PyResult<Option<usize>> {
    for at in from..to {
        let Some(item) = array.item(at) else { break };
        if protocol::is_same_or_equal(item?.value(), wanted)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn check_text(array: &ArrayObject, method: &str) -> PyResult<()> {
    if array.kind.is_text() {
        return Ok(());
    }
    Err(raise!(ValueError, "{method}() may only be called on unicode type arrays ('u' or 'w')"))
}

fn copy_of(array: &ArrayObject) -> Ref {
    array.sibling(array.data.borrow().clone())
}

/// What pickles need: class, code and items, in protocol 3 and above as bytes of a machine format.
fn reduced(array: &ArrayObject, protocol: i64) -> PyResult {
    let value = Value::from_object(array);
    let state = types::pickle::state_of(value, false)?;
    let (callable, args) = if protocol < 3 {
        let code = StrObject::from_code_point(array.kind.code.into());
        let items: Ref = if array.kind.is_text() { array.text()? } else { list(array)?.into() };
        (value.ty().value().to_ref(), TupleObject::of([code.into(), items]))
    } else {
        let module = protocol::import::import_absolute("array")?;
        let rebuild = protocol::attribute::get_attr_text(module.value(), "_array_reconstructor")?;
        let data = buffer::acquire(value)?;
        (rebuild, TupleObject::of(machine::arguments(array.kind, value.ty(), &data)))
    };
    Ok(TupleObject::of([callable, args.into(), state]).into())
}

py_methods! { pub(super) static METHODS for "array", &ArrayObject;
    /// Append new value v to the end of the array.
    "append(self, v, /)"
    fn append(this, v: Value) -> PyResult<()> {
        this.append(v)
    }
    /// Return a tuple (address, length) giving the current memory address and the length in items of the buffer.
    "buffer_info(self, /)"
    fn buffer_info(this) -> Py<TupleObject> {
        let address = this.data.borrow().as_ptr() as u64;
        TupleObject::of([int::from_u64(address), int::from_i64(this.len() as i64)])
    }
    /// Byteswap all items of the array.
    "byteswap(self, /)"
    fn byteswap(this) {
        this.data.borrow_mut().chunks_exact_mut(this.kind.size).for_each(<[u8]>::reverse);
    }
    /// Remove all items from the array.
    "clear(self, /)"
    fn clear(this) -> PyResult<()> {
        this.splice(0, this.len(), &[])
    }
    /// Return a copy of the array.
    "__copy__(self, /)"
    fn dunder_copy(this) -> Ref {
        copy_of(this)
    }
    /// Return a copy of the array.
    "__deepcopy__(self, unused, /)"
    fn dunder_deepcopy(this, unused: Value) -> Ref {
        let _ = unused;
        copy_of(this)
    }
    /// Return number of occurrences of v in the array.
    "count(self, v, /)"
    fn count(this, v: Value) -> PyResult<usize> {
        let (mut found, mut at) = (0, 0);
        while let Some(item) = this.item(at) {
            found += usize::from(protocol::is_same_or_equal(item?.value(), v)?);
            at += 1;
        }
        Ok(found)
    }
    /// Append items to the end of the array.
    "extend(self, bb, /)"
    fn extend(this, bb: Value) -> PyResult<()> {
        this.extend(bb)
    }
    /// Appends items from the string, interpreting it as an array of machine values.
    "frombytes(self, buffer, /)"
    fn frombytes(this, buffer: Value) -> PyResult<()> {
        this.extend_raw(&buffer::to_vec(buffer)?)
    }
    /// Read n objects from the file object f and append them to the end of the array.
    "fromfile(self, f, n, /)"
    fn fromfile(this, f: Value, n: isize) -> PyResult<()> {
        let Ok(count) = usize::try_from(n) else { return Err(raise!(ValueError, "negative count")) };
        let Some(wanted) = count.checked_mul(this.kind.size).filter(|&bytes| bytes <= isize::MAX as usize) else {
            return Err(runtime::error::memory_error());
        };
        let data = protocol::call_method_text(f, "read", &[int::from_i64(wanted as i64).value()])?;
        let Some(bytes) = data.get::<BytesObject>() else {
            return Err(raise!(TypeError, "read() didn't return bytes"));
        };
        this.extend_raw(bytes.as_slice())?;
        if bytes.as_slice().len() != wanted {
            return Err(raise!(EOFError, "read() didn't return enough bytes"));
        }
        Ok(())
    }
    /// Append items to array from list.
    "fromlist(self, list, /)"
    fn fromlist(this, list: Value) -> PyResult<()> {
        let Some(list) = list.get::<ListObject>() else { return Err(raise!(TypeError, "arg must be list")) };
        let mut bytes = Vec::new();
        for item in list.to_vec() {
            bytes.extend(this.kind.pack(item.value())?);
        }
        this.extend_bytes(&bytes)
    }
    /// Extends this array with data from the unicode string ustr.
    "fromunicode(self, ustr, /)"
    fn fromunicode(this, ustr: &StrObject) -> PyResult<()> {
        check_text(this, "fromunicode")?;
        this.extend_text(ustr)
    }
    /// Return index of first occurrence of v in the array.
    "index(self, v, start=0, stop=sys.maxsize, /)"
    fn index(this, v: Value, start: Option<isize>, stop: Option<isize>) -> PyResult<usize> {
        let (from, to) = sequence::clamp_range(start, stop, this.len());
        position(this, v, from, to)?.ok_or_else(|| raise!(ValueError, "array.index(x): x not in array"))
    }
    /// Insert a new item v into the array before position i.
    "insert(self, i, v, /)"
    fn insert(this, i: isize, v: Value) -> PyResult<()> {
        let item = this.kind.pack(v)?;
        let at = sequence::clamp_index(i, this.len());
        this.splice(at, at, &item)
    }
    /// Return the i-th element and delete it from the array.
    "pop(self, i=-1, /)"
    fn pop(this, i: Option<isize>) -> PyResult {
        if this.len() == 0 {
            return Err(raise!(IndexError, "pop from empty array"));
        }
        let Some(at) = sequence::wrap_index(i.unwrap_or(-1), this.len()) else {
            return Err(raise!(IndexError, "pop index out of range"));
        };
        let item = this.item(at).expect("wrapped to the length")?;
        this.splice(at, at + 1, &[])?;
        Ok(item)
    }
    /// Remove the first occurrence of v in the array.
    "remove(self, v, /)"
    fn remove(this, v: Value) -> PyResult<()> {
        match position(this, v, 0, usize::MAX)? {
            Some(at) if at < this.len() => this.splice(at, at + 1, &[]),
            _ => Err(raise!(ValueError, "array.remove(x): x not in array")),
        }
    }
    /// Reverse the order of the items in the array.
    "reverse(self, /)"
    fn reverse(this) {
        let mut data = this.data.borrow_mut();
        data.reverse();
        data.chunks_exact_mut(this.kind.size).for_each(<[u8]>::reverse);
    }
    /// Convert the array to an array of machine values and return the bytes representation.
    "tobytes(self, /)"
    fn tobytes(this) -> Py<BytesObject> {
        BytesObject::new(&this.data.borrow())
    }
    /// Write all items (as machine values) to the file object f.
    "tofile(self, f, /)"
    fn tofile(this, f: Value) -> PyResult<()> {
        let data = this.data.borrow().clone();
        for block in data.chunks(BLOCK) {
            drop(protocol::call_method_text(f, "write", &[BytesObject::new(block).value()])?);
        }
        Ok(())
    }
    /// Convert array to an ordinary list with the same items.
    "tolist(self, /)"
    fn tolist(this) -> PyResult<Py<ListObject>> {
        list(this)
    }
    /// Extends this array with data from the unicode string ustr.
    "tounicode(self, /)"
    fn tounicode(this) -> PyResult {
        check_text(this, "tounicode")?;
        this.text()
    }
    /// Size of the array in memory, in bytes.
    "__sizeof__(self, /)"
    fn sizeof(this) -> usize {
        size_of::<ArrayObject>() + this.data.borrow().capacity()
    }
    /// Return state information for pickling.
    "__reduce_ex__(self, value, /)"
    fn reduce_ex(this, value: i64) -> PyResult {
        reduced(this, value)
    }
}

/// An iterator over an array.
#[repr(C)]
pub(super) struct ArrayIterator {
    header: Header,
    /// Unset once exhausted.
    array: Field,
    at: Cell<usize>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for ArrayIterator {
    fn type_object() -> &'static TypeObject {
        &ARRAY_ITERATOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.array.visit(visit);
    }
    fn clear(&self) {
        drop(self.array.take());
    }
}

pub(super) fn iterator(array: Value) -> PyResult {
    let contents = ArrayIterator {
        header: Header::new(&ARRAY_ITERATOR),
        array: Field::new(array.to_ref()),
        at: Cell::new(0),
    };
    Ok(object::new_object(contents).into())
}

fn next(value: Value) -> PyResult<Option<Ref>> {
    let iterator = value.get::<ArrayIterator>().expect("slots are called for instances");
    let Some(array) = iterator.array.get_ref() else { return Ok(None) };
    let at = iterator.at.get();
    match array.get::<ArrayObject>().and_then(|array| array.item(at)) {
        Some(item) => {
            iterator.at.set(at + 1);
            item.map(Some)
        }
        None => {
            drop(iterator.array.take());
            Ok(None)
        }
    }
}

py_methods! { static ITERATOR_METHODS for "arrayiterator", &ArrayIterator;
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn reduce(this) -> PyResult {
        let iter = runtime::builtins::namespace().get_text("iter");
        let iter = iter.ok_or_else(|| raise!(AttributeError, "iter"))?;
        Ok(match this.array.get_ref() {
            Some(array) => {
                let args = TupleObject::of([array]);
                TupleObject::of([iter, args.into(), int::from_i64(this.at.get() as i64)]).into()
            }
            None => {
                let empty = TupleObject::of([TupleObject::empty().into()]);
                TupleObject::of([iter, empty.into()]).into()
            }
        })
    }
    /// Set state information for unpickling.
    "__setstate__(self, state, /)"
    fn setstate(this, state: isize) {
        let len = this.array.get().and_then(|array| array.get::<ArrayObject>()).map_or(0, ArrayObject::len);
        this.at.set((state.max(0) as usize).min(len));
    }
}

pub(super) static ARRAY_ITERATOR: TypeObject = TypeObject::from_spec(&ITERATOR_SPEC);
static ITERATOR_SPEC: TypeSpec = TypeSpec {
    module: "array",
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots { iter: Some(protocol::identity), iternext: Some(next), ..Slots::EMPTY },
    methods: &[ITERATOR_METHODS],
    ..TypeSpec::of::<ArrayIterator>("arrayiterator")
};
