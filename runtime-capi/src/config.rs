//! `sp_config_t`: what a runtime starts with. Set by functions, so that it can grow without a new ABI.

use std::ffi::c_char;

use crate::boundary::{guarded, input_text, null};
use crate::error::{CResult, Error};

/// Settings for sp_runtime_new. Owned by the caller, who deletes it with sp_config_delete.
#[derive(Default)]
pub struct Config {
    pub(crate) settings: host::Settings,
}

/// New settings: no arguments, no search path.
#[unsafe(no_mangle)]
pub extern "C" fn sp_config_new() -> *mut Config {
    Box::into_raw(Box::default())
}

/// Deletes settings; NULL is none.
///
/// # Safety
/// The settings are NULL or have not been deleted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_config_delete(config: *mut Config) {
    if !config.is_null() {
        // SAFETY: settings are made by `Box::into_raw` only, and these are live by the contract.
        drop(unsafe { Box::from_raw(config) });
    }
}

/// Appends a directory to sys.path.
///
/// # Safety
/// The settings are NULL or have not been deleted; the text is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_config_add_path(
    config: *mut Config,
    path: *const c_char,
    length: usize,
) -> *mut Error {
    // SAFETY: the same contract.
    unsafe { add(config, path, length, |settings, text| settings.path.push(text.into())) }
}

/// Appends an argument to sys.argv; the first one is the program's name.
///
/// # Safety
/// The settings are NULL or have not been deleted; the text is NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_config_add_argument(
    config: *mut Config,
    argument: *const c_char,
    length: usize,
) -> *mut Error {
    // SAFETY: the same contract.
    unsafe { add(config, argument, length, |settings, text| settings.argv.push(text.to_owned())) }
}

/// # Safety
/// As for the functions above.
unsafe fn add(
    config: *mut Config,
    text: *const c_char,
    length: usize,
    push: fn(&mut host::Settings, &str),
) -> *mut Error {
    guarded(|| -> CResult<()> {
        // SAFETY: null or live by the contract, and not shared during the call.
        let config = unsafe { config.as_mut() }.ok_or_else(|| null("the configuration"))?;
        // SAFETY: null or readable by the contract.
        push(&mut config.settings, unsafe { input_text(text, length, "the text")? });
        Ok(())
    })
}
