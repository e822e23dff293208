//! `memoryview`: another object's memory as elements of a format, in any number of dimensions, without a copy.
//!
//! A view holds a loan ([`Buffer`]) from the object at the bottom, so that the memory stays where it is, and its own address, shape and
//! format; views of views borrow from the bottom, too. A view lends in turn, and cannot be released while it does.
//!
//! - [`element`]: one element in native form
//! - `access`: subscripts, assignment, comparison
//! - `methods`: what Python calls

mod access;
pub mod element;
mod methods;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use crate::args::Args;
use crate::buffer::{self, Buffer, Shape};
use crate::header::Header;
use crate::object::{self, Object, Visitor};
use crate::objects::bytes::BytesObject;
use crate::objects::str::StrObject;
use crate::objects::typing::generic_alias::SUBSCRIPTABLE;
use crate::protocol;
use crate::slots::Slots;
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Ref, Value};

/// A view.
#[repr(C)]
pub struct MemoryView {
    header: Header,
    /// The loan from the object at the bottom; none once the view is released.
    loan: RefCell<Option<Buffer>>,
    /// Address of the element with all indices 0.
    data: *mut u8,
    readonly: bool,
    itemsize: usize,
    format: Cow<'static, str>,
    shape: Shape,
    /// Loans of this view that are out.
    loans: Cell<usize>,
    hash: Cell<Option<i64>>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for MemoryView {
    fn type_object() -> &'static TypeObject {
        &MEMORYVIEW
    }
    fn traverse(&self, visit: Visitor<'_>) {
        if let Some(loan) = self.loan.borrow().as_ref() {
            visit(loan.owner());
        }
    }
    fn clear(&self) {
        if self.loans.get() == 0 {
            drop(self.loan.take());
        }
    }
}

/// What distinguishes a view from another of the same memory.
#[derive(Clone)]
struct Form {
    data: *mut u8,
    readonly: bool,
    itemsize: usize,
    format: Cow<'static, str>,
    shape: Shape,
}

impl MemoryView {
    fn make(loan: Buffer, form: Form) -> Ref {
        let contents = MemoryView {
            header: Header::new(&MEMORYVIEW),
            loan: RefCell::new(Some(loan)),
            data: form.data,
            readonly: form.readonly,
            itemsize: form.itemsize,
            format: form.format,
            shape: form.shape,
            loans: Cell::new(0),
            hash: Cell::new(None),
        };
        object::new_object(contents).into()
    }

    /// A view of an object's memory as the object describes it.
    pub fn over(object: Value) -> PyResult {
        if let Some(view) = object.get::<MemoryView>() {
            return view.derive(view.form());
        }
        if !buffer::is_bytes_like(object) {
            let name = object.ty().name();
            return Err(crate::raise!(
                TypeError,
                "memoryview: a bytes-like object is required, not '{name}'"
            ));
        }
        Ok(Self::of_loan(buffer::acquire(object)?))
    }

    /// A view of memory that has been lent. What a Python class lends is the memory of the view that its `__buffer__` gives.
    pub(crate) fn of_loan(loan: Buffer) -> Ref {
        let form = Form {
            data: loan.data(),
            readonly: loan.readonly,
            itemsize: loan.itemsize,
            format: loan.format.clone(),
            shape: loan.shape(),
        };
        Self::make(loan, form)
    }

    fn form(&self) -> Form {
        Form {
            data: self.data,
            readonly: self.readonly,
            itemsize: self.itemsize,
            format: self.format.clone(),
            shape: self.shape.clone(),
        }
    }

    /// Another view of the same memory.
    fn derive(&self, form: Form) -> PyResult {
        let owner = self.owner()?;
        Ok(Self::make(buffer::acquire(owner.value())?, form))
    }

    /// The object at the bottom.
    fn owner(&self) -> PyResult {
        self.check_open()?;
        let loan = self.loan.borrow();
        Ok(loan.as_ref().expect("just checked").owner().to_ref())
    }

    fn check_open(&self) -> PyResult<()> {
        if self.loan.borrow().is_none() {
            return Err(crate::raise!(ValueError, "operation forbidden on released memoryview object"));
        }
        Ok(())
    }

    fn release(&self) -> PyResult<()> {
        let count = self.loans.get();
        if count > 0 {
            let ending = crate::signature::plural(count);
            return Err(crate::raise!(BufferError, "memoryview has {count} exported buffer{ending}"));
        }
        let loan = self.loan.take();
        drop(loan);
        Ok(())
    }

    fn len_bytes(&self) -> usize {
        self.shape.count() * self.itemsize
    }

    /// The bytes of the element at a byte offset.
    fn element(&self, offset: isize) -> PyResult<&[u8]> {
        self.check_open()?;
        // SAFETY: offsets come from indices inside the shape, and the loan keeps the memory in place.
        Ok(unsafe { std::slice::from_raw_parts(self.data.offset(offset), self.itemsize) })
    }

    fn write(&self, offset: isize, bytes: &[u8]) -> PyResult<()> {
        self.check_open()?;
        // SAFETY: as for `element`; the memory is writable, which every caller checks, and may overlap the source.
        unsafe { std::ptr::copy(bytes.as_ptr(), self.data.offset(offset), bytes.len()) };
        Ok(())
    }

    /// The bytes of all elements in order.
    pub(crate) fn to_vec(&self) -> PyResult<Vec<u8>> {
        self.bytes_in_order(true)
    }

    fn bytes_in_order(&self, in_c_order: bool) -> PyResult<Vec<u8>> {
        self.check_open()?;
        let mut out = Vec::with_capacity(self.len_bytes());
        if in_c_order && self.shape.is_contiguous(self.itemsize, true) && self.len_bytes() > 0 {
            // SAFETY: the elements are one stretch from the first on.
            out.extend_from_slice(unsafe { std::slice::from_raw_parts(self.data, self.len_bytes()) });
            return Ok(out);
        }
        for offset in self.shape.offsets(in_c_order) {
            out.extend_from_slice(self.element(offset)?);
        }
        Ok(out)
    }

    /// Code of the elements; other formats cannot be read element by element.
    fn code(&self) -> PyResult<u8> {
        match element::code_of(&self.format) {
            Some((code, _)) => Ok(code),
            None => {
                Err(crate::raise!(NotImplementedError, "memoryview: format {} not supported", self.format))
            }
        }
    }
}

fn this<'a>(value: Value) -> &'a MemoryView {
    value.get::<MemoryView>().expect("slots are called for instances")
}

fn new(_: &TypeObject, args: Args<'_>) -> PyResult {
    if args.len() > 1 {
        let (kind, given) = (if args.positional.is_empty() { "keyword " } else { "" }, args.len());
        return Err(crate::raise!(TypeError, "memoryview() takes at most 1 {kind}argument ({given} given)"));
    }
    let mut objects: Vec<Value> = args.positional.to_vec();
    for (name, value) in args.keywords() {
        match name.get::<StrObject>() {
            Some(name) if name.eq_str("object") => objects.push(value),
            _ => {
                let name = protocol::str_string(name)?;
                return Err(crate::raise!(
                    TypeError,
                    "memoryview() got an unexpected keyword argument '{name}'"
                ));
            }
        }
    }
    match objects.first() {
        None => Err(crate::raise!(TypeError, "memoryview() missing required argument 'object' (pos 1)")),
        Some(object) => MemoryView::over(*object),
    }
}

fn repr(value: Value) -> PyResult {
    let what = if this(value).loan.borrow().is_some() { "memory" } else { "released memory" };
    Ok(StrObject::new(&format!("<{what} at {:#x}>", value.bits())).into())
}

fn hash(value: Value) -> PyResult<i64> {
    let view = this(value);
    if let Some(known) = view.hash.get() {
        return Ok(known);
    }
    view.check_open()?;
    if !view.readonly {
        return Err(crate::raise!(ValueError, "cannot hash writable memoryview object"));
    }
    if !matches!(element::code_of(&view.format), Some((b'B' | b'b' | b'c', _))) {
        return Err(crate::raise!(
            ValueError,
            "memoryview: hashing is restricted to formats 'B', 'b' or 'c'"
        ));
    }
    let hash = protocol::hash(BytesObject::new(&view.to_vec()?).value())?;
    view.hash.set(Some(hash));
    Ok(hash)
}

fn lend(value: Value) -> PyResult<Buffer> {
    let view = this(value);
    view.check_open()?;
    view.loans.set(view.loans.get() + 1);
    // SAFETY: the view's own loan keeps the memory in place, and the view is not released while it lends.
    let mut buffer = unsafe { Buffer::new(value, view.data, view.len_bytes(), view.readonly) };
    buffer.itemsize = view.itemsize;
    buffer.format = view.format.clone();
    buffer.shape = Some(view.shape.clone());
    Ok(buffer)
}

/// `memoryview`.
pub static MEMORYVIEW: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    flags: type_flags::WEAK | type_flags::GC | type_flags::SEQUENCE,
    doc: "memoryview(object)\n--\n\nCreate a new memoryview object which references the given object.",
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        hash: Some(hash),
        richcompare: Some(access::richcompare),
        len: Some(access::len),
        subscript: Some(access::subscript),
        ass_subscript: Some(access::ass_subscript),
        iter: Some(|value| protocol::get_iter(access::elements(this(value))?.value())),
        contains: Some(|value, item| protocol::contains(access::elements(this(value))?.value(), item)),
        buffer: Some(lend),
        release_buffer: Some(|value| this(value).loans.set(this(value).loans.get() - 1)),
        ..Slots::EMPTY
    },
    methods: &[methods::METHODS, SUBSCRIPTABLE],
    getset: methods::GETSET,
    ..TypeSpec::of::<MemoryView>("memoryview")
};
