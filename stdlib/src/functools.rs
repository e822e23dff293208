//! `_functools`: the parts of `functools` for which speed matters.
//!
//! - [`partial`]: functions with some arguments given
//! - [`lru_cache`]: functions that remember their results
//! - [`key`]: comparison functions as sort keys

mod key;
mod lru_cache;
mod partial;
mod recency;

use runtime::objects::module::ModuleObject;
use runtime::types::ready;
use runtime::{PyResult, Ref, Value, protocol, py_functions, raise};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for ty in [&partial::PARTIAL, &partial::PLACEHOLDER_TYPE, &lru_cache::CACHED, &key::KEY] {
        ready::ready(ty);
    }
    for ty in [&partial::PARTIAL, &partial::PLACEHOLDER_TYPE, &lru_cache::CACHED] {
        module.dict().set_text(ty.name(), ty.value().to_ref());
    }
    module.dict().set_text("Placeholder", partial::placeholder().to_ref());
    module.add_functions(FUNCTIONS);
    Ok(())
}

py_functions! { static FUNCTIONS;
    /// Apply a function of two arguments cumulatively to the items of an iterable, from left to right.
    ///
    /// This effectively reduces the iterable to a single value.  If initial is present,
    /// it is placed before the items of the iterable in the calculation, and serves as
    /// a default when the iterable is empty.
    ///
    /// For example, reduce(lambda x, y: x+y, [1, 2, 3, 4, 5])
    /// calculates ((((1 + 2) + 3) + 4) + 5).
    "reduce(function, iterable, /, initial=<unrepresentable>)"
    fn reduce(function: Value, iterable: Value, initial: Option<Ref>) -> PyResult {
        if !protocol::is_iterable(iterable) {
            return Err(raise!(TypeError, "reduce() arg 2 must support iteration"));
        }
        let iterator = protocol::get_iter(iterable)?;
        let first = match initial {
            Some(initial) => Some(initial),
            None => protocol::iter_next(iterator.value())?,
        };
        let Some(mut total) = first else {
            return Err(raise!(TypeError, "reduce() of empty iterable with no initial value"));
        };
        while let Some(item) = protocol::iter_next(iterator.value())? {
            total = protocol::call(function, &[total.value(), item.value()], None)?;
        }
        Ok(total)
    }
    /// Convert a cmp= function into a key= function.
    "cmp_to_key(mycmp)"
    fn cmp_to_key(mycmp: Ref) -> Ref {
        key::new(mycmp, None)
    }
}
