//! Names of class and module bodies, as compiled code that goes on in their frames reaches them.

use runtime::value::{PyResult, Ref, Value};

use crate::frame::Frame;
use crate::ops::name;

pub use crate::ops::name::{build_class, from_dict_or_deref, from_dict_or_globals};

/// A name of the frame's namespace, or a global.
///
/// # Safety
/// The frame is live and has a namespace.
pub unsafe fn load_name(frame: *mut Frame, name: Value) -> PyResult {
    name::load_name(frame, name)
}

/// Binds a name of the frame's namespace.
///
/// # Safety
/// The frame is live and has a namespace.
pub unsafe fn store_name(frame: *mut Frame, name: Value, value: Ref) -> PyResult<()> {
    name::store_name(frame, name, value)
}

/// Unbinds a name of the frame's namespace.
///
/// # Safety
/// The frame is live and has a namespace.
pub unsafe fn delete_name(frame: *mut Frame, name: Value) -> PyResult<()> {
    name::delete_name(frame, name)
}

/// The frame's namespace.
///
/// # Safety
/// The frame is live.
pub unsafe fn locals_of(frame: *mut Frame) -> PyResult {
    name::locals_of(frame)
}

/// Makes sure that the frame's namespace has `__annotations__`.
///
/// # Safety
/// The frame is live and has a namespace.
pub unsafe fn setup_annotations(frame: *mut Frame) -> PyResult<()> {
    name::setup_annotations(frame)
}
