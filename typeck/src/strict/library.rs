//! Exact rules for functions of the library whose results programs look into while they are imported.

use super::Analyser;
use super::value::{Args, Eval, Kind, Value};

/// What functions with a cache have.
const CACHE_ATTRIBUTES: [(&str, &str); 3] = [
    ("cache_clear", "functools.cache_clear"),
    ("cache_info", "functools.cache_info"),
    ("cache_parameters", "functools.cache_parameters"),
];

/// Comparisons that follow from one of them.
const ORDERINGS: [(&str, &str); 4] = [
    ("__lt__", "functools.less"),
    ("__le__", "functools.less_or_equal"),
    ("__gt__", "functools.greater"),
    ("__ge__", "functools.greater_or_equal"),
];

impl<'a> Analyser<'a, '_> {
    pub(super) fn exact_of_library(&mut self, path: &'a str, args: &Args<'a>) -> Eval<'a, Option<Value<'a>>> {
        let first = args.positional.first().copied();
        Ok(Some(match (path, first) {
            ("functools.partial", Some(function)) => self.object(Kind::Partial {
                function,
                args: args.positional[1..].to_vec(),
                keywords: args.keywords.clone(),
            }),
            ("functools.wraps", Some(wrapped)) => self.object(Kind::Partial {
                function: Value::Native("functools.update_wrapper"),
                args: Vec::new(),
                keywords: vec![("wrapped", wrapped)],
            }),
            ("functools.update_wrapper", Some(wrapper)) => {
                let wrapped = args.get(1, "wrapped").unwrap_or(Value::None);
                self.note_change(wrapper, "a function");
                self.copy_head(wrapped, wrapper)?;
                wrapper
            }
            ("functools.lru_cache" | "dataclasses.dataclass", None) => self.object(Kind::Partial {
                function: Value::Native(path),
                args: Vec::new(),
                keywords: args.keywords.clone(),
            }),
            ("functools.lru_cache", Some(Value::Int(_) | Value::None)) => Value::Native("functools.cache"),
            ("functools.lru_cache" | "functools.cache", Some(function)) => {
                if matches!(function, Value::Object(id) if self.state.objects[id].owner == self.current()) {
                    for (name, path) in CACHE_ATTRIBUTES {
                        self.write_attribute(function, name, Some(Value::Native(path)))?;
                    }
                }
                function
            }
            ("functools.singledispatch", Some(function)) => {
                self.write_attribute(function, "register", Some(Value::Native("functools.register")))?;
                function
            }
            ("functools.register", Some(class)) if self.is_class(class) && args.positional.len() == 1 => {
                Value::Native("typing.final")
            }
            ("functools.register", Some(_)) => args.positional.last().copied().unwrap_or(Value::None),
            ("functools.reduce", Some(function)) => {
                let source = args.positional.get(1).copied().unwrap_or(Value::None);
                let Some(items) = self.items(source)? else { return Ok(None) };
                let mut items = args.positional.get(2).copied().into_iter().chain(items);
                let Some(mut result) = items.next() else { return Ok(None) };
                for item in items {
                    result = self.call(function, Args::of(&[result, item]))?;
                }
                result
            }
            ("dataclasses.dataclass", Some(class)) => {
self.make_dataclass(class, &args.keywords)?
            }
            ("dataclasses.field", None) => self.object(Kind::Partial {
                function: Value::Native("dataclasses.field"),
                args: Vec::new(),
                keywords: args.keywords.clone(),
            }),
            ("functools.total_ordering", Some(class)) => self.complete_ordering(class)?,
            ("dataclasses.fields", Some(of)) => return Ok(self.fields_of_record(of)),
            ("dataclasses.asdict" | "dataclasses.astuple", Some(value)) if args.keywords.is_empty() => {
                self.taken_apart(value, path == "dataclasses.asdict")?
            }
            ("dataclasses.replace" | "collections.replace", Some(value)) if self.is_record(value) => {
                self.replaced(value, &args.keywords)?
            }
            ("collections.as_dict", Some(value)) => self.taken_apart_tuple(value),
            ("collections.make", Some(class)) => {
                let source = args.positional.get(1).copied().unwrap_or(Value::None);
                let Some(items) = self.items(source)? else { return Ok(None) };
                self.call(class, Args::of(&items))?
            }
            ("enum.unique", Some(class)) => self.require_unique(class)?,
            ("abc.register", Some(class)) => {
                self.note_change(class, "the classes that are registered with a class");
                args.positional.get(1).copied().unwrap_or(Value::None)
            }
            ("contextlib.managed.__enter__", Some(generator)) => match self.next_item(generator)? {
                Some(Some(item)) => item,
                Some(None) => return Err(self.raise("RuntimeError", "generator didn't yield")),
                None => self.opaque("what a context manager gives"),
            },
            ("contextlib.managed.__exit__", _) => Value::None,
            ("collections.OrderedDict", _) => self.new_dict(args)?,
            ("collections.defaultdict", _) => {
                let rest = args.positional.get(1..).unwrap_or_default().to_vec();
                let dict = self.new_dict(&Args { positional: rest, ..args.clone() })?;
                if let Some(factory) = first.filter(|factory| *factory != Value::None) {
                    self.write_attribute(dict, "default_factory", Some(factory))?;
                }
                dict
            }
            ("collections.namedtuple" | "typing.NamedTuple", Some(Value::Str(name))) => {
                return self.named_tuple(name, args);
            }
            ("contextlib.contextmanager", Some(function)) => self.object(Kind::Partial {
                function: Value::Native("contextlib.manage"),
                args: vec![function],
                keywords: Vec::new(),
            }),
            ("contextlib.manage", Some(function)) => {
                let rest = Args { positional: args.positional[1..].to_vec(), ..args.clone() };
                let generator = self.call(function, rest)?;
                self.context_manager(generator)
            }
            ("contextlib.asynccontextmanager", Some(_)) => Value::Native("contextlib.managed"),
            ("typing.NewType", Some(_)) => Value::Native("typing.final"),
            ("typing.cast", Some(_)) => args.positional.get(1).copied().unwrap_or(Value::None),
            ("typing.TypedDict", Some(Value::Str(_))) => {
                self.unsupported(&format!("`{path}` as a function"))
            }
            (
                "enum.Enum" | "enum.IntEnum" | "enum.StrEnum" | "enum.Flag" | "enum.IntFlag",
                _,
            ) if args.positional.len() > 1 || args.get(usize::MAX, "names").is_some() => {
                self.functional_enum(Value::Native(path), args)?
            }
            _ => return Ok(None),
        }))
    }

    /// `functools.update_wrapper`: the wrapper says of itself what the wrapped function does.
    fn copy_head(&mut self, wrapped: Value<'a>, wrapper: Value<'a>) -> Eval<'a, ()> {
        if matches!(self.kind(wrapped), Some(Kind::Function(_))) {
            for name in ["__module__", "__name__", "__qualname__", "__doc__"] {
                let value = self.attribute(wrapped, name)?;
                self.write_attribute(wrapper, name, Some(value))?;
            }
            let own = match wrapped {
                Value::Object(id) => self.state.objects[id].attributes.entries().to_vec(),
                _ => Vec::new(),
            };
            for (name, value) in own {
                self.write_attribute(wrapper, name, Some(value))?;
            }
        }
        self.write_attribute(wrapper, "__wrapped__", Some(wrapped))
    }

    /// `functools.total_ordering`: adds the comparisons that the class does not write.
    fn complete_ordering(&mut self, class: Value<'a>) -> Eval<'a> {
        let Value::Object(id) = class else { return Ok(class) };
        self.note_change(class, "a class");
        let mut root = None;
        for (name, _) in ORDERINGS {
            if self.class_attribute(class, name).is_some_and(|found| self.is_written(found)) {
                root = root.or(Some(name));
            }
        }
        let Some(root) = root else {
            let message = "must define at least one ordering operation: < > <= >=";
            return Err(self.raise("ValueError", message));
        };
        for (name, function) in ORDERINGS {
            if !self.class_attribute(class, name).is_some_and(|found| self.is_written(found)) {
                let rule = self.object(Kind::Derived { function, root });
                self.state.objects[id].attributes.set(name, rule);
            }
        }
        Ok(class)
    }

    /// A comparison that `total_ordering` has added: by the one that is written, and equality.
    pub(super) fn derived_comparison(
        &mut self,
        function: &str,
        root: &'a str,
        left: Value<'a>,
        right: Value<'a>,
    ) -> Eval<'a> {
        let Some(method) = self.special_method(left, root) else { return Ok(Value::NotImplemented) };
        let answer = self.call(method, Args::of(&[right]))?;
        if answer == Value::NotImplemented || matches!(answer, Value::Opaque(_)) {
            return Ok(answer);
        }
        let (Some(answer), Some(same)) = (self.truth(answer)?, self.equals(left, right)?) else {
            return Ok(self.typed("bool"));
        };
        // Whether the left one is less, equal, or greater.
        let less = match root {
            "__lt__" => answer,
            "__le__" => answer && !same,
            "__gt__" => !answer && !same,
            _ => !answer,
        };
        let greater = !less && !same;
        Ok(Value::Bool(match function {
            "functools.less" => less,
            "functools.less_or_equal" => less || same,
            "functools.greater" => greater,
            _ => greater || same,
        }))
    }

    /// Whether a value is an instance of a dataclass or of a named tuple.
    fn is_record(&mut self, value: Value<'a>) -> bool {
        let class = self.class_of(value);
        self.fields_of(class).is_some()
    }

    /// `x._asdict()`
    fn taken_apart_tuple(&mut self, value: Value<'a>) -> Value<'a> {
        let class = self.class_of(value);
        let fields = self.tuple_fields(class).unwrap_or_default();
        let named = |name: &&'a str| Some((Value::Str(name), self.attribute_of_instance(value, name)?));
        let pairs = fields.iter().filter_map(named).collect();
        self.object(Kind::Dict(pairs))
    }

    /// What a function that `contextmanager` decorates gives: entering it runs the generator, to its end at once.
    fn context_manager(&mut self, generator: Value<'a>) -> Value<'a> {
        let manager = self.object(Kind::Instance(Value::Native("contextlib.managed")));
        for (name, function) in [
            ("__enter__", "contextlib.managed.__enter__"),
            ("__exit__", "contextlib.managed.__exit__"),
        ] {
            let (function, args) = (Value::Native(function), vec![generator]);
            let method = self.object(Kind::Partial { function, args, keywords: Vec::new() });
            if let Value::Object(id) = manager {
                self.state.objects[id].attributes.set(name, method);
            }
        }
        manager
    }
}
