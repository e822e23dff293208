//! Combinatoric iterators: positions advance like an odometer over pools held in tuples.

use runtime::convert::{Keywords, OrNone, Rest};
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::{PyResult, Raised, Ref, Value, protocol, py_functions};

use super::{iterator, keyword_is};

fn pool(iterable: Value) -> PyResult {
    Ok(TupleObject::new(protocol::collect(iterable)?).into())
}

fn items_of(pool: &Ref) -> &[Value] {
    pool.get::<TupleObject>().map_or(&[], TupleObject::items)
}

fn picked(pool: &Ref, positions: &[usize]) -> Ref {
    let items = items_of(pool);
    TupleObject::new(positions.iter().map(|&at| items[at].to_ref()).collect()).into()
}

fn length(r: isize) -> PyResult<usize> {
    usize::try_from(r).map_err(|_| runtime::raise!(ValueError, "r must be non-negative"))
}

fn unexpected(function: &str, keyword: Value) -> Raised {
    let shown = protocol::str_string(keyword).unwrap_or_default();
    runtime::raise!(TypeError, "{function}() got an unexpected keyword argument '{shown}'")
}

py_functions! { pub(super) static FUNCTIONS;
    /// Cartesian product of input iterables.  Equivalent to nested for-loops.
    "product(*iterables, **kwargs)"
    fn product(iterables: Rest<'_>, keywords: Keywords) -> PyResult {
        let mut repeat = 1;
        for (keyword, value) in keywords.0 {
            if !keyword_is(keyword, "repeat") {
                return Err(unexpected("product", keyword));
            }
            repeat = int::to_isize(value)?;
        }
        if repeat < 0 {
            return Err(runtime::raise!(ValueError, "repeat argument cannot be negative"));
        }
        let once = iterables.0.iter().map(|&iterable| pool(iterable)).collect::<PyResult<Vec<_>>>()?;
        let pools: Vec<Ref> = (0..repeat).flat_map(|_| once.iter().cloned()).collect();
        let mut positions: Option<Vec<usize>> =
            if pools.iter().any(|pool| items_of(pool).is_empty()) { None } else { Some(vec![0; pools.len()]) };
        Ok(iterator(pools, move |pools| {
            let Some(at) = positions.take() else { return Ok(None) };
            let item = TupleObject::new(at.iter().zip(pools).map(|(&at, pool)| items_of(pool)[at].to_ref()).collect());
            positions = advance(at, |wheel| items_of(&pools[wheel]).len());
            Ok(Some(item.into()))
        }))
    }
    /// Return successive r-length permutations of elements in the iterable.
    "permutations(iterable, r=None)"
    fn permutations(iterable: Value, r: OrNone<isize>) -> PyResult {
        let source = pool(iterable)?;
        let n = items_of(&source).len();
        let r = r.0.map_or(Ok(n), length)?;
        let mut indices: Vec<usize> = (0..n).collect();
        let mut cycles: Vec<usize> = (0..r.min(n)).map(|at| n - at).collect();
        let mut state = if r > n { None } else { Some(false) };
        Ok(iterator(vec![source], move |captured| {
            let Some(started) = state else { return Ok(None) };
            if started && !next_permutation(&mut indices, &mut cycles) {
                state = None;
                return Ok(None);
            }
            state = Some(true);
            Ok(Some(picked(&captured[0], &indices[..r])))
        }))
    }
    /// Return successive r-length combinations of elements in the iterable.
    "combinations(iterable, r)"
    fn combinations(iterable: Value, r: isize) -> PyResult {
        let (source, r) = (pool(iterable)?, length(r)?);
        let n = items_of(&source).len();
        let mut positions = if r > n { None } else { Some((0..r).collect::<Vec<_>>()) };
        Ok(iterator(vec![source], move |captured| {
            let Some(mut at) = positions.take() else { return Ok(None) };
            let item = picked(&captured[0], &at);
            if let Some(wheel) = (0..r).rev().find(|&wheel| at[wheel] != wheel + n - r) {
                at[wheel] += 1;
                for later in wheel + 1..r {
                    at[later] = at[later - 1] + 1;
                }
                positions = Some(at);
            }
            Ok(Some(item))
        }))
    }
    /// Return successive r-length combinations of elements in the iterable allowing individual elements to have successive repeats.
    "combinations_with_replacement(iterable, r)"
    fn combinations_with_replacement(iterable: Value, r: isize) -> PyResult {
        let (source, r) = (pool(iterable)?, length(r)?);
        let n = items_of(&source).len();
        let mut positions = if n == 0 && r > 0 { None } else { Some(vec![0usize; r]) };
        Ok(iterator(vec![source], move |captured| {
            let Some(mut at) = positions.take() else { return Ok(None) };
            let item = picked(&captured[0], &at);
            if let Some(wheel) = (0..r).rev().find(|&wheel| at[wheel] + 1 < n) {
                let next = at[wheel] + 1;
                at[wheel..].fill(next);
                positions = Some(at);
            }
            Ok(Some(item))
        }))
    }
    /// Return a zip_longest object whose .__next__() method returns a tuple.
    "zip_longest(*iterables, **kwargs)"
    fn zip_longest(iterables: Rest<'_>, keywords: Keywords) -> PyResult {
        let mut fill = objects::none().to_ref();
        for (keyword, value) in keywords.0 {
            if !keyword_is(keyword, "fillvalue") {
                return Err(unexpected("zip_longest", keyword));
            }
            fill = value.to_ref();
        }
        let mut captured = vec![fill];
        for &iterable in iterables.0 {
            captured.push(protocol::get_iter(iterable)?);
        }
        let mut exhausted = vec![false; captured.len()];
        Ok(iterator(captured, move |captured| {
            let mut items = Vec::with_capacity(captured.len() - 1);
            for (at, source) in captured.iter().enumerate().skip(1) {
                let item = if exhausted[at] { None } else { protocol::iter_next(source.value())? };
                exhausted[at] = item.is_none();
                items.push(item.unwrap_or_else(|| captured[0].clone()));
            }
            let all_done = exhausted[1..].iter().all(|&done| done);
            Ok(if all_done { None } else { Some(TupleObject::new(items).into()) })
        }))
    }
}

/// The positions after `at`, last wheel first; nothing behind the last.
fn advance(mut at: Vec<usize>, size: impl Fn(usize) -> usize) -> Option<Vec<usize>> {
    for wheel in (0..at.len()).rev() {
        at[wheel] += 1;
        if at[wheel] < size(wheel) {
            return Some(at);
        }
        at[wheel] = 0;
    }
    None
}

/// The next permutation in the order that CPython defines.
fn next_permutation(indices: &mut [usize], cycles: &mut [usize]) -> bool {
    let n = indices.len();
    for at in (0..cycles.len()).rev() {
        cycles[at] -= 1;
        if cycles[at] == 0 {
            indices[at..].rotate_left(1);
            cycles[at] = n - at;
        } else {
            indices.swap(at, n - cycles[at]);
            return true;
        }
    }
    false
}
