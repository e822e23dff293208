//! `StrictModuleError`: what importing a module raises that would do more than make its own names.
//!
//! It is a `SyntaxError` at the top-level expression; `code` is that of the finding, `chain` has the places that lead to the effect, and
//! what is printed has them, too.

use base::{Diagnostic, LineIndex};
use parser::SourceText;
use runtime::error;
use runtime::objects::list::ListObject;
use runtime::objects::str::StrObject;
use runtime::objects::strict_module::STRICT_MODULE_ERROR;
use runtime::protocol;
use runtime::value::{Raised, Ref, Value};

use crate::compile::syntax_error_args;

/// Raises a finding about a strict module.
pub(crate) fn raise(source: &SourceText, filename: &str, found: &Diagnostic) -> Raised {
    let about = parser::SyntaxError::new(found.primary.span, found.message.clone());
    let args = syntax_error_args(source, filename, &about);
    let exception = error::new_exception(&STRICT_MODULE_ERROR, &args.each_ref().map(Ref::value));
    let chain = chain(source, filename, found);
    let text = |text: &String| StrObject::new(text).into();
    let help = found.help.iter().map(|help| format!("help: {help}"));
    let notes: Vec<Ref> =
        chain.iter().map(|line| format!("  {line}")).chain(help).map(|line| text(&line)).collect();
    let column = runtime::objects::int::from_i64(about.location(source).offset.into());
    let mut attributes = vec![
        ("code", StrObject::new(found.code).into()),
        ("chain", ListObject::new(chain.iter().map(text).collect()).into()),
        ("col", column),
    ];
    if !notes.is_empty() {
        attributes.push(("__notes__", ListObject::new(notes).into()));
    }
    let object = Value::from_object(&*exception);
    for (name, value) in attributes {
        if let Err(raised) = protocol::set_attr(object, StrObject::intern(name).value(), value.value()) {
            return raised;
        }
    }
    error::raise_object(exception.into())
}

/// `file:line: text` for each place that leads to the effect.
fn chain(source: &SourceText, filename: &str, found: &Diagnostic) -> Vec<String> {
    let places = found.secondary.iter().map(|label| {
        let (path, line) = match &label.origin {
            Some(origin) => (&*origin.path, LineIndex::new(&origin.text).line(label.span.start)),
            None => (filename, source.lines().line(label.span.start)),
        };
        format!("{path}:{line}: {}", label.text)
    });
    places.collect()
}
