//! One entry of a traceback: the place, the source lines of the instruction, and what is marked under them.
//!
//! Method: that of CPython's `traceback.StackSummary.format_frame_summary`. The instruction's range is cut out of its lines; if it is a binary
//! operation, a subscript or a call, the operator or the brackets are marked by `^` and the rest by `~`. Of many lines only the first, the
//! last and those around the marks are shown. What an expression is, the compiler above knows (`Hooks::anchors`).
//!
//! Positions are counted in characters, and marks in columns of a terminal, in which East Asian characters are two wide.

use std::sync::atomic::{AtomicBool, Ordering};

use super::print::source_line;
use super::traceback::SourceRange;
use crate::hooks::{self, Anchors};

/// Whether the columns of instructions are not to be shown.
static HIDES_COLUMNS: AtomicBool = AtomicBool::new(false);

/// From here on instructions have lines but no columns (`-X no_debug_ranges`).
pub fn hide_columns() {
    HIDES_COLUMNS.store(true, Ordering::Relaxed);
}

/// Whether ends and columns are hidden.
pub(crate) fn hides_columns() -> bool {
    HIDES_COLUMNS.load(Ordering::Relaxed)
}

/// A range as it is shown: without end and columns, if they are hidden.
fn visible(range: SourceRange) -> SourceRange {
    if hides_columns() { SourceRange { line: range.line, ..SourceRange::default() } } else { range }
}

/// The lines of an entry.
pub(super) fn format(filename: &str, function: &str, range: SourceRange) -> String {
    let range = visible(range);
    let line = if range.line == 0 { "None".to_owned() } else { range.line.to_string() };
    let mut out = format!("  File \"{filename}\", line {line}, in {function}\n");
    let last = range.end_line.max(range.line);
    let lines: Vec<String> = (range.line..=last)
        .map(|line| source_line(filename, line).unwrap_or_default().trim_end().to_owned())
        .collect();
    if lines.iter().all(|line| line.trim().is_empty()) {
        return out;
    }
    if range.end_line == 0 {
        out.push_str(&format!("    {}\n", lines[0].trim()));
        return out;
    }
    for line in dedent(&Shown::new(&lines, range).rows()) {
        out.push_str(&format!("    {line}\n"));
    }
    out
}

/// Lines without the blanks that all of them start with; a line of blanks is empty.
fn dedent(lines: &[String]) -> Vec<String> {
    let blanks = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let mut margin: Option<&str> = None;
    for line in lines.iter().filter(|line| !line.trim().is_empty()) {
        let own = &line[..blanks(line)];
        let common = margin.map_or(own.len(), |margin| {
            own.bytes().zip(margin.bytes()).take_while(|(one, other)| one == other).count()
        });
        margin = Some(&own[..common]);
    }
    let width = margin.map_or(0, str::len);
    lines
        .iter()
        .map(|line| if line.trim().is_empty() { String::new() } else { line[width..].to_owned() })
        .collect()
}

/// Characters up to a byte offset.
fn characters(line: &str, bytes: u32) -> usize {
    String::from_utf8_lossy(&line.as_bytes()[..line.len().min(bytes as usize)]).chars().count()
}

/// How many columns the first characters of a line take.
fn width(line: &str, characters: usize) -> usize {
    line.chars().take(characters).map(display_width).sum()
}

/// Wide East Asian characters take two columns.
fn display_width(c: char) -> usize {
    let wide = matches!(c as u32, 0x1100..=0x115f | 0x231a..=0x231b | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff01..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1f64f | 0x1f900..=0x1faff | 0x20000..=0x3fffd);
    if wide { 2 } else { 1 }
}

/// The lines of an instruction and what is marked in them.
struct Shown {
    lines: Vec<String>,
    /// First and behind the last character of the instruction, in its first and last line.
    start: usize,
    end: usize,
    anchors: Option<Anchors>,
    has_marks: bool,
}

impl Shown {
    fn new(original: &[String], range: SourceRange) -> Self {
        let lines = dedent(original);
        let removed = original[0].chars().count().saturating_sub(lines[0].chars().count());
        let last = &original[original.len() - 1];
        let start = characters(&original[0], range.column).saturating_sub(removed);
        let end = characters(last, range.end_column).saturating_sub(removed);
        let segment = Self::segment(&lines, start, end);
        let anchors = (hooks::hooks().anchors)(&segment);
        let mut shown = Self { lines, start, end, anchors, has_marks: false };
        shown.has_marks = shown.wants_marks();
        shown
    }

    /// The text of the instruction.
    fn segment(lines: &[String], start: usize, end: usize) -> String {
        let text = lines.join("\n");
        let behind = lines[lines.len() - 1].chars().count().saturating_sub(end);
        let count = text.chars().count();
        text.chars().take(count - behind.min(count)).skip(start).collect()
    }

    /// Whether marks say more than that it is all of the line.
    fn wants_marks(&self) -> bool {
        if (hooks::hooks().is_whole_call)(&self.lines.join("\n"), self.start, self.end) {
            return false;
        }
        let before: String = self.lines[0].chars().take(self.start).collect();
        let behind: String = self.lines[self.lines.len() - 1].chars().skip(self.end).collect();
        self.anchors.is_some() || !before.trim_start().is_empty() || !behind.trim_end().is_empty()
    }

    /// The lines that are shown, in order: the ends, and those around the anchors.
    fn significant(&self) -> Vec<usize> {
        let mut lines = vec![0, self.lines.len() - 1];
        for (line, _) in self.anchors.iter().flat_map(|anchors| [anchors.left, anchors.right]) {
            lines.extend(line.saturating_sub(1)..=line + 1);
        }
        lines.retain(|&line| line < self.lines.len());
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    fn rows(&self) -> Vec<String> {
        let mut rows = Vec::new();
        let mut previous = None;
        for line in self.significant() {
            match previous.map(|previous: usize| line - previous) {
                Some(2) => self.push_line(line - 1, &mut rows),
                Some(more) if more > 2 => rows.push(format!("...<{} lines>...", more - 1)),
                _ => {}
            }
            self.push_line(line, &mut rows);
            previous = Some(line);
        }
        rows
    }

    fn push_line(&self, at: usize, rows: &mut Vec<String>) {
        let line = &self.lines[at];
        rows.push(line.clone());
        if !self.has_marks {
            return;
        }
        let blanks = line.chars().take_while(|letter| letter.is_whitespace()).count();
        let is_last = at + 1 == self.lines.len();
        let end = width(line, if is_last { self.end } else { usize::MAX });
        let start = if at == 0 { width(line, self.start) } else { 0 };
        let mark = |column: usize| match column {
            _ if column < blanks || column < start => ' ',
            _ if self.is_anchor(at, column) => '^',
            _ if self.anchors.is_some() => '~',
            _ => '^',
        };
        rows.push((0..end).map(mark).collect());
    }

    /// Whether a column of a line lies between the anchors.
    fn is_anchor(&self, line: usize, column: usize) -> bool {
        let Some(anchors) = self.anchors else { return false };
        let place = |(line, character): (usize, usize)| {
            let shift = if line == 0 { self.start } else { 0 };
            (line, self.lines.get(line).map_or(0, |text| width(text, character + shift)))
        };
        place(anchors.left) <= (line, column) && (line, column) < place(anchors.right)
    }
}
