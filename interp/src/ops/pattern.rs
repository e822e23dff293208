//! Structural patterns.

use runtime::error;
use runtime::names::names;
use runtime::objects;
use runtime::objects::dict::DictObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::protocol;
use runtime::type_object::{TypeObject, type_flags};
use runtime::value::{PyResult, Ref, Value};

/// Whether mapping patterns can match.
pub fn is_mapping(subject: Value) -> PyResult<bool> {
    Ok(subject.ty().has(type_flags::MAPPING))
}

/// Whether sequence patterns can match. The types of text are not marked, and so do not.
pub fn is_sequence(subject: Value) -> PyResult<bool> {
    Ok(subject.ty().has(type_flags::SEQUENCE))
}

/// The values of the keys, or None if one is missing.
pub fn match_keys(subject: Value, keys: Value) -> PyResult {
    let keys = keys.get::<TupleObject>().expect("the emitter passes a tuple");
    let mut values = Vec::with_capacity(keys.items().len());
    let mut seen: Vec<Value> = Vec::new();
    for &key in keys.items() {
        for &earlier in &seen {
            if protocol::compare::is_same_or_equal(earlier, key)? {
                let shown = protocol::text::repr_string(key)?;
                return Err(runtime::raise!(ValueError, "mapping pattern checks duplicate key ({shown})"));
            }
        }
        seen.push(key);
        // A fresh object that no mapping can hold.
        let missing_object = objects::object::allocate(&objects::object::OBJECT);
        let missing = missing_object.value();
        let found = match subject.get_exact::<DictObject>() {
            Some(dict) => dict.get(key)?,
            None => {
                let get = StrObject::intern("get");
                let found = protocol::call_method(subject, get.value(), &[key, missing])?;
                (found.value() != missing).then_some(found)
            }
        };
        match found {
            Some(value) => values.push(value),
            None => return Ok(objects::none().to_ref()),
        }
    }
    Ok(TupleObject::new(values).into_ref())
}

/// The attributes that a class pattern looks at, or None if the subject is no instance or lacks one.
pub fn match_class(subject: &Ref, class: &Ref, positional: usize, keywords: &Ref) -> PyResult {
    let Some(ty) = class.get::<TypeObject>() else {
        return Err(runtime::raise!(TypeError, "called match pattern must be a class"));
    };
    if !protocol::is_instance(subject.value(), class.value())? {
        return Ok(objects::none().to_ref());
    }
    let mut attributes = Vec::new();
    let mut seen: Vec<Ref> = Vec::new();
    if positional > 0 && !positional_attributes(subject, ty, positional, &mut attributes, &mut seen)? {
        return Ok(objects::none().to_ref());
    }
    for &name in keywords.get::<TupleObject>().expect("the emitter passes a tuple").items() {
        match attribute(subject, ty, name, &mut seen)? {
            Some(value) => attributes.push(value),
            None => return Ok(objects::none().to_ref()),
        }
    }
    Ok(TupleObject::new(attributes).into_ref())
}

/// Positional sub-patterns, by `__match_args__`, or the subject itself for the builtin value types.
fn positional_attributes(
    subject: &Ref,
    ty: &TypeObject,
    count: usize,
    attributes: &mut Vec<Ref>,
    seen: &mut Vec<Ref>,
) -> PyResult<bool> {
    let match_args = protocol::get_optional_attr(ty.value(), names().__match_args__)?;
    let allowed = match &match_args {
        Some(args) => match args.get_exact::<TupleObject>() {
            Some(args) => args.items().len(),
            None => {
                let (name, got) = (ty.name(), args.ty().name());
                return Err(runtime::raise!(TypeError, "{name}.__match_args__ must be a tuple (got {got})"));
            }
        },
        None => ty.has(type_flags::MATCH_SELF) as usize,
    };
    if allowed < count {
        let (name, plural) = (ty.name(), if allowed == 1 { "" } else { "s" });
        return Err(runtime::raise!(
            TypeError,
            "{name}() accepts {allowed} positional sub-pattern{plural} ({count} given)"
        ));
    }
    let Some(match_args) = match_args else {
        attributes.push(subject.clone());
        return Ok(true);
    };
    for &name in &match_args.get::<TupleObject>().expect("checked above").items()[..count] {
        if name.get::<StrObject>().is_none() {
            let got = name.ty().name();
            return Err(runtime::raise!(TypeError, "__match_args__ elements must be strings (got {got})"));
        }
        match attribute(subject, ty, name, seen)? {
            Some(value) => attributes.push(value),
            None => return Ok(false),
        }
    }
    Ok(true)
}

fn attribute(subject: &Ref, ty: &TypeObject, name: Value, seen: &mut Vec<Ref>) -> PyResult<Option<Ref>> {
    for earlier in seen.iter() {
        if protocol::compare::is_same_or_equal(earlier.value(), name)? {
            let (class, shown) = (ty.name(), protocol::text::repr_string(name)?);
            return Err(runtime::raise!(
                TypeError,
                "{class}() got multiple sub-patterns for attribute {shown}"
            ));
        }
    }
    seen.push(name.to_ref());
    error::ignore(protocol::get_attr(subject.value(), name), &error::types::AttributeError)
}
