//! Attributes with inline caches.
//!
//! A cache's key is the version of the owner's class with the kind of place in the bits above it: as long as the class has that
//! version, the name means the same thing in it. What an instance dict holds is found by position and checked by key.

use std::cell::Cell;

use bytecode::{Opcode, Word};
use runtime::objects::code::{CodeObject, InlineCache};
use runtime::objects::dict::DictObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::type_type;
use runtime::protocol::{self, Method};
use runtime::type_object::{self, TypeObject, type_flags};
use runtime::value::{PyResult, Ref, Value};

/// In the instance dict; the data are the position and, above it, the offset of the dict in the instance.
const INSTANCE: u64 = 1 << 32;
/// A function of the class that binds its receiver; the data are the function.
const METHOD: u64 = 2 << 32;
/// An entry of `__slots__`; the data are its offset.
const SLOT: u64 = 3 << 32;
/// In a module's dict; the data are the position.
const MODULE_DICT: u64 = 4 << 32;
/// A class whose calls make a plain instance and run a Python `__init__`; the data are that function.
pub(crate) const INIT: u64 = 5 << 32;

/// A value that a class, the owner, has under the name; the data are the value. The key is the version of that class, and above it that of the
/// newest class: nothing has changed in any, so that neither the metaclass nor the class of the value has a say now.
const CLASS: u64 = 1 << 63;

/// The key for a value of a class.
fn class_key(class: &TypeObject) -> u64 {
    CLASS | u64::from(type_object::newest_version()) << 32 | u64::from(class.version())
}

/// The key for a kind of place in a class; classes without version give a key that is never stored.
#[inline]
pub(crate) fn key_of(ty: &TypeObject, kind: u64) -> u64 {
    u64::from(ty.version()) | kind
}

pub(crate) fn remember(cache: &InlineCache, ty: &TypeObject, kind: u64, data: u64) {
    if ty.version() != 0 {
        cache.key.set(key_of(ty, kind));
        cache.data.set(data);
    }
}

/// The word at an offset in an instance.
///
/// # Safety
/// The class of the owner has a word of its instances there.
#[inline]
unsafe fn word_at<'a>(owner: Value, offset: usize) -> &'a Cell<Value> {
    // SAFETY: the contract.
    unsafe { &*owner.ptr().cast::<u8>().add(offset).cast::<Cell<Value>>() }
}

/// The instance dict and the position in it that a cache of kind `INSTANCE` speaks of.
#[inline]
fn cached_place<'a>(owner: Value, cache: &InlineCache) -> Option<(&'a DictObject, usize)> {
    if owner.is_small() || cache.key.get() != key_of(owner.ty(), INSTANCE) {
        return None;
    }
    let data = cache.data.get();
    // SAFETY: the offset is that of the dict in instances of the class; the word is a dict or null.
    let dict = unsafe { word_at(owner, (data >> 32) as usize).get().non_null()?.cast::<DictObject>() };
    Some((dict, data as u32 as usize))
}

/// An attribute of the instance, if it is where it was last. Borrowed.
#[inline]
pub(crate) fn cached_attribute(owner: Value, name: Value, cache: &InlineCache) -> Option<Value> {
    let (dict, position) = cached_place(owner, cache)?;
    dict.get_at(position, name)
}

/// Replaces an attribute of the instance, if it is where it was last.
#[inline]
pub(crate) fn store_cached(owner: Value, name: Value, value: Value, cache: &InlineCache) -> bool {
    let Some((dict, position)) = cached_place(owner, cache) else { return false };
    // SAFETY: the caller gives its count of the value up if this succeeds.
    let kept = dict.set_at(position, name, unsafe { Ref::from_owned(value) });
    kept.map_err(Ref::into_value).is_ok()
}

/// Where the dict of an instance is, if its class has a fixed place for it.
fn dict_offset(ty: &TypeObject) -> Option<usize> {
    usize::try_from(ty.dict_offset()).ok().filter(|&offset| offset > 0)
}

/// `owner.name` by way of an inline cache.
#[inline]
pub fn load_through(owner: Value, name: Value, cache: &InlineCache) -> PyResult {
    match cached_attribute(owner, name, cache) {
        Some(value) => Ok(value.to_ref()),
        None => load(owner, name, cache),
    }
}

/// `owner.name = value` by way of an inline cache.
#[inline]
pub fn store_through(owner: Value, name: Value, value: Value, cache: &InlineCache) -> PyResult<()> {
    let value = value.to_ref();
    if store_cached(owner, name, value.value(), cache) {
        // The attribute has taken the count over.
        std::mem::forget(value);
        return Ok(());
    }
    store(owner, name, &value, cache)
}

/// `owner.name`, whatever it is; remembers where it was found.
#[inline(never)]
pub(crate) fn load(owner: Value, name: Value, cache: &InlineCache) -> PyResult {
    let ty = owner.ty();
    if let Some(found) = load_cached(owner, name, cache) {
        return Ok(found);
    }
    if let Some(class) = owner.get::<TypeObject>() {
        return load_of_class(owner, class, name, cache);
    }
    if ty.has(type_flags::GENERIC_GETATTR) && owner.is_object() {
        match (ty.lookup(name), dict_offset(ty)) {
            (None, Some(offset)) => {
                // SAFETY: the class has the dict of its instances there.
                let dict = unsafe { word_at(owner, offset) }.get().non_null();
                // SAFETY: the word is a dict or null.
                let dict = dict.map(|dict| unsafe { dict.cast::<DictObject>() });
                if let Some((position, found)) = dict.and_then(|dict| find(dict, name, cache)) {
                    remember(cache, ty, INSTANCE, position as u64 | (offset as u64) << 32);
                    return Ok(found.to_ref());
                }
            }
            (Some(descriptor), _) => remember_slot(descriptor, ty, cache),
            _ => {}
        }
    } else if ty.lookup(name).is_none()
        && let Some(module) = ModuleObject::plain(owner)
        && let Some(position) = module.dict().position_of(name)
    {
        remember(cache, ty, MODULE_DICT, position as u64);
    }
    protocol::get_attr(owner, name)
}

/// `Class.name`; remembers a value that stands there as it is.
fn load_of_class(owner: Value, class: &TypeObject, name: Value, cache: &InlineCache) -> PyResult {
    let is_counted = class.version() != 0 && u64::from(type_object::newest_version()) < CLASS >> 32;
    match type_type::plain_attribute(owner, name) {
        Some(found) => {
            if is_counted {
                cache.key.set(class_key(class));
                cache.data.set(found.bits());
            }
            Ok(found.to_ref())
        }
        None => protocol::get_attr(owner, name),
    }
}

/// A name in an instance dict. Classes that meet at one instruction often agree on the position.
fn find(dict: &DictObject, name: Value, cache: &InlineCache) -> Option<(usize, Value)> {
    let hint = cache.data.get() as u32 as usize;
    match dict.get_at(hint, name) {
        Some(found) => Some((hint, found)),
        None => {
            let position = dict.position_of(name)?;
            Some((position, dict.get_at(position, name)?))
        }
    }
}

/// The rarer kinds of cached places.
fn load_cached(owner: Value, name: Value, cache: &InlineCache) -> Option<Ref> {
    let (key, ty) = (cache.key.get(), owner.ty());
    if key & CLASS != 0 {
        let class = owner.get::<TypeObject>().filter(|class| key == class_key(class))?;
        debug_assert!(class.version() != 0);
        // SAFETY: the class has not changed since the value was found in it, and keeps it alive.
        return Some(unsafe { Value::from_bits(cache.data.get()) }.to_ref());
    }
    if key == key_of(ty, SLOT) && owner.is_object() {
        // SAFETY: the class has a slot there.
        return unsafe { word_at(owner, cache.data.get() as usize) }.get().non_null().map(Value::to_ref);
    }
    if key == key_of(ty, MODULE_DICT)
        && let Some(module) = ModuleObject::plain(owner)
    {
        return module.dict().get_at(cache.data.get() as usize, name).map(Value::to_ref);
    }
    None
}

/// Remembers an entry of `__slots__`.
fn remember_slot(descriptor: Value, ty: &TypeObject, cache: &InlineCache) {
    if let Some(offset) = protocol::attribute::slot_offset(descriptor, ty) {
        remember(cache, ty, SLOT, offset as u64);
    }
}

/// `owner.name = value`; remembers where the value was put.
#[inline(never)]
pub(crate) fn store(owner: Value, name: Value, value: &Ref, cache: &InlineCache) -> PyResult<()> {
    let ty = owner.ty();
    if owner.is_object() && cache.key.get() == key_of(ty, SLOT) {
        // SAFETY: the class has a slot there, which owns its value.
        let old = unsafe { word_at(owner, cache.data.get() as usize) }.replace(value.clone().into_value());
        crate::frame::release(old);
        return Ok(());
    }
    if owner.is_object() && ty.has(type_flags::GENERIC_SETATTR) {
        let is_known = cache.key.get() == key_of(ty, INSTANCE);
        let found = if is_known { None } else { ty.lookup(name) };
        match (found, dict_offset(ty)) {
            (None, Some(offset)) => {
                if let Some(dict) = protocol::attribute::make_instance_dict(owner) {
                    let position = dict.put_str(name, value.clone());
                    remember(cache, ty, INSTANCE, position as u64 | (offset as u64) << 32);
                    return Ok(());
                }
            }
            (Some(descriptor), _) => remember_slot(descriptor, ty, cache),
            _ => {}
        }
    }
    protocol::set_attr(owner, name, value.value())
}

/// The callable of `owner.name(...)`, if the class's method of last time stands and the instance does not hide it. Borrowed.
#[inline]
pub fn cached_method(owner: Value, name: Value, cache: &InlineCache) -> Option<Value> {
    let ty = owner.ty();
    if cache.key.get() != key_of(ty, METHOD) {
        return None;
    }
    if ty.dict_offset() != 0 {
        // SAFETY: methods are remembered only for classes with a dict at a fixed place or without one; the word is a dict or null.
        let dict = unsafe { word_at(owner, ty.dict_offset() as usize).get().non_null() };
        // SAFETY: as above.
        if dict.is_some_and(|dict| unsafe { dict.cast::<DictObject>() }.get_str(name).is_some()) {
            return None;
        }
    }
    // SAFETY: the class has not changed since it was asked, and keeps its methods alive.
    Some(unsafe { Value::from_bits(cache.data.get()) })
}

/// The callable of `owner.name(...)`; remembers a method of the class.
#[inline(never)]
pub fn load_method(owner: Value, name: Value, cache: &InlineCache) -> PyResult<Method> {
    if ModuleObject::plain(owner).is_some() {
        return load(owner, name, cache).map(Method::Bound);
    }
    let method = protocol::get_method(owner, name)?;
    if let Method::Unbound(function) = &method
        && owner.ty().dict_offset() >= 0
    {
        remember(cache, owner.ty(), METHOD, function.bits());
    }
    Ok(method)
}

/// Joins the instruction before a `LOAD_ATTR` from an instance dict to it, if that loads the owner from a local.
pub(crate) fn join_load(code: &CodeObject, at: usize, cache: &InlineCache) {
    let is_instance = cache.key.get() >> 32 == INSTANCE >> 32;
    let Some(before) = at.checked_sub(1).filter(|_| is_instance) else { return };
    let word = code.words()[before].get();
    if word.opcode() == Opcode::LOAD_FAST {
        code.words()[before].set(Word::new(Opcode::LOAD_FAST_LOAD_ATTR, word.operand()));
    }
}
