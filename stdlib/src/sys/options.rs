//! What the command line and the environment say about the interpreter, and where a program finds it: `sys.flags`, `sys.warnoptions`,
//! `sys._xoptions`.

use std::ffi::OsString;

/// Options of an interpreter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Flags by name that differ from their defaults; the last one of a name counts.
    pub flags: Vec<(String, i64)>,
    /// `-W`
    pub warnings: Vec<String>,
    /// `-X`: names and values.
    pub extended: Vec<(String, Option<String>)>,
    /// `-u`
    pub is_unbuffered: bool,
}

/// Variables that set a flag when they are not empty.
const VARIABLES: &[(&str, &str)] = &[
    ("PYTHONDEVMODE", "dev_mode"),
    ("PYTHONDONTWRITEBYTECODE", "dont_write_bytecode"),
    ("PYTHONNOUSERSITE", "no_user_site"),
    ("PYTHONSAFEPATH", "safe_path"),
    ("PYTHONWARNDEFAULTENCODING", "warn_default_encoding"),
];

impl Options {
    /// Whether a flag is set.
    pub fn has(&self, flag: &str) -> bool {
        self.flags.iter().rfind(|(name, _)| name == flag).is_some_and(|(_, value)| *value != 0)
    }

    /// A variable of the environment, unless that is to be ignored.
    pub fn environment(&self, variable: &str) -> Option<OsString> {
        let is_ignored = self.has("ignore_environment");
        std::env::var_os(variable).filter(|value| !is_ignored && !value.is_empty())
    }

    /// These options, which count more, with those of the environment.
    pub fn with_environment(mut self) -> Self {
        for (variable, flag) in VARIABLES {
            if self.environment(variable).is_some() && !self.flags.iter().any(|(name, _)| name == flag) {
                self.flags.push(((*flag).to_owned(), 1));
            }
        }
        if let Some(warnings) = self.environment("PYTHONWARNINGS") {
            let more = warnings.to_string_lossy().split(',').map(str::to_owned).collect::<Vec<_>>();
            self.warnings.splice(0..0, more);
        }
        self.is_unbuffered |= self.environment("PYTHONUNBUFFERED").is_some();
        self
    }
}
