//! `Array[T]` of Static Python: a fixed number of raw primitives, inline behind the length.
//!
//! One type per element type, all with the layout and under the base `staticarray`, so that a type test is one compare and
//! machine code indexes from `abi::layout::static_array::DATA`. The primitive types themselves (`int64` ...) are types too, which
//! untyped code can call to convert and wrap a number.

use bytecode::TypeCode;

use crate::alloc;
use crate::args::Args;
use crate::header::{Header, flags};
use crate::object::{self, Object};
use crate::objects::elements::{self, Elements};
use crate::objects::int::IntRef;
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
    let code = code_of(ty).unwrap_or(TypeCode::Int64);
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
        let primitive = item.get::<TypeObject>().and_then(primitive_code);
        match primitive {
            Some(code) => Ok(type_of(code).value().to_ref()),
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

/// Converts and wraps a number as the primitive would.
fn convert(code: TypeCode, args: Args<'_>) -> PyResult {
    let Some(value) = args.single() else {
        return Err(crate::raise!(TypeError, "{} expected 1 argument, got {}", code.text(), args.len()));
    };
    match code {
        TypeCode::Double | TypeCode::Single => objects::float::to_f64(value).map(objects::float::new),
        TypeCode::CBool => Ok(objects::bool(protocol::is_true(value)?).to_ref()),
        _ => {
            let number = int::index(value)?;
            let number = IntRef::of(number.value()).expect("`index` gives ints");
            let low = number.to_i64().unwrap_or_else(|| low_bits(number));
            let wrapped = code.wrap(low);
            Ok(if code == TypeCode::UInt64 { int::from_u64(wrapped as u64) } else { int::from_i64(wrapped) })
        }
    }
}

/// The low 64 bits of a big number.
fn low_bits(number: IntRef<'_>) -> i64 {
    use dashu_int::IBig;
    let modulus = IBig::ONE << 64;
    let rest = int::arithmetic::floor_div_rem(&number.to_big(), &modulus).1;
    u64::try_from(&rest).expect("a remainder is below the modulus") as i64
}

macro_rules! element_types {
    ($($code:ident $primitive:ident $primitive_spec:ident $array:ident $array_spec:ident $name:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`.")]
            pub static $primitive: TypeObject = TypeObject::from_spec(&$primitive_spec);
            static $primitive_spec: TypeSpec = TypeSpec {
                module: "__static__",
                slots: Slots { new: Some(|_, args| convert(TypeCode::$code, args)), init: Some(|_, _| Ok(())), ..Slots::EMPTY },
                ..TypeSpec::of::<objects::object::PlainObject>($name)
            };

            #[doc = concat!("`Array[", $name, "]`.")]
            pub static $array: TypeObject = TypeObject::from_spec(&$array_spec);
            static $array_spec: TypeSpec = TypeSpec {
                module: "__static__",
                base: Some(&STATIC_ARRAY),
                flags: type_flags::TRIVIAL_DROP,
                ..TypeSpec::of::<StaticArray>(concat!("Array[", $name, "]"))
            };
        )*

        /// All types declared here.
        pub static ALL: &[&TypeObject] = &[&STATIC_ARRAY, $(&$primitive, &$array,)*];

        /// The primitive types by name.
        pub static PRIMITIVES: &[(&str, &TypeObject)] = &[$(($name, &$primitive),)*];

        /// The type of arrays of an element type.
        pub fn type_of(code: TypeCode) -> &'static TypeObject {
            match code { $(TypeCode::$code => &$array,)* _ => &STATIC_ARRAY }
        }

        /// The element type of an array type.
        pub fn code_of(ty: &TypeObject) -> Option<TypeCode> {
            $(if std::ptr::eq(ty, &raw const $array) { return Some(TypeCode::$code) })*
            None
        }

        /// The primitive that a type stands for.
        pub fn primitive_code(ty: &TypeObject) -> Option<TypeCode> {
            $(if std::ptr::eq(ty, &raw const $primitive) { return Some(TypeCode::$code) })*
            None
        }
    };
}

element_types! {
    Int8 INT8 INT8_SPEC ARRAY_INT8 ARRAY_INT8_SPEC "int8";
    Int16 INT16 INT16_SPEC ARRAY_INT16 ARRAY_INT16_SPEC "int16";
    Int32 INT32 INT32_SPEC ARRAY_INT32 ARRAY_INT32_SPEC "int32";
    Int64 INT64 INT64_SPEC ARRAY_INT64 ARRAY_INT64_SPEC "int64";
    UInt8 UINT8 UINT8_SPEC ARRAY_UINT8 ARRAY_UINT8_SPEC "uint8";
    UInt16 UINT16 UINT16_SPEC ARRAY_UINT16 ARRAY_UINT16_SPEC "uint16";
    UInt32 UINT32 UINT32_SPEC ARRAY_UINT32 ARRAY_UINT32_SPEC "uint32";
    UInt64 UINT64 UINT64_SPEC ARRAY_UINT64 ARRAY_UINT64_SPEC "uint64";
    Double DOUBLE DOUBLE_SPEC ARRAY_DOUBLE ARRAY_DOUBLE_SPEC "double";
    Single SINGLE SINGLE_SPEC ARRAY_SINGLE ARRAY_SINGLE_SPEC "single";
    Char CHAR CHAR_SPEC ARRAY_CHAR ARRAY_CHAR_SPEC "char";
    CBool CBOOL CBOOL_SPEC ARRAY_CBOOL ARRAY_CBOOL_SPEC "cbool";
}
