//! `_io`: streams. Lib's `io` gives them their public names and abstract classes. By theme:
//!
//! - [`base`]: what all streams share; [`file`]: descriptors as raw streams; [`bytes_io`]: bytes in memory
//! - [`buffered`]: buffers over any raw stream, which threads enter in [`turn`]; [`pair`]: two of them
//! - [`text`]: text over any stream of bytes, with [`coding`] (decoders and encoders) and [`cookie`] (positions); [`newline`]: line ends
//! - [`string_io`]: text in memory; [`open`]: the stack of streams for a file; [`standard`]: that of the process
//!
//! Streams stack on anything that has the methods. Where what lies below is one of the types here, and no subclass, calls go
//! directly: printing is a copy into a buffer.

pub(crate) mod base;
mod buffered;
mod bytes_io;
mod coding;
mod cookie;
mod file;
mod newline;
mod open;
mod pair;
pub mod standard;
mod string_io;
mod text;
pub(crate) mod turn;

use std::cell::Cell;

use runtime::convert::FromArg;
use runtime::objects::dict::DictObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::signature::Bound;
use runtime::types::ready;
use runtime::world::World;
use runtime::{PyResult, Raised, Ref, TypeObject, Value, error, protocol, raise};

/// Default size of buffers: that of CPython 3.14.
const BLOCK: usize = 131_072;

/// `io.UnsupportedOperation`, made on first use.
static UNSUPPORTED: World<Cell<Value>> = World::new(Cell::new(Value::NULL));

/// The class `io.UnsupportedOperation`.
fn unsupported_operation() -> PyResult {
    if let Some(class) = UNSUPPORTED.get().non_null() {
        return Ok(class.to_ref());
    }
    let bases = TupleObject::of(
        [&error::types::OSError, &error::types::ValueError].map(|base| base.value().to_ref()),
    );
    let namespace = DictObject::new();
    namespace.set_text("__module__", StrObject::intern("io"));
    let name = StrObject::intern("UnsupportedOperation");
    let args = [name.value(), bases.value(), namespace.value()];
    let class = protocol::call(objects::type_type::TYPE.value(), &args, None)?;
    runtime::audit::exempt_graph(class.value());
    UNSUPPORTED.set(class.clone().into_value());
    Ok(class)
}

/// Raises `io.UnsupportedOperation`.
fn unsupported(message: &str) -> Raised {
    match unsupported_operation() {
        Ok(class) => error::raise(class.get::<TypeObject>().expect("made as a class"), message),
        Err(raised) => raised,
    }
}

/// `ValueError` for an operation on a closed file.
fn closed_error() -> Raised {
    raise!(ValueError, "I/O operation on closed file.")
}

/// `ValueError` for a stream whose `__init__` has not run, or has failed.
fn uninitialized() -> Raised {
    raise!(ValueError, "I/O operation on uninitialized object")
}

/// What `detach` leaves behind.
fn detached(what: &str) -> Raised {
    raise!(ValueError, "{what} has been detached")
}

/// Calls a method by its name.
fn call(object: Value, method: &str, args: &[Value]) -> PyResult {
    protocol::call_method_text(object, method, args)
}

/// Whether a stream says that it is closed.
fn is_closed(stream: Value) -> PyResult<bool> {
    protocol::is_true(protocol::get_attr_text(stream, "closed")?.value())
}

/// The size argument of a read: everything for nothing, `None` or a negative number.
struct Size(Option<usize>);

impl<'a> FromArg<'a> for Size {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        if value.is_null() || objects::is_none(value) {
            return Ok(Size(None));
        }
        if !value.is_small() && value.ty().slots().index.is_none() {
            let name = value.ty().name();
            return Err(raise!(TypeError, "argument should be integer or None, not '{name}'"));
        }
        int::to_isize(value).map(|size| Size(usize::try_from(size).ok()))
    }
}

/// The class as `repr` shows it: with its module only if it is one of these.
fn shown_class(stream: Value) -> String {
    let ty = stream.ty();
    if ty.spec().is_some() { ty.full_name() } else { ty.name().to_owned() }
}

/// A boolean.
fn boolean(value: bool) -> Ref {
    objects::bool(value).to_ref()
}

/// The types under the names that the module gives them.
fn types() -> [(&'static str, &'static TypeObject); 13] {
    [
        ("_IOBase", &base::IO_BASE),
        ("_RawIOBase", &base::RAW_BASE),
        ("_BufferedIOBase", &base::BUFFERED_BASE),
        ("_TextIOBase", &base::TEXT_BASE),
        ("FileIO", &file::FILE_IO),
        ("BytesIO", &bytes_io::BYTES_IO),
        ("BufferedReader", &buffered::READER),
        ("BufferedWriter", &buffered::WRITER),
        ("BufferedRandom", &buffered::RANDOM),
        ("BufferedRWPair", &pair::PAIR),
        ("TextIOWrapper", &text::TEXT_IO_WRAPPER),
        ("StringIO", &string_io::STRING_IO),
        ("IncrementalNewlineDecoder", &newline::DECODER),
    ]
}

/// Completes the types and makes `open` a builtin.
pub(crate) fn initialize() {
    types().iter().for_each(|(_, ty)| ready::ready(ty));
    let module = ModuleObject::new("_io");
    module.add_functions(open::FUNCTIONS);
    if let Some(open) = module.dict().get_text("open") {
        runtime::builtins::namespace().set_text("open", open);
    }
}

/// Fills `_io`.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    let dict = module.dict();
    for (name, ty) in types() {
        dict.set_text(name, ty.value().to_ref());
    }
    module.add_functions(open::FUNCTIONS);
    if let Some(open) = runtime::builtins::namespace().get_text("open") {
        dict.set_text("open", open);
    }
    dict.set_text("UnsupportedOperation", unsupported_operation()?);
    dict.set_text("BlockingIOError", error::types::BlockingIOError.value().to_ref());
    dict.set_text("DEFAULT_BUFFER_SIZE", Ref::small(BLOCK as i64));
    Ok(())
}
