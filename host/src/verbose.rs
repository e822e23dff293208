//! `-v`: which modules are imported and where they come from, on standard error in CPython's words.
//!
//! What `importlib` imports it reports itself, by `sys.flags.verbose`; here are the modules that are imported without it. The loader is shown
//! as it would be if somebody asked for it, without its address.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::value::{PyResult, Ref};

static IS_WANTED: AtomicBool = AtomicBool::new(false);

/// Reports imports from now on.
pub(crate) fn begin() {
    IS_WANTED.store(true, Ordering::Relaxed);
}

/// Reports a module that has been loaded, if that is wanted.
pub(crate) fn report(name: &str, loaded: PyResult) -> PyResult {
    if let (true, Ok(module)) = (IS_WANTED.load(Ordering::Relaxed), &loaded) {
        // Nothing sensible is left to do when standard error fails.
        drop(std::io::stderr().write_all(lines(name, module).as_bytes()));
    }
    loaded
}

fn lines(name: &str, module: &Ref) -> String {
    let dict = module.get::<ModuleObject>().map(ModuleObject::dict);
    let file = dict.and_then(|dict| dict.get_text("__file__"));
    match file.as_ref().and_then(|file| file.get::<StrObject>()) {
        Some(file) => format!(
            "# code object from '{}'\nimport '{name}' # <_frozen_importlib_external.SourceFileLoader object>\n",
            file.to_string_lossy()
        ),
        None => format!("import '{name}' # <class '_frozen_importlib.BuiltinImporter'>\n"),
    }
}
