//! The end of the runtime: modules are emptied, and what nothing reaches any more is destroyed.
//!
//! Method: `finalize_modules` of CPython's `pylifecycle.c`. Modules leave `sys.modules`, which kills those that nobody else holds;
//! the namespaces of the others are emptied in reverse order of import, private names first; `builtins` gets back what it began
//! with; `sys` goes last, because finalisers may print. The order can be seen by programs: `__del__` runs here.
//! What the process keeps beyond that is the caller's business: the compiler lets go through [`crate::hooks::Hooks::release_code`].
//!
//! Most programs leave nothing that would notice ([`is_noticed`]); their process ends without all that.
//!
//! Cost: that of destroying every object of the program, and three collections; else a look at every object.

use std::cell::Cell;

use crate::alloc;
use crate::gc;
use crate::header::flags;
use crate::objects::dict::DictObject;
use crate::objects::module::ModuleObject;
use crate::objects::str::StrObject;
use crate::objects::{self, checked};
use crate::sys_state;
use crate::thread::thread;
use crate::type_object::type_flags;
use crate::value::{Py, Ref, Value};
use crate::weakref;
use crate::world::World;
use crate::{builtins, codec, hooks};

/// Attributes of `sys` that keep a program's objects alive and that finalisers do not need.
const DROPPED: &[&str] = &[
    "path",
    "argv",
    "orig_argv",
    "ps1",
    "ps2",
    "last_exc",
    "last_type",
    "last_value",
    "last_traceback",
    "path_hooks",
    "path_importer_cache",
    "meta_path",
    "__interactivehook__",
];

static FINALIZING: World<Cell<bool>> = World::new(Cell::new(false));

/// What `builtins` held at start-up.
static ORIGINAL_BUILTINS: World<Cell<Value>> = World::new(Cell::new(Value::NULL));

/// Whether the runtime is at its end: `sys.is_finalizing()`.
pub fn is_finalizing() -> bool {
    FINALIZING.get()
}

/// Notes what `builtins` holds before any program runs.
pub(crate) fn remember_builtins() {
    ORIGINAL_BUILTINS.set(builtins::namespace().copy().into_ref().into_value());
}

/// Whether a program could tell if its objects were not destroyed at the end: one of them has a finaliser, or something that waits for its
/// death. `quiet` names objects whose finalisers would do nothing.
pub fn is_noticed(quiet: &[Value]) -> bool {
    weakref::any_calls_back()
        || alloc::any_block(|block| {
            // SAFETY: an occupied block is a live object, and a header address is an object word.
            let (header, object) = unsafe { (&*block, Value::from_bits(block as u64)) };
            header.ty().has(type_flags::HAS_FINALIZER)
                && !header.has(flags::FINALIZED)
                && !quiet.contains(&object)
        })
}

/// Empties all modules but `sys`, so that finalisers can still print. No Python code may be running.
pub fn clear_modules() {
    FINALIZING.set(true);
    crate::signal::release();
    crate::tracing::release();
    crate::audit_hook::release();
    (0..2).for_each(|which| objects::async_generator::set_hook(which, None));
    (hooks::hooks().release_code)();
    if let Some(sys) = sys_state::modules().get_text("sys") {
        reset_sys(&sys);
    }
    let survivors = remove_modules();
    gc::collect_at_end();
    for module in survivors.iter().rev() {
        if let Some(module) = weakref::referent(module.value())
            && let Some(module) = module.get::<ModuleObject>()
        {
            clear_namespace(module.dict());
        }
    }
    drop(survivors);
    restore_builtins();
    checked::forget_classes();
    codec::registry::forget();
    gc::collect_at_end();
}

/// Empties `sys`. From here on `print` does nothing, as there is no `sys.stdout`.
pub fn clear_sys() {
    if let Some(sys) = sys_state::modules().get_text("sys")
        && let Some(module) = sys.get::<ModuleObject>()
    {
        clear_namespace(module.dict());
        gc::collect_at_end();
    }
    sys_state::modules().clear_all();
    drop(thread().fetch_raised());
    gc::collect_at_end();
}

/// Drops what `sys` holds of the program, and puts its first streams back.
fn reset_sys(sys: &Ref) {
    let Some(module) = sys.get::<ModuleObject>() else { return };
    let dict = module.dict();
    for &name in DROPPED {
        if dict.get_text(name).is_some() {
            dict.set_text(name, objects::none().to_ref());
        }
    }
    for name in ["stdin", "stdout", "stderr"] {
        let first = dict.get_text(&format!("__{name}__"));
        dict.set_text(name, first.unwrap_or_else(|| objects::none().to_ref()));
    }
}

/// Takes all modules but `sys` and `builtins` out of the table; gives weak references to them in order of import.
fn remove_modules() -> Vec<Ref> {
    let modules = sys_state::modules();
    let mut references = Vec::new();
    for (name, module) in modules.to_pairs() {
        let Some(text) = name.get::<StrObject>() else { continue };
        if text.eq_str("sys") || text.eq_str("builtins") {
            continue;
        }
        if module.get::<ModuleObject>().is_some()
            && let Ok(reference) = weakref::new_ref(&weakref::WEAK_REF, module.value(), None)
        {
            references.push(reference);
        }
        // Finalisers that import find a module that is gone, not one that is half gone.
        modules.set_str(name.value(), objects::none().to_ref());
    }
    let kept: Vec<(&str, Option<Ref>)> =
        ["builtins", "sys"].into_iter().map(|name| (name, modules.get_text(name))).collect();
    modules.clear_all();
    for (name, module) in kept {
        if let Some(module) = module {
            modules.set_text(name, module);
        }
    }
    references
}

/// Sets every name of a module to `None`: first those with one leading underscore, then the others.
fn clear_namespace(dict: &DictObject) {
    let is_private = |name: &str| name.starts_with('_') && !name.starts_with("__");
    for private in [true, false] {
        for (key, _) in dict.to_pairs() {
            let Some(name) = key.get::<StrObject>().map(StrObject::to_string_lossy) else { continue };
            if name != "__builtins__" && (!private || is_private(&name)) {
                dict.set_str(key.value(), objects::none().to_ref());
            }
        }
    }
}

/// Takes away what the program has put into `builtins`.
fn restore_builtins() {
    let dict = builtins::namespace();
    let Some(original) = ORIGINAL_BUILTINS.get().non_null() else { return };
    let original: Py<DictObject> = Py::downcast(original.to_ref()).expect("a copy of a dict is a dict");
    for (key, _) in dict.to_pairs() {
        if original.get_str(key.value()).is_none() {
            drop(dict.remove(key.value()));
        }
    }
    for (key, value) in original.to_pairs() {
        dict.set_str(key.value(), value);
    }
}
