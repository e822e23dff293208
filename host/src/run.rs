//! A program from its file to its exit code.

use std::path::{Path, PathBuf};

use runtime::error::{self, ExceptionObject};
use runtime::hooks;
use runtime::objects;
use runtime::objects::int;
use runtime::objects::list::ListObject;
use runtime::objects::str::StrObject;
use runtime::protocol;
use runtime::sys_state;
use runtime::value::{PyResult, Raised, Ref, Value};

use crate::compile::{self, SearchPath};
use crate::import;

/// How a process is set up.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `sys.argv`
    pub argv: Vec<String>,
    /// Directories in front of `sys.path`.
    pub path: Vec<PathBuf>,
}

/// Wires the hooks and makes `sys`. The runtime is attached to the calling thread already.
pub fn start(settings: &Settings) -> PyResult<()> {
    interp::install();
    hooks::install(|hooks| {
        hooks.compile = compile::compile;
        hooks.load_module = import::load_module;
    });
    protocol::import::import_absolute("sys")?;
    let strings =
        |items: Vec<String>| ListObject::new(items.iter().map(|item| StrObject::new(item).into()).collect());
    import::set_sys("argv", strings(settings.argv.clone()))?;
    let path = settings.path.iter().map(|path| path.display().to_string()).collect();
    import::set_sys("path", strings(path))
}

/// Runs a file as `__main__`; gives the exit code. Errors have been printed as Python prints them.
pub fn run_file(path: &Path) -> u8 {
    let outcome = run_main(path);
    let code = match outcome {
        Ok(_) => 0,
        Err(raised) => report(raised),
    };
    flush() | code
}

fn run_main(path: &Path) -> PyResult {
    let directory = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let loader = SearchPath { directories: vec![directory] };
    let module = import::new_module("__main__", path);
    sys_state::modules().set_text("__main__", module.clone());
    module.dict().set_text("__package__", objects::none().to_ref());
    let code = compile::compile_file("__main__", path, &loader)?;
    let namespace = Value::from_object(module.dict());
    (hooks::hooks().run_code)(code.value(), module.dict(), namespace, Value::NULL)
}

/// Prints an exception that nobody has caught; gives the exit code.
pub fn report(raised: Raised) -> u8 {
    let exception = runtime::thread().take_raised(raised);
    if exception.ty().is_subclass_of(&error::types::SystemExit) {
        return exit_code(&exception);
    }
    flush();
    hooks::write_stderr(&error::print::format_exception(exception.value()));
    if exception.ty().is_subclass_of(&error::types::KeyboardInterrupt) { 130 } else { 1 }
}

/// `sys.exit(code)`: a number, None for 0, anything else is printed and gives 1.
fn exit_code(exception: &Ref) -> u8 {
    let args = exception.get::<ExceptionObject>().map(ExceptionObject::arguments).unwrap_or_default();
    let Some(code) = args.first().filter(|code| !objects::is_none(code.value())) else { return 0 };
    match int::IntRef::of(code.value()) {
        Some(number) => number.to_i64().map_or(255, |number| (number & 0xff) as u8),
        None => {
            flush();
            let text = protocol::str_string(code.value()).unwrap_or_default();
            hooks::write_stderr(&format!("{text}\n"));
            1
        }
    }
}

/// Flushes standard output; 120 if that fails, as in CPython.
fn flush() -> u8 {
    let Some(sys) = sys_state::modules().get_text("sys") else { return 0 };
    let flushed = protocol::get_attr_text(sys.value(), "stdout").and_then(|stdout| {
        if objects::is_none(stdout.value()) {
            return Ok(stdout);
        }
        protocol::call_method_text(stdout.value(), "flush", &[])
    });
    match flushed {
        Ok(_) => 0,
        Err(raised) => {
            let exception = runtime::thread().take_raised(raised);
            let text = error::print::format_exception_only(exception.value());
            hooks::write_stderr(&format!("Exception ignored on flushing sys.stdout:\n{text}"));
            120
        }
    }
}
