//! Nested blocks: functions, lambdas and generator expressions, and the variables that they share with the blocks around. (decision 14)
//!
//! A nested function is declared and checked where its statement stands, a lambda or generator expression where it is written; each sees the
//! variables around as they are known there. That holds later, too, for a variable that is bound at one place only. Of others a nested block
//! knows what they are declared to be, and a variable that nested blocks rebind (`nonlocal`) is nowhere known better.
//!
//! Shared variables live in cells, whose contents are objects that anybody may replace: what is read from one is only expected to be of
//! its type, and primitives are boxed in them.
//!
//! Cost: one walk over a function that has cells, to count bindings.

use parser::ast::{
    Arguments, Expr, ExprContext, ExprKind, FunctionDef, Pattern, PatternKind, Stmt, StmtKind,
};
use parser::visit::{self, Visitor};
use rustc_hash::FxHashMap;

use super::{Checker, Env, Variable};
use crate::facts::FunctionPlan;
use crate::program::{Body, FunctionId};
use crate::scope::{Resolution, ScopeId};
use crate::ty::{Ty, Type, TypeId};

/// What a nested block knows of the variables around, by name.
pub(crate) type Captures<'a> = FxHashMap<&'a str, Ty>;

impl<'a> Checker<'_, 'a> {
    /// The variable of a block around that a nested block means, if it is known what it is there.
    pub(super) fn captured_variable(&mut self, inner: ScopeId, name: &'a str) -> Option<Variable> {
        let definer = self.definer(inner, name)?;
        let is_known = if self.scopes.contains(&definer) {
            !self.is_shared(definer, name) && self.is_bound_once(definer, name)
        } else {
            self.captures.contains_key(name)
        };
        let var = is_known.then(|| self.vars.intern(definer, name))?;
        self.note_primitive(inner, name, self.vars.declared(var));
        Some(var)
    }

    /// The declared type of a variable in a cell that is not followed further.
    pub(super) fn cell_type(&mut self, name: &'a str) -> Option<TypeId> {
        let scope = *self.scopes.last().expect("checking is always inside a scope");
        let (owner, resolution) = self.program.modules[self.module].scopes.lookup(scope, name);
        if !matches!(resolution, Resolution::Cell | Resolution::Free) {
            return None;
        }
        let definer = self.definer(owner, name)?;
        let ty = self.facts().cells.get(&(definer, name.to_owned())).copied();
        self.note_primitive(owner, name, ty);
        ty
    }

    /// Whether a name means a variable in a cell.
    pub(super) fn is_in_cell(&self, name: &str) -> bool {
        let scope = *self.scopes.last().expect("checking is always inside a scope");
        let (_, resolution) = self.program.modules[self.module].scopes.lookup(scope, name);
        matches!(resolution, Resolution::Cell | Resolution::Free)
    }

    /// Declares a variable that nested blocks use.
    pub(super) fn declare_cell(&mut self, name: &'a str, ty: TypeId) {
        let scope = *self.scopes.last().expect("checking is always inside a scope");
        let (owner, resolution) = self.program.modules[self.module].scopes.lookup(scope, name);
        if resolution == Resolution::Cell && ty != self.program.types.dynamic {
            self.facts().cells.insert((owner, name.to_owned()), ty);
            self.note_primitive(owner, name, Some(ty));
        }
    }

    /// A variable in a cell, read: nothing but its declaration is known, and of several types it may be narrowed to any.
    pub(super) fn cell(&mut self, name: &'a str) -> Ty {
        match self.cell_type(name) {
            Some(ty) if self.program.types.as_primitive(ty).is_some() => Ty::sure(ty),
            Some(ty) if !matches!(self.program.types.get(ty), Type::Union(_)) => Ty::expected(ty),
            _ => self.dynamic(),
        }
    }

    /// A variable in a cell, stored to.
    pub(super) fn store_cell(&mut self, target: &Expr<'a>, name: &'a str, ty: Ty) {
        match (self.cell_type(name), self.primitive_of(ty)) {
            (Some(declared), _) => {
                if !self.flow(target.id, ty, declared) {
                    self.unassignable(target, ty.id, declared);
                }
            }
            (None, Some(_)) => {
                let message =
                    format!("not supported yet: primitive value in '{name}', which nested blocks rebind");
                let diagnostic = base::Diagnostic::error("SP0147", target.span, message);
                self.report(diagnostic.with_help("declare it: `name: int64 = ...`"));
            }
            (None, None) => {}
        }
    }

    fn note_primitive(&mut self, scope: ScopeId, name: &str, ty: Option<TypeId>) {
        if let Some(primitive) = ty.and_then(|ty| self.program.types.as_primitive(ty)) {
            self.facts().primitive_locals.insert((scope, name.to_owned()), primitive);
        }
    }

    /// The scope that makes the cell of a name.
    fn definer(&self, from: ScopeId, name: &str) -> Option<ScopeId> {
        let table = &self.program.modules[self.module].scopes.table;
        let mut around = Some(from);
        while let Some(scope) = around {
            let symbol = table[scope].symbol(name);
            if symbol.is_some_and(|symbol| symbol.resolution == Resolution::Cell) {
                return Some(scope);
            }
            around = table[scope].parent;
        }
        None
    }

    /// Whether nested blocks rebind a variable.
    pub(super) fn is_shared(&mut self, definer: ScopeId, name: &'a str) -> bool {
        if let Some(&known) = self.shared.get(&(definer, name)) {
            return known;
        }
        let table = &self.program.modules[self.module].scopes.table;
        let mut open = table[definer].children.clone();
        let mut is_shared = false;
        while let Some(scope) = open.pop() {
            let usage = table[scope].symbol(name).map(|symbol| (symbol.usage, symbol.resolution));
            is_shared |= usage.is_some_and(|(usage, resolution)| {
                usage.is_nonlocal
                    || usage.is_named_target
                    || (usage.is_bound && resolution == Resolution::Free)
            });
            open.extend(&table[scope].children);
        }
        self.shared.insert((definer, name), is_shared);
        is_shared
    }

    /// Whether a variable of the block being checked is bound at one place.
    fn is_bound_once(&mut self, definer: ScopeId, name: &'a str) -> bool {
        if definer != self.scopes[0] {
            // Variables of comprehensions, and parameters of lambdas.
            return true;
        }
        let Some(function) = self.function else { return false };
        let entry = &self.program.functions[function];
        let bindings = self.bindings.get_or_insert_with(|| {
            let mut bindings = Bindings::default();
            entry.params.iter().for_each(|param| bindings.note(param.name));
            visit::walk_body(&mut bindings, entry.def.body);
            bindings
        });
        bindings.counts.get(name) == Some(&1)
    }

    // --- Functions ---

    /// A function that is defined inside the one being checked. Without decorators its name says what it is.
    pub(super) fn nested_function(
        &mut self,
        env: &mut Env<'a>,
        stmt: &'a Stmt<'a>,
        def: &'a FunctionDef<'a>,
    ) {
        let Some(outer) = self.function else { return };
        let function = self.inner_function(outer, stmt, def);
        if self.program.functions[function].body == Body::Untyped {
            return;
        }
        self.facts().functions.insert(stmt.id, FunctionPlan { function });
        let is_plain = def.decorator_list.is_empty();
        if let Some(var) = self.variable(def.name).filter(|_| is_plain) {
            let ty = self.program.types.intern(Type::Function(function));
            env.set(var, Ty::sure(ty));
        }
        if !self.is_silent {
            self.check_nested(env, stmt, function);
        }
    }

    /// The function of a `def`, declared at the first request.
    fn inner_function(
        &mut self,
        outer: FunctionId,
        stmt: &'a Stmt<'a>,
        def: &'a FunctionDef<'a>,
    ) -> FunctionId {
        if let Some(&known) = self.nested.get(&stmt.id) {
            return known;
        }
        let is_async = matches!(stmt.kind, StmtKind::AsyncFunctionDef(_));
        let function = self.program.declare_inner_function(outer, stmt.id, def, is_async);
        self.program.bind_function(function);
        self.nested.insert(stmt.id, function);
        function
    }

    /// What a variable that is bound once, further down, will be if a `def` without decorators binds it.
    fn later_function(&mut self, definer: ScopeId, name: &'a str) -> Option<Ty> {
        let bindings = self.bindings.as_ref().filter(|_| definer == self.scopes[0])?;
        let &stmt = bindings.functions.get(name)?;
        let (StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def)) = stmt.kind else { return None };
        let function = self.inner_function(self.function?, stmt, def);
        let is_known =
            def.decorator_list.is_empty() && self.program.functions[function].body != Body::Untyped;
        is_known.then(|| Ty::sure(self.program.types.intern(Type::Function(function))))
    }

    fn check_nested(&mut self, env: &Env<'a>, stmt: &Stmt<'a>, function: FunctionId) {
        let module = self.module;
        let scope = self.program.modules[module].scopes.body(stmt.id);
        let mut captures = Captures::default();
        for name in self.program.modules[module].scopes.table[scope].free_names() {
            let Some(definer) = self.definer(scope, name) else { continue };
            let known = if !self.scopes.contains(&definer) {
                self.captures.get(name).copied()
            } else if self.is_shared(definer, name) || !self.is_bound_once(definer, name) {
                None
            } else {
                let var = self.vars.intern(definer, name);
                env.get(var).or_else(|| self.later_function(definer, name))
            };
            captures.extend(known.map(|ty| (name, self.in_cell(ty))));
        }
        let mut checker = Checker::new(self.program, module, scope, Some(function));
        checker.captures = captures;
        checker.run_function();
    }

    /// What is known of a value that comes out of a cell.
    pub(super) fn in_cell(&self, ty: Ty) -> Ty {
        Ty { is_sure: self.primitive_of(ty).is_some(), ..ty }
    }

    /// Binds what the blocks around have told.
    pub(super) fn enter_captures(&mut self, env: &mut Env<'a>) {
        let scope = self.scopes[0];
        for name in self.program.modules[self.module].scopes.table[scope].free_names() {
            let Some((&ty, definer)) = self.captures.get(name).zip(self.definer(scope, name)) else {
                continue;
            };
            let var = self.vars.intern(definer, name);
            if self.primitive_of(ty).is_some() {
                self.vars.declare(var, ty.id);
            }
            env.set(var, ty);
        }
    }

    // --- Expressions with a frame of their own ---

    /// A lambda: its body is checked with what is known where it stands, and gives an object.
    pub(super) fn lambda(
        &mut self,
        env: &mut Env<'a>,
        expr: &'a Expr<'a>,
        args: &'a Arguments<'a>,
        body: &'a Expr<'a>,
    ) {
        args.defaults.iter().for_each(|default| self.element(env, default));
        args.kw_defaults.iter().flatten().for_each(|default| self.element(env, default));
        let scope = self.program.modules[self.module].scopes.body(expr.id);
        if self.program.modules[self.module].scopes.table[scope].has_yield {
            return;
        }
        self.scopes.push(scope);
        let mut inner = env.clone();
        inner.forget_fields();
        let params = args.posonlyargs.iter().chain(args.args).chain(args.kwonlyargs);
        for param in params.chain(args.vararg).chain(args.kwarg) {
            self.bind_dynamic(&mut inner, param.arg, param.span);
        }
        self.object(&mut inner, body);
        self.scopes.pop();
    }

    /// Whether the current node stands in a lambda or generator expression, whose frame is not the function's.
    pub(super) fn is_in_own_frame(&self) -> bool {
        let table = &self.program.modules[self.module].scopes.table;
        self.scopes[1..].iter().any(|&scope| !table[scope].is_inlined)
    }
}

/// The places that bind each name, nested blocks included: what they bind of their own makes a name seem bound more often, which is safe.
#[derive(Default)]
pub(super) struct Bindings<'a> {
    counts: FxHashMap<&'a str, u32>,
    /// The last `def` of each name.
    functions: FxHashMap<&'a str, &'a Stmt<'a>>,
}

impl<'a> Bindings<'a> {
    fn note(&mut self, name: &'a str) {
        *self.counts.entry(name).or_default() += 1;
    }
}

impl<'a> Visitor<'a> for Bindings<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt<'a>) {
        match stmt.kind {
            StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
                self.note(def.name);
                self.functions.insert(def.name, stmt);
            }
            StmtKind::ClassDef(def) => self.note(def.name),
            // A declaration without a value binds nothing.
            StmtKind::AnnAssign { value: None, .. } => return,
            StmtKind::Import { names } | StmtKind::ImportFrom { names, .. } => {
                for alias in names {
                    let first = alias.name.split('.').next().unwrap_or(alias.name);
                    self.note(alias.asname.unwrap_or(first));
                }
            }
            StmtKind::Try(parts) | StmtKind::TryStar(parts) => {
                parts.handlers.iter().filter_map(|handler| handler.name).for_each(|name| self.note(name));
            }
            _ => {}
        }
        visit::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr<'a>) {
        match expr.kind {
            ExprKind::Name { id, ctx } if ctx != ExprContext::Load => self.note(id),
            _ => {}
        }
        visit::walk_expr(self, expr);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern<'a>) {
        let name = match pattern.kind {
            PatternKind::MatchAs { name, .. } => name,
            PatternKind::MatchStar { name } => name,
            PatternKind::MatchMapping { rest, .. } => rest,
            _ => None,
        };
        name.into_iter().for_each(|name| self.note(name));
        visit::walk_pattern(self, pattern);
    }
}
