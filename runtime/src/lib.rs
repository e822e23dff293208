//! The object runtime: values, objects, types, builtins, exceptions. Knows the bytecode as data and nothing above it.
//!
//! Ground: [`value`] (the word and references), [`header`], [`object`] (layouts), [`field`], [`alloc`], [`reserve`], `small_blocks`, [`dealloc`], [`gc`],
//! [`weakref`], [`thread`], [`world`], [`audit`], [`finalize`], [`stress`].
//! Types: [`type_object`], [`slots`], [`types`] (building them), [`static_class`], [`static_metaclass`], [`kept_property`], [`freeze`], [`methods`], [`signature`], [`convert`].
//! Objects: [`objects`], [`hash`], [`format`], [`codec`], [`sort`].
//! Operations: [`protocol`], [`operator`], [`args`], [`bind`], [`error`], [`builtins`].
//! Seams: [`hooks`] (what crates above install), `abi::layout` (what machine code relies on).
//!
//! Invariant: one thread at a time runs Python code; it has called [`attach`].

pub mod activation;
pub mod alloc;
pub mod args;
pub mod audit;
pub mod audit_hook;
pub mod bind;
pub mod buffer;
pub mod builtins;
pub mod codec;
pub mod convert;
pub mod dealloc;
pub mod error;
pub mod fault;
pub mod field;
pub(crate) mod field_default;
pub mod finalize;
pub mod format;
pub mod freeze;
pub mod gc;
pub mod global_lock;
pub mod hash;
pub mod header;
pub mod hooks;
pub mod init;
pub mod kept_property;
pub mod methods;
pub mod monitoring;
pub mod names;
pub mod native_library;
pub mod object;
pub mod objects;
pub mod operator;
pub mod protocol;
pub mod reserve;
pub mod signal;
pub mod signature;
pub mod slots;
pub(crate) mod small_blocks;
pub mod sort;
pub mod static_class;
pub mod static_metaclass;
pub mod static_method;
pub mod stress;
pub mod sys_state;
pub mod testing;
pub mod thread;
pub mod tracing;
pub mod type_object;
pub mod types;
pub mod unicode;
pub mod value;
pub mod warning;
pub mod weakref;
pub mod world;

pub use args::{Args, Entry};
pub use init::attach;
pub use object::Object;
pub use operator::{BinaryOp, CompareOp};
pub use thread::thread;
pub use type_object::TypeObject;
pub use value::{Py, PyResult, Raised, Ref, Value};
