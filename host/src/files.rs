//! Files of the file system, and of the packed library, whose folder is no path of any file system.

use std::borrow::Cow;
use std::io;
use std::path::Path;

use stdlib::library;

/// Whether a path names a file.
pub(crate) fn is_file(path: &Path) -> bool {
    path.to_str().is_some_and(library::is_file) || path.is_file()
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
