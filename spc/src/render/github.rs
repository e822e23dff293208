//! Findings as workflow commands of GitHub Actions: `::error file=...,line=...,col=...,title=...::message`.
//!
//! Values of properties and messages are escaped in two ways, as GitHub's runner reads them. The end of a column is told only within one line,
//! since GitHub refuses it otherwise.

use super::{places, rule_name, severity_name};
use crate::compile::Report;

/// One line.
pub(crate) fn text(report: &Report) -> String {
    let diagnostic = &report.diagnostic;
    let kind = match severity_name(diagnostic.severity) {
        "info" => "notice",
        kind => kind,
    };
    let mut properties = vec![format!("file={}", property(&report.path))];
    if let Some(source) = &report.source {
        let (start, end) = places(source, diagnostic.primary.span);
        properties.push(format!("line={},col={}", start.line, start.column));
        properties.push(format!("endLine={}", end.line));
        if start.line == end.line {
            properties.push(format!("endColumn={}", end.column));
        }
    }
    properties.push(format!("title={} {}", diagnostic.code, rule_name(diagnostic.code)));
    let mut message = diagnostic.message.clone();
    let help = diagnostic.help.iter().map(|help| format!("help: {help}"));
    for line in diagnostic.notes.iter().map(|note| format!("note: {note}")).chain(help) {
        message.push('\n');
        message.push_str(&line);
    }
    format!("::{kind} {}::{}\n", properties.join(","), data(&message))
}

/// What stands behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn separators_are_escaped() {
        assert_eq!(data("50%\na: b, c"), "50%25%0Aa: b, c");
        assert_eq!(property("a:b,c%"), "a%3Ab%2Cc%25");
    }
}
