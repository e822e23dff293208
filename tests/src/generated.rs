//! Random programs with fixed seeds: in every mode, under stress and beside CPython they print the same.
//!
//! `cargo run -p tests --bin fuzz` runs more of them. What those runs find is mended and gets a test of its own; these here
//! hold the line.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::command::spc;
use crate::fuzz::{Program, Style, compare, program};

/// Programs of each style.
const COUNT: u64 = 50;
/// Programs of one process.
const BATCH: u64 = 10;

fn check(style: Style, stress: &[&'static str], count: u64) {
    let spc = spc();
    let folder = std::env::temp_dir().join(format!("spc-generated-{style:?}-{}-{count}", std::process::id()));
    let (next, found) = (AtomicU64::new(0), Mutex::new((Vec::new(), 0)));
    let worker = || loop {
        let first = next.fetch_add(BATCH, Ordering::Relaxed);
        if first >= count {
            return;
        }
        let folder = folder.join(first.to_string());
        let mut engines = compare::engines(&spc, stress);
        engines.extend(compare::cpython(&folder));
        let programs: Vec<Program> = (first..first + BATCH).map(|seed| program(style, seed)).collect();
        let (findings, refused) = compare::compare(&folder, &programs, &engines);
        let mut found = found.lock().expect("no worker panics with the lock");
        found
            .0
            .extend(findings.iter().map(|finding| format!("{}: {}", finding.program.name, finding.report)));
        found.1 += refused;
    };
    std::thread::scope(|scope| {
        scope.spawn(worker);
        scope.spawn(worker);
    });
    std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
    let (findings, refused) = found.into_inner().expect("no worker panics with the lock");
    assert!(refused as u64 * 20 <= count, "the checker refuses {refused} of {count} programs");
    let how = "`cargo run -p tests --bin fuzz -- --seed S --count 1 --stress --shrink` shows one, smaller";
    assert!(findings.is_empty(), "{} findings; {how}\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn plain_programs_mean_the_same_in_every_mode() {
    check(Style::Plain, &[], COUNT);
}

#[test]
fn typed_programs_mean_the_same_in_every_mode() {
    check(Style::Typed, &[], COUNT);
}

#[test]
fn programs_mean_the_same_under_stress() {
    check(Style::Typed, &["deopt:1", "deopt:3,gc:29"], 20);
    check(Style::Plain, &["deopt:1", "gc:7"], 10);
}
