//! From a file to checked trees and bytecode, with every error found on the way.

use std::path::{Path, PathBuf};

use base::Diagnostic;
use bumpalo::Bump;
use bytecode::Code;
use parser::SourceText;
use typeck::program::ModuleKind;
use typeck::{ModuleId, ModuleLoader, Program};

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

/// Finds static modules beside the main file.
pub(crate) struct Directory {
    root: PathBuf,
}

impl Directory {
    /// The directory of a file.
    pub(crate) fn of(path: &Path) -> Self {
        Self { root: path.parent().map(Path::to_path_buf).unwrap_or_default() }
    }
}

impl ModuleLoader for Directory {
    fn load(&self, name: &str) -> Option<(String, String)> {
        let base = name.split('.').fold(self.root.clone(), |path, part| path.join(part));
        for candidate in [base.join("__init__.py"), base.with_extension("py")] {
            if let Ok(bytes) = std::fs::read(&candidate) {
                let source = lexer::decode(&bytes).ok()?;
                return Some((candidate.display().to_string(), source.text().to_owned()));
            }
        }
        None
    }
}

/// Compiles a file and hands the checked session, if it is static, and the code to `then`.
pub(crate) fn with_code<T>(
    path: &Path,
    then: impl FnOnce(&SourceText, Option<(&Program<'_>, ModuleId)>, Code) -> T,
) -> Result<T, Failure> {
    let source = read(path)?;
    let arena = Bump::new();
    let wrong = |diagnostics: Vec<Diagnostic>| {
        let report =
            |diagnostic| Report { path: path.display().to_string(), source: source.clone(), diagnostic };
        Failure::Wrong(diagnostics.into_iter().map(report).collect())
    };
    let tree = parser::parse_module(&source, &arena).map_err(|error| wrong(vec![error.to_diagnostic()]))?;
    let options =
        emit::Options { filename: path.display().to_string().into(), optimize: 0, future_annotations: false };
    let syntax = |error: emit::EmitError| wrong(vec![Diagnostic::error("syntax", error.span, error.message)]);
    if !typeck::opts_in(tree.body) {
        let code = emit::emit_module(&tree, source.text(), &options).map_err(syntax)?;
        return Ok(then(&source, None, code));
    }
    let scopes = typeck::scope::analyse(&tree, true)
        .map_err(|error| wrong(vec![Diagnostic::error("syntax", error.span, error.message)]))?;
    let loader = Directory::of(path);
    let mut program = Program::new(&arena, &loader);
    let module = program.add_main(path.display().to_string().as_str(), source.text(), tree, scopes);
    program.check_module(module);
    match emit::Checked::new(&program, module) {
        Some(checked) => {
            let code = emit::emit_static_module(checked, &options).map_err(syntax)?;
            Ok(then(&source, Some((&program, module)), code))
        }
        None => Err(wrong(program.modules[module].diagnostics.clone())),
    }
}

/// The kind of a module, for listings.
pub(crate) fn kind_text(kind: ModuleKind) -> &'static str {
    match kind {
        ModuleKind::Static => "static",
        ModuleKind::Stub => "stub",
        ModuleKind::Dynamic => "dynamic",
    }
}
