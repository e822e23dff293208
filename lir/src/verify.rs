//! Invariants of LIR:
//!
//! - every block of the layout ends with its only terminator, which has as many edges as its row says;
//! - an edge passes as many arguments as its target has parameters, of the same register file;
//! - in phase `Virtual` every register operand is virtual, is defined once, and its definition reaches every use;
//! - in phase `Allocated` no register is virtual, and slots stand only in moves, calls' arguments and exits;
//! - words that the caller left in memory are read where slots are, and never written;
//! - results and operands are in the register file that the operation needs;
//! - an operation has a result exactly if its row says so, calls excepted; only operations that may exit have an exit.

use crate::ir::{Block, Def, Function, Inst, Op, Phase, Reg, RegClass, RegKind};
use crate::operands::for_each_operand;

/// Checks every invariant; the messages name the guilty line.
pub fn verify(func: &Function) -> Result<(), Vec<String>> {
    let mut errors = Vec::new();
    for &block in &func.layout {
        verify_block(func, block, &mut errors);
    }
    if errors.is_empty() && func.phase == Phase::Virtual {
        verify_ssa(func, &mut errors);
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn verify_block(func: &Function, block: Block, errors: &mut Vec<String>) {
    let insts = &func.blocks[block].insts;
    if insts.is_empty() {
        errors.push(format!("{block} is empty"));
    }
    for &inst in insts {
        let mut report = |message: &str| {
            errors.push(format!("{block}: {message}: {}", crate::text::inst_text(func, inst)));
        };
        let data = &func.insts[inst];
        let info = data.op.info();
        if info.edges.is_some() != (Some(&inst) == insts.last()) {
            report("a terminator stands at the end, and nowhere else");
        }
        if data.edges.len() != usize::from(info.edges.unwrap_or(0)) {
            report("wrong number of edges");
        }
        if data.exit.is_some() && !info.may_exit {
            report("this operation cannot exit");
        }
        if data.dst.is_some() == (info.def == Def::None) && info.def != Def::Call {
            report("wrong number of results");
        }
        let wrong_file = data.dst.is_some_and(|dst| match info.def {
            Def::Xmm => func.class(dst) != RegClass::Xmm,
            Def::Gpr | Def::Quotient | Def::Remainder => func.class(dst) != RegClass::Gpr,
            Def::None | Def::Any | Def::Call => false,
        });
        if wrong_file {
            report("the result is in the wrong register file");
        }
        verify_kinds(func, inst, &mut report);
        verify_edges(func, inst, &mut report);
    }
}

fn verify_kinds(func: &Function, inst: Inst, report: &mut impl FnMut(&str)) {
    let may_have_slots = matches!(func.insts[inst].op, Op::Mov);
    for_each_operand(func, inst, |operand| {
        let fits = match operand.reg.kind() {
            RegKind::Virtual(n) => func.phase == Phase::Virtual && (n as usize) < func.vregs.len(),
            RegKind::Physical(_) => func.phase == Phase::Allocated,
            RegKind::Slot(..) => func.phase == Phase::Allocated && (may_have_slots || operand.allows_slot()),
            RegKind::Incoming(..) => func.phase == Phase::Allocated && operand.allows_slot(),
        };
        if !fits {
            report(&format!("{} cannot stand here", operand.reg));
        }
    });
}

fn verify_edges(func: &Function, inst: Inst, report: &mut impl FnMut(&str)) {
    for edge in &func.insts[inst].edges {
        if !func.layout.contains(&edge.target) {
            report("an edge leaves the layout");
            continue;
        }
        let params = &func.blocks[edge.target].params;
        let fits = params.len() == edge.args.len()
            && params.iter().zip(&edge.args).all(|(&param, &arg)| func.class(param) == func.class(arg));
        if !fits {
            report("arguments do not fit the parameters");
        }
    }
}

/// Forward data flow: which registers are certainly defined.
fn verify_ssa(func: &Function, errors: &mut Vec<String>) {
    let count = func.vregs.len();
    let mut defined_by = vec![0u32; count];
    let mut define = |reg: Reg| {
        if let Some(n) = reg.as_virtual() {
            defined_by[n as usize] += 1;
        }
    };
    for &block in &func.layout {
        func.blocks[block].params.iter().copied().for_each(&mut define);
        for &inst in &func.blocks[block].insts {
            func.insts[inst].dst.into_iter().for_each(&mut define);
        }
    }
    errors.extend(
        (0..count).filter(|&n| defined_by[n] > 1).map(|n| format!("%{n} is defined {} times", defined_by[n])),
    );
    let live = crate::regalloc::liveness::live_in(func);
    let entry = func.layout[0];
    for n in live[entry].iter() {
        errors.push(format!("%{n} is used where it is not defined"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::parse;

    fn complaints(body: &str) -> String {
        let text = format!("lir @f phase=virtual array=0 slots=0 {{\n exit0 = deopt owned[]\n{body}\n}}");
        verify(&parse(&text).expect("well-formed")).expect_err("an invariant is broken").join("\n")
    }

    macro_rules! rejects {
        ($($name:ident: $body:literal => $message:literal;)+) => {
            $(#[test]
            fn $name() {
                let found = complaints($body);
                assert!(found.contains($message), "{found}");
            })+
        };
    }

    rejects! {
        an_empty_block: "bb0:" => "bb0 is empty";
        a_terminator_inside: "bb0:\n trap\n trap" => "a terminator stands at the end";
        a_missing_edge: "bb0:\n jump" => "wrong number of edges";
        a_needless_exit: "bb0(%0:g):\n %1:g = neg.8 %0 exit0\n trap" => "cannot exit";
        a_missing_result: "bb0(%0:g):\n neg.8 %0\n trap" => "wrong number of results";
        a_wrong_file: "bb0(%0:g):\n %1:x = neg.8 %0\n trap" => "wrong register file";
        a_machine_register: "bb0(%0:g):\n %1:g = neg.8 rax\n trap" => "rax cannot stand here";
        a_wrong_argument: "bb0(%0:x):\n jump -> bb1(%0)\nbb1(%1:g):\n trap" => "arguments do not fit";
        an_undefined_register: "bb0:\n %1:g = neg.8 %0\n trap" => "%0 is used where it is not defined";
        two_definitions: "bb0(%0:g):\n %0:g = neg.8 %0\n trap" => "%0 is defined 2 times";
    }

    #[test]
    fn a_slot_in_an_operation() {
        let text = "lir @f phase=allocated array=0 slots=1 {\nbb0:\n rax = neg.8 [s0]\n trap\n}";
        let errors = verify(&parse(text).expect("well-formed")).expect_err("an invariant is broken");
        assert!(errors[0].contains("[s0] cannot stand here"), "{errors:?}");
    }

    #[test]
    fn an_argument_of_the_caller_that_is_written() {
        let text = "lir @f phase=allocated array=0 slots=0 {\nbb0:\n [as0] = mov rax\n trap\n}";
        let errors = verify(&parse(text).expect("well-formed")).expect_err("an invariant is broken");
        assert!(errors[0].contains("[as0] cannot stand here"), "{errors:?}");
    }
}
