//! Types that values show by their form: what a bare `Final` declares. (`static-python.md` 1.4, 1.20)
//!
//! Declarations are bound before anything is inferred, so that only what can be said without a look at other values counts: constants and
//! arithmetic on them, displays, instances of classes that are named, members of enumerations, results of functions that declare them.
//! Anything else is dynamic. Cost: one visit of the value.

use parser::ast::{Constant, Expr, ExprKind};

use crate::fold;
use crate::program::{
    self, ClassId, ClassKind, ClassMember, FunctionId, Member, ModuleId, ModuleKind, Program,
};
use crate::ty::{Type, TypeId};

impl<'a> Program<'a> {
    /// The type of a value, as far as its form shows.
    pub(crate) fn evident_type(&mut self, module: ModuleId, value: &'a Expr<'a>) -> TypeId {
        let known = self.known;
        let is_own = |name: &str| !self.modules[module].members.contains_key(name);
        let class = match value.kind {
            ExprKind::Constant { value, .. } => return self.constant_type(&value),
            ExprKind::JoinedStr { .. } => known.str,
            // A module may have its displays checked.
            ExprKind::List { .. } | ExprKind::ListComp { .. } if is_own("list") => known.list,
            ExprKind::Dict { .. } | ExprKind::DictComp { .. } if is_own("dict") => known.dict,
            ExprKind::Set { .. } | ExprKind::SetComp { .. } => known.set,
            ExprKind::Tuple { elts, .. } => return self.evident_tuple(module, elts),
            ExprKind::Call { func, .. } => return self.evident_result(module, func),
            ExprKind::Attribute { .. } => return self.evident_member(module, value),
            _ => {
                return match fold::constant(value) {
                    Some(program::Constant::Literal(number) | program::Constant::Negated(number)) => {
                        let number = self.constant_type(&number);
                        self.inexact(number)
                    }
                    None => self.types.dynamic,
                };
            }
        };
        self.types.exact_instance(class)
    }

    /// The class of a literal.
    pub(crate) fn constant_type(&mut self, value: &Constant<'_>) -> TypeId {
        let class = match value {
            Constant::Int(_) => self.known.int,
            Constant::Float(_) => self.known.float,
            Constant::Str(_) => self.known.str,
            Constant::Bool(_) => self.known.bool,
            Constant::Bytes(_) => self.known.bytes,
            _ => return self.types.dynamic,
        };
        self.types.exact_instance(class)
    }

    fn evident_tuple(&mut self, module: ModuleId, elts: &'a [Expr<'a>]) -> TypeId {
        let has_star = elts.iter().any(|elt| matches!(elt.kind, ExprKind::Starred { .. }));
        let mut args = Vec::new();
        for elt in elts.iter().filter(|_| !has_star) {
            let item = self.evident_type(module, elt);
            let item = self.widen_literal(item);
            args.push(self.inexact(item));
        }
        if args.iter().all(|&arg| arg == self.types.dynamic) {
            args.clear();
        }
        self.types.intern(Type::Instance { class: self.known.tuple, args: args.into(), exact: true })
    }

    fn evident_member(&mut self, module: ModuleId, value: &'a Expr<'a>) -> TypeId {
        let Some(class) = self.enum_of_member(module, value) else { return self.types.dynamic };
        match self.enum_literal(module, value) {
            Some(member) => self.types.intern(Type::Literal(member)),
            None => self.types.instance(class),
        }
    }

    fn evident_result(&mut self, module: ModuleId, func: &'a Expr<'a>) -> TypeId {
        match self.chase_expr(module, func) {
            Some((_, Member::Class(class))) => self.evident_instance(class),
            Some((_, Member::Function(function))) => self.evident_return(function),
            _ => self.types.dynamic,
        }
    }

    /// An instance of a class that is called. Whoever has a metaclass or a `__new__` gives what he likes.
    fn evident_instance(&mut self, class: ClassId) -> TypeId {
        let (entry, known) = (&self.classes[class], self.known);
        let is_root = [known.object, known.type_, known.checked_list, known.checked_dict].contains(&class)
            || known.is_row(class);
        let is_nominal = entry.kind == ClassKind::Nominal && entry.enumeration.is_none();
        if is_root || !is_nominal || self.is_dynamic_class(class) {
            return self.types.dynamic;
        }
        match self.class_member(class, "__new__") {
            Some((owner, ClassMember::Method(_))) if owner != known.object => self.types.instance(class),
            Some((owner, _)) if owner != known.object => self.types.dynamic,
            _ if self.is_built_here(class) => self.types.exact_instance(class),
            _ => self.types.instance(class),
        }
    }

    /// Whether a class is a builtin, or all its bases are classes of static modules.
    fn is_built_here(&self, class: ClassId) -> bool {
        let kind = |class: ClassId| self.modules[self.classes[class].module].kind;
        let mut bases = self.classes[class].mro.iter().filter(|&&base| base != self.known.object);
        self.classes[class].module == self.builtins() || bases.all(|&base| kind(base) == ModuleKind::Static)
    }

    fn evident_return(&mut self, function: FunctionId) -> TypeId {
        self.bind_function(function);
        let entry = &self.functions[function];
        let is_plain = !entry.is_dynamic && !entry.is_async && !entry.is_generator;
        let ret = entry.ret;
        let (is_library, dynamic) =
            (self.modules[entry.module].kind == ModuleKind::Library, self.types.dynamic);
        let is_var = |part: &Type| matches!(part, Type::Var(_)).then_some(dynamic);
        let ret = if is_library { self.types.replace(ret, &is_var) } else { ret };
        let is_object = self.types.as_primitive(ret).is_none() && !self.types.has_vars(ret);
        if is_plain && is_object && !self.is_object(ret) { ret } else { self.types.dynamic }
    }
}
