//! The benchmark programs on small inputs: every form of a program gives one checksum in every mode of the compiler.
//!
//! Expected checksums come from CPython, which runs the plain forms.

use std::process::Command;

use crate::command::spc;
use crate::harness::root;

/// Programs with a small size and the checksum that CPython gives for it.
pub(crate) const PROGRAMS: &[(&str, &str, &str)] = &[
    ("fannkuch", "7", "228016"),
    ("sieve", "5000", "669001552819"),
    ("nbody", "200", "-0.169026909"),
    ("spectral_norm", "30", "1.274097380"),
    ("mandelbrot", "30", "53188342"),
    ("richards", "2", "4649218594"),
    ("wordcount", "500", "216437417"),
    ("binary_trees", "6", "308718"),
    ("fib", "14", "377"),
];

#[test]
fn every_form_and_mode_gives_one_checksum() {
    let mut failures = Vec::new();
    for &(program, size, checksum) in PROGRAMS {
        for form in ["plain", "typed", "primitive"] {
            let file = root().join(format!("bench/programs/{form}/{program}.py"));
            for mode in ["--jit=off", "--jit-calls=1", "--jit=always"] {
                // Three rounds: interpreted, with what it has seen, and compiled.
                let output = Command::new(spc())
                    .args(["run", mode])
                    .arg(&file)
                    .args(["3", size])
                    .output()
                    .expect("the program starts");
                let text = String::from_utf8_lossy(&output.stdout);
                // The leak audit of debug builds speaks through the exit code.
                let is_right = text.lines().any(|line| line == format!("checksum {checksum}"));
                if !is_right || !output.status.success() {
                    let errors = String::from_utf8_lossy(&output.stderr);
                    failures.push(format!("{program}, {form}, {mode}: {text}{errors}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
