//! `_pickle`: the native half of the library's `pickle`.
//!
//! - [`pickler`]: what writes pickles, over `output`, which frames them, `memo`, which knows what has been written, and the families of
//!   values: `save`, `container`, `reduce`, `global`
//! - [`unpickler`]: what reads them, over `input`, `stack` and the opcodes: `load`, `construct`
//! - [`proxy`]: what the two show as their `memo`
//! - [`buffer`], whose `PickleBuffer` lends memory
//!
//! Method: CPython's `_pickle.c`, which the library's `pickle.py` describes; the bytes are the same as those of CPython, and where the
//! words of errors differ between the two, those of 3.14 hold. What is rare (the search for the module of an object, the names of Python
//! 2) is asked of `pickle.py` and `_compat_pickle`. Cost: a call into Rust for a whole pickle, a hash of an address for each object that
//! can be referred to again.

mod arguments;
mod buffer;
mod construct;
mod container;
mod global;
mod input;
mod load;
mod long;
mod memo;
mod note;
mod opcode;
mod output;
mod persistent;
mod pickler;
mod proxy;
mod reduce;
mod save;
mod stack;
mod unpickler;

use runtime::convert::OrNone;
use runtime::error::{ExceptionObject, types};
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::type_object::{TypeObject, TypeSpec, type_flags};
use runtime::types::ready;
use runtime::{PyResult, Value, py_functions};

/// The highest protocol.
const HIGHEST_PROTOCOL: i64 = 5;
/// The protocol of pickles if nobody asks for another.
const DEFAULT_PROTOCOL: i64 = 5;

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    ready::ready(&proxy::PICKLER_MEMO);
    ready::ready(&proxy::UNPICKLER_MEMO);
    let types = [
        ("PickleError", &PICKLE_ERROR),
        ("PicklingError", &PICKLING_ERROR),
        ("UnpicklingError", &UNPICKLING_ERROR),
        ("PickleBuffer", &buffer::PICKLE_BUFFER),
        ("Pickler", &pickler::PICKLER),
        ("Unpickler", &unpickler::UNPICKLER),
    ];
    for (name, ty) in types {
        ready::ready(ty);
        module.dict().set_text(name, ty.value().to_ref());
    }
    module.add_functions(FUNCTIONS);
    Ok(())
}

const fn error(name: &'static str, base: &'static TypeObject) -> TypeSpec {
    TypeSpec {
        module: "_pickle",
        base: Some(base),
        flags: type_flags::BASE | type_flags::GC,
        ..TypeSpec::of::<ExceptionObject>(name)
    }
}

/// `pickle.PickleError`
static PICKLE_ERROR: TypeObject = TypeObject::from_spec(&PICKLE_ERROR_SPEC);
static PICKLE_ERROR_SPEC: TypeSpec = error("PickleError", &types::Exception);
/// `pickle.PicklingError`
static PICKLING_ERROR: TypeObject = TypeObject::from_spec(&PICKLING_ERROR_SPEC);
static PICKLING_ERROR_SPEC: TypeSpec = error("PicklingError", &PICKLE_ERROR);
/// `pickle.UnpicklingError`
static UNPICKLING_ERROR: TypeObject = TypeObject::from_spec(&UNPICKLING_ERROR_SPEC);
static UNPICKLING_ERROR_SPEC: TypeSpec = error("UnpicklingError", &PICKLE_ERROR);

/// A [`PICKLING_ERROR`].
macro_rules! unpicklable {
    ($($format:tt)*) => { runtime::error::raise(&crate::pickle::PICKLING_ERROR, &format!($($format)*)) };
}
/// An [`UNPICKLING_ERROR`].
macro_rules! bad_pickle {
    ($($format:tt)*) => { runtime::error::raise(&crate::pickle::UNPICKLING_ERROR, &format!($($format)*)) };
}
use {bad_pickle, unpicklable};

py_functions! { static FUNCTIONS;
    /// Write a pickled representation of obj to the open file object file.
    "dump(obj, file, protocol=None, *, fix_imports=True, buffer_callback=None)"
    fn dump(obj: Value, file: Value, protocol: Option<Value>, fix_imports: Option<bool>, buffer_callback: OrNone<Value>) -> PyResult<()> {
        let pickler = pickler::Pickler::blank(&pickler::PICKLER);
        pickler.set_file(file)?;
        pickler.set_options(protocol, fix_imports.unwrap_or(true), buffer_callback.0)?;
        pickler.dump(obj)
    }
    /// Return the pickled representation of the object as a bytes object.
    "dumps(obj, protocol=None, *, fix_imports=True, buffer_callback=None)"
    fn dumps(obj: Value, protocol: Option<Value>, fix_imports: Option<bool>, buffer_callback: OrNone<Value>) -> PyResult {
        let pickler = pickler::Pickler::blank(&pickler::PICKLER);
        pickler.set_options(protocol, fix_imports.unwrap_or(true), buffer_callback.0)?;
        pickler.dump_to_bytes(obj)
    }
    /// Read and return an object from the pickle data stored in a file.
    "load(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())"
    fn load(file: Value, fix_imports: Option<bool>, encoding: Option<&StrObject>, errors: Option<&StrObject>, buffers: Option<Value>) -> PyResult {
        let unpickler = unpickler::Unpickler::blank(&unpickler::UNPICKLER);
        unpickler.set_file(file)?;
        unpickler.set_options(fix_imports.unwrap_or(true), encoding, errors, buffers)?;
        unpickler.load()
    }
    /// Read and return an object from the given pickle data.
    "loads(data, /, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())"
    fn loads(data: Value, fix_imports: Option<bool>, encoding: Option<&StrObject>, errors: Option<&StrObject>, buffers: Option<Value>) -> PyResult {
        let unpickler = unpickler::Unpickler::blank(&unpickler::UNPICKLER);
        unpickler.set_options(fix_imports.unwrap_or(true), encoding, errors, buffers)?;
        unpickler.load_from(data)
    }
}
