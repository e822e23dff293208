//! Functions on ints: exact at any size.

use runtime::convert::{OrNone, Rest};
use runtime::objects::bool::BOOL;
use runtime::objects::float::{self, FLOAT};
use runtime::objects::int::{self, IntRef};
use runtime::{BinaryOp, PyResult, Ref, Value, protocol, py_functions};

use super::extended::Dot;

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

/// `n * (n-1) * ... * (n-k+1)`, by halves.
fn falling(n: &Ref, k: i64) -> PyResult {
    match k {
        0 => Ok(int::from_i64(1)),
        1 => Ok(n.clone()),
        _ => {
            let lower = op(BinaryOp::Subtract, n, &int::from_i64(k / 2))?;
            op(BinaryOp::Multiply, &falling(n, k / 2)?, &falling(&lower, k - k / 2)?)
        }
    }
}

fn is_less(a: &Ref, b: &Ref) -> PyResult<bool> {
    protocol::compare_bool(runtime::CompareOp::Less, a.value(), b.value())
}

/// A plain int that is not negative.
fn natural(value: Value, name: &str) -> PyResult {
    let number = int::index(value)?;
    let number = IntRef::of(number.value()).expect("`index` gives ints");
    if number.is_negative() {
        return Err(runtime::raise!(ValueError, "{name} must be a non-negative integer"));
    }
    Ok(number.to_exact())
}

/// A number of factors.
fn factors(k: &Ref, name: &str) -> PyResult<i64> {
    let most = i64::MAX;
    let k = IntRef::of(k.value()).and_then(IntRef::to_i64);
    k.ok_or_else(|| runtime::raise!(OverflowError, "{name} must not exceed {most}"))
}

fn is_plain_int(value: Value) -> bool {
    value.is_small() || value.is_exact(&int::INT)
}

/// Two numbers as doubles, if `sumprod` may take them so: a float with a float or a plain int.
fn as_doubles(a: Value, b: Value) -> Option<(f64, f64)> {
    let is_float = |value: Value| value.is_exact(&FLOAT);
    let double = |value: Value| {
        if is_float(value) {
            return float::of(value);
        }
        let number = IntRef::of(value).filter(|_| is_plain_int(value) || value.is_exact(&BOOL))?;
        int::to_f64(number).map_err(|raised| drop(runtime::thread().take_raised(raised))).ok()
    };
    if !is_float(a) && !is_float(b) {
        return None;
    }
    double(a).zip(double(b))
}

/// The running total of `sumprod`: floats are summed apart, with more digits, until something comes that is none.
struct Total {
    total: Ref,
    floats: Option<Dot>,
    takes_floats: bool,
}

impl Total {
    fn add(&mut self, a: &Ref, b: &Ref) -> PyResult<()> {
        if self.takes_floats {
            let sum = as_doubles(a.value(), b.value())
                .and_then(|(x, y)| self.floats.unwrap_or_default().plus(x, y));
            if sum.is_some() {
                self.floats = sum;
                return Ok(());
            }
            self.takes_floats = self.floats.is_none() && self.fits(a, b);
            self.settle()?;
        }
        let term = op(BinaryOp::Multiply, a, b)?;
        self.total = op(BinaryOp::Add, &self.total, &term)?;
        Ok(())
    }

    /// Whether the total stays a machine integer, as CPython demands of ints in front of floats: beyond that the order of roundings shows.
    fn fits(&self, a: &Ref, b: &Ref) -> bool {
        let plain =
            |number: &Ref| IntRef::of(number.value()).filter(|_| is_plain_int(number.value()))?.to_i64();
        let sum = || plain(a)?.checked_mul(plain(b)?)?.checked_add(plain(&self.total)?);
        sum().is_some()
    }

    /// Adds the sum of the floats to the total.
    fn settle(&mut self) -> PyResult<()> {
        if let Some(floats) = self.floats.take() {
            let floats = float::new(floats.rounded());
            self.total = op(BinaryOp::Add, &self.total, &floats)?;
        }
        Ok(())
    }
}

py_functions! { pub(super) static FUNCTIONS;
    /// Number of ways to choose k items from n items without repetition and without order.
    "comb(n, k, /)"
    fn comb(n: Value, k: Value) -> PyResult {
        let (n, k) = (natural(n, "n")?, natural(k, "k")?);
        if is_less(&n, &k)? { return Ok(int::from_i64(0)) }
        let others = op(BinaryOp::Subtract, &n, &k)?;
        let k = factors(if is_less(&others, &k)? { &others } else { &k }, "min(n - k, k)")?;
        op(BinaryOp::FloorDivide, &falling(&n, k)?, &product(1, k)?)
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
        integer_sqrt(IntRef::of(number.value()).expect("`index` gives ints").to_exact())
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
        let Some(k) = k.0 else {
            return factorial(n);
        };
        let (n, k) = (natural(n, "n")?, natural(k, "k")?);
        if is_less(&n, &k)? { return Ok(int::from_i64(0)) }
        falling(&n, factors(&k, "k")?)
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
        let (p, q) = (protocol::get_iter(p)?, protocol::get_iter(q)?);
        let mut total = Total { total: int::from_i64(0), floats: None, takes_floats: true };
        loop {
            match (protocol::iter_next(p.value())?, protocol::iter_next(q.value())?) {
                (Some(a), Some(b)) => total.add(&a, &b)?,
                (None, None) => break,
                _ => return Err(runtime::raise!(ValueError, "Inputs are not the same length")),
            }
        }
        total.settle()?;
        Ok(total.total)
    }
}
