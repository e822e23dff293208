//! Files of the file system, and of the packed library, whose folder is no path of any file system.

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
