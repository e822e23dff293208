//! What `object` does for pickling and copying: `__reduce_ex__`, `__reduce__`, `__getstate__` (PEP 307, PEP 3154).
//!
//! An object is made again by its class's `__new__` and given its state: the instance dict and the values of slots. What keeps more than
//! that inside, and has no `__reduce__` of its own, cannot be pickled.

use crate::names::names;
use crate::objects::dict::DictObject;
use crate::objects::list::ListObject;
use crate::objects::object::OBJECT;
use crate::objects::tuple::TupleObject;
use crate::objects::{self};
use crate::protocol;
use crate::raise;
use crate::type_object::TypeObject;
use crate::value::{PyResult, Ref, Value};

/// `object.__reduce_ex__`: a `__reduce__` that the class defines goes first.
pub fn reduce_ex(value: Value, version: i64) -> PyResult {
    let name = names().__reduce__;
    if value.ty().lookup_interned(name) != OBJECT.lookup_interned(name) {
        return protocol::call_method_text(value, "__reduce__", &[]);
    }
    reduce(value, version)
}

/// `object.__reduce__` for a version of the protocol.
pub fn reduce(value: Value, version: i64) -> PyResult {
    let copyreg = copyreg()?;
    if version < 2 {
        return protocol::call_method_text(copyreg.value(), "_reduce_ex", &[value, Value::small(version)]);
    }
    if value.ty().slots().new.is_none() {
        return Err(cannot_pickle(value));
    }
    let (list, dict) = (value.get::<ListObject>(), value.get::<DictObject>());
    let arguments = new_arguments(value)?;
    let state = match own_getstate(value)? {
        Some(state) => state,
        None => state_of(value, arguments.is_none() && list.is_none() && dict.is_none())?,
    };
    let (function, new) = make_new(&copyreg, value, arguments)?;
    let items = match list {
        Some(_) => protocol::get_iter(value)?,
        None => objects::none().to_ref(),
    };
    let pairs = match dict {
        Some(_) => protocol::get_iter(protocol::call_method_text(value, "items", &[])?.value())?,
        None => objects::none().to_ref(),
    };
    Ok(TupleObject::of([function, new, state, items, pairs]).into())
}

/// The module `copyreg`, imported once.
fn copyreg() -> PyResult {
    match crate::sys_state::modules().get_interned(names().copyreg) {
        Some(module) if !objects::is_none(module) => Ok(module.to_ref()),
        _ => protocol::import::import_absolute("copyreg"),
    }
}

fn cannot_pickle(value: Value) -> crate::value::Raised {
    raise!(TypeError, "cannot pickle '{}' object", value.ty().name())
}

/// Arguments for `__new__` by position and by name, if the class tells any.
type Arguments = Option<(Ref, Option<Ref>)>;

fn new_arguments(value: Value) -> PyResult<Arguments> {
    let method = |name| protocol::attribute::lookup_special(value, name);
    if let Some(get) = method(names().__getnewargs_ex__)? {
        let both = protocol::call(get.value(), &[], None)?;
        let Some(parts) = both.get::<TupleObject>() else {
            let ty = both.ty().name();
            return Err(raise!(TypeError, "__getnewargs_ex__ should return a tuple, not '{ty}'"));
        };
        let [args, keywords] = parts.items() else {
            let len = parts.items().len();
            return Err(raise!(ValueError, "__getnewargs_ex__ should return a tuple of length 2, not {len}"));
        };
        if !args.is_instance::<TupleObject>() {
            let ty = args.ty().name();
            let what = "first item of the tuple returned by __getnewargs_ex__ must be a tuple";
            return Err(raise!(TypeError, "{what}, not '{ty}'"));
        }
        if !keywords.is_instance::<DictObject>() {
            let ty = keywords.ty().name();
            let what = "second item of the tuple returned by __getnewargs_ex__ must be a dict";
            return Err(raise!(TypeError, "{what}, not '{ty}'"));
        }
        return Ok(Some((args.to_ref(), Some(keywords.to_ref()))));
    }
    let Some(get) = method(names().__getnewargs__)? else { return Ok(None) };
    let args = protocol::call(get.value(), &[], None)?;
    if !args.is_instance::<TupleObject>() {
        let ty = args.ty().name();
        return Err(raise!(TypeError, "__getnewargs__ should return a tuple, not '{ty}'"));
    }
    Ok(Some((args, None)))
}

/// The function that makes the object again, and its arguments.
fn make_new(copyreg: &Ref, value: Value, arguments: Arguments) -> PyResult<(Ref, Ref)> {
    let class = value.ty().value().to_ref();
    let (args, keywords) = arguments.unwrap_or_else(|| (TupleObject::empty().into(), None));
    let keywords =
        keywords.filter(|keywords| keywords.get::<DictObject>().is_some_and(|dict| !dict.is_empty()));
    if let Some(keywords) = keywords {
        let function = protocol::get_attr(copyreg.value(), names().__newobj_ex__)?;
        return Ok((function, TupleObject::of([class, args, keywords]).into()));
    }
    let function = protocol::get_attr(copyreg.value(), names().__newobj__)?;
    let args = match args.get_exact::<TupleObject>() {
        Some(args) => args.items().iter().map(|arg| arg.to_ref()).collect(),
        None => protocol::collect(args.value())?,
    };
    Ok((function, TupleObject::new([class].into_iter().chain(args).collect()).into()))
}

/// What a `__getstate__` of the class's own, or the instance's, gives.
fn own_getstate(value: Value) -> PyResult<Option<Ref>> {
    let name = names().__getstate__;
    let is_default = value.ty().lookup_interned(name) == OBJECT.lookup_interned(name)
        && protocol::instance_dict(value).is_none_or(|dict| dict.get_interned(name).is_none());
    if is_default {
        return Ok(None);
    }
    protocol::call_method(value, name, &[]).map(Some)
}

/// `object.__getstate__`: the instance dict, or that with the values of slots, or None. If the state is to be `complete`, an object
/// whose builtin class keeps more than that has none.
pub fn state_of(value: Value, complete: bool) -> PyResult {
    if complete && keeps_more(value.ty()) {
        return Err(cannot_pickle(value));
    }
    let dict: Ref = match protocol::instance_dict(value) {
        Some(dict) if !dict.is_empty() => dict.copy().into(),
        _ => objects::none().to_ref(),
    };
    let slots = slot_values(value)?;
    if slots.is_empty() {
        return Ok(dict);
    }
    let values = DictObject::new();
    for (name, value) in slots {
        values.set(name.value(), value)?;
    }
    Ok(TupleObject::of([dict, values.into()]).into())
}

/// Whether the builtin class that a class derives from has fields of its own.
fn keeps_more(ty: &TypeObject) -> bool {
    let mut class = Some(ty);
    while let Some(found) = class {
        if found.spec().is_some() {
            return found.layout().size > OBJECT.layout().size;
        }
        class = found.base();
    }
    false
}

/// Names and values of slots that are set.
fn slot_values(value: Value) -> PyResult<Vec<(Ref, Ref)>> {
    if value.ty().spec().is_some() {
        return Ok(Vec::new());
    }
    // `copyreg` leaves the names in the class.
    let known = value
        .ty()
        .dict()
        .get_interned(names().__slotnames__)
        .filter(|names| names.is_instance::<ListObject>());
    let listed = match known {
        Some(listed) => listed.to_ref(),
        None => protocol::call_method_text(copyreg()?.value(), "_slotnames", &[value.ty().value()])?,
    };
    let mut found = Vec::new();
    for name in protocol::collect(listed.value())? {
        if let Some(value) = protocol::get_optional_attr(value, name.value())? {
            found.push((name, value));
        }
    }
    Ok(found)
}
