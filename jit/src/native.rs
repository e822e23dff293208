//! Typed functions as C function pointers.
//!
//! A leaf without a machine frame needs nothing from the thread state, so its own first byte is the pointer. Any other function
//! gets a wrapper (`codegen::native`), once.

use bytecode::TypeCode;
use codegen::emit_native;
use lir::ir::Sym;
use runtime::objects::function::FunctionObject;

use crate::context::{Jit, installed};
use crate::entry::class_of;
use crate::machine::Machine;

/// The address of a C function with the prototype of a typed function's signature, all of whose types are primitives. It gives 0 with an
/// exception pending in the thread state if the function raises. `Err` says why there is none.
pub fn native_entry(function: &FunctionObject) -> Result<*const u8, String> {
    let name = function.qualname();
    let jit = installed().ok_or_else(|| format!("not supported yet: native code of '{name}' without the compiler"))?;
    let code = function.code().code();
    let params = code.locals[..code.param_count()].iter().map(|local| local.ty);
    let ret = code.signature.as_ref().map_or(TypeCode::Object, |signature| signature.ret.type_code());
    if params.chain([ret]).any(|ty| matches!(ty, TypeCode::Object | TypeCode::Void | TypeCode::Single)) {
        return Err(format!("not supported yet: native code of '{name}', whose signature is not all primitives"));
    }
    let Some(machine) = jit.compile_function(function) else {
        return Err(format!("{name}: {}", refusal(jit, function)));
    };
    if !machine.frame.has_frame {
        return Ok(machine.start as *const u8);
    }
    let known = jit.natives.borrow().get(&machine.body).copied();
    let made = known.or_else(|| wrapper(jit, machine));
    made.map(|address| address as *const u8).ok_or_else(|| "the code region is full".to_owned())
}

fn wrapper(jit: &Jit, machine: &Machine) -> Option<usize> {
    let func = jit.functions.borrow().bodies[machine.body].func;
    let mut code = emit_native(&machine.name, Sym::Func(func), class_of(machine.ret));
    let start = jit.memory.reserve(code.bytes.len())?;
    jit.relocate(&mut code, start);
    jit.memory.write(start, &code.bytes);
    jit.natives.borrow_mut().insert(machine.body, start);
    Some(start)
}

fn refusal(jit: &Jit, function: &FunctionObject) -> String {
    let state = jit.body_of(function).map(|body| jit.functions.borrow().bodies[body].state);
    match state {
        Some(crate::functions::State::Refused(refusal)) => refusal.to_string(),
        _ => "not supported yet: native code of a function that is being compiled".to_owned(),
    }
}
