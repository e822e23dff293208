//! Rows of raw primitives in memory: what `Array` and `Vector` of Static Python have in common.

use bytecode::TypeCode;

use crate::buffer::{Buffer, Shape};
use crate::objects::sequence::{self, SliceBounds};
use crate::objects::str::StrObject;
use crate::operator::CompareOp;
use crate::protocol;
use crate::static_class::{load_primitive, store_primitive};
use crate::value::{PyResult, Ref, Value};

/// A row: where it lies, how long it is, and of what. It is good until its owner moves it.
#[derive(Clone, Copy)]
pub struct Elements {
    first: *mut u8,
    len: usize,
    code: TypeCode,
}

impl Elements {
    /// A row.
    ///
    /// # Safety
    /// From `first` on there are `len` elements of the type, aligned and initialised, for as long as the row is used.
    pub unsafe fn new(first: *mut u8, len: usize, code: TypeCode) -> Self {
        Self { first, len, code }
    }

    /// Number of elements.
    pub fn len(self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Type of the elements.
    pub fn code(self) -> TypeCode {
        self.code
    }

    /// Address of an element, if it exists.
    #[inline]
    pub fn address(self, at: usize) -> Option<*mut u8> {
        (at < self.len).then(|| self.raw_address(at))
    }

    fn raw_address(self, at: usize) -> *mut u8 {
        self.first.wrapping_add(at * self.code.size())
    }

    /// An element as an object.
    pub fn get(self, at: usize) -> Option<Ref> {
        // SAFETY: the element exists and has the row's type.
        self.address(at).map(|address| unsafe { load_primitive(address, self.code) })
    }

    /// Replaces the element at an index that may count from the end by what [`raw`] has made. `what` names the owner.
    pub fn set(self, at: isize, word: [u8; 8], what: &str) -> PyResult<()> {
        let Some(address) = sequence::wrap_index(at, self.len).and_then(|at| self.address(at)) else {
            return Err(crate::raise!(IndexError, "{what} index out of range"));
        };
        // SAFETY: the element exists and has this size.
        unsafe { std::ptr::copy_nonoverlapping(word.as_ptr(), address, self.code.size()) };
        Ok(())
    }

    /// Copies elements of another row of this type.
    pub fn copy_from(self, at: usize, source: Elements, from: usize, count: usize) {
        assert!(at + count <= self.len && from + count <= source.len && self.code == source.code);
        // SAFETY: both ranges exist; they may overlap.
        unsafe {
            std::ptr::copy(source.raw_address(from), self.raw_address(at), count * self.code.size());
        }
    }

    /// Copies the elements that a slice selects.
    pub fn copy_slice(self, source: Elements, bounds: &SliceBounds) {
        for (to, from) in bounds.indices().enumerate() {
            self.copy_from(to, source, from, 1);
        }
    }

    /// `name([1, 2])`
    pub fn repr(self, name: &str) -> PyResult {
        let items =
            (0..self.len).filter_map(|at| self.get(at)).map(|item| protocol::repr_string(item.value()));
        let items = items.collect::<PyResult<Vec<_>>>()?;
        Ok(StrObject::new(&format!("{name}([{}])", items.join(", "))).into())
    }

    /// Compares two rows, element by element; nothing that runs meanwhile can move them.
    pub fn compare(self, other: Elements, op: CompareOp) -> PyResult {
        sequence::compare(&|at| self.get(at), self.len, &|at| other.get(at), other.len, op)
    }

    /// The memory of the row on loan from its owner.
    ///
    /// # Safety
    /// The owner keeps the row where it is until the loan ends.
    pub unsafe fn lend(self, owner: Value) -> Buffer {
        let size = self.code.size();
        // SAFETY: the contract.
        let mut buffer = unsafe { Buffer::new(owner, self.first, self.len * size, false) };
        buffer.itemsize = size;
        buffer.format = format_of(self.code).into();
        buffer.shape = Some(Shape::contiguous(vec![self.len], size));
        buffer
    }
}

/// An object as a primitive, with range and type checks; the bytes are those of an element, from the lowest address on.
pub fn raw(code: TypeCode, value: Value) -> PyResult<[u8; 8]> {
    let mut word = 0u64;
    // SAFETY: the word has room for every primitive, and is aligned for it.
    unsafe { store_primitive((&raw mut word).cast(), code, value)? };
    Ok(word.to_ne_bytes())
}

/// What an element is, in the notation of `struct`.
fn format_of(code: TypeCode) -> &'static str {
    match code {
        TypeCode::Int8 | TypeCode::Char => "b",
        TypeCode::Int16 => "h",
        TypeCode::Int32 => "i",
        TypeCode::Int64 => "q",
        TypeCode::UInt16 => "H",
        TypeCode::UInt32 => "I",
        TypeCode::UInt64 => "Q",
        TypeCode::Double => "d",
        TypeCode::Single => "f",
        TypeCode::CBool => "?",
        _ => "B",
    }
}
