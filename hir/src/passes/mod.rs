//! The passes, one file each. A folder of passes and nothing else; [`crate::pipeline`] runs them.

pub mod clean_cfg;
pub mod dead_code;
pub mod drop_guards;
pub mod drop_keeps;
pub mod gvn;
pub mod hoist_invariants;
pub mod inline;
pub mod narrow_uses;
pub mod refcount_insertion;
pub mod reflow_types;
pub mod rotate_loops;
pub mod select_representation;
pub mod simplify;
pub mod sink_boxes;
pub mod specialise;
pub mod split_edges;
pub mod trim_states;

/// Whether a pass changed anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Changed {
    /// It did.
    Yes,
    /// It did not.
    No,
}

impl From<bool> for Changed {
    fn from(changed: bool) -> Self {
        if changed { Self::Yes } else { Self::No }
    }
}

/// Runs a pass on a text, verifies, and prints: what every pass test does.
#[cfg(test)]
pub(crate) fn check_pass(run: impl Fn(&mut crate::ir::Function) -> Changed, text: &str) -> String {
    let mut func = crate::text::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(crate::verify::verify(&func), Ok(()), "{text}");
    run(&mut func);
    func.resolve_aliases();
    let printed = crate::text::print(&func);
    assert_eq!(crate::verify::verify(&func), Ok(()), "{printed}");
    printed
}
