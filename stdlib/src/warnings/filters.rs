//! What is to be done about a warning: the first filter that fits says so.

use runtime::error::types;
use runtime::objects::int;
use runtime::objects::list::ListObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self};
use runtime::{Py, PyResult, Ref, TypeObject, Value, protocol, raise};

use super::{STATE, State, Warning, attribute};

/// What a filter asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Error,
    Ignore,
    Always,
    /// Once a place.
    Default,
    /// Once a module.
    Module,
    /// Once a program.
    Once,
}

impl Action {
    /// By its name; `filter` is what an error shows.
    pub(super) fn of(name: Value, filter: Option<Ref>) -> PyResult<Action> {
        let text = name.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
        Ok(match text.as_str() {
            "error" => Action::Error,
            "ignore" => Action::Ignore,
            "always" | "all" => Action::Always,
            "default" => Action::Default,
            "module" => Action::Module,
            "once" => Action::Once,
            _ => {
                let name = protocol::repr_string(name)?;
                let filter = protocol::repr_string(filter.as_ref().map_or(objects::none(), Ref::value))?;
                return Err(raise!(
                    RuntimeError,
                    "Unrecognized action ({name}) in warnings.filters:\n {filter}"
                ));
            }
        })
    }
}

/// The filters of a program that sets none: what is for developers is shown for the program itself only.
pub(super) fn defaults() -> Py<ListObject> {
    let filter = |action: &str, category: &TypeObject, module: Option<&str>| {
        let module =
            module.map_or_else(|| objects::none().to_ref(), |module| StrObject::intern(module).into());
        let (action, none) = (StrObject::intern(action).into(), objects::none().to_ref());
        TupleObject::of([action, none, category.value().to_ref(), module, int::from_i64(0)]).into()
    };
    ListObject::new(vec![
        filter("default", &types::DeprecationWarning, Some("__main__")),
        filter("ignore", &types::DeprecationWarning, None),
        filter("ignore", &types::PendingDeprecationWarning, None),
        filter("ignore", &types::ImportWarning, None),
        filter("ignore", &types::ResourceWarning, None),
    ])
}

/// The action for a warning, and the filter that asks for it.
pub(super) fn find(warning: &Warning) -> PyResult<(Ref, Option<Ref>)> {
    if let Some(filters) = in_force()? {
        let filters = filters.get::<ListObject>().expect("it has been looked at");
        for at in 0.. {
            // Matching may change the list.
            let Some(filter) = filters.get(at) else { break };
            if let Some(action) = action_if_fitting(&filter, at, warning)? {
                return Ok((action, Some(filter)));
            }
        }
    }
    default_action().map(|action| (action, None))
}

/// The list of the context, where there is one, else that of the program.
fn in_force() -> PyResult<Option<Ref>> {
    let Some(variable) = State::part(|state| state.context.clone()) else { return Ok(None) };
    let context = protocol::call_method_text(variable.value(), "get", &[])?;
    if !objects::is_none(context.value()) {
        let filters = protocol::get_attr_text(context.value(), "_filters")?;
        return match filters.get::<ListObject>() {
            Some(_) => Ok(Some(filters)),
            None => Err(raise!(TypeError, "_filters of warnings._warnings_context must be a list")),
        };
    }
    match attribute("filters")? {
        Some(filters) if filters.get::<ListObject>().is_none() => {
            Err(raise!(ValueError, "_warnings.filters must be a list"))
        }
        Some(filters) => {
            remember(&filters);
            Ok(Some(filters))
        }
        None => Ok(State::part(|state| state.filters.clone().into())),
    }
}

/// Filters go on to hold when a program removes them from the module.
fn remember(filters: &Ref) {
    let Some(list) = filters.get::<ListObject>().map(Py::from_object) else { return };
    let before = STATE.borrow_mut().as_mut().map(|state| std::mem::replace(&mut state.filters, list));
    drop(before);
}

fn action_if_fitting(filter: &Ref, at: usize, warning: &Warning) -> PyResult<Option<Ref>> {
    let parts = filter.get::<TupleObject>().map(TupleObject::items);
    let Some(&[action, message, category, module, line]) = parts else {
        return Err(raise!(ValueError, "_warnings.filters item {at} isn't a 5-tuple"));
    };
    if action.get::<StrObject>().is_none() {
        return Err(raise!(TypeError, "action must be a string, not '{}'", action.ty().name()));
    }
    let fits = protocol::is_subclass(warning.category.value(), category)?
        && matches(message, warning.text.value())?
        && matches(module, warning.place.module.value())?
        && is_line(line, warning.place.line)?;
    Ok(fits.then(|| action.to_ref()))
}

/// 0 stands for all lines.
fn is_line(wanted: Value, line: i64) -> PyResult<bool> {
    let wanted = int::to_i64(wanted)?;
    Ok(wanted == 0 || wanted == line)
}

/// `None` matches everything, a text itself, and anything else decides by its method `match`.
fn matches(pattern: Value, text: Value) -> PyResult<bool> {
    if objects::is_none(pattern) {
        return Ok(true);
    }
    if pattern.get_exact::<StrObject>().is_some() {
        return protocol::is_same_or_equal(pattern, text);
    }
    let found = protocol::call_method_text(pattern, "match", &[text])?;
    protocol::is_true(found.value())
}

fn default_action() -> PyResult {
    let action = match attribute("defaultaction")? {
        Some(action) => action,
        None => State::part(|state| state.default_action.clone())
            .unwrap_or_else(|| StrObject::intern("default").into()),
    };
    if action.get::<StrObject>().is_none() {
        let got = action.ty().name();
        return Err(raise!(TypeError, "_warnings.defaultaction must be a string, not '{got}'"));
    }
    Ok(action)
}
