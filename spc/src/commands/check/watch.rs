//! `--watch`: checks again when files change.
//!
//! Folders are watched by `notify` (inotify on Linux), each by itself: those that were named, all below them, and those that modules have
//! been read from. Invariant: whatever a check has looked into was watched before it was looked into, so that a change is either seen by
//! the check or makes another one. A check that has come to a folder that was not is therefore done again. Watching trees as wholes would not
//! do: of a new folder `notify` hears after it has been made, and what is put into it before it is watched makes no event. For the same reason all
//! folders are watched anew before each check: the one that stands there may be another one than before.
//!
//! A change is followed by a short silence before the check begins, because editors and version control change several files at
//! once. What has not changed is not checked again (`host::findings`). Cost: a system call per folder and check.
//!
//! Ctrl-C ends it at any time with 130, unless whoever started it had interrupts ignored, as shells do in the background. Findings go to
//! standard output, everything else to standard error.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::output::Output;
use super::{Check, Request};
use crate::modules::Tree;

/// Changes that follow each other within this time are one.
const SILENCE: Duration = Duration::from_millis(40);
/// A check begins after this time even if there is no end of them.
const PATIENCE: Duration = Duration::from_secs(1);

/// What programs that are interrupted end with.
const INTERRUPTED: i32 = 130;

/// Checks until it is interrupted, or nobody reads any more.
pub(super) fn run(request: &Request) -> u8 {
    runtime::signal::when_interrupted(|| {
        // Who holds the lock is writing a finding; it is written to its end.
        let mut output = std::io::stdout().lock();
        let _flushed = output.flush();
        std::process::exit(INTERRUPTED)
    });
    let (sender, events) = mpsc::channel();
    let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // Nobody listens when the check has ended.
        let _sent = sender.send(event);
    });
    match watcher {
        Ok(watcher) => {
            Watch { request, watcher, events, watched: BTreeSet::new(), refused: BTreeSet::new() }.run()
        }
        Err(error) => {
            eprintln!("spc: cannot watch files: {error}");
            2
        }
    }
}

struct Watch<'r> {
    request: &'r Request,
    watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
    /// Folders that are watched since before the check began.
    watched: BTreeSet<PathBuf>,
    /// Folders that cannot be watched, of which it has been said.
    refused: BTreeSet<PathBuf>,
}

impl Watch<'_> {
    fn run(mut self) -> u8 {
        for path in &self.request.paths {
            let folder = if path.is_dir() { path.clone() } else { folder_of(path) };
            if let Err(error) = self.watch(folder) {
                eprintln!("spc: cannot watch {}: {error}", path.display());
                return 2;
            }
        }
        loop {
            let mut output = self.check();
            output.reassure();
            let code = output.finish();
            if output.is_closed() {
                return code;
            }
            eprintln!("watching for changes; Ctrl-C ends");
            let Some(changed) = self.change() else { return code };
            eprintln!("{changed}");
        }
    }

    /// Checks until everything that has been looked into had been watched before.
    fn check(&mut self) -> Output {
        let mut folders = std::mem::take(&mut self.watched);
        folders.extend(self.request.paths.iter().flat_map(|path| Tree::of(path).folders));
        self.watch_all(folders);
        loop {
            let mut check = Check::new(self.request);
            let mut output =
                check.run(Output::new(self.request.format, self.request.shows_statistics).held());
            if !self.watch_all(check.folders) {
                output.release();
                return output;
            }
        }
    }

    /// Watches folders; true if one of them has not been watched before. One that has gone is none any more.
    fn watch_all(&mut self, folders: BTreeSet<PathBuf>) -> bool {
        let mut is_new = false;
        for folder in folders {
            match self.watch(folder.clone()) {
                Ok(watched) => is_new |= watched,
                Err(error) if folder.is_dir() && self.refused.insert(folder.clone()) => {
                    eprintln!("spc: cannot watch {}: {error}", folder.display());
                }
                Err(_) => {}
            }
        }
        is_new
    }

    /// True if the folder has not been watched before.
    fn watch(&mut self, folder: PathBuf) -> notify::Result<bool> {
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        if self.watched.contains(&folder) || !folder.is_dir() {
            return Ok(false);
        }
        self.watcher.watch(&folder, RecursiveMode::NonRecursive)?;
        self.watched.insert(folder);
        Ok(true)
    }

    /// Waits for a change and the end of those that follow; says what the first was. `None` if there will be none.
    fn change(&self) -> Option<String> {
        let changed = loop {
            if let Some(changed) = self.described(self.events.recv().ok()?) {
                break changed;
            }
        };
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            match self.events.recv_timeout(SILENCE) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        Some(changed)
    }

    /// What to say of an event that may change what is found. After an error, or when there were more events than the system keeps,
    /// anything may have changed.
    fn described(&self, event: notify::Result<Event>) -> Option<String> {
        match event {
            Ok(event) if event.need_rescan() => Some("many files have changed".to_owned()),
            Ok(event) => self.relevant(event).map(|path| format!("{} has changed", path.display())),
            Err(error) => Some(format!("files may have changed: {error}")),
        }
    }

    /// The file or folder of an event that may change what is found.
    fn relevant(&self, event: Event) -> Option<PathBuf> {
        let is_change =
            matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_));
        // Folders that come and go have modules in them.
        let matters = |path: &PathBuf| match path.extension() {
            Some(end) => end == "py" || end == "pyi" || end == "toml" || self.is_folder(path),
            None => true,
        };
        event.paths.into_iter().find(|path| is_change && matters(path))
    }

    /// Whether a folder is there, or has been.
    fn is_folder(&self, path: &Path) -> bool {
        let here = std::env::current_dir().unwrap_or_default();
        path.is_dir() || self.watched.iter().any(|folder| here.join(folder) == path)
    }
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or_default()
}
