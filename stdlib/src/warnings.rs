//! `_warnings`: issuing warnings. What a program sees of them, and how filters are set, is Python in Lib's `warnings`.
//!
//! The list of filters, the default action and the registry of what was shown once are shared with that module once it is imported; a
//! program may put others in their place there, which then hold ([`attribute`]). Until then warnings are filtered and shown without it.
//!
//! - [`filters`]: what is to be done about a warning
//! - [`place`]: where a warning belongs
//! - [`show`]: how one is shown

#![allow(clippy::too_many_arguments, reason = "the parameters are those of the Python functions")]

mod filters;
mod place;
mod show;

use std::cell::{Cell, RefCell};

use runtime::convert::OrNone;
use runtime::error::{self, types};
use runtime::objects::dict::DictObject;
use runtime::objects::int::{self, IntRef};
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self};
use runtime::type_object::TypeObject;
use runtime::world::World;
use runtime::{Py, PyResult, Ref, Value, protocol, py_functions, raise, sys_state};

use filters::Action;
use place::Place;

/// What `_warnings` keeps.
struct State {
    filters: Py<ListObject>,
    once: Py<DictObject>,
    default_action: Ref,
    /// The context variable whose value has the filters of a context, where those are wanted.
    context: Ref,
    /// An `RLock`.
    lock: Ref,
}

static STATE: World<RefCell<Option<State>>> = World::new(RefCell::new(None));

/// Registries that were filled under an older version are emptied.
static VERSION: World<Cell<i64>> = World::new(Cell::new(1));

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    let state = State::new()?;
    let dict = module.dict();
    dict.set_text("filters", state.filters.clone());
    dict.set_text("_onceregistry", state.once.clone());
    dict.set_text("_defaultaction", state.default_action.clone());
    dict.set_text("_warnings_context", state.context.clone());
    module.add_functions(FUNCTIONS);
    let before = STATE.replace(Some(state));
    drop(before);
    runtime::warning::install(issue);
    Ok(())
}

/// Warns as of the running code.
fn issue(category: &TypeObject, message: &str, level: i64) -> PyResult<()> {
    let message = StrObject::new(message);
    warn_at(message.value(), category.value(), level, &[], None)
}

fn warn_at(
    message: Value,
    category: Value,
    level: i64,
    prefixes: &[String],
    source: Option<Ref>,
) -> PyResult<()> {
    let (place, registry) = place::of_caller(level, prefixes)?;
    Warning::new(message, category, place, source)?.issue(registry_of(Some(registry.value()))?)
}

/// Lets go of the filters. From here on nobody is warned.
pub(crate) fn release() {
    drop(STATE.take());
}

impl State {
    fn new() -> PyResult<State> {
        let variables = protocol::import::import_absolute("_contextvars")?;
        let threads = protocol::import::import_absolute("_thread")?;
        let name = StrObject::new("warnings_context");
        let default = [name.value(), objects::none()];
        let class = protocol::get_attr_text(variables.value(), "ContextVar")?;
        let names = TupleObject::from_values(&[StrObject::intern("default").value()]);
        Ok(State {
            filters: filters::defaults(),
            once: DictObject::new(),
            default_action: StrObject::intern("default").into(),
            context: protocol::call(class.value(), &default, Some(names.value()))?,
            lock: protocol::call_method_text(threads.value(), "RLock", &[])?,
        })
    }

    /// One of the parts; `None` when the program is over.
    fn part(get: impl FnOnce(&State) -> Ref) -> Option<Ref> {
        STATE.borrow().as_ref().map(get)
    }
}

/// What `warnings` has by a name, if it is imported.
fn attribute(name: &str) -> PyResult<Option<Ref>> {
    match sys_state::modules().get_text("warnings") {
        Some(module) => {
            protocol::attribute::get_optional_attr(module.value(), StrObject::intern(name).value())
        }
        None => Ok(None),
    }
}

/// Runs something while the running thread has the lock.
fn locked<T>(run: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    let Some(lock) = State::part(|state| state.lock.clone()) else { return run() };
    protocol::call_method_text(lock.value(), "acquire", &[])?;
    let result = run();
    // Whoever runs this has the lock.
    let released = protocol::call_method_text(lock.value(), "release", &[]);
    result.and_then(|value| released.map(|_| value))
}

/// A warning on its way.
struct Warning {
    /// An instance of the category.
    message: Ref,
    category: Ref,
    text: Ref,
    place: Place,
    source: Option<Ref>,
}

impl Warning {
    fn new(message: Value, category: Value, place: Place, source: Option<Ref>) -> PyResult<Warning> {
        let (message, category, text) = if protocol::is_instance(message, types::Warning.value())? {
            (message.to_ref(), message.ty().value().to_ref(), protocol::str(message)?)
        } else {
            (protocol::call_one(category, message)?, category.to_ref(), message.to_ref())
        };
        Ok(Warning {
            message,
            category,
            text,
            place,
            source: source.filter(|source| !objects::is_none(source.value())),
        })
    }

    /// Filters and shows it.
    fn issue(&self, registry: Option<&DictObject>) -> PyResult<()> {
        if STATE.borrow().is_none() {
            return Ok(());
        }
        if locked(|| self.is_to_be_shown(registry))? { show::show(self) } else { Ok(()) }
    }

    fn is_to_be_shown(&self, registry: Option<&DictObject>) -> PyResult<bool> {
        let line = int::from_i64(self.place.line);
        let key = TupleObject::from_values(&[self.text.value(), self.category.value(), line.value()]);
        if let Some(registry) = registry
            && was_shown(registry, key.value(), false)?
        {
            return Ok(false);
        }
        let (action, filter) = filters::find(self)?;
        match Action::of(action.value(), filter)? {
            Action::Ignore => Ok(false),
            Action::Error => Err(error::raise_statement(self.message.value(), None)),
            Action::Always => Ok(true),
            action => self.is_new(action, registry, key.value()),
        }
    }

    /// Whether a warning that is shown once, in one sense or another, has not been.
    fn is_new(&self, action: Action, registry: Option<&DictObject>, key: Value) -> PyResult<bool> {
        if let Some(registry) = registry {
            registry.set(key, objects::bool(true).to_ref())?;
        }
        let short = || TupleObject::from_values(&[self.text.value(), self.category.value()]);
        match (action, registry) {
            (Action::Once | Action::Module, Some(registry)) => {
                Ok(!was_shown(registry, short().value(), true)?)
            }
            (Action::Once, None) => {
                let once = once_registry()?;
                let Some(once) = once.as_ref().and_then(|once| once.get::<DictObject>()) else {
                    return Ok(true);
                };
                Ok(!was_shown(once, short().value(), true)?)
            }
            _ => Ok(true),
        }
    }
}

/// Whether a registry has a key. One of other filters is emptied. A key that is new is kept if that `is_kept`.
fn was_shown(registry: &DictObject, key: Value, is_kept: bool) -> PyResult<bool> {
    let name = StrObject::intern("version");
    let version = registry.get(name.value())?;
    if version.and_then(|version| IntRef::of(version.value())?.to_i64()) == Some(VERSION.get()) {
        if let Some(shown) = registry.get(key)? {
            return protocol::is_true(shown.value());
        }
    } else {
        registry.clear_all();
        registry.set(name.value(), int::from_i64(VERSION.get()))?;
    }
    if is_kept {
        registry.set(key, objects::bool(true).to_ref())?;
    }
    Ok(false)
}

/// The registry of what is shown once in a program.
fn once_registry() -> PyResult<Option<Ref>> {
    match attribute("onceregistry")? {
        Some(once) if once.get::<DictObject>().is_none() => {
            let got = once.ty().name();
            Err(raise!(TypeError, "_warnings.onceregistry must be a dict, not '{got}'"))
        }
        Some(once) => Ok(Some(once)),
        None => Ok(State::part(|state| state.once.clone().into())),
    }
}

/// The category of a message.
fn category_of(message: Value, category: Option<Value>) -> PyResult {
    if protocol::is_instance(message, types::Warning.value())? {
        return Ok(message.ty().value().to_ref());
    }
    let category = category.unwrap_or(types::UserWarning.value());
    let is_class = category.get::<TypeObject>().is_some();
    if is_class && protocol::is_subclass(category, types::Warning.value())? {
        return Ok(category.to_ref());
    }
    Err(raise!(TypeError, "category must be a Warning subclass, not '{}'", category.ty().name()))
}

fn registry_of(registry: Option<Value>) -> PyResult<Option<&'static DictObject>> {
    let Some(registry) = registry else { return Ok(None) };
    match registry.get::<DictObject>() {
        Some(registry) => Ok(Some(registry)),
        None => Err(raise!(TypeError, "'registry' must be a dict or None")),
    }
}

py_functions! { static FUNCTIONS;
    /// Issue a warning, or maybe ignore it or raise an exception.
    ///
    ///   message
    ///     Text of the warning message.
    ///   category
    ///     The Warning category subclass. Defaults to UserWarning.
    ///   stacklevel
    ///     How far up the call stack to make this warning appear. A value of 2 for
    ///     example attributes the warning to the caller of the code calling warn().
    ///   source
    ///     If supplied, the destroyed object which emitted a ResourceWarning
    ///   skip_file_prefixes
    ///     An optional tuple of module filename prefixes indicating frames to skip
    ///     during stacklevel computations for stack frame attribution.
    "warn(message, category=None, stacklevel=1, source=None, *, skip_file_prefixes=())"
    fn warn(message: Value, category: OrNone<Value>, stacklevel: Option<i64>, source: Option<Ref>, skip_file_prefixes: Option<Value>)
        -> PyResult<()>
    {
        let prefixes = place::prefixes(skip_file_prefixes)?;
        let level = stacklevel.unwrap_or(1);
        let level = if prefixes.is_empty() { level } else { level.max(2) };
        let category = category_of(message, category.0)?;
        warn_at(message, category.value(), level, &prefixes, source)
    }
    /// Issue a warning, or maybe ignore it or raise an exception.
    "warn_explicit(message, category, filename, lineno, module=<unrepresentable>, registry=None, module_globals=None, source=None)"
    fn warn_explicit(message: Value, category: Value, filename: &StrObject, lineno: i32, module: Option<Value>,
        registry: OrNone<Value>, module_globals: OrNone<Value>, source: Option<Ref>) -> PyResult<()>
    {
        // What is issued while a program ends may have lost its module.
        if module.is_some_and(objects::is_none) {
            return Ok(());
        }
        let mut place = Place::given(filename, i64::from(lineno), module);
        if let Some(globals) = module_globals.0 {
            let Some(globals) = globals.get::<DictObject>() else {
                let got = globals.ty().name();
                return Err(raise!(TypeError, "module_globals must be a dict, not '{got}'"));
            };
            place.find_source(globals)?;
        }
        let registry = registry_of(registry.0)?;
        Warning::new(message, category, place, source)?.issue(registry)
    }
    /// Takes the lock of the warnings machinery.
    "_acquire_lock()"
    fn acquire_lock() -> PyResult<()> {
        let Some(lock) = State::part(|state| state.lock.clone()) else { return Ok(()) };
        protocol::call_method_text(lock.value(), "acquire", &[]).map(drop)
    }
    /// Gives the lock of the warnings machinery back.
    "_release_lock()"
    fn release_lock() -> PyResult<()> {
        let Some(lock) = State::part(|state| state.lock.clone()) else { return Ok(()) };
        protocol::call_method_text(lock.value(), "release", &[]).map(drop)
    }
    /// Forgets what has been shown, as filters have changed; the caller has the lock.
    "_filters_mutated_lock_held()"
    fn filters_mutated_lock_held() -> PyResult<()> {
        let Some(lock) = State::part(|state| state.lock.clone()) else { return Ok(()) };
        let is_owned = protocol::call_method_text(lock.value(), "_is_owned", &[])?;
        if !protocol::is_true(is_owned.value())? {
            return Err(raise!(RuntimeError, "warnings._lock is not held"));
        }
        VERSION.set(VERSION.get() + 1);
        Ok(())
    }
}
