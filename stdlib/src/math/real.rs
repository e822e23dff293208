//! Functions on doubles.

use runtime::convert::Rest;
use runtime::objects::float;
use runtime::objects::int::{self, IntRef};
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::{Py, PyResult, Raised, Value, hash, protocol, py_functions};

use super::extended::norm;

unsafe extern "C" {
    safe fn acosh(x: f64) -> f64;
    safe fn asinh(x: f64) -> f64;
    safe fn atanh(x: f64) -> f64;
    safe fn erf(x: f64) -> f64;
    safe fn erfc(x: f64) -> f64;
    safe fn tgamma(x: f64) -> f64;
    safe fn lgamma(x: f64) -> f64;
    safe fn nextafter(x: f64, y: f64) -> f64;
    safe fn remainder(x: f64, y: f64) -> f64;
    safe fn fma(x: f64, y: f64, z: f64) -> f64;
}

fn domain_error() -> Raised {
    runtime::raise!(ValueError, "math domain error")
}

fn range_error() -> Raised {
    runtime::raise!(OverflowError, "math range error")
}

/// Python's rules for a function of one double: NaN from a number is a domain error, infinity from a finite number a range error
/// (or a domain error at a pole).
fn checked(x: f64, result: f64, pole_is_domain: bool) -> PyResult<f64> {
    if result.is_nan() && !x.is_nan() {
        return Err(domain_error());
    }
    if result.is_infinite() && x.is_finite() {
        return Err(if pole_is_domain { domain_error() } else { range_error() });
    }
    Ok(result)
}

/// Logarithm of a double or of an int of any size.
fn logarithm(value: Value, of_double: fn(f64) -> f64, of_two: f64) -> PyResult<f64> {
    if let Some(IntRef::Big(big)) = IntRef::of(value) {
        let number = IntRef::Big(big);
        if number.is_negative() || number.is_zero() {
            return Err(runtime::raise!(ValueError, "expected a positive input"));
        }
        if let Ok(double) = int::to_f64(number) {
            return Ok(of_double(double));
        }
        drop(runtime::thread().fetch_raised());
        let bits = bit_length(number);
        let shift = bits - 64;
        let top = protocol::binary_op(runtime::BinaryOp::RightShift, value, int::from_i64(shift).value())?;
        let mantissa = float::to_f64(top.value())? * 2f64.powi(-64);
        return Ok(of_double(mantissa) + bits as f64 * of_two);
    }
    let x = float::to_f64(value)?;
    if x <= 0.0 {
        return Err(runtime::raise!(ValueError, "expected a positive input"));
    }
    Ok(of_double(x))
}

fn bit_length(number: IntRef<'_>) -> i64 {
    let length = protocol::call_method_text(number.to_exact().value(), "bit_length", &[]);
    length.ok().and_then(|length| length.as_small()).unwrap_or(64)
}

/// `floor`, `ceil`, `trunc`: through the special method if there is one.
fn rounded(value: Value, method: &str, round: fn(f64) -> f64) -> PyResult {
    let name = StrObject::intern(method);
    if !value.is_exact(&float::FLOAT)
        && let Some(result) = protocol::attribute::call_special(value, name.value(), &[])?
    {
        return Ok(result);
    }
    float::methods::to_int(round(float::to_f64(value)?))
}

/// Exactly rounded sum (Shewchuk): partial sums that do not overlap.
fn exact_sum(values: impl Iterator<Item = PyResult<f64>>) -> PyResult<f64> {
    let mut partials: Vec<f64> = Vec::new();
    let mut special = 0.0;
    for value in values {
        let mut x = value?;
        if !x.is_finite() {
            if f64::is_infinite(special) && x.is_infinite() && special != x {
                return Err(runtime::raise!(ValueError, "-inf + inf in fsum"));
            }
            special += x;
            continue;
        }
        let mut kept = 0;
        for at in 0..partials.len() {
            let mut y = partials[at];
            if x.abs() < y.abs() {
                std::mem::swap(&mut x, &mut y);
            }
            let high = x + y;
            let low = y - (high - x);
            if low != 0.0 {
                partials[kept] = low;
                kept += 1;
            }
            x = high;
        }
        if x.is_infinite() {
            return Err(runtime::raise!(OverflowError, "intermediate overflow in fsum"));
        }
        partials.truncate(kept);
        partials.push(x);
    }
    if special != 0.0 || f64::is_nan(special) {
        return Ok(special);
    }
    Ok(rounded_total(&partials))
}

/// Adds partial sums from the greatest down, rounding half to even across them.
fn rounded_total(partials: &[f64]) -> f64 {
    let mut rest = partials.to_vec();
    let Some(mut high) = rest.pop() else { return 0.0 };
    let mut low = 0.0;
    while let Some(y) = rest.pop() {
        let x = high;
        high = x + y;
        low = y - (high - x);
        if low != 0.0 {
            break;
        }
    }
    if let Some(&next) = rest.last()
        && ((low < 0.0 && next < 0.0) || (low > 0.0 && next > 0.0))
    {
        let doubled = low * 2.0;
        let x = high + doubled;
        if doubled == x - high {
            high = x;
        }
    }
    high
}

fn doubles(values: Value) -> PyResult<Vec<f64>> {
    protocol::collect(values)?.iter().map(|value| float::to_f64(value.value())).collect()
}

/// Declares functions of one double.
macro_rules! simple {
    ($($doc:literal $signature:literal $name:ident = $compute:expr, $pole:literal;)*) => {
        py_functions! { pub(super) static SIMPLE;
            $(#[doc = $doc] $signature
            fn $name(x: f64) -> PyResult<f64> {
                let compute: fn(f64) -> f64 = $compute;
                checked(x, compute(x), $pole)
            })*
        }
    };
}

simple! {
    "Return the arc cosine (measured in radians) of x." "acos(x, /)" acos = f64::acos, false;
    "Return the inverse hyperbolic cosine of x." "acosh(x, /)" acosh_function = |x| acosh(x), false;
    "Return the arc sine (measured in radians) of x." "asin(x, /)" asin = f64::asin, false;
    "Return the inverse hyperbolic sine of x." "asinh(x, /)" asinh_function = |x| asinh(x), false;
    "Return the arc tangent (measured in radians) of x." "atan(x, /)" atan = f64::atan, false;
    "Return the inverse hyperbolic tangent of x." "atanh(x, /)" atanh_function = |x| atanh(x), true;
    "Return the cube root of x." "cbrt(x, /)" cbrt = f64::cbrt, false;
    "Return the cosine of x (measured in radians)." "cos(x, /)" cos = f64::cos, false;
    "Return the hyperbolic cosine of x." "cosh(x, /)" cosh = f64::cosh, false;
    "Convert angle x from radians to degrees." "degrees(x, /)" degrees = |x| x * (180.0 / std::f64::consts::PI), false;
    "Error function at x." "erf(x, /)" erf_function = |x| erf(x), false;
    "Complementary error function at x." "erfc(x, /)" erfc_function = |x| erfc(x), false;
    "Return e raised to the power of x." "exp(x, /)" exp = f64::exp, false;
    "Return 2 raised to the power of x." "exp2(x, /)" exp2 = f64::exp2, false;
    "Return exp(x)-1." "expm1(x, /)" expm1 = f64::exp_m1, false;
    "Return the absolute value of the float x." "fabs(x, /)" fabs = f64::abs, false;
    "Gamma function at x." "gamma(x, /)" gamma = gamma_of, false;
    "Natural logarithm of absolute value of Gamma function at x." "lgamma(x, /)" lgamma_function = lgamma_of, false;
    "Return the natural logarithm of 1+x (base e)." "log1p(x, /)" log1p = f64::ln_1p, true;
    "Convert angle x from degrees to radians." "radians(x, /)" radians = |x| x * (std::f64::consts::PI / 180.0), false;
    "Return the sine of x (measured in radians)." "sin(x, /)" sin = f64::sin, false;
    "Return the hyperbolic sine of x." "sinh(x, /)" sinh = f64::sinh, false;
    "Return the square root of x." "sqrt(x, /)" sqrt = f64::sqrt, false;
    "Return the tangent of x (measured in radians)." "tan(x, /)" tan = f64::tan, false;
    "Return the hyperbolic tangent of x." "tanh(x, /)" tanh = f64::tanh, false;
}

/// Gamma has poles at zero and the negative integers.
fn is_pole(x: f64) -> bool {
    x <= 0.0 && x.is_finite() && x == x.floor()
}

/// NaN at a pole, which is a domain error.
fn gamma_of(x: f64) -> f64 {
    if is_pole(x) || x == f64::NEG_INFINITY { f64::NAN } else { tgamma(x) }
}

fn lgamma_of(x: f64) -> f64 {
    if is_pole(x) { f64::NAN } else { lgamma(x) }
}

py_functions! { pub(super) static OTHERS;
    /// Return the arc tangent (measured in radians) of y/x.
    "atan2(y, x, /)"
    fn atan2(y: f64, x: f64) -> f64 {
        y.atan2(x)
    }
    /// Return the ceiling of x as an Integral.
    "ceil(x, /)"
    fn ceil(x: Value) -> PyResult {
        rounded(x, "__ceil__", f64::ceil)
    }
    /// Return the floor of x as an Integral.
    "floor(x, /)"
    fn floor(x: Value) -> PyResult {
        rounded(x, "__floor__", f64::floor)
    }
    /// Truncates the Real x to the nearest Integral toward 0.
    "trunc(x, /)"
    fn trunc(x: Value) -> PyResult {
        let name = StrObject::intern("__trunc__");
        protocol::attribute::call_special(x, name.value(), &[])?
            .ok_or_else(|| runtime::raise!(TypeError, "type {} doesn't define __trunc__ method", x.ty().name()))
    }
    /// Return a float with the magnitude (absolute value) of x but the sign of y.
    "copysign(x, y, /)"
    fn copysign(x: f64, y: f64) -> f64 {
        x.copysign(y)
    }
    /// Return the Euclidean distance between two points p and q.
    "dist(p, q, /)"
    fn dist(p: Value, q: Value) -> PyResult<f64> {
        let (p, q) = (doubles(p)?, doubles(q)?);
        if p.len() != q.len() {
            return Err(runtime::raise!(ValueError, "both points must have the same number of dimensions"));
        }
        Ok(norm(&p.iter().zip(&q).map(|(a, b)| a - b).collect::<Vec<_>>()))
    }
    /// Return fmod(x, y), according to platform C.
    "fmod(x, y, /)"
    fn fmod(x: f64, y: f64) -> PyResult<f64> {
        if (x.is_infinite() && !y.is_nan()) || (y == 0.0 && !x.is_nan()) { Err(domain_error()) } else { Ok(x % y) }
    }
    /// Fused multiply-add operation: (x * y) + z with a single round.
    "fma(x, y, z, /)"
    fn fused(x: f64, y: f64, z: f64) -> PyResult<f64> {
        let result = fma(x, y, z);
        let finite = x.is_finite() && y.is_finite() && z.is_finite();
        if result.is_infinite() && finite {
            return Err(runtime::raise!(OverflowError, "overflow in fma"));
        }
        if result.is_nan() && !(x.is_nan() || y.is_nan() || z.is_nan()) {
            return Err(runtime::raise!(ValueError, "invalid operation in fma"));
        }
        Ok(result)
    }
    /// Return the mantissa and exponent of x, as pair (m, e).
    "frexp(x, /)"
    fn frexp(x: f64) -> Py<TupleObject> {
        let (mantissa, exponent) = hash::frexp(x.abs());
        let mantissa = if x.is_sign_negative() { -mantissa } else { mantissa };
        TupleObject::of([float::new(mantissa), int::from_i64(i64::from(exponent))])
    }
    /// Return x * (2**i).
    "ldexp(x, i, /)"
    fn ldexp(x: f64, i: Value) -> PyResult<f64> {
        let exponent = int::to_clamped_index(i)?;
        if x == 0.0 || !x.is_finite() { return Ok(x) }
        let (mantissa, own) = hash::frexp(x.abs());
        let bits = scaled(mantissa, (exponent as i64).saturating_add(i64::from(own)));
        if bits.is_infinite() { return Err(range_error()) }
        Ok(bits.copysign(x))
    }
    /// Return an accurate floating-point sum of values in the iterable seq.
    "fsum(seq, /)"
    fn fsum(seq: Value) -> PyResult<f64> {
        exact_sum(protocol::collect(seq)?.iter().map(|value| float::to_f64(value.value())))
    }
    /// Multidimensional Euclidean distance from the origin to a point.
    "hypot(*coordinates)"
    fn hypot(coordinates: Rest<'_>) -> PyResult<f64> {
        let values = coordinates.0.iter().map(|&value| float::to_f64(value)).collect::<PyResult<Vec<_>>>()?;
        Ok(norm(&values))
    }
    /// Determine whether two floating-point numbers are close in value.
    "isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0)"
    fn isclose(a: f64, b: f64, rel_tol: Option<f64>, abs_tol: Option<f64>) -> PyResult<bool> {
        let (relative, absolute) = (rel_tol.unwrap_or(1e-9), abs_tol.unwrap_or(0.0));
        if relative < 0.0 || absolute < 0.0 {
            return Err(runtime::raise!(ValueError, "tolerances must be non-negative"));
        }
        if a == b { return Ok(true) }
        if a.is_infinite() || b.is_infinite() { return Ok(false) }
        let difference = (b - a).abs();
        Ok(difference <= (relative * b).abs() || difference <= (relative * a).abs() || difference <= absolute)
    }
    /// Return True if x is neither an infinity nor a NaN, and False otherwise.
    "isfinite(x, /)"
    fn isfinite(x: f64) -> bool {
        x.is_finite()
    }
    /// Return True if x is a positive or negative infinity, and False otherwise.
    "isinf(x, /)"
    fn isinf(x: f64) -> bool {
        x.is_infinite()
    }
    /// Return True if x is a NaN (not a number), and False otherwise.
    "isnan(x, /)"
    fn isnan(x: f64) -> bool {
        x.is_nan()
    }
    /// log(x, [base=math.e])
    /// Return the logarithm of x to the given base.
    "log(x, base=None, /)"
    fn log(x: Value, base: Option<Value>) -> PyResult<f64> {
        let numerator = logarithm(x, f64::ln, std::f64::consts::LN_2)?;
        let Some(base) = base else { return Ok(numerator) };
        let denominator = logarithm(base, f64::ln, std::f64::consts::LN_2)?;
        if denominator == 0.0 {
            return Err(runtime::raise!(ZeroDivisionError, "division by zero"));
        }
        Ok(numerator / denominator)
    }
    /// Return the base 10 logarithm of x.
    "log10(x, /)"
    fn log10(x: Value) -> PyResult<f64> {
        logarithm(x, f64::log10, std::f64::consts::LOG10_2)
    }
    /// Return the base 2 logarithm of x.
    "log2(x, /)"
    fn log2(x: Value) -> PyResult<f64> {
        logarithm(x, f64::log2, 1.0)
    }
    /// Return the fractional and integer parts of x.
    "modf(x, /)"
    fn modf(x: f64) -> Py<TupleObject> {
        let whole = x.trunc();
        let fraction = if x.is_infinite() { 0f64.copysign(x) } else { (x - whole).copysign(x) };
        TupleObject::of([float::new(fraction), float::new(whole)])
    }
    /// Return the floating-point value the given number of steps after x towards y.
    "nextafter(x, y, /, *, steps=None)"
    fn next_after(x: f64, y: f64, steps: runtime::convert::OrNone<isize>) -> PyResult<f64> {
        let steps = steps.0.unwrap_or(1);
        if steps < 0 {
            return Err(runtime::raise!(ValueError, "steps must be a non-negative integer"));
        }
        let mut at = x;
        for _ in 0..steps {
            let next = nextafter(at, y);
            if next == at || next.is_nan() { return Ok(next) }
            at = next;
        }
        Ok(at)
    }
    /// Return x**y (x to the power of y).
    "pow(x, y, /)"
    fn pow(x: f64, y: f64) -> PyResult<f64> {
        let result = x.powf(y);
        let finite = x.is_finite() && y.is_finite();
        if result.is_nan() && !x.is_nan() && !y.is_nan() { return Err(domain_error()) }
        if result.is_infinite() && finite {
            return Err(if x == 0.0 { domain_error() } else { range_error() });
        }
        Ok(result)
    }
    /// Difference between x and the closest integer multiple of y.
    "remainder(x, y, /)"
    fn ieee_remainder(x: f64, y: f64) -> PyResult<f64> {
        if (x.is_infinite() && !y.is_nan()) || (y == 0.0 && !x.is_nan()) { Err(domain_error()) } else { Ok(remainder(x, y)) }
    }
    /// Return the value of the least significant bit of the float x.
    "ulp(x, /)"
    fn ulp(x: f64) -> f64 {
        let x = x.abs();
        if !x.is_finite() { return x }
        let next = nextafter(x, f64::INFINITY);
        if next.is_infinite() { x - nextafter(x, 0.0) } else { next - x }
    }
}

/// `mantissa * 2^exponent` with one rounding.
fn scaled(mantissa: f64, exponent: i64) -> f64 {
    if exponent > 1100 {
        return f64::INFINITY;
    }
    if exponent < -1200 {
        return 0.0;
    }
    if exponent >= -1020 {
        // Two exact steps reach the greatest exponent without overflowing on the way.
        let half = (exponent / 2) as i32;
        return mantissa * 2f64.powi(half) * 2f64.powi(exponent as i32 - half);
    }
    // The last multiplication is the only one that rounds.
    mantissa * 2f64.powi(-1000) * 2f64.powi((exponent + 1000) as i32)
}
