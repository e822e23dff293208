//! Static enumerations: `Enum`, `IntEnum` and `StringEnum` of `__static__`. (`static-python.md` 1.16)
//!
//! A class over one of them is made by a metaclass, so that it has no layout; but what its members are is known: their class, their
//! names, and the type of their values as far as the body writes them down.

use base::Diagnostic;
use parser::ast::{self, Expr, ExprKind, StmtKind};

use crate::program::{ClassId, Member, ModuleId, Program};
use crate::ty::{Literal, Type, TypeId};

/// What the values of an enumeration must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Enumeration {
    /// Anything.
    Any,
    /// `IntEnum`
    Int,
    /// `StringEnum`
    Str,
}

impl Enumeration {
    fn named(name: &str) -> Option<Self> {
        match name {
            "Enum" => Some(Self::Any),
            "IntEnum" => Some(Self::Int),
            "StringEnum" => Some(Self::Str),
            _ => None,
        }
    }
}

impl<'a> Program<'a> {
    /// Finds out whether a class is an enumeration, and checks what it says as one.
    pub(crate) fn bind_enumeration(&mut self, class: ClassId) {
        let (module, def) = (self.classes[class].module, self.classes[class].def);
        let mut found = None;
        for base in def.bases {
            match self.chase_expr(module, base) {
                Some((_, Member::Imported { module: "__static__", name })) => {
                    found = found.or(Enumeration::named(name));
                }
                Some((_, Member::Class(other))) => {
                    let Some(inherited) = self.classes[other].enumeration else { continue };
                    found = found.or(Some(inherited));
                    if !self.values_of(other).is_empty() {
                        let message = format!("cannot extend enumeration '{}'", self.classes[other].name);
                        self.report(module, Diagnostic::error("SP0109", base.span, message));
                    }
                }
                _ => {}
            }
        }
        let Some(enumeration) = found else { return };
        if let [_, second, ..] = def.bases {
            let message = "Multiple inheritance is not supported for Enums";
            self.report(module, Diagnostic::error("SP0109", second.span, message));
        }
        self.classes[class].enumeration = Some(enumeration);
        let wanted = match enumeration {
            Enumeration::Any => return,
            Enumeration::Int => ("IntEnum", "int"),
            Enumeration::Str => ("StringEnum", "str"),
        };
        for value in self.values_of(class) {
            let Some(name) = class_of_literal(value).filter(|&name| name != wanted.1) else { continue };
            if (wanted.1, name) != ("int", "bool") {
                let message = format!("{} values must be {}, not {name}", wanted.0, wanted.1);
                self.report(module, Diagnostic::error("SP0109", value.span, message));
            }
        }
    }

    /// The values of the members, as the body writes them.
    fn values_of(&self, class: ClassId) -> Vec<&'a Expr<'a>> {
        let def = self.classes[class].def;
        let assigned = def.body.iter().filter_map(|stmt| match stmt.kind {
            StmtKind::Assign { targets: [target], value } => {
                target.as_name().filter(|name| !name.starts_with('_')).map(|_| value)
            }
            _ => None,
        });
        assigned.collect()
    }

    /// The names of the members, if the body shows that there are no others, and that no two are equal.
    fn members_of(&self, class: ClassId) -> Option<Vec<&'a str>> {
        self.classes[class].enumeration?;
        let (mut names, mut values) = (Vec::new(), Vec::<Literal>::new());
        for stmt in self.classes[class].def.body {
            match stmt.kind {
                StmtKind::Assign { targets: [target], value } => {
                    let name = target.as_name()?;
                    if name.starts_with('_') {
                        return None;
                    }
                    let value = Literal::of_expr(value)?;
                    if values.iter().any(|known| known.is_equal(&value) != Some(false)) {
                        return None;
                    }
                    names.push(name);
                    values.push(value);
                }
                StmtKind::FunctionDef(def) if matches!(def.name, "__eq__" | "__ne__" | "__hash__") => {
                    return None;
                }
                StmtKind::FunctionDef(_) | StmtKind::Pass | StmtKind::AnnAssign { value: None, .. } => {}
                StmtKind::Expr { value } if matches!(value.kind, ExprKind::Constant { .. }) => {}
                _ => return None,
            }
        }
        (!names.is_empty()).then_some(names)
    }

    /// The literal of a member of an enumeration whose members are told apart.
    pub(crate) fn member_literal(&self, class: ClassId, name: &str) -> Option<Literal> {
        let is_member = self.members_of(class)?.contains(&name);
        is_member.then(|| Literal::Member {
            class,
            shown: self.classes[class].name.into(),
            name: name.into(),
        })
    }

    /// The enumeration of which a type has members, and nothing else, that are equal to themselves alone.
    pub(crate) fn told_by_identity(&self, ty: TypeId) -> Option<ClassId> {
        let class_of = |&member: &TypeId| match self.types.get(member) {
            Type::Literal(Literal::Member { class, .. }) | Type::Instance { class, .. } => Some(*class),
            _ => None,
        };
        let members = self.types.members(ty);
        let class = class_of(members.first()?)?;
        let is_one = members.iter().all(|member| class_of(member) == Some(class));
        let is_any = self.classes[class].enumeration == Some(Enumeration::Any);
        let is_own = ["__eq__", "__ne__"]
            .into_iter()
            .any(|name| self.class_member(class, name).is_some_and(|(owner, _)| owner != self.known.object));
        let is_told = is_one && is_any && !is_own && self.shows_all_members(class);
        (is_told && self.members_of(class).is_some()).then_some(class)
    }

    /// The literal that `Color.RED` is.
    pub(crate) fn enum_literal(&mut self, module: ModuleId, expr: &'a Expr<'a>) -> Option<Literal> {
        let class = self.enum_of_member(module, expr)?;
        let ExprKind::Attribute { attr, .. } = expr.kind else { return None };
        self.member_literal(class, attr)
    }

    /// The members of a type. An enumeration of which a literal is a member falls into its own.
    pub(crate) fn enum_members_of(&mut self, ty: TypeId, values: &[Literal]) -> Vec<TypeId> {
        let mut found = Vec::new();
        for member in self.types.members(ty) {
            let class = self.types.as_instance(member).map(|(class, ..)| class);
            let is_asked =
                |value: &Literal| matches!(value, Literal::Member { class: of, .. } if Some(*of) == class);
            let names = class.filter(|_| values.iter().any(is_asked)).and_then(|class| {
                let names = self.members_of(class)?;
                Some(
                    names.into_iter().filter_map(|name| self.member_literal(class, name)).collect::<Vec<_>>(),
                )
            });
            match names {
                Some(names) => {
                    found.extend(names.into_iter().map(|name| self.types.intern(Type::Literal(name))))
                }
                None => found.push(member),
            }
        }
        found
    }

    /// A type with members of enumerations widened to these, of which they surely are: which one it is, is nothing that code relies on.
    pub(crate) fn without_members(&mut self, ty: TypeId) -> TypeId {
        let mut members = self.types.members(ty);
        for member in &mut members {
            if let Type::Literal(Literal::Member { class, .. }) = *self.types.get(*member) {
                *member = self.types.instance(class);
            }
        }
        self.types.union(members)
    }

    /// The type of `name` or `value` of a member; dynamic for anything else.
    pub(crate) fn member_attribute(&mut self, class: ClassId, attr: &str) -> TypeId {
        if attr == "name" {
            return self.types.exact_instance(self.known.str);
        }
        if attr != "value" {
            return self.types.dynamic;
        }
        if let Some(base) = self.value_class(class) {
            return self.types.instance(base);
        }
        let module = self.classes[class].module;
        let values: Vec<_> =
            self.values_of(class).into_iter().map(|value| self.type_of_value(module, value)).collect();
        match values.as_slice() {
            [] => self.types.dynamic,
            _ => self.types.union(values),
        }
    }

    /// The type of the value of one member.
    pub(crate) fn member_value(&mut self, class: ClassId, name: &str) -> TypeId {
        let is_member = |stmt: &&ast::Stmt<'a>| match stmt.kind {
            StmtKind::Assign { targets: [target], .. } => target.as_name() == Some(name),
            _ => false,
        };
        let def = self.classes[class].def;
        match def.body.iter().find(is_member).map(|stmt| stmt.kind) {
            Some(StmtKind::Assign { value, .. }) => self.type_of_value(self.classes[class].module, value),
            _ => self.member_attribute(class, "value"),
        }
    }

    fn type_of_value(&mut self, module: ModuleId, value: &'a Expr<'a>) -> TypeId {
        let ty = self.evident_type(module, value);
        self.inexact(ty)
    }

    /// The builtin class that the members of an enumeration are instances of, besides.
    pub(crate) fn value_class(&self, class: ClassId) -> Option<ClassId> {
        match self.classes[class].enumeration? {
            Enumeration::Any => None,
            Enumeration::Int => Some(self.known.int),
            Enumeration::Str => Some(self.known.str),
        }
    }

    /// Whether the bodies of an enumeration and its bases show everything that it has, so that there is no member of another name.
    pub(crate) fn shows_all_members(&self, class: ClassId) -> bool {
        let is_plain = |stmt: &ast::Stmt<'_>| match stmt.kind {
            StmtKind::Assign { targets, .. } => targets.iter().all(|target| target.as_name().is_some()),
            StmtKind::AnnAssign { .. }
            | StmtKind::FunctionDef(_)
            | StmtKind::AsyncFunctionDef(_)
            | StmtKind::ClassDef(_)
            | StmtKind::Pass => true,
            StmtKind::Expr { value } => matches!(value.kind, ExprKind::Constant { .. }),
            _ => false,
        };
        let mut shown = self.classes[class].mro.iter().filter(|&&base| base != self.known.object);
        shown.all(|&base| {
            let entry = &self.classes[base];
            let is_closed = entry.def.decorator_list.is_empty() && entry.def.keywords.is_empty();
            entry.enumeration.is_some() && is_closed && entry.def.body.iter().all(is_plain)
        })
    }
}

/// The class of what is written down as a literal.
fn class_of_literal(value: &Expr<'_>) -> Option<&'static str> {
    match value.kind {
        ExprKind::Constant { value, .. } => match value {
            ast::Constant::Int(_) => Some("int"),
            ast::Constant::Float(_) => Some("float"),
            ast::Constant::Str(_) => Some("str"),
            ast::Constant::Bytes(_) => Some("bytes"),
            ast::Constant::Bool(_) => Some("bool"),
            _ => None,
        },
        ExprKind::UnaryOp { op: ast::UnaryOp::USub, operand } => class_of_literal(operand),
        _ => None,
    }
}
