//! The perf lint: where a static module leaves the fast paths, why, and what would keep it on them.
//!
//! Here because the reasons are the checker's facts: a call without a plan is made dynamically, a class without a layout keeps its
//! attributes in dictionaries. Nothing of this is wrong, so that only `spc lint --perf` asks. Method: one walk over a module that has been checked
//! without errors; what has no facts, such as the body of a nested function, is dynamic as a whole and not judged line by line. What
//! the program cannot change (modules that are not static, exceptions) is left out, and what has one cause is said once.
//!
//! After CinderX's perf lint. Cost: one walk, and for each method that is called a look at the classes of the session.

use base::{Diagnostic, Span};
use parser::ast::{Arg, ClassDef, Expr, ExprKind, FunctionDef, Keyword, NodeId, Stmt, StmtKind};
use parser::visit::{Visitor, walk_expr, walk_stmt};
use rustc_hash::FxHashSet;

use crate::facts::{AttributePlan, CallPlan, Facts};
use crate::program::{
    Binding, Class, ClassId, ClassMember, FunctionId, Member, ModuleId, ModuleKind, Program,
};
use crate::ty::Type;

/// What slows a checked module down; nothing, if it is not static.
pub fn findings<'a>(program: &Program<'a>, module: ModuleId) -> Vec<Diagnostic> {
    let entry = &program.modules[module];
    let mut linter = Linter {
        program,
        module,
        facts: &entry.facts,
        found: Vec::new(),
        depth: 0,
        receiver: None,
        seen: FxHashSet::default(),
    };
    if entry.kind == ModuleKind::Static {
        entry.ast.body.iter().for_each(|stmt| linter.visit_stmt(stmt));
    }
    linter.found
}

struct Linter<'p, 'a> {
    program: &'p Program<'a>,
    module: ModuleId,
    facts: &'p Facts,
    found: Vec<Diagnostic>,
    /// Functions around the current node. What a module does outside of them it does once.
    depth: u32,
    /// The receiver of the method around the current node, if nobody can say what that is.
    receiver: Option<&'a str>,
    /// What has been said already.
    seen: FxHashSet<Cause>,
}

/// What one finding is enough for.
#[derive(PartialEq, Eq, Hash)]
enum Cause {
    /// A method that could be overridden.
    Method(FunctionId),
    /// A dynamic value, by its text.
    Value(String),
}

impl<'a> Visitor<'a> for Linter<'_, 'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt<'a>) {
        match stmt.kind {
            StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
                self.parameters(stmt.id, def);
                let receiver = self.open_receiver(stmt.id);
                let around = std::mem::replace(&mut self.receiver, receiver);
                self.depth += 1;
                walk_stmt(self, stmt);
                self.depth -= 1;
                self.receiver = around;
                return;
            }
            StmtKind::ClassDef(def) => self.layout(stmt.id, def),
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr<'a>) {
        match expr.kind {
            _ if self.depth == 0 => {}
            ExprKind::Attribute { value, attr, .. } => {
                self.attribute(expr, value, attr);
                self.property(expr, attr);
            }
            ExprKind::Call { func, args, keywords } => match self.facts.calls.get(&expr.id) {
                Some(CallPlan::Method { function, direct: false, .. }) => self.indirect_call(func, *function),
                Some(_) => {}
                None => self.dynamic_call(func, args, keywords),
            },
            _ => {}
        }
        walk_expr(self, expr);
    }
}

impl<'a> Linter<'_, 'a> {
    /// The first parameter of a method whose decorator or class may pass anything for it.
    fn open_receiver(&self, node: NodeId) -> Option<&'a str> {
        let entry = &self.program.functions[self.facts.functions.get(&node)?.function];
        let is_open = entry.is_dynamic || !self.program.classes[entry.class?].is_static;
        entry.params.first().filter(|_| is_open).map(|param| param.name)
    }

    /// Parameters of a static function without an annotation.
    fn parameters(&mut self, node: NodeId, def: &'a FunctionDef<'a>) {
        let Some(plan) = self.facts.functions.get(&node) else { return };
        let has_receiver = matches!(
            self.program.functions[plan.function].binding,
            Binding::Instance | Binding::Class | Binding::Property
        );
        // The first parameter of `__new__` is the class.
        let skipped = usize::from(has_receiver || def.name == "__new__");
        let args = def.args;
        let positional: Vec<&Arg<'a>> = args.posonlyargs.iter().chain(args.args).skip(skipped).collect();
        for arg in positional.into_iter().chain(args.kwonlyargs).filter(|arg| arg.annotation.is_none()) {
            let message = format!("parameter '{}' of '{}' has no annotation", arg.arg, def.name);
            self.found.push(
                Diagnostic::new("PF0001", arg.span, message)
                    .with_note("what is done with it is decided at run time, each time")
                    .with_help(format!("say what it is: `{}: ...`", arg.arg)),
            );
        }
    }

    /// An attribute of a value of which nothing is known.
    fn attribute(&mut self, expr: &Expr<'a>, value: &Expr<'a>, attr: &str) {
        let ty = self.facts.types[value.id].map(|ty| ty.id);
        let is_receiver = value.as_name().is_some() && value.as_name() == self.receiver;
        if ty != Some(self.program.types.dynamic) || is_receiver || self.is_foreign(value) {
            return;
        }
        let text = value.span.text(self.program.modules[self.module].source).to_owned();
        let help = match value.kind {
            ExprKind::Name { .. } => format!("declare the type of `{text}`"),
            _ => "keep the value in a variable with a declared type first".to_owned(),
        };
        if self.seen.insert(Cause::Value(text)) {
            let message = format!("attribute '{attr}' of a dynamic value is looked up by its name");
            self.found.push(Diagnostic::new("PF0002", expr.span, message).with_help(help));
        }
    }

    /// A property of a static class that nobody overrides, reached as if somebody could.
    fn property(&mut self, expr: &Expr<'a>, attr: &str) {
        let Some(&AttributePlan::Property(class, is_exact)) = self.facts.attributes.get(&expr.id) else {
            return;
        };
        let Some(getter) = self.program.typed_getter(class, attr) else { return };
        let entry = &self.program.functions[getter];
        let is_known = is_exact || entry.is_final || self.program.classes[class].is_final;
        let owner = entry.class.filter(|owner| !is_known && !self.is_overridden(*owner, entry.name));
        if let Some(owner) = owner.filter(|_| self.seen.insert(Cause::Method(getter))) {
            let class = self.program.classes[owner].name;
            let message = format!("each use of the property '{class}.{attr}' looks for it in the class");
            self.open_to_overrides("PF0006", expr, getter, message, "property");
        }
    }

    /// Whether a value comes straight from an import, so that its type is not for this module to declare.
    fn is_foreign(&self, value: &Expr<'a>) -> bool {
        match value.kind {
            ExprKind::Attribute { value, .. } => self.is_foreign(value),
            ExprKind::Call { func, .. } => self.is_foreign(func),
            ExprKind::Name { id, .. } => matches!(
                self.program.modules[self.module].members.get(id),
                Some(Member::Module(_) | Member::Imported { .. })
            ),
            _ => false,
        }
    }

    /// A method that nobody overrides, called as if somebody could.
    fn indirect_call(&mut self, func: &Expr<'a>, function: FunctionId) {
        let entry = &self.program.functions[function];
        // An abstract method is there to be overridden.
        let is_open = |owner: &ClassId| !entry.is_abstract && !self.is_overridden(*owner, entry.name);
        let Some(owner) = entry.class.filter(is_open) else { return };
        if !self.seen.insert(Cause::Method(function)) {
            return;
        }
        let class = self.program.classes[owner].name;
        let message = format!("each call of '{class}.{}' looks for the method in the class", entry.name);
        self.open_to_overrides("PF0004", func, function, message, "method");
    }

    /// Finds what would be reached directly if subclasses were excluded.
    fn open_to_overrides(
        &mut self,
        code: &'static str,
        expr: &Expr<'a>,
        function: FunctionId,
        message: String,
        what: &str,
    ) {
        let entry = &self.program.functions[function];
        let diagnostic = Diagnostic::new(code, expr.span, message);
        let (there, span) = (entry.module, entry.def.name_span);
        let label = "a subclass could override it";
        let is_base = |(id, class): (ClassId, &Class<'a>)| {
            entry.class.is_some_and(|owner| id != owner && class.mro.contains(&owner))
        };
        let help = match self.program.classes.iter().any(is_base) {
            true => format!("mark the {what} `@final`"),
            false => format!("mark the {what} or its class `@final`"),
        };
        self.found.push(self.program.label(diagnostic, self.module, there, span, label).with_help(help));
    }

    fn is_overridden(&self, owner: ClassId, name: &str) -> bool {
        let overrides = |(id, class): (ClassId, &Class<'a>)| {
            id != owner
                && class.mro.contains(&owner)
                && matches!(
                    class.by_name.get(name).map(|&at| &class.members[at].1),
                    Some(ClassMember::Method(_))
                )
        };
        self.program.classes.iter().any(overrides)
    }

    /// A call of a static function that is made as if it were a dynamic one.
    fn dynamic_call(&mut self, func: &Expr<'a>, args: &'a [Expr<'a>], keywords: &'a [Keyword<'a>]) {
        let Some(function) = self.static_callee(func) else { return };
        let entry = &self.program.functions[function];
        let callee = match entry.class.filter(|_| entry.name == "__init__") {
            Some(class) => self.program.classes[class].name,
            None => entry.name,
        };
        let message = format!("the call of '{callee}' packs its arguments");
        let diagnostic = Diagnostic::new("PF0003", func.span, message);
        let star = args.iter().find(|arg| matches!(arg.kind, ExprKind::Starred { .. })).map(|arg| arg.span);
        let stars = keywords.iter().find(|keyword| keyword.arg.is_none()).map(|keyword| keyword.span);
        if let Some(span) = star.or(stars) {
            let diagnostic = diagnostic.with_label(span, "how many these are is known only at run time");
            return self.found.push(diagnostic.with_help("pass the arguments one by one"));
        }
        let given = |at: usize, name: &str| {
            at < args.len() || keywords.iter().any(|keyword| keyword.arg == Some(name))
        };
        let receiver = usize::from(matches!(entry.binding, Binding::Instance | Binding::Class));
        let mut params = entry.params.iter().enumerate().skip(receiver);
        let computed = params.find_map(|(at, param)| {
            let default = param.default.filter(|default| !is_constant(default))?;
            (!given(at - receiver, param.name)).then_some(default.span)
        });
        if let Some(span) = computed {
            let diagnostic =
                self.program.label(diagnostic, self.module, entry.module, span, "is no constant");
            self.found.push(diagnostic.with_help("use a constant as the default, such as None"));
        }
    }

    /// The function that a call would reach directly.
    fn static_callee(&self, func: &Expr<'a>) -> Option<FunctionId> {
        let function = match self.program.types.get(self.facts.types[func.id]?.id) {
            Type::Function(function) | Type::Method(function) => *function,
            Type::Class { class, .. } if self.program.classes[*class].is_static => {
                match self.program.class_member(*class, "__init__") {
                    Some((_, ClassMember::Method(init))) => *init,
                    _ => return None,
                }
            }
            _ => return None,
        };
        let entry = &self.program.functions[function];
        let is_static = self.program.modules[entry.module].kind == ModuleKind::Static
            && !(entry.is_dynamic || entry.is_async || entry.is_generator || entry.is_nested)
            && entry.class.is_none_or(|class| self.program.classes[class].is_static);
        is_static.then_some(function)
    }

    /// A class whose instances have no fixed layout.
    fn layout(&mut self, node: NodeId, def: &'a ClassDef<'a>) {
        let Some(Member::Class(class)) = self.program.modules[self.module].members.get(def.name) else {
            return;
        };
        let entry = &self.program.classes[*class];
        if entry.node != node || entry.is_static || self.derives_from_builtin(*class) {
            return;
        }
        let Some((span, reason)) = self.layout_obstacle(*class, def) else { return };
        let message = format!("instances of '{}' have no fixed layout", def.name);
        self.found.push(
            Diagnostic::new("PF0005", def.name_span, message).with_label(span, reason).with_note(
                "their attributes are kept in dictionaries, and calls of their methods are dynamic",
            ),
        );
    }

    /// Exceptions, and whatever else the run time lays out itself.
    fn derives_from_builtin(&self, class: ClassId) -> bool {
        let object = self.program.known.object;
        let is_builtin =
            |base: ClassId| self.program.modules[self.program.classes[base].module].kind.is_stub();
        self.program.classes[class].mro.iter().any(|&base| base != object && is_builtin(base))
    }

    /// What of its definition keeps a class from having a layout.
    fn layout_obstacle(&self, class: ClassId, def: &'a ClassDef<'a>) -> Option<(Span, &'static str)> {
        let known = &self.program.classes[class].bases;
        let is_dynamic =
            |base: &ClassId| *base != self.program.known.object && !self.program.classes[*base].is_static;
        let decorator = def.decorator_list.iter().find(|decorator| decorator.as_name() != Some("final"));
        let is_abc = |base: &&Expr<'a>| {
            matches!(base.kind, ExprKind::Name { id: "ABC", .. } | ExprKind::Attribute { attr: "ABC", .. })
        };
        let bases = def
            .bases
            .iter()
            .filter(|base| !is_abc(base))
            .zip(known.iter().map(Some).chain(std::iter::repeat(None)));
        // Where a base is unknown, the list of known ones ends, or holds `object` alone.
        let mut unknown = bases.filter(|(base, class)| {
            let is_root = *class == Some(&self.program.known.object);
            base.as_name() != Some("object") && (is_root || class.is_none_or(is_dynamic))
        });
        let dynamic_base = unknown.next().map(|(base, _)| base.span);
        if let Some(keyword) = def.keywords.first().filter(|_| !self.program.classes[class].has_virtual) {
            return Some((keyword.span, "a keyword, which a metaclass or base may heed"));
        }
        if let Some(span) = dynamic_base {
            return Some((span, "the base is not a static class"));
        }
        if let Some(decorator) = decorator {
            return Some((decorator.span, "a decorator that the checker does not know"));
        }
        def.bases.get(1).map(|base| (base.span, "a second base"))
    }
}

/// Whether a default is known when its function is defined.
fn is_constant(default: &Expr<'_>) -> bool {
    match default.kind {
        ExprKind::Constant { .. } => true,
        ExprKind::UnaryOp { operand, .. } => is_constant(operand),
        _ => false,
    }
}
