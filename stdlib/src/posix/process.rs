//! Processes: starting, replacing, waiting, signalling; who runs them and with what rights.

use std::cell::RefCell;
use std::ffi::CString;

use runtime::args::Args;
use runtime::convert::Keywords;
use runtime::objects::bytes::BytesObject;
use runtime::objects::list::ListObject;
use runtime::objects::struct_sequence::StructType;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, float, int};
use runtime::type_object::TypeObject;
use runtime::world::World;
use runtime::{PyResult, Ref, Value, error, global_lock, protocol, py_functions, raise, tell};

use super::argument::{self, Identity, NAME_OR_FD, Path, c_string};
use crate::system::{failure, os_error, pair, system};

/// `os.waitid_result`
pub(super) static WAITID_RESULT: StructType =
    StructType::new("posix", "waitid_result", &["si_pid", "si_uid", "si_signo", "si_status", "si_code"])
        .with_docs(
            "What waitid() says of a child.",
            &[
                "its process id",
                "its user",
                "always SIGCHLD",
                "its exit value or the signal",
                "what kind of change it is",
            ],
        );

/// `os.sched_param`
pub(super) static SCHED_PARAM: StructType = StructType::new("posix", "sched_param", &["sched_priority"])
    .with_docs("How a process is scheduled.", &["the priority"])
    .with_constructor(new_sched_param);

/// `os.sched_param(sched_priority)`; any object will do until it is used.
fn new_sched_param(class: &TypeObject, args: Args<'_>) -> PyResult {
    let given = args.positional.len() + args.keywords().len();
    if given > 1 {
        return Err(raise!(TypeError, "sched_param() takes at most 1 argument ({given} given)"));
    }
    let by_name = args.keywords().next();
    let priority = match (args.positional.first(), by_name) {
        (Some(priority), _) => *priority,
        (None, Some((name, priority))) if protocol::str_string(name)? == "sched_priority" => priority,
        (None, Some((name, _))) => {
            let name = protocol::str_string(name)?;
            return Err(raise!(TypeError, "sched_param() got an unexpected keyword argument '{name}'"));
        }
        (None, None) => {
            return Err(raise!(
                TypeError,
                "sched_param() missing required argument 'sched_priority' (pos 1)"
            ));
        }
    };
    Ok(TupleObject::instance_of(class, vec![priority.to_ref()]).into())
}

/// `resource.struct_rusage`
pub(crate) static RUSAGE: StructType = StructType::new(
    "resource",
    "struct_rusage",
    &[
        "ru_utime",
        "ru_stime",
        "ru_maxrss",
        "ru_ixrss",
        "ru_idrss",
        "ru_isrss",
        "ru_minflt",
        "ru_majflt",
        "ru_nswap",
        "ru_inblock",
        "ru_oublock",
        "ru_msgsnd",
        "ru_msgrcv",
        "ru_nsignals",
        "ru_nvcsw",
        "ru_nivcsw",
    ],
)
.with_docs(
    "What resources a process has used.",
    &[
        "seconds in its own code",
        "seconds in the system",
        "the most memory at a time",
        "shared memory",
        "unshared data",
        "unshared stack",
        "page faults without input",
        "page faults with input",
        "times swapped out",
        "blocks read",
        "blocks written",
        "messages sent",
        "messages received",
        "signals received",
        "times it gave up the processor",
        "times the processor was taken away",
    ],
);

/// What `getrusage` and `wait4` give.
pub(crate) fn rusage(usage: &libc::rusage) -> PyResult {
    let seconds = |time: libc::timeval| float::new(time.tv_sec as f64 + time.tv_usec as f64 * 1e-6);
    let mut values = vec![seconds(usage.ru_utime), seconds(usage.ru_stime)];
    let counts = [
        usage.ru_maxrss,
        usage.ru_ixrss,
        usage.ru_idrss,
        usage.ru_isrss,
        usage.ru_minflt,
        usage.ru_majflt,
        usage.ru_nswap,
        usage.ru_inblock,
        usage.ru_oublock,
        usage.ru_msgsnd,
        usage.ru_msgrcv,
        usage.ru_nsignals,
        usage.ru_nvcsw,
        usage.ru_nivcsw,
    ];
    values.extend(counts.map(int::from_i64));
    RUSAGE.make(values)
}

/// Functions to call around a fork: before, in the parent, in the child.
static AT_FORK: World<[RefCell<Vec<Ref>>; 3]> = World::new([const { RefCell::new(Vec::new()) }; 3]);

/// Forgets the functions to call around a fork: the program is over.
pub(crate) fn release() {
    AT_FORK.iter().for_each(|functions| drop(functions.take()));
}

fn run_at_fork(which: usize) {
    let mut functions = AT_FORK[which].borrow().clone();
    if which == 0 {
        functions.reverse();
    }
    for function in functions {
        if let Err(raised) = protocol::call(function.value(), &[], None) {
            error::write_unraisable(raised, Some(function.value()));
        }
    }
}

/// What has to happen before a fork.
pub(crate) fn before_fork() {
    run_at_fork(0);
}

/// What has to happen after a fork, given its result.
pub(crate) fn after_fork(pid: i32) {
    if pid == 0 {
        runtime::signal::after_fork();
        crate::thread::after_fork();
        crate::io::turn::after_fork();
    }
    run_at_fork(if pid == 0 { 2 } else { 1 });
}

/// A program that is over makes no processes like itself.
fn refuse_at_end() -> PyResult<()> {
    match runtime::finalize::is_finalizing() {
        true => Err(raise!(PythonFinalizationError, "can't fork at interpreter shutdown")),
        false => Ok(()),
    }
}

/// Warns the parent of a new process whose threads are not in the child, and what they hold is not released there.
fn warn_of_threads(function: &str, pid: i32) -> PyResult<()> {
    if pid <= 0 || global_lock::others() == 0 {
        return Ok(());
    }
    let own = std::process::id();
    let message = format!(
        "This process (pid={own}) is multi-threaded, use of {function}() may lead to deadlocks in the child."
    );
    runtime::warning::warn(&error::types::DeprecationWarning, &message, 1)
}

/// Strings for the C library, and the array of pointers to them.
pub(crate) struct Strings {
    #[expect(dead_code, reason = "owns what the pointers point to")]
    texts: Vec<CString>,
    pointers: Vec<*const libc::c_char>,
}

impl Strings {
    /// An array that ends with a null pointer.
    pub(crate) fn new(texts: Vec<CString>) -> Self {
        let mut pointers: Vec<_> = texts.iter().map(|text| text.as_ptr()).collect();
        pointers.push(std::ptr::null());
        Strings { texts, pointers }
    }

    /// The array.
    pub(crate) fn as_ptr(&self) -> *const *const libc::c_char {
        self.pointers.as_ptr()
    }
}

fn arguments(argv: Value, function: &str) -> PyResult<Strings> {
    if argv.get::<ListObject>().is_none() && argv.get::<TupleObject>().is_none() {
        let got = argv.ty().name();
        return Err(raise!(TypeError, "{function}() arg 2 must be a tuple or list, not {got}"));
    }
    let texts = protocol::collect(argv)?;
    let texts = texts.iter().map(|text| c_string(text.value())).collect::<PyResult<Vec<_>>>()?;
    match texts.first() {
        None => Err(raise!(ValueError, "{function}() arg 2 must not be empty")),
        Some(first) if first.is_empty() => {
            Err(raise!(ValueError, "{function}() arg 2 first element cannot be empty"))
        }
        _ => Ok(Strings::new(texts)),
    }
}

/// An environment as `name=value` strings.
pub(crate) fn environment(env: Value) -> PyResult<Strings> {
    if env.ty().slots().subscript.is_none() {
        return Err(raise!(TypeError, "environment must be a mapping object"));
    }
    let keys = protocol::call_method_text(env, "keys", &[])?;
    let mut texts = Vec::new();
    for key in protocol::collect(keys.value())? {
        let value = protocol::get_item(env, key.value())?;
        let (key, value) = (argument::encode_name(key.value())?, argument::encode_name(value.value())?);
        if key.is_empty() || key.contains(&b'=') {
            return Err(raise!(ValueError, "illegal environment variable name"));
        }
        let text = CString::new([key, value].join(&b'='));
        texts.push(text.map_err(|_| raise!(ValueError, "embedded null byte"))?);
    }
    Ok(Strings::new(texts))
}

unsafe extern "C" {
    fn posix_spawn_file_actions_addclosefrom_np(
        list: *mut libc::posix_spawn_file_actions_t,
        from: i32,
    ) -> i32;
}

/// The descriptor actions of `posix_spawn`.
struct FileActions(libc::posix_spawn_file_actions_t, Vec<CString>);

impl FileActions {
    fn new() -> Self {
        // SAFETY: the structure is initialised by the call that follows.
        let mut actions = FileActions(unsafe { std::mem::zeroed() }, Vec::new());
        // SAFETY: valid memory.
        unsafe { libc::posix_spawn_file_actions_init(&raw mut actions.0) };
        actions
    }

    fn add(&mut self, action: &[Value]) -> PyResult<()> {
        let wrong = || raise!(TypeError, "Each file_actions element must be a non-empty tuple");
        let number = |at: usize| {
            action.get(at).ok_or_else(wrong).and_then(|value| int::to_i64(*value)).map(|fd| fd as i32)
        };
        let sizes = [5, 2, 3, 2];
        let kind = number(0)?;
        if sizes.get(kind as usize).is_some_and(|&size| size != action.len()) {
            return Err(raise!(TypeError, "wrong number of elements in a file_action tuple"));
        }
        let list = &raw mut self.0;
        // SAFETY: an initialised list; names of files live as long as it.
        let errno = unsafe {
            match kind {
                0 => {
                    let path = c_string(*action.get(2).ok_or_else(wrong)?)?;
                    let (fd, flags, mode) = (number(1)?, number(3)?, number(4)?);
                    let errno =
                        libc::posix_spawn_file_actions_addopen(list, fd, path.as_ptr(), flags, mode as u32);
                    self.1.push(path);
                    errno
                }
                1 => libc::posix_spawn_file_actions_addclose(list, number(1)?),
                2 => libc::posix_spawn_file_actions_adddup2(list, number(1)?, number(2)?),
                3 => posix_spawn_file_actions_addclosefrom_np(list, number(1)?),
                _ => return Err(raise!(TypeError, "Unknown file_actions identifier")),
            }
        };
        if errno == 0 { Ok(()) } else { Err(os_error(errno, &[])) }
    }
}

impl Drop for FileActions {
    fn drop(&mut self) {
        // SAFETY: an initialised list.
        unsafe { libc::posix_spawn_file_actions_destroy(&raw mut self.0) };
    }
}

/// The attributes of `posix_spawn`.
struct SpawnAttributes(libc::posix_spawnattr_t);

impl SpawnAttributes {
    /// Reads the keyword arguments that say how the child begins.
    fn from_keywords(keywords: &[(Value, Value)]) -> PyResult<Self> {
        // SAFETY: the structure is initialised by the call that follows.
        let mut this = SpawnAttributes(unsafe { std::mem::zeroed() });
        // SAFETY: valid memory.
        unsafe { libc::posix_spawnattr_init(&raw mut this.0) };
        let mut flags = 0;
        for &(name, value) in keywords {
            flags |= this.set(&protocol::str_string(name)?, value)?;
        }
        // SAFETY: initialised attributes.
        unsafe { libc::posix_spawnattr_setflags(&raw mut this.0, flags as libc::c_short) };
        Ok(this)
    }

    fn set(&mut self, name: &str, value: Value) -> PyResult<i32> {
        let at = &raw mut self.0;
        Ok(match name {
            "setpgroup" => {
                // SAFETY: initialised attributes.
                unsafe { libc::posix_spawnattr_setpgroup(at, int::to_i64(value)? as i32) };
                libc::POSIX_SPAWN_SETPGROUP
            }
            "resetids" if protocol::is_true(value)? => libc::POSIX_SPAWN_RESETIDS,
            "setsid" if protocol::is_true(value)? => 0x80,
            "setsigmask" => {
                let signals = crate::signal::signal_set(value)?;
                // SAFETY: initialised attributes and a set.
                unsafe { libc::posix_spawnattr_setsigmask(at, &raw const signals) };
                libc::POSIX_SPAWN_SETSIGMASK
            }
            "setsigdef" => {
                let signals = crate::signal::signal_set(value)?;
                // SAFETY: initialised attributes and a set.
                unsafe { libc::posix_spawnattr_setsigdefault(at, &raw const signals) };
                libc::POSIX_SPAWN_SETSIGDEF
            }
            "scheduler" if objects::is_none(value) => 0,
            "scheduler" => return self.set_scheduler(value),
            _ => 0,
        })
    }
}

impl SpawnAttributes {
    /// `(policy, parameter)`, or None for the policy that there is.
    fn set_scheduler(&mut self, scheduler: Value) -> PyResult<i32> {
        let (policy, param) = match scheduler.get::<TupleObject>().map(TupleObject::items) {
            Some([policy, param]) => (*policy, *param),
            Some(_) => return Err(raise!(TypeError, "A scheduler tuple must have two elements")),
            None => return Err(raise!(TypeError, "scheduler must be a tuple or None")),
        };
        let param = scheduling_parameter(param)?;
        // SAFETY: initialised attributes and a valid structure.
        unsafe { libc::posix_spawnattr_setschedparam(&raw mut self.0, &raw const param) };
        if objects::is_none(policy) {
            return Ok(libc::POSIX_SPAWN_SETSCHEDPARAM);
        }
        // SAFETY: initialised attributes.
        unsafe { libc::posix_spawnattr_setschedpolicy(&raw mut self.0, int::to_i64(policy)? as i32) };
        Ok(libc::POSIX_SPAWN_SETSCHEDULER)
    }
}

impl Drop for SpawnAttributes {
    fn drop(&mut self) {
        // SAFETY: initialised attributes.
        unsafe { libc::posix_spawnattr_destroy(&raw mut self.0) };
    }
}

fn spawn(path: &Path, argv: Value, env: Value, mut keywords: Keywords, by_path: bool) -> PyResult<i32> {
    let function = if by_path { "posix_spawnp" } else { "posix_spawn" };
    let argv = arguments(argv, function)?;
    let env = if objects::is_none(env) { current_environment() } else { environment(env)? };
    let mut actions = FileActions::new();
    let mut given = None;
    keywords.0.retain(|&(name, value)| {
        let is_actions = protocol::str_string(name).is_ok_and(|name| name == "file_actions");
        if is_actions && !objects::is_none(value) {
            given = Some(value);
        }
        !is_actions
    });
    for action in given.map_or(Ok(Vec::new()), protocol::collect)? {
        let Some(action) = action.get::<TupleObject>().filter(|action| !action.is_empty()) else {
            return Err(raise!(TypeError, "Each file_actions element must be a non-empty tuple"));
        };
        actions.add(action.items())?;
    }
    let attributes = SpawnAttributes::from_keywords(&keywords.0)?;
    let start = if by_path { libc::posix_spawnp } else { libc::posix_spawn };
    let mut pid = 0;
    // SAFETY: all pointers lead to values that live through the call.
    let errno = unsafe {
        let (argv, env) = (argv.as_ptr().cast(), env.as_ptr().cast());
        start(&raw mut pid, path.as_ptr(), &raw const actions.0, &raw const attributes.0, argv, env)
    };
    if errno == 0 { Ok(pid) } else { Err(os_error(errno, &[path.given()])) }
}

/// The environment of the process itself.
fn current_environment() -> Strings {
    let texts = super::environment_entries().into_iter();
    Strings::new(texts.filter_map(|(key, value)| CString::new([key, value].join(&b'=')).ok()).collect())
}

fn wait_with_usage(pid: i32, options: i32) -> PyResult {
    let mut status = 0;
    // SAFETY: the structure consists of numbers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let pid = system!(wait4(pid, &raw mut status, options, &raw mut usage))?;
    let (pid, status) = (int::from_i64(pid.into()), int::from_i64(status.into()));
    Ok(TupleObject::of([pid, status, rusage(&usage)?]).into())
}

fn ints(values: impl IntoIterator<Item = i64>) -> Ref {
    TupleObject::new(values.into_iter().map(int::from_i64).collect()).into()
}

fn scheduling_parameter(param: Value) -> PyResult<libc::sched_param> {
    let is_param = std::ptr::eq(param.ty(), SCHED_PARAM.class()?);
    match param.get::<TupleObject>().filter(|_| is_param).and_then(|param| param.items().first()) {
        Some(priority) => match i32::try_from(int::to_i64(*priority)?) {
            Ok(sched_priority) => Ok(libc::sched_param { sched_priority }),
            Err(_) => Err(raise!(OverflowError, "sched_priority out of range")),
        },
        None => Err(raise!(TypeError, "must have a sched_param object")),
    }
}

py_functions! { pub(super) static IDENTITIES;
    /// Return the current process id.
    "getpid()"
    fn getpid() -> i64 {
        // SAFETY: no arguments; it cannot fail.
        i64::from(unsafe { libc::getpid() })
    }
    /// Return the parent's process id.
    "getppid()"
    fn getppid() -> i64 {
        // SAFETY: no arguments; it cannot fail.
        i64::from(unsafe { libc::getppid() })
    }
    /// Return the current process's user id.
    "getuid()"
    fn getuid() -> i64 {
        // SAFETY: no arguments; it cannot fail.
        i64::from(unsafe { libc::getuid() })
    }
    /// Return the current process's effective user id.
    "geteuid()"
    fn geteuid() -> i64 {
        // SAFETY: no arguments; it cannot fail.
        i64::from(unsafe { libc::geteuid() })
    }
    /// Return the current process's group id.
    "getgid()"
    fn getgid() -> i64 {
        // SAFETY: no arguments; it cannot fail.
        i64::from(unsafe { libc::getgid() })
    }
    /// Return the current process's effective group id.
    "getegid()"
    fn getegid() -> i64 {
        // SAFETY: no arguments; it cannot fail.
        i64::from(unsafe { libc::getegid() })
    }
    /// Return the current process group id.
    "getpgrp()"
    fn getpgrp() -> i64 {
        // SAFETY: no arguments; it cannot fail.
        i64::from(unsafe { libc::getpgrp() })
    }
    /// Set the current process's user id.
    "setuid(uid, /)"
    fn setuid(uid: Identity) -> PyResult<()> {
        system!(setuid(uid.0)).map(drop)
    }
    /// Set the current process's effective user id.
    "seteuid(euid, /)"
    fn seteuid(euid: Identity) -> PyResult<()> {
        system!(seteuid(euid.0)).map(drop)
    }
    /// Set the current process's group id.
    "setgid(gid, /)"
    fn setgid(gid: Identity) -> PyResult<()> {
        system!(setgid(gid.0)).map(drop)
    }
    /// Set the current process's effective group id.
    "setegid(egid, /)"
    fn setegid(egid: Identity) -> PyResult<()> {
        system!(setegid(egid.0)).map(drop)
    }
    /// Set the current process's real and effective user ids.
    "setreuid(ruid, euid, /)"
    fn setreuid(ruid: Identity, euid: Identity) -> PyResult<()> {
        system!(setreuid(ruid.0, euid.0)).map(drop)
    }
    /// Set the current process's real and effective group ids.
    "setregid(rgid, egid, /)"
    fn setregid(rgid: Identity, egid: Identity) -> PyResult<()> {
        system!(setregid(rgid.0, egid.0)).map(drop)
    }
    /// Set the current process's real, effective, and saved user ids.
    "setresuid(ruid, euid, suid, /)"
    fn setresuid(ruid: Identity, euid: Identity, suid: Identity) -> PyResult<()> {
        system!(setresuid(ruid.0, euid.0, suid.0)).map(drop)
    }
    /// Set the current process's real, effective, and saved group ids.
    "setresgid(rgid, egid, sgid, /)"
    fn setresgid(rgid: Identity, egid: Identity, sgid: Identity) -> PyResult<()> {
        system!(setresgid(rgid.0, egid.0, sgid.0)).map(drop)
    }
    /// Return the current process's real, effective, and saved user ids.
    "getresuid()"
    fn getresuid() -> PyResult {
        let mut ids = [0_u32; 3];
        let [real, effective, saved] = &mut ids;
        system!(getresuid(std::ptr::from_mut(real), std::ptr::from_mut(effective), std::ptr::from_mut(saved)))?;
        Ok(ints(ids.map(i64::from)))
    }
    /// Return the current process's real, effective, and saved group ids.
    "getresgid()"
    fn getresgid() -> PyResult {
        let mut ids = [0_u32; 3];
        let [real, effective, saved] = &mut ids;
        system!(getresgid(std::ptr::from_mut(real), std::ptr::from_mut(effective), std::ptr::from_mut(saved)))?;
        Ok(ints(ids.map(i64::from)))
    }
    /// Return list of supplemental group IDs for the process.
    "getgroups()"
    fn getgroups() -> PyResult {
        let mut groups = vec![0; 65_536];
        let count = system!(getgroups(groups.len() as i32, groups.as_mut_ptr()))?;
        groups.truncate(count as usize);
        Ok(ListObject::new(groups.into_iter().map(|group| int::from_i64(group.into())).collect()).into())
    }
    /// Set the groups of the current process to list.
    "setgroups(groups, /)"
    fn setgroups(groups: Value) -> PyResult<()> {
        let groups = protocol::collect(groups)?;
        let groups = groups.iter().map(|group| int::to_i64(group.value()).map(|group| group as libc::gid_t));
        let groups = groups.collect::<PyResult<Vec<_>>>()?;
        system!(setgroups(groups.len(), groups.as_ptr())).map(drop)
    }
    /// Returns a list of groups to which a user belongs.
    "getgrouplist(user, group, /)"
    fn getgrouplist(user: Value, group: Identity) -> PyResult {
        let user = c_string(user)?;
        let mut groups = vec![0; 65_536];
        let mut count = groups.len() as i32;
        system!(getgrouplist(user.as_ptr(), group.0, groups.as_mut_ptr(), &raw mut count))?;
        groups.truncate(count as usize);
        Ok(ListObject::new(groups.into_iter().map(|group| int::from_i64(group.into())).collect()).into())
    }
    /// Initialize the group access list.
    "initgroups(username, gid, /)"
    fn initgroups(username: Value, gid: Identity) -> PyResult<()> {
        let username = c_string(username)?;
        system!(initgroups(username.as_ptr(), gid.0)).map(drop)
    }
    /// Return the actual login name.
    "getlogin()"
    fn getlogin() -> PyResult {
        // SAFETY: the text is the C library's until the next call.
        let name = unsafe { libc::getlogin() };
        if name.is_null() {
            return Err(failure());
        }
        // SAFETY: a terminated string.
        Ok(unsafe { argument::decode_c(name) })
    }
    /// Call the system call getpgid(), and return the result.
    "getpgid(pid)"
    fn getpgid(pid: i32) -> PyResult<i32> {
        system!(getpgid(pid))
    }
    /// Call the system call setpgid(pid, pgrp).
    "setpgid(pid, pgrp, /)"
    fn setpgid(pid: i32, pgrp: i32) -> PyResult<()> {
        system!(setpgid(pid, pgrp)).map(drop)
    }
    /// Make the current process the leader of its process group.
    "setpgrp()"
    fn setpgrp() -> PyResult<()> {
        system!(setpgid(0, 0)).map(drop)
    }
    /// Call the system call getsid(pid) and return the result.
    "getsid(pid, /)"
    fn getsid(pid: i32) -> PyResult<i32> {
        system!(getsid(pid))
    }
    /// Call the system call setsid().
    "setsid()"
    fn setsid() -> PyResult<()> {
        system!(setsid()).map(drop)
    }
    /// Return program scheduling priority.
    "getpriority(which, who)"
    fn getpriority(which: i32, who: i32) -> PyResult<i32> {
        // SAFETY: the place of this thread's error number.
        unsafe { *libc::__errno_location() = 0 };
        // SAFETY: numbers only; -1 is also a priority.
        let priority = unsafe { libc::getpriority(which as u32, who as u32) };
        if priority == -1 && crate::system::last_errno() != 0 { Err(failure()) } else { Ok(priority) }
    }
    /// Set program scheduling priority.
    "setpriority(which, who, priority)"
    fn setpriority(which: i32, who: i32, priority: i32) -> PyResult<()> {
        system!(setpriority(which as u32, who as u32, priority)).map(drop)
    }
    /// Add increment to the priority of process and return the new priority.
    "nice(increment, /)"
    fn nice(increment: i32) -> PyResult<i32> {
        // SAFETY: the place of this thread's error number.
        unsafe { *libc::__errno_location() = 0 };
        // SAFETY: a number; -1 is also a priority.
        let priority = unsafe { libc::nice(increment) };
        if priority == -1 && crate::system::last_errno() != 0 { Err(failure()) } else { Ok(priority) }
    }
}

py_functions! { pub(super) static FUNCTIONS;
    /// Exit to the system with specified status, without normal exit processing.
    "_exit(status)"
    fn exit_at_once(status: i32) {
        // SAFETY: ends the process.
        unsafe { libc::_exit(status) }
    }
    /// Abort the interpreter immediately.
    "abort()"
    fn abort() {
        // SAFETY: ends the process.
        unsafe { libc::abort() }
    }
    /// Fork a child process.
    "fork()"
    fn fork() -> PyResult<i32> {
        refuse_at_end()?;
        tell!("os.fork");
        before_fork();
        // SAFETY: the calling thread has the global lock, and is the one that goes on in the child.
        let pid = global_lock::around_fork(|| unsafe { libc::fork() });
        let failed = (pid < 0).then(failure);
        after_fork(pid);
        warn_of_threads("fork", pid)?;
        failed.map_or(Ok(pid), Err)
    }
    /// Fork a new process with a new pseudo-terminal as controlling tty.
    "forkpty()"
    fn forkpty() -> PyResult {
        let mut fd = -1;
        refuse_at_end()?;
        runtime::tell!("os.forkpty");
        before_fork();
        // SAFETY: as for a fork.
        let pid = global_lock::around_fork(|| unsafe {
            libc::forkpty(&raw mut fd, std::ptr::null_mut(), std::ptr::null(), std::ptr::null())
        });
        let failed = (pid < 0).then(failure);
        after_fork(pid);
        warn_of_threads("forkpty", pid)?;
        failed.map_or(Ok(pair(pid, fd)), Err)
    }
    /// Register callables to be called when forking a new process.
    "register_at_fork(*, before=None, after_in_child=None, after_in_parent=None)"
    fn register_at_fork(before: Option<Ref>, after_in_child: Option<Ref>, after_in_parent: Option<Ref>) -> PyResult<()> {
        let given = [("before", before, 0), ("after_in_child", after_in_child, 2), ("after_in_parent", after_in_parent, 1)];
        if given.iter().all(|(_, function, _)| function.is_none()) {
            return Err(raise!(TypeError, "At least one argument is required."));
        }
        for (name, function, _) in &given {
            if let Some(function) = function && !protocol::is_callable(function.value()) {
                return Err(raise!(TypeError, "'{name}' must be callable, not {}", function.ty().name()));
            }
        }
        for (_, function, at) in given {
            if let Some(function) = function {
                AT_FORK[at].borrow_mut().push(function);
            }
        }
        Ok(())
    }
    /// Execute an executable path with arguments, replacing current process.
    "execv(path, argv, /)"
    fn execv(path: Path, argv: Value) -> PyResult<()> {
        let words = argv.to_ref();
        let argv = arguments(argv, "execv")?;
        tell!("os.exec", path.given().to_ref(), words, objects::none().to_ref());
        system!(execv(path.as_ptr(), argv.as_ptr())).map(drop)
    }
    /// Execute an executable path with arguments and an environment, replacing current process.
    "execve(path, argv, env)"
    fn execve(path: Path<NAME_OR_FD>, argv: Value, env: Value) -> PyResult<()> {
        let (words, variables) = (argv.to_ref(), env.to_ref());
        let (argv, env) = (arguments(argv, "execve")?, environment(env)?);
        tell!("os.exec", path.given().to_ref(), words, variables);
        match path.fd() {
            Some(fd) => system!(fexecve(fd, argv.as_ptr(), env.as_ptr()) at path),
            None => system!(execve(path.as_ptr(), argv.as_ptr(), env.as_ptr()) at path),
        }
        .map(drop)
    }
    /// Execute the program specified by path in a new process.
    "posix_spawn(path, argv, env, /, **keywords)"
    fn posix_spawn(path: Path, argv: Value, env: Value, keywords: Keywords) -> PyResult<i32> {
        tell!("os.posix_spawn", path.given().to_ref(), argv.to_ref(), env.to_ref());
        spawn(&path, argv, env, keywords, false)
    }
    /// Execute the program specified by path in a new process, found on the search path.
    "posix_spawnp(path, argv, env, /, **keywords)"
    fn posix_spawnp(path: Path, argv: Value, env: Value, keywords: Keywords) -> PyResult<i32> {
        tell!("os.posix_spawn", path.given().to_ref(), argv.to_ref(), env.to_ref());
        spawn(&path, argv, env, keywords, true)
    }
    /// Execute the command in a subshell.
    "system(command)"
    fn system_command(command: Path) -> PyResult<i32> {
        tell!("os.system", BytesObject::new(command.bytes()));
        // SAFETY: a terminated string.
        Ok(unsafe { libc::system(command.as_ptr()) })
    }
    /// Kill a process with a signal.
    "kill(pid, signal, /)"
    fn kill(pid: i32, signal: i32) -> PyResult<()> {
        tell!("os.kill", int::from_i64(pid.into()), int::from_i64(signal.into()));
        system!(kill(pid, signal))?;
        runtime::signal::check()
    }
    /// Kill a process group with a signal.
    "killpg(pgid, signal, /)"
    fn killpg(pgid: i32, signal: i32) -> PyResult<()> {
        tell!("os.killpg", int::from_i64(pgid.into()), int::from_i64(signal.into()));
        system!(killpg(pgid, signal))?;
        runtime::signal::check()
    }
    /// Wait for completion of a child process.
    "wait()"
    fn wait() -> PyResult {
        let mut status = 0;
        let pid = system!(waitpid(-1, &raw mut status, 0))?;
        Ok(pair(pid, status))
    }
    /// Wait for completion of a given child process.
    "waitpid(pid, options, /)"
    fn waitpid(pid: i32, options: i32) -> PyResult {
        let mut status = 0;
        let pid = system!(waitpid(pid, &raw mut status, options))?;
        Ok(pair(pid, status))
    }
    /// Wait for completion of a child process.
    "wait3(options)"
    fn wait3(options: i32) -> PyResult {
        wait_with_usage(-1, options)
    }
    /// Wait for completion of a specific child process.
    "wait4(pid, options)"
    fn wait4(pid: i32, options: i32) -> PyResult {
        wait_with_usage(pid, options)
    }
    /// Returns the result of waiting for a process or processes.
    "waitid(idtype, id, options, /)"
    fn waitid(idtype: i32, id: i64, options: i32) -> PyResult {
        // SAFETY: the structure consists of numbers.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        system!(waitid(idtype as u32, id as u32, &raw mut info, options))?;
        // SAFETY: `waitid` fills these members in.
        let (pid, uid, status) = unsafe { (info.si_pid(), info.si_uid(), info.si_status()) };
        if pid == 0 {
            return Ok(objects::none().to_ref());
        }
        let values = [pid.into(), uid.into(), info.si_signo.into(), status.into(), info.si_code.into()];
        WAITID_RESULT.make(values.map(int::from_i64).into())
    }
    /// Convert a wait status to an exit code.
    "waitstatus_to_exitcode(status)"
    fn waitstatus_to_exitcode(status: i32) -> PyResult<i32> {
        if libc::WIFEXITED(status) {
            return Ok(libc::WEXITSTATUS(status));
        }
        if libc::WIFSIGNALED(status) {
            return Ok(-libc::WTERMSIG(status));
        }
        if libc::WIFSTOPPED(status) {
            return Err(raise!(ValueError, "process stopped by delivery of signal {}", libc::WSTOPSIG(status)));
        }
        Err(raise!(ValueError, "invalid wait status: {status}"))
    }
    /// Return a file descriptor referring to the process pid.
    "pidfd_open(pid, flags=0)"
    fn pidfd_open(pid: i32, flags: Option<u32>) -> PyResult<i64> {
        system!(syscall(libc::SYS_pidfd_open, pid, flags.unwrap_or(0)))
    }
    /// Voluntarily relinquish the CPU.
    "sched_yield()"
    fn sched_yield() -> PyResult<()> {
        system!(sched_yield()).map(drop)
    }
    /// Get the maximum scheduling priority for policy.
    "sched_get_priority_max(policy)"
    fn sched_get_priority_max(policy: i32) -> PyResult<i32> {
        system!(sched_get_priority_max(policy))
    }
    /// Get the minimum scheduling priority for policy.
    "sched_get_priority_min(policy)"
    fn sched_get_priority_min(policy: i32) -> PyResult<i32> {
        system!(sched_get_priority_min(policy))
    }
    /// Get the scheduling policy for the process identified by pid.
    "sched_getscheduler(pid, /)"
    fn sched_getscheduler(pid: i32) -> PyResult<i32> {
        system!(sched_getscheduler(pid))
    }
    /// Set the scheduling policy for the process identified by pid.
    "sched_setscheduler(pid, policy, param, /)"
    fn sched_setscheduler(pid: i32, policy: i32, param: Value) -> PyResult<()> {
        let param = scheduling_parameter(param)?;
        system!(sched_setscheduler(pid, policy, &raw const param)).map(drop)
    }
    /// Returns scheduling parameters for the process identified by pid.
    "sched_getparam(pid, /)"
    fn sched_getparam(pid: i32) -> PyResult {
        let mut param = libc::sched_param { sched_priority: 0 };
        system!(sched_getparam(pid, &raw mut param))?;
        SCHED_PARAM.make(vec![int::from_i64(param.sched_priority.into())])
    }
    /// Set scheduling parameters for the process identified by pid.
    "sched_setparam(pid, param, /)"
    fn sched_setparam(pid: i32, param: Value) -> PyResult<()> {
        let param = scheduling_parameter(param)?;
        system!(sched_setparam(pid, &raw const param)).map(drop)
    }
    /// Return the round-robin quantum for the process identified by pid, in seconds.
    "sched_rr_get_interval(pid, /)"
    fn sched_rr_get_interval(pid: i32) -> PyResult<f64> {
        let mut interval = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        system!(sched_rr_get_interval(pid, &raw mut interval))?;
        Ok(interval.tv_sec as f64 + 1e-9 * interval.tv_nsec as f64)
    }
    /// Return the affinity of the process identified by pid.
    "sched_getaffinity(pid, /)"
    fn sched_getaffinity(pid: i32) -> PyResult {
        // SAFETY: the structure consists of numbers.
        let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        system!(sched_getaffinity(pid, size_of::<libc::cpu_set_t>(), &raw mut set))?;
        // SAFETY: the numbers are below the size of the set.
        let cpus = (0..1024).filter(|&cpu| unsafe { libc::CPU_ISSET(cpu, &set) });
        let cpus: Vec<Ref> = cpus.map(|cpu| int::from_i64(cpu as i64)).collect();
        objects::set::from_iterable(ListObject::new(cpus).value())
    }
    /// Set the CPU affinity of the process identified by pid to mask.
    "sched_setaffinity(pid, mask, /)"
    fn sched_setaffinity(pid: i32, mask: Value) -> PyResult<()> {
        // SAFETY: the structure consists of numbers.
        let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        for cpu in protocol::collect(mask)? {
            let cpu = int::to_i64(cpu.value())?;
            match usize::try_from(cpu) {
                Err(_) => return Err(raise!(ValueError, "negative CPU number")),
                // SAFETY: the number is below the size of the set.
                Ok(cpu) if cpu < 1024 => unsafe { libc::CPU_SET(cpu, &mut set) },
                Ok(_) => return Err(raise!(OverflowError, "CPU number too large")),
            }
        }
        system!(sched_setaffinity(pid, size_of::<libc::cpu_set_t>(), &raw const set)).map(drop)
    }
    /// Disassociate parts of a process (or thread) execution context.
    "unshare(flags)"
    fn unshare(flags: i32) -> PyResult<()> {
        system!(unshare(flags)).map(drop)
    }
    /// Move the calling thread into different namespaces.
    "setns(fd, nstype=0)"
    fn setns(fd: argument::Descriptor, nstype: Option<i32>) -> PyResult<()> {
        system!(setns(fd.0, nstype.unwrap_or(0))).map(drop)
    }
    /// Return True if the process returning status was dumped to a core file.
    "WCOREDUMP(status)"
    fn wcoredump(status: i32) -> bool {
        libc::WCOREDUMP(status)
    }
    /// Return True if a particular process was continued from a job control stop.
    "WIFCONTINUED(status)"
    fn wifcontinued(status: i32) -> bool {
        libc::WIFCONTINUED(status)
    }
    /// Return True if the process returning status was stopped.
    "WIFSTOPPED(status)"
    fn wifstopped(status: i32) -> bool {
        libc::WIFSTOPPED(status)
    }
    /// Return True if the process returning status was terminated by a signal.
    "WIFSIGNALED(status)"
    fn wifsignaled(status: i32) -> bool {
        libc::WIFSIGNALED(status)
    }
    /// Return True if the process returning status exited via the exit() system call.
    "WIFEXITED(status)"
    fn wifexited(status: i32) -> bool {
        libc::WIFEXITED(status)
    }
    /// Return the process return code from status.
    "WEXITSTATUS(status)"
    fn wexitstatus(status: i32) -> i32 {
        libc::WEXITSTATUS(status)
    }
    /// Return the signal that terminated the process that provided the status value.
    "WTERMSIG(status)"
    fn wtermsig(status: i32) -> i32 {
        libc::WTERMSIG(status)
    }
    /// Return the signal that stopped the process that provided the status value.
    "WSTOPSIG(status)"
    fn wstopsig(status: i32) -> i32 {
        libc::WSTOPSIG(status)
    }
}
