//! Rare events made common: the programs of `tests/run` and the benchmark programs under the knobs of `SPC_STRESS`.
//!
//! Output and exit code must be what they are without a knob, and the leak audit must stay silent. `docs/stress.md` names the
//! knobs, and a test holds it to the runtime's table.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use runtime::stress::Knob;

use crate::command::spc;
use crate::harness::root;
use crate::programs::{Program, difference, programs};

/// What every selected program is run under.
const STRESS: &[&str] = &["deopt:1", "gc:1", "deopt:7,gc:13", "fallback:3"];

/// What benchmark programs are run under; collecting everywhere would take too long.
const BENCHMARK_STRESS: &[&str] = &["deopt:1", "deopt:7,gc:13"];

/// Documents whose programs exercise compiled code and the collector, and are quick.
const DOCUMENTS: &[&str] =
    &["async", "exit", "iterators", "language", "machine_code", "quickening", "static"];

/// Benchmark programs with sizes that take no time.
const BENCHMARKS: &[(&str, &str)] = &[
    ("fannkuch", "5"),
    ("sieve", "300"),
    ("nbody", "10"),
    ("spectral_norm", "6"),
    ("mandelbrot", "6"),
    ("wordcount", "20"),
    ("binary_trees", "3"),
    ("fib", "8"),
];

/// Does `work` with each item on two threads; collects what it complains about.
fn in_parallel<T: Sync>(items: &[T], work: impl Fn(&T) -> Vec<String> + Sync) -> Vec<String> {
    let (next, complaints) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let worker = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            let found = work(item);
            complaints.lock().expect("no worker panics with the lock").extend(found);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(worker);
        scope.spawn(worker);
    });
    complaints.into_inner().expect("no worker panics with the lock")
}

fn run(spc: &Path, folder: &Path, knobs: &str, args: &[&str]) -> Output {
    let mut command = Command::new(spc);
    command.args(args).current_dir(folder).env("SPC_STRESS", knobs).env("PYTHONHASHSEED", "0");
    command.output().expect("spc starts")
}

#[test]
fn programs_do_not_notice_stress() {
    let spc = spc();
    let folder = std::env::temp_dir().join(format!("spc-stress-{}", std::process::id()));
    let documents = DOCUMENTS.iter().map(|name| root().join(format!("tests/run/{name}.md")));
    let all: Vec<Program> = documents
        .flat_map(|path| programs(&std::fs::read_to_string(path).expect("specifications are text")))
        .collect();
    assert!(all.len() >= 40, "there are {} programs", all.len());
    let numbered: Vec<(PathBuf, &Program)> =
        all.iter().enumerate().map(|(at, program)| (folder.join(at.to_string()), program)).collect();
    let failures = in_parallel(&numbered, |(folder, program)| {
        std::fs::create_dir_all(folder).expect("a temporary folder can be made");
        std::fs::write(folder.join("program.py"), &program.source).expect("a temporary file can be written");
        let under = |knobs: &&str| {
            let output = run(&spc, folder, knobs, &["run", "--jit=always", "program.py"]);
            difference(program, folder, &output, knobs)
        };
        STRESS.iter().filter_map(under).collect()
    });
    std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
    assert!(failures.is_empty(), "{} fail\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn benchmarks_do_not_notice_stress() {
    let spc = spc();
    let checksum = |output: &Output| {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().find(|line| line.starts_with("checksum")).map(str::to_owned)
    };
    let forms: Vec<(&str, &str, &str)> = BENCHMARKS
        .iter()
        .flat_map(|&(program, size)| ["plain", "typed", "primitive"].map(|form| (program, size, form)))
        .collect();
    let failures = in_parallel(&forms, |&(program, size, form)| {
        let file = root().join(format!("bench/programs/{form}/{program}.py")).display().to_string();
        let args = ["run", "--jit=always", &file, "2", size];
        let wanted = checksum(&run(&spc, &root(), "", &args));
        assert!(wanted.is_some(), "{program} prints a checksum");
        let under = |knobs: &&str| {
            let output = run(&spc, &root(), knobs, &args);
            let is_same = output.status.success() && checksum(&output) == wanted;
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            (!is_same).then(|| format!("{program}, {form}, {knobs}: {:?} {errors}", output.status.code()))
        };
        BENCHMARK_STRESS.iter().filter_map(under).collect()
    });
    assert!(failures.is_empty(), "{} fail\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_failed_allocation_is_an_exception() {
    let spc = spc();
    let program = "items = []\nfor i in range(3000):\n    items.append((i, [i]))\nprint(len(items))";
    let mut outcomes = [0, 0];
    for at in (1..6000).step_by(331) {
        let output = run(&spc, &root(), &format!("alloc:{at}"), &["-c", program]);
        let errors = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => outcomes[0] += 1,
            Some(1) if errors.ends_with("MemoryError\n") => outcomes[1] += 1,
            other => panic!("alloc:{at}: {other:?} {errors}"),
        }
    }
    assert!(outcomes[1] > 5, "allocations fail: {outcomes:?}");
}

#[test]
fn the_audit_catches_a_leak() {
    let spc = spc();
    // What else dies is little beside these.
    let program = "class Lost: pass\nfor _ in range(20_000): Lost()\n";
    let output = run(&spc, &root(), "leak:1000000", &["-c", program]);
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "fewer objects die");
    let output = run(&spc, &root(), "leak:15000", &["-c", program]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(99), "{errors}");
    assert!(errors.starts_with("leak audit: objects left over: "), "{errors}");
    let wanted = "  Lost: 1, references forgotten: 1\n    <__main__.Lost> (count 1)\n";
    assert!(errors.contains(wanted), "{errors}");
}

#[test]
fn wrong_knobs_are_refused() {
    let spc = spc();
    for (knobs, wanted) in [
        (
            "frob:1",
            "spc: SPC_STRESS: there is no knob 'frob', only gc, deopt, fallback, compile, alloc, leak\n",
        ),
        ("gc", "spc: SPC_STRESS: 'gc' is not name:number\n"),
        ("gc:many", "spc: SPC_STRESS: 'many' is not a number\n"),
    ] {
        let output = run(&spc, &root(), knobs, &["-c", "print(1)"]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        assert_eq!(String::from_utf8_lossy(&output.stderr), wanted);
    }
}

#[test]
fn the_documentation_lists_every_knob() {
    let page = std::fs::read_to_string(root().join("docs/stress.md")).expect("the page is there");
    let listed: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|row| row.split_once(":N`").map(|(name, _)| name))
        .collect();
    let known: Vec<&str> = Knob::ALL.iter().map(|knob| knob.name()).collect();
    assert_eq!(listed, known);
}
