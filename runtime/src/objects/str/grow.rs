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
        let (kind, start) = ((*this).kind as usize, (*this).len);
        StrObject::write_units(this, start, more);
        let end = DATA + len * kind;
        block.cast::<u8>().add(end).write_bytes(0, size - end);
        (&raw mut (*this).len).write(len);
        (&raw mut (*this).ascii).write((*this).ascii && more.ascii);
        (*this).hash.set(NO_HASH);
        Some(Value::from_object(&*this))
    }
}
