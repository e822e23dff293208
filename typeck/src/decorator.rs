//! Decorators: what they say of functions and classes. (`static-python.md` 1.22, 1.23)
//!
//! Names mean what the imports in front of them say. A decorator of functions that the checker does not know makes calls dynamic. An instance of a
//! context manager that is made to decorate keeps them typed: what stands there in the end takes and gives the same.

use parser::ast::{Expr, ExprKind, FunctionDef};

use crate::program::{Binding, Body, ClassId, ClassMember, FunctionId, Member, ModuleId, Program};
use crate::ty::{Literal, Type};

/// What the decorators of a function say.
pub(crate) struct Decorators {
    pub(crate) binding: Binding,
    pub(crate) is_final: bool,
    pub(crate) is_abstract: bool,
    pub(crate) is_unknown: bool,
    pub(crate) body: Body,
    pub(crate) cache: Option<&'static str>,
}

impl Decorators {
    /// Those of a function that has none.
    fn of(binding: Binding) -> Self {
        Self {
            binding,
            is_final: false,
            is_abstract: false,
            is_unknown: false,
            body: Body::Typed,
            cache: None,
        }
    }
}

impl<'a> Program<'a> {
    pub(crate) fn decorators(
        &self,
        module: ModuleId,
        def: &'a FunctionDef<'a>,
        is_method: bool,
    ) -> Decorators {
        let binding = match (is_method, def.name) {
            (false, _) => Binding::None,
            (true, "__new__") => Binding::Static,
            (true, "__init_subclass__" | "__class_getitem__") => Binding::Class,
            (true, _) => Binding::Instance,
        };
        let mut found = Decorators::of(binding);
        def.decorator_list
            .iter()
            .for_each(|decorator| self.read_decorator(module, def, decorator, &mut found));
        found
    }

    fn read_decorator(
        &self,
        module: ModuleId,
        def: &'a FunctionDef<'a>,
        decorator: &'a Expr<'a>,
        found: &mut Decorators,
    ) {
        if is_accessor(decorator, def.name) {
            found.binding = Binding::Property;
            return;
        }
        match self.decorator_name(module, decorator) {
            Some(("builtins", "staticmethod")) => found.binding = Binding::Static,
            Some(("builtins", "classmethod")) => found.binding = Binding::Class,
            Some(("builtins", "property")) => found.binding = Binding::Property,
            Some(("functools", "cached_property")) => {
                found.binding = Binding::Property;
                found.cache = Some(base::KEPT_PROPERTY);
            }
            Some((_, "cached_property")) => {
                found.binding = Binding::Property;
                found.cache = Some("_pystatic_cprop.");
            }
            Some((_, "async_cached_property")) => {
                found.binding = Binding::Property;
                found.cache = Some("_pystatic_async_cprop.");
            }
            Some(("typing" | "typing_extensions", "final")) => found.is_final = true,
            Some(("typing" | "typing_extensions", "override")) => {}
            Some(("abc", "abstractmethod")) => found.is_abstract = true,
            Some(("typing" | "typing_extensions", "overload")) => {
                (found.is_unknown, found.body) = (true, Body::Untyped);
            }
            Some(("__static__", "inline")) if found.body == Body::Typed => found.body = Body::Inline,
            Some(("__static__", "dynamic_return")) => found.body = Body::DynamicReturn,
            Some(("__static__", "_donotcompile")) => {
                (found.is_unknown, found.body) = (true, Body::Untyped);
            }
            _ if self.is_native(module, decorator) => found.body = Body::Native,
            _ => found.is_unknown = true,
        }
    }

    /// The decorators of a function that say nothing here.
    fn unknown_decorators(&self, function: FunctionId) -> Vec<&'a Expr<'a>> {
        let (module, def) = (self.functions[function].module, self.functions[function].def);
        let is_unknown = |decorator: &&'a Expr<'a>| {
            let mut found = Decorators::of(Binding::None);
            self.read_decorator(module, def, decorator, &mut found);
            found.is_unknown
        };
        def.decorator_list.iter().filter(is_unknown).collect()
    }

    /// Whether a decorator is a call of `native`.
    fn is_native(&self, module: ModuleId, decorator: &'a Expr<'a>) -> bool {
        let ExprKind::Call { func, .. } = decorator.kind else { return false };
        self.decorator_name(module, func) == Some(("__static__", "native"))
    }

    /// The module and the name there that a decorator stands for, as far as the imports that are in front of it say.
    fn decorator_name(&self, module: ModuleId, decorator: &'a Expr<'a>) -> Option<(&'a str, &'a str)> {
        let members = &self.modules[module].members;
        match decorator.kind {
            ExprKind::Name { id, .. } => match members.get(id) {
                Some(Member::Imported { module, name }) => Some((module, name)),
                Some(_) => None,
                None => Some(("builtins", id)),
            },
            ExprKind::Attribute { value, attr, .. } => match members.get(value.as_name()?) {
                Some(Member::Module(module)) => Some((module, attr)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// `@name.setter` or `@name.deleter` above another function of that name.
fn is_accessor(decorator: &Expr<'_>, name: &str) -> bool {
    match decorator.kind {
        ExprKind::Attribute { value, attr: "setter" | "deleter", .. } => value.as_name() == Some(name),
        _ => false,
    }
}

impl<'a> Program<'a> {
    /// Keeps a function typed that nothing but context managers decorates. Where one of them may swallow an exception, nothing is returned.
    pub(crate) fn bind_context_decorators(&mut self, function: FunctionId) {
        let entry = &self.functions[function];
        if !entry.is_dynamic || entry.body == Body::Untyped {
            return;
        }
        let module = entry.module;
        let mut may_swallow = false;
        for decorator in self.unknown_decorators(function) {
            let Some(class) = self.context_decorator(module, decorator) else { return };
            may_swallow |= !self.never_swallows(class);
        }
        let (none, ret) = (self.types.none, self.functions[function].ret);
        self.functions[function].is_dynamic = false;
        if may_swallow && self.types.as_primitive(ret).is_none() {
            self.functions[function].ret = self.types.union([ret, none]);
        }
    }

    /// The class of a decorator that is an instance of `ExcContextDecorator`.
    fn context_decorator(&mut self, module: ModuleId, decorator: &'a Expr<'a>) -> Option<ClassId> {
        let found = match decorator.kind {
            ExprKind::Call { func, .. } => self.chase_expr(module, func)?,
            _ => match self.chase_expr(module, decorator)? {
                (there, Member::Variable { ty: None, annotation: Some(annotation), .. }) => {
                    self.chase_expr(there, annotation)?
                }
                (_, Member::Variable { ty: Some(ty), .. }) => {
                    let class = self.types.as_instance(ty)?.0;
                    return self.is_context_decorator(class).then_some(class);
                }
                _ => return None,
            },
        };
        let Member::Class(class) = found.1 else { return None };
        self.is_context_decorator(class).then_some(class)
    }

    fn is_context_decorator(&mut self, class: ClassId) -> bool {
        self.derives_from_static(class, "ExcContextDecorator")
    }

    fn derives_from_static(&self, class: ClassId, name: &str) -> bool {
        let Some(statics) = self.find_module("__static__") else { return false };
        match self.modules[statics].members.get(name) {
            Some(Member::Class(base)) => self.is_subclass(class, *base),
            _ => false,
        }
    }

    /// Whether a context manager lets every exception through: it says so, or it is a `ContextDecorator`.
    fn never_swallows(&mut self, class: ClassId) -> bool {
        if self.derives_from_static(class, "ContextDecorator") {
            return true;
        }
        match self.class_member(class, "__exit__") {
            Some((_, ClassMember::Method(exit))) => {
                let ret = self.functions[*exit].ret;
                ret == self.types.none || *self.types.get(ret) == Type::Literal(Literal::Bool(false))
            }
            _ => true,
        }
    }

    /// Whether a decorator of classes says that it returns the class that it gets: by `TClass`, or as a `ClassDecorator`.
    pub(crate) fn returns_its_class(&mut self, module: ModuleId, decorator: &'a Expr<'a>) -> bool {
        let (expr, is_made) = match decorator.kind {
            ExprKind::Call { func, .. } => (func, true),
            _ => (decorator, false),
        };
        let Some((there, Member::Function(function))) = self.chase_expr(module, expr) else { return false };
        let def = self.functions[function].def;
        let is = |program: &mut Self, annotation: Option<&'a Expr<'a>>, wanted: &str| {
            let found = annotation.and_then(|annotation| program.chase_expr(there, annotation));
            matches!(found, Some((_, Member::Imported { module: "__static__", name })) if name == wanted)
        };
        if is_made {
            return is(self, def.returns, "ClassDecorator");
        }
        let params = def.args;
        match (params.posonlyargs, params.args) {
            ([param], []) | ([], [param]) => {
                is(self, def.returns, "TClass") && is(self, param.annotation, "TClass")
            }
            _ => false,
        }
    }
}
