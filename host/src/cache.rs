//! Compiled modules on disk, so that what has not changed is not compiled again.
//!
//! One [`KeptFile`] for each path that was imported; its key says which compiler (the level of `-O`, and whether overflow traps), which path, and
//! which source (a hash of its bytes). Nothing here ever fails: without a cache there is the compiler.
//!
//! The code of a dynamic module depends on its source alone. With that of a static module are kept its [`Premises`]; it is used only as long as they
//! hold. Cost of a hit: one `open`, one read, hashing at about a byte a cycle, [`image::decode`], and whatever the premises cost.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytecode::{Code, image};
use runtime::hash::keyed;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::{Ref, protocol, sys_state};

use crate::kept_file::{self, COMPILER, KeptFile, PATH_KEY, SOURCE_KEY};
use crate::premises::Premises;

/// The hash of the compiler's sources as a number.
pub(crate) fn fingerprint() -> u64 {
    u64::from_str_radix(COMPILER, 16).expect("the build script writes hexadecimal digits")
}

/// Where the code of one module is kept.
pub(crate) struct Slot {
    /// Whether it is for a file of the library.
    is_library: bool,
    file: KeptFile,
}

impl Slot {
    /// The place for a module's code, or `None` where nothing can be kept. `source` is its file's bytes, or what stands for them.
    pub(crate) fn of(path: &Path, source: &[u8]) -> Option<Self> {
        let path = path.to_str()?;
        let is_library = stdlib::library::is_file(path);
        let path = if is_library { PathBuf::from(path) } else { std::path::absolute(path).ok()? };
        // Code that traps is other code, and so is code that may be patched or counts references exactly.
        let level = crate::options::optimize() as u8
            | u8::from(crate::options::trap_overflow()) << 7
            | u8::from(runtime::freeze::is_patching()) << 6
            | u8::from(!is_library && runtime::objects::code::is_counting()) << 5;
        let place = keyed(PATH_KEY, path.as_os_str().as_encoded_bytes());
        let key = [&[level], &place.to_le_bytes()[..], &keyed(SOURCE_KEY, source).to_le_bytes()].concat();
        let file = kept_file::folder(prefix())?.join(format!("{place:016x}-{level}.code"));
        Some(Self { is_library, file: KeptFile::new(file, b"spc-code", &key) })
    }

    /// The code that is kept here for this very key, if `admit` wants code that rests on this.
    pub(crate) fn load(&self, filename: &str, admit: impl FnOnce(Option<&Premises>) -> bool) -> Option<Code> {
        let kept = self.file.read()?;
        let (premises, image): (Option<Premises>, _) = postcard::take_from_bytes(&kept).ok()?;
        admit(premises.as_ref()).then(|| image::decode(image, &Arc::from(filename))).flatten()
    }

    /// Keeps code here, with what it rests on.
    pub(crate) fn store(&self, code: &Code, premises: Option<&Premises>) {
        if !self.is_library && !is_wanted() {
            return;
        }
        let mut kept = postcard::to_allocvec(&premises).expect("premises are plain data, and vectors grow");
        kept.extend(image::encode(code));
        self.file.write(&kept);
    }
}

/// Whether the program lets its modules be kept: `sys.dont_write_bytecode`. The library's are as if the installation had kept them.
fn is_wanted() -> bool {
    of_sys("dont_write_bytecode").is_none_or(|flag| matches!(protocol::is_true(flag.value()), Ok(false)))
}

fn of_sys(name: &str) -> Option<Ref> {
    let sys = sys_state::modules().get_text("sys")?;
    sys.get::<ModuleObject>()?.dict().get_text(name)
}

/// `sys.pycache_prefix`
fn prefix() -> Option<PathBuf> {
    let prefix = of_sys("pycache_prefix")?;
    Some(PathBuf::from(prefix.get::<StrObject>()?.to_string_lossy()))
}
