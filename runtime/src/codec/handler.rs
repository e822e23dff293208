//! Error handlers of codecs: what happens to text that cannot be encoded and to bytes that cannot be decoded.
//!
//! A codec reports a stretch that it cannot do; the handler gives a replacement and the place to go on. The standard handlers work
//! directly on text and bytes, so that they cost no exception object; any other name is asked from the registry and called
//! with the exception, as PEP 293 says. The Python-visible standard handlers (`codecs.strict_errors` ...) are the same functions.

use std::borrow::Cow;

use super::registry;
use crate::error::{self, types};
use crate::objects::bytes::BytesObject;
use crate::objects::int;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::value::{PyResult, Raised, Ref, Value};

/// A handler that every Python has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standard {
    /// Raises.
    Strict,
    /// Leaves out.
    Ignore,
    /// `?` or U+FFFD.
    Replace,
    /// `\xNN`, `\uNNNN`, `\UNNNNNNNN`.
    Backslash,
    /// `&#N;`
    CharRef,
    /// `\N{NAME}`
    Name,
    /// Bytes as U+DC80 to U+DCFF and back.
    SurrogateEscape,
    /// Surrogates as if they were characters.
    SurrogatePass,
}

/// The standard handlers by name.
pub const STANDARD: [(&str, Standard); 8] = [
    ("strict", Standard::Strict),
    ("ignore", Standard::Ignore),
    ("replace", Standard::Replace),
    ("backslashreplace", Standard::Backslash),
    ("xmlcharrefreplace", Standard::CharRef),
    ("namereplace", Standard::Name),
    ("surrogateescape", Standard::SurrogateEscape),
    ("surrogatepass", Standard::SurrogatePass),
];

/// The standard handler of this name.
pub fn standard(name: &str) -> Option<Standard> {
    STANDARD.iter().find(|(known, _)| *known == name).map(|&(_, handler)| handler)
}

/// What an encoder writes instead of a stretch.
pub enum Replacement {
    /// Characters, to be encoded in turn.
    Text(Vec<u32>),
    /// Bytes, written as they are.
    Bytes(Vec<u8>),
}

/// The unit of an encoding that can spell surrogates: how `surrogatepass` writes and reads them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wide {
    Utf8,
    Utf16 { big: bool },
    Utf32 { big: bool },
}

fn wide(encoding: &str) -> Option<Wide> {
    let name = encoding.to_ascii_lowercase().replace('_', "-");
    Some(match name.as_str() {
        "utf-8" | "utf8" | "cp65001" => Wide::Utf8,
        "utf-16" | "utf16" | "utf-16-le" | "utf-16le" | "utf16-le" => Wide::Utf16 { big: false },
        "utf-16-be" | "utf-16be" | "utf16-be" => Wide::Utf16 { big: true },
        "utf-32" | "utf32" | "utf-32-le" | "utf-32le" | "utf32-le" => Wide::Utf32 { big: false },
        "utf-32-be" | "utf-32be" | "utf32-be" => Wide::Utf32 { big: true },
        _ => return None,
    })
}

const fn is_surrogate(point: u32) -> bool {
    matches!(point, 0xd800..=0xdfff)
}

/// `\xNN`, `\uNNNN` or `\UNNNNNNNN`.
pub fn backslashed(point: u32) -> String {
    match point {
        0..0x100 => format!("\\x{point:02x}"),
        0x100..0x1_0000 => format!("\\u{point:04x}"),
        _ => format!("\\U{point:08x}"),
    }
}

fn named(point: u32) -> String {
    match char::from_u32(point).and_then(unicode_names2::name) {
        Some(name) => format!("\\N{{{name}}}"),
        None => backslashed(point),
    }
}

fn text_of(parts: impl Iterator<Item = String>) -> Option<Replacement> {
    Some(Replacement::Text(parts.collect::<String>().chars().map(u32::from).collect()))
}

/// What a standard handler writes for unencodable characters; `None` means that it raises.
pub fn replace_unencodable(handler: Standard, encoding: &str, points: &[u32]) -> Option<Replacement> {
    match handler {
        Standard::Strict => None,
        Standard::Ignore => Some(Replacement::Text(Vec::new())),
        Standard::Replace => Some(Replacement::Text(vec![u32::from('?'); points.len()])),
        Standard::Backslash => text_of(points.iter().copied().map(backslashed)),
        Standard::CharRef => text_of(points.iter().map(|point| format!("&#{point};"))),
        Standard::Name => text_of(points.iter().copied().map(named)),
        Standard::SurrogateEscape => {
            let byte = |&point: &u32| matches!(point, 0xdc80..=0xdcff).then(|| (point - 0xdc00) as u8);
            points.iter().map(byte).collect::<Option<Vec<u8>>>().map(Replacement::Bytes)
        }
        Standard::SurrogatePass => {
            let form = wide(encoding)?;
            points
                .iter()
                .all(|&point| is_surrogate(point))
                .then(|| Replacement::Bytes(points.iter().flat_map(|&point| spelled(form, point)).collect()))
        }
    }
}

/// A surrogate in a wide encoding.
fn spelled(form: Wide, point: u32) -> Vec<u8> {
    match form {
        Wide::Utf8 => {
            vec![0xe0 | (point >> 12) as u8, 0x80 | (point >> 6 & 0x3f) as u8, 0x80 | (point & 0x3f) as u8]
        }
        Wide::Utf16 { big: false } => (point as u16).to_le_bytes().to_vec(),
        Wide::Utf16 { big: true } => (point as u16).to_be_bytes().to_vec(),
        Wide::Utf32 { big: false } => point.to_le_bytes().to_vec(),
        Wide::Utf32 { big: true } => point.to_be_bytes().to_vec(),
    }
}

/// What a standard handler gives for undecodable bytes and where decoding goes on; `None` means that it raises.
pub fn replace_undecodable(
    handler: Standard,
    encoding: &str,
    data: &[u8],
    start: usize,
    end: usize,
) -> Option<(Vec<u32>, usize)> {
    let part = data.get(start..end).unwrap_or_default();
    match handler {
        Standard::Strict | Standard::CharRef | Standard::Name => None,
        Standard::Ignore => Some((Vec::new(), end)),
        Standard::Replace => Some((vec![0xfffd], end)),
        Standard::Backslash => {
            let text: String = part.iter().map(|byte| format!("\\x{byte:02x}")).collect();
            Some((text.chars().map(u32::from).collect(), end))
        }
        Standard::SurrogateEscape => {
            let taken: Vec<u32> =
                part.iter().take(4).take_while(|&&b| b >= 0x80).map(|&b| 0xdc00 + u32::from(b)).collect();
            let resume = start + taken.len();
            (!taken.is_empty()).then_some((taken, resume))
        }
        Standard::SurrogatePass => {
            let form = wide(encoding)?;
            let (point, width) = read_surrogate(form, data.get(start..)?)?;
            is_surrogate(point).then(|| (vec![point], start + width))
        }
    }
}

fn read_surrogate(form: Wide, data: &[u8]) -> Option<(u32, usize)> {
    Some(match (form, data) {
        (Wide::Utf8, &[a, b, c, ..]) if a & 0xf0 == 0xe0 && b & 0xc0 == 0x80 && c & 0xc0 == 0x80 => {
            (u32::from(a & 0xf) << 12 | u32::from(b & 0x3f) << 6 | u32::from(c & 0x3f), 3)
        }
        (Wide::Utf16 { big: false }, &[a, b, ..]) => (u32::from(u16::from_le_bytes([a, b])), 2),
        (Wide::Utf16 { big: true }, &[a, b, ..]) => (u32::from(u16::from_be_bytes([a, b])), 2),
        (Wide::Utf32 { big: false }, &[a, b, c, d, ..]) => (u32::from_le_bytes([a, b, c, d]), 4),
        (Wide::Utf32 { big: true }, &[a, b, c, d, ..]) => (u32::from_be_bytes([a, b, c, d]), 4),
        _ => return None,
    })
}

/// Problems of one encoding run.
pub struct EncodeErrors<'a> {
    /// Name in messages and exceptions.
    pub encoding: &'a str,
    /// The str that is encoded.
    pub object: Value,
    handler: &'a str,
    known: Option<Standard>,
    custom: Option<Ref>,
}

impl<'a> EncodeErrors<'a> {
    /// For a str and the name of a handler.
    pub fn new(encoding: &'a str, object: Value, handler: &'a str) -> Self {
        EncodeErrors { encoding, object, handler, known: standard(handler), custom: None }
    }

    /// The `UnicodeEncodeError` for a stretch.
    pub fn raised(&self, start: usize, end: usize, reason: &str) -> Raised {
        error::unicode_encode_error(self.encoding, self.object, start, end, reason)
    }

    /// The replacement of a stretch and where encoding goes on.
    pub fn handle(&mut self, start: usize, end: usize, reason: &str) -> PyResult<(Replacement, usize)> {
        let text = self.object.get::<StrObject>().expect("encoders work on strs");
        if let Some(known) = self.known {
            let points: Vec<u32> = (start..end).map(|at| text.code_point(at)).collect();
            if known == Standard::SurrogateEscape {
                let escaped = points.iter().take_while(|point| matches!(point, 0xdc80..=0xdcff)).count();
                if escaped > 0 {
                    let bytes = points[..escaped].iter().map(|point| (point - 0xdc00) as u8).collect();
                    return Ok((Replacement::Bytes(bytes), start + escaped));
                }
            }
            return match replace_unencodable(known, self.encoding, &points) {
                Some(replacement) => Ok((replacement, end)),
                None => Err(self.raised(start, end, reason)),
            };
        }
        let (encoding, reason) = (StrObject::new(self.encoding), StrObject::new(reason));
        let args = [
            encoding.value(),
            self.object,
            Value::small(start as i64),
            Value::small(end as i64),
            reason.value(),
        ];
        let exception = error::new_exception(&types::UnicodeEncodeError, &args);
        let result = call_custom(&mut self.custom, self.handler, exception.value())?;
        let wrong = "encoding error handler must return (str/bytes, int) tuple";
        let (replacement, at) = result_parts(&result, wrong)?;
        let resume = resume_at(at, text.len())?;
        if let Some(text) = replacement.get::<StrObject>() {
            return Ok((Replacement::Text(text.code_points().collect()), resume));
        }
        match replacement.get::<BytesObject>() {
            Some(bytes) => Ok((Replacement::Bytes(bytes.as_slice().to_vec()), resume)),
            None => Err(crate::raise!(TypeError, "{wrong}")),
        }
    }
}

/// Problems of one decoding run.
pub struct DecodeErrors<'a> {
    /// Name in messages and exceptions.
    pub encoding: &'a str,
    /// What is decoded; a handler may put other bytes in its place.
    pub data: Cow<'a, [u8]>,
    object: Option<Ref>,
    handler: &'a str,
    known: Option<Standard>,
    custom: Option<Ref>,
}

impl<'a> DecodeErrors<'a> {
    /// For bytes and the name of a handler; `object` is the bytes object, if there is one.
    pub fn new(encoding: &'a str, data: &'a [u8], object: Option<Value>, handler: &'a str) -> Self {
        let object = object.filter(|object| object.is_instance::<BytesObject>()).map(Value::to_ref);
        DecodeErrors {
            encoding,
            data: Cow::Borrowed(data),
            object,
            handler,
            known: standard(handler),
            custom: None,
        }
    }

    fn object(&mut self) -> Ref {
        let data = &self.data;
        self.object.get_or_insert_with(|| BytesObject::new(data).into()).clone()
    }

    /// The `UnicodeDecodeError` for a stretch.
    pub fn raised(&mut self, start: usize, end: usize, reason: &str) -> Raised {
        let object = self.object();
        error::unicode_decode_error(self.encoding, object.value(), start, end, reason)
    }

    /// The replacement of a stretch, pushed by `push`, and where decoding goes on.
    pub fn handle(
        &mut self,
        start: usize,
        end: usize,
        reason: &str,
        push: impl FnMut(u32),
    ) -> PyResult<usize> {
        if let Some(known) = self.known.filter(|known| !matches!(known, Standard::CharRef | Standard::Name)) {
            return match replace_undecodable(known, self.encoding, &self.data, start, end) {
                Some((points, resume)) => {
                    points.into_iter().for_each(push);
                    Ok(resume)
                }
                None => Err(self.raised(start, end, reason)),
            };
        }
        let (encoding, reason, object) =
            (StrObject::new(self.encoding), StrObject::new(reason), self.object());
        let args = [
            encoding.value(),
            object.value(),
            Value::small(start as i64),
            Value::small(end as i64),
            reason.value(),
        ];
        let exception = error::new_exception(&types::UnicodeDecodeError, &args);
        let result = call_custom(&mut self.custom, self.handler, exception.value())?;
        let wrong = "decoding error handler must return (str, int) tuple";
        let (replacement, at) = result_parts(&result, wrong)?;
        let Some(text) = replacement.get::<StrObject>() else {
            return Err(crate::raise!(TypeError, "{wrong}"));
        };
        let replaced = exception.extra[1].get_ref().filter(|now| now.value() != object.value());
        if let Some(now) = replaced {
            let Some(bytes) = now.get::<BytesObject>() else {
                return Err(crate::raise!(TypeError, "exception attribute object must be bytes"));
            };
            self.data = Cow::Owned(bytes.as_slice().to_vec());
            self.object = Some(now);
        }
        text.code_points().for_each(push);
        resume_at(at, self.data.len())
    }
}

/// Calls the registered handler of a name, which is looked up once per run.
pub(super) fn call_custom(found: &mut Option<Ref>, name: &str, exception: Value) -> PyResult {
    let handler = match found {
        Some(handler) => handler.clone(),
        None => found.insert(registry::lookup_error(name)?).clone(),
    };
    protocol::call_one(handler.value(), exception)
}

/// Replacement and position in what a handler gave.
pub(super) fn result_parts(result: &Ref, wrong: &str) -> PyResult<(Value, isize)> {
    match result.get::<TupleObject>().map(TupleObject::items) {
        Some(&[replacement, at]) if int::IntRef::of(at).is_some() => {
            let is_text = replacement.is_instance::<StrObject>() || replacement.is_instance::<BytesObject>();
            if !is_text {
                return Err(crate::raise!(TypeError, "{wrong}"));
            }
            Ok((replacement, int::to_isize(at)?))
        }
        _ => Err(crate::raise!(TypeError, "{wrong}")),
    }
}

/// A position that a handler gave, counted from the end if negative.
pub(super) fn resume_at(at: isize, len: usize) -> PyResult<usize> {
    let from_front = if at < 0 { at.wrapping_add(len as isize) } else { at };
    match usize::try_from(from_front) {
        Ok(resume) if resume <= len => Ok(resume),
        _ => Err(crate::raise!(IndexError, "position {at} from error handler out of bounds")),
    }
}
