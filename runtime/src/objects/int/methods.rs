//! What Python sees of `int`.

use dashu_int::IBig;
use dashu_int::ops::BitTest;

use super::parse::{self, ParseFailure};
use super::{IntObject, IntRef, arithmetic, bits, from_big, from_i64, index, new_of, to_big};
use crate::args::Args;
use crate::convert::{FromSelf, OrNone};
use crate::format;
use crate::hash;
use crate::methods::GetSetDef;
use crate::objects::byte_string::convert;
use crate::objects::bytearray::ByteArray;
use crate::objects::bytes::BytesObject;
use crate::objects::float;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::signature::Bound;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{Py, PyResult, Ref, Value};
use crate::{py_class_methods, py_methods};

impl<'a> FromSelf<'a> for IntRef<'a> {
    fn from_self(bound: &mut Bound<'a>) -> PyResult<Self> {
        let value = bound.take();
        IntRef::of(value).ok_or_else(|| bound.wrong_self(value))
    }
}

fn this<'a>(value: Value) -> IntRef<'a> {
    IntRef::of(value).expect("slots of int are called for instances of int")
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let given = args.len();
    if given > 2 {
        return Err(match args.has_keywords() {
            true => crate::raise!(TypeError, "int() takes at most 2 arguments ({given} given)"),
            false => crate::raise!(TypeError, "int expected at most 2 arguments, got {given}"),
        });
    }
    let mut base = args.positional.get(1).copied();
    for (name, value) in args.keywords() {
        if !name.get::<StrObject>().is_some_and(|name| name.eq_str("base")) {
            let shown = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
            let message = format!("int() got an unexpected keyword argument '{shown}'");
            return Err(crate::error::raise_naming(&crate::error::types::TypeError, &message, name));
        }
        base = Some(value);
    }
    let number = match (args.positional.first(), base) {
        (None, None) => from_i64(0),
        (None, Some(_)) => return Err(crate::raise!(TypeError, "int() missing string argument")),
        (Some(&value), None) => from_object(value)?,
        (Some(&value), Some(base)) => from_object_with_base(value, base)?,
    };
    if std::ptr::eq(ty, &raw const INT) { Ok(number) } else { Ok(new_of(ty, to_big(number.value())?)) }
}

/// Bytes as text; beyond ASCII there is nothing that a number could hold.
fn ascii(data: &[u8]) -> String {
    data.iter().map(|&byte| if byte.is_ascii() { byte.into() } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// `int(value)`.
pub fn from_object(value: Value) -> PyResult {
    if value.is_small() {
        return Ok(value.to_ref());
    }
    if let Some(text) = value.get::<StrObject>() {
        return from_str(value, &text.to_string_lossy(), 10);
    }
    if let Some(data) = value.get::<BytesObject>() {
        return from_str(value, &ascii(data.as_slice()), 10);
    }
    let slots = value.ty().slots();
    if slots.int.is_none() && slots.index.is_none() && crate::buffer::is_bytes_like(value) {
        let text = crate::buffer::to_vec(value)?;
        return from_str(value, &ascii(&text), 10);
    }
    if let Some(convert) = slots.int {
        let result = convert(value)?;
        return match IntRef::of(result.value()) {
            Some(number) => {
                // An instance of a subclass gives itself where the subclass says nothing else.
                let is_plain = result.value() == value || result.is_small() || result.value().is_exact(&INT);
                if !is_plain {
                    crate::warning::warn_strict_subclass("__int__", "int", result.ty())?;
                }
                Ok(number.to_exact())
            }
            None => {
                let name = result.ty().name();
                Err(crate::raise!(TypeError, "__int__ returned non-int (type {name})"))
            }
        };
    }
    if slots.index.is_some() {
        let result = index(value)?;
        return Ok(IntRef::of(result.value()).map_or_else(|| result.clone(), |number| number.to_exact()));
    }
    let name = value.ty().name();
    Err(crate::raise!(
        TypeError,
        "int() argument must be a string, a bytes-like object or a real number, not '{name}'"
    ))
}

fn from_object_with_base(value: Value, base: Value) -> PyResult {
    let base = super::to_clamped_index(base)?;
    if base != 0 && !(2..=36).contains(&base) {
        return Err(crate::raise!(ValueError, "int() base must be >= 2 and <= 36, or 0"));
    }
    if let Some(text) = value.get::<StrObject>() {
        return from_str(value, &text.to_string_lossy(), base as u32);
    }
    if let Some(data) = value.get::<BytesObject>() {
        return from_str(value, &ascii(data.as_slice()), base as u32);
    }
    if let Some(array) = value.get::<ByteArray>() {
        let text = ascii(&array.data.borrow());
        return from_str(value, &text, base as u32);
    }
    Err(crate::raise!(TypeError, "int() can't convert non-string with explicit base"))
}

fn from_str(value: Value, text: &str, base: u32) -> PyResult {
    match parse::from_text(text, base) {
        Ok(number) => Ok(from_big(number)),
        Err(ParseFailure::Invalid) => {
            let shown = crate::protocol::repr_string(value)?;
            Err(crate::raise!(ValueError, "invalid literal for int() with base {base}: {shown}"))
        }
        Err(ParseFailure::TooLong { digits }) => {
            let limit = parse::max_str_digits();
            Err(crate::raise!(
                ValueError,
                "Exceeds the limit ({limit} digits) for integer string conversion: value has {digits} digits; use sys.set_int_max_str_digits() to increase the limit"
            ))
        }
    }
}

fn repr(value: Value) -> PyResult {
    Ok(StrObject::new(&parse::to_decimal(this(value))?).into())
}

fn hash_int(value: Value) -> PyResult<i64> {
    Ok(match this(value) {
        IntRef::Small(small) => hash::int(small),
        IntRef::Big(big) => super::hash_big(big),
    })
}

fn negative(value: Value) -> PyResult {
    Ok(match this(value) {
        IntRef::Small(small) => from_i64(-small),
        IntRef::Big(big) => from_big(-big),
    })
}

fn absolute(value: Value) -> PyResult {
    if this(value).is_negative() { negative(value) } else { Ok(this(value).to_exact()) }
}

/// Rounds to a multiple of a power of ten, half to even.
fn round_to(number: IntRef<'_>, digits: isize) -> PyResult {
    if digits >= 0 {
        return Ok(number.to_exact());
    }
    if digits < -100_000 {
        return Ok(from_i64(0));
    }
    let unit = IBig::from(10).pow(digits.unsigned_abs());
    let big = number.to_big();
    let (quotient, rest) = arithmetic::floor_div_rem(&big, &unit);
    let twice = &rest * IBig::from(2);
    let up = twice > unit || (twice == unit && quotient.bit(0));
    let quotient = if up { quotient + IBig::ONE } else { quotient };
    Ok(from_big(quotient * unit))
}

// The class counts here, which an `IntRef` does not tell.
py_methods! { static FORMAT_METHODS for "int", Value;
    /// Convert to a string according to format_spec.
    "__format__(self, format_spec, /)"
    fn format_method(value, format_spec: &StrObject) -> PyResult {
        if format_spec.is_empty() && !value.is_exact(&INT) {
            return crate::protocol::str(value);
        }
        format::format_int(this(value), format_spec)
    }
}

py_methods! { static METHODS for "int", IntRef<'_>;
    /// Number of bits necessary to represent self in binary.
    "bit_length(self, /)"
    fn bit_length(this) -> usize {
        match this {
            IntRef::Small(small) => 64 - small.unsigned_abs().leading_zeros() as usize,
            IntRef::Big(big) => big.clone().into_parts().1.bit_len(),
        }
    }
    /// Number of ones in the binary representation of the absolute value of self.
    "bit_count(self, /)"
    fn bit_count(this) -> usize {
        match this {
            IntRef::Small(small) => small.unsigned_abs().count_ones() as usize,
            IntRef::Big(big) => big.clone().into_parts().1.count_ones(),
        }
    }
    /// Returns self, the complex conjugate of any int.
    "conjugate(self, /)"
    fn conjugate(this) -> Ref {
        this.to_exact()
    }
    /// Return a pair of integers, whose ratio is equal to the original int.
    "as_integer_ratio(self, /)"
    fn as_integer_ratio(this) -> Py<TupleObject> {
        TupleObject::of([this.to_exact(), from_i64(1)])
    }
    /// Returns True. Exists for duck type compatibility with float.is_integer.
    "is_integer(self, /)"
    fn is_integer(this) -> bool {
        let _ = this;
        true
    }
    /// Return an array of bytes representing an integer.
    "to_bytes(self, /, length=1, byteorder='big', *, signed=False)"
    fn to_bytes(this, length: Option<isize>, byteorder: Option<&StrObject>, signed: Option<bool>) -> PyResult {
        let length = length.unwrap_or(1);
        if length < 0 {
            return Err(crate::raise!(ValueError, "length argument must be non-negative"));
        }
        let little = is_little(byteorder)?;
        encode(this, length as usize, little, signed.unwrap_or(false)).map(|data| BytesObject::new(&data).into())
    }
    /// Rounding an Integral returns itself.
    ///
    /// Rounding with an ndigits argument also returns an integer.
    "__round__(self, ndigits=None, /)"
    fn round(this, ndigits: OrNone<Value>) -> PyResult {
        let Some(digits) = ndigits.0 else { return Ok(this.to_exact()) };
        let digits = index(digits)?;
        let digits = IntRef::of(digits.value()).expect("an index is an int");
        let limit = if digits.is_negative() { isize::MIN } else { isize::MAX };
        round_to(this, digits.to_i64().map_or(limit, |digits| digits as isize))
    }
    /// Truncating an Integral returns itself.
    "__trunc__(self, /)"
    fn trunc(this) -> Ref {
        this.to_exact()
    }
    /// Flooring an Integral returns itself.
    "__floor__(self, /)"
    fn floor(this) -> Ref {
        this.to_exact()
    }
    /// Ceiling of an Integral returns itself.
    "__ceil__(self, /)"
    fn ceil(this) -> Ref {
        this.to_exact()
    }
    /// For pickling.
    "__getnewargs__(self, /)"
    fn getnewargs(this) -> Py<TupleObject> {
        TupleObject::of([this.to_exact()])
    }
    /// Returns size in memory, in bytes.
    "__sizeof__(self, /)"
    fn sizeof(this) -> usize {
        24 + 4 * (bit_length(this).div_ceil(30)).max(1)
    }
}

fn is_little(byteorder: Option<&StrObject>) -> PyResult<bool> {
    match byteorder {
        None => Ok(false),
        Some(order) if order.eq_str("big") => Ok(false),
        Some(order) if order.eq_str("little") => Ok(true),
        Some(_) => Err(crate::raise!(ValueError, "byteorder must be either 'little' or 'big'")),
    }
}

fn encode(number: IntRef<'_>, length: usize, little: bool, signed: bool) -> PyResult<Vec<u8>> {
    let big = number.to_big();
    let negative = number.is_negative();
    if negative && !signed {
        return Err(crate::raise!(OverflowError, "can't convert negative int to unsigned"));
    }
    let too_big = || crate::raise!(OverflowError, "int too big to convert");
    let unit = IBig::ONE << (8 * length);
    let fits = match (signed, negative) {
        (false, _) => big < unit,
        (true, false) => &big * IBig::from(2) < unit || (length == 0 && number.is_zero()),
        (true, true) => -(&big * IBig::from(2)) <= unit,
    };
    if !fits {
        return Err(too_big());
    }
    let magnitude = (if negative { big + unit } else { big }).into_parts().1;
    let mut data = magnitude.to_le_bytes().into_vec();
    data.truncate(length);
    data.resize(length, 0);
    if !little {
        data.reverse();
    }
    Ok(data)
}

py_class_methods! { static CLASS_METHODS for "int";
    /// Return the integer represented by the given array of bytes.
    "from_bytes(cls, /, bytes, byteorder='big', *, signed=False)"
    fn from_bytes(cls, bytes: Value, byteorder: Option<&StrObject>, signed: Option<bool>) -> PyResult {
        let little = is_little(byteorder)?;
        let special = convert::special_bytes(bytes)?;
        let mut data = convert::from_source(special.as_ref().map_or(bytes, Ref::value), "bytes")?;
        if !little {
            data.reverse();
        }
        let negative = signed == Some(true) && data.last().is_some_and(|&top| top & 0x80 != 0);
        let magnitude = IBig::from(dashu_int::UBig::from_le_bytes(&data));
        let number = from_big(if negative { magnitude - (IBig::ONE << (8 * data.len())) } else { magnitude });
        if std::ptr::eq(cls, &raw const INT) { Ok(number) } else { crate::protocol::call(cls.value(), &[number.value()], None) }
    }
}

static GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "real",
        doc: "the real part of a complex number",
        get: |value| Ok(this(value).to_exact()),
        set: None,
    },
    GetSetDef {
        name: "imag",
        doc: "the imaginary part of a complex number",
        get: |_| Ok(from_i64(0)),
        set: None,
    },
    GetSetDef {
        name: "numerator",
        doc: "the numerator of a rational number in lowest terms",
        get: |value| Ok(this(value).to_exact()),
        set: None,
    },
    GetSetDef {
        name: "denominator",
        doc: "the denominator of a rational number in lowest terms",
        get: |_| Ok(from_i64(1)),
        set: None,
    },
];

/// `int`.
pub static INT: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "int([x]) -> integer\nint(x, base=10) -> integer\n\nConvert a number or string to an integer, or return 0 if no arguments\nare given.  If x is a number, return x.__int__().  For floating-point\nnumbers, this truncates towards zero.\n\nIf x is not a number or if base is given, then x must be a string,\nbytes, or bytearray instance representing an integer literal in the\ngiven base.  The literal can be preceded by '+' or '-' and be surrounded\nby whitespace.  The base defaults to 10.  Valid bases are 0 and 2-36.\nBase 0 means to interpret the base from the string as an integer literal.\n>>> int('0b100', base=0)\n4",
    flags: type_flags::BASE | type_flags::MATCH_SELF,
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        hash: Some(hash_int),
        richcompare: Some(arithmetic::richcompare),
        bool: Some(|value| Ok(!this(value).is_zero())),
        negative: Some(negative),
        positive: Some(|value| Ok(this(value).to_exact())),
        absolute: Some(absolute),
        invert: Some(bits::invert),
        index: Some(|value| Ok(this(value).to_exact())),
        int: Some(|value| Ok(this(value).to_exact())),
        float: Some(|value| super::to_f64(this(value)).map(float::new)),
        add: Some(arithmetic::add),
        subtract: Some(arithmetic::subtract),
        multiply: Some(arithmetic::multiply),
        true_divide: Some(arithmetic::true_divide),
        floor_divide: Some(arithmetic::floor_divide),
        remainder: Some(arithmetic::remainder),
        divmod: Some(arithmetic::divmod),
        power: Some(arithmetic::power),
        power_mod: Some(arithmetic::power_mod),
        lshift: Some(bits::lshift),
        rshift: Some(bits::rshift),
        and: Some(bits::and),
        or: Some(bits::or),
        xor: Some(bits::xor),
        ..Slots::EMPTY
    },
    methods: &[FORMAT_METHODS, METHODS, CLASS_METHODS],
    getset: GETSET,
    ..TypeSpec::of::<IntObject>("int")
};
