//! The just-in-time compiler: runs the compiling pipeline, keeps the machine code, and goes between it and the rest.
//!
//! - [`settings`]: when to compile what
//! - `context`: the compiler's state
//! - `compile`: from a function to installed code
//! - `env`: what the pipeline is told about the running program
//! - `functions`, `links`: call targets, and what changes them
//! - `intern`, `cells`: objects and global names by id
//! - `code_memory`, `machine`: where code is, and its tables
//! - `thunk`, [`helper`]: what compiled code calls
//! - `entry`, `bridge`, `exit`: into compiled code, out of it, and back to the interpreter
//! - `continuation`: from the middle of an interpreter's frame into compiled code
//! - [`native`]: out of C
//! - `stack`: its frames
//! - `control`: what programs ask of the compiler
//! - `release`: letting go of everything when the process ends
//! - [`report`]: statistics and dumps
//!
//! The runtime and the interpreter reach the compiler through hooks that [`install`] fills in.

mod bridge;
mod cells;
mod code_memory;
mod compile;
mod context;
mod continuation;
mod control;
mod entry;
mod env;
mod exit;
mod fallback;
mod functions;
pub mod helper;
mod interfaces;
mod intern;
mod links;
mod machine;
pub mod native;
mod perf;
mod place;
mod release;
pub mod report;
pub mod settings;
mod stack;
mod thunk;
mod values;

use runtime::hooks;

pub use compile::Observer;
pub use settings::{Mode, Settings};

/// Installs the compiler behind the interpreter's hooks. Without executable memory, or in mode `Off`, programs are interpreted. The
/// runtime must be attached.
pub fn install(settings: Settings) {
    let (thresholds, is_eager) = (settings.thresholds(), settings.continuation_threshold() == 0);
    if settings.mode == Mode::Off || !context::create(settings) {
        return;
    }
    hooks::set_hot_calls(thresholds.0, thresholds.1);
    if is_eager {
        hooks::watch_every_turn();
    }
    hooks::install(|hooks| {
        hooks.continue_frame = continuation::continue_frame;
        hooks.function_hot = entry::function_hot;
        hooks.call_typed = entry::call_typed;
        hooks.count_calls = |place| stack::measure(place).0;
        hooks.compiled_frames = stack::compiled_frames;
        hooks.compiled_places = stack::compiled_places;
        hooks.adopt_frame = fallback::adopt;
        hooks.adopted_variables = fallback::variables;
        hooks.dict_changed = links::dict_changed;
        hooks.class_changed = links::class_changed;
        hooks.function_changed = links::function_changed;
        hooks.release_code = release::release;
        hooks.leave_compiled = links::leave_compiled;
        hooks.compiler = control::answer;
    });
}
