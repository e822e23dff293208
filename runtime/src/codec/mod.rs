//! Text codecs: `str.encode`, `bytes.decode`, `str(bytes, encoding)` and everything that reads or writes text go through here.
//!
//! The encodings of the table below are native and need no import; any other name is looked up in the [`registry`], whose search
//! functions are Lib's `encodings` package and what the program registers. Problems go to an error [`handler`].
//!
//! - [`utf`], [`utf7`], `single` (ASCII, Latin-1), [`escape`], [`charmap`]: the codecs
//! - [`handler`]: standard error handlers, and calling others
//! - [`registry`]: codecs and handlers by name

pub mod charmap;
pub mod escape;
pub mod handler;
pub mod registry;
mod single;
pub mod utf;
pub mod utf7;

use crate::objects::bytearray::ByteArray;
use crate::objects::bytes::BytesObject;
use crate::objects::str::StrObject;
use crate::value::{PyResult, Value};
use handler::{DecodeErrors, EncodeErrors};
use utf::Order;

/// The byte order mark in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A native encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-8 with a byte order mark in front.
    Utf8Sig,
    /// ASCII.
    Ascii,
    /// The first 256 characters.
    Latin1,
    /// UTF-16.
    Utf16(Order),
    /// UTF-32.
    Utf32(Order),
}

/// Names as programs spell them, in lower case with `-` as `_`.
const NAMES: &[(&str, Encoding)] = &[
    ("utf_8", Encoding::Utf8),
    ("utf8", Encoding::Utf8),
    ("u8", Encoding::Utf8),
    ("cp65001", Encoding::Utf8),
    ("utf_8_sig", Encoding::Utf8Sig),
    ("ascii", Encoding::Ascii),
    ("us_ascii", Encoding::Ascii),
    ("646", Encoding::Ascii),
    ("latin_1", Encoding::Latin1),
    ("latin1", Encoding::Latin1),
    ("iso_8859_1", Encoding::Latin1),
    ("iso8859_1", Encoding::Latin1),
    ("l1", Encoding::Latin1),
    ("8859", Encoding::Latin1),
    ("utf_16", Encoding::Utf16(Order::Marked)),
    ("utf16", Encoding::Utf16(Order::Marked)),
    ("utf_16_le", Encoding::Utf16(Order::Little)),
    ("utf_16_be", Encoding::Utf16(Order::Big)),
    ("utf_32", Encoding::Utf32(Order::Marked)),
    ("utf32", Encoding::Utf32(Order::Marked)),
    ("utf_32_le", Encoding::Utf32(Order::Little)),
    ("utf_32_be", Encoding::Utf32(Order::Big)),
];

impl Encoding {
    /// The native encoding of this name.
    pub fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace(['-', ' '], "_");
        NAMES.iter().find(|(known, _)| *known == name).map(|&(_, encoding)| encoding)
    }

    /// The name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 | Encoding::Utf8Sig => "utf-8",
            Encoding::Ascii => "ascii",
            Encoding::Latin1 => "latin-1",
            Encoding::Utf16(Order::Marked) => "utf-16",
            Encoding::Utf16(Order::Little) => "utf-16-le",
            Encoding::Utf16(Order::Big) => "utf-16-be",
            Encoding::Utf32(Order::Marked) => "utf-32",
            Encoding::Utf32(Order::Little) => "utf-32-le",
            Encoding::Utf32(Order::Big) => "utf-32-be",
        }
    }

    /// Encodes a str.
    pub fn encode(self, text: Value, handler: &str) -> PyResult<Vec<u8>> {
        if !text.is_instance::<StrObject>() {
            return Err(crate::raise!(TypeError, "expected str, got {}", text.ty().name()));
        }
        let mut errors = EncodeErrors::new(self.name(), text, handler);
        match self {
            Encoding::Utf8 => utf::encode_utf8(&mut errors),
            Encoding::Utf8Sig => Ok([MARK, &utf::encode_utf8(&mut errors)?].concat()),
            Encoding::Ascii => single::encode(&mut errors, 128),
            Encoding::Latin1 => single::encode(&mut errors, 256),
            Encoding::Utf16(order) => utf::encode_utf16(&mut errors, order),
            Encoding::Utf32(order) => utf::encode_utf32(&mut errors, order),
        }
    }

    /// Decodes bytes, all that there are or as many as make whole characters. The result is the text, the number of bytes consumed
    /// and the byte order in force at the end.
    pub fn decode(
        self,
        object: Option<Value>,
        data: &[u8],
        handler: &str,
        is_final: bool,
    ) -> PyResult<utf::Decoded> {
        let marked = self == Encoding::Utf8Sig && data.starts_with(MARK);
        let mut errors = match marked {
            true => DecodeErrors::new(self.name(), &data[MARK.len()..], None, handler),
            false => DecodeErrors::new(self.name(), data, object, handler),
        };
        let whole = data.len();
        match self {
            Encoding::Latin1 => Ok((StrObject::from_latin1(data), whole, Order::Marked)),
            Encoding::Ascii => Ok((single::decode_ascii(&mut errors)?, whole, Order::Marked)),
            Encoding::Utf8 | Encoding::Utf8Sig => {
                let (text, consumed) = utf::decode_utf8(&mut errors, is_final)?;
                let mark = if marked { MARK.len() } else { 0 };
                Ok((text, consumed + mark, Order::Marked))
            }
            Encoding::Utf16(order) => utf::decode_utf16(&mut errors, order, is_final),
            Encoding::Utf32(order) => utf::decode_utf32(&mut errors, order, is_final),
        }
    }
}

/// The text of an optional str argument; it must not contain a null character.
fn text_of(value: Option<Value>, default: &str, what: &str) -> PyResult<String> {
    let Some(value) = value else { return Ok(default.to_owned()) };
    let Some(text) = value.get::<StrObject>() else {
        return Err(crate::raise!(TypeError, "{what} must be str, not {}", value.ty().name()));
    };
    let text = text.to_utf8()?;
    if text.contains('\0') {
        return Err(crate::raise!(ValueError, "embedded null character"));
    }
    Ok(text)
}

/// The canonical name of a native encoding; of any other the name in the registry is not needed, and it gives "".
pub fn canonical_name(name: &str) -> PyResult<&'static str> {
    Ok(match Encoding::of(name) {
        Some(Encoding::Utf8Sig) => "utf-8-sig",
        Some(Encoding::Latin1) => "iso8859-1",
        Some(encoding) => encoding.name(),
        None => {
            drop(registry::lookup(name)?);
            ""
        }
    })
}

/// `str.encode`
pub fn encode(text: Value, encoding: Option<Value>, errors: Option<Value>) -> PyResult<Vec<u8>> {
    let name = text_of(encoding, "utf-8", "encode() argument 'encoding'")?;
    let handler = text_of(errors, "strict", "encode() argument 'errors'")?;
    if let Some(native) = Encoding::of(&name) {
        return native.encode(text, &handler);
    }
    let codec = registry::lookup_text(&name, "codecs.encode()")?;
    let made = registry::call_part(&codec, &name, 0, text, errors)?;
    if let Some(bytes) = made.get::<BytesObject>() {
        return Ok(bytes.as_slice().to_vec());
    }
    if made.is_instance::<ByteArray>() {
        return crate::buffer::to_vec(made.value());
    }
    let got = made.ty().name();
    Err(crate::raise!(
        TypeError,
        "'{name}' encoder returned '{got}' instead of 'bytes'; use codecs.encode() to encode to arbitrary types"
    ))
}

/// `bytes.decode`; `object` is the bytes for the error and for codecs in Python.
pub fn decode(object: Value, data: &[u8], encoding: Option<Value>, errors: Option<Value>) -> PyResult {
    let name = text_of(encoding, "utf-8", "decode() argument 'encoding'")?;
    let handler = text_of(errors, "strict", "decode() argument 'errors'")?;
    if let Some(native) = Encoding::of(&name) {
        return native.decode(Some(object), data, &handler, true).map(|(text, ..)| text.into());
    }
    let codec = registry::lookup_text(&name, "codecs.decode()")?;
    let made = registry::call_part(&codec, &name, 1, object, errors)?;
    if made.is_instance::<StrObject>() {
        return Ok(made);
    }
    let got = made.ty().name();
    Err(crate::raise!(
        TypeError,
        "'{name}' decoder returned '{got}' instead of 'str'; use codecs.decode() to decode to arbitrary types"
    ))
}
