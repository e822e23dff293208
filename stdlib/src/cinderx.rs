//! `_cinderx`: what the Python modules `cinderx` and `cinderx.jit` need of the runtime and of the compiler.

use runtime::header::flags;
use runtime::hooks::{self, CompileSource, CompilerAnswer, CompilerRequest, ModuleText};
use runtime::objects::bytes::BytesObject;
use runtime::objects::dict::DictObject;
use runtime::objects::function::FunctionObject;
use runtime::objects::list::ListObject;
use runtime::objects::method::MethodObject;
use runtime::objects::module::ModuleObject;
use runtime::objects::str::StrObject;
use runtime::objects::tuple::TupleObject;
use runtime::objects::{self, float, int};
use runtime::type_object::type_flags;
use runtime::{PyResult, Ref, TypeObject, Value, buffer, gc, native_library, py_functions};

/// Fills the module.
pub(crate) fn fill(module: &ModuleObject) -> PyResult<()> {
    module.add_functions(FUNCTIONS);
    Ok(())
}

/// The Python function that a value is, or that a method is bound to.
fn function_of<'a>(value: Value) -> PyResult<&'a FunctionObject> {
    let bound = value.get::<MethodObject>().and_then(|method| method.function.get());
    let function = bound.unwrap_or(value).get::<FunctionObject>();
    function.ok_or_else(|| runtime::raise!(TypeError, "expected a function, not '{}'", value.ty().name()))
}

fn class_of<'a>(value: Value) -> PyResult<&'a TypeObject> {
    let class = value.get::<TypeObject>();
    class.ok_or_else(|| runtime::raise!(TypeError, "expected a type, not '{}'", value.ty().name()))
}

fn ask(request: CompilerRequest<'_>) -> Ref {
    match (hooks::hooks().compiler)(request) {
        CompilerAnswer::Truth(truth) => objects::bool(truth).to_ref(),
        CompilerAnswer::Number(number) => int::from_i64(number),
        CompilerAnswer::Texts(texts) => {
            ListObject::new(texts.iter().map(|text| StrObject::new(text).into()).collect()).into()
        }
        CompilerAnswer::Lists(lists) => {
            let dict = DictObject::new();
            for (name, texts) in lists {
                let texts = texts.iter().map(|text| StrObject::new(text).into()).collect();
                dict.set_text(name, ListObject::new(texts));
            }
            dict.into()
        }
        CompilerAnswer::Counts(counts) => {
            let dict = DictObject::new();
            for (name, count) in counts {
                dict.set_text(&name, int::from_i64(count));
            }
            dict.into()
        }
        CompilerAnswer::Numbers(numbers) => {
            let dict = DictObject::new();
            for (name, number) in numbers {
                dict.set_text(name, float::new(number));
            }
            dict.into()
        }
        CompilerAnswer::Code(codes) => {
            let entries = codes.into_iter().map(|(name, address, bytes)| {
                let parts = [
                    StrObject::new(&name).into(),
                    int::from_u64(address as u64),
                    BytesObject::new(&bytes).into(),
                ];
                TupleObject::new(parts.into()).into()
            });
            ListObject::new(entries.collect()).into()
        }
    }
}

py_functions! { static FUNCTIONS;
    /// Go on or stop compiling functions; the result is what held before.
    "enable(flag, /)"
    fn enable(flag: bool) -> Ref {
        ask(CompilerRequest::Enable(flag))
    }
    /// Whether functions are compiled.
    "is_enabled()"
    fn is_enabled() -> Ref {
        ask(CompilerRequest::IsEnabled)
    }
    /// Compile a function now; whether it has machine code.
    "force_compile(function, /)"
    fn force_compile(function: Value) -> PyResult {
        Ok(ask(CompilerRequest::Compile(function_of(function)?)))
    }
    /// Leave the machine code of a function; whether it had some.
    "force_uncompile(function, /)"
    fn force_uncompile(function: Value) -> PyResult {
        Ok(ask(CompilerRequest::Uncompile(function_of(function)?)))
    }
    /// Leave the machine code of all functions.
    "uncompile_all()"
    fn uncompile_all() {
        ask(CompilerRequest::UncompileAll);
    }
    /// Whether a function has machine code.
    "is_jit_compiled(function, /)"
    fn is_jit_compiled(function: Value) -> Ref {
        match function_of(function) {
            Ok(function) => ask(CompilerRequest::IsCompiled(function)),
            Err(raised) => {
                drop(runtime::thread().take_raised(raised));
                objects::bool(false).to_ref()
            }
        }
    }
    /// Never compile a function, or do so again.
    "suppress(function, flag, /)"
    fn suppress(function: Value, flag: bool) -> PyResult {
        Ok(ask(CompilerRequest::Suppress(function_of(function)?, flag)))
    }
    /// Bytes of the machine code of a function; -1 without.
    "get_compiled_size(function, /)"
    fn get_compiled_size(function: Value) -> PyResult {
        Ok(ask(CompilerRequest::CodeSize(function_of(function)?)))
    }
    /// Bytes of the stack frame of a compiled function; -1 without.
    "get_compiled_stack_size(function, /)"
    fn get_compiled_stack_size(function: Value) -> PyResult {
        Ok(ask(CompilerRequest::StackSize(function_of(function)?)))
    }
    /// Microseconds spent on compiling a function that has machine code; -1 without.
    "compile_time(function, /)"
    fn compile_time(function: Value) -> PyResult {
        Ok(ask(CompilerRequest::CompileTime(function_of(function)?)))
    }
    /// How many functions are part of the machine code of a function; -1 without.
    "get_num_inlined_functions(function, /)"
    fn get_num_inlined_functions(function: Value) -> PyResult {
        Ok(ask(CompilerRequest::Inlined(function_of(function)?)))
    }
    /// The functions that the code of a function calls although they are known, in lists by the reason; an empty dict without code.
    "not_inlined(function, /)"
    fn not_inlined(function: Value) -> PyResult {
        Ok(ask(CompilerRequest::NotInlined(function_of(function)?)))
    }
    /// Whether small functions become part of their callers; from now on they do or do not, if that is said.
    "inliner(flag=None, /)"
    fn inliner(flag: Option<bool>) -> Ref {
        ask(CompilerRequest::Inline(flag))
    }
    /// Whether what the interpreter has seen of operands is used; from now on it is or is not, if that is said.
    "specialized_opcodes(flag=None, /)"
    fn specialized_opcodes(flag: Option<bool>) -> Ref {
        ask(CompilerRequest::UseSeen(flag))
    }
    /// The machine code of a function as text, in a list; an empty one without.
    "machine_code(function, /)"
    fn machine_code(function: Value) -> PyResult {
        Ok(ask(CompilerRequest::Stage(function_of(function)?, "asm")))
    }
    /// What the machine code of a function was made from as text, in a list; an empty one without.
    "hir(function, /)"
    fn hir(function: Value) -> PyResult {
        Ok(ask(CompilerRequest::Stage(function_of(function)?, "hir")))
    }
    /// How often each operation is in what the machine code was made from; an empty dict without.
    "operations(function, /)"
    fn operations(function: Value) -> PyResult {
        Ok(ask(CompilerRequest::Operations(function_of(function)?)))
    }
    /// How often guards of each function have failed.
    "failed_guards()"
    fn failed_guards() -> Ref {
        ask(CompilerRequest::Deopts)
    }
    /// Narrow how many bytes machine code may take; 0 undoes that.
    "set_max_code_size(size, /)"
    fn set_max_code_size(size: i64) -> PyResult<()> {
        let Ok(size) = usize::try_from(size) else {
            return Err(runtime::raise!(ValueError, "size must not be negative"));
        };
        ask(CompilerRequest::MaxCodeSize(size));
        Ok(())
    }
    /// How often the interpreter has been asked to run a function.
    "count_interpreted_calls(function, /)"
    fn count_interpreted_calls(function: Value) -> PyResult<i64> {
        Ok(i64::from(function_of(function)?.code().calls.get()))
    }
    /// The functions to which compilation is narrowed.
    "get_jit_list()"
    fn get_jit_list() -> Ref {
        ask(CompilerRequest::List)
    }
    /// Narrow compilation to functions, one `module:qualname` a line.
    "append_jit_list(lines, /)"
    fn append_jit_list(lines: String) {
        ask(CompilerRequest::AddToList(&lines));
    }
    /// The machine code that is in use: names, addresses and bytes.
    "installed_code()"
    fn installed_code() -> Ref {
        ask(CompilerRequest::MachineCode)
    }
    /// What the compiler has done.
    "statistics()"
    fn statistics() -> Ref {
        ask(CompilerRequest::Statistics)
    }
    /// After how many calls a function is compiled; None for never.
    "get_compile_after_n_calls()"
    fn get_compile_after_n_calls() -> Ref {
        match hooks::hot_calls() {
            u32::MAX => objects::none().to_ref(),
            calls => int::from_i64(i64::from(calls)),
        }
    }
    /// Compile functions after so many calls.
    "compile_after_n_calls(calls, /)"
    fn compile_after_n_calls(calls: i64) -> PyResult<()> {
        let Ok(calls) = u32::try_from(calls) else {
            return Err(runtime::raise!(ValueError, "calls must be between 0 and 4294967295"));
        };
        hooks::set_hot_calls(calls, calls);
        Ok(())
    }
    /// Compile a module from its text, as if it said what it is.
    "compile_module(source, filename, name, is_static, is_strict, optimize, /)"
    fn compile_module(
        source: Value,
        filename: String,
        name: String,
        is_static: bool,
        is_strict: bool,
        optimize: i64,
    ) -> PyResult {
        let optimize = u8::try_from(optimize).ok();
        let compile = |source| {
            let module =
                ModuleText { source, name: &name, filename: &filename, is_static, is_strict, optimize };
            (hooks::hooks().compile_module)(&module)
        };
        match source.get::<StrObject>() {
            Some(text) => compile(CompileSource::Text(&text.to_string_lossy())),
            None => compile(CompileSource::Bytes(&buffer::to_vec(source)?)),
        }
    }
    /// Make everything that lives now live as long as the process; the result is how many objects that are.
    "immortalize_heap()"
    fn immortalize_heap() -> usize {
        gc::immortalize_heap()
    }
    /// Whether a function was compiled statically.
    "is_static_callable(function, /)"
    fn is_static_callable(function: Value) -> bool {
        let found = function.get::<FunctionObject>();
        found.is_some_and(|function| function.code().is_static())
    }
    /// Let a class have no subclasses.
    "set_type_final(cls, /)"
    fn set_type_final(cls: Value) -> PyResult {
        let class = class_of(cls)?;
        if !class.subclasses().is_empty() {
            // Compiled code may take instances of a final class for no others.
            let name = class.name();
            return Err(runtime::raise!(
                NotImplementedError,
                "not supported yet: making class '{name}' final, which has subclasses"
            ));
        }
        class.set_flags(type_flags::FINAL);
        Ok(cls.to_ref())
    }
    /// Show a class as one that was compiled statically.
    "set_type_static(cls, /)"
    fn set_type_static(cls: Value) -> PyResult {
        class_of(cls)?.set_flags(type_flags::SHOWN_AS_STATIC);
        Ok(cls.to_ref())
    }
    /// How many libraries and how many functions of them have been found for native functions.
    "native_libraries()"
    fn native_libraries() -> Ref {
        let (libraries, symbols) = native_library::known();
        TupleObject::new(vec![int::from_i64(libraries as i64), int::from_i64(symbols as i64)]).into()
    }
    /// Find native functions anew.
    "forget_native_libraries()"
    fn forget_native_libraries() {
        native_library::forget();
    }
    /// Whether an object lives as long as the process.
    "is_immortal(object, /)"
    fn is_immortal(object: Value) -> bool {
        object.header().is_none_or(|header| header.has(flags::IMMORTAL))
    }
}
