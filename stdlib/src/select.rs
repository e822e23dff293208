//! `select`: waiting until one of several descriptors is ready: `select`, `poll` and `epoll`.
//!
//! A signal runs its handlers; the wait goes on for what is left of the timeout.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use runtime::args::Args;
use runtime::convert::{OrNone, Rest};
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object};
use runtime::objects::list::ListObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, float, int};
use runtime::signature::Signature;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::types::ready;
use runtime::{
    Py, PyResult, Ref, TypeObject, Value, error, protocol, py_class_methods, py_functions, py_methods, raise,
};

use crate::posix::argument::Descriptor;
use crate::system::{add_constants, constants, os_error, pair, system, waiting};
use crate::time::{deadline, left};

const CONSTANTS: &[(&str, i64)] = constants![
    POLLIN POLLPRI POLLOUT POLLERR POLLHUP POLLNVAL POLLRDNORM POLLRDBAND POLLWRNORM POLLWRBAND POLLRDHUP EPOLLIN EPOLLOUT
    EPOLLPRI EPOLLERR EPOLLHUP EPOLLRDHUP EPOLLONESHOT EPOLLEXCLUSIVE EPOLLRDNORM EPOLLRDBAND EPOLLWRNORM EPOLLWRBAND EPOLLMSG
    EPOLL_CLOEXEC
];

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    ready::ready(&POLL);
    ready::ready(&EPOLL);
    module.add_functions(FUNCTIONS);
    add_constants(module, CONSTANTS);
    add_constants(module, &[("EPOLLET", 1 << 31), ("POLLMSG", 0x400), ("PIPE_BUF", 4096)]);
    module.dict().set_text("epoll", EPOLL.value().to_ref());
    module.dict().set_text("error", error::types::OSError.value().to_ref());
    Ok(())
}

/// Until when to wait: for ever, or a moment of the monotonic clock.
#[derive(Clone, Copy)]
struct Wait(Option<i64>);

impl Wait {
    fn of_seconds(seconds: f64) -> PyResult<Wait> {
        if seconds.is_nan() {
            return Err(raise!(ValueError, "Invalid value NaN (not a number)"));
        }
        if seconds > 9.2e9 {
            return Err(raise!(OverflowError, "timestamp too large to convert to C PyTime_t"));
        }
        Ok(Wait(Some(deadline(seconds.max(0.0)))))
    }

    fn time(self) -> Option<libc::timespec> {
        self.0.map(left)
    }

    /// In milliseconds, rounded up; -1 for ever.
    fn milliseconds(self) -> i32 {
        match self.time() {
            None => -1,
            Some(time) => {
                let milliseconds = time.tv_sec.saturating_mul(1000) + (time.tv_nsec + 999_999) / 1_000_000;
                i32::try_from(milliseconds).unwrap_or(i32::MAX)
            }
        }
    }
}

/// Asks again while signals interrupt.
fn wait_for(mut once: impl FnMut() -> i32) -> PyResult<i32> {
    loop {
        let (count, errno) = waiting(&mut once);
        match count {
            -1 => match errno {
                libc::EINTR => runtime::signal::check()?,
                errno => return Err(os_error(errno, &[])),
            },
            count => return Ok(count),
        }
    }
}

fn descriptors(objects: Value) -> PyResult<Vec<(Ref, i32)>> {
    if !protocol::is_iterable(objects) {
        return Err(raise!(TypeError, "arguments 1-3 must be sequences"));
    }
    // A list may change while its items are asked, and is as long as it is then.
    let items = match objects.get::<ListObject>() {
        Some(list) => Py::from_object(list),
        None => ListObject::new(protocol::collect(objects)?),
    };
    let mut found = Vec::new();
    while let Some(object) = items.get(found.len()) {
        let fd = Descriptor::of(object.value())?;
        if fd as usize >= libc::FD_SETSIZE {
            return Err(raise!(ValueError, "filedescriptor out of range in select()"));
        }
        found.push((object, fd));
    }
    Ok(found)
}

fn set_of(members: &[(Ref, i32)]) -> libc::fd_set {
    // SAFETY: the set is cleared, and descriptors are below its size.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::FD_ZERO(&raw mut set);
        members.iter().for_each(|(_, fd)| libc::FD_SET(*fd, &raw mut set));
        set
    }
}

fn ready_ones(members: Vec<(Ref, i32)>, set: &libc::fd_set) -> Ref {
    // SAFETY: descriptors are below the size of the set.
    let ready = members.into_iter().filter(|(_, fd)| unsafe { libc::FD_ISSET(*fd, set) });
    ListObject::new(ready.map(|(object, _)| object).collect()).into()
}

py_functions! { static FUNCTIONS;
    /// Wait until one or more file descriptors are ready for some kind of I/O.
    "select(rlist, wlist, xlist, timeout=None, /)"
    fn select(rlist: Value, wlist: Value, xlist: Value, timeout: OrNone<Value>) -> PyResult {
        let wait = match timeout.0 {
            None => Wait(None),
            Some(value) if !is_number(value) => return Err(raise!(TypeError, "timeout must be a float or None")),
            Some(value) => match float::to_f64(value)? {
                seconds if seconds < 0.0 => return Err(raise!(ValueError, "timeout must be non-negative")),
                seconds => Wait::of_seconds(seconds)?,
            },
        };
        let lists = [descriptors(rlist)?, descriptors(wlist)?, descriptors(xlist)?];
        let most = lists.iter().flatten().map(|(_, fd)| fd + 1).max().unwrap_or(0);
        let mut sets = [set_of(&[]); 3];
        let count = wait_for(|| {
            sets = [set_of(&lists[0]), set_of(&lists[1]), set_of(&lists[2])];
            let time = wait.time();
            let time = time.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
            let [read, write, except] = &mut sets;
            // SAFETY: valid sets, a valid time or null.
            unsafe { libc::pselect(most, read, write, except, time, std::ptr::null()) }
        })?;
        if count == 0 {
            sets = [set_of(&[]); 3];
        }
        let [read, write, except] = lists;
        Ok(TupleObject::of([ready_ones(read, &sets[0]), ready_ones(write, &sets[1]), ready_ones(except, &sets[2])]).into())
    }
    /// Returns a polling object.
    "poll()"
    fn poll() -> Ref {
        let contents = Poll { header: Header::new(&POLL), fds: RefCell::default(), is_polling: Cell::new(false) };
        object::new_object(contents).into()
    }
}

fn is_number(value: Value) -> bool {
    value.is_small() || value.ty().slots().float.is_some() || value.ty().slots().index.is_some()
}

/// `select.poll`
#[repr(C)]
struct Poll {
    header: Header,
    fds: RefCell<BTreeMap<i32, i16>>,
    is_polling: Cell<bool>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Poll {
    fn type_object() -> &'static TypeObject {
        &POLL
    }
}

fn event_mask(value: Option<Value>) -> PyResult<i16> {
    let Some(value) = value else { return Ok(libc::POLLIN | libc::POLLPRI | libc::POLLOUT) };
    let mask = int::to_i64(value)?;
    let too_large = || raise!(OverflowError, "Python int too large to convert to C unsigned short");
    match u16::try_from(mask) {
        Ok(mask) => Ok(mask as i16),
        Err(_) if mask < 0 => Err(raise!(ValueError, "value must be positive")),
        Err(_) => Err(too_large()),
    }
}

py_methods! { static POLL_METHODS for "select.poll", &Poll;
    /// Register a file descriptor with the polling object.
    "register(self, fd, eventmask=7, /)"
    fn register(this, fd: Descriptor, eventmask: Option<Value>) -> PyResult<()> {
        let mask = event_mask(eventmask)?;
        this.fds.borrow_mut().insert(fd.0, mask);
        Ok(())
    }
    /// Modify an already registered file descriptor.
    "modify(self, fd, eventmask, /)"
    fn modify(this, fd: Descriptor, eventmask: Value) -> PyResult<()> {
        let mask = event_mask(Some(eventmask))?;
        match this.fds.borrow_mut().get_mut(&fd.0) {
            Some(known) => {
                *known = mask;
                Ok(())
            }
            None => Err(os_error(libc::ENOENT, &[])),
        }
    }
    /// Remove a file descriptor being tracked by the polling object.
    "unregister(self, fd, /)"
    fn unregister(this, fd: Descriptor) -> PyResult<()> {
        match this.fds.borrow_mut().remove(&fd.0) {
            Some(_) => Ok(()),
            None => Err(error::key_error(Value::small(fd.0.into()))),
        }
    }
    /// Polls the set of registered file descriptors.
    "poll(self, timeout=None, /)"
    fn poll_method(this, timeout: OrNone<Value>) -> PyResult {
        let wait = match timeout.0 {
            None => Wait(None),
            Some(value) if !is_number(value) => {
                return Err(raise!(TypeError, "timeout must be an integer or None"));
            }
            Some(value) => match float::to_f64(value)? {
                milliseconds if milliseconds < 0.0 => Wait(None),
                milliseconds if milliseconds > f64::from(i32::MAX) => {
                    return Err(raise!(OverflowError, "timeout is too large"));
                }
                milliseconds => Wait::of_seconds(milliseconds / 1000.0)?,
            },
        };
        if this.is_polling.replace(true) {
            return Err(raise!(RuntimeError, "concurrent poll() invocation"));
        }
        let mut fds: Vec<libc::pollfd> =
            this.fds.borrow().iter().map(|(&fd, &events)| libc::pollfd { fd, events, revents: 0 }).collect();
        // SAFETY: an array and its length.
        let outcome = wait_for(|| unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as u64, wait.milliseconds()) });
        this.is_polling.set(false);
        outcome?;
        let found = fds.iter().filter(|entry| entry.revents != 0);
        Ok(ListObject::new(found.map(|entry| pair(entry.fd, entry.revents as u16)).collect()).into())
    }
}

static POLL: TypeObject = TypeObject::from_spec(&POLL_SPEC);
static POLL_SPEC: TypeSpec = TypeSpec {
    module: "select",
    flags: type_flags::NO_NEW,
    methods: &[POLL_METHODS],
    ..TypeSpec::of::<Poll>("poll")
};

/// `select.epoll`
#[repr(C)]
struct Epoll {
    header: Header,
    fd: Cell<i32>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for Epoll {
    fn type_object() -> &'static TypeObject {
        &EPOLL
    }
}

impl Drop for Epoll {
    fn drop(&mut self) {
        if self.fd.get() >= 0 {
            // SAFETY: our descriptor, closed once.
            unsafe { libc::close(self.fd.get()) };
        }
    }
}

impl Epoll {
    fn open(&self) -> PyResult<i32> {
        match self.fd.get() {
            -1 => Err(raise!(ValueError, "I/O operation on closed epoll object")),
            fd => Ok(fd),
        }
    }

    fn control(&self, operation: i32, fd: i32, events: u32) -> PyResult<()> {
        let own = self.open()?;
        let mut event = libc::epoll_event { events, u64: fd as u64 };
        system!(epoll_ctl(own, operation, fd, &raw mut event)).map(drop)
    }
}

static EPOLL_NEW: Signature = Signature::parse("", "epoll(sizehint=-1, flags=0)", false);

fn new_epoll(ty: &TypeObject, args: Args<'_>) -> PyResult {
    let mut slots = [Value::NULL; EPOLL_NEW.count()];
    let mut bound = EPOLL_NEW.bind(args, &mut slots)?;
    let size = bound.take().non_null().map_or(Ok(-1), int::to_i64)?;
    let flags = bound.take().non_null().map_or(Ok(0), int::to_i64)?;
    if size != -1 && size <= 0 {
        return Err(raise!(ValueError, "negative sizehint"));
    }
    if flags != 0 && flags != i64::from(libc::EPOLL_CLOEXEC) {
        return Err(raise!(OSError, "invalid flags"));
    }
    let fd = system!(epoll_create1(libc::EPOLL_CLOEXEC))?;
    Ok(object::new_object_of(ty, Epoll { header: Header::new(ty), fd: Cell::new(fd) }).into())
}

const ALL_EVENTS: u32 = (libc::EPOLLIN | libc::EPOLLPRI | libc::EPOLLOUT) as u32;

py_methods! { static EPOLL_METHODS for "select.epoll", &Epoll;
    /// Close the epoll control file descriptor.
    "close(self, /)"
    fn close(this) -> PyResult<()> {
        match this.fd.replace(-1) {
            -1 => Ok(()),
            fd => crate::posix::descriptor::close_descriptor(fd),
        }
    }
    /// Return the epoll control file descriptor.
    "fileno(self, /)"
    fn fileno(this) -> PyResult<i32> {
        this.open()
    }
    /// Registers a new fd or raises an OSError if the fd is already registered.
    "register(self, fd, eventmask=7)"
    fn register_epoll(this, fd: Descriptor, eventmask: Option<u32>) -> PyResult<()> {
        this.control(libc::EPOLL_CTL_ADD, fd.0, eventmask.unwrap_or(ALL_EVENTS))
    }
    /// Modify event mask for a registered file descriptor.
    "modify(self, fd, eventmask)"
    fn modify_epoll(this, fd: Descriptor, eventmask: u32) -> PyResult<()> {
        this.control(libc::EPOLL_CTL_MOD, fd.0, eventmask)
    }
    /// Remove a registered file descriptor from the epoll object.
    "unregister(self, fd)"
    fn unregister_epoll(this, fd: Descriptor) -> PyResult<()> {
        this.control(libc::EPOLL_CTL_DEL, fd.0, 0)
    }
    /// Wait for events on the epoll file descriptor.
    "poll(self, timeout=None, maxevents=-1)"
    fn poll_epoll(this, timeout: OrNone<Value>, maxevents: Option<i64>) -> PyResult {
        let fd = this.open()?;
        let wait = match timeout.0 {
            None => Wait(None),
            Some(value) if !is_number(value) => {
                return Err(raise!(TypeError, "timeout must be an integer or None"));
            }
            Some(value) => match float::to_f64(value)? {
                seconds if seconds < 0.0 => Wait(None),
                seconds => Wait::of_seconds(seconds)?,
            },
        };
        let most = match maxevents.unwrap_or(-1) {
            -1 => libc::FD_SETSIZE - 1,
            most => match usize::try_from(most).ok().filter(|&most| most > 0) {
                Some(most) => most.min(65_536),
                None => return Err(raise!(ValueError, "maxevents must be greater than 0, got {most}")),
            },
        };
        let mut events = vec![libc::epoll_event { events: 0, u64: 0 }; most];
        // SAFETY: an array and its length.
        let count = wait_for(|| unsafe {
            libc::epoll_wait(fd, events.as_mut_ptr(), most as i32, wait.milliseconds())
        })?;
        let found = events[..count as usize].iter().map(|event| pair(event.u64 as i32, event.events));
        Ok(ListObject::new(found.collect()).into())
    }
    /// The object itself.
    "__enter__(self, /)"
    fn enter(this) -> PyResult {
        this.open().map(|_| Value::from_object(this).to_ref())
    }
    /// Closes the object.
    "__exit__(self, /, *args)"
    fn exit(this, args: Rest<'_>) -> PyResult<()> {
        let _ = args;
        close(this)
    }
}

py_class_methods! { static EPOLL_CLASS_METHODS for "select.epoll";
    /// Create an epoll object from a given control fd.
    "fromfd(cls, fd, /)"
    fn fromfd(cls, fd: i32) -> Ref {
        object::new_object_of(cls, Epoll { header: Header::new(cls), fd: Cell::new(fd) }).into()
    }
}

static EPOLL: TypeObject = TypeObject::from_spec(&EPOLL_SPEC);
static EPOLL_SPEC: TypeSpec = TypeSpec {
    doc: "epoll(sizehint=-1, flags=0)\n--\n\nA set of files that the system watches; poll() says which are ready.",
    module: "select",
    slots: Slots { new: Some(new_epoll), ..Slots::EMPTY },
    methods: &[EPOLL_METHODS, EPOLL_CLASS_METHODS],
    getset: &[GetSetDef {
        name: "closed",
        doc: "True if the epoll handler is closed",
        get: |value| {
            let epoll = value.get::<Epoll>().expect("descriptors check their owner");
            Ok(objects::bool(epoll.fd.get() < 0).to_ref())
        },
        set: None,
    }],
    ..TypeSpec::of::<Epoll>("epoll")
};
