//! Classes: running their bodies, their method resolution order, and making instances.
//!
//! What decorators and bases of the library make of a class is done by rules here where values depend on it: the members of
//! enumerations, the constructors of dataclasses and named tuples. A base that is not known is admitted; looking through it is not.

use parser::ast::{ClassDef, Stmt, StmtKind};

use super::Analyser;
use super::value::{Args, Class, Eval, Field, Keywords, Kind, Namespace, Pairs, Value};
use crate::slots;
use base::Diagnostic;

impl<'a> Analyser<'a, '_> {
    /// Runs a class statement; decorators are the caller's.
    pub(super) fn define_class(&mut self, stmt: &'a Stmt<'a>, def: &'a ClassDef<'a>) -> Eval<'a> {
        self.check_slots(def);
        let (unit, outer) = (self.frame().unit, self.type_params_env(stmt)?);
        let (head, receiver) = (self.state.envs[outer].scope, self.frame().receiver);
        // Bases may name the type parameters.
        let (bases, keywords) = match self.frame().scope {
            scope if scope == head => self.class_head(def)?,
            _ => self.in_frame(unit, head, outer, receiver, |this| this.class_head(def))?,
        };
        let scope = self.units[unit].scopes.body(stmt.id);
        let env = self.new_env(unit, scope, Some(outer));
        let module = Value::Str(self.units[unit].name);
        self.state.envs[env].names.set("__module__", module);
        self.state.envs[env].names.set("__qualname__", Value::Str(def.name));
        self.in_frame(unit, scope, env, None, |this| this.block(def.body))?;
        let names = self.state.envs[env].names.clone();
        let class = self.at(def.name_span, |this| this.build_class(def, bases, keywords, names))?;
        self.state.envs[env].names.set("__class__", class);
        Ok(class)
    }

    /// Bases, and keywords with their values.
    fn class_head(&mut self, def: &'a ClassDef<'a>) -> Eval<'a, (Vec<Value<'a>>, Keywords<'a>)> {
        let mut bases = Vec::new();
        for base in def.bases {
            let value = self.eval(base)?;
            let value = self.at(base.span, |this| this.base(value))?;
            bases.extend(value);
        }
        let mut keywords = Vec::new();
        for keyword in def.keywords {
            let value = self.eval(keyword.value)?;
            keywords.extend(keyword.arg.map(|name| (name, value)));
        }
        Ok((bases, keywords))
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
    ) -> Eval<'a> {
        if !def.type_params.is_empty() {
            bases.push(Value::Native("typing.Generic"));
        }
        let given =
            keywords.iter().position(|(name, _)| *name == "metaclass").map(|at| keywords.remove(at).1);
        let metaclass = self.metaclass(given, &bases);
        if let Value::Opaque(id) = metaclass {
            return Ok(self.inspect(id, "SP0810", "makes a class by"));
        }
        if matches!(self.kind(metaclass), Some(Kind::Class(_))) {
            let pairs = names.entries().iter().map(|(name, value)| (Value::Str(name), *value)).collect();
            let (bases, names) = (self.tuple(bases), self.object(Kind::Dict(pairs)));
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
            is_frozen_instance: false,
        };
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
        if is_enum {
            self.make_members(value);
        }
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

    // --- Enumerations ---

    pub(super) fn is_enum(&self, class: &Class<'a>) -> bool {
        class.mro.contains(&Value::Native("enum.Enum"))
    }

    /// Makes members of the plain values in the body of an enumeration.
    fn make_members(&mut self, class: Value<'a>) {
        let Value::Object(id) = class else { return };
        let mut number = 0;
        for (name, value) in self.state.objects[id].attributes.entries().to_vec() {
            let is_descriptor = self.is_written(value)
                || matches!(self.kind(value), Some(Kind::Property { .. } | Kind::Class(_)));
            if name.starts_with('_') || is_descriptor {
                continue;
            }
            number = match value {
                Value::Int(value) => value,
                _ => number + 1,
            };
            let is_auto = matches!(self.kind(value), Some(Kind::Typed("enum.auto")));
            let value = if is_auto { Value::Int(number) } else { value };
            let member = self.object(Kind::Instance(class));
            for (key, value) in [
                ("name", Value::Str(name)),
                ("_name_", Value::Str(name)),
                ("value", value),
                ("_value_", value),
            ] {
                if let Value::Object(member) = member {
                    self.state.objects[member].attributes.set(key, value);
                }
            }
            self.state.objects[id].attributes.set(name, member);
        }
    }

    /// Members of an enumeration by name.
    pub(super) fn member_names(&self, class: &Class<'a>) -> Pairs<'a> {
        let Some(Value::Object(id)) = class.mro.first() else { return Vec::new() };
        let own = self.state.objects[*id].attributes.entries().iter();
        own.filter(|(_, value)| matches!(self.kind(*value), Some(Kind::Instance(of)) if *of == class.mro[0]))
            .map(|(name, value)| (Value::Str(name), *value))
            .collect()
    }

    pub(super) fn members(&self, class: &Class<'a>) -> Vec<Value<'a>> {
        self.member_names(class).into_iter().map(|(_, member)| member).collect()
    }

    fn member_of_value(&mut self, class: &Class<'a>, value: Value<'a>) -> Eval<'a> {
        for member in self.members(class) {
            if member == value {
                return Ok(member);
            }
            let own = self.attribute_of_instance(member, "value").unwrap_or(Value::None);
            match self.equals(own, value)? {
                Some(true) => return Ok(member),
                Some(false) => {}
                None => return Ok(self.opaque("a member of an enumeration, by a value that is not known")),
            }
        }
        let message = format!("not a valid {}", class.name);
        Err(self.raise("ValueError", &message))
    }

    // --- Records ---

    /// Fields of a named tuple or a dataclass to be, in their order.
    fn record_fields(
        &mut self,
        def: &'a ClassDef<'a>,
        bases: &[Value<'a>],
        names: &Namespace<'a>,
    ) -> Option<Vec<Field<'a>>> {
        bases.contains(&Value::Native("typing.NamedTuple")).then(|| self.annotated_fields(def.body, names))
    }

    fn annotated_fields(&mut self, body: &'a [Stmt<'a>], names: &Namespace<'a>) -> Vec<Field<'a>> {
        let field = |stmt: &'a Stmt<'a>| match stmt.kind {
            StmtKind::AnnAssign { target, annotation, simple: true, .. }
                if !slots::is_class_var(annotation) =>
            {
                target.as_name()
            }
            _ => None,
        };
        let declared: Vec<_> = body.iter().filter_map(field).collect();
        declared.into_iter().map(|name| self.field(name, names.get(name))).collect()
    }

    fn field(&mut self, name: &'a str, value: Option<Value<'a>>) -> Field<'a> {
        let Some(value) = value else { return Field { name, default: None, factory: None } };
        match self.kind(value) {
            Some(Kind::Partial { function: Value::Native("dataclasses.field"), keywords, .. }) => {
                let find =
                    |wanted: &str| keywords.iter().find(|(key, _)| *key == wanted).map(|(_, value)| *value);
                Field { name, default: find("default"), factory: find("default_factory") }
            }
            _ => Field { name, default: Some(value), factory: None },
        }
    }

    /// `@dataclass`: instances are made from the annotated names.
    pub(super) fn make_dataclass(&mut self, class: Value<'a>, is_frozen: bool) -> Eval<'a> {
        let Value::Object(id) = class else { return Ok(class) };
        let Some(Kind::Class(entry)) = self.kind(class) else { return Ok(class) };
        let name = entry.name;
        self.note_change(class, &format!("the class `{name}`"));
        let inherited = self.mro(class).into_iter().skip(1).find_map(|base| self.fields_of(base));
        let mut fields = inherited.unwrap_or_default();
        let names = self.state.objects[id].attributes.clone();
        for own in self.declared_fields(id, &names) {
            match fields.iter_mut().find(|field| field.name == own.name) {
                Some(known) => *known = own,
                None => fields.push(own),
            }
        }
        for field in fields.iter().filter(|field| field.factory.is_some()) {
            self.state.objects[id].attributes.remove(field.name);
        }
        if let Kind::Class(entry) = self.kind_mut(id) {
            entry.fields = Some(fields);
            entry.is_frozen_instance = is_frozen;
        }
        Ok(class)
    }

    /// The fields that a class body declares, found again by the place of the class.
    fn declared_fields(&mut self, id: super::ObjectId, names: &Namespace<'a>) -> Vec<Field<'a>> {
        match self.bodies.get(&id).copied() {
            Some(body) => self.annotated_fields(body, names),
            None => Vec::new(),
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
        if self.is_enum(&entry) {
            let value = args.get(0, "value").unwrap_or(Value::None);
            return self.member_of_value(&entry, value);
        }
        let instance = match self.class_attribute(class, "__new__") {
            Some(new) if self.is_written(new) => self.call(new, args.with_receiver(class))?,
            _ => self.object(Kind::Instance(class)),
        };
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
        if let Some(fields) = self.fields_of(class) {
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

    fn fill_fields(
        &mut self,
        class: Value<'a>,
        instance: Value<'a>,
        fields: &[Field<'a>],
        args: Args<'a>,
    ) -> Eval<'a, ()> {
        let name = self.class_name(instance);
        if args.positional.len() > fields.len() {
            let (most, given) = (fields.len() + 1, args.positional.len() + 1);
            let message =
                format!("{name}.__init__() takes {most} positional arguments but {given} were given");
            return Err(self.raise("TypeError", &message));
        }
        for (at, field) in fields.iter().enumerate() {
            let value = match (args.get(at, field.name).or(field.default), field.factory) {
                (Some(value), _) => value,
                (None, Some(factory)) => self.call(factory, Args::default())?,
                (None, None) if args.is_open => self.opaque("it is one of the arguments behind a star"),
                (None, None) => {
                    let field = field.name;
                    let message =
                        format!("{name}.__init__() missing 1 required positional argument: '{field}'");
                    return Err(self.raise("TypeError", &message));
                }
            };
            self.write_attribute(instance, field.name, Some(value))?;
        }
        if let Some(hook) = self.class_attribute(class, "__post_init__") {
            self.call(hook, Args::of(&[instance]))?;
        }
        Ok(())
    }
}
