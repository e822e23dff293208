//! Records: dataclasses with their options, and named tuples: which fields there are, what instances are made from, and how they compare.
//!
//! Annotations are not run; `ClassVar`, `InitVar` and `KW_ONLY` are recognised by their names.

use parser::ast::{ClassDef, Expr, ExprKind, Stmt, StmtKind};

use super::Analyser;
use super::value::{Args, Eval, Field, Kind, Namespace, Record, Value};
use crate::slots;

impl<'a> Analyser<'a, '_> {
    /// Fields of a named tuple to be, in their order.
    pub(super) fn record_fields(
        &mut self,
        def: &'a ClassDef<'a>,
        bases: &[Value<'a>],
        names: &Namespace<'a>,
    ) -> Option<Vec<Field<'a>>> {
        bases
            .contains(&Value::Native("typing.NamedTuple"))
            .then(|| self.annotated_fields(def.body, names, false))
    }

    fn annotated_fields(
        &mut self,
        body: &'a [Stmt<'a>],
        names: &Namespace<'a>,
        mut is_kw_only: bool,
    ) -> Vec<Field<'a>> {
        let mut fields = Vec::new();
        for stmt in body {
            let StmtKind::AnnAssign { target, annotation, simple: true, .. } = stmt.kind else { continue };
            let Some(name) = target.as_name().filter(|_| !slots::is_class_var(annotation)) else { continue };
            if is_named(annotation, "KW_ONLY") {
                is_kw_only = true;
                continue;
            }
            let is_init_only = is_named(annotation, "InitVar");
            let field = self.field(name, names.get(name), is_kw_only);
            fields.push(Field { is_init_only, ..field });
        }
        fields
    }

    fn field(&mut self, name: &'a str, value: Option<Value<'a>>, is_kw_only: bool) -> Field<'a> {
        let plain = Field { is_kw_only, ..Field::new(name) };
        let Some(value) = value else { return plain };
        match self.kind(value) {
            Some(Kind::Partial { function: Value::Native("dataclasses.field"), keywords, .. }) => {
                let find =
                    |wanted: &str| keywords.iter().find(|(key, _)| *key == wanted).map(|(_, value)| *value);
                let is = |wanted: &str, default: bool| match find(wanted) {
                    Some(Value::Bool(value)) => value,
                    _ => default,
                };
                Field {
                    default: find("default"),
                    factory: find("default_factory"),
                    is_kw_only: is("kw_only", is_kw_only),
                    is_given: is("init", true),
                    is_compared: is("compare", true),
                    ..plain
                }
            }
            _ => Field { default: Some(value), ..plain },
        }
    }

    /// `@dataclass`: instances are made from the annotated names.
    pub(super) fn make_dataclass(&mut self, class: Value<'a>, options: &[(&'a str, Value<'a>)]) -> Eval<'a> {
        let Value::Object(id) = class else { return Ok(class) };
        let Some(Kind::Class(entry)) = self.kind(class) else { return Ok(class) };
        let name = entry.name;
        let is = |wanted: &str, default: bool| {
            let found = options.iter().find(|(key, _)| *key == wanted);
            found.map_or(default, |(_, value)| *value == Value::Bool(true))
        };
        self.note_change(class, &format!("the class `{name}`"));
        let inherited = self.mro(class).into_iter().skip(1).find_map(|base| self.fields_of(base));
        let mut fields = inherited.unwrap_or_default();
        let names = self.state.objects[id].attributes.clone();
        for own in self.declared_fields(id, &names, is("kw_only", false)) {
            match fields.iter_mut().find(|field| field.name == own.name) {
                Some(known) => *known = own,
                None => fields.push(own),
            }
        }
        self.check_defaults(&fields, is("init", true))?;
        for field in &fields {
            match (field.default, field.factory) {
                (_, Some(_)) => drop(self.state.objects[id].attributes.remove(field.name)),
                (Some(default), None) => self.state.objects[id].attributes.set(field.name, default),
                (None, None) if names.get(field.name).is_some() => {
                    self.state.objects[id].attributes.remove(field.name);
                }
                (None, None) => {}
            }
        }
        let record = Record {
            is_frozen: is("frozen", false),
            is_equal: is("eq", true),
            is_ordered: is("order", false),
            has_init: is("init", true),
        };
        if let Kind::Class(entry) = self.kind_mut(id) {
            entry.fields = Some(fields);
            entry.record = record;
        }
        Ok(class)
    }

    /// A field without a default must not follow one with a default.
    fn check_defaults(&mut self, fields: &[Field<'a>], has_init: bool) -> Eval<'a, ()> {
        let mut seen = None;
        for field in fields.iter().filter(|field| has_init && field.is_given && !field.is_kw_only) {
            if field.default.is_some() || field.factory.is_some() {
                seen = Some(field.name);
            } else if let Some(before) = seen {
                let name = field.name;
                let message = format!("non-default argument '{name}' follows default argument '{before}'");
                return Err(self.raise("TypeError", &message));
            }
        }
        Ok(())
    }

    /// The fields that a class body declares, found again by the place of the class.
    fn declared_fields(
        &mut self,
        id: super::ObjectId,
        names: &Namespace<'a>,
        is_kw_only: bool,
    ) -> Vec<Field<'a>> {
        match self.bodies.get(&id).copied() {
            Some(body) => self.annotated_fields(body, names, is_kw_only),
            None => Vec::new(),
        }
    }

    // --- Instances ---

    /// Gives a new instance its fields.
    pub(super) fn fill_fields(
        &mut self,
        class: Value<'a>,
        instance: Value<'a>,
        fields: &[Field<'a>],
        args: Args<'a>,
    ) -> Eval<'a, ()> {
        let name = self.class_name(instance);
        let positional = fields.iter().filter(|field| field.is_given && !field.is_kw_only).count();
        if args.positional.len() > positional {
            let (most, given) = (positional + 1, args.positional.len() + 1);
            let message =
                format!("{name}.__init__() takes {most} positional arguments but {given} were given");
            return Err(self.raise("TypeError", &message));
        }
        if let Some((wrong, _)) = args
            .keywords
            .iter()
            .find(|(key, _)| !fields.iter().any(|field| field.is_given && field.name == *key))
        {
            let message = format!("{name}.__init__() got an unexpected keyword argument '{wrong}'");
            return Err(self.raise("TypeError", &message));
        }
        let (mut at, mut later) = (0, Vec::new());
        for field in fields {
            let given = match (field.is_given, field.is_kw_only) {
                (false, _) => None,
                (true, true) => args.get(usize::MAX, field.name),
                (true, false) => {
                    at += 1;
                    args.get(at - 1, field.name)
                }
            };
            let value = match (given.or(field.default), field.factory) {
                (Some(value), _) => value,
                (None, Some(factory)) => self.call(factory, Args::default())?,
                (None, None) if !field.is_given => continue,
                (None, None) if args.is_open => self.opaque("it is one of the arguments behind a star"),
                (None, None) => {
                    let field = field.name;
                    let message =
                        format!("{name}.__init__() missing 1 required positional argument: '{field}'");
                    return Err(self.raise("TypeError", &message));
                }
            };
            if field.is_init_only {
                later.push(value);
            } else {
                self.write_attribute(instance, field.name, Some(value))?;
            }
        }
        if let Some(hook) = self.class_attribute(class, "__post_init__") {
            self.call(hook, Args::of(&later).with_receiver(instance))?;
        }
        Ok(())
    }

    /// The options of the dataclass that an object is an instance of, and its values that are compared.
    pub(super) fn compared_fields(
        &mut self,
        value: Value<'a>,
    ) -> Option<(Record, Value<'a>, Vec<Value<'a>>)> {
        let Some(&Kind::Instance(class)) = self.kind(value) else { return None };
        let entry = self.mro(class).into_iter().find_map(|entry| match self.kind(entry) {
            Some(Kind::Class(class)) if class.fields.is_some() => Some(class.clone()),
            _ => None,
        })?;
        let fields = entry.fields.unwrap_or_default();
        let compared = fields.iter().filter(|field| field.is_compared && !field.is_init_only);
        let values: Option<Vec<_>> =
            compared.map(|field| self.attribute_of_instance(value, field.name)).collect();
        Some((entry.record, class, values?))
    }

    // --- The functions of `dataclasses` ---

    /// `fields(C)`
    pub(super) fn fields_of_record(&mut self, of: Value<'a>) -> Option<Value<'a>> {
        let class = if self.is_class(of) { of } else { self.class_of(of) };
        let fields = self.fields_of(class)?;
        let mut found = Vec::new();
        for field in fields.iter().filter(|field| !field.is_init_only) {
            let entry = self.object(Kind::Instance(Value::Native("dataclasses.Field")));
            if let Value::Object(id) = entry {
                self.state.objects[id].attributes.set("name", Value::Str(field.name));
            }
            found.push(entry);
        }
        Some(self.tuple(found))
    }

    /// `asdict(x)` and `astuple(x)`, records in records included.
    pub(super) fn taken_apart(&mut self, value: Value<'a>, is_dict: bool) -> Eval<'a> {
        self.nested(|this| {
            let Some(&Kind::Instance(class)) = this.kind(value) else {
                return this.taken_items(value, is_dict);
            };
            let is_tuple = this.tuple_fields(class).is_some();
            let Some(fields) = this.fields_of(class).filter(|_| !is_tuple) else { return Ok(value) };
            let mut pairs = Vec::new();
            for field in fields.iter().filter(|field| !field.is_init_only) {
                if let Some(part) = this.attribute_of_instance(value, field.name) {
                    pairs.push((Value::Str(field.name), this.taken_apart(part, is_dict)?));
                }
            }
            Ok(if is_dict {
                this.object(Kind::Dict(pairs))
            } else {
                this.tuple(pairs.into_iter().map(|(_, part)| part).collect())
            })
        })
    }

    fn taken_items(&mut self, value: Value<'a>, is_dict: bool) -> Eval<'a> {
        let kind = match self.kind(value).cloned() {
            Some(Kind::List(items)) => Kind::List(self.taken_all(items, is_dict)?),
            Some(Kind::Tuple(items)) => Kind::Tuple(self.taken_all(items, is_dict)?),
            Some(Kind::Dict(pairs)) => {
                let (keys, values): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
                let values = self.taken_all(values, is_dict)?;
                Kind::Dict(keys.into_iter().zip(values).collect())
            }
            _ => return Ok(value),
        };
        Ok(self.object(kind))
    }

    fn taken_all(&mut self, items: Vec<Value<'a>>, is_dict: bool) -> Eval<'a, Vec<Value<'a>>> {
        items.into_iter().map(|item| self.taken_apart(item, is_dict)).collect()
    }

    /// `replace(x, name=value)`, of named tuples `x._replace(name=value)`.
    pub(super) fn replaced(&mut self, value: Value<'a>, changes: &[(&'a str, Value<'a>)]) -> Eval<'a> {
        let Some(&Kind::Instance(class)) = self.kind(value) else { return Ok(self.silent()) };
        let fields = self.fields_of(class).unwrap_or_default();
        let mut args = Args { keywords: changes.to_vec(), ..Args::default() };
        for field in fields.iter().filter(|field| field.is_given && !field.is_init_only) {
            if !changes.iter().any(|(name, _)| *name == field.name)
                && let Some(own) = self.attribute_of_instance(value, field.name)
            {
                args.keywords.push((field.name, own));
            }
        }
        self.call(class, args)
    }

    // --- Named tuples ---

    /// `namedtuple("Name", fields)`
    pub(super) fn named_tuple(&mut self, name: &'a str, args: &Args<'a>) -> Eval<'a, Option<Value<'a>>> {
        let fields = args.get(1, "field_names").unwrap_or(Value::None);
        let names: Vec<&'a str> = match fields {
            Value::Str(text) => text.split([',', ' ']).filter(|part| !part.is_empty()).collect(),
            _ => {
                let mut names = Vec::new();
                for item in self.items(fields)?.unwrap_or_default() {
                    let item = self.known_items(item).and_then(|pair| pair.first().copied()).unwrap_or(item);
                    names.extend(if let Value::Str(name) = item { Some(name) } else { None });
                }
                names
            }
        };
        let given = args.keywords.iter().find(|(key, _)| *key == "defaults").map(|(_, value)| *value);
        let defaults = match given {
            Some(Value::None) | None => Vec::new(),
            Some(given) => self.items(given)?.unwrap_or_default(),
        };
        let without = names.len().saturating_sub(defaults.len());
        let class = self.make_class(
            name,
            vec![Value::Native("typing.NamedTuple")],
            Value::Native("type"),
            Namespace::default(),
        )?;
        let field = |(at, name): (usize, &'a str)| Field {
            default: at.checked_sub(without).and_then(|at| defaults.get(at).copied()),
            ..Field::new(name)
        };
        if let Value::Object(id) = class
            && let Kind::Class(entry) = self.kind_mut(id)
        {
            entry.fields = Some(names.into_iter().enumerate().map(field).collect());
        }
        Ok(Some(class))
    }

    /// What named tuples have beside their fields: `_fields`, `_asdict`, `_replace`, `_make`.
    pub(super) fn tuple_attribute(&mut self, value: Value<'a>, name: &'a str) -> Option<Value<'a>> {
        let class = if self.is_class(value) { value } else { self.class_of(value) };
        let fields = self.tuple_fields(class)?;
        let function = match name {
            "_fields" => {
                let names = fields.into_iter().map(Value::Str).collect();
                return Some(self.tuple(names));
            }
            "_asdict" => "collections.as_dict",
            "_replace" => "collections.replace",
            "_make" => "collections.make",
            _ => return None,
        };
        let receiver = if name == "_make" { class } else { value };
        Some(self.object(Kind::Partial {
            function: Value::Native(function),
            args: vec![receiver],
            keywords: Vec::new(),
        }))
    }
}

/// Whether an annotation is a name, perhaps of a module, perhaps with something in brackets.
fn is_named(annotation: &Expr<'_>, wanted: &str) -> bool {
    match annotation.kind {
        ExprKind::Name { id, .. } => id == wanted,
        ExprKind::Attribute { attr, .. } => attr == wanted,
        ExprKind::Subscript { value, .. } => is_named(value, wanted),
        _ => false,
    }
}
