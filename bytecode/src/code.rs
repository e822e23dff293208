//! The code object: what one function, class body, module or comprehension compiles to.
//!
//! Instructions refer to pools (constants, names, types, fields, functions, classes) by index, to locals by slot. Parameters
//! take the first slots in CPython's order: positional, keyword-only, `*args`, `**kwargs`; then other locals and cells;
//! the free variables take the last slots. Exceptions are handled by a table, not by a block stack.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::blob::{self, SourceRanges};
use crate::descr::{ClassDecl, FieldDescr, FunctionDescr, Signature, TypeDescr};
use crate::nested::NestedCode;
use crate::opcode::Opcode;
use crate::operator::TypeCode;
use crate::word::Word;

/// A constant. Constants are plain data; the runtime makes objects of them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Const {
    /// `None`
    None,
    /// `...`
    Ellipsis,
    /// `True` or `False`
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// Any other integer, in decimal digits with an optional minus sign.
    BigInt(String),
    /// A float.
    Float(f64),
    /// The imaginary part of a complex number, with its real part first.
    Complex(f64, f64),
    /// A string, in WTF-8: lone surrogates are allowed.
    Str(#[serde(with = "blob::bytes")] Vec<u8>),
    /// A bytes object.
    Bytes(#[serde(with = "blob::bytes")] Vec<u8>),
    /// A tuple.
    Tuple(Vec<Const>),
    /// A frozenset.
    FrozenSet(Vec<Const>),
    /// A slice.
    Slice(Box<[Const; 3]>),
    /// The code of a nested function or class body.
    Code(Arc<NestedCode>),
}

impl Const {
    /// A string constant.
    pub fn str(text: &str) -> Self {
        Self::Str(text.as_bytes().to_vec())
    }

    /// Whether two constants may share a pool entry: equal, of one type, and with the same sign of zero.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Complex(a, b), Self::Complex(c, d)) => {
                a.to_bits() == c.to_bits() && b.to_bits() == d.to_bits()
            }
            (Self::Tuple(a), Self::Tuple(b)) | (Self::FrozenSet(a), Self::FrozenSet(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_same(b))
            }
            (Self::Slice(a), Self::Slice(b)) => a.iter().zip(b.iter()).all(|(a, b)| a.is_same(b)),
            (Self::Code(a), Self::Code(b)) => Arc::ptr_eq(a, b),
            (a, b) => a == b,
        }
    }
}

/// One local slot.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Local {
    /// Name in the source; slots that the compiler makes have names that no program can spell (`.0`).
    pub name: String,
    /// `Object`, or the primitive type whose values it holds.
    pub ty: TypeCode,
    /// Whether it holds a cell, and whose.
    pub cell: CellKind,
}

/// Whether a local slot holds a value or a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum CellKind {
    /// The value itself.
    None,
    /// A cell made by this code.
    Cell,
    /// A cell of an enclosing function.
    Free,
}

/// One entry of the exception table: where an exception between `start` and `end` goes.
///
/// Entries that cover an instruction are nested; the first one in the table is the innermost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Handler {
    /// First instruction covered.
    pub start: u32,
    /// First instruction not covered any more.
    pub end: u32,
    /// Where control goes.
    pub target: u32,
    /// How many stack entries survive; the exception is pushed on them.
    pub depth: u32,
}

/// Where an instruction comes from: 1-based lines, 0-based UTF-8 columns. Line 0 stands for "nowhere".
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct SourceRange {
    /// First line.
    pub line: u32,
    /// Last line.
    pub end_line: u32,
    /// First column.
    pub column: u32,
    /// Column past the end, on the last line.
    pub end_column: u32,
}

impl SourceRange {
    /// Nowhere, not even on the line of what stands in front, as where a program has taken the table of places away.
    pub const TAKEN_AWAY: Self = Self { line: 0, end_line: u32::MAX, column: 0, end_column: 0 };
}

/// Declares the flags of code objects with their spellings.
macro_rules! code_flags {
    ($($(#[doc = $doc:literal])+ $name:ident = $bit:literal $text:literal,)*) => {
        /// Properties of a code object; values that CPython has are CPython's.
        #[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        pub struct CodeFlags(pub u32);

        impl CodeFlags {
            $($(#[doc = $doc])+ pub const $name: Self = Self($bit);)*

            /// Every flag with its spelling.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $text),)*];
        }
    };
}

code_flags! {
    /// Locals are slots.
    OPTIMIZED = 0x1 "optimized",
    /// A call makes new locals.
    NEWLOCALS = 0x2 "newlocals",
    /// It has `*args`.
    VARARGS = 0x4 "varargs",
    /// It has `**kwargs`.
    VARKEYWORDS = 0x8 "varkeywords",
    /// It is nested in a function.
    NESTED = 0x10 "nested",
    /// It is a generator.
    GENERATOR = 0x20 "generator",
    /// It is a coroutine.
    COROUTINE = 0x80 "coroutine",
    /// It is a generator usable as a coroutine.
    ITERABLE_COROUTINE = 0x100 "iterable_coroutine",
    /// It is an async generator.
    ASYNC_GENERATOR = 0x200 "async_generator",
    /// It was compiled by the static compiler.
    STATIC = 0x4000 "static",
    /// The code of a strict module, which is analysed together with what it imports.
    STRICT = 0x8000 "strict",
    /// The body of a class.
    CLASS_BODY = 0x1_0000 "class_body",
    /// The body of a module.
    MODULE_BODY = 0x2_0000 "module_body",
    /// `from __future__ import annotations`
    FUTURE_ANNOTATIONS = 0x100_0000 "annotations",
    /// Its first constant is its docstring.
    HAS_DOCSTRING = 0x400_0000 "docstring",
    /// It is a method: the first parameter is the receiver.
    METHOD = 0x800_0000 "method",
    /// Its module asks how many references there are: each call has a frame, which holds as many in machine code as in the interpreter.
    COUNTS_REFERENCES = 0x1000_0000 "counts_references",
    /// Its module reads variables of frames: compiled code shows those of static functions, too, once there is such a module. Only a module's body has it.
    SEES_FRAMES = 0x2000_0000 "sees_frames",
}

impl CodeFlags {
    /// Whether all of `flags` are set.
    pub const fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Whether one of `flags` is set.
    pub const fn intersects(self, flags: Self) -> bool {
        self.0 & flags.0 != 0
    }

    /// The flags that make a call return an object with a suspended frame.
    pub const SUSPENDS: Self = Self(Self::GENERATOR.0 | Self::COROUTINE.0 | Self::ASYNC_GENERATOR.0);
}

impl std::ops::BitOr for CodeFlags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl std::ops::BitOrAssign for CodeFlags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for CodeFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_string())
    }
}

impl fmt::Display for CodeFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> =
            Self::ALL.iter().filter(|(flag, _)| self.contains(*flag)).map(|(_, name)| *name).collect();
        f.write_str(&names.join(","))
    }
}

/// What one function, class body, module or comprehension compiles to. See the module documentation.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Code {
    /// `f`
    pub name: String,
    /// `C.m.<locals>.f`
    pub qualname: String,
    /// The source file as tracebacks print it; not part of an [image](crate::image).
    #[serde(skip)]
    pub filename: Arc<str>,
    /// Line of the `def` or of the first decorator.
    pub first_line: u32,
    /// Properties.
    pub flags: CodeFlags,
    /// Positional parameters, positional-only ones included.
    pub arg_count: u32,
    /// Positional-only parameters.
    pub posonly_count: u32,
    /// Keyword-only parameters.
    pub kwonly_count: u32,
    /// Local slots; parameters first, free variables last.
    pub locals: Vec<Local>,
    /// Names of globals and attributes.
    pub names: Vec<String>,
    /// Constants.
    pub consts: Vec<Const>,
    /// Types that instructions mention.
    pub types: Vec<TypeDescr>,
    /// Fields that instructions mention.
    pub fields: Vec<FieldDescr>,
    /// Callees that instructions mention.
    pub functions: Vec<FunctionDescr>,
    /// Classes that instructions build.
    pub classes: Vec<ClassDecl>,
    /// The instructions.
    #[serde(with = "blob::words")]
    pub words: Vec<Word>,
    /// Source range of each instruction; as long as `words`.
    pub ranges: SourceRanges,
    /// Exception table, innermost first.
    pub handlers: Vec<Handler>,
    /// Entries that the operand stack needs.
    pub stack_size: u32,
    /// Parameter and return types of a static function, one for each parameter slot.
    pub signature: Option<Signature>,
}

impl Code {
    /// The line where a frame of it begins: that of the definition, and 0 for a module.
    pub fn beginning(&self) -> u32 {
        if self.flags.contains(CodeFlags::MODULE_BODY) { 0 } else { self.first_line }
    }

    /// The line that an instruction belongs to: its own, or, if it has none, that of what comes before it.
    pub fn line_at(&self, at: usize) -> u32 {
        let before = self.ranges.get(..=at).unwrap_or(&self.ranges);
        before.iter().rev().map(|range| range.line).find(|&line| line != 0).unwrap_or(self.beginning())
    }

    /// [`Code::line_at`] for a process that is dying, and may not ask for memory any more.
    pub fn last_line_at(&self, at: usize) -> u32 {
        self.ranges.last_line(at).unwrap_or(self.beginning())
    }

    /// How many slots parameters take, `*args` and `**kwargs` included.
    pub fn param_count(&self) -> usize {
        let stars = self.flags.contains(CodeFlags::VARARGS) as u32
            + self.flags.contains(CodeFlags::VARKEYWORDS) as u32;
        (self.arg_count + self.kwonly_count + stars) as usize
    }

    /// How many slots hold free variables; they are the last ones.
    pub fn free_count(&self) -> usize {
        self.locals.iter().rev().take_while(|local| local.cell == CellKind::Free).count()
    }

    /// Number of the `SEND` with which an `await` takes the result of the call in front of instruction `next`, if one does.
    pub fn awaiting_send(&self, next: u32) -> Option<u32> {
        let opcode_at = |at: u32| self.words.get(at as usize).map(|word| word.opcode());
        let is_plain =
            opcode_at(next) == Some(Opcode::GET_AWAITABLE) && self.words[next as usize].operand() == 0;
        (is_plain && opcode_at(next + 2) == Some(Opcode::SEND)).then_some(next + 2)
    }

    /// The innermost handler that covers an instruction.
    pub fn handler_at(&self, at: usize) -> Option<&Handler> {
        self.handlers.iter().find(|handler| (handler.start as usize..handler.end as usize).contains(&at))
    }

    /// This code and all code nested in its constants, outer first.
    pub fn walk(&self) -> Vec<&Self> {
        let mut found = vec![self];
        let mut at = 0;
        while let Some(code) = found.get(at).copied() {
            found.extend(code.consts.iter().filter_map(|item| match item {
                Const::Code(inner) => Some(&***inner),
                _ => None,
            }));
            at += 1;
        }
        found
    }
}
