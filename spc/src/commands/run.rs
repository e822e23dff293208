//! `spc run`: a program, from its file to its exit code.

use std::path::Path;

use crate::args::JitArgs;
use crate::compile::{self, Failure};
use crate::render;

/// Runs a file. What cannot even be read or, in a static module, does not check, is reported without running anything.
pub(crate) fn run(jit: &JitArgs, file: &Path, args: Vec<String>) -> u8 {
    let settings = match jit.settings() {
        Ok(settings) => settings,
        Err(message) => {
            eprintln!("spc: {message}");
            return 2;
        }
    };
    match compile::read(file) {
        Err(failure @ Failure::Unreadable(_)) => {
            render::failure(&failure);
            return 2;
        }
        Err(_) => {}
        Ok(source) => {
            if let Err(failure) = rejected_types(file, &source) {
                render::failure(&failure);
                return 2;
            }
        }
    }
    let _attached = runtime::attach();
    let mut argv = vec![file.display().to_string()];
    argv.extend(args);
    // As in CPython, tracebacks and `__file__` show where the file is, `sys.argv` how it was named.
    let file = &std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
    let directory = file.parent().map(Path::to_path_buf).unwrap_or_default();
    let settings = host::Settings { argv, path: vec![directory], jit: settings };
    let code = match host::start(&settings) {
        Ok(()) => host::run_file(file),
        Err(raised) => host::run::report(raised),
    };
    if jit.stats {
        eprint!("{}", jit::report::statistics());
    }
    code
}

/// Type errors of a static main module, all at once. Syntax errors are Python's own and are left to the run.
fn rejected_types(file: &Path, source: &parser::SourceText) -> Result<(), Failure> {
    let arena = bumpalo::Bump::new();
    let is_static = parser::parse_module(source, &arena).is_ok_and(|tree| typeck::opts_in(tree.body));
    if is_static { compile::with_code(file, |_, _, _| ()) } else { Ok(()) }
}
