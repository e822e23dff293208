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
    if let Some(encoding) = problem.message.strip_prefix("unknown encoding: ")
        && let Some(text) = decode_by_codec(bytes, encoding)?
    {
        return Ok(SourceText::new(text));
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

/// What a codec of Python makes of the bytes; nothing if there is no such codec.
fn decode_by_codec(bytes: &[u8], encoding: &str) -> PyResult<Option<String>> {
    let (object, name) = (BytesObject::new(bytes), StrObject::new(encoding));
    let decoded = protocol::call_method_text(object.value(), "decode", &[name.value()]);
    let decoded = match decoded {
        Ok(decoded) => decoded,
        Err(raised) => {
            let exception = thread().take_raised(raised);
            if exception.ty().is_subclass_of(&types::LookupError) {
                return Ok(None);
            }
            let shown = protocol::str_string(exception.value())?;
            return Err(error::raise(&types::SyntaxError, &format!("(unicode error) {shown}")));
        }
    };
    decoded.get::<StrObject>().map(StrObject::to_utf8).transpose()
}

/// A `SyntaxError` about a source that could not be looked into.
fn raise_without_place(message: &str, filename: &str) -> Raised {
    let none = || objects::none().to_ref();
    let details = TupleObject::of([
        StrObject::new(filename).into(),
        int::from_i64(0),
        int::from_i64(-1),
        none(),
        none(),
        none(),
    ]);
    let message: Ref = StrObject::new(message).into();
    error::raise_with_args(&types::SyntaxError, &[message.value(), details.value()])
}
