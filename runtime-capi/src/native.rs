//! Typed functions as C function pointers.
//!
//! The signature is the contract between a C prototype and machine code, so it is compared before anything else. It is spelled as
//! Python spells it: `(int64, int64) -> int64`, every parameter with its type, a method's receiver first.

use std::ffi::c_char;

use runtime::objects::function::FunctionObject;

use crate::boundary::{guarded, input_text, output};
use crate::error::{CResult, Error, SP_ERROR_NOT_SUPPORTED, SP_ERROR_SIGNATURE};
use crate::runtime::{Runtime, with_runtime};
use crate::value::Value;

/// Machine code; cast it to the C type of its signature.
pub type Native = Option<unsafe extern "C" fn()>;

/// Gives the machine code of a typed function whose signature is exactly this one, and all of primitives: a C function with that
/// prototype, valid as long as the runtime, to be called on the thread that owns it. If the Python function raises, the C
/// function returns 0 and sp_pending_error has the error.
///
/// # Safety
/// The runtime is NULL or a pointer that sp_runtime_new gave; the signature is NULL or readable, the result NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_function_native(
    runtime: *const Runtime,
    function: Value,
    signature: *const c_char,
    length: usize,
    result: *mut Native,
) -> *mut Error {
    guarded(|| {
        // SAFETY: null or writable by the contract.
        let place = unsafe { output(result, None, "the place for the result")? };
        with_runtime(runtime, |runtime| {
            // SAFETY: null or readable by the contract.
            let wanted = unsafe { input_text(signature, length, "the signature")? };
            let object = function.to_object(runtime)?;
            let Some(function) = object.get::<FunctionObject>() else {
                let message = format!("expected a function, not '{}'", object.ty().name());
                return Err(Error::new(SP_ERROR_SIGNATURE, &message));
            };
            check_signature(function, wanted)?;
            let address = jit::native::native_entry(function)
                .map_err(|reason| Error::new(SP_ERROR_NOT_SUPPORTED, &reason))?;
            // SAFETY: the address is that of a function; C casts it to the type that the signature says.
            *place = Some(unsafe { std::mem::transmute::<*const u8, unsafe extern "C" fn()>(address) });
            Ok(())
        })
    })
}

/// Takes the exception that a native call has left, as an error value that the caller deletes; NULL if there is none.
///
/// # Safety
/// The runtime is NULL or a pointer that sp_runtime_new gave.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_pending_error(runtime: *const Runtime) -> *mut Error {
    guarded(|| {
        with_runtime(runtime, |_| match runtime::thread().has_raised() {
            true => Err(Error::from_raised(runtime::value::Raised::assert_set())),
            false => Ok(()),
        })
    })
}

/// Compares the signature that C asks for with the one that was compiled.
fn check_signature(function: &FunctionObject, wanted: &str) -> CResult<()> {
    let name = function.qualname();
    let Some(signature) = &function.code().code().signature else {
        return Err(Error::new(SP_ERROR_SIGNATURE, &format!("'{name}' is not a typed function")));
    };
    // `#` marks primitives in listings; a signature has nothing that could be mistaken for one.
    let actual = signature.to_string().replace('#', "");
    if without_spaces(&actual) == without_spaces(wanted) {
        return Ok(());
    }
    Err(Error::new(SP_ERROR_SIGNATURE, &format!("signature mismatch: '{name}' is {actual}, not {wanted}")))
}

fn without_spaces(text: &str) -> String {
    text.split_whitespace().collect()
}
