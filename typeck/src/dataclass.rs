//! Dataclasses: fields and constructor of a class under `@dataclass`. (`static-python.md` 1.21, PEP 557)
//!
//! The decorator itself does its work when the class is made; here is what the checker has to know of it: which annotations are
//! fields, how `__init__` takes them, what the options forbid. The constructor becomes a function of the program that has a
//! signature and no body. A rule that the decorator would enforce by an exception is an error here, in its words.

use base::{Diagnostic, Span, suggest};
use parser::ast::{self, Arguments, Expr, ExprKind, FunctionDef, Keyword, Stmt, StmtKind};

use crate::annotation::Place;
use crate::facts::{Argument, Filling, Maker};
use crate::program::{
    Binding, Body, ClassId, ClassMember, Function, FunctionId, Member, ModuleId, Param, ParamKind, Program,
};
use crate::ty::{Type, TypeId};

/// The options of `@dataclass` that matter before the program runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    init: bool,
    eq: bool,
    order: bool,
    unsafe_hash: bool,
    /// Fields are set by the constructor alone.
    pub frozen: bool,
    kw_only: bool,
}

/// What a dataclass is made of.
#[derive(Clone, Debug)]
pub struct Dataclass<'a> {
    /// How it was asked for.
    pub options: Options,
    /// Its fields and those of its bases, in the order of the constructor's parameters.
    fields: Vec<DataField<'a>>,
}

/// One field, or a parameter of the constructor that is none.
#[derive(Clone, Copy, Debug)]
struct DataField<'a> {
    name: &'a str,
    ty: TypeId,
    /// The default, or the call that says how to make it.
    default: Option<&'a Expr<'a>>,
    /// What makes it where no argument gives it.
    factory: Option<&'a Expr<'a>>,
    in_init: bool,
    is_keyword: bool,
    span: Span,
}

/// What the annotation of a name in the body of a dataclass makes of it.
enum Kind<'a> {
    /// A field.
    Field,
    /// `ClassVar[...]`: no field.
    ClassVar,
    /// `InitVar[T]`: a parameter of the constructor, no field.
    InitVar(&'a Expr<'a>),
    /// `_: KW_ONLY`
    Marker,
}

/// What `field(...)` says.
#[derive(Clone, Copy, Default)]
struct Specification<'a> {
    default: Option<&'a Expr<'a>>,
    factory: Option<&'a Expr<'a>>,
    init: Option<bool>,
    kw_only: Option<bool>,
}

/// What `dataclass` takes.
const OPTIONS: &[&str] = &[
    "init",
    "repr",
    "eq",
    "order",
    "unsafe_hash",
    "frozen",
    "match_args",
    "kw_only",
    "slots",
    "weakref_slot",
];

/// What `field` takes.
const FIELD_OPTIONS: &[&str] =
    &["default", "default_factory", "init", "repr", "hash", "compare", "metadata", "kw_only", "doc"];

impl<'a> Program<'a> {
    /// The options, if a decorator is `dataclass` or a call of it.
    pub(crate) fn dataclass_options(&mut self, module: ModuleId, decorator: &'a Expr<'a>) -> Option<Options> {
        let (func, args, keywords): (_, &'a [Expr<'a>], &'a [Keyword<'a>]) = match decorator.kind {
            ExprKind::Call { func, args, keywords } => (func, args, keywords),
            _ => (decorator, &[], &[]),
        };
        if !self.is_of_dataclasses(module, func, "dataclass") {
            return None;
        }
        let mut options =
            Options { init: true, eq: true, order: false, unsafe_hash: false, frozen: false, kw_only: false };
        if let Some(arg) = args.first() {
            self.dataclass_error(module, arg.span, "dataclass() takes its options by keyword");
        }
        for keyword in keywords {
            let Some(value) = constant_bool(keyword.value) else {
                self.dataclass_error(module, keyword.span, "dataclass() arguments must be constant booleans");
                continue;
            };
            match keyword.arg {
                Some("init") => options.init = value,
                Some("eq") => options.eq = value,
                Some("order") => options.order = value,
                Some("unsafe_hash") => options.unsafe_hash = value,
                Some("frozen") => options.frozen = value,
                Some("kw_only") => options.kw_only = value,
                Some("slots") if !value => {
                    let message = "dataclass with slots=False is not supported: static classes have slots";
                    self.dataclass_error(module, keyword.span, message);
                }
                Some("repr" | "match_args" | "slots" | "weakref_slot") => {}
                _ => self.unknown_keyword(module, keyword, "dataclass", OPTIONS),
            }
        }
        if options.order && !options.eq {
            self.dataclass_error(module, decorator.span, "eq must be true if order is true");
        }
        Some(options)
    }

    /// Whether an expression is a name of the module `dataclasses`.
    fn is_of_dataclasses(&mut self, module: ModuleId, expr: &'a Expr<'a>, wanted: &str) -> bool {
        let found = self.chase_expr(module, expr);
        matches!(found, Some((_, Member::Imported { module: "dataclasses", name })) if name == wanted)
    }

    fn dataclass_error(&mut self, module: ModuleId, span: Span, message: &str) {
        self.report(module, Diagnostic::error("SP0107", span, message));
    }

    fn unknown_keyword(&mut self, module: ModuleId, keyword: &Keyword<'a>, callee: &str, known: &[&str]) {
        let name = keyword.arg.unwrap_or("**");
        let message = format!("{callee}() got an unexpected keyword argument '{name}'");
        let meant = suggest::likeliest(name, known.iter().copied());
        self.report(module, Diagnostic::error("SP0107", keyword.span, message).with_suggestion(meant));
    }

    /// The default of `field(default=...)`; nothing if the expression is no call of `field`.
    pub(crate) fn field_default(
        &mut self,
        module: ModuleId,
        value: &'a Expr<'a>,
    ) -> Option<Option<&'a Expr<'a>>> {
        self.specification(module, value).map(|specification| specification.default)
    }

    fn specification(&mut self, module: ModuleId, value: &'a Expr<'a>) -> Option<Specification<'a>> {
        let ExprKind::Call { func, args: [], keywords } = value.kind else { return None };
        if !self.is_of_dataclasses(module, func, "field") {
            return None;
        }
        let mut found = Specification::default();
        for keyword in *keywords {
            match keyword.arg {
                Some("default") => found.default = Some(keyword.value),
                Some("default_factory") => found.factory = Some(keyword.value),
                Some("init") => found.init = constant_bool(keyword.value),
                Some("kw_only") => found.kw_only = constant_bool(keyword.value),
                Some(name) if !FIELD_OPTIONS.contains(&name) => {
                    self.unknown_keyword(module, keyword, "field", FIELD_OPTIONS);
                }
                _ => {}
            }
        }
        Some(found)
    }

    /// Whether an annotation in the body of a dataclass declares no field; the type of what it does declare then.
    pub(crate) fn init_only(&mut self, class: ClassId, annotation: &'a Expr<'a>) -> bool {
        let module = self.classes[class].module;
        self.classes[class].options.is_some()
            && matches!(self.kind_of_annotation(module, annotation), Kind::InitVar(_) | Kind::Marker)
    }

    fn kind_of_annotation(&mut self, module: ModuleId, annotation: &'a Expr<'a>) -> Kind<'a> {
        if crate::bind::is_class_var(annotation) {
            return Kind::ClassVar;
        }
        match annotation.kind {
            ExprKind::Subscript { value, slice, .. } if self.is_of_dataclasses(module, value, "InitVar") => {
                Kind::InitVar(slice)
            }
            _ if self.is_of_dataclasses(module, annotation, "KW_ONLY") => Kind::Marker,
            _ => Kind::Field,
        }
    }

    /// Collects the fields of a dataclass and gives it its constructor.
    pub(crate) fn bind_dataclass(&mut self, class: ClassId) {
        let Some(options) = self.classes[class].options else { return };
        let mut fields = self.inherited_fields(class, options);
        for field in self.own_fields(class, options) {
            match fields.iter_mut().find(|known| known.name == field.name) {
                Some(known) => *known = field,
                None => fields.push(field),
            }
        }
        self.check_order(class, &fields);
        self.check_generated(class, options);
        if options.init && !self.classes[class].by_name.contains_key("__init__") {
            let init = self.generate_init(class, &fields);
            self.add_class_member(class, "__init__", ClassMember::Method(init));
        }
        self.classes[class].dataclass = Some(Dataclass { options, fields });
    }

    fn inherited_fields(&mut self, class: ClassId, options: Options) -> Vec<DataField<'a>> {
        let mut fields: Vec<DataField<'a>> = Vec::new();
        let bases: Vec<_> = self.classes[class].mro[1..].iter().rev().copied().collect();
        for base in bases {
            let Some(data) = self.classes[base].dataclass.clone() else { continue };
            let problem = match (data.options.frozen, options.frozen) {
                (true, false) => Some("cannot inherit non-frozen dataclass from a frozen one"),
                (false, true) => Some("cannot inherit frozen dataclass from a non-frozen one"),
                _ => None,
            };
            if let Some(problem) = problem {
                let (module, span) = (self.classes[class].module, self.classes[class].span);
                self.dataclass_error(module, span, problem);
            }
            for field in data.fields {
                match fields.iter_mut().find(|known| known.name == field.name) {
                    Some(known) => *known = field,
                    None => fields.push(field),
                }
            }
        }
        fields
    }

    fn own_fields(&mut self, class: ClassId, options: Options) -> Vec<DataField<'a>> {
        let (module, def) = (self.classes[class].module, self.classes[class].def);
        let mut is_keyword = options.kw_only;
        let mut fields = Vec::new();
        for stmt in def.body {
            let StmtKind::AnnAssign { target, annotation, value, simple: true } = stmt.kind else { continue };
            let Some(name) = target.as_name() else { continue };
            let name = self.private_name(class, name);
            let specification = value.and_then(|value| self.specification(module, value));
            let kind = self.kind_of_annotation(module, annotation);
            self.check_specification(class, name, &kind, value, specification, stmt);
            let ty = match kind {
                Kind::Marker => {
                    is_keyword = true;
                    continue;
                }
                Kind::ClassVar => continue,
                Kind::InitVar(slice) => {
                    let params = self.classes[class].type_params;
                    let place = Place { params, class: Some(class), ..Place::plain(module) };
                    self.resolve_annotation(place, slice)
                }
                Kind::Field => match self.classes[class].by_name.get(name) {
                    Some(&at) => match &self.classes[class].members[at].1 {
                        ClassMember::Field(field) => field.ty,
                        ClassMember::Variable { ty, .. } => *ty,
                        _ => self.types.dynamic,
                    },
                    None => self.types.dynamic,
                },
            };
            let default = match specification {
                Some(specification) => specification.default.or(specification.factory.and(value)),
                None => value,
            };
            fields.push(DataField {
                name,
                ty,
                default,
                factory: specification.and_then(|found| found.factory),
                in_init: specification.and_then(|found| found.init).unwrap_or(true),
                is_keyword: specification.and_then(|found| found.kw_only).unwrap_or(is_keyword),
                span: target.span,
            });
        }
        fields
    }

    /// What `field(...)` may not say, and what may not be a default.
    fn check_specification(
        &mut self,
        class: ClassId,
        name: &str,
        kind: &Kind<'a>,
        value: Option<&'a Expr<'a>>,
        specification: Option<Specification<'a>>,
        stmt: &Stmt<'a>,
    ) {
        let module = self.classes[class].module;
        let found = specification.unwrap_or_default();
        let default = specification.map_or(value, |_| found.default);
        let mutable = default.and_then(|default| match default.kind {
            ExprKind::List { .. } | ExprKind::ListComp { .. } => Some("list"),
            ExprKind::Dict { .. } | ExprKind::DictComp { .. } => Some("dict"),
            ExprKind::Set { .. } | ExprKind::SetComp { .. } => Some("set"),
            _ => None,
        });
        let is_field = matches!(kind, Kind::Field | Kind::InitVar(_));
        let message = match (found.default, found.factory, mutable) {
            (Some(_), Some(_), _) => "cannot specify both default and default_factory".to_owned(),
            (_, Some(_), _) if !matches!(kind, Kind::Field) => {
                format!("field {name} cannot have a default factory")
            }
            (_, _, Some(mutable)) if is_field => format!(
                "mutable default <class '{mutable}'> for field {name} is not allowed: use default_factory"
            ),
            _ if found.kw_only.is_some() && matches!(kind, Kind::ClassVar) => {
                format!("field {name} is a ClassVar but specifies kw_only")
            }
            _ => return,
        };
        self.dataclass_error(module, value.map_or(stmt.span, |value| value.span), &message);
    }

    /// Parameters without default come first.
    fn check_order(&mut self, class: ClassId, fields: &[DataField<'a>]) {
        let mut with_default: Option<&str> = None;
        for field in fields.iter().filter(|field| field.in_init && !field.is_keyword) {
            match (with_default, field.default) {
                (_, Some(_)) => with_default = Some(field.name),
                (Some(earlier), None) => {
                    let module = self.classes[class].module;
                    let is_own = self.classes[class].by_name.contains_key(field.name);
                    let span = if is_own { field.span } else { self.classes[class].span };
                    let message =
                        format!("non-default argument '{}' follows default argument '{earlier}'", field.name);
                    return self.dataclass_error(module, span, &message);
                }
                (None, None) => {}
            }
        }
    }

    /// Methods that the decorator makes, and will not replace.
    fn check_generated(&mut self, class: ClassId, options: Options) {
        let order: &[&str] = if options.order { &["__lt__", "__le__", "__gt__", "__ge__"] } else { &[] };
        let frozen: &[&str] = if options.frozen { &["__setattr__", "__delattr__"] } else { &[] };
        let hash: &[&str] = if options.unsafe_hash { &["__hash__"] } else { &[] };
        for &name in [order, frozen, hash].into_iter().flatten() {
            let Some(&at) = self.classes[class].by_name.get(name) else { continue };
            let span = match &self.classes[class].members[at].1 {
                ClassMember::Method(function) => self.functions[*function].def.name_span,
                _ => self.classes[class].span,
            };
            let message = format!("Cannot overwrite attribute {name} in class {}", self.classes[class].name);
            let module = self.classes[class].module;
            self.dataclass_error(module, span, &message);
        }
    }

    /// The constructor, as far as callers see it.
    fn generate_init(&mut self, class: ClassId, fields: &[DataField<'a>]) -> FunctionId {
        let entry = &self.classes[class];
        let (module, node, span) = (entry.module, entry.node, entry.span);
        let qualname = format!("{}.__init__", entry.qualname);
        let receiver = self.types.instance(class);
        let param = |name, ty, kind, default, span| Param {
            name,
            ty,
            kind,
            item: None,
            default,
            span,
            is_erased: false,
        };
        let mut params = vec![param("self", receiver, ParamKind::Ordinary, None, span)];
        for is_keyword in [false, true] {
            let kind = if is_keyword { ParamKind::KeywordOnly } else { ParamKind::Ordinary };
            let taken = fields.iter().filter(|field| field.in_init && field.is_keyword == is_keyword);
            params.extend(taken.map(|field| param(field.name, field.ty, kind, field.default, field.span)));
        }
        let args = &*self.arena.alloc(Arguments {
            posonlyargs: &[],
            args: &[],
            vararg: None,
            kwonlyargs: &[],
            kw_defaults: &[],
            kwarg: None,
            defaults: &[],
        });
        let def = &*self.arena.alloc(FunctionDef {
            name: "__init__",
            name_span: span,
            args,
            body: &[],
            decorator_list: &[],
            returns: None,
            type_params: &[],
        });
        let ret = self.types.none;
        self.functions.push(Function {
            name: "__init__",
            qualname,
            module,
            class: Some(class),
            def,
            node,
            params,
            ret,
            guard: None,
            binding: Binding::Instance,
            is_final: false,
            is_abstract: false,
            is_nested: false,
            is_async: false,
            is_generator: false,
            is_dynamic: false,
            body: Body::Untyped,
            cache: None,
            type_vars: &[],
            returns_self: false,
            is_generated: true,
            is_bound: true,
        })
    }

    /// What the constructor of a dataclass does besides storing these arguments and constant defaults, if nothing of it needs a call of the
    /// constructor.
    pub(crate) fn filling(
        &mut self,
        class: ClassId,
        init: FunctionId,
        arguments: &[Argument],
    ) -> Option<Filling> {
        let owner = self.functions[init].class?;
        let fields = self.classes[owner].dataclass.as_ref()?.fields.clone();
        if !self.classes[class].is_static || self.has_hook(class, "__setattr__") {
            return None;
        }
        let params = self.functions[init].params[1..].to_vec();
        let mut filling = Filling { made: Vec::new(), after: self.after_filling(class, owner)? };
        for field in fields {
            if !matches!(self.class_member(class, field.name), Some((_, ClassMember::Field(_)))) {
                return None;
            }
            let at = params.iter().position(|param| field.in_init && param.name == field.name);
            match (at.map(|at| &arguments[at]), field.default, field.factory) {
                (Some(Argument::Default) | None, _, Some(factory)) => {
                    filling.made.push((field.name.to_owned(), self.maker(owner, field.ty, factory)?));
                }
                (Some(Argument::Default), Some(default), None) => {
                    self.is_constant_default(init, default).then_some(())?;
                }
                // A default of the class is there from the start.
                _ => {}
            }
        }
        Some(filling)
    }

    /// What a factory that is a builtin class makes of a field of that class.
    fn maker(&mut self, owner: ClassId, ty: TypeId, factory: &'a Expr<'a>) -> Option<Maker> {
        let module = self.classes[owner].module;
        let found = factory.as_name().filter(|name| !self.is_bound_in(owner, name))?;
        let (_, Member::Class(found)) = self.chase_name(module, found)? else { return None };
        let known = &self.known;
        let makers = [(known.list, Maker::List), (known.dict, Maker::Dict), (known.set, Maker::Set)];
        let is_it = matches!(self.types.get(ty), Type::Instance { class, .. } if *class == found);
        makers.into_iter().find(|(class, _)| *class == found && is_it).map(|(_, maker)| maker)
    }

    /// Whether the body of a class binds a name.
    fn is_bound_in(&self, class: ClassId, name: &str) -> bool {
        let entry = &self.classes[class];
        let scopes = &self.modules[entry.module].scopes;
        scopes.table[scopes.body(entry.node)].symbol(name).is_some_and(|symbol| symbol.usage.is_bound)
    }

    /// The method that the constructor of `owner` calls in the end on instances of `class`: nothing if it is called in another way than with
    /// the instance alone, and by its type.
    fn after_filling(&mut self, class: ClassId, owner: ClassId) -> Option<Option<FunctionId>> {
        if self.class_member(owner, "__post_init__").is_none() {
            return Some(None);
        }
        let Some((definer, ClassMember::Method(after))) = self.class_member(class, "__post_init__") else {
            return None;
        };
        let (definer, after) = (definer, *after);
        let method = &self.functions[after];
        let is_typed = method.is_plain() && method.binding == Binding::Instance && method.body == Body::Typed;
        let is_alone = method.params.len() == 1 && self.types.as_primitive(method.ret).is_none();
        (is_typed && is_alone && self.classes[definer].is_static).then_some(Some(after))
    }

    /// The field that a part of a class pattern means by its place. (PEP 634)
    pub(crate) fn match_name(&self, class: ClassId, at: usize) -> Option<&'a str> {
        let has_own = |owner: &ClassId| self.classes[*owner].by_name.contains_key("__match_args__");
        let mro = &self.classes[class].mro;
        let owner = *mro.iter().find(|owner| has_own(owner) || self.classes[**owner].dataclass.is_some())?;
        let data = self.classes[owner].dataclass.as_ref().filter(|_| !has_own(&owner))?;
        let fields = data.fields.iter().filter(|field| field.in_init && !field.is_keyword);
        fields.map(|field| field.name).nth(at)
    }

    /// Whether an attribute of instances is a field of a frozen dataclass.
    pub(crate) fn is_frozen(&self, class: ClassId, name: &str) -> bool {
        let data = self.classes[class].mro.iter().find_map(|&owner| self.classes[owner].dataclass.as_ref());
        data.is_some_and(|data| data.options.frozen && data.fields.iter().any(|field| field.name == name))
    }
}

fn constant_bool(expr: &Expr<'_>) -> Option<bool> {
    match expr.kind {
        ExprKind::Constant { value: ast::Constant::Bool(value), .. } => Some(value),
        _ => None,
    }
}
