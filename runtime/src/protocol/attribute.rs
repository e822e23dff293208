//! Attribute access: data descriptors, the instance dict, other descriptors, `__getattr__`.
//!
//! [`get_method`] is the first half of a method call: for the plain case (a function or native method in the class, no
//! instance attribute of that name) it gives the callable unbound, so that the call passes self as its first argument and no
//! bound method is made.

use std::cell::Cell;

use crate::error;
use crate::names::names;
use crate::objects::descriptor::MemberDescriptor;
use crate::objects::dict::DictObject;
use crate::objects::str::{STR, StrObject};
use crate::protocol;
use crate::type_object::{TypeObject, type_flags};
use crate::value::{PyResult, Ref, Value};

/// Where a method call's callable came from.
pub enum Method {
    /// Pass the receiver as first argument.
    Unbound(Ref),
    /// Call as it is.
    Bound(Ref),
}

/// `object.name`; `name` is a str.
#[inline]
pub fn get_attr(object: Value, name: Value) -> PyResult {
    match object.ty().slots().getattro {
        Some(getattro) => getattro(object, name),
        None => generic_get_attr(object, name),
    }
}

/// `object.name` for a name given as text.
pub fn get_attr_text(object: Value, name: &str) -> PyResult {
    get_attr(object, StrObject::intern(name).value())
}

/// `object.name = value`
#[inline]
pub fn set_attr(object: Value, name: Value, value: Value) -> PyResult<()> {
    store_attr(object, name, Some(value))
}

/// `del object.name`
pub fn del_attr(object: Value, name: Value) -> PyResult<()> {
    store_attr(object, name, None)
}

fn store_attr(object: Value, name: Value, value: Option<Value>) -> PyResult<()> {
    match object.ty().slots().setattro {
        Some(setattro) => setattro(object, name, value),
        None => generic_set_attr(object, name, value),
    }
}

/// The attribute, or nothing if reading it raises `AttributeError`.
pub fn get_optional_attr(object: Value, name: Value) -> PyResult<Option<Ref>> {
    let ty = object.ty();
    if ty.has(type_flags::GENERIC_GETATTR) && ty.lookup(name).is_none() {
        // Absence is common; avoid making an exception for it.
        return Ok(instance_dict(object).and_then(|dict| dict.get_str(name)).map(Value::to_ref));
    }
    error::ignore(get_attr(object, name), &error::types::AttributeError)
}

/// Whether reading the attribute succeeds.
pub fn has_attr(object: Value, name: Value) -> PyResult<bool> {
    Ok(get_optional_attr(object, name)?.is_some())
}

/// Place of the instance dict, if instances of the type have one.
#[inline]
pub fn instance_dict_slot<'a>(object: Value) -> Option<&'a Cell<Value>> {
    if !object.is_object() {
        return None;
    }
    let ty = object.ty();
    let offset = match ty.dict_offset() {
        0 => return None,
        offset if offset > 0 => offset as usize,
        _ => ty.var_end(object.header()?),
    };
    // SAFETY: the offset lies inside the instance and holds an owned word.
    Some(unsafe { &*object.ptr().cast::<u8>().add(offset).cast::<Cell<Value>>() })
}

/// The instance dict, if it has been made. Borrowed.
#[inline]
pub fn instance_dict<'a>(object: Value) -> Option<&'a DictObject> {
    let dict = instance_dict_slot(object)?.get();
    // SAFETY: the slot holds a dict or null.
    dict.non_null().map(|dict| unsafe { dict.cast() })
}

/// The instance dict, made if need be.
pub fn make_instance_dict<'a>(object: Value) -> Option<&'a DictObject> {
    let slot = instance_dict_slot(object)?;
    if slot.get().is_null() {
        slot.set(DictObject::new().into_ref().into_value());
    }
    instance_dict(object)
}

/// Where instances of `ty` have the value of an entry of `__slots__`, if that is what the descriptor is.
pub fn slot_offset(descriptor: Value, ty: &TypeObject) -> Option<usize> {
    descriptor.get_exact::<MemberDescriptor>()?.offset_in(ty)
}

/// `object.__getattribute__`
pub fn generic_get_attr(object: Value, name: Value) -> PyResult {
    let ty = object.ty();
    let found = ty.lookup(name);
    if let Some(descriptor) = found {
        let slots = descriptor.ty().slots();
        if let (Some(get), Some(_)) = (slots.descr_get, slots.descr_set) {
            return get(descriptor.to_ref().value(), Some(object), ty.value());
        }
    }
    if let Some(value) = instance_dict(object).and_then(|dict| dict.get_str(name)) {
        return Ok(value.to_ref());
    }
    match found {
        Some(descriptor) => match descriptor.ty().slots().descr_get {
            Some(get) => get(descriptor.to_ref().value(), Some(object), ty.value()),
            None => Ok(descriptor.to_ref()),
        },
        None => Err(no_attribute(object, name)),
    }
}

#[cold]
fn no_attribute(object: Value, name: Value) -> error::Raised {
    let (ty, text) =
        (object.ty().name(), name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default());
    error::attribute_error(object, name, &format!("'{ty}' object has no attribute '{text}'"))
}

/// `object.__setattr__` and `object.__delattr__`
pub fn generic_set_attr(object: Value, name: Value, value: Option<Value>) -> PyResult<()> {
    let ty = object.ty();
    let found = ty.lookup(name);
    if let Some(descriptor) = found
        && let Some(set) = descriptor.ty().slots().descr_set
    {
        return set(descriptor.to_ref().value(), object, value);
    }
    match value {
        Some(value) => match make_instance_dict(object) {
            Some(dict) => {
                dict.set_str(name, value.to_ref());
                Ok(())
            }
            None => Err(read_only(object, name, found.is_some())),
        },
        None => match instance_dict(object).and_then(|dict| dict.remove_str(name)) {
            Some(_) => Ok(()),
            None if instance_dict_slot(object).is_none() => Err(read_only(object, name, found.is_some())),
            None => Err(no_attribute(object, name)),
        },
    }
}

#[cold]
fn read_only(object: Value, name: Value, exists: bool) -> error::Raised {
    let (ty, text) =
        (object.ty().name(), name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default());
    let message = if exists {
        format!("'{ty}' object attribute '{text}' is read-only")
    } else {
        format!("'{ty}' object has no attribute '{text}' and no __dict__ for setting new attributes")
    };
    error::attribute_error(object, name, &message)
}

/// The callable of `object.name(...)`.
#[inline]
pub fn get_method(object: Value, name: Value) -> PyResult<Method> {
    let ty = object.ty();
    if !ty.has(type_flags::GENERIC_GETATTR) {
        return get_attr(object, name).map(Method::Bound);
    }
    match ty.lookup(name) {
        Some(function) if function.ty().has(type_flags::METHOD_DESCRIPTOR) => {
            match instance_dict(object).and_then(|dict| dict.get_str(name)) {
                Some(own) => Ok(Method::Bound(own.to_ref())),
                None => Ok(Method::Unbound(function.to_ref())),
            }
        }
        _ => generic_get_attr(object, name).map(Method::Bound),
    }
}

/// Looks a special method up in the type, bound through its descriptor.
pub fn lookup_special(object: Value, name: Value) -> PyResult<Option<Ref>> {
    let ty = object.ty();
    let Some(found) = ty.lookup(name) else { return Ok(None) };
    let found = found.to_ref();
    match found.ty().slots().descr_get {
        Some(get) => get(found.value(), Some(object), ty.value()).map(Some),
        None => Ok(Some(found)),
    }
}

/// A name that a program gives, as an exact str: instances of subclasses stand for what they spell.
pub fn exact_name(name: Value) -> PyResult {
    match name.get::<StrObject>() {
        _ if name.is_exact(&STR) => Ok(name.to_ref()),
        Some(text) => {
            let plain = StrObject::from_units(&STR, text.units())?;
            Ok(StrObject::intern_object(&plain).into())
        }
        None => check_name(name).map(|()| name.to_ref()),
    }
}

/// Fails unless `name` is a str.
pub fn check_name(name: Value) -> PyResult<()> {
    if name.is_instance::<StrObject>() {
        return Ok(());
    }
    Err(crate::raise!(TypeError, "attribute name must be string, not '{}'", name.ty().name()))
}

/// `__dict__` as an attribute: the dict, made if need be.
pub fn get_dict_attr(object: Value) -> PyResult {
    match make_instance_dict(object) {
        Some(dict) => Ok(Value::from_object(dict).to_ref()),
        None => Err(no_attribute(object, names().__dict__)),
    }
}

/// Replaces `__dict__`.
pub fn set_dict_attr(object: Value, value: Option<Value>) -> PyResult<()> {
    let Some(slot) = instance_dict_slot(object) else { return Err(no_attribute(object, names().__dict__)) };
    let new = match value {
        None => return Err(crate::raise!(TypeError, "cannot delete __dict__")),
        Some(value) if value.is_instance::<DictObject>() => value.to_ref(),
        Some(value) => {
            let name = value.ty().name();
            return Err(crate::raise!(TypeError, "__dict__ must be set to a dictionary, not a '{name}'"));
        }
    };
    put_dict(slot, new.into_value());
    Ok(())
}

/// Forgets the dict: the next access makes an empty one.
pub fn del_dict_attr(object: Value) -> PyResult<()> {
    let Some(slot) = instance_dict_slot(object) else { return Err(no_attribute(object, names().__dict__)) };
    put_dict(slot, Value::NULL);
    Ok(())
}

fn put_dict(slot: &Cell<Value>, new: Value) {
    let old = slot.replace(new);
    if !old.is_null() {
        // SAFETY: the slot owned one count.
        drop(unsafe { Ref::from_owned(old) });
    }
}

/// Whether a name is a plain str, so that lookups cannot run code.
pub fn is_plain_name(name: Value) -> bool {
    name.is_exact(&STR)
}

/// Calls the type's special method `name`, if it has one.
pub fn call_special(object: Value, name: Value, args: &[Value]) -> PyResult<Option<Ref>> {
    match object.ty().lookup(name) {
        Some(method) => protocol::call_bound(method, object, args).map(Some),
        None => Ok(None),
    }
}

/// Whether the type's `getattro` is `object`'s.
pub(crate) fn uses_generic_getattr(ty: &TypeObject) -> bool {
    ty.slots()
        .getattro
        .is_none_or(|slot| std::ptr::fn_addr_eq(slot, generic_get_attr as fn(Value, Value) -> PyResult))
}

/// Whether the type's `setattro` is `object`'s.
pub(crate) fn uses_generic_setattr(ty: &TypeObject) -> bool {
    type Store = fn(Value, Value, Option<Value>) -> PyResult<()>;
    ty.slots().setattro.is_none_or(|slot| std::ptr::fn_addr_eq(slot, generic_set_attr as Store))
}
