//! `_signal`: handlers of signals, timers that send them, masks, waiting for them.
//!
//! Handlers run at safe points of the running code (`runtime::signal`). Lib's `signal` makes enumerations of the numbers here.

use runtime::convert::OrNone;
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::struct_sequence::StructType;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, float, int};
use runtime::{PyResult, Ref, Value, error, protocol, py_functions, raise};

use crate::system::{add_constants, constants, os_error, system};

const LARGEST: i32 = runtime::signal::COUNT as i32 - 1;

const CONSTANTS: &[(&str, i64)] = constants![
    SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGIOT SIGABRT SIGFPE SIGKILL SIGBUS SIGSEGV SIGSYS SIGPIPE SIGALRM SIGTERM SIGUSR1
    SIGUSR2 SIGCHLD SIGPWR SIGIO SIGURG SIGWINCH SIGPOLL SIGSTOP SIGTSTP SIGCONT SIGTTIN SIGTTOU SIGVTALRM SIGPROF SIGXCPU
    SIGXFSZ SIGSTKFLT SIG_BLOCK SIG_UNBLOCK SIG_SETMASK ITIMER_REAL ITIMER_VIRTUAL ITIMER_PROF
];

static SIGINFO: StructType = StructType::new(
    "signal",
    "struct_siginfo",
    &["si_signo", "si_code", "si_errno", "si_pid", "si_uid", "si_status", "si_band"],
)
.with_docs(
    "What the system says of a signal that has come.",
    &[
        "the number of the signal",
        "what kind of cause it has",
        "the error number, if there is one",
        "the process that sent it",
        "the user that sent it",
        "the exit value or signal of a child that has ended",
        "the event of a poll",
    ],
);

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    add_constants(module, CONSTANTS);
    let dict = module.dict();
    let more = [
        ("SIGCLD", libc::SIGCHLD),
        ("SIGRTMIN", libc::SIGRTMIN()),
        ("SIGRTMAX", libc::SIGRTMAX()),
        ("NSIG", LARGEST + 1),
        ("SIG_DFL", libc::SIG_DFL as i32),
        ("SIG_IGN", libc::SIG_IGN as i32),
    ];
    more.into_iter().for_each(|(name, value)| dict.set_text(name, int::from_i64(value.into())));
    dict.set_text("ItimerError", error::types::OSError.value().to_ref());
    dict.set_text("struct_siginfo", SIGINFO.class()?.value().to_ref());
    if let Some(function) = dict.get_text("default_int_handler") {
        runtime::signal::set_default_interrupt(function);
    }
    Ok(())
}

fn check_number(signal: i32) -> PyResult<i32> {
    if (1..=LARGEST).contains(&signal) {
        return Ok(signal);
    }
    Err(raise!(ValueError, "signal number out of range"))
}

/// What `getsignal` gives.
fn current_handler(signal: i32) -> Ref {
    match runtime::signal::disposition(signal) {
        libc::SIG_DFL => int::from_i64(libc::SIG_DFL as i64),
        libc::SIG_IGN => int::from_i64(libc::SIG_IGN as i64),
        _ => runtime::signal::handler(signal).unwrap_or_else(|| objects::none().to_ref()),
    }
}

/// A set of signals from an iterable of numbers.
pub(crate) fn signal_set(numbers: Value) -> PyResult<libc::sigset_t> {
    let mut set = empty_set();
    for number in protocol::collect(numbers)? {
        let shown = protocol::repr_string(number.value())?;
        let number = match int::to_i64(number.value()) {
            Ok(number) => number,
            // Too large for a word is out of range, too.
            Err(raised) => error::catch(raised, &error::types::OverflowError).map(|_| 0)?,
        };
        if !(1..=i64::from(LARGEST)).contains(&number) {
            return Err(raise!(ValueError, "signal number {shown} out of range [1; {LARGEST}]"));
        }
        // SAFETY: a valid set.
        unsafe { libc::sigaddset(&raw mut set, number as i32) };
    }
    Ok(set)
}

fn empty_set() -> libc::sigset_t {
    // SAFETY: the set is initialised by the call.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        set
    }
}

fn numbers_of(set: &libc::sigset_t) -> PyResult {
    // SAFETY: a valid set.
    let members = (1..=LARGEST).filter(|&signal| unsafe { libc::sigismember(set, signal) } == 1);
    let members = members.map(|signal| int::from_i64(signal.into())).collect();
    objects::set::from_iterable(ListObject::new(members).value())
}

fn time_value(seconds: f64) -> PyResult<libc::timeval> {
    if seconds.is_nan() {
        return Err(raise!(ValueError, "Invalid value NaN (not a number)"));
    }
    let micros = (seconds * 1e6).ceil() as i64;
    Ok(libc::timeval { tv_sec: micros.div_euclid(1_000_000), tv_usec: micros.rem_euclid(1_000_000) })
}

fn timer_result(timer: &libc::itimerval) -> Ref {
    let seconds = |time: libc::timeval| float::new(time.tv_sec as f64 + time.tv_usec as f64 * 1e-6);
    TupleObject::of([seconds(timer.it_value), seconds(timer.it_interval)]).into()
}

fn siginfo(info: &libc::siginfo_t) -> PyResult {
    // SAFETY: the members are read as the numbers that the kernel has put there.
    let (pid, uid, status) = unsafe { (info.si_pid(), info.si_uid(), info.si_status()) };
    let numbers = [
        info.si_signo.into(),
        info.si_code.into(),
        info.si_errno.into(),
        pid.into(),
        i64::from(uid),
        status.into(),
        0,
    ];
    SIGINFO.make(numbers.map(int::from_i64).into())
}

const ZERO: libc::itimerval = libc::itimerval {
    it_interval: libc::timeval { tv_sec: 0, tv_usec: 0 },
    it_value: libc::timeval { tv_sec: 0, tv_usec: 0 },
};

py_functions! { static FUNCTIONS;
    /// Set the action for the given signal.
    "signal(signalnum, handler, /)"
    fn signal(signalnum: i32, handler: Ref) -> PyResult {
        let signal = check_number(signalnum)?;
        let action = match int::IntRef::of(handler.value()).and_then(int::IntRef::to_i64) {
            Some(0) => Some(libc::SIG_DFL),
            Some(1) => Some(libc::SIG_IGN),
            _ if protocol::is_callable(handler.value()) => None,
            _ => return Err(raise!(TypeError, "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object")),
        };
        runtime::signal::check()?;
        let old = current_handler(signal);
        match runtime::signal::set_handler(signal, action, handler) {
            true => Ok(old),
            false => Err(os_error(crate::system::last_errno(), &[])),
        }
    }
    /// Return the current action for the given signal.
    "getsignal(signalnum, /)"
    fn getsignal(signalnum: i32) -> PyResult {
        check_number(signalnum).map(current_handler)
    }
    /// The default handler for SIGINT: raises KeyboardInterrupt.
    "default_int_handler(signalnum, frame, /)"
    fn default_int_handler(signalnum: i32, frame: Value) -> PyResult<()> {
        let _ = (signalnum, frame);
        Err(error::raise_with_args(&error::types::KeyboardInterrupt, &[]))
    }
    /// Send a signal to the executing process.
    "raise_signal(signalnum, /)"
    fn raise_signal(signalnum: i32) -> PyResult<()> {
        system!(raise(signalnum))?;
        runtime::signal::check()
    }
    /// Return the system description of the given signal.
    "strsignal(signalnum, /)"
    fn strsignal(signalnum: i32) -> PyResult {
        let signal = check_number(signalnum)?;
        // SAFETY: a number; the text is the C library's until the next call.
        let text = unsafe { crate::posix::argument::decode_c(libc::strsignal(signal)) };
        let is_unknown = text.get::<StrObject>().is_some_and(|text| text.to_string_lossy().starts_with("Unknown"));
        Ok(if is_unknown { objects::none().to_ref() } else { text })
    }
    /// Return a set of valid signal numbers on this platform.
    "valid_signals()"
    fn valid_signals() -> PyResult {
        let mut set = empty_set();
        // SAFETY: a valid set.
        unsafe { libc::sigfillset(&raw mut set) };
        numbers_of(&set)
    }
    /// Arrange for SIGALRM to arrive after the given number of seconds.
    "alarm(seconds, /)"
    fn alarm(seconds: i32) -> u32 {
        // SAFETY: a number.
        unsafe { libc::alarm(seconds as u32) }
    }
    /// Wait until a signal arrives.
    "pause()"
    fn pause() -> PyResult<()> {
        // SAFETY: no arguments.
        unsafe { libc::pause() };
        runtime::signal::check()
    }
    /// Sets given itimer (one of ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF).
    "setitimer(which, seconds, interval=0.0, /)"
    fn setitimer(which: i32, seconds: f64, interval: Option<f64>) -> PyResult {
        let new = libc::itimerval { it_value: time_value(seconds)?, it_interval: time_value(interval.unwrap_or(0.0))? };
        let mut old = ZERO;
        system!(setitimer(which, &raw const new, &raw mut old))?;
        Ok(timer_result(&old))
    }
    /// Returns current value of given itimer.
    "getitimer(which, /)"
    fn getitimer(which: i32) -> PyResult {
        let mut now = ZERO;
        system!(getitimer(which, &raw mut now))?;
        Ok(timer_result(&now))
    }
    /// Change system call restart behaviour.
    "siginterrupt(signalnum, flag, /)"
    fn siginterrupt(signalnum: i32, flag: i32) -> PyResult<()> {
        let signal = check_number(signalnum)?;
        let mut action = runtime::fault::action(signal, None).ok_or_else(crate::system::failure)?;
        action.sa_flags = if flag == 0 { action.sa_flags | libc::SA_RESTART } else { action.sa_flags & !libc::SA_RESTART };
        runtime::fault::action(signal, Some(&action)).map(drop).ok_or_else(crate::system::failure)
    }
    /// Sets the fd to be written to (with the signal number) when a signal comes in.
    "set_wakeup_fd(fd, /, *, warn_on_full_buffer=True)"
    fn set_wakeup_fd(fd: i32, warn_on_full_buffer: Option<bool>) -> PyResult<i32> {
        let _ = warn_on_full_buffer;
        if fd >= 0 {
            let flags = system!(fcntl(fd, libc::F_GETFL))?;
            if flags & libc::O_NONBLOCK == 0 {
                return Err(raise!(ValueError, "the fd {fd} must be in non-blocking mode"));
            }
        }
        Ok(runtime::signal::set_wakeup(fd.max(-1)))
    }
    /// Fetch and/or change the signal mask of the calling thread.
    "pthread_sigmask(how, mask, /)"
    fn pthread_sigmask(how: i32, mask: Value) -> PyResult {
        let (mut new, mut old) = (signal_set(mask)?, empty_set());
        if how != libc::SIG_UNBLOCK {
            runtime::fault::unblock(&mut new);
        }
        // SAFETY: valid sets.
        match unsafe { libc::pthread_sigmask(how, &raw const new, &raw mut old) } {
            0 => {
                runtime::signal::check()?;
                numbers_of(&old)
            }
            errno => Err(os_error(errno, &[])),
        }
    }
    /// Send a signal to a thread.
    "pthread_kill(thread_id, signalnum, /)"
    fn pthread_kill(thread_id: u64, signalnum: i32) -> PyResult<()> {
        runtime::tell!("signal.pthread_kill", int::from_u64(thread_id), int::from_i64(signalnum.into()));
        // SAFETY: the program vouches for the thread, as in C.
        match unsafe { libc::pthread_kill(thread_id, signalnum) } {
            0 => runtime::signal::check(),
            errno => Err(os_error(errno, &[])),
        }
    }
    /// Examine pending signals.
    "sigpending()"
    fn sigpending() -> PyResult {
        let mut set = empty_set();
        system!(sigpending(&raw mut set))?;
        numbers_of(&set)
    }
    /// Wait for a signal.
    "sigwait(sigset, /)"
    fn sigwait(sigset: Value) -> PyResult<i32> {
        let (set, mut signal) = (signal_set(sigset)?, 0);
        // SAFETY: a valid set.
        match crate::system::waiting(|| unsafe { libc::sigwait(&raw const set, &raw mut signal) }).0 {
            0 => Ok(signal),
            errno => Err(os_error(errno, &[])),
        }
    }
    /// Wait synchronously until one of the signals in sigset is delivered.
    "sigwaitinfo(sigset, /)"
    fn sigwaitinfo(sigset: Value) -> PyResult {
        let set = signal_set(sigset)?;
        // SAFETY: the structure consists of numbers.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        system!(sigwaitinfo(&raw const set, &raw mut info))?;
        siginfo(&info)
    }
    /// Like sigwaitinfo(), but with a timeout; None when it has passed.
    "sigtimedwait(sigset, timeout, /)"
    fn sigtimedwait(sigset: Value, timeout: f64) -> PyResult {
        let set = signal_set(sigset)?;
        if timeout < 0.0 {
            return Err(raise!(ValueError, "timeout must be non-negative"));
        }
        // SAFETY: the structure consists of numbers.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        let deadline = crate::time::deadline(timeout);
        loop {
            let left = crate::time::left(deadline);
            // SAFETY: valid structures.
            let (status, errno) =
                crate::system::waiting(|| unsafe { libc::sigtimedwait(&raw const set, &raw mut info, &raw const left) });
            if status != -1 {
                return siginfo(&info);
            }
            match errno {
                libc::EAGAIN => return Ok(objects::none().to_ref()),
                libc::EINTR => runtime::signal::check()?,
                errno => return Err(os_error(errno, &[])),
            }
        }
    }
    /// Send a signal to a process referred to by a pid file descriptor.
    "pidfd_send_signal(pidfd, signalnum, siginfo=None, flags=0, /)"
    fn pidfd_send_signal(pidfd: i32, signalnum: i32, siginfo: OrNone<Value>, flags: Option<i32>) -> PyResult<()> {
        if siginfo.0.is_some() {
            return Err(raise!(TypeError, "siginfo must be None"));
        }
        let none = std::ptr::null::<libc::siginfo_t>();
        system!(syscall(libc::SYS_pidfd_send_signal, pidfd, signalnum, none, flags.unwrap_or(0)))?;
        runtime::signal::check()
    }
}
