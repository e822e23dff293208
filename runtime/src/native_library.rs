//! Functions of C libraries that typed code calls by name: `@native` of `__static__`.
//!
//! Libraries and symbols are found by the dynamic linker and remembered; what is loaded stays loaded.

use std::collections::{HashMap, HashSet};
use std::ffi::{CStr, CString, c_void};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::value::PyResult;

/// Addresses by library and symbol.
static SYMBOLS: LazyLock<Mutex<HashMap<(String, String), usize>>> = LazyLock::new(Mutex::default);

/// The address of a function of a library; RuntimeError if there is no such library or function.
pub fn symbol(library: &str, name: &str) -> PyResult<usize> {
    let key = (library.to_owned(), name.to_owned());
    if let Some(&known) = SYMBOLS.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(known);
    }
    let address = find(library, name).map_err(|text| crate::raise!(RuntimeError, "{text}"))?;
    SYMBOLS.lock().unwrap_or_else(PoisonError::into_inner).insert(key, address);
    Ok(address)
}

/// How many libraries and how many of their functions have been found.
pub fn known() -> (usize, usize) {
    let symbols = SYMBOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let libraries: HashSet<&str> = symbols.keys().map(|(library, _)| library.as_str()).collect();
    (libraries.len(), symbols.len())
}

/// Finds everything anew when it is asked for again.
pub fn forget() {
    SYMBOLS.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

fn find(library: &str, name: &str) -> Result<usize, String> {
    let text = |text: &str| CString::new(text).map_err(|_| format!("{text:?} contains a null character"));
    let (path, symbol) = (text(library)?, text(name)?);
    // SAFETY: the path is a string; what the initialisers of a library do is its author's business.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_LAZY) };
    if handle.is_null() {
        return Err(format!("classloader: Could not load library '{library}': {}", problem()));
    }
    // SAFETY: the handle is that of a library that is loaded, the symbol a string.
    let found: *mut c_void = unsafe { libc::dlsym(handle, symbol.as_ptr()) };
    if found.is_null() {
        return Err(format!("classloader: unable to lookup '{name}' in '{library}': {}", problem()));
    }
    Ok(found as usize)
}

/// What the dynamic linker has complained about last.
fn problem() -> String {
    // SAFETY: no precondition.
    let text = unsafe { libc::dlerror() };
    if text.is_null() {
        return "no reason is given".to_owned();
    }
    // SAFETY: the linker gives a string, which lives until it is asked again.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// Integer registers and floating-point registers for arguments.
pub const REGISTERS: (usize, usize) = (6, 8);

/// Calls a C function with words and doubles, each with whether it is a double; the word that it gives, whose unused upper bits are not defined.
///
/// # Safety
/// There is a function that takes such arguments, not more than [`REGISTERS`] hold, and gives a double just if `gives_double`.
pub unsafe fn call(function: usize, args: &[(u64, bool)], gives_double: bool) -> u64 {
    type Words = extern "C" fn(u64, u64, u64, u64, u64, u64, f64, f64, f64, f64, f64, f64, f64, f64) -> u64;
    type Doubles = extern "C" fn(u64, u64, u64, u64, u64, u64, f64, f64, f64, f64, f64, f64, f64, f64) -> f64;
    let (mut words, mut doubles) = ([0; REGISTERS.0], [0.0; REGISTERS.1]);
    let mut next = (0, 0);
    for &(bits, is_double) in args {
        if is_double {
            doubles[next.1] = f64::from_bits(bits);
            next.1 += 1;
        } else {
            words[next.0] = bits;
            next.0 += 1;
        }
    }
    let [a, b, c, d, e, f] = words;
    let [s, t, u, v, w, x, y, z] = doubles;
    // SAFETY: in this calling convention integers and doubles are counted apart, and registers that a function does not ask for do no harm.
    unsafe {
        if gives_double {
            let function = std::mem::transmute::<usize, Doubles>(function);
            function(a, b, c, d, e, f, s, t, u, v, w, x, y, z).to_bits()
        } else {
            let function = std::mem::transmute::<usize, Words>(function);
            function(a, b, c, d, e, f, s, t, u, v, w, x, y, z)
        }
    }
}
