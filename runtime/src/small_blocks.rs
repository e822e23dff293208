//! Small blocks for Rust's own data: vectors, tables, trees, what the compiler works with.
//!
//! Rust says the size of what it frees, so blocks need no header and finding their list needs no search. Sizes up to 1024 bytes are
//! rounded up to sixteen; every thread has a list of free blocks per size, and a piece of memory that it carves when the list is
//! empty. What a thread frees beyond [`BATCH`] blocks goes to a pool that all threads share, and so does what an ending thread leaves:
//! blocks that one thread takes and another one frees go round. The design is that of the magazines of Bonwick and Adams,
//! "Magazines and Vmem" (2001). Memory is not given back to the system; it serves all later blocks of its size.
//! Cost: a pop or a push; the pool's lock once per [`BATCH`] blocks or piece.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Sizes are multiples of this, and so are addresses.
const STEP: usize = 16;
/// Greatest size that is served here.
const MAX: usize = 1024;
const CLASSES: usize = MAX / STEP;
/// Blocks that go to the pool, and come back from it, together.
const BATCH: u32 = 256;
/// Least memory that a class carves at a time.
const LEAST_PIECE: usize = PAGE;
/// Least number of blocks that a class carves at a time.
const LEAST_BLOCKS: usize = 16;
/// Memory that the pool takes at a time, as long as it has little.
const CHUNK: usize = 1 << 20;
/// Memory that the pool takes at a time when it has a lot: pages of [`HUGE`] bytes are worth it then.
const LARGE_CHUNK: usize = 8 << 20;
/// Size of the system's pages.
const PAGE: usize = 4096;
/// Size of its large pages.
const HUGE: usize = 2 << 20;

/// A free block.
struct Free {
    next: *mut Free,
    /// In the first block of a batch that lies in the pool: the next batch.
    next_batch: *mut Free,
}

/// What a thread has of one size.
struct Class {
    free: Cell<*mut Free>,
    /// About the length of the list: less is in a batch that an ending thread has left.
    count: Cell<u32>,
    /// The rest of the piece that is being carved.
    fresh: Cell<*mut u8>,
    end: Cell<*mut u8>,
}

thread_local! {
    static OWN: [Class; CLASSES] = const {
        [const {
            Class {
                free: Cell::new(null_mut()),
                count: Cell::new(0),
                fresh: Cell::new(null_mut()),
                end: Cell::new(null_mut()),
            }
        }; CLASSES]
    };
}

/// What all threads share.
struct Pool {
    batches: [*mut Free; CLASSES],
    /// The rest of the chunk that pieces are cut from.
    fresh: *mut u8,
    end: *mut u8,
    /// Bytes of all chunks.
    taken: usize,
}

/// The pool behind its lock, which a fork can take and give back; a lock of the library cannot be given back by the child.
struct Shared {
    is_taken: AtomicBool,
    pool: UnsafeCell<Pool>,
}

// SAFETY: only who has the lock touches the pool.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared {
    is_taken: AtomicBool::new(false),
    pool: UnsafeCell::new(Pool {
        batches: [null_mut(); CLASSES],
        fresh: null_mut(),
        end: null_mut(),
        taken: 0,
    }),
};

/// Done once, before the pool is used for the first time.
static PREPARED: Once = Once::new();

/// The key by which the system tells that a thread ends.
static KEY: AtomicU32 = AtomicU32::new(0);

/// Whether blocks of this layout come from here.
#[inline]
pub(crate) fn serves(layout: Layout) -> bool {
    layout.size() <= MAX && layout.align() <= STEP
}

/// Whether blocks of these two sizes are alike.
#[inline]
pub(crate) fn are_alike(a: usize, b: usize) -> bool {
    class_of(a) == class_of(b)
}

#[inline]
fn class_of(size: usize) -> usize {
    size.saturating_sub(1) / STEP
}

/// A block of at least `size` bytes, at most [`MAX`]; null if there is no memory.
#[inline]
pub(crate) fn allocate(size: usize) -> *mut u8 {
    OWN.with(|own| {
        let class = &own[class_of(size)];
        let block = class.free.get();
        if block.is_null() {
            return carve(class, class_of(size));
        }
        // SAFETY: blocks of the list are free, so their first word links to the next one.
        class.free.set(unsafe { (*block).next });
        class.count.set(class.count.get() - 1);
        block.cast()
    })
}

/// Takes a block back.
///
/// # Safety
/// The block comes from [`allocate`] with a size [like](are_alike) this one, and nobody uses it any more.
#[inline]
pub(crate) unsafe fn free(block: *mut u8, size: usize) {
    OWN.with(|own| {
        let at = class_of(size);
        let class = &own[at];
        if class.count.get() >= BATCH {
            let batch = class.free.replace(null_mut());
            with_pool(|pool| pool.put(at, batch));
            class.count.set(0);
        }
        let block = block.cast::<Free>();
        // SAFETY: the block is ours, aligned to its class and has room for a link.
        unsafe { (*block).next = class.free.get() };
        class.free.set(block);
        class.count.set(class.count.get() + 1);
    });
}

/// A block of a class whose list is empty.
fn carve(class: &Class, at: usize) -> *mut u8 {
    let block = class.fresh.get();
    if block == class.end.get() {
        return if refill(class, at) { allocate((at + 1) * STEP) } else { null_mut() };
    }
    // SAFETY: a piece holds a whole number of blocks, and this one is not used up.
    class.fresh.set(unsafe { block.add((at + 1) * STEP) });
    block
}

/// Gives a class that has nothing a batch or a piece from the pool; false if there is no memory.
#[cold]
fn refill(class: &Class, at: usize) -> bool {
    PREPARED.call_once(prepare);
    // SAFETY: the key has been made; the value only has to be there.
    unsafe { libc::pthread_setspecific(KEY.load(Ordering::Relaxed), std::ptr::from_ref(&KEY).cast()) };
    if let Some(batch) = with_pool(|pool| pool.take(at)) {
        class.free.set(batch);
        class.count.set(BATCH);
        return true;
    }
    let size = (at + 1) * STEP;
    let bytes = (LEAST_PIECE / size).max(LEAST_BLOCKS) * size;
    let piece = with_pool(|pool| pool.cut(bytes));
    if piece.is_null() {
        return false;
    }
    class.fresh.set(piece);
    // SAFETY: the piece has this size.
    class.end.set(unsafe { piece.add(bytes) });
    true
}

/// Sees to forks and to the ends of threads.
fn prepare() {
    let mut key = 0;
    // SAFETY: the functions have the types that are asked for, and live as long as the process.
    unsafe {
        libc::pthread_key_create(&raw mut key, Some(leave));
        libc::pthread_atfork(Some(lock), Some(unlock), Some(unlock));
    }
    KEY.store(key, Ordering::Relaxed);
}

/// Leaves what an ending thread has to the others.
extern "C" fn leave(_: *mut c_void) {
    OWN.with(|own| {
        for (at, class) in own.iter().enumerate() {
            let size = (at + 1) * STEP;
            while class.fresh.get() != class.end.get() {
                let block = carve(class, at);
                // SAFETY: nobody has seen the block.
                unsafe { free(block, size) };
            }
            let batch = class.free.replace(null_mut());
            if !batch.is_null() {
                with_pool(|pool| pool.put(at, batch));
            }
            class.count.set(0);
        }
    });
}

extern "C" fn lock() {
    while SHARED.is_taken.swap(true, Ordering::Acquire) {
        std::thread::yield_now();
    }
}

extern "C" fn unlock() {
    SHARED.is_taken.store(false, Ordering::Release);
}

fn with_pool<T>(body: impl FnOnce(&mut Pool) -> T) -> T {
    lock();
    // SAFETY: we have the lock, and `body` does not come here again.
    let result = body(unsafe { &mut *SHARED.pool.get() });
    unlock();
    result
}

impl Pool {
    fn put(&mut self, class: usize, batch: *mut Free) {
        // SAFETY: the batch is a list of free blocks, given to us.
        unsafe { (*batch).next_batch = self.batches[class] };
        self.batches[class] = batch;
    }

    fn take(&mut self, class: usize) -> Option<*mut Free> {
        let batch = self.batches[class];
        if batch.is_null() {
            return None;
        }
        // SAFETY: `put` has linked it.
        self.batches[class] = unsafe { (*batch).next_batch };
        Some(batch)
    }

    /// A piece of memory; null if there is none. What is left of a chunk that has too little is lost.
    fn cut(&mut self, size: usize) -> *mut u8 {
        if (self.end as usize) - (self.fresh as usize) < size && !self.grow() {
            return null_mut();
        }
        let piece = self.fresh;
        // SAFETY: the chunk has room for the piece.
        self.fresh = unsafe { piece.add(size) };
        piece
    }

    fn grow(&mut self) -> bool {
        (self.taken >= LARGE_CHUNK / 2 && self.grow_by(LARGE_CHUNK, HUGE)) || self.grow_by(CHUNK, STEP)
    }

    fn grow_by(&mut self, size: usize, align: usize) -> bool {
        let Ok(layout) = Layout::from_size_align(size, align) else { return false };
        // SAFETY: the layout has a size.
        let chunk = unsafe { System.alloc(layout) };
        if chunk.is_null() {
            return false;
        }
        prefer_huge_pages(chunk, size);
        self.taken += size;
        self.fresh = chunk;
        // SAFETY: the chunk has this size.
        self.end = unsafe { chunk.add(size) };
        true
    }
}

/// Tells the system that a block is going to be used whole: what of it fills large pages may come in large pages, each a
/// fault instead of five hundred.
#[inline]
pub(crate) fn prefer_huge_pages(block: *mut u8, size: usize) {
    if size >= HUGE && !block.is_null() {
        // All pages of the block: a mapping of which a part is special could no longer grow in place.
        let start = block as usize & !(PAGE - 1);
        let end = (block as usize + size).next_multiple_of(PAGE);
        // SAFETY: advice about memory that is ours; it changes nothing that can be seen, and its refusal neither.
        unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes() -> impl Iterator<Item = usize> {
        (1..=MAX).step_by(7).chain([MAX])
    }

    #[test]
    fn blocks_do_not_overlap() {
        let blocks: Vec<(*mut u8, usize)> =
            sizes().flat_map(|size| (0..40).map(move |_| (allocate(size), size))).collect();
        for (at, &(block, size)) in blocks.iter().enumerate() {
            assert!(!block.is_null() && (block as usize).is_multiple_of(STEP));
            // SAFETY: the block has this size.
            unsafe { block.write_bytes(at as u8, size) };
        }
        for (at, &(block, size)) in blocks.iter().enumerate() {
            // SAFETY: written above.
            let bytes = unsafe { std::slice::from_raw_parts(block, size) };
            assert!(bytes.iter().all(|&byte| byte == at as u8));
            // SAFETY: allocated with this size.
            unsafe { free(block, size) };
        }
    }

    #[test]
    fn a_freed_block_is_the_next_of_its_class() {
        let block = allocate(33);
        // SAFETY: allocated with this size.
        unsafe { free(block, 33) };
        assert!(are_alike(33, 48) && !are_alike(33, 32));
        let next = allocate(48);
        assert_eq!(block, next);
        // SAFETY: as above.
        unsafe { free(next, 48) };
    }

    #[test]
    fn what_one_thread_takes_and_another_frees_goes_round() {
        // No other test uses blocks of this size.
        const SIZE: usize = 496;
        let taken = || with_pool(|pool| pool.taken);
        let round = || {
            let blocks: Vec<usize> = (0..4 * BATCH).map(|_| allocate(SIZE) as usize).collect();
            let freed = std::thread::spawn(move || {
                // SAFETY: allocated with this size.
                blocks.iter().for_each(|&block| unsafe { free(block as *mut u8, SIZE) });
            });
            freed.join().expect("freeing does not fail");
        };
        round();
        let before = taken();
        (0..50).for_each(|_| round());
        // Fifty rounds take 25 MB if nothing comes back.
        assert!(taken() - before < 2 * LARGE_CHUNK, "{} bytes more", taken() - before);
    }
}
