//! `spc stubs verify`: whether what stubs claim is true of the sources that they are about.
//!
//! A stub `a/b.pyi` in a folder that is named is that of the module `a.b`; one that is named itself has no folder before it. Sources are looked for in
//! the working folder, beside the stub, and on the path as for `spc check`.

use std::path::{Path, PathBuf};

use super::print;
use crate::compile::{self, Report};
use crate::modules::Modules;
use crate::render::{self, Format};

/// Verifies stubs; gives the exit code.
pub(crate) fn verify(paths: &[PathBuf], format: Format) -> u8 {
    let is_coloured = render::is_coloured(&std::io::stdout());
    let (mut reports, mut verified, mut absent) = (Vec::new(), 0, Vec::new());
    for path in paths {
        let folder = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(Path::new("")) };
        for stub in stubs_in(path) {
            let name = name_of(&stub, folder);
            match verify_one(&stub, folder, &name) {
                Ok(Some((found, number))) => {
                    reports.extend(found);
                    verified += number;
                }
                Ok(None) => absent.push(name),
                Err(wrong) => reports.extend(wrong),
            }
        }
    }
    let text: String = reports.iter().map(|report| render::text(report, format, is_coloured)).collect();
    let printed = print(&text);
    for name in absent {
        eprintln!("spc: no source of `{name}` is found, or it is not valid Python");
    }
    eprintln!("called {verified} functions, found {} claims that are not true", reports.len());
    printed.max(u8::from(!reports.is_empty()))
}

/// Claims that are not true, and how many functions have been called; nothing if there is no source.
fn verify_one(stub: &Path, folder: &Path, name: &str) -> Result<Option<(Vec<Report>, usize)>, Vec<Report>> {
    let bytes = std::fs::read(stub).map_err(|error| vec![compile::unreadable(stub, &error)])?;
    let source = compile::decode(stub, &bytes)?;
    let arena = bumpalo::Bump::new();
    if let Err(error) = parser::parse_module(&source, &arena) {
        return Err(compile::reports(stub, source, vec![error.to_diagnostic()]));
    }
    let modules = Modules::new(PathBuf::new(), Some(folder.to_owned()));
    let verdict = typeck::strict::verify(&modules, name, &stub.display().to_string(), source.text());
    Ok(verdict.map(|verdict| (compile::reports(stub, source, verdict.refuted), verdict.verified)))
}

/// The stub that a path names, or those in the tree below it.
fn stubs_in(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let is_stub = |path: &PathBuf| path.is_dir() || path.extension().is_some_and(|end| end == "pyi");
    paths.into_iter().filter(is_stub).flat_map(|path| stubs_in(&path)).collect()
}

/// `a.b` for `a/b.pyi` and for `a/b/__init__.pyi`.
fn name_of(stub: &Path, folder: &Path) -> String {
    let inner = stub.strip_prefix(folder).unwrap_or(stub).with_extension("");
    let parts = inner.iter().map(|part| part.to_string_lossy()).filter(|part| part != "__init__");
    parts.collect::<Vec<_>>().join(".")
}
