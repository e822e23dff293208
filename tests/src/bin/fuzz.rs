//! Runs random programs and shrinks those that go wrong: `cargo run -p tests --bin fuzz -- --seed 1 --count 1000`.
//!
//! The generator and its oracle are `tests::fuzz`; this is the command line before it. Exit code 1 means findings.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tests::fuzz::compare::{self, Engine};
use tests::fuzz::{Program, Style, program, shrink::shrink};

const USAGE: &str =
    "usage: fuzz [--style plain|typed] [--seed S] [--count N] [--spc FILE] [--stress] [--shrink] [--print]
  --style   which programs; both if it is left out
  --seed    the first seed, 1 by default
  --count   how many seeds, 100 by default
  --spc     the spc to run, target/debug/spc by default
  --stress  under the knobs of SPC_STRESS, too: for a debug build
  --shrink  print the smallest program that goes wrong, not only its name
  --print   print the program and run nothing";

struct Options {
    styles: Vec<Style>,
    seed: u64,
    count: u64,
    spc: PathBuf,
    stress: &'static [&'static str],
    is_shrinking: bool,
    is_printing: bool,
}

fn options() -> Option<Options> {
    let mut found = Options {
        styles: vec![Style::Plain, Style::Typed],
        seed: 1,
        count: 100,
        spc: "target/debug/spc".into(),
        stress: &[],
        is_shrinking: false,
        is_printing: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--style" => {
                found.styles = match words.next()?.as_str() {
                    "plain" => vec![Style::Plain],
                    "typed" => vec![Style::Typed],
                    _ => return None,
                }
            }
            "--seed" => found.seed = words.next()?.parse().ok()?,
            "--count" => found.count = words.next()?.parse().ok()?,
            "--spc" => found.spc = words.next()?.into(),
            "--stress" => found.stress = &["deopt:1", "gc:7", "deopt:3,gc:29"],
            "--shrink" => found.is_shrinking = true,
            "--print" => found.is_printing = true,
            _ => return None,
        }
    }
    Some(found)
}

/// The finding's program, smaller.
fn shrunk(folder: &Path, program: &Program, engine: &Engine, base: &Engine) -> String {
    let is_crash = |report: &str| report.contains(": exit ");
    let judge = |source: &str| {
        let smaller = Program { source: source.to_owned(), ..program.clone() };
        compare::judge(folder, &smaller, engine, base)
    };
    let Some(wanted) = judge(&program.source).map(|report| is_crash(&report)) else {
        return program.source.clone();
    };
    shrink(&program.source, |source| judge(source).is_some_and(|report| is_crash(&report) == wanted))
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    if options.is_printing {
        for style in options.styles {
            print!("{}", program(style, options.seed).source);
        }
        return ExitCode::SUCCESS;
    }
    let folder = std::env::temp_dir().join(format!("spc-fuzz-{}", std::process::id()));
    let spc = std::fs::canonicalize(&options.spc).expect("there is an spc to run");
    let mut engines = compare::engines(&spc, options.stress);
    engines.extend(compare::cpython(&folder));
    let (mut failed, mut refused) = (0, 0);
    for style in options.styles {
        let last = options.seed + options.count;
        for first in (options.seed..last).step_by(20) {
            let programs: Vec<Program> =
                (first..(first + 20).min(last)).map(|seed| program(style, seed)).collect();
            let (findings, turned_away) = compare::compare(&folder, &programs, &engines);
            refused += turned_away;
            failed += findings.len();
            for finding in findings {
                println!("{}: {}", finding.program.name, finding.report);
                if options.is_shrinking && finding.program.name != "a_batch" {
                    println!("{}", shrunk(&folder, &finding.program, &finding.engine, &engines[0]));
                }
            }
        }
    }
    // The folder is ours, and nothing in it is needed any more.
    std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
    println!("{failed} findings; the checker refused {refused} programs");
    ExitCode::from(u8::from(failed > 0))
}
