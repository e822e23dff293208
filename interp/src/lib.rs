//! The interpreter: frames, the dispatch loop, and everything an instruction does.
//!
//! - [`frame`]: shadow frames on a contiguous stack
//! - [`live`]: the Python-visible objects of frames
//! - `jump`: what setting `f_lineno` does
//! - `tracing`: what trace and profile functions are told of
//! - [`eager`]: awaited calls of coroutines
//! - [`entry`]: calls from native code, module and class bodies
//! - [`eval`]: the dispatch loop
//! - `registers`: the loop's vocabulary
//! - `rare`: the instructions that the loop leaves out
//! - `quicken`: specialised forms of instructions
//! - `ops`: instructions by family
//! - `unwind`: from an exception to its handler
//! - [`native`]: where interpreted and compiled code meet
//! - [`namespace`]: names of class and module bodies, for compiled code
//! - [`resume`]: generators and delegation to sub-iterators
//!
//! The runtime reaches the interpreter through hooks that [`install`] fills in; the interpreter never names a compiler.

pub mod eager;
pub mod entry;
pub mod eval;
pub mod frame;
mod jump;
pub mod live;
pub mod namespace;
pub mod native;
mod ops;
mod quicken;
mod rare;
mod registers;
pub mod resume;
mod tracing;
mod unwind;

use runtime::hooks;

pub use ops::arithmetic::fast as arithmetic_fast;
pub use ops::attribute;
pub use ops::call::{call_counted, call_owned, set_attribute as set_function_attribute, with_spread};
pub use ops::callee::{
    class_stamp, deleted_method, dispatcher, find_method, invalidate, resolve_function, static_target,
};
pub use ops::collection::{
    build_map, build_set, dict_merge, dict_update, list, list_extend, map_add, set_add, set_update,
};
pub use ops::control::serve_pending;
pub use ops::exception::{call_exit, enter as enter_context, exchange_handled, match_group};
pub use ops::intrinsic::{call_in_frame as call_intrinsic_in_frame, call_in_function as call_intrinsic};
pub use ops::item::list_item;
pub use ops::name::{empty_cell as unbound, find_global, import, load_super};
pub use ops::pattern;
pub use ops::primitive::{double_binary, trapping_binary, unboxed};
pub use ops::statics::{
    build_class as build_static_class, check_borrowed, check_cast, invoke_owned, invoke_stranger,
    invoke_values, load_default, load_field_object, store_field_object,
};
pub use ops::string::{concat, convert, format, interpolation, template};
pub use rare::reraises;

/// Makes the runtime run Python functions through this interpreter.
pub fn install() {
    hooks::install(|hooks| {
        hooks.function_entry = entry::function_entry;
        hooks.body_entry = entry::body_entry;
        hooks.run_code = entry::run_code;
        hooks.resume = resume::resume;
        hooks.drop_frame = resume::drop_frame;
        hooks.release_stack = frame::release_stack;
        hooks.traverse_frame = resume::traverse_frame;
        hooks.clear_frame = resume::clear_frame;
        hooks.frame_awaits = resume::frame_awaits;
        hooks.frame_is_guarded = resume::frame_is_guarded;
        hooks.frames = live::HOOKS;
        hooks.frame = frame::info;
        hooks.frame_locals = frame::locals_at;
        hooks.current_locals = frame::current_locals;
        hooks.current_globals = frame::current_globals;
        hooks.dict_changed = |_, _, is_definition| {
            if is_definition {
                ops::callee::invalidate();
            }
        };
        hooks.function_changed = |_| ops::callee::invalidate();
    });
}
