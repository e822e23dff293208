//! Folders of installed packages on `sys.path`, and virtual environments.
//!
//! What Lib's `site` does at every start of CPython, but by looking for folders first: only where one has `.pth` files is `site` itself
//! imported, which reads them. A virtual environment is a folder with `pyvenv.cfg`, in which the executable lies in `bin`, or
//! which `$VIRTUAL_ENV` names, since one binary serves all environments (PEP 405).
//!
//! Cost without packages: three questions to the file system.

use std::path::{Path, PathBuf};

use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::value::{PyResult, Value};
use runtime::{protocol, sys_state};

use crate::compile::SearchPath;
use crate::import;
use crate::options::Options;

/// Below a prefix.
const PACKAGES: &str = "lib/python3.14/site-packages";

/// Adds the folders that exist to `sys.path`, and sets the prefixes.
pub(crate) fn add_packages(options: &Options) -> PyResult<()> {
    let environment = environment(options);
    if let Some(environment) = &environment {
        set_prefix(&environment.root);
    }
    let user = (options.no_user_site == 0 && environment.as_ref().is_none_or(|found| found.sees_system))
        .then(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".local").join(PACKAGES)))
        .flatten();
    let system = match &environment {
        Some(environment) => environment.root.join(PACKAGES),
        None => Path::new("/usr/local").join(PACKAGES),
    };
    for folder in user.into_iter().chain([system]) {
        add_folder(&folder)?;
    }
    customize("sitecustomize")?;
    if options.no_user_site == 0 {
        customize("usercustomize")?;
    }
    Ok(())
}

/// Runs what a system or a user wants run at every start, if there is such a module.
fn customize(name: &str) -> PyResult<()> {
    let search = SearchPath { directories: import::sys_path()? };
    if search.find(name).is_none() && search.folders(name).is_empty() {
        return Ok(());
    }
    let site = protocol::import::import_absolute("site")?;
    protocol::call_method_text(site.value(), &format!("exec{name}"), &[]).map(drop)
}

/// The program that runs, under the name that it was started by: a link in a virtual environment stays one.
pub(crate) fn executable() -> Option<PathBuf> {
    started_as().or_else(|| std::env::current_exe().ok())
}

/// The path of the program, if it was started by one that leads there.
fn started_as() -> Option<PathBuf> {
    let name = PathBuf::from(std::env::args_os().next()?);
    let path = std::path::absolute(&name).ok().filter(|_| name.components().count() > 1)?;
    let is_this =
        std::fs::canonicalize(&path).ok()? == std::fs::canonicalize(std::env::current_exe().ok()?).ok()?;
    is_this.then_some(path)
}

/// A virtual environment.
struct Environment {
    root: PathBuf,
    /// Whether packages from outside are visible too.
    sees_system: bool,
}

fn environment(options: &Options) -> Option<Environment> {
    let beside = started_as().and_then(|path| Some(path.parent()?.parent()?.to_path_buf()));
    let named = options.variable("VIRTUAL_ENV").map(PathBuf::from);
    beside.into_iter().chain(named).find_map(|root| {
        let text = std::fs::read_to_string(root.join("pyvenv.cfg")).ok()?;
        let says = |line: &str| {
            line.split_once('=').is_some_and(|(key, value)| {
                key.trim() == "include-system-site-packages" && value.trim().eq_ignore_ascii_case("true")
            })
        };
        Some(Environment { sees_system: text.lines().any(says), root })
    })
}

fn set_prefix(root: &Path) {
    let Some(sys) = sys_state::modules().get_text("sys") else { return };
    let Some(sys) = sys.get::<ModuleObject>() else { return };
    for name in ["prefix", "exec_prefix"] {
        sys.dict().set_text(name, StrObject::new(&root.display().to_string()));
    }
}

fn add_folder(folder: &Path) -> PyResult<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    let is_path_file = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().ends_with(".pth");
    let has_path_files = entries.filter_map(Result::ok).any(is_path_file);
    let text = StrObject::new(&folder.display().to_string());
    if has_path_files {
        let site = protocol::import::import_absolute("site")?;
        return protocol::call_method_text(site.value(), "addsitedir", &[text.value()]).map(drop);
    }
    let sys = protocol::import::import_absolute("sys")?;
    let path = protocol::get_attr_text(sys.value(), "path")?;
    if let Some(path) = path.get::<ListObject>() {
        path.push(Value::from_object(&*text).to_ref());
    }
    Ok(())
}
