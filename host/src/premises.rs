//! What the code of a static or strict module rests on besides its own source: every answer that checking it has got about other modules.
//!
//! The checker asks a [`ModuleLoader`] whatever it wants to know. A [`Recorder`] stands before the loader and writes down the questions and a
//! hash of each answer; later the same questions are put to the loader of the day. If all answers are the same, so is what the
//! checker would find. This takes in modules that were looked for in vain, files that come to lie earlier on the path, and what is
//! imported by what is imported.
//!
//! Cost: recording, a hash of each source that is read; asking again, a look at the path and a read for each module.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use runtime::hash::keyed;
use serde::{Deserialize, Serialize};
use typeck::{Missing, ModuleLoader};

use crate::cache::ANSWER_KEY;

/// What a loader has said about a module; `None` where it was not asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Answers {
    /// A hash of path and text, 0 if there is no source.
    source: Option<u64>,
    is_module: Option<bool>,
    is_missing: Option<bool>,
}

/// The name under which a module was checked, and what was said about others.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Premises {
    module: String,
    answers: BTreeMap<String, Answers>,
}

impl Premises {
    /// Whether a module of this name would be checked with the same outcome.
    pub(crate) fn hold(&self, module: &str, loader: &dyn ModuleLoader) -> bool {
        let is_same = |name: &String, answers: &Answers| {
            answers.source.is_none_or(|known| known == source_hash(loader.load(name).as_ref()))
                && answers.is_module.is_none_or(|known| known == loader.is_module(name))
                && answers.is_missing.is_none_or(|known| known == loader.missing(name).is_some())
        };
        self.module == module && self.answers.iter().all(|(name, answers)| is_same(name, answers))
    }
}

fn source_hash(found: Option<&(String, String)>) -> u64 {
    found.map_or(0, |(path, text)| keyed(ANSWER_KEY, format!("{path}\0{text}").as_bytes()).max(1))
}

/// A loader that remembers what it was asked.
pub(crate) struct Recorder<'l> {
    loader: &'l dyn ModuleLoader,
    /// The analysis of strict modules asks from a thread of its own.
    answers: Mutex<BTreeMap<String, Answers>>,
}

impl<'l> Recorder<'l> {
    /// Before this loader.
    pub(crate) fn new(loader: &'l dyn ModuleLoader) -> Self {
        Self { loader, answers: Mutex::default() }
    }

    /// What checking a module has rested on so far.
    pub(crate) fn premises(&self, module: &str) -> Premises {
        Premises { module: module.to_owned(), answers: self.answers().clone() }
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

    fn missing(&self, name: &str) -> Option<Missing> {
        let missing = self.loader.missing(name);
        self.note(name, |answers| answers.is_missing = Some(missing.is_some()));
        missing
    }
}
