//! Memory for machine code: never writable and executable at one address.
//!
//! One region of address space, so that calls inside it reach with 32 bits: shared anonymous memory that is mapped twice, once to be
//! read and executed, once to be written. (Not a memory file, because profilers look names up for anonymous memory only.) Pages
//! are committed as they are touched. Nothing is freed before the process ends: retired code may still be on the stack.
//!
//! Cost: two mappings; writing is a copy.

use std::cell::Cell;
use std::io;

/// Bytes of address space.
const REGION: usize = 256 << 20;
/// Bytes of a cache line.
const CACHE_LINE: usize = 64;

/// The region.
pub(crate) struct CodeMemory {
    /// Where the code runs.
    execute: *const u8,
    /// The same bytes, to be written.
    write: *mut u8,
    used: Cell<usize>,
}

impl CodeMemory {
    /// Reserves the region. Fails where the system does not allow it.
    pub(crate) fn new() -> io::Result<Self> {
        let check = |failed: bool| if failed { Err(io::Error::last_os_error()) } else { Ok(()) };
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: the mappings are new; mapping a shared region again leaves the first mapping as it is.
        unsafe {
            let write = libc::mmap(std::ptr::null_mut(), REGION, protection, flags, -1, 0);
            check(write == libc::MAP_FAILED)?;
            let execute = libc::mremap(write, 0, REGION, libc::MREMAP_MAYMOVE);
            check(execute == libc::MAP_FAILED)?;
            check(libc::mprotect(execute, REGION, libc::PROT_READ | libc::PROT_EXEC) != 0)?;
            Ok(Self { execute: execute.cast(), write: write.cast(), used: Cell::new(0) })
        }
    }

    /// Sets `len` bytes aside, aligned to 16; gives the address at which they will run. `None` when the region is full.
    pub(crate) fn reserve(&self, len: usize) -> Option<usize> {
        let start = self.used.get();
        let end = start.checked_add(len)?.checked_next_multiple_of(16)?;
        if end > REGION {
            return None;
        }
        self.used.set(end);
        Some(self.execute as usize + start)
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
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.write.add(at), bytes.len()) };
    }

    /// Replaces eight aligned bytes at once, so that running code sees the old or the new ones.
    pub(crate) fn patch(&self, address: usize, bytes: [u8; 8]) {
        let at = self.offset(address, 8);
        assert!(address.is_multiple_of(8), "patched words are aligned");
        // SAFETY: as for `write`; the address is aligned.
        unsafe { self.write.add(at).cast::<u64>().write_volatile(u64::from_le_bytes(bytes)) };
    }

    fn offset(&self, address: usize, len: usize) -> usize {
        let at = address.wrapping_sub(self.execute as usize);
        assert!(
            at.checked_add(len).is_some_and(|end| end <= self.used.get()),
            "code is written where it was reserved"
        );
        at
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
