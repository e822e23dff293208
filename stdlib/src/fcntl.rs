//! `fcntl`: control of descriptors, locks on files.

use runtime::audit_hook::given;
use runtime::objects::bytes::BytesObject;
use runtime::objects::int;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::{PyResult, Ref, Value, buffer, py_functions, raise, tell};

use crate::posix::argument::Descriptor;
use crate::system::{add_constants, constants, system};

const CONSTANTS: &[(&str, i64)] = constants![
    LOCK_SH LOCK_EX LOCK_NB LOCK_UN F_DUPFD F_DUPFD_CLOEXEC F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK F_SETLKW F_GETOWN
    F_SETOWN F_RDLCK F_WRLCK F_UNLCK F_SETLEASE F_GETLEASE F_NOTIFY F_SETPIPE_SZ F_GETPIPE_SZ F_ADD_SEALS F_GET_SEALS
    F_SEAL_SEAL F_SEAL_SHRINK F_SEAL_GROW F_SEAL_WRITE F_OFD_GETLK F_OFD_SETLK F_OFD_SETLKW FD_CLOEXEC
];

/// Most bytes of a structure that is passed by copy.
const ROOM: usize = 1024;

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    add_constants(module, CONSTANTS);
    let more = [
        ("F_SETSIG", 10),
        ("F_GETSIG", 11),
        ("F_EXLCK", 4),
        ("F_SHLCK", 8),
        ("F_GETLK64", 5),
        ("F_SETLK64", 6),
        ("F_SETLKW64", 7),
        ("DN_ACCESS", 1),
        ("DN_MODIFY", 2),
        ("DN_CREATE", 4),
        ("DN_DELETE", 8),
        ("DN_RENAME", 16),
        ("DN_ATTRIB", 32),
        ("DN_MULTISHOT", 0x8000_0000),
        ("FASYNC", libc::O_ASYNC.into()),
        ("LOCK_MAND", 32),
        ("LOCK_READ", 64),
        ("LOCK_WRITE", 128),
        ("LOCK_RW", 192),
    ];
    add_constants(module, &more);
    Ok(())
}

/// An argument that is a number or a structure.
enum Argument {
    Number(i64),
    Structure(Vec<u8>),
}

fn argument(value: Option<Value>, function: &str) -> PyResult<Argument> {
    let Some(value) = value else { return Ok(Argument::Number(0)) };
    if value.is_small() || value.ty().slots().index.is_some() {
        return Ok(Argument::Number(int::to_i64(value)?));
    }
    let data = match value.get::<StrObject>() {
        Some(text) => text.to_utf8()?.into_bytes(),
        None => buffer::to_vec(value)?,
    };
    if data.len() > ROOM {
        return Err(raise!(ValueError, "{function} argument 3 is too long"));
    }
    Ok(Argument::Structure(data))
}

/// The structure with room behind it, as some calls write more than they are given.
fn with_room(data: &[u8]) -> [u8; ROOM] {
    let mut room = [0; ROOM];
    room[..data.len()].copy_from_slice(data);
    room
}

py_functions! { static FUNCTIONS;
    /// Perform the operation cmd on file descriptor fd.
    "fcntl(fd, cmd, arg=0, /)"
    fn fcntl(fd: Descriptor, cmd: i32, arg: Option<Value>) -> PyResult<Ref> {
        let said = given(arg);
        tell!("fcntl.fcntl", int::from_i64(fd.0.into()), int::from_i64(cmd.into()), said);
        match argument(arg, "fcntl")? {
            Argument::Number(number) => Ok(int::from_i64(system!(fcntl(fd.0, cmd, number as i32))?.into())),
            Argument::Structure(data) => {
                let mut room = with_room(&data);
                system!(fcntl(fd.0, cmd, room.as_mut_ptr()))?;
                Ok(BytesObject::new(&room[..data.len()]).into())
            }
        }
    }
    /// Perform the operation request on file descriptor fd.
    "ioctl(fd, request, arg=0, mutate_flag=True, /)"
    fn ioctl(fd: Descriptor, request: i64, arg: Option<Value>, mutate_flag: Option<bool>) -> PyResult<Ref> {
        let request = request as libc::c_ulong;
        let said = given(arg);
        tell!("fcntl.ioctl", int::from_i64(fd.0.into()), int::from_u64(request & 0xffff_ffff), said);
        let data = match argument(arg, "ioctl")? {
            Argument::Number(number) => return Ok(int::from_i64(system!(ioctl(fd.0, request, number))?.into())),
            Argument::Structure(data) => data,
        };
        let mut room = with_room(&data);
        let result = system!(ioctl(fd.0, request, room.as_mut_ptr()))?;
        let target = arg.filter(|target| mutate_flag.unwrap_or(true) && !target.is_instance::<BytesObject>());
        match target.filter(|target| !target.is_instance::<StrObject>()) {
            Some(target) => {
                buffer::with_bytes_mut(target, |target| target.copy_from_slice(&room[..data.len()]))?;
                Ok(int::from_i64(result.into()))
            }
            None => Ok(BytesObject::new(&room[..data.len()]).into()),
        }
    }
    /// Perform the lock operation on file descriptor fd.
    "flock(fd, operation, /)"
    fn flock(fd: Descriptor, operation: i32) -> PyResult<()> {
        tell!("fcntl.flock", int::from_i64(fd.0.into()), int::from_i64(operation.into()));
        system!(flock(fd.0, operation)).map(drop)
    }
    /// A wrapper around the fcntl() locking calls.
    "lockf(fd, cmd, len=0, start=0, whence=0, /)"
    fn lockf(fd: Descriptor, cmd: i32, len: Option<i64>, start: Option<i64>, whence: Option<i32>) -> PyResult<()> {
        let said = |number: Option<i64>| number.map_or_else(|| given(None), int::from_i64);
        let [fd_said, cmd_said, whence_said] = [fd.0, cmd, whence.unwrap_or(0)].map(|number| int::from_i64(number.into()));
        tell!("fcntl.lockf", fd_said, cmd_said, said(len), said(start), whence_said);
        let kind = match cmd {
            libc::LOCK_UN => libc::F_UNLCK,
            cmd if cmd & libc::LOCK_SH != 0 => libc::F_RDLCK,
            cmd if cmd & libc::LOCK_EX != 0 => libc::F_WRLCK,
            _ => return Err(raise!(ValueError, "unrecognized lockf argument")),
        };
        // SAFETY: the structure consists of numbers.
        let mut lock: libc::flock = unsafe { std::mem::zeroed() };
        (lock.l_type, lock.l_whence) = (kind as libc::c_short, whence.unwrap_or(0) as libc::c_short);
        (lock.l_start, lock.l_len) = (start.unwrap_or(0), len.unwrap_or(0));
        let command = if cmd & libc::LOCK_NB != 0 { libc::F_SETLK } else { libc::F_SETLKW };
        system!(fcntl(fd.0, command, &raw const lock)).map(drop)
    }
}
