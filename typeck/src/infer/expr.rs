//! Types of expressions.

use base::Diagnostic;
use parser::ast::{BoolOp, Constant, Expr, ExprKind, UnaryOp};

use super::mismatch::Destination;
use super::{Checker, Env, Variable};
use crate::builtin_names;
use crate::facts::{Coercion, SubscriptPlan};
use crate::program::{ClassId, Member};
use crate::scope::Resolution;
use crate::ty::{Assignable, Literal, Primitive, Special, Ty, Type, TypeId};

impl<'a> Checker<'_, 'a> {
    /// The type of an expression; `want` is what its context asks for, and guides literals and displays.
    pub(crate) fn expr(&mut self, env: &mut Env<'a>, expr: &'a Expr<'a>, want: Option<TypeId>) -> Ty {
        self.set_coercion(expr.id, None);
        let ty = match expr.kind {
            ExprKind::Constant { value, .. } => self.constant(expr, value, want),
            ExprKind::Name { id, .. } => match self.adapted_name(expr, id, want) {
                Some(ty) => ty,
                None => self.name(env, expr, id),
            },
            ExprKind::Attribute { value, attr, .. } => self.attribute(env, expr, value, attr),
            ExprKind::Subscript { value, slice, .. } => self.subscript(env, expr, value, slice),
            ExprKind::Call { func, args, keywords } => self.call(env, expr, func, args, keywords, want),
            ExprKind::BinOp { left, op, right } => self.bin_op(env, expr, left, op, right, want),
            ExprKind::UnaryOp { op, operand } => self.unary_op(env, expr, op, operand, want),
            ExprKind::Compare { left, ops, comparators } => self.compare(env, expr, left, ops, comparators),
            ExprKind::BoolOp { op, values } => self.bool_op(env, op, values, want),
            ExprKind::IfExp { test, body, orelse } => self.if_exp(env, test, body, orelse, want),
            ExprKind::Await { value } => self.await_(env, expr, value),
            ExprKind::NamedExpr { target, value } => {
                let ty = self.object(env, value);
                self.bind(env, target, ty);
                ty
            }
            ExprKind::List { .. }
            | ExprKind::Dict { .. }
            | ExprKind::ListComp { .. }
            | ExprKind::DictComp { .. } => self.display(env, expr, want),
            ExprKind::Tuple { elts, .. } => self.tuple_display(env, elts, want),
            ExprKind::Set { elts } => {
                elts.iter().for_each(|elt| self.element(env, elt));
                Ty::sure(self.exact(self.program.known.set))
            }
            ExprKind::SetComp { .. } => self.comprehension(env, expr, want),
            ExprKind::Yield { value } => self.yield_(env, expr, value),
            ExprKind::YieldFrom { value } => self.yield_from(env, value),
            ExprKind::GeneratorExp { generators, .. } => self.generator_expression(env, expr, generators),
            ExprKind::JoinedStr { values } => {
                values.iter().for_each(|value| self.element(env, value));
                Ty::sure(self.exact(self.program.known.str))
            }
            ExprKind::FormattedValue { value, format_spec, .. } => {
                self.object(env, value);
                format_spec.into_iter().for_each(|spec| self.element(env, spec));
                Ty::sure(self.exact(self.program.known.str))
            }
            _ => {
                self.untyped_children(env, expr);
                self.dynamic()
            }
        };
        self.record(expr, ty)
    }

    /// The type of an expression whose value must be an object.
    pub(crate) fn object(&mut self, env: &mut Env<'a>, expr: &'a Expr<'a>) -> Ty {
        let ty = self.expr(env, expr, None);
        self.as_object(expr, ty)
    }

    /// Refuses a primitive where an object is needed.
    pub(crate) fn as_object(&mut self, expr: &Expr<'a>, ty: Ty) -> Ty {
        if let Some(primitive) = self.primitive_of(ty) {
            let message = format!("type mismatch: {} cannot be assigned to dynamic", primitive.name());
            let help = "make an object of it with `box(...)`";
            self.report(Diagnostic::error("SP0130", expr.span, message).with_help(help));
            return self.dynamic();
        }
        ty
    }

    /// An element of a display, or another place that takes any object.
    pub(crate) fn element(&mut self, env: &mut Env<'a>, expr: &'a Expr<'a>) {
        match expr.kind {
            ExprKind::Starred { value, .. } => {
                self.object(env, value);
            }
            _ => {
                self.object(env, expr);
            }
        }
    }

    /// Checks an expression against the type of the place that it flows into.
    pub(crate) fn check(
        &mut self,
        env: &mut Env<'a>,
        expr: &'a Expr<'a>,
        target: TypeId,
        destination: Destination<'_, 'a>,
    ) -> Ty {
        self.check_guided(env, expr, target, Some(target), destination)
    }

    /// As [`Self::check`], where the target is not what guides literals and displays.
    pub(crate) fn check_guided(
        &mut self,
        env: &mut Env<'a>,
        expr: &'a Expr<'a>,
        target: TypeId,
        want: Option<TypeId>,
        destination: Destination<'_, 'a>,
    ) -> Ty {
        let ty = self.expr(env, expr, want);
        if !self.flow(expr.id, ty, target) {
            self.mismatch(expr, ty.id, target, destination);
            return Ty::sure(target);
        }
        match self.facts().coercions.get(&expr.id) {
            None => ty,
            Some(_) => Ty::sure(target),
        }
    }

    // --- Names ---

    /// The variable that a name means, if the block being checked follows what becomes of it.
    pub(crate) fn variable(&mut self, name: &'a str) -> Option<super::Variable> {
        let scope = *self.scopes.last().expect("checking is always inside a scope");
        let scopes = &self.program.modules[self.module].scopes;
        let (owner, resolution) = scopes.lookup(scope, name);
        let is_namespace = !scopes.table[owner].kind.is_function_like();
        match resolution {
            Resolution::Local | Resolution::Cell if is_namespace => None,
            Resolution::Local => Some(self.vars.intern(owner, name)),
            Resolution::Cell if !self.is_shared(owner, name) => Some(self.vars.intern(owner, name)),
            Resolution::Free => self.captured_variable(owner, name),
            _ => None,
        }
    }

    /// A name, read.
    fn name(&mut self, env: &mut Env<'a>, expr: &Expr<'a>, name: &'a str) -> Ty {
        self.facts().refinements.remove(&expr.id);
        self.facts().claims.remove(&expr.id);
        let name = self.private_name(name);
        if let Some(var) = self.variable(name) {
            let Some(ty) = env.get(var) else { return self.unbound(env, expr, name, var) };
            let ty = self.within_declared(var, ty);
            let ty = if self.is_in_cell(name) { self.in_cell(ty) } else { ty };
            if ty.is_sure && self.is_claimed(env, var, ty.id) {
                self.facts().claims.insert(expr.id, ty.id);
                return ty;
            }
            let is_narrowed = self.vars.declared(var).is_some_and(|declared| declared != ty.id);
            if is_narrowed && ty.is_sure && self.is_refinable(ty.id) {
                self.facts().refinements.insert(expr.id, ty.id);
            }
            return ty;
        }
        let scope = *self.scopes.last().expect("checking is always inside a scope");
        match self.program.modules[self.module].scopes.lookup(scope, name) {
            (_, Resolution::Cell | Resolution::Free) => self.cell(name),
            // What the body of a class binds is looked up when that runs.
            (owner, Resolution::Local) if owner != self.program.modules[self.module].scopes.module() => {
                self.dynamic()
            }
            _ => {
                self.check_global(env, expr, name);
                self.global(name)
            }
        }
    }

    /// Whether a variable is of a type only by what has been claimed of it.
    fn is_claimed(&mut self, env: &Env<'a>, var: Variable, ty: TypeId) -> bool {
        let Some(proved) = env.proved(var).filter(|_| self.is_refinable(ty)) else { return false };
        proved == self.program.types.dynamic || !self.program.is_subtype(proved, ty)
    }

    /// Where paths meet, literals become their class; a declaration tells them apart still.
    fn within_declared(&mut self, var: Variable, ty: Ty) -> Ty {
        match self.vars.declared(var) {
            Some(declared)
                if ty.id != declared
                    && self.program.types.has_literals(declared)
                    && !self.program.is_subtype(ty.id, declared) =>
            {
                Ty { id: declared, ..ty }
            }
            _ => ty,
        }
    }

    /// Names in an expression that spells a type, which is not run.
    pub(crate) fn check_type_names(&mut self, env: &Env<'a>, expr: &'a Expr<'a>) {
        match expr.kind {
            ExprKind::Name { id, .. } => {
                let scope = *self.scopes.last().expect("checking is always inside a scope");
                let (_, resolution) = self.program.modules[self.module].scopes.lookup(scope, id);
                if self.variable(id).is_none() && resolution == Resolution::GlobalImplicit {
                    self.check_global(env, expr, id);
                }
            }
            ExprKind::Subscript { value, slice, .. } => {
                self.check_type_names(env, value);
                self.check_type_names(env, slice);
            }
            ExprKind::Tuple { elts, .. } => elts.iter().for_each(|elt| self.check_type_names(env, elt)),
            ExprKind::BinOp { left, right, .. } => {
                self.check_type_names(env, left);
                self.check_type_names(env, right);
            }
            _ => {}
        }
    }

    /// A name that nothing around binds, and that no star import can have brought, does not exist.
    fn check_global(&mut self, env: &Env<'a>, expr: &Expr<'a>, name: &'a str) {
        let module = &self.program.modules[self.module];
        let may_exist = module.members.contains_key("*")
            || module.scopes.binds_global(name)
            || builtin_names::is_known(name)
            || self.program.chase_name(self.module, name).is_some();
        if !may_exist && env.is_reachable {
            self.undefined(expr, name);
        }
    }

    fn undefined(&mut self, expr: &Expr<'a>, name: &str) {
        let diagnostic = Diagnostic::error("SP0150", expr.span, format!("Name `{name}` is not defined."));
        let meant = self.similar_name(name);
        self.report(diagnostic.with_suggestion(meant.as_deref()));
    }

    /// Whether run-time checks of the type exist.
    pub(crate) fn is_refinable(&self, id: TypeId) -> bool {
        matches!(self.program.types.get(id), Type::Instance { .. } | Type::None | Type::Union(_))
    }

    /// A variable that some path does not bind; a primitive reads as zero there.
    fn unbound(&mut self, env: &Env<'a>, expr: &Expr<'a>, name: &str, var: super::Variable) -> Ty {
        let declared = self.vars.declared(var);
        let is_primitive = declared.is_some_and(|ty| self.program.types.as_primitive(ty).is_some());
        if env.is_reachable && !is_primitive {
            let message = format!("Name `{name}` is not defined.");
            let note = "it is a local variable, and some path leads here without binding it";
            self.report(Diagnostic::error("SP0150", expr.span, message).with_note(note));
        }
        match declared {
            Some(declared) if env.is_reachable || is_primitive => Ty::sure(declared),
            _ => self.dynamic(),
        }
    }

    /// A name of the module or of the builtins.
    fn global(&mut self, name: &'a str) -> Ty {
        let Some((_, member)) = self.program.chase_name(self.module, name) else { return self.dynamic() };
        let id = match member {
            Member::Class(class) => return self.class_object(class),
            Member::Function(function) => match self.global_special(name) {
                Some(special) => self.program.types.intern(Type::Special(special)),
                None => self.program.types.intern(Type::Function(function)),
            },
            Member::Variable { ty, is_final, constant, .. } => {
                return self.global_variable(ty, is_final, constant);
            }
            Member::Imported { module, name } => return self.imported(module, name),
            Member::Module(module) => match self.program.typed_module(module) {
                Some(module) => self.program.types.intern(Type::Module(module)),
                None => self.program.types.dynamic,
            },
            Member::Alias(_) | Member::TypeVar(..) | Member::Dynamic => self.program.types.dynamic,
        };
        Ty::sure(id)
    }

    /// Untyped code may rebind a module variable, so that its type is only expected; a folded constant is sure.
    fn global_variable(
        &mut self,
        ty: Option<TypeId>,
        is_final: bool,
        constant: Option<crate::program::Constant<'a>>,
    ) -> Ty {
        if let Some(ty) = ty.filter(|&ty| self.program.types.as_primitive(ty).is_some()) {
            // Whatever stands there is unboxed, and so looked at.
            return Ty::sure(ty);
        }
        if is_final && let Some(literal) = constant.and_then(|constant| constant.literal()) {
            return Ty::sure(self.program.types.intern(Type::Literal(literal)));
        }
        let id = ty.unwrap_or(self.program.types.dynamic);
        if is_final && constant.is_some() { Ty::sure(id) } else { Ty::expected(id) }
    }

    fn imported(&mut self, module: &str, name: &str) -> Ty {
        if module == "__static__" {
            if let Some(primitive) = Primitive::from_name(name) {
                return Ty::sure(self.program.types.intern(Type::PrimitiveName(primitive)));
            }
            if let Some(special) = Special::find(module, name) {
                return Ty::sure(self.program.types.intern(Type::Special(special)));
            }
            if name == "RAND_MAX" {
                return Ty::expected(self.exact(self.program.known.int));
            }
        }
        self.dynamic()
    }

    /// The function of `builtins` that the checker understands under this name, unless the module redefines it.
    pub(crate) fn global_special(&mut self, name: &str) -> Option<Special> {
        let (module, _) = self.program.chase_name(self.module, name)?;
        (module == self.program.builtins()).then(|| Special::find("builtins", name)).flatten()
    }

    // --- Items ---

    fn subscript(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        value: &'a Expr<'a>,
        slice: &'a Expr<'a>,
    ) -> Ty {
        self.facts().subscripts.remove(&expr.id);
        self.facts().elements.remove(&expr.id);
        let container = self.object(env, value);
        if let Type::Class { class, .. } = self.program.types.get(container.id).clone() {
            if self.program.classes[class].enumeration.is_some() {
                self.element(env, slice);
                return Ty::expected(self.instance(class));
            }
            return self.generic_class(expr, slice, class);
        }
        if self.program.types.admits_none(container.id) {
            let is_none = self.program.types.get(container.id) == &Type::None;
            let prefix =
                if is_none { String::new() } else { format!("{}: ", self.program.show(container.id)) };
            let message = format!("{prefix}'None' object is not subscriptable");
            let mut diagnostic = Diagnostic::error("SP0135", expr.span, message);
            if !is_none {
                diagnostic = diagnostic.with_help("narrow it first: `if ... is not None`");
            }
            self.report(diagnostic);
        }
        let Some((class, args, exact)) = self.program.types.as_instance(container.id) else {
            let index = self.index(env, slice);
            self.box_index(slice, index);
            return self.dynamic();
        };
        let (args, known) = (args.to_vec(), self.program.known);
        if matches!(slice.kind, ExprKind::Slice { .. }) {
            self.slice_bounds(env, slice, class);
            return match class {
                _ if class == known.str && exact => Ty::sure(self.exact(class)),
                _ if class == known.str => Ty::expected(self.instance(class)),
                _ if class == known.list => Ty { id: container.id, is_sure: exact && container.is_sure },
                _ if class == known.checked_list => Ty { id: container.id, is_sure: container.is_sure },
                _ if known.is_row(class) => Ty { id: container.id, is_sure: container.is_sure },
                _ => self.dynamic(),
            };
        }
        let index = self.index(env, slice);
        let dynamic = self.program.types.dynamic;
        let item = |at: usize| args.get(at).copied().unwrap_or(dynamic);
        if class == known.list || class == known.checked_list || known.is_row(class) {
            let is_direct = known.is_row(class) || self.primitive_of(index).is_some_and(Primitive::is_signed);
            let ty = item(0);
            if is_direct {
                self.plan_sequence(expr, value, slice, container, class, exact, index);
            } else {
                self.box_index(slice, index);
            }
            return if class == known.list { self.element_read(expr, ty) } else { Ty::sure(ty) };
        }
        self.box_index(slice, index);
        if let Some(ty) = self.typed_item(class, slice) {
            self.element_read(expr, ty)
        } else if class == known.dict {
            self.check_key(slice, index, &args);
            self.element_read(expr, item(1))
        } else if class == known.tuple {
            self.tuple_item(expr, slice, index, container.id, &args)
        } else if class == known.str && exact && container.is_sure {
            Ty::sure(self.exact(class))
        } else if class == known.checked_dict {
            self.check_key(slice, index, &args);
            Ty::sure(item(1))
        } else if class == known.str {
            Ty::expected(self.instance(class))
        } else {
            self.library_item(container.id, slice, index)
        }
    }

    /// What is known of a key must fit the keys of a dict.
    pub(super) fn check_key(&mut self, slice: &Expr<'a>, index: Ty, args: &[TypeId]) {
        if let &[key, _] = args
            && self.primitive_of(index).is_none()
            && self.program.assignable(index, key) == Assignable::No
        {
            self.mismatch(slice, index.id, key, Destination::Place);
        }
    }

    /// An element of a tuple by a constant, which must be the place of one.
    fn tuple_item(
        &mut self,
        expr: &Expr<'a>,
        slice: &Expr<'a>,
        index: Ty,
        tuple: TypeId,
        args: &[TypeId],
    ) -> Ty {
        let Type::Literal(Literal::Int(at)) = *self.program.types.get(index.id) else {
            return self.dynamic();
        };
        let len = args.len() as i64;
        let place = usize::try_from(if at < 0 { at + len } else { at }).ok();
        match place.and_then(|place| args.get(place)) {
            Some(&ty) => self.element_read(expr, ty),
            None => {
                if len > 0 {
                    let message = format!("{}: tuple index out of range", self.program.show(tuple));
                    self.error("SP0136", slice.span, message);
                }
                self.dynamic()
            }
        }
    }

    /// The bounds of a slice are objects; rows of primitives, which are indexed by primitives, take these as well.
    fn slice_bounds(&mut self, env: &mut Env<'a>, slice: &'a Expr<'a>, class: ClassId) {
        let ExprKind::Slice { lower, upper, step } = slice.kind else { return };
        for bound in [lower, upper, step].into_iter().flatten() {
            if self.program.known.is_row(class) {
                let ty = self.index(env, bound);
                self.box_index(bound, ty);
            } else {
                self.object(env, bound);
            }
        }
        env.forget_fields();
    }

    /// An element read through a container's type is checked when it is read: nobody has looked at the container before.
    pub(crate) fn element_read(&mut self, expr: &Expr<'a>, ty: TypeId) -> Ty {
        if !self.is_refinable(ty) {
            return Ty::expected(ty);
        }
        self.facts().elements.insert(expr.id, ty);
        Ty::sure(ty)
    }

    /// An index may be a primitive integer.
    pub(crate) fn index(&mut self, env: &mut Env<'a>, slice: &'a Expr<'a>) -> Ty {
        self.expr(env, slice, None)
    }

    /// A primitive index of a container that is indexed by objects.
    pub(crate) fn box_index(&mut self, slice: &Expr<'a>, index: Ty) {
        if let Some(primitive) = self.primitive_of(index) {
            self.set_coercion(slice.id, Some(Coercion::Box(primitive)));
        }
    }

    /// `SEQUENCE_GET` and `SEQUENCE_SET` take an `int64` index.
    #[allow(clippy::too_many_arguments, reason = "the facts about one subscript")]
    pub(crate) fn plan_sequence(
        &mut self,
        expr: &Expr<'a>,
        value: &'a Expr<'a>,
        slice: &'a Expr<'a>,
        container: Ty,
        class: ClassId,
        exact: bool,
        index: Ty,
    ) {
        self.make_sure(value, container);
        let int64 = self.program.types.primitive(Primitive::Int64);
        match self.primitive_of(index) {
            Some(_) if self.flow(slice.id, index, int64) => {}
            Some(primitive) => {
                let message = format!("type mismatch: {} cannot be used as an index", primitive.name());
                self.error("SP0136", slice.span, message);
            }
            None => {
                self.check_index(slice, index);
                self.set_coercion(slice.id, Some(Coercion::Unbox(Primitive::Int64)));
            }
        }
        let plan = SubscriptPlan::Sequence { class, container: container.id, exact };
        self.facts().subscripts.insert(expr.id, plan);
    }

    /// An object that is an index must be able to be an integer.
    fn check_index(&mut self, slice: &Expr<'a>, index: Ty) {
        let known = self.program.known;
        let source = self.program.inexact(index.id);
        let may_be = source == self.program.types.dynamic
            || self.program.is_object(source)
            || [known.int, known.bool].iter().any(|&class| self.program.is_instance_of(source, class));
        if !may_be {
            let message =
                format!("type mismatch: {} cannot be used as an index", self.program.show(index.id));
            self.error("SP0136", slice.span, message);
        }
    }

    /// `CheckedList[int]` as a value.
    fn generic_class(&mut self, expr: &Expr<'a>, slice: &'a Expr<'a>, class: ClassId) -> Ty {
        let args: &'a [Expr<'a>] = match slice.kind {
            ExprKind::Tuple { elts, .. } => elts,
            _ => std::slice::from_ref(slice),
        };
        let place = self.place();
        let args: Vec<_> = args.iter().map(|arg| self.program.resolve_annotation(place, arg)).collect();
        if args.len() != self.program.classes[class].type_params.len() {
            return self.dynamic();
        }
        let _ = expr;
        Ty::sure(self.program.types.intern(Type::Class { class, args: args.into() }))
    }

    // --- Choices ---

    fn bool_op(&mut self, env: &mut Env<'a>, op: BoolOp, values: &'a [Expr<'a>], want: Option<TypeId>) -> Ty {
        let mut going = env.clone();
        let mut members = Vec::new();
        let mut is_sure = true;
        for (at, value) in values.iter().enumerate() {
            let is_last = at + 1 == values.len();
            let ty = if is_last {
                self.expr(&mut going, value, want)
            } else {
                let (when_true, when_false) = self.condition(going.clone(), value);
                going = if op == BoolOp::And { when_true } else { when_false };
                self.check_choices(value);
                self.facts().types[value.id].unwrap_or(self.dynamic())
            };
            is_sure &= ty.is_sure;
            // What decides `or` early is true, so not None.
            let is_early_or = op == BoolOp::Or && !is_last;
            members.push(if is_early_or { self.program.types.without_none(ty.id) } else { ty.id });
        }
        if let Some(ty) = self.primitive_choice(values, &members) {
            return ty;
        }
        env.forget_fields();
        let id = self.program.types.union(members);
        Ty { id: self.program.simplify_union(id), is_sure }
    }

    /// `and` and `or` of primitives take one primitive type throughout.
    pub(super) fn primitive_choice(&mut self, values: &'a [Expr<'a>], members: &[TypeId]) -> Option<Ty> {
        let first = members.iter().find(|&&member| self.program.types.as_primitive(member).is_some())?;
        if let Some(at) = members.iter().position(|member| member != first) {
            let (a, b) = (self.program.show(*first), self.program.show(members[at]));
            let message = format!("cannot mix {a} and {b} in a boolean operation");
            let other = members.iter().position(|member| member == first).unwrap_or(0);
            let diagnostic = Diagnostic::error("SP0137", values[at].span, message);
            self.report(diagnostic.with_label(values[other].span, format!("this is {a}")));
        }
        Some(Ty::sure(*first))
    }

    fn if_exp(
        &mut self,
        env: &mut Env<'a>,
        test: &'a Expr<'a>,
        body: &'a Expr<'a>,
        orelse: &'a Expr<'a>,
        want: Option<TypeId>,
    ) -> Ty {
        let (mut when_true, mut when_false) = self.condition(env.clone(), test);
        let a = self.expr(&mut when_true, body, want);
        let b = self.expr(&mut when_false, orelse, want);
        when_true.join(&when_false, self.program);
        *env = when_true;
        if self.primitive_of(a).is_some() || self.primitive_of(b).is_some() {
            if a.id != b.id {
                let (x, y) = (self.program.show(a.id), self.program.show(b.id));
                let message = format!("the arms of the conditional differ: {x} and {y}");
                let diagnostic = Diagnostic::error("SP0137", orelse.span, message);
                self.report(diagnostic.with_label(body.span, format!("this is {x}")));
            }
            return a;
        }
        let id = self.program.types.union([a.id, b.id]);
        Ty { id: self.program.simplify_union(id), is_sure: a.is_sure && b.is_sure }
    }

    fn unary_op(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        op: UnaryOp,
        operand: &'a Expr<'a>,
        want: Option<TypeId>,
    ) -> Ty {
        self.facts().operators.remove(&expr.id);
        if let (
            UnaryOp::USub,
            ExprKind::Constant { value: value @ (Constant::Int(_) | Constant::Float(_)), .. },
        ) = (op, operand.kind)
        {
            return self.negated_literal(expr, value, want);
        }
        if op == UnaryOp::Not {
            let (_, _) = self.condition(env.clone(), operand);
            self.check_choices(operand);
            let ty = self.facts().types[operand.id].unwrap_or(self.dynamic());
            if self.primitive_of(ty) == Some(Primitive::Double) {
                self.error("SP0138", expr.span, "unary not is not supported on double");
            }
            return self.negated(expr, ty);
        }
        let ty = self.expr(env, operand, want);
        if let Some(primitive) = self.primitive_of(ty) {
            if primitive == Primitive::CBool || (primitive == Primitive::Double && op == UnaryOp::Invert) {
                let message =
                    format!("unary {} is not supported on {}", op.symbol().trim(), primitive.name());
                self.error("SP0138", expr.span, message);
            }
            self.facts().operators.insert(expr.id, primitive);
            return ty;
        }
        if ty.id == self.program.types.none {
            self.error(
                "SP0138",
                expr.span,
                format!("bad operand type for unary {}: 'NoneType'", op.symbol().trim()),
            );
        }
        let widened = self.program.inexact(ty.id);
        let is_number = self.program.is_instance_of(widened, self.program.known.int)
            || self.program.is_instance_of(widened, self.program.known.float);
        env.forget_fields();
        if is_number { Ty::expected(widened) } else { self.dynamic() }
    }

    // --- What is not typed ---

    /// Expressions that are compiled dynamically: their parts are checked, and must be objects.
    fn untyped_children(&mut self, env: &mut Env<'a>, expr: &'a Expr<'a>) {
        match expr.kind {
            ExprKind::Starred { value, .. } => {
                self.object(env, value);
            }
            ExprKind::Slice { lower, upper, step } => {
                [lower, upper, step].into_iter().flatten().for_each(|part| self.element(env, part));
            }
            ExprKind::Lambda { args, body } => self.lambda(env, expr, args, body),
            ExprKind::TemplateStr { values } => values.iter().for_each(|value| self.element(env, value)),
            ExprKind::Interpolation { value, .. } => {
                self.object(env, value);
            }
            _ => {}
        }
        env.forget_fields();
    }
}
