//! The builtin types, one file or folder each, and the singletons.

pub mod async_generator;
pub mod bool;
pub mod builtin_function;
pub mod bytearray;
pub mod bytes;
pub mod cell;
pub mod checked;
pub mod code;
pub mod complex;
pub mod descriptor;
pub mod dict;
pub mod exception_group;
pub mod float;
pub mod function;
pub mod generator;
pub mod generic_alias;
pub mod int;
pub mod iterators;
pub mod list;
pub mod mapping_proxy;
pub mod method;
pub mod module;
pub mod object;
pub mod range;
pub mod sequence;
pub mod set;
pub mod singleton;
pub mod slice;
pub mod static_array;
pub mod str;
pub mod struct_sequence;
pub mod super_object;
pub mod tuple;
pub mod type_params;
pub mod type_type;

pub use singleton::{bool, ellipsis, is_ellipsis, is_none, is_not_implemented, none, not_implemented};
