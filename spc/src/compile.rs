//! Files for the commands that compile without running.

use std::path::Path;

use base::Diagnostic;
use bytecode::Code;
use host::compile::{Compiled, Rejected, SearchPath, Session, with_module};
use parser::SourceText;
use typeck::program::ModuleKind;

/// Why a file could not be compiled.
pub(crate) enum Failure {
    /// The file could not be read.
    Unreadable(String),
    /// The program is wrong.
    Wrong(Vec<Report>),
}

/// One diagnostic with the text that it is about.
pub(crate) struct Report {
    /// The file as the user named it.
    pub(crate) path: String,
    /// Its text.
    pub(crate) source: SourceText,
    /// What is wrong.
    pub(crate) diagnostic: Diagnostic,
}

/// Reads and decodes a file.
pub(crate) fn read(path: &Path) -> Result<SourceText, Failure> {
    let shown = path.display();
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::Unreadable(format!("can't open file '{shown}': {}", os_message(&error))))?;
    lexer::decode(&bytes).map_err(|error| {
        let source = SourceText::new(String::from_utf8_lossy(&bytes).into_owned());
        Failure::Wrong(vec![Report { path: shown.to_string(), source, diagnostic: error.to_diagnostic() }])
    })
}

/// `[Errno 2] No such file or directory`
fn os_message(error: &std::io::Error) -> String {
    let text = error.to_string();
    let message = text.split(" (os error").next().unwrap_or(&text);
    match error.raw_os_error() {
        Some(number) => format!("[Errno {number}] {message}"),
        None => message.to_owned(),
    }
}

/// Compiles a file and hands the checked session, if it is static, and the code to `then`.
pub(crate) fn with_code<T>(
    path: &Path,
    then: impl FnOnce(&SourceText, Session<'_, '_>, Code) -> T,
) -> Result<T, Failure> {
    let source = read(path)?;
    let directory = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let loader = SearchPath { directories: vec![directory] };
    let take_code = |source: &SourceText, session: Session<'_, '_>, compiled: Compiled| {
        then(source, session, compiled.code)
    };
    with_module(source, "__main__", path, &loader, take_code).map_err(|rejected| wrong(path, rejected))
}

fn wrong(path: &Path, rejected: Rejected) -> Failure {
    let Rejected { source, diagnostics, .. } = rejected;
    let report = |diagnostic| Report { path: path.display().to_string(), source: source.clone(), diagnostic };
    Failure::Wrong(diagnostics.into_iter().map(report).collect())
}

/// The kind of a module, for listings.
pub(crate) fn kind_text(kind: ModuleKind) -> &'static str {
    match kind {
        ModuleKind::Static => "static",
        ModuleKind::Stub => "stub",
        ModuleKind::Dynamic => "dynamic",
    }
}
