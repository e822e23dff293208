//! Methods and attributes of `memoryview`.

use std::borrow::Cow;

use super::element::code_of;
use super::{MemoryView, access, this};
use crate::buffer::Shape;
use crate::convert::{OrNone, Rest};
use crate::methods::GetSetDef;
use crate::objects::byte_string::transform;
use crate::objects::bytes::BytesObject;
use crate::objects::int::{self, IntRef};
use crate::objects::list::ListObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self};
use crate::protocol;
use crate::py_methods;
use crate::value::{PyResult, Ref, Value};

/// Most dimensions that a view can have.
const MAX_DIMENSIONS: usize = 64;

/// The shape that `cast` is given.
fn shape_of(value: Value) -> PyResult<Vec<usize>> {
    if !value.is_instance::<ListObject>() && !value.is_instance::<TupleObject>() {
        return Err(crate::raise!(TypeError, "shape must be a list or a tuple"));
    }
    let items = protocol::collect(value)?;
    if items.len() > MAX_DIMENSIONS {
        return Err(crate::raise!(
            ValueError,
            "memoryview: number of dimensions must not exceed {MAX_DIMENSIONS}"
        ));
    }
    let dimension = |item: &Ref| {
        if IntRef::of(item.value()).is_none() {
            return Err(crate::raise!(TypeError, "memoryview.cast(): elements of shape must be integers"));
        }
        match int::to_isize(item.value())? {
            dim @ 1.. => Ok(dim as usize),
            _ => Err(crate::raise!(ValueError, "memoryview.cast(): elements of shape must be integers > 0")),
        }
    };
    items.iter().map(dimension).collect()
}

fn cast(view: &MemoryView, format: &str, shape: Option<Value>) -> PyResult {
    view.check_open()?;
    if !view.shape.is_contiguous(view.itemsize, true) {
        return Err(crate::raise!(TypeError, "memoryview: casts are restricted to C-contiguous views"));
    }
    let one_dimensional = view.shape.dims.len() == 1;
    if (shape.is_some() || !one_dimensional) && view.shape.dims.contains(&0) {
        return Err(crate::raise!(TypeError, "memoryview: cannot cast view with zeros in shape or strides"));
    }
    let dims = shape.map(shape_of).transpose()?;
    if let Some(dims) = &dims
        && !one_dimensional
        && dims.len() != 1
    {
        return Err(crate::raise!(TypeError, "memoryview: cast must be 1D -> ND or ND -> 1D"));
    }
    let Some((code, itemsize)) = code_of(format) else {
        return Err(crate::raise!(
            ValueError,
            "memoryview: destination format must be a native single character format prefixed with an optional '@'"
        ));
    };
    let is_byte = |code: u8| matches!(code, b'b' | b'B' | b'c');
    let source = code_of(&view.format).map(|(code, _)| code);
    if source.is_none() || !(is_byte(code) || source.is_some_and(is_byte)) {
        return Err(crate::raise!(TypeError, "memoryview: cannot cast between two non-byte formats"));
    }
    let len = view.len_bytes();
    if !len.is_multiple_of(itemsize) {
        return Err(crate::raise!(TypeError, "memoryview: length is not a multiple of itemsize"));
    }
    let dims = dims.unwrap_or_else(|| vec![len / itemsize]);
    let product = dims.iter().try_fold(itemsize, |product, &dim| product.checked_mul(dim));
    if product != Some(len) {
        return Err(crate::raise!(TypeError, "memoryview: product(shape) * itemsize != buffer size"));
    }
    let mut form = view.form();
    form.format = Cow::Owned(format.to_owned());
    form.shape = Shape::contiguous(dims, itemsize);
    form.itemsize = itemsize;
    view.derive(form)
}

py_methods! { pub(super) static METHODS for "memoryview", &MemoryView;
    /// Return the data in the buffer as a byte string.
    "tobytes(self, /, order='C')"
    fn tobytes(this, order: OrNone<String>) -> PyResult {
        this.check_open()?;
        let in_c_order = match order.0.as_deref() {
            None | Some("C") => true,
            Some("F") => false,
            Some("A") => !this.shape.is_contiguous(this.itemsize, false) || this.shape.is_contiguous(this.itemsize, true),
            Some(_) => return Err(crate::raise!(ValueError, "order must be 'C', 'F' or 'A'")),
        };
        Ok(BytesObject::new(&this.bytes_in_order(in_c_order)?).into())
    }
    /// Return the data in the buffer as a list of elements.
    "tolist(self, /)"
    fn tolist(this) -> PyResult {
        this.check_open()?;
        access::nested(this)
    }
    /// Release the underlying buffer exposed by the memoryview object.
    "release(self, /)"
    fn release(this) -> PyResult<()> {
        this.release()
    }
    /// Return a readonly version of the memoryview.
    "toreadonly(self, /)"
    fn toreadonly(this) -> PyResult {
        let mut form = this.form();
        form.readonly = true;
        this.derive(form)
    }
    /// Return the data in the buffer as a str of hexadecimal numbers.
    "hex(self, /, sep=<unrepresentable>, bytes_per_sep=1)"
    fn hex(this, sep: Option<Value>, bytes_per_sep: Option<i32>) -> PyResult<String> {
        transform::hex(&this.to_vec()?, sep, bytes_per_sep.unwrap_or(1) as isize)
    }
    /// Cast a memoryview to a new format or shape.
    "cast(self, /, format, shape=<unrepresentable>)"
    fn cast_method(this, format: Value, shape: Option<Value>) -> PyResult {
        let Some(format) = format.get::<StrObject>() else {
            return Err(crate::raise!(TypeError, "cast() argument 'format' must be str, not {}", format.ty().name()));
        };
        cast(this, &format.to_string_lossy(), shape)
    }
    /// Count the number of occurrences of a value.
    "count(self, value, /)"
    fn count(this, value: Value) -> PyResult {
        protocol::call_method_text(access::elements(this)?.value(), "count", &[value])
    }
    /// Return the index of the first occurrence of a value.
    ///
    /// Raises ValueError if the value is not present.
    "index(self, value, start=0, stop=9223372036854775807, /)"
    fn index(this, value: Value, start: Option<isize>, stop: Option<isize>) -> PyResult<usize> {
        let elements = access::elements(this)?;
        let len = elements.len();
        let (from, to) = objects::sequence::clamp_range(start, stop, len);
        for at in from..to.max(from) {
            let item = elements.get(at).expect("clamped to the length");
            if protocol::is_same_or_equal(item.value(), value)? {
                return Ok(at);
            }
        }
        Err(crate::raise!(ValueError, "memoryview.index(x): x not found"))
    }
    /// Gives the view itself.
    "__enter__(self, /)"
    fn enter(this) -> PyResult {
        this.check_open()?;
        Ok(Value::from_object(this).to_ref())
    }
    /// Releases the view.
    "__exit__(self, /, *exc_info)"
    fn exit(this, exc_info: Rest<'_>) -> PyResult<()> {
        let _ = exc_info;
        this.release()
    }
}

fn open<'a>(value: Value) -> PyResult<&'a MemoryView> {
    let view = this(value);
    view.check_open()?;
    Ok(view)
}

fn tuple_of(numbers: impl Iterator<Item = i64>) -> PyResult {
    Ok(TupleObject::new(numbers.map(int::from_i64).collect()).into())
}

fn truth(value: bool) -> PyResult {
    Ok(objects::bool(value).to_ref())
}

macro_rules! attributes {
    ($($name:literal, $doc:literal: $view:ident => $body:expr;)*) => {
        &[$(GetSetDef { name: $name, doc: $doc, get: |value| { let $view = open(value)?; $body }, set: None },)*]
    };
}

pub(super) static GETSET: &[GetSetDef] = attributes! {
    "obj", "The underlying object of the memoryview.": view => view.owner();
    "nbytes", "The amount of space in bytes that the array would use in a contiguous representation.":
        view => Ok(int::from_i64(view.len_bytes() as i64));
    "readonly", "A bool indicating whether the memory is read only.": view => truth(view.readonly);
    "itemsize", "The size in bytes of each element of the memoryview.": view => Ok(int::from_i64(view.itemsize as i64));
    "format", "A string containing the format (in struct module style) for each element in the view.":
        view => Ok(StrObject::new(&view.format).into());
    "ndim", "An integer indicating how many dimensions of a multi-dimensional array the memory represents.":
        view => Ok(int::from_i64(view.shape.dims.len() as i64));
    "shape", "A tuple of ndim integers giving the shape of the memory as an N-dimensional array.":
        view => tuple_of(view.shape.dims.iter().map(|&dim| dim as i64));
    "strides", "A tuple of ndim integers giving the size in bytes to access each element for each dimension of the array.":
        view => tuple_of(view.shape.strides.iter().map(|&stride| stride as i64));
    "suboffsets", "A tuple of integers used internally for PIL-style arrays.": view => { let _ = view; tuple_of([].into_iter()) };
    "c_contiguous", "A bool indicating whether the memory is C contiguous.":
        view => truth(view.shape.is_contiguous(view.itemsize, true));
    "f_contiguous", "A bool indicating whether the memory is Fortran contiguous.":
        view => truth(view.shape.is_contiguous(view.itemsize, false));
    "contiguous", "A bool indicating whether the memory is contiguous.":
        view => truth(view.shape.is_contiguous(view.itemsize, true) || view.shape.is_contiguous(view.itemsize, false));
};
