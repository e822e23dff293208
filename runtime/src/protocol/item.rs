//! Subscripts, slices and lengths.

use crate::error;
use crate::names::names;
use crate::objects::int;
use crate::objects::list::{LIST, ListObject};
use crate::objects::sequence;
use crate::objects::slice::SliceObject;
use crate::objects::tuple::{TUPLE, TupleObject};
use crate::protocol;
use crate::type_object::{TypeObject, type_flags};
use crate::value::{PyResult, Ref, Value};

/// `container[key]`
#[inline]
pub fn get_item(container: Value, key: Value) -> PyResult {
    if let (Some(at), true) = (key.as_small(), container.is_object()) {
        if container.is_exact(&LIST) {
            // SAFETY: exact list.
            let list = unsafe { container.cast::<ListObject>() };
            if let Some(item) = sequence::wrap_index(at as isize, list.len()).and_then(|at| list.get(at)) {
                return Ok(item);
            }
        } else if container.is_exact(&TUPLE) {
            // SAFETY: exact tuple.
            let tuple = unsafe { container.cast::<TupleObject>() };
            if let Some(at) = sequence::wrap_index(at as isize, tuple.len()) {
                return Ok(tuple.items()[at].to_ref());
            }
        }
    }
    get_item_slowly(container, key)
}

fn get_item_slowly(container: Value, key: Value) -> PyResult {
    if let Some(slot) = container.ty().slots().subscript {
        return slot(container, key);
    }
    if let Some(class) = container.get::<TypeObject>() {
        return class_get_item(class, key);
    }
    Err(crate::raise!(TypeError, "'{}' object is not subscriptable", container.ty().name()))
}

/// `Class[key]` through `__class_getitem__`.
fn class_get_item(class: &TypeObject, key: Value) -> PyResult {
    if std::ptr::eq(class, &raw const crate::objects::type_type::TYPE) {
        return crate::objects::typing::generic_alias::new(class.value(), key);
    }
    match protocol::get_optional_attr(class.value(), names().__class_getitem__)? {
        Some(method) if !crate::objects::is_none(method.value()) => protocol::call_one(method.value(), key),
        _ => Err(crate::raise!(TypeError, "type '{}' is not subscriptable", class.name())),
    }
}

/// `container[key] = value`
#[inline]
pub fn set_item(container: Value, key: Value, value: Value) -> PyResult<()> {
    match container.ty().slots().ass_subscript {
        Some(slot) => slot(container, key, Some(value)),
        None => Err(crate::raise!(
            TypeError,
            "'{}' object does not support item assignment",
            container.ty().name()
        )),
    }
}

/// `del container[key]`
pub fn del_item(container: Value, key: Value) -> PyResult<()> {
    match container.ty().slots().ass_subscript {
        Some(slot) => slot(container, key, None),
        None => Err(no_deletion(container, key)),
    }
}

/// The error of `del container[key]` where there is no such thing; of what might be a sequence, an item has other words.
pub(crate) fn no_deletion(container: Value, key: Value) -> error::Raised {
    let ty = container.ty();
    let is_sequence = ty.has(type_flags::HEAP) || ty.slots().len.is_some() || ty.slots().contains.is_some();
    let verb = if is_sequence && key.ty().slots().index.is_some() { "doesn't" } else { "does not" };
    crate::raise!(TypeError, "'{}' object {verb} support item deletion", ty.name())
}

/// `container[start:stop]`; bounds may be None.
pub fn get_slice(container: Value, start: Value, stop: Value) -> PyResult {
    let slice = SliceObject::new(start.to_ref(), stop.to_ref(), crate::objects::none().to_ref());
    get_item(container, slice.value())
}

/// `len(container)`
#[inline]
pub fn len(container: Value) -> PyResult<usize> {
    match container.ty().slots().len {
        Some(slot) => slot(container),
        None => Err(crate::raise!(TypeError, "object of type '{}' has no len()", container.ty().name())),
    }
}

/// A guess at how many items an iterable has, for reserving memory.
pub fn length_hint(iterable: Value, default: usize) -> PyResult<usize> {
    Ok(known_length(iterable)?.unwrap_or(default))
}

/// How many items something has or says that it will give, if it says so.
pub fn known_length(iterable: Value) -> PyResult<Option<usize>> {
    if let Some(slot) = iterable.ty().slots().len {
        match slot(iterable) {
            Err(raised) => drop(error::catch(raised, &error::types::TypeError)?),
            len => return len.map(Some),
        }
    }
    let hint = match protocol::attribute::call_special(iterable, names().__length_hint__, &[]) {
        Ok(Some(hint)) => hint,
        Ok(None) => return Ok(None),
        Err(raised) => return error::catch(raised, &error::types::TypeError).map(|_| None),
    };
    if crate::objects::is_not_implemented(hint.value()) {
        return Ok(None);
    }
    let hint = hint_number(&hint)?;
    usize::try_from(hint)
        .map(Some)
        .map_err(|_| crate::raise!(ValueError, "__length_hint__() should return >= 0"))
}

fn hint_number(hint: &Ref) -> PyResult<isize> {
    if int::IntRef::of(hint.value()).is_none() {
        let name = hint.ty().name();
        return Err(crate::raise!(TypeError, "__length_hint__ must be an integer, not {name}"));
    }
    int::to_isize(hint.value())
}
