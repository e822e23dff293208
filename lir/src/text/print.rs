//! Printing LIR: a header, the exits, the blocks in emission order.

use std::fmt::{self, Write as _};

use crate::ir::{
    Base, Block, ExitData, ExitFrame, ExitKind, ExitSlot, ExitValue, Fails, Function, Inst, Mem, Phase, Reg,
    RegClass, Src, Sym,
};

/// The text of a function.
pub fn print(func: &Function) -> String {
    let mut out = String::new();
    print_to(func, &mut out).expect("writing to a string cannot fail");
    out
}

fn print_to(func: &Function, out: &mut String) -> fmt::Result {
    let phase = if func.phase == Phase::Virtual { "virtual" } else { "allocated" };
    write!(out, "lir @{} phase={phase}", func.name)?;
    if func.fails_by_carry {
        out.push_str(" carry");
    }
    writeln!(out, " array={} slots={} {{", func.array_words, func.slots)?;
    for (id, exit) in func.exits.iter() {
        write!(out, "  {id} = ")?;
        print_exit(exit, out)?;
    }
    for &block in &func.layout {
        print_block(func, block, out)?;
    }
    out.push_str("}\n");
    Ok(())
}

fn print_exit(exit: &ExitData, out: &mut String) -> fmt::Result {
    let kind = if exit.kind == ExitKind::Deopt { "deopt" } else { "raise" };
    write!(out, "{kind} owned[{}]", regs(&exit.owned))?;
    if let Some(done) = exit.done {
        write!(out, " {done}")?;
    }
    for ExitFrame { code, offset, locals, stack } in &exit.frames {
        write!(out, " frame {code} {offset} [{}] [{}]", exit_slots(locals), exit_slots(stack))?;
    }
    out.push('\n');
    Ok(())
}

fn exit_slots(slots: &[ExitSlot]) -> String {
    let text = |slot: &ExitSlot| match slot {
        ExitSlot::Unset => "_".to_owned(),
        ExitSlot::Value(value, repr) => format!("{}:{}", exit_value(value), repr.name()),
        ExitSlot::Range(next, stop, step) => {
            format!("range({}, {}, {step})", exit_value(next), exit_value(stop))
        }
    };
    slots.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn exit_value(value: &ExitValue) -> String {
    match value {
        ExitValue::Reg(reg) => reg.to_string(),
        ExitValue::Imm(imm) => format!("#{imm}"),
        ExitValue::Sym(sym) => sym.to_string(),
    }
}

fn print_block(func: &Function, block: Block, out: &mut String) -> fmt::Result {
    let data = &func.blocks[block];
    write!(out, "{block}")?;
    if !data.params.is_empty() {
        let params: Vec<String> = data.params.iter().map(|&reg| declared(func, reg)).collect();
        write!(out, "({})", params.join(", "))?;
    }
    if data.loop_depth > 0 {
        write!(out, " depth={}", data.loop_depth)?;
    }
    out.push_str(if data.is_cold { " cold:\n" } else { ":\n" });
    for &inst in &data.insts {
        writeln!(out, "  {}", inst_text(func, inst))?;
    }
    Ok(())
}

fn declared(func: &Function, reg: Reg) -> String {
    match reg.as_virtual() {
        Some(_) => format!("{reg}:{}", if func.class(reg) == RegClass::Gpr { "g" } else { "x" }),
        None => reg.to_string(),
    }
}

/// One instruction as a line.
pub fn inst_text(func: &Function, inst: Inst) -> String {
    let data = &func.insts[inst];
    let info = data.op.info();
    let mut out = String::new();
    if let Some(dst) = data.dst {
        out += &format!("{} = ", declared(func, dst));
    }
    out += info.name;
    if info.has_cc {
        out += &format!(".{}", data.cc.name());
    }
    if info.is_sized {
        out += &format!(".{}", data.size.bytes());
    }
    if let Some(sym) = data.sym {
        out += &format!(" {sym}");
    }
    for (at, src) in data.srcs.iter().filter(|src| **src != Src::None).enumerate() {
        out += if at == 0 { " " } else { ", " };
        out += &SrcText(src).to_string();
    }
    if !data.args.is_empty() {
        out += &format!(" ({})", regs(&data.args));
    }
    if data.fails != Fails::Never {
        out += &format!(" fails {}", Fails::ALL[data.fails as usize].1);
    }
    if data.tests != 0 {
        out += &format!(" tests {}", data.tests);
    }
    if let Some(exit) = data.exit {
        out += &format!(" {exit}");
    }
    for (at, edge) in data.edges.iter().enumerate() {
        out += if at == 0 { " -> " } else { ", " };
        out += &edge.target.to_string();
        if !edge.args.is_empty() {
            out += &format!("({})", regs(&edge.args));
        }
    }
    out
}

struct SrcText<'s>(&'s Src);

impl fmt::Display for SrcText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Src::None => Ok(()),
            Src::Reg(reg) => write!(f, "{reg}"),
            Src::Imm(imm) => write!(f, "#{imm}"),
            Src::Mem(mem) => write!(f, "{mem}"),
        }
    }
}

impl fmt::Display for Mem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.base {
            Base::Reg(reg) => write!(f, "[{reg}")?,
            Base::Thread => f.write_str("[thread")?,
            Base::Array => f.write_str("[array")?,
            Base::Sym(sym) => write!(f, "[{sym}")?,
        }
        if let Some((index, scale)) = self.index {
            write!(f, "+{index}*{scale}")?;
        }
        if self.disp != 0 {
            write!(f, "{:+}", self.disp)?;
        }
        f.write_char(']')
    }
}

impl fmt::Display for Sym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Helper(helper) => write!(f, "@helper:{}", helper.signature().name),
            Self::Class(class) => write!(f, "@{class}"),
            Self::Const(object) => write!(f, "@{object}"),
            Self::Func(func) => write!(f, "@{func}"),
            Self::Cell(cell) => write!(f, "@{cell}"),
        }
    }
}

fn regs(regs: &[Reg]) -> String {
    regs.iter().map(Reg::to_string).collect::<Vec<_>>().join(", ")
}
