//! Method resolution order: C3 linearisation (Barrett et al. 1996), as CPython computes it.

use crate::objects::str::StrObject;
use crate::protocol;
use crate::type_object::TypeObject;
use crate::value::{PyResult, Ref, Value};

/// The order for `ty` from its bases.
pub fn compute(ty: &TypeObject) -> PyResult<Vec<Ref>> {
    let bases: Vec<Value> = ty.bases().map(|bases| bases.items().to_vec()).unwrap_or_default();
    let mut lists: Vec<Vec<Value>> = bases
        .iter()
        .map(|base| base.get::<TypeObject>().map(|base| base.mro().to_vec()).unwrap_or_default())
        .collect();
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

/// The order that `ty.mro()` gives, for metaclasses that override it.
pub fn compute_with_override(ty: &TypeObject) -> PyResult<Vec<Ref>> {
    let metatype = ty.header.ty();
    let name = StrObject::intern("mro");
    let own = metatype.lookup(name.value());
    if own == crate::objects::type_type::TYPE.lookup(name.value()) {
        return compute(ty);
    }
    let Some(own) = own else { return compute(ty) };
    let order = protocol::call_bound(own, ty.value(), &[])?;
    let order = protocol::collect(order.value())?;
    for class in &order {
        if !class.is_instance::<TypeObject>() {
            let got = class.ty().name();
            return Err(crate::raise!(TypeError, "mro() returned a non-class ('{got}')"));
        }
    }
    Ok(order)
}
