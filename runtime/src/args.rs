//! The arguments of a call as native code sees them, and the generic entry convention.
//!
//! Positional values come first, keyword values follow in the order of `kwnames`. All are borrowed from the caller.

use crate::objects::tuple::TupleObject;
use crate::value::{PyResult, Ref, Value};

/// The generic entry of every callable that has code: null means that an exception is set. `args` points to `nargs` positional
/// values followed by one value per name in `kwnames`, which is a tuple of str or null.
pub type Entry =
    unsafe extern "C" fn(callable: Value, args: *const Value, nargs: usize, kwnames: Value) -> Value;

/// Borrowed arguments.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    /// By position.
    pub positional: &'a [Value],
    keyword_values: &'a [Value],
    keyword_names: Value,
}

impl<'a> Args<'a> {
    /// Positional arguments only.
    #[inline]
    pub const fn positional(positional: &'a [Value]) -> Self {
        Args { positional, keyword_values: &[], keyword_names: Value::NULL }
    }

    /// `values` holds the positional arguments and then one per name in `kwnames`.
    #[inline]
    pub fn new(values: &'a [Value], kwnames: Option<Value>) -> Self {
        match kwnames {
            None => Args::positional(values),
            Some(names) => {
                let count = names_of(names).len();
                let (positional, keyword_values) = values.split_at(values.len() - count);
                Args { positional, keyword_values, keyword_names: names }
            }
        }
    }

    /// Arguments as a generic entry receives them.
    ///
    /// # Safety
    /// The parameters follow the convention of [`Entry`] and the values stay alive for `'a`.
    #[inline]
    pub unsafe fn from_entry(args: *const Value, nargs: usize, kwnames: Value) -> Self {
        let keywords = if kwnames.is_null() { 0 } else { names_of(kwnames).len() };
        if nargs + keywords == 0 {
            return Args::positional(&[]);
        }
        // SAFETY: the contract.
        let values = unsafe { std::slice::from_raw_parts(args, nargs + keywords) };
        Args { positional: &values[..nargs], keyword_values: &values[nargs..], keyword_names: kwnames }
    }

    /// Whether there are keyword arguments.
    #[inline]
    pub const fn has_keywords(&self) -> bool {
        !self.keyword_values.is_empty()
    }

    /// The tuple of keyword names, or null.
    pub const fn kwnames(&self) -> Value {
        self.keyword_names
    }

    /// Keyword names with their values.
    pub fn keywords(&self) -> impl ExactSizeIterator<Item = (Value, Value)> + use<'a> {
        let names: &[Value] = if self.keyword_names.is_null() { &[] } else { names_of(self.keyword_names) };
        names.iter().copied().zip(self.keyword_values.iter().copied())
    }

    /// Positional and keyword values in one vector, as an entry wants them.
    pub fn to_vec(self) -> Vec<Value> {
        [self.positional, self.keyword_values].concat()
    }

    /// The same keywords with other positional arguments in front, as one vector.
    pub fn with_positional(self, positional: &[Value]) -> Vec<Value> {
        [positional, self.keyword_values].concat()
    }

    /// Number of positional and keyword arguments.
    pub const fn len(&self) -> usize {
        self.positional.len() + self.keyword_values.len()
    }

    /// Whether there is no argument.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The only positional argument, when there is exactly one and no keyword.
    pub fn single(&self) -> Option<Value> {
        if self.has_keywords() || self.positional.len() != 1 { None } else { Some(self.positional[0]) }
    }

    /// Fails if there are keyword arguments; `name` is the callable's.
    pub fn no_keywords(&self, name: &str) -> PyResult<()> {
        if self.has_keywords() {
            return Err(crate::raise!(TypeError, "{name}() takes no keyword arguments"));
        }
        Ok(())
    }

    /// The arguments without the first positional one.
    #[must_use]
    pub fn rest(self) -> Self {
        Args { positional: &self.positional[1..], ..self }
    }
}

/// Keyword names as a slice.
fn names_of<'a>(names: Value) -> &'a [Value] {
    // SAFETY: the convention says that `kwnames` is a tuple.
    unsafe { names.cast::<TupleObject>() }.items()
}

/// Defines the generic entry of a kind of callables, by the function that calls one: `fn(&Kind, Args<'_>) -> PyResult`.
#[macro_export]
macro_rules! define_entry {
    ($visibility:vis $name:ident: $kind:ty = $call:expr) => {
        /// The generic entry of a kind of callables.
        ///
        /// # Safety
        /// The convention of [`Entry`]($crate::args::Entry); the callable is of the kind whose entry this is.
        $visibility unsafe extern "C" fn $name(
            callable: $crate::value::Value,
            args: *const $crate::value::Value,
            nargs: usize,
            kwnames: $crate::value::Value,
        ) -> $crate::value::Value {
            // SAFETY: the contract names the kind.
            let callable = unsafe { callable.cast::<$kind>() };
            // SAFETY: the contract is that of an entry.
            let args = unsafe { $crate::args::Args::from_entry(args, nargs, kwnames) };
            $crate::args::into_entry($call(callable, args))
        }
    };
}

/// Turns a result into what an entry returns.
#[inline]
pub fn into_entry(result: PyResult) -> Value {
    result.map_or(Value::NULL, Ref::into_value)
}
