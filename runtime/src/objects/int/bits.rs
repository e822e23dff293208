//! `<< >> & | ^ ~` on ints, with the two's complement meaning that Python gives them.

use dashu_int::IBig;

use super::{IntRef, from_big, from_i64};
use crate::objects::singleton;
use crate::value::{PyResult, Value};

/// `a << b`
pub fn lshift(a: Value, b: Value) -> PyResult {
    let (Some(value), Some(count)) = (IntRef::of(a), IntRef::of(b)) else { return singleton::decline() };
    if count.is_negative() {
        return Err(crate::raise!(ValueError, "negative shift count"));
    }
    if value.is_zero() {
        return Ok(from_i64(0));
    }
    match (value, count.to_i64()) {
        (IntRef::Small(small), Some(count)) if count < 63 && (small << count) >> count == small => {
            Ok(from_i64(small << count))
        }
        (value, Some(count)) => {
            super::arithmetic::probe_bits(count as u64, 2)?;
            Ok(from_big(value.to_big() << count as usize))
        }
        (_, None) => Err(crate::raise!(OverflowError, "too many digits in integer")),
    }
}

/// `a >> b`
pub fn rshift(a: Value, b: Value) -> PyResult {
    let (Some(value), Some(count)) = (IntRef::of(a), IntRef::of(b)) else { return singleton::decline() };
    if count.is_negative() {
        return Err(crate::raise!(ValueError, "negative shift count"));
    }
    match (value, count.to_i64()) {
        (IntRef::Small(small), Some(count)) => Ok(from_i64(small >> count.min(63))),
        (IntRef::Big(big), Some(count)) => Ok(from_big(big >> count as usize)),
        (value, None) => Ok(from_i64(if value.is_negative() { -1 } else { 0 })),
    }
}

fn bitwise(a: Value, b: Value, small: fn(i64, i64) -> i64, big: fn(&IBig, &IBig) -> IBig) -> PyResult {
    match (IntRef::of(a), IntRef::of(b)) {
        (Some(IntRef::Small(a)), Some(IntRef::Small(b))) => Ok(from_i64(small(a, b))),
        (Some(a), Some(b)) => Ok(from_big(big(&a.to_big(), &b.to_big()))),
        _ => singleton::decline(),
    }
}

/// `a & b`
pub fn and(a: Value, b: Value) -> PyResult {
    bitwise(a, b, |a, b| a & b, |a, b| a & b)
}

/// `a | b`
pub fn or(a: Value, b: Value) -> PyResult {
    bitwise(a, b, |a, b| a | b, |a, b| a | b)
}

/// `a ^ b`
pub fn xor(a: Value, b: Value) -> PyResult {
    bitwise(a, b, |a, b| a ^ b, |a, b| a ^ b)
}

/// `~a`
pub fn invert(a: Value) -> PyResult {
    match IntRef::of(a) {
        Some(IntRef::Small(small)) => Ok(from_i64(!small)),
        Some(IntRef::Big(big)) => Ok(from_big(!big)),
        None => singleton::decline(),
    }
}
