//! What the runtime needs from the crates above it, as function pointers that they install once.
//!
//! The interpreter fills in how to run and resume frames, the command line how to compile source and find modules, the JIT what
//! to do when something it relied on changes. Until then each hook raises `not supported yet` or does nothing.

use std::cell::Cell;

use crate::args::Entry;
use crate::error::traceback::FrameInfo;
use crate::objects::code::CodeObject;
use crate::objects::dict::DictObject;
use crate::objects::function::FunctionObject;
use crate::objects::generator::{GeneratorObject, Resumed};
use crate::type_object::TypeObject;
use crate::value::{PyResult, Ref, Value};
use crate::world::World;

/// What a generator is resumed with.
#[derive(Clone, Copy, Debug)]
pub enum Resume {
    /// `send(value)`; `None` for `next()`.
    Send(Value),
    /// `throw(exception)`: an exception instance.
    Throw(Value),
}

/// What has become of an interpreter's frame that compiled code was to continue.
#[derive(Clone, Copy, Debug)]
pub enum Continued {
    /// Nothing: there is no code for its place.
    Not,
    /// It has returned: an owned or raw word. Its slots are empty.
    Returned(Value),
    /// It has yielded, and is suspended.
    Yielded(Value),
    /// The interpreter goes on at its place.
    Interpret,
    /// The instruction before its place has raised; the frame may have a handler.
    Raised,
    /// It has been left by an exception, which has its traceback entry. Its slots are empty.
    Left,
}

/// What a program asks of the compiler of machine code.
#[derive(Clone, Copy)]
pub enum CompilerRequest<'a> {
    /// Go on or stop compiling; tells what held before.
    Enable(bool),
    /// Do small functions become part of their callers? From now on they do or do not, if that is said.
    Inline(Option<bool>),
    /// Is what the interpreter has seen of operands used? From now on it is or is not, if that is said.
    UseSeen(Option<bool>),
    /// Does it compile?
    IsEnabled,
    /// Compile a function now.
    Compile(&'a FunctionObject),
    /// Has it code?
    IsCompiled(&'a FunctionObject),
    /// Leave its code.
    Uncompile(&'a FunctionObject),
    /// Leave all code.
    UncompileAll,
    /// Never compile it, or do again.
    Suppress(&'a FunctionObject, bool),
    /// Bytes of its code; -1 without.
    CodeSize(&'a FunctionObject),
    /// Bytes of its stack frame; -1 without.
    StackSize(&'a FunctionObject),
    /// The only functions to compile.
    List,
    /// Lines for that list.
    AddToList(&'a str),
    /// What it has done.
    Statistics,
    /// Microseconds spent on its code; -1 without.
    CompileTime(&'a FunctionObject),
    /// How many functions are part of its code; -1 without.
    Inlined(&'a FunctionObject),
    /// The functions that its code calls although they are known, by the reason.
    NotInlined(&'a FunctionObject),
    /// The text of a stage of its compilation, `hir` or `asm`; none without code.
    Stage(&'a FunctionObject, &'static str),
    /// How often each operation is in what its code was made from.
    Operations(&'a FunctionObject),
    /// How often guards of each function have failed.
    Deopts,
    /// All machine code that is in use.
    MachineCode,
    /// Bytes that machine code may take, 0 for what there is; tells how many that are.
    MaxCodeSize(usize),
}

/// What the compiler answers.
#[derive(Debug)]
pub enum CompilerAnswer {
    /// Yes or no.
    Truth(bool),
    /// A number.
    Number(i64),
    /// Lines.
    Texts(Vec<String>),
    /// Numbers with names.
    Numbers(Vec<(&'static str, f64)>),
    /// Counts with names.
    Counts(Vec<(String, i64)>),
    /// Texts by a name.
    Lists(Vec<(&'static str, Vec<String>)>),
    /// Bytes at addresses, with names.
    Code(Vec<(String, usize, Vec<u8>)>),
}

/// How source is to be compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompileMode {
    /// A module body.
    Exec,
    /// One expression.
    Eval,
    /// One interactive statement.
    Single,
    /// The type of a function, of which there is only a tree.
    FunctionType,
}

/// What is to be compiled.
#[derive(Clone, Copy, Debug)]
pub enum CompileSource<'a> {
    /// A text.
    Text(&'a str),
    /// The bytes of a text, which may say how it is encoded.
    Bytes(&'a [u8]),
    /// A syntax tree, or an object that is no source at all.
    Object(Value),
}

/// The flag that asks [`Hooks::compile`] for the scopes of the source instead of its code; `compile()` lets no program set it.
pub const ONLY_SCOPES: i64 = 1 << 40;

/// The arguments of `compile()`.
#[derive(Clone, Copy, Debug)]
pub struct Compilation<'a> {
    /// What is compiled.
    pub source: CompileSource<'a>,
    /// Where it says that it comes from.
    pub filename: &'a str,
    /// As what.
    pub mode: CompileMode,
    /// `PyCF_...` and `CO_FUTURE_...`
    pub flags: i64,
    /// Of which minor version of Python 3 the syntax of a tree is to be; `None` for the present one.
    pub feature_version: Option<i64>,
    /// The level of optimization; `None` for that of the process.
    pub optimize: Option<u8>,
    /// The function that wants it, for errors.
    pub wanted_by: &'a str,
}

/// A module that is compiled apart from its import, and that need not say itself what it is.
#[derive(Clone, Copy, Debug)]
pub struct ModuleText<'a> {
    /// Its text, or its bytes.
    pub source: CompileSource<'a>,
    /// Its name.
    pub name: &'a str,
    /// Where it says that it comes from.
    pub filename: &'a str,
    /// As if it opened with `import __static__`.
    pub is_static: bool,
    /// As if it opened with `import __strict__`.
    pub is_strict: bool,
    /// The level of optimization; `None` for that of the process.
    pub optimize: Option<u8>,
}

/// What is marked inside an expression, as (line, character) from the start of its text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Anchors {
    /// The first character.
    pub left: (usize, usize),
    /// Behind the last one.
    pub right: (usize, usize),
}

/// A frame that has been looked for.
#[derive(Debug)]
pub enum FoundFrame {
    /// The object of an interpreter's frame.
    Interpreted(Ref),
    /// A place in compiled code, with the variables there, a dict, or the namespace, if they are known.
    Compiled(FrameInfo, Option<Ref>),
    /// A frame of compiled code that waits for a call at a place where it can be adopted, with its namespace, if it has one.
    Waiting(FrameInfo, (usize, usize), Option<Ref>),
}

/// See [`Hooks::compiled_frames`].
pub type CompiledFrames =
    fn(place: (usize, usize), skipped: &mut usize, visit: &mut dyn FnMut(CompiledFrame<'_>) -> bool) -> bool;

/// A frame of compiled code that has been found on the stack.
pub struct CompiledFrame<'f> {
    /// Where it is.
    pub info: FrameInfo,
    /// Whether it continues a frame of the interpreter.
    pub is_continuation: bool,
    /// Where it waits for a call behind which the interpreter can go on: the address of the return address, and the frame pointer.
    pub place: Option<(usize, usize)>,
    /// Its object, if it has been given one.
    pub object: Option<Ref>,
    /// Its variables that have a value, by name in a dict, if they are known.
    pub variables: Box<dyn Fn() -> Option<Ref> + 'f>,
}

/// Who is shown frames or pictures of frames, until it says that it has seen enough.
pub type Visit<'v, F> = &'v mut dyn FnMut(F) -> bool;

/// Who is shown the places of frames, a code object and the number of an instruction, until it says that it has seen enough.
pub type VisitPlace<'v> = &'v mut dyn FnMut(&CodeObject, u32) -> bool;

/// What the objects of the interpreter's frames ask of them.
#[derive(Clone, Copy)]
pub struct FrameHooks {
    /// The `depth`-th frame from the top.
    pub find: fn(depth: usize) -> Option<FoundFrame>,
    /// Shows the frames from the `depth`-th from the top on to `visit`, until that has seen enough.
    pub walk: fn(depth: usize, visit: Visit<'_, FoundFrame>),
    /// The same for the chain that begins at an anchor, whose compiled code called out at a place.
    pub walk_from: fn(anchor: *mut u8, place: (usize, usize), visit: Visit<'_, FoundFrame>),
    /// Shows the places of the frames on such a chain. Async-signal-safe: nothing is allocated, counted or waited for.
    pub places_from: fn(anchor: *mut u8, place: (usize, usize), visit: VisitPlace<'_>),
    /// The object of a frame.
    pub object_of: fn(frame: *mut u8) -> Ref,
    /// The instruction that it is at.
    pub instruction: fn(frame: *mut u8) -> u32,
    /// The object of the frame that has called it, if there is one.
    pub caller: fn(frame: *mut u8) -> Option<Ref>,
    /// The namespace of a module or class body.
    pub namespace: fn(frame: *mut u8) -> Option<Ref>,
    /// The names and values of its variables that have some.
    pub variables: fn(frame: *mut u8) -> Vec<(Ref, Ref)>,
    /// Sets a variable; false if there is none of that name.
    pub set_variable: fn(frame: *mut u8, name: &str, value: Value) -> PyResult<bool>,
    /// Reports its events, or does not any more.
    pub watch: fn(frame: *mut u8, is_watched: bool),
    /// Goes on at a line.
    pub jump: fn(frame: *mut u8, line: i64) -> PyResult<()>,
}

impl FrameHooks {
    const NONE: FrameHooks = FrameHooks {
        find: |_| None,
        walk: |_, _| {},
        walk_from: |_, _, _| {},
        places_from: |_, _, _| {},
        object_of: |_| panic!("frames are made by an interpreter"),
        instruction: |_| 0,
        caller: |_| None,
        namespace: |_| None,
        variables: |_| Vec::new(),
        set_variable: |_, _, _| Ok(false),
        watch: |_, _| {},
        jump: |_, _| missing("setting f_lineno"),
    };
}

/// Everything that can be installed.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// Generic entry of every interpreted function.
    pub function_entry: Entry,
    /// Generic entry of functions whose code is that of a module or class body.
    pub body_entry: Entry,
    /// Runs a code object as a module or class body: code, globals, locals, closure tuple or null.
    pub run_code: fn(code: Value, globals: &DictObject, locals: Value, closure: Value) -> PyResult,
    /// Resumes a suspended frame.
    pub resume: fn(&GeneratorObject, Resume) -> PyResult<Resumed>,
    /// Drops a suspended frame.
    pub drop_frame: fn(frame: *mut u8),
    /// Shows the values that a suspended frame owns to the cycle collector.
    pub traverse_frame: fn(frame: *mut u8, visit: &mut dyn FnMut(Value)),
    /// Releases the values of a suspended frame that is garbage.
    pub clear_frame: fn(frame: *mut u8),
    /// The iterator that a suspended frame delegates to.
    pub frame_awaits: fn(frame: *mut u8) -> Option<Ref>,
    /// Whether a suspended frame, or what it delegates to, could notice that it is told to end.
    pub frame_is_guarded: fn(frame: *mut u8) -> bool,
    /// What frame objects ask of frames.
    pub frames: FrameHooks,
    /// Compiled code is not to be entered, as events are to be reported.
    pub leave_compiled: fn(),
    /// The text of a source file, wherever it lies.
    pub source_text: fn(filename: &str) -> Option<String>,
    /// Compiles source; gives a code object, or a tree if the flags ask for one.
    pub compile: fn(&Compilation<'_>) -> PyResult,
    /// Where the operator of a binary operation, or the brackets of a subscript or a call, stand in the text of an expression.
    pub anchors: fn(&str) -> Option<Anchors>,
    /// Whether a text is the assignment or return of a call of a plain name that goes from one character of its first line to one of its
    /// last: the call is then all that there is to see. So it is if the text is no statement at all.
    pub is_whole_call: fn(text: &str, start: usize, end: usize) -> bool,
    /// The tokens of a text: a list of (kind, text, start, end), and the error that ends it or None.
    pub tokenize: fn(source: &str, in_pieces: bool) -> PyResult,
    /// Finds, loads and registers a module by its absolute dotted name; gives that very module.
    pub load_module: fn(name: &str) -> PyResult,
    /// The code object of a static module of this name and file, checked and compiled with what it imports; `None` for a dynamic one.
    pub static_code: fn(name: &str, path: &str) -> PyResult<Option<Ref>>,
    /// The code object of a module, checked if it is static.
    pub compile_module: fn(module: &ModuleText<'_>) -> PyResult,
    /// The `depth`-th Python frame from the top, 0 is the caller.
    pub frame: fn(depth: usize) -> Option<FrameInfo>,
    /// The locals of the `depth`-th Python frame from the top, if they are known.
    pub frame_locals: fn(depth: usize) -> Option<Ref>,
    /// Shows the frames in the stretch of compiled code that called out at this place, stack and frame pointer, to `visit`, the innermost
    /// first, but for `skipped`, from which their number is taken off; true if `visit` has said that it has seen enough.
    pub compiled_frames: CompiledFrames,
    /// Shows the places of these frames. Async-signal-safe.
    pub compiled_places: fn(place: (usize, usize), visit: VisitPlace<'_>) -> bool,
    /// The compiled frame at a place has this object from now on ([`CompiledFrame::place`]).
    pub adopt_frame: fn(place: (usize, usize), object: &Ref),
    /// The variables of a compiled frame that has an object, in a dict, by the first word of its place.
    pub adopted_variables: fn(slot: usize) -> Option<Ref>,
    /// A function has been called often: its entries may be replaced.
    pub function_hot: fn(&FunctionObject),
    /// Goes on in compiled code where an interpreter's frame stands: it is saved, and on top of the chain.
    pub continue_frame: fn(frame: *mut u8) -> Continued,
    /// Calls a function that has a typed entry, with one borrowed or raw word per parameter; gives an owned or raw word. `None` if
    /// it has lost its entry.
    pub call_typed: fn(&FunctionObject, &[Value]) -> Option<PyResult<Value>>,
    /// A class with a vtable has been made or changed.
    pub class_changed: fn(&TypeObject),
    /// The locals of the current frame as a dict.
    pub current_locals: fn() -> PyResult,
    /// The globals of the current frame.
    pub current_globals: fn() -> Option<Ref>,
    /// A watched dict has changed at a key, or everywhere for null; whether what was or is there may be a function, class or module.
    pub dict_changed: fn(&DictObject, Value, bool),
    /// A function's code or defaults have changed.
    pub function_changed: fn(&FunctionObject),
    /// The runtime ends: machine code is not entered any more, and lets go of the objects that it refers to.
    pub release_code: fn(),
    /// A thread ends: its stack of frames is given back.
    pub release_stack: fn(),
    /// Writes to the process's standard error.
    pub write_stderr: fn(&str),
    /// How many calls are nested in the stretch of compiled code that called out at a place.
    pub count_calls: fn((usize, usize)) -> u32,
    /// Answers what a program asks of the compiler.
    pub compiler: fn(CompilerRequest<'_>) -> CompilerAnswer,
}

unsafe extern "C" fn no_entry(_: Value, _: *const Value, _: usize, _: Value) -> Value {
    let _raised = crate::error::not_supported("calling Python functions without an interpreter");
    Value::NULL
}

fn missing<T>(what: &str) -> PyResult<T> {
    Err(crate::error::not_supported(what))
}

static HOOKS: World<Cell<Hooks>> = World::new(Cell::new(Hooks {
    function_entry: no_entry,
    body_entry: no_entry,
    run_code: |_, _, _, _| missing("running code without an interpreter"),
    resume: |_, _| missing("resuming a frame without an interpreter"),
    drop_frame: |_| {},
    traverse_frame: |_, _| {},
    clear_frame: |_| {},
    frame_awaits: |_| None,
    frame_is_guarded: |_| true,
    frames: FrameHooks::NONE,
    leave_compiled: || {},
    source_text: |_| None,
    compile: |_| missing("compile() without a compiler"),
    anchors: |_| None,
    is_whole_call: |_, _, _| false,
    tokenize: |_, _| missing("tokens without a compiler"),
    load_module: |name| {
        let raised = crate::raise!(ModuleNotFoundError, "No module named '{name}'");
        Err(raised)
    },
    static_code: |_, _| Ok(None),
    compile_module: |_| missing("a module without a compiler"),
    frame: |_| None,
    frame_locals: |_| None,
    compiled_frames: |_, _, _| false,
    compiled_places: |_, _| false,
    adopt_frame: |_, _| {},
    adopted_variables: |_| None,
    function_hot: |_| {},
    continue_frame: |_| Continued::Not,
    call_typed: |_, _| None,
    class_changed: |_| {},
    current_locals: || missing("locals() without an interpreter"),
    current_globals: || None,
    dict_changed: |_, _, _| {},
    function_changed: |_| {},
    release_code: || {},
    release_stack: || {},
    count_calls: |_| 0,
    compiler: |request| match request {
        CompilerRequest::CodeSize(_)
        | CompilerRequest::StackSize(_)
        | CompilerRequest::CompileTime(_)
        | CompilerRequest::Inlined(_) => CompilerAnswer::Number(-1),
        CompilerRequest::MaxCodeSize(_) => CompilerAnswer::Number(0),
        CompilerRequest::List | CompilerRequest::Stage(..) => CompilerAnswer::Texts(Vec::new()),
        CompilerRequest::Operations(_) | CompilerRequest::Deopts => CompilerAnswer::Counts(Vec::new()),
        CompilerRequest::Statistics => CompilerAnswer::Numbers(Vec::new()),
        CompilerRequest::MachineCode => CompilerAnswer::Code(Vec::new()),
        _ => CompilerAnswer::Truth(false),
    },
    write_stderr: |text| {
        use std::io::Write;
        let written = std::io::stderr().write_all(text.as_bytes());
        // Nothing sensible is left to do when standard error fails.
        drop(written);
    },
}));

/// Changes the installed hooks: `install(|hooks| hooks.frame = my_frame)`.
pub fn install(change: impl FnOnce(&mut Hooks)) {
    let mut hooks = HOOKS.get();
    change(&mut hooks);
    HOOKS.set(hooks);
}

/// The installed hooks.
#[inline]
pub fn hooks() -> Hooks {
    HOOKS.get()
}

/// After how many calls [`Hooks::function_hot`] is told, for dynamic and for static code.
static HOT_CALLS: World<[Cell<u32>; 2]> = World::new([const { Cell::new(u32::MAX) }; 2]);

/// A loop asks whether it is hot when its turns have none of these bits.
static TURNS_MASK: World<Cell<u32>> = World::new(Cell::new(31));

/// Makes every turn of a loop count, not only one of many.
pub fn watch_every_turn() {
    TURNS_MASK.set(0);
}

/// Whether a loop is to be looked at after so many turns.
#[inline]
pub(crate) fn is_checked_turn(turns: u32) -> bool {
    turns & TURNS_MASK.get() == 0
}

/// After how many calls a dynamic function is compiled; `u32::MAX` is never.
pub fn hot_calls() -> u32 {
    HOT_CALLS[0].get()
}

/// Sets the thresholds of [`Hooks::function_hot`], for dynamic and for static code; `u32::MAX` is never.
pub fn set_hot_calls(dynamic: u32, is_static: u32) {
    HOT_CALLS[0].set(dynamic);
    HOT_CALLS[1].set(is_static);
}

/// Whether code runs so often that its frames may be continued in compiled code.
#[inline]
pub fn is_hot(code: &crate::objects::code::CodeObject) -> bool {
    code.calls.get() >= HOT_CALLS[usize::from(code.has(bytecode::CodeFlags::STATIC))].get()
}

/// See [`Hooks::continue_frame`].
#[inline]
pub fn continue_frame(frame: *mut u8) -> Continued {
    // SAFETY: the cell is only written by `install`, never while a reference into it is alive.
    let hook = unsafe { (*HOOKS.as_ptr()).continue_frame };
    hook(frame)
}

/// Counts a call of an interpreted function; true if its entries may have been replaced.
#[inline]
pub fn count_call(function: &FunctionObject) -> bool {
    let code = function.code();
    let calls = code.calls.get().saturating_add(1);
    code.calls.set(calls);
    if calls <= HOT_CALLS[usize::from(code.has(bytecode::CodeFlags::STATIC))].get() {
        return false;
    }
    (hooks().function_hot)(function);
    true
}

/// Generic entry of interpreted functions.
#[inline]
pub fn function_entry() -> Entry {
    // SAFETY: the cell is only written by `install`, never while a reference into it is alive.
    unsafe { (*HOOKS.as_ptr()).function_entry }
}

/// Generic entry of a function that nobody has compiled.
#[inline]
pub(crate) fn entry_of(code: &crate::objects::code::CodeObject) -> Entry {
    if code.has(bytecode::CodeFlags::OPTIMIZED) { function_entry() } else { hooks().body_entry }
}

pub(crate) fn dict_changed(dict: &DictObject, key: Value, is_definition: bool) {
    (hooks().dict_changed)(dict, key, is_definition);
}

pub(crate) fn function_changed(function: &FunctionObject) {
    (hooks().function_changed)(function);
}

pub(crate) fn class_changed(class: &TypeObject) {
    (hooks().class_changed)(class);
}

/// Writes to the process's standard error.
pub fn write_stderr(text: &str) {
    (hooks().write_stderr)(text);
}
