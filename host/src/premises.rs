//! What the code of a static or strict module, and what is found about any module, rests on besides its own source: every answer that checking
//! it has got about other modules.
//!
//! The checker asks a [`ModuleLoader`] whatever it wants to know. A [`Recorder`] stands before the loader and writes down the questions and a
//! hash of each answer; later the same questions are put to the loader of the day. If all answers are the same, so is what the
//! checker would find. This takes in modules that were looked for in vain, files that come to lie earlier on the path, and what is
//! imported by what is imported.
//!
//! Cost: recording, a hash of each source that is read; asking again, a look at the path and a read for each module, once for all
//! modules that are asked for with the same [`Known`].

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use runtime::hash::keyed;
use serde::{Deserialize, Serialize};
use typeck::{Missing, ModuleLoader};

use crate::kept_file::ANSWER_KEY;
use crate::settings::Settings;

/// Hashes of what a loader has said about a module; `None` where it was not asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Answers {
    /// Of path and text, 0 if there is no source.
    source: Option<u64>,
    /// Of path and text of a stub, where the name is that of [`stub_question`].
    stub: Option<u64>,
    is_module: Option<bool>,
    /// Of what is missing and what was perhaps meant, 0 if nothing is.
    missing: Option<u64>,
}

/// The name under which a module was checked, and what was said about others.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Premises {
    module: String,
    /// A hash of the settings for it.
    settings: u64,
    answers: BTreeMap<String, Answers>,
}

impl Premises {
    /// Whether a module of this name would be checked with the same outcome. `known` has been said by the same loader.
    pub fn hold(&self, module: &str, settings: &Settings, loader: &dyn ModuleLoader, known: &Known) -> bool {
        let is_same = |name: &String, answers: &Answers| {
            answers.source.is_none_or(|old| old == known.source(name, loader))
                && answers.stub.is_none_or(|old| old == known.stub(name, loader))
                && answers.is_module.is_none_or(|old| old == known.is_module(name, loader))
                && answers.missing.is_none_or(|old| old == known.missing(name, loader))
        };
        self.module == module
            && self.settings == settings.hash()
            && self.answers.iter().all(|(name, answers)| is_same(name, answers))
    }
}

fn source_hash(found: Option<&(String, String)>) -> u64 {
    found.map_or(0, |(path, text)| keyed(ANSWER_KEY, format!("{path}\0{text}").as_bytes()).max(1))
}

/// Under what the question for a stub is written down.
fn stub_question(folder: Option<&str>, name: &str) -> String {
    format!("{}\0{name}", folder.unwrap_or_default())
}

fn missing_hash(found: Option<&Missing>) -> u64 {
    let text =
        |Missing { name, meant }: &Missing| format!("{name}\0{}", meant.as_deref().unwrap_or_default());
    found.map_or(0, |found| keyed(ANSWER_KEY, text(found).as_bytes()).max(1))
}

/// What one loader has answered while nothing has changed.
#[derive(Default)]
pub struct Known {
    answers: RefCell<HashMap<String, Answers>>,
}

impl Known {
    fn source(&self, name: &str, loader: &dyn ModuleLoader) -> u64 {
        self.ask(name, |answers| &mut answers.source, || source_hash(loader.load(name).as_ref()))
    }

    fn stub(&self, question: &str, loader: &dyn ModuleLoader) -> u64 {
        let ask = || {
            let (folder, name) = question.split_once('\0').unwrap_or(("", question));
            let folder = Some(folder).filter(|folder| !folder.is_empty());
            source_hash(loader.stub(folder, name).as_ref())
        };
        self.ask(question, |answers| &mut answers.stub, ask)
    }

    fn is_module(&self, name: &str, loader: &dyn ModuleLoader) -> bool {
        self.ask(name, |answers| &mut answers.is_module, || loader.is_module(name))
    }

    fn missing(&self, name: &str, loader: &dyn ModuleLoader) -> u64 {
        self.ask(name, |answers| &mut answers.missing, || missing_hash(loader.missing(name).as_ref()))
    }

    fn ask<T: Copy>(
        &self,
        name: &str,
        place: impl Fn(&mut Answers) -> &mut Option<T>,
        ask: impl FnOnce() -> T,
    ) -> T {
        let mut answers = self.answers.borrow_mut();
        if !answers.contains_key(name) {
            answers.insert(name.to_owned(), Answers::default());
        }
        let answers = answers.get_mut(name).expect("it has just been put there");
        *place(answers).get_or_insert_with(ask)
    }
}

/// A loader that remembers what it was asked.
pub struct Recorder<'l> {
    loader: &'l dyn ModuleLoader,
    /// The analysis of strict modules asks from a thread of its own.
    answers: Mutex<BTreeMap<String, Answers>>,
}

impl<'l> Recorder<'l> {
    /// Before this loader.
    pub fn new(loader: &'l dyn ModuleLoader) -> Self {
        Self { loader, answers: Mutex::default() }
    }

    /// What checking a module has rested on so far.
    pub fn premises(&self, module: &str, settings: &Settings) -> Premises {
        Premises { module: module.to_owned(), settings: settings.hash(), answers: self.answers().clone() }
    }

    fn answers(&self) -> MutexGuard<'_, BTreeMap<String, Answers>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, name: &str, note: impl FnOnce(&mut Answers)) {
        note(self.answers().entry(name.to_owned()).or_default());
    }
}

impl ModuleLoader for Recorder<'_> {
    fn load(&self, name: &str) -> Option<(String, String)> {
        let found = self.loader.load(name);
        self.note(name, |answers| answers.source = Some(source_hash(found.as_ref())));
        found
    }

    fn is_module(&self, name: &str) -> bool {
        let is_module = self.loader.is_module(name);
        self.note(name, |answers| answers.is_module = Some(is_module));
        is_module
    }

    fn stub(&self, folder: Option<&str>, name: &str) -> Option<(String, String)> {
        let found = self.loader.stub(folder, name);
        let question = stub_question(folder, name);
        self.note(&question, |answers| answers.stub = Some(source_hash(found.as_ref())));
        found
    }

    fn missing(&self, name: &str) -> Option<Missing> {
        let missing = self.loader.missing(name);
        self.note(name, |answers| answers.missing = Some(missing_hash(missing.as_ref())));
        missing
    }
}
