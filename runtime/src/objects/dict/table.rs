//! The hash table behind `dict` and `set`: insertion-ordered entries and an index over them.
//!
//! Method: CPython's compact dict. Entries (hash, key, value) are appended to an array; an open-addressing index of `u32` positions
//! is built once there are more than eight. Smaller tables are scanned, comparing keys by address first, which is what
//! instance dicts and keyword dicts want. Deleted entries keep their place with a null key until the table is rebuilt, so
//! iterators are plain positions. The table knows up to where its beginning is deleted, and taking the last entry gives up the
//! deleted places behind it, so that emptying a table from either end is linear. A table can be rebuilt with room before its
//! first entry, for keys that are to come first. Key comparison can run Python code that changes the table: every lookup checks
//! `keys_version` after such a comparison and starts again. Cost: one probe; entries are 24 bytes.

use std::cell::Cell;

use crate::objects::str::{STR, StrObject};
use crate::protocol;
use crate::value::{PyResult, Ref, Value};
use crate::world::World;

/// One key with its value (null in sets).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Entry {
    /// Hash of the key.
    pub hash: i64,
    /// Owned key, or null for a deleted entry.
    pub key: Value,
    /// Owned value.
    pub value: Value,
}

impl Entry {
    /// A deleted entry.
    const ABSENT: Entry = Entry { hash: 0, key: Value::NULL, value: Value::NULL };
}

/// The version that a table got last.
static NEWEST_VERSION: World<Cell<u64>> = World::new(Cell::new(1));

const SCANNED: usize = 8;
const EMPTY: u32 = u32::MAX;
const DELETED: u32 = u32::MAX - 1;

/// An insertion-ordered hash table that owns its keys and values.
#[repr(C)]
pub struct Table {
    live: Cell<usize>,
    entries: Cell<*mut Entry>,
    used: Cell<u32>,
    /// Keys that can be added before the table is rebuilt: places for entries, and free slots of the index.
    usable: Cell<u32>,
    index: Cell<*mut u32>,
    /// No entry below this position is live.
    first: Cell<u32>,
    /// For the owner: watched by an inline cache or by compiled code.
    pub watched: Cell<bool>,
    /// Whether some key is not an interned str, so that comparing addresses is not enough for interned names.
    has_other_keys: Cell<bool>,
    /// Binary logarithm of the number of places for entries, if there are any.
    capacity_bits: Cell<u8>,
    /// Binary logarithm of the size of the index, if there is one.
    index_bits: Cell<u8>,
    keys_version: Cell<u64>,
}

impl Table {
    /// An empty table; allocates nothing.
    pub const fn new() -> Self {
        Table {
            live: Cell::new(0),
            entries: Cell::new(std::ptr::null_mut()),
            used: Cell::new(0),
            usable: Cell::new(0),
            index: Cell::new(std::ptr::null_mut()),
            first: Cell::new(0),
            watched: Cell::new(false),
            has_other_keys: Cell::new(false),
            capacity_bits: Cell::new(0),
            index_bits: Cell::new(0),
            keys_version: Cell::new(1),
        }
    }

    /// Number of keys.
    #[inline]
    pub fn len(&self) -> usize {
        self.live.get()
    }

    /// Whether there is no key.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of entry positions in use, deleted ones included.
    #[inline]
    pub fn used(&self) -> usize {
        self.used.get() as usize
    }

    /// Number of places for entries.
    #[inline]
    fn capacity(&self) -> usize {
        if self.entries.get().is_null() { 0 } else { 1 << self.capacity_bits.get() }
    }

    #[inline]
    fn index_mask(&self) -> usize {
        (1 << self.index_bits.get()) - 1
    }

    /// Changes whenever a key is added or removed; no two tables have the same version, but for tables never filled.
    #[inline]
    pub fn keys_version(&self) -> u64 {
        self.keys_version.get()
    }

    #[inline]
    fn touch(&self) {
        let version = NEWEST_VERSION.get() + 1;
        NEWEST_VERSION.set(version);
        self.keys_version.set(version);
    }

    #[inline]
    fn slot(&self, at: usize) -> *mut Entry {
        debug_assert!(at < self.capacity());
        // SAFETY: positions below the capacity lie inside the array.
        unsafe { self.entries.get().add(at) }
    }

    /// The entry at a position, unless it is deleted or past the end. Borrowed.
    #[inline]
    pub fn entry(&self, at: usize) -> Option<Entry> {
        if at >= self.used() {
            return None;
        }
        // SAFETY: used entries are initialised.
        let entry = unsafe { *self.slot(at) };
        (!entry.key.is_null()).then_some(entry)
    }

    /// The value at a position, if the key there is this very object. Borrowed.
    #[inline]
    pub fn value_at(&self, at: usize, key: Value) -> Option<Value> {
        debug_assert!(!key.is_null());
        if at >= self.used() {
            return None;
        }
        // SAFETY: used entries are initialised; deleted ones have a null key.
        let entry = unsafe { &*self.slot(at) };
        (entry.key == key).then_some(entry.value)
    }

    /// The first live entry at or behind a position, with its position.
    #[inline]
    pub fn next_from(&self, at: usize) -> Option<(usize, Entry)> {
        let first = self.first.get() as usize;
        let start = at.max(first);
        for at in start..self.used() {
            if let Some(entry) = self.entry(at) {
                if start == first {
                    self.first.set(at as u32);
                }
                return Some((at, entry));
            }
        }
        if start == first {
            self.first.set(self.used.get());
        }
        None
    }

    /// The last live entry, with its position. Gives up the deleted places behind it.
    pub fn last(&self) -> Option<(usize, Entry)> {
        let found = self.last_before(self.used());
        self.used.set(found.map_or(0, |(at, _)| at as u32 + 1));
        self.first.set(self.first.get().min(self.used.get()));
        found
    }

    /// The last live entry before a position, with its position.
    pub fn last_before(&self, at: usize) -> Option<(usize, Entry)> {
        (0..at.min(self.used())).rev().find_map(|at| self.entry(at).map(|entry| (at, entry)))
    }

    /// All live entries, borrowed. Nothing may change the table meanwhile.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        (self.first.get() as usize..self.used()).filter_map(|at| self.entry(at))
    }

    /// Finds an exact str; cannot fail or run code, provided all keys that collide are exact strs too. Falls back to the
    /// general search, whose errors are dropped, otherwise.
    #[inline]
    pub fn find_str(&self, key: Value) -> Option<usize> {
        if self.index.get().is_null() {
            for at in 0..self.used() {
                // SAFETY: used entries are initialised.
                if unsafe { (*self.slot(at)).key } == key {
                    return Some(at);
                }
            }
        }
        // SAFETY: the caller passes a str.
        let text = unsafe { key.cast::<StrObject>() };
        if !self.has_other_keys.get() && text.is_interned() {
            if self.index.get().is_null() {
                return None;
            }
            // SAFETY: probing yields used positions.
            return self.probe(text.hash(), |at| unsafe { (*self.slot(at)).key } == key);
        }
        self.find_str_slowly(text)
    }

    fn find_str_slowly(&self, text: &StrObject) -> Option<usize> {
        let hash = text.hash();
        let matches = |entry: &Entry| {
            entry.key == Value::from_object(text)
                || entry.hash == hash
                    && entry.key.is_object()
                    && entry.key.is_exact(&STR)
                    // SAFETY: just tested.
                    && unsafe { entry.key.cast::<StrObject>() }.eq(text)
        };
        self.probe(hash, |at| {
            // SAFETY: probing yields used positions.
            let entry = unsafe { *self.slot(at) };
            !entry.key.is_null() && matches(&entry)
        })
    }

    /// Walks the candidates for `hash` until `matches` says yes.
    #[inline]
    fn probe(&self, hash: i64, mut matches: impl FnMut(usize) -> bool) -> Option<usize> {
        let index = self.index.get();
        if index.is_null() {
            return (0..self.used()).find(|&at| matches(at));
        }
        let mask = self.index_mask();
        let mut perturb = hash as u64 as usize;
        let mut slot = perturb & mask;
        loop {
            // SAFETY: the index has `mask + 1` entries.
            match unsafe { *index.add(slot) } {
                EMPTY => return None,
                DELETED => {}
                at => {
                    if matches(at as usize) {
                        return Some(at as usize);
                    }
                }
            }
            perturb >>= 5;
            slot = (slot * 5 + perturb + 1) & mask;
        }
    }

    /// Finds a key, comparing with `==`.
    #[inline]
    pub fn find(&self, key: Value, hash: i64) -> PyResult<Option<usize>> {
        let text = key.get_exact::<StrObject>();
        if text.is_none() && !key.is_small() {
            return self.find_slowly(key, hash);
        }
        if text.is_some_and(|text| !self.has_other_keys.get() && text.is_interned()) {
            return Ok(self.find_str(key));
        }
        self.find_plain(key, text, hash)
    }

    /// Finds a small int or an exact str: other keys of these kinds are equal if their bits or their characters are.
    fn find_plain(&self, key: Value, text: Option<&StrObject>, hash: i64) -> PyResult<Option<usize>> {
        let mut is_open = false;
        let found = self.probe(hash, |at| {
            // SAFETY: probing yields used positions.
            let entry = unsafe { *self.slot(at) };
            if entry.key == key {
                return true;
            }
            if entry.hash != hash || !entry.key.is_object() {
                return false;
            }
            let other = entry.key.get_exact::<StrObject>();
            is_open |= other.is_none();
            other.is_some() && other == text
        });
        if is_open { self.find_slowly(key, hash) } else { Ok(found) }
    }

    fn find_slowly(&self, key: Value, hash: i64) -> PyResult<Option<usize>> {
        'restart: loop {
            let mut rejected = Vec::new();
            loop {
                let candidate = self.probe(hash, |at| {
                    // SAFETY: probing yields used positions.
                    let entry = unsafe { *self.slot(at) };
                    entry.hash == hash && !entry.key.is_null() && !rejected.contains(&at)
                });
                let Some(at) = candidate else { return Ok(None) };
                // SAFETY: as above.
                let found = unsafe { *self.slot(at) }.key;
                if found == key {
                    return Ok(Some(at));
                }
                let version = self.keys_version();
                let found = found.to_ref();
                let equal = protocol::is_same_or_equal(found.value(), key)?;
                let is_unchanged = self.keys_version() == version;
                // What the comparison did to other entries does not matter as long as this one is where it was.
                if equal && (is_unchanged || self.entry(at).is_some_and(|entry| entry.key == found.value())) {
                    return Ok(Some(at));
                }
                if !is_unchanged {
                    continue 'restart;
                }
                rejected.push(at);
            }
        }
    }

    /// Replaces the value at a used position and hands the old one over.
    #[inline]
    pub fn set_value(&self, at: usize, value: Ref) -> Ref {
        // SAFETY: the position holds a live entry, which owned one count of its value.
        unsafe {
            let old = std::ptr::replace(&raw mut (*self.slot(at)).value, value.into_value());
            Ref::from_owned(old)
        }
    }

    /// Asks for the memory of one more entry, before it is taken.
    #[inline]
    pub fn probe_room(&self) -> PyResult<()> {
        if self.usable.get() > 0 { Ok(()) } else { self.probe_growth() }
    }

    #[cold]
    fn probe_growth(&self) -> PyResult<()> {
        let entries = self.grown_capacity();
        if entries >= DELETED as usize {
            return Err(crate::error::memory_error());
        }
        probe_entries(entries)
    }

    /// `MemoryError` unless there is memory for a copy.
    pub fn probe_copy(&self) -> PyResult<()> {
        probe_entries(self.len().next_power_of_two())
    }

    /// Appends a key that is known to be absent. `value` is null in sets.
    pub fn insert_new(&self, key: Ref, hash: i64, value: Value) -> usize {
        if self.usable.get() == 0 {
            self.make_room();
        }
        let at = self.used();
        self.used.set(at as u32 + 1);
        self.write_new(at, key, hash, value);
        at
    }

    /// Puts a key that is known to be absent before all others. `value` is null in sets. Cost: constant on average.
    pub fn insert_first(&self, key: Ref, hash: i64, value: Value) {
        if self.is_empty() {
            self.insert_new(key, hash, value);
            return;
        }
        let place = |table: &Table| table.next_from(0).map_or(0, |(at, _)| at);
        if self.usable.get() == 0 || place(self) == 0 {
            let capacity = self.grown_capacity().max(2 * SCANNED);
            self.reallocate(capacity, (capacity - self.len()) / 2);
        }
        let at = place(self) - 1;
        self.first.set(at as u32);
        self.write_new(at, key, hash, value);
    }

    /// Fills a free place among those in use.
    fn write_new(&self, at: usize, key: Ref, hash: i64, value: Value) {
        if !key.get_exact::<StrObject>().is_some_and(StrObject::is_interned) {
            self.has_other_keys.set(true);
        }
        // SAFETY: the place lies in the array and holds nothing that is owned.
        unsafe { self.slot(at).write(Entry { hash, key: key.into_value(), value }) };
        self.usable.set(self.usable.get() - 1);
        self.live.set(self.live.get() + 1);
        self.touch();
        if !self.index.get().is_null() {
            self.add_to_index(hash, at);
        } else if self.used() > SCANNED {
            self.rebuild_index();
        }
    }

    fn add_to_index(&self, hash: i64, at: usize) {
        let (index, mask) = (self.index.get(), self.index_mask());
        let mut perturb = hash as u64 as usize;
        let mut slot = perturb & mask;
        // SAFETY: the index has `mask + 1` entries, of which at least a third are empty.
        unsafe {
            while *index.add(slot) < DELETED {
                perturb >>= 5;
                slot = (slot * 5 + perturb + 1) & mask;
            }
            *index.add(slot) = at as u32;
        }
    }

    /// A power of two.
    fn grown_capacity(&self) -> usize {
        match self.live.get() {
            0..4 => 4,
            4..8 => 8,
            live => (live * 2).next_power_of_two(),
        }
    }

    /// Packs live entries together, where they are if they leave enough places.
    fn make_room(&self) {
        let capacity = self.grown_capacity();
        if capacity != self.capacity() {
            return self.reallocate(capacity, 0);
        }
        let mut count = 0;
        for at in 0..self.used() {
            if let Some(entry) = self.entry(at) {
                // SAFETY: the place lies at or before that of the entry, which is moved there.
                unsafe { self.slot(count).write(entry) };
                count += 1;
            }
        }
        self.packed(count, 0);
    }

    /// Makes room for a power of two of entries: packs live entries together behind a gap, and rebuilds the index.
    fn reallocate(&self, capacity: usize, gap: usize) {
        let fresh = allocate_entries(capacity);
        let mut count = 0;
        let absent = std::iter::repeat_n(Entry::ABSENT, gap);
        for entry in absent.chain(self.entries()) {
            // SAFETY: the gap and the live entries are at most `capacity`.
            unsafe { fresh.add(count).write(entry) };
            count += 1;
        }
        self.free_entries();
        self.set_entries(fresh, capacity);
        self.packed(count, gap);
    }

    fn set_entries(&self, entries: *mut Entry, capacity: usize) {
        self.entries.set(entries);
        self.capacity_bits.set(capacity.trailing_zeros() as u8);
    }

    /// After live entries have been moved: they begin behind a gap and end before `used`.
    fn packed(&self, used: usize, gap: usize) {
        self.used.set(used as u32);
        self.usable.set((self.capacity() - used) as u32);
        self.first.set(gap as u32);
        if used > SCANNED || !self.index.get().is_null() {
            self.rebuild_index();
        }
    }

    fn rebuild_index(&self) {
        self.free_index();
        let size = (self.capacity() * 3 / 2 + 1).next_power_of_two().max(16);
        let index = vec![EMPTY; size].into_boxed_slice();
        self.index.set(Box::into_raw(index).cast());
        self.index_bits.set(size.trailing_zeros() as u8);
        for at in 0..self.used() {
            if let Some(entry) = self.entry(at) {
                self.add_to_index(entry.hash, at);
            }
        }
    }

    /// Removes the entry at a live position and hands key and value over; the value is null in sets.
    pub fn remove_at(&self, at: usize) -> (Ref, Value) {
        // SAFETY: the position holds a live entry; key and value are moved out.
        let entry = unsafe { std::ptr::replace(self.slot(at), Entry::ABSENT) };
        let index = self.index.get();
        if !index.is_null() {
            let mask = self.index_mask();
            let mut perturb = entry.hash as u64 as usize;
            let mut slot = perturb & mask;
            // SAFETY: the index has `mask + 1` entries, and one of them is this entry's.
            unsafe {
                while *index.add(slot) != at as u32 {
                    perturb >>= 5;
                    slot = (slot * 5 + perturb + 1) & mask;
                }
                *index.add(slot) = DELETED;
            }
        }
        self.live.set(self.live.get() - 1);
        self.touch();
        if at == self.first.get() as usize {
            self.first.set(at as u32 + 1);
        }
        // SAFETY: the table owned one count of the key.
        (unsafe { Ref::from_owned(entry.key) }, entry.value)
    }

    /// Empties the table and hands everything over, so that nothing is released while the table is inconsistent.
    pub fn take_all(&self) -> Table {
        let taken = Table::new();
        taken.live.set(self.live.replace(0));
        taken.has_other_keys.set(self.has_other_keys.replace(false));
        taken.entries.set(self.entries.replace(std::ptr::null_mut()));
        taken.used.set(self.used.replace(0));
        taken.usable.set(self.usable.replace(0));
        taken.first.set(self.first.replace(0));
        taken.capacity_bits.set(self.capacity_bits.get());
        taken.index.set(self.index.replace(std::ptr::null_mut()));
        taken.index_bits.set(self.index_bits.get());
        self.touch();
        taken
    }

    /// Takes over the contents of `other`; what was here is handed over.
    pub fn replace_with(&self, other: Table) -> Table {
        let old = self.take_all();
        let other = std::mem::ManuallyDrop::new(other);
        self.live.set(other.live.get());
        self.has_other_keys.set(other.has_other_keys.get());
        self.entries.set(other.entries.get());
        self.used.set(other.used.get());
        self.usable.set(other.usable.get());
        self.first.set(other.first.get());
        self.capacity_bits.set(other.capacity_bits.get());
        self.index.set(other.index.get());
        self.index_bits.set(other.index_bits.get());
        old
    }

    /// A copy with the same order.
    pub fn copy(&self) -> Table {
        let copy = Table::new();
        if self.is_empty() {
            return copy;
        }
        let capacity = self.len().next_power_of_two().max(4);
        copy.set_entries(allocate_entries(capacity), capacity);
        for (at, entry) in self.entries().enumerate() {
            let key = entry.key.to_ref().into_value();
            let value = entry.value.non_null().map_or(Value::NULL, |value| value.to_ref().into_value());
            // SAFETY: there are as many places as live entries, or more.
            unsafe { copy.slot(at).write(Entry { hash: entry.hash, key, value }) };
        }
        copy.live.set(self.len());
        copy.has_other_keys.set(self.has_other_keys.get());
        copy.packed(self.len(), 0);
        copy
    }

    /// Visits keys and values.
    pub fn traverse(&self, visit: crate::object::Visitor<'_>) {
        for entry in self.entries() {
            visit(entry.key);
            if let Some(value) = entry.value.non_null() {
                visit(value);
            }
        }
    }

    /// Bytes outside the object itself.
    pub fn memory(&self) -> usize {
        let index = if self.index.get().is_null() { 0 } else { (self.index_mask() + 1) * 4 };
        self.capacity() * size_of::<Entry>() + index
    }

    fn free_entries(&self) {
        let capacity = self.capacity();
        let entries = self.entries.replace(std::ptr::null_mut());
        if !entries.is_null() {
            let layout = std::alloc::Layout::array::<Entry>(capacity).expect("made before");
            // SAFETY: allocated with this layout; the entries have been moved out or dropped.
            unsafe { std::alloc::dealloc(entries.cast(), layout) };
        }
    }

    fn free_index(&self) {
        let index = self.index.replace(std::ptr::null_mut());
        if !index.is_null() {
            let slice = std::ptr::slice_from_raw_parts_mut(index, self.index_mask() + 1);
            // SAFETY: made by `rebuild_index` with this length.
            drop(unsafe { Box::from_raw(slice) });
        }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        for at in 0..self.used() {
            if let Some(entry) = self.entry(at) {
                // SAFETY: the table owned one count of key and value.
                unsafe {
                    drop(Ref::from_owned(entry.key));
                    if !entry.value.is_null() {
                        drop(Ref::from_owned(entry.value));
                    }
                }
            }
        }
        self.free_entries();
        self.free_index();
    }
}

/// `MemoryError` unless there is memory for so many entries, and an index of up to three slots for each.
fn probe_entries(count: usize) -> PyResult<()> {
    crate::reserve::probe(count * (size_of::<Entry>() + 3 * size_of::<u32>()))
}

/// Memory for so many entries.
fn allocate_entries(capacity: usize) -> *mut Entry {
    assert!(capacity < DELETED as usize, "a dict holds fewer than 2^32 entries");
    let layout = std::alloc::Layout::array::<Entry>(capacity).expect("entries fit the address space");
    // SAFETY: the layout is not empty.
    let fresh = unsafe { std::alloc::alloc(layout) }.cast::<Entry>();
    if fresh.is_null() {
        std::alloc::handle_alloc_error(layout);
    }
    fresh
}

impl Default for Table {
    fn default() -> Self {
        Self::new()
    }
}

const _: () = {
    use abi::layout::table as at;
    use std::mem::offset_of;
    assert!(offset_of!(Table, live) == at::LIVE);
    assert!(offset_of!(Table, entries) == at::ENTRIES);
    assert!(offset_of!(Table, used) == at::USED);
    assert!(offset_of!(Table, keys_version) == at::KEYS_VERSION);
    assert!(size_of::<Entry>() == at::ENTRY_SIZE);
    assert!(offset_of!(Entry, key) == at::ENTRY_KEY);
    assert!(offset_of!(Entry, value) == at::ENTRY_VALUE);
};
