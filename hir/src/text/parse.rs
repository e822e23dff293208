//! Parsing HIR, in the order in which it is printed.
//!
//! Numbers in the text are names: values, blocks and states may have gaps, and keep their numbers, so that printing what
//! was parsed gives the same text back. The parser checks syntax and names; the verifier checks the rest.

use abi::helper::HelperId;
use base::entity::EntityId;
use base::text::{Cursor, TextError};

use crate::env::{CellId, ClassId, FieldKind, FieldRef, FuncId, Signature};
use crate::ir::function::ValueData;
use crate::ir::types::parse_type;
use crate::ir::{
    Block, BlockData, Cond, Done, Edge, Field, FrameState, Func, Function, Imm, ImmKind, Opcode, Phase, Ret,
    Slot, StateId, Type, Value, ValueDef,
};

type Parsed<T> = Result<T, TextError>;

/// Reads one function.
pub fn parse(text: &str) -> Parsed<Function> {
    let mut cursor = Cursor::new(text);
    let func = parse_function(&mut cursor)?;
    if cursor.is_at_end() { Ok(func) } else { Err(cursor.error("expected the end of the text")) }
}

/// Reads any number of functions.
pub fn parse_all(text: &str) -> Parsed<Vec<Function>> {
    let mut cursor = Cursor::new(text);
    let mut funcs = Vec::new();
    while !cursor.is_at_end() {
        funcs.push(parse_function(&mut cursor)?);
    }
    Ok(funcs)
}

fn parse_function(c: &mut Cursor<'_>) -> Parsed<Function> {
    c.skip_lines();
    c.expect("func")?;
    c.expect("@")?;
    let name = qualified_name(c)?;
    let id = entity(c, "func")?;
    c.expect("->")?;
    let mut func = Function::new(name, id, parse_type(c)?);
    c.expect("phase=")?;
    func.phase = parse_phase(c)?;
    func.guesses = c.eat("guesses");
    func.is_shown = c.eat("shown");
    func.counts_exactly = c.eat("exactly");
    c.expect("{")?;
    c.skip_lines();
    while c.peek("field") || c.peek("fn") || c.peek("fs") {
        parse_declaration(c, &mut func)?;
        c.skip_lines();
    }
    let mut defined = Vec::new();
    while !c.eat("}") {
        parse_block(c, &mut func, &mut defined)?;
        c.skip_lines();
    }
    let mut named = Vec::new();
    func.states.values().for_each(|state| state.for_each_value(|value| named.push(value)));
    named.into_iter().for_each(|value| reserve(&mut func, value));
    Ok(func)
}

fn qualified_name(c: &mut Cursor<'_>) -> Parsed<String> {
    c.take_while("a name", |ch| !ch.is_whitespace() && ch != '(').map(str::to_owned)
}

fn parse_phase(c: &mut Cursor<'_>) -> Parsed<Phase> {
    let mark = c.clone();
    let word = c.word()?;
    let found = Phase::ALL.iter().find(|(_, name)| *name == word);
    found.map(|&(phase, _)| phase).ok_or_else(|| mark.error("unknown phase"))
}

fn entity<E: EntityId>(c: &mut Cursor<'_>, prefix: &str) -> Parsed<E> {
    let mark = c.clone();
    let at: u32 = {
        c.expect(prefix)?;
        c.integer()?
    };
    if at > 1_000_000 {
        return Err(mark.error("numbers above a million are not accepted in text"));
    }
    Ok(E::from_index(at as usize))
}

/// Reads entities separated by commas up to `close`, which is consumed.
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

fn value(c: &mut Cursor<'_>) -> Parsed<Value> {
    entity(c, "v")
}

fn parse_declaration(c: &mut Cursor<'_>, func: &mut Function) -> Parsed<()> {
    let mark = c.clone();
    let out_of_order = || mark.error("declarations are numbered from 0 in order");
    if c.peek("fs") {
        let id: StateId = entity(c, "fs")?;
        c.expect("=")?;
        let state = parse_state(c)?;
        (func.states.push(state) == id).then_some(()).ok_or_else(out_of_order)
    } else if c.peek("fn") {
        let id: Func = entity(c, "fn")?;
        c.expect("=")?;
        let sig = parse_signature(c)?;
        (func.funcs.push(sig) == id).then_some(()).ok_or_else(out_of_order)
    } else {
        let id: Field = entity(c, "field")?;
        c.expect("=")?;
        let field = parse_field(c)?;
        (func.fields.push(field) == id).then_some(()).ok_or_else(out_of_order)
    }
}

fn parse_field(c: &mut Cursor<'_>) -> Parsed<FieldRef> {
    c.expect("field")?;
    let class: ClassId = entity(c, "class")?;
    c.expect(".")?;
    let name = c.word()?.to_owned();
    c.expect("+")?;
    let offset = c.integer()?;
    let mark = c.clone();
    let kind = match c.word()? {
        "word" => FieldKind::Word,
        "floatslot" => FieldKind::FloatSlot,
        "raw" => FieldKind::Raw,
        _ => return Err(mark.error("expected word, floatslot or raw")),
    };
    let ty = parse_type(c)?;
    Ok(FieldRef { class, name, offset, kind, ty })
}

fn parse_signature(c: &mut Cursor<'_>) -> Parsed<Signature> {
    c.expect("@")?;
    let name = qualified_name(c)?;
    let func: FuncId = entity(c, "func")?;
    c.expect("(")?;
    let params = list(c, ")", parse_type)?;
    c.expect("->")?;
    let ret = parse_type(c)?;
    let slot = if c.eat("slot") { Some(c.integer()?) } else { None };
    Ok(Signature { name, func, slot, params, ret })
}

fn parse_state(c: &mut Cursor<'_>) -> Parsed<FrameState> {
    c.expect("state")?;
    let code: FuncId = entity(c, "func")?;
    let offset = c.integer()?;
    c.expect("[")?;
    let locals = list(c, "]", parse_slot)?;
    c.expect("[")?;
    let stack = list(c, "]", parse_slot)?;
    let parent = if c.eat("in") { Some(entity(c, "fs")?) } else { None };
    let is_handled = c.eat("handled");
    let done = Done::parse(c)?;
    Ok(FrameState { code, offset, locals, stack, parent, is_handled, done })
}

fn parse_slot(c: &mut Cursor<'_>) -> Parsed<Slot> {
    if c.eat("_") {
        return Ok(Slot::Unset);
    }
    if c.eat("kept") {
        return Ok(Slot::Kept(value(c)?));
    }
    if c.eat("raw") {
        return Ok(Slot::Raw(value(c)?));
    }
    if !c.eat("range(") {
        return Ok(Slot::Value(value(c)?));
    }
    let next = value(c)?;
    c.expect(",")?;
    let stop = value(c)?;
    c.expect(",")?;
    let step = c.integer()?;
    c.expect(")")?;
    Ok(Slot::RangeIterator { next, stop, step })
}

/// Gives value number `id` its definition; numbers between are left undefined, which the verifier rejects if they are used.
fn define(
    func: &mut Function,
    id: Value,
    data: ValueData,
    defined: &mut Vec<Value>,
    c: &Cursor<'_>,
) -> Parsed<()> {
    if defined.contains(&id) {
        return Err(c.error(format!("{id} is defined twice")));
    }
    reserve(func, id);
    func.values[id] = data;
    defined.push(id);
    Ok(())
}

fn reserve(func: &mut Function, id: Value) {
    let nowhere = ValueDef::Param(Block::from_index(u32::MAX as usize), 0);
    while func.values.len() <= id.index() {
        func.values.push(ValueData { ty: Type::EMPTY, def: nowhere });
    }
}

fn reserve_block(func: &mut Function, id: Block) {
    while func.blocks.len() <= id.index() {
        func.blocks.push(BlockData::default());
    }
}

fn parse_block(c: &mut Cursor<'_>, func: &mut Function, defined: &mut Vec<Value>) -> Parsed<()> {
    let mark = c.clone();
    let block: Block = entity(c, "bb")?;
    reserve_block(func, block);
    if func.layout.contains(&block) {
        return Err(mark.error(format!("{block} is defined twice")));
    }
    func.layout.push(block);
    if c.eat("(") {
        let params = list(c, ")", |c| {
            let id = value(c)?;
            c.expect(":")?;
            Ok((id, parse_type(c)?, c.eat("owned")))
        })?;
        for (at, (id, ty, is_owned)) in params.into_iter().enumerate() {
            if is_owned {
                func.owned_params.insert(id);
            }
            define(func, id, ValueData { ty, def: ValueDef::Param(block, at as u32) }, defined, c)?;
            func.blocks[block].params.push(id);
        }
    }
    func.blocks[block].is_cold = c.eat("cold");
    c.expect(":")?;
    c.skip_lines();
    while !c.peek("bb") && !c.peek("}") {
        parse_inst(c, func, block, defined)?;
        c.skip_lines();
    }
    Ok(())
}

fn parse_inst(c: &mut Cursor<'_>, func: &mut Function, block: Block, defined: &mut Vec<Value>) -> Parsed<()> {
    let result = parse_result(c)?;
    let mark = c.clone();
    let op = Opcode::from_name(c.word()?).ok_or_else(|| mark.error("unknown operation"))?;
    if (op.info().ret == Ret::None) != result.is_none() {
        return Err(mark.error(format!(
            "{} has {} result",
            op.info().name,
            if result.is_some() { "no" } else { "a" }
        )));
    }
    let imm = parse_imm(c, op.info().imm)?;
    let (args, edges) = parse_operands(c, func)?;
    let state = if c.eat("@") { Some(entity(c, "fs")?) } else { None };
    let owned = if c.eat("owned[") { Some(list(c, "]", value)?) } else { None };
    if !c.is_at_line_end() {
        return Err(c.error("expected the end of the line"));
    }
    for &used in args.iter().chain(edges.iter().flat_map(|edge| &edge.args)).chain(owned.iter().flatten()) {
        reserve(func, used);
    }
    let inst = func.make_parsed_inst(op, &args, imm, state, result.map(|(id, _)| id));
    func.set_edges(inst, edges);
    if let Some(owned) = owned {
        func.owned_at.insert(inst, owned);
    }
    if let Some((id, ty)) = result {
        define(func, id, ValueData { ty, def: ValueDef::Inst(inst) }, defined, &mark)?;
    }
    func.blocks[block].insts.push(inst);
    Ok(())
}

/// Reads `v3: Type =` if the line starts with a value.
fn parse_result(c: &mut Cursor<'_>) -> Parsed<Option<(Value, Type)>> {
    c.skip_blanks();
    let mut chars = c.rest().chars();
    if !(chars.next() == Some('v') && chars.next().is_some_and(|ch| ch.is_ascii_digit())) {
        return Ok(None);
    }
    let id = value(c)?;
    c.expect(":")?;
    let ty = parse_type(c)?;
    c.expect("=")?;
    Ok(Some((id, ty)))
}

fn parse_operands(c: &mut Cursor<'_>, func: &mut Function) -> Parsed<(Vec<Value>, Vec<Edge>)> {
    let (mut args, mut edges) = (Vec::new(), Vec::new());
    if c.is_at_line_end() || c.peek("@") || c.peek("owned[") {
        return Ok((args, edges));
    }
    loop {
        if c.peek("bb") {
            let target: Block = entity(c, "bb")?;
            reserve_block(func, target);
            let args = if c.eat("(") { list(c, ")", value)? } else { Vec::new() };
            edges.push(Edge::new(target, args));
        } else {
            args.push(value(c)?);
        }
        if !c.eat(",") {
            return Ok((args, edges));
        }
    }
}

fn parse_imm(c: &mut Cursor<'_>, kind: ImmKind) -> Parsed<Imm> {
    if kind == ImmKind::None {
        return Ok(Imm::None);
    }
    if kind == ImmKind::Cond {
        c.expect(".")?;
        let mark = c.clone();
        let word = c.word()?;
        let found = Cond::ALL.iter().find(|(_, name)| *name == word);
        return found.map(|&(cond, _)| Imm::Cond(cond)).ok_or_else(|| mark.error("unknown comparison"));
    }
    c.expect("#")?;
    Ok(match kind {
        ImmKind::Int => Imm::Int(c.integer()?),
        ImmKind::Float => Imm::Float(parse_float(c)?),
        ImmKind::Const => Imm::Const(entity(c, "const")?),
        ImmKind::Class => Imm::Class(entity(c, "class")?),
        ImmKind::Field => Imm::Field(entity(c, "field")?),
        ImmKind::Func => Imm::Func(entity(c, "fn")?),
        ImmKind::Cell => Imm::Cell(entity::<CellId>(c, "cell")?),
        ImmKind::Helper => {
            let mark = c.clone();
            Imm::Helper(HelperId::from_name(c.word()?).ok_or_else(|| mark.error("unknown helper"))?)
        }
        ImmKind::None | ImmKind::Cond => unreachable!("both are handled above"),
    })
}

fn parse_float(c: &mut Cursor<'_>) -> Parsed<f64> {
    let mark = c.clone();
    let text = c.take_while("a double", |ch| ch.is_alphanumeric() || matches!(ch, '.' | '-' | '+'))?;
    text.parse().map_err(|_| mark.error("not a double"))
}
