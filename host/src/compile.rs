//! Source to code objects.
//!
//! A module that opens with `import __static__` is checked, and compiled to typed bytecode only if nothing is wrong with it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::Diagnostic;
use bumpalo::Bump;
use bytecode::{Code, CodeFlags};
use parser::SourceText;
use runtime::error;
use runtime::hooks::CompileMode;
use runtime::objects::code::CodeObject;
use runtime::objects::int;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::value::{PyResult, Raised, Ref};
use typeck::{ModuleId, ModuleLoader, Program};

use crate::cache::Slot;
use crate::files;
use crate::tree;

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
    /// The folders of a namespace package: all that have the name of a module without being one.
    pub fn folders(&self, name: &str) -> Vec<PathBuf> {
        let place =
            |directory: &PathBuf| name.split('.').fold(directory.clone(), |path, part| path.join(part));
        self.directories.iter().map(place).filter(|folder| folder.is_dir()).collect()
    }
}

impl ModuleLoader for SearchPath {
    fn load(&self, name: &str) -> Option<(String, String)> {
        // The library is dynamic; looking would be all that is ever done with it.
        let path = self.find(name).filter(|path| !path.starts_with(stdlib::library::ROOT))?;
        let source = lexer::decode(&std::fs::read(&path).ok()?).ok()?;
        Some((path.display().to_string(), source.text().to_owned()))
    }
}

/// A checked session and the module in it, for static modules; dynamic ones have none.
pub type Session<'p, 'a> = Option<(&'p Program<'a>, ModuleId)>;

/// Compiles a module and hands its session and code to `then`.
pub fn with_module<T>(
    source: SourceText,
    name: &str,
    path: &Path,
    loader: &dyn ModuleLoader,
    then: impl FnOnce(&SourceText, Session<'_, '_>, Code) -> T,
) -> Result<T, Rejected> {
    let arena = Bump::new();
    let reject = |diagnostics, syntax| Rejected { source: source.clone(), diagnostics, syntax };
    let semantic =
        |error: emit::EmitError| reject(vec![Diagnostic::error("syntax", error.span, error.message)], None);
    let tree = match parser::parse_module(&source, &arena) {
        Ok(tree) => tree,
        Err(error) => return Err(reject(vec![error.to_diagnostic()], Some(error))),
    };
    let filename: Arc<str> = path.display().to_string().into();
    let options = emit::Options { filename, optimize: 0, future_annotations: false };
    if !typeck::opts_in(tree.body) {
        let code = emit::emit_module(&tree, source.text(), &options).map_err(semantic)?;
        return Ok(then(&source, None, code));
    }
    let scopes = typeck::scope::analyse(&tree, false).map_err(|error| semantic(error.into()))?;
    let mut program = Program::new(&arena, loader);
    let module = program.add_main(name, &options.filename, source.text(), tree, scopes);
    program.check_module(module);
    match emit::Checked::new(&program, module) {
        Some(checked) => {
            let code = emit::emit_static_module(checked, &options).map_err(semantic)?;
            Ok(then(&source, Some((&program, module)), code))
        }
        None => Err(reject(program.modules[module].diagnostics.clone(), None)),
    }
}

/// The flag of `from __future__ import annotations`.
const FUTURE_ANNOTATIONS: i64 = 0x100_0000;
/// The flag that asks for a tree: `ast.PyCF_ONLY_AST`.
const ONLY_AST: i64 = 0x400;

/// The `compile` hook: gives a code object, or a tree if the flags say so.
pub fn compile(source: &str, filename: &str, mode: CompileMode, flags: i64) -> PyResult {
    let source = SourceText::new(source);
    let options = emit::Options {
        filename: filename.into(),
        optimize: 0,
        future_annotations: flags & FUTURE_ANNOTATIONS != 0,
    };
    let arena = Bump::new();
    let parsed = match mode {
        CompileMode::Exec => parser::parse_module(&source, &arena).map(Tree::Module),
        CompileMode::Single => parser::parse_interactive(&source, &arena).map(Tree::Interactive),
        CompileMode::Eval => parser::parse_expression(&source, &arena).map(Tree::Expression),
    };
    let tree = parsed.map_err(|error| raise_syntax_error(&source, filename, &error))?;
    if flags & ONLY_AST != 0 {
        return match &tree {
            Tree::Module(module) => tree::of_module("Module", module, source.lines()),
            Tree::Interactive(module) => tree::of_module("Interactive", module, source.lines()),
            Tree::Expression(expression) => tree::of_expression(expression, source.lines()),
        };
    }
    let emitted = match &tree {
        Tree::Module(module) => emit::emit_module(module, source.text(), &options),
        Tree::Interactive(module) => emit::emit_interactive(module, source.text(), &options),
        Tree::Expression(expression) => emit::emit_expression(expression, source.text(), &options),
    };
    let code = emitted.map_err(|error| {
        raise_syntax_error(&source, filename, &parser::SyntaxError::new(error.span, error.message))
    })?;
    CodeObject::new(Arc::new(code)).map(Into::into)
}

/// What the three modes parse.
enum Tree<'a> {
    Module(parser::ast::Module<'a>),
    Interactive(parser::ast::Module<'a>),
    Expression(parser::ast::Expression<'a>),
}

/// Raises everything that is wrong with a source as one `SyntaxError`, located at the first error.
pub fn raise_rejected(rejected: &Rejected, filename: &str) -> Raised {
    let first = rejected.diagnostics.first().expect("a rejected source has an error");
    match &rejected.syntax {
        Some(error) => raise_syntax_error(&rejected.source, filename, error),
        None => {
            let error = parser::SyntaxError::new(first.primary.span, first.message.clone());
            raise_syntax_error(&rejected.source, filename, &error)
        }
    }
}

/// Raises an error of the parser with CPython's arguments: message, (file, line, column, text, end line, end column).
pub fn raise_syntax_error(source: &SourceText, filename: &str, error: &parser::SyntaxError) -> Raised {
    let place = error.location(source);
    let text = format!("{}\n", source.line_text(place.line));
    let number = |value: u32| int::from_i64(value.into());
    let details = TupleObject::of([
        StrObject::new(filename).into(),
        number(place.line),
        number(place.offset),
        StrObject::new(&text).into(),
        number(place.end_line),
        number(place.end_offset),
    ]);
    let kind = match error.kind {
        parser::ErrorKind::Syntax => &error::types::SyntaxError,
        parser::ErrorKind::Indentation => &error::types::IndentationError,
        parser::ErrorKind::Tab => &error::types::TabError,
    };
    let message: Ref = StrObject::new(&error.message).into();
    error::raise_with_args(kind, &[message.value(), details.value()])
}

/// The code object of an imported file: what the cache keeps, or compiled, and then kept.
pub(crate) fn load_file(name: &str, path: &Path, loader: &dyn ModuleLoader) -> PyResult {
    let Some(slot) = files::identity(path).and_then(|identity| Slot::of(path, &identity)) else {
        return compile_file(name, path, loader);
    };
    if let Some(code) = slot.load(&path.display().to_string()) {
        return CodeObject::new(Arc::new(code)).map(Into::into);
    }
    let code = compile_file(name, path, loader)?;
    if let Some(code) = code.get::<CodeObject>()
        && !code.has(CodeFlags::STATIC)
    {
        slot.store(code.code());
    }
    Ok(code)
}

/// Decodes and compiles a file for a module of this name; gives a code object.
pub fn compile_file(name: &str, path: &Path, loader: &dyn ModuleLoader) -> PyResult {
    let shown = path.display().to_string();
    let bytes = match files::read(path) {
        Ok(bytes) => bytes,
        Err(os) => {
            let filename = StrObject::new(&shown);
            return Err(error::os_error(os.raw_os_error().unwrap_or(0), Some(filename.value())));
        }
    };
    let source = match lexer::decode(&bytes) {
        Ok(source) => source,
        Err(error) => {
            let text = SourceText::new(String::from_utf8_lossy(&bytes).into_owned());
            return Err(raise_syntax_error(&text, &shown, &error));
        }
    };
    error::print::register_source(&shown, source.text());
    compile_source(source, name, path, loader)
}

/// Compiles a text for a module of this name; static modules are looked for in the working directory.
pub fn compile_text(name: &str, path: &Path, text: &str) -> PyResult {
    let loader = SearchPath { directories: vec![PathBuf::from(".")] };
    compile_source(SourceText::new(text), name, path, &loader)
}

fn compile_source(source: SourceText, name: &str, path: &Path, loader: &dyn ModuleLoader) -> PyResult {
    match with_module(source, name, path, loader, |_, _, code| code) {
        Ok(code) => CodeObject::new(Arc::new(code)).map(Into::into),
        Err(rejected) => Err(raise_rejected(&rejected, &path.display().to_string())),
    }
}
