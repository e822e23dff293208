//! Coroutines: calls of asynchronous functions, and what awaiting them gives. (`static-python.md` 1.26)
//!
//! A coroutine is made dynamically, by a call whose arguments are checked as those of any call. Its type, which only the checker knows, says what
//! awaiting it gives, also where it has been put into a variable meanwhile. Between a coroutine and whoever awaits it there are only
//! objects: a primitive result is boxed where it is returned, and unboxed, with a check, where it is awaited.
//!
//! Cost: a box for each primitive argument and result.

use parser::ast::Expr;

use super::call::Actuals;
use super::{Checker, Env};
use crate::facts::CallPlan;
use crate::program::{FunctionId, Param};
use crate::ty::{Ty, Type, TypeId};

impl<'a> Checker<'_, 'a> {
    /// A call that makes a coroutine.
    pub(super) fn coroutine_call(
        &mut self,
        env: &mut Env<'a>,
        function: FunctionId,
        (params, type_args): (&[Param<'a>], &[TypeId]),
        actuals: Actuals<'a>,
    ) -> Ty {
        let ret = self.program.functions[function].ret;
        let own = self.program.types.substitute(ret, type_args);
        let solution = match self.map_arguments(env, params, type_args, actuals, function) {
            Some(arguments) => self.solve(params, &arguments, actuals),
            None => Vec::new(),
        };
        self.box_arguments(env, params, actuals);
        let result = self.solved(own, &solution).id;
        Ty::sure(self.program.types.intern(Type::Awaitable(result)))
    }

    /// `await value`
    pub(super) fn await_(&mut self, env: &mut Env<'a>, expr: &Expr<'a>, value: &'a Expr<'a>) -> Ty {
        let awaited = self.object(env, value);
        env.forget_fields();
        self.facts().calls.remove(&expr.id);
        let Some(result) = self.awaited(awaited.id) else { return self.dynamic() };
        let Some(primitive) = self.program.types.as_primitive(result) else { return Ty::expected(result) };
        self.facts().calls.insert(expr.id, CallPlan::Unboxed(primitive));
        Ty::sure(result)
    }

    /// What awaiting a value gives, if it is known to be a coroutine, or one of several whose results are objects or all the same.
    fn awaited(&mut self, id: TypeId) -> Option<TypeId> {
        let members = self.program.types.members(id);
        let result = |member: &TypeId| match self.program.types.get(*member) {
            Type::Awaitable(result) => Some(*result),
            _ => None,
        };
        let results = members.iter().map(result).collect::<Option<Vec<_>>>()?;
        let is_primitive = |&id: &TypeId| self.program.types.as_primitive(id).is_some();
        if results.len() > 1 && results.iter().any(is_primitive) {
            return None;
        }
        Some(self.program.types.union(results))
    }
}
