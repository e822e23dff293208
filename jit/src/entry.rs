//! The ways from Rust into compiled code.
//!
//! A machine function per shape of signature (`codegen::entry`) moves argument words into registers. On top of it stand the
//! generic entry, which every function object has at a fixed offset, and the typed call of the interpreter.

use std::cell::RefCell;

use bytecode::{Repr, TypeCode};
use codegen::{Shape, emit_entry};
use lir::ir::{MachineEnv, RegClass};
use runtime::activation::Activation;
use runtime::args::{Args, Entry};
use runtime::bind::bind_arguments;
use runtime::objects::function::FunctionObject;
use runtime::objects::{self, float, int};
use runtime::thread::ThreadState;
use runtime::value::{PyResult, Raised, Ref, Value};
use rustc_hash::FxHashMap;

use crate::code_memory::CodeMemory;
use crate::context::jit;
use crate::functions::State;
use crate::machine::Machine;

/// Calls `entry` with the words at `args` and with the closure, if it takes one; stores the result's 64 bits; 1 if an exception is
/// pending.
pub(crate) type NativeEntry = unsafe extern "C" fn(
    thread: *const ThreadState,
    entry: usize,
    args: *const u64,
    result: *mut u64,
    closure: Value,
) -> u64;

/// So many words are prepared without allocating memory.
const FEW: usize = 14;

/// Runs `body` with so many zeros, which are on the stack unless they are many.
#[inline]
fn with_zeros<T: Copy, R>(zero: T, count: usize, body: impl FnOnce(&mut [T]) -> R) -> R {
    if count <= FEW { body(&mut [zero; FEW][..count]) } else { body(&mut vec![zero; count]) }
}

/// The machine functions by shape.
#[derive(Default)]
pub(crate) struct Entries(RefCell<FxHashMap<Shape, NativeEntry>>);

impl Entries {
    /// The function for a shape; `None` if the code region is full.
    pub(crate) fn get(&self, shape: &Shape, memory: &CodeMemory) -> Option<NativeEntry> {
        if let Some(&known) = self.0.borrow().get(shape) {
            return Some(known);
        }
        let code = emit_entry(shape, &MachineEnv::x86_64());
        let address = memory.reserve(code.bytes.len())?;
        memory.write(address, &code.bytes);
        // SAFETY: `emit_entry` makes functions of this type.
        let entry = unsafe { std::mem::transmute::<usize, NativeEntry>(address) };
        self.0.borrow_mut().insert(shape.clone(), entry);
        Some(entry)
    }
}

/// The register file for values with this representation.
pub(crate) fn class_of(code: TypeCode) -> RegClass {
    if code.repr() == Repr::Double { RegClass::Xmm } else { RegClass::Gpr }
}

/// Calls compiled code with one borrowed or raw word per parameter, and the function's closure, or null if it takes none; the result is
/// owned or raw.
#[inline]
pub(crate) fn call_machine(machine: &Machine, words: *const u64, closure: Value) -> PyResult<u64> {
    debug_assert!(!machine.takes_closure || !closure.is_null(), "only the function itself knows its closure");
    let _nesting = Activation::nest();
    runtime::thread::thread().check_depth()?;
    let mut result = 0;
    let failed = Activation::enclose(|thread| {
        // SAFETY: the entry was made for the machine's shape, and the caller passes a word per parameter.
        unsafe { (machine.enter)(thread, machine.start, words, &raw mut result, closure) }
    });
    if failed == 0 { Ok(result) } else { Err(Raised::assert_set()) }
}

/// The object of a result; consumes it.
pub(crate) fn boxed(code: TypeCode, bits: u64) -> Ref {
    match code {
        // SAFETY: a word result is a new reference.
        TypeCode::Object | TypeCode::Void => unsafe { Ref::from_owned(Value::from_bits(bits)) },
        TypeCode::Double | TypeCode::Single => float::new(f64::from_bits(bits)),
        TypeCode::CBool => objects::bool(bits != 0).to_ref(),
        TypeCode::UInt64 => int::from_u64(bits),
        _ => int::from_i64(bits as i64),
    }
}

/// The generic entry as a function pointer.
pub(crate) fn generic_entry() -> Entry {
    compiled_entry
}

runtime::define_entry!(compiled_entry: FunctionObject = call_compiled);

fn call_compiled(function: &FunctionObject, args: Args<'_>) -> PyResult {
    if runtime::tracing::is_on() {
        return interp::entry::call_function(function, args);
    }
    let Some(machine) = machine_of(function) else {
        function.entry.set(runtime::hooks::function_entry());
        return interp::entry::call_function(function, args);
    };
    call_generic(machine, function, args)
}

/// The code of a function, unless it has been retired.
#[inline]
pub(crate) fn machine_of(function: &FunctionObject) -> Option<&'static Machine> {
    shared_machine(function).or_else(|| own_machine(function))
}

/// What the code object of a function stands for, if that is the function's code.
#[inline]
fn shared_machine(function: &FunctionObject) -> Option<&'static Machine> {
    let pointer = function.code().jit.get().cast::<Machine>();
    // SAFETY: the word is null or a machine, which lives for ever.
    unsafe { pointer.as_ref() }.filter(|machine| machine.suits(function) && !machine.is_retired.get())
}

/// The code of a function whose code object stands for other code or for none: several functions may share it.
#[cold]
fn own_machine(function: &FunctionObject) -> Option<&'static Machine> {
    let jit = jit();
    let body = jit.body_of(function)?;
    match jit.functions.borrow().bodies[body].state {
        State::Compiled(machine) => Some(machine),
        _ => None,
    }
}

/// Calls a function that has code, if it takes exactly these objects: what most calls between compiled functions are.
pub(crate) fn call_compiled_code(callable: Value, args: &[Value]) -> Option<PyResult> {
    let function = callable.get_exact::<FunctionObject>()?;
    let machine = shared_machine(function)?;
    let fits = machine.is_plain && args.len() == machine.params.len();
    if !fits || runtime::tracing::is_on() {
        return None;
    }
    if let Err(raised) = runtime::thread::thread().check_stack("") {
        return Some(Err(raised));
    }
    Some(call_checked(machine, function, args))
}

fn call_generic(machine: &Machine, function: &FunctionObject, args: Args<'_>) -> PyResult {
    runtime::thread::thread().check_stack("")?;
    if machine.is_plain && !args.has_keywords() && args.positional.len() == machine.params.len() {
        return call_checked(machine, function, args.positional);
    }
    with_zeros(Value::NULL, machine.params.len(), |slots| {
        bind_arguments(function, args, slots)?;
        let result = call_checked(machine, function, slots);
        for slot in slots {
            // SAFETY: binding gave each slot an owned value.
            drop(unsafe { Ref::from_owned(*slot) });
        }
        result
    })
}

/// Calls with borrowed objects, one per parameter.
fn call_checked(machine: &Machine, function: &FunctionObject, args: &[Value]) -> PyResult {
    let closure = function.closure.raw();
    if !machine.is_checked {
        return Ok(boxed(machine.ret, call_machine(machine, args.as_ptr().cast(), closure)?));
    }
    with_zeros(0, args.len(), |words| {
        interp::check_borrowed(function.code(), args, words)?;
        Ok(boxed(machine.ret, call_machine(machine, words.as_ptr(), closure)?))
    })
}

/// The interpreter's typed call: one borrowed or raw word per parameter, an owned or raw word back. `None` if the function has no code
/// any more.
pub(crate) fn call_typed(function: &FunctionObject, args: &[Value]) -> Option<PyResult<Value>> {
    if runtime::tracing::is_on() {
        return None;
    }
    let Some(machine) = machine_of(function) else {
        function.typed_entry.set(std::ptr::null());
        return None;
    };
    if let Err(raised) = runtime::thread::thread().check_stack("") {
        return Some(Err(raised));
    }
    debug_assert_eq!(args.len(), machine.params.len(), "static calls pass every parameter");
    let result = call_machine(machine, args.as_ptr().cast(), function.closure.raw());
    // SAFETY: the word is what the interpreter's stack holds for a result of this type.
    Some(result.map(|bits| unsafe { Value::from_bits(bits) }))
}

/// A function is called often: compile it, or let it use what has been compiled.
pub(crate) fn function_hot(function: &FunctionObject) {
    if runtime::tracing::is_on() {
        return;
    }
    // In a frame of the interpreter arguments move, as they do in CPython, and somebody is about to count; or to look at variables.
    let stays = hir::needs_frame(function.code().code());
    if stays || machine_of(function).or_else(|| jit().compile_function(function)).is_none() {
        // Asked again after as many calls.
        function.code().calls.set(0);
        return;
    }
    use_code(function);
}

/// Points the entries of a function at its code.
pub(crate) fn use_code(function: &FunctionObject) {
    function.entry.set(generic_entry());
    if let Some(machine) = machine_of(function) {
        function.typed_entry.set(machine.start as *const u8);
    }
}
