//! The built-in text encodings: UTF-8, ASCII, Latin-1, with the standard error handlers. Others are a located error.

use crate::error;
use crate::objects::bytes;
use crate::objects::str::{StrBuilder, StrObject};
use crate::value::{PyResult, Value};

/// The byte order mark in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A supported encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Encoding {
    Utf8,
    /// With a byte order mark in front.
    Utf8Sig,
    Ascii,
    Latin1,
}

fn text_of(value: Option<Value>, default: &str) -> String {
    value
        .and_then(|value| value.get::<StrObject>())
        .map_or_else(|| default.to_owned(), StrObject::to_string_lossy)
}

fn lookup(name: &str) -> PyResult<Encoding> {
    match name.to_ascii_lowercase().replace(['-', ' '], "_").as_str() {
        "utf_8" | "utf8" | "u8" | "cp65001" => Ok(Encoding::Utf8),
        "utf_8_sig" => Ok(Encoding::Utf8Sig),
        "ascii" | "us_ascii" | "646" => Ok(Encoding::Ascii),
        "latin_1" | "latin1" | "iso_8859_1" | "iso8859_1" | "l1" | "8859" => Ok(Encoding::Latin1),
        known if is_known(known) => Err(error::not_supported(&format!("the encoding {name}"))),
        _ => Err(crate::raise!(LookupError, "unknown encoding: {name}")),
    }
}

/// Whether CPython has this encoding, though it is missing here.
fn is_known(name: &str) -> bool {
    let families =
        ["utf_16", "utf16", "utf_32", "utf32", "utf_7", "utf7", "cp", "iso8859", "iso_8859", "koi8", "mac_"];
    let single = ["gbk", "gb2312", "gb18030", "big5", "euc_jp", "euc_kr", "shift_jis", "idna", "punycode"];
    families.iter().any(|family| name.starts_with(family)) || single.contains(&name)
}

/// The canonical name of a supported encoding.
pub fn canonical_name(name: &str) -> PyResult<&'static str> {
    Ok(match lookup(name)? {
        Encoding::Utf8 => "utf-8",
        Encoding::Utf8Sig => "utf-8-sig",
        Encoding::Ascii => "ascii",
        Encoding::Latin1 => "iso8859-1",
    })
}

/// `str.encode`
pub fn encode(text: Value, encoding: Option<Value>, errors: Option<Value>) -> PyResult<Vec<u8>> {
    let name = text_of(encoding, "utf-8");
    let (mut encoding, handler) = (lookup(&name)?, text_of(errors, "strict"));
    let mut out = Vec::new();
    if encoding == Encoding::Utf8Sig {
        encoding = Encoding::Utf8;
        out.extend_from_slice(MARK);
    }
    let Some(source) = text.get::<StrObject>() else {
        return Err(crate::raise!(TypeError, "expected str, got {}", text.ty().name()));
    };
    if let Some(ascii) = source.as_ascii() {
        out.extend_from_slice(ascii.as_bytes());
        return Ok(out);
    }
    out.reserve(source.len());
    for (at, point) in source.code_points().enumerate() {
        let limit = match encoding {
            Encoding::Utf8 | Encoding::Utf8Sig => u32::MAX,
            Encoding::Ascii => 128,
            Encoding::Latin1 => 256,
        };
        match char::from_u32(point) {
            Some(c) if encoding == Encoding::Utf8 => {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes())
            }
            _ if encoding != Encoding::Utf8 && point < limit => out.push(point as u8),
            _ => encode_unencodable(&mut out, text, at, point, encoding, &handler)?,
        }
    }
    Ok(out)
}

fn encode_unencodable(
    out: &mut Vec<u8>,
    text: Value,
    at: usize,
    point: u32,
    encoding: Encoding,
    handler: &str,
) -> PyResult<()> {
    match handler {
        "ignore" => {}
        "replace" => out.push(b'?'),
        "backslashreplace" if point < 0x100 => out.extend_from_slice(format!("\\x{point:02x}").as_bytes()),
        "backslashreplace" if point < 0x1_0000 => out.extend_from_slice(format!("\\u{point:04x}").as_bytes()),
        "backslashreplace" => out.extend_from_slice(format!("\\U{point:08x}").as_bytes()),
        "xmlcharrefreplace" => out.extend_from_slice(format!("&#{point};").as_bytes()),
        "surrogateescape" if (0xdc80..0xdd00).contains(&point) => out.push((point - 0xdc00) as u8),
        "surrogatepass" if encoding == Encoding::Utf8 => {
            out.extend_from_slice(&[
                0xe0 | (point >> 12) as u8,
                0x80 | (point >> 6 & 0x3f) as u8,
                0x80 | (point & 0x3f) as u8,
            ]);
        }
        "strict" | "surrogateescape" | "surrogatepass" => {
            let (name, reason) = match encoding {
                Encoding::Utf8 | Encoding::Utf8Sig => ("utf-8", "surrogates not allowed"),
                Encoding::Ascii => ("ascii", "ordinal not in range(128)"),
                Encoding::Latin1 => ("latin-1", "ordinal not in range(256)"),
            };
            return Err(error::unicode_encode_error(name, text, at, at + 1, reason));
        }
        other => return Err(crate::raise!(LookupError, "unknown error handler name '{other}'")),
    }
    Ok(())
}

/// `bytes.decode`; `object` is the bytes for the error.
pub fn decode(object: Value, data: &[u8], encoding: Option<Value>, errors: Option<Value>) -> PyResult {
    let name = text_of(encoding, "utf-8");
    let (encoding, handler) = (lookup(&name)?, text_of(errors, "strict"));
    match encoding {
        Encoding::Latin1 => Ok(bytes::latin1(data).into()),
        Encoding::Utf8 => decode_utf8(object, data, &handler),
        Encoding::Utf8Sig => decode_utf8(object, data.strip_prefix(MARK).unwrap_or(data), &handler),
        Encoding::Ascii => decode_ascii(object, data, &handler),
    }
}

fn decode_ascii(object: Value, data: &[u8], handler: &str) -> PyResult {
    let mut out = StrBuilder::with_capacity(data.len());
    for (at, &byte) in data.iter().enumerate() {
        match byte {
            0..0x80 => out.push(u32::from(byte)),
            _ => decode_undecodable(
                &mut out,
                object,
                &data[at..=at],
                at,
                "ascii",
                "ordinal not in range(128)",
                handler,
            )?,
        }
    }
    Ok(out.finish().into())
}

fn decode_utf8(object: Value, data: &[u8], handler: &str) -> PyResult {
    if let Ok(text) = std::str::from_utf8(data) {
        return Ok(StrObject::new(text).into());
    }
    let mut out = StrBuilder::with_capacity(data.len());
    let mut at = 0;
    while at < data.len() {
        match std::str::from_utf8(&data[at..]) {
            Ok(text) => {
                out.push_str(text);
                break;
            }
            Err(problem) => {
                let valid = problem.valid_up_to();
                out.push_str(std::str::from_utf8(&data[at..at + valid]).expect("checked by the decoder"));
                at += valid;
                let len = problem.error_len().unwrap_or(data.len() - at);
                let reason = match (problem.error_len(), data[at]) {
                    (None, _) => "unexpected end of data",
                    (_, 0x80..0xc2 | 0xf5..=0xff) => "invalid start byte",
                    _ => "invalid continuation byte",
                };
                decode_undecodable(&mut out, object, &data[at..at + len], at, "utf-8", reason, handler)?;
                at += len;
            }
        }
    }
    Ok(out.finish().into())
}

fn decode_undecodable(
    out: &mut StrBuilder,
    object: Value,
    part: &[u8],
    at: usize,
    encoding: &str,
    reason: &str,
    handler: &str,
) -> PyResult<()> {
    match handler {
        "ignore" => {}
        "replace" => out.push(0xfffd),
        "backslashreplace" => part.iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}"))),
        "surrogateescape" => part.iter().for_each(|&byte| out.push(0xdc00 + u32::from(byte))),
        "strict" | "surrogatepass" => {
            return Err(error::unicode_decode_error(encoding, object, at, at + part.len(), reason));
        }
        other => return Err(crate::raise!(LookupError, "unknown error handler name '{other}'")),
    }
    Ok(())
}
