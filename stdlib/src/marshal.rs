//! `marshal`: values as bytes, in CPython's format version 5 but for code objects.
//!
//! Code is stored as the text form of this program's own bytecode, which is parsed and verified when it is read: bytes from elsewhere
//! cannot make the interpreter do what no program can.
//!
//! Every object but the smallest is written with a flag that gives it a number, and is referred to by that number when it comes again, so
//! that identity and cycles survive. Version 2 and below know neither numbers nor short strings; 4 and below no slices.

mod read;
mod write;

use runtime::buffer;
use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::module::ModuleObject;
use runtime::{Py, PyResult, Value, protocol, py_functions, raise};

/// The version written unless another is asked for.
const VERSION: i64 = 5;

/// Deepest nesting that is written or read.
const MAX_DEPTH: usize = 2000;

/// A bit of the type code: the object gets a number.
const NUMBERED: u8 = 0x80;

/// Bits of a digit of a long.
const DIGIT_BITS: u32 = 15;

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.dict().set_text("version", int::from_i64(VERSION));
    module.add_functions(FUNCTIONS);
    Ok(())
}

py_functions! { static FUNCTIONS;
    /// Return the bytes object that would be written to a file by dump(value, file).
    "dumps(value, version=version, /, *, allow_code=True)"
    fn dumps(value: Value, version: Option<i64>, allow_code: Option<bool>) -> PyResult<Py<BytesObject>> {
        runtime::tell!("marshal.dumps", value.to_ref(), int::from_i64(version.unwrap_or(VERSION)));
        let data = write::write(value, version.unwrap_or(VERSION), allow_code.unwrap_or(true))?;
        Ok(BytesObject::new(&data))
    }
    /// Write the value on the open file.
    "dump(value, file, version=version, /, *, allow_code=True)"
    fn dump(value: Value, file: Value, version: Option<i64>, allow_code: Option<bool>) -> PyResult {
        runtime::tell!("marshal.dumps", value.to_ref(), int::from_i64(version.unwrap_or(VERSION)));
        let data = write::write(value, version.unwrap_or(VERSION), allow_code.unwrap_or(true))?;
        protocol::call_method_text(file, "write", &[BytesObject::new(&data).value()])
    }
    /// Convert the bytes-like object to a value.
    "loads(bytes, /, *, allow_code=True)"
    fn loads(bytes: Value, allow_code: Option<bool>) -> PyResult {
        runtime::tell!("marshal.loads", BytesObject::new(&buffer::to_vec(bytes)?));
        let data = buffer::acquire_contiguous(bytes)?;
        read::read(read::Source::Bytes(data.as_slice().expect("one stretch")), allow_code.unwrap_or(true))
    }
    /// Read one value from the open file and return it.
    "load(file, /, *, allow_code=True)"
    fn load(file: Value, allow_code: Option<bool>) -> PyResult {
        let probe = protocol::call_method_text(file, "read", &[Value::small(0)])?;
        if !probe.is_instance::<BytesObject>() {
            let got = probe.ty().name();
            return Err(raise!(TypeError, "file.read() returned not bytes but {got}"));
        }
        runtime::tell!("marshal.load");
        read::read(read::Source::File(file), allow_code.unwrap_or(true))
    }
}
