//! `_bisect`: binary search in sorted sequences.

use runtime::convert::OrNone;
use runtime::objects::int;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::{CompareOp, PyResult, Ref, Value, protocol, py_functions, raise};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    for (name, same) in [("bisect", "bisect_right"), ("insort", "insort_right")] {
        if let Some(function) = module.dict().get_text(same) {
            module.dict().set_text(name, function);
        }
    }
    Ok(())
}

/// Which end of a run of equal items is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// The arguments of a search.
struct Search<'a> {
    items: Value,
    low: Option<isize>,
    high: OrNone<isize>,
    key: &'a OrNone<Value>,
    side: Side,
}

impl Search<'_> {
    /// The position at which `wanted` belongs.
    fn run(&self, wanted: Value) -> PyResult<usize> {
        let Ok(mut low) = usize::try_from(self.low.unwrap_or(0)) else {
            return Err(raise!(ValueError, "lo must be non-negative"));
        };
        let mut high = match self.high.0 {
            Some(high) => usize::try_from(high).unwrap_or(0),
            None => protocol::len(self.items)?,
        };
        while low < high {
            let middle = low + (high - low) / 2;
            let mut item = self.item(middle)?;
            if let Some(key) = self.key.0 {
                item = protocol::call_one(key, item.value())?;
            }
            let goes_right = match self.side {
                Side::Left => protocol::compare::compare_bool(CompareOp::Less, item.value(), wanted)?,
                Side::Right => !protocol::compare::compare_bool(CompareOp::Less, wanted, item.value())?,
            };
            if goes_right { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    fn item(&self, at: usize) -> PyResult {
        match self.items.get_exact::<ListObject>().and_then(|list| list.get(at)) {
            Some(item) => Ok(item),
            None => protocol::get_item(self.items, int::from_i64(at as i64).value()),
        }
    }

    /// Inserts where it belongs.
    fn insert(&self, wanted: Value) -> PyResult<()> {
        let place: Ref = match self.key.0 {
            Some(key) => protocol::call_one(key, wanted)?,
            None => wanted.to_ref(),
        };
        let at = self.run(place.value())?;
        if let Some(list) = self.items.get_exact::<ListObject>() {
            list.try_reserve(1)?;
            list.insert(at.min(list.len()), wanted.to_ref());
            return Ok(());
        }
        let at = int::from_i64(at as i64);
        protocol::call_method_text(self.items, "insert", &[at.value(), wanted]).map(drop)
    }
}

py_functions! { static FUNCTIONS;
    /// Return the index where to insert item x in list a, assuming a is sorted.
    ///
    /// The return value i is such that all e in a[:i] have e <= x, and all e in a[i:] have e > x.
    "bisect_right(a, x, lo=0, hi=None, *, key=None)"
    fn bisect_right(a: Value, x: Value, lo: Option<isize>, hi: OrNone<isize>, key: OrNone<Value>) -> PyResult<usize> {
        Search { items: a, low: lo, high: hi, key: &key, side: Side::Right }.run(x)
    }
    /// Return the index where to insert item x in list a, assuming a is sorted.
    ///
    /// The return value i is such that all e in a[:i] have e < x, and all e in a[i:] have e >= x.
    "bisect_left(a, x, lo=0, hi=None, *, key=None)"
    fn bisect_left(a: Value, x: Value, lo: Option<isize>, hi: OrNone<isize>, key: OrNone<Value>) -> PyResult<usize> {
        Search { items: a, low: lo, high: hi, key: &key, side: Side::Left }.run(x)
    }
    /// Insert item x in list a, and keep it sorted assuming a is sorted. If x is already in a, insert it to the right of the rightmost x.
    "insort_right(a, x, lo=0, hi=None, *, key=None)"
    fn insort_right(a: Value, x: Value, lo: Option<isize>, hi: OrNone<isize>, key: OrNone<Value>) -> PyResult<()> {
        Search { items: a, low: lo, high: hi, key: &key, side: Side::Right }.insert(x)
    }
    /// Insert item x in list a, and keep it sorted assuming a is sorted. If x is already in a, insert it to the left of the leftmost x.
    "insort_left(a, x, lo=0, hi=None, *, key=None)"
    fn insort_left(a: Value, x: Value, lo: Option<isize>, hi: OrNone<isize>, key: OrNone<Value>) -> PyResult<()> {
        Search { items: a, low: lo, high: hi, key: &key, side: Side::Left }.insert(x)
    }
}
