//! Items and slices.

use runtime::objects;
use runtime::objects::list::ListObject;
use runtime::objects::slice::SliceObject;
use runtime::protocol;
use runtime::value::{PyResult, Ref, Value};

/// The position that a small int means in an exact list.
#[inline]
fn list_place<'a>(container: Value, key: Value) -> Option<(&'a ListObject, usize)> {
    let index = key.as_small()?;
    // SAFETY: containers on the stack are objects.
    let list = unsafe { container.get_exact_present::<ListObject>()? };
    let at = if index < 0 { index + list.len() as i64 } else { index };
    Some((list, at as usize))
}

/// An item of an exact list by a small int within range. Borrowed.
#[inline]
pub fn list_item(container: Value, key: Value) -> Option<Value> {
    let (list, at) = list_place(container, key)?;
    list.peek(at)
}

/// Replaces an item of an exact list by a small int within range, taking `value` over, and hands the old item over.
#[inline]
pub(crate) fn store_list_item(container: Value, key: Value, value: Value) -> Option<Value> {
    let (list, at) = list_place(container, key)?;
    if at >= list.len() {
        return None;
    }
    // SAFETY: the caller gives its count of the value up when this succeeds.
    list.set(at, unsafe { Ref::from_owned(value) }).ok().map(Ref::into_value)
}

/// `start, stop[, step]` as a slice.
pub(crate) fn build_slice(parts: &[Value]) -> Ref {
    let part = |at: usize| parts.get(at).map_or_else(|| objects::none().to_ref(), |value| value.to_ref());
    SliceObject::new(part(0), part(1), part(2)).into_ref()
}

/// `container[start:stop] = value`
pub(crate) fn store_slice(container: &Ref, start: Ref, stop: Ref, value: &Ref) -> PyResult<()> {
    let slice = SliceObject::new(start, stop, objects::none().to_ref());
    protocol::set_item(container.value(), slice.value(), value.value())
}
