//! A program from its file to its exit code.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use runtime::error;
use runtime::error::unraisable::write_unraisable_at;
use runtime::hooks;
use runtime::objects;
use runtime::objects::module_diagnosis;
use runtime::protocol;
use runtime::stress::{self, Knob};
use runtime::sys_state;
use runtime::value::{PyResult, Raised, Value};
use stdlib::excepthook::exit_code_of;
use stdlib::sys::Startup;

use crate::options::Options;
use crate::program::{self, Failure, Program};
use crate::{anchors, cache, compile, files, import, import_time, interactive, site, tokens, verbose};

/// How a process is set up.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `sys.argv`
    pub argv: Vec<String>,
    /// `sys.path`
    pub path: Vec<PathBuf>,
    /// What is compiled to machine code, and when.
    pub jit: jit::Settings,
    /// Python's own options.
    pub options: Options,
    /// Strict modules and their classes may be patched.
    pub patching: bool,
    /// Integer primitives raise where they would wrap.
    pub trap_overflow: bool,
}

/// Wires the hooks and makes `sys`. The runtime must be attached to the calling thread.
pub fn start(settings: &Settings) -> PyResult<()> {
    let mut jit = settings.jit.clone();
    if stress::every(Knob::Compile) != 0 {
        jit.mode = jit::Mode::Always;
    }
    interp::install();
    jit::install(jit);
    crate::options::set_trap_overflow(settings.trap_overflow);
    if settings.patching
        || settings.options.variable("PYTHONENABLEPATCHING").is_some_and(|value| value != "0")
    {
        runtime::freeze::enable_patching();
    }
    hooks::install(|hooks| {
        hooks.compile = compile::compile;
        hooks.compile_module = compile::compile_module;
        hooks.load_module = import::load_module;
        hooks.static_code = import::static_code;
        hooks.source_text = files::source_text;
        hooks.anchors = anchors::anchors;
        hooks.is_whole_call = anchors::is_whole_call;
        hooks.tokenize = tokens::tokenize;
    });
    let checked = settings.options.checked().unwrap_or_default();
    if checked.import_time {
        import_time::begin();
    }
    if settings.options.verbose > 0 {
        verbose::begin();
    }
    crate::options::set_skip_first_line(settings.options.skip_first_line > 0);
    let (stream_encoding, stream_errors) = settings.options.streams();
    runtime::warning::set_of_bytes(settings.options.bytes_warning > 0);
    stdlib::imp::set_compiler(cache::fingerprint());
    stdlib::imp::set_hash_checks(settings.options.hash_checks);
    stdlib::sys::initialize(&Startup {
        argv: as_given(&settings.argv),
        original: std::env::args_os().collect(),
        path: search_path(settings),
        executable: site::executable().map(|path| path.display().to_string()).unwrap_or_default(),
        flags: settings.options.flags(),
        warnings: settings.options.warnings.clone(),
        extended: settings.options.extended.clone(),
        cache_prefix: match settings.options.extended("pycache_prefix") {
            Some(prefix) => Some(prefix.to_owned()).filter(|prefix| !prefix.is_empty()),
            None => settings.options.variable("PYTHONPYCACHEPREFIX"),
        },
        stream_encoding,
        stream_errors,
        cpu_count: checked.cpu_count,
        is_unbuffered: settings.options.unbuffered > 0,
    })?;
    if let Some(directory) = settings.path.first() {
        module_diagnosis::set_program_directory(directory);
    }
    let options = &settings.options;
    if options.is_asked("no_debug_ranges", "PYTHONNODEBUGRANGES") {
        error::hide_columns();
    }
    if options.is_dev() || options.is_asked("faulthandler", "PYTHONFAULTHANDLER") {
        stdlib::faulthandler::watch(libc::STDERR_FILENO);
    }
    if settings.options.no_site == 0 {
        stdlib::site::install();
        site::add_packages(&settings.options)?;
    }
    if !settings.options.warnings.is_empty() {
        // They are read when the module that serves them is imported, and are to hold from here on.
        protocol::import::import_absolute("warnings")?;
    }
    Ok(())
}

/// The arguments of the program as the process was given them, byte for byte: they are the last words of the command line.
fn as_given(argv: &[String]) -> Vec<OsString> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let first = words.len() as isize - argv.len() as isize;
    let given = |(at, text): (usize, &String)| {
        let word = usize::try_from(first + at as isize).ok().and_then(|at| words.get(at));
        word.filter(|word| word.to_string_lossy() == **text).map_or_else(|| text.into(), OsString::clone)
    };
    argv.iter().enumerate().map(given).collect()
}

/// `sys.path`: what the settings say, then `PYTHONPATH`, unless the environment is ignored, then the library, or the folder that `SPC_STDLIB` names in its place.
fn search_path(settings: &Settings) -> Vec<String> {
    let mut path: Vec<String> = settings.path.iter().map(|path| path.display().to_string()).collect();
    let more = settings.options.variable("PYTHONPATH").unwrap_or_default();
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

/// Runs a program, and behind it the prompt if that is asked for; gives the exit code for [`finish`]. Errors have been printed as Python
/// prints them.
pub fn run_program(program: &Program, options: &Options) -> u8 {
    let code = run_alone(program, options.inspect > 0);
    let stdin = std::io::stdin();
    // The program may have set the variable.
    let is_inspected = options.inspect > 0 || options.variable("PYTHONINSPECT").is_some();
    let has_prompt = is_inspected && (options.interactive > 0 || stdin.is_terminal());
    if has_prompt && *program != Program::Interactive { inspect() } else { code }
}

/// Runs a program. To somebody who looks at what it leaves behind, `SystemExit` is an exception like any other.
fn run_alone(program: &Program, is_inspected: bool) -> u8 {
    match program.run() {
        Ok(()) => 0,
        Err(Failure::Raised(raised)) if is_inspected && *program != Program::Interactive => {
            let exception = runtime::thread().take_raised(raised);
            stdlib::excepthook::show(&exception);
            1
        }
        Err(Failure::Raised(raised)) => report(raised),
        Err(Failure::Missing(message)) => {
            let executable = std::env::current_exe().unwrap_or_default();
            hooks::write_stderr(&format!("{}: {message}\n", executable.display()));
            1
        }
    }
}

/// `-i`: the prompt behind a program; gives the exit code.
fn inspect() -> u8 {
    match interactive::inspect() {
        Ok(()) => 0,
        Err(raised) => report(raised),
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
    wait_for_threads();
    stdlib::atexit::run();
    // Who is in the middle of writing can end that as long as threads run.
    let code = if runtime::global_lock::others() > 0 { flushed(code) } else { code };
    let has_daemons = runtime::global_lock::end() > 0;
    program::release();
    stdlib::release();
    let code = flushed(code);
    // Debug builds look for leaks among what is left when everything has gone.
    if !cfg!(debug_assertions) && !runtime::finalize::is_noticed(&standard_streams()) {
        return code;
    }
    runtime::finalize::clear_modules();
    stdlib::release_last();
    // Finalisers may have printed.
    let code = flushed(code);
    runtime::finalize::clear_sys();
    // Threads that never run again keep what they had.
    if cfg!(debug_assertions)
        && !has_daemons
        && let Some(report) = runtime::audit::leaks()
    {
        hooks::write_stderr(&format!("leak audit: {report}"));
        return LEAKED;
    }
    code
}

/// Waits for the threads of the program that are not daemons.
fn wait_for_threads() {
    if let Err(raised) = stdlib::thread::shut_down() {
        let threading =
            sys_state::modules().get_text("threading").unwrap_or_else(|| objects::none().to_ref());
        write_unraisable_at(raised, "on threading shutdown", threading.value());
    }
}

/// The standard streams, if the program still has those that the process began with, and they have nothing left to write.
fn standard_streams() -> Vec<Value> {
    let layers = ["stdin", "stdout", "stderr"].map(|name| {
        flushed_layers(name).unwrap_or_else(|raised| {
            drop(runtime::thread().take_raised(raised));
            Vec::new()
        })
    });
    layers.concat()
}

/// Flushes a standard stream; gives it and what is under it.
fn flushed_layers(name: &str) -> PyResult<Vec<Value>> {
    let Some(sys) = sys_state::modules().get_text("sys") else { return Ok(Vec::new()) };
    let current = protocol::get_attr_text(sys.value(), name)?;
    let first = protocol::get_attr_text(sys.value(), &format!("__{name}__"))?;
    flush(current.value())?;
    let is_first = current.value() == first.value() && !objects::is_none(current.value());
    Ok(if is_first { stdlib::io::standard::layers(current.value()) } else { Vec::new() })
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
    flush(protocol::get_attr_text(sys.value(), "stdout")?.value())
}

/// Flushes a stream that is open.
fn flush(stream: Value) -> PyResult<()> {
    let is_open = !objects::is_none(stream) && !is_closed(stream);
    if is_open {
        protocol::call_method_text(stream, "flush", &[])?;
    }
    Ok(())
}
