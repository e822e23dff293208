//! Assignment: what a store makes known, and what it must satisfy. (`static-python.md` 1.7, 1.8)

use base::Diagnostic;
use parser::ast::{Expr, ExprKind, Operator, Stmt};

use super::mismatch::Destination;
use super::{Checker, Env, Variable};
use crate::annotation::{Place, Role};
use crate::facts::{AttributePlan, Coercion};
use crate::program::{Binding, ClassId, ClassMember, FunctionId, Member};
use crate::ty::{Assignable, Primitive, Ty, Type, TypeId};

impl<'a> Checker<'_, 'a> {
    pub(crate) fn assign(&mut self, env: &mut Env<'a>, targets: &'a [Expr<'a>], value: &'a Expr<'a>) {
        if let ([target], Some(elts)) = (targets, pairwise(targets, value)) {
            let ExprKind::Tuple { elts: values, .. } = value.kind else { return };
            return self.assign_pairs(env, target, elts, value, values);
        }
        let is_star = |value: &Expr<'a>| matches!(value.kind, ExprKind::Starred { .. });
        if let ExprKind::Tuple { elts: values, .. } = value.kind
            && !values.iter().any(is_star)
        {
            for target in targets {
                if let ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } = target.kind {
                    self.check_count(target, None, values.len(), elts);
                }
            }
        }
        let want = targets.iter().find_map(|target| Some((target, self.declared_type(env, target)?)));
        let ty = match want {
            Some((target, want)) => self.check(env, value, want, Destination::Target(target)),
            None => self.expr(env, value, None),
        };
        for target in targets {
            self.store(env, target, ty, value);
        }
    }

    /// `a, b = x, y`: pair by pair, as far as types go. Primitives pass if no tuple is made.
    fn assign_pairs(
        &mut self,
        env: &mut Env<'a>,
        target: &'a Expr<'a>,
        elts: &'a [Expr<'a>],
        value: &'a Expr<'a>,
        values: &'a [Expr<'a>],
    ) {
        let is_direct = elts.len() <= 3 || self.are_distinct_locals(elts);
        let mut types = Vec::with_capacity(values.len());
        for (elt, value) in elts.iter().zip(values) {
            let want = self.declared_type(env, elt).filter(|_| is_direct);
            types.push(match want.filter(|&want| self.program.types.as_primitive(want).is_some()) {
                Some(want) => self.check(env, value, want, Destination::Target(elt)),
                None if is_direct => self.expr(env, value, None),
                None => self.object(env, value),
            });
        }
        let tuple = Ty::sure(self.exact(self.program.known.tuple));
        self.record(value, tuple);
        self.set_coercion(value.id, None);
        self.set_coercion(target.id, None);
        for (elt, ty) in elts.iter().zip(types) {
            self.bind(env, elt, ty);
        }
    }

    /// Whether targets are local variables, so that it does not matter which is stored to first.
    fn are_distinct_locals(&mut self, elts: &[Expr<'a>]) -> bool {
        let mut is_new = |(at, elt): (usize, &Expr<'a>)| {
            let Some(name) = elt.as_name() else { return false };
            self.variable(name).is_some() && elts[..at].iter().all(|other| other.as_name() != Some(name))
        };
        elts.iter().enumerate().all(&mut is_new)
    }

    /// The declared type of a target, which guides its value.
    fn declared_type(&mut self, env: &mut Env<'a>, target: &'a Expr<'a>) -> Option<TypeId> {
        match target.kind {
            ExprKind::Name { id, .. } => match self.variable(id) {
                Some(var) => self.vars.declared(var),
                None if self.is_in_cell(id) => self.cell_type(id),
                None => match self.program.modules[self.module].members.get(id) {
                    Some(Member::Variable { ty, .. }) => *ty,
                    _ => None,
                },
            },
            ExprKind::Attribute { value, attr, .. } => {
                let owner = self.object(&mut env.clone(), value);
                let attr = self.private_name(attr);
                if let Type::Class { class, .. } = *self.program.types.get(owner.id) {
                    return match self.program.class_member(class, attr) {
                        Some((_, ClassMember::Variable { ty, .. })) => Some(*ty),
                        _ => None,
                    };
                }
                let (class, args, _) = self.program.types.as_instance(owner.id)?;
                let args = args.to_vec();
                let (ty, base) = match self.program.class_member(class, attr)? {
                    (base, ClassMember::Field(field)) => (field.ty, base),
                    (base, &ClassMember::Method(getter)) => (self.settable_type(getter, class, attr)?, base),
                    _ => return None,
                };
                let args = self.program.arguments_of(class, &args, base);
                Some(self.program.types.substitute(ty, &args))
            }
            // A slice takes any iterable.
            ExprKind::Subscript { slice, .. } if matches!(slice.kind, ExprKind::Slice { .. }) => None,
            ExprKind::Subscript { value, .. } => {
                let owner = self.object(&mut env.clone(), value);
                let (class, args, _) = self.program.types.as_instance(owner.id)?;
                let known = self.program.known;
                let sequence = [known.list, known.checked_list].contains(&class) || known.is_row(class);
                let mapping = [known.dict, known.checked_dict].contains(&class);
                if sequence { args.first().copied() } else { args.get(1).copied().filter(|_| mapping) }
            }
            _ => None,
        }
    }

    /// Stores a value whose own expression has been checked against the target's declaration, if it has one.
    fn store(&mut self, env: &mut Env<'a>, target: &'a Expr<'a>, ty: Ty, value: &'a Expr<'a>) {
        match target.kind {
            ExprKind::Name { id, .. } => self.store_name(env, target, id, ty, Some(value)),
            _ => self.bind(env, target, ty),
        }
    }

    /// Stores an element that comes from a container without a check: it is checked here. Parts of it are elements, too.
    pub(crate) fn bind_element(&mut self, env: &mut Env<'a>, target: &'a Expr<'a>, ty: Ty) {
        let ExprKind::Name { id, .. } = target.kind else { return self.bind(env, target, ty) };
        let is_open = self.variable(id).is_some_and(|var| self.vars.declared(var).is_none());
        if !is_open || ty.is_sure || !self.is_refinable(ty.id) {
            return self.bind(env, target, ty);
        }
        self.bind(env, target, Ty::sure(ty.id));
        self.set_coercion(target.id, Some(Coercion::Cast(ty.id)));
    }

    /// A tuple whose length is known has a value for each target, and no more, unless one takes the rest.
    fn check_count(&mut self, target: &Expr<'a>, ty: Option<TypeId>, got: usize, targets: &[Expr<'a>]) {
        let stars = targets.iter().filter(|target| matches!(target.kind, ExprKind::Starred { .. })).count();
        let wanted = targets.len() - stars;
        let message = match stars {
            0 if got < wanted => format!("not enough values to unpack (expected {wanted}, got {got})"),
            0 if got > wanted => format!("too many values to unpack (expected {wanted}, got {got})"),
            1 if got < wanted => {
                format!("not enough values to unpack (expected at least {wanted}, got {got})")
            }
            _ => return,
        };
        let prefix = ty.map_or(String::new(), |ty| format!("{}: ", self.program.show(ty)));
        self.error("SP0156", target.span, format!("{prefix}{message}"));
    }

    /// What unpacking a value of this type into these targets gives each of them.
    fn parts(&self, ty: TypeId, targets: &[Expr<'a>]) -> Option<Vec<TypeId>> {
        let (class, args, _) = self.program.types.as_instance(ty)?;
        let has_star = targets.iter().any(|target| matches!(target.kind, ExprKind::Starred { .. }));
        match args {
            _ if has_star => None,
            _ if class == self.program.known.tuple && args.len() == targets.len() => Some(args.to_vec()),
            [item] if class == self.program.known.list => Some(vec![*item; targets.len()]),
            _ => None,
        }
    }

    /// Stores a value that is already on the stack: loop variables, unpacked items, walrus targets.
    pub(crate) fn bind(&mut self, env: &mut Env<'a>, target: &'a Expr<'a>, ty: Ty) {
        self.set_coercion(target.id, None);
        match target.kind {
            ExprKind::Name { id, .. } => self.store_name(env, target, id, ty, None),
            ExprKind::Attribute { value, attr, .. } => self.store_attribute(env, target, value, attr, ty),
            ExprKind::Subscript { value, slice, .. } => self.store_item(env, target, value, slice, ty),
            ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
                let ty = self.as_object(target, ty);
                let dynamic = self.program.types.dynamic;
                if let Some((class, args, _)) = self.program.types.as_instance(ty.id)
                    && class == self.program.known.tuple
                    && !args.is_empty()
                {
                    let count = args.len();
                    self.check_count(target, Some(ty.id), count, elts);
                }
                let parts = self.parts(ty.id, elts).unwrap_or_else(|| vec![dynamic; elts.len()]);
                for (elt, part) in elts.iter().zip(parts) {
                    self.bind_element(env, elt, Ty { id: part, is_sure: part == dynamic });
                }
            }
            ExprKind::Starred { value, .. } => {
                let list = Ty::sure(self.exact(self.program.known.list));
                self.bind(env, value, list);
            }
            _ => {}
        }
    }

    fn store_name(
        &mut self,
        env: &mut Env<'a>,
        target: &'a Expr<'a>,
        name: &'a str,
        ty: Ty,
        value: Option<&'a Expr<'a>>,
    ) {
        let Some(var) = self.variable(name) else {
            return match self.is_in_cell(name) {
                true => self.store_cell(target, name, ty),
                false => self.store_global(target, name, ty),
            };
        };
        let literal = ty;
        let ty = Ty { id: self.program.widen_literal(ty.id), is_sure: ty.is_sure };
        match self.vars.declared(var) {
            Some(declared) => {
                let is_wide = self.program.assignable(ty, declared) == Assignable::No;
                let ty = if is_wide { literal } else { ty };
                let known = if self.flow(target.id, ty, declared) {
                    self.narrowed_store(target, ty, declared)
                } else {
                    self.unassignable(target, ty.id, declared);
                    Ty::sure(declared)
                };
                env.set(var, known);
            }
            None => {
                if self.primitive_of(ty).is_some() {
                    self.vars.declare(var, ty.id);
                    self.declare_cell(name, ty.id);
                }
                env.set(var, self.settle(target, ty, value));
            }
        }
    }

    /// What is known after a value has flowed into a declared place: the narrower of both, if the value was sure.
    fn narrowed_store(&mut self, target: &Expr<'a>, ty: Ty, declared: TypeId) -> Ty {
        let is_checked = self.facts().coercions.contains_key(&target.id);
        let is_narrower = ty.is_sure && !is_checked && self.program.types.get(ty.id) != &Type::Dynamic;
        let is_primitive = self.program.types.as_primitive(declared).is_some();
        if is_narrower && !is_primitive { ty } else { Ty::sure(declared) }
    }

    /// An object that code will look into is checked once, when it is stored.
    fn settle(&mut self, target: &Expr<'a>, ty: Ty, value: Option<&'a Expr<'a>>) -> Ty {
        let is_object = match self.program.types.get(ty.id) {
            Type::Instance { class, .. } => self.program.classes[*class].module != self.program.builtins(),
            Type::Union(_) => true,
            _ => false,
        };
        if ty.is_sure || !is_object {
            return ty;
        }
        let node = value.map_or(target.id, |value| value.id);
        self.set_coercion(node, Some(Coercion::Cast(ty.id)));
        Ty::sure(ty.id)
    }

    fn store_global(&mut self, target: &Expr<'a>, name: &'a str, ty: Ty) {
        let member = self.program.modules[self.module].members.get(name).cloned();
        let Some(Member::Variable { ty: declared, is_final, span, .. }) = member else {
            if self.primitive_of(ty).is_some() {
                let message =
                    format!("not supported yet: primitive value in '{name}', which is no plain local");
                self.error("SP0147", target.span, message);
            }
            return self.keep_kind(target, name, ty);
        };
        if is_final && target.span != span {
            let message = format!("Cannot assign to a Final variable '{name}'");
            self.report(
                Diagnostic::error("SP0104", target.span, message).with_label(span, "declared Final here"),
            );
        }
        let Some(declared) = declared else { return };
        if !self.flow(target.id, ty, declared) {
            return self.unassignable(target, ty.id, declared);
        }
        match self.program.types.as_primitive(declared) {
            // A namespace holds objects.
            Some(primitive) if is_final => self.set_coercion(target.id, Some(Coercion::Box(primitive))),
            Some(primitive) => {
                let message = format!("primitive value in '{name}', which anybody may rebind");
                let help = format!("declare it `Final[{}]`, or keep an object there", primitive.name());
                self.report(Diagnostic::error("SP0147", target.span, message).with_help(help));
            }
            None => {}
        }
    }

    /// Assignments at the top level to a name without annotation agree with the first of them.
    fn keep_kind(&mut self, target: &Expr<'a>, name: &'a str, ty: Ty) {
        if self.function.is_some() || self.depth > 1 {
            return;
        }
        let kind = self.program.inexact(ty.id);
        let Some(&first) = self.kinds.get(name) else {
            self.kinds.insert(name, kind);
            return;
        };
        if self.program.assignable(ty, first) == Assignable::No {
            self.unassignable(target, ty.id, first);
        }
    }

    fn store_attribute(
        &mut self,
        env: &mut Env<'a>,
        target: &'a Expr<'a>,
        value: &'a Expr<'a>,
        attr: &'a str,
        ty: Ty,
    ) {
        self.facts().attributes.remove(&target.id);
        let owner = self.object(env, value);
        let path_name = attr;
        let attr = self.private_name(attr);
        if let Type::Class { class, .. } = *self.program.types.get(owner.id) {
            return self.store_class_attribute(env, target, class, attr, ty);
        }
        let Some((class, args, _)) = self.program.types.as_instance(owner.id) else {
            if self.program.types.admits_none(owner.id) {
                let shown = self.program.show(owner.id);
                let message = format!("{shown}: 'None' object has no attribute '{attr}'");
                let help = "narrow it first: `if ... is not None`";
                self.report(Diagnostic::error("SP0133", target.span, message).with_help(help));
            }
            self.object_only(target, ty);
            env.forget_fields();
            return;
        };
        let args = args.to_vec();
        match self.program.class_member(class, attr).map(|(_, member)| member.clone()) {
            Some(ClassMember::Field(field)) if self.program.classes[class].is_static => {
                self.make_sure(value, owner);
                if field.is_final && !self.is_initializing(field.class, value) {
                    self.final_attribute(target, field.class, attr);
                }
                if self.program.is_frozen(class, attr) {
                    let message = format!(
                        "cannot assign to field '{attr}' of frozen dataclass {}",
                        self.program.classes[class].name
                    );
                    self.error("SP0104", target.span, message);
                }
                let args = self.program.arguments_of(class, &args, field.class);
                let declared = self.program.types.substitute(field.ty, &args);
                if !self.flow(target.id, ty, declared) {
                    self.unassignable(target, ty.id, declared);
                }
                if self.program.has_hook(class, "__setattr__") {
                    self.box_stored(target, ty);
                    return env.forget_fields();
                }
                self.facts().attributes.insert(target.id, AttributePlan::Field(class));
                env.forget_field(path_name);
                let known = self.narrowed_store(target, ty, declared);
                if let Some((var, path)) = self.field_path(target)
                    && known.id != declared
                {
                    let narrowed = self.program.inexact(known.id);
                    env.narrow_field(var, path, narrowed);
                }
            }
            Some(ClassMember::Variable { is_final: true, .. }) => self.final_attribute(target, class, attr),
            Some(ClassMember::Method(function))
                if self.program.functions[function].binding == Binding::Property
                    && !self.program.functions[function].is_dynamic =>
            {
                self.store_property((target, value), (function, owner), class, attr, ty);
                env.forget_fields();
            }
            Some(ClassMember::Variable { span, .. }) if self.program.classes[class].is_static => {
                let message = format!("cannot assign to class variable '{attr}' through an instance");
                let owner = self.program.class_member(class, attr).map_or(class, |(owner, _)| owner);
                let there = self.program.classes[owner].module;
                let diagnostic = Diagnostic::error("SP0148", target.span, message);
                let diagnostic = self.program.label(diagnostic, self.module, there, span, "declared here");
                self.report(diagnostic);
            }
            None => {
                self.undeclared_attribute(target, class, attr);
                self.object_only(target, ty);
            }
            _ => {
                self.object_only(target, ty);
                env.forget_fields();
            }
        }
    }

    /// An assignment to a class: its variables have types, and those that are final stay.
    fn store_class_attribute(
        &mut self,
        env: &mut Env<'a>,
        target: &'a Expr<'a>,
        class: ClassId,
        attr: &'a str,
        ty: Ty,
    ) {
        env.forget_fields();
        if self.check_member_kept(target, class, attr) {
            return;
        }
        match self.program.class_member(class, attr).map(|(_, member)| member.clone()) {
            Some(ClassMember::Variable { is_final: true, .. }) => self.final_attribute(target, class, attr),
            Some(ClassMember::Variable { ty: declared, .. }) => {
                if !self.flow(target.id, ty, declared) {
                    let (from, to) = (self.program.show(ty.id), self.program.show(declared));
                    let message = format!("type mismatch: {from} cannot be assigned to {to}");
                    self.error("SP0131", target.span, message);
                }
            }
            None if self.program.has_complete_stub(class) => {
                self.undeclared_class_attribute(target, class, attr);
                self.object_only(target, ty);
            }
            _ => self.object_only(target, ty),
        }
    }

    /// Members of enumerations are neither assigned nor deleted.
    pub(super) fn check_member_kept(&mut self, target: &Expr<'a>, class: ClassId, attr: &str) -> bool {
        let is_member = self.program.classes[class].enumeration.is_some()
            && !attr.starts_with('_')
            && matches!(self.program.class_member(class, attr), Some((_, ClassMember::Dynamic)));
        if is_member {
            self.error("SP0109", target.span, "Enum values cannot be modified or deleted");
        }
        is_member
    }

    /// An assignment to a property goes to its setter, which takes an object where it is called dynamically.
    fn store_property(
        &mut self,
        (target, value): (&'a Expr<'a>, &'a Expr<'a>),
        (getter, owner): (FunctionId, Ty),
        class: ClassId,
        attr: &str,
        ty: Ty,
    ) {
        let Some(declared) = self.settable_type(getter, class, attr) else {
            return self.object_only(target, ty);
        };
        let known = self.program.types.as_instance(owner.id);
        let (args, is_exact) = known.map_or((Vec::new(), false), |(_, args, exact)| (args.to_vec(), exact));
        let definer = self.program.functions[getter].class.unwrap_or(class);
        let args = self.program.arguments_of(class, &args, definer);
        let declared = self.program.types.substitute(declared, &args);
        if !self.flow(target.id, ty, declared) {
            let (from, to) = (self.program.show(ty.id), self.program.show(declared));
            let message = format!("type mismatch: {from} cannot be assigned to {to}");
            self.error("SP0131", target.span, message);
        }
        if self.program.typed_setter(class, attr).is_some() {
            self.make_sure(value, owner);
            self.facts().attributes.insert(target.id, AttributePlan::Property(class, is_exact));
        } else if self.primitive_of(ty).is_some() {
            self.box_stored(target, ty);
        }
    }

    /// What is stored dynamically is an object, at which whoever keeps it looks.
    fn box_stored(&mut self, target: &Expr<'a>, ty: Ty) {
        let primitive = self.primitive_of(ty);
        self.set_coercion(target.id, primitive.map(Coercion::Box));
        if let Some(primitive) = primitive {
            self.facts().attributes.insert(target.id, AttributePlan::Boxed(primitive));
        }
    }

    /// What may be stored into a property: what its setter takes, or, where the value is kept, what the getter gives.
    fn settable_type(&self, getter: FunctionId, class: ClassId, attr: &str) -> Option<TypeId> {
        let functions = &self.program.functions;
        if functions[getter].cache == Some(base::KEPT_PROPERTY) {
            let is_plain = !functions[getter].is_async && !functions[getter].is_generator;
            return is_plain.then_some(functions[getter].ret);
        }
        let setter = self.program.setter(class, attr).filter(|&setter| !functions[setter].is_dynamic)?;
        Some(functions[setter].params.get(1)?.ty)
    }

    /// Whether this is `self` in the `__init__` of the class.
    fn is_initializing(&self, class: ClassId, owner: &Expr<'a>) -> bool {
        let Some(function) = self.function else { return false };
        let entry = &self.program.functions[function];
        let receiver = entry.params.first().map(|param| param.name);
        entry.class == Some(class) && entry.name == "__init__" && owner.as_name() == receiver
    }

    fn final_attribute(&mut self, target: &Expr<'a>, class: ClassId, attr: &str) {
        let name = self.program.classes[class].name;
        let message = format!("Cannot assign to a Final attribute of {name}:{attr}");
        self.error("SP0104", target.span, message);
    }

    fn object_only(&mut self, target: &Expr<'a>, ty: Ty) {
        if let Some(primitive) = self.primitive_of(ty) {
            let message = format!("type mismatch: {} cannot be assigned to dynamic", primitive.name());
            self.error("SP0130", target.span, message);
        }
    }

    fn store_item(
        &mut self,
        env: &mut Env<'a>,
        target: &'a Expr<'a>,
        value: &'a Expr<'a>,
        slice: &'a Expr<'a>,
        ty: Ty,
    ) {
        self.facts().subscripts.remove(&target.id);
        let container = self.object(env, value);
        let index = self.index(env, slice);
        let known = self.program.known;
        let Some((class, args, exact)) = self.program.types.as_instance(container.id) else {
            self.box_index(slice, index);
            self.object_only(target, ty);
            env.forget_fields();
            return;
        };
        let args = args.to_vec();
        let is_sequence = [known.list, known.checked_list].contains(&class) || known.is_row(class);
        let is_slice = matches!(slice.kind, ExprKind::Slice { .. });
        let key = self.typed_item(class, slice);
        let item = if is_sequence { args.first() } else { args.get(1).or(key.as_ref()) };
        if let Some(&item) = item.filter(|_| !is_slice)
            && !self.flow(target.id, ty, item)
        {
            self.unassignable(target, ty.id, item);
        } else if item.is_none() {
            self.object_only(target, ty);
        }
        if [known.dict, known.checked_dict].contains(&class) {
            self.check_key(slice, index, &args);
        }
        let is_direct = known.is_row(class)
            || (class == known.list && self.primitive_of(index).is_some_and(Primitive::is_signed));
        if is_direct && !is_slice {
            self.plan_sequence(target, value, slice, container, class, exact, index);
        } else {
            self.box_index(slice, index);
        }
        if !known.is_row(class) {
            env.forget_fields();
        }
    }

    pub(crate) fn annotated_assign(
        &mut self,
        env: &mut Env<'a>,
        target: &'a Expr<'a>,
        annotation: &'a Expr<'a>,
        value: Option<&'a Expr<'a>>,
    ) {
        let local = target.as_name().and_then(|name| self.variable(name));
        if let Some(name) = target.as_name().filter(|name| self.is_in_cell(name)) {
            let place = self.place();
            let declared = self.program.resolve_annotation(place, annotation);
            self.declare_cell(name, declared);
        }
        let Some(var) = local else {
            if let Some(value) = value {
                self.declare_and_assign(env, target, annotation, value);
            }
            return;
        };
        let place = self.place();
        let declared = self.program.resolve_annotation(place, annotation);
        if !self.may_declare(var, target, Some(declared)) {
            if let Some(value) = value {
                self.expr(env, value, None);
            }
            return;
        }
        if declared != self.program.types.dynamic {
            self.vars.declare(var, declared);
        }
        if let Some(value) = value {
            let ty = self.check(env, value, declared, Destination::Target(target));
            self.store_name(env, target, target.as_name().unwrap_or(""), ty, Some(value));
        }
    }

    /// Whether a local can be declared here: once, or again alike. (decision 18)
    fn may_declare(&mut self, var: Variable, target: &Expr<'a>, ty: Option<TypeId>) -> bool {
        let (first, _) = *self.declarations.entry(var).or_insert((Some(target.id), target.span));
        let known = self.vars.declared(var);
        if first == Some(target.id) || known.is_none() || known == ty {
            return true;
        }
        let name = target.as_name().unwrap_or_default();
        self.redefined_local(target.span, name);
        false
    }

    /// `self.x: T = value` in `__init__`, or an annotated global. A declaration that contradicts an earlier one has been
    /// reported; the value is then not measured by either.
    fn declare_and_assign(
        &mut self,
        env: &mut Env<'a>,
        target: &'a Expr<'a>,
        annotation: &'a Expr<'a>,
        value: &'a Expr<'a>,
    ) {
        let place = Place { role: Role::Constant, ..self.place() };
        let here = self.program.resolve_annotation(place, annotation);
        let declared = self.declared_type(env, target);
        let is_contradiction =
            here != self.program.types.dynamic && declared.is_some_and(|known| known != here);
        if is_contradiction && matches!(target.kind, ExprKind::Attribute { .. }) {
            self.expr(env, value, Some(here));
        } else {
            self.assign(env, std::slice::from_ref(target), value);
        }
    }

    pub(crate) fn augmented_assign(
        &mut self,
        env: &mut Env<'a>,
        stmt: &'a Stmt<'a>,
        target: &'a Expr<'a>,
        op: Operator,
        value: &'a Expr<'a>,
    ) {
        let _ = stmt;
        // The target is read first, under the node of its own store.
        let old = self.expr(env, target, None);
        self.set_coercion(target.id, None);
        let context = self.primitive_of(old).map(|_| old.id);
        let new = self.expr(env, value, context);
        let result = match (self.primitive_of(old), self.primitive_of(new)) {
            (None, None) => self.augmented_object(old, op, new, value),
            (Some(primitive), Some(_)) if op == Operator::Pow && primitive != Primitive::Double => {
                self.error("SP0138", target.span, "cannot ** an integer in place: the result is a double");
                old
            }
            (Some(primitive), Some(_)) => {
                if !primitive.supports(op) || !self.flow(value.id, new, old.id) {
                    let (x, y) = (self.program.show(old.id), self.program.show(new.id));
                    self.error("SP0138", target.span, format!("cannot {}= {x} and {y}", op.symbol()));
                }
                self.facts().operators.insert(target.id, primitive);
                old
            }
            _ => {
                let (x, y) = (self.program.show(old.id), self.program.show(new.id));
                self.error("SP0138", target.span, format!("cannot {}= {x} and {y}", op.symbol()));
                old
            }
        };
        if context.is_none() {
            self.facts().operators.remove(&target.id);
        }
        self.bind(env, target, result);
    }

    fn augmented_object(&mut self, old: Ty, op: Operator, new: Ty, value: &Expr<'a>) -> Ty {
        let ty = self.object_op(old, op, new, value);
        // `list += x` keeps the list.
        let is_list = self
            .program
            .types
            .as_instance(old.id)
            .is_some_and(|(class, ..)| class == self.program.known.list);
        if is_list && op == Operator::Add { Ty::expected(old.id) } else { ty }
    }
}

/// The targets of `a, b = x, y` without stars.
fn pairwise<'a>(targets: &'a [Expr<'a>], value: &'a Expr<'a>) -> Option<&'a [Expr<'a>]> {
    let ([Expr { kind: ExprKind::Tuple { elts, .. }, .. }], ExprKind::Tuple { elts: values, .. }) =
        (targets, value.kind)
    else {
        return None;
    };
    let has_star = |list: &[Expr<'_>]| list.iter().any(|elt| matches!(elt.kind, ExprKind::Starred { .. }));
    (elts.len() == values.len() && !has_star(elts) && !has_star(values)).then_some(elts)
}
