//! Function definitions and lambdas.

use bytecode::code::CellKind;
use bytecode::{Code, CodeFlags, Const, Opcode, TypeCode};
use parser::ast::{Arguments, Expr, FunctionDef, Stmt};
use typeck::scope::{Resolution, ScopeKind, ScopeRole};

use crate::block::LocalOwner;
use crate::docstring::{doc_const, docstring};
use crate::error::Emit;
use crate::module::Emitter;
use crate::unparse::unparse;

impl<'a> Emitter<'a, '_> {
    pub(crate) fn function_def(
        &mut self,
        stmt: &'a Stmt<'a>,
        def: &'a FunctionDef<'a>,
        is_async: bool,
    ) -> Emit {
        let first_line = def.decorator_list.first().map_or(stmt.span.start, |decorator| decorator.span.start);
        let first_line = self.lines.line(first_line);
        def.decorator_list.iter().try_for_each(|decorator| self.expr(decorator))?;
        self.at(stmt.span);
        let attributes = self.defaults(def.args)?;
        if def.type_params.is_empty() {
            let attributes = attributes | self.signature_annotations(stmt, def)?;
            self.function_body(stmt, def, is_async, first_line)?;
            self.make_function(attributes)?;
        } else {
            self.generic_function(stmt, def, is_async, first_line, attributes)?;
        }
        for decorator in def.decorator_list.iter().rev() {
            self.at(decorator.span);
            self.block().op(Opcode::CALL, 1);
        }
        self.at(stmt.span);
        self.store_name(def.name);
        Ok(())
    }

    /// Pushes the default values; says which attributes that makes.
    pub(crate) fn defaults(&mut self, args: &'a Arguments<'a>) -> Emit<u32> {
        let mut attributes = 0;
        if !args.defaults.is_empty() {
            args.defaults.iter().try_for_each(|default| self.expr(default))?;
            self.block().op(Opcode::BUILD_TUPLE, args.defaults.len() as u32);
            attributes |= 1;
        }
        let mut count = 0;
        for (arg, default) in args.kwonlyargs.iter().zip(args.kw_defaults) {
            if let Some(default) = default {
                let name = self.mangled(arg.arg);
                self.load_const(Const::str(&name));
                self.expr(default)?;
                count += 1;
            }
        }
        if count > 0 {
            self.block().op(Opcode::BUILD_MAP, count);
            attributes |= 2;
        }
        Ok(attributes)
    }

    /// Opens the unit of a function and emits its body; `make_function` must follow.
    pub(crate) fn function_body(
        &mut self,
        stmt: &'a Stmt<'a>,
        def: &'a FunctionDef<'a>,
        is_async: bool,
        first_line: u32,
    ) -> Emit {
        let scope = self.scopes.body(stmt.id);
        let has_yield = self.scopes.table[scope].has_yield;
        let suspend = match (is_async, has_yield) {
            (false, false) => CodeFlags::default(),
            (false, true) => CodeFlags::GENERATOR,
            (true, false) => CodeFlags::COROUTINE,
            (true, true) => CodeFlags::ASYNC_GENERATOR,
        };
        let mut code = self.function_code(def.name, def.args, first_line);
        code.flags |= suspend;
        let text = docstring(def.body).filter(|_| self.options.optimize < 2);
        if let Some(text) = text {
            code.flags |= CodeFlags::HAS_DOCSTRING;
            code.consts.push(doc_const(text));
        }
        let function = self.static_function(stmt);
        self.open_unit(scope, code);
        self.declare_params(def.args);
        self.at(stmt.span);
        if let Some(function) = function {
            self.check_arguments(function);
        }
        self.nowhere();
        self.open_frame(suspend != CodeFlags::default());
        let rest = if docstring(def.body).is_some() { &def.body[1..] } else { def.body };
        let is_endless = function
            .is_some_and(|function| self.facts().is_some_and(|facts| facts.endless.contains(&function)));
        if suspend == CodeFlags::default() {
            self.body_with_classes(rest)?;
            self.nowhere();
            match is_endless {
                true => self.fail_assertion(),
                false => self.return_nothing(function),
            }
            return Ok(());
        }
        self.guard_stop_iteration(|emitter| {
            emitter.body_with_classes(rest)?;
            emitter.return_behind();
            Ok(())
        })
    }

    pub(crate) fn lambda(&mut self, expr: &'a Expr<'a>, args: &'a Arguments<'a>, body: &'a Expr<'a>) -> Emit {
        let attributes = self.defaults(args)?;
        let scope = self.scopes.body(expr.id);
        let is_generator = self.scopes.table[scope].has_yield;
        let first_line = self.lines.line(expr.span.start);
        let mut code = self.function_code("<lambda>", args, first_line);
        if is_generator {
            code.flags |= CodeFlags::GENERATOR;
        }
        self.open_unit(scope, code);
        self.declare_params(args);
        self.open_frame(is_generator);
        let emit_body = |emitter: &mut Self| {
            emitter.expr(body)?;
            emitter.at(body.span);
            emitter.block().op0(Opcode::RETURN_VALUE);
            Ok(())
        };
        if is_generator {
            self.guard_stop_iteration(emit_body)?;
        } else {
            emit_body(self)?;
        }
        self.make_function(attributes)
    }

    /// Whether one of the blocks that are being emitted is that of a function.
    pub(crate) fn is_inside_function(&self) -> bool {
        self.units.iter().any(|unit| self.scopes.table[unit.scopes[0]].kind.is_function_like())
    }

    /// A code object with the properties that parameters and place decide.
    fn function_code(&self, name: &str, args: &Arguments<'a>, first_line: u32) -> Code {
        let mut flags = CodeFlags::OPTIMIZED | CodeFlags::NEWLOCALS;
        let is_nested = self.is_inside_function();
        for (condition, flag) in [
            (args.vararg.is_some(), CodeFlags::VARARGS),
            (args.kwarg.is_some(), CodeFlags::VARKEYWORDS),
            (is_nested, CodeFlags::NESTED),
            (self.unit_scope().kind == ScopeKind::Class, CodeFlags::METHOD),
            (self.future_annotations, CodeFlags::FUTURE_ANNOTATIONS),
        ] {
            if condition {
                flags |= flag;
            }
        }
        Code {
            name: name.to_owned(),
            qualname: self.qualname(name),
            filename: self.options.filename.clone(),
            first_line,
            flags,
            arg_count: (args.posonlyargs.len() + args.args.len()) as u32,
            posonly_count: args.posonlyargs.len() as u32,
            kwonly_count: args.kwonlyargs.len() as u32,
            ..Code::default()
        }
    }

    /// Gives parameters the first slots.
    fn declare_params(&mut self, args: &Arguments<'a>) {
        let scope = self.scope_id();
        let scopes = self.scopes;
        let named = args.posonlyargs.iter().chain(args.args).chain(args.kwonlyargs);
        for arg in named.chain(args.vararg).chain(args.kwarg) {
            let name = scopes.table[scope].mangle(arg.arg);
            let is_cell =
                self.scopes.table[scope].symbol(&name).is_some_and(|s| s.resolution == Resolution::Cell);
            let ty = self.slot_type(scope, &name);
            // A primitive has its own slot, from which its cell is filled.
            let is_boxed = is_cell && ty != TypeCode::Object;
            let cell = if is_cell && !is_boxed { CellKind::Cell } else { CellKind::None };
            let owner = if is_boxed { LocalOwner::Argument(scope) } else { LocalOwner::Scope(scope) };
            self.block().add_local(owner, &name, ty, cell);
        }
    }

    /// Boxes the primitive arguments that nested blocks use.
    pub(crate) fn box_captured_arguments(&mut self) {
        let scope = self.scope_id();
        for name in self.scopes.table[scope].cell_names() {
            let Some(argument) = self.block().local(LocalOwner::Argument(scope), name) else { continue };
            let cell = self.slot(scope, name);
            let code = self.block().code.locals[argument as usize].ty;
            self.block().op(Opcode::LOAD_LOCAL, argument);
            self.block().op(Opcode::PRIMITIVE_BOX, code as u32);
            self.block().op(Opcode::STORE_DEREF, cell);
        }
    }

    /// The qualified name of a function or class defined here.
    pub(crate) fn qualname(&self, name: &str) -> String {
        let scope = self.unit_scope();
        let mangled = scope.mangle(name);
        let is_global =
            scope.symbol(&mangled).is_some_and(|symbol| symbol.resolution == Resolution::GlobalExplicit);
        if is_global { name.to_owned() } else { self.nested_qualname(name) }
    }

    /// The qualified name of something that no declaration can make global.
    pub(crate) fn nested_qualname(&self, name: &str) -> String {
        // Type parameters have a frame of their own that qualified names do not show.
        let shown =
            |unit: &&crate::module::Unit<'a>| self.scopes.table[unit.scopes[0]].kind != ScopeKind::TypeParams;
        let Some(unit) = self.units.iter().rev().find(shown) else { return name.to_owned() };
        let outer = &unit.block.code.qualname;
        match self.scopes.table[unit.scopes[0]].kind {
            ScopeKind::Module => name.to_owned(),
            ScopeKind::Class => format!("{outer}.{name}"),
            _ => format!("{outer}.<locals>.{name}"),
        }
    }

    /// The deferred annotations of a function, as a function on the stack.
    pub(crate) fn signature_annotations(
        &mut self,
        stmt: &'a Stmt<'a>,
        def: &'a FunctionDef<'a>,
    ) -> Emit<u32> {
        let args = def.args;
        let all = args
            .posonlyargs
            .iter()
            .chain(args.args)
            .chain(args.vararg)
            .chain(args.kwonlyargs)
            .chain(args.kwarg);
        let mut items: Vec<_> = all.filter_map(|arg| Some((arg.arg, arg.annotation?))).collect();
        items.extend(def.returns.map(|returns| ("return", returns)));
        if items.is_empty() {
            return Ok(0);
        }
        let scope =
            self.scopes.find(stmt.id, ScopeRole::Annotations).expect("the collector saw the annotations");
        self.annotate_function(scope, stmt.span, |emitter| {
            for (name, annotation) in &items {
                let name = emitter.mangled(name);
                emitter.load_const(Const::str(&name));
                if emitter.future_annotations {
                    let text = unparse(annotation);
                    emitter.load_const(Const::Str(text));
                } else {
                    emitter.annotation_value(annotation)?;
                }
            }
            emitter.block().op(Opcode::BUILD_MAP, items.len() as u32);
            Ok(())
        })?;
        Ok(16)
    }
}
