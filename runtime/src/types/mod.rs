//! Making types work: completing the builtin ones, building classes, resolution order, special methods.

pub mod bases;
pub mod build;
pub mod dunder;
pub mod fill;
pub mod layout;
pub mod mro;
pub mod pickle;
pub mod ready;
pub mod slot_docs;

use crate::error::Raised;
use crate::names::names;
use crate::objects::dict::DictObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::type_object::{TypeObject, type_flags};
use crate::value::{PyResult, Value};

/// Something in a class dict has changed: slots that the name feeds are computed again, in the class and below it.
pub fn attribute_changed(ty: &TypeObject, name: Value) {
    let is_special = |name: &StrObject| name.as_ascii().is_some_and(|text| text.starts_with("__"));
    match name.get::<StrObject>().is_some_and(is_special) {
        true => slots_changed(ty),
        false => ty.modified(),
    }
}

/// What slots follow has changed: they are computed again, in the class and below it.
pub fn slots_changed(ty: &TypeObject) {
    ty.modified();
    fill::update_slots(ty);
    ty.announce();
}

/// Collects the names of a class and its bases, as far as what is given as a class has any.
pub fn collect_names(class: Value, into: &DictObject) -> PyResult<()> {
    if let Some(ty) = class.get::<TypeObject>() {
        for class in ty.mro().iter().filter_map(|class| class.get::<TypeObject>()) {
            into.merge(class.dict(), true)?;
        }
        return Ok(());
    }
    crate::thread::thread().check_stack(" in dir()")?;
    let dict = protocol::get_optional_attr(class, names().__dict__)?;
    if let Some(dict) = dict.as_ref().and_then(|dict| dict.get::<DictObject>()) {
        into.merge(dict, true)?;
    }
    let bases = protocol::get_optional_attr(class, StrObject::intern("__bases__").value())?;
    let Some(bases) = bases.filter(|bases| bases.is_instance::<TupleObject>()) else { return Ok(()) };
    for base in protocol::collect(bases.value())? {
        collect_names(base.value(), into)?;
    }
    Ok(())
}

/// The error for instantiating an abstract class.
pub fn abstract_error(ty: &TypeObject) -> Raised {
    let listed = ty.dict().get_str(names().__abstractmethods__);
    let mut missing: Vec<String> = listed
        .and_then(|listed| protocol::collect(listed).ok())
        .unwrap_or_default()
        .iter()
        .filter_map(|name| name.get::<StrObject>().map(|name| format!("'{}'", name.to_string_lossy())))
        .collect();
    missing.sort();
    let (class, ending) = (ty.name(), crate::signature::plural(missing.len()));
    let listed = missing.join(", ");
    crate::raise!(
        TypeError,
        "Can't instantiate abstract class {class} without an implementation for abstract method{ending} {listed}"
    )
}

/// `__flags__` with the bits that programs look at.
pub fn cpython_flags(ty: &TypeObject) -> i64 {
    let bits = [
        (type_flags::HEAP, 9),
        (type_flags::SHOWN_AS_HEAP, 9),
        (type_flags::BASE, 10),
        (type_flags::READY, 12),
        (type_flags::GC, 14),
        (type_flags::ABSTRACT, 20),
        (type_flags::SEQUENCE, 5),
        (type_flags::MAPPING, 6),
    ];
    let shown: i64 = bits.into_iter().filter(|&(flag, _)| ty.has(flag)).map(|(_, bit)| 1 << bit).sum();
    // CPython makes the types of its modules on the heap; `copyreg` looks for the first base that is not.
    let is_of_module = ty.spec().is_some_and(|spec| spec.module != "builtins");
    shown | i64::from(is_of_module) << 9
}
