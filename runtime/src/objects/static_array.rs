//! `Array[T]` of Static Python: a fixed number of raw primitives, inline behind the length.
//!
//! One type per element type, all with the layout and under the base `staticarray`, so that a type test is one compare and
//! machine code indexes from `abi::layout::static_array::DATA`. `element_types` has the types.

use bytecode::TypeCode;

use crate::alloc;
use crate::args::Args;
use crate::header::{Header, flags};
use crate::object::{self, Object};
use crate::objects::element_types;
use crate::objects::elements::{self, Elements};
use crate::objects::sequence::{self, SliceBounds, Subscript};
use crate::objects::{self, int, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::py_class_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Value};

/// An array; its elements follow.
#[repr(C)]
pub struct StaticArray {
    header: Header,
    len: usize,
    code: TypeCode,
    data: [u64; 0],
}

const DATA: usize = std::mem::offset_of!(StaticArray, data);

const _: () = {
    assert!(std::mem::offset_of!(StaticArray, len) == abi::layout::static_array::LEN);
    assert!(DATA == abi::layout::static_array::DATA);
};

// SAFETY: `repr(C)`, header first.
unsafe impl Object for StaticArray {
    fn type_object() -> &'static TypeObject {
        &STATIC_ARRAY
    }
}

impl StaticArray {
    /// A zeroed array of `len` elements.
    pub fn new(code: TypeCode, len: usize) -> PyResult<Py<StaticArray>> {
        let bytes = len.checked_mul(code.size()).and_then(|bytes| bytes.checked_add(DATA + 8));
        let size = bytes.unwrap_or(usize::MAX).max(size_of::<StaticArray>());
        let Some(memory) = alloc::try_allocate(size) else { return Err(crate::error::memory_error()) };
        let this = memory.cast::<StaticArray>();
        // SAFETY: the block has room for the struct and the elements, which start as zero; the type has no heap flag.
        unsafe {
            let large = (*memory).flag_bits() & flags::LARGE;
            std::ptr::write_bytes(
                memory.cast::<u8>().add(size_of::<Header>()),
                0,
                size - size_of::<Header>(),
            );
            (&raw mut (*this).len).write(len);
            (&raw mut (*this).code).write(code);
            object::finish_header(memory, type_of(code), large);
            Ok(Py::from_raw(this))
        }
    }

    /// Number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Type of the elements.
    pub fn code(&self) -> TypeCode {
        self.code
    }

    /// Address of an element, if it exists.
    #[inline]
    pub fn element(&self, at: usize) -> Option<*mut u8> {
        (at < self.len).then(|| self.address(at))
    }

    /// Address of an element, which must exist.
    #[inline]
    fn address(&self, at: usize) -> *mut u8 {
        debug_assert!(at < self.len);
        std::ptr::from_ref(self).cast::<u8>().cast_mut().wrapping_add(DATA + at * self.code.size())
    }

    /// The elements, which never move.
    pub fn elements(&self) -> Elements {
        // SAFETY: the array has `len` initialised elements from `data` on.
        unsafe { Elements::new(self.data.as_ptr().cast::<u8>().cast_mut(), self.len, self.code) }
    }
}

fn this<'a>(value: Value) -> &'a StaticArray {
    value.get::<StaticArray>().expect("slots are called for instances")
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("Array")?;
    let [len] = args.positional else {
        return Err(crate::raise!(TypeError, "Array expected 1 argument, got {}", args.positional.len()));
    };
    let code = element_types::of_array(ty).unwrap_or(TypeCode::Int64);
    let len = int::to_isize(*len)?;
    let Ok(len) = usize::try_from(len) else {
        return Err(crate::raise!(OverflowError, "array size must not be negative"));
    };
    Ok(StaticArray::new(code, len)?.into())
}

fn subscript(value: Value, key: Value) -> PyResult {
    let array = this(value);
    match Subscript::of(key, "array")? {
        Subscript::Index(at) => {
            match sequence::wrap_index(at, array.len).and_then(|at| array.elements().get(at)) {
                Some(item) => Ok(item),
                None => Err(crate::raise!(IndexError, "array index out of range")),
            }
        }
        Subscript::Slice(slice) => {
            let bounds = SliceBounds::resolve(slice, array.len)?;
            let copy = StaticArray::new(array.code, bounds.len)?;
            copy.elements().copy_slice(array.elements(), &bounds);
            Ok(copy.into())
        }
    }
}

fn ass_subscript(value: Value, key: Value, new: Option<Value>) -> PyResult<()> {
    let array = this(value);
    let Some(new) = new else { return Err(crate::raise!(TypeError, "array elements cannot be deleted")) };
    match Subscript::of(key, "array")? {
        Subscript::Index(at) => match sequence::wrap_index(at, array.len) {
            Some(_) => array.elements().set(at, elements::raw(array.code, new)?, "array"),
            None => Err(crate::raise!(IndexError, "array index out of range")),
        },
        Subscript::Slice(_) => Err(crate::raise!(TypeError, "array slices cannot be assigned")),
    }
}

fn concat(a: Value, b: Value) -> PyResult {
    let first = this(a);
    let Some(second) = b.get::<StaticArray>().filter(|second| second.code == first.code) else {
        return Err(crate::raise!(TypeError, "can only concatenate arrays of one element type"));
    };
    let joined = StaticArray::new(first.code, first.len + second.len)?;
    joined.elements().copy_from(0, first.elements(), 0, first.len);
    joined.elements().copy_from(first.len, second.elements(), 0, second.len);
    Ok(joined.into())
}

fn repeat(value: Value, count: isize) -> PyResult {
    let array = this(value);
    let count = sequence::checked_repeat(array.len, count)?;
    let made = StaticArray::new(array.code, array.len * count)?;
    for at in 0..count {
        made.elements().copy_from(at * array.len, array.elements(), 0, array.len);
    }
    Ok(made.into())
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(a), Some(b)) = (a.get::<StaticArray>(), b.get::<StaticArray>()) else {
        return singleton::decline();
    };
    a.elements().compare(b.elements(), op)
}

py_class_methods! { static CLASS_METHODS for "staticarray";
    /// The array type for an element type.
    "__class_getitem__(cls, item, /)"
    fn class_getitem(cls, item: Value) -> PyResult {
        match item.get::<TypeObject>().and_then(element_types::of_primitive) {
            Some(types) => Ok(types.array.value().to_ref()),
            None => Ok(cls.value().to_ref()),
        }
    }
}

const ARRAY_SLOTS: Slots = Slots {
    new: Some(new),
    repr: Some(|value| this(value).elements().repr(value.ty().name())),
    hash: Some(protocol::unhashable),
    richcompare: Some(richcompare),
    len: Some(|value| Ok(this(value).len)),
    subscript: Some(subscript),
    ass_subscript: Some(ass_subscript),
    concat: Some(concat),
    repeat: Some(repeat),
    iter: Some(|value| Ok(objects::iterators::CallSequenceIterator::new(value).into())),
    // SAFETY: the elements lie inside the array, which the loan keeps alive.
    buffer: Some(|value| Ok(unsafe { this(value).elements().lend(value) })),
    ..Slots::EMPTY
};

/// `staticarray`, the base of all array types.
pub static STATIC_ARRAY: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "__static__",
    flags: type_flags::TRIVIAL_DROP | type_flags::SEQUENCE,
    slots: ARRAY_SLOTS,
    methods: &[CLASS_METHODS],
    ..TypeSpec::of::<StaticArray>("staticarray")
};

/// The type of arrays of an element type.
fn type_of(code: TypeCode) -> &'static TypeObject {
    element_types::of(code).map_or(&STATIC_ARRAY, |types| types.array)
}
