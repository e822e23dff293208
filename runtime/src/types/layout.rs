//! Layout of instances of classes: what `__slots__`, `__dict__` and `__weakref__` add to the base's, and which layouts agree.
//!
//! The rules are CPython's. A class extends the layout of one base, the best: the others may add nothing but a dict and weak references,
//! which have their place in every class anew. Instances may change their class, and classes their bases, where the layouts agree.

use crate::names::names;
use crate::objects::bytes::BYTES;
use crate::objects::descriptor::{self, MemberDescriptor};
use crate::objects::dict::DictObject;
use crate::objects::int::INT;
use crate::objects::object::OBJECT;
use crate::objects::str::{STR, StrObject};
use crate::objects::tuple::TUPLE;
use crate::objects::type_type::TYPE;
use crate::protocol;
use crate::type_object::{TypeObject, type_flags};
use crate::value::{PyResult, Value};

/// The base whose layout the class extends; all others must be compatible with it.
pub(super) fn best_base<'a>(bases: &[Value]) -> PyResult<&'a TypeObject> {
    let mut winner: Option<(&TypeObject, &TypeObject)> = None;
    for &base in bases {
        let Some(base) = base.get::<TypeObject>() else {
            return Err(crate::raise!(TypeError, "bases must be types"));
        };
        if !base.has(type_flags::BASE) || base.has(type_flags::FINAL) {
            // The name that the type has been made with: those of programs have no module in it.
            let name = if base.has(type_flags::HEAP) { base.name().to_owned() } else { base.full_name() };
            return Err(crate::raise!(TypeError, "type '{name}' is not an acceptable base type"));
        }
        let solid = solid_base(base);
        match winner {
            None => winner = Some((base, solid)),
            Some((_, best)) if best.is_subtype_of(solid) => {}
            Some((_, best)) if solid.is_subtype_of(best) => winner = Some((base, solid)),
            Some(_) => return Err(crate::raise!(TypeError, "multiple bases have instance lay-out conflict")),
        }
    }
    Ok(winner.map_or(&OBJECT, |(base, _)| base))
}

/// The nearest type along `__base__` that adds to the layout of instances, other than a dict.
pub(super) fn solid_base(ty: &TypeObject) -> &TypeObject {
    let Some(base) = ty.base() else { return ty };
    let own_dict = usize::from(ty.dict_offset() > 0 && base.dict_offset() == 0) * 8;
    let adds_native = ty.spec().is_some() && ty.layout().size != base.layout().size;
    let adds_fields = ty.spec().is_none() && ty.basicsize() > base.basicsize() + own_dict;
    if adds_native || adds_fields { ty } else { solid_base(base) }
}

/// The layout of a static class, whose fields the caller places: flags only.
pub(super) fn fix(class: &TypeObject, bases: &[Value]) {
    inherit_flags(class, bases);
    class.set_flags(type_flags::WEAK);
}

fn inherit_flags(class: &TypeObject, bases: &[Value]) {
    let collection = type_flags::SEQUENCE | type_flags::MAPPING;
    for base in bases.iter().filter_map(|base| base.get::<TypeObject>()) {
        class.set_flags(base.flag_bits() & type_flags::MATCH_SELF);
        // A class is a sequence or a mapping, not both: the first base that is one of them decides.
        if class.flag_bits() & collection == 0 {
            class.set_flags(base.flag_bits() & collection);
        }
    }
    let of_the_best = type_flags::GC | type_flags::TRIVIAL_DROP | type_flags::WEAK;
    class.set_flags(class.base().map_or(0, |base| base.flag_bits() & of_the_best));
    if class.is_subtype_of(&TYPE) {
        class.set_flags(type_flags::GC);
    }
}

/// What a class adds to the layout of its base.
struct Additions {
    slots: Vec<String>,
    dict: bool,
    weak: bool,
}

/// Adds slots, an instance dict and weak references to the layout.
pub(super) fn lay_out(
    class: &TypeObject,
    base: &TypeObject,
    bases: &[Value],
    dict: &DictObject,
) -> PyResult<()> {
    inherit_flags(class, bases);
    class.set_flags(type_flags::GC);
    let may_add_dict = base.dict_offset() == 0 && !class.is_subtype_of(&TYPE);
    let may_add_weak = !base.has(type_flags::WEAK) && item_size(base) == 0;
    let mut added = match dict.get_str(names().__slots__).map(Value::to_ref) {
        None => Additions { slots: Vec::new(), dict: may_add_dict, weak: may_add_weak },
        Some(slots) => read_slots(class, base, slots.value(), dict, (may_add_dict, may_add_weak))?,
    };
    for other in bases.iter().filter_map(|base| base.get::<TypeObject>()) {
        added.dict |= may_add_dict && other.dict_offset() != 0;
        added.weak |= may_add_weak && other.has(type_flags::WEAK);
    }
    place(class, base, added, dict);
    Ok(())
}

/// Gives what is added its place, and its descriptors in the class dict.
fn place(class: &TypeObject, base: &TypeObject, added: Additions, dict: &DictObject) {
    let mut size = base.basicsize().next_multiple_of(8);
    for name in &added.slots {
        class.add_owned_offset(size);
        dict.set_text(name, MemberDescriptor::new(class, name, size));
        size += 8;
    }
    class.set_slot_names(added.slots);
    if added.dict {
        if base.is_variable_sized() {
            class.set_dict_offset(-1);
        } else {
            class.set_dict_offset(size as i32);
            class.add_owned_offset(size);
            size += 8;
        }
        if dict.get_str(names().__dict__).is_none() {
            dict.set_str(names().__dict__, descriptor::instance_dict_descriptor(class));
        }
    }
    if added.weak {
        class.set_flags(type_flags::WEAK);
        if dict.get_text("__weakref__").is_none() {
            dict.set_text("__weakref__", descriptor::weakref_descriptor(class));
        }
    }
    class.set_basicsize(size);
}

/// `__itemsize__` as CPython has it: what stands behind the instances of some types, which leave no place for slots.
pub fn item_size(ty: &TypeObject) -> usize {
    let sized = [(&INT, 4), (&BYTES, 1), (&TUPLE, 8), (&TYPE, 40)];
    sized.into_iter().find(|(base, _)| ty.is_subtype_of(base)).map_or(0, |(_, size)| size)
}

/// What `__slots__` names: slots, mangled and in order, and whether a dict and weak references are among them.
fn read_slots(
    class: &TypeObject,
    base: &TypeObject,
    slots: Value,
    dict: &DictObject,
    (may_add_dict, may_add_weak): (bool, bool),
) -> PyResult<Additions> {
    let listed =
        if slots.is_instance::<StrObject>() { vec![slots.to_ref()] } else { protocol::collect(slots)? };
    if !listed.is_empty() && item_size(base) != 0 {
        let base = base.name();
        return Err(crate::raise!(TypeError, "nonempty __slots__ not supported for subtype of '{base}'"));
    }
    let mut added = Additions { slots: Vec::new(), dict: false, weak: false };
    for slot in listed {
        let Some(name) = slot.get::<StrObject>() else {
            let got = slot.ty().name();
            return Err(crate::raise!(TypeError, "__slots__ items must be strings, not '{got}'"));
        };
        let name = name.to_utf8().unwrap_or_default();
        match name.as_str() {
            "__dict__" => once(&mut added.dict, may_add_dict, "__dict__")?,
            "__weakref__" => once(&mut added.weak, may_add_weak, "__weakref__")?,
            _ if !is_identifier(&name) => {
                return Err(crate::raise!(TypeError, "__slots__ must be identifiers"));
            }
            _ => add_slot(&mut added.slots, mangle(class.name(), &name), dict)?,
        }
    }
    added.slots.sort();
    if base.is_subtype_of(&STR) && !added.slots.is_empty() {
        // The length of a str varies, so its instances have no place for slots: a dict behind the characters stands in for them.
        added = Additions { slots: Vec::new(), dict: may_add_dict, weak: added.weak };
    }
    Ok(added)
}

fn once(added: &mut bool, may: bool, name: &str) -> PyResult<()> {
    if *added || !may {
        return Err(crate::raise!(TypeError, "{name} slot disallowed: we already got one"));
    }
    *added = true;
    Ok(())
}

fn add_slot(slots: &mut Vec<String>, name: String, dict: &DictObject) -> PyResult<()> {
    if dict.get_text(&name).is_some() && name != "__qualname__" && name != "__classcell__" {
        return Err(crate::raise!(ValueError, "'{name}' in __slots__ conflicts with class variable"));
    }
    if !slots.contains(&name) {
        slots.push(name);
    }
    Ok(())
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c == '_' || c.is_alphanumeric())
}

/// `__name` inside class `_C` becomes `_C__name`.
fn mangle(class: &str, name: &str) -> String {
    let class = class.trim_start_matches('_');
    if name.starts_with("__") && !name.ends_with("__") && !class.is_empty() {
        format!("_{class}{name}")
    } else {
        name.to_owned()
    }
}

/// Whether what has the one type may have the other instead: an instance its class, or a class its first base. `what` is assigned.
pub fn check_assignment(old: &TypeObject, new: &TypeObject, what: &str) -> PyResult<()> {
    let (old_adds, new_adds) = (nearest_that_adds(old), nearest_that_adds(new));
    let same_base = || match (old_adds.base(), new_adds.base()) {
        (Some(old), Some(new)) => std::ptr::eq(old, new),
        _ => false,
    };
    if std::ptr::eq(old_adds, new_adds) || (same_base() && adds_the_same(old_adds, new_adds)) {
        return Ok(());
    }
    let (new, old) = (new.name(), old.name());
    Err(crate::raise!(TypeError, "{what} assignment: '{new}' object layout differs from '{old}'"))
}

/// The nearest type along `__base__` whose layout is not its base's.
fn nearest_that_adds(ty: &TypeObject) -> &TypeObject {
    match ty.base() {
        Some(base) if is_the_same(ty, base) => nearest_that_adds(base),
        _ => ty,
    }
}

/// Whether two types lay their instances out alike, names of slots aside.
fn is_the_same(a: &TypeObject, b: &TypeObject) -> bool {
    let flags = type_flags::WEAK | type_flags::GC;
    a.basicsize() == b.basicsize()
        && a.dict_offset() == b.dict_offset()
        && a.flag_bits() & flags == b.flag_bits() & flags
        && std::ptr::fn_addr_eq(a.layout().drop, b.layout().drop)
        && *a.owned_offsets() == *b.owned_offsets()
        && a.static_layout().is_none()
        && b.static_layout().is_none()
}

fn adds_the_same(a: &TypeObject, b: &TypeObject) -> bool {
    is_the_same(a, b) && *a.slot_names() == *b.slot_names()
}
