//! `zlib.Compress`, which `compressobj()` makes: a stream that is compressed piece by piece.

use std::cell::RefCell;

use runtime::buffer::{self, Buffer};
use runtime::header::Header;
use runtime::object::{self, Object};
use runtime::objects::bytes::BytesObject;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{Py, PyResult, TypeObject, Value, py_methods, raise};
use zlib_rs::DeflateFlush;

use super::stream::{BAD_OPTION, Compressor, Options};
use super::{error, slice};

/// A compressor.
#[repr(C)]
pub(super) struct CompressObject {
    header: Header,
    stream: RefCell<Compressor>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for CompressObject {
    fn type_object() -> &'static TypeObject {
        &COMPRESS
    }
}

/// The type `zlib.Compress`.
pub(super) static COMPRESS: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "zlib",
    flags: type_flags::NO_NEW,
    methods: &[METHODS],
    ..TypeSpec::of::<CompressObject>("Compress")
};

/// A new one.
pub(super) fn new(options: Options, dictionary: Option<Value>) -> PyResult<Py<CompressObject>> {
    let dictionary = dictionary.map(buffer::to_vec).transpose()?;
    let mut stream =
        Compressor::new(options).ok_or_else(|| raise!(ValueError, "Invalid initialization option"))?;
    if dictionary.is_some_and(|dictionary| !stream.set_dictionary(&dictionary)) {
        return Err(raise!(ValueError, "Invalid dictionary"));
    }
    Ok(object::new_object(CompressObject { header: Header::new(&COMPRESS), stream: RefCell::new(stream) }))
}

py_methods! { static METHODS for "Compress", &CompressObject;
    /// Returns a bytes object containing compressed data.
    "compress(self, data, /)"
    fn compress(this, data: Buffer) -> PyResult<Py<BytesObject>> {
        let made = this.stream.borrow_mut().run(slice(&data), DeflateFlush::NoFlush);
        Ok(BytesObject::new(&made.map_err(|failure| error(failure, "while compressing data"))?))
    }
    /// Return a bytes object containing any remaining compressed data.
    "flush(self, mode=4, /)"
    fn flush(this, mode: Option<i32>) -> PyResult<Py<BytesObject>> {
        const DOING: &str = "while flushing";
        let mode = DeflateFlush::try_from(mode.unwrap_or(4)).map_err(|()| error(BAD_OPTION, DOING))?;
        // Nothing needs to be done, not even by a stream that has ended.
        if mode == DeflateFlush::NoFlush {
            return Ok(BytesObject::new(b""));
        }
        let made = this.stream.borrow_mut().run(b"", mode);
        Ok(BytesObject::new(&made.map_err(|failure| error(failure, DOING))?))
    }
}
