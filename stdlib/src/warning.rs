//! Warnings of native modules, by way of Lib's `warnings`.
//!
//! A program that has not imported `warnings` sees only categories that are shown by default, which import it here.

use runtime::objects::str::StrObject;
use runtime::{PyResult, TypeObject, Value, error, protocol, sys_state, thread};

/// Warns as `warnings.warn` does; fails if filters turn the warning into an error.
pub(crate) fn warn(class: &TypeObject, message: &str, level: i64) -> PyResult<()> {
    let Some(module) = sys_state::modules().get_text("warnings") else { return Ok(()) };
    let message = StrObject::new(message);
    let args = [message.value(), class.value(), Value::small(level)];
    protocol::call_method_text(module.value(), "warn", &args).map(drop)
}

/// Whether anybody could see warnings about resources.
pub(crate) fn are_wanted() -> bool {
    sys_state::modules().get_text("warnings").is_some() && !runtime::finalize::is_finalizing()
}

/// `ResourceWarning` about an object that was never closed; a failure is reported, as there is nobody to raise to.
pub(crate) fn warn_unclosed(message: &str, source: Value) {
    if !are_wanted() {
        return;
    }
    let pending = thread().fetch_raised();
    if let Err(raised) = warn(&error::types::ResourceWarning, message, 1) {
        error::write_unraisable(raised, Some(source));
    }
    if let Some(exception) = pending {
        let _raised = thread().set_raised(exception);
    }
}
