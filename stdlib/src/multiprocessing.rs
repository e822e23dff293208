//! `_multiprocessing` and `_posixshmem`: semaphores and memory that processes share by name.
//!
//! A `SemLock` is a POSIX semaphore of the system with what only this process knows: how often it has taken it, and which thread has.
//! Waiting gives the global lock away and notices signals. Method: CPython's `semaphore.c`.

use std::cell::Cell;
use std::ffi::CString;

use runtime::convert::{OrNone, Rest};
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object};
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::{self, int};
use runtime::slots::Slots;
use runtime::thread::identity;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::types::ready;
use runtime::{
    PyResult, Ref, TypeObject, Value, py_class_methods, py_functions, py_methods, py_new, raise, signal,
};

use crate::posix::argument::Path;
use crate::system::{failure, system};
use crate::thread::semaphore::{Patience, wait_for};

/// A lock that its owner can take again.
const RECURSIVE_MUTEX: i32 = 0;
/// A number of permissions.
const SEMAPHORE: i32 = 1;

/// The semaphore of the system, which is closed with it.
struct Handle(*mut libc::sem_t);

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: opened by `sem_open`, and closed once.
        unsafe { libc::sem_close(self.0) };
    }
}

/// A semaphore that processes share.
#[repr(C)]
struct SemLock {
    header: Header,
    handle: Handle,
    kind: i32,
    most: i32,
    name: Option<String>,
    /// How often this process has taken it.
    count: Cell<i32>,
    owner: Cell<u64>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for SemLock {
    fn type_object() -> &'static TypeObject {
        &SEM_LOCK
    }
}

/// Fills `_multiprocessing`.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    ready::ready(&SEM_LOCK);
    SEM_LOCK.dict().set_text("SEM_VALUE_MAX", int::from_i64(i32::MAX.into()));
    let dict = module.dict();
    dict.set_text("SemLock", SEM_LOCK.value().to_ref());
    dict.set_text("flags", objects::dict::DictObject::new());
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// Fills `_posixshmem`.
pub(crate) fn fill_memory(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(MEMORY_FUNCTIONS);
    Ok(())
}

fn c_name(name: &str) -> PyResult<CString> {
    CString::new(name).map_err(|_| raise!(ValueError, "embedded null character"))
}

impl SemLock {
    fn make(class: &TypeObject, handle: *mut libc::sem_t, kind: i32, most: i32, name: Option<String>) -> Ref {
        let contents = SemLock {
            header: Header::new(class),
            handle: Handle(handle),
            kind,
            most,
            name,
            count: Cell::new(0),
            owner: Cell::new(0),
        };
        object::new_object_of(class, contents).into()
    }

    fn is_mine(&self) -> bool {
        self.count.get() > 0 && self.owner.get() == identity()
    }

    fn value(&self) -> PyResult<i32> {
        let mut value = 0;
        // SAFETY: open, and room for a number.
        match unsafe { libc::sem_getvalue(self.handle.0, &raw mut value) } {
            0 => Ok(value.max(0)),
            _ => Err(failure()),
        }
    }

    /// Waits for the semaphore, for at most so many seconds; false if that was too long.
    fn wait(&self, blocks: bool, timeout: Option<f64>) -> PyResult<bool> {
        let patience = match timeout {
            _ if !blocks => Patience::None,
            Some(seconds) => Patience::Seconds(seconds.max(0.0)),
            None => Patience::Endless,
        };
        // SAFETY: open while somebody waits, who keeps the object.
        unsafe { wait_for(self.handle.0, patience) }
    }

    fn acquire(&self, blocks: bool, timeout: Option<f64>) -> PyResult<bool> {
        if self.kind == RECURSIVE_MUTEX && self.is_mine() {
            self.count.set(self.count.get() + 1);
            return Ok(true);
        }
        if !self.wait(blocks, timeout)? {
            return Ok(false);
        }
        self.count.set(self.count.get() + 1);
        self.owner.set(identity());
        Ok(true)
    }

    fn release(&self) -> PyResult<()> {
        if self.kind == RECURSIVE_MUTEX {
            if !self.is_mine() {
                let message = "attempt to release recursive lock not owned by thread";
                return Err(raise!(AssertionError, "{message}"));
            }
            if self.count.get() > 1 {
                self.count.set(self.count.get() - 1);
                return Ok(());
            }
        } else if self.value()? >= self.most {
            return Err(raise!(ValueError, "semaphore or lock released too many times"));
        }
        // SAFETY: open.
        if unsafe { libc::sem_post(self.handle.0) } < 0 {
            return Err(failure());
        }
        self.count.set(self.count.get() - 1);
        Ok(())
    }
}

py_new! {
    fn new(class, kind: i32, value: i32, maxvalue: i32, name: String, unlink: bool)
    "SemLock(kind, value, maxvalue, name, unlink)" {
        if !matches!(kind, RECURSIVE_MUTEX | SEMAPHORE) {
            return Err(raise!(ValueError, "unrecognized kind"));
        }
        let c_name = c_name(&name)?;
        let flags = libc::O_CREAT | libc::O_EXCL;
        // SAFETY: a valid name; the mode and the value are what `O_CREAT` takes.
        let handle = unsafe { libc::sem_open(c_name.as_ptr(), flags, 0o600 as libc::c_uint, value as libc::c_uint) };
        if handle == libc::SEM_FAILED {
            return Err(failure());
        }
        let made = SemLock::make(class, handle, kind, maxvalue, if unlink { None } else { Some(name) });
        // SAFETY: a valid name.
        if unlink && unsafe { libc::sem_unlink(c_name.as_ptr()) } < 0 {
            return Err(failure());
        }
        Ok(made)
    }
}

py_class_methods! { static CLASS_METHODS for "_multiprocessing.SemLock";
    /// The semaphore of a name that another process has made.
    "_rebuild(cls, handle, kind, maxvalue, name, /)"
    fn rebuild(cls, handle: Value, kind: i32, maxvalue: i32, name: OrNone<String>) -> PyResult {
        let Some(name) = name.0 else {
            let _ = handle;
            return Err(raise!(ValueError, "a semaphore without a name cannot be opened again"));
        };
        let c_name = c_name(&name)?;
        // SAFETY: a valid name.
        let opened = unsafe { libc::sem_open(c_name.as_ptr(), 0) };
        if opened == libc::SEM_FAILED {
            return Err(failure());
        }
        Ok(SemLock::make(cls, opened, kind, maxvalue, Some(name)))
    }
}

py_methods! { static METHODS for "_multiprocessing.SemLock", &SemLock;
    /// Acquire the semaphore/lock.
    "acquire(self, /, block=True, timeout=None)"
    fn acquire(this, block: Option<bool>, timeout: OrNone<f64>) -> PyResult<bool> {
        let got = this.acquire(block.unwrap_or(true), timeout.0)?;
        signal::check()?;
        Ok(got)
    }
    /// Release the semaphore/lock.
    "release(self, /)"
    fn release(this) -> PyResult<()> {
        this.release()
    }
    /// Enter the semaphore/lock.
    "__enter__(self, /)"
    fn enter(this) -> PyResult<bool> {
        this.acquire(true, None)
    }
    /// Exit the semaphore/lock.
    "__exit__(self, /, *exc_info)"
    fn exit(this, exc_info: Rest<'_>) -> PyResult<()> {
        let _ = exc_info.0;
        this.release()
    }
    /// Num of `acquire()`s minus num of `release()`s for this process.
    "_count(self, /)"
    fn count(this) -> i64 {
        this.count.get().into()
    }
    /// Whether the lock is owned by this thread.
    "_is_mine(self, /)"
    fn is_mine(this) -> bool {
        this.is_mine()
    }
    /// Get the value of the semaphore.
    "_get_value(self, /)"
    fn get_value(this) -> PyResult<i64> {
        this.value().map(i64::from)
    }
    /// Return whether semaphore has value zero.
    "_is_zero(self, /)"
    fn is_zero(this) -> PyResult<bool> {
        Ok(this.value()? == 0)
    }
    /// Rezero the net acquisition count after fork().
    "_after_fork(self, /)"
    fn after_fork(this) {
        this.count.set(0);
    }
}

fn this<'a>(value: Value) -> &'a SemLock {
    value.get::<SemLock>().expect("descriptors check their owner")
}

static GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "handle",
        doc: "",
        get: |value| Ok(int::from_u64(this(value).handle.0 as u64)),
        set: None,
    },
    GetSetDef { name: "kind", doc: "", get: |value| Ok(int::from_i64(this(value).kind.into())), set: None },
    GetSetDef {
        name: "maxvalue",
        doc: "",
        get: |value| Ok(int::from_i64(this(value).most.into())),
        set: None,
    },
    GetSetDef {
        name: "name",
        doc: "",
        get: |value| {
            let name = this(value).name.as_deref();
            Ok(name.map_or_else(|| objects::none().to_ref(), |name| StrObject::new(name).into()))
        },
        set: None,
    },
];

/// `_multiprocessing.SemLock`
static SEM_LOCK: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_multiprocessing",
    flags: type_flags::BASE,
    slots: Slots { new: Some(new), init: Some(|_, _| Ok(())), ..Slots::EMPTY },
    methods: &[METHODS, CLASS_METHODS],
    getset: GETSET,
    ..TypeSpec::of::<SemLock>("SemLock")
};

py_functions! { static FUNCTIONS;
    /// Removes the name of a semaphore.
    "sem_unlink(name, /)"
    fn sem_unlink(name: String) -> PyResult<()> {
        let name = c_name(&name)?;
        system!(sem_unlink(name.as_ptr())).map(drop)
    }
}

py_functions! { static MEMORY_FUNCTIONS;
    /// Open a shared memory object.  Returns a file descriptor (integer).
    "shm_open(path, flags, mode=511)"
    fn shm_open(path: Path, flags: i32, mode: Option<i32>) -> PyResult<i32> {
        let mode = mode.unwrap_or(0o777) as libc::mode_t;
        system!(shm_open(path.as_ptr(), flags | libc::O_CLOEXEC, mode) at path)
    }
    /// Remove a shared memory object (similar to unlink()).
    "shm_unlink(path, /)"
    fn shm_unlink(path: Path) -> PyResult<()> {
        system!(shm_unlink(path.as_ptr()) at path).map(drop)
    }
}
