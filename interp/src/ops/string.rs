//! f-strings and template strings.

use runtime::objects::str::StrObject;
use runtime::objects::template;
use runtime::protocol;
use runtime::value::{PyResult, Ref, Value};

/// Joins strs.
pub fn concat(parts: &[Value]) -> PyResult {
    let text = |at: usize| parts[at].get::<StrObject>().expect("the emitter joins strs");
    StrObject::joined(&StrObject::empty(), parts.len(), text).map(Into::into)
}

/// `format(value, spec)`; a str without a spec is itself.
pub fn format(value: &Ref, spec: Option<&Ref>) -> PyResult {
    match spec {
        None if value.get_exact::<StrObject>().is_some() => Ok(value.clone()),
        None => protocol::format(value.value(), StrObject::empty().value()),
        Some(spec) => protocol::format(value.value(), spec.value()),
    }
}

/// `!s`, `!r`, `!a`
pub fn convert(value: &Ref, conversion: usize) -> PyResult {
    match conversion {
        1 => protocol::str(value.value()),
        2 => protocol::repr(value.value()),
        _ => protocol::ascii(value.value()),
    }
}

/// An interpolation of a template string; bit 0 of the operand says whether there is a format, the others are the conversion.
pub fn interpolation(value: Ref, expression: Ref, spec: Option<Ref>, operand: usize) -> Ref {
    template::interpolation(value, expression, operand >> 1, spec)
}

/// A template string of tuples of strings and interpolations.
pub fn template(strings: Ref, interpolations: Ref) -> Ref {
    template::template(strings, interpolations)
}
