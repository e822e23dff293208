//! Sorting: stable, with keys computed once, and comparisons that may raise or change the list.
//!
//! Method: the list is emptied while it is sorted, as in CPython, and a merge sort over binary-insertion-sorted runs asks only
//! `<`. Where all keys are small ints, floats or strs, no comparison can fail or be seen, and the standard library's merge sort, which finds
//! runs that are in order already, does the work. Cost: O(n log n) comparisons.

use std::cmp::Ordering;

use crate::objects::float::FloatObject;
use crate::objects::list::ListObject;
use crate::objects::str::{STR, StrObject};
use crate::operator::CompareOp;
use crate::protocol;
use crate::value::{PyResult, Ref, Value};

/// Runs up to this length are sorted by binary insertion.
const RUN: usize = 24;

/// `list.sort`
pub fn sort_list(list: &ListObject, key: Option<Value>, reverse: bool) -> PyResult<()> {
    let mut items = list.take_all();
    let result = sort_items(&mut items, key, reverse);
    // A list that something was put into has memory again, even if it has been emptied since.
    let modified = !list.is_empty() || list.has_room();
    list.replace_all(items);
    result?;
    if modified { Err(crate::raise!(ValueError, "list modified during sort")) } else { Ok(()) }
}

/// Sorts items; on an error they are all still there, in some order.
pub fn sort_items(items: &mut Vec<Ref>, key: Option<Value>, reverse: bool) -> PyResult<()> {
    // Keys, the order, and what merging takes.
    crate::reserve::probe(items.len() * 4 * size_of::<Ref>())?;
    let keys = match key {
        None => {
            if let Some(plain) = Plain::of(items) {
                plain.sort(items, Ref::value, reverse);
                return Ok(());
            }
            items.clone()
        }
        Some(key) => {
            items.iter().map(|item| protocol::call_one(key, item.value())).collect::<PyResult<Vec<_>>>()?
        }
    };
    let mut order: Vec<usize> = (0..items.len()).collect();
    let result = match Plain::of(&keys) {
        Some(plain) => {
            plain.sort(&mut order, |&at| keys[at].value(), reverse);
            Ok(())
        }
        None => Sorter { keys: &keys, reverse, scratch: Vec::with_capacity(keys.len()) }.sort(&mut order),
    };
    let mut source: Vec<Option<Ref>> = items.drain(..).map(Some).collect();
    items.extend(order.into_iter().filter_map(|at| source[at].take()));
    result
}

/// Keys of one kind, for which `<` is a total order that cannot fail.
#[derive(Clone, Copy)]
enum Plain {
    Small,
    Text,
    Float,
}

impl Plain {
    /// The kind of all keys.
    fn of(keys: &[Ref]) -> Option<Plain> {
        let all = |test: fn(&Ref) -> bool| keys.iter().all(test);
        let first = keys.first()?.value();
        if first.is_small() {
            all(|key| key.value().is_small()).then_some(Plain::Small)
        } else if first.get_exact::<StrObject>().is_some() {
            all(|key| text(key.value()).is_some()).then_some(Plain::Text)
        } else {
            // What is not a number has no place in an order.
            all(|key| key.get_exact::<FloatObject>().is_some_and(|key| !key.value().is_nan()))
                .then_some(Plain::Float)
        }
    }

    /// Sorts by keys of this kind.
    fn sort<T>(self, items: &mut [T], key: impl Fn(&T) -> Value, reverse: bool) {
        let directed = |order: Ordering| if reverse { order.reverse() } else { order };
        match self {
            Plain::Small => items.sort_by(|a, b| directed(word(key(a)).cmp(&word(key(b))))),
            Plain::Text => items.sort_by(|a, b| directed(text(key(a)).cmp(&text(key(b))))),
            Plain::Float => items.sort_by(|a, b| directed(number(key(a)).total_cmp(&number(key(b))))),
        }
    }
}

/// The word of a small int, which grows with it.
#[inline]
fn word(key: Value) -> i64 {
    key.bits() as i64
}

#[inline]
fn text<'k>(key: Value) -> Option<&'k StrObject> {
    key.get_exact::<StrObject>()
}

/// The number of a float; both zeros are the same one.
#[inline]
fn number(key: Value) -> f64 {
    key.get_exact::<FloatObject>().map_or(0.0, FloatObject::value) + 0.0
}

struct Sorter<'k> {
    keys: &'k [Ref],
    reverse: bool,
    scratch: Vec<usize>,
}

impl Sorter<'_> {
    /// Whether the item at `a` must come before the one at `b`, which precedes it now.
    #[inline]
    fn is_before(&self, a: usize, b: usize) -> PyResult<bool> {
        let (a, b) = (self.keys[a].value(), self.keys[b].value());
        if self.reverse { less(b, a) } else { less(a, b) }
    }

    fn sort(&mut self, order: &mut [usize]) -> PyResult<()> {
        for run in order.chunks_mut(RUN) {
            self.insertion_sort(run)?;
        }
        let mut width = RUN;
        while width < order.len() {
            for pair in order.chunks_mut(2 * width) {
                if pair.len() > width {
                    self.merge(pair, width)?;
                }
            }
            width *= 2;
        }
        Ok(())
    }

    fn insertion_sort(&self, run: &mut [usize]) -> PyResult<()> {
        for at in 1..run.len() {
            if !self.is_before(run[at], run[at - 1])? {
                continue;
            }
            let (mut low, mut high) = (0, at - 1);
            while low < high {
                let middle = (low + high) / 2;
                if self.is_before(run[at], run[middle])? { high = middle } else { low = middle + 1 }
            }
            run[low..=at].rotate_right(1);
        }
        Ok(())
    }

    /// Merges two sorted halves; leaves a permutation behind even when a comparison fails.
    fn merge(&mut self, pair: &mut [usize], middle: usize) -> PyResult<()> {
        if !self.is_before(pair[middle], pair[middle - 1])? {
            return Ok(());
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        scratch.extend_from_slice(&pair[..middle]);
        let (mut left, mut right, mut out) = (0, middle, 0);
        let mut result = Ok(());
        while left < scratch.len() && right < pair.len() {
            match self.is_before(pair[right], scratch[left]) {
                Ok(true) => {
                    pair[out] = pair[right];
                    right += 1;
                }
                Ok(false) => {
                    pair[out] = scratch[left];
                    left += 1;
                }
                Err(raised) => {
                    result = Err(raised);
                    break;
                }
            }
            out += 1;
        }
        pair[out..out + scratch.len() - left].copy_from_slice(&scratch[left..]);
        self.scratch = scratch;
        result
    }
}

/// `a < b`
#[inline]
fn less(a: Value, b: Value) -> PyResult<bool> {
    if let (Some(a), Some(b)) = (a.as_small(), b.as_small()) {
        return Ok(a < b);
    }
    if a.is_object() && b.is_object() && a.is_exact(&STR) && b.is_exact(&STR) {
        // SAFETY: exact strs.
        return Ok(unsafe { a.cast::<StrObject>().cmp(b.cast::<StrObject>()) } == Ordering::Less);
    }
    if let Some(order) = protocol::compare::float_order(a, b) {
        return Ok(order == Ordering::Less);
    }
    protocol::compare_bool(CompareOp::Less, a, b)
}
