//! Where objects live: size classes in aligned pages, large objects from the system.
//!
//! Blocks of 16, 32, ... 512 bytes come from 64 KiB pages, one class per page; the page of a block is found by masking its
//! address, so freeing needs no size. Free blocks of a class are linked through their first word from a head in the thread
//! state: machine code allocates by popping it (`abi::layout::thread::FREE_LISTS`). A free block has a null type pointer, which is
//! how the collector and the audit tell blocks apart. Larger objects are malloc'ed behind a prefix that links them together, and may
//! be enlarged.
//! Cost: a pop or push of a list; when its class runs dry, a few blocks are carved from a page, so that memory which no object needs
//! is never touched.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use crate::header::{Header, flags};
use crate::stress::{self, Knob};
use crate::thread::{SIZE_CLASSES, breaker, thread};
use crate::world::World;

/// Size and alignment of a page.
pub const PAGE_SIZE: usize = 64 * 1024;
/// Greatest size that comes from pages.
pub const MAX_SMALL: usize = SIZE_CLASSES * 16;
const PAGES_PER_CHUNK: usize = 16;
/// What the contents of freed blocks are overwritten with in debug builds.
const POISON: u8 = 0xdd;

/// Bytes that are carved into blocks at a time, at least one block: a page of the system's.
const CARVED_AT_ONCE: usize = 4096;

/// Start of a page.
#[repr(C, align(16))]
pub(crate) struct Page {
    block_size: u32,
    /// Blocks that have been carved; those behind are memory that nobody has looked at.
    carved: Cell<u32>,
    /// One collector count per block while a collection runs.
    pub(crate) gc_refs: Cell<*mut u32>,
}

/// In front of a large object.
#[repr(C, align(16))]
struct LargePrefix {
    previous: Cell<*mut LargePrefix>,
    next: Cell<*mut LargePrefix>,
    gc_refs: Cell<u32>,
    size: usize,
}

struct Heap {
    pages: RefCell<Vec<*mut Page>>,
    /// The page of each class that is being carved.
    carving: [Cell<*mut Page>; SIZE_CLASSES],
    spare_pages: RefCell<Vec<*mut Page>>,
    large: Cell<*mut LargePrefix>,
}

static HEAP: World<Heap> = World::new(Heap {
    pages: RefCell::new(Vec::new()),
    carving: [const { Cell::new(std::ptr::null_mut()) }; SIZE_CLASSES],
    spare_pages: RefCell::new(Vec::new()),
    large: Cell::new(std::ptr::null_mut()),
});

/// A block of at least `size` bytes. Its flag bits are valid, everything else is not; the caller writes a header at once.
#[inline]
pub fn allocate(size: usize) -> *mut Header {
    debug_assert!(size >= size_of::<Header>());
    if size > MAX_SMALL {
        return try_allocate_large(size).unwrap_or_else(|| out_of_memory());
    }
    if stress::is_due(Knob::Alloc) {
        // As when the reserve has been used.
        thread().request(breaker::MEMORY);
    }
    let class = (size - 1) / 16;
    let list = &thread().free_lists[class];
    let block = list.get();
    if block.is_null() {
        return refill(class);
    }
    // SAFETY: a free block's first word links to the next free block; the block is now ours and its flags start empty.
    unsafe {
        list.set(*block.cast::<*mut Header>());
        *block.cast::<u64>() = 0;
    }
    block
}

/// Like [`allocate`] for a size that the program chose: nothing if there is not enough memory.
pub fn try_allocate(size: usize) -> Option<*mut Header> {
    if size <= MAX_SMALL { Some(allocate(size)) } else { try_allocate_large(size) }
}

/// Frees a block that no object occupies any more.
///
/// # Safety
/// `block` came from this module and nothing refers to it.
#[inline]
pub unsafe fn free(block: *mut Header) {
    // SAFETY: the header's flag bits stay valid until here; a page starts at the masked address of a small block.
    unsafe {
        if (*block).has(flags::LARGE) {
            return free_large(block);
        }
        let page = page_of(block);
        debug_assert!(!(*block).raw_type().is_null(), "an object is freed twice");
        if cfg!(debug_assertions) {
            poison(block, size_in(page));
        }
        let list = &thread().free_lists[size_in(page) / 16 - 1];
        *block.cast::<*mut Header>() = list.get();
        (*block).set_raw_type(std::ptr::null());
        list.set(block);
    }
}

/// Fills what lies behind the header of a block that becomes free, so that stale pointers lead nowhere.
///
/// # Safety
/// The block is `size` bytes and nothing refers to it.
unsafe fn poison(block: *mut Header, size: usize) {
    let start = size_of::<Header>();
    // SAFETY: the contract.
    unsafe { std::ptr::write_bytes(block.cast::<u8>().add(start), POISON, size - start) };
}

/// Looks for damage in the free lists, which a count that fell below zero or a write to a freed object leaves: every link leads to a
/// free block of its class, and no block is free twice.
pub fn check_free_lists() -> Result<(), String> {
    let mut free = HashSet::new();
    let pages: HashSet<*mut Page> = HEAP.pages.borrow().iter().copied().collect();
    for (class, list) in thread().free_lists.iter().enumerate() {
        let mut block = list.get();
        while !block.is_null() {
            let page = page_of(block);
            let at = (block as usize - page as usize).wrapping_sub(size_of::<Page>());
            let is_block = pages.contains(&page)
                && at.is_multiple_of((class + 1) * 16)
                // SAFETY: the page is one of ours, and the block is one of its blocks.
                && unsafe { size_in(page) == (class + 1) * 16 && (*block).raw_type().is_null() };
            if !is_block {
                return Err(format!("the free list of {}-byte blocks leads astray", (class + 1) * 16));
            }
            if !free.insert(block as usize) {
                return Err(format!("a {}-byte block is free twice", (class + 1) * 16));
            }
            // SAFETY: a free block's first word links to the next one.
            block = unsafe { *block.cast::<*mut Header>() };
        }
    }
    Ok(())
}

fn page_of(block: *mut Header) -> *mut Page {
    (block as usize & !(PAGE_SIZE - 1)) as *mut Page
}

/// Carves some blocks, links all but one, and returns that one.
#[cold]
fn refill(class: usize) -> *mut Header {
    let page = page_to_carve(class);
    // SAFETY: the page is one of ours with memory that is not carved; every block lies inside it.
    unsafe {
        let first = (*page).carved.get() as usize;
        let end = blocks_in(page).min(first + (CARVED_AT_ONCE / size_in(page)).max(1));
        let mut next = std::ptr::null_mut();
        for at in (first..end).rev() {
            let block = block_at(page, at);
            *block.cast::<*mut Header>() = next;
            (*block).set_raw_type(std::ptr::null());
            next = block;
        }
        (*page).carved.set(end as u32);
        thread().free_lists[class].set(*next.cast::<*mut Header>());
        *next.cast::<u64>() = 0;
        next
    }
}

/// A page of a class with room for another block.
fn page_to_carve(class: usize) -> *mut Page {
    let page = HEAP.carving[class].get();
    // SAFETY: a page that is being carved is one of ours.
    if !page.is_null() && unsafe { ((*page).carved.get() as usize) < blocks_in(page) } {
        return page;
    }
    let page = take_page();
    let block_size = (class as u32 + 1) * 16;
    // SAFETY: the page is fresh memory of PAGE_SIZE bytes.
    unsafe {
        std::ptr::write(
            page,
            Page { block_size, carved: Cell::new(0), gc_refs: Cell::new(std::ptr::null_mut()) },
        );
    }
    HEAP.pages.borrow_mut().push(page);
    HEAP.carving[class].set(page);
    page
}

unsafe fn size_in(page: *mut Page) -> usize {
    // SAFETY: the caller passes a page of ours.
    unsafe { (*page).block_size as usize }
}

/// Blocks for which a page has room.
unsafe fn blocks_in(page: *mut Page) -> usize {
    // SAFETY: the caller passes a page of ours.
    (PAGE_SIZE - size_of::<Page>()) / unsafe { size_in(page) }
}

unsafe fn block_at(page: *mut Page, at: usize) -> *mut Header {
    // SAFETY: `at` is less than `blocks_in(page)`, so the block lies inside the page.
    unsafe { page.cast::<u8>().add(size_of::<Page>() + at * size_in(page)).cast() }
}

fn take_page() -> *mut Page {
    if let Some(page) = HEAP.spare_pages.borrow_mut().pop() {
        return page;
    }
    let layout =
        std::alloc::Layout::from_size_align(PAGE_SIZE * PAGES_PER_CHUNK, PAGE_SIZE).expect("a valid layout");
    // SAFETY: the layout has a size.
    let chunk = unsafe { std::alloc::alloc(layout) };
    if chunk.is_null() {
        out_of_memory();
    }
    crate::reserve::keep();
    let mut spare = HEAP.spare_pages.borrow_mut();
    // SAFETY: every page lies inside the chunk.
    spare.extend((1..PAGES_PER_CHUNK).rev().map(|at| unsafe { chunk.add(at * PAGE_SIZE).cast::<Page>() }));
    chunk.cast()
}

fn try_allocate_large(size: usize) -> Option<*mut Header> {
    if stress::is_due(Knob::Alloc) {
        return None;
    }
    // SAFETY: plain malloc, checked for null; malloc aligns to 16 bytes.
    let prefix = unsafe { libc::malloc(total_size(size)?) }.cast::<LargePrefix>();
    if prefix.is_null() {
        return None;
    }
    let next = HEAP.large.get();
    // SAFETY: the prefix is fresh memory; `next` is the live head of the list or null.
    unsafe {
        let links = LargePrefix {
            previous: Cell::new(std::ptr::null_mut()),
            next: Cell::new(next),
            gc_refs: Cell::new(0),
            size,
        };
        std::ptr::write(prefix, links);
        if !next.is_null() {
            (*next).previous.set(prefix);
        }
        HEAP.large.set(prefix);
        let block = prefix.add(1).cast::<Header>();
        std::ptr::write_bytes(block.cast::<u8>(), 0, size_of::<Header>());
        (*block).set(flags::LARGE);
        Some(block)
    }
}

/// Bytes of a large block with its prefix; nothing if there is no such size.
fn total_size(size: usize) -> Option<usize> {
    size.checked_add(size_of::<LargePrefix>()).filter(|&total| total < isize::MAX as usize)
}

/// A block with the contents of `block` and room for `size` bytes: the block itself if it has the room, else, if it is a large one, one
/// with an eighth more, perhaps elsewhere. Nothing, and the block is as it was, if it is a small one or there is no memory.
///
/// # Safety
/// `block` came from this module and is occupied; the caller uses the result in its place.
pub unsafe fn enlarge(block: *mut Header, size: usize) -> Option<*mut Header> {
    // SAFETY: the contract; the list is mended where the block was linked into it.
    unsafe {
        if size <= block_size(block) {
            return Some(block);
        }
        if !(*block).has(flags::LARGE) {
            return None;
        }
        let room = size.checked_add(size / 8)?;
        let prefix = libc::realloc(prefix_of(block).cast(), total_size(room)?).cast::<LargePrefix>();
        if prefix.is_null() {
            return None;
        }
        (*prefix).size = room;
        let (previous, next) = ((*prefix).previous.get(), (*prefix).next.get());
        match previous.is_null() {
            true => HEAP.large.set(prefix),
            false => (*previous).next.set(prefix),
        }
        if !next.is_null() {
            (*next).previous.set(prefix);
        }
        Some(prefix.add(1).cast())
    }
}

unsafe fn prefix_of(block: *mut Header) -> *mut LargePrefix {
    // SAFETY: the caller passes a large block, which has a prefix in front of it.
    unsafe { block.cast::<LargePrefix>().sub(1) }
}

unsafe fn free_large(block: *mut Header) {
    // SAFETY: a large block is linked into the list through its prefix and came from malloc.
    unsafe {
        let prefix = prefix_of(block);
        let (previous, next) = ((*prefix).previous.get(), (*prefix).next.get());
        match previous.is_null() {
            true => HEAP.large.set(next),
            false => (*previous).next.set(next),
        }
        if !next.is_null() {
            (*next).previous.set(previous);
        }
        libc::free(prefix.cast());
    }
}

/// Bytes that the block of a live object occupies.
///
/// # Safety
/// `block` came from this module and is occupied.
pub unsafe fn block_size(block: *mut Header) -> usize {
    // SAFETY: the contract.
    unsafe { if (*block).has(flags::LARGE) { (*prefix_of(block)).size } else { size_in(page_of(block)) } }
}

/// Calls `visit` with every occupied block. Objects must not be made or freed meanwhile.
pub fn for_each_block(mut visit: impl FnMut(*mut Header)) {
    any_block(|block| {
        visit(block);
        false
    });
}

/// Whether an occupied block is as wanted; those behind the first one are not looked at. As for [`for_each_block`].
pub fn any_block(mut is_wanted: impl FnMut(*mut Header) -> bool) -> bool {
    for &page in HEAP.pages.borrow().iter() {
        // SAFETY: blocks lie in their page; a null type marks a free one.
        unsafe {
            for at in 0..(*page).carved.get() as usize {
                let block = block_at(page, at);
                if !(*block).raw_type().is_null() && is_wanted(block) {
                    return true;
                }
            }
        }
    }
    let mut prefix = HEAP.large.get();
    while !prefix.is_null() {
        // SAFETY: the list links live large blocks.
        unsafe {
            let block = prefix.add(1).cast::<Header>();
            prefix = (*prefix).next.get();
            if !(*block).raw_type().is_null() && is_wanted(block) {
                return true;
            }
        }
    }
    false
}

/// Gives every page a zeroed array of collector counts.
pub(crate) fn begin_gc_counts() {
    for &page in HEAP.pages.borrow().iter() {
        // SAFETY: the page is ours; the array lives until `end_gc_counts`.
        unsafe {
            let counts = vec![0u32; blocks_in(page)].into_boxed_slice();
            (*page).gc_refs.set(Box::into_raw(counts).cast());
        }
    }
}

/// Frees the arrays again.
pub(crate) fn end_gc_counts() {
    for &page in HEAP.pages.borrow().iter() {
        // SAFETY: the array was made by `begin_gc_counts` with this length; a page carved since has none.
        unsafe {
            let counts = (*page).gc_refs.replace(std::ptr::null_mut());
            if !counts.is_null() {
                drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(counts, blocks_in(page))));
            }
        }
    }
}

/// The collector's count of an object.
///
/// # Safety
/// `block` is occupied and `begin_gc_counts` has run since its page was carved.
pub(crate) unsafe fn gc_refs<'a>(block: *mut Header) -> &'a Cell<u32> {
    // SAFETY: the contract; the block's number is within the array of its page.
    unsafe {
        if (*block).has(flags::LARGE) {
            return &(*prefix_of(block)).gc_refs;
        }
        let page = page_of(block);
        let at = (block as usize - page as usize - size_of::<Page>()) / size_in(page);
        &*(*page).gc_refs.get().add(at).cast::<Cell<u32>>()
    }
}

/// Ends the process in an orderly way when not even a small object can be made.
#[cold]
fn out_of_memory() -> ! {
    eprintln!("MemoryError: out of memory");
    std::process::exit(1)
}
