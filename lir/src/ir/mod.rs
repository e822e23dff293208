//! The data of LIR: registers, operands, instructions, functions. No algorithm lives here.

pub mod exit;
pub mod function;
pub mod machine;
pub mod op;
pub mod reg;

pub use exit::{Exit, ExitData, ExitFrame, ExitKind, ExitSlot, ExitValue, ValueRepr};
pub use function::{Base, Block, BlockData, Edge, Fails, Function, Inst, InstData, Mem, Phase, Src, Sym};
pub use machine::{ArgPlace, MachineEnv, RegSet};
pub use op::{Cc, Clobbers, Constraint, Def, Op, OpInfo, Size};
pub use reg::{PReg, Reg, RegClass, RegKind};
