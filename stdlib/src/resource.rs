//! `resource`: limits of the process, and what it has used.

use runtime::audit_hook::given;
use runtime::objects::int;
use runtime::objects::module::ModuleObject;
use runtime::objects::tuple::TupleObject;
use runtime::{PyResult, Ref, Value, error, protocol, py_functions, raise, tell};

use crate::posix::process::{RUSAGE, rusage};
use crate::system::{add_constants, constants, last_errno, os_error, system};

const CONSTANTS: &[(&str, i64)] = constants![
    RLIMIT_CPU RLIMIT_FSIZE RLIMIT_DATA RLIMIT_STACK RLIMIT_CORE RLIMIT_NOFILE RLIMIT_AS RLIMIT_RSS RLIMIT_NPROC RLIMIT_MEMLOCK
    RLIMIT_MSGQUEUE RLIMIT_NICE RLIMIT_RTPRIO RLIMIT_RTTIME RLIMIT_SIGPENDING RUSAGE_SELF RUSAGE_CHILDREN RUSAGE_THREAD
];

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    add_constants(module, CONSTANTS);
    add_constants(module, &[("RLIM_INFINITY", -1), ("RLIMIT_OFILE", libc::RLIMIT_NOFILE.into())]);
    let dict = module.dict();
    dict.set_text("struct_rusage", RUSAGE.class()?.value().to_ref());
    dict.set_text("error", error::types::OSError.value().to_ref());
    Ok(())
}

fn limits(limit: &libc::rlimit) -> Ref {
    let number = |value: u64| int::from_i64(value as i64);
    TupleObject::of([number(limit.rlim_cur), number(limit.rlim_max)]).into()
}

fn limit_from(pair: Value) -> PyResult<libc::rlimit> {
    let pair = protocol::collect(pair)?;
    let [soft, hard] = pair.as_slice() else {
        return Err(raise!(ValueError, "expected a tuple of 2 integers"));
    };
    Ok(libc::rlimit {
        rlim_cur: int::to_i64(soft.value())? as u64,
        rlim_max: int::to_i64(hard.value())? as u64,
    })
}

fn check(resource: i32) -> PyResult<u32> {
    if (0..16).contains(&resource) {
        Ok(resource as u32)
    } else {
        Err(raise!(ValueError, "invalid resource specified"))
    }
}

fn failed() -> runtime::Raised {
    match last_errno() {
        libc::EINVAL => raise!(ValueError, "current limit exceeds maximum limit"),
        libc::EPERM => raise!(ValueError, "not allowed to raise maximum limit"),
        errno => os_error(errno, &[]),
    }
}

py_functions! { static FUNCTIONS;
    /// Return the current soft and hard limits of a resource.
    "getrlimit(resource, /)"
    fn getrlimit(resource: i32) -> PyResult {
        let resource = check(resource)?;
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        system!(getrlimit(resource, &raw mut limit))?;
        Ok(limits(&limit))
    }
    /// Set the soft and hard limits of a resource.
    "setrlimit(resource, limits, /)"
    fn setrlimit(resource: i32, limits: Value) -> PyResult<()> {
        tell!("resource.setrlimit", int::from_i64(resource.into()), limits.to_ref());
        let (resource, limit) = (check(resource)?, limit_from(limits)?);
        // SAFETY: a valid structure.
        if unsafe { libc::setrlimit(resource, &raw const limit) } == 0 { Ok(()) } else { Err(failed()) }
    }
    /// Get, and perhaps set, the limits of a resource of a process.
    "prlimit(pid, resource, limits=None, /)"
    fn prlimit(pid: i32, resource: i32, limits_given: Option<Value>) -> PyResult {
        let said = given(limits_given);
        tell!("resource.prlimit", int::from_i64(pid.into()), int::from_i64(resource.into()), said);
        let resource = check(resource)?;
        let new = limits_given.map(limit_from).transpose()?;
        let mut old = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        let new = new.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        // SAFETY: a valid structure, or null.
        match unsafe { libc::prlimit(pid, resource, new, &raw mut old) } {
            0 => Ok(limits(&old)),
            _ => Err(failed()),
        }
    }
    /// Return an object that describes the resources consumed by the process or its children.
    "getrusage(who, /)"
    fn getrusage(who: i32) -> PyResult {
        // SAFETY: the structure consists of numbers.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: a valid structure.
        if unsafe { libc::getrusage(who, &raw mut usage) } != 0 {
            return Err(raise!(ValueError, "invalid who parameter"));
        }
        rusage(&usage)
    }
    /// Return the number of bytes in a system page.
    "getpagesize()"
    fn getpagesize() -> i64 {
        // SAFETY: a question about the system.
        unsafe { libc::sysconf(libc::_SC_PAGESIZE) }
    }
}
