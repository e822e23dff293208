//! What names and expressions mean: scopes for every module, types for static ones.
//!
//! - [`scope`]: which names a code block binds, and where every name is found
//! - [`ty`]: types and the relations between them
//! - [`program`]: modules, classes and functions of one checking session
//! - `marker`: which modules are static or strict
//! - `declare`, `annotation`, `bind`: from definitions to typed declarations
//! - `dataclass`: fields and constructors of dataclasses
//! - `enumeration`: members of static enumerations
//! - `evident`, `fold`: what bare `Final` names are, and the values of constants
//! - `overrides`: what a class may put in the place of what it inherits
//! - `builtin_names`, `exports`: what every module knows, and what modules of the library have
//! - `infer`: types of expressions, narrowing, plans for the emitter
//! - [`strict`]: what importing a strict module does; [`slots`]: which fields its classes have
//! - [`facts`]: what the emitter is told
//! - [`perf`]: where a static module is slower than it could be
//!
//! Modules that do not opt in with `import __static__` have scopes only. The emitter accepts a static module only once it has
//! been checked without errors.
#![forbid(unsafe_code)]

mod annotation;
mod bind;
mod builtin_names;
mod conditional;
mod dataclass;
mod declare;
mod decorator;
mod enumeration;
mod evident;
mod exports;
pub mod facts;
mod fold;
mod infer;
mod library;
mod marker;
mod native;
mod overrides;
pub mod perf;
pub mod program;
pub mod scope;
pub mod slots;
pub mod strict;
mod structural;
pub mod ty;
mod type_params;

pub use declare::checked_container;
pub use marker::{Markers, markers, misplaced, opts_in};
pub use program::{Missing, ModuleId, ModuleLoader, NoModules, Program};
