//! The table of interned strings, and the shared short strings.
//!
//! Interned strings are immortal: the table is never scanned for dead ones, and caches may compare and keep addresses freely.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::{STR, StrObject, Units};
use crate::header::flags;
use crate::value::{Py, Value};
use crate::world::World;

/// Python hashes are keyed already; the table uses them as they are.
#[derive(Default)]
struct PassThrough(u64);

impl Hasher for PassThrough {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("the intern table hashes single words");
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

type Table = HashMap<u64, Vec<Value>, BuildHasherDefault<PassThrough>>;

static TABLE: World<RefCell<Option<Table>>> = World::new(RefCell::new(None));
static LATIN1: World<[Cell<Value>; 256]> = World::new([const { Cell::new(Value::NULL) }; 256]);
static EMPTY: World<Cell<Value>> = World::new(Cell::new(Value::NULL));

/// Makes the short strings.
pub(crate) fn initialize() {
    EMPTY.set(make_immortal(b""));
    for byte in 0..=255u8 {
        LATIN1[byte as usize].set(make_immortal(&[byte]));
    }
}

fn make_immortal(bytes: &[u8]) -> Value {
    let made = StrObject::from_units(&STR, Units::One(bytes)).expect("start-up has memory for short strings");
    intern(&made).value()
}

pub(super) fn empty() -> Py<StrObject> {
    // SAFETY: the cell holds an immortal str since start-up.
    Py::from_object(unsafe { EMPTY.get().cast::<StrObject>() })
}

pub(super) fn latin1_character(byte: u8) -> Py<StrObject> {
    // SAFETY: as above.
    Py::from_object(unsafe { LATIN1[byte as usize].get().cast::<StrObject>() })
}

pub(super) fn intern(text: &StrObject) -> Py<StrObject> {
    if text.is_interned() || !std::ptr::eq(text.header.ty(), &raw const STR) {
        return Py::from_object(text);
    }
    let mut table = TABLE.borrow_mut();
    let bucket = table.get_or_insert_default().entry(text.hash() as u64).or_default();
    for &candidate in bucket.iter() {
        // SAFETY: the table holds immortal strs.
        let candidate = unsafe { candidate.cast::<StrObject>() };
        if candidate.eq(text) {
            return Py::from_object(candidate);
        }
    }
    text.header.make_immortal();
    text.header.set(flags::UNAUDITED);
    text.interned.set(true);
    bucket.push(Value::from_object(text));
    Py::from_object(text)
}
