//! Programs with their output: `tests/run/*.md`.
//!
//! A heading is a program's name; its `py` block is run by `spc` in each mode of the compiler and, where there is one and the block
//! is neither static nor named `(3.14)` as what older ones lack, by `python3`; all must print the `output` block and end with the same exit code. The `spc` is a debug
//! build, which ends with a code of its own if objects are left over, so every program is a leak test too. Tracebacks
//! go to standard output of the test by way of `traceback` blocks, which are compared with standard error. The compiler may refuse no function.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::checker::refusals;
use crate::command::spc;
use crate::harness::{files, root};

/// One program of a document.
#[derive(Default)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) output: String,
    pub(crate) errors: Option<String>,
}

/// The programs of a document.
pub(crate) fn programs(document: &str) -> Vec<Program> {
    let mut found: Vec<Program> = Vec::new();
    let mut open: Option<String> = None;
    for line in document.lines() {
        match (&open, line.strip_prefix("```"), line.strip_prefix("## ")) {
            (None, Some(kind), _) => open = Some(kind.to_owned()),
            (Some(_), Some(""), _) => open = None,
            (None, None, Some(name)) => found.push(Program { name: name.to_owned(), ..Program::default() }),
            (Some(kind), _, _) => {
                let program = found.last_mut().expect("a block stands below a heading");
                let text = match kind.as_str() {
                    "py" => &mut program.source,
                    "output" => &mut program.output,
                    _ => program.errors.get_or_insert_default(),
                };
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    found
}

/// What differs from the expectation.
pub(crate) fn difference(program: &Program, folder: &Path, output: &Output, who: &str) -> Option<String> {
    let here = format!("{}/", folder.display());
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr).replace(&here, "");
    let wants_error = program.errors.is_some();
    let code = output.status.code();
    if stdout != program.output || code != Some(wants_error as i32) {
        return Some(format!(
            "{}, {who}: exit {code:?}\n--- output\n{stdout}--- errors\n{stderr}",
            program.name
        ));
    }
    let wanted = program.errors.as_deref().unwrap_or_default();
    (stderr != wanted).then(|| format!("{}, {who}: errors\n{stderr}", program.name))
}

/// A `python3` whose tracebacks look like ours.
fn oracle() -> Option<&'static str> {
    let works = |name: &&str| {
        Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    ["python3.14", "python3.13"].into_iter().find(works)
}

fn run_in(folder: &Path, program: &str, args: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(args).arg("program.py").current_dir(folder).env("PYTHONHASHSEED", "0");
    command.output().expect("the program starts")
}

/// Takes the compiler's statistics off the end of standard error, forked processes' included; says which functions it has refused
/// to compile.
fn take_refusals(output: &mut Output) -> Option<String> {
    const START: &[u8] = b"compiled functions: ";
    let at = output.stderr.windows(START.len()).position(|window| window == START)?;
    let statistics = String::from_utf8_lossy(&output.stderr.split_off(at)).into_owned();
    let mut counts = statistics.lines().filter_map(|line| line.strip_prefix("refused functions: "));
    counts.any(|count| count != "0").then(|| refusals(&statistics))
}

/// Runs a program in every mode, and by the oracle if it can; says what differs.
fn run_everywhere(program: &Program, folder: &Path, spc: &str, oracle: Option<&str>) -> Vec<String> {
    std::fs::write(folder.join("program.py"), &program.source).expect("a temporary file can be written");
    let mut failures = Vec::new();
    for mode in ["--jit=off", "--jit=on", "--jit=always"] {
        let mut output = run_in(folder, spc, &["run", mode, "--jit-stats"]);
        let refused = take_refusals(&mut output);
        failures.extend(refused.map(|refused| format!("{}, {mode}: refused\n{refused}", program.name)));
        failures.extend(difference(program, folder, &output, &format!("spc {mode}")));
    }
    let is_static = program.source.starts_with("import __static__");
    let is_known = |oracle: &&str| *oracle == "python3.14" || !program.name.ends_with("(3.14)");
    if let Some(oracle) = oracle.filter(is_known).filter(|_| !is_static) {
        failures.extend(difference(program, folder, &run_in(folder, oracle, &[]), oracle));
    }
    failures
}

#[test]
fn programs_print_what_they_should() {
    let spc = spc().display().to_string();
    let oracle = oracle();
    if oracle.is_none() {
        eprintln!("skipped: no python3.13 or python3.14 to compare with; the outputs are checked in");
    }
    let mut all = Vec::new();
    for path in files(&root().join("tests/run"), "md") {
        let document = std::fs::read_to_string(&path).expect("specifications are text");
        all.extend(programs(&document));
    }
    let (next, count) = (AtomicUsize::new(0), all.len());
    let work = |worker: usize| {
        let folder = std::env::temp_dir().join(format!("spc-programs-{}-{worker}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let mut failures = Vec::new();
        while let Some(program) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            failures.extend(run_everywhere(program, &folder, &spc, oracle));
        }
        std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
        failures
    };
    let failures: Vec<String> = std::thread::scope(|scope| {
        let workers = [0, 1].map(|worker| scope.spawn(move || work(worker)));
        workers.into_iter().flat_map(|worker| worker.join().expect("workers do not panic")).collect()
    });
    assert!(count >= 20, "there are {count} programs");
    assert!(failures.is_empty(), "{} of {count} fail\n{}", failures.len(), failures.join("\n"));
}
