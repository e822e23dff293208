//! `str.format`: `{}` replacement fields with names, attributes, subscripts, conversions and nested specifications.

use crate::objects::str::{StrBuilder, StrObject};
use crate::protocol;
use crate::value::{Py, PyResult, Ref, Value};

/// Where fields take their values from.
struct Source<'a> {
    args: &'a [Value],
    keywords: &'a [(Value, Value)],
    mapping: Option<Value>,
    /// `Some(n)`: automatic numbering has reached n; `None` after the first explicit number.
    automatic: Option<usize>,
    manual: bool,
}

/// `template.format(*args, **keywords)`
pub fn format(template: &StrObject, args: &[Value], keywords: &[(Value, Value)]) -> PyResult<Py<StrObject>> {
    run(template, Source { args, keywords, mapping: None, automatic: None, manual: false })
}

/// `template.format_map(mapping)`
pub fn format_map(template: &StrObject, mapping: Value) -> PyResult<Py<StrObject>> {
    run(template, Source { args: &[], keywords: &[], mapping: Some(mapping), automatic: None, manual: false })
}

/// A stretch of text, and the field behind it, if there is one.
pub struct Piece {
    /// The text, braces unescaped.
    pub literal: String,
    /// Name, specification and conversion.
    pub field: Option<(String, String, Option<char>)>,
}

/// The pieces of a template, nested specifications not expanded.
pub fn pieces(template: &StrObject) -> PyResult<Vec<Piece>> {
    let chars = chars_of(template);
    let (mut found, mut literal, mut at) = (Vec::new(), String::new(), 0);
    while let Some(&c) = chars.get(at) {
        at += 1;
        match (c, chars.get(at)) {
            ('{', Some('{')) | ('}', Some('}')) => {
                // An escaped brace ends the piece.
                literal.push(c);
                at += 1;
                found.push(Piece { literal: std::mem::take(&mut literal), field: None });
            }
            ('{', None) => return Err(crate::raise!(ValueError, "Single '{{' encountered in format string")),
            ('}', _) => return Err(crate::raise!(ValueError, "Single '}}' encountered in format string")),
            ('{', Some(_)) => {
                let end = field_end(&chars, at)?;
                let (name, rest) = split_name(&chars[at..end]);
                let (conversion, spec) = split_rest(rest)?;
                let field = Some((name, spec.iter().collect(), conversion));
                found.push(Piece { literal: std::mem::take(&mut literal), field });
                at = end + 1;
            }
            _ => literal.push(c),
        }
    }
    if !literal.is_empty() {
        found.push(Piece { literal, field: None });
    }
    Ok(found)
}

/// One step of a field's name: `.name` or `[key]`, keys that are numbers as ints.
pub enum Step {
    /// An attribute.
    Attribute(String),
    /// A subscript.
    Item(Ref),
}

/// The first part of a field's name, and the rest.
fn split_first(name: &str) -> (&str, &str) {
    name.split_at(name.find(['.', '[']).unwrap_or(name.len()))
}

/// The first part of a field's name, and the steps behind it.
pub fn split_steps(name: &str) -> PyResult<(&str, Vec<Step>)> {
    let (first, mut rest) = split_first(name);
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, after) = next_step(rest)?;
        steps.push(step);
        rest = after;
    }
    Ok((first, steps))
}

fn next_step(rest: &str) -> PyResult<(Step, &str)> {
    let empty = || crate::raise!(ValueError, "Empty attribute in format string");
    if let Some(after) = rest.strip_prefix('.') {
        let (name, after) = after.split_at(after.find(['.', '[']).unwrap_or(after.len()));
        return if name.is_empty() { Err(empty()) } else { Ok((Step::Attribute(name.to_owned()), after)) };
    }
    let Some(after) = rest.strip_prefix('[') else {
        return Err(crate::raise!(ValueError, "Only '.' or '[' may follow ']' in format field specifier"));
    };
    let Some((key, after)) = after.split_once(']') else {
        return Err(crate::raise!(ValueError, "Missing ']' in format string"));
    };
    if key.is_empty() {
        return Err(empty());
    }
    let key = match key.bytes().all(|byte| byte.is_ascii_digit()) {
        true => crate::objects::int::from_i64(number(key)?),
        false => StrObject::new(key).into(),
    };
    Ok((Step::Item(key), after))
}

/// A number in a field's name.
fn number(digits: &str) -> PyResult<i64> {
    digits.parse().map_err(|_| crate::raise!(ValueError, "Too many decimal digits in format string"))
}

/// The characters by which a template is taken apart; lone surrogates, which mean nothing in it, are represented.
fn chars_of(template: &StrObject) -> Vec<char> {
    template.code_points().map(|point| char::from_u32(point).unwrap_or('\u{fffd}')).collect()
}

fn run(template: &StrObject, mut source: Source<'_>) -> PyResult<Py<StrObject>> {
    let points: Vec<u32> = template.code_points().collect();
    let mut out = StrBuilder::with_capacity(points.len());
    expand(&chars_of(template), &points, &mut source, 2, &mut out)?;
    out.try_finish()
}

/// Expands a template, given as characters and as the code points that are copied.
fn expand(
    chars: &[char],
    points: &[u32],
    source: &mut Source<'_>,
    depth: usize,
    out: &mut StrBuilder,
) -> PyResult<()> {
    if depth == 0 {
        return Err(crate::raise!(ValueError, "Max string recursion exceeded"));
    }
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        at += 1;
        match (c, chars.get(at)) {
            ('{', Some('{')) | ('}', Some('}')) => {
                out.push(c as u32);
                at += 1;
            }
            ('{', None) => return Err(crate::raise!(ValueError, "Single '{{' encountered in format string")),
            ('}', _) => return Err(crate::raise!(ValueError, "Single '}}' encountered in format string")),
            ('{', Some(_)) => {
                let end = field_end(chars, at)?;
                expand_field(&chars[at..end], &points[at..end], source, depth, out)?;
                at = end + 1;
            }
            _ => out.push(points[at - 1]),
        }
    }
    Ok(())
}

/// Position of the brace that closes the field starting at `at`.
fn field_end(chars: &[char], mut at: usize) -> PyResult<usize> {
    let mut depth = 1;
    let mut in_brackets = false;
    let mut in_spec = false;
    while at < chars.len() {
        match chars[at] {
            '[' if !in_spec => in_brackets = true,
            ']' => in_brackets = false,
            '!' if depth == 1 && !in_brackets && !in_spec => {
                // The conversion is the next character, whatever it is.
                in_spec = true;
                at += 1;
                if at >= chars.len() {
                    let message = "end of string while looking for conversion specifier";
                    return Err(crate::raise!(ValueError, "{message}"));
                }
            }
            ':' if depth == 1 && !in_brackets => in_spec = true,
            '{' if !in_spec && !in_brackets => {
                return Err(crate::raise!(ValueError, "unexpected '{{' in field name"));
            }
            '{' if !in_brackets => depth += 1,
            '}' if !in_brackets => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    if in_spec {
        return Err(crate::raise!(ValueError, "unmatched '{{' in format spec"));
    }
    Err(crate::raise!(ValueError, "expected '}}' before end of string"))
}

fn expand_field(
    field: &[char],
    points: &[u32],
    source: &mut Source<'_>,
    depth: usize,
    out: &mut StrBuilder,
) -> PyResult<()> {
    let (name, rest) = split_name(field);
    let (conversion, spec) = split_rest(rest)?;
    let mut value = lookup(&name, source)?;
    value = match conversion {
        None => value,
        Some('s') => protocol::str(value.value())?,
        Some('r') => protocol::repr(value.value())?,
        Some('a') => protocol::ascii(value.value())?,
        Some(other) => return Err(crate::raise!(ValueError, "Unknown conversion specifier {other}")),
    };
    let mut expanded = StrBuilder::new();
    let spec_points = &points[points.len() - spec.len()..];
    if spec.contains(&'{') {
        expand(spec, spec_points, source, depth - 1, &mut expanded)?;
    } else {
        spec_points.iter().for_each(|&point| expanded.push(point));
    }
    let text = protocol::format(value.value(), expanded.finish().value())?;
    if let Some(text) = text.get::<StrObject>() {
        out.push_object(text);
    }
    Ok(())
}

/// The name of a field, and what is behind it.
fn split_name(field: &[char]) -> (String, &[char]) {
    let mut in_brackets = false;
    let end = field.iter().position(|&c| {
        in_brackets = (in_brackets || c == '[') && c != ']';
        !in_brackets && matches!(c, '!' | ':')
    });
    let (name, rest) = field.split_at(end.unwrap_or(field.len()));
    (name.iter().collect(), rest)
}

/// `!r:spec` taken apart.
fn split_rest(rest: &[char]) -> PyResult<(Option<char>, &[char])> {
    match rest {
        [] => Ok((None, &[])),
        [':', spec @ ..] => Ok((None, spec)),
        ['!', conversion] => Ok((Some(*conversion), &[])),
        ['!', conversion, ':', spec @ ..] => Ok((Some(*conversion), spec)),
        ['!'] => Err(crate::raise!(ValueError, "unmatched '{{' in format spec")),
        _ => Err(crate::raise!(ValueError, "expected ':' after conversion specifier")),
    }
}

/// The value that `0.name[key]` names.
fn lookup(name: &str, source: &mut Source<'_>) -> PyResult {
    let (first, mut rest) = split_first(name);
    let mut value = lookup_first(first, source)?;
    while !rest.is_empty() {
        let (step, after) = next_step(rest)?;
        rest = after;
        value = match step {
            Step::Attribute(name) => protocol::get_attr_text(value.value(), &name)?,
            Step::Item(key) => protocol::get_item(value.value(), key.value())?,
        };
    }
    Ok(value)
}

fn lookup_first(first: &str, source: &mut Source<'_>) -> PyResult {
    let index = if first.is_empty() {
        if source.manual {
            return Err(crate::raise!(
                ValueError,
                "cannot switch from manual field specification to automatic field numbering"
            ));
        }
        let next = source.automatic.unwrap_or(0);
        source.automatic = Some(next + 1);
        Some(next)
    } else if first.bytes().all(|b| b.is_ascii_digit()) {
        if source.automatic.is_some() {
            return Err(crate::raise!(
                ValueError,
                "cannot switch from automatic field numbering to manual field specification"
            ));
        }
        source.manual = true;
        Some(number(first)? as usize)
    } else {
        None
    };
    match (index, source.mapping) {
        (Some(_), Some(_)) => Err(crate::raise!(ValueError, "Format string contains positional fields")),
        (Some(at), None) => match source.args.get(at) {
            Some(value) => Ok(value.to_ref()),
            None => Err(crate::raise!(
                IndexError,
                "Replacement index {at} out of range for positional args tuple"
            )),
        },
        (None, Some(mapping)) => protocol::get_item(mapping, StrObject::new(first).value()),
        (None, None) => {
            let found = source
                .keywords
                .iter()
                .find(|(name, _)| name.get::<StrObject>().is_some_and(|name| name.eq_str(first)));
            match found {
                Some((_, value)) => Ok(value.to_ref()),
                None => Err(crate::error::key_error(StrObject::new(first).value())),
            }
        }
    }
}
