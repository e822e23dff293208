//! Clocks: what time it is, by the system's clocks, and waiting.

use runtime::objects::dict::DictObject;
use runtime::objects::namespace::NamespaceObject;
use runtime::objects::str::StrObject;
use runtime::objects::{self, float, int};
use runtime::{PyResult, Ref, Value, py_functions, raise};

use crate::system::{os_error, system, waiting};

const SECOND: i64 = 1_000_000_000;

/// Nanoseconds of a clock.
pub(super) fn clock(id: libc::clockid_t) -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the structure is valid; a failure leaves zero.
    unsafe { libc::clock_gettime(id, &raw mut now) };
    now.tv_sec * SECOND + now.tv_nsec
}

/// The moment of the monotonic clock that is so many seconds ahead, in nanoseconds.
pub(crate) fn deadline(seconds: f64) -> i64 {
    clock(libc::CLOCK_MONOTONIC).saturating_add((seconds * 1e9).min(9e18) as i64)
}

/// How long it is to a deadline, at least nothing.
pub(crate) fn left(deadline: i64) -> libc::timespec {
    let left = (deadline - clock(libc::CLOCK_MONOTONIC)).max(0);
    libc::timespec { tv_sec: left / SECOND, tv_nsec: left % SECOND }
}

fn seconds(nanoseconds: i64) -> Ref {
    float::new(nanoseconds as f64 / 1e9)
}

fn check_clock(id: Value) -> PyResult<i32> {
    if int::IntRef::of(id).is_none() {
        return Err(raise!(TypeError, "clk_id should be integer, not {}", id.ty().name()));
    }
    Ok(int::to_i64(id)? as i32)
}

fn time_of(id: Value) -> PyResult<i64> {
    let id = check_clock(id)?;
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    system!(clock_gettime(id, &raw mut now))?;
    Ok(now.tv_sec * SECOND + now.tv_nsec)
}

fn set_time(id: Value, nanoseconds: i64) -> PyResult<()> {
    let id = check_clock(id)?;
    let time =
        libc::timespec { tv_sec: nanoseconds.div_euclid(SECOND), tv_nsec: nanoseconds.rem_euclid(SECOND) };
    system!(clock_settime(id, &raw const time)).map(drop)
}

fn resolution(id: libc::clockid_t) -> PyResult<f64> {
    let mut step = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    system!(clock_getres(id, &raw mut step))?;
    Ok(step.tv_sec as f64 + step.tv_nsec as f64 * 1e-9)
}

/// Sleeps until a moment of the monotonic clock, so that signals do not make it longer.
fn sleep_for(seconds: f64) -> PyResult<()> {
    if seconds < 0.0 {
        return Err(raise!(ValueError, "sleep length must be non-negative"));
    }
    if seconds.is_nan() {
        return Err(raise!(ValueError, "Invalid value NaN (not a number)"));
    }
    if seconds >= 9.223_372_036_854_776e18 {
        return Err(raise!(OverflowError, "timestamp out of range for platform time_t"));
    }
    if seconds > 9.223_372_036e9 {
        return Err(raise!(OverflowError, "timestamp too large to convert to C PyTime_t"));
    }
    let end = clock(libc::CLOCK_MONOTONIC).saturating_add((seconds * 1e9).ceil() as i64);
    let until = libc::timespec { tv_sec: end / SECOND, tv_nsec: end % SECOND };
    loop {
        // SAFETY: a valid structure.
        let (errno, _) = waiting(|| unsafe {
            let (clock, absolute) = (libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME);
            libc::clock_nanosleep(clock, absolute, &raw const until, std::ptr::null_mut())
        });
        match errno {
            0 => return Ok(()),
            libc::EINTR => runtime::signal::check()?,
            errno => return Err(os_error(errno, &[])),
        }
    }
}

/// The clocks of `get_clock_info`: name, identity, whether it can be set.
const CLOCKS: [(&str, libc::clockid_t, &str, bool); 5] = [
    ("time", libc::CLOCK_REALTIME, "CLOCK_REALTIME", true),
    ("monotonic", libc::CLOCK_MONOTONIC, "CLOCK_MONOTONIC", false),
    ("perf_counter", libc::CLOCK_MONOTONIC, "CLOCK_MONOTONIC", false),
    ("process_time", libc::CLOCK_PROCESS_CPUTIME_ID, "CLOCK_PROCESS_CPUTIME_ID", false),
    ("thread_time", libc::CLOCK_THREAD_CPUTIME_ID, "CLOCK_THREAD_CPUTIME_ID", false),
];

py_functions! { pub(super) static FUNCTIONS;
    /// Return the current time in seconds since the Epoch.
    "time()"
    fn time() -> Ref {
        seconds(clock(libc::CLOCK_REALTIME))
    }
    /// Return the current time in nanoseconds since the Epoch.
    "time_ns()"
    fn time_ns() -> i64 {
        clock(libc::CLOCK_REALTIME)
    }
    /// Monotonic clock, cannot go backward.
    "monotonic()"
    fn monotonic() -> Ref {
        seconds(clock(libc::CLOCK_MONOTONIC))
    }
    /// Monotonic clock, cannot go backward, as nanoseconds.
    "monotonic_ns()"
    fn monotonic_ns() -> i64 {
        clock(libc::CLOCK_MONOTONIC)
    }
    /// Performance counter for benchmarking.
    "perf_counter()"
    fn perf_counter() -> Ref {
        seconds(clock(libc::CLOCK_MONOTONIC))
    }
    /// Performance counter for benchmarking as nanoseconds.
    "perf_counter_ns()"
    fn perf_counter_ns() -> i64 {
        clock(libc::CLOCK_MONOTONIC)
    }
    /// Process time for profiling: sum of the kernel and user-space CPU time.
    "process_time()"
    fn process_time() -> Ref {
        seconds(clock(libc::CLOCK_PROCESS_CPUTIME_ID))
    }
    /// Process time for profiling as nanoseconds.
    "process_time_ns()"
    fn process_time_ns() -> i64 {
        clock(libc::CLOCK_PROCESS_CPUTIME_ID)
    }
    /// Thread time for profiling: sum of the kernel and user-space CPU time.
    "thread_time()"
    fn thread_time() -> Ref {
        seconds(clock(libc::CLOCK_THREAD_CPUTIME_ID))
    }
    /// Thread time for profiling as nanoseconds.
    "thread_time_ns()"
    fn thread_time_ns() -> i64 {
        clock(libc::CLOCK_THREAD_CPUTIME_ID)
    }
    /// Return the time of the specified clock clk_id as a float.
    "clock_gettime(clk_id, /)"
    fn clock_gettime(clk_id: Value) -> PyResult {
        time_of(clk_id).map(seconds)
    }
    /// Return the time of the specified clock clk_id as nanoseconds (int).
    "clock_gettime_ns(clk_id, /)"
    fn clock_gettime_ns(clk_id: Value) -> PyResult<i64> {
        time_of(clk_id)
    }
    /// Set the time of the specified clock clk_id.
    "clock_settime(clk_id, time, /)"
    fn clock_settime(clk_id: Value, time: f64) -> PyResult<()> {
        set_time(clk_id, (time * 1e9) as i64)
    }
    /// Set the time of the specified clock clk_id with nanoseconds.
    "clock_settime_ns(clk_id, time, /)"
    fn clock_settime_ns(clk_id: Value, time: i64) -> PyResult<()> {
        set_time(clk_id, time)
    }
    /// Return the resolution (precision) of the specified clock clk_id.
    "clock_getres(clk_id, /)"
    fn clock_getres(clk_id: Value) -> PyResult<f64> {
        resolution(check_clock(clk_id)?)
    }
    /// Return the clk_id of a thread's CPU time clock.
    "pthread_getcpuclockid(thread_id, /)"
    fn pthread_getcpuclockid(thread_id: u64) -> PyResult<i32> {
        let mut id = 0;
        // SAFETY: the program vouches for the thread, as in C.
        match unsafe { libc::pthread_getcpuclockid(thread_id, &raw mut id) } {
            0 => Ok(id),
            errno => Err(os_error(errno, &[])),
        }
    }
    /// Get information of the specified clock.
    "get_clock_info(name, /)"
    fn get_clock_info(name: &StrObject) -> PyResult {
        let Some(&(_, id, function, is_adjustable)) = CLOCKS.iter().find(|(known, ..)| name.eq_str(known)) else {
            return Err(raise!(ValueError, "unknown clock"));
        };
        let info = DictObject::new();
        info.set_text("implementation", StrObject::new(&format!("clock_gettime({function})")));
        info.set_text("monotonic", objects::bool(!is_adjustable).to_ref());
        info.set_text("adjustable", objects::bool(is_adjustable).to_ref());
        info.set_text("resolution", float::new(resolution(id)?));
        Ok(NamespaceObject::make(&info))
    }
    /// Delay execution for a given number of seconds.
    "sleep(seconds, /)"
    fn sleep(seconds: Value) -> PyResult<()> {
        runtime::tell!("time.sleep", seconds.to_ref());
        sleep_for(float::to_f64(seconds)?)
    }
}
