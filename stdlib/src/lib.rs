//! Native modules of the standard library, one file each, and the table by which the importer finds them.
//!
//! - [`io`]: files and streams, the standard ones among them
//! - [`sys`], [`atexit`], [`math`], [`time`], [`gc`], [`itertools`], [`functools`], [`operator`]: modules
//! - [`sre`]: regular expressions; [`json`], [`csv`], [`random`], [`bisect`], [`heapq`], [`hashes`]: data
//! - [`static_python`], the module `__static__`; [`strict_python`], the module `__strict__`
//! - [`typing`]: names that annotations need
//!
//! - [`library`]: modules in Python, those of `lib/` among them
//!
//! The importer asks [`load`] before it looks for files if the module [is built in](is_builtin), else where the library stands on the path.

pub mod abc;
pub mod accounts;
pub mod array;
pub mod atexit;
pub mod binascii;
pub mod bisect;
mod breakpoint;
mod cinderx;
mod cmath;
pub mod codecs;
pub mod collections;
pub mod contextvars;
pub mod csv;
mod displayhook;
pub mod errno;
pub mod excepthook;
pub mod faulthandler;
mod fcntl;
pub mod functools;
pub mod gc;
pub mod hashes;
pub mod heapq;
pub mod imp;
pub mod io;
pub mod itertools;
pub mod json;
pub mod library;
pub mod locale;
pub mod marshal;
pub mod math;
mod mmap;
mod modules;
pub(crate) mod monitoring;
mod multibyte;
mod multiprocessing;
pub mod operator;
mod pickle;
pub mod posix;
pub mod random;
pub mod resource;
pub mod select;
pub mod signal;
pub mod site;
pub mod socket;
pub mod sre;
pub mod stat;
pub mod static_python;
pub mod strict_python;
pub mod string;
pub mod structs;
pub mod subprocess;
pub mod sys;
mod sys_tracing;
pub(crate) mod system;
mod termios;
pub mod thread;
pub mod time;
pub mod typing;
pub mod unicodedata;
pub(crate) mod warning;
mod warnings;
pub mod weak;
mod zlib;

use runtime::objects::module::ModuleObject;
use runtime::{Py, PyResult, Ref};

use modules::{MODULES, NativeModule};

/// Lets go of what native modules keep of the program, which is over.
pub fn release() {
    posix::release();
    contextvars::release();
    gc::release();
    monitoring::release();
    faulthandler::release();
}

/// Lets go of what finalisers still need: how to warn.
pub fn release_last() {
    warnings::release();
    release();
}

/// Names of all native modules, `sys` and `builtins` included.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = MODULES.iter().map(|module| module.name).collect();
    names.extend(["builtins", "sys"]);
    names.sort_unstable();
    names
}

/// Modules that are built into CPython, too: they come before whatever is on the path. The others stand with the library.
const BUILTIN: &[&str] = &[
    "_abc",
    "_codecs",
    "_collections",
    "_functools",
    "_imp",
    "_io",
    "_locale",
    "_operator",
    "_signal",
    "_sre",
    "_stat",
    "_string",
    "_thread",
    "_typing",
    "_warnings",
    "_weakref",
    "__static__",
    "__static__.compiler_flags",
    "atexit",
    "builtins",
    "errno",
    "faulthandler",
    "gc",
    "itertools",
    "marshal",
    "posix",
    "pwd",
    "sys",
    "time",
];

/// Whether no file hides the native module of this name.
pub fn is_builtin(name: &str) -> bool {
    BUILTIN.contains(&name)
}

/// Whether there is a native module of this name.
pub fn is_native(name: &str) -> bool {
    is_builtin(name) || MODULES.iter().any(|module| module.name == name)
}

/// Makes and registers the native module of this name, if there is one. The result is that very module.
pub fn load(name: &str) -> Option<PyResult<Ref>> {
    let native = MODULES.iter().find(|module| module.name == name)?;
    Some(make(native).map(Py::into_ref))
}

fn make(native: &NativeModule) -> PyResult<Py<ModuleObject>> {
    let module = ModuleObject::native(native.name);
    module.unaudited();
    module.describe(native.doc);
    (native.fill)(&module)?;
    runtime::sys_state::modules().set_text(native.name, module.clone());
    Ok(module)
}
