//! `C.__bases__ = bases`: the layout must stay, and the orders of resolution of the class and of all below it are computed again.
//!
//! A metaclass's `mro` may run any code, and even assign bases of the same classes. As in CPython, what an inner assignment has done
//! stays: the outer one undoes only what is still its own. Cost: one linearisation per class in the tree below.

use crate::objects::tuple::TupleObject;
use crate::type_object::TypeObject;
use crate::types::{layout, mro, slots_changed};
use crate::value::{Py, PyResult, Ref, Value};

/// Replaces the bases of a class.
pub fn replace_bases(class: &TypeObject, bases: &TupleObject) -> PyResult<()> {
    if bases.is_empty() {
        let name = class.name();
        return Err(crate::raise!(TypeError, "can only assign non-empty tuple to {name}.__bases__, not ()"));
    }
    check_items(class, bases)?;
    let base = layout::best_base(bases.items())?;
    let (Some(old_base), Some(old_bases)) = (class.base(), class.bases()) else {
        return Err(crate::raise!(TypeError, "a type without bases cannot get any"));
    };
    layout::check_assignment(old_base, base, "__bases__")?;
    check_vtables(class, bases)?;
    let old_bases: Py<TupleObject> = Py::from_object(old_bases);
    let _keep = old_base.value().to_ref();
    class.set_bases(Value::from_object(bases).to_ref());
    class.set_base(base);
    let mut replaced = Vec::new();
    let outcome = update_tree(class, &mut replaced);
    let is_current = class.bases().is_some_and(|current| std::ptr::eq(current, bases));
    if outcome.is_err() {
        restore_orders(replaced);
        if is_current {
            class.set_bases(old_bases.clone().into());
            class.set_base(old_base);
        }
    }
    enter_subclass(class, &old_bases);
    slots_changed(class);
    outcome
}

fn check_items(class: &TypeObject, bases: &TupleObject) -> PyResult<()> {
    for &base in bases.items() {
        let Some(base) = base.get::<TypeObject>() else {
            let (name, got) = (class.name(), base.ty().name());
            return Err(crate::raise!(TypeError, "{name}.__bases__ must be tuple of classes, not '{got}'"));
        };
        if base.is_subclass_of(class) {
            return Err(crate::raise!(TypeError, "a __bases__ item causes an inheritance cycle"));
        }
    }
    Ok(())
}

/// Compiled code calls methods of static classes through the vtables of all that inherit from them, and a class has its own from the start.
fn check_vtables(class: &TypeObject, bases: &TupleObject) -> PyResult<()> {
    let mut bases = bases.items().iter().filter_map(|base| base.get::<TypeObject>());
    match bases.find(|base| base.vtable_len() > 0 && class.vtable_len() == 0) {
        Some(base) => {
            let (new, old) = (base.name(), class.name());
            Err(crate::raise!(TypeError, "__bases__ assignment: '{new}' object layout differs from '{old}'"))
        }
        None => Ok(()),
    }
}

/// A class with the order that it had.
type Replaced = Vec<(Ref, Option<Ref>, Option<Ref>)>;

/// Computes the orders of a class and of everything below it; notes each with the old and the new one.
fn update_tree(class: &TypeObject, replaced: &mut Replaced) -> PyResult<()> {
    crate::thread::thread().check_stack(" in __bases__ assignment")?;
    let old = class.mro_object();
    if !mro::update(class)? {
        return Ok(());
    }
    replaced.push((class.value().to_ref(), old, class.mro_object()));
    class.modified();
    let below: Vec<Ref> = class.subclasses().iter().map(|class| class.value().to_ref()).collect();
    for subclass in below.iter().filter_map(|class| class.get::<TypeObject>()) {
        update_tree(subclass, replaced)?;
    }
    Ok(())
}

fn restore_orders(replaced: Replaced) {
    for (class, old, new) in replaced.into_iter().rev() {
        let Some(class) = class.get::<TypeObject>() else { continue };
        let is_ours = class.mro_object().map(|order| order.value()) == new.as_ref().map(|new| new.value());
        if let Some(old) = old.filter(|_| is_ours) {
            class.set_mro(old);
            class.modified();
        }
    }
}

/// Takes the class from the lists of bases that it has lost, and puts it into those of the bases that it has.
fn enter_subclass(class: &TypeObject, old: &TupleObject) {
    for base in old.items().iter().filter_map(|base| base.get::<TypeObject>()) {
        base.forget_subclass(class);
    }
    let Some(bases) = class.bases() else { return };
    for base in bases.items().iter().filter_map(|base| base.get::<TypeObject>()) {
        base.forget_subclass(class);
        base.add_subclass(class);
    }
}
