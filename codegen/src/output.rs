//! What code generation gives: bytes, symbols to fill in, and tables about call sites and exits.

use lir::ir::{ExitData, PReg, Sym};

/// Code of the runtime that compiled code jumps to and that no helper signature describes. `jit` makes them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Thunk {
    /// Called by an exit; its return address names the exit. Never returns there.
    Exit,
    /// Called in a prologue with the stack pointer below the limit for calls: many calls are nested, the stack is used up, or a signal
    /// has arrived. Preserves every register; sets carry if an exception is pending.
    StackOverflow,
    /// Destroys the object in `r11`; preserves every other register.
    Dealloc,
    /// Serves the eval breaker; preserves every register; sets carry if an exception is pending.
    Poll,
}

/// What a relocation refers to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Target {
    /// A symbol of the program.
    Sym(Sym),
    /// Code of the runtime.
    Thunk(Thunk),
    /// The thread state.
    Thread,
}

/// How a relocation is filled in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RelocKind {
    /// 32 bits relative to the end of the field.
    Rel32,
    /// The 64-bit address.
    Abs64,
}

/// A field of the code to fill in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reloc {
    /// Where.
    pub offset: u32,
    /// How.
    pub kind: RelocKind,
    /// With what.
    pub target: Target,
}

/// A call, by return address: how the position in the program is found while the callee runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallSite {
    /// Offset of the return address.
    pub return_offset: u32,
    /// Its exit in [`CompiledCode::exits`], whose frames give the position, and whose values are live across the call.
    pub exit: Option<u32>,
}

/// Instructions that fault if what they read through is null; they stand in for a test.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NullTrap {
    /// Offset of the first one.
    pub start: u32,
    /// Offset behind the last one.
    pub end: u32,
    /// Offset at which a fault goes on, with every register as it is.
    pub target: u32,
}

/// An exit as it is in the code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExitSite {
    /// Offset of the return address of the call to [`Thunk::Exit`].
    pub return_offset: u32,
    /// What to do and where everything is; registers are physical or slots.
    pub data: ExitData,
}

/// The machine frame, for unwinding and for reading slots. In the body of a function with a frame,
/// `rbp` points to the saved `rbp`, `[rbp + 8]` is the return address, the registers of `saved` are below `rbp` in order, and
/// slot `n` is at `[rsp + slots_offset + 8 * n]`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FrameInfo {
    /// Whether there is a frame at all.
    pub has_frame: bool,
    /// Callee-saved registers in the order in which they were pushed.
    pub saved: Vec<PReg>,
    /// Bytes between `rsp` in the body and the last pushed register.
    pub locals_bytes: u32,
    /// Offset of slot 0 from `rsp`.
    pub slots_offset: u32,
}

/// A compiled function.
#[derive(Clone, Debug)]
pub struct CompiledCode {
    /// Qualified name.
    pub name: String,
    /// Machine code; the typed entry is at its start.
    pub bytes: Vec<u8>,
    /// Where the cold part starts.
    pub cold_offset: u32,
    /// Fields to fill in.
    pub relocs: Vec<Reloc>,
    /// Calls, by ascending return address.
    pub call_sites: Vec<CallSite>,
    /// Exits, by number.
    pub exits: Vec<ExitSite>,
    /// Tests for null that are left to faults, in the order of the code.
    pub null_traps: Vec<NullTrap>,
    /// The machine frame.
    pub frame: FrameInfo,
    /// Where an exit goes on to return `rax` or `xmm0` as the function's result. Only with a frame.
    pub return_offset: u32,
    /// Where an exit goes on to return failure. Only with a frame.
    pub fail_offset: u32,
}
