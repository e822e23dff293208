//! A program from its file to its exit code.

use std::path::{Path, PathBuf};

use runtime::error;
use runtime::hooks;
use runtime::objects;
use runtime::protocol;
use runtime::sys_state;
use runtime::value::{PyResult, Raised, Value};
use stdlib::sys::{Startup, exit_code_of};

use crate::compile::{self, SearchPath};
use crate::import;

/// How a process is set up.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `sys.argv`
    pub argv: Vec<String>,
    /// `sys.path`
    pub path: Vec<PathBuf>,
    /// What is compiled to machine code, and when.
    pub jit: jit::Settings,
}

/// Wires the hooks and makes `sys`. The runtime must be attached to the calling thread.
pub fn start(settings: &Settings) -> PyResult<()> {
    interp::install();
    jit::install(settings.jit.clone());
    hooks::install(|hooks| {
        hooks.compile = compile::compile;
        hooks.load_module = import::load_module;
    });
    stdlib::sys::initialize(&Startup {
        argv: settings.argv.clone(),
        path: settings.path.iter().map(|path| path.display().to_string()).collect(),
        executable: std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default(),
        flags: Vec::new(),
    })
}

/// Runs a file as `__main__`; gives the exit code. Errors have been printed as Python prints them.
pub fn run_file(path: &Path) -> u8 {
    let code = match run_main(path) {
        Ok(_) => 0,
        Err(raised) => report(raised),
    };
    match flush_stdout() {
        Ok(()) => code,
        Err(raised) => {
            let exception = runtime::thread().take_raised(raised);
            let text = error::print::format_exception_only(exception.value());
            hooks::write_stderr(&format!("Exception ignored on flushing sys.stdout:\n{text}"));
            120
        }
    }
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
    exit_code_of(&exception) as u8
}

/// Flushes `sys.stdout`, if there is one.
fn flush_stdout() -> PyResult<()> {
    let Some(sys) = sys_state::modules().get_text("sys") else { return Ok(()) };
    let stdout = protocol::get_attr_text(sys.value(), "stdout")?;
    if !objects::is_none(stdout.value()) {
        protocol::call_method_text(stdout.value(), "flush", &[])?;
    }
    Ok(())
}
