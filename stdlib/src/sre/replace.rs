//! Replacing matches: templates, and `sub` and `subn`.
//!
//! A replacement is a text, a template with references to groups, or a function of the match. The library's Python code reads templates, and
//! caches them; what it makes is a [`TemplateObject`].

use runtime::header::Header;
use runtime::object::{self, Object, Visitor};
use runtime::objects::bytes::BytesObject;
use runtime::objects::list::ListObject;
use runtime::objects::str::{StrBuilder, StrObject};
use runtime::objects::{self, int};
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{Py, PyResult, Ref, TypeObject, Value, buffer, error, protocol, raise};

use super::matched::{self, MatchObject};
use super::pattern::{Matches, PatternObject};
use super::subject::{Found, Subject};

/// A replacement that has been read: a text, then pairs of a group and the text behind it.
#[repr(C)]
pub struct TemplateObject {
    header: Header,
    first: Ref,
    rest: Vec<(usize, Option<Ref>)>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for TemplateObject {
    fn type_object() -> &'static TypeObject {
        &TEMPLATE
    }
    fn traverse(&self, visit: Visitor<'_>) {
        visit(self.first.value());
        self.rest.iter().filter_map(|(_, text)| text.as_ref()).for_each(|text| visit(text.value()));
    }
}

/// `re._parser.Template`, as it were.
pub static TEMPLATE: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "_sre",
    flags: type_flags::GC | type_flags::NO_NEW | type_flags::IMMUTABLE,
    ..TypeSpec::of::<TemplateObject>("SRE_Template")
};

impl TemplateObject {
    /// Reads `[text, group, text, ..., group, text]`.
    pub(super) fn make(parts: &ListObject) -> PyResult<Py<TemplateObject>> {
        let invalid = || raise!(TypeError, "invalid template");
        let mut parts = parts.to_vec().into_iter();
        let first = parts.next().ok_or_else(invalid)?;
        let mut rest = Vec::new();
        while let Some(group) = parts.next() {
            let group = usize::try_from(int::to_isize(group.value())?).map_err(|_| invalid())?;
            let text = parts.next().ok_or_else(invalid)?;
            rest.push((group, if protocol::len(text.value())? == 0 { None } else { Some(text) }));
        }
        Ok(object::new_object(TemplateObject { header: Header::new(&TEMPLATE), first, rest }))
    }
}

/// What a match is replaced by.
enum Replacement {
    Text(Ref),
    Template(Py<TemplateObject>),
    Function(Ref),
}

impl Replacement {
    fn new(pattern: &PatternObject, repl: Value) -> PyResult<Self> {
        if protocol::is_callable(repl) {
            return Ok(Replacement::Function(repl.to_ref()));
        }
        // Without a backslash there is nothing to read.
        let is_plain = match repl.get::<StrObject>() {
            Some(text) => !text.code_points().any(|point| point == '\\' as u32),
            None => buffer::is_bytes_like(repl) && buffer::with_bytes(repl, |bytes| !bytes.contains(&b'\\'))?,
        };
        if is_plain {
            return Ok(Replacement::Text(repl.to_ref()));
        }
        let template = read_template(pattern, repl)?;
        Ok(if template.rest.is_empty() {
            Replacement::Text(template.first.clone())
        } else {
            Replacement::Template(template)
        })
    }
}

/// Has the library read a template.
fn read_template(pattern: &PatternObject, repl: Value) -> PyResult<Py<TemplateObject>> {
    let pattern = Value::from_object(pattern);
    let library = protocol::import::import_absolute("re")?;
    let read = protocol::get_attr_text(library.value(), "_compile_template")?;
    let read = match protocol::call(read.value(), &[pattern, repl], None) {
        Ok(template) => template,
        Err(raised) => {
            // What cannot be hashed cannot be in the cache.
            error::catch(raised, &error::types::TypeError)?;
            let exact = match repl.get::<StrObject>() {
                Some(_) => repl.to_ref(),
                None => BytesObject::new(&buffer::to_vec(repl)?).into(),
            };
            protocol::call(read.value(), &[pattern, exact.value()], None)?
        }
    };
    Py::downcast(read).map_err(|other| {
        raise!(RuntimeError, "the result of compiling a replacement string is {}", other.ty().name())
    })
}

/// Text that grows piece by piece. Counts the pieces, for the errors of those that are none.
struct Output {
    text: Result<StrBuilder, Vec<u8>>,
    count: usize,
}

impl Output {
    fn new(is_text: bool) -> Self {
        Output { text: if is_text { Ok(StrBuilder::new()) } else { Err(Vec::new()) }, count: 0 }
    }

    fn push_span(&mut self, subject: &Subject, start: usize, end: usize) -> PyResult<()> {
        self.count += 1;
        let units = subject.units();
        match &mut self.text {
            Ok(text) => {
                text.push_units(units.part(start, end));
                text.check()
            }
            Err(bytes) => match units {
                objects::str::Units::One(all) => push_bytes(bytes, &all[start..end]),
                objects::str::Units::Two(_) | objects::str::Units::Four(_) => {
                    unreachable!("bytes are stored as bytes")
                }
            },
        }
    }

    fn push(&mut self, piece: Value) -> PyResult<()> {
        let (at, got) = (self.count, piece.ty().name());
        self.count += 1;
        match &mut self.text {
            Ok(text) => match piece.get::<StrObject>() {
                Some(piece) => {
                    text.push_object(piece);
                    text.check()
                }
                None => Err(raise!(TypeError, "sequence item {at}: expected str instance, {got} found")),
            },
            Err(_) if !buffer::is_bytes_like(piece) => {
                Err(raise!(TypeError, "sequence item {at}: expected a bytes-like object, {got} found"))
            }
            Err(bytes) => buffer::with_bytes(piece, |piece| push_bytes(bytes, piece))?,
        }
    }

    /// A match as a template shows it.
    fn push_template(&mut self, template: &TemplateObject, subject: &Subject, found: &Found) -> PyResult<()> {
        let groups = found.marks.as_chunks::<2>().0;
        self.push(template.first.value())?;
        for (group, text) in &template.rest {
            let span = match group {
                0 => [found.start, found.end],
                _ => *groups.get(group - 1).ok_or_else(|| raise!(IndexError, "no such group"))?,
            };
            if span[0] != super::stack::NONE {
                self.push_span(subject, span[0].min(subject.len()), span[1].min(subject.len()))?;
            }
            if let Some(text) = text {
                self.push(text.value())?;
            }
        }
        Ok(())
    }

    fn finish(self) -> PyResult {
        match self.text {
            Ok(text) => Ok(text.try_finish()?.into()),
            Err(bytes) => Ok(BytesObject::new(&bytes).into()),
        }
    }
}

fn push_bytes(bytes: &mut Vec<u8>, more: &[u8]) -> PyResult<()> {
    bytes.try_reserve(more.len()).map_err(|_| error::memory_error())?;
    bytes.extend_from_slice(more);
    Ok(())
}

/// Replaces at most `limit` matches, all for 0: the new text and how many there were.
pub(super) fn substitute(
    pattern: &PatternObject,
    repl: Value,
    string: Value,
    limit: isize,
) -> PyResult<(Ref, usize)> {
    let replacement = Replacement::new(pattern, repl)?;
    let subject = pattern.subject(string)?;
    let mut matches = Matches::new(&pattern.program, 0, subject.len());
    let mut output = Output::new(subject.is_text());
    let (mut last, mut made) = (0, 0);
    while limit == 0 || (made as isize) < limit {
        let Some(found) = matches.next(&subject)? else { break };
        let (start, end) = (found.start, found.end);
        if last < start {
            output.push_span(&subject, last, start)?;
        }
        match &replacement {
            Replacement::Text(text) => output.push(text.value())?,
            Replacement::Template(template) => output.push_template(template, &subject, &found)?,
            Replacement::Function(function) => {
                let matched = MatchObject::make(pattern, &subject, found, (0, subject.len()));
                let text = protocol::call_one(function.value(), matched.value())?;
                if !objects::is_none(text.value()) {
                    output.push(text.value())?;
                }
            }
        }
        (last, made) = (end, made + 1);
    }
    if made == 0 {
        return Ok((subject.slice(0, subject.len()), 0));
    }
    if last < subject.len() {
        output.push_span(&subject, last, subject.len())?;
    }
    Ok((output.finish()?, made))
}

/// `Match.expand`.
pub(super) fn expand(this: &MatchObject, template: Value) -> PyResult {
    let template = read_template(this.pattern(), template)?;
    let subject = this.subject()?;
    if template.rest.is_empty() {
        return Ok(template.first.clone());
    }
    let mut output = Output::new(subject.is_text());
    output.push(template.first.value())?;
    for (group, text) in &template.rest {
        if *group > this.pattern().program.groups {
            return Err(raise!(IndexError, "no such group"));
        }
        output.push(matched::part(&subject, this.span(*group), None).value())?;
        if let Some(text) = text {
            output.push(text.value())?;
        }
    }
    output.finish()
}
