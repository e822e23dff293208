//! Builtin functions over sequences: `list`, `sorted`, `map`, `range`, `max` and their like.
//!
//! What is lazy in Python is computed at once here; it makes a difference only to the order of effects that are findings anyway.

use super::Analyser;
use super::SIZE;
use super::operator::integer;
use super::value::{Args, Eval, Kind, Pairs, Value};

impl<'a> Analyser<'a, '_> {
    pub(super) fn sequence_function(
        &mut self,
        path: &'a str,
        args: &Args<'a>,
    ) -> Eval<'a, Option<Value<'a>>> {
        let first = args.positional.first().copied();
        let forgets_order =
            matches!(path, "sorted" | "sum" | "min" | "max" | "any" | "all" | "set" | "frozenset");
        if path == "range" {
            return self.range(args);
        }
        if path == "next" {
            return self.next(args);
        }
        if path == "dict" {
            return self.new_dict(args).map(Some);
        }
        if matches!(path, "min" | "max") && args.positional.len() > 1 {
            let items = args.positional.clone();
            return self.extreme(path, items, args).map(Some);
        }
        if matches!(path, "map" | "filter" | "zip") {
            return self.lazy(path, args);
        }
        let Some(source) = first else {
            return Ok(match path {
                "list" => Some(self.list(Vec::new())),
                "tuple" => Some(self.tuple(Vec::new())),
                "set" | "frozenset" => Some(self.new_set(Some(Vec::new()), path == "frozenset")?),
                _ => None,
            });
        };
        if path == "iter"
            && let Some(sentinel) = args.positional.get(1)
        {
            return self.until(source, *sentinel).map(Some);
        }
        if path == "iter" && matches!(self.kind(source), Some(Kind::Iterator { .. } | Kind::Generator { .. }))
        {
            return Ok(Some(source));
        }
        let items = if forgets_order { self.unordered_items(source)? } else { self.items(source)? };
        let Some(mut items) = items else {
            return Ok(if matches!(source, Value::Opaque(_)) {
                Some(self.silent())
            } else {
                self.of_typed(path, source)
            });
        };
        Ok(Some(match path {
            "list" => self.list(items),
            "tuple" => self.tuple(items),
            "set" | "frozenset" => self.new_set(Some(items), path == "frozenset")?,
            "iter" => self.object(Kind::Iterator { items, at: 0 }),
            "reversed" => {
                items.reverse();
                self.object(Kind::Iterator { items, at: 0 })
            }
            "enumerate" => {
                let start = args.get(1, "start").and_then(integer).unwrap_or(0);
                let pairs =
                    items.into_iter().zip(start..).map(|(item, at)| self.tuple(vec![Value::Int(at), item]));
                let items = pairs.collect();
                self.object(Kind::Iterator { items, at: 0 })
            }
            "sorted" => {
                let sorted = self.sort(items, args)?;
                self.list_of(sorted)
            }
            "sum" => {
                let mut total = args.get(1, "start").unwrap_or(Value::Int(0));
                for item in items {
                    total = self.binary(parser::ast::Operator::Add, total, item)?;
                }
                total
            }
            "min" | "max" => self.extreme(path, items, args)?,
            _ => {
                let wanted = path == "any";
                let mut answer = Some(!wanted);
                for item in items {
                    match self.truth_of_item(item)? {
                        Some(truth) if truth == wanted => return Ok(Some(Value::Bool(wanted))),
                        Some(_) => {}
                        None => answer = None,
                    }
                }
                self.answer(answer)
            }
        }))
    }

    fn truth_of_item(&mut self, item: Value<'a>) -> Eval<'a, Option<bool>> {
        if let Value::Opaque(id) = item {
            self.inspect(id, "SP0814", "tests");
            return Ok(None);
        }
        self.truth(item)
    }

    /// What a function makes of a container whose contents are not known.
    fn of_typed(&mut self, path: &str, source: Value<'a>) -> Option<Value<'a>> {
        Some(match path {
            "list" | "sorted" => self.typed("list"),
            "tuple" => self.typed("tuple"),
            "set" => self.typed("set"),
            "frozenset" => self.typed("frozenset"),
            "any" | "all" => self.typed("bool"),
            "iter" | "reversed" | "enumerate" => self.typed("typing.Iterator"),
            _ => return self.element(source),
        })
    }

    fn range(&mut self, args: &Args<'a>) -> Eval<'a, Option<Value<'a>>> {
        let bounds: Option<Vec<i64>> = args.positional.iter().map(|bound| integer(*bound)).collect();
        let (start, stop, step) = match bounds.as_deref() {
            Some(&[stop]) => (0, stop, 1),
            Some(&[start, stop]) => (start, stop, 1),
            Some(&[start, stop, step]) if step != 0 => (start, stop, step),
            _ => return Ok(None),
        };
        Ok(Some(self.object(Kind::Range { start, stop, step })))
    }

    /// The numbers of a range; nothing if there are very many.
    pub(super) fn items_of_range(
        &mut self,
        start: i64,
        stop: i64,
        step: i64,
    ) -> Eval<'a, Option<Vec<Value<'a>>>> {
        let count = range_len(start, stop, step);
        if count > SIZE {
            return Ok(None);
        }
        self.pay(count / 16)?;
        Ok(Some((0..count as i64).map(|at| Value::Int(start + at * step)).collect()))
    }

    /// A number of a range, or a part of it.
    pub(super) fn item_of_range(
        &mut self,
        value: Value<'a>,
        bounds: (i64, i64, i64),
        key: Value<'a>,
    ) -> Eval<'a> {
        let (start, stop, step) = bounds;
        let count = range_len(start, stop, step);
        match self.list_index(key, count) {
            Some(Some(at)) => return Ok(Value::Int(start + at as i64 * step)),
            Some(None) => return Err(self.raise("IndexError", "range object index out of range")),
            None => {}
        }
        match self.items_of_range(start, stop, step)? {
            Some(items) => self.element_at(value, &items, key),
            None => Ok(self.typed("range")),
        }
    }

    fn next(&mut self, args: &Args<'a>) -> Eval<'a, Option<Value<'a>>> {
        let Some(&source) = args.positional.first() else { return Ok(None) };
        if let Some(method) = self.special_method(source, "__next__") {
            return self.call(method, Args::default()).map(Some);
        }
        match (self.next_item(source)?, args.positional.get(1)) {
            (Some(Some(item)), _) => Ok(Some(item)),
            (Some(None), Some(default)) => Ok(Some(*default)),
            (Some(None), None) => Err(self.raise_args("StopIteration", Vec::new())),
            (None, _) if matches!(self.kind(source), Some(Kind::Typed(_))) => {
                self.note_change(source, "an iterator");
                Ok(self.element(source))
            }
            (None, _) => Ok(None),
        }
    }

    pub(super) fn new_dict(&mut self, args: &Args<'a>) -> Eval<'a> {
        let mut pairs = match args.positional.first() {
            Some(source) => match self.pairs_of(*source)? {
                Some(pairs) => pairs,
                None => return Ok(self.typed("dict")),
            },
            None => Vec::new(),
        };
        for (name, value) in &args.keywords {
            self.put(&mut pairs, Value::Str(name), *value);
        }
        Ok(self.object(Kind::Dict(pairs)))
    }

    /// `map`, `filter` and `zip`, at once.
    fn lazy(&mut self, path: &str, args: &Args<'a>) -> Eval<'a, Option<Value<'a>>> {
        let (function, sources) = match (path, args.positional.split_first()) {
            ("zip", _) => (Value::None, args.positional.as_slice()),
            (_, Some((function, sources))) => (*function, sources),
            _ => return Ok(None),
        };
        let mut columns = Vec::new();
        for source in sources {
            let Some(items) = self.items(*source)? else { return Ok(Some(self.typed("typing.Iterator"))) };
            columns.push(items);
        }
        let rows = columns.iter().map(Vec::len).min().unwrap_or(0);
        let mut items = Vec::new();
        for at in 0..rows {
            self.pay(1)?;
            let row: Vec<_> = columns.iter().map(|column| column[at]).collect();
            match path {
                "zip" => items.push(self.tuple(row)),
                "map" => items.push(self.call(function, Args::of(&row))?),
                _ => {
                    let test =
                        if function == Value::None { row[0] } else { self.call(function, Args::of(&row))? };
                    match self.truth_of_item(test)? {
                        Some(true) => items.push(row[0]),
                        Some(false) => {}
                        None => return Ok(Some(self.typed("typing.Iterator"))),
                    }
                }
            }
        }
        Ok(Some(self.object(Kind::Iterator { items, at: 0 })))
    }

    /// What items are ordered by; nothing if that is not known.
    fn keys(&mut self, items: &[Value<'a>], args: &Args<'a>) -> Eval<'a, Option<Vec<Value<'a>>>> {
        let key = args.keywords.iter().find(|(name, _)| *name == "key").map(|(_, key)| *key);
        let Some(key) = key.filter(|key| *key != Value::None) else { return Ok(Some(items.to_vec())) };
        if matches!(self.kind(key), Some(Kind::Typed(_))) {
            return Ok(None);
        }
        let mut keys = Vec::new();
        for item in items {
            keys.push(self.call(key, Args::of(&[*item]))?);
        }
        Ok(Some(keys))
    }

    /// Items in their order; nothing if the order is not known.
    pub(super) fn sort(
        &mut self,
        items: Vec<Value<'a>>,
        args: &Args<'a>,
    ) -> Eval<'a, Option<Vec<Value<'a>>>> {
        let Some(keys) = self.keys(&items, args)? else { return Ok(None) };
        self.pay(items.len())?;
        let mut pairs: Vec<_> = keys.into_iter().zip(items).collect();
        let is_known = if pairs.iter().all(|(key, _)| matches!(key, Value::Str(_))) {
            pairs.sort_by(|(one, _), (two, _)| match (one, two) {
                (Value::Str(one), Value::Str(two)) => one.cmp(two),
                _ => std::cmp::Ordering::Equal,
            });
            true
        } else if pairs.iter().all(|(key, _)| integer(*key).is_some()) {
            pairs.sort_by_key(|(key, _)| integer(*key));
            true
        } else {
            // Comparing may run code.
            match self.insert_sorted(std::mem::take(&mut pairs))? {
                Some(sorted) => {
                    pairs = sorted;
                    true
                }
                None => return Ok(None),
            }
        };
        let reverse = args.keywords.iter().find(|(name, _)| *name == "reverse").map(|(_, value)| *value);
        match reverse.map_or(Ok(Some(false)), |reverse| self.truth(reverse))? {
            Some(false) => {}
            Some(true) => pairs.reverse(),
            None => return Ok(None),
        }
        Ok(is_known.then(|| pairs.into_iter().map(|(_, item)| item).collect()))
    }

    /// Sorts by comparing; nothing if a comparison has no answer.
    fn insert_sorted(&mut self, pairs: Pairs<'a>) -> Eval<'a, Option<Pairs<'a>>> {
        let mut sorted: Pairs<'a> = Vec::new();
        for (key, item) in pairs {
            let (mut low, mut high) = (0, sorted.len());
            while low < high {
                let middle = low + (high - low) / 2;
                let is_less = self.compare(parser::ast::CmpOp::Lt, key, sorted[middle].0)?;
                match self.truth(is_less)? {
                    Some(true) => high = middle,
                    Some(false) => low = middle + 1,
                    None => return Ok(None),
                }
            }
            sorted.insert(low, (key, item));
        }
        Ok(Some(sorted))
    }

    fn extreme(&mut self, path: &str, items: Vec<Value<'a>>, args: &Args<'a>) -> Eval<'a> {
        let default = args.keywords.iter().find(|(name, _)| *name == "default").map(|(_, value)| *value);
        if items.is_empty() {
            let message = format!("{path}() iterable argument is empty");
            return default.map_or_else(|| Err(self.raise("ValueError", &message)), Ok);
        }
        let Some(keys) = self.keys(&items, args)? else {
            return Ok(self.opaque(format!("the result of `{path}`")));
        };
        let op = if path == "min" { parser::ast::CmpOp::Lt } else { parser::ast::CmpOp::Gt };
        let mut best = 0;
        for at in 1..items.len() {
            let is_better = self.compare(op, keys[at], keys[best])?;
            match self.truth(is_better)? {
                Some(true) => best = at,
                Some(false) => {}
                None => return Ok(self.join(items[best], items[at])),
            }
        }
        Ok(items[best])
    }
}

/// How many numbers a range has.
pub(super) fn range_len(start: i64, stop: i64, step: i64) -> usize {
    let span =
        if step > 0 { i128::from(stop) - i128::from(start) } else { i128::from(start) - i128::from(stop) };
    let step = i128::from(step).abs();
    usize::try_from((span + step - 1) / step).unwrap_or(if span > 0 { usize::MAX } else { 0 })
}
