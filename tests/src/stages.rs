//! One small program, every text form: `tests/stages/*.py` through tokens, AST, types and bytecode, as snapshots.

use bumpalo::Bump;
use parser::SourceText;

use crate::harness::{compile, files, root};

/// A snapshot of each program under one stage.
fn snapshot_all(stage: &str, text_of: impl Fn(&str) -> String) {
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
            insta::assert_snapshot!(format!("{name}.{stage}"), text_of(&source));
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
