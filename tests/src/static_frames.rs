//! Frames of static functions show the same variables, interpreted and compiled, if a module of the program names `f_locals`, or with
//! `--jit-frames`.
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
        let output = run(&[mode], "tests/frames/typed.py", &[]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{mode}");
        assert!(output.status.success(), "{mode}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A module that names the attribute comes when the function has code, which is left at its next call.
#[test]
fn code_that_is_older_than_the_question_is_made_anew() {
    for mode in ["--jit=off", "--jit=on", "--jit=always"] {
        let output = run(&[mode], "tests/frames/late.py", &[]);
        let shown = "[('f', [('seen', 0), ('x', 0)])]\n[('f', [('seen', 2), ('x', 1)])]\n";
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(String::from_utf8_lossy(&output.stdout), shown, "{mode}: {errors}");
    }
}

/// The debugger of the library looks for its user; what else the library does with frames is nobody's question.
#[test]
fn debuggers_see_variables() {
    for mode in ["--jit=off", "--jit=always"] {
        let output = run(&[mode], "tests/frames/post_mortem.py", &[]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            text.contains("(Pdb) ('kept', 3)"),
            "{mode}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn a_question_that_no_module_names_needs_the_option() {
    let output = run(&["--jit=always"], "tests/frames/unnamed.py", &[]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("NotImplementedError: not supported yet: f_locals of this frame"), "{errors}");
    assert_eq!(output.status.code(), Some(1));
    let output = run(&["--jit=always", "--jit-frames"], "tests/frames/unnamed.py", &[]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "[('x', 7)]\n");
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
