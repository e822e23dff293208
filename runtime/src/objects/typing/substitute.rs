//! Type parameters of an alias, and arguments put in their place.
//!
//! Source of the rules: PEP 585, PEP 612, PEP 646, PEP 696 and the hooks `__typing_subst__`, `__typing_prepare_subst__`,
//! `__typing_is_unpacked_typevartuple__` and `__typing_unpacked_tuple_args__` that CPython's types and `typing` share.

use crate::objects::list::ListObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self};
use crate::protocol;
use crate::raise;
use crate::type_object::TypeObject;
use crate::value::{Py, PyResult, Ref, Value};

use super::optional_attr;

/// The type parameters in some arguments, each once, in order.
pub fn parameters_of(args: &[Value]) -> PyResult<Py<TupleObject>> {
    let mut found = Vec::new();
    collect(args, &mut found)?;
    Ok(TupleObject::new(found))
}

fn collect(args: &[Value], found: &mut Vec<Ref>) -> PyResult<()> {
    for &arg in args {
        if arg.is_instance::<TypeObject>() {
            continue;
        }
        if optional_attr(arg, "__typing_subst__")?.is_some() {
            add(arg, found)?;
        } else if let Some(items) = sequence_items(arg) {
            collect(&items.iter().map(Ref::value).collect::<Vec<_>>(), found)?;
        } else if let Some(inner) = parameters_attr(arg)? {
            for &parameter in inner.get::<TupleObject>().expect("checked").items() {
                add(parameter, found)?;
            }
        }
    }
    Ok(())
}

fn add(parameter: Value, found: &mut Vec<Ref>) -> PyResult<()> {
    if position(parameter, found)?.is_none() {
        found.push(parameter.to_ref());
    }
    Ok(())
}

fn position(parameter: Value, among: &[Ref]) -> PyResult<Option<usize>> {
    for (at, known) in among.iter().enumerate() {
        if protocol::is_same_or_equal(known.value(), parameter)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// The items of a tuple or list among arguments: a parameter list.
fn sequence_items(arg: Value) -> Option<Vec<Ref>> {
    match (arg.get::<TupleObject>(), arg.get::<ListObject>()) {
        (Some(tuple), _) => Some(tuple.items().iter().map(|item| item.to_ref()).collect()),
        (_, Some(list)) => Some(list.to_vec()),
        _ => None,
    }
}

/// `__parameters__`, if that is a tuple.
fn parameters_attr(arg: Value) -> PyResult<Option<Ref>> {
    Ok(optional_attr(arg, "__parameters__")?.filter(|found| found.is_instance::<TupleObject>()))
}

/// The arguments of `alias` after `alias[item]`.
pub fn substitute(
    alias: Value,
    args: &TupleObject,
    parameters: &TupleObject,
    item: Value,
) -> PyResult<Vec<Ref>> {
    let parameters: Vec<Ref> = parameters.items().iter().map(|parameter| parameter.to_ref()).collect();
    if parameters.is_empty() {
        return Err(raise!(TypeError, "{} is not a generic class", protocol::repr_string(alias)?));
    }
    let mut given = unpacked(item)?;
    for parameter in &parameters {
        let Some(prepare) = optional_attr(parameter.value(), "__typing_prepare_subst__")? else { continue };
        if objects::is_none(prepare.value()) {
            continue;
        }
        let prepared = protocol::call(prepare.value(), &[alias, TupleObject::new(given).value()], None)?;
        given = match prepared.get::<TupleObject>() {
            Some(tuple) => tuple.items().iter().map(|item| item.to_ref()).collect(),
            None => vec![prepared],
        };
    }
    if given.len() != parameters.len() {
        let side = if given.len() > parameters.len() { "many" } else { "few" };
        return Err(raise!(
            TypeError,
            "Too {side} arguments for {}; actual {}, expected {}",
            protocol::repr_string(alias)?,
            given.len(),
            parameters.len()
        ));
    }
    replace_all(args.items(), &parameters, &given)
}

/// What stands between the brackets, with unpacked tuples of fixed length taken apart.
fn unpacked(item: Value) -> PyResult<Vec<Ref>> {
    let items = match item.get::<TupleObject>() {
        Some(tuple) => tuple.items().to_vec(),
        None => vec![item],
    };
    let mut all = Vec::new();
    for item in items {
        let inner = if item.is_instance::<TypeObject>() {
            None
        } else {
            optional_attr(item, "__typing_unpacked_tuple_args__")?
        };
        match inner.as_ref().and_then(|inner| inner.get::<TupleObject>()) {
            Some(inner) if !inner.items().last().is_some_and(|&last| objects::is_ellipsis(last)) => {
                all.extend(inner.items().iter().map(|item| item.to_ref()));
            }
            _ => all.push(item.to_ref()),
        }
    }
    Ok(all)
}

fn replace_all(args: &[Value], parameters: &[Ref], given: &[Ref]) -> PyResult<Vec<Ref>> {
    let mut replaced = Vec::new();
    for &arg in args {
        if arg.is_instance::<TypeObject>() {
            replaced.push(arg.to_ref());
            continue;
        }
        if let Some(items) = sequence_items(arg) {
            let items: Vec<Value> = items.iter().map(Ref::value).collect();
            let inner = replace_all(&items, parameters, given)?;
            replaced.push(if arg.is_instance::<TupleObject>() {
                TupleObject::new(inner).into()
            } else {
                ListObject::new(inner).into()
            });
            continue;
        }
        let flag = optional_attr(arg, "__typing_is_unpacked_typevartuple__")?;
        let is_unpacked = flag.map_or(Ok(false), |flag| protocol::is_true(flag.value()))?;
        let new = replace_one(arg, parameters, given)?;
        if !is_unpacked {
            replaced.push(new);
            continue;
        }
        let Some(items) = new.get::<TupleObject>() else {
            return Err(raise!(
                TypeError,
                "expected __typing_subst__ of {} objects to return a tuple, not {}",
                arg.ty().name(),
                new.ty().name()
            ));
        };
        replaced.extend(items.items().iter().map(|item| item.to_ref()));
    }
    Ok(replaced)
}

fn replace_one(arg: Value, parameters: &[Ref], given: &[Ref]) -> PyResult {
    match optional_attr(arg, "__typing_subst__")? {
        Some(subst) => {
            let at =
                position(arg, parameters)?.expect("the parameters have been collected from the arguments");
            protocol::call(subst.value(), &[given[at].value()], None)
        }
        None => replace_inside(arg, parameters, given),
    }
}

/// `arg[...]` with what its own parameters stand for; a tuple of types stands for a variable number.
fn replace_inside(arg: Value, parameters: &[Ref], given: &[Ref]) -> PyResult {
    let Some(own) = parameters_attr(arg)? else { return Ok(arg.to_ref()) };
    let own = own.get::<TupleObject>().expect("checked").items();
    if own.is_empty() {
        return Ok(arg.to_ref());
    }
    let mut inner = Vec::new();
    for &parameter in own {
        let Some(at) = position(parameter, parameters)? else {
            inner.push(parameter.to_ref());
            continue;
        };
        match given[at].get::<TupleObject>().filter(|_| parameter.ty().slots().iter.is_some()) {
            Some(many) => inner.extend(many.items().iter().map(|item| item.to_ref())),
            None => inner.push(given[at].clone()),
        }
    }
    protocol::get_item(arg, TupleObject::new(inner).value())
}
