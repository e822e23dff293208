//! `FileIO`: a descriptor as a raw stream. Every method is one system call.

use std::cell::Cell;

use runtime::args::Args;
use runtime::convert::OrNone;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::bytes::BytesObject;
use runtime::objects::str::StrObject;
use runtime::objects::{self, int};
use runtime::signature::Signature;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, buffer, error, protocol, py_methods, raise, tell};

use super::base::{IoBase, RAW_BASE};
use super::{Size, boolean, unsupported};
use crate::posix::argument::c_string;
use crate::posix::descriptor::{close_descriptor, set_inheritable_flag};
use crate::system::{failure, last_errno, os_error, retry, system, waiting};

/// What a mode string asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Access {
    pub(super) reads: bool,
    pub(super) writes: bool,
    creates: bool,
    truncates: bool,
    appends: bool,
}

impl Access {
    /// Reads the mode of a raw file.
    pub(super) fn parse(mode: &str) -> PyResult<Access> {
        let mut access = Access::default();
        let (mut actions, mut pluses) = (0, 0);
        for byte in mode.bytes() {
            match byte {
                b'r' => access.reads = true,
                b'w' => (access.writes, access.truncates) = (true, true),
                b'x' => (access.writes, access.creates) = (true, true),
                b'a' => (access.writes, access.appends) = (true, true),
                b'b' => {}
                b'+' => pluses += 1,
                _ => return Err(raise!(ValueError, "invalid mode: {mode}")),
            }
            actions += i32::from(b"rwxa".contains(&byte));
        }
        if actions != 1 || pluses > 1 {
            let wanted = "Must have exactly one of create/read/write/append mode and at most one plus";
            return Err(raise!(ValueError, "{wanted}"));
        }
        if pluses == 1 {
            (access.reads, access.writes) = (true, true);
        }
        Ok(access)
    }

    const fn flags(self) -> i32 {
        let access = match (self.reads, self.writes) {
            (true, true) => libc::O_RDWR,
            (true, false) => libc::O_RDONLY,
            _ => libc::O_WRONLY,
        };
        let create = if self.creates { libc::O_CREAT | libc::O_EXCL } else { 0 };
        let truncate = if self.truncates { libc::O_CREAT | libc::O_TRUNC } else { 0 };
        let append = if self.appends { libc::O_CREAT | libc::O_APPEND } else { 0 };
        access | create | truncate | append | libc::O_CLOEXEC
    }

    /// As `FileIO.mode` spells it.
    pub(super) const fn text(self) -> &'static str {
        match (self.creates, self.appends, self.reads, self.writes) {
            (true, _, true, _) => "xb+",
            (true, _, false, _) => "xb",
            (_, true, true, _) => "ab+",
            (_, true, false, _) => "ab",
            (_, _, true, true) => "rb+",
            (_, _, true, false) => "rb",
            _ => "wb",
        }
    }
}

/// A raw file.
#[repr(C)]
pub(super) struct FileIo {
    base: IoBase,
    fd: Cell<i32>,
    access: Cell<Access>,
    closes: Cell<bool>,
    is_seekable: Cell<Option<bool>>,
    /// Size of blocks that the file system likes.
    pub(super) block: Cell<usize>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for FileIo {
    fn type_object() -> &'static TypeObject {
        &FILE_IO
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.base.visit(visit);
    }
    fn clear(&self) {
        self.base.release();
    }
}

impl FileIo {
    fn allocate(ty: &TypeObject) -> Ref {
        let contents = FileIo {
            base: IoBase::new(ty),
            fd: Cell::new(-1),
            access: Cell::new(Access::default()),
            closes: Cell::new(true),
            is_seekable: Cell::new(None),
            block: Cell::new(super::BLOCK),
        };
        object::new_object_of(ty, contents).into()
    }

    /// A raw file over an open descriptor that stays open.
    pub(super) fn over(fd: i32, access: Access, name: &str) -> PyResult {
        let made = Self::allocate(&FILE_IO);
        let this = this(made.value());
        this.fd.set(fd);
        this.access.set(access);
        this.closes.set(false);
        protocol::set_attr(made.value(), StrObject::intern("name").value(), StrObject::new(name).value())?;
        Ok(made)
    }

    /// The descriptor, if the file is open.
    pub(super) fn descriptor(&self) -> PyResult<i32> {
        match self.fd.get() {
            -1 => Err(raise!(ValueError, "I/O operation on closed file")),
            fd => Ok(fd),
        }
    }

    /// Whether it is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.fd.get() < 0
    }

    fn check_reads(&self) -> PyResult<i32> {
        let fd = self.descriptor()?;
        if self.access.get().reads { Ok(fd) } else { Err(unsupported("File not open for reading")) }
    }

    fn check_writes(&self) -> PyResult<i32> {
        let fd = self.descriptor()?;
        if self.access.get().writes { Ok(fd) } else { Err(unsupported("File not open for writing")) }
    }

    /// One read; `None` if it would have to wait.
    pub(super) fn read_some(&self, into: &mut [u8]) -> PyResult<Option<usize>> {
        let fd = self.check_reads()?;
        // SAFETY: the room is valid for its length.
        let result = retry_unless_blocked(|| unsafe { libc::read(fd, into.as_mut_ptr().cast(), into.len()) });
        Ok(result?.map(|count| count.max(0) as usize))
    }

    /// One write; `None` if it would have to wait.
    pub(super) fn write_some(&self, data: &[u8]) -> PyResult<Option<usize>> {
        let fd = self.check_writes()?;
        // SAFETY: the data is valid for its length.
        let result = retry_unless_blocked(|| unsafe { libc::write(fd, data.as_ptr().cast(), data.len()) });
        Ok(result?.map(|count| count.max(0) as usize))
    }

    /// Moves; gives the new position.
    pub(super) fn seek_to(&self, offset: i64, whence: i32) -> PyResult<i64> {
        let fd = self.descriptor()?;
        let position = system!(lseek(fd, offset, whence));
        if self.is_seekable.get().is_none() {
            self.is_seekable.set(Some(position.is_ok()));
        }
        position
    }

    /// Whether positions exist.
    pub(super) fn can_seek(&self) -> PyResult<bool> {
        let fd = self.descriptor()?;
        if let Some(known) = self.is_seekable.get() {
            return Ok(known);
        }
        // SAFETY: a question about a descriptor.
        let can = unsafe { libc::lseek(fd, 0, libc::SEEK_CUR) } >= 0;
        self.is_seekable.set(Some(can));
        Ok(can)
    }

    fn read_to_end(&self) -> PyResult<Option<Vec<u8>>> {
        let fd = self.check_reads()?;
        let mut info = std::mem::MaybeUninit::<libc::stat>::uninit();
        // SAFETY: valid memory, filled in by success.
        let size = (unsafe { libc::fstat(fd, info.as_mut_ptr()) } == 0)
            .then(|| unsafe { info.assume_init() }.st_size);
        // SAFETY: a question about a descriptor.
        let at = unsafe { libc::lseek(fd, 0, libc::SEEK_CUR) };
        let expected = size.filter(|&size| size > at && at >= 0).map_or(0, |size| (size - at) as usize + 1);
        let (mut data, mut step) = (Vec::new(), expected.max(8192));
        loop {
            let had = data.len();
            data.try_reserve(step).map_err(|_| error::memory_error())?;
            data.resize(had + step, 0);
            let count = self.read_some(&mut data[had..]);
            data.truncate(had + count.as_ref().map_or(0, |count| count.unwrap_or(0)));
            match count? {
                None if had == 0 => return Ok(None),
                None | Some(0) => return Ok(Some(data)),
                Some(_) => step = (data.len() / 2).clamp(8192, 1 << 24),
            }
        }
    }
}

/// A call again and again while signals interrupt it, which other threads may run beside; `None` if it would have to wait.
fn retry_unless_blocked(mut once: impl FnMut() -> isize) -> PyResult<Option<isize>> {
    // A signal that has arrived before would not interrupt a call that waits.
    runtime::signal::check()?;
    loop {
        match waiting(&mut once) {
            (-1, errno) => match errno {
                libc::EINTR => runtime::signal::check()?,
                libc::EAGAIN => return Ok(None),
                errno => return Err(os_error(errno, &[])),
            },
            (count, _) => return Ok(Some(count)),
        }
    }
}

/// The raw file that a value is.
pub(super) fn this<'a>(value: Value) -> &'a FileIo {
    value.get::<FileIo>().expect("descriptors check their owner")
}

fn opened_by(opener: Value, file: Value, flags: i32) -> PyResult<i32> {
    let fd = protocol::call(opener, &[file, Value::small(flags.into())], None)?;
    if int::IntRef::of(fd.value()).is_none() {
        return Err(raise!(TypeError, "expected integer from opener"));
    }
    let number = int::to_i64(fd.value())?;
    let fd = i32::try_from(number).ok().filter(|&fd| fd >= 0);
    let fd = fd.ok_or_else(|| raise!(ValueError, "opener returned {number}"))?;
    set_inheritable_flag(fd, false)?;
    Ok(fd)
}

/// Opens a name, or adopts a descriptor.
fn open_descriptor(
    file: Value,
    mode: &str,
    access: Access,
    closes: bool,
    opener: Option<Value>,
) -> PyResult<i32> {
    let tell = || {
        tell!("open", file.to_ref(), StrObject::new(mode), int::from_i64(access.flags().into()));
        Ok(())
    };
    if int::IntRef::of(file).is_some() {
        crate::warning::warn_of_bool(file)?;
        let fd = int::to_i64(file)?;
        let fd = i32::try_from(fd).ok().filter(|&fd| fd >= 0);
        let fd = fd.ok_or_else(|| raise!(ValueError, "negative file descriptor"))?;
        tell()?;
        return Ok(fd);
    }
    let path = c_string(file)?;
    tell()?;
    if !closes {
        return Err(raise!(ValueError, "Cannot use closefd=False with file name"));
    }
    match opener {
        Some(opener) => opened_by(opener, file, access.flags()),
        None => retry(&[file], || {
            // SAFETY: a terminated string.
            unsafe { libc::open(path.as_ptr(), access.flags(), 0o666) }
        }),
    }
}

/// `FileIO.__init__`
pub(super) fn initialize(
    value: Value,
    file: Value,
    mode: &str,
    closes: bool,
    opener: Option<Value>,
) -> PyResult<()> {
    let this = this(value);
    if this.fd.get() >= 0 {
        let fd = this.fd.replace(-1);
        if this.closes.get() {
            close_descriptor(fd)?;
        }
    }
    let access = Access::parse(mode)?;
    let is_adopted = int::IntRef::of(file).is_some();
    let fd = open_descriptor(file, mode, access, closes, opener)?;
    let ready = prepare(value, this, fd, file, access);
    if let Err(raised) = ready {
        if !is_adopted {
            // SAFETY: opened above and used by nobody else.
            unsafe { libc::close(fd) };
        }
        return Err(raised);
    }
    this.fd.set(fd);
    this.access.set(access);
    this.closes.set(closes);
    this.is_seekable.set(None);
    Ok(())
}

fn prepare(value: Value, this: &FileIo, fd: i32, file: Value, access: Access) -> PyResult<()> {
    // SAFETY: the structure consists of numbers.
    let mut info: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: valid memory.
    if unsafe { libc::fstat(fd, &raw mut info) } != 0 {
        if last_errno() == libc::EBADF {
            return Err(failure());
        }
    } else if info.st_mode & libc::S_IFMT == libc::S_IFDIR {
        return Err(os_error(libc::EISDIR, &[file]));
    } else if info.st_blksize > 1 {
        this.block.set(info.st_blksize as usize);
    }
    protocol::set_attr(value, StrObject::intern("name").value(), file)?;
    if access.appends {
        // SAFETY: numbers only; what cannot seek stays where it is.
        unsafe { libc::lseek(fd, 0, libc::SEEK_END) };
    }
    Ok(())
}

static INIT: Signature = Signature::parse("", "FileIO(file, mode='r', closefd=True, opener=None)", false);

fn init(value: Value, args: Args<'_>) -> PyResult<()> {
    let mut slots = [Value::NULL; INIT.count()];
    let mut bound = INIT.bind(args, &mut slots)?;
    let (file, mode, closes, opener) = (bound.take(), bound.take(), bound.take(), bound.take());
    let mode = match mode.non_null() {
        None => "r".to_owned(),
        Some(mode) if mode.is_instance::<StrObject>() => protocol::str_string(mode)?,
        Some(other) => {
            return Err(raise!(TypeError, "FileIO() argument 'mode' must be str, not {}", other.ty().name()));
        }
    };
    let closes = closes.non_null().map_or(Ok(true), protocol::is_true)?;
    if file.is_instance::<objects::float::FloatObject>() {
        return Err(raise!(TypeError, "expected str, bytes or os.PathLike object, not float"));
    }
    let opener = opener.non_null().filter(|opener| !objects::is_none(*opener));
    initialize(value, file, &mode, closes, opener)
}

py_methods! { static METHODS for "_io.FileIO", &FileIo;
    /// Read at most size bytes, returned as bytes.
    "read(self, size=-1, /)"
    fn read(this, size: Size) -> PyResult {
        let Some(size) = size.0 else { return readall(this) };
        this.check_reads()?;
        let mut room = Vec::new();
        room.try_reserve_exact(size).map_err(|_| error::memory_error())?;
        room.resize(size, 0);
        Ok(match this.read_some(&mut room)? {
            None => objects::none().to_ref(),
            Some(count) => BytesObject::new(&room[..count]).into(),
        })
    }
    /// Read all data from the file, returned as bytes.
    "readall(self, /)"
    fn readall(this) -> PyResult {
        Ok(match this.read_to_end()? {
            None => objects::none().to_ref(),
            Some(data) => BytesObject::new(&data).into(),
        })
    }
    /// Same as RawIOBase.readinto().
    "readinto(self, buffer, /)"
    fn readinto(this, target: Value) -> PyResult<Option<usize>> {
        this.check_reads()?;
        let mut room = vec![0; buffer::writable_len(target)?];
        let Some(count) = this.read_some(&mut room)? else { return Ok(None) };
        buffer::with_bytes_mut(target, |target| target[..count].copy_from_slice(&room[..count]))?;
        Ok(Some(count))
    }
    /// Write buffer b to file, return number of bytes written.
    "write(self, b, /)"
    fn write(this, data: Value) -> PyResult<Option<usize>> {
        this.check_writes()?;
        let data = buffer::to_vec(data)?;
        let written = this.write_some(&data)?;
        // What a signal's handler raises is raised by the call that the signal has cut short.
        runtime::signal::check()?;
        Ok(written)
    }
    /// Move to new file position and return the file position.
    "seek(self, pos, whence=0, /)"
    fn seek(this, pos: Value, whence: Option<i32>) -> PyResult<i64> {
        this.descriptor()?;
        if pos.is_instance::<objects::float::FloatObject>() {
            return Err(raise!(TypeError, "an integer is required"));
        }
        this.seek_to(int::to_i64(pos)?, whence.unwrap_or(0))
    }
    /// Current file position.
    "tell(self, /)"
    fn tell(this) -> PyResult<i64> {
        this.seek_to(0, libc::SEEK_CUR)
    }
    /// Truncate the file to at most size bytes and return the truncated size.
    "truncate(self, size=None, /)"
    fn truncate(this, size: OrNone<i64>) -> PyResult<i64> {
        let fd = this.check_writes()?;
        let size = size.0.map_or_else(|| this.seek_to(0, libc::SEEK_CUR), Ok)?;
        system!(ftruncate(fd, size))?;
        Ok(size)
    }
    /// Close the file.
    "close(self, /)"
    fn close(this) -> PyResult<()> {
        let value = Value::from_object(this);
        let flushed = if this.closes.get() {
            super::call(RAW_BASE.value(), "close", &[value])
        } else {
            let closed = super::call(RAW_BASE.value(), "close", &[value]);
            this.fd.set(-1);
            return closed.map(drop);
        };
        let fd = this.fd.replace(-1);
        let closed = if fd >= 0 { close_descriptor(fd) } else { Ok(()) };
        flushed?;
        closed
    }
    /// True if file supports random-access.
    "seekable(self, /)"
    fn seekable(this) -> PyResult<bool> {
        this.can_seek()
    }
    /// True if file was opened in a read mode.
    "readable(self, /)"
    fn readable(this) -> PyResult<bool> {
        this.descriptor().map(|_| this.access.get().reads)
    }
    /// True if file was opened in a write mode.
    "writable(self, /)"
    fn writable(this) -> PyResult<bool> {
        this.descriptor().map(|_| this.access.get().writes)
    }
    /// Return the underlying file descriptor (an integer).
    "fileno(self, /)"
    fn fileno(this) -> PyResult<i32> {
        this.descriptor()
    }
    /// True if the file is connected to a TTY device.
    "isatty(self, /)"
    fn isatty(this) -> PyResult<bool> {
        let fd = this.descriptor()?;
        // SAFETY: a question about a descriptor.
        Ok(unsafe { libc::isatty(fd) } == 1)
    }
    /// True if the file is connected to a TTY device, asked without a check.
    "_isatty_open_only(self, /)"
    fn isatty_open_only(this) -> PyResult<bool> {
        isatty(this)
    }
    /// Says that the file was left open, on behalf of a stream above it.
    "_dealloc_warn(self, source, /)"
    fn dealloc_warn(this, source: Value) -> PyResult<()> {
        if !this.is_closed() && this.closes.get() {
            let shown = protocol::repr_string(source)?;
            crate::warning::warn_unclosed(&format!("unclosed file {shown}"), source);
        }
        Ok(())
    }
    /// Files cannot be pickled.
    "__reduce_ex__(self, protocol, /)"
    fn reduce(this, protocol: Value) -> PyResult<()> {
        let _ = protocol;
        let name = Value::from_object(this).ty().name();
        Err(raise!(TypeError, "cannot pickle '{name}' instances"))
    }
}

static GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "closed",
        doc: "True if the file is closed",
        get: |value| Ok(boolean(this(value).is_closed())),
        set: None,
    },
    GetSetDef {
        name: "closefd",
        doc: "True if the file descriptor will be closed by close().",
        get: |value| Ok(boolean(this(value).closes.get())),
        set: None,
    },
    GetSetDef {
        name: "mode",
        doc: "String giving the file mode",
        get: |value| Ok(StrObject::intern(this(value).access.get().text()).into()),
        set: None,
    },
    GetSetDef {
        name: "_blksize",
        doc: "Stat st_blksize if available",
        get: |value| Ok(int::from_i64(this(value).block.get() as i64)),
        set: None,
    },
];

fn repr(value: Value) -> PyResult {
    let (file, class) = (this(value), super::shown_class(value));
    if file.is_closed() {
        return Ok(StrObject::new(&format!("<{class} [closed]>")).into());
    }
    let name = protocol::get_optional_attr(value, StrObject::intern("name").value())?;
    let (mode, closes) = (file.access.get().text(), if file.closes.get() { "True" } else { "False" });
    let text = match name {
        Some(name) => {
            let name = protocol::repr_string(name.value())?;
            format!("<{class} name={name} mode='{mode}' closefd={closes}>")
        }
        None => format!("<{class} fd={} mode='{mode}' closefd={closes}>", file.fd.get()),
    };
    Ok(StrObject::new(&text).into())
}

/// Says that a file was left open, and closes it.
fn finalize(value: Value) -> PyResult<()> {
    let file = this(value);
    if !file.is_closed() && file.closes.get() {
        crate::warning::warn_unclosed(&format!("unclosed file {}", protocol::repr_string(value)?), value);
    }
    super::base::finalize(value)
}

/// `FileIO`.
pub(super) static FILE_IO: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_io",
    doc: "FileIO(file, mode='r', closefd=True, opener=None)\n--\n\nOpen a file.",
    flags: type_flags::BASE | type_flags::GC,
    base: Some(&RAW_BASE),
    slots: Slots {
        new: Some(|ty, _| Ok(FileIo::allocate(ty))),
        init: Some(init),
        repr: Some(repr),
        finalize: Some(finalize),
        ..Slots::EMPTY
    },
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<FileIo>("FileIO")
};
