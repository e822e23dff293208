//! `dict`: an insertion-ordered mapping over [`Table`].
//!
//! Lookups by interned str compare addresses first. Inline caches keep the position of an entry and check that its key is still
//! the same address; the absence of a key is cached against `keys_version`. Compiled code that folds a global into
//! an instruction sets the watch bit and is told through `hooks::dict_changed`.

pub mod methods;
pub mod table;
pub mod views;

use crate::hash;
use crate::header::Header;
use crate::hooks;
use crate::object::{self, Object, Visitor};
use crate::objects::bool::BOOL;
use crate::objects::float::FLOAT;
use crate::objects::int::INT;
use crate::objects::list::LIST;
use crate::objects::singleton::NONE_TYPE;
use crate::objects::str::{STR, StrObject};
use crate::objects::tuple::TUPLE;
use crate::protocol;
use crate::type_object::TypeObject;
use crate::value::{Py, PyResult, Ref, Value};

pub use methods::DICT;
pub use table::{Entry, Table};

/// A dict.
#[repr(C)]
pub struct DictObject {
    header: Header,
    /// Keys and values.
    pub table: Table,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for DictObject {
    fn type_object() -> &'static TypeObject {
        &DICT
    }

    fn traverse(&self, visit: Visitor<'_>) {
        self.table.traverse(visit);
    }

    fn clear(&self) {
        self.clear_all();
    }
}

/// Hash of a dict key, quick for exact strs and small ints.
#[inline]
pub fn key_hash(key: Value) -> PyResult<i64> {
    if let Some(small) = key.as_small() {
        return Ok(hash::int(small));
    }
    if key.is_exact(&STR) {
        // SAFETY: just tested.
        return Ok(unsafe { key.cast::<StrObject>() }.hash());
    }
    protocol::hash(key)
}

impl DictObject {
    /// An empty dict.
    #[inline]
    pub fn new() -> Py<DictObject> {
        object::new_collected(DictObject { header: Header::new(&DICT), table: Table::new() })
    }

    /// An empty dict as an instance of `ty`.
    pub fn new_of(ty: &TypeObject) -> Py<DictObject> {
        object::new_object_of(ty, DictObject { header: Header::new(ty), table: Table::new() })
    }

    /// A dict with these contents.
    pub fn from_table(table: Table) -> Py<DictObject> {
        object::new_object_of(&DICT, DictObject { header: Header::new(&DICT), table })
    }

    /// A dict as an instance of a type that shares the layout without deriving from dict.
    pub(crate) fn new_in_layout(ty: &TypeObject, table: Table) -> Py<DictObject> {
        object::new_object_in_layout(ty, DictObject { header: Header::new(ty), table })
    }

    /// Number of keys.
    #[inline]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is no key.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The value of a str key, borrowed until the dict changes.
    #[inline]
    pub fn get_str(&self, key: Value) -> Option<Value> {
        self.table.find_str(key).and_then(|at| self.table.entry(at)).map(|entry| entry.value)
    }

    /// [`DictObject::get_str`] for names interned at start-up.
    #[inline]
    pub fn get_interned(&self, key: Value) -> Option<Value> {
        self.get_str(key)
    }

    /// Position of a str key, for inline caches.
    #[inline]
    pub fn position_of(&self, key: Value) -> Option<usize> {
        self.table.find_str(key)
    }

    /// The value at a cached position, if the key there is still this very object. Borrowed.
    #[inline]
    pub fn get_at(&self, at: usize, key: Value) -> Option<Value> {
        self.table.value_at(at, key)
    }

    /// Replaces the value at a cached position, if the key there is still this very object.
    #[inline]
    pub fn set_at(&self, at: usize, key: Value, value: Ref) -> Result<(), Ref> {
        if self.table.value_at(at, key).is_none() {
            return Err(value);
        }
        let new = value.value();
        let old = self.table.set_value(at, value);
        self.changed(key, [old.value(), new]);
        drop(old);
        Ok(())
    }

    /// The value of a key.
    #[inline]
    pub fn get(&self, key: Value) -> PyResult<Option<Ref>> {
        self.get_hashed(key, key_hash(key)?)
    }

    /// The keys with their hashes, counted.
    pub fn hashed_keys(&self) -> Vec<(Ref, i64)> {
        self.table.entries().map(|entry| (entry.key.to_ref(), entry.hash)).collect()
    }

    /// The value of a key whose hash is known.
    #[inline]
    pub fn get_hashed(&self, key: Value, hash: i64) -> PyResult<Option<Ref>> {
        Ok(self.table.find(key, hash)?.and_then(|at| self.table.entry(at)).map(|entry| entry.value.to_ref()))
    }

    /// Whether the key is present.
    pub fn contains(&self, key: Value) -> PyResult<bool> {
        Ok(self.table.find(key, key_hash(key)?)?.is_some())
    }

    /// Sets the value of a key.
    #[inline]
    pub fn set(&self, key: Value, value: Ref) -> PyResult<()> {
        self.set_hashed(key, key_hash(key)?, value)
    }

    /// Sets the value of a key whose hash is known.
    #[inline]
    pub fn set_hashed(&self, key: Value, hash: i64, value: Ref) -> PyResult<()> {
        let new = value.value();
        let old = match self.table.find(key, hash)? {
            Some(at) => Some(self.table.set_value(at, value)),
            None => {
                self.table.probe_room()?;
                self.table.insert_new(key.to_ref(), hash, value.into_value());
                None
            }
        };
        self.changed(key, [old.as_ref().map_or(Value::NULL, Ref::value), new]);
        drop(old);
        Ok(())
    }

    /// Sets the value of a str key; cannot fail.
    #[inline]
    pub fn set_str(&self, key: Value, value: Ref) {
        self.put_str(key, value);
    }

    /// [`DictObject::set_str`], giving the position for inline caches.
    #[inline]
    pub fn put_str(&self, key: Value, value: Ref) -> usize {
        let new = value.value();
        let (at, old) = match self.table.find_str(key) {
            Some(at) => (at, Some(self.table.set_value(at, value))),
            None => {
                // SAFETY: the caller passes a str.
                let hash = unsafe { key.cast::<StrObject>() }.hash();
                (self.table.insert_new(key.to_ref(), hash, value.into_value()), None)
            }
        };
        self.changed(key, [old.as_ref().map_or(Value::NULL, Ref::value), new]);
        drop(old);
        at
    }

    /// Sets the value of a key given as text.
    pub fn set_text(&self, key: &str, value: impl Into<Ref>) {
        self.set_str(StrObject::intern(key).value(), value.into());
    }

    /// The value of a key given as text.
    pub fn get_text(&self, key: &str) -> Option<Ref> {
        self.get_str(StrObject::new(key).value()).map(Value::to_ref)
    }

    /// Removes a key and hands its value over.
    pub fn remove(&self, key: Value) -> PyResult<Option<Ref>> {
        self.remove_hashed(key, key_hash(key)?)
    }

    /// Removes a key whose hash is known.
    pub fn remove_hashed(&self, key: Value, hash: i64) -> PyResult<Option<Ref>> {
        let Some(at) = self.table.find(key, hash)? else { return Ok(None) };
        Ok(Some(self.remove_position(at, key)))
    }

    /// Removes a str key; cannot fail.
    pub fn remove_str(&self, key: Value) -> Option<Ref> {
        let at = self.table.find_str(key)?;
        Some(self.remove_position(at, key))
    }

    fn remove_position(&self, at: usize, key: Value) -> Ref {
        let (stored, value) = self.table.remove_at(at);
        self.changed(key, [value, Value::NULL]);
        drop(stored);
        // SAFETY: the table owned one count of the value and handed it over.
        unsafe { Ref::from_owned(value) }
    }

    /// Sets a default and returns the value of a key.
    pub fn get_or_insert(&self, key: Value, default: impl FnOnce() -> Ref) -> PyResult<Ref> {
        let hash = key_hash(key)?;
        if let Some(found) = self.get_hashed(key, hash)? {
            return Ok(found);
        }
        let version = self.table.keys_version();
        let value = default();
        if self.table.keys_version() != version {
            self.set_hashed(key, hash, value.clone())?;
            return Ok(value);
        }
        // The key is known to be absent, so that no `__eq__` runs a second time.
        self.table.probe_room()?;
        self.table.insert_new(key.to_ref(), hash, value.clone().into_value());
        self.changed(key, [Value::NULL, value.value()]);
        Ok(value)
    }

    /// Removes everything.
    pub fn clear_all(&self) {
        let old = self.table.take_all();
        if self.table.watched.get() {
            hooks::dict_changed(self, Value::NULL, true);
        }
        drop(old);
    }

    /// A copy with the same order.
    pub fn copy(&self) -> Py<DictObject> {
        Self::from_table(self.table.copy())
    }

    /// Keys and values, counted.
    pub fn to_pairs(&self) -> Vec<(Ref, Ref)> {
        self.table.entries().map(|entry| (entry.key.to_ref(), entry.value.to_ref())).collect()
    }

    /// Keys, counted.
    pub fn keys(&self) -> Vec<Ref> {
        self.table.entries().map(|entry| entry.key.to_ref()).collect()
    }

    /// Takes over everything in another dict; existing keys are overwritten if `overwrite`.
    pub fn merge(&self, other: &DictObject, overwrite: bool) -> PyResult<()> {
        if std::ptr::eq(self, other) {
            return Ok(());
        }
        if self.is_empty() && !self.table.watched.get() {
            other.table.probe_copy()?;
            drop(self.table.replace_with(other.table.copy()));
            return Ok(());
        }
        let mut at = 0;
        while let Some((found, entry)) = other.table.next_from(at) {
            let (key, value, len) = (entry.key.to_ref(), entry.value.to_ref(), other.len());
            if overwrite || self.get_hashed(key.value(), entry.hash)?.is_none() {
                self.set_hashed(key.value(), entry.hash, value)?;
            }
            if other.len() != len {
                return Err(crate::raise!(RuntimeError, "dict mutated during update"));
            }
            at = found + 1;
        }
        Ok(())
    }

    /// Starts telling `hooks::dict_changed` about every change.
    pub fn watch(&self) {
        self.table.watched.set(true);
    }

    /// Stops watching.
    pub fn unwatch(&self) {
        self.table.watched.set(false);
    }

    /// Tells of a change at a key: the old and the new value, or null.
    #[inline]
    fn changed(&self, key: Value, values: [Value; 2]) {
        if self.table.watched.get() {
            hooks::dict_changed(self, key, !values.into_iter().all(is_data));
        }
    }
}

/// Whether a value is nothing that code could call or look names up in: null, a number, text or a builtin container.
fn is_data(value: Value) -> bool {
    !value.is_object()
        || [&FLOAT, &STR, &INT, &BOOL, &LIST, &TUPLE, &DICT, &NONE_TYPE]
            .into_iter()
            .any(|ty| std::ptr::eq(value.ty(), ty))
}

const _: () = {
    assert!(std::mem::offset_of!(DictObject, table) == abi::layout::dict_object::TABLE);
};
