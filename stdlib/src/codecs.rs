//! `_codecs`: the codec registry and the native codecs, under the names that Lib's `codecs` and `encodings` use.
//!
//! Every encoder gives `(bytes, number of characters)`, every decoder `(str, number of bytes)`. The work is done in `runtime::codec`.

mod handlers;

use runtime::buffer::Buffer;
use runtime::codec::handler::{DecodeErrors, EncodeErrors};
use runtime::codec::utf::Order;
use runtime::codec::{Encoding, charmap, escape, registry, utf7};
use runtime::convert::OrNone;
use runtime::objects::bytes::BytesObject;
use runtime::objects::dict::DictObject;
use runtime::objects::int;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::{Py, PyResult, Ref, Value, buffer, py_functions};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for table in [REGISTRY, ENCODERS, DECODERS, ESCAPES] {
        module.add_functions(table);
    }
    handlers::register(module)
}

/// A result and how much input it took.
type Pair = PyResult<Py<TupleObject>>;

fn pair(made: impl Into<Ref>, taken: usize) -> Py<TupleObject> {
    TupleObject::of([made.into(), int::from_i64(taken as i64)])
}

type Errors = OrNone<String>;

fn name_of(errors: &Errors) -> &str {
    errors.0.as_deref().unwrap_or("strict")
}

fn encoded(encoding: Encoding, text: &StrObject, errors: &Errors) -> Pair {
    let data = encoding.encode(Value::from_object(text), name_of(errors))?;
    Ok(pair(BytesObject::new(&data), text.len()))
}

/// Bytes for a decoder; where a str stands for its UTF-8, `text` allows it.
fn input(data: Value, text: bool) -> PyResult<Vec<u8>> {
    match data.get::<StrObject>() {
        Some(source) if text => Ok(source.to_utf8()?.into_bytes()),
        _ => buffer::acquire_contiguous(data).map(|data| data.to_cow().into_owned()),
    }
}

fn decoded(encoding: Encoding, data: Value, errors: &Errors, is_final: bool) -> Pair {
    let (text, taken, _) = decoded_in_order(encoding, data, errors, is_final)?;
    Ok(pair(text, taken))
}

fn decoded_in_order(
    encoding: Encoding,
    data: Value,
    errors: &Errors,
    is_final: bool,
) -> PyResult<(Py<StrObject>, usize, Order)> {
    let bytes = input(data, false)?;
    encoding.decode(Some(data), &bytes, name_of(errors), is_final)
}

py_functions! { static REGISTRY;
    /// Register a codec search function.
    "register(search_function, /)"
    fn register(search_function: Value) -> PyResult<()> {
        registry::register(search_function)
    }
    /// Unregister a codec search function and clear the registry's cache.
    "unregister(search_function, /)"
    fn unregister(search_function: Value) {
        registry::unregister(search_function);
    }
    /// Looks up a codec tuple in the Python codec registry and returns a CodecInfo object.
    "lookup(encoding, /)"
    fn lookup(encoding: String) -> PyResult {
        registry::lookup(without_null(&encoding)?)
    }
    /// Encodes obj using the codec registered for encoding.
    "encode(obj, encoding='utf-8', errors='strict')"
    fn encode(obj: Value, encoding: Option<String>, errors: Option<Value>) -> PyResult {
        let name = encoding.as_deref().unwrap_or("utf-8");
        registry::call_part(&registry::lookup(name)?, name, 0, obj, errors)
    }
    /// Decodes obj using the codec registered for encoding.
    "decode(obj, encoding='utf-8', errors='strict')"
    fn decode(obj: Value, encoding: Option<String>, errors: Option<Value>) -> PyResult {
        let name = encoding.as_deref().unwrap_or("utf-8");
        registry::call_part(&registry::lookup(name)?, name, 1, obj, errors)
    }
    /// Register the specified error handler under the name errors.
    "register_error(errors, handler, /)"
    fn register_error(errors: &StrObject, handler: Value) -> PyResult<()> {
        registry::register_error(errors, handler)
    }
    /// Un-register the specified error handler for the error handling `errors'.
    "_unregister_error(errors, /)"
    fn unregister_error(errors: &StrObject) -> PyResult<bool> {
        registry::unregister_error(errors)
    }
    /// Return the error handler for the specified error handling name or raise a LookupError.
    "lookup_error(name, /)"
    fn lookup_error(name: String) -> PyResult {
        registry::lookup_error(without_null(&name)?)
    }
}

/// A name as C takes it.
fn without_null(name: &str) -> PyResult<&str> {
    if name.contains('\0') { Err(runtime::raise!(ValueError, "embedded null character")) } else { Ok(name) }
}

fn utf16(byteorder: Option<i64>) -> Encoding {
    Encoding::Utf16(Order::of(byteorder.unwrap_or(0)))
}

fn utf32(byteorder: Option<i64>) -> Encoding {
    Encoding::Utf32(Order::of(byteorder.unwrap_or(0)))
}

py_functions! { static ENCODERS;
    /// UTF-8.
    "utf_8_encode(str, errors=None, /)"
    fn utf_8_encode(text: &StrObject, errors: Errors) -> Pair {
        encoded(Encoding::Utf8, text, &errors)
    }
    /// ASCII.
    "ascii_encode(str, errors=None, /)"
    fn ascii_encode(text: &StrObject, errors: Errors) -> Pair {
        encoded(Encoding::Ascii, text, &errors)
    }
    /// Latin-1.
    "latin_1_encode(str, errors=None, /)"
    fn latin_1_encode(text: &StrObject, errors: Errors) -> Pair {
        encoded(Encoding::Latin1, text, &errors)
    }
    /// UTF-7.
    "utf_7_encode(str, errors=None, /)"
    fn utf_7_encode(text: &StrObject, errors: Errors) -> Pair {
        let _ = errors;
        Ok(pair(BytesObject::new(&utf7::encode(text)), text.len()))
    }
    /// UTF-16.
    "utf_16_encode(str, errors=None, byteorder=0, /)"
    fn utf_16_encode(text: &StrObject, errors: Errors, byteorder: Option<i64>) -> Pair {
        encoded(utf16(byteorder), text, &errors)
    }
    /// UTF-16, little-endian.
    "utf_16_le_encode(str, errors=None, /)"
    fn utf_16_le_encode(text: &StrObject, errors: Errors) -> Pair {
        encoded(Encoding::Utf16(Order::Little), text, &errors)
    }
    /// UTF-16, big-endian.
    "utf_16_be_encode(str, errors=None, /)"
    fn utf_16_be_encode(text: &StrObject, errors: Errors) -> Pair {
        encoded(Encoding::Utf16(Order::Big), text, &errors)
    }
    /// UTF-32.
    "utf_32_encode(str, errors=None, byteorder=0, /)"
    fn utf_32_encode(text: &StrObject, errors: Errors, byteorder: Option<i64>) -> Pair {
        encoded(utf32(byteorder), text, &errors)
    }
    /// UTF-32, little-endian.
    "utf_32_le_encode(str, errors=None, /)"
    fn utf_32_le_encode(text: &StrObject, errors: Errors) -> Pair {
        encoded(Encoding::Utf32(Order::Little), text, &errors)
    }
    /// UTF-32, big-endian.
    "utf_32_be_encode(str, errors=None, /)"
    fn utf_32_be_encode(text: &StrObject, errors: Errors) -> Pair {
        encoded(Encoding::Utf32(Order::Big), text, &errors)
    }
    /// The escapes of str literals.
    "unicode_escape_encode(str, errors=None, /)"
    fn unicode_escape_encode(text: &StrObject, errors: Errors) -> Pair {
        let _ = errors;
        Ok(pair(BytesObject::new(&escape::encode_unicode_escape(text)), text.len()))
    }
    /// Latin-1, with escapes for other characters.
    "raw_unicode_escape_encode(str, errors=None, /)"
    fn raw_unicode_escape_encode(text: &StrObject, errors: Errors) -> Pair {
        let _ = errors;
        Ok(pair(BytesObject::new(&escape::encode_raw_unicode_escape(text)), text.len()))
    }
    /// Through a mapping from characters to bytes; without one, Latin-1.
    "charmap_encode(str, errors=None, mapping=None, /)"
    fn charmap_encode(text: &StrObject, errors: Errors, mapping: OrNone<Value>) -> Pair {
        let Some(mapping) = mapping.0 else { return encoded(Encoding::Latin1, text, &errors) };
        let mut problems = EncodeErrors::new("charmap", Value::from_object(text), name_of(&errors));
        let data = charmap::encode(&mut problems, mapping)?;
        Ok(pair(BytesObject::new(&data), text.len()))
    }
    /// The mapping that encodes what a table decodes.
    "charmap_build(map, /)"
    fn charmap_build(map: &StrObject) -> PyResult<Py<DictObject>> {
        charmap::build(map)
    }
}

type Final = Option<bool>;

fn is_final(flag: Final) -> bool {
    flag.unwrap_or(false)
}

/// The result of the decoders that tell the byte order.
fn triple(encoding: Encoding, data: Value, errors: &Errors, last: Final) -> Pair {
    let (text, taken, order) = decoded_in_order(encoding, data, errors, is_final(last))?;
    Ok(TupleObject::of([text.into(), int::from_i64(taken as i64), int::from_i64(order.number())]))
}

py_functions! { static DECODERS;
    /// UTF-8.
    "utf_8_decode(data, errors=None, final=False, /)"
    fn utf_8_decode(data: Value, errors: Errors, last: Final) -> Pair {
        decoded(Encoding::Utf8, data, &errors, is_final(last))
    }
    /// ASCII.
    "ascii_decode(data, errors=None, /)"
    fn ascii_decode(data: Value, errors: Errors) -> Pair {
        decoded(Encoding::Ascii, data, &errors, true)
    }
    /// Latin-1.
    "latin_1_decode(data, errors=None, /)"
    fn latin_1_decode(data: Value, errors: Errors) -> Pair {
        decoded(Encoding::Latin1, data, &errors, true)
    }
    /// UTF-7.
    "utf_7_decode(data, errors=None, final=False, /)"
    fn utf_7_decode(data: Value, errors: Errors, last: Final) -> Pair {
        let bytes = input(data, false)?;
        let mut problems = DecodeErrors::new("utf7", &bytes, Some(data), name_of(&errors));
        let (text, taken) = utf7::decode(&mut problems, is_final(last))?;
        Ok(pair(text, taken))
    }
    /// UTF-16.
    "utf_16_decode(data, errors=None, final=False, /)"
    fn utf_16_decode(data: Value, errors: Errors, last: Final) -> Pair {
        decoded(Encoding::Utf16(Order::Marked), data, &errors, is_final(last))
    }
    /// UTF-16, little-endian.
    "utf_16_le_decode(data, errors=None, final=False, /)"
    fn utf_16_le_decode(data: Value, errors: Errors, last: Final) -> Pair {
        decoded(Encoding::Utf16(Order::Little), data, &errors, is_final(last))
    }
    /// UTF-16, big-endian.
    "utf_16_be_decode(data, errors=None, final=False, /)"
    fn utf_16_be_decode(data: Value, errors: Errors, last: Final) -> Pair {
        decoded(Encoding::Utf16(Order::Big), data, &errors, is_final(last))
    }
    /// UTF-16; tells the byte order, too.
    "utf_16_ex_decode(data, errors=None, byteorder=0, final=False, /)"
    fn utf_16_ex_decode(data: Value, errors: Errors, byteorder: Option<i64>, last: Final) -> Pair {
        triple(utf16(byteorder), data, &errors, last)
    }
    /// UTF-32.
    "utf_32_decode(data, errors=None, final=False, /)"
    fn utf_32_decode(data: Value, errors: Errors, last: Final) -> Pair {
        decoded(Encoding::Utf32(Order::Marked), data, &errors, is_final(last))
    }
    /// UTF-32, little-endian.
    "utf_32_le_decode(data, errors=None, final=False, /)"
    fn utf_32_le_decode(data: Value, errors: Errors, last: Final) -> Pair {
        decoded(Encoding::Utf32(Order::Little), data, &errors, is_final(last))
    }
    /// UTF-32, big-endian.
    "utf_32_be_decode(data, errors=None, final=False, /)"
    fn utf_32_be_decode(data: Value, errors: Errors, last: Final) -> Pair {
        decoded(Encoding::Utf32(Order::Big), data, &errors, is_final(last))
    }
    /// UTF-32; tells the byte order, too.
    "utf_32_ex_decode(data, errors=None, byteorder=0, final=False, /)"
    fn utf_32_ex_decode(data: Value, errors: Errors, byteorder: Option<i64>, last: Final) -> Pair {
        triple(utf32(byteorder), data, &errors, last)
    }
    /// The escapes of str literals.
    "unicode_escape_decode(data, errors=None, final=True, /)"
    fn unicode_escape_decode(data: Value, errors: Errors, last: Final) -> Pair {
        unescaped("unicodeescape", data, &errors, last)
    }
    /// Latin-1, with escapes for other characters.
    "raw_unicode_escape_decode(data, errors=None, final=True, /)"
    fn raw_unicode_escape_decode(data: Value, errors: Errors, last: Final) -> Pair {
        unescaped("rawunicodeescape", data, &errors, last)
    }
    /// Through a str or a mapping from bytes to characters; without one, Latin-1.
    "charmap_decode(data, errors=None, mapping=None, /)"
    fn charmap_decode(data: Value, errors: Errors, mapping: OrNone<Value>) -> Pair {
        let Some(mapping) = mapping.0 else { return decoded(Encoding::Latin1, data, &errors, true) };
        let bytes = input(data, false)?;
        let mut problems = DecodeErrors::new("charmap", &bytes, Some(data), name_of(&errors));
        Ok(pair(charmap::decode(&mut problems, mapping)?, bytes.len()))
    }
}

fn unescaped(name: &str, data: Value, errors: &Errors, last: Final) -> Pair {
    let bytes = input(data, true)?;
    let mut problems = DecodeErrors::new(name, &bytes, Some(data), name_of(errors));
    let is_raw = name.starts_with("raw");
    let (text, taken) = escape::decode(&mut problems, is_raw, last.unwrap_or(true))?;
    if !is_raw {
        escape::warn_of_invalid(&bytes[..taken], true)?;
    }
    Ok(pair(text, taken))
}

py_functions! { static ESCAPES;
    /// What the escapes of a bytes literal stand for.
    "escape_decode(data, errors=None, /)"
    fn escape_decode(data: Value, errors: Errors) -> Pair {
        let bytes = input(data, true)?;
        let made = escape::decode_bytes_escape(&bytes, name_of(&errors))?;
        escape::warn_of_invalid(&bytes, false)?;
        Ok(pair(BytesObject::new(&made), bytes.len()))
    }
    /// The escapes of a bytes literal.
    "escape_encode(data, errors=None, /)"
    fn escape_encode(data: &BytesObject, errors: Errors) -> Pair {
        let _ = errors;
        let bytes = data.as_slice();
        Ok(pair(BytesObject::new(&escape::encode_bytes_escape(bytes)), bytes.len()))
    }
    /// The bytes of a buffer, or of a str in UTF-8.
    "readbuffer_encode(data, errors=None, /)"
    fn readbuffer_encode(data: Value, errors: Errors) -> Pair {
        let _ = errors;
        let bytes = match data.get::<StrObject>() {
            Some(text) => text.to_utf8()?.into_bytes(),
            None => buffer::acquire(data).map(|data: Buffer| data.to_cow().into_owned())?,
        };
        Ok(pair(BytesObject::new(&bytes), bytes.len()))
    }
}
