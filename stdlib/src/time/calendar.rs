//! Dates: `struct_time`, between it and seconds, its text, and the time zone. The C library does the calculation.

use runtime::convert::OrNone;
use runtime::objects::dict::DictObject;
use runtime::objects::str::{StrBuilder, StrObject};
use runtime::objects::struct_sequence::StructType;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{float, int};
use runtime::{PyResult, Ref, Value, protocol, py_functions, raise, sys_state};

use crate::posix::argument;
use crate::system::{failure, last_errno, os_error};

/// `time.struct_time`
pub(super) static STRUCT_TIME: StructType = StructType::new(
    "time",
    "struct_time",
    &["tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday", "tm_isdst"],
)
.with_hidden(0, &["tm_zone", "tm_gmtoff"])
.with_docs(
    "A time as gmtime(), localtime() and strptime() give it, and as asctime(), mktime() and strftime() take it.",
    &["year, as 1993", "month, 1 to 12", "day of the month, 1 to 31", "hours, 0 to 23", "minutes, 0 to 59", "seconds, 0 to 61", "day of the week; Monday is 0", "day of the year, 1 to 366", "1 in summer time, 0 if not, -1 if unknown"],
);

unsafe extern "C" {
    fn tzset();
    fn strftime(
        room: *mut libc::c_char,
        size: usize,
        format: *const libc::c_char,
        time: *const libc::tm,
    ) -> usize;
}

const fn empty() -> libc::tm {
    // SAFETY: numbers and a pointer that may be null.
    unsafe { std::mem::zeroed() }
}

/// Sets the names that tell the time zone.
pub(super) fn set_zone(dict: &DictObject) {
    // SAFETY: no arguments; only this thread reads the zone.
    unsafe { tzset() };
    const YEAR: i64 = (365 * 24 + 6) * 3600;
    let now = super::clock::clock(libc::CLOCK_REALTIME) / 1_000_000_000;
    let start = now / YEAR * YEAR;
    let [winter, summer] = [start, start + YEAR / 2].map(|at| {
        let mut time = empty();
        // SAFETY: valid structures.
        unsafe { libc::localtime_r(&raw const at, &raw mut time) };
        // SAFETY: the name of a zone, or null.
        (-time.tm_gmtoff, unsafe { argument::decode_c(time.tm_zone) })
    });
    // The zone farther west is the standard one, in the south as well.
    let (standard, other) = if winter.0 < summer.0 { (summer, winter) } else { (winter, summer) };
    dict.set_text("timezone", int::from_i64(standard.0));
    dict.set_text("altzone", int::from_i64(other.0));
    dict.set_text("daylight", int::from_i64((standard.0 != other.0).into()));
    dict.set_text("tzname", TupleObject::of([standard.1, other.1]));
}

fn struct_time(time: &libc::tm, zone: Ref) -> PyResult {
    let numbers = [
        i64::from(time.tm_year) + 1900,
        i64::from(time.tm_mon) + 1,
        time.tm_mday.into(),
        time.tm_hour.into(),
        time.tm_min.into(),
        time.tm_sec.into(),
        i64::from((time.tm_wday + 6) % 7),
        i64::from(time.tm_yday) + 1,
        time.tm_isdst.into(),
    ];
    let mut values: Vec<Ref> = numbers.map(int::from_i64).into();
    values.extend([zone, int::from_i64(time.tm_gmtoff)]);
    STRUCT_TIME.make(values)
}

/// Seconds since the epoch, rounded down; now for nothing.
fn seconds_of(value: Option<Value>) -> PyResult<i64> {
    let out_of_range = || raise!(OverflowError, "timestamp out of range for platform time_t");
    let Some(value) = value else { return Ok(super::clock::clock(libc::CLOCK_REALTIME) / 1_000_000_000) };
    if !value.is_instance::<float::FloatObject>() {
        let number = int::index(value)?;
        return int::IntRef::of(number.value()).and_then(int::IntRef::to_i64).ok_or_else(out_of_range);
    }
    let seconds = float::to_f64(value)?.floor();
    if seconds.is_nan() {
        return Err(raise!(ValueError, "Invalid value NaN (not a number)"));
    }
    if !(-9.223_372_036_854_775e18..9.223_372_036_854_775e18).contains(&seconds) {
        return Err(out_of_range());
    }
    Ok(seconds as i64)
}

fn local(seconds: i64) -> PyResult<libc::tm> {
    let mut time = empty();
    // SAFETY: valid structures.
    if unsafe { libc::localtime_r(&raw const seconds, &raw mut time) }.is_null() {
        return Err(failure());
    }
    Ok(time)
}

/// The fields of a time tuple, as the C library counts them.
fn fields(value: Value, function: &str) -> PyResult<libc::tm> {
    let Some(tuple) = value.get::<TupleObject>() else {
        return Err(raise!(TypeError, "Tuple or struct_time argument required"));
    };
    if tuple.len() != 9 {
        return Err(raise!(TypeError, "{function}(): illegal time tuple argument"));
    }
    let mut numbers = [0_i32; 9];
    for (number, &item) in numbers.iter_mut().zip(tuple.items()) {
        let wide = int::to_i64(item)?;
        let side = if wide < 0 { "less than minimum" } else { "greater than maximum" };
        *number = i32::try_from(wide).map_err(|_| raise!(OverflowError, "signed integer is {side}"))?;
    }
    let [year, month, day, hour, minute, second, weekday, yearday, is_dst] = numbers;
    let Some(tm_year) = year.checked_sub(1900) else {
        return Err(raise!(OverflowError, "year out of range"));
    };
    let mut time = empty();
    (time.tm_year, time.tm_mon, time.tm_mday) = (tm_year, month.wrapping_sub(1), day);
    (time.tm_hour, time.tm_min, time.tm_sec) = (hour, minute, second);
    (time.tm_wday, time.tm_yday, time.tm_isdst) =
        (weekday.wrapping_add(1) % 7, yearday.wrapping_sub(1), is_dst);
    if value.is_exact(STRUCT_TIME.class()?) {
        let offset = protocol::get_attr_text(value, "tm_gmtoff")?;
        time.tm_gmtoff = int::IntRef::of(offset.value()).and_then(int::IntRef::to_i64).unwrap_or(0);
    }
    Ok(time)
}

/// Refuses what the C library would index its tables with; 0 counts as 1 where a tuple may leave it out.
fn check(time: &mut libc::tm) -> PyResult<()> {
    if time.tm_mon == -1 {
        time.tm_mon = 0;
    }
    if time.tm_mday == 0 {
        time.tm_mday = 1;
    }
    if time.tm_yday == -1 {
        time.tm_yday = 0;
    }
    let what = match time {
        _ if !(0..=11).contains(&time.tm_mon) => "month",
        _ if !(0..=31).contains(&time.tm_mday) => "day of month",
        _ if !(0..=23).contains(&time.tm_hour) => "hour",
        _ if !(0..=59).contains(&time.tm_min) => "minute",
        _ if !(0..=61).contains(&time.tm_sec) => "seconds",
        _ if time.tm_wday < 0 => "day of week",
        _ if !(0..=365).contains(&time.tm_yday) => "day of year",
        _ => return Ok(()),
    };
    Err(raise!(ValueError, "{what} out of range"))
}

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn plain_text(time: &libc::tm) -> String {
    let (day, month) = (DAYS[time.tm_wday.rem_euclid(7) as usize], MONTHS[time.tm_mon as usize]);
    let (hour, minute, second) = (time.tm_hour, time.tm_min, time.tm_sec);
    let year = i64::from(time.tm_year) + 1900;
    format!("{day} {month} {:2} {hour:02}:{minute:02}:{second:02} {year}", time.tm_mday)
}

/// One stretch of a format without null characters, in the system's encoding.
fn formatted(format: &[u8], time: &libc::tm) -> PyResult<Vec<u8>> {
    if format.is_empty() {
        return Ok(Vec::new());
    }
    // A character in front tells an empty result from one that does not fit.
    let mut pattern = vec![b'x'];
    pattern.extend_from_slice(format);
    pattern.push(0);
    let mut size = 1024;
    loop {
        let mut room = vec![0_u8; size];
        // SAFETY: the room is valid for its size; the pattern is terminated.
        let length = unsafe { strftime(room.as_mut_ptr().cast(), size, pattern.as_ptr().cast(), time) };
        if length > 0 {
            return Ok(room[1..length].to_vec());
        }
        if size > 256 * pattern.len() + 1024 {
            return Err(os_error(last_errno(), &[]));
        }
        size *= 4;
    }
}

/// The current time as a tuple of the local zone.
fn given_or_now(value: Option<Value>, function: &str) -> PyResult<libc::tm> {
    match value {
        Some(value) => {
            let mut time = fields(value, function)?;
            check(&mut time).map(|()| time)
        }
        None => local(seconds_of(None)?),
    }
}

py_functions! { pub(super) static FUNCTIONS;
    /// Convert seconds since the Epoch to a time tuple expressing UTC (a.k.a. GMT).
    "gmtime(seconds=None, /)"
    fn gmtime(seconds: OrNone<Value>) -> PyResult {
        let (seconds, mut time) = (seconds_of(seconds.0)?, empty());
        // SAFETY: valid structures.
        if unsafe { libc::gmtime_r(&raw const seconds, &raw mut time) }.is_null() {
            return Err(failure());
        }
        // SAFETY: the name of a zone, or null.
        struct_time(&time, unsafe { argument::decode_c(time.tm_zone) })
    }
    /// Convert seconds since the Epoch to a time tuple expressing local time.
    "localtime(seconds=None, /)"
    fn localtime(seconds: OrNone<Value>) -> PyResult {
        let time = local(seconds_of(seconds.0)?)?;
        // SAFETY: the name of a zone, or null.
        struct_time(&time, unsafe { argument::decode_c(time.tm_zone) })
    }
    /// Convert a time tuple in local time to seconds since the Epoch.
    "mktime(time_tuple, /)"
    fn mktime(time_tuple: Value) -> PyResult<f64> {
        let mut time = fields(time_tuple, "mktime")?;
        // The call sets the day of the week: if it stays, there was no result.
        time.tm_wday = -1;
        // SAFETY: a valid structure.
        let seconds = unsafe { libc::mktime(&raw mut time) };
        if seconds == -1 && time.tm_wday == -1 {
            return Err(raise!(OverflowError, "mktime argument out of range"));
        }
        Ok(seconds as f64)
    }
    /// Convert a time tuple to a string, e.g. 'Sat Jun 06 16:26:11 1998'.
    "asctime(time_tuple=None, /)"
    fn asctime(time_tuple: Option<Value>) -> PyResult<String> {
        Ok(plain_text(&given_or_now(time_tuple, "asctime")?))
    }
    /// Convert a time in seconds since the Epoch to a string in local time.
    "ctime(seconds=None, /)"
    fn ctime(seconds: OrNone<Value>) -> PyResult<String> {
        Ok(plain_text(&local(seconds_of(seconds.0)?)?))
    }
    /// Convert a time tuple to a string according to a format specification.
    "strftime(format, time_tuple=None, /)"
    fn strftime_function(format: &StrObject, time_tuple: Option<Value>) -> PyResult {
        let mut time = given_or_now(time_tuple, "strftime")?;
        time.tm_isdst = time.tm_isdst.clamp(-1, 1);
        let zone = time_tuple.filter(|tuple| STRUCT_TIME.class().is_ok_and(|class| tuple.is_exact(class)));
        let zone = zone.map(|tuple| protocol::get_attr_text(tuple, "tm_zone")).transpose()?;
        let zone = zone.and_then(|zone| argument::c_string(zone.value()).map_err(|raised| drop(runtime::thread().take_raised(raised))).ok());
        match &zone {
            Some(zone) => time.tm_zone = zone.as_ptr(),
            None if time_tuple.is_some() => {
                let mut copy = time;
                // SAFETY: a valid structure.
                unsafe { libc::mktime(&raw mut copy) };
                (time.tm_zone, time.tm_gmtoff) = (copy.tm_zone, copy.tm_gmtoff);
            }
            None => {}
        }
        let points: Vec<u32> = format.code_points().collect();
        let mut text = StrBuilder::new();
        // Lone surrogates and null characters stand for themselves.
        for part in points.chunk_by(|&a, &b| is_plain(a) == is_plain(b)) {
            if !is_plain(part[0]) {
                part.iter().for_each(|&point| text.push(point));
                continue;
            }
            let part: String = part.iter().filter_map(|&point| char::from_u32(point)).collect();
            let made = argument::decode(&formatted(part.as_bytes(), &time)?);
            text.push_object(made.get::<StrObject>().expect("decoding makes text"));
        }
        Ok(text.finish().into())
    }
    /// Parse a string to a time tuple according to a format specification.
    "strptime(string, format='%a %b %d %H:%M:%S %Y', /)"
    fn strptime(string: Value, format: Option<Value>) -> PyResult {
        let module = protocol::import::import_absolute("_strptime")?;
        let args: Vec<Value> = [Some(string), format].into_iter().flatten().collect();
        protocol::call_method_text(module.value(), "_strptime_time", &args)
    }
    /// Initialize, or reinitialize, the local timezone to the value stored in os.environ['TZ'].
    "tzset()"
    fn tzset_function() {
        if let Some(module) = sys_state::modules().get_text("time")
            && let Some(module) = module.get::<runtime::objects::module::ModuleObject>()
        {
            set_zone(module.dict());
        }
    }
}

const fn is_plain(point: u32) -> bool {
    point != 0 && char::from_u32(point).is_some()
}
