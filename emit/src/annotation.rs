//! Deferred annotations (PEP 649): `__annotate__` functions of functions, classes and modules.

use base::Span;
use bytecode::{Code, CodeFlags, CompareOp, Const, Opcode};
use parser::ast::{Expr, ExprKind, Stmt, StmtKind};
use typeck::scope::ScopeId;

use crate::error::Emit;
use crate::module::Emitter;
use crate::unparse::unparse;

impl<'a> Emitter<'a, '_> {
    /// Pushes a function `__annotate__(format)` whose `body` pushes what it returns.
    ///
    /// Formats above 2 raise NotImplementedError, as `annotationlib` expects of compiled annotations.
    pub(crate) fn annotate_function(
        &mut self,
        scope: ScopeId,
        span: Span,
        body: impl FnOnce(&mut Self) -> Emit,
    ) -> Emit {
        self.deferred_function(scope, "__annotate__", span, body)
    }

    /// Pushes a function of the hidden parameter `.format`.
    pub(crate) fn deferred_function(
        &mut self,
        scope: ScopeId,
        name: &str,
        span: Span,
        body: impl FnOnce(&mut Self) -> Emit,
    ) -> Emit {
        let code = Code {
            name: name.to_owned(),
            qualname: self.nested_qualname(name),
            filename: self.options.filename.clone(),
            first_line: self.lines.line(span.start),
            flags: CodeFlags::OPTIMIZED | CodeFlags::NEWLOCALS | CodeFlags::NESTED,
            arg_count: 1,
            posonly_count: 1,
            ..Code::default()
        };
        self.open_unit(scope, code);
        self.at(span);
        let format = self.slot(scope, ".format");
        self.open_frame(false);
        let supported = self.block().label();
        self.block().op(Opcode::LOAD_FAST_CHECK, format);
        self.load_const(Const::Int(2));
        self.block().op(Opcode::COMPARE_OP, CompareOp::Greater as u32);
        self.block().jump(Opcode::POP_JUMP_IF_FALSE, supported);
        self.name_op(Opcode::LOAD_GLOBAL, "NotImplementedError");
        self.block().op(Opcode::RAISE_VARARGS, 1);
        self.block().mark(supported);
        body(self)?;
        self.block().op0(Opcode::RETURN_VALUE);
        self.make_function(0)
    }

    /// The value of one annotation; `*Ts` stands for its unpacking.
    pub(crate) fn annotation_value(&mut self, annotation: &'a Expr<'a>) -> Emit {
        match annotation.kind {
            ExprKind::Starred { value, .. } => {
                self.expr(value)?;
                self.block().op(Opcode::UNPACK_SEQUENCE, 1);
                Ok(())
            }
            _ => self.expr(annotation),
        }
    }

    /// At the start of a module or class body: `__annotate__`, or `__annotations__` if they are not deferred.
    pub(crate) fn module_annotations(&mut self, body: &'a [Stmt<'a>]) -> Emit {
        let mut found = Vec::new();
        variable_annotations(body, &mut found);
        if found.is_empty() {
            return Ok(());
        }
        if self.annotates_at_once() {
            self.block().op0(Opcode::SETUP_ANNOTATIONS);
            return Ok(());
        }
        let scope = self.scope_id();
        let annotations = self.scopes.annotations_of(scope).expect("the collector saw the annotations");
        let span = found[0].1.span;
        self.annotate_function(annotations, span, |emitter| {
            emitter.block().op(Opcode::BUILD_MAP, 0);
            for (name, annotation) in &found {
                let name = emitter.mangled(name);
                emitter.load_const(Const::str(&name));
                emitter.annotation_value(annotation)?;
                emitter.block().op(Opcode::MAP_ADD, 1);
            }
            Ok(())
        })?;
        let is_module = scope == self.scopes.module();
        self.store_namespace(if is_module { "__annotate__" } else { "__annotate_func__" });
        Ok(())
    }

    /// Whether annotations of this body are stored when their statements run: as text under `from __future__ import annotations`, and
    /// as values in a body that itself works on `__annotations__`, as code written before PEP 649 does.
    fn annotates_at_once(&self) -> bool {
        self.future_annotations || self.unit_scope().symbol("__annotations__").is_some()
    }

    /// Stores an annotation that is not deferred.
    pub(crate) fn eager_annotation(&mut self, target: &Expr<'a>, annotation: &'a Expr<'a>) -> Emit {
        let is_namespace = !self.unit_scope().kind.is_function_like();
        let Some(name) = target.as_name().filter(|_| is_namespace && self.annotates_at_once()) else {
            return Ok(());
        };
        if self.future_annotations {
            let text = unparse(annotation);
            self.load_const(Const::Str(text));
        } else {
            self.annotation_value(annotation)?;
        }
        self.name_op(Opcode::LOAD_NAME, "__annotations__");
        let name = self.mangled(name);
        self.load_const(Const::str(&name));
        self.block().op0(Opcode::STORE_SUBSCR);
        Ok(())
    }

    /// Pops into a name of the namespace, whatever the scope says of it.
    pub(crate) fn store_namespace(&mut self, name: &str) {
        self.name_op(Opcode::STORE_NAME, name);
    }
}

/// The annotated simple names of a body, in source order, nested statements included.
fn variable_annotations<'a>(body: &'a [Stmt<'a>], found: &mut Vec<(&'a str, &'a Expr<'a>)>) {
    for stmt in body {
        match stmt.kind {
            StmtKind::AnnAssign { target, annotation, simple: true, .. } => {
                found.extend(target.as_name().map(|name| (name, annotation)));
            }
            StmtKind::If { body, orelse, .. }
            | StmtKind::While { body, orelse, .. }
            | StmtKind::For { body, orelse, .. }
            | StmtKind::AsyncFor { body, orelse, .. } => {
                variable_annotations(body, found);
                variable_annotations(orelse, found);
            }
            StmtKind::With { body, .. } | StmtKind::AsyncWith { body, .. } => {
                variable_annotations(body, found)
            }
            StmtKind::Try(parts) | StmtKind::TryStar(parts) => {
                variable_annotations(parts.body, found);
                for handler in parts.handlers {
                    variable_annotations(handler.body, found);
                }
                variable_annotations(parts.orelse, found);
                variable_annotations(parts.finalbody, found);
            }
            StmtKind::Match { cases, .. } => {
                for case in cases {
                    variable_annotations(case.body, found);
                }
            }
            _ => {}
        }
    }
}
