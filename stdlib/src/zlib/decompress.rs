//! `zlib.Decompress`, which `decompressobj()` makes: a stream that is decompressed piece by piece.
//!
//! What the limit of a call leaves over is `unconsumed_tail`, which the program gives again; what follows the stream is `unused_data`.

use std::cell::RefCell;

use runtime::buffer::{self, Buffer};
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object};
use runtime::objects;
use runtime::objects::bytes::BytesObject;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{Py, PyResult, TypeObject, Value, py_methods, raise};

use super::stream::Decompressor;
use super::{error, slice};

/// A decompressor.
#[repr(C)]
pub(super) struct DecompressObject {
    header: Header,
    state: RefCell<State>,
}

struct State {
    stream: Decompressor,
    unused: Vec<u8>,
    unconsumed: Vec<u8>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for DecompressObject {
    fn type_object() -> &'static TypeObject {
        &DECOMPRESS
    }
}

/// The type `zlib.Decompress`.
pub(super) static DECOMPRESS: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "zlib",
    flags: type_flags::NO_NEW,
    methods: &[METHODS],
    getset: ATTRIBUTES,
    ..TypeSpec::of::<DecompressObject>("Decompress")
};

/// The stream for a window and a dictionary, which may be empty.
pub(super) fn stream(wbits: i32, dictionary: Option<Value>) -> PyResult<Decompressor> {
    let dictionary = match dictionary {
        Some(given) if !buffer::is_bytes_like(given) => {
            return Err(raise!(TypeError, "zdict argument must support the buffer protocol"));
        }
        Some(given) => Some(buffer::to_vec(given)?).filter(|bytes| !bytes.is_empty()),
        None => None,
    };
    Decompressor::new(wbits, dictionary).ok_or_else(|| raise!(ValueError, "Invalid initialization option"))
}

/// A new one.
pub(super) fn new(wbits: i32, dictionary: Option<Value>) -> PyResult<Py<DecompressObject>> {
    let state = State { stream: stream(wbits, dictionary)?, unused: Vec::new(), unconsumed: Vec::new() };
    Ok(object::new_object(DecompressObject { header: Header::new(&DECOMPRESS), state: RefCell::new(state) }))
}

impl State {
    /// What comes out, at most `limit` bytes.
    fn run(&mut self, input: &[u8], limit: Option<usize>, doing: &str) -> PyResult<Py<BytesObject>> {
        let mut output = Vec::new();
        let taken = self.stream.run(input, &mut output, limit).map_err(|failure| error(failure, doing))?;
        let rest = &input[taken..];
        if self.stream.is_ended() {
            self.unused.extend_from_slice(rest);
            self.unconsumed.clear();
        } else {
            self.unconsumed = rest.to_vec();
        }
        Ok(BytesObject::new(&output))
    }
}

py_methods! { static METHODS for "Decompress", &DecompressObject;
    /// Return a bytes object containing the decompressed version of the data.
    "decompress(self, data, /, max_length=0)"
    fn decompress(this, data: Buffer, max_length: Option<isize>) -> PyResult<Py<BytesObject>> {
        let limit = usize::try_from(max_length.unwrap_or(0))
            .map_err(|_| raise!(ValueError, "max_length must be non-negative"))?;
        let limit = Some(limit).filter(|&limit| limit > 0);
        this.state.borrow_mut().run(slice(&data), limit, "while decompressing data")
    }
    /// Return a bytes object containing any remaining decompressed data.
    "flush(self, length=16384, /)"
    fn flush(this, length: Option<isize>) -> PyResult<Py<BytesObject>> {
        if length.is_some_and(|length| length <= 0) {
            return Err(raise!(ValueError, "length must be greater than zero"));
        }
        let mut state = this.state.borrow_mut();
        let rest = std::mem::take(&mut state.unconsumed);
        state.run(&rest, None, "while flushing")
    }
}

static ATTRIBUTES: &[GetSetDef] = &[
    GetSetDef {
        name: "unused_data",
        doc: "Data found after the end of the compressed stream.",
        get: |value| Ok(BytesObject::new(&this(value).state.borrow().unused).into()),
        set: None,
    },
    GetSetDef {
        name: "unconsumed_tail",
        doc: "Input that the limit of the last call left over.",
        get: |value| Ok(BytesObject::new(&this(value).state.borrow().unconsumed).into()),
        set: None,
    },
    GetSetDef {
        name: "eof",
        doc: "Whether the end of the stream has been reached.",
        get: |value| Ok(objects::bool(this(value).state.borrow().stream.is_ended()).to_ref()),
        set: None,
    },
];

fn this<'a>(value: Value) -> &'a DecompressObject {
    value.get::<DecompressObject>().expect("descriptors check their owner")
}
