//! Namespaces: names of class bodies, and names that mappings may have.
//!
//! SAFETY (for all of them): the frame is that of the interpreter's activation that the calling code continues.

use interp::frame::Frame;
use runtime::objects::code::CodeObject;
use runtime::value::Value;

use super::{dict, own, status};

pub(super) unsafe extern "C" fn load_name(frame: *mut Frame, name: Value) -> Value {
    // SAFETY: see above.
    own(unsafe { interp::namespace::load_name(frame, name) })
}

pub(super) unsafe extern "C" fn store_name(frame: *mut Frame, name: Value, value: Value) -> i64 {
    // SAFETY: see above.
    status(unsafe { interp::namespace::store_name(frame, name, value.to_ref()) })
}

pub(super) unsafe extern "C" fn delete_name(frame: *mut Frame, name: Value) -> i64 {
    // SAFETY: see above.
    status(unsafe { interp::namespace::delete_name(frame, name) })
}

pub(super) unsafe extern "C" fn load_locals(frame: *mut Frame) -> Value {
    // SAFETY: see above.
    own(unsafe { interp::namespace::locals_of(frame) })
}

pub(super) unsafe extern "C" fn setup_annotations(frame: *mut Frame) -> i64 {
    // SAFETY: see above.
    status(unsafe { interp::namespace::setup_annotations(frame) })
}

pub(super) extern "C" fn load_from_dict_or_globals(
    mapping: Value,
    globals: Value,
    builtins: Value,
    name: Value,
) -> Value {
    own(interp::namespace::from_dict_or_globals(mapping, dict(globals), builtins, name))
}

pub(super) extern "C" fn load_from_dict_or_deref(
    mapping: Value,
    code: Value,
    index: usize,
    cell: Value,
) -> Value {
    let code = code.get::<CodeObject>().expect("the compiler passes a code object");
    own(interp::namespace::from_dict_or_deref(mapping, code, index, cell))
}

pub(super) extern "C" fn load_build_class(builtins: Value) -> Value {
    own(interp::namespace::build_class(builtins))
}
