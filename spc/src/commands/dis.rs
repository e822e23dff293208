//! `spc dis`: bytecode listings for people.

use std::fmt::Write;
use std::path::Path;

use crate::{compile, render};

/// Prints the listings of a file's code objects, or of one function.
pub(crate) fn run(file: &Path, function: Option<&str>) -> u8 {
    let listing = compile::with_code(file, |_, _, code| {
        let mut out = String::new();
        for code in code.walk() {
            if function.is_none_or(|wanted| wanted == code.qualname) {
                writeln!(out, "Disassembly of {}:\n{}", code.qualname, bytecode::text::listing(code))
                    .expect("writing to a string succeeds");
            }
        }
        out
    });
    match listing {
        Ok(text) if text.is_empty() => {
            eprintln!("spc: no function '{}' in {}", function.unwrap_or_default(), file.display());
            2
        }
        Ok(text) => super::print(&text),
        Err(failure) => {
            render::failure(&failure);
            2
        }
    }
}
