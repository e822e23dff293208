//! `int`: 63-bit small ints in the word, big integers behind a heap object.
//!
//! Every result is normalised: what fits the word is small, so equal ints compare by word unless one is big. Instances of int
//! subclasses are heap objects whatever their value. The big-integer arithmetic is dashu-int's.

pub mod arithmetic;
pub mod bits;
pub mod methods;
pub mod parse;

use dashu_int::IBig;

use crate::header::Header;
use crate::object::{self, Object};
use crate::objects::bool::{BOOL, truth_of};
use crate::type_object::TypeObject;
use crate::value::{PyResult, Ref, Value};

pub use methods::INT;

/// A heap int.
#[repr(C)]
pub struct IntObject {
    header: Header,
    value: IBig,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for IntObject {
    fn type_object() -> &'static TypeObject {
        &INT
    }
}

impl IntObject {
    /// 0 or 1, for the bools.
    pub(crate) const fn constant(header: Header, truth: bool) -> Self {
        IntObject { header, value: if truth { IBig::ONE } else { IBig::ZERO } }
    }

    /// Offset of the number.
    pub(crate) const VALUE: usize = std::mem::offset_of!(IntObject, value);

    /// A number as it lies in memory.
    pub(crate) const fn bytes_of(value: IBig) -> [u8; size_of::<IBig>()] {
        // SAFETY: the array has the size of the number, and numbers without digits on the heap are plain words.
        unsafe { std::mem::transmute(value) }
    }

    /// The magnitude and sign.
    pub fn big(&self) -> &IBig {
        &self.value
    }
}

/// The number in an int object, borrowed.
#[derive(Clone, Copy, Debug)]
pub enum IntRef<'a> {
    /// A small int or a bool.
    Small(i64),
    /// Anything on the heap.
    Big(&'a IBig),
}

impl<'a> IntRef<'a> {
    /// The number, if `value` is an int: small, big, bool or an instance of a subclass.
    #[inline]
    pub fn of(value: Value) -> Option<Self> {
        if let Some(small) = value.as_small() {
            return Some(IntRef::Small(small));
        }
        if value.is_exact(&BOOL) {
            return Some(IntRef::Small(i64::from(truth_of(value) == Some(true))));
        }
        value.get::<IntObject>().map(|object| IntRef::Big(&object.value))
    }

    /// The number as a big integer.
    pub fn to_big(self) -> IBig {
        match self {
            IntRef::Small(small) => IBig::from(small),
            IntRef::Big(big) => big.clone(),
        }
    }

    /// The number, if it fits 64 bits.
    #[inline]
    pub fn to_i64(self) -> Option<i64> {
        match self {
            IntRef::Small(small) => Some(small),
            IntRef::Big(big) => i64::try_from(big).ok(),
        }
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        match self {
            IntRef::Small(small) => small < 0,
            IntRef::Big(big) => *big < IBig::ZERO,
        }
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        match self {
            IntRef::Small(small) => small == 0,
            IntRef::Big(big) => *big == IBig::ZERO,
        }
    }

    /// As an exact int object.
    pub fn to_exact(self) -> Ref {
        match self {
            IntRef::Small(small) => from_i64(small),
            IntRef::Big(big) => from_big(big.clone()),
        }
    }
}

/// An int from 64 bits.
#[inline]
pub fn from_i64(value: i64) -> Ref {
    match Value::try_small(value) {
        // SAFETY: small ints are not counted.
        Some(small) => unsafe { Ref::from_owned(small) },
        None => new_heap(IBig::from(value)),
    }
}

/// An int from unsigned 64 bits.
pub fn from_u64(value: u64) -> Ref {
    i64::try_from(value).map_or_else(|_| new_heap(IBig::from(value)), from_i64)
}

/// The int whose magnitude has these bytes, least first; never negative.
pub fn from_le_bytes(bytes: &[u8]) -> Ref {
    from_big(IBig::from(dashu_int::UBig::from_le_bytes(bytes)))
}

/// An int from 128 bits.
#[inline]
pub fn from_i128(value: i128) -> Ref {
    i64::try_from(value).map_or_else(|_| from_big(IBig::from(value)), from_i64)
}

/// An int from a big integer, normalised.
pub fn from_big(value: IBig) -> Ref {
    match i64::try_from(&value).ok().and_then(Value::try_small) {
        // SAFETY: small ints are not counted.
        Some(small) => unsafe { Ref::from_owned(small) },
        None => new_heap(value),
    }
}

fn new_heap(value: IBig) -> Ref {
    object::new_object(IntObject { header: Header::new(&INT), value }).into_ref()
}

/// An instance of an int subclass.
pub fn new_of(ty: &TypeObject, value: IBig) -> Ref {
    object::new_object_of(ty, IntObject { header: Header::new(ty), value }).into_ref()
}

/// The int that `value` is or that its `__index__` gives.
pub fn index(value: Value) -> PyResult {
    if value.is_small() || value.is_instance::<IntObject>() {
        return Ok(value.to_ref());
    }
    let Some(convert) = value.ty().slots().index else {
        let name = value.ty().name();
        return Err(crate::raise!(TypeError, "'{name}' object cannot be interpreted as an integer"));
    };
    let result = convert(value)?;
    if result.is_small() || result.value().is_exact(&INT) {
        return Ok(result);
    }
    if result.is_instance::<IntObject>() {
        crate::warning::warn_strict_subclass("__index__", "int", result.ty())?;
        return Ok(result);
    }
    let name = result.ty().name();
    Err(crate::raise!(TypeError, "__index__ returned non-int (type {name})"))
}

/// The number of an int or of what its `__index__` gives, as a big integer.
pub fn to_big(value: Value) -> PyResult<IBig> {
    let int = index(value)?;
    Ok(IntRef::of(int.value()).map(IntRef::to_big).expect("`index` gives ints"))
}

/// A machine index; out of range raises `IndexError` with `message`.
pub fn to_index(value: Value, message: &str) -> PyResult<isize> {
    let int = index(value)?;
    match IntRef::of(int.value()).and_then(IntRef::to_i64) {
        Some(at) => Ok(at as isize),
        None => Err(crate::raise!(IndexError, "{message}")),
    }
}

/// A machine index, clamped to the machine range.
pub fn to_clamped_index(value: Value) -> PyResult<isize> {
    let int = index(value)?;
    let number = IntRef::of(int.value()).expect("`index` gives ints");
    Ok(number.to_i64().map_or(if number.is_negative() { isize::MIN } else { isize::MAX }, |at| at as isize))
}

/// A machine integer for a count or size.
#[inline]
pub fn to_isize(value: Value) -> PyResult<isize> {
    if let Some(small) = value.as_small() {
        return Ok(small as isize);
    }
    let int = index(value)?;
    match IntRef::of(int.value()).and_then(IntRef::to_i64) {
        Some(at) => Ok(at as isize),
        None => Err(crate::raise!(OverflowError, "Python int too large to convert to C ssize_t")),
    }
}

/// A signed 64-bit integer.
#[inline]
pub fn to_i64(value: Value) -> PyResult<i64> {
    if let Some(small) = value.as_small() {
        return Ok(small);
    }
    let int = index(value)?;
    match IntRef::of(int.value()).and_then(IntRef::to_i64) {
        Some(number) => Ok(number),
        None => Err(crate::raise!(OverflowError, "Python int too large to convert to C long")),
    }
}

/// The nearest double.
pub fn to_f64(number: IntRef<'_>) -> PyResult<f64> {
    match number {
        IntRef::Small(small) => Ok(small as f64),
        IntRef::Big(big) => {
            let nearest = big.to_f64().value();
            if nearest.is_finite() {
                return Ok(nearest);
            }
            Err(crate::raise!(OverflowError, "int too large to convert to float"))
        }
    }
}

/// Hash of a big integer: modulo 2^61-1.
pub fn hash_big(big: &IBig) -> i64 {
    use crate::hash;
    if let Ok(small) = i64::try_from(big) {
        return hash::int(small);
    }
    let modulus = IBig::from(hash::MODULUS);
    let remainder = i64::try_from(big % modulus).expect("a remainder is below the modulus");
    hash::avoid_minus_one(remainder)
}

/// A heap int whatever its value, for places where a tagged word has another meaning.
pub fn boxed(value: i64) -> Ref {
    new_heap(IBig::from(value))
}
