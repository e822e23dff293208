//! What Python sees of `float`.

use dashu_int::{IBig, UBig};

use super::{FloatObject, new_of, repr_text};
use crate::args::Args;
use crate::buffer;
use crate::convert::OrNone;
use crate::format;
use crate::hash;
use crate::methods::GetSetDef;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{int, object};
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};
use crate::{py_class_methods, py_methods};

fn this(value: Value) -> f64 {
    // SAFETY: slots of float are called for instances of float.
    unsafe { value.cast::<FloatObject>() }.value
}

/// The exact integer value of a finite whole double.
pub fn big_from_f64(value: f64) -> IBig {
    if value.abs() < 9.0e18 {
        return IBig::from(value as i64);
    }
    let (mantissa, exponent) = hash::frexp(value.abs());
    let bits = IBig::from((mantissa * 9_007_199_254_740_992.0) as u64);
    let big = bits << (exponent - 53) as usize;
    if value < 0.0 { -big } else { big }
}

/// The int nearest to a double that is already whole, with errors for infinity and NaN.
pub fn to_int(value: f64) -> PyResult {
    if value.is_nan() {
        return Err(crate::raise!(ValueError, "cannot convert float NaN to integer"));
    }
    if value.is_infinite() {
        return Err(crate::raise!(OverflowError, "cannot convert float infinity to integer"));
    }
    Ok(int::from_big(big_from_f64(value.trunc())))
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    // A subclass with an `__init__` of its own takes keywords there.
    if std::ptr::eq(ty, &raw const FLOAT) || object::is_object_init(ty) {
        args.no_keywords("float")?;
    }
    let double = match args.positional {
        [] => 0.0,
        [value] => from_object(*value)?,
        more => {
            return Err(crate::raise!(TypeError, "float expected at most 1 argument, got {}", more.len()));
        }
    };
    let exact = std::ptr::eq(ty, &raw const FLOAT);
    Ok(if exact { super::new(double) } else { new_of(ty, double) })
}

/// The number that bytes spell.
fn from_bytes(value: Value) -> PyResult<f64> {
    let bytes = buffer::acquire_contiguous(value)?;
    match std::str::from_utf8(&bytes.to_cow()).ok().and_then(parse) {
        Some(double) => Ok(double),
        None => {
            let shown = crate::protocol::repr_string(value)?;
            Err(crate::raise!(ValueError, "could not convert string to float: {shown}"))
        }
    }
}

/// `float(value)`.
pub fn from_object(value: Value) -> PyResult<f64> {
    // A subclass of float or str that has a `__float__` is asked by it; plain ones are read.
    if let Some(convert) = value.ty().slots().float.filter(|_| !value.is_exact(&FLOAT)) {
        return super::converted(value, &convert(value)?);
    }
    if let Some(text) = value.get::<StrObject>() {
        return match parse(&text.to_string_lossy()) {
            Some(double) => Ok(double),
            None => {
                let shown = crate::protocol::repr_string(value)?;
                Err(crate::raise!(ValueError, "could not convert string to float: {shown}"))
            }
        };
    }
    if crate::buffer::is_bytes_like(value) {
        let text = crate::buffer::to_vec(value)?;
        if let Some(double) = std::str::from_utf8(&text).ok().filter(|text| text.is_ascii()).and_then(parse) {
            return Ok(double);
        }
        let shown = crate::protocol::repr_string(value)?;
        return Err(crate::raise!(ValueError, "could not convert string to float: {shown}"));
    }
    let has_number = value.ty().slots().float.is_some() || value.ty().slots().index.is_some();
    if !has_number && !value.is_small() {
        if buffer::is_bytes_like(value) {
            return from_bytes(value);
        }
        let name = value.ty().name();
        return Err(crate::raise!(
            TypeError,
            "float() argument must be a string or a real number, not '{name}'"
        ));
    }
    super::to_f64(value)
}

/// Reads a float as `float(text)` does.
pub fn parse(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}'));
    let mut cleaned = String::with_capacity(text.len());
    let mut previous = '_';
    for c in text.chars() {
        let c = int::parse::decimal_value(c).and_then(|digit| char::from_digit(digit, 10)).unwrap_or(c);
        match c {
            '_' if previous.is_ascii_digit() => {}
            '_' => return None,
            _ if previous == '_' && !cleaned.is_empty() && !c.is_ascii_digit() => return None,
            _ => cleaned.push(c.to_ascii_lowercase()),
        }
        previous = c;
    }
    if previous == '_' {
        return None;
    }
    let body = cleaned.trim_start_matches(['+', '-']);
    let signs = cleaned.len() - body.len();
    let is_word = matches!(body, "inf" | "infinity" | "nan");
    let is_number = body.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && body.bytes().any(|b| b.is_ascii_digit());
    (signs <= 1 && (is_word || is_number)).then(|| cleaned.parse().ok()).flatten()
}

fn hash_float(value: Value) -> PyResult<i64> {
    let double = this(value);
    Ok(if double.is_nan() { hash::address(value.bits()) } else { hash::double(double) })
}

/// Rounds to a number of decimal digits, half to even on the decimal value, as CPython does.
fn round_to(value: f64, digits: i64) -> PyResult<f64> {
    if !value.is_finite() || digits > 323 {
        return Ok(value);
    }
    if digits < -308 {
        return Ok(0f64.copysign(value));
    }
    let text = if digits >= 0 {
        format!("{value:.*}", digits as usize)
    } else {
        let scale = -digits;
        let whole = format::exact_decimal_rounded(value, scale as usize);
        format!("{whole}e{scale}")
    };
    let rounded: f64 = text.parse().expect("rounded decimals are numbers");
    if rounded.is_infinite() {
        return Err(crate::raise!(OverflowError, "rounded value too large to represent"));
    }
    // The text of a number that rounds to zero may have lost its sign.
    Ok(rounded.copysign(value))
}

py_methods! { static METHODS for "float", &FloatObject;
    /// Return the Integral closest to x between 0 and x.
    "__trunc__(self, /)"
    fn trunc(this) -> PyResult {
        to_int(this.value)
    }
    /// Return the floor as an Integral.
    "__floor__(self, /)"
    fn floor(this) -> PyResult {
        to_int(this.value.floor())
    }
    /// Return the ceiling as an Integral.
    "__ceil__(self, /)"
    fn ceil(this) -> PyResult {
        to_int(this.value.ceil())
    }
    /// Return the Integral closest to x, rounding half toward even.
    ///
    /// When an argument is passed, work like built-in round(x, ndigits).
    "__round__(self, ndigits=None, /)"
    fn round(this, ndigits: OrNone<Value>) -> PyResult {
        match ndigits.0 {
            None => to_int(this.value.round_ties_even()),
            Some(digits) => round_to(this.value, int::to_clamped_index(digits)? as i64).map(super::new),
        }
    }
    /// Return True if the float is an integer.
    "is_integer(self, /)"
    fn is_integer(this) -> bool {
        this.value.is_finite() && this.value == this.value.trunc()
    }
    /// Return a pair of integers, whose ratio is exactly equal to the original float.
    "as_integer_ratio(self, /)"
    fn as_integer_ratio(this) -> PyResult<Py<TupleObject>> {
        if this.value.is_nan() {
            return Err(crate::raise!(ValueError, "cannot convert NaN to integer ratio"));
        }
        if this.value.is_infinite() {
            return Err(crate::raise!(OverflowError, "cannot convert Infinity to integer ratio"));
        }
        let (mantissa, exponent) = hash::frexp(this.value.abs());
        let mut numerator = (mantissa * 9_007_199_254_740_992.0) as u64;
        let zeros = if numerator == 0 { 0 } else { numerator.trailing_zeros() };
        numerator >>= zeros;
        let exponent = exponent - 53 + zeros as i32;
        let (mut top, mut bottom) = (IBig::from(numerator), UBig::ONE);
        if numerator != 0 && exponent >= 0 { top <<= exponent as usize } else if numerator != 0 { bottom <<= -exponent as usize }
        if this.value < 0.0 { top = -top }
        Ok(TupleObject::of([int::from_big(top), int::from_big(bottom.into())]))
    }
    /// Return self, the complex conjugate of any float.
    "conjugate(self, /)"
    fn conjugate(this) -> f64 {
        this.value
    }
    /// Return a hexadecimal representation of a floating-point number.
    "hex(self, /)"
    fn hex(this) -> String {
        hex_text(this.value)
    }
    /// Formats the float according to format_spec.
    "__format__(self, format_spec, /)"
    fn format_method(this, format_spec: &StrObject) -> PyResult {
        let value = Value::from_object(this);
        if format_spec.is_empty() && !value.is_exact(&FLOAT) {
            return crate::protocol::str(value);
        }
        format::format_float(this.value, format_spec)
    }
    /// For pickling.
    "__getnewargs__(self, /)"
    fn getnewargs(this) -> Ref {
        TupleObject::of([super::new(this.value)]).into()
    }
}

fn hex_text(value: f64) -> String {
    if !value.is_finite() {
        return repr_text(value);
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let bits = value.to_bits();
    let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    match (exponent, fraction) {
        (0, 0) => format!("{sign}0x0.0p+0"),
        (0, _) => format!("{sign}0x0.{fraction:013x}p-1022"),
        _ => format!("{sign}0x1.{fraction:013x}p{:+}", exponent - 1023),
    }
}

/// Reads the exponent of a hexadecimal text; one beyond 64 bits is as good as the largest.
fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let limit = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(limit))
}

/// Reads `float.fromhex` text.
fn parse_hex(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c: char| matches!(c, ' ' | '\t'..='\r'));
    let (negative, body) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = body.to_ascii_lowercase();
    if matches!(lower.as_str(), "inf" | "infinity" | "nan") {
        return parse(text);
    }
    let lower = lower.strip_prefix("0x").unwrap_or(&lower);
    let (digits, exponent) = match lower.split_once('p') {
        Some((digits, exponent)) => (digits, parse_exponent(exponent)?),
        None => (lower, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mantissa = UBig::from_str_radix(&all, 16).ok()?;
    let value = int::arithmetic::ldexp_rounded(&mantissa, exponent.saturating_sub(4 * fraction.len() as i64));
    Some(if negative { -value } else { value })
}

py_class_methods! { static CLASS_METHODS for "float";
    /// How doubles and floats are stored.
    "__getformat__(cls, typestr, /)"
    fn getformat(cls, typestr: String) -> PyResult<&'static str> {
        let _ = cls;
        if typestr == "double" || typestr == "float" {
            return Ok("IEEE, little-endian");
        }
        Err(crate::raise!(ValueError, "__getformat__() argument 1 must be 'double' or 'float'"))
    }
    /// Create a floating-point number from a hexadecimal string.
    "fromhex(cls, string, /)"
    fn fromhex(cls, string: &StrObject) -> PyResult {
        let Some(double) = parse_hex(&string.to_string_lossy()) else {
            return Err(crate::raise!(ValueError, "invalid hexadecimal floating-point string"));
        };
        if double.is_infinite() && !string.to_string_lossy().to_ascii_lowercase().contains("inf") {
            return Err(crate::raise!(OverflowError, "hexadecimal value too large to represent as a float"));
        }
        let float = super::new(double);
        if std::ptr::eq(cls, &raw const FLOAT) { Ok(float) } else { crate::protocol::call(cls.value(), &[float.value()], None) }
    }
    /// Convert real number to a floating-point number.
    "from_number(cls, number, /)"
    fn from_number(cls, number: Value) -> PyResult {
        let float = super::new(super::to_f64(number)?);
        if std::ptr::eq(cls, &raw const FLOAT) { Ok(float) } else { crate::protocol::call(cls.value(), &[float.value()], None) }
    }
}

static GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "real",
        doc: "the real part of a complex number",
        get: |value| Ok(super::new(this(value))),
        set: None,
    },
    GetSetDef {
        name: "imag",
        doc: "the imaginary part of a complex number",
        get: |_| Ok(super::new(0.0)),
        set: None,
    },
];

/// `float`.
pub static FLOAT: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "float(x=0, /)\n--\n\nConvert a string or number to a floating-point number, if possible.",
    flags: type_flags::BASE | type_flags::TRIVIAL_DROP | type_flags::MATCH_SELF,
    slots: Slots {
        new: Some(new),
        repr: Some(|value| Ok(StrObject::new(&repr_text(this(value))).into())),
        hash: Some(hash_float),
        richcompare: Some(super::richcompare),
        bool: Some(|value| Ok(this(value) != 0.0)),
        negative: Some(|value| Ok(super::new(-this(value)))),
        positive: Some(|value| Ok(super::new(this(value)))),
        absolute: Some(|value| Ok(super::new(this(value).abs()))),
        int: Some(|value| to_int(this(value))),
        float: Some(|value| Ok(super::new(this(value)))),
        add: Some(super::add),
        subtract: Some(super::subtract),
        multiply: Some(super::multiply),
        true_divide: Some(super::true_divide),
        floor_divide: Some(super::floor_divide),
        remainder: Some(super::remainder),
        divmod: Some(super::divmod),
        power: Some(super::power),
        power_mod: Some(|_, _, _| {
            let message = "pow() 3rd argument not allowed unless all arguments are integers";
            Err(crate::raise!(TypeError, "{message}"))
        }),
        ..Slots::EMPTY
    },
    methods: &[METHODS, CLASS_METHODS],
    getset: GETSET,
    ..TypeSpec::of::<FloatObject>("float")
};
