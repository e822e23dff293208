//! What instructions do, by family. The loop in `eval` moves operands; the work is here.

pub(crate) mod arithmetic;
pub mod attribute;
pub(crate) mod call;
pub(crate) mod callee;
pub(crate) mod collection;
pub(crate) mod control;
pub(crate) mod exception;
pub(crate) mod intrinsic;
pub(crate) mod item;
pub(crate) mod name;
pub mod pattern;
pub(crate) mod primitive;
pub(crate) mod statics;
pub(crate) mod string;
