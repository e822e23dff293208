//! `SyntaxWarning`s of the compiler, by way of `_warnings`, which decides by its filters what becomes of them.
//!
//! One that a filter turns into an exception is a `SyntaxError` at the same place. The library is not doubted.

use std::path::Path;

use emit::Doubt;
use parser::SourceText;
use runtime::error::{self, types};
use runtime::objects::str::StrObject;
use runtime::protocol;
use runtime::value::{PyResult, Value};

use crate::compile::{Located, raise_located};

/// Issues what is doubted in a source text.
pub(crate) fn issue(source: &SourceText, filename: &str, doubts: &[Doubt]) -> PyResult<()> {
    issue_at(Located { source, lines: None }, filename, doubts)
}

/// Issues what is doubted in a tree, with a text or without.
pub(crate) fn issue_at(place: Located<'_>, filename: &str, doubts: &[Doubt]) -> PyResult<()> {
    if doubts.is_empty() || Path::new(filename).starts_with(stdlib::library::ROOT) {
        return Ok(());
    }
    let warnings = protocol::import::import_absolute("_warnings")?;
    for doubt in doubts {
        let message = StrObject::new(&doubt.message);
        let (category, name) = (types::SyntaxWarning.value(), StrObject::new(filename));
        let line = place.lines.unwrap_or(place.source.lines()).line(doubt.span.start);
        let args = [message.value(), category, name.value(), Value::small(i64::from(line))];
        let issued = protocol::call_method_text(warnings.value(), "warn_explicit", &args);
        if error::ignore(issued, &types::SyntaxWarning)?.is_none() {
            let error = parser::SyntaxError::new(doubt.span, doubt.message.clone());
            return Err(raise_located(place, filename, &error));
        }
    }
    Ok(())
}
