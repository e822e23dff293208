//! The first pass: which names each block binds, uses and declares. (CPython: `symtable_visit_*` in `symtable.c`.)

use base::Span;
use parser::ast::{
    Alias, Arguments, ClassDef, Comprehension, ExceptHandler, Expr, ExprContext, ExprKind, FunctionDef,
    MatchCase, NodeId, Pattern, PatternKind, Stmt, StmtKind, Try, TypeParam, TypeParamKind, WithItem,
};
use rustc_hash::FxHashMap;

use super::{FRAME_VARIABLES, REFERENCE_COUNTER, TRACING};
use super::{Scope, ScopeId, ScopeKind, ScopeRole, Scopes, Usage};

/// A violation of the rules of scopes, a `SyntaxError` for the user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScopeError {
    /// Where.
    pub span: Span,
    /// CPython's sentence.
    pub message: String,
}

impl ScopeError {
    /// An error at `span`.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }
}

/// Result of visiting a node.
type Visit = Result<(), ScopeError>;

/// The node that opens a scope, and where it stands.
type Place = (NodeId, Span);

/// Collects the scopes of a module.
pub(super) fn collect<'a>(body: &'a [Stmt<'a>], future_annotations: bool) -> Result<Scopes<'a>, ScopeError> {
    let mut collector = Collector::new(future_annotations);
    collector.open_root();
    collector.block(body)?;
    match collector.forbidden {
        Some(error) => Err(error),
        None => Ok(collector.scopes),
    }
}

/// Collects the scopes of one expression.
pub(super) fn collect_expression<'a>(expr: &'a Expr<'a>) -> Result<Scopes<'a>, ScopeError> {
    let mut collector = Collector::new(false);
    collector.open_root();
    collector.expr(expr)?;
    Ok(collector.scopes)
}

/// State of the walk.
struct Collector<'a> {
    scopes: Scopes<'a>,
    stack: Vec<ScopeId>,
    future_annotations: bool,
    /// Names that mangling made; they live as long as the tree because they are leaked once per distinct name.
    mangled: FxHashMap<(&'a str, &'a str), &'a str>,
    /// Depth of the comprehension iterables around: assignment expressions are not allowed there.
    in_iterable: u32,
    /// What the innermost deferred value is.
    value_place: &'static str,
    /// A definition of a name that must not be bound.
    forbidden: Option<ScopeError>,
}

impl<'a> Collector<'a> {
    fn new(future_annotations: bool) -> Self {
        Self {
            scopes: Scopes::default(),
            stack: Vec::new(),
            future_annotations,
            mangled: FxHashMap::default(),
            in_iterable: 0,
            value_place: "",
            forbidden: None,
        }
    }

    // --- Scopes ---

    fn open_root(&mut self) {
        let root =
            self.scopes.table.push(new_scope(ScopeKind::Module, "<module>", Span::default(), None, None));
        self.stack.push(root);
    }

    fn open(&mut self, kind: ScopeKind, name: &'a str, (node, span): Place, role: ScopeRole) -> ScopeId {
        let id = self.open_unkeyed(kind, name, span);
        self.scopes.by_node.insert((node, role), id);
        id
    }

    fn open_unkeyed(&mut self, kind: ScopeKind, name: &'a str, span: Span) -> ScopeId {
        let parent = self.current_id();
        let private = if kind == ScopeKind::Class { Some(name) } else { self.current().private };
        let mut scope = new_scope(kind, name, span, Some(parent), private);
        scope.mangled_names = self.current().mangled_names.clone().filter(|_| kind != ScopeKind::Class);
        scope.can_see_class = self.current().kind == ScopeKind::Class
            || (self.current().can_see_class && self.current().kind == ScopeKind::TypeParams);
        let id = self.scopes.table.push(scope);
        self.scopes.table[parent].children.push(id);
        self.stack.push(id);
        id
    }

    fn close(&mut self) {
        self.stack.pop();
    }

    /// An inlined comprehension's outer names are its parent's names.
    fn close_comprehension(&mut self) {
        let scope = self.current();
        let outer: Vec<_> = if scope.is_inlined {
            scope
                .symbols
                .iter()
                .filter(|symbol| !symbol.usage.is_bound)
                .map(|symbol| (symbol.name, symbol.span))
                .collect()
        } else {
            Vec::new()
        };
        self.close();
        for (name, span) in outer {
            self.current().intern(name, span);
        }
    }

    fn current_id(&self) -> ScopeId {
        *self.stack.last().expect("the walk is always inside a scope")
    }

    fn current(&mut self) -> &mut Scope<'a> {
        let id = self.current_id();
        &mut self.scopes.table[id]
    }

    fn mangled(&mut self, name: &'a str) -> &'a str {
        let Some(class) = self.current().private else { return name };
        match self.current().mangle(name) {
            std::borrow::Cow::Borrowed(same) => same,
            std::borrow::Cow::Owned(new) => {
                self.mangled.entry((class, name)).or_insert_with(|| Box::leak(new.into_boxed_str()))
            }
        }
    }

    // --- Names ---

    fn note(&mut self, name: &'a str, span: Span, change: impl FnOnce(&mut Usage)) {
        let name = self.mangled(name);
        change(&mut self.current().intern(name, span).usage);
    }

    fn bind(&mut self, name: &'a str, span: Span) {
        self.forbid_debug(name, span);
        self.assign(name, span);
    }

    fn forbid_debug(&mut self, name: &str, span: Span) {
        if name == "__debug__" {
            let error = || ScopeError::new(span, "cannot assign to __debug__");
            self.forbidden.get_or_insert_with(error);
        }
    }

    fn import(&mut self, name: &'a str, span: Span) {
        self.forbid_debug(name, span);
        self.note(name, span, |usage| {
            usage.is_bound = true;
            usage.is_imported = true;
        });
    }

    fn assign(&mut self, name: &'a str, span: Span) {
        self.note(name, span, |usage| {
            usage.is_bound = true;
            usage.is_assigned = true;
        });
    }

    fn load(&mut self, name: &'a str, span: Span) {
        self.note(name, span, |usage| usage.is_used = true);
        let is_function = self.current().kind.is_function_like();
        if name == "super" && is_function {
            self.note("__class__", span, |usage| usage.is_used = true);
        }
        if is_function && self.current().can_see_class && self.current().kind != ScopeKind::Function {
            self.use_class_dict(span);
        }
    }

    /// A deferred block directly in a class reads names through the class namespace.
    fn use_class_dict(&mut self, span: Span) {
        if matches!(
            self.current().kind,
            ScopeKind::Annotations | ScopeKind::TypeParams | ScopeKind::TypeValue
        ) {
            self.note("__classdict__", span, |usage| usage.is_used = true);
        }
    }

    fn param(&mut self, name: &'a str, span: Span) -> Visit {
        if name == "__debug__" {
            return Err(ScopeError::new(span, "cannot assign to __debug__"));
        }
        let mangled = self.mangled(name);
        if self.current().symbol(mangled).is_some_and(|symbol| symbol.usage.is_param) {
            return Err(ScopeError::new(span, format!("duplicate argument '{name}' in function definition")));
        }
        self.note(name, span, |usage| {
            usage.is_param = true;
            usage.is_bound = true;
        });
        Ok(())
    }

    /// `global names` and `nonlocal names`, with CPython's complaints about earlier uses.
    fn declare(&mut self, names: &'a [&'a str], span: Span, is_global: bool) -> Visit {
        let what = if is_global { "global" } else { "nonlocal" };
        for &name in names {
            let mangled = self.mangled(name);
            let usage = self.current().symbol(mangled).map(|symbol| symbol.usage).unwrap_or_default();
            let complaint = if usage.is_param {
                format!("name '{name}' is parameter and {what}")
            } else if usage.is_global && !is_global || usage.is_nonlocal && is_global {
                let first = self.current().symbol(mangled).map_or(span, |symbol| symbol.span);
                return Err(ScopeError::new(first, format!("name '{name}' is nonlocal and global")));
            } else if usage.is_annotated {
                format!("annotated name '{name}' can't be {what}")
            } else if usage.is_bound {
                format!("name '{name}' is assigned to before {what} declaration")
            } else if usage.is_used {
                format!("name '{name}' is used prior to {what} declaration")
            } else {
                self.note(name, span, |usage| {
                    usage.is_global |= is_global;
                    usage.is_nonlocal |= !is_global;
                });
                continue;
            };
            return Err(ScopeError::new(span, complaint));
        }
        Ok(())
    }

    // --- Statements ---

    fn block(&mut self, body: &'a [Stmt<'a>]) -> Visit {
        body.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn stmt(&mut self, stmt: &'a Stmt<'a>) -> Visit {
        match stmt.kind {
            StmtKind::FunctionDef(def) => self.function((stmt.id, stmt.span), def, false),
            StmtKind::AsyncFunctionDef(def) => self.function((stmt.id, stmt.span), def, true),
            StmtKind::ClassDef(def) => self.class((stmt.id, stmt.span), def),
            StmtKind::Return { value } => {
                self.current().returns_value |= value.is_some();
                self.optional(value)
            }
            StmtKind::Delete { targets } => self.exprs(targets),
            StmtKind::Assign { targets, value } => {
                self.expr(value)?;
                self.exprs(targets)
            }
            StmtKind::TypeAlias { name, type_params, value } => {
                self.type_alias((stmt.id, stmt.span), name, type_params, value)
            }
            StmtKind::AugAssign { target, value, .. } => {
                self.expr(target)?;
                self.expr(value)
            }
            StmtKind::AnnAssign { target, annotation, value, simple } => {
                self.annotated_assignment(stmt.span, target, annotation, value, simple)
            }
            StmtKind::For { target, iter, body, orelse }
            | StmtKind::AsyncFor { target, iter, body, orelse } => {
                self.current().awaits |= matches!(stmt.kind, StmtKind::AsyncFor { .. });
                self.expr(iter)?;
                self.expr(target)?;
                self.block(body)?;
                self.block(orelse)
            }
            StmtKind::While { test, body, orelse } | StmtKind::If { test, body, orelse } => {
                self.expr(test)?;
                self.block(body)?;
                self.block(orelse)
            }
            StmtKind::With { items, body } | StmtKind::AsyncWith { items, body } => {
                self.current().awaits |= matches!(stmt.kind, StmtKind::AsyncWith { .. });
                self.with(items, body)
            }
            StmtKind::Match { subject, cases } => {
                self.expr(subject)?;
                cases.iter().try_for_each(|case| self.match_case(case))
            }
            StmtKind::Raise { exc, cause } => {
                self.optional(exc)?;
                self.optional(cause)
            }
            StmtKind::Try(parts) | StmtKind::TryStar(parts) => self.try_(parts),
            StmtKind::Assert { test, msg } => {
                self.expr(test)?;
                self.optional(msg)
            }
            StmtKind::Import { names } | StmtKind::ImportFrom { names, .. } => self.imports(names),
            StmtKind::Global { names } => self.declare(names, stmt.span, true),
            StmtKind::Nonlocal { names } => self.declare(names, stmt.span, false),
            StmtKind::Expr { value } => self.expr(value),
            StmtKind::Pass | StmtKind::Break | StmtKind::Continue => Ok(()),
        }
    }

    fn with(&mut self, items: &'a [WithItem<'a>], body: &'a [Stmt<'a>]) -> Visit {
        for item in items {
            self.expr(item.context_expr)?;
            self.optional(item.optional_vars)?;
        }
        self.block(body)
    }

    fn try_(&mut self, parts: &'a Try<'a>) -> Visit {
        self.block(parts.body)?;
        parts.handlers.iter().try_for_each(|handler| self.handler(handler))?;
        self.block(parts.orelse)?;
        self.block(parts.finalbody)
    }

    fn handler(&mut self, handler: &'a ExceptHandler<'a>) -> Visit {
        self.optional(handler.type_)?;
        if let Some(name) = handler.name {
            self.bind(name, handler.span);
        }
        self.block(handler.body)
    }

    fn imports(&mut self, names: &'a [Alias<'a>]) -> Visit {
        for alias in names {
            self.scopes.counts_references |= alias.name == REFERENCE_COUNTER;
            let bound = alias.asname.unwrap_or_else(|| alias.name.split('.').next().unwrap_or(alias.name));
            if bound == "*" {
                if self.current().kind != ScopeKind::Module {
                    return Err(ScopeError::new(alias.span, "import * only allowed at module level"));
                }
            } else {
                self.import(bound, alias.span);
            }
        }
        Ok(())
    }

    fn annotated_assignment(
        &mut self,
        span: Span,
        target: &'a Expr<'a>,
        annotation: &'a Expr<'a>,
        value: Option<&'a Expr<'a>>,
        simple: bool,
    ) -> Visit {
        if let ExprKind::Name { id, .. } = target.kind {
            let mangled = self.mangled(id);
            let kind = self.current().kind;
            let usage = self.current().symbol(mangled).map(|symbol| symbol.usage).unwrap_or_default();
            if (usage.is_global || usage.is_nonlocal) && simple && kind != ScopeKind::Module {
                let what = if usage.is_global { "global" } else { "nonlocal" };
                return Err(ScopeError::new(span, format!("annotated name '{id}' can't be {what}")));
            }
            self.note(id, target.span, |usage| {
                usage.is_annotated = simple;
                usage.is_bound |= simple || value.is_some();
                usage.is_assigned |= simple || value.is_some();
            });
        } else {
            self.expr(target)?;
        }
        if simple || !matches!(target.kind, ExprKind::Name { .. }) {
            self.variable_annotation(annotation)?;
        } else {
            self.unevaluated(annotation)?;
        }
        self.optional(value)
    }

    /// Annotations of variables are deferred in modules and classes, and not evaluated at all in functions.
    fn variable_annotation(&mut self, annotation: &'a Expr<'a>) -> Visit {
        let here = self.current_id();
        if !matches!(self.current().kind, ScopeKind::Module | ScopeKind::Class) || self.future_annotations {
            return self.unevaluated(annotation);
        }
        match self.scopes.annotations_of(here) {
            Some(existing) => self.stack.push(existing),
            None => {
                let id = self.open_unkeyed(ScopeKind::Annotations, "__annotate__", annotation.span);
                self.annotation_parameter();
                if here == self.scopes.module() {
                    self.scopes.module_annotations = Some(id);
                } else {
                    self.scopes.class_annotations.insert(here, id);
                }
            }
        }
        let result = self.expr(annotation);
        self.close();
        result
    }

    /// An annotation that is not evaluated uses no names, but what may not stand in one may not stand in it either.
    fn unevaluated(&self, annotation: &'a Expr<'a>) -> Visit {
        let mut apart = Collector::new(self.future_annotations);
        apart.open_root();
        apart.open_unkeyed(ScopeKind::Annotations, "__annotate__", annotation.span);
        apart.expr(annotation)
    }

    /// The hidden `format` parameter of `__annotate__` and of deferred type values.
    fn annotation_parameter(&mut self) {
        self.note(".format", Span::default(), |usage| {
            usage.is_param = true;
            usage.is_bound = true;
        });
    }

    // --- Definitions ---

    fn function(&mut self, place: Place, def: &'a FunctionDef<'a>, is_async: bool) -> Visit {
        self.exprs(def.decorator_list)?;
        self.defaults(def.args)?;
        self.bind(def.name, def.name_span);
        let is_generic = !def.type_params.is_empty();
        if is_generic {
            self.open(ScopeKind::TypeParams, def.name, place, ScopeRole::TypeParams);
            self.type_params(def.type_params)?;
        }
        self.signature_annotations(place, def)?;
        self.open(ScopeKind::Function, def.name, place, ScopeRole::Body);
        self.current().is_coroutine = is_async;
        self.params(def.args)?;
        self.block(def.body)?;
        self.close();
        if is_generic {
            self.close();
        }
        Ok(())
    }

    fn defaults(&mut self, args: &'a Arguments<'a>) -> Visit {
        self.exprs(args.defaults)?;
        args.kw_defaults.iter().try_for_each(|default| self.optional(*default))
    }

    fn params(&mut self, args: &'a Arguments<'a>) -> Visit {
        for arg in args.posonlyargs.iter().chain(args.args).chain(args.kwonlyargs) {
            self.param(arg.arg, arg.span)?;
        }
        for arg in args.vararg.iter().chain(&args.kwarg) {
            self.param(arg.arg, arg.span)?;
        }
        Ok(())
    }

    fn signature_annotations(&mut self, place: Place, def: &'a FunctionDef<'a>) -> Visit {
        let args = def.args;
        let all = args
            .posonlyargs
            .iter()
            .chain(args.args)
            .chain(args.vararg)
            .chain(args.kwonlyargs)
            .chain(args.kwarg);
        let annotations: Vec<_> = all.filter_map(|arg| arg.annotation).chain(def.returns).collect();
        if annotations.is_empty() {
            return Ok(());
        }
        self.open(ScopeKind::Annotations, "__annotate__", place, ScopeRole::Annotations);
        self.annotation_parameter();
        annotations.into_iter().try_for_each(|annotation| match self.future_annotations {
            true => self.unevaluated(annotation),
            false => self.expr(annotation),
        })?;
        self.close();
        Ok(())
    }

    fn class(&mut self, place: Place, def: &'a ClassDef<'a>) -> Visit {
        self.exprs(def.decorator_list)?;
        self.bind(def.name, def.name_span);
        let is_generic = !def.type_params.is_empty();
        if is_generic {
            self.open(ScopeKind::TypeParams, def.name, place, ScopeRole::TypeParams);
            self.current().private = Some(def.name);
            self.current().mangled_names = Some(def.type_params.iter().map(type_param_name).collect());
            self.bind(".type_params", def.name_span);
            self.bind(".generic_base", def.name_span);
            self.type_params(def.type_params)?;
        }
        self.exprs(def.bases)?;
        def.keywords.iter().try_for_each(|keyword| self.expr(keyword.value))?;
        self.open(ScopeKind::Class, def.name, place, ScopeRole::Body);
        if is_generic {
            self.note(".type_params", def.name_span, |usage| usage.is_used = true);
        }
        self.block(def.body)?;
        self.close();
        if is_generic {
            self.close();
        }
        Ok(())
    }

    fn type_alias(
        &mut self,
        place: Place,
        name: &'a Expr<'a>,
        type_params: &'a [TypeParam<'a>],
        value: &'a Expr<'a>,
    ) -> Visit {
        self.expr(name)?;
        let label = name.as_name().unwrap_or("");
        if !type_params.is_empty() {
            self.open(ScopeKind::TypeParams, label, place, ScopeRole::TypeParams);
            self.type_params(type_params)?;
        }
        self.type_value(label, place, ScopeRole::Value, value, "a type alias")?;
        if !type_params.is_empty() {
            self.close();
        }
        Ok(())
    }

    fn type_params(&mut self, params: &'a [TypeParam<'a>]) -> Visit {
        let mut has_defaults = false;
        for param in params {
            let name = type_param_name(param);
            let (kind, bound, default) = match param.kind {
                TypeParamKind::TypeVar { bound, default_value, .. } => ("TypeVar", bound, default_value),
                TypeParamKind::ParamSpec { default_value, .. } => ("ParamSpec", None, default_value),
                TypeParamKind::TypeVarTuple { default_value, .. } => ("TypeVarTuple", None, default_value),
            };
            if has_defaults && default.is_none() {
                let message = format!("non-default type parameter '{name}' follows default type parameter");
                return Err(ScopeError::new(param.span, message));
            }
            has_defaults |= default.is_some();
            let mangled = self.mangled(name);
            if self.current().symbol(mangled).is_some_and(|symbol| symbol.usage.is_bound) {
                return Err(ScopeError::new(param.span, format!("duplicate type parameter '{name}'")));
            }
            self.bind(name, param.span);
            self.note(name, param.span, |usage| usage.is_type_param = true);
            if let Some(bound) = bound {
                let is_tuple = matches!(bound.kind, ExprKind::Tuple { .. });
                let what = if is_tuple { "a TypeVar constraint" } else { "a TypeVar bound" };
                self.type_value(name, (param.id, bound.span), ScopeRole::Value, bound, what)?;
            }
            if let Some(default) = default {
                let what = match kind {
                    "TypeVar" => "a TypeVar default",
                    "ParamSpec" => "a ParamSpec default",
                    _ => "a TypeVarTuple default",
                };
                self.type_value(name, (param.id, default.span), ScopeRole::Default, default, what)?;
            }
        }
        Ok(())
    }

    /// A deferred value; `what` is what complaints call it.
    fn type_value(
        &mut self,
        name: &'a str,
        place: Place,
        role: ScopeRole,
        value: &'a Expr<'a>,
        what: &'static str,
    ) -> Visit {
        self.open(ScopeKind::TypeValue, name, place, role);
        self.annotation_parameter();
        let around = std::mem::replace(&mut self.value_place, what);
        self.expr(value)?;
        self.value_place = around;
        self.close();
        Ok(())
    }

    // --- Expressions ---

    fn exprs(&mut self, exprs: &'a [Expr<'a>]) -> Visit {
        exprs.iter().try_for_each(|expr| self.expr(expr))
    }

    fn optional(&mut self, expr: Option<&'a Expr<'a>>) -> Visit {
        expr.map_or(Ok(()), |expr| self.expr(expr))
    }

    fn expr(&mut self, expr: &'a Expr<'a>) -> Visit {
        match expr.kind {
            ExprKind::Name { id, ctx } => {
                match ctx {
                    ExprContext::Load => self.load(id, expr.span),
                    // The emitter says what is wrong with a target.
                    ExprContext::Store | ExprContext::Del => self.assign(id, expr.span),
                }
                Ok(())
            }
            ExprKind::NamedExpr { target, value } => self.named_expr(expr, target, value),
            ExprKind::Lambda { args, body } => {
                self.defaults(args)?;
                self.open(ScopeKind::Lambda, "<lambda>", (expr.id, expr.span), ScopeRole::Body);
                self.params(args)?;
                self.expr(body)?;
                self.close();
                Ok(())
            }
            ExprKind::ListComp { elt, generators } => {
                self.comprehension(expr, "<listcomp>", generators, &[elt])
            }
            ExprKind::SetComp { elt, generators } => {
                self.comprehension(expr, "<setcomp>", generators, &[elt])
            }
            ExprKind::GeneratorExp { elt, generators } => {
                self.comprehension(expr, "<genexpr>", generators, &[elt])
            }
            ExprKind::DictComp { key, value, generators } => {
                self.comprehension(expr, "<dictcomp>", generators, &[key, value])
            }
            ExprKind::Yield { .. } | ExprKind::YieldFrom { .. } => self.yield_(expr),
            ExprKind::Await { value } => {
                self.forbid_in_annotation(expr, "await expression")?;
                self.suspends();
                self.expr(value)
            }
            _ => self.children(expr),
        }
    }

    /// Expressions that neither bind nor open a scope.
    fn children(&mut self, expr: &'a Expr<'a>) -> Visit {
        match expr.kind {
            ExprKind::BoolOp { values, .. }
            | ExprKind::Set { elts: values }
            | ExprKind::JoinedStr { values }
            | ExprKind::TemplateStr { values }
            | ExprKind::List { elts: values, .. }
            | ExprKind::Tuple { elts: values, .. } => self.exprs(values),
            ExprKind::BinOp { left, right, .. } => {
                self.expr(left)?;
                self.expr(right)
            }
            ExprKind::UnaryOp { operand: value, .. } | ExprKind::Starred { value, .. } => self.expr(value),
            ExprKind::Attribute { value, attr, .. } => {
                self.scopes.counts_references |= attr == REFERENCE_COUNTER;
                self.scopes.names_variables_of_frames |= attr == FRAME_VARIABLES;
                self.scopes.names_tracing |= attr == TRACING;
                self.expr(value)
            }
            ExprKind::IfExp { test, body, orelse } => {
                self.expr(test)?;
                self.expr(body)?;
                self.expr(orelse)
            }
            ExprKind::Dict { keys, values } => {
                for (key, value) in keys.iter().zip(values) {
                    self.optional(*key)?;
                    self.expr(value)?;
                }
                Ok(())
            }
            ExprKind::Compare { left, comparators, .. } => {
                self.expr(left)?;
                self.exprs(comparators)
            }
            ExprKind::Call { func, args, keywords } => {
                self.expr(func)?;
                self.exprs(args)?;
                keywords.iter().try_for_each(|keyword| self.expr(keyword.value))
            }
            ExprKind::FormattedValue { value, format_spec, .. }
            | ExprKind::Interpolation { value, format_spec, .. } => {
                self.expr(value)?;
                self.optional(format_spec)
            }
            ExprKind::Subscript { value, slice, .. } => {
                self.expr(value)?;
                self.expr(slice)
            }
            ExprKind::Slice { lower, upper, step } => {
                self.optional(lower)?;
                self.optional(upper)?;
                self.optional(step)
            }
            _ => Ok(()),
        }
    }

    /// A comprehension that awaits is asynchronous; functions have to say so themselves.
    fn suspends(&mut self) {
        let scope = self.current();
        scope.awaits = true;
        scope.is_coroutine |= matches!(scope.kind, ScopeKind::Comprehension | ScopeKind::Generator);
    }

    fn yield_(&mut self, expr: &'a Expr<'a>) -> Visit {
        self.forbid_in_annotation(expr, "yield expression")?;
        let scope = self.current();
        let inside = match scope.kind {
            ScopeKind::Generator => Some("generator expression"),
            ScopeKind::Comprehension => Some(match scope.name {
                "<listcomp>" => "list comprehension",
                "<setcomp>" => "set comprehension",
                _ => "dict comprehension",
            }),
            _ => None,
        };
        if let Some(inside) = inside {
            return Err(ScopeError::new(expr.span, format!("'yield' inside {inside}")));
        }
        scope.has_yield = true;
        match expr.kind {
            ExprKind::Yield { value } => self.optional(value),
            ExprKind::YieldFrom { value } => self.expr(value),
            _ => Ok(()),
        }
    }

    fn forbid_in_annotation(&mut self, expr: &Expr<'a>, what: &str) -> Visit {
        let place = match self.current().kind {
            ScopeKind::Annotations => "an annotation",
            ScopeKind::TypeParams => "the definition of a generic",
            ScopeKind::TypeValue => self.value_place,
            _ => return Ok(()),
        };
        Err(ScopeError::new(expr.span, format!("{what} cannot be used within {place}")))
    }

    /// `target := value` binds in the nearest block that is no comprehension.
    fn named_expr(&mut self, expr: &'a Expr<'a>, target: &'a Expr<'a>, value: &'a Expr<'a>) -> Visit {
        self.forbid_in_annotation(expr, "named expression")?;
        let Some(name) = target.as_name() else { return self.expr(value) };
        if self.in_iterable > 0 {
            let message = "assignment expression cannot be used in a comprehension iterable expression";
            return Err(ScopeError::new(expr.span, message));
        }
        let is_comprehension = |kind| matches!(kind, ScopeKind::Comprehension | ScopeKind::Generator);
        let mut depth = self.stack.len() - 1;
        while is_comprehension(self.scopes.table[self.stack[depth]].kind) {
            let mangled = self.mangled(name);
            let scope = &self.scopes.table[self.stack[depth]];
            if scope.symbol(mangled).is_some_and(|symbol| symbol.usage.is_iteration_variable) {
                let message =
                    format!("assignment expression cannot rebind comprehension iteration variable '{name}'");
                return Err(ScopeError::new(target.span, message));
            }
            depth -= 1;
        }
        self.bind_walrus(name, target.span, depth)?;
        self.expr(value)
    }

    fn bind_walrus(&mut self, name: &'a str, span: Span, depth: usize) -> Visit {
        let owner = self.stack[depth];
        let inside = depth + 1 < self.stack.len();
        let place = match self.scopes.table[owner].kind {
            ScopeKind::Class => Some("in a class body"),
            ScopeKind::TypeParams => Some("within the definition of a generic"),
            ScopeKind::TypeValue if self.value_place == "a type alias" => Some("in a type alias"),
            ScopeKind::TypeValue => Some("in a TypeVar bound"),
            _ => None,
        };
        if let Some(place) = place.filter(|_| inside) {
            let message = format!("assignment expression within a comprehension cannot be used {place}");
            return Err(ScopeError::new(span, message));
        }
        let mangled = self.mangled(name);
        let is_module = self.scopes.table[owner].kind == ScopeKind::Module;
        let owner_usage = &mut self.scopes.table[owner].intern(mangled, span).usage;
        owner_usage.is_bound = true;
        owner_usage.is_assigned = true;
        let is_global = is_module || owner_usage.is_global;
        for &id in &self.stack[depth + 1..] {
            let scope = &mut self.scopes.table[id];
            let inlined = scope.is_inlined;
            let usage = &mut scope.intern(mangled, span).usage;
            usage.is_assigned = true;
            usage.is_named_target = true;
            // A block of its own reaches the variable through a cell or as a global; an inlined one shares the frame.
            usage.is_global |= is_global && !inlined;
            usage.is_nonlocal |= !is_global && !inlined;
        }
        Ok(())
    }

    fn comprehension(
        &mut self,
        expr: &'a Expr<'a>,
        name: &'a str,
        generators: &'a [Comprehension<'a>],
        elements: &[&'a Expr<'a>],
    ) -> Visit {
        let Some((first, rest)) = generators.split_first() else { return Ok(()) };
        self.in_iterable += 1;
        self.expr(first.iter)?;
        self.in_iterable -= 1;
        let is_generator = matches!(expr.kind, ExprKind::GeneratorExp { .. });
        let parent_kind = self.current().kind;
        let kind = if is_generator { ScopeKind::Generator } else { ScopeKind::Comprehension };
        self.open(kind, name, (expr.id, expr.span), ScopeRole::Body);
        self.current().is_inlined = !is_generator
            && matches!(
                parent_kind,
                ScopeKind::Function
                    | ScopeKind::Lambda
                    | ScopeKind::Module
                    | ScopeKind::Comprehension
                    | ScopeKind::Generator
            );
        if !self.current().is_inlined {
            self.note(".0", expr.span, |usage| {
                usage.is_param = true;
                usage.is_bound = true;
            });
        }
        self.iteration_target(first.target)?;
        self.exprs(first.ifs)?;
        for clause in rest {
            self.in_iterable += 1;
            self.expr(clause.iter)?;
            self.in_iterable -= 1;
            self.iteration_target(clause.target)?;
            self.exprs(clause.ifs)?;
        }
        elements.iter().try_for_each(|element| self.expr(element))?;
        let is_async = generators.iter().any(|clause| clause.is_async) || self.current().is_coroutine;
        self.current().is_coroutine = is_async;
        self.close_comprehension();
        self.current().awaits |= is_async;
        if is_async && !is_generator {
            self.suspends();
        }
        Ok(())
    }

    fn iteration_target(&mut self, target: &'a Expr<'a>) -> Visit {
        self.expr(target)?;
        let mut pending = vec![target];
        while let Some(expr) = pending.pop() {
            match expr.kind {
                ExprKind::Name { id, .. } => {
                    let mangled = self.mangled(id);
                    if self.current().symbol(mangled).is_some_and(|symbol| symbol.usage.is_named_target) {
                        let message = format!(
                            "comprehension inner loop cannot rebind assignment expression target '{id}'"
                        );
                        return Err(ScopeError::new(expr.span, message));
                    }
                    self.note(id, expr.span, |usage| usage.is_iteration_variable = true)
                }
                ExprKind::Starred { value, .. } => pending.push(value),
                ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => pending.extend(elts),
                _ => {}
            }
        }
        Ok(())
    }

    // --- Patterns ---

    fn match_case(&mut self, case: &'a MatchCase<'a>) -> Visit {
        self.pattern(case.pattern)?;
        self.optional(case.guard)?;
        self.block(case.body)
    }

    fn pattern(&mut self, pattern: &'a Pattern<'a>) -> Visit {
        match pattern.kind {
            PatternKind::MatchValue { value } => self.expr(value),
            PatternKind::MatchSingleton { .. } => Ok(()),
            PatternKind::MatchSequence { patterns } | PatternKind::MatchOr { patterns } => {
                patterns.iter().try_for_each(|inner| self.pattern(inner))
            }
            PatternKind::MatchMapping { keys, patterns, rest } => {
                self.exprs(keys)?;
                patterns.iter().try_for_each(|inner| self.pattern(inner))?;
                self.capture(rest, pattern.span)
            }
            PatternKind::MatchClass { cls, patterns, kwd_patterns, .. } => {
                self.expr(cls)?;
                patterns.iter().chain(kwd_patterns).try_for_each(|inner| self.pattern(inner))
            }
            PatternKind::MatchStar { name } => self.capture(name, pattern.span),
            PatternKind::MatchAs { pattern: inner, name } => {
                inner.map_or(Ok(()), |inner| self.pattern(inner))?;
                self.capture(name, pattern.span)
            }
        }
    }

    fn capture(&mut self, name: Option<&'a str>, span: Span) -> Visit {
        if let Some(name) = name {
            self.bind(name, span);
        }
        Ok(())
    }
}

pub(crate) fn type_param_name<'a>(param: &TypeParam<'a>) -> &'a str {
    match param.kind {
        TypeParamKind::TypeVar { name, .. }
        | TypeParamKind::ParamSpec { name, .. }
        | TypeParamKind::TypeVarTuple { name, .. } => name,
    }
}

fn new_scope<'a>(
    kind: ScopeKind,
    name: &'a str,
    span: Span,
    parent: Option<ScopeId>,
    private: Option<&'a str>,
) -> Scope<'a> {
    Scope {
        kind,
        name,
        span,
        parent,
        children: Vec::new(),
        symbols: Vec::new(),
        private,
        mangled_names: None,
        is_inlined: false,
        has_yield: false,
        is_coroutine: false,
        awaits: false,
        needs_class_cell: false,
        needs_class_dict: false,
        can_see_class: false,
        returns_value: false,
        passed_on: Vec::new(),
        by_name: FxHashMap::default(),
    }
}
