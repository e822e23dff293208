//! Where findings go, and what they come to.

use std::collections::BTreeMap;
use std::io::Write;

use base::Severity;

use crate::compile::Report;
use crate::render::{self, Format};

/// See the module documentation.
pub(super) struct Output {
    format: Format,
    shows_statistics: bool,
    is_coloured: bool,
    files: usize,
    /// Files of which the findings were kept.
    kept: usize,
    errors: usize,
    warnings: usize,
    by_code: BTreeMap<&'static str, usize>,
    /// Somebody still reads.
    is_open: bool,
    /// What is written later, if at all.
    held: Option<String>,
}

impl Output {
    pub(super) fn new(format: Format, shows_statistics: bool) -> Self {
        let is_coloured = render::is_coloured(&std::io::stdout());
        let by_code = BTreeMap::new();
        let (files, kept, errors, warnings) = (0, 0, 0, 0);
        let (is_open, held) = (true, None);
        Self { format, shows_statistics, is_coloured, files, kept, errors, warnings, by_code, is_open, held }
    }

    /// Writes nothing before [`Self::release`].
    pub(super) fn held(self) -> Self {
        Self { held: Some(String::new()), ..self }
    }

    /// Writes what has been held back.
    pub(super) fn release(&mut self) {
        let held = self.held.take().unwrap_or_default();
        self.put(&held);
    }

    pub(super) fn count_file(&mut self, is_kept: bool) {
        self.files += 1;
        self.kept += usize::from(is_kept);
    }

    pub(super) fn write(&mut self, reports: &[Report]) {
        for report in reports {
            match report.diagnostic.severity {
                Severity::Error => self.errors += 1,
                Severity::Warning => self.warnings += 1,
                Severity::Info => {}
            }
            *self.by_code.entry(report.diagnostic.code).or_default() += 1;
            self.put(&render::text(report, self.format, self.is_coloured));
        }
    }

    /// A reader that has gone away has read enough.
    fn put(&mut self, text: &str) {
        if let Some(held) = &mut self.held {
            return held.push_str(text);
        }
        self.is_open &= std::io::stdout().lock().write_all(text.as_bytes()).is_ok();
    }

    /// Whether nobody reads any more.
    pub(super) fn is_closed(&self) -> bool {
        !self.is_open
    }

    /// Says that there is nothing to say, to people only.
    pub(super) fn reassure(&mut self) {
        if self.format == Format::Full && self.errors + self.warnings == 0 {
            self.put(&format!("found nothing in {}\n", count(self.files, "file")));
        }
    }

    /// Says how many there were, to people only; gives the exit code.
    pub(super) fn finish(&mut self) -> u8 {
        if self.format == Format::Full && self.errors + self.warnings > 0 {
            let (errors, warnings) = (count(self.errors, "error"), count(self.warnings, "warning"));
            let what = match (self.errors, self.warnings) {
                (_, 0) => errors,
                (0, _) => warnings,
                _ => format!("{errors} and {warnings}"),
            };
            self.put(&format!("found {what} in {}\n", count(self.files, "file")));
        }
        if self.shows_statistics {
            self.statistics();
        }
        u8::from(self.errors > 0)
    }

    /// On standard error, so that formats for programs stay what they are.
    fn statistics(&self) {
        for (code, number) in &self.by_code {
            eprintln!("{number:>6}  {code}  {}", render::rule_name(code));
        }
        let checked = self.files - self.kept;
        eprintln!("checked {} of {}, kept findings of {}", checked, count(self.files, "file"), self.kept);
    }
}

fn count(number: usize, word: &str) -> String {
    match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    }
}
