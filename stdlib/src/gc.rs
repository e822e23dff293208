//! `gc`: the cycle collector's controls.

use runtime::convert::{OrNone, Rest};
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{dict::DictObject, int};
use runtime::{Py, PyResult, Value, error, gc, header, protocol, py_functions, raise, sys_state};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    for (name, value) in [
        ("DEBUG_STATS", 1),
        ("DEBUG_COLLECTABLE", 2),
        ("DEBUG_UNCOLLECTABLE", 4),
        ("DEBUG_SAVEALL", 32),
        ("DEBUG_LEAK", 38),
    ] {
        module.dict().set_text(name, int::from_i64(value));
    }
    module.dict().set_text("garbage", ListObject::empty());
    module.dict().set_text("callbacks", ListObject::empty());
    gc::observe(tell_callbacks);
    Ok(())
}

/// Calls what `gc.callbacks` holds; errors are reported and forgotten.
fn tell_callbacks(found: Option<usize>) {
    let Some(module) = sys_state::modules().get_text("gc") else { return };
    let callbacks = module.get::<ModuleObject>().and_then(|module| module.dict().get_text("callbacks"));
    let Some(callbacks) = callbacks.as_ref().and_then(|list| list.get::<ListObject>()) else { return };
    if callbacks.is_empty() {
        return;
    }
    let phase = StrObject::intern(if found.is_some() { "stop" } else { "start" });
    let info = DictObject::new();
    info.set_text("generation", int::from_i64(2));
    info.set_text("collected", int::from_i64(found.unwrap_or(0) as i64));
    info.set_text("uncollectable", int::from_i64(0));
    for callback in callbacks.to_vec() {
        let called = protocol::call(callback.value(), &[phase.value(), info.value()], None);
        if let Err(raised) = called {
            error::unraisable::write_unraisable(raised, Some(callback.value()));
        }
    }
}

py_functions! { static FUNCTIONS;
    /// Enable automatic garbage collection.
    "enable()"
    fn enable() {
        gc::set_enabled(true);
    }
    /// Disable automatic garbage collection.
    "disable()"
    fn disable() {
        gc::set_enabled(false);
    }
    /// Returns true if automatic garbage collection is enabled.
    "isenabled()"
    fn isenabled() -> bool {
        gc::is_enabled()
    }
    /// Run the garbage collector.
    ///
    /// The number of unreachable objects is returned.
    "collect(generation=2)"
    fn collect(generation: Option<i64>) -> PyResult<usize> {
        if generation.is_some_and(|generation| !(0..=2).contains(&generation)) {
            return Err(runtime::raise!(ValueError, "invalid generation"));
        }
        Ok(gc::collect())
    }
    /// Return a three-tuple of the current collection counts.
    "get_count()"
    fn get_count() -> Py<TupleObject> {
        let count = runtime::thread().gc_count.get().max(0);
        TupleObject::of([int::from_i64(count), int::from_i64(0), int::from_i64(0)])
    }
    /// Return the current collection thresholds.
    "get_threshold()"
    fn get_threshold() -> Py<TupleObject> {
        TupleObject::of([int::from_i64(gc::threshold()), int::from_i64(10), int::from_i64(0)])
    }
    /// Set the collection thresholds (the collection frequency).
    "set_threshold(threshold0, threshold1=10, threshold2=0, /)"
    fn set_threshold(threshold0: i64, threshold1: Option<i64>, threshold2: Option<i64>) {
        let (_, _) = (threshold1, threshold2);
        gc::set_threshold(threshold0);
    }
    /// Return a list of objects tracked by the collector (excluding the list returned).
    "get_objects(generation=None)"
    fn get_objects(generation: OrNone<i64>) -> PyResult {
        match generation.0 {
            None | Some(2) => Ok(ListObject::new(gc::tracked_objects()).into()),
            // All objects are of the oldest generation: there is one.
            Some(0 | 1) => Ok(ListObject::empty().into()),
            Some(3..) => Err(raise!(ValueError, "generation parameter must be less than the number of available generations (3)")),
            Some(_) => Err(raise!(ValueError, "generation parameter cannot be negative")),
        }
    }
    /// Return the list of objects that are directly referred to by 'objs'.
    "get_referents(*objs)"
    fn get_referents(objs: Rest<'_>) -> Py<ListObject> {
        ListObject::new(objs.0.iter().flat_map(|&object| gc::referents(object)).collect())
    }
    /// Return the list of objects that directly refer to any of 'objs'.
    "get_referrers(*objs)"
    fn get_referrers(objs: Rest<'_>) -> Py<ListObject> {
        ListObject::new(gc::referrers(objs.0))
    }
    /// Return the number of objects in the permanent generation.
    "get_freeze_count()"
    fn get_freeze_count() -> i64 {
        0
    }
    /// Return a list of dictionaries containing per-generation statistics.
    "get_stats()"
    fn get_stats() -> Py<ListObject> {
        let (collections, collected) = gc::statistics();
        let of_generation = |collections: u64, collected: u64| {
            let stats = DictObject::new();
            stats.set_text("collections", int::from_i64(collections as i64));
            stats.set_text("collected", int::from_i64(collected as i64));
            stats.set_text("uncollectable", int::from_i64(0));
            stats.into()
        };
        // There is one generation, which counts as the oldest.
        ListObject::new(vec![of_generation(0, 0), of_generation(0, 0), of_generation(collections, collected)])
    }
    /// Returns true if the object is tracked by the garbage collector.
    "is_tracked(obj, /)"
    fn is_tracked(obj: Value) -> bool {
        obj.header().is_some_and(|object| object.has(header::flags::TRACKED))
    }
    /// Returns true if the object has been already finalized by the GC.
    "is_finalized(obj, /)"
    fn is_finalized(obj: Value) -> bool {
        obj.header().is_some_and(|object| object.has(header::flags::FINALIZED))
    }
    /// Freeze all current tracked objects and ignore them for future collections.
    "freeze()"
    fn freeze() {}
    /// Unfreeze all objects in the permanent generation.
    "unfreeze()"
    fn unfreeze() {}
    /// Set the garbage collection debugging flags.
    "set_debug(flags, /)"
    fn set_debug(flags: i64) {
        let _ = flags;
    }
    /// Get the garbage collection debugging flags.
    "get_debug()"
    fn get_debug() -> i64 {
        0
    }
}
