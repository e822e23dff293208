//! `_posixsubprocess`: starts a program in a child process, for Lib's `subprocess`.
//!
//! Between fork and exec only calls happen that are safe there: everything is converted before. What goes wrong in the child is written
//! into a pipe as `ExceptionName:errno in hexadecimal:message`, which the parent reads. Method: CPython's `_posixsubprocess.c`.

use std::ffi::CString;

use runtime::objects::int;
use runtime::objects::module::ModuleObject;
use runtime::objects::tuple::TupleObject;
use runtime::{PyResult, Value, finalize, objects, protocol, py_functions, raise, thread};

use crate::posix::argument::c_string;
use crate::posix::process::{Strings, after_fork, before_fork};
use crate::system::failure;

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// What the child is to do, with nothing left to convert.
struct Plan<'a> {
    argv: Strings,
    paths: Vec<CString>,
    env: Option<Strings>,
    closes: bool,
    kept: Vec<i32>,
    folder: Option<CString>,
    /// Both ends of the pipes for the standard streams, then of that for errors: read, write.
    pipes: [[i32; 2]; 4],
    restores_signals: bool,
    new_session: bool,
    group: i32,
    gid: Option<u32>,
    groups: Option<Vec<u32>>,
    uid: Option<u32>,
    umask: i32,
    before_exec: Option<Value>,
    #[expect(dead_code, reason = "ties the plan to the arguments that it borrows")]
    arguments: &'a [Value],
}

/// Where the child failed: the error number, or the function of the program that raised.
enum Stop {
    Errno(&'static str),
    Function,
}

const EXEC: &str = "";
const CHDIR: &str = "noexec:chdir";
const NOEXEC: &str = "noexec";

const fn check(result: i32) -> Result<(), Stop> {
    if result < 0 { Err(Stop::Errno(NOEXEC)) } else { Ok(()) }
}

impl Plan<'_> {
    /// Runs in the child. Returns only when something has gone wrong.
    fn run(&self) -> Stop {
        match self.prepare() {
            Err(stop) => stop,
            Ok(()) => self.replace(),
        }
    }

    fn prepare(&self) -> Result<(), Stop> {
        let [
            [input_read, input_write],
            [output_read, output_write],
            [error_read, error_write],
            [report_read, report_write],
        ] = self.pipes;
        for end in [input_write, output_read, error_read, report_read] {
            if end >= 0 {
                // SAFETY: ends that belong to the parent.
                unsafe { libc::close(end) };
            }
        }
        // Descriptors 0 to 2 must not be overwritten before they have been used.
        let mut output_write = output_write;
        if output_write == 0 {
            // SAFETY: a number.
            output_write = unsafe { libc::dup(output_write) };
            check(output_write)?;
        }
        let mut error_write = error_write;
        while (0..=1).contains(&error_write) {
            // SAFETY: a number.
            error_write = unsafe { libc::dup(error_write) };
            check(error_write)?;
        }
        for (from, to) in [(input_read, 0), (output_write, 1), (error_write, 2)] {
            if from == to {
                // SAFETY: numbers; the descriptor stays open in the program.
                unsafe { libc::fcntl(from, libc::F_SETFD, 0) };
            } else if from >= 0 {
                // SAFETY: numbers.
                check(unsafe { libc::dup2(from, to) })?;
            }
        }
        for &fd in self.kept.iter().filter(|&&fd| fd != report_write) {
            // SAFETY: numbers.
            check(unsafe { libc::fcntl(fd, libc::F_SETFD, 0) })?;
        }
        self.change_surroundings()?;
        self.change_identity()?;
        self.call_function()?;
        if self.closes {
            self.close_others(report_write);
        }
        Ok(())
    }

    fn change_surroundings(&self) -> Result<(), Stop> {
        if let Some(folder) = &self.folder {
            // SAFETY: a terminated string.
            if unsafe { libc::chdir(folder.as_ptr()) } < 0 {
                return Err(Stop::Errno(CHDIR));
            }
        }
        if self.umask >= 0 {
            // SAFETY: a number.
            unsafe { libc::umask(self.umask as libc::mode_t) };
        }
        if self.restores_signals {
            for signal in [libc::SIGPIPE, libc::SIGXFSZ] {
                // SAFETY: numbers.
                unsafe { libc::signal(signal, libc::SIG_DFL) };
            }
        }
        if self.new_session {
            // SAFETY: no arguments; a failure is not of interest, as in CPython.
            unsafe { libc::setsid() };
        }
        // SAFETY: numbers.
        if self.group >= 0 { check(unsafe { libc::setpgid(0, self.group) }) } else { Ok(()) }
    }

    fn change_identity(&self) -> Result<(), Stop> {
        if let Some(groups) = &self.groups {
            // SAFETY: an array and its length.
            check(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) })?;
        }
        if let Some(gid) = self.gid {
            // SAFETY: numbers.
            check(unsafe { libc::setregid(gid, gid) })?;
        }
        if let Some(uid) = self.uid {
            // SAFETY: numbers.
            check(unsafe { libc::setreuid(uid, uid) })?;
        }
        Ok(())
    }

    fn call_function(&self) -> Result<(), Stop> {
        let Some(function) = self.before_exec else { return Ok(()) };
        match protocol::call(function, &[], None) {
            Ok(_) => Ok(()),
            Err(raised) => {
                drop(thread().take_raised(raised));
                Err(Stop::Function)
            }
        }
    }

    /// Closes every descriptor that the program is not to have.
    fn close_others(&self, report: i32) {
        let mut kept: Vec<i32> = self.kept.iter().copied().filter(|&fd| fd > 2).collect();
        kept.push(report);
        kept.sort_unstable();
        let mut from = 3;
        for fd in kept {
            close_range(from, fd - 1);
            from = from.max(fd + 1);
        }
        close_range(from, i32::MAX);
        // The descriptor for errors closes itself when the program starts.
    }

    fn replace(&self) -> Stop {
        let mut last = libc::ENOENT;
        for path in &self.paths {
            // SAFETY: terminated strings and arrays of them.
            unsafe {
                match &self.env {
                    Some(env) => libc::execve(path.as_ptr(), self.argv.as_ptr(), env.as_ptr()),
                    None => libc::execv(path.as_ptr(), self.argv.as_ptr()),
                };
            }
            let errno = crate::system::last_errno();
            if errno != libc::ENOENT && errno != libc::ENOTDIR {
                last = errno;
            }
        }
        // SAFETY: the place of this thread's error number.
        unsafe { *libc::__errno_location() = last };
        Stop::Errno(EXEC)
    }

    /// Tells the parent, and ends the child.
    fn report(&self, stop: &Stop) -> ! {
        let errno = crate::system::last_errno();
        let text = match stop {
            Stop::Errno(message) => format!("OSError:{errno:X}:{message}"),
            Stop::Function => "SubprocessError:0:Exception occurred in preexec_fn.".to_owned(),
        };
        // SAFETY: the text is valid for its length; the process ends.
        unsafe {
            libc::write(self.pipes[3][1], text.as_ptr().cast(), text.len());
            libc::_exit(255)
        }
    }
}

/// Closes the descriptors of a range.
fn close_range(first: i32, last: i32) {
    if first > last {
        return;
    }
    // SAFETY: numbers.
    if unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == 0 {
        return;
    }
    // SAFETY: a question about the system.
    let most = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) }.clamp(256, 1 << 20) as i32;
    for fd in first..=last.min(most) {
        // SAFETY: a number; what is not open stays so.
        unsafe { libc::close(fd) };
    }
}

fn strings(values: Value) -> PyResult<Vec<CString>> {
    protocol::collect(values)?.iter().map(|text| c_string(text.value())).collect()
}

fn optional<R>(value: Value, convert: impl FnOnce(Value) -> PyResult<R>) -> PyResult<Option<R>> {
    if objects::is_none(value) { Ok(None) } else { convert(value).map(Some) }
}

fn number(value: Value) -> PyResult<i32> {
    i32::try_from(int::to_i64(value)?)
        .map_err(|_| raise!(OverflowError, "signed integer is greater than maximum"))
}

fn identity(value: Value) -> PyResult<u32> {
    Ok(int::to_i64(value)? as u32)
}

/// One of the groups that the child belongs to.
fn member(group: Value) -> PyResult<u32> {
    u32::try_from(&int::to_big(group)?).map_err(|_| raise!(ValueError, "invalid group id"))
}

fn plan(arguments: &[Value]) -> PyResult<Plan<'_>> {
    let at = |at: usize| arguments[at];
    let kept = at(3).get::<TupleObject>().ok_or_else(|| raise!(TypeError, "fds_to_keep must be a tuple"))?;
    let kept = kept.items().iter().map(|fd| number(*fd)).collect::<PyResult<Vec<_>>>()?;
    if kept.iter().any(|&fd| fd < 0) || !kept.is_sorted_by(|a, b| a < b) {
        return Err(raise!(ValueError, "bad value(s) in fds_to_keep"));
    }
    let mut pipes = [[-1; 2]; 4];
    for (index, end) in pipes.iter_mut().flatten().enumerate() {
        *end = number(at(6 + index))?;
    }
    let closes = protocol::is_true(at(2))?;
    if closes && pipes[3][1] < 3 {
        return Err(raise!(ValueError, "errpipe_write must be >= 3"));
    }
    Ok(Plan {
        argv: Strings::new(strings(at(0))?),
        paths: strings(at(1))?,
        closes,
        kept,
        folder: optional(at(4), c_string)?,
        env: optional(at(5), strings)?.map(Strings::new),
        pipes,
        restores_signals: protocol::is_true(at(14))?,
        new_session: protocol::is_true(at(15))?,
        group: number(at(16))?,
        gid: optional(at(17), identity)?,
        groups: optional(at(18), |groups| {
            protocol::collect(groups)?.iter().map(|group| member(group.value())).collect()
        })?,
        uid: optional(at(19), identity)?,
        umask: number(at(20))?,
        before_exec: Some(at(21)).filter(|function| !objects::is_none(*function)),
        arguments,
    })
}

py_functions! { static FUNCTIONS;
    /// Spawn a fresh new child process.
    "fork_exec(*args)"
    fn fork_exec(args: runtime::convert::Rest<'_>) -> PyResult<i32> {
        if args.0.len() < 22 {
            let given = args.0.len();
            return Err(raise!(TypeError, "fork_exec expected 22 arguments, got {given}"));
        }
        let plan = plan(args.0)?;
        let has_function = plan.before_exec.is_some();
        if has_function && finalize::is_finalizing() {
            return Err(raise!(PythonFinalizationError, "preexec_fn not supported at interpreter shutdown"));
        }
        if has_function {
            before_fork();
        }
        // SAFETY: the calling thread has the global lock, and is the one that goes on in the child.
        let pid = runtime::global_lock::around_fork(|| unsafe { libc::fork() });
        if pid == 0 {
            if has_function {
                after_fork(0);
            } else {
                runtime::signal::after_fork();
            }
            let stop = plan.run();
            plan.report(&stop);
        }
        let failed = (pid < 0).then(failure);
        if has_function {
            after_fork(pid);
        }
        failed.map_or(Ok(pid), Err)
    }
}
