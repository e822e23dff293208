//! Calls, items and operators of what the library has: checked as its stubs say, done dynamically.
//!
//! Arguments are checked as those of any known function: how many there are, their names, their types where the stub has some. What is passed is
//! what the program has: a check when the call is made is the callee's business, so that no argument is cast. Results are only expected.
//! An operator whose stub does not take the operand is dynamic; signatures under `@overload` are `overload`'s business.
//!
//! Cost: that of mapping the arguments of a static call.

use base::Diagnostic;
use parser::ast::{Expr, Operator};

use super::call::Actuals;
use super::generic::Solution;
use super::{Checker, Env};
use crate::facts::{Argument, Coercion};
use crate::program::{Binding, ClassId, ClassMember, FunctionId, Param};
use crate::strict::OPERATORS;
use crate::ty::{Ty, Type, TypeId};

impl<'a> Checker<'_, 'a> {
    /// Checks the arguments of a call of something that a stub declares; how they are passed, if that is known.
    pub(super) fn library_arguments(
        &mut self,
        env: &mut Env<'a>,
        (params, type_args): (&[Param<'a>], &[TypeId]),
        actuals: Actuals<'a>,
        function: FunctionId,
    ) -> Option<Vec<Argument>> {
        let arguments = self.map_arguments(env, params, type_args, actuals, function);
        let passed = actuals.args.iter().chain(actuals.keywords.iter().map(|keyword| keyword.value));
        for arg in passed {
            if matches!(self.facts().coercions.get(&arg.id), Some(Coercion::Cast(_))) {
                self.set_coercion(arg.id, None);
            }
        }
        arguments
    }

    /// What the variables of a callee stand for. The library takes what is one or the other of some types, though no variable stands for that.
    fn library_solution(
        &mut self,
        params: &[Param<'a>],
        arguments: &[Argument],
        actuals: Actuals<'a>,
    ) -> Solution {
        let passed = actuals.args.iter().chain(actuals.keywords.iter().map(|keyword| keyword.value));
        let is_either = passed.into_iter().any(|arg| {
            let ty = self.subject_type(arg);
            let ty = self.program.types.without_none(ty);
            matches!(self.program.types.get(ty), Type::Union(_))
        });
        if is_either { Solution::new() } else { self.solve(params, arguments, actuals) }
    }

    /// A call of a function, class method or static method of a stub.
    pub(super) fn library_call(
        &mut self,
        env: &mut Env<'a>,
        function: FunctionId,
        actuals: Actuals<'a>,
    ) -> Ty {
        let entry = &self.program.functions[function];
        let bound = usize::from(entry.binding == Binding::Class);
        let (params, ret) = (entry.params.clone(), entry.ret);
        let params = params.get(bound..).unwrap_or_default();
        let solution = match self.library_arguments(env, (params, &[]), actuals, function) {
            Some(arguments) => self.library_solution(params, &arguments, actuals),
            None => Vec::new(),
        };
        let result = self.solved(ret, &solution);
        Ty::expected(self.program.types.substitute(result.id, &[]))
    }

    /// A call of a method of a class of the library.
    pub(super) fn library_method_call(
        &mut self,
        env: &mut Env<'a>,
        function: FunctionId,
        (params, ret): (&[Param<'a>], TypeId),
        type_args: &[TypeId],
        actuals: Actuals<'a>,
    ) -> Ty {
        let own = self.program.types.substitute(ret, type_args);
        let solution = match self.library_arguments(env, (params, type_args), actuals, function) {
            Some(arguments) => self.library_solution(params, &arguments, actuals),
            None => Vec::new(),
        };
        Ty::expected(self.solved(own, &solution).id)
    }

    /// A call of a class of the library: its arguments are those of `__init__` or `__new__`, and may say what its type arguments are.
    pub(super) fn library_construction(
        &mut self,
        env: &mut Env<'a>,
        (class, type_args): (ClassId, &[TypeId]),
        actuals: Actuals<'a>,
        want: Option<TypeId>,
    ) -> Ty {
        let object = self.program.known.object;
        let maker = ["__init__", "__new__"].into_iter().find_map(|name| {
            let (owner, member) = self.program.class_member(class, name)?;
            match member {
                ClassMember::Method(maker) if owner != object => Some((owner, *maker)),
                _ => None,
            }
        });
        let maker = maker.filter(|(_, maker)| !self.program.functions[*maker].is_dynamic);
        let Some((owner, maker)) = maker else {
            self.untyped_arguments(env, actuals);
            return Ty::expected(self.instance(class));
        };
        let own = if type_args.is_empty() { self.program.class_vars(class) } else { type_args.to_vec() };
        let own = self.program.arguments_of(class, &own, owner);
        let mut params = self.program.functions[maker].params[1..].to_vec();
        for param in &mut params {
            param.ty = self.program.types.substitute(param.ty, &own);
        }
        let made = match self.library_arguments(env, (&params, &[]), actuals, maker) {
            Some(arguments) => self.instance_made(class, (&params, type_args), &arguments, actuals, want),
            None => self.instance(class),
        };
        Ty::expected(self.program.inexact(made))
    }

    /// What a method of a class of a stub gives that is looked up on the class, such as `__getitem__`.
    fn library_method(&mut self, ty: TypeId, name: &str) -> Option<(FunctionId, Vec<TypeId>)> {
        let (class, args, _) = self.program.types.as_instance(ty)?;
        let (owner, member) = self.program.class_member(class, name)?;
        let &ClassMember::Method(function) = member else { return None };
        let is_overloaded = self.program.overloads.contains_key(&function);
        let is_known = is_overloaded || !self.program.functions[function].is_dynamic;
        if !self.program.is_of_library(owner) || !is_known {
            return None;
        }
        let args = args.to_vec();
        Some((function, self.program.arguments_of(class, &args, owner)))
    }

    /// What such a method returns.
    fn library_result(&mut self, ty: TypeId, function: FunctionId, type_args: &[TypeId]) -> Ty {
        let entry = &self.program.functions[function];
        if entry.returns_self {
            return Ty::expected(self.program.inexact(ty));
        }
        let ret = entry.ret;
        Ty::expected(self.program.types.substitute(ret, type_args))
    }

    /// `x[i]` of an object of the library.
    pub(super) fn library_item(&mut self, container: TypeId, slice: &Expr<'a>, index: Ty) -> Ty {
        let Some((function, args)) = self.library_method(container, "__getitem__") else {
            return self.dynamic();
        };
        if self.program.overloads.contains_key(&function) {
            return match self.variant_for(function, index, &args) {
                Some(variant) => self.library_result(container, variant, &args),
                None => self.dynamic(),
            };
        }
        let key = self.program.functions[function].params.get(1).map_or(index.id, |param| param.ty);
        let key = self.program.types.substitute(key, &args);
        self.check_key(slice, index, &[key, key]);
        self.library_result(container, function, &args)
    }

    /// What entering a context gives.
    pub(super) fn entered(&mut self, manager: TypeId) -> Ty {
        match self.library_method(manager, "__enter__") {
            Some((function, args)) => self.library_result(manager, function, &args),
            None => self.dynamic(),
        }
    }

    /// An operator one of whose operands is of a class of the library, which takes the other one; the left one is asked first.
    pub(super) fn library_operator(&mut self, a: Ty, op: Operator, b: Ty) -> Ty {
        let name = OPERATORS.iter().find(|(_, known)| *known == op).map_or("", |(name, _)| name);
        let name = name.trim_end_matches('_');
        let found = self.operand_taken(a.id, &format!("__{name}__"), b);
        let found = found.or_else(|| self.operand_taken(b.id, &format!("__r{name}__"), a));
        found.unwrap_or(self.dynamic())
    }

    /// What a method of the class of one operand gives, if it takes the other one.
    fn operand_taken(&mut self, receiver: TypeId, name: &str, operand: Ty) -> Option<Ty> {
        let (function, args) = self.library_method(receiver, name)?;
        if operand.id == self.program.types.dynamic {
            return None;
        }
        let variant = self.variant_for(function, operand, &args)?;
        Some(self.library_result(receiver, variant, &args))
    }

    /// Whoever has an object with a dictionary may give it more attributes, so that one which the library does not is only doubtful.
    pub(super) fn doubtful_attribute(&mut self, expr: &Expr<'a>, class: ClassId, attr: &str, what: &str) {
        let is_open = self.program.is_of_library(class)
            && !self.program.has_complete_stub(class)
            && self.program.class_member(class, "__getattr__").is_none();
        if !is_open || attr.starts_with('_') || attr == "mro" {
            return;
        }
        let name = self.program.classes[class].name;
        let message = match what {
            "type" => format!("type object '{name}' has no attribute '{attr}'"),
            _ => format!("'{name}' object has no attribute '{attr}'"),
        };
        let meant = self.similar_attribute(class, attr);
        self.report(Diagnostic::new("SP0155", expr.span, message).with_suggestion(meant.as_deref()));
    }

    /// Whether a name of a class is a method that the class itself, not an instance, passes on typed.
    pub(super) fn is_library_class_method(&self, owner: ClassId, function: FunctionId) -> bool {
        let entry = &self.program.functions[function];
        self.program.modules[self.program.classes[owner].module].kind.is_stub()
            && !entry.is_dynamic
            && matches!(entry.binding, Binding::Class | Binding::Static)
    }

    /// The type of a class or function of a module: of the library it is only expected, since a program may replace it.
    pub(super) fn class_object(&mut self, class: ClassId) -> Ty {
        let id = self.program.types.intern(Type::Class { class, args: Box::default() });
        Ty { id, is_sure: !self.program.is_of_library(class) }
    }
}
