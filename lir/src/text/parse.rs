//! Parsing LIR, in the order in which it is printed. Syntax and names are checked here, the rest by the verifier.

use abi::helper::HelperId;
use base::entity::EntityId;
use base::text::{Cursor, TextError};
use hir::env::FuncId;
use hir::ir::Done;

use crate::ir::{
    Base, Block, BlockData, Cc, Edge, ExitData, ExitFrame, ExitKind, ExitSlot, ExitValue, Fails, Function,
    InstData, Mem, Op, PReg, Phase, Reg, RegClass, Size, Src, Sym, ValueRepr,
};

type Parsed<T> = Result<T, TextError>;

/// Reads one function.
pub fn parse(text: &str) -> Parsed<Function> {
    let c = &mut Cursor::new(text);
    c.skip_lines();
    c.expect("lir")?;
    c.expect("@")?;
    let mut func = Function::new(c.take_while("a name", |ch| !ch.is_whitespace())?);
    c.expect("phase=")?;
    func.phase = if c.eat("virtual") {
        Phase::Virtual
    } else {
        c.expect("allocated")?;
        Phase::Allocated
    };
    func.fails_by_carry = c.eat("carry");
    c.expect("array=")?;
    func.array_words = c.integer()?;
    c.expect("slots=")?;
    func.slots = c.integer()?;
    c.expect("{")?;
    c.skip_lines();
    while c.peek("exit") {
        let mark = c.clone();
        let id: usize = c.entity("exit")?;
        c.expect("=")?;
        let exit = parse_exit(c)?;
        if func.exits.push(exit).index() != id {
            return Err(mark.error("exits are numbered from 0 in order"));
        }
        c.skip_lines();
    }
    while !c.eat("}") {
        parse_block(c, &mut func)?;
        c.skip_lines();
    }
    if c.is_at_end() { Ok(func) } else { Err(c.error("expected the end of the text")) }
}

/// Reads a number that names something in an arena.
fn number(c: &mut Cursor<'_>, prefix: &str) -> Parsed<u32> {
    let mark = c.clone();
    c.expect(prefix)?;
    let n: u32 = c.integer()?;
    if n > 1_000_000 { Err(mark.error("numbers above a million are not accepted in text")) } else { Ok(n) }
}

fn entity<E: EntityId>(c: &mut Cursor<'_>, prefix: &str) -> Parsed<E> {
    number(c, prefix).map(|n| E::from_index(n as usize))
}

fn list<T>(
    c: &mut Cursor<'_>,
    close: &str,
    mut item: impl FnMut(&mut Cursor<'_>) -> Parsed<T>,
) -> Parsed<Vec<T>> {
    let mut items = Vec::new();
    while !c.eat(close) {
        if !items.is_empty() {
            c.expect(",")?;
        }
        items.push(item(c)?);
    }
    Ok(items)
}

/// Looks a word up in a table of names.
fn named<T: Copy>(c: &mut Cursor<'_>, table: &[(T, &'static str)]) -> Parsed<T> {
    let mark = c.clone();
    let word = c.take_while("a name", |ch| ch.is_alphanumeric() || ch == '_')?;
    table
        .iter()
        .find(|(_, name)| *name == word)
        .map(|&(item, _)| item)
        .ok_or_else(|| mark.error("unknown name"))
}

fn parse_exit(c: &mut Cursor<'_>) -> Parsed<ExitData> {
    let kind = named(c, &[(ExitKind::Deopt, "deopt"), (ExitKind::Raise, "raise")])?;
    c.expect("owned[")?;
    let owned = list(c, "]", parse_reg)?;
    let done = Done::parse(c)?;
    let mut frames = Vec::new();
    while c.eat("frame") {
        let code: FuncId = entity(c, "func")?;
        let offset = c.integer()?;
        c.expect("[")?;
        let locals = list(c, "]", parse_exit_slot)?;
        c.expect("[")?;
        let stack = list(c, "]", parse_exit_slot)?;
        frames.push(ExitFrame { code, offset, locals, stack });
    }
    Ok(ExitData { kind, frames, owned, done })
}

fn parse_exit_slot(c: &mut Cursor<'_>) -> Parsed<ExitSlot> {
    if c.eat("_") {
        return Ok(ExitSlot::Unset);
    }
    if c.eat("range(") {
        let next = parse_exit_value(c)?;
        c.expect(",")?;
        let stop = parse_exit_value(c)?;
        c.expect(",")?;
        let step = c.integer()?;
        c.expect(")")?;
        return Ok(ExitSlot::Range(next, stop, step));
    }
    let value = parse_exit_value(c)?;
    c.expect(":")?;
    Ok(ExitSlot::Value(value, named(c, ValueRepr::ALL)?))
}

fn parse_exit_value(c: &mut Cursor<'_>) -> Parsed<ExitValue> {
    if c.eat("#") {
        return Ok(ExitValue::Imm(c.integer()?));
    }
    if c.peek("@") { Ok(ExitValue::Sym(parse_sym(c)?)) } else { Ok(ExitValue::Reg(parse_reg(c)?)) }
}

fn parse_sym(c: &mut Cursor<'_>) -> Parsed<Sym> {
    c.expect("@")?;
    if c.eat("helper:") {
        let mark = c.clone();
        let name = c.take_while("a helper", |ch| ch.is_alphanumeric() || ch == '_')?;
        return HelperId::from_name(name).map(Sym::Helper).ok_or_else(|| mark.error("unknown helper"));
    }
    if c.peek("class") {
        return Ok(Sym::Class(entity(c, "class")?));
    }
    if c.peek("const") {
        return Ok(Sym::Const(entity(c, "const")?));
    }
    if c.peek("func") { Ok(Sym::Func(entity(c, "func")?)) } else { Ok(Sym::Cell(entity(c, "cell")?)) }
}

/// Whether a register, rather than memory, comes next; both slots and memory start with a bracket.
fn is_reg(c: &mut Cursor<'_>) -> bool {
    c.skip_blanks();
    let rest = c.rest();
    let Some(inner) = rest.strip_prefix('[') else { return !rest.starts_with(['#', '@']) };
    let inner = inner.strip_prefix('a').unwrap_or(inner);
    inner.starts_with(['s', 'd']) && inner[1..].starts_with(|ch: char| ch.is_ascii_digit())
}

/// The words in memory that stand for registers: spill slots and incoming arguments of each file.
const SLOTS: [(&str, bool, RegClass); 4] = [
    ("[s", false, RegClass::Gpr),
    ("[d", false, RegClass::Xmm),
    ("[as", true, RegClass::Gpr),
    ("[ad", true, RegClass::Xmm),
];

fn parse_reg(c: &mut Cursor<'_>) -> Parsed<Reg> {
    if c.peek("%") {
        return Ok(Reg::virt(number(c, "%")?));
    }
    if let Some((prefix, is_incoming, class)) = SLOTS.into_iter().find(|(prefix, ..)| c.peek(prefix)) {
        let slot = number(c, prefix)?;
        c.expect("]")?;
        return Ok(if is_incoming { Reg::incoming(slot, class) } else { Reg::slot(slot, class) });
    }
    let mark = c.clone();
    let name = c.take_while("a register", char::is_alphanumeric)?;
    PReg::from_name(name).map(Reg::phys).ok_or_else(|| mark.error("unknown register"))
}

/// Reads a defining occurrence, which says the file of a virtual register.
fn parse_declared(c: &mut Cursor<'_>, func: &mut Function) -> Parsed<Reg> {
    let reg = parse_reg(c)?;
    if let Some(n) = reg.as_virtual() {
        c.expect(":")?;
        let class = named(c, &[(RegClass::Gpr, "g"), (RegClass::Xmm, "x")])?;
        reserve(func, n);
        func.vregs[n as usize] = class;
    }
    Ok(reg)
}

fn reserve(func: &mut Function, n: u32) {
    if func.vregs.len() <= n as usize {
        func.vregs.resize(n as usize + 1, RegClass::Gpr);
    }
}

fn reserve_block(func: &mut Function, block: Block) {
    while func.blocks.len() <= block.index() {
        func.blocks.push(BlockData::default());
    }
}

fn parse_block(c: &mut Cursor<'_>, func: &mut Function) -> Parsed<()> {
    let block: Block = entity(c, "bb")?;
    reserve_block(func, block);
    func.layout.push(block);
    if c.eat("(") {
        let params = list(c, ")", |c| parse_declared(c, func))?;
        func.blocks[block].params = params;
    }
    if c.eat("depth=") {
        func.blocks[block].loop_depth = c.integer()?;
    }
    func.blocks[block].is_cold = c.eat("cold");
    c.expect(":")?;
    c.skip_lines();
    while !c.peek("bb") && !c.peek("}") {
        let data = parse_inst(c, func)?;
        func.append(block, data);
        c.skip_lines();
    }
    Ok(())
}

fn parse_inst(c: &mut Cursor<'_>, func: &mut Function) -> Parsed<InstData> {
    let line = c.rest().lines().next().unwrap_or_default();
    let dst = if line.contains(" = ") {
        let reg = parse_declared(c, func)?;
        c.expect("=")?;
        Some(reg)
    } else {
        None
    };
    let mark = c.clone();
    let name = c.take_while("an operation", |ch| ch.is_alphanumeric() || ch == '_')?;
    let op = Op::from_name(name).ok_or_else(|| mark.error("unknown operation"))?;
    let mut data = InstData { dst, ..InstData::new(op) };
    if op.info().has_cc {
        c.expect(".")?;
        data.cc = named(c, Cc::ALL)?;
    }
    if op.info().is_sized {
        c.expect(".")?;
        data.size = Size::from_bytes(c.integer()?).ok_or_else(|| c.error("a size is 1, 2, 4 or 8"))?;
    }
    if c.peek("@") {
        data.sym = Some(parse_sym(c)?);
    }
    parse_sources(c, &mut data)?;
    if c.eat("(") {
        data.args = list(c, ")", parse_reg)?;
    }
    if c.eat("fails") {
        data.fails = named(c, Fails::ALL)?;
    }
    if c.eat("tests") {
        data.tests = c.integer()?;
    }
    if c.peek("exit") {
        data.exit = Some(entity(c, "exit")?);
    }
    if c.eat("->") {
        parse_edges(c, func, &mut data)?;
    }
    if c.is_at_line_end() { Ok(data) } else { Err(c.error("expected the end of the line")) }
}

fn parse_sources(c: &mut Cursor<'_>, data: &mut InstData) -> Parsed<()> {
    let ends = |c: &mut Cursor<'_>| {
        c.is_at_line_end() || ["(", "fails ", "tests ", "exit", "->"].iter().any(|token| c.peek(token))
    };
    if ends(c) {
        return Ok(());
    }
    for at in 0..3 {
        data.srcs[at] = parse_src(c)?;
        if !c.eat(",") {
            return Ok(());
        }
    }
    Err(c.error("an instruction has at most three operands"))
}

fn parse_src(c: &mut Cursor<'_>) -> Parsed<Src> {
    if c.eat("#") {
        Ok(Src::Imm(c.integer()?))
    } else if is_reg(c) {
        Ok(Src::Reg(parse_reg(c)?))
    } else {
        Ok(Src::Mem(parse_mem(c)?))
    }
}

fn parse_mem(c: &mut Cursor<'_>) -> Parsed<Mem> {
    c.expect("[")?;
    let base = if c.eat("thread") {
        Base::Thread
    } else if c.eat("array") {
        Base::Array
    } else if c.peek("@") {
        Base::Sym(parse_sym(c)?)
    } else {
        Base::Reg(parse_reg(c)?)
    };
    let mut mem = Mem { base, index: None, disp: 0 };
    if c.peek("+%") || (c.peek("+") && c.rest()[1..].starts_with(char::is_alphabetic)) {
        c.expect("+")?;
        let index = parse_reg(c)?;
        c.expect("*")?;
        mem.index = Some((index, c.integer()?));
    }
    if c.eat("+") || c.peek("-") {
        mem.disp = c.integer()?;
    }
    c.expect("]")?;
    Ok(mem)
}

fn parse_edges(c: &mut Cursor<'_>, func: &mut Function, data: &mut InstData) -> Parsed<()> {
    loop {
        let target: Block = entity(c, "bb")?;
        reserve_block(func, target);
        let args = if c.eat("(") { list(c, ")", parse_reg)? } else { Vec::new() };
        data.edges.push(Edge { target, args });
        if !c.eat(",") {
            return Ok(());
        }
    }
}
