//! The command line on bad input: located messages, exit codes, no panics.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::harness::root;

/// The `spc` of this build, made on demand.
pub(crate) fn spc() -> PathBuf {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(cargo)
        .args(["build", "-q", "-p", "spc"])
        .current_dir(root())
        .status()
        .expect("cargo runs");
    assert!(status.success(), "spc builds");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("debug/spc")
}

fn run(spc: &Path, args: &[&str]) -> Output {
    Command::new(spc).args(args).output().expect("spc starts")
}

/// Exit code 2, nothing on standard output, and a message that contains `wanted`.
fn rejects(spc: &Path, args: &[&str], wanted: &str) {
    let output = run(spc, args);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {errors}");
    assert!(output.stdout.is_empty(), "{args:?}");
    assert!(errors.contains(wanted), "{args:?}: {errors}");
    assert!(!errors.contains("panicked"), "{args:?}: {errors}");
}

#[test]
fn bad_input_is_reported() {
    let spc = spc();
    let folder = std::env::temp_dir().join(format!("spc-command-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("a temporary file can be written");
        path.display().to_string()
    };
    let broken = file("broken.py", b"def f(:\n    pass\n");
    let types = file("types.py", b"import __static__\nx: int = 'a'\ndef f() -> int:\n    return 'b'\n");
    let nul = file("nul.py", b"x = 1\0\n");
    let utf8 = file("utf8.py", b"x = '\xff'\n");
    let nested =
        file("nested.py", format!("x = {}1{}\n", "(".repeat(100_000), ")".repeat(100_000)).as_bytes());
    let shown = folder.display().to_string();
    rejects(
        &spc,
        &["check", "/no/such/file.py"],
        "can't open file '/no/such/file.py': [Errno 2] No such file",
    );
    rejects(&spc, &["check", &shown], "Is a directory");
    rejects(&spc, &["check", &broken], "invalid syntax");
    rejects(&spc, &["check", "--syntax-only", &broken], "broken.py:1:7");
    rejects(&spc, &["check", &types], "expected int because of return type, found str instead");
    rejects(&spc, &["check", &nul], "source code cannot contain null bytes");
    rejects(&spc, &["check", &utf8], "Non-UTF-8 code starting with '\\xff' on line 1");
    rejects(&spc, &["check", &nested], "too many nested parentheses");
    rejects(&spc, &["frobnicate"], "unrecognized subcommand");
    std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
}

#[test]
fn good_input_is_accepted() {
    let spc = spc();
    let program = root().join("examples/richards.py").display().to_string();
    for args in [
        &["check", &program][..],
        &["dump", "--stage=types", &program],
        &["dis", &program, "Packet.__init__"],
    ] {
        let output = run(&spc, args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
    }
    let listing = run(&spc, &["dis", &program, "Task.is_blocked"]);
    let listing = String::from_utf8_lossy(&listing.stdout).into_owned();
    let opcodes: Vec<_> = listing
        .split_whitespace()
        .filter(|word| word.chars().all(|c| c.is_uppercase() || c == '_'))
        .collect();
    assert_eq!(&opcodes[..3], ["CHECK_ARGS", "LOAD_FAST", "LOAD_FIELD"]);
}
