//! `spc check` and `spc lint`: all findings in files and trees, without running anything.
//!
//! Findings go to standard output, in the format that is asked for. The exit code is 1 if one of them is an error. Errors are always
//! looked for; warnings are those of the subject.

use std::io::Write;
use std::path::{Path, PathBuf};

use base::{Diagnostic, Severity};
use host::compile::{Compiled, Rejected, Session, with_module};
use parser::SourceText;

use crate::compile::{self, Report};
use crate::keyword;
use crate::modules::{self, Modules, Target};
use crate::render::{self, Format};

/// What to check and how to say it.
pub(crate) struct Request<'r> {
    /// Files and folders.
    pub(crate) paths: &'r [PathBuf],
    /// What is looked for.
    pub(crate) subject: Subject,
    /// How findings are written.
    pub(crate) format: Format,
}

/// What is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Errors of the syntax alone.
    Syntax,
    /// Errors and what is doubtful.
    Program {
        /// What importing static modules does, too.
        is_strict: bool,
    },
    /// Errors and what is slower than it could be.
    Speed,
}

/// Checks all files; gives the exit code.
pub(crate) fn run(request: &Request<'_>) -> u8 {
    let mut output = Output::new(request.format);
    for path in request.paths {
        let mut unreadable = Vec::new();
        let targets = modules::targets(path, &mut |path, error| {
            unreadable.push(compile::unreadable(path, error));
        });
        output.write(&unreadable);
        for target in targets {
            output.files += 1;
            let found = match request.subject {
                Subject::Syntax => syntax(&target.path),
                subject => whole(&target, subject),
            };
            output.write(&found);
        }
    }
    output.finish()
}

/// Where findings go, and how many there have been.
struct Output {
    format: Format,
    is_coloured: bool,
    files: usize,
    errors: usize,
    warnings: usize,
    /// Somebody still reads.
    is_open: bool,
}

impl Output {
    fn new(format: Format) -> Self {
        let is_coloured = render::is_coloured(&std::io::stdout());
        Self { format, is_coloured, files: 0, errors: 0, warnings: 0, is_open: true }
    }

    fn write(&mut self, reports: &[Report]) {
        for report in reports {
            match report.diagnostic.severity {
                Severity::Error => self.errors += 1,
                Severity::Warning => self.warnings += 1,
                Severity::Info => {}
            }
            self.put(&render::text(report, self.format, self.is_coloured));
        }
    }

    /// A reader that has gone away has read enough.
    fn put(&mut self, text: &str) {
        self.is_open &= std::io::stdout().lock().write_all(text.as_bytes()).is_ok();
    }

    /// Says how many there were, to people only; gives the exit code.
    fn finish(mut self) -> u8 {
        let count = |number: usize, word: &str| match number {
            1 => format!("1 {word}"),
            _ => format!("{number} {word}s"),
        };
        if self.format == Format::Full && self.errors + self.warnings > 0 {
            let (errors, warnings) = (count(self.errors, "error"), count(self.warnings, "warning"));
            let what = match (self.errors, self.warnings) {
                (_, 0) => errors,
                (0, _) => warnings,
                _ => format!("{errors} and {warnings}"),
            };
            self.put(&format!("found {what} in {}\n", count(self.files, "file")));
        }
        u8::from(self.errors > 0)
    }
}

/// What is wrong with the syntax of a file.
fn syntax(path: &Path) -> Vec<Report> {
    let source = match read(path) {
        Ok(source) => source,
        Err(reports) => return reports,
    };
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
fn whole(target: &Target, subject: Subject) -> Vec<Report> {
    let path = &target.path;
    let source = match read(path) {
        Ok(source) => source,
        Err(reports) => return reports,
    };
    let (name, root) = modules::module_of(path);
    let loader = Modules::new(root, target.folder.clone());
    let accepted = |source: &SourceText, session: Session<'_, '_>, compiled: Compiled| {
        let found = match subject {
            Subject::Speed => session.map(|(program, module)| typeck::perf::findings(program, module)),
            _ => Some(doubts(session, &compiled)),
        };
        (source.clone(), found.unwrap_or_default())
    };
    let (source, found) = match with_module(source, &name, path, &loader, accepted) {
        Ok((source, mut found)) => {
            if subject == (Subject::Program { is_strict: true }) && mentions_static(&source) {
                let shown = path.display().to_string();
                found.extend(typeck::strict::findings(&loader, &name, &shown, source.text()));
            }
            (source, found)
        }
        Err(Rejected { source, syntax: Some(error), .. }) => {
            let diagnostic = with_keyword(&source, &error);
            (source, vec![diagnostic])
        }
        Err(rejected) => (rejected.source, rejected.diagnostics),
    };
    compile::reports(path, source, found)
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

fn read(path: &Path) -> Result<SourceText, Vec<Report>> {
    let bytes = std::fs::read(path).map_err(|error| vec![compile::unreadable(path, &error)])?;
    compile::decode(path, &bytes)
}
