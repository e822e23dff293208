//! Calls: which are static, how their arguments are mapped, and what they give. (`static-python.md` 1.18)

use base::{Diagnostic, Span};
use parser::ast::{Expr, ExprKind, Keyword};

use super::mismatch::Destination;
use super::{Checker, Env};
use crate::facts::{CallPlan, Coercion};
use crate::program::{Body, ClassId, ClassKind, ClassMember, FunctionId, Param};
use crate::ty::{Primitive, Special, Ty, Type, TypeId};

/// The arguments of a call in the source.
#[derive(Clone, Copy)]
pub(crate) struct Actuals<'a> {
    pub(crate) args: &'a [Expr<'a>],
    pub(crate) keywords: &'a [Keyword<'a>],
    pub(crate) span: Span,
}

impl<'a> Actuals<'a> {
    pub(crate) fn has_stars(&self) -> bool {
        self.args.iter().any(|arg| matches!(arg.kind, ExprKind::Starred { .. }))
            || self.keywords.iter().any(|keyword| keyword.arg.is_none())
    }
}

impl<'a> Checker<'_, 'a> {
    pub(crate) fn call(
        &mut self,
        env: &mut Env<'a>,
        expr: &'a Expr<'a>,
        func: &'a Expr<'a>,
        args: &'a [Expr<'a>],
        keywords: &'a [Keyword<'a>],
        want: Option<TypeId>,
    ) -> Ty {
        self.facts().calls.remove(&expr.id);
        self.facts().elements.remove(&expr.id);
        let actuals = Actuals { args, keywords, span: expr.span };
        if let Some(ty) = self.super_call(env, expr, func, actuals) {
            return ty;
        }
        let callee = self.callee(env, func);
        let ty = match self.program.types.get(callee.id).clone() {
            Type::Special(special) => self.special_call(env, expr, special, actuals, want),
            Type::PrimitiveName(primitive) => self.conversion(env, primitive, actuals, expr),
            Type::Function(function) => self.function_call(env, expr, function, actuals),
            Type::Method(function) => self.method_call(env, expr, func, function, actuals),
            Type::Class { class, args } => self.construction(env, expr, class, &args, actuals, want),
            Type::Callable { params, ret } => self.callable_call(env, params.as_deref(), ret, actuals),
            Type::None => {
                self.error("SP0140", expr.span, "'NoneType' object is not callable");
                self.dynamic()
            }
            Type::Union(_) if self.program.types.admits_none(callee.id) => {
                let shown = self.program.show(callee.id);
                let message = format!("{shown}: 'NoneType' object is not callable");
                let help = "narrow it first: `if ... is not None`";
                self.report(Diagnostic::error("SP0140", expr.span, message).with_help(help));
                self.untyped_arguments(env, actuals);
                self.dynamic()
            }
            _ => {
                self.untyped_arguments(env, actuals);
                self.advanced(func, actuals).unwrap_or(self.dynamic())
            }
        };
        env.forget_fields();
        ty
    }

    /// The callee of a call; a method keeps its receiver's facts.
    fn callee(&mut self, env: &mut Env<'a>, func: &'a Expr<'a>) -> Ty {
        self.object(env, func)
    }

    pub(crate) fn untyped_arguments(&mut self, env: &mut Env<'a>, actuals: Actuals<'a>) {
        actuals.args.iter().for_each(|arg| self.element(env, arg));
        actuals.keywords.iter().for_each(|keyword| self.element(env, keyword.value));
    }

    /// A call of whatever may be called so: dynamic, with a result that is only expected.
    fn callable_call(
        &mut self,
        env: &mut Env<'a>,
        params: Option<&[TypeId]>,
        ret: TypeId,
        actuals: Actuals<'a>,
    ) -> Ty {
        match params {
            Some(params) if !actuals.has_stars() && actuals.keywords.is_empty() => {
                if actuals.args.len() != params.len() {
                    let message = format!(
                        "Mismatched number of args for Callable. Expected {}, got {}",
                        params.len(),
                        actuals.args.len()
                    );
                    self.error("SP0144", actuals.span, message);
                }
                for (at, arg) in actuals.args.iter().enumerate() {
                    match params.get(at) {
                        Some(&param) => {
                            let what = format!("positional arg {}", at + 1);
                            self.check(env, arg, param, Destination::Described(&what));
                        }
                        None => self.element(env, arg),
                    }
                }
            }
            _ => self.untyped_arguments(env, actuals),
        }
        Ty::expected(ret)
    }

    // --- Functions, methods, classes ---

    fn function_call(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        function: FunctionId,
        actuals: Actuals<'a>,
    ) -> Ty {
        let entry = &self.program.functions[function];
        let is_plain = !entry.is_dynamic && !entry.is_async && !entry.is_generator;
        let kind = self.program.modules[entry.module].kind;
        let is_stub = kind.is_stub();
        if entry.is_coroutine() && !is_stub {
            let params = entry.params.clone();
            return self.coroutine_call(env, function, (&params, &[]), actuals);
        }
        if entry.is_dynamic {
            if let Some(result) = self.overloaded_call(env, (function, 0, None), &[], actuals) {
                return result;
            }
            self.untyped_arguments(env, actuals);
            return self.dynamic();
        }
        if is_stub {
            return self.library_call(env, function, actuals);
        }
        if !is_plain {
            let (params, ret) = (entry.params.clone(), entry.ret);
            self.map_arguments(env, &params, &[], actuals, function);
            return self.dynamic_call(env, expr, &params, ret, actuals);
        }
        let (params, ret) = (entry.params.clone(), entry.ret);
        let plan = if entry.is_nested { CallPlan::Nested } else { CallPlan::Function };
        if entry.body == Body::Native {
            return self.native_call(env, expr, function, (&params, ret), actuals);
        }
        match self.map_arguments(env, &params, &[], actuals, function) {
            Some(arguments) => {
                let solution = self.solve(&params, &arguments, actuals);
                self.facts().calls.insert(expr.id, plan(function, arguments));
                self.solved(ret, &solution)
            }
            None => self.dynamic_call(env, expr, &params, ret, actuals),
        }
    }

    /// A call of a C function, which has no other form.
    fn native_call(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        function: FunctionId,
        (params, ret): (&[Param<'a>], TypeId),
        actuals: Actuals<'a>,
    ) -> Ty {
        match self.map_arguments(env, params, &[], actuals, function) {
            Some(arguments) => _ = self.facts().calls.insert(expr.id, CallPlan::Native(function, arguments)),
            None if actuals.has_stars() => {
                let message = "native functions take their arguments one by one";
                self.error("SP0112", expr.span, message);
            }
            None => {}
        }
        Ty::sure(ret)
    }

    /// A callee whose types are known is called dynamically: primitives are boxed on the way in, and unboxed on the way out.
    pub(super) fn dynamic_call(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        params: &[Param<'a>],
        ret: TypeId,
        actuals: Actuals<'a>,
    ) -> Ty {
        self.box_arguments(env, params, actuals);
        let Some(primitive) = self.program.types.as_primitive(ret) else { return self.unsolved_result(ret) };
        self.facts().calls.insert(expr.id, CallPlan::Unboxed(primitive));
        Ty::sure(ret)
    }

    /// Primitives are passed to a callee that is called dynamically as objects.
    pub(super) fn box_arguments(&mut self, env: &mut Env<'a>, params: &[Param<'a>], actuals: Actuals<'a>) {
        let positional = actuals.args.iter().zip(params);
        let keywords = actuals.keywords.iter().filter_map(|keyword| {
            Some((keyword.value, params.iter().find(|param| Some(param.name) == keyword.arg)?))
        });
        for (arg, param) in positional.chain(keywords).collect::<Vec<_>>() {
            if self.program.types.as_primitive(param.ty).is_none() {
                continue;
            }
            let ty = self.expr(env, arg, None);
            if let Some(primitive) = self.primitive_of(ty) {
                self.set_coercion(arg.id, Some(Coercion::Box(primitive)));
            }
        }
    }

    /// As [`Self::dynamic_result`], of a callee whose type variables are not known.
    fn unsolved_result(&mut self, ret: TypeId) -> Ty {
        let id = self.solved(ret, &Vec::new()).id;
        self.dynamic_result(id)
    }

    /// A static callee called dynamically: its result is boxed and only expected.
    pub(super) fn dynamic_result(&mut self, ret: TypeId) -> Ty {
        if self.program.types.as_primitive(ret).is_some() { self.dynamic() } else { Ty::expected(ret) }
    }

    fn construction(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        class: ClassId,
        type_args: &[TypeId],
        actuals: Actuals<'a>,
        want: Option<TypeId>,
    ) -> Ty {
        let known = self.program.known;
        if [known.checked_list, known.checked_dict].contains(&class) || known.is_row(class) {
            return self.checked_construction(env, expr, class, type_args, actuals);
        }
        if matches!(self.program.classes[class].kind, ClassKind::TypedDict | ClassKind::NamedTuple) {
            return self.record_arguments(env, expr, class, actuals);
        }
        if self.program.is_of_library(class) {
            return self.library_construction(env, (class, type_args), actuals, want);
        }
        if !self.program.classes[class].is_static {
            if let ([arg], []) = (actuals.args, actuals.keywords)
                && class == known.bool
                && !matches!(arg.kind, ExprKind::Starred { .. })
            {
                return self.truth_call(env, expr, arg);
            }
            let exact = self.exact(class);
            self.untyped_arguments(env, actuals);
            if let ([source], []) = (actuals.args, actuals.keywords)
                && [known.list, known.set].contains(&class)
                && !matches!(source.kind, ExprKind::Starred { .. })
            {
                let item = self.object_item(source);
                let item = self.program.inexact(item);
                if item != self.program.types.dynamic && item != self.program.types.none {
                    let args = Box::new([item]);
                    return Ty::sure(self.program.types.intern(Type::Instance { class, args, exact: true }));
                }
            }
            let is_builtin = self.program.classes[class].module == self.program.builtins();
            let is_plain = is_builtin && ![known.object, known.type_].contains(&class);
            return if is_plain { Ty::sure(exact) } else { Ty::expected(self.instance(class)) };
        }
        let new = match self.program.class_member(class, "__new__") {
            Some((owner, ClassMember::Method(new))) if owner != known.object => Some(*new),
            _ => None,
        };
        let init = match self.program.class_member(class, "__init__") {
            Some((owner, ClassMember::Method(init))) if owner != known.object => Some(*init),
            Some((owner, _)) if owner == known.object => None,
            None => None,
            Some(_) => {
                self.untyped_arguments(env, actuals);
                return Ty::expected(self.instance(class));
            }
        };
        let params = match init {
            Some(init) if !self.program.functions[init].is_dynamic => {
                self.program.functions[init].params[1..].to_vec()
            }
            None => match new.map(|new| &self.program.functions[new]) {
                Some(entry) if !entry.is_dynamic && !entry.params.is_empty() => entry.params[1..].to_vec(),
                Some(_) => {
                    self.untyped_arguments(env, actuals);
                    return Ty::expected(self.instance(class));
                }
                None => Vec::new(),
            },
            Some(_) => {
                self.untyped_arguments(env, actuals);
                return Ty::expected(self.instance(class));
            }
        };
        let is_generated = init.is_some_and(|init| self.program.functions[init].is_generated);
        let base = init.or(new).and_then(|init| self.program.functions[init].class).unwrap_or(class);
        let own: Vec<TypeId> =
            if type_args.is_empty() { self.program.class_vars(class) } else { type_args.to_vec() };
        let base_args = self.program.arguments_of(class, &own, base);
        let params: Vec<Param<'a>> = params
            .into_iter()
            .map(|param| Param { ty: self.program.types.substitute(param.ty, &base_args), ..param })
            .collect();
        let context = init.or(new).unwrap_or_else(|| base::entity::EntityId::from_index(0));
        let made = match self.map_arguments(env, &params, type_args, actuals, context) {
            Some(arguments) if new.is_none() && !self.program.is_abstract(class) => {
                let made = self.instance_made(class, (&params, type_args), &arguments, actuals, want);
                if !is_generated {
                    self.facts().calls.insert(expr.id, CallPlan::Construct(class, init, arguments));
                    return Ty::sure(made);
                }
                let filling =
                    init.and_then(|init| Some((init, self.program.filling(class, init, &arguments)?)));
                if let Some((init, filling)) = filling {
                    self.facts().calls.insert(expr.id, CallPlan::Fill(class, init, arguments, filling));
                    return Ty::sure(made);
                }
                made
            }
            None if new.is_none() => self.exact(class),
            _ => self.instance(class),
        };
        self.dynamic_call(env, expr, &params, made, actuals)
    }

    fn checked_construction(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        class: ClassId,
        type_args: &[TypeId],
        actuals: Actuals<'a>,
    ) -> Ty {
        let known = self.program.known;
        let shown = self.program.classes[class].name;
        if type_args.is_empty() {
            self.untyped_arguments(env, actuals);
            if known.is_row(class) {
                let message = format!("{shown} needs an element type: `{shown}[int64](...)`");
                self.error("SP0141", expr.span, message);
            }
            return self.dynamic();
        }
        if known.is_row(class) {
            return self.row_construction(env, expr, class, type_args[0], actuals);
        }
        let id = self.program.types.intern(Type::Instance { class, args: type_args.into(), exact: true });
        let container = if class == known.checked_list { known.list } else { known.dict };
        match actuals.args {
            [] => {}
            [display] => {
                let plain = self.program.types.intern(Type::Instance {
                    class: container,
                    args: type_args.into(),
                    exact: true,
                });
                let is_display = matches!(display.kind, ExprKind::List { .. } | ExprKind::Dict { .. });
                if is_display {
                    self.expr(env, display, Some(plain));
                    self.facts().calls.insert(expr.id, CallPlan::Checked(id));
                } else {
                    self.object(env, display);
                }
            }
            _ => self.error("SP0142", expr.span, format!("{shown} takes at most one argument")),
        }
        Ty::sure(id)
    }

    // --- Functions that the checker understands ---

    fn special_call(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        special: Special,
        actuals: Actuals<'a>,
        want: Option<TypeId>,
    ) -> Ty {
        match (special, actuals.args) {
            (Special::Box, [arg]) => self.box_call(env, expr, arg),
            (Special::Unbox, [arg]) => {
                let wanted =
                    want.and_then(|want| self.program.types.as_primitive(want)).unwrap_or(Primitive::Int64);
                self.object(env, arg);
                self.set_coercion(arg.id, Some(Coercion::Unbox(wanted)));
                self.facts().calls.insert(expr.id, CallPlan::Coerce);
                Ty::sure(self.program.types.primitive(wanted))
            }
            (Special::Cast, [ty, value]) => {
                let place = self.place();
                let target = self.program.resolve_annotation(place, ty);
                self.check_type_names(env, ty);
                self.object(env, value);
                if self.program.types.as_primitive(target).is_some() {
                    let message = "cast to a primitive: use its name as a function";
                    let help = format!("write `{}(...)`", self.program.show(target));
                    self.report(Diagnostic::error("SP0145", ty.span, message).with_help(help));
                }
                self.facts().calls.insert(expr.id, CallPlan::Cast(target));
                Ty::sure(target)
            }
            (Special::Len | Special::CLen, [arg]) => self.len_call(env, expr, special == Special::CLen, arg),
            (Special::RevealType, [arg]) => {
                let ty = self.expr(env, arg, None);
                let message = format!("reveal_type: '{}'", self.program.show_exact(ty.id));
                self.error("SP0100", expr.span, message);
                self.dynamic()
            }
            (Special::IsInstance, args) => {
                self.untyped_arguments(env, actuals);
                if !actuals.keywords.is_empty() {
                    self.error("SP0142", expr.span, "isinstance() takes no keyword arguments");
                } else if args.len() != 2 && !actuals.has_stars() {
                    let message = format!("isinstance expected 2 arguments, got {}", args.len());
                    self.error("SP0142", expr.span, message);
                }
                Ty::sure(self.exact(self.program.known.bool))
            }
            (Special::Rand, []) if actuals.keywords.is_empty() => {
                self.facts().calls.insert(expr.id, CallPlan::Unboxed(Primitive::Int32));
                Ty::sure(self.program.types.primitive(Primitive::Int32))
            }
            (Special::CRange, _) => {
                let message = "crange can only be the iterable of a for loop";
                let help = "use `range(...)` for an object";
                self.report(Diagnostic::error("SP0146", expr.span, message).with_help(help));
                self.dynamic()
            }
            (Special::ProdAssert, [test, message @ ..])
                if message.len() < 2 && actuals.keywords.is_empty() =>
            {
                self.element(env, test);
                let str = self.instance(self.program.known.str);
                let destination = Destination::Described("prod_assert:");
                message.iter().for_each(|message| _ = self.check(env, message, str, destination));
                Ty::sure(self.program.types.none)
            }
            (special, args) => {
                let message =
                    format!("{} takes a different number of arguments than {}", special.name(), args.len());
                self.error("SP0142", expr.span, message);
                self.dynamic()
            }
        }
    }

    fn box_call(&mut self, env: &mut Env<'a>, expr: &Expr<'a>, arg: &'a Expr<'a>) -> Ty {
        let ty = self.expr(env, arg, None);
        let Some(primitive) = self.primitive_of(ty) else {
            let message = format!("can't box non-primitive: {}", self.program.show(ty.id));
            self.error("SP0145", arg.span, message);
            return self.dynamic();
        };
        self.set_coercion(arg.id, Some(Coercion::Box(primitive)));
        self.facts().calls.insert(expr.id, CallPlan::Coerce);
        Ty::sure(self.boxed(primitive))
    }

    /// The type of the objects that stand for a primitive.
    pub(super) fn boxed(&mut self, primitive: Primitive) -> TypeId {
        let class = match primitive {
            Primitive::Double => self.program.known.float,
            Primitive::CBool => self.program.known.bool,
            _ => self.program.known.int,
        };
        self.exact(class)
    }

    /// `bool(x)`: a `cbool` is boxed.
    fn truth_call(&mut self, env: &mut Env<'a>, expr: &Expr<'a>, arg: &'a Expr<'a>) -> Ty {
        let ty = self.expr(env, arg, None);
        if self.primitive_of(ty) == Some(Primitive::CBool) {
            self.set_coercion(arg.id, Some(Coercion::Box(Primitive::CBool)));
            self.facts().calls.insert(expr.id, CallPlan::Coerce);
        } else {
            self.as_object(arg, ty);
        }
        Ty::sure(self.exact(self.program.known.bool))
    }

    /// `int64(x)`, `double(x)`, `cbool(x)`
    fn conversion(
        &mut self,
        env: &mut Env<'a>,
        primitive: Primitive,
        actuals: Actuals<'a>,
        expr: &Expr<'a>,
    ) -> Ty {
        let id = self.program.types.primitive(primitive);
        let [arg] = actuals.args else {
            self.error("SP0142", expr.span, format!("{}() takes one argument", primitive.name()));
            return Ty::sure(id);
        };
        self.facts().calls.insert(expr.id, CallPlan::Coerce);
        let context = self.is_adaptable(arg).then_some(id);
        let ty = self.expr(env, arg, context);
        match self.primitive_of(ty) {
            Some(from) if from == primitive => {}
            Some(from) if from.is_integer() && primitive.is_integer() => {
                self.set_coercion(arg.id, Some(Coercion::Convert(from, primitive)));
            }
            Some(from) => {
                let message = format!("cannot convert {} to {}", from.name(), primitive.name());
                self.error("SP0145", arg.span, message);
            }
            None => self.unboxing_conversion(arg, ty, primitive),
        }
        Ty::sure(id)
    }

    fn unboxing_conversion(&mut self, arg: &Expr<'a>, ty: Ty, primitive: Primitive) {
        let known = self.program.known;
        let source = self.program.inexact(ty.id);
        let accepts = |this: &Self, class: ClassId| this.program.is_instance_of(source, class);
        let fits = source == self.program.types.dynamic
            || self.program.is_object(source)
            || match primitive {
                Primitive::Double => accepts(self, known.float) || accepts(self, known.int),
                Primitive::CBool => accepts(self, known.bool),
                _ => accepts(self, known.int),
            };
        if !fits {
            let message = format!("cannot convert {} to {}", self.program.show(ty.id), primitive.name());
            self.error("SP0145", arg.span, message);
        }
        self.set_coercion(arg.id, Some(Coercion::Unbox(primitive)));
    }

    fn len_call(&mut self, env: &mut Env<'a>, expr: &Expr<'a>, is_clen: bool, arg: &'a Expr<'a>) -> Ty {
        let ty = self.object(env, arg);
        let known = self.program.known;
        let measurable = [
            known.list,
            known.dict,
            known.set,
            known.tuple,
            known.str,
            known.checked_list,
            known.checked_dict,
            known.array,
            known.vector,
        ];
        let id = if is_clen { self.program.types.primitive(Primitive::Int64) } else { self.exact(known.int) };
        match self.program.types.as_instance(ty.id) {
            Some((class, _, exact)) if measurable.contains(&class) => {
                self.make_sure(arg, ty);
                let is_final =
                    [known.checked_list, known.checked_dict].contains(&class) || known.is_row(class);
                let plan = CallPlan::Len { class, exact: exact || is_final, boxed: !is_clen };
                self.facts().calls.insert(expr.id, plan);
            }
            _ if is_clen => {
                let message = format!("clen of {} is not known to be fast", self.program.show(ty.id));
                self.error("SP0145", arg.span, message);
            }
            _ => {}
        }
        Ty::sure(id)
    }
}
