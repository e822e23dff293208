//! Modules from `sys.path`: packages, modules, `__main__`.

use std::path::{Path, PathBuf};

use bytecode::CodeFlags;
use runtime::error;
use runtime::error::traceback::{self, Hidden};
use runtime::names::names;
use runtime::objects::code::CodeObject;
use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::module::{Import, ModuleObject};
use runtime::objects::str::StrObject;
use runtime::protocol;
use runtime::sys_state;
use runtime::value::{Py, PyResult, Ref, Value};

use crate::compile::{self, SearchPath};
use crate::files;
use crate::import_time;
use crate::program;
use crate::verbose;

/// The `load_module` hook: finds, compiles, registers and runs a module.
pub fn load_module(name: &str) -> PyResult {
    import_time::measure(name, || match has_foreign_finders()? {
        true => find_and_load(name),
        false => load_natively(name, Archives::Left),
    })
}

/// Who looks into archives on the path, and at compiled files without a source: `importlib`, unless it is being set up.
#[derive(Clone, Copy, PartialEq)]
enum Archives {
    /// Leave the import to `importlib` if there are any.
    Left,
    Ignored,
}

/// Finds and loads a module without `importlib`.
fn load_natively(name: &str, archives: Archives) -> PyResult {
    if let Some(module) = load_builtin(name) {
        return verbose::report(name, module);
    }
    let (search, relative) = search_path(name)?;
    if archives == Archives::Left && search.directories.iter().any(|path| files::is_archive(path)) {
        return find_and_load(name);
    }
    if stdlib::is_native(name)
        && !search.hides(name)
        && let Some(module) = stdlib::load(name)
    {
        return verbose::report(name, module);
    }
    if let Some(path) = search.find(&relative) {
        let whole = SearchPath { directories: sys_path()? };
        let code = compile::load_file(name, &path, &whole)?;
        return verbose::report(name, run_module(name, new_module(name, &path), &code));
    }
    if archives == Archives::Left && search.has_compiled(&relative) {
        return find_and_load(name);
    }
    let folders = search.folders(&relative);
    if folders.is_empty() {
        let message = missing_message(name);
        return Err(protocol::import::module_not_found(name, &message));
    }
    if archives == Archives::Left {
        // The path of a namespace package follows those that it is made of, which is `importlib`'s business.
        return find_and_load(name);
    }
    let module = new_namespace(name, &folders);
    sys_state::modules().set_text(name, module.clone());
    give_spec(&module)?;
    Ok(module.into())
}

/// Makes the native module of this name, if no file may hide it.
fn load_builtin(name: &str) -> Option<PyResult> {
    if stdlib::is_builtin(name) { stdlib::load(name) } else { None }
}

/// Whether a file hides the native module of this name.
pub(crate) fn is_hidden(name: &str) -> PyResult<bool> {
    let search = SearchPath { directories: sys_path()? };
    Ok(!stdlib::is_builtin(name) && search.hides(name))
}

/// The `static_code` hook: what finders of `importlib` have found may be a static module, too.
pub fn static_code(name: &str, path: &str) -> PyResult<Option<Ref>> {
    let path = Path::new(path);
    let mentions_marker =
        files::read(path).is_ok_and(|bytes| memchr::memmem::find(&bytes, b"__static__").is_some());
    if !mentions_marker {
        return Ok(None);
    }
    let code = compile::load_file(name, path, &SearchPath { directories: sys_path()? })?;
    let is_static = code.get::<CodeObject>().is_some_and(|code| code.has(CodeFlags::STATIC));
    Ok(is_static.then_some(code))
}

/// The module of `importlib` that has the finders, once a program has asked for it.
fn bootstrap() -> Option<Ref> {
    let found = sys_state::modules().get_text("_frozen_importlib")?;
    // While it is being set up, the overlay module of this name stands there.
    let is_ready = found
        .get::<ModuleObject>()?
        .dict()
        .get_text("_give_spec")
        .is_some_and(|give| protocol::is_callable(give.value()));
    (is_ready && found.get::<ModuleObject>()?.dict().get_text("_gcd_import").is_some()).then_some(found)
}

/// Whether a program has put finders of its own among those of `importlib`, or hooks among its own.
fn has_foreign_finders() -> PyResult<bool> {
    let standard = if bootstrap().is_some() { (STANDARD_FINDERS, STANDARD_HOOKS) } else { (0, 0) };
    Ok((list_of_sys("meta_path")?.len(), list_of_sys("path_hooks")?.len()) != standard)
}

/// How many finders and path hooks the library's `importlib` installs.
const STANDARD_FINDERS: usize = 3;
const STANDARD_HOOKS: usize = 3;

fn list_of_sys(name: &str) -> PyResult<Vec<Ref>> {
    let sys = sys_state::modules().get_text("sys");
    let list = sys.and_then(|sys| sys.get::<ModuleObject>().and_then(|sys| sys.dict().get_text(name)));
    match list {
        Some(list) if runtime::objects::is_none(list.value()) => {
            let message = format!("sys.{name} is None, Python is likely shutting down");
            Err(runtime::raise!(ImportError, "{message}"))
        }
        Some(list) => protocol::collect(list.value()),
        None => Ok(Vec::new()),
    }
}

/// Imports as `importlib` does, step by step.
fn find_and_load(name: &str) -> PyResult {
    if bootstrap().is_none() {
        // What the program has installed waits until the machinery stands.
        const SETUP: [&str; 3] = ["_frozen_importlib", "importlib", "_imp"];
        if let Some(module) = load_builtin(name) {
            return module;
        }
        if !SETUP.contains(&name) && sys_state::modules().get_text("importlib").is_none() {
            protocol::import::import_absolute("importlib")?;
        }
        if bootstrap().is_none() {
            return load_natively(name, Archives::Ignored);
        }
    }
    let bootstrap = bootstrap().expect("set up above");
    let import = protocol::get_attr_text(bootstrap.value(), "_gcd_import")?;
    let load = protocol::get_attr_text(bootstrap.value(), "_find_and_load")?;
    let loaded = protocol::call(load.value(), &[StrObject::new(name).value(), import.value()], None);
    if loaded.is_err() {
        leave_out_machinery();
    }
    loaded
}

/// Takes the functions of `importlib` out of the traceback of an exception, as far as they do not tell anything: all of them if the import
/// itself failed, else those that led to the module's own code.
fn leave_out_machinery() {
    const MACHINERY: [&str; 3] = [
        "<stdlib>/importlib/_bootstrap.py",
        "<stdlib>/importlib/_bootstrap_external.py",
        "<stdlib>/_frozen_importlib.py",
    ];
    let raised = runtime::thread().peek_raised();
    let is_all = raised.is_some_and(|raised| raised.ty().is_subclass_of(&error::types::ImportError));
    traceback::leave_out(|entry| {
        let code = entry.code();
        match MACHINERY.contains(&&*code.code().filename) {
            false => Hidden::No,
            true if is_all || code.name() == "_call_with_frames_removed" => Hidden::WithThoseBefore,
            true => Hidden::Maybe,
        }
    });
}

/// Gives a new module its spec, if `importlib` is there to make one.
pub(crate) fn give_spec(module: &Py<ModuleObject>) -> PyResult<()> {
    let Some(bootstrap) = bootstrap() else { return Ok(()) };
    match protocol::get_optional_attr(bootstrap.value(), StrObject::intern("_give_spec").value())? {
        Some(give) => protocol::call(give.value(), &[module.value()], None).map(drop),
        None => Ok(()),
    }
}

/// Registers a module and runs its code in it.
fn run_module(name: &str, module: Py<ModuleObject>, code: &Ref) -> PyResult {
    sys_state::modules().set_text(name, module.clone());
    give_spec(&module)?;
    module.set_import(Import::Running);
    let run = (runtime::hooks::hooks().run_code)(
        code.value(),
        module.dict(),
        Value::from_object(module.dict()),
        Value::NULL,
    );
    module.set_import(Import::Done);
    if let Err(raised) = run {
        let _removed = sys_state::modules().remove_str(StrObject::intern(name).value());
        return Err(raised);
    }
    if name == "linecache" {
        program::show_command(&module.clone().into())?;
    }
    // A module may replace itself in `sys.modules`.
    Ok(sys_state::modules().get_text(name).unwrap_or_else(|| module.into_ref()))
}

/// The file of a module whose package has been imported.
pub(crate) fn find(name: &str) -> PyResult<Option<PathBuf>> {
    let (search, relative) = search_path(name)?;
    Ok(search.find(&relative))
}

fn missing_message(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((parent, _)) if sys_state::modules().get_text(parent).is_some() && !is_package(parent) => {
            format!("No module named '{name}'; '{parent}' is not a package")
        }
        _ => format!("No module named '{name}'"),
    }
}

fn is_package(name: &str) -> bool {
    let module = sys_state::modules().get_text(name);
    let dict = module.as_ref().and_then(|module| module.get::<ModuleObject>()).map(ModuleObject::dict);
    dict.is_some_and(|dict| dict.get_str(names().__path__).is_some())
}

/// Where a module is looked for, and under which name there: the parent package's `__path__`, or `sys.path`.
fn search_path(name: &str) -> PyResult<(SearchPath, String)> {
    let Some((parent, last)) = name.rsplit_once('.') else {
        return Ok((SearchPath { directories: sys_path()? }, name.to_owned()));
    };
    let package = sys_state::modules().get_text(parent);
    let path = match &package {
        Some(package) => protocol::get_optional_attr(package.value(), names().__path__)?,
        None => None,
    };
    let directories = match path {
        Some(path) => directories(&path)?,
        None => Vec::new(),
    };
    Ok((SearchPath { directories }, last.to_owned()))
}

/// `sys.path` as directories.
pub(crate) fn sys_path() -> PyResult<Vec<PathBuf>> {
    let path = sys_state::modules()
        .get_text("sys")
        .and_then(|sys| sys.get::<ModuleObject>().and_then(|sys| sys.dict().get_text("path")));
    path.map_or(Ok(Vec::new()), |path| directories(&path))
}

fn directories(path: &Ref) -> PyResult<Vec<PathBuf>> {
    let items = protocol::collect(path.value())?;
    let text = |item: &Ref| item.get::<StrObject>().map(StrObject::to_string_lossy);
    Ok(items
        .iter()
        .filter_map(text)
        .map(|text| if text.is_empty() { working_directory() } else { text.into() })
        .collect())
}

/// What an empty entry of the path stands for.
fn working_directory() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| ".".into())
}

/// An empty module with the attributes that its file gives it.
pub fn new_module(name: &str, path: &Path) -> Py<ModuleObject> {
    let module = ModuleObject::new(name);
    let dict: &DictObject = module.dict();
    let shown = path.display().to_string();
    dict.set_text("__file__", StrObject::new(&shown));
    dict.set_text("__builtins__", runtime::builtins::dict());
    let is_package = path.file_name().is_some_and(|file| file == "__init__.py");
    let package = if is_package { name } else { name.rsplit_once('.').map_or("", |(package, _)| package) };
    dict.set_text("__package__", StrObject::new(package));
    if is_package && let Some(directory) = path.parent() {
        let directory = StrObject::new(&directory.display().to_string());
        dict.set_text("__path__", ListObject::new(vec![directory.into()]));
    }
    module
}

/// An empty namespace package over these folders.
fn new_namespace(name: &str, folders: &[PathBuf]) -> Py<ModuleObject> {
    let module = ModuleObject::new(name);
    let dict: &DictObject = module.dict();
    dict.set_text("__package__", StrObject::new(name));
    let folders = folders.iter().map(|folder| StrObject::new(&folder.display().to_string()).into());
    dict.set_text("__path__", ListObject::new(folders.collect()));
    module
}
