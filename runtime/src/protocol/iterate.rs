//! Iteration.

use crate::error;
use crate::names::names;
use crate::objects::descriptor::WrapperDescriptor;
use crate::objects::iterators::CallSequenceIterator;
use crate::objects::list::{LIST, ListObject};
use crate::objects::tuple::{TUPLE, TupleObject};
use crate::reserve;
use crate::type_object::TypeObject;
use crate::types::dunder;
use crate::value::{PyResult, Ref, Value};

/// `iter(iterable)`
#[inline]
pub fn get_iter(iterable: Value) -> PyResult {
    let slots = iterable.ty().slots();
    let Some(iter) = slots.iter else { return get_sequence_iter(iterable) };
    let iterator = iter(iterable)?;
    if iterator.ty().slots().iternext.is_none() {
        let name = iterator.ty().name();
        return Err(crate::raise!(TypeError, "iter() returned non-iterator of type '{name}'"));
    }
    Ok(iterator)
}

/// Whether a type has the `__getitem__` of a sequence: one that a class defines. Native sequences have iterators of their own, and
/// what else has the slot natively takes keys.
fn has_sequence_items(ty: &TypeObject) -> bool {
    ty.lookup(names().__getitem__).is_some_and(|found| !found.is_instance::<WrapperDescriptor>())
}

/// The old protocol: `__getitem__` with 0, 1, 2 ...
fn get_sequence_iter(iterable: Value) -> PyResult {
    if !iterable.is_small()
        && has_sequence_items(iterable.ty())
        && !iterable.is_instance::<crate::objects::dict::DictObject>()
    {
        return Ok(CallSequenceIterator::new(iterable).into());
    }
    Err(crate::raise!(TypeError, "'{}' object is not iterable", iterable.ty().name()))
}

/// Whether `iter()` would find something to call.
pub fn is_iterable(value: Value) -> bool {
    value.ty().slots().iter.is_some() || has_sequence_items(value.ty())
}

/// Whether something is a sequence as C code asks: it has items by number, as far as its type tells, and is no mapping.
pub fn is_sequence(value: Value) -> bool {
    let (ty, slots) = (value.ty(), value.ty().slots());
    let is_mapping = value.is_instance::<crate::objects::dict::DictObject>()
        || value.is_instance::<crate::objects::mapping_proxy::MappingProxy>();
    let is_native = slots.subscript.is_some() && slots.len.is_some() && slots.iter.is_some();
    !is_mapping && (is_native || has_sequence_items(ty))
}

/// `next(iterator)`; `None` when exhausted.
#[inline]
pub fn iter_next(iterator: Value) -> PyResult<Option<Ref>> {
    match iterator.ty().slots().iternext {
        Some(slot) => slot(iterator),
        None => Err(crate::raise!(TypeError, "'{}' object is not an iterator", iterator.ty().name())),
    }
}

/// [`iter_next`] that leaves the `StopIteration` of a Python class raised: it may carry a value.
pub fn iter_next_or_raise(iterator: Value) -> PyResult<Option<Ref>> {
    let is_of_python = iterator.ty().slots().iternext.is_some() && iterator.ty().spec().is_none();
    if is_of_python { dunder::call_next(iterator).map(Some) } else { iter_next(iterator) }
}

/// The slot `iter` of iterators.
pub fn identity(value: Value) -> PyResult {
    Ok(value.to_ref())
}

/// Calls `each` with every item.
pub fn for_each(iterable: Value, mut each: impl FnMut(Ref) -> PyResult<()>) -> PyResult<()> {
    let iterator = get_iter(iterable)?;
    while let Some(item) = iter_next(iterator.value())? {
        each(item)?;
        crate::signal::check()?;
    }
    Ok(())
}

/// All items.
pub fn collect(iterable: Value) -> PyResult<Vec<Ref>> {
    if iterable.is_object() && iterable.is_exact(&LIST) {
        reserve::probe(super::len(iterable)? * size_of::<Value>())?;
        // SAFETY: exact list.
        return Ok(unsafe { iterable.cast::<ListObject>() }.to_vec());
    }
    if iterable.is_object() && iterable.is_exact(&TUPLE) {
        // SAFETY: exact tuple.
        return Ok(unsafe { iterable.cast::<TupleObject>() }
            .items()
            .iter()
            .map(|item| item.to_ref())
            .collect());
    }
    let iterator = get_iter(iterable)?;
    let hint = super::item::length_hint(iterable, 0)?;
    let mut items = Vec::new();
    if items.try_reserve(hint).is_err() {
        return Err(error::memory_error());
    }
    while let Some(item) = iter_next(iterator.value())? {
        if items.len() == items.capacity() {
            items.try_reserve(1).map_err(|_| error::memory_error())?;
        }
        items.push(item);
        crate::signal::check()?;
    }
    Ok(items)
}

/// The items of a plain tuple of this length, which are what unpacking it gives.
#[inline]
pub fn items_of_tuple<'a>(value: Value, count: usize) -> Option<&'a [Value]> {
    value.get_exact::<TupleObject>().map(TupleObject::items).filter(|items| items.len() == count)
}

/// Unpacks into exactly `count` items, or with a star: `before` items, a list, `after` items.
pub fn unpack(value: Value, before: usize, star_after: Option<usize>) -> PyResult<Vec<Ref>> {
    let iterator = match get_iter(value) {
        Ok(iterator) => iterator,
        Err(raised) => {
            let is_type_error = value.ty().slots().iter.is_none();
            if !is_type_error {
                return Err(raised);
            }
            drop(error::catch(raised, &error::types::TypeError)?);
            let name = value.ty().name();
            return Err(crate::raise!(TypeError, "cannot unpack non-iterable {name} object"));
        }
    };
    let mut items = Vec::with_capacity(before + 1);
    while items.len() < before {
        match iter_next(iterator.value())? {
            Some(item) => items.push(item),
            None => return Err(too_few(before, items.len(), star_after)),
        }
    }
    match star_after {
        None => check_exhausted(value, &iterator, before).map(|()| items),
        Some(after) => unpack_star(&iterator, items, before, after),
    }
}

fn too_few(before: usize, got: usize, star_after: Option<usize>) -> error::Raised {
    match star_after {
        None => crate::raise!(ValueError, "not enough values to unpack (expected {before}, got {got})"),
        Some(after) => {
            let least = before + after;
            crate::raise!(ValueError, "not enough values to unpack (expected at least {least}, got {got})")
        }
    }
}

fn check_exhausted(value: Value, iterator: &Ref, count: usize) -> PyResult<()> {
    if iter_next(iterator.value())?.is_none() {
        return Ok(());
    }
    let has_size =
        value.is_exact(&LIST) || value.is_exact(&TUPLE) || value.is_exact(&crate::objects::dict::DICT);
    if has_size {
        let got = super::item::len(value)?;
        return Err(crate::raise!(ValueError, "too many values to unpack (expected {count}, got {got})"));
    }
    Err(crate::raise!(ValueError, "too many values to unpack (expected {count})"))
}

fn unpack_star(iterator: &Ref, mut items: Vec<Ref>, before: usize, after: usize) -> PyResult<Vec<Ref>> {
    let mut middle = collect(iterator.value())?;
    if middle.len() < after {
        return Err(too_few(before, before + middle.len(), Some(after)));
    }
    let tail = middle.split_off(middle.len() - after);
    items.push(ListObject::new(middle).into());
    items.extend(tail);
    Ok(items)
}
