//! "Did you mean": the nearest name for `NameError`, `AttributeError` and `ImportError`.
//!
//! Here the candidates are gathered, as CPython does (`Python/suggestions.c`); what is near is the business of `base::suggest`.

use base::suggest;

use super::exception::ExceptionObject;
use super::types;
use crate::hooks;
use crate::objects::dict::DictObject;
use crate::objects::str::StrObject;
use crate::protocol;
use crate::thread::thread;
use crate::value::{PyResult, Ref, Value};

/// The text to append to the message.
pub fn suggestion(exception: Value) -> Option<String> {
    let this = exception.get::<ExceptionObject>()?;
    let ty = exception.ty();
    let wanted =
        if ty.is_subclass_of(&types::ImportError) { this.extra[3].get() } else { this.extra[0].get() };
    let is_name = ty.is_subclass_of(&types::NameError);
    let is_attribute = ty.is_subclass_of(&types::AttributeError);
    if !is_name && !is_attribute && !ty.is_subclass_of(&types::ImportError) {
        return None;
    }
    let wanted = wanted?.get::<StrObject>()?.to_string_lossy();
    let found = if is_name {
        nearest(&wanted, &quiet(visible_names(this))?)
    } else if is_attribute {
        nearest(&wanted, &quiet(attribute_names(this.extra[1].get()?))?)
    } else {
        let module = this.extra[1].get()?.get::<StrObject>()?.to_string_lossy();
        let module = crate::sys_state::modules().get_text(&module)?;
        nearest(&wanted, &quiet(attribute_names(module.value()))?)
    };
    if let Some(found) = found {
        return Some(format!(". Did you mean: '{found}'?"));
    }
    let forgotten = is_name && is_standard_module(&wanted);
    forgotten.then(|| format!(". Did you forget to import '{wanted}'?"))
}

fn quiet<T>(result: PyResult<T>) -> Option<T> {
    result.map_err(|raised| drop(thread().take_raised(raised))).ok()
}

fn is_standard_module(name: &str) -> bool {
    const MODULES: [&str; 30] = [
        "abc",
        "argparse",
        "array",
        "asyncio",
        "base64",
        "bisect",
        "collections",
        "copy",
        "csv",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "functools",
        "gc",
        "heapq",
        "io",
        "itertools",
        "json",
        "math",
        "operator",
        "os",
        "random",
        "re",
        "string",
        "struct",
        "subprocess",
        "sys",
        "time",
        "typing",
    ];
    MODULES.contains(&name)
}

/// Names in the globals and builtins of the frame that raised.
fn visible_names(exception: &ExceptionObject) -> PyResult<Vec<String>> {
    let mut found = Vec::new();
    let mut link = exception.traceback.get_ref();
    while let Some(entry) = link {
        let Some(entry) = entry.get::<super::traceback::TracebackObject>() else { break };
        found = entry.code().code().locals.iter().map(|local| local.name.clone()).collect();
        link = entry.next.get_ref();
    }
    let globals: Option<Ref> = (hooks::hooks().current_globals)().or_else(|| {
        let main = crate::sys_state::modules().get_text("__main__")?;
        main.get::<crate::objects::module::ModuleObject>()
            .map(|main| Value::from_object(main.dict()).to_ref())
    });
    for namespace in [globals, Some(crate::builtins::dict())].into_iter().flatten() {
        if let Some(dict) = namespace.get::<DictObject>() {
            found.extend(strings(dict.keys()));
        }
    }
    Ok(found)
}

fn attribute_names(object: Value) -> PyResult<Vec<String>> {
    let names = protocol::call_method_text(object, "__dir__", &[])?;
    Ok(strings(protocol::collect(names.value())?))
}

fn strings(values: Vec<Ref>) -> Vec<String> {
    values.iter().filter_map(|value| value.get::<StrObject>().map(StrObject::to_string_lossy)).collect()
}

fn nearest(wanted: &str, candidates: &[String]) -> Option<String> {
    let is_small = candidates.len() <= suggest::MAX_CANDIDATES;
    let found = is_small.then(|| suggest::nearest(wanted, candidates.iter().map(String::as_str)))?;
    found.map(str::to_owned)
}
