//! `memoryview`: a stretch of another object's bytes, perhaps with gaps, without a copy.
//!
//! A view names its lender and the indices of its bytes; every access borrows the lender's bytes for a moment and checks that they are
//! still there, so that a lender may shrink meanwhile. Elements are single bytes; other formats are not supported yet.

use std::cell::Cell;

use crate::args::Args;
use crate::buffer;
use crate::convert::Rest;
use crate::field::Field;
use crate::header::Header;
use crate::methods::GetSetDef;
use crate::object::{self, Object, Visitor};
use crate::objects::bytes::BytesObject;
use crate::objects::list::ListObject;
use crate::objects::sequence::{self, SliceBounds, Subscript};
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, int, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};
use crate::{py_class_methods, py_methods};

/// A view.
#[repr(C)]
pub struct MemoryView {
    header: Header,
    /// Who lends the bytes; unset once the view is released.
    lender: Field,
    /// Index of the first byte.
    start: isize,
    /// Distance between two bytes.
    step: isize,
    len: usize,
    hash: Cell<Option<i64>>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for MemoryView {
    fn type_object() -> &'static TypeObject {
        &MEMORYVIEW
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.lender.visit(visit);
    }
    fn clear(&self) {
        drop(self.lender.take());
    }
}

impl MemoryView {
    fn make(lender: Ref, start: isize, step: isize, len: usize) -> Ref {
        let contents = MemoryView {
            header: Header::new(&MEMORYVIEW),
            lender: Field::new(lender),
            start,
            step,
            len,
            hash: Cell::new(None),
        };
        object::new_object(contents).into()
    }

    /// A view of a whole object, or of what a view shows.
    fn over(object: Value) -> PyResult {
        if let Some(view) = object.get::<MemoryView>() {
            return Ok(Self::make(view.lender()?, view.start, view.step, view.len));
        }
        if !buffer::is_bytes_like(object) {
            let name = object.ty().name();
            return Err(crate::raise!(
                TypeError,
                "memoryview: a bytes-like object is required, not '{name}'"
            ));
        }
        let len = buffer::with_bytes(object, <[u8]>::len)?;
        Ok(Self::make(object.to_ref(), 0, 1, len))
    }

    fn lender(&self) -> PyResult {
        let released = || crate::raise!(ValueError, "operation forbidden on released memoryview object");
        self.lender.get_ref().ok_or_else(released)
    }

    fn place(&self, at: usize) -> usize {
        (self.start + at as isize * self.step) as usize
    }

    /// The bytes, copied.
    pub(crate) fn to_vec(&self) -> PyResult<Vec<u8>> {
        let lender = self.lender()?;
        let copied = buffer::with_bytes(lender.value(), |bytes| {
            (0..self.len).map(|at| bytes.get(self.place(at)).copied()).collect::<Option<Vec<u8>>>()
        })?;
        copied.ok_or_else(|| crate::raise!(ValueError, "the memory that the view shows is gone"))
    }

    fn byte(&self, at: usize) -> PyResult<u8> {
        let lender = self.lender()?;
        buffer::with_bytes(lender.value(), |bytes| bytes.get(self.place(at)).copied())?
            .ok_or_else(|| crate::raise!(ValueError, "the memory that the view shows is gone"))
    }

    fn is_readonly(&self) -> PyResult<bool> {
        Ok(self.lender()?.value().is_instance::<BytesObject>())
    }

    fn write(&self, places: impl Iterator<Item = usize>, new: &[u8]) -> PyResult<()> {
        if self.is_readonly()? {
            return Err(crate::raise!(TypeError, "cannot modify read-only memory"));
        }
        let lender = self.lender()?;
        buffer::with_bytes_mut(lender.value(), |bytes| {
            for (at, &byte) in places.zip(new) {
                if let Some(place) = bytes.get_mut(self.place(at)) {
                    *place = byte;
                }
            }
        })
    }
}

fn this<'a>(value: Value) -> &'a MemoryView {
    value.get::<MemoryView>().expect("slots are called for instances")
}

fn new(_: &TypeObject, args: Args<'_>) -> PyResult {
    match args.to_vec().as_slice() {
        [object] => MemoryView::over(*object),
        more => Err(crate::raise!(TypeError, "memoryview() takes exactly 1 argument ({} given)", more.len())),
    }
}

fn repr(value: Value) -> PyResult {
    let what = if this(value).lender.get().is_some() { "memory" } else { "released memory" };
    Ok(StrObject::new(&format!("<{what} at {:#x}>", value.bits())).into())
}

fn hash(value: Value) -> PyResult<i64> {
    let view = this(value);
    if let Some(known) = view.hash.get() {
        return Ok(known);
    }
    if !view.is_readonly()? {
        return Err(crate::raise!(ValueError, "cannot hash writable memoryview object"));
    }
    let hash = protocol::hash(BytesObject::new(&view.to_vec()?).value())?;
    view.hash.set(Some(hash));
    Ok(hash)
}

fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let wanted = match op {
        CompareOp::Equal => true,
        CompareOp::NotEqual => false,
        _ => return singleton::decline(),
    };
    let bytes = |value: Value| match value.get::<MemoryView>() {
        Some(view) => view.to_vec(),
        None => buffer::to_vec(value),
    };
    if !buffer::is_bytes_like(b) {
        return singleton::decline();
    }
    Ok(objects::bool((bytes(a)? == bytes(b)?) == wanted).to_ref())
}

fn subscript(value: Value, key: Value) -> PyResult {
    let view = this(value);
    match Subscript::of(key, "memoryview")? {
        Subscript::Index(at) => match sequence::wrap_index(at, view.len) {
            Some(at) => Ok(int::from_i64(view.byte(at)?.into())),
            None => Err(crate::raise!(IndexError, "index out of bounds on dimension 1")),
        },
        Subscript::Slice(slice) => {
            let bounds = SliceBounds::resolve(slice, view.len)?;
            let start = view.start + bounds.start * view.step;
            Ok(MemoryView::make(view.lender()?, start, view.step * bounds.step, bounds.len))
        }
    }
}

fn ass_subscript(value: Value, key: Value, item: Option<Value>) -> PyResult<()> {
    let view = this(value);
    let Some(item) = item else { return Err(crate::raise!(TypeError, "cannot delete memory")) };
    if view.is_readonly()? {
        return Err(crate::raise!(TypeError, "cannot modify read-only memory"));
    }
    match Subscript::of(key, "memoryview")? {
        Subscript::Index(at) => {
            let Some(at) = sequence::wrap_index(at, view.len) else {
                return Err(crate::raise!(IndexError, "index out of bounds on dimension 1"));
            };
            if int::IntRef::of(item).is_none() {
                return Err(crate::raise!(TypeError, "memoryview: invalid type for format 'B'"));
            }
            let byte = int::to_i64(item).ok().and_then(|number| u8::try_from(number).ok());
            drop(crate::thread::thread().fetch_raised());
            match byte {
                Some(byte) => view.write(std::iter::once(at), &[byte]),
                None => Err(crate::raise!(ValueError, "memoryview: invalid value for format 'B'")),
            }
        }
        Subscript::Slice(slice) => {
            let bounds = SliceBounds::resolve(slice, view.len)?;
            let new = match item.get::<MemoryView>() {
                Some(other) => other.to_vec()?,
                None => buffer::to_vec(item)?,
            };
            if new.len() != bounds.len {
                return Err(crate::raise!(
                    ValueError,
                    "memoryview assignment: lvalue and rvalue have different structures"
                ));
            }
            view.write(bounds.indices(), &new)
        }
    }
}

fn numbers(view: &MemoryView) -> PyResult {
    let items = view.to_vec()?.into_iter().map(|byte| int::from_i64(byte.into())).collect();
    Ok(ListObject::new(items).into())
}

py_methods! { static METHODS for "memoryview", &MemoryView;
    /// Return the data in the buffer as a byte string.
    "tobytes(self, order='C')"
    fn tobytes(this, order: Option<Value>) -> PyResult {
        let _ = order;
        Ok(BytesObject::new(&this.to_vec()?).into())
    }
    /// Return the data in the buffer as a list of elements.
    "tolist(self, /)"
    fn tolist(this) -> PyResult {
        numbers(this)
    }
    /// Release the underlying buffer exposed by the memoryview object.
    "release(self, /)"
    fn release(this) {
        drop(this.lender.take());
    }
    /// Return a readonly version of the memoryview.
    "toreadonly(self, /)"
    fn toreadonly(this) -> PyResult {
        MemoryView::over(BytesObject::new(&this.to_vec()?).value())
    }
    /// Return the data in the buffer as a str of hexadecimal numbers.
    "hex(self, /, *args, **kwargs)"
    fn hex(this, args: Rest<'_>, kwargs: crate::convert::Keywords) -> PyResult {
        let _ = kwargs;
        protocol::call_method_text(BytesObject::new(&this.to_vec()?).value(), "hex", args.0)
    }
    /// Cast a memoryview to a new format or shape.
    "cast(self, format, *shape)"
    fn cast(this, format: String, shape: Rest<'_>) -> PyResult {
        if format != "B" || !shape.0.is_empty() {
            return Err(crate::error::not_supported("memoryview.cast() to anything but 'B'"));
        }
        MemoryView::over(Value::from_object(this))
    }
    /// Gives the view itself.
    "__enter__(self, /)"
    fn enter(this) -> PyResult {
        this.lender()?;
        Ok(Value::from_object(this).to_ref())
    }
    /// Releases the view.
    "__exit__(self, /, *exc_info)"
    fn exit(this, exc_info: Rest<'_>) {
        let _ = exc_info;
        drop(this.lender.take());
    }
}

py_class_methods! { static CLASS_METHODS for "memoryview";
    /// See PEP 585
    "__class_getitem__(cls, item, /)"
    fn class_getitem(cls, item: Value) -> PyResult {
        objects::typing::generic_alias::new(cls.value(), item)
    }
}

fn number(number: usize) -> PyResult {
    Ok(int::from_i64(number as i64))
}

static GETSET: &[GetSetDef] = &[
    GetSetDef { name: "obj", doc: "", get: |value| this(value).lender(), set: None },
    GetSetDef { name: "nbytes", doc: "", get: |value| number(this(value).len), set: None },
    GetSetDef { name: "itemsize", doc: "", get: |_| number(1), set: None },
    GetSetDef { name: "ndim", doc: "", get: |_| number(1), set: None },
    GetSetDef { name: "format", doc: "", get: |_| Ok(StrObject::intern("B").into()), set: None },
    GetSetDef {
        name: "readonly",
        doc: "",
        get: |value| Ok(objects::bool(this(value).is_readonly()?).to_ref()),
        set: None,
    },
    GetSetDef {
        name: "shape",
        doc: "",
        get: |value| Ok(TupleObject::of([int::from_i64(this(value).len as i64)]).into()),
        set: None,
    },
    GetSetDef {
        name: "strides",
        doc: "",
        get: |value| Ok(TupleObject::of([int::from_i64(this(value).step as i64)]).into()),
        set: None,
    },
    GetSetDef {
        name: "c_contiguous",
        doc: "",
        get: |value| Ok(objects::bool(this(value).step == 1).to_ref()),
        set: None,
    },
    GetSetDef {
        name: "contiguous",
        doc: "",
        get: |value| Ok(objects::bool(this(value).step == 1).to_ref()),
        set: None,
    },
];

/// `memoryview`.
pub static MEMORYVIEW: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "Create a new memoryview object which references the given object.",
    flags: type_flags::GC | type_flags::SEQUENCE,
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        hash: Some(hash),
        richcompare: Some(richcompare),
        len: Some(|value| this(value).lender().map(|_| this(value).len)),
        subscript: Some(subscript),
        ass_subscript: Some(ass_subscript),
        iter: Some(|value| protocol::get_iter(numbers(this(value))?.value())),
        contains: Some(|value, item| protocol::contains(numbers(this(value))?.value(), item)),
        ..Slots::EMPTY
    },
    methods: &[METHODS, CLASS_METHODS],
    getset: GETSET,
    ..TypeSpec::of::<MemoryView>("memoryview")
};
