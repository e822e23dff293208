//! `_struct`: values to bytes and back by format strings.
//!
//! A format is parsed into fields with offsets once per `Struct`; the functions of the module keep no cache, as parsing costs less than a
//! look-up would save for formats of usual length.

mod format;
mod value;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use runtime::args::Args;
use runtime::buffer::{self, Buffer};
use runtime::convert::Rest;
use runtime::error::{ExceptionObject, Raised, types};
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::slots::Slots;
use runtime::type_object::{TypeObject, TypeSpec, type_flags};
use runtime::types::ready;
use runtime::{PyResult, Ref, Value, protocol, py_functions, py_methods, raise};

use format::Format;

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    for ty in [&ERROR, &STRUCT, &UNPACK_ITERATOR] {
        ready::ready(ty);
    }
    let dict = module.dict();
    dict.set_text("error", ERROR.value().to_ref());
    dict.set_text("Struct", STRUCT.value().to_ref());
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// `struct.error`.
static ERROR: TypeObject = TypeObject::from_spec(&ERROR_SPEC);
static ERROR_SPEC: TypeSpec = TypeSpec {
    module: "struct",
    base: Some(&types::Exception),
    flags: type_flags::BASE | type_flags::GC,
    ..TypeSpec::of::<ExceptionObject>("error")
};

fn error(message: &str) -> Raised {
    runtime::error::raise(&ERROR, message)
}

/// `struct.Struct`.
#[repr(C)]
pub struct StructObject {
    header: Header,
    format: RefCell<Rc<Format>>,
    text: RefCell<String>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for StructObject {
    fn type_object() -> &'static TypeObject {
        &STRUCT
    }
}

/// The text of a format argument.
fn format_text(value: Value) -> PyResult<String> {
    if let Some(text) = value.get::<StrObject>() {
        if let Some(at) = text.code_points().position(|point| point >= 0x80) {
            let reason = "ordinal not in range(128)";
            return Err(runtime::error::unicode_encode_error("ascii", value, at, at + 1, reason));
        }
        return text.to_utf8();
    }
    match value.get::<BytesObject>() {
        Some(bytes) => Ok(bytes.as_slice().iter().map(|&byte| byte as char).collect()),
        None => {
            let got = value.ty().name();
            Err(raise!(TypeError, "Struct() argument 1 must be a str or bytes object, not {got}"))
        }
    }
}

fn parse(text: &str) -> PyResult<Format> {
    let bytes: Vec<u8> = text.chars().map(|c| c as u8).collect();
    format::parse(&bytes)
}

fn format_of(value: Value) -> PyResult<Rc<Format>> {
    match value.get_exact::<StructObject>() {
        Some(made) => Ok(made.format.borrow().clone()),
        None => parse(&format_text(value)?).map(Rc::new),
    }
}

fn new(ty: &TypeObject, _: Args<'_>) -> PyResult {
    let empty = Format { fields: Vec::new(), size: 0, len: 0 };
    let contents = StructObject {
        header: Header::new(ty),
        format: RefCell::new(Rc::new(empty)),
        text: RefCell::new(String::new()),
    };
    Ok(object::new_object_of(ty, contents).into())
}

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    let mut given: Vec<Value> = args.positional.to_vec();
    for (name, arg) in args.keywords() {
        if !name.get::<StrObject>().is_some_and(|name| name.eq_str("format")) {
            let name = protocol::str_string(name)?;
            return Err(raise!(TypeError, "Struct() got an unexpected keyword argument '{name}'"));
        }
        given.push(arg);
    }
    let text = match given.as_slice() {
        [] => return Err(raise!(TypeError, "Struct() missing required argument 'format' (pos 1)")),
        [format] => format_text(*format)?,
        more => return Err(raise!(TypeError, "Struct() takes at most 1 argument ({} given)", more.len())),
    };
    let this = value.get::<StructObject>().expect("slots are called for instances");
    this.format.replace(Rc::new(parse(&text)?));
    this.text.replace(text);
    Ok(())
}

fn pack_values(format: &Format, values: &[Value], place: &mut [u8], function: &str) -> PyResult<()> {
    if values.len() != format.len {
        let (wanted, given) = (format.len, values.len());
        return Err(error(&format!("{function} expected {wanted} items for packing (got {given})")));
    }
    let mut next = values.iter();
    for field in &format.fields {
        for (at, &value) in next.by_ref().take(field.count).enumerate() {
            let start = field.offset + at * field.size;
            value::pack(field, value, &mut place[start..start + field.size])?;
        }
    }
    Ok(())
}

fn pack(format: &Format, values: &[Value]) -> PyResult {
    let mut data = Vec::new();
    data.try_reserve_exact(format.size).map_err(|_| runtime::error::memory_error())?;
    data.resize(format.size, 0);
    pack_values(format, values, &mut data, "pack")?;
    Ok(BytesObject::new(&data).into())
}

fn unpack_values(format: &Format, data: &[u8]) -> PyResult {
    let mut values = Vec::with_capacity(format.len);
    for field in &format.fields {
        for at in 0..field.count {
            let start = field.offset + at * field.size;
            values.push(value::unpack(field, &data[start..start + field.size])?);
        }
    }
    Ok(TupleObject::new(values).into())
}

fn unpack(format: &Format, data: &Buffer) -> PyResult {
    let bytes = data.to_cow();
    if bytes.len() != format.size {
        return Err(error(&format!("unpack requires a buffer of {} bytes", format.size)));
    }
    unpack_values(format, &bytes)
}

/// Where `size` bytes at `offset` begin in a buffer of `len` bytes, counted from the end when negative; `struct.error`
/// where they do not fit, in the words of `function`.
fn start_of(
    function: &str,
    action: &str,
    size: usize,
    offset: isize,
    len: usize,
    too_near_the_end: impl Fn() -> String,
) -> PyResult<usize> {
    if offset < 0 && offset.saturating_add(size as isize) > 0 {
        return Err(error(&too_near_the_end()));
    }
    if offset < 0 && offset.saturating_add(len as isize) < 0 {
        return Err(error(&format!("offset {offset} out of range for {len}-byte buffer")));
    }
    let start = if offset < 0 { len.wrapping_add_signed(offset) } else { offset as usize };
    if start > len || len - start < size {
        let least = start.saturating_add(size);
        return Err(error(&format!(
            "{function} requires a buffer of at least {least} bytes for {action} {size} bytes at offset {start} (actual buffer size is {len})"
        )));
    }
    Ok(start)
}

fn pack_into(format: &Format, args: &[Value]) -> PyResult<()> {
    let (target, offset, values) = match args {
        [] => return Err(error("pack_into expected buffer argument")),
        [_] => return Err(error("pack_into expected offset argument")),
        [target, offset, values @ ..] => (*target, *offset, values),
    };
    if values.len() != format.len {
        let (wanted, given) = (format.len, values.len());
        return Err(error(&format!("pack_into expected {wanted} items for packing (got {given})")));
    }
    let mut buffer = buffer::acquire_writable(target, "argument")?;
    let offset = int::to_isize(offset)?;
    let size = format.size;
    let start = start_of("pack_into", "packing", size, offset, buffer.len(), || {
        format!("no space to pack {size} bytes at offset {offset}")
    })?;
    let place = &mut buffer.as_mut_slice().expect("acquired for writing")[start..start + size];
    place.fill(0);
    pack_values(format, values, place, "pack_into")
}

fn unpack_from(format: &Format, data: &Buffer, offset: isize) -> PyResult {
    let bytes = data.to_cow();
    let size = format.size;
    let start = start_of("unpack_from", "unpacking", size, offset, bytes.len(), || {
        format!("not enough data to unpack {size} bytes at offset {offset}")
    })?;
    unpack_values(format, &bytes[start..start + size])
}

py_functions! { static FUNCTIONS;
    /// Return size in bytes of the struct described by the format string.
    "calcsize(format, /)"
    fn calcsize(format: Value) -> PyResult<usize> {
        Ok(format_of(format)?.size)
    }
    /// Return a bytes object containing the values packed according to the format string.
    "pack(*args)"
    fn pack_function(args: Rest<'_>) -> PyResult {
        match args.0 {
            [] => Err(raise!(TypeError, "missing format argument")),
            [format, values @ ..] => pack(&*format_of(*format)?, values),
        }
    }
    /// Pack the values according to the format string and write the packed bytes into the writable buffer at an offset.
    "pack_into(*args)"
    fn pack_into_function(args: Rest<'_>) -> PyResult<()> {
        match args.0 {
            [] => Err(raise!(TypeError, "missing format argument")),
            [format, values @ ..] => pack_into(&*format_of(*format)?, values),
        }
    }
    /// Return a tuple containing values unpacked according to the format string.
    "unpack(format, buffer, /)"
    fn unpack_function(format: Value, buffer: Buffer) -> PyResult {
        unpack(&*format_of(format)?, &buffer)
    }
    /// Return a tuple containing values unpacked according to the format string, starting at an offset.
    "unpack_from(format, /, buffer, offset=0)"
    fn unpack_from_function(format: Value, buffer: Buffer, offset: Option<isize>) -> PyResult {
        unpack_from(&*format_of(format)?, &buffer, offset.unwrap_or(0))
    }
    /// Return an iterator yielding tuples unpacked from the given bytes.
    "iter_unpack(format, buffer, /)"
    fn iter_unpack_function(format: Value, buffer: Value) -> PyResult {
        iterator(format_of(format)?, buffer)
    }
    /// Clear the internal cache.
    "_clearcache()"
    fn clearcache() {}
}

py_methods! { static METHODS for "Struct", &StructObject;
    /// Return a bytes object containing values packed according to this format.
    "pack(self, /, *values)"
    fn pack_method(this, values: Rest<'_>) -> PyResult {
        pack(&this.format.borrow().clone(), values.0)
    }
    /// Pack values according to this format into a buffer at an offset.
    "pack_into(self, /, *args)"
    fn pack_into_method(this, args: Rest<'_>) -> PyResult<()> {
        pack_into(&this.format.borrow().clone(), args.0)
    }
    /// Return a tuple containing unpacked values.
    "unpack(self, buffer, /)"
    fn unpack_method(this, buffer: Buffer) -> PyResult {
        unpack(&this.format.borrow().clone(), &buffer)
    }
    /// Return a tuple containing unpacked values, starting at an offset.
    "unpack_from(self, /, buffer, offset=0)"
    fn unpack_from_method(this, buffer: Buffer, offset: Option<isize>) -> PyResult {
        unpack_from(&this.format.borrow().clone(), &buffer, offset.unwrap_or(0))
    }
    /// Return an iterator yielding tuples.
    "iter_unpack(self, buffer, /)"
    fn iter_unpack_method(this, buffer: Value) -> PyResult {
        iterator(this.format.borrow().clone(), buffer)
    }
    /// Returns size in memory, in bytes.
    "__sizeof__(self, /)"
    fn sizeof(this) -> usize {
        size_of::<StructObject>() + this.format.borrow().fields.len() * size_of::<format::Field>()
    }
}

fn this<'a>(value: Value) -> &'a StructObject {
    value.get::<StructObject>().expect("descriptors check their owner")
}

/// `struct.Struct`.
static STRUCT: TypeObject = TypeObject::from_spec(&STRUCT_SPEC);
static STRUCT_SPEC: TypeSpec = TypeSpec {
    module: "_struct",
    doc: "Struct(fmt) --> compiled struct object",
    flags: type_flags::BASE,
    slots: Slots {
        new: Some(new),
        init: Some(init),
        repr: Some(|value| {
            let text = protocol::repr_string(StrObject::new(&this(value).text.borrow()).value())?;
            Ok(StrObject::new(&format!("{}({text})", value.ty().name())).into())
        }),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    getset: &[
        GetSetDef {
            name: "format",
            doc: "struct format string",
            get: |value| Ok(StrObject::new(&this(value).text.borrow()).into()),
            set: None,
        },
        GetSetDef {
            name: "size",
            doc: "struct size in bytes",
            get: |value| Ok(int::from_i64(this(value).format.borrow().size as i64)),
            set: None,
        },
    ],
    ..TypeSpec::of::<StructObject>("Struct")
};

/// What `iter_unpack` gives.
#[repr(C)]
pub struct UnpackIterator {
    header: Header,
    format: Rc<Format>,
    buffer: RefCell<Option<Buffer>>,
    at: Cell<usize>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for UnpackIterator {
    fn type_object() -> &'static TypeObject {
        &UNPACK_ITERATOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        if let Some(buffer) = self.buffer.borrow().as_ref() {
            visit(buffer.owner());
        }
    }
    fn clear(&self) {
        drop(self.buffer.take());
    }
}

fn iterator(format: Rc<Format>, data: Value) -> PyResult {
    if format.size == 0 {
        return Err(error("cannot iteratively unpack with a struct of length 0"));
    }
    let buffer = buffer::acquire_contiguous(data)?;
    if buffer.len() % format.size != 0 {
        let size = format.size;
        return Err(error(&format!("iterative unpacking requires a buffer of a multiple of {size} bytes")));
    }
    let contents = UnpackIterator {
        header: Header::new(&UNPACK_ITERATOR),
        format,
        buffer: RefCell::new(Some(buffer)),
        at: Cell::new(0),
    };
    Ok(object::new_object(contents).into())
}

fn next(value: Value) -> PyResult<Option<Ref>> {
    let iterator = value.get::<UnpackIterator>().expect("slots are called for instances");
    let (at, size) = (iterator.at.get(), iterator.format.size);
    let part = iterator.buffer.borrow().as_ref().and_then(|buffer| {
        let data = buffer.as_slice()?;
        data.get(at..at + size).map(<[u8]>::to_vec)
    });
    let Some(part) = part else {
        let spent = iterator.buffer.take();
        drop(spent);
        return Ok(None);
    };
    iterator.at.set(at + size);
    unpack_values(&iterator.format, &part).map(Some)
}

py_methods! { static ITERATOR_METHODS for "unpack_iterator", &UnpackIterator;
    /// Number of tuples to come.
    "__length_hint__(self, /)"
    fn length_hint(this) -> usize {
        let len = this.buffer.borrow().as_ref().map_or(0, Buffer::len);
        len.saturating_sub(this.at.get()) / this.format.size
    }
}

static UNPACK_ITERATOR: TypeObject = TypeObject::from_spec(&ITERATOR_SPEC);
static ITERATOR_SPEC: TypeSpec = TypeSpec {
    module: "_struct",
    flags: type_flags::GC | type_flags::NO_NEW,
    slots: Slots { iter: Some(protocol::identity), iternext: Some(next), ..Slots::EMPTY },
    methods: &[ITERATOR_METHODS],
    ..TypeSpec::of::<UnpackIterator>("unpack_iterator")
};
