//! `zlib`: the deflate format with its zlib and gzip frames, and the two checksums that the frames carry.
//!
//! The algorithm is the crate `zlib-rs`; CPython's `zlibmodule.c` gives the names, the errors and what becomes of input that is not used.
//!
//! - [`stream`]: from slices to vectors, without Python: limits, dictionaries, the end of a stream
//! - [`compress`], [`decompress`]: the objects for streams that come in pieces
//! - [`decompressor`]: `_ZlibDecompressor`, the one that `gzip` reads through
//!
//! `copy()` of either object is absent, as in a CPython whose zlib has no `deflateCopy`: the crate lends no copy of its state.

mod compress;
mod decompress;
mod decompressor;
mod stream;

use runtime::buffer::Buffer;
use runtime::error::{ExceptionObject, Raised, types};
use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::type_object::{TypeObject, TypeSpec, type_flags};
use runtime::types::ready;
use runtime::{Py, PyResult, Value, py_functions, raise};
use stream::{Compressor, Decompressor, Failure};

use crate::binascii::low_bits;

/// What the module has by name; the numbers are zlib's.
const CONSTANTS: [(&str, i64); 20] = [
    ("DEFLATED", stream::DEFLATED as i64),
    ("DEF_BUF_SIZE", 16 * 1024),
    ("DEF_MEM_LEVEL", 8),
    ("MAX_WBITS", 15),
    ("Z_BEST_COMPRESSION", 9),
    ("Z_BEST_SPEED", 1),
    ("Z_BLOCK", 5),
    ("Z_DEFAULT_COMPRESSION", -1),
    ("Z_DEFAULT_STRATEGY", 0),
    ("Z_FILTERED", 1),
    ("Z_FINISH", 4),
    ("Z_FIXED", 4),
    ("Z_FULL_FLUSH", 3),
    ("Z_HUFFMAN_ONLY", 2),
    ("Z_NO_COMPRESSION", 0),
    ("Z_NO_FLUSH", 0),
    ("Z_PARTIAL_FLUSH", 1),
    ("Z_RLE", 3),
    ("Z_SYNC_FLUSH", 2),
    ("Z_TREES", 6),
];

/// The version of the C library whose formats and results the crate has.
const VERSION: &str = "1.3.1";

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    let dict = module.dict();
    for (name, ty) in [("error", &ERROR), ("_ZlibDecompressor", &decompressor::DECOMPRESSOR)] {
        ready::ready(ty);
        dict.set_text(name, ty.value().to_ref());
    }
    for ty in [&compress::COMPRESS, &decompress::DECOMPRESS] {
        ready::ready(ty);
    }
    for (name, number) in CONSTANTS {
        dict.set_text(name, int::from_i64(number));
    }
    for name in ["ZLIB_VERSION", "ZLIB_RUNTIME_VERSION"] {
        dict.set_text(name, StrObject::new(VERSION));
    }
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// `zlib.error`.
static ERROR: TypeObject = TypeObject::from_spec(&ERROR_SPEC);
static ERROR_SPEC: TypeSpec = TypeSpec {
    module: "zlib",
    base: Some(&types::Exception),
    flags: type_flags::BASE | type_flags::GC,
    ..TypeSpec::of::<ExceptionObject>("error")
};

/// A failure as the exception it becomes, with what was being done.
fn error(failure: Failure, doing: &str) -> Raised {
    let message = match failure {
        Failure::Memory => return raise!(MemoryError, "Out of memory {doing}"),
        Failure::Stream(code, Some(reason)) => format!("Error {code} {doing}: {reason}"),
        Failure::Stream(code, None) => format!("Error {code} {doing}"),
    };
    runtime::error::raise(&ERROR, &message)
}

/// The bytes of an argument, which is contiguous.
fn slice(data: &Buffer) -> &[u8] {
    data.as_slice().expect("arguments of the kind `Buffer` are contiguous")
}

py_functions! { static FUNCTIONS;
    /// Returns a bytes object containing compressed data.
    "compress(data, /, level=-1, wbits=15)"
    fn compress(data: Buffer, level: Option<i32>, wbits: Option<i32>) -> PyResult<Py<BytesObject>> {
        let options = stream::Options { level: level.unwrap_or(-1), wbits: wbits.unwrap_or(15), ..stream::Options::DEFAULT };
        let mut compressor =
            Compressor::new(options).ok_or_else(|| runtime::error::raise(&ERROR, "Bad compression level"))?;
        let made = compressor.finish(slice(&data)).map_err(|failure| error(failure, "while compressing data"))?;
        Ok(BytesObject::new(&made))
    }
    /// Returns a bytes object containing the uncompressed data.
    "decompress(data, /, wbits=15, bufsize=16384)"
    fn decompress(data: Buffer, wbits: Option<i32>, bufsize: Option<isize>) -> PyResult<Py<BytesObject>> {
        const DOING: &str = "while decompressing data";
        if bufsize.is_some_and(isize::is_negative) {
            return Err(raise!(ValueError, "bufsize must be non-negative"));
        }
        let mut stream = Decompressor::new(wbits.unwrap_or(15), None)
            .ok_or_else(|| error(stream::BAD_OPTION, "while preparing to decompress data"))?;
        let mut made = Vec::new();
        stream.run(slice(&data), &mut made, None).map_err(|failure| error(failure, DOING))?;
        if !stream.is_ended() {
            return Err(error(stream::TRUNCATED, DOING));
        }
        Ok(BytesObject::new(&made))
    }
    /// Return a compressor object.
    "compressobj(level=-1, method=8, wbits=15, memLevel=8, strategy=0, zdict=None)"
    fn compressobj(
        level: Option<i32>,
        method: Option<i32>,
        wbits: Option<i32>,
        mem_level: Option<i32>,
        strategy: Option<i32>,
        zdict: Option<Value>,
    ) -> PyResult<Py<compress::CompressObject>> {
        let default = stream::Options::DEFAULT;
        let options = stream::Options {
            level: level.unwrap_or(default.level),
            method: method.unwrap_or(default.method),
            wbits: wbits.unwrap_or(default.wbits),
            mem_level: mem_level.unwrap_or(default.mem_level),
            strategy: strategy.unwrap_or(default.strategy),
        };
        compress::new(options, zdict.filter(|&zdict| !runtime::objects::is_none(zdict)))
    }
    /// Return a decompressor object.
    "decompressobj(wbits=15, zdict=b'')"
    fn decompressobj(wbits: Option<i32>, zdict: Option<Value>) -> PyResult<Py<decompress::DecompressObject>> {
        decompress::new(wbits.unwrap_or(15), zdict)
    }
    /// Compute an Adler-32 checksum of data.
    "adler32(data, value=1, /)"
    fn adler32(data: Buffer, value: Option<Value>) -> PyResult<u32> {
        let start = value.map_or(Ok(1), low_bits)?;
        Ok(zlib_rs::adler32::adler32(start, slice(&data)))
    }
    /// Compute a CRC-32 checksum of data.
    "crc32(data, value=0, /)"
    fn crc32(data: Buffer, value: Option<Value>) -> PyResult<u32> {
        let start = value.map_or(Ok(0), low_bits)?;
        Ok(zlib_rs::crc32::crc32(start, slice(&data)))
    }
}
