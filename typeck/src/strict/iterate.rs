//! Containers and iteration: what a value gives, item by item, and which items have which keys.
//!
//! The order of a set depends on hashes, which differ from run to run for texts and for objects without a hash of their own: iterating
//! one with two such elements is a finding, unless the consumer forgets the order.

use super::Analyser;
use super::TURNS;
use super::finding::Call;
use super::value::{Args, Eval, Flow, Kind, Pairs, Stop, Value};

/// Hidden names of an iterator that a generator has become: what it has returned or raised, or that it goes on.
pub(super) const RETURNED: &str = "<returned>";
const RAISED: &str = "<raised>";
const OPEN: &str = "<open>";

/// How a generator has ended.
enum End<'a> {
    Returned(Value<'a>),
    Raised(Value<'a>),
    /// It goes on.
    Open,
    /// What it gives is not known.
    Unknown,
}

impl<'a> Analyser<'a, '_> {
    /// What iterating a value gives; nothing if it is not known.
    pub(super) fn items(&mut self, value: Value<'a>) -> Eval<'a, Option<Vec<Value<'a>>>> {
        if let Some(Kind::Set { items, .. }) = self.kind(value)
            && items.len() > 1
            && let Some(unordered) = items.iter().find(|item| !has_fixed_hash(**item))
        {
            let class = self.class_name(*unordered);
            let help = "sort the set, or use a list or a dict";
            let message = format!("depends on the order of a set with elements of type {class}");
            self.report_with("SP0803", &message, Some(help));
        }
        self.unordered_items(value)
    }

    /// What iterating a value gives, to somebody who forgets the order.
    pub(super) fn unordered_items(&mut self, value: Value<'a>) -> Eval<'a, Option<Vec<Value<'a>>>> {
        match value {
            Value::Str(text) => {
                let mut letters = Vec::new();
                for letter in text.chars() {
                    letters.push(Value::Str(self.arena.alloc_str(letter.encode_utf8(&mut [0; 4]))));
                }
                return Ok(Some(letters));
            }
            Value::Bytes(bytes) => {
                return Ok(Some(bytes.iter().map(|byte| Value::Int(i64::from(*byte))).collect()));
            }
            Value::Opaque(id) => {
                self.inspect(id, "SP0815", "iterates over");
                return Ok(None);
            }
            // `*tuple[int, ...]` in an annotation or between brackets.
            Value::Native(_) => return Ok(Some(vec![value])),
            Value::Object(_) => {}
            _ => return Err(self.not_iterable(value)),
        }
        match self.kind(value).cloned() {
            Some(Kind::List(items) | Kind::Tuple(items) | Kind::Set { items, .. }) => Ok(Some(items)),
            Some(Kind::Dict(pairs)) => Ok(Some(pairs.into_iter().map(|(key, _)| key).collect())),
            Some(Kind::Names(names)) => {
                let copy = self.dict_of_names(names);
                self.unordered_items(copy)
            }
            Some(Kind::Range { start, stop, step }) => self.items_of_range(start, stop, step),
            Some(Kind::View { dict, part }) => self.items_of_view(dict, part),
            Some(Kind::Iterator { items, at }) => {
                self.note_change(value, "an iterator");
                if let Value::Object(id) = value {
                    *self.kind_mut(id) = Kind::Iterator { items: Vec::new(), at: 0 };
                }
                if self.attribute_of_instance(value, OPEN).is_some() {
                    self.over_budget("a generator does not end");
                }
                if let Some(exception) = self.attribute_of_instance(value, RAISED) {
                    return Err(Stop::Raise(exception));
                }
                Ok(Some(items[at.min(items.len())..].to_vec()))
            }
            Some(Kind::Generator { .. }) => {
                self.start_generator(value)?;
                self.unordered_items(value)
            }
            Some(Kind::Typed(_)) => Ok(None),
            Some(Kind::Class(class)) if self.is_enum(&class) => Ok(Some(self.members(&class))),
            Some(Kind::Instance(_)) => match self.parts_of_flags(value) {
                Some(flags) => Ok(Some(flags)),
                None => self.instance_items(value),
            },
            _ => Err(self.not_iterable(value)),
        }
    }

    fn not_iterable(&mut self, value: Value<'a>) -> Stop<'a> {
        let class = self.class_name(value);
        self.raise("TypeError", &format!("'{class}' object is not iterable"))
    }

    fn instance_items(&mut self, value: Value<'a>) -> Eval<'a, Option<Vec<Value<'a>>>> {
        let Some(method) = self.special_method(value, "__iter__") else {
            let class = self.class_of(value);
            if let Some(items) = self.sequence_of(value) {
                return Ok(Some(items));
            }
            if let Some(method) = self.special_method(value, "__getitem__") {
                return self.items_by_index(method);
            }
            return if self.has_native_base(class) || self.has_open_base(class) {
                Ok(None)
            } else {
                Err(self.not_iterable(value))
            };
        };
        let iterator = self.call(method, Args::default())?;
        if !matches!(self.kind(iterator), Some(Kind::Instance(_))) {
            return self.unordered_items(iterator);
        }
        let mut items = Vec::new();
        let Some(next) = self.special_method(iterator, "__next__") else {
            return Err(self.not_iterable(iterator));
        };
        while items.len() < TURNS {
            self.pay(1)?;
            match self.call(next, Args::default()) {
                Ok(item) => items.push(item),
                Err(Stop::Raise(exception)) => {
                    return match self.is_instance(exception, Value::Native("StopIteration"))? {
                        Some(false) => Err(Stop::Raise(exception)),
                        _ => Ok(Some(items)),
                    };
                }
                Err(stop) => return Err(stop),
            }
        }
        self.over_budget("an iterator does not end");
        Ok(Some(items))
    }

    /// Runs a generator from its beginning to its end, and keeps what it gives.
    fn start_generator(&mut self, value: Value<'a>) -> Eval<'a, ()> {
        let Some(Kind::Generator { function, env }) = self.kind(value).cloned() else { return Ok(()) };
        let Value::Object(id) = value else { return Ok(()) };
        self.note_change(value, "a generator");
        // Who asks again while it runs finds nothing.
        *self.kind_mut(id) = Kind::Iterator { items: Vec::new(), at: 0 };
        let site = self.here.expect("code stands somewhere");
        self.calls.push(Call { site, callee: function.name });
        let items = self.in_frame(function.unit, function.scope, env, None, |this| {
            this.frame().yields = Some(Vec::new());
            let end = this.run_body(&function);
            let items = this.frame().yields.take().unwrap_or_default();
            let is_known = !this.frame().may_give;
            match end {
                Ok(_) if !is_known => Ok((items, End::Unknown)),
                Ok(Flow::Return(value)) => Ok((items, End::Returned(value))),
                Ok(Flow::Next | Flow::Break | Flow::Continue) => Ok((items, End::Returned(Value::None))),
                Err(Stop::Enough) => Ok((items, End::Open)),
                // Whoever asks for more than it has given gets the exception.
                Err(Stop::Raise(exception)) if !items.is_empty() => Ok((items, End::Raised(exception))),
                Err(stop) => Err(stop),
            }
        });
        self.calls.pop();
        self.here = Some(site);
        // They live as long as the generator.
        self.keep_variables(env);
        let (items, end) = items?;
        *self.kind_mut(id) = Kind::Iterator { items, at: 0 };
        let (name, value) = match end {
            End::Unknown => {
                self.keep_contents(value);
                *self.kind_mut(id) = Kind::Typed("typing.Iterator");
                return Ok(());
            }
            End::Returned(value) => (RETURNED, value),
            End::Raised(exception) => (RAISED, exception),
            End::Open => (OPEN, Value::None),
        };
        self.state.objects[id].attributes.set(name, value);
        Ok(())
    }

    /// The next item of an iterator; nothing in it at its end, nothing at all if it is not known.
    pub(super) fn next_item(&mut self, value: Value<'a>) -> Eval<'a, Option<Option<Value<'a>>>> {
        if matches!(self.kind(value), Some(Kind::Generator { .. })) {
            self.start_generator(value)?;
        }
        let Value::Object(id) = value else { return Ok(None) };
        let Some(Kind::Iterator { items, at }) = self.kind(value) else { return Ok(None) };
        let item = items.get(*at).copied();
        if item.is_none() && self.attribute_of_instance(value, OPEN).is_some() {
            return Ok(None);
        }
        if item.is_none()
            && let Some(exception) = self.attribute_of_instance(value, RAISED)
        {
            self.state.objects[id].attributes.remove(RAISED);
            return Err(Stop::Raise(exception));
        }
        self.note_change(value, "an iterator");
        if let Kind::Iterator { at, .. } = self.kind_mut(id) {
            *at += 1;
        }
        Ok(Some(item))
    }

    /// What stands for each element of a container whose elements are not known; nothing for what has been reported.
    pub(super) fn element(&mut self, container: Value<'a>) -> Option<Value<'a>> {
        if let Value::Opaque(_) = container {
            return Some(self.silent());
        }
        let class = match self.kind(container) {
            Some(Kind::Typed(class)) => *class,
            _ => return Some(self.opaque("an element of a container that is not known")),
        };
        Some(match class {
            "str" => self.typed("str"),
            "bytes" | "bytearray" | "range" => self.typed("int"),
            _ if self.is_endless(class) => self.opaque("what an endless iterator gives"),
            _ => match class.split_once('[').and_then(|(_, rest)| rest.strip_suffix(']')) {
                Some(element) => {
                    let element = element.split(',').next().unwrap_or(element).trim();
                    self.typed(element)
                }
                None => self.opaque(format!("an element of an object of `{class}`")),
            },
        })
    }

    /// What `__getitem__` gives for 0, 1, 2 ...
    fn items_by_index(&mut self, method: Value<'a>) -> Eval<'a, Option<Vec<Value<'a>>>> {
        let mut items = Vec::new();
        while items.len() < TURNS {
            match self.call(method, Args::of(&[Value::Int(items.len() as i64)])) {
                Ok(item) => items.push(item),
                Err(Stop::Raise(exception)) => {
                    return match self.is_instance(exception, Value::Native("IndexError"))? {
                        Some(false) => Err(Stop::Raise(exception)),
                        _ => Ok(Some(items)),
                    };
                }
                Err(stop) => return Err(stop),
            }
        }
        self.over_budget("an iterator does not end");
        Ok(Some(items))
    }

    /// Whether iterators of a class have no end.
    pub(super) fn is_endless(&self, class: &str) -> bool {
        class == "itertools.Count"
    }

    /// What `iter(function, sentinel)` gives.
    pub(super) fn until(&mut self, function: Value<'a>, sentinel: Value<'a>) -> Eval<'a> {
        let mut items = Vec::new();
        while items.len() < TURNS {
            self.pay(1)?;
            let item = self.call(function, Args::default())?;
            match self.equals(item, sentinel)? {
                Some(true) => return Ok(self.object(Kind::Iterator { items, at: 0 })),
                Some(false) => items.push(item),
                None => return Ok(self.typed("typing.Iterator")),
            }
        }
        Ok(self.over_budget("an iterator does not end"))
    }

    /// The items of a list, a tuple or a named tuple, if they are known.
    pub(super) fn sequence_of(&mut self, value: Value<'a>) -> Option<Vec<Value<'a>>> {
        if let Some(items) = self.known_items(value) {
            return Some(items);
        }
        let Some(&Kind::Instance(class)) = self.kind(value) else { return None };
        let fields = self.tuple_fields(class)?;
        fields.iter().map(|name| self.attribute_of_instance(value, name)).collect()
    }

    /// The items of a tuple or list, if they are known.
    pub(super) fn known_items(&self, value: Value<'a>) -> Option<Vec<Value<'a>>> {
        match self.kind(value)? {
            Kind::Tuple(items) | Kind::List(items) => Some(items.clone()),
            _ => None,
        }
    }

    /// Pairs of a mapping, or of an iterable of pairs.
    pub(super) fn pairs_of(&mut self, value: Value<'a>) -> Eval<'a, Option<Pairs<'a>>> {
        if let Some(&Kind::Names(names)) = self.kind(value) {
            let copy = self.dict_of_names(names);
            return self.pairs_of(copy);
        }
        if let Some(Kind::Dict(pairs)) = self.kind(value) {
            return Ok(Some(pairs.clone()));
        }
        let Some(items) = self.items(value)? else { return Ok(None) };
        let mut pairs = Vec::new();
        for item in items {
            match self.items(item)?.as_deref() {
                Some(&[key, value]) => self.put(&mut pairs, key, value),
                Some(_) => {
                    return Err(
                        self.raise("ValueError", "dictionary update sequence element has the wrong length")
                    );
                }
                None => return Ok(None),
            }
        }
        Ok(Some(pairs))
    }

    pub(super) fn new_set(&mut self, items: Option<Vec<Value<'a>>>, is_frozen: bool) -> Eval<'a> {
        let Some(items) = items else { return Ok(self.typed(if is_frozen { "frozenset" } else { "set" })) };
        let mut distinct: Vec<Value<'a>> = Vec::new();
        for item in items {
            self.pay(1 + distinct.len() / 16)?;
            if !distinct.iter().any(|known| self.is_same_key(*known, item)) {
                distinct.push(item);
            }
        }
        // Small numbers come in their order.
        if distinct.iter().all(|item| matches!(item, Value::Int(_))) {
            distinct.sort_by_key(|item| if let Value::Int(number) = item { *number } else { 0 });
        }
        Ok(self.object(Kind::Set { items: distinct, is_frozen }))
    }

    /// Sets an item of a dict.
    pub(super) fn put(&self, pairs: &mut Pairs<'a>, key: Value<'a>, value: Value<'a>) {
        match self.find_key(pairs, key) {
            Some(at) => pairs[at].1 = value,
            None => pairs.push((key, value)),
        }
    }

    pub(super) fn find_key(&self, pairs: &[(Value<'a>, Value<'a>)], key: Value<'a>) -> Option<usize> {
        pairs.iter().position(|(known, _)| self.is_same_key(*known, key))
    }

    /// The place of a key, if it is known; objects with an equality of their own are asked.
    pub(super) fn find_equal_key(
        &mut self,
        pairs: &[(Value<'a>, Value<'a>)],
        key: Value<'a>,
    ) -> Eval<'a, Option<usize>> {
        if let Some(at) = self.find_key(pairs, key) {
            return Ok(Some(at));
        }
        if !self.may_equal_others(key) {
            return Ok(None);
        }
        for (at, (known, _)) in pairs.iter().enumerate() {
            if self.may_equal_others(*known) && self.equals(*known, key)? == Some(true) {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Whether a key is, or contains, an object that other objects may be equal to.
    fn may_equal_others(&self, key: Value<'a>) -> bool {
        match self.kind(key) {
            Some(Kind::Instance(_)) => true,
            Some(Kind::Tuple(items)) => items.iter().any(|item| self.may_equal_others(*item)),
            _ => false,
        }
    }

    fn items_of_view(&mut self, dict: Value<'a>, part: &str) -> Eval<'a, Option<Vec<Value<'a>>>> {
        let Some(Kind::Dict(pairs)) = self.kind(dict).cloned() else { return Ok(None) };
        Ok(Some(match part {
            "keys" => pairs.into_iter().map(|(key, _)| key).collect(),
            "values" => pairs.into_iter().map(|(_, value)| value).collect(),
            _ => pairs.into_iter().map(|(key, value)| self.tuple(vec![key, value])).collect(),
        }))
    }

    /// Whether two keys are the same: by value where that is known, else by identity.
    pub(super) fn is_same_key(&self, one: Value<'a>, two: Value<'a>) -> bool {
        match (self.kind(one), self.kind(two)) {
            (Some(Kind::Tuple(one)), Some(Kind::Tuple(two))) => {
                one.len() == two.len() && one.iter().zip(two).all(|(one, two)| self.is_same_key(*one, *two))
            }
            _ => one == two || number_of(one).is_some() && number_of(one) == number_of(two),
        }
    }

    /// A place in a list: none if the index is out of range, nothing if it is not known.
    pub(super) fn list_index(&self, key: Value<'a>, len: usize) -> Option<Option<usize>> {
        let index = match key {
            Value::Int(index) => index,
            Value::Bool(index) => i64::from(index),
            _ => return None,
        };
        let len = i64::try_from(len).ok()?;
        let at = if index < 0 { index + len } else { index };
        Some((0..len).contains(&at).then_some(at as usize))
    }
}

/// Whether the hash of a value is the same in every run.
fn has_fixed_hash(value: Value<'_>) -> bool {
    matches!(value, Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_))
}

/// A number as it is compared.
pub(super) fn number_of(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Bool(value) => Some(f64::from(u8::from(value))),
        Value::Int(value) => Some(value as f64),
        Value::Float(value) => Some(value),
        _ => None,
    }
}
