//! A file of the cache: what has been computed before, trusted only where it was computed by this very program from these very things.
//!
//! A folder of its own, `sys.pycache_prefix`, else `$XDG_CACHE_HOME/staticpy`, else `~/.cache/staticpy`, holds a file for each thing that is kept.
//! It begins with a key: what it is, which compiler has made it (a hash of its sources), what it has been made from, and a hash of the contents
//! behind it. A file with any other key, or of any other contents, is as good as none: it is made anew and written over. Only this
//! user's own files are read, never what others may write to, and never through a symbolic link. A file is written under a name of its own
//! and then renamed, so two writers do not meet. Nothing here ever fails.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use runtime::hash::keyed;

/// The hash of the compiler's sources, from the build script.
pub(crate) const COMPILER: &str = env!("COMPILER_FINGERPRINT");

/// Separate keys keep hashes of different things apart.
pub(crate) const PATH_KEY: u64 = 1;
pub(crate) const SOURCE_KEY: u64 = 2;
const CONTENTS_KEY: u64 = 3;
pub(crate) const ANSWER_KEY: u64 = 4;
pub(crate) const QUESTION_KEY: u64 = 5;
pub(crate) const SETTINGS_KEY: u64 = 6;

/// What is longer has not been written here: it is no more than a gigabyte, whatever the file says of its length.
const MOST_BYTES: u64 = 1 << 30;

/// See the module documentation.
pub(crate) struct KeptFile {
    file: PathBuf,
    /// Everything before the contents but their hash.
    key: Vec<u8>,
}

impl KeptFile {
    /// The file for what `magic` and `key` say.
    pub(crate) fn new(file: PathBuf, magic: &[u8; 8], key: &[u8]) -> Self {
        Self { file, key: [magic, COMPILER.as_bytes(), key].concat() }
    }

    /// The contents that are kept for this very key.
    pub(crate) fn read(&self) -> Option<Vec<u8>> {
        let mut file = open_own(&self.file)?;
        let (mut key, mut hash, mut contents) = (vec![0; self.key.len()], [0; 8], Vec::new());
        file.read_exact(&mut key).ok()?;
        if key != self.key {
            return None;
        }
        file.read_exact(&mut hash).ok()?;
        file.take(MOST_BYTES).read_to_end(&mut contents).ok()?;
        (hash == keyed(CONTENTS_KEY, &contents).to_le_bytes()).then_some(contents)
    }

    /// Keeps these contents.
    pub(crate) fn write(&self, contents: &[u8]) {
        let hash = keyed(CONTENTS_KEY, contents).to_le_bytes();
        let whole = [&self.key, &hash[..], contents].concat();
        let temporary = self.file.with_extension(format!("{}.new", std::process::id()));
        let written = create(&temporary)
            .and_then(|mut file| file.write_all(&whole))
            .and_then(|()| fs::rename(&temporary, &self.file));
        if written.is_err() {
            // A full disk or a folder that is gone: what is left of the file is of no use.
            let _removed = fs::remove_file(&temporary);
        }
    }
}

/// Opens a file of this user's own. Anything else may stand there, such as a pipe, on which nobody waits.
fn open_own(path: &Path) -> Option<File> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    let meta = file.metadata().ok()?;
    (meta.is_file() && is_private(&meta)).then_some(file)
}

fn create(temporary: &Path) -> std::io::Result<File> {
    let folder = temporary.parent().expect("the file is in the folder of the cache");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)
}

/// Whether a file is this user's own, and nobody else may write to it.
fn is_private(meta: &fs::Metadata) -> bool {
    const OTHERS_MAY_WRITE: u32 = 0o022;
    meta.mode() & OTHERS_MAY_WRITE == 0 && Some(meta.uid()) == user()
}

/// Who runs this process.
fn user() -> Option<u32> {
    static USER: OnceLock<Option<u32>> = OnceLock::new();
    *USER.get_or_init(|| fs::metadata("/proc/self").ok().map(|meta| meta.uid()))
}

/// The folder of the cache, where `prefix` does not name one: absolute, because programs change their working directory.
pub(crate) fn folder(prefix: Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    prefix
        .filter(|path| path.is_absolute())
        .or_else(|| absolute("XDG_CACHE_HOME").map(|cache| cache.join("staticpy")))
        .or_else(|| absolute("HOME").map(|home| home.join(".cache/staticpy")))
}
