//! `gc`: the cycle collector's controls.

use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{dict::DictObject, int};
use runtime::{Py, PyResult, Ref, Value, gc, header, py_functions};

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
    Ok(())
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
    fn get_objects(generation: Option<Value>) -> Ref {
        let _ = generation;
        ListObject::new(gc::tracked_objects()).into()
    }
    /// Return the list of objects that directly refer to any of 'objs'.
    "get_referrers(*objs)"
    fn get_referrers(objs: runtime::convert::Rest<'_>) -> Ref {
        let all = gc::tracked_objects();
        let refers = |object: &Ref| {
            let mut found = false;
            gc::visit_referents(object.value(), &mut |referent| found |= objs.0.contains(&referent));
            found
        };
        ListObject::new(all.into_iter().filter(refers).collect()).into()
    }
    /// Return the list of objects that are directly referred to by 'objs'.
    "get_referents(*objs)"
    fn get_referents(objs: runtime::convert::Rest<'_>) -> Ref {
        let mut found = Vec::new();
        for &object in objs.0 {
            gc::visit_referents(object, &mut |referent| found.push(referent.to_ref()));
        }
        ListObject::new(found).into()
    }
    /// Return a list of dictionaries containing per-generation statistics.
    "get_stats()"
    fn get_stats() -> Py<ListObject> {
        let (collections, collected) = gc::statistics();
        let stats = DictObject::new();
        stats.set_text("collections", int::from_i64(collections as i64));
        stats.set_text("collected", int::from_i64(collected as i64));
        stats.set_text("uncollectable", int::from_i64(0));
        ListObject::new(vec![stats.into()])
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
