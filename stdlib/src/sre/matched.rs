//! `re.Match`: what a pattern has matched.

use runtime::convert::{OrNone, Rest};
use runtime::field::Field;
use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects::dict::DictObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{Py, PyResult, Ref, TypeObject, Value, protocol, py_methods, raise};

use super::pattern::PatternObject;
use super::replace;
use super::stack::NONE;
use super::subject::{Found, Subject};

/// A match.
#[repr(C)]
pub struct MatchObject {
    header: Header,
    string: Ref,
    pattern: Ref,
    /// The spans as a tuple, once somebody has asked.
    regs: Field,
    pos: usize,
    endpos: usize,
    last_group: u32,
    /// Two a group, the whole match first.
    marks: Box<[usize]>,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for MatchObject {
    fn type_object() -> &'static TypeObject {
        &MATCH
    }
    fn traverse(&self, visit: Visitor<'_>) {
        visit(self.string.value());
        visit(self.pattern.value());
        self.regs.visit(visit);
    }
}

/// A part of a text; for a group without one the default, or an empty text.
pub(super) fn part(subject: &Subject, [start, end]: [usize; 2], default: Option<Value>) -> Ref {
    if start != NONE {
        // A text that can change may have become shorter.
        let end = end.min(subject.len());
        return subject.slice(start.min(end), end);
    }
    match default {
        Some(default) => default.to_ref(),
        None => subject.slice(0, 0),
    }
}

impl MatchObject {
    /// The match that was found between the bounds.
    pub(super) fn make(
        pattern: &PatternObject,
        subject: &Subject,
        found: Found,
        (pos, endpos): (usize, usize),
    ) -> Py<MatchObject> {
        let marks = [found.start, found.end].into_iter().chain(found.marks).collect();
        let contents = MatchObject {
            header: Header::new(&MATCH),
            string: subject.value().to_ref(),
            pattern: Value::from_object(pattern).to_ref(),
            regs: Field::empty(),
            pos,
            endpos,
            last_group: found.last_group,
            marks,
        };
        object::new_object(contents)
    }

    pub(super) fn pattern(&self) -> &PatternObject {
        self.pattern.get().expect("matches are of patterns")
    }

    pub(super) fn subject(&self) -> PyResult<Subject> {
        Subject::new(self.string.value())
    }

    /// The span of a group.
    pub(super) fn span(&self, group: usize) -> [usize; 2] {
        [self.marks[2 * group], self.marks[2 * group + 1]]
    }

    fn groups(&self) -> usize {
        self.marks.len() / 2
    }

    /// The number of a group that an argument names; the whole match without one.
    fn number(&self, group: Option<Value>) -> PyResult<usize> {
        let Some(group) = group else { return Ok(0) };
        match self.pattern().group_number(group)? {
            Some(number) => Ok(number),
            None => Err(raise!(IndexError, "no such group")),
        }
    }

    fn group(&self, subject: &Subject, group: Option<Value>) -> PyResult {
        Ok(part(subject, self.span(self.number(group)?), Some(objects::none())))
    }

    fn span_tuple(&self, group: usize) -> Ref {
        let [start, end] = self.span(group).map(position);
        TupleObject::of([start, end]).into()
    }
}

/// A position as Python sees it: -1 for none.
fn position(at: usize) -> Ref {
    int::from_i64(if at == NONE { -1 } else { at as i64 })
}

py_methods! { static METHODS for "Match", &MatchObject;
    /// group([group1, ...]) -> str or tuple.
    ///
    /// Return subgroup(s) of the match by indices or names. For 0 returns the entire match.
    "group(self, *groups)"
    fn group(this, groups: Rest<'_>) -> PyResult {
        let subject = this.subject()?;
        match groups.0 {
            [] => this.group(&subject, None),
            [only] => this.group(&subject, Some(*only)),
            several => {
                let parts: PyResult<Vec<Ref>> = several.iter().map(|&group| this.group(&subject, Some(group))).collect();
                Ok(TupleObject::new(parts?).into())
            }
        }
    }
    /// Return a tuple containing all the subgroups of the match, from 1.
    "groups(self, default=None)"
    fn groups(this, default: Option<Value>) -> PyResult<Py<TupleObject>> {
        let subject = this.subject()?;
        let default = default.unwrap_or_else(objects::none);
        let parts = (1..this.groups()).map(|group| part(&subject, this.span(group), Some(default)));
        Ok(TupleObject::new(parts.collect()))
    }
    /// Return a dictionary containing all the named subgroups of the match, keyed by the subgroup name.
    "groupdict(self, default=None)"
    fn groupdict(this, default: Option<Value>) -> PyResult<Py<DictObject>> {
        let subject = this.subject()?;
        let default = default.unwrap_or_else(objects::none);
        let dict = DictObject::new();
        let index = this.pattern().group_index.get::<DictObject>();
        for (name, number) in index.map(DictObject::to_pairs).unwrap_or_default() {
            let number = this.number(Some(number.value()))?;
            dict.set(name.value(), part(&subject, this.span(number), Some(default)))?;
        }
        Ok(dict)
    }
    /// Return index of the start of the substring matched by group.
    "start(self, group=0, /)"
    fn start(this, group: Option<Value>) -> PyResult {
        Ok(position(this.span(this.number(group)?)[0]))
    }
    /// Return index of the end of the substring matched by group.
    "end(self, group=0, /)"
    fn end(this, group: Option<Value>) -> PyResult {
        Ok(position(this.span(this.number(group)?)[1]))
    }
    /// For match object m, return the 2-tuple (m.start(group), m.end(group)).
    "span(self, group=0, /)"
    fn span(this, group: Option<Value>) -> PyResult {
        Ok(this.span_tuple(this.number(group)?))
    }
    /// Return the string obtained by doing backslash substitution on the string template, as done by the sub() method.
    "expand(self, template)"
    fn expand(this, template: Value) -> PyResult {
        replace::expand(this, template)
    }
    "__copy__(self, /)"
    fn copy(this) -> Ref {
        Value::from_object(this).to_ref()
    }
    "__deepcopy__(self, memo, /)"
    fn deepcopy(this, memo: OrNone<Value>) -> Ref {
        let _ = memo;
        Value::from_object(this).to_ref()
    }
}

fn this<'a>(value: Value) -> &'a MatchObject {
    value.get::<MatchObject>().expect("slots and attributes are asked of instances")
}

fn repr(value: Value) -> PyResult {
    let this = this(value);
    let [start, end] = this.span(0);
    let text = protocol::repr_string(this.group(&this.subject()?, None)?.value())?;
    let text: String = text.chars().take(50).collect();
    let name = value.ty().full_name();
    Ok(StrObject::new(&format!("<{name} object; span=({start}, {end}), match={text}>")).into())
}

fn regs(value: Value) -> PyResult {
    let this = this(value);
    if let Some(known) = this.regs.get_ref() {
        return Ok(known);
    }
    let made: Ref = TupleObject::new((0..this.groups()).map(|group| this.span_tuple(group)).collect()).into();
    this.regs.set(made.clone());
    Ok(made)
}

fn last_group(value: Value) -> PyResult {
    let this = this(value);
    let names = this.pattern().index_group.get::<TupleObject>().map_or(&[][..], TupleObject::items);
    let name = names.get(this.last_group as usize).filter(|_| this.last_group > 0);
    Ok(name.map_or_else(objects::none, |name| *name).to_ref())
}

static GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "string",
        doc: "The string passed to match() or search().",
        get: |value| Ok(this(value).string.clone()),
        set: None,
    },
    GetSetDef {
        name: "re",
        doc: "The regular expression object.",
        get: |value| Ok(this(value).pattern.clone()),
        set: None,
    },
    GetSetDef {
        name: "pos",
        doc: "The index into the string at which the RE engine started looking for a match.",
        get: |value| Ok(position(this(value).pos)),
        set: None,
    },
    GetSetDef {
        name: "endpos",
        doc: "The index into the string beyond which the RE engine will not go.",
        get: |value| Ok(position(this(value).endpos)),
        set: None,
    },
    GetSetDef {
        name: "lastindex",
        doc: "The integer index of the last matched capturing group.",
        get: |value| match this(value).last_group {
            0 => Ok(objects::none().to_ref()),
            group => Ok(int::from_i64(i64::from(group))),
        },
        set: None,
    },
    GetSetDef {
        name: "lastgroup",
        doc: "The name of the last matched capturing group.",
        get: last_group,
        set: None,
    },
    GetSetDef { name: "regs", doc: "", get: regs, set: None },
];

/// `re.Match`.
pub static MATCH: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "re",
    doc: "The result of re.match() and re.search().\nMatch objects always have a boolean value of True.",
    flags: type_flags::GC | type_flags::NO_NEW | type_flags::IMMUTABLE,
    slots: Slots {
        repr: Some(repr),
        subscript: Some(|value, group| {
            let this = this(value);
            this.group(&this.subject()?, Some(group))
        }),
        ..Slots::EMPTY
    },
    methods: &[METHODS, runtime::objects::typing::generic_alias::SUBSCRIPTABLE],
    getset: GETSET,
    ..TypeSpec::of::<MatchObject>("Match")
};
