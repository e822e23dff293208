//! Typed functions as C function pointers.
//!
//! A leaf without a machine frame needs nothing from the thread state, so its own first byte is the pointer unless an argument must be
//! extended. Any other function gets a wrapper (`codegen::native`), once.

use bytecode::TypeCode;
use codegen::{CType, emit_native};
use lir::ir::{Size, Sym};
use runtime::objects::function::FunctionObject;

use crate::context::{Jit, installed};
use crate::machine::Machine;

/// The address of a C function with the prototype of a typed function's signature, all of whose types are primitives. It gives 0 with an
/// exception pending in the thread state if the function raises. `Err` says why there is none.
pub fn native_entry(function: &FunctionObject) -> Result<*const u8, String> {
    let name = function.qualname();
    let jit = installed()
        .ok_or_else(|| format!("not supported yet: native code of '{name}' without the compiler"))?;
    let code = function.code().code();
    let params = code.locals[..code.param_count()].iter().map(|local| local.ty);
    let ret = code.signature.as_ref().map_or(TypeCode::Object, |signature| signature.ret.type_code());
    if params.chain([ret]).any(|ty| c_type(ty).is_none()) {
        return Err(format!(
            "not supported yet: native code of '{name}', whose signature is not all primitives"
        ));
    }
    let Some(machine) = jit.compile_function(function) else {
        return Err(format!("{name}: {}", refusal(jit, function)));
    };
    if machine.takes_closure {
        return Err(format!("not supported yet: native code of '{name}', which captures variables"));
    }
    let params: Option<Vec<CType>> = machine.params.iter().map(|&param| c_type(param)).collect();
    let (params, ret) = params.zip(c_type(machine.ret)).expect("the signature has just been checked");
    if !machine.frame.has_frame && !params.iter().any(|param| param.is_narrow()) {
        return Ok(machine.start as *const u8);
    }
    let known = jit.natives.borrow().get(&machine.body).copied();
    let made = known.or_else(|| wrapper(jit, machine, &params, ret));
    made.map(|address| address as *const u8).ok_or_else(|| "the code region is full".to_owned())
}

/// The C type of a primitive.
fn c_type(code: TypeCode) -> Option<CType> {
    Some(match code {
        TypeCode::UInt8 | TypeCode::CBool => CType::Int(Size::B1, false),
        TypeCode::Int8 | TypeCode::Char => CType::Int(Size::B1, true),
        TypeCode::UInt16 => CType::Int(Size::B2, false),
        TypeCode::Int16 => CType::Int(Size::B2, true),
        TypeCode::UInt32 => CType::Int(Size::B4, false),
        TypeCode::Int32 => CType::Int(Size::B4, true),
        TypeCode::UInt64 | TypeCode::Int64 => CType::Int(Size::B8, true),
        TypeCode::Double => CType::Double,
        TypeCode::Object | TypeCode::Void | TypeCode::Single => return None,
    })
}

fn wrapper(jit: &Jit, machine: &Machine, params: &[CType], ret: CType) -> Option<usize> {
    let func = jit.functions.borrow().bodies[machine.body].func;
    let mut code = emit_native(&machine.name, Sym::Func(func), params, ret);
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
