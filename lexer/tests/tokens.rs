//! Token listings of small programs, and the errors of the lexer.
//!
//! Listings have the shape of `python -m tokenize -e`, which was compared with over CPython's whole library.

use lexer::dump::dump;
use lexer::{ErrorRank, SourceText, TokenKind, Trivia, tokenize};

fn listing(text: &str) -> String {
    dump(&SourceText::new(text))
}

#[test]
fn blocks_and_blank_lines() {
    insta::assert_snapshot!(listing("if x:\n\n    # comment\n  \ty(\n1,\n  )\n  \tz\nelse : w"));
}

#[test]
fn strings_with_fields() {
    insta::assert_snapshot!(listing(
        "f'a{x!r:>{w:{p}}}{{b}}' rt\"\"\"{y\n:=5}\\N{z}\"\"\" f'{f'{1}'}{a:\n}'"
    ));
}

#[test]
fn numbers_and_operators() {
    insta::assert_snapshot!(listing("0x_fF+0b1_0-0o17*1_0.e-3j**.5//1e5@1if x<>y->z:=...\\\n!=a!"));
}

/// The kinds of the tokens that have text.
fn kinds(text: &str) -> Vec<TokenKind> {
    let stream = tokenize(&SourceText::new(text), Trivia::Drop);
    stream.tokens.iter().map(|token| token.kind).filter(|kind| kind.text().is_some()).collect()
}

#[test]
fn soft_keywords_are_settled_by_the_line() {
    use TokenKind::{Case, Colon, Match, Type};
    assert_eq!(kinds("match x:\n case y: pass\n")[..4], [Match, Colon, Case, Colon]);
    assert!(!kinds("match(x)\nmatch[x]: y\nmatch = x\nmatch.x\n").contains(&Match));
    assert!(!kinds("if x:\n case(y)\n").contains(&Case));
    assert!(kinds("x; type y = z").contains(&Type));
    assert!(!kinds("type(y)\ntype = z").contains(&Type));
}

#[test]
fn the_parenthesis_of_with_is_settled_by_as() {
    use TokenKind::{LeftParen, WithLeftParen};
    assert!(kinds("with (a as b, c): pass").contains(&WithLeftParen));
    assert!(kinds("with (a, b): pass").contains(&LeftParen));
    assert!(kinds("with (a, (b as c)) as d: pass").contains(&LeftParen));
}

fn error(text: &str) -> String {
    let source = SourceText::new(text);
    let stream = tokenize(&source, Trivia::Drop);
    let error = stream.error.expect("the text is wrong");
    let at = error.location(&source);
    format!("{}:{} {error}", at.line, at.offset)
}

#[test]
fn errors_are_located() {
    let cases = [
        ("x = 'abc", "1:5 SyntaxError: unterminated string literal (detected at line 1)"),
        ("'''\n\n", "1:1 SyntaxError: unterminated triple-quoted string literal (detected at line 2)"),
        ("f'{x'", "1:5 SyntaxError: f-string: expecting '}'"),
        ("f'{x", "1:3 SyntaxError: '{' was never closed"),
        ("f'}'", "1:3 SyntaxError: f-string: single '}' is not allowed"),
        ("(\n]", "2:1 SyntaxError: closing parenthesis ']' does not match opening parenthesis '(' on line 1"),
        ("x)", "1:2 SyntaxError: unmatched ')'"),
        (
            "012",
            "1:1 SyntaxError: leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers",
        ),
        ("0b12", "1:4 SyntaxError: invalid digit '2' in binary literal"),
        ("1_x", "1:2 SyntaxError: invalid decimal literal"),
        ("a€", "1:2 SyntaxError: invalid character '€' (U+20AC)"),
        ("a\u{a0}", "1:2 SyntaxError: invalid non-printable character U+00A0"),
        ("ub''", "1:1 SyntaxError: 'u' and 'b' prefixes are incompatible"),
        ("x \\ y", "1:4 SyntaxError: unexpected character after line continuation character"),
        ("if x:\n\ty\n        z", "3:1 TabError: inconsistent use of tabs and spaces in indentation"),
        ("if x:\n  y\n z", "3:3 IndentationError: unindent does not match any outer indentation level"),
    ];
    for (text, expected) in cases {
        assert_eq!(error(text), expected, "{text:?}");
    }
}

#[test]
fn unfinished_input_is_told_from_wrong_input() {
    let stream = |text: &str| tokenize(&SourceText::new(text), Trivia::Drop);
    let is_incomplete = |text: &str| stream(text).error.is_some_and(|error| error.is_incomplete);
    assert!(is_incomplete("f(") && is_incomplete("'''abc\n") && is_incomplete("x = \\\n"));
    assert!(!is_incomplete("'abc\n") && !is_incomplete("f(]"));
    assert_eq!(stream("f(\n").error_rank, ErrorRank::OpenBracket);
    assert_eq!(stream("'abc\n").error_rank, ErrorRank::Eager);
}
