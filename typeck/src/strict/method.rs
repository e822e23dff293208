//! Methods and items of builtin containers and texts.

use super::Analyser;
use super::operator::integer;
use super::stub::Item;
use super::value::{Args, Eval, Kind, Names, Pairs, Value};

impl<'a> Analyser<'a, '_> {
    /// An attribute of a value of a native class.
    pub(super) fn attribute_of_native(&mut self, value: Value<'a>, name: &'a str) -> Eval<'a> {
        let class = self.class_of(value);
        for entry in self.mro(class) {
            let Value::Native(path) = entry else { continue };
            if let Some(found) = self.native_member(path, name) {
                return self.bind_method(found, value, class);
            }
        }
        if name == "__doc__" || name == "__dict__" {
            return Ok(self.opaque(format!("the attribute `{name}`")));
        }
        let Value::Native(path) = class else { return Ok(self.silent()) };
        // Stubs are complete for the plain methods of builtins only.
        if path.contains('.') || name.starts_with('_') || path == "function" {
            return Ok(self.opaque(format!("nothing is known of `{name}` of `{path}`")));
        }
        Err(self.no_attribute(value, name))
    }

    /// Calls a method of a native class.
    pub(super) fn call_method(
        &mut self,
        class: &'a str,
        name: &'a str,
        receiver: Value<'a>,
        args: Args<'a>,
    ) -> Eval<'a> {
        if let Some(result) = self.object_method(class, name, receiver, &args)? {
            return Ok(result);
        }
        let Some(Item::Function(def, purity)) = self.declared(&format!("{class}.{name}")) else {
            return Ok(self.unsupported(&format!("`{class}.{name}`")));
        };
        let is_own =
            def.args.posonlyargs.iter().chain(def.args.args).next().is_some_and(|first| first.arg == "self");
        // `dict.get(d, k)`: the receiver is the first argument.
        if is_own && self.is_class(receiver) && !self.is_of(receiver, class) {
            let Some((first, rest)) = args.positional.split_first() else {
                return Err(
                    self.raise("TypeError", &format!("unbound method {class}.{name}() needs an argument"))
                );
            };
            let args = Args { positional: rest.to_vec(), keywords: args.keywords, is_open: args.is_open };
            return self.call_method(class, name, *first, args);
        }
        if let Value::Opaque(id) = receiver {
            return Ok(self.inspect(id, "SP0811", &format!("calls `{name}` of")));
        }
        if let Some(result) = self.container_method(name, receiver, &args)? {
            return Ok(result);
        }
        if let Some(reported) = self.looked_into(name, def.args, &args) {
            return Ok(reported);
        }
        let path = &*self.arena.alloc_str(&format!("{class}.{name}"));
        Ok(self.claimed(path, def, purity, &args, Some(receiver)))
    }

    /// Whether the class of a value is a native class or derives from it.
    fn is_of(&mut self, value: Value<'a>, class: &'a str) -> bool {
        let own = self.class_of(value);
        self.mro(own).contains(&Value::Native(class))
    }

    /// What every object and class has.
    fn object_method(
        &mut self,
        class: &'a str,
        name: &'a str,
        receiver: Value<'a>,
        args: &Args<'a>,
    ) -> Eval<'a, Option<Value<'a>>> {
        let first = args.positional.first().copied();
        Ok(Some(match (class, name) {
            ("type", "__new__") => {
                let args = if first.is_some_and(|first| self.is_class(first)) {
                    args.clone()
                } else {
                    args.with_receiver(receiver)
                };
                return self.call_native("type.__new__", args).map(Some);
            }
            ("type", "__call__") => self.instantiate(receiver, args.clone())?,
            (_, "__new__") => {
                let class = first.unwrap_or(receiver);
                let instance = self.object(Kind::Instance(class));
                self.note_mortal(instance, class);
                if self.is_subclass(class, Value::Native("BaseException"))? == Some(true) {
                    self.set_exception_args(
                        instance,
                        args.positional[1.min(args.positional.len())..].to_vec(),
                    );
                }
                instance
            }
            ("object" | "type", "__init__" | "__init_subclass__") => Value::None,
            ("dict", "__setitem__") if matches!(self.kind(receiver), Some(Kind::Instance(_))) => Value::None,
            (_, "__init__") if matches!(self.kind(receiver), Some(Kind::Instance(_))) => {
                if self.is_instance(receiver, Value::Native("BaseException"))? == Some(true) {
                    self.set_exception_args(receiver, args.positional.clone());
                }
                Value::None
            }
            ("object", "__setattr__") => {
                // Called on the class it takes the object as its first argument.
                let given = if self.is_class(receiver) { args.clone() } else { args.with_receiver(receiver) };
                if let [object, Value::Str(name), value] = given.positional[..] {
                    self.note_change(object, "an object");
                    self.write_attribute(object, name, Some(value))?;
                }
                Value::None
            }
            ("object", "__repr__" | "__str__") => {
                self.varying("the text of an object without a text of its own has its address")
            }
            ("object", "__eq__") => Value::NotImplemented,
            ("object", "__hash__") => self.varying("hashes of objects differ from run to run"),
            _ => return Ok(None),
        }))
    }

    // --- Containers ---

    /// Exact rules for methods of containers whose contents are known.
    fn container_method(
        &mut self,
        name: &'a str,
        receiver: Value<'a>,
        args: &Args<'a>,
    ) -> Eval<'a, Option<Value<'a>>> {
        if (name, receiver) == ("fromkeys", Value::Native("dict")) {
            return self.dict_of_keys(args);
        }
        if let Value::Str(text) = receiver {
            return self.text_method(text, name, args);
        }
        match self.kind(receiver).cloned() {
            Some(Kind::List(items)) => self.list_method(receiver, items, name, args),
            Some(Kind::Dict(pairs)) => self.dict_method(receiver, pairs, name, args),
            Some(Kind::Names(names)) => self.names_method(names, name, args),
            Some(Kind::Iterator { .. } | Kind::Generator { .. }) => {
                self.generator_method(receiver, name, args)
            }
            Some(Kind::Set { items, is_frozen: false }) => self.set_method(receiver, items, name, args),
            _ => Ok(None),
        }
    }

    fn change(&mut self, receiver: Value<'a>, what: &str, kind: Kind<'a>) -> Option<Value<'a>> {
        self.note_change(receiver, what);
        if let Value::Object(id) = receiver {
            *self.kind_mut(id) = kind;
        }
        Some(Value::None)
    }

    fn list_method(
        &mut self,
        receiver: Value<'a>,
        mut items: Vec<Value<'a>>,
        name: &str,
        args: &Args<'a>,
    ) -> Eval<'a, Option<Value<'a>>> {
        let first = args.positional.first().copied();
        self.pay(items.len() / 64)?;
        match (name, first) {
            ("append", Some(item)) => items.push(item),
            ("extend", Some(source)) => match self.items(source)? {
                Some(more) => items.extend(more),
                None => return Ok(None),
            },
            ("insert", Some(at)) => {
                let (Some(at), Some(item)) = (integer(at), args.positional.get(1)) else { return Ok(None) };
                let len = items.len() as i64;
                let at = if at < 0 { (at + len).max(0) } else { at.min(len) };
                items.insert(at as usize, *item);
            }
            ("clear", None) => items.clear(),
            ("reverse", None) => items.reverse(),
            ("sort", None) => match self.sort(items, args)? {
                Some(sorted) => items = sorted,
                None => return Ok(None),
            },
            ("pop", at) => {
                let Some(place) = self.list_index(at.unwrap_or(Value::Int(-1)), items.len()) else {
                    return Ok(None);
                };
                let Some(at) = place else { return Err(self.raise("IndexError", "pop index out of range")) };
                let item = items.remove(at);
                self.change(receiver, "a list", Kind::List(items));
                return Ok(Some(item));
            }
            ("copy", None) => return Ok(Some(self.list(items))),
            ("popleft", None) => {
                if items.is_empty() {
                    return Err(self.raise("IndexError", "pop from an empty deque"));
                }
                let item = items.remove(0);
                self.change(receiver, "a deque", Kind::List(items));
                return Ok(Some(item));
            }
            ("appendleft", Some(item)) => items.insert(0, item),
            ("remove", Some(item)) => {
                let Some(at) = self.place_in(&items, item)? else { return Ok(None) };
                let Some(at) = at else {
                    return Err(self.raise("ValueError", "list.remove(x): x not in list"));
                };
                items.remove(at);
            }
            ("index", Some(item)) if args.positional.len() == 1 => {
                let Some(at) = self.place_in(&items, item)? else { return Ok(None) };
                let Some(at) = at else {
                    return Err(self.raise("ValueError", "list.index(x): x not in list"));
                };
                return Ok(Some(Value::Int(at as i64)));
            }
            _ => return Ok(None),
        }
        if items.len() > super::SIZE {
            return Ok(None);
        }
        Ok(self.change(receiver, "a list", Kind::List(items)))
    }

    /// The place of the first item that is equal; none if there is none, nothing if it is not known.
    fn place_in(&mut self, items: &[Value<'a>], wanted: Value<'a>) -> Eval<'a, Option<Option<usize>>> {
        for (at, item) in items.iter().enumerate() {
            if matches!(item, Value::Opaque(_)) || matches!(wanted, Value::Opaque(_)) {
                return Ok(None);
            }
            match self.equals(*item, wanted)? {
                Some(true) => return Ok(Some(Some(at))),
                Some(false) => {}
                None => return Ok(None),
            }
        }
        Ok(Some(None))
    }

    /// `dict.fromkeys`.
    fn dict_of_keys(&mut self, args: &Args<'a>) -> Eval<'a, Option<Value<'a>>> {
        let Some(keys) = args.positional.first().copied() else { return Ok(None) };
        let value = args.positional.get(1).copied().unwrap_or(Value::None);
        let Some(keys) = self.items(keys)? else { return Ok(None) };
        let mut pairs = Vec::new();
        keys.into_iter().for_each(|key| self.put(&mut pairs, key, value));
        Ok(Some(self.object(Kind::Dict(pairs))))
    }

    fn dict_method(
        &mut self,
        receiver: Value<'a>,
        mut pairs: Pairs<'a>,
        name: &str,
        args: &Args<'a>,
    ) -> Eval<'a, Option<Value<'a>>> {
        let (first, second) = (args.positional.first().copied(), args.positional.get(1).copied());
        let found = match first.filter(|_| matches!(name, "get" | "setdefault" | "pop" | "move_to_end")) {
            Some(key) => self.find_equal_key(&pairs, key)?,
            None => None,
        };
        match (name, first) {
            ("get", Some(_)) => {
                return Ok(Some(found.map_or(second.unwrap_or(Value::None), |at| pairs[at].1)));
            }
            ("keys" | "values" | "items", None) => {
                let parts = ["keys", "values", "items"];
                let part = parts.into_iter().find(|part| *part == name).unwrap_or("items");
                return Ok(Some(self.object(Kind::View { dict: receiver, part })));
            }
            ("move_to_end", Some(key)) => {
                let Some(at) = found else { return Err(self.raise_args("KeyError", vec![key])) };
                let pair = pairs.remove(at);
                let is_last = args.get(1, "last").is_none_or(|last| last == Value::Bool(true));
                pairs.insert(if is_last { pairs.len() } else { 0 }, pair);
            }
            ("popitem", None) if args.keywords.is_empty() => {
                let Some((key, value)) = pairs.pop() else {
                    return Err(self.raise("KeyError", "popitem(): dictionary is empty"));
                };
                self.change(receiver, "a dict", Kind::Dict(pairs));
                return Ok(Some(self.tuple(vec![key, value])));
            }
            ("update" | "fromkeys" | "subtract", _)
                if self.given_class(receiver) == Some("collections.Counter") =>
            {
                return Ok(None);
            }
            ("copy", None) => return Ok(Some(self.object(Kind::Dict(pairs)))),
            ("setdefault", Some(key)) => {
                if let Some(at) = found {
                    return Ok(Some(pairs[at].1));
                }
                let value = second.unwrap_or(Value::None);
                pairs.push((key, value));
                self.change(receiver, "a dict", Kind::Dict(pairs));
                return Ok(Some(value));
            }
            ("pop", Some(key)) => {
                let Some(at) = found else {
                    return second.map_or_else(
                        || Err(self.raise_args("KeyError", vec![key])),
                        |value| Ok(Some(value)),
                    );
                };
                let (_, value) = pairs.remove(at);
                self.change(receiver, "a dict", Kind::Dict(pairs));
                return Ok(Some(value));
            }
            ("update", source) => {
                let more = match source {
                    Some(source) => self.pairs_of(source)?,
                    None => Some(Vec::new()),
                };
                let Some(more) = more else { return Ok(None) };
                let named = args.keywords.iter().map(|(name, value)| (Value::Str(name), *value));
                more.into_iter().chain(named).for_each(|(key, value)| self.put(&mut pairs, key, value));
            }
            ("clear", None) => pairs.clear(),
            _ => return Ok(None),
        }
        Ok(self.change(receiver, "a dict", Kind::Dict(pairs)))
    }

    /// `close`, and `send` of what `next` would give; what another value makes a generator give is not known.
    fn generator_method(
        &mut self,
        receiver: Value<'a>,
        name: &str,
        args: &Args<'a>,
    ) -> Eval<'a, Option<Value<'a>>> {
        match (name, args.positional.first()) {
            ("close", None) => {
                self.note_change(receiver, "a generator");
                if let Value::Object(id) = receiver {
                    *self.kind_mut(id) = Kind::Iterator { items: Vec::new(), at: 0 };
                }
                Ok(Some(Value::None))
            }
            ("send", Some(Value::None)) => match self.next_item(receiver)? {
                Some(Some(item)) => Ok(Some(item)),
                Some(None) => Err(self.raise_args("StopIteration", Vec::new())),
                None => Ok(None),
            },
            ("send" | "throw", Some(_)) => {
                self.note_change(receiver, "a generator");
                if let Value::Object(id) = receiver {
                    *self.kind_mut(id) = Kind::Typed("typing.Generator");
                }
                Ok(Some(self.opaque("what a generator gives for what is sent to it")))
            }
            _ => Ok(None),
        }
    }

    /// A method of a dict that shows variables or attributes: what it changes, it changes there.
    fn names_method(&mut self, names: Names, name: &str, args: &Args<'a>) -> Eval<'a, Option<Value<'a>>> {
        let copy = self.dict_of_names(names);
        let Some(Kind::Dict(pairs)) = self.kind(copy).cloned() else { return Ok(None) };
        let result = self.dict_method(copy, pairs.clone(), name, args)?;
        if let Some(Kind::Dict(after)) = self.kind(copy).cloned() {
            for (key, value) in after.into_iter().filter(|pair| !pairs.contains(pair)) {
                self.set_shown_name(names, key, Some(value));
            }
        }
        Ok(result)
    }

    fn set_method(
        &mut self,
        receiver: Value<'a>,
        mut items: Vec<Value<'a>>,
        name: &str,
        args: &Args<'a>,
    ) -> Eval<'a, Option<Value<'a>>> {
        if name == "pop" && items.len() == 1 {
            let item = items.remove(0);
            self.change(receiver, "a set", Kind::Set { items, is_frozen: false });
            return Ok(Some(item));
        }
        if name == "pop" {
            // Which one it is depends on the order.
            self.items(receiver)?;
            return Ok(None);
        }
        let Some(first) = args.positional.first().copied() else { return Ok(None) };
        match name {
            "add" => {
                if !items.iter().any(|known| self.is_same_key(*known, first)) {
                    items.push(first);
                }
            }
            "discard" => items.retain(|known| !self.is_same_key(*known, first)),
            "update" => {
                let Some(more) = self.unordered_items(first)? else { return Ok(None) };
                for item in more {
                    if !items.iter().any(|known| self.is_same_key(*known, item)) {
                        items.push(item);
                    }
                }
            }
            _ => return Ok(None),
        }
        Ok(self.change(receiver, "a set", Kind::Set { items, is_frozen: false }))
    }

    fn text_method(&mut self, text: &'a str, name: &str, args: &Args<'a>) -> Eval<'a, Option<Value<'a>>> {
        let is_ascii = text.is_ascii();
        let (first, second) = (args.positional.first().copied(), args.positional.get(1).copied());
        Ok(Some(match (name, first, second) {
            ("upper", None, None) if is_ascii => self.text(&text.to_ascii_uppercase()),
            ("lower", None, None) if is_ascii => self.text(&text.to_ascii_lowercase()),
            ("strip", None, None) if is_ascii => Value::Str(text.trim()),
            ("startswith", Some(Value::Str(prefix)), None) => Value::Bool(text.starts_with(prefix)),
            ("endswith", Some(Value::Str(suffix)), None) => Value::Bool(text.ends_with(suffix)),
            ("removeprefix", Some(Value::Str(prefix)), None) => {
                Value::Str(text.strip_prefix(prefix).unwrap_or(text))
            }
            ("removesuffix", Some(Value::Str(suffix)), None) => {
                Value::Str(text.strip_suffix(suffix).unwrap_or(text))
            }
            ("replace", Some(Value::Str(old)), Some(Value::Str(new))) if !old.is_empty() => {
                self.text(&text.replace(old, new))
            }
            ("split", None, None) if is_ascii => {
                let parts = text.split_ascii_whitespace().map(Value::Str).collect();
                self.list(parts)
            }
            ("split", Some(Value::Str(separator)), None) if !separator.is_empty() => {
                let parts = text.split(separator).map(Value::Str).collect();
                self.list(parts)
            }
            ("join", Some(source), None) => {
                let Some(items) = self.items(source)? else { return Ok(None) };
                let mut parts = Vec::new();
                for item in items {
                    match item {
                        Value::Str(part) => parts.push(part),
                        Value::Opaque(id) => return Ok(Some(self.inspect(id, "SP0813", "joins"))),
                        _ => return Ok(None),
                    }
                }
                self.text(&parts.join(text))
            }
            _ => return Ok(None),
        }))
    }

    // --- Items ---

    /// `value[key]`
    pub(super) fn item(&mut self, value: Value<'a>, key: Value<'a>) -> Eval<'a> {
        let is_sequence = matches!(value, Value::Str(_) | Value::Bytes(_))
            || matches!(self.kind(value), Some(Kind::List(_) | Kind::Tuple(_) | Kind::Range { .. }));
        if is_sequence && let Some(method) = self.special_method(key, "__index__") {
            let index = self.call(method, Args::default())?;
            return self.item(value, index);
        }
        let key = if is_sequence { self.plain_member(key).unwrap_or(key) } else { key };
        match value {
            Value::Opaque(id) => return Ok(self.inspect(id, "SP0812", "reads an item of")),
            // `list[int]`, `Optional[str]`: what is between the brackets changes nothing at import.
            Value::Native(_) => return Ok(value),
            Value::Str(text) => return self.letter(text, key),
            Value::Bytes(bytes) => {
                return Ok(match self.list_index(key, bytes.len()) {
                    Some(Some(at)) => Value::Int(i64::from(bytes[at])),
                    Some(None) => return Err(self.raise("IndexError", "index out of range")),
                    None => self.typed("bytes"),
                });
            }
            _ => {}
        }
        match self.kind(value).cloned() {
            Some(Kind::List(items) | Kind::Tuple(items)) => self.element_at(value, &items, key),
            Some(Kind::Range { start, stop, step }) => self.item_of_range(value, (start, stop, step), key),
            Some(Kind::Names(names)) => {
                let found = if let Value::Str(name) = key { self.shown_name(names, name) } else { None };
                found.ok_or(()).map_err(|()| self.raise_args("KeyError", vec![key]))
            }
            Some(Kind::Dict(pairs)) => match self.find_equal_key(&pairs, key)? {
                Some(at) => Ok(pairs[at].1),
                None if self.given_class(value) == Some("collections.Counter") => Ok(Value::Int(0)),
                None if let Some(factory) = self.attribute_of_instance(value, "default_factory") => {
                    let item = self.call(factory, Args::default())?;
                    self.set_item(value, key, Some(item))?;
                    Ok(item)
                }
                None if matches!(self.kind(key), Some(Kind::Typed(_))) || matches!(key, Value::Opaque(_)) => {
                    Ok(self.opaque("an item of a dict by a key that is not known"))
                }
                None => Err(self.raise_args("KeyError", vec![key])),
            },
            Some(Kind::Class(class)) if self.is_enum(&class) => {
                let members = self.member_names(&class);
                match self.find_key(&members, key) {
                    Some(at) => Ok(members[at].1),
                    None => Err(self.raise_args("KeyError", vec![key])),
                }
            }
            Some(Kind::Class(_)) => match self.class_attribute(value, "__class_getitem__") {
                Some(method) if self.is_written(method) => {
                    let method = self.bind_method(method, value, value)?;
                    self.call(method, Args::of(&[key]))
                }
                _ => Ok(value),
            },
            Some(Kind::Instance(class)) => match self.special_method(value, "__getitem__") {
                Some(method) => self.call(method, Args::of(&[key])),
                None => {
                    if let Some(fields) = self.tuple_fields(class) {
                        let items: Option<Vec<_>> =
                            fields.iter().map(|name| self.attribute_of_instance(value, name)).collect();
                        return self.element_at(value, &items.unwrap_or_default(), key);
                    }
                    let class_of = self.class_of(value);
                    if !self.has_native_base(class_of) && !self.has_open_base(class_of) {
                        let class = self.class_name(value);
                        return Err(
                            self.raise("TypeError", &format!("'{class}' object is not subscriptable"))
                        );
                    }
                    Ok(self.opaque("an item of an object"))
                }
            },
            Some(Kind::Typed(class)) if class.starts_with("types.") || class.starts_with("typing.Type") => {
                Ok(value)
            }
            Some(Kind::Typed(_)) => Ok(self.element(value).unwrap_or(Value::None)),
            _ => {
                let class = self.class_name(value);
                Err(self.raise("TypeError", &format!("'{class}' object is not subscriptable")))
            }
        }
    }

    pub(super) fn element_at(&mut self, value: Value<'a>, items: &[Value<'a>], key: Value<'a>) -> Eval<'a> {
        let class = self.class_name(value);
        match self.list_index(key, items.len()) {
            Some(Some(at)) => return Ok(items[at]),
            Some(None) => return Err(self.raise("IndexError", &format!("{class} index out of range"))),
            None => {}
        }
        let Some(places) = self.slice_places(key, items.len()) else {
            let is_slice =
                matches!(self.kind(key), Some(Kind::Partial { function: Value::Native("slice"), .. }));
            return Ok(if is_slice {
                self.typed(if class == "list" { "list" } else { "tuple" })
            } else {
                self.opaque("an item by an index that is not known")
            });
        };
        let part: Vec<_> = places.into_iter().map(|at| items[at]).collect();
        Ok(if class == "list" { self.list(part) } else { self.tuple(part) })
    }

    fn letter(&mut self, text: &'a str, key: Value<'a>) -> Eval<'a> {
        let letters: Vec<char> = text.chars().collect();
        match self.list_index(key, letters.len()) {
            Some(Some(at)) => return Ok(self.text(&letters[at].to_string())),
            Some(None) => return Err(self.raise("IndexError", "string index out of range")),
            None => {}
        }
        Ok(match self.slice_places(key, letters.len()) {
            Some(places) => {
                let part: String = places.into_iter().map(|at| letters[at]).collect();
                self.text(&part)
            }
            None => self.typed("str"),
        })
    }

    /// The places that a slice takes; nothing if its bounds are not known.
    fn slice_places(&self, key: Value<'a>, len: usize) -> Option<Vec<usize>> {
        let Some(Kind::Partial { function: Value::Native("slice"), args, .. }) = self.kind(key) else {
            return None;
        };
        let bound = |at: usize| match args[at] {
            Value::None => Some(None),
            value => integer(value).map(Some),
        };
        let (start, stop, step) = (bound(0)?, bound(1)?, bound(2)?.unwrap_or(1));
        let len = len as i64;
        if step == 0 {
            return None;
        }
        let clamp = |bound: i64, low: i64, high: i64| {
            let bound = if bound < 0 { bound.saturating_add(len) } else { bound };
            bound.clamp(low, high)
        };
        let (low, high) = if step > 0 { (0, len) } else { (-1, len - 1) };
        let start = start.map_or(if step > 0 { low } else { high }, |start| clamp(start, low, high));
        let stop = stop.map_or(if step > 0 { high } else { low }, |stop| clamp(stop, low, high));
        let (mut places, mut next) = (Vec::new(), start);
        while (step > 0 && next < stop) || (step < 0 && next > stop) {
            places.push(next as usize);
            next = next.saturating_add(step);
        }
        Some(places)
    }
}
