//! Native modules: what the pure-Python library stands on.
//!
//! One file a module; [`load`] makes a module when it is first imported.

use runtime::value::{PyResult, Ref};

/// The native module of a name, made, registered and ready; `None` if there is none.
pub fn load(name: &str) -> PyResult<Option<Ref>> {
    let Some((_, make)) = MODULES.iter().find(|(known, _)| *known == name) else { return Ok(None) };
    make().map(Some)
}

/// Every native module with its maker.
static MODULES: &[(&str, fn() -> PyResult)] = &[];
