//! Packs the Python part of the standard library: one compressed stream a file, and a table of them in the order of their names.
//!
//! The sources are those of the crate `rustpython-pylib` (CPython's `Lib`); a file of the same name in `lib/` takes the place of one of theirs.
//! What no program of ours can use is left out. Cost: some seconds, once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Folders and files that are left out.
const LEFT_OUT: [&str; 9] = [
    "idlelib",
    "tkinter",
    "turtle.py",
    "turtledemo",
    "ensurepip",
    "pydoc_data",
    "test",
    "__pycache__",
    "python_builtins",
];

/// Lines of Lib that are not true here, and what stands in their place: file, line, new line.
const CHANGED: [(&str, &str, &str); 1] = [
    // The start of a process has done what `site.main` would do, and the library's folder is no path to make absolute.
    ("site.py", "if not sys.flags.no_site:", "if False:"),
];

/// The source of a file with its changes.
fn changed(name: &str, source: Vec<u8>) -> Vec<u8> {
    let mut source = source;
    for (_, line, new) in CHANGED.iter().filter(|(file, ..)| *file == name) {
        let text = String::from_utf8(source).expect("Lib's sources are UTF-8");
        assert!(text.contains(line), "{name} has no line {line:?} any more");
        source = text.replace(line, new).into_bytes();
    }
    source
}

fn main() -> io::Result<()> {
    let overlay = Path::new(&variable("CARGO_MANIFEST_DIR")).join("lib");
    println!("cargo::rerun-if-changed={}", overlay.display());
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = BTreeMap::new();
    collect(Path::new(rustpython_pylib::LIB_PATH), "", &mut files)?;
    collect(&overlay, "", &mut files)?;
    let (mut packed, mut table) = (Vec::new(), String::from("&[\n"));
    for (name, path) in files {
        let source = changed(&name, fs::read(&path)?);
        let stream = deflate(&source);
        let (offset, length) = (packed.len(), source.len());
        writeln!(
            table,
            "    Entry {{ name: {name:?}, offset: {offset}, packed: {}, length: {length} }},",
            stream.len()
        )
        .expect("writing to a string cannot fail");
        packed.extend(stream);
    }
    table.push(']');
    let out = PathBuf::from(variable("OUT_DIR"));
    fs::write(out.join("library.rs"), table)?;
    fs::write(out.join("library.bin"), packed)
}

fn variable(name: &str) -> String {
    env::var(name).expect("cargo sets it")
}

/// Adds the Python files of a folder by their paths below the library.
fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let name = format!("{prefix}{file}");
        if LEFT_OUT.contains(&file.as_str()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else if name.ends_with(".py") {
            files.insert(name, entry.path());
        }
    }
    Ok(())
}

fn deflate(source: &[u8]) -> Vec<u8> {
    let mut room = vec![0; zlib_rs::compress_bound(source.len())];
    let (stream, code) =
        zlib_rs::compress_slice(&mut room, source, zlib_rs::DeflateConfig::best_compression());
    assert_eq!(code, zlib_rs::ReturnCode::Ok, "the bound leaves room");
    stream.to_vec()
}
