//! Bytes with a position: a file descriptor or memory, behind one read-ahead and one write-behind buffer.
//!
//! Raw, buffered and text objects over one file share a channel, as `f.buffer.raw` shares the descriptor. At most one of the
//! two buffers holds something: writing first moves the descriptor back over what was read ahead, reading first writes out.
//! No Python code runs inside; a signal that interrupts a system call becomes its exception there.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use runtime::world::World;
use runtime::{PyResult, Value, error};

/// Default size of both buffers.
pub(crate) const BLOCK: usize = 8192;

/// A channel as the file objects share it.
pub(crate) type Shared = Rc<RefCell<Channel>>;

/// Channels over descriptors, for the flush when the process ends.
static OPEN: World<RefCell<Vec<Weak<RefCell<Channel>>>>> = World::new(RefCell::new(Vec::new()));

/// What a channel leads to.
enum Device {
    /// A file descriptor, closed with the channel if it is owned.
    Descriptor { fd: i32, is_owned: bool },
    /// `BytesIO`.
    Memory { data: Vec<u8>, at: usize },
    /// Nothing any more.
    Closed,
}

/// See the module documentation.
pub(crate) struct Channel {
    device: Device,
    /// Whether the file was opened for reading.
    pub(crate) can_read: bool,
    /// Whether the file was opened for writing.
    pub(crate) can_write: bool,
    /// Output is kept back up to this many bytes.
    capacity: usize,
    input: Vec<u8>,
    at: usize,
    output: Vec<u8>,
}

/// Turns the result of a system call into a count, or raises. `None` asks to try again.
fn checked(result: i64) -> PyResult<Option<usize>> {
    if let Ok(count) = usize::try_from(result) {
        return Ok(Some(count));
    }
    match last_errno() {
        libc::EINTR => runtime::signal::check().map(|()| None),
        errno => Err(error::os_error(errno, None)),
    }
}

/// The error number of the last system call.
pub(crate) fn last_errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

impl Channel {
    /// Over a descriptor.
    pub(crate) fn over(fd: i32, is_owned: bool, can_read: bool, can_write: bool, capacity: usize) -> Shared {
        let shared = Self::shared(Device::Descriptor { fd, is_owned }, can_read, can_write, capacity);
        let mut open = OPEN.borrow_mut();
        if open.len() >= 64 && open.len().is_power_of_two() {
            open.retain(|channel| channel.strong_count() > 0);
        }
        open.push(Rc::downgrade(&shared));
        shared
    }

    /// Over memory.
    pub(crate) fn over_memory(data: Vec<u8>) -> Shared {
        Self::shared(Device::Memory { data, at: 0 }, true, true, 0)
    }

    fn shared(device: Device, can_read: bool, can_write: bool, capacity: usize) -> Shared {
        let (input, output) = (Vec::new(), Vec::new());
        Rc::new(RefCell::new(Channel { device, can_read, can_write, capacity, input, at: 0, output }))
    }

    /// Whether it has been closed.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.device, Device::Closed)
    }

    /// The descriptor, if there is one.
    pub(crate) fn descriptor(&self) -> Option<i32> {
        match self.device {
            Device::Descriptor { fd, .. } => Some(fd),
            _ => None,
        }
    }

    /// Whether closing closes the descriptor.
    pub(crate) fn is_owned(&self) -> bool {
        matches!(self.device, Device::Descriptor { is_owned: true, .. })
    }

    /// All of the memory behind `BytesIO`.
    pub(crate) fn memory(&self) -> Option<&[u8]> {
        match &self.device {
            Device::Memory { data, .. } => Some(data),
            _ => None,
        }
    }

    // --- Without buffers ---

    /// One read from the device.
    pub(crate) fn device_read(&mut self, into: &mut [u8]) -> PyResult<usize> {
        match &mut self.device {
            Device::Closed => Ok(0),
            Device::Memory { data, at } => {
                let rest = data.get(*at..).unwrap_or_default();
                let count = rest.len().min(into.len());
                into[..count].copy_from_slice(&rest[..count]);
                *at += count;
                Ok(count)
            }
            Device::Descriptor { fd, .. } => loop {
                // SAFETY: the buffer is valid for its length.
                let result = unsafe { libc::read(*fd, into.as_mut_ptr().cast(), into.len()) };
                if let Some(count) = checked(result as i64)? {
                    return Ok(count);
                }
            },
        }
    }

    /// One write to the device.
    pub(crate) fn device_write(&mut self, from: &[u8]) -> PyResult<usize> {
        match &mut self.device {
            Device::Closed => Ok(from.len()),
            Device::Memory { data, at } => {
                let end = at.checked_add(from.len()).ok_or_else(error::memory_error)?;
                if end > data.len() {
                    data.try_reserve(end - data.len()).map_err(|_| error::memory_error())?;
                    data.resize(end, 0);
                }
                data[*at..end].copy_from_slice(from);
                *at = end;
                Ok(from.len())
            }
            Device::Descriptor { fd, .. } => loop {
                // SAFETY: the slice is valid for its length.
                let result = unsafe { libc::write(*fd, from.as_ptr().cast(), from.len()) };
                if let Some(count) = checked(result as i64)? {
                    return Ok(count);
                }
            },
        }
    }

    fn device_seek(&mut self, offset: i64, whence: i32) -> PyResult<i64> {
        match &mut self.device {
            Device::Closed => Ok(0),
            Device::Memory { data, at } => {
                let base = [0, *at as i64, data.len() as i64][whence as usize];
                let to = base.saturating_add(offset);
                if to < 0 && whence == 0 {
                    return Err(runtime::raise!(ValueError, "negative seek value {offset}"));
                }
                *at = to.max(0) as usize;
                Ok(*at as i64)
            }
            Device::Descriptor { fd, .. } => {
                // SAFETY: plain system call.
                let at = unsafe { libc::lseek(*fd, offset, whence) };
                if at < 0 { Err(error::os_error(last_errno(), None)) } else { Ok(at) }
            }
        }
    }

    // --- Reading ---

    /// What has been read ahead.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.input[self.at..]
    }

    /// Takes the first `count` bytes of what has been read ahead.
    pub(crate) fn consume(&mut self, count: usize) {
        self.at += count;
    }

    /// Reads ahead; 0 at the end of the file.
    pub(crate) fn fill(&mut self) -> PyResult<usize> {
        self.flush()?;
        self.input.drain(..self.at);
        self.at = 0;
        let (had, want) = (self.input.len(), self.capacity.max(BLOCK));
        self.input.try_reserve(want).map_err(|_| error::memory_error())?;
        let mut input = std::mem::take(&mut self.input);
        input.resize(had + want, 0);
        let outcome = self.device_read(&mut input[had..]);
        input.truncate(had + *outcome.as_ref().unwrap_or(&0));
        self.input = input;
        outcome
    }

    /// Reads ahead to the end of the file.
    pub(crate) fn fill_all(&mut self) -> PyResult<()> {
        while self.fill()? > 0 {}
        Ok(())
    }

    /// Takes up to `count` bytes, fewer only at the end of the file; everything for `None`.
    pub(crate) fn read(&mut self, count: Option<usize>) -> PyResult<Vec<u8>> {
        match count {
            None => self.fill_all()?,
            Some(count) => while self.unread().len() < count && self.fill()? > 0 {},
        }
        let count = count.unwrap_or(usize::MAX).min(self.unread().len());
        Ok(self.take(count))
    }

    /// Takes bytes that have been read ahead.
    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        let taken = self.unread()[..count].to_vec();
        self.consume(count);
        taken
    }

    /// Takes up to and including the next newline, at most `limit` bytes.
    pub(crate) fn read_line(&mut self, limit: Option<usize>) -> PyResult<Vec<u8>> {
        let limit = limit.unwrap_or(usize::MAX);
        let mut scanned = 0;
        loop {
            let unread = self.unread();
            if let Some(at) = unread[scanned..].iter().position(|&byte| byte == b'\n') {
                let end = (scanned + at + 1).min(limit);
                return Ok(self.take(end));
            }
            scanned = unread.len();
            if scanned >= limit || self.fill()? == 0 {
                let end = self.unread().len().min(limit);
                return Ok(self.take(end));
            }
        }
    }

    /// Forgets what has been read ahead and moves the device back over it.
    fn rewind(&mut self) -> PyResult<()> {
        let ahead = self.unread().len() as i64;
        (self.input, self.at) = (Vec::new(), 0);
        if ahead > 0 { self.device_seek(-ahead, libc::SEEK_CUR).map(drop) } else { Ok(()) }
    }

    // --- Writing ---

    /// Writes, later if there is room in the buffer.
    pub(crate) fn write(&mut self, data: &[u8]) -> PyResult<()> {
        self.rewind()?;
        self.output.try_reserve(data.len()).map_err(|_| error::memory_error())?;
        self.output.extend_from_slice(data);
        if self.output.len() > self.capacity { self.flush() } else { Ok(()) }
    }

    /// Hands everything over to the device.
    pub(crate) fn flush(&mut self) -> PyResult<()> {
        let data = std::mem::take(&mut self.output);
        let mut written = 0;
        while written < data.len() {
            match self.device_write(&data[written..]) {
                Ok(count) => written += count,
                Err(raised) => {
                    self.output = data[written..].to_vec();
                    return Err(raised);
                }
            }
        }
        Ok(())
    }

    // --- Positions ---

    /// The position as the program sees it.
    pub(crate) fn tell(&mut self) -> PyResult<i64> {
        let at = self.device_seek(0, libc::SEEK_CUR)?;
        Ok(at - self.unread().len() as i64 + self.output.len() as i64)
    }

    /// Moves; gives the new position.
    pub(crate) fn seek(&mut self, offset: i64, whence: i32) -> PyResult<i64> {
        self.flush()?;
        self.rewind()?;
        self.device_seek(offset, whence)
    }

    /// Whether positions exist.
    pub(crate) fn is_seekable(&mut self) -> bool {
        self.device_seek(0, libc::SEEK_CUR)
            .map_err(|raised| drop(runtime::thread().take_raised(raised)))
            .is_ok()
    }

    /// Cuts or extends the file.
    pub(crate) fn truncate(&mut self, size: usize) -> PyResult<()> {
        self.flush()?;
        match &mut self.device {
            Device::Closed => Ok(()),
            // A `BytesIO` is only ever cut.
            Device::Memory { data, .. } => {
                data.truncate(size);
                Ok(())
            }
            // SAFETY: plain system call.
            Device::Descriptor { fd, .. } => match unsafe { libc::ftruncate(*fd, size as i64) } {
                0 => Ok(()),
                _ => Err(error::os_error(last_errno(), None)),
            },
        }
    }

    /// Flushes and closes. The file is closed even if flushing fails.
    pub(crate) fn close(&mut self) -> PyResult<()> {
        let flushed = self.flush();
        self.output.clear();
        let device = std::mem::replace(&mut self.device, Device::Closed);
        if let Device::Descriptor { fd, is_owned: true } = device {
            // SAFETY: the descriptor is ours and is not used again.
            if unsafe { libc::close(fd) } != 0 {
                flushed?;
                return Err(error::os_error(last_errno(), None));
            }
        }
        flushed
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        let pending = runtime::thread().fetch_raised();
        if let Err(raised) = self.close() {
            error::write_unraisable(raised, None::<Value>);
        }
        if let Some(exception) = pending {
            let _raised = runtime::thread().set_raised(exception);
        }
    }
}

/// Writes out what files that were never closed keep back; called when the process ends. Standard streams report their errors
/// otherwise.
pub(crate) fn flush_open() {
    let open: Vec<Shared> = OPEN.borrow().iter().filter_map(Weak::upgrade).collect();
    for channel in open.iter().filter(|channel| channel.borrow().is_owned()) {
        if let Err(raised) = channel.borrow_mut().flush() {
            drop(runtime::thread().take_raised(raised));
        }
    }
}
