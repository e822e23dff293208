//! Findings on disk, so that `spc check` does not look again at what has not changed.
//!
//! One [`KeptFile`] for each file that was checked and each question about it; the key says what was asked, of which path, and of which
//! source. With the findings are kept the [`Premises`] of the check, as with the code of static modules: they are used only as long as these
//! hold. Texts of other files that findings show are kept once for each file.
//!
//! Cost of a hit: two reads, a hash of the source, and whatever the premises cost.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Diagnostic, Label, Origin, Severity, Span, rule};
use runtime::hash::keyed;
use serde::{Deserialize, Serialize};
use typeck::ModuleLoader;

use crate::kept_file::{self, KeptFile, PATH_KEY, QUESTION_KEY, SOURCE_KEY};
use crate::premises::{Known, Premises};
use crate::settings::Settings;

/// Where the findings about one file are kept.
pub struct Findings {
    file: KeptFile,
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Kept {
    premises: Premises,
    /// Paths and texts of other files.
    origins: Vec<(String, String)>,
    found: Vec<KeptFinding>,
}

#[derive(Serialize, Deserialize)]
struct KeptFinding {
    code: String,
    /// The position in [`SEVERITIES`].
    severity: u8,
    message: String,
    primary: KeptLabel,
    secondary: Vec<KeptLabel>,
    notes: Vec<String>,
    help: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct KeptLabel {
    span: (u32, u32),
    /// The position among the origins.
    origin: Option<u32>,
    text: String,
}

const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Info];

impl Findings {
    /// The place for what is found about a file with this source, or `None` where nothing can be kept. `question` is all that the outcome depends
    /// on besides the compiler, the source and the premises.
    pub fn of(path: &Path, source: &[u8], question: &[u8]) -> Option<Self> {
        let prefix = std::env::var_os("PYTHONPYCACHEPREFIX").map(PathBuf::from);
        let whole = std::path::absolute(path).ok()?;
        let (whole, shown) = (whole.as_os_str().as_encoded_bytes(), path.as_os_str().as_encoded_bytes());
        let asked = keyed(QUESTION_KEY, &[shown, b"\0", question].concat());
        let place = keyed(PATH_KEY, &[whole, b"\0", &asked.to_le_bytes()].concat());
        let hashes = [place, asked, keyed(SOURCE_KEY, source)];
        let key: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
        let file = kept_file::folder(prefix)?.join(format!("{place:016x}.findings"));
        Some(Self { file: KeptFile::new(file, b"spc-find", &key) })
    }

    /// What was found, if it would be found again.
    pub fn load(
        &self,
        module: &str,
        settings: &Settings,
        loader: &dyn ModuleLoader,
        known: &Known,
    ) -> Option<Vec<Diagnostic>> {
        let kept: Kept = postcard::from_bytes(&self.file.read()?).ok()?;
        if !kept.premises.hold(module, settings, loader, known) {
            return None;
        }
        let origins: Vec<_> =
            kept.origins.into_iter().map(|(path, text)| Arc::new(Origin { path, text })).collect();
        kept.found.into_iter().map(|found| found.restore(&origins)).collect()
    }

    /// Keeps what has been found, with what that rests on.
    pub fn store(&self, premises: Premises, found: &[Diagnostic]) {
        let mut origins = Vec::new();
        let found = found.iter().map(|found| KeptFinding::of(found, &mut origins)).collect();
        let kept = Kept { premises, origins, found };
        self.file.write(&postcard::to_allocvec(&kept).expect("findings are plain data, and vectors grow"));
    }
}

impl KeptFinding {
    fn of(found: &Diagnostic, origins: &mut Vec<(String, String)>) -> Self {
        let severity = SEVERITIES.iter().position(|severity| *severity == found.severity).unwrap_or(0);
        Self {
            code: found.code.to_owned(),
            severity: severity as u8,
            message: found.message.clone(),
            primary: KeptLabel::of(&found.primary, origins),
            secondary: found.secondary.iter().map(|label| KeptLabel::of(label, origins)).collect(),
            notes: found.notes.clone(),
            help: found.help.clone(),
        }
    }

    fn restore(self, origins: &[Arc<Origin>]) -> Option<Diagnostic> {
        Some(Diagnostic {
            code: rule::find(&self.code)?.code,
            severity: *SEVERITIES.get(usize::from(self.severity))?,
            message: self.message,
            primary: self.primary.restore(origins)?,
            secondary: self
                .secondary
                .into_iter()
                .map(|label| label.restore(origins))
                .collect::<Option<_>>()?,
            notes: self.notes,
            help: self.help,
        })
    }
}

impl KeptLabel {
    fn of(label: &Label, origins: &mut Vec<(String, String)>) -> Self {
        let origin = label.origin.as_ref().map(|origin| {
            let is_it = |(path, text): &(String, String)| *path == origin.path && *text == origin.text;
            let at = origins.iter().position(is_it).unwrap_or_else(|| {
                origins.push((origin.path.clone(), origin.text.clone()));
                origins.len() - 1
            });
            at as u32
        });
        Self { span: (label.span.start, label.span.end), origin, text: label.text.clone() }
    }

    fn restore(self, origins: &[Arc<Origin>]) -> Option<Label> {
        let origin = match self.origin {
            Some(at) => Some(Arc::clone(origins.get(at as usize)?)),
            None => None,
        };
        Some(Label { span: Span::new(self.span.0, self.span.1), origin, text: self.text })
    }
}
