//! Printing exceptions as CPython 3.13 does: chains, tracebacks with carets, notes, syntax errors, groups.
//!
//! Source lines come from the file, or from text registered for input that has no file. Repeated frames are folded.
//! Anchors: the whole range gets `~` with `^` under the operator of a binary operation, the subscript or the call, when
//! the range is one line; a range that is the whole line gets none.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::exception::ExceptionObject;
use super::suggest;
use super::traceback::{SourceRange, TracebackObject};
use super::types;
use crate::names::names;
use crate::objects::list::ListObject;
use crate::objects::str::StrObject;
use crate::objects::tuple::TupleObject;
use crate::objects::{self};
use crate::protocol;
use crate::thread::thread;
use crate::type_object::TypeObject;
use crate::value::{Ref, Value};
use crate::world::World;

static SOURCES: World<RefCell<BTreeMap<String, String>>> = World::new(RefCell::new(BTreeMap::new()));

/// Remembers the text of source that is not in a file, or saves reading the file.
pub fn register_source(filename: &str, text: &str) {
    SOURCES.borrow_mut().insert(filename.to_owned(), text.to_owned());
}

/// One line of a source, without its end.
pub fn source_line(filename: &str, line: u32) -> Option<String> {
    let at = (line as usize).checked_sub(1)?;
    if let Some(text) = SOURCES.borrow().get(filename) {
        return text.lines().nth(at).map(str::to_owned);
    }
    let text = (crate::hooks::hooks().source_text)(filename)?;
    let found = text.lines().nth(at).map(str::to_owned);
    register_source(filename, &text);
    found
}

/// The whole report of an exception with its chain.
pub fn format_exception(exception: Value) -> String {
    let mut out = String::new();
    let mut seen = Vec::new();
    format_chain(exception, &mut out, &mut seen, "");
    out
}

const CAUSE: &str = "\nThe above exception was the direct cause of the following exception:\n\n";
const CONTEXT: &str = "\nDuring handling of the above exception, another exception occurred:\n\n";

fn format_chain(exception: Value, out: &mut String, seen: &mut Vec<Value>, margin: &str) {
    if seen.contains(&exception) || thread().check_stack("").is_err() {
        drop(thread().fetch_raised());
        return;
    }
    seen.push(exception);
    let Some(this) = exception.get::<ExceptionObject>() else { return };
    let (linked, text) = match (this.cause.get_ref(), this.context.get_ref()) {
        (Some(cause), _) => (Some(cause), CAUSE),
        (None, Some(context)) if !this.suppress_context.get() => (Some(context), CONTEXT),
        _ => (None, ""),
    };
    if let Some(linked) = linked.filter(|linked| !seen.contains(&linked.value())) {
        format_chain(linked.value(), out, seen, margin);
        push_lines(out, margin, text);
    }
    if exception.ty().is_subclass_of(&types::BaseExceptionGroup) {
        format_group(exception, this, out, seen, margin);
    } else {
        if let Some(traceback) = this.traceback.get_ref() {
            push_lines(out, margin, "Traceback (most recent call last):\n");
            push_lines(out, margin, &format_traceback(traceback));
        }
        push_lines(out, margin, &format_exception_only(exception));
    }
}

/// Appends text with a margin in front of every line.
fn push_lines(out: &mut String, margin: &str, text: &str) {
    for line in text.split_inclusive('\n') {
        out.push_str(margin);
        out.push_str(line);
    }
}

fn format_group(
    exception: Value,
    this: &ExceptionObject,
    out: &mut String,
    seen: &mut Vec<Value>,
    margin: &str,
) {
    let top = margin.is_empty();
    let inner = if top { "  | ".to_owned() } else { margin.to_owned() };
    if let Some(traceback) = this.traceback.get_ref() {
        if top {
            out.push_str("  + Exception Group Traceback (most recent call last):\n");
        } else {
            push_lines(out, &inner, "Exception Group Traceback (most recent call last):\n");
        }
        push_lines(out, &inner, &format_traceback(traceback));
    }
    push_lines(out, &inner, &format_exception_only(exception));
    let members = this.extra[1].get().and_then(|members| members.get::<TupleObject>());
    let members: Vec<Ref> =
        members.map(|members| members.items().iter().map(|item| item.to_ref()).collect()).unwrap_or_default();
    let indent = inner.trim_end_matches("| ").to_owned();
    for (at, member) in members.iter().enumerate() {
        let plus = if at == 0 { "+-" } else { "  " };
        out.push_str(&format!("{indent}{plus}+---------------- {} ----------------\n", at + 1));
        format_chain(member.value(), out, seen, &format!("{indent}  | "));
    }
    out.push_str(&format!("{indent}  +------------------------------------\n"));
}

/// The entries of a traceback, repeated ones folded after three.
fn format_traceback(first: Ref) -> String {
    let mut out = String::new();
    let (mut link, mut last, mut repeated) = (Some(first), None, 0usize);
    while let Some(entry) = link {
        let Some(this) = entry.get::<TracebackObject>() else { break };
        let range = this.range();
        let key = (this.code().code().filename.clone(), range.line, this.name_for_display());
        if last.as_ref() == Some(&key) {
            repeated += 1;
        } else {
            push_folded(&mut out, repeated);
            repeated = 0;
            last = Some(key);
        }
        if repeated < 3 {
            out.push_str(&format_entry(this, range));
        }
        link = this.next.get_ref();
    }
    push_folded(&mut out, repeated);
    out
}

fn push_folded(out: &mut String, repeated: usize) {
    if repeated >= 3 {
        let more = repeated - 2;
        out.push_str(&format!(
            "  [Previous line repeated {more} more time{}]\n",
            crate::signature::plural(more)
        ));
    }
}

impl TracebackObject {
    fn name_for_display(&self) -> String {
        self.code().code().name.clone()
    }
}

fn format_entry(entry: &TracebackObject, range: SourceRange) -> String {
    let code = entry.code().code();
    let mut out = format!("  File \"{}\", line {}, in {}\n", code.filename, range.line, code.name);
    let Some(line) = source_line(&code.filename, range.line) else { return out };
    let trimmed = line.trim();
    if trimmed.is_empty() {
        return out;
    }
    out.push_str(&format!("    {trimmed}\n"));
    if let Some(anchors) = anchors(&line, range) {
        out.push_str(&format!("    {anchors}\n"));
    }
    out
}

/// The line of carets under a trimmed source line, if it says more than "all of it".
fn anchors(line: &str, range: SourceRange) -> Option<String> {
    let indent = line.len() - line.trim_start().len();
    let end_of_line = line.trim_end().len();
    let start = (range.column as usize).max(indent);
    let end =
        if range.end_line > range.line { end_of_line } else { (range.end_column as usize).min(end_of_line) };
    if end <= start || !line.is_char_boundary(start) || !line.is_char_boundary(end) {
        return None;
    }
    let segment = &line[start..end];
    let width =
        |text: &str| text.chars().map(|c| if c.is_ascii() { 1 } else { display_width(c) }).sum::<usize>();
    let lead = " ".repeat(width(&line[indent..start]));
    match operator_anchor(segment).filter(|_| range.end_line == range.line) {
        Some((left, right)) => {
            let parts = [(&segment[..left], '~'), (&segment[left..right], '^'), (&segment[right..], '~')];
            let marks: String =
                parts.into_iter().map(|(text, mark)| mark.to_string().repeat(width(text))).collect();
            Some(lead + &marks)
        }
        None if start == indent && end == end_of_line => None,
        None => Some(lead + &"^".repeat(width(segment))),
    }
}

/// Wide East Asian characters take two columns.
fn display_width(c: char) -> usize {
    let wide = matches!(c as u32, 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd);
    if wide { 2 } else { 1 }
}

/// What to mark inside an expression: the operator of a binary operation, the brackets of a subscript, or the parentheses of a
/// call; nothing for other expressions.
fn operator_anchor(segment: &str) -> Option<(usize, usize)> {
    if is_statement(segment) {
        return None;
    }
    let bytes = segment.as_bytes();
    let mut depth = 0i32;
    let (mut at, mut last_group, mut operator) = (0, None, None);
    let mut best_precedence = u8::MAX;
    while at < bytes.len() {
        let byte = bytes[at];
        match byte {
            b'\'' | b'"' => {
                at = skip_string(bytes, at);
                continue;
            }
            b'(' | b'[' | b'{' => {
                if depth == 0 {
                    last_group = Some((at, byte));
                }
                depth += 1;
            }
            b')' | b']' | b'}' => depth -= 1,
            b',' | b':' | b'=' | b'<' | b'>' | b'!' if depth == 0 => {
                let is_shift = matches!(byte, b'<' | b'>') && bytes.get(at + 1) == Some(&byte);
                if !is_shift {
                    return None;
                }
                if best_precedence >= 4 {
                    (best_precedence, operator) = (4, Some((at, at + 2)));
                }
                at += 2;
                continue;
            }
            _ if depth == 0 => {
                if let Some((precedence, len)) = binary_operator(bytes, at) {
                    let prefix = segment[..at].trim_end();
                    let is_binary = prefix.ends_with(|c: char| {
                        c.is_alphanumeric() || matches!(c, '_' | ')' | ']' | '}' | '"' | '\'')
                    });
                    if is_binary && precedence <= best_precedence {
                        (best_precedence, operator) = (precedence, Some((at, at + len)));
                    }
                    at += len;
                    continue;
                }
                if is_keyword_operator(segment, at) {
                    return None;
                }
            }
            _ => {}
        }
        at += 1;
    }
    operator.or_else(|| group_anchor(bytes, last_group))
}

/// Whether a marked range is a statement rather than an expression.
fn is_statement(segment: &str) -> bool {
    const KEYWORDS: [&str; 11] = [
        "raise ", "return ", "assert ", "import ", "from ", "del ", "for ", "while ", "with ", "yield ",
        "await ",
    ];
    KEYWORDS.iter().any(|keyword| segment.starts_with(keyword))
}

/// A trailing `[...]` or `(...)` that follows something.
fn group_anchor(bytes: &[u8], group: Option<(usize, u8)>) -> Option<(usize, usize)> {
    let (start, open) = group?;
    let close = if open == b'(' { b')' } else { b']' };
    let follows = start > 0 && open != b'{' && bytes.last() == Some(&close);
    follows.then_some((start, bytes.len()))
}

fn skip_string(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// Precedence (lower binds looser) and length of a binary operator at a position.
fn binary_operator(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let doubled = bytes.get(at + 1) == Some(&bytes[at]);
    match bytes[at] {
        b'|' => Some((1, 1)),
        b'^' => Some((2, 1)),
        b'&' => Some((3, 1)),
        b'+' | b'-' => Some((5, 1)),
        b'*' if doubled => Some((7, 2)),
        b'/' if doubled => Some((6, 2)),
        b'*' | b'/' | b'%' | b'@' => Some((6, 1)),
        _ => None,
    }
}

/// Whether a word operator such as `in` or `if` starts here: then the expression is no plain binary operation.
fn is_keyword_operator(segment: &str, at: usize) -> bool {
    const WORDS: [&str; 10] =
        [" and ", " or ", " in ", " is ", " if ", " else ", "not ", "await ", "lambda ", " not "];
    segment.is_char_boundary(at) && WORDS.iter().any(|word| segment[at..].starts_with(word))
}

/// The last lines: type, message, notes.
pub fn format_exception_only(exception: Value) -> String {
    let mut out = String::new();
    if exception.ty().is_subclass_of(&types::SyntaxError) {
        push_syntax_location(exception, &mut out);
    }
    let name = qualified_type_name(exception.ty());
    let message = message_of(exception);
    let hint = suggest::suggestion(exception).unwrap_or_default();
    match message {
        Some(message) if message.is_empty() && hint.is_empty() => out.push_str(&format!("{name}\n")),
        Some(message) => out.push_str(&format!("{name}: {message}{hint}\n")),
        None => out.push_str(&format!("{name}: <exception str() failed>\n")),
    }
    push_notes(exception, &mut out);
    out
}

fn qualified_type_name(ty: &TypeObject) -> String {
    let name = ty.full_name();
    name.strip_prefix("__main__.").map_or(name.clone(), str::to_owned)
}

/// The text of an exception, without running into its errors.
fn message_of(exception: Value) -> Option<String> {
    if exception.ty().is_subclass_of(&types::SyntaxError) {
        let this = exception.get::<ExceptionObject>()?;
        let message = this.extra[0].get().filter(|message| !objects::is_none(*message));
        return Some(
            message.map_or_else(|| "None".to_owned(), |message| quiet_str(message).unwrap_or_default()),
        );
    }
    quiet_str(exception)
}

fn quiet_str(value: Value) -> Option<String> {
    match protocol::str_string(value) {
        Ok(text) => Some(text),
        Err(raised) => {
            drop(thread().take_raised(raised));
            None
        }
    }
}

fn push_notes(exception: Value, out: &mut String) {
    let notes = match protocol::get_optional_attr(exception, names().__notes__) {
        Ok(notes) => notes,
        Err(raised) => {
            drop(thread().take_raised(raised));
            None
        }
    };
    let Some(notes) = notes else { return };
    if let Some(list) = notes.get::<ListObject>() {
        for note in list.to_vec() {
            out.push_str(&quiet_str(note.value()).unwrap_or_else(|| "<note str() failed>".to_owned()));
            out.push('\n');
        }
    }
}

/// File, line and carets of a syntax error.
fn push_syntax_location(exception: Value, out: &mut String) {
    let Some(this) = exception.get::<ExceptionObject>() else { return };
    let text = |at: usize| {
        this.extra[at].get().and_then(|value| value.get::<StrObject>()).map(StrObject::to_string_lossy)
    };
    let number = |at: usize| this.extra[at].get().and_then(Value::as_small);
    let Some(line) = number(2) else { return };
    out.push_str(&format!("  File \"{}\", line {line}\n", text(1).unwrap_or_else(|| "<string>".to_owned())));
    let Some(source) = text(4) else { return };
    let source = source.trim_end_matches(['\n', '\r']);
    let trimmed = source.trim_start_matches([' ', '\t', '\u{c}']);
    out.push_str(&format!("    {trimmed}\n"));
    let Some(offset) = number(3).filter(|&offset| offset > 0) else { return };
    let removed = (source.chars().count() - trimmed.chars().count()) as i64;
    let start = offset - 1 - removed;
    let same_line = number(5).is_none_or(|end_line| end_line == line);
    let end = match number(6).filter(|&end| end > 0) {
        Some(end) if same_line => end - 1 - removed,
        Some(_) => trimmed.trim_end().chars().count() as i64,
        None => start + 1,
    };
    if start >= 0 {
        let (lead, marks) = (" ".repeat(start as usize), "^".repeat((end - start).max(1) as usize));
        out.push_str(&format!("    {lead}{marks}\n"));
    }
}
