//! Tuples, lists, dicts and sets: their items, in batches, between marks.
//!
//! A container gets its number before its items are written, so that they may refer to it; a tuple or frozenset cannot, and if it turns
//! out to contain itself, what has been written is thrown away when it is read and the object that the memo has is taken.

use runtime::objects::dict::DictObject;
use runtime::objects::list::ListObject;
use runtime::objects::set::SetObject;
use runtime::objects::tuple::TupleObject;
use runtime::{PyResult, Ref, Value, protocol, raise};

use super::note;
use super::opcode::*;
use super::pickler::Pickler;

/// How many items stand between two marks.
const BATCH: usize = 1000;
/// Without a memo, containers nested so deeply are looked at for one that contains itself.
const FAST_DEPTH: usize = 50;

impl Pickler {
    pub(super) fn save_tuple(&self, tuple: &TupleObject) -> PyResult<()> {
        let (value, items) = (Value::from_object(tuple), tuple.items());
        if items.is_empty() {
            if self.is_binary() {
                self.op(EMPTY_TUPLE);
            } else {
                self.op_with(MARK, &[TUPLE]);
            }
            return Ok(());
        }
        let is_short = items.len() <= 3 && self.protocol.get() >= 2;
        if !is_short {
            self.op(MARK);
        }
        for (at, item) in items.iter().enumerate() {
            note::part(self.save(*item), value, format_args!("item {at}"))?;
        }
        if let Some(number) = self.number_of(value) {
            if !is_short && self.is_binary() {
                self.op(POP_MARK);
            } else {
                let marks = usize::from(!is_short);
                (0..items.len() + marks).for_each(|_| self.op(POP));
            }
            self.fetch(number);
            return Ok(());
        }
        self.op(match (is_short, items.len()) {
            (true, 1) => TUPLE1,
            (true, 2) => TUPLE2,
            (true, _) => TUPLE3,
            (false, _) => TUPLE,
        });
        self.memoize(value)
    }

    pub(super) fn save_list(&self, list: &ListObject) -> PyResult<()> {
        let value = Value::from_object(list);
        self.enter_fast(value)?;
        if self.is_binary() {
            self.op(EMPTY_LIST);
        } else {
            self.op_with(MARK, &[LIST]);
        }
        self.memoize(value)?;
        self.save_list_items(list)?;
        self.leave_fast();
        Ok(())
    }

    fn save_list_items(&self, list: &ListObject) -> PyResult<()> {
        let value = Value::from_object(list);
        let save =
            |at: usize, item: &Ref| note::part(self.save(item.value()), value, format_args!("item {at}"));
        let is_single = list.len() == 1;
        let mut at = 0;
        // The list may change meanwhile.
        while at < list.len() {
            if !self.is_binary() || is_single {
                let Some(item) = list.get(at) else { break };
                save(at, &item)?;
                self.op(APPEND);
                at += 1;
                continue;
            }
            self.op(MARK);
            let end = at + BATCH;
            while at < end
                && let Some(item) = list.get(at)
            {
                save(at, &item)?;
                at += 1;
            }
            self.op(APPENDS);
        }
        Ok(())
    }

    pub(super) fn save_dict(&self, dict: &DictObject) -> PyResult<()> {
        let value = Value::from_object(dict);
        self.enter_fast(value)?;
        if self.is_binary() {
            self.op(EMPTY_DICT);
        } else {
            self.op_with(MARK, &[DICT]);
        }
        self.memoize(value)?;
        let pairs = dict.to_pairs();
        let count = pairs.len();
        let check = || match dict.len() == count {
            true => Ok(()),
            false => Err(raise!(RuntimeError, "dictionary changed size during iteration")),
        };
        let save = |pair: &(Ref, Ref)| {
            self.save(pair.0.value())?;
            note::item(self.save(pair.1.value()), value, pair.0.value())?;
            check()
        };
        if self.is_binary() && count > 1 {
            for batch in pairs.chunks(BATCH) {
                self.op(MARK);
                batch.iter().try_for_each(save)?;
                self.op(SETITEMS);
            }
        } else {
            for pair in &pairs {
                save(pair)?;
                self.op(SETITEM);
            }
        }
        self.leave_fast();
        Ok(())
    }

    pub(super) fn save_set(&self, value: Value) -> PyResult<()> {
        if self.protocol.get() < 4 {
            return self.save_as_list(value);
        }
        self.op(EMPTY_SET);
        self.memoize(value)?;
        let items = SetObject::of(value).expect("a set").items();
        for batch in items.chunks(BATCH) {
            self.op(MARK);
            for (item, _) in batch {
                self.save_element(value, item)?;
                if SetObject::of(value).is_none_or(|set| set.len() != items.len()) {
                    return Err(raise!(RuntimeError, "set changed size during iteration"));
                }
            }
            self.op(ADDITEMS);
        }
        Ok(())
    }

    pub(super) fn save_frozenset(&self, value: Value) -> PyResult<()> {
        if self.protocol.get() < 4 {
            return self.save_as_list(value);
        }
        self.op(MARK);
        for (item, _) in SetObject::of(value).expect("a frozenset").items() {
            self.save_element(value, &item)?;
        }
        match self.number_of(value) {
            Some(number) => {
                self.op(POP_MARK);
                self.fetch(number);
                Ok(())
            }
            None => {
                self.op(FROZENSET);
                self.memoize(value)
            }
        }
    }

    fn save_element(&self, of: Value, item: &Ref) -> PyResult<()> {
        note::noted(self.save(item.value()), || {
            Ok(format!("when serializing {} element", note::class_of(of)))
        })
    }

    /// The older protocols know no sets: they are made of lists.
    fn save_as_list(&self, value: Value) -> PyResult<()> {
        let items = ListObject::new(protocol::collect(value)?);
        self.save_call(value.ty().value().to_ref(), TupleObject::of([items.into()]).into(), value)
    }

    // ---- What a reduction lists ---------------------------------------------------------------------------------------------

    /// The items that an iterator gives, to be appended.
    pub(super) fn save_appended(&self, items: Value, value: Value) -> PyResult<()> {
        let mut at = 0;
        let mut save = |item: &Ref| {
            let saved = note::part(self.save(item.value()), value, format_args!("item {at}"));
            at += 1;
            saved
        };
        self.batches(items, APPEND, APPENDS, &mut save)
    }

    /// The pairs that an iterator gives, to be set.
    pub(super) fn save_set_items(&self, items: Value, value: Value) -> PyResult<()> {
        let mut save = |pair: &Ref| match pair.get::<TupleObject>().map(TupleObject::items) {
            Some([key, item]) => {
                self.save(*key)?;
                note::item(self.save(*item), value, *key)
            }
            _ => Err(raise!(TypeError, "dict items iterator must return 2-tuples")),
        };
        self.batches(items, SETITEM, SETITEMS, &mut save)
    }

    fn batches(
        &self,
        items: Value,
        one: u8,
        many: u8,
        save: &mut dyn FnMut(&Ref) -> PyResult<()>,
    ) -> PyResult<()> {
        if !self.is_binary() {
            while let Some(item) = protocol::iter_next(items)? {
                save(&item)?;
                self.op(one);
            }
            return Ok(());
        }
        loop {
            let Some(first) = protocol::iter_next(items)? else { return Ok(()) };
            let Some(second) = protocol::iter_next(items)? else {
                save(&first)?;
                self.op(one);
                return Ok(());
            };
            self.op(MARK);
            save(&first)?;
            save(&second)?;
            let mut count = 2;
            while count < BATCH
                && let Some(item) = protocol::iter_next(items)?
            {
                save(&item)?;
                count += 1;
            }
            self.op(many);
            if count < BATCH {
                return Ok(());
            }
        }
    }

    // ---- Without a memo -----------------------------------------------------------------------------------------------------

    /// Before the items of a container: without a memo one that contains itself would never end.
    fn enter_fast(&self, value: Value) -> PyResult<()> {
        if self.is_fast.get() == 0 {
            return Ok(());
        }
        self.fast_depth.set(self.fast_depth.get() + 1);
        if self.fast_depth.get() < FAST_DEPTH {
            return Ok(());
        }
        let mut open = self.fast_open.borrow_mut();
        if open.contains(&value.bits()) {
            let (class, address) = (note::class_of(value), value.bits());
            drop(open);
            let message = format!(
                "fast mode: can't pickle cyclic objects including object type {class} at {address:#x}"
            );
            return Err(raise!(ValueError, "{message}"));
        }
        open.push(value.bits());
        Ok(())
    }

    fn leave_fast(&self) {
        if self.is_fast.get() == 0 {
            return;
        }
        if self.fast_depth.get() >= FAST_DEPTH {
            self.fast_open.borrow_mut().pop();
        }
        self.fast_depth.set(self.fast_depth.get().saturating_sub(1));
    }
}
