//! Printing exceptions as CPython 3.13 does: chains, tracebacks with carets, notes, syntax errors, groups.
//!
//! Source lines come from the file, or from text registered for input that has no file. Repeated frames are folded.
//! What stands under a source line is `frame_lines`' affair.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::exception::ExceptionObject;
use super::traceback::TracebackObject;
use super::types;
use super::{frame_lines, suggest};
use crate::hooks;
use crate::names::names;
use crate::objects::list::ListObject;
use crate::objects::module::ModuleObject;
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

/// Writes to `sys.stderr` as a program sees it: nothing if that is None, and to the process's own stream if there is none or it fails.
pub fn write_to_sys_stderr(text: &str) {
    write_object_to_sys_stderr(StrObject::new(text).value(), text);
}

/// Writes a str to `sys.stderr`; `text` is what stands for it where there is none.
pub fn write_object_to_sys_stderr(object: Value, text: &str) {
    let stream = crate::sys_state::modules()
        .get_text("sys")
        .and_then(|sys| sys.get::<ModuleObject>()?.dict().get_text("stderr"));
    let Some(stream) = stream else {
        hooks::write_stderr(text);
        return;
    };
    if objects::is_none(stream.value()) {
        return;
    }
    let written = protocol::call_method_text(stream.value(), "write", &[object])
        .and_then(|_| protocol::call_method_text(stream.value(), "flush", &[]));
    if let Err(raised) = written {
        drop(thread().take_raised(raised));
        hooks::write_stderr(text);
    }
}

/// The whole report of an exception with its chain.
pub fn format_exception(exception: Value) -> String {
    let mut report = Report { out: String::new(), seen: Vec::new(), depth: 0, needs_close: false };
    report.chain(exception);
    report.out
}

const CAUSE: &str = "\nThe above exception was the direct cause of the following exception:\n\n";
const CONTEXT: &str = "\nDuring handling of the above exception, another exception occurred:\n\n";
/// How many exceptions of a group are shown.
const GROUP_WIDTH: usize = 15;
/// How deep groups in groups are shown.
const GROUP_DEPTH: usize = 10;

/// A report under construction. Inside of groups every line has a margin.
struct Report {
    out: String,
    /// Exceptions that are in the report, so that a cycle ends.
    seen: Vec<Value>,
    /// How many groups are around.
    depth: usize,
    /// Whether the last exception of a group closes the frame around it.
    needs_close: bool,
}

impl Report {
    fn indent(&self) -> String {
        " ".repeat(2 * self.depth)
    }

    /// Appends lines with the margin.
    fn emit(&mut self, text: &str, mark: char) {
        let margin = if self.depth > 0 { format!("{}{mark} ", self.indent()) } else { String::new() };
        for line in text.split_inclusive('\n') {
            self.out.push_str(&margin);
            self.out.push_str(line);
        }
    }

    /// An exception and what it is linked to, the oldest first.
    fn chain(&mut self, exception: Value) {
        let mut links: Vec<(Value, &str)> = Vec::new();
        let mut next = Some((exception, ""));
        while let Some((exception, text)) = next {
            self.seen.push(exception);
            links.push((exception, text));
            let Some(this) = exception.get::<ExceptionObject>() else { break };
            let is_new = |value: &Value| !self.seen.contains(value);
            let context = this.context.get().filter(|_| !this.suppress_context.get());
            next = match (this.cause.get().filter(is_new), context.filter(is_new)) {
                (Some(cause), _) => Some((cause, CAUSE)),
                (None, Some(context)) => Some((context, CONTEXT)),
                (None, None) => None,
            };
        }
        for at in (0..links.len()).rev() {
            let follows = links.get(at + 1).map_or("", |(_, text)| text);
            self.emit(follows, '|');
            self.one(links[at].0);
        }
    }

    fn one(&mut self, exception: Value) {
        let Some(this) = exception.get::<ExceptionObject>() else { return };
        // A signal that arrives meanwhile is for the program, not for the report.
        if !thread().has_room() {
            return;
        }
        if exception.ty().is_subclass_of(&types::BaseExceptionGroup) {
            self.group(exception, this);
            return;
        }
        if let Some(traceback) = this.traceback.get_ref()
            && limit().is_none_or(|limit| limit > 0)
        {
            self.emit("Traceback (most recent call last):\n", '|');
            self.emit(&format_traceback(traceback), '|');
        }
        self.emit(&format_exception_only(exception), '|');
    }

    fn group(&mut self, exception: Value, this: &ExceptionObject) {
        if self.depth > GROUP_DEPTH {
            self.emit(&format!("... (max_group_depth is {GROUP_DEPTH})\n"), '|');
            return;
        }
        let is_top = self.depth == 0;
        self.depth += usize::from(is_top);
        if let Some(traceback) = this.traceback.get_ref() {
            let mark = if is_top { '+' } else { '|' };
            self.emit("Exception Group Traceback (most recent call last):\n", mark);
            self.emit(&format_traceback(traceback), '|');
        }
        self.emit(&format_exception_only(exception), '|');
        let members = this.extra[1].get().and_then(|members| members.get::<TupleObject>());
        let members: Vec<Ref> = members
            .map(|members| members.items().iter().map(|item| item.to_ref()).collect())
            .unwrap_or_default();
        let shown = members.len().min(GROUP_WIDTH + 1);
        self.needs_close = false;
        for (at, member) in members.iter().take(shown).enumerate() {
            self.needs_close |= at + 1 == shown;
            self.member(at, member.value(), members.len());
            if at + 1 == shown && self.needs_close {
                self.out.push_str(&format!("{}+------------------------------------\n", self.indent()));
                self.needs_close = false;
            }
            self.depth -= 1;
        }
        self.depth -= usize::from(is_top);
    }

    /// One exception of a group of `count`; the depth stays that of its inside.
    fn member(&mut self, at: usize, member: Value, count: usize) {
        let is_cut = at >= GROUP_WIDTH;
        let title = if is_cut { "...".to_owned() } else { (at + 1).to_string() };
        let corner = if at == 0 { "+-" } else { "  " };
        self.out.push_str(&format!("{}{corner}+---------------- {title} ----------------\n", self.indent()));
        self.depth += 1;
        if is_cut {
            let more = count - GROUP_WIDTH;
            self.emit(&format!("and {more} more exception{}\n", crate::signature::plural(more)), '|');
        } else {
            self.chain(member);
        }
    }
}

/// How many entries of a traceback are to be shown, if `sys.tracebacklimit` says so.
fn limit() -> Option<i64> {
    let sys = crate::builtins::io::sys_namespace()?;
    let limit = sys.get::<crate::objects::dict::DictObject>()?.get_text("tracebacklimit")?;
    crate::objects::int::IntRef::of(limit.value()).map(|limit| {
        let beyond = if limit.is_negative() { 0 } else { i64::MAX };
        limit.to_i64().unwrap_or(beyond)
    })
}

/// The innermost entries of a traceback, as many as are to be shown.
fn latest(first: Ref) -> Ref {
    let Some(most) = limit() else { return first };
    let next = |entry: &Ref| entry.get::<TracebackObject>().and_then(|entry| entry.next.get_ref());
    let length = std::iter::successors(Some(first.clone()), next).count() as i64;
    let mut start = first;
    for _ in most..length {
        let Some(following) = next(&start) else { break };
        start = following;
    }
    start
}

/// The entries of a traceback, repeated ones folded after three.
fn format_traceback(first: Ref) -> String {
    let mut out = String::new();
    let (mut link, mut last, mut repeated) = (Some(latest(first)), None, 0usize);
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
            out.push_str(&frame_lines::format(&this.code().code().filename, &this.code().code().name, range));
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
        let message = message.and_then(quiet_str).filter(|message| !message.is_empty());
        let message = message.unwrap_or_else(|| "<no detail available>".to_owned());
        let has_no = |at: usize| this.extra[at].get().is_none_or(objects::is_none);
        let file = this.extra[1].get().filter(|file| has_no(2) && !objects::is_none(*file));
        let place = file.and_then(quiet_str).map(|file| format!(" ({file})")).unwrap_or_default();
        return Some(message + &place);
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
    let Some(line) = this.extra[2].get().filter(|line| !objects::is_none(*line)) else { return };
    let line = quiet_str(line).unwrap_or_default();
    let file = this.extra[1].get().filter(|file| !objects::is_none(*file)).and_then(quiet_str);
    let file = file.filter(|name| !name.is_empty()).unwrap_or_else(|| "<string>".to_owned());
    out.push_str(&format!("  File \"{file}\", line {line}\n"));
    let Some(source) = text(4) else { return };
    let len = |text: &str| text.chars().count() as i64;
    let whole = source.trim_end_matches('\n');
    let shown = whole.trim_start_matches([' ', '\n', '\u{c}']);
    out.push_str(&format!("    {shown}\n"));
    let Some(mut offset) = number(3) else { return };
    let mut end = len(whole) + 1;
    if number(2) == number(5) || this.extra[5].get().is_none() {
        end = number(6).filter(|&end| end != 0).unwrap_or(offset);
    }
    let behind = len(whole) + 1;
    if !source.is_empty() {
        offset = if offset > len(&source) { behind } else { offset };
        end = if end > len(&source) { behind } else { end };
    }
    if offset >= end || end < 0 {
        end = offset + 1;
    }
    let removed = len(whole) - len(shown);
    let (start, end) = (offset - 1 - removed, end - 1 - removed);
    if start >= 0 {
        // Blanks other than spaces stay, so that the carets stand where they should.
        let blank = |letter: char| if letter.is_whitespace() { letter } else { ' ' };
        let lead: String = shown.chars().take(start as usize).map(blank).collect();
        out.push_str(&format!("    {lead}{}\n", "^".repeat((end - start).max(0) as usize)));
    }
}
