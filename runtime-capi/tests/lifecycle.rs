//! Starting, ending, starting again, and what does not belong to a running runtime: errors, never crashes.
//!
//! One test, because a process has one runtime at a time.

use std::ffi::{CStr, c_char};
use std::ptr;

use staticpy::error::{
    SP_ERROR_ARGUMENT, SP_ERROR_PYTHON, SP_ERROR_SIGNATURE, SP_ERROR_STATE, sp_error_delete,
    sp_error_exception, sp_error_kind, sp_error_message,
};
use staticpy::native::sp_function_native;
use staticpy::program::{sp_call, sp_get_attribute, sp_import, sp_run_file};
use staticpy::runtime::{sp_runtime_delete, sp_runtime_new};
use staticpy::value::{SP_INT, SP_OBJECT, sp_int, sp_value_delete};
use staticpy::{Error, Runtime, Value};

/// The kind of an error with its exception and message; the error is deleted.
fn take(error: *mut Error) -> (u32, String) {
    // SAFETY: the error comes from the library, its text has a NUL behind it, and it is deleted once, here.
    unsafe {
        let text = |text: *const c_char| CStr::from_ptr(text).to_string_lossy().into_owned();
        let exception = text(sp_error_exception(error, ptr::null_mut()));
        let shown = format!("{exception}: {}", text(sp_error_message(error, ptr::null_mut())));
        let kind = sp_error_kind(error);
        sp_error_delete(error);
        (kind, shown)
    }
}

fn ok(error: *mut Error) {
    assert!(error.is_null(), "{:?}", take(error));
}

fn start() -> *mut Runtime {
    let mut runtime = ptr::null_mut();
    // SAFETY: no settings, and a place that can be written.
    ok(unsafe { sp_runtime_new(ptr::null(), &mut runtime) });
    runtime
}

fn import(runtime: *const Runtime, name: &str) -> Result<Value, (u32, String)> {
    let mut module = Value::NONE;
    // SAFETY: the name is readable, the place can be written.
    let error = unsafe { sp_import(runtime, name.as_ptr().cast(), name.len(), &mut module) };
    if error.is_null() { Ok(module) } else { Err(take(error)) }
}

fn attribute(runtime: *const Runtime, object: Value, name: &str) -> Value {
    let mut found = Value::NONE;
    // SAFETY: the name is readable, the place can be written.
    ok(unsafe { sp_get_attribute(runtime, object, name.as_ptr().cast(), name.len(), &mut found) });
    found
}

#[test]
fn a_runtime_starts_ends_and_starts_again() {
    assert_eq!(import(ptr::null(), "sys").err().map(|error| error.0), Some(SP_ERROR_STATE));
    let first = start();
    let sys = import(first, "sys").expect("sys is there");
    assert_eq!(sys.tag, SP_OBJECT);
    values_that_python_refuses(first, sys);
    a_result_may_replace_an_argument(first);
    other_threads_are_refused(first);
    programs_fail_as_values(first);
    // SAFETY: the runtime is live; what follows shows that it may be named afterwards.
    unsafe {
        ok(sp_runtime_delete(first));
        assert_eq!(take(sp_runtime_delete(first)).0, SP_ERROR_STATE);
    }
    let second = start();
    // SAFETY: the runtime is live; the handle is of the one before it.
    unsafe {
        assert_eq!(take(sp_value_delete(second, sys)).0, SP_ERROR_ARGUMENT);
        let sys = import(second, "sys").expect("sys is there");
        ok(sp_value_delete(second, sys));
        ok(sp_runtime_delete(second));
    }
}

/// `sys.exit(3)`, a call of an int, native code of a function that is not typed.
fn values_that_python_refuses(runtime: *const Runtime, sys: Value) {
    let exit = attribute(runtime, sys, "exit");
    let (three, mut result, mut code) = (sp_int(3), Value::NONE, None);
    let signature = "() -> int64";
    // SAFETY: every pointer is readable or writable as its parameter asks.
    unsafe {
        let error = take(sp_call(runtime, exit, &three, 1, &mut result));
        assert_eq!(error, (SP_ERROR_PYTHON, "SystemExit: 3".to_owned()));
        let error = take(sp_call(runtime, three, ptr::null(), 0, &mut result));
        assert_eq!(error, (SP_ERROR_PYTHON, "TypeError: 'int' object is not callable".to_owned()));
        let error = take(sp_call(runtime, exit, ptr::null(), 1, &mut result));
        assert_eq!(error.0, SP_ERROR_ARGUMENT);
        let error = sp_function_native(runtime, exit, signature.as_ptr().cast(), signature.len(), &mut code);
        assert_eq!(take(error).0, SP_ERROR_SIGNATURE);
        ok(sp_value_delete(runtime, exit));
    }
}

fn a_result_may_replace_an_argument(runtime: *const Runtime) {
    let builtins = import(runtime, "builtins").expect("builtins are there");
    let abs = attribute(runtime, builtins, "abs");
    let mut number = sp_int(-3);
    let place = &raw mut number;
    // SAFETY: the place is readable and writable, and int64 is the member that the tag names.
    unsafe {
        ok(sp_call(runtime, abs, place, 1, place));
        assert_eq!((number.tag, number.payload.int64), (SP_INT, 3));
    }
}

fn other_threads_are_refused(runtime: *const Runtime) {
    let address = runtime as usize;
    let other = std::thread::spawn(move || import(address as *const Runtime, "sys").err());
    let error = other.join().expect("the thread ends").expect("the call is refused");
    assert_eq!(error, (SP_ERROR_STATE, ": the runtime belongs to another thread".to_owned()));
}

/// A file that is missing, one that does not parse, one with a type error.
fn programs_fail_as_values(runtime: *const Runtime) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let run = |name: &str, source: Option<&str>| {
        let path = folder.join(name);
        if let Some(source) = source {
            std::fs::write(&path, source).expect("a program can be written");
        }
        let path = path.display().to_string();
        // SAFETY: the path is readable.
        take(unsafe { sp_run_file(runtime, path.as_ptr().cast(), path.len()) })
    };
    let missing = run("missing.py", None);
    assert!(missing.1.starts_with("FileNotFoundError: [Errno 2]"), "{missing:?}");
    let broken = run("broken.py", Some("def f(:\n"));
    assert!(broken.1.starts_with("SyntaxError: invalid syntax"), "{broken:?}");
    let typed = run("typed.py", Some("import __static__\nx: int = 'a'\n"));
    assert!(typed.1.starts_with("SyntaxError: ") && typed.1.contains("int"), "{typed:?}");
    let deep = run("deep.py", Some("def f():\n    f()\nf()\n"));
    assert!(deep.1.starts_with("RecursionError: "), "{deep:?}");
    // SAFETY: bytes that are readable but not UTF-8.
    let (kind, message) = take(unsafe { sp_run_file(runtime, b"\xff".as_ptr().cast(), 1) });
    assert_eq!((kind, message.as_str()), (SP_ERROR_ARGUMENT, ": the path is not UTF-8: invalid byte at 0"));
}
