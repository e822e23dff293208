//! Memory that is kept back, so that running out of it is an exception and not the end of the process.
//!
//! What a program makes large on purpose asks first: with `try_reserve`, or with [`probe`] where code that cannot fail follows.
//! Small things do not ask. When the system refuses them, the allocator gives its reserve back to the system and tries again, and
//! the next safe point raises `MemoryError`. The reserve is taken anew as soon as there is memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::error;
use crate::small_blocks::{self, prefer_huge_pages};
use crate::stress::{self, Knob};
use crate::thread::{breaker, thread};
use crate::value::PyResult;

/// Size of the reserve: some chunks of pages, and what raising and printing an exception takes.
const RESERVE: usize = 8 << 20;
/// Smaller requests are left to the reserve.
const LARGE: usize = 1 << 20;

static KEPT: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());

const fn layout() -> Layout {
    match Layout::from_size_align(RESERVE, 16) {
        Ok(layout) => layout,
        Err(_) => panic!("a valid layout"),
    }
}

/// The system's allocator with a reserve, and in front of it small blocks.
struct Reserving;

#[global_allocator]
static ALLOCATOR: Reserving = Reserving;

// SAFETY: a request is served from small blocks or by the system's allocator, as its size and alignment say; so is its return. A
// refused one is made again.
unsafe impl GlobalAlloc for Reserving {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        or_from_reserve(layout.size(), || {
            if small_blocks::serves(layout) {
                return small_blocks::allocate(layout.size());
            }
            // SAFETY: the caller's contract.
            let memory = unsafe { System.alloc(layout) };
            prefer_huge_pages(memory, layout.size());
            memory
        })
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if small_blocks::serves(layout) {
            // SAFETY: the caller's contract.
            let memory = unsafe { self.alloc(layout) };
            if !memory.is_null() {
                // SAFETY: the block has this size.
                unsafe { memory.write_bytes(0, layout.size()) };
            }
            return memory;
        }
        or_from_reserve(layout.size(), || {
            // SAFETY: the caller's contract.
            let memory = unsafe { System.alloc_zeroed(layout) };
            prefer_huge_pages(memory, layout.size());
            memory
        })
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if small_blocks::serves(layout) {
            // SAFETY: the caller's contract; the block was served from there.
            unsafe { small_blocks::free(memory, layout.size()) };
        } else {
            // SAFETY: as above, from the system.
            unsafe { System.dealloc(memory, layout) };
        }
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's contract says that the size is a valid one for this alignment.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if !small_blocks::serves(layout) && !small_blocks::serves(new) {
            return or_from_reserve(size, || {
                // SAFETY: the caller's contract; a refused request has left the block as it was.
                let moved = unsafe { System.realloc(memory, layout, size) };
                prefer_huge_pages(moved, size);
                moved
            });
        }
        if small_blocks::serves(layout)
            && small_blocks::serves(new)
            && small_blocks::are_alike(layout.size(), size)
        {
            return memory;
        }
        // SAFETY: the caller's contract; the copy fits into both blocks.
        unsafe {
            let moved = self.alloc(new);
            if !moved.is_null() {
                memory.copy_to_nonoverlapping(moved, size.min(layout.size()));
                self.dealloc(memory, layout);
            }
            moved
        }
    }
}

/// What a request gives; if that is nothing, what it gives when the reserve has been given back.
#[inline]
fn or_from_reserve(size: usize, request: impl Fn() -> *mut u8) -> *mut u8 {
    let memory = request();
    if memory.is_null() && give_back(size) { request() } else { memory }
}

/// Gives the reserve back to the system for a request that it can serve; false if there is none.
#[cold]
fn give_back(size: usize) -> bool {
    if size > LARGE + LARGE / 2 {
        return false;
    }
    let kept = KEPT.swap(std::ptr::null_mut(), Ordering::Relaxed);
    if kept.is_null() {
        return false;
    }
    // SAFETY: allocated by `keep` with this layout, and nobody else has it any more.
    unsafe { System.dealloc(kept, layout()) };
    thread().request(breaker::MEMORY);
    true
}

/// Tells the system's allocator how we use it, before the first thread starts: threads take turns, so one arena serves them all.
pub fn tune() {
    // SAFETY: a plain parameter.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
}

/// Large blocks that are freed go back to the system at once, and large ones that grow are not copied: for commands that do their work
/// once. Programs do better if their next block is one that they have used.
pub fn keep_little() {
    // SAFETY: a plain parameter.
    unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, 128 << 10) };
}

/// Takes the reserve, if it is not there and there is memory.
pub fn keep() {
    if KEPT.load(Ordering::Relaxed).is_null() {
        // SAFETY: the layout has a size.
        let kept = unsafe { System.alloc(layout()) };
        let old = KEPT.swap(kept, Ordering::Relaxed);
        if !old.is_null() {
            // SAFETY: allocated above by another thread with this layout.
            unsafe { System.dealloc(old, layout()) };
        }
    }
}

/// Raises if the reserve has been used; called at safe points.
pub fn check() -> PyResult<()> {
    if thread().acknowledge(breaker::MEMORY) {
        return Err(error::memory_error());
    }
    Ok(())
}

/// Whether so many bytes can be had, asked before code that cannot fail takes them. Costs nothing for small amounts.
#[inline]
pub fn probe(bytes: usize) -> PyResult<()> {
    if bytes < LARGE { Ok(()) } else { probe_large(bytes) }
}

#[cold]
fn probe_large(bytes: usize) -> PyResult<()> {
    if stress::is_due(Knob::Alloc) {
        return Err(error::memory_error());
    }
    Vec::<u8>::new().try_reserve_exact(bytes).map_err(|_| error::memory_error())
}
