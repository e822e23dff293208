//! Links `spc` at a fixed address: two megabytes of tables with addresses in them need not be written when a process starts, and stay
//! shared between processes. Packs the pages about diagnostics, which `spc explain` prints, as a table of codes and texts. Gives
//! kept findings a fingerprint: a hash of what has a say in them here and in `host`, besides the compiler.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write;
use std::hash::{Hash, Hasher};
use std::path::Path;

const PAGES: &str = "../docs/diagnostics";
const CHECKER: [&str; 2] = ["src", "../host/src"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={PAGES}");
    println!("cargo:rustc-link-arg-bins=-no-pie");
    let mut hasher = DefaultHasher::new();
    for folder in CHECKER {
        println!("cargo:rerun-if-changed={folder}");
        hash_folder(Path::new(folder), &mut hasher);
    }
    println!("cargo::rustc-env=CHECKER_FINGERPRINT={:016x}", hasher.finish());
    pack_pages();
}

fn hash_folder(folder: &Path, hasher: &mut DefaultHasher) {
    let entries = std::fs::read_dir(folder).expect("sources can be read");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("sources can be read").path()).collect();
    paths.sort();
    for path in paths {
        path.file_name().hash(hasher);
        if path.is_dir() {
            hash_folder(&path, hasher);
        } else {
            std::fs::read(&path).expect("sources can be read").hash(hasher);
        }
    }
}

fn pack_pages() {
    let folder = std::fs::canonicalize(PAGES).expect("the pages lie in the tree");
    let entries = std::fs::read_dir(folder).expect("the folder of the pages can be read");
    let mut pages: Vec<_> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    pages.sort();
    let mut table = String::from("/// Codes and their pages, in order.\nconst PAGES: &[(&str, &str)] = &[\n");
    for page in pages.iter().filter(|page| page.extension().is_some_and(|end| end == "md")) {
        let code = page.file_stem().expect("pages have names").to_string_lossy();
        writeln!(table, "    ({code:?}, include_str!({page:?})),").expect("writing to a string succeeds");
    }
    table.push_str("];\n");
    let out = std::env::var_os("OUT_DIR").expect("cargo says where to write");
    std::fs::write(Path::new(&out).join("pages.rs"), table).expect("the build folder can be written");
}
