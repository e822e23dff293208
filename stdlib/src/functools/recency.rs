//! What a bounded cache holds: entries linked by the order of their use, after the linked list of CPython's `lru_cache`.
//!
//! The dict of the cache leads from a key to the *place* of its entry here; places are used again when they are free. The order is kept by
//! places and not by the dict, so that a hit changes no dict: another lookup in the middle of a comparison would start anew. Nothing
//! here runs Python code; what is removed is handed to the caller, who drops it when no borrow is held. Every operation takes constant time.

use std::cell::RefCell;

use runtime::object::Visitor;
use runtime::{Ref, Value};

/// What is remembered of a call.
pub(super) struct Entry {
    pub key: Ref,
    pub hash: i64,
    pub result: Ref,
}

/// No place.
const NONE: usize = usize::MAX;

struct Place {
    /// Empty when the place is free or its entry is being evicted.
    entry: Option<Entry>,
    older: usize,
    newer: usize,
}

/// Entries by place, and their order.
pub(super) struct Recency {
    places: Vec<Place>,
    free: Vec<usize>,
    oldest: usize,
    newest: usize,
    /// How often everything was removed: what is known of places is void then.
    pub generation: u64,
}

impl Recency {
    pub(super) const fn new() -> Self {
        Recency { places: Vec::new(), free: Vec::new(), oldest: NONE, newest: NONE, generation: 0 }
    }

    /// Takes everything out.
    pub(super) fn take(&mut self) -> Recency {
        let empty = Recency { generation: self.generation + 1, ..Recency::new() };
        std::mem::replace(self, empty)
    }

    /// The result at a place, which becomes the newest. `None` if its entry is being evicted.
    pub(super) fn use_at(&mut self, at: usize) -> Option<Ref> {
        let result = self.places.get(at)?.entry.as_ref()?.result.clone();
        if self.newest != at {
            self.unlink(at);
            self.link_newest(at);
        }
        Some(result)
    }

    /// Adds an entry as the newest; its place.
    pub(super) fn add(&mut self, entry: Entry) -> usize {
        let at = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place { entry: None, older: NONE, newer: NONE });
            self.places.len() - 1
        });
        self.put(at, entry);
        at
    }

    /// Fills a place that is empty, as the newest.
    pub(super) fn put(&mut self, at: usize, entry: Entry) {
        self.places[at].entry = Some(entry);
        self.link_newest(at);
    }

    /// Takes the oldest entry out of the order; its place stays reserved until it is [freed](Self::free).
    pub(super) fn take_oldest(&mut self) -> Option<(usize, Entry)> {
        let at = self.oldest;
        let entry = self.places.get_mut(at)?.entry.take()?;
        self.unlink(at);
        Some((at, entry))
    }

    /// Frees a place; the entry that stood there.
    pub(super) fn free(&mut self, at: usize) -> Option<Entry> {
        let entry = self.places.get_mut(at)?.entry.take();
        if entry.is_some() {
            self.unlink(at);
        }
        self.free.push(at);
        entry
    }

    fn unlink(&mut self, at: usize) {
        let Place { older, newer, .. } = self.places[at];
        match self.places.get_mut(older) {
            Some(place) => place.newer = newer,
            None => self.oldest = newer,
        }
        match self.places.get_mut(newer) {
            Some(place) => place.older = older,
            None => self.newest = older,
        }
    }

    fn link_newest(&mut self, at: usize) {
        let older = std::mem::replace(&mut self.newest, at);
        let place = &mut self.places[at];
        (place.older, place.newer) = (older, NONE);
        match self.places.get_mut(older) {
            Some(place) => place.newer = at,
            None => self.oldest = at,
        }
    }
}

/// Shows keys and results to the cycle collector.
pub(super) fn visit(entries: &RefCell<Recency>, visit: Visitor<'_>) {
    for entry in entries.borrow().places.iter().filter_map(|place| place.entry.as_ref()) {
        let shown: [Value; 2] = [entry.key.value(), entry.result.value()];
        shown.into_iter().for_each(&mut *visit);
    }
}
