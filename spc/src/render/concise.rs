//! Findings in one line each: `path:line:column: error[CODE] message`, which editors know how to read.

use super::{places, severity_name, shown_path};
use crate::compile::Report;

/// One line.
pub(crate) fn text(report: &Report) -> String {
    let diagnostic = &report.diagnostic;
    let place = report.source.as_ref().map_or_else(String::new, |source| {
        let (start, _) = places(source, diagnostic.primary.span);
        format!(":{}:{}", start.line, start.column)
    });
    let (severity, code) = (severity_name(diagnostic.severity), diagnostic.code);
    let help = diagnostic.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
    let said = format!("{}{help}", diagnostic.message).replace('\n', " ");
    format!("{}{place}: {severity}[{code}] {said}\n", shown_path(&report.path))
}
