//! The rules of the house that a machine can see: arrows between crates, module headers, file sizes, documented `unsafe`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::harness::{files, root};

/// Which crates a crate may name; `base` is open to all. A new arrow is a design decision (docs/architecture.md).
const ARROWS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("lexer", &[]),
    ("parser", &["lexer"]),
    ("typeck", &["parser"]),
    ("bytecode", &[]),
    ("emit", &["typeck", "parser", "bytecode"]),
    ("abi", &[]),
    ("runtime", &["abi", "bytecode"]),
    ("stdlib", &["abi", "runtime"]),
    ("interp", &["runtime", "bytecode"]),
    ("hir", &["bytecode", "abi"]),
    ("lir", &["hir", "abi"]),
    ("codegen", &["lir", "abi"]),
    ("jit", &["interp", "runtime", "hir", "lir", "codegen", "bytecode", "abi"]),
    ("host", &["jit", "interp", "stdlib", "runtime", "emit", "typeck", "parser", "lexer", "bytecode"]),
    ("runtime-capi", &["host", "runtime", "interp", "jit", "emit", "stdlib"]),
    (
        "spc",
        &[
            "host", "jit", "emit", "typeck", "parser", "lexer", "bytecode", "runtime", "stdlib", "interp",
            "hir", "lir", "codegen",
        ],
    ),
    (
        "tests",
        &[
            "host", "jit", "emit", "typeck", "parser", "lexer", "bytecode", "runtime", "stdlib", "interp",
            "hir", "lir", "codegen", "abi",
        ],
    ),
];

/// Crates in which `unsafe` may occur; all others forbid it.
const UNSAFE: &[&str] = &["runtime", "stdlib", "runtime-capi", "interp", "jit"];

/// No file is longer.
const MAX_LINES: usize = 1000;

/// Sources of the workspace with the crate that they belong to.
fn sources() -> Vec<(String, std::path::PathBuf, String)> {
    let root = root();
    let mut sources = Vec::new();
    for (name, _) in ARROWS {
        for path in files(&root.join(name), "rs") {
            let text = std::fs::read_to_string(&path).expect("sources are text");
            sources.push(((*name).to_owned(), path, text));
        }
    }
    sources
}

/// Fails with one line for each offence.
fn none(rule: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{rule}:\n{}", offences.join("\n"));
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

#[test]
fn crates_depend_only_along_the_arrows() {
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let mut offences = Vec::new();
    for (name, targets) in &allowed {
        let manifest = std::fs::read_to_string(root().join(name).join("Cargo.toml"))
            .expect("every crate has a manifest");
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("\n[").next().unwrap_or_default();
        for line in dependencies.lines() {
            let target = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if allowed.contains_key(target) && target != "base" && !targets.contains(&target) {
                offences.push(format!("{name} -> {target}"));
            }
        }
    }
    none("arrows that docs/architecture.md does not allow", &offences);
}

#[test]
fn every_crate_is_listed() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has a manifest");
    let members =
        manifest.split("members = [").nth(1).and_then(|rest| rest.split(']').next()).unwrap_or_default();
    let names: Vec<_> = members.split('"').skip(1).step_by(2).collect();
    let mut listed: Vec<_> = ARROWS.iter().map(|(name, _)| *name).collect();
    let mut members = names.clone();
    listed.sort_unstable();
    members.sort_unstable();
    assert_eq!(members, listed);
}

#[test]
fn every_file_starts_with_a_header() {
    let missing = sources()
        .into_iter()
        .filter(|(_, _, text)| !text.starts_with("//!"))
        .map(|(_, path, _)| shown(&path))
        .collect::<Vec<_>>();
    none("files without a module header", &missing);
}

#[test]
fn no_file_is_too_long() {
    let long = sources()
        .into_iter()
        .filter(|(_, _, text)| text.lines().count() > MAX_LINES)
        .map(|(_, path, text)| format!("{}: {} lines", shown(&path), text.lines().count()))
        .collect::<Vec<_>>();
    none("files over the cap; split them by meaning", &long);
}

#[test]
fn unsafe_stays_where_it_belongs() {
    let mut offences = Vec::new();
    for (name, path, text) in sources() {
        let is_root = path.ends_with("src/lib.rs");
        if is_root
            && !UNSAFE.contains(&name.as_str())
            && name != "tests"
            && !text.contains("#![forbid(unsafe_code)]")
        {
            offences.push(format!("{}: forbid(unsafe_code) is missing", shown(&path)));
        }
    }
    none("crates that do not forbid unsafe code", &offences);
}

#[test]
fn unsafe_blocks_say_why_they_are_safe() {
    let mut offences = Vec::new();
    for (name, path, text) in sources() {
        if !UNSAFE.contains(&name.as_str()) {
            continue;
        }
        let lines: Vec<_> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let is_block = code.contains("unsafe {") || code.contains("unsafe impl");
            let before = &lines[at.saturating_sub(12)..=at];
            if is_block && !before.iter().any(|line| line.contains("SAFETY")) {
                offences.push(format!("{}:{}", shown(&path), at + 1));
            }
        }
    }
    none("unsafe blocks without a SAFETY line", &offences);
}

#[test]
fn nothing_is_left_unfinished() {
    let marks = ["todo!(", "unimplemented!("];
    let mut offences = Vec::new();
    for (_, path, text) in sources() {
        if path.ends_with("tidy.rs") {
            continue;
        }
        for (at, line) in text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) {
                offences.push(format!("{}:{}: {}", shown(&path), at + 1, line.trim()));
            }
        }
    }
    none("unfinished marks", &offences);
}
