//! `spc check`: all errors of all files, without running anything.

use std::path::{Path, PathBuf};

use crate::compile::{self, Failure, Report};
use crate::render;

/// Checks each file; 2 if something is wrong.
pub(crate) fn run(files: &[PathBuf], syntax_only: bool) -> u8 {
    let mut is_clean = true;
    for file in files {
        let outcome = if syntax_only { syntax(file) } else { compile::with_code(file, |_, _, _| ()) };
        if let Err(failure) = outcome {
            render::failure(&failure);
            is_clean = false;
        }
    }
    if is_clean { 0 } else { 2 }
}

fn syntax(file: &Path) -> Result<(), Failure> {
    let source = compile::read(file)?;
    let arena = bumpalo::Bump::new();
    match parser::parse_module(&source, &arena) {
        Ok(_) => Ok(()),
        Err(error) => {
            let diagnostic = error.to_diagnostic();
            Err(Failure::Wrong(vec![Report { path: file.display().to_string(), source, diagnostic }]))
        }
    }
}
