//! `binascii`: bytes as ASCII text in hexadecimal, base64, uuencoding and quoted-printable, and two checksums.

mod base64;
mod quoted;
mod uu;

use runtime::buffer::{self, Buffer};
use runtime::error::{ExceptionObject, Raised, types};
use runtime::objects::byte_string::transform;
use runtime::objects::bytes::BytesObject;
use runtime::objects::int::{self, bits};
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::type_object::{TypeObject, TypeSpec, type_flags};
use runtime::types::ready;
use runtime::{Py, PyResult, Value, py_functions, raise};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for (name, ty) in [("Error", &ERROR), ("Incomplete", &INCOMPLETE)] {
        ready::ready(ty);
        module.dict().set_text(name, ty.value().to_ref());
    }
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// `binascii.Error`.
static ERROR: TypeObject = TypeObject::from_spec(&ERROR_SPEC);
static ERROR_SPEC: TypeSpec = TypeSpec {
    module: "binascii",
    base: Some(&types::ValueError),
    flags: type_flags::BASE | type_flags::GC,
    ..TypeSpec::of::<ExceptionObject>("Error")
};

/// `binascii.Incomplete`.
static INCOMPLETE: TypeObject = TypeObject::from_spec(&INCOMPLETE_SPEC);
static INCOMPLETE_SPEC: TypeSpec = TypeSpec {
    module: "binascii",
    base: Some(&types::Exception),
    flags: type_flags::BASE | type_flags::GC,
    ..TypeSpec::of::<ExceptionObject>("Incomplete")
};

fn error(message: &str) -> Raised {
    runtime::error::raise(&ERROR, message)
}

/// ASCII text as str or bytes.
fn ascii(value: Value) -> PyResult<Vec<u8>> {
    if let Some(text) = value.get::<StrObject>() {
        return match text.as_ascii() {
            Some(ascii) => Ok(ascii.as_bytes().to_vec()),
            None => Err(raise!(ValueError, "string argument should contain only ASCII characters")),
        };
    }
    if !buffer::is_bytes_like(value) {
        let got = value.ty().name();
        return Err(raise!(TypeError, "argument should be bytes, buffer or ASCII string, not '{got}'"));
    }
    buffer::acquire_contiguous(value).map(|data| data.to_cow().into_owned())
}

fn bytes(data: &[u8]) -> Py<BytesObject> {
    BytesObject::new(data)
}

fn slice(data: &Buffer) -> &[u8] {
    data.as_slice().expect("acquired as one stretch")
}

/// The low 32 bits of an int.
pub(crate) fn low_bits(value: Value) -> PyResult<u32> {
    let number = int::index(value)?;
    let masked = bits::and(number.value(), Value::small(u32::MAX.into()))?;
    Ok(int::to_i64(masked.value())? as u32)
}

const CRC_32: [u32; 256] = {
    let mut table = [0u32; 256];
    let mut at = 0;
    while at < 256 {
        let (mut crc, mut bit) = (at as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
};

fn unhex(text: &[u8]) -> PyResult<Py<BytesObject>> {
    if text.len() % 2 == 1 {
        return Err(error("Odd-length string"));
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8);
    match text.chunks(2).map(pair).collect::<Option<Vec<u8>>>() {
        Some(data) => Ok(bytes(&data)),
        None => Err(error("Non-hexadecimal digit found")),
    }
}

fn hex(data: &Buffer, sep: Option<Value>, group: Option<i32>) -> PyResult<Py<BytesObject>> {
    let text = transform::hex(slice(data), sep, group.unwrap_or(1) as isize)?;
    Ok(bytes(text.as_bytes()))
}

py_functions! { static FUNCTIONS;
    /// Decode a line of base64 data.
    "a2b_base64(data, /, *, strict_mode=False)"
    fn a2b_base64(data: Value, strict_mode: Option<bool>) -> PyResult<Py<BytesObject>> {
        let text = ascii(data)?;
        base64::decode(&text, strict_mode.unwrap_or(false)).map(|data| bytes(&data))
    }
    /// Base64-code line of data.
    "b2a_base64(data, /, *, newline=True)"
    fn b2a_base64(data: Buffer, newline: Option<bool>) -> Py<BytesObject> {
        bytes(&base64::encode(slice(&data), newline.unwrap_or(true)))
    }
    /// Hexadecimal representation of binary data.
    "b2a_hex(data, sep=<unrepresentable>, bytes_per_sep=1)"
    fn b2a_hex(data: Buffer, sep: Option<Value>, bytes_per_sep: Option<i32>) -> PyResult<Py<BytesObject>> {
        hex(&data, sep, bytes_per_sep)
    }
    /// Hexadecimal representation of binary data.
    "hexlify(data, sep=<unrepresentable>, bytes_per_sep=1)"
    fn hexlify(data: Buffer, sep: Option<Value>, bytes_per_sep: Option<i32>) -> PyResult<Py<BytesObject>> {
        hex(&data, sep, bytes_per_sep)
    }
    /// Binary data of hexadecimal representation.
    "a2b_hex(hexstr, /)"
    fn a2b_hex(hexstr: Value) -> PyResult<Py<BytesObject>> {
        unhex(&ascii(hexstr)?)
    }
    /// Binary data of hexadecimal representation.
    "unhexlify(hexstr, /)"
    fn unhexlify(hexstr: Value) -> PyResult<Py<BytesObject>> {
        unhex(&ascii(hexstr)?)
    }
    /// Decode a line of uuencoded data.
    "a2b_uu(data, /)"
    fn a2b_uu(data: Value) -> PyResult<Py<BytesObject>> {
        uu::decode(&ascii(data)?).map(|data| bytes(&data))
    }
    /// Uuencode line of data.
    "b2a_uu(data, /, *, backtick=False)"
    fn b2a_uu(data: Buffer, backtick: Option<bool>) -> PyResult<Py<BytesObject>> {
        uu::encode(slice(&data), backtick.unwrap_or(false)).map(|text| bytes(&text))
    }
    /// Decode a string of qp-encoded data.
    "a2b_qp(data, header=False)"
    fn a2b_qp(data: Value, header: Option<bool>) -> PyResult<Py<BytesObject>> {
        Ok(bytes(&quoted::decode(&ascii(data)?, header.unwrap_or(false))))
    }
    /// Encode a string using quoted-printable encoding.
    "b2a_qp(data, quotetabs=False, istext=True, header=False)"
    fn b2a_qp(data: Buffer, quotetabs: Option<bool>, istext: Option<bool>, header: Option<bool>) -> Py<BytesObject> {
        let (quote_tabs, is_text) = (quotetabs.unwrap_or(false), istext.unwrap_or(true));
        bytes(&quoted::encode(slice(&data), quote_tabs, is_text, header.unwrap_or(false)))
    }
    /// Compute CRC-32 incrementally.
    "crc32(data, crc=0, /)"
    fn crc32(data: Buffer, crc: Option<Value>) -> PyResult<u32> {
        let start = !crc.map_or(Ok(0), low_bits)?;
        let step = |crc: u32, &byte: &u8| CRC_32[usize::from(crc as u8 ^ byte)] ^ crc >> 8;
        Ok(!slice(&data).iter().fold(start, step))
    }
    /// Compute CRC-CCITT incrementally.
    "crc_hqx(data, crc, /)"
    fn crc_hqx(data: Buffer, crc: Value) -> PyResult<u32> {
        let start = low_bits(crc)? & 0xffff;
        let step = |crc: u32, &byte: &u8| {
            (0..8).fold(crc ^ u32::from(byte) << 8, |crc, _| {
                (if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }) & 0xffff
            })
        };
        Ok(slice(&data).iter().fold(start, step))
    }
}
