//! Files for the commands that compile without running.

use std::path::Path;
use std::rc::Rc;

use base::{Diagnostic, Span};
use bytecode::Code;
use host::compile::{Compiled, Rejected, Request, SearchPath, Session, with_module};
use parser::SourceText;
use typeck::program::ModuleKind;

/// Why a file could not be compiled.
pub(crate) enum Failure {
    /// The file could not be read; the message names it.
    Unreadable(String),
    /// The program is wrong.
    Wrong(Vec<Report>),
}

/// One diagnostic with the text that it is about.
pub(crate) struct Report {
    /// The file as the user named it.
    pub(crate) path: String,
    /// Its text; none if it could not be read.
    pub(crate) source: Option<Rc<SourceText>>,
    /// What is wrong.
    pub(crate) diagnostic: Diagnostic,
}

/// Reads and decodes a file.
pub(crate) fn read(path: &Path) -> Result<SourceText, Failure> {
    let shown = path.display();
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::Unreadable(format!("can't open file '{shown}': {}", os_message(&error))))?;
    decode(path, &bytes).map_err(Failure::Wrong)
}

/// The text of a file's bytes.
pub(crate) fn decode(path: &Path, bytes: &[u8]) -> Result<SourceText, Vec<Report>> {
    lexer::decode(bytes).map_err(|error| {
        let diagnostic = Diagnostic::error("SP0002", error.span, error.message);
        reports(path, lexer::decode_lossy(bytes), vec![diagnostic])
    })
}

/// A file or folder that cannot be read, as a finding.
pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Report {
    let diagnostic =
        Diagnostic::error("SP0001", Span::default(), format!("can't read: {}", os_message(error)));
    Report { path: path.display().to_string(), source: None, diagnostic }
}

/// All findings about a file, in the order of their places.
pub(crate) fn reports(path: &Path, source: SourceText, mut diagnostics: Vec<Diagnostic>) -> Vec<Report> {
    diagnostics.sort_by_key(|found| found.primary.span);
    let (path, source) = (path.display().to_string(), Rc::new(source));
    let report = |diagnostic| Report { path: path.clone(), source: Some(Rc::clone(&source)), diagnostic };
    diagnostics.into_iter().map(report).collect()
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
    with_module(source, &Request::new("__main__", path, &loader), take_code)
        .map_err(|rejected| wrong(path, rejected))
}

fn wrong(path: &Path, rejected: Rejected) -> Failure {
    let Rejected { source, diagnostics, .. } = rejected;
    Failure::Wrong(reports(path, source, diagnostics))
}

/// The kind of a module, for listings.
pub(crate) fn kind_text(kind: ModuleKind) -> &'static str {
    match kind {
        ModuleKind::Static => "static",
        ModuleKind::Stub | ModuleKind::Library => "stub",
        ModuleKind::Dynamic => "dynamic",
    }
}
