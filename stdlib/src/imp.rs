//! `_imp`: what the library's `importlib` needs of the program: native modules, and the packed library.
//!
//! Imports themselves are the runtime's affair; `importlib` is loaded when a program asks for it, and finds through the overlay module
//! `_frozen_importlib` what has been imported before.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

use runtime::buffer::Buffer;
use runtime::objects::bytes::BytesObject;
use runtime::objects::code::{self, CodeObject};
use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::{self, int};
use runtime::world::World;
use runtime::{PyResult, Ref, Value, hash, protocol, py_functions, raise};

use crate::library;

/// The number of this program's compiled code in files, which is none of CPython's: theirs are below 0x8000.
static MAGIC: AtomicU32 = AtomicU32::new(NO_COMPILER);

/// The number before anybody has said which compiler it is; the line end shows damage by programs that change line ends.
const NO_COMPILER: u32 = 0x8000 | (0x0a0d << 16);

/// Makes the number depend on the compiler, so that files of another one are not read.
pub fn set_compiler(fingerprint: u64) {
    MAGIC.store(NO_COMPILER | (fingerprint as u32 & 0x7fff), Ordering::Relaxed);
}

/// When `importlib` compares compiled files that name the hash of their source with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum HashChecks {
    /// Each says whether it is to be.
    #[default]
    Default,
    /// All are.
    Always,
    /// None is.
    Never,
}

impl HashChecks {
    const NAMES: [(HashChecks, &'static str); 3] =
        [(Self::Default, "default"), (Self::Always, "always"), (Self::Never, "never")];

    /// What `_imp.check_hash_based_pycs` calls it.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    /// The one that a name stands for.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|&(_, known)| known == name).map(|(checks, _)| checks)
    }
}

static HASH_CHECKS: World<Cell<HashChecks>> = World::new(Cell::new(HashChecks::Default));

/// Decides that, before the module is imported.
pub fn set_hash_checks(checks: HashChecks) {
    HASH_CHECKS.set(checks);
}

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    let dict = module.dict();
    dict.set_text("check_hash_based_pycs", StrObject::intern(HASH_CHECKS.get().name()));
    dict.set_text("pyc_magic_number_token", int::from_i64(MAGIC.load(Ordering::Relaxed).into()));
    dict.set_text("library_root", StrObject::intern(library::ROOT));
    Ok(())
}

/// How often the import lock is held; there is one thread in an import at a time.
static HELD: World<Cell<usize>> = World::new(Cell::new(0));

py_functions! { static FUNCTIONS;
    /// Acquires the interpreter's import lock for the current thread.
    "acquire_lock()"
    fn acquire_lock() {
        HELD.set(HELD.get() + 1);
    }
    /// Release the interpreter's import lock.
    "release_lock()"
    fn release_lock() -> PyResult<()> {
        match HELD.get().checked_sub(1) {
            Some(left) => { HELD.set(left); Ok(()) }
            None => Err(raise!(RuntimeError, "not holding the import lock")),
        }
    }
    /// Return True if the import lock is currently held, else False.
    "lock_held()"
    fn lock_held() -> bool {
        HELD.get() > 0
    }
    /// Returns True if the module name corresponds to a built-in module.
    "is_builtin(name, /)"
    fn is_builtin(name: &StrObject) -> i64 {
        i64::from(crate::is_builtin(&name.to_string_lossy()))
    }
    /// Returns True if the library has a native module of this name, which files in front of the library hide.
    "is_library_native(name, /)"
    fn is_library_native(name: &StrObject) -> bool {
        let name = name.to_string_lossy();
        crate::is_native(&name) && !crate::is_builtin(&name)
    }
    /// Create an extension module.
    "create_builtin(spec, /)"
    fn create_builtin(spec: Value) -> PyResult {
        let name = protocol::str_string(protocol::get_attr_text(spec, "name")?.value())?;
        if let Some(loaded) = runtime::sys_state::modules().get_text(&name) {
            return Ok(loaded);
        }
        crate::load(&name).unwrap_or_else(|| Ok(objects::none().to_ref()))
    }
    /// Initialize a built-in module.
    "exec_builtin(mod, /)"
    fn exec_builtin(module: Value) -> i64 {
        let _ = module;
        0
    }
    /// Returns True if the module name corresponds to a frozen module.
    "is_frozen(name, /)"
    fn is_frozen(name: &StrObject) -> bool {
        let _ = name;
        false
    }
    /// Returns True if the module name is of a frozen package.
    "is_frozen_package(name, /)"
    fn is_frozen_package(name: &StrObject) -> PyResult<bool> {
        Err(raise!(ImportError, "No such frozen object named {}", name.to_string_lossy()))
    }
    /// Return info about the corresponding frozen module (if there is one) or None.
    "find_frozen(name, /, *, withdata=False)"
    fn find_frozen(name: &StrObject, withdata: Option<bool>) {
        let (_, _) = (name, withdata);
    }
    /// Create a code object for a frozen module.
    "get_frozen_object(name, data=None, /)"
    fn get_frozen_object(name: &StrObject, data: Option<Value>) -> PyResult<bool> {
        let _ = data;
        Err(raise!(ImportError, "No such frozen object named {}", name.to_string_lossy()))
    }
    /// Returns the list of file suffixes used to identify extension modules.
    "extension_suffixes()"
    fn extension_suffixes() -> Ref {
        ListObject::new(Vec::new()).into()
    }
    /// A hash of source text for caches.
    "source_hash(key, source)"
    fn source_hash(key: i64, source: Buffer) -> Ref {
        let number = hash::keyed(key as u64, &source.to_cow());
        BytesObject::new(&number.to_le_bytes()).into()
    }
    /// Says that code that has just been loaded, and all code in it, comes from this file.
    "_fix_co_filename(code, path, /)"
    fn _fix_co_filename(code: &CodeObject, path: String) {
        code.name_file(&path);
    }
    /// The contents of a file of the packed library, or None.
    "library_file(path, /)"
    fn library_file(path: &StrObject) -> Ref {
        let found = library::read(&path.to_string_lossy());
        found.map_or_else(|| objects::none().to_ref(), |contents| BytesObject::new(&contents).into())
    }
    /// The code of the static module of this name in a file, or None if the module is dynamic.
    "static_code(fullname, path, /)"
    fn static_code(fullname: String, path: Value) -> PyResult {
        // A loader may have been given anything; reading the file says what is wrong with it.
        let Some(path) = path.get::<StrObject>() else { return Ok(objects::none().to_ref()) };
        let code = (runtime::hooks::hooks().static_code)(&fullname, &path.to_utf8()?)?;
        Ok(code.unwrap_or_else(|| objects::none().to_ref()))
    }
    /// The names of the files of the packed library, relative to its root.
    "library_files()"
    fn library_files() -> Ref {
        ListObject::new(library::files().map(|name| StrObject::new(name).into()).collect()).into()
    }
    /// The tokens of a text, or of a piece of one: a list of (kind, text, start, end), and the error that ends it or None.
    "tokens(source, in_pieces, /)"
    fn tokens(source: String, in_pieces: bool) -> PyResult {
        (runtime::hooks::hooks().tokenize)(&source, in_pieces)
    }
    /// The scopes of a source: (kind, name, line, is nested, {name: (words, scope)}, blocks inside) of the outermost block.
    "scopes(source, filename, mode, /)"
    fn scopes(source: Value, filename: Value, mode: String) -> PyResult {
        runtime::builtins::scopes_of(source, filename, &mode)
    }
    /// The instructions of a code object as text, in this program's own terms.
    "code_listing(code, /)"
    fn code_listing(code: &CodeObject) -> String {
        code.listing()
    }
    /// The names and the numbers of the instructions that code objects show.
    "instruction_numbers()"
    fn instruction_numbers() -> Ref {
        let numbers = DictObject::new();
        for (name, number) in code::instruction_numbers() {
            numbers.set_text(name, int::from_i64(number.into()));
        }
        numbers.into()
    }
    /// Says whether frozen modules are used; there are none.
    "_override_frozen_modules_for_tests(override, /)"
    fn override_frozen(mode: i64) {
        let _ = mode;
    }
    /// Lets extension modules without support for several interpreters be loaded in each of them; there are none.
    "_override_multi_interp_extensions_check(override, /)"
    fn override_check(mode: i64) -> i64 {
        let _ = mode;
        0
    }
}
