//! Source text that nests without end: a located error, never a stack overflow. Tests run on threads with small stacks, so that
//! an overflow would be seen.

use bumpalo::Bump;
use parser::print::{Style, dump_module};
use parser::{SourceText, parse_module};

const MANY: usize = 100_000;
const LONG: usize = 20_000;

fn message(text: String) -> String {
    let source = SourceText::new(text);
    let arena = Bump::new();
    parse_module(&source, &arena).map_or_else(|error| error.message, |_| "accepted".to_owned())
}

#[test]
fn brackets_and_blocks_have_limits_of_their_own() {
    assert_eq!(message("(".repeat(MANY)), "too many nested parentheses");
    assert_eq!(message("[".repeat(MANY) + &"]".repeat(MANY)), "too many nested parentheses");
    assert_eq!(message("f'{".repeat(MANY)), "too many nested f-strings");
    let blocks: String = (0..150).map(|depth| " ".repeat(depth) + "if x:\n").collect();
    assert_eq!(message(blocks), "too many levels of indentation");
}

#[test]
fn everything_else_has_one_limit() {
    let deep = "source nests too deeply (more than 10000 levels)";
    for text in [
        "-".repeat(MANY) + "1",
        "not ".repeat(MANY) + "x",
        "lambda: ".repeat(MANY) + "x",
        "x if y else ".repeat(MANY) + "z",
        "x ** ".repeat(MANY) + "x",
        "x + ".repeat(MANY) + "x",
        "x".to_owned() + &".a".repeat(MANY),
        "x".to_owned() + &"()".repeat(MANY),
        "x".to_owned() + &"[0]".repeat(MANY),
        "if x: pass\n".to_owned() + &"elif x: pass\n".repeat(MANY),
    ] {
        assert_eq!(message(text), deep);
    }
}

#[test]
fn long_is_not_deep() {
    for text in [
        "x and ".repeat(LONG) + "x",
        "x < ".repeat(LONG) + "x",
        "x = ".repeat(LONG) + "x",
        "'a' ".repeat(LONG),
        "f(".to_owned() + &"x, ".repeat(LONG) + ")",
        "import a".to_owned() + &".a".repeat(LONG),
    ] {
        assert_eq!(message(text), "accepted");
    }
}

#[test]
fn the_deepest_tree_can_be_printed() {
    let print = || {
        let source = SourceText::new("x".to_owned() + &".a".repeat(9900));
        let arena = Bump::new();
        let module = parse_module(&source, &arena).expect("9,900 levels are allowed");
        assert_eq!(
            dump_module(&module, source.lines(), Style::default()).matches("Attribute(").count(),
            9900
        );
    };
    let thread =
        std::thread::Builder::new().stack_size(32 << 20).spawn(print).expect("a thread can be started");
    thread.join().expect("32 megabytes are enough");
}

/// Whatever is said about the text, it can be shown: places lie inside it and on the borders of characters.
fn check_places(text: String) {
    let source = SourceText::new(text);
    let arena = Bump::new();
    if let Err(error) = parse_module(&source, &arena) {
        let text = source.text();
        let is_border = |offset: u32| text.is_char_boundary(offset as usize);
        assert!(error.span.start <= error.span.end, "{text:?}: {error:?}");
        assert!(is_border(error.span.start) && is_border(error.span.end), "{text:?}: {error:?}");
        assert!(!error.message.is_empty() && error.location(&source).line >= 1);
    }
}

/// Every beginning of every case of the table of mistakes, and every case without one of its characters, is answered.
#[test]
fn no_text_is_too_broken() {
    let table = include_str!("syntax_errors.txt");
    let mut answered = 0;
    for case in table.split("%% ").skip(1).filter_map(|case| case.split_once('\n')) {
        let text = &case.1.replace('b', "é").replace('1', "'日本'");
        for (at, letter) in text.char_indices().step_by(3) {
            let rest = &text[at + letter.len_utf8()..];
            for broken in [text[..at].to_owned(), format!("{}{rest}", &text[..at])] {
                check_places(broken);
                answered += 1;
            }
        }
    }
    assert!(answered > 8_000);
}
