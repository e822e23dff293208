//! The 16 bytes that every heap object starts with, and reference counting.
//!
//! Immortal objects are counted like all others; they start at 3·2^30, far from zero, and nobody tests for them except the
//! slow path of deallocation, which resets the count. So counting up is one instruction and counting down is two.
//! Machine code relies on the offsets in `abi::layout::header`.

use std::cell::Cell;

use crate::type_object::TypeObject;

/// Header of every heap object.
#[repr(C, align(16))]
pub struct Header {
    refcount: Cell<u32>,
    spare: Cell<u16>,
    flags: Cell<u16>,
    ty: Cell<*const TypeObject>,
}

/// Where the count of an immortal object starts.
pub const IMMORTAL_COUNT: u32 = 3 << 30;

/// Bits of [`Header::flags`].
pub mod flags {
    /// Never freed.
    pub const IMMORTAL: u16 = 1 << 0;
    /// Scanned by the cycle collector.
    pub const TRACKED: u16 = 1 << 1;
    /// Its finaliser has run.
    pub const FINALIZED: u16 = 1 << 2;
    /// The weak-reference table has an entry for it.
    pub const HAS_WEAKREFS: u16 = 1 << 3;
    /// Came from the system allocator behind a prefix.
    pub const LARGE: u16 = 1 << 4;
    /// Reached from outside during the current collection.
    pub const MARKED: u16 = 1 << 5;
    /// Being deallocated; its contents may be half gone.
    pub const DYING: u16 = 1 << 6;
    /// Not counted by the leak audit: interned strings, types, modules.
    pub const UNAUDITED: u16 = 1 << 7;
    /// Tracked, but left alone by collections: `gc.freeze()`.
    pub const FROZEN: u16 = 1 << 8;
}

impl Header {
    /// Header of a new object, owned once.
    #[inline]
    pub const fn new(ty: &TypeObject) -> Self {
        Header {
            refcount: Cell::new(1),
            spare: Cell::new(0),
            flags: Cell::new(0),
            ty: Cell::new(std::ptr::from_ref(ty)),
        }
    }

    /// Header of a static object.
    pub const fn immortal(ty: &TypeObject) -> Self {
        Header {
            refcount: Cell::new(IMMORTAL_COUNT),
            spare: Cell::new(0),
            flags: Cell::new(flags::IMMORTAL),
            ty: Cell::new(std::ptr::from_ref(ty)),
        }
    }

    /// The count.
    #[inline]
    pub fn refcount(&self) -> u32 {
        self.refcount.get()
    }

    /// Replaces the count.
    #[inline]
    pub fn set_refcount(&self, count: u32) {
        self.refcount.set(count);
    }

    /// The type.
    #[inline]
    pub fn ty<'a>(&self) -> &'a TypeObject {
        // SAFETY: an object owns a count of its type, so the type lives while the object does.
        unsafe { &*self.ty.get() }
    }

    /// The type pointer as it stands, null in a free slot.
    #[inline]
    pub fn raw_type(&self) -> *const TypeObject {
        self.ty.get()
    }

    /// Replaces the type pointer; counts of heap types are the caller's business.
    #[inline]
    pub fn set_raw_type(&self, ty: *const TypeObject) {
        self.ty.set(ty);
    }

    /// Whether all bits of `mask` are set.
    #[inline]
    pub fn has(&self, mask: u16) -> bool {
        self.flags.get() & mask == mask
    }

    /// Sets bits.
    #[inline]
    pub fn set(&self, mask: u16) {
        self.flags.set(self.flags.get() | mask);
    }

    /// Clears bits.
    #[inline]
    pub fn clear(&self, mask: u16) {
        self.flags.set(self.flags.get() & !mask);
    }

    /// All flag bits.
    #[inline]
    pub fn flag_bits(&self) -> u16 {
        self.flags.get()
    }

    /// Makes the object live for ever. References that there are already stay counted.
    pub fn make_immortal(&self) {
        self.set(flags::IMMORTAL);
        self.refcount.set(IMMORTAL_COUNT + self.refcount.get());
    }

    /// One more reference.
    #[inline]
    pub fn incref(&self) {
        debug_assert!(!self.ty.get().is_null(), "a reference to a freed object is taken");
        self.refcount.set(self.refcount.get().wrapping_add(1));
    }

    /// One reference less; deallocates at zero.
    ///
    /// # Safety
    /// `this` is a live object of which the caller owns one count.
    #[inline]
    pub unsafe fn decref(this: *mut Header) {
        // SAFETY: live by the contract; the type of a freed block is null.
        debug_assert!(unsafe { !(*this).ty.get().is_null() }, "a reference to a freed object is dropped");
        // SAFETY: live by the contract.
        let left = unsafe { (*this).refcount.get() }.wrapping_sub(1);
        // SAFETY: as above.
        unsafe { (*this).refcount.set(left) };
        if left == 0 {
            // SAFETY: the last reference is gone and nobody else can see the object.
            unsafe { crate::dealloc::dealloc(this) };
        }
    }
}

const _: () = {
    use abi::layout::header;
    use std::mem::offset_of;
    assert!(offset_of!(Header, refcount) == header::REFCOUNT);
    assert!(offset_of!(Header, flags) == header::FLAGS);
    assert!(offset_of!(Header, ty) == header::TYPE);
    assert!(size_of::<Header>() == header::SIZE);
};
