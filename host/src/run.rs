//! A program from its file to its exit code.

use std::path::{Path, PathBuf};

use runtime::error;
use runtime::hooks;
use runtime::objects;
use runtime::protocol;
use runtime::stress::{self, Knob};
use runtime::sys_state;
use runtime::value::{PyResult, Raised, Value};
use stdlib::sys::{Options, Startup, exit_code_of};

use crate::program::{self, Failure, Program};
use crate::{compile, files, import, tokens};

/// How a process is set up.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `sys.argv`
    pub argv: Vec<String>,
    /// `sys.path`
    pub path: Vec<PathBuf>,
    /// What is compiled to machine code, and when.
    pub jit: jit::Settings,
    /// What the program finds in `sys.flags` and its neighbours.
    pub options: Options,
}

/// Wires the hooks and makes `sys`. The runtime must be attached to the calling thread.
pub fn start(settings: &Settings) -> PyResult<()> {
    let mut jit = settings.jit.clone();
    if stress::every(Knob::Compile) != 0 {
        jit.mode = jit::Mode::Always;
    }
    interp::install();
    jit::install(jit);
    hooks::install(|hooks| {
        hooks.compile = compile::compile;
        hooks.load_module = import::load_module;
        hooks.source_text = files::source_text;
        hooks.tokenize = tokens::tokenize;
    });
    stdlib::sys::initialize(&Startup {
        argv: settings.argv.clone(),
        path: search_path(settings),
        executable: std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default(),
        options: settings.options.clone(),
    })
}

/// `sys.path`: what the settings say, then `PYTHONPATH`, unless the environment is ignored, then the library, or the folder that `SPC_STDLIB` names in its place.
fn search_path(settings: &Settings) -> Vec<String> {
    let mut path: Vec<String> = settings.path.iter().map(|path| path.display().to_string()).collect();
    let more = settings.options.environment("PYTHONPATH").unwrap_or_default();
    path.extend(
        std::env::split_paths(&more)
            .filter(|path| !path.as_os_str().is_empty())
            .map(|path| path.display().to_string()),
    );
    path.push(std::env::var("SPC_STDLIB").unwrap_or_else(|_| stdlib::library::ROOT.to_owned()));
    path
}

/// Turns the knobs of `SPC_STRESS`, before [`start`]; `Err` says what is wrong with them.
pub fn read_stress() -> Result<(), String> {
    match std::env::var("SPC_STRESS") {
        Ok(text) => stress::install(&text).map_err(|message| format!("SPC_STRESS: {message}")),
        Err(_) => Ok(()),
    }
}

/// Runs a program; gives the exit code for [`finish`]. Errors have been printed as Python prints them.
pub fn run_program(program: &Program) -> u8 {
    match program.run() {
        Ok(()) => 0,
        Err(Failure::Raised(raised)) => report(raised),
        Err(Failure::Missing(message)) => {
            let executable = std::env::current_exe().unwrap_or_default();
            hooks::write_stderr(&format!("{}: {message}\n", executable.display()));
            1
        }
    }
}

/// Runs a file as `__main__`; an exception is the caller's.
pub fn run_main(path: &Path) -> PyResult {
    program::run_path(path, None)
}

/// Prints an exception that nobody has caught; gives the exit code.
pub fn report(raised: Raised) -> u8 {
    let exception = runtime::thread().take_raised(raised);
    exit_code_of(&exception) as u8
}

/// What a debug build ends with when its leak audit fails.
const LEAKED: u8 = 99;

/// Ends a process after its program: calls what `atexit` knows, writes out what is buffered, empties modules, lets go of compiled code,
/// and destroys what is left, as Python does; gives the exit code. A debug build audits what is left over then.
pub fn finish(code: u8) -> u8 {
    stdlib::atexit::run();
    stdlib::release();
    let code = flushed(code);
    runtime::finalize::clear_modules();
    stdlib::release();
    // Finalisers may have printed.
    let code = flushed(code);
    runtime::finalize::clear_sys();
    if cfg!(debug_assertions)
        && let Some(report) = runtime::audit::leaks()
    {
        hooks::write_stderr(&format!("leak audit: {report}"));
        return LEAKED;
    }
    code
}

/// Flushes what is still buffered; the exit code if that fails is 120.
fn flushed(code: u8) -> u8 {
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

/// Whether a stream says that it is closed; one that cannot tell is not.
fn is_closed(stream: Value) -> bool {
    let answer =
        protocol::get_attr_text(stream, "closed").and_then(|closed| protocol::is_true(closed.value()));
    answer.unwrap_or_else(|raised| {
        drop(runtime::thread().take_raised(raised));
        false
    })
}

/// Flushes `sys.stdout`, if there is one that is open.
fn flush_stdout() -> PyResult<()> {
    let Some(sys) = sys_state::modules().get_text("sys") else { return Ok(()) };
    let stdout = protocol::get_attr_text(sys.value(), "stdout")?;
    let is_open = !objects::is_none(stdout.value()) && !is_closed(stdout.value());
    if is_open {
        protocol::call_method_text(stdout.value(), "flush", &[])?;
    }
    Ok(())
}
