//! Types as annotations show them.

use crate::objects::list::ListObject;
use crate::objects::singleton;
use crate::objects::tuple::TupleObject;
use crate::objects::{self};
use crate::protocol;
use crate::value::{PyResult, Value};

use super::optional_attr;

/// A type or argument: classes by their qualified names, those of builtins without the module.
pub fn type_text(item: Value) -> PyResult<String> {
    if objects::is_ellipsis(item) {
        return Ok("...".to_owned());
    }
    if item == singleton::NONE_TYPE.value() {
        return Ok("None".to_owned());
    }
    if optional_attr(item, "__origin__")?.is_some() && optional_attr(item, "__args__")?.is_some() {
        return protocol::repr_string(item);
    }
    let (Some(name), Some(module)) =
        (optional_attr(item, "__qualname__")?, optional_attr(item, "__module__")?)
    else {
        return protocol::repr_string(item);
    };
    if objects::is_none(module.value()) {
        return protocol::repr_string(item);
    }
    let (name, module) = (protocol::str_string(name.value())?, protocol::str_string(module.value())?);
    Ok(if module == "builtins" { name } else { format!("{module}.{name}") })
}

/// An argument of an alias: the parameter list of a callable is shown in brackets.
pub fn argument_text(item: Value) -> PyResult<String> {
    match item.get_exact::<ListObject>() {
        Some(list) => {
            let items = list.to_vec();
            let shown = items.iter().map(|item| type_text(item.value())).collect::<PyResult<Vec<_>>>()?;
            Ok(format!("[{}]", shown.join(", ")))
        }
        None => type_text(item),
    }
}

/// Arguments between the brackets of an alias.
pub fn arguments_text(args: &TupleObject) -> PyResult<String> {
    if args.items().is_empty() {
        return Ok("()".to_owned());
    }
    let shown = args.items().iter().map(|&item| argument_text(item)).collect::<PyResult<Vec<_>>>()?;
    Ok(shown.join(", "))
}
