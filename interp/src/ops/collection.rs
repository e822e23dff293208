//! Displays and comprehensions.

use runtime::error;
use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::set::{self, SetObject};
use runtime::protocol;
use runtime::value::{PyResult, Ref, Value};

/// Takes owned words off the stack; the caller cuts the stack.
pub(crate) fn take(items: &[Value]) -> Vec<Ref> {
    // SAFETY: the words are owned by the stack, which gives them up.
    items.iter().map(|&item| unsafe { Ref::from_owned(item) }).collect()
}

/// The list that an instruction names.
pub fn list<'a>(value: Value) -> &'a ListObject {
    value.get::<ListObject>().expect("the emitter appends to lists")
}

/// Unpacks into exactly `count` items, owned, the first one last; gives the place behind them.
///
/// # Safety
/// There is room for so many words.
pub(crate) unsafe fn unpack(sequence: Value, count: usize, out: *mut Value) -> PyResult<*mut Value> {
    // SAFETY: the contract.
    let put = |at: usize, item: Ref| unsafe { *out.add(count - 1 - at) = item.into_value() };
    match protocol::items_of_tuple(sequence, count) {
        Some(items) => items.iter().enumerate().for_each(|(at, item)| put(at, item.to_ref())),
        None => {
            let items = protocol::unpack(sequence, count, None)?;
            items.into_iter().enumerate().for_each(|(at, item)| put(at, item));
        }
    }
    // SAFETY: as above.
    Ok(unsafe { out.add(count) })
}

/// A set of the items.
pub fn build_set(items: &[Value]) -> PyResult {
    let set = set::new_set();
    for &item in items {
        SetObject::of(set.value()).expect("just made").add(item)?;
    }
    Ok(set)
}

/// `set.add(item)`
pub fn set_add(set: Value, item: &Ref) -> PyResult<()> {
    SetObject::of(set).expect("the emitter adds to sets").add(item.value())
}

/// `set.update(items)`
pub fn set_update(set: Value, items: &Ref) -> PyResult<()> {
    let set = SetObject::of(set).expect("the emitter updates sets");
    protocol::iterate::for_each(items.value(), |item| set.add(item.value()))
}

/// A dict of keys and values in turn.
pub fn build_map(pairs: &[Value]) -> PyResult {
    let dict = DictObject::new();
    for pair in pairs.chunks_exact(2) {
        dict.set(pair[0], pair[1].to_ref())?;
    }
    Ok(dict.into_ref())
}

fn dict<'a>(value: Value) -> &'a DictObject {
    value.get::<DictObject>().expect("the emitter fills dicts")
}

/// `map[key] = value` on a dict.
pub fn map_add(map: Value, key: &Ref, value: Ref) -> PyResult<()> {
    dict(map).set(key.value(), value)
}

/// Extends a list; the error is the display's.
pub fn list_extend(target: Value, items: &Ref) -> PyResult<()> {
    let is_iterable = protocol::iterate::is_iterable(items.value());
    if !is_iterable {
        let ty = items.ty().name();
        return Err(runtime::raise!(TypeError, "Value after * must be an iterable, not {ty}"));
    }
    list(target).extend(items.value())
}

/// `{**mapping}`; the error is the display's.
pub fn dict_update(target: Value, mapping: &Ref) -> PyResult<()> {
    let result = runtime::objects::dict::methods::update_from_mapping(dict(target), mapping.value());
    match result {
        Err(raised) if mapping.get::<DictObject>().is_none() => {
            let _raised = error::catch(raised, &error::types::AttributeError)?;
            let ty = mapping.ty().name();
            Err(runtime::raise!(TypeError, "'{ty}' object is not a mapping"))
        }
        other => other,
    }
}

/// Merges keyword arguments; a key that is there already is an error of the call.
pub fn dict_merge(target: Value, mapping: &Ref, callable: Value) -> PyResult<()> {
    let name = || protocol::call::callable_text(callable);
    let add = |key: Value, value| {
        if !dict(target).contains(key)? {
            return dict(target).set(key, value);
        }
        let function = name()?;
        let message =
            format!("{function} got multiple values for keyword argument '{}'", protocol::str_string(key)?);
        Err(error::raise_naming(&error::types::TypeError, &message, key))
    };
    if let Some(source) = mapping.get_exact::<DictObject>() {
        return match dict(target).is_empty() {
            true => dict(target).merge(source, true),
            false => source.to_pairs().into_iter().try_for_each(|(key, value)| add(key.value(), value)),
        };
    }
    let found = runtime::objects::dict::methods::for_each_of_mapping(mapping.value(), add);
    if let Err(raised) = found {
        let _raised = error::catch(raised, &error::types::AttributeError)?;
        let ty = mapping.ty().name();
        return Err(runtime::raise!(TypeError, "{} argument after ** must be a mapping, not {ty}", name()?));
    }
    Ok(())
}
