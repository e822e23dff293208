//! The header in the tree is the one that cbindgen makes from the sources, and it is strict C99 and C++17.
//!
//! Programs need the header without building anything, so it is checked in. `UPDATE=1` writes it anew.

mod common;

use std::path::Path;
use std::process::Command;

use common::{available, crate_dir, folder, succeed};

/// The header as the sources have it now.
fn generate() -> String {
    let root = crate_dir();
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml is valid");
    // The modules are found through the root.
    let builder = cbindgen::Builder::new().with_src(root.join("src/lib.rs"));
    let mut header = Vec::new();
    builder.with_config(config).generate().expect("the sources parse").write(&mut header);
    String::from_utf8(header).expect("the header is text")
}

#[test]
fn the_header_is_up_to_date() {
    let path = crate_dir().join("include/staticpy.h");
    let header = generate();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &header).expect("the header can be written");
    }
    let stored = std::fs::read_to_string(&path).expect("the header is in the tree");
    assert!(
        stored == header,
        "staticpy.h is out of date: run `UPDATE=1 cargo test -p runtime-capi --test header`"
    );
}

/// Compiles a file that includes nothing but the header.
fn compile_alone(compiler: &str, standard: &str, source: &str) {
    if !available(compiler) {
        println!("skipped: there is no `{compiler}`");
        return;
    }
    let source = folder(compiler).join(source);
    std::fs::write(&source, "#include <staticpy.h>\n").expect("the source can be written");
    compile(compiler, standard, &source);
}

fn compile(compiler: &str, standard: &str, source: &Path) {
    let include = crate_dir().join("include");
    succeed(
        Command::new(compiler)
            .args([standard, "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-I"])
            .args([include.as_path(), source]),
    );
}

#[test]
fn the_header_is_strict_c99() {
    compile_alone("cc", "-std=c99", "alone.c");
}

#[test]
fn the_header_is_strict_cpp17() {
    compile_alone("c++", "-std=c++17", "alone.cpp");
}
