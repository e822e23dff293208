//! The low-level intermediate representation: machine operations over registers, and register allocation.
//!
//! - [`ir`]: registers, instructions, functions, exits, the machine description; data only
//! - [`text`]: printer and parser
//! - [`mod@verify`]: the invariants of each phase
//! - [`operands`]: the register operands of an instruction and their constraints
//! - [`layout`]: offsets in objects and in the thread state
//! - [`mod@lower`]: HIR to LIR
//! - [`regalloc`]: linear scan, with its checker
#![forbid(unsafe_code)]

pub mod ir;
pub mod layout;
pub mod lower;
pub mod operands;
pub mod regalloc;
pub mod text;
pub mod verify;

pub use layout::Layout;
pub use lower::lower;
pub use verify::verify;
