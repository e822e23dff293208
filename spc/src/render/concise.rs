//! Findings in one line each: `path:line:column: error[CODE] message`, which editors know how to read.

use super::{places, severity_name};
use crate::compile::Report;

/// One line.
pub(crate) fn text(report: &Report) -> String {
    let diagnostic = &report.diagnostic;
    let place = report.source.as_ref().map_or_else(String::new, |source| {
        let (start, _) = places(source, diagnostic.primary.span);
        format!(":{}:{}", start.line, start.column)
    });
    let (severity, code) = (severity_name(diagnostic.severity), diagnostic.code);
    let message = diagnostic.message.replace('\n', " ");
    let help = diagnostic.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
    format!("{}{place}: {severity}[{code}] {message}{help}\n", report.path)
}
