//! Markdown specifications of the checker: `tests/typeck/**.md`.
//!
//! A fenced `py` block is a static module (the marker is added). `# error: [CODE] text` at the end of a line says that the
//! line is rejected with this code and a message that contains the text; `# revealed: T` says what `reveal_type` shows.
//! A block without either must be accepted, and what is accepted must compile to bytecode that verifies.

use crate::harness::{check, compile, files, root};

/// What a block expects, by line.
fn expectations(block: &str) -> Vec<(u32, String)> {
    let mut expected = Vec::new();
    for (at, line) in block.lines().enumerate() {
        for part in line.split("# ").skip(1) {
            let wanted = part.strip_prefix("error: ").map(str::to_owned).or_else(|| {
                part.strip_prefix("revealed: ").map(|ty| format!("[SP0100] reveal_type: '{}'", ty.trim()))
            });
            expected.extend(wanted.map(|wanted| (at as u32 + 1, wanted.trim().to_owned())));
        }
    }
    expected
}

/// The fenced blocks of a document with the headings above them.
fn blocks(document: &str) -> Vec<(String, String)> {
    let (mut heading, mut found, mut open) = (String::new(), Vec::new(), None::<String>);
    for line in document.lines() {
        match (&mut open, line) {
            (None, "```py") => open = Some(String::new()),
            (Some(_), "```") => found.push((heading.clone(), open.take().expect("a block is open"))),
            (Some(block), _) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) if line.starts_with('#') => heading = line.trim_start_matches('#').trim().to_owned(),
            (None, _) => {}
        }
    }
    found
}

/// Runs one block; returns what is wrong.
fn run(block: &str) -> Result<(), String> {
    // The marker shares the first line, so that line numbers stay.
    let source = format!("import __static__; from __static__ import *\n{block}");
    let source = source.replacen("import __static__; from __static__ import *", MARKER, 1);
    let expected = expectations(block);
    let found: Vec<_> = check(&source).into_iter().map(|(line, text)| (line - MARKER_LINES, text)).collect();
    for (line, wanted) in &expected {
        let (code, text) = wanted.split_once(' ').unwrap_or((wanted, ""));
        let is_met = found
            .iter()
            .any(|(at, message)| at == line && message.starts_with(code) && message.contains(text));
        if !is_met {
            return Err(format!("line {line}: expected {wanted}, found {found:?}"));
        }
    }
    if found.len() > expected.len() {
        return Err(format!("expected {expected:?}, found {found:?}"));
    }
    if expected.is_empty() {
        let code = compile(&source)?;
        let broken = bytecode::verify::verify(&code);
        if !broken.is_empty() {
            return Err(format!("{broken:?}"));
        }
    }
    Ok(())
}

/// What opens every example.
const MARKER: &str = "import __static__\n\
from typing import Annotated, Any, ClassVar, Final, Literal, Optional, Union, final, override\n\
from __static__ import Array, CheckedDict, CheckedList, box, cast, cbool, clen, crange, double, int8, int16, int32, int64, uint8, uint16, uint32, uint64, unbox\n";
const MARKER_LINES: u32 = 4;

#[test]
fn specifications_hold() {
    let mut failures = Vec::new();
    let mut count = 0;
    for path in files(&root().join("tests/typeck"), "md") {
        let document = std::fs::read_to_string(&path).expect("specifications are text");
        let name = path.file_name().expect("files have names").to_string_lossy().into_owned();
        for (heading, block) in blocks(&document) {
            count += 1;
            if let Err(problem) = run(&block) {
                failures.push(format!("{name}, {heading}: {problem}\n{block}"));
            }
        }
    }
    assert!(count >= 40, "there are {count} specification blocks");
    assert!(failures.is_empty(), "{} of {count} fail\n{}", failures.len(), failures.join("\n"));
}
