//! `time`: clocks and sleeping. Calendar functions do not exist yet.

use runtime::objects::module::ModuleObject;
use runtime::objects::{float, int};
use runtime::{PyResult, Ref, error, py_functions};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    module.dict().set_text("timezone", int::from_i64(0));
    module.dict().set_text("altzone", int::from_i64(0));
    module.dict().set_text("daylight", int::from_i64(0));
    Ok(())
}

/// Nanoseconds of a clock.
fn clock(id: libc::clockid_t) -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the structure is valid; a failure leaves zero.
    unsafe { libc::clock_gettime(id, &raw mut now) };
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

fn seconds(nanoseconds: i64) -> Ref {
    float::new(nanoseconds as f64 * 1e-9)
}

/// Sleeps; a signal whose handling does not raise lets the sleep go on.
fn sleep_for(seconds: f64) -> PyResult<()> {
    if seconds < 0.0 {
        return Err(runtime::raise!(ValueError, "sleep length must be non-negative"));
    }
    if seconds.is_nan() {
        return Err(runtime::raise!(ValueError, "Invalid value NaN (not a number)"));
    }
    if seconds > 9.0e9 {
        return Err(runtime::raise!(OverflowError, "timestamp too large to convert to C PyTime_t"));
    }
    let whole = seconds.trunc();
    let mut request = libc::timespec { tv_sec: whole as i64, tv_nsec: ((seconds - whole) * 1e9) as i64 };
    loop {
        let mut left = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: both structures are valid.
        if unsafe { libc::nanosleep(&raw const request, &raw mut left) } == 0 {
            return Ok(());
        }
        match std::io::Error::last_os_error().raw_os_error().unwrap_or(0) {
            libc::EINTR => runtime::signal::check()?,
            errno => return Err(error::os_error(errno, None)),
        }
        request = left;
    }
}

py_functions! { static FUNCTIONS;
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
    /// Delay execution for a given number of seconds.
    "sleep(seconds, /)"
    fn sleep(seconds: f64) -> PyResult<()> {
        sleep_for(seconds)
    }
}
