//! How Python is asked to interpret a program: flags, warning filters, `-X` options, and which of them imply others.

use std::ffi::OsString;

/// What options and environment variables say.
#[derive(Clone, Debug, Default)]
pub struct Interpretation {
    /// `sys.flags` that differ from their defaults.
    pub flags: Vec<(String, i64)>,
    /// The arguments of `-W`.
    pub warnings: Vec<String>,
    /// The arguments of `-X`.
    pub x_options: Vec<String>,
}

impl Interpretation {
    /// Counts an option that was given.
    pub fn count(&mut self, flag: &str) {
        match self.flags.iter_mut().find(|(name, _)| name == flag) {
            Some((_, count)) => *count += 1,
            None => self.flags.push((flag.to_owned(), 1)),
        }
    }

    /// Sets what the options given imply: isolation stands for three others, `-X dev` is a flag of its own.
    pub fn settle(&mut self) {
        if self.flag("isolated") != 0 {
            for implied in ["ignore_environment", "no_user_site", "safe_path"] {
                if self.flag(implied) == 0 {
                    self.count(implied);
                }
            }
        }
        for (option, flag) in [("dev", "dev_mode"), ("warn_default_encoding", "warn_default_encoding")] {
            if self.x_options.iter().any(|given| given == option) && self.flag(flag) == 0 {
                self.count(flag);
            }
        }
        let digits = self.x_options.iter().find_map(|given| given.strip_prefix("int_max_str_digits="));
        if let Some(limit) = digits.and_then(|digits| digits.parse().ok()) {
            self.flags.push(("int_max_str_digits".to_owned(), limit));
        }
    }

    /// A flag, 0 by default.
    pub fn flag(&self, name: &str) -> i64 {
        self.flags.iter().find(|(flag, _)| flag == name).map_or(0, |(_, value)| *value)
    }

    /// An environment variable, unless options say that there are none.
    pub fn environment(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name).filter(|_| self.flag("ignore_environment") == 0)
    }

    /// `sys.warnoptions`: what the development mode and the environment ask for, the options, and what `-b` stands for.
    pub fn all_warnings(&self) -> Vec<String> {
        let mut all = Vec::new();
        if self.flag("dev_mode") != 0 {
            all.push("default".to_owned());
        }
        let environment = self.environment("PYTHONWARNINGS").unwrap_or_default();
        all.extend(
            environment.to_string_lossy().split(',').filter(|text| !text.is_empty()).map(str::to_owned),
        );
        all.extend(self.warnings.iter().cloned());
        match self.flag("bytes_warning") {
            0 => {}
            1 => all.push("default::BytesWarning".to_owned()),
            _ => all.push("error::BytesWarning".to_owned()),
        }
        all
    }
}
