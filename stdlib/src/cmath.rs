//! `cmath`: functions of complex numbers.
//!
//! The values, those at infinities, NaNs and signed zeros among them, are those of the C library (C99, annex G), whose complex numbers are passed
//! like a pair of doubles; the last digit and the sign of a zero that C leaves open may differ from CPython's. Which arguments are errors is Python's business (`cmathmodule.c`): a pole or an infinite angle is a
//! `ValueError`, an infinite result of finite numbers an `OverflowError`.

use runtime::objects::complex;
use runtime::objects::float;
use runtime::objects::module::ModuleObject;
use runtime::objects::tuple::TupleObject;
use runtime::{Py, PyResult, Raised, Ref, Value, py_functions, raise};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    use std::f64::consts::{E, PI, TAU};
    for (name, value) in [("pi", PI), ("e", E), ("tau", TAU), ("inf", f64::INFINITY), ("nan", f64::NAN)] {
        module.dict().set_text(name, float::new(value));
    }
    for (name, value) in [("infj", f64::INFINITY), ("nanj", f64::NAN)] {
        module.dict().set_text(name, complex::new(0.0, value));
    }
    Ok(())
}

/// A complex number as C passes it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Complex {
    real: f64,
    imag: f64,
}

unsafe extern "C" {
    safe fn cacos(z: Complex) -> Complex;
    safe fn cacosh(z: Complex) -> Complex;
    safe fn casin(z: Complex) -> Complex;
    safe fn casinh(z: Complex) -> Complex;
    safe fn catan(z: Complex) -> Complex;
    safe fn catanh(z: Complex) -> Complex;
    safe fn ccosh(z: Complex) -> Complex;
    safe fn cexp(z: Complex) -> Complex;
    safe fn clog(z: Complex) -> Complex;
    safe fn csinh(z: Complex) -> Complex;
    safe fn csqrt(z: Complex) -> Complex;
    safe fn ctanh(z: Complex) -> Complex;
}

impl Complex {
    fn is_finite(self) -> bool {
        self.real.is_finite() && self.imag.is_finite()
    }

    fn is_infinite(self) -> bool {
        self.real.is_infinite() || self.imag.is_infinite()
    }

    fn abs(self) -> f64 {
        self.real.hypot(self.imag)
    }

    /// By `i`, which loses no sign of a zero.
    fn times_i(self) -> Complex {
        Complex { real: -self.imag, imag: self.real }
    }

    fn over_i(self) -> Complex {
        Complex { real: self.imag, imag: -self.real }
    }
}

fn domain_error() -> Raised {
    raise!(ValueError, "math domain error")
}

fn range_error() -> Raised {
    raise!(OverflowError, "math range error")
}

/// The number that an argument is, or gives by `__complex__`, `__float__` or `__index__`.
fn number(value: Value) -> PyResult<Complex> {
    let (real, imag) = complex::parts_of(value)?;
    Ok(Complex { real, imag })
}

fn object(z: Complex) -> Ref {
    complex::new(z.real, z.imag)
}

/// A function that grows without bound: an angle has to be finite, and so has the result of a finite number.
fn growing(z: Complex, function: fn(Complex) -> Complex, needs_angle: fn(f64) -> bool) -> PyResult<Complex> {
    if z.imag.is_infinite() && needs_angle(z.real) {
        return Err(domain_error());
    }
    let result = function(z);
    if z.is_finite() && result.is_infinite() { Err(range_error()) } else { Ok(result) }
}

fn exp(z: Complex) -> PyResult<Complex> {
    // Nothing is left of the angle where the result is zero.
    growing(z, |z| cexp(z), |real| real.is_finite() || real == f64::INFINITY)
}

fn cosh(z: Complex) -> PyResult<Complex> {
    growing(z, |z| ccosh(z), |real| !real.is_nan())
}

fn sinh(z: Complex) -> PyResult<Complex> {
    growing(z, |z| csinh(z), |real| !real.is_nan())
}

fn tanh(z: Complex) -> PyResult<Complex> {
    if z.imag.is_nan() && z.real.is_finite() {
        return Ok(Complex { real: f64::NAN, imag: f64::NAN });
    }
    growing(z, |z| ctanh(z), f64::is_finite)
}

fn atanh(z: Complex) -> PyResult<Complex> {
    if z.real.abs() == 1.0 && z.imag == 0.0 { Err(domain_error()) } else { Ok(catanh(z)) }
}

fn log(z: Complex) -> PyResult<Complex> {
    if z.real == 0.0 && z.imag == 0.0 { Err(domain_error()) } else { Ok(clog(z)) }
}

/// A quotient by the method of Smith: no part is squared.
fn divide(a: Complex, b: Complex) -> PyResult<Complex> {
    if b.real == 0.0 && b.imag == 0.0 {
        return Err(domain_error());
    }
    Ok(if b.real.abs() >= b.imag.abs() {
        let ratio = b.imag / b.real;
        let scale = b.real + b.imag * ratio;
        Complex { real: (a.real + a.imag * ratio) / scale, imag: (a.imag - a.real * ratio) / scale }
    } else {
        let ratio = b.real / b.imag;
        let scale = b.real * ratio + b.imag;
        Complex { real: (a.real * ratio + a.imag) / scale, imag: (a.imag * ratio - a.real) / scale }
    })
}

/// The number with this absolute value and angle.
fn from_polar(r: f64, phi: f64) -> PyResult<Complex> {
    if phi.is_infinite() && r != 0.0 && !r.is_nan() {
        return Err(domain_error());
    }
    if phi == 0.0 {
        // A product of infinity and zero is no number, but this one is zero.
        let imag = match r {
            _ if r.is_nan() => 0.0,
            _ if r.is_infinite() => phi * r.signum(),
            _ => r * phi,
        };
        return Ok(Complex { real: r, imag });
    }
    if r == 0.0 && !phi.is_finite() {
        return Ok(Complex { real: 0.0, imag: 0.0 });
    }
    if r.is_infinite() && phi.is_nan() {
        return Ok(Complex { real: f64::INFINITY, imag: f64::NAN });
    }
    Ok(Complex { real: r * phi.cos(), imag: r * phi.sin() })
}

macro_rules! functions {
    ($($signature:literal $name:ident $doc:literal |$z:ident| $result:expr;)*) => {
        py_functions! { static FUNCTIONS;
            $(#[doc = $doc]
            $signature
            fn $name(z: Value) -> PyResult {
                let $z = number(z)?;
                let result: PyResult<Complex> = $result;
                result.map(object)
            })*
            /// log(z[, base]) -> the logarithm of z to the given base.
            "log(z, base=<unrepresentable>, /)"
            fn log_to_base(z: Value, base: Option<Value>) -> PyResult {
                let result = log(number(z)?)?;
                match base {
                    None => Ok(object(result)),
                    Some(base) => divide(result, log(number(base)?)?).map(object),
                }
            }
            /// Return argument, also known as the phase angle, of a complex.
            "phase(z, /)"
            fn phase(z: Value) -> PyResult<f64> {
                number(z).map(|z| z.imag.atan2(z.real))
            }
            /// Convert a complex from rectangular coordinates to polar coordinates.
            "polar(z, /)"
            fn polar(z: Value) -> PyResult<Py<TupleObject>> {
                let z = number(z)?;
                if z.is_finite() && z.abs().is_infinite() {
                    return Err(range_error());
                }
                Ok(TupleObject::of([float::new(z.abs()), float::new(z.imag.atan2(z.real))]))
            }
            /// Convert from polar coordinates to rectangular coordinates.
            "rect(r, phi, /)"
            fn rect(r: f64, phi: f64) -> PyResult {
                from_polar(r, phi).map(object)
            }
            /// Return True if both the real and imaginary parts of z are finite, else False.
            "isfinite(z, /)"
            fn isfinite(z: Value) -> PyResult<bool> {
                number(z).map(Complex::is_finite)
            }
            /// Checks if the real or imaginary part of z is infinite.
            "isinf(z, /)"
            fn isinf(z: Value) -> PyResult<bool> {
                number(z).map(Complex::is_infinite)
            }
            /// Checks if the real or imaginary part of z not a number (NaN).
            "isnan(z, /)"
            fn isnan(z: Value) -> PyResult<bool> {
                number(z).map(|z| z.real.is_nan() || z.imag.is_nan())
            }
            /// Determine whether two complex numbers are close in value.
            "isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0)"
            fn isclose(a: Value, b: Value, rel_tol: Option<f64>, abs_tol: Option<f64>) -> PyResult<bool> {
                let (relative, absolute) = (rel_tol.unwrap_or(1e-9), abs_tol.unwrap_or(0.0));
                let (a, b) = (number(a)?, number(b)?);
                if relative < 0.0 || absolute < 0.0 {
                    return Err(raise!(ValueError, "tolerances must be non-negative"));
                }
                if a.real == b.real && a.imag == b.imag {
                    return Ok(true);
                }
                if a.is_infinite() || b.is_infinite() {
                    return Ok(false);
                }
                let difference = Complex { real: a.real - b.real, imag: a.imag - b.imag }.abs();
                Ok(difference <= relative * b.abs() || difference <= relative * a.abs() || difference <= absolute)
            }
        }
    };
}

functions! {
    "acos(z, /)" acos "Return the arc cosine of z." |z| Ok(cacos(z));
    "acosh(z, /)" acosh "Return the inverse hyperbolic cosine of z." |z| Ok(match z.imag.is_nan() && z.real.is_finite() {
        // C23 knows the angle at zero.
        true => Complex { real: f64::NAN, imag: f64::NAN },
        false => cacosh(z),
    });
    "asin(z, /)" asin "Return the arc sine of z." |z| Ok(casin(z));
    "asinh(z, /)" asinh "Return the inverse hyperbolic sine of z." |z| Ok(casinh(z));
    "atan(z, /)" atan "Return the arc tangent of z." |z| atanh(z.times_i()).map(|_| catan(z));
    "atanh(z, /)" atanh_ "Return the inverse hyperbolic tangent of z." |z| atanh(z);
    "cos(z, /)" cos "Return the cosine of z." |z| cosh(z.times_i());
    "cosh(z, /)" cosh_ "Return the hyperbolic cosine of z." |z| cosh(z);
    "exp(z, /)" exp_ "Return the exponential value e**z." |z| exp(z);
    "log10(z, /)" log10 "Return the base-10 logarithm of z." |z| log(z).map(|z| {
        Complex { real: z.real / std::f64::consts::LN_10, imag: z.imag / std::f64::consts::LN_10 }
    });
    "sin(z, /)" sin "Return the sine of z." |z| sinh(z.times_i()).map(Complex::over_i);
    "sinh(z, /)" sinh_ "Return the hyperbolic sine of z." |z| sinh(z);
    "sqrt(z, /)" sqrt "Return the square root of z." |z| Ok(csqrt(z));
    "tan(z, /)" tan "Return the tangent of z." |z| tanh(z.times_i()).map(Complex::over_i);
    "tanh(z, /)" tanh_ "Return the hyperbolic tangent of z." |z| tanh(z);
}
