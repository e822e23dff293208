//! `_json`: the fast half of the library's `json`.
//!
//! - [`scanner`]: what reads documents, over `read`, which parses, and `string`, which scans texts in quotes
//! - [`encoder`]: what writes them, over `escape`, which puts texts into quotes
//!
//! The library's Python code holds the options, and does what is rare: streaming output and decoders that have been taken apart.

pub mod encoder;
mod escape;
mod read;
pub mod scanner;
mod string;

use runtime::objects::module::ModuleObject;
use runtime::objects::str::{StrBuilder, StrObject, Units};
use runtime::objects::tuple::TupleObject;
use runtime::objects::{int, sequence};
use runtime::types::ready;
use runtime::{Py, PyResult, Raised, Value, error, protocol, py_functions, raise};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for ty in [&scanner::SCANNER, &encoder::ENCODER] {
        ready::ready(ty);
    }
    module.dict().set_text("make_scanner", scanner::SCANNER.value().to_ref());
    module.dict().set_text("make_encoder", encoder::ENCODER.value().to_ref());
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// `JSONDecodeError` at a position of the document.
#[cold]
fn decode_error(message: &str, document: &StrObject, at: usize) -> Raised {
    let make = || {
        let module = protocol::import::import_absolute("json.decoder")?;
        let class = protocol::get_attr_text(module.value(), "JSONDecodeError")?;
        let message = StrObject::new(message);
        protocol::call(
            class.value(),
            &[message.value(), Value::from_object(document), int::from_i64(at as i64).value()],
            None,
        )
    };
    match make() {
        Ok(exception) => error::raise_object(exception),
        Err(raised) => raised,
    }
}

/// The text of an argument.
fn text<'a>(argument: Value) -> PyResult<&'a StrObject> {
    argument
        .get::<StrObject>()
        .ok_or_else(|| raise!(TypeError, "first argument must be a string, not {}", argument.ty().name()))
}

fn quoted(argument: Value, is_ascii: bool) -> PyResult<Py<StrObject>> {
    let text = text(argument)?;
    let mut out = StrBuilder::with_capacity(text.len() + 2);
    escape::push_quoted(&mut out, text, is_ascii);
    out.try_finish()
}

py_functions! { static FUNCTIONS;
    /// Return an ASCII-only JSON representation of a Python string
    "encode_basestring_ascii(string, /)"
    fn encode_basestring_ascii(string: Value) -> PyResult<Py<StrObject>> {
        quoted(string, true)
    }
    /// Return a JSON representation of a Python string
    "encode_basestring(string, /)"
    fn encode_basestring(string: Value) -> PyResult<Py<StrObject>> {
        quoted(string, false)
    }
    /// Scan the string s for a JSON string.
    ///
    /// End is the index of the character in s after the quote that started the JSON string. Unescapes all valid JSON string escape
    /// sequences and raises ValueError on attempt to decode an invalid string. If strict is False then literal control characters are
    /// allowed in the string.
    ///
    /// Returns a tuple of the decoded string and the index of the character in s after the end quote.
    "scanstring(string, end, strict=True, /)"
    fn scanstring(string: Value, end: isize, strict: Option<bool>) -> PyResult<Py<TupleObject>> {
        let document = text(string)?;
        let from = usize::try_from(end).ok().filter(|&end| end <= document.len());
        let from = from.ok_or_else(|| raise!(ValueError, "end is out of bounds"))?;
        let strict = strict.unwrap_or(true);
        let (text, end) = match document.units() {
            Units::One(units) => string::scan(document, units, from, strict)?,
            Units::Two(units) => string::scan(document, units, from, strict)?,
            Units::Four(units) => string::scan(document, units, from, strict)?,
        };
        debug_assert!(sequence::clamp_index(end as isize, document.len()) == end);
        Ok(TupleObject::of([text, int::from_i64(end as i64)]))
    }
}
