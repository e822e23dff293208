//! Loop rotation: `while` loops test at the bottom.
//!
//! Why here: last of the passes before reference counting, because duplicated tests would be in the way of the others. Method: a
//! loop header that only computes and then leaves or stays is copied to each back edge, so that an iteration has one branch
//! instead of a branch and a jump. What the header defines and others use becomes a parameter of its two targets, which now have
//! two predecessors. Only small headers without effects are copied, and none whose values are used
//! where its targets meet again. Needs: phase `Ssa`. Keeps: phase. Cost: linear.

use base::entity::SecondaryMap;

use super::Changed;
use crate::ir::dominators::Cfg;
use crate::ir::{Block, Edge, Function, Inst, Opcode, Value};

/// Headers with more instructions are not copied.
const LIMIT: usize = 12;

/// See the module documentation.
pub fn run(func: &mut Function) -> Changed {
    func.resolve_aliases();
    let cfg = Cfg::new(func);
    let mut changed = false;
    for &header in &cfg.order {
        if cfg.is_loop_header(header) && is_rotatable(func, &cfg, header) {
            rotate(func, &cfg, header);
            changed = true;
        }
    }
    func.resolve_aliases();
    changed.into()
}

/// Whether the header is a small pure test whose targets belong to it alone.
fn is_rotatable(func: &Function, cfg: &Cfg, header: Block) -> bool {
    let insts = &func.blocks[header].insts;
    let Some((&last, rest)) = insts.split_last() else { return false };
    let edges = func.edges(last);
    let is_pure = |&inst: &Inst| func.insts[inst].op.info().is_pure();
    func.insts[last].op == Opcode::Branch
        && rest.len() <= LIMIT
        && rest.iter().all(is_pure)
        && edges
            .iter()
            .all(|edge| edge.args.is_empty() && edge.target != header && cfg.preds(edge.target).len() == 1)
        && edges.iter().any(|edge| cfg.loop_depth(edge.target) < cfg.loop_depth(header))
        && cfg.preds(header).iter().all(|&pred| func.insts[func.terminator(pred)].op == Opcode::Jump)
        && !is_used_behind(func, cfg, header)
}

/// Whether something that the header defines is used where both of its targets lead to: neither could pass its copy on.
fn is_used_behind(func: &Function, cfg: &Cfg, header: Block) -> bool {
    let defined = definitions(func, header);
    let targets: Vec<Block> = func.successors(header).collect();
    let is_behind = |block: Block| {
        block != header
            && cfg.dominates(header, block)
            && !targets.iter().any(|&target| cfg.dominates(target, block))
    };
    cfg.order.iter().copied().filter(|&block| is_behind(block)).any(|block| {
        let mut found = false;
        for &inst in &func.blocks[block].insts {
            func.for_each_use(inst, |value| found |= defined.contains(&value));
        }
        found
    })
}

fn rotate(func: &mut Function, cfg: &Cfg, header: Block) {
    let latches: Vec<Block> =
        cfg.preds(header).iter().copied().filter(|&pred| cfg.dominates(header, pred)).collect();
    let defined = definitions(func, header);
    let targets: Vec<Block> = func.successors(header).collect();
    let needed: Vec<Vec<Value>> =
        targets.iter().map(|&target| used_under(func, cfg, target, &defined)).collect();
    // Targets take what the header defines as parameters, one copy for each way in.
    let mut renamed = Vec::new();
    for (&target, values) in targets.iter().zip(&needed) {
        let map: Vec<(Value, Value)> =
            values.iter().map(|&value| (value, func.add_param(target, func.ty(value)))).collect();
        renamed.push(map);
    }
    for (&target, map) in targets.iter().zip(&renamed) {
        rename_under(func, cfg, target, map);
    }
    let terminator = func.terminator(header);
    for (at, values) in needed.iter().enumerate() {
        func.edges_mut(terminator)[at].args.clone_from(values);
    }
    for latch in latches {
        copy_header(func, header, latch);
    }
}

fn definitions(func: &Function, header: Block) -> Vec<Value> {
    let results = func.blocks[header].insts.iter().filter_map(|&inst| func.insts[inst].result);
    func.blocks[header].params.iter().copied().chain(results).collect()
}

/// Which of `defined` are used in blocks that `target` dominates.
fn used_under(func: &Function, cfg: &Cfg, target: Block, defined: &[Value]) -> Vec<Value> {
    let mut used = Vec::new();
    for &block in cfg.order.iter().filter(|&&block| cfg.dominates(target, block)) {
        for &inst in &func.blocks[block].insts {
            func.for_each_use(inst, |value| {
                if defined.contains(&value) && !used.contains(&value) {
                    used.push(value);
                }
            });
        }
    }
    used
}

/// Replaces values in the blocks that `target` dominates; states are copied, because other blocks may share them.
fn rename_under(func: &mut Function, cfg: &Cfg, target: Block, map: &[(Value, Value)]) {
    let rename = |value: Value| map.iter().find(|(old, _)| *old == value).map_or(value, |&(_, new)| new);
    let mut states = SecondaryMap::new();
    for &block in cfg.order.iter().filter(|&&block| cfg.dominates(target, block)) {
        for inst in func.blocks[block].insts.clone() {
            let args: Vec<Value> = func.args(inst).iter().map(|&arg| rename(arg)).collect();
            func.set_args(inst, &args);
            for edge in func.edges_mut(inst) {
                edge.args.iter_mut().for_each(|arg| *arg = rename(*arg));
            }
            func.insts[inst].state =
                func.insts[inst].state.map(|state| rename_state(func, state, &rename, &mut states));
        }
    }
}

fn rename_state(
    func: &mut Function,
    state: crate::ir::StateId,
    rename: &impl Fn(Value) -> Value,
    done: &mut SecondaryMap<crate::ir::StateId, Option<crate::ir::StateId>>,
) -> crate::ir::StateId {
    if let Some(known) = done[state] {
        return known;
    }
    let mut copy = func.states[state].clone();
    copy.map_values(rename);
    copy.parent = copy.parent.map(|parent| rename_state(func, parent, rename, done));
    let new = if copy == func.states[state] { state } else { func.states.push(copy) };
    done[state] = Some(new);
    new
}

/// Replaces the jump to the header at the end of `latch` by a copy of the header.
fn copy_header(func: &mut Function, header: Block, latch: Block) {
    let jump = func.blocks[latch].insts.pop().expect("a latch ends with a jump");
    let args = func.edges(jump)[0].args.clone();
    let mut map: Vec<(Value, Value)> = func.blocks[header].params.iter().copied().zip(args).collect();
    for inst in func.blocks[header].insts.clone() {
        let renamed = |value: Value, map: &[(Value, Value)]| {
            map.iter().find(|(old, _)| *old == value).map_or(value, |&(_, new)| new)
        };
        let data = func.insts[inst];
        let args: Vec<Value> = func.args(inst).iter().map(|&arg| renamed(arg, &map)).collect();
        let ty = data.result.map_or(crate::ir::Type::EMPTY, |result| func.ty(result));
        let edges: Vec<Edge> = func
            .edges(inst)
            .iter()
            .map(|edge| Edge::new(edge.target, edge.args.iter().map(|&arg| renamed(arg, &map)).collect()))
            .collect();
        let copy = func.append(latch, data.op, &args, data.imm, ty, data.state);
        func.set_edges(copy, edges);
        if let (Some(old), Some(new)) = (data.result, func.insts[copy].result) {
            map.push((old, new));
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::passes::check_pass;

    #[test]
    fn the_test_moves_to_the_bottom() {
        let text = "func @f func0 -> I64 phase=ssa {
bb0(v0: I64):
  v1: I64{0} = const_int #0
  v2: I64{1} = const_int #1
  jump bb1(v1, v1)
bb1(v3: I64, v4: I64):
  v5: CBool = icmp .lt v3, v0
  branch v5, bb2, bb3
bb2:
  v6: I64 = iadd v4, v3
  v7: I64 = iadd v3, v2
  jump bb1(v7, v6)
bb3:
  return v4
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> I64 phase=ssa {
    bb0(v0: I64):
      v1: I64{0} = const_int #0
      v2: I64{1} = const_int #1
      jump bb1(v1, v1)
    bb1(v3: I64, v4: I64):
      v5: CBool = icmp .lt v3, v0
      branch v5, bb2(v4, v3), bb3(v4)
    bb2(v8: I64, v9: I64):
      v6: I64 = iadd v8, v9
      v7: I64 = iadd v9, v2
      v11: CBool = icmp .lt v7, v0
      branch v11, bb2(v6, v7), bb3(v6)
    bb3(v10: I64):
      return v10
    }
    "#);
    }

    #[test]
    fn a_value_used_where_exit_and_break_meet_keeps_the_header() {
        let text = "func @f func0 -> I64 phase=ssa {
bb0(v0: I64):
  v1: I64{0} = const_int #0
  v2: I64{1} = const_int #1
  jump bb1(v1)
bb1(v3: I64):
  v5: CBool = icmp .lt v3, v0
  branch v5, bb2, bb3
bb2:
  v6: I64 = imul v3, v3
  v7: I64 = iadd v3, v2
  v8: CBool = icmp .lt v6, v0
  branch v8, bb5, bb4
bb5:
  jump bb1(v7)
bb3:
  jump bb6
bb4:
  jump bb6
bb6:
  return v3
}";
        let func = crate::text::parse(text).expect("well-formed");
        assert_eq!(check_pass(super::run, text), crate::text::print(&func));
    }
}
