//! `compile()`, and the compilation behind `eval()` and `exec()`: sources, flags, file names.
//!
//! The flags are those of CPython's `ast.PyCF_...` and of the features of `__future__`; a code object inherits the features that are in force
//! where `compile()` is called, unless the call says otherwise.

use bytecode::CodeFlags;

use crate::buffer;
use crate::hooks::{self, Compilation, CompileMode, CompileSource};
use crate::names::names;
use crate::objects::bytes::BytesObject;
use crate::objects::code::CodeObject;
use crate::objects::str::StrObject;
use crate::protocol;
use crate::value::{PyResult, Value};

/// `ast.PyCF_ONLY_AST`
const ONLY_AST: i64 = 0x400;
/// The features of `__future__`, and nested scopes, which are no feature any more.
const FEATURES: i64 = 0x1fe_0010;
/// The other flags: imply no dedent, only a tree, type comments, `await` at the top level, incomplete input, optimized tree.
const SWITCHES: i64 = 0x200 | ONLY_AST | 0x1000 | 0x2000 | 0x4000 | 0x8000;

/// The optional arguments of `compile()`.
pub(super) struct Options {
    pub(super) flags: Option<i64>,
    pub(super) dont_inherit: Option<bool>,
    pub(super) optimize: Option<i64>,
    pub(super) feature_version: Option<i64>,
}

/// `compile(source, filename, mode, flags, dont_inherit, optimize)`
pub(super) fn compile(source: Value, filename: Value, mode: &str, options: Options) -> PyResult {
    let filename = file_name(filename)?;
    let mut flags = options.flags.unwrap_or(0);
    if flags & !(FEATURES | SWITCHES) != 0 {
        return Err(crate::raise!(ValueError, "compile(): unrecognised flags"));
    }
    let optimize = options.optimize.unwrap_or(-1);
    if !(-1..=2).contains(&optimize) {
        return Err(crate::raise!(ValueError, "compile(): invalid optimize value"));
    }
    if options.dont_inherit != Some(true) {
        flags |= inherited();
    }
    let is_tree = flags & ONLY_AST != 0;
    let mode = match mode {
        "exec" => CompileMode::Exec,
        "eval" => CompileMode::Eval,
        "single" => CompileMode::Single,
        "func_type" if is_tree => CompileMode::FunctionType,
        "func_type" => {
            let message = "compile() mode 'func_type' requires flag PyCF_ONLY_AST";
            return Err(crate::raise!(ValueError, "{message}"));
        }
        _ if is_tree => {
            let message = "compile() mode must be 'exec', 'eval', 'single' or 'func_type'";
            return Err(crate::raise!(ValueError, "{message}"));
        }
        _ => return Err(crate::raise!(ValueError, "compile() mode must be 'exec', 'eval' or 'single'")),
    };
    let optimize = u8::try_from(optimize).ok();
    run(
        source,
        Compilation {
            filename: &filename,
            mode,
            flags,
            feature_version: options.feature_version.filter(|&minor| is_tree && minor >= 0),
            optimize,
            wanted_by: "compile",
            source: CompileSource::Object(source),
        },
    )
}

/// The scopes of a source, which the hook describes.
pub fn scopes_of(source: Value, filename: Value, mode: &str) -> PyResult {
    let filename = file_name(filename)?;
    let mode = match mode {
        "exec" => CompileMode::Exec,
        "eval" => CompileMode::Eval,
        "single" => CompileMode::Single,
        _ => return Err(crate::raise!(ValueError, "symtable() arg 3 must be 'exec' or 'eval' or 'single'")),
    };
    if !source.is_instance::<StrObject>() && !buffer::is_bytes_like(source) {
        return Err(crate::raise!(TypeError, "symtable() arg 1 must be a string or bytes object"));
    }
    let how = Compilation {
        source: CompileSource::Object(source),
        filename: &filename,
        mode,
        flags: hooks::ONLY_SCOPES,
        feature_version: None,
        optimize: None,
        wanted_by: "symtable",
    };
    run(source, how)
}

/// The code of what `eval` or `exec` is given.
pub(super) fn for_run(name: &str, source: Value, mode: CompileMode) -> PyResult {
    let how = Compilation {
        source: CompileSource::Object(source),
        filename: "<string>",
        mode,
        flags: inherited(),
        feature_version: None,
        optimize: None,
        wanted_by: name,
    };
    let is_text = source.is_instance::<StrObject>() || buffer::is_bytes_like(source);
    if !is_text {
        return Err(crate::raise!(TypeError, "{name}() arg 1 must be a string, bytes or code object"));
    }
    run(source, how)
}

/// Compiles a source with everything but the source as `how` says.
fn run(source: Value, how: Compilation<'_>) -> PyResult {
    let compile = hooks::hooks().compile;
    // Blanks in front of what `eval` is given are no indentation; to `compile` they are.
    let is_eval = how.mode == CompileMode::Eval && how.wanted_by == "eval";
    let blanks = if is_eval { [' ', '\t'].as_slice() } else { &[] };
    if let Some(text) = source.get::<StrObject>() {
        let text = text.to_utf8()?;
        check_nulls(text.as_bytes())?;
        crate::tell!("compile", BytesObject::new(text.as_bytes()), StrObject::new(how.filename));
        return compile(&Compilation { source: CompileSource::Text(text.trim_start_matches(blanks)), ..how });
    }
    if buffer::is_bytes_like(source) {
        let data = buffer::to_vec(source)?;
        check_nulls(&data)?;
        crate::tell!("compile", BytesObject::new(&data), StrObject::new(how.filename));
        let start = data.iter().take_while(|byte| blanks.contains(&char::from(**byte))).count();
        return compile(&Compilation { source: CompileSource::Bytes(&data[start..]), ..how });
    }
    compile(&how)
}

fn check_nulls(source: &[u8]) -> PyResult<()> {
    if source.contains(&0) {
        return Err(crate::raise!(SyntaxError, "source code string cannot contain null bytes"));
    }
    Ok(())
}

/// The features of `__future__` that are in force in the calling code.
fn inherited() -> i64 {
    let caller = (hooks::hooks().frame)(0);
    let code = caller.as_ref().and_then(|frame| frame.code.get::<CodeObject>());
    code.map_or(0, |code| i64::from(code.code().flags.0 & CodeFlags::FUTURE_ANNOTATIONS.0))
}

/// A file name: text, bytes, or what has a path.
fn file_name(name: Value) -> PyResult<String> {
    if let Some(text) = name.get::<StrObject>() {
        return Ok(text.to_string_lossy());
    }
    if let Some(data) = name.get::<BytesObject>() {
        return Ok(String::from_utf8_lossy(data.as_slice()).into_owned());
    }
    match protocol::attribute::call_special(name, names().__fspath__, &[])? {
        Some(path) if path.is_instance::<StrObject>() || path.is_instance::<BytesObject>() => {
            file_name(path.value())
        }
        Some(path) => {
            let (class, got) = (name.ty().name(), path.ty().name());
            Err(crate::raise!(TypeError, "expected {class}.__fspath__() to return str or bytes, not {got}"))
        }
        None => {
            let got = name.ty().name();
            Err(crate::raise!(TypeError, "expected str, bytes or os.PathLike object, not {got}"))
        }
    }
}
