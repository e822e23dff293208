//! What the system knows about a file: `stat`, `statvfs`, permissions, owners and times, extended attributes.

use runtime::convert::OrNone;
use runtime::objects::bytes::BytesObject;
use runtime::objects::list::ListObject;
use runtime::objects::struct_sequence::StructType;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, float, int};
use runtime::{PyResult, Ref, Value, buffer, protocol, py_functions, raise, tell};

use super::argument::{self, Folder, Identity, NAME_FD_OR_NONE, NAME_OR_FD, Path};
use crate::system::{last_errno, os_error, system};

/// `os.stat_result`
pub(super) static STAT_RESULT: StructType = StructType::new(
    "os",
    "stat_result",
    &[
        "st_mode", "st_ino", "st_dev", "st_nlink", "st_uid", "st_gid", "st_size", "st_atime", "st_mtime",
        "st_ctime",
    ],
)
.with_hidden(
    3,
    &[
        "st_atime",
        "st_mtime",
        "st_ctime",
        "st_atime_ns",
        "st_mtime_ns",
        "st_ctime_ns",
        "st_blksize",
        "st_blocks",
        "st_rdev",
    ],
)
.with_docs(
    "What stat(), fstat() and lstat() say of a file.",
    &[
        "kind of file and permissions",
        "number of the inode",
        "device",
        "number of hard links",
        "user that owns it",
        "group that owns it",
        "size in bytes",
    ],
);

/// `os.statvfs_result`
pub(super) static STATVFS_RESULT: StructType = StructType::new(
    "os",
    "statvfs_result",
    &[
        "f_bsize",
        "f_frsize",
        "f_blocks",
        "f_bfree",
        "f_bavail",
        "f_files",
        "f_ffree",
        "f_favail",
        "f_flag",
        "f_namemax",
    ],
)
.with_hidden(0, &["f_fsid"])
.with_docs("What statvfs() and fstatvfs() say of a file system.", &[]);

const NANOSECONDS: i128 = 1_000_000_000;

/// What `stat` gives.
pub(super) fn result_of(info: &libc::stat) -> PyResult {
    let times = [
        (info.st_atime, info.st_atime_nsec),
        (info.st_mtime, info.st_mtime_nsec),
        (info.st_ctime, info.st_ctime_nsec),
    ];
    let mut values: Vec<Ref> = [
        i128::from(info.st_mode),
        info.st_ino.into(),
        info.st_dev.into(),
        info.st_nlink.into(),
        info.st_uid.into(),
        info.st_gid.into(),
        info.st_size.into(),
    ]
    .map(int::from_i128)
    .into();
    values.extend(times.map(|(seconds, _)| int::from_i64(seconds)));
    values.extend(times.map(|(seconds, rest)| float::new(seconds as f64 + 1e-9 * rest as f64)));
    values.extend(
        times.map(|(seconds, rest)| int::from_i128(i128::from(seconds) * NANOSECONDS + i128::from(rest))),
    );
    values.push(int::from_i64(info.st_blksize));
    values.push(int::from_i64(info.st_blocks));
    values.push(int::from_i128(info.st_rdev.into()));
    STAT_RESULT.make(values)
}

const fn empty() -> libc::stat {
    // SAFETY: the structure consists of numbers.
    unsafe { std::mem::zeroed() }
}

/// Asks about a name.
pub(super) fn stat_at(folder: i32, path: &Path, follow: bool) -> PyResult<libc::stat> {
    let mut info = empty();
    let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    system!(fstatat(folder, path.as_ptr(), &raw mut info, flags) at path)?;
    Ok(info)
}

/// What a function says whose arguments do not go together.
pub(super) fn check_combination<const FORMS: u8>(
    function: &str,
    path: &Path<FORMS>,
    folder: &Folder,
    follow: bool,
) -> PyResult<()> {
    if path.fd().is_some() && folder.is_given() {
        return Err(raise!(ValueError, "{function}: can't specify dir_fd without matching path"));
    }
    if path.fd().is_some() && !follow {
        return Err(raise!(ValueError, "{function}: cannot use fd and follow_symlinks together"));
    }
    Ok(())
}

fn statvfs_result(info: &libc::statvfs) -> PyResult {
    let values = [
        info.f_bsize,
        info.f_frsize,
        info.f_blocks,
        info.f_bfree,
        info.f_bavail,
        info.f_files,
        info.f_ffree,
        info.f_favail,
        info.f_flag,
        info.f_namemax,
        info.f_fsid,
    ];
    STATVFS_RESULT.make(values.map(|value| int::from_i128(value.into())).into())
}

/// Seconds, an int or a float, as the system takes them.
fn time_of(value: Value) -> PyResult<libc::timespec> {
    let overflow = || raise!(OverflowError, "timestamp out of range for platform time_t");
    if let Some(whole) = int::IntRef::of(value) {
        return Ok(libc::timespec { tv_sec: whole.to_i64().ok_or_else(overflow)?, tv_nsec: 0 });
    }
    let seconds = float::to_f64(value)?;
    if seconds.is_nan() {
        return Err(raise!(ValueError, "Invalid value NaN (not a number)"));
    }
    if seconds.abs() >= 9.2e18 {
        return Err(overflow());
    }
    // Nanoseconds are rounded down, the fraction is that of the double.
    let floor = seconds.floor();
    let (mut whole, mut rest) = (floor as i64, ((seconds - floor) * 1e9).floor() as i64);
    if rest >= 1_000_000_000 {
        (whole, rest) = (whole + 1, rest - 1_000_000_000);
    }
    Ok(libc::timespec { tv_sec: whole, tv_nsec: rest })
}

fn time_of_nanoseconds(value: Value) -> PyResult<libc::timespec> {
    let parts = protocol::divmod(value, int::from_i64(NANOSECONDS as i64).value())?;
    let Some([whole, rest]) = parts.get::<TupleObject>().map(TupleObject::items) else {
        let got = value.ty().name();
        return Err(raise!(TypeError, "{got}.__divmod__() must return a 2-tuple, not {}", parts.ty().name()));
    };
    Ok(libc::timespec { tv_sec: int::to_i64(*whole)?, tv_nsec: int::to_i64(*rest)? })
}

fn both(
    value: Value,
    what: &str,
    one: fn(Value) -> PyResult<libc::timespec>,
) -> PyResult<[libc::timespec; 2]> {
    match value.get::<TupleObject>().map(TupleObject::items) {
        Some([accessed, modified]) => Ok([one(*accessed)?, one(*modified)?]),
        _ => Err(raise!(
            TypeError,
            "utime: '{what}' must be {}",
            match what {
                "times" => "either a tuple of two ints or None",
                _ => "a tuple of two ints",
            }
        )),
    }
}

/// Calls that come in three forms for attributes: by descriptor, by name, and by name without following a link.
macro_rules! attribute_call {
    ($path:ident, $follow:expr, $by_fd:ident, $by_name:ident, $by_link:ident, ($($arg:expr),*)) => {
        match ($path.fd(), $follow) {
            (Some(fd), _) => system!($by_fd(fd, $($arg),*) at $path),
            (None, true) => system!($by_name($path.as_ptr(), $($arg),*) at $path),
            (None, false) => system!($by_link($path.as_ptr(), $($arg),*) at $path),
        }
    };
}

/// Bytes of a size that is known only when they are there: asked for again with more room.
fn sized(mut ask: impl FnMut(&mut [u8]) -> PyResult<isize>) -> PyResult<Vec<u8>> {
    for size in [256, 65_536] {
        let mut room = vec![0; size];
        match ask(&mut room) {
            Ok(length) => {
                room.truncate(length.max(0) as usize);
                return Ok(room);
            }
            Err(raised) if size == 256 && last_errno() == libc::ERANGE => {
                drop(runtime::thread().take_raised(raised));
            }
            Err(raised) => return Err(raised),
        }
    }
    Err(os_error(libc::ERANGE, &[]))
}

py_functions! { pub(super) static FUNCTIONS;
    /// Perform a stat system call on the given path.
    "stat(path, *, dir_fd=None, follow_symlinks=True)"
    fn stat(path: Path<NAME_OR_FD>, dir_fd: Folder, follow_symlinks: Option<bool>) -> PyResult {
        let follow = follow_symlinks.unwrap_or(true);
        check_combination("stat", &path, &dir_fd, true)?;
        let mut info = empty();
        let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
        match path.fd() {
            Some(fd) => system!(fstat(fd, &raw mut info) at path)?,
            None => system!(fstatat(dir_fd.0, path.as_ptr(), &raw mut info, flags) at path)?,
        };
        result_of(&info)
    }
    /// Perform a stat system call on the given path, without following symbolic links.
    "lstat(path, *, dir_fd=None)"
    fn lstat(path: Path, dir_fd: Folder) -> PyResult {
        result_of(&stat_at(dir_fd.0, &path, false)?)
    }
    /// Perform a stat system call on the given file descriptor.
    "fstat(fd)"
    fn fstat(fd: i32) -> PyResult {
        let mut info = empty();
        system!(fstat(fd, &raw mut info))?;
        result_of(&info)
    }
    /// Perform a statvfs system call on the given path.
    "statvfs(path)"
    fn statvfs(path: Path<NAME_OR_FD>) -> PyResult {
        // SAFETY: the structure consists of numbers.
        let mut info: libc::statvfs = unsafe { std::mem::zeroed() };
        match path.fd() {
            Some(fd) => system!(fstatvfs(fd, &raw mut info) at path)?,
            None => system!(statvfs(path.as_ptr(), &raw mut info) at path)?,
        };
        statvfs_result(&info)
    }
    /// Perform an fstatvfs system call on the given fd.
    "fstatvfs(fd, /)"
    fn fstatvfs(fd: i32) -> PyResult {
        // SAFETY: the structure consists of numbers.
        let mut info: libc::statvfs = unsafe { std::mem::zeroed() };
        system!(fstatvfs(fd, &raw mut info))?;
        statvfs_result(&info)
    }
    /// Use the real uid/gid to test for access to a path.
    "access(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True)"
    fn access(path: Path, mode: i32, dir_fd: Folder, effective_ids: Option<bool>, follow_symlinks: Option<bool>) -> bool {
        let mut flags = if effective_ids.unwrap_or(false) { libc::AT_EACCESS } else { 0 };
        if !follow_symlinks.unwrap_or(true) {
            flags |= libc::AT_SYMLINK_NOFOLLOW;
        }
        // SAFETY: the path lives through the call.
        unsafe { libc::faccessat(dir_fd.0, path.as_ptr(), mode, flags) == 0 }
    }
    /// Change the access permissions of a file.
    "chmod(path, mode, *, dir_fd=None, follow_symlinks=True)"
    fn chmod(path: Path<NAME_OR_FD>, mode: i32, dir_fd: Folder, follow_symlinks: Option<bool>) -> PyResult<()> {
        let follow = follow_symlinks.unwrap_or(true);
        check_combination("chmod", &path, &dir_fd, true)?;
        if !follow {
            // Linux keeps no permissions for links.
            let message = "chmod: follow_symlinks unavailable on this platform";
            return Err(raise!(NotImplementedError, "{message}"));
        }
        tell!("os.chmod", path.given().to_ref(), int::from_i64(mode.into()), dir_fd.shown());
        let mode = mode as libc::mode_t;
        match path.fd() {
            Some(fd) => system!(fchmod(fd, mode) at path)?,
            None => system!(fchmodat(dir_fd.0, path.as_ptr(), mode, 0) at path)?,
        };
        Ok(())
    }
    /// Change the access permissions of the file given by file descriptor fd.
    "fchmod(fd, mode)"
    fn fchmod(fd: i32, mode: i32) -> PyResult<()> {
        tell!("os.chmod", int::from_i64(fd.into()), int::from_i64(mode.into()), int::from_i64(-1));
        system!(fchmod(fd, mode as libc::mode_t)).map(drop)
    }
    /// Change the owner and group id of path to the numeric uid and gid.
    "chown(path, uid, gid, *, dir_fd=None, follow_symlinks=True)"
    fn chown(path: Path<NAME_OR_FD>, uid: Identity, gid: Identity, dir_fd: Folder, follow_symlinks: Option<bool>) -> PyResult<()> {
        let follow = follow_symlinks.unwrap_or(true);
        check_combination("chown", &path, &dir_fd, follow)?;
        tell!("os.chown", path.given().to_ref(), int::from_i64(uid.0.into()), int::from_i64(gid.0.into()), dir_fd.shown());
        let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
        match path.fd() {
            Some(fd) => system!(fchown(fd, uid.0, gid.0) at path)?,
            None => system!(fchownat(dir_fd.0, path.as_ptr(), uid.0, gid.0, flags) at path)?,
        };
        Ok(())
    }
    /// Change the owner and group id of path to the numeric uid and gid, without following symbolic links.
    "lchown(path, uid, gid)"
    fn lchown(path: Path, uid: Identity, gid: Identity) -> PyResult<()> {
        tell!("os.chown", path.given().to_ref(), int::from_i64(uid.0.into()), int::from_i64(gid.0.into()), int::from_i64(-1));
        system!(lchown(path.as_ptr(), uid.0, gid.0) at path).map(drop)
    }
    /// Change the owner and group id of the file specified by file descriptor.
    "fchown(fd, uid, gid)"
    fn fchown(fd: i32, uid: Identity, gid: Identity) -> PyResult<()> {
        tell!("os.chown", int::from_i64(fd.into()), int::from_i64(uid.0.into()), int::from_i64(gid.0.into()), int::from_i64(-1));
        system!(fchown(fd, uid.0, gid.0)).map(drop)
    }
    /// Set the access and modified time of path.
    "utime(path, times=None, *, ns=None, dir_fd=None, follow_symlinks=True)"
    fn utime(path: Path<NAME_OR_FD>, times: OrNone<Value>, ns: Option<Value>, dir_fd: Folder, follow_symlinks: Option<bool>) -> PyResult<()> {
        let follow = follow_symlinks.unwrap_or(true);
        let or_none = |given: Option<Value>| given.unwrap_or_else(objects::none).to_ref();
        tell!("os.utime", path.given().to_ref(), or_none(times.0), or_none(ns), dir_fd.shown());
        let now = libc::timespec { tv_sec: 0, tv_nsec: libc::UTIME_NOW };
        let times = match (times.0, ns) {
            (Some(_), Some(_)) => return Err(raise!(ValueError, "utime: you may specify either 'times' or 'ns' but not both")),
            (Some(times), None) => both(times, "times", time_of)?,
            (None, Some(ns)) => both(ns, "ns", time_of_nanoseconds)?,
            (None, None) => [now; 2],
        };
        check_combination("utime", &path, &dir_fd, follow)?;
        let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
        match path.fd() {
            Some(fd) => system!(futimens(fd, times.as_ptr()) at path)?,
            None => system!(utimensat(dir_fd.0, path.as_ptr(), times.as_ptr(), flags) at path)?,
        };
        Ok(())
    }
    /// Return the value of extended attribute attribute on path.
    "getxattr(path, attribute, *, follow_symlinks=True)"
    fn getxattr(path: Path<NAME_OR_FD>, attribute: Path, follow_symlinks: Option<bool>) -> PyResult {
        tell!("os.getxattr", path.given().to_ref(), attribute.given().to_ref());
        let follow = follow_symlinks.unwrap_or(true);
        check_combination("getxattr", &path, &Folder(libc::AT_FDCWD), follow)?;
        let value = sized(|room| {
            attribute_call!(path, follow, fgetxattr, getxattr, lgetxattr, (attribute.as_ptr(), room.as_mut_ptr().cast(), room.len()))
        })?;
        Ok(BytesObject::new(&value).into())
    }
    /// Set extended attribute attribute on path to value.
    "setxattr(path, attribute, value, flags=0, *, follow_symlinks=True)"
    fn setxattr(path: Path<NAME_OR_FD>, attribute: Path, value: Value, flags: Option<i32>, follow_symlinks: Option<bool>) -> PyResult<()> {
        tell!("os.setxattr", path.given().to_ref(), attribute.given().to_ref(), value.to_ref(), int::from_i64(flags.unwrap_or(0).into()));
        let (follow, value, flags) = (follow_symlinks.unwrap_or(true), buffer::to_vec(value)?, flags.unwrap_or(0));
        check_combination("setxattr", &path, &Folder(libc::AT_FDCWD), follow)?;
        attribute_call!(path, follow, fsetxattr, setxattr, lsetxattr, (attribute.as_ptr(), value.as_ptr().cast(), value.len(), flags)).map(drop)
    }
    /// Remove extended attribute attribute on path.
    "removexattr(path, attribute, *, follow_symlinks=True)"
    fn removexattr(path: Path<NAME_OR_FD>, attribute: Path, follow_symlinks: Option<bool>) -> PyResult<()> {
        tell!("os.removexattr", path.given().to_ref(), attribute.given().to_ref());
        let follow = follow_symlinks.unwrap_or(true);
        check_combination("removexattr", &path, &Folder(libc::AT_FDCWD), follow)?;
        attribute_call!(path, follow, fremovexattr, removexattr, lremovexattr, (attribute.as_ptr())).map(drop)
    }
    /// Return a list of extended attributes on path.
    "listxattr(path=None, *, follow_symlinks=True)"
    fn listxattr(path: Path<NAME_FD_OR_NONE>, follow_symlinks: Option<bool>) -> PyResult {
        tell!("os.listxattr", path.given().to_ref());
        let follow = follow_symlinks.unwrap_or(true);
        check_combination("listxattr", &path, &Folder(libc::AT_FDCWD), follow)?;
        let names = sized(|room| {
            attribute_call!(path, follow, flistxattr, listxattr, llistxattr, (room.as_mut_ptr().cast(), room.len()))
        })?;
        let names = names.split(|&byte| byte == 0).filter(|name| !name.is_empty());
        Ok(ListObject::new(names.map(argument::decode).collect()).into())
    }
}
