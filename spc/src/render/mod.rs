//! Findings as text: for people, for editors, for programs, for GitHub.
//!
//! - `full`: source lines with carets, by annotate-snippets
//! - `concise`: one line each, as compilers write them
//! - `json`: one object a line
//! - `github`: workflow commands, which GitHub shows beside the changed lines
//!
//! What is written depends on the findings alone, and on whether colours are wanted.

mod concise;
mod full;
mod github;
mod json;

use std::borrow::Cow;
use std::io::IsTerminal;
use std::ops::Range;

use base::Span;
use clap::ValueEnum;
use parser::SourceText;

use crate::compile::{Failure, Report};

/// `--output-format=...`
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug, Default)]
pub(crate) enum Format {
    /// Source lines with carets and labels.
    #[default]
    Full,
    /// `path:line:column: error[CODE] message`
    Concise,
    /// One JSON object a line.
    Json,
    /// Workflow commands of GitHub.
    Github,
}

/// One finding in a format, with its line ends.
pub(crate) fn text(report: &Report, format: Format, is_coloured: bool) -> String {
    match format {
        Format::Full => full::text(report, is_coloured),
        Format::Concise => concise::text(report),
        Format::Json => json::text(report),
        Format::Github => github::text(report),
    }
}

/// Whether a stream is to be coloured: only a terminal is, unless `NO_COLOR` is set; `FORCE_COLOR` takes anything for a terminal.
pub(crate) fn is_coloured(stream: &impl IsTerminal) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && (is_set("FORCE_COLOR") || stream.is_terminal())
}

/// Prints why a file could not be compiled, on standard error.
pub(crate) fn failure(failure: &Failure) {
    match failure {
        Failure::Unreadable(message) => eprintln!("spc: {message}"),
        Failure::Wrong(reports) => {
            let is_coloured = is_coloured(&std::io::stderr());
            reports.iter().for_each(|report| eprint!("{}", text(report, Format::Full, is_coloured)));
        }
    }
}

/// 1-based line and column of a place, counted in characters.
#[derive(Clone, Copy)]
struct Place {
    line: u32,
    column: u32,
}

/// Where a range starts and ends.
fn places(source: &SourceText, span: Span) -> (Place, Place) {
    let place = |offset| {
        let (line, column) = source.character_position(offset as u32);
        Place { line, column }
    };
    let range = range(span, source.text());
    (place(range.start), place(range.end))
}

/// A range of bytes that is one of the text, on borders of characters. A line end at its end is left out, or it would reach into the next
/// line.
fn range(span: Span, text: &str) -> Range<usize> {
    let start = text.floor_char_boundary(span.start as usize);
    let end = text.ceil_char_boundary((span.end as usize).min(text.len())).max(start);
    let end = start + text[start..end].trim_end_matches('\n').len();
    start..end
}

/// A name of a file with control characters spelled out, so that it stays on its line and tells the terminal nothing.
fn shown_path(path: &str) -> Cow<'_, str> {
    if !path.contains(char::is_control) {
        return Cow::Borrowed(path);
    }
    let spelled = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(path.chars().map(spelled).collect())
}

/// What a finding is called: its code and the name of the rule.
pub(crate) fn rule_name(code: &str) -> &'static str {
    base::rule::find(code).map_or("", |rule| rule.name)
}

/// The word for a severity.
pub(crate) fn severity_name(severity: base::Severity) -> &'static str {
    match severity {
        base::Severity::Error => "error",
        base::Severity::Warning => "warning",
        base::Severity::Info => "info",
    }
}
