//! Files of the file system, and of the packed library, whose folder is no path of any file system.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use stdlib::library;

/// Whether a path names a file.
pub(crate) fn is_file(path: &Path) -> bool {
    path.to_str().is_some_and(library::is_file) || path.is_file()
}

thread_local! {
    /// What has been found out about entries of a path.
    static ARCHIVES: RefCell<HashMap<PathBuf, bool>> = RefCell::default();
}

/// Whether an entry of a path is, or lies in, a file: an archive, if anything. The answer is kept.
pub(crate) fn is_archive(entry: &Path) -> bool {
    let known = ARCHIVES.with_borrow(|known| known.get(entry).copied());
    known.unwrap_or_else(|| {
        let is_archive =
            entry.ancestors().find_map(|part| part.metadata().ok()).is_some_and(|found| found.is_file());
        ARCHIVES.with_borrow_mut(|known| known.insert(entry.to_owned(), is_archive));
        is_archive
    })
}

/// The contents of a file.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    match path.to_str().and_then(library::read) {
        Some(contents) => Ok(contents),
        None => std::fs::read(path),
    }
}

/// What changes whenever the contents of a file do, for less than reading them where the file is packed.
pub(crate) fn identity(path: &Path) -> Option<Cow<'static, [u8]>> {
    match path.to_str().and_then(library::packed) {
        Some(stream) => Some(Cow::Borrowed(stream)),
        None => std::fs::read(path).ok().map(Cow::Owned),
    }
}

/// The text of a source file, for those who show lines of it.
pub(crate) fn source_text(filename: &str) -> Option<String> {
    if filename.starts_with('<') && !library::is_file(filename) {
        return None;
    }
    let source = lexer::decode(&read(Path::new(filename)).ok()?).ok()?;
    Some(source.text().to_owned())
}
