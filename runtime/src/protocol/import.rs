//! `import`: `sys.modules`, packages, relative names and `from` lists. Finding and running files is a hook.

use crate::error::{self, Raised};
use crate::hooks;
use crate::names::names;
use crate::objects::dict::DictObject;
use crate::objects::module::ModuleObject;
use crate::objects::module_diagnosis;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, int};
use crate::protocol::{self, import_lock};
use crate::value::{PyResult, Ref, Value};

/// `__import__(name, globals, locals, fromlist, level)`.
pub fn import_name(name: &StrObject, globals: Option<&DictObject>, fromlist: Value, level: i64) -> PyResult {
    let absolute = absolute_name(&name.to_utf8()?, globals, level)?;
    if absolute.is_empty() {
        return Err(crate::raise!(ValueError, "Empty module name"));
    }
    let module = import_absolute(&absolute)?;
    let wants_names = !objects::is_none(fromlist) && protocol::is_true(fromlist)?;
    if wants_names {
        import_submodules(&module, &absolute, fromlist)?;
        return Ok(module);
    }
    let text = name.to_utf8()?;
    let first = text.split('.').next().unwrap_or(&text);
    if level == 0 || text.is_empty() {
        return import_absolute(if level == 0 { first } else { &absolute });
    }
    let cut = text.len() - first.len();
    import_absolute(&absolute[..absolute.len() - cut])
}

/// The absolute name that `name` with `level` leading dots stands for.
fn absolute_name(name: &str, globals: Option<&DictObject>, level: i64) -> PyResult<String> {
    if level == 0 {
        return Ok(name.to_owned());
    }
    if level < 0 {
        return Err(crate::raise!(ValueError, "level must be >= 0"));
    }
    let Some(globals) = globals else {
        return Err(crate::raise!(KeyError, "'__name__' not in globals"));
    };
    let package = package_of(globals)?;
    if package.is_empty() {
        return Err(crate::raise!(ImportError, "attempted relative import with no known parent package"));
    }
    let mut base = package.as_str();
    for _ in 1..level {
        match base.rsplit_once('.') {
            Some((parent, _)) => base = parent,
            None => {
                return Err(crate::raise!(ImportError, "attempted relative import beyond top-level package"));
            }
        }
    }
    Ok(if name.is_empty() { base.to_owned() } else { format!("{base}.{name}") })
}

/// The package of the module with these globals: what `__package__` says, else the parent of `__spec__`, else what the name and the
/// path of the module tell, which is worth a warning.
fn package_of(globals: &DictObject) -> PyResult<String> {
    let given = |key| globals.get_str(key).filter(|&value| !objects::is_none(value));
    let parent = match given(names().__spec__) {
        Some(spec) => Some(protocol::get_attr_text(spec, "parent")?),
        None => None,
    };
    if let Some(package) = given(names().__package__) {
        let package_text = text_of(package, "package")?;
        if let Some(parent) = parent
            && !protocol::is_same_or_equal(package, parent.value())?
        {
            let class = &error::types::DeprecationWarning;
            crate::warning::warn(class, "__package__ != __spec__.parent", 1)?;
        }
        return Ok(package_text);
    }
    if let Some(parent) = parent {
        return text_of(parent.value(), "__spec__.parent");
    }
    let message = "can't resolve package from __spec__ or __package__, falling back on __name__ and __path__";
    crate::warning::warn(&error::types::ImportWarning, message, 1)?;
    let Some(name) = globals.get_str(names().__name__) else {
        return Err(crate::raise!(KeyError, "'__name__' not in globals"));
    };
    let name = text_of(name, "__name__")?;
    if globals.get_str(names().__path__).is_some() {
        return Ok(name);
    }
    Ok(name.rsplit_once('.').map(|(package, _)| package.to_owned()).unwrap_or_default())
}

fn text_of(value: Value, what: &str) -> PyResult<String> {
    match value.get::<StrObject>() {
        Some(text) => text.to_utf8(),
        None => Err(crate::raise!(TypeError, "{what} must be a string")),
    }
}

/// Imports every part of a dotted name and gives the last module.
pub fn import_absolute(name: &str) -> PyResult {
    import_lock::wait_for(name)?;
    if let Some(module) = loaded_module(name)? {
        return Ok(module);
    }
    let parent = match name.rsplit_once('.') {
        Some((parent, _)) => Some(import_absolute(parent)?),
        None => None,
    };
    if let Some(module) = loaded_module(name)? {
        return Ok(module);
    }
    tell_of_import(name)?;
    let module = import_lock::loading(name, || (hooks::hooks().load_module)(name))?;
    if let (Some(parent), Some((_, last))) = (parent, name.rsplit_once('.'))
        && !parent.value().is_exact(&objects::strict_module::STRICT_MODULE)
    {
        // A strict package stays as its own code has left it; `from` finds the module by its name.
        protocol::set_attr(parent.value(), StrObject::intern(last).value(), module.value())?;
    }
    Ok(module)
}

/// Tells audit hooks what is going to be looked for, and where.
fn tell_of_import(name: &str) -> PyResult<()> {
    let sys = crate::sys_state::modules().get_text("sys");
    let of_sys = |attribute: &str| {
        let dict = sys.as_ref().and_then(|sys| sys.get::<ModuleObject>()).map(ModuleObject::dict);
        dict.and_then(|dict| dict.get_text(attribute)).unwrap_or_else(|| objects::none().to_ref())
    };
    let [path, meta_path, path_hooks] = ["path", "meta_path", "path_hooks"].map(of_sys);
    let name = StrObject::new(name);
    crate::tell!("import", name, objects::none().to_ref(), path, meta_path, path_hooks);
    Ok(())
}

/// The entry of `sys.modules`.
fn loaded_module(name: &str) -> PyResult<Option<Ref>> {
    let modules = crate::sys_state::modules();
    let found = modules.get_text(name);
    match found {
        Some(found) if objects::is_none(found.value()) => {
            Err(module_not_found(name, &format!("import of {name} halted; None in sys.modules")))
        }
        other => Ok(other),
    }
}

/// `ModuleNotFoundError` with its `name` set.
pub fn module_not_found(name: &str, message: &str) -> Raised {
    let raised = crate::raise!(ModuleNotFoundError, "{message}");
    if let Some(exception) =
        crate::thread::thread().peek_raised().and_then(Value::get::<crate::error::ExceptionObject>)
    {
        exception.extra[1].set(StrObject::new(name));
    }
    raised
}

/// `from package import a, b`: names that are not attributes yet may be submodules. `*` stands for what `__all__` has, but not there.
fn import_submodules(module: &Ref, absolute: &str, fromlist: Value) -> PyResult<()> {
    if protocol::get_optional_attr(module.value(), names().__path__)?.is_none() {
        return Ok(());
    }
    for item in protocol::collect(fromlist)? {
        if !submodule_item(module, absolute, item.value(), "``from list''")?.eq_str("*") {
            continue;
        }
        let Some(all) = protocol::get_optional_attr(module.value(), names().__all__)? else { continue };
        for item in protocol::collect(all.value())? {
            submodule_item(module, absolute, item.value(), &format!("{absolute}.__all__"))?;
        }
    }
    Ok(())
}

/// Imports what an item names, if it may be a submodule.
fn submodule_item<'a>(module: &Ref, absolute: &str, item: Value, list: &str) -> PyResult<&'a StrObject> {
    let Some(text) = item.get::<StrObject>() else {
        let name = item.ty().name();
        return Err(crate::raise!(TypeError, "Item in {list} must be str, not {name}"));
    };
    if !text.eq_str("*") && protocol::get_optional_attr(module.value(), item)?.is_none() {
        let full = format!("{absolute}.{}", text.to_utf8()?);
        if let Err(raised) = import_absolute(&full) {
            ignore_missing(raised, &full)?;
        }
    }
    Ok(text)
}

/// Drops the error that says that `name` itself does not exist, unless the program has said so.
fn ignore_missing(raised: Raised, name: &str) -> PyResult<()> {
    let exception = error::catch(raised, &error::types::ModuleNotFoundError)?;
    let about = exception.get::<error::ExceptionObject>().and_then(|exception| exception.extra[1].get_ref());
    let is_blocked =
        crate::sys_state::modules().get_text(name).is_some_and(|entry| objects::is_none(entry.value()));
    if !is_blocked
        && about.is_none_or(|about| about.get::<StrObject>().is_some_and(|about| about.eq_str(name)))
    {
        return Ok(());
    }
    Err(error::exception::restore(exception))
}

/// `from module import name`: the attribute, or the submodule in `sys.modules`.
pub fn import_from(module: Value, name: Value) -> PyResult {
    if let Some(found) = protocol::get_optional_attr(module, name)? {
        return Ok(found);
    }
    let text = |value: Value| value.get::<StrObject>().map(StrObject::to_string_lossy);
    let wanted = text(name).unwrap_or_default();
    let module_name =
        protocol::get_optional_attr(module, names().__name__)?.and_then(|name| text(name.value()));
    if let Some(module_name) = &module_name
        && let Some(found) = crate::sys_state::modules().get_text(&format!("{module_name}.{wanted}"))
    {
        return Ok(found);
    }
    Err(cannot_import(module, module_name.as_deref().unwrap_or("<unknown module name>"), &wanted)?)
}

fn cannot_import(module: Value, module_name: &str, wanted: &str) -> PyResult<Raised> {
    let (message, file) = module_diagnosis::missing_name(module, module_name, wanted)?;
    let raised = crate::raise!(ImportError, "{message}");
    if let Some(exception) =
        crate::thread::thread().peek_raised().and_then(Value::get::<crate::error::ExceptionObject>)
    {
        exception.extra[1].set(StrObject::new(module_name));
        drop(exception.extra[2].replace(file));
        exception.extra[3].set(StrObject::new(wanted));
    }
    Ok(raised)
}

/// `from module import *` into a namespace.
pub fn import_star(module: Value, namespace: &DictObject) -> PyResult<()> {
    let (source, public): (&str, Vec<Ref>) = match protocol::get_optional_attr(module, names().__all__)? {
        Some(all) => ("Item in {}.__all__", protocol::collect(all.value())?),
        None => {
            let dict = protocol::get_attr(module, names().__dict__)?;
            let keys = protocol::call_method(dict.value(), names().keys, &[])?;
            let is_public = |key: &Ref| {
                key.get::<StrObject>().is_none_or(|key| key.is_empty() || key.code_point(0) != '_' as u32)
            };
            ("Key in {}.__dict__", protocol::collect(keys.value())?.into_iter().filter(is_public).collect())
        }
    };
    for name in public {
        if !name.is_instance::<StrObject>() {
            let got = name.ty().name();
            let of = protocol::str_string(protocol::get_attr(module, names().__name__)?.value())?;
            let source = source.replace("{}", &of);
            return Err(crate::raise!(TypeError, "{source} must be str, not {got}"));
        }
        let value = protocol::get_attr(module, name.value())?;
        namespace.set(name.value(), value)?;
    }
    Ok(())
}

/// `__import__` as Python calls it.
pub fn import_builtin(name: &StrObject, globals: Value, fromlist: Value, level: Option<i64>) -> PyResult {
    let fromlist = if fromlist.is_null() { TupleObject::empty().into_ref() } else { fromlist.to_ref() };
    let (level, globals) = (level.unwrap_or(0), globals.non_null());
    let names = globals.and_then(|globals| globals.get::<DictObject>());
    if level > 0 && globals.is_some() && names.is_none() {
        return Err(crate::raise!(TypeError, "globals must be a dict"));
    }
    import_name(name, names, fromlist.value(), level)
}

/// Level operand of `IMPORT_NAME`.
pub fn level_of(value: Value) -> PyResult<i64> {
    int::to_i64(value)
}
