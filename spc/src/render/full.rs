//! Findings for people, by annotate-snippets: the guilty lines with carets, other places with dashes, notes and help below.
//!
//! The library panics on ranges that are no text; [`range`] gives none.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use base::{Label, Severity};

use super::{range, shown_path};
use crate::compile::Report;

/// One finding, with an empty line behind it.
pub(crate) fn text(report: &Report, is_coloured: bool) -> String {
    let diagnostic = &report.diagnostic;
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let mut group = Group::with_title(level.primary_title(&*diagnostic.message).id(diagnostic.code));
    match &report.source {
        Some(source) => group = group.element(own_lines(report, source.text())),
        None => group = group.element(Origin::path(shown_path(&report.path))),
    }
    for label in &diagnostic.secondary {
        if let Some(origin) = &label.origin {
            let annotation =
                AnnotationKind::Context.span(range(label.span, &origin.text)).label(&*label.text);
            group = group.element(
                Snippet::source(&*origin.text).path(shown_path(&origin.path)).annotation(annotation),
            );
        }
    }
    group = group.elements(diagnostic.notes.iter().map(|note| Level::NOTE.message(&**note)));
    group = group.elements(diagnostic.help.iter().map(|help| Level::HELP.message(&**help)));
    let renderer = if is_coloured { Renderer::styled() } else { Renderer::plain() };
    format!("{}\n\n", renderer.render(&[group]))
}

/// The lines of the file that the finding is about.
fn own_lines<'r>(report: &'r Report, text: &'r str) -> Snippet<'r, Annotation<'r>> {
    let diagnostic = &report.diagnostic;
    let mut primary = AnnotationKind::Primary.span(range(diagnostic.primary.span, text));
    if !diagnostic.primary.text.is_empty() {
        primary = primary.label(&*diagnostic.primary.text);
    }
    let is_own = |label: &&Label| label.origin.is_none();
    let others = diagnostic.secondary.iter().filter(is_own).map(|label| {
        let annotation = AnnotationKind::Context.span(range(label.span, text));
        annotation.label(&*label.text)
    });
    Snippet::source(text).path(shown_path(&report.path)).annotation(primary).annotations(others)
}
