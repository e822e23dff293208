//! Searches that go on where they have stopped: `Pattern.scanner` and the iterator of `Pattern.finditer`.

use std::cell::Cell;

use runtime::header::Header;
use runtime::methods::GetSetDef;
use runtime::object::{self, Object, Visitor};
use runtime::objects;
use runtime::slots::Slots;
use runtime::type_object::{TypeSpec, type_flags};
use runtime::{Py, PyResult, Ref, TypeObject, Value, protocol, py_methods};

use super::matched::MatchObject;
use super::pattern::{PatternObject, bounds};
use super::stack::NONE;
use super::subject::{Kind, Subject, Task};

/// A search in progress.
struct Progress {
    pattern: Ref,
    subject: Subject,
    bounds: (usize, usize),
    /// Where the next match may start, and where it may not end; `None` when the search is over.
    next: Cell<Option<(usize, usize)>>,
}

impl Progress {
    fn new(
        pattern: &PatternObject,
        string: Value,
        pos: Option<isize>,
        endpos: Option<isize>,
    ) -> PyResult<Self> {
        let subject = pattern.subject(string)?;
        let bounds = bounds(subject.len(), pos, endpos);
        let pattern = Value::from_object(pattern).to_ref();
        Ok(Progress { pattern, subject, bounds, next: Cell::new(Some((bounds.0, NONE))) })
    }

    fn advance(&self, kind: Kind) -> PyResult<Option<Ref>> {
        let pattern = self.pattern.get::<PatternObject>().expect("searches are for patterns");
        let Some((from, forbidden)) = self.next.get() else { return Ok(None) };
        let task = Task { from, to: self.bounds.1, kind, forbidden };
        let Some(found) = self.subject.find(&pattern.program, task)? else {
            self.next.set(None);
            self.subject.release();
            return Ok(None);
        };
        self.next.set(Some((found.end, if found.start == found.end { found.end } else { NONE })));
        Ok(Some(MatchObject::make(pattern, &self.subject, found, self.bounds).into()))
    }

    fn visit(&self, visit: Visitor<'_>) {
        visit(self.pattern.value());
        visit(self.subject.value());
    }
}

/// What `Pattern.scanner` makes.
#[repr(C)]
pub struct ScannerObject {
    header: Header,
    progress: Progress,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for ScannerObject {
    fn type_object() -> &'static TypeObject {
        &SCANNER
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.progress.visit(visit);
    }
}

impl ScannerObject {
    pub(super) fn make(
        pattern: &PatternObject,
        string: Value,
        pos: Option<isize>,
        endpos: Option<isize>,
    ) -> PyResult<Py<ScannerObject>> {
        let progress = Progress::new(pattern, string, pos, endpos)?;
        Ok(object::new_object(ScannerObject { header: Header::new(&SCANNER), progress }))
    }
}

py_methods! { static METHODS for "SRE_Scanner", &ScannerObject;
    "match(self, /)"
    fn match_(this) -> PyResult {
        Ok(this.progress.advance(Kind::Match)?.unwrap_or_else(|| objects::none().to_ref()))
    }
    "search(self, /)"
    fn search(this) -> PyResult {
        Ok(this.progress.advance(Kind::Search)?.unwrap_or_else(|| objects::none().to_ref()))
    }
}

static GETSET: &[GetSetDef] = &[GetSetDef {
    name: "pattern",
    doc: "",
    get: |value| {
        let this = value.get::<ScannerObject>().expect("attributes are asked of instances");
        Ok(this.progress.pattern.clone())
    },
    set: None,
}];

/// `_sre.SRE_Scanner`.
pub static SCANNER: TypeObject = TypeObject::from_spec(&SCANNER_SPEC);
static SCANNER_SPEC: TypeSpec = TypeSpec {
    module: "_sre",
    flags: type_flags::GC | type_flags::NO_NEW | type_flags::IMMUTABLE,
    methods: &[METHODS],
    getset: GETSET,
    ..TypeSpec::of::<ScannerObject>("SRE_Scanner")
};

/// What `Pattern.finditer` makes.
#[repr(C)]
pub struct MatchIterator {
    header: Header,
    progress: Progress,
}

// SAFETY: `repr(C)`, header first.
unsafe impl Object for MatchIterator {
    fn type_object() -> &'static TypeObject {
        &MATCH_ITERATOR
    }
    fn traverse(&self, visit: Visitor<'_>) {
        self.progress.visit(visit);
    }
}

impl MatchIterator {
    pub(super) fn make(
        pattern: &PatternObject,
        string: Value,
        pos: Option<isize>,
        endpos: Option<isize>,
    ) -> PyResult<Py<MatchIterator>> {
        let progress = Progress::new(pattern, string, pos, endpos)?;
        Ok(object::new_object(MatchIterator { header: Header::new(&MATCH_ITERATOR), progress }))
    }
}

/// The type of match iterators. CPython has none of its own and shows the one of `iter(callable, sentinel)`.
pub static MATCH_ITERATOR: TypeObject = TypeObject::from_spec(&ITERATOR_SPEC);
static ITERATOR_SPEC: TypeSpec = TypeSpec {
    flags: type_flags::GC | type_flags::NO_NEW | type_flags::IMMUTABLE,
    slots: Slots {
        iter: Some(protocol::identity),
        iternext: Some(|value| {
            let this = value.get::<MatchIterator>().expect("slots are called for instances");
            this.progress.advance(Kind::Search)
        }),
        ..Slots::EMPTY
    },
    ..TypeSpec::of::<MatchIterator>("callable_iterator")
};
