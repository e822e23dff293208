//! `complex`: two doubles.

use crate::args::Args;
use crate::hash;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::object::{self, Object};
use crate::objects::float;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, singleton};
use crate::operator::CompareOp;
use crate::py_methods;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};

/// A complex number.
#[repr(C)]
pub struct ComplexObject {
    header: Header,
    real: f64,
    imaginary: f64,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for ComplexObject {
    fn type_object() -> &'static TypeObject {
        &COMPLEX
    }
}

impl ComplexObject {
    /// The real part.
    pub fn real(&self) -> f64 {
        self.real
    }

    /// The imaginary part.
    pub fn imaginary(&self) -> f64 {
        self.imaginary
    }
}

/// A complex number.
pub fn new(real: f64, imaginary: f64) -> Ref {
    object::new_object(ComplexObject { header: Header::new(&COMPLEX), real, imaginary }).into()
}

/// An instance of `complex` or of a subclass.
fn new_of(ty: &TypeObject, real: f64, imaginary: f64) -> Ref {
    object::new_object_of(ty, ComplexObject { header: Header::new(ty), real, imaginary }).into()
}

/// The parts of a complex, float or int.
fn parts(value: Value) -> Option<PyResult<(f64, f64)>> {
    if let Some(complex) = value.get::<ComplexObject>() {
        return Some(Ok((complex.real, complex.imaginary)));
    }
    float::operand(value).map(|real| real.map(|real| (real, 0.0)))
}

fn this(value: Value) -> (f64, f64) {
    let complex = value.get::<ComplexObject>().expect("descriptors check their owner");
    (complex.real, complex.imaginary)
}

fn with(a: Value, b: Value, operate: impl Fn((f64, f64), (f64, f64)) -> PyResult) -> PyResult {
    match (parts(a), parts(b)) {
        (Some(a), Some(b)) => operate(a?, b?),
        _ => singleton::decline(),
    }
}

fn divide((a, b): (f64, f64), (c, d): (f64, f64)) -> PyResult {
    if c == 0.0 && d == 0.0 {
        return Err(crate::raise!(ZeroDivisionError, "complex division by zero"));
    }
    // Smith's method, as in CPython.
    if c.abs() >= d.abs() {
        let ratio = d / c;
        let denominator = c + d * ratio;
        Ok(new((a + b * ratio) / denominator, (b - a * ratio) / denominator))
    } else {
        let ratio = c / d;
        let denominator = c * ratio + d;
        Ok(new((a * ratio + b) / denominator, (b * ratio - a) / denominator))
    }
}

fn power((a, b): (f64, f64), (c, d): (f64, f64)) -> PyResult {
    if c == 0.0 && d == 0.0 {
        return Ok(new(1.0, 0.0));
    }
    if a == 0.0 && b == 0.0 {
        if d != 0.0 || c < 0.0 {
            return Err(crate::raise!(ZeroDivisionError, "zero to a negative or complex power"));
        }
        return Ok(new(0.0, 0.0));
    }
    let modulus = a.hypot(b);
    let angle = b.atan2(a);
    let mut length = modulus.powf(c);
    let mut phase = angle * c;
    if d != 0.0 {
        length *= (-angle * d).exp();
        phase += d * modulus.ln();
    }
    Ok(new(length * phase.cos(), length * phase.sin()))
}

/// A negative real to a fractional power.
pub fn power_of_reals(a: f64, b: f64) -> PyResult {
    power((a, 0.0), (b, 0.0))
}

fn part_text(value: f64) -> String {
    let text = float::repr_text(value);
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn repr(value: Value) -> PyResult {
    let (real, imaginary) = this(value);
    let text = if real == 0.0 && real.is_sign_positive() {
        format!("{}j", part_text(imaginary))
    } else {
        let sign = if imaginary.is_sign_negative() && !imaginary.is_nan() { "" } else { "+" };
        format!("({}{sign}{}j)", part_text(real), part_text(imaginary))
    };
    Ok(StrObject::new(&text).into())
}

fn new_complex(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let mut given = [None, None];
    for (part, &value) in given.iter_mut().zip(args.positional) {
        *part = Some(value);
    }
    for (name, value) in args.keywords() {
        match name.get::<StrObject>() {
            Some(name) if name.eq_str("real") => given[0] = Some(value),
            Some(name) if name.eq_str("imag") => given[1] = Some(value),
            _ => return Err(crate::raise!(TypeError, "complex() got an unexpected keyword argument")),
        }
    }
    if let Some(text) = given[0].and_then(Value::get::<StrObject>) {
        if given[1].is_some() {
            return Err(crate::raise!(TypeError, "complex() can't take second arg if first is a string"));
        }
        return from_text(ty, text);
    }
    if given[1].is_some_and(|value| value.is_instance::<StrObject>()) {
        return Err(crate::raise!(TypeError, "complex() second arg can't be a string"));
    }
    let part = |value: Option<Value>| match value {
        None => Ok((0.0, 0.0)),
        Some(value) => parts(value).unwrap_or_else(|| float::to_f64(value).map(|real| (real, 0.0))),
    };
    let ((a, b), (c, d)) = (part(given[0])?, part(given[1])?);
    // Adding a zero that was not given would lose the sign of a zero that was.
    let real = if d == 0.0 { a } else { a - d };
    let imaginary = if b == 0.0 && given[1].is_some() { c } else { b + c };
    Ok(new_of(ty, real, imaginary))
}

/// Reads a complex number as `complex(text)` does: `1`, `2j`, `1+2j`, perhaps in parentheses.
fn parse(text: &str) -> Option<(f64, f64)> {
    let is_blank = |c: char| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}');
    let text = text.trim_matches(is_blank);
    let text = match text.strip_prefix('(') {
        Some(rest) => rest.strip_suffix(')')?.trim_matches(is_blank),
        None => text,
    };
    if text.contains(is_blank) {
        return None;
    }
    let Some(body) = text.strip_suffix(['j', 'J']) else {
        return float::methods::parse(text).map(|real| (real, 0.0));
    };
    // The imaginary part begins at the last sign that does not belong to an exponent.
    let bytes = body.as_bytes();
    let is_sign = |at: usize| matches!(bytes[at], b'+' | b'-');
    let split =
        (0..bytes.len()).rev().find(|&at| is_sign(at) && (at == 0 || !matches!(bytes[at - 1], b'e' | b'E')));
    let (real, imaginary) = body.split_at(split.unwrap_or(0));
    let real = if real.is_empty() { 0.0 } else { float::methods::parse(real)? };
    let imaginary = match imaginary {
        "" | "+" => 1.0,
        "-" => -1.0,
        digits => float::methods::parse(digits)?,
    };
    Some((real, imaginary))
}

fn from_text(ty: &TypeObject, text: &StrObject) -> PyResult {
    match parse(&text.to_string_lossy()) {
        Some((real, imaginary)) => Ok(new_of(ty, real, imaginary)),
        None => Err(crate::raise!(ValueError, "complex() arg is a malformed string")),
    }
}

fn hash_complex(value: Value) -> PyResult<i64> {
    let (real, imaginary) = this(value);
    let combined =
        (hash::double(real) as u64).wrapping_add((hash::double(imaginary) as u64).wrapping_mul(1_000_003));
    Ok(hash::avoid_minus_one(combined as i64))
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    if !matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
        return singleton::decline();
    }
    with(a, b, |a, b| Ok(objects::bool((a == b) == (op == CompareOp::Equal)).to_ref()))
}

py_methods! { static METHODS for "complex", &ComplexObject;
    /// Convert to a string according to format_spec.
    "__format__(self, format_spec, /)"
    fn dunder_format(this, format_spec: &StrObject) -> PyResult {
        let value = Value::from_object(this);
        if format_spec.is_empty() {
            return crate::protocol::str(value);
        }
        crate::format::format_complex(this.real, this.imaginary, format_spec)
    }
    /// For pickling.
    "__getnewargs__(self, /)"
    fn getnewargs(this) -> Ref {
        TupleObject::of([float::new(this.real), float::new(this.imaginary)]).into()
    }
    /// Return the complex conjugate of its argument. (3-4j).conjugate() == 3+4j.
    "conjugate(self, /)"
    fn conjugate(this) -> Ref {
        new(this.real, -this.imaginary)
    }
}

static GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "real",
        doc: "the real part of a complex number",
        get: |value| Ok(float::new(this(value).0)),
        set: None,
    },
    GetSetDef {
        name: "imag",
        doc: "the imaginary part of a complex number",
        get: |value| Ok(float::new(this(value).1)),
        set: None,
    },
];

/// `complex`.
pub static COMPLEX: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "complex(real=0, imag=0)\n--\n\nCreate a complex number from a string or numbers.",
    flags: type_flags::BASE | type_flags::TRIVIAL_DROP,
    slots: Slots {
        new: Some(new_complex),
        repr: Some(repr),
        hash: Some(hash_complex),
        richcompare: Some(richcompare),
        bool: Some(|value| Ok(this(value) != (0.0, 0.0))),
        negative: Some(|value| Ok(new(-this(value).0, -this(value).1))),
        positive: Some(|value| Ok(new(this(value).0, this(value).1))),
        absolute: Some(|value| Ok(float::new(this(value).0.hypot(this(value).1)))),
        add: Some(|a, b| with(a, b, |a, b| Ok(new(a.0 + b.0, a.1 + b.1)))),
        subtract: Some(|a, b| with(a, b, |a, b| Ok(new(a.0 - b.0, a.1 - b.1)))),
        multiply: Some(|a, b| with(a, b, |a, b| Ok(new(a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)))),
        true_divide: Some(|a, b| with(a, b, divide)),
        power: Some(|a, b| with(a, b, power)),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<ComplexObject>("complex")
};
