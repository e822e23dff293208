//! Numbers for signatures, equal for equal ones: whether a function may be entered with typed arguments is then one comparison.
//!
//! Here and not in an inline cache, because callers of nested functions meet a new function object at each turn. Cost: one entry of a table for each
//! signature of a nested function, and one look for each code object.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use bytecode::Signature;

use crate::world::World;

/// What code without a signature has.
pub(super) const NONE: u32 = u32::MAX;

type Numbers = HashMap<Signature, u32, BuildHasherDefault<DefaultHasher>>;
static NUMBERS: World<RefCell<Numbers>> =
    World::new(RefCell::new(HashMap::with_hasher(BuildHasherDefault::new())));

/// The number of a signature, from 1 on.
pub(super) fn number(signature: &Signature) -> u32 {
    let mut numbers = NUMBERS.borrow_mut();
    if let Some(&known) = numbers.get(signature) {
        return known;
    }
    let number = numbers.len() as u32 + 1;
    numbers.insert(signature.clone(), number);
    number
}
