//! Attributes: fields, methods and variables of what is known of the owner. (`static-python.md` 1.11)

use base::Diagnostic;
use parser::ast::{Expr, ExprKind};

use super::{Checker, Env};
use crate::facts::{AttributePlan, Coercion};
use crate::program::{Binding, ClassId, ClassMember, Member, ModuleId};
use crate::scope::Resolution;
use crate::ty::{Literal, Ty, Type, TypeId};

impl<'a> Checker<'_, 'a> {
    /// A name of the block being checked as it is stored.
    pub(crate) fn private_name(&self, name: &'a str) -> &'a str {
        let scope = *self.scopes.last().expect("checking is always inside a scope");
        match self.program.modules[self.module].scopes.table[scope].mangle(name) {
            std::borrow::Cow::Borrowed(name) => name,
            std::borrow::Cow::Owned(name) => self.program.arena.alloc_str(&name),
        }
    }

    pub(super) fn attribute(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        value: &'a Expr<'a>,
        attr: &'a str,
    ) -> Ty {
        self.facts().attributes.remove(&expr.id);
        let attr = self.private_name(attr);
        let owner = self.object(env, value);
        if let Some(module) = self.dotted_module(expr) {
            return module;
        }
        if attr == "value"
            && let Some((class, name)) = self.named_member(owner, value)
            && self.program.class_member(class, attr).is_none()
        {
            return Ty::expected(self.program.member_value(class, name));
        }
        let owner = self.upper(owner);
        match self.program.types.get(owner.id).clone() {
            Type::None => {
                let message = format!("'None' object has no attribute '{attr}'");
                self.error("SP0133", expr.span, message);
                self.dynamic()
            }
            Type::Union(members) => self.union_attribute(expr, owner.id, &members, attr),
            Type::Instance { class, args, .. } => {
                let ty = self.instance_attribute(env, expr, value, owner, class, attr);
                let ty = self.as_seen_through(ty, class, &args, attr);
                self.as_own(ty, owner.id, class, attr)
            }
            Type::Class { class, .. } => self.class_attribute(expr, class, attr),
            Type::Module(module) => self.module_attribute(expr, module, attr),
            Type::Dynamic => {
                if let Some(module) = self.module_name(value) {
                    self.unknown_library_member(expr, module, attr);
                }
                self.dynamic()
            }
            _ => self.dynamic(),
        }
    }

    /// The enumeration, and the name in it, of what is known to be one member.
    fn named_member(&mut self, owner: Ty, value: &'a Expr<'a>) -> Option<(ClassId, &'a str)> {
        if let Type::Literal(Literal::Member { class, name, .. }) = self.program.types.get(owner.id) {
            let name = self.program.arena.alloc_str(name);
            return Some((*class, name));
        }
        let ExprKind::Attribute { value: of, attr, .. } = value.kind else { return None };
        match of.as_name().and_then(|name| self.variable(name)) {
            Some(_) => None,
            None => self.program.enum_of_member(self.module, value).map(|class| (class, attr)),
        }
    }

    /// The module that `package.module` is after `import package.module`.
    fn dotted_module(&mut self, expr: &Expr<'a>) -> Option<Ty> {
        let module = self.module_name(expr)?;
        let id = match self.program.typed_module(module) {
            Some(module) => self.program.types.intern(Type::Module(module)),
            None => self.program.types.dynamic,
        };
        Some(Ty::sure(id))
    }

    /// The dotted name of a module that an expression spells, as far as imports at the top level say.
    fn module_name(&mut self, expr: &Expr<'a>) -> Option<&'a str> {
        match expr.kind {
            ExprKind::Name { id, .. } => {
                let module = &self.program.modules[self.module];
                let (owner, resolution) = module.scopes.lookup(*self.scopes.last()?, id);
                let is_local = matches!(resolution, Resolution::Cell | Resolution::Free)
                    || (resolution == Resolution::Local && owner != module.scopes.module());
                match module.members.get(id) {
                    Some(Member::Module(name)) if !is_local => Some(name),
                    _ => None,
                }
            }
            ExprKind::Attribute { value, attr, .. } => {
                let package = self.module_name(value)?;
                self.program.submodule(self.module, package, attr)
            }
            _ => None,
        }
    }

    /// A name at the top level of a static module. Builtins are no attributes of it.
    fn module_attribute(&mut self, expr: &Expr<'a>, module: ModuleId, attr: &'a str) -> Ty {
        if !self.program.modules[module].members.contains_key(attr) {
            self.unknown_member(expr, module, attr);
            return self.dynamic();
        }
        match self.program.chase_name(module, attr) {
            Some((_, Member::Class(class))) => self.class_object(class),
            Some((_, Member::Function(function))) => {
                Ty::sure(self.program.types.intern(Type::Function(function)))
            }
            Some((_, Member::Variable { ty: Some(ty), .. })) => self.named_object(ty),
            _ => self.dynamic(),
        }
    }

    /// What a namespace has under a declared name: an object, whatever is made of it where the name stands alone.
    fn named_object(&self, ty: TypeId) -> Ty {
        match self.program.types.as_primitive(ty) {
            Some(_) => self.dynamic(),
            None => Ty::expected(ty),
        }
    }

    /// The type of a member in terms of the receiver's type arguments: what is a type parameter is only expected.
    fn as_seen_through(&mut self, ty: Ty, class: ClassId, args: &[TypeId], name: &str) -> Ty {
        let Some((owner, _)) = self.program.class_member(class, name) else { return ty };
        let args = self.program.arguments_of(class, args, owner);
        let is_param = |&member: &TypeId| matches!(self.program.types.get(member), Type::Param(..));
        let is_sure = ty.is_sure && !self.program.types.members(ty.id).iter().any(is_param);
        Ty { id: self.program.types.substitute(ty.id, &args), is_sure }
    }

    /// The type of a property that is declared to be `Self`.
    fn as_own(&mut self, ty: Ty, receiver: TypeId, class: ClassId, name: &str) -> Ty {
        match self.program.class_member(class, name) {
            Some((_, &ClassMember::Method(getter)))
                if self.program.functions[getter].binding == Binding::Property =>
            {
                self.returned(getter, receiver, ty)
            }
            _ => ty,
        }
    }

    /// An attribute of a class: a method of a static class is a plain function there.
    fn class_attribute(&mut self, expr: &Expr<'a>, class: ClassId, attr: &str) -> Ty {
        let found = self.program.class_member(class, attr).map(|(owner, member)| (owner, member.clone()));
        match found {
            Some((owner, ClassMember::Dynamic))
                if self.program.classes[owner].enumeration.is_some() && !attr.starts_with('_') =>
            {
                match self.program.member_literal(owner, attr) {
                    Some(member) => Ty::expected(self.program.types.intern(Type::Literal(member))),
                    None => Ty::expected(self.instance(owner)),
                }
            }
            Some((owner, ClassMember::Method(function)))
                if self.program.classes[owner].is_static
                    && self.program.functions[function].binding == Binding::Class =>
            {
                Ty::sure(self.program.types.intern(Type::Method(function)))
            }
            Some((owner, ClassMember::Method(function)))
                if self.program.classes[owner].is_static
                    && matches!(
                        self.program.functions[function].binding,
                        Binding::Instance | Binding::Static
                    ) =>
            {
                Ty::sure(self.program.types.intern(Type::Function(function)))
            }
            Some((owner, ClassMember::Method(function))) if self.is_library_class_method(owner, function) => {
                let ty = match self.program.functions[function].binding {
                    Binding::Class => Type::Method(function),
                    _ => Type::Function(function),
                };
                Ty::expected(self.program.types.intern(ty))
            }
            Some((_, ClassMember::Variable { ty, .. })) => self.named_object(ty),
            None if self.program.has_complete_stub(class) => {
                self.undeclared_class_attribute(expr, class, attr);
                self.dynamic()
            }
            None if self.program.classes[class].enumeration.is_some() => {
                self.unknown_enum_member(expr, class, attr);
                self.dynamic()
            }
            None => {
                self.doubtful_attribute(expr, class, attr, "type");
                self.dynamic()
            }
            _ => self.dynamic(),
        }
    }

    /// Every member of a union must have the attribute; what it gives is the union of what they do.
    fn union_attribute(&mut self, expr: &Expr<'a>, union: TypeId, members: &[TypeId], attr: &str) -> Ty {
        if members.contains(&self.program.types.none) {
            let shown = self.program.show(union);
            let message = format!("{shown}: 'None' object has no attribute '{attr}'");
            let help = "narrow it first: `if ... is not None`";
            self.report(Diagnostic::error("SP0133", expr.span, message).with_help(help));
            return self.dynamic();
        }
        let dynamic = self.program.types.dynamic;
        let mut found = Vec::new();
        for &member in members {
            let Some((class, ..)) = self.program.types.as_instance(member) else { return self.dynamic() };
            let ty = match self.program.class_member(class, attr).map(|(_, member)| member.clone()) {
                Some(ClassMember::Field(field)) => field.ty,
                Some(ClassMember::Variable { ty, .. }) => ty,
                Some(_) => dynamic,
                None if self.program.has_only_declared(class) && !attr.starts_with("__") => {
                    let (shown, name) = (self.program.show(union), self.program.classes[class].name);
                    let message = format!("{shown}: '{name}' object has no attribute '{attr}'");
                    let diagnostic = Diagnostic::error("SP0134", expr.span, message);
                    let meant = self.similar_attribute(class, attr);
                    self.report(diagnostic.with_suggestion(meant.as_deref()));
                    return self.dynamic();
                }
                None => dynamic,
            };
            found.push(if self.program.types.as_primitive(ty).is_some() { dynamic } else { ty });
        }
        let found = self.program.types.union(found);
        Ty::expected(self.program.simplify_union(found))
    }

    fn instance_attribute(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        value: &'a Expr<'a>,
        owner: Ty,
        class: ClassId,
        attr: &'a str,
    ) -> Ty {
        let found = self.program.class_member(class, attr).map(|(_, member)| member.clone());
        match found {
            Some(ClassMember::Field(field)) if self.program.has_hook(class, "__getattribute__") => {
                self.found(expr, field.ty)
            }
            Some(ClassMember::Field(field)) if self.program.classes[class].is_static => {
                self.make_sure(value, owner);
                self.facts().attributes.insert(expr.id, AttributePlan::Field(class));
                let narrowed = self.field_path(expr).and_then(|(var, path)| env.field(var, &path));
                match narrowed {
                    Some(ty) if ty != field.ty => {
                        let tested = self.program.without_members(ty);
                        self.set_coercion(expr.id, (tested != field.ty).then_some(Coercion::Cast(tested)));
                        Ty::sure(ty)
                    }
                    _ => Ty::sure(field.ty),
                }
            }
            Some(ClassMember::Field(field)) => Ty::expected(field.ty),
            Some(ClassMember::Method(_)) if self.program.typed_getter(class, attr).is_some() => {
                self.make_sure(value, owner);
                self.property_attribute(expr, owner, class, attr)
            }
            Some(ClassMember::Method(function)) => self.method_attribute(expr, function),
            Some(ClassMember::Variable { ty, .. }) => self.named_object(ty),
            Some(ClassMember::Dynamic) => self.dynamic(),
            None if self.program.classes[class].enumeration.is_some() => {
                self.enum_attribute(env, expr, value, (owner, class), attr)
            }
            None => {
                self.undeclared_attribute(expr, class, attr);
                self.doubtful_attribute(expr, class, attr, "object");
                self.dynamic()
            }
        }
    }

    /// What is found dynamically under the name of an attribute with a type: an object, which may stand for a primitive.
    fn found(&mut self, expr: &Expr<'a>, ty: TypeId) -> Ty {
        let Some(primitive) = self.program.types.as_primitive(ty) else { return Ty::expected(ty) };
        self.facts().attributes.insert(expr.id, AttributePlan::Boxed(primitive));
        Ty::sure(ty)
    }

    /// What every member of an enumeration has.
    fn enum_attribute(
        &mut self,
        env: &mut Env<'a>,
        expr: &Expr<'a>,
        value: &'a Expr<'a>,
        (owner, class): (Ty, ClassId),
        attr: &'a str,
    ) -> Ty {
        match self.program.value_class(class).filter(|_| !matches!(attr, "name" | "value")) {
            Some(base) if self.program.class_member(base, attr).is_some() => {
                self.instance_attribute(env, expr, value, owner, base, attr)
            }
            _ => Ty::expected(self.program.member_attribute(class, attr)),
        }
    }

    /// A property whose getter is called with the receiver that it is typed for.
    fn property_attribute(&mut self, expr: &Expr<'a>, owner: Ty, class: ClassId, attr: &str) -> Ty {
        let getter = self.program.typed_getter(class, attr).expect("the caller has found it");
        let is_exact = self.program.types.as_instance(owner.id).is_some_and(|(.., exact)| exact);
        self.facts().attributes.insert(expr.id, AttributePlan::Property(class, is_exact));
        Ty::sure(self.program.functions[getter].ret)
    }

    fn method_attribute(&mut self, expr: &Expr<'a>, function: crate::program::FunctionId) -> Ty {
        let entry = &self.program.functions[function];
        let (is_plain, ret) = (!entry.is_dynamic && !entry.is_async && !entry.is_generator, entry.ret);
        match entry.binding {
            Binding::Property if is_plain => self.found(expr, ret),
            Binding::Property if entry.is_coroutine() => {
                Ty::expected(self.program.types.intern(Type::Awaitable(ret)))
            }
            Binding::Property => self.dynamic(),
            _ => Ty::sure(self.program.types.intern(Type::Method(function))),
        }
    }

    /// Instances of static classes and of the builtins have no dictionary, so that an unknown attribute cannot exist, unless an untyped
    /// subclass has it, which is not what the type says.
    pub(crate) fn undeclared_attribute(&mut self, expr: &Expr<'a>, class: ClassId, attr: &str) {
        if !self.program.has_only_declared(class) || attr.starts_with("__") {
            return;
        }
        let message = format!("'{}' object has no attribute '{attr}'", self.program.classes[class].name);
        self.unknown_attribute(expr, class, attr, message);
    }

    /// A builtin class has what its instances have, and `mro`.
    pub(crate) fn undeclared_class_attribute(&mut self, expr: &Expr<'a>, class: ClassId, attr: &str) {
        if attr.starts_with("__") || attr == "mro" {
            return;
        }
        let message = format!("type object '{}' has no attribute '{attr}'", self.program.classes[class].name);
        self.unknown_attribute(expr, class, attr, message);
    }

    /// An enumeration has the members that its body shows, and what its members are instances of.
    fn unknown_enum_member(&mut self, expr: &Expr<'a>, class: ClassId, attr: &str) {
        let base = self.program.value_class(class);
        let is_inherited = base.is_some_and(|base| self.program.class_member(base, attr).is_some());
        if !is_inherited && self.program.shows_all_members(class) {
            self.undeclared_class_attribute(expr, class, attr);
        }
    }

    fn unknown_attribute(&mut self, expr: &Expr<'a>, class: ClassId, attr: &str, message: String) {
        let entry = &self.program.classes[class];
        let (there, span) = (entry.module, entry.span);
        let diagnostic = Diagnostic::error("SP0134", expr.span, message);
        let diagnostic =
            self.program.label(diagnostic, self.module, there, span, "the class is defined here");
        let meant = self.similar_attribute(class, attr);
        self.report(diagnostic.with_suggestion(meant.as_deref()));
    }

    /// Whoever has a module may give it more attributes, so that one which it does not declare is only doubtful.
    fn unknown_member(&mut self, expr: &Expr<'a>, module: ModuleId, attr: &str) {
        if self.is_library(module) {
            self.unknown_library_member(expr, self.program.modules[module].name, attr);
        } else if !self.may_have(module, attr) {
            let meant = self.similar_member(module, attr);
            self.no_member(expr, self.program.modules[module].name, attr, meant.as_deref());
        }
    }

    fn no_member(&mut self, expr: &Expr<'a>, module: &str, attr: &str, meant: Option<&str>) {
        let message = format!("module '{module}' has no attribute '{attr}'");
        self.report(Diagnostic::new("SP0153", expr.span, message).with_suggestion(meant));
    }

    /// A misspelt name of a module of the library. One that is like no other may be there on another system; so may one that is asked for
    /// under a condition.
    fn unknown_library_member(&mut self, expr: &Expr<'a>, module: &str, attr: &str) {
        if self.depth <= 1
            && let Some(Some(meant)) = self.unknown_export(module, attr)
        {
            self.no_member(expr, module, attr, Some(meant));
        }
    }
}
