//! Source to code objects.
//!
//! A module that opens with `import __static__` is checked, and compiled to typed bytecode only if nothing is wrong with it.

use std::path::{Path, PathBuf};

use base::{Diagnostic, LineIndex, Severity, Span};
use bumpalo::Bump;
use bytecode::{Code, CodeFlags};
use emit::Doubt;
use parser::SourceText;
use parser::ast::StmtKind;
use parser::feature_version;
use parser::type_comments::{self, TypeComments};
use runtime::hooks::{self, Compilation, CompileMode, CompileSource, ModuleText};
use runtime::objects;
use runtime::objects::code::CodeObject;
use runtime::objects::int;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::value::{Py, PyResult, Raised, Ref, Value};
use runtime::{error, raise};
use typeck::strict::Subject;
use typeck::{Markers, ModuleId, ModuleLoader, Program};

use crate::cache::Slot;
use crate::decode;
use crate::files;
use crate::premises::{Known, Premises, Recorder};
use crate::read_tree::{self, Root};
use crate::room::{self, with_room};
use crate::settings::{Level, Settings, find_stub};
use crate::{import, scopes, strict_error, tree, warning};

/// What is wrong with a source text, all of it.
pub struct Rejected {
    /// The text.
    pub source: SourceText,
    /// At least one error.
    pub diagnostics: Vec<Diagnostic>,
    /// The parser's own error, where that is what stopped the compilation.
    pub syntax: Option<parser::SyntaxError>,
}

/// Finds static modules below the directories of a search path.
pub struct SearchPath {
    /// The directories, in order.
    pub directories: Vec<PathBuf>,
}

impl SearchPath {
    /// The file of a module: a package's `__init__.py`, or `name.py`.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        self.directories.iter().find_map(|directory| {
            let base = name.split('.').fold(directory.clone(), |path, part| path.join(part));
            let file = base.with_file_name(format!("{}.py", base.file_name()?.to_str()?));
            [base.join("__init__.py"), file].into_iter().find(|candidate| files::is_file(candidate))
        })
    }
}

impl SearchPath {
    /// Whether a module lies in a directory in front of the library.
    pub(crate) fn hides(&self, name: &str) -> bool {
        let is_other = |path: &&PathBuf| !path.starts_with(stdlib::library::ROOT);
        let before =
            SearchPath { directories: self.directories.iter().take_while(is_other).cloned().collect() };
        before.find(name).is_some() || before.has_compiled(name)
    }

    /// The folders of a namespace package: all that have the name of a module without being one.
    pub fn folders(&self, name: &str) -> Vec<PathBuf> {
        let place =
            |directory: &PathBuf| name.split('.').fold(directory.clone(), |path, part| path.join(part));
        self.directories.iter().map(place).filter(|folder| folder.is_dir()).collect()
    }

    /// Whether a module has a compiled file in the place of its source.
    pub(crate) fn has_compiled(&self, name: &str) -> bool {
        let names = [format!("{name}.pyc"), format!("{name}/__init__.pyc")];
        self.directories.iter().any(|directory| names.iter().any(|name| directory.join(name).is_file()))
    }
}

impl ModuleLoader for SearchPath {
    fn load(&self, name: &str) -> Option<(String, String)> {
        // The library is dynamic; looking would be all that is ever done with it.
        let path = self.find(name).filter(|path| !path.starts_with(stdlib::library::ROOT))?;
        let source = lexer::decode(&std::fs::read(&path).ok()?).ok()?;
        Some((path.display().to_string(), source.text().to_owned()))
    }

    fn stub(&self, folder: Option<&str>, name: &str) -> Option<(String, String)> {
        match folder {
            Some(folder) => find_stub(&[PathBuf::from(folder)], name),
            None => find_stub(&self.directories, name),
        }
    }

    fn is_module(&self, name: &str) -> bool {
        self.find(name).is_some() || !self.folders(name).is_empty() || self.has_compiled(name)
    }
}

/// A checked session and the module in it, for static modules; dynamic ones have none.
pub type Session<'p, 'a> = Option<(&'p Program<'a>, ModuleId)>;

/// What a module is compiled to.
pub struct Compiled {
    /// Its code.
    pub code: Code,
    /// What is worth a warning.
    pub doubts: Vec<Doubt>,
    /// What importing it does that is no reason to refuse it.
    pub remarks: Vec<Diagnostic>,
}

/// What importing a module would do, as serious as `level` says.
pub fn effects(
    loader: &dyn ModuleLoader,
    settings: &Settings,
    level: Level,
    name: &str,
    path: &Path,
    source: &SourceText,
) -> Vec<Diagnostic> {
    let Some(severity) = level.severity() else { return Vec::new() };
    let path = path.display().to_string();
    let subject = Subject { name, path: &path, source: source.text() };
    let mut found = typeck::strict::findings(loader, &settings.options, subject);
    for finding in &mut found {
        if finding.severity == Severity::Error {
            finding.severity = severity;
        }
    }
    found
}

/// A module to compile.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    /// Its name.
    pub name: &'r str,
    /// Its file.
    pub path: &'r Path,
    /// Where it finds others.
    pub loader: &'r dyn ModuleLoader,
    /// Without them those of the file hold, if it is analysed.
    pub settings: Option<&'r Settings>,
    /// What it is besides what it says itself.
    pub opted_in: Markers,
    /// The level of optimization; `None` for that of the process.
    pub optimize: Option<u8>,
}

impl<'r> Request<'r> {
    /// A module that is what it says.
    pub fn new(name: &'r str, path: &'r Path, loader: &'r dyn ModuleLoader) -> Self {
        Self { name, path, loader, settings: None, opted_in: Markers::default(), optimize: None }
    }
}

/// Compiles a module and hands its session and code to `then`.
pub fn with_module<T>(
    source: SourceText,
    request: &Request<'_>,
    then: impl FnOnce(&SourceText, Session<'_, '_>, Compiled) -> T,
) -> Result<T, Rejected> {
    let Request { name, path, loader, settings, opted_in, optimize } = *request;
    let arena = Bump::new();
    let reject = |diagnostics, syntax| Rejected { source: source.clone(), diagnostics, syntax };
    let semantic =
        |error: emit::EmitError| reject(vec![Diagnostic::error("SP0003", error.span, error.message)], None);
    let tree = match parser::parse_module(&source, &arena) {
        Ok(tree) => tree,
        Err(error) => return Err(reject(vec![error.to_diagnostic()], Some(error))),
    };
    let depth = tree.depth();
    let misplaced =
        with_room(depth, || typeck::misplaced(tree.body)).ok_or_else(|| reject(no_room(), None))?;
    if !misplaced.is_empty() {
        return Err(reject(misplaced, None));
    }
    let markers = typeck::markers(tree.body).union(opted_in);
    let options = emit::Options {
        filename: path.display().to_string().into(),
        optimize: optimize.unwrap_or_else(optimization),
        is_strict: markers.is_strict(),
        trap_overflow: crate::options::trap_overflow(),
        patching: runtime::freeze::is_patching(),
        counts_references: markers.is_static && runtime::objects::code::is_counting(),
        is_library: path.to_str().is_some_and(stdlib::library::is_file),
        ..emit::Options::default()
    };
    // The program itself is what is to happen.
    let mut remarks = Vec::new();
    if markers.is_analysed && name != MAIN {
        let settings = settings.cloned().unwrap_or_else(|| Settings::of_import(path));
        remarks = effects(loader, &settings, settings.effects, name, path, &source);
        if remarks.iter().any(|found| found.severity == Severity::Error) {
            return Err(reject(remarks, None));
        }
    }
    if !markers.is_static {
        let text = source.text();
        let pass = || (emit::doubts_of_module(&tree), emit::emit_module(&tree, text, &options));
        let (doubts, code) = with_room(depth, pass).ok_or_else(|| reject(no_room(), None))?;
        let code = code.map_err(semantic)?;
        return Ok(then(&source, None, Compiled { code, doubts, remarks }));
    }
    if !room::is_enough(depth) {
        return Err(reject(no_room(), None));
    }
    let doubts = emit::doubts_of_module(&tree);
    let scopes = typeck::scope::analyse(&tree, false).map_err(|error| semantic(error.into()))?;
    let mut program = Program::new(&arena, loader);
    let module = program.add_main(name, &options.filename, source.text(), tree, scopes);
    program.check_module(module);
    match emit::Checked::new(&program, module) {
        Some(checked) => {
            let code = emit::emit_static_module(checked, &options).map_err(semantic)?;
            Ok(then(&source, Some((&program, module)), Compiled { code, doubts, remarks }))
        }
        None => Err(reject(program.modules[module].diagnostics.clone(), None)),
    }
}

/// The finding about a tree that passes have no stack for.
fn no_room() -> Vec<Diagnostic> {
    vec![Diagnostic::error("SP0003", Span::at(0), "source nests too deeply for the stack that is left")]
}

/// The same as a program hears it.
fn too_deep() -> Raised {
    raise!(RecursionError, "maximum recursion depth exceeded during compilation")
}

/// The level of `-O`.
fn optimization() -> u8 {
    crate::options::optimize() as u8
}

/// The flag of `from __future__ import annotations`.
const FUTURE_ANNOTATIONS: i64 = 0x100_0000;
/// The flag that lets a module await: `ast.PyCF_ALLOW_TOP_LEVEL_AWAIT`.
const ALLOW_TOP_LEVEL_AWAIT: i64 = 0x2000;
/// The flag that asks for a tree: `ast.PyCF_ONLY_AST`.
const ONLY_AST: i64 = 0x400;

/// What the flag for an optimized tree has besides.
const OPTIMIZED_AST: i64 = 0x8000;
/// The flag that lets input end inside a block only behind an empty line: `PyCF_DONT_IMPLY_DEDENT`.
const DONT_IMPLY_DEDENT: i64 = 0x200;

/// The flag that asks for type comments: `PyCF_TYPE_COMMENTS`.
const TYPE_COMMENTS: i64 = 0x1000;

/// The flag that tells input that may go on apart from what is wrong: `PyCF_ALLOW_INCOMPLETE_INPUT`.
const ALLOW_INCOMPLETE_INPUT: i64 = 0x4000;

/// Whether what is wrong with a text is that it ends: more could make it right.
fn is_incomplete(error: &parser::SyntaxError) -> bool {
    const OPEN: [&str; 3] = ["was never closed", "unterminated triple-quoted", "unexpected EOF"];
    error.is_incomplete || OPEN.iter().any(|words| error.message.contains(words))
}

/// The `compile` hook: gives a code object, or a tree if the flags say so.
pub fn compile(how: &Compilation<'_>) -> PyResult {
    match how.source {
        CompileSource::Text(text) => compile_parsed(&SourceText::new(text), how),
        CompileSource::Bytes(bytes) => compile_parsed(&decode::source(bytes, how.filename, false)?, how),
        CompileSource::Object(object) => {
            if !read_tree::is_node(object)? {
                let name = how.wanted_by;
                return Err(raise!(TypeError, "{name}() arg 1 must be a string, bytes or AST object"));
            }
            compile_tree(object, how)
        }
    }
}

fn compile_parsed(source: &SourceText, how: &Compilation<'_>) -> PyResult {
    let arena = Bump::new();
    let parsed = match how.mode {
        CompileMode::Exec => parser::parse_module(source, &arena).map(Tree::Module),
        CompileMode::Single => parser::parse_interactive(source, &arena).map(Tree::Interactive),
        CompileMode::Eval => parser::parse_expression(source, &arena).map(Tree::Expression),
        CompileMode::FunctionType => return function_type(source, how),
    };
    let tree = parsed.map_err(|error| raise_refused(source, how, &error))?;
    if let Some(error) = unfinished_block(source, &tree, how.flags) {
        if how.flags & ALLOW_INCOMPLETE_INPUT != 0 {
            return Err(raise!(_IncompleteInputError, "incomplete input"));
        }
        return Err(raise_syntax_error(source, how.filename, &error));
    }
    if let Some(error) = how.feature_version.and_then(|minor| tree.too_new(source, minor)) {
        return Err(raise_syntax_error(source, how.filename, &error));
    }
    if how.flags & ONLY_AST != 0 {
        before_objects(source, how, tree.warnings(), tree.depth())?;
        let comments = match &tree {
            Tree::Module(module) | Tree::Interactive(module) if how.flags & TYPE_COMMENTS != 0 => {
                let found = type_comments::type_comments(module, source);
                found.map_err(|error| raise_syntax_error(source, how.filename, &error))?
            }
            _ => TypeComments::default(),
        };
        return match &tree {
            Tree::Module(module) => tree::of_module("Module", module, &comments, source.lines()),
            Tree::Interactive(module) => tree::of_module("Interactive", module, &comments, source.lines()),
            Tree::Expression(expression) => tree::of_expression(expression, source.lines()),
        };
    }
    if how.flags & hooks::ONLY_SCOPES != 0 {
        let analysed = with_room(tree.depth(), || match &tree {
            Tree::Module(module) | Tree::Interactive(module) => typeck::scope::analyse(module, false),
            Tree::Expression(expression) => typeck::scope::analyse_expression(expression),
        });
        let scopes = analysed.ok_or_else(too_deep)?.map_err(|error| {
            let place = Located { source, lines: None };
            raise_located(place, how.filename, &parser::SyntaxError::new(error.span, error.message))
        })?;
        if !room::is_enough(tree.depth()) {
            return Err(too_deep());
        }
        return Ok(scopes::of(&scopes, source.lines()));
    }
    emit_tree(&tree, source, how, None)
}

/// The tree of the type of a function, of which nothing else is made.
fn function_type(source: &SourceText, how: &Compilation<'_>) -> PyResult {
    let arena = Bump::new();
    let parsed = parser::parse_function_type(source, &arena);
    let ty = parsed.map_err(|error| raise_refused(source, how, &error))?;
    let too_new = |minor| feature_version::too_new_in_function_type(&ty, source, minor);
    if let Some(error) = how.feature_version.and_then(too_new) {
        return Err(raise_syntax_error(source, how.filename, &error));
    }
    before_objects(source, how, ty.warnings, ty.depth())?;
    tree::of_function_type(&ty, source.lines())
}

/// Raises what the parser has found.
fn raise_refused(source: &SourceText, how: &Compilation<'_>, error: &parser::SyntaxError) -> Raised {
    if how.flags & ALLOW_INCOMPLETE_INPUT != 0 && is_incomplete(error) {
        return raise!(_IncompleteInputError, "incomplete input");
    }
    raise_syntax_error(source, how.filename, error)
}

/// What comes before a tree is made of objects: the parser's warnings, and a look whether there is room.
fn before_objects(
    source: &SourceText,
    how: &Compilation<'_>,
    warnings: &[parser::ast::Warning<'_>],
    depth: u16,
) -> PyResult<()> {
    warning::issue(source, how.filename, &emit::doubts_of_parser(warnings))?;
    // Objects are made by the thread whose they are.
    if !room::is_enough(depth) {
        return Err(raise!(RecursionError, "maximum recursion depth exceeded during ast construction"));
    }
    Ok(())
}

/// Compiles a tree of objects; one that a tree is asked for is the answer itself.
fn compile_tree(object: Value, how: &Compilation<'_>) -> PyResult {
    if how.flags & (ONLY_AST | OPTIMIZED_AST) == ONLY_AST {
        // Whatever its root is.
        return Ok(object.to_ref());
    }
    let wanted = match how.mode {
        CompileMode::Exec => "Module",
        CompileMode::Single => "Interactive",
        CompileMode::Eval => "Expression",
        CompileMode::FunctionType => {
            read_tree::expect_root(object, "FunctionType")?;
            return Ok(object.to_ref());
        }
    };
    let arena = Bump::new();
    let (root, lines) = read_tree::read(object, wanted, &arena)?;
    if how.flags & ONLY_AST != 0 {
        return Ok(object.to_ref());
    }
    let tree = match root {
        Root::Module(module) if how.mode == CompileMode::Single => Tree::Interactive(module),
        Root::Module(module) => Tree::Module(module),
        Root::Expression(expression) => Tree::Expression(expression),
    };
    emit_tree(&tree, &SourceText::new(""), how, Some(lines))
}

/// Bytecode of a tree; `lines` says where spans are if there is no text.
fn emit_tree(
    tree: &Tree<'_>,
    source: &SourceText,
    how: &Compilation<'_>,
    lines: Option<LineIndex>,
) -> PyResult {
    let options = emit::Options {
        filename: how.filename.into(),
        optimize: how.optimize.unwrap_or_else(optimization),
        future_annotations: how.flags & FUTURE_ANNOTATIONS != 0,
        top_level_await: how.flags & ALLOW_TOP_LEVEL_AWAIT != 0,
        lines,
        is_strict: false,
        trap_overflow: false,
        patching: false,
        counts_references: false,
        is_library: false,
    };
    let place = Located { source, lines: options.lines.as_ref() };
    let text = source.text();
    let pass = || (tree.doubts(), tree.emit(text, &options));
    let (doubts, emitted) = with_room(tree.depth(), pass).ok_or_else(too_deep)?;
    warning::issue_at(place, how.filename, &doubts)?;
    let code = emitted.map_err(|error| {
        raise_located(place, how.filename, &parser::SyntaxError::new(error.span, error.message))
    })?;
    Ok(CodeObject::of(code).into())
}

/// What is wrong with one interactive statement that is a block and does not end in a line end: more lines may follow. The end of the input is
/// taken for the end of an indented block unless the flags say otherwise.
fn unfinished_block(source: &SourceText, tree: &Tree<'_>, flags: i64) -> Option<parser::SyntaxError> {
    let Tree::Interactive(module) = tree else { return None };
    let is_block = module.body.last().is_some_and(|last| {
        matches!(
            last.kind,
            StmtKind::FunctionDef(_)
                | StmtKind::AsyncFunctionDef(_)
                | StmtKind::ClassDef(_)
                | StmtKind::For { .. }
                | StmtKind::AsyncFor { .. }
                | StmtKind::While { .. }
                | StmtKind::If { .. }
                | StmtKind::With { .. }
                | StmtKind::AsyncWith { .. }
                | StmtKind::Match { .. }
                | StmtKind::Try(_)
                | StmtKind::TryStar(_)
        )
    });
    let text = source.text();
    let is_indented = text.lines().last().is_some_and(|line| line.starts_with([' ', '\t']));
    let is_open = is_block && !text.ends_with('\n') && (!is_indented || flags & DONT_IMPLY_DEDENT != 0);
    is_open.then(|| parser::SyntaxError::new(Span::at(text.len() as u32), "invalid syntax").open_ended())
}

/// What the three modes parse.
enum Tree<'a> {
    Module(parser::ast::Module<'a>),
    Interactive(parser::ast::Module<'a>),
    Expression(parser::ast::Expression<'a>),
}

impl<'a> Tree<'a> {
    fn warnings(&self) -> &'a [parser::ast::Warning<'a>] {
        match self {
            Tree::Module(module) | Tree::Interactive(module) => module.warnings,
            Tree::Expression(expression) => expression.warnings,
        }
    }

    fn depth(&self) -> u16 {
        match self {
            Tree::Module(module) | Tree::Interactive(module) => module.depth(),
            Tree::Expression(expression) => expression.depth(),
        }
    }

    fn too_new(&self, source: &SourceText, minor: i64) -> Option<parser::SyntaxError> {
        match self {
            Tree::Module(module) | Tree::Interactive(module) => {
                feature_version::too_new_in_module(module, source, minor)
            }
            Tree::Expression(expression) => {
                feature_version::too_new_in_expression(expression.body, source, minor)
            }
        }
    }

    fn emit(&self, text: &str, options: &emit::Options) -> Result<Code, emit::EmitError> {
        match self {
            Tree::Module(module) => emit::emit_module(module, text, options),
            Tree::Interactive(module) => emit::emit_interactive(module, text, options),
            Tree::Expression(expression) => emit::emit_expression(expression, text, options),
        }
    }

    fn doubts(&self) -> Vec<Doubt> {
        match self {
            Tree::Module(module) | Tree::Interactive(module) => emit::doubts_of_module(module),
            Tree::Expression(expression) => emit::doubts_of_expression(expression),
        }
    }
}

/// Raises everything that is wrong with a source as one `SyntaxError`, located at the first error.
pub fn raise_rejected(rejected: &Rejected, filename: &str) -> Raised {
    let mut errors = rejected.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    let first = errors.next().expect("a rejected source has an error");
    match &rejected.syntax {
        Some(error) => raise_syntax_error(&rejected.source, filename, error),
        None if first.code.starts_with("SP08") => strict_error::raise(&rejected.source, filename, first),
        None => {
            let error = parser::SyntaxError::new(first.primary.span, first.message.clone());
            raise_located(Located { source: &rejected.source, lines: None }, filename, &error)
        }
    }
}

/// A text, or only the lines of one that is not there.
#[derive(Clone, Copy)]
pub(crate) struct Located<'s> {
    pub(crate) source: &'s SourceText,
    pub(crate) lines: Option<&'s LineIndex>,
}

/// Raises an error that was found behind the parser, about a text or about a tree that has none. Like CPython's compiler, which has no
/// text either, it shows the line of the file that the source says to come from, if there is one.
pub(crate) fn raise_located(place: Located<'_>, filename: &str, error: &parser::SyntaxError) -> Raised {
    let lines = place.lines.unwrap_or_else(|| place.source.lines());
    let (start, end) = (lines.position(error.span.start), lines.position(error.span.end));
    let number = |value: u32| int::from_i64(value.into());
    let line = file_line(filename, start.line).map_or_else(|| objects::none().to_ref(), Into::into);
    let details = TupleObject::of([
        StrObject::new(filename).into(),
        number(start.line),
        number(start.column + 1),
        line,
        number(end.line),
        number(end.column + 1),
    ]);
    let message: Ref = StrObject::new(&error.message).into();
    error::raise_with_args(&error::types::SyntaxError, &[message.value(), details.value()])
}

/// The line of a file that a tree says to come from.
fn file_line(filename: &str, line: u32) -> Option<Py<StrObject>> {
    // Texts under such names are kept for tracebacks only.
    if filename.starts_with('<') && filename.ends_with('>') {
        return None;
    }
    let text = error::print::source_line(filename, line)?;
    Some(StrObject::new(&format!("{text}\n")))
}

/// Raises an error of the parser with CPython's arguments: message, (file, line, column, text, end line, end column).
pub fn raise_syntax_error(source: &SourceText, filename: &str, error: &parser::SyntaxError) -> Raised {
    let kind = match error.kind {
        parser::ErrorKind::Syntax => &error::types::SyntaxError,
        parser::ErrorKind::Indentation => &error::types::IndentationError,
        parser::ErrorKind::Tab => &error::types::TabError,
    };
    error::raise_with_args(kind, &syntax_error_args(source, filename, error).each_ref().map(Ref::value))
}

/// The arguments of a `SyntaxError`.
pub(crate) fn syntax_error_args(
    source: &SourceText,
    filename: &str,
    error: &parser::SyntaxError,
) -> [Ref; 2] {
    let place = error.location(source);
    let text = source.line_text(place.line);
    // A line with a null byte is shown as far as it is a text, and no place in it.
    let (text, offset, end_offset) = match text.split_once('\0') {
        Some((start, _)) => (start.to_owned(), 0, 0),
        None => (format!("{text}\n"), place.offset, place.end_offset),
    };
    let number = |value: u32| int::from_i64(value.into());
    let details = TupleObject::of([
        StrObject::new(filename).into(),
        number(place.line),
        number(offset),
        StrObject::new(&text).into(),
        number(place.end_line),
        number(end_offset),
    ]);
    [StrObject::new(&error.message).into(), details.into_ref()]
}

/// The name of the module that a program is.
pub(crate) const MAIN: &str = "__main__";

/// The code object of a file: what the cache keeps, or compiled, and then kept. The program itself is kept if it is static, and there is
/// nothing to warn of each time.
pub(crate) fn load_file(name: &str, path: &Path, loader: &dyn ModuleLoader) -> PyResult {
    let shown = path.display().to_string();
    let slot = files::identity(path).and_then(|identity| Slot::of(path, &identity));
    let admit = |premises: Option<&Premises>| {
        let holds =
            |premises: &Premises| premises.hold(name, &Settings::of_import(path), loader, &Known::default());
        premises.map_or(name != MAIN, holds)
    };
    if let Some(code) = slot.as_ref().and_then(|slot| slot.load(&shown, admit)) {
        return Ok(CodeObject::of(code).into());
    }
    let recorder = Recorder::new(loader);
    let compiled = compile_file(name, path, &recorder)?;
    if let Some(slot) = slot {
        let rests_on_others = compiled.code.flags.intersects(CodeFlags::STATIC | CodeFlags::STRICT);
        let premises = rests_on_others.then(|| recorder.premises(name, &Settings::of_import(path)));
        if name != MAIN || (premises.is_some() && compiled.doubts.is_empty()) {
            slot.store(&compiled.code, premises.as_ref());
        }
    }
    Ok(CodeObject::of(compiled.code).into())
}

/// The code object of a file without its first line, of which only the end is left, so that the others keep their numbers.
pub(crate) fn load_behind_first_line(name: &str, path: &Path, loader: &dyn ModuleLoader) -> PyResult {
    fn behind_first_line(bytes: &[u8]) -> &[u8] {
        &bytes[memchr::memchr(b'\n', bytes).unwrap_or(bytes.len())..]
    }
    let compiled = compile_part(name, path, loader, behind_first_line)?;
    Ok(CodeObject::of(compiled.code).into())
}

/// Decodes and compiles a file for a module of this name.
fn compile_file(name: &str, path: &Path, loader: &dyn ModuleLoader) -> PyResult<Compiled> {
    compile_part(name, path, loader, |bytes| bytes)
}

/// Decodes and compiles a part of a file.
fn compile_part(
    name: &str,
    path: &Path,
    loader: &dyn ModuleLoader,
    part: impl FnOnce(&[u8]) -> &[u8],
) -> PyResult<Compiled> {
    let shown = path.display().to_string();
    let bytes = match files::read(path) {
        Ok(bytes) => bytes,
        Err(os) => {
            let filename = StrObject::new(&shown);
            return Err(error::os_error(os.raw_os_error().unwrap_or(0), Some(filename.value())));
        }
    };
    let source = decode::source(part(&bytes), &shown, true)?;
    error::print::register_source(&shown, source.text());
    compile_source(source, &Request::new(name, path, loader))
}

/// The `compile_module` hook. Static modules that it imports are looked for on `sys.path`.
pub(crate) fn compile_module(module: &ModuleText<'_>) -> PyResult {
    let source = match module.source {
        CompileSource::Text(text) => SourceText::new(text),
        CompileSource::Bytes(bytes) => decode::source(bytes, module.filename, true)?,
        CompileSource::Object(_) => {
            return Err(raise!(TypeError, "a module is compiled from a str or bytes"));
        }
    };
    error::print::register_source(module.filename, source.text());
    let loader = SearchPath { directories: import::sys_path()? };
    let opted_in = Markers { is_static: module.is_static, is_analysed: module.is_strict };
    let path = Path::new(module.filename);
    let compiled = compile_source(
        source,
        &Request { opted_in, optimize: module.optimize, ..Request::new(module.name, path, &loader) },
    )?;
    Ok(CodeObject::of(compiled.code).into())
}

/// Compiles a text for a module of this name; static modules are looked for in the working directory.
pub fn compile_text(name: &str, path: &Path, text: &str) -> PyResult {
    let loader = SearchPath { directories: vec![PathBuf::from(".")] };
    let compiled = compile_source(SourceText::new(text), &Request::new(name, path, &loader))?;
    Ok(CodeObject::of(compiled.code).into())
}

/// Compiles a source, and issues its warnings.
fn compile_source(source: SourceText, request: &Request<'_>) -> PyResult<Compiled> {
    let filename = request.path.display().to_string();
    let compiled = with_module(source, request, |source, _, compiled| {
        warning::issue(source, &filename, &compiled.doubts).map(|()| compiled)
    });
    compiled.unwrap_or_else(|rejected| Err(raise_rejected(&rejected, &filename)))
}
