//! The tree of every file of CPython 3.13's library, character for character as `ast.dump` prints it.
//!
//! Needs `python3.13`, in `PATH` or named by `SPC_PYTHON`; says so and passes without. Plain `cargo test` takes every twelfth file;
//! `SPC_FULL=1` takes all of them.
//!
//! What 3.14 changed and 3.13 refuses is no difference here, because the library is written in 3.13: t-strings (PEP 750), several
//! exception types without parentheses (PEP 758). Both accept everything else alike.

use bumpalo::Bump;
use parser::parse_module;
use parser::print::{Style, dump_module};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SKIPPED: &str = "skipped: needs python3.13, in PATH or named by SPC_PYTHON";

fn python() -> String {
    std::env::var("SPC_PYTHON").unwrap_or_else(|_| "python3.13".to_owned())
}

/// The library's folder, if there is a CPython 3.13.
fn library() -> Option<PathBuf> {
    let script = "import os, sys; print(os.path.dirname(os.__file__)) if sys.version_info[:2] == (3, 13) else sys.exit(1)";
    let output = Command::new(python()).args(["-c", script]).output().ok()?;
    output.status.success().then(|| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

fn python_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("the library can be read");
    for path in entries.map(|entry| entry.expect("the library can be read").path()) {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "site-packages") {
            python_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "py") {
            files.push(path);
        }
    }
}

/// Our dump, or the error's name and line, in the form of `dump_with_cpython.py`.
fn dump(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("the library can be read");
    let arena = Bump::new();
    let Ok(source) = lexer::decode(&bytes) else { return b"undecodable".to_vec() };
    let text = match parse_module(&source, &arena) {
        Ok(module) => dump_module(&module, source.lines(), Style::WITH_ATTRIBUTES),
        Err(error) => format!("{} {}", error.kind.name(), error.location(&source).line),
    };
    text.into_bytes()
}

/// Lets CPython dump the files into a folder.
fn dump_with_cpython(files: &[PathBuf], folder: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dump_with_cpython.py");
    let mut child = Command::new(python())
        .args([script.as_os_str(), folder.as_os_str()])
        .stdin(Stdio::piped())
        .spawn()
        .expect("python has run before");
    let list: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    let mut stdin = child.stdin.take().expect("the input is piped");
    stdin.write_all(list.join("\n").as_bytes()).expect("python reads its input");
    drop(stdin);
    assert!(child.wait().expect("python ends").success());
}

/// The programs of `programs.txt` with whether they are accepted.
fn programs() -> impl Iterator<Item = (bool, &'static str)> {
    let cases = include_str!("programs.txt").split("\n%% ").skip(1);
    cases.filter_map(|case| case.split_once('\n')).map(|(verdict, text)| (verdict == "ok", text))
}

#[test]
fn every_construct_is_accepted_or_refused() {
    for (is_accepted, text) in programs() {
        let arena = Bump::new();
        assert_eq!(parse_module(&parser::SourceText::new(text), &arena).is_ok(), is_accepted, "{text}");
    }
    assert!(programs().count() > 250);
}

#[test]
fn trees_of_small_programs_are_those_of_cpython() {
    if library().is_none() {
        eprintln!("{SKIPPED}");
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs");
    std::fs::create_dir_all(&folder).expect("the target directory can be written");
    let mut files = Vec::new();
    for (number, (_, text)) in programs().filter(|(is_accepted, _)| *is_accepted).enumerate() {
        let path = folder.join(format!("{number}.py"));
        std::fs::write(&path, text).expect("the target directory can be written");
        files.push(path);
    }
    compare(&files, &folder);
}

#[test]
fn trees_of_the_library_are_those_of_cpython() {
    let Some(library) = library() else {
        eprintln!("{SKIPPED}");
        return;
    };
    let mut files = Vec::new();
    python_files(&library, &mut files);
    files.sort();
    let step = if std::env::var_os("SPC_FULL").is_some() { 1 } else { 12 };
    let files: Vec<PathBuf> = files.into_iter().step_by(step).collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cpython_lib");
    std::fs::create_dir_all(&folder).expect("the target directory can be written");
    compare(&files, &folder);
}

/// Compares the trees of files, with a folder for CPython's dumps.
fn compare(files: &[PathBuf], folder: &Path) {
    dump_with_cpython(files, folder);
    let mut differing = Vec::new();
    for (number, path) in files.iter().enumerate() {
        let expected = std::fs::read(folder.join(number.to_string())).expect("python has written it");
        let found = dump(path);
        let both_refuse = expected.starts_with(b"SyntaxError") && found == b"undecodable";
        if expected != found && !both_refuse {
            differing.push(path.display().to_string());
        }
    }
    assert!(differing.is_empty(), "{} of {} files differ: {differing:#?}", differing.len(), files.len());
}
