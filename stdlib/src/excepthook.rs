//! What happens to an exception that nobody has caught: `sys.excepthook`, and the exit code.
//!
//! The exception is first remembered as `sys.last_exc` and its parts, for debuggers; then the hook is called. A hook that fails is reported
//! itself, together with the exception that it was called for. `SystemExit` is not reported: it only tells the exit code.

use std::env::var_os;
use std::io::IsTerminal;

use runtime::error::{self, ExceptionObject, print};
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::{self, int};
use runtime::{PyResult, Ref, Value, protocol, sys_state, thread};

/// `sys.__excepthook__`: prints an exception with its traceback and its chain on `sys.stderr`.
pub(crate) fn display(class: Value, exception: Value, traceback: Value) -> PyResult<()> {
    let _ = class;
    let Some(this) = exception.get::<ExceptionObject>() else {
        let got = exception.ty().name();
        // Who reports an error is told of none.
        print::write_to_sys_stderr(&format!(
            "TypeError: print_exception(): Exception expected for value, {got} found\n"
        ));
        return Ok(());
    };
    if !objects::is_none(traceback) && this.traceback.get().is_none() {
        let given = protocol::call_method_text(exception, "with_traceback", &[traceback]);
        if let Err(raised) = given {
            drop(thread().take_raised(raised));
        }
    }
    if !print_coloured(exception) {
        print::write_to_sys_stderr(&print::format_exception(exception));
    }
    Ok(())
}

/// Lets the library print an exception where there may be colours, which only it knows; whether it has.
fn print_coloured(exception: Value) -> bool {
    const ASKING: [&str; 2] = ["PYTHON_COLORS", "FORCE_COLOR"];
    let may_have_colours =
        std::io::stderr().is_terminal() || ASKING.iter().any(|name| var_os(name).is_some());
    if !may_have_colours {
        return false;
    }
    let printed = protocol::import::import_absolute("traceback").and_then(|library| {
        protocol::call_method_text(library.value(), "_print_exception_bltin", &[exception])
    });
    printed.map_err(|raised| drop(thread().take_raised(raised))).is_ok()
}

/// What the process ends with after an uncaught exception, which is reported unless it is `SystemExit`.
pub fn exit_code_of(exception: &Ref) -> i32 {
    crate::sys::flush_streams();
    if exception.ty().is_subclass_of(&error::types::SystemExit) {
        return requested_code(exception);
    }
    match report(exception) {
        Ok(()) if exception.ty().is_subclass_of(&error::types::KeyboardInterrupt) => {
            runtime::signal::interrupted_program()
        }
        Ok(()) => 1,
        Err(code) => code,
    }
}

/// Reports an exception whatever it is, and goes on.
pub fn show(exception: &Ref) {
    crate::sys::flush_streams();
    let _ignored = report(exception);
}

/// What `SystemExit` asks for.
fn requested_code(exception: &Ref) -> i32 {
    let code =
        exception.get::<ExceptionObject>().and_then(|exit| exit.extra[error::types::EXIT_CODE].get_ref());
    let Some(code) = code.filter(|code| !objects::is_none(code.value())) else { return 0 };
    match int::IntRef::of(code.value()) {
        Some(code) => code.to_i64().unwrap_or(-1) as i32 & 0xff,
        None => {
            match protocol::str(code.value()) {
                Ok(shown) => {
                    let text = shown.get::<StrObject>().map(StrObject::to_string_lossy).unwrap_or_default();
                    print::write_object_to_sys_stderr(shown.value(), &text);
                }
                Err(raised) => drop(thread().take_raised(raised)),
            }
            print::write_to_sys_stderr("\n");
            1
        }
    }
}

/// Tells the audit hooks that an exception is to be reported.
fn tell(hook: Ref, class: &Ref, exception: &Ref, traceback: &Ref) -> PyResult<()> {
    runtime::tell!("sys.excepthook", hook, class.clone(), exception.clone(), traceback.clone());
    Ok(())
}

/// Whether the exception on its way is one by which an audit hook asks for silence.
fn raised_type_is_refusal() -> bool {
    thread().peek_raised().is_some_and(|raised| raised.ty().is_subclass_of(&error::types::RuntimeError))
}

/// Calls the program's hook; `Err` is the exit code that the hook asks for.
fn report(exception: &Ref) -> Result<(), i32> {
    let none = || objects::none().to_ref();
    let traceback = exception
        .get::<ExceptionObject>()
        .and_then(|exception| exception.traceback.get_ref())
        .unwrap_or_else(none);
    let class = exception.ty().value().to_ref();
    let sys = sys_state::modules().get_text("sys");
    let Some(dict) = sys.as_ref().and_then(|sys| sys.get::<ModuleObject>()).map(ModuleObject::dict) else {
        print::write_to_sys_stderr(&print::format_exception(exception.value()));
        return Ok(());
    };
    dict.set_text("last_exc", exception.clone());
    dict.set_text("last_type", class.clone());
    dict.set_text("last_value", exception.clone());
    dict.set_text("last_traceback", traceback.clone());
    let hook = dict.get_text("excepthook");
    let told = tell(hook.clone().unwrap_or_else(none), &class, exception, &traceback);
    if let Err(raised) = told {
        if raised_type_is_refusal() {
            drop(thread().take_raised(raised));
            return Ok(());
        }
        error::write_unraisable(raised, None);
    }
    let Some(hook) = hook else {
        let text = print::format_exception(exception.value());
        print::write_to_sys_stderr(&format!("sys.excepthook is missing\n{text}"));
        return Ok(());
    };
    let args = [class.value(), exception.value(), traceback.value()];
    let Err(raised) = protocol::call(hook.value(), &args, None) else { return Ok(()) };
    let failure = thread().take_raised(raised);
    if failure.ty().is_subclass_of(&error::types::SystemExit) {
        return Err(requested_code(&failure));
    }
    let (failed, original) =
        (print::format_exception(failure.value()), print::format_exception(exception.value()));
    print::write_to_sys_stderr(&format!(
        "Error in sys.excepthook:\n{failed}\nOriginal exception was:\n{original}"
    ));
    Ok(())
}
