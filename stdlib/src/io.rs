//! `_io` and `io`: files, streams in memory, `open`.
//!
//! One design for all of it: a [`channel`] has the bytes and the position; [`binary`] shows it as `FileIO`, `BufferedReader`,
//! `BufferedWriter`, `BufferedRandom` and `BytesIO`, [`text`] as `TextIOWrapper`, which are also what `sys.stdout` and its
//! siblings are; [`string_io`] is text in memory; [`open`] puts them together. Decoding starts from the bytes at every read, so
//! that a text position is a byte position.

pub(crate) mod binary;
pub(crate) mod channel;
mod open;
mod string_io;
pub(crate) mod text;

use std::cell::Cell;

use runtime::convert::{FromArg, OrNone, Rest};
use runtime::header::Header;
use runtime::object::Object;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, dict::DictObject};
use runtime::signature::Bound;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::types::ready;
use runtime::world::World;
use runtime::{PyResult, Raised, Ref, TypeObject, Value, error, protocol, py_methods, raise};

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
pub(crate) fn unsupported(message: &str) -> Raised {
    match unsupported_operation() {
        Ok(class) => {
            let class = class.get::<TypeObject>().expect("made as a class");
            error::raise(class, message)
        }
        Err(raised) => raised,
    }
}

/// `ValueError` for an operation on a closed file.
pub(crate) fn closed_error() -> Raised {
    raise!(ValueError, "I/O operation on closed file.")
}

/// The size argument of a read: everything for nothing, `None` or a negative number.
pub(crate) struct Size(pub(crate) Option<usize>);

impl<'a> FromArg<'a> for Size {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        if value.is_null() || objects::is_none(value) {
            return Ok(Size(None));
        }
        let is_index = value.is_small() || value.ty().slots().index.is_some();
        if !is_index {
            let name = value.ty().name();
            return Err(raise!(TypeError, "argument should be integer or None, not '{name}'"));
        }
        objects::int::to_isize(value).map(|size| Size(usize::try_from(size).ok()))
    }
}

/// `seek`'s second argument.
pub(crate) fn check_whence(whence: i32) -> PyResult<i32> {
    if (0..=2).contains(&whence) {
        return Ok(whence);
    }
    Err(raise!(ValueError, "invalid whence ({whence}, should be 0, 1 or 2)"))
}

/// A stream that implements nothing itself.
#[repr(C)]
pub(crate) struct IoBase {
    header: Header,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for IoBase {
    fn type_object() -> &'static TypeObject {
        &IO_BASE
    }
}

fn is_closed(stream: Value) -> PyResult<bool> {
    let closed = protocol::get_attr_text(stream, "closed")?;
    protocol::is_true(closed.value())
}

py_methods! { static BASE_METHODS for "_io._IOBase", Value;
    /// Context management: the stream itself.
    "__enter__(self, /)"
    fn enter(stream) -> PyResult {
        if is_closed(stream)? { Err(closed_error()) } else { Ok(stream.to_ref()) }
    }
    /// Context management: closes the stream.
    "__exit__(self, /, *args)"
    fn exit(stream, args: Rest<'_>) -> PyResult {
        let _ = args.0;
        protocol::call_method_text(stream, "close", &[])
    }
    /// Return a list of lines from the stream.
    "readlines(self, hint=-1, /)"
    fn readlines(stream, hint: OrNone<isize>) -> PyResult {
        let limit = hint.0.and_then(|hint| usize::try_from(hint).ok()).filter(|&hint| hint > 0);
        if is_closed(stream)? {
            return Err(closed_error());
        }
        let (lines, mut total) = (ListObject::empty(), 0);
        let iterator = protocol::get_iter(stream)?;
        while let Some(line) = protocol::iter_next(iterator.value())? {
            total += protocol::len(line.value())?;
            lines.push(line);
            if limit.is_some_and(|limit| total >= limit) {
                break;
            }
        }
        Ok(lines.into())
    }
    /// Write a list of lines to stream.
    "writelines(self, lines, /)"
    fn writelines(stream, lines: Value) -> PyResult<()> {
        if is_closed(stream)? {
            return Err(closed_error());
        }
        let write = protocol::get_attr_text(stream, "write")?;
        protocol::for_each(lines, |line| protocol::call_one(write.value(), line.value()).map(drop))
    }
}

fn next_line(stream: Value) -> PyResult<Option<Ref>> {
    let line = protocol::call_method_text(stream, "readline", &[])?;
    Ok(if protocol::len(line.value())? == 0 { None } else { Some(line) })
}

/// `_IOBase`: what all streams share.
pub(crate) static IO_BASE: TypeObject = TypeObject::from_spec(&BASE_SPEC);
static BASE_SPEC: TypeSpec = TypeSpec {
    module: "_io",
    flags: type_flags::NO_NEW,
    slots: Slots { iter: Some(protocol::identity), iternext: Some(next_line), ..Slots::EMPTY },
    methods: &[BASE_METHODS],
    ..TypeSpec::of::<IoBase>("_IOBase")
};

macro_rules! abstract_base {
    ($(#[$meta:meta])* $name:ident, $spec:ident, $text:literal) => {
        $(#[$meta])*
        pub(crate) static $name: TypeObject = TypeObject::from_spec(&$spec);
        static $spec: TypeSpec = TypeSpec {
            module: "_io",
            flags: type_flags::NO_NEW,
            base: Some(&IO_BASE),
            ..TypeSpec::of::<IoBase>($text)
        };
    };
}

abstract_base! {
    /// `_RawIOBase`.
    RAW_BASE, RAW_BASE_SPEC, "_RawIOBase"
}
abstract_base! {
    /// `_BufferedIOBase`.
    BUFFERED_BASE, BUFFERED_BASE_SPEC, "_BufferedIOBase"
}
abstract_base! {
    /// `_TextIOBase`.
    TEXT_BASE, TEXT_BASE_SPEC, "_TextIOBase"
}

/// The types under the names that both modules give them.
fn types() -> [(&'static str, &'static TypeObject); 15] {
    [
        ("_IOBase", &IO_BASE),
        ("_RawIOBase", &RAW_BASE),
        ("_BufferedIOBase", &BUFFERED_BASE),
        ("_TextIOBase", &TEXT_BASE),
        ("IOBase", &IO_BASE),
        ("RawIOBase", &RAW_BASE),
        ("BufferedIOBase", &BUFFERED_BASE),
        ("TextIOBase", &TEXT_BASE),
        ("FileIO", &binary::FILE_IO),
        ("BufferedReader", &binary::BUFFERED_READER),
        ("BufferedWriter", &binary::BUFFERED_WRITER),
        ("BufferedRandom", &binary::BUFFERED_RANDOM),
        ("BytesIO", &binary::BYTES_IO),
        ("TextIOWrapper", &text::TEXT_IO_WRAPPER),
        ("StringIO", &string_io::STRING_IO),
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

/// Fills `_io` or `io`.
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
    dict.set_text("DEFAULT_BUFFER_SIZE", Ref::small(channel::BLOCK as i64));
    for (whence, name) in ["SEEK_SET", "SEEK_CUR", "SEEK_END"].into_iter().enumerate() {
        dict.set_text(name, Ref::small(whence as i64));
    }
    Ok(())
}
