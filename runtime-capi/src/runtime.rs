//! `sp_runtime_t`: the runtime in this process, and who may use it.
//!
//! There is one global lock world, so one runtime at a time in a process. The thread that makes it holds the lock until it deletes
//! it, and only that thread may use it. The pointer that C passes is compared with the live one before it is followed: a null, a
//! deleted runtime or another thread is an error value.

use std::ptr;
use std::sync::{Mutex, PoisonError};
use std::thread::ThreadId;

use crate::boundary::{guarded, output};
use crate::config::Config;
use crate::error::{CResult, Error, SP_ERROR_STATE};
use crate::handles::Handles;

/// A running runtime. Owned by the thread that made it, which deletes it with sp_runtime_delete.
pub struct Runtime {
    // Dropped before the lock is given back.
    pub(crate) handles: Handles,
    _attached: ::runtime::init::Attached,
}

/// Which thread has the runtime; the address is 0 while it starts.
#[derive(Clone, Copy)]
struct Owner {
    thread: ThreadId,
    address: usize,
}

static OWNER: Mutex<Option<Owner>> = Mutex::new(None);

fn owner() -> Option<Owner> {
    *OWNER.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set_owner(owner: Option<Owner>) {
    *OWNER.lock().unwrap_or_else(PoisonError::into_inner) = owner;
}

/// Reserves the one runtime for the calling thread.
fn claim() -> CResult<ThreadId> {
    let thread = std::thread::current().id();
    let mut owner = OWNER.lock().unwrap_or_else(PoisonError::into_inner);
    if owner.is_some() {
        return Err(Error::new(SP_ERROR_STATE, "this process has a runtime already"));
    }
    *owner = Some(Owner { thread, address: 0 });
    Ok(thread)
}

/// Gives the claim back unless the start succeeds, however it fails.
struct Claim(bool);

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.0 {
            set_owner(None);
        }
    }
}

/// Checks that the calling thread may use the runtime.
fn check(runtime: *const Runtime) -> CResult<()> {
    let Some(owner) = owner().filter(|owner| owner.address != 0 && owner.address == runtime as usize) else {
        let what = if runtime.is_null() { "is not initialised: NULL" } else { "has ended, or never existed" };
        return Err(Error::new(SP_ERROR_STATE, &format!("the runtime {what}")));
    };
    if owner.thread != std::thread::current().id() {
        return Err(Error::new(SP_ERROR_STATE, "the runtime belongs to another thread"));
    }
    Ok(())
}

/// Uses the runtime that C names.
pub(crate) fn with_runtime<T>(
    runtime: *const Runtime,
    then: impl FnOnce(&Runtime) -> CResult<T>,
) -> CResult<T> {
    check(runtime)?;
    // SAFETY: the address is that of the live runtime, which only this very thread can delete.
    then(unsafe { &*runtime })
}

/// Starts the runtime. Settings may be NULL for none. The runtime belongs to the calling thread until it deletes it; a process has
/// one at a time. Modules that an earlier one has imported stay loaded.
///
/// # Safety
/// The settings are NULL or have not been deleted; the place for the runtime is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_runtime_new(config: *const Config, runtime: *mut *mut Runtime) -> *mut Error {
    guarded(|| {
        // SAFETY: null or writable by the contract.
        let place = unsafe { output(runtime, ptr::null_mut(), "the place for the runtime")? };
        // SAFETY: null or live by the contract.
        let settings = unsafe { config.as_ref() }.map(|config| config.settings.clone()).unwrap_or_default();
        let thread = claim()?;
        let mut claimed = Claim(false);
        let started = Runtime { handles: Handles::default(), _attached: ::runtime::attach() };
        host::start(&settings).map_err(Error::from_raised)?;
        *place = Box::into_raw(Box::new(started));
        set_owner(Some(Owner { thread, address: *place as usize }));
        claimed.0 = true;
        Ok(())
    })
}

/// Ends the runtime: flushes the standard streams, gives up every value that C still holds, and frees the calling thread.
///
/// # Safety
/// The runtime is NULL or a pointer that sp_runtime_new gave.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sp_runtime_delete(runtime: *mut Runtime) -> *mut Error {
    guarded(|| {
        check(runtime)?;
        // SAFETY: the address is that of the live runtime, made by `Box::into_raw`; nobody else can delete it.
        let ended = unsafe { Box::from_raw(runtime) };
        stdlib::sys::flush_streams();
        drop(ended);
        set_owner(None);
        Ok(())
    })
}
