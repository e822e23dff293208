//! Misspelt keywords: which one was meant where the syntax is wrong.
//!
//! Method, after CPython's `traceback`: each name on the line of the error, up to the place of the error, is replaced by keywords that are
//! spelt alike; if the program is then right, or the next error stands further down, that is what was meant. Cost: a parse for
//! each keyword that a name is like, of programs that are wrong.

use base::{Span, suggest};
use lexer::{KEYWORDS, TokenKind, Trivia};
use parser::{SourceText, SyntaxError};

/// The misspelt word and the keyword.
pub(crate) fn meant(source: &SourceText, error: &SyntaxError) -> Option<(Span, &'static str)> {
    if !["invalid syntax", "expected "].iter().any(|words| error.message.starts_with(words)) {
        return None;
    }
    let line = error.location(source).line;
    let stream = lexer::tokenize(source, Trivia::Drop);
    let names = stream.tokens.iter().filter(|token| {
        token.kind == TokenKind::Name
            && source.lines().line(token.span.start) == line
            && token.span.start < error.span.end.max(error.span.start + 1)
    });
    names.map(|token| token.span).find_map(|span| {
        let word = span.text(source.text());
        let near = KEYWORDS.iter().copied().filter(|keyword| suggest::likeliest(word, [*keyword]).is_some());
        let mending: Vec<_> = near.filter(|keyword| is_mended(source, span, keyword, line)).collect();
        suggest::likeliest(word, mending).map(|keyword| (span, keyword))
    })
}

/// Whether a keyword in the place of a word moves the error away from the line.
fn is_mended(source: &SourceText, span: Span, keyword: &str, line: u32) -> bool {
    let text = source.text();
    let mended = [&text[..span.start as usize], keyword, &text[span.end as usize..]].concat();
    let (mended, arena) = (SourceText::new(mended), bumpalo::Bump::new());
    parser::parse_module(&mended, &arena).map_or_else(|error| error.location(&mended).line > line, |_| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyword_of(text: &str) -> Option<&'static str> {
        let (source, arena) = (SourceText::new(text), bumpalo::Bump::new());
        let error = parser::parse_module(&source, &arena).expect_err("the text is wrong");
        meant(&source, &error).map(|(_, keyword)| keyword)
    }

    #[test]
    fn the_keyword_that_mends_the_line_was_meant() {
        assert_eq!(keyword_of("whille True:\n    pass\n"), Some("while"));
        assert_eq!(keyword_of("def f(x):\n    retrun x\n"), Some("return"));
        assert_eq!(keyword_of("clas A:\n    x = (\n"), Some("class"));
        assert_eq!(keyword_of("fro x import y\n"), Some("from"));
        assert_eq!(keyword_of("x = [i fo i in y]\n"), Some("for"));
        assert_eq!(keyword_of("a b\n"), None);
        assert_eq!(keyword_of("x = (1,\n"), None);
    }
}
