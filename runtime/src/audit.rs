//! The leak audit: which objects are alive, relative to a mark or at the end.
//!
//! Tests take a mark, run something, and ask what is left over ([`census`]). Debug builds of the command ask at the end of the
//! process, when nothing of a program may be left ([`leaks`]). Exempt are immortal objects, interned strings among them, what
//! start-up made, and what the runtime keeps on purpose ([`exempt`], [`exempt_graph`]). The allocator knows every object, so the
//! audit needs no books of its own.
//!
//! Of what is left, *roots* matter: objects that have more references than the objects which are left account for. Somebody forgot
//! to drop one of those; the others hang on the roots.

use std::collections::{BTreeMap, HashMap};

use crate::alloc;
use crate::gc;
use crate::header::{Header, IMMORTAL_COUNT, flags};
use crate::init;
use crate::objects;
use crate::protocol;
use crate::thread::thread;
use crate::type_object::type_flags;
use crate::value::Value;

/// Objects of one type that are described in a report.
const DESCRIBED: usize = 3;
/// Characters of a description.
const WIDTH: usize = 60;

/// Live objects per type at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Census(BTreeMap<String, usize>);

/// Excludes an object from every census.
pub fn exempt(value: Value) {
    if let Some(header) = value.header() {
        header.set(flags::UNAUDITED);
    }
}

/// Excludes an object and everything that it refers to now.
pub fn exempt_graph(root: Value) {
    let Some(header) = root.header() else { return };
    header.set(flags::UNAUDITED);
    let mut pending = vec![root];
    while let Some(object) = pending.pop() {
        for_each_reference(object.ptr(), &mut |child| {
            if let Some(header) = child.header().filter(|header| is_audited(header)) {
                header.set(flags::UNAUDITED);
                pending.push(child);
            }
        });
    }
}

fn is_audited(header: &Header) -> bool {
    !header.has(flags::IMMORTAL) && !header.has(flags::UNAUDITED)
}

/// Counts live objects, after a collection.
pub fn census() -> Census {
    gc::collect_at_end();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for block in audited() {
        // SAFETY: an occupied block is a live object.
        let name = unsafe { (*block).ty().name() };
        *counts.entry(name.to_owned()).or_default() += 1;
    }
    Census(counts)
}

/// Every object that is not exempt.
fn audited() -> Vec<*mut Header> {
    let mut found = Vec::new();
    alloc::for_each_block(|block| {
        // SAFETY: an occupied block is a live object.
        if is_audited(unsafe { &*block }) {
            found.push(block);
        }
    });
    found
}

fn for_each_reference(object: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: callers pass live objects; a type's traverse fits its layout.
    unsafe { (*object).ty().traverse_contents(object, visit) };
}

impl Census {
    /// Types with more objects now than at the mark, with how many more.
    pub fn growth_since(&self, mark: &Census) -> Vec<(String, usize)> {
        let before = |name: &String| mark.0.get(name).copied().unwrap_or(0);
        self.0
            .iter()
            .filter(|(name, count)| **count > before(name))
            .map(|(name, count)| (name.clone(), count - before(name)))
            .collect()
    }
}

/// What is left at the end of the process, as text for people; nothing if all is well. Also reports immortal objects with wrong
/// counts, and damage that counts which fell too low have left in the allocator.
pub fn leaks() -> Option<String> {
    if let Err(damage) = alloc::check_free_lists() {
        return Some(format!("objects freed too early: {damage}\n"));
    }
    if gc::is_heap_immortal() {
        exempt_what_immortals_keep();
    }
    let (left, mut text) = (audited(), String::new());
    if !left.is_empty() {
        text = report(&left);
    }
    // What the program has made immortal holds references that nobody counts.
    let counted = if gc::is_heap_immortal() { Vec::new() } else { miscounted() };
    for (object, surplus) in counted {
        text.push_str(&format!("references to {}: {surplus:+}\n", describe(object)));
    }
    (!text.is_empty()).then_some(text)
}

/// Excludes what hangs on objects that the program has made immortal: they keep it to the end.
fn exempt_what_immortals_keep() {
    let mut kept = Vec::new();
    alloc::for_each_block(|block| {
        // SAFETY: an occupied block is a live object.
        let header = unsafe { &*block };
        if header.has(flags::IMMORTAL) && header.has(flags::FROZEN) {
            kept.push(block);
        }
    });
    for object in kept {
        let mut children = Vec::new();
        for_each_reference(object, &mut |child| children.push(child));
        let left = children.into_iter().filter(|child| child.header().is_some_and(is_audited));
        left.for_each(exempt_graph);
    }
}

/// Immortal objects whose count is not the number of references to them, with the difference. They never die, so this is where a
/// reference that is forgotten or dropped twice shows.
fn miscounted() -> Vec<(*mut Header, i64)> {
    let singletons = [
        objects::none(),
        objects::not_implemented(),
        objects::ellipsis(),
        objects::bool(false),
        objects::bool(true),
    ];
    let mut objects: Vec<*mut Header> = singletons.iter().map(|value| value.ptr()).collect();
    objects.extend(init::builtin_types().iter().map(|ty| ty.value().ptr()));
    alloc::for_each_block(|block| objects.push(block));
    let references = references_among(&objects);
    let surplus = |object: &*mut Header| {
        // SAFETY: blocks that are occupied and statics are live objects.
        let header = unsafe { &**object };
        header
            .has(flags::IMMORTAL)
            .then(|| i64::from(header.refcount()) - i64::from(IMMORTAL_COUNT) - i64::from(references[object]))
    };
    let counted = objects.iter().filter_map(|object| surplus(object).map(|surplus| (*object, surplus)));
    counted.filter(|(_, surplus)| *surplus != 0).collect()
}

/// What is left of one type.
#[derive(Default)]
struct Group {
    count: usize,
    /// References that no object which is left accounts for.
    missing: usize,
    examples: Vec<*mut Header>,
}

fn report(left: &[*mut Header]) -> String {
    let references = references_among(left);
    let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
    for &object in left {
        // SAFETY: live.
        let header = unsafe { &*object };
        let group = groups.entry(header.ty().name()).or_default();
        let known = references.get(&object).copied().unwrap_or(0);
        let missing = header.refcount().saturating_sub(known) as usize;
        group.count += 1;
        group.missing += missing;
        if missing > 0 && group.examples.len() < DESCRIBED {
            group.examples.push(object);
        }
    }
    let mut text = format!("objects left over: {}\n", left.len());
    for (name, group) in groups {
        text.push_str(&format!("  {name}: {}, references forgotten: {}\n", group.count, group.missing));
        for &object in &group.examples {
            text.push_str(&format!("    {}\n", describe(object)));
        }
    }
    text
}

/// How many references to each of the objects the others hold.
fn references_among(left: &[*mut Header]) -> HashMap<*mut Header, u32> {
    let mut references: HashMap<*mut Header, u32> = left.iter().map(|&object| (object, 0)).collect();
    for &object in left {
        for_each_reference(object, &mut |child| {
            if let Some(count) = child.is_object().then(|| references.get_mut(&child.ptr())).flatten() {
                *count += 1;
            }
        });
    }
    references
}

/// One line about an object. No code of the program runs: its modules are empty.
fn describe(object: *mut Header) -> String {
    // SAFETY: the object is live; its address is an object word.
    let (header, value) = unsafe { (&*object, Value::from_bits(object as u64)) };
    let mut pending = vec![value];
    let mut is_plain = !header.ty().has(type_flags::HEAP);
    if is_plain {
        for_each_reference(object, &mut |child| pending.push(child));
        is_plain = pending.iter().all(|part| part.is_null() || !part.ty().has(type_flags::HEAP));
    }
    let shown = if is_plain { protocol::repr_string(value).ok() } else { None };
    drop(thread().fetch_raised());
    let shown = shown.unwrap_or_else(|| format!("<{}>", header.ty().full_name()));
    let mut line: String = shown.chars().take(WIDTH).collect();
    if line.len() < shown.len() {
        line.push_str("...");
    }
    if !header.has(flags::IMMORTAL) {
        line.push_str(&format!(" (count {})", header.refcount()));
    }
    line
}
