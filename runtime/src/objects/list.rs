//! `list`: a growable sequence.
//!
//! Items live in a buffer of their own, reached through functions so that a storage of unboxed floats can be added behind them.
//! Nothing borrows the buffer while Python code can run: loops fetch items by index and own them.

pub mod methods;

use std::cell::Cell;

use crate::header::Header;
use crate::object::{self, Object, Visitor};
use crate::type_object::TypeObject;
use crate::value::{Py, PyResult, Ref, Value};

pub use methods::LIST;

/// A list.
#[repr(C)]
pub struct ListObject {
    header: Header,
    len: Cell<usize>,
    items: Cell<*mut Value>,
    capacity: Cell<usize>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for ListObject {
    fn type_object() -> &'static TypeObject {
        &LIST
    }

    fn traverse(&self, visit: Visitor<'_>) {
        (0..self.len()).map(|at| self.raw(at)).for_each(visit);
    }

    fn clear(&self) {
        drop(self.take_all());
    }
}

impl Drop for ListObject {
    fn drop(&mut self) {
        drop(self.take_all());
    }
}

impl ListObject {
    /// An empty list as an instance of `ty`.
    pub fn new_of(ty: &TypeObject) -> Py<ListObject> {
        let contents = ListObject {
            header: Header::new(ty),
            len: Cell::new(0),
            items: Cell::new(std::ptr::null_mut()),
            capacity: Cell::new(0),
        };
        object::new_object_of(ty, contents)
    }

    /// An empty list as an instance of a type that shares the layout without deriving from list.
    pub(crate) fn new_in_layout(ty: &TypeObject) -> Py<ListObject> {
        let contents = ListObject {
            header: Header::new(ty),
            len: Cell::new(0),
            items: Cell::new(std::ptr::null_mut()),
            capacity: Cell::new(0),
        };
        object::new_object_in_layout(ty, contents)
    }

    /// An empty list.
    pub fn empty() -> Py<ListObject> {
        object::new_collected(ListObject {
            header: Header::new(&LIST),
            len: Cell::new(0),
            items: Cell::new(std::ptr::null_mut()),
            capacity: Cell::new(0),
        })
    }

    /// A list that owns `items`.
    pub fn new(items: Vec<Ref>) -> Py<ListObject> {
        let list = Self::empty();
        list.replace_all(items);
        list
    }

    /// A list of borrowed items.
    pub fn from_values(items: &[Value]) -> Py<ListObject> {
        Self::new(items.iter().map(|item| item.to_ref()).collect())
    }

    /// Number of items.
    #[inline]
    pub fn len(&self) -> usize {
        self.len.get()
    }

    /// Whether there is no item.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it has memory for items, as one has that is not new.
    pub(crate) fn has_room(&self) -> bool {
        self.capacity.get() > 0
    }

    #[inline]
    fn raw(&self, at: usize) -> Value {
        debug_assert!(at < self.len());
        // SAFETY: `at` is below the length, so the word is inside the buffer and initialised.
        unsafe { *self.items.get().add(at) }
    }

    /// The item at `at`, counted.
    #[inline]
    pub fn get(&self, at: usize) -> Option<Ref> {
        (at < self.len()).then(|| self.raw(at).to_ref())
    }

    /// The item at `at`, borrowed: use it before anything else can run.
    #[inline]
    pub fn peek(&self, at: usize) -> Option<Value> {
        (at < self.len()).then(|| self.raw(at))
    }

    /// Replaces the item at `at`, if there is one, and hands the old one over.
    #[inline]
    pub fn set(&self, at: usize, item: Ref) -> Result<Ref, Ref> {
        if at >= self.len() {
            return Err(item);
        }
        // SAFETY: as in `raw`; the buffer owned one count of the old item.
        unsafe {
            let slot = self.items.get().add(at);
            let old = std::ptr::replace(slot, item.into_value());
            Ok(Ref::from_owned(old))
        }
    }

    /// Appends.
    #[inline]
    pub fn push(&self, item: Ref) {
        let len = self.len();
        if len == self.capacity.get() {
            self.reserve(1);
        }
        // SAFETY: there is room behind the last item.
        unsafe { self.items.get().add(len).write(item.into_value()) };
        self.len.set(len + 1);
    }

    /// Appends, or raises `MemoryError`.
    #[inline]
    pub fn try_push(&self, item: Ref) -> PyResult<()> {
        if self.len() == self.capacity.get() {
            self.try_reserve(1)?;
        }
        self.push(item);
        Ok(())
    }

    /// Removes the last item.
    pub fn pop(&self) -> Option<Ref> {
        let len = self.len().checked_sub(1)?;
        let last = self.raw(len);
        self.len.set(len);
        // SAFETY: the list owned one count and has let go of it.
        Some(unsafe { Ref::from_owned(last) })
    }

    /// Removes the item at `at`, if there is one.
    pub fn remove(&self, at: usize) -> Option<Ref> {
        let len = self.len();
        if at >= len {
            return None;
        }
        let item = self.raw(at);
        // SAFETY: source and target lie inside the buffer.
        unsafe {
            let slot = self.items.get().add(at);
            std::ptr::copy(slot.add(1), slot, len - at - 1);
            self.len.set(len - 1);
            Some(Ref::from_owned(item))
        }
    }

    /// Inserts before `at`, which is at most the length.
    pub fn insert(&self, at: usize, item: Ref) {
        self.splice(at, at, vec![item]);
    }

    /// Replaces the items from `start` up to `end` by others.
    pub fn splice(&self, start: usize, end: usize, items: Vec<Ref>) {
        let len = self.len();
        let (start, end) = (start.min(len), end.min(len).max(start.min(len)));
        let (removed, added) = (end - start, items.len());
        if added > removed {
            self.reserve(added - removed);
        }
        let mut old = Vec::with_capacity(removed);
        // SAFETY: there is room for the tail at its new place; removed items are moved out before they are overwritten.
        unsafe {
            let base = self.items.get();
            for at in start..end {
                old.push(Ref::from_owned(*base.add(at)));
            }
            if !base.is_null() {
                std::ptr::copy(base.add(end), base.add(start + added), len - end);
            }
            for (at, item) in items.into_iter().enumerate() {
                base.add(start + at).write(item.into_value());
            }
        }
        self.len.set(len - removed + added);
        drop(old);
    }

    /// Makes room for more items, growing by an eighth at least as CPython does.
    fn reserve(&self, more: usize) {
        if !self.has_reserved(more) {
            std::alloc::handle_alloc_error(std::alloc::Layout::new::<Value>());
        }
    }

    /// Makes room for more items, or raises `MemoryError`.
    pub fn try_reserve(&self, more: usize) -> PyResult<()> {
        if self.has_reserved(more) { Ok(()) } else { Err(crate::error::memory_error()) }
    }

    fn has_reserved(&self, more: usize) -> bool {
        let needed = self.len() + more;
        if needed <= self.capacity.get() {
            return true;
        }
        let capacity = (needed + (needed >> 3) + 6) & !3;
        let layout = std::alloc::Layout::array::<Value>(self.capacity.get()).expect("made before");
        // SAFETY: the buffer came from the global allocator with this layout; the new size is not zero.
        let buffer = unsafe {
            match self.items.get().is_null() {
                true => match std::alloc::Layout::array::<Value>(capacity) {
                    Ok(layout) => std::alloc::alloc(layout),
                    Err(_) => return false,
                },
                false => std::alloc::realloc(self.items.get().cast(), layout, capacity * 8),
            }
        };
        if buffer.is_null() {
            return false;
        }
        self.items.set(buffer.cast());
        self.capacity.set(capacity);
        true
    }

    /// Empties the list and hands the items over.
    pub fn take_all(&self) -> Vec<Ref> {
        let (items, len, capacity) =
            (self.items.replace(std::ptr::null_mut()), self.len.replace(0), self.capacity.replace(0));
        if items.is_null() {
            return Vec::new();
        }
        // SAFETY: the buffer came from the global allocator with this capacity; `Ref` and `Value` are the same word, and the
        // list owned one count of every item.
        unsafe { Vec::from_raw_parts(items.cast::<Ref>(), len, capacity) }
    }

    /// Replaces all items.
    pub fn replace_all(&self, items: Vec<Ref>) {
        let old = self.take_all();
        let mut items = std::mem::ManuallyDrop::new(items);
        if items.capacity() > 0 {
            self.len.set(items.len());
            self.capacity.set(items.capacity());
            self.items.set(items.as_mut_ptr().cast());
        }
        drop(old);
    }

    /// A copy of the items.
    pub fn to_vec(&self) -> Vec<Ref> {
        (0..self.len()).map(|at| self.raw(at).to_ref()).collect()
    }

    /// Reverses in place.
    pub fn reverse(&self) {
        let mut items = self.take_all();
        items.reverse();
        self.replace_all(items);
    }

    /// Appends everything that `iterable` yields.
    pub fn extend(&self, iterable: Value) -> PyResult<()> {
        if let Some(other) = iterable.get::<ListObject>().filter(|_| iterable.is_exact(&LIST)) {
            let count = other.len();
            self.try_reserve(count)?;
            (0..count).filter_map(|at| other.get(at)).for_each(|item| self.push(item));
            return Ok(());
        }
        let iterator = crate::protocol::get_iter(iterable)?;
        let hint = crate::protocol::length_hint(iterable, 0)?;
        // A hint that no list could follow may be wrong.
        if self.len() + hint <= isize::MAX as usize {
            self.try_reserve(hint)?;
        }
        crate::protocol::for_each(iterator.value(), |item| self.try_push(item))
    }
}

const _: () = {
    use abi::layout::list_object as at;
    use std::mem::offset_of;
    assert!(offset_of!(ListObject, len) == at::LEN);
    assert!(offset_of!(ListObject, items) == at::ITEMS);
    assert!(offset_of!(ListObject, capacity) == at::CAPACITY);
};
