//! Open files as the system sees them: descriptors, what is read and written through them, pipes, terminals.

use runtime::convert::OrNone;
use runtime::objects::bytes::BytesObject;
use runtime::objects::struct_sequence::StructType;
use runtime::objects::{self, int};
use runtime::{PyResult, Ref, Value, buffer, error, protocol, py_functions, raise, tell};

use super::argument::{self, Descriptor, Folder, Path};
use crate::system::{failure, last_errno, os_error, pair, system};

/// `os.terminal_size`
pub(super) static TERMINAL_SIZE: StructType = StructType::new("os", "terminal_size", &["columns", "lines"])
    .with_docs("The size of a terminal, in characters.", &["its width", "its height"]);

/// Memory for a read whose size the program chose.
fn room(length: i64) -> PyResult<Vec<u8>> {
    let Ok(length) = usize::try_from(length) else { return Err(os_error(libc::EINVAL, &[])) };
    let mut room = Vec::new();
    room.try_reserve_exact(length).map_err(|_| error::memory_error())?;
    room.resize(length, 0);
    Ok(room)
}

fn cut(mut room: Vec<u8>, count: isize) -> Ref {
    room.truncate(count.max(0) as usize);
    BytesObject::new(&room).into()
}

/// The parts of a list of buffers, one after the other.
fn parts(buffers: Value) -> PyResult<Vec<Ref>> {
    if !protocol::is_iterable(buffers) {
        return Err(raise!(TypeError, "must be a sequence, not {}", buffers.ty().name()));
    }
    protocol::collect(buffers)
}

fn gather(buffers: Value) -> PyResult<Vec<u8>> {
    let mut data = Vec::new();
    for part in parts(buffers)? {
        data.extend(buffer::to_vec(part.value())?);
    }
    Ok(data)
}

/// Reads into a list of writable buffers with one call.
fn scatter(buffers: Value, read: impl FnOnce(&mut [u8]) -> PyResult<isize>) -> PyResult<isize> {
    let parts = parts(buffers)?;
    let lengths =
        parts.iter().map(|part| buffer::writable_len(part.value())).collect::<PyResult<Vec<_>>>()?;
    let mut data = room(lengths.iter().sum::<usize>() as i64)?;
    let count = read(&mut data)?;
    let mut rest = &data[..count.max(0) as usize];
    for part in &parts {
        rest = buffer::with_bytes_mut(part.value(), |target| {
            let (now, later) = rest.split_at(rest.len().min(target.len()));
            target[..now.len()].copy_from_slice(now);
            later
        })?;
    }
    Ok(count)
}

/// Changes whether children get a descriptor.
pub(crate) fn set_inheritable_flag(fd: i32, is_inheritable: bool) -> PyResult<()> {
    let flags = system!(fcntl(fd, libc::F_GETFD))?;
    let wanted = if is_inheritable { flags & !libc::FD_CLOEXEC } else { flags | libc::FD_CLOEXEC };
    if wanted != flags {
        system!(fcntl(fd, libc::F_SETFD, wanted))?;
    }
    Ok(())
}

/// Changes whether operations on a descriptor wait.
pub(crate) fn set_blocking_flag(fd: i32, is_blocking: bool) -> PyResult<()> {
    let flags = system!(fcntl(fd, libc::F_GETFL))?;
    let wanted = if is_blocking { flags & !libc::O_NONBLOCK } else { flags | libc::O_NONBLOCK };
    system!(fcntl(fd, libc::F_SETFL, wanted)).map(drop)
}

/// Closes; the descriptor is gone even if a signal interrupts.
pub(crate) fn close_descriptor(fd: i32) -> PyResult<()> {
    // SAFETY: the program says that it is done with the descriptor.
    if unsafe { libc::close(fd) } == 0 || last_errno() == libc::EINTR { Ok(()) } else { Err(failure()) }
}

fn offset_pointer(offset: &mut Option<i64>) -> *mut i64 {
    offset.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut)
}

py_functions! { pub(super) static FUNCTIONS;
    /// Open a file for low level IO.  Returns a file descriptor (integer).
    "open(path, flags, mode=0o777, *, dir_fd=None)"
    fn open(path: Path, flags: i32, mode: Option<i32>, dir_fd: Folder) -> PyResult<i32> {
        tell!("open", path.given().to_ref(), objects::none().to_ref(), int::from_i64((flags | libc::O_CLOEXEC).into()));
        system!(openat(dir_fd.0, path.as_ptr(), flags | libc::O_CLOEXEC, mode.unwrap_or(0o777)) at path)
    }
    /// Close a file descriptor.
    "close(fd)"
    fn close(fd: i32) -> PyResult<()> {
        close_descriptor(fd)
    }
    /// Closes all file descriptors in [fd_low, fd_high), ignoring errors.
    "closerange(fd_low, fd_high, /)"
    fn closerange(fd_low: i32, fd_high: i32) {
        for fd in fd_low.max(0)..fd_high {
            // SAFETY: the program says that it is done with the descriptors; errors are not of interest.
            unsafe { libc::close(fd) };
        }
    }
    /// Read from a file descriptor.  Returns a bytes object.
    "read(fd, length, /)"
    fn read(fd: i32, length: i64) -> PyResult {
        let mut room = room(length)?;
        let count = system!(read(fd, room.as_mut_ptr().cast(), room.len()))?;
        Ok(cut(room, count))
    }
    /// Read into a buffer object from a file descriptor.
    "readinto(fd, buffer, /)"
    fn readinto(fd: i32, target: Value) -> PyResult<isize> {
        let mut room = room(buffer::writable_len(target)? as i64)?;
        let count = system!(read(fd, room.as_mut_ptr().cast(), room.len()))?;
        let read = &room[..count.max(0) as usize];
        buffer::with_bytes_mut(target, |target| target[..read.len()].copy_from_slice(read))?;
        Ok(count)
    }
    /// Write a bytes object to a file descriptor.
    "write(fd, data, /)"
    fn write(fd: i32, data: Value) -> PyResult<isize> {
        let data = buffer::to_vec(data)?;
        let written = system!(write(fd, data.as_ptr().cast(), data.len()))?;
        // What a signal's handler raises is raised by the call that the signal has cut short.
        runtime::signal::check()?;
        Ok(written)
    }
    /// Read a number of bytes from a file descriptor starting at a particular offset.
    "pread(fd, length, offset, /)"
    fn pread(fd: i32, length: i64, offset: i64) -> PyResult {
        let mut room = room(length)?;
        let count = system!(pread(fd, room.as_mut_ptr().cast(), room.len(), offset))?;
        Ok(cut(room, count))
    }
    /// Write bytes to a file descriptor starting at a particular offset.
    "pwrite(fd, buffer, offset, /)"
    fn pwrite(fd: i32, data: Value, offset: i64) -> PyResult<isize> {
        let data = buffer::to_vec(data)?;
        system!(pwrite(fd, data.as_ptr().cast(), data.len(), offset))
    }
    /// Read from a file descriptor fd into an iterable of buffers.
    "readv(fd, buffers, /)"
    fn readv(fd: i32, buffers: Value) -> PyResult<isize> {
        scatter(buffers, |data| system!(read(fd, data.as_mut_ptr().cast(), data.len())))
    }
    /// Iterate over buffers, and write the contents of each to a file descriptor.
    "writev(fd, buffers, /)"
    fn writev(fd: i32, buffers: Value) -> PyResult<isize> {
        let data = gather(buffers)?;
        system!(write(fd, data.as_ptr().cast(), data.len()))
    }
    /// Reads from a file descriptor into a number of mutable bytes-like objects.
    "preadv(fd, buffers, offset, flags=0, /)"
    fn preadv(fd: i32, buffers: Value, offset: i64, flags: Option<i32>) -> PyResult<isize> {
        scatter(buffers, |data| {
            let vector = libc::iovec { iov_base: data.as_mut_ptr().cast(), iov_len: data.len() };
            system!(preadv2(fd, &raw const vector, 1, offset, flags.unwrap_or(0)))
        })
    }
    /// Writes the bytes-like objects in buffers to a file descriptor, starting at offset.
    "pwritev(fd, buffers, offset, flags=0, /)"
    fn pwritev(fd: i32, buffers: Value, offset: i64, flags: Option<i32>) -> PyResult<isize> {
        let mut data = gather(buffers)?;
        let vector = libc::iovec { iov_base: data.as_mut_ptr().cast(), iov_len: data.len() };
        system!(pwritev2(fd, &raw const vector, 1, offset, flags.unwrap_or(0)))
    }
    /// Set the position of a file descriptor.  Return the new position.
    "lseek(fd, position, whence, /)"
    fn lseek(fd: i32, position: i64, whence: i32) -> PyResult<i64> {
        system!(lseek(fd, position, whence))
    }
    /// Return True if the fd is connected to a terminal.
    "isatty(fd, /)"
    fn isatty(fd: i32) -> bool {
        // SAFETY: a question about a descriptor.
        unsafe { libc::isatty(fd) == 1 }
    }
    /// Return a duplicate of a file descriptor.
    "dup(fd, /)"
    fn dup(fd: i32) -> PyResult<i32> {
        system!(fcntl(fd, libc::F_DUPFD_CLOEXEC, 0))
    }
    /// Duplicate file descriptor.
    "dup2(fd, fd2, inheritable=True)"
    fn dup2(fd: i32, fd2: i32, inheritable: Option<bool>) -> PyResult<i32> {
        if fd < 0 || fd2 < 0 {
            return Err(os_error(libc::EBADF, &[]));
        }
        if inheritable.unwrap_or(true) || fd == fd2 {
            system!(dup2(fd, fd2))
        } else {
            system!(dup3(fd, fd2, libc::O_CLOEXEC))
        }
    }
    /// Create a pipe.  Returns a tuple of two file descriptors: (read_fd, write_fd)
    "pipe()"
    fn pipe() -> PyResult {
        let mut ends = [0; 2];
        system!(pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC))?;
        Ok(pair(ends[0], ends[1]))
    }
    /// Create a pipe with flags set atomically.
    "pipe2(flags, /)"
    fn pipe2(flags: i32) -> PyResult {
        let mut ends = [0; 2];
        system!(pipe2(ends.as_mut_ptr(), flags))?;
        Ok(pair(ends[0], ends[1]))
    }
    /// Force write of fd to disk.
    "fsync(fd)"
    fn fsync(fd: Descriptor) -> PyResult<()> {
        system!(fsync(fd.0)).map(drop)
    }
    /// Force write of fd to disk without forcing update of metadata.
    "fdatasync(fd)"
    fn fdatasync(fd: Descriptor) -> PyResult<()> {
        system!(fdatasync(fd.0)).map(drop)
    }
    /// Force write of everything to disk.
    "sync()"
    fn sync() {
        // SAFETY: no arguments.
        unsafe { libc::sync() };
    }
    /// Truncate a file, specified by file descriptor, to a specific length.
    "ftruncate(fd, length, /)"
    fn ftruncate(fd: i32, length: i64) -> PyResult<()> {
        tell!("os.truncate", int::from_i64(fd.into()), int::from_i64(length));
        system!(ftruncate(fd, length)).map(drop)
    }
    /// Get the close-on-exe flag of the specified file descriptor.
    "get_inheritable(fd, /)"
    fn get_inheritable(fd: i32) -> PyResult<bool> {
        Ok(system!(fcntl(fd, libc::F_GETFD))? & libc::FD_CLOEXEC == 0)
    }
    /// Set the inheritable flag of the specified file descriptor.
    "set_inheritable(fd, inheritable, /)"
    fn set_inheritable(fd: i32, inheritable: bool) -> PyResult<()> {
        set_inheritable_flag(fd, inheritable)
    }
    /// Get the blocking mode of the file descriptor.
    "get_blocking(fd, /)"
    fn get_blocking(fd: i32) -> PyResult<bool> {
        Ok(system!(fcntl(fd, libc::F_GETFL))? & libc::O_NONBLOCK == 0)
    }
    /// Set the blocking mode of the specified file descriptor.
    "set_blocking(fd, blocking, /)"
    fn set_blocking(fd: i32, blocking: bool) -> PyResult<()> {
        set_blocking_flag(fd, blocking)
    }
    /// Apply, test or remove a POSIX lock on an open file descriptor.
    "lockf(fd, command, length, /)"
    fn lockf(fd: i32, command: i32, length: i64) -> PyResult<()> {
        tell!("os.lockf", int::from_i64(fd.into()), int::from_i64(command.into()), int::from_i64(length));
        system!(lockf(fd, command, length)).map(drop)
    }
    /// Copy count bytes from file descriptor in_fd to file descriptor out_fd.
    "sendfile(out_fd, in_fd, offset, count)"
    fn sendfile(out_fd: i32, in_fd: i32, offset: OrNone<i64>, count: usize) -> PyResult<isize> {
        let mut offset = offset.0;
        system!(sendfile(out_fd, in_fd, offset_pointer(&mut offset), count))
    }
    /// Copy count bytes from one file descriptor to another.
    "copy_file_range(src, dst, count, offset_src=None, offset_dst=None)"
    fn copy_file_range(src: i32, dst: i32, count: i64, offset_src: OrNone<i64>, offset_dst: OrNone<i64>) -> PyResult<isize> {
        let Ok(count) = usize::try_from(count) else {
            return Err(raise!(ValueError, "negative value for 'count' not allowed"));
        };
        let (mut from, mut to) = (offset_src.0, offset_dst.0);
        system!(copy_file_range(src, offset_pointer(&mut from), dst, offset_pointer(&mut to), count, 0))
    }
    /// Transfer count bytes from one pipe to a descriptor or vice versa.
    "splice(src, dst, count, offset_src=None, offset_dst=None, flags=0)"
    fn splice(src: i32, dst: i32, count: i64, offset_src: OrNone<i64>, offset_dst: OrNone<i64>, flags: Option<u32>) -> PyResult<isize> {
        let Ok(count) = usize::try_from(count) else {
            return Err(raise!(ValueError, "negative value for 'count' not allowed"));
        };
        let (mut from, mut to) = (offset_src.0, offset_dst.0);
        system!(splice(src, offset_pointer(&mut from), dst, offset_pointer(&mut to), count, flags.unwrap_or(0)))
    }
    /// Ensure a file has allocated at least a particular number of bytes on disk.
    "posix_fallocate(fd, offset, length, /)"
    fn posix_fallocate(fd: i32, offset: i64, length: i64) -> PyResult<()> {
        // SAFETY: numbers only.
        match unsafe { libc::posix_fallocate(fd, offset, length) } {
            0 => Ok(()),
            errno => Err(os_error(errno, &[])),
        }
    }
    /// Announce an intention to access data in a specific pattern.
    "posix_fadvise(fd, offset, length, advice, /)"
    fn posix_fadvise(fd: i32, offset: i64, length: i64, advice: i32) -> PyResult<()> {
        // SAFETY: numbers only.
        match unsafe { libc::posix_fadvise(fd, offset, length, advice) } {
            0 => Ok(()),
            errno => Err(os_error(errno, &[])),
        }
    }
    /// Return the size of the terminal window as (columns, lines).
    "get_terminal_size(fd=1, /)"
    fn get_terminal_size(fd: Option<i32>) -> PyResult {
        let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
        system!(ioctl(fd.unwrap_or(1), libc::TIOCGWINSZ, &raw mut size))?;
        TERMINAL_SIZE.make(vec![int::from_i64(size.ws_col.into()), int::from_i64(size.ws_row.into())])
    }
    /// Open a pseudo-terminal; a tuple of the descriptors of both ends.
    "openpty()"
    fn openpty() -> PyResult {
        let (mut near, mut far) = (0, 0);
        let none = std::ptr::null_mut();
        system!(openpty(&raw mut near, &raw mut far, none, std::ptr::null(), std::ptr::null()))?;
        set_inheritable_flag(near, false)?;
        set_inheritable_flag(far, false)?;
        Ok(pair(near, far))
    }
    /// Return the name of the terminal device connected to 'fd'.
    "ttyname(fd, /)"
    fn ttyname(fd: i32) -> PyResult {
        let mut name = [0; 256];
        // SAFETY: the room is valid for its length.
        match unsafe { libc::ttyname_r(fd, name.as_mut_ptr(), name.len()) } {
            // SAFETY: the call has written a terminated string.
            0 => Ok(unsafe { argument::decode_c(name.as_ptr()) }),
            errno => Err(os_error(errno, &[])),
        }
    }
    /// Return the process group associated with the terminal specified by fd.
    "tcgetpgrp(fd, /)"
    fn tcgetpgrp(fd: i32) -> PyResult<i32> {
        system!(tcgetpgrp(fd))
    }
    /// Set the process group associated with the terminal specified by fd.
    "tcsetpgrp(fd, pgid, /)"
    fn tcsetpgrp(fd: i32, pgid: i32) -> PyResult<()> {
        system!(tcsetpgrp(fd, pgid)).map(drop)
    }
    /// Return the name of the controlling terminal for this process.
    "ctermid()"
    fn ctermid() -> Ref {
        let mut name = [0; 64];
        // SAFETY: the room is larger than `L_ctermid`, and the call writes a terminated string.
        unsafe { argument::decode_c(libc::ctermid(name.as_mut_ptr())) }
    }
    /// Create an anonymous file that lives in memory.
    "memfd_create(name, flags=1)"
    fn memfd_create(name: Path, flags: Option<i32>) -> PyResult<i32> {
        system!(memfd_create(name.as_ptr(), flags.unwrap_or(1) as u32))
    }
    /// Creates and returns an event notification file descriptor.
    "eventfd(initval, flags=524288)"
    fn eventfd(initval: i64, flags: Option<i32>) -> PyResult<i32> {
        system!(eventfd(initval as u32, flags.unwrap_or(libc::EFD_CLOEXEC)))
    }
    /// Read eventfd value
    "eventfd_read(fd)"
    fn eventfd_read(fd: i32) -> PyResult {
        let mut value = 0_u64;
        system!(read(fd, (&raw mut value).cast(), 8))?;
        Ok(int::from_i128(value.into()))
    }
    /// Write eventfd value.
    "eventfd_write(fd, value)"
    fn eventfd_write(fd: i32, value: u64) -> PyResult<()> {
        system!(write(fd, (&raw const value).cast(), 8)).map(drop)
    }
    /// Return a string describing the encoding of a terminal's file descriptor.
    "device_encoding(fd)"
    fn device_encoding(fd: i32) -> Ref {
        // SAFETY: a question about a descriptor.
        match unsafe { libc::isatty(fd) } {
            1 => runtime::objects::str::StrObject::new("utf-8").into(),
            _ => objects::none().to_ref(),
        }
    }
}
