//! When to compile what.

use std::collections::HashSet;

/// `--jit=...`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// Never.
    Off,
    /// Functions that are called often; static ones soon.
    #[default]
    On,
    /// Every function at its first call.
    Always,
}

/// The choices of the command line.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// When.
    pub mode: Mode,
    /// `--jit-list`: only these functions, as `module:qualname`, at their first call.
    pub list: Option<HashSet<String>>,
    /// Calls of a dynamic function before it is compiled, in mode `On`.
    pub dynamic_calls: Option<u32>,
    /// Calls of a static function before it is compiled, in mode `On`.
    pub static_calls: Option<u32>,
    /// Write `/tmp/perf-PID.map`.
    pub perf_map: bool,
    /// Let frames of static functions show their variables, as those of dynamic ones do.
    pub shows_static: bool,
    /// Leave tests for null to faults, whose handler the process then has ([`runtime::fault`]).
    pub traps_null: bool,
}

/// Dynamic code must earn its compilation, which costs as much as running each of its instructions some thousand times. With fewer,
/// a program that only imports its libraries spends a third of its time on code that it does not need.
const DYNAMIC_CALLS: u32 = 240;
/// Static code nearly always pays, and a loop that has begun in the interpreter ends there.
const STATIC_CALLS: u32 = 0;

/// A handler that is reached once is not worth code.
const CONTINUATION_COUNT: u32 = 8;

impl Settings {
    /// Calls after which a dynamic and a static function are asked for; `u32::MAX` is never.
    pub(crate) fn thresholds(&self) -> (u32, u32) {
        match self.mode {
            Mode::Off => (u32::MAX, u32::MAX),
            _ if self.list.is_some() => (0, 0),
            Mode::Always => (0, 0),
            Mode::On => {
                (self.dynamic_calls.unwrap_or(DYNAMIC_CALLS), self.static_calls.unwrap_or(STATIC_CALLS))
            }
        }
    }

    /// How often a hot place in an interpreter's frame must be reached before code is made that goes on there.
    pub(crate) fn continuation_threshold(&self) -> u32 {
        if self.thresholds() == (0, 0) { 0 } else { CONTINUATION_COUNT }
    }

    /// Whether a function may be compiled at all.
    pub(crate) fn admits(&self, module: &str, qualname: &str) -> bool {
        self.mode != Mode::Off
            && self.list.as_ref().is_none_or(|list| list.contains(&format!("{module}:{qualname}")))
    }

    /// Reads a JIT list: one `module:qualname` a line; empty lines and those that begin with `#` are skipped.
    pub fn parse_list(text: &str) -> HashSet<String> {
        let lines = text.lines().map(str::trim);
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_functions() {
        let list = Settings::parse_list("# hot\n\nm:f\n  m:C.g \n");
        let settings = Settings { list: Some(list), ..Settings::default() };
        assert!(settings.admits("m", "f") && settings.admits("m", "C.g"));
        assert!(!settings.admits("m", "g"));
    }

    #[test]
    fn off_admits_nothing() {
        let settings = Settings { mode: Mode::Off, ..Settings::default() };
        assert!(!settings.admits("m", "f"));
        assert_eq!(settings.thresholds(), (u32::MAX, u32::MAX));
    }
}
