//! `zlib._ZlibDecompressor`: a decompressor that keeps what it has not used, as those of `bz2` and `lzma` do.
//!
//! `needs_input` says that a call with no further input gives nothing; `gzip` and `zipfile` read through it.

use std::cell::RefCell;

use runtime::buffer::Buffer;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object};
use runtime::objects;
use runtime::objects::bytes::BytesObject;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{Py, PyResult, TypeObject, Value, py_methods, py_new, raise};

use super::decompress::stream as new_stream;
use super::stream::Decompressor;
use super::{error, slice};

/// A decompressor and its input.
#[repr(C)]
pub(super) struct DecompressorObject {
    header: Header,
    state: RefCell<State>,
}

struct State {
    stream: Decompressor,
    /// What has been given and not used; once the stream has ended, what follows it.
    pending: Vec<u8>,
    needs_input: bool,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for DecompressorObject {
    fn type_object() -> &'static TypeObject {
        &DECOMPRESSOR
    }
}

/// The type.
pub(super) static DECOMPRESSOR: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "zlib",
    doc: "Create a decompressor object for decompressing data incrementally.",
    flags: type_flags::IMMUTABLE,
    slots: Slots { new: Some(new), init: Some(|_, _| Ok(())), ..Slots::EMPTY },
    methods: &[METHODS],
    getset: ATTRIBUTES,
    ..TypeSpec::of::<DecompressorObject>("_ZlibDecompressor")
};

py_new! {
    fn new(class, wbits: Option<i32>, zdict: Option<Value>) "_ZlibDecompressor(wbits=15, zdict=b'')" {
        let stream = new_stream(wbits.unwrap_or(15), zdict)?;
        let state = RefCell::new(State { stream, pending: Vec::new(), needs_input: true });
        Ok(object::new_object_of(class, DecompressorObject { header: Header::new(class), state }).into())
    }
}

impl State {
    fn run(&mut self, data: &[u8], limit: Option<usize>) -> PyResult<Vec<u8>> {
        if self.stream.is_ended() {
            return Err(raise!(EOFError, "End of stream already reached"));
        }
        self.pending.extend_from_slice(data);
        let mut output = Vec::new();
        let taken = match limit {
            // A limit of nothing still takes the input in.
            Some(0) => 0,
            _ => {
                let run = self.stream.run(&self.pending, &mut output, limit);
                run.map_err(|failure| error(failure, "while decompressing data"))?
            }
        };
        self.pending.drain(..taken);
        let is_full = limit == Some(output.len());
        self.needs_input = !self.stream.is_ended() && self.pending.is_empty() && !is_full;
        Ok(output)
    }
}

py_methods! { static METHODS for "_ZlibDecompressor", &DecompressorObject;
    /// Decompress *data*, returning uncompressed data as bytes.
    "decompress(self, data, max_length=-1)"
    fn decompress(this, data: Buffer, max_length: Option<isize>) -> PyResult<Py<BytesObject>> {
        let limit = max_length.and_then(|limit| usize::try_from(limit).ok());
        this.state.borrow_mut().run(slice(&data), limit).map(|made| BytesObject::new(&made))
    }
}

static ATTRIBUTES: &[GetSetDef] = &[
    GetSetDef {
        name: "eof",
        doc: "True if the end-of-stream marker has been reached.",
        get: |value| Ok(objects::bool(this(value).state.borrow().stream.is_ended()).to_ref()),
        set: None,
    },
    GetSetDef {
        name: "unused_data",
        doc: "Data found after the end of the compressed stream.",
        get: |value| {
            let state = this(value).state.borrow();
            let unused: &[u8] = if state.stream.is_ended() { &state.pending } else { b"" };
            Ok(BytesObject::new(unused).into())
        },
        set: None,
    },
    GetSetDef {
        name: "needs_input",
        doc: "True if more input is needed before more decompressed data can be produced.",
        get: |value| Ok(objects::bool(this(value).state.borrow().needs_input).to_ref()),
        set: None,
    },
];

fn this<'a>(value: Value) -> &'a DecompressorObject {
    value.get::<DecompressorObject>().expect("descriptors check their owner")
}
