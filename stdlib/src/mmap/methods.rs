//! What `mmap` objects do: as files with a position, as bytes that are searched, and as memory of the system.

use memchr::memmem;
use runtime::buffer::Buffer;
use runtime::convert::{OrNone, Rest};
use runtime::objects::int;
use runtime::{PyResult, Value, py_methods, raise};

use super::{Access, Mmap, closed_error, count_of};
use crate::system::{failure, os_error, system};

/// An offset as `find` takes it: negative ones count from the end.
fn wrapped(at: isize, len: usize) -> usize {
    if at < 0 { (at + len as isize).max(0) as usize } else { (at as usize).min(len) }
}

impl Mmap {
    fn search(
        &self,
        wanted: &Buffer,
        start: Option<isize>,
        end: Option<isize>,
        find: impl FnOnce(&[u8], &[u8]) -> Option<usize>,
    ) -> PyResult<i64> {
        let wanted = wanted.to_cow().into_owned();
        let at = self.at.get();
        self.with(|bytes| {
            let from = start.map_or(at.min(bytes.len()), |start| wrapped(start, bytes.len()));
            let to = end.map_or(bytes.len(), |end| wrapped(end, bytes.len()));
            match from <= to {
                true => find(&bytes[from..to], &wanted).map_or(-1, |found| (from + found) as i64),
                false => -1,
            }
        })
    }

    fn resize_to(&self, size: isize) -> PyResult<()> {
        self.len()?;
        if self.loans.get() > 0 {
            return Err(raise!(BufferError, "mmap can't resize with extant buffers exported."));
        }
        if !self.tracks_fd {
            return Err(raise!(ValueError, "mmap can't resize with trackfd=False."));
        }
        if !matches!(self.access, Access::Default | Access::Write) {
            return Err(raise!(TypeError, "mmap can't resize a readonly or copy-on-write memory map."));
        }
        let Some(end) = usize::try_from(size).ok().and_then(|_| (size as i64).checked_add(self.offset))
        else {
            return Err(raise!(ValueError, "new size out of range"));
        };
        let size = size as usize;
        let mut mapping = self.mapping.borrow_mut();
        let mapping = mapping.as_mut().ok_or_else(closed_error)?;
        if mapping.fd == -1 && self.flags & libc::MAP_PRIVATE == 0 && size > mapping.len {
            return Err(raise!(ValueError, "mmap: can't expand a shared anonymous mapping on Linux"));
        }
        if mapping.fd != -1 {
            system!(ftruncate(mapping.fd, end))?;
        }
        // SAFETY: the mapping is this object's, and nobody has a view of it.
        let moved = unsafe { libc::mremap(mapping.data.cast(), mapping.len, size, libc::MREMAP_MAYMOVE) };
        if moved == libc::MAP_FAILED {
            return Err(failure());
        }
        (mapping.data, mapping.len) = (moved.cast(), size);
        Ok(())
    }

    /// Calls something of the system for a part of the mapping.
    fn for_part(&self, start: usize, call: impl Fn(*mut libc::c_void) -> i32) -> PyResult<()> {
        let address = self.with(|bytes| bytes.as_mut_ptr().wrapping_add(start))?;
        if call(address.cast()) == 0 { Ok(()) } else { Err(failure()) }
    }

    fn close(&self) -> PyResult<()> {
        if self.loans.get() > 0 {
            return Err(raise!(BufferError, "cannot close exported pointers exist"));
        }
        drop(self.mapping.take());
        Ok(())
    }
}

fn byte_of(value: Value) -> PyResult<u8> {
    let number = int::to_isize(value)?;
    u8::try_from(number).map_err(|_| match number < 0 {
        true => raise!(OverflowError, "unsigned byte integer is less than minimum"),
        false => raise!(OverflowError, "unsigned byte integer is greater than maximum"),
    })
}

py_methods! { pub(super) static METHODS for "mmap.mmap", &Mmap;
    /// Close the mapping.
    "close(self, /)"
    fn close(this) -> PyResult<()> {
        this.close()
    }
    /// Return the lowest index of a subsequence from the position on, or between start and end; -1 if there is none.
    "find(self, view, start=None, end=None, /)"
    fn find(this, view: Buffer, start: OrNone<isize>, end: OrNone<isize>) -> PyResult<i64> {
        this.search(&view, start.0, end.0, memmem::find)
    }
    /// Return the highest index of a subsequence; -1 if there is none.
    "rfind(self, view, start=None, end=None, /)"
    fn rfind(this, view: Buffer, start: OrNone<isize>, end: OrNone<isize>) -> PyResult<i64> {
        this.search(&view, start.0, end.0, memmem::rfind)
    }
    /// Flush changes to the file on disk.
    "flush(self, offset=0, size=None, /)"
    fn flush(this, offset: Option<isize>, size: Option<isize>) -> PyResult<()> {
        let (len, offset) = (this.len()?, offset.unwrap_or(0));
        let size = size.unwrap_or(len as isize);
        let is_inside = offset >= 0 && size >= 0 && offset.checked_add(size).is_some_and(|end| end as usize <= len);
        if !is_inside {
            return Err(raise!(ValueError, "flush values out of range"));
        }
        if matches!(this.access, Access::Read | Access::Copy) {
            return Ok(());
        }
        // SAFETY: a part of the mapping.
        this.for_part(offset as usize, |at| unsafe { libc::msync(at, size as usize, libc::MS_SYNC) })
    }
    /// Give the system advice about a part of the mapping.
    "madvise(self, option, start=0, length=None, /)"
    fn madvise(this, option: i32, start: Option<isize>, length: Option<isize>) -> PyResult<()> {
        let (len, start) = (this.len()? as isize, start.unwrap_or(0));
        let length = length.unwrap_or(len);
        if start < 0 || start >= len {
            return Err(raise!(ValueError, "madvise start out of bounds"));
        }
        if length < 0 {
            return Err(raise!(ValueError, "madvise length invalid"));
        }
        if isize::MAX - start < length {
            return Err(raise!(OverflowError, "madvise length too large"));
        }
        let length = length.min(len - start) as usize;
        // SAFETY: a part of the mapping.
        this.for_part(start as usize, |at| unsafe { libc::madvise(at, length, option) })
    }
    /// Copy count bytes from src to dest.
    "move(self, dest, src, count, /)"
    fn move_bytes(this, dest: isize, src: isize, count: isize) -> PyResult<()> {
        this.check_writable()?;
        let len = this.len()? as isize;
        if dest < 0 || src < 0 || count < 0 || len - dest < count || len - src < count {
            return Err(raise!(ValueError, "source, destination, or count out of range"));
        }
        this.with(|bytes| bytes.copy_within(src as usize..(src + count) as usize, dest as usize))
    }
    /// Return up to n bytes from the position on; all of them for None or a negative number.
    "read(self, n=None, /)"
    fn read(this, n: OrNone<Value>) -> PyResult {
        let count = count_of(n)?;
        this.take(count)
    }
    /// Return the byte at the position as an integer.
    "read_byte(self, /)"
    fn read_byte(this) -> PyResult<i64> {
        let at = this.at.get();
        let Some(byte) = this.with(|bytes| bytes.get(at).copied())? else {
            return Err(raise!(ValueError, "read byte out of range"));
        };
        this.at.set(at + 1);
        Ok(byte.into())
    }
    /// Return the bytes up to the end of the line.
    "readline(self, /)"
    fn readline(this) -> PyResult {
        let at = this.at.get();
        let end = this.with(|bytes| memchr::memchr(b'\n', bytes.get(at..).unwrap_or_default()))?;
        this.take(end.map(|end| end + 1))
    }
    /// Change the size of the mapping and of its file.
    "resize(self, newsize, /)"
    fn resize(this, newsize: isize) -> PyResult<()> {
        this.resize_to(newsize)
    }
    /// Move to a position and return it.
    "seek(self, pos, whence=0, /)"
    fn seek(this, pos: isize, whence: Option<i32>) -> PyResult<i64> {
        let len = this.len()?;
        let from = match whence.unwrap_or(0) {
            0 => 0,
            1 => this.at.get(),
            2 => len,
            _ => return Err(raise!(ValueError, "unknown seek type")),
        };
        match (from as isize).checked_add(pos).filter(|at| (0..=len as isize).contains(at)) {
            Some(at) => {
                this.at.set(at as usize);
                Ok(at as i64)
            }
            None => Err(raise!(ValueError, "seek out of range")),
        }
    }
    /// Whether there are positions.
    "seekable(self, /)"
    fn seekable(this) -> bool {
        let _ = this;
        true
    }
    /// Return the length of the file, which may be more than that of the mapping.
    "size(self, /)"
    fn size(this) -> PyResult<i64> {
        let len = this.len()?;
        let fd = this.mapping.borrow().as_ref().map_or(-1, |mapping| mapping.fd);
        if fd == -1 {
            return match this.tracks_fd {
                true => Ok(len as i64),
                false => Err(os_error(libc::EBADF, &[])),
            };
        }
        // SAFETY: the structure is filled in by the call, of which it consists of numbers.
        let mut status: libc::stat = unsafe { std::mem::zeroed() };
        system!(fstat(fd, &raw mut status))?;
        Ok(status.st_size)
    }
    /// Return the position.
    "tell(self, /)"
    fn tell(this) -> PyResult<i64> {
        this.len()?;
        Ok(this.at.get() as i64)
    }
    /// Write bytes at the position and return how many.
    "write(self, bytes, /)"
    fn write(this, bytes: Buffer) -> PyResult<i64> {
        this.check_writable()?;
        let (new, at) = (bytes.to_cow().into_owned(), this.at.get());
        let is_written = this.with(|bytes| match bytes.get_mut(at..).filter(|rest| rest.len() >= new.len()) {
            Some(rest) => {
                rest[..new.len()].copy_from_slice(&new);
                true
            }
            None => false,
        })?;
        if !is_written {
            return Err(raise!(ValueError, "data out of range"));
        }
        this.at.set(at + new.len());
        Ok(new.len() as i64)
    }
    /// Write the integer byte at the position.
    "write_byte(self, byte, /)"
    fn write_byte(this, byte: Value) -> PyResult<()> {
        let byte = byte_of(byte)?;
        this.check_writable()?;
        let at = this.at.get();
        if at >= this.len()? {
            return Err(raise!(ValueError, "write byte out of range"));
        }
        this.with(|bytes| bytes[at] = byte)?;
        this.at.set(at + 1);
        Ok(())
    }
    /// Returns the mapping itself.
    "__enter__(self, /)"
    fn enter(this) -> PyResult {
        this.len()?;
        Ok(Value::from_object(this).to_ref())
    }
    /// Closes the mapping.
    "__exit__(self, /, *exc_info)"
    fn exit(this, exc_info: Rest<'_>) -> PyResult<()> {
        let _ = exc_info.0;
        this.close()
    }
    /// Bytes in memory, the mapping included.
    "__sizeof__(self, /)"
    fn sizeof(this) -> i64 {
        let mapped = this.mapping.borrow().as_ref().map_or(0, |mapping| mapping.len);
        (size_of::<Mmap>() + mapped) as i64
    }
}
