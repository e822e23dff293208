//! What a Rust struct must promise to be the layout of a Python type, and how objects are made from it.
//!
//! A layout is a `repr(C)` struct whose first field is the [`Header`]. Its fields are ordinary Rust types (`Ref`, `Vec<Ref>`,
//! cells), so dropping an object is dropping the struct; the cycle collector learns about its references through
//! [`Object::traverse`] and breaks cycles through [`Object::clear`].

use crate::alloc;
use crate::gc;
use crate::header::{Header, flags};
use crate::type_object::{TypeObject, type_flags};
use crate::value::{Py, Value};

/// Called by [`Object::traverse`] with every reference that the object owns.
pub type Visitor<'a> = &'a mut dyn FnMut(Value);

/// The layout of a Python type.
///
/// # Safety
/// The struct is `repr(C)`, starts with a [`Header`], and `type_object` names the type whose instances have this layout.
pub unsafe trait Object: Sized {
    /// The builtin type with this layout.
    fn type_object() -> &'static TypeObject;

    /// Visits every value that the object owns. Types that own none keep the default.
    fn traverse(&self, _visit: Visitor<'_>) {}

    /// Gives up references that may be part of a cycle. Must leave the object valid.
    fn clear(&self) {}
}

/// Drops the contents of an object; the slot `drop` of a type with layout `T`.
///
/// # Safety
/// `this` is a dying object laid out as `T`, dropped once.
pub unsafe fn drop_layout<T: Object>(this: *mut Header) {
    // SAFETY: the contract.
    unsafe { std::ptr::drop_in_place(this.cast::<T>()) };
}

/// Visits what an object owns; the slot `traverse` of a type with layout `T`.
///
/// # Safety
/// `this` is a live object laid out as `T`.
pub unsafe fn traverse_layout<T: Object>(this: *mut Header, visit: Visitor<'_>) {
    // SAFETY: the contract.
    unsafe { (*this.cast::<T>()).traverse(visit) };
}

/// Breaks cycles through an object; the slot `clear` of a type with layout `T`.
///
/// # Safety
/// `this` is a live object laid out as `T`.
pub unsafe fn clear_layout<T: Object>(this: *mut Header) {
    // SAFETY: the contract.
    unsafe { (*this.cast::<T>()).clear() };
}

/// Makes an object of the builtin type of `T`.
#[inline]
pub fn new_object<T: Object>(contents: T) -> Py<T> {
    new_object_of(T::type_object(), contents)
}

/// Makes an object of `ty`, the type of `T` or a subclass; slots added by the subclass start unset.
pub fn new_object_of<T: Object>(ty: &TypeObject, contents: T) -> Py<T> {
    debug_assert!(ty.is_subtype_of(T::type_object()));
    let size = ty.basicsize().max(size_of::<T>());
    let memory = alloc::allocate(size).cast::<T>();
    // SAFETY: the block has at least `size` bytes, more than `T` needs; the rest becomes null slots.
    unsafe {
        let kind = (*memory.cast::<Header>()).flag_bits() & flags::LARGE;
        std::ptr::write(memory, contents);
        std::ptr::write_bytes(memory.cast::<u8>().add(size_of::<T>()), 0, size - size_of::<T>());
        finish_header(memory.cast(), ty, kind);
        Py::from_raw(memory)
    }
}

/// Makes an object of a builtin type without cycles and of fixed size: a free block, filled.
#[inline]
pub fn new_leaf<T: Object>(contents: T) -> Py<T> {
    const { assert!(size_of::<T>() <= alloc::MAX_SMALL) };
    debug_assert!(!T::type_object().has(type_flags::GC));
    new_block(contents)
}

/// Fills a free block with an object of a builtin type, whose contents bring a complete header.
#[inline]
fn new_block<T: Object>(contents: T) -> Py<T> {
    let memory = alloc::allocate(size_of::<T>()).cast::<T>();
    // SAFETY: the block has room for `T`, whose contents bring a complete header.
    unsafe {
        std::ptr::write(memory, contents);
        Py::from_raw(memory)
    }
}

/// Makes an object of a builtin type of fixed size that the cycle collector scans.
#[inline]
pub fn new_collected<T: Object>(contents: T) -> Py<T> {
    const { assert!(size_of::<T>() <= alloc::MAX_SMALL) };
    debug_assert!(T::type_object().has(type_flags::GC));
    let object = new_block(contents);
    // SAFETY: the contents are valid.
    unsafe { gc::track(object.value().ptr()) };
    object
}

/// Writes the header of a freshly filled block: one owner, type counted, tracked if its type can form cycles.
///
/// # Safety
/// `memory` is a block from [`alloc::allocate`] whose contents behind the header are valid for `ty`.
#[inline]
pub unsafe fn finish_header(memory: *mut Header, ty: &TypeObject, large: u16) {
    // SAFETY: the block is exclusively ours until it is published.
    unsafe {
        std::ptr::write(memory, Header::new(ty));
        (*memory).set(large);
    }
    if ty.has(type_flags::HEAP) {
        ty.header.incref();
    }
    if ty.has(type_flags::GC) {
        // SAFETY: the contents are valid, so the collector may look at them.
        unsafe { gc::track(memory) };
    }
}

/// Makes an object of a builtin type that shares the layout of `T` without deriving from its type.
pub fn new_object_sharing_layout<T: Object>(ty: &'static TypeObject, contents: T) -> Py<T> {
    let size = size_of::<T>();
    assert!(ty.layout().size == size, "types that share a layout agree on its size");
    let memory = alloc::allocate(size).cast::<T>();
    // SAFETY: the block has room for `T`; the type was declared with the layout of `T`.
    unsafe {
        let kind = (*memory.cast::<Header>()).flag_bits() & flags::LARGE;
        std::ptr::write(memory, contents);
        finish_header(memory.cast(), ty, kind);
        Py::from_raw(memory)
    }
}

/// Makes an object of `ty`, which was declared with the layout of `T`, or of a subclass; it need not derive from the type of `T`.
pub fn new_object_in_layout<T: Object>(ty: &TypeObject, contents: T) -> Py<T> {
    assert!(ty.layout().size == size_of::<T>(), "types that share a layout agree on its size");
    let size = ty.basicsize().max(size_of::<T>());
    let memory = alloc::allocate(size).cast::<T>();
    // SAFETY: as in `new_object_of`; the layout fits by the assertion and the declaration.
    unsafe {
        let kind = (*memory.cast::<Header>()).flag_bits() & flags::LARGE;
        std::ptr::write(memory, contents);
        std::ptr::write_bytes(memory.cast::<u8>().add(size_of::<T>()), 0, size - size_of::<T>());
        finish_header(memory.cast(), ty, kind);
        Py::from_raw(memory)
    }
}
