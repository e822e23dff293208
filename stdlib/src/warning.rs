//! Warnings of native modules about what was never closed.

use runtime::{Value, error, sys_state};

pub(crate) use runtime::warning::warn;

/// Whether anybody could see warnings about resources.
pub(crate) fn are_wanted() -> bool {
    sys_state::modules().get_text("warnings").is_some() && !runtime::finalize::is_finalizing()
}

/// `ResourceWarning` about an object that was never closed; a failure is reported, as there is nobody to raise to.
pub(crate) fn warn_unclosed(message: &str, source: Value) {
    if are_wanted() {
        runtime::warning::warn_unraisable(&error::types::ResourceWarning, message, source);
    }
}
