//! `[tool.spc.strict]` of `pyproject.toml`: what a project wants of the analysis of strict modules.
//!
//! The nearest `pyproject.toml` above a file counts, for checking and for importing alike: a module that `spc check` accepts is accepted
//! when it is imported. A file that cannot be read as settings is an error of `spc check`; imports then go by the defaults, which are stricter.
//!
//! Cost: a look into each folder above a strict module.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base::Severity;
use runtime::hash::keyed;
use serde::Deserialize;
use typeck::strict::Options;

use crate::kept_file::SETTINGS_KEY;

/// How serious something is that the settings speak of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is not looked for.
    Off,
    /// It is found, and no more.
    Warn,
    /// It is refused.
    #[default]
    Error,
}

/// What holds for one file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// What importing strict modules does.
    pub effects: Level,
    /// What importing modules does that are static alone.
    pub of_static: Option<Level>,
    /// For the analysis.
    pub options: Options,
}

/// A file of settings that says what it should not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wrong {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub message: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Project {
    tool: Tool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Tool {
    spc: Spc,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Spc {
    strict: Strict,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Strict {
    #[serde(rename = "static")]
    of_static: Option<Level>,
    effects: Level,
    stubs: Vec<String>,
    steps: Option<u32>,
    impure_imports: Option<Level>,
    paths: BTreeMap<String, OfPath>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfPath {
    effects: Level,
}

const FILE: &str = "pyproject.toml";

impl Settings {
    /// Those for a file.
    pub fn of(path: &Path) -> Result<Self, Wrong> {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let found = whole.ancestors().skip(1).find_map(|folder| {
            let text = std::fs::read_to_string(folder.join(FILE)).ok()?;
            Some((folder, text))
        });
        let Some((folder, text)) = found else {
            return Ok(Self::from_project(Strict::default(), &whole, &whole));
        };
        let wrong = |error: toml::de::Error| Wrong {
            path: folder.join(FILE),
            message: error.message().trim_end().replace('\n', " "),
        };
        let project: Project = toml::from_str(&text).map_err(wrong)?;
        Ok(Self::from_project(project.tool.spc.strict, folder, &whole))
    }

    fn from_project(strict: Strict, folder: &Path, path: &Path) -> Self {
        let inner = path.strip_prefix(folder).unwrap_or(path);
        // Of several folders that hold the file the innermost counts.
        let of_path = strict.paths.iter().filter(|(start, _)| inner.starts_with(start));
        let nearest = of_path.max_by_key(|(start, _)| Path::new(start).components().count());
        let stubs = strict.stubs.iter().map(|stubs| folder.join(stubs).display().to_string()).collect();
        let mut options = Options { stubs, ..Options::default() };
        options.steps = strict.steps.unwrap_or(options.steps);
        options.tells_imports = strict.impure_imports != Some(Level::Off);
        let effects = nearest.map_or(strict.effects, |(_, of_path)| of_path.effects);
        Self { effects, of_static: strict.of_static, options }
    }

    /// Those for an import, which does not fail for them.
    pub(crate) fn of_import(path: &Path) -> Self {
        Self::of(path).unwrap_or_default()
    }

    /// Changes whenever they do.
    pub(crate) fn hash(&self) -> u64 {
        keyed(SETTINGS_KEY, format!("{self:?}").as_bytes())
    }
}

impl Level {
    /// How serious findings are; nothing if they are not wanted.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Warn => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
}

/// The stub of a module in a folder, or beside the module among these folders.
pub fn find_stub(folders: &[PathBuf], name: &str) -> Option<(String, String)> {
    folders.iter().find_map(|folder| {
        let place = name.split('.').fold(folder.clone(), |path, part| path.join(part));
        let file = place.with_file_name(format!("{}.pyi", place.file_name()?.to_str()?));
        [place.join("__init__.pyi"), file].into_iter().find_map(|path| {
            let text = std::fs::read_to_string(&path).ok()?;
            Some((path.display().to_string(), text))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str, path: &str) -> Settings {
        let project: Project = toml::from_str(text).expect("settings");
        Settings::from_project(project.tool.spc.strict, Path::new("/p"), Path::new(path))
    }

    #[test]
    fn the_innermost_path_counts() {
        let text = "[tool.spc.strict.paths]\n'a' = { effects = 'warn' }\n'a/b' = { effects = 'off' }\n";
        let of = |path: &str| settings(text, path).effects;
        assert_eq!(of("/p/x.py"), Level::Error);
        assert_eq!(of("/p/a/x.py"), Level::Warn);
        assert_eq!(of("/p/a/b/x.py"), Level::Off);
        assert_eq!(of("/p/ab/x.py"), Level::Error);
    }

    #[test]
    fn other_tools_may_say_what_they_like() {
        let text =
            "[tool.other]\nx = 1\n[tool.spc]\nmore = 2\n[tool.spc.strict]\nstatic = 'warn'\nstubs = ['s']\n";
        let found = settings(text, "/p/x.py");
        assert_eq!(found.of_static, Some(Level::Warn));
        assert_eq!(found.options.stubs, ["/p/s"]);
        assert!(toml::from_str::<Project>("[tool.spc.strict]\nnothing = 1\n").is_err());
    }
}
