//! The metaclass of a static class: `type`, or `ABCMeta` for abstract base classes.
//!
//! [`choose`] finds it as a `class` statement does, from what the statement says and what the bases have. A static class is laid out by
//! `static_class` rather than by a call of its metaclass, so that what `ABCMeta.__new__` does besides is done by [`initialise`]: abstract methods
//! are collected, and the registry of virtual subclasses is made. `ABCMeta` is written in Python (`abc`), hence found by its name.
//!
//! Cost: nothing for classes of `type`; for others a few look-ups when the class is made.

use crate::error;
use crate::objects::str::StrObject;
use crate::objects::type_type::TYPE;
use crate::protocol;
use crate::type_object::TypeObject;
use crate::types::build::calculate_metaclass;
use crate::value::{PyResult, Ref, Value};

fn attribute_of(module: &str, name: &str) -> PyResult {
    let module = protocol::import::import_absolute(module)?;
    protocol::get_attr(module.value(), StrObject::intern(name).value())
}

/// The metaclass of a class with these bases, of which the statement may name one.
pub fn choose<'a>(given: Option<&'a Ref>, bases: &'a [Ref]) -> PyResult<&'a TypeObject> {
    let bases: Vec<Value> = bases.iter().map(Ref::value).collect();
    let first =
        given.map(Ref::value).unwrap_or_else(|| bases.first().map_or(TYPE.value(), |base| base.ty().value()));
    let Some(first) = first.get::<TypeObject>() else {
        return Err(error::not_supported("a metaclass of a static class that is no class"));
    };
    let winner = calculate_metaclass(first, &bases)?;
    if std::ptr::eq(winner, &TYPE) || winner.value() == attribute_of("abc", "ABCMeta")?.value() {
        return Ok(winner);
    }
    let message = format!("'{}' as the metaclass of a static class", winner.name());
    Err(error::not_supported(&message))
}

/// Does what a metaclass does to a class that has been made.
pub fn initialise(class: Value) -> PyResult<()> {
    if std::ptr::eq(class.ty(), &TYPE) {
        return Ok(());
    }
    protocol::call_one(attribute_of("_abc", "_abc_init")?.value(), class).map(drop)
}
