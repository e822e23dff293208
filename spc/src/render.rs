//! Errors for people, by annotate-snippets.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use base::{Severity, Span};

use crate::compile::{Failure, Report};

/// Prints why a file could not be compiled.
pub(crate) fn failure(failure: &Failure) {
    match failure {
        Failure::Unreadable(message) => eprintln!("spc: {message}"),
        Failure::Wrong(reports) => reports.iter().for_each(report),
    }
}

/// Prints one diagnostic with the source lines that matter.
pub(crate) fn report(report: &Report) {
    let diagnostic = &report.diagnostic;
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let text = report.source.text();
    let clamp = |span: Span| (span.start as usize).min(text.len())..(span.end as usize).min(text.len());
    let mut primary = AnnotationKind::Primary.span(clamp(diagnostic.primary.span));
    if !diagnostic.primary.text.is_empty() {
        primary = primary.label(&diagnostic.primary.text);
    }
    let mut snippet = Snippet::source(text).path(&report.path).annotation(primary);
    for label in &diagnostic.secondary {
        snippet = snippet.annotation(AnnotationKind::Context.span(clamp(label.span)).label(&label.text));
    }
    let title = level.primary_title(&diagnostic.message).id(diagnostic.code);
    let mut group = Group::with_title(title).element(snippet);
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help));
    }
    eprintln!("{}\n", Renderer::plain().render(&[group]));
}
