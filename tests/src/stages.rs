//! One small program, every text form: `tests/stages/*.py` through tokens, AST, types, bytecode, HIR, LIR and machine code, as snapshots.

use std::process::Command;

use bumpalo::Bump;
use parser::SourceText;

use crate::command::spc;
use crate::harness::{compile, files, root};

/// A snapshot of each program under one stage.
fn snapshot_all(stage: &str, text_of: impl Fn(&str) -> String) {
    snapshot_named(stage, |_, source| text_of(source));
}

/// As [`snapshot_all`], with the program's name.
fn snapshot_named(stage: &str, text_of: impl Fn(&str, &str) -> String) {
    let folder = root().join("tests/stages");
    let programs = files(&folder, "py");
    assert!(programs.len() >= 12, "there are {} stage programs", programs.len());
    for path in programs {
        let source = std::fs::read_to_string(&path).expect("programs are text");
        let name = path.file_stem().expect("files have names").to_string_lossy().into_owned();
        insta::with_settings!({
            snapshot_path => folder.join("snapshots"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
            description => source.clone(),
        }, {
            insta::assert_snapshot!(format!("{name}.{stage}"), text_of(&name, &source));
        });
    }
}

#[test]
fn tokens() {
    snapshot_all("tokens", |source| lexer::dump::dump(&SourceText::new(source)));
}

#[test]
fn ast() {
    snapshot_all("ast", |source| {
        let text = SourceText::new(source);
        let arena = Bump::new();
        let tree = parser::parse_module(&text, &arena).expect("stage programs parse");
        let style = parser::print::Style { include_attributes: false, indent: Some(1) };
        parser::print::dump_module(&tree, text.lines(), style)
    });
}

/// What `spc dump` prints of a stage. The command imports the file, so it runs in a process of its own.
fn dumped(stage: &str, name: &str) -> String {
    let file = root().join("tests/stages").join(format!("{name}.py"));
    let output = Command::new(spc())
        .arg("dump")
        .arg(format!("--stage={stage}"))
        .arg(file)
        .output()
        .expect("the command starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{name}, {stage}: {errors}");
    String::from_utf8(output.stdout).expect("dumps are text")
}

#[test]
fn types() {
    snapshot_named("types", |name, _| dumped("types", name));
}

#[test]
fn hir() {
    snapshot_named("hir", |name, _| dumped("hir", name));
}

#[test]
fn lir() {
    snapshot_named("lir", |name, _| dumped("lir", name));
}

#[test]
fn asm() {
    snapshot_named("asm", |name, _| dumped("asm", name));
}

#[test]
fn bytecode_text() {
    snapshot_all("bytecode", |source| {
        let code = compile(source).expect("stage programs compile");
        let text = bytecode::text::print(&code);
        let read = bytecode::text::parse(&text).expect("printed text reads back");
        assert_eq!(bytecode::text::print(&read), text);
        assert_eq!(read, code);
        text
    });
}
