//! Strict modules: their objects are sealed, and the classes that they define are frozen.
//!
//! The first thing that the code of a strict module does is to refuse further attributes from outside. Classes go, as they are made, to
//! a list in a hidden slot of the code around them; a module freezes its list behind its last statement, a function on every way out.
//! A class in a class body is frozen with that class. Functions without class statements pay nothing.

use bytecode::{Const, Intrinsic, Opcode, TypeCode};
use parser::ast::{ClassDef, Expr, Stmt, StmtKind};
use parser::visit::{Visitor, walk_stmt};
use typeck::program::Member;
use typeck::slots::{self, Slots};

use crate::error::Emit;
use crate::module::{Emitter, FrameBlock};

impl<'a> Emitter<'a, '_> {
    /// Opens the code of a strict module.
    pub(crate) fn seal_module(&mut self, body: &'a [Stmt<'a>]) {
        if !self.options.is_strict {
            return;
        }
        self.nowhere();
        self.load_const(Const::None);
        self.block().op(Opcode::CALL_INTRINSIC, Intrinsic::SealModule as u32);
        self.block().op0(Opcode::POP_TOP);
        self.extra_slots = slots::extra(body);
        let constants = self.final_constants();
        if !constants.is_empty() {
            self.load_const(Const::Tuple(constants));
            self.store_name("__final_constants__");
        }
        if defines_classes(body) {
            self.open_class_list();
        }
    }

    /// Names whose uses have been replaced by their values, so that nobody would see a patch.
    fn final_constants(&self) -> Vec<Const> {
        let Some(checked) = self.checked else { return Vec::new() };
        let module = &checked.program.modules[checked.module];
        let globals = self.scopes.table[self.scopes.module()].symbols.iter();
        let is_constant = |name: &&str| {
            matches!(
                module.members.get(name),
                Some(Member::Variable { is_final: true, constant: Some(_), .. })
            )
        };
        globals.map(|symbol| symbol.name).filter(is_constant).map(Const::str).collect()
    }

    /// A function's body; the classes that it defines are frozen when it is left.
    pub(crate) fn body_with_classes(&mut self, body: &'a [Stmt<'a>]) -> Emit {
        if !self.options.is_strict || !defines_classes(body) {
            return self.stmts(body);
        }
        self.nowhere();
        let classes = self.open_class_list();
        let (handler, cleanup, end) = (self.block().label(), self.block().label(), self.block().label());
        self.push_frame_block(FrameBlock::Freeze { classes });
        self.block().push_handler(handler);
        self.stmts(body)?;
        self.block().pop_handler();
        self.pop_frame_block();
        let depth = self.block().depth();
        self.nowhere();
        self.freeze_listed(classes);
        self.block().jump(Opcode::JUMP, end);
        self.block().continue_dead_at(depth);
        self.block().mark(handler);
        self.open_handler(cleanup);
        self.freeze_listed(classes);
        self.raise_on(cleanup, depth, end);
        Ok(())
    }

    fn open_class_list(&mut self) -> u32 {
        let classes = self.hidden_slot(TypeCode::Object);
        self.unit().classes = Some(classes);
        self.block().op(Opcode::BUILD_LIST, 0);
        self.block().op(Opcode::STORE_FAST, classes);
        classes
    }

    /// Remembers the class on top.
    pub(crate) fn note_class(&mut self) {
        let Some(classes) = self.unit().classes else { return };
        self.block().op(Opcode::COPY, 1);
        self.block().op(Opcode::LOAD_FAST_CHECK, classes);
        self.block().op(Opcode::SWAP, 2);
        self.block().op(Opcode::LIST_APPEND, 1);
        self.block().op0(Opcode::POP_TOP);
    }

    /// `__slots__` of a class that asks for slots, unless its fields have places anyway. A loose one brings the dictionary if it is not
    /// for its bases to do so.
    pub(crate) fn slots(&mut self, stmt: &'a Stmt<'a>, def: &'a ClassDef<'a>) {
        let is_static = self.facts().is_some_and(|facts| facts.classes.contains_key(&stmt.id));
        let Some(kind) = slots::of_class(def).filter(|_| self.options.is_strict && !is_static) else {
            return;
        };
        let fields = slots::fields(def).into_iter().map(|(name, _)| self.mangled(name));
        let mut names: Vec<Const> = fields.map(|name| Const::str(&name)).collect();
        let extra = self.extra_slots.iter().filter(|(class, _)| *class == stmt.id);
        names.extend(extra.map(|(_, name)| Const::str(name)));
        if kind == Slots::Loose && def.bases.is_empty() {
            names.push(Const::str("__dict__"));
        }
        self.nowhere();
        self.load_const(Const::Tuple(names));
        self.store_namespace("__slots__");
    }

    /// Freezes the classes of a module.
    pub(crate) fn freeze_classes(&mut self) {
        if let Some(classes) = self.unit().classes
            && self.block().is_reachable()
        {
            self.freeze_listed(classes);
        }
    }

    /// Freezes the classes of a list; the stack stays as it is.
    pub(crate) fn freeze_listed(&mut self, classes: u32) {
        self.block().op(Opcode::LOAD_FAST_CHECK, classes);
        self.block().op(Opcode::CALL_INTRINSIC, Intrinsic::FreezeClasses as u32);
        self.block().op0(Opcode::POP_TOP);
    }
}

/// Whether a block has class statements of its own, those in class bodies aside.
fn defines_classes<'a>(body: &'a [Stmt<'a>]) -> bool {
    let mut search = ClassSearch { has_class: false };
    body.iter().for_each(|stmt| search.visit_stmt(stmt));
    search.has_class
}

struct ClassSearch {
    has_class: bool,
}

impl<'a> Visitor<'a> for ClassSearch {
    fn visit_stmt(&mut self, stmt: &'a Stmt<'a>) {
        match stmt.kind {
            StmtKind::ClassDef(_) => self.has_class = true,
            StmtKind::FunctionDef(_) | StmtKind::AsyncFunctionDef(_) => {}
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr<'a>) {}
}
