//! The typed stack bytecode: its one opcode table, the code object, the verifier and the text form.
//!
//! - [`opcode`]: THE table; enum, documentation, operands and stack effects derive from it
//! - [`word`]: the 32-bit encoding
//! - [`operator`]: operands that are small enumerations
//! - [`descr`]: operands that describe types, fields, callees and classes
//! - [`code`]: what one function or module body compiles to
//! - [`blob`]: its fields that files keep as they are, or packed
//! - [`nested`]: code that is decoded when it is looked into
//! - [`effect`]: what an instruction pops and pushes, with representations
//! - [`image`]: the binary form, for files
//! - [`verify`]: the invariants of well-formed code
//! - [`text`]: printer and parser, which round-trip
//!
//! Everything here is plain data without run-time objects, so that compilers, interpreters and files share it.
#![forbid(unsafe_code)]

pub mod blob;
pub mod code;
pub mod cpython;
pub mod descr;
pub mod effect;
pub mod image;
pub mod nested;
pub mod opcode;
pub mod operator;
pub mod text;
pub mod verify;
pub mod word;

pub use blob::SourceRanges;
pub use code::{Code, CodeFlags, Const, Handler, Local, SourceRange};
pub use descr::{
    ClassDecl, FieldDecl, FieldDescr, FunctionDescr, Given, MethodDecl, MethodKind, Rest, Signature,
    TypeDescr,
};
pub use nested::{FrameShape, Head, NestedCode};
pub use opcode::{Opcode, OperandKind};
pub use operator::{
    BinaryOp, CompareOp, Intrinsic, LenKind, PrimitiveBinaryOp, PrimitiveCompareOp, PrimitiveUnaryOp, Repr,
    SequenceKind, TypeCode,
};
pub use word::Word;
