//! The standard exception hierarchy, one line per class: name, base, extra fields, documentation.
//!
//! Every exception has the same Rust layout ([`ExceptionObject`]), so any two may be bases of one class. Attributes beyond
//! `args` are extra fields, listed here by name; constructors fill them in (`error::init`).

use super::exception::{EXCEPTION_SLOTS, ExceptionObject};
use crate::methods::GetSetDef;
use crate::objects;
use crate::objects::int::{self, IntRef};
use crate::type_object::{TypeObject, TypeSpec, type_flags};
use crate::value::{PyResult, Value};

/// Index of `NameError.name` among the extra fields.
pub const NAME_NAME: usize = 0;
/// Index of `AttributeError.name`.
pub const ATTRIBUTE_NAME: usize = 0;
/// Index of `AttributeError.obj`.
pub const ATTRIBUTE_OBJ: usize = 1;
/// Index of `StopIteration.value`.
pub const STOP_VALUE: usize = 0;
/// Index of `SystemExit.code`.
pub const EXIT_CODE: usize = 0;

fn get_extra(value: Value, at: usize) -> PyResult {
    let exception = value.get::<ExceptionObject>().expect("descriptors check their owner");
    Ok(exception.extra[at].get().unwrap_or_else(objects::none).to_ref())
}

fn set_extra(value: Value, at: usize, new: Option<Value>) -> PyResult<()> {
    let exception = value.get::<ExceptionObject>().expect("descriptors check their owner");
    drop(exception.extra[at].replace(new.map(Value::to_ref)));
    Ok(())
}

/// A number that is not there until it is known.
fn get_count(value: Value, at: usize) -> PyResult {
    let exception = value.get::<ExceptionObject>().expect("descriptors check their owner");
    let known = exception.extra[at].get().map(Value::to_ref);
    known.ok_or_else(|| crate::raise!(AttributeError, "characters_written"))
}

fn set_count(value: Value, at: usize, new: Option<Value>) -> PyResult<()> {
    let Some(new) = new else {
        get_count(value, at)?;
        return set_extra(value, at, None);
    };
    let count = int::index(new)?;
    if IntRef::of(count.value()).and_then(IntRef::to_i64).is_none() {
        return Err(crate::raise!(ValueError, "cannot fit 'int' into an index-sized integer"));
    }
    set_extra(value, at, Some(count.value()))
}

const fn is_count(field: &str) -> bool {
    matches!(field.as_bytes(), b"characters_written")
}

/// Whether a field is only read: those of groups are.
const fn is_fixed(field: &str) -> bool {
    matches!(field.as_bytes(), b"message" | b"exceptions")
}

macro_rules! extra_fields {
    ($($field:ident)*) => { extra_fields!(@ [] 0; $($field)*) };
    (@ [$($done:expr,)*] $at:expr; $field:ident $($rest:ident)*) => {
        extra_fields!(@ [$($done,)* GetSetDef {
            name: stringify!($field),
            doc: concat!("exception ", stringify!($field)),
            get: if is_count(stringify!($field)) {
                |value| get_count(value, $at)
            } else {
                |value| get_extra(value, $at)
            },
            set: if is_fixed(stringify!($field)) {
                None
            } else if is_count(stringify!($field)) {
                Some(|value, new| set_count(value, $at, new))
            } else {
                Some(|value, new| set_extra(value, $at, new))
            },
        },] $at + 1; $($rest)*)
    };
    (@ [$($done:expr,)*] $at:expr;) => { &[$($done,)*] };
}

macro_rules! exceptions {
    ($($name:ident($base:ident) { $($field:ident)* } $doc:literal;)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`")]
            #[allow(non_upper_case_globals, reason = "exceptions are named as in Python")]
            pub static $name: TypeObject = TypeObject::from_spec({
                static SPEC: TypeSpec = TypeSpec {
                    doc: $doc,
                    base: Some(&$base),
                    flags: type_flags::BASE | type_flags::GC,
                    members: extra_fields!($($field)*),
                    ..TypeSpec::of::<ExceptionObject>(stringify!($name))
                };
                &SPEC
            });
        )*

        /// Every class but `BaseException`, bases first.
        pub static ALL: &[&TypeObject] = &[$(&$name),*];
    };
}

/// `BaseException`
#[allow(non_upper_case_globals, reason = "exceptions are named as in Python")]
pub static BaseException: TypeObject = TypeObject::from_spec(&BASE_SPEC);
static BASE_SPEC: TypeSpec = TypeSpec {
    doc: "Common base class for all exceptions.",
    flags: type_flags::BASE | type_flags::GC,
    dict_offset: ExceptionObject::DICT_OFFSET,
    slots: EXCEPTION_SLOTS,
    methods: &[super::exception::METHODS],
    getset: super::exception::GETSET,
    ..TypeSpec::of::<ExceptionObject>("BaseException")
};

exceptions! {
    BaseExceptionGroup(BaseException) { message exceptions } "A combination of multiple unrelated exceptions.";
    GeneratorExit(BaseException) {} "Request that a generator exit.";
    KeyboardInterrupt(BaseException) {} "Program interrupted by user.";
    SystemExit(BaseException) { code } "Request to exit from the interpreter.";
    Exception(BaseException) {} "Common base class for all non-exit exceptions.";
    ArithmeticError(Exception) {} "Base class for arithmetic errors.";
    FloatingPointError(ArithmeticError) {} "Floating-point operation failed.";
    OverflowError(ArithmeticError) {} "Result too large to be represented.";
    ZeroDivisionError(ArithmeticError) {} "Second argument to a division or modulo operation was zero.";
    AssertionError(Exception) {} "Assertion failed.";
    AttributeError(Exception) { name obj } "Attribute not found.";
    BufferError(Exception) {} "Buffer error.";
    EOFError(Exception) {} "Read beyond end of file.";
    ImportError(Exception) { msg name path name_from } "Import can't find module, or can't find name in module.";
    ModuleNotFoundError(ImportError) {} "Module not found.";
    LookupError(Exception) {} "Base class for lookup errors.";
    IndexError(LookupError) {} "Sequence index out of range.";
    KeyError(LookupError) {} "Mapping key not found.";
    MemoryError(Exception) {} "Out of memory.";
    NameError(Exception) { name } "Name not found globally.";
    UnboundLocalError(NameError) {} "Local name referenced but not bound to a value.";
    OSError(Exception) { errno strerror filename filename2 characters_written } "Base class for I/O related errors.";
    BlockingIOError(OSError) {} "I/O operation would block.";
    ChildProcessError(OSError) {} "Child process error.";
    ConnectionError(OSError) {} "Connection error.";
    BrokenPipeError(ConnectionError) {} "Broken pipe.";
    ConnectionAbortedError(ConnectionError) {} "Connection aborted.";
    ConnectionRefusedError(ConnectionError) {} "Connection refused.";
    ConnectionResetError(ConnectionError) {} "Connection reset.";
    FileExistsError(OSError) {} "File already exists.";
    FileNotFoundError(OSError) {} "File not found.";
    InterruptedError(OSError) {} "Interrupted by signal.";
    IsADirectoryError(OSError) {} "Operation doesn't work on directories.";
    NotADirectoryError(OSError) {} "Operation only works on directories.";
    PermissionError(OSError) {} "Not enough permissions.";
    ProcessLookupError(OSError) {} "Process not found.";
    TimeoutError(OSError) {} "Timeout expired.";
    ReferenceError(Exception) {} "Weak ref proxy used after referent went away.";
    RuntimeError(Exception) {} "Unspecified run-time error.";
    NotImplementedError(RuntimeError) {} "Method or function hasn't been implemented yet.";
    PythonFinalizationError(RuntimeError) {} "Operation blocked during Python finalization.";
    RecursionError(RuntimeError) {} "Recursion limit exceeded.";
    StopAsyncIteration(Exception) {} "Signal the end from iterator.__anext__().";
    StopIteration(Exception) { value } "Signal the end from iterator.__next__().";
    SyntaxError(Exception) { msg filename lineno offset text end_lineno end_offset print_file_and_line } "Invalid syntax.";
    IndentationError(SyntaxError) {} "Improper indentation.";
    _IncompleteInputError(SyntaxError) {} "incomplete input.";
    TabError(IndentationError) {} "Improper mixture of spaces and tabs.";
    SystemError(Exception) {} "Internal error in the Python interpreter.\n\nPlease report this to the Python maintainer, along with the traceback,\nthe Python version, and the hardware/OS platform and version.";
    TypeError(Exception) {} "Inappropriate argument type.";
    ValueError(Exception) {} "Inappropriate argument value (of correct type).";
    UnicodeError(ValueError) {} "Unicode related error.";
    UnicodeDecodeError(UnicodeError) { encoding object start end reason } "Unicode decoding error.";
    UnicodeEncodeError(UnicodeError) { encoding object start end reason } "Unicode encoding error.";
    UnicodeTranslateError(UnicodeError) { object start end reason } "Unicode translation error.";
    Warning(Exception) {} "Base class for warning categories.";
    BytesWarning(Warning) {} "Base class for warnings about bytes and buffer related problems, mostly\nrelated to conversion from str or comparing to str.";
    DeprecationWarning(Warning) {} "Base class for warnings about deprecated features.";
    EncodingWarning(Warning) {} "Base class for warnings about encodings.";
    FutureWarning(Warning) {} "Base class for warnings about constructs that will change semantically\nin the future.";
    ImportWarning(Warning) {} "Base class for warnings about probable mistakes in module imports";
    PendingDeprecationWarning(Warning) {} "Base class for warnings about features which will be deprecated\nin the future.";
    ResourceWarning(Warning) {} "Base class for warnings about resource usage.";
    RuntimeWarning(Warning) {} "Base class for warnings about dubious runtime behavior.";
    SyntaxWarning(Warning) {} "Base class for warnings about dubious syntax.";
    UnicodeWarning(Warning) {} "Base class for warnings about Unicode related problems, mostly\nrelated to conversion problems.";
    UserWarning(Warning) {} "Base class for warnings generated by user code.";
}

/// The subclass of `OSError` that stands for an errno.
pub fn os_error_class(errno: i32) -> &'static TypeObject {
    match errno {
        libc::EAGAIN | libc::EALREADY | libc::EINPROGRESS => &BlockingIOError,
        libc::ECHILD => &ChildProcessError,
        libc::EPIPE | libc::ESHUTDOWN => &BrokenPipeError,
        libc::ECONNABORTED => &ConnectionAbortedError,
        libc::ECONNREFUSED => &ConnectionRefusedError,
        libc::ECONNRESET => &ConnectionResetError,
        libc::EEXIST => &FileExistsError,
        libc::ENOENT => &FileNotFoundError,
        libc::EINTR => &InterruptedError,
        libc::EISDIR => &IsADirectoryError,
        libc::ENOTDIR => &NotADirectoryError,
        libc::EACCES | libc::EPERM => &PermissionError,
        libc::ESRCH => &ProcessLookupError,
        libc::ETIMEDOUT => &TimeoutError,
        _ => &OSError,
    }
}
