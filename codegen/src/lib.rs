//! Machine code from allocated LIR: x86-64 through iced-x86, without addresses.
//!
//! - [`output`]: what comes out: bytes, relocations, call sites, exits
//! - [`emit()`]: LIR to machine code
//! - [`entry`]: the way in from Rust
//! - [`native`]: the way in from C
//! - [`disasm`]: text of machine code
#![forbid(unsafe_code)]

mod asm;
pub mod disasm;
mod emit;
pub mod entry;
mod frame;
pub mod native;
pub mod output;

pub use emit::emit;
pub use entry::{Shape, emit_entry};
pub use native::{CType, emit_native};
pub use output::{CallSite, CompiledCode, ExitSite, FrameInfo, NullTrap, Reloc, RelocKind, Target, Thunk};
