//! The builtin types, one file or folder each, and the singletons.

pub mod bool;
pub mod dict;
pub mod float;
pub mod int;
pub mod list;
pub mod object;
pub mod singleton;
pub mod str;
pub mod tuple;
pub mod type_type;

pub use singleton::{bool, ellipsis, is_ellipsis, is_none, is_not_implemented, none, not_implemented};
