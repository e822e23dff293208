//! The primitive types of Static Python as types of untyped code, with those of their arrays and vectors.
//!
//! One table: a line for each element type makes three types. The primitives (`int64` ...) can be called to convert and wrap a number; `Array[T]`
//! and `Vector[T]` are types of their own for each `T`, so that a type test is one compare. Cost of finding one: a jump on the code, or
//! one compare for each line.

use bytecode::TypeCode;

use super::static_array::{STATIC_ARRAY, StaticArray};
use super::static_vector::{STATIC_VECTOR, StaticVector};
use crate::args::Args;
use crate::objects::int::IntRef;
use crate::objects::{self, int};
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::PyResult;

/// The types that an element type has.
pub struct ElementTypes {
    /// The element type.
    pub code: TypeCode,
    /// Its name.
    pub name: &'static str,
    /// The type that untyped code calls.
    pub primitive: &'static TypeObject,
    /// The type of arrays of it.
    pub array: &'static TypeObject,
    /// The type of vectors of it.
    pub vector: &'static TypeObject,
}

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
    ($($code:ident $name:ident,)*) => {
        $(mod $name {
            use super::*;

            pub(super) static PRIMITIVE: TypeObject = TypeObject::from_spec(&PRIMITIVE_SPEC);
            static PRIMITIVE_SPEC: TypeSpec = TypeSpec {
                module: "__static__",
                slots: Slots {
                    new: Some(|_, args| convert(TypeCode::$code, args)),
                    init: Some(|_, _| Ok(())),
                    ..Slots::EMPTY
                },
                ..TypeSpec::of::<objects::object::PlainObject>(stringify!($name))
            };

            pub(super) static ARRAY: TypeObject = TypeObject::from_spec(&ARRAY_SPEC);
            static ARRAY_SPEC: TypeSpec = TypeSpec {
                module: "__static__",
                base: Some(&STATIC_ARRAY),
                flags: type_flags::TRIVIAL_DROP,
                ..TypeSpec::of::<StaticArray>(concat!("Array[", stringify!($name), "]"))
            };

            pub(super) static VECTOR: TypeObject = TypeObject::from_spec(&VECTOR_SPEC);
            static VECTOR_SPEC: TypeSpec = TypeSpec {
                module: "__static__",
                base: Some(&STATIC_VECTOR),
                ..TypeSpec::of::<StaticVector>(concat!("Vector[", stringify!($name), "]"))
            };

            pub(super) static TYPES: ElementTypes = ElementTypes {
                code: TypeCode::$code,
                name: stringify!($name),
                primitive: &PRIMITIVE,
                array: &ARRAY,
                vector: &VECTOR,
            };
        })*

        /// Every element type.
        pub static ALL: &[&ElementTypes] = &[$(&$name::TYPES,)*];

        /// The types of an element type.
        pub fn of(code: TypeCode) -> Option<&'static ElementTypes> {
            match code { $(TypeCode::$code => Some(&$name::TYPES),)* _ => None }
        }
    };
}

element_types! {
    Int8 int8,
    Int16 int16,
    Int32 int32,
    Int64 int64,
    UInt8 uint8,
    UInt16 uint16,
    UInt32 uint32,
    UInt64 uint64,
    Double double,
    Single single,
    Char char,
    CBool cbool,
}

/// The types of which one is this type.
fn with(ty: &TypeObject, of: impl Fn(&ElementTypes) -> &'static TypeObject) -> Option<&'static ElementTypes> {
    ALL.iter().copied().find(|types| std::ptr::eq(of(types), ty))
}

/// The primitive that a type stands for.
pub fn of_primitive(ty: &TypeObject) -> Option<&'static ElementTypes> {
    with(ty, |types| types.primitive)
}

/// The element type of an array type.
pub fn of_array(ty: &TypeObject) -> Option<TypeCode> {
    with(ty, |types| types.array).map(|types| types.code)
}

/// The element type of a vector type.
pub fn of_vector(ty: &TypeObject) -> Option<TypeCode> {
    with(ty, |types| types.vector).map(|types| types.code)
}
