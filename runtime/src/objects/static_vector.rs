//! `Vector[T]` of Static Python: a growing number of raw primitives. (decision 12)
//!
//! One type per element type, all with the layout and under the base `Vector`, as for arrays. Machine code appends in place as long as
//! the length is below the *limit*, and takes the last element off if that lies below it. The limit is the capacity, but zero while the
//! memory is on loan, so that machine code leaves everything that resizes to the runtime, which then raises `BufferError`.

use std::cell::{Cell, RefCell};

use bytecode::TypeCode;

use crate::args::Args;
use crate::error;
use crate::header::Header;
use crate::object::{self, Object};
use crate::objects::element_types;
use crate::objects::elements::{self, Elements};
use crate::objects::sequence::{self, SliceBounds, Subscript};
use crate::objects::static_array::StaticArray;
use crate::objects::{self, int, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Value};
use crate::{py_class_methods, py_methods};

/// A vector.
#[repr(C)]
pub struct StaticVector {
    header: Header,
    len: Cell<usize>,
    limit: Cell<usize>,
    data: Cell<*mut u8>,
    code: TypeCode,
    loans: Cell<usize>,
    /// The memory, in words, all initialised.
    words: RefCell<Vec<u64>>,
}

const _: () = {
    use abi::layout::static_vector as layout;
    assert!(std::mem::offset_of!(StaticVector, len) == layout::LEN);
    assert!(std::mem::offset_of!(StaticVector, limit) == layout::LIMIT);
    assert!(std::mem::offset_of!(StaticVector, data) == layout::DATA);
};

// SAFETY: `repr(C)`, header first.
unsafe impl Object for StaticVector {
    fn type_object() -> &'static TypeObject {
        &STATIC_VECTOR
    }
}

impl StaticVector {
    /// A vector of `len` zeros.
    pub fn new(code: TypeCode, len: usize) -> PyResult<Py<StaticVector>> {
        let contents = StaticVector {
            header: Header::new(type_of(code)),
            len: Cell::new(0),
            limit: Cell::new(0),
            data: Cell::new(std::ptr::null_mut()),
            code,
            loans: Cell::new(0),
            words: RefCell::new(Vec::new()),
        };
        let vector = object::new_object_of(type_of(code), contents);
        vector.reserve(len)?;
        vector.len.set(len);
        Ok(vector)
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len.get()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Type of the elements.
    pub fn code(&self) -> TypeCode {
        self.code
    }

    /// The elements, until the vector is resized.
    pub fn elements(&self) -> Elements {
        // SAFETY: the words hold at least as many elements, all initialised.
        unsafe { Elements::new(self.data.get(), self.len(), self.code) }
    }

    /// Appends an element, given as its bytes.
    pub fn push(&self, word: [u8; 8]) -> PyResult<()> {
        self.grow()?;
        self.len.set(self.len() + 1);
        self.elements().set(-1, word, "vector")
    }

    /// Takes the last element off; what it gives is its address, good until something is appended.
    pub fn pop(&self) -> PyResult<*mut u8> {
        self.check_resizable()?;
        let last = self.len().checked_sub(1).and_then(|at| self.elements().address(at));
        let Some(last) = last else { return Err(crate::raise!(IndexError, "pop from empty vector")) };
        self.len.set(self.len() - 1);
        Ok(last)
    }

    /// Makes room for one more element.
    pub fn grow(&self) -> PyResult<()> {
        self.check_resizable()?;
        let len = self.len();
        if len < self.limit.get() { Ok(()) } else { self.reserve(len + (len / 2).max(7) + 1) }
    }

    /// Makes room for `len` elements in all.
    fn reserve(&self, len: usize) -> PyResult<()> {
        self.check_resizable()?;
        if len <= self.limit.get() {
            return Ok(());
        }
        let mut words = self.words.borrow_mut();
        let Some(bytes) = len.checked_mul(self.code.size()) else { return Err(error::memory_error()) };
        let more = bytes.div_ceil(8) - words.len();
        words.try_reserve_exact(more).map_err(|_| error::memory_error())?;
        let count = words.len() + more;
        words.resize(count, 0);
        self.data.set(words.as_mut_ptr().cast());
        self.limit.set(count * 8 / self.code.size());
        Ok(())
    }

    /// Gives all elements up.
    fn clear(&self) -> PyResult<()> {
        self.check_resizable()?;
        self.len.set(0);
        Ok(())
    }

    /// `BufferError` while the memory is on loan.
    fn check_resizable(&self) -> PyResult<()> {
        if self.loans.get() > 0 {
            return Err(crate::raise!(BufferError, "Existing exports of data: object cannot be re-sized"));
        }
        Ok(())
    }

    /// Appends a row of elements of this type, which may be the vector's own.
    fn extend_from(&self, source: &dyn Fn() -> Elements) -> PyResult<()> {
        let (len, more) = (self.len(), source().len());
        if more == 0 {
            return Ok(());
        }
        self.reserve(len + more)?;
        let from = source();
        self.len.set(len + more);
        self.elements().copy_from(len, from, 0, more);
        Ok(())
    }

    /// Appends what an iterable gives.
    fn extend(&self, source: Value) -> PyResult<()> {
        if let Some(vector) = source.get::<StaticVector>().filter(|vector| vector.code == self.code) {
            return self.extend_from(&|| vector.elements());
        }
        if let Some(array) = source.get::<StaticArray>().filter(|array| array.code() == self.code) {
            return self.extend_from(&|| array.elements());
        }
        protocol::collect(source)?
            .into_iter()
            .try_for_each(|item| self.push(elements::raw(self.code, item.value())?))
    }

    fn borrow(&self) {
        self.loans.set(self.loans.get() + 1);
        self.limit.set(0);
    }

    fn give_back(&self) {
        self.loans.set(self.loans.get() - 1);
        if self.loans.get() == 0 {
            self.limit.set(self.words.borrow().len() * 8 / self.code.size());
        }
    }
}

fn this<'a>(value: Value) -> &'a StaticVector {
    value.get::<StaticVector>().expect("slots are called for instances")
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("Vector")?;
    let code = element_types::of_vector(ty).unwrap_or(TypeCode::Int64);
    match args.positional {
        [] => Ok(StaticVector::new(code, 0)?.into()),
        [len] if int::IntRef::of(*len).is_some() => {
            let Ok(len) = usize::try_from(int::to_isize(*len)?) else {
                return Err(crate::raise!(OverflowError, "vector size must not be negative"));
            };
            Ok(StaticVector::new(code, len)?.into())
        }
        [source] => {
            let vector = StaticVector::new(code, 0)?;
            vector.extend(*source)?;
            Ok(vector.into())
        }
        more => Err(crate::raise!(TypeError, "Vector expected at most 1 argument, got {}", more.len())),
    }
}

fn subscript(value: Value, key: Value) -> PyResult {
    let elements = this(value).elements();
    match Subscript::of(key, "vector")? {
        Subscript::Index(at) => {
            match sequence::wrap_index(at, elements.len()).and_then(|at| elements.get(at)) {
                Some(item) => Ok(item),
                None => Err(crate::raise!(IndexError, "vector index out of range")),
            }
        }
        Subscript::Slice(slice) => {
            let bounds = SliceBounds::resolve(slice, this(value).len())?;
            let copy = StaticVector::new(this(value).code, bounds.len)?;
            copy.elements().copy_slice(this(value).elements(), &bounds);
            Ok(copy.into())
        }
    }
}

fn ass_subscript(value: Value, key: Value, new: Option<Value>) -> PyResult<()> {
    let Some(new) = new else { return Err(crate::raise!(TypeError, "vector elements cannot be deleted")) };
    match Subscript::of(key, "vector")? {
        Subscript::Index(at) => {
            let word = elements::raw(this(value).code, new)?;
            this(value).elements().set(at, word, "vector")
        }
        Subscript::Slice(_) => Err(crate::raise!(TypeError, "vector slices cannot be assigned")),
    }
}

fn concat(a: Value, b: Value) -> PyResult {
    let first = this(a);
    let Some(second) = b.get::<StaticVector>().filter(|second| second.code == first.code) else {
        return Err(crate::raise!(TypeError, "can only concatenate vectors of one element type"));
    };
    let joined = StaticVector::new(first.code, first.len() + second.len())?;
    joined.elements().copy_from(0, first.elements(), 0, first.len());
    joined.elements().copy_from(first.len(), second.elements(), 0, second.len());
    Ok(joined.into())
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(a), Some(b)) = (a.get::<StaticVector>(), b.get::<StaticVector>()) else {
        return singleton::decline();
    };
    a.elements().compare(b.elements(), op)
}

py_class_methods! { static CLASS_METHODS for "Vector";
    /// The vector type for an element type.
    "__class_getitem__(cls, item, /)"
    fn class_getitem(cls, item: Value) -> PyResult {
        match item.get::<TypeObject>().and_then(element_types::of_primitive) {
            Some(types) => Ok(types.vector.value().to_ref()),
            None => Ok(cls.value().to_ref()),
        }
    }
}

py_methods! { static METHODS for "Vector", &StaticVector;
    /// Append a number to the end.
    "append(self, value, /)"
    fn append(this, value: Value) -> PyResult<()> {
        this.push(elements::raw(this.code, value)?)
    }
    /// Append all numbers of an iterable.
    "extend(self, iterable, /)"
    fn extend(this, iterable: Value) -> PyResult<()> {
        this.extend(iterable)
    }
    /// Remove and return the last number.
    "pop(self, /)"
    fn pop(this) -> PyResult {
        let last = this.pop()?;
        // SAFETY: the element has the vector's type.
        Ok(unsafe { crate::static_class::load_primitive(last, this.code) })
    }
    /// Remove all numbers.
    "clear(self, /)"
    fn clear(this) -> PyResult<()> {
        this.clear()
    }
}

const VECTOR_SLOTS: Slots = Slots {
    new: Some(new),
    repr: Some(|value| this(value).elements().repr(value.ty().name())),
    hash: Some(protocol::unhashable),
    richcompare: Some(richcompare),
    len: Some(|value| Ok(this(value).len())),
    subscript: Some(subscript),
    ass_subscript: Some(ass_subscript),
    concat: Some(concat),
    iter: Some(|value| Ok(objects::iterators::CallSequenceIterator::new(value).into())),
    buffer: Some(|value| {
        this(value).borrow();
        // SAFETY: as long as a loan is out the vector is not resized.
        Ok(unsafe { this(value).elements().lend(value) })
    }),
    release_buffer: Some(|value| this(value).give_back()),
    ..Slots::EMPTY
};

/// `Vector`, the base of all vector types.
pub static STATIC_VECTOR: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "__static__",
    flags: type_flags::SEQUENCE,
    slots: VECTOR_SLOTS,
    methods: &[CLASS_METHODS, METHODS],
    ..TypeSpec::of::<StaticVector>("Vector")
};

/// The type of vectors of an element type.
fn type_of(code: TypeCode) -> &'static TypeObject {
    element_types::of(code).map_or(&STATIC_VECTOR, |types| types.vector)
}
