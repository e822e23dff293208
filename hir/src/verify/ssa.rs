//! Invariants of values:
//!
//! - a value is defined where its definition says: as the result of a placed instruction or as a block's parameter;
//! - a definition dominates every use in reachable blocks, frame states included;
//! - an edge passes as many arguments as its target has parameters;
//! - an instruction that may deoptimise or raise has a frame state, and no other has one; a state that says what a call leaves names the operands
//!   that stay.

use base::entity::SecondaryMap;

use super::Errors;
use crate::ir::dominators::Cfg;
use crate::ir::{Block, Function, Imm, Inst, Value, ValueDef};

/// Where a value is defined: block and position, parameters before position 1.
type Place = Option<(Block, usize)>;

pub(super) fn verify(func: &Function, errors: &mut Errors) {
    let cfg = Cfg::new(func);
    let places = definitions(func, errors);
    for &block in &cfg.order {
        for (at, &inst) in func.blocks[block].insts.iter().enumerate() {
            verify_uses(func, &cfg, &places, (block, at + 1, inst), errors);
            verify_edges(func, block, inst, errors);
            verify_state(func, block, inst, errors);
        }
    }
}

fn definitions(func: &Function, errors: &mut Errors) -> SecondaryMap<Value, Place> {
    let mut places: SecondaryMap<Value, Place> = SecondaryMap::new();
    for &block in &func.layout {
        for (at, &param) in func.blocks[block].params.iter().enumerate() {
            if func.values[param].def != ValueDef::Param(block, at as u32) {
                errors.report(block, None, format!("{param} does not know that it is parameter {at} here"));
            }
            places[param] = Some((block, 0));
        }
        for (at, &inst) in func.blocks[block].insts.iter().enumerate() {
            let Some(result) = func.insts[inst].result else { continue };
            let is_alias = matches!(func.values[result].def, ValueDef::Alias(_));
            errors.check(is_alias || func.values[result].def == ValueDef::Inst(inst), block, inst, || {
                format!("{result} does not know that it is defined here")
            });
            places[result] = Some((block, at + 1));
        }
    }
    places
}

fn verify_uses(
    func: &Function,
    cfg: &Cfg,
    places: &SecondaryMap<Value, Place>,
    (block, at, inst): (Block, usize, Inst),
    errors: &mut Errors,
) {
    func.for_each_use(inst, |value| {
        let dominates = match places[value] {
            None => false,
            Some((def, position)) if def == block => position < at,
            Some((def, _)) => cfg.dominates(def, block),
        };
        errors.check(dominates, block, inst, || {
            format!("{} uses {value}, whose definition does not dominate it", func.insts[inst].op.info().name)
        });
    });
}

fn verify_edges(func: &Function, block: Block, inst: Inst, errors: &mut Errors) {
    for edge in func.edges(inst) {
        let expected = func.blocks[edge.target].params.len();
        errors.check(edge.args.len() == expected, block, inst, || {
            format!("{} takes {expected} arguments, not {}", edge.target, edge.args.len())
        });
    }
}

fn verify_state(func: &Function, block: Block, inst: Inst, errors: &mut Errors) {
    let data = &func.insts[inst];
    let info = data.op.info();
    // A helper that cannot raise needs no state, and may have one.
    let needed = info.may_deopt || crate::ir::effects::may_raise(func, inst);
    let allowed = needed || matches!(data.imm, Imm::Helper(_));
    errors
        .check(data.state.is_some() || !needed, block, inst, || format!("{} lacks a frame state", info.name));
    errors.check(data.state.is_none() || allowed, block, inst, || {
        format!("{} cannot have a frame state", info.name)
    });
    let known = data.state.is_none_or(|state| func.states.get(state).is_some());
    errors.check(known, block, inst, || "the frame state does not exist".to_owned());
    let Some(state) = data.state.and_then(|state| func.states.get(state)) else { return };
    let has_operands = state.done.is_none_or(|done| done.depth as usize <= state.stack.len());
    errors.check(has_operands, block, inst, || "the frame state lacks operands that stay".to_owned());
}
