//! Broken source text and its messages: every case of `syntax_errors.txt` against the parser.
//!
//! The table was made with CPython 3.13 and is data; see its head for the format.

use bumpalo::Bump;
use parser::{SourceText, parse_module};

const TABLE: &str = include_str!("syntax_errors.txt");

/// One case: the line in the table, the expected error, the source text.
struct Case {
    line: usize,
    expected: String,
    source: String,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (at, text) in TABLE.lines().enumerate() {
        if let Some(head) = text.strip_prefix("%% ") {
            let expected = head.trim_start_matches("[3.14] ").to_owned();
            cases.push(Case { line: at + 1, expected, source: String::new() });
        } else if let Some(case) = cases.last_mut() {
            if !case.source.is_empty() {
                case.source.push('\n');
            }
            case.source.push_str(text);
        }
    }
    cases
}

/// The error in the table's form.
fn verdict(text: &str) -> String {
    let source = SourceText::new(text);
    let arena = Bump::new();
    match parse_module(&source, &arena) {
        Ok(_) => "ok".to_owned(),
        Err(error) => {
            let at = error.location(&source);
            let end = if error.is_open_ended() { "?".to_owned() } else { at.end_offset.to_string() };
            format!("{error} @ {} {} {} {end}", at.line, at.offset, at.end_line)
        }
    }
}

#[test]
fn every_mistake_gets_its_message() {
    let cases = cases();
    assert!(cases.len() > 700, "the table has been read");
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let found = verdict(&case.source);
            let Case { line, expected, source } = case;
            (found != *expected)
                .then(|| format!("line {line}: {source:?}\n  expected {expected}\n  found    {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
