//! What annotations are made of: aliases, unions, type parameters. The pure-Python `typing` builds on them.
//!
//! - [`generic_alias`]: aliases such as `list[int]`
//! - [`substitute`]: type parameters of an alias, and arguments for them
//! - [`union`]: `int | str`
//! - [`type_param`]: type variables of the three kinds; [`type_alias`]: `type X = ...`; [`evaluator`]: values computed on demand
//! - [`show`]: types as annotations show them

pub mod evaluator;
pub mod generic_alias;
pub mod show;
pub mod substitute;
pub mod type_alias;
pub mod type_param;
pub mod union;

use crate::hooks::hooks;
use crate::objects;
use crate::objects::dict::DictObject;
use crate::objects::str::StrObject;
use crate::protocol;
use crate::value::{PyResult, Ref, Value};

/// Calls a function of the module `typing`.
pub(crate) fn call_typing(function: &str, args: &[Value]) -> PyResult {
    protocol::call(typing_name(function)?.value(), args, None)
}

/// A name of the module `typing`.
pub(crate) fn typing_name(name: &str) -> PyResult {
    let typing = protocol::import::import_absolute("typing")?;
    protocol::get_attr_text(typing.value(), name)
}

/// The name of the module whose code is running: None if its namespace says none.
fn calling_module() -> Option<Ref> {
    let globals = (hooks().current_globals)()?;
    let name = globals.get::<DictObject>()?.get_text("__name__");
    Some(name.unwrap_or_else(|| objects::none().to_ref()))
}

/// An attribute that need not be there, by its name.
fn optional_attr(value: Value, name: &str) -> PyResult<Option<Ref>> {
    protocol::get_optional_attr(value, StrObject::intern(name).value())
}
