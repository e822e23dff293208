//! The example program, built as its readers will build it: by `cc`, through the pkg-config file, against the shared library.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{available, crate_dir, folder, succeed};

/// The shared library of this build, made on demand.
fn library() -> PathBuf {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    succeed(Command::new(cargo).args(["build", "-q", "-p", "runtime-capi"]).current_dir(crate_dir()));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in the target directory");
    target.join("debug/libstaticpy.so")
}

/// Lays the library, the header and the pkg-config file out as an installation does.
fn install(prefix: &Path) {
    let (lib, include) = (prefix.join("lib"), prefix.join("include"));
    std::fs::create_dir_all(lib.join("pkgconfig")).expect("a folder can be made");
    std::fs::create_dir_all(&include).expect("a folder can be made");
    std::fs::copy(library(), lib.join("libstaticpy.so.0")).expect("the library has been built");
    std::os::unix::fs::symlink("libstaticpy.so.0", lib.join("libstaticpy.so")).expect("a link can be made");
    std::fs::copy(crate_dir().join("include/staticpy.h"), include.join("staticpy.h"))
        .expect("there is a header");
    let template = std::fs::read_to_string(crate_dir().join("staticpy.pc.in")).expect("there is a template");
    let filled = template
        .replace("@prefix@", &prefix.display().to_string())
        .replace("@libdir@", "${prefix}/lib")
        .replace("@includedir@", "${prefix}/include")
        .replace("@version@", env!("CARGO_PKG_VERSION"));
    assert!(!filled.contains('@'), "every place of the template is filled: {filled}");
    std::fs::write(lib.join("pkgconfig/staticpy.pc"), filled).expect("the file can be written");
}

/// What pkg-config says about the library.
fn flags(prefix: &Path, question: &str) -> Vec<String> {
    let answer = succeed(
        Command::new("pkg-config")
            .args([question, "staticpy"])
            .env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")),
    );
    answer.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn the_example_does_all_of_it() {
    if let Some(missing) = ["cc", "pkg-config"].into_iter().find(|command| !available(command)) {
        println!("skipped: there is no `{missing}`");
        return;
    }
    let prefix = folder("installed");
    install(&prefix);
    let example = crate_dir().with_file_name("examples").join("embed");
    let program = prefix.join("main");
    succeed(
        Command::new("cc")
            .args(["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"])
            .args(flags(&prefix, "--cflags"))
            .arg(example.join("main.c"))
            .args(flags(&prefix, "--libs"))
            .arg("-o")
            .arg(&program),
    );
    // Found by its SONAME only: the program must not have recorded where it was linked.
    let output = succeed(Command::new(&program).arg(&example).env("LD_LIBRARY_PATH", prefix.join("lib")));
    let expected = std::fs::read_to_string(example.join("expected.txt")).expect("the output is in the tree");
    assert_eq!(output, expected);
}

#[test]
fn the_library_exports_its_own_names_only() {
    if !available("nm") {
        println!("skipped: there is no `nm`");
        return;
    }
    let table = succeed(Command::new("nm").args(["-D", "--defined-only"]).arg(library()));
    let header = std::fs::read_to_string(crate_dir().join("include/staticpy.h")).expect("there is a header");
    let names: Vec<_> = table.lines().filter_map(|line| line.split_whitespace().last()).collect();
    assert!(names.contains(&"sp_runtime_new"), "{names:?}");
    for name in names {
        assert!(
            name.starts_with("sp_") && header.contains(&format!("{name}(")),
            "{name} is not in the header"
        );
    }
}
