//! Trims frame states: what can only raise, outside of every handler, needs no operands but those behind it, and no variables either unless
//! they are shown.
//!
//! Why here: after `specialise`, for which generic calls carried their full state, and before `dead-code`, because a state keeps
//! what it names alive. Needs: phase `Ssa`. Keeps: phase, graph. Cost: linear.

use std::collections::HashMap;

use super::Changed;
use crate::ir::{Done, FrameState, Function, StateId};

/// See the module documentation.
pub fn run(func: &mut Function) -> Changed {
    let mut trimmed: HashMap<StateId, StateId> = HashMap::new();
    let mut changed = false;
    for block in func.layout.clone() {
        for inst in func.blocks[block].insts.clone() {
            let Some(state) = func.insts[inst].state else { continue };
            if func.insts[inst].op.info().may_deopt || is_handled(func, state) || is_position(func, state) {
                continue;
            }
            let position = *trimmed.entry(state).or_insert_with(|| trim(func, state));
            func.insts[inst].state = Some(position);
            changed = true;
        }
    }
    changed.into()
}

/// Whether the whole chain is bare already.
fn is_position(func: &Function, state: StateId) -> bool {
    let state = &func.states[state];
    (func.is_shown || state.locals.is_empty())
        && state.stack.len() <= depth_behind(state.done)
        && state.parent.is_none_or(|parent| is_position(func, parent))
}

/// Whether a handler of this function or of a caller that it is inlined into may see the exception.
fn is_handled(func: &Function, state: StateId) -> bool {
    let state = &func.states[state];
    state.is_handled || state.parent.is_some_and(|parent| is_handled(func, parent))
}

fn trim(func: &mut Function, state: StateId) -> StateId {
    let FrameState { code, offset, parent, locals, mut stack, done, .. } = func.states[state].clone();
    let parent = parent.map(|parent| trim(func, parent));
    let locals = if func.is_shown { locals } else { Vec::new() };
    stack.truncate(depth_behind(done));
    func.states.push(FrameState { parent, locals, stack, done, ..FrameState::position(code, offset) })
}

/// How many operands a frame needs that goes on behind a call.
fn depth_behind(done: Option<Done>) -> usize {
    done.map_or(0, |done| done.depth as usize)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::passes::check_pass;

    #[test]
    fn operands_behind_a_call_stay() {
        let text = "func @f func0 -> Object phase=ssa shown {
  fs0 = state func0 4 [v0] [v0, v1, v0] done 1 result
bb0(v0: Object, v1: Object):
  v2: Object = call_helper #get_iter v0 @fs0
  return v2
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> Object phase=ssa shown {
      fs0 = state func0 4 [v0] [v0, v1, v0] done 1 result
      fs1 = state func0 4 [v0] [v0] done 1 result
    bb0(v0: Object, v1: Object):
      v2: Object = call_helper #get_iter v0 @fs1
      return v2
    }
    "#);
    }

    #[test]
    fn what_only_raises_keeps_its_position() {
        let text = "func @f func0 -> Object phase=ssa {
  fs0 = state func0 4 [v0] []
  fs1 = state func0 5 [v0] [] handled
bb0(v0: Object):
  v1: Object = call_helper #get_iter v0 @fs0
  v2: SmallInt = guard_type v0 @fs0
  v3: Object = call_helper #get_iter v2 @fs1
  return v3
}";
        assert_snapshot!(check_pass(super::run, text), @r#"
    func @f func0 -> Object phase=ssa {
      fs0 = state func0 4 [v0] []
      fs1 = state func0 5 [v0] [] handled
      fs2 = state func0 4 [] []
    bb0(v0: Object):
      v1: Object = call_helper #get_iter v0 @fs2
      v2: SmallInt = guard_type v0 @fs0
      v3: Object = call_helper #get_iter v2 @fs1
      return v3
    }
    "#);
    }
}
