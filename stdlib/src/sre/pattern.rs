//! `re.Pattern`: a compiled pattern.

use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{Object, Visitor};
use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::mapping_proxy::MappingProxy;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, int};
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{CompareOp, Py, PyResult, Ref, TypeObject, Value, hash, protocol, py_methods, raise};

use super::matched::{self, MatchObject};
use super::opcode::flag;
use super::program::Program;
use super::replace;
use super::scanner::{MatchIterator, ScannerObject};
use super::stack::NONE;
use super::subject::{Found, Kind, Subject, Task};

/// A compiled pattern.
#[repr(C)]
pub struct PatternObject {
    pub(super) header: Header,
    /// What it was compiled from, or None.
    pub(super) pattern: Ref,
    pub(super) flags: u32,
    /// Whether it matches bytes, text, or, without a pattern, either.
    pub(super) is_bytes: Option<bool>,
    /// Numbers of the named groups.
    pub(super) group_index: Ref,
    /// Names of the groups by number, None for those without.
    pub(super) index_group: Ref,
    /// The words of the compiler, by which patterns are compared.
    pub(super) words: Box<[u32]>,
    pub(super) program: Program,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for PatternObject {
    fn type_object() -> &'static TypeObject {
        &PATTERN
    }
    fn traverse(&self, visit: Visitor<'_>) {
        [&self.pattern, &self.group_index, &self.index_group]
            .into_iter()
            .for_each(|field| visit(field.value()));
    }
}

impl PatternObject {
    /// The text of an argument, if the pattern is for text of its kind.
    pub(super) fn subject(&self, string: Value) -> PyResult<Subject> {
        let subject = Subject::new(string)?;
        match self.is_bytes {
            Some(true) if subject.is_text() => {
                Err(raise!(TypeError, "cannot use a bytes pattern on a string-like object"))
            }
            Some(false) if !subject.is_text() => {
                Err(raise!(TypeError, "cannot use a string pattern on a bytes-like object"))
            }
            _ => Ok(subject),
        }
    }

    /// The number of a group that is named by number or name.
    pub(super) fn group_number(&self, group: Value) -> PyResult<Option<usize>> {
        let number = match int::index(group) {
            Ok(number) => number,
            Err(raised) => {
                drop(runtime::thread().take_raised(raised));
                let index = self.group_index.get::<DictObject>();
                match index.map_or(Ok(None), |index| index.get(group))? {
                    Some(number) => number,
                    None => return Ok(None),
                }
            }
        };
        let number = int::to_clamped_index(number.value())?;
        Ok(usize::try_from(number).ok().filter(|&number| number <= self.program.groups))
    }
}

/// The part of a text that `pos` and `endpos` delimit.
pub(super) fn bounds(len: usize, pos: Option<isize>, endpos: Option<isize>) -> (usize, usize) {
    let clip = |at: isize| usize::try_from(at).unwrap_or(0).min(len);
    (clip(pos.unwrap_or(0)), clip(endpos.unwrap_or(isize::MAX)))
}

/// The matches of a pattern in a text that do not overlap, one by one.
pub(super) struct Matches<'a> {
    program: &'a Program,
    task: Task,
}

impl<'a> Matches<'a> {
    pub(super) const fn new(program: &'a Program, from: usize, to: usize) -> Self {
        Matches { program, task: Task { from, to, kind: Kind::Search, forbidden: NONE } }
    }

    /// The next. Behind an empty match none that ends there follows.
    pub(super) fn next(&mut self, subject: &Subject) -> PyResult<Option<Found>> {
        let found = subject.find(self.program, self.task)?;
        if let Some(found) = &found {
            self.task.from = found.end;
            self.task.forbidden = if found.end == found.start { found.end } else { NONE };
        }
        Ok(found)
    }
}

fn find_once(
    this: &PatternObject,
    kind: Kind,
    string: Value,
    pos: Option<isize>,
    endpos: Option<isize>,
) -> PyResult {
    let subject = this.subject(string)?;
    let (from, to) = bounds(subject.len(), pos, endpos);
    match subject.find(&this.program, Task { from, to, kind, forbidden: NONE })? {
        Some(found) => Ok(MatchObject::make(this, &subject, found, (from, to)).into()),
        None => Ok(objects::none().to_ref()),
    }
}

py_methods! { static METHODS for "Pattern", &PatternObject;
    /// Matches zero or more characters at the beginning of the string.
    "match(self, string, pos=0, endpos=sys.maxsize)"
    fn match_(this, string: Value, pos: Option<isize>, endpos: Option<isize>) -> PyResult {
        find_once(this, Kind::Match, string, pos, endpos)
    }
    /// Matches against all of the string.
    "fullmatch(self, string, pos=0, endpos=sys.maxsize)"
    fn fullmatch(this, string: Value, pos: Option<isize>, endpos: Option<isize>) -> PyResult {
        find_once(this, Kind::Full, string, pos, endpos)
    }
    /// Scan through string looking for a match, and return a corresponding match object instance.
    ///
    /// Return None if no position in the string matches.
    "search(self, string, pos=0, endpos=sys.maxsize)"
    fn search(this, string: Value, pos: Option<isize>, endpos: Option<isize>) -> PyResult {
        find_once(this, Kind::Search, string, pos, endpos)
    }
    /// Return the string obtained by replacing the leftmost non-overlapping occurrences of pattern in string by the replacement repl.
    "sub(self, repl, string, count=0)"
    fn sub(this, repl: Value, string: Value, count: Option<isize>) -> PyResult {
        Ok(replace::substitute(this, repl, string, count.unwrap_or(0))?.0)
    }
    /// Return the tuple (new_string, number_of_subs_made) found by replacing the leftmost non-overlapping occurrences of pattern with the replacement repl.
    "subn(self, repl, string, count=0)"
    fn subn(this, repl: Value, string: Value, count: Option<isize>) -> PyResult<Py<TupleObject>> {
        let (text, made) = replace::substitute(this, repl, string, count.unwrap_or(0))?;
        Ok(TupleObject::of([text, int::from_i64(made as i64)]))
    }
    /// Return a list of all non-overlapping matches of pattern in string.
    "findall(self, string, pos=0, endpos=sys.maxsize)"
    fn findall(this, string: Value, pos: Option<isize>, endpos: Option<isize>) -> PyResult<Py<ListObject>> {
        let subject = this.subject(string)?;
        let (from, to) = bounds(subject.len(), pos, endpos);
        let mut matches = Matches::new(&this.program, from, to);
        let items = ListObject::empty();
        while let Some(found) = matches.next(&subject)? {
            items.try_push(match found.marks.as_chunks::<2>().0 {
                [] => subject.slice(found.start, found.end),
                [only] => matched::part(&subject, *only, None),
                groups => TupleObject::new(groups.iter().map(|&span| matched::part(&subject, span, None)).collect()).into(),
            })?;
        }
        Ok(items)
    }
    /// Split string by the occurrences of pattern.
    "split(self, string, maxsplit=0)"
    fn split(this, string: Value, maxsplit: Option<isize>) -> PyResult<Py<ListObject>> {
        let subject = this.subject(string)?;
        let limit = maxsplit.unwrap_or(0);
        let mut matches = Matches::new(&this.program, 0, subject.len());
        let (items, mut last, mut count) = (ListObject::empty(), 0, 0);
        while limit == 0 || count < limit {
            let Some(found) = matches.next(&subject)? else { break };
            items.try_push(subject.slice(last, found.start))?;
            for &span in found.marks.as_chunks::<2>().0 {
                items.try_push(matched::part(&subject, span, Some(objects::none())))?;
            }
            (last, count) = (found.end, count + 1);
        }
        items.try_push(subject.slice(last, subject.len()))?;
        Ok(items)
    }
    /// Return an iterator over all non-overlapping matches for the RE pattern in string.
    ///
    /// For each match, the iterator returns a match object.
    "finditer(self, string, pos=0, endpos=sys.maxsize)"
    fn finditer(this, string: Value, pos: Option<isize>, endpos: Option<isize>) -> PyResult<Py<MatchIterator>> {
        MatchIterator::make(this, string, pos, endpos)
    }
    "scanner(self, string, pos=0, endpos=sys.maxsize)"
    fn scanner(this, string: Value, pos: Option<isize>, endpos: Option<isize>) -> PyResult<Py<ScannerObject>> {
        ScannerObject::make(this, string, pos, endpos)
    }
    "__copy__(self, /)"
    fn copy(this) -> Ref {
        Value::from_object(this).to_ref()
    }
    "__deepcopy__(self, memo, /)"
    fn deepcopy(this, memo: Value) -> Ref {
        let _ = memo;
        Value::from_object(this).to_ref()
    }
}

fn this<'a>(value: Value) -> &'a PatternObject {
    value.get::<PatternObject>().expect("slots and attributes are asked of instances")
}

fn repr(value: Value) -> PyResult {
    let this = this(value);
    let mut flags = this.flags;
    let types = flag::LOCALE | flag::UNICODE | flag::ASCII;
    if this.is_bytes == Some(false) && flags & types == flag::UNICODE {
        // Every text pattern has it.
        flags &= !flag::UNICODE;
    }
    let mut names = Vec::new();
    for (bit, name) in flag::NAMES {
        if flags & bit != 0 {
            names.push(name.to_owned());
            flags &= !bit;
        }
    }
    if flags != 0 {
        names.push(format!("{flags:#x}"));
    }
    let mut text: String = protocol::repr_string(this.pattern.value())?.chars().take(200).collect();
    if !names.is_empty() {
        text = format!("{text}, {}", names.join("|"));
    }
    Ok(StrObject::new(&format!("re.compile({text})")).into())
}

fn compare(a: Value, b: Value, op: CompareOp) -> PyResult {
    let is_wanted = match op {
        CompareOp::Equal => true,
        CompareOp::NotEqual => false,
        _ => return objects::singleton::decline(),
    };
    let (Some(a), Some(b)) = (a.get::<PatternObject>(), b.get::<PatternObject>()) else {
        return objects::singleton::decline();
    };
    let is_equal = std::ptr::eq(a, b)
        || (a.flags == b.flags
            && a.is_bytes == b.is_bytes
            && a.program.groups == b.program.groups
            && a.words == b.words
            && protocol::is_same_or_equal(a.pattern.value(), b.pattern.value())?);
    Ok(objects::bool(is_equal == is_wanted).to_ref())
}

fn hash_of(value: Value) -> PyResult<i64> {
    let this = this(value);
    let words = this.words.iter().map(|&word| hash::int(i64::from(word)));
    let parts =
        [protocol::hash(this.pattern.value())?, hash::sequence(words), hash::int(i64::from(this.flags))];
    Ok(hash::sequence(parts.into_iter()))
}

static GETSET: &[GetSetDef] = &[
    GetSetDef {
        name: "pattern",
        doc: "The pattern string from which the RE object was compiled.",
        get: |value| Ok(this(value).pattern.clone()),
        set: None,
    },
    GetSetDef {
        name: "flags",
        doc: "The regex matching flags.",
        get: |value| Ok(int::from_i64(i64::from(this(value).flags))),
        set: None,
    },
    GetSetDef {
        name: "groups",
        doc: "The number of capturing groups in the pattern.",
        get: |value| Ok(int::from_i64(this(value).program.groups as i64)),
        set: None,
    },
    GetSetDef {
        name: "groupindex",
        doc: "A dictionary mapping group names to group numbers.",
        get: |value| Ok(MappingProxy::new(this(value).group_index.value()).into()),
        set: None,
    },
];

/// `re.Pattern`.
pub static PATTERN: TypeObject = TypeObject::from_spec(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    module: "re",
    doc: "Compiled regular expression object.",
    flags: type_flags::GC | type_flags::NO_NEW | type_flags::IMMUTABLE | type_flags::WEAK,
    slots: Slots { repr: Some(repr), hash: Some(hash_of), richcompare: Some(compare), ..Slots::EMPTY },
    methods: &[METHODS, runtime::objects::typing::generic_alias::SUBSCRIPTABLE],
    getset: GETSET,
    ..TypeSpec::of::<PatternObject>("Pattern")
};

/// Whether the pattern is for bytes; `None` without one.
pub(super) fn kind_of(pattern: Value) -> PyResult<Option<bool>> {
    if objects::is_none(pattern) {
        return Ok(None);
    }
    let subject = Subject::new(pattern)?;
    Ok(Some(!subject.is_text()))
}
