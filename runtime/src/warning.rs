//! Warnings of the runtime and of native modules, by way of Lib's `warnings`.
//!
//! A program that has not imported `warnings` sees the categories that are shown by default: for them the module is imported here. The
//! others would be ignored, and cost nothing.

use crate::objects::str::StrObject;
use crate::protocol;
use crate::type_object::TypeObject;
use crate::value::{PyResult, Ref, Value};
use crate::{error, finalize, sys_state, thread};

/// Warns as `warnings.warn` does; fails if filters turn the warning into an error.
pub fn warn(class: &TypeObject, message: &str, level: i64) -> PyResult<()> {
    let Some(module) = module_for(class)? else { return Ok(()) };
    let message = StrObject::new(message);
    let args = [message.value(), class.value(), Value::small(level)];
    protocol::call_method_text(module.value(), "warn", &args).map(drop)
}

/// `warnings`, if it can have anything to say about a category.
fn module_for(class: &TypeObject) -> PyResult<Option<Ref>> {
    if finalize::is_finalizing() {
        return Ok(None);
    }
    if let Some(module) = sys_state::modules().get_text("warnings") {
        return Ok(Some(module));
    }
    let ignored = [
        &error::types::DeprecationWarning,
        &error::types::PendingDeprecationWarning,
        &error::types::ImportWarning,
        &error::types::ResourceWarning,
    ];
    if ignored.iter().any(|ignored| class.is_subclass_of(ignored)) {
        return Ok(None);
    }
    protocol::import::import_absolute("warnings").map(Some)
}

/// Warns where nobody can be raised to: a failure is reported as of `source`.
pub fn warn_unraisable(class: &TypeObject, message: &str, source: Value) {
    let pending = thread::thread().fetch_raised();
    if let Err(raised) = warn(class, message, 1) {
        error::write_unraisable(raised, Some(source));
    }
    if let Some(exception) = pending {
        let _raised = thread::thread().set_raised(exception);
    }
}
