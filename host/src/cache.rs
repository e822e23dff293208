//! Compiled modules on disk, so that what has not changed is not compiled again.
//!
//! A folder of its own, `sys.pycache_prefix`, else `$XDG_CACHE_HOME/staticpy`, else `~/.cache/staticpy`, holds one file for each path
//! that was imported. It begins with a key: which compiler (a hash of its sources, the level of `-O`, and whether overflow traps), which path, which source (a hash of its bytes), and
//! a hash of the image after it. A file with any other key, or of any other contents, is as good as none: it is compiled anew and written
//! over. Only this user's own files are read, never what others may write to, and never through a symbolic link. A file is written
//! under a name of its own and then renamed, so two writers do not meet. Nothing here ever fails: without a cache
//! there is the compiler.
//!
//! The code of a dynamic module depends on its source alone. With that of a static module are kept its [`Premises`]; it is used only as long as they
//! hold. Cost of a hit: one `open`, one read, hashing at about a byte a cycle, [`image::decode`], and whatever the premises cost.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytecode::{Code, image};
use runtime::hash::keyed;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::{Ref, protocol, sys_state};

use crate::premises::Premises;

/// The first bytes of every file.
const MAGIC: &[u8; 8] = b"spc-code";

/// The hash of the compiler's sources, from the build script.
const COMPILER: &str = env!("COMPILER_FINGERPRINT");

/// The hash of the compiler's sources as a number.
pub(crate) fn fingerprint() -> u64 {
    u64::from_str_radix(COMPILER, 16).expect("the build script writes hexadecimal digits")
}

/// Separate keys keep hashes of different things apart.
const PATH_KEY: u64 = 1;
const SOURCE_KEY: u64 = 2;
const IMAGE_KEY: u64 = 3;
pub(crate) const ANSWER_KEY: u64 = 4;

/// Bytes before the image: the magic, the compiler, its level of optimisation, and the hashes of path, source and image.
const HEADER: usize = MAGIC.len() + COMPILER.len() + 1 + 3 * 8;

/// Where the code of one module is kept.
pub(crate) struct Slot {
    /// Whether it is for a file of the library.
    is_library: bool,
    file: PathBuf,
    /// Everything of the header but the last hash.
    key: Vec<u8>,
}

impl Slot {
    /// The place for a module's code, or `None` where nothing can be kept. `source` is its file's bytes, or what stands for them.
    pub(crate) fn of(path: &Path, source: &[u8]) -> Option<Self> {
        let path = path.to_str()?;
        let is_library = stdlib::library::is_file(path);
        let path = if is_library { PathBuf::from(path) } else { std::path::absolute(path).ok()? };
        // Code that traps is other code.
        let level = crate::options::optimize() as u8 | u8::from(crate::options::trap_overflow()) << 7;
        let place = keyed(PATH_KEY, path.as_os_str().as_encoded_bytes());
        let mut key = Vec::with_capacity(HEADER);
        key.extend_from_slice(MAGIC);
        key.extend_from_slice(COMPILER.as_bytes());
        key.push(level);
        key.extend_from_slice(&place.to_le_bytes());
        key.extend_from_slice(&keyed(SOURCE_KEY, source).to_le_bytes());
        Some(Self { is_library, file: folder()?.join(format!("{place:016x}-{level}.code")), key })
    }

    /// The code that is kept here for this very key, if `admit` wants code that rests on this.
    pub(crate) fn load(&self, filename: &str, admit: impl FnOnce(Option<&Premises>) -> bool) -> Option<Code> {
        let contents = self.read()?;
        let (header, kept) = contents.split_at_checked(HEADER)?;
        let (key, hash) = header.split_at(self.key.len());
        if key != self.key || hash != keyed(IMAGE_KEY, kept).to_le_bytes() {
            return None;
        }
        let (premises, image): (Option<Premises>, _) = postcard::take_from_bytes(kept).ok()?;
        admit(premises.as_ref()).then(|| image::decode(image, &Arc::from(filename))).flatten()
    }

    fn read(&self) -> Option<Vec<u8>> {
        let mut file = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(&self.file).ok()?;
        let meta = file.metadata().ok()?;
        if !meta.is_file() || !is_private(&meta) {
            return None;
        }
        let mut contents = Vec::with_capacity(meta.len() as usize);
        file.read_to_end(&mut contents).ok()?;
        Some(contents)
    }

    /// Keeps code here, with what it rests on.
    pub(crate) fn store(&self, code: &Code, premises: Option<&Premises>) {
        if !self.is_library && !is_wanted() {
            return;
        }
        let mut kept = postcard::to_allocvec(&premises).expect("premises are plain data, and vectors grow");
        kept.extend(image::encode(code));
        let hash = keyed(IMAGE_KEY, &kept).to_le_bytes();
        let contents = [&self.key, &hash[..], &kept].concat();
        let temporary = self.file.with_extension(format!("{}.new", std::process::id()));
        let written = self
            .create(&temporary)
            .and_then(|mut file| file.write_all(&contents))
            .and_then(|()| fs::rename(&temporary, &self.file));
        if written.is_err() {
            // A full disk or a folder that is gone: what is left of the file is of no use.
            let _removed = fs::remove_file(&temporary);
        }
    }

    fn create(&self, temporary: &Path) -> std::io::Result<File> {
        let folder = self.file.parent().expect("the file is in the folder of the cache");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)
    }
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

/// Whether the program lets its modules be kept: `sys.dont_write_bytecode`. The library's are as if the installation had kept them.
fn is_wanted() -> bool {
    of_sys("dont_write_bytecode").is_none_or(|flag| matches!(protocol::is_true(flag.value()), Ok(false)))
}

fn of_sys(name: &str) -> Option<Ref> {
    let sys = sys_state::modules().get_text("sys")?;
    sys.get::<ModuleObject>()?.dict().get_text(name)
}

/// The folder of the cache: absolute, because programs change their working directory.
fn folder() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let prefix =
        of_sys("pycache_prefix").and_then(|prefix| Some(prefix.get::<StrObject>()?.to_string_lossy()));
    prefix
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| absolute("XDG_CACHE_HOME").map(|cache| cache.join("staticpy")))
        .or_else(|| absolute("HOME").map(|home| home.join(".cache/staticpy")))
}
