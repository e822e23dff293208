//! Findings for programs: JSON Lines, one object for each, members always in this order.
//!
//! `code`, `name`, `severity` (`"error"`, `"warning"`), `message`, `path`, `start` and `end` (`{"line": 1, "column": 1}`, 1-based, in
//! characters, the end behind the last one; `null` if the file cannot be read), `label` (what is said of that place, or `null`), `labels` (other
//! places: `path`, `start`, `end`, `message`), `notes` (texts), `help` (a text or `null`).

use std::fmt::Write;

use base::Span;
use parser::SourceText;

use super::{places, rule_name, severity_name};
use crate::compile::Report;

/// One line.
pub(crate) fn text(report: &Report) -> String {
    let diagnostic = &report.diagnostic;
    let labels = diagnostic.secondary.iter().map(|label| {
        let (path, range) = match (&label.origin, &report.source) {
            (Some(origin), _) => (&origin.path, range(&SourceText::new(&*origin.text), label.span)),
            (None, Some(source)) => (&report.path, range(source, label.span)),
            (None, None) => (&report.path, NOWHERE.to_owned()),
        };
        format!("{{\"path\":{},{range},\"message\":{}}}", string(path), string(&label.text))
    });
    let own = report.source.as_ref().map(|source| range(source, diagnostic.primary.span));
    let members = [
        format!("\"code\":{}", string(diagnostic.code)),
        format!("\"name\":{}", string(rule_name(diagnostic.code))),
        format!("\"severity\":{}", string(severity_name(diagnostic.severity))),
        format!("\"message\":{}", string(&diagnostic.message)),
        format!("\"path\":{}", string(&report.path)),
        own.unwrap_or_else(|| NOWHERE.to_owned()),
        format!("\"label\":{}", optional(Some(&diagnostic.primary.text).filter(|text| !text.is_empty()))),
        format!("\"labels\":[{}]", labels.collect::<Vec<_>>().join(",")),
        format!(
            "\"notes\":[{}]",
            diagnostic.notes.iter().map(|note| string(note)).collect::<Vec<_>>().join(",")
        ),
        format!("\"help\":{}", optional(diagnostic.help.as_ref())),
    ];
    format!("{{{}}}\n", members.join(","))
}

/// The range of what has no text.
const NOWHERE: &str = "\"start\":null,\"end\":null";

fn range(source: &SourceText, span: Span) -> String {
    let (start, end) = places(source, span);
    let object = |place: super::Place| format!("{{\"line\":{},\"column\":{}}}", place.line, place.column);
    format!("\"start\":{},\"end\":{}", object(start), object(end))
}

fn optional(text: Option<&String>) -> String {
    text.map_or_else(|| "null".to_owned(), |text| string(text))
}

/// A JSON string.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if u32::from(c) < 0x20 || c == '\x7f' => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("writing to a string succeeds");
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::string;

    #[test]
    fn strings_are_escaped() {
        assert_eq!(string("a\"b\\c\n\t\u{1}\u{e9}"), r#""a\"b\\c\n\t\u0001é""#);
    }
}
