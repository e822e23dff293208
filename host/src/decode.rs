//! Source bytes to text: what the lexer decodes itself, and the codecs of Python for encodings that it does not know.

use parser::SourceText;
use runtime::error::{self, types};
use runtime::objects;
use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::value::{PyResult, Raised, Ref};
use runtime::{protocol, thread};

use crate::compile::raise_syntax_error;

/// Decodes source bytes; those of a file are told apart from others in messages.
pub(crate) fn source(bytes: &[u8], filename: &str, is_file: bool) -> PyResult<SourceText> {
    let decoded = if is_file { lexer::decode_file(bytes, filename) } else { lexer::decode(bytes) };
    let problem = match decoded {
        Ok(source) => return Ok(source),
        Err(problem) => problem,
    };
    if let Some(encoding) = problem.message.strip_prefix("unknown encoding: ") {
        match decode_by_codec(bytes, encoding)? {
            Decoded::Text(text) => return Ok(SourceText::new(text)),
            Decoded::Wrong(shown) if is_file => {
                return Err(error::raise(&types::SyntaxError, &format!("{CODEC_ERROR}{shown}")));
            }
            Decoded::Wrong(shown) => return Err(raise_without_place(&shown, filename)),
            Decoded::NoCodec => {}
        }
    }
    // Bytes that are no file are decoded before anybody looks for lines; what is not UTF-8 is found by the tokenizer.
    let of_codec = problem.message.strip_prefix(CODEC_ERROR).filter(|shown| !shown.starts_with("'utf-8'"));
    if let Some(shown) = of_codec.filter(|_| !is_file) {
        return Err(raise_without_place(shown, filename));
    }
    let is_unknown = problem.message.starts_with("unknown encoding: ");
    if is_file && (is_unknown || problem.message.starts_with("Non-UTF-8 ")) {
        // A file that is no text at all is not looked into.
        let message = problem.message.replace("unknown encoding: ", "encoding problem: ");
        return Err(error::raise(&types::SyntaxError, &message));
    }
    if is_unknown || problem.message.starts_with("encoding problem: ") {
        return Err(raise_without_place(&problem.message, filename));
    }
    Err(raise_syntax_error(&lexer::decode_lossy(bytes), filename, &problem))
}

/// How errors of codecs begin where the source is a file.
const CODEC_ERROR: &str = "(unicode error) ";

/// What a codec of Python makes of bytes.
enum Decoded {
    Text(String),
    /// What it says is wrong with them.
    Wrong(String),
    /// There is no such codec.
    NoCodec,
}

/// Asks a codec of Python.
fn decode_by_codec(bytes: &[u8], encoding: &str) -> PyResult<Decoded> {
    let (object, name) = (BytesObject::new(bytes), StrObject::new(encoding));
    let decoded = protocol::call_method_text(object.value(), "decode", &[name.value()]);
    let decoded = match decoded {
        Ok(decoded) => decoded,
        Err(raised) => {
            let exception = thread().take_raised(raised);
            if exception.ty().is_subclass_of(&types::LookupError) {
                return Ok(Decoded::NoCodec);
            }
            return protocol::str_string(exception.value()).map(Decoded::Wrong);
        }
    };
    decoded.get::<StrObject>().map_or(Ok(Decoded::NoCodec), |text| text.to_utf8().map(Decoded::Text))
}

/// A `SyntaxError` about a source that could not be looked into.
fn raise_without_place(message: &str, filename: &str) -> Raised {
    let details = TupleObject::of([
        StrObject::new(filename).into(),
        int::from_i64(0),
        int::from_i64(-1),
        objects::none().to_ref(),
    ]);
    let message: Ref = StrObject::new(message).into();
    error::raise_with_args(&types::SyntaxError, &[message.value(), details.value()])
}
