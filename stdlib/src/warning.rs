//! Warnings of native modules about what was never closed, and about descriptors.

use runtime::{PyResult, Value, error, objects, sys_state};

pub(crate) use runtime::warning::warn;

/// Whether anybody could see warnings about resources.
pub(crate) fn are_wanted() -> bool {
    sys_state::modules().get_text("warnings").is_some()
}

/// `ResourceWarning` about an object that was never closed; a failure is reported, as there is nobody to raise to.
pub(crate) fn warn_unclosed(message: &str, source: Value) {
    if are_wanted() {
        runtime::warning::warn_unraisable(&error::types::ResourceWarning, message, source);
    }
}

/// Warns if what is to be a descriptor is a truth value.
pub(crate) fn warn_of_bool(descriptor: Value) -> PyResult<()> {
    if descriptor == objects::bool(true) || descriptor == objects::bool(false) {
        warn(&error::types::RuntimeWarning, "bool is used as a file descriptor", 1)?;
    }
    Ok(())
}
