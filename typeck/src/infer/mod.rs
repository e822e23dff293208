//! Inference: types of expressions, flow-sensitive types of variables, and the plans for the emitter.
//!
//! A function is checked in two rounds. The first one, silent, runs loops to a fixed point and remembers the state at each
//! loop head; the second one visits every statement once with these states, records facts and reports errors. A loop
//! inside a loop starts from what is already remembered, so the cost is linear in the size of the function.

mod annotation_name;
mod argument;
mod assign;
mod attribute;
mod builtin_method;
mod call;
mod constant;
mod coroutine;
mod display;
mod env;
mod expr;
mod generator;
mod generic;
mod import;
mod library;
mod method;
mod mismatch;
mod narrow;
mod nested;
mod operator;
mod overload;
mod pattern;
mod presence;
mod record;
mod stmt;
mod suggest;
mod vector;

use base::{Diagnostic, Span};
use parser::ast::{Expr, ExprKind, NodeId, Stmt, StmtKind};
use rustc_hash::FxHashMap;

use crate::annotation::Place;
use crate::facts::{Coercion, FunctionPlan};
use crate::program::{Body, ClassKind, ClassMember, FunctionId, ModuleId, ModuleKind, Program};
use crate::scope::ScopeId;
use crate::ty::{Assignable, Primitive, Ty, Type, TypeId};

pub(crate) use env::{Env, FieldPath, Variable, Variables};

/// State of checking one block of code: a function body or the top level of a module.
pub(crate) struct Checker<'p, 'a> {
    pub(crate) program: &'p mut Program<'a>,
    pub(crate) module: ModuleId,
    /// The scope of the block, then of the comprehensions around the current node.
    pub(crate) scopes: Vec<ScopeId>,
    pub(crate) function: Option<FunctionId>,
    /// What `return` must give; `None` where it is not checked.
    pub(crate) ret: Option<TypeId>,
    /// What a generator gives and is sent, if it says so.
    yields: Option<generator::Yields>,
    pub(crate) vars: Variables<'a>,
    /// States at loop heads, by the loop's statement.
    heads: FxHashMap<NodeId, Env<'a>>,
    /// States at `break` and `continue` of the loops around.
    loops: Vec<LoopExits<'a>>,
    /// Kinds of the module variables that have no annotation, by their first assignments.
    kinds: FxHashMap<&'a str, TypeId>,
    /// Statements around the current one, inside the block.
    depth: u32,
    /// What the blocks around have told a nested function.
    captures: nested::Captures<'a>,
    /// Functions that are defined inside, by their statements.
    nested: FxHashMap<NodeId, FunctionId>,
    /// Whether nested blocks rebind variables, as far as that has been asked.
    shared: FxHashMap<(ScopeId, &'a str), bool>,
    /// At how many places each name is bound, and by which `def`, once that has been asked.
    bindings: Option<nested::Bindings<'a>>,
    /// Where locals are declared.
    declarations: FxHashMap<Variable, (Option<NodeId>, Span)>,
    /// In the first round nothing is reported.
    is_silent: bool,
}

/// States that leave the body of a loop sideways.
#[derive(Default)]
pub(crate) struct LoopExits<'a> {
    pub(crate) breaks: Option<Env<'a>>,
    pub(crate) continues: Option<Env<'a>>,
}

impl<'a> Program<'a> {
    /// Checks the bodies of a static module and records what the emitter needs.
    pub fn check_module(&mut self, module: ModuleId) {
        if self.modules[module].kind != ModuleKind::Static {
            return;
        }
        let body = self.modules[module].ast.body;
        let scope = self.modules[module].scopes.module();
        Checker::new(self, module, scope, None).run_module(body);
        Checker::new(self, module, scope, None).check_annotation_names();
        self.check_definitions(module, body);
    }

    fn check_definitions(&mut self, module: ModuleId, body: &'a [Stmt<'a>]) {
        body.iter().for_each(|stmt| self.check_definition(module, stmt));
    }

    fn check_definition(&mut self, module: ModuleId, stmt: &'a Stmt<'a>) {
        match stmt.kind {
            StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
                if let Some(function) = self.defined_function(module, def.name, stmt.id) {
                    self.check_function(module, function, stmt.id);
                }
            }
            StmtKind::If { test, body, orelse } => match self.known_test(module, test) {
                Some(true) => self.check_definitions(module, body),
                Some(false) => self.check_definitions(module, orelse),
                None => [body, orelse].into_iter().for_each(|body| self.check_definitions(module, body)),
            },
            StmtKind::For { body, orelse, .. } | StmtKind::While { body, orelse, .. } => {
                [body, orelse].into_iter().for_each(|body| self.check_definitions(module, body));
            }
            StmtKind::With { body, .. } => self.check_definitions(module, body),
            StmtKind::Try(parts) | StmtKind::TryStar(parts) => {
                self.check_definitions(module, parts.body);
                parts.handlers.iter().for_each(|handler| self.check_definitions(module, handler.body));
                self.check_definitions(module, parts.orelse);
                self.check_definitions(module, parts.finalbody);
            }
            StmtKind::ClassDef(def) => {
                let member = self.modules[module].members.get(def.name).cloned();
                let Some(crate::program::Member::Class(class)) = member else { return };
                if self.classes[class].node != stmt.id {
                    return;
                }
                if self.classes[class].is_static {
                    self.modules[module].facts.classes.insert(stmt.id, class);
                }
                let methods = self.classes[class].members.iter().filter_map(|(_, member)| match member {
                    ClassMember::Method(function) => Some(*function),
                    _ => None,
                });
                let mut methods = methods.collect::<Vec<_>>();
                methods.extend(self.classes[class].accessors.iter().map(|accessor| accessor.function));
                for function in methods {
                    let node = self.functions[function].node;
                    self.check_function(module, function, node);
                }
            }
            _ => {}
        }
    }

    fn check_function(&mut self, module: ModuleId, function: FunctionId, node: NodeId) {
        let entry = &self.functions[function];
        if entry.node != node || entry.is_generated || matches!(entry.body, Body::Untyped | Body::Native) {
            return;
        }
        self.open_receiver(function);
        let scope = self.modules[module].scopes.body(node);
        self.modules[module].facts.functions.insert(node, FunctionPlan { function });
        Checker::new(self, module, scope, Some(function)).run_function();
    }
}

impl<'a> Program<'a> {
    /// What a decorator or a class that is not laid out here may pass for the receiver is not known.
    fn open_receiver(&mut self, function: FunctionId) {
        let entry = &self.functions[function];
        let is_open = entry.is_dynamic || entry.class.is_some_and(|class| !self.classes[class].is_static);
        let args = entry.def.args;
        let first = args.posonlyargs.iter().chain(args.args).next();
        if entry.class.is_some() && is_open && first.is_some_and(|first| first.annotation.is_none()) {
            self.functions[function].params[0].ty = self.types.dynamic;
        }
    }
}

impl<'p, 'a> Checker<'p, 'a> {
    fn new(
        program: &'p mut Program<'a>,
        module: ModuleId,
        scope: ScopeId,
        function: Option<FunctionId>,
    ) -> Self {
        Self {
            program,
            module,
            scopes: vec![scope],
            function,
            ret: None,
            yields: None,
            vars: Variables::default(),
            heads: FxHashMap::default(),
            loops: Vec::new(),
            kinds: FxHashMap::default(),
            depth: 0,
            captures: nested::Captures::default(),
            nested: FxHashMap::default(),
            shared: FxHashMap::default(),
            bindings: None,
            declarations: FxHashMap::default(),
            is_silent: true,
        }
    }

    fn run_module(mut self, body: &'a [Stmt<'a>]) {
        for is_silent in [true, false] {
            self.is_silent = is_silent;
            let mut env = Env::new();
            self.kinds.clear();
            self.stmts(&mut env, body);
        }
        self.record_primitive_locals();
    }

    fn run_function(mut self) {
        let function = self.function.expect("a function is being checked");
        let entry = &self.program.functions[function];
        // What an asynchronous function returns is checked where it returns it; its callers see a coroutine.
        let (def, ret, is_plain) = (entry.def, entry.ret, !entry.is_generator);
        self.ret = is_plain.then_some(ret);
        self.enter_generator(function);
        for is_silent in [true, false] {
            self.is_silent = is_silent;
            let mut env = self.enter_function();
            self.stmts(&mut env, def.body);
            if env.is_reachable {
                self.facts().endless.remove(&function);
                self.check_implicit_return(def.name_span);
            } else {
                self.facts().endless.insert(function);
            }
        }
        self.record_primitive_locals();
    }

    /// Where annotations of the block stand.
    pub(crate) fn place(&self) -> Place<'a, 'a> {
        let Some(function) = self.function else { return Place::plain(self.module) };
        let entry = &self.program.functions[function];
        let params = entry.class.map_or(&[][..], |class| self.program.classes[class].type_params);
        Place { class: entry.class, params, vars: entry.type_vars, ..Place::plain(self.module) }
    }

    /// Parameters are bound and, being checked at the boundary, of their declared types for sure.
    fn enter_function(&mut self) -> Env<'a> {
        let function = self.function.expect("a function is being checked");
        let mut env = Env::new();
        self.enter_captures(&mut env);
        let scope = self.scopes[0];
        for param in self.program.functions[function].params.clone() {
            let var = self.vars.intern(scope, param.name);
            self.vars.declare(var, param.ty);
            self.declarations.insert(var, (None, param.span));
            self.declare_cell(param.name, param.ty);
            env.set(var, Ty { id: param.ty, is_sure: !param.is_erased });
        }
        env
    }

    /// Whether a function need not have a body: what it gives is not what its callers rely on.
    fn is_declaration(&self, function: FunctionId) -> bool {
        let entry = &self.program.functions[function];
        let kind = entry.class.map(|class| self.program.classes[class].kind);
        entry.is_dynamic || kind == Some(ClassKind::Protocol)
    }

    /// Whether a method is abstract and only there to be overridden.
    fn is_unwritten(&self, function: FunctionId) -> bool {
        let entry = &self.program.functions[function];
        let says_nothing = |stmt: &Stmt<'_>| match stmt.kind {
            StmtKind::Pass => true,
            StmtKind::Expr { value } => matches!(value.kind, ExprKind::Constant { .. }),
            _ => false,
        };
        entry.is_abstract && entry.def.body.iter().all(says_nothing)
    }

    fn check_implicit_return(&mut self, span: Span) {
        let function = self.function.expect("only functions have a return type");
        let Some(ret) = self.ret.filter(|_| !self.is_declaration(function)) else { return };
        let none = Ty::sure(self.program.types.none);
        if self.program.assignable(none, ret) == Assignable::No {
            if self.is_unwritten(function) {
                self.facts().unwritten.insert(function, ret);
                return;
            }
            let (name, shown) = (self.program.functions[function].name, self.program.show(ret));
            let message =
                format!("Function has declared return type '{shown}' but can implicitly return None.");
            let returns = self.program.functions[function].def.returns;
            let mut diagnostic =
                Diagnostic::error("SP0120", span, message).with_note(format!("in function '{name}'"));
            if let Some(returns) = returns {
                diagnostic = diagnostic.with_label(returns.span, "what it is declared to return");
            }
            let last = self.program.functions[function].def.body.last();
            let is_with =
                |stmt: &Stmt<'_>| matches!(stmt.kind, StmtKind::With { .. } | StmtKind::AsyncWith { .. });
            let help = match last.is_some_and(is_with) {
                true => {
                    "`with` may swallow an exception, unless `__exit__` returns `Literal[False]`: return behind it"
                }
                false => "end every path with `return` or `raise`",
            };
            self.report(diagnostic.with_help(help));
        }
    }

    fn record_primitive_locals(&mut self) {
        let found: Vec<_> = self
            .vars
            .iter()
            .filter_map(|(scope, name, declared)| {
                Some(((scope, name.to_owned()), self.program.types.as_primitive(declared?)?))
            })
            .collect();
        self.program.modules[self.module].facts.primitive_locals.extend(found);
    }

    // --- Recording and reporting ---

    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        if !self.is_silent {
            self.program.report(self.module, diagnostic);
        }
    }

    pub(crate) fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::error(code, span, message));
    }

    pub(crate) fn record(&mut self, expr: &Expr<'a>, ty: Ty) -> Ty {
        self.program.modules[self.module].facts.types[expr.id] = Some(ty);
        ty
    }

    pub(crate) fn facts(&mut self) -> &mut crate::facts::Facts {
        &mut self.program.modules[self.module].facts
    }

    /// Forgets or records what happens to a value.
    pub(crate) fn set_coercion(&mut self, node: NodeId, coercion: Option<Coercion>) {
        let coercions = &mut self.facts().coercions;
        match coercion {
            Some(coercion) => coercions.insert(node, coercion),
            None => coercions.remove(&node),
        };
    }

    pub(crate) fn dynamic(&self) -> Ty {
        Ty::sure(self.program.types.dynamic)
    }

    /// An instance of a class, inexact.
    pub(crate) fn instance(&mut self, class: crate::program::ClassId) -> TypeId {
        self.program.types.instance(class)
    }

    /// An instance of exactly a class.
    pub(crate) fn exact(&mut self, class: crate::program::ClassId) -> TypeId {
        self.program.types.exact_instance(class)
    }

    pub(crate) fn primitive_of(&self, ty: Ty) -> Option<Primitive> {
        self.program.types.as_primitive(ty.id)
    }

    /// Lets the value of `node` flow into `target`; records the price. False if it may not.
    pub(crate) fn flow(&mut self, node: NodeId, ty: Ty, target: TypeId) -> bool {
        let coercion = match self.program.assignable(ty, target) {
            Assignable::Yes => None,
            Assignable::Checked => Some(Coercion::Cast(target)),
            Assignable::Widened => {
                let from = self.primitive_of(ty).expect("only primitives are widened");
                let to = self.program.types.as_primitive(target).expect("only to primitives");
                (from != to).then_some(Coercion::Convert(from, to))
            }
            Assignable::No => return false,
        };
        self.set_coercion(node, coercion);
        true
    }

    /// Makes sure that an object of a type that is only expected is of it.
    pub(crate) fn make_sure(&mut self, expr: &Expr<'a>, ty: Ty) -> Ty {
        if !ty.is_sure && !matches!(self.program.types.get(ty.id), Type::Dynamic | Type::Primitive(_)) {
            self.set_coercion(expr.id, Some(Coercion::Cast(ty.id)));
        }
        Ty::sure(ty.id)
    }
}
