//! `BufferedRWPair`: a reader and a writer that look like one stream, for pipes and sockets.

use runtime::args::Args;
use runtime::field::Field;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects;
use runtime::signature::Signature;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, protocol, py_methods, thread};

use super::base::{BUFFERED_BASE, IoBase, check_ability};
use super::{buffered, call, uninitialized};

/// A reader and a writer.
#[repr(C)]
struct Pair {
    base: IoBase,
    reader: Field,
    writer: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Pair {
    fn type_object() -> &'static TypeObject {
        &PAIR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.base.visit(visit);
        self.reader.visit(visit);
        self.writer.visit(visit);
    }
    fn clear(&self) {
        self.base.release();
        drop((self.reader.take(), self.writer.take()));
    }
}

impl Pair {
    fn reader(&self, method: &str, args: &[Value]) -> PyResult {
        call(self.reader.get_ref().ok_or_else(uninitialized)?.value(), method, args)
    }

    fn writer(&self, method: &str, args: &[Value]) -> PyResult {
        call(self.writer.get_ref().ok_or_else(uninitialized)?.value(), method, args)
    }
}

static INIT: Signature = Signature::parse("", "BufferedRWPair(reader, writer, buffer_size=131072, /)", false);

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    let mut slots = [Value::NULL; INIT.count()];
    let mut bound = INIT.bind(args, &mut slots)?;
    let (reader, writer, size) = (bound.take(), bound.take(), bound.take());
    check_ability(reader, "readable", "readable")?;
    check_ability(writer, "writable", "writable")?;
    let with_size = |raw| [Some(raw), size.non_null()].into_iter().flatten().collect::<Vec<_>>();
    let pair = value.get::<Pair>().expect("slots are called for instances");
    pair.reader.set(protocol::call(buffered::READER.value(), &with_size(reader), None)?);
    pair.writer.set(protocol::call(buffered::WRITER.value(), &with_size(writer), None)?);
    Ok(())
}

fn given(size: Option<Value>) -> Vec<Value> {
    size.into_iter().collect()
}

py_methods! { static METHODS for "_io.BufferedRWPair", &Pair;
    /// Read from the reader.
    "read(self, size=-1, /)"
    fn read(this, size: Option<Value>) -> PyResult {
        this.reader("read", &given(size))
    }
    /// Read from the reader with at most one call of its raw stream.
    "read1(self, size=-1, /)"
    fn read1(this, size: Option<Value>) -> PyResult {
        this.reader("read1", &given(size))
    }
    /// Show what the reader has read ahead.
    "peek(self, size=0, /)"
    fn peek(this, size: Option<Value>) -> PyResult {
        this.reader("peek", &given(size))
    }
    /// Read from the reader into a buffer.
    "readinto(self, buffer, /)"
    fn readinto(this, target: Value) -> PyResult {
        this.reader("readinto", &[target])
    }
    /// Read from the reader into a buffer with at most one call of its raw stream.
    "readinto1(self, buffer, /)"
    fn readinto1(this, target: Value) -> PyResult {
        this.reader("readinto1", &[target])
    }
    /// Write to the writer.
    "write(self, buffer, /)"
    fn write(this, data: Value) -> PyResult {
        this.writer("write", &[data])
    }
    /// Flush the writer.
    "flush(self, /)"
    fn flush(this) -> PyResult {
        this.writer("flush", &[])
    }
    /// Whether the reader can be read.
    "readable(self, /)"
    fn readable(this) -> PyResult {
        this.reader("readable", &[])
    }
    /// Whether the writer can be written.
    "writable(self, /)"
    fn writable(this) -> PyResult {
        this.writer("writable", &[])
    }
    /// Whether one of the two is a terminal.
    "isatty(self, /)"
    fn isatty(this) -> PyResult {
        let answer = this.writer("isatty", &[])?;
        if protocol::is_true(answer.value())? { Ok(answer) } else { this.reader("isatty", &[]) }
    }
    /// Close both; of two failures the first is the context of the second.
    "close(self, /)"
    fn close(this) -> PyResult<()> {
        let first = this.writer("close", &[]).err().map(|raised| thread().take_raised(raised));
        let second = this.reader("close", &[]);
        let Some(first) = first else { return second.map(drop) };
        let Err(raised) = second else { return Err(thread().set_raised(first)) };
        let second = thread().take_raised(raised);
        if let Some(second) = second.get::<runtime::error::ExceptionObject>()
            && second.context.get().is_none()
        {
            second.context.set(first);
        }
        Err(thread().set_raised(second))
    }
}

static GETSET: &[GetSetDef] = &[GetSetDef {
    name: "closed",
    doc: "",
    get: |value| {
        let pair = value.get::<Pair>().expect("descriptors check their owner");
        match pair.writer.get_ref() {
            Some(writer) => protocol::get_attr_text(writer.value(), "closed"),
            None if pair.reader.get().is_none() => Err(uninitialized()),
            None => Ok(objects::bool(true).to_ref()),
        }
    },
    set: None,
}];

fn new(ty: &TypeObject, _: Args<'_>) -> PyResult {
    let contents = Pair { base: IoBase::new(ty), reader: Field::empty(), writer: Field::empty() };
    let made: Ref = object::new_object_of(ty, contents).into();
    Ok(made)
}

/// `BufferedRWPair`.
pub(super) static PAIR: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_io",
    doc: "BufferedRWPair(reader, writer, buffer_size=DEFAULT_BUFFER_SIZE, /)\n--\n\nA buffered reader and writer object together.\n\nA buffered \
          reader object and buffered writer object put together to\nform a sequential IO object that can read and write. This is \
          typically\nused with a socket or two-way pipe.\n\nreader and writer are RawIOBase objects that are readable \
          and\nwriteable respectively. If the buffer_size is omitted it defaults to\nDEFAULT_BUFFER_SIZE.",
    flags: type_flags::BASE | type_flags::GC,
    base: Some(&BUFFERED_BASE),
    slots: Slots { new: Some(new), init: Some(init), ..Slots::EMPTY },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<Pair>("BufferedRWPair")
};
