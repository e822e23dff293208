//! What builtins and library functions do: exact rules where values depend on it, else what their stubs claim.

use parser::ast::{Arguments, Expr, ExprKind, FunctionDef};

use super::Analyser;
use super::operator::integer;
use super::sequence::range_len;
use super::stub::{Item, Purity};
use super::value::{Args, Eval, Kind, Namespace, Value};

impl<'a> Analyser<'a, '_> {
    pub(super) fn call_native(&mut self, path: &'a str, args: Args<'a>) -> Eval<'a> {
        if let Some(result) = self.exact(path, &args)? {
            return Ok(result);
        }
        match self.declared(path) {
            Some(Item::Function(def, purity)) => {
                if let Some(reported) = self.looked_into(path, def.args, &args) {
                    return Ok(reported);
                }
                Ok(self.claimed(path, def, purity, &args, None))
            }
            Some(Item::Class(_, purity)) => self.make_native(path, purity, args),
            _ => {
                let opaque = self.opaque(format!("nothing is known of `{path}`"));
                self.call(opaque, args)
            }
        }
    }

    /// An instance of a native class.
    fn make_native(&mut self, path: &'a str, purity: Purity<'a>, args: Args<'a>) -> Eval<'a> {
        if self.native_mro(path).contains(&Value::Native("BaseException")) || path == "object" {
            let instance = self.object(Kind::Instance(Value::Native(path)));
            self.set_exception_args(instance, args.positional);
            self.name_group_parts(instance);
            return Ok(instance);
        }
        self.keep(args.values());
        let Some(Item::Function(def, of_init)) = self.declared(&format!("{path}.__init__")) else {
            return Ok(match purity {
                Purity::Effect(word) => self.effect(path, word),
                Purity::Varying(word) => self.varying(word),
                Purity::Opaque => self.opaque(format!("an object of `{path}`")),
                _ => self.typed(path),
            });
        };
        if let Some(reported) = self.looked_into(path, def.args, &args) {
            return Ok(reported);
        }
        Ok(match of_init {
            Purity::Effect(word) => self.effect(path, word),
            _ => self.typed(path),
        })
    }

    /// Reports an opaque argument that a native function would look into.
    pub(super) fn looked_into(
        &mut self,
        path: &str,
        parameters: &'a Arguments<'a>,
        args: &Args<'a>,
    ) -> Option<Value<'a>> {
        let positional: Vec<_> = parameters.posonlyargs.iter().chain(parameters.args).collect();
        let is_kept = |annotation: Option<&Expr<'_>>| {
            let id = annotation.and_then(|annotation| annotation.as_name());
            id.is_some_and(|id| id == "object" || id.len() == 1)
        };
        let own = positional.iter().position(|arg| arg.arg == "self").map_or(0, |_| 1);
        for (at, value) in args.positional.iter().enumerate() {
            let parameter = positional.get(at + own).copied().or(parameters.vararg);
            if let Value::Opaque(id) = *value
                && !parameter.is_some_and(|parameter| is_kept(parameter.annotation))
            {
                return Some(self.inspect(id, "SP0813", &format!("calls `{path}` with")));
            }
        }
        for (name, value) in &args.keywords {
            let named = positional.iter().copied().chain(parameters.kwonlyargs).find(|arg| arg.arg == *name);
            if let Value::Opaque(id) = *value
                && !named.or(parameters.kwarg).is_some_and(|parameter| is_kept(parameter.annotation))
            {
                return Some(self.inspect(id, "SP0813", &format!("calls `{path}` with")));
            }
        }
        None
    }

    fn effect(&mut self, path: &str, word: &str) -> Value<'a> {
        let help = "move the call into a function that the program calls";
        self.report_with("SP0804", &format!("{word}: `{path}` is called"), Some(help));
        self.silent()
    }

    /// What a stub claims of a call.
    pub(super) fn claimed(
        &mut self,
        path: &'a str,
        def: &'a FunctionDef<'a>,
        purity: Purity<'a>,
        args: &Args<'a>,
        receiver: Option<Value<'a>>,
    ) -> Value<'a> {
        self.keep(receiver.into_iter().chain(args.values()));
        match purity {
            Purity::Effect(word) => return self.effect(path, word),
            Purity::Varying(word) => return self.varying(word),
            Purity::Opaque => return self.opaque(format!("the result of `{path}`")),
            Purity::Unknown | Purity::Source => {
                let opaque = self.opaque(format!("nothing is known of what `{path}` does"));
                return match opaque {
                    Value::Opaque(id) => self.inspect(id, "SP0810", "calls"),
                    _ => opaque,
                };
            }
            Purity::Mutates => {
                let receiver = receiver.or(args.positional.first().copied()).unwrap_or(Value::None);
                let what = self.class_name(receiver);
                self.note_change(receiver, &format!("an object of type {what}"));
                self.forget_contents(receiver);
            }
            Purity::Pure => {}
        }
        if let Some(same) = same_argument(def, args) {
            return same;
        }
        match def.returns {
            Some(returns) => match self.type_path(returns, path) {
                Some(class) => self.typed(class),
                None => self.opaque(format!("the result of `{path}`")),
            },
            None => self.opaque(format!("the result of `{path}`")),
        }
    }

    /// What was known of the contents of a container is not any more.
    fn forget_contents(&mut self, receiver: Value<'a>) {
        let Value::Object(id) = receiver else { return };
        let class = match self.state.objects[id].kind {
            Kind::List(_) => "list",
            Kind::Dict(_) => "dict",
            Kind::Set { is_frozen: false, .. } => "set",
            _ => return,
        };
        self.keep_contents(receiver);
        *self.kind_mut(id) = Kind::Typed(class);
    }

    /// The rules that know more than the stubs.
    fn exact(&mut self, path: &'a str, args: &Args<'a>) -> Eval<'a, Option<Value<'a>>> {
        let first = args.positional.first().copied();
        let second = args.positional.get(1).copied();
        Ok(Some(match (path, first, second) {
            ("isinstance", Some(value), Some(class)) => {
                let answer = self.is_instance(value, class)?;
                self.answer(answer)
            }
            ("issubclass", Some(class), Some(of)) if self.is_class(class) => {
                let answer = self.is_subclass(class, of)?;
                self.answer(answer)
            }
            ("type", Some(value), None) if !matches!(value, Value::Opaque(_)) => self.class_of(value),
            ("type", Some(Value::Str(name)), Some(bases)) => {
                let (Some(bases), Some(names)) = (self.known_items(bases), args.positional.get(2)) else {
                    return Ok(None);
                };
                let names = self.namespace_of(*names)?;
                let class = self.make_class(name, bases, Value::Native("type"), names)?;
                self.announce(class, args.keywords.clone())?;
                class
            }
            ("type.__new__", Some(metaclass), Some(Value::Str(name))) => {
                let bases =
                    args.positional.get(2).and_then(|bases| self.known_items(*bases)).unwrap_or_default();
                let names = self.namespace_of(args.positional.get(3).copied().unwrap_or(Value::None))?;
                let class = self.make_class(name, bases, metaclass, names)?;
                self.announce(class, args.keywords.clone())?;
                class
            }
            ("slice", Some(bound), _) => {
                let mut parts = args.positional.clone();
                if parts.len() == 1 {
                    parts = vec![Value::None, bound];
                }
                parts.resize(3, Value::None);
                self.object(Kind::Partial {
                    function: Value::Native("slice"),
                    args: parts,
                    keywords: Vec::new(),
                })
            }
            ("super", Some(Value::Object(class)), Some(receiver)) => {
                self.object(Kind::Super { class, receiver })
            }
            ("getattr", Some(value), Some(Value::Str(name))) => {
                return self.get_attribute(value, name, args).map(Some);
            }
            ("hasattr", Some(value), Some(Value::Str(name))) => match self.attribute(value, name) {
                Ok(found @ Value::Opaque(_)) if matches!(value, Value::Opaque(_)) => found,
                Ok(_) => Value::Bool(true),
                Err(super::Stop::Raise(_)) => Value::Bool(false),
                Err(stop) => return Err(stop),
            },
            ("setattr", Some(value), Some(Value::Str(name))) => {
                self.set_attribute(value, name, args.positional.get(2).copied())?;
                Value::None
            }
            ("delattr", Some(value), Some(Value::Str(name))) => {
                self.set_attribute(value, name, None)?;
                Value::None
            }
            ("callable", Some(Value::Native(path)), _) => {
                Value::Bool(matches!(self.declared(path), Some(Item::Function(..) | Item::Class(..))))
            }
            ("callable", Some(Value::Object(_)), _) => {
                let value = first.unwrap_or(Value::None);
                let is_function = matches!(
                    self.kind(value),
                    Some(Kind::Function(_) | Kind::Method { .. } | Kind::Partial { .. })
                );
                Value::Bool(
                    is_function || self.is_class(value) || self.special_method(value, "__call__").is_some(),
                )
            }
            ("repr" | "ascii", Some(value), _) => self.text_of(value, "__repr__")?,
            ("int" | "str" | "bool", Some(value), None) if let Some(plain) = self.plain_member(value) => {
                return self.call_native(path, Args::of(&[plain])).map(Some);
            }
            ("str", Some(value), None) => self.text_of(value, "__str__")?,
            ("str", None, None) => Value::Str(""),
            ("int", Some(value), None) if integer(value).is_some() => Value::Int(integer(value).unwrap_or(0)),
            ("int", Some(Value::Str(text)), None) => match text.trim().replace('_', "").parse() {
                Ok(number) => Value::Int(number),
                Err(_) if text.len() > 18 => return Ok(None),
                Err(_) => {
                    let message = format!("invalid literal for int() with base 10: '{text}'");
                    return Err(self.raise("ValueError", &message));
                }
            },
            ("int", None, None) => Value::Int(0),
            ("int" | "float", Some(value), None) if self.is_no_number(value) => {
                let class = self.class_name(value);
                let wanted = "a string, a bytes-like object or a real number";
                let message = format!("{path}() argument must be {wanted}, not '{class}'");
                return Err(self.raise("TypeError", &message));
            }
            ("bool", Some(Value::Opaque(id)), _) => self.inspect(id, "SP0814", "tests"),
            ("bool", Some(value), _) => {
                let truth = self.truth(value)?;
                self.answer(truth)
            }
            ("len", Some(value), _) => return self.length(value),
            ("hash", Some(value), _) => match integer(value) {
                Some(number) => Value::Int(number),
                None if matches!(value, Value::Opaque(_)) => return Ok(None),
                None => self.varying("hashes of texts and objects differ from run to run"),
            },
            ("id", Some(_), _) => self.varying("the address of an object differs from run to run"),
            (
                "list" | "tuple" | "set" | "frozenset" | "dict" | "enumerate" | "zip" | "map" | "filter"
                | "reversed" | "range" | "iter" | "next" | "sorted" | "sum" | "min" | "max" | "any" | "all",
                ..,
            ) => {
                return self.sequence_function(path, args);
            }
            ("abs" | "pow" | "divmod" | "chr" | "round", Some(number), _) => {
                return self.number_function(path, number, second, args);
            }
            ("ord", Some(Value::Str(text)), _) if text.chars().count() == 1 => {
                Value::Int(text.chars().next().map_or(0, |letter| i64::from(u32::from(letter))))
            }
            ("property", _, _) => {
                let getter = args.get(0, "fget").unwrap_or(Value::None);
                let setter = args.get(1, "fset").unwrap_or(Value::None);
                let deleter = args.get(2, "fdel").unwrap_or(Value::None);
                self.object(Kind::Property { getter, setter, deleter })
            }
            ("property.getter" | "property.setter" | "property.deleter", Some(old), Some(function)) => {
                self.changed_property(path, old, function)
            }
            ("staticmethod", Some(function), _) => self.object(Kind::StaticMethod(function)),
            ("classmethod", Some(function), _) => self.object(Kind::ClassMethod(function)),
            ("abc.abstractproperty", Some(getter), _) => {
                self.object(Kind::Property { getter, setter: Value::None, deleter: Value::None })
            }
            ("exec" | "eval", ..) => self.execute_text(path, args)?,
            ("globals" | "locals" | "vars", ..) => self.names_in_sight(path, first)?,
            ("compile", ..) => self.unsupported("`compile`"),
            _ => return self.exact_of_library(path, args),
        }))
    }

    pub(super) fn answer(&mut self, truth: Option<bool>) -> Value<'a> {
        truth.map_or_else(|| self.typed("bool"), Value::Bool)
    }

    fn namespace_of(&mut self, names: Value<'a>) -> Eval<'a, Namespace<'a>> {
        let mut namespace = Namespace::default();
        for (key, value) in self.pairs_of(names)?.unwrap_or_default() {
            if let Value::Str(key) = key {
                namespace.set(key, value);
            }
        }
        Ok(namespace)
    }

    fn get_attribute(&mut self, value: Value<'a>, name: &'a str, args: &Args<'a>) -> Eval<'a> {
        match (self.attribute(value, name), args.positional.get(2)) {
            (Err(super::Stop::Raise(exception)), Some(default)) => {
                match self.is_instance(exception, Value::Native("AttributeError"))? {
                    Some(true) => Ok(*default),
                    _ => Err(super::Stop::Raise(exception)),
                }
            }
            (result, _) => result,
        }
    }

    fn without_length(&mut self, value: Value<'a>) -> super::Stop<'a> {
        let class = self.class_name(value);
        self.raise("TypeError", &format!("object of type '{class}' has no len()"))
    }

    /// `len`.
    fn length(&mut self, value: Value<'a>) -> Eval<'a, Option<Value<'a>>> {
        let length = match value {
            Value::Str(text) => text.chars().count(),
            Value::Bytes(bytes) => bytes.len(),
            _ => match self.kind(value) {
                Some(Kind::List(items) | Kind::Tuple(items) | Kind::Set { items, .. }) => items.len(),
                Some(Kind::Dict(pairs)) => pairs.len(),
                Some(&Kind::Range { start, stop, step }) => range_len(start, stop, step),
                Some(&Kind::View { dict, .. }) => return self.length(dict),
                Some(&Kind::Names(names)) => {
                    let copy = self.dict_of_names(names);
                    return self.length(copy);
                }
                Some(Kind::Instance(_)) => {
                    if let Some(items) = self.sequence_of(value) {
                        return Ok(Some(Value::Int(items.len() as i64)));
                    }
                    return match self.special_method(value, "__len__") {
                        Some(method) => self.call(method, Args::default()).map(Some),
                        None => {
                            let class = self.class_of(value);
                            let has_length = self.has_native_base(class) || self.has_open_base(class);
                            if has_length {
                                Ok(Some(self.typed("int")))
                            } else {
                                Err(self.without_length(value))
                            }
                        }
                    };
                }
                Some(Kind::Class(class)) if self.is_enum(class) => self.members(&class.clone()).len(),
                Some(
                    Kind::Function(_) | Kind::Method { .. } | Kind::Iterator { .. } | Kind::Generator { .. },
                ) => {
                    return Err(self.without_length(value));
                }
                Some(_) => return Ok(None),
                None if matches!(value, Value::Opaque(_) | Value::Native(_)) => return Ok(None),
                None => return Err(self.without_length(value)),
            },
        };
        Ok(Some(Value::Int(length as i64)))
    }
}

/// The argument that a function gives back: its result is annotated with the type variable of that parameter.
fn same_argument<'a>(def: &'a FunctionDef<'a>, args: &Args<'a>) -> Option<Value<'a>> {
    let returns = def.returns?.as_name().filter(|name| name.len() == 1)?;
    let parameters = def.args.posonlyargs.iter().chain(def.args.args);
    let at = parameters.into_iter().position(|parameter| {
        matches!(parameter.annotation.map(|annotation| annotation.kind), Some(ExprKind::Name { id, .. }) if id == returns)
    })?;
    args.positional.get(at).copied()
}
