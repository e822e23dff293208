//! `@strict_slots` and `@loose_slots` of strict modules: which fields the instances of a class have.
//!
//! Fields are the names that the class body annotates without a value and what `__init__` sets on its first parameter. Each gets a slot,
//! which stands in the class under its name, so that nothing else of the class can have that name: [`conflicts`].

use base::Span;
use parser::ast::{Alias, ClassDef, Constant, Expr, ExprKind, FunctionDef, NodeId, Stmt, StmtKind};
use parser::visit::{Visitor, walk_stmt};

/// What instances of a class with slots have beside them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slots {
    /// Nothing: `@strict_slots`.
    Strict,
    /// A dictionary for attributes that are no fields: `@loose_slots`.
    Loose,
}

/// Whether a class asks for slots: the decorator is a bare name.
pub fn of_class(def: &ClassDef<'_>) -> Option<Slots> {
    def.decorator_list.iter().find_map(|decorator| match decorator.as_name()? {
        "strict_slots" => Some(Slots::Strict),
        "loose_slots" => Some(Slots::Loose),
        _ => None,
    })
}

/// The fields of a class, each once, with the place that introduces it.
pub fn fields<'a>(def: &'a ClassDef<'a>) -> Vec<(&'a str, Span)> {
    let mut found: Vec<(&'a str, Span)> = Vec::new();
    for stmt in def.body {
        match stmt.kind {
            StmtKind::AnnAssign { target, annotation, value: None, simple: true }
                if !is_class_var(annotation) =>
            {
                found.extend(target.as_name().map(|name| (name, target.span)));
            }
            StmtKind::FunctionDef(init) if init.name == "__init__" => stores(init, &mut found),
            _ => {}
        }
    }
    let mut seen = Vec::new();
    found.retain(|(name, _)| {
        let is_new = !seen.contains(name);
        seen.push(*name);
        is_new
    });
    found
}

/// The fields that `extra_slot(C, "name")` adds to classes of a module: statements at the top level, behind the class.
pub fn extra<'a>(body: &'a [Stmt<'a>]) -> Vec<(NodeId, &'a str)> {
    let mut classes: Vec<(&'a str, NodeId)> = Vec::new();
    let mut found = Vec::new();
    for stmt in body {
        match stmt.kind {
            StmtKind::ClassDef(def) => classes.push((def.name, stmt.id)),
            StmtKind::Expr { value } => {
                let Some((class, name)) = extra_slot(value) else { continue };
                let class = classes.iter().rev().find(|(known, _)| *known == class);
                found.extend(class.map(|(_, id)| (*id, name)));
            }
            _ => {}
        }
    }
    found
}

/// The class and the field of a call of `extra_slot`.
fn extra_slot<'a>(call: &'a Expr<'a>) -> Option<(&'a str, &'a str)> {
    let ExprKind::Call { func, args: [class, name], keywords: [] } = call.kind else { return None };
    let is_it = match func.kind {
        ExprKind::Name { id, .. } => id == "extra_slot",
        ExprKind::Attribute { attr, .. } => attr == "extra_slot",
        _ => false,
    };
    let ExprKind::Constant { value: Constant::Str(name), .. } = name.kind else { return None };
    is_it.then_some((class.as_name()?, name.as_str()?))
}

/// Whether an annotation says that a name is no field.
pub(crate) fn is_class_var(annotation: &Expr<'_>) -> bool {
    match annotation.kind {
        ExprKind::Name { id, .. } => id == "ClassVar",
        ExprKind::Attribute { attr, .. } => attr == "ClassVar",
        ExprKind::Subscript { value, .. } => is_class_var(value),
        _ => false,
    }
}

/// What a method sets on its first parameter.
fn stores<'a>(init: &'a FunctionDef<'a>, found: &mut Vec<(&'a str, Span)>) {
    let receiver = init.args.posonlyargs.iter().chain(init.args.args).next();
    let Some(receiver) = receiver.map(|receiver| receiver.arg) else { return };
    let mut stores = Stores { receiver, found };
    init.body.iter().for_each(|stmt| stores.visit_stmt(stmt));
}

struct Stores<'a, 'f> {
    receiver: &'a str,
    found: &'f mut Vec<(&'a str, Span)>,
}

impl<'a> Stores<'a, '_> {
    fn target(&mut self, target: &'a Expr<'a>) {
        match target.kind {
            ExprKind::Attribute { value, attr, .. } if value.as_name() == Some(self.receiver) => {
                self.found.push((attr, target.span));
            }
            ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
                elts.iter().for_each(|elt| self.target(elt));
            }
            ExprKind::Starred { value, .. } => self.target(value),
            _ => {}
        }
    }
}

impl<'a> Visitor<'a> for Stores<'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt<'a>) {
        match stmt.kind {
            StmtKind::Assign { targets, .. } => targets.iter().for_each(|target| self.target(target)),
            StmtKind::AnnAssign { target, .. } => self.target(target),
            StmtKind::FunctionDef(_) | StmtKind::AsyncFunctionDef(_) | StmtKind::ClassDef(_) => {}
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr<'a>) {}
}

/// A field and the member of the class that has its name.
#[derive(Clone, Copy, Debug)]
pub struct Conflict<'a> {
    /// The name.
    pub name: &'a str,
    /// Where the field is introduced.
    pub field: Span,
    /// Where the member is.
    pub member: Span,
}

/// Names that a class uses for a field and for something else.
pub fn conflicts<'a>(def: &'a ClassDef<'a>) -> Vec<Conflict<'a>> {
    let mut members = Members { found: Vec::new() };
    def.body.iter().for_each(|stmt| members.visit_stmt(stmt));
    let member = |name: &str| members.found.iter().find(|(known, _)| *known == name).map(|(_, span)| *span);
    let pairs = fields(def).into_iter().map(|(name, field)| (name, field, member(name)));
    pairs.filter_map(|(name, field, member)| Some(Conflict { name, field, member: member? })).collect()
}

/// Where a class body takes `__annotations__` from its module, so that its annotations are no fields of its own.
pub fn global_annotations(def: &ClassDef<'_>) -> Option<Span> {
    struct Globals(Option<Span>);
    impl<'a> Visitor<'a> for Globals {
        fn visit_stmt(&mut self, stmt: &'a Stmt<'a>) {
            match stmt.kind {
                StmtKind::Global { names } if names.contains(&"__annotations__") => self.0 = Some(stmt.span),
                StmtKind::FunctionDef(_) | StmtKind::AsyncFunctionDef(_) | StmtKind::ClassDef(_) => {}
                _ => walk_stmt(self, stmt),
            }
        }
        fn visit_expr(&mut self, _: &'a Expr<'a>) {}
    }
    let mut found = Globals(None);
    def.body.iter().for_each(|stmt| found.visit_stmt(stmt));
    found.0
}

/// What a class body binds.
struct Members<'a> {
    found: Vec<(&'a str, Span)>,
}

impl<'a> Members<'a> {
    fn target(&mut self, target: &'a Expr<'a>) {
        match target.kind {
            ExprKind::Name { id, .. } => self.found.push((id, target.span)),
            ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
                elts.iter().for_each(|elt| self.target(elt));
            }
            ExprKind::Starred { value, .. } => self.target(value),
            _ => {}
        }
    }
}

impl<'a> Visitor<'a> for Members<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt<'a>) {
        match stmt.kind {
            StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
                self.found.push((def.name, def.name_span));
            }
            StmtKind::ClassDef(def) => self.found.push((def.name, def.name_span)),
            StmtKind::Assign { targets, .. } => targets.iter().for_each(|target| self.target(target)),
            StmtKind::AnnAssign { target, value: Some(_), .. } => self.target(target),
            StmtKind::For { target, .. } => {
                self.target(target);
                walk_stmt(self, stmt);
            }
            StmtKind::With { items, .. } => {
                items.iter().filter_map(|item| item.optional_vars).for_each(|target| self.target(target));
                walk_stmt(self, stmt);
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr<'a>) {}

    fn visit_alias(&mut self, alias: &'a Alias<'a>) {
        let first = alias.name.split('.').next().unwrap_or(alias.name);
        self.found.push((alias.asname.unwrap_or(first), alias.span));
    }
}
