//! Classes that are no types: what has a tuple `__bases__` counts as a class for `isinstance` and `issubclass`.
//!
//! Method: the rules of the reference for `issubclass` with objects other than types, as CPython applies them: an object is a class if
//! its `__bases__` is a tuple; it derives from itself and from what its bases derive from. Chains of single bases are followed in a
//! loop; several bases take one level of the stack, so that endless hierarchies end in RecursionError.

use crate::names::names;
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::thread::thread;
use crate::type_object::TypeObject;
use crate::value::{PyResult, Ref, Value};

/// The bases of what claims to be a class.
fn bases_of(class: Value) -> PyResult<Option<Ref>> {
    let bases = protocol::get_optional_attr(class, names().__bases__)?;
    Ok(bases.filter(|bases| bases.value().is_instance::<TupleObject>()))
}

fn check(class: Value, message: &str) -> PyResult<()> {
    match bases_of(class)? {
        Some(_) => Ok(()),
        None => Err(crate::raise!(TypeError, "{message}")),
    }
}

fn derives(derived: Value, class: Value) -> PyResult<bool> {
    let mut derived = derived.to_ref();
    loop {
        if derived.value() == class {
            return Ok(true);
        }
        let Some(found) = bases_of(derived.value())? else { return Ok(false) };
        let bases = found.get::<TupleObject>().expect("`bases_of` gives tuples").items();
        match bases {
            [] => return Ok(false),
            [only] => derived = only.to_ref(),
            several => {
                thread().check_stack(" in __issubclass__")?;
                for &base in several {
                    if derives(base, class)? {
                        return Ok(true);
                    }
                }
                return Ok(false);
            }
        }
        crate::signal::check()?;
    }
}

/// `issubclass` where at least one side is no type, and no hook decides.
pub(super) fn is_subclass(derived: Value, class: Value) -> PyResult<bool> {
    if !derived.is_instance::<TypeObject>() {
        check(derived, "issubclass() arg 1 must be a class")?;
    }
    if !class.is_instance::<TypeObject>() {
        check(class, "issubclass() arg 2 must be a class, a tuple of classes, or a union")?;
    }
    derives(derived, class)
}

/// `isinstance` for a class that is no type and has no hook.
pub(super) fn is_instance(value: Value, class: Value) -> PyResult<bool> {
    check(class, "isinstance() arg 2 must be a type, a tuple of types, or a union")?;
    match protocol::get_optional_attr(value, names().__class__)? {
        Some(claimed) => derives(claimed.value(), class),
        None => Ok(false),
    }
}
