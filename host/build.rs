//! Gives the compiler a fingerprint: a hash of the sources of every crate that has a say in the code of a module.
//!
//! Kept code is keyed by it, so that a change of the compiler, however small, makes it look for none of the old code.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::{env, fs, io};

/// From the text to the code object.
const COMPILER: [&str; 6] = ["base", "lexer", "parser", "typeck", "bytecode", "emit"];

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let mut hasher = DefaultHasher::new();
    for name in COMPILER {
        let sources = Path::new(&root).join("..").join(name).join("src");
        println!("cargo::rerun-if-changed={}", sources.display());
        hash(&sources, &mut hasher)?;
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=COMPILER_FINGERPRINT={:016x}", hasher.finish());
    Ok(())
}

fn hash(folder: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        entry.file_name().hash(hasher);
        if entry.file_type()?.is_dir() {
            hash(&entry.path(), hasher)?;
        } else {
            fs::read(entry.path())?.hash(hasher);
        }
    }
    Ok(())
}
