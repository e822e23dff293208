//! Cells: words that follow the values of global names, so that compiled code reads a global with one load.
//!
//! A cell stands for a name as the code of one module sees it: the value in the globals, else in the builtins, else null. Both
//! dicts are watched; the dict tells of a change before it releases the old value, so that a cell never dangles.
//!
//! Cost: storing a global of a watched module looks its cells up.

use std::cell::Cell;

use base::entity::EntityId;
use hir::env::CellId;
use runtime::objects::dict::DictObject;
use runtime::objects::str::StrObject;
use runtime::value::{Ref, Value};
use rustc_hash::FxHashMap;

/// One cell.
struct GlobalCell {
    word: Box<Cell<u64>>,
    globals: Ref,
    builtins: Ref,
    name: Ref,
}

impl GlobalCell {
    /// What the name means now.
    fn value(&self) -> Option<Ref> {
        let look = |dict: &Ref| dict.get::<DictObject>().and_then(|dict| dict.get_str(self.name.value()));
        look(&self.globals).or_else(|| look(&self.builtins)).map(Value::to_ref)
    }

    /// Reads the dicts again.
    fn refresh(&self) {
        self.word.set(self.value().map_or(0, |value| value.bits()));
    }
}

/// All cells.
#[derive(Default)]
pub(crate) struct Cells {
    cells: Vec<GlobalCell>,
    ids: FxHashMap<(u64, u64, u64), CellId>,
    /// Cells that depend on a key of a dict.
    by_key: FxHashMap<(u64, u64), Vec<usize>>,
    /// Cells that depend on a dict.
    by_dict: FxHashMap<u64, Vec<usize>>,
}

impl Cells {
    /// What the name of a cell means now.
    pub(crate) fn value(&self, cell: CellId) -> Option<Ref> {
        self.cells[cell.index()].value()
    }

    /// The cell of a name, an interned str, in code with these globals and builtins.
    pub(crate) fn id(&mut self, globals: Value, builtins: Value, name: Value) -> CellId {
        let key = (globals.bits(), builtins.bits(), name.bits());
        if let Some(&known) = self.ids.get(&key) {
            return known;
        }
        let at = self.cells.len();
        for dict in [globals, builtins] {
            self.by_key.entry((dict.bits(), name.bits())).or_default().push(at);
            self.by_dict.entry(dict.bits()).or_default().push(at);
            if let Some(dict) = dict.get::<DictObject>() {
                dict.watch();
            }
        }
        let cell = GlobalCell {
            word: Box::new(Cell::new(0)),
            globals: globals.to_ref(),
            builtins: builtins.to_ref(),
            name: name.to_ref(),
        };
        cell.refresh();
        self.cells.push(cell);
        let id = CellId::from_index(at);
        self.ids.insert(key, id);
        id
    }

    /// The address of a cell's word.
    pub(crate) fn address(&self, id: CellId) -> u64 {
        std::ptr::from_ref(&*self.cells[id.index()].word) as u64
    }

    /// A watched dict has changed at a key, or everywhere for null.
    pub(crate) fn dict_changed(&self, dict: Value, key: Value) {
        let changed = match key.get::<StrObject>() {
            Some(name) => self.by_key.get(&(dict.bits(), StrObject::intern_object(name).value().bits())),
            None if key.is_null() => self.by_dict.get(&dict.bits()),
            None => None,
        };
        for &at in changed.into_iter().flatten() {
            self.cells[at].refresh();
        }
    }
}
