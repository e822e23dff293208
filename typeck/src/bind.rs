//! Binding: bases, fields, signatures and module variables get their types.
//!
//! Runs once all declarations of the module are in place; what it needs of other modules is declared on demand.
//! (`static-python.md` 1.17 for fields, 1.19 for overrides)

use base::{Diagnostic, Span};
use parser::ast::{self, Arg, Expr, ExprKind, Keyword, Stmt, StmtKind};

use crate::annotation::{Place, Role};
use crate::declare::{is_bare_final, is_final_annotation};
use crate::program::{
    Binding, Body, ClassId, ClassKind, ClassMember, Field, FunctionId, Member, ModuleId, ModuleKind, Param,
    ParamKind, Program,
};
use crate::ty::{Assignable, Literal, Primitive, Ty, Type, TypeId};

impl<'a> Program<'a> {
    /// Binds everything that a module declares.
    pub(crate) fn bind_module(&mut self, module: ModuleId) {
        let classes: Vec<ClassId> =
            self.classes.iter().filter(|(_, c)| c.module == module).map(|(id, _)| id).collect();
        for &class in &classes {
            self.bind_bases(class);
        }
        for &class in &classes {
            self.linearize(class);
        }
        let functions: Vec<FunctionId> =
            self.functions.iter().filter(|(_, f)| f.module == module).map(|(id, _)| id).collect();
        for &function in &functions {
            self.bind_function(function);
        }
        self.bind_alternatives(module);
        for &class in &classes {
            self.bind_fields(class);
        }
        self.bind_variables(module);
        if self.modules[module].kind == ModuleKind::Static {
            for &class in &classes {
                self.lay_out(class);
                self.check_overrides(class);
            }
        }
    }

    // --- Classes ---

    fn bind_bases(&mut self, class: ClassId) {
        let (module, def) = (self.classes[class].module, self.classes[class].def);
        let (mut bases, mut base_args) = (Vec::new(), Vec::new());
        let mut has_virtual = self.has_abstract_metaclass(class);
        let mut is_dynamic = !def.keywords.is_empty() && !has_virtual;
        self.bind_enumeration(class);
        for base in def.bases {
            let (expr, args) = match base.kind {
                ExprKind::Subscript { value, slice, .. } => (value, Some(slice)),
                _ => (base, None),
            };
            match self.chase_expr(module, expr) {
                Some((_, Member::Imported { module: "typing", name }))
                    if ClassKind::of_base(name).is_some() || (name == "Generic" && args.is_some()) =>
                {
                    if let Some(args) = args {
                        self.classes[class].type_params = self.arena.alloc_slice_copy(&type_names(args));
                    }
                    let Some(kind) = ClassKind::of_base(name) else { continue };
                    is_dynamic = true;
                    self.classes[class].kind = kind;
                    let base = match kind {
                        ClassKind::TypedDict => self.known.dict,
                        ClassKind::NamedTuple => self.known.tuple,
                        ClassKind::Protocol | ClassKind::Nominal => continue,
                    };
                    bases.push(base);
                    base_args.push(None);
                }
                // It has neither fields nor methods; what it makes of the class is its metaclass.
                Some((_, Member::Imported { module: "abc", name: "ABC" })) => has_virtual = true,
                Some((_, Member::Class(found))) if found != class => {
                    if self.classes[found].kind == ClassKind::TypedDict {
                        self.classes[class].kind = ClassKind::TypedDict;
                    }
                    if self.classes[found].is_final {
                        let message = format!("cannot subclass final class '{}'", self.classes[found].name);
                        let (there, span) = (self.classes[found].module, self.classes[found].span);
                        let diagnostic = Diagnostic::error("SP0102", base.span, message);
                        let diagnostic = self.label(diagnostic, module, there, span, "declared final here");
                        self.report(module, diagnostic);
                    }
                    bases.push(found);
                    base_args.push(args);
                }
                found => {
                    if let Some((_, Member::Imported { module: "__static__", name })) = found
                        && Primitive::from_name(name).is_some()
                    {
                        let message = format!("Primitive type {name} cannot be subclassed");
                        self.report(module, Diagnostic::error("SP0102", base.span, message));
                    }
                    is_dynamic = true;
                    break;
                }
            }
        }
        let (mut is_final, mut options) = (false, None);
        for decorator in def.decorator_list {
            match decorator.as_name() {
                Some("final") => is_final = true,
                _ if self.keeps_layout(module, decorator) => {}
                _ => match self.dataclass_options(module, decorator) {
                    Some(found) => options = Some(found),
                    None => is_dynamic = true,
                },
            }
        }
        let object = self.known.object;
        let entry = &mut self.classes[class];
        entry.is_final = is_final;
        entry.options = options;
        entry.is_dynamic |= is_dynamic;
        entry.has_virtual = has_virtual;
        if bases.is_empty() && class != object {
            bases.push(object);
            base_args.push(None);
        }
        (entry.bases, entry.base_args) = (bases, base_args);
    }

    /// Whether a class says `metaclass=ABCMeta`, and nothing else but bases.
    fn has_abstract_metaclass(&mut self, class: ClassId) -> bool {
        let (module, def) = (self.classes[class].module, self.classes[class].def);
        let [Keyword { arg: Some("metaclass"), value, .. }] = def.keywords else { return false };
        matches!(
            self.chase_expr(module, value),
            Some((_, Member::Imported { module: "abc", name: "ABCMeta" }))
        )
    }

    /// Whether a decorator of a class changes nothing about it here.
    fn keeps_layout(&mut self, module: ModuleId, decorator: &'a Expr<'a>) -> bool {
        if self.returns_its_class(module, decorator) {
            return true;
        }
        let Some((_, Member::Imported { module, name })) = self.chase_expr(module, decorator) else {
            return false;
        };
        match module {
            // Weak references are always possible.
            "__static__" => name == "allow_weakrefs",
            "__strict__" | "strict_modules" => {
                matches!(name, "mutable" | "strict_slots" | "loose_slots" | "freeze_type")
            }
            _ => false,
        }
    }

    /// Method resolution order: depth first for single inheritance, C3 in general.
    fn linearize(&mut self, class: ClassId) {
        let mut seen = Vec::new();
        let order = self.merge_order(class, &mut seen);
        self.classes[class].mro = order.unwrap_or_else(|| vec![class]);
    }

    fn merge_order(&self, class: ClassId, seen: &mut Vec<ClassId>) -> Option<Vec<ClassId>> {
        if seen.contains(&class) {
            return None;
        }
        seen.push(class);
        let mut sequences: Vec<Vec<ClassId>> = Vec::new();
        for &base in &self.classes[class].bases {
            sequences.push(self.merge_order(base, seen)?);
        }
        seen.pop();
        sequences.push(self.classes[class].bases.clone());
        let mut order = vec![class];
        loop {
            sequences.retain(|sequence| !sequence.is_empty());
            if sequences.is_empty() {
                return Some(order);
            }
            let in_tail = |candidate: ClassId| sequences.iter().any(|rest| rest[1..].contains(&candidate));
            let next = sequences.iter().map(|sequence| sequence[0]).find(|&candidate| !in_tail(candidate))?;
            order.push(next);
            for sequence in &mut sequences {
                sequence.retain(|&entry| entry != next);
            }
        }
    }

    fn lay_out(&mut self, class: ClassId) {
        self.classes[class].is_static = self.has_fixed_layout(class);
        self.check_layouts(class);
    }

    /// Whether instances can have a fixed layout: every base must have one too.
    fn has_fixed_layout(&self, class: ClassId) -> bool {
        self.classes[class].mro.iter().all(|&base| {
            let entry = &self.classes[base];
            let is_root = base == self.known.object;
            is_root || (!entry.is_dynamic && self.modules[entry.module].kind == ModuleKind::Static)
        })
    }

    /// Of several bases, one has the layout: two that add fields of their own cannot both have them where typed code finds them.
    /// (decision 20)
    fn check_layouts(&mut self, class: ClassId) {
        let bases = self.classes[class].bases.clone();
        let layouts: Vec<_> = bases.iter().filter_map(|&base| self.layout_of(base)).collect();
        for (at, &(first, _)) in layouts.iter().enumerate() {
            for &(second, name) in &layouts[at + 1..] {
                if self.is_subclass(first, second) || self.is_subclass(second, first) {
                    continue;
                }
                let mine = self.layout_of(first).map_or("", |(_, name)| name);
                let (a, b) = (self.classes[first].name, self.classes[second].name);
                let message = format!(
                    "multiple bases have instance lay-out conflict: '{a}' has '{mine}', '{b}' has '{name}'"
                );
                let (module, span) = (self.classes[class].module, self.classes[class].span);
                self.report(module, Diagnostic::error("SP0108", span, message));
                return;
            }
        }
    }

    /// The static class that decides the layout of a class, with a field that has a place of its own there.
    fn layout_of(&self, class: ClassId) -> Option<(ClassId, &'a str)> {
        let mro = &self.classes[class].mro;
        mro.iter().enumerate().filter(|(_, base)| self.classes[**base].is_static).find_map(|(at, &base)| {
            let is_new = |name: &str| {
                let mut rest = mro[at + 1..].iter().filter(|&&base| self.classes[base].is_static);
                !rest.any(|&base| self.classes[base].by_name.contains_key(name))
            };
            let mut members = self.classes[base].members.iter();
            let placed =
                members.find(|(name, member)| matches!(member, ClassMember::Field(_)) && is_new(name));
            placed.map(|(name, _)| (base, *name))
        })
    }

    // --- Fields ---

    fn bind_fields(&mut self, class: ClassId) {
        let (module, def) = (self.classes[class].module, self.classes[class].def);
        let params = self.classes[class].type_params;
        for stmt in def.body {
            if let StmtKind::AnnAssign { target, annotation, value, simple: true } = stmt.kind
                && let Some(name) = target.as_name()
            {
                let place =
                    Place { params, class: Some(class), role: Role::ClassAttribute, ..Place::plain(module) };
                let name = self.private_name(class, name);
                self.bind_class_annotation(class, place, name, annotation, value, target.span);
            }
        }
        if let Some(&at) = self.classes[class].by_name.get("__init__")
            && let ClassMember::Method(init) = self.classes[class].members[at].1
            && !self.functions[init].is_async
        {
            self.bind_init_fields(class, init);
        }
        if self.is_dynamic_class(class) {
            // The decorator makes of such a class what it likes.
            self.classes[class].options = None;
        }
        self.bind_caches(class);
        self.bind_dataclass(class);
        if self.classes[class].dataclass.is_none() {
            self.check_finals(class);
        }
    }

    /// A cached property keeps its value in a field that nobody else can name.
    fn bind_caches(&mut self, class: ClassId) {
        let module = self.classes[class].module;
        let methods =
            self.classes[class].members.clone().into_iter().filter_map(|(name, member)| match member {
                ClassMember::Method(method) => Some((name, method, self.functions[method].cache?)),
                _ => None,
            });
        for (name, method, prefix) in methods.collect::<Vec<_>>() {
            let def = self.functions[method].def;
            let is_known = def.decorator_list.iter().any(|decorator| {
                let found = self.chase_expr(module, decorator);
                matches!(
                    found,
                    Some((_, Member::Imported { module: "cinderx" | "cinder" | "functools", .. }))
                )
            });
            if !is_known {
                // Whatever keeps the value wants a dictionary.
                self.functions[method].is_dynamic = true;
                continue;
            }
            if prefix == base::KEPT_PROPERTY {
                self.bind_kept(class, name, method);
                continue;
            }
            if let Some(accessor) = self.classes[class].accessors.iter().find(|known| known.name == name) {
                let span = self.functions[accessor.function].def.name_span;
                let message = format!("cached property '{name}' has neither setter nor deleter");
                self.report(module, Diagnostic::error("SP0103", span, message));
            }
            let hidden = &*self.arena.alloc_str(&format!("{prefix}{name}"));
            let (ty, span) = (self.types.dynamic, def.name_span);
            let field = Field { name: hidden, ty, class, has_default: false, is_final: false, span };
            self.add_class_member(class, hidden, ClassMember::Field(field));
        }
    }

    /// A cached property of `functools` can be set and deleted, so that its field has the type of what the getter gives.
    fn bind_kept(&mut self, class: ClassId, name: &'a str, method: FunctionId) {
        let entry = &self.functions[method];
        if entry.is_dynamic || !self.has_fixed_layout(class) {
            return;
        }
        let (is_plain, ret, span) = (!entry.is_async && !entry.is_generator, entry.ret, entry.def.name_span);
        let hidden = &*self.arena.alloc_str(&format!("{}{name}", base::KEPT_PROPERTY));
        // There is one place for the value, however subclasses narrow it: it is tested when it is read, too.
        let ty = match self.class_member(class, hidden) {
            Some((_, ClassMember::Field(inherited))) => inherited.ty,
            _ if is_plain && self.types.as_primitive(ret).is_none() => ret,
            _ => self.types.dynamic,
        };
        let field = Field { name: hidden, ty, class, has_default: false, is_final: false, span };
        self.add_class_member(class, hidden, ClassMember::Field(field));
    }

    /// A `Final` field gets its value in `__init__`.
    fn check_finals(&mut self, class: ClassId) {
        let mut stored = Vec::new();
        if let Some(&at) = self.classes[class].by_name.get("__init__")
            && let ClassMember::Method(init) = self.classes[class].members[at].1
            && let args = &self.functions[init].def.args
            && let Some(receiver) = args.posonlyargs.iter().chain(args.args).next()
        {
            let mut found = Vec::new();
            collect_stores(self.functions[init].def.body, receiver.arg, &mut found);
            stored.extend(found.into_iter().filter(|store| store.2.is_some()).map(|store| store.0));
        }
        let stored: Vec<_> = stored.into_iter().map(|name| self.private_name(class, name)).collect();
        let missing = self.classes[class].members.iter().filter_map(|(name, member)| match member {
            ClassMember::Field(field) if field.is_final && !stored.contains(name) => {
                Some((*name, field.span))
            }
            _ => None,
        });
        for (name, span) in missing.collect::<Vec<_>>() {
            let message = format!("Final attribute not initialized: {}:{name}", self.classes[class].name);
            self.report(self.classes[class].module, Diagnostic::error("SP0104", span, message));
        }
    }

    fn bind_class_annotation(
        &mut self,
        class: ClassId,
        place: Place<'_, 'a>,
        name: &'a str,
        annotation: &'a Expr<'a>,
        value: Option<&'a Expr<'a>>,
        span: Span,
    ) {
        if self.init_only(class, annotation) {
            return;
        }
        let is_final = is_final_annotation(annotation);
        let ty = if is_bare_final(annotation) {
            value.map_or(self.types.dynamic, |value| self.evident_type(place.module, value))
        } else {
            self.resolve_annotation(place, annotation)
        };
        if is_class_var(annotation) || (is_final && value.is_some()) {
            self.check_free(class, name, span, true);
            self.add_class_member(class, name, ClassMember::Variable { ty, is_final, span });
            return;
        }
        let field = Field { name, ty, class, has_default: value.is_some(), is_final, span };
        self.add_field(class, field, true);
    }

    fn add_field(&mut self, class: ClassId, field: Field<'a>, is_of_body: bool) {
        let module = self.classes[class].module;
        if let Some(&at) = self.classes[class].by_name.get(field.name) {
            match &self.classes[class].members[at].1 {
                ClassMember::Method(_) | ClassMember::Dynamic | ClassMember::Variable { .. } => {
                    self.check_free(class, field.name, field.span, is_of_body);
                    return;
                }
                ClassMember::Field(known) if known.ty != self.types.dynamic && field.ty != known.ty => {
                    if field.ty != self.types.dynamic {
                        let message = format!("cannot redeclare typed field '{}'", field.name);
                        let diagnostic = Diagnostic::error("SP0103", field.span, message)
                            .with_label(known.span, "first declared here");
                        self.report(module, diagnostic);
                    }
                    return;
                }
                _ => {}
            }
        }
        self.add_class_member(class, field.name, ClassMember::Field(field));
    }

    /// A name that the class body uses for something else already is an error.
    fn check_free(&mut self, class: ClassId, name: &str, span: Span, is_of_body: bool) {
        let Some(&at) = self.classes[class].by_name.get(name) else { return };
        // Of a field and a method of the body the second is to blame.
        let is_behind = match &self.classes[class].members[at].1 {
            ClassMember::Method(function) if is_of_body => {
                self.functions[*function].def.name_span.start > span.start
            }
            _ => false,
        };
        let what = if is_behind { "function" } else { "slot" };
        let message = format!("{what} conflicts with other member '{name}'");
        let mut diagnostic = Diagnostic::error("SP0103", span, message);
        match &self.classes[class].members[at].1 {
            ClassMember::Method(function) => {
                diagnostic = diagnostic.with_label(self.functions[*function].def.name_span, "defined here");
            }
            ClassMember::Variable { span, .. } => diagnostic = diagnostic.with_label(*span, "defined here"),
            _ => {}
        }
        self.report(self.classes[class].module, diagnostic);
    }

    /// Fields that `__init__` introduces, and whether it certainly sets them.
    fn bind_init_fields(&mut self, class: ClassId, init: FunctionId) {
        let def = self.functions[init].def;
        let Some(receiver) = def.args.posonlyargs.iter().chain(def.args.args).next() else { return };
        let mut found = Vec::new();
        collect_stores(def.body, receiver.arg, &mut found);
        let module = self.classes[class].module;
        let params = self.classes[class].type_params;
        for (name, annotation, value, span) in found {
            let name = self.private_name(class, name);
            let known = self.class_member(class, name);
            if known.is_some() && annotation.is_none() {
                continue;
            }
            let ty = match annotation {
                Some(annotation) if is_bare_final(annotation) => match value {
                    Some(value) if value.as_name().is_none() => self.evident_type(module, value),
                    _ => self.parameter_type(init, value),
                },
                Some(annotation) => {
                    let place =
                        Place { params, class: Some(class), role: Role::Constant, ..Place::plain(module) };
                    self.resolve_annotation(place, annotation)
                }
                None => self.parameter_type(init, value),
            };
            let is_final = annotation.is_some_and(is_final_annotation);
            let field = Field { name, ty, class, has_default: false, is_final, span };
            self.add_field(class, field, false);
        }
    }

    /// `self.x = x` gives the field the declared type of the parameter.
    fn parameter_type(&self, init: FunctionId, value: Option<&'a Expr<'a>>) -> TypeId {
        let name = value.and_then(|value| value.as_name());
        let param = self.functions[init].params.iter().find(|param| Some(param.name) == name);
        param.map_or(self.types.dynamic, |param| param.ty)
    }

    // --- Functions ---

    /// Resolves a function's signature.
    pub(crate) fn bind_function(&mut self, function: FunctionId) {
        if self.functions[function].is_bound {
            return;
        }
        let entry = &mut self.functions[function];
        entry.is_bound = true;
        let (module, class, def, binding) = (entry.module, entry.class, entry.def, entry.binding);
        let place = self.enter_type_params(function);
        let args = def.args;
        let mut params = Vec::new();
        let positional: Vec<&'a Arg<'a>> = args.posonlyargs.iter().chain(args.args).collect();
        let first_default = positional.len() - args.defaults.len();
        for (at, arg) in positional.iter().enumerate() {
            let kind =
                if at < args.posonlyargs.len() { ParamKind::PositionalOnly } else { ParamKind::Ordinary };
            let default = at.checked_sub(first_default).map(|at| &args.defaults[at]);
            let ty = match (arg.annotation, at, class) {
                (None, 0, Some(class)) => self.receiver_type(class, binding),
                _ => self.param_type(place, arg),
            };
            params.push(Param {
                name: arg.arg,
                ty,
                kind,
                item: None,
                is_erased: false,
                default,
                span: arg.span,
            });
        }
        for (arg, default) in args.kwonlyargs.iter().zip(args.kw_defaults) {
            let ty = self.param_type(place, arg);
            params.push(Param {
                name: arg.arg,
                ty,
                kind: ParamKind::KeywordOnly,
                item: None,
                is_erased: false,
                default: *default,
                span: arg.span,
            });
        }
        for (arg, kind, known) in [
            (args.vararg, ParamKind::Star, self.known.tuple),
            (args.kwarg, ParamKind::DoubleStar, self.known.dict),
        ] {
            if let Some(arg) = arg {
                let ty = self.types.exact_instance(known);
                let item = self.param_type(place, arg);
                params.push(Param {
                    name: arg.arg,
                    ty,
                    kind,
                    item: Some(item),
                    is_erased: false,
                    default: None,
                    span: arg.span,
                });
            }
        }
        for param in &params {
            self.check_default(module, param);
        }
        let guard = def.returns.and_then(|returns| self.resolve_guard(place, returns));
        let ret = match def.returns {
            Some(_) if guard.is_some() => self.types.instance(self.known.bool),
            Some(returns) => self.resolve_annotation(place, returns),
            None => self.types.dynamic,
        };
        let ret = match self.functions[function].body {
            Body::DynamicReturn => self.types.dynamic,
            _ => self.generator_type(function, ret),
        };
        self.check_inline(function);
        let returns_self = def.returns.is_some_and(|returns| self.is_self(module, returns));
        self.functions[function].returns_self = returns_self && class.is_some();
        self.functions[function].guard = guard;
        self.functions[function].params = params;
        self.functions[function].ret = ret;
        if self.functions[function].body == Body::Native {
            self.bind_native(function);
        }
        self.bind_context_decorators(function);
    }

    /// What is put in the place of its calls is an expression.
    fn check_inline(&mut self, function: FunctionId) {
        let entry = &self.functions[function];
        let is_return =
            matches!(entry.def.body, [Stmt { kind: StmtKind::Return { value: Some(_) }, .. }, ..]);
        if entry.body == Body::Inline && !is_return {
            let (module, span) = (entry.module, entry.def.name_span);
            let message = "@inline only supported on functions with simple return";
            self.report(module, Diagnostic::error("SP0112", span, message));
        }
    }

    /// What a call of a generator function gives: what it is declared to, if that can be a generator.
    fn generator_type(&self, function: FunctionId, ret: TypeId) -> TypeId {
        let entry = &self.functions[function];
        match self.types.get(ret) {
            _ if !entry.is_generator => ret,
            Type::Iteration { kind, .. } if kind.is_async() == entry.is_async => ret,
            _ => self.types.dynamic,
        }
    }

    fn is_self(&mut self, module: ModuleId, expr: &'a Expr<'a>) -> bool {
        matches!(
            self.chase_expr(module, expr),
            Some((_, Member::Imported { module: "typing", name: "Self" }))
        )
    }

    /// The literal type of a constant: of a number or truth value always, of a string where the type that is asked for tells strings apart.
    pub(crate) fn wanted_literal(&mut self, value: &ast::Constant<'_>, want: TypeId) -> Option<TypeId> {
        let literal = Literal::of_constant(value)?;
        let is_wanted = literal.is_number() || self.types.has_literals(want);
        is_wanted.then(|| self.types.intern(Type::Literal(literal)))
    }

    /// A constant default fits its parameter.
    fn check_default(&mut self, module: ModuleId, param: &Param<'a>) {
        let Some(default) = param.default else { return };
        let ExprKind::Constant { value, .. } = default.kind else { return };
        let source = match value {
            ast::Constant::None => self.types.none,
            _ => match self.wanted_literal(&value, param.ty) {
                Some(literal) => literal,
                None => self.constant_type(&value),
            },
        };
        if self.types.as_primitive(param.ty).is_some() || source == self.types.dynamic {
            return;
        }
        if self.assignable(Ty::sure(source), param.ty) == Assignable::No {
            let (from, to) = (self.show(source), self.show(param.ty));
            let message = format!("type mismatch: {from} cannot be assigned to {to}");
            self.report(module, Diagnostic::error("SP0131", default.span, message));
        }
    }

    fn receiver_type(&mut self, class: ClassId, binding: Binding) -> TypeId {
        match binding {
            Binding::Instance | Binding::Property => {
                let args = self.own_params(class).into();
                self.types.intern(Type::Instance { class, args, exact: false })
            }
            Binding::Class => self.types.instance(self.known.type_),
            Binding::Static | Binding::None => self.types.dynamic,
        }
    }

    fn param_type(&mut self, place: Place<'_, 'a>, arg: &'a Arg<'a>) -> TypeId {
        arg.annotation.map_or(self.types.dynamic, |annotation| self.resolve_annotation(place, annotation))
    }

    // --- Variables ---

    fn bind_variables(&mut self, module: ModuleId) {
        let mut names: Vec<&'a str> = self.modules[module].members.keys().copied().collect();
        names.sort_unstable();
        for name in names {
            let Some(Member::Variable { annotation: Some(annotation), is_final, value, .. }) =
                self.modules[module].members.get(name).cloned()
            else {
                continue;
            };
            let is_bare = is_bare_final(annotation);
            if is_final && value.is_none() {
                let diagnostic = Diagnostic::error(
                    "SP0104",
                    annotation.span,
                    "Must assign a value when declaring a Final",
                );
                self.report(module, diagnostic);
            }
            let ty = if is_bare {
                value.map_or(self.types.dynamic, |value| self.evident_type(module, value))
            } else {
                self.resolve_annotation(Place { role: Role::Constant, ..Place::plain(module) }, annotation)
            };
            if let Some(Member::Variable { ty: slot, .. }) = self.modules[module].members.get_mut(name) {
                *slot = Some(ty);
            }
        }
    }
}

/// The names in `Generic[K, V]`.
fn type_names<'a>(slice: &'a Expr<'a>) -> Vec<&'a str> {
    match slice.kind {
        ExprKind::Tuple { elts, .. } => elts.iter().filter_map(Expr::as_name).collect(),
        _ => slice.as_name().into_iter().collect(),
    }
}

pub(crate) fn is_class_var(annotation: &Expr<'_>) -> bool {
    match annotation.kind {
        ExprKind::Name { id: "ClassVar", .. } | ExprKind::Attribute { attr: "ClassVar", .. } => true,
        ExprKind::Subscript { value, .. } => is_class_var(value),
        _ => false,
    }
}

/// One store to a field: name, annotation, value, place.
type Store<'a> = (&'a str, Option<&'a Expr<'a>>, Option<&'a Expr<'a>>, Span);

/// Stores `receiver.name = ...` anywhere in a body.
fn collect_stores<'a>(body: &'a [Stmt<'a>], receiver: &str, found: &mut Vec<Store<'a>>) {
    let field_of = |target: &Expr<'a>| match target.kind {
        ExprKind::Attribute { value, attr, .. } if value.as_name() == Some(receiver) => Some(attr),
        _ => None,
    };
    for stmt in body {
        match stmt.kind {
            StmtKind::Assign { targets, value } => {
                found.extend(targets.iter().filter_map(|t| Some((field_of(t)?, None, Some(value), t.span))));
            }
            StmtKind::AnnAssign { target, annotation, value, .. } => {
                found.extend(field_of(target).map(|name| (name, Some(annotation), value, target.span)));
            }
            StmtKind::If { body, orelse, .. }
            | StmtKind::While { body, orelse, .. }
            | StmtKind::For { body, orelse, .. } => {
                collect_stores(body, receiver, found);
                collect_stores(orelse, receiver, found);
            }
            StmtKind::With { body, .. } => collect_stores(body, receiver, found),
            StmtKind::Try(parts) | StmtKind::TryStar(parts) => {
                collect_stores(parts.body, receiver, found);
                parts.handlers.iter().for_each(|handler| collect_stores(handler.body, receiver, found));
                collect_stores(parts.orelse, receiver, found);
                collect_stores(parts.finalbody, receiver, found);
            }
            _ => {}
        }
    }
}
