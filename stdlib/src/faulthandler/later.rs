//! `dump_traceback_later`: a thread that sleeps for a while and then writes where all the others are.
//!
//! It takes the global lock to look at their frames: a thread that runs gives it away at the next safe point, one that waits for the
//! system has none. Only native code that holds the lock for ever is not seen. There is one timer: a new one, or a cancellation, makes the
//! number of the old one out of date, which it notices before it writes.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use runtime::field::Field;
use runtime::global_lock;
use runtime::thread::identity;
use runtime::world::World;
use runtime::{PyResult, Value, raise, thread};

use super::stacks;

/// Number of the timer that runs; cancelling counts as a new one.
static NUMBER: Mutex<u64> = Mutex::new(0);
static CHANGED: Condvar = Condvar::new();

/// The file that the running timer writes to.
static FILE: World<Field> = World::new(Field::empty());

/// The longest time that can be asked for, in seconds.
const LONGEST: f64 = 9_223_372_036.0;

/// Starts the timer.
pub(super) fn start(seconds: f64, repeats: bool, fd: i32, file: Option<Value>, exits: bool) -> PyResult<()> {
    if seconds.is_nan() || (seconds * 1e6) as i64 <= 0 {
        return Err(raise!(ValueError, "timeout must be greater than 0"));
    }
    if seconds > LONGEST {
        return Err(raise!(OverflowError, "timeout value is too large"));
    }
    let own = cancel();
    drop(FILE.replace(file.map(Value::to_ref)));
    let pause = Duration::from_secs_f64(seconds);
    let started = global_lock::start(None, move || {
        runtime::signal::leave_to_others();
        while has_passed(own, pause) {
            let written = stacks::all(Some(identity()))
                .and_then(|text| stacks::write(fd, &format!("Timeout ({})!\n{text}", clock(pause))));
            if let Err(raised) = written {
                drop(thread().take_raised(raised));
            }
            if exits {
                // SAFETY: the process is to end here and now.
                unsafe { libc::_exit(1) };
            }
            if !repeats {
                break;
            }
        }
    });
    match started {
        Ok(_) => Ok(()),
        Err(_) => Err(raise!(RuntimeError, "unable to start watchdog thread")),
    }
}

/// Makes the timer that runs, if there is one, out of date; gives the number of the next one.
pub(super) fn cancel() -> u64 {
    let mut number = NUMBER.lock().unwrap_or_else(PoisonError::into_inner);
    *number += 1;
    let next = *number;
    drop(number);
    CHANGED.notify_all();
    drop(FILE.take());
    next
}

/// Sleeps; false if the timer is out of date before its time has passed.
fn has_passed(own: u64, pause: Duration) -> bool {
    let until = Instant::now() + pause;
    let is_current = || *NUMBER.lock().unwrap_or_else(PoisonError::into_inner) == own;
    global_lock::released(|| {
        let mut number = NUMBER.lock().unwrap_or_else(PoisonError::into_inner);
        while *number == own {
            let Some(rest) = until.checked_duration_since(Instant::now()).filter(|rest| !rest.is_zero())
            else {
                break;
            };
            number = CHANGED.wait_timeout(number, rest).unwrap_or_else(PoisonError::into_inner).0;
        }
    });
    // It may have been cancelled while this thread waited for the lock.
    is_current()
}

/// A time as a clock shows it.
fn clock(time: Duration) -> String {
    let (seconds, micros) = (time.as_secs(), time.subsec_micros());
    let text = format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if micros == 0 { text } else { format!("{text}.{micros:06}") }
}
