//! Calls of methods: through an instance, a class, or `super()`. (`static-python.md` 1.18)
//!
//! A method is called directly where the class of the receiver says which it is, and through what that class has under the name otherwise. Class
//! methods get the receiver's class, static methods nothing of it.

use parser::ast::{Expr, ExprKind};

use super::call::Actuals;
use super::{Checker, Env};
use crate::facts::{CallPlan, Receiver};
use crate::program::{Binding, ClassId, ClassMember, Function, FunctionId, Param};
use crate::ty::{Ty, Type, TypeId};

impl<'a> Checker<'_, 'a> {
    pub(super) fn method_call(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        func: &'a Expr<'a>,
        function: FunctionId,
        actuals: Actuals<'a>,
    ) -> Ty {
        let ExprKind::Attribute { value, .. } = func.kind else {
            self.untyped_arguments(env, actuals);
            return self.dynamic();
        };
        let receiver = self.facts().types[value.id].unwrap_or(self.dynamic());
        if let Type::Class { class, args } = self.program.types.get(receiver.id).clone() {
            return self.class_method_call(env, expr, (class, &args), function, actuals);
        }
        let receiver = self.upper(receiver);
        let Some((class, type_args, exact)) = self.program.types.as_instance(receiver.id) else {
            self.untyped_arguments(env, actuals);
            return self.dynamic();
        };
        let type_args = type_args.to_vec();
        let owner = self.program.functions[function].class.unwrap_or(class);
        let type_args = self.program.arguments_of(class, &type_args, owner);
        let entry = &self.program.functions[function];
        let (params, ret) = (entry.params.clone(), entry.ret);
        let passed = passed(entry);
        let params = params.get(usize::from(passed != Receiver::Nothing)..).unwrap_or_default();
        if entry.is_coroutine() && entry.binding != Binding::Property {
            return self.coroutine_call(env, function, (params, &type_args), actuals);
        }
        if let Some(ty) = self.vector_call(env, expr, (value, receiver), function, actuals) {
            return ty;
        }
        if !self.is_typed_method(class, function) {
            let overloaded = (function, 1, Some(receiver.id));
            if let Some(result) = self.overloaded_call(env, overloaded, &type_args, actuals) {
                return result;
            }
            let call = (class, function, exact && receiver.is_sure);
            let result = self.untyped_method_call(env, expr, call, (params, ret), &type_args, actuals);
            return self.returned(function, receiver.id, result);
        }
        let entry = &self.program.functions[function];
        let direct = exact || entry.is_final || self.program.classes[class].is_final;
        let is_generic = self.program.types.substitute(ret, &[]) != ret;
        let own = self.program.types.substitute(ret, &type_args);
        let result = match self.map_arguments(env, params, &type_args, actuals, function) {
            Some(arguments) => {
                self.make_sure(value, receiver);
                let solution = self.solve(params, &arguments, actuals);
                let plan = CallPlan::Method { function, class, receiver: passed, direct, arguments };
                self.facts().calls.insert(expr.id, plan);
                let result = self.solved(own, &solution);
                Ty { is_sure: result.is_sure && !is_generic, ..result }
            }
            None => self.dynamic_call(env, expr, params, own, actuals),
        };
        self.returned(function, receiver.id, result)
    }

    /// Whether a method of a class is compiled with a signature, so that it can be called with typed arguments.
    fn is_typed_method(&self, class: ClassId, function: FunctionId) -> bool {
        let entry = &self.program.functions[function];
        self.program.classes[class].is_static
            && !entry.is_dynamic
            && !entry.is_async
            && !entry.is_generator
            && !self.program.has_hook(class, "__getattribute__")
            && matches!(entry.binding, Binding::Instance | Binding::Class | Binding::Static)
    }

    /// A method that is called dynamically. What a container gives is of its element type.
    fn untyped_method_call(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        (class, function, is_exact): (ClassId, FunctionId, bool),
        (params, ret): (&[Param<'a>], TypeId),
        type_args: &[TypeId],
        actuals: Actuals<'a>,
    ) -> Ty {
        if self.program.functions[function].is_dynamic {
            self.untyped_arguments(env, actuals);
            return self.dynamic();
        }
        let owner = self.program.functions[function].class.unwrap_or(class);
        if is_exact && self.cannot_take(function, params, actuals) {
            self.untyped_arguments(env, actuals);
            return self.dynamic();
        }
        let result = match self.program.is_of_library(owner) {
            true => self.library_method_call(env, function, (params, ret), type_args, actuals),
            false => {
                let takes_default = self.takes_default(class, function);
                self.untyped_method(env, (params, takes_default), ret, type_args, actuals)
            }
        };
        let is_append = class == self.program.known.list
            && self.program.functions[function].name == "append"
            && matches!((actuals.args, actuals.keywords), ([_], []));
        if is_append && is_exact && !actuals.has_stars() {
            self.facts().calls.insert(expr.id, CallPlan::Append);
            return Ty::sure(self.program.types.none);
        }
        let is_param = |&member: &TypeId| matches!(self.program.types.get(member), Type::Param(..));
        let is_element = self.program.types.members(ret).iter().any(is_param);
        if !is_element || actuals.has_stars() || !actuals.keywords.is_empty() {
            return result;
        }
        let ty = self.with_default(class, function, result.id, type_args, actuals);
        self.element_read(expr, ty)
    }

    /// What a method gives that may return `Self`, of which only the class that declares it is checked.
    pub(super) fn returned(&mut self, function: FunctionId, receiver: TypeId, result: Ty) -> Ty {
        let receiver = self.program.inexact(receiver);
        match self.program.functions[function].returns_self {
            true if receiver != result.id => Ty::expected(receiver),
            _ => result,
        }
    }

    /// `C.method(...)` of a class method: the class is known, and with it the method.
    fn class_method_call(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        (class, type_args): (ClassId, &[TypeId]),
        function: FunctionId,
        actuals: Actuals<'a>,
    ) -> Ty {
        let entry = &self.program.functions[function];
        let owner = entry.class.unwrap_or(class);
        if self.is_library_class_method(owner, function) {
            let result = self.library_call(env, function, actuals);
            let receiver = self.instance(class);
            return self.returned(function, receiver, result);
        }
        let entry = &self.program.functions[function];
        if entry.is_dynamic || entry.is_generator || entry.params.is_empty() {
            self.untyped_arguments(env, actuals);
            return self.dynamic();
        }
        let (mut params, ret) = (entry.params[1..].to_vec(), entry.ret);
        let is_generic = self.program.types.substitute(ret, &[]) != ret;
        let is_async = self.program.functions[function].is_async;
        let own = if type_args.is_empty() { self.program.class_vars(class) } else { type_args.to_vec() };
        let base_args = self.program.arguments_of(class, &own, owner);
        for param in &mut params {
            param.ty = self.program.types.substitute(param.ty, &base_args);
        }
        let ret = self.program.types.substitute(ret, &base_args);
        if is_async {
            return self.coroutine_call(env, function, (&params, &base_args), actuals);
        }
        let receiver = self.program.types.intern(Type::Instance { class, args: own.into(), exact: false });
        let mapped = self.map_arguments(env, &params, &[], actuals, function);
        let solution = mapped.as_ref().map(|arguments| self.solve(&params, arguments, actuals));
        let solution = solution.unwrap_or_default();
        // What a class with type arguments is as an object finds its class by itself.
        let result = match mapped.filter(|_| type_args.is_empty()) {
            Some(arguments) => {
                let plan =
                    CallPlan::Method { function, class, receiver: Receiver::Itself, direct: true, arguments };
                self.facts().calls.insert(expr.id, plan);
                let result = self.solved(ret, &solution);
                Ty { is_sure: result.is_sure && !is_generic, ..result }
            }
            None => self.dynamic_call(env, expr, &params, ret, actuals),
        };
        let receiver = match self.solved(receiver, &solution).id {
            open if self.has_open_arguments(open) => self.instance(class),
            solved => solved,
        };
        self.returned(function, receiver, result)
    }

    /// Whether a method of a class is that of dicts.
    fn is_of_dict(&self, class: ClassId, function: FunctionId) -> bool {
        let owner = self.program.functions[function].class;
        self.program.known.is_dict(class) || owner.is_some_and(|owner| self.program.known.is_dict(owner))
    }

    /// Whether nothing is known of the type arguments of an instance.
    fn has_open_arguments(&self, id: TypeId) -> bool {
        let dynamic = self.program.types.dynamic;
        self.program.types.as_instance(id).is_some_and(|(_, args, _)| args.iter().all(|&arg| arg == dynamic))
    }

    /// Whether a method is `get` or `pop` of a dict.
    fn takes_default(&self, class: ClassId, function: FunctionId) -> bool {
        matches!(self.program.functions[function].name, "get" | "pop") && self.is_of_dict(class, function)
    }

    /// `get` and `pop` of a dict give an element or the default.
    fn with_default(
        &mut self,
        class: ClassId,
        function: FunctionId,
        ret: TypeId,
        type_args: &[TypeId],
        actuals: Actuals<'a>,
    ) -> TypeId {
        match (actuals.args, type_args) {
            ([_, default], &[_, value]) if self.takes_default(class, function) => {
                let default = self.facts().types[default.id].unwrap_or(self.dynamic());
                let default = self.program.inexact(default.id);
                let union = self.program.types.union([value, default]);
                self.program.simplify_union(union)
            }
            _ => ret,
        }
    }

    /// `super().method(...)` and `super(C, self).method(...)` of a static class call the base's implementation directly.
    pub(super) fn super_call(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        func: &'a Expr<'a>,
        actuals: Actuals<'a>,
    ) -> Option<Ty> {
        let ExprKind::Attribute { value, attr, .. } = func.kind else { return None };
        let ExprKind::Call { func: inner, args, keywords: [] } = value.kind else { return None };
        let is_ours = self.program.modules[self.module].members.contains_key("super");
        if inner.as_name() != Some("super") || is_ours {
            return None;
        }
        let (class, is_class) = match args {
            [] => self.super_here()?,
            [class, receiver] => (self.super_from(env, class, receiver)?, false),
            _ => return None,
        };
        let attr = self.private_name(attr);
        let bases = self.program.classes[class].mro[1..].to_vec();
        let base = bases.into_iter().find(|&base| {
            let entry = &self.program.classes[base];
            !entry.is_static || entry.by_name.contains_key(attr)
        })?;
        let at = *self.program.classes[base].by_name.get(attr)?;
        let ClassMember::Method(target) = self.program.classes[base].members[at].1 else { return None };
        let entry = &self.program.functions[target];
        let owner = entry.class?;
        if entry.is_coroutine() && self.program.classes[owner].is_static {
            let params = entry.params.clone();
            let bound = usize::from(passed(entry) != Receiver::Nothing);
            self.object(env, func);
            return Some(self.coroutine_call(env, target, (&params[bound..], &[]), actuals));
        }
        if entry.is_generated || entry.name == "__new__" || !self.is_typed_method(owner, target) {
            return None;
        }
        let receiver = match passed(entry) {
            Receiver::Class if is_class => Receiver::Itself,
            Receiver::Itself if is_class => return None,
            passed => passed,
        };
        let (params, ret) = (entry.params.clone(), entry.ret);
        let params = &params[usize::from(receiver != Receiver::Nothing)..];
        let arguments = self.map_arguments(env, params, &[], actuals, target)?;
        let solution = self.solve(params, &arguments, actuals);
        self.facts().calls.insert(expr.id, CallPlan::Super { function: target, receiver, arguments });
        Some(self.solved(ret, &solution))
    }

    /// The class after which `super()` looks, and whether the method around has a class for a receiver.
    fn super_here(&self) -> Option<(ClassId, bool)> {
        let function = self.function.filter(|_| !self.is_in_own_frame())?;
        let entry = &self.program.functions[function];
        let is_known =
            !entry.is_dynamic && entry.class.is_some_and(|class| self.program.classes[class].is_static);
        let is_class = match entry.binding {
            _ if !is_known => return None,
            Binding::Instance | Binding::Property => false,
            Binding::Class => true,
            Binding::Static | Binding::None => return None,
        };
        Some((entry.class?, is_class))
    }

    /// The class after which `super(class, receiver)` looks, if the receiver is known to be an instance of it.
    fn super_from(
        &mut self,
        env: &mut Env<'a>,
        class: &'a Expr<'a>,
        receiver: &'a Expr<'a>,
    ) -> Option<ClassId> {
        let found = self.expr(env, class, None);
        let Type::Class { class, .. } = *self.program.types.get(found.id) else { return None };
        let ty = self.object(env, receiver);
        let (of, ..) = self.program.types.as_instance(ty.id)?;
        if !self.program.classes[class].is_static || !self.program.is_subclass(of, class) {
            return None;
        }
        self.make_sure(receiver, ty);
        Some(class)
    }
}

/// What a method gets of the receiver.
fn passed(method: &Function<'_>) -> Receiver {
    match method.binding {
        Binding::Class => Receiver::Class,
        Binding::Static => Receiver::Nothing,
        Binding::Instance | Binding::Property | Binding::None => Receiver::Itself,
    }
}
