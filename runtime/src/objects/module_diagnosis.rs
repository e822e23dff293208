//! Why a module does not have what a program wants of it: it may still be running, or be another module than the program means.
//!
//! A module that has the name of one of the library, or of an installed one, and lies beside the program takes its place; a module in a
//! cycle of imports is seen before it is complete. The words, and when they are said, are those of CPython 3.14 (`moduleobject.c` and
//! `ceval.c`).

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use crate::names::names;
use crate::objects;
use crate::objects::dict::DictObject;
use crate::objects::module::ModuleObject;
use crate::objects::str::StrObject;
use crate::protocol;
use crate::sys_state;
use crate::value::{PyResult, Ref, Value};
use crate::world::World;

/// The directory of the program, where imports look first; none if they do not.
static PROGRAM_DIRECTORY: World<RefCell<Option<PathBuf>>> = World::new(RefCell::new(None));

/// Tells where imports look first because the program lies there; empty for the working directory.
pub fn set_program_directory(directory: &Path) {
    let directory = match directory.as_os_str().is_empty() {
        true => std::env::current_dir().unwrap_or_default(),
        false => directory.to_path_buf(),
    };
    *PROGRAM_DIRECTORY.borrow_mut() = Some(directory);
}

/// What can be said of a module.
struct Diagnosis {
    /// Its file, if it has been loaded from one.
    origin: Option<Ref>,
    /// Whether its code is still running.
    is_running: bool,
    /// Whether it lies where it may stand in the way of another one.
    may_shadow: bool,
    /// Whether it has the name of one of the library besides.
    shadows_library: bool,
}

impl Diagnosis {
    fn of(module: Value, name: &str) -> PyResult<Self> {
        let spec = entry(module, names().__spec__)?;
        let spec = spec.filter(|spec| !objects::is_none(spec.value()));
        let is_running = match (&spec, module.get::<ModuleObject>()) {
            (_, Some(module)) if module.is_running() => true,
            (Some(spec), _) => is_initializing(spec.value())?,
            (None, _) => false,
        };
        let origin = match &spec {
            Some(spec) => location_of(spec.value())?,
            // A module that the importer has loaded without a spec, and not the program itself.
            None if module.get::<ModuleObject>().is_some_and(ModuleObject::is_imported) => file_of(module)?,
            None => None,
        };
        let may_shadow = origin.as_ref().is_some_and(|origin| lies_beside_program(origin.value()));
        let shadows_library = may_shadow && is_of_library(name)?;
        Ok(Self { origin, is_running, may_shadow, shadows_library })
    }

    fn shown_origin(&self) -> PyResult<String> {
        self.origin.as_ref().map_or(Ok(String::new()), |origin| protocol::repr_string(origin.value()))
    }
}

/// Whether a spec says that its module's code is still running.
pub(super) fn is_initializing(spec: Value) -> PyResult<bool> {
    let state = protocol::get_optional_attr(spec, StrObject::intern("_initializing").value())?;
    state.map_or(Ok(false), |state| protocol::is_true(state.value()))
}

fn location_of(spec: Value) -> PyResult<Option<Ref>> {
    let has_location = protocol::get_optional_attr(spec, StrObject::intern("has_location").value())?;
    if !has_location.map_or(Ok(false), |has| protocol::is_true(has.value()))? {
        return Ok(None);
    }
    let origin = protocol::get_optional_attr(spec, StrObject::intern("origin").value())?;
    Ok(origin.filter(|origin| origin.is_instance::<StrObject>()))
}

/// An attribute of what stands for a module. A module's own namespace is asked, for attributes that it lacks lead here.
fn entry(module: Value, name: Value) -> PyResult<Option<Ref>> {
    match module.get::<ModuleObject>() {
        Some(module) => Ok(module.dict().get_str(name).map(Value::to_ref)),
        None => protocol::get_optional_attr(module, name),
    }
}

fn file_of(module: Value) -> PyResult<Option<Ref>> {
    let file = entry(module, names().__file__)?;
    Ok(file.filter(|file| file.is_instance::<StrObject>()))
}

/// Whether a module of this file, or a package that it opens, lies in the directory of the program.
fn lies_beside_program(origin: Value) -> bool {
    let Some(origin) = origin.get::<StrObject>().map(|origin| PathBuf::from(origin.to_string_lossy())) else {
        return false;
    };
    let is_package = origin.file_name().is_some_and(|file| file == "__init__.py");
    let folder = if is_package { origin.parent() } else { Some(origin.as_path()) };
    let program = PROGRAM_DIRECTORY.borrow();
    folder.and_then(Path::parent).is_some_and(|folder| program.as_deref() == Some(folder))
}

fn is_of_library(name: &str) -> PyResult<bool> {
    let sys = sys_state::modules().get_text("sys");
    let names = sys
        .and_then(|sys| sys.get::<ModuleObject>().and_then(|sys| sys.dict().get_text("stdlib_module_names")));
    match names {
        Some(names) if objects::set::is_set_like(names.value()) => {
            protocol::contains(names.value(), StrObject::new(name).value())
        }
        _ => Ok(false),
    }
}

/// Whether a submodule is being imported that its package does not show yet.
fn is_submodule_running(module: &str, name: &str) -> PyResult<bool> {
    let Some(submodule) = sys_state::modules().get_text(&format!("{module}.{name}")) else {
        return Ok(false);
    };
    Ok(Diagnosis::of(submodule.value(), name)?.is_running)
}

/// The words for an attribute that a module of this name does not have.
pub(super) fn missing_attribute(module: Value, own: &str, wanted: &str) -> PyResult<String> {
    let found = Diagnosis::of(module, own)?;
    let origin = found.shown_origin()?;
    if found.shadows_library {
        return Ok(format!(
            "module '{own}' has no attribute '{wanted}' (consider renaming {origin} since it has the same name as the standard library \
             module named '{own}' and the import system gives it precedence)"
        ));
    }
    let file = found.origin.as_ref().map(|origin| format!(" from {}", quoted(origin.value())));
    Ok(match (found.is_running, found.may_shadow) {
        (true, true) => format!(
            "module '{own}' has no attribute '{wanted}' (consider renaming {origin} if it has the same name as a library you intended \
             to import)"
        ),
        (true, false) => format!(
            "partially initialized module '{own}'{} has no attribute '{wanted}' (most likely due to a circular import)",
            file.unwrap_or_default()
        ),
        _ if is_submodule_running(own, wanted)? => {
            format!(
                "cannot access submodule '{wanted}' of module '{own}' (most likely due to a circular import)"
            )
        }
        _ => format!("module '{own}' has no attribute '{wanted}'"),
    })
}

fn quoted(text: Value) -> String {
    text.get::<StrObject>().map(|text| format!("'{}'", text.to_string_lossy())).unwrap_or_default()
}

/// The words for a name that cannot be imported from a module, and the module's file.
pub(crate) fn missing_name(module: Value, own: &str, wanted: &str) -> PyResult<(String, Option<Ref>)> {
    let found = Diagnosis::of(module, own)?;
    let shown = |text: &str| protocol::repr_string(StrObject::new(text).value());
    let (name, from, renamed) = (shown(wanted)?, shown(own)?, found.shown_origin()?);
    if found.shadows_library {
        let message = format!(
            "cannot import name {name} from {from} (consider renaming {renamed} since it has the same name as the standard library \
             module named {from} and the import system gives it precedence)"
        );
        return Ok((message, found.origin));
    }
    let origin = match &found.origin {
        None if module.is_instance::<ModuleObject>() => file_of(module)?,
        origin => origin.clone(),
    };
    let place = match &origin {
        Some(origin) => protocol::str_string(origin.value())?,
        None => "unknown location".to_owned(),
    };
    let message = match (found.is_running, found.may_shadow) {
        (true, true) => format!(
            "cannot import name {name} from {from} (consider renaming {renamed} if it has the same name as a library you intended to \
             import)"
        ),
        (true, false) => {
            let place = origin.as_ref().map(|_| format!(" ({place})")).unwrap_or_default();
            format!(
                "cannot import name {name} from partially initialized module {from} (most likely due to a circular import){place}"
            )
        }
        _ => format!("cannot import name {name} from {from} ({place})"),
    };
    Ok((message, origin))
}

/// Whether the namespace is that of a module whose code is still running, as its spec says.
pub(super) fn is_namespace_initializing(dict: &DictObject) -> PyResult<bool> {
    match dict.get_str(names().__spec__).filter(|spec| !objects::is_none(*spec)) {
        Some(spec) => is_initializing(spec),
        None => Ok(false),
    }
}
