//! The buffer protocol: objects that lend their memory.
//!
//! A type lends through its slots `buffer` and `release_buffer`; what it lends is a [`Buffer`], which keeps the lender alive and holds the
//! loan until it is dropped. A lender neither moves nor resizes the memory while a loan is out: `bytearray` and `array` count their
//! loans and raise `BufferError` instead. Shape and strides describe the elements as PEP 3118 does; a plain stretch of bytes has the
//! format `B` and no allocation besides.

use std::borrow::Cow;

use crate::convert::FromArg;
use crate::error;
use crate::names::names;
use crate::objects::bytearray::ByteArray;
use crate::objects::bytes::BytesObject;
use crate::protocol::attribute;
use crate::signature::Bound;
use crate::value::{PyResult, Ref, Value};

/// Sizes of dimensions and distances between elements. A buffer without one is a row of single bytes or elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Elements per dimension.
    pub dims: Vec<usize>,
    /// Bytes from one element to the next, per dimension.
    pub strides: Vec<isize>,
}

impl Shape {
    /// Elements one after the other, the last dimension densest.
    pub fn contiguous(dims: Vec<usize>, itemsize: usize) -> Self {
        let mut strides = vec![itemsize as isize; dims.len()];
        for at in (1..dims.len()).rev() {
            strides[at - 1] = strides[at].saturating_mul(dims[at] as isize);
        }
        Shape { dims, strides }
    }

    /// Number of elements.
    pub fn count(&self) -> usize {
        self.dims.iter().product()
    }

    /// Whether the elements lie one after the other; from the last dimension in C's order, else from the first.
    pub fn is_contiguous(&self, itemsize: usize, in_c_order: bool) -> bool {
        if self.count() == 0 {
            return true;
        }
        let mut expected = itemsize as isize;
        let fits = |(&dim, &stride): (&usize, &isize)| {
            let fits = dim == 1 || stride == expected;
            expected *= dim as isize;
            fits
        };
        let pairs = self.dims.iter().zip(&self.strides);
        if in_c_order { pairs.rev().all(fits) } else { pairs.into_iter().all(fits) }
    }

    /// Byte offsets of all elements in C's order, or in Fortran's.
    pub fn offsets(&self, in_c_order: bool) -> Vec<isize> {
        let mut offsets = vec![0];
        let pairs: Vec<(usize, isize)> =
            self.dims.iter().copied().zip(self.strides.iter().copied()).collect();
        let mut extend = |&(dim, stride): &(usize, isize)| {
            let inner = std::mem::take(&mut offsets);
            for at in 0..dim as isize {
                offsets.extend(inner.iter().map(|offset| offset + at * stride));
            }
        };
        // Each step makes its dimension the slowest one so far.
        if in_c_order {
            pairs.iter().rev().for_each(&mut extend)
        } else {
            pairs.iter().for_each(&mut extend)
        }
        offsets
    }
}

/// Memory on loan.
pub struct Buffer {
    owner: Ref,
    /// The instance of a Python class whose `__buffer__` gave the owner.
    lender: Option<Ref>,
    data: *mut u8,
    /// Bytes that the elements take together.
    len: usize,
    /// Whether writing is forbidden.
    pub readonly: bool,
    /// Bytes of an element.
    pub itemsize: usize,
    /// What an element is, in the notation of `struct`.
    pub format: Cow<'static, str>,
    /// How elements lie, unless they are one dense row.
    pub shape: Option<Shape>,
}

impl Buffer {
    /// A dense row of bytes that `owner` lends. Called by the slot `buffer` only.
    ///
    /// # Safety
    /// `data` is valid for reads of `len` bytes, and for writes unless `readonly`, until the owner's `release_buffer` runs.
    pub unsafe fn new(owner: Value, data: *mut u8, len: usize, readonly: bool) -> Self {
        Buffer {
            owner: owner.to_ref(),
            lender: None,
            data,
            len,
            readonly,
            itemsize: 1,
            format: Cow::Borrowed("B"),
            shape: None,
        }
    }

    /// The same loan on behalf of an instance of a Python class, which is told when it ends.
    #[must_use]
    pub fn lent_by(mut self, lender: Value) -> Self {
        self.lender = Some(lender.to_ref());
        self
    }

    /// Who lends.
    pub fn owner(&self) -> Value {
        self.owner.value()
    }

    /// Address of the first element.
    pub fn data(&self) -> *mut u8 {
        self.data
    }

    /// Bytes that the elements take together.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How elements lie.
    pub fn shape(&self) -> Shape {
        match &self.shape {
            Some(shape) => shape.clone(),
            None => Shape::contiguous(vec![self.len / self.itemsize.max(1)], self.itemsize),
        }
    }

    /// Whether the bytes are one stretch in C's order.
    pub fn is_contiguous(&self) -> bool {
        self.shape.as_ref().is_none_or(|shape| shape.is_contiguous(self.itemsize, true))
    }

    /// The bytes, if they are one stretch.
    pub fn as_slice(&self) -> Option<&[u8]> {
        // SAFETY: the contract of `new`; nothing writes while the slice is used, as no other code runs under the global lock.
        self.is_contiguous().then(|| unsafe { raw_slice(self.data, self.len) })
    }

    /// The bytes to write to, if they are one stretch and may be written.
    pub fn as_mut_slice(&mut self) -> Option<&mut [u8]> {
        if self.readonly || !self.is_contiguous() {
            return None;
        }
        if self.len == 0 {
            return Some(&mut []);
        }
        // SAFETY: as for `as_slice`, and writing is allowed.
        Some(unsafe { std::slice::from_raw_parts_mut(self.data, self.len) })
    }

    /// The bytes of all elements in order.
    pub fn to_cow(&self) -> Cow<'_, [u8]> {
        match (self.as_slice(), &self.shape) {
            (Some(bytes), _) => Cow::Borrowed(bytes),
            (None, shape) => {
                let shape = shape.as_ref().expect("a buffer without a shape is contiguous");
                let mut out = Vec::with_capacity(self.len);
                for offset in shape.offsets(true) {
                    // SAFETY: the lender describes elements that lie inside its memory.
                    out.extend_from_slice(unsafe { raw_slice(self.data.offset(offset), self.itemsize) });
                }
                Cow::Owned(out)
            }
        }
    }
}

/// A slice from a lender's address, which may be anything for no bytes.
///
/// # Safety
/// `len` bytes at `data` may be read for `'a`.
unsafe fn raw_slice<'a>(data: *const u8, len: usize) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    // SAFETY: the contract.
    unsafe { std::slice::from_raw_parts(data, len) }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(release) = self.owner.ty().slots().release_buffer {
            release(self.owner.value());
        }
        let Some(lender) = self.lender.take() else { return };
        let name = names().__release_buffer__;
        if let Err(raised) = attribute::call_special(lender.value(), name, &[self.owner.value()]) {
            error::write_unraisable(raised, Some(lender.value()));
        }
    }
}

impl<'a> FromArg<'a> for Buffer {
    fn from_value(value: Value, _: &Bound<'a>) -> PyResult<Self> {
        acquire_contiguous(value)
    }
}

/// Whether an object lends its bytes.
pub fn is_bytes_like(value: Value) -> bool {
    value.ty().slots().buffer.is_some()
}

/// Borrows the memory of a bytes-like object; `TypeError` for anything else.
pub fn acquire(value: Value) -> PyResult<Buffer> {
    match value.ty().slots().buffer {
        Some(buffer) => buffer(value),
        None => Err(crate::raise!(TypeError, "a bytes-like object is required, not '{}'", value.ty().name())),
    }
}

/// Borrows memory that must be one stretch.
pub fn acquire_contiguous(value: Value) -> PyResult<Buffer> {
    let buffer = acquire(value)?;
    if !buffer.is_contiguous() {
        let name = value.ty().name();
        return Err(crate::raise!(BufferError, "{name}: underlying buffer is not C-contiguous"));
    }
    Ok(buffer)
}

/// Borrows memory to write to. The error says what `argument` of which function it is.
pub fn acquire_writable(value: Value, argument: &str) -> PyResult<Buffer> {
    if is_bytes_like(value) {
        let buffer = acquire(value)?;
        if !buffer.readonly && buffer.is_contiguous() {
            return Ok(buffer);
        }
    }
    let name = value.ty().name();
    Err(crate::raise!(TypeError, "{argument} must be read-write bytes-like object, not {name}"))
}

/// Runs `then` over the bytes of a bytes-like object; `TypeError` for anything else.
pub fn with_bytes<R>(value: Value, then: impl FnOnce(&[u8]) -> R) -> PyResult<R> {
    if let Some(bytes) = value.get_exact::<BytesObject>() {
        return Ok(then(bytes.as_slice()));
    }
    if let Some(array) = value.get_exact::<ByteArray>() {
        return Ok(then(&array.data.borrow()));
    }
    let buffer = acquire(value)?;
    Ok(then(&buffer.to_cow()))
}

/// A copy of the bytes of a bytes-like object.
pub fn to_vec(value: Value) -> PyResult<Vec<u8>> {
    with_bytes(value, <[u8]>::to_vec)
}

/// How many bytes a writable buffer takes; `TypeError` if the object is none.
pub fn writable_len(value: Value) -> PyResult<usize> {
    with_bytes_mut(value, |bytes| bytes.len())
}

/// Runs `then` over the bytes of a writable buffer; `TypeError` for anything else.
pub fn with_bytes_mut<R>(value: Value, then: impl FnOnce(&mut [u8]) -> R) -> PyResult<R> {
    let mut buffer = acquire_writable(value, "readinto() argument")?;
    Ok(then(buffer.as_mut_slice().expect("a writable buffer is one stretch")))
}
