//! The cycle collector: trial deletion over tracked objects.
//!
//! Method (CPython's `gc.c`, after Christopher 1984): copy every tracked object's count to a side array, subtract one for each
//! reference found inside a tracked object; what stays above zero is referenced from outside (the native stack counts its owned
//! references, borrowed ones are backed by owners) and everything reachable from it lives. The rest is garbage: weak
//! references to it are cleared, finalisers run once, and unless they resurrect it its references are dropped.
//! Runs at safe points only (`eval_breaker`), never inside an allocation. Trigger: net tracked allocations beyond a threshold
//! that grows with the surviving heap, which keeps the total cost linear in allocation.

use std::cell::Cell;

use crate::alloc;
use crate::header::{Header, flags};
use crate::stress::{self, Knob};
use crate::thread::{breaker, thread};
use crate::value::{Ref, Value};
use crate::weakref;
use crate::world::World;

const BASE_THRESHOLD: i64 = 10_000;

struct Settings {
    enabled: Cell<bool>,
    /// The next safe point collects whatever the threshold says.
    forced: Cell<bool>,
    threshold: Cell<i64>,
    collecting: Cell<bool>,
    collections: Cell<u64>,
    collected: Cell<u64>,
}

static SETTINGS: World<Settings> = World::new(Settings {
    enabled: Cell::new(true),
    forced: Cell::new(false),
    threshold: Cell::new(BASE_THRESHOLD),
    collecting: Cell::new(false),
    collections: Cell::new(0),
    collected: Cell::new(0),
});

/// Starts scanning an object.
///
/// # Safety
/// The object's contents are valid.
#[inline]
pub unsafe fn track(object: *mut Header) {
    // SAFETY: live by the contract.
    unsafe { (*object).set(flags::TRACKED) };
    let thread = thread();
    let count = thread.gc_count.get() + 1;
    thread.gc_count.set(count);
    if count > SETTINGS.threshold.get() {
        thread.request(breaker::GC);
    }
    if stress::is_due(Knob::Gc) {
        SETTINGS.forced.set(true);
        thread.request(breaker::GC);
    }
}

/// Stops scanning an object.
#[inline]
pub(crate) fn untrack(object: *mut Header) {
    // SAFETY: callers pass live objects.
    let header = unsafe { &*object };
    if header.has(flags::TRACKED) {
        header.clear(flags::TRACKED);
        let thread = thread();
        thread.gc_count.set(thread.gc_count.get() - 1);
    }
}

/// Collects if the threshold has been passed; called at safe points.
pub fn run_pending() {
    let wanted = thread().acknowledge(breaker::GC);
    let is_due = SETTINGS.forced.take() || thread().gc_count.get() > SETTINGS.threshold.get();
    if wanted && SETTINGS.enabled.get() && is_due {
        collect();
    }
}

/// Switches automatic collection on or off.
pub fn set_enabled(enabled: bool) {
    SETTINGS.enabled.set(enabled);
}

/// Whether automatic collection is on.
pub fn is_enabled() -> bool {
    SETTINGS.enabled.get()
}

/// Number of collections and of objects collected so far.
pub fn statistics() -> (u64, u64) {
    (SETTINGS.collections.get(), SETTINGS.collected.get())
}

/// The threshold on net tracked allocations.
pub fn threshold() -> i64 {
    SETTINGS.threshold.get()
}

/// Replaces the threshold.
pub fn set_threshold(threshold: i64) {
    SETTINGS.threshold.set(threshold);
}

/// Every tracked object, owned.
pub fn tracked_objects() -> Vec<Ref> {
    tracked().into_iter().map(|object| to_value(object).to_ref()).collect()
}

/// Shows what a tracked object refers to.
pub fn visit_referents(value: Value, visit: &mut dyn FnMut(Value)) {
    if let Some(object) = value.header().filter(|object| object.has(flags::TRACKED)) {
        // SAFETY: tracked objects have valid contents, and a type's traverse fits its layout.
        unsafe { object.ty().traverse_contents(std::ptr::from_ref(object).cast_mut(), visit) };
    }
}

/// Collects now; returns the number of unreachable objects found.
pub fn collect() -> usize {
    if SETTINGS.collecting.replace(true) {
        return 0;
    }
    let pending = thread().fetch_raised();
    let (garbage, survivors) = find_garbage();
    let found = garbage.len();
    dispose(garbage);
    if let Some(exception) = pending {
        let _raised = thread().set_raised(exception);
    }
    SETTINGS.collections.set(SETTINGS.collections.get() + 1);
    SETTINGS.collected.set(SETTINGS.collected.get() + found as u64);
    SETTINGS.threshold.set(BASE_THRESHOLD.max(survivors as i64 / 2));
    thread().gc_count.set(0);
    SETTINGS.collecting.set(false);
    found
}

fn to_value(object: *mut Header) -> Value {
    // SAFETY: the collector handles live objects only.
    unsafe { Value::from_bits(object as u64) }
}

fn is_tracked(value: Value) -> bool {
    value.header().is_some_and(|header| header.has(flags::TRACKED))
}

fn tracked() -> Vec<*mut Header> {
    let mut objects = Vec::new();
    alloc::for_each_block(|block| {
        // SAFETY: an occupied block is a live object, or one that waits for its deallocation.
        if unsafe { (*block).has(flags::TRACKED) && (*block).refcount() != 0 } {
            objects.push(block);
        }
    });
    objects
}

/// Splits the tracked objects into garbage, owned by the result, and the number of survivors.
fn find_garbage() -> (Vec<Ref>, usize) {
    let objects = tracked();
    alloc::begin_gc_counts();
    subtract_internal(&objects);
    let garbage = unreachable_of(&objects);
    alloc::end_gc_counts();
    let owned: Vec<Ref> = garbage.into_iter().map(|object| to_value(object).to_ref()).collect();
    let survivors = objects.len() - owned.len();
    (owned, survivors)
}

/// Leaves in each object's side count the number of references from outside `objects`.
fn subtract_internal(objects: &[*mut Header]) {
    for &object in objects {
        // SAFETY: live; counts were begun after all pages of these objects were carved.
        unsafe { alloc::gc_refs(object).set((*object).refcount()) };
    }
    for &object in objects {
        visit_references(object, &mut |child| {
            if is_tracked(child) {
                // SAFETY: as above.
                let count = unsafe { alloc::gc_refs(child.ptr()) };
                debug_assert!(
                    count.get() > 0,
                    "an object of type {child:?} owns more references than are counted"
                );
                count.set(count.get().wrapping_sub(1));
            }
        });
    }
}

fn visit_references(object: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: tracked objects have valid contents, and a type's traverse fits its layout.
    unsafe { (*object).ty().traverse_contents(object, visit) };
}

/// The objects that cannot be reached from one with an outside reference.
fn unreachable_of(objects: &[*mut Header]) -> Vec<*mut Header> {
    let mut worklist: Vec<*mut Header> = Vec::new();
    let mark = |object: *mut Header, worklist: &mut Vec<*mut Header>| {
        // SAFETY: live.
        let header = unsafe { &*object };
        if !header.has(flags::MARKED) {
            header.set(flags::MARKED);
            worklist.push(object);
        }
    };
    for &object in objects {
        // SAFETY: as in `subtract_internal`.
        if unsafe { alloc::gc_refs(object).get() } > 0 {
            mark(object, &mut worklist);
        }
    }
    while let Some(object) = worklist.pop() {
        visit_references(object, &mut |child| {
            if is_tracked(child) {
                mark(child.ptr(), &mut worklist);
            }
        });
    }
    // SAFETY: live.
    let garbage =
        objects.iter().copied().filter(|&object| unsafe { !(*object).has(flags::MARKED) }).collect();
    for &object in objects {
        // SAFETY: live.
        unsafe { (*object).clear(flags::MARKED) };
    }
    garbage
}

/// Clears weak references, runs finalisers, and breaks the cycles of what is still unreachable.
fn dispose(garbage: Vec<Ref>) {
    weakref::clear_garbage(&garbage);
    let mut finalized = false;
    for object in &garbage {
        let header = object.header().expect("garbage consists of objects");
        if object.ty().has(crate::type_object::type_flags::HAS_FINALIZER) && !header.has(flags::FINALIZED) {
            finalized = true;
            finalize(object.value());
        }
    }
    if finalized && is_resurrected(&garbage) {
        return;
    }
    for object in &garbage {
        let ptr = object.value().ptr();
        // SAFETY: we own a count, so the object is live while its references are cleared.
        unsafe { object.ty().clear_contents(ptr) };
    }
}

/// Whether a finaliser has made any of the garbage reachable again. Then all of it stays until the next collection, which will
/// not run the finalisers a second time.
fn is_resurrected(garbage: &[Ref]) -> bool {
    let objects: Vec<*mut Header> = garbage.iter().map(|object| object.value().ptr()).collect();
    for &object in &objects {
        // SAFETY: owned by `garbage`.
        unsafe { (*object).set(flags::MARKED) };
    }
    let mut internal: std::collections::HashMap<*mut Header, u32> = std::collections::HashMap::new();
    for &object in &objects {
        visit_references(object, &mut |child| {
            if child.header().is_some_and(|header| header.has(flags::MARKED)) {
                *internal.entry(child.ptr()).or_insert(0) += 1;
            }
        });
    }
    // One count is ours.
    // SAFETY: owned by `garbage`.
    let outside = objects
        .iter()
        .any(|object| unsafe { (**object).refcount() } > 1 + internal.get(object).copied().unwrap_or(0));
    for &object in &objects {
        // SAFETY: owned by `garbage`.
        unsafe { (*object).clear(flags::MARKED) };
    }
    outside
}

/// Runs `__del__` once; an exception in it is reported and forgotten.
pub(crate) fn finalize(object: Value) {
    let Some(header) = object.header() else { return };
    header.set(flags::FINALIZED);
    let Some(finalizer) = object.ty().slots().finalize else { return };
    let pending = thread().fetch_raised();
    if let Err(raised) = finalizer(object) {
        match object.ty().lookup(crate::names::names().__del__) {
            Some(method) => crate::error::write_unraisable_at(raised, "while calling deallocator", method),
            None => crate::error::write_unraisable(raised, Some(object)),
        }
    }
    if let Some(exception) = pending {
        let _raised = thread().set_raised(exception);
    }
}
