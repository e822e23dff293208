//! The printer of the text form; see the parser beside it, which reads in the same order.

use std::fmt::Write;

use crate::code::{CellKind, Code, Const, SourceRange};
use crate::descr::ClassDecl;
use crate::opcode::{Opcode, OperandKind};
use crate::operator::{
    BinaryOp, CompareOp, Intrinsic, LenKind, PrimitiveBinaryOp, PrimitiveCompareOp, PrimitiveUnaryOp,
    SequenceKind, TypeCode,
};
use crate::word::Word;

/// The whole code object with everything nested in it, in the form that [`parse`](super::parse) reads.
pub fn print(code: &Code) -> String {
    let mut printer = Printer { out: String::new(), indent: 0 };
    printer.code(code);
    printer.out
}

/// The instructions of one code object for people: source lines, offsets, names, operands explained.
pub fn listing(code: &Code) -> String {
    let mut out = String::new();
    let targets = jump_targets(code);
    let mut line = 0;
    for (at, &word) in code.words.iter().enumerate() {
        let range = code.ranges[at];
        let shown =
            if range.line != line && range.line != 0 { range.line.to_string() } else { String::new() };
        if !shown.is_empty() && at > 0 {
            out.push('\n');
        }
        line = range.line;
        let mark = if targets[at] { ">>" } else { "" };
        let text = instruction(code, word);
        writeln!(out, "{shown:>4} {mark:>2} {at:>4} {}", text.trim_end())
            .expect("writing to a string succeeds");
    }
    for handler in &code.handlers {
        writeln!(
            out,
            "handler {}..{} -> {} depth {}",
            handler.start, handler.end, handler.target, handler.depth
        )
        .expect("writing to a string succeeds");
    }
    out
}

/// Which instructions are jumped to.
fn jump_targets(code: &Code) -> Vec<bool> {
    let mut targets = vec![false; code.words.len()];
    let jumps = code.words.iter().filter(|word| word.opcode().jumps()).map(|word| word.index());
    for at in jumps.chain(code.handlers.iter().map(|handler| handler.target as usize)) {
        targets[at] = true;
    }
    targets
}

/// One instruction: name, operand, and what the operand names.
fn instruction(code: &Code, word: Word) -> String {
    let name = word.opcode().name();
    if word.opcode().info().operand == OperandKind::None {
        return name.to_owned();
    }
    match explain(code, word) {
        Some(meaning) => format!("{name:<23} {} ; {meaning}", word.operand()),
        None => format!("{name:<23} {}", word.operand()),
    }
}

/// What an operand names, in words.
fn explain(code: &Code, word: Word) -> Option<String> {
    let (low, high) = word.halves();
    let (at, number) = (word.index(), word.operand());
    let local = |slot: usize| code.locals.get(slot).map(|local| local.name.clone());
    let type_code = |number: usize| TypeCode::from_operand(number as u32).map(TypeCode::text);
    match word.opcode().info().operand {
        OperandKind::None | OperandKind::Count | OperandKind::Invert | OperandKind::Cache => None,
        OperandKind::Local => local(at),
        OperandKind::LocalPair => Some(format!("{}, {}", local(low)?, local(high)?)),
        OperandKind::Const => code.consts.get(at).map(const_text),
        OperandKind::Name => code.names.get(at).cloned(),
        OperandKind::Label => Some(format!("to {at}")),
        OperandKind::Binary => {
            let text = BinaryOp::from_operand(number)?.text();
            let inplace = if word.opcode() == Opcode::BINARY_OP_INPLACE { "=" } else { "" };
            Some(format!("{text}{inplace}"))
        }
        OperandKind::Compare => CompareOp::from_operand(number).map(|op| op.text().to_owned()),
        OperandKind::Intrinsic => Intrinsic::from_operand(number).map(|op| op.text().to_owned()),
        OperandKind::Conversion => {
            ["str", "repr", "ascii"].get(at.checked_sub(1)?).map(|text| (*text).to_owned())
        }
        OperandKind::Unpack => Some(format!("{low} before, {high} after")),
        OperandKind::Type => code.types.get(at).map(ToString::to_string),
        OperandKind::Field => code.fields.get(at).map(ToString::to_string),
        OperandKind::Function => code.functions.get(at).map(ToString::to_string),
        OperandKind::Class => code.classes.get(at).map(|class| class.name.clone()),
        OperandKind::TypeCode => type_code(at).map(str::to_owned),
        OperandKind::Convert => Some(format!("{} to {}", type_code(low)?, type_code(high)?)),
        OperandKind::PrimitiveBinary => {
            Some(format!("{} {}", PrimitiveBinaryOp::from_operand(low as u32)?.text(), type_code(high)?))
        }
        OperandKind::PrimitiveUnary => {
            Some(format!("{} {}", PrimitiveUnaryOp::from_operand(low as u32)?.text(), type_code(high)?))
        }
        OperandKind::PrimitiveCompare => {
            PrimitiveCompareOp::from_operand(number).map(|op| op.text().to_owned())
        }
        OperandKind::Sequence => SequenceKind::from_operand(number).map(|kind| kind.text().to_owned()),
        OperandKind::Len => LenKind::from_operand(number).map(|kind| kind.text().to_owned()),
    }
}

/// A constant in one line; nested code is named, not printed.
fn const_text(constant: &Const) -> String {
    let list = |items: &[Const]| items.iter().map(const_text).collect::<Vec<_>>().join(", ");
    match constant {
        Const::None => "None".to_owned(),
        Const::Ellipsis => "Ellipsis".to_owned(),
        Const::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        Const::Int(value) => format!("int {value}"),
        Const::BigInt(digits) => format!("bigint {digits}"),
        Const::Float(value) => format!("float {}", float_text(*value)),
        Const::Complex(real, imag) => format!("complex {} {}", float_text(*real), float_text(*imag)),
        Const::Str(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => format!("str {text:?}"),
            Err(_) => format!("wtf8 {}", hex(bytes)),
        },
        Const::Bytes(bytes) => format!("bytes {}", hex(bytes)),
        Const::Tuple(items) => format!("tuple ({})", list(items)),
        Const::FrozenSet(items) => format!("frozenset ({})", list(items)),
        Const::Slice(items) => format!("slice ({})", list(&**items)),
        Const::Code(code) => format!("code {:?}", code.qualname),
    }
}

/// A float so that it reads back the same; NaN and infinities by their bits.
fn float_text(value: f64) -> String {
    if value.is_finite() { format!("{value:?}") } else { format!("bits {}", value.to_bits()) }
}

/// Bytes in hexadecimal between angle brackets.
fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("<{digits}>")
}

/// Writes indented lines.
struct Printer {
    out: String,
    indent: usize,
}

impl Printer {
    fn line(&mut self, text: &str) {
        self.out.extend(std::iter::repeat_n(' ', self.indent * 2));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn code(&mut self, code: &Code) {
        self.line(&format!(
            "code {:?} qualname={:?} file={:?} line={} flags={} args={} posonly={} kwonly={} stack={} {{",
            code.name,
            code.qualname,
            &*code.filename,
            code.first_line,
            if code.flags.0 == 0 { "none".to_owned() } else { code.flags.to_string() },
            code.arg_count,
            code.posonly_count,
            code.kwonly_count,
            code.stack_size
        ));
        self.indent += 1;
        self.pools(code);
        self.instructions(code);
        self.indent -= 1;
        self.line("}");
    }

    fn pools(&mut self, code: &Code) {
        if let Some(signature) = &code.signature {
            self.line(&format!("signature {signature}"));
        }
        for local in &code.locals {
            let cell = match local.cell {
                CellKind::None => "",
                CellKind::Cell => " cell",
                CellKind::Free => " free",
            };
            self.line(&format!("local {:?} {}{cell}", local.name, local.ty.text()));
        }
        for name in &code.names {
            self.line(&format!("name {name:?}"));
        }
        for ty in &code.types {
            self.line(&format!("type {ty}"));
        }
        for field in &code.fields {
            self.line(&format!("field {field}"));
        }
        for function in &code.functions {
            self.line(&format!("callee {function}"));
        }
        for class in &code.classes {
            self.class(class);
        }
        for constant in &code.consts {
            self.constant(constant);
        }
    }

    fn class(&mut self, class: &ClassDecl) {
        self.line(&format!("class {class}"));
    }

    fn constant(&mut self, constant: &Const) {
        match constant {
            Const::Code(inner) => {
                self.line("const code");
                self.code(inner);
            }
            other => self.line(&format!("const {}", const_text(other))),
        }
    }

    fn instructions(&mut self, code: &Code) {
        for (at, &word) in code.words.iter().enumerate() {
            let range = code.ranges.get(at).copied().unwrap_or_default();
            let name = word.opcode().name();
            let operand = match word.opcode().info().operand {
                OperandKind::None => String::new(),
                _ => word.operand().to_string(),
            };
            let place = range_text(range);
            let meaning = explain(code, word).map(|text| format!(" ; {text}")).unwrap_or_default();
            self.line(format!("{at:>4}: {name:<23} {operand:<5}{place}{meaning}").trim_end());
        }
        for handler in &code.handlers {
            let (start, end) = (handler.start, handler.end);
            self.line(&format!("handler {start}..{end} -> {} depth {}", handler.target, handler.depth));
        }
    }
}

/// `@line:column-end_line:end_column`, or nothing for "nowhere".
fn range_text(range: SourceRange) -> String {
    if range == SourceRange::default() {
        return String::new();
    }
    format!(" @{}:{}-{}:{}", range.line, range.column, range.end_line, range.end_column)
}
