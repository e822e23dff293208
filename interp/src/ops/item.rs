//! Items and slices.

use runtime::objects;
use runtime::objects::list::ListObject;
use runtime::objects::slice::SliceObject;
use runtime::protocol;
use runtime::value::{PyResult, Ref, Value};

/// An item of an exact list by a small int within range.
#[inline]
pub fn list_item(container: Value, key: Value) -> Option<Ref> {
    let index = key.as_small()?;
    let list = container.get_exact::<ListObject>()?;
    let at = if index < 0 { index + list.len() as i64 } else { index };
    list.get(usize::try_from(at).ok()?)
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
