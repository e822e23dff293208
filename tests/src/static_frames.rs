//! `--jit-frames`: frames of static functions show the same variables, interpreted and compiled.
//!
//! `tests/frames/typed.py` asks for the frames of its callers from untyped code: in loops, behind calls, in handlers, and through
//! tracebacks. What it prints is what the interpreter shows. The benchmark programs run under the option, too, because it changes the
//! code of every typed function, which debug builds verify.

use std::process::{Command, Output};

use crate::benchmarks::PROGRAMS;
use crate::command::spc;
use crate::harness::root;

fn run(options: &[&str], file: &str, args: &[&str]) -> Output {
    let file = root().join(file);
    Command::new(spc()).arg("run").args(options).arg(file).args(args).output().expect("the program starts")
}

#[test]
fn compiled_frames_show_what_interpreted_ones_show() {
    let expected = std::fs::read_to_string(root().join("tests/frames/typed.out")).expect("it is readable");
    for mode in ["--jit=off", "--jit=on", "--jit=always"] {
        let output = run(&[mode, "--jit-frames"], "tests/frames/typed.py", &[]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{mode}");
        assert!(output.status.success(), "{mode}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn without_the_option_they_say_that_they_do_not() {
    let output = run(&["--jit=always"], "tests/frames/typed.py", &[]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("NotImplementedError: not supported yet: f_locals of this frame"), "{errors}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn typed_programs_run_as_without_it() {
    for &(program, size, checksum) in PROGRAMS {
        for form in ["typed", "primitive"] {
            let file = format!("bench/programs/{form}/{program}.py");
            let output = run(&["--jit=always", "--jit-frames"], &file, &["2", size]);
            let text = String::from_utf8_lossy(&output.stdout);
            let is_right = text.lines().any(|line| line == format!("checksum {checksum}"));
            assert!(
                is_right && output.status.success(),
                "{form} {program}: {text}{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
}
