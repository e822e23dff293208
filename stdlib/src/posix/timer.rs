//! Timers that are read as files are, and the near ends of pseudo-terminals.

use runtime::objects::tuple::TupleObject;
use runtime::objects::{float, int};
use runtime::{PyResult, Ref, py_functions};

use super::argument;
use super::descriptor::set_inheritable_flag;
use crate::system::{os_error, system};

const SECOND: i128 = 1_000_000_000;

fn timespec(nanoseconds: i128) -> libc::timespec {
    libc::timespec {
        tv_sec: nanoseconds.div_euclid(SECOND) as libc::time_t,
        tv_nsec: nanoseconds.rem_euclid(SECOND) as libc::c_long,
    }
}

fn nanoseconds(time: libc::timespec) -> i128 {
    i128::from(time.tv_sec) * SECOND + i128::from(time.tv_nsec)
}

/// A number of seconds, to the nanosecond; what is no number is 0.
fn whole(seconds: f64) -> i128 {
    (seconds * SECOND as f64).floor() as i128
}

fn nothing() -> libc::itimerspec {
    libc::itimerspec { it_interval: timespec(0), it_value: timespec(0) }
}

/// What a timer will do, as `show` shows times: when it is due, and how often from then on.
fn shown(timer: libc::itimerspec, show: fn(i128) -> Ref) -> Ref {
    TupleObject::of([show(nanoseconds(timer.it_value)), show(nanoseconds(timer.it_interval))]).into()
}

fn in_seconds(nanoseconds: i128) -> Ref {
    float::new(nanoseconds as f64 / SECOND as f64)
}

fn set(fd: i32, flags: Option<i32>, (initial, interval): (i128, i128), show: fn(i128) -> Ref) -> PyResult {
    let wanted = libc::itimerspec { it_interval: timespec(interval), it_value: timespec(initial) };
    let mut before = nothing();
    system!(timerfd_settime(fd, flags.unwrap_or(0), &raw const wanted, &raw mut before))?;
    Ok(shown(before, show))
}

fn get(fd: i32, show: fn(i128) -> Ref) -> PyResult {
    let mut timer = nothing();
    system!(timerfd_gettime(fd, &raw mut timer))?;
    Ok(shown(timer, show))
}

py_functions! { pub(super) static FUNCTIONS;
    /// Create and return a timer file descriptor.
    "timerfd_create(clockid, /, *, flags=0)"
    fn timerfd_create(clockid: i32, flags: Option<i32>) -> PyResult<i32> {
        system!(timerfd_create(clockid, flags.unwrap_or(0) | libc::TFD_CLOEXEC))
    }
    /// Alter a timer file descriptor's internal timer in seconds.
    "timerfd_settime(fd, /, *, flags=0, initial=0.0, interval=0.0)"
    fn timerfd_settime(fd: i32, flags: Option<i32>, initial: Option<f64>, interval: Option<f64>) -> PyResult {
        let times = (whole(initial.unwrap_or(0.0)), whole(interval.unwrap_or(0.0)));
        set(fd, flags, times, in_seconds)
    }
    /// Alter a timer file descriptor's internal timer in nanoseconds.
    "timerfd_settime_ns(fd, /, *, flags=0, initial=0, interval=0)"
    fn timerfd_settime_ns(fd: i32, flags: Option<i32>, initial: Option<i64>, interval: Option<i64>) -> PyResult {
        set(fd, flags, (initial.unwrap_or(0).into(), interval.unwrap_or(0).into()), int::from_i128)
    }
    /// Return a tuple of a timer file descriptor's (next expiration, interval) in float seconds.
    "timerfd_gettime(fd, /)"
    fn timerfd_gettime(fd: i32) -> PyResult {
        get(fd, in_seconds)
    }
    /// Return a tuple of a timer file descriptor's (next expiration, interval) in nanoseconds.
    "timerfd_gettime_ns(fd, /)"
    fn timerfd_gettime_ns(fd: i32) -> PyResult {
        get(fd, int::from_i128)
    }
    /// Open and return a file descriptor for a master pseudo-terminal device.
    "posix_openpt(oflag, /)"
    fn posix_openpt(oflag: i32) -> PyResult<i32> {
        let fd = system!(posix_openpt(oflag))?;
        set_inheritable_flag(fd, false)?;
        Ok(fd)
    }
    /// Grant access to the slave pseudo-terminal device.
    "grantpt(fd, /)"
    fn grantpt(fd: i32) -> PyResult<()> {
        system!(grantpt(fd)).map(drop)
    }
    /// Unlock a pseudo-terminal master/slave pair.
    "unlockpt(fd, /)"
    fn unlockpt(fd: i32) -> PyResult<()> {
        system!(unlockpt(fd)).map(drop)
    }
    /// Return the name of the slave pseudo-terminal device.
    "ptsname(fd, /)"
    fn ptsname(fd: i32) -> PyResult {
        let mut name = [0; 256];
        // SAFETY: the room is valid for its length.
        match unsafe { libc::ptsname_r(fd, name.as_mut_ptr(), name.len()) } {
            // SAFETY: the call has written a terminated string.
            0 => Ok(unsafe { argument::decode_c(name.as_ptr()) }),
            code => Err(os_error(code, &[])),
        }
    }
    /// Prepare the tty of which fd is a file descriptor for a new login session.
    "login_tty(fd, /)"
    fn login_tty(fd: i32) -> PyResult<()> {
        system!(login_tty(fd)).map(drop)
    }
}
