//! Text that grows where it stands: `text += more`, when nobody else can see `text`.
//!
//! A loop that appends would copy the text each time and so take quadratic time, which programs rely on not to happen. As CPython
//! does (`PyUnicode_Append`), the sum takes the place of a left operand that only the operation itself holds. Here a small block has
//! room up to its size class; a large one is enlarged by an eighth more than needed, so that appending one by one to n characters moves O(n)
//! of them in all.

use super::{DATA, NO_HASH, StrObject};
use crate::alloc;
use crate::header::flags;
use crate::value::Value;

/// `left + right` in the place of `left`; nothing, and nothing has changed, unless both are plain `str` and nobody holds `left` but the
/// caller, `held` times. The result has as many references.
///
/// # Safety
/// On success the caller replaces all its references to `left`, which is gone, by references to the result.
pub unsafe fn grow(left: Value, right: Value, held: u32) -> Option<Value> {
    let this = left.get_exact::<StrObject>()?;
    let more = right.get_exact::<StrObject>()?;
    let is_ours = this.header.refcount() == held && !this.interned.get() && !std::ptr::eq(this, more);
    if !is_ours || more.kind > this.kind || this.header.has(flags::IMMORTAL) {
        return None;
    }
    let len = this.len.checked_add(more.len)?;
    let size = StrObject::size(this.kind, len)?;
    // SAFETY: a live object, which nobody but the caller holds; the block has `size` bytes when the text is written.
    unsafe {
        let block = alloc::enlarge(left.ptr(), size)?;
        let this = block.cast::<StrObject>();
        StrObject::append_units(this, more, size);
        (&raw mut (*this).len).write(len);
        (&raw mut (*this).ascii).write((*this).ascii && more.ascii);
        (*this).hash.set(NO_HASH);
        Some(Value::from_object(&*this))
    }
}

impl StrObject {
    /// Bytes of a block for so many characters, with a terminator and a dict slot; nothing if that is no size.
    pub(super) fn size(kind: u8, len: usize) -> Option<usize> {
        let bytes = (len + 1).checked_mul(kind as usize)?.checked_add(DATA + 8 + 8)?;
        Some(bytes.max(size_of::<StrObject>()))
    }

    /// Writes the characters of `more`, each as wide as those of `this`, behind the latter, and zeroes what is left of `size` bytes.
    ///
    /// # Safety
    /// The block of `this` has `size` bytes, which hold both texts; `more` is another object and no wider.
    unsafe fn append_units(this: *mut StrObject, more: &StrObject, size: usize) {
        // SAFETY: the contract.
        unsafe {
            let kind = (*this).kind;
            let start = Self::data_ptr(this).add((*this).len * kind as usize);
            if kind == more.kind {
                let bytes = more.raw_bytes();
                start.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            } else {
                for at in 0..more.len {
                    let unit = more.code_point(at);
                    match kind {
                        2 => start.cast::<u16>().add(at).write(unit as u16),
                        _ => start.cast::<u32>().add(at).write(unit),
                    }
                }
            }
            let end = DATA + ((*this).len + more.len) * kind as usize;
            this.cast::<u8>().add(end).write_bytes(0, size - end);
        }
    }
}

const _: () = assert!(std::mem::align_of::<StrObject>() >= 4);
