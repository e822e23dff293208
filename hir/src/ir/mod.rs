//! The data of HIR: functions, blocks, instructions, types. No algorithm lives here.

pub mod dominators;
pub mod effects;
pub mod frame_state;
pub mod function;
pub mod opcode;
pub mod types;

pub use frame_state::{Done, FrameState, Leaves, Slot, StateId};
pub use function::{
    Block, BlockData, Edge, Field, Func, Function, Imm, Inst, InstData, Phase, Value, ValueDef,
};
pub use opcode::{Cond, ImmKind, Memory, OpInfo, Opcode, Ret, Source};
pub use types::{Spec, Type};
