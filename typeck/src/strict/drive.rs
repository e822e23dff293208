//! Loops over generators: the body runs where the generator gives a value, in the frames around it, so that effects come in their order and
//! a generator without an end is followed until the loop is left.
//!
//! A loop that is left raises `GeneratorExit` in the generator, which nobody else has; one that somebody else may have is driven only by loops
//! that go to its end, and is run ahead otherwise. (the same inversion as in [`context`](super::context))

use parser::ast::{Expr, ExprKind, Stmt, StmtKind};
use parser::visit::{Visitor, walk_stmt};

use super::finding::Call;
use super::statement::Loop;
use super::value::{Args, Eval, Flow, Kind, Stop, Value};
use super::{Analyser, TURNS};

/// Turns that perhaps leave a loop before it is taken to have been left.
const DOUBTS: usize = 16;

/// The loop that drives a generator.
#[derive(Clone, Copy)]
pub(super) struct Driven<'a> {
    target: &'a Expr<'a>,
    body: &'a [Stmt<'a>],
    /// How many frames, calls and branches are around the loop.
    frames: usize,
    calls: usize,
    branches: usize,
    turns: usize,
    doubts: usize,
    left: Option<Left<'a>>,
}

/// How a loop has been left.
#[derive(Clone, Copy)]
enum Left<'a> {
    Flow(Flow<'a>),
    Raised(Value<'a>),
}

impl<'a> Analyser<'a, '_> {
    /// Runs a loop over a generator that has not begun.
    pub(super) fn for_generator(
        &mut self,
        generator: Value<'a>,
        (target, body, orelse): Loop<'a>,
    ) -> Eval<'a, Flow<'a>> {
        let (Some(Kind::Generator { function, env }), Value::Object(id)) =
            (self.kind(generator).cloned(), generator)
        else {
            return Ok(Flow::Next);
        };
        self.spoil_summary();
        self.note_change(generator, "a generator");
        // Who asks while it runs, or behind it, finds nothing.
        *self.kind_mut(id) = Kind::Iterator { items: Vec::new(), at: 0 };
        let site = self.here.expect("code stands somewhere");
        let (frames, calls, branches) = (self.frames.len(), self.calls.len(), self.branches);
        let driven = Driven { target, body, frames, calls, branches, turns: 0, doubts: 0, left: None };
        self.calls.push(Call { site, callee: function.name });
        let (end, left) = self.in_frame(function.unit, function.scope, env, None, |this| {
            this.frame().driven = Some(driven);
            let end = this.run_body(&function);
            Ok((end, this.frame().driven.and_then(|driven| driven.left)))
        })?;
        self.calls.pop();
        self.here = Some(site);
        self.keep_variables(env);
        match (end, left) {
            (Err(Stop::Exhausted), _) => Err(Stop::Exhausted),
            // What a generator that is closed raises is told to nobody.
            (_, Some(Left::Flow(Flow::Return(value)))) => Ok(Flow::Return(value)),
            (_, Some(Left::Flow(_))) => Ok(Flow::Next),
            (_, Some(Left::Raised(exception))) => Err(Stop::Raise(exception)),
            (Err(stop), None) => Err(stop),
            (Ok(_), None) => self.block(orelse),
        }
    }

    /// The generator that the `__iter__` of an instance is, which nobody else has.
    pub(super) fn own_generator(&mut self, value: Value<'a>) -> Eval<'a, Option<Value<'a>>> {
        let Some(method) = self.special_method(value, "__iter__") else { return Ok(None) };
        let Some(&Kind::Method { function, .. }) = self.kind(method) else { return Ok(None) };
        let is_generator = matches!(self.kind(function), Some(Kind::Function(function)) if function.is_generator && !function.is_async);
        if !is_generator {
            return Ok(None);
        }
        let made = self.call(method, Args::default())?;
        Ok(matches!(self.kind(made), Some(Kind::Generator { .. })).then_some(made))
    }

    /// The generator in frame `at` gives a value: the loop around it takes a turn.
    pub(super) fn take_turn(&mut self, at: usize, value: Value<'a>) -> Eval<'a> {
        let driven = self.frames[at].driven.expect("the caller has found it");
        if driven.left.is_some() {
            return Err(self.raise("RuntimeError", "generator ignored GeneratorExit"));
        }
        let (frames, calls) = (self.frames.split_off(driven.frames), self.calls.split_off(driven.calls));
        let here = self.here;
        let outer = std::mem::replace(&mut self.frame().may_leave, false);
        let outcome = match driven.turns < TURNS {
            true => self.assign(driven.target, value).and_then(|()| self.block(driven.body)),
            false => Ok(self.endless_loop()),
        };
        let mut doubts = driven.doubts + usize::from(self.frame().may_leave);
        self.frame().may_leave = outer;
        let is_sure = self.branches == driven.branches;
        let left = match outcome {
            Ok(Flow::Next | Flow::Continue) if doubts > DOUBTS && is_sure => Some(Left::Flow(Flow::Next)),
            Ok(Flow::Next | Flow::Continue) => None,
            Ok(flow) if is_sure => Some(Left::Flow(flow)),
            Err(Stop::Raise(exception)) if is_sure => Some(Left::Raised(exception)),
            // Perhaps it is not left here.
            Ok(flow) => {
                self.frame().may_leave = true;
                if let Flow::Return(value) = flow {
                    self.frame().returns.push(value);
                }
                doubts += 1;
                (doubts > DOUBTS).then_some(Left::Flow(Flow::Next))
            }
            Err(Stop::Raise(exception)) => {
                self.possible.push(exception);
                None
            }
            Err(stop) => {
                self.frames.extend(frames);
                self.calls.extend(calls);
                return Err(stop);
            }
        };
        self.frames.extend(frames);
        self.calls.extend(calls);
        self.here = here;
        self.frames[at].driven = Some(Driven { turns: driven.turns + 1, doubts, left, ..driven });
        match left {
            Some(_) if is_sure => Err(self.raise("GeneratorExit", "")),
            // What else the generator does is not known.
            Some(_) => Err(Stop::Enough),
            None => Ok(Value::None),
        }
    }

    fn endless_loop(&mut self) -> Flow<'a> {
        self.over_budget("a loop does not end");
        Flow::Break
    }
}

/// Whether a loop may drive its generator: nobody else has it, or the loop is not left before its end.
pub(super) fn may_drive<'a>(iter: &'a Expr<'a>, body: &'a [Stmt<'a>]) -> bool {
    let is_new = matches!(iter.kind, ExprKind::Call { .. } | ExprKind::GeneratorExp { .. });
    let mut leaves = Leaves { depth: 0, found: false };
    body.iter().for_each(|stmt| leaves.visit_stmt(stmt));
    is_new || !leaves.found
}

/// Looks for statements that leave a loop.
struct Leaves {
    /// Loops inside it.
    depth: usize,
    found: bool,
}

impl<'a> Visitor<'a> for Leaves {
    fn visit_stmt(&mut self, stmt: &'a Stmt<'a>) {
        match stmt.kind {
            StmtKind::Break => self.found |= self.depth == 0,
            StmtKind::Return { .. } => self.found = true,
            StmtKind::FunctionDef(_) | StmtKind::AsyncFunctionDef(_) | StmtKind::ClassDef(_) => {}
            StmtKind::For { .. } | StmtKind::AsyncFor { .. } | StmtKind::While { .. } => {
                self.depth += 1;
                walk_stmt(self, stmt);
                self.depth -= 1;
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr<'a>) {}
}
