//! Subscripts of views, assignment through them, and comparison.

use super::element::{self, code_of};
use super::{MemoryView, this};
use crate::buffer::{self, Buffer};
use crate::objects::int;
use crate::objects::list::ListObject;
use crate::objects::sequence::{self, SliceBounds};
use crate::objects::slice::SliceObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self, singleton};
use crate::operator::CompareOp;
use crate::protocol;
use crate::value::{Py, PyResult, Ref, Value};

/// What a subscript selects.
enum Selected {
    /// The element at a byte offset.
    Element(isize),
    /// Part of the only or the first dimension.
    Part(SliceBounds),
    /// All of a view without dimensions.
    Whole,
}

pub(super) fn len(value: Value) -> PyResult<usize> {
    let view = this(value);
    view.check_open()?;
    match view.shape.dims.first() {
        Some(&len) => Ok(len),
        None => Err(crate::raise!(TypeError, "0-dim memory has no length")),
    }
}

fn invalid_key() -> crate::error::Raised {
    crate::raise!(TypeError, "memoryview: invalid slice key")
}

/// The byte offset of an index in a dimension.
fn offset_in(view: &MemoryView, dimension: usize, index: Value) -> PyResult<isize> {
    let at = int::to_index(index, "cannot fit 'int' into an index-sized integer")?;
    // The conversion may have released the view.
    view.check_open()?;
    match sequence::wrap_index(at, view.shape.dims[dimension]) {
        Some(at) => Ok(at as isize * view.shape.strides[dimension]),
        None => Err(crate::raise!(IndexError, "index out of bounds on dimension {}", dimension + 1)),
    }
}

fn select(view: &MemoryView, key: Value) -> PyResult<Selected> {
    view.check_open()?;
    let ndim = view.shape.dims.len();
    if ndim == 0 {
        return match key.get::<TupleObject>() {
            Some(tuple) if tuple.items().is_empty() => Ok(Selected::Element(0)),
            _ if key.is_exact(&singleton::ELLIPSIS_TYPE) => Ok(Selected::Whole),
            _ => Err(crate::raise!(TypeError, "invalid indexing of 0-dim memory")),
        };
    }
    if let Some(slice) = key.get::<SliceObject>() {
        return SliceBounds::resolve(slice, view.shape.dims[0]).map(Selected::Part);
    }
    if let Some(tuple) = key.get::<TupleObject>() {
        return select_by_tuple(view, tuple.items());
    }
    if key.ty().slots().index.is_none() {
        return Err(invalid_key());
    }
    let offset = offset_in(view, 0, key)?;
    if ndim > 1 {
        return Err(crate::raise!(NotImplementedError, "multi-dimensional sub-views are not implemented"));
    }
    Ok(Selected::Element(offset))
}

fn select_by_tuple(view: &MemoryView, items: &[Value]) -> PyResult<Selected> {
    let ndim = view.shape.dims.len();
    let is_index = |item: &Value| item.ty().slots().index.is_some();
    if items.iter().all(is_index) {
        let given = items.len();
        if given > ndim {
            return Err(crate::raise!(
                TypeError,
                "cannot index {ndim}-dimension view with {given}-element tuple"
            ));
        }
        if given < ndim {
            return Err(crate::raise!(NotImplementedError, "sub-views are not implemented"));
        }
        let mut offset = 0;
        for (dimension, &item) in items.iter().enumerate() {
            offset += offset_in(view, dimension, item)?;
        }
        return Ok(Selected::Element(offset));
    }
    if items.iter().all(|item| item.is_instance::<SliceObject>()) {
        return Err(crate::raise!(NotImplementedError, "multi-dimensional slicing is not implemented"));
    }
    Err(invalid_key())
}

pub(super) fn subscript(value: Value, key: Value) -> PyResult {
    let view = this(value);
    match select(view, key)? {
        Selected::Element(offset) => {
            let code = view.code()?;
            element::unpack(code, view.element(offset)?)
        }
        Selected::Whole => Ok(value.to_ref()),
        Selected::Part(bounds) => {
            let mut form = view.form();
            // The first index lies inside the dimension, or nothing is selected and nothing is ever read.
            form.data = form.data.wrapping_offset(bounds.start * view.shape.strides[0]);
            form.shape.dims[0] = bounds.len;
            form.shape.strides[0] *= bounds.step;
            view.derive(form)
        }
    }
}

pub(super) fn ass_subscript(value: Value, key: Value, item: Option<Value>) -> PyResult<()> {
    let view = this(value);
    view.check_open()?;
    let code = view.code()?;
    if view.readonly {
        return Err(crate::raise!(TypeError, "cannot modify read-only memory"));
    }
    let Some(item) = item else { return Err(crate::raise!(TypeError, "cannot delete memory")) };
    if let Some(tuple) = key.get::<TupleObject>()
        && !tuple.is_empty()
        && tuple.items().iter().all(|item| item.is_instance::<SliceObject>())
    {
        return Err(crate::raise!(
            NotImplementedError,
            "memoryview slice assignments are currently restricted to ndim = 1"
        ));
    }
    if view.shape.dims.len() > 1 && !key.is_instance::<TupleObject>() {
        return Err(match key.is_instance::<SliceObject>() {
            true => crate::raise!(
                NotImplementedError,
                "memoryview slice assignments are currently restricted to ndim = 1"
            ),
            false if key.ty().slots().index.is_none() => invalid_key(),
            false => crate::raise!(NotImplementedError, "sub-views are not implemented"),
        });
    }
    match select(view, key)? {
        Selected::Element(offset) => {
            let bytes = element::pack(code, view.itemsize, item)?;
            view.write(offset, &bytes)
        }
        Selected::Whole => {
            let bytes = element::pack(code, view.itemsize, item)?;
            view.write(0, &bytes)
        }
        Selected::Part(bounds) => {
            let source = buffer::acquire(item)?;
            let shape = source.shape();
            let has_equal_format = code_of(&source.format) == code_of(&view.format);
            if shape.dims != [bounds.len] || !has_equal_format || source.itemsize != view.itemsize {
                return Err(crate::raise!(
                    ValueError,
                    "memoryview assignment: lvalue and rvalue have different structures"
                ));
            }
            let bytes = source.to_cow().into_owned();
            for (at, chunk) in bounds.indices().zip(bytes.chunks(view.itemsize)) {
                view.write(at as isize * view.shape.strides[0], chunk)?;
            }
            Ok(())
        }
    }
}

/// The elements of the first dimension.
pub(super) fn elements(view: &MemoryView) -> PyResult<Py<ListObject>> {
    view.check_open()?;
    match view.shape.dims.len() {
        0 => Err(crate::raise!(TypeError, "0-dim memory has no length")),
        1 => {
            let code = view.code()?;
            let parts =
                view.shape.offsets(true).into_iter().map(|at| element::unpack(code, view.element(at)?));
            Ok(ListObject::new(parts.collect::<PyResult<Vec<Ref>>>()?))
        }
        _ => Err(crate::raise!(NotImplementedError, "multi-dimensional sub-views are not implemented")),
    }
}

/// All elements as nested lists.
pub(super) fn nested(view: &MemoryView) -> PyResult {
    let code = view.code()?;
    view.check_open()?;
    nested_from(view, code, 0, 0)
}

fn nested_from(view: &MemoryView, code: u8, dimension: usize, offset: isize) -> PyResult {
    let Some(&len) = view.shape.dims.get(dimension) else {
        return element::unpack(code, view.element(offset)?);
    };
    let stride = view.shape.strides[dimension];
    let items = (0..len as isize).map(|at| nested_from(view, code, dimension + 1, offset + at * stride));
    Ok(ListObject::new(items.collect::<PyResult<Vec<Ref>>>()?).into())
}

pub(super) fn richcompare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let wanted = match op {
        CompareOp::Equal => true,
        CompareOp::NotEqual => false,
        _ => return singleton::decline(),
    };
    let answer = |is_equal: bool| Ok(objects::bool(is_equal == wanted).to_ref());
    if this(a).loan.borrow().is_none() {
        return answer(a == b);
    }
    if b.get::<MemoryView>().is_some_and(|view| view.loan.borrow().is_none()) {
        return answer(false);
    }
    if !buffer::is_bytes_like(b) {
        return singleton::decline();
    }
    let (Ok(first), Ok(second)) = (buffer::acquire(a), buffer::acquire(b)) else {
        drop(crate::thread::thread().fetch_raised());
        return singleton::decline();
    };
    answer(has_equal_elements(&first, &second)?)
}

fn has_equal_elements(a: &Buffer, b: &Buffer) -> PyResult<bool> {
    if a.shape().dims != b.shape().dims {
        return Ok(false);
    }
    let (Some((first, first_size)), Some((second, second_size))) = (code_of(&a.format), code_of(&b.format))
    else {
        return Ok(false);
    };
    let is_integer = |code: u8| !matches!(code, b'e' | b'f' | b'd' | b'?');
    let (left, right) = (a.to_cow(), b.to_cow());
    if first == second && is_integer(first) {
        return Ok(left == right);
    }
    for (x, y) in left.chunks(first_size).zip(right.chunks(second_size)) {
        let (x, y) = (element::unpack(first, x)?, element::unpack(second, y)?);
        if !protocol::compare_bool(CompareOp::Equal, x.value(), y.value())? {
            return Ok(false);
        }
    }
    Ok(true)
}
