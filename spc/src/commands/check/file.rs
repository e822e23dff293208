//! What is found in one file.

use std::path::Path;

use base::{Diagnostic, Span};
use host::compile::{Compiled, Rejected, Request, Session, effects, with_module};
use host::settings::{Level, Settings};
use parser::SourceText;
use typeck::ModuleLoader;

use super::Subject;
use crate::compile::{self, Report};
use crate::keyword;

/// What is wrong with the syntax of a file.
pub(super) fn syntax(path: &Path, source: SourceText) -> Vec<Report> {
    let arena = bumpalo::Bump::new();
    let error = parser::parse_module(&source, &arena).err().map(|error| with_keyword(&source, &error));
    compile::reports(path, source, error.into_iter().collect())
}

/// A syntax error, with the keyword that was perhaps meant.
fn with_keyword(source: &SourceText, error: &parser::SyntaxError) -> Diagnostic {
    let diagnostic = error.to_diagnostic();
    match keyword::meant(source, error) {
        Some((span, meant)) if span == diagnostic.primary.span => diagnostic.with_suggestion(Some(meant)),
        Some((span, meant)) => diagnostic.with_label(span, format!("did you mean `{meant}`?")),
        None => diagnostic,
    }
}

/// All errors of a file, or what the subject is about.
pub(super) fn whole(
    path: &Path,
    source: SourceText,
    name: &str,
    loader: &dyn ModuleLoader,
    settings: &Settings,
    subject: Subject,
) -> (SourceText, Vec<Diagnostic>) {
    let accepted = |source: &SourceText, session: Session<'_, '_>, compiled: Compiled| {
        let found = match subject {
            Subject::Speed => session.map(|(program, module)| typeck::perf::findings(program, module)),
            _ => Some(doubts(session, &compiled)),
        };
        (source.clone(), found.unwrap_or_default())
    };
    let conflict = conflicting_source(path, &source, name, loader);
    let request = Request { settings: Some(settings), ..Request::new(name, path, loader) };
    let (source, mut found) = match with_module(source, &request, accepted) {
        Ok((source, mut found)) => {
            if let Some(level) = level_of_static(subject, settings)
                && mentions_static(&source)
            {
                found.extend(effects(loader, settings, level, name, path, &source));
            }
            (source, found)
        }
        Err(Rejected { source, syntax: Some(error), .. }) => {
            let diagnostic = with_keyword(&source, &error);
            (source, vec![diagnostic])
        }
        Err(rejected) => (rejected.source, rejected.diagnostics),
    };
    found.extend(conflict);
    (source, found)
}

/// Another file that an import of a strict module finds under its name.
fn conflicting_source(
    path: &Path,
    source: &SourceText,
    name: &str,
    loader: &dyn ModuleLoader,
) -> Option<Diagnostic> {
    if !source.text().contains("__strict__") || !markers_of(source).is_analysed {
        return None;
    }
    let (other, _) = loader.load(name)?;
    let is_same = std::fs::canonicalize(path).ok()? == std::fs::canonicalize(&other).ok()?;
    let message = format!("`{name}` is also the name of `{other}`, which is what an import finds");
    let diagnostic = || Diagnostic::error("SP0853", Span::default(), message);
    (!is_same).then(|| diagnostic().with_help("rename one of both"))
}

/// How serious it is what importing static modules does, if somebody wants to know.
fn level_of_static(subject: Subject, settings: &Settings) -> Option<Level> {
    match subject {
        Subject::Program { is_strict: true, .. } => Some(settings.of_static.unwrap_or(Level::Error)),
        Subject::Program { is_strict: false, .. } => settings.of_static,
        Subject::Syntax | Subject::Speed => None,
    }
}

/// Whether a source opts in with `import __static__` alone: strict modules have been analysed.
fn mentions_static(source: &SourceText) -> bool {
    let markers = markers_of(source);
    markers.is_static && !markers.is_analysed
}

fn markers_of(source: &SourceText) -> typeck::Markers {
    let arena = bumpalo::Bump::new();
    parser::parse_module(source, &arena).map(|tree| typeck::markers(tree.body)).unwrap_or_default()
}

/// Warnings about a program that is accepted.
fn doubts(session: Session<'_, '_>, compiled: &Compiled) -> Vec<Diagnostic> {
    let doubt = |doubt: &emit::Doubt| Diagnostic::new("SP0004", doubt.span, &*doubt.message);
    let mut found: Vec<Diagnostic> = compiled.doubts.iter().map(doubt).collect();
    let of_checker = session.map(|(program, module)| program.modules[module].diagnostics.clone());
    found.extend(of_checker.unwrap_or_default());
    found.extend(compiled.remarks.iter().cloned());
    found
}
