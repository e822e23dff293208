//! Functions on ints: exact at any size.

use runtime::convert::{OrNone, Rest};
use runtime::objects::int::{self, IntRef};
use runtime::{BinaryOp, PyResult, Ref, Value, protocol, py_functions};

fn op(operator: BinaryOp, a: &Ref, b: &Ref) -> PyResult {
    protocol::binary_op(operator, a.value(), b.value())
}

/// Greatest common divisor (Euclid).
fn gcd_of(a: Ref, b: Ref) -> PyResult {
    let (mut a, mut b) = (protocol::absolute(a.value())?, protocol::absolute(b.value())?);
    while protocol::is_true(b.value())? {
        let rest = op(BinaryOp::Modulo, &a, &b)?;
        (a, b) = (b, rest);
    }
    Ok(a)
}

/// Product of `low..=high` by halves, so that factors stay balanced.
fn product(low: i64, high: i64) -> PyResult {
    if low > high {
        return Ok(int::from_i64(1));
    }
    if high - low < 8 {
        let mut result = int::from_i64(low);
        for factor in low + 1..=high {
            result = op(BinaryOp::Multiply, &result, &int::from_i64(factor))?;
        }
        return Ok(result);
    }
    let middle = low + (high - low) / 2;
    op(BinaryOp::Multiply, &product(low, middle)?, &product(middle + 1, high)?)
}

/// A non-negative count that fits a word.
fn count(value: Value, function: &str) -> PyResult<i64> {
    let number = int::index(value)?;
    let number = IntRef::of(number.value()).expect("`index` gives ints");
    if number.is_negative() {
        return Err(runtime::raise!(ValueError, "{function}() not defined for negative values"));
    }
    match number.to_i64() {
        Some(count) => Ok(count),
        None => {
            let most = i64::MAX;
            Err(runtime::raise!(OverflowError, "{function}() argument should not exceed {most}"))
        }
    }
}

/// Integer square root by Newton's method from above.
fn integer_sqrt(number: Ref) -> PyResult {
    if let Some(small) = number.as_small() {
        return Ok(int::from_i64(small.isqrt()));
    }
    let bits = protocol::call_method_text(number.value(), "bit_length", &[])?.as_small().unwrap_or(0);
    let mut guess = op(BinaryOp::LeftShift, &int::from_i64(1), &int::from_i64((bits + 1) / 2))?;
    loop {
        let quotient = op(BinaryOp::FloorDivide, &number, &guess)?;
        let next = op(BinaryOp::RightShift, &op(BinaryOp::Add, &guess, &quotient)?, &int::from_i64(1))?;
        if !protocol::compare_bool(runtime::CompareOp::Less, next.value(), guess.value())? {
            return Ok(guess);
        }
        guess = next;
    }
}

/// `n * (n-1) * ... * (n-k+1)`
fn falling(n: i64, k: i64) -> PyResult {
    if k > n { Ok(int::from_i64(0)) } else { product(n - k + 1, n) }
}

fn pair(n: Value, k: Value) -> PyResult<(i64, i64)> {
    let check = |value: Value, name: &str| {
        let number = int::to_i64(value)?;
        if number < 0 {
            return Err(runtime::raise!(ValueError, "{name} must be a non-negative integer"));
        }
        Ok(number)
    };

    Ok((check(n, "n")?, check(k, "k")?))
}

py_functions! { pub(super) static FUNCTIONS;
    /// Number of ways to choose k items from n items without repetition and without order.
    "comb(n, k, /)"
    fn comb(n: Value, k: Value) -> PyResult {
        let (n, k) = pair(n, k)?;
        if k > n { return Ok(int::from_i64(0)) }
        let k = k.min(n - k);
        op(BinaryOp::FloorDivide, &falling(n, k)?, &product(1, k)?)
    }
    /// Find n!.
    "factorial(n, /)"
    fn factorial(n: Value) -> PyResult {
        if n.is_exact(&runtime::objects::float::FLOAT) {
            return Err(runtime::raise!(TypeError, "'float' object cannot be interpreted as an integer"));
        }
        product(1, count(n, "factorial")?)
    }
    /// Greatest Common Divisor.
    "gcd(*integers)"
    fn gcd(integers: Rest<'_>) -> PyResult {
        let mut result = int::from_i64(0);
        for &number in integers.0 {
            result = gcd_of(result, int::index(number)?)?;
        }
        Ok(result)
    }
    /// Return the integer part of the square root of the input.
    "isqrt(n, /)"
    fn isqrt(n: Value) -> PyResult {
        let number = int::index(n)?;
        if IntRef::of(number.value()).is_some_and(IntRef::is_negative) {
            return Err(runtime::raise!(ValueError, "isqrt() argument must be nonnegative"));
        }
        integer_sqrt(number)
    }
    /// Least Common Multiple.
    "lcm(*integers)"
    fn lcm(integers: Rest<'_>) -> PyResult {
        let mut result = int::from_i64(1);
        for &number in integers.0 {
            let number = int::index(number)?;
            let divisor = gcd_of(result.clone(), number.clone())?;
            if !protocol::is_true(divisor.value())? { return Ok(int::from_i64(0)) }
            let quotient = op(BinaryOp::FloorDivide, &number, &divisor)?;
            let product = op(BinaryOp::Multiply, &result, &quotient)?;
            result = protocol::absolute(product.value())?;
        }
        Ok(result)
    }
    /// Number of ways to choose k items from n items without repetition and with order.
    "perm(n, k=None, /)"
    fn perm(n: Value, k: OrNone<Value>) -> PyResult {
        let (n, k) = pair(n, k.0.unwrap_or(n))?;
        falling(n, k)
    }
    /// Calculate the product of all the elements in the input iterable.
    "prod(iterable, /, *, start=1)"
    fn prod(iterable: Value, start: Option<Ref>) -> PyResult {
        let mut total = start.unwrap_or_else(|| int::from_i64(1));
        protocol::for_each(iterable, |item| {
            total = op(BinaryOp::Multiply, &total, &item)?;
            Ok(())
        })?;
        Ok(total)
    }
    /// Return the sum of products of values from two iterables p and q.
    "sumprod(p, q, /)"
    fn sumprod(p: Value, q: Value) -> PyResult {
        let (p, q) = (protocol::collect(p)?, protocol::collect(q)?);
        if p.len() != q.len() {
            return Err(runtime::raise!(ValueError, "Inputs are not the same length"));
        }
        let mut total = int::from_i64(0);
        for (a, b) in p.iter().zip(&q) {
            total = op(BinaryOp::Add, &total, &op(BinaryOp::Multiply, a, b)?)?;
        }
        Ok(total)
    }
}
