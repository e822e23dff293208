//! `mmap`: files, or memory that processes share, as mutable bytes.
//!
//! The mapping belongs to the object; views of it are counted, and while there are any it is neither unmapped nor moved. The descriptor is
//! a duplicate, for the size of the file. Method: CPython's `mmapmodule.c`, of which it is the part for POSIX.

use std::cell::{Cell, RefCell};

use runtime::buffer::{self, Buffer};
use runtime::convert::OrNone;
use runtime::field::Field;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::bytes::BytesObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::sequence::SliceBounds;
use runtime::objects::slice::SliceObject;
use runtime::objects::str::StrObject;
use runtime::objects::{self, int, sequence};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::types::ready;
use runtime::{PyResult, Ref, TypeObject, Value, error, py_new, raise};

use crate::system::{add_constants, constants, failure, system};

mod methods;

const CONSTANTS: &[(&str, i64)] = constants![
    PROT_EXEC PROT_READ PROT_WRITE MAP_SHARED MAP_PRIVATE MAP_DENYWRITE MAP_EXECUTABLE MAP_ANONYMOUS MAP_POPULATE MAP_STACK MAP_NORESERVE
    MAP_HUGETLB MAP_LOCKED MAP_NONBLOCK MAP_GROWSDOWN MADV_NORMAL MADV_RANDOM MADV_SEQUENTIAL MADV_WILLNEED MADV_DONTNEED MADV_REMOVE
    MADV_DONTFORK MADV_DOFORK MADV_HWPOISON MADV_MERGEABLE MADV_UNMERGEABLE MADV_HUGEPAGE MADV_NOHUGEPAGE MADV_DONTDUMP MADV_DODUMP
    MADV_FREE
];

/// What a program may do with a mapping.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Access {
    Default,
    Read,
    Write,
    Copy,
}

impl Access {
    const ALL: [(Access, &'static str); 4] = [
        (Access::Default, "ACCESS_DEFAULT"),
        (Access::Read, "ACCESS_READ"),
        (Access::Write, "ACCESS_WRITE"),
        (Access::Copy, "ACCESS_COPY"),
    ];

    fn name(self) -> &'static str {
        Access::ALL[self as usize].1
    }
}

/// A mapping of the system and the descriptor of its file, which go with it.
#[derive(Debug)]
struct Mapping {
    data: *mut u8,
    len: usize,
    /// A duplicate, or -1.
    fd: i32,
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: mapped by `mmap`, and unmapped once; the descriptor is its own.
        unsafe {
            libc::munmap(self.data.cast(), self.len);
            if self.fd >= 0 {
                libc::close(self.fd);
            }
        }
    }
}

/// `mmap.mmap`
#[repr(C)]
struct Mmap {
    header: Header,
    /// Nothing once it is closed.
    mapping: RefCell<Option<Mapping>>,
    at: Cell<usize>,
    offset: i64,
    flags: i32,
    access: Access,
    tracks_fd: bool,
    /// Views.
    loans: Cell<usize>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Mmap {
    fn type_object() -> &'static TypeObject {
        &MMAP
    }
}

/// The bytes of a mapping one by one.
#[repr(C)]
struct MmapIterator {
    header: Header,
    source: Field,
    at: Cell<usize>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for MmapIterator {
    fn type_object() -> &'static TypeObject {
        &MMAP_ITERATOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.source.visit(visit);
    }
    fn clear(&self) {
        drop(self.source.take());
    }
}

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    ready::ready(&MMAP);
    ready::ready(&MMAP_ITERATOR);
    let dict = module.dict();
    dict.set_text("mmap", MMAP.value().to_ref());
    dict.set_text("error", error::types::OSError.value().to_ref());
    add_constants(module, CONSTANTS);
    let page = page();
    let more =
        [("MAP_ANON", libc::MAP_ANONYMOUS.into()), ("PAGESIZE", page), ("ALLOCATIONGRANULARITY", page)];
    add_constants(module, &more);
    for (access, name) in Access::ALL {
        dict.set_text(name, int::from_i64(access as i64));
    }
    Ok(())
}

fn page() -> i64 {
    // SAFETY: a question about the system.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) }
}

fn this<'a>(value: Value) -> &'a Mmap {
    value.get::<Mmap>().expect("slots are called for instances")
}

fn closed_error() -> runtime::Raised {
    raise!(ValueError, "mmap closed or invalid")
}

impl Mmap {
    /// Works with the bytes; an error for a closed mapping.
    fn with<R>(&self, work: impl FnOnce(&mut [u8]) -> R) -> PyResult<R> {
        match &*self.mapping.borrow() {
            // SAFETY: mapped, for reading at least; `work` writes only where `check_writable` has let it, and no other code runs meanwhile.
            Some(mapping) => Ok(work(unsafe { std::slice::from_raw_parts_mut(mapping.data, mapping.len) })),
            None => Err(closed_error()),
        }
    }

    fn len(&self) -> PyResult<usize> {
        self.with(|bytes| bytes.len())
    }

    fn check_writable(&self) -> PyResult<()> {
        self.len()?;
        match self.access {
            Access::Read => Err(raise!(TypeError, "mmap can't modify a readonly memory map.")),
            _ => Ok(()),
        }
    }

    /// The bytes from the position on, up to so many; moves the position.
    fn take(&self, most: Option<usize>) -> PyResult {
        let at = self.at.get();
        let bytes = self.with(|bytes| {
            let rest = bytes.get(at..).unwrap_or_default();
            BytesObject::new(&rest[..most.unwrap_or(rest.len()).min(rest.len())])
        })?;
        self.at.set(at + bytes.as_slice().len());
        Ok(bytes.into())
    }
}

/// Protection, flags and access, as `access` says them or the other two.
fn settle(access: i32, flags: Option<i32>, protection: Option<i32>) -> PyResult<(i32, i32, Access)> {
    const BOTH: i32 = libc::PROT_READ | libc::PROT_WRITE;
    let (given_flags, given) = (flags.unwrap_or(libc::MAP_SHARED), protection.unwrap_or(BOTH));
    if access != 0 && (given_flags != libc::MAP_SHARED || given != BOTH) {
        return Err(raise!(ValueError, "mmap can't specify both access and flags, prot."));
    }
    match access {
        0 if given & BOTH == BOTH => Ok((given, given_flags, Access::Default)),
        0 if given & libc::PROT_WRITE != 0 => Ok((given, given_flags, Access::Write)),
        0 => Ok((given, given_flags, Access::Read)),
        1 => Ok((libc::PROT_READ, libc::MAP_SHARED, Access::Read)),
        2 => Ok((BOTH, libc::MAP_SHARED, Access::Write)),
        3 => Ok((BOTH, libc::MAP_PRIVATE, Access::Copy)),
        _ => Err(raise!(ValueError, "mmap invalid access parameter.")),
    }
}

/// The length of a mapping of a file: all that is behind the offset for 0, and no more than there is.
fn length_in(fd: i32, length: i64, offset: i64) -> PyResult<i64> {
    // SAFETY: the structure is filled in by the call, of which it consists of numbers.
    let mut status: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: room for the answer.
    let is_known = fd != -1 && unsafe { libc::fstat(fd, &raw mut status) } == 0;
    if !is_known || status.st_mode & libc::S_IFMT != libc::S_IFREG {
        return Ok(length);
    }
    let size = status.st_size;
    if length == 0 {
        if size == 0 {
            return Err(raise!(ValueError, "cannot mmap an empty file"));
        }
        if offset >= size {
            return Err(raise!(ValueError, "mmap offset is greater than file size"));
        }
        return Ok(size - offset);
    }
    match offset <= size && size - offset >= length {
        true => Ok(length),
        false => Err(raise!(ValueError, "mmap length is greater than file size")),
    }
}

py_new! {
    fn new(
        class, fileno: i32, length: isize, flags: Option<i32>, prot: Option<i32>, access: Option<i32>, offset: Option<i64>,
        trackfd: Option<bool>
    )
    "mmap(fileno, length, flags=MAP_SHARED, prot=PROT_WRITE|PROT_READ, access=ACCESS_DEFAULT, offset=0, *, trackfd=True)" {
        let (offset, tracks_fd) = (offset.unwrap_or(0), trackfd.unwrap_or(true));
        let [fd, size, asked] = [i64::from(fileno), length as i64, i64::from(access.unwrap_or(0))].map(int::from_i64);
        runtime::tell!("mmap.__new__", fd, size, asked, int::from_i64(offset));
        if length < 0 {
            return Err(raise!(OverflowError, "memory mapped length must be positive"));
        }
        if offset < 0 {
            return Err(raise!(OverflowError, "memory mapped offset must be positive"));
        }
        let (protection, mut flags, access) = settle(access.unwrap_or(0), flags, prot)?;
        let len = length_in(fileno, length as i64, offset)? as usize;
        let fd = match (fileno, tracks_fd) {
            (-1, _) | (_, false) => -1,
            _ => system!(fcntl(fileno, libc::F_DUPFD_CLOEXEC, 0))?,
        };
        if fileno == -1 {
            flags |= libc::MAP_ANONYMOUS;
        }
        // SAFETY: a new mapping, at an address of the system's choice.
        let data = unsafe { libc::mmap(std::ptr::null_mut(), len, protection, flags, fileno, offset) };
        if data == libc::MAP_FAILED {
            let failed = failure();
            if fd >= 0 {
                // SAFETY: the duplicate made above.
                unsafe { libc::close(fd) };
            }
            return Err(failed);
        }
        let contents = Mmap {
            header: Header::new(class),
            mapping: RefCell::new(Some(Mapping { data: data.cast(), len, fd })),
            at: Cell::new(0),
            offset,
            flags,
            access,
            tracks_fd,
            loans: Cell::new(0),
        };
        Ok(object::new_object_of(class, contents).into())
    }
}

/// The place that an index stands for.
fn place(mapping: &Mmap, key: Value) -> PyResult<usize> {
    let at = int::to_index(key, "cannot fit 'int' into an index-sized integer")?;
    sequence::wrap_index(at, mapping.len()?).ok_or_else(|| raise!(IndexError, "mmap index out of range"))
}

fn wrong_index() -> runtime::Raised {
    raise!(TypeError, "mmap indices must be integers")
}

fn subscript(value: Value, key: Value) -> PyResult {
    let mapping = this(value);
    mapping.len()?;
    if let Some(slice) = key.get::<SliceObject>() {
        let bounds = SliceBounds::resolve(slice, mapping.len()?)?;
        let bytes = mapping
            .with(|bytes| bounds.indices().filter_map(|at| bytes.get(at).copied()).collect::<Vec<u8>>())?;
        return Ok(BytesObject::new(&bytes).into());
    }
    if key.ty().slots().index.is_none() {
        return Err(wrong_index());
    }
    let at = place(mapping, key)?;
    mapping.with(|bytes| int::from_i64(bytes[at].into()))
}

/// Sets a byte, unless what converted it has made the mapping shorter.
fn set(bytes: &mut [u8], at: usize, byte: u8) {
    if let Some(place) = bytes.get_mut(at) {
        *place = byte;
    }
}

fn ass_subscript(value: Value, key: Value, item: Option<Value>) -> PyResult<()> {
    let mapping = this(value);
    mapping.check_writable()?;
    if let Some(slice) = key.get::<SliceObject>() {
        let bounds = SliceBounds::resolve(slice, mapping.len()?)?;
        let Some(item) = item else {
            return Err(raise!(TypeError, "mmap object doesn't support slice deletion"));
        };
        let new = buffer::to_vec(item)?;
        if new.len() != bounds.len {
            return Err(raise!(IndexError, "mmap slice assignment is wrong size"));
        }
        return mapping.with(|bytes| {
            bounds.indices().zip(new).for_each(|(at, byte)| set(bytes, at, byte));
        });
    }
    if key.ty().slots().index.is_none() {
        return Err(wrong_index());
    }
    let at = place(mapping, key)?;
    let Some(item) = item else {
        return Err(raise!(TypeError, "mmap doesn't support item deletion"));
    };
    if !item.is_small() && item.ty().slots().index.is_none() {
        return Err(raise!(TypeError, "mmap item value must be an int"));
    }
    match u8::try_from(int::to_isize(item)?) {
        Ok(byte) => mapping.with(|bytes| set(bytes, at, byte)),
        Err(_) => Err(raise!(ValueError, "mmap item value must be in range(0, 256)")),
    }
}

fn lend(value: Value) -> PyResult<Buffer> {
    let mapping = this(value);
    let (data, len) = mapping.with(|bytes| (bytes.as_mut_ptr(), bytes.len()))?;
    mapping.loans.set(mapping.loans.get() + 1);
    // SAFETY: while a loan is out, the memory is neither unmapped nor moved.
    Ok(unsafe { Buffer::new(value, data, len, mapping.access == Access::Read) })
}

fn repr(value: Value) -> PyResult {
    let (mapping, name) = (this(value), value.ty().full_name());
    let access = mapping.access.name();
    let text = match mapping.len() {
        Ok(len) => {
            let (at, offset) = (mapping.at.get(), mapping.offset);
            format!("<{name} closed=False, access={access}, length={len}, pos={at}, offset={offset}>")
        }
        Err(raised) => {
            drop(runtime::thread().take_raised(raised));
            format!("<{name} closed=True>")
        }
    };
    Ok(StrObject::new(&text).into())
}

fn iter(value: Value) -> PyResult {
    let source = Field::new(value.to_ref());
    let contents = MmapIterator { header: Header::new(&MMAP_ITERATOR), source, at: Cell::new(0) };
    Ok(object::new_object(contents).into())
}

fn next(value: Value) -> PyResult<Option<Ref>> {
    let iterator = value.get::<MmapIterator>().expect("slots are called for instances");
    let Some(source) = iterator.source.get_ref() else { return Ok(None) };
    let at = iterator.at.get();
    iterator.at.set(at + 1);
    let byte = this(source.value()).with(|bytes| bytes.get(at).copied())?;
    if byte.is_none() {
        drop(iterator.source.take());
    }
    Ok(byte.map(|byte| BytesObject::new(&[byte]).into()))
}

/// `mmap.mmap`
static MMAP: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    doc: "mmap(fileno, length, flags=MAP_SHARED, prot=PROT_WRITE|PROT_READ, access=ACCESS_DEFAULT, offset=0)\n\nA file, or with -1 fresh memory, mapped into memory: it is read and written like a bytearray, and like a file.",
    module: "mmap",
    flags: type_flags::WEAK | type_flags::BASE,
    slots: Slots {
        new: Some(new),
        init: Some(|_, _| Ok(())),
        repr: Some(repr),
        len: Some(|value| this(value).len()),
        subscript: Some(subscript),
        ass_subscript: Some(ass_subscript),
        iter: Some(iter),
        buffer: Some(lend),
        release_buffer: Some(|value| this(value).loans.set(this(value).loans.get() - 1)),
        ..Slots::EMPTY
    },
    methods: &[methods::METHODS],
    getset: &[GetSetDef {
        name: "closed",
        doc: "",
        get: |value| Ok(objects::bool(this(value).mapping.borrow().is_none()).to_ref()),
        set: None,
    }],
    ..TypeSpec::of::<Mmap>("mmap")
};

static MMAP_ITERATOR: TypeObject = TypeObject::from_spec(&ITERATOR_SPEC);
static ITERATOR_SPEC: TypeSpec = TypeSpec {
    module: "mmap",
    flags: type_flags::GC,
    slots: Slots { iter: Some(|value| Ok(value.to_ref())), iternext: Some(next), ..Slots::EMPTY },
    ..TypeSpec::of::<MmapIterator>("mmap_iterator")
};

/// A count of bytes, or nothing for all: negative numbers are nothing, too.
fn count_of(value: OrNone<Value>) -> PyResult<Option<usize>> {
    let Some(value) = value.0 else { return Ok(None) };
    if !value.is_small() && value.ty().slots().index.is_none() {
        let got = value.ty().name();
        return Err(raise!(TypeError, "argument should be integer or None, not '{got}'"));
    }
    int::to_isize(value).map(|count| usize::try_from(count).ok())
}
