//! Every function with NULL for every pointer: an error value that says so, or nothing done.

use std::ffi::CStr;
use std::ptr::{null, null_mut};

use staticpy::config::{sp_config_add_argument, sp_config_add_path, sp_config_delete};
use staticpy::error::{
    SP_ERROR_ARGUMENT, SP_ERROR_NONE, SP_ERROR_STATE, sp_error_delete, sp_error_exception, sp_error_kind,
    sp_error_message, sp_error_traceback,
};
use staticpy::native::sp_function_native;
use staticpy::program::{sp_call, sp_get_attribute, sp_import, sp_run_file};
use staticpy::runtime::{sp_runtime_delete, sp_runtime_new};
use staticpy::text::{sp_string_copy, sp_string_new};
use staticpy::value::sp_value_delete;
use staticpy::{Error, Value};

#[track_caller]
fn fails(error: *mut Error, kind: u32) {
    // SAFETY: the error is null or live, and deleted once, here; its text has a NUL behind it.
    unsafe {
        let message = CStr::from_ptr(sp_error_message(error, null_mut())).to_string_lossy().into_owned();
        assert_eq!(sp_error_kind(error), kind, "{message}");
        assert!(message.contains("NULL"), "{message}");
        sp_error_delete(error);
    }
}

#[test]
fn null_places_and_texts_are_errors() {
    let none = Value::NONE;
    // SAFETY: NULL is allowed everywhere.
    unsafe {
        fails(sp_config_add_path(null_mut(), null(), 1), SP_ERROR_ARGUMENT);
        fails(sp_config_add_argument(null_mut(), null(), 1), SP_ERROR_ARGUMENT);
        fails(sp_runtime_new(null(), null_mut()), SP_ERROR_ARGUMENT);
        fails(sp_import(null(), null(), 1, null_mut()), SP_ERROR_ARGUMENT);
        fails(sp_get_attribute(null(), none, null(), 1, null_mut()), SP_ERROR_ARGUMENT);
        fails(sp_call(null(), none, null(), 1, null_mut()), SP_ERROR_ARGUMENT);
        fails(sp_string_new(null(), null(), 1, null_mut()), SP_ERROR_ARGUMENT);
        fails(sp_string_copy(null(), none, null_mut(), 1, null_mut()), SP_ERROR_ARGUMENT);
        fails(sp_function_native(null(), none, null(), 1, null_mut()), SP_ERROR_ARGUMENT);
    }
}

#[test]
fn a_null_runtime_is_not_initialised() {
    let (mut value, mut length, mut code) = (Value::NONE, 0, None);
    // SAFETY: NULL is allowed everywhere, and the places can be written.
    unsafe {
        fails(sp_run_file(null(), null(), 1), SP_ERROR_STATE);
        fails(sp_import(null(), null(), 1, &mut value), SP_ERROR_STATE);
        fails(sp_get_attribute(null(), Value::NONE, null(), 1, &mut value), SP_ERROR_STATE);
        fails(sp_call(null(), Value::NONE, null(), 1, &mut value), SP_ERROR_STATE);
        fails(sp_string_new(null(), null(), 1, &mut value), SP_ERROR_STATE);
        fails(sp_string_copy(null(), Value::NONE, null_mut(), 1, &mut length), SP_ERROR_STATE);
        fails(sp_function_native(null(), Value::NONE, null(), 1, &mut code), SP_ERROR_STATE);
        fails(sp_value_delete(null(), Value::NONE), SP_ERROR_STATE);
        fails(sp_runtime_delete(null_mut()), SP_ERROR_STATE);
    }
}

#[test]
fn no_error_and_no_settings_can_be_read_and_deleted() {
    // SAFETY: NULL is allowed everywhere, and the length can be written.
    unsafe {
        let mut length = 7;
        for read in [sp_error_message, sp_error_exception, sp_error_traceback] {
            assert_eq!(*read(null(), &mut length), 0);
            assert_eq!(length, 0);
        }
        assert_eq!(sp_error_kind(null()), SP_ERROR_NONE);
        sp_error_delete(null_mut());
        sp_config_delete(null_mut());
    }
}
