//! Programs that are no source files: archives with a `__main__` (`zipapp`), and compiled files.
//!
//! Both are the business of the library: `runpy` finds the module in an archive that is the first entry of `sys.path`, and `importlib` reads
//! compiled files. Here is only how such a file is recognised, and how the library is asked. Cost for other files: the end of
//! the file is read once.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use runtime::objects::str::StrObject;
use runtime::value::{PyResult, Ref};
use runtime::{objects, protocol};

/// What the directory of an archive ends with, and the least size of that end.
const END: &[u8] = b"PK\x05\x06";
const LEAST: u64 = 22;
/// A comment may stand behind it, so long at most.
const LONGEST_COMMENT: u64 = 65_535;

/// Whether a file ends as an archive does, whatever it begins with.
pub(crate) fn is_archive(path: &Path) -> bool {
    let tail = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata().map(|found| if found.is_file() { found.len() } else { 0 })?;
        file.seek(SeekFrom::Start(length.saturating_sub(LEAST + LONGEST_COMMENT)))?;
        let mut tail = Vec::new();
        file.take(LEAST + LONGEST_COMMENT).read_to_end(&mut tail)?;
        Ok(tail)
    };
    let ends_so = |tail: Vec<u8>| {
        let found = tail.windows(END.len()).rposition(|window| window == END);
        found.is_some_and(|at| tail.len() - at >= LEAST as usize)
    };
    tail().is_ok_and(ends_so)
}

/// Whether a file is compiled code by its name.
pub(crate) fn is_compiled(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "pyc")
}

/// Runs the `__main__` of the archive that is first on `sys.path`; some module `__main__` must be there, which becomes it.
pub(crate) fn run_archive() -> PyResult {
    run_as_main("__main__", false)
}

/// Lets the library find a module and run it as `__main__`; `sys.argv` is to show it.
pub(crate) fn run_as_main(name: &str, is_shown: bool) -> PyResult {
    let runpy = protocol::import::import_absolute("runpy")?;
    let name = StrObject::new(name);
    let args = [name.value(), objects::bool(is_shown)];
    protocol::call_method_text(runpy.value(), "_run_module_as_main", &args)
}

/// The code of a compiled file.
pub(crate) fn compiled_code(path: &Path) -> PyResult<Ref> {
    let machinery = protocol::import::import_absolute("importlib.machinery")?;
    let (name, file) = (StrObject::intern("__main__"), StrObject::new(&path.display().to_string()));
    let args = [name.value(), file.value()];
    let loader = protocol::call_method_text(machinery.value(), "SourcelessFileLoader", &args)?;
    protocol::call_method_text(loader.value(), "get_code", &[name.value()])
}
