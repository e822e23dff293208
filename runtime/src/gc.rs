//! The cycle collector: trial deletion over tracked objects.
//!
//! Method (CPython's `gc.c`, after Christopher 1984): copy every tracked object's count to a side array, subtract one for each
//! reference found inside a tracked object; what stays above zero is referenced from outside (the native stack counts its owned
//! references, borrowed ones are backed by owners) and everything reachable from it lives. The rest is garbage: weak
//! references to it are cleared, finalisers run once, and what they do not resurrect loses its references. There is one
//! generation, the oldest.
//! Runs at safe points only (`eval_breaker`), never inside an allocation. Trigger: net tracked allocations beyond a threshold
//! that grows with the surviving heap, which keeps the total cost linear in allocation.

pub mod watch;

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use crate::alloc;
use crate::header::{Header, flags};
use crate::objects::function::FunctionObject;
use crate::stress::{self, Knob};
use crate::thread::{breaker, thread};
use crate::type_object::{TypeObject, type_flags};
use crate::value::{Ref, Value};
use crate::weakref;
use crate::world::World;

const BASE_THRESHOLD: i64 = 10_000;

/// As many as CPython tells of. Each collection looks at all objects, whichever generation has been asked for.
pub const GENERATIONS: usize = 3;
/// The generation of collections that nobody has asked for.
const OLDEST: usize = GENERATIONS - 1;

struct Settings {
    enabled: Cell<bool>,
    /// The next safe point collects whatever the threshold says.
    forced: Cell<bool>,
    threshold: Cell<i64>,
    /// What the program has asked for: the least threshold, zero for no collections of themselves, and two numbers for other generations.
    asked: Cell<[i64; 3]>,
    collecting: Cell<bool>,
    /// How many collections and collected objects there have been, by the generation that was asked for.
    statistics: Cell<[(u64, u64); GENERATIONS]>,
}

static SETTINGS: World<Settings> = World::new(Settings {
    enabled: Cell::new(true),
    forced: Cell::new(false),
    threshold: Cell::new(BASE_THRESHOLD),
    asked: Cell::new([BASE_THRESHOLD, 10, 0]),
    collecting: Cell::new(false),
    statistics: Cell::new([(0, 0); GENERATIONS]),
});

/// Whether a collection is under way.
pub fn is_collecting() -> bool {
    SETTINGS.collecting.get()
}

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
    let is_asked = SETTINGS.enabled.get() && SETTINGS.asked.get()[0] > 0;
    let is_due = SETTINGS.forced.take() || thread().gc_count.get() > SETTINGS.threshold.get();
    if wanted && is_asked && is_due {
        collect(OLDEST);
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

/// Number of collections and of objects collected so far, by the generation that was asked for.
pub fn statistics() -> [(u64, u64); GENERATIONS] {
    SETTINGS.statistics.get()
}

/// What [`set_thresholds`] has set. The first is the least threshold on net tracked allocations.
pub fn thresholds() -> [i64; 3] {
    SETTINGS.asked.get()
}

/// Replaces the thresholds.
pub fn set_thresholds(asked: [i64; 3]) {
    SETTINGS.asked.set(asked);
    SETTINGS.threshold.set(asked[0]);
}

/// Every object that collections look at, owned.
pub fn tracked_objects() -> Vec<Ref> {
    tracked().into_iter().map(|object| to_value(object).to_ref()).collect()
}

/// Leaves all objects that are tracked now out of collections: they live as long as somebody refers to them.
pub fn freeze() {
    // SAFETY: tracked objects are live.
    tracked().into_iter().for_each(|object| unsafe { (*object).set(flags::FROZEN) });
}

/// Ends what [`freeze`] has begun.
pub fn unfreeze() {
    // SAFETY: occupied blocks are objects.
    alloc::for_each_block(|block| unsafe { (*block).clear(flags::FROZEN) });
}

/// Makes everything that lives now live for ever; gives how many objects that are. Processes that fork later share more memory.
pub fn immortalize_heap() -> usize {
    let mut count = 0;
    alloc::for_each_block(|block| {
        // SAFETY: occupied blocks are objects.
        let header = unsafe { &*block };
        if !header.has(flags::IMMORTAL) && !header.has(flags::DYING) {
            header.make_immortal();
            header.set(flags::FROZEN);
            count += 1;
        }
    });
    IMMORTAL_HEAP.set(true);
    count
}

/// Whether [`immortalize_heap`] has run.
pub fn is_heap_immortal() -> bool {
    IMMORTAL_HEAP.get()
}

static IMMORTAL_HEAP: World<Cell<bool>> = World::new(Cell::new(false));

/// How many objects are frozen.
pub fn frozen_count() -> usize {
    let mut count = 0;
    // SAFETY: occupied blocks are objects.
    alloc::for_each_block(|block| count += usize::from(unsafe { (*block).has(flags::FROZEN) }));
    count
}

/// What an object refers to, owned; nothing for what is no container.
pub fn referents(object: Value) -> Vec<Ref> {
    let mut found = Vec::new();
    if object.ty().has(type_flags::GC) && object.header().is_some() {
        visit_references(object.ptr(), &mut |child| found.push(child.to_ref()));
    }
    found
}

/// The tracked objects that refer to one of `wanted`, owned.
pub fn referrers(wanted: &[Value]) -> Vec<Ref> {
    let refers = |&object: &*mut Header| {
        let mut found = false;
        visit_references(object, &mut |child| found |= wanted.contains(&child));
        found
    };
    tracked().into_iter().filter(refers).map(|object| to_value(object).to_ref()).collect()
}

/// Collects now, and tells those who watch that this is for `generation`; returns the number of objects collected.
pub fn collect(generation: usize) -> usize {
    alone(|| {
        watch::call_back("start", generation, 0);
        let collected = collect_quietly(generation);
        watch::call_back("stop", generation, collected);
        collected
    })
}

/// Collects as the runtime ends.
pub fn collect_at_end() -> usize {
    alone(|| collect_quietly(OLDEST))
}

/// Runs a collection unless one is running, past an exception that is being raised.
fn alone(collection: impl FnOnce() -> usize) -> usize {
    if SETTINGS.collecting.replace(true) {
        return 0;
    }
    let pending = thread().fetch_raised();
    let collected = collection();
    if let Some(exception) = pending {
        let _raised = thread().set_raised(exception);
    }
    SETTINGS.collecting.set(false);
    collected
}

fn collect_quietly(generation: usize) -> usize {
    let (watched, garbage, survivors) = find_garbage(generation);
    let unreachable = garbage.len();
    let collected = dispose(garbage);
    watched.end(unreachable);
    let mut statistics = SETTINGS.statistics.get();
    statistics[generation].0 += 1;
    statistics[generation].1 += collected as u64;
    SETTINGS.statistics.set(statistics);
    SETTINGS.threshold.set(SETTINGS.asked.get()[0].max(survivors as i64 / 2));
    thread().gc_count.set(0);
    collected
}

fn to_value(object: *mut Header) -> Value {
    // SAFETY: the collector handles live objects only.
    unsafe { Value::from_bits(object as u64) }
}

/// Whether collections look at it.
fn is_scanned(header: &Header) -> bool {
    header.has(flags::TRACKED) && !header.has(flags::FROZEN)
}

fn is_tracked(value: Value) -> bool {
    value.header().is_some_and(is_scanned)
}

fn tracked() -> Vec<*mut Header> {
    let mut objects = Vec::new();
    alloc::for_each_block(|block| {
        // SAFETY: an occupied block is a live object, or one that waits for its deallocation.
        if unsafe { is_scanned(&*block) && (*block).refcount() != 0 } {
            objects.push(block);
        }
    });
    objects
}

/// Splits the tracked objects into garbage, owned by the result, and the number of survivors.
fn find_garbage(generation: usize) -> (watch::Watched, Vec<Ref>, usize) {
    let objects = tracked();
    let watched = watch::Watched::begin(generation, objects.len());
    alloc::begin_gc_counts();
    subtract_internal(&objects);
    let garbage = unreachable_of(&objects);
    alloc::end_gc_counts();
    let owned: Vec<Ref> = garbage.into_iter().map(|object| to_value(object).to_ref()).collect();
    let survivors = objects.len() - owned.len();
    (watched, owned, survivors)
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

/// Clears weak references, runs finalisers, and breaks the cycles of what is still unreachable. Gives how many objects those are.
fn dispose(mut garbage: Vec<Ref>) -> usize {
    watch::show(&garbage);
    weakref::clear_garbage(&garbage);
    // What a program does in `__del__` may still use files, sockets and generators of the same garbage, so those end afterwards.
    let is_due = |object: &&Ref| {
        let header = object.header().expect("garbage consists of objects");
        object.ty().has(type_flags::HAS_FINALIZER) && !header.has(flags::FINALIZED)
    };
    let (programs, natives): (Vec<&Ref>, Vec<&Ref>) =
        garbage.iter().filter(is_due).partition(|object| has_finalizer_of_program(object.ty()));
    let finalized = !(programs.is_empty() && natives.is_empty());
    for object in programs.into_iter().chain(natives).filter(is_due) {
        finalize(object.value());
    }
    if finalized {
        let resurrected = resurrected(&garbage);
        garbage.retain(|object| !resurrected.contains(&object.value().ptr()));
    }
    let count = garbage.len() - garbage.iter().filter(|object| has_dict_alone(object.value())).count();
    if watch::keep(&garbage) {
        return count;
    }
    for object in &garbage {
        let ptr = object.value().ptr();
        // SAFETY: we own a count, so the object is live while its references are cleared.
        unsafe { object.ty().clear_contents(ptr) };
    }
    count
}

/// Whether an object of the garbage has its dict for itself: the two count as one, as where the variables lie in the object.
fn has_dict_alone(object: Value) -> bool {
    let dict = crate::protocol::instance_dict(object).and_then(|dict| Value::from_object(dict).header());
    // One count is the collector's.
    dict.is_some_and(|dict| is_scanned(dict) && dict.refcount() == 2)
}

/// Whether `__del__` is a function of the program.
fn has_finalizer_of_program(ty: &TypeObject) -> bool {
    ty.lookup(crate::names::names().__del__).is_some_and(|method| method.is_instance::<FunctionObject>())
}

/// The garbage that finalisers have made reachable again: what is referenced from outside, and what that reaches. It stays until a later
/// collection, which does not run the finalisers a second time.
fn resurrected(garbage: &[Ref]) -> HashSet<*mut Header> {
    let mut internal: HashMap<*mut Header, u32> =
        garbage.iter().map(|object| (object.value().ptr(), 0)).collect();
    for object in garbage {
        visit_references(object.value().ptr(), &mut |child| {
            if let Some(count) = child.header().and_then(|_| internal.get_mut(&child.ptr())) {
                *count += 1;
            }
        });
    }
    // One count is ours.
    let outside = garbage.iter().map(|object| object.value().ptr()).filter(|object| {
        // SAFETY: owned by `garbage`.
        unsafe { (**object).refcount() > 1 + internal[object] }
    });
    let mut worklist: Vec<*mut Header> = outside.collect();
    let mut reached: HashSet<*mut Header> = worklist.iter().copied().collect();
    while let Some(object) = worklist.pop() {
        visit_references(object, &mut |child| {
            let is_garbage = child.header().is_some() && internal.contains_key(&child.ptr());
            if is_garbage && reached.insert(child.ptr()) {
                worklist.push(child.ptr());
            }
        });
    }
    reached
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
