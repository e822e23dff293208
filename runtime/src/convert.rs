//! Conversions between Python arguments and results and Rust types, for native functions.
//!
//! Borrowed arguments live as long as the call, so conversions to references are free. Missing optional arguments are
//! `Option::None`; a parameter for which Python's `None` also means "default" is an [`OrNone`].

use crate::object::Object;
use crate::objects::{self, float, int, str::StrObject};
use crate::protocol;
use crate::signature::Bound;
use crate::type_object::TypeObject;
use crate::value::{Py, PyResult, Ref, Value};

/// A Rust type that an argument can be converted to.
pub trait FromArg<'a>: Sized {
    /// Converts the next argument.
    fn from_arg(bound: &mut Bound<'a>) -> PyResult<Self> {
        let value = bound.take();
        Self::from_value(value, bound)
    }

    /// Converts a value that was given; `bound` words the error.
    fn from_value(value: Value, bound: &Bound<'a>) -> PyResult<Self>;
}

/// A Rust type that the implicit first argument of a method can be converted to.
pub trait FromSelf<'a>: Sized {
    /// Converts the first argument.
    fn from_self(bound: &mut Bound<'a>) -> PyResult<Self>;
}

impl<'a, T: Object> FromSelf<'a> for &'a T {
    #[inline]
    fn from_self(bound: &mut Bound<'a>) -> PyResult<Self> {
        let value = bound.take();
        value.get::<T>().ok_or_else(|| bound.wrong_self(value))
    }
}

impl<'a> FromSelf<'a> for Value {
    #[inline]
    fn from_self(bound: &mut Bound<'a>) -> PyResult<Self> {
        Ok(bound.take())
    }
}

impl<'a> FromArg<'a> for Value {
    #[inline]
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        Ok(value)
    }
}

impl<'a> FromArg<'a> for Ref {
    #[inline]
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        Ok(value.to_ref())
    }
}

impl<'a, T: Object> FromArg<'a> for &'a T {
    #[inline]
    fn from_value(value: Value, bound: &Bound<'a>) -> PyResult<Self> {
        value.get::<T>().ok_or_else(|| bound.wrong_type(T::type_object().name(), value))
    }
}

impl<'a> FromArg<'a> for isize {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        int::to_isize(value)
    }
}

impl<'a> FromArg<'a> for i64 {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        int::to_i64(value)
    }
}

impl<'a> FromArg<'a> for i32 {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        let wide = int::to_i64(value)?;
        let side = if wide < 0 { "less than minimum" } else { "greater than maximum" };
        i32::try_from(wide).map_err(|_| crate::raise!(OverflowError, "signed integer is {side}"))
    }
}

impl<'a> FromArg<'a> for u32 {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        let wide = int::to_i64(value)?;
        let side = if wide < 0 { "less than minimum" } else { "greater than maximum" };
        u32::try_from(wide).map_err(|_| crate::raise!(OverflowError, "unsigned integer is {side}"))
    }
}

impl<'a> FromArg<'a> for u64 {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        let number = int::to_big(value)?;
        u64::try_from(&number)
            .map_err(|_| crate::raise!(OverflowError, "Python int too large to convert to C unsigned long"))
    }
}

impl<'a> FromArg<'a> for usize {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        let wide = int::to_isize(value)?;
        usize::try_from(wide).map_err(|_| crate::raise!(ValueError, "argument must not be negative"))
    }
}

impl<'a> FromArg<'a> for f64 {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        float::to_f64(value)
    }
}

impl<'a> FromArg<'a> for bool {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        protocol::is_true(value)
    }
}

impl<'a> FromArg<'a> for String {
    fn from_value(value: Value, bound: &Bound<'a>) -> PyResult<Self> {
        <&StrObject>::from_value(value, bound)?.to_utf8()
    }
}

impl<'a, T: FromArg<'a>> FromArg<'a> for Option<T> {
    #[inline]
    fn from_arg(bound: &mut Bound<'a>) -> PyResult<Self> {
        let value = bound.take();
        if value.is_null() { Ok(None) } else { T::from_value(value, bound).map(Some) }
    }

    fn from_value(value: Value, bound: &Bound<'a>) -> PyResult<Self> {
        T::from_value(value, bound).map(Some)
    }
}

/// An optional argument for which `None` is the same as nothing.
pub struct OrNone<T>(pub Option<T>);

impl<'a, T: FromArg<'a>> FromArg<'a> for OrNone<T> {
    fn from_arg(bound: &mut Bound<'a>) -> PyResult<Self> {
        let value = bound.take();
        Self::from_value(value, bound)
    }

    fn from_value(value: Value, bound: &Bound<'a>) -> PyResult<Self> {
        if value.is_null() || objects::is_none(value) {
            return Ok(OrNone(None));
        }
        T::from_value(value, bound).map(|converted| OrNone(Some(converted)))
    }
}

/// What `*args` takes.
pub struct Rest<'a>(pub &'a [Value]);

impl<'a> FromArg<'a> for Rest<'a> {
    fn from_arg(bound: &mut Bound<'a>) -> PyResult<Self> {
        Ok(Rest(bound.rest))
    }

    fn from_value(_: Value, bound: &Bound<'a>) -> PyResult<Self> {
        Ok(Rest(bound.rest))
    }
}

/// What `**kwargs` takes: names and values in order.
pub struct Keywords(pub Vec<(Value, Value)>);

impl<'a> FromArg<'a> for Keywords {
    fn from_arg(bound: &mut Bound<'a>) -> PyResult<Self> {
        Ok(Keywords(std::mem::take(&mut bound.keywords)))
    }

    fn from_value(_: Value, bound: &Bound<'a>) -> PyResult<Self> {
        Ok(Keywords(bound.keywords.clone()))
    }
}

/// What a native function may return.
pub trait IntoResult {
    /// Converts.
    fn into_result(self) -> PyResult;
}

impl IntoResult for () {
    fn into_result(self) -> PyResult {
        Ok(objects::none().to_ref())
    }
}

impl IntoResult for Ref {
    fn into_result(self) -> PyResult {
        Ok(self)
    }
}

impl IntoResult for Value {
    fn into_result(self) -> PyResult {
        Ok(self.to_ref())
    }
}

impl<T: Object> IntoResult for Py<T> {
    fn into_result(self) -> PyResult {
        Ok(self.into_ref())
    }
}

impl IntoResult for &TypeObject {
    fn into_result(self) -> PyResult {
        Ok(self.value().to_ref())
    }
}

impl IntoResult for bool {
    fn into_result(self) -> PyResult {
        Ok(objects::bool(self).to_ref())
    }
}

impl IntoResult for f64 {
    fn into_result(self) -> PyResult {
        Ok(float::new(self))
    }
}

impl IntoResult for String {
    fn into_result(self) -> PyResult {
        Ok(StrObject::new(&self).into_ref())
    }
}

impl IntoResult for &str {
    fn into_result(self) -> PyResult {
        Ok(StrObject::new(self).into_ref())
    }
}

macro_rules! into_int {
    ($($ty:ty),*) => { $(
        impl IntoResult for $ty {
            fn into_result(self) -> PyResult {
                Ok(int::from_i128(self as i128))
            }
        }
    )* };
}

into_int!(i8, u8, i16, u16, i32, u32, i64, u64, isize, usize);

impl<T: IntoResult> IntoResult for Option<T> {
    fn into_result(self) -> PyResult {
        match self {
            Some(value) => value.into_result(),
            None => Ok(objects::none().to_ref()),
        }
    }
}

impl<T: IntoResult> IntoResult for PyResult<T> {
    fn into_result(self) -> PyResult {
        self?.into_result()
    }
}
