//! Python's own options: what stands on the command line before the program, joined with what the environment says.
//!
//! The words are split in `spc`; here is what they mean: the fields of `sys.flags`, `sys.warnoptions`, `sys._xoptions`, and what the start of
//! a process does differently. The environment speaks only where no `-E` or `-I` forbids it, and the larger of two levels counts.

use std::env;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

pub use stdlib::imp::HashChecks;

/// The options of a process. Levels count how often a letter was given.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// `-b`: warn about comparing bytes with str.
    pub bytes_warning: u32,
    /// `-B`: keep no compiled modules.
    pub dont_write_bytecode: u32,
    /// `-d`: `sys.flags.debug`. The parser has nothing more to say.
    pub debug: u32,
    /// `-E`: the environment's `PYTHON...` variables do not count.
    pub ignore_environment: u32,
    /// `-i`: interactive after the program.
    pub inspect: u32,
    /// `-i` itself, not what PYTHONINSPECT says.
    pub interactive: u32,
    /// `-I`: `-E`, `-P` and `-s`.
    pub isolated: u32,
    /// `-O`, `-OO`: no asserts, no docstrings.
    pub optimize: u32,
    /// `-P`: no unsafe folder at the front of `sys.path`.
    pub safe_path: u32,
    /// `-R`: hashes of texts are random, whatever the environment says.
    pub random_hashes: u32,
    /// `-q`: no greeting.
    pub quiet: u32,
    /// `-s`: no folder of the user's own.
    pub no_user_site: u32,
    /// `-S`: no `site`.
    pub no_site: u32,
    /// `-u`: streams that write at once.
    pub unbuffered: u32,
    /// `-v`: tell of imports.
    pub verbose: u32,
    /// `-x`: leave the first line of the program's file out.
    pub skip_first_line: u32,
    /// `--check-hash-based-pycs`
    pub hash_checks: HashChecks,
    /// `-W`, in order.
    pub warnings: Vec<String>,
    /// `-X`, in order.
    pub extended: Vec<String>,
}

/// The level of `-O` that code is compiled with.
static OPTIMIZE: AtomicU32 = AtomicU32::new(0);

/// The level of `-O` of this process.
pub(crate) fn optimize() -> u32 {
    OPTIMIZE.load(Ordering::Relaxed)
}

/// Whether code is compiled so that integer primitives raise where they would wrap.
static TRAP_OVERFLOW: AtomicBool = AtomicBool::new(false);

/// Whether integer primitives of this process raise where they would wrap.
pub(crate) fn trap_overflow() -> bool {
    TRAP_OVERFLOW.load(Ordering::Relaxed)
}

/// Decides that, before anything is compiled.
pub(crate) fn set_trap_overflow(traps: bool) {
    TRAP_OVERFLOW.store(traps, Ordering::Relaxed);
}

/// Whether the program's file begins with a line that is not Python.
static SKIP_FIRST_LINE: AtomicBool = AtomicBool::new(false);

/// Whether the first line of the program's file is left out.
pub(crate) fn skips_first_line() -> bool {
    SKIP_FIRST_LINE.load(Ordering::Relaxed)
}

/// Decides that, before the program is read.
pub(crate) fn set_skip_first_line(skips: bool) {
    SKIP_FIRST_LINE.store(skips, Ordering::Relaxed);
}

impl Options {
    /// Completes the options by what follows from them and from the environment.
    pub fn complete(&mut self) {
        if self.isolated > 0 {
            for implied in [&mut self.ignore_environment, &mut self.safe_path, &mut self.no_user_site] {
                *implied = (*implied).max(1);
            }
        }
        self.interactive = self.inspect;
        for (name, level) in [
            ("PYTHONDONTWRITEBYTECODE", &mut self.dont_write_bytecode),
            ("PYTHONDEBUG", &mut self.debug),
            ("PYTHONINSPECT", &mut self.inspect),
            ("PYTHONOPTIMIZE", &mut self.optimize),
            ("PYTHONSAFEPATH", &mut self.safe_path),
            ("PYTHONNOUSERSITE", &mut self.no_user_site),
            ("PYTHONUNBUFFERED", &mut self.unbuffered),
            ("PYTHONVERBOSE", &mut self.verbose),
        ] {
            if let Some(text) = variable(self.ignore_environment, name) {
                // A word that is no number counts as one.
                let given = text.parse().unwrap_or(1);
                let is_switch = matches!(name, "PYTHONDONTWRITEBYTECODE" | "PYTHONDEBUG");
                *level = (*level).max(if is_switch { given.min(1) } else { given });
            }
        }
        if let Some(text) = variable(self.ignore_environment, "PYTHONWARNINGS") {
            let given = std::mem::take(&mut self.warnings);
            self.warnings = text.split(',').map(str::to_owned).chain(given).collect();
        }
        if variable(self.ignore_environment, "PYTHONDEVMODE").is_some() {
            self.extended.push("dev".to_owned());
        }
        if self.is_dev() {
            self.warnings.insert(0, "default".to_owned());
        }
        match self.bytes_warning {
            0 => {}
            1 => self.warnings.push("default::BytesWarning".to_owned()),
            _ => self.warnings.push("error::BytesWarning".to_owned()),
        }
        OPTIMIZE.store(self.optimize, Ordering::Relaxed);
    }

    /// A `PYTHON...` variable that is not empty, unless the environment does not count.
    pub fn variable(&self, name: &str) -> Option<String> {
        variable(self.ignore_environment, name)
    }

    /// `PYTHONHASHSEED`, unless an option says otherwise.
    pub fn hash_seed(&self) -> Option<String> {
        self.variable("PYTHONHASHSEED").filter(|_| self.random_hashes == 0)
    }

    /// `-X dev`: what helps to find mistakes.
    pub(crate) fn is_dev(&self) -> bool {
        self.extended.iter().any(|option| option == "dev")
    }

    /// Whether `-X name` is given, or a variable is set.
    pub(crate) fn is_asked(&self, name: &str, variable: &str) -> bool {
        self.extended(name).is_some() || self.variable(variable).is_some()
    }

    /// The value of `-X name=value`, or an empty text for `-X name`; the last one counts.
    pub(crate) fn extended(&self, name: &str) -> Option<&str> {
        let mut values = self.extended.iter().filter_map(|option| match option.split_once('=') {
            Some((key, value)) => (key == name).then_some(value),
            None => (option == name).then_some(""),
        });
        values.next_back()
    }

    /// What `sys.flags` shows, where it differs from the default.
    pub fn flags(&self) -> Vec<(String, i64)> {
        let mut flags: Vec<(String, i64)> = [
            ("debug", self.debug),
            ("inspect", self.inspect),
            ("interactive", self.interactive),
            ("optimize", self.optimize),
            ("dont_write_bytecode", self.dont_write_bytecode),
            ("no_user_site", self.no_user_site),
            ("no_site", self.no_site),
            ("ignore_environment", self.ignore_environment),
            ("verbose", self.verbose),
            ("bytes_warning", self.bytes_warning),
            ("quiet", self.quiet),
            ("isolated", self.isolated),
            ("dev_mode", u32::from(self.is_dev())),
            ("safe_path", self.safe_path),
            (
                "warn_default_encoding",
                u32::from(self.is_asked("warn_default_encoding", "PYTHONWARNDEFAULTENCODING")),
            ),
        ]
        .into_iter()
        .map(|(name, level)| (name.to_owned(), i64::from(level)))
        .collect();
        for (name, level) in self.checked().unwrap_or_default().flags() {
            flags.push((name.to_owned(), level));
        }
        if self.hash_seed().as_deref() == Some("0") {
            flags.push(("hash_randomization".to_owned(), 0));
        }
        flags
    }
}

fn variable(ignored: u32, name: &str) -> Option<String> {
    let text = env::var(name).ok().filter(|text| !text.is_empty());
    text.filter(|_| ignored == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isolation_implies_others() {
        let mut options = Options { isolated: 1, ..Options::default() };
        options.complete();
        let set: Vec<String> =
            options.flags().into_iter().filter(|(_, level)| *level == 1).map(|(name, _)| name).collect();
        for name in ["isolated", "ignore_environment", "no_user_site", "safe_path"] {
            assert!(set.iter().any(|flag| flag == name), "{name} in {set:?}");
        }
    }
}
