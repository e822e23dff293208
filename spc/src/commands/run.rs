//! `spc run`, `spc FILE`, `-c`, `-m`, `-`: a program, from where it is to its exit code.

use std::path::{Path, PathBuf};

use host::Program;

use crate::args::{Run, RunArgs};
use crate::compile::{self, Failure};
use crate::render;

/// Runs a program. A file that cannot even be read or, in a static module, does not check, is reported without running anything.
pub(crate) fn run(line: Run) -> u8 {
    let Run { own: RunArgs { jit, patching, trap_overflow }, options, program, args } = line;
    if let Err(message) = options.checked() {
        eprintln!("Fatal Python error: {message}");
        return 1;
    }
    let settings = match jit.settings() {
        Ok(settings) => settings,
        Err(message) => {
            eprintln!("spc: {message}");
            return 2;
        }
    };
    let name = program.name();
    let program = match program {
        Program::File(file) => match checked_file(&file) {
            Ok(found) if file.is_dir() => Program::Folder(found),
            Ok(found) => Program::File(found),
            Err(code) => return code,
        },
        other => other,
    };
    if options.ignore_environment > 0 || options.random_hashes > 0 {
        runtime::hash::ignore_seed();
    }
    let _attached = runtime::attach();
    if let Err(message) = host::run::read_stress() {
        eprintln!("spc: {message}");
        return 2;
    }
    runtime::signal::install();
    let mut argv = vec![name];
    argv.extend(args);
    let has_directory = options.safe_path == 0 || program.is_on_path();
    let path = if has_directory { vec![program.directory()] } else { Vec::new() };
    let settings = host::Settings { argv, path, jit: settings, options, patching, trap_overflow };
    let code = match host::start(&settings) {
        Ok(()) => host::run_program(&program, &settings.options),
        Err(raised) => host::run::report(raised),
    };
    if jit.stats {
        eprint!("{}", jit::report::statistics());
    }
    host::run::finish(code)
}

/// The file to run: absolute, because tracebacks and `__file__` show where it is, `sys.argv` how it was named. `Err` is an exit
/// code; what is wrong has been printed.
fn checked_file(named: &Path) -> Result<PathBuf, u8> {
    let file = std::path::absolute(named).unwrap_or_else(|_| named.to_path_buf());
    if !file.is_dir() {
        return check_file(named).map(|()| file);
    }
    let main = file.join("__main__.py");
    if main.is_file() {
        return check_file(&main).map(|()| file);
    }
    if file.join("__main__.pyc").is_file() {
        return Ok(file);
    }
    eprintln!("spc: can't find '__main__' module in '{}'", named.display());
    Err(1)
}

/// Finds what keeps a file from running before anything of it runs.
fn check_file(file: &Path) -> Result<(), u8> {
    let failure = match compile::read(file) {
        Err(failure @ Failure::Unreadable(_)) => failure,
        Err(_) => return Ok(()),
        Ok(source) => match rejected_types(file, &source) {
            Err(failure) => failure,
            Ok(()) => return Ok(()),
        },
    };
    render::failure(&failure);
    Err(2)
}

/// Type errors of a static main module, all at once. Syntax errors are Python's own and are left to the run.
fn rejected_types(file: &Path, source: &parser::SourceText) -> Result<(), Failure> {
    let arena = bumpalo::Bump::new();
    let is_static = parser::parse_module(source, &arena).is_ok_and(|tree| typeck::opts_in(tree.body));
    if is_static { compile::with_code(file, |_, _, _| ()) } else { Ok(()) }
}
