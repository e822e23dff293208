//! `spc check` and `spc lint`: all findings in files and trees, without running anything.
//!
//! Findings go to standard output, in the format that is asked for. The exit code is 1 if one of them is an error. Errors are always
//! looked for; warnings are those of the subject. What has been found about a file is kept and shown again as long as neither the file nor
//! anything that the check has asked about other modules has changed (`host::findings`).
//!
//! - `file`: what is found in one file
//! - `output`: where findings go, and what they come to
//! - `watch`: checking again when files change

mod file;
mod output;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use base::Diagnostic;
use host::findings::Findings;
use host::premises::{Known, Recorder};
use host::settings::{Settings, Wrong};
use parser::SourceText;

use self::output::Output;
use crate::compile::{self, Report};
use crate::modules::{self, Modules, Target, Tree};
use crate::render::Format;

/// What to check and how to say it.
pub(crate) struct Request {
    /// Files and folders.
    pub(crate) paths: Vec<PathBuf>,
    /// What is looked for.
    pub(crate) subject: Subject,
    /// How findings are written.
    pub(crate) format: Format,
    /// Whether findings are kept, and those that have been kept are used.
    pub(crate) is_cached: bool,
    /// Whether to say what was done.
    pub(crate) shows_statistics: bool,
}

/// What is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Subject {
    /// Errors of the syntax alone.
    Syntax,
    /// Errors and what is doubtful.
    Program {
        /// What importing static modules does, too.
        is_strict: bool,
        /// What strict modules do on any machine.
        all_platforms: bool,
    },
    /// Errors and what is slower than it could be.
    Speed,
}

/// Checks all files; gives the exit code.
pub(crate) fn run(request: &Request) -> u8 {
    runtime::reserve::keep_little();
    Check::new(request).run(Output::new(request.format, request.shows_statistics)).finish()
}

/// Checks all files, and again whenever one changes, until it is interrupted.
pub(crate) fn watch(request: &Request) -> u8 {
    watch::run(request)
}

/// One look at all files.
struct Check<'r> {
    request: &'r Request,
    /// What the files of each root see, by root and folder.
    sights: BTreeMap<(PathBuf, Option<PathBuf>), Sight>,
    /// Files of settings that are wrong.
    wrong: BTreeSet<PathBuf>,
    /// Folders that files have been read from.
    folders: BTreeSet<PathBuf>,
}

/// The modules that the files of one root see, and what they have turned out to be.
struct Sight {
    modules: Modules,
    known: Known,
}

impl<'r> Check<'r> {
    fn new(request: &'r Request) -> Self {
        Self { request, sights: BTreeMap::new(), wrong: BTreeSet::new(), folders: BTreeSet::new() }
    }

    fn run(&mut self, mut output: Output) -> Output {
        for path in &self.request.paths {
            let tree = Tree::of(path);
            self.folders.extend(tree.folders);
            let unreadable = tree.unreadable.iter().map(|(path, error)| compile::unreadable(path, error));
            output.write(&unreadable.collect::<Vec<_>>());
            for target in tree.targets {
                let (found, is_kept) = self.file(&target);
                output.count_file(is_kept);
                output.write(&found);
            }
        }
        let read = self.sights.values().flat_map(|sight| sight.modules.folders());
        self.folders.extend(read);
        output
    }

    /// What is found in a file, and whether that was kept.
    fn file(&mut self, target: &Target) -> (Vec<Report>, bool) {
        let path = &target.path;
        self.folders.extend(path.parent().map(PathBuf::from));
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => return (vec![compile::unreadable(path, &error)], false),
        };
        if self.request.subject == Subject::Syntax {
            return (
                compile::decode(path, &bytes).map_or_else(|wrong| wrong, |text| file::syntax(path, text)),
                false,
            );
        }
        let mut settings = match Settings::of(path) {
            Ok(settings) => settings,
            Err(wrong) => return (self.wrong_settings(wrong), false),
        };
        settings.options.all_platforms =
            matches!(self.request.subject, Subject::Program { all_platforms: true, .. });
        let (name, root) = modules::module_of(path);
        let sight = self.sights.entry((root.clone(), target.folder.clone())).or_insert_with(|| Sight {
            modules: Modules::new(root, target.folder.clone()),
            known: Known::default(),
        });
        let place =
            self.request.is_cached.then(|| Findings::of(path, &bytes, &question(self.request.subject)));
        let place = place.flatten();
        let kept =
            place.as_ref().and_then(|place| place.load(&name, &settings, &sight.modules, &sight.known));
        if let Some(kept) = kept {
            return (shown(target, &bytes, kept), true);
        }
        let source = match compile::decode(path, &bytes) {
            Ok(source) => source,
            Err(wrong) => return (wrong, false),
        };
        drop(bytes);
        let recorder = Recorder::new(&sight.modules);
        let (source, found) = file::whole(path, source, &name, &recorder, &settings, self.request.subject);
        if let Some(place) = place {
            place.store(recorder.premises(&name, &settings), &found);
        }
        (compile::reports(path, source, found), false)
    }
}

impl Check<'_> {
    /// Settings that cannot be read, once for all files that go by them.
    fn wrong_settings(&mut self, wrong: Wrong) -> Vec<Report> {
        let is_new = self.wrong.insert(wrong.path.clone());
        let report = || compile::unreadable(&wrong.path, &std::io::Error::other(wrong.message));
        is_new.then(report).into_iter().collect()
    }
}

/// All that findings depend on besides the compiler, the source and other modules.
fn question(subject: Subject) -> Vec<u8> {
    format!("{}\0{subject:?}", env!("CHECKER_FINGERPRINT")).into_bytes()
}

/// Kept findings; a file without any need not be read as text.
fn shown(target: &Target, bytes: &[u8], found: Vec<Diagnostic>) -> Vec<Report> {
    if found.is_empty() {
        return Vec::new();
    }
    let source = compile::decode(&target.path, bytes).unwrap_or_else(|_| SourceText::new(""));
    compile::reports(&target.path, source, found)
}
