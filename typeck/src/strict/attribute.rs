//! Attributes: descriptors, the method resolution order, and the classes of values.

use base::suggest;
use parser::ast::{Constant, ExprKind, Stmt, StmtKind};

use super::Analyser;
use super::iterate::RETURNED;
use super::operator::origin;
use super::value::{Args, Body, Class, Eval, Field, Function, Kind, Names, Namespace, Pairs, Record, Value};

/// The hidden name of the class of a list or dict that is an instance of a class of the library.
pub(super) const CLASS: &str = "<class>";

impl<'a> Analyser<'a, '_> {
    pub(super) fn attribute(&mut self, value: Value<'a>, name: &'a str) -> Eval<'a> {
        match value {
            Value::Opaque(id) => {
                return Ok(self.inspect(id, "SP0811", &format!("reads the attribute `{name}` of")));
            }
            Value::Native(path) => return Ok(self.native_attribute(path, name)),
            _ => {}
        }
        if name == "__class__" {
            return Ok(self.class_of(value));
        }
        match self.kind(value).cloned() {
            Some(Kind::Module(unit)) => self.module_attribute(unit, name),
            Some(Kind::Class(class)) => self.attribute_of_class(value, &class, name),
            Some(Kind::Instance(class)) => self.attribute_of(value, class, name),
            Some(Kind::Super { class, receiver }) => self.attribute_of_super(class, receiver, name),
            Some(Kind::Function(function)) => match (self.own_of_function(value, name), name) {
                (Some(found), _) => Ok(found),
                (None, _) => self.function_fact(value, &function, name),
            },
            Some(Kind::Method { function, receiver }) => match name {
                "__self__" => Ok(receiver),
                "__func__" => Ok(function),
                "__call__" => Ok(value),
                _ => self.attribute(function, name),
            },
            Some(Kind::Property { .. }) => self.property_attribute(value, name),
            Some(Kind::StaticMethod(function) | Kind::ClassMethod(function)) if name == "__func__" => {
                Ok(function)
            }
            Some(Kind::Range { start, stop, step }) if matches!(name, "start" | "stop" | "step") => {
                Ok(Value::Int(match name {
                    "start" => start,
                    "stop" => stop,
                    _ => step,
                }))
            }
            Some(Kind::Partial { function: Value::Native("slice"), args, .. }) => {
                let at = ["start", "stop", "step"].iter().position(|part| *part == name);
                at.map_or_else(|| self.attribute_of_native(value, name), |at| Ok(args[at]))
            }
            Some(Kind::Partial { function, args, keywords }) => match self.own(value).get(name) {
                Some(found) => Ok(found),
                None if name == "func" => Ok(function),
                None if name == "args" => Ok(self.tuple(args)),
                None if name == "keywords" => {
                    let pairs = keywords.into_iter().map(|(name, value)| (Value::Str(name), value)).collect();
                    Ok(self.object(Kind::Dict(pairs)))
                }
                None => Ok(self.opaque(format!("the attribute `{name}` of a partial function"))),
            },
            Some(Kind::Tuple(_)) if let Some(part) = self.own(value).get(name) => Ok(part),
            _ => self.attribute_of_native(value, name),
        }
    }

    /// An attribute that a program has given a function: it may change.
    fn own_of_function(&mut self, value: Value<'a>, name: &str) -> Option<Value<'a>> {
        self.spoil_summary();
        self.own(value).get(name)
    }

    /// What every function says of itself.
    fn function_fact(&mut self, value: Value<'a>, function: &Function<'a>, name: &'a str) -> Eval<'a> {
        Ok(match name {
            "__name__" => Value::Str(function.name),
            "__qualname__" => self.typed("str"),
            "__module__" => Value::Str(self.units[function.unit].name),
            "__doc__" => match function.body {
                Body::Block(body) => match docstring(body) {
                    Some(text) => Value::Str(text),
                    None => Value::None,
                },
                Body::Value(_) | Body::Turns { .. } => Value::None,
            },
            "__defaults__" if function.defaults.is_empty() => Value::None,
            "__defaults__" => self.tuple(function.defaults.clone()),
            "__kwdefaults__" => {
                let names = function.args.kwonlyargs.iter().map(|arg| Value::Str(arg.arg));
                let given = names.zip(function.kw_defaults.iter().copied());
                let pairs: Pairs<'a> = given.filter_map(|(name, value)| Some((name, value?))).collect();
                if pairs.is_empty() { Value::None } else { self.object(Kind::Dict(pairs)) }
            }
            "__code__" => self.code_of(function),
            "__dict__" => self.attributes_of(value),
            "__annotations__" => self.part_of(value, "dict"),
            "__call__" | "__get__" => value,
            "__wrapped__" => return Err(self.no_attribute(value, name)),
            _ if name.starts_with("__") => self.opaque(format!("the attribute `{name}` of a function")),
            _ => return Err(self.no_attribute(value, name)),
        })
    }

    /// The code object of a function, as far as its head tells.
    fn code_of(&mut self, function: &Function<'a>) -> Value<'a> {
        let args = function.args;
        let count = |count: usize| Value::Int(count as i64);
        let code = self.object(Kind::Instance(Value::Native("types.CodeType")));
        // Locals that are no parameters come behind those.
        let names = self.typed("tuple[str]");
        if let Value::Object(id) = code {
            let attributes = &mut self.state.objects[id].attributes;
            attributes.set("co_name", Value::Str(function.name));
            attributes.set("co_argcount", count(args.posonlyargs.len() + args.args.len()));
            attributes.set("co_posonlyargcount", count(args.posonlyargs.len()));
            attributes.set("co_kwonlyargcount", count(args.kwonlyargs.len()));
            attributes.set("co_varnames", names);
        }
        code
    }

    /// Something that belongs to an object, of which only the class is known: who changes it changes the object.
    fn part_of(&mut self, value: Value<'a>, class: &'a str) -> Value<'a> {
        let part = self.typed(class);
        if let (Value::Object(id), Value::Object(part)) = (value, part) {
            self.state.objects[part].owner = self.state.objects[id].owner;
        }
        part
    }

    /// The dict of the attributes of an object itself.
    fn attributes_of(&mut self, value: Value<'a>) -> Value<'a> {
        let Value::Object(id) = value else { return self.typed("dict") };
        let dict = self.object(Kind::Names(Names::Object(id)));
        if let Value::Object(dict) = dict {
            self.state.objects[dict].owner = self.state.objects[id].owner;
        }
        dict
    }

    fn property_attribute(&mut self, value: Value<'a>, name: &'a str) -> Eval<'a> {
        let Some(&Kind::Property { getter, setter, deleter }) = self.kind(value) else { return Ok(value) };
        let function = match name {
            "fget" => return Ok(getter),
            "fset" => return Ok(setter),
            "fdel" => return Ok(deleter),
            "getter" => "property.getter",
            "setter" => "property.setter",
            "deleter" => "property.deleter",
            _ if name.starts_with("__") => {
                return Ok(self.opaque(format!("the attribute `{name}` of a property")));
            }
            _ => return Err(self.no_attribute(value, name)),
        };
        let function = Value::Native(function);
        Ok(self.object(Kind::Partial { function, args: vec![value], keywords: Vec::new() }))
    }

    /// A property with another function in one of its places.
    pub(super) fn changed_property(&mut self, path: &str, old: Value<'a>, function: Value<'a>) -> Value<'a> {
        let Some(&Kind::Property { mut getter, mut setter, mut deleter }) = self.kind(old) else {
            return old;
        };
        match path {
            "property.getter" => getter = function,
            "property.setter" => setter = function,
            _ => deleter = function,
        }
        self.object(Kind::Property { getter, setter, deleter })
    }

    fn own(&self, value: Value<'a>) -> &Namespace<'a> {
        match value {
            Value::Object(id) => &self.state.objects[id].attributes,
            _ => unreachable!("only objects have attributes of their own"),
        }
    }

    pub(super) fn no_attribute(&mut self, value: Value<'a>, name: &str) -> super::Stop<'a> {
        let meant = self.similar_attribute(value, name);
        let class = self.class_name(value);
        self.raise_meant("AttributeError", &format!("'{class}' object has no attribute '{name}'"), meant)
    }

    /// An attribute of an object, or of a class of its, that is spelt like this one.
    fn similar_attribute(&mut self, value: Value<'a>, name: &str) -> Option<&'a str> {
        let class = self.class_of(value);
        let mut places = vec![value];
        places.extend(if self.is_class(value) { self.mro(value) } else { self.mro(class) });
        let mut names = Vec::new();
        for place in places {
            match place {
                Value::Object(_) => names.extend(self.own(place).entries().iter().map(|(name, _)| *name)),
                Value::Native(path) => names.extend(self.members_of_native(path)),
                _ => {}
            }
        }
        suggest::likeliest(name, names.into_iter().filter(|known| !known.starts_with(['_', '<'])))
    }

    fn module_attribute(&mut self, unit: super::UnitId, name: &'a str) -> Eval<'a> {
        let module = self.units[unit].name;
        let env = self.units[unit].env;
        if let Some(found) = self.state.envs[env].names.get(name) {
            return Ok(found);
        }
        if name == "__dict__" {
            // A copy.
            return Ok(self.dict_of_names(Names::Env(env)));
        }
        if let Some(method) = self.state.envs[env].names.get("__getattr__") {
            return self.call(method, Args::of(&[Value::Str(name)]));
        }
        let child = format!("{module}.{name}");
        if self.by_name.get(child.as_str()).is_some_and(Option::is_some) {
            let help = format!("from {module} import {name}");
            let message = format!("reads the module `{name}` from `{module}`, which does not import it");
            self.report_with("SP0854", &message, Some(&help));
            return Ok(self.silent());
        }
        let names = self.state.envs[env].names.entries().iter().map(|(name, _)| *name);
        let meant = suggest::likeliest(name, names.filter(|known| !known.starts_with('_')));
        Err(self.raise_meant(
            "AttributeError",
            &format!("module '{module}' has no attribute '{name}'"),
            meant,
        ))
    }

    fn attribute_of_class(&mut self, value: Value<'a>, class: &Class<'a>, name: &'a str) -> Eval<'a> {
        if let Some(found) = self.class_attribute(value, name) {
            return match self.kind(found).cloned() {
                Some(Kind::StaticMethod(function)) => Ok(function),
                Some(Kind::ClassMethod(function)) => {
                    Ok(self.object(Kind::Method { function, receiver: value }))
                }
                Some(Kind::NativeMethod { class, name, .. }) => {
                    Ok(self.object(Kind::NativeMethod { class, name, receiver: value }))
                }
                Some(Kind::Instance(_)) if let Some(get) = self.special_method(found, "__get__") => {
                    self.call(get, Args::of(&[Value::None, value]))
                }
                _ => {
                    if let Value::Opaque(id) = found {
                        let is_base = class.mro.contains(&found);
                        return Ok(if is_base { self.through_base(id, name) } else { found });
                    }
                    Ok(found)
                }
            };
        }
        match name {
            "__name__" | "__qualname__" => return Ok(Value::Str(class.name)),
            "__bases__" => return Ok(self.tuple(class.bases.clone())),
            "__mro__" => return Ok(self.tuple(class.mro.clone())),
            "register"
                if class.mro.contains(&Value::Native("abc.ABC"))
                    || class.metaclass == Value::Native("abc.ABCMeta") =>
            {
                let (function, args) = (Value::Native("abc.register"), vec![value]);
                return Ok(self.object(Kind::Partial { function, args, keywords: Vec::new() }));
            }
            _ if let Some(found) = self.tuple_attribute(value, name) => return Ok(found),
            "__members__" if self.is_enum(class) => {
                let pairs = self.member_names(class);
                return Ok(self.object(Kind::Dict(pairs)));
            }
            _ if class.fields.iter().flatten().any(|field| field.name == name) => {
                return Ok(self.opaque(format!("the field `{name}` of a class")));
            }
            "__dict__" => return Ok(self.part_of(value, "types.MappingProxyType")),
            "__annotations__" => return Ok(self.part_of(value, "dict")),
            "__doc__" | "__subclasses__" => {
                return Ok(self.opaque(format!("the attribute `{name}` of a class")));
            }
            _ => {}
        }
        if let Some(found) = self.class_attribute(class.metaclass, name) {
            return self.bind_method(found, value, class.metaclass);
        }
        let is_special = name.starts_with("__") && name.ends_with("__");
        if is_special || name.starts_with('_') && (class.fields.is_some() || self.has_native_base(value)) {
            return Ok(self.opaque(format!("the attribute `{name}` of a class")));
        }
        let message = format!("type object '{}' has no attribute '{name}'", class.name);
        let meant = self.similar_attribute(value, name);
        Err(self.raise_meant("AttributeError", &message, meant))
    }

    fn namespace(&self, of: Names) -> &Namespace<'a> {
        match of {
            Names::Env(env) => &self.state.envs[env].names,
            Names::Object(id) => &self.state.objects[id].attributes,
        }
    }

    /// A name of a dict that shows variables or attributes.
    pub(super) fn shown_name(&self, of: Names, name: &str) -> Option<Value<'a>> {
        self.namespace(of).get(name)
    }

    /// Binds or deletes a name by the dict that shows it; whether it was there.
    pub(super) fn set_shown_name(&mut self, of: Names, key: Value<'a>, value: Option<Value<'a>>) -> bool {
        let Value::Str(name) = key else { return false };
        let was_there = self.namespace(of).get(name).is_some();
        let names = match of {
            Names::Env(env) => {
                self.note_write(self.state.envs[env].owner, &format!("the variable `{name}`"));
                &mut self.state.envs[env].names
            }
            Names::Object(id) => {
                self.note_change(Value::Object(id), &format!("the attribute `{name}` of an object"));
                &mut self.state.objects[id].attributes
            }
        };
        match value {
            Some(value) => names.set(name, value),
            None => drop(names.remove(name)),
        }
        was_there
    }

    /// The variables of a block, or the attributes of an object, as a new dict.
    pub(super) fn dict_of_names(&mut self, of: Names) -> Value<'a> {
        let names = self.namespace(of).entries().iter();
        let pairs = names
            .filter(|(name, _)| !name.starts_with('<'))
            .map(|(name, value)| (Value::Str(name), *value))
            .collect();
        self.object(Kind::Dict(pairs))
    }

    /// Something has to be looked up in a base that is not known.
    fn through_base(&mut self, base: super::OpaqueId, name: &str) -> Value<'a> {
        self.inspect(base, "SP0811", &format!("looks for the attribute `{name}` in a base class that is"))
    }

    fn attribute_of(&mut self, value: Value<'a>, class: Value<'a>, name: &'a str) -> Eval<'a> {
        if let Some(hook) = self.class_attribute(class, "__getattribute__")
            && matches!(self.kind(hook), Some(Kind::Function(_)))
        {
            return self.call(hook, Args::of(&[value, Value::Str(name)]));
        }
        let found = self.class_attribute(class, name);
        if let Some(descriptor) = found
            && let Some(&Kind::Property { getter, .. }) = self.kind(descriptor)
        {
            return self.call(getter, Args::of(&[value]));
        }
        if let Some(own) = self.own(value).get(name) {
            return Ok(own);
        }
        // `raise ... from` gives an exception one.
        if name == "__cause__" && self.mro(class).contains(&Value::Native("BaseException")) {
            return Ok(Value::None);
        }
        if let Some(found) = found {
            if let Value::Opaque(id) = found
                && self.mro(class).contains(&found)
            {
                return Ok(self.through_base(id, name));
            }
            return self.bind_method(found, value, class);
        }
        if let Some(hook) = self.class_attribute(class, "__getattr__") {
            return self.call(hook, Args::of(&[value, Value::Str(name)]));
        }
        if name == "__dict__" {
            return Ok(self.attributes_of(value));
        }
        if let Some(plain) = self.plain_member(value) {
            return self.attribute(plain, name);
        }
        if let Some(found) = self.tuple_attribute(value, name) {
            return Ok(found);
        }
        // What the stubs leave out of native bases may be there.
        let is_open = name.starts_with('_') && self.has_native_base(class) || self.has_library_base(class);
        let is_special = name.starts_with("__") && name.ends_with("__");
        if is_special || is_open {
            return Ok(self.opaque(format!("the attribute `{name}` of an object")));
        }
        Err(self.no_attribute(value, name))
    }

    /// What reading a class attribute through an instance gives.
    pub(super) fn bind_method(
        &mut self,
        found: Value<'a>,
        receiver: Value<'a>,
        class: Value<'a>,
    ) -> Eval<'a> {
        Ok(match self.kind(found).cloned() {
            Some(Kind::Function(_) | Kind::Derived { .. }) => {
                self.object(Kind::Method { function: found, receiver })
            }
            Some(Kind::ClassMethod(function)) => self.object(Kind::Method { function, receiver: class }),
            Some(Kind::StaticMethod(function)) => function,
            Some(Kind::Property { getter, .. }) => return self.call(getter, Args::of(&[receiver])),
            Some(Kind::NativeMethod { class, name, .. }) => {
                self.object(Kind::NativeMethod { class, name, receiver })
            }
            Some(Kind::Instance(_)) => match self.special_method(found, "__get__") {
                Some(get) => return self.call(get, Args::of(&[receiver, class])),
                None => found,
            },
            // A method that `contextmanager` decorates.
            Some(Kind::Partial { function: Value::Native("contextlib.manage"), mut args, keywords }) => {
                args.push(receiver);
                let function = Value::Native("contextlib.manage");
                self.object(Kind::Partial { function, args, keywords })
            }
            _ => found,
        })
    }

    // --- super ---

    pub(super) fn super_without_arguments(&mut self) -> Eval<'a> {
        let class = self.load_name("__class__")?;
        let receiver = self.frames.iter().rev().find_map(|frame| frame.receiver);
        match (class, receiver) {
            (Value::Object(class), Some(receiver)) => Ok(self.object(Kind::Super { class, receiver })),
            _ => Err(self.raise("RuntimeError", "super(): no arguments")),
        }
    }

    fn attribute_of_super(&mut self, class: super::ObjectId, receiver: Value<'a>, name: &'a str) -> Eval<'a> {
        let start = if self.is_class(receiver) { receiver } else { self.class_of(receiver) };
        let mro = self.mro(start);
        let behind = mro.iter().position(|entry| *entry == Value::Object(class)).map_or(0, |at| at + 1);
        for entry in mro.into_iter().skip(behind) {
            if let Value::Opaque(id) = entry {
                return Ok(self.through_base(id, name));
            }
            if let Some(found) = self.entry_attribute(entry, name) {
                return match self.kind(found).cloned() {
                    // `__new__` and `__init_subclass__` are found with the class, bound or not.
                    Some(Kind::StaticMethod(function)) => Ok(function),
                    _ => self.bind_method(found, receiver, start),
                };
            }
        }
        if name.starts_with("__") && self.has_native_base(start) {
            return Ok(self.opaque(format!("the attribute `{name}` of a base class")));
        }
        Err(self.raise("AttributeError", &format!("'super' object has no attribute '{name}'")))
    }

    // --- Classes of values ---

    /// The attribute of a class, as it stands there: the first of its method resolution order, or a base that is not known.
    pub(super) fn class_attribute(&mut self, class: Value<'a>, name: &'a str) -> Option<Value<'a>> {
        for entry in self.mro(class) {
            if let Value::Opaque(_) = entry {
                return Some(entry);
            }
            if let Some(found) = self.entry_attribute(entry, name) {
                return Some(found);
            }
        }
        None
    }

    fn entry_attribute(&mut self, entry: Value<'a>, name: &'a str) -> Option<Value<'a>> {
        match entry {
            Value::Native(path) => self.native_member(path, name),
            Value::Object(id) => self.state.objects[id].attributes.get(name),
            _ => None,
        }
    }

    pub(super) fn mro(&mut self, class: Value<'a>) -> Vec<Value<'a>> {
        match self.kind(class) {
            Some(Kind::Class(class)) => class.mro.clone(),
            _ => match class {
                Value::Native(path) => self.native_mro(path),
                _ => vec![class],
            },
        }
    }

    /// A special method that a strict module has written, bound to its receiver.
    pub(super) fn special_method(&mut self, receiver: Value<'a>, name: &'a str) -> Option<Value<'a>> {
        let Some(&Kind::Instance(class)) = self.kind(receiver) else { return None };
        let mro = self.mro(class);
        let written = mro.into_iter().filter(|entry| matches!(entry, Value::Object(_)));
        let found = written.into_iter().find_map(|entry| self.entry_attribute(entry, name))?;
        match self.kind(found).cloned() {
            Some(Kind::Function(_) | Kind::Derived { .. }) => {
                Some(self.object(Kind::Method { function: found, receiver }))
            }
            Some(Kind::StaticMethod(function)) => Some(function),
            Some(Kind::ClassMethod(function)) => {
                Some(self.object(Kind::Method { function, receiver: class }))
            }
            _ => (found != Value::None).then_some(found),
        }
    }

    pub(super) fn class_of(&mut self, value: Value<'a>) -> Value<'a> {
        match self.kind(value) {
            Some(Kind::Instance(class)) => *class,
            Some(Kind::Class(class)) => class.metaclass,
            Some(Kind::Typed(class)) => Value::Native(origin(class)),
            _ => Value::Native(self.plain_class(value).unwrap_or("object")),
        }
    }

    /// The path of the class of a value, unless a strict module has written it.
    pub(super) fn plain_class(&self, value: Value<'a>) -> Option<&'a str> {
        Some(match value {
            Value::None => "NoneType",
            Value::Ellipsis => "ellipsis",
            Value::NotImplemented => "NotImplementedType",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Str(_) => "str",
            Value::Bytes(_) => "bytes",
            Value::Native(_) => "type",
            Value::Opaque(_) => return None,
            Value::Object(id) => match &self.state.objects[id].kind {
                Kind::Tuple(_) => "tuple",
                Kind::Set { is_frozen: false, .. } => "set",
                Kind::Set { is_frozen: true, .. } => "frozenset",
                Kind::Names(_) => "dict",
                Kind::List(_) | Kind::Dict(_) if let Some(class) = self.given_class(value) => class,
                Kind::List(_) => "list",
                Kind::Dict(_) => "dict",
                Kind::Range { .. } => "range",
                Kind::View { part: "keys", .. } => "dict_keys",
                Kind::View { part: "values", .. } => "dict_values",
                Kind::View { .. } => "dict_items",
                Kind::Typed(class) => class,
                Kind::Function(_) => "function",
                Kind::Iterator { .. } if self.attribute_of_instance(value, RETURNED).is_none() => {
                    "typing.Iterator"
                }
                Kind::Iterator { .. } | Kind::Generator { .. } => "typing.Generator",
                Kind::Instance(Value::Native(class)) => class,
                Kind::Module(_) => "module",
                Kind::Partial { function: Value::Native("slice"), .. } => "slice",
                _ => return None,
            },
        })
    }

    /// The class of the library of which a list or dict is an instance.
    pub(super) fn given_class(&self, value: Value<'a>) -> Option<&'a str> {
        match self.attribute_of_instance(value, CLASS) {
            Some(Value::Native(path)) => Some(path),
            _ => None,
        }
    }

    /// The name of the class of a value, for messages.
    pub(super) fn class_name(&self, value: Value<'a>) -> String {
        let class = match self.kind(value) {
            Some(Kind::Instance(class)) => *class,
            Some(Kind::Class(class)) => class.metaclass,
            _ => {
                let class = self.plain_class(value).map_or("object", origin);
                return class.rsplit('.').next().unwrap_or(class).to_owned();
            }
        };
        match (self.kind(class), class) {
            (Some(Kind::Class(class)), _) => class.name.to_owned(),
            (_, Value::Native(path)) => path.rsplit('.').next().unwrap_or(path).to_owned(),
            _ => "object".to_owned(),
        }
    }

    pub(super) fn is_class(&mut self, value: Value<'a>) -> bool {
        match value {
            Value::Native(path) => self.is_native_class(path),
            _ => matches!(self.kind(value), Some(Kind::Class(_))),
        }
    }

    /// Whether a value can stand for a type in `X | Y`.
    pub(super) fn is_type_like(&mut self, value: Value<'a>) -> bool {
        let is_form = matches!(self.kind(value), Some(Kind::Typed("types.UnionType" | "typing.TypeVar")));
        value == Value::None || is_form || matches!(value, Value::Native(_)) || self.is_class(value)
    }

    /// Whether a value is an instance of a class or of one of a tuple of classes; nothing if it is not known.
    pub(super) fn is_instance(&mut self, value: Value<'a>, class: Value<'a>) -> Eval<'a, Option<bool>> {
        if matches!(self.kind(class), Some(Kind::Typed(_))) {
            // `int | str`
            return Ok(None);
        }
        if let Some(classes) = self.known_items(class) {
            let mut answer = Some(false);
            for class in classes {
                match self.is_instance(value, class)? {
                    Some(true) => return Ok(Some(true)),
                    None => answer = None,
                    Some(false) => {}
                }
            }
            return Ok(answer);
        }
        for operand in [value, class] {
            if let Value::Opaque(id) = operand {
                self.inspect(id, "SP0811", "asks for the class of");
                return Ok(None);
            }
        }
        let own = self.class_of(value);
        self.is_subclass(own, class)
    }

    pub(super) fn is_subclass(&mut self, sub: Value<'a>, class: Value<'a>) -> Eval<'a, Option<bool>> {
        let mro = self.mro(sub);
        if mro.contains(&class) || class == Value::Native("object") {
            return Ok(Some(true));
        }
        let is_unknown = mro.iter().any(|entry| matches!(entry, Value::Opaque(_)));
        let is_abstract = matches!(class, Value::Native(path) if path.starts_with("typing.") || path.starts_with("collections.abc."));
        Ok((!is_unknown && !is_abstract).then_some(false))
    }

    // --- What classes are made of ---

    pub(super) fn attribute_of_instance(&self, value: Value<'a>, name: &str) -> Option<Value<'a>> {
        match value {
            Value::Object(id) => self.state.objects[id].attributes.get(name),
            _ => None,
        }
    }

    /// Whether a builtin or library class that keeps something of its own is among the bases.
    pub(super) fn has_native_base(&mut self, class: Value<'a>) -> bool {
        const EMPTY: [&str; 6] =
            ["object", "typing.Generic", "typing.Protocol", "abc.ABC", "enum.Enum", "typing.NamedTuple"];
        let mro = self.mro(class);
        mro.into_iter().any(|entry| matches!(entry, Value::Native(path) if !EMPTY.contains(&path)))
    }

    /// Whether a class of the library, of which the stub perhaps leaves something out, is among the bases.
    fn has_library_base(&mut self, class: Value<'a>) -> bool {
        const WHOLE: [&str; 5] = ["typing.", "abc.", "enum.", "contextlib.", "dataclasses."];
        self.mro(class).iter().any(|entry| {
            matches!(entry, Value::Native(path) if path.contains('.') && !WHOLE.iter().any(|known| path.starts_with(known)))
        })
    }

    /// Whether a base is not known.
    pub(super) fn has_open_base(&mut self, class: Value<'a>) -> bool {
        self.mro(class).iter().any(|entry| matches!(entry, Value::Opaque(_)))
    }

    pub(super) fn fields_of(&mut self, class: Value<'a>) -> Option<Vec<Field<'a>>> {
        let mro = self.mro(class);
        mro.into_iter().find_map(|entry| match self.kind(entry) {
            Some(Kind::Class(class)) => class.fields.clone(),
            _ => None,
        })
    }

    /// Names of the fields of a named tuple.
    pub(super) fn tuple_fields(&mut self, class: Value<'a>) -> Option<Vec<&'a str>> {
        let is_tuple = self.mro(class).contains(&Value::Native("typing.NamedTuple"));
        let fields = self.fields_of(class).filter(|_| is_tuple)?;
        Some(fields.into_iter().map(|field| field.name).collect())
    }

    pub(super) fn is_frozen_instance(&mut self, class: Value<'a>) -> bool {
        self.record_of(class).is_some_and(|record| record.is_frozen)
    }

    /// Whether instances of a class with fields are made from them.
    pub(super) fn has_record_init(&mut self, class: Value<'a>) -> bool {
        self.tuple_fields(class).is_some() || self.record_of(class).is_some_and(|record| record.has_init)
    }

    fn record_of(&mut self, class: Value<'a>) -> Option<Record> {
        let mro = self.mro(class);
        mro.into_iter().find_map(|entry| match self.kind(entry) {
            Some(Kind::Class(class)) if class.fields.is_some() => Some(class.record),
            _ => None,
        })
    }
}

/// The text that a block begins with.
fn docstring<'a>(body: &[Stmt<'a>]) -> Option<&'a str> {
    let StmtKind::Expr { value } = body.first()?.kind else { return None };
    match value.kind {
        ExprKind::Constant { value: Constant::Str(text), .. } => text.as_str(),
        _ => None,
    }
}
