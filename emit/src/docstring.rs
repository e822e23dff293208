//! Docstrings: which statement is one, and what the object gets of it.
//!
//! The indentation that a docstring owes to its place in the source is taken away when it is compiled (CPython since 3.13, there
//! `_PyCompile_CleanDoc`): tabs become spaces, the first line loses its leading spaces, the others as many as all of them have that are not
//! blank. Unlike `inspect.cleandoc` this keeps blank lines and trailing spaces. Syntax trees keep the text as it is written.

use bytecode::Const;
use parser::ast::{Constant, Expr, ExprKind, Stmt, StmtKind};

/// The docstring of a body, as it is written, if it has one.
pub(crate) fn docstring<'a>(body: &'a [Stmt<'a>]) -> Option<&'a [u8]> {
    let StmtKind::Expr { value: Expr { kind: ExprKind::Constant { value: Constant::Str(text), .. }, .. } } =
        body.first()?.kind
    else {
        return None;
    };
    Some(text.as_bytes())
}

/// The constant that becomes `__doc__`.
pub(crate) fn doc_const(text: &[u8]) -> Const {
    Const::Str(clean(&expand_tabs(text)))
}

/// Tabs as spaces up to the next column that is a multiple of 8.
fn expand_tabs(text: &[u8]) -> Vec<u8> {
    const TAB: usize = 8;
    let mut out = Vec::with_capacity(text.len());
    let mut column = 0;
    for &byte in text {
        match byte {
            b'\t' => {
                let width = TAB - column % TAB;
                out.resize(out.len() + width, b' ');
                column += width;
                continue;
            }
            b'\n' | b'\r' => column = 0,
            // Further bytes of a character take no column.
            0x80..0xc0 => {}
            _ => column += 1,
        }
        out.push(byte);
    }
    out
}

/// The text without the indentation that its lines share.
fn clean(text: &[u8]) -> Vec<u8> {
    let indent = |line: &[u8]| line.iter().take_while(|&&byte| byte == b' ').count();
    let is_blank = |line: &[u8]| matches!(line[indent(line)..], [] | [b'\n']);
    let mut lines = text.split_inclusive(|&byte| byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let margin = lines.clone().filter(|line| !is_blank(line)).map(indent).min().unwrap_or(0);
    let mut out = first[indent(first)..].to_vec();
    for line in lines {
        out.extend_from_slice(&line[indent(line).min(margin)..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> String {
        String::from_utf8(clean(&expand_tabs(text.as_bytes()))).expect("the text was one")
    }

    #[test]
    fn the_margin_is_that_of_the_lines_that_are_not_blank() {
        assert_eq!(cleaned("  one\n      two\n    three\n\n  \n    "), "one\n  two\nthree\n\n\n");
        assert_eq!(cleaned(""), "");
        assert_eq!(cleaned("a\nb\n  c"), "a\nb\n  c");
    }

    #[test]
    fn tabs_count_columns_of_characters() {
        assert_eq!(cleaned("x\n\ty\n        z"), "x\ny\nz");
        assert_eq!(cleaned("é\tb"), "é       b");
    }
}
