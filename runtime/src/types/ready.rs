//! Completing builtin types: display, resolution order, dict of methods, inherited slots.

use crate::methods::MethodKind;
use crate::objects::builtin_function::{BuiltinFunction, MethodDescriptor};
use crate::objects::class_method::StaticMethod;
use crate::objects::descriptor::{self, GetSetDescriptor, MemberDescriptor};
use crate::objects::dict::DictObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::protocol::attribute;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::types::{dunder, slot_docs};
use crate::value::Ref;

/// Completes a builtin type and, before it, its base.
pub fn ready(ty: &'static TypeObject) {
    if ty.has(type_flags::READY) {
        return;
    }
    if let Some(base) = ty.base() {
        ready_base(base);
        base.add_subclass(ty);
    }
    ty.set_flags(type_flags::READY);
    let spec = ty.spec().expect("only builtin types are completed here");
    ty.set_display();
    inherit_shape(ty);
    ty.set_dict_object(DictObject::new().into());
    let bases: Vec<Ref> = ty.base().into_iter().map(|base| base.value().to_ref()).collect();
    ty.set_bases(TupleObject::new(bases).into());
    let mut order = vec![ty.value().to_ref()];
    order.extend(
        ty.base()
            .map(|base| base.mro().iter().map(|class| class.to_ref()).collect::<Vec<_>>())
            .unwrap_or_default(),
    );
    ty.set_mro(TupleObject::new(order).into());
    add_methods(ty, spec);
    dunder::add_wrappers(ty);
    inherit_slots(ty);
    set_attribute_flags(ty);
    ty.modified();
    // Builtin types live for ever, and so does what they are made of.
    crate::audit::exempt_graph(ty.value());
}

fn ready_base(base: &TypeObject) {
    // SAFETY: the base of a builtin type is a builtin type, which is a static.
    ready(unsafe { &*std::ptr::from_ref(base) });
}

/// Completes a builtin type and adds it to a namespace under its name.
pub fn publish(ty: &'static TypeObject, namespace: &DictObject) {
    ready(ty);
    namespace.set_text(ty.name(), ty.value().to_ref());
}

fn inherit_shape(ty: &TypeObject) {
    let Some(base) = ty.base() else { return };
    let inherited = type_flags::SEQUENCE
        | type_flags::MAPPING
        | type_flags::GC
        | type_flags::HAS_FINALIZER
        | type_flags::WEAK;
    ty.set_flags(base.flag_bits() & inherited);
    if ty.basicsize() < base.basicsize() {
        ty.set_basicsize(base.basicsize());
    }
    if ty.dict_offset() == 0 {
        ty.set_dict_offset(base.dict_offset());
    }
}

fn add_methods(ty: &'static TypeObject, spec: &'static TypeSpec) {
    let dict = ty.dict();
    for def in spec.methods.iter().flat_map(|table| table.iter()) {
        let object: Ref = match def.kind {
            MethodKind::Static => StaticMethod::new(BuiltinFunction::of_type(def, ty).into()).into(),
            _ => MethodDescriptor::make(def, ty),
        };
        dict.set_text(def.signature.name(), object);
    }
    for def in spec.getset {
        dict.set_text(def.name, GetSetDescriptor::new(def, ty).into_ref());
    }
    for def in spec.members {
        dict.set_text(def.name, MemberDescriptor::native(def, ty).into_ref());
    }
    if spec.dict_offset != 0 && dict.get_text("__dict__").is_none() {
        dict.set_text("__dict__", descriptor::instance_dict_descriptor(ty));
    }
    // Where `__doc__` is an attribute of instances, `type.__doc__` knows the type's.
    if !spec.doc.is_empty() && dict.get_text("__doc__").is_none() {
        dict.set_text("__doc__", StrObject::new(slot_docs::split(spec.doc).1));
    }
}

/// Fills open slots from the base. Hash and comparison go together, as in CPython: a type that defines comparison alone must not
/// inherit a hash that disagrees with it.
fn inherit_slots(ty: &TypeObject) {
    let Some(base) = ty.base() else { return };
    let mut slots: Slots = *ty.slots();
    let defines_equality = slots.richcompare.is_some() && slots.hash.is_none();
    slots.inherit(base.slots());
    if defines_equality {
        slots.hash = Some(crate::protocol::unhashable);
    }
    ty.set_slots(slots);
}

/// Derives the flags that attribute caches look at.
pub(crate) fn set_attribute_flags(ty: &TypeObject) {
    let generic = attribute::uses_generic_getattr(ty);
    if generic {
        ty.set_flags(type_flags::GENERIC_GETATTR)
    } else {
        ty.clear_flags(type_flags::GENERIC_GETATTR)
    }
    let plain_set = ty.slots().setattro.is_none_or(|slot| {
        let generic: fn(crate::Value, crate::Value, Option<crate::Value>) -> crate::PyResult<()> =
            attribute::generic_set_attr;
        std::ptr::fn_addr_eq(slot, generic)
    });
    if plain_set {
        ty.set_flags(type_flags::GENERIC_SETATTR)
    } else {
        ty.clear_flags(type_flags::GENERIC_SETATTR)
    }
    if ty.slots().finalize.is_some() {
        ty.set_flags(type_flags::HAS_FINALIZER);
    } else {
        ty.clear_flags(type_flags::HAS_FINALIZER);
    }
}
