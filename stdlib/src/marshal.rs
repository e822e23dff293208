//! `marshal`: values as bytes, in CPython's format but for code objects.
//!
//! Code is stored as the text form of this program's own bytecode, which is parsed and verified when it is read: bytes from elsewhere
//! cannot make the interpreter do what no program can. Reading knows the references that CPython writes; writing repeats values.

mod read;
mod write;

use runtime::buffer::Buffer;
use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::module::ModuleObject;
use runtime::{PyResult, Ref, Value, protocol, py_functions};

/// The newest version of the format.
const VERSION: i64 = 5;
/// Values may be nested so deep.
const MAX_DEPTH: usize = 2000;

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    module.dict().set_text("version", int::from_i64(VERSION));
    Ok(())
}

py_functions! { static FUNCTIONS;
    /// Return the bytes object that would be written to a file by dump(value, file).
    "dumps(value, version=5, /, *, allow_code=True)"
    fn dumps(value: Value, version: Option<i64>, allow_code: Option<bool>) -> PyResult {
        let _ = version;
        Ok(BytesObject::new(&write::write(value, allow_code.unwrap_or(true))?).into())
    }
    /// Convert the bytes-like object to a value.
    "loads(bytes, /, *, allow_code=True)"
    fn loads(bytes: Buffer, allow_code: Option<bool>) -> PyResult {
        read::read(&bytes.to_cow(), allow_code.unwrap_or(true)).map(|(value, _)| value)
    }
    /// Write the value on the open file.
    "dump(value, file, version=5, /, *, allow_code=True)"
    fn dump(value: Value, file: Value, version: Option<i64>, allow_code: Option<bool>) -> PyResult {
        let bytes = dumps(value, version, allow_code)?;
        protocol::call_method_text(file, "write", &[bytes.value()])
    }
    /// Read one value from the open file and return it.
    "load(file, /, *, allow_code=True)"
    fn load(file: Value, allow_code: Option<bool>) -> PyResult {
        let start = protocol::call_method_text(file, "tell", &[])?;
        let data: Ref = protocol::call_method_text(file, "read", &[])?;
        let buffer = runtime::buffer::acquire(data.value())?;
        let (value, used) = read::read(&buffer.to_cow(), allow_code.unwrap_or(true))?;
        let end = int::to_i64(start.value())? + used as i64;
        protocol::call_method_text(file, "seek", &[int::from_i64(end).value()])?;
        Ok(value)
    }
}
