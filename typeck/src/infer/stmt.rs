//! Statements: control flow over what is known.

use base::{Diagnostic, Span};
use parser::ast::{ClassDef, Expr, ExprKind, Stmt, StmtKind, Try};

use super::mismatch::Destination;
use super::{Checker, Env, LoopExits, env::join_into};
use crate::facts::{Coercion, LoopPlan};
use crate::program::{ClassMember, Member};
use crate::ty::{Literal, Primitive, Special, Ty, Type, TypeId};

impl<'a> Checker<'_, 'a> {
    /// Statements in order; what cannot be reached is not looked at.
    pub(crate) fn stmts(&mut self, env: &mut Env<'a>, body: &'a [Stmt<'a>]) {
        for stmt in body {
            if !env.is_reachable {
                self.facts().unreached.insert(stmt.span.start);
                return;
            }
            self.facts().reached.insert(stmt.span.start);
            self.depth += 1;
            self.stmt(env, stmt);
            self.depth -= 1;
        }
    }

    fn stmt(&mut self, env: &mut Env<'a>, stmt: &'a Stmt<'a>) {
        match stmt.kind {
            StmtKind::Expr { value } => match value.kind {
                ExprKind::Call { func, args: [test, ..], .. } if self.is_prod_assert(func) => {
                    self.expr(env, value, None);
                    *env = self.condition(env.clone(), test).0;
                }
                ExprKind::Call { .. } => {
                    let ty = self.expr(env, value, None);
                    let is_asserted = self.is_assert_never(value);
                    if is_asserted {
                        self.facts().asserted.insert(value.id);
                    }
                    if is_asserted || ty == Ty::sure(self.program.types.never) {
                        env.stop();
                    }
                }
                _ => _ = self.expr(env, value, None),
            },
            StmtKind::Assign { targets, value } => self.assign(env, targets, value),
            StmtKind::AnnAssign { target, annotation, value, .. } => {
                self.annotated_assign(env, target, annotation, value);
            }
            StmtKind::AugAssign { target, op, value } => self.augmented_assign(env, stmt, target, op, value),
            StmtKind::Return { value } => self.return_(env, stmt, value),
            StmtKind::If { test, body, orelse } => {
                let known = self.program.known_test(self.module, test);
                let (mut when_true, mut when_false) = self.condition(env.clone(), test);
                when_true.is_reachable &= known != Some(false);
                when_false.is_reachable &= known != Some(true);
                self.stmts(&mut when_true, body);
                self.stmts(&mut when_false, orelse);
                when_true.join(&when_false, self.program);
                *env = when_true;
            }
            StmtKind::While { test, body, orelse } => self.while_(env, stmt, test, body, orelse),
            StmtKind::For { target, iter, body, orelse } => self.for_(env, stmt, target, iter, body, orelse),
            StmtKind::AsyncFor { target, iter, body, orelse } => {
                let ty = self.object(env, iter);
                let item = self.program.iterated_item(ty.id, true).map_or(self.dynamic(), Ty::expected);
                self.loop_body(env, stmt, orelse, |checker, env| {
                    checker.bind_element(env, target, item);
                    checker.stmts(env, body);
                    None
                });
            }
            StmtKind::With { items, body } | StmtKind::AsyncWith { items, body } => {
                self.with(env, items, body)
            }
            StmtKind::Try(parts) => self.try_(env, parts, false),
            StmtKind::TryStar(parts) => self.try_(env, parts, true),
            StmtKind::Raise { exc, cause } => {
                exc.into_iter().chain(cause).for_each(|part| self.element(env, part));
                env.stop();
            }
            StmtKind::Assert { test, msg } => {
                let (when_true, mut when_false) = self.condition(env.clone(), test);
                msg.into_iter().for_each(|msg| self.element(&mut when_false, msg));
                *env = when_true;
            }
            StmtKind::Delete { targets } => targets.iter().for_each(|target| self.delete(env, target)),
            StmtKind::Break => self.leave_loop(env, |exits| &mut exits.breaks),
            StmtKind::Continue => self.leave_loop(env, |exits| &mut exits.continues),
            StmtKind::Match { subject, cases } => self.match_(env, subject, cases),
            StmtKind::FunctionDef(def) | StmtKind::AsyncFunctionDef(def) => {
                def.decorator_list.iter().for_each(|decorator| self.element(env, decorator));
                def.args.defaults.iter().for_each(|default| self.element(env, default));
                def.args.kw_defaults.iter().flatten().for_each(|default| self.element(env, default));
                self.define_local(env, def.name, def.name_span);
                self.nested_function(env, stmt, def);
            }
            StmtKind::ClassDef(def) => {
                def.decorator_list.iter().for_each(|decorator| self.element(env, decorator));
                def.bases.iter().for_each(|base| self.base_name(env, base));
                def.keywords.iter().for_each(|keyword| self.element(env, keyword.value));
                if self.function.is_none() && self.depth == 1 {
                    self.class_body(env, stmt, def);
                }
                self.define_local(env, def.name, def.name_span);
            }
            StmtKind::Import { names } | StmtKind::ImportFrom { names, .. } => {
                self.check_import(stmt);
                for alias in names {
                    let name =
                        alias.asname.unwrap_or_else(|| alias.name.split('.').next().unwrap_or(alias.name));
                    self.bind_dynamic(env, name, alias.span);
                }
            }
            StmtKind::TypeAlias { name, value, .. } => {
                self.check_alias(value);
                if let Some(id) = name.as_name() {
                    self.bind_dynamic(env, id, name.span);
                }
            }
            StmtKind::Global { .. } | StmtKind::Nonlocal { .. } | StmtKind::Pass => {}
        }
    }

    /// A base is what its name says, if that is defined; what it may be has been looked at where classes are bound. What else stands
    /// there gives an object.
    fn base_name(&mut self, env: &mut Env<'a>, base: &'a Expr<'a>) {
        let name = match base.kind {
            ExprKind::Subscript { value, .. } => value,
            _ => base,
        };
        let is_open = match name.kind {
            ExprKind::Name { id, .. } => {
                self.variable(id).is_some() || self.program.chase_name(self.module, id).is_none()
            }
            ExprKind::Attribute { .. } => false,
            _ => true,
        };
        if is_open {
            self.element(env, name);
        }
    }

    /// The values that the body of a class gives to what it declares.
    fn class_body(&mut self, env: &Env<'a>, stmt: &'a Stmt<'a>, def: &'a ClassDef<'a>) {
        let found = self.program.modules[self.module].members.get(def.name).cloned();
        let Some(Member::Class(class)) = found else { return };
        let scope = self.program.modules[self.module].scopes.body(stmt.id);
        self.scopes.push(scope);
        for stmt in def.body {
            let (target, value) = match stmt.kind {
                StmtKind::AnnAssign { target, value: Some(value), simple: true, .. } => (target, value),
                StmtKind::Assign { targets: [target], value } => (target, value),
                _ => continue,
            };
            let Some(name) = target.as_name().map(|name| self.private_name(name)) else { continue };
            // What is declared by a base keeps its type here.
            let known = self.program.classes[class].mro.iter().find_map(|&owner| {
                let owner = &self.program.classes[owner];
                match &owner.members[*owner.by_name.get(name)?].1 {
                    ClassMember::Field(field) => Some(field.ty),
                    ClassMember::Variable { ty, .. } => Some(*ty),
                    _ => None,
                }
            });
            let Some(declared) = known.filter(|&ty| !matches!(self.program.types.get(ty), Type::Param(..)))
            else {
                continue;
            };
            let mut env = env.clone();
            let specified = match self.program.classes[class].options {
                Some(_) => self.program.field_default(self.module, value),
                None => None,
            };
            if let Some(default) = specified {
                self.object(&mut env, value);
                let is_primitive = self.program.types.as_primitive(declared).is_some();
                if let Some(default) = default.filter(|_| !is_primitive) {
                    self.check(&mut env, default, declared, Destination::Place);
                }
                continue;
            }
            self.check(&mut env, value, declared, Destination::Place);
            // The body stores objects, whatever the field makes of them.
            if self.program.types.as_primitive(declared).is_some() {
                let ty = self.expr(&mut env, value, None);
                if let Some(primitive) = self.primitive_of(ty) {
                    self.set_coercion(value.id, Some(Coercion::Box(primitive)));
                }
            }
        }
        self.scopes.pop();
    }

    /// A function or class that is defined inside a function; it may not take the place of a variable that is declared, or holds something else.
    fn define_local(&mut self, env: &mut Env<'a>, name: &'a str, span: base::Span) {
        let var = self.variable(name);
        let is_value = |ty: Ty| {
            !matches!(self.program.types.get(ty.id), Type::Dynamic | Type::Function(_) | Type::Class { .. })
        };
        if var.is_some_and(|var| self.vars.declared(var).is_some() || env.get(var).is_some_and(is_value)) {
            self.redefined_local(span, name);
        }
        self.bind_unknown(env, name);
    }

    /// Binds a name to an object of which nothing is known.
    pub(super) fn bind_dynamic(&mut self, env: &mut Env<'a>, name: &'a str, span: Span) {
        self.refuse_object(name, span);
        self.bind_unknown(env, name);
    }

    fn bind_unknown(&mut self, env: &mut Env<'a>, name: &'a str) {
        if let Some(var) = self.variable(name) {
            let dynamic = self.dynamic();
            env.set(var, dynamic);
        }
        env.forget_fields();
    }

    /// Reports a name that is bound to an object and declared to be a primitive.
    pub(super) fn refuse_object(&mut self, name: &'a str, span: Span) {
        let declared = self.variable(name).and_then(|var| self.vars.declared(var));
        if let Some(primitive) = declared.and_then(|declared| self.program.types.as_primitive(declared)) {
            let message = format!("type mismatch: dynamic cannot be assigned to {}", primitive.name());
            self.error("SP0131", span, message);
        }
    }

    fn return_(&mut self, env: &mut Env<'a>, stmt: &Stmt<'a>, value: Option<&'a Expr<'a>>) {
        match (value, self.ret) {
            (Some(value), Some(ret)) => {
                self.check(env, value, ret, Destination::Result);
                self.note_result(value, ret);
            }
            (Some(value), None) => self.element(env, value),
            (None, Some(ret)) => {
                let none = Ty::sure(self.program.types.none);
                if self.program.assignable(none, ret) == crate::ty::Assignable::No {
                    let shown = self.program.show(ret);
                    let message = format!(
                        "mismatched types: expected {shown} because of return type, found None instead"
                    );
                    let diagnostic = Diagnostic::error("SP0131", stmt.span, message);
                    let diagnostic = self.with_return_type(diagnostic);
                    self.report(diagnostic);
                }
            }
            (None, None) => {}
        }
        env.stop();
    }

    /// Coroutines and generators hand over objects.
    fn note_result(&mut self, value: &Expr<'a>, ret: TypeId) {
        let Some(primitive) = self.program.types.as_primitive(ret) else { return };
        let is_plain = self.function.is_some_and(|function| {
            let entry = &self.program.functions[function];
            !entry.is_async && !entry.is_generator
        });
        if !is_plain {
            self.facts().boxed_results.insert(value.id, primitive);
        }
    }

    fn delete(&mut self, env: &mut Env<'a>, target: &'a Expr<'a>) {
        match target.kind {
            ExprKind::Name { id, .. } => {
                if let Some(var) = self.variable(id) {
                    let declared = self.vars.declared(var).and_then(|ty| self.program.types.as_primitive(ty));
                    if declared.is_some() {
                        let message = format!("del of primitive '{id}'");
                        let note = "a primitive variable always has a value";
                        self.report(Diagnostic::error("SP0149", target.span, message).with_note(note));
                    }
                    env.unset(var);
                }
            }
            ExprKind::Attribute { value, attr, .. } => {
                let owner = self.object(env, value);
                self.check_deleted(target, owner.id, attr);
            }
            ExprKind::Subscript { value, slice, .. } => {
                self.object(env, value);
                let index = self.index(env, slice);
                self.box_index(slice, index);
            }
            ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
                elts.iter().for_each(|elt| self.delete(env, elt));
            }
            _ => {}
        }
        env.forget_fields();
    }

    /// Final attributes, fields of frozen dataclasses and members of enumerations stay.
    fn check_deleted(&mut self, target: &'a Expr<'a>, owner: TypeId, attr: &'a str) {
        let attr = self.private_name(attr);
        let class = match *self.program.types.get(owner) {
            Type::Class { class, .. } => {
                self.check_member_kept(target, class, attr);
                class
            }
            Type::Instance { class, .. } => {
                if self.program.class_member(class, attr).is_none() {
                    self.undeclared_attribute(target, class, attr);
                }
                class
            }
            _ => return,
        };
        let is_final = match self.program.class_member(class, attr) {
            Some((_, ClassMember::Field(field))) => field.is_final,
            Some((_, ClassMember::Variable { is_final, .. })) => *is_final,
            _ => false,
        };
        let name = self.program.classes[class].name;
        if is_final {
            let message = format!("Cannot delete a Final attribute of {name}:{attr}");
            self.error("SP0104", target.span, message);
        } else if self.program.is_frozen(class, attr) {
            let message = format!("cannot delete field '{attr}' of frozen dataclass {name}");
            self.error("SP0104", target.span, message);
        }
    }

    fn with(&mut self, env: &mut Env<'a>, items: &'a [parser::ast::WithItem<'a>], body: &'a [Stmt<'a>]) {
        for item in items {
            let manager = self.object(env, item.context_expr);
            if let Some(target) = item.optional_vars {
                let entered = self.entered(manager.id);
                self.bind(env, target, entered);
            }
        }
        env.forget_fields();
        let before = env.clone();
        self.stmts(env, body);
        if !items.iter().all(|item| self.lets_exceptions_pass(item.context_expr)) {
            // The manager may swallow an exception raised anywhere in the body. What the body binds, it may not have bound then.
            env.join_interrupted(&before, self.program);
        }
        env.forget_fields();
    }

    /// Whether a context manager says that its `__exit__` returns False: it swallows nothing.
    fn lets_exceptions_pass(&mut self, manager: &Expr<'a>) -> bool {
        let ty = self.facts().types[manager.id].map(|ty| ty.id);
        let class = ty.and_then(|ty| self.program.types.as_instance(ty)).map(|(class, _, _)| class);
        let exit = class.and_then(|class| match self.program.class_member(class, "__exit__") {
            Some((_, ClassMember::Method(function))) => Some(self.program.functions[*function].ret),
            _ => None,
        });
        let r#false = self.program.types.intern(Type::Literal(Literal::Bool(false)));
        exit == Some(r#false)
    }

    /// What `type` gives a name to is a type.
    fn check_alias(&mut self, value: &'a Expr<'a>) {
        if self.program.is_no_type(self.module, value) {
            self.error("SP0111", value.span, "a type alias stands for a type");
        }
    }

    fn try_(&mut self, env: &mut Env<'a>, parts: &'a Try<'a>, is_star: bool) {
        let before = env.clone();
        self.stmts(env, parts.body);
        // A handler may be entered from anywhere in the body: what the body binds may or may not have been bound.
        let mut interrupted = before.clone();
        interrupted.join(env, self.program);
        interrupted.is_reachable = true;
        let mut body_end = env.clone();
        self.unbind_stored(&mut interrupted, parts.body, &before);
        interrupted.forget_fields();
        self.stmts(&mut body_end, parts.orelse);
        let mut after = body_end;
        for handler in parts.handlers {
            let mut inner = interrupted.clone();
            handler.type_.into_iter().for_each(|ty| self.element(&mut inner, ty));
            if let Some(name) = handler.name {
                let ty = handler.type_.filter(|_| !is_star).and_then(|ty| self.handled_type(ty));
                let span = handler.type_.map_or(handler.span, |ty| ty.span);
                self.bind_handled(&mut inner, (name, span), ty);
            }
            self.stmts(&mut inner, handler.body);
            if let Some(var) = handler.name.and_then(|name| self.variable(name)) {
                inner.unset(var);
            }
            after.join(&inner, self.program);
        }
        if !parts.finalbody.is_empty() {
            let is_reachable = after.is_reachable;
            let mut last = interrupted;
            last.join(&after, self.program);
            last.is_reachable = true;
            self.stmts(&mut last, parts.finalbody);
            if is_reachable && last.is_reachable {
                self.stmts(&mut after, parts.finalbody);
            } else {
                after.stop();
            }
        }
        *env = after;
    }

    /// What a handler of these classes is given, if the checker knows them.
    fn handled_type(&mut self, classes: &'a Expr<'a>) -> Option<TypeId> {
        let classes = match classes.kind {
            ExprKind::Tuple { elts, .. } => elts,
            _ => std::slice::from_ref(classes),
        };
        let mut members = Vec::new();
        for class in classes {
            let class = self.class_of_expr(class)?;
            members.push(self.instance(class));
        }
        let union = self.program.types.union(members);
        Some(self.program.simplify_union(union))
    }

    fn bind_handled(&mut self, env: &mut Env<'a>, (name, span): (&'a str, Span), ty: Option<TypeId>) {
        self.bind_dynamic(env, name, span);
        let Some(var) = self.variable(name) else { return };
        if let (None, Some(ty)) = (self.vars.declared(var), ty) {
            env.set(var, Ty::sure(ty));
        }
    }

    /// Variables that the body stores have, when it is interrupted, a value from before or from any of its stores.
    fn unbind_stored(&mut self, env: &mut Env<'a>, body: &'a [Stmt<'a>], before: &Env<'a>) {
        let mut names = Vec::new();
        stored_names(body, &mut names);
        for name in names {
            let Some(var) = self.variable(name) else { continue };
            match (self.vars.declared(var), before.get(var)) {
                (Some(declared), Some(_)) => env.set(var, Ty::sure(declared)),
                (None, Some(_)) => {
                    let dynamic = self.dynamic();
                    env.set(var, dynamic);
                }
                (_, None) => env.unset(var),
            }
        }
    }

    // --- Loops ---

    fn leave_loop(
        &mut self,
        env: &mut Env<'a>,
        which: for<'l> fn(&'l mut LoopExits<'a>) -> &'l mut Option<Env<'a>>,
    ) {
        if let Some(exits) = self.loops.last_mut() {
            join_into(which(exits), env, self.program);
        }
        env.stop();
    }

    fn while_(
        &mut self,
        env: &mut Env<'a>,
        stmt: &'a Stmt<'a>,
        test: &'a Expr<'a>,
        body: &'a [Stmt<'a>],
        orelse: &'a [Stmt<'a>],
    ) {
        self.loop_body(env, stmt, orelse, |checker, env| {
            let (mut when_true, mut when_false) = checker.condition(env.clone(), test);
            if is_true(test) {
                when_false.stop();
            }
            checker.stmts(&mut when_true, body);
            *env = when_true;
            Some(when_false)
        });
    }

    fn for_(
        &mut self,
        env: &mut Env<'a>,
        stmt: &'a Stmt<'a>,
        target: &'a Expr<'a>,
        iter: &'a Expr<'a>,
        body: &'a [Stmt<'a>],
        orelse: &'a [Stmt<'a>],
    ) {
        self.facts().loops.remove(&stmt.id);
        let item = if self.crange(env, stmt, iter) {
            Ty::sure(self.program.types.primitive(Primitive::Int64))
        } else {
            self.object(env, iter);
            self.plan_loop(stmt, target, iter);
            self.item_type(iter)
        };
        self.loop_body(env, stmt, orelse, |checker, env| {
            checker.bind_element(env, target, item);
            checker.stmts(env, body);
            None
        });
    }

    /// Runs a loop: silently to a fixed point in the first round, once from the remembered head in the second.
    ///
    /// `body` gets the state at the head, leaves the state at the end of the body, and returns the state in which the
    /// condition ends the loop, if that is not the head's.
    fn loop_body(
        &mut self,
        env: &mut Env<'a>,
        stmt: &'a Stmt<'a>,
        orelse: &'a [Stmt<'a>],
        mut body: impl FnMut(&mut Self, &mut Env<'a>) -> Option<Env<'a>>,
    ) {
        let mut head = env.clone();
        if let Some(known) = self.heads.get(&stmt.id) {
            head.join(&known.clone(), self.program);
        }
        let mut exit;
        loop {
            self.loops.push(LoopExits::default());
            let mut end = head.clone();
            let condition_exit = body(self, &mut end);
            exit = condition_exit.unwrap_or_else(|| head.clone());
            let exits = self.loops.pop().expect("pushed above");
            let mut next = head.clone();
            next.join(&end, self.program);
            if let Some(continues) = &exits.continues {
                next.join(continues, self.program);
            }
            let is_stable = next == head;
            head = next;
            if is_stable || !self.is_silent {
                self.heads.insert(stmt.id, head.clone());
                self.stmts(&mut exit, orelse);
                if let Some(breaks) = &exits.breaks {
                    exit.join(breaks, self.program);
                }
                break;
            }
        }
        *env = exit;
    }

    /// `for i in crange(...)`
    fn crange(&mut self, env: &mut Env<'a>, stmt: &Stmt<'a>, iter: &'a Expr<'a>) -> bool {
        let ExprKind::Call { func, args, keywords: [] } = iter.kind else { return false };
        if func.as_name().is_none_or(|name| self.variable(name).is_some()) {
            return false;
        }
        let callee = self.expr(env, func, None);
        if self.program.types.get(callee.id) != &Type::Special(Special::CRange) {
            return false;
        }
        if args.is_empty() || args.len() > 2 {
            self.error("SP0142", iter.span, "crange takes one or two arguments");
        }
        let int64 = self.program.types.primitive(Primitive::Int64);
        for arg in args {
            // A literal is an int, and does not become a primitive here.
            self.check_guided(env, arg, int64, None, Destination::Described("crange"));
        }
        self.facts().loops.insert(stmt.id, LoopPlan::CRange);
        true
    }

    /// Exact sequences are iterated by index; rows of primitives have no other way.
    fn plan_loop(&mut self, stmt: &Stmt<'a>, target: &'a Expr<'a>, iter: &'a Expr<'a>) {
        let Some(ty) = self.facts().types[iter.id] else { return };
        let Some((class, _, _)) = self.program.types.as_instance(ty.id) else { return };
        let known = self.program.known;
        let is_name = target.as_name().is_some_and(|name| self.variable(name).is_some());
        if known.is_row(class) || (class == known.checked_list && is_name) {
            self.make_sure(iter, ty);
            self.facts().loops.insert(stmt.id, LoopPlan::Index(class, ty.id));
        }
    }

    /// What iterating over an expression gives.
    pub(crate) fn item_type(&mut self, iter: &'a Expr<'a>) -> Ty {
        if let Some(ty) = self.produced_type(iter) {
            return Ty::expected(ty);
        }
        let Some(ty) = self.facts().types[iter.id] else { return self.dynamic() };
        let known = self.program.known;
        let Some((class, args, _)) = self.program.types.as_instance(ty.id) else {
            return self.program.iterated_item(ty.id, false).map_or(self.dynamic(), Ty::expected);
        };
        let args = args.to_vec();
        if class == known.range {
            Ty::sure(self.exact(known.int))
        } else if class == known.str {
            Ty::expected(self.instance(known.str))
        } else if class == known.checked_list || class == known.checked_dict || known.is_row(class) {
            args.first().map_or(self.dynamic(), |&item| Ty::sure(item))
        } else if [known.list, known.set, known.dict].contains(&class) {
            args.first().map_or(self.dynamic(), |&item| Ty::expected(item))
        } else {
            self.program.iterated_item(ty.id, false).map_or(self.dynamic(), Ty::expected)
        }
    }

    /// What iterating gives whoever asks for objects: what an array holds, it boxes.
    pub(super) fn object_item(&mut self, iter: &'a Expr<'a>) -> TypeId {
        let item = self.item_type(iter);
        self.primitive_of(item).map_or(item.id, |primitive| self.boxed(primitive))
    }

    /// What the views of a dict, and `enumerate` and `zip`, produce, of sources whose types are known.
    fn produced_type(&mut self, iter: &'a Expr<'a>) -> Option<TypeId> {
        let ExprKind::Call { func, args, keywords: [] } = iter.kind else { return None };
        let known = self.program.known;
        let tuple = |checker: &mut Self, args: Vec<TypeId>| {
            checker.program.types.intern(Type::Instance {
                class: known.tuple,
                args: args.into(),
                exact: true,
            })
        };
        match (func.kind, args) {
            (ExprKind::Attribute { value, attr, .. }, []) => {
                let owner = self.facts().types[value.id]?;
                let (class, args, _) = self.program.types.as_instance(owner.id)?;
                let args = args.to_vec();
                let is_dict = known.is_dict(class);
                let base = if is_dict { class } else { known.dict };
                if !self.program.is_subclass(class, base) {
                    return None;
                }
                let &[key, item] = &self.program.arguments_of(class, &args, base)[..] else { return None };
                match attr {
                    _ if !is_dict
                        && self.program.class_member(class, attr).is_none_or(|(owner, _)| owner != base) =>
                    {
                        None
                    }
                    "keys" => Some(key),
                    "values" => Some(item),
                    "items" => Some(tuple(self, vec![key, item])),
                    _ => None,
                }
            }
            (ExprKind::Name { id: "enumerate", .. }, [source] | [source, _])
                if self.is_builtin("enumerate") =>
            {
                let item = self.object_item(source);
                let int = self.instance(known.int);
                Some(tuple(self, vec![int, item]))
            }
            (ExprKind::Name { id: "zip", .. }, [_, ..])
                if self.is_builtin("zip")
                    && !args.iter().any(|arg| matches!(arg.kind, ExprKind::Starred { .. })) =>
            {
                let items = args.iter().map(|source| self.object_item(source)).collect();
                Some(tuple(self, items))
            }
            (ExprKind::Name { id: name @ ("sorted" | "reversed"), .. }, [source])
                if self.is_builtin(name) =>
            {
                Some(self.object_item(source))
            }
            _ => None,
        }
    }

    /// Whether neither the block nor the module binds a name.
    pub(super) fn is_builtin(&mut self, name: &'a str) -> bool {
        let scope = *self.scopes.last().expect("checking is always inside a scope");
        let module = &self.program.modules[self.module];
        let is_global = !matches!(
            module.scopes.lookup(scope, name).1,
            crate::scope::Resolution::Local | crate::scope::Resolution::Cell | crate::scope::Resolution::Free
        );
        is_global && !module.members.contains_key(name)
    }
}

fn is_true(test: &Expr<'_>) -> bool {
    use parser::ast::{Constant, Int};
    match test.kind {
        ExprKind::Constant { value: Constant::Bool(value), .. } => value,
        ExprKind::Constant { value: Constant::Int(Int::Small(value)), .. } => value != 0,
        _ => false,
    }
}

/// Names that statements bind, nested statements included.
fn stored_names<'a>(body: &'a [Stmt<'a>], names: &mut Vec<&'a str>) {
    struct Finder<'n, 'a> {
        names: &'n mut Vec<&'a str>,
    }
    impl<'a> parser::visit::Visitor<'a> for Finder<'_, 'a> {
        fn visit_expr(&mut self, expr: &'a Expr<'a>) {
            if let ExprKind::Name { id, ctx } = expr.kind
                && ctx != parser::ast::ExprContext::Load
            {
                self.names.push(id);
            }
            parser::visit::walk_expr(self, expr);
        }
    }
    let mut finder = Finder { names };
    for stmt in body {
        parser::visit::Visitor::visit_stmt(&mut finder, stmt);
    }
}
