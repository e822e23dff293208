//! Values that do not fit where they flow to: the words, and the place that asks for another type.
//!
//! The words are Static Python's. A declaration in another file is shown there.

use base::{Diagnostic, Span};
use parser::ast::{Expr, ExprKind};

use super::Checker;
use crate::program::{ClassMember, FunctionId, Member, ModuleId, Param};
use crate::ty::{Primitive, TypeId};

/// Where a value flows to.
#[derive(Clone, Copy)]
pub(crate) enum Destination<'d, 'a> {
    /// A place that says nothing of itself, such as an element of a display.
    Place,
    /// The target of an assignment.
    Target(&'d Expr<'a>),
    /// The result of the function.
    Result,
    /// A parameter, by position or by keyword.
    Parameter(FunctionId, &'d Param<'a>, Passing),
    /// A parameter of a function of the run time.
    Described(&'d str),
}

/// How an argument is passed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passing {
    /// By position.
    Position,
    /// By name.
    Keyword,
}

impl<'a> Checker<'_, 'a> {
    /// Reports a value that may not flow to where it does.
    pub(crate) fn mismatch(
        &mut self,
        expr: &Expr<'a>,
        source: TypeId,
        target: TypeId,
        destination: Destination<'_, 'a>,
    ) {
        let (mut from, mut to) = (self.program.show(source), self.program.show(target));
        if from == to {
            (from, to) = (self.program.show_exact(source), self.program.show_exact(target));
        }
        let message = match destination {
            Destination::Result => {
                format!("mismatched types: expected {to} because of return type, found {from} instead")
            }
            Destination::Place | Destination::Target(_) => {
                format!("type mismatch: {from} cannot be assigned to {to}")
            }
            Destination::Parameter(_, param, passing) => {
                let kind = if passing == Passing::Position { "positional" } else { "keyword" };
                format!("type mismatch: {from} received for {kind} arg '{}', expected {to}", param.name)
            }
            Destination::Described(what) => {
                format!("type mismatch: {from} received for {what}, expected {to}")
            }
        };
        let diagnostic = Diagnostic::error("SP0131", expr.span, message);
        let diagnostic = match destination {
            Destination::Result => self.with_return_type(diagnostic),
            Destination::Target(target) => self.with_declaration(diagnostic, target),
            Destination::Parameter(function, param, _) => {
                self.with_parameter(diagnostic, function, param.span)
            }
            Destination::Place | Destination::Described(_) => diagnostic,
        };
        self.report(diagnostic);
    }

    /// Reports a value on the stack that the target of its store does not take.
    pub(crate) fn unassignable(&mut self, target: &Expr<'a>, from: TypeId, to: TypeId) {
        let (from, to) = (self.program.show(from), self.program.show(to));
        let message = format!("type mismatch: {from} cannot be assigned to {to}");
        let diagnostic = Diagnostic::error("SP0131", target.span, message);
        let diagnostic = self.with_declaration(diagnostic, target);
        self.report(diagnostic);
    }

    /// Reports a literal that is no value of a primitive type.
    pub(crate) fn out_of_range(&mut self, span: Span, literal: &str, primitive: Primitive) {
        let name = primitive.name();
        let message = format!("type mismatch: Literal[{literal}] cannot be assigned to {name}");
        let (least, greatest) = match (primitive.is_signed(), primitive.bits()) {
            (true, bits) => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
            (false, bits) => (0, (1i128 << bits) - 1),
        };
        let mut diagnostic = Diagnostic::error("SP0132", span, message);
        if primitive.is_integer() {
            diagnostic = diagnostic.with_note(format!("{name} holds {least} to {greatest}"));
        }
        self.report(diagnostic);
    }

    /// Reports a second declaration of a local variable.
    pub(crate) fn redefined_local(&mut self, span: Span, name: &'a str) {
        let message = format!("Cannot redefine local variable {name}");
        let first = self.variable(name).and_then(|var| self.declarations.get(&var)).map(|(_, span)| *span);
        let mut diagnostic = Diagnostic::error("SP0101", span, message);
        if let Some(first) = first.filter(|first| *first != span) {
            diagnostic = diagnostic.with_label(first, "first declared here");
        }
        self.report(diagnostic);
    }

    /// Shows what the function is declared to return.
    pub(crate) fn with_return_type(&self, diagnostic: Diagnostic) -> Diagnostic {
        let returns = self.function.and_then(|function| self.program.functions[function].def.returns);
        match returns {
            Some(returns) => diagnostic.with_label(returns.span, "declared here"),
            None => diagnostic,
        }
    }

    /// Shows a parameter where its function is defined.
    pub(crate) fn with_parameter(
        &self,
        diagnostic: Diagnostic,
        function: FunctionId,
        span: Span,
    ) -> Diagnostic {
        let there = self.program.functions[function].module;
        self.program.label(diagnostic, self.module, there, span, "the parameter")
    }

    /// Shows where the target of an assignment is declared.
    fn with_declaration(&mut self, diagnostic: Diagnostic, target: &Expr<'a>) -> Diagnostic {
        match self.declaration(target) {
            Some((there, span)) if (there, span) != (self.module, diagnostic.primary.span) => {
                self.program.label(diagnostic, self.module, there, span, "declared here")
            }
            _ => diagnostic,
        }
    }

    /// Where a variable or field is declared.
    fn declaration(&mut self, target: &Expr<'a>) -> Option<(ModuleId, Span)> {
        match target.kind {
            ExprKind::Name { id, .. } => {
                if let Some(var) = self.variable(id) {
                    let local = self.declarations.get(&var).map(|(_, span)| (self.module, *span));
                    return local.or_else(|| self.parameter(id));
                }
                match self.program.modules[self.module].members.get(id) {
                    Some(Member::Variable { span, .. }) => Some((self.module, *span)),
                    _ => None,
                }
            }
            ExprKind::Attribute { value, attr, .. } => {
                let owner = self.facts().types[value.id]?;
                let (class, ..) = self.program.types.as_instance(owner.id)?;
                match self.program.class_member(class, attr) {
                    Some((owner, ClassMember::Field(field))) => {
                        Some((self.program.classes[owner].module, field.span))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Where a parameter of the function stands.
    fn parameter(&self, name: &str) -> Option<(ModuleId, Span)> {
        let params = &self.program.functions[self.function?].params;
        params.iter().find(|param| param.name == name).map(|param| (self.module, param.span))
    }
}
