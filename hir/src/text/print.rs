//! Printing HIR.
//!
//! A function prints its declarations (fields, call targets, frame states), then its blocks in layout order. Everything
//! that the parser needs is printed, and nothing else: no addresses, no hash order.

use std::fmt::{self, Write as _};

use crate::env::{FieldKind, FieldRef, Signature};
use crate::ir::{Block, Edge, FrameState, Function, Imm, Inst, Slot, Value};

/// The text of a function.
pub fn print(func: &Function) -> String {
    let mut out = String::new();
    print_to(func, &mut out).expect("writing to a string cannot fail");
    out
}

fn print_to(func: &Function, out: &mut String) -> fmt::Result {
    let guesses = if func.guesses { " guesses" } else { "" };
    let shown = if func.is_shown { " shown" } else { "" };
    let exactly = if func.counts_exactly { " exactly" } else { "" };
    let phase = func.phase.name();
    writeln!(
        out,
        "func @{} {} -> {} phase={phase}{guesses}{shown}{exactly} {{",
        func.name, func.id, func.ret
    )?;
    for (id, field) in func.fields.iter() {
        writeln!(out, "  {id} = {}", FieldText(field))?;
    }
    for (id, sig) in func.funcs.iter() {
        writeln!(out, "  {id} = {}", SignatureText(sig))?;
    }
    for (id, state) in func.states.iter() {
        writeln!(out, "  {id} = {}", StateText(state))?;
    }
    for &block in &func.layout {
        print_block(func, block, out)?;
    }
    out.push_str("}\n");
    Ok(())
}

struct FieldText<'f>(&'f FieldRef);

impl fmt::Display for FieldText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.0;
        let kind = match field.kind {
            FieldKind::Word => "word",
            FieldKind::FloatSlot => "floatslot",
            FieldKind::Raw => "raw",
        };
        write!(f, "field {}.{} +{} {kind} {}", field.class, field.name, field.offset, field.ty)
    }
}

struct SignatureText<'f>(&'f Signature);

impl fmt::Display for SignatureText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{} {}(", self.0.name, self.0.func)?;
        for (at, ty) in self.0.params.iter().enumerate() {
            write!(f, "{}{ty}", if at == 0 { "" } else { ", " })?;
        }
        write!(f, ") -> {}", self.0.ret)?;
        self.0.slot.map_or(Ok(()), |slot| write!(f, " slot {slot}"))
    }
}

struct StateText<'f>(&'f FrameState);

impl fmt::Display for StateText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0;
        write!(f, "state {} {} ", state.code, state.offset)?;
        slots(f, &state.locals)?;
        f.write_char(' ')?;
        slots(f, &state.stack)?;
        if let Some(parent) = state.parent {
            write!(f, " in {parent}")?;
        }
        f.write_str(if state.is_handled { " handled" } else { "" })?;
        match state.done {
            Some(done) => write!(f, " {done}"),
            None => Ok(()),
        }
    }
}

fn slots(f: &mut fmt::Formatter<'_>, slots: &[Slot]) -> fmt::Result {
    f.write_char('[')?;
    for (at, slot) in slots.iter().enumerate() {
        f.write_str(if at == 0 { "" } else { ", " })?;
        match slot {
            Slot::Unset => f.write_char('_')?,
            Slot::Value(value) => write!(f, "{value}")?,
            Slot::Kept(value) => write!(f, "kept {value}")?,
            Slot::Raw(value) => write!(f, "raw {value}")?,
            Slot::RangeIterator { next, stop, step } => write!(f, "range({next}, {stop}, {step})")?,
        }
    }
    f.write_char(']')
}

fn print_block(func: &Function, block: Block, out: &mut String) -> fmt::Result {
    let data = &func.blocks[block];
    write!(out, "{block}")?;
    if !data.params.is_empty() {
        let owned = |v| if func.owned_params.contains(v) { " owned" } else { "" };
        let param = |&v: &Value| format!("{v}: {}{}", func.values[v].ty, owned(v));
        let params: Vec<String> = data.params.iter().map(param).collect();
        write!(out, "({})", params.join(", "))?;
    }
    out.push_str(if data.is_cold { " cold:\n" } else { ":\n" });
    for &inst in &data.insts {
        print_inst(func, inst, out)?;
    }
    Ok(())
}

fn print_inst(func: &Function, inst: Inst, out: &mut String) -> fmt::Result {
    let data = &func.insts[inst];
    out.push_str("  ");
    if let Some(result) = data.result {
        write!(out, "{result}: {} = ", func.values[result].ty)?;
    }
    out.push_str(data.op.info().name);
    print_imm(data.imm, out)?;
    let args: Vec<Value> = func.args(inst).iter().map(|&arg| func.resolve(arg)).collect();
    if !args.is_empty() {
        write!(out, " {}", values(&args))?;
    }
    for (at, edge) in func.edges(inst).iter().enumerate() {
        let comma = if at == 0 && args.is_empty() { "" } else { "," };
        write!(out, "{comma} {}", edge_text(func, edge))?;
    }
    if let Some(state) = data.state {
        write!(out, " @{state}")?;
    }
    if let Some(owned) = func.owned_at.get(&inst) {
        write!(out, " owned[{}]", values(owned))?;
    }
    out.push('\n');
    Ok(())
}

fn print_imm(imm: Imm, out: &mut String) -> fmt::Result {
    match imm {
        Imm::None => Ok(()),
        Imm::Int(value) => write!(out, " #{value}"),
        Imm::Float(value) => write!(out, " #{value:?}"),
        Imm::Cond(cond) => write!(out, " .{}", cond.name()),
        Imm::Const(id) => write!(out, " #{id}"),
        Imm::Class(id) => write!(out, " #{id}"),
        Imm::Field(id) => write!(out, " #{id}"),
        Imm::Func(id) => write!(out, " #{id}"),
        Imm::Helper(helper) => write!(out, " #{}", helper.signature().name),
        Imm::Cell(id) => write!(out, " #{id}"),
    }
}

fn values(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
}

fn edge_text(func: &Function, edge: &Edge) -> String {
    if edge.args.is_empty() {
        return edge.target.to_string();
    }
    let args: Vec<Value> = edge.args.iter().map(|&arg| func.resolve(arg)).collect();
    format!("{}({})", edge.target, values(&args))
}
