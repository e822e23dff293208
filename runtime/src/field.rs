//! A mutable place inside an object that owns a value or is unset.
//!
//! Replacing stores first and releases the old value after, because releasing can run arbitrary code that looks at the object.

use std::cell::Cell;

use crate::object::Visitor;
use crate::value::{Ref, Value};

/// An owned value or null; one word, readable by machine code.
#[repr(transparent)]
pub struct Field(Cell<Value>);

impl Field {
    /// An unset field.
    pub const fn empty() -> Self {
        Field(Cell::new(Value::NULL))
    }

    /// A field that owns `value`.
    pub fn new(value: impl Into<Ref>) -> Self {
        Field(Cell::new(value.into().into_value()))
    }

    /// A field that owns `value`, if there is one.
    pub fn from_option(value: Option<Ref>) -> Self {
        Field(Cell::new(value.map_or(Value::NULL, Ref::into_value)))
    }

    /// The value, borrowed; valid until the field changes.
    #[inline]
    pub fn get(&self) -> Option<Value> {
        self.0.get().non_null()
    }

    /// The word as it stands, perhaps null.
    #[inline]
    pub fn raw(&self) -> Value {
        self.0.get()
    }

    /// The value, counted.
    #[inline]
    pub fn get_ref(&self) -> Option<Ref> {
        self.get().map(Ref::from_borrowed)
    }

    /// The value or None, counted.
    pub fn get_or_none(&self) -> Ref {
        self.get().unwrap_or_else(crate::objects::none).to_ref()
    }

    /// Stores `value` and releases the old one.
    #[inline]
    pub fn set(&self, value: impl Into<Ref>) {
        drop(self.replace(Some(value.into())));
    }

    /// Stores or unsets, and hands the old value over.
    #[inline]
    pub fn replace(&self, value: Option<Ref>) -> Option<Ref> {
        let old = self.0.replace(value.map_or(Value::NULL, Ref::into_value));
        // SAFETY: the field owned one count of its value.
        old.non_null().map(|old| unsafe { Ref::from_owned(old) })
    }

    /// Unsets.
    #[inline]
    pub fn take(&self) -> Option<Ref> {
        self.replace(None)
    }

    /// Shows the value to the cycle collector.
    #[inline]
    pub fn visit(&self, visit: Visitor<'_>) {
        if let Some(value) = self.get() {
            visit(value);
        }
    }
}

impl Drop for Field {
    #[inline]
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl Default for Field {
    fn default() -> Self {
        Self::empty()
    }
}
