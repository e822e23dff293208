//! Entry points: a file, an expression for `eval`, one interactive input.

use std::sync::Arc;

use base::{LineCursor, LineIndex, Span};
use bytecode::{Code, CodeFlags, Const, Opcode, SourceRange};
use parser::ast::{Expr, ExprKind, Expression, Module, NodeId, Stmt, StmtKind};
use typeck::scope::{ScopeId, ScopeKind, Scopes};

use crate::assemble::assemble;
use crate::block::{Block, Label};
use crate::docstring::{doc_const, docstring};
use crate::error::{Emit, EmitError};
use crate::statics::Checked;

/// How to compile.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The file name that code objects and tracebacks carry.
    pub filename: Arc<str>,
    /// 1 removes assertions, 2 docstrings too.
    pub optimize: u8,
    /// `from __future__ import annotations` is in force from outside (`exec` in a module that has it).
    pub future_annotations: bool,
    /// A module body may `await`, and is a coroutine if it does.
    pub top_level_await: bool,
    /// Where spans are, for a tree without a text.
    pub lines: Option<LineIndex>,
    /// The module is strict: it is sealed, and its classes are frozen.
    pub is_strict: bool,
    /// Integer primitives raise where they would wrap (decision 28).
    pub trap_overflow: bool,
    /// Tests may patch the module: calls go through the names that the source has, and keep their shape.
    pub patching: bool,
    /// The program asks for reference counts elsewhere: this module counts exactly, as if it asked for them itself.
    pub counts_references: bool,
    /// The module belongs to the library.
    pub is_library: bool,
}

/// Compiles a module.
pub fn emit_module<'a>(module: &'a Module<'a>, source: &str, options: &Options) -> Result<Code, EmitError> {
    let scopes = typeck::scope::analyse(module, options.future_annotations)?;
    let mut emitter = Emitter::new(&scopes, source, options);
    emitter.root(CodeFlags::MODULE_BODY, |emitter| emitter.module_body(module.body))
}

/// Compiles a static module that has been checked.
pub fn emit_static_module<'a>(checked: Checked<'a, '_>, options: &Options) -> Result<Code, EmitError> {
    let module = &checked.program.modules[checked.module];
    let mut emitter = Emitter::new(&module.scopes, module.source, options);
    emitter.checked = Some(checked);
    emitter.root(CodeFlags::MODULE_BODY, |emitter| emitter.module_body(module.ast.body))
}

/// Compiles one interactive input: the values of expression statements are printed.
pub fn emit_interactive<'a>(
    module: &'a Module<'a>,
    source: &str,
    options: &Options,
) -> Result<Code, EmitError> {
    let scopes = typeck::scope::analyse(module, options.future_annotations)?;
    let mut emitter = Emitter::new(&scopes, source, options);
    emitter.is_interactive = true;
    emitter.root(CodeFlags::MODULE_BODY, |emitter| emitter.module_body(module.body))
}

/// Compiles an expression; the code returns its value.
pub fn emit_expression<'a>(
    expression: &'a Expression<'a>,
    source: &str,
    options: &Options,
) -> Result<Code, EmitError> {
    let scopes = typeck::scope::analyse_expression(expression)?;
    let mut emitter = Emitter::new(&scopes, source, options);
    emitter.root(CodeFlags::MODULE_BODY, |emitter| {
        emitter.expr(expression.body)?;
        emitter.block().op0(Opcode::RETURN_VALUE);
        Ok(())
    })
}

/// What `break`, `continue` and `return` must undo on their way out of a statement.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FrameBlock<'a> {
    /// A `while` loop.
    WhileLoop { start: Label, end: Label },
    /// A `for` loop; its iterator is on the stack.
    ForLoop { start: Label, end: Label },
    /// The body of `try ... finally`: the final statements run first.
    Try { finalbody: &'a [Stmt<'a>] },
    /// The final statements after an exception: the stack holds the previous exception and this one.
    FinallyEnd,
    /// An `except` body: the previous exception is on the stack; a name may have to be unbound.
    Handler { name: Option<(&'a str, Span)> },
    /// The body of `except*`, which cannot be left by a jump: what it leaves of the group would be lost.
    StarHandler,
    /// The body of `with`: the exit method is on the stack.
    With { is_async: bool, span: Span },
    /// The body of a function of a strict module that defines classes: they are frozen.
    Freeze { classes: u32 },
    /// A value that nobody needs any more.
    Value,
}

/// A code object under construction with the state of the statements around.
pub(crate) struct Unit<'a> {
    pub(crate) block: Block,
    /// The scope of the block, then of the inlined comprehensions around the current node.
    pub(crate) scopes: Vec<ScopeId>,
    /// Each with the number of handlers in force outside it.
    pub(crate) frame_blocks: Vec<(FrameBlock<'a>, usize)>,
    /// Slots for values that only the compiler names.
    pub(crate) hidden: u32,
    /// The slot of the list of classes that are to be frozen.
    pub(crate) classes: Option<u32>,
}

/// The state of one compilation.
pub(crate) struct Emitter<'a, 's> {
    pub(crate) scopes: &'s Scopes<'a>,
    pub(crate) lines: LineCursor,
    pub(crate) options: &'s Options,
    pub(crate) future_annotations: bool,
    pub(crate) is_interactive: bool,
    /// Where the imports from `__future__` at the beginning of the module end.
    pub(crate) future_end: u32,
    pub(crate) units: Vec<Unit<'a>>,
    /// Fields that the module adds to its classes with slots.
    pub(crate) extra_slots: Vec<(NodeId, &'a str)>,
    /// What the checker found out, in a static module.
    pub(crate) checked: Option<Checked<'a, 's>>,
}

impl<'a, 's> Emitter<'a, 's> {
    fn new(scopes: &'s Scopes<'a>, source: &str, options: &'s Options) -> Self {
        let future_annotations = scopes.future_annotations;
        let lines = options.lines.clone().unwrap_or_else(|| LineIndex::new(source));
        let units = Vec::new();
        Self {
            scopes,
            lines: LineCursor::new(lines),
            options,
            future_annotations,
            is_interactive: false,
            future_end: 0,
            units,
            extra_slots: Vec::new(),
            checked: None,
        }
    }

    // --- Units ---

    /// The code object under construction.
    pub(crate) fn unit(&mut self) -> &mut Unit<'a> {
        self.units.last_mut().expect("emission is always inside a unit")
    }

    /// Its instructions.
    pub(crate) fn block(&mut self) -> &mut Block {
        &mut self.unit().block
    }

    /// The scope in which names are looked up.
    pub(crate) fn scope_id(&self) -> ScopeId {
        let unit = self.units.last().expect("emission is always inside a unit");
        *unit.scopes.last().expect("a unit has a scope")
    }

    /// The scope of the code object itself, inlined comprehensions aside.
    pub(crate) fn unit_scope(&self) -> &'s typeck::scope::Scope<'a> {
        let unit = self.units.last().expect("emission is always inside a unit");
        &self.scopes.table[unit.scopes[0]]
    }

    /// Whether the code object may suspend itself by `await`.
    pub(crate) fn may_await(&self) -> bool {
        let scope = self.unit_scope();
        scope.is_coroutine || scope.kind == ScopeKind::Module && self.options.top_level_await
    }

    /// Whether every call is to hold the references that CPython's holds.
    pub(crate) fn counts_references(&self) -> bool {
        self.scopes.counts_references || self.options.counts_references
    }

    /// Starts a code object.
    pub(crate) fn open_unit(&mut self, scope: ScopeId, mut code: Code) {
        // All code of a checked module may hold primitives, which nobody must take for objects.
        if self.checked.is_some() {
            code.flags |= CodeFlags::STATIC;
        }
        if self.counts_references() {
            code.flags |= CodeFlags::COUNTS_REFERENCES;
        }
        let block = Block::new(code);
        let unit = Unit { block, scopes: vec![scope], frame_blocks: Vec::new(), hidden: 0, classes: None };
        self.units.push(unit);
    }

    /// Whether the module reads variables of frames. Those of the library do so for others, who name them; its debuggers, which also trace, have users who see.
    fn sees_frames(&self) -> bool {
        self.scopes.names_variables_of_frames && (!self.options.is_library || self.scopes.names_tracing)
    }

    /// Finishes a code object.
    pub(crate) fn close_unit(&mut self) -> Code {
        let unit = self.units.pop().expect("units are opened and closed in pairs");
        assemble(unit.block)
    }

    /// The outermost code object, whose instructions `body` emits. One that awaits, where that is allowed, is a coroutine.
    fn root(&mut self, flags: CodeFlags, body: impl FnOnce(&mut Self) -> Emit) -> Result<Code, EmitError> {
        let suspends = self.options.top_level_await && self.scopes.table[self.scopes.module()].awaits;
        if !suspends {
            self.open_root(flags);
            body(self)?;
            return Ok(self.close_unit());
        }
        self.open_root(flags | CodeFlags::COROUTINE);
        self.nowhere();
        self.open_frame(true);
        body(self)?;
        Ok(self.close_unit())
    }

    fn open_root(&mut self, flags: CodeFlags) {
        let future =
            if self.future_annotations { CodeFlags::FUTURE_ANNOTATIONS } else { CodeFlags::default() };
        let strict = if self.options.is_strict { CodeFlags::STRICT } else { CodeFlags::default() };
        let seeing = if self.sees_frames() { CodeFlags::SEES_FRAMES } else { CodeFlags::default() };
        let code = Code {
            name: "<module>".to_owned(),
            qualname: "<module>".to_owned(),
            filename: self.options.filename.clone(),
            first_line: 1,
            flags: flags | future | strict | seeing,
            ..Code::default()
        };
        self.open_unit(self.scopes.module(), code);
    }

    fn module_body(&mut self, body: &'a [Stmt<'a>]) -> Emit {
        let mut rest = body;
        self.seal_module(body);
        self.future_end = future_end(body);
        if let Some(text) = docstring(body).filter(|_| self.options.optimize < 2 && !self.is_interactive) {
            self.at(body[0].span);
            self.load_const(doc_const(text));
            self.store_name("__doc__");
            rest = &body[1..];
        }
        self.module_annotations(body)?;
        self.stmts(rest)?;
        self.nowhere();
        self.freeze_classes();
        self.return_behind();
        Ok(())
    }

    // --- Small steps that every family uses ---

    /// Lines and columns of a span.
    pub(crate) fn range(&self, span: Span) -> SourceRange {
        let (start, end) = (self.lines.position(span.start), self.lines.position(span.end));
        SourceRange { line: start.line, end_line: end.line, column: start.column, end_column: end.column }
    }

    /// What follows comes from `span`; returns the previous range.
    pub(crate) fn at(&mut self, span: Span) -> SourceRange {
        let range = self.range(span);
        self.block().set_range(range)
    }

    /// What follows comes from `span`, but is blamed on the line of the attribute's name if the expression starts on another.
    pub(crate) fn at_attribute(&mut self, span: Span, attribute: &Expr<'_>) {
        let mut range = self.range(span);
        let end = self.lines.position(attribute.span.end);
        if let ExprKind::Attribute { attr, .. } = attribute.kind
            && range.line != end.line
        {
            range.line = end.line;
            range.column = end.column.saturating_sub(attr.chars().count() as u32);
        }
        self.block().set_range(range);
    }

    /// What follows comes from nowhere in particular.
    pub(crate) fn nowhere(&mut self) -> SourceRange {
        self.block().set_range(SourceRange::default())
    }

    /// Pushes a constant.
    pub(crate) fn load_const(&mut self, constant: Const) {
        let at = self.block().constant(constant);
        self.block().op(Opcode::LOAD_CONST, at);
    }

    /// Returns None behind the last statement, on no line of its own.
    pub(crate) fn return_behind(&mut self) {
        self.nowhere();
        self.return_none();
    }

    /// Returns None.
    pub(crate) fn return_none(&mut self) {
        if self.block().is_reachable() {
            self.load_const(Const::None);
            self.block().op0(Opcode::RETURN_VALUE);
        }
    }

    /// Fails at `span`.
    pub(crate) fn error<T>(&self, span: Span, message: impl Into<String>) -> Emit<T> {
        Err(EmitError::new(span, message))
    }
}

/// Where the last import from `__future__` ends that only a docstring and other such imports precede.
fn future_end(body: &[Stmt<'_>]) -> u32 {
    let body = if docstring(body).is_some() { &body[1..] } else { body };
    let is_future = |stmt: &&Stmt<'_>| {
        matches!(stmt.kind, StmtKind::ImportFrom { module: Some("__future__"), level: 0, .. })
    };
    body.iter().take_while(is_future).last().map_or(0, |stmt| stmt.span.end)
}
