//! The tokens of a text as objects: what the library's `tokenize` reads through `_tokenize`.

use lexer::{SourceText, Trivia};
use runtime::objects::list::ListObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::value::{PyResult, Ref};

/// The `tokenize` hook: a list of (kind, text, start, end) and the error that ends it early: None, or (kind, message, line, column).
pub(crate) fn tokenize(source: &str, in_pieces: bool) -> PyResult {
    let source = SourceText::new(source);
    let (tokens, error) =
        lexer::dump::shown_tokens(&source, if in_pieces { Trivia::KeepInPieces } else { Trivia::Keep });
    let place = |(line, column): (u32, u32)| -> Ref {
        TupleObject::of([int::from_i64(line.into()), int::from_i64(column.into())]).into()
    };
    let tokens = tokens.iter().map(|token| {
        let (kind, text) = (StrObject::intern(token.name), StrObject::new(token.text));
        TupleObject::of([kind.into(), text.into(), place(token.start), place(token.end)]).into()
    });
    let tokens = ListObject::new(tokens.collect());
    let error: Ref = match error {
        None => objects::none().to_ref(),
        Some(error) => {
            let at = error.location(&source);
            let (line, column) = (int::from_i64(at.line.into()), int::from_i64(at.offset.into()));
            let kind = StrObject::intern(error.kind.name());
            TupleObject::of([kind.into(), StrObject::new(&error.message).into(), line, column]).into()
        }
    };
    Ok(TupleObject::of([tokens.into(), error]).into())
}
