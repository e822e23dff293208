//! `# spc: effect-ok[SP0801]`: a comment that takes responsibility for findings on its line.
//!
//! It names the codes that it allows, so that it allows nothing else later. One that allows nothing, or names nothing, is a finding itself.

use base::{Diagnostic, LineIndex, Span};
use parser::SourceText;

/// What opens such a comment, behind `#` and blanks.
const OPENING: &str = "spc: effect-ok";

/// One code that a comment allows.
struct Allowance<'s> {
    code: &'s str,
    /// The comment.
    span: Span,
    line: u32,
    is_used: bool,
}

/// The findings that no comment allows, and the comments that allow nothing.
pub(super) fn apply(source: &str, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if !source.contains(OPENING) {
        return found;
    }
    let text = SourceText::new(source);
    let mut wrong = Vec::new();
    let mut allowances = allowances(&text, &mut wrong);
    let mut left: Vec<_> =
        found.into_iter().filter(|finding| !is_allowed(finding, text.lines(), &mut allowances)).collect();
    let is_unused = |allowance: &&Allowance<'_>| !allowance.is_used;
    left.extend(allowances.iter().filter(is_unused).map(|allowance| {
        let message = format!("`effect-ok[{}]` is not needed: there is no such finding here", allowance.code);
        Diagnostic::new("SP0881", allowance.span, message).with_help("remove it")
    }));
    left.append(&mut wrong);
    left
}

fn allowances<'s>(text: &'s SourceText, wrong: &mut Vec<Diagnostic>) -> Vec<Allowance<'s>> {
    let mut allowances = Vec::new();
    for span in parser::comments(text) {
        let comment = span.text(text.text()).trim_start_matches('#').trim_start();
        let Some(rest) = comment.strip_prefix(OPENING) else { continue };
        let codes = rest.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let codes = codes.map_or("", |(codes, _)| codes).split(',').map(str::trim);
        let line = text.lines().line(span.start);
        let before = allowances.len();
        allowances.extend(codes.filter(|code| !code.is_empty()).map(|code| Allowance {
            code,
            span,
            line,
            is_used: false,
        }));
        if allowances.len() == before {
            let message = "an `effect-ok` comment names the codes that it allows";
            wrong.push(Diagnostic::new("SP0881", span, message).with_help("write `effect-ok[SP0801]`"));
        }
    }
    allowances
}

fn is_allowed(finding: &Diagnostic, lines: &LineIndex, allowances: &mut [Allowance<'_>]) -> bool {
    let span = finding.primary.span;
    let last = span.end.saturating_sub(1).max(span.start);
    let range = lines.line(span.start)..=lines.line(last);
    let mut is_allowed = false;
    for allowance in allowances {
        if allowance.code == finding.code && range.contains(&allowance.line) {
            allowance.is_used = true;
            is_allowed = true;
        }
    }
    is_allowed
}
