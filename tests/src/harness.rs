//! What the tests share: where things are, and how text becomes trees and code.

use std::path::{Path, PathBuf};

use bumpalo::Bump;
use bytecode::Code;
use parser::SourceText;
use typeck::{NoModules, Program};

/// The top of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_path_buf()
}

/// Files below a folder with an extension, sorted.
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(folder) = pending.pop() {
        let entries =
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries.map(|entry| entry.expect("the folder can be read").path()) {
            if entry.is_dir() {
                let is_generated = entry.file_name().is_some_and(|name| name == "target" || name == ".git");
                pending.extend((!is_generated).then_some(entry));
            } else if entry.extension().is_some_and(|found| found == extension) {
                found.push(entry);
            }
        }
    }
    found.sort();
    found
}

/// The messages of a static module named `m`, one a line as `line: [code] message`.
pub(crate) fn check(source: &str) -> Vec<(u32, String)> {
    let text = SourceText::new(source);
    let arena = Bump::new();
    let tree = parser::parse_module(&text, &arena).expect("the example parses");
    let scopes = typeck::scope::analyse(&tree, false).expect("the example has proper scopes");
    let mut program = Program::new(&arena, &NoModules);
    let module = program.add_main("m", "m.py", text.text(), tree, scopes);
    program.check_module(module);
    let shown = |diagnostic: &base::Diagnostic| {
        let line = text.lines().line(diagnostic.primary.span.start);
        (line, format!("[{}] {}", diagnostic.code, diagnostic.message))
    };
    program.modules[module].diagnostics.iter().map(shown).collect()
}

/// The code of a module named `m`, static or not.
pub(crate) fn compile(source: &str) -> Result<Code, String> {
    let text = SourceText::new(source);
    let arena = Bump::new();
    let tree = parser::parse_module(&text, &arena).map_err(|error| error.to_string())?;
    let options = emit::Options { filename: "m.py".into(), ..emit::Options::default() };
    if !typeck::opts_in(tree.body) {
        return emit::emit_module(&tree, text.text(), &options).map_err(|error| error.message);
    }
    let scopes = typeck::scope::analyse(&tree, false).map_err(|error| error.message)?;
    let mut program = Program::new(&arena, &NoModules);
    let module = program.add_main("m", "m.py", text.text(), tree, scopes);
    program.check_module(module);
    let checked = emit::Checked::new(&program, module).ok_or("the checker rejects the module")?;
    emit::emit_static_module(checked, &options).map_err(|error| error.message)
}
