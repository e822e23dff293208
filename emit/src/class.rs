//! Class definitions.
//!
//! A class is built by calling `__build_class__` with a function that runs the body in a fresh namespace. The body returns
//! the cell of `__class__`, if methods use it, so that the cell can be filled once the class exists.

use bytecode::{Code, CodeFlags, Const, Opcode};
use parser::ast::{ClassDef, Stmt};

use crate::block::LocalOwner;
use crate::docstring::{doc_const, docstring};
use crate::error::Emit;
use crate::expr::is_starred;
use crate::module::Emitter;

impl<'a> Emitter<'a, '_> {
    pub(crate) fn class_def(&mut self, stmt: &'a Stmt<'a>, def: &'a ClassDef<'a>) -> Emit {
        let first_line = def.decorator_list.first().map_or(stmt.span.start, |decorator| decorator.span.start);
        let first_line = self.lines.line(first_line);
        def.decorator_list.iter().try_for_each(|decorator| self.expr(decorator))?;
        self.at(stmt.span);
        if def.type_params.is_empty() {
            self.build_class(stmt, def, first_line, false)?;
        } else {
            self.generic_class(stmt, def, first_line)?;
        }
        self.note_class();
        for decorator in def.decorator_list.iter().rev() {
            self.at(decorator.span);
            self.block().op(Opcode::CALL, 1);
        }
        self.at(stmt.span);
        self.store_name(def.name);
        Ok(())
    }

    /// Pushes the class.
    pub(crate) fn build_class(
        &mut self,
        stmt: &'a Stmt<'a>,
        def: &'a ClassDef<'a>,
        first_line: u32,
        is_generic: bool,
    ) -> Emit {
        if self.static_class(stmt, def, first_line, is_generic)? {
            return Ok(());
        }
        self.check_keywords(def.keywords)?;
        self.block().op0(Opcode::LOAD_BUILD_CLASS);
        self.class_body(stmt, def, first_line, is_generic)?;
        self.load_const(Const::str(def.name));
        let has_stars =
            def.bases.iter().any(is_starred) || def.keywords.iter().any(|keyword| keyword.arg.is_none());
        if has_stars {
            return self.build_class_with_stars(stmt, def, is_generic);
        }
        def.bases.iter().try_for_each(|base| self.expr(base))?;
        if is_generic {
            self.load_name(".generic_base");
        }
        def.keywords.iter().try_for_each(|keyword| self.expr(keyword.value))?;
        self.at(stmt.span);
        let count = 2 + def.bases.len() + is_generic as usize + def.keywords.len();
        if def.keywords.is_empty() {
            self.block().op(Opcode::CALL, count as u32);
        } else {
            let names =
                def.keywords.iter().map(|keyword| Const::str(keyword.arg.expect("stars are handled before")));
            self.load_const(Const::Tuple(names.collect()));
            self.block().op(Opcode::CALL_KW, count as u32);
        }
        Ok(())
    }

    fn build_class_with_stars(&mut self, stmt: &Stmt<'a>, def: &'a ClassDef<'a>, is_generic: bool) -> Emit {
        let place = match def.bases.first() {
            Some(base) => base,
            None => def.keywords[0].value,
        };
        let last = is_generic.then_some(".generic_base");
        self.call_with_tuple(place, def.bases, def.keywords, 2, last)?;
        self.at(stmt.span);
        Ok(())
    }

    /// Pushes the function that runs the body.
    pub(crate) fn class_body(
        &mut self,
        stmt: &'a Stmt<'a>,
        def: &'a ClassDef<'a>,
        first_line: u32,
        is_generic: bool,
    ) -> Emit {
        let scope_id = self.scopes.body(stmt.id);
        let qualname = self.qualname(def.name);
        let code = Code {
            name: def.name.to_owned(),
            qualname: qualname.clone(),
            filename: self.options.filename.clone(),
            first_line,
            flags: CodeFlags::CLASS_BODY,
            ..Code::default()
        };
        self.open_unit(scope_id, code);
        // What comes before the body belongs to the first line, which may be that of a decorator.
        let first = def.decorator_list.first().map_or(stmt.span, |decorator| decorator.span);
        self.at(first);
        self.class_cells();
        self.name_op(Opcode::LOAD_GLOBAL, "__name__");
        self.store_namespace("__module__");
        self.load_const(Const::str(&qualname));
        self.store_namespace("__qualname__");
        self.load_const(Const::Int(first_line.into()));
        self.store_namespace("__firstlineno__");
        if is_generic {
            self.load_name(".type_params");
            self.store_namespace("__type_params__");
        }
        if self.scopes.table[scope_id].needs_class_dict {
            self.block().op0(Opcode::LOAD_LOCALS);
            let slot = self.class_cell("__classdict__");
            self.block().op(Opcode::STORE_DEREF, slot);
        }
        let mut rest = def.body;
        if let Some(text) = docstring(def.body) {
            rest = &def.body[1..];
            if self.options.optimize < 2 {
                self.at(def.body[0].span);
                self.load_const(doc_const(text));
                self.store_namespace("__doc__");
            }
        }
        self.module_annotations(def.body)?;
        self.stmts(rest)?;
        self.slots(stmt, def);
        self.static_attributes(def);
        self.return_class_cell(scope_id);
        self.make_function(0)
    }

    /// Cells of the class block, and its closure.
    fn class_cells(&mut self) {
        let scope = &self.scopes.table[self.scope_id()];
        for (needed, name) in
            [(scope.needs_class_cell, "__class__"), (scope.needs_class_dict, "__classdict__")]
        {
            if needed {
                let slot = self.class_cell(name);
                self.block().op(Opcode::MAKE_CELL, slot);
            }
        }
        self.open_frame(false);
    }

    /// The slot of an implicit cell of the class block.
    fn class_cell(&mut self, name: &str) -> u32 {
        let owner = LocalOwner::Scope(self.scope_id());
        match self.block().local(owner, name) {
            Some(slot) => slot,
            None => self.block().add_local(
                owner,
                name,
                bytecode::TypeCode::Object,
                bytecode::code::CellKind::Cell,
            ),
        }
    }

    /// `__static_attributes__`: names assigned through `self` in methods, sorted.
    fn static_attributes(&mut self, def: &'a ClassDef<'a>) {
        let mut names = Vec::new();
        for stmt in def.body {
            collect_self_attributes(stmt, &mut names);
        }
        names.sort_unstable();
        names.dedup();
        self.nowhere();
        self.load_const(Const::Tuple(names.into_iter().map(Const::str).collect()));
        self.store_namespace("__static_attributes__");
    }

    fn return_class_cell(&mut self, scope: typeck::scope::ScopeId) {
        self.nowhere();
        if self.scopes.table[scope].needs_class_dict {
            let slot = self.class_cell("__classdict__");
            self.block().op(Opcode::LOAD_CLOSURE, slot);
            self.store_namespace("__classdictcell__");
        }
        if !self.scopes.table[scope].needs_class_cell {
            return self.return_none();
        }
        let slot = self.class_cell("__class__");
        self.block().op(Opcode::LOAD_CLOSURE, slot);
        self.block().op(Opcode::COPY, 1);
        self.store_namespace("__classcell__");
        self.block().op0(Opcode::RETURN_VALUE);
    }
}

/// Names stored through `self` in a method, or in a function inside it.
fn collect_self_attributes<'a>(stmt: &'a Stmt<'a>, names: &mut Vec<&'a str>) {
    use parser::ast::{ExprKind, StmtKind};
    let (StmtKind::FunctionDef(method) | StmtKind::AsyncFunctionDef(method)) = stmt.kind else { return };
    let mut visit = |target: &'a parser::ast::Expr<'a>| {
        if let ExprKind::Attribute { value, attr, .. } = target.kind
            && value.as_name() == Some("self")
        {
            names.push(attr);
        }
    };
    visit_store_targets(method.body, &mut visit);
}

/// Calls `visit` for a target, or for the parts of one that is taken apart.
fn visit_parts<'a>(target: &'a parser::ast::Expr<'a>, visit: &mut impl FnMut(&'a parser::ast::Expr<'a>)) {
    use parser::ast::ExprKind;
    match target.kind {
        ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
            elts.iter().for_each(|elt| visit_parts(elt, visit));
        }
        ExprKind::Starred { value, .. } => visit_parts(value, visit),
        _ => visit(target),
    }
}

/// Calls `visit` for every assignment target in `body`, nested statements and functions included.
fn visit_store_targets<'a>(body: &'a [Stmt<'a>], visit: &mut impl FnMut(&'a parser::ast::Expr<'a>)) {
    use parser::ast::StmtKind;
    for stmt in body {
        match stmt.kind {
            StmtKind::Assign { targets, .. } => targets.iter().for_each(|target| visit_parts(target, visit)),
            StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
                visit_store_targets(def.body, visit)
            }
            StmtKind::AugAssign { target, .. } | StmtKind::AnnAssign { target, .. } => visit(target),
            StmtKind::For { target, body, orelse, .. } | StmtKind::AsyncFor { target, body, orelse, .. } => {
                visit_parts(target, visit);
                visit_store_targets(body, visit);
                visit_store_targets(orelse, visit);
            }
            StmtKind::While { body, orelse, .. } | StmtKind::If { body, orelse, .. } => {
                visit_store_targets(body, visit);
                visit_store_targets(orelse, visit);
            }
            StmtKind::With { items, body } | StmtKind::AsyncWith { items, body } => {
                items
                    .iter()
                    .filter_map(|item| item.optional_vars)
                    .for_each(|target| visit_parts(target, visit));
                visit_store_targets(body, visit);
            }
            StmtKind::Try(parts) | StmtKind::TryStar(parts) => {
                visit_store_targets(parts.body, visit);
                for handler in parts.handlers {
                    visit_store_targets(handler.body, visit);
                }
                visit_store_targets(parts.orelse, visit);
                visit_store_targets(parts.finalbody, visit);
            }
            _ => {}
        }
    }
}
