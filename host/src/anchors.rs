//! What a traceback marks in an expression, found in its syntax tree.
//!
//! The text of an instruction is parsed inside parentheses, so that it may have several lines. (CPython:
//! `_extract_caret_anchors_from_line_segment` in `traceback.py`.)

use bumpalo::Bump;
use parser::SourceText;
use parser::ast::{Expr, ExprKind, StmtKind};
use runtime::hooks::Anchors;

/// The text between the parentheses, by lines of characters.
struct Segment {
    lines: Vec<Vec<char>>,
}

/// A line and a character in it.
type Place = (usize, usize);

impl Segment {
    /// A place that holds a character: behind the end of a line it is the start of the next line that has any.
    fn valid(&self, (mut line, mut column): Place) -> Option<Place> {
        while column >= self.lines.get(line)?.len() {
            (line, column) = (line + 1, 0);
        }
        Some((line, column))
    }

    /// The first place from `place` on whose character is wanted, outside of comments.
    fn find(&self, place: Place, wanted: impl Fn(char) -> bool) -> Option<Place> {
        let mut place = self.valid(place)?;
        loop {
            let letter = self.lines[place.0][place.1];
            place = match letter {
                '\\' | '#' => self.valid((place.0 + 1, 0))?,
                _ if wanted(letter) => return Some(place),
                _ => self.valid((place.0, place.1 + 1))?,
            };
        }
    }
}

/// The hook [`runtime::hooks::Hooks::anchors`].
pub(crate) fn anchors(segment: &str) -> Option<Anchors> {
    let arena = Bump::new();
    let source = SourceText::new(&format!("(\n{segment}\n)"));
    let module = parser::parse_module(&source, &arena).ok()?;
    let [only] = module.body else { return None };
    let StmtKind::Expr { value } = only.kind else { return None };
    let text = Segment { lines: segment.lines().map(|line| line.chars().collect()).collect() };
    // The parenthesis has a line of its own.
    let place = |offset: u32| {
        let (line, column) = source.character_position(offset);
        Some(((line as usize).checked_sub(2)?, (column as usize).checked_sub(1)?))
    };
    let end = |expr: &Expr<'_>| place(expr.span.end);
    match value.kind {
        ExprKind::BinOp { left, right, .. } => {
            let (line, column) = text.find(end(left)?, |letter| !letter.is_whitespace() && letter != ')')?;
            let right = place(right.span.start)?;
            let next = text.lines[line].get(column + 1);
            let is_double = next
                .is_some_and(|letter| !letter.is_whitespace() && !matches!(letter, '\\' | '#'))
                && (right.0 > line || column + 1 < right.1);
            Some(Anchors { left: (line, column), right: (line, column + 1 + usize::from(is_double)) })
        }
        ExprKind::Subscript { value: below, .. } => {
            Some(Anchors { left: text.find(end(below)?, |letter| letter == '[')?, right: end(value)? })
        }
        ExprKind::Call { func, .. } => {
            Some(Anchors { left: text.find(end(func)?, |letter| letter == '(')?, right: end(value)? })
        }
        _ => None,
    }
}

/// The hook [`runtime::hooks::Hooks::is_whole_call`].
pub(crate) fn is_whole_call(text: &str, start: usize, end: usize) -> bool {
    let arena = Bump::new();
    let source = SourceText::new(text);
    let Ok(module) = parser::parse_module(&source, &arena) else { return false };
    let Some(first) = module.body.first() else { return true };
    let value = match first.kind {
        StmtKind::Return { value: Some(value) } => value,
        StmtKind::Assign { targets: [target], value } if target.as_name().is_some() => value,
        _ => return false,
    };
    let is_plain = match value.kind {
        ExprKind::Call { func, .. } => {
            matches!(first.kind, StmtKind::Assign { .. }) || func.as_name().is_some()
        }
        _ => false,
    };
    let (from, to) = (source.lines().position(value.span.start), source.lines().position(value.span.end));
    let lines = text.lines().count() as u32;
    is_plain
        && (from.line, to.line) == (1, lines)
        && (from.column as usize, to.column as usize) == (start, end)
}
