//! `libstaticpy.so`: the C interface for programs that embed Static Python. Every name that it exports starts with `sp_`.
//!
//! - [`value`]: `sp_value_t`, numbers by value and everything else by handle
//! - [`error`]: `sp_error_t`, what every call that can fail returns
//! - [`config`]: `sp_config_t`, what a runtime starts with
//! - [`runtime`]: `sp_runtime_t`, starting and ending, and who may use it
//! - [`program`]: running files, importing, attributes, calls
//! - [`native`]: typed functions as C function pointers
//! - [`text`]: strings, in and out
//! - `boundary`: what all of them do with panics and pointers; `handles`: the table behind object handles
//!
//! The header `include/staticpy.h` is made from these files by cbindgen; a test fails when it is out of date.
//!
//! Invariant: no call that is given a null pointer, a stale handle or a wrong tag does anything but return an error. What C cannot
//! be protected from is said in each function's safety section.

mod boundary;
pub mod config;
pub mod error;
mod handles;
pub mod native;
pub mod program;
pub mod runtime;
pub mod text;
pub mod value;

pub use config::Config;
pub use error::Error;
pub use runtime::Runtime;
pub use value::Value;

/// Version of this interface. It grows when functions are added; when existing ones change, so does the library's SONAME.
pub const SP_ABI_VERSION: u32 = 2;

/// The version of the interface that the library was built with, to compare with SP_ABI_VERSION of the header.
#[unsafe(no_mangle)]
pub extern "C" fn sp_abi_version() -> u32 {
    SP_ABI_VERSION
}
