//! The text of machine code, decoded by iced, with symbols in place of the fields that are not filled in yet.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, IntelFormatter, Mnemonic, OpKind, Register};

use crate::output::{CompiledCode, NullTrap, Target};

/// A listing: one instruction per line, labels for branch targets, a line where the cold part starts.
pub fn disassemble(code: &CompiledCode) -> String {
    let insts: Vec<Instruction> = Decoder::with_ip(64, &code.bytes, 0, DecoderOptions::NONE).iter().collect();
    let mut labels = BTreeMap::new();
    for inst in &insts {
        if inst.op0_kind() == OpKind::NearBranch64 && !has_reloc(code, inst) {
            labels.insert(inst.near_branch_target(), 0);
        }
    }
    for trap in &code.null_traps {
        labels.insert(u64::from(trap.target), 0);
    }
    for (number, label) in labels.values_mut().enumerate() {
        *label = number;
    }
    let mut formatter = IntelFormatter::new();
    formatter.options_mut().set_space_after_operand_separator(true);
    let mut out = format!("{}:\n", code.name);
    for inst in &insts {
        if inst.mnemonic() == Mnemonic::Int3 {
            break;
        }
        if inst.ip() == u64::from(code.cold_offset) {
            out.push_str("cold:\n");
        }
        if let Some(label) = labels.get(&inst.ip()) {
            writeln!(out, "L{label}:").expect("writing to a string cannot fail");
        }
        // Padding is a matter of where the code happens to lie.
        if inst.mnemonic() != Mnemonic::Nop {
            let (text, trap) = (line(code, inst, &labels, &mut formatter), trap(code, inst, &labels));
            writeln!(out, "  {text}{trap}").expect("writing to a string cannot fail");
        }
    }
    out
}

/// Where an instruction goes on if what it reads through is null.
fn trap(code: &CompiledCode, inst: &Instruction, labels: &BTreeMap<u64, usize>) -> String {
    let stands_in = |trap: &&NullTrap| {
        (trap.start..trap.end).contains(&(inst.ip() as u32)) && inst.memory_base() != Register::None
    };
    let trap = code.null_traps.iter().find(stands_in);
    trap.map_or_else(String::new, |trap| format!(" ; null: L{}", labels[&u64::from(trap.target)]))
}

fn has_reloc(code: &CompiledCode, inst: &Instruction) -> bool {
    reloc(code, inst).is_some()
}

fn reloc(code: &CompiledCode, inst: &Instruction) -> Option<Target> {
    let range = inst.ip()..inst.next_ip();
    code.relocs.iter().find(|reloc| range.contains(&u64::from(reloc.offset))).map(|reloc| reloc.target)
}

fn line(
    code: &CompiledCode,
    inst: &Instruction,
    labels: &BTreeMap<u64, usize>,
    formatter: &mut IntelFormatter,
) -> String {
    let mut text = String::new();
    formatter.format_mnemonic(inst, &mut text);
    if let Some(target) = reloc(code, inst) {
        if inst.op0_kind() != OpKind::NearBranch64 {
            text.push(' ');
            formatter.format_operand(inst, &mut text, 0).expect("the instruction has a first operand");
            text.push(',');
        }
        return text + " " + &target_text(target);
    }
    if inst.op0_kind() == OpKind::NearBranch64 {
        return text + &format!(" L{}", labels[&inst.near_branch_target()]);
    }
    text.clear();
    if inst.is_ip_rel_memory_operand() {
        return literal(code, inst, formatter);
    }
    formatter.format(inst, &mut text);
    text
}

/// An instruction that reads the literal pool prints the literal.
fn literal(code: &CompiledCode, inst: &Instruction, formatter: &mut IntelFormatter) -> String {
    let at = inst.ip_rel_memory_address() as usize;
    let mut text = String::new();
    formatter.format_mnemonic(inst, &mut text);
    text.push(' ');
    formatter.format_operand(inst, &mut text, 0).expect("the instruction has a first operand");
    let bits =
        code.bytes.get(at..at + 8).map(|bytes| u64::from_le_bytes(bytes.try_into().expect("eight bytes")));
    text + &format!(", [={:?}]", f64::from_bits(bits.unwrap_or(0)))
}

fn target_text(target: Target) -> String {
    match target {
        Target::Sym(sym) => sym.to_string(),
        Target::Thread => "thread".to_owned(),
        Target::Thunk(thunk) => format!("{thunk:?}").to_lowercase(),
    }
}
