//! The pass pipeline, as a table, and its one runner.
//!
//! A pass neither logs, nor verifies, nor times itself: the runner does. Debug builds verify after every pass; a failure
//! names the pass and prints the function. `limit` stops applying optional passes after so many, for bisecting.

use crate::ir::{Function, Phase};
use crate::passes::{
    Changed, clean_cfg, dead_code, drop_guards, drop_keeps, gvn, hoist_invariants, narrow_uses,
    refcount_insertion, reflow_types, rotate_loops, select_representation, simplify, sink_boxes, specialise,
    split_edges, trim_states,
};
use crate::text::print;
use crate::verify::verify;

/// One row: what to run, and what it is needed for.
#[derive(Clone, Copy)]
pub struct Pass {
    /// Name in `--after=NAME`.
    pub name: &'static str,
    /// The pass.
    pub run: fn(&mut Function) -> Changed,
    /// Whether the code is right without it.
    pub is_optional: bool,
    /// The phase that the function is in afterwards.
    pub phase: Phase,
}

const fn optional(name: &'static str, run: fn(&mut Function) -> Changed) -> Pass {
    Pass { name, run, is_optional: true, phase: Phase::Ssa }
}

const fn required(name: &'static str, run: fn(&mut Function) -> Changed, phase: Phase) -> Pass {
    Pass { name, run, is_optional: false, phase }
}

/// The optimising pipeline, in order.
pub const PASSES: &[Pass] = &[
    // The builder makes a parameter for every live local of every block.
    optional("clean-cfg", clean_cfg::run),
    // Types of speculated operators are backed by `specialise`, so neither goes without the other.
    required("reflow-types", reflow_types::run, Phase::Ssa),
    required("specialise", specialise::run, Phase::Ssa),
    // What the speculations have proved makes more of them possible.
    optional("narrow-uses", narrow_uses::run),
    required("reflow-types-2", reflow_types::run, Phase::Ssa),
    required("specialise-2", specialise::run, Phase::Ssa),
    optional("trim-states", trim_states::run),
    optional("simplify", simplify::run),
    optional("drop-keeps", drop_keeps::run),
    optional("dead-code", dead_code::run),
    optional("drop-guards", drop_guards::run),
    // Needs real joins only, and dead boxes gone.
    optional("select-representation", select_representation::run),
    optional("reflow-types-3", reflow_types::run),
    optional("simplify-2", simplify::run),
    optional("clean-cfg-2", clean_cfg::run),
    optional("dead-code-2", dead_code::run),
    optional("simplify-3", simplify::run),
    optional("gvn", gvn::run),
    optional("hoist-invariants", hoist_invariants::run),
    optional("sink-boxes", sink_boxes::run),
    optional("simplify-4", simplify::run),
    optional("dead-code-4", dead_code::run),
    // An exit that others share, or that passes values, gets a block of its own, which rotation needs.
    optional("split-edges-1", split_edges::run),
    optional("rotate-loops", rotate_loops::run),
    optional("clean-cfg-3", clean_cfg::run),
    required("dead-code-3", dead_code::run, Phase::Optimized),
    // Releases need a place on every edge.
    required("split-edges", split_edges::run, Phase::Optimized),
    required("refcount-insertion", refcount_insertion::run, Phase::Counted),
];

/// Takes the name of a pass, "before" or "after", and the text.
pub type Dump<'o> = dyn FnMut(&str, &str, &str) + 'o;

/// What the runner is asked to do besides running.
#[derive(Default)]
pub struct Options<'o> {
    /// Apply only so many optional passes.
    pub limit: Option<usize>,
    /// Called with the pass's name and the text before it ("before") and after it ("after").
    pub dump: Option<&'o mut Dump<'o>>,
    /// Verify after every pass, also in release builds.
    pub verify: bool,
}

/// Runs all passes; the function is in phase `Counted` afterwards.
pub fn run(func: &mut Function, options: &mut Options<'_>) {
    let mut applied = 0;
    for pass in PASSES {
        if pass.is_optional && options.limit.is_some_and(|limit| applied >= limit) {
            continue;
        }
        applied += usize::from(pass.is_optional);
        run_pass(func, pass, options);
    }
}

fn run_pass(func: &mut Function, pass: &Pass, options: &mut Options<'_>) {
    if let Some(dump) = &mut options.dump {
        dump(pass.name, "before", &print(func));
    }
    (pass.run)(func);
    func.phase = pass.phase;
    if let Some(dump) = &mut options.dump {
        dump(pass.name, "after", &print(func));
    }
    if (cfg!(debug_assertions) || options.verify)
        && let Err(errors) = verify(func)
    {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{} broke {}:\n{}\n{}", pass.name, func.name, errors.join("\n"), print(func));
    }
}
