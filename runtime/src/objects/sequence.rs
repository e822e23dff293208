//! What all sequences share: subscripts, slices, index ranges, comparison.

use crate::convert::FromArg;
use crate::objects::int;
use crate::objects::slice::SliceObject;
use crate::objects::{self, singleton};
use crate::operator::{CompareOp, Comparison};
use crate::protocol;
use crate::signature::Bound;
use crate::value::{PyResult, Ref, Value};

/// A subscript, sorted out.
pub enum Subscript<'a> {
    /// An integer, not yet wrapped.
    Index(isize),
    /// A slice, not yet clipped.
    Slice(&'a SliceObject),
}

impl Subscript<'_> {
    /// Sorts a subscript out; `what` names the container in the error.
    #[inline]
    pub fn of(key: Value, what: &str) -> PyResult<Self> {
        if let Some(at) = key.as_small() {
            return Ok(Subscript::Index(at as isize));
        }
        if let Some(slice) = key.get_exact::<SliceObject>() {
            return Ok(Subscript::Slice(slice));
        }
        if key.ty().slots().index.is_some() {
            return int::to_index(key, "cannot fit 'int' into an index-sized integer").map(Subscript::Index);
        }
        let got = key.ty().name();
        Err(crate::raise!(TypeError, "{what} indices must be integers or slices, not {got}"))
    }
}

/// An index from the front, if `at` (perhaps counted from the end) lies inside.
#[inline]
pub fn wrap_index(at: isize, len: usize) -> Option<usize> {
    let at = if at < 0 { at.wrapping_add(len as isize) } else { at };
    (at >= 0 && (at as usize) < len).then_some(at as usize)
}

/// An index clamped to the ends, as `insert` and slice bounds take it.
#[inline]
pub fn clamp_index(at: isize, len: usize) -> usize {
    let at = if at < 0 { at.saturating_add(len as isize) } else { at };
    (at.max(0) as usize).min(len)
}

/// Optional bounds clamped to the ends.
pub fn clamp_range(start: Option<isize>, stop: Option<isize>, len: usize) -> (usize, usize) {
    (clamp_index(start.unwrap_or(0), len), clamp_index(stop.unwrap_or(isize::MAX), len))
}

/// A slice clipped to a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceBounds {
    /// First index.
    pub start: isize,
    /// Index at which to stop, exclusive; -1 is before the first.
    pub stop: isize,
    /// Distance between indices, never 0.
    pub step: isize,
    /// Number of indices.
    pub len: usize,
}

impl SliceBounds {
    /// Clips `slice` to a sequence of `len` items.
    pub fn resolve(slice: &SliceObject, len: usize) -> PyResult<Self> {
        let step = match slice_bound(slice.step.raw())? {
            None => 1,
            Some(0) => return Err(crate::raise!(ValueError, "slice step cannot be zero")),
            Some(step) => step.max(-isize::MAX),
        };
        let (start, stop) = (slice_bound(slice.start.raw())?, slice_bound(slice.stop.raw())?);
        Ok(Self::clip(start, stop, step, len))
    }

    /// Clips bounds that are already integers.
    pub fn clip(start: Option<isize>, stop: Option<isize>, step: isize, len: usize) -> Self {
        let n = len as isize;
        let (low, high) = if step < 0 { (-1, n - 1) } else { (0, n) };
        let clip = |at: isize| if at < 0 { at.saturating_add(n).max(low) } else { at.min(high) };
        let start = start.map_or(if step < 0 { high } else { low }, clip);
        let stop = stop.map_or(if step < 0 { low } else { high }, clip);
        let len = if step < 0 {
            if stop < start { (start - stop - 1) as usize / step.unsigned_abs() + 1 } else { 0 }
        } else if start < stop {
            (stop - start - 1) as usize / step as usize + 1
        } else {
            0
        };
        SliceBounds { start, stop, step, len }
    }

    /// The indices in order.
    pub fn indices(self) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator {
        (0..self.len).map(move |at| (self.start + at as isize * self.step) as usize)
    }

    /// Whether the slice is the whole sequence in order.
    pub const fn is_whole(&self, len: usize) -> bool {
        self.start == 0 && self.step == 1 && self.len == len
    }
}

/// A bound of a slice, clamped to the machine range.
fn slice_bound(value: Value) -> PyResult<Option<isize>> {
    if value.is_null() || objects::is_none(value) {
        return Ok(None);
    }
    if let Some(small) = value.as_small() {
        return Ok(Some(small as isize));
    }
    if value.ty().slots().index.is_none() {
        let message = "slice indices must be integers or None or have an __index__ method";
        return Err(crate::raise!(TypeError, "{message}"));
    }
    int::to_clamped_index(value).map(Some)
}

/// An optional bound as methods like `find` take it: absent and `None` are the end, any int is clamped.
#[derive(Clone, Copy)]
pub struct SliceIndex(pub Option<isize>);

impl<'a> FromArg<'a> for SliceIndex {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        slice_bound(value).map(SliceIndex)
    }
}

/// A bound of `list.index` and `tuple.index`: any int is clamped, and unlike in a slice `None` is refused.
#[derive(Clone, Copy)]
pub struct SearchBound(pub isize);

impl<'a> FromArg<'a> for SearchBound {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        if !value.is_small() && value.ty().slots().index.is_none() {
            let message = "slice indices must be integers or have an __index__ method";
            return Err(crate::raise!(TypeError, "{message}"));
        }
        int::to_clamped_index(value).map(SearchBound)
    }
}

/// Number of repetitions, with a check that the result has a representable length.
pub fn checked_repeat(len: usize, count: isize) -> PyResult<usize> {
    let count = count.max(0) as usize;
    match len.checked_mul(count) {
        Some(total) if total <= (1 << 40) => Ok(count),
        _ => Err(crate::error::memory_error()),
    }
}

/// Compares two sequences item by item. Items are fetched anew each time because comparing may change a list.
pub fn compare(
    first: &dyn Fn(usize) -> Option<Ref>,
    first_len: usize,
    second: &dyn Fn(usize) -> Option<Ref>,
    second_len: usize,
    op: CompareOp,
) -> PyResult {
    if first_len != second_len && matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
        return Ok(objects::bool(op == CompareOp::NotEqual).to_ref());
    }
    let mut at = 0;
    while let (Some(a), Some(b)) = (first(at), second(at)) {
        if !protocol::is_same_or_equal(a.value(), b.value())? {
            if first(at).is_none() || second(at).is_none() {
                // The comparison has shortened a sequence: what is left decides.
                break;
            }
            return match op {
                CompareOp::Equal => Ok(objects::bool(false).to_ref()),
                CompareOp::NotEqual => Ok(objects::bool(true).to_ref()),
                _ => protocol::compare(op, a.value(), b.value()),
            };
        }
        at += 1;
    }
    let (rest_first, rest_second) = (first(at).is_some(), second(at).is_some());
    Ok(objects::bool(op.holds(rest_first.cmp(&rest_second))).to_ref())
}

/// Declines: for comparisons with other types.
pub fn decline() -> PyResult {
    singleton::decline()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_clip_as_in_cpython() {
        let clip = |start, stop, step| {
            let bounds = SliceBounds::clip(start, stop, step, 5);
            bounds.indices().collect::<Vec<_>>()
        };
        assert_eq!(clip(None, None, 1), [0, 1, 2, 3, 4]);
        assert_eq!(clip(None, None, -2), [4, 2, 0]);
        assert_eq!(clip(Some(-2), None, 1), [3, 4]);
        assert_eq!(clip(Some(10), Some(-100), -1), [4, 3, 2, 1, 0]);
        assert_eq!(clip(Some(3), Some(1), 1), []);
        assert_eq!(clip(Some(0), Some(5), isize::MAX), [0]);
    }
}
