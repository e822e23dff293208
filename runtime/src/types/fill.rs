//! The slots of classes from their special methods, the way down in the table of [`dunder`](super::dunder).
//!
//! A class that adds itself to the MRO of its one base has that base's slots, but for those whose methods it defines itself; only
//! for them, and for classes with several bases, are the names looked up. Cost: the length of the class body, or a lookup
//! for every special method there is.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::dunder::{GROUPS, GroupIndex, SlotGroup, dispatch_new, dispatch_power_mod};
use super::ready::set_attribute_flags;
use crate::names::names;
use crate::objects::descriptor::{NewFunction, WrapperDescriptor, makes_instances_of};
use crate::objects::object::OBJECT;
use crate::objects::str::StrObject;
use crate::slots::Slots;
use crate::type_object::TypeObject;

/// Computes all slots of a heap type from its MRO, and those of its subclasses.
pub fn update_slots(ty: &TypeObject) {
    if ty.spec().is_none() {
        let mut slots = Slots::EMPTY;
        match only_base(ty) {
            Some(base) => {
                let own = groups_defined_in(ty);
                for (index, group) in GROUPS.iter().enumerate() {
                    if own & 1 << index == 0 {
                        (group.copy)(&mut slots, base.slots());
                    } else {
                        fill_group(ty, index, group, &mut slots);
                    }
                }
            }
            None => {
                GROUPS.iter().enumerate().for_each(|(index, group)| fill_group(ty, index, group, &mut slots))
            }
        }
        fill_new(ty, &mut slots);
        fill_power_mod(ty, &mut slots);
        ty.set_slots(slots);
        set_attribute_flags(ty);
    }
    for subclass in ty.subclasses() {
        update_slots(subclass);
    }
}

/// The base whose MRO is all that follows a class in its own, if it is `object` or a class: their slots are as the table says.
fn only_base(ty: &TypeObject) -> Option<&TypeObject> {
    let [first, rest @ ..] = ty.mro() else { return None };
    let base = rest.first()?.get::<TypeObject>()?;
    let is_filled = base.spec().is_none() || std::ptr::eq(base, &OBJECT);
    (is_filled && *first == ty.value() && rest == base.mro()).then_some(base)
}

/// Which groups have a method in the dict of a class, one bit each.
fn groups_defined_in(ty: &TypeObject) -> u128 {
    static GROUPS_OF: LazyLock<HashMap<&str, u128>> = LazyLock::new(|| {
        const { assert!(GROUPS.len() <= 128, "one bit each") };
        let mut groups_of: HashMap<&str, u128> = HashMap::default();
        for (index, group) in GROUPS.iter().enumerate() {
            for def in group.methods {
                *groups_of.entry(def.name).or_default() |= 1 << index;
            }
        }
        *groups_of.entry("__getattr__").or_default() |= 1 << GroupIndex::getattro as usize;
        groups_of
    });
    let keys = ty.dict().keys();
    let names = keys.iter().filter_map(|key| key.get::<StrObject>()?.as_ascii());
    names
        .filter(|name| name.starts_with("__"))
        .filter_map(|name| GROUPS_OF.get(name))
        .fold(0, |all, bits| all | bits)
}

/// Where a slot of a class comes from.
enum Source<'a> {
    Nowhere,
    Native(&'a TypeObject),
    Methods,
}

fn fill_group(ty: &TypeObject, index: usize, group: &SlotGroup, slots: &mut Slots) {
    let mut source = Source::Nowhere;
    for def in group.methods {
        let Some(found) = ty.lookup(StrObject::intern(def.name).value()) else { continue };
        // A wrapper of a class that this one does not derive from is called as any method is, and complains.
        let wrapper =
            found.get_exact::<WrapperDescriptor>().filter(|wrapper| ty.is_subclass_of(wrapper.owner()));
        // The same name in two groups is one method: `list.__add__` concatenates. Another name is a method of its own.
        if wrapper.is_some_and(|wrapper| wrapper.def().group != index && wrapper.def().name == def.name) {
            continue;
        }
        source = match (source, wrapper) {
            (Source::Nowhere, Some(wrapper)) if wrapper.def().name == def.name => {
                Source::Native(wrapper.owner())
            }
            (Source::Native(owner), Some(wrapper))
                if wrapper.def().name == def.name
                    && (group.is_same)(owner.slots(), wrapper.owner().slots()) =>
            {
                Source::Native(owner)
            }
            _ => Source::Methods,
        };
    }
    let has_getattr = std::ptr::eq(group, &raw const GROUPS[GroupIndex::getattro as usize])
        && ty.lookup(names().__getattr__).is_some();
    match source {
        Source::Native(owner) if !has_getattr => (group.copy)(slots, owner.slots()),
        Source::Nowhere if !has_getattr => {}
        _ => {
            if let Some(dispatch) = group.dispatch {
                dispatch(slots);
            }
        }
    }
}

fn fill_new(ty: &TypeObject, slots: &mut Slots) {
    let found = ty.lookup(names().__new__).and_then(|found| found.get_exact::<NewFunction>());
    slots.new = match found {
        // Another class's `__new__` would make instances of another layout; called by way of its object, it refuses.
        Some(function) if makes_instances_of(function, ty) => function.owner().slots().new,
        _ => Some(dispatch_new),
    };
}

fn fill_power_mod(ty: &TypeObject, slots: &mut Slots) {
    let native = ty.lookup(names().__pow__).and_then(|found| found.get_exact::<WrapperDescriptor>());
    slots.power_mod = match (native, slots.power) {
        (Some(wrapper), _) => wrapper.owner().slots().power_mod,
        (None, Some(_)) => Some(dispatch_power_mod),
        (None, None) => None,
    };
}
