//! The emitter over every library file that a Python on this machine brings: everything compiles, everything verifies.

use std::path::PathBuf;
use std::process::Command;

use crate::harness::{compile, files};

/// Where a `python3` keeps its library.
fn library() -> Option<PathBuf> {
    let output = Command::new("python3")
        .args(["-c", "import os; print(os.path.dirname(os.__file__))"])
        .output()
        .ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    path.is_dir().then_some(path)
}

#[test]
fn the_library_compiles() {
    let Some(library) = library() else {
        eprintln!("skipped: no python3 on this machine");
        return;
    };
    let mut failures = Vec::new();
    let top = std::fs::read_dir(&library).expect("the library can be read");
    let paths = top.map(|entry| entry.expect("the library can be read").path());
    let mut modules: Vec<_> = paths.filter(|path| path.extension().is_some_and(|ext| ext == "py")).collect();
    modules.extend(
        ["asyncio", "json", "unittest", "email"].iter().flat_map(|name| files(&library.join(name), "py")),
    );
    for path in &modules {
        let source = std::fs::read_to_string(path).expect("the library is UTF-8");
        match compile(&source) {
            Ok(code) => {
                let broken = bytecode::verify::verify(&code);
                failures.extend(broken.first().map(|error| format!("{}: {error}", path.display())));
            }
            Err(message) => failures.push(format!("{}: {message}", path.display())),
        }
    }
    assert!(modules.len() > 100, "only {} modules found", modules.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
