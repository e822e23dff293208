//! `gc`: the cycle collector's controls.

use runtime::convert::{OrNone, Rest};
use runtime::gc::watch::{self, debug};
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{dict::DictObject, int};
use runtime::{Py, PyResult, Ref, Value, gc, header, py_functions, raise};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    for (name, value) in [
        ("DEBUG_STATS", debug::STATS),
        ("DEBUG_COLLECTABLE", debug::COLLECTABLE),
        ("DEBUG_UNCOLLECTABLE", debug::UNCOLLECTABLE),
        ("DEBUG_SAVEALL", debug::SAVEALL),
        ("DEBUG_LEAK", debug::LEAK),
    ] {
        module.dict().set_text(name, int::from_i64(value));
    }
    let (callbacks, garbage) = (ListObject::empty().into_ref(), ListObject::empty().into_ref());
    watch::set_lists(callbacks.clone(), garbage.clone());
    module.dict().set_text("callbacks", callbacks);
    module.dict().set_text("garbage", garbage);
    Ok(())
}

/// Lets go of what the module has handed to the collector.
pub(crate) fn release() {
    watch::release();
}

/// One generation's statistics.
fn statistics(collections: u64, collected: u64) -> Ref {
    let stats = DictObject::new();
    stats.set_text("collections", int::from_i64(collections as i64));
    stats.set_text("collected", int::from_i64(collected as i64));
    stats.set_text("uncollectable", int::from_i64(0));
    stats.into()
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
        let generation = usize::try_from(generation.unwrap_or(2)).ok().filter(|&asked| asked < gc::GENERATIONS);
        Ok(gc::collect(generation.ok_or_else(|| raise!(ValueError, "invalid generation"))?))
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
        TupleObject::of(gc::thresholds().map(int::from_i64))
    }
    /// Set the collection thresholds (the collection frequency).
    ///
    /// A threshold0 of zero ends automatic collection.
    "set_threshold(threshold0, threshold1=10, threshold2=0, /)"
    fn set_threshold(threshold0: i64, threshold1: Option<i64>, threshold2: Option<i64>) {
        let [_, old1, old2] = gc::thresholds();
        gc::set_thresholds([threshold0, threshold1.unwrap_or(old1), threshold2.unwrap_or(old2)]);
    }
    /// Return a list of objects tracked by the collector (excluding the list returned).
    ///
    /// With a generation, only the objects of that generation: all of them are in the oldest, 2.
    "get_objects(generation=None)"
    fn get_objects(generation: OrNone<i64>) -> PyResult<Ref> {
        runtime::tell!("gc.get_objects", int::from_i64(generation.0.unwrap_or(-1)));
        let objects = match generation.0 {
            Some(..0) => return Err(raise!(ValueError, "generation parameter cannot be negative")),
            Some(3..) => {
                let text = "generation parameter must be less than the number of available generations (3)";
                return Err(raise!(ValueError, "{text}"));
            }
            Some(0 | 1) => Vec::new(),
            Some(2) | None => gc::tracked_objects(),
        };
        Ok(ListObject::new(objects).into())
    }
    /// Return a list of dictionaries containing per-generation statistics.
    "get_stats()"
    fn get_stats() -> Py<ListObject> {
        let of_one = |(collections, collected)| statistics(collections, collected);
        ListObject::new(gc::statistics().into_iter().map(of_one).collect())
    }
    /// Return the list of objects that are directly referred to by 'objs'.
    "get_referents(*objs)"
    fn get_referents(objs: Rest<'_>) -> PyResult<Py<ListObject>> {
        runtime::tell!("gc.get_referents", TupleObject::from_values(objs.0));
        Ok(ListObject::new(objs.0.iter().flat_map(|&object| gc::referents(object)).collect()))
    }
    /// Return the list of objects that directly refer to any of 'objs'.
    "get_referrers(*objs)"
    fn get_referrers(objs: Rest<'_>) -> PyResult<Py<ListObject>> {
        runtime::tell!("gc.get_referrers", TupleObject::from_values(objs.0));
        Ok(ListObject::new(gc::referrers(objs.0)))
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
    ///
    /// This can be used before a POSIX fork() call to make the gc copy-on-write friendly.
    "freeze()"
    fn freeze() {
        gc::freeze();
    }
    /// Unfreeze all objects in the permanent generation.
    ///
    /// Put all objects in the permanent generation back into oldest generation.
    "unfreeze()"
    fn unfreeze() {
        gc::unfreeze();
    }
    /// Return the number of objects in the permanent generation.
    "get_freeze_count()"
    fn get_freeze_count() -> usize {
        gc::frozen_count()
    }
    /// Set the garbage collection debugging flags.
    ///
    /// Debugging information is written to sys.stderr.
    "set_debug(flags, /)"
    fn set_debug(flags: i64) {
        watch::set_flags(flags);
    }
    /// Get the garbage collection debugging flags.
    "get_debug()"
    fn get_debug() -> i64 {
        watch::flags()
    }
}
