//! The text that is searched: a str, a bytes object, or the bytes of another object that lends them.
//!
//! A str and a bytes object are looked at in place; they never change. The bytes of anything else are copied, because the programs
//! that run between two matches may change them.

use std::cell::Cell;

use runtime::buffer::{self, Buffer};
use runtime::objects::bytes::BytesObject;
use runtime::objects::str::{StrObject, Units};
use runtime::{PyResult, Ref, Value, raise};

use super::machine::Machine;
use super::program::Program;
use super::stack::{NONE, Scratch};

/// See the module documentation.
pub(super) struct Subject {
    object: Ref,
    copy: Option<Vec<u8>>,
    /// What keeps the object from changing its size as long as it is searched.
    loan: Cell<Option<Buffer>>,
    len: usize,
}

/// Where a match is, and what its groups have matched.
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Two a group, [`NONE`] for groups without a part.
    pub(super) marks: Vec<usize>,
    /// The group that was closed last, or 0.
    pub(super) last_group: u32,
}

/// How to look for a match.
#[derive(Clone, Copy)]
pub(super) struct Task {
    /// Where to start.
    pub(super) from: usize,
    /// Where the text ends.
    pub(super) to: usize,
    pub(super) kind: Kind,
    /// Where no match may end.
    pub(super) forbidden: usize,
}

/// Where a match must start and end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It starts at `from` or later.
    Search,
    /// It starts at `from`.
    Match,
    /// It starts at `from` and ends with the text.
    Full,
}

impl Subject {
    /// The text that an argument is.
    pub(super) fn new(object: Value) -> PyResult<Subject> {
        if let Some(text) = object.get::<StrObject>() {
            return Ok(Subject {
                object: object.to_ref(),
                copy: None,
                loan: Cell::new(None),
                len: text.len(),
            });
        }
        if let Some(bytes) = object.get::<BytesObject>() {
            let len = bytes.as_slice().len();
            return Ok(Subject { object: object.to_ref(), copy: None, loan: Cell::new(None), len });
        }
        if !buffer::is_bytes_like(object) {
            let name = object.ty().name();
            return Err(raise!(TypeError, "expected string or bytes-like object, got '{name}'"));
        }
        let loan = buffer::acquire(object)?;
        let copy = loan.to_cow().into_owned();
        let len = copy.len();
        Ok(Subject { object: object.to_ref(), copy: Some(copy), loan: Cell::new(Some(loan)), len })
    }

    /// The search is over.
    pub(super) fn release(&self) {
        drop(self.loan.take());
    }

    pub(super) fn value(&self) -> Value {
        self.object.value()
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_text(&self) -> bool {
        self.object.is_instance::<StrObject>()
    }

    /// The characters.
    pub(super) fn units(&self) -> Units<'_> {
        if let Some(copy) = &self.copy {
            return Units::One(copy);
        }
        match self.object.get::<StrObject>() {
            Some(text) => text.units(),
            None => Units::One(self.object.get::<BytesObject>().map_or(&[], BytesObject::as_slice)),
        }
    }

    /// A part as an object of its own: str of a str, else bytes.
    pub(super) fn slice(&self, start: usize, end: usize) -> Ref {
        if let Some(text) = self.object.get::<StrObject>() {
            return text.substring(start, end).into();
        }
        let is_whole = start == 0 && end == self.len;
        if is_whole && self.object.get_exact::<BytesObject>().is_some() {
            return self.object.clone();
        }
        match self.units() {
            Units::One(bytes) => BytesObject::new(&bytes[start..end]).into(),
            Units::Two(_) | Units::Four(_) => unreachable!("bytes are stored as bytes"),
        }
    }

    /// Looks for a match of a program.
    pub(super) fn find(&self, program: &Program, task: Task) -> PyResult<Option<Found>> {
        if task.from > task.to {
            return Ok(None);
        }
        match self.units() {
            Units::One(units) => find(program, &units[..task.to], task),
            Units::Two(units) => find(program, &units[..task.to], task),
            Units::Four(units) => find(program, &units[..task.to], task),
        }
    }
}

fn find<U: super::unit::Unit>(program: &Program, text: &[U], task: Task) -> PyResult<Option<Found>> {
    let mut machine = Machine::new(program, text, Scratch::take());
    machine.is_full = task.kind == Kind::Full;
    machine.forbidden = task.forbidden;
    let found = match task.kind {
        Kind::Search => machine.search(task.from),
        Kind::Match | Kind::Full => machine.run(task.from).map(|end| end.map(|end| (task.from, end))),
    };
    let Machine { scratch, .. } = machine;
    let found = found.map(|span| {
        span.map(|(start, end)| {
            let marks = scratch.marks.as_chunks::<2>().0.iter();
            let marks = marks.flat_map(|&[from, to]| {
                if from == NONE || to == NONE || to < from { [NONE, NONE] } else { [from, to] }
            });
            Found { start, end, marks: marks.collect(), last_group: scratch.last_group }
        })
    });
    scratch.give();
    found
}
