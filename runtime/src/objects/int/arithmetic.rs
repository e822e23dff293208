//! `+ - * // % / ** divmod` and comparison on ints: machine arithmetic first, big integers when it overflows.
//!
//! Division rounds towards minus infinity and remainders take the divisor's sign, as Python defines. True division is correctly
//! rounded even when neither operand fits a double.

use std::cmp::Ordering;

use dashu_int::ops::{BitTest, DivRem};
use dashu_int::{IBig, UBig};

use super::{IntRef, from_big, from_i64, from_i128};
use crate::objects::{self, float, singleton};
use crate::operator::{CompareOp, Comparison};
use crate::value::{PyResult, Ref, Value};

/// Two ints: `operate` on machine words if both are small and it succeeds, else `big`.
#[inline]
fn with(
    a: Value,
    b: Value,
    operate: impl Fn(i64, i64) -> Option<Ref>,
    big: impl Fn(&IBig, &IBig) -> PyResult,
) -> PyResult {
    let (Some(left), Some(right)) = (IntRef::of(a), IntRef::of(b)) else { return singleton::decline() };
    if let (IntRef::Small(left), IntRef::Small(right)) = (left, right)
        && let Some(result) = operate(left, right)
    {
        return Ok(result);
    }
    big(&left.to_big(), &right.to_big())
}

/// `a + b`
#[inline]
pub fn add(a: Value, b: Value) -> PyResult {
    with(a, b, |a, b| a.checked_add(b).map(from_i64), |a, b| Ok(from_big(a + b)))
}

/// `a - b`
#[inline]
pub fn subtract(a: Value, b: Value) -> PyResult {
    with(a, b, |a, b| a.checked_sub(b).map(from_i64), |a, b| Ok(from_big(a - b)))
}

/// `a * b`
#[inline]
pub fn multiply(a: Value, b: Value) -> PyResult {
    with(
        a,
        b,
        |a, b| Some(from_i128(i128::from(a) * i128::from(b))),
        |a, b| {
            probe_bits((magnitude(a).bit_len() + magnitude(b).bit_len()) as u64, PRODUCT)?;
            Ok(from_big(a * b))
        },
    )
}

#[cold]
fn division_by_zero(message: &str) -> crate::error::Raised {
    crate::raise!(ZeroDivisionError, "{message}")
}

/// Quotient towards minus infinity on machine words; the divisor is not zero.
#[inline]
pub const fn floor_div_i64(a: i64, b: i64) -> Option<i64> {
    match a.checked_div(b) {
        Some(quotient) if a % b != 0 && ((a < 0) != (b < 0)) => Some(quotient - 1),
        other => other,
    }
}

/// Remainder with the divisor's sign on machine words; the divisor is not zero.
#[inline]
pub const fn modulo_i64(a: i64, b: i64) -> i64 {
    let remainder = a.wrapping_rem(b);
    if remainder != 0 && ((remainder < 0) != (b < 0)) { remainder + b } else { remainder }
}

/// Quotient and remainder as Python defines them; the divisor is not zero.
pub fn floor_div_rem(a: &IBig, b: &IBig) -> (IBig, IBig) {
    let (quotient, remainder) = a.div_rem(b);
    if remainder != IBig::ZERO && ((remainder < IBig::ZERO) != (*b < IBig::ZERO)) {
        return (quotient - IBig::ONE, remainder + b);
    }
    (quotient, remainder)
}

/// `a // b`
pub fn floor_divide(a: Value, b: Value) -> PyResult {
    if IntRef::of(a).is_some() && IntRef::of(b).is_some_and(IntRef::is_zero) {
        return Err(division_by_zero("integer division or modulo by zero"));
    }
    with(a, b, |a, b| floor_div_i64(a, b).map(from_i64), |a, b| Ok(from_big(floor_div_rem(a, b).0)))
}

/// `a % b`
pub fn remainder(a: Value, b: Value) -> PyResult {
    if IntRef::of(a).is_some() && IntRef::of(b).is_some_and(IntRef::is_zero) {
        return Err(division_by_zero("integer modulo by zero"));
    }
    with(a, b, |a, b| Some(from_i64(modulo_i64(a, b))), |a, b| Ok(from_big(floor_div_rem(a, b).1)))
}

/// `divmod(a, b)`
pub fn divmod(a: Value, b: Value) -> PyResult {
    if IntRef::of(a).is_none() || IntRef::of(b).is_none() {
        return singleton::decline();
    }
    let quotient = floor_divide(a, b)?;
    Ok(objects::tuple::TupleObject::of([quotient, remainder(a, b)?]).into())
}

/// `a / b`, correctly rounded.
pub fn true_divide(a: Value, b: Value) -> PyResult {
    let (Some(left), Some(right)) = (IntRef::of(a), IntRef::of(b)) else { return singleton::decline() };
    if right.is_zero() {
        return Err(division_by_zero("division by zero"));
    }
    const EXACT: i64 = 1 << 53;
    if let (IntRef::Small(left), IntRef::Small(right)) = (left, right)
        && left.abs() <= EXACT
        && right.abs() <= EXACT
    {
        return Ok(float::new(left as f64 / right as f64));
    }
    divide_rounded(&left.to_big(), &right.to_big()).map(float::new)
}

/// Correctly rounded quotient of big integers: scale so that the quotient has 66 bits or more, fold the remainder into the
/// last bit, and let the conversion round once.
fn divide_rounded(a: &IBig, b: &IBig) -> PyResult<f64> {
    if *a == IBig::ZERO {
        return Ok(if *b < IBig::ZERO { -0.0 } else { 0.0 });
    }
    let overflow = || crate::raise!(OverflowError, "integer division result too large for a float");
    let bits = |big: &IBig| magnitude(big).bit_len() as i64;
    let exponent = bits(a) - bits(b);
    if exponent > 1025 {
        return Err(overflow());
    }
    let negative = (*a < IBig::ZERO) != (*b < IBig::ZERO);
    let (a, b) = (magnitude(a), magnitude(b));
    // Subnormal results have fewer bits; -1075 is half the least one.
    let shift = (66 - exponent).min(1074 + 2 + 64);
    let (scaled, divisor) = if shift >= 0 { (a << shift as usize, b) } else { (a, b << (-shift) as usize) };
    let (quotient, rest) = scaled.div_rem(divisor);
    let sticky = if rest == UBig::ZERO { quotient } else { quotient | UBig::ONE };
    let result = ldexp_rounded(&sticky, -shift);
    if result.is_infinite() {
        return Err(overflow());
    }
    Ok(if negative { -result } else { result })
}

fn magnitude(big: &IBig) -> UBig {
    big.clone().into_parts().1
}

/// `mantissa * 2^exponent`, rounded once to the nearest double, ties to even.
pub fn ldexp_rounded(mantissa: &UBig, exponent: i64) -> f64 {
    let bits = mantissa.bit_len() as i64;
    // Far outside the range of doubles the answer is known, and a text may name any exponent.
    let top = bits.saturating_add(exponent);
    if bits == 0 || top < -1100 {
        return 0.0;
    }
    if top > 1100 {
        return f64::INFINITY;
    }
    // Precision left at this magnitude: 53 bits, fewer below the least normal number.
    let keep = (bits + exponent + 1074).min(53);
    let drop = bits - keep.max(0);
    let kept = if drop <= 0 { mantissa.clone() } else { round_half_even(mantissa, drop as usize) };
    let kept = u64::try_from(&kept).unwrap_or(u64::MAX) as f64;
    scale(kept, exponent + drop.max(0))
}

fn round_half_even(mantissa: &UBig, drop: usize) -> UBig {
    let kept = mantissa >> drop;
    let half = mantissa.bit(drop - 1);
    let below = drop > 1 && mantissa.trailing_zeros().is_some_and(|zeros| zeros < drop - 1);
    if half && (below || kept.bit(0)) { kept + UBig::ONE } else { kept }
}

/// Exact scaling by a power of two in steps that stay in range; the value has at most 53 significant bits that fit the result.
fn scale(mut value: f64, mut exponent: i64) -> f64 {
    while exponent > 1000 {
        value *= 2f64.powi(1000);
        exponent -= 1000;
    }
    while exponent < -1000 {
        value *= 2f64.powi(-1000);
        exponent += 1000;
    }
    value * 2f64.powi(exponent as i32)
}

/// `a ** b`
pub fn power(a: Value, b: Value) -> PyResult {
    let (Some(base), Some(exponent)) = (IntRef::of(a), IntRef::of(b)) else { return singleton::decline() };
    if exponent.is_negative() {
        return float::power_f64(super::to_f64(base)?, super::to_f64(exponent)?);
    }
    let exponent_word = exponent.to_i64();
    match (base, exponent_word) {
        (IntRef::Small(0 | 1), Some(_)) if exponent_word != Some(0) => Ok(base.to_exact()),
        (IntRef::Small(base), Some(exponent))
            if u32::try_from(exponent).is_ok_and(|e| base.checked_pow(e).is_some()) =>
        {
            Ok(from_i64(base.pow(exponent as u32)))
        }
        (IntRef::Small(0 | 1), None) => Ok(base.to_exact()),
        (IntRef::Small(-1), None) => Ok(from_i64(if is_odd(exponent) { -1 } else { 1 })),
        (_, Some(exponent)) => power_big(&base.to_big(), exponent as u64),
        (_, None) => Err(crate::error::memory_error()),
    }
}

fn is_odd(number: IntRef<'_>) -> bool {
    match number {
        IntRef::Small(small) => small & 1 == 1,
        IntRef::Big(big) => big.bit(0),
    }
}

/// Transforms of large factors take up to 41 times the size of the product, as requests of `dashu` show, and the product comes on top.
const PRODUCT: usize = 44;

/// Asks for the memory of a number with so many bits, and of the work on it: `times` its size.
pub(super) fn probe_bits(bits: u64, times: usize) -> PyResult<()> {
    // 2^38 bits are 32 GiB: more than any machine here will give.
    if bits > 1 << 38 {
        return Err(crate::error::memory_error());
    }
    crate::reserve::probe(bits as usize / 8 * times)
}

fn power_big(base: &IBig, exponent: u64) -> PyResult {
    probe_bits((magnitude(base).bit_len() as u64).saturating_mul(exponent), PRODUCT)?;
    Ok(from_big(base.pow(exponent as usize)))
}

/// `pow(a, b, c)`
pub fn power_mod(a: Value, b: Value, c: Value) -> PyResult {
    let (Some(base), Some(exponent), Some(modulus)) = (IntRef::of(a), IntRef::of(b), IntRef::of(c)) else {
        return singleton::decline();
    };
    if modulus.is_zero() {
        return Err(crate::raise!(ValueError, "pow() 3rd argument cannot be 0"));
    }
    let modulus = modulus.to_big();
    let mut base = floor_div_rem(&base.to_big(), &modulus).1;
    let mut exponent = exponent.to_big();
    if exponent < IBig::ZERO {
        base = inverse(&base, &modulus)
            .ok_or_else(|| crate::raise!(ValueError, "base is not invertible for the given modulus"))?;
        exponent = -exponent;
    }
    let exponent = magnitude(&exponent);
    let mut result = floor_div_rem(&IBig::ONE, &modulus).1;
    for at in (0..exponent.bit_len()).rev() {
        result = floor_div_rem(&(&result * &result), &modulus).1;
        if exponent.bit(at) {
            result = floor_div_rem(&(&result * &base), &modulus).1;
        }
    }
    Ok(from_big(result))
}

/// Multiplicative inverse by the extended Euclidean algorithm.
fn inverse(value: &IBig, modulus: &IBig) -> Option<IBig> {
    let (mut r0, mut r1) = (modulus.clone(), value.clone());
    let (mut t0, mut t1) = (IBig::ZERO, IBig::ONE);
    while r1 != IBig::ZERO {
        let (quotient, rest) = floor_div_rem(&r0, &r1);
        (r0, r1) = (r1, rest);
        let next = &t0 - &quotient * &t1;
        (t0, t1) = (t1, next);
    }
    match r0 {
        one if one == IBig::ONE => Some(floor_div_rem(&t0, modulus).1),
        minus if minus == -IBig::ONE => Some(floor_div_rem(&-t0, modulus).1),
        _ => None,
    }
}

/// Order of two ints.
#[inline]
pub fn cmp(a: IntRef<'_>, b: IntRef<'_>) -> Ordering {
    match (a, b) {
        (IntRef::Small(a), IntRef::Small(b)) => a.cmp(&b),
        (IntRef::Big(a), IntRef::Big(b)) => a.cmp(b),
        (a, b) => a.to_big().cmp(&b.to_big()),
    }
}

/// `a < b` and the like.
#[inline]
pub fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(a), Some(b)) = (IntRef::of(a), IntRef::of(b)) else { return singleton::decline() };
    Ok(objects::bool(op.holds(cmp(a, b))).to_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_to_nearest_even() {
        let big = |text: &str| text.parse::<IBig>().expect("digits");
        let quotient = |a: &str, b: &str| divide_rounded(&big(a), &big(b)).expect("in range");
        assert_eq!(quotient("9007199254740993", "1"), 9_007_199_254_740_992.0);
        assert_eq!(quotient("100000000000000000000000000000000001", "3"), 3.333_333_333_333_333e34);
        assert_eq!(quotient("-1", "3"), -1.0 / 3.0);
        let tiny = format!("1{}", "0".repeat(323));
        assert_eq!(quotient("1", &tiny), 1e-323);
        assert_eq!(quotient("5", &format!("{tiny}0")), 5e-324);
    }

    #[test]
    fn division_follows_the_divisor() {
        assert_eq!((floor_div_i64(-7, 2), modulo_i64(-7, 2)), (Some(-4), 1));
        assert_eq!((floor_div_i64(7, -2), modulo_i64(7, -2)), (Some(-4), -1));
        assert_eq!(floor_div_i64(i64::MIN, -1), None);
    }
}
