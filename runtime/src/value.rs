//! The word that every Python value is: small int or pointer.
//!
//! [`Value`] is a *borrowed* word, free to copy: whoever holds one relies on an owner that outlives its use (an argument slot, a
//! container, a [`Ref`] on the native stack). [`Ref`] is an *owned* reference: cloning counts up, dropping counts down.
//! `Option<Ref>` is one word. Encoding: 0 is null (unset), bit 0 set is a 63-bit integer, anything else points to a 16-byte
//! aligned object. Cost: type test and untagging are one or two instructions.

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::num::NonZeroU64;
use std::ops::Deref;

use crate::header::Header;
use crate::object::Object;
use crate::type_object::TypeObject;

/// A borrowed Python value, or null.
///
/// Invariant: a value that is neither null nor a small int points to a live object while it is used. Making one from bits is
/// `unsafe`; keeping one past its owner is the only way to break the invariant, so longer-lived places hold [`Ref`]s.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value(u64);

/// An owned reference to a Python value.
#[repr(transparent)]
pub struct Ref(NonZeroU64);

/// Proof that an exception is set in the thread state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a raised exception must be handled or passed on"]
pub struct Raised(());

/// The result of everything that can raise.
pub type PyResult<T = Ref> = Result<T, Raised>;

impl Raised {
    /// Claims that the thread state holds an exception. Only code that has just set one, or that got a null from a native entry
    /// point, may claim it.
    pub const fn assert_set() -> Self {
        Raised(())
    }
}

impl Value {
    /// Null: an unset slot, or the failure result of a native entry point.
    pub const NULL: Value = Value(0);
    /// Least integer that fits the word.
    pub const SMALL_MIN: i64 = -(1 << 62);
    /// Greatest integer that fits the word.
    pub const SMALL_MAX: i64 = (1 << 62) - 1;

    /// The value with this encoding.
    ///
    /// # Safety
    /// `bits` is 0, a tagged integer, or the address of a live object.
    #[inline]
    pub const unsafe fn from_bits(bits: u64) -> Self {
        Value(bits)
    }

    /// The encoding.
    #[inline]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// A small int; `i` must be within [`Value::SMALL_MIN`]..=[`Value::SMALL_MAX`].
    #[inline]
    pub const fn small(i: i64) -> Self {
        debug_assert!(i >= Self::SMALL_MIN && i <= Self::SMALL_MAX);
        Value(((i as u64) << 1) | 1)
    }

    /// A small int, if `i` fits.
    #[inline]
    pub const fn try_small(i: i64) -> Option<Self> {
        if i >= Self::SMALL_MIN && i <= Self::SMALL_MAX { Some(Value(((i as u64) << 1) | 1)) } else { None }
    }

    /// The value that is this object.
    #[inline]
    pub fn from_object<T: Object>(object: &T) -> Self {
        Value(std::ptr::from_ref(object) as u64)
    }

    /// Whether this is null.
    #[inline]
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }

    /// The value, unless it is null.
    #[inline]
    pub const fn non_null(self) -> Option<Self> {
        if self.0 == 0 { None } else { Some(self) }
    }

    /// Whether this is a small int.
    #[inline]
    pub const fn is_small(self) -> bool {
        self.0 & 1 != 0
    }

    /// The small int in this word.
    #[inline]
    pub const fn as_small(self) -> Option<i64> {
        if self.is_small() { Some((self.0 as i64) >> 1) } else { None }
    }

    /// Whether this points to an object.
    #[inline]
    pub const fn is_object(self) -> bool {
        // Neither null nor tagged, in one test: the tag becomes the sign.
        self.0.rotate_right(1) as i64 > 0
    }

    /// Address of the object; meaningless unless [`Value::is_object`].
    #[inline]
    pub const fn ptr(self) -> *mut Header {
        self.0 as *mut Header
    }

    /// The object's header, unless this is null or a small int.
    #[inline]
    pub fn header<'a>(self) -> Option<&'a Header> {
        // SAFETY: an object word points to a live object by the invariant of `Value`, and every object starts with a header.
        self.is_object().then(|| unsafe { &*self.ptr() })
    }

    /// The type of a value that is not null.
    #[inline]
    pub fn ty<'a>(self) -> &'a TypeObject {
        debug_assert!(!self.is_null());
        if self.is_small() {
            return &crate::objects::int::INT;
        }
        // SAFETY: a live object's header holds a live type.
        unsafe { (*self.ptr()).ty() }
    }

    /// Whether the type is exactly `ty`.
    #[inline]
    pub fn is_exact(self, ty: &TypeObject) -> bool {
        std::ptr::eq(self.ty(), ty)
    }

    /// The object as a `T`, if its type is that of `T` or a subclass.
    #[inline]
    pub fn get<'a, T: Object>(self) -> Option<&'a T> {
        if !self.is_object() {
            return None;
        }
        let ty = self.ty();
        // SAFETY: instances of a type and of its subclasses start with the layout of that type's Rust struct.
        ty.is_subtype_of(T::type_object()).then(|| unsafe { self.cast::<T>() })
    }

    /// The object as a `T`, if its type is exactly that of `T`.
    #[inline]
    pub fn get_exact<'a, T: Object>(self) -> Option<&'a T> {
        // SAFETY: the exact type fixes the layout.
        (self.is_object() && self.is_exact(T::type_object())).then(|| unsafe { self.cast::<T>() })
    }

    /// [`Value::get_exact`] for a value that is not null.
    ///
    /// # Safety
    /// The value is not null.
    #[inline]
    pub unsafe fn get_exact_present<'a, T: Object>(self) -> Option<&'a T> {
        if self.is_small() {
            return None;
        }
        // SAFETY: the word is neither null nor a small int, so it points to a live object; the exact type fixes the layout.
        unsafe { std::ptr::eq((*self.ptr()).raw_type(), T::type_object()).then(|| self.cast::<T>()) }
    }

    /// Whether the value is an instance of the builtin type of `T`.
    #[inline]
    pub fn is_instance<T: Object>(self) -> bool {
        self.ty().is_subtype_of(T::type_object())
    }

    /// The object as a `T`, unchecked.
    ///
    /// # Safety
    /// The value points to an object whose layout starts with `T`.
    #[inline]
    pub unsafe fn cast<'a, T: Object>(self) -> &'a T {
        debug_assert!(self.is_object());
        // SAFETY: the caller vouches for the layout; objects are 16-byte aligned and shared-mutable through cells only.
        unsafe { &*(self.0 as *const T) }
    }

    /// Counts up and owns.
    #[inline]
    pub fn to_ref(self) -> Ref {
        Ref::from_borrowed(self)
    }
}

impl Default for Value {
    fn default() -> Self {
        Value::NULL
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_small() {
            _ if self.is_null() => f.write_str("null"),
            Some(i) => write!(f, "{i}"),
            None => write!(f, "<{}>", self.ty().name()),
        }
    }
}

impl Ref {
    /// Owns `value`, which must not be null, by counting it up.
    #[inline]
    pub fn from_borrowed(value: Value) -> Self {
        if value.is_object() {
            // SAFETY: an object word points to a live object.
            unsafe { (*value.ptr()).incref() };
        }
        Ref(NonZeroU64::new(value.0).expect("an owned reference is never null"))
    }

    /// Takes over a reference that is already counted.
    ///
    /// # Safety
    /// `value` is not null and the caller owns one count of it, which it gives up.
    #[inline]
    pub const unsafe fn from_owned(value: Value) -> Self {
        debug_assert!(value.0 != 0);
        // SAFETY: not null, by the contract.
        Ref(unsafe { NonZeroU64::new_unchecked(value.0) })
    }

    /// Takes over the result of a native entry point: null means that an exception is set.
    ///
    /// # Safety
    /// `value` is null with an exception set, or a counted reference that the caller gives up.
    #[inline]
    pub const unsafe fn from_entry(value: Value) -> PyResult {
        if value.is_null() { Err(Raised(())) } else { Ok(Ref(NonZeroU64::new(value.0).expect("checked"))) }
    }

    /// A small int.
    #[inline]
    pub const fn small(i: i64) -> Self {
        // SAFETY: a tagged integer is never 0.
        Ref(unsafe { NonZeroU64::new_unchecked(Value::small(i).0) })
    }

    /// The borrowed value, valid while this reference lives.
    #[inline]
    pub const fn value(&self) -> Value {
        Value(self.0.get())
    }

    /// Gives up ownership without counting down.
    #[inline]
    pub const fn into_value(self) -> Value {
        let value = self.value();
        std::mem::forget(self);
        value
    }
}

impl Deref for Ref {
    type Target = Value;
    #[inline]
    fn deref(&self) -> &Value {
        // SAFETY: both are one transparent 64-bit word, and every reference is a valid value.
        unsafe { &*std::ptr::from_ref(self).cast::<Value>() }
    }
}

impl Clone for Ref {
    #[inline]
    fn clone(&self) -> Self {
        Ref::from_borrowed(self.value())
    }
}

impl Drop for Ref {
    #[inline]
    fn drop(&mut self) {
        let value = self.value();
        if !value.is_small() {
            // SAFETY: the reference owns one count of a live object.
            unsafe { Header::decref(value.ptr()) };
        }
    }
}

impl fmt::Debug for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.value(), f)
    }
}

/// An owned reference whose layout is known.
pub struct Py<T: Object> {
    reference: ManuallyDrop<Ref>,
    layout: PhantomData<*const T>,
}

impl<T: Object> Py<T> {
    /// Takes over a counted pointer.
    ///
    /// # Safety
    /// `ptr` is a live object laid out as `T`, and the caller gives up one count of it.
    #[inline]
    pub unsafe fn from_raw(ptr: *mut T) -> Self {
        // SAFETY: passed on to the caller.
        let reference = unsafe { Ref::from_owned(Value(ptr as u64)) };
        Py { reference: ManuallyDrop::new(reference), layout: PhantomData }
    }

    /// Counts up a borrowed object.
    #[inline]
    pub fn from_object(object: &T) -> Self {
        let reference = Ref::from_borrowed(Value::from_object(object));
        Py { reference: ManuallyDrop::new(reference), layout: PhantomData }
    }

    /// The reference as a `T`, if its type is that of `T` or a subclass.
    pub fn downcast(reference: Ref) -> Result<Self, Ref> {
        if reference.get::<T>().is_some() {
            Ok(Py { reference: ManuallyDrop::new(reference), layout: PhantomData })
        } else {
            Err(reference)
        }
    }

    /// The borrowed value.
    #[inline]
    pub fn value(&self) -> Value {
        self.reference.value()
    }

    /// Forgets the layout.
    #[inline]
    pub fn into_ref(self) -> Ref {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is never dropped, so the reference is moved out exactly once.
        unsafe { std::ptr::read(&*this.reference) }
    }
}

impl<T: Object> Deref for Py<T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the layout was checked when this was made.
        unsafe { self.reference.value().cast::<T>() }
    }
}

impl<T: Object> Clone for Py<T> {
    #[inline]
    fn clone(&self) -> Self {
        Py::from_object(self)
    }
}

impl<T: Object> Drop for Py<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: dropped once, here; `into_ref` forgets `self` first.
        unsafe { ManuallyDrop::drop(&mut self.reference) };
    }
}

impl<T: Object> From<Py<T>> for Ref {
    #[inline]
    fn from(object: Py<T>) -> Ref {
        object.into_ref()
    }
}

impl<T: Object> fmt::Debug for Py<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.value(), f)
    }
}
