//! `PickleBuffer`: an object that lends its memory to a pickle, to be written into it or handed on beside it (PEP 574).
//!
//! It holds the loan in a memoryview of the object, and lends as the object does. Cost: that of a memoryview.

use runtime::args::Args;
use runtime::buffer::{self, Buffer};
use runtime::field::Field;
use runtime::header::Header;
use runtime::object::{self, Object, Visitor};
use runtime::objects::memoryview::MemoryView;
use runtime::objects::str::StrObject;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, TypeObject, Value, protocol, py_methods, raise};

/// See the module documentation.
#[repr(C)]
struct PickleBuffer {
    header: Header,
    /// What it has been made of, until it is released.
    object: Field,
    /// A memoryview of that.
    view: Field,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for PickleBuffer {
    fn type_object() -> &'static TypeObject {
        &PICKLE_BUFFER
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.object.visit(visit);
        self.view.visit(visit);
    }
    fn clear(&self) {
        drop((self.view.take(), self.object.take()));
    }
}

impl PickleBuffer {
    fn get(&self, field: &Field) -> PyResult {
        let released = || raise!(ValueError, "operation forbidden on released PickleBuffer object");
        field.get_ref().ok_or_else(released)
    }
}

fn new(ty: &TypeObject, args: Args<'_>) -> PyResult {
    args.no_keywords("PickleBuffer")?;
    let &[object] = args.positional else {
        let given = args.positional.len();
        return Err(raise!(TypeError, "PickleBuffer expected 1 argument, got {given}"));
    };
    if !buffer::is_bytes_like(object) {
        let got = object.ty().name();
        return Err(raise!(TypeError, "a bytes-like object is required, not '{got}'"));
    }
    let (view, object) = (Field::new(MemoryView::over(object)?), Field::new(object.to_ref()));
    Ok(object::new_object_of(ty, PickleBuffer { header: Header::new(ty), object, view }).into())
}

/// Lends what the object lends, in the object's name.
fn lend(value: Value) -> PyResult<Buffer> {
    let this = value.get::<PickleBuffer>().expect("slots check their owner");
    buffer::acquire(this.get(&this.object)?.value())
}

py_methods! { static METHODS for "PickleBuffer", &PickleBuffer;
    /// A view of the memory as a row of bytes, which it must be.
    "raw(self, /)"
    fn raw(this) -> PyResult {
        let view = this.get(&this.view)?;
        if !buffer::acquire(view.value())?.is_contiguous() {
            return Err(raise!(BufferError, "cannot extract raw buffer from non-contiguous buffer"));
        }
        let format = StrObject::new("B");
        protocol::call_method_text(view.value(), "cast", &[format.value()])
    }
    /// Give the memory back.
    "release(self, /)"
    fn release(this) -> PyResult<()> {
        this.clear();
        Ok(())
    }
}

/// `pickle.PickleBuffer`
pub(super) static PICKLE_BUFFER: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "pickle",
    doc: "PickleBuffer(object)\n--\n\nWrapper for an object whose memory a pickle may take over without a copy.",
    flags: type_flags::WEAK | type_flags::GC,
    slots: Slots { new: Some(new), buffer: Some(lend), ..Slots::EMPTY },
    methods: &[METHODS],
    ..TypeSpec::of::<PickleBuffer>("PickleBuffer")
};
