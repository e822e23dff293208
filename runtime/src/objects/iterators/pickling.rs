//! How iterators are pickled and copied: as a call that makes one over the same object, and a position.

use super::{
    AliasIterator, CallSequenceIterator, Enumerate, Filter, LIST_REVERSE_ITERATOR, Map, Reversed,
    SentinelIterator, SequenceIterator, Zip,
};
use crate::convert::FromArg;
use crate::objects::list::ListObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, int};
use crate::protocol;
use crate::signature::Bound;
use crate::value::{PyResult, Ref, Value};
use crate::{py_class_methods, py_methods};

/// A position as `__setstate__` takes it: an int, and nothing that merely counts as one.
pub(crate) struct State(pub i64);

impl<'a> FromArg<'a> for State {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        if int::IntRef::of(value).is_none() {
            return Err(crate::raise!(TypeError, "an integer is required"));
        }
        int::to_isize(value).map(|position| State(position as i64))
    }
}

/// A builtin function, as the program sees it.
pub(crate) fn builtin(name: &str) -> PyResult {
    let builtins = protocol::import::import_absolute("builtins")?;
    protocol::get_attr(builtins.value(), StrObject::intern(name).value())
}

/// `(function, (args...))`
fn call_of<const N: usize>(function: Ref, args: [Ref; N]) -> Ref {
    TupleObject::of([function, TupleObject::of(args).into()]).into()
}

/// `(function, (args...), state)`
fn call_with_state<const N: usize>(function: Ref, args: [Ref; N], state: i64) -> Ref {
    TupleObject::of([function, TupleObject::of(args).into(), int::from_i64(state)]).into()
}

/// The values that an iterator has not given yet, as a call that iterates over them.
pub fn rest(values: Vec<Ref>) -> PyResult {
    Ok(call_of(builtin("iter")?, [ListObject::new(values).into()]))
}

/// Iterators over a sequence and a position.
pub(super) fn sequence(value: Value) -> PyResult {
    let this = SequenceIterator::of(value);
    let is_reversed = value.is_exact(&LIST_REVERSE_ITERATOR);
    let position = this.position.get() as i64 - i64::from(is_reversed);
    match this.sequence.get_ref() {
        Some(sequence) => {
            let function = builtin(if is_reversed { "reversed" } else { "iter" })?;
            Ok(call_with_state(function, [sequence], position))
        }
        None if is_reversed => rest(Vec::new()),
        None => Ok(call_of(builtin("iter")?, [TupleObject::empty().into()])),
    }
}

/// The class of an iterator.
fn class(value: Value) -> Ref {
    value.ty().value().to_ref()
}

py_methods! { pub(super) static CALL_SEQUENCE_ITERATOR for "iterator", Value;
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn reduce_call_sequence(value) -> PyResult {
        let this = CallSequenceIterator::of(value);
        match this.sequence.get_ref() {
            Some(sequence) => Ok(call_with_state(builtin("iter")?, [sequence], this.count.get())),
            None => Ok(call_of(builtin("iter")?, [TupleObject::empty().into()])),
        }
    }
    /// Set state information for unpickling.
    "__setstate__(self, object, /)"
    fn set_call_sequence(value, object: State) {
        CallSequenceIterator::of(value).count.set(object.0.max(0));
    }
}

py_methods! { pub(super) static SENTINEL_ITERATOR for "callable_iterator", Value;
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn reduce_sentinel(value) -> PyResult {
        let this = SentinelIterator::of(value);
        match (this.callable.get_ref(), this.sentinel.get_ref()) {
            (Some(callable), Some(sentinel)) => Ok(call_of(builtin("iter")?, [callable, sentinel])),
            _ => Ok(call_of(builtin("iter")?, [TupleObject::empty().into()])),
        }
    }
}

py_methods! { pub(super) static ALIAS_ITERATOR for "generic_alias_iterator", Value;
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn reduce_alias_iterator(value) -> PyResult {
        let alias = AliasIterator::of(value).alias.get_ref();
        Ok(call_of(builtin("iter")?, [alias.unwrap_or_else(|| TupleObject::empty().into())]))
    }
}

py_class_methods! { pub(super) static ENUMERATE_CLASS for "enumerate";
    /// See PEP 585
    "__class_getitem__(cls, item, /)"
    fn class_getitem(cls, item: Value) -> PyResult {
        crate::objects::typing::generic_alias::new(cls.value(), item)
    }
}

py_methods! { pub(super) static ENUMERATE for "enumerate", Value;
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn reduce_enumerate(value) -> PyResult {
        let this = Enumerate::of(value);
        Ok(call_of(class(value), [this.iterator.get_or_none(), this.current()]))
    }
}

/// `(class, (first, *iterators))`
fn over_iterators(value: Value, first: Option<Ref>, iterators: Value) -> Ref {
    let iterators = iterators.get::<TupleObject>().expect("a tuple of iterators");
    let args = first.into_iter().chain(iterators.items().iter().map(|item| item.to_ref()));
    TupleObject::of([class(value), TupleObject::new(args.collect()).into()]).into()
}

/// With a state that says that lengths must agree.
fn with_strictness(plain: Ref, strict: bool) -> PyResult {
    if !strict {
        return Ok(plain);
    }
    let parts = protocol::collect(plain.value())?;
    Ok(TupleObject::new(parts.into_iter().chain([objects::bool(true).to_ref()]).collect()).into())
}

py_methods! { pub(super) static MAP for "map", Value;
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn reduce_map(value) -> PyResult {
        let this = Map::of(value);
        with_strictness(over_iterators(value, this.function.get_ref(), this.iterators.raw()), this.count.get() != 0)
    }
    /// Set state information for unpickling.
    "__setstate__(self, object, /)"
    fn set_map(value, object: bool) {
        Map::of(value).count.set(i64::from(object));
    }
}

py_methods! { pub(super) static FILTER for "filter", Value;
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn reduce_filter(value) -> Ref {
        let this = Filter::of(value);
        call_of(class(value), [this.function.get_or_none(), this.iterator.get_or_none()])
    }
}

py_methods! { pub(super) static ZIP for "zip", Value;
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn reduce_zip(value) -> PyResult {
        let this = Zip::of(value);
        with_strictness(over_iterators(value, None, this.iterators.raw()), this.count.get() != 0)
    }
    /// Set state information for unpickling.
    "__setstate__(self, object, /)"
    fn set_zip(value, object: bool) {
        Zip::of(value).count.set(i64::from(object));
    }
}

py_methods! { pub(super) static REVERSED for "reversed", Value;
    /// Return state information for pickling.
    "__reduce__(self, /)"
    fn reduce_reversed(value) -> PyResult {
        let this = Reversed::of(value);
        match this.sequence.get_ref() {
            Some(sequence) => Ok(call_with_state(class(value), [sequence], this.count.get() - 1)),
            None => Ok(call_of(class(value), [TupleObject::empty().into()])),
        }
    }
    /// Set state information for unpickling.
    "__setstate__(self, object, /)"
    fn set_reversed(value, object: State) -> PyResult<()> {
        let this = Reversed::of(value);
        if let Some(sequence) = this.sequence.get_ref() {
            let len = protocol::len(sequence.value())? as i64;
            this.count.set(object.0.clamp(-1, len - 1) + 1);
        }
        Ok(())
    }
    /// Private method returning an estimate of len(list(it)).
    "__length_hint__(self, /)"
    fn reversed_hint(value) -> PyResult<i64> {
        let this = Reversed::of(value);
        let Some(sequence) = this.sequence.get_ref() else { return Ok(0) };
        let len = protocol::len(sequence.value())? as i64;
        Ok(if len < this.count.get() { 0 } else { this.count.get() })
    }
}
