//! Comprehensions and generator expressions.
//!
//! Inlined ones (see `typeck::scope`) run in the surrounding frame: the collection is built on the stack, above the iterators
//! of the clauses. Others are functions of one argument, the outermost iterator, named `.0`.

use std::sync::Arc;

use base::Span;
use bytecode::code::CellKind;
use bytecode::{Code, CodeFlags, Const, NestedCode, Opcode, TypeCode};
use parser::ast::{Comprehension, Expr, ExprKind};
use typeck::scope::{Resolution, ScopeId};

use crate::error::Emit;
use crate::module::{Emitter, FrameBlock};

/// The parts of a comprehension.
#[derive(Clone, Copy)]
struct Parts<'a> {
    key: Option<&'a Expr<'a>>,
    element: &'a Expr<'a>,
    generators: &'a [Comprehension<'a>],
    /// How to make the collection, and how to add to it; `None` for a generator.
    collect: Option<(Opcode, Opcode)>,
    whole: Span,
}

impl Parts<'_> {
    /// Where what is collected stands: the element, or the key and the value.
    fn item(&self) -> Span {
        let start = self.key.map_or(self.element.span.start, |key| key.span.start);
        Span { start, end: self.element.span.end }
    }
}

fn parts<'a>(expr: &Expr<'a>) -> Parts<'a> {
    let whole = expr.span;
    match expr.kind {
        ExprKind::ListComp { elt, generators } => Parts {
            key: None,
            element: elt,
            generators,
            collect: Some((Opcode::BUILD_LIST, Opcode::LIST_APPEND)),
            whole,
        },
        ExprKind::SetComp { elt, generators } => Parts {
            key: None,
            element: elt,
            generators,
            collect: Some((Opcode::BUILD_SET, Opcode::SET_ADD)),
            whole,
        },
        ExprKind::DictComp { key, value, generators } => Parts {
            key: Some(key),
            element: value,
            generators,
            collect: Some((Opcode::BUILD_MAP, Opcode::MAP_ADD)),
            whole,
        },
        ExprKind::GeneratorExp { elt, generators } => {
            Parts { key: None, element: elt, generators, collect: None, whole }
        }
        _ => unreachable!("only comprehensions are sent here"),
    }
}

impl<'a> Emitter<'a, '_> {
    pub(crate) fn comprehension(&mut self, expr: &'a Expr<'a>) -> Emit {
        let parts = parts(expr);
        let scope = self.scopes.body(expr.id);
        let outermost = &parts.generators[0];
        let is_async = self.scopes.table[scope].is_coroutine;
        if is_async && parts.collect.is_some() && !self.may_await() {
            return self.error(expr.span, "asynchronous comprehension outside of an asynchronous function");
        }
        if self.scopes.table[scope].is_inlined {
            self.iterated(outermost.iter)?;
            self.open_iterator(outermost);
            self.unit().scopes.push(scope);
            self.inline_comprehension(expr, parts)?;
            self.unit().scopes.pop();
            return Ok(());
        }
        self.comprehension_function(expr, parts, is_async)?;
        self.iterated(outermost.iter)?;
        self.open_iterator(outermost);
        self.at(expr.span);
        self.block().op(Opcode::CALL, 1);
        if is_async && parts.collect.is_some() {
            self.block().op(Opcode::GET_AWAITABLE, 0);
            self.load_const(Const::None);
            self.await_top();
        }
        Ok(())
    }

    fn open_iterator(&mut self, clause: &Comprehension<'a>) {
        self.at(clause.iter.span);
        self.block().op0(if clause.is_async { Opcode::GET_AITER } else { Opcode::GET_ITER });
    }

    /// `iterator -- collection`, in the surrounding frame.
    fn inline_comprehension(&mut self, expr: &'a Expr<'a>, parts: Parts<'a>) -> Emit {
        let scope = self.scope_id();
        for name in self.scopes.table[scope].cell_names() {
            let slot = self.slot(scope, name);
            self.block().op(Opcode::MAKE_CELL, slot);
        }
        let (build, _) = parts.collect.expect("generators are not inlined");
        self.at(expr.span);
        self.block().op(build, 0);
        self.block().op(Opcode::SWAP, 2);
        self.clauses(parts, 0)?;
        self.at(expr.span);
        self.forget_variables(scope);
        Ok(())
    }

    /// Unbinds what the comprehension has bound in the surrounding frame, cells with it: its last items live no longer, and `locals()` does
    /// not show them.
    fn forget_variables(&mut self, scope: ScopeId) {
        let scopes = self.scopes;
        let entry = &scopes.table[scope];
        for name in entry.local_names().into_iter().chain(entry.cell_names()) {
            let slot = self.slot(scope, name);
            let local = &self.block().code.locals[slot as usize];
            if local.ty == TypeCode::Object && local.cell != CellKind::Free {
                self.block().op(Opcode::CLEAR_FAST, slot);
            }
        }
    }

    /// Makes the function of a comprehension that has a frame of its own.
    fn comprehension_function(&mut self, expr: &'a Expr<'a>, parts: Parts<'a>, is_async: bool) -> Emit {
        let scope = self.scopes.body(expr.id);
        let name = self.scopes.table[scope].name;
        let suspend = match (parts.collect, is_async) {
            (None, false) => CodeFlags::GENERATOR,
            (None, true) => CodeFlags::ASYNC_GENERATOR,
            (Some(_), false) => CodeFlags::default(),
            (Some(_), true) => CodeFlags::COROUTINE,
        };
        let code = Code {
            name: name.to_owned(),
            qualname: self.nested_qualname(name),
            filename: self.options.filename.clone(),
            first_line: self.lines.line(expr.span.start),
            flags: CodeFlags::OPTIMIZED | CodeFlags::NEWLOCALS | CodeFlags::NESTED | suspend,
            arg_count: 1,
            ..Code::default()
        };
        self.open_unit(scope, code);
        let iterator = self.slot(scope, ".0");
        self.nowhere();
        self.open_frame(suspend != CodeFlags::default());
        self.at(expr.span);
        let is_generator = parts.collect.is_none();
        if let Some((build, _)) = parts.collect {
            self.block().op(build, 0);
        } else {
            self.guard_stop_iteration(|emitter| {
                emitter.block().op(Opcode::LOAD_FAST_CHECK, iterator);
                emitter.clauses(parts, 0)?;
                emitter.nowhere();
                emitter.return_none();
                Ok(())
            })?;
        }
        if !is_generator {
            self.block().op(Opcode::LOAD_FAST_CHECK, iterator);
            self.clauses(parts, 0)?;
            self.block().op0(Opcode::RETURN_VALUE);
        }
        self.make_function(0)
    }

    /// The loops of the clauses from `at` on; the iterator of clause `at` is on top.
    fn clauses(&mut self, parts: Parts<'a>, at: usize) -> Emit {
        let clause = &parts.generators[at];
        let (start, next, finished) = (self.block().label(), self.block().label(), self.block().label());
        self.block().mark(start);
        self.push_frame_block(FrameBlock::ForLoop { start, end: finished });
        if clause.is_async {
            self.at(parts.whole);
            self.next_async(finished);
        } else {
            self.at(clause.iter.span);
            self.block().jump(Opcode::FOR_ITER, finished);
        }
        self.store(clause.target)?;
        for condition in clause.ifs {
            self.jump_if(condition, false, next)?;
        }
        match parts.generators.get(at + 1) {
            Some(inner) => {
                self.iterated(inner.iter)?;
                self.open_iterator(inner);
                self.clauses(parts, at + 1)?;
            }
            None => self.collect(parts)?,
        }
        self.at(parts.item());
        self.block().mark(next);
        self.block().jump(Opcode::JUMP_BACKWARD, start);
        self.pop_frame_block();
        if clause.is_async {
            self.at(parts.whole);
            self.end_async(finished);
        } else {
            self.block().mark(finished);
        }
        Ok(())
    }

    /// Adds an element to the collection below the iterators, or yields it.
    fn collect(&mut self, parts: Parts<'a>) -> Emit {
        if let Some(key) = parts.key {
            self.expr(key)?;
        }
        self.expr(parts.element)?;
        let depth = parts.generators.len() as u32 + 1;
        match parts.collect {
            Some((_, add)) => {
                self.at(parts.item());
                self.block().op(add, depth);
            }
            None => {
                self.at(parts.element.span);
                if self.unit_scope().is_coroutine {
                    self.block().op(Opcode::CALL_INTRINSIC, bytecode::Intrinsic::AsyncGenWrap as u32);
                }
                self.block().op0(Opcode::YIELD_VALUE);
                self.block().op0(Opcode::POP_TOP);
            }
        }
        Ok(())
    }

    /// What every frame of its own starts with: cells, the closure, the generator object.
    pub(crate) fn open_frame(&mut self, suspends: bool) {
        let scope = self.scope_id();
        for name in self.scopes.table[scope].cell_names() {
            let slot = self.slot(scope, name);
            self.block().op(Opcode::MAKE_CELL, slot);
        }
        let free = self.scopes.table[scope].free_names();
        for name in &free {
            let slot = self.slot(scope, name);
            debug_assert_eq!(self.block().code.locals[slot as usize].cell, CellKind::Free);
        }
        if !free.is_empty() {
            self.block().op(Opcode::COPY_FREE_VARS, free.len() as u32);
        }
        self.box_captured_arguments();
        if suspends {
            self.block().op0(Opcode::RETURN_GENERATOR);
        } else if self.counts_references() {
            self.block().op0(Opcode::BEGIN_FRAME);
        }
    }

    /// Runs `body` so that a StopIteration that leaves it becomes a RuntimeError (PEP 479).
    pub(crate) fn guard_stop_iteration(&mut self, body: impl FnOnce(&mut Self) -> Emit) -> Emit {
        let handler = self.block().label();
        self.block().push_handler(handler);
        body(self)?;
        self.block().pop_handler();
        self.nowhere();
        self.block().continue_dead_at(0);
        self.block().mark(handler);
        self.block().op(Opcode::CALL_INTRINSIC, bytecode::Intrinsic::StopIterationError as u32);
        self.block().op(Opcode::RERAISE, 1);
        Ok(())
    }

    /// Finishes the current unit and pushes the function made of it, in the enclosing unit.
    ///
    /// `attributes` says which attributes are on the stack already, in the order in which they are set.
    pub(crate) fn make_function(&mut self, attributes: u32) -> Emit {
        let inner = *self.unit().scopes.first().expect("a unit has a scope");
        let free = self.scopes.table[inner].free_names();
        let code = self.close_unit();
        let mut attributes = attributes;
        if !free.is_empty() {
            for name in &free {
                self.load_cell(name);
            }
            self.block().op(Opcode::BUILD_TUPLE, free.len() as u32);
            attributes |= 8;
        }
        // Of a static module most code is looked into by the compiler alone, when it is due. What is inside a function is packed with it.
        let is_packed = self.checked.is_some() && !self.is_inside_function();
        let code = if is_packed { NestedCode::pack(&code) } else { code.into() };
        self.load_const(Const::Code(Arc::new(code)));
        self.block().op0(Opcode::MAKE_FUNCTION);
        // The last pushed attribute is right below the function.
        for flag in [8, 16, 4, 2, 1] {
            if attributes & flag != 0 {
                self.block().op(Opcode::SET_FUNCTION_ATTRIBUTE, flag);
            }
        }
        Ok(())
    }

    /// Pushes the cell of a variable that an inner block takes.
    fn load_cell(&mut self, name: &str) {
        let mut scope = self.scope_id();
        if matches!(name, "__class__" | "__classdict__") {
            let unit = self.units.last().expect("emission is always inside a unit");
            scope = unit.scopes[0];
        }
        let owner = self.cell_owner(scope, name);
        let slot = self.slot(owner, name);
        self.block().op(Opcode::LOAD_CLOSURE, slot);
    }

    /// The scope of this frame whose slot holds the cell of `name`.
    fn cell_owner(&self, scope: typeck::scope::ScopeId, name: &str) -> typeck::scope::ScopeId {
        let here = &self.scopes.table[scope];
        if here.passed_on.contains(&name) {
            return scope;
        }
        let (owner, resolution) = self.scopes.lookup(scope, name);
        match resolution {
            Resolution::Cell | Resolution::Free => owner,
            _ => self.units.last().expect("emission is always inside a unit").scopes[0],
        }
    }
}
