//! The Python part of the standard library, packed into the program.
//!
//! Its files have paths below [`ROOT`], which stands on `sys.path` where an installation would have its library folder. The build
//! script packs them one by one, so that a file is unpacked when it is imported, and never before.

/// The folder of the library: not a path of any file system.
pub const ROOT: &str = "<stdlib>";

/// One packed file.
struct Entry {
    /// Path below the library.
    name: &'static str,
    /// Where its stream starts.
    offset: usize,
    /// Bytes of the stream.
    packed: usize,
    /// Bytes of the file.
    length: usize,
}

/// All files, by ascending name.
static ENTRIES: &[Entry] = include!(concat!(env!("OUT_DIR"), "/library.rs"));

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/library.bin"));

fn entry(path: &str) -> Option<&'static Entry> {
    // What makes paths absolute makes the library one below the working directory.
    let inside = &path[path.find(ROOT).filter(|&at| at == 0 || path[..at].ends_with('/'))?..];
    let name = inside.strip_prefix(ROOT)?.strip_prefix('/')?;
    let at = ENTRIES.binary_search_by_key(&name, |entry| entry.name).ok()?;
    ENTRIES.get(at)
}

/// Whether a path names a file of the library.
pub fn is_file(path: &str) -> bool {
    entry(path).is_some()
}

/// The packed form of a file of the library.
pub fn packed(path: &str) -> Option<&'static [u8]> {
    let entry = entry(path)?;
    Some(&PACKED[entry.offset..entry.offset + entry.packed])
}

/// The contents of a file of the library.
pub fn read(path: &str) -> Option<Vec<u8>> {
    let (entry, stream) = (entry(path)?, packed(path)?);
    let mut contents = vec![0; entry.length];
    let (_, code) = zlib_rs::decompress_slice(&mut contents, stream, zlib_rs::InflateConfig::default());
    assert_eq!(code, zlib_rs::ReturnCode::Ok, "the build script has packed {path}");
    Some(contents)
}

/// The names of the files, ascending.
pub fn files() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|entry| entry.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_unpacks() {
        assert!(files().count() > 500);
        assert!(files().is_sorted());
        for name in files() {
            let contents = read(&format!("{ROOT}/{name}")).expect("it is in the table");
            assert!(name == "__init__.py" || !contents.contains(&0), "{name}");
        }
    }

    #[test]
    fn only_files_of_the_library_are_found() {
        assert!(is_file("<stdlib>/json/__init__.py"));
        for path in ["<stdlib>/json", "json/__init__.py", "<stdlib>", "<stdlib>/nothing.py"] {
            assert!(!is_file(path), "{path}");
        }
    }
}
