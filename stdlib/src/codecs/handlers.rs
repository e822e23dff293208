//! The standard error handlers as functions of an exception: what `codecs.lookup_error` gives for their names.

use runtime::codec::handler::{Replacement, STANDARD, Standard, replace_undecodable, replace_unencodable};
use runtime::codec::registry;
use runtime::error::ExceptionObject;
use runtime::error::exception::restore;
use runtime::error::unicode::{self, Kind, Parts};
use runtime::objects::builtin_function::BuiltinFunction;
use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::{PyResult, Ref, Value, protocol, py_functions, raise};

/// Enters the handlers in the registry under their names.
pub(super) fn register(module: &ModuleObject) -> PyResult<()> {
    let owner = StrObject::new(&module.name()).into_ref();
    for ((name, _), def) in STANDARD.iter().zip(HANDLERS) {
        let function = BuiltinFunction::new(def, Some(owner.clone()));
        registry::register_error(&StrObject::intern(name), function.value())?;
    }
    Ok(())
}

fn unknown(exception: Value) -> runtime::Raised {
    raise!(TypeError, "don't know how to handle {} in error callback", exception.ty().name())
}

/// Replacement and the position to go on at.
fn handle(handler: Standard, exception: Value) -> PyResult {
    if handler == Standard::Strict {
        if exception.is_instance::<ExceptionObject>() {
            return Err(restore(exception.to_ref()));
        }
        return Err(raise!(TypeError, "codec must pass exception instance"));
    }
    let Some(parts) = unicode::parts(exception)? else { return Err(unknown(exception)) };
    let encoding = match parts.kind {
        Kind::Translate => String::new(),
        _ => exception
            .get::<ExceptionObject>()
            .and_then(|exception| exception.extra[0].get_ref())
            .map_or(Ok(String::new()), |name| protocol::str_string(name.value()))?,
    };
    let (replacement, resume) = replaced(handler, exception, &parts, &encoding)?;
    Ok(TupleObject::of([replacement, int::from_i64(resume as i64)]).into())
}

fn replaced(handler: Standard, exception: Value, parts: &Parts, encoding: &str) -> PyResult<(Ref, usize)> {
    let &Parts { kind, ref object, start, end } = parts;
    if kind == Kind::Decode {
        if matches!(handler, Standard::CharRef | Standard::Name) {
            return Err(unknown(exception));
        }
        let data = object.get::<BytesObject>().expect("checked with the parts").as_slice();
        return match replace_undecodable(handler, encoding, data, start, end.max(start)) {
            Some((points, resume)) => Ok((StrObject::from_code_points(&points).into(), resume)),
            None => Err(restore(exception.to_ref())),
        };
    }
    let is_for_encoding = matches!(
        handler,
        Standard::CharRef | Standard::Name | Standard::SurrogateEscape | Standard::SurrogatePass
    );
    if kind == Kind::Translate && is_for_encoding {
        return Err(unknown(exception));
    }
    let text = object.get::<StrObject>().expect("checked with the parts");
    let points: Vec<u32> = (start..end.min(text.len())).map(|at| text.code_point(at)).collect();
    if kind == Kind::Translate && handler == Standard::Replace {
        return Ok((StrObject::from_code_points(&vec![0xfffd; points.len()]).into(), end));
    }
    match replace_unencodable(handler, encoding, &points) {
        Some(Replacement::Text(points)) => Ok((StrObject::from_code_points(&points).into(), end)),
        Some(Replacement::Bytes(bytes)) => Ok((BytesObject::new(&bytes).into(), end)),
        None => Err(restore(exception.to_ref())),
    }
}

// In the order of the table of standard handlers.
py_functions! { static HANDLERS;
    /// Implements the 'strict' error handling, which raises a UnicodeError on coding errors.
    "strict_errors(exception, /)"
    fn strict_errors(exception: Value) -> PyResult {
        handle(Standard::Strict, exception)
    }
    /// Implements the 'ignore' error handling, which ignores malformed data and continues.
    "ignore_errors(exception, /)"
    fn ignore_errors(exception: Value) -> PyResult {
        handle(Standard::Ignore, exception)
    }
    /// Implements the 'replace' error handling, which replaces malformed data with a replacement marker.
    "replace_errors(exception, /)"
    fn replace_errors(exception: Value) -> PyResult {
        handle(Standard::Replace, exception)
    }
    /// Implements the 'backslashreplace' error handling, which replaces malformed data with a backslashed escape sequence.
    "backslashreplace_errors(exception, /)"
    fn backslashreplace_errors(exception: Value) -> PyResult {
        handle(Standard::Backslash, exception)
    }
    /// Implements the 'xmlcharrefreplace' error handling, which replaces an unencodable character with an XML reference.
    "xmlcharrefreplace_errors(exception, /)"
    fn xmlcharrefreplace_errors(exception: Value) -> PyResult {
        handle(Standard::CharRef, exception)
    }
    /// Implements the 'namereplace' error handling, which replaces an unencodable character with a \N{...} escape sequence.
    "namereplace_errors(exception, /)"
    fn namereplace_errors(exception: Value) -> PyResult {
        handle(Standard::Name, exception)
    }
    /// Implements the 'surrogateescape' error handling.
    "surrogateescape_errors(exception, /)"
    fn surrogateescape_errors(exception: Value) -> PyResult {
        handle(Standard::SurrogateEscape, exception)
    }
    /// Implements the 'surrogatepass' error handling.
    "surrogatepass_errors(exception, /)"
    fn surrogatepass_errors(exception: Value) -> PyResult {
        handle(Standard::SurrogatePass, exception)
    }
}
