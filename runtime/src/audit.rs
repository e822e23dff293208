//! The leak audit: which objects are alive, relative to a mark.
//!
//! Debug builds and tests take a mark, run something, and ask what is left over. Immortal objects, and what the runtime keeps
//! on purpose (types, modules, interned strings), are exempt.

use std::collections::BTreeMap;

use crate::alloc;
use crate::gc;
use crate::header::flags;
use crate::value::Value;

/// Live objects per type at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Census(BTreeMap<String, usize>);

/// Excludes an object from every census.
pub fn exempt(value: Value) {
    if let Some(header) = value.header() {
        header.set(flags::UNAUDITED);
    }
}

/// Counts live objects, after a collection.
pub fn census() -> Census {
    gc::collect();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    alloc::for_each_block(|block| {
        // SAFETY: an occupied block is a live object.
        let header = unsafe { &*block };
        if !header.has(flags::IMMORTAL) && !header.has(flags::UNAUDITED) {
            *counts.entry(header.ty().name().to_owned()).or_default() += 1;
        }
    });
    Census(counts)
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
