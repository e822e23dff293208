//! Classes: running their bodies, their method resolution order, and making instances.
//!
//! What decorators and bases of the library make of a class is done by rules here where values depend on it: the members of
//! enumerations, the constructors of dataclasses and named tuples. A base that is not known is admitted; looking through it is not.

use parser::ast::{ClassDef, Stmt};

use super::Analyser;
use super::value::{Args, Class, EnvId, Eval, Keywords, Kind, Namespace, Record, Value};
use crate::slots;
use base::Diagnostic;

/// The hidden name of what `__prepare__` has given, among the variables of a class body.
const SPACE: &str = "<space>";

/// What stands in the head of a class statement.
struct Head<'a> {
    bases: Vec<Value<'a>>,
    keywords: Keywords<'a>,
    /// The bases as they are written, if one has been replaced.
    original: Option<Value<'a>>,
}

impl<'a> Analyser<'a, '_> {
    /// Runs a class statement; decorators are the caller's.
    pub(super) fn define_class(&mut self, stmt: &'a Stmt<'a>, def: &'a ClassDef<'a>) -> Eval<'a> {
        self.check_slots(def);
        let (unit, outer) = (self.frame().unit, self.type_params_env(stmt)?);
        let (head, receiver) = (self.state.envs[outer].scope, self.frame().receiver);
        // Bases may name the type parameters.
        let Head { bases, keywords, original } = match self.frame().scope {
            scope if scope == head => self.class_head(def)?,
            _ => self.in_frame(unit, head, outer, receiver, |this| this.class_head(def))?,
        };
        let scope = self.units[unit].scopes.body(stmt.id);
        let env = self.new_env(unit, scope, Some(outer));
        let module = Value::Str(self.units[unit].name);
        self.state.envs[env].names.set("__module__", module);
        self.state.envs[env].names.set("__qualname__", Value::Str(def.name));
        self.open_enum(env, &bases);
        if let Some(original) = original {
            self.state.envs[env].names.set("__orig_bases__", original);
        }
        let space = self.at(def.name_span, |this| this.prepare(def, &bases, &keywords))?;
        if let Some(space) = space {
            self.state.envs[env].names.set(SPACE, space);
        }
        self.in_frame(unit, scope, env, None, |this| this.block(def.body))?;
        self.close_enum(env);
        self.state.envs[env].names.remove(SPACE);
        let names = self.state.envs[env].names.clone();
        let class = self.at(def.name_span, |this| this.build_class(def, bases, keywords, names, space))?;
        self.note_slots(class, def);
        self.check_inherited_slots(class, def);
        self.state.envs[env].names.set("__class__", class);
        Ok(class)
    }

    /// Bases, and keywords with their values.
    fn class_head(&mut self, def: &'a ClassDef<'a>) -> Eval<'a, Head<'a>> {
        let (mut bases, mut original) = (Vec::new(), Vec::new());
        let mut is_replaced = false;
        for base in def.bases {
            let value = self.eval(base)?;
            original.push(value);
            if let Some(entries) = self.special_method(value, "__mro_entries__") {
                let given = self.tuple(original.clone());
                let entries = self.at(base.span, |this| this.call(entries, Args::of(&[given])))?;
                bases.extend(self.known_items(entries).unwrap_or_default());
                is_replaced = true;
                continue;
            }
            let value = self.at(base.span, |this| this.base(value))?;
            bases.extend(value);
        }
        let original = if is_replaced { Some(self.tuple(original)) } else { None };
        let mut keywords = Vec::new();
        for keyword in def.keywords {
            let value = self.eval(keyword.value)?;
            keywords.extend(keyword.arg.map(|name| (name, value)));
        }
        Ok(Head { bases, keywords, original })
    }

    /// What `__prepare__` of a metaclass gives for the names of the body.
    fn prepare(
        &mut self,
        def: &'a ClassDef<'a>,
        bases: &[Value<'a>],
        keywords: &[(&'a str, Value<'a>)],
    ) -> Eval<'a, Option<Value<'a>>> {
        let given = keywords.iter().find(|(name, _)| *name == "metaclass").map(|(_, value)| *value);
        let metaclass = self.metaclass(given, bases);
        let Some(hook) = self.class_attribute(metaclass, "__prepare__").filter(|hook| self.is_written(*hook))
        else {
            return Ok(None);
        };
        let hook = self.bind_method(hook, metaclass, metaclass)?;
        let bases = self.tuple(bases.to_vec());
        let keywords = keywords.iter().filter(|(name, _)| *name != "metaclass").copied().collect();
        let args = Args { positional: vec![Value::Str(def.name), bases], keywords, is_open: false };
        self.call(hook, args).map(Some)
    }

    /// Tells the mapping that `__prepare__` has given of a name that the body binds.
    pub(super) fn tell_space(&mut self, env: EnvId, name: &'a str, value: Value<'a>) -> Eval<'a, ()> {
        let Some(space) = self.state.envs[env].names.get(SPACE) else { return Ok(()) };
        match self.kind(space) {
            Some(Kind::Dict(_)) => self.set_item(space, Value::Str(name), Some(value)),
            _ => match self.special_method(space, "__setitem__") {
                Some(method) => self.call(method, Args::of(&[Value::Str(name), value])).map(drop),
                None => Ok(()),
            },
        }
    }

    /// A base, if it can be one.
    fn base(&mut self, value: Value<'a>) -> Eval<'a, Option<Value<'a>>> {
        if matches!(value, Value::Opaque(_)) || self.is_class(value) {
            return Ok(Some(value));
        }
        if let Value::Native(path) = value
            && path.starts_with("typing.")
        {
            return Ok(Some(value));
        }
        let class = self.class_name(value);
        self.report("SP0831", &format!("derives a class from an object of type {class}"));
        Ok(None)
    }

    fn build_class(
        &mut self,
        def: &'a ClassDef<'a>,
        mut bases: Vec<Value<'a>>,
        mut keywords: Keywords<'a>,
        names: Namespace<'a>,
        space: Option<Value<'a>>,
    ) -> Eval<'a> {
        if !def.type_params.is_empty() {
            bases.push(Value::Native("typing.Generic"));
        }
        let given =
            keywords.iter().position(|(name, _)| *name == "metaclass").map(|at| keywords.remove(at).1);
        let metaclass = self.metaclass(given, &bases);
        self.refuse_metaclass(metaclass, &bases)?;
        if let Value::Opaque(id) = metaclass {
            return Ok(self.inspect(id, "SP0810", "makes a class by"));
        }
        if matches!(self.kind(metaclass), Some(Kind::Class(_))) {
            let pairs = names.entries().iter().map(|(name, value)| (Value::Str(name), *value)).collect();
            let names = self.object(Kind::Dict(pairs));
            let (bases, names) = (self.tuple(bases), space.unwrap_or(names));
            let args = Args {
                positional: vec![metaclass, Value::Str(def.name), bases, names],
                keywords: keywords.clone(),
                is_open: false,
            };
            let new = self.class_attribute(metaclass, "__new__").unwrap_or(Value::Native("type.__new__"));
            let class = self.call(new, args.clone())?;
            if let Some(init) =
                self.class_attribute(metaclass, "__init__").filter(|init| self.is_written(*init))
            {
                let mut args = args;
                args.positional[0] = class;
                self.call(init, args)?;
            }
            return Ok(class);
        }
        let fields = self.record_fields(def, &bases, &names);
        let class = self.make_class(def.name, bases, metaclass, names)?;
        if let (Value::Object(id), Some(fields)) = (class, fields)
            && let Kind::Class(entry) = self.kind_mut(id)
        {
            entry.fields = Some(fields);
        }
        if let Value::Object(id) = class {
            self.bodies.insert(id, def.body);
        }
        self.announce(class, keywords)?;
        Ok(class)
    }

    /// Reports names of a class with slots that are fields and something else.
    fn check_slots(&mut self, def: &'a ClassDef<'a>) {
        let running = self.current();
        if slots::of_class(def).is_none() || self.frame().unit != running {
            return;
        }
        if let Some(span) = slots::global_annotations(def) {
            let message = format!("`__annotations__` of the class `{}` with slots is global", def.name);
            let finding = Diagnostic::error("SP0860", span, message)
                .with_help("leave the statement out: the fields of the class are its annotations");
            if !self.units[running].findings.contains(&finding) {
                self.units[running].findings.push(finding);
            }
        }
        for conflict in slots::conflicts(def) {
            let message =
                format!("`{}` is both a field and a member of the class `{}`", conflict.name, def.name);
            let finding = Diagnostic::error("SP0860", conflict.field, message)
                .with_label(conflict.member, "the member")
                .with_help("set it in `__init__` only, or annotate it in the class body without a value");
            if !self.units[running].findings.contains(&finding) {
                self.units[running].findings.push(finding);
            }
        }
    }

    /// Reports fields of a class with slots that a base has as something else.
    fn check_inherited_slots(&mut self, class: Value<'a>, def: &'a ClassDef<'a>) {
        let running = self.current();
        if slots::of_class(def).is_none() || self.frame().unit != running {
            return;
        }
        let own = slots::conflicts(def);
        for (name, span) in slots::fields(def) {
            if own.iter().any(|conflict| conflict.name == name) {
                continue;
            }
            let bases = self.mro(class).into_iter().skip(1);
            let Some(base) = bases.into_iter().find(|base| self.has_own(*base, name)) else { continue };
            let base = match self.kind(base) {
                Some(Kind::Class(entry)) => entry.name,
                _ => continue,
            };
            let message =
                format!("`{name}` is a field of the class `{}` and a member of its base `{base}`", def.name);
            let finding = Diagnostic::error("SP0860", span, message)
                .with_help("give one of both another name, or annotate it in the base without a value");
            if !self.units[running].findings.contains(&finding) {
                self.units[running].findings.push(finding);
            }
        }
    }

    fn has_own(&self, class: Value<'a>, name: &str) -> bool {
        self.attribute_of_instance(class, name).is_some()
    }

    /// Which attributes instances may have, if the class says so by `__slots__` or `@strict_slots`.
    fn note_slots(&mut self, class: Value<'a>, def: &'a ClassDef<'a>) {
        let Value::Object(id) = class else { return };
        let written = self.attribute_of_instance(class, "__slots__");
        let names = match (slots::of_class(def), written) {
            (Some(slots::Slots::Strict), _) => {
                Some(slots::fields(def).into_iter().map(|(name, _)| self.mangled_in(def, name)).collect())
            }
            (None, Some(Value::Str(name))) => Some(vec![self.mangled_in(def, name)]),
            (None, Some(names)) => self.known_items(names).and_then(|names| {
                let name = |name: Value<'a>| match name {
                    Value::Str("__dict__") => None,
                    Value::Str(name) => Some(self.mangled_in(def, name)),
                    _ => None,
                };
                names.into_iter().map(name).collect()
            }),
            _ => None,
        };
        if let Kind::Class(entry) = self.kind_mut(id) {
            entry.slots = names;
        }
    }

    fn mangled_in(&self, def: &ClassDef<'a>, name: &'a str) -> &'a str {
        if name.starts_with("__") && !name.ends_with("__") {
            return self.arena.alloc_str(&format!("_{}{name}", def.name.trim_start_matches('_')));
        }
        name
    }

    /// Whether instances of a class can have an attribute that no class provides for.
    pub(super) fn has_room_for(&mut self, class: Value<'a>, name: &str) -> bool {
        self.mro(class).into_iter().any(|entry| match (self.kind(entry), entry) {
            (Some(Kind::Class(entry)), _) => entry.slots.as_ref().is_none_or(|slots| slots.contains(&name)),
            (_, Value::Native(path)) => !matches!(
                path,
                "object"
                    | "int"
                    | "str"
                    | "tuple"
                    | "float"
                    | "typing.Generic"
                    | "typing.Protocol"
                    | "abc.ABC"
            ),
            _ => true,
        })
    }

    pub(super) fn is_written(&self, value: Value<'a>) -> bool {
        matches!(self.kind(value), Some(Kind::Function(_) | Kind::StaticMethod(_) | Kind::ClassMethod(_)))
    }

    fn metaclass(&mut self, given: Option<Value<'a>>, bases: &[Value<'a>]) -> Value<'a> {
        if let Some(given) = given {
            return given;
        }
        let of_bases = bases.iter().filter_map(|base| match self.kind(*base) {
            Some(Kind::Class(class)) => Some(class.metaclass),
            _ => None,
        });
        of_bases.into_iter().find(|class| *class != Value::Native("type")).unwrap_or(Value::Native("type"))
    }

    /// The metaclass must derive from those of all bases.
    fn refuse_metaclass(&mut self, metaclass: Value<'a>, bases: &[Value<'a>]) -> Eval<'a, ()> {
        for base in bases {
            let Some(Kind::Class(entry)) = self.kind(*base) else { continue };
            let of_base = entry.metaclass;
            if self.is_class(metaclass)
                && self.is_subclass(metaclass, of_base)? == Some(false)
                && self.is_subclass(of_base, Value::Native("type"))? == Some(true)
            {
                let message = "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases";
                return Err(self.raise("TypeError", message));
            }
        }
        Ok(())
    }

    /// Builtin classes that nothing can derive from, and pairs of builtin classes that nothing can derive from both of.
    fn refuse_bases(&mut self, bases: &[Value<'a>]) -> Eval<'a, ()> {
        const SEALED: [&str; 8] = [
            "bool",
            "NoneType",
            "ellipsis",
            "NotImplementedType",
            "function",
            "range",
            "slice",
            "memoryview",
        ];
        const SOLID: [&str; 12] = [
            "int",
            "float",
            "complex",
            "str",
            "bytes",
            "bytearray",
            "list",
            "tuple",
            "dict",
            "set",
            "frozenset",
            "BaseException",
        ];
        let mut solid = None;
        for base in bases {
            let mro = self.mro(*base);
            // What classes of the library are made of is not what their stubs derive them from.
            if mro.iter().any(|entry| matches!(entry, Value::Native(path) if path.contains('.'))) {
                continue;
            }
            for entry in mro {
                let Value::Native(path) = entry else { continue };
                if entry == *base && SEALED.contains(&path) {
                    let message = format!("type '{path}' is not an acceptable base type");
                    return Err(self.raise("TypeError", &message));
                }
                if SOLID.contains(&path) {
                    if solid.is_some_and(|known| known != path) {
                        return Err(self.raise("TypeError", "multiple bases have instance lay-out conflict"));
                    }
                    solid = Some(path);
                }
            }
        }
        Ok(())
    }

    /// A class from its parts.
    pub(super) fn make_class(
        &mut self,
        name: &'a str,
        bases: Vec<Value<'a>>,
        metaclass: Value<'a>,
        names: Namespace<'a>,
    ) -> Eval<'a> {
        let class = Class {
            name,
            bases: bases.clone(),
            mro: Vec::new(),
            metaclass,
            fields: None,
            record: Record::default(),
            slots: None,
        };
        self.refuse_extension(name, &bases)?;
        self.refuse_bases(&bases)?;
        let value = self.object(Kind::Class(class));
        let Value::Object(id) = value else { return Ok(value) };
        let Some(mro) = self.linearize(value, &bases) else {
            let message = "Cannot create a consistent method resolution order (MRO) for bases";
            return Err(self.raise("TypeError", message));
        };
        let is_enum = mro.contains(&Value::Native("enum.Enum"));
        if let Kind::Class(class) = self.kind_mut(id) {
            class.mro = mro;
        }
        self.state.objects[id].attributes = names;
        for hook in ["__new__", "__init_subclass__", "__class_getitem__"] {
            if let Some(found) = self.state.objects[id].attributes.get(hook)
                && matches!(self.kind(found), Some(Kind::Function(_)))
            {
                let kind =
                    if hook == "__new__" { Kind::StaticMethod(found) } else { Kind::ClassMethod(found) };
                let bound = self.object(kind);
                self.state.objects[id].attributes.set(hook, bound);
            }
        }
        if is_enum {
            self.make_members(value)?;
        }
        Ok(value)
    }

    /// Tells the attributes their names, and the bases of their subclass.
    pub(super) fn announce(&mut self, class: Value<'a>, keywords: Keywords<'a>) -> Eval<'a, ()> {
        let Value::Object(id) = class else { return Ok(()) };
        for (name, value) in self.state.objects[id].attributes.entries().to_vec() {
            if let Some(method) = self.special_method(value, "__set_name__") {
                self.call(method, Args::of(&[class, Value::Str(name)]))?;
            }
        }
        for entry in self.mro(class).into_iter().skip(1) {
            let Value::Object(base) = entry else { continue };
            let Some(hook) = self.state.objects[base].attributes.get("__init_subclass__") else { continue };
            let hook = self.bind_method(hook, class, class)?;
            self.call(hook, Args { keywords, ..Args::default() })?;
            break;
        }
        Ok(())
    }

    /// The C3 order; nothing if the bases contradict each other.
    fn linearize(&mut self, class: Value<'a>, bases: &[Value<'a>]) -> Option<Vec<Value<'a>>> {
        let mut sequences: Vec<Vec<Value<'a>>> = bases.iter().map(|base| self.mro(*base)).collect();
        sequences.push(bases.to_vec());
        let mut order = vec![class];
        loop {
            sequences.retain(|sequence| !sequence.is_empty());
            if sequences.is_empty() {
                let object = Value::Native("object");
                order.retain(|entry| *entry != object);
                order.push(object);
                return Some(order);
            }
            // `object` comes last, whatever the stubs say of their bases.
            let in_tail = |candidate: Value<'a>| sequences.iter().any(|rest| rest[1..].contains(&candidate));
            let next = sequences.iter().map(|sequence| sequence[0]).find(|candidate| !in_tail(*candidate))?;
            order.push(next);
            for sequence in &mut sequences {
                sequence.retain(|entry| *entry != next);
            }
        }
    }

    // --- Instances ---

    pub(super) fn instantiate(&mut self, class: Value<'a>, args: Args<'a>) -> Eval<'a> {
        let Some(Kind::Class(entry)) = self.kind(class).cloned() else { return Ok(self.silent()) };
        if let Some(call) =
            self.class_attribute(entry.metaclass, "__call__").filter(|call| self.is_written(*call))
        {
            return self.call(call, args.with_receiver(class));
        }
        if let Some(Value::Opaque(id)) = entry.mro.iter().find(|entry| matches!(entry, Value::Opaque(_))) {
            return Ok(self.inspect(*id, "SP0810", "makes an instance of a class with a base that is"));
        }
        if entry.mro.contains(&Value::Native("typing.TypedDict")) {
            return self.new_dict(&args);
        }
        if self.is_enum(&entry) {
            let is_functional = args.positional.len() > 1 || args.get(usize::MAX, "names").is_some();
            if is_functional && self.member_names(&entry).is_empty() {
                return self.functional_enum(class, &args);
            }
            let value = args.get(0, "value").unwrap_or(Value::None);
            return self.member_of_value(&entry, value);
        }
        self.refuse_abstract(class)?;
        let instance = match self.class_attribute(class, "__new__") {
            Some(new) if self.is_written(new) => self.call(new, args.with_receiver(class))?,
            _ => self.object(Kind::Instance(class)),
        };
        self.note_mortal(instance, class);
        if !matches!(self.kind(instance), Some(Kind::Instance(of)) if *of == class) {
            return Ok(instance);
        }
        self.initialize(class, instance, args)?;
        Ok(instance)
    }

    fn initialize(&mut self, class: Value<'a>, instance: Value<'a>, args: Args<'a>) -> Eval<'a, ()> {
        if self.is_subclass(class, Value::Native("BaseException"))? == Some(true) {
            self.set_exception_args(instance, args.positional.clone());
        }
        if let Some(init) = self.class_attribute(class, "__init__").filter(|init| self.is_written(*init)) {
            return self.call(init, args.with_receiver(instance)).map(drop);
        }
        if let Some(fields) = self.fields_of(class).filter(|_| self.has_record_init(class)) {
            return self.fill_fields(class, instance, &fields, args);
        }
        let has_args = !args.positional.is_empty() || !args.keywords.is_empty();
        let has_new = self.class_attribute(class, "__new__").is_some_and(|new| self.is_written(new));
        if has_args && !has_new && !self.has_native_base(class) {
            let name = self.class_name(instance);
            return Err(self.raise("TypeError", &format!("{name}() takes no arguments")));
        }
        Ok(())
    }
}
