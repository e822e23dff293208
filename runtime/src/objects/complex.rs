//! `complex`: two doubles.

mod arithmetic;

use crate::args::Args;
use crate::hash;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::object::{self, Object};
use crate::objects::complex::arithmetic::Operand;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, singleton};
use crate::objects::{float, int};
use crate::operator::CompareOp;
use crate::protocol::{self, attribute};
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};
use crate::{py_class_methods, py_methods};

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

/// A complex, float or int as an operand.
fn operand(value: Value) -> Option<PyResult<Operand>> {
    if let Some(complex) = value.get::<ComplexObject>() {
        return Some(Ok(Operand::Complex((complex.real, complex.imaginary))));
    }
    float::operand(value).map(|real| real.map(Operand::Real))
}

fn this(value: Value) -> (f64, f64) {
    let complex = value.get::<ComplexObject>().expect("descriptors check their owner");
    (complex.real, complex.imaginary)
}

fn with(a: Value, b: Value, operate: fn(Operand, Operand) -> PyResult<(f64, f64)>) -> PyResult {
    match (operand(a), operand(b)) {
        (Some(a), Some(b)) => operate(a?, b?).map(|(real, imaginary)| new(real, imaginary)),
        _ => singleton::decline(),
    }
}

/// A negative real to a fractional power.
pub fn power_of_reals(a: f64, b: f64) -> PyResult {
    arithmetic::power(Operand::Complex((a, 0.0)), Operand::Real(b))
        .map(|(real, imaginary)| new(real, imaginary))
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
    if let Some(value) = args.single() {
        if std::ptr::eq(ty, &raw const COMPLEX) && value.is_exact(&COMPLEX) {
            return Ok(value.to_ref());
        }
        if let Some(text) = value.get::<StrObject>() {
            return from_text(ty, text);
        }
        return match of_number(value)? {
            Some(number) => Ok(new_of(ty, number.0, number.1)),
            None => {
                let got = value.ty().name();
                Err(crate::raise!(TypeError, "complex() argument must be a string or a number, not {got}"))
            }
        };
    }
    let [real, imaginary] = given_parts(args)?;
    let first = part_of("real", real)?;
    let second = part_of("imag", imaginary)?;
    // A part that was not given, or has no imaginary part of its own, must not touch the sign of a zero.
    let (mut x, mut y) = (0.0, 0.0);
    match first {
        Some(Operand::Complex((real, imaginary))) => (x, y) = (real, imaginary),
        Some(Operand::Real(real)) => x = real,
        None => {}
    }
    match (second, first) {
        (Some(Operand::Complex((real, imaginary))), _) => (x, y) = (x - imaginary, y + real),
        (Some(Operand::Real(real)), Some(Operand::Complex(_))) => y += real,
        (Some(Operand::Real(real)), _) => y = real,
        (None, _) => {}
    }
    Ok(new_of(ty, x, y))
}

fn given_parts(args: Args<'_>) -> PyResult<[Option<Value>; 2]> {
    let mut given = [None, None];
    if args.positional.len() > 2 {
        let count = args.positional.len();
        return Err(crate::raise!(TypeError, "complex() takes at most 2 arguments ({count} given)"));
    }
    for (part, &value) in given.iter_mut().zip(args.positional) {
        *part = Some(value);
    }
    for (name, value) in args.keywords() {
        let name = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
        let Some(at) = ["real", "imag"].iter().position(|part| *part == name) else {
            return Err(crate::raise!(TypeError, "complex() got an unexpected keyword argument '{name}'"));
        };
        if given[at].replace(value).is_some() {
            let place = at + 1;
            return Err(crate::raise!(
                TypeError,
                "argument for complex() given by name ('{name}') and position ({place})"
            ));
        }
    }
    Ok(given)
}

/// One of two arguments. That it may be complex is deprecated.
fn part_of(name: &str, value: Option<Value>) -> PyResult<Option<Operand>> {
    let Some(value) = value else { return Ok(None) };
    let number = match value.is_instance::<StrObject>() || (name == "imag" && is_only_complex(value)) {
        true => None,
        false => of_number(value)?,
    };
    let message = format!("complex() argument '{name}' must be a real number, not {}", value.ty().name());
    let Some(number) = number else { return Err(crate::raise!(TypeError, "{message}")) };
    if float::operand(value).is_some() || !is_complex_like(value) {
        return Ok(Some(Operand::Real(number.0)));
    }
    crate::warning::warn(&crate::error::types::DeprecationWarning, &message, 1)?;
    Ok(Some(Operand::Complex(number)))
}

fn is_complex_like(value: Value) -> bool {
    value.is_instance::<ComplexObject>()
        || value.ty().lookup(StrObject::intern("__complex__").value()).is_some()
}

/// Whether all that makes a value a number is `__complex__`.
fn is_only_complex(value: Value) -> bool {
    let slots = value.ty().slots();
    !value.is_instance::<ComplexObject>() && slots.float.is_none() && slots.index.is_none()
}

/// The number that an object stands for: what `__complex__`, `__float__` or `__index__` gives. `None` if it has none of these.
fn of_number(value: Value) -> PyResult<Option<(f64, f64)>> {
    if value.is_exact(&COMPLEX) {
        return Ok(Some(this(value)));
    }
    if let Some(found) = attribute::call_special(value, StrObject::intern("__complex__").value(), &[])? {
        let (name, got) = (value.ty().name(), found.ty().name());
        if !found.is_instance::<ComplexObject>() {
            return Err(crate::raise!(TypeError, "{name}.__complex__() must return a complex, not {got}"));
        }
        if !found.value().is_exact(&COMPLEX) {
            let message = format!(
                "{name}.__complex__() must return a complex, not {got}.  The ability to return an instance of a strict \
                 subclass of complex is deprecated, and may not be supported in a future version of Python."
            );
            crate::warning::warn(&crate::error::types::DeprecationWarning, &message, 1)?;
        }
        return Ok(Some(this(found.value())));
    }
    let slots = value.ty().slots();
    if slots.float.is_none() && slots.index.is_none() && float::operand(value).is_none() {
        return Ok(None);
    }
    float::to_f64(value).map(|real| Some((real, 0.0)))
}

/// The parts of the number that an argument stands for.
pub fn parts_of(value: Value) -> PyResult<(f64, f64)> {
    match of_number(value)? {
        Some(parts) => Ok(parts),
        // The error is that of a function of one double.
        None => float::to_f64(value).map(|real| (real, 0.0)),
    }
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

/// Whether every underscore of a number stands between digits.
fn has_good_underscores(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..bytes.len()).all(|at| bytes[at] != b'_' || at > 0 && is_digit(at - 1) && is_digit(at + 1))
}

fn from_text(ty: &TypeObject, text: &StrObject) -> PyResult {
    if !has_good_underscores(&text.to_string_lossy()) {
        let shown = protocol::repr_string(Value::from_object(text))?;
        return Err(crate::raise!(ValueError, "could not convert string to complex: {shown}"));
    }
    match parse(&text.to_string_lossy()) {
        Some((real, imaginary)) => Ok(new_of(ty, real, imaginary)),
        None => Err(crate::raise!(ValueError, "complex() arg is a malformed string")),
    }
}

fn hash_complex(value: Value) -> PyResult<i64> {
    let (real, imaginary) = this(value);
    // What is not a number equals nothing, so it is told apart by its address.
    let part = |double: f64| if double.is_nan() { hash::address(value.bits()) } else { hash::double(double) };
    let combined = (part(real) as u64).wrapping_add((part(imaginary) as u64).wrapping_mul(1_000_003));
    Ok(hash::avoid_minus_one(combined as i64))
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    if !matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
        return singleton::decline();
    }
    let (Some(left), Some(right)) = (a.get::<ComplexObject>(), b.get::<ComplexObject>()) else {
        // A real number is compared exactly, however long it is.
        let (z, real) = if a.is_instance::<ComplexObject>() { (a, b) } else { (b, a) };
        if !z.is_instance::<ComplexObject>() || (float::of(real).is_none() && int::IntRef::of(real).is_none())
        {
            return singleton::decline();
        }
        if this(z).1 == 0.0 {
            return float::richcompare(float::new(this(z).0).value(), real, op);
        }
        return Ok(objects::bool(op == CompareOp::NotEqual).to_ref());
    };
    let same = left.real == right.real && left.imaginary == right.imaginary;
    Ok(objects::bool(same == (op == CompareOp::Equal)).to_ref())
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
    /// Convert this value to exact type complex.
    "__complex__(self, /)"
    fn complex(this) -> Ref {
        match Value::from_object(this).is_exact(&COMPLEX) {
            true => Value::from_object(this).to_ref(),
            false => new(this.real, this.imaginary),
        }
    }
    /// Return the complex conjugate of its argument. (3-4j).conjugate() == 3+4j.
    "conjugate(self, /)"
    fn conjugate(this) -> Ref {
        new(this.real, -this.imaginary)
    }
}

py_class_methods! { static CLASS_METHODS for "complex";
    /// Convert number to a complex floating-point number.
    "from_number(cls, number, /)"
    fn from_number(cls, number: Value) -> PyResult {
        if std::ptr::eq(cls, &raw const COMPLEX) && number.is_exact(&COMPLEX) {
            return Ok(number.to_ref());
        }
        let Some((real, imaginary)) = of_number(number)? else {
            return Err(crate::raise!(TypeError, "must be real number, not {}", number.ty().name()));
        };
        match std::ptr::eq(cls, &raw const COMPLEX) {
            true => Ok(new(real, imaginary)),
            false => protocol::call(cls.value(), &[new(real, imaginary).value()], None),
        }
    }
}

static MEMBERS: &[GetSetDef] = &[
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
        absolute: Some(|value| arithmetic::absolute(this(value)).map(float::new)),
        add: Some(|a, b| with(a, b, arithmetic::add)),
        subtract: Some(|a, b| with(a, b, arithmetic::subtract)),
        multiply: Some(|a, b| with(a, b, arithmetic::multiply)),
        true_divide: Some(|a, b| with(a, b, arithmetic::divide)),
        power: Some(|a, b| with(a, b, arithmetic::power)),
        power_mod: Some(|a, b, _| match (operand(a), operand(b)) {
            (Some(_), Some(_)) => Err(crate::raise!(ValueError, "complex modulo")),
            _ => singleton::decline(),
        }),
        ..Slots::EMPTY
    },
    methods: &[METHODS, CLASS_METHODS],
    members: MEMBERS,
    ..TypeSpec::of::<ComplexObject>("complex")
};
