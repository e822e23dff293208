//! Memory for machine code: never writable and executable at one address.
//!
//! One region of address space, so that calls inside it reach with 32 bits: shared anonymous memory that is mapped twice, once to be
//! read and executed, once to be written. (Not a memory file, because profilers look names up for anonymous memory only.) Pages
//! are committed as they are touched. Nothing is freed before the process ends: retired code may still be on the stack. Where the
//! system cannot map memory a second time, as under valgrind, it is a memory file after all.
//!
//! Shared memory stays shared across a fork, where parent and child would write over each other's code. So a copy is made before, which
//! the child puts in the place of the original, at the same addresses ([`CodeMemory::follow_forks`]).
//!
//! Cost: two mappings; writing is a copy; a fork copies the code.

use std::cell::Cell;
use std::io;
use std::ptr;

/// Bytes of address space.
const REGION: usize = 256 << 20;
/// Bytes of a cache line.
const CACHE_LINE: usize = 64;

/// The region at two addresses.
#[derive(Clone, Copy)]
struct Views {
    /// Where the code runs.
    execute: *mut u8,
    /// The same bytes, to be written.
    write: *mut u8,
}

/// The region.
pub(crate) struct CodeMemory {
    views: Views,
    used: Cell<usize>,
    /// How much may be used.
    limit: Cell<usize>,
    /// What a child that is being forked shall have.
    twin: Cell<Option<Views>>,
}

/// What a system call that gives an address has given.
fn mapped(address: *mut libc::c_void) -> io::Result<*mut u8> {
    if address == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(address.cast()) }
}

impl Views {
    /// Maps new memory twice.
    fn new() -> io::Result<Self> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_NORESERVE;
        // SAFETY: the mappings are new; mapping a shared region again leaves the first mapping as it is.
        let views = unsafe {
            let write =
                mapped(libc::mmap(ptr::null_mut(), REGION, protection, flags | libc::MAP_ANONYMOUS, -1, 0))?;
            match mapped(libc::mremap(write.cast(), 0, REGION, libc::MREMAP_MAYMOVE)) {
                Ok(execute) => Self { execute, write },
                Err(_) => {
                    libc::munmap(write.cast(), REGION);
                    Self::of_file()?
                }
            }
        };
        // SAFETY: the mapping is ours, and holds no code yet.
        let failed =
            unsafe { libc::mprotect(views.execute.cast(), REGION, libc::PROT_READ | libc::PROT_EXEC) } != 0;
        if failed { Err(io::Error::last_os_error()) } else { Ok(views) }
    }

    /// Maps a memory file twice.
    fn of_file() -> io::Result<Self> {
        let (protection, flags) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_NORESERVE);
        // SAFETY: the file and the mappings are new; the mappings outlive the descriptor.
        unsafe {
            let file = libc::memfd_create(c"code".as_ptr(), libc::MFD_CLOEXEC);
            if file < 0 || libc::ftruncate(file, REGION as libc::off_t) != 0 {
                return Err(io::Error::last_os_error());
            }
            let view = || mapped(libc::mmap(ptr::null_mut(), REGION, protection, flags, file, 0));
            let views = view().and_then(|write| Ok(Self { execute: view()?, write }));
            libc::close(file);
            views
        }
    }

    /// Moves the mappings to where `place` is, whose memory is let go.
    fn take_place(self, place: Self) -> io::Result<()> {
        let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
        for (from, to) in [(self.execute, place.execute), (self.write, place.write)] {
            // SAFETY: both are whole mappings of one size, and hold the same bytes, so that code which has been called returns.
            mapped(unsafe { libc::mremap(from.cast(), REGION, REGION, flags, to) })?;
        }
        Ok(())
    }

    /// Lets the memory go.
    fn unmap(self) {
        for view in [self.execute, self.write] {
            // SAFETY: nothing refers to the mapping.
            unsafe { libc::munmap(view.cast(), REGION) };
        }
    }
}

impl CodeMemory {
    /// Reserves the region. Fails where the system does not allow it.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { views: Views::new()?, used: Cell::new(0), limit: Cell::new(REGION), twin: Cell::new(None) })
    }

    /// Lets processes that are forked from now on have code of their own. `prepare`, `parent` and `child` call
    /// [`CodeMemory::before_fork`], [`CodeMemory::in_parent`] and [`CodeMemory::in_child`] of the one region there is.
    pub(crate) fn follow_forks(prepare: extern "C" fn(), parent: extern "C" fn(), child: extern "C" fn()) {
        // SAFETY: the functions live as long as the process, and take nothing.
        unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) };
    }

    /// Copies the code for the child. Without memory for it there is no copy.
    pub(crate) fn before_fork(&self) {
        let twin = Views::new().ok();
        if let Some(twin) = twin {
            // SAFETY: both are that large, and do not overlap.
            unsafe { ptr::copy_nonoverlapping(self.views.write, twin.write, self.used.get()) };
        }
        self.twin.set(twin);
    }

    /// The copy is the child's alone.
    pub(crate) fn in_parent(&self) {
        if let Some(twin) = self.twin.take() {
            twin.unmap();
        }
    }

    /// Puts the copy where the code was. A child without one ends at once: what it wrote would change the parent.
    pub(crate) fn in_child(&self) {
        if self.twin.take().is_none_or(|twin| twin.take_place(self.views).is_err()) {
            let message = b"fatal error: no memory for the code of a forked process\n";
            // SAFETY: the bytes are readable; nothing runs after the exit.
            unsafe {
                libc::write(libc::STDERR_FILENO, message.as_ptr().cast(), message.len());
                libc::_exit(127);
            }
        }
    }

    /// Sets `len` bytes aside, aligned to 16; gives the address at which they will run. `None` when the region is full.
    pub(crate) fn reserve(&self, len: usize) -> Option<usize> {
        let start = self.used.get();
        let end = start.checked_add(len)?.checked_next_multiple_of(16)?;
        if end > self.limit.get() {
            return None;
        }
        self.used.set(end);
        Some(self.views.execute as usize + start)
    }

    /// As [`CodeMemory::reserve`], at the start of a cache line, so that how fast code runs does not depend on what was made before it.
    pub(crate) fn reserve_line(&self, len: usize) -> Option<usize> {
        self.used.set(self.used.get().next_multiple_of(CACHE_LINE).min(REGION));
        self.reserve(len)
    }

    /// Writes into reserved bytes.
    pub(crate) fn write(&self, address: usize, bytes: &[u8]) {
        let at = self.offset(address, bytes.len());
        // SAFETY: the bytes lie inside what has been reserved, and the writable view aliases no Rust object.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.views.write.add(at), bytes.len()) };
    }

    /// Replaces eight aligned bytes at once, so that running code sees the old or the new ones.
    pub(crate) fn patch(&self, address: usize, bytes: [u8; 8]) {
        let at = self.offset(address, 8);
        assert!(address.is_multiple_of(8), "patched words are aligned");
        // SAFETY: as for `write`; the address is aligned.
        unsafe { self.views.write.add(at).cast::<u64>().write_volatile(u64::from_le_bytes(bytes)) };
    }

    fn offset(&self, address: usize, len: usize) -> usize {
        let at = address.wrapping_sub(self.views.execute as usize);
        assert!(
            at.checked_add(len).is_some_and(|end| end <= self.used.get()),
            "code is written where it was reserved"
        );
        at
    }

    /// Whether there is code at an address.
    pub(crate) fn contains(&self, address: usize) -> bool {
        address.wrapping_sub(self.views.execute as usize) < self.used.get()
    }

    /// Sets how many bytes may be used, 0 for all there are; gives that number.
    pub(crate) fn set_limit(&self, bytes: usize) -> usize {
        self.limit.set(if bytes == 0 { REGION } else { bytes.min(REGION) });
        self.limit.get()
    }

    /// Bytes that may be used.
    pub(crate) fn limit(&self) -> usize {
        self.limit.get()
    }

    /// Bytes of code so far.
    pub(crate) fn used(&self) -> usize {
        self.used.get()
    }
}

/// The displacement of a 32-bit relative field that ends at `end` and refers to `target`, both in one region.
pub(crate) fn displacement(target: usize, end: usize) -> [u8; 4] {
    let distance = target.wrapping_sub(end) as i64;
    i32::try_from(distance).expect("the region is smaller than 2 GiB").to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_code_runs() {
        let memory = CodeMemory::new().expect("the machine allows executable memory");
        let address = memory.reserve(6).expect("the region is empty");
        // mov eax, 42; ret
        memory.write(address, &[0xb8, 42, 0, 0, 0, 0xc3]);
        // SAFETY: the bytes are a function of this type.
        let function: extern "C" fn() -> i32 = unsafe { std::mem::transmute(address) };
        assert_eq!(function(), 42);
    }

    #[test]
    fn a_full_region_refuses() {
        let memory = CodeMemory::new().expect("the machine allows executable memory");
        assert_eq!(memory.reserve(REGION + 1), None);
        assert_eq!(memory.reserve(usize::MAX), None);
    }

    #[test]
    fn displacements_count_from_the_end_of_the_field() {
        assert_eq!(displacement(0x1000, 0x1005), (-5i32).to_le_bytes());
    }
}
