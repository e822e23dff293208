//! Machine formats: how pickles of protocol 3 and above describe the items of an array.

use runtime::buffer::Buffer;
use runtime::codec::Encoding;
use runtime::codec::utf::Order;
use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::str::StrObject;
use runtime::{PyResult, Ref, TypeObject, Value, py_functions, raise};

use super::item::Kind;
use super::{ARRAY, ArrayObject};

/// Integer formats from number 0 on: bytes of an item, whether signed; each little-endian and then, from two bytes on, big-endian.
const INTEGERS: [(usize, bool, bool); 14] = [
    (1, false, false),
    (1, true, false),
    (2, false, false),
    (2, false, true),
    (2, true, false),
    (2, true, true),
    (4, false, false),
    (4, false, true),
    (4, true, false),
    (4, true, true),
    (8, false, false),
    (8, false, true),
    (8, true, false),
    (8, true, true),
];
const FLOAT: usize = 14;
const DOUBLE: usize = 16;
const UTF16: usize = 18;
const UTF32: usize = 20;
const COUNT: usize = 22;

/// The number of the format in which this machine stores items of a kind.
pub(super) fn format_of(kind: Kind) -> usize {
    match kind.code {
        b'f' => FLOAT,
        b'd' => DOUBLE,
        b'u' | b'w' => UTF32,
        code => {
            let signed = code.is_ascii_lowercase();
            let fits = |&(size, is_signed, big): &(usize, bool, bool)| {
                size == kind.size && is_signed == signed && !big
            };
            INTEGERS.iter().position(fits).expect("every integer code has a format")
        }
    }
}

/// The items in bytes of a format, each as a Python object.
fn items(format: usize, data: &[u8]) -> PyResult<Vec<Ref>> {
    let text = |encoding: Encoding| {
        let (text, ..) = encoding.decode(None, data, "strict", true)?;
        Ok(text.code_points().map(|point| StrObject::from_code_point(point).into()).collect())
    };
    let order = if format.is_multiple_of(2) { Order::Little } else { Order::Big };
    match format {
        UTF16 | 19 => return text(Encoding::Utf16(order)),
        UTF32 | 21 => return text(Encoding::Utf32(order)),
        _ => {}
    }
    let (size, code, big) = match format {
        FLOAT | 15 => (4, b'f', format == 15),
        DOUBLE | 17 => (8, b'd', format == 17),
        _ => {
            let (size, signed, big) = INTEGERS[format];
            let code = [[b'B', b'b'], [b'H', b'h'], [b'I', b'i'], [b'Q', b'q']];
            (size, code[size.ilog2() as usize][usize::from(signed)], big)
        }
    };
    let kind = Kind::of(code.into()).expect("a code of the table");
    let read = |item: &[u8]| {
        let mut item = item.to_vec();
        if big {
            item.reverse();
        }
        kind.unpack(&item)
    };
    data.chunks_exact(size).map(read).collect()
}

/// Bytes of the unit that the length of data must be a multiple of.
fn unit(format: usize) -> usize {
    match format {
        FLOAT | 15 | UTF16 | 19 | UTF32 | 21 => 4,
        DOUBLE | 17 => 8,
        _ => INTEGERS[format].0,
    }
}

fn reconstruct(class: &TypeObject, code: &StrObject, format: isize, data: Value) -> PyResult {
    if !class.is_subclass_of(&ARRAY) {
        return Err(raise!(TypeError, "{} is not a subtype of array.array", class.name()));
    }
    let kind = if code.len() == 1 { Kind::of(code.code_point(0)) } else { None };
    let Some(kind) = kind else {
        return Err(raise!(ValueError, "second argument must be a valid type code"));
    };
    let Some(format) = usize::try_from(format).ok().filter(|&format| format < COUNT) else {
        return Err(raise!(ValueError, "third argument must be a valid machine format code."));
    };
    let Some(bytes) = data.get::<BytesObject>() else {
        return Err(raise!(TypeError, "fourth argument should be bytes, not {}", data.ty().name()));
    };
    let bytes = bytes.as_slice();
    let array = ArrayObject::empty(class, kind);
    let this = array.get::<ArrayObject>().expect("just made");
    if format == format_of(kind) && bytes.len() % kind.size == 0 {
        this.extend_bytes(bytes)?;
        return Ok(array);
    }
    if bytes.len() % unit(format) != 0 {
        return Err(raise!(ValueError, "string length not a multiple of item size"));
    }
    for item in items(format, bytes)? {
        this.extend_bytes(&kind.pack(item.value())?)?;
    }
    Ok(array)
}

/// The arguments that rebuild an array.
pub(super) fn arguments(kind: Kind, class: &TypeObject, data: &Buffer) -> [Ref; 4] {
    [
        class.value().to_ref(),
        StrObject::from_code_point(kind.code.into()).into(),
        int::from_i64(format_of(kind) as i64),
        BytesObject::new(&data.to_cow()).into(),
    ]
}

py_functions! { pub(super) static FUNCTIONS;
    /// Internal. Used for pickling support.
    "_array_reconstructor(arraytype, typecode, mformat_code, items, /)"
    fn array_reconstructor(arraytype: &TypeObject, typecode: &StrObject, mformat_code: isize, items: Value) -> PyResult {
        reconstruct(arraytype, typecode, mformat_code, items)
    }
}
