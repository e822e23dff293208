//! Names in the file system: making, moving and removing files, folders and links; the working directory.

use dashu_int::IBig;
use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::list::ListObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::{PyResult, Ref, Value, protocol, py_functions, raise, tell};

use super::argument::{self, Folder, NAME_FD_OR_NONE, NAME_OR_FD, Path, decode_as};
use super::scandir::{self, Directory};
use crate::system::system;

fn move_to(src: &Path, dst: &Path, from: &Folder, to: &Folder) -> PyResult<()> {
    system!(renameat(from.0, src.as_ptr(), to.0, dst.as_ptr()) at src, dst).map(drop)
}

fn remove_name(path: &Path, folder: &Folder, flags: i32) -> PyResult<()> {
    system!(unlinkat(folder.0, path.as_ptr(), flags) at path).map(drop)
}

/// The working directory as bytes.
fn working_directory() -> PyResult<Vec<u8>> {
    let mut room = vec![0_u8; 4096];
    system!(getcwd(room.as_mut_ptr().cast(), room.len()))?;
    room.truncate(room.iter().position(|&byte| byte == 0).unwrap_or(0));
    Ok(room)
}

/// What `posixpath.normpath` gives.
fn normal_path(path: &[u8]) -> Vec<u8> {
    let leading = match path {
        [b'/', b'/', b'/', ..] | [] => path.len().min(1),
        [b'/', b'/', ..] => 2,
        [b'/', ..] => 1,
        _ => 0,
    };
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if leading == 0 && parts.last().is_none_or(|last| *last == b"..") => parts.push(part),
            b".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let mut normal = vec![b'/'; leading];
    normal.extend(parts.join(&b'/'));
    if normal.is_empty() { b".".to_vec() } else { normal }
}

/// How many bytes of a path are its root.
fn root_len(path: &[u8]) -> usize {
    match path {
        [b'/', b'/', b'/', ..] => 1,
        [b'/', b'/', ..] => 2,
        [b'/', ..] => 1,
        _ => 0,
    }
}

/// A path given as str or bytes, and how to give back what is derived from it.
fn text_of(value: Value) -> PyResult<(Vec<u8>, bool)> {
    let path = argument::fspath(value)?;
    let is_bytes = path.is_instance::<BytesObject>();
    if let Some(text) = path.get::<StrObject>() {
        let handler = StrObject::intern("surrogatepass");
        // Every str has such a form, lone surrogates included, so that nothing is lost on the way back.
        return Ok((runtime::codec::encode(Value::from_object(text), None, Some(handler.value()))?, false));
    }
    Ok((argument::encode_name(path.value())?, is_bytes))
}

/// The reverse of [`text_of`].
fn as_given(bytes: &[u8], is_bytes: bool) -> PyResult {
    if is_bytes {
        return Ok(BytesObject::new(bytes).into());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(StrObject::new(text).into());
    }
    let object = BytesObject::new(bytes);
    let (encoding, errors) = (StrObject::intern("utf-8"), StrObject::intern("surrogatepass"));
    protocol::call_method_text(object.value(), "decode", &[encoding.value(), errors.value()])
}

/// What stands for no device at all.
const NO_DEVICE: i64 = -1;

/// A number of a device, or a part of one; `None` for that of no device.
fn device_number(number: Value) -> PyResult<Option<u64>> {
    let number = int::to_big(number)?;
    if i64::try_from(&number) == Ok(NO_DEVICE) {
        return Ok(None);
    }
    if number < IBig::ZERO {
        return Err(raise!(OverflowError, "can't convert negative int to unsigned"));
    }
    u64::try_from(&number).map(Some).map_err(|_| raise!(OverflowError, "int too big to convert"))
}

py_functions! { pub(super) static FUNCTIONS;
    /// Create a directory.
    "mkdir(path, mode=0o777, *, dir_fd=None)"
    fn mkdir(path: Path, mode: Option<i32>, dir_fd: Folder) -> PyResult<()> {
        tell!("os.mkdir", path.given().to_ref(), int::from_i64(mode.unwrap_or(0o777).into()), dir_fd.shown());
        system!(mkdirat(dir_fd.0, path.as_ptr(), mode.unwrap_or(0o777) as libc::mode_t) at path).map(drop)
    }
    /// Remove a directory.
    "rmdir(path, *, dir_fd=None)"
    fn rmdir(path: Path, dir_fd: Folder) -> PyResult<()> {
        tell!("os.rmdir", path.given().to_ref(), dir_fd.shown());
        remove_name(&path, &dir_fd, libc::AT_REMOVEDIR)
    }
    /// Remove a file (same as remove()).
    "unlink(path, *, dir_fd=None)"
    fn unlink(path: Path, dir_fd: Folder) -> PyResult<()> {
        tell!("os.remove", path.given().to_ref(), dir_fd.shown());
        remove_name(&path, &dir_fd, 0)
    }
    /// Remove a file (same as unlink()).
    "remove(path, *, dir_fd=None)"
    fn remove(path: Path, dir_fd: Folder) -> PyResult<()> {
        tell!("os.remove", path.given().to_ref(), dir_fd.shown());
        remove_name(&path, &dir_fd, 0)
    }
    /// Rename a file or directory.
    "rename(src, dst, *, src_dir_fd=None, dst_dir_fd=None)"
    fn rename(src: Path, dst: Path, src_dir_fd: Folder, dst_dir_fd: Folder) -> PyResult<()> {
        tell!("os.rename", src.given().to_ref(), dst.given().to_ref(), src_dir_fd.shown(), dst_dir_fd.shown());
        move_to(&src, &dst, &src_dir_fd, &dst_dir_fd)
    }
    /// Rename a file or directory, overwriting the destination.
    "replace(src, dst, *, src_dir_fd=None, dst_dir_fd=None)"
    fn replace(src: Path, dst: Path, src_dir_fd: Folder, dst_dir_fd: Folder) -> PyResult<()> {
        tell!("os.rename", src.given().to_ref(), dst.given().to_ref(), src_dir_fd.shown(), dst_dir_fd.shown());
        move_to(&src, &dst, &src_dir_fd, &dst_dir_fd)
    }
    /// Create a hard link to a file.
    "link(src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=True)"
    fn link(src: Path, dst: Path, src_dir_fd: Folder, dst_dir_fd: Folder, follow_symlinks: Option<bool>) -> PyResult<()> {
        tell!("os.link", src.given().to_ref(), dst.given().to_ref(), src_dir_fd.shown(), dst_dir_fd.shown());
        let flags = if follow_symlinks == Some(true) { libc::AT_SYMLINK_FOLLOW } else { 0 };
        system!(linkat(src_dir_fd.0, src.as_ptr(), dst_dir_fd.0, dst.as_ptr(), flags) at src, dst).map(drop)
    }
    /// Create a symbolic link pointing to src named dst.
    "symlink(src, dst, target_is_directory=False, *, dir_fd=None)"
    fn symlink(src: Path, dst: Path, target_is_directory: Option<bool>, dir_fd: Folder) -> PyResult<()> {
        tell!("os.symlink", src.given().to_ref(), dst.given().to_ref(), dir_fd.shown());
        let _ = target_is_directory;
        system!(symlinkat(src.as_ptr(), dir_fd.0, dst.as_ptr()) at src, dst).map(drop)
    }
    /// Return a string representing the path to which the symbolic link points.
    "readlink(path, *, dir_fd=None)"
    fn readlink(path: Path, dir_fd: Folder) -> PyResult {
        let mut room = vec![0_u8; 4096];
        let length = system!(readlinkat(dir_fd.0, path.as_ptr(), room.as_mut_ptr().cast(), room.len()) at path)?;
        room.truncate(length.max(0) as usize);
        Ok(decode_as(&room, path.is_bytes()))
    }
    /// Create a "fifo" (a POSIX named pipe).
    "mkfifo(path, mode=0o666, *, dir_fd=None)"
    fn mkfifo(path: Path, mode: Option<i32>, dir_fd: Folder) -> PyResult<()> {
        system!(mkfifoat(dir_fd.0, path.as_ptr(), mode.unwrap_or(0o666) as libc::mode_t) at path).map(drop)
    }
    /// Create a node in the file system.
    "mknod(path, mode=0o600, device=0, *, dir_fd=None)"
    fn mknod(path: Path, mode: Option<i32>, device: Option<u64>, dir_fd: Folder) -> PyResult<()> {
        let mode = mode.unwrap_or(0o600) as libc::mode_t;
        system!(mknodat(dir_fd.0, path.as_ptr(), mode, device.unwrap_or(0)) at path).map(drop)
    }
    /// Truncate a file, specified by path, to a specific length.
    "truncate(path, length)"
    fn truncate(path: Path<NAME_OR_FD>, length: i64) -> PyResult<()> {
        tell!("os.truncate", path.given().to_ref(), int::from_i64(length));
        match path.fd() {
            Some(fd) => system!(ftruncate(fd, length) at path),
            None => system!(truncate(path.as_ptr(), length) at path),
        }
        .map(drop)
    }
    /// Return a list containing the names of the files in the directory.
    "listdir(path=None)"
    fn listdir(path: Path<NAME_FD_OR_NONE>) -> PyResult {
        tell!("os.listdir", path.given().to_ref());
        let directory = Directory::open(&path)?;
        let names = ListObject::empty();
        while let Some(found) = directory.next(&path)? {
            names.push(decode_as(&found.name, path.is_bytes()));
        }
        Ok(names.into())
    }
    /// Return an iterator of DirEntry objects for given path.
    "scandir(path=None)"
    fn scandir_function(path: Path<NAME_FD_OR_NONE>) -> PyResult {
        tell!("os.scandir", path.given().to_ref());
        scandir::scan(path)
    }
    /// Return a unicode string representing the current working directory.
    "getcwd()"
    fn getcwd() -> PyResult {
        Ok(argument::decode(&working_directory()?))
    }
    /// Return a bytes string representing the current working directory.
    "getcwdb()"
    fn getcwdb() -> PyResult {
        Ok(BytesObject::new(&working_directory()?).into())
    }
    /// Change the current working directory to the specified path.
    "chdir(path)"
    fn chdir(path: Path<NAME_OR_FD>) -> PyResult<()> {
        tell!("os.chdir", path.given().to_ref());
        match path.fd() {
            Some(fd) => system!(fchdir(fd) at path),
            None => system!(chdir(path.as_ptr()) at path),
        }
        .map(drop)
    }
    /// Change to the directory of the given file descriptor.
    "fchdir(fd)"
    fn fchdir(fd: argument::Descriptor) -> PyResult<()> {
        tell!("os.chdir", int::from_i64(fd.0.into()));
        system!(fchdir(fd.0)).map(drop)
    }
    /// Change root directory to path.
    "chroot(path)"
    fn chroot(path: Path) -> PyResult<()> {
        system!(chroot(path.as_ptr()) at path).map(drop)
    }
    /// Set the current numeric umask and return the previous umask.
    "umask(mask, /)"
    fn umask(mask: i32) -> u32 {
        // SAFETY: a number; the call cannot fail.
        unsafe { libc::umask(mask as libc::mode_t) }
    }
    /// Return the configuration limit name for the file path.
    "pathconf(path, name)"
    fn pathconf(path: Path<NAME_OR_FD>, name: Value) -> PyResult<i64> {
        let name = super::configuration::path_name(name)?;
        match path.fd() {
            Some(fd) => system!(fpathconf(fd, name) at path),
            None => system!(pathconf(path.as_ptr(), name) at path),
        }
    }
    /// Return the configuration limit name for the file descriptor fd.
    "fpathconf(fd, name, /)"
    fn fpathconf(fd: argument::Descriptor, name: Value) -> PyResult<i64> {
        let name = super::configuration::path_name(name)?;
        system!(fpathconf(fd.0, name))
    }
    /// Return the file system path representation of the object.
    "fspath(path)"
    fn fspath(path: Value) -> PyResult {
        argument::fspath(path)
    }
    /// Normalize path, eliminating double slashes, etc.
    "_path_normpath(path)"
    fn path_normpath(path: Value) -> PyResult {
        let (path, is_bytes) = text_of(path)?;
        as_given(&normal_path(&path), is_bytes)
    }
    /// Split a pathname into drive, root and tail.
    "_path_splitroot_ex(path)"
    fn path_splitroot_ex(path: Value) -> PyResult {
        let (path, is_bytes) = text_of(path)?;
        let (root, tail) = path.split_at(root_len(&path));
        let parts: [Ref; 3] = [as_given(b"", is_bytes)?, as_given(root, is_bytes)?, as_given(tail, is_bytes)?];
        Ok(TupleObject::of(parts).into())
    }
    /// Extract a device major number from a raw device number.
    "major(device, /)"
    fn major(device: Value) -> PyResult<i64> {
        Ok(device_number(device)?.map_or(NO_DEVICE, |device| libc::major(device).into()))
    }
    /// Extract a device minor number from a raw device number.
    "minor(device, /)"
    fn minor(device: Value) -> PyResult<i64> {
        Ok(device_number(device)?.map_or(NO_DEVICE, |device| libc::minor(device).into()))
    }
    /// Composes a raw device number from the major and minor device numbers.
    "makedev(major, minor, /)"
    fn makedev(major: Value, minor: Value) -> PyResult {
        let part = |part: Value| match device_number(part)? {
            None => Ok(u32::MAX),
            Some(part) => u32::try_from(part)
                .map_err(|_| raise!(OverflowError, "Python int too large to convert to C unsigned int")),
        };
        let (major, minor) = (part(major)?, part(minor)?);
        Ok(match (major, minor) {
            (u32::MAX, u32::MAX) => int::from_i64(NO_DEVICE),
            _ => int::from_u64(libc::makedev(major, minor)),
        })
    }
    /// Checks if PyOS_CallInputHook is set.
    "_is_inputhook_installed()"
    fn is_inputhook_installed() -> bool {
        false
    }
}
