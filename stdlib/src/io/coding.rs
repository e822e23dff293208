//! Decoders and encoders of text streams: the common encodings natively, all others through the registry of codecs.
//!
//! A decoder gets bytes in pieces. Its state (bytes that wait for more, and flags) can be saved and restored, from which positions in
//! text are made. Translation of line ends is a part of it, as in `IncrementalNewlineDecoder`, and takes the lowest flag.

use runtime::objects::bytes::BytesObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::{PyResult, Ref, Value, buffer, codec, error, protocol, raise};

use super::call;
use super::newline::Translation;

/// An encoding that needs no state but incomplete characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Native {
    Utf8,
    Ascii,
    Latin1,
}

impl Native {
    /// The encoding of this name, if it is one of these.
    pub(super) fn named(name: &str) -> Option<Native> {
        match name.to_ascii_lowercase().replace(['_', ' '], "-").as_str() {
            "utf-8" | "utf8" | "u8" => Some(Native::Utf8),
            "ascii" | "us-ascii" | "646" => Some(Native::Ascii),
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "l1" | "8859" => Some(Native::Latin1),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Native::Utf8 => "utf-8",
            Native::Ascii => "ascii",
            Native::Latin1 => "latin-1",
        }
    }
}

/// How many bytes at the end are the beginning of a character.
fn incomplete_len(data: &[u8]) -> usize {
    let tail = (1..=data.len().min(3)).find(|&back| data[data.len() - back] >= 0xc0);
    tail.filter(|&back| {
        std::str::from_utf8(&data[data.len() - back..]).is_err_and(|e| e.error_len().is_none())
    })
    .unwrap_or(0)
}

/// The codec of a name, from the registry; it must be one between text and bytes.
fn registered(encoding: &str) -> PyResult {
    if encoding.contains('\0') {
        return Err(raise!(LookupError, "unknown encoding: {encoding}"));
    }
    let codecs = protocol::import::import_absolute("codecs")?;
    let info = call(codecs.value(), "lookup", &[StrObject::new(encoding).value()])?;
    let is_text = protocol::get_optional_attr(info.value(), StrObject::intern("_is_text_encoding").value())?;
    if is_text.is_some_and(|is_text| is_text.value() == objects::bool(false)) {
        return Err(raise!(
            LookupError,
            "'{encoding}' is not a text encoding; use codecs.open() to handle arbitrary codecs"
        ));
    }
    Ok(info)
}

/// Fails for an encoding that does not exist.
pub(super) fn check(encoding: &str) -> PyResult<()> {
    if Native::named(encoding).is_some() { Ok(()) } else { registered(encoding).map(drop) }
}

enum Source {
    Native { codec: Native, errors: Ref, waiting: Vec<u8> },
    Object(Ref),
}

/// A decoder with translation of line ends.
pub(super) struct Decoder {
    source: Source,
    pub(super) translation: Option<Translation>,
}

impl Decoder {
    /// A decoder of an encoding.
    pub(super) fn new(encoding: &str, errors: Ref, translation: Option<Translation>) -> PyResult<Decoder> {
        let source = match Native::named(encoding) {
            Some(codec) => Source::Native { codec, errors, waiting: Vec::new() },
            None => {
                let info = registered(encoding)?;
                Source::Object(call(info.value(), "incrementaldecoder", &[errors.value()])?)
            }
        };
        Ok(Decoder { source, translation })
    }

    /// The references that it owns.
    pub(super) fn owned(&self) -> Value {
        match &self.source {
            Source::Native { errors, .. } => errors.value(),
            Source::Object(object) => object.value(),
        }
    }

    /// The text of the next bytes.
    pub(super) fn decode(&mut self, input: &[u8], is_final: bool) -> PyResult {
        let text = match &mut self.source {
            Source::Native { codec, errors, waiting } => {
                let joined;
                let data = if waiting.is_empty() {
                    input
                } else {
                    waiting.extend_from_slice(input);
                    joined = std::mem::take(waiting);
                    &joined
                };
                decode_native(*codec, errors, waiting, data, is_final)?
            }
            Source::Object(decoder) => {
                let data = BytesObject::new(input);
                call(decoder.value(), "decode", &[data.value(), objects::bool(is_final)])?
            }
        };
        let Some(plain) = text.get::<StrObject>() else {
            let got = text.ty().name();
            return Err(raise!(TypeError, "decoder should return a string result, not '{got}'"));
        };
        match &mut self.translation {
            Some(translation) => Ok(translation.apply(plain, is_final)),
            None => Ok(text),
        }
    }

    /// Begins anew.
    pub(super) fn reset(&mut self) -> PyResult<()> {
        if let Some(translation) = &mut self.translation {
            translation.reset();
        }
        match &mut self.source {
            Source::Native { waiting, .. } => waiting.clear(),
            Source::Object(decoder) => drop(call(decoder.value(), "reset", &[])?),
        }
        Ok(())
    }

    /// Bytes that wait for more, and flags.
    pub(super) fn state(&self) -> PyResult<(Vec<u8>, i64)> {
        let (data, flags) = match &self.source {
            Source::Native { waiting, .. } => (waiting.clone(), 0),
            Source::Object(decoder) => {
                let state = call(decoder.value(), "getstate", &[])?;
                let Some(items) = state.get::<TupleObject>().map(TupleObject::items) else {
                    return Err(raise!(TypeError, "illegal decoder state"));
                };
                let [data, flags] = items else { return Err(raise!(TypeError, "illegal decoder state")) };
                let Some(data) = data.get::<BytesObject>() else {
                    let got = data.ty().name();
                    let what = "illegal decoder state: the first item should be a bytes object";
                    return Err(raise!(TypeError, "{what}, not '{got}'"));
                };
                (data.as_slice().to_vec(), int::to_i64(*flags)?)
            }
        };
        Ok(match self.translation {
            Some(translation) => (data, flags << 1 | i64::from(translation.waits)),
            None => (data, flags),
        })
    }

    /// Sets what [`Decoder::state`] has given.
    pub(super) fn set_state(&mut self, data: &[u8], flags: i64) -> PyResult<()> {
        let mut flags = flags;
        if let Some(translation) = &mut self.translation {
            translation.waits = flags & 1 != 0;
            flags >>= 1;
        }
        match &mut self.source {
            Source::Native { waiting, .. } => *waiting = data.to_vec(),
            Source::Object(decoder) => {
                let state = TupleObject::of([BytesObject::new(data).into(), int::from_i64(flags)]);
                call(decoder.value(), "setstate", &[state.value()])?;
            }
        }
        Ok(())
    }
}

fn decode_native(
    codec: Native,
    errors: &Ref,
    waiting: &mut Vec<u8>,
    data: &[u8],
    is_final: bool,
) -> PyResult {
    let mut data = data;
    if codec == Native::Utf8 {
        if let Ok(text) = std::str::from_utf8(data) {
            return Ok(StrObject::new(text).into());
        }
        if !is_final {
            let (complete, rest) = data.split_at(data.len() - incomplete_len(data));
            *waiting = rest.to_vec();
            data = complete;
        }
    }
    let (object, name) = (BytesObject::new(data), StrObject::intern(codec.name()));
    codec::decode(object.value(), data, Some(name.value()), Some(errors.value()))
}

/// An encoder.
pub(super) enum Encoder {
    Native { codec: Native, errors: Ref },
    Object(Ref),
}

impl Encoder {
    /// An encoder of an encoding.
    pub(super) fn new(encoding: &str, errors: Ref) -> PyResult<Encoder> {
        Ok(match Native::named(encoding) {
            Some(codec) => Encoder::Native { codec, errors },
            None => {
                let info = registered(encoding)?;
                Encoder::Object(call(info.value(), "incrementalencoder", &[errors.value()])?)
            }
        })
    }

    /// The references that it owns.
    pub(super) fn owned(&self) -> Value {
        match self {
            Encoder::Native { errors, .. } => errors.value(),
            Encoder::Object(object) => object.value(),
        }
    }

    /// A copy that shares the state.
    pub(super) fn share(&self) -> Encoder {
        match self {
            Encoder::Native { codec, errors } => Encoder::Native { codec: *codec, errors: errors.clone() },
            Encoder::Object(object) => Encoder::Object(object.clone()),
        }
    }

    /// The bytes of a text.
    pub(super) fn encode(&self, text: &StrObject) -> PyResult<Vec<u8>> {
        match self {
            Encoder::Native { codec, errors } => {
                if let Some(ascii) = text.as_ascii() {
                    return Ok(ascii.as_bytes().to_vec());
                }
                let name = StrObject::intern(codec.name());
                codec::encode(Value::from_object(text), Some(name.value()), Some(errors.value()))
            }
            Encoder::Object(encoder) => {
                let made = call(encoder.value(), "encode", &[Value::from_object(text)])?;
                if !made.is_instance::<BytesObject>() {
                    let got = made.ty().name();
                    return Err(raise!(TypeError, "encoder should return a bytes object, not '{got}'"));
                }
                buffer::to_vec(made.value())
            }
        }
    }

    /// Says where the stream stands: a mark at the beginning is written there only.
    pub(super) fn set_at_start(&self, is_at_start: bool) -> PyResult<()> {
        match self {
            Encoder::Native { .. } => Ok(()),
            Encoder::Object(encoder) if is_at_start => call(encoder.value(), "reset", &[]).map(drop),
            Encoder::Object(encoder) => {
                let outcome = call(encoder.value(), "setstate", &[Value::small(0)]);
                error::ignore(outcome, &error::types::AttributeError).map(drop)
            }
        }
    }
}
