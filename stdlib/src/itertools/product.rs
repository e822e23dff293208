//! `product`: positions that advance like an odometer over pools of items.

use std::cell::RefCell;

use runtime::convert::{Keywords, Rest};
use runtime::field::Field;
use runtime::header::Header;
use runtime::objects::int;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::type_object::TypeSpec;
use runtime::{PyResult, Ref, TypeObject, Value, object, protocol, py_new, raise};

use super::declare::{iterator_layout, iterator_spec};

iterator_layout! {
    /// `product`
    Product for PRODUCT {
        /// A tuple of tuples of items, those of one round.
        pools,
    } {
        /// Where the next tuple takes its items; unset behind the last.
        positions: RefCell<Option<Vec<usize>>>,
    }
}

py_new! {
    fn new_product(class, iterables: Rest<'_>, keywords: Keywords) "product(*iterables, **kwargs)" {
        let mut repeat = 1;
        for (keyword, value) in keywords.0 {
            if !keyword.get::<StrObject>().is_some_and(|keyword| keyword.eq_str("repeat")) {
                let shown = protocol::str_string(keyword)?;
                return Err(raise!(TypeError, "product() got an unexpected keyword argument '{shown}'"));
            }
            repeat = int::to_isize(value)?;
        }
        let repeat =
            usize::try_from(repeat).map_err(|_| raise!(ValueError, "repeat argument cannot be negative"))?;
        let mut pools = Vec::with_capacity(iterables.0.len());
        for &iterable in iterables.0 {
            pools.push(Ref::from(TupleObject::new(protocol::collect(iterable)?)));
        }
        let pools = TupleObject::new(pools);
        let is_empty = repeat > 0 && pools.items().iter().any(|&pool| items_of(pool).is_empty());
        let wheels = pools.items().len().checked_mul(repeat);
        let wheels = wheels.ok_or_else(|| raise!(OverflowError, "repeat argument too large"))?;
        let mut positions = Vec::new();
        positions.try_reserve_exact(wheels).map_err(|_| raise!(MemoryError, ""))?;
        positions.resize(wheels, 0);
        let contents = Product {
            header: Header::new(class),
            pools: Field::new(pools),
            positions: RefCell::new(Some(positions).filter(|_| !is_empty)),
        };
        Ok(object::new_object_of(class, contents).into())
    }
}

fn items_of<'a>(pool: Value) -> &'a [Value] {
    pool.get::<TupleObject>().map_or(&[], TupleObject::items)
}

fn next_product(value: Value) -> PyResult<Option<Ref>> {
    let this = Product::of(value);
    let Some(pools) = this.pools.get_ref() else { return Ok(None) };
    let pools = items_of(pools.value());
    let mut state = this.positions.borrow_mut();
    let Some(positions) = state.as_mut() else { return Ok(None) };
    let items: Vec<Ref> = positions
        .iter()
        .enumerate()
        .map(|(wheel, &at)| items_of(pools[wheel % pools.len()])[at].to_ref())
        .collect();
    if !advance(positions, |wheel| items_of(pools[wheel % pools.len()]).len()) {
        *state = None;
    }
    drop(state);
    Ok(Some(TupleObject::new(items).into()))
}

/// Goes on to the next positions, last wheel first; false behind the last.
fn advance(positions: &mut [usize], size: impl Fn(usize) -> usize) -> bool {
    for wheel in (0..positions.len()).rev() {
        positions[wheel] += 1;
        if positions[wheel] < size(wheel) {
            return true;
        }
        positions[wheel] = 0;
    }
    false
}

pub(super) static PRODUCT: TypeObject = TypeObject::from_spec(&PRODUCT_SPEC);
static PRODUCT_SPEC: TypeSpec = iterator_spec::<Product>(
    "product",
    "product(*iterables, repeat=1)\n--\n\nAll tuples of one item of each iterable, the rightmost changing fastest,\nas nested for-loops would give them. With repeat, the iterables are taken so many times.\n\nproduct('ab', range(3)) --> ('a',0) ('a',1) ('a',2) ('b',0) ('b',1) ('b',2)",
    new_product,
    next_product,
);
