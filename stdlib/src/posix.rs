//! `posix`: the functions of the operating system, which Lib's `os` builds on. By theme:
//!
//! - [`argument`]: paths, descriptors, folders as arguments; [`configuration`], [`constants`]: tables
//! - [`names`]: files, folders and links by name; [`scandir`]: what is in a folder; [`stat`]: what is known about a file
//! - [`descriptor`]: open files; [`timer`]: timers as files, pseudo-terminals; [`process`]: processes and identities
//!
//! The rest, which is about the machine and the environment, is here. Errors are `OSError` with the file in question.

pub(crate) mod argument;
mod configuration;
mod constants;
pub(crate) mod descriptor;
mod names;
pub(crate) mod process;
mod scandir;
mod stat;
mod timer;

use std::ffi::CStr;

use runtime::objects::bytes::BytesObject;
use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::struct_sequence::StructType;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, float, int};
use runtime::{PyResult, Ref, Value, error, py_functions, raise, tell};

use crate::system::{last_errno, os_error, system};

static UNAME_RESULT: StructType =
    StructType::new("posix", "uname_result", &["sysname", "nodename", "release", "version", "machine"])
        .with_docs(
            "What the system says of itself.",
            &[
                "the name of the operating system",
                "the name of the machine in its network",
                "the release of the operating system",
                "its version",
                "the kind of machine",
            ],
        );

static TIMES_RESULT: StructType = StructType::new(
    "posix",
    "times_result",
    &["user", "system", "children_user", "children_system", "elapsed"],
)
.with_docs(
    "What time the process has taken, in seconds.",
    &[
        "in its own code",
        "in the system",
        "of its children, in their own code",
        "of its children, in the system",
        "since some moment in the past",
    ],
);

/// What `os` derives `supports_dir_fd` and its siblings from.
const HAVE: &[&str] = &[
    "HAVE_EVENTFD",
    "HAVE_FACCESSAT",
    "HAVE_FCHDIR",
    "HAVE_FCHMOD",
    "HAVE_FCHMODAT",
    "HAVE_FCHOWN",
    "HAVE_FCHOWNAT",
    "HAVE_FEXECVE",
    "HAVE_FDOPENDIR",
    "HAVE_FPATHCONF",
    "HAVE_FSTATAT",
    "HAVE_FSTATVFS",
    "HAVE_FTRUNCATE",
    "HAVE_FUTIMENS",
    "HAVE_FUTIMES",
    "HAVE_FUTIMESAT",
    "HAVE_LINKAT",
    "HAVE_LCHOWN",
    "HAVE_LSTAT",
    "HAVE_LUTIMES",
    "HAVE_MEMFD_CREATE",
    "HAVE_MKDIRAT",
    "HAVE_MKFIFOAT",
    "HAVE_MKNODAT",
    "HAVE_OPENAT",
    "HAVE_READLINKAT",
    "HAVE_RENAMEAT",
    "HAVE_SYMLINKAT",
    "HAVE_UNLINKAT",
    "HAVE_UTIMENSAT",
];

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    scandir::initialize();
    let tables = [
        FUNCTIONS,
        stat::FUNCTIONS,
        descriptor::FUNCTIONS,
        timer::FUNCTIONS,
        names::FUNCTIONS,
        process::FUNCTIONS,
        process::IDENTITIES,
    ];
    tables.into_iter().for_each(|table| module.add_functions(table));
    crate::system::add_constants(module, constants::CONSTANTS);
    let dict = module.dict();
    let types = [
        ("stat_result", &stat::STAT_RESULT),
        ("statvfs_result", &stat::STATVFS_RESULT),
        ("terminal_size", &descriptor::TERMINAL_SIZE),
        ("uname_result", &UNAME_RESULT),
        ("times_result", &TIMES_RESULT),
        ("waitid_result", &process::WAITID_RESULT),
        ("sched_param", &process::SCHED_PARAM),
    ];
    for (name, ty) in types {
        dict.set_text(name, ty.class()?.value().to_ref());
    }
    dict.set_text("DirEntry", scandir::DIR_ENTRY.value().to_ref());
    dict.set_text("error", error::types::OSError.value().to_ref());
    dict.set_text("environ", environ_dict()?);
    let have = HAVE.iter().map(|name| StrObject::intern(name).into()).collect();
    dict.set_text("_have_functions", ListObject::new(have));
    let tables = [
        ("sysconf_names", configuration::SYSCONF),
        ("pathconf_names", configuration::PATHCONF),
        ("confstr_names", configuration::CONFSTR),
    ];
    for (name, table) in tables {
        let names = DictObject::new();
        table.iter().for_each(|&(name, number)| names.set_text(name, int::from_i64(number.into())));
        dict.set_text(name, names);
    }
    Ok(())
}

/// Lets go of the program's objects, which is over.
pub(crate) fn release() {
    process::release();
}

unsafe extern "C" {
    static environ: *const *const libc::c_char;
}

/// The names and values of the environment.
pub(crate) fn environment_entries() -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut entries: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    // SAFETY: the C library's array of terminated strings, itself terminated; only this thread changes it.
    unsafe {
        let mut at = environ;
        while !at.is_null() && !(*at).is_null() {
            let entry = CStr::from_ptr(*at).to_bytes();
            if let Some(end) = entry.iter().position(|&byte| byte == b'=') {
                entries.push((entry[..end].to_vec(), entry[end + 1..].to_vec()));
            }
            at = at.add(1);
        }
    }
    entries
}

fn environ_dict() -> PyResult {
    let dict = DictObject::new();
    for (name, value) in environment_entries() {
        let name = BytesObject::new(&name);
        if !dict.contains(name.value())? {
            dict.set(name.value(), BytesObject::new(&value).into())?;
        }
    }
    Ok(dict.into())
}

/// A field of `uname`.
fn field(text: &[libc::c_char]) -> Ref {
    // SAFETY: the system has terminated the text inside its field.
    unsafe { argument::decode_c(text.as_ptr()) }
}

/// A number of bytes from the system's source of randomness.
fn random_bytes(size: i64, flags: u32) -> PyResult<Vec<u8>> {
    let Ok(size) = usize::try_from(size) else { return Err(os_error(libc::EINVAL, &[])) };
    let mut room = Vec::new();
    room.try_reserve_exact(size).map_err(|_| error::memory_error())?;
    room.resize(size, 0);
    let mut filled = 0;
    while filled < size {
        let rest = &mut room[filled..];
        filled += system!(getrandom(rest.as_mut_ptr().cast(), rest.len(), flags))? as usize;
    }
    Ok(room)
}

py_functions! { static FUNCTIONS;
    /// Return the environment as it is now.
    "_create_environ()"
    fn create_environ() -> PyResult {
        environ_dict()
    }
    /// Change or add an environment variable.
    "putenv(name, value, /)"
    fn putenv(name: Value, value: Value) -> PyResult<()> {
        let (name, value) = (argument::c_string(name)?, argument::c_string(value)?);
        tell!("os.putenv", BytesObject::new(name.as_bytes()), BytesObject::new(value.as_bytes()));
        if name.as_bytes().contains(&b'=') {
            return Err(raise!(ValueError, "illegal environment variable name"));
        }
        system!(setenv(name.as_ptr(), value.as_ptr(), 1)).map(drop)
    }
    /// Delete an environment variable.
    "unsetenv(name, /)"
    fn unsetenv(name: Value) -> PyResult<()> {
        let name = argument::c_string(name)?;
        tell!("os.unsetenv", BytesObject::new(name.as_bytes()));
        system!(unsetenv(name.as_ptr())).map(drop)
    }
    /// Translate an error code to a message string.
    "strerror(code, /)"
    fn strerror(code: i32) -> String {
        error::errno_text(code)
    }
    /// Return an object identifying the current operating system.
    "uname()"
    fn uname() -> PyResult {
        // SAFETY: the structure consists of numbers.
        let mut info: libc::utsname = unsafe { std::mem::zeroed() };
        system!(uname(&raw mut info))?;
        let fields = [&info.sysname, &info.nodename, &info.release, &info.version, &info.machine];
        UNAME_RESULT.make(fields.map(|text| field(text)).into())
    }
    /// Return a collection containing process timing information.
    "times()"
    fn times() -> PyResult {
        // SAFETY: the structure consists of numbers.
        let mut info: libc::tms = unsafe { std::mem::zeroed() };
        // SAFETY: valid memory.
        let elapsed = unsafe { libc::times(&raw mut info) };
        // SAFETY: a question about the system.
        let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as f64;
        let values = [info.tms_utime, info.tms_stime, info.tms_cutime, info.tms_cstime, elapsed];
        TIMES_RESULT.make(values.map(|ticks| float::new(ticks as f64 / per_second)).into())
    }
    /// Return an integer-valued system configuration variable.
    "sysconf(name, /)"
    fn sysconf(name: Value) -> PyResult<i64> {
        let name = configuration::system_name(name)?;
        // SAFETY: the place of this thread's error number.
        unsafe { *libc::__errno_location() = 0 };
        // SAFETY: a number; -1 also means that there is no limit.
        let value = unsafe { libc::sysconf(name) };
        if value == -1 && last_errno() != 0 { Err(crate::system::failure()) } else { Ok(value) }
    }
    /// Return a string-valued system configuration variable.
    "confstr(name, /)"
    fn confstr(name: Value) -> PyResult {
        let name = configuration::string_name(name)?;
        let mut room = vec![0_u8; 4096];
        // SAFETY: the place of this thread's error number.
        unsafe { *libc::__errno_location() = 0 };
        // SAFETY: the room is valid for its length.
        let length = unsafe { libc::confstr(name, room.as_mut_ptr().cast(), room.len()) };
        if length == 0 {
            return if last_errno() != 0 { Err(crate::system::failure()) } else { Ok(objects::none().to_ref()) };
        }
        room.truncate(length - 1);
        Ok(argument::decode(&room))
    }
    /// Return the number of logical CPUs in the system.
    "cpu_count()"
    fn cpu_count() -> Option<i64> {
        if let Some(told) = crate::sys::cpu_count() {
            return Some(told);
        }
        // SAFETY: a question about the system.
        let count = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) };
        (count >= 1).then_some(count)
    }
    /// Return average recent system load information.
    "getloadavg()"
    fn getloadavg() -> PyResult {
        let mut loads = [0.0; 3];
        // SAFETY: room for three numbers.
        if unsafe { libc::getloadavg(loads.as_mut_ptr(), 3) } != 3 {
            return Err(raise!(OSError, "Load averages are unobtainable"));
        }
        Ok(TupleObject::of(loads.map(float::new)).into())
    }
    /// Return a bytes object containing random bytes suitable for cryptographic use.
    "urandom(size, /)"
    fn urandom(size: i64) -> PyResult {
        if size < 0 {
            return Err(raise!(ValueError, "negative argument not allowed"));
        }
        Ok(BytesObject::new(&random_bytes(size, 0)?).into())
    }
    /// Obtain a series of random bytes.
    "getrandom(size, flags=0)"
    fn getrandom(size: i64, flags: Option<u32>) -> PyResult {
        Ok(BytesObject::new(&random_bytes(size, flags.unwrap_or(0))?).into())
    }
}
