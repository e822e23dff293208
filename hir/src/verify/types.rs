//! Invariants of types:
//!
//! - an operand's type is within what the table row says, and there are as many operands as it says;
//! - a result's type is within the table's rule; a narrowing result has a type in common with its operand;
//! - both operands of primitive integer arithmetic have the same width and signedness;
//! - an argument of an edge is a subtype of the parameter, and travels in the same kind of register;
//! - a returned value has the function's result type, specialisations aside;
//! - no value can be both a word and a primitive, or both an integer and a double.

use super::Errors;
use crate::ir::types::Spec;
use crate::ir::{Block, Function, Inst, Opcode, Ret, Type, Value};

pub(super) fn verify(func: &Function, errors: &mut Errors) {
    for &block in &func.layout {
        for &param in &func.blocks[block].params {
            if !has_one_representation(func.ty(param)) {
                errors.report(
                    block,
                    None,
                    format!("{param}: {} has no single representation", func.ty(param)),
                );
            }
        }
        for &inst in &func.blocks[block].insts {
            verify_operands(func, block, inst, errors);
            verify_result(func, block, inst, errors);
            verify_edges(func, block, inst, errors);
        }
    }
}

fn has_one_representation(ty: Type) -> bool {
    ty.is_subtype(Type::WORD) || ty.is_subtype(Type::RAW) || ty.is_subtype(Type::F64)
}

fn verify_operands(func: &Function, block: Block, inst: Inst, errors: &mut Errors) {
    let info = func.insts[inst].op.info();
    let args = func.args(inst);
    let enough =
        args.len() == info.operands.len() || (info.rest.is_some() && args.len() > info.operands.len());
    errors.check(enough, block, inst, || {
        format!("{} takes {} operands, not {}", info.name, info.operands.len(), args.len())
    });
    for (at, &arg) in args.iter().enumerate() {
        let Some(expected) = info.operands.get(at).copied().or(info.rest) else { continue };
        let ty = func.ty(arg);
        errors.check(ty.is_subtype(expected), block, inst, || {
            format!("operand {at} of {} is {ty}, not {expected}", info.name)
        });
    }
    if matches!(func.insts[inst].op, Opcode::Return) {
        let (ty, ret) = (func.ty(args[0]), func.ret);
        errors.check(ty.is_subtype(ret.unspecialised()), block, inst, || format!("returns {ty}, not {ret}"));
    }
}

fn verify_result(func: &Function, block: Block, inst: Inst, errors: &mut Errors) {
    let data = &func.insts[inst];
    let Some(result) = data.result else { return };
    let (ty, name) = (func.values[result].ty, data.op.info().name);
    let operand = |at: usize| func.args(inst).get(at).map_or(Type::EMPTY, |&v| func.ty(v));
    let fits = match data.op.info().ret {
        Ret::None => false,
        Ret::Within(bound) => ty.is_subtype(bound),
        Ret::Same => {
            let plain = operand(0).unspecialised();
            ty.is_subtype(plain)
                && (func.args(inst).len() < 2 || is_shift(data.op) || operand(1).unspecialised() == plain)
        }
        Ret::Shared => ty.is_subtype(Type::WORD),
        // A check may be known to fail, as with a constant argument of an inlined callee.
        Ret::Narrowed if data.state.is_some() => ty.is_subtype(Type::WORD),
        // Where what is known of the operand contradicts the narrowing, a test stands in front that it does not pass: type reflow finds
        // out what comes there, and leaves such code to those who find that nobody does.
        Ret::Narrowed if operand(0).is_subtype(Type::WORD) => ty.is_subtype(Type::WORD),
        // Classes of one hierarchy are unrelated types here, so only the leaves are compared.
        Ret::Narrowed => ty.with_spec(Spec::None).could_be(operand(0).unspecialised()),
    };
    errors.check(fits && has_one_representation(ty), block, inst, || {
        let operands: Vec<String> = func.args(inst).iter().map(|&v: &Value| func.ty(v).to_string()).collect();
        format!("{name} of ({}) cannot be {ty}", operands.join(", "))
    });
}

fn is_shift(op: Opcode) -> bool {
    matches!(op, Opcode::Ishl | Opcode::Ishr)
}

fn verify_edges(func: &Function, block: Block, inst: Inst, errors: &mut Errors) {
    for edge in func.edges(inst) {
        for (&arg, &param) in edge.args.iter().zip(&func.blocks[edge.target].params) {
            let (ty, expected) = (func.ty(arg), func.ty(param));
            errors.check(ty.is_subtype(expected), block, inst, || {
                format!("{arg}: {ty} is passed for {param}: {expected} of {}", edge.target)
            });
        }
    }
}
