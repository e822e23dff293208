//! Method resolution order: C3 linearisation (Barrett et al. 1996), as CPython computes it.

use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::protocol;
use crate::type_object::TypeObject;
use crate::types::layout;
use crate::value::{PyResult, Ref, Value};

/// The order for `ty` from its bases.
pub fn compute(ty: &TypeObject) -> PyResult<Vec<Ref>> {
    let bases: Vec<Value> = ty.bases().map(|bases| bases.items().to_vec()).unwrap_or_default();
    let mut lists: Vec<Vec<Value>> = bases
        .iter()
        .map(|base| base.get::<TypeObject>().map(|base| base.mro().to_vec()).unwrap_or_default())
        .collect();
    check_complete(&bases)?;
    check_duplicates(&bases)?;
    lists.push(bases);
    let mut order = vec![ty.value().to_ref()];
    loop {
        lists.retain(|list| !list.is_empty());
        if lists.is_empty() {
            return Ok(order);
        }
        let in_tail = |class: Value| lists.iter().any(|list| list[1..].contains(&class));
        let Some(next) = lists.iter().map(|list| list[0]).find(|&class| !in_tail(class)) else {
            return Err(conflict(&lists));
        };
        order.push(next.to_ref());
        for list in &mut lists {
            if list[0] == next {
                list.remove(0);
            }
        }
    }
}

/// A class whose order is being computed has none yet, and cannot be extended.
fn check_complete(bases: &[Value]) -> PyResult<()> {
    for base in bases.iter().filter_map(|base| base.get::<TypeObject>()) {
        if base.mro().is_empty() {
            return Err(crate::raise!(TypeError, "Cannot extend an incomplete type '{}'", base.name()));
        }
    }
    Ok(())
}

fn check_duplicates(bases: &[Value]) -> PyResult<()> {
    for (at, base) in bases.iter().enumerate() {
        if bases[..at].contains(base) {
            let name = base.get::<TypeObject>().map_or("?", TypeObject::name);
            return Err(crate::raise!(TypeError, "duplicate base class {name}"));
        }
    }
    Ok(())
}

fn conflict(lists: &[Vec<Value>]) -> crate::error::Raised {
    let mut heads: Vec<Value> = Vec::new();
    for list in lists {
        if !heads.contains(&list[0]) {
            heads.push(list[0]);
        }
    }
    let names: Vec<&str> =
        heads.iter().filter_map(|class| class.get::<TypeObject>().map(TypeObject::name)).collect();
    let names = names.join(", ");
    crate::raise!(TypeError, "Cannot create a consistent method resolution order (MRO) for bases {names}")
}

/// Computes and sets the order of a class, unless code that a metaclass's `mro` runs has set a newer one meanwhile. Says whether it did.
pub fn update(ty: &TypeObject) -> PyResult<bool> {
    let before = ty.mro_object();
    let order = compute_with_override(ty)?;
    let is_current = ty.mro_object().map(|order| order.value()) == before.map(|order| order.value());
    if is_current {
        ty.set_mro(TupleObject::new(order).into());
    }
    Ok(is_current)
}

/// The order that `ty.mro()` gives, for metaclasses that override it.
fn compute_with_override(ty: &TypeObject) -> PyResult<Vec<Ref>> {
    let metatype = ty.header.ty();
    let name = StrObject::intern("mro");
    let own = metatype.lookup(name.value());
    if own == crate::objects::type_type::TYPE.lookup(name.value()) {
        return compute(ty);
    }
    let Some(own) = own else { return compute(ty) };
    let order = protocol::call_bound(own, ty.value(), &[])?;
    let order = protocol::collect(order.value())?;
    let solid = layout::solid_base(ty);
    for class in &order {
        let Some(class) = class.get::<TypeObject>() else {
            let got = class.ty().name();
            return Err(crate::raise!(TypeError, "mro() returned a non-class ('{got}')"));
        };
        if !solid.is_subtype_of(layout::solid_base(class)) {
            let name = class.name();
            return Err(crate::raise!(TypeError, "mro() returned base with unsuitable layout ('{name}')"));
        }
    }
    Ok(order)
}
