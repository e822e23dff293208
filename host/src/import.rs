//! Modules from `sys.path`: packages, modules, `__main__`.

use std::path::{Path, PathBuf};

use runtime::names::names;
use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::protocol;
use runtime::sys_state;
use runtime::value::{Py, PyResult, Ref, Value};

use crate::compile::{self, SearchPath};

/// The `load_module` hook: finds, compiles, registers and runs a module.
pub fn load_module(name: &str) -> PyResult {
    if let Some(module) = stdlib::load(name) {
        return module;
    }
    let (search, relative) = search_path(name)?;
    let Some(path) = search.find(&relative) else {
        let message = missing_message(name);
        return Err(protocol::import::module_not_found(name, &message));
    };
    let whole = SearchPath { directories: sys_path()? };
    let code = compile::compile_file(name, &path, &whole)?;
    run_module(name, new_module(name, &path), &code)
}

/// Registers a module and runs its code in it.
fn run_module(name: &str, module: Py<ModuleObject>, code: &Ref) -> PyResult {
    sys_state::modules().set_text(name, module.clone());
    let run = (runtime::hooks::hooks().run_code)(
        code.value(),
        module.dict(),
        Value::from_object(module.dict()),
        Value::NULL,
    );
    if let Err(raised) = run {
        let _removed = sys_state::modules().remove_str(StrObject::intern(name).value());
        return Err(raised);
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
fn sys_path() -> PyResult<Vec<PathBuf>> {
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
        .map(|text| if text.is_empty() { ".".into() } else { text.into() })
        .collect())
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
