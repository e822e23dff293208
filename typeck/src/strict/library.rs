//! Exact rules for functions of the library whose results programs look into while they are imported.

use super::Analyser;
use super::attribute::CLASS;
use super::value::{Args, Eval, Function, Kind, Pairs, Value};

/// Where functions keep what they have given; no program can write it.
pub(super) const CACHE: &str = "<cache>";

/// What functions with a cache have.
const CACHE_ATTRIBUTES: [(&str, &str); 2] =
    [("cache_info", "functools.cache_info"), ("cache_parameters", "functools.cache_parameters")];

/// Comparisons that follow from one of them.
const ORDERINGS: [(&str, &str); 4] = [
    ("__lt__", "functools.less"),
    ("__le__", "functools.less_or_equal"),
    ("__gt__", "functools.greater"),
    ("__ge__", "functools.greater_or_equal"),
];

/// What `abstractmethod` sets.
const ABSTRACT: &str = "__isabstractmethod__";

impl<'a> Analyser<'a, '_> {
    pub(super) fn exact_of_library(&mut self, path: &'a str, args: &Args<'a>) -> Eval<'a, Option<Value<'a>>> {
        let first = args.positional.first().copied();
        let (module, name) = path.split_once('.').unwrap_or(("", path));
        let combined = match module {
            "itertools" => self.iterator_function(name, args)?,
            "operator" => self.operator_function(name, args)?,
            "contextlib" => self.context_function(name, args)?,
            _ => None,
        };
        if combined.is_some() {
            return Ok(combined);
        }
        Ok(Some(match (path, first) {
            ("weakref.ref", Some(Value::Object(object))) if let Some(&function) = args.positional.get(1) => {
                self.weak_reference(object, function)
            }
            ("types.SimpleNamespace", None) if !args.is_open => {
                let space = self.object(Kind::Instance(Value::Native("types.SimpleNamespace")));
                for (name, value) in args.keywords.clone() {
                    self.write_attribute(space, name, Some(value))?;
                }
                space
            }
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
                    let cache = self.object(Kind::Dict(Vec::new()));
                    self.write_attribute(function, CACHE, Some(cache))?;
                    let (clear, args) = (Value::Native("functools.cache_clear"), vec![cache]);
                    let clear = self.object(Kind::Partial { function: clear, args, keywords: Vec::new() });
                    self.write_attribute(function, "cache_clear", Some(clear))?;
                }
                function
            }
            ("functools.cache_clear", Some(cache @ Value::Object(id))) => {
                self.note_change(cache, "the cache of a function");
                *self.kind_mut(id) = Kind::Dict(Vec::new());
                Value::None
            }
            ("functools.singledispatch", Some(function)) => self.dispatcher(function)?,
            ("functools.dispatch", Some(registry)) => self.dispatch(registry, args)?,
            ("functools.register", Some(registry)) => self.register(registry, args)?,
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
            ("dataclasses.dataclass", Some(class)) => self.make_dataclass(class, &args.keywords)?,
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
            ("abc.register_in_library", Some(class)) => {
                let help = "derive from it, or register in a function that the program calls";
                self.report_with(
                    "SP0801",
                    "changes which classes an abstract class of the library knows",
                    Some(help),
                );
                class
            }
            ("__strict__.extra_slot", Some(class)) => {
                self.note_change(class, "a class");
                if let (Value::Object(id), Some(Value::Str(name))) = (class, args.positional.get(1).copied())
                    && let Kind::Class(entry) = self.kind_mut(id)
                    && let Some(slots) = entry.slots.as_mut()
                {
                    slots.push(name);
                }
                class
            }
            ("abc.abstractmethod", Some(function)) => {
                if let Value::Object(id) = function {
                    self.note_change(function, "a function");
                    self.state.objects[id].attributes.set(ABSTRACT, Value::Bool(true));
                }
                function
            }
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
            ("collections.OrderedDict", _) => {
                let dict = self.new_dict(args)?;
                self.of_class(dict, path)
            }
            ("collections.Counter", Some(source)) if args.keywords.is_empty() => return self.counted(source),
            ("collections.Counter", None) => {
                let dict = self.new_dict(args)?;
                self.of_class(dict, path)
            }
            ("collections.deque", _) if args.positional.len() < 2 && args.keywords.is_empty() => {
                let items = match first {
                    Some(source) => self.items(source)?,
                    None => Some(Vec::new()),
                };
                let Some(items) = items else { return Ok(None) };
                let list = self.list(items);
                self.of_class(list, path)
            }
            ("operator.itemgetter" | "operator.attrgetter" | "operator.methodcaller", Some(_)) => self
                .object(Kind::Partial {
                    function: Value::Native(match path {
                        "operator.itemgetter" => "operator.get_items",
                        "operator.attrgetter" => "operator.get_attributes",
                        _ => "operator.call_method",
                    }),
                    args: args.positional.clone(),
                    keywords: args.keywords.clone(),
                }),
            ("operator.get_items" | "operator.get_attributes" | "operator.call_method", Some(_)) => {
                self.call_getter(path, args)?
            }
            ("collections.defaultdict", _) => {
                let rest = args.positional.get(1..).unwrap_or_default().to_vec();
                let dict = self.new_dict(&Args { positional: rest, ..args.clone() })?;
                let dict = self.of_class(dict, path);
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
            ("typing.TypedDict", Some(Value::Str(_))) => self.unsupported(&format!("`{path}` as a function")),
            ("enum.Enum" | "enum.IntEnum" | "enum.StrEnum" | "enum.Flag" | "enum.IntFlag", _)
                if args.positional.len() > 1 || args.get(usize::MAX, "names").is_some() =>
            {
                self.functional_enum(Value::Native(path), args)?
            }
            _ => return Ok(None),
        }))
    }

    /// Says of a new list or dict that it is an instance of a class of the library.
    /// A function with a cache gives the same object again. Whoever fills the cache of another module with objects of its own changes
    /// that module; values that look the same whenever they are computed are nobody's.
    pub(super) fn call_cached(
        &mut self,
        function: &Function<'a>,
        cache: Value<'a>,
        args: Args<'a>,
    ) -> Eval<'a> {
        let mut parts = args.positional.clone();
        parts.extend(args.keywords.iter().flat_map(|(name, value)| [Value::Str(name), *value]));
        let key = self.tuple(parts);
        let Some(Kind::Dict(known)) = self.kind(cache).cloned() else {
            return self.call_function(function, args);
        };
        if let Some(at) = self.find_equal_key(&known, key)? {
            self.spoil_summary();
            return Ok(known[at].1);
        }
        let result = self.call_function(function, args)?;
        if matches!(result, Value::Object(_)) {
            self.spoil_summary();
            self.note_change(cache, &format!("the cache of `{}`", function.name));
            if let Value::Object(id) = cache
                && let Kind::Dict(pairs) = self.kind_mut(id)
            {
                pairs.push((key, result));
            }
        }
        Ok(result)
    }

    fn of_class(&mut self, value: Value<'a>, class: &'a str) -> Value<'a> {
        if let Value::Object(id) = value {
            self.state.objects[id].attributes.set(CLASS, Value::Native(class));
        }
        value
    }

    /// `Counter(source)`
    fn counted(&mut self, source: Value<'a>) -> Eval<'a, Option<Value<'a>>> {
        let mut pairs = match self.kind(source).cloned() {
            Some(Kind::Dict(pairs)) => pairs,
            _ => {
                let Some(items) = self.items(source)? else { return Ok(None) };
                let mut counts: Pairs<'a> = Vec::new();
                for item in items {
                    let at = self.find_equal_key(&counts, item)?.unwrap_or(counts.len());
                    match counts.get_mut(at) {
                        Some((_, Value::Int(count))) => *count += 1,
                        _ => counts.push((item, Value::Int(1))),
                    }
                }
                counts
            }
        };
        pairs.truncate(super::SIZE);
        let dict = self.object(Kind::Dict(pairs));
        Ok(Some(self.of_class(dict, "collections.Counter")))
    }

    /// What `itemgetter`, `attrgetter` and `methodcaller` have made is called: the object comes last.
    fn call_getter(&mut self, path: &str, args: &Args<'a>) -> Eval<'a> {
        let mut names = args.positional.clone();
        let object = names.pop().unwrap_or(Value::None);
        if path == "operator.call_method" {
            let Value::Str(name) = names.first().copied().unwrap_or(Value::None) else {
                return Ok(self.silent());
            };
            let method = self.attribute(object, name)?;
            let positional = names[1..].to_vec();
            return self.call(method, Args { positional, ..args.clone() });
        }
        let mut found = Vec::new();
        for name in names {
            found.push(match (path, name) {
                ("operator.get_items", key) => self.item(object, key)?,
                (_, Value::Str(path)) => {
                    let mut value = object;
                    for part in path.split('.') {
                        value = self.attribute(value, part)?;
                    }
                    value
                }
                _ => self.silent(),
            });
        }
        Ok(if let [one] = found[..] { one } else { self.tuple(found) })
    }

    /// `functools.singledispatch`: a function that goes by the class of its first argument.
    fn dispatcher(&mut self, function: Value<'a>) -> Eval<'a> {
        let registry = self.object(Kind::Dict(vec![(Value::Native("object"), function)]));
        let [call, register] = ["functools.dispatch", "functools.register"].map(|path| {
            let (function, args) = (Value::Native(path), vec![registry]);
            self.object(Kind::Partial { function, args, keywords: Vec::new() })
        });
        self.write_attribute(call, "register", Some(register))?;
        self.write_attribute(call, "registry", Some(registry))?;
        self.copy_head(function, call)?;
        Ok(call)
    }

    fn dispatch(&mut self, registry: Value<'a>, args: &Args<'a>) -> Eval<'a> {
        let rest = Args { positional: args.positional[1..].to_vec(), ..args.clone() };
        let Some(&first) = rest.positional.first() else {
            return Err(self.raise("TypeError", "the function requires at least 1 positional argument"));
        };
        if let Value::Opaque(id) = first {
            return Ok(self.inspect(id, "SP0811", "asks for the class of"));
        }
        let class = self.class_of(first);
        let mro = self.mro(class);
        let Some(Kind::Dict(pairs)) = self.kind(registry).cloned() else { return Ok(self.silent()) };
        let known = mro
            .into_iter()
            .find_map(|class| pairs.iter().find(|(key, _)| *key == class).map(|(_, function)| *function));
        match known {
            Some(function) => self.call(function, rest),
            None => Ok(self.silent()),
        }
    }

    /// `function.register(class)`, `function.register(class, implementation)`, or as a decorator with an annotation.
    fn register(&mut self, registry: Value<'a>, args: &Args<'a>) -> Eval<'a> {
        let (class, function) = match args.positional[1..] {
            [class] if self.is_class(class) => {
                let (function, args) = (Value::Native("functools.register"), vec![registry, class]);
                return Ok(self.object(Kind::Partial { function, args, keywords: Vec::new() }));
            }
            [function] => {
                let annotation = match self.kind(function) {
                    Some(Kind::Function(found)) => {
                        let mut parameters = found.args.posonlyargs.iter().chain(found.args.args);
                        parameters.next().and_then(|parameter| parameter.annotation)
                    }
                    _ => None,
                };
                let Some(annotation) = annotation else {
                    return Err(self.raise("TypeError", "Invalid first argument to `register()`"));
                };
                (self.eval(annotation)?, function)
            }
            [class, function] => (class, function),
            _ => return Ok(self.silent()),
        };
        self.note_change(registry, "a dispatching function");
        let Value::Object(id) = registry else { return Ok(function) };
        if let Kind::Dict(mut pairs) = self.state.objects[id].kind.clone() {
            self.put(&mut pairs, class, function);
            *self.kind_mut(id) = Kind::Dict(pairs);
        }
        Ok(function)
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

    /// An abstract class has no instances.
    pub(super) fn refuse_abstract(&mut self, class: Value<'a>) -> Eval<'a, ()> {
        let mro = self.mro(class);
        let is_checked = mro.contains(&Value::Native("abc.ABC"))
            || matches!(self.kind(class), Some(Kind::Class(entry)) if entry.metaclass == Value::Native("abc.ABCMeta"));
        if !is_checked {
            return Ok(());
        }
        let (mut seen, mut missing) = (Vec::new(), Vec::new());
        for entry in mro {
            let Value::Object(id) = entry else { continue };
            for (name, value) in self.state.objects[id].attributes.entries() {
                if !seen.contains(name) {
                    seen.push(*name);
                    if self.is_abstract(*value) {
                        missing.push(format!("'{name}'"));
                    }
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        missing.sort_unstable();
        let class = match self.kind(class) {
            Some(Kind::Class(entry)) => entry.name,
            _ => "",
        };
        let (plural, missing) = (if missing.len() > 1 { "s" } else { "" }, missing.join(", "));
        let message = format!(
            "Can't instantiate abstract class {class} without an implementation for abstract method{plural} {missing}"
        );
        Err(self.raise("TypeError", &message))
    }

    fn is_abstract(&self, value: Value<'a>) -> bool {
        match self.kind(value) {
            Some(Kind::Function(_)) => self.attribute_of_instance(value, ABSTRACT) == Some(Value::Bool(true)),
            Some(&Kind::Property { getter, setter, .. }) => {
                self.is_abstract(getter) || self.is_abstract(setter)
            }
            Some(&(Kind::StaticMethod(function) | Kind::ClassMethod(function))) => self.is_abstract(function),
            _ => false,
        }
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
}
