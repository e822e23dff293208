//! Reading folders: the stream of entries behind `listdir` and `scandir`, and the types `DirEntry` and `ScandirIterator`.
//!
//! An entry knows its kind from the folder, and asks the system for more only when that is not enough: a link that is to be
//! followed, or a file system that does not tell kinds. Answers of `stat` are kept.

use std::cell::{Cell, RefCell};
use std::ffi::CStr;

use runtime::field::Field;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::str::StrObject;
use runtime::objects::{self, int};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{PyResult, Ref, TypeObject, Value, error, protocol, py_methods};

use super::argument::{NAME_FD_OR_NONE, Path, decode_as};
use super::stat;
use crate::system::{last_errno, os_error, system};

/// One name in a folder.
pub(super) struct Found {
    pub(super) name: Vec<u8>,
    kind: u8,
    inode: u64,
}

/// An open stream of entries.
pub(super) struct Directory(Cell<*mut libc::DIR>);

impl Directory {
    /// Opens a folder by its name, or by a descriptor, which stays open.
    pub(super) fn open(path: &Path<NAME_FD_OR_NONE>) -> PyResult<Directory> {
        let stream = match path.fd() {
            None => system!(opendir(path.as_ptr()) at path)?,
            Some(fd) => {
                let copy = system!(fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) at path)?;
                // SAFETY: a new descriptor; the stream owns it if there is one.
                let stream = unsafe { libc::fdopendir(copy) };
                if stream.is_null() {
                    let errno = last_errno();
                    // SAFETY: the copy is ours.
                    unsafe { libc::close(copy) };
                    return Err(os_error(errno, &[path.given()]));
                }
                // SAFETY: an open stream. The descriptor shares its position with others, which may have read it.
                unsafe { libc::rewinddir(stream) };
                stream
            }
        };
        Ok(Directory(Cell::new(stream)))
    }

    /// The next entry but `.` and `..`; the stream is closed after the last.
    pub(super) fn next(&self, path: &Path<NAME_FD_OR_NONE>) -> PyResult<Option<Found>> {
        while !self.0.get().is_null() {
            // SAFETY: the place of this thread's error number.
            unsafe { *libc::__errno_location() = 0 };
            // SAFETY: an open stream.
            let entry = unsafe { libc::readdir64(self.0.get()) };
            if entry.is_null() {
                let errno = last_errno();
                self.close();
                return if errno == 0 { Ok(None) } else { Err(os_error(errno, &[path.given()])) };
            }
            // SAFETY: the entry is valid until the next call; its name is terminated.
            let (name, kind, inode) = unsafe {
                (CStr::from_ptr((&raw const (*entry).d_name).cast()), (*entry).d_type, (*entry).d_ino)
            };
            if name != c"." && name != c".." {
                return Ok(Some(Found { name: name.to_bytes().to_vec(), kind, inode }));
            }
        }
        Ok(None)
    }

    fn close(&self) {
        let stream = self.0.replace(std::ptr::null_mut());
        if !stream.is_null() {
            // SAFETY: an open stream, closed once.
            unsafe { libc::closedir(stream) };
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        self.close();
    }
}

/// The iterator of `scandir`.
#[repr(C)]
struct Scan {
    header: Header,
    directory: Directory,
    path: Path<NAME_FD_OR_NONE>,
    is_done: Cell<bool>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Scan {
    fn type_object() -> &'static TypeObject {
        &SCAN
    }
}

/// `scandir(path)`
pub(super) fn scan(path: Path<NAME_FD_OR_NONE>) -> PyResult {
    let directory = Directory::open(&path)?;
    Ok(object::new_object(Scan { header: Header::new(&SCAN), directory, path, is_done: Cell::new(false) })
        .into())
}

fn next(value: Value) -> PyResult<Option<Ref>> {
    let scan = value.get::<Scan>().expect("slots are called for instances");
    let Some(found) = scan.directory.next(&scan.path)? else {
        scan.is_done.set(true);
        return Ok(None);
    };
    let mut path = Vec::new();
    let folder =
        (!objects::is_none(scan.path.given()) && scan.path.fd().is_none()).then(|| scan.path.bytes());
    if let Some(folder) = folder.or_else(|| scan.path.fd().is_none().then_some(b".".as_slice())) {
        path.extend_from_slice(folder);
        if !path.is_empty() && !path.ends_with(b"/") {
            path.push(b'/');
        }
    }
    path.extend_from_slice(&found.name);
    let is_bytes = scan.path.is_bytes();
    let entry = Entry {
        header: Header::new(&DIR_ENTRY),
        name: Field::new(decode_as(&found.name, is_bytes)),
        path: Field::new(decode_as(&path, is_bytes)),
        kind: found.kind,
        inode: found.inode,
        folder: scan.path.fd().unwrap_or(libc::AT_FDCWD),
        stat: Field::empty(),
        link_stat: Field::empty(),
        mode: RefCell::new(None),
    };
    Ok(Some(object::new_object(entry).into()))
}

py_methods! { static SCAN_METHODS for "posix.ScandirIterator", &Scan;
    /// Ends the iteration.
    "close(self, /)"
    fn close(this) {
        this.is_done.set(true);
        this.directory.close();
    }
    /// The iterator itself.
    "__enter__(self, /)"
    fn enter(this) -> Value {
        Value::from_object(this)
    }
    /// Ends the iteration.
    "__exit__(self, /, *args)"
    fn exit(this, args: runtime::convert::Rest<'_>) {
        let _ = args;
        close(this);
    }
}

/// Says that a folder was left open.
fn finalize(value: Value) -> PyResult<()> {
    let scan = value.get::<Scan>().expect("slots are called for instances");
    if scan.is_done.get() {
        return Ok(());
    }
    scan.directory.close();
    crate::warning::warn_unclosed(
        &format!("unclosed scandir iterator {}", protocol::repr_string(value)?),
        value,
    );
    Ok(())
}

static SCAN: TypeObject = TypeObject::from_spec(&SCAN_SPEC);
static SCAN_SPEC: TypeSpec = TypeSpec {
    module: "posix",
    flags: type_flags::NO_NEW | type_flags::HAS_FINALIZER,
    slots: Slots {
        iter: Some(protocol::identity),
        iternext: Some(next),
        finalize: Some(finalize),
        ..Slots::EMPTY
    },
    methods: &[SCAN_METHODS],
    ..TypeSpec::of::<Scan>("ScandirIterator")
};

/// An entry of a folder.
#[repr(C)]
struct Entry {
    header: Header,
    name: Field,
    path: Field,
    kind: u8,
    inode: u64,
    /// The folder that was scanned, if by descriptor.
    folder: i32,
    stat: Field,
    link_stat: Field,
    /// The file mode behind a link, or 0 for a broken one, once asked.
    mode: RefCell<Option<u32>>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Entry {
    fn type_object() -> &'static TypeObject {
        &DIR_ENTRY
    }
    fn traverse(&self, visit: Visitor<'_>) {
        for field in [&self.name, &self.path, &self.stat, &self.link_stat] {
            field.visit(visit);
        }
    }
}

impl Entry {
    fn ask(&self, follow: bool) -> PyResult<libc::stat> {
        let named = if self.folder == libc::AT_FDCWD { &self.path } else { &self.name };
        let path = Path::convert(named.get_or_none().value(), "stat", "path")?;
        stat::stat_at(self.folder, &path, follow)
    }

    fn is_link(&self) -> PyResult<bool> {
        match self.kind {
            libc::DT_UNKNOWN => Ok(self.ask(false)?.st_mode & libc::S_IFMT == libc::S_IFLNK),
            kind => Ok(kind == libc::DT_LNK),
        }
    }

    /// Whether the entry is of a kind; nothing is of any kind that is not there.
    fn is_kind(&self, kind: u8, mode: u32, follow: bool) -> PyResult<bool> {
        if self.kind != libc::DT_UNKNOWN && !(follow && self.kind == libc::DT_LNK) {
            return Ok(self.kind == kind);
        }
        if let (Some(known), true) = (*self.mode.borrow(), follow) {
            return Ok(known & libc::S_IFMT == mode);
        }
        let found = match error::ignore(self.ask(follow), &error::types::FileNotFoundError)? {
            Some(info) => info.st_mode,
            None => 0,
        };
        if follow {
            self.mode.replace(Some(found));
        }
        Ok(found & libc::S_IFMT == mode)
    }
}

py_methods! { static ENTRY_METHODS for "posix.DirEntry", &Entry;
    /// Return True if the entry is a directory; cached per entry.
    "is_dir(self, /, *, follow_symlinks=True)"
    fn is_dir(this, follow_symlinks: Option<bool>) -> PyResult<bool> {
        this.is_kind(libc::DT_DIR, libc::S_IFDIR, follow_symlinks.unwrap_or(true))
    }
    /// Return True if the entry is a file; cached per entry.
    "is_file(self, /, *, follow_symlinks=True)"
    fn is_file(this, follow_symlinks: Option<bool>) -> PyResult<bool> {
        this.is_kind(libc::DT_REG, libc::S_IFREG, follow_symlinks.unwrap_or(true))
    }
    /// Return True if the entry is a symbolic link; cached per entry.
    "is_symlink(self, /)"
    fn is_symlink(this) -> PyResult<bool> {
        Ok(error::ignore(this.is_link(), &error::types::FileNotFoundError)?.unwrap_or(false))
    }
    /// Return True if the entry is a junction; cached per entry.
    "is_junction(self, /)"
    fn is_junction(this) -> bool {
        let _ = this;
        false
    }
    /// Return stat_result object for the entry; cached per entry.
    "stat(self, /, *, follow_symlinks=True)"
    fn stat_entry(this, follow_symlinks: Option<bool>) -> PyResult {
        let follow = follow_symlinks.unwrap_or(true) && this.is_link()?;
        let kept = if follow { &this.stat } else { &this.link_stat };
        if kept.get().is_none() {
            kept.set(stat::result_of(&this.ask(follow)?)?);
        }
        Ok(kept.get_or_none())
    }
    /// Return inode of the entry; cached per entry.
    "inode(self, /)"
    fn inode(this) -> PyResult {
        Ok(int::from_i128(this.inode.into()))
    }
    /// Returns the path for the entry.
    "__fspath__(self, /)"
    fn entry_path(this) -> Ref {
        this.path.get_or_none()
    }
}

fn entry<'a>(value: Value) -> &'a Entry {
    value.get::<Entry>().expect("descriptors check their owner")
}

static ENTRY_GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "name",
        doc: "the entry's base filename, relative to scandir() \"path\" argument",
        get: |value| Ok(entry(value).name.get_or_none()),
        set: None,
    },
    GetSetDef {
        name: "path",
        doc: "the entry's full path name; equivalent to os.path.join(scandir_path, entry.name)",
        get: |value| Ok(entry(value).path.get_or_none()),
        set: None,
    },
];

fn repr(value: Value) -> PyResult {
    let name = protocol::repr_string(entry(value).name.get_or_none().value())?;
    Ok(StrObject::new(&format!("<DirEntry {name}>")).into())
}

/// `os.DirEntry`
pub(super) static DIR_ENTRY: TypeObject = TypeObject::from_spec(&ENTRY_SPEC);
static ENTRY_SPEC: TypeSpec = TypeSpec {
    module: "posix",
    flags: type_flags::NO_NEW | type_flags::GC,
    slots: Slots { repr: Some(repr), ..Slots::EMPTY },
    methods: &[ENTRY_METHODS, runtime::objects::typing::generic_alias::SUBSCRIPTABLE],
    getset: ENTRY_GETSET,
    ..TypeSpec::of::<Entry>("DirEntry")
};

/// Completes the types.
pub(super) fn initialize() {
    runtime::types::ready::ready(&SCAN);
    runtime::types::ready::ready(&DIR_ENTRY);
}
