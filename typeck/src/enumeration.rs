//! Static enumerations: `Enum`, `IntEnum` and `StringEnum` of `__static__`. (`static-python.md` 1.16)
//!
//! A class over one of them is made by a metaclass, so that it has no layout; but what its members are is known: their class, their
//! names, and the type of their values as far as the body writes them down.

use base::Diagnostic;
use parser::ast::{self, Expr, ExprKind, StmtKind};

use crate::program::{ClassId, Member, Program};
use crate::ty::TypeId;

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

    /// The type of `name` or `value` of a member; dynamic for anything else.
    pub(crate) fn member_attribute(&mut self, class: ClassId, attr: &str) -> TypeId {
        let known = self.known;
        if attr == "name" {
            return self.types.exact_instance(known.str);
        }
        if attr != "value" {
            return self.types.dynamic;
        }
        match self.classes[class].enumeration {
            Some(Enumeration::Int) => return self.types.instance(known.int),
            Some(Enumeration::Str) => return self.types.instance(known.str),
            _ => {}
        }
        let values = self.values_of(class);
        let mut names: Vec<_> = values.iter().map(|value| class_of_literal(value)).collect();
        names.dedup();
        match names.as_slice() {
            [Some("int")] => self.types.instance(known.int),
            [Some("str")] => self.types.instance(known.str),
            [Some("float")] => self.types.instance(known.float),
            [Some("bytes")] => self.types.instance(known.bytes),
            _ => self.types.dynamic,
        }
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
