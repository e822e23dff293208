//! String literals: decoding, f-strings and t-strings, and the concatenation of neighbours.
//!
//! What comes out is what CPython's `action_helpers.c` makes, down to the places of the parts: runs of constants are folded into
//! one from the start of the first to the end of the last, and empty ones vanish beside replacement fields.

use super::escape::unescape;
use super::{Builder, ExprRef, Fallible, refuse_at, refuse_next};
use crate::ast::{Constant, Conversion, Expr, ExprKind, PyStr, Thin};
use base::Span;

/// One literal among neighbours; the expression is a constant, a `JoinedStr` or a `TemplateStr`.
#[derive(Clone, Copy)]
pub(crate) struct StringPart<'a> {
    expr: ExprRef<'a>,
}

/// A part of an f-string or t-string.
pub(crate) enum Element<'a> {
    /// Text between fields.
    Middle(u32, u32),
    /// A replacement field.
    Field(Box<Field<'a>>),
}

/// A replacement field as written.
pub(crate) struct Field<'a> {
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Where the closing brace stands.
    pub(crate) close: u32,
    pub(crate) value: ExprRef<'a>,
    /// Whether `=` follows the value.
    pub(crate) is_debug: bool,
    /// Where `!`, and the start and end of the letter stand.
    pub(crate) conversion: Option<(u32, u32, u32)>,
    /// From the colon to the end, with the parts between.
    pub(crate) spec: Option<(u32, Vec<Element<'a>>, u32)>,
}

impl Field<'_> {
    /// Where the text that `=` shows ends.
    fn expression_end(&self) -> u32 {
        let bang = self.conversion.map(|(bang, _, _)| bang);
        let colon = self.spec.as_ref().map(|(colon, _, _)| *colon);
        bang.or(colon).unwrap_or(self.close)
    }
}

/// What the parts of a string with fields need to know about it.
#[derive(Clone, Copy)]
struct Surroundings {
    /// `f` or `t`.
    prefix: char,
    is_raw: bool,
    /// What errors in escapes are blamed on.
    blamed: Span,
    /// Whether the parts are those of a format spec.
    in_spec: bool,
}

impl<'a> Builder<'a, '_> {
    // ---- Plain literals -----------------------------------------------------------------------------------------------------

    pub(crate) fn string_literal(&mut self, l: u32, r: u32) -> Fallible<StringPart<'a>> {
        let text = self.text(l, r);
        let prefix_len = text.find(['\'', '"']).expect("a string token has quotes");
        let (prefix, quoted) = text.split_at(prefix_len);
        let quote_len = if quoted.len() >= 6 && (quoted.starts_with("'''") || quoted.starts_with("\"\"\"")) {
            3
        } else {
            1
        };
        let content = &quoted[quote_len..quoted.len() - quote_len];
        let content_start = l + (prefix_len + quote_len) as u32;
        let has_letter = |letter: u8| prefix.bytes().any(|byte| byte.eq_ignore_ascii_case(&letter));
        let is_bytes = has_letter(b'b');
        if is_bytes && !content.is_ascii() {
            return refuse_at(Span::new(l, r), "bytes can only contain ASCII literal characters");
        }
        let bytes = self.decode(content, content_start, is_bytes, has_letter(b'r'), Span::new(l, r))?;
        let value = if is_bytes { Constant::Bytes(bytes) } else { Constant::Str(PyStr::from_wtf8(bytes)) };
        let kind = prefix.starts_with('u').then_some(&"u");
        Ok(StringPart { expr: self.expr(l, r, ExprKind::Constant { value, kind }) })
    }

    /// The content of a literal in the arena, with escapes replaced unless it is raw.
    fn decode(
        &mut self,
        content: &str,
        start: u32,
        is_bytes: bool,
        is_raw: bool,
        token: Span,
    ) -> Fallible<&'a [u8]> {
        if is_raw || !content.contains('\\') {
            return Ok(self.arena.alloc_slice_copy(content.as_bytes()));
        }
        match unescape(content, is_bytes) {
            Ok(text) => {
                if let Some(invalid) = &text.invalid {
                    let (span, message) = invalid.warning(content, start);
                    self.warn(span, &message);
                }
                Ok(self.arena.alloc_slice_copy(&text.bytes))
            }
            Err(message) => refuse_at(token, message),
        }
    }

    fn str_constant(&mut self, span: Span, bytes: &'a [u8], kind: Option<Thin<'a, str>>) -> ExprRef<'a> {
        let value = Constant::Str(PyStr::from_wtf8(bytes));
        self.expr(span.start, span.end, ExprKind::Constant { value, kind })
    }

    // ---- Strings with fields ------------------------------------------------------------------------------------------------

    /// An f-string whose opening quote ends at `m`.
    pub(crate) fn f_string(
        &mut self,
        l: u32,
        m: u32,
        r: u32,
        elements: Vec<Element<'a>>,
    ) -> Fallible<StringPart<'a>> {
        let around = self.surroundings('f', l, m, r);
        let values = self.elements(elements, around)?;
        let values = self.exprs(values);
        Ok(StringPart { expr: self.expr(l, r, ExprKind::JoinedStr { values }) })
    }

    /// A t-string whose opening quote ends at `m`.
    pub(crate) fn t_string(
        &mut self,
        l: u32,
        m: u32,
        r: u32,
        elements: Vec<Element<'a>>,
    ) -> Fallible<StringPart<'a>> {
        let around = self.surroundings('t', l, m, r);
        let values = self.elements(elements, around)?;
        let values = self.exprs(values);
        Ok(StringPart { expr: self.expr(l, r, ExprKind::TemplateStr { values }) })
    }

    /// CPython decodes the text when it has read the closing quote, and blames that for bad escapes.
    fn surroundings(&self, prefix: char, l: u32, m: u32, r: u32) -> Surroundings {
        let opening = self.text(l, m);
        let len = if opening.ends_with("'''") || opening.ends_with("\"\"\"") { 3 } else { 1 };
        let is_raw = opening.contains(['r', 'R']);
        Surroundings { prefix, is_raw, blamed: Span::new(r - len, r), in_spec: false }
    }

    fn elements(&mut self, elements: Vec<Element<'a>>, around: Surroundings) -> Fallible<Vec<ExprRef<'a>>> {
        let mut values = Vec::with_capacity(elements.len());
        for element in elements {
            match element {
                Element::Middle(l, r) => {
                    let bytes = self.decode(self.text(l, r), l, false, around.is_raw, around.blamed)?;
                    if !bytes.is_empty() {
                        let end = r + u32::from(self.is_half_of_brace(l, r));
                        values.push(self.str_constant(Span::new(l, end), bytes, None));
                    }
                }
                Element::Field(field) => self.push_field(&mut values, *field, around)?,
            }
        }
        Ok(values)
    }

    /// Whether text ends in the first half of a doubled brace. CPython counts the second half to its place, not to its text.
    fn is_half_of_brace(&self, l: u32, r: u32) -> bool {
        let text = self.text(l, r);
        let is_followed_by = |brace: char| self.source[r as usize..].starts_with(brace);
        let ends_name = || text.find('{').is_some_and(|at| at + 1 < text.len());
        (text.ends_with('{') && is_followed_by('{'))
            || (text.ends_with('}') && is_followed_by('}') && !ends_name())
    }

    /// Appends a field, behind its own text if it has `=`.
    fn push_field(
        &mut self,
        values: &mut Vec<ExprRef<'a>>,
        field: Field<'a>,
        around: Surroundings,
    ) -> Fallible<()> {
        let conversion = self.conversion(&field, around.prefix)?;
        let expression = Span::new(field.start + 1, field.expression_end());
        let text = without_comments(expression.text(self.source));
        if field.is_debug {
            // CPython decodes escapes here as in the text around the field, but not inside format specs.
            let is_raw = around.is_raw || around.in_spec;
            let bytes = self.decode(&text, expression.start, false, is_raw, around.blamed)?;
            values.push(self.str_constant(expression, bytes, None));
        }
        let format_spec = match field.spec {
            Some((l, elements, r)) => Some(self.format_spec(l, r, elements, around)?),
            None => None,
        };
        let value = field.value;
        let kind = if around.prefix == 't' && !around.in_spec {
            let text = text.trim_end_matches(|letter: char| letter.is_whitespace() || letter == '=');
            let str: &str = self.arena.alloc_str(text);
            ExprKind::Interpolation { value, str: self.arena.alloc(str), conversion, format_spec }
        } else {
            ExprKind::FormattedValue { value, conversion, format_spec }
        };
        values.push(self.expr(field.start, field.end, kind));
        Ok(())
    }

    /// The conversion as written, or the one that `=` implies.
    fn conversion(&self, field: &Field<'a>, prefix: char) -> Fallible<Conversion> {
        let Some((bang, l, r)) = field.conversion else {
            let shows_value = field.is_debug && field.spec.is_none();
            return Ok(if shows_value { Conversion::Repr } else { Conversion::None });
        };
        if bang + 1 != l {
            let message =
                format!("{prefix}-string: conversion type must come right after the exclamation mark");
            return refuse_at(Span::new(bang, r), message);
        }
        match self.text(l, r) {
            "s" => Ok(Conversion::Str),
            "r" => Ok(Conversion::Repr),
            "a" => Ok(Conversion::Ascii),
            name => {
                let message = format!(
                    "{prefix}-string: invalid conversion character '{name}': expected 's', 'r', or 'a'"
                );
                refuse_at(Span::new(l, r), message)
            }
        }
    }

    fn format_spec(
        &mut self,
        l: u32,
        r: u32,
        elements: Vec<Element<'a>>,
        around: Surroundings,
    ) -> Fallible<ExprRef<'a>> {
        let inside = Surroundings { blamed: Span::new(l, r), in_spec: true, ..around };
        let values = self.elements(elements, inside)?;
        let values = self.fold(values.into_iter().copied(), true);
        let values = self.exprs(values);
        Ok(self.expr(l, r, ExprKind::JoinedStr { values }))
    }

    // ---- Neighbours ---------------------------------------------------------------------------------------------------------

    /// Joins adjacent literals.
    pub(crate) fn strings(&mut self, l: u32, r: u32, parts: Vec<StringPart<'a>>) -> Fallible<ExprRef<'a>> {
        let has = |test: fn(&ExprKind<'_>) -> bool| parts.iter().any(|part| test(&part.expr.kind));
        let has_template = has(|kind| matches!(kind, ExprKind::TemplateStr { .. }));
        let has_fields = has(|kind| matches!(kind, ExprKind::JoinedStr { .. }));
        let has_bytes = has(|kind| matches!(kind, ExprKind::Constant { value: Constant::Bytes(_), .. }));
        let has_text = has(|kind| matches!(kind, ExprKind::Constant { value: Constant::Str(_), .. }));
        if has_template && (has_fields || has_bytes || has_text) {
            return refuse_mixed_templates(&parts);
        }
        if has_bytes && (has_text || has_fields) {
            return refuse_next(Span::new(l, r), "cannot mix bytes and nonbytes literals");
        }
        if has_bytes {
            return Ok(self.join_bytes(l, r, &parts));
        }
        if let [part] = parts[..]
            && has_text
        {
            return Ok(part.expr);
        }
        let flat: Vec<Expr<'a>> = parts.iter().flat_map(|part| flattened(part.expr)).copied().collect();
        let values = self.fold(flat.into_iter(), has_fields || has_template);
        if has_text && !has_fields {
            return Ok(values[0]);
        }
        let values = self.exprs(values);
        let kind =
            if has_template { ExprKind::TemplateStr { values } } else { ExprKind::JoinedStr { values } };
        Ok(self.expr(l, r, kind))
    }

    fn join_bytes(&mut self, l: u32, r: u32, parts: &[StringPart<'a>]) -> ExprRef<'a> {
        if let [part] = parts {
            return part.expr;
        }
        let bytes: Vec<u8> = parts.iter().flat_map(|part| constant_bytes(part.expr)).copied().collect();
        let bytes = self.arena.alloc_slice_copy(&bytes);
        self.constant(l, r, Constant::Bytes(bytes))
    }

    /// Folds runs of constants; beside fields, drops those that come out empty.
    fn fold(&mut self, values: impl Iterator<Item = Expr<'a>>, drops_empty: bool) -> Vec<ExprRef<'a>> {
        let mut values = values.peekable();
        let mut folded: Vec<ExprRef<'a>> = Vec::new();
        while let Some(value) = values.next() {
            let ExprKind::Constant { kind, .. } = value.kind else {
                folded.push(self.arena.alloc(value));
                continue;
            };
            let is_constant = |next: &Expr<'_>| matches!(next.kind, ExprKind::Constant { .. });
            let mut bytes = constant_bytes(&value).to_vec();
            let mut span = value.span;
            let mut is_run = false;
            while let Some(next) = values.next_if(is_constant) {
                bytes.extend_from_slice(constant_bytes(&next));
                span = span.to(next.span);
                is_run = true;
            }
            if bytes.is_empty() && drops_empty {
                continue;
            }
            if is_run {
                let bytes = self.arena.alloc_slice_copy(&bytes);
                folded.push(self.str_constant(span, bytes, kind));
            } else {
                folded.push(self.arena.alloc(value));
            }
        }
        folded
    }
}

/// The values of a string with fields, or the constant itself.
fn flattened<'a>(expr: ExprRef<'a>) -> &'a [Expr<'a>] {
    match expr.kind {
        ExprKind::JoinedStr { values } | ExprKind::TemplateStr { values } => values,
        _ => std::slice::from_ref(expr),
    }
}

fn constant_bytes<'a>(expr: &Expr<'a>) -> &'a [u8] {
    match expr.kind {
        ExprKind::Constant { value: Constant::Str(text), .. } => text.as_bytes(),
        ExprKind::Constant { value: Constant::Bytes(bytes), .. } => bytes,
        _ => unreachable!("string literals yield string or bytes constants"),
    }
}

fn refuse_mixed_templates<T>(parts: &[StringPart<'_>]) -> Fallible<T> {
    let is_template = |part: &StringPart<'_>| matches!(part.expr.kind, ExprKind::TemplateStr { .. });
    let odd = parts.windows(2).find(|pair| is_template(&pair[0]) != is_template(&pair[1]));
    let pair = odd.expect("the caller has seen both kinds");
    let message = "cannot mix t-string literals with string or bytes literals";
    refuse_at(pair[0].expr.span.to(pair[1].expr.span), message)
}

/// The text of an expression without the comments that PEP 701 lets it contain.
fn without_comments(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut quote = None;
    let mut in_comment = false;
    for letter in text.chars() {
        match (letter, quote) {
            ('\n', _) => in_comment = false,
            _ if in_comment => continue,
            ('#', None) => {
                in_comment = true;
                continue;
            }
            ('\'' | '"', None) => quote = Some(letter),
            (_, Some(open)) if open == letter => quote = None,
            _ => {}
        }
        clean.push(letter);
    }
    clean
}
