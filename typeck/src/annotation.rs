//! From annotations to types.

use base::Diagnostic;
use parser::ast::{self, Expr, ExprKind, Operator};

use crate::program::{ClassId, Guard, Member, ModuleId, Program};
use crate::ty::{Iteration, Literal, Primitive, Type, TypeId};
use crate::type_params::Limit;

/// Follows imports and aliases at most this far.
const MAX_CHASE: u32 = 32;

/// Where an annotation stands: what names mean.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p, 'a> {
    /// The module.
    pub(crate) module: ModuleId,
    /// Type parameters in scope.
    pub(crate) params: &'p [&'a str],
    /// Type variables of the function.
    pub(crate) vars: &'p [(&'a str, TypeId)],
    /// The class that `Self` means.
    pub(crate) class: Option<ClassId>,
    /// What is declared.
    pub(crate) role: Role,
}

/// What an annotation declares, which decides whether it may say how as well as of what type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A parameter, a result, a local, or a part of another annotation.
    Plain,
    /// A name of a module, or a field in `__init__`: it may be `Final`.
    Constant,
    /// A name in the body of a class: it may be `Final`, `ClassVar` or `InitVar`.
    ClassAttribute,
}

impl<'p, 'a> Place<'p, 'a> {
    /// Where nothing but a type can stand, outside of generic definitions.
    pub(crate) fn plain(module: ModuleId) -> Self {
        Self { module, params: &[], vars: &[], class: None, role: Role::Plain }
    }

    /// The parts of the annotation.
    fn inner(self) -> Self {
        Self { role: Role::Plain, ..self }
    }
}

impl<'a> Program<'a> {
    /// The type that an annotation denotes; dynamic if the checker does not know it.
    pub(crate) fn resolve_annotation(&mut self, place: Place<'_, 'a>, expr: &'a Expr<'a>) -> TypeId {
        match expr.kind {
            ExprKind::Name { id, .. } => self.resolve_name(place, id),
            ExprKind::Attribute { .. } => match self.chase_expr(place.module, expr) {
                Some((module, member)) => self.member_type(Place::plain(module), &member),
                None => self.types.dynamic,
            },
            ExprKind::Constant { value: ast::Constant::None, .. } => self.types.none,
            ExprKind::Constant { value: ast::Constant::Str(text), .. } => self.resolve_string(place, text),
            ExprKind::BinOp { left, op: Operator::BitOr, right } => {
                let place = place.inner();
                let members = [self.resolve_annotation(place, left), self.resolve_annotation(place, right)];
                self.annotation_union(place.module, expr, &members)
            }
            ExprKind::Subscript { value, slice, .. } => self.resolve_subscript(place, expr, value, slice),
            _ => self.types.dynamic,
        }
    }

    fn resolve_string(&mut self, place: Place<'_, 'a>, text: ast::PyStr<'a>) -> TypeId {
        let Some(text) = text.as_str() else { return self.types.dynamic };
        match parser::parse_expression(&parser::SourceText::new(text), self.arena) {
            Ok(expression) => self.resolve_annotation(place, expression.body),
            Err(_) => self.types.dynamic,
        }
    }

    fn annotation_union(&mut self, module: ModuleId, expr: &Expr<'a>, members: &[TypeId]) -> TypeId {
        if members.iter().any(|&member| self.types.as_primitive(member).is_some()) {
            let message = "primitive types are not allowed in unions";
            self.report(module, Diagnostic::error("SP0110", expr.span, message));
            return self.types.dynamic;
        }
        let union = self.types.union(members.iter().copied());
        self.without_covered(union)
    }

    fn resolve_name(&mut self, place: Place<'_, 'a>, name: &'a str) -> TypeId {
        if let Some(at) = place.params.iter().position(|&param| param == name) {
            return self.types.intern(Type::Param(at as u8, name.into()));
        }
        if let Some((_, var)) = place.vars.iter().find(|(known, _)| *known == name) {
            return *var;
        }
        match self.chase_name(place.module, name) {
            Some((module, Member::TypeVar(call, known))) => self.declared_type_var(module, name, call, known),
            Some((_, Member::Imported { module: "typing", name: "Self" })) => self.self_type(place),
            Some((module, member)) => self.member_type(Place::plain(module), &member),
            None => self.types.dynamic,
        }
    }

    /// The type that a module-level name denotes in an annotation.
    fn member_type(&mut self, place: Place<'_, 'a>, member: &Member<'a>) -> TypeId {
        match member {
            Member::Class(class) => self.types.instance(*class),
            Member::Alias(value) if self.chase_depth < MAX_CHASE => {
                self.chase_depth += 1;
                let ty = self.resolve_annotation(place, value);
                self.chase_depth -= 1;
                ty
            }
            Member::Imported { module: "typing", name: "Never" | "NoReturn" } => self.types.never,
            Member::Imported { module: "typing" | "collections.abc", name: "Callable" } => {
                self.types.intern(Type::Callable { params: None, ret: self.types.dynamic })
            }
            Member::Imported { module: "typing" | "collections.abc", name }
                if let Some(kind) = Iteration::from_name(name) =>
            {
                self.iteration(kind, &[])
            }
            Member::Imported { module: "__static__", name: "PyDict" | "pydict" } => {
                self.types.instance(self.known.dict)
            }
            Member::Imported { module: "__static__", name } => match Primitive::from_name(name) {
                Some(primitive) => self.types.primitive(primitive),
                None => self.types.dynamic,
            },
            _ => self.types.dynamic,
        }
    }

    fn resolve_subscript(
        &mut self,
        place: Place<'_, 'a>,
        expr: &'a Expr<'a>,
        value: &'a Expr<'a>,
        slice: &'a Expr<'a>,
    ) -> TypeId {
        let args: &'a [Expr<'a>] = match slice.kind {
            ExprKind::Tuple { elts, .. } => elts,
            _ => std::slice::from_ref(slice),
        };
        match self.chase_expr(place.module, value) {
            Some((_, Member::Imported { module: "typing" | "collections.abc", name: "Callable" })) => {
                self.resolve_callable(place, args)
            }
            Some((_, Member::Imported { module: "typing" | "collections.abc", name }))
                if let Some(kind) = Iteration::from_name(name) =>
            {
                let place = place.inner();
                let args: Vec<_> = args.iter().map(|arg| self.boxed_type(place, arg)).collect();
                self.iteration(kind, &args)
            }
            Some((_, Member::Imported { module: "typing", name })) => {
                self.typing_form(place, expr, name, args)
            }
            Some((_, Member::Class(class))) => self.generic_instance(place, class, args),
            Some((_, Member::Imported { module: "__static__", name: "PyDict" | "pydict" })) => {
                self.generic_instance(place, self.known.dict, args)
            }
            _ => self.types.dynamic,
        }
    }

    /// `TypeGuard[T]` and `TypeIs[T]`, where a function says what it returns.
    pub(crate) fn resolve_guard(&mut self, place: Place<'_, 'a>, expr: &'a Expr<'a>) -> Option<Guard> {
        let ExprKind::Subscript { value, slice, .. } = expr.kind else { return None };
        let tells_both = match self.chase_expr(place.module, value)? {
            (_, Member::Imported { module: "typing", name: "TypeGuard" }) => false,
            (_, Member::Imported { module: "typing", name: "TypeIs" }) => true,
            _ => return None,
        };
        Some(Guard { ty: self.resolve_annotation(place, slice), tells_both })
    }

    /// The variable that `T = TypeVar("T", bound=B)` declares.
    pub(crate) fn declared_type_var(
        &mut self,
        module: ModuleId,
        name: &'a str,
        call: &'a Expr<'a>,
        known: Option<TypeId>,
    ) -> TypeId {
        if let Some(known) = known {
            return known;
        }
        let ExprKind::Call { func, args, keywords } = call.kind else { return self.types.dynamic };
        let maker = self.chase_expr(module, func);
        if !matches!(maker, Some((_, Member::Imported { module: "typing", name: "TypeVar" }))) {
            return self.types.dynamic;
        }
        let bound = keywords.iter().find(|keyword| keyword.arg == Some("bound"));
        let limit = match (bound, args) {
            (Some(bound), _) => Limit::Bound(self.resolve_annotation(Place::plain(module), bound.value)),
            (None, [_, constraints @ ..]) => self.constraints(Place::plain(module), constraints),
            (None, []) => Limit::None,
        };
        let var = self.type_var(name, limit);
        self.modules[module].members.insert(name, Member::TypeVar(call, Some(var)));
        var
    }

    /// An instance of the class around, with its own type parameters.
    fn self_type(&mut self, place: Place<'_, 'a>) -> TypeId {
        let Some(class) = place.class else { return self.types.dynamic };
        let args = self.own_params(class).into();
        self.types.intern(Type::Instance { class, args, exact: false })
    }

    /// `Iterator[T]` and the like. What is not said is dynamic; of generators, nothing is sent and returned (PEP 696).
    fn iteration(&mut self, kind: Iteration, args: &[TypeId]) -> TypeId {
        let missing = if args.is_empty() { self.types.dynamic } else { self.types.none };
        let args = (0..kind.arity()).map(|at| args.get(at).copied().unwrap_or(missing)).collect();
        self.types.intern(Type::Iteration { kind, args })
    }

    /// `Callable[[A, B], R]`; parameters that are no list are open.
    fn resolve_callable(&mut self, place: Place<'_, 'a>, args: &'a [Expr<'a>]) -> TypeId {
        let place = place.inner();
        let [params, ret] = args else {
            return self.types.intern(Type::Callable { params: None, ret: self.types.dynamic });
        };
        let params = match params.kind {
            ExprKind::List { elts, .. } => Some(elts.iter().map(|elt| self.boxed_type(place, elt)).collect()),
            _ => None,
        };
        let ret = self.boxed_type(place, ret);
        self.types.intern(Type::Callable { params, ret })
    }

    /// A type of objects; primitives are boxed where they travel as objects.
    fn boxed_type(&mut self, place: Place<'_, 'a>, expr: &'a Expr<'a>) -> TypeId {
        let ty = self.resolve_annotation(place, expr);
        if self.types.as_primitive(ty).is_some() { self.types.dynamic } else { ty }
    }

    fn generic_instance(&mut self, place: Place<'_, 'a>, class: ClassId, args: &'a [Expr<'a>]) -> TypeId {
        let span = args.first().map_or(base::Span::default(), |arg| arg.span);
        // `tuple[int, ...]` keeps no element types yet.
        if args.iter().any(is_ellipsis) {
            return self.types.instance(class);
        }
        let place = place.inner();
        let is_builtin = self.classes[class].module == self.builtins();
        let mut resolve = |arg| match is_builtin {
            true => self.boxed_type(place, arg),
            false => self.resolve_annotation(place, arg),
        };
        let args: Vec<_> = args.iter().map(&mut resolve).collect();
        if class == self.known.tuple {
            return self.types.intern(Type::Instance { class, args: args.into(), exact: false });
        }
        let wanted = self.classes[class].type_params.len();
        if wanted == 0 || wanted != args.len() {
            return self.types.instance(class);
        }
        if !self.known.is_row(class)
            && let Some(at) = args.iter().position(|&arg| self.types.as_primitive(arg).is_some())
        {
            let (name, shown) = (self.classes[class].name, self.show(args[at]));
            let message = format!("primitive types are not allowed as type arguments: {name}[{shown}]");
            self.report(place.module, Diagnostic::error("SP0110", span, message));
            return self.types.instance(class);
        }
        self.types.intern(Type::Instance { class, args: args.into(), exact: false })
    }

    /// The special forms of `typing`.
    fn typing_form(
        &mut self,
        place: Place<'_, 'a>,
        expr: &'a Expr<'a>,
        name: &str,
        args: &'a [Expr<'a>],
    ) -> TypeId {
        self.check_form(place, expr, name, args);
        let place = place.inner();
        match (name, args) {
            ("Optional", [arg]) => {
                let members = [self.resolve_annotation(place, arg), self.types.none];
                self.annotation_union(place.module, expr, &members)
            }
            ("Union", _) => {
                let members: Vec<_> = args.iter().map(|arg| self.resolve_annotation(place, arg)).collect();
                self.annotation_union(place.module, expr, &members)
            }
            ("List", _) => self.generic_instance(place, self.known.list, args),
            ("Dict", _) => self.generic_instance(place, self.known.dict, args),
            ("Set", _) => self.generic_instance(place, self.known.set, args),
            ("Tuple", _) => self.generic_instance(place, self.known.tuple, args),
            ("Final" | "ClassVar" | "InitVar" | "Required" | "NotRequired" | "ReadOnly", [arg]) => {
                self.resolve_annotation(place, arg)
            }
            ("Annotated", [first, rest @ ..]) => {
                let ty = self.resolve_annotation(place, first);
                let is_exact = matches!(rest, [Expr { kind: ExprKind::Constant { value: ast::Constant::Str(text), .. }, .. }]
                    if text.as_str() == Some("Exact"));
                if is_exact { self.exact(ty) } else { ty }
            }
            ("Literal", _) => {
                let members: Vec<_> = args.iter().map(|arg| self.literal_member(place.module, arg)).collect();
                self.types.union(members)
            }
            _ => self.types.dynamic,
        }
    }

    /// Whether a special form may stand here, with these arguments.
    fn check_form(&mut self, place: Place<'_, 'a>, expr: &'a Expr<'a>, name: &str, args: &'a [Expr<'a>]) {
        let module = place.module;
        let mut is_constant = |arg: &'a Expr<'a>| match arg.kind {
            ExprKind::Constant { .. } | ExprKind::UnaryOp { op: ast::UnaryOp::USub, .. } => true,
            _ => self.enum_of_member(module, arg).is_some(),
        };
        let (code, message) = match (name, args) {
            ("Final", _) if place.role == Role::Plain => (
                "SP0104",
                "Final annotation is only valid in initial declaration of attributes or module-level constants",
            ),
            ("Final", [_, _, ..]) => ("SP0104", "Final types can only have a single type arg"),
            ("ClassVar", _) if place.role != Role::ClassAttribute => (
                "SP0111",
                "ClassVar is allowed only in class attribute annotations. Class Finals are inferred ClassVar; do not nest with Final.",
            ),
            ("InitVar", _) if place.role != Role::ClassAttribute => {
                ("SP0111", "InitVar is allowed only in class attribute annotations.")
            }
            ("Annotated", [_]) => {
                ("SP0111", "Annotated types must be parametrized by at least one annotation.")
            }
            ("Literal", _) if !args.iter().all(&mut is_constant) => {
                ("SP0111", "Literal must be parametrized by constants.")
            }
            _ => return,
        };
        self.report(place.module, Diagnostic::error(code, expr.span, message));
    }

    /// What one argument of `Literal` admits; what has no literal type is dynamic.
    fn literal_member(&mut self, module: ModuleId, arg: &'a Expr<'a>) -> TypeId {
        if let ExprKind::Constant { value: ast::Constant::None, .. } = arg.kind {
            return self.types.none;
        }
        match (Literal::of_expr(arg), self.enum_of_member(module, arg)) {
            (Some(value), _) => self.types.intern(Type::Literal(value)),
            (None, Some(class)) => match self.enum_literal(module, arg) {
                Some(member) => self.types.intern(Type::Literal(member)),
                None => self.types.instance(class),
            },
            (None, None) => self.types.dynamic,
        }
    }

    /// The enumeration of `Color.RED`.
    pub(crate) fn enum_of_member(&mut self, module: ModuleId, arg: &'a Expr<'a>) -> Option<ClassId> {
        let ExprKind::Attribute { value, attr, .. } = arg.kind else { return None };
        let Some((_, Member::Class(class))) = self.chase_expr(module, value) else { return None };
        let is_member = self.classes[class].by_name.contains_key(attr) && !attr.starts_with('_');
        (is_member && self.classes[class].enumeration.is_some()).then_some(class)
    }

    /// The type without subclasses; unions member by member.
    fn exact(&mut self, id: TypeId) -> TypeId {
        match self.types.get(id).clone() {
            Type::Instance { class, args, .. } => {
                self.types.intern(Type::Instance { class, args, exact: true })
            }
            Type::Union(members) => {
                let members: Vec<_> = members.iter().map(|&member| self.exact(member)).collect();
                self.types.union(members)
            }
            _ => id,
        }
    }

    // --- Names ---

    /// What a name means at the top level of a module, imports followed.
    pub(crate) fn chase_name(&mut self, module: ModuleId, name: &str) -> Option<(ModuleId, Member<'a>)> {
        match self.modules[module].members.get(name).cloned() {
            Some(member) => self.chase_member(module, member),
            None => {
                let builtins = self.builtins();
                let member = self.modules[builtins].members.get(name).cloned()?;
                Some((builtins, member))
            }
        }
    }

    fn chase_member(&mut self, module: ModuleId, member: Member<'a>) -> Option<(ModuleId, Member<'a>)> {
        let Member::Imported { module: from, name } = member else { return Some((module, member)) };
        if self.chase_depth >= MAX_CHASE {
            return None;
        }
        // `typing` and `__static__` mean what the checker says, whatever their source.
        let Some(target) = self.typed_module(from) else { return Some((module, member)) };
        let Some(found) = self.modules[target].members.get(name).cloned() else {
            return Some((module, member));
        };
        self.chase_depth += 1;
        let result = self.chase_member(target, found);
        self.chase_depth -= 1;
        result
    }

    /// The module that `package.name` is, because `module` imports it as a part of the package and nothing in there has that name.
    pub(crate) fn submodule(&mut self, module: ModuleId, package: &str, name: &str) -> Option<&'a str> {
        let part = &*self.arena.alloc_str(&format!("{package}.{name}"));
        let hides = |target: ModuleId| self.modules[target].members.contains_key(name);
        let is_hidden = self.find_module(package).is_some_and(hides);
        (self.modules[module].submodules.contains(part) && !is_hidden).then_some(part)
    }

    /// What a name or dotted name means at the top level of a module.
    pub(crate) fn chase_expr(
        &mut self,
        module: ModuleId,
        expr: &'a Expr<'a>,
    ) -> Option<(ModuleId, Member<'a>)> {
        match expr.kind {
            ExprKind::Name { id, .. } => self.chase_name(module, id),
            ExprKind::Attribute { value, attr, .. } => match self.chase_expr(module, value)? {
                (_, Member::Module(name)) => match self.typed_module(name) {
                    _ if let Some(part) = self.submodule(module, name, attr) => {
                        Some((module, Member::Module(part)))
                    }
                    Some(target) => self.chase_name(target, attr),
                    None => Some((module, Member::Imported { module: name, name: attr })),
                },
                _ => None,
            },
            _ => None,
        }
    }
}

fn is_ellipsis(expr: &Expr<'_>) -> bool {
    matches!(expr.kind, ExprKind::Constant { value: ast::Constant::Ellipsis, .. })
}
