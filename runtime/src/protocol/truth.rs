//! Truth values and type tests.

use crate::names::names;
use crate::objects::tuple::TupleObject;
use crate::objects::typing::union;
use crate::objects::{self};
use crate::protocol::{self, abstract_class, abstract_memo, attribute};
use crate::thread::thread;
use crate::type_object::{TypeObject, type_flags};
use crate::value::{PyResult, Value};

/// `bool(value)`
#[inline]
pub fn is_true(value: Value) -> PyResult<bool> {
    if value == objects::bool(true) {
        return Ok(true);
    }
    if value == objects::bool(false) || objects::is_none(value) {
        return Ok(false);
    }
    if let Some(small) = value.as_small() {
        return Ok(small != 0);
    }
    let slots = value.ty().slots();
    if let Some(slot) = slots.bool {
        return slot(value);
    }
    slots.len.map_or(Ok(true), |len| Ok(len(value)? != 0))
}

/// `isinstance(value, class)`
pub fn is_instance(value: Value, class: Value) -> PyResult<bool> {
    if value.ty().value() == class {
        return Ok(true);
    }
    if let Some(ty) = class.get::<TypeObject>() {
        if ty.header.ty().has(type_flags::ABSTRACT_METACLASS) {
            return abstract_memo::is_instance(value, ty);
        }
        if ty.header.ty().lookup(names().__instancecheck__) == plain_instance_check() {
            return Ok(value.ty().is_subclass_of(ty) || claims_class(value, ty)?);
        }
    }
    thread().check_stack(" in __instancecheck__")?;
    if let Some(classes) = class.get::<TupleObject>() {
        for &class in classes.items() {
            if is_instance(value, class)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    if let Some(members) = union::members(class) {
        for member in members {
            if is_instance(value, member.value())? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    match attribute::call_special(class, names().__instancecheck__, &[value])? {
        Some(answer) => is_true(answer.value()),
        None => abstract_class::is_instance(value, class),
    }
}

/// `type.__instancecheck__` as found on plain metaclasses.
fn plain_instance_check() -> Option<Value> {
    objects::type_type::TYPE.lookup(names().__instancecheck__)
}

/// An object may claim another class through `__class__`.
pub fn claims_class(value: Value, ty: &TypeObject) -> PyResult<bool> {
    let Some(class) = value.ty().lookup(names().__class__) else { return Ok(false) };
    if objects::object::OBJECT.lookup(names().__class__) == Some(class)
        && attribute::uses_generic_getattr(value.ty())
    {
        return Ok(false);
    }
    let claimed = protocol::get_optional_attr(value, names().__class__)?;
    Ok(claimed
        .and_then(|claimed| claimed.get::<TypeObject>().map(|claimed| claimed.is_subclass_of(ty)))
        .unwrap_or(false))
}

/// `issubclass(derived, class)`
pub fn is_subclass(derived: Value, class: Value) -> PyResult<bool> {
    if let Some(ty) = class.get::<TypeObject>()
        && ty.header.ty().lookup(names().__subclasscheck__)
            == objects::type_type::TYPE.lookup(names().__subclasscheck__)
    {
        return plain_is_subclass(derived, ty);
    }
    thread().check_stack(" in __subclasscheck__")?;
    if let Some(classes) = class.get::<TupleObject>() {
        for &class in classes.items() {
            if is_subclass(derived, class)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    if let Some(members) = union::members(class) {
        for member in members {
            if is_subclass(derived, member.value())? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    match attribute::call_special(class, names().__subclasscheck__, &[derived])? {
        Some(answer) => is_true(answer.value()),
        None => abstract_class::is_subclass(derived, class),
    }
}

/// `issubclass` without hooks.
pub fn plain_is_subclass(derived: Value, ty: &TypeObject) -> PyResult<bool> {
    match derived.get::<TypeObject>() {
        Some(derived) => Ok(derived.is_subclass_of(ty)),
        None => abstract_class::is_subclass(derived, ty.value()),
    }
}
