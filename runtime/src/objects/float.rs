//! `float`: a double in a heap object; typed code keeps doubles unboxed.
//!
//! `repr` prints the shortest digits that read back (zmij), laid out as CPython does: exponent form below 1e-4 and from 1e16.

pub mod half;
pub mod methods;

use crate::header::Header;
use crate::object::{self, Object};
use crate::objects::int::{self, IntRef};
use crate::objects::{self, singleton};
use crate::operator::{CompareOp, Comparison};
use crate::type_object::TypeObject;
use crate::value::{PyResult, Ref, Value};

pub use methods::FLOAT;

/// A float.
#[repr(C)]
pub struct FloatObject {
    header: Header,
    value: f64,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for FloatObject {
    fn type_object() -> &'static TypeObject {
        &FLOAT
    }
}

const _: () = assert!(std::mem::offset_of!(FloatObject, value) == abi::layout::float_object::VALUE);

impl FloatObject {
    /// The double.
    #[inline]
    pub const fn value(&self) -> f64 {
        self.value
    }
}

/// A float.
#[inline]
pub fn new(value: f64) -> Ref {
    object::new_leaf(FloatObject { header: Header::new(&FLOAT), value }).into_ref()
}

/// The double in an exact float.
///
/// # Safety
/// The value is not null.
#[inline]
pub unsafe fn of_exact(value: Value) -> Option<f64> {
    // SAFETY: the contract.
    unsafe { value.get_exact_present::<FloatObject>() }.map(FloatObject::value)
}

/// The float `result` in place of two exact floats that are used up: one of them is overwritten if nobody else has it.
///
/// # Safety
/// Both are exact floats of which the caller gives up one count each.
#[inline]
pub unsafe fn replace_operands(a: Value, b: Value, result: f64) -> Value {
    // SAFETY: the contract; an object with one owner is not seen by anybody else.
    unsafe {
        if is_unshared(a) {
            Header::decref(b.ptr());
            (&raw mut (*a.ptr().cast::<FloatObject>()).value).write(result);
            return a;
        }
        Header::decref(a.ptr());
        if is_unshared(b) {
            (&raw mut (*b.ptr().cast::<FloatObject>()).value).write(result);
            return b;
        }
        Header::decref(b.ptr());
    }
    new(result).into_value()
}

/// Whether an object is owned once and has no flags.
///
/// # Safety
/// The value is an object.
#[inline]
unsafe fn is_unshared(value: Value) -> bool {
    // SAFETY: the count, a spare field and the flags share the first word of the header.
    unsafe { *value.ptr().cast::<u64>() == 1 }
}

/// An instance of a float subclass.
pub fn new_of(ty: &TypeObject, value: f64) -> Ref {
    object::new_object_of(ty, FloatObject { header: Header::new(ty), value }).into_ref()
}

/// The double in a float object.
#[inline]
pub fn of(value: Value) -> Option<f64> {
    value.get::<FloatObject>().map(FloatObject::value)
}

/// The double that arithmetic sees in a float or int. `None` for other types.
#[inline]
pub fn operand(value: Value) -> Option<PyResult<f64>> {
    if let Some(small) = value.as_small() {
        return Some(Ok(small as f64));
    }
    if let Some(double) = of(value) {
        return Some(Ok(double));
    }
    IntRef::of(value).map(int::to_f64)
}

/// The double of a float, of an int, or of what `__float__` or `__index__` gives.
pub fn to_f64(value: Value) -> PyResult<f64> {
    if let Some(double) = of(value) {
        return Ok(double);
    }
    if let Some(convert) = value.ty().slots().float {
        return converted(value, &convert(value)?);
    }
    if value.ty().slots().index.is_some() {
        let int = int::index(value)?;
        return int::to_f64(IntRef::of(int.value()).expect("`index` gives ints"));
    }
    let name = crate::signature::type_name_or_none(value);
    let name = if name == "None" { "NoneType" } else { name };
    Err(crate::raise!(TypeError, "must be real number, not {name}"))
}

/// What a `__float__` has given, as a double.
fn converted(value: Value, result: &Ref) -> PyResult<f64> {
    let (name, got) = (value.ty().name(), result.ty());
    let Some(double) = of(result.value()) else {
        let got = got.name();
        return Err(crate::raise!(TypeError, "{name}.__float__ returned non-float (type {got})"));
    };
    if !result.value().is_exact(&FLOAT) {
        crate::warning::warn_strict_subclass(&format!("{name}.__float__"), "float", got)?;
    }
    Ok(double)
}

/// Two operands as doubles, one of which is a float.
#[inline]
fn with(a: Value, b: Value, operate: impl Fn(f64, f64) -> PyResult) -> PyResult {
    match (operand(a), operand(b)) {
        (Some(a), Some(b)) => operate(a?, b?),
        _ => singleton::decline(),
    }
}

pub(crate) fn add(a: Value, b: Value) -> PyResult {
    with(a, b, |a, b| Ok(new(a + b)))
}

pub(crate) fn subtract(a: Value, b: Value) -> PyResult {
    with(a, b, |a, b| Ok(new(a - b)))
}

pub(crate) fn multiply(a: Value, b: Value) -> PyResult {
    with(a, b, |a, b| Ok(new(a * b)))
}

fn zero_division(message: &str) -> crate::error::Raised {
    crate::raise!(ZeroDivisionError, "{message}")
}

pub(crate) fn true_divide(a: Value, b: Value) -> PyResult {
    with(a, b, |a, b| if b == 0.0 { Err(zero_division("float division by zero")) } else { Ok(new(a / b)) })
}

/// Quotient towards minus infinity and remainder with the divisor's sign; the divisor is not zero.
pub fn div_mod(a: f64, b: f64) -> (f64, f64) {
    let mut modulo = a % b;
    let mut quotient = (a - modulo) / b;
    if modulo != 0.0 {
        if (b < 0.0) != (modulo < 0.0) {
            modulo += b;
            quotient -= 1.0;
        }
    } else {
        modulo = 0f64.copysign(b);
    }
    if quotient != 0.0 {
        let floor = quotient.floor();
        (if quotient - floor > 0.5 { floor + 1.0 } else { floor }, modulo)
    } else {
        (0f64.copysign(a / b), modulo)
    }
}

pub(crate) fn floor_divide(a: Value, b: Value) -> PyResult {
    with(a, b, |a, b| {
        if b == 0.0 { Err(zero_division("float floor division by zero")) } else { Ok(new(div_mod(a, b).0)) }
    })
}

pub(crate) fn remainder(a: Value, b: Value) -> PyResult {
    with(
        a,
        b,
        |a, b| if b == 0.0 { Err(zero_division("float modulo by zero")) } else { Ok(new(div_mod(a, b).1)) },
    )
}

pub(crate) fn divmod(a: Value, b: Value) -> PyResult {
    with(a, b, |a, b| {
        if b == 0.0 {
            return Err(zero_division("float floor division by zero"));
        }
        let (quotient, modulo) = div_mod(a, b);
        Ok(objects::tuple::TupleObject::of([new(quotient), new(modulo)]).into())
    })
}

pub(crate) fn power(a: Value, b: Value) -> PyResult {
    with(a, b, power_f64)
}

/// `a ** b` on doubles; a negative base with a fractional exponent gives a complex number.
pub fn power_f64(a: f64, b: f64) -> PyResult {
    if a == 0.0 && b < 0.0 && b.is_finite() {
        return Err(zero_division("zero to a negative power"));
    }
    if a < 0.0 && a.is_finite() && b.is_finite() && b != b.floor() {
        return objects::complex::power_of_reals(a, b);
    }
    let result = a.powf(b);
    if result.is_infinite() && a.is_finite() && b.is_finite() {
        return Err(crate::error::os_like_error(
            &crate::error::types::OverflowError,
            34,
            "Numerical result out of range",
        ));
    }
    Ok(new(result))
}

/// Exact comparison of a double with an int of any size.
pub fn cmp_with_int(double: f64, number: IntRef<'_>) -> Option<std::cmp::Ordering> {
    use std::cmp::Ordering;
    if double.is_nan() {
        return None;
    }
    if double.is_infinite() {
        return Some(if double > 0.0 { Ordering::Greater } else { Ordering::Less });
    }
    if let IntRef::Small(small) = number
        && small.abs() < 1 << 53
    {
        return double.partial_cmp(&(small as f64));
    }
    let whole = double.trunc();
    let order = methods::big_from_f64(whole).cmp(&number.to_big());
    Some(order.then_with(|| double.partial_cmp(&whole).unwrap_or(Ordering::Equal)))
}

pub(crate) fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let Some(left) = of(a) else { return singleton::decline() };
    let order = match (of(b), IntRef::of(b)) {
        (Some(right), _) => left.partial_cmp(&right),
        (None, Some(number)) => cmp_with_int(left, number),
        (None, None) => return singleton::decline(),
    };
    let truth = order.map_or(op == CompareOp::NotEqual, |order| op.holds(order));
    Ok(objects::bool(truth).to_ref())
}

/// The text of `repr(value)`.
pub fn repr_text(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "nan"
        } else if value > 0.0 {
            "inf"
        } else {
            "-inf"
        }
        .to_owned();
    }
    let (negative, digits, point) = shortest_digits(value);
    let body = if -4 < point && point <= 16 { fixed(&digits, point) } else { exponential(&digits, point) };
    if negative { format!("-{body}") } else { body }
}

/// Sign, shortest significant digits, and the position of the decimal point: `0.d1d2... * 10^point`.
pub fn shortest_digits(value: f64) -> (bool, String, i32) {
    let negative = value.is_sign_negative();
    if value == 0.0 {
        return (negative, "0".to_owned(), 1);
    }
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().expect("zmij prints decimal exponents");
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let leading = all.len() - all.trim_start_matches('0').len();
    let digits = all.trim_matches('0');
    (negative, digits.to_owned(), whole.len() as i32 - leading as i32 + exponent)
}

fn fixed(digits: &str, point: i32) -> String {
    let len = digits.len() as i32;
    if point <= 0 {
        format!("0.{}{digits}", "0".repeat(-point as usize))
    } else if point >= len {
        format!("{digits}{}.0", "0".repeat((point - len) as usize))
    } else {
        format!("{}.{}", &digits[..point as usize], &digits[point as usize..])
    }
}

fn exponential(digits: &str, point: i32) -> String {
    let exponent = point - 1;
    let sign = if exponent < 0 { '-' } else { '+' };
    let (first, rest) = digits.split_at(1);
    let dot = if rest.is_empty() { "" } else { "." };
    format!("{first}{dot}{rest}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repr_is_laid_out_as_in_cpython() {
        let cases = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (123456789012345680.0, "1.2345678901234568e+17"),
            (1e15, "1000000000000000.0"),
            (9999999999999998.0, "9999999999999998.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (5e-324, "5e-324"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
            (-2.5, "-2.5"),
            (100.0, "100.0"),
            (1e22, "1e+22"),
        ];
        for (value, text) in cases {
            assert_eq!(repr_text(value), text);
        }
    }

    #[test]
    fn division_follows_the_divisor() {
        assert_eq!(div_mod(-7.0, 2.0), (-4.0, 1.0));
        assert_eq!(div_mod(7.5, -2.0), (-4.0, -0.5));
        assert!(div_mod(6.0, -2.0).1.is_sign_negative());
    }
}
