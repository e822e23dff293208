//! Arithmetic of complex numbers: products and quotients of ISO C, Annex G, and powers.
//!
//! A product or quotient that comes out as two NaNs although an operand was infinite is recovered, as Annex G describes: infinities
//! become ones with their signs, and what that gives is blown up again. Reals keep what they are (3.14): they have no imaginary part,
//! not one of zero. Small whole powers are repeated products, which are exact where the parts are small whole numbers.

use crate::value::PyResult;

/// Real and imaginary part.
pub(super) type Pair = (f64, f64);

/// An operand: complex, or real and then without an imaginary part.
#[derive(Clone, Copy)]
pub(super) enum Operand {
    Complex(Pair),
    Real(f64),
}

impl Operand {
    fn pair(self) -> Pair {
        match self {
            Operand::Complex(pair) => pair,
            Operand::Real(real) => (real, 0.0),
        }
    }
}

use Operand::{Complex, Real};

pub(super) fn add(a: Operand, b: Operand) -> PyResult<Pair> {
    Ok(match (a, b) {
        (Complex(a), Real(b)) => (a.0 + b, a.1),
        (Real(a), Complex(b)) => (a + b.0, b.1),
        _ => (a.pair().0 + b.pair().0, a.pair().1 + b.pair().1),
    })
}

pub(super) fn subtract(a: Operand, b: Operand) -> PyResult<Pair> {
    Ok(match (a, b) {
        (Complex(a), Real(b)) => (a.0 - b, a.1),
        (Real(a), Complex(b)) => (a - b.0, -b.1),
        _ => (a.pair().0 - b.pair().0, a.pair().1 - b.pair().1),
    })
}

pub(super) fn multiply(a: Operand, b: Operand) -> PyResult<Pair> {
    Ok(match (a, b) {
        (Complex(z), Real(real)) | (Real(real), Complex(z)) => (z.0 * real, z.1 * real),
        _ => product(a.pair(), b.pair()),
    })
}

pub(super) fn divide(a: Operand, b: Operand) -> PyResult<Pair> {
    if b.pair() == (0.0, 0.0) {
        return Err(crate::raise!(ZeroDivisionError, "complex division by zero"));
    }
    Ok(match (a, b) {
        (Complex(a), Real(b)) => (a.0 / b, a.1 / b),
        (Real(a), Complex(b)) => recover_quotient((a, 0.0), b, quotient_of_real(a, b)),
        _ => quotient(a.pair(), b.pair()),
    })
}

/// An infinity as a one, anything else as a zero, with its sign.
fn boxed(part: f64) -> f64 {
    f64::copysign(if part.is_infinite() { 1.0 } else { 0.0 }, part)
}

fn boxed_pair(z: Pair) -> Pair {
    (boxed(z.0), boxed(z.1))
}

fn without_nan(part: f64) -> f64 {
    if part.is_nan() { f64::copysign(0.0, part) } else { part }
}

fn without_nans(z: Pair) -> Pair {
    (without_nan(z.0), without_nan(z.1))
}

fn is_infinite(z: Pair) -> bool {
    z.0.is_infinite() || z.1.is_infinite()
}

fn is_finite(z: Pair) -> bool {
    z.0.is_finite() && z.1.is_finite()
}

fn product(mut z: Pair, mut w: Pair) -> Pair {
    let terms = [z.0 * w.0, z.1 * w.1, z.0 * w.1, z.1 * w.0];
    let plain = (terms[0] - terms[1], terms[2] + terms[3]);
    if !(plain.0.is_nan() && plain.1.is_nan()) {
        return plain;
    }
    let (z_is_infinite, w_is_infinite) = (is_infinite(z), is_infinite(w));
    if z_is_infinite {
        (z, w) = (boxed_pair(z), without_nans(w));
    }
    if w_is_infinite {
        (z, w) = (without_nans(z), boxed_pair(w));
    }
    if !(z_is_infinite || w_is_infinite) {
        if !terms.iter().any(|term| term.is_infinite()) {
            return plain;
        }
        (z, w) = (without_nans(z), without_nans(w));
    }
    (f64::INFINITY * (z.0 * w.0 - z.1 * w.1), f64::INFINITY * (z.0 * w.1 + z.1 * w.0))
}

/// Smith's method: the larger part of the divisor scales.
fn quotient(z: Pair, w: Pair) -> Pair {
    let plain = if w.0.abs() >= w.1.abs() {
        let ratio = w.1 / w.0;
        let scale = w.0 + w.1 * ratio;
        ((z.0 + z.1 * ratio) / scale, (z.1 - z.0 * ratio) / scale)
    } else if w.1.abs() >= w.0.abs() {
        let ratio = w.0 / w.1;
        let scale = w.0 * ratio + w.1;
        ((z.0 * ratio + z.1) / scale, (z.1 * ratio - z.0) / scale)
    } else {
        (f64::NAN, f64::NAN)
    };
    recover_quotient(z, w, plain)
}

fn quotient_of_real(real: f64, w: Pair) -> Pair {
    if w.0.abs() >= w.1.abs() {
        let ratio = w.1 / w.0;
        let scale = w.0 + w.1 * ratio;
        (real / scale, (-real * ratio) / scale)
    } else if w.1.abs() >= w.0.abs() {
        let ratio = w.0 / w.1;
        let scale = w.0 * ratio + w.1;
        ((real * ratio) / scale, -real / scale)
    } else {
        (f64::NAN, f64::NAN)
    }
}

fn recover_quotient(z: Pair, w: Pair, plain: Pair) -> Pair {
    if !(plain.0.is_nan() && plain.1.is_nan()) {
        return plain;
    }
    let by =
        |factor: f64, z: Pair, w: Pair| (factor * (z.0 * w.0 + z.1 * w.1), factor * (z.1 * w.0 - z.0 * w.1));
    if is_infinite(z) && is_finite(w) {
        by(f64::INFINITY, boxed_pair(z), w)
    } else if is_infinite(w) && is_finite(z) {
        by(0.0, z, boxed_pair(w))
    } else {
        plain
    }
}

/// `a ** b`
pub(super) fn power(a: Operand, b: Operand) -> PyResult<Pair> {
    let (z, w) = (a.pair(), b.pair());
    if z == (0.0, 0.0) && (w.1 != 0.0 || w.0 < 0.0) {
        return Err(crate::raise!(ZeroDivisionError, "zero to a negative or complex power"));
    }
    let is_small_and_whole = w.1 == 0.0 && w.0 == w.0.floor() && w.0.abs() <= 100.0;
    let raised = if is_small_and_whole { whole_power(z, w.0 as i32) } else { general_power(z, w) };
    if is_infinite(raised) {
        return Err(crate::raise!(OverflowError, "complex exponentiation"));
    }
    Ok(raised)
}

fn whole_power(z: Pair, exponent: i32) -> Pair {
    let (mut square, mut result) = (z, (1.0, 0.0));
    let mut left = exponent.unsigned_abs();
    while left > 0 {
        if left & 1 == 1 {
            result = product(result, square);
        }
        square = product(square, square);
        left >>= 1;
    }
    if exponent < 0 { quotient((1.0, 0.0), result) } else { result }
}

fn general_power(z: Pair, w: Pair) -> Pair {
    if z == (0.0, 0.0) {
        return (0.0, 0.0);
    }
    let (modulus, angle) = (z.0.hypot(z.1), z.1.atan2(z.0));
    let mut length = modulus.powf(w.0);
    let mut phase = angle * w.0;
    if w.1 != 0.0 {
        length *= (-angle * w.1).exp();
        phase += w.1 * modulus.ln();
    }
    (length * phase.cos(), length * phase.sin())
}

/// `abs(z)`
pub(super) fn absolute(z: Pair) -> PyResult<f64> {
    let length = z.0.hypot(z.1);
    if length.is_infinite() && is_finite(z) {
        return Err(crate::raise!(OverflowError, "absolute value too large"));
    }
    Ok(length)
}
