//! Answers of `isinstance` for classes of `abc.ABCMeta`, remembered by the versions of both classes.
//!
//! What `ABCMeta.__instancecheck__` says of an object depends on its class alone, unless the object has a `__class__` of its own: the check goes by
//! way of Python code to caches of the abstract class (`_abc`), which hold until a class is registered anywhere. The same answers are kept here,
//! in a table without chains: an entry names the versions of the abstract class and of the object's class, each of which changes with whatever
//! attribute look-up sees, and the epoch, which `_abc` advances. No entry refers to an object.
//!
//! Cost: a probe, instead of two calls.

use std::cell::Cell;

use crate::names::names;
use crate::objects::object::OBJECT;
use crate::protocol::{attribute, is_true};
use crate::type_object::TypeObject;
use crate::value::{PyResult, Value};
use crate::world::World;

const ENTRIES: usize = 512;

/// An entry whose versions are 0 holds nothing.
#[derive(Clone, Copy)]
struct Entry {
    class: u32,
    subject: u32,
    epoch: u64,
    answer: bool,
}

static TABLE: World<[Cell<Entry>; ENTRIES]> =
    World::new([const { Cell::new(Entry { class: 0, subject: 0, epoch: 0, answer: false }) }; ENTRIES]);
static EPOCH: World<Cell<u64>> = World::new(Cell::new(0));

/// Forgets all answers: what some abstract class takes for its subclasses has changed.
pub fn forget() {
    EPOCH.set(EPOCH.get() + 1);
}

/// `isinstance(value, class)` for a class whose metaclass is `ABCMeta`, as the library has made that.
pub(super) fn is_instance(value: Value, class: &TypeObject) -> PyResult<bool> {
    let versions = || (class.version(), value.ty().version());
    let (of_class, of_subject) = versions();
    let at = (of_class.wrapping_mul(31) ^ of_subject) as usize % ENTRIES;
    let known = TABLE[at].get();
    if (known.class, known.subject, known.epoch) == (of_class, of_subject, EPOCH.get()) && of_class != 0 {
        return Ok(known.answer);
    }
    let epoch = EPOCH.get();
    let answer = attribute::call_special(class.value(), names().__instancecheck__, &[value])?;
    let answer = is_true(answer.expect("every class has the method").value())?;
    let is_steady = of_class != 0 && of_subject != 0 && versions() == (of_class, of_subject);
    if is_steady && is_told_by_class(value.ty()) {
        TABLE[at].set(Entry { class: of_class, subject: of_subject, epoch, answer });
    }
    Ok(answer)
}

/// Whether the objects of a class have no `__class__` of their own.
fn is_told_by_class(ty: &TypeObject) -> bool {
    OBJECT.lookup(names().__class__) == ty.lookup(names().__class__) && attribute::uses_generic_getattr(ty)
}
