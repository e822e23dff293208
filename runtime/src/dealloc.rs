//! What happens when the last reference to an object goes: finaliser, weak references, contents, memory.
//!
//! Long chains (a list in a list in a list ...) must not use up the native stack: past a fixed depth objects are put aside and
//! the outermost deallocation works them off one by one (CPython's "trashcan").

use crate::alloc;
use crate::gc;
use crate::header::{Header, IMMORTAL_COUNT, flags};
use crate::stress::{self, Knob};
use crate::thread::{ThreadState, thread};
use crate::type_object::type_flags;
use crate::value::Value;
use crate::weakref;

/// Nested deallocations beyond this are put aside.
const MAX_DEPTH: u32 = 60;

/// Deallocates an object whose count has become zero.
///
/// # Safety
/// `object` is live, its count is zero, and nobody will use it afterwards.
#[inline(never)]
pub unsafe fn dealloc(object: *mut Header) {
    // SAFETY: live by the contract.
    let header = unsafe { &*object };
    if stress::is_due(Knob::Leak) {
        return header.set_refcount(1);
    }
    if header.flag_bits() == 0 && header.ty().is_plain() {
        // SAFETY: the contract; the object owns nothing, not even a count of its type.
        return unsafe { alloc::free(object) };
    }
    if header.has(flags::IMMORTAL) {
        header.set_refcount(IMMORTAL_COUNT);
        return;
    }
    let thread = thread();
    if thread.dealloc_depth.get() >= MAX_DEPTH {
        thread.deferred.borrow_mut().push(object);
        return;
    }
    thread.dealloc_depth.set(thread.dealloc_depth.get() + 1);
    // SAFETY: passed on.
    unsafe { destroy(object) };
    thread.dealloc_depth.set(thread.dealloc_depth.get() - 1);
    if thread.dealloc_depth.get() == 0 {
        drain_deferred(thread);
    }
}

/// Works off what nested deallocations put aside.
fn drain_deferred(thread: &ThreadState) {
    loop {
        let Some(object) = thread.deferred.borrow_mut().pop() else { return };
        thread.dealloc_depth.set(1);
        // SAFETY: the object's count was zero when it was put aside, and only this list refers to it.
        unsafe { destroy(object) };
        thread.dealloc_depth.set(0);
    }
}

/// Runs the finaliser, then drops contents and memory unless the finaliser has resurrected the object.
///
/// # Safety
/// As for [`dealloc`].
unsafe fn destroy(object: *mut Header) {
    // SAFETY: live by the contract; its type lives as long.
    let header = unsafe { &*object };
    if header.ty().has(type_flags::HAS_FINALIZER) && !header.has(flags::FINALIZED) {
        // SAFETY: a header address is an object word.
        let value = unsafe { Value::from_bits(object as u64) };
        header.set_refcount(1);
        gc::finalize(value);
        let left = header.refcount() - 1;
        header.set_refcount(left);
        if left != 0 {
            return;
        }
    }
    // A callback of a weak reference may collect, and must not find what is dying.
    gc::untrack(object);
    if header.has(flags::HAS_WEAKREFS) {
        weakref::clear_for(object);
    }
    // Not before: the finaliser may have changed the class.
    let ty = header.ty();
    header.set(flags::DYING);
    // SAFETY: the object is unreachable; its drop slot fits its layout; the block came from `alloc`.
    unsafe {
        ty.drop_contents(object);
        alloc::free(object);
    }
    if ty.has(type_flags::HEAP) {
        // SAFETY: the object owned one count of its heap type.
        unsafe { Header::decref(std::ptr::from_ref(ty).cast_mut().cast()) };
    }
}
