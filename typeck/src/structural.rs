//! Classes that are told by what they have: protocols, typed dictionaries, named tuples. (PEP 544, PEP 589, `typing.NamedTuple`; decision 5)
//!
//! A protocol admits every type that has its members; at run time nothing is tested, since that is no constant-time check, and what its
//! members give is only expected. A typed dictionary is a dict at run time. A named tuple is a class like others.

use parser::ast::{self, Expr, ExprKind, StmtKind};

use crate::program::{Binding, ClassId, ClassKind, ClassMember, FunctionId, ModuleKind, Program};
use crate::ty::{Type, TypeId};

/// Special methods that the stubs list wherever they are.
const LISTED: [&str; 4] = ["__complex__", "__float__", "__fspath__", "__index__"];

/// One key of a typed dictionary, or field of a named tuple.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// The type of its value.
    pub(crate) ty: TypeId,
    /// Whether it has to be there.
    pub(crate) is_required: bool,
}

impl ClassKind {
    /// The kind of a class with this base from `typing`.
    pub(crate) fn of_base(name: &str) -> Option<Self> {
        match name {
            "Protocol" => Some(Self::Protocol),
            "TypedDict" => Some(Self::TypedDict),
            "NamedTuple" => Some(Self::NamedTuple),
            _ => None,
        }
    }
}

impl<'a> Program<'a> {
    /// Whether a type has the members of a protocol. Types that refer to each other are taken to fit after some depth.
    pub(crate) fn fits_protocol(&mut self, sub: TypeId, protocol: ClassId, args: &[TypeId]) -> bool {
        const DEEPEST: u32 = 8;
        if self.chase_depth >= DEEPEST {
            return true;
        }
        self.chase_depth += 1;
        let fits = self.members_fit(sub, protocol, args);
        self.chase_depth -= 1;
        fits
    }

    fn members_fit(&mut self, sub: TypeId, protocol: ClassId, args: &[TypeId]) -> bool {
        let class = match self.types.get(sub) {
            Type::Instance { class, .. } => *class,
            Type::None => return false,
            Type::Function(_) | Type::Method(_) | Type::Callable { .. } => {
                return self.call_fits(sub, protocol, args);
            }
            _ => return true,
        };
        if self.is_subclass(class, protocol) {
            return true;
        }
        let parts: Vec<ClassId> = self.classes[protocol]
            .mro
            .iter()
            .copied()
            .filter(|&part| self.classes[part].kind == ClassKind::Protocol)
            .collect();
        parts.into_iter().all(|part| {
            let args = self.arguments_of(protocol, args, part);
            let members = self.classes[part].members.clone();
            members.iter().all(|(name, member)| self.member_fits(class, name, member, &args))
        })
    }

    /// A function fits what asks for `__call__` alone.
    fn call_fits(&mut self, sub: TypeId, protocol: ClassId, args: &[TypeId]) -> bool {
        let Some((_, ClassMember::Method(call))) = self.class_member(protocol, "__call__") else {
            return false;
        };
        let call = *call;
        let Some((params, ret)) = self.asked_call(call, args) else { return true };
        let sub = self.types.get(sub).clone();
        self.is_callable_as(&sub, Some(&params), ret)
    }

    /// What a method of a protocol is called with, behind the receiver, and gives; nothing if it takes more than places.
    fn asked_call(&mut self, method: FunctionId, args: &[TypeId]) -> Option<(Vec<TypeId>, TypeId)> {
        self.bind_function(method);
        let entry = &self.functions[method];
        let is_plain = entry.params.iter().all(|param| param.kind.is_by_place());
        if entry.is_dynamic || entry.is_async || entry.is_generator || !is_plain {
            return None;
        }
        let (params, ret) = (entry.params.clone(), entry.ret);
        let params = params.iter().skip(1).map(|param| self.types.substitute(param.ty, args)).collect();
        Some((params, self.types.substitute(ret, args)))
    }

    fn member_fits(&mut self, class: ClassId, name: &str, asked: &ClassMember<'a>, args: &[TypeId]) -> bool {
        let found = self.class_member(class, name).map(|(_, member)| member.clone());
        let Some(found) = found else {
            // Stubs do not list all special methods.
            let is_listed = !name.starts_with("__") || LISTED.contains(&name);
            let is_known = self.modules[self.classes[class].module].kind == ModuleKind::Static
                || self.has_complete_stub(class) && is_listed;
            let is_protocol = self.classes[class].kind == ClassKind::Protocol;
            return !is_protocol && (!is_known || self.is_dynamic_class(class));
        };
        match (asked, found) {
            (&ClassMember::Method(asked), found) if self.functions[asked].binding == Binding::Property => {
                self.bind_function(asked);
                let wanted = self.types.substitute(self.functions[asked].ret, args);
                self.value_type(&found).is_none_or(|ty| self.is_subtype(ty, wanted))
            }
            (&ClassMember::Method(asked), ClassMember::Method(own)) => match self.asked_call(asked, args) {
                Some((params, ret)) => self.is_callable_as(&Type::Method(own), Some(&params), ret),
                None => true,
            },
            (ClassMember::Field(asked), found) => {
                let wanted = self.types.substitute(asked.ty, args);
                self.value_type(&found).is_none_or(|ty| self.is_subtype(ty, wanted))
            }
            _ => true,
        }
    }

    /// The type of what reading a member gives, if it is known and no method.
    fn value_type(&mut self, member: &ClassMember<'a>) -> Option<TypeId> {
        let ty = match *member {
            ClassMember::Field(ref field) => field.ty,
            ClassMember::Variable { ty, .. } => ty,
            ClassMember::Method(getter) if self.functions[getter].binding == Binding::Property => {
                self.bind_function(getter);
                self.functions[getter].ret
            }
            _ => return None,
        };
        // Primitives are boxed where nothing but an object is known.
        Some(if self.types.as_primitive(ty).is_some() { self.types.dynamic } else { ty })
    }

    /// The keys of a typed dictionary or the fields of a named tuple, in order, those of bases first.
    pub(crate) fn entries(&self, class: ClassId) -> Vec<Entry<'a>> {
        let mut entries = Vec::new();
        for &part in self.classes[class].mro.iter().rev() {
            let entry = &self.classes[part];
            let is_total = !entry.def.keywords.iter().any(|keyword| {
                keyword.arg == Some("total")
                    && matches!(
                        keyword.value.kind,
                        ExprKind::Constant { value: ast::Constant::Bool(false), .. }
                    )
            });
            for stmt in entry.def.body {
                let StmtKind::AnnAssign { target, annotation, value, .. } = stmt.kind else { continue };
                let member = target.as_name().and_then(|name| entry.by_name.get(name));
                let Some((name, ClassMember::Field(field))) = member.map(|&at| &entry.members[at]) else {
                    continue;
                };
                let is_required = match entry.kind {
                    ClassKind::NamedTuple => value.is_none(),
                    _ => form_of(annotation).map_or(is_total, |form| form == "Required"),
                };
                entries.push(Entry { name, ty: field.ty, is_required });
            }
        }
        entries
    }
}

/// `Required` or `NotRequired`, if an annotation says one.
fn form_of<'a>(annotation: &Expr<'a>) -> Option<&'a str> {
    let ExprKind::Subscript { value, .. } = annotation.kind else { return None };
    let name = match value.kind {
        ExprKind::Name { id, .. } => id,
        ExprKind::Attribute { attr, .. } => attr,
        _ => return None,
    };
    ["Required", "NotRequired"].contains(&name).then_some(name)
}
