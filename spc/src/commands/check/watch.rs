//! `--watch`: checks again when files change.
//!
//! Folders are watched by `notify` (inotify on Linux): those that were named, with all below them, and those that modules have been read
//! from. A change is followed by a short silence before the check begins, because editors and version control change several files at
//! once. What has not changed is not checked again (`host::findings`).
//!
//! Ctrl-C ends it at any time with 130. Findings go to standard output, everything else to standard error.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::output::Output;
use super::{Check, Request};

/// Changes that follow each other within this time are one.
const SILENCE: Duration = Duration::from_millis(40);
/// As many such times are waited for at most.
const PATIENCE: usize = 25;

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
        Ok(watcher) => Watch { request, watcher, events, watched: BTreeMap::new() }.run(),
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
    /// Folders, and whether with all below them.
    watched: BTreeMap<PathBuf, RecursiveMode>,
}

impl Watch<'_> {
    fn run(mut self) -> u8 {
        // What was named is watched before it is read, so that no change is missed.
        for path in &self.request.paths {
            let (folder, depth) = if path.is_dir() {
                (path.clone(), RecursiveMode::Recursive)
            } else {
                (folder_of(path), RecursiveMode::NonRecursive)
            };
            if let Err(error) = self.watch(folder, depth) {
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
            eprintln!("{} has changed", changed.display());
        }
    }

    /// Checks, and once more if modules came from folders that had not been watched: they may have changed in between.
    fn check(&mut self) -> Output {
        loop {
            let mut check = Check::new(self.request);
            let mut output =
                check.run(Output::new(self.request.format, self.request.shows_statistics).held());
            // Folders of other modules may be nobody's to watch.
            let watched =
                check.folders.into_iter().map(|folder| self.watch(folder, RecursiveMode::NonRecursive));
            let is_new = watched.fold(false, |is_new, watched| is_new | watched.unwrap_or(false));
            if !is_new {
                output.release();
                return output;
            }
        }
    }

    /// True if the folder has not been watched before.
    fn watch(&mut self, folder: PathBuf, depth: RecursiveMode) -> notify::Result<bool> {
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        let is_below = |(known, depth): (&PathBuf, &RecursiveMode)| match depth {
            RecursiveMode::Recursive => folder.starts_with(known),
            RecursiveMode::NonRecursive => folder == *known,
        };
        if self.watched.iter().any(is_below) || !folder.is_dir() {
            return Ok(false);
        }
        self.watcher.watch(&folder, depth)?;
        self.watched.insert(folder, depth);
        Ok(true)
    }

    /// Waits for a change and the end of those that follow; gives the first file. `None` if there will be none.
    fn change(&self) -> Option<PathBuf> {
        let changed = loop {
            if let Some(changed) = self.events.recv().ok()?.ok().and_then(relevant) {
                break changed;
            }
        };
        for _ in 0..PATIENCE {
            match self.events.recv_timeout(SILENCE) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        Some(changed)
    }
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or_default()
}

/// The file of an event that may change what is found.
fn relevant(event: Event) -> Option<PathBuf> {
    let is_change = matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_));
    // Folders that come and go have modules in them.
    let matters = |path: &PathBuf| match path.extension() {
        Some(end) => end == "py" || end == "pyi" || end == "toml",
        None => true,
    };
    event.paths.into_iter().find(|path| is_change && matters(path))
}
