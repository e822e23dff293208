//! `itertools`: building blocks for iterators, each a type of its own.
//!
//! - [`declare`]: what the types have in common
//! - [`endless`] has `count`, `cycle`, `repeat`
//! - [`select`] has `compress`, `dropwhile`, `takewhile`, `filterfalse`, `islice`
//! - [`apply`] has `accumulate`, `starmap`
//! - [`join`] has `chain`, `zip_longest`, `pairwise`, `batched`
//! - [`group`] has `groupby`
//! - [`branch`] has `tee`
//! - [`product`], [`choose`]: combinatoric iterators
//!
//! What an iterator holds is in fields, where the cycle collector sees it. Any step can run Python code, which may step the same iterator
//! again: fields are read again behind every call, and no borrow is held across one.

mod apply;
mod branch;
mod choose;
mod declare;
mod endless;
mod group;
mod join;
mod product;
mod select;

use runtime::objects::module::ModuleObject;
use runtime::types::ready;
use runtime::{PyResult, TypeObject};

static PUBLIC: &[&TypeObject] = &[
    &apply::ACCUMULATE,
    &apply::STARMAP,
    &branch::TEE,
    &branch::TEE_LINK,
    &choose::COMBINATIONS,
    &choose::COMBINATIONS_WITH_REPLACEMENT,
    &choose::PERMUTATIONS,
    &endless::COUNT,
    &endless::CYCLE,
    &endless::REPEAT,
    &group::GROUPBY,
    &group::GROUPER,
    &join::BATCHED,
    &join::CHAIN,
    &join::PAIRWISE,
    &join::ZIP_LONGEST,
    &product::PRODUCT,
    &select::COMPRESS,
    &select::DROPWHILE,
    &select::FILTERFALSE,
    &select::ISLICE,
    &select::TAKEWHILE,
];

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for ty in PUBLIC {
        ready::ready(ty);
        module.dict().set_text(ty.name(), ty.value().to_ref());
    }
    module.add_functions(branch::FUNCTIONS);
    Ok(())
}
