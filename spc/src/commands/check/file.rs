//! What is found in one file.

use std::path::Path;

use base::Diagnostic;
use host::compile::{Compiled, Rejected, Session, with_module};
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
    subject: Subject,
) -> (SourceText, Vec<Diagnostic>) {
    let accepted = |source: &SourceText, session: Session<'_, '_>, compiled: Compiled| {
        let found = match subject {
            Subject::Speed => session.map(|(program, module)| typeck::perf::findings(program, module)),
            _ => Some(doubts(session, &compiled)),
        };
        (source.clone(), found.unwrap_or_default())
    };
    match with_module(source, name, path, loader, accepted) {
        Ok((source, mut found)) => {
            if subject == (Subject::Program { is_strict: true }) && mentions_static(&source) {
                let shown = path.display().to_string();
                found.extend(typeck::strict::findings(loader, name, &shown, source.text()));
            }
            (source, found)
        }
        Err(Rejected { source, syntax: Some(error), .. }) => {
            let diagnostic = with_keyword(&source, &error);
            (source, vec![diagnostic])
        }
        Err(rejected) => (rejected.source, rejected.diagnostics),
    }
}

/// Whether a source opts in with `import __static__` alone: strict modules have been analysed.
fn mentions_static(source: &SourceText) -> bool {
    let arena = bumpalo::Bump::new();
    let markers = parser::parse_module(source, &arena).map(|tree| typeck::markers(tree.body));
    markers.is_ok_and(|markers| markers.is_static && !markers.is_analysed)
}

/// Warnings about a program that is accepted.
fn doubts(session: Session<'_, '_>, compiled: &Compiled) -> Vec<Diagnostic> {
    let doubt = |doubt: &emit::Doubt| Diagnostic::new("SP0004", doubt.span, &*doubt.message);
    let mut found: Vec<Diagnostic> = compiled.doubts.iter().map(doubt).collect();
    let of_checker = session.map(|(program, module)| program.modules[module].diagnostics.clone());
    found.extend(of_checker.unwrap_or_default());
    found
}
