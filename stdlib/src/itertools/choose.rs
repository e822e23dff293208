//! `permutations`, `combinations` and `combinations_with_replacement`: selections of a given length from a pool of items, in the order of
//! the positions.

use std::cell::RefCell;

use runtime::convert::OrNone;
use runtime::field::Field;
use runtime::header::Header;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{int, int::IntRef};
use runtime::type_object::TypeSpec;
use runtime::{PyResult, Ref, TypeObject, Value, object, protocol, py_new, raise};

use super::declare::{iterator_layout, iterator_spec};

/// The items to choose from, and the length of a selection.
fn pool(iterable: Value, length: isize) -> PyResult<(Ref, usize)> {
    let items = protocol::collect(iterable)?;
    let length = usize::try_from(length).map_err(|_| raise!(ValueError, "r must be non-negative"))?;
    Ok((TupleObject::new(items).into(), length))
}

fn len_of(pool: &Ref) -> usize {
    pool.get::<TupleObject>().map_or(0, |pool| pool.items().len())
}

/// The items of a pool at some positions.
fn picked(pool: &Field, positions: &[usize]) -> Vec<Ref> {
    let items = pool.get().and_then(Value::get::<TupleObject>).map_or(&[][..], TupleObject::items);
    positions.iter().filter_map(|&at| items.get(at)).map(|item| item.to_ref()).collect()
}

/// `count` positions, if so much memory is there.
fn positions(count: usize, start: impl Fn(usize) -> usize) -> PyResult<Vec<usize>> {
    let mut positions = Vec::new();
    positions.try_reserve_exact(count).map_err(|_| raise!(MemoryError, ""))?;
    positions.extend((0..count).map(start));
    Ok(positions)
}

/// Gives the selection at the positions and goes on to the next ones; unset positions are the end.
fn step(
    pool: &Field,
    state: &RefCell<Option<Vec<usize>>>,
    advance: impl FnOnce(&mut [usize], usize) -> bool,
) -> Option<Ref> {
    let mut state = state.borrow_mut();
    let positions = state.as_mut()?;
    let items = picked(pool, positions);
    let size = pool.get_ref().map_or(0, |pool| len_of(&pool));
    if !advance(positions, size) {
        *state = None;
    }
    drop(state);
    Some(TupleObject::new(items).into())
}

iterator_layout! {
    /// `combinations`
    Combinations for COMBINATIONS { pool, } { state: RefCell<Option<Vec<usize>>>, }
}

py_new! {
    fn new_combinations(class, iterable: Value, r: isize) "combinations(iterable, r)" {
        let (pool, length) = pool(iterable, r)?;
        let state = if length > len_of(&pool) { None } else { Some(positions(length, |at| at)?) };
        let contents = Combinations { header: Header::new(class), pool: Field::new(pool), state: RefCell::new(state) };
        Ok(object::new_object_of(class, contents).into())
    }
}

fn next_combinations(value: Value) -> PyResult<Option<Ref>> {
    let this = Combinations::of(value);
    Ok(step(&this.pool, &this.state, |at, size| {
        let length = at.len();
        let Some(wheel) = (0..length).rev().find(|&wheel| at[wheel] != wheel + size - length) else {
            return false;
        };
        at[wheel] += 1;
        for later in wheel + 1..length {
            at[later] = at[later - 1] + 1;
        }
        true
    }))
}

pub(super) static COMBINATIONS: TypeObject = TypeObject::from_spec(&COMBINATIONS_SPEC);
static COMBINATIONS_SPEC: TypeSpec = iterator_spec::<Combinations>(
    "combinations",
    "combinations(iterable, r)\n--\n\nAll selections of r items, in the order of the iterable.\n\ncombinations(range(4), 3) --> (0,1,2), (0,1,3), (0,2,3), (1,2,3)",
    new_combinations,
    next_combinations,
);

iterator_layout! {
    /// `combinations_with_replacement`
    Multisets for COMBINATIONS_WITH_REPLACEMENT { pool, } { state: RefCell<Option<Vec<usize>>>, }
}

py_new! {
    fn new_multisets(class, iterable: Value, r: isize) "combinations_with_replacement(iterable, r)" {
        let (pool, length) = pool(iterable, r)?;
        let state = if length > 0 && len_of(&pool) == 0 { None } else { Some(positions(length, |_| 0)?) };
        let contents = Multisets { header: Header::new(class), pool: Field::new(pool), state: RefCell::new(state) };
        Ok(object::new_object_of(class, contents).into())
    }
}

fn next_multisets(value: Value) -> PyResult<Option<Ref>> {
    let this = Multisets::of(value);
    Ok(step(&this.pool, &this.state, |at, size| {
        let Some(wheel) = (0..at.len()).rev().find(|&wheel| at[wheel] + 1 < size) else { return false };
        let next = at[wheel] + 1;
        at[wheel..].fill(next);
        true
    }))
}

pub(super) static COMBINATIONS_WITH_REPLACEMENT: TypeObject = TypeObject::from_spec(&MULTISETS_SPEC);
static MULTISETS_SPEC: TypeSpec = iterator_spec::<Multisets>(
    "combinations_with_replacement",
    "combinations_with_replacement(iterable, r)\n--\n\nAll selections of r items, in the order of the iterable, where an item may be taken more than once.\n\ncombinations_with_replacement('ABC', 2) --> ('A','A'), ('A','B'), ('A','C'), ('B','B'), ('B','C'), ('C','C')",
    new_multisets,
    next_multisets,
);

iterator_layout! {
    /// `permutations`
    Permutations for PERMUTATIONS { pool, } {
        /// Unset behind the last permutation.
        state: RefCell<Option<Order>>,
    }
}

/// An order of the positions of a pool; the front ones are what is given out.
struct Order {
    indices: Vec<usize>,
    /// For each position of the selection, how many rotations of what stands behind it are left.
    cycles: Vec<usize>,
}

impl Order {
    /// Goes on to the next permutation in the order that CPython defines.
    fn advance(&mut self) -> bool {
        let size = self.indices.len();
        for at in (0..self.cycles.len()).rev() {
            self.cycles[at] -= 1;
            if self.cycles[at] == 0 {
                self.indices[at..].rotate_left(1);
                self.cycles[at] = size - at;
            } else {
                self.indices.swap(at, size - self.cycles[at]);
                return true;
            }
        }
        false
    }
}

py_new! {
    fn new_permutations(class, iterable: Value, r: OrNone<Value>) "permutations(iterable, r=None)" {
        let length = match r.0 {
            None => None,
            Some(r) if IntRef::of(r).is_some() => Some(int::to_isize(r)?),
            Some(_) => return Err(raise!(TypeError, "Expected int as r")),
        };
        let (pool, given) = pool(iterable, length.unwrap_or(0))?;
        let size = len_of(&pool);
        let length = if length.is_some() { given } else { size };
        let state = if length > size {
            None
        } else {
            Some(Order { indices: positions(size, |at| at)?, cycles: positions(length, |at| size - at)? })
        };
        let contents = Permutations { header: Header::new(class), pool: Field::new(pool), state: RefCell::new(state) };
        Ok(object::new_object_of(class, contents).into())
    }
}

fn next_permutations(value: Value) -> PyResult<Option<Ref>> {
    let this = Permutations::of(value);
    let mut state = this.state.borrow_mut();
    let Some(order) = state.as_mut() else { return Ok(None) };
    let items = picked(&this.pool, &order.indices[..order.cycles.len()]);
    if !order.advance() {
        *state = None;
    }
    drop(state);
    Ok(Some(TupleObject::new(items).into()))
}

pub(super) static PERMUTATIONS: TypeObject = TypeObject::from_spec(&PERMUTATIONS_SPEC);
static PERMUTATIONS_SPEC: TypeSpec = iterator_spec::<Permutations>(
    "permutations",
    "permutations(iterable, r=None)\n--\n\nAll orders of r items, or of all of them.\n\npermutations(range(3), 2) --> (0,1), (0,2), (1,0), (1,2), (2,0), (2,1)",
    new_permutations,
    next_permutations,
);
